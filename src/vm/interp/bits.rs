//! Bitwise operations and shifts.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// `a = b op c` on whole slots. Canonical forms are closed under these operations.
macro_rules! bitwise {
    ($($name:ident $op:tt;)*) => { ops! { $(
        $name(cpu) {
            let value = cpu.get_b::<u64>() $op cpu.get_c::<u64>();
            cpu.set_a(value);
            Flow::Next
        }
    )* } };
}

/// `a = !b`.
macro_rules! complement {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let value = !cpu.get_b::<$ty>();
            cpu.set_a(value);
            Flow::Next
        }
    )* } };
}

/// `a = b op c`; the count may be of any integer type, and negative counts are huge as unsigned.
macro_rules! shift {
    ($($name:ident $ty:ident $op:ident;)*) => { ops! { $(
        $name(cpu) {
            let count: u64 = cpu.get_c();
            if count >= u64::from($ty::BITS) {
                return Flow::Slow(Why::ShiftCount);
            }
            let value = cpu.get_b::<$ty>().$op(count as u32);
            cpu.set_a(value);
            Flow::Next
        }
    )* } };
}

bitwise! { And &; Or |; Xor ^; }
complement! { NotS i64; NotU32 u32; NotU64 u64; }
shift! {
    ShlI32 i32 wrapping_shl; ShlI64 i64 wrapping_shl; ShlU32 u32 wrapping_shl; ShlU64 u64 wrapping_shl;
    ShrI32 i32 wrapping_shr; ShrI64 i64 wrapping_shr; ShrU32 u32 wrapping_shr; ShrU64 u64 wrapping_shr;
}
