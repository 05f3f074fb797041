//! Tests of the builder.

use super::*;
use crate::bytecode::decode::{decode, instructions};
use crate::bytecode::opcode::inverse;
use crate::bytecode::program::Program;

fn info() -> FunctionInfo {
    FunctionInfo {
        name: "f".into(),
        file: FileId(0),
        params: Vec::new(),
        ret: None,
        closure: None,
        depth_cost: 1,
        counter: 0,
        hidden: false,
    }
}

/// Emits `count` one-word instructions.
fn filler(builder: &mut FunctionBuilder, count: usize) {
    for _ in 0..count {
        builder.op_imm(Op::Loop, Arg::NONE, 0);
    }
}

/// Where the branch that begins at `pc` goes, and where it falls through to, both forms understood.
fn destinations(code: &[u64], pc: u32, op: Op) -> (i64, u32) {
    let program = Program::new();
    let first = decode(&program, code, pc).unwrap();
    if first.op == op && first.targets().next() != Some(i64::from(first.next()) + 1) {
        return (first.targets().next().unwrap(), first.next());
    }
    let second = decode(&program, code, first.next()).unwrap();
    assert_eq!(second.op, Op::Jump);
    match inverse(op) {
        Some((inverse, _)) => {
            assert_eq!(first.op, inverse);
            assert_eq!(first.targets().next(), Some(i64::from(second.next())));
            (second.targets().next().unwrap(), second.next())
        }
        None => {
            let third = decode(&program, code, second.next()).unwrap();
            assert_eq!((first.op, third.op), (op, Op::Jump));
            assert_eq!(first.targets().next(), Some(i64::from(third.pc)));
            assert_eq!(second.targets().next(), Some(i64::from(third.next())));
            (third.targets().next().unwrap(), third.next())
        }
    }
}

#[test]
fn a_forward_branch_is_widened_where_it_no_longer_reaches() {
    for (op, long) in [(Op::BrLtS, 2), (Op::ForS, 3), (Op::BrEqImm, 2)] {
        for (distance, length) in
            [(i16::MAX as usize - 1, 1), (i16::MAX as usize, 1), (i16::MAX as usize + 1, long)]
        {
            let mut builder = FunctionBuilder::new();
            let (a, b) =
                (builder.register(TypeId::I32, false, false), builder.register(TypeId::I32, false, false));
            let target = builder.label();
            if op == Op::BrEqImm {
                builder.branch(op, a, 7_i16, target);
            } else {
                builder.branch(op, a, b, target);
            }
            filler(&mut builder, distance);
            builder.bind(target);
            builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
            let function = builder.finish(info()).unwrap();
            let (taken, next) = destinations(&function.code, 0, op);
            assert_eq!(next, length, "{op:?} over {distance} words");
            assert_eq!(taken, i64::from(next) + distance as i64);
        }
    }
}

#[test]
fn a_backward_branch_is_widened_where_it_no_longer_reaches() {
    // The short form's displacement counts its own word, and what it would grow: one or two words of caution (B2).
    for (op, body, length) in
        [(Op::BrLtS, 32766, 1), (Op::BrLtS, 32767, 2), (Op::ForS, 32765, 1), (Op::ForS, 32767, 3)]
    {
        let mut builder = FunctionBuilder::new();
        let (a, b) =
            (builder.register(TypeId::I32, false, false), builder.register(TypeId::I32, false, false));
        let target = builder.bound_label();
        filler(&mut builder, body);
        builder.branch(op, a, b, target);
        builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
        let function = builder.finish(info()).unwrap();
        let (taken, next) = destinations(&function.code, body as u32, op);
        assert_eq!((taken, next as usize - body), (0, length), "{op:?} over {body} words");
    }
}

