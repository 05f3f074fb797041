//! Scalar instructions and memory at their corners; what vectors and whole programs do is in the files below.

mod programs;
mod vectors;

use super::*;
use crate::ir::types::{Alias, Cond, FrameState, Guard};
use crate::ir::{Convention, Effects, Layout, TypeId};

/// A host with a context at 0x1000 whose only function, where there is one, raises on odd arguments and else doubles them.
#[derive(Default)]
struct TestHost {
    polls: u64,
    leave_at: u64,
}

const CONTEXT: u64 = 0x1000;

impl Host for TestHost {
    fn call(&mut self, _: Func, arguments: &[Value], _: &mut Memory) -> Called {
        match arguments[0].bits() {
            odd if odd % 2 == 1 => Called::Raised,
            even => Called::Returned(Some(Value::Bits(even * 2))),
        }
    }

    fn poll(&mut self) -> bool {
        self.polls += 1;
        self.polls == self.leave_at
    }

    fn context(&self) -> u64 {
        CONTEXT
    }

    fn symbol(&self, symbol: Symbol) -> u64 {
        0x5000 + u64::from(symbol.0)
    }

    fn function_at(&self, address: u64) -> Option<Func> {
        (0x9000..0x9010).contains(&address).then(|| Func((address - 0x9000) as u32))
    }
}

/// A module of functions of the system's convention, all of them defined but for the last `outside`.
struct Program {
    module: Module,
    bodies: Vec<Option<Function>>,
    memory: Memory,
    host: TestHost,
    limits: Limits,
}

impl Program {
    fn new() -> Program {
        let mut memory = Memory::new();
        memory.add(CONTEXT, 0x100);
        memory.add(0x2000, 0x100);
        Program {
            module: Module::new(),
            bodies: Vec::new(),
            memory,
            host: TestHost::default(),
            limits: Limits::default(),
        }
    }

    fn function(&mut self, params: &[Kind], result: Kind) -> Function {
        let sig = Signature::new(params, result, Convention::System);
        let name = format!("f{}", self.bodies.len());
        self.module.declare(&name, sig.clone(), Effects::ANY);
        self.bodies.push(None);
        Function::new(&name, sig)
    }

    fn run(&mut self, func: u32, arguments: &[u64]) -> Outcome {
        let bodies: Vec<Option<&Function>> = self.bodies.iter().map(Option::as_ref).collect();
        let arguments: Vec<Value> = arguments.iter().map(|&bits| Value::Bits(bits)).collect();
        evaluate(&self.module, &bodies, Func(func), &arguments, &mut self.host, &mut self.memory, self.limits)
    }
}

fn returned(bits: u64) -> Outcome {
    Outcome::Returned(Some(Value::Bits(bits)))
}

fn some_guard(function: &mut Function) -> Guard {
    let state = function.add_state(FrameState::NONE, 0, 0, &[]);
    function.add_guard(Reason::Overflow, state)
}

/// What one instruction does with parameters of these kinds and values. Words of `data` that are values are numbers of parameters.
fn run_one(params: &[Kind], arguments: &[u64], data: InstData) -> Outcome {
    let mut program = Program::new();
    let result = Function::result_type(&data).map_or(Kind::None, |ty| ty.kind);
    let mut f = program.function(params, result);
    let guard = some_guard(&mut f);
    let mut data = data;
    if data.op.row().guard < 4 {
        *data.word_mut(data.op.row().guard) = guard.0;
    }
    let entry = f.entry();
    if data.op.is_terminator() {
        let (yes, no) = (f.new_block(), f.new_block());
        data.d = f.add_edges(&[(yes, &[]), (no, &[])]);
        let inst = f.append(entry, data);
        let value = f.result(inst).unwrap_or(Value0);
        f.append(yes, InstData::unary(Op::Return, result, value));
        f.append(no, InstData::new(Op::Unreachable, Kind::None));
    } else {
        let inst = f.append(entry, data);
        let value = f.result(inst).unwrap_or(Value0);
        f.append(entry, InstData::unary(Op::Return, result, value));
    }
    program.bodies[0] = Some(f);
    program.run(0, arguments)
}

