//! Tests of the checker: source in, reports or types out.

mod data;
mod functions;
mod literals;
mod modules;
mod mutations;
mod programs;
mod scale;
mod scopes;
mod sessions;
mod wellformed;

use bumpalo::Bump;

use super::Checker;
use crate::lang::diag::Diagnostic;
use crate::lang::modules::{Location, MemoryLoader};

/// Where the main module of a test is.
fn location() -> Location {
    Location { name: "t.orus".to_owned(), directory: None, path: "t".into() }
}

/// A report as `E2001 3:5`.
fn line(checker: &Checker<'_>, report: &Diagnostic) -> String {
    let (line, column) = checker.files().line_column(report.file, report.span.start);
    format!("{} {line}:{column}", report.code)
}

/// The reports about a program.
fn reports(text: &str) -> Vec<String> {
    reports_with(text, MemoryLoader::new())
}

/// The reports about a program with other modules.
fn reports_with(text: &str, loader: MemoryLoader) -> Vec<String> {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(loader));
    match checker.check_program(&location(), text.as_bytes()) {
        Ok(()) => Vec::new(),
        Err(list) => list.iter().map(|report| line(&checker, report)).collect(),
    }
}

/// The type of a module variable, or of a local of the body of that name, as `body.local`.
fn type_of(text: &str, name: &str) -> String {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    if let Err(list) = checker.check_program(&location(), text.as_bytes()) {
        let list: Vec<_> =
            list.iter().map(|report| format!("{} {}", line(&checker, report), report.message)).collect();
        panic!("{list:#?}\n{text}");
    }
    let ty = match name.split_once('.') {
        Some((body, local)) => {
            let body = checker.checked.bodies.iter().find(|found| found.name == body).expect("the body");
            body.locals.iter().find(|found| found.name == local).expect("the local").ty
        }
        None => checker.checked.globals.iter().find(|found| found.name == name).expect("the variable").ty,
    };
    let ty = checker.types.resolve(ty);
    checker.type_name(ty)
}

/// Asserts which reports a program gets: `E2001 3:5, E1010 4:1`.
#[track_caller]
fn rejects(text: &str, expected: &str) {
    let found = reports(text).join(", ");
    assert_eq!(found, expected, "\n{text}");
}

#[track_caller]
fn accepts(text: &str) {
    rejects(text, "");
}

/// Asserts the types of variables: `x: i32, f.y: [string]`.
#[track_caller]
fn types(text: &str, expected: &str) {
    for item in expected.split("; ") {
        let (name, ty) = item.split_once(": ").expect("a name and a type");
        assert_eq!(type_of(text, name), ty, "{name}\n{text}");
    }
}
