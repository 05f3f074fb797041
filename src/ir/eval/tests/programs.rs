//! What programs do: edges, calls, raises, ways out.

use super::*;
use crate::ir::parse_module;

/// A program of a text.
fn program(text: &str) -> Program {
    let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
    let mut program = Program::new();
    program.bodies = vec![None; parsed.module.funcs.len()];
    program.module = parsed.module;
    for (func, body) in parsed.functions {
        program.bodies[func.index()] = Some(body);
    }
    program
}

fn trapped(outcome: &Outcome, kind: TrapKind) -> bool {
    matches!(outcome, Outcome::Trap(trap) if trap.kind == kind)
}

#[test]
fn switches_go_to_the_last_edge_by_default() {
    let mut program = program(
        "fn f(v0: i32) -> i32 {
         b0:
             switch.i32 v0, [b1(0), b1(1)], b1(2)
         b1(v1: i32):
             return.i32 v1
         }",
    );
    for (value, edge) in [(0, 0), (1, 1), (2, 2), (3, 2), (M1_32, 2)] {
        assert_eq!(program.run(0, &[value]), returned(edge));
    }
}

#[test]
fn edges_pass_all_values_at_once() {
    let mut program = program(
        "fn f(v0: i32) -> i32 {
         b0:
             jump b1(0, 1, v0)
         b1(v1: i32, v2: i32, v3: i32):
             v4 = sub.i32 v3, 1
             br.gt.i32 v4, 0, b1(v2, v1, v4), b2
         b2:
             return.i32 v1
         }",
    );
    assert_eq!([1, 2, 3, 4].map(|n| program.run(0, &[n])), [0, 1, 0, 1].map(returned));
    program.limits.steps = 10;
    assert!(trapped(&program.run(0, &[100]), TrapKind::OutOfFuel));
}

/// `outer` calls `inner`, which calls `outside`; `catches` invokes `inner`.
const CALLS: &str = "
symbol limit
extern outside(i64) -> i64 raises
fn inner(v0: i64) -> i64 orus depth limit {
    fs0 = 1@9 [v0, -]
b0:
    v1 = call outside(v0), fs0
    return.i64 v1
}
fn outer(v0: i64) -> i64 orus depth limit {
    fs0 = 2@9 [v0, -]
b0:
    v1 = call inner(v0), fs0
    return.i64 v1
}
fn catches(v0: i64) -> i64 orus {
b0:
    v1 = invoke inner(v0) -> b1, catch b2
b1:
    return.i64 v1
b2:
    return.i64 -1
}
fn twice(v0: i64) -> i64 orus {
b0:
    v1 = call catches(v0)
    v2 = call catches(v0)
    return.i64 v2
}";

/// The same by addresses: the host has those of functions from 0x9000 on.
fn indirect() -> String {
    let text = CALLS.replace("invoke inner(", "invoke.indirect (i64) -> i64 orus 36865:i64(");
    let text = text.replace("call inner(", "call.indirect (i64) -> i64 orus 36865:i64(");
    text.replace("call outside(", "call.indirect (i64) -> i64 36864:i64(")
}

const OUTER: u32 = 2;
const CATCHES: u32 = 3;
const TWICE: u32 = 4;

#[test]
fn calls_return_and_raise() {
    for text in [CALLS.to_owned(), indirect()] {
        let mut program = program(&text);
        assert_eq!(program.run(OUTER, &[4]), returned(8));
        assert_eq!(program.run(OUTER, &[5]), Outcome::Raised);
        assert_eq!(program.run(CATCHES, &[4]), returned(8));
        assert_eq!(program.run(CATCHES, &[5]), returned(M1_64));
        program.limits.depth = 2;
        assert_eq!(program.run(OUTER, &[4]), returned(8));
        program.limits.depth = 1;
        assert_eq!(program.run(OUTER, &[4]), Outcome::TooDeep(Symbol(0)));
        // What `inner` took is given back when it returns, and when it raises.
        assert_eq!(program.run(TWICE, &[4]), returned(8));
        assert_eq!(program.run(TWICE, &[5]), returned(M1_64));
        program.limits.frames = 1;
        assert!(trapped(&program.run(CATCHES, &[4]), TrapKind::OutOfFuel));
    }
}

