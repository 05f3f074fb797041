//! Compiled code in a VM: frames that are continued by an interpreter, a precise collector, raising, deep recursion, frames of all kinds mixed.
//!
//! See [`vm`] for what it is made of. Every case runs with each level of the optimiser, and with all registers and with few.
#![cfg(all(unix, target_arch = "x86_64"))]
#![allow(unsafe_code, reason = "it runs machine code, and walks its frames")]

#[path = "mock_vm/heap.rs"]
mod heap;
#[path = "mock_vm/random.rs"]
mod random;
#[path = "mock_vm/vm.rs"]
mod vm;

use orus::ir::Kind;
use orus::ir::eval::{Called, Value};
use orus::opt::Level;
use random::{DONE, FULL, Random};
use vm::{Counts, End, Tier, Vm};

const TYPES: &str = "
type t1 = refs 1, scalars 2, header 0x11, cursor 64
type t2 = refs 2, scalars 1, header 0x22, cursor 64
";

/// Runs a case in all ways.
fn all(text: &str, cells: u64, tiers: &[(&str, Tier)], case: impl Fn(&Vm)) {
    for level in [Level::None, Level::Fast, Level::Full] {
        for registers in [0, 6, 4] {
            case(&Vm::new(&format!("{TYPES}{text}"), level, registers, cells, tiers));
        }
    }
}

fn int(value: i32) -> (Kind, u64) {
    (Kind::I32, value as u64)
}

fn returned(value: i32) -> End {
    End::Returned(Some(Value::Bits(u64::from(value as u32))))
}

/// A function that is left goes on in the interpreter, and its caller never knows.
#[test]
fn guards_leave_to_the_interpreter() {
    let text = "
fn scale(v0: i32, v1: i32) -> i32 CONVENTION {
    fs0 = 0@1 [v0, v1, -]
    g0 = overflow fs0
b0:
    v2 = mul.checked.i32 v0, v1, g0
    v3 = add.i32 v2, 1
    return.i32 v3
b1(v4: i32, v5: i32, v6: i32):
    v7 = convert.i32.i64 v4
    v8 = convert.i32.i64 v5
    v9 = mul.i64 v7, v8
    v10 = rem.i64 v9, 1000
    v11 = convert.i64.i32 v10
    return.i32 v11
}
fn twice(v0: i32, v1: i32, v2: i32) -> i32 CONVENTION {
b0:
    v3 = call scale(v0, v1)
    v4 = call scale(v2, v1)
    v5 = mul.i32 v3, 3
    v6 = add.i32 v5, v4
    v7 = xor.i32 v6, v2
    return.i32 v7
}";
    // Block b1 is not reached: as in bytecode, only the frame state leads there.
    for convention in ["", "orus", "orus depth limit"] {
        let text = format!("symbol limit{}", text.replace("CONVENTION", convention));
        all(&text, 16, &[], |vm| {
            let scale = |a: i32, b: i32| match a.checked_mul(b) {
                Some(product) => product + 1,
                None => (i64::from(a) * i64::from(b) % 1000) as i32,
            };
            for (a, b, c) in
                [(2, 3, 4), (1 << 20, 1 << 12, 7), (3, 1 << 16, -(1 << 20)), (i32::MIN, -1, i32::MAX)]
            {
                let expected = scale(a, b).wrapping_mul(3).wrapping_add(scale(c, b)) ^ c;
                assert_eq!(vm.run("twice", &[int(a), int(b), int(c)], 50), returned(expected));
            }
            assert!(vm.counts.get().exits >= 3);
        });
    }
}

