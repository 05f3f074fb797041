//! Tests that are files: a text, what to do with it, and what comes out.
//!
//! A file begins with comments: what it is about, then a line `; run: STAGE` for each thing to do. The input follows. Then comes, for each
//! of them, a heading `;; STAGE` and the text expected. With `ORUS_BLESS=1` the expected texts are replaced by the actual ones, and the
//! difference is printed; not where the environment says `CI`. `ORUS_FILES` has paths, one a line: only files below them are looked at.
//! `tools/filetest` sets both.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Runs the files of a directory below `tests`, and of those in it. How many there were.
pub fn directory(name: &str, run: impl Fn(&str, &str) -> String) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("ORUS_BLESS").is_some();
    assert!(!bless || std::env::var_os("CI").is_none(), "expected texts are not replaced in CI");
    let wanted: Option<Vec<PathBuf>> =
        std::env::var("ORUS_FILES").ok().map(|paths| paths.lines().map(|path| root.join(path)).collect());
    let mut report = String::new();
    let mut count = 0;
    for path in files(&root.join("tests").join(name)) {
        if wanted.as_ref().is_some_and(|wanted| !wanted.iter().any(|wanted| path.starts_with(wanted))) {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let body = text.find("\n;; ").map_or(text.len(), |at| at + 1);
        let (input, expected) = text.split_at(body);
        let stages: Vec<&str> = input.lines().filter_map(|line| line.strip_prefix("; run: ")).collect();
        assert!(!stages.is_empty(), "{} says nothing to run", path.display());
        let mut actual = String::new();
        for stage in stages {
            let _ = write!(actual, ";; {stage}\n{}", run(stage, input));
        }
        if actual != expected {
            let _ = writeln!(report, "{}:\n{}", path.display(), difference(expected, &actual));
            if bless {
                std::fs::write(path, format!("{input}{actual}")).unwrap();
            }
        }
    }
    assert!(count > 0 || wanted.is_some(), "no tests in tests/{name}");
    if bless {
        print!("{report}");
    } else {
        assert!(report.is_empty(), "{report}");
    }
    count
}

/// The files `*.test` of a directory and of those in it, sorted.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut directories = vec![directory.to_owned()];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "test") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The lines that differ, from the first to the last one.
fn difference(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old[same..].iter().rev().zip(new[same..].iter().rev());
    let tail = rest.take_while(|(old, new)| old == new).count();
    let mut out = format!("from line {} of the expected texts\n", same + 1);
    for (sign, lines, tail) in [('-', &old, tail), ('+', &new, tail)] {
        for line in lines[same..lines.len() - tail].iter().take(40) {
            let _ = writeln!(out, "{sign} {line}");
        }
    }
    out
}
