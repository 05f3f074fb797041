//! The command `orus`: options, commands, output. Uses the library's public face only, and decides nothing about the
//! language.

mod args;
mod check;
mod dump;
mod fmt;
mod input;
mod interrupt;
mod output;
mod repl;
mod run;
mod stress;
mod test;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use args::{Cli, Command};

/// Exit statuses, as the language reference lists them.
pub mod status {
    /// Wrong use of the command line.
    pub const USAGE: u8 = 64;
    /// A compile-time error.
    pub const COMPILE: u8 = 65;
    /// The program file cannot be read.
    pub const NO_INPUT: u8 = 66;
    /// An uncaught runtime error.
    pub const RUNTIME: u8 = 70;
    /// Standard output cannot be written.
    pub const OUTPUT: u8 = 74;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// Runs the command with these words, the program's name first: the exit status.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    let cli = match Cli::quick(&words).map_or_else(|| Cli::try_parse_from(&words), Ok) {
        Ok(cli) => cli,
        Err(error) => return told(&error),
    };
    match cli.command {
        None => run::main(cli.run),
        Some(Command::Run(args)) => run::main(args),
        Some(Command::Check(args)) => check::main(&args),
        Some(Command::Repl(args)) => repl::main(&args),
        Some(Command::Test(args)) => test::main(&args),
        Some(Command::Fmt(args)) => fmt::main(&args),
        Some(Command::Dump(args)) => dump::main(&args),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "orus", &mut script);
            output::write(&script)
        }
    }
}

/// Prints help, the version, or what is wrong with the command line.
fn told(error: &clap::Error) -> u8 {
    let printed = error.print().and_then(|()| io::stdout().flush());
    match (error.kind(), printed) {
        // Help and the version go to standard output and are no failure.
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, Ok(())) => 0,
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, Err(error)) => {
            output::output_failed(error.kind())
        }
        _ => status::USAGE,
    }
}
