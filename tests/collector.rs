//! Memory over the whole life of a process: how much of it programs take beyond what they hold, and that nothing leaks.
//!
//! The programs look at themselves through `/proc/self/status`. Sizes are those of the release build; the debug build, which is
//! slow, uses smaller ones.
#![cfg(target_os = "linux")]

mod common;

use common::{orus, run_with};

/// A size in a release build, and one that a debug build can do.
const fn size(release: u64, debug: u64) -> u64 {
    if cfg!(debug_assertions) { debug } else { release }
}

const MIB: u64 = 1 << 20;

/// Each program can ask for its peak and its present memory.
const MEMORY: &str = r#"
fn memory(field: string) -> i64:
    for line in read_file("/proc/self/status").split("\n"):
        if line.starts_with(field): return int(line[len(field)..].replace("kB", "").trim()) as i64 * (1024 as i64)
    raise("no such field")
"#;

/// Runs a program behind [`MEMORY`] and gives the numbers that it prints, one a line.
fn numbers(flags: &[&str], program: &str) -> Vec<u64> {
    let text = format!("{MEMORY}{program}");
    let ran = run_with(&mut orus(flags.iter().copied().chain(["-e", &text])), b"");
    ran.ended(0);
    let number = |line: &str| line.parse().unwrap_or_else(|_| panic!("`{line}` is no number"));
    ran.out.lines().map(number).collect()
}

/// What an object takes: a header of a word, a word a field.
const fn object(fields: u64) -> u64 {
    8 + 8 * fields
}

/// What a process may take at its peak that holds so much.
#[track_caller]
fn within_twice(peak: u64, live: u64) {
    let most = 2 * live + 16 * MIB;
    assert!(peak <= most, "the peak of {} MiB is above {} MiB", peak / MIB, most / MIB);
    assert!(peak >= live, "{peak} cannot hold {live}: the program does not do what it should");
}

fn binary_trees(depth: u64) -> String {
    format!(
        r#"
enum Tree:
    Leaf
    Node(left: Tree, right: Tree)

fn make(depth: i32) -> Tree:
    return Tree.Leaf if depth == 0 else Tree.Node(make(depth - 1), make(depth - 1))

fn count(tree: Tree) -> i32:
    return match tree:
        Tree.Leaf -> 1
        Tree.Node(left, right) -> 1 + count(left) + count(right)

DEPTH := {depth}
long = make(DEPTH)
mut d = 4
while d <= DEPTH:
    rounds = 1 << (DEPTH - d + 4)
    mut sum = 0
    for i in 0..rounds: sum += count(make(d))
    assert_eq("nodes", sum, rounds * ((2 << d) - 1))
    d += 4
assert_eq("long", count(long), (2 << DEPTH) - 1)
"#
    )
}

#[test]
fn binary_trees_stay_within_twice_what_lives() {
    let depth = size(16, 10);
    let program = binary_trees(depth) + "print(memory(\"VmHWM:\"))\n";
    // The long tree and one of the same size beside it.
    let live = 2 * ((1 << depth) - 1) * object(2);
    within_twice(numbers(&[], &program)[0], live);
    numbers(&["--stress=gc"], &(binary_trees(size(6, 4)) + "print(0)\n"));
}

fn list(length: u64) -> String {
    format!(
        r#"
enum Link:
    Nil
    To(node: Node)

struct Node:
    value: i64
    next: Link

fn make(n: i64) -> Link:
    mut list = Link.Nil
    for i in 0..n: list = Link.To(Node{{ value: i, next: list }})
    return list

LENGTH := {length} as i64
"#
    )
}

/// Two objects an element: the node, and the variant that leads to it.
const ELEMENT: u64 = object(2) + object(1);

#[test]
fn a_long_list_stays_within_twice_what_lives() {
    let length = size(5_000_000, 100_000);
    let program = list(length)
        + r#"
list = make(LENGTH)
mut at = list
mut sum = 0 as i64
mut going = true
while going:
    match at:
        Link.To(node) ->
            sum += node.value
            at = node.next
        Link.Nil -> going = false
print(sum)
print(memory("VmHWM:"))
"#;
    let got = numbers(&[], &program);
    assert_eq!(got[0], length * (length - 1) / 2);
    within_twice(got[1], length * ELEMENT);
}