#[test]
fn a_widened_comparison_exchanges_its_operands() {
    let mut builder = FunctionBuilder::new();
    let (a, b) = (builder.register(TypeId::I32, false, false), builder.register(TypeId::I32, false, false));
    let target = builder.label();
    builder.branch(Op::BrLtS, a, b, target);
    filler(&mut builder, 40_000);
    builder.bind(target);
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    let function = builder.finish(info()).unwrap();
    let first = decode(&Program::new(), &function.code, 0).unwrap();
    // `a < b` is not `b <= a`.
    assert_eq!((first.op, first.lane(0), first.lane(1)), (Op::BrLeS, 1, 0));
}

#[test]
fn every_short_branch_can_be_widened() {
    for row in OPCODES {
        let short = row.operands[2] == Operand::Off16;
        let closes_loop = matches!(row.op, Op::ForS | Op::ForU | Op::ForInclS | Op::ForInclU);
        match inverse(row.op) {
            Some((turned, swap)) => {
                assert_eq!(inverse(turned), Some((row.op, swap)), "{}", row.text);
                let classes = |row: &crate::bytecode::Row| row.operands.map(|operand| operand.class());
                assert_eq!(classes(row), classes(turned.row()), "{}", row.text);
            }
            None => assert_eq!(short, closes_loop, "{}", row.text),
        }
    }
}

#[test]
fn registers_are_numbered_references_first() {
    let mut builder = FunctionBuilder::new();
    let n = builder.param(TypeId::I32, false);
    let text = builder.param(TypeId::STRING, true);
    let flag = builder.register(TypeId::BOOL, false, false);
    let late = builder.register(TypeId::STRING, true, true);
    let list = builder.register(TypeId::STRINGS, true, false);
    builder.op(Op::StrIndex, text, text, n);
    builder.named(Op::Unwrap, text, late, 0);
    builder.slice(Op::StrSlice, text, text, None, Some(n), true);
    builder.new_array(list, TypeId::STRINGS, &[text, text]);
    builder.call(None, FuncId(9), &[n, text, flag, list]);
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    builder.name_register(n, "n".into());
    let function = builder.finish(info()).unwrap();
    let types: Vec<_> = function.registers.iter().map(|register| register.ty.0).collect();
    assert_eq!(types, [6, 6, 9, 0, 5]);
    assert!(function.registers[1].nullable);
    assert_eq!((function.refs, function.ref_params, function.scalar_params), (3, 1, 1));
    assert_eq!(
        function.code,
        [
            Word::abc(Op::StrIndex, 0, 0, 3).0,
            Word::abc(Op::Unwrap, 0, 1, 0).0,
            0,
            Word::abc(Op::StrSlice, 0, 0, 0).0,
            3 << 16 | 6 << 32,
            Word::abc(Op::ArrayNew, 2, 0, 0).0,
            9 | 2 << 32,
            0,
            Word::ai(Op::Call, 0, 9).0,
            // Text and list, then n and flag.
            2 << 16 | 3 << 32 | 4 << 48,
            Word::abc(Op::RetVoid, 0, 0, 0).0,
        ]
    );
    assert_eq!(function.names, [(3, "n".into())]);
}

#[test]
fn constants_take_the_short_form_where_it_is_canonical() {
    let mut builder = FunctionBuilder::new();
    let cases = [
        (TypeId::I32, -5_i64 as u64, true),
        (TypeId::U32, 0xFFFF_FFFF, false),
        (TypeId::I64, 1 << 31, false),
        (TypeId::U64, u64::MAX, true),
        (TypeId::F64, 0, true),
        // The smallest f64 above zero: its bits would fit, but the short form is not for f64.
        (TypeId::F64, 1, false),
    ];
    for (ty, slot, _) in cases {
        let register = builder.register(ty, false, false);
        builder.constant(register, slot);
    }
    let function = builder.finish(info()).unwrap();
    let program = Program::new();
    let insts: Vec<_> = instructions(&program, &function.code).map(Result::unwrap).collect();
    for (inst, (ty, slot, short)) in insts.iter().zip(cases) {
        let value = if short { i64::from(inst.imm()) as u64 } else { inst.extra[0] };
        assert_eq!((inst.op == Op::Const, value), (short, slot), "{ty}");
    }
}

