//! The language tests: programs with `.out` or `.diag` files beside them.

use std::path::{Path, PathBuf};

use bumpalo::Bump;

use crate::lang::check::Checker;
use crate::lang::modules::{FileLoader, Location};

pub fn collect(directory: &Path, list: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, list);
        } else if path.extension().is_some_and(|extension| extension == "orus") {
            list.push(path);
        }
    }
}

/// Where the language tests of this project are.
pub fn default_directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "lang"].iter().collect()
}

/// The compile-time part of the language tests, or of those in the directories that `ORUS_LANG_TESTS` lists: the reports,
/// and that accepted programs are well formed.
#[test]
fn reports_of_language_tests() {
    let directories =
        std::env::var_os("ORUS_LANG_TESTS").unwrap_or_else(|| default_directory().into_os_string());
    let mut programs = Vec::new();
    std::env::split_paths(&directories).for_each(|directory| collect(&directory, &mut programs));
    programs.sort();
    let (mut failed, mut count) = (0, 0);
    for path in programs {
        let (out, diag) = (path.with_extension("out"), path.with_extension("diag"));
        if !out.exists() && !diag.exists() {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&diag).unwrap_or_default();
        let expected: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with('E') && !line.starts_with("E0") && !line.starts_with("E3005"))
            .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
            .collect();
        let bytes = std::fs::read(&path).expect("the program");
        let location = Location {
            name: path.to_string_lossy().into_owned(),
            directory: path.parent().map(Path::to_path_buf),
            path: path.clone(),
        };
        let arena = Bump::new();
        let mut checker = Checker::new(&arena, Box::new(FileLoader::new(|| None)));
        let result = checker.check_program(&location, &bytes);
        let list = match result {
            Err(list) => list,
            Ok(()) => {
                let problems = super::wellformed::problems(&mut checker);
                if !problems.is_empty() {
                    failed += 1;
                    println!("=== {}\n  {problems:?}", path.display());
                }
                Vec::new()
            }
        };
        let found: Vec<String> = list
            .iter()
            .take(20)
            .map(|report| {
                let (line, column) = checker.files().line_column(report.file, report.span.start);
                let name = checker.files().name(report.file);
                let name = if report.file.0 == 0 { String::new() } else { format!("{name}:") };
                format!("{} {name}{line}:{column}", report.code)
            })
            .collect();
        if found != expected {
            failed += 1;
            println!("=== {}\n  expected {expected:?}\n  found    {found:?}", path.display());
            for report in &list {
                println!("    {}: {} | {} | {}", report.code, report.title, report.label, report.message);
            }
        }
    }
    println!("{failed} of {count} differ");
    assert_eq!(failed, 0);
}
