//! Ctrl-C ends programs, whatever they are doing, with status 130.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{Scratch, finish, orus};

/// How soon a program must have ended.
const SOON: Duration = Duration::from_secs(2);

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("the child is there");
}

/// Starts a program, waits until it has printed `go`, interrupts it some time later.
fn interrupted(program: &str, after: Duration) {
    let mut child = orus(["-e", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orus starts");
    // Kept open: a program that waits for input does not see its end.
    let stdin = child.stdin.take();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    // `input` writes out what was printed before.
    stdout.read_line(&mut line).expect("it prints");
    assert_eq!(line, "go\n", "{program}");
    std::thread::sleep(after);
    let started = Instant::now();
    interrupt(&child);
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("a pipe can be read");
        rest
    });
    let ran = finish(child);
    let took = started.elapsed();
    drop(stdin);
    ran.ended(130);
    assert_eq!(ran.err, "", "{program}");
    assert_eq!(rest.join().expect("reading does not panic"), "", "{program}");
    assert!(took < SOON, "{program} took {took:?}");
}

/// Lines that print `go` at once, though standard output is a pipe.
fn go(rest: &str) -> String {
    format!("write_file(\"/dev/stdout\", \"go\\n\")\n{rest}")
}

#[test]
fn endless_loops() {
    interrupted(&go("while true: pass"), Duration::from_millis(50));
    interrupted(&go("mut n = 0\nwhile true: n = (n + 1) % 7"), Duration::from_millis(50));
    interrupted(
        &go("fn f(n: i64) -> i64: g(n) if n % 2 == 0 else n\nfn g(n: i64) -> i64: n\nwhile true: f(4)"),
        Duration::ZERO,
    );
    interrupted(&go("while true:\n    try: raise(\"again\")\n    catch: pass"), Duration::ZERO);
}

#[test]
fn a_program_that_catches_everything() {
    interrupted(
        &go("fn f():\n    try:\n        while true: pass\n    catch: f()\nf()"),
        Duration::from_millis(50),
    );
}

#[test]
fn a_long_sort() {
    let program = go(
        "a = [0; 4000000]\nmut x = 1 as i64\nfor i in 0..len(a):\n    x = x * 48271 % 2147483647\n    a[i] = x as i32\nwhile true: b = sorted(a)",
    );
    interrupted(&program, Duration::from_millis(1500));
    interrupted(
        &go("a = [1; 3000000]\nb = sorted(a, fn(x, y): x < y)\nprint(b[0])"),
        Duration::from_millis(200),
    );
}

#[test]
fn a_long_repeat() {
    interrupted(&go("while true: s = \"ab\".repeat(200000000)"), Duration::from_millis(100));
}

#[test]
fn long_walks_over_strings_and_arrays() {
    interrupted(
        &go("s = \"ab,\".repeat(2000000)\nwhile true: t = s.split(\",\")"),
        Duration::from_millis(300),
    );
    interrupted(
        &go("a = [\"abc\"; 2000000]\nb = [\"abc\"; 2000000]\nwhile true: t = a == b"),
        Duration::from_millis(300),
    );
    interrupted(&go("a = [0; 5000000]\nwhile true: t = format(\"@\", a)"), Duration::from_millis(300));
}

#[test]
fn waiting_for_input() {
    interrupted(&go("print(input())"), Duration::from_millis(300));
    interrupted(&go("try:\n    input()\ncatch: print(\"never\")"), Duration::from_millis(300));
}

#[test]
fn what_was_printed_before_is_there() {
    let child = orus(["-e", "print(\"before\")\nwhile true: pass"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orus starts");
    // It has no way to tell that it has begun.
    std::thread::sleep(Duration::from_millis(1500));
    interrupt(&child);
    let ran = finish(child);
    assert_eq!((ran.ended(130).out.as_str(), ran.err.as_str()), ("before\n", ""));
}

/// A file that whoever opens waits for, deaf to interrupts.
fn deaf(scratch: &Scratch) -> String {
    let pipe = scratch.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe can be made");
    format!("read_file(\"{}\")", pipe.display())
}

#[test]
fn a_program_that_does_not_stop_is_ended() {
    let scratch = Scratch::new();
    interrupted(&go(&deaf(&scratch)), Duration::from_millis(200));
}

/// Starts what waits for a deaf file; `words` and `input` bring it there.
fn waiting(words: &[&str], input: &str) -> Child {
    let mut child = orus(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orus starts");
    let stdin = child.stdin.as_mut().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    let mut go = [0; 3];
    child.stdout.as_mut().expect("it is piped").read_exact(&mut go).expect("it prints");
    std::thread::sleep(Duration::from_millis(200));
    child
}

#[test]
fn a_second_one_ends_the_process_at_once() {
    let scratch = Scratch::new();
    let program = go(&deaf(&scratch));
    for (words, input, patience) in [
        (vec!["-e", program.as_str()], String::new(), Duration::from_millis(100)),
        // The REPL waits for what it runs as long as it takes.
        (vec!["repl"], format!("{program}\n"), Duration::from_millis(1500)),
    ] {
        let mut child = waiting(&words, &input);
        interrupt(&child);
        std::thread::sleep(patience);
        assert!(child.try_wait().expect("it is a child").is_none(), "{words:?}");
        let stdin = child.stdin.take();
        let started = Instant::now();
        interrupt(&child);
        finish(child).ended(130);
        assert!(started.elapsed() < Duration::from_millis(700), "{words:?} took {:?}", started.elapsed());
        drop(stdin);
    }
}

#[test]
fn when_nothing_runs_it_ends_the_process() {
    let mut child = waiting(&["repl"], "write_file(\"/dev/stdout\", \"go\\n\")\n");
    let stdin = child.stdin.take();
    interrupt(&child);
    finish(child).ended(130);
    drop(stdin);
}
