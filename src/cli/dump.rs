//! `orus dump`: what a program is compiled to.

use super::args::{DumpArgs, Stage};
use super::output::{complain, write};
use super::{run, status};
use crate::{Listing, LoadError};

/// The exit status.
pub fn main(args: &DumpArgs) -> u8 {
    let program = match run::load(&args.file) {
        Ok(program) => program,
        Err(LoadError::Compile(reports)) => return args.report.compile_failed(&reports),
        Err(error) => {
            complain(&error.to_string());
            return status::NO_INPUT;
        }
    };
    let Stage::Bytecode = args.stage;
    let listing = match (&args.function, args.plain) {
        (Some(name), _) => Listing::Function(name),
        (None, true) => Listing::Plain,
        (None, false) => Listing::WithSource,
    };
    match program.bytecode_text(listing) {
        Some(text) => write(text.as_bytes()),
        None => {
            complain(&format!("no function is called `{}`", args.function.as_deref().unwrap_or_default()));
            status::USAGE
        }
    }
}
