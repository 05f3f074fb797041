//! Vector instructions, as a vectoriser would make them, and in other combinations that are legal.

use orus::ir::Op;
use orus::ir::function::InstData;
use orus::ir::types::{Alias, Kind, Lane, Mem, Value};

use super::Body;
use super::memory::Place;
use crate::plan::ELEMENTS;

fn mem_of(lane: Lane) -> Mem {
    match lane {
        Lane::U8 => Mem::U8,
        Lane::I32 => Mem::I32,
        Lane::U32 => Mem::U32,
        Lane::I64 => Mem::I64,
        Lane::U64 => Mem::U64,
        Lane::F64 => Mem::F64,
    }
}

impl Body<'_> {
    fn vector_op(&mut self, op: Op, kind: Kind, lane: Lane, a: Value, b: Value) -> Value {
        self.append(InstData { aux: lane as u16, ..InstData::binary(op, kind, a, b) })
    }

    fn keep(&mut self, value: Value, kind: Kind, lane: Lane) {
        self.pool.vectors.push((value, kind, lane));
    }

    /// A place in an array of such lanes where a whole vector lies.
    fn vector_place(&mut self, kind: Kind, lane: Lane) -> Option<Place> {
        let lanes = u64::from(lane.count(kind));
        let fits: Vec<(usize, u64)> = self
            .make
            .plan
            .arrays
            .iter()
            .enumerate()
            .filter(|(_, array)| array.mem == mem_of(lane) && array.capacity >= lanes)
            .map(|(index, array)| (index, array.capacity))
            .collect();
        if fits.is_empty() {
            return None;
        }
        let (array, capacity) = *self.rng().pick(&fits);
        let object = self.array_object(array);
        let store = self.array_store(object);
        let mem = if kind == Kind::V128 { Mem::V128 } else { Mem::V256 };
        let place =
            Place { base: store, index: None, offset: ELEMENTS, mem, alias: Alias::array(mem_of(lane)) };
        if capacity >= 2 * lanes && self.chance(60) {
            let index = self.small(Kind::I32, capacity as i64 / 2 - 1);
            let scale = lane.bytes().trailing_zeros() as u8;
            return Some(Place { index: Some((index, scale)), ..place });
        }
        let first = self.below((capacity - lanes + 1) as usize) as i32;
        Some(Place { offset: ELEMENTS + first * lane.bytes() as i32, ..place })
    }

    /// A vector of such lanes.
    fn vector_of(&mut self, kind: Kind, lane: Lane) -> Value {
        let known: Vec<Value> = self
            .pool
            .vectors
            .iter()
            .filter(|(_, other, lanes)| (*other, *lanes) == (kind, lane))
            .map(|(value, ..)| *value)
            .collect();
        if !known.is_empty() && self.chance(70) {
            return *self.rng().pick(&known);
        }
        let place = if self.chance(60) { self.vector_place(kind, lane) } else { None };
        let value = match place {
            Some(place) => self.load_quietly(place),
            None => {
                let scalar = self.value(lane.scalar());
                self.append(InstData { aux: lane as u16, ..InstData::unary(Op::VSplat, kind, scalar) })
            }
        };
        self.keep(value, kind, lane);
        value
    }

    pub(super) fn vector(&mut self) {
        let kind = if self.chance(50) { Kind::V128 } else { Kind::V256 };
        let lane = *self.rng().pick(&Lane::ALL);
        let a = self.vector_of(kind, lane);
        if self.chance(15)
            && let Some(place) = self.vector_place(kind, lane)
        {
            self.store(place, a);
            return;
        }
        let float = lane == Lane::F64;
        let narrow = matches!(lane, Lane::U8 | Lane::I32 | Lane::U32);
        let words = matches!(lane, Lane::I32 | Lane::U32);
        // Bits of floats stay whole, and those of NaNs are not looked at (IG1).
        let choices: Vec<Op> = [
            (true, Op::VAdd),
            (true, Op::VSub),
            (words || float, Op::VMul),
            (float, Op::VDiv),
            (float, Op::VSqrt),
            (!float, Op::VAnd),
            (!float, Op::VOr),
            (!float, Op::VXor),
            (narrow, Op::VMin),
            (narrow, Op::VMax),
            (true, Op::VEq),
            (lane != Lane::U64, Op::VGt),
            (true, Op::VSelect),
            (words, Op::VWidenLow),
            (words, Op::VWidenHigh),
            (true, Op::VExtract),
            (true, Op::VSum),
            (narrow, Op::VLeast),
            (narrow, Op::VGreatest),
            (!float, Op::VTrue),
        ]
        .into_iter()
        .filter_map(|(legal, op)| legal.then_some(op))
        .collect();
        let op = *self.rng().pick(&choices);
        match op {
            Op::VSqrt => {
                let value = self.append(InstData { aux: lane as u16, ..InstData::unary(op, kind, a) });
                self.keep(value, kind, lane);
            }
            Op::VWidenLow | Op::VWidenHigh => {
                let value = self.append(InstData { aux: lane as u16, ..InstData::unary(op, kind, a) });
                self.keep(value, kind, if lane == Lane::I32 { Lane::I64 } else { Lane::U64 });
            }
            Op::VExtract => {
                let number = self.below(lane.count(kind) as usize) as u32;
                self.emit(InstData { aux: lane as u16, b: number, ..InstData::unary(op, kind, a) });
            }
            Op::VSum | Op::VLeast | Op::VGreatest | Op::VTrue => {
                self.emit(InstData { aux: lane as u16, ..InstData::unary(op, kind, a) });
            }
            Op::VSelect => {
                let b = self.vector_of(kind, lane);
                let compare = if lane == Lane::U64 || self.chance(50) { Op::VEq } else { Op::VGt };
                // A mask of any bytes does for integers.
                let mask = if float || self.chance(70) {
                    self.vector_op(compare, kind, lane, a, b)
                } else {
                    let other = *self.rng().pick(&[Lane::U8, Lane::I32, Lane::I64]);
                    self.vector_of(kind, other)
                };
                let data = InstData { aux: lane as u16, ..InstData::binary(Op::VSelect, kind, mask, a) };
                let value = self.append(InstData { c: b.0, ..data });
                self.keep(value, kind, lane);
            }
            Op::VEq | Op::VGt => {
                let b = self.vector_of(kind, lane);
                let value = self.vector_op(op, kind, lane, a, b);
                self.keep(value, kind, if float { Lane::I64 } else { lane });
            }
            _ => {
                let b = self.vector_of(kind, lane);
                let value = self.vector_op(op, kind, lane, a, b);
                self.keep(value, kind, lane);
            }
        }
    }
}
