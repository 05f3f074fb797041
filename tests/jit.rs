//! Native code from outside: engines and sessions whose programs run in it give what the interpreter gives, stop when they are told to,
//! and keep their limits. (The language tests run in native code as well: `ORUS_TEST_FLAGS=--jit=always cargo test --test lang`.)
#![cfg(all(feature = "jit", unix, target_arch = "x86_64"))]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use orus::opt::Level;
use orus::{CodeWay, Engine, EngineBuilder, Jit, JitStress, Program, ReportFormat, RunError, Session};

/// Output that is kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The ways in which programs run.
fn modes() -> [(&'static str, EngineBuilder); 8] {
    let always = |stress| Engine::builder().jit(Jit::Always).jit_stress(stress);
    [
        ("off", Engine::builder().jit(Jit::Off)),
        ("always", Engine::builder().jit(Jit::Always)),
        ("after 1", Engine::builder().jit(Jit::On).jit_threshold(1)),
        ("after 3", Engine::builder().jit(Jit::On).jit_threshold(3)),
        ("after 50", Engine::builder().jit(Jit::On).jit_threshold(50)),
        ("not optimised", Engine::builder().jit(Jit::Always).jit_level(Level::None)),
        ("few registers", always(JitStress { few_registers: true, ..JitStress::default() })),
        ("tiny cache", always(JitStress { tiny_cache: true, ..JitStress::default() })),
    ]
}

/// What a program prints, and how it ends.
fn run(source: &str, builder: EngineBuilder) -> (String, Result<(), String>) {
    let program = Program::from_source("main.orus", source).unwrap();
    let kept = Kept::default();
    let mut engine = builder.output(kept.clone()).build();
    let end = engine.run(&program).map_err(|error| match error {
        RunError::Uncaught(report) => report.render(ReportFormat::Friendly { color: false }),
        other => other.to_string(),
    });
    (kept.text(), end)
}

/// Runs a program in all modes; they agree. Gives what it printed.
fn same(source: &str, set_up: impl Fn(EngineBuilder) -> EngineBuilder) -> (String, Result<(), String>) {
    let mut first = None;
    for (mode, builder) in modes() {
        let outcome = run(source, set_up(builder));
        match &first {
            None => first = Some(outcome),
            Some(expected) => assert_eq!(outcome, *expected, "{mode}"),
        }
    }
    first.unwrap()
}

/// Every frame kind is on the stack when the error is raised: the trace has each call once.
#[test]
fn traces_through_mixed_frames() {
    let source = "
fn divide(a: i32, b: i32) -> i32:
    return a / b

fn through(f: fn(i32) -> i32, n: i32) -> i32:
    mut sum = 0
    for i in 0..n:
        sum = sum + f(n - 1 - i)
    return sum

print(through(fn(x: i32) -> i32: divide(1000, x + 1), 40))
print(through(fn(x: i32) -> i32: divide(1000, x), 40))
";
    let (output, end) = same(source, |builder| builder);
    assert_eq!(output.lines().count(), 1);
    let report = end.unwrap_err();
    for part in ["Division by zero", "in divide", "in <fn>", "in through", "in <module>"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert_eq!(report.matches("in through").count(), 1, "{report}");
}

/// An error is caught by the frame that has the handler, in whatever way each frame between runs.
#[test]
fn errors_are_caught_across_frames() {
    let source = "
fn deep(n: i32, at: i32) -> i32:
    if n == 0:
        a = [1, 2, 3]
        return a[at]
    return deep(n - 1, at) + 1

fn caught(at: i32) -> i32:
    mut kept = \"kept\" + (at as string)
    try:
        return deep(at % 5, at)
    catch e:
        kept = kept + \"!\"
        return len(kept)

mut total = 0
for i in 0..200:
    total = total + caught(i % 7)
    try:
        total = total + deep(3, i % 5)
    catch e:
        total = total - len(e.message)
print(total)
";
    let (output, end) = same(source, |builder| builder);
    assert_eq!(end, Ok(()));
    assert_eq!(output.lines().count(), 1);
}

/// The recursion limit is the same number of calls in every mixture.
#[test]
fn the_recursion_limit_is_exact() {
    let source = "
fn down(n: i32) -> i32:
    if n <= 1:
        return 1
    return down(n - 1) + 1

fn odd(n: i32) -> bool:
    if n == 0:
        return false
    return even(n - 1)

fn even(n: i32) -> bool:
    if n == 0:
        return true
    return odd(n - 1)

for n in [10, 498, 499, 500, 501, 502, 700]:
    try:
        print(down(n))
    catch e:
        print(e.message)
    try:
        print(even(n))
    catch e:
        print(e.message)
f = fn(n: i32) -> i32: down(n)
for n in [497, 498, 499, 500]:
    try:
        print(f(n))
    catch e:
        print(e.message)
";
    let (output, end) = same(source, |builder| builder.max_recursion(500));
    assert_eq!(end, Ok(()));
    assert!(output.contains("499\n") && output.contains("Stack overflow"), "{output}");
}

/// Objects live as long as frames in native code need them, and no memory is lost.
#[test]
fn collections_with_native_frames() {
    let source = "
struct Node:
    value: i32
    rest: [Node]

fn build(depth: i32) -> Node:
    if depth == 0:
        return Node{ value: 1, rest: [] }
    left = build(depth - 1)
    right = build(depth - 1)
    return Node{ value: depth, rest: [left, right] }

fn sum(node: Node) -> i32:
    mut total = node.value
    for child in node.rest:
        total = total + sum(child)
    return total

mut text = \"\"
for i in 0..60:
    tree = build(9)
    text = text + (sum(tree) as string) + \" \"
print(text)
";
    let (output, end) = same(source, |builder| builder.max_heap(8 << 20));
    assert_eq!(end, Ok(()));
    assert_eq!(output.split_whitespace().count(), 60);
}

/// A program without memory gets an error that it can catch, also where native code allocates.
#[test]
fn the_heap_limit_is_kept() {
    let source = "
struct Pair:
    a: i64
    b: i64

fn fill() -> i32:
    kept: [Pair] = []
    mut n: i64 = 0
    while true:
        push(kept, Pair{ a: n, b: n + 1 })
        n = n + 1
    return 0

for i in 0..3:
    try:
        print(fill())
    catch e:
        print(e.message)
";
    let (output, end) = same(source, |builder| builder.max_heap(4 << 20));
    assert_eq!(end, Ok(()));
    assert_eq!(output, "Out of memory\n".repeat(3));
}

/// Native loops stop soon when they are interrupted, with calls and without.
#[test]
fn native_loops_are_interrupted() {
    let loops = [
        "mut n: u64 = 0\nwhile true:\n    n = n + 1",
        "fn f(n: u64) -> u64:\n    return n * 3\nmut n: u64 = 0\nwhile true:\n    n = f(n) + 1",
        "fn f(n: u64) -> u64:\n    if n == 0: return 1\n    return f(n - 1) + f(n - 1)\nprint(f(60))",
    ];
    for source in loops {
        let program = Program::from_source("main.orus", source).unwrap();
        let mut engine = Engine::builder().jit(Jit::On).jit_threshold(10).output(std::io::sink()).build();
        engine.load(&program).unwrap();
        let interrupter = engine.interrupter().unwrap();
        let waiter = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            interrupter.interrupt();
            Instant::now()
        });
        assert_eq!(engine.resume(), Err(RunError::Interrupted), "{source}");
        let late = waiter.join().unwrap().elapsed();
        assert!(late < Duration::from_secs(2), "{late:?} too late: {source}");
        let stats = engine.jit_stats().unwrap();
        assert!(stats.loops + stats.functions > 0 && stats.failures.is_empty(), "{stats}");
    }
}

