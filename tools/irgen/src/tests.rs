use orus::ir::eval::{Outcome, Slot, Value};
use orus::ir::types::{Func, Kind};
use orus::ir::verify::verify;
use orus::ir::{Op, parse_module};

use crate::compare::Verdict;
use crate::fault::{self, Fault};
use crate::generate::{Wishes, generate};
use crate::plan::{self, Plan};
use crate::statistics::facts;
use crate::{Backend, Config, Evaluated, Observed, Program, compare, minimise};

fn program(seed: u64) -> Program {
    generate(seed, &Wishes { vectors: 30, size: 400 })
}

#[test]
fn programs_are_well_formed_and_not_wrong() {
    let mut evaluated = Evaluated::default();
    for seed in 0..300 {
        let program = program(seed);
        for body in program.bodies.iter().flatten() {
            if let Err(error) = verify(body, &program.module) {
                panic!("program {seed}, {}: {error}", body.name);
            }
        }
        let observed = evaluated.reference(&program);
        assert!(!matches!(observed.outcome, Outcome::Trap(_)), "program {seed}: {:?}", observed.outcome);
        assert!(compare(&program, &observed, &observed).is_ok(), "program {seed}");
    }
    let profile = evaluated.take_profile();
    let never: Vec<&Op> = Op::ALL.iter().filter(|&&op| profile.ops[op as usize] == 0).collect();
    assert!(never.len() < 8, "never executed: {never:?}");
}

#[test]
fn a_seed_gives_the_same_program() {
    for seed in [1, 77, 1 << 40] {
        let (a, b) = (program(seed), program(seed));
        let (mut x, mut y) = (Evaluated::default(), Evaluated::default());
        assert_eq!(format!("{:?}", a.bodies), format!("{:?}", b.bodies));
        assert_eq!(x.reference(&a).memory, y.reference(&b).memory);
    }
}

#[test]
fn what_does_nothing_makes_no_difference() {
    let mut evaluated = Evaluated::default();
    for seed in 0..50 {
        let program = program(seed);
        let reference = evaluated.reference(&program);
        let observed = evaluated.run(&program, &Config::PLAIN).expect("it runs");
        assert!(compare(&program, &reference, &observed).is_ok(), "program {seed}");
    }
}

#[test]
fn faults_are_found() {
    for (name, fault) in fault::all().into_iter().filter(|(_, fault)| matches!(fault, Fault::Spoil(_))) {
        let mut evaluated = Evaluated::new(false, Some(fault));
        let found = (0..1_500).any(|seed| {
            let program = program(seed);
            let reference = evaluated.reference(&program);
            // A fault may leave a function that is not well-formed, which is found out too.
            match evaluated.run(&program, &Config::PLAIN) {
                Ok(observed) => compare(&program, &reference, &observed).is_err(),
                Err(_) => true,
            }
        });
        assert!(found, "{name}");
    }
}

#[test]
fn the_smallest_program_still_shows_it() {
    // What fails: a multiplication is executed.
    let mut fails = |program: &Program| {
        let mut evaluated = Evaluated::default();
        evaluated.reference(program);
        evaluated.take_profile().ops[Op::Mul as usize] > 0
    };
    let large =
        (0..).map(program).find(|program| program.size() > 200 && fails(program)).expect("there is one");
    let small = minimise(large, &mut fails, 3_000);
    assert!(fails(&small));
    assert!(small.size() < 30, "{} instructions", small.size());
}

#[test]
fn configurations_are_read_back() {
    let all = Config::all(false);
    assert!(all.len() >= 18);
    for config in all {
        assert_eq!(config.to_string().parse(), Ok(config), "{config}");
    }
    assert!("fastest".parse::<Config>().is_err());
    assert!("full,only=nothing".parse::<Config>().is_err());
    assert!(Config::all(true).iter().all(|config| config.avx2));
}

#[test]
fn facts_of_a_function() {
    let text = "
fn outside(v0: i64, v1: i64) -> i64 {
b0:
    v2 = add.i64 v0, v1
    v3 = add.i64 v2, v0
    jump b1(3)
b1(v4: i64):
    jump b2(4)
b2(v5: i64):
    v6 = sub.i64 v5, 1
    br.gt.i64 v6, 0, b2(v6), b3
b3:
    v7 = sub.i64 v4, 1
    br.gt.i64 v7, 0, b1(v7), b4
b4:
    return.i64 v3
}";
    let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
    let facts = facts(&parsed.functions[0].1);
    // v3, v4 and v5.
    assert_eq!((facts.alive, facts.depth, facts.exceptional, facts.irreducible), (3, 2, false, false));
    assert_eq!(facts.size, 9);
}