/// Inlined frames, and objects that are made only when a function is left: one refers to the other, and back.
#[test]
fn removed_objects_are_made() {
    let text = "
fn inner(v0: i32) -> i32 orus {
b0:
    return.i32 v0
b1(v1: ref, v2: i32):
    v3 = load.ref v1[8] @field1
    v4 = load.ref v3[16] @field2
    v5 = load.i64 v4[16] @field3
    v6 = convert.i64.i32 v5
    v7 = add.i32 v6, v2
    v8 = load.i64 v3[24] @field4
    v9 = convert.i64.i32 v8
    v10 = mul.i32 v7, v9
    return.i32 v10
}
fn outer(v0: i32) -> i32 orus {
    fs0 = 1@1 [v2]
    fs1 = 0@1 [o0, v0] in fs0
    o0 = t1 [o1, v1, 7:i64]
    o1 = t2 [-, o0, v1]
    g0 = bounds fs1
b0:
    v1 = convert.i32.i64 v0
    v2 = add.i32 v0, 100
    guard.below.i32 v0, 10, g0
    return.i32 v2
b1(v3: i32, v4: i32):
    v5 = sub.i32 v4, v3
    return.i32 v5
}";
    all(text, 16, &[], |vm| {
        assert_eq!(vm.run("outer", &[int(9)], 50), returned(109));
        // o1[24] is v1 (20), o1[16] leads to o0, whose [16] is v1 as well.
        assert_eq!(vm.run("outer", &[int(20)], 50), returned((20 + 20) * 20 - 120));
        assert_eq!(vm.counts.get().rebuilt, 2);
    });
}

fn collects(vm: &Vm, arguments: &[Value], _: u64) -> Called {
    let roots: Vec<u64> = arguments.iter().map(Value::bits).collect();
    vm.collect(&roots);
    Called::Returned(arguments.first().copied())
}

/// Lists are made and dropped until cells were given out many times; the collector runs at polls, in calls, and when there is no room.
#[test]
fn what_maps_list_is_what_is_alive() {
    let text = "
extern keep(ref) -> ref reads collects
fn cons(v0: ref, v1: i64) -> ref orus {
    fs0 = 1@1 [v0, v1]
    fs1 = 1@1 [v3, v4]
    g0 = memory fs0
    g1 = memory fs1
b0:
    v2 = new.t1 g0
    store.ref v2[8], v0 @field1
    store.i64 v2[16], v1 @field2
    return.ref v2
b1(v3: ref, v4: i64):
    v5 = new.t1 g1
    store.ref v5[8], v3 @field1
    store.i64 v5[16], v4 @field2
    return.ref v5
}
fn lists(v0: i32) -> i64 orus {
    fs0 = 2@0 [v1]
    g0 = poll fs0
b0:
    v1 = context
    jump b1(0, 0)
b1(v2: i32, v3: i64):
    v4 = convert.i32.i64 v2
    v5 = call cons(null, v4)
    v6 = add.i64 v4, 1
    v7 = call cons(v5, v6)
    v8 = call keep(v7)
    v9 = mul.i64 v4, 5
    v10 = call cons(v5, v9)
    poll g0
    v11 = load.i64 v10[16] @field2
    v12 = load.ref v10[8] @field1
    v13 = load.i64 v12[16] @field2
    v14 = load.i64 v8[16] @field2
    v15 = load.ref v7[8] @field1
    v16 = load.i64 v15[16] @field2
    v17 = add.i64 v11, v13
    v18 = add.i64 v17, v14
    v19 = add.i64 v18, v16
    v20 = add.i64 v3, v19
    v21 = add.i32 v2, 1
    br.lt.i32 v21, v0, b1(v21, v20), b2
b2:
    return.i64 v20
}";
    for (cells, poll) in [(6, 0), (9, 1), (64, 1), (64, 0)] {
        all(text, cells, &[("keep", Tier::Outside(collects))], |vm| {
            vm.heap.poll_word().store(poll, std::sync::atomic::Ordering::Relaxed);
            let sum: i64 = (0..200).map(|i| 5 * i + i + (i + 1) + i).sum();
            assert_eq!(vm.run("lists", &[int(200)], 50), End::Returned(Some(Value::Bits(sum as u64))));
            let counts = vm.counts.get();
            assert!(counts.collections >= 200 && counts.listed >= 400, "{counts:?}");
            assert!(vm.heap.freed.get() >= 500, "{} freed", vm.heap.freed.get());
            assert_eq!(counts.polls, 200 * u64::from(poll));
        });
    }
}

