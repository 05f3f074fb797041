//! Putting pieces into lines.
//!
//! How it works. A piece that began a line begins one again. Outside brackets a line is indented by its blocks; within
//! them by four columns more than the line on which the innermost bracket was opened, and a line that begins with a
//! closing bracket like the line of the opening one. Comments at line ends stand two spaces behind the code; if in
//! consecutive lines they stood in one column, they do so again.

use unicode_width::UnicodeWidthStr;

use super::pieces::{Kind, Piece};
use super::spacing::{Bracket, Previous, classify, space_before, space_before_comment};
use crate::lang::lexer::TokenKind;

const INDENT: usize = 4;
const MAX_BLANK_LINES: usize = 2;
/// Columns between code and a comment at the line's end.
const COMMENT_GAP: usize = 2;

/// A line of the result, or several if it holds a comment that spans lines.
struct Line<'t> {
    blank_lines_before: usize,
    text: String,
    /// A comment at its end, and in which column it stood.
    comment: Option<(&'t str, usize)>,
}

/// An open bracket.
struct Open {
    bracket: Bracket,
    /// The indentation of its line.
    indent: usize,
}

/// What stands directly before a piece on its line.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Token,
    Comment,
}

struct Layout<'t> {
    lines: Vec<Line<'t>>,
    open: Vec<Open>,
    /// The indentation of the current line.
    indent: usize,
    before: Before,
    /// The token before, unless it belongs to another statement.
    previous: Option<Previous>,
}

/// The text of the pieces in canonical layout.
pub(super) fn lay_out(pieces: &[Piece]) -> String {
    let mut layout =
        Layout { lines: Vec::new(), open: Vec::new(), indent: 0, before: Before::Nothing, previous: None };
    for piece in pieces {
        if layout.lines.is_empty() || piece.newlines > 0 {
            layout.begin_line(piece);
        }
        match piece.kind {
            Kind::Token(kind) => layout.token(kind, piece.text),
            Kind::LineComment => layout.line_comment(piece),
            Kind::BlockComment => layout.block_comment(piece),
        }
    }
    join(&layout.lines)
}

impl<'t> Layout<'t> {
    fn begin_line(&mut self, piece: &Piece<'t>) {
        let closes = matches!(piece.kind, Kind::Token(kind) if kind.is_closer());
        self.indent = match self.open.last() {
            None => piece.depth * INDENT,
            Some(open) if closes => open.indent,
            Some(open) => open.indent + INDENT,
        };
        let blank_lines = if self.lines.is_empty() { 0 } else { piece.newlines - 1 };
        self.lines.push(Line {
            blank_lines_before: blank_lines.min(MAX_BLANK_LINES),
            text: " ".repeat(self.indent),
            comment: None,
        });
        self.before = Before::Nothing;
        if self.open.is_empty() {
            self.previous = None;
        }
    }

    /// Appends to the current line.
    fn write(&mut self, space: bool, text: &str) {
        let Some(line) = self.lines.last_mut() else { return };
        if space {
            line.text.push(' ');
        }
        line.text.push_str(text);
    }

    fn token(&mut self, kind: TokenKind, text: &str) {
        let closed = if kind.is_closer() { self.open.pop() } else { None };
        let closes = closed.map_or(Bracket::Other, |open| open.bracket);
        let space = match (self.before, self.previous) {
            (Before::Nothing, _) => false,
            (before, Some(previous)) => space_before(previous, before == Before::Comment, kind, closes),
            (_, None) => true,
        };
        self.write(space, text);
        let classified = classify(self.previous, kind);
        if kind.closer().is_some() {
            self.open.push(Open { bracket: classified.bracket, indent: self.indent });
        }
        self.previous = Some(classified);
        self.before = Before::Token;
    }

    fn line_comment(&mut self, piece: &Piece<'t>) {
        let text = piece.text.trim_end();
        match self.lines.last_mut() {
            Some(line) if self.before != Before::Nothing => line.comment = Some((text, piece.column)),
            _ => self.write(false, text),
        }
    }

    fn block_comment(&mut self, piece: &Piece<'t>) {
        let space = match (self.before, self.previous) {
            (Before::Token, Some(previous)) => space_before_comment(previous),
            (before, _) => before != Before::Nothing,
        };
        self.write(space, &piece.text.replace("\r\n", "\n"));
        self.before = Before::Comment;
    }
}

/// The lines with their blank lines and the comments at their ends.
fn join(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let run = aligned_run(&lines[at..]);
        let column =
            lines[at..at + run].iter().map(|line| width(&line.text)).max().unwrap_or(0) + COMMENT_GAP;
        for line in &lines[at..at + run] {
            out.extend(std::iter::repeat_n('\n', line.blank_lines_before));
            out.push_str(&line.text);
            if let Some((comment, _)) = line.comment {
                out.extend(std::iter::repeat_n(' ', column - width(&line.text)));
                out.push_str(comment);
            }
            out.push('\n');
        }
        at += run;
    }
    out
}

/// How many lines, the first among them, have their comments in one column. At least one.
fn aligned_run(lines: &[Line]) -> usize {
    let Some((_, column)) = lines[0].comment else { return 1 };
    let others = lines[1..].iter().take_while(|line| {
        line.blank_lines_before == 0 && line.comment.is_some_and(|(_, other)| other == column)
    });
    1 + others.count()
}

/// The columns of a line's text, of the last line if there are several.
fn width(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or(text).width()
}
