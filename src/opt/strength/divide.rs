//! Division by constants, by multiplication with a reciprocal.
//!
//! Sources. Granlund, Montgomery, *Division by Invariant Integers using Multiplication* (1994); Warren, *Hacker's Delight*, chapter 10; for 32
//! bits in 64, Lemire, Kaser, Kurz, *Faster Remainder by Direct Computation* (2019). The condition throughout: with `m * d = 2^k + e`, `e > 0`, the
//! floor of `x * m / 2^k` is that of `x / d` for all `x < 2^p` if `e <= 2^(k - p)`.

use super::super::fault::planted;
use super::Emit;
use crate::ir::{Cond, InstData, Kind, Op, Value};

/// The least shift `s` and multiplier `m` such that `x * m >> (bits + s)` is `x / divisor` for all `x` of `precision` bits.
fn reciprocal(bits: u32, precision: u32, divisor: u64) -> (u128, u32) {
    let mut shift = 0;
    loop {
        // `shift` never exceeds 63: then the error, below the divisor, is small enough.
        let power = 1u128 << (bits + shift);
        let multiplier = power / u128::from(divisor) + 1;
        let error = multiplier * u128::from(divisor) - power;
        if error <= 1u128 << (bits + shift - precision) || shift == 63 {
            return (multiplier, shift);
        }
        shift += 1;
    }
}

/// `a / divisor`, where the divisor, as bits of the kind, is not 0. Wraps where the quotient has no place.
pub fn quotient(emit: &mut Emit<'_>, kind: Kind, a: Value, divisor: u64) -> Option<Value> {
    if kind.is_signed() {
        let number = kind.as_i128(divisor);
        return Some(signed(emit, kind, a, number < 0, number.unsigned_abs() as u64));
    }
    Some(unsigned(emit, kind, a, divisor))
}

/// `a % divisor`, where the divisor is not 0.
pub fn remainder(emit: &mut Emit<'_>, kind: Kind, a: Value, divisor: u64) -> Option<Value> {
    let size = if kind.is_signed() { kind.as_i128(divisor).unsigned_abs() as u64 } else { divisor };
    if size == 1 {
        return Some(emit.constant(kind, 0));
    }
    if size.is_power_of_two() {
        let ones = size - 1;
        if !kind.is_signed() {
            return Some(emit.op_by(Op::And, kind, a, ones));
        }
        // A negative dividend is first moved up, and the remainder moved back.
        let bias = bias(emit, kind, a, size.trailing_zeros());
        let moved = emit.op(Op::Add, kind, a, bias);
        let low = emit.op_by(Op::And, kind, moved, ones);
        return Some(emit.op(Op::Sub, kind, low, bias));
    }
    // The remainder does not depend on the divisor's sign.
    let quotient =
        if kind.is_signed() { signed(emit, kind, a, false, size) } else { unsigned(emit, kind, a, size) };
    let product = emit.mul(kind, quotient, size);
    Some(emit.op(Op::Sub, kind, a, product))
}

/// 2^count - 1 if `a` is negative, else 0. `count` is not 0.
fn bias(emit: &mut Emit<'_>, kind: Kind, a: Value, count: u32) -> Value {
    if planted(5) {
        return emit.constant(kind, 0);
    }
    let sign = if count == 1 { a } else { emit.shr(kind, a, kind.bits() - 1) };
    emit.shr_zeros(kind, sign, kind.bits() - count)
}

fn unsigned(emit: &mut Emit<'_>, kind: Kind, a: Value, divisor: u64) -> Value {
    if divisor.is_power_of_two() {
        return emit.shr(kind, a, divisor.trailing_zeros());
    }
    let bits = kind.bits();
    if divisor > 1 << (bits - 1) {
        // It goes in once or not.
        let divisor = emit.constant(kind, divisor);
        let fits = emit.put(InstData { aux: Cond::Ge as u16, ..InstData::binary(Op::Cmp, kind, a, divisor) });
        let (one, zero) = (emit.constant(kind, 1), emit.constant(kind, 0));
        return emit.put(InstData { c: zero.0, ..InstData::binary(Op::Select, kind, fits, one) });
    }
    let (multiplier, shift) = reciprocal(bits, bits, divisor);
    if kind == Kind::U32 {
        let wide = emit.convert(Op::Convert, Kind::U64, Kind::U32, a);
        let high = if multiplier < 1 << 32 {
            let product = emit.op_by(Op::Mul, Kind::U64, wide, multiplier as u64);
            emit.shr(Kind::U64, product, 32 + shift - u32::from(planted(6)))
        } else {
            emit.op_by(Op::MulHigh, Kind::U64, wide, u64::MAX / divisor + 1)
        };
        return emit.convert(Op::Convert, Kind::U32, Kind::U64, high);
    }
    if multiplier < 1 << 64 {
        let high = emit.op_by(Op::MulHigh, kind, a, multiplier as u64);
        return emit.shr(kind, high, shift);
    }
    let zeros = divisor.trailing_zeros();
    if zeros > 0 {
        // The dividend has fewer bits once it is shifted, so that the multiplier has a place.
        let (multiplier, shift) = reciprocal(64, 64 - zeros, divisor >> zeros);
        let shifted = emit.shr(kind, a, zeros);
        let high = emit.op_by(Op::MulHigh, kind, shifted, multiplier as u64);
        return emit.shr(kind, high, shift);
    }
    // The multiplier has a bit too many: (a - high) / 2 + high is (a + high) / 2 without its carry.
    let high = emit.op_by(Op::MulHigh, kind, a, multiplier as u64);
    let rest = emit.op(Op::Sub, kind, a, high);
    let half = emit.shr(kind, rest, 1);
    let sum = emit.op(Op::Add, kind, half, high);
    emit.shr(kind, sum, shift - 1)
}

/// By `size`, and negated if the divisor is negative.
fn signed(emit: &mut Emit<'_>, kind: Kind, a: Value, negative: bool, size: u64) -> Value {
    let bits = kind.bits();
    if size == 1 {
        return if negative { emit.put(InstData::unary(Op::Neg, kind, a)) } else { a };
    }
    if size.is_power_of_two() {
        let count = size.trailing_zeros();
        let bias = bias(emit, kind, a, count);
        let moved = emit.op(Op::Add, kind, a, bias);
        let quotient = emit.shr(kind, moved, count);
        return if negative { emit.put(InstData::unary(Op::Neg, kind, quotient)) } else { quotient };
    }
    let (multiplier, shift) = reciprocal(bits, bits - 1, size);
    let floor = if kind == Kind::I32 {
        let wide = emit.convert(Op::Convert, Kind::I64, Kind::I32, a);
        let product = emit.op_by(Op::Mul, Kind::I64, wide, multiplier as u64);
        let high = emit.shr(Kind::I64, product, 32 + shift);
        emit.convert(Op::Convert, Kind::I32, Kind::I64, high)
    } else {
        let mut high = emit.op_by(Op::MulHigh, kind, a, multiplier as u64);
        if multiplier >= 1 << 63 {
            // As a signed number the multiplier is 2^64 too small.
            high = emit.op(Op::Add, kind, high, a);
        }
        emit.shr(kind, high, shift)
    };
    // The floor of a negative quotient is one below it: -1 is taken away.
    let sign = emit.shr(kind, a, bits - 1);
    let (left, right) = if negative { (sign, floor) } else { (floor, sign) };
    if planted(5) {
        return floor;
    }
    emit.op(Op::Sub, kind, left, right)
}
