//! What becomes of a case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orus::bytecode;
use orus::{Program, Reports};

use super::cases::Case;
use crate::execute::{self, End, Limits, Mode, Watchdog, panic_text};

/// How a case ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Fate {
    /// Reports of the lexer or parser.
    Syntax,
    /// Reports of what comes behind the parser.
    Semantics,
    /// It ran: to its end, to an uncaught error, or until it was stopped.
    Ran(&'static str),
    /// It compiles, but runs code from outside.
    Foreign,
    /// Bytecode that is no text form of a program.
    Unreadable,
    /// Bytecode that the verifier rejects.
    Unverified,
    /// What must not happen.
    Failed(String),
}

impl Fate {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::Syntax => "stopped by the parser",
            Fate::Semantics => "stopped by the checker",
            Fate::Ran(how) => how,
            Fate::Foreign => "compiled",
            Fate::Unreadable => "not readable",
            Fate::Unverified => "stopped by the verifier",
            Fate::Failed(_) => "failed",
        }
    }
}

/// Longer than this no compilation may take, even on a busy machine.
const COMPILE_TIME: Duration = Duration::from_secs(15);

/// Limits of the runs: what is interesting happens soon.
pub fn limits() -> Limits {
    Limits { heap: 64 << 20, recursion: 2_000, time: Duration::from_millis(100), output: 1 << 20 }
}

/// Tries a case.
pub fn run(case: &Case, stress: bool, watchdog: &Watchdog) -> Fate {
    let mode = if stress { Mode::StressGc } else { Mode::Plain };
    match case {
        Case::Source(bytes) => source(bytes, mode, watchdog),
        Case::Bytecode(text) => bytecode_text(text, mode, watchdog),
    }
}

fn source(bytes: &[u8], mode: Mode, watchdog: &Watchdog) -> Fate {
    let start = Instant::now();
    let compiled = catch_unwind(AssertUnwindSafe(|| match std::str::from_utf8(bytes) {
        // Without modules, so that no file is read.
        Ok(text) => Program::from_modules("main.orus", text, []),
        Err(_) => Program::from_bytes("main.orus", bytes),
    }));
    let compile_time = start.elapsed();
    let formatted = catch_unwind(AssertUnwindSafe(|| {
        let once = orus::format_source("main.orus", bytes).ok()?;
        let twice = orus::format_source("main.orus", once.as_bytes());
        Some((once, twice))
    }));
    match formatted {
        Ok(None) => {}
        Ok(Some((once, Ok(twice)))) if once == twice => {}
        Ok(Some((_, Ok(_)))) => return Fate::Failed("formatting twice gives another text".to_owned()),
        Ok(Some((_, Err(reports)))) => {
            return Fate::Failed(format!("a formatted text is rejected:\n{reports}"));
        }
        Err(panic) => return Fate::Failed(format!("the formatter panics: {}", panic_text(&*panic))),
    }
    if compile_time > COMPILE_TIME {
        return Fate::Failed(format!("compiling takes {compile_time:?}"));
    }
    match compiled {
        Err(panic) => Fate::Failed(format!("the compiler panics: {}", panic_text(&*panic))),
        Ok(Err(reports)) => rejected(&reports),
        Ok(Ok(program)) if String::from_utf8_lossy(bytes).contains("extern") => {
            drop(program);
            Fate::Foreign
        }
        Ok(Ok(program)) => {
            let (outcome, _) = execute::execute(&program, mode, &limits(), watchdog);
            match outcome.end {
                End::Finished => Fate::Ran("ran to the end"),
                End::Uncaught { .. } => Fate::Ran("ran to an uncaught error"),
                End::Stopped(why) if why.starts_with("the engine cannot start") => {
                    Fate::Failed(format!("it compiles, but {why}"))
                }
                End::Stopped(_) => Fate::Ran("ran until it was stopped"),
                End::Panicked(why) => Fate::Failed(format!("the machine panics: {why}")),
                End::Rejected(why) => Fate::Failed(why),
            }
        }
    }
}

/// Reports must be in order, few, and each of a known code; rendering them must work.
fn rejected(reports: &Reports) -> Fate {
    let rendered = catch_unwind(AssertUnwindSafe(|| {
        use orus::ReportFormat::{Friendly, Json, Minimal};
        [Friendly { color: true }, Friendly { color: false }, Minimal, Json]
            .map(|format| reports.render(format).len())
    }));
    if let Err(panic) = rendered {
        return Fate::Failed(format!("rendering a report panics: {}", panic_text(&*panic)));
    }
    let codes: Vec<&str> = reports.iter().map(|report| report.code.as_str()).collect();
    if codes.is_empty() || codes.len() > 20 {
        return Fate::Failed(format!("{} reports", codes.len()));
    }
    if codes.iter().any(|code| code.starts_with("E9") || code.starts_with("E0")) {
        return Fate::Failed(format!("an error of the compiler itself:\n{reports}"));
    }
    let positions: Vec<_> = reports.iter().map(|report| (report.line, report.column)).collect();
    let same_file = reports.iter().all(|report| report.file == "main.orus");
    if same_file && !positions.is_sorted() {
        return Fate::Failed(format!("reports out of order: {positions:?}"));
    }
    // E1006 may come from either; it is counted as the parser's.
    let syntax = ["E1001", "E1002", "E1003", "E1004", "E1005", "E1006", "E1007", "E1008", "E1009", "E1020"];
    if codes.iter().any(|code| syntax.contains(code)) { Fate::Syntax } else { Fate::Semantics }
}

fn bytecode_text(text: &str, mode: Mode, watchdog: &Watchdog) -> Fate {
    let parsed = match catch_unwind(AssertUnwindSafe(|| bytecode::parse(text))) {
        Ok(Ok(program)) => Arc::new(program),
        Ok(Err(_)) => return Fate::Unreadable,
        Err(panic) => return Fate::Failed(format!("the parser of bytecode panics: {}", panic_text(&*panic))),
    };
    match catch_unwind(AssertUnwindSafe(|| bytecode::verify(&parsed))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let described = catch_unwind(AssertUnwindSafe(|| error.to_string()));
            return match described {
                Ok(_) => Fate::Unverified,
                Err(panic) => Fate::Failed(format!("describing a rejection panics: {}", panic_text(&*panic))),
            };
        }
        Err(panic) => return Fate::Failed(format!("the verifier panics: {}", panic_text(&*panic))),
    }
    // What is verified can be printed and read again.
    let again = catch_unwind(AssertUnwindSafe(|| {
        let printed = bytecode::print(&parsed);
        let read = bytecode::parse(&printed).map_err(|error| error.to_string());
        read.map(|read| bytecode::print(&read) == printed)
    }));
    match again {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            return Fate::Failed("a verified program changes by printing and reading".to_owned());
        }
        Ok(Err(error)) => {
            return Fate::Failed(format!("a verified program, printed, cannot be read: {error}"));
        }
        Err(panic) => {
            return Fate::Failed(format!("printing a verified program panics: {}", panic_text(&*panic)));
        }
    }
    match execute::execute_bytecode(&parsed, mode, &limits(), watchdog) {
        End::Finished => Fate::Ran("ran to the end"),
        End::Uncaught { .. } => Fate::Ran("ran to an uncaught error"),
        End::Stopped(why) if why.starts_with("the engine cannot start") => Fate::Failed(why),
        End::Stopped(_) => Fate::Ran("ran until it was stopped"),
        End::Panicked(why) => Fate::Failed(format!("the machine panics: {why}")),
        End::Rejected(why) => Fate::Failed(why),
    }
}
