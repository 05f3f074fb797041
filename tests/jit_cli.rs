//! The switches of the code generator, as users of the command meet them: each does what it says, and none changes what a program does.
#![cfg(all(feature = "jit", unix, target_arch = "x86_64"))]

mod common;

use common::{Scratch, run};
use serde_json::Value;

/// Calls, a nest of loops with many live variables, arrays, objects, closures, errors.
const PROGRAM: &str = "
struct Point:
    x: i32
    y: f64

fn mix(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, x: f64, y: f64, z: f64) -> i32:
    mut sum = 0
    for i in 0..20:
        sum = sum + (a * i + b) % 7 + c * d - (e + f) % 5
        if x * 2.0 < y + z + (i as f64): sum = sum + 1
    return sum + a + b + c + d + e + f

fn scale(values: [i32], by: i32) -> i32:
    mut total = 0
    for i in 0..len(values):
        values[i] = values[i] * by
        total = total + values[i] / 3
    return total

fn apply(f: fn(i32) -> i32, n: i32) -> i32:
    return f(n) + f(n + 1)

fn checked(a: [i32], at: i32) -> i32:
    try:
        return a[at]
    catch e:
        return len(e.message)

mut total = 0
for i in 0..100:
    p = Point{ x: i, y: (i as f64) / 2.0 }
    total = total + mix(p.x, 2, 3, 4, 5, 6, p.y, 8.0, 9.5) + scale([1, 2, i, 4, 5, 6, 7, 8, 9], 3)
    total = total + apply(fn(n: i32) -> i32: n * 3 + i, i) + checked([1, 2], i % 3)
print(total)
";

/// Runs a program under switches: what it printed, and the counts.
fn counted(switches: &[&str], program: &str) -> (String, Value) {
    let ran = run(switches.iter().copied().chain(["--jit-stats=json", "-e", program]));
    ran.ended(0);
    assert_eq!(ran.err.lines().count(), 1, "it is one object: {ran:?}");
    (ran.out, serde_json::from_str(&ran.err).expect("it is JSON"))
}

fn number(stats: &Value, name: &str) -> u64 {
    stats[name].as_u64().unwrap_or_else(|| panic!("{name} of {stats}"))
}

#[test]
fn stress_changes_nothing_but_the_code() {
    let (expected, plain) = counted(&["--jit=always"], PROGRAM);
    assert!(number(&plain, "functions") >= 5, "{plain}");
    run(["--no-jit", "-e", PROGRAM]).printed(&expected);
    let bytes = |stress: &str| {
        let (out, stats) = counted(&[&format!("--stress={stress}")], PROGRAM);
        assert_eq!(out, expected, "{stress}");
        assert!(number(&stats, "functions") >= 5, "{stress}: {stats}");
        assert_eq!(stats["failures"], Value::Array(Vec::new()), "{stress}");
        number(&stats, "code_bytes")
    };
    let full = number(&plain, "code_bytes");
    for same in ["compile", "gc,compile", "compile,tiny-cache", "compile,wx=memfd", "compile,wx=mprotect"] {
        assert_eq!(bytes(same), full, "{same}");
    }
    // Code that lives in memory is longer.
    assert!(bytes("compile,few-regs") > full);
    assert!(bytes("gc,compile,few-regs,wx=mprotect,no-range") > full);
}

/// Each pass can be left out; of those that have to do with this program, code shows it.
#[test]
fn passes_are_left_out() {
    let (expected, plain) = counted(&["--jit=always"], PROGRAM);
    let names: Vec<&str> =
        orus::opt::PASSES.iter().chain(orus::opt::pipeline::PARTS).map(|step| step.name).collect();
    let without = |names: &[&str]| {
        let list: Vec<String> = names.iter().map(|name| format!(",no-{name}")).collect();
        let (out, stats) = counted(&[&format!("--stress=compile{}", list.concat())], PROGRAM);
        assert_eq!(out, expected, "{names:?}");
        assert_eq!(stats["failures"], Value::Array(Vec::new()), "{names:?}");
        number(&stats, "code_bytes")
    };
    for name in &names {
        let bytes = without(&[name]);
        if ["fold", "forward", "gvn", "memory", "range", "strength", "unroll"].contains(name) {
            assert_ne!(bytes, number(&plain, "code_bytes"), "{name}");
        }
    }
    let (_, none) = counted(&["--jit=always", "--jit-opt-level=none"], PROGRAM);
    assert_eq!(without(&names), number(&none, "code_bytes"));
    for wrong in ["no-pass", "no-", "wx=", "wx", "compiled", ""] {
        run([&format!("--stress=gc,{wrong}"), "-e", ""]).complained(64, &["--stress", "few-regs", "licm"]);
    }
}

