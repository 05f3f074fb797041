//! Each row of the table of rules, over corners of its kinds; and constants, against the evaluator.

use std::collections::HashSet;

use super::fold_rules::{Literal, Pattern, RULES, Rule, Select};
use super::{Analyses, Context, Level, Options};
use crate::ir::arith::{self, Outcome as Folded};
use crate::ir::eval::{self, Evaluator, Limits, Memory, Outcome};
use crate::ir::{
    Block, Cond, Convention, Effects, FrameState, Func, Function, InstData, Kind, Module, Op, Reason,
    Signature, Value, verify,
};

/// Numbers around which things change.
fn corners(kind: Kind) -> Vec<u64> {
    match kind {
        Kind::F64 => [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -1.5,
            2.0,
            4.0,
            0.125,
            1e300,
            5e-324,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            2147483647.0,
            2147483648.0,
            -2147483648.0,
            -2147483649.0,
            4294967295.0,
            4294967296.0,
            9.2e18,
            -9.3e18,
            1.9e19,
        ]
        .map(f64::to_bits)
        .to_vec(),
        Kind::Bool => vec![0, 1],
        Kind::Ref => vec![0, 0x4000, 0x4010],
        _ => {
            let mut list = vec![0, 1, 2, 3, 5, 8, 31, 32, 63, 64, u64::MAX, u64::MAX - 1, u64::MAX - 30];
            list.extend(
                [0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_ff80, 0x5555_5555].map(|bits: u64| bits),
            );
            if kind.bits() == 64 {
                list.extend([
                    i64::MAX as u64,
                    1 << 63,
                    1 << 32,
                    0xffff_ffff_8000_0000,
                    0xffff_ffff_7fff_ffff,
                ]);
            }
            for bits in &mut list {
                *bits = kind.canonical(*bits);
            }
            list.sort_unstable();
            list.dedup();
            list
        }
    }
}

/// How a pattern is made into instructions.
struct Maker<'a> {
    function: Function,
    block: Block,
    /// The kinds `s` and `t`, and the condition.
    s: Kind,
    t: Kind,
    cond: Cond,
    /// By number; the last is what near misses have in another's place.
    values: [Option<Value>; 7],
    /// By number: the constants' corners to take.
    picks: &'a [usize; 3],
    /// The kinds of the constants, for their number.
    constants: [Option<Kind>; 3],
    depth: u32,
}

/// A value of the pattern, of this kind. None if it cannot be.
fn make(maker: &mut Maker, pattern: &Pattern, kind: Option<Kind>) -> Option<Value> {
    match *pattern {
        Pattern::Value(number) => {
            let kind = kind?;
            if let Some(value) = maker.values[number as usize] {
                return (maker.function.kind(value) == kind).then_some(value);
            }
            let value = maker.function.add_param(maker.block, kind);
            maker.function.sig.params.push(kind.into());
            maker.values[number as usize] = Some(value);
            Some(value)
        }
        Pattern::Const(number) => {
            let kind = kind?;
            if kind == Kind::Ref {
                return Some(maker.function.null());
            }
            maker.constants[number as usize - 3] = Some(kind);
            let list = corners(kind);
            let pick = maker.picks[number as usize - 3];
            if let Some(value) = maker.values[number as usize] {
                return (maker.function.kind(value) == kind).then_some(value);
            }
            let value = maker.function.constant(kind, *list.get(pick)?);
            maker.values[number as usize] = Some(value);
            Some(value)
        }
        Pattern::Literal(literal) => {
            let kind = kind?;
            (kind != Kind::Ref || literal == Literal::Zero)
                .then(|| maker.function.constant(kind, literal.bits(kind)))
        }
        Pattern::Inst(op, select, arguments) => {
            let own = if op == Op::Cmp && maker.depth > 0 { maker.t } else { kind? };
            if op == Op::Cmp && maker.depth > 0 && kind != Some(Kind::Bool) {
                return None;
            }
            let mut data = InstData::new(op, own);
            data.aux = match select {
                Select::Any => 0,
                Select::Conds(_) => maker.cond as u16,
                Select::Source => maker.s as u16,
                Select::Inner => maker.t as u16,
            };
            if op == Op::Div && matches!(arguments, [Pattern::Value(0), Pattern::Value(0)]) {
                data.aux = Op::NONZERO;
            }
            let odd = match own {
                Kind::F64 => maker.cond as u8 >= Cond::Below as u8,
                Kind::Ref => maker.cond as u8 > Cond::Ne as u8,
                _ => false,
            };
            if op == Op::Cmp && odd {
                return None;
            }
            maker.depth += 1;
            for (index, argument) in arguments.iter().enumerate() {
                let kind = data.operand_kind(index as u8);
                let value = make(maker, argument, kind)?;
                *data.word_mut(index as u8) = value.0;
            }
            maker.depth -= 1;
            if op.row().guard < 4 {
                let state = maker.function.add_state(FrameState::NONE, 0, maker.depth, &[]);
                let guard = maker.function.add_guard(Reason::Overflow, state);
                *data.word_mut(op.row().guard) = guard.0;
            }
            let inst = maker.function.append(maker.block, data);
            maker.function.result(inst)
        }
    }
}

