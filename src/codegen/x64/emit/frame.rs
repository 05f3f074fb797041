//! Entry, return and calls.
//!
//! A frame, downward from `rbp`: slots, saved registers, arguments for calls. `rbp` holds the caller's, so that frames form a chain.

use super::super::abi;
use super::super::inst::Target;
use super::super::lower::WIDE;
use super::{E, Ops};
use crate::asm::x64::reg::*;
use crate::asm::x64::{Assembler, Cond, Mem};
use crate::codegen::External;
use crate::codegen::isa::Passed;
use crate::ir::{Convention, Kind};

pub(in super::super) fn prologue(e: &mut E<'_>) {
    // Any function may be called by its address.
    e.asm.endbr64();
    if let Some(symbol) = e.function.depth_check
        && e.function.sig.convention == Convention::Orus
    {
        e.asm.sub_r32_i8(R14D, 1);
        let over = super::local(e);
        super::cold::put_depth(e, over, External::Symbol(symbol).number());
        e.asm.jcc(Cond::B, over);
    }
    if !e.frame.exists {
        return;
    }
    e.asm.push_r64(RBP);
    e.asm.mov_r64_r64(RBP, RSP);
    match e.frame.bytes {
        0 => {}
        bytes => match i8::try_from(bytes) {
            Ok(bytes) => e.asm.sub_r64_i8(RSP, bytes),
            Err(_) => e.asm.sub_r64_i32(RSP, bytes as i32),
        },
    }
    let saved: smallvec::SmallVec<[_; 8]> = e.saved().collect();
    for (reg, offset) in saved {
        e.asm.mov_m64_r64(Mem::base(RBP, offset), Gpr64::from_low_bits(reg.number()));
    }
}

/// Values of 32 bits and less that come from outside may have anything above.
pub(super) fn params(e: &mut E<'_>, allocs: &[crate::regalloc::Alloc]) {
    if e.function.sig.convention != Convention::System {
        return;
    }
    let mut places = e.take_places();
    abi::arguments(&e.function.sig, &mut places);
    for (ty, place) in e.function.sig.params.iter().zip(&places) {
        if let Passed::Reg(reg) = place
            && allocs.contains(&crate::regalloc::Alloc::Reg(*reg))
        {
            extend(e.asm, ty.kind, Gpr64::from_low_bits(reg.number()));
        }
    }
    e.give_places(places);
}

fn extend(asm: &mut Assembler, kind: Kind, reg: Gpr64) {
    match kind {
        Kind::I32 | Kind::U32 => asm.mov_r32_r32(reg.as_32(), reg.as_32()),
        Kind::Bool => asm.movzx_r32_r8(reg.as_32(), reg.as_8()),
        _ => {}
    }
}

/// After 256-bit instructions those of SSE, which the macros and foreign code consist of, would wait for the upper halves.
fn zero_upper(e: &mut E<'_>, passes_wide: bool) {
    if e.marks & WIDE != 0 && !passes_wide {
        e.asm.vzeroupper();
    }
}

pub(super) fn epilogue(e: &mut E<'_>) {
    zero_upper(e, e.function.sig.result.kind == Kind::V256);
    if e.frame.exists {
        let saved: smallvec::SmallVec<[_; 8]> = e.saved().collect();
        for (reg, offset) in saved {
            e.asm.mov_r64_m64(Gpr64::from_low_bits(reg.number()), Mem::base(RBP, offset));
        }
        if e.frame.bytes > 0 {
            e.asm.mov_r64_r64(RSP, RBP);
        }
        e.asm.pop_r64(RBP);
    }
    if e.function.depth_check.is_some() && e.function.sig.convention == Convention::Orus {
        e.asm.add_r32_i8(R14D, 1);
    }
    e.asm.ret();
}

pub(super) fn call(e: &mut E<'_>, number: u32, target: Target, kind: Kind, catches: bool, ops: &mut Ops<'_>) {
    let (signature, _) =
        super::super::super::lower::call_signature(e.module, e.function.inst(e.code.info(number).origin));
    zero_upper(e, signature.params.iter().any(|ty| ty.kind == Kind::V256));
    match target {
        Target::External(external) => e.asm.call_external(external),
        Target::Reg => {
            let callee = ops.gpr();
            e.asm.call_r64(callee);
        }
    }
    if catches {
        e.note_return_with_handler(number)
    } else {
        e.note_return(number)
    }
    extend(e.asm, kind, RAX);
}
