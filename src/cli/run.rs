//! `orus FILE`, `orus run`: compiles and runs a program.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use super::args::{ReplArgs, RunArgs};
use super::interrupt::{self, Patience};
use super::output::{complain, output_failed, report};
use super::{repl, status};
use crate::{Engine, LoadError, Program, RunError};

/// The exit status.
pub fn main(mut args: RunArgs) -> u8 {
    let program_words = if args.code.is_some() { 0 } else { 1 };
    if args.words.len() < program_words {
        if io::stdin().is_terminal() {
            return repl::main(&ReplArgs { limits: args.limits, no_color: args.report.no_color });
        }
        args.words.push("-".into());
    }
    let program = match &args.code {
        Some(code) => Program::from_source("-e", code).map_err(LoadError::Compile),
        None => load(Path::new(&args.words[0])),
    };
    let program = match program {
        Ok(program) => program,
        Err(error) => return load_failed(&error, &args),
    };
    if args.check {
        return 0;
    }
    let arguments = args.words.iter().skip(program_words).map(|word| word.to_string_lossy().into_owned());
    let mut engine = args.limits.engine().arguments(arguments).build();
    let status = execute(&mut engine, &program, &args);
    #[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
    if let (Some(format), Some(stats)) = (args.limits.jit_stats, engine.jit_stats()) {
        use super::args::StatsFormat;
        report(&match format {
            StatsFormat::Text => stats.to_string(),
            StatsFormat::Json => format!("{}\n", stats.to_json()),
        });
    }
    // The process ends, and the system takes the memory back faster than we could give it.
    std::mem::forget((engine, program));
    status
}

/// Reads a program from a file, or from standard input if the file is `-`.
pub fn load(file: &Path) -> Result<Program, LoadError> {
    if file != Path::new("-") {
        return Program::from_file(file);
    }
    let mut source = Vec::new();
    io::stdin().read_to_end(&mut source).map_err(|error| LoadError::Read { file: file.to_owned(), error })?;
    Program::from_bytes("-", &source).map_err(LoadError::Compile)
}

fn load_failed(error: &LoadError, args: &RunArgs) -> u8 {
    match error {
        LoadError::Compile(reports) => args.report.compile_failed(reports),
        LoadError::Read { .. } => {
            complain(&error.to_string());
            status::NO_INPUT
        }
    }
}

fn execute(engine: &mut Engine, program: &Program, args: &RunArgs) -> u8 {
    let outcome = engine.load(program).and_then(|()| {
        interrupt::on_control_c(engine, Patience::Short);
        engine.resume()
    });
    match outcome {
        Ok(()) => 0,
        Err(error) => stopped(&error, args),
    }
}

/// Says why a run ended: the exit status.
fn stopped(error: &RunError, args: &RunArgs) -> u8 {
    match error {
        RunError::Uncaught(error) => {
            report(&error.render(args.report.format()));
            status::RUNTIME
        }
        // Only the low eight bits of a status leave a process.
        RunError::Exit(exit) => *exit as u8,
        RunError::Interrupted => status::INTERRUPTED,
        RunError::Output(kind) => output_failed(*kind),
        other => {
            complain(&other.to_string());
            status::RUNTIME
        }
    }
}