/// What the pattern asks of the choice of kinds and conditions.
fn asks(pattern: &Pattern, depth: u32, found: &mut (bool, bool, u16)) {
    if let Pattern::Inst(op, select, arguments) = pattern {
        match select {
            Select::Any => {}
            Select::Source => found.0 = true,
            Select::Inner => found.1 = true,
            Select::Conds(conds) => {
                found.2 |= conds;
                found.1 |= *op == Op::Cmp && depth > 0;
            }
        }
        for argument in arguments.iter() {
            asks(argument, depth + 1, found);
        }
    }
}

const SCALARS: [Kind; 7] = [Kind::I32, Kind::I64, Kind::U32, Kind::U64, Kind::F64, Kind::Bool, Kind::Ref];

fn module_of(function: &Function) -> Module {
    let mut module = Module::new();
    module.declare("f", function.sig.clone(), Effects::ANY);
    module
}

fn fold(function: &mut Function, module: &Module) -> Vec<&'static str> {
    let mut analyses = Analyses::new();
    let options = Options::new(Level::Fast);
    analyses.scratch.forward.fired = Some(Vec::new());
    super::fold::run(
        function,
        &mut Context { module, bodies: &[], options: &options, analyses: &mut analyses },
    );
    analyses.scratch.forward.fired.take().unwrap_or_default()
}

struct Nothing;

impl eval::Host for Nothing {
    fn call(&mut self, _: Func, _: &[eval::Value], _: &mut Memory) -> eval::Called {
        eval::Called::Raised
    }
    fn poll(&mut self) -> bool {
        false
    }
    fn context(&self) -> u64 {
        0
    }
    fn symbol(&self, _: crate::ir::Symbol) -> u64 {
        0
    }
    fn function_at(&self, _: u64) -> Option<Func> {
        None
    }
}

fn run(evaluator: &mut Evaluator, module: &Module, function: &Function, inputs: &[u64]) -> Outcome {
    let arguments: Vec<eval::Value> = inputs.iter().map(|&bits| eval::Value::Bits(bits)).collect();
    let mut memory = Memory::new();
    evaluator.run(
        module,
        &[Some(function)],
        Func(0),
        &arguments,
        &mut Nothing,
        &mut memory,
        Limits::default(),
    )
}

fn same(old: &Outcome, new: &Outcome, kind: Kind) -> bool {
    match (old, new) {
        (Outcome::Returned(Some(old)), Outcome::Returned(Some(new))) => old.same(new, kind),
        // A claim that did not hold may do anything.
        (Outcome::Trap(trap), _) => trap.kind == eval::TrapKind::FalseClaim,
        _ => old == new,
    }
}