#[expect(non_upper_case_globals, reason = "it reads as the value's name")]
const Value0: crate::ir::Value = crate::ir::Value(0);
#[expect(non_upper_case_globals, reason = "it reads as the value's name")]
const Value1: crate::ir::Value = crate::ir::Value(1);

fn one(op: Op, kind: Kind, a: u64) -> Outcome {
    run_one(&[kind], &[a], InstData::unary(op, kind, Value0))
}

fn two(op: Op, kind: Kind, a: u64, b: u64) -> Outcome {
    run_one(&[kind, kind], &[a, b], InstData::binary(op, kind, Value0, Value1))
}

fn left(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Left(_))
}

const I32: Kind = Kind::I32;
const I64: Kind = Kind::I64;
const U32: Kind = Kind::U32;
const U64: Kind = Kind::U64;
const F64: Kind = Kind::F64;
const MIN32: u64 = 0x8000_0000;
const MAX32: u64 = 0x7fff_ffff;
const MIN64: u64 = 1 << 63;
const MAX64: u64 = MIN64 - 1;
const M1_32: u64 = 0xffff_ffff;
const M1_64: u64 = u64::MAX;

fn fb(number: f64) -> u64 {
    number.to_bits()
}

#[test]
fn operations_with_one_operand() {
    let (nan, minus0) = (f64::NAN, fb(-0.0));
    for (op, kind, a, result) in [
        (Op::Neg, I32, MIN32, MIN32),
        (Op::Neg, I32, 1, M1_32),
        (Op::Neg, U32, 1, M1_32),
        (Op::Neg, I64, MIN64, MIN64),
        (Op::Neg, U64, 1, M1_64),
        (Op::Neg, F64, 0, minus0),
        (Op::Not, I32, 0, M1_32),
        (Op::Not, U64, 1, !1),
        (Op::Not, Kind::Bool, 1, 0),
        (Op::Not, Kind::Bool, 0, 1),
        (Op::Abs, F64, fb(-1.5), fb(1.5)),
        (Op::Abs, F64, minus0, 0),
        (Op::Sqrt, F64, fb(9.0), fb(3.0)),
        (Op::Sqrt, F64, minus0, minus0),
        (Op::Floor, F64, fb(-1.5), fb(-2.0)),
        (Op::Floor, F64, minus0, minus0),
        (Op::Ceil, F64, fb(-0.5), minus0),
        (Op::Ceil, F64, fb(1e300), fb(1e300)),
        (Op::Trunc, F64, fb(-1.9), fb(-1.0)),
        (Op::Trunc, F64, fb(f64::INFINITY), fb(f64::INFINITY)),
    ] {
        assert_eq!(one(op, kind, a), returned(result), "{op:?} {kind} {a:#x}");
    }
    let Outcome::Returned(Some(value)) = one(Op::Sqrt, F64, fb(-1.0)) else { panic!("it returns") };
    assert!(value.same(&Value::Bits(fb(nan)), F64) && !value.same(&Value::Bits(0), F64));
    assert!(!value.same(&Value::Bits(fb(nan) ^ 1), I64), "as integers, NaNs differ");
}

