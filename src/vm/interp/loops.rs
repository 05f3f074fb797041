//! Loops: headers, counted loops, ranges.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// Bit 0 of the flags of `for.enter` and `for.step`.
const INCLUSIVE: u64 = 1 << 32;

ops! {
    Loop(cpu, machine) {
        if machine.poll() != 0 {
            return Flow::Slow(Why::Poll);
        }
        // SAFETY: counter operands are below the number of counters of the program (V2).
        if unsafe { machine.count_down(cpu.index()) } {
            return Flow::Slow(Why::Hot);
        }
        Flow::Next
    }
}

/// The closing test of a loop with step 1. What is written is below `b`, hence canonical.
macro_rules! close {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let (counter, end): ($ty, $ty) = (cpu.get_a(), cpu.get_b());
            let next = counter.wrapping_add(1);
            if next < end {
                cpu.set_a(next);
                cpu.branch(i32::from(cpu.imm_c()));
            }
            Flow::Next
        }
    )* } };
}

/// The closing test of an inclusive loop with step 1.
macro_rules! close_inclusive {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let (counter, end): ($ty, $ty) = (cpu.get_a(), cpu.get_b());
            if counter < end {
                cpu.set_a(counter + 1);
                cpu.branch(i32::from(cpu.imm_c()));
            }
            Flow::Next
        }
    )* } };
}

close! { ForS i64; ForU u64; }
close_inclusive! { ForInclS i64; ForInclU u64; }

ops! {
    ForEnterS(cpu) {
        let (start, end, step): (i64, i64, i64) = (cpu.get_a(), cpu.get_b(), cpu.get_c());
        if step == 0 {
            return Flow::Slow(Why::RangeStep);
        }
        let branch = cpu.extra();
        let turn = if step > 0 { start < end } else { start > end };
        if !(turn || start == end && branch & INCLUSIVE != 0) {
            cpu.branch(branch as i32);
        }
        Flow::Next
    }
    ForEnterU(cpu) {
        let (start, end, step): (u64, u64, u64) = (cpu.get_a(), cpu.get_b(), cpu.get_c());
        if step == 0 {
            return Flow::Slow(Why::RangeStep);
        }
        let branch = cpu.extra();
        if !(start < end || start == end && branch & INCLUSIVE != 0) {
            cpu.branch(branch as i32);
        }
        Flow::Next
    }
    // A turn is left if the way to the end is longer than the step, or as long in an inclusive loop. The way is taken as an
    // unsigned difference, which always fits; the counter then stays between its old value and the end.
    ForStepS(cpu) {
        let (counter, end, step): (i64, i64, i64) = (cpu.get_a(), cpu.get_b(), cpu.get_c());
        let branch = cpu.extra();
        let inclusive = u64::from(branch & INCLUSIVE != 0);
        let left = if step > 0 {
            counter < end && end.wrapping_sub(counter) as u64 > (step as u64).wrapping_sub(inclusive)
        } else {
            counter > end && counter.wrapping_sub(end) as u64 > step.unsigned_abs().wrapping_sub(inclusive)
        };
        if left {
            cpu.set_a(counter.wrapping_add(step));
            cpu.branch(branch as i32);
        }
        Flow::Next
    }
    ForStepU(cpu) {
        let (counter, end, step): (u64, u64, u64) = (cpu.get_a(), cpu.get_b(), cpu.get_c());
        let branch = cpu.extra();
        let inclusive = u64::from(branch & INCLUSIVE != 0);
        if counter < end && end.wrapping_sub(counter) > step.wrapping_sub(inclusive) {
            cpu.set_a(counter.wrapping_add(step));
            cpu.branch(branch as i32);
        }
        Flow::Next
    }
}