fn raises(_: &Vm, arguments: &[Value], _: u64) -> Called {
    if arguments[0].bits().is_multiple_of(3) { Called::Raised } else { Called::Returned(Some(arguments[0])) }
}

/// A handler two frames up; the functions between save registers, or count their depth. The depth is checked on return.
#[test]
fn raises_go_to_the_handler() {
    let text = "
symbol limit
extern odd(i32) -> i32 raises
fn low(v0: i32, v1: i32) -> i32 LOW {
b0:
    v2 = call odd(v0)
    v3 = add.i32 v2, v1
    return.i32 v3
}
fn middle(v0: i32, v1: i32, v2: i32) -> i32 MIDDLE {
b0:
    v3 = call low(v0, v1)
    v4 = mul.i32 v3, v2
    v5 = add.i32 v4, v1
    return.i32 v5
}
fn high(v0: i32, v1: i32, v2: i32) -> i32 orus depth limit {
b0:
    v3 = mul.i32 v1, 3
    v4 = xor.i32 v2, v3
    v5 = invoke middle(v0, v1, v2) -> b1, catch b2
b1:
    v6 = add.i32 v5, v4
    v7 = add.i32 v6, v3
    return.i32 v7
b2:
    v8 = sub.i32 v4, v3
    v9 = add.i32 v8, v0
    return.i32 v9
}";
    let few = Tier::Outside(raises);
    let ways = [
        ("", ""),
        ("orus", "orus"),
        ("orus depth limit", "orus"),
        ("", "orus depth limit"),
        ("", "orus"),
        ("orus depth limit", "orus depth limit"),
    ];
    for (low, middle) in ways {
        for tier in [Tier::Compiled, Tier::Interpreted] {
            let text = text.replace("LOW", low).replace("MIDDLE", middle);
            all(&text, 16, &[("odd", few), ("low", tier)], |vm| {
                for v0 in 0..7 {
                    let (v1, v2) = (11 * v0 - 20, 1000 + v0);
                    let (v3, expected) = (v1 * 3, (v0 + v1) * v2 + v1);
                    let v4 = v2 ^ v3;
                    let expected = if v0 % 3 == 0 { v4 - v3 + v0 } else { expected + v4 + v3 };
                    assert_eq!(
                        vm.run("high", &[int(v0), int(v1), int(v2)], 50),
                        returned(expected),
                        "{low}, {middle}"
                    );
                    let uncaught = vm.run("middle", &[int(v0), int(v1), int(v2)], 50);
                    assert_eq!(uncaught == End::Raised, v0 % 3 == 0);
                }
                assert_eq!(vm.counts.get().caught, 3);
            });
        }
    }
}

/// What is raised by the interpreter, in a frame that goes on there, is caught by compiled code.
#[test]
fn the_interpreter_raises() {
    let text = "
extern odd(i32) -> i32 raises
fn low(v0: i32) -> i32 orus {
    fs0 = 1@1 [v0]
    g0 = branch fs0
b0:
    guard.gt.i32 v0, 100, g0
    return.i32 v0
b1(v1: i32):
    v2 = call odd(v1)
    return.i32 v2
}
fn high(v0: i32) -> i32 orus {
b0:
    v1 = invoke low(v0) -> b1, catch b2
b1:
    return.i32 v1
b2:
    return.i32 -1
}";
    all(text, 16, &[("odd", Tier::Outside(raises))], |vm| {
        for (from, to) in [(300, 300), (8, 8), (9, -1), (10, 10)] {
            assert_eq!(vm.run("high", &[int(from)], 50), returned(to));
        }
        assert_eq!(vm.run("low", &[int(9)], 50), End::Raised);
    });
}

