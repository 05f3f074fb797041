//! Jumps and branches.

use super::{Cpu, Flow, Handler, Machine, ops};

macro_rules! branches {
    ($($name:ident $ty:ident |$x:ident, $y:ident| $taken:expr;)*) => { ops! { $(
        $name(cpu) {
            let ($x, $y): ($ty, $ty) = (cpu.get_a(), cpu.get_b());
            if $taken {
                cpu.branch(i32::from(cpu.imm_c()));
            }
            Flow::Next
        }
    )* } };
}

macro_rules! branches_imm {
    ($($name:ident $op:tt;)*) => { ops! { $(
        $name(cpu) {
            if cpu.get_a::<i64>() $op i64::from(cpu.imm_b()) {
                cpu.branch(i32::from(cpu.imm_c()));
            }
            Flow::Next
        }
    )* } };
}

branches! {
    BrEq u64 |x, y| x == y;
    BrNe u64 |x, y| x != y;
    BrLtS i64 |x, y| x < y;
    BrLeS i64 |x, y| x <= y;
    BrLtU u64 |x, y| x < y;
    BrLeU u64 |x, y| x <= y;
    BrEqF64 f64 |x, y| x == y;
    BrNeF64 f64 |x, y| x != y;
    BrLtF64 f64 |x, y| x < y;
    BrLeF64 f64 |x, y| x <= y;
}

branches_imm! {
    BrEqImm ==; BrNeImm !=; BrLtSImm <; BrLeSImm <=; BrGtSImm >; BrGeSImm >=;
}

#[allow(clippy::neg_cmp_op_on_partial_ord, reason = "not less is not the same as greater or equal: NaN")]
mod negated {
    use super::*;
    branches! {
        BrNltF64 f64 |x, y| !(x < y);
        BrNleF64 f64 |x, y| !(x <= y);
    }
}
pub(in crate::vm) use negated::{BrNleF64, BrNltF64};

ops! {
    Jump(cpu) {
        cpu.pc = cpu.pc.wrapping_offset(cpu.imm() as isize);
        Flow::Next
    }
    BrTrue(cpu) {
        if cpu.get_a::<bool>() {
            cpu.branch(cpu.imm());
        }
        Flow::Next
    }
    BrFalse(cpu) {
        if !cpu.get_a::<bool>() {
            cpu.branch(cpu.imm());
        }
        Flow::Next
    }
    Switch(cpu) {
        let (value, count): (u64, u64) = (cpu.get_a(), u64::from(cpu.imm() as u32));
        let table = cpu.pc;
        cpu.pc = table.wrapping_add(count.div_ceil(2) as usize);
        if value < count {
            // SAFETY: the table has a word for each two of its `count` entries (V1).
            let pair = unsafe { *table.add(value as usize / 2) };
            cpu.branch((pair >> (value % 2 * 32)) as i32);
        }
        Flow::Next
    }
}