/// A function for a rule, or none if it cannot be of these kinds.
fn instance(
    rule: &Rule,
    kind: Kind,
    s: Kind,
    t: Kind,
    cond: Cond,
    picks: &[usize; 3],
) -> Option<(Function, [Option<Kind>; 3])> {
    let Pattern::Inst(op, ..) = rule.pattern else { return None };
    let result = if op == Op::Cmp { Kind::Bool } else { kind };
    let function = Function::new("f", Signature::new(&[], result, Convention::System));
    let block = function.entry();
    let mut maker =
        Maker { function, block, s, t, cond, values: [None; 7], picks, constants: [None; 3], depth: 0 };
    let value = make(&mut maker, &rule.pattern, Some(kind))?;
    let Maker { mut function, constants, .. } = maker;
    function.append(block, InstData::unary(Op::Return, result, value));
    verify(&function, &module_of(&function)).is_ok().then_some((function, constants))
}

/// All inputs of small functions; a part of them for larger ones.
fn inputs(function: &Function, seed: u64) -> Vec<Vec<u64>> {
    let lists: Vec<Vec<u64>> = function.sig.params.iter().map(|ty| corners(ty.kind)).collect();
    let total: usize = lists.iter().map(Vec::len).product();
    let mut state = seed | 1;
    let count = total.min(60);
    (0..count)
        .map(|index| {
            let mut at = if total <= 60 {
                index
            } else {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33) as usize % total
            };
            lists
                .iter()
                .map(|list| {
                    let bits = list[at % list.len()];
                    at /= list.len();
                    bits
                })
                .collect()
        })
        .collect()
}

/// Adds the names of the rules that fired.
fn check_rule(rule: &Rule, evaluator: &mut Evaluator, reached: &mut HashSet<&'static str>) {
    let mut found = (false, false, 0);
    asks(&rule.pattern, 0, &mut found);
    let one = [Kind::I32];
    let sources: &[Kind] = if found.0 { &SCALARS } else { &one };
    let inners: &[Kind] = if found.1 { &SCALARS } else { &one };
    let conds: Vec<Cond> = Cond::ALL.into_iter().filter(|&cond| found.2 >> cond as u16 & 1 == 1).collect();
    let conds = if conds.is_empty() { vec![Cond::Eq] } else { conds };
    for kind in SCALARS.into_iter().filter(|&kind| rule.kinds >> kind as u16 & 1 == 1) {
        for (&s, &t) in sources.iter().flat_map(|s| inners.iter().map(move |t| (s, t))) {
            for &cond in &conds {
                let Some((_, constants)) = instance(rule, kind, s, t, cond, &[0; 3]) else { continue };
                let count = |index: usize| constants[index].map_or(1, |kind| corners(kind).len());
                for pick in 0..count(0) * count(1) * count(2) {
                    let picks = [pick % count(0), pick / count(0) % count(1), pick / count(0) / count(1)];
                    // Of three constants a part will do.
                    if count(2) > 1 && pick % 7 != 0 {
                        continue;
                    }
                    let Some((function, _)) = instance(rule, kind, s, t, cond, &picks) else { continue };
                    let module = module_of(&function);
                    let mut folded = function.clone();
                    let names = fold(&mut folded, &module);
                    if !names.contains(&rule.name) {
                        continue;
                    }
                    reached.extend(names.iter().copied());
                    let text = |function: &Function| crate::ir::print_function(function, &module);
                    if let Err(error) = verify(&folded, &module) {
                        panic!("{}: {error}\n{}\n{}", rule.name, text(&function), text(&folded));
                    }
                    for inputs in inputs(&function, pick as u64) {
                        let old = run(evaluator, &module, &function, &inputs);
                        let new = run(evaluator, &module, &folded, &inputs);
                        assert!(
                            same(&old, &new, function.sig.result.kind),
                            "{} ({names:?}) of {inputs:x?}: {old:?} becomes {new:?}\n{}\n{}",
                            rule.name,
                            text(&function),
                            text(&folded),
                        );
                    }
                }
            }
        }
    }
}

