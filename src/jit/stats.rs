//! What the compiler did, and how it went.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bytecode::Program;
use crate::ir::Reason;

use super::unit::{Entry, Scope};

/// Why a unit is not, or no longer, run in native code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It was not translated.
    Declined(super::unit::Declined),
    /// The code generator did not take it.
    Compile(crate::codegen::CompileError),
    /// There was no room in the code cache, or the system refused.
    Cache,
    /// Its guards failed too often.
    Guards,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Declined(reason) => write!(f, "declined: {reason}"),
            Failure::Compile(error) => write!(f, "not compiled: {error}"),
            Failure::Cache => f.write_str("no room for code"),
            Failure::Guards => f.write_str("its guards failed too often"),
        }
    }
}

/// A unit that is not, or no longer, run in native code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// The name of its function.
    pub function: String,
    /// Where that is entered.
    pub entry: Entry,
    /// Why.
    pub failure: Failure,
}

impl Failed {
    /// A unit of a program.
    pub(super) fn new(program: &Program, scope: Scope, failure: Failure) -> Failed {
        let function = program.functions[scope.func.index()].name.to_string();
        Failed { function, entry: scope.entry, failure }
    }
}

/// Counts of one runtime.
#[derive(Clone, Default, Debug)]
pub struct Stats {
    /// Functions and loops compiled.
    pub functions: u32,
    pub loops: u32,
    /// Words of bytecode and bytes of code of these.
    pub words: usize,
    pub code_bytes: usize,
    /// The time that translating, optimising, compiling and linking took.
    pub compile_time: Duration,
    /// How often the interpreter entered native code: functions and loops.
    pub function_entries: u64,
    pub loop_entries: u64,
    /// How often guards failed, by reason.
    pub exits: BTreeMap<Reason, u64>,
    /// Instructions that the interpreter executed for native code.
    pub steps: u64,
    /// Calls from native code to the interpreter.
    pub outcalls: u64,
    /// What is not compiled, and why.
    pub failures: Vec<Failed>,
}

impl Stats {
    /// To the microsecond.
    fn compile_milliseconds(&self) -> f64 {
        self.compile_time.as_micros() as f64 / 1e3
    }

    /// The same as the text says, as one object. Of a loop, `word` is where it is entered.
    pub fn to_json(&self) -> Value {
        let exits = self.exits.iter().map(|(reason, &count)| (reason.name().to_owned(), count.into()));
        let failures = self.failures.iter().map(|Failed { function, entry, failure }| {
            let reason = failure.to_string();
            match entry {
                Entry::Function => json!({ "function": function, "entry": "function", "reason": reason }),
                Entry::Loop(word) => {
                    json!({ "function": function, "entry": "loop", "word": word, "reason": reason })
                }
            }
        });
        json!({
            "functions": self.functions,
            "loops": self.loops,
            "words": self.words,
            "code_bytes": self.code_bytes,
            "compile_ms": self.compile_milliseconds(),
            "function_entries": self.function_entries,
            "loop_entries": self.loop_entries,
            "outcalls": self.outcalls,
            "steps": self.steps,
            "exits": Value::Object(exits.collect()),
            "failures": failures.collect::<Value>(),
        })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { functions, loops, words, code_bytes, .. } = self;
        writeln!(
            f,
            "compiled: {functions} functions, {loops} loops; {words} words, {code_bytes} bytes of code"
        )?;
        writeln!(f, "compiling took: {:.3} ms", self.compile_milliseconds())?;
        writeln!(f, "entries: {} of functions, {} of loops", self.function_entries, self.loop_entries)?;
        writeln!(f, "left to the interpreter: {} calls, {} instructions", self.outcalls, self.steps)?;
        let exits: Vec<String> =
            self.exits.iter().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
        writeln!(
            f,
            "failed guards: {}",
            if exits.is_empty() { "none".to_owned() } else { exits.join(", ") }
        )?;
        for Failed { function, entry, failure } in &self.failures {
            match entry {
                Entry::Function => writeln!(f, "function {function}: {failure}")?,
                Entry::Loop(word) => writeln!(f, "loop at {word} of {function}: {failure}")?,
            }
        }
        Ok(())
    }
}