#[test]
fn handlers_and_positions_move_with_the_code() {
    let mut builder = FunctionBuilder::new();
    let a = builder.register(TypeId::I32, false, false);
    let text = builder.register(TypeId::STRING, true, false);
    let error = builder.register(TypeId::ERROR, true, false);
    let far = builder.label();
    builder.branch(Op::BrEq, a, a, far);
    let (outer, inner) = (builder.bound_label(), builder.bound_label());
    builder.set_span(Span { start: 3, end: 4 });
    builder.op(Op::Raise, text, Arg::NONE, Arg::NONE);
    let (inner_end, caught) = (builder.bound_label(), builder.bound_label());
    filler(&mut builder, 40_000);
    let outer_end = builder.bound_label();
    builder.bind(far);
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    // Given outer first, and one that is empty.
    builder.handler(outer, outer_end, far, error);
    builder.handler(inner, inner_end, caught, error);
    builder.handler(caught, caught, far, error);
    let function = builder.finish(info()).unwrap();
    let handlers = [
        Handler { start: 2, end: 3, target: 3, error: 1 },
        Handler { start: 2, end: 40_003, target: 40_003, error: 1 },
    ];
    assert_eq!(function.handlers, handlers);
    assert_eq!(function.position(2), Some(Span { start: 3, end: 4 }));
}

#[test]
fn too_many_registers_are_an_error_and_the_next_function_is_not_affected() {
    let mut builder = FunctionBuilder::new();
    for _ in 0..MAX_REGISTERS {
        builder.register(TypeId::I32, false, false);
    }
    assert_eq!(builder.room(), 0);
    builder.register(TypeId::STRING, true, false);
    assert_eq!(builder.finish(info()), Err(BuildError::TooManyRegisters));
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    let function = builder.finish(info()).unwrap();
    assert_eq!((function.code.len(), function.registers.len()), (1, 0));
}

/// Random code of many branches over long distances: each goes where its label was bound, whatever was widened.
#[test]
fn random_branches_reach_their_labels() {
    let mut random = crate::bytecode::tests::Random::new(0x0B5E_55ED);
    let mut widened = 0;
    for _ in 0..4 {
        let mut builder = FunctionBuilder::new();
        let (a, b) =
            (builder.register(TypeId::I32, false, false), builder.register(TypeId::I32, false, false));
        let labels: Vec<_> = (0..200).map(|_| builder.label()).collect();
        let ops = [Op::BrLtS, Op::BrEq, Op::ForS, Op::BrLeU, Op::ForInclU, Op::BrNe];
        // Each label is bound to a constant that names it; each branch follows a constant that names its label.
        let mut branches = Vec::new();
        for (index, &label) in labels.iter().enumerate() {
            for _ in 0..random.below(30) {
                let (op, to) = (ops[random.below(ops.len())], random.below(labels.len()));
                builder.op_imm(Op::Const, a, 1000 + branches.len() as i32);
                match random.below(4) {
                    0 => builder.jump(labels[to]),
                    1 => builder.switch(a, &[labels[to], label]),
                    _ => builder.branch(op, a, b, labels[to]),
                }
                branches.push((op, to));
                let words = random.below(120);
                filler(&mut builder, words);
            }
            builder.bind(label);
            builder.op_imm(Op::Const, a, index as i32);
        }
        builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
        let function = builder.finish(info()).unwrap();
        let program = Program::new();
        let mut seen = 0;
        for inst in instructions(&program, &function.code).map(Result::unwrap) {
            if inst.op == Op::Const && inst.imm() >= 1000 {
                let (op, to) = branches[inst.imm() as usize - 1000];
                let branch = decode(&program, &function.code, inst.next()).unwrap();
                let target = match branch.op {
                    Op::Jump | Op::Switch => branch.targets().next().unwrap(),
                    _ => {
                        let (target, next) = destinations(&function.code, branch.pc, op);
                        widened += u32::from(next > branch.pc + 1);
                        target
                    }
                };
                let reached = decode(&program, &function.code, target as u32).unwrap();
                assert_eq!((reached.op, reached.imm()), (Op::Const, to as i32));
                seen += 1;
            }
        }
        assert_eq!(seen, branches.len());
    }
    assert!(widened > 100, "too few branches were widened: {widened}");
}

