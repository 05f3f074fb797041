//! The REPL as its users meet it: at a terminal, and through a pipe.
#![cfg(unix)]

mod common;

use std::io::{Read, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use common::{Scratch, orus, run_with};
use wait_timeout::ChildExt;

/// Longer than any answer should take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

const PROMPT: &str = "orus> ";
const ARROW_UP: &str = "\x1b[A";
const CONTROL_C: &str = "\x03";
const CONTROL_D: &str = "\x04";

/// A session at a terminal of its own.
struct Terminal {
    pty: pty_process::blocking::Pty,
    pieces: Receiver<Vec<u8>>,
    /// What was written and has not been looked at yet, without escape sequences.
    text: String,
    raw: Vec<u8>,
    child: Child,
}

impl Terminal {
    fn start(history: &std::path::Path, words: &[&str]) -> Terminal {
        let (pty, pts) = pty_process::blocking::open().expect("there are terminals");
        pty.resize(pty_process::Size::new(40, 120)).expect("a terminal has a size");
        let child = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_orus"))
            .args(words)
            .env("ORUS_HISTORY", history)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env_remove("RUST_BACKTRACE")
            .spawn(pts)
            .expect("orus starts");
        let (send, pieces) = channel();
        let mut reader = std::fs::File::from(
            std::os::fd::AsFd::as_fd(&pty).try_clone_to_owned().expect("a descriptor can be doubled"),
        );
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Reading fails when the other side is gone.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { pty, pieces, text: String::new(), raw: Vec::new(), child }
    }

    fn type_in(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits for a text: what came before it.
    #[track_caller]
    fn expect(&mut self, wanted: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.text.find(wanted) {
                let before = self.text[..at].to_owned();
                self.text.drain(..at + wanted.len());
                return before;
            }
            match self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(piece) => {
                    self.raw.extend(piece);
                    self.text += &plain(&mut self.raw);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no `{wanted}` in time after {:?}", self.text),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without `{wanted}`: {:?}", self.text),
            }
        }
    }

    /// Types a line at the prompt, which must be there or come, and waits for the next prompt: what was written between.
    #[track_caller]
    fn say(&mut self, line: &str) -> String {
        self.type_in(line);
        self.type_in("\r");
        // The editor echoes the line, then ends it.
        self.expect("\n");
        self.expect(PROMPT).replace('\r', "")
    }

    /// The exit status.
    #[track_caller]
    fn ends(mut self) -> i32 {
        let status = self.child.wait_timeout(LIMIT).expect("a child can be waited for");
        let Some(status) = status else {
            self.child.kill().expect("a child can be ended");
            panic!("it did not end: {:?}", self.text);
        };
        status.code().expect("it was not killed")
    }
}

/// Takes the complete characters out of bytes, and leaves out what moves the cursor or sets colours.
fn plain(raw: &mut Vec<u8>) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == 0x1b {
            let Some(length) = raw[at + 1..].iter().skip(1).position(|byte| (0x40..=0x7e).contains(byte))
            else {
                break;
            };
            at += length + 3;
            continue;
        }
        let end = (at + 1..=raw.len()).find(|&end| std::str::from_utf8(&raw[at..end]).is_ok());
        let Some(end) = end else { break };
        text += std::str::from_utf8(&raw[at..end]).expect("it was just seen to be");
        at = end;
    }
    raw.drain(..at);
    text
}

/// A session at its first prompt.
fn terminal() -> (Scratch, Terminal) {
    let scratch = Scratch::new();
    let mut terminal = Terminal::start(&scratch.path().join("history"), &["repl"]);
    terminal.expect(PROMPT);
    (scratch, terminal)
}

