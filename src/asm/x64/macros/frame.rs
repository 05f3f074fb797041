//! Calls, prologues and epilogues, probes of the stack.
//!
//! A call outside is one instruction: through a constant in the pool. It changes no register; with a register to go through, it is
//! `movabs` and `call`, and needs no constant.
//!
//! A frame, from the caller's stack pointer down: return address, caller's `rbp` (to which `rbp` points), saved general
//! registers, saved float registers, the function's own bytes, and for Windows 32 bytes for its callees' argument registers.
//! The stack pointer is a multiple of 16 in the body.
//!
//! Pages are touched by `test [rsp - distance], eax`: a read is enough for a guard page, and below the stack pointer is
//! where Windows' own probes touch too. Up to [`UNROLLED`] of them take one instruction each; more are a loop. A frame below one page needs
//! none: the `push` of its caller touched what is above it, and a call from it touches what is below.

use super::arith::{Sum, sum_imm};
use super::constant;
use super::{Abi, Assembler, SCRATCH};
use crate::asm::macros::{Far, Frame, FrameLayout};
use crate::asm::x64::Mem;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::{EAX, Gpr64, RBP, RSP, Xmm};

const PAGE: u32 = 4096;
/// How many pages are touched one by one.
const UNROLLED: u32 = 8;
/// What a called function may overwrite above its return address.
const SHADOW: u32 = 32;

/// The constant from the pool that holds an address.
fn pooled(asm: &mut Assembler, far: Far) -> Mem {
    let constant = match far {
        Far::Address(address) => asm.constant(address),
        Far::External(symbol) => asm.external_constant(symbol),
    };
    Mem::label(constant)
}

/// The register that holds the address on the way.
fn loaded(asm: &mut Assembler, far: Far, register: Gpr64) -> Option<Gpr64> {
    if register == RSP {
        asm.wrong("a call goes through rsp");
        return None;
    }
    constant::load_far(asm, register, far);
    Some(register)
}

pub(super) fn call_far(asm: &mut Assembler, far: Far, through: Option<Gpr64>) {
    match through {
        None => {
            let place = pooled(asm, far);
            asm.call_m64(place);
        }
        Some(register) => {
            if let Some(register) = loaded(asm, far, register) {
                asm.call_r64(register);
            }
        }
    }
}

pub(super) fn jump_far(asm: &mut Assembler, far: Far, through: Option<Gpr64>) {
    match through {
        None => {
            let place = pooled(asm, far);
            asm.jmp_m64(place);
        }
        Some(register) => {
            if let Some(register) = loaded(asm, far, register) {
                asm.jmp_r64(register);
            }
        }
    }
}

/// Where the parts of a frame are, in bytes.
struct Parts {
    /// From the saved general registers to the stack pointer.
    below: u32,
    /// Of the saved float registers, from the stack pointer.
    floats: u32,
    layout: FrameLayout,
}

/// Bytes that a saved float register takes.
fn float_size(abi: Abi) -> u32 {
    if abi == Abi::Windows { 16 } else { 8 }
}

/// The general registers to push: `rbp` is saved anyway.
fn pushed<'a>(frame: &'a Frame<'_, Gpr64, Xmm>) -> impl DoubleEndedIterator<Item = Gpr64> + 'a {
    frame.saved.iter().copied().filter(|&register| register != RBP)
}

fn parts(asm: &mut Assembler, abi: Abi, frame: &Frame<'_, Gpr64, Xmm>) -> Option<Parts> {
    if frame.saved.contains(&RSP) {
        asm.wrong("a frame saves rsp");
        return None;
    }
    let shadow = if abi == Abi::Windows { SHADOW } else { 0 };
    let size = u64::from(float_size(abi));
    let floats = (u64::from(shadow) + u64::from(frame.locals)).next_multiple_of(size);
    let pushes = 8 * pushed(frame).count() as u64;
    let above = 16 + pushes;
    let total = (above + floats + size * frame.saved_floats.len() as u64).next_multiple_of(16);
    let Ok(total) = i32::try_from(total) else {
        asm.wrong("a frame is larger than 2 GiB");
        return None;
    };
    let total = total as u32;
    let layout = FrameLayout { size: total, locals: shadow };
    Some(Parts { below: total - above as u32, floats: floats as u32, layout })
}