/// Each level counts itself in memory before it goes deeper: compiled code gets exactly as deep as the evaluator.
#[test]
fn recursion_to_the_limit() {
    let text = "
symbol limit
fn down(v0: i32) -> i32 orus depth limit {
b0:
    v1 = context
    v2 = load.i64 v1[512] @raw
    v3 = add.i64 v2, 1
    store.i64 v1[512], v3 @raw
    br.gt.i32 v0, 0, b1, b2
b1:
    v4 = sub.i32 v0, 1
    v5 = call down(v4)
    v6 = add.i32 v5, v0
    return.i32 v6
b2:
    return.i32 0
}";
    all(text, 16, &[], |vm| {
        let counter = vm.heap.context() + 512;
        for (depth, from) in [(0, 5), (1, 0), (1, 1), (10_000, 9_999), (10_000, 10_000), (10_000, 12_345)] {
            vm.heap.write(counter, 0);
            let expected = vm.expected("down", &[int(from)], depth);
            let reached = vm.heap.read(counter);
            vm.heap.write(counter, 0);
            assert_eq!(vm.run("down", &[int(from)], depth), expected);
            assert_eq!(vm.heap.read(counter), reached);
            assert_eq!(expected == End::TooDeep, u64::from(from as u32) >= depth);
        }
    });
}

/// From Rust back into compiled code, with its depth.
fn again(vm: &Vm, arguments: &[Value], depth: u64) -> Called {
    match vm.call(vm.func("ping"), arguments, depth) {
        End::Returned(value) => Called::Returned(value),
        End::Raised => Called::Raised,
        End::TooDeep => panic!("too deep"),
    }
}

/// Compiled code calls Rust, which calls compiled code, which calls interpreted code: each frame keeps a list alive over collections in
/// those above it, and what is raised at the top goes through all of them.
#[test]
fn frames_of_all_kinds() {
    let text = "
symbol limit
extern keep(ref) -> ref reads collects
extern odd(i32) -> i32 raises
extern rust(ref, i32) -> i64 orus reads writes raises collects
fn ping(v0: ref, v1: i32) -> i64 orus depth limit {
    fs0 = 3@2 [v0, v1]
    g0 = memory fs0
b0:
    v2 = new.t1 g0
    store.ref v2[8], v0 @field1
    v3 = convert.i32.i64 v1
    store.i64 v2[16], v3 @field2
    br.gt.i32 v1, 0, b1, b3
b1:
    v4 = sub.i32 v1, 1
    v5 = call pong(v2, v4)
    v6 = load.i64 v2[16] @field2
    v7 = load.ref v2[8] @field1
    v8 = load.i64 v7[16] @field2
    v9 = add.i64 v5, v6
    v10 = add.i64 v9, v8
    return.i64 v10
b2(v11: ref, v12: i32):
    return.i64 0
b3:
    v13 = call keep(v2)
    v14 = load.i64 v0[16] @field2
    v15 = convert.i64.i32 v14
    v16 = call odd(v15)
    return.i64 v14
}
fn pong(v0: ref, v1: i32) -> i64 orus depth limit {
b0:
    v2 = and.i32 v1, 1
    br.eq.i32 v2, 0, b1, b2
b1:
    v3 = call rust(v0, v1)
    v4 = load.i64 v0[16] @field2
    v5 = add.i64 v3, v4
    return.i64 v5
b2:
    v6 = call ping(v0, v1)
    v7 = load.i64 v0[16] @field2
    v8 = mul.i64 v7, 3
    v9 = add.i64 v6, v8
    return.i64 v9
}
fn main(v0: i32, v1: i32) -> i64 orus {
    fs0 = 5@1 []
    g0 = memory fs0
b0:
    v2 = new.t1 g0
    v3 = convert.i32.i64 v1
    store.i64 v2[16], v3 @field2
    v4 = invoke ping(v2, v0) -> b2, catch b3
b1:
    return.i64 0
b2:
    v5 = load.i64 v2[16] @field2
    v6 = add.i64 v4, v5
    return.i64 v6
b3:
    v7 = load.i64 v2[16] @field2
    v8 = neg.i64 v7
    return.i64 v8
}";
    for pong in [Tier::Compiled, Tier::Interpreted] {
        let tiers = [
            ("keep", Tier::Outside(collects)),
            ("odd", Tier::Outside(raises as vm::Outside)),
            ("rust", Tier::Outside(again as vm::Outside)),
            ("pong", pong),
        ];
        all(text, 64, &tiers, |vm| {
            fn ping(below: i64, n: i64) -> i64 {
                if n == 0 { below } else { pong(n, n - 1) + n + below }
            }
            fn pong(below: i64, n: i64) -> i64 {
                ping(below, n) + if n % 2 == 0 { below } else { 3 * below }
            }
            for (n, start) in [(0, 7), (1, 5), (2, 8), (9, 4), (14, 5)] {
                let expected = ping(start, n) + start;
                let end = vm.run("main", &[int(n as i32), int(start as i32)], 500);
                // The innermost list has 1 behind it, but for n = 0; that is not divisible.
                assert_eq!(end, End::Returned(Some(Value::Bits(expected as u64))), "{n}");
            }
            let raised = vm.run("main", &[int(0), int(9)], 500);
            assert_eq!(raised, End::Returned(Some(Value::Bits(-9_i64 as u64))));
            let counts = vm.counts.get();
            assert!(counts.entries > 12 && counts.collections >= 6 && counts.listed > 20, "{counts:?}");
        });
    }
}

