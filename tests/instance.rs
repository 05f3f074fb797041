//! Instances as their users see them: calls with values, going on after errors, interrupts, sessions that grow, deep recursion.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use orus::bytecode::{FuncId, GlobalId, Op, Program, parse};
use orus::vm::context::ContextOptions;
use orus::vm::fault::ErrorKind;
use orus::vm::host::{Host, NoFiles};
use orus::vm::instance::{CallError, Driver, Instance, Options, Stop, Value};

const DRIVERS: [Driver; 3] = [Driver::Best, Driver::Loop, Driver::Profiled];

fn program(text: &str) -> Arc<Program> {
    Arc::new(parse(text).unwrap_or_else(|error| panic!("{error}")))
}

fn options(driver: Driver) -> Options {
    let host = Host::new(Box::new(std::io::sink()), Box::new(&b""[..]), Box::new(NoFiles));
    Options { context: ContextOptions { host, ..ContextOptions::default() }, driver }
}

fn instance(program: &Arc<Program>, driver: Driver) -> Instance {
    Instance::new(program.clone(), options(driver)).unwrap_or_else(|error| panic!("{error:?}"))
}

fn kind<T: std::fmt::Debug>(result: Result<T, CallError>) -> ErrorKind {
    match result {
        Err(CallError::Stopped(Stop::Uncaught(error))) => error.kind,
        other => panic!("{other:?}"),
    }
}

const FUNCTIONS: &str = r#"
file s0 "calls.orus"
type t10 = array t6
type t11 = tag "Color" { "Red", "Green" }
type t12 = closure f5 "<fn>" refs 0 { "n" t0 .0 }
type t13 = fn (t0) -> t0
global g0 "seen" t6
global g1 "count" t0
literal k0 = function t13, f4
counters 1
fn f0 "mix" (t0, t6, t4, t10, t5, t11, t1, t2, t3) -> t10
    in s0, counter 0, depth 1
    frame refs 3, params 2 7
    regs r0 t6, r1 t10, r2 t6, r3 t0, r4 t4, r5 t5, r6 t11, r7 t1
    regs r8 t2, r9 t3
    push.ref r1, r0
    to.str r2, r3, t0
    push.ref r1, r2
    to.str r2, r4, t4
    push.ref r1, r2
    to.str r2, r5, t5
    push.ref r1, r2
    to.str r2, r6, t11
    push.ref r1, r2
    to.str r2, r7, t1
    push.ref r1, r2
    to.str r2, r8, t2
    push.ref r1, r2
    to.str r2, r9, t3
    push.ref r1, r2
    ret r1
end
fn f1 "strings" () -> t10
    in s0, counter 0, depth 1
    frame refs 1, params 0 0
    regs r0 t10
    array.new r0, t10 ()
    ret r0
end
fn f2 "at" (t10, t0) -> t6
    in s0, counter 0, depth 1
    frame refs 2, params 1 1
    regs r0 t10, r1 t6, r2 t0
    get.ref r1, r0, r2
    global.set.ref r1, g0
    ret r1
end
fn f3 "apply" (t13, t0) -> t0
    in s0, counter 0, depth 1
    frame refs 1, params 1 1
    regs r0 t13, r1 t0
    call.value r0 (r1) -> r1
    global.set r1, g1
    ret r1
end
fn f4 "double" (t0) -> t0
    in s0, counter 0, depth 1
    frame refs 0, params 0 1
    regs r0 t0
    add.i32 r0, r0, r0
    ret r0
end
fn f5 "<fn>" (t0) -> t0
    in s0, counter 0, depth 1, closure t12
    frame refs 1, params 1 1
    regs r0 t12, r1 t0, r2 t0
    get.field r2, r0, .0
    add.i32 r1, r1, r2
    ret r1
end
fn f6 "adder" (t0) -> t13
    in s0, counter 0, depth 1
    frame refs 1, params 0 1
    regs r0 t13, r1 t0
    closure r0, f5 (r1)
    ret r0
end
fn f7 "function" () -> t13
    in s0, counter 0, depth 1
    frame refs 1, params 0 0
    regs r0 t13
    literal r0, k0
    ret r0
end
fn f8 "nothing" (t0)
    in s0, counter 0, depth 1
    frame refs 0, params 0 1
    regs r0 t0
    ret.void
end
"#;

