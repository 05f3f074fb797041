//! Arithmetic. Signed operations raise on overflow, unsigned ones wrap, floats follow IEEE 754.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// `a = b op c`, where the operation may overflow.
macro_rules! checked {
    ($($name:ident $ty:ident $op:ident;)*) => { ops! { $(
        $name(cpu) {
            match cpu.get_b::<$ty>().$op(cpu.get_c::<$ty>()) {
                Some(value) => cpu.set_a(value),
                None => return Flow::Slow(Why::Overflow),
            }
            Flow::Next
        }
    )* } };
}

/// `a = b op immediate`, where the operation may overflow.
macro_rules! checked_imm {
    ($($name:ident $ty:ident $op:ident;)*) => { ops! { $(
        $name(cpu) {
            match cpu.get_b::<$ty>().$op($ty::from(cpu.imm_c())) {
                Some(value) => cpu.set_a(value),
                None => return Flow::Slow(Why::Overflow),
            }
            Flow::Next
        }
    )* } };
}

/// `a = -b` and `a = abs(b)`.
macro_rules! checked_unary {
    ($($name:ident $ty:ident $op:ident;)*) => { ops! { $(
        $name(cpu) {
            match cpu.get_b::<$ty>().$op() {
                Some(value) => cpu.set_a(value),
                None => return Flow::Slow(Why::Overflow),
            }
            Flow::Next
        }
    )* } };
}

/// `a = b op c`, total.
macro_rules! total {
    ($($name:ident $ty:ident |$x:ident, $y:ident| $value:expr;)*) => { ops! { $(
        $name(cpu) {
            let ($x, $y): ($ty, $ty) = (cpu.get_b(), cpu.get_c());
            cpu.set_a($value);
            Flow::Next
        }
    )* } };
}

/// `a = op b`, total.
macro_rules! total_unary {
    ($($name:ident $ty:ident |$x:ident| $value:expr;)*) => { ops! { $(
        $name(cpu) {
            let $x: $ty = cpu.get_b();
            cpu.set_a($value);
            Flow::Next
        }
    )* } };
}

/// `a = b op c`, where `c` must not be zero and `op` may overflow.
macro_rules! divide {
    ($($name:ident $ty:ident |$x:ident, $y:ident| $value:expr;)*) => { ops! { $(
        $name(cpu) {
            let ($x, $y): ($ty, $ty) = (cpu.get_b(), cpu.get_c());
            if $y == 0 {
                return Flow::Slow(Why::DivisionByZero);
            }
            match $value {
                Some(value) => cpu.set_a::<$ty>(value),
                None => return Flow::Slow(Why::Overflow),
            }
            Flow::Next
        }
    )* } };
}

/// `a = b op immediate`, where the immediate is neither 0 nor -1 (V2).
macro_rules! divide_imm {
    ($($name:ident $ty:ident $op:ident;)*) => { ops! { $(
        $name(cpu) {
            let divisor = cpu.imm_c() as $ty;
            // SAFETY: the verifier accepts no 0 and no -1 here, so the operation neither traps nor overflows.
            let value = unsafe { cpu.get_b::<$ty>().$op(divisor).unwrap_unchecked() };
            cpu.set_a(value);
            Flow::Next
        }
    )* } };
}

checked! {
    AddI32 i32 checked_add; SubI32 i32 checked_sub; MulI32 i32 checked_mul;
    AddI64 i64 checked_add; SubI64 i64 checked_sub; MulI64 i64 checked_mul;
}
checked_imm! {
    AddI32Imm i32 checked_add; MulI32Imm i32 checked_mul;
    AddI64Imm i64 checked_add; MulI64Imm i64 checked_mul;
}
checked_unary! {
    NegI32 i32 checked_neg; NegI64 i64 checked_neg;
    AbsI32 i32 checked_abs; AbsI64 i64 checked_abs;
}
total! {
    AddU32 u32 |x, y| x.wrapping_add(y);
    SubU32 u32 |x, y| x.wrapping_sub(y);
    MulU32 u32 |x, y| x.wrapping_mul(y);
    AddU64 u64 |x, y| x.wrapping_add(y);
    SubU64 u64 |x, y| x.wrapping_sub(y);
    MulU64 u64 |x, y| x.wrapping_mul(y);
    AddF64 f64 |x, y| x + y;
    SubF64 f64 |x, y| x - y;
    MulF64 f64 |x, y| x * y;
    DivF64 f64 |x, y| x / y;
    RemF64 f64 |x, y| x % y;
    MinS i64 |x, y| x.min(y);
    MaxS i64 |x, y| x.max(y);
    MinU u64 |x, y| x.min(y);
    MaxU u64 |x, y| x.max(y);
    MinF64 f64 |x, y| min_f64(x, y);
    MaxF64 f64 |x, y| -min_f64(-x, -y);
}
total_unary! {
    NegF64 f64 |x| -x;
    AbsF64 f64 |x| x.abs();
    Sqrt f64 |x| x.sqrt();
    Floor f64 |x| floor(x);
}
divide! {
    DivI32 i32 |x, y| x.checked_div(y);
    DivI64 i64 |x, y| x.checked_div(y);
    // The remainder of the least number by -1 is 0.
    RemI32 i32 |x, y| Some(if y == -1 { 0 } else { x.wrapping_rem(y) });
    RemI64 i64 |x, y| Some(if y == -1 { 0 } else { x.wrapping_rem(y) });
    DivU u64 |x, y| Some(x / y);
    RemU u64 |x, y| Some(x % y);
}
divide_imm! {
    DivI32Imm i32 checked_div; RemI32Imm i32 checked_rem;
    DivI64Imm i64 checked_div; RemI64Imm i64 checked_rem;
    DivUImm u64 checked_div; RemUImm u64 checked_rem;
}

/// The greatest whole number that is not greater. Inline, where the library's function would be a call.
#[inline(always)]
fn floor(x: f64) -> f64 {
    // From here on all numbers are whole.
    const WHOLE: f64 = (1u64 << 52) as f64;
    if x.abs() < WHOLE {
        // SAFETY: the number is neither NaN nor beyond an i64.
        let toward_zero = unsafe { x.to_int_unchecked::<i64>() } as f64;
        let below = if toward_zero > x { toward_zero - 1.0 } else { toward_zero };
        // -0.0 stays what it is.
        below.copysign(x)
    } else {
        x
    }
}

/// The smaller of two numbers; of a number and NaN the number; `-0.0` counts as less than `0.0`.
#[inline(always)]
fn min_f64(x: f64, y: f64) -> f64 {
    if x < y || y.is_nan() {
        x
    } else if x == y {
        // Of two equal numbers at most one has the sign bit and is not the other: the zeros.
        f64::from_bits(x.to_bits() | y.to_bits())
    } else {
        y
    }
}
