//! Each divisor of many, with dividends at the corners and random ones, against division itself.

use super::{Emit, cheap_product, divide};
use crate::ir::eval::{self, Evaluator, Limits, Memory, Outcome};
use crate::ir::{Convention, Func, Function, InstData, Kind, Module, Op, Signature};

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

/// Dividends: corners, what is near multiples of the divisor, random ones.
fn dividends(kind: Kind, divisor: u64, random: &mut u64) -> Vec<u64> {
    let (lo, hi) = eval::scalar::limits(kind);
    let number = kind.as_i128(divisor);
    let mut found: Vec<i128> = Vec::new();
    for near in [0, lo, hi, lo / 2, hi / 2] {
        found.extend((-2..=2).map(|by| near + by));
    }
    for factor in [1, 2, 3, hi / number, lo / number, hi / number / 2] {
        found.extend((-1..=1).map(|by| factor.saturating_mul(number) + by));
    }
    for _ in 0..12 {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        found.push(kind.as_i128(kind.canonical(*random >> (*random >> 59))));
    }
    found.retain(|number| (lo..=hi).contains(number));
    found.iter().map(|&number| kind.canonical(number as u64)).collect()
}

/// A function that divides, or multiplies, its argument by a constant, as it is rewritten.
fn rewritten(op: Op, kind: Kind, by: u64) -> Option<Function> {
    let mut function = Function::new("f", Signature::new(&[kind], kind, Convention::System));
    let entry = function.entry();
    let a = function.params(entry)[0];
    let end = function.append(entry, InstData::unary(Op::Return, kind, a));
    let mut emit = Emit { function: &mut function, before: end };
    let result = match op {
        Op::Div => divide::quotient(&mut emit, kind, a, by),
        Op::Rem => divide::remainder(&mut emit, kind, a, by),
        _ => cheap_product(&mut emit, kind, a, by),
    }?;
    function.inst_mut(end).a = result.0;
    for inst in function.insts(entry) {
        assert!(!matches!(function.inst(inst).op, Op::Div | Op::Rem));
    }
    Some(function)
}

fn check(op: Op, kind: Kind, by: u64, evaluator: &mut Evaluator, random: &mut u64) {
    let Some(function) = rewritten(op, kind, by) else { return };
    let mut module = Module::new();
    let func = module.declare("f", function.sig.clone(), crate::ir::Effects::empty());
    for a in dividends(kind, by, random) {
        let arguments = [eval::Value::Bits(a)];
        let (mut memory, limits) = (Memory::new(), Limits::default());
        let got =
            evaluator.run(&module, &[Some(&function)], func, &arguments, &mut Nothing, &mut memory, limits);
        let expected = eval::scalar::binary(op, kind, a, by).map(eval::Value::Bits);
        assert_eq!(
            got,
            Outcome::Returned(expected),
            "{op:?} {kind} {} by {}",
            kind.as_i128(a),
            kind.as_i128(by)
        );
    }
}

#[test]
fn constants_divide_and_multiply_exactly() {
    let mut evaluator = Evaluator::default();
    let mut random = 1u64;
    for kind in [Kind::I32, Kind::U32, Kind::I64, Kind::U64] {
        let (lo, hi) = eval::scalar::limits(kind);
        let mut divisors: Vec<i128> = (-1000..=1000).collect();
        for shift in 0..64 {
            divisors.extend((-2..=2).flat_map(|by| [(1 << shift) + by, by - (1 << shift)]));
        }
        divisors.extend([
            1_000_000,
            1_000_000_007,
            641,
            6_700_417,
            0x7fff_ffff_ffff_ffff / 3,
            lo,
            lo + 1,
            hi,
            hi - 1,
            hi / 2,
            hi / 3 * 2,
        ]);
        for _ in 0..400 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
            divisors.push(kind.as_i128(kind.canonical(random >> (random >> 58))));
        }
        divisors.retain(|number| (lo..=hi).contains(number) && *number != 0);
        divisors.sort_unstable();
        divisors.dedup();
        assert!(divisors.len() > 1000);
        for divisor in divisors {
            for op in [Op::Div, Op::Rem, Op::Mul] {
                check(op, kind, kind.canonical(divisor as u64), &mut evaluator, &mut random);
            }
        }
    }
}
