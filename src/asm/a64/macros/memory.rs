//! Loads and stores at any distance from a base.
//!
//! Of an address, the fewest instructions among:
//! - in the access itself: 12 bits without sign, times its size, or 9 bits with sign;
//! - a constant in `x17` by one `mov`, as the index of the access;
//! - `add x17, base, #n, lsl #12` (or `sub`), and what is left in the access: 16 MiB either way;
//! - a constant in `x17`, however long, as the index.
//!
//! `poll` is a load and `cbnz`: an aligned load of 32 bits is single-copy atomic.
//!
//! Sources. Arm ARM, "LDR (immediate)", "LDUR", "LDR (register)", "Requirements for single-copy atomicity".

use super::constant::{self, Plan};
use super::{Member, TEMP, TEMP2, fail, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{
    I9, IndexX1, IndexX2, IndexX4, IndexX8, Offset1, Offset2, Offset4, Offset8, U12,
};
use crate::asm::a64::reg::{D, Gpr, SP, XSp};
use crate::asm::label::Label;
use crate::asm::macros::{Access, Width};

/// An address that an access can express.
#[derive(Clone, Copy, Debug)]
enum Address {
    /// So many bytes on, a multiple of the size.
    Scaled(XSp, u32),
    /// So many bytes on or back.
    Unscaled(XSp, I9),
    /// The sum.
    Index(XSp, Gpr),
}

impl Address {
    /// The address in the access itself, if its size is `1 << log`.
    fn direct(base: XSp, offset: i64, log: u32) -> Option<Address> {
        if offset >= 0 && offset < 4096 << log && offset & ((1 << log) - 1) == 0 {
            return Some(Address::Scaled(base, offset as u32));
        }
        let short = i32::try_from(offset).ok().and_then(|offset| I9::new(offset).ok())?;
        Some(Address::Unscaled(base, short))
    }

    /// The address by way of a sum in the scratch register.
    fn split(asm: &mut Assembler, base: XSp, offset: i64, log: u32) -> Option<Address> {
        let low = offset & 0xfff;
        let address = Address::direct(TEMP2.xsp(), low, log);
        let (low, address) = match address {
            Some(address) => (low, address),
            // Less than 256 before the next step.
            None => (low - 4096, Address::direct(TEMP2.xsp(), low - 4096, log)?),
        };
        let high = (offset - low) >> 12;
        let steps = u32::try_from(high.unsigned_abs()).ok().and_then(|steps| U12::new(steps).ok())?;
        if high < 0 {
            asm.sub_x_rri_hi(TEMP2.xsp(), base, steps);
        } else {
            asm.add_x_rri_hi(TEMP2.xsp(), base, steps);
        }
        Some(address)
    }

    fn of(asm: &mut Assembler, base: XSp, offset: i64, log: u32) -> Address {
        if let Some(address) = Address::direct(base, offset, log) {
            return address;
        }
        let plan = Plan::of(offset as u64);
        if plan.len() > 1
            && offset.unsigned_abs() < 1 << 24
            && let Some(address) = Address::split(asm, base, offset, log)
        {
            return address;
        }
        constant::put_plan(asm, TEMP2, &plan);
        Address::Index(base, TEMP2)
    }
}

macro_rules! accesses {
    ($($name:ident($type:ty) $log:literal $scaled:ident $unscaled:ident $indexed:ident $offset:ident $index:ident;)*) => {$(
        fn $name(asm: &mut Assembler, rt: $type, base: XSp, offset: i64) {
            match Address::of(asm, base, offset, $log) {
                Address::Scaled(base, offset) => match $offset::new(offset) {
                    Ok(offset) => asm.$scaled(rt.into(), base, offset),
                    Err(_) => fail(asm, "an offset that the access cannot express"),
                },
                Address::Unscaled(base, offset) => asm.$unscaled(rt.into(), base, offset),
                Address::Index(base, index) => asm.$indexed(rt.into(), base, index.x(), $index::PLAIN),
            }
        }
    )*};
}

accesses! {
    ldrb(Gpr)  0 ldrb_ri    ldurb    ldrb_rx    Offset1 IndexX1;
    ldrsb(Gpr) 0 ldrsb_x_ri ldursb_x ldrsb_x_rx Offset1 IndexX1;
    ldrh(Gpr)  1 ldrh_ri    ldurh    ldrh_rx    Offset2 IndexX2;
    ldrsh(Gpr) 1 ldrsh_x_ri ldursh_x ldrsh_x_rx Offset2 IndexX2;
    ldr_w(Gpr) 2 ldr_w_ri   ldur_w   ldr_w_rx   Offset4 IndexX4;
    ldrsw(Gpr) 2 ldrsw_ri   ldursw   ldrsw_rx   Offset4 IndexX4;
    ldr_x(Gpr) 3 ldr_x_ri   ldur_x   ldr_x_rx   Offset8 IndexX8;
    ldr_d(D)   3 ldr_d_ri   ldur_d   ldr_d_rx   Offset8 IndexX8;
    strb(Gpr)  0 strb_ri    sturb    strb_rx    Offset1 IndexX1;
    strh(Gpr)  1 strh_ri    sturh    strh_rx    Offset2 IndexX2;
    str_w(Gpr) 2 str_w_ri   stur_w   str_w_rx   Offset4 IndexX4;
    str_x(Gpr) 3 str_x_ri   stur_x   str_x_rx   Offset8 IndexX8;
    str_d(D)   3 str_d_ri   stur_d   str_d_rx   Offset8 IndexX8;
}

/// `rd` = what is at `base + offset`.
pub(super) fn load(asm: &mut Assembler, access: Access, rd: Gpr, base: XSp, offset: i64) {
    if refuses(asm, rd.bit() | base.bit()) {
        return;
    }
    match access {
        Access::U8 => ldrb(asm, rd, base, offset),
        Access::I8 => ldrsb(asm, rd, base, offset),
        Access::U16 => ldrh(asm, rd, base, offset),
        Access::I16 => ldrsh(asm, rd, base, offset),
        Access::U32 => ldr_w(asm, rd, base, offset),
        Access::I32 => ldrsw(asm, rd, base, offset),
        Access::I64 => ldr_x(asm, rd, base, offset),
    }
}

/// Writes the low bytes of `rs` at `base + offset`.
pub(super) fn store(asm: &mut Assembler, width: Width, rs: Gpr, base: XSp, offset: i64) {
    if refuses(asm, rs.bit() | base.bit()) {
        return;
    }
    match width {
        Width::W8 => strb(asm, rs, base, offset),
        Width::W16 => strh(asm, rs, base, offset),
        Width::W32 => str_w(asm, rs, base, offset),
        Width::W64 => str_x(asm, rs, base, offset),
    }
}

/// `fd` = the f64 at `base + offset`.
pub(super) fn load_f64(asm: &mut Assembler, fd: D, base: XSp, offset: i64) {
    if !refuses(asm, fd.bit() | base.bit()) {
        ldr_d(asm, fd, base, offset);
    }
}

/// Writes an f64 at `base + offset`.
pub(super) fn store_f64(asm: &mut Assembler, from: D, base: XSp, offset: i64) {
    if !refuses(asm, from.bit() | base.bit()) {
        str_d(asm, from, base, offset);
    }
}

/// Jumps if the word at `base + offset` is not 0.
pub(super) fn poll(asm: &mut Assembler, base: XSp, offset: i64, to: Label) {
    if !refuses(asm, base.bit()) {
        ldr_w(asm, TEMP, base, offset);
        asm.cbnz_w(TEMP.w(), to);
    }
}

/// Loads at the stack pointer, for any register but `x17`.
pub(super) fn put_load(asm: &mut Assembler, rd: Gpr, offset: u32) {
    ldr_x(asm, rd, SP, offset.into());
}

/// Stores at the stack pointer, for any register but `x17`.
pub(super) fn put_store(asm: &mut Assembler, rs: Gpr, offset: u32) {
    str_x(asm, rs, SP, offset.into());
}

/// Loads at the stack pointer, for any register.
pub(super) fn put_load_f64(asm: &mut Assembler, fd: D, offset: u32) {
    ldr_d(asm, fd, SP, offset.into());
}

/// Stores at the stack pointer, for any register.
pub(super) fn put_store_f64(asm: &mut Assembler, from: D, offset: u32) {
    str_d(asm, from, SP, offset.into());
}
