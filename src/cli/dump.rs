//! `orus dump`: what a program is compiled to.

use super::args::{DumpArgs, Stage};
use super::output::{complain, write};
use super::{run, status};
use crate::{Listing, LoadError, Program};

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
    let name = args.function.as_deref();
    let text = match args.stage {
        Stage::Bytecode => bytecode(&program, args),
        #[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
        stage => native(&program, name, stage),
        #[cfg(not(all(feature = "jit", unix, target_arch = "x86_64")))]
        _ => {
            complain("there is no code generator for this machine");
            return status::USAGE;
        }
    };
    match text {
        Some(text) => write(text.as_bytes()),
        None => {
            complain(&format!("no function is called `{}`", name.unwrap_or_default()));
            status::USAGE
        }
    }
}

#[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
fn native(program: &Program, name: Option<&str>, stage: Stage) -> Option<String> {
    use crate::jit::dump::{self, dump};
    let stage = match stage {
        Stage::Bytecode | Stage::Translated => dump::Stage::Translated,
        Stage::Ir => dump::Stage::Ir,
        Stage::Intervals => dump::Stage::Intervals,
        Stage::Asm => dump::Stage::Asm,
    };
    dump(program.bytecode(), name, stage, crate::opt::Level::Full)
}

fn bytecode(program: &Program, args: &DumpArgs) -> Option<String> {
    let listing = match (&args.function, args.plain) {
        (Some(name), _) => Listing::Function(name),
        (None, true) => Listing::Plain,
        (None, false) => Listing::WithSource,
    };
    program.bytecode_text(listing)
}