#[test]
fn values_are_printed_at_the_prompt() {
    let scratch = Scratch::new();
    // On a terminal no word is needed.
    let mut terminal = Terminal::start(&scratch.path().join("history"), &[]);
    let greeting = terminal.expect(PROMPT);
    assert!(greeting.contains(concat!("Orus ", env!("CARGO_PKG_VERSION"))), "{greeting:?}");
    assert_eq!(terminal.say("1 + 2"), "3\n");
    assert_eq!(terminal.say("\"text\""), "\"text\"\n");
    assert_eq!(terminal.say("x = [1.5, 2.0]"), "");
    assert_eq!(terminal.say("x"), "[1.5, 2]\n");
    assert_eq!(terminal.say("print(\"a\", 1)"), "a 1\n");
    assert_eq!(terminal.say(""), "");
    terminal.type_in("exit\r");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn blocks_go_on_until_an_empty_line() {
    let (_scratch, mut terminal) = terminal();
    for line in ["fn twice(n: i32) -> i32:\r", "    return n * 2\r"] {
        terminal.type_in(line);
        terminal.expect("....> ");
    }
    assert_eq!(terminal.say(""), "");
    assert_eq!(terminal.say("twice(21)"), "42\n");
    terminal.type_in("[1,\r");
    terminal.expect("....> ");
    assert_eq!(terminal.say("2]"), "[1, 2]\n");
    for line in ["if twice(1) == 2:\r", "    print(\"yes\")\r", "else:\r", "    print(\"no\")\r"] {
        terminal.type_in(line);
        terminal.expect("....> ");
    }
    assert_eq!(terminal.say(""), "yes\n");
    terminal.type_in(CONTROL_D);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn names_are_declared_anew() {
    let (_scratch, mut terminal) = terminal();
    assert_eq!(terminal.say("x = 5"), "");
    assert_eq!(terminal.say("fn get() -> i32: x"), "");
    // A header with its suite on the line is complete.
    assert_eq!(terminal.say("x = \"five\""), "");
    assert_eq!(terminal.say("typeof(x)"), "\"string\"\n");
    assert_eq!(terminal.say("get()"), "5\n");
    assert_eq!(terminal.say("fn get() -> string: x"), "");
    assert_eq!(terminal.say("get()"), "\"five\"\n");
    assert_eq!(terminal.say("a = []"), "");
    assert_eq!(terminal.say("push(a, \"s\")"), "[\"s\"]\n");
    assert!(terminal.say("push(a, 1)").contains("[E2001]"));
}

#[test]
fn errors_leave_the_session_as_it_was() {
    let (_scratch, mut terminal) = terminal();
    assert_eq!(terminal.say("x = 1"), "");
    let report = terminal.say("x + y");
    assert!(report.contains("[E1010]") && report.contains("1 error(s)"), "{report}");
    let report = terminal.say("print(x, x / 0)");
    assert!(report.contains("[E0001]") && report.contains("Division by zero"), "{report}");
    let report = terminal.say("x = (1 +* 2)");
    assert!(report.contains("SYNTAX ERROR"), "{report}");
    assert!(terminal.say("fn f() -> i32: f()").is_empty());
    assert!(terminal.say("f()").contains("Stack overflow"));
    assert_eq!(terminal.say("x + 1"), "2\n");
    terminal.type_in("exit(3)\r");
    assert_eq!(terminal.ends(), 3);
}

#[test]
fn the_history_comes_back() {
    let scratch = Scratch::new();
    let history = scratch.path().join("state/history");
    let mut terminal = Terminal::start(&history, &["repl"]);
    terminal.expect(PROMPT);
    assert_eq!(terminal.say("6 * 7"), "42\n");
    assert_eq!(terminal.say("\"other\""), "\"other\"\n");
    assert_eq!(terminal.say(&ARROW_UP.repeat(2)), "42\n");
    terminal.type_in("exit\r");
    assert_eq!(terminal.ends(), 0);
    let text = std::fs::read_to_string(&history).expect("the history was written");
    assert!(text.contains("6 * 7") && text.contains("\"other\""), "{text}");

    let mut terminal = Terminal::start(&history, &["repl"]);
    terminal.expect(PROMPT);
    assert_eq!(terminal.say(ARROW_UP), "42\n");
    terminal.type_in("exit(0)\r");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn control_c_at_the_prompt_drops_the_line() {
    let (_scratch, mut terminal) = terminal();
    terminal.type_in("print(\"never\"");
    terminal.expect("\"never\"");
    terminal.type_in(CONTROL_C);
    terminal.expect(PROMPT);
    assert_eq!(terminal.say("1"), "1\n");
    // In the middle of a block, too.
    terminal.type_in("while true:\r");
    terminal.expect("....> ");
    terminal.type_in(CONTROL_C);
    terminal.expect(PROMPT);
    assert_eq!(terminal.say("2"), "2\n");
    terminal.type_in(CONTROL_D);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn control_c_stops_what_runs() {
    let (_scratch, mut terminal) = terminal();
    assert_eq!(terminal.say("n = [0]"), "");
    for round in ["while true: n[0] = 1", "print(input(\"? \"))", "while true: n[0] = 2"] {
        terminal.type_in(round);
        terminal.type_in("\r");
        terminal.expect("\n");
        if round.contains("input") {
            terminal.expect("? ");
        }
        std::thread::sleep(Duration::from_millis(700));
        terminal.type_in(CONTROL_C);
        let said = terminal.expect(PROMPT);
        assert!(said.contains("orus: the program was interrupted"), "{said:?}");
    }
    assert_eq!(terminal.say("n"), "[2]\n");
    terminal.type_in(CONTROL_D);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn programs_read_the_terminal() {
    let (_scratch, mut terminal) = terminal();
    terminal.type_in("name = input(\"name? \")\r");
    terminal.expect("\n");
    terminal.expect("name? ");
    terminal.type_in("ada\r");
    terminal.expect(PROMPT);
    assert_eq!(terminal.say("name"), "\"ada\"\n");
}

#[test]
fn through_a_pipe_there_is_no_prompt() {
    let input = b"1 + 2\nx = [1,\n2]\nx\nfn f(n: i32) -> i32:\n    return n\n\nf(7)\ny\n1 / 0\nx[1]";
    let ran = run_with(&mut orus(["repl"]), input);
    assert_eq!(ran.ended(0).out, "3\n[1, 2]\n7\n2\n");
    assert!(ran.err.contains("[E1010]") && ran.err.contains("[E0001]"), "{ran:?}");
    run_with(&mut orus(["repl"]), b"1\nexit\n2\n").printed("1\n");
    run_with(&mut orus(["repl"]), b"").printed("");
    run_with(&mut orus(["repl"]), b"exit(9)").ended(9);
    run_with(&mut orus(["repl"]), b"a = \"\r\n\xff\"\n").ended(0);
    // A block that the end of the input ends.
    run_with(&mut orus(["repl"]), b"for i in 0..2:\n    print(i)").printed("0\n1\n");
    // Programs and the session share the input, line by line.
    run_with(&mut orus(["repl"]), b"a = input()\nfirst\nb = input()\nsecond\na + b\n")
        .printed("\"firstsecond\"\n");
}
