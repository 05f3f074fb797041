//! What is out of line: exits, slow paths, tables.
//!
//! An exit pushes its number and goes to the function's one call of the exit stub, whose return address says which function it is:
//! 2 or 5 bytes, and a jump. The stub finds, from the top of the stack: the return address, the number (8 bytes), and all registers as
//! they were at the guard.
//!
//! The slow path of a poll calls a stub that changes no register but r11, and returns with the zero flag clear if the function is to be left.
//! That of an allocation has the layout's number in r11 and gets the object there, or 0.

use super::super::inst::{Alu, Size};
use super::integers::{self, alu};
use super::{E, Ops, Rmi};
use crate::asm::Label;
use crate::asm::x64::reg::*;
use crate::asm::x64::{Cond, Mem};
use crate::codegen::{External, Stub};

/// What restores a register before an exit.
#[derive(Clone, Copy)]
pub enum Undo {
    /// The inverse of a sum or difference.
    Alu(Alu, Size, Gpr64, Rmi),
    /// Negated again.
    Neg(Size, Gpr64),
}

/// Something out of line.
pub enum Cold {
    /// Restores what a checked instruction has overwritten, then leaves.
    Undo { exit: u32, undo: Undo },
    /// What division by zero gives.
    DivByZero { size: Size, rem: bool, done: Label },
    /// What division by -1 gives.
    DivByMinusOne { size: Size, rem: bool, done: Label },
    /// The slow path of a poll.
    Poll { inst: u32, exit: u32, done: Label },
    /// The slow path of an allocation.
    New { layout: u32, to: Gpr64, exit: u32, done: Label },
    /// Too deep: the function was not entered.
    Depth { symbol: u32 },
    /// A jump table.
    Table { targets: Vec<Label> },
}

/// Puts something out of line; gives the label to go to.
pub(super) fn put(e: &mut E<'_>, cold: Cold) -> Label {
    let label = e.asm.new_label();
    e.cold.push((label, cold));
    label
}

/// An exit that first restores a register.
pub(super) fn exit_undo(e: &mut E<'_>, exit: u32, undo: Undo) -> Label {
    put(e, Cold::Undo { exit, undo })
}

pub(super) fn put_depth(e: &mut E<'_>, label: Label, symbol: u32) {
    e.cold.push((label, Cold::Depth { symbol }));
}

pub(super) fn put_table(e: &mut E<'_>, label: Label, targets: Vec<Label>) {
    e.cold.push((label, Cold::Table { targets }));
}

pub(super) fn poll(e: &mut E<'_>, inst: u32, exit: u32) {
    let offset = e.options.poll_offset;
    e.asm.cmp_m32_i8(Mem::base(R15, offset), 0);
    let done = e.asm.new_label();
    let slow = put(e, Cold::Poll { inst, exit, done });
    e.asm.jcc(Cond::Ne, slow);
    e.asm.bind(done);
}

pub(super) fn new(e: &mut E<'_>, layout: u32, exit: u32, ops: &mut Ops<'_>) {
    let to = ops.gpr();
    let data = &e.module.layouts[layout as usize];
    let (bytes, cursor, header) = (data.bytes() as i32, data.cursor_offset as i32, data.header);
    let done = e.asm.new_label();
    let slow = put(e, Cold::New { layout, to, exit, done });
    e.asm.mov_r64_m64(to, Mem::base(R15, cursor));
    e.asm.lea_r64_m(R11, Mem::base(to, bytes));
    e.asm.cmp_r64_m64(R11, Mem::base(R15, cursor.wrapping_add(8)));
    e.asm.jcc(Cond::A, slow);
    e.asm.mov_m64_r64(Mem::base(R15, cursor), R11);
    match i32::try_from(header as i64) {
        Ok(header) => e.asm.mov_m64_i32(Mem::base(to, 0), header),
        Err(_) => {
            e.asm.mov_r64_i64(R11, header as i64);
            e.asm.mov_m64_r64(Mem::base(to, 0), R11);
        }
    }
    // Two stores of a register are shorter than two of an immediate.
    let fields = (bytes - 8) / 8;
    if fields > 1 {
        e.asm.xor_r32_r32(R11D, R11D);
    }
    for field in 1..=fields {
        if fields > 1 {
            e.asm.mov_m64_r64(Mem::base(to, 8 * field), R11);
        } else {
            e.asm.mov_m64_i32(Mem::base(to, 8 * field), 0);
        }
    }
    e.asm.bind(done);
}

/// Everything that was put out of line, then the exits.
pub(in super::super) fn all(e: &mut E<'_>) {
    let mut next = 0;
    while next < e.cold.len() {
        let label = e.cold[next].0;
        let item = std::mem::replace(&mut e.cold[next].1, Cold::Depth { symbol: 0 });
        next += 1;
        if let Cold::Table { targets } = item {
            e.asm.put_jump_table(label, &targets);
            continue;
        }
        e.asm.bind(label);
        one(e, item);
    }
    let exits: Vec<(u32, Label)> = e.used_exits().collect();
    if exits.is_empty() {
        return;
    }
    let common = e.asm.new_label();
    // The call comes first, so that the jumps to it are backward and short.
    e.asm.bind(common);
    e.asm.call_external(External::Stub(Stub::Exit).number());
    for (exit, label) in exits {
        e.asm.bind(label);
        if e.options.notes {
            let guard = e.exit_guard(exit);
            let reason = e.function.guard(guard).reason.name();
            e.asm.comment(format_args!("exit {exit}: {guard}, {reason}"));
        }
        match i8::try_from(exit) {
            Ok(exit) => e.asm.push_i8(exit),
            Err(_) => e.asm.push_i32(exit as i32),
        }
        e.asm.jmp(common);
    }
}

fn one(e: &mut E<'_>, item: Cold) {
    match item {
        Cold::Undo { exit, undo } => {
            match undo {
                Undo::Alu(op, size, dst, src) => alu(e.asm, op, size, dst, src),
                Undo::Neg(size, dst) => integers::neg_asm(e.asm, size, dst),
            }
            let label = e.exit_label(exit);
            e.asm.jmp(label);
        }
        Cold::DivByZero { size, rem, done } => {
            match (rem, size) {
                (false, _) => e.asm.xor_r32_r32(EAX, EAX),
                (true, Size::W64) => e.asm.mov_r64_r64(RDX, RAX),
                (true, Size::W32) => e.asm.mov_r32_r32(EDX, EAX),
            }
            e.asm.jmp(done);
        }
        Cold::DivByMinusOne { size, rem, done } => {
            if rem {
                e.asm.xor_r32_r32(EDX, EDX);
            } else {
                integers::neg_asm(e.asm, size, RAX);
            }
            e.asm.jmp(done);
        }
        Cold::Poll { inst, exit, done } => {
            e.asm.call_external(External::Stub(Stub::Poll).number());
            e.note_return(inst);
            e.asm.jcc(Cond::E, done);
            let label = e.exit_label(exit);
            e.asm.jmp(label);
        }
        Cold::New { layout, to, exit, done } => {
            e.asm.mov_r32_u32(R11D, layout);
            e.asm.call_external(External::Stub(Stub::Allocate).number());
            e.asm.test_r64_r64(R11, R11);
            let label = e.exit_label(exit);
            e.asm.jcc(Cond::E, label);
            e.asm.mov_r64_r64(to, R11);
            e.asm.jmp(done);
        }
        Cold::Depth { symbol } => e.asm.jmp_external(symbol),
        Cold::Table { .. } => {}
    }
}
