//! Strength reduction: division and multiplication by constants, and products of induction variables.
//!
//! How it works. One walk rewrites each division by a constant (`divide`) and multiplications by 2^n and 2^n ± 1; then each loop
//! whose induction variable is multiplied by something invariant gets the product as another induction variable (`induction`; Allen, Cocke,
//! Kennedy, *Reduction of Operator Strength*, 1981).
//!
//! Cost. Linear.

mod divide;
mod induction;

use super::Context;
use crate::ir::{Function, Inst, InstData, Kind, Op, Value};

/// Rewrites what costs more than it has to.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let (mut changed, mut products) = (false, false);
    for index in 0..function.order.len() {
        let block = function.order[index];
        let mut next = function.first_inst(block);
        while let Some(inst) = next {
            // What is inserted comes before it, and needs no other look.
            next = function.next_inst(inst);
            let &InstData { op, kind, .. } = function.inst(inst);
            if kind.is_int()
                && matches!(
                    op,
                    Op::Mul | Op::MulChecked | Op::Div | Op::Rem | Op::DivChecked | Op::RemChecked
                )
            {
                products |= op == Op::Mul;
                changed |= rewrite(function, inst);
            }
        }
    }
    if products {
        changed |= induction::reduce(function, context.analyses);
    }
    if changed {
        function.remove_aliases();
    }
    changed
}

/// Puts instructions before one, at its position in the source.
struct Emit<'a> {
    function: &'a mut Function,
    before: Inst,
}

impl Emit<'_> {
    fn put(&mut self, data: InstData) -> Value {
        self.function.position = self.function.inst_position(self.before);
        let inst = self.function.insert_before(self.before, data);
        self.function.result(inst).unwrap_or(Value::NONE)
    }

    fn op(&mut self, op: Op, kind: Kind, a: Value, b: Value) -> Value {
        self.put(InstData::binary(op, kind, a, b))
    }

    /// With a constant on the right.
    fn op_by(&mut self, op: Op, kind: Kind, a: Value, number: u64) -> Value {
        let number = self.function.constant(kind, number);
        self.op(op, kind, a, number)
    }

    fn convert(&mut self, op: Op, to: Kind, from: Kind, a: Value) -> Value {
        self.put(InstData { aux: from as u16, ..InstData::unary(op, to, a) })
    }

    fn constant(&mut self, kind: Kind, number: u64) -> Value {
        self.function.constant(kind, number)
    }

    /// `a << count`, or `a`.
    fn shl(&mut self, kind: Kind, a: Value, count: u32) -> Value {
        if count == 0 { a } else { self.op_by(Op::Shl, kind, a, u64::from(count)) }
    }

    /// `a >> count`, or `a`.
    fn shr(&mut self, kind: Kind, a: Value, count: u32) -> Value {
        if count == 0 { a } else { self.op_by(Op::Shr, kind, a, u64::from(count)) }
    }

    /// `a >> count` with zeros from above, of any integer kind.
    fn shr_zeros(&mut self, kind: Kind, a: Value, count: u32) -> Value {
        let unsigned = match kind {
            Kind::I32 => Kind::U32,
            Kind::I64 => Kind::U64,
            _ => return self.shr(kind, a, count),
        };
        let bits = self.convert(Op::Bitcast, unsigned, kind, a);
        let shifted = self.shr(unsigned, bits, count);
        self.convert(Op::Bitcast, kind, unsigned, shifted)
    }

    /// `a * number`, by shifts and sums if that is cheaper.
    fn mul(&mut self, kind: Kind, a: Value, number: u64) -> Value {
        match cheap_product(self, kind, a, number) {
            Some(product) => product,
            None => self.op_by(Op::Mul, kind, a, number),
        }
    }
}

/// `a * number` by at most two cheap instructions.
fn cheap_product(emit: &mut Emit<'_>, kind: Kind, a: Value, number: u64) -> Option<Value> {
    let number = kind.canonical(number);
    let top = 64 - number.leading_zeros();
    if number == 0 {
        return Some(emit.constant(kind, 0));
    }
    if number == kind.canonical(u64::MAX) {
        return Some(emit.put(InstData::unary(Op::Neg, kind, a)));
    }
    if number.is_power_of_two() {
        return Some(emit.shl(kind, a, top - 1));
    }
    if (number - 1).is_power_of_two() {
        let shifted = emit.shl(kind, a, (number - 1).trailing_zeros());
        return Some(emit.op(Op::Add, kind, shifted, a));
    }
    if (number + 1).is_power_of_two() {
        let shifted = emit.shl(kind, a, (number + 1).trailing_zeros());
        return Some(emit.op(Op::Sub, kind, shifted, a));
    }
    None
}

fn rewrite(function: &mut Function, inst: Inst) -> bool {
    let data = *function.inst(inst);
    let kind = data.kind;
    let (Some(bits), Some(result)) =
        (function.as_const(function.resolve(data.second())), function.result(inst))
    else {
        return false;
    };
    let a = function.resolve(data.first());
    // Constants fold elsewhere.
    if function.as_const(a).is_some() {
        return false;
    }
    let mut emit = Emit { function, before: inst };
    let new = match data.op {
        Op::Mul => cheap_product(&mut emit, kind, a, bits),
        Op::MulChecked if bits == 2 => {
            *function.inst_mut(inst) = InstData { op: Op::AddChecked, b: a.0, ..data };
            return true;
        }
        Op::DivChecked if kind.is_signed() && kind.as_i128(bits) == -1 => {
            *function.inst_mut(inst) =
                InstData { op: Op::NegChecked, a: a.0, b: data.c, ..InstData::new(Op::NegChecked, kind) };
            return true;
        }
        Op::Div | Op::DivChecked if bits != 0 => divide::quotient(&mut emit, kind, a, bits),
        Op::Rem | Op::RemChecked if bits != 0 => divide::remainder(&mut emit, kind, a, bits),
        _ => None,
    };
    let Some(new) = new else { return false };
    function.replace(result, new);
    function.remove(inst);
    true
}

#[cfg(test)]
mod tests;