/// What does not fit in the cache is interpreted, and named.
#[test]
fn a_full_cache_is_no_error() {
    let function = |index: i32| {
        format!(
            "fn work{index}(n: i32) -> i32:\n    mut sum = {index}\n    for i in 0..n: sum = sum + i % 9 * {index}\n    return sum\n"
        )
    };
    let mut program: String = (0..400).map(function).collect();
    program += "mut total: i64 = 0\n";
    for index in 0..400 {
        program += &format!("total = total + (work{index}(9) as i64)\n");
    }
    program += "print(total)\n";
    let expected = run(["--no-jit", "-e", &program]);
    for stress in ["compile,tiny-cache", "compile,tiny-cache,wx=mprotect", "gc,compile,few-regs,tiny-cache"] {
        let (out, stats) = counted(&[&format!("--stress={stress}")], &program);
        assert_eq!(out, expected.out, "{stress}");
        let failures = stats["failures"].as_array().unwrap();
        assert!(!failures.is_empty() && number(&stats, "functions") > 0, "{stress}: {stats}");
        assert!(failures.iter().all(|failure| failure["reason"] == "no room for code"), "{stress}: {stats}");
        let names_it = |failure: &Value| {
            failure["entry"] == "function" && failure["function"].as_str().unwrap().starts_with("work")
        };
        assert!(failures.iter().any(names_it), "{stress}: {stats}");
    }
    let ran = run(["--stress=compile,tiny-cache", "--jit-stats", "-e", &program]);
    assert!(ran.ended(0).err.contains("\nfunction work399: no room for code\n"), "{ran:?}");
    let (_, stats) = counted(&["--stress=compile"], &program);
    assert_eq!(stats["failures"], Value::Array(Vec::new()));
}

/// The second view of a file shows in the process's map of memory.
#[cfg(target_os = "linux")]
#[test]
fn code_is_written_in_the_way_that_is_wanted() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    for (stress, expected) in [("compile", true), ("compile,wx=memfd", true), ("compile,wx=mprotect", false)]
    {
        let program = "fn f(n: i32) -> i32: n + 1\nprint(f(1))\nprint(input(\"\"))";
        let mut child = common::orus([&format!("--stress={stress}"), "-e", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "2\n");
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
        child.stdin.take().unwrap().write_all(b"end\n").unwrap();
        line.clear();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "end\n");
        common::finish(child).ended(0);
        let executable = |line: &&str| line.split(' ').nth(1).is_some_and(|rights| rights.contains('x'));
        let found = maps.lines().filter(executable).any(|line| line.contains("memfd:"));
        assert_eq!(found, expected, "{stress}: {maps}");
    }
}

#[test]
fn levels_of_optimisation() {
    let of = |level: &str| counted(&["--jit=always", &format!("--jit-opt-level={level}")], PROGRAM);
    let (none, fast, full) = (of("none"), of("fast"), of("full"));
    assert_eq!((&none.0, &fast.0), (&full.0, &full.0));
    let bytes = |run: &(String, Value)| number(&run.1, "code_bytes");
    assert!(bytes(&none) > bytes(&fast) && bytes(&fast) != bytes(&full), "{none:?} {fast:?} {full:?}");
    assert_eq!(bytes(&full), bytes(&counted(&["--jit=always"], PROGRAM)));
    run(["--jit-opt-level=most", "-e", ""]).complained(64, &["most", "none", "fast", "full"]);
}

