//! What instructions on scalars give, by way of exact numbers: an `i128` holds every sum, difference and quotient of 64-bit numbers.

use crate::ir::opcode::Op;
use crate::ir::types::Kind;

/// The least and the greatest number of an integer kind.
pub fn limits(kind: Kind) -> (i128, i128) {
    match kind {
        Kind::I32 => (i32::MIN as i128, i32::MAX as i128),
        Kind::I64 => (i64::MIN as i128, i64::MAX as i128),
        Kind::U32 => (0, u32::MAX as i128),
        Kind::Bool => (0, 1),
        _ => (0, u64::MAX as i128),
    }
}

/// A number as bits of a kind, if it has a place there.
fn exact(kind: Kind, number: i128) -> Option<u64> {
    let (low, high) = limits(kind);
    (low <= number && number <= high).then_some(wrap(kind, number))
}

/// A number as bits of a kind: the low ones.
fn wrap(kind: Kind, number: i128) -> u64 {
    kind.canonical(number as u64)
}

fn f(bits: u64) -> f64 {
    f64::from_bits(bits)
}

/// `minimumNumber` of IEEE 754-2019: a number rather than a NaN, and -0 is less than 0.
pub fn minimum(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => f64::NAN,
        (true, false) => b,
        (false, true) => a,
        (false, false) if a == b => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        (false, false) => {
            if a < b {
                a
            } else {
                b
            }
        }
    }
}

/// `maximumNumber` of IEEE 754-2019.
pub fn maximum(a: f64, b: f64) -> f64 {
    -minimum(-a, -b)
}

/// What an instruction with one operand gives; none if it is no such instruction.
pub fn unary(op: Op, kind: Kind, a: u64) -> Option<u64> {
    Some(match (op, kind) {
        (Op::Neg, Kind::F64) => a ^ 1 << 63,
        (Op::Neg, _) => wrap(kind, -kind.as_i128(a)),
        (Op::Not, _) => kind.canonical(!a),
        (Op::Abs, _) => a & !(1 << 63),
        (Op::Sqrt, _) => f(a).sqrt().to_bits(),
        (Op::Floor, _) => f(a).floor().to_bits(),
        (Op::Ceil, _) => f(a).ceil().to_bits(),
        (Op::Trunc, _) => f(a).trunc().to_bits(),
        _ => return None,
    })
}

/// What an instruction with two operands gives; none if it is no such instruction.
pub fn binary(op: Op, kind: Kind, a: u64, b: u64) -> Option<u64> {
    if kind == Kind::F64 {
        let (a, b) = (f(a), f(b));
        let result = match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Div => a / b,
            Op::Min => minimum(a, b),
            Op::Max => maximum(a, b),
            _ => return None,
        };
        return Some(result.to_bits());
    }
    let (x, y) = (kind.as_i128(a), kind.as_i128(b));
    let count = (b & u64::from(kind.bits() - 1)) as u32;
    Some(match op {
        Op::Add => wrap(kind, x + y),
        Op::Sub => wrap(kind, x - y),
        Op::Mul => kind.canonical(a.wrapping_mul(b)),
        Op::Div if y == 0 => 0,
        Op::Div => wrap(kind, x / y),
        Op::Rem if y == 0 => a,
        Op::Rem => wrap(kind, x % y),
        Op::MulHigh if kind.is_signed() => wrap(kind, (x * y) >> kind.bits()),
        Op::MulHigh => kind.canonical(((u128::from(a) * u128::from(b)) >> kind.bits()) as u64),
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::Shl => kind.canonical(a << count),
        Op::Shr => wrap(kind, x >> count),
        Op::Min => wrap(kind, x.min(y)),
        Op::Max => wrap(kind, x.max(y)),
        _ => return None,
    })
}

/// What a checked instruction gives, also one with two edges; none if there is no exact result in its kind.
pub fn checked(op: Op, kind: Kind, a: u64, b: u64) -> Option<u64> {
    let (x, y) = (kind.as_i128(a), kind.as_i128(b));
    let number = match op {
        Op::NegChecked => -x,
        Op::AddChecked | Op::AddOr => x + y,
        Op::SubChecked | Op::SubOr => x - y,
        Op::MulChecked | Op::MulOr => x.checked_mul(y)?,
        Op::DivChecked => x.checked_div(y)?,
        _ => x.checked_rem(y)?,
    };
    exact(kind, number)
}

/// What a conversion gives.
pub fn convert(source: Kind, kind: Kind, a: u64) -> u64 {
    match (source, kind) {
        (Kind::F64, Kind::F64) => a,
        (Kind::F64, Kind::I32) => (f(a) as i32) as u32 as u64,
        (Kind::F64, Kind::I64) => (f(a) as i64) as u64,
        (Kind::F64, Kind::U32) => u64::from(f(a) as u32),
        (Kind::F64, _) => f(a) as u64,
        (_, Kind::F64) => (source.as_i128(a) as f64).to_bits(),
        _ => wrap(kind, source.as_i128(a)),
    }
}

/// What a checked conversion gives; none if the number, truncated, is not in the kind's range.
pub fn convert_checked(source: Kind, kind: Kind, a: u64) -> Option<u64> {
    if source != Kind::F64 {
        return exact(kind, source.as_i128(a));
    }
    let number = f(a).trunc();
    // Within this range an `i128` has the number exactly; a NaN is not.
    if number.abs() < 1e30 { exact(kind, number as i128) } else { None }
}