#[test]
fn operations_with_two_operands() {
    for (op, kind, a, b, result) in [
        (Op::Add, I32, MAX32, 1, MIN32),
        (Op::Add, U32, M1_32, 1, 0),
        (Op::Add, I64, MAX64, 1, MIN64),
        (Op::Add, U64, M1_64, 2, 1),
        (Op::Add, F64, fb(0.1), fb(0.2), fb(0.30000000000000004)),
        (Op::Sub, I32, MIN32, 1, MAX32),
        (Op::Sub, U64, 0, 1, M1_64),
        (Op::Mul, I32, MIN32, M1_32, MIN32),
        (Op::Mul, I64, 1 << 32, 1 << 32, 0),
        (Op::Mul, U64, M1_64, M1_64, 1),
        (Op::Mul, U32, M1_32, M1_32, 1),
        (Op::Div, I32, 7, 0, 0),
        (Op::Div, I32, MIN32, M1_32, MIN32),
        (Op::Div, I32, (-7i32) as u32 as u64, 2, (-3i32) as u32 as u64),
        (Op::Div, U32, M1_32, 2, MAX32),
        (Op::Div, I64, MIN64, M1_64, MIN64),
        (Op::Div, U64, MIN64, M1_64, 0),
        (Op::Div, F64, fb(1.0), 0, fb(f64::INFINITY)),
        (Op::Rem, I32, 7, 0, 7),
        (Op::Rem, I32, MIN32, M1_32, 0),
        (Op::Rem, I32, (-7i32) as u32 as u64, 2, M1_32),
        (Op::Rem, I64, MIN64, M1_64, 0),
        (Op::Rem, U64, M1_64, 10, 5),
        (Op::MulHigh, I32, MIN32, MIN32, 0x4000_0000),
        (Op::MulHigh, I32, M1_32, 1, M1_32),
        (Op::MulHigh, U32, M1_32, M1_32, M1_32 - 1),
        (Op::MulHigh, I64, MIN64, MIN64, 1 << 62),
        (Op::MulHigh, I64, M1_64, 1, M1_64),
        (Op::MulHigh, U64, M1_64, M1_64, M1_64 - 1),
        (Op::And, U32, 12, 10, 8),
        (Op::Or, I64, 12, 10, 14),
        (Op::Xor, I32, 12, 10, 6),
        (Op::Xor, Kind::Bool, 1, 1, 0),
        (Op::Shl, I32, 1, 31, MIN32),
        (Op::Shl, I32, 1, 32, 1),
        (Op::Shl, U64, 1, 64 + 63, MIN64),
        (Op::Shr, I32, MIN32, 31, M1_32),
        (Op::Shr, U32, MIN32, 31, 1),
        (Op::Shr, I32, MIN32, M1_32, M1_32),
        (Op::Shr, I64, MIN64, 63, M1_64),
        (Op::Shr, U64, MIN64, 63, 1),
        (Op::Min, I32, MIN32, 1, MIN32),
        (Op::Min, U32, MIN32, 1, 1),
        (Op::Max, I64, M1_64, 1, 1),
        (Op::Max, U64, M1_64, 1, M1_64),
        (Op::Min, F64, 0, fb(-0.0), fb(-0.0)),
        (Op::Min, F64, fb(-0.0), 0, fb(-0.0)),
        (Op::Max, F64, fb(-0.0), 0, 0),
        (Op::Max, F64, 0, fb(-0.0), 0),
        (Op::Min, F64, fb(f64::NAN), fb(1.0), fb(1.0)),
        (Op::Max, F64, fb(1.0), fb(f64::NAN), fb(1.0)),
        (Op::Max, F64, fb(1.0), fb(2.0), fb(2.0)),
    ] {
        assert_eq!(two(op, kind, a, b), returned(result), "{op:?} {kind} {a:#x} {b:#x}");
    }
}

