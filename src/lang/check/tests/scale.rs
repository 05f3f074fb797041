//! Large programs: time and stack must be in proportion to their size.

use std::fmt::Write;

use bumpalo::Bump;

use super::{accepts, location, reports};
use crate::lang::check::Checker;
use crate::lang::modules::MemoryLoader;

/// How many of whatever is chained.
const MANY: usize = 100_000;

#[test]
fn long_chains_of_operators() {
    accepts(&format!("a = 1\nb = a{}\n", " + 2 - a".repeat(MANY / 2)));
    accepts(&format!("b: i64 = 1{}\n", " + 2".repeat(MANY)));
    accepts(&format!("a = 1\nb = 7{} + a\n", " * 2 / 2".repeat(MANY / 2)));
    accepts(&format!("a = true\nb = a{}\nc = a{}\n", " and a".repeat(MANY), " or a".repeat(MANY)));
    accepts(&format!("a = 1\nb = {}7\n", "3 if a > 2 else ".repeat(MANY)));
}

#[test]
fn long_chains_of_postfix_operations() {
    accepts(&format!("s = \"x\"{}\n", ".trim()".repeat(MANY)));
    accepts(&format!("a = [1, 2]\nb = a{}\n", "[0..]".repeat(MANY)));
}

#[test]
fn long_chains_of_branches() {
    let mut text = String::from("fn f(a: i32) -> i32:\n    if a == 0: return 0\n");
    for number in 1..MANY {
        let _ = writeln!(text, "    elif a == {number}: return {number}");
    }
    text.push_str("    else: return 7\nx = f(1)\n");
    accepts(&text);
}

#[test]
fn variables_introduced_in_many_branches() {
    let mut text = String::from("fn f(a: i32) -> i32:\n    if a == 0: v0 = 0\n");
    for number in 1..20_000 {
        let _ = writeln!(text, "    elif a == {number}: v{number} = {number}");
    }
    text.push_str("    return v7\nx = f(1)\n");
    accepts(&text);
}

#[test]
fn functions_that_call_the_next_without_return_types() {
    let mut text = String::new();
    for number in 0..MANY {
        let _ = writeln!(text, "fn f{number}(n: i32): f{}(n + 1)", number + 1);
    }
    let _ = writeln!(text, "fn f{MANY}(n: i32): n\nx = f0(1)");
    // So many bodies at once would take too much memory: one report for each piece of the chain.
    assert_eq!(reports(&text).len(), 4);
    let text = text.replace("fn f10000(n: i32):", "fn f10000(n: i32) -> i32:");
    accepts(&text[..text.find("fn f15000").expect("that function")].replace("f15000", "abs"));
}

#[test]
fn generic_functions_that_call_the_next() {
    let mut text = String::new();
    for number in 0..MANY {
        let _ = writeln!(text, "fn f{number}(n): f{}(n)", number + 1);
    }
    let _ = writeln!(text, "fn f{MANY}(n): n\nx = f0(1)");
    assert_eq!(reports(&text), ["E2006 20000:15"]);
}

#[test]
fn types_that_grow_with_each_statement() {
    let mut text = String::from("x0 = [1]\n");
    for number in 1..MANY {
        let _ = writeln!(text, "x{number} = [x{}]", number - 1);
    }
    assert_eq!(reports(&text).len(), 1);
    let mut text = String::new();
    for number in 0..MANY {
        let _ = writeln!(text, "x{number} = []");
    }
    for number in 1..MANY {
        let _ = writeln!(text, "push(x{}, x{number})", number - 1);
    }
    assert_eq!(reports(&text).len(), 1);
}

#[test]
fn types_that_double_with_each_statement() {
    let mut text = String::from("enum P[A, B]:\n    Of(a: A, b: B)\nx0 = P.Of([], [])\n");
    for number in 1..200 {
        let _ = writeln!(text, "x{number} = P.Of(x{0}, x{0})", number - 1);
    }
    text.push_str("y = x199 == 1\n");
    assert_eq!(reports(&text), ["E2001 203:10"]);
}

#[test]
fn many_structs_functions_and_variables() {
    let mut text = String::new();
    for number in 0..20_000 {
        let _ = writeln!(text, "struct S{number}:\n    a: i32\n    b: f64 = 1.5");
        let _ = writeln!(text, "fn f{number}(s: S{number}) -> i32: s.a + {number}");
        let _ = writeln!(text, "v{number} = f{number}(S{number}{{ a: 1 }})");
    }
    accepts(&text);
}

/// Plain code of about that many lines.
pub fn plain_code(lines: usize) -> String {
    let mut text = String::new();
    for number in 0..lines / 14 {
        let _ = write!(
            text,
            "struct Account{number}:\n    owner: string\n    balance: i64 = 0\n\n\
             fn total{number}(list: [Account{number}], scale: f64) -> f64:\n    mut sum = 0.0\n    \
             for account in list:\n        if account.balance > 10 and scale > 0.5:\n            \
             sum = sum + (account.balance as f64) * scale\n        else:\n            sum += 1.0\n    \
             return sum\n\n\
             print(total{number}([Account{number}{{ owner: \"a\", balance: {number} }}], 1.5))\n"
        );
    }
    text
}

/// Time that this thread ran, in nanoseconds: what other programs take from the machine does not count.
fn cpu_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Prints the time a line takes, in a build with optimisation.
#[test]
fn time_of_plain_code() {
    let text = plain_code(100_000);
    let lines = text.lines().count() as f64;
    let arena = Bump::new();
    let mut names = crate::lang::intern::Interner::new(&arena);
    let start = cpu_time();
    let mut reports = Vec::new();
    let file = crate::bytecode::FileId(0);
    crate::lang::parser::parse(&arena, &mut names, file, &text, &mut reports);
    let parsing = cpu_time() - start;
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    let start = cpu_time();
    assert!(checker.check_program(&location(), text.as_bytes()).is_ok());
    let all = cpu_time() - start;
    let checking = all.saturating_sub(parsing);
    let a_line = |time: u64| time as f64 / lines;
    println!(
        "{lines} lines: parsing {:.0} ns a line, checking {:.0} ns a line",
        a_line(parsing),
        a_line(checking)
    );
}