#[test]
fn values_go_in_and_out() {
    let program = program(FUNCTIONS);
    for driver in DRIVERS {
        let mut instance = instance(&program, driver);
        assert_eq!(instance.global(GlobalId(0)), None);
        let list = instance.call(FuncId(1), &[]).unwrap();
        let args = [
            Value::I32(-7),
            Value::String("text".into()),
            Value::F64(2.5),
            list.clone(),
            Value::Bool(true),
            Value::Tag(1),
            Value::I64(-1 << 40),
            Value::U32(u32::MAX),
            Value::U64(u64::MAX),
        ];
        assert_eq!(instance.call(FuncId(0), &args), Ok(list.clone()));
        let expected = [
            "text",
            "-7",
            "2.5",
            "true",
            "Color.Green",
            "-1099511627776",
            "4294967295",
            "18446744073709551615",
        ];
        for (index, text) in expected.iter().enumerate() {
            let element = instance.call(FuncId(2), &[list.clone(), Value::I32(index as i32)]);
            assert_eq!(element, Ok(Value::String((*text).into())));
        }
        assert_eq!(instance.global(GlobalId(0)), Some(Value::String(expected[7].into())));
        assert_eq!(kind(instance.call(FuncId(2), &[list.clone(), Value::I32(8)])), ErrorKind::Index);
        assert_eq!(instance.profile().errors(ErrorKind::Index), 1);

        let adder = instance.call(FuncId(6), &[Value::I32(5)]).unwrap();
        assert_eq!(instance.call(FuncId(3), &[adder, Value::I32(37)]), Ok(Value::I32(42)));
        assert_eq!(instance.global(GlobalId(1)), Some(Value::I32(42)));
        let double = instance.call(FuncId(7), &[]).unwrap();
        assert_eq!(instance.call(FuncId(3), &[double, Value::I32(4)]), Ok(Value::I32(8)));
        assert_eq!(instance.call(FuncId(8), &[Value::I32(4)]), Ok(Value::Void));
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let program = program(FUNCTIONS);
    let mut first = instance(&program, Driver::Best);
    let mut second = instance(&program, Driver::Best);
    let list = first.call(FuncId(1), &[]).unwrap();
    for (func, args) in [
        (2, vec![list.clone()]),
        (2, vec![list.clone(), Value::I64(0)]),
        (2, vec![Value::String("x".into()), Value::I32(0)]),
        (3, vec![list.clone(), Value::I32(0)]),
        (5, vec![Value::I32(0)]),
        (99, vec![]),
    ] {
        assert_eq!(first.call(FuncId(func), &args), Err(CallError::Signature), "f{func} {args:?}");
    }
    assert_eq!(second.call(FuncId(2), &[list, Value::I32(0)]), Err(CallError::Signature));
}

#[test]
fn objects_that_hosts_hold_survive_and_others_die() {
    let program = program(FUNCTIONS);
    let mut options = options(Driver::Best);
    options.context.stress_gc = true;
    let mut instance = Instance::new(program, options).unwrap();
    let lists: Vec<Value> = (0..10).map(|_| instance.call(FuncId(1), &[]).unwrap()).collect();
    let fill = |instance: &mut Instance, list: &Value, text: &str| {
        let args = [
            Value::I32(1),
            Value::String(text.into()),
            Value::F64(0.5),
            list.clone(),
            Value::Bool(false),
            Value::Tag(0),
            Value::I64(0),
            Value::U32(0),
            Value::U64(0),
        ];
        instance.call(FuncId(0), &args).unwrap();
    };
    for (index, list) in lists.iter().enumerate() {
        fill(&mut instance, list, &format!("list {index}"));
    }
    for (index, list) in lists.iter().enumerate() {
        let first = instance.call(FuncId(2), &[list.clone(), Value::I32(0)]);
        assert_eq!(first, Ok(Value::String(format!("list {index}"))));
    }
    let full = instance.heap_stats();
    assert!(full.collections > 20);
    drop(lists);
    let list = instance.call(FuncId(1), &[]).unwrap();
    fill(&mut instance, &list, "last");
    assert!(instance.heap_stats().live < full.live);
}

const FOREVER: &str = r#"
file s0 "forever.orus"
| 0123456789
type t10 = array t1
counters 4
fn f0 "loop" ()
    in s0, counter 0, depth 1
    frame refs 1, params 0 0
    regs r0 t7
    handler L0..L1 -> L2, r0
L0:
    loop c1
    jump L0
L1:
L2:
    jump L0
end
fn f1 "calls" (t0) -> t0
    in s0, counter 2, depth 0
    frame refs 1, params 0 1
    regs r0 t7, r1 t0
    handler L0..L1 -> L2, r0
L3:
    loop c3
L0:
    call f1 (r1) -> r1
    jump L3
L1:
L2:
    jump L3
end
fn f2 "sort" ()
    in s0, counter 0, depth 1
    frame refs 2, params 0 0
    regs r0 t10, r1 t10, r2 t1, r3 t0
    const r2, 5
    const r3, 100000
    array.fill r0, r2, r3, t10
    builtin sorted (r0) -> r1
    ret.void
end
fn f3 "seven" () -> t0
    in s0, counter 0, depth 1
    frame refs 0, params 0 0
    regs r0 t0
    const r0, 7
    ret r0
end
"#;

#[test]
fn interrupts_end_whatever_runs() {
    let program = program(FOREVER);
    for driver in DRIVERS {
        for (func, args) in [(0, vec![]), (1, vec![Value::I32(1)])] {
            let mut instance = instance(&program, driver);
            let interrupter = instance.interrupter();
            let asked = Arc::new(Mutex::new(None));
            let asked_by_thread = asked.clone();
            let thread = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                *asked_by_thread.lock().unwrap() = Some(Instant::now());
                interrupter.interrupt();
            });
            assert_eq!(instance.call(FuncId(func), &args), Err(CallError::Stopped(Stop::Interrupted)));
            let late = asked.lock().unwrap().unwrap().elapsed();
            thread.join().unwrap();
            // A millisecond by itself; the machine may be busy.
            assert!(late < Duration::from_millis(500), "{late:?}");
            // The request is spent, and the instance works as before.
            assert_eq!(instance.call(FuncId(3), &[]), Ok(Value::I32(7)));
        }
    }
}

