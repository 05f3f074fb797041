//! Prologues, epilogues, probes.
//!
//! A frame, from the top down: saved registers, and below them the frame record (`x29`, `x30`), to which `x29` points;
//! then the function's own bytes, at the stack pointer.
//!
//! ```text
//! stp x29, x30, [sp, #-S]!     S is 16, and 8 for each saved register, up to a multiple of 16
//! mov x29, sp
//! stp x19, x20, [sp, #16]      a pair at a time; an odd one by str
//! stp d8, d9, [sp, #32]
//! sub sp, sp, #L               own bytes, up to a multiple of 16
//! ```
//!
//! The epilogue takes the stack pointer from `x29`, one instruction for any size, and goes back the same way. The procedure call
//! standard has callees keep just the low 64 bits of `d8` to `d15`.
//!
//! Probes. A page is 4 KiB for this purpose; systems with pages of 16 or 64 KiB get more probes than they need. The `stp` of the frame
//! record touches what it allocates. Own bytes are then allocated a page at a time, each with a store at the new stack pointer, so that
//! no two touches are more than a page apart, and the last is at the very end: whoever is called may rely on it. Up to three
//! pages in line (a `sub` and a `str` each), from there on by a loop. On Windows frames with a page or more of own bytes are
//! probed even if that is not asked for.
//!
//! Sources. Procedure Call Standard for the Arm 64-bit Architecture, "The Frame Pointer", "SIMD and Floating-Point registers"; Microsoft,
//! "Overview of ARM64 ABI conventions", "Stack".

use super::{Abi, Member, TEMP, constant, fail};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{Cond, ExtendX, I7x8, Offset8, U12};
use crate::asm::a64::reg::{D, Gpr, SP, X29, X30, XSp, XZR};
use crate::asm::macros::{Frame, FrameLayout};

/// The frame pointer.
const FP: XSp = Gpr::of::<29>().xsp();
/// How far apart probes are, in bytes.
const PAGE: u32 = 4096;
/// So many pages are probed without a loop.
const PAGES_IN_LINE: u32 = 3;

/// The sizes of a frame's parts, in bytes.
#[derive(Clone, Copy)]
struct Parts {
    /// Frame record and saved registers.
    saved: u32,
    /// The same, as what the stack pointer is lowered by and raised by.
    down: I7x8,
    up: I7x8,
    /// The function's own.
    own: u32,
}

/// The frame's parts, if it is one that can be: each register at most once, none that is a scratch register, less than 4 GiB.
fn parts(asm: &mut Assembler, frame: &Frame<'_, Gpr, D>) -> Option<Parts> {
    // The frame record holds these.
    let mut seen = 1 << 29 | 1 << 30 | super::SCRATCH_SET & u64::from(u32::MAX);
    let bits = frame.saved.iter().map(|register| register.bit());
    for bit in bits.chain(frame.saved_floats.iter().map(|register| register.bit())) {
        if seen & bit != 0 {
            fail(asm, "a register that a frame cannot save, or saves already");
            return None;
        }
        seen |= bit;
    }
    // At most 27 general registers and 32 float registers: less than a pair can say.
    let saved = (16 + 8 * (frame.saved.len() + frame.saved_floats.len()) as u32).next_multiple_of(16);
    let own = frame.locals.checked_next_multiple_of(16).filter(|own| own.checked_add(saved).is_some());
    match (own, I7x8::new(-(saved as i32)), I7x8::new(saved as i32)) {
        (Some(own), Ok(down), Ok(up)) => Some(Parts { saved, down, up, own }),
        _ => {
            fail(asm, "a frame of 4 GiB");
            None
        }
    }
}

/// Enters a function.
pub(super) fn prologue(asm: &mut Assembler, abi: Abi, frame: &Frame<'_, Gpr, D>) -> FrameLayout {
    let Some(Parts { saved, down, own, .. }) = parts(asm, frame) else {
        return FrameLayout { size: 0, locals: 0 };
    };
    asm.stp_x_pre(X29, X30, SP, down);
    asm.add_x_rri(FP, SP, U12::of::<0>());
    each_pair(asm, frame.saved, 16, |asm, place, first, second| match second {
        Some(second) => asm.stp_x(first.x(), second.x(), SP, place.0),
        None => asm.str_x_ri(first.x(), SP, place.1),
    });
    each_pair(asm, frame.saved_floats, 16 + 8 * frame.saved.len() as u32, |asm, place, first, second| {
        match second {
            Some(second) => asm.stp_d(first, second, SP, place.0),
            None => asm.str_d_ri(first, SP, place.1),
        }
    });
    if frame.probed || abi == Abi::Windows && own >= PAGE {
        lower_probed(asm, own);
    } else {
        lower(asm, own);
    }
    FrameLayout { size: saved + own, locals: 0 }
}