/// Another thread sets the poll word; the loop leaves, and the interpreter goes on.
#[test]
fn another_thread_interrupts() {
    let text = "
fn spin(v0: i64) -> i64 orus {
    fs0 = 0@3 [v1, v0]
    g0 = poll fs0
b0:
    jump b1(0)
b1(v1: i64):
    v2 = add.i64 v1, 1
    poll g0
    br.eq.i64 v2, v0, b2, b1(v2)
b2:
    return.i64 -1
b3(v3: i64, v4: i64):
    v5 = add.i64 v3, v4
    v6 = sub.i64 v5, v3
    return.i64 v6
}";
    all(text, 16, &[], |vm| {
        vm.interrupts.set(true);
        let word = vm.heap.poll_word();
        word.store(0, std::sync::atomic::Ordering::Relaxed);
        let end = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(3));
                word.store(1, std::sync::atomic::Ordering::Relaxed);
            });
            vm.run("spin", &[(Kind::I64, 1 << 60)], 50)
        });
        assert_eq!(end, End::Returned(Some(Value::Bits(1 << 60))));
        assert_eq!((vm.counts.get().polls, vm.counts.get().exits), (1, 1));
    });
}

/// Random modules: compiled, interpreted, and mixed, at each level, with each number of registers, they do what they do when every function is
/// interpreted. Collections are at polls, in calls, and where there is no room; functions are left at guards of all kinds.
#[test]
fn random_modules() {
    const MODULES: u64 = if cfg!(debug_assertions) { 300 } else { 3_000 };
    let forgets = std::env::var_os(FORGETS).is_some();
    let mut sum = Counts::default();
    let (mut compared, mut full, mut raised, mut freed) = (0, 0, 0, 0);
    for seed in 1..=MODULES {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = format!("{TYPES}{}", random::module(&mut random));
        let functions: Vec<String> = (0..5)
            .map(|number| format!("f{number}"))
            .filter(|name| text.contains(&format!("fn {name}(")))
            .chain(["main".to_owned()])
            .collect();
        let make = |level, registers, cells, interpreted: &dyn Fn(usize) -> bool| {
            let mut tiers: Vec<(&str, Tier)> =
                vec![("keep", Tier::Outside(collects)), ("odd", Tier::Outside(raises as vm::Outside))];
            let chosen = functions.iter().enumerate().filter(|&(number, _)| interpreted(number));
            tiers.extend(chosen.map(|(_, name)| (name.as_str(), Tier::Interpreted)));
            let vm = Vm::new(&text, level, registers, cells, &tiers);
            vm.apart.set(true);
            vm.heap.poll_word().store(1, std::sync::atomic::Ordering::Relaxed);
            vm
        };
        let argument = int(random.below(300) as i32 - 20);
        // What is done, and in which order; none if memory did not suffice.
        let run = |vm: &Vm| {
            let end = vm.run("main", &[argument], 500);
            let context = vm.heap.context();
            (vm.heap.read(context + FULL) == 0).then(|| (end, vm.heap.read(context + DONE)))
        };
        let Some(expected) = run(&make(Level::None, 0, 1_800, &|_| true)) else {
            full += 1;
            continue;
        };
        raised += u32::from(expected.0 == End::Raised);
        for way in 0..3 {
            let level = [Level::None, Level::Fast, Level::Full][way];
            let registers = [0, 6, 4][random.below(3)];
            let some = random.below(8);
            let cells = if random.below(2) == 0 { 40 } else { 1_800 };
            let mixed = random.below(2) == 0;
            let vm = make(level, registers, cells, &|number| mixed && some >> (number % 3) & 1 == 1);
            vm.forgets.set(forgets);
            let counts = match run(&vm) {
                Some(found) => {
                    assert_eq!(
                        found, expected,
                        "seed {seed}, {level:?}, {registers} registers, {cells} cells\n{text}"
                    );
                    compared += 1;
                    vm.counts.get()
                }
                None => {
                    full += 1;
                    continue;
                }
            };
            freed += vm.heap.freed.get();
            sum.exits += counts.exits;
            sum.rebuilt += counts.rebuilt;
            sum.collections += counts.collections;
            sum.listed += counts.listed;
            sum.polls += counts.polls;
            sum.slow += counts.slow;
            sum.caught += counts.caught;
            sum.entries += counts.entries;
        }
    }
    println!("{compared} runs, {full} without enough memory, {raised} raised, {freed} freed, {sum:?}");
    assert!(compared > 2 * MODULES && full < MODULES / 2 && raised > 10, "{compared} {full} {raised}");
    for count in [sum.exits, sum.collections, sum.listed, sum.polls, sum.slow, sum.caught, freed] {
        assert!(count > MODULES, "{sum:?}, {freed} freed");
    }
    assert!(sum.rebuilt > 20 && sum.entries > compared, "{sum:?}");
}