#[test]
fn an_interrupt_before_a_run_ends_it_at_the_first_poll() {
    let mut instance = instance(&program(FOREVER), Driver::Best);
    // The second one does not loop, but its builtin takes long.
    for func in [0, 2] {
        instance.interrupter().interrupt();
        assert_eq!(instance.call(FuncId(func), &[]), Err(CallError::Stopped(Stop::Interrupted)));
    }
}

const RECURSION: &str = r#"
file s0 "deep.orus"
| 0123456789
counters 1
global g0 "depth" t0
fn f0 "deep" (t0) -> t0
    in s0, counter 0, depth 1
    frame refs 1, params 0 1
    regs r0 t6, r1 t0, r2 t0
    global.set r1, g0
    br.gt.s.imm r1, 0, L0
    ret r1
L0:
    add.i32.imm r2, r1, -1
    call f0 (r2) -> r2 @0..1
    add.i32.imm r2, r2, 1
    ret r2
end
fn f1 "guarded" (t0) -> t0
    in s0, counter 0, depth 0
    frame refs 1, params 0 1
    regs r0 t7, r1 t0
    handler L0..L1 -> L1, r0
L0:
    call f0 (r1) -> r1 @0..1
L1:
    ret r1
end
fn f2 "free" (t0) -> t0
    in s0, counter 0, depth 0
    frame refs 0, params 0 1
    regs r0 t0, r1 t0
    add.i32.imm r1, r0, 1
    call f2 (r1) -> r1 @0..1
    ret r1
end
"#;

