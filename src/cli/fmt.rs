//! `orus fmt`: lays out source files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::args::FmtArgs;
use super::output::{complain, write};
use super::status;
use crate::{Reports, format_source};

/// The exit status: 0 if all is well; with `--check`, 1 if some file would change.
pub fn main(args: &FmtArgs) -> u8 {
    let mut worst = 0;
    let mut fail = |code: u8| worst = if worst == 0 { code } else { worst };
    for path in &args.paths {
        if path == Path::new("-") {
            fail(standard_input(args));
            continue;
        }
        let mut files = Vec::new();
        if let Err(error) = source_files(path, &|_| true, &mut files) {
            complain(&format!("cannot read `{}`: {error}", path.display()));
            fail(status::NO_INPUT);
        }
        for file in files {
            fail(format_file(&file, args));
        }
    }
    worst
}

fn standard_input(args: &FmtArgs) -> u8 {
    let mut source = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut source) {
        complain(&format!("cannot read standard input: {error}"));
        return status::NO_INPUT;
    }
    match format_source("-", &source) {
        Ok(text) if args.check => u8::from(text.as_bytes() != source),
        Ok(text) => write(text.as_bytes()),
        Err(reports) => args.report.compile_failed(&reports),
    }
}

fn format_file(file: &Path, args: &FmtArgs) -> u8 {
    let source = match fs::read(file) {
        Ok(source) => source,
        Err(error) => {
            complain(&format!("cannot read `{}`: {error}", file.display()));
            return status::NO_INPUT;
        }
    };
    let formatted: Result<String, Reports> = format_source(&file.display().to_string(), &source);
    let text = match formatted {
        Ok(text) => text,
        Err(reports) => return args.report.compile_failed(&reports),
    };
    if text.as_bytes() == source {
        return 0;
    }
    if args.check {
        return write(format!("would change {}\n", file.display()).as_bytes()).max(1);
    }
    match fs::write(file, text) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("cannot write `{}`: {error}", file.display()));
            status::OUTPUT
        }
    }
}

/// The `*.orus` files of a name that pass a test: the file itself, or those in a folder and below, in the order of their names.
/// Hidden folders are passed over. A file that is named outright need not pass.
pub fn source_files(
    path: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) -> std::io::Result<()> {
    if !path.is_dir() {
        fs::metadata(path)?;
        found.push(path.to_owned());
        return Ok(());
    }
    // A work list, since folders may be nested to any depth.
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "orus") && wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(())
}
