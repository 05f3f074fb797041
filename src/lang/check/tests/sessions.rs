//! Inputs of a REPL (section 17).

use bumpalo::Bump;

use super::line;
use crate::lang::check::Checker;
use crate::lang::modules::MemoryLoader;

/// Gives inputs to a session; the reports of each, joined.
fn session(inputs: &[&str]) -> Vec<String> {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    let mut results = Vec::new();
    for (number, input) in inputs.iter().enumerate() {
        let result = checker.check_input(&format!("input {number}"), input);
        let list = result.err().unwrap_or_default();
        results.push(list.iter().map(|report| line(&checker, report)).collect::<Vec<_>>().join(", "));
    }
    results
}

#[track_caller]
fn works(inputs: &[&str]) {
    let found = session(inputs);
    assert!(found.iter().all(String::is_empty), "{found:?}");
}

#[test]
fn bindings_may_be_bound_again() {
    works(&["x = 1", "x = \"a\"", "y: string = x", "mut x = 2.5", "x = 3", "z: f64 = x"]);
    works(&["fn f(): 1", "fn f(): \"a\"", "x: string = f()"]);
    works(&[
        "struct P:\n    x: i32",
        "p = P{ x: 1 }",
        "struct P:\n    y: string",
        "q = P{ y: \"a\" }",
        "print(p.x, q.y)",
    ]);
    assert_eq!(session(&["mut x = 1", "x = \"a\""]), ["", "E2001 1:5"]);
}

#[test]
fn earlier_inputs_keep_what_they_referred_to() {
    works(&["x = 1", "fn f(): x + 1", "fn g(a): a + x", "x = \"a\"", "y: i32 = f()", "z: i32 = g(2)"]);
}

#[test]
fn unknown_types_stay_open() {
    works(&["a = []", "f = fn(x): x", "push(a, \"x\")", "b: [string] = a", "c: f64 = f(2.5)"]);
    assert_eq!(session(&["a = []", "push(a, \"x\")", "push(a, 1)"]), ["", "", "E2001 1:9"]);
    assert_eq!(session(&["f = fn(a, b): a < b", "f(true, false)", "f(1, 2)"]), ["", "E2007 1:17", ""]);
}

#[test]
fn a_failed_input_leaves_no_trace() {
    let inputs = [
        "a = []",
        "push(a, \"x\")\nb = missing",
        "push(a, 1)",
        "struct P:\n    x: i32\nimpl P:\n    fn m(self): nothing",
        "struct P:\n    x: string\nimpl P:\n    fn m(self): self.x",
        "y: string = P{ x: \"a\" }.m()",
        "fn g(x):\n    x\nz = g(1)\nq = g(1) + \"a\"",
        "g(1)",
        "u = sorted([2, 1], fn(a, b): a < b)\nv = missing",
        "u = sorted([2, 1], fn(a, b): a < b)",
    ];
    let expected = ["", "E1010 2:5", "", "E1010 4:17", "", "", "E2004 4:10", "E1010 1:1", "E1010 2:5", ""];
    assert_eq!(session(&inputs), expected);
}

#[test]
fn the_value_of_an_input_is_printed() {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    for (input, printed) in
        [("1 + 2", true), ("x = 1", false), ("fn f(): pass", false), ("f()", false), ("[x]", true)]
    {
        assert!(checker.check_input("input", input).is_ok());
        let body = checker.checked.entry[0];
        let last = checker.checked.bodies[body.index()].block.stmts.last();
        let is_print = matches!(last.map(|stmt| &stmt.kind), Some(crate::lang::hir::StmtKind::Print { .. }));
        assert_eq!(is_print, printed, "{input}");
    }
}
