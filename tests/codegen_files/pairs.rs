//! Each optimisation and each peephole pattern has a file in which it applies, and one in which it must not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orus::codegen::Isa;
use orus::codegen::x64::X64;
use orus::ir::{parse_module, print_module};
use orus::opt::pipeline::{PARTS, PASSES};

use super::directory::files;
use super::{optimize_all, run};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The input of a file, and what is done with it.
fn read(path: &Path) -> (String, Vec<String>) {
    let text = std::fs::read_to_string(path).expect("a text");
    let input = text[..text.find("\n;; ").map_or(text.len(), |at| at + 1)].to_owned();
    let stages = input.lines().filter_map(|line| line.strip_prefix("; run: ")).map(str::to_owned).collect();
    (input, stages)
}

/// Whether a pass changes the functions of a file of its own; none if the file does not run it alone.
fn changes(path: &Path, pass: &str) -> Option<bool> {
    let (input, stages) = read(path);
    let words: Vec<Vec<&str>> = stages.iter().map(|stage| stage.split_whitespace().collect()).collect();
    let words = words.iter().find(|words| words[0] == "opt" && words[1] == pass)?;
    let mut parsed = parse_module(&input).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let before = print_module(&parsed.module, &parsed.functions);
    optimize_all(&mut parsed, &words[1..]);
    Some(print_module(&parsed.module, &parsed.functions) != before)
}

#[test]
fn each_pass_has_a_file_that_it_changes_and_one_that_it_does_not() {
    let names: BTreeSet<&str> = PASSES.iter().chain(PARTS).map(|step| step.name).collect();
    assert!(names.len() >= 15, "{names:?}");
    let mut missing = Vec::new();
    for name in names {
        let directory = tests().join("opt").join(if name == "simplify" { "cfg_simplify" } else { name });
        let found: Vec<bool> = files(&directory).iter().filter_map(|path| changes(path, name)).collect();
        let changed = found.iter().filter(|&&changed| changed).count();
        println!("{name:10} changes {changed} files, and not {}", found.len() - changed);
        if changed == 0 || changed == found.len() {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "applies in all files or in none: {missing:?}");
}

#[test]
fn each_peephole_pattern_has_a_file_in_which_it_applies_and_one_in_which_it_does_not() {
    let before = X64::BEFORE.iter().map(|pattern| pattern.name);
    let names: Vec<&str> = before.chain(X64::AFTER.iter().map(|pattern| pattern.name)).collect();
    assert!(!names.is_empty());
    for name in names {
        let file = name.replace('-', "_");
        for (suffix, expected) in [("", true), ("_not", false)] {
            let path = tests().join(format!("codegen/peephole/{file}{suffix}.test"));
            let (input, stages) = read(&path);
            let applied = stages.iter().any(|stage| {
                assert!(stage.starts_with("codegen "), "{}", path.display());
                run(stage, &input).lines().any(|line| line.contains(&format!("  {name} ")))
            });
            assert_eq!(applied, expected, "{}", path.display());
        }
    }
}

#[test]
fn there_are_three_hundred_files() {
    let count: usize =
        ["ir", "opt", "codegen", "regalloc"].iter().map(|name| files(&tests().join(name)).len()).sum();
    assert!(count >= 300, "{count} files");
}
