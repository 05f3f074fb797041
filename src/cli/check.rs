//! `orus check`: the compile-time errors of programs.

use super::args::CheckArgs;
use super::output::complain;
use super::{run, status};
use crate::LoadError;

/// The exit status: that of the first program that fails.
pub fn main(args: &CheckArgs) -> u8 {
    let mut worst = 0;
    for file in &args.files {
        let code = match run::load(file) {
            Ok(_) => 0,
            Err(LoadError::Compile(reports)) => args.report.compile_failed(&reports),
            Err(error) => {
                complain(&error.to_string());
                status::NO_INPUT
            }
        };
        if worst == 0 {
            worst = code;
        }
    }
    worst
}
