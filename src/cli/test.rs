//! `orus test`: runs the functions `test_…` of `*_test.orus` files.
//!
//! A test is a named function without parameters whose name begins with `test_`. It passes if it returns. Each file is loaded anew for
//! each of its tests, so that tests do not see what others left, and what a test prints is shown only if it fails.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::args::TestArgs;
use super::fmt::source_files;
use super::interrupt::{self, Patience};
use super::output::{complain, report, write};
use super::run::load;
use super::status;
use crate::{LoadError, Program, RunError};

/// The exit status: 0 if all tests passed, 1 if some failed or none was found.
pub fn main(args: &TestArgs) -> u8 {
    let started = Instant::now();
    let paths = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let mut files = Vec::new();
    for path in &paths {
        if let Err(error) = source_files(path, &is_test_file, &mut files) {
            complain(&format!("cannot read `{}`: {error}", path.display()));
            return status::NO_INPUT;
        }
    }
    let mut tally = Tally::default();
    for file in &files {
        match load(file) {
            Ok(program) => {
                if let Err(code) = run_file(file, &program, args, &mut tally) {
                    return code;
                }
            }
            Err(LoadError::Compile(reports)) => {
                tally.broken += 1;
                args.report.compile_failed(&reports);
            }
            Err(error) => {
                complain(&error.to_string());
                return status::NO_INPUT;
            }
        }
    }
    if args.list {
        return if tally.broken == 0 { 0 } else { 1 };
    }
    let mut summary = format!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.broken > 0 {
        summary += &format!(", {} not compiled", tally.broken);
    }
    if tally.filtered > 0 {
        summary += &format!(", {} filtered out", tally.filtered);
    }
    let code = write(format!("\n{summary} in {:.2} s\n", started.elapsed().as_secs_f64()).as_bytes());
    if tally.passed + tally.failed == 0 && tally.filtered == 0 {
        complain("no tests found: a test is a function `test_…` without parameters in a file `…_test.orus`");
    }
    if code != 0 { code } else { u8::from(tally.failed + tally.broken > 0 || tally.passed == 0) }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    broken: usize,
    filtered: usize,
}

fn is_test_file(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.as_encoded_bytes().ends_with(b"_test"))
}

/// Runs the tests of one file; an error is the exit status of a run that cannot go on.
fn run_file(file: &Path, program: &Program, args: &TestArgs, tally: &mut Tally) -> Result<(), u8> {
    for name in
        program.functions().filter(|name| name.starts_with("test_") && program.parameters(name) == Some(0))
    {
        let title = format!("{}::{name}", file.display());
        if args.filter.as_ref().is_some_and(|text| !title.contains(text)) {
            tally.filtered += 1;
            continue;
        }
        if args.list {
            line(&title)?;
            continue;
        }
        let printed = Captured::default();
        let mut engine = args.limits.engine().output(printed.clone()).build();
        let outcome = engine.load(program).and_then(|()| {
            interrupt::on_control_c(&engine, Patience::Short);
            engine.resume()?;
            engine.call::<()>(name, ())
        });
        drop(engine);
        let problem = match outcome {
            Ok(()) => {
                tally.passed += 1;
                line(&format!("ok    {title}"))?;
                continue;
            }
            Err(RunError::Interrupted) => return Err(status::INTERRUPTED),
            Err(RunError::Uncaught(error)) => error.render(args.report.format()),
            Err(other) => format!("{other}\n"),
        };
        tally.failed += 1;
        line(&format!("FAIL  {title}"))?;
        report(&printed.text());
        report(&problem);
    }
    Ok(())
}

fn line(text: &str) -> Result<(), u8> {
    match write(format!("{text}\n").as_bytes()) {
        0 => Ok(()),
        code => Err(code),
    }
}

/// Output that is kept.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