/// Leaves it.
pub(super) fn epilogue(asm: &mut Assembler, _abi: Abi, frame: &Frame<'_, Gpr, D>) {
    let Some(Parts { up, own, .. }) = parts(asm, frame) else { return };
    if own > 0 {
        asm.add_x_rri(SP, FP, U12::of::<0>());
    }
    each_pair(asm, frame.saved_floats, 16 + 8 * frame.saved.len() as u32, |asm, place, first, second| {
        match second {
            Some(second) => asm.ldp_d(first, second, SP, place.0),
            None => asm.ldr_d_ri(first, SP, place.1),
        }
    });
    each_pair(asm, frame.saved, 16, |asm, place, first, second| match second {
        Some(second) => asm.ldp_x(first.x(), second.x(), SP, place.0),
        None => asm.ldr_x_ri(first.x(), SP, place.1),
    });
    asm.ldp_x_post(X29, X30, SP, up);
    asm.ret();
}

/// A place on the stack, as pairs say it and as single accesses do.
type Where = (I7x8, Offset8);

/// Calls for two registers at a time, which stand from this offset on.
fn each_pair<T: Copy>(
    asm: &mut Assembler,
    registers: &[T],
    mut offset: u32,
    mut access: impl FnMut(&mut Assembler, Where, T, Option<T>),
) {
    for pair in registers.chunks(2) {
        if let (Ok(of_pairs), Ok(single), Some(&first)) =
            (I7x8::new(offset as i32), Offset8::new(offset), pair.first())
        {
            access(asm, (of_pairs, single), first, pair.get(1).copied());
        }
        offset += 16;
    }
}

/// Lowers the stack pointer.
fn lower(asm: &mut Assembler, bytes: u32) {
    let (high, low) = (U12::from_low_bits(bytes >> 12), U12::from_low_bits(bytes));
    if bytes >> 24 != 0 {
        constant::put(asm, TEMP, bytes.into());
        if let Ok(plain) = ExtendX::uxtx(0) {
            asm.sub_x_rrxe(SP, SP, TEMP.x(), plain);
        }
        return;
    }
    if high.value() != 0 {
        asm.sub_x_rri_hi(SP, SP, high);
    }
    if low.value() != 0 {
        asm.sub_x_rri(SP, SP, low);
    }
}

/// Lowers the stack pointer, and touches each page on the way and the end.
fn lower_probed(asm: &mut Assembler, bytes: u32) {
    let (pages, rest) = (bytes / PAGE, bytes % PAGE);
    if pages <= PAGES_IN_LINE {
        for _ in 0..pages {
            lower_and_touch(asm, PAGE);
        }
    } else if let Ok(plain) = ExtendX::uxtx(0) {
        // The place where the loop ends, in the scratch register.
        match U12::new(pages) {
            Ok(pages) => asm.sub_x_rri_hi(TEMP.xsp(), SP, pages),
            Err(_) => {
                constant::put(asm, TEMP, (bytes - rest).into());
                asm.sub_x_rrxe(TEMP.xsp(), SP, TEMP.x(), plain);
            }
        }
        let again = asm.new_label();
        asm.bind(again);
        lower_and_touch(asm, PAGE);
        asm.cmp_x_rxe(SP, TEMP.x(), plain);
        asm.b_cond(Cond::Ne, again);
    }
    if rest > 0 {
        lower_and_touch(asm, rest);
    }
}

fn lower_and_touch(asm: &mut Assembler, bytes: u32) {
    lower(asm, bytes);
    asm.str_x_ri(XZR, SP, Offset8::ZERO);
}

/// Lowers the stack pointer by a multiple of 16, and touches each page.
pub(super) fn probe_stack(asm: &mut Assembler, bytes: u32) {
    if !bytes.is_multiple_of(16) {
        return fail(asm, "a stack pointer that is no multiple of 16");
    }
    lower_probed(asm, bytes);
}
