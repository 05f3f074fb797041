//! Arithmetic on constants, as the optimiser folds it. The evaluator has code of its own, and a test compares the two.
//!
//! A NaN that an operation makes is not folded: machines differ in its bits, and the program may look at them.

use super::opcode::Op;
use super::types::{Cond, Kind};

/// What an instruction gives of constants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// This, in canonical form.
    Value(u64),
    /// A checked instruction leaves, or goes to its second edge.
    Leaves,
    /// It has to be executed.
    Unknown,
}

/// The unchecked instruction that does the same where the checked one does not leave.
pub const fn unchecked(op: Op) -> Op {
    match op {
        Op::NegChecked => Op::Neg,
        Op::AddChecked | Op::AddOr => Op::Add,
        Op::SubChecked | Op::SubOr => Op::Sub,
        Op::MulChecked | Op::MulOr => Op::Mul,
        Op::DivChecked => Op::Div,
        Op::RemChecked => Op::Rem,
        Op::ConvertChecked => Op::Convert,
        op => op,
    }
}

/// What an instruction with one or two scalar operands (`b` is ignored if it has one) gives.
pub fn evaluate(op: Op, kind: Kind, aux: u16, a: u64, b: u64) -> Outcome {
    match op {
        Op::Cmp => {
            let cond = Cond::ALL[aux as usize % Cond::ALL.len()];
            Outcome::Value(u64::from(cond.holds(kind, a, b)))
        }
        Op::Convert => convert(kind, source(aux), a),
        Op::Bitcast if kind == Kind::Ref && a != 0 => Outcome::Unknown,
        Op::Bitcast => Outcome::Value(kind.canonical(a)),
        Op::ConvertChecked => convert_checked(kind, source(aux), a),
        _ if kind == Kind::F64 => float(op, f64::from_bits(a), f64::from_bits(b)),
        _ if kind == Kind::Bool => match op {
            Op::Not => Outcome::Value(a ^ 1),
            Op::And => Outcome::Value(a & b),
            Op::Or => Outcome::Value(a | b),
            Op::Xor => Outcome::Value(a ^ b),
            _ => Outcome::Unknown,
        },
        _ if kind.is_int() => integer(op, kind, a, b),
        _ => Outcome::Unknown,
    }
}

fn source(aux: u16) -> Kind {
    Kind::ALL[aux as usize % Kind::ALL.len()]
}

fn number(value: f64) -> Outcome {
    if value.is_nan() { Outcome::Unknown } else { Outcome::Value(value.to_bits()) }
}

fn float(op: Op, a: f64, b: f64) -> Outcome {
    match op {
        // These two only touch the sign, of a NaN too.
        Op::Neg => Outcome::Value(a.to_bits() ^ 1 << 63),
        Op::Abs => Outcome::Value(a.to_bits() & !(1 << 63)),
        Op::Sqrt => number(a.sqrt()),
        Op::Floor => number(a.floor()),
        Op::Ceil => number(a.ceil()),
        Op::Trunc => number(a.trunc()),
        Op::Add => number(a + b),
        Op::Sub => number(a - b),
        Op::Mul => number(a * b),
        Op::Div => number(a / b),
        Op::Min | Op::Max if a.is_nan() => number(b),
        Op::Min | Op::Max if b.is_nan() => number(a),
        // The zeros are ordered: -0 is the smaller one.
        Op::Min if a == b => number(if a.is_sign_negative() { a } else { b }),
        Op::Max if a == b => number(if a.is_sign_negative() { b } else { a }),
        Op::Min => number(if a < b { a } else { b }),
        Op::Max => number(if a > b { a } else { b }),
        _ => Outcome::Unknown,
    }
}

fn integer(op: Op, kind: Kind, a: u64, b: u64) -> Outcome {
    let bits = kind.bits();
    let (x, y) = (kind.as_i128(a), kind.as_i128(b));
    let count = b as u32 & (bits - 1);
    let exact = match op {
        Op::Neg | Op::NegChecked => -x,
        Op::Not => !x,
        Op::Add | Op::AddChecked | Op::AddOr => x + y,
        Op::Sub | Op::SubChecked | Op::SubOr => x - y,
        // The product of two u64 has no place in an i128, but its low bits have, and so it is seen not to fit.
        Op::Mul | Op::MulChecked | Op::MulOr => match x.checked_mul(y) {
            Some(product) => product,
            None if op == Op::Mul => i128::from(a.wrapping_mul(b)),
            None => return Outcome::Leaves,
        },
        Op::DivChecked | Op::RemChecked if y == 0 => return Outcome::Leaves,
        Op::Div if y == 0 => 0,
        Op::Rem if y == 0 => x,
        Op::Div | Op::DivChecked => x / y,
        Op::Rem | Op::RemChecked => x % y,
        Op::MulHigh if kind == Kind::U64 => i128::from(((u128::from(a) * u128::from(b)) >> 64) as u64),
        Op::MulHigh => (x * y) >> bits,
        Op::And => x & y,
        Op::Or => x | y,
        Op::Xor => x ^ y,
        Op::Shl => i128::from(a << count),
        Op::Shr => x >> count,
        Op::Min => x.min(y),
        Op::Max => x.max(y),
        _ => return Outcome::Unknown,
    };
    let result = kind.canonical(exact as u64);
    if op != unchecked(op) && kind.as_i128(result) != exact {
        return Outcome::Leaves;
    }
    Outcome::Value(result)
}

fn convert(kind: Kind, source: Kind, a: u64) -> Outcome {
    let result = match (source, kind) {
        (Kind::F64, Kind::F64) => a,
        (Kind::F64, Kind::I32) => f64::from_bits(a) as i32 as u64,
        (Kind::F64, Kind::I64) => f64::from_bits(a) as i64 as u64,
        (Kind::F64, Kind::U32) => u64::from(f64::from_bits(a) as u32),
        (Kind::F64, Kind::U64) => f64::from_bits(a) as u64,
        (Kind::U64, Kind::F64) => (a as f64).to_bits(),
        (_, Kind::F64) => (source.as_i128(a) as i64 as f64).to_bits(),
        _ => source.as_i128(a) as u64,
    };
    Outcome::Value(kind.canonical(result))
}

fn convert_checked(kind: Kind, source: Kind, a: u64) -> Outcome {
    let exact = if source == Kind::F64 {
        let value = f64::from_bits(a).trunc();
        // Every integer kind lies within these.
        if !(-1e30..=1e30).contains(&value) {
            return Outcome::Leaves;
        }
        value as i128
    } else {
        source.as_i128(a)
    };
    let result = kind.canonical(exact as u64);
    if kind.as_i128(result) == exact { Outcome::Value(result) } else { Outcome::Leaves }
}
