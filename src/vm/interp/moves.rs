//! Moves and constants.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

ops! {
    Mov(cpu) {
        let value: u64 = cpu.get_b();
        cpu.set_a(value);
        Flow::Next
    }
    MovRef(cpu) {
        let value: u64 = cpu.get_b();
        cpu.set_a(value);
        Flow::Next
    }
    Null(cpu) {
        cpu.set_a(0u64);
        Flow::Next
    }
    Wrap(cpu) {
        let value: u64 = cpu.get_b();
        cpu.set_a(value);
        Flow::Next
    }
    Unwrap(cpu) {
        let value: u64 = cpu.get_b();
        if value == 0 {
            return Flow::Slow(Why::NoValue);
        }
        cpu.set_a(value);
        cpu.extra();
        Flow::Next
    }
    CheckFlag(cpu) {
        if !cpu.get_a::<bool>() {
            return Flow::Slow(Why::NoValue);
        }
        cpu.extra();
        Flow::Next
    }
    Const(cpu) {
        cpu.set_a(cpu.imm());
        Flow::Next
    }
    ConstWide(cpu) {
        let value = cpu.extra();
        cpu.set_a(value);
        Flow::Next
    }
    Literal(cpu, machine) {
        // SAFETY: the operand is below the number of literals (V2).
        let value = unsafe { machine.literal(cpu.index()) };
        cpu.set_a(value);
        Flow::Next
    }
}