/// Text and object say the same.
#[test]
fn counts_as_text_and_as_an_object() {
    let program = "
fn pick(a: [i32], at: i32) -> i32:
    return a[at]

mut caught = 0
for i in 0..3000:
    try:
        caught = caught + pick([1, 2], i % 3)
    catch e:
        caught = caught + 1
print(caught)
";
    let switches = ["--jit-threshold=10"];
    let (out, stats) = counted(&switches, program);
    assert_eq!(out, "4000\n");
    assert!(number(&stats["exits"], "bounds") > 0, "{stats}");
    assert!(number(&stats, "loops") > 0 && number(&stats, "loop_entries") > 0, "{stats}");
    assert!(stats["compile_ms"].as_f64().unwrap() > 0.0, "{stats}");
    let ran = run(switches.into_iter().chain(["--jit-stats", "-e", program]));
    let n = |name| number(&stats, name);
    let exits: Vec<String> = stats["exits"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    for line in [
        format!(
            "compiled: {} functions, {} loops; {} words, {} bytes of code",
            n("functions"),
            n("loops"),
            n("words"),
            n("code_bytes")
        ),
        format!("entries: {} of functions, {} of loops", n("function_entries"), n("loop_entries")),
        format!("left to the interpreter: {} calls, {} instructions", n("outcalls"), n("steps")),
        format!("failed guards: {}", exits.join(", ")),
    ] {
        assert!(ran.ended(0).err.lines().any(|found| found == line), "{line}: {ran:?}");
    }
    for failure in stats["failures"].as_array().unwrap() {
        let text = |name| failure[name].as_str().unwrap();
        let line = match text("entry") {
            "function" => format!("function {}: {}", text("function"), text("reason")),
            _ => format!("loop at {} of {}: {}", failure["word"], text("function"), text("reason")),
        };
        assert!(ran.err.lines().any(|found| found == line), "{line}: {ran:?}");
    }
    run(["--jit-stats=xml", "-e", ""]).complained(64, &["xml"]);
    // What follows the bare switch is the program.
    let scratch = Scratch::with(&[("a.orus", "print(1)\n")]);
    let ran = scratch.run(["--jit-stats", "a.orus"]);
    assert_eq!(
        (ran.ended(0).out.as_str(), ran.err.lines().next()),
        ("1\n", Some("compiled: 0 functions, 0 loops; 0 words, 0 bytes of code"))
    );
    // Where there is no native code, there is nothing to say.
    run(["--no-jit", "--jit-stats=json", "-e", "print(1)"]).printed("1\n");
}

/// A loop whose guards fail at every turn is given up, and called by its name.
#[test]
fn what_is_given_up_has_a_name() {
    let program = "
fn spoil():
    mut caught = 0
    for i in 0..20000:
        try:
            a = [1, 2]
            print(a[i + 2])
        catch e:
            caught = caught + 1
    print(caught)
spoil()
";
    let (out, stats) = counted(&["--jit-threshold=10"], program);
    assert_eq!(out, "20000\n");
    let failure = &stats["failures"][0];
    assert_eq!(failure["function"], "spoil", "{stats}");
    assert_eq!(
        (&failure["entry"], &failure["reason"]),
        (&"loop".into(), &"its guards failed too often".into())
    );
    let ran = run(["--jit-threshold=10", "--jit-stats", "-e", program]);
    let line = format!("loop at {} of spoil: its guards failed too often", failure["word"]);
    assert!(ran.ended(0).err.lines().any(|found| found == line), "{ran:?}");
}

/// Switches that rule each other out: native code is off.
#[test]
fn off_is_off() {
    for off in ["--no-jit", "--jit=off"] {
        run([off, "--stress=compile,few-regs", "--jit-stats", "-e", "print(1)"]).printed("1\n");
    }
    let (_, stats) = counted(&["--jit=on", "--stress=compile"], "fn f() -> i32: 1\nprint(f())");
    assert!(number(&stats, "functions") > 0, "{stats}");
}
