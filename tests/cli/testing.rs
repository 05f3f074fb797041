//! `orus test`.

use crate::common::{Scratch, run};

const GOOD: &str = "
seen = [0; 0]

fn test_adds(): assert_eq(\"sum\", 1 + 2, 3)

// Each test starts anew.
fn test_first():
    push(seen, 1)
    assert_eq(\"seen\", len(seen), 1)

fn test_second():
    push(seen, 2)
    assert_eq(\"seen\", len(seen), 1)

fn helper(): raise(\"this is no test\")
fn test_with_parameter(n: i32) -> i32: n
";

const BAD: &str = "
fn test_equal():
    print(\"shown, since it fails\")
    assert_eq(\"sum\", 1 + 2, 4)

fn test_raises(): raise(\"by itself\")
fn test_exits(): exit(0)
fn test_passes(): print(\"hidden, since it passes\")
";

#[test]
fn all_pass() {
    let scratch =
        Scratch::with(&[("good_test.orus", GOOD), ("other.orus", "fn test_none(): raise(\"no\")\n")]);
    let ran = scratch.run(["test"]);
    assert!(ran.ended(0).err.is_empty(), "{ran:?}");
    assert!(ran.out.contains("\n3 passed, 0 failed in "), "{ran:?}");
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("ok    ")).count(), 3, "{ran:?}");
    assert!(ran.out.contains("good_test.orus::test_adds\n"), "{ran:?}");
    // A file that is named outright is used whatever its name.
    assert!(scratch.run(["test", "other.orus"]).ended(1).err.contains("= no\n"));
}

#[test]
fn failures_are_reported_and_counted() {
    let scratch = Scratch::with(&[
        ("good_test.orus", GOOD),
        ("sub/bad_test.orus", BAD),
        ("broken_test.orus", "fn test_x(): y\n"),
    ]);
    let ran = scratch.run(["test"]);
    ran.ended(1);
    assert!(ran.out.contains("\n4 passed, 3 failed, 1 not compiled in "), "{ran:#?}");
    for name in ["test_equal", "test_raises", "test_exits"] {
        assert!(ran.out.lines().any(|line| line.starts_with("FAIL  ") && line.ends_with(name)), "{ran:#?}");
    }
    for part in [
        "shown, since it fails",
        "expected: 4",
        "= by itself\n",
        "ended with status 0",
        "broken_test.orus:1:14",
    ] {
        assert!(ran.err.contains(part), "`{part}` is missing: {ran:#?}");
    }
    assert!(!ran.err.contains("hidden") && !ran.out.contains("hidden"), "{ran:#?}");
}

#[test]
fn some_are_chosen() {
    let scratch = Scratch::with(&[("good_test.orus", GOOD), ("bad_test.orus", BAD)]);
    let ran = scratch.run(["test", "--filter", "adds"]);
    assert!(ran.ended(0).out.contains("1 passed, 0 failed, 6 filtered out in "), "{ran:?}");
    let ran = scratch.run(["test", "--list"]);
    ran.ended(0);
    assert_eq!(ran.out.lines().count(), 7, "{ran:?}");
    assert!(ran.out.lines().all(|line| line.contains("_test.orus::test_")), "{ran:?}");
    let ran = scratch.run(["test", "--list", "-f", "good"]);
    assert_eq!(ran.ended(0).out.lines().count(), 3, "{ran:?}");
    // Nothing that was asked for is there.
    let ran = scratch.run(["test", "--filter", "zzz"]);
    assert!(ran.ended(1).out.contains("0 passed, 0 failed, 7 filtered out"), "{ran:?}");
}

#[test]
fn nothing_to_test() {
    let scratch = Scratch::with(&[("plain.orus", "print(1)\n")]);
    let ran = scratch.run(["test"]);
    assert!(ran.ended(1).err.contains("no tests found"), "{ran:?}");
    run(["test", "/no/such/folder"]).complained(66, &["/no/such/folder"]);
}

#[test]
fn limits_hold_for_each_test() {
    let deep =
        "fn f() -> i32: f()\nfn test_deep():\n    f()\nfn test_big():\n    s = \"x\".repeat(100000000)\n";
    let scratch = Scratch::with(&[("deep_test.orus", deep)]);
    let ran = scratch.run(["test", "--max-recursion=10", "--max-heap=8M"]);
    assert!(ran.ended(1).err.contains("Stack overflow") && ran.err.contains("Out of memory"), "{ran:?}");
}