#[test]
fn recursion_goes_as_deep_as_it_may() {
    let program = program(RECURSION);
    for driver in DRIVERS {
        let mut instance = instance(&program, driver);
        for _ in 0..3 {
            assert_eq!(instance.call(FuncId(0), &[Value::I32(99_999)]), Ok(Value::I32(99_999)));
            assert_eq!(kind(instance.call(FuncId(0), &[Value::I32(100_000)])), ErrorKind::Recursion);
            assert_eq!(instance.global(GlobalId(0)), Some(Value::I32(1)));
            assert_eq!(instance.call(FuncId(1), &[Value::I32(100_000)]), Ok(Value::I32(100_000)));
        }
        let uncaught = match instance.call(FuncId(0), &[Value::I32(1 << 30)]) {
            Err(CallError::Stopped(Stop::Uncaught(error))) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(uncaught.trace.len() + uncaught.omitted, 100_000);
    }
}

#[test]
fn calls_that_cost_nothing_end_where_the_stack_does() {
    for driver in DRIVERS {
        let mut options = options(driver);
        options.context.max_recursion = 1;
        let mut instance = Instance::new(program(RECURSION), options).unwrap();
        assert_eq!(kind(instance.call(FuncId(2), &[Value::I32(0)])), ErrorKind::Recursion);
        assert_eq!(instance.call(FuncId(0), &[Value::I32(0)]), Ok(Value::I32(0)));
    }
}

#[test]
fn a_limit_of_zero_allows_no_call() {
    let mut options = options(Driver::Best);
    options.context.max_recursion = 0;
    let mut instance = Instance::new(program(RECURSION), options).unwrap();
    assert_eq!(kind(instance.call(FuncId(0), &[Value::I32(0)])), ErrorKind::Recursion);
    assert_eq!(instance.call(FuncId(1), &[Value::I32(0)]), Ok(Value::I32(0)));
}

const SESSION: &str = r#"
file s0 "session.orus"
| 0123456789
type t10 = array t1
global g0 "numbers" t10
counters 1
entry f0
fn f0 "<module>" ()
    in s0, counter 0, depth 0
    frame refs 1, params 0 0
    regs r0 t10, r1 t1
    const r1, 5
    array.new r0, t10 (r1)
    global.set.ref r0, g0
    ret.void
end
"#;

#[test]
fn a_session_grows() {
    let mut text = SESSION.to_owned();
    let mut instance = Instance::new(program(&text), options(Driver::Best)).unwrap();
    assert_eq!(instance.run(), Ok(()));
    assert_eq!(instance.run(), Ok(()), "nothing is left to run");
    for number in 1..=5 {
        // Each input adds a variable, a counter and a body, which reads what the earlier ones left.
        text = text.replace(&format!("counters {number}\n"), &format!("counters {}\n", number + 1));
        text = text.replace("counters", &format!("global g{number} \"n{number}\" t1\ncounters"));
        text = text.replace("fn f0", &format!("entry f{number}\nfn f0"));
        text += &format!(
            "fn f{number} \"<module>\" ()\n    in s0, counter {number}, depth 0\n    frame refs 1, params 0 0\n    \
             regs r0 t10, r1 t1, r2 t0\n    global.get.ref r0, g0\n    const r2, 0\n    get.64 r1, r0, r2\n    \
             add.i64.imm r1, r1, 1\n    set.64 r0, r2, r1\n    global.set r1, g{number}\n    \
             const r2, {number}\n    div.i32.imm r2, r2, 2\n    br.eq.imm r2, 1, L0\n    ret.void\nL0:\n    \
             const r2, 7\n    get.64 r1, r0, r2 @0..1\n    ret.void\nend\n"
        );
        instance.extend(program(&text)).unwrap();
        // Two of the inputs fail; the session goes on.
        assert_eq!(instance.run().is_err(), number / 2 == 1, "input {number}");
        assert_eq!(instance.global(GlobalId(number)), Some(Value::I64(5 + i64::from(number))));
    }
    assert!(instance.extend(program(SESSION)).is_err(), "an earlier program does not extend a later one");
}

#[test]
fn a_profiled_run_counts_instructions() {
    let mut instance = instance(&program(RECURSION), Driver::Profiled);
    instance.call(FuncId(0), &[Value::I32(10)]).unwrap();
    let profile = instance.profile();
    assert_eq!(profile.count(Op::Call), 10);
    assert_eq!(profile.count(Op::Ret), 11);
    assert_eq!(profile.count(Op::GlobalSet), 11);
    assert_eq!(profile.total(), 11 * 3 + 10 * 3);
    assert_eq!(profile.by_frequency()[0].1, 20);
}

#[test]
fn invalid_programs_are_refused() {
    let text = RECURSION.replace("add.i32.imm r2, r1, -1", "add.i32.imm r2, r7, -1");
    assert!(Instance::new(program(&text), options(Driver::Best)).is_err());
}

/// The threaded driver must not use more of the machine stack the longer it runs. In builds without optimisation there is none.
#[test]
#[cfg(not(debug_assertions))]
fn long_runs_need_a_short_machine_stack() {
    let text = include_str!("vm/arithmetic_errors.test");
    let text = text.split("\n;; ").next().unwrap().replace("br.lt.s.imm r1, 2,", "br.lt.s.imm r1, 5000,");
    let program = program(&text);
    let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let mut instance = instance(&program, Driver::Best);
        assert!(matches!(instance.run(), Err(Stop::Uncaught(_))));
    });
    thread.unwrap().join().unwrap();
}
