//! The formatter: a program's text in its canonical layout.
//!
//! What it does. Four columns of indentation a block, one space around binary operators and after commas and colons,
//! none within brackets but those of struct literals, at most two blank lines in a row, no white space at line ends,
//! one line end at the end. What it leaves: which line a token is on, comments, the spelling of literals.
//!
//! How it works. The text is cut into tokens and comments with what stood before each (`pieces`); these are put into
//! lines, with spaces as two neighbours demand (`spacing`) and indentation from blocks and brackets (`layout`).
//!
//! Invariants
//! - F1 The tokens before and after are the same, those of the layout included.
//! - F2 What has been formatted stays as it is.

mod layout;
mod pieces;
mod spacing;

#[cfg(test)]
mod tests;

use bumpalo::Bump;

use super::diag::Diagnostic;
use super::intern::Interner;
use super::lexer::{Lexer, TokenKind};
use super::parser;
use crate::bytecode::FileId;

/// The text in canonical layout; the syntax errors, as those of file 0, if it has any.
pub fn format_source(text: &str) -> Result<String, Vec<Diagnostic>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let arena = Bump::new();
    let mut diags = Vec::new();
    parser::parse(&arena, &mut Interner::new(&arena), FileId(0), text, &mut diags);
    if !diags.is_empty() {
        return Err(diags);
    }
    let formatted = layout::lay_out(&pieces::split(text));
    // Should this ever fail, the text is better left alone than changed in meaning.
    let same = same_tokens(text, &formatted);
    debug_assert!(same, "F1");
    Ok(if same { formatted } else { text.to_string() })
}

/// Whether two texts consist of the same tokens.
fn same_tokens(before: &str, after: &str) -> bool {
    let (mut a, mut b) = (Lexer::new(FileId(0), before), Lexer::new(FileId(0), after));
    loop {
        let (x, y) = (a.next(), b.next());
        if x.kind != y.kind {
            return false;
        }
        match x.kind {
            TokenKind::Eof => return true,
            TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent => {}
            _ if a.slice(x.span) != b.slice(y.span) => return false,
            _ => {}
        }
    }
}