/// In whose process maps lack a reference.
const FORGETS: &str = "ORUS_MOCK_VM_FORGETS";

/// Random modules notice maps that lack a reference. (In a process of its own, which may well die of it.)
#[test]
fn random_modules_show_what_maps_lack() {
    let child = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["random_modules", "--exact", "--nocapture"])
        .env(FORGETS, "1")
        .output()
        .expect("this program runs");
    assert!(!child.status.success());
    let text = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(["seed ", "is no object", "has no header"].iter().any(|part| text.contains(part)), "{text}");
}

/// The gate is no gate if nothing turns it red: a map that lacks a reference shows.
#[test]
fn a_reference_that_a_map_lacks_shows() {
    let text = "
fn alive() -> i64 orus {
    fs0 = 0@1 []
    g0 = memory fs0
    g1 = poll fs0
b0:
    v0 = new.t1 g0
    store.i64 v0[16], 42 @field2
    poll g1
    v1 = load.i64 v0[16] @field2
    return.i64 v1
b1:
    return.i64 0
}";
    let vm = Vm::new(&format!("{TYPES}{text}"), Level::None, 0, 16, &[]);
    vm.heap.poll_word().store(1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(vm.run("alive", &[], 50), End::Returned(Some(Value::Bits(42))));
    vm.forgets.set(true);
    assert_ne!(vm.run("alive", &[], 50), End::Returned(Some(Value::Bits(42))));
}