#[test]
fn checked_operations_give_exact_results_or_leave() {
    for (checked, other, kind, a, b, result) in [
        (Op::AddChecked, Op::AddOr, I32, MAX32, 1, None),
        (Op::AddChecked, Op::AddOr, I32, MAX32, 0, Some(MAX32)),
        (Op::AddChecked, Op::AddOr, I32, MIN32, M1_32, None),
        (Op::AddChecked, Op::AddOr, U32, M1_32, 1, None),
        (Op::AddChecked, Op::AddOr, I64, MAX64, 1, None),
        (Op::AddChecked, Op::AddOr, U64, M1_64, 1, None),
        (Op::AddChecked, Op::AddOr, U64, M1_64, 0, Some(M1_64)),
        (Op::SubChecked, Op::SubOr, I32, MIN32, 1, None),
        (Op::SubChecked, Op::SubOr, U32, 0, 1, None),
        (Op::SubChecked, Op::SubOr, I64, 0, MIN64, None),
        (Op::SubChecked, Op::SubOr, I64, M1_64, MIN64, Some(MAX64)),
        (Op::MulChecked, Op::MulOr, I32, MIN32, M1_32, None),
        (Op::MulChecked, Op::MulOr, I32, 0x10000, 0x8000, None),
        (Op::MulChecked, Op::MulOr, I32, 0x10000, 0x7fff, Some(0x7fff_0000)),
        (Op::MulChecked, Op::MulOr, U64, M1_64, M1_64, None),
        (Op::MulChecked, Op::MulOr, U64, M1_64, 1, Some(M1_64)),
        (Op::MulChecked, Op::MulOr, I64, MIN64, M1_64, None),
    ] {
        for op in [checked, other] {
            let outcome = two(op, kind, a, b);
            match (result, op == other) {
                (Some(result), _) => assert_eq!(outcome, returned(result), "{op:?} {kind} {a:#x} {b:#x}"),
                (None, false) => assert!(left(&outcome), "{op:?} {kind} {a:#x} {b:#x}"),
                // The second edge leads to `unreachable`.
                (None, true) => assert!(
                    matches!(outcome, Outcome::Trap(Trap { kind: TrapKind::Unreachable, .. })),
                    "{op:?} {kind} {a:#x} {b:#x}"
                ),
            }
        }
    }
    for (op, kind, a, b, result) in [
        (Op::DivChecked, I32, 1, 0, None),
        (Op::DivChecked, I32, MIN32, M1_32, None),
        (Op::DivChecked, I64, MIN64, M1_64, None),
        (Op::DivChecked, U64, MIN64, M1_64, Some(0)),
        (Op::RemChecked, I32, 1, 0, None),
        (Op::RemChecked, I32, MIN32, M1_32, Some(0)),
        (Op::RemChecked, I64, MIN64, M1_64, Some(0)),
    ] {
        let outcome = two(op, kind, a, b);
        match result {
            Some(result) => assert_eq!(outcome, returned(result), "{op:?} {kind} {a:#x} {b:#x}"),
            None => assert!(left(&outcome), "{op:?} {kind} {a:#x} {b:#x}"),
        }
    }
    assert!(left(&one(Op::NegChecked, I32, MIN32)) && left(&one(Op::NegChecked, I64, MIN64)));
    assert_eq!(one(Op::NegChecked, I32, MAX32), returned(MIN32 + 1));
}

#[test]
fn claims_of_divisions_must_hold() {
    let claimed = |op, a, b, claims| {
        run_one(&[I32, I32], &[a, b], InstData { aux: claims, ..InstData::binary(op, I32, Value0, Value1) })
    };
    let is_false = |outcome| matches!(outcome, Outcome::Trap(Trap { kind: TrapKind::FalseClaim, .. }));
    for op in [Op::Div, Op::Rem] {
        assert!(is_false(claimed(op, 5, 0, Op::NONZERO)));
        assert!(is_false(claimed(op, MIN32, M1_32, Op::NO_OVERFLOW)));
        assert!(!is_false(claimed(op, 5, 0, Op::NO_OVERFLOW)));
        assert!(!is_false(claimed(op, MIN32, M1_32, Op::NONZERO)));
    }
}