/// Each rule fires, and what it makes does the same.
#[test]
fn rules_keep_what_instructions_do() {
    let mut evaluator = Evaluator::default();
    let mut reached = HashSet::new();
    for rule in RULES {
        check_rule(rule, &mut evaluator, &mut reached);
    }
    // Some are reached through others only: the verifier does not accept what they match.
    let silent: Vec<&str> =
        RULES.iter().map(|rule| rule.name).filter(|name| !reached.contains(name)).collect();
    assert!(silent.is_empty(), "no test reaches {silent:?}");
}

/// The number of a value that no pattern has.
const OTHER: u8 = 6;

/// What is beside a pattern: a constant, an instruction, or a value that has to be the same as another is any value.
fn beside(pattern: &Pattern) -> Vec<Pattern> {
    fn replaced(pattern: &Pattern, seen: &mut Vec<u8>) -> Vec<Pattern> {
        let Pattern::Inst(op, select, arguments) = *pattern else { return Vec::new() };
        let mut out = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let mut others = Vec::new();
            match *argument {
                Pattern::Value(number) if !seen.contains(&number) => seen.push(number),
                _ => others.push(Pattern::Value(OTHER)),
            }
            others.extend(replaced(argument, seen));
            out.extend(others.into_iter().map(|other| {
                let mut arguments = arguments.to_vec();
                arguments[index] = other;
                // Patterns are static, and few.
                Pattern::Inst(op, select, arguments.leak())
            }));
        }
        out
    }
    replaced(pattern, &mut Vec::new())
}

/// The instances of a rule, or of a pattern in its place, with a part of the constants.
fn instances(rule: &Rule) -> Vec<Function> {
    let mut found = (false, false, 0);
    asks(&rule.pattern, 0, &mut found);
    let one = [Kind::I32];
    let sources: &[Kind] = if found.0 { &SCALARS } else { &one };
    let inners: &[Kind] = if found.1 { &SCALARS } else { &one };
    let conds: Vec<Cond> = Cond::ALL.into_iter().filter(|&cond| found.2 >> cond as u16 & 1 == 1).collect();
    let conds = if conds.is_empty() { vec![Cond::Eq] } else { conds };
    let mut out = Vec::new();
    for kind in SCALARS {
        for (&s, &t) in sources.iter().flat_map(|s| inners.iter().map(move |t| (s, t))) {
            for &cond in &conds {
                for pick in 0..5 {
                    let picks = [pick, (pick * 3 + 1) % 5, (pick * 2 + 3) % 5];
                    out.extend(instance(rule, kind, s, t, cond, &picks).map(|(function, _)| function));
                }
            }
        }
    }
    out
}

/// Each rule leaves alone what is beside its pattern, is of another kind, or does not meet its condition.
#[test]
fn rules_do_not_fire_beside_their_patterns() {
    let mut untested = Vec::new();
    for rule in RULES {
        let mut left_alone = 0;
        for pattern in beside(&rule.pattern) {
            for function in instances(&Rule { pattern, ..*rule }) {
                let module = module_of(&function);
                let names = fold(&mut function.clone(), &module);
                // Others may fire, and what they make may be a match.
                assert!(
                    names.first() != Some(&rule.name),
                    "{} fires:\n{}",
                    rule.name,
                    crate::ir::print_function(&function, &module)
                );
                left_alone += u32::from(!names.contains(&rule.name));
            }
        }
        // The pattern itself, of other kinds, and where the condition does not hold.
        let quiet = |function: &Function| fold(&mut function.clone(), &module_of(function)).is_empty();
        left_alone += instances(rule).iter().filter(|function| quiet(function)).count() as u32;
        if left_alone == 0 {
            untested.push(rule.name);
        }
    }
    assert!(untested.is_empty(), "fires wherever it was tried: {untested:?}");
}