/// In a session the program changes between inputs: what was compiled before is not used with the new one.
#[test]
fn sessions_recompile() {
    let kept = Kept::default();
    let builder = Engine::builder().jit(Jit::Always).output(kept.clone());
    let mut session = Session::new(builder);
    session.eval("fn f(n: i32) -> i32: n + 1").unwrap();
    session.eval("mut total = 0").unwrap();
    for turn in 0..20 {
        session.eval("for i in 0..100: total = f(total)").unwrap();
        if turn % 5 == 4 {
            session.eval(&format!("fn f(n: i32) -> i32: n + {turn}")).unwrap();
        }
        session.eval("total").unwrap();
    }
    let last: i32 = kept.text().lines().last().unwrap().parse().unwrap();
    assert_eq!(last, 100 * 5 * (1 + 4 + 9 + 14));
}

/// Functions that the host calls run in native code, and come back with their results.
#[test]
fn hosts_call_native_functions() {
    let source = "
fn mix(a: i32, b: i64, c: u32, d: u64, e: f64, f: bool, g: string) -> string:
    return (a as string) + \" \" + (b as string) + \" \" + (c as string) + \" \" + (d as string) + \" \" + (e as string) + \" \" + (f as string) + g

fn half(x: f64) -> f64:
    return x / 2.0

fn fail(n: i32) -> i32:
    return 10 / n
";
    let program = Program::from_source("main.orus", source).unwrap();
    let mut engine = Engine::builder().jit(Jit::Always).build();
    engine.run(&program).unwrap();
    for _ in 0..10 {
        let text: String = engine.call("mix", (-5, -6_i64, 7_u32, u64::MAX, 0.5, true, "!")).unwrap();
        assert_eq!(text, "-5 -6 7 18446744073709551615 0.5 true!");
        assert_eq!(engine.call::<f64>("half", (5.0,)).unwrap(), 2.5);
        assert!(matches!(engine.call::<i32>("fail", (0,)), Err(RunError::Uncaught(_))));
        assert_eq!(engine.call::<i32>("fail", (3,)).unwrap(), 3);
    }
}

