//! What instructions on vectors give, lane by lane.

use super::scalar;
use crate::ir::opcode::Op;
use crate::ir::types::{Cond, Kind, Lane};

/// 32 bytes; of a v128 the upper half is zero.
pub type Bytes = [u8; 32];

/// A lane, zero-extended.
pub fn lane(vector: &Bytes, lane: Lane, index: u32) -> u64 {
    let size = lane.bytes() as usize;
    let mut word = [0; 8];
    word[..size].copy_from_slice(&vector[index as usize * size..][..size]);
    u64::from_le_bytes(word)
}

fn set_lane(vector: &mut Bytes, lane: Lane, index: u32, value: u64) {
    let size = lane.bytes() as usize;
    vector[index as usize * size..][..size].copy_from_slice(&value.to_le_bytes()[..size]);
}

/// A vector whose lanes are given by their numbers.
pub fn build(kind: Kind, lanes: Lane, mut value: impl FnMut(u32) -> u64) -> Bytes {
    let mut vector = [0; 32];
    for index in 0..lanes.count(kind) {
        set_lane(&mut vector, lanes, index, value(index));
    }
    vector
}

/// What an instruction with one vector operand that gives a vector does; none if it is no such instruction.
pub fn unary(op: Op, kind: Kind, lanes: Lane, a: &Bytes) -> Option<Bytes> {
    Some(match op {
        Op::VSqrt => build(kind, lanes, |index| f64::from_bits(lane(a, lanes, index)).sqrt().to_bits()),
        Op::VWidenLow | Op::VWidenHigh if matches!(lanes, Lane::I32 | Lane::U32) => {
            let wide = if lanes == Lane::I32 { Lane::I64 } else { Lane::U64 };
            let count = wide.count(kind);
            let first = if op == Op::VWidenHigh { count } else { 0 };
            build(kind, wide, |index| {
                scalar::convert(lanes.scalar(), wide.scalar(), lane(a, lanes, first + index))
            })
        }
        _ => return None,
    })
}

/// What an instruction with two vector operands gives; none if it is no such instruction.
pub fn binary(op: Op, kind: Kind, lanes: Lane, a: &Bytes, b: &Bytes) -> Option<Bytes> {
    let scalar_op = match op {
        Op::VAdd => Op::Add,
        Op::VSub => Op::Sub,
        Op::VMul => Op::Mul,
        Op::VDiv => Op::Div,
        Op::VMin => Op::Min,
        Op::VMax => Op::Max,
        Op::VEq | Op::VGt => {
            let cond = if op == Op::VEq { Cond::Eq } else { Cond::Gt };
            return Some(build(kind, lanes, |index| {
                let holds = cond.holds(lanes.scalar(), lane(a, lanes, index), lane(b, lanes, index));
                if holds { u64::MAX } else { 0 }
            }));
        }
        Op::VAnd | Op::VOr | Op::VXor => {
            return Some(std::array::from_fn(|index| match op {
                Op::VAnd => a[index] & b[index],
                Op::VOr => a[index] | b[index],
                _ => a[index] ^ b[index],
            }));
        }
        _ => return None,
    };
    let mut known = true;
    let result = build(kind, lanes, |index| {
        // Bytes are computed as u32: storing a lane cuts off the rest.
        let value = scalar::binary(scalar_op, lanes.scalar(), lane(a, lanes, index), lane(b, lanes, index));
        known &= value.is_some();
        value.unwrap_or(0)
    });
    known.then_some(result)
}

/// Bytes of `b` where the mask's byte has its top bit set, else of `c`.
pub fn select(mask: &Bytes, b: &Bytes, c: &Bytes) -> Bytes {
    std::array::from_fn(|index| if mask[index] & 0x80 != 0 { b[index] } else { c[index] })
}

/// What an instruction that makes a scalar of a vector gives; none if it is no such instruction.
pub fn reduce(op: Op, kind: Kind, lanes: Lane, a: &Bytes) -> Option<u64> {
    let scalar_op = match op {
        Op::VSum => Op::Add,
        Op::VLeast => Op::Min,
        Op::VGreatest => Op::Max,
        Op::VTrue => {
            let top = lanes.bytes() * 8 - 1;
            return Some((0..lanes.count(kind)).map(|index| lane(a, lanes, index) >> top & 1).sum());
        }
        _ => return None,
    };
    let mut result = lane(a, lanes, 0);
    for index in 1..lanes.count(kind) {
        result = scalar::binary(scalar_op, lanes.scalar(), result, lane(a, lanes, index))?;
    }
    Some(result)
}