#[test]
fn conversions() {
    let from = |source: Kind, kind, a, op| {
        run_one(&[source], &[a], InstData { aux: source as u16, ..InstData::unary(op, kind, Value0) })
    };
    let two63 = 9_223_372_036_854_775_808.0;
    for (source, kind, a, result, exact) in [
        (I32, I64, MIN32, 0xffff_ffff_8000_0000, true),
        (U32, I64, MIN32, MIN32, true),
        (I32, U64, M1_32, M1_64, false),
        (I32, U32, M1_32, M1_32, false),
        (U32, I32, M1_32, M1_32, false),
        (I64, I32, 1 << 40 | 7, 7, false),
        (I64, U64, M1_64, M1_64, false),
        (U64, I64, M1_64, M1_64, false),
        (U64, I64, MAX64, MAX64, true),
        (I32, F64, M1_32, fb(-1.0), true),
        (U32, F64, M1_32, fb(4_294_967_295.0), true),
        (I64, F64, (1 << 53) + 1, fb(9_007_199_254_740_992.0), true),
        (U64, F64, M1_64, fb(18_446_744_073_709_551_616.0), true),
        (F64, I32, fb(2_147_483_647.9), MAX32, true),
        (F64, I32, fb(2_147_483_648.0), MAX32, false),
        (F64, I32, fb(-2_147_483_648.9), MIN32, true),
        (F64, I32, fb(-2_147_483_649.0), MIN32, false),
        (F64, I32, fb(f64::NAN), 0, false),
        (F64, U32, fb(-0.9), 0, true),
        (F64, U32, fb(-1.0), 0, false),
        (F64, U32, fb(4_294_967_295.5), M1_32, true),
        (F64, U32, fb(4_294_967_296.0), M1_32, false),
        (F64, I64, fb(two63), MAX64, false),
        (F64, I64, fb(-two63), MIN64, true),
        (F64, U64, fb(two63), MIN64, true),
        (F64, U64, fb(two63 * 2.0), M1_64, false),
        (F64, U64, fb(f64::NEG_INFINITY), 0, false),
        (F64, I64, fb(f64::INFINITY), MAX64, false),
        (F64, I64, fb(1e300), MAX64, false),
    ] {
        assert_eq!(from(source, kind, a, Op::Convert), returned(result), "{source} to {kind}, {a:#x}");
        if kind != F64 {
            let outcome = from(source, kind, a, Op::ConvertChecked);
            let expected = if exact { outcome == returned(result) } else { left(&outcome) };
            assert!(expected, "{source} to {kind} checked, {a:#x}");
        }
    }
    assert_eq!(from(F64, I64, fb(-0.0), Op::Bitcast), returned(MIN64));
    assert_eq!(from(Kind::Ref, I64, 0x1000, Op::Bitcast), returned(0x1000));
}

#[test]
fn comparisons_guards_and_branches_agree() {
    let nan = fb(f64::NAN);
    for (kind, a, b, true_ones) in [
        (I32, M1_32, 1, "ne lt le above aboveeq"),
        (U32, M1_32, 1, "ne gt ge above aboveeq"),
        (I64, MIN64, MIN64, "eq le ge beloweq aboveeq"),
        (F64, nan, nan, "ne"),
        (F64, fb(-0.0), 0, "eq le ge beloweq aboveeq"),
        (Kind::Bool, 0, 1, "ne lt le below beloweq"),
        (Kind::Ref, 0, 0, "eq le ge beloweq aboveeq"),
    ] {
        for cond in Cond::ALL {
            let data = |op| InstData { aux: cond as u16, ..InstData::binary(op, kind, Value0, Value1) };
            let expected = true_ones.split(' ').any(|name| name == cond.name());
            let run = |op| run_one(&[kind, kind], &[a, b], data(op));
            assert_eq!(run(Op::Cmp), returned(u64::from(expected)), "{} {kind} {a:#x} {b:#x}", cond.name());
            assert_eq!(left(&run(Op::GuardCmp)), !expected);
            assert_eq!(run(Op::BrCmp) == Outcome::Returned(None), expected);
        }
    }
    for bit in [0, 1] {
        assert_eq!(left(&one(Op::Guard, Kind::Bool, bit)), bit == 0);
        assert_eq!(one(Op::Br, Kind::Bool, bit) == Outcome::Returned(None), bit == 1);
        let select = InstData { c: 2, ..InstData::binary(Op::Select, I32, Value0, Value1) };
        assert_eq!(run_one(&[Kind::Bool, I32, I32], &[bit, 7, 9], select), returned(9 - 2 * bit));
    }
}