#[test]
fn long_lists_are_compared_printed_and_dropped() {
    let length = size(5_000_000, 100_000);
    let program = list(length)
        + r#"
fn work():
    mut one = make(LENGTH)
    mut two = make(LENGTH)
    print(1 if one == two else 0)
    other = Link.To(Node{ value: 0, next: two })
    print(1 if one == other else 0)
    one = Link.Nil
    // Each element is rendered with some forty characters.
    print(len(format("@", two)))

work()
for i in 0..LENGTH: make(2)
print(memory("VmHWM:"))
"#;
    let got = numbers(&[], &program);
    assert_eq!((got[0], got[1]), (1, 0));
    assert!(got[2] > length * 20, "the list is printed whole: {} characters", got[2]);
    assert!(got[3] > 2 * length * ELEMENT);
}

#[test]
fn a_list_is_printed_to_the_output() {
    let length = size(1_000_000, 50_000);
    let ran = run_with(&mut orus(["-e", &(list(length) + "print(make(LENGTH))\n")]), b"");
    let out = &ran.ended(0).out;
    assert!(out.contains("value: 0") && out.contains(&format!("value: {}", length - 1)), "{}", &out[..200]);
    assert_eq!(out.matches("value: ").count() as u64, length);
}

/// Runs something often, and asserts that doing so once more takes no more memory.
fn stays_flat(declarations: &str, action: &str, often: u64) {
    let action: String = action.lines().map(|line| format!("        {line}\n")).collect();
    let program = |often: u64| {
        let measured = format!("run({often} as i64)\nprint(memory(\"VmRSS:\"))\n").repeat(2);
        format!("{declarations}\nfn run(n: i64):\n    for i in 0..n:\n{action}\n{measured}")
    };
    let got = numbers(&[], &program(often));
    assert!(got[1] <= got[0] + 2 * MIB, "{} bytes became {} by:\n{action}", got[0], got[1]);
    // The same under the checks of the collector, less often.
    numbers(&["--stress=gc"], &program(20));
}

// Enough that the heap has grown to what it keeps to before memory is measured.
const OFTEN: u64 = size(1_000_000, 200_000);

#[test]
fn frames_leave_nothing() {
    stays_flat("fn f(a: i64, s: string) -> i64: a + (len(s) as i64)", "f(i, \"x\")", OFTEN);
    stays_flat(
        "fn down(n: i32) -> i32:\n    return 0 if n == 0 else 1 + down(n - 1)",
        "down(100)",
        OFTEN / 100,
    );
}

#[test]
fn exceptions_leave_nothing() {
    stays_flat("", "try: raise(\"error \" + (i as string))\ncatch e: pass", OFTEN);
    stays_flat(
        "fn f(n: i64) -> i64: 1 / (n - n)\nfn g(n: i64) -> i64: f(n) + 1",
        "try: g(i)\ncatch e: pass",
        OFTEN,
    );
    stays_flat("fn deep(n: i32) -> i32: 1 + deep(n + 1)", "try: deep(0)\ncatch: pass", OFTEN / 20_000);
}

#[test]
fn closures_leave_nothing() {
    stays_flat("", "mut n = i\nf = fn() -> i64: n + i\nn = f()", OFTEN);
    stays_flat("fn adder(n: i64) -> fn(i64) -> i64: fn(x: i64): x + n", "adder(i)(i)", OFTEN);
}

#[test]
fn strings_arrays_and_maps_leave_nothing() {
    stays_flat("", "s = (i as string) + \"text\"\nt = s.upper().split(\"E\")", OFTEN / 2);
    stays_flat("", "a = [i; 100]\npush(a, i)", OFTEN / 2);
    stays_flat("", "m = {i: \"a\"}\nm[i + 1] = \"b\"\nm.remove(i)", OFTEN / 2);
    stays_flat("", "a = [0; 100000]", OFTEN / 500);
}