/// A run of a program that leaves memory as it was.
fn observed(program: &Program, outcome: Outcome) -> Observed {
    Observed { outcome, memory: program.memory.clone(), log: Vec::new(), polls: 0, own_frames_only: false }
}

/// A program with an object at the beginning of the free run, and what refers to it.
fn with_object(program: &Program, at: u64, reference: u64) -> Observed {
    let mut observed = observed(program, Outcome::Returned(None));
    let layout = &program.plan.layouts[0];
    let memory = &mut observed.memory;
    let object = layout.run.0 + at;
    memory.store(object, 8, layout.header).expect("there is room");
    memory.bytes_mut(object + 8, 8 * layout.fields.len()).expect("there is room").fill(0);
    memory.store(reference, 8, object).expect("it is a slot");
    observed
}

#[test]
fn objects_may_be_elsewhere_but_not_be_others() {
    let fits = |program: &Program| {
        program.plan.layouts[0].run.1 > 400 && program.plan.references().any(|(_, layout)| layout == 0)
    };
    let program = (0..).map(program).find(fits).expect("there is one");
    let (slot, _) = program.plan.references().find(|(_, layout)| *layout == 0).expect("there is one");
    let (a, b) = (with_object(&program, 0, slot), with_object(&program, 0x80, slot));
    assert_eq!(compare(&program, &a, &b), Ok(Verdict::Alike));
    let mut other = b.clone();
    let field = program.plan.layouts[0].run.0 + 0x88;
    other.memory.store(field, 8, program.plan.layouts[0].objects[0] + 1).expect("there is room");
    assert!(compare(&program, &a, &other).is_err(), "another field");
    let mut other = b.clone();
    other.memory.store(slot, 8, 0).expect("it is a slot");
    assert!(compare(&program, &a, &other).is_err(), "null instead of an object");
    let mut other = b;
    other.memory.store(plan::ARENA, 1, 0xff).expect("it is there");
    assert!(compare(&program, &a, &other).is_err(), "other memory");
}

#[test]
fn outcomes_and_calls_are_compared() {
    let program = (0..).map(program).find(|program| program.poll_at == 0).expect("there is one");
    let kind = program.module.signature(program.entry).result.kind;
    let bits = |bits| observed(&program, Outcome::Returned(Some(Value::Bits(bits))));
    assert_eq!(compare(&program, &bits(0), &bits(0)), Ok(Verdict::Alike));
    if kind != Kind::None {
        assert!(compare(&program, &bits(0), &bits(1)).is_err());
    }
    assert!(compare(&program, &bits(0), &observed(&program, Outcome::Raised)).is_err());
    let mut called = bits(0);
    called.log.push((Func(3), 7));
    assert!(compare(&program, &bits(0), &called).is_err());
}

#[test]
fn dead_slots_may_be_anything_but_values_may_not() {
    use orus::ir::Reason;
    use orus::ir::eval::{Frame, Left};
    let program = (0..).map(program).find(|program| program.poll_at == 0).expect("there is one");
    let left = |slot: Slot| {
        let frames = vec![Frame { function: 1, position: 2, slots: vec![slot] }];
        observed(&program, Outcome::Left(Left { reason: Reason::Kind, own: 1, frames, objects: Vec::new() }))
    };
    let value = |bits| Slot::Value(Kind::F64, Value::Bits(bits));
    let nan = f64::NAN.to_bits();
    assert!(compare(&program, &left(Slot::Dead), &left(value(1))).is_ok());
    assert!(compare(&program, &left(value(1)), &left(Slot::Dead)).is_err());
    assert!(compare(&program, &left(value(1)), &left(value(2))).is_err());
    assert!(compare(&program, &left(value(nan)), &left(value(nan | 1))).is_ok(), "any NaN will do");
}

#[test]
fn places_of_a_plan_do_not_overlap() {
    for seed in 0..50 {
        let (_, memory) = Plan::new(&mut orus_progen::rng::Rng::new(seed));
        for pair in memory.regions().windows(2) {
            let end = pair[0].base + pair[0].bytes.len() as u64;
            assert!(end <= pair[1].base, "{:#x} and {:#x}", pair[0].base, pair[1].base);
        }
        let last = memory.regions().last().map_or(0, |region| region.base + region.bytes.len() as u64);
        assert!(last <= plan::BASE + plan::SPAN);
    }
}
