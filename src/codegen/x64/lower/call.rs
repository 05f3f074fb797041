//! Entry, calls, returns.

use super::super::inst::{Inst, Target};
use super::super::{RAX, float};
use super::{L, check_kind};
use crate::codegen::External;
use crate::codegen::isa::{Isa, Passed};
use crate::ir::{self, Convention, Effects, Kind, Op, Value};
use crate::regalloc::{Operand, RegSet};

/// The parameters, from where they are passed.
pub(in super::super) fn entry(l: &mut L<'_>) {
    let function = l.function;
    let (places, _) = l.take_places(&function.sig);
    let params = function.params(function.entry());
    for (&param, &place) in params.iter().zip(&places) {
        if !check_kind(l, function.kind(param)) {
            return;
        }
        if let Passed::Reg(reg) = place
            && l.lives_on(param)
        {
            let vreg = l.reg(param);
            l.operand(Operand::fixed_def(vreg, reg));
        }
    }
    l.push(Inst::Params);
    for (&param, &place) in params.iter().zip(&places) {
        if let Passed::Stack(offset) = place
            && l.lives_on(param)
        {
            let vreg = l.reg(param);
            l.operand(Operand::def(vreg));
            l.needs_frame = true;
            l.push(Inst::Incoming(offset as i32, function.kind(param)));
        }
    }
    l.give_places(places);
}

pub(super) fn ret(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    if let Some(value) = data.first().some() {
        if !check_kind(l, data.kind) {
            return;
        }
        let vreg = l.reg(value);
        let place = if data.kind.is_float_class() { float(0) } else { RAX };
        l.operand(Operand::fixed_use(vreg, place));
    }
    l.push(Inst::Return);
}

pub(super) fn call(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let (signature, effects) = l.call_signature(inst);
    if signature.convention == Convention::Orus && !l.needs_context() {
        return;
    }
    if !check_kind(l, signature.result.kind) {
        return;
    }
    l.has_calls = true;
    let (places, bytes) = l.take_places(signature);
    l.outgoing = l.outgoing.max(bytes.next_multiple_of(16));
    let arguments = data.arguments();
    for index in 0..arguments.len {
        if let Passed::Stack(offset) = places[index as usize] {
            let value = l.function.list_value(arguments, index);
            let kind = l.function.kind(value);
            if !check_kind(l, kind) {
                return;
            }
            let vreg = l.reg(value);
            l.operand(Operand::reg_use(vreg));
            l.push(Inst::Outgoing(offset as i32, kind));
        }
    }
    let target = match data.op {
        Op::Call | Op::Invoke => Target::External(External::Func(data.callee()).number()),
        _ => {
            let vreg = l.reg(Value(data.a));
            l.operand(Operand::reg_use(vreg));
            Target::Reg
        }
    };
    for index in 0..arguments.len {
        if let Passed::Reg(reg) = places[index as usize] {
            let value = l.function.list_value(arguments, index);
            if !check_kind(l, l.function.kind(value)) {
                return;
            }
            let vreg = l.reg(value);
            l.operand(Operand::fixed_use(vreg, reg));
        }
    }
    l.give_places(places);
    let mut clobbers = l.isa.clobbers(signature.convention);
    if l.is_wanted(inst)
        && let Some(Passed::Reg(reg)) = l.isa.result(signature)
    {
        let result = l.result(inst);
        l.operand(Operand::fixed_def(result, reg));
        clobbers = clobbers.without(RegSet::of(&[reg]));
    }
    // What comes back from outside may have anything in the upper half.
    let kind = if signature.convention == Convention::System { signature.result.kind } else { Kind::None };
    let catches = matches!(data.op, Op::Invoke | Op::InvokeIndirect);
    let call = if catches { Inst::CallCatch(target, kind) } else { Inst::Call(target, kind) };
    l.push_call(call, clobbers, effects.contains(Effects::COLLECTS));
}