#[test]
fn bad_calls_are_noticed() {
    let mut program = program(&indirect());
    let other = program.module.sig(Signature::new(&[I32], I32, Convention::System));
    program.module.funcs[1].sig = other;
    assert!(trapped(&program.run(OUTER, &[4]), TrapKind::BadCall));
    assert!(trapped(&program.run(OUTER, &[4, 5]), TrapKind::BadCall));
    let text = indirect().replace("36865", "36999");
    assert!(trapped(&self::program(&text).run(OUTER, &[4]), TrapKind::BadCall));
}

#[test]
fn frame_states_of_all_functions_on_the_stack() {
    let mut program = program(
        "type t1 = refs 1, scalars 1, header 0x10, cursor 64
         fn leaves(v0: i64) -> i64 orus {
             fs0 = 20@1 [o1]
             fs1 = 21@2 [v0, o0] in fs0
             o0 = t1 [o1, v0]
             o1 = t1 [o0, -]
             g0 = poll fs1
         b0:
             poll g0
             return.i64 v0
         }
         fn inner(v0: i64) -> i64 orus {
             fs0 = 2@9 [v0, -]
         b0:
             v1 = call leaves(v0), fs0
             return.i64 v1
         }
         fn between(v0: i64) -> i64 orus {
         b0:
             v1 = call inner(v0)
             return.i64 v1
         }
         fn outer(v0: i64) -> i64 orus {
             fs0 = 1@8 [-, v0]
         b0:
             v1 = call between(v0), fs0
             return.i64 v1
         }",
    );
    program.host.leave_at = 2;
    assert_eq!(program.run(3, &[4]), returned(4), "the first poll does not leave");
    let number = Slot::Value(I64, Value::Bits(4));
    let frame = |function, position, slots: &[Slot]| Frame { function, position, slots: slots.to_vec() };
    let object = |slots: &[Slot]| Object { layout: TypeId(1), slots: slots.to_vec() };
    let expected = Left {
        reason: Reason::Poll,
        // A call without a frame state has no frame.
        frames: vec![
            frame(21, 2, &[number, Slot::Object(0)]),
            frame(20, 1, &[Slot::Object(1)]),
            frame(2, 9, &[number, Slot::Dead]),
            frame(1, 8, &[Slot::Dead, number]),
        ],
        own: 2,
        objects: vec![object(&[Slot::Object(1), number]), object(&[Slot::Object(0), Slot::Dead])],
    };
    assert_eq!(program.run(3, &[4]), Outcome::Left(expected));
}

#[test]
fn exits_leave_always() {
    let mut program = program(
        "fn f(v0: i64) {
             fs0 = 1@2 [v0]
             g0 = branch fs0
         b0:
             exit g0
         }",
    );
    let Outcome::Left(found) = program.run(0, &[7]) else { panic!("it leaves") };
    assert_eq!((found.reason, found.own), (Reason::Branch, 1));
    assert_eq!(found.frames[0].slots, [Slot::Value(I64, Value::Bits(7))]);
}

#[test]
fn what_is_not_defined_is_not_read() {
    // The verifier rejects this.
    let mut program = program(
        "fn f(v0: bool) -> i32 {
         b0:
             br v0, b1, b2
         b1:
             v1 = add.i32 1, 1
             jump b2
         b2:
             return.i32 v1
         }",
    );
    assert_eq!(program.run(0, &[1]), returned(2));
    assert!(trapped(&program.run(0, &[0]), TrapKind::Undefined));
}

#[test]
fn unreachable_is_not_reached() {
    let mut program = program("fn f() {\nb0:\n    unreachable\n}");
    assert!(trapped(&program.run(0, &[]), TrapKind::Unreachable));
}

#[test]
fn the_profile_counts() {
    let mut evaluator = Evaluator::default();
    let mut program = program(CALLS);
    let bodies: Vec<Option<&Function>> = program.bodies.iter().map(Option::as_ref).collect();
    let outcome = evaluator.run(
        &program.module,
        &bodies,
        Func(CATCHES),
        &[Value::Bits(5)],
        &mut program.host,
        &mut program.memory,
        program.limits,
    );
    assert_eq!(outcome, returned(M1_64));
    let profile = &evaluator.profile;
    assert_eq!((profile.caught, profile.steps), (1, 3));
    assert_eq!((profile.ops[Op::Invoke as usize], profile.ops[Op::Call as usize]), (1, 1));
}