/// A loop whose guards fail at every turn is given up, and goes on.
#[test]
fn failing_guards_end_in_the_interpreter() {
    let source = "
mut caught = 0
for i in 0..20000:
    try:
        a = [1, 2]
        print(a[i + 2])
    catch e:
        caught = caught + 1
print(caught)
";
    let program = Program::from_source("main.orus", source).unwrap();
    let kept = Kept::default();
    let mut engine = Engine::builder().jit(Jit::On).jit_threshold(10).output(kept.clone()).build();
    engine.run(&program).unwrap();
    assert_eq!(kept.text(), "20000\n");
    let stats = engine.jit_stats().unwrap();
    assert!(!stats.failures.is_empty() && stats.exits.values().sum::<u64>() < 10_000, "{stats}");
}

/// What an engine is told about the code generator changes its code, and not what it does.
#[test]
fn engines_compile_as_they_are_told() {
    let source = "
fn mix(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32:
    mut sum = 0
    for i in 0..20: sum = sum + (a * i + b) % 7 + c * d - (e + f) % 5
    return sum + a + b + c + d + e + f
print(mix(1, 2, 3, 4, 5, 6))
";
    let program = Program::from_source("main.orus", source).unwrap();
    let bytes = |builder: EngineBuilder| {
        let kept = Kept::default();
        let mut engine = builder.jit(Jit::Always).output(kept.clone()).build();
        engine.run(&program).unwrap();
        assert_eq!(kept.text(), "303\n");
        let stats = engine.jit_stats().unwrap();
        assert!(stats.functions == 1 && stats.failures.is_empty(), "{stats}");
        stats.code_bytes
    };
    let stressed = |stress| bytes(Engine::builder().jit_stress(stress));
    let default = bytes(Engine::builder());
    assert_eq!(default, bytes(Engine::builder().jit_level(Level::Full)));
    assert_ne!(default, bytes(Engine::builder().jit_level(Level::Fast)));
    assert_ne!(default, stressed(JitStress { few_registers: true, ..JitStress::default() }));
    for way in [CodeWay::Memfd, CodeWay::Mprotect] {
        assert_eq!(default, stressed(JitStress { code_way: Some(way), ..JitStress::default() }));
    }
    let without = |names: &[&str]| {
        let without = names.iter().map(|&name| name.to_owned()).collect();
        stressed(JitStress { without, ..JitStress::default() })
    };
    assert_eq!(default, without(&[]));
    assert_ne!(default, without(&["unroll", "strength"]));
}

/// Each layer of interpreter and native code that an error passes looks for handlers among its own frames only: else this would take minutes.
#[test]
fn errors_pass_many_layers_in_linear_time() {
    let source = "
struct P:
    x: i32
impl P:
    fn down(self, n: i32) -> i32:
        if n == 1: return 1
        return via(self, n - 1) + 1
fn via(p: P, n: i32) -> i32:
    if n == 1: return 1
    f = fn(m: i32) -> i32: 1 if m == 1 else p.down(m - 1) + 1
    return 1 + f(n - 1)
try: print(P{ x: 1 }.down(40001))
catch e: print(e)
";
    // Not all of these functions have room, so that the others are entered from the interpreter at each turn.
    let stress = JitStress { tiny_cache: true, code_way: Some(CodeWay::Mprotect), ..JitStress::default() };
    let kept = Kept::default();
    let builder = Engine::builder().jit(Jit::Always).jit_stress(stress).max_recursion(40000);
    let mut engine = builder.output(kept.clone()).build();
    let begin = Instant::now();
    engine.run(&Program::from_source("main.orus", source).unwrap()).unwrap();
    assert_eq!(kept.text(), "Error: Stack overflow\n");
    let stats = engine.jit_stats().unwrap();
    assert!(stats.outcalls > 10_000, "{stats}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
