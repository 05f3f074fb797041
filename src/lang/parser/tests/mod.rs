//! Tests of the parser: `print` shows trees as text, so that structure is compared and not addresses.

mod errors;
mod limits;
mod print;
mod trees;

use super::*;
use crate::lang::source::SourceMap;

/// Parses a text and gives the statements as text, one a line; there must be no errors.
fn tree(text: &str) -> String {
    let arena = Bump::new();
    let mut names = Interner::new(&arena);
    let mut diags = Vec::new();
    let module = parse(&arena, &mut names, FileId(0), text, &mut diags);
    assert!(diags.is_empty(), "{text}\n{diags:?}");
    print::Printer { names: &names, text }.module(&module)
}

/// Code and place of each report, in their order.
fn errors(text: &str) -> String {
    let mut map = SourceMap::new();
    let file = map.load("t.orus", text.as_bytes()).expect("text");
    let arena = Bump::new();
    let mut names = Interner::new(&arena);
    let mut diags = Vec::new();
    parse(&arena, &mut names, file, text, &mut diags);
    let places = diags.iter().map(|diag| {
        assert!(diag.span.start <= diag.span.end && diag.span.end as usize <= text.len() + 1, "{diag:?}");
        let (line, column) = map.line_column(file, diag.span.start);
        format!("{}@{line}:{column}", diag.code)
    });
    places.collect::<Vec<_>>().join(" ")
}
