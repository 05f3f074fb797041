//! Standard output and standard error, whatever becomes of them.

use std::io::{self, IsTerminal, Write};

use super::args::{ErrorFormat, JitMode, LimitArgs, OptLevel, ReportArgs};
use super::input::Input;
use super::status;
use super::stress::{Stress, of_the_code_generator};
use crate::opt::Level;
use crate::{Engine, EngineBuilder, Jit, ReportFormat, Reports};

/// Writes to standard output: the exit status.
pub fn write(bytes: &[u8]) -> u8 {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => 0,
        Err(error) => output_failed(error.kind()),
    }
}

/// Says that standard output cannot be written. A reader that went away knows it already.
pub fn output_failed(kind: io::ErrorKind) -> u8 {
    if kind != io::ErrorKind::BrokenPipe {
        complain(&format!("cannot write standard output: {}", io::Error::from(kind)));
    }
    status::OUTPUT
}

/// One line on standard error. If that is closed there is nobody to tell.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "orus: {message}");
}

/// Writes text to standard error.
pub fn report(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

impl ReportArgs {
    /// How reports are to be written.
    pub fn format(&self) -> ReportFormat {
        match self.error_format {
            ErrorFormat::Friendly => ReportFormat::Friendly { color: color_allowed(self.no_color) },
            ErrorFormat::Minimal => ReportFormat::Minimal,
            ErrorFormat::Json => ReportFormat::Json,
        }
    }

    /// Reports compile-time errors: the exit status.
    pub fn compile_failed(&self, reports: &Reports) -> u8 {
        report(&reports.render(self.format()));
        status::COMPILE
    }
}

/// Whether colour goes to standard error: only on a terminal, and not against the user's wish.
pub fn color_allowed(forbidden: bool) -> bool {
    !forbidden
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && io::stderr().is_terminal()
}

impl LimitArgs {
    /// An engine with these limits.
    pub fn engine(&self) -> EngineBuilder {
        let mut builder = Engine::builder()
            .input(Input::default())
            .stress_gc(self.stress.contains(&Stress::Gc))
            .jit_stress(of_the_code_generator(&self.stress));
        if let Some(calls) = self.max_recursion {
            builder = builder.max_recursion(calls);
        }
        if let Some(bytes) = self.max_heap {
            builder = builder.max_heap(bytes);
        }
        builder = builder.jit(match self.jit {
            _ if self.no_jit => Jit::Off,
            Some(JitMode::Off) => Jit::Off,
            _ if self.stress.contains(&Stress::Compile) => Jit::Always,
            None | Some(JitMode::On) => Jit::On,
            Some(JitMode::Always) => Jit::Always,
        });
        if let Some(passes) = self.jit_threshold {
            builder = builder.jit_threshold(passes);
        }
        builder.jit_level(match self.jit_opt_level {
            Some(OptLevel::None) => Level::None,
            Some(OptLevel::Fast) => Level::Fast,
            None | Some(OptLevel::Full) => Level::Full,
        })
    }
}
