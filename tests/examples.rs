//! Each program of `examples/` prints what its `.out` file holds, reading its `.in` file where there is one, and succeeds.
//!
//! A folder with a `main.orus` is one program, run in its folder; its `.out` file has the folder's name.

#[allow(dead_code, reason = "an example has a main")]
#[path = "../examples/asm_tour.rs"]
mod asm_tour;
mod common;
#[allow(dead_code, reason = "an example has a main")]
#[path = "../examples/jit_calculator.rs"]
mod jit_calculator;

use std::collections::BTreeSet;
use std::path::Path;

use common::{orus, run_with};

#[test]
fn examples_print_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names = BTreeSet::new();
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
        let path = entry.path();
        files += 1;
        names.insert(path.file_stem().expect("it has a name").to_string_lossy().into_owned());
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let known = path.join("main.orus").is_file()
            || matches!(extension.as_deref(), Some("orus" | "out" | "in" | "md" | "rs"));
        assert!(known, "`{}` belongs to no example", path.display());
    }
    names.retain(|name| folder.join(name).is_dir() || folder.join(name).with_extension("orus").is_file());
    assert!(files > names.len() && names.len() >= 8, "the examples are there: {names:?}");
    for name in names {
        let base = folder.join(&name);
        let (place, program) = match base.is_dir() {
            true => (base.clone(), "main.orus".to_owned()),
            false => (folder.clone(), format!("{name}.orus")),
        };
        let input = std::fs::read(base.with_extension("in")).unwrap_or_default();
        let expected = std::fs::read_to_string(base.with_extension("out"))
            .unwrap_or_else(|_| panic!("`{name}.out` is missing"));
        let ran = run_with(orus([&program]).current_dir(&place), &input);
        assert_eq!(ran.ended(0).out, expected, "{name}");
        assert_eq!(ran.err, "", "{name}");
    }
}

/// `asm_tour.out` holds what an x86_64 prints; others do not call the function, and print all but what it says.
#[test]
fn the_assemblers_tour_prints_what_is_expected() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/asm_tour.out");
    let printed = asm_tour::tour().expect("the tour has no errors");
    if std::env::var_os("ORUS_BLESS").is_some() {
        std::fs::write(&path, &printed).expect("the file can be written");
    }
    let mut expected = std::fs::read_to_string(&path).expect("the file is there");
    if !cfg!(target_arch = "x86_64") {
        expected = expected.replace("\nIt says that 3 + 14 + 25 is 42.\n", "");
    }
    assert_eq!(printed, expected);
}

#[cfg(all(unix, target_arch = "x86_64"))]
#[test]
fn the_calculator_prints_what_is_expected() {
    use jit_calculator::calculator::{SESSION, calculate};
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jit_calculator.out");
    let printed = calculate(SESSION.lines().map(str::to_owned), false).expect("it can compile");
    if std::env::var_os("ORUS_BLESS").is_some() {
        std::fs::write(&path, &printed).expect("the file can be written");
    }
    assert_eq!(printed, std::fs::read_to_string(&path).expect("the file is there"));
    let lines = ["let f(x) = x * x + 1", "f(3)"];
    let dumped = calculate(lines.iter().map(|&line| line.to_owned()), true).expect("it can compile");
    for part in ["fn f(v0: f64) -> f64 orus", "mul.f64 v0, v0", "endbr64", "mulsd", "\n10\n"] {
        assert!(dumped.contains(part), "no `{part}` in: {dumped}");
    }
}

/// The README's snippet on the assembler is the one that the documentation's tests compile and run.
#[test]
fn the_readmes_assembler_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("the file is there");
    let readme = read("README.md");
    let section = readme.split_once("## Only the assembler").expect("the section is there").1;
    let snippet = section.split("```").nth(1).expect("the snippet is there").trim_start_matches("rust");
    let documentation: String = read("src/asm/mod.rs")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("//!")?.trim_start()))
        .filter(|line| !line.starts_with("# "))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(documentation.contains(snippet), "not in the documentation: {snippet}");
}