/// Names are used once.
#[test]
fn rules_have_names_of_their_own() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// Constants are folded to what the evaluator computes, for each opcode, kind and source.
#[test]
fn constants_are_what_the_evaluator_says() {
    let mut evaluator = Evaluator::default();
    let mut compared = 0;
    for &op in Op::ALL {
        let row = op.row();
        if row.values & !3 != 0
            || row.values == 0
            || op.has_lane()
            || !matches!(row.effect, crate::ir::Effect::Pure | crate::ir::Effect::Exit)
        {
            continue;
        }
        if matches!(op, Op::Guard | Op::GuardCmp) {
            continue;
        }
        for kind in SCALARS.into_iter().filter(|&kind| row.kinds >> kind as u16 & 1 == 1) {
            let auxes: Vec<u16> = match op {
                Op::Convert | Op::ConvertChecked | Op::Bitcast => {
                    SCALARS.iter().map(|&kind| kind as u16).collect()
                }
                Op::Cmp => (0..Cond::ALL.len() as u16).collect(),
                _ => vec![0],
            };
            for aux in auxes {
                compared += constants(op, kind, aux, &mut evaluator);
            }
        }
    }
    assert!(compared > 20_000, "only {compared} were compared");
}

/// One opcode, applied to parameters in the evaluator, and to constants here.
fn constants(op: Op, kind: Kind, aux: u16, evaluator: &mut Evaluator) -> u32 {
    let mut data = InstData::new(op, kind);
    data.aux = aux;
    let result = if op == Op::Cmp { Kind::Bool } else { kind };
    let Some(source) = data.operand_kind(0) else { return 0 };
    let operands = op.row().values.count_ones() as usize;
    let mut function =
        Function::new("f", Signature::new(&vec![source; operands], result, Convention::System));
    let block = function.entry();
    for index in 0..operands {
        *data.word_mut(index as u8) = function.params(block)[index].0;
    }
    if op.row().guard < 4 {
        let state = function.add_state(FrameState::NONE, 0, 0, &[]);
        *data.word_mut(op.row().guard) = function.add_guard(Reason::Overflow, state).0;
    }
    let inst = function.append(block, data);
    let Some(value) = function.result(inst) else { return 0 };
    function.append(block, InstData::unary(Op::Return, result, value));
    let module = module_of(&function);
    if verify(&function, &module).is_err() {
        return 0;
    }
    let list = corners(source);
    let mut compared = 0;
    for (&a, &b) in list.iter().flat_map(|a| list.iter().map(move |b| (a, b))) {
        let inputs = &[a, b][..operands];
        let old = run(evaluator, &module, &function, inputs);
        let new = arith::evaluate(op, kind, aux, a, b);
        let agree = match (&old, new) {
            (Outcome::Returned(Some(value)), Folded::Value(bits)) => value.bits() == bits,
            (Outcome::Left(_), Folded::Leaves) => true,
            // A NaN is left alone, and a reference is none that a constant can be.
            (Outcome::Returned(Some(value)), Folded::Unknown) => {
                kind == Kind::F64 && f64::from_bits(value.bits()).is_nan() || kind == Kind::Ref
            }
            _ => false,
        };
        assert!(agree, "{op:?}.{kind} {aux} of {a:#x}, {b:#x}: {old:?}, folded {new:?}");
        compared += 1;
    }
    compared
}

/// The walk itself is what the tests above use.
#[test]
fn a_walk_says_which_rules_fired() {
    let mut function = Function::new("f", Signature::new(&[Kind::I32], Kind::I32, Convention::System));
    let block = function.entry();
    let (x, zero) = (function.params(block)[0], function.i32(0));
    let sum = function.append(block, InstData::binary(Op::Add, Kind::I32, x, zero));
    let sum = function.result(sum).unwrap_or(Value::NONE);
    function.append(block, InstData::unary(Op::Return, Kind::I32, sum));
    let module = module_of(&function);
    assert_eq!(fold(&mut function, &module), ["add_zero"]);
}