#[test]
fn loads_extend_and_stores_cut_off() {
    for (mem, stored, loaded) in [
        (Mem::I8, 0x1234_5680, 0xffff_ff80),
        (Mem::U8, 0x1234_5680, 0x80),
        (Mem::I16, 0x1234_8000, 0xffff_8000),
        (Mem::U16, 0x1234_8000, 0x8000),
        (Mem::I32, MIN32, MIN32),
        (Mem::U32, MIN32, MIN32),
        (Mem::I64, MIN64 + 1, MIN64 + 1),
        (Mem::U64, M1_64, M1_64),
        (Mem::F64, fb(-1.5), fb(-1.5)),
        (Mem::Bool, 1, 1),
        (Mem::Ref, 0x2000, 0x2000),
    ] {
        let mut program = Program::new();
        let kind = mem.kind();
        let mut f = program.function(&[I64, I32, kind], kind);
        let entry = f.entry();
        let access = InstData {
            aux: InstData::access(mem, 3, Alias::RAW),
            c: (-8i32) as u32,
            d: 2,
            ..InstData::binary(Op::Store, kind, Value0, Value1)
        };
        f.append(entry, access);
        let load = f.append(entry, InstData { op: Op::Load, d: NONE, ..access });
        let value = f.result(load).unwrap_or(Value0);
        f.append(entry, InstData::unary(Op::Return, kind, value));
        program.bodies[0] = Some(f);
        program.memory.bytes_mut(0x2000, 0x100).expect("it is there").fill(0x55);
        assert_eq!(program.run(0, &[0x2000, 3, stored]), returned(loaded), "{}", mem.name());
        // 0x2000 + 3 * 8 - 8, and nothing beside it.
        let around = program.memory.bytes(0x2008, 0x20).expect("it is there");
        assert!(around[..8].iter().all(|&byte| byte == 0x55));
        assert!(around[8 + mem.bytes() as usize..].iter().all(|&byte| byte == 0x55));
        // An index of 32 bits is zero-extended: 0x2000 + 0xffff_ffff * 8 is far away.
        let far = program.run(0, &[0x2000, M1_32, stored]);
        assert!(matches!(far, Outcome::Trap(Trap { kind: TrapKind::Outside(0x8_0000_1ff0), .. })), "{far:?}");
    }
}

#[test]
fn accesses_must_lie_within_a_region() {
    let memory = &mut Memory::new();
    memory.add(0x1000, 16);
    memory.add(0x1010, 16);
    assert_eq!(memory.load(0x100f, 1), Ok(0));
    assert_eq!(memory.load(0x100f, 2), Err(Outside(0x100f)), "regions that touch are two");
    assert_eq!(memory.load(0xfff, 1), Err(Outside(0xfff)));
    assert_eq!(memory.store(0x1020, 1, 0), Err(Outside(0x1020)));
    assert_eq!(memory.load(u64::MAX, 8), Err(Outside(u64::MAX)));
    assert_eq!(memory.store(0x1018, 8, 0x0102), Ok(()));
    assert_eq!(memory.bytes(0x1018, 3), Ok(&[2, 1, 0][..]));
    memory.bytes_mut(0x1000, 1).expect("it is there")[0] = 2;
    assert_eq!(load(memory, Mem::Bool, 0x1000), Err(TrapKind::FalseClaim));
}

#[test]
fn objects_are_cut_off_the_free_run() {
    let mut program = Program::new();
    let layout = Layout { references: 1, scalars: 2, header: 0xabcd, cursor_offset: 0x40 };
    let id = program.module.layout(layout);
    let mut f = program.function(&[], Kind::Ref);
    let guard = some_guard(&mut f);
    let entry = f.entry();
    let new = f.append(entry, InstData { a: id.0, b: guard.0, ..InstData::new(Op::New, Kind::Ref) });
    let value = f.result(new).unwrap_or(Value0);
    f.append(entry, InstData::unary(Op::Return, Kind::Ref, value));
    program.bodies[0] = Some(f);
    program.memory.bytes_mut(0x2000, 0x100).expect("it is there").fill(0x55);
    program.memory.store(CONTEXT + 0x40, 8, 0x2000).expect("it is there");
    program.memory.store(CONTEXT + 0x48, 8, 0x2040).expect("it is there");
    assert_eq!(program.run(0, &[]), returned(0x2000));
    assert_eq!(program.run(0, &[]), returned(0x2020));
    assert_eq!(program.memory.load(0x2020, 8), Ok(0xabcd));
    assert_eq!(program.memory.load(0x2028, 8), Ok(0));
    assert!(left(&program.run(0, &[])), "there is no room for a third");
}

#[test]
fn places_outside() {
    let mut context = InstData::new(Op::Context, I64);
    assert_eq!(run_one(&[], &[], context), returned(CONTEXT));
    context = InstData { a: 3, ..InstData::new(Op::Address, I64) };
    assert_eq!(run_one(&[], &[], context), returned(0x5003));
}
