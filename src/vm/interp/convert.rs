//! Conversions between numbers.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

macro_rules! conversions {
    ($($name:ident |$x:ident: $from:ident| $value:expr;)*) => { ops! { $(
        $name(cpu) {
            let $x: $from = cpu.get_b();
            cpu.set_a($value);
            Flow::Next
        }
    )* } };
}

/// Truncates; raises unless the result lies in `low..high`, compared before truncation where that is the same.
macro_rules! truncations {
    ($($name:ident $to:ident ($above:expr) ($below:expr) $why:ident;)*) => { ops! { $(
        $name(cpu) {
            let x: f64 = cpu.get_b();
            // Written so that NaN fails.
            if x > $above && x < $below {
                cpu.set_a(x as $to);
                return Flow::Next;
            }
            Flow::Slow(Why::$why)
        }
    )* } };
}

conversions! {
    Sext32 |x: i32| x;
    Zext32 |x: u32| x;
    Bits |x: u64| x;
    F64FromS |x: i64| x as f64;
    F64FromU |x: u64| x as f64;
    BoolFromInt |x: u64| x != 0;
    BoolFromF64 |x: f64| x != 0.0;
}

truncations! {
    I32FromF64 i32 (-2_147_483_649.0) (2_147_483_648.0) F64ToI32;
    // Below -2^63 the next f64 is -2^63 - 2048: no number lies between it and the bound.
    I64FromF64 i64 (-9_223_372_036_854_777_856.0) (9_223_372_036_854_775_808.0) F64ToI64;
    U32FromF64 u32 (-1.0) (4_294_967_296.0) F64ToU32;
    U64FromF64 u64 (-1.0) (18_446_744_073_709_551_616.0) F64ToU64;
}