#[test]
fn constants_are_loaded_at_a_point_and_what_follows_moves() {
    let mut builder = FunctionBuilder::new();
    let a = builder.register(TypeId::I32, false, false);
    let first = builder.bound_label();
    let before = builder.point();
    let header = builder.bound_label();
    builder.set_span(Span { start: 3, end: 4 });
    builder.loop_header(0);
    let text = builder.register(TypeId::STRING, true, false);
    let number = builder.register(TypeId::I64, false, false);
    builder.literal_at(before, text, LiteralId(7));
    builder.constant_at(before, number, 1 << 40);
    builder.point();
    let end = builder.label();
    builder.branch(Op::BrEqImm, a, 3i16, end);
    builder.jump(header);
    builder.bind(end);
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    builder.handler(first, header, end, text);
    let function = builder.finish(info()).unwrap();
    // The literal, the constant (two words), the loop, the branch, the jump, the return.
    assert_eq!(function.code.len(), 7);
    assert_eq!(Word(function.code[0]).op(), Op::Literal as u16);
    assert_eq!((Word(function.code[1]).op(), Word(function.code[1]).a()), (Op::ConstWide as u16, 2));
    assert_eq!(function.code[2], 1 << 40);
    let program = Program::new();
    let at = |pc| decode(&program, &function.code, pc).unwrap();
    assert_eq!(at(3).op, Op::Loop);
    assert_eq!(at(4).targets().next(), Some(6));
    assert_eq!(at(5).targets().next(), Some(3));
    assert_eq!(function.positions, [Position { pc: 3, span: Span { start: 3, end: 4 } }]);
    let handler = function.handlers[0];
    assert_eq!((handler.start, handler.end, handler.target), (0, 3, 6));
}

#[test]
fn an_alias_leads_where_the_other_label_leads() {
    let mut builder = FunctionBuilder::new();
    let flag = builder.register(TypeId::BOOL, false, false);
    let (inner, outer) = (builder.label(), builder.label());
    builder.branch_if(flag, true, inner);
    builder.alias(inner, outer);
    builder.jump(outer);
    builder.take_back_jump();
    filler(&mut builder, 2);
    builder.bind(outer);
    builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
    let function = builder.finish(info()).unwrap();
    assert_eq!(function.code.len(), 4);
    let branch = decode(&Program::new(), &function.code, 0).unwrap();
    assert_eq!(branch.targets().next(), Some(3));
}

#[test]
fn a_branch_over_a_jump_becomes_the_inverse_branch() {
    for (op, swapped) in [(Op::BrLtS, true), (Op::BrEq, false)] {
        let mut builder = FunctionBuilder::new();
        let a = builder.register(TypeId::I32, false, false);
        let b = builder.register(TypeId::I32, false, false);
        let (near, far) = (builder.label(), builder.label());
        builder.branch(op, a, b, near);
        builder.jump(far);
        builder.branch_over_jump();
        builder.bind(near);
        filler(&mut builder, 2);
        builder.bind(far);
        builder.op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
        let function = builder.finish(info()).unwrap();
        assert_eq!(function.code.len(), 4);
        let branch = decode(&Program::new(), &function.code, 0).unwrap();
        assert_eq!(branch.op, inverse(op).unwrap().0);
        assert_eq!((branch.lane(0), branch.lane(1)), if swapped { (1, 0) } else { (0, 1) });
        assert_eq!(branch.targets().next(), Some(3));
    }
}