pub(super) fn prologue(asm: &mut Assembler, abi: Abi, frame: &Frame<'_, Gpr64, Xmm>) -> FrameLayout {
    let Some(parts) = parts(asm, abi, frame) else { return FrameLayout { size: 0, locals: 0 } };
    asm.push_r64(RBP);
    asm.mov_r64_r64(RBP, RSP);
    for register in pushed(frame) {
        asm.push_r64(register);
    }
    if parts.below >= PAGE && (frame.probed || abi == Abi::Windows) {
        lower_probed(asm, parts.below, 1);
    } else {
        lower(asm, parts.below);
    }
    for (index, &register) in (0..).zip(frame.saved_floats) {
        let to = float_slot(abi, &parts, index);
        if abi == Abi::Windows { asm.movaps_m128_x(to, register) } else { asm.movsd_m64_x(to, register) }
    }
    parts.layout
}

/// The slot of a saved float register. In range: the frame is smaller than 2 GiB.
fn float_slot(abi: Abi, parts: &Parts, index: u32) -> Mem {
    Mem::base(RSP, (parts.floats + index * float_size(abi)) as i32)
}

pub(super) fn epilogue(asm: &mut Assembler, abi: Abi, frame: &Frame<'_, Gpr64, Xmm>) {
    let Some(parts) = parts(asm, abi, frame) else { return };
    for (index, &register) in (0..).zip(frame.saved_floats) {
        let from = float_slot(abi, &parts, index);
        if abi == Abi::Windows { asm.movaps_x_m128(register, from) } else { asm.movsd_x_m64(register, from) }
    }
    if pushed(frame).next().is_none() && parts.below > 0 {
        asm.leave();
    } else {
        sum_imm(asm, Sum::Add, true, RSP, parts.below.into());
        for register in pushed(frame).rev() {
            asm.pop_r64(register);
        }
        asm.pop_r64(RBP);
    }
    asm.ret();
}

pub(super) fn probe_stack(asm: &mut Assembler, bytes: u32) {
    if !bytes.is_multiple_of(16) || i32::try_from(bytes).is_err() {
        return asm.wrong("the stack is to be lowered by no multiple of 16, or by more than 2 GiB");
    }
    if bytes > 0 {
        // What is at the stack pointer may not have been touched yet: a frame may end almost a page below what was.
        lower_probed(asm, bytes, 0);
    }
}

/// Lowers the stack pointer.
fn lower(asm: &mut Assembler, bytes: u32) {
    sum_imm(asm, Sum::Sub, true, RSP, bytes.into());
}

/// Lowers the stack pointer, and touches what is `first` pages below it and each page further down.
fn lower_probed(asm: &mut Assembler, bytes: u32, first: u32) {
    let pages = bytes / PAGE;
    // In range: no more than 2 GiB.
    if pages <= UNROLLED {
        for page in first..=pages {
            asm.test_m32_r32(Mem::base(RSP, -((page * PAGE) as i32)), EAX);
        }
        return lower(asm, bytes);
    }
    let touched = pages * PAGE;
    if first == 0 {
        asm.test_m32_r32(Mem::base(RSP, 0), EAX);
    }
    asm.lea_r64_m(SCRATCH, Mem::base(RSP, -(touched as i32)));
    let top = asm.new_label();
    asm.bind(top);
    asm.sub_r64_i32(RSP, PAGE as i32);
    asm.test_m32_r32(Mem::base(RSP, 0), EAX);
    asm.cmp_r64_r64(RSP, SCRATCH);
    asm.jcc(Cond::Ne, top);
    lower(asm, bytes - touched);
}
