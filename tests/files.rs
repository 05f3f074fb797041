//! Tests that are files: an input, what to do with it, and the text that comes out.
//!
//! A file begins with comments: what it is about, then a line `; run: STAGE` for each thing to do. The input follows. Then
//! comes, for each of them, a heading `;; STAGE` and the text expected. With `ORUS_BLESS=1` the expected texts are replaced
//! by the actual ones, and the difference is printed; not where the environment says `CI`.

use std::fmt::Write;
use std::path::Path;

use orus::bytecode::{parse, print, print_listing, verify};

#[test]
fn bytecode() {
    directory("bytecode", |stage, input| match stage {
        "verify" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => match verify(&program) {
                Err(error) => format!("{error}\n"),
                Ok(()) => "ok\n".to_string(),
            },
        },
        "print" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => {
                let text = print(&program);
                assert_eq!(parse(&text).as_ref(), Ok(&program), "the printed text is another program");
                text
            }
        },
        "listing" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => print_listing(&program, None),
        },
        _ => panic!("no stage `{stage}`"),
    });
}

/// Runs the files of a directory below `tests`.
fn directory(name: &str, run: impl Fn(&str, &str) -> String) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let bless = std::env::var_os("ORUS_BLESS").is_some();
    assert!(!bless || std::env::var_os("CI").is_none(), "expected texts are not replaced in CI");
    let mut paths: Vec<_> =
        std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut report = String::new();
    let mut count = 0;
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "test")) {
        count += 1;
        let text = std::fs::read_to_string(path).unwrap();
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
    assert!(count > 0, "no tests in {}", directory.display());
    if bless {
        print!("{report}");
    } else {
        assert!(report.is_empty(), "{report}");
    }
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
