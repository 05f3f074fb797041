//! Cutting a text into tokens and comments.

use unicode_width::UnicodeWidthChar;

use crate::bytecode::{FileId, Span};
use crate::lang::lexer::{Lexer, TokenKind};

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    Token(TokenKind),
    /// `// …`
    LineComment,
    /// `/* … */`
    BlockComment,
}

/// A token or a comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// How many line ends stand between it and the piece before.
    pub(super) newlines: usize,
    /// The column in which it begins, from 0.
    pub(super) column: usize,
    /// For the first piece of a line outside brackets: how many blocks it is in.
    pub(super) depth: usize,
}

/// The blocks around a place in the text, by the widths of their indentations.
struct Blocks {
    widths: Vec<usize>,
    /// Those around the token before.
    before: Vec<usize>,
}

impl Blocks {
    /// The depth of a comment on lines of its own, between the token before and the next.
    fn depth_of_comment(&self, column: usize) -> usize {
        let (old, new) = (self.before.len() - 1, self.widths.len() - 1);
        // In front of a block's first line it belongs to the block, and within a block to nothing else.
        if new >= old {
            return new;
        }
        // Where blocks end, its own indentation says to which it belongs.
        let levels = self.before.iter().take_while(|&&width| width <= column).count();
        levels.saturating_sub(1).clamp(new, old)
    }
}

/// Counts columns from one place in the text to the next, since counting each from the start of its line would take time that
/// grows with the square of the line.
struct Columns<'t> {
    text: &'t str,
    at: usize,
    column: usize,
}

impl Columns<'_> {
    /// The column of a place, which is not before the last one that was asked for.
    fn of(&mut self, place: usize) -> usize {
        for c in self.text[self.at..place].chars() {
            self.column = match c {
                '\n' => 0,
                '\t' => self.column + 4,
                c => self.column + c.width().unwrap_or(0),
            };
        }
        self.at = place;
        self.column
    }
}

/// The pieces of a text without syntax errors.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut lexer = Lexer::new(FileId(0), text);
    let mut pieces = Vec::new();
    let mut blocks = Blocks { widths: vec![0], before: vec![0] };
    let mut columns = Columns { text, at: 0, column: 0 };
    let mut end = 0;
    loop {
        let token = lexer.next();
        match token.kind {
            TokenKind::Newline => continue,
            TokenKind::Indent => {
                let line = line_start(text, first_on_line(text, end, token.span.start as usize));
                blocks.widths.push(indentation(&text[line..]));
                continue;
            }
            TokenKind::Dedent => {
                blocks.widths.pop();
                continue;
            }
            _ => {}
        }
        let start = token.span.start as usize;
        let newlines = comments(end, start, &blocks, &mut columns, &mut pieces);
        if token.kind == TokenKind::Eof {
            return pieces;
        }
        pieces.push(Piece {
            kind: Kind::Token(token.kind),
            text: lexer.slice(token.span),
            newlines,
            column: columns.of(start),
            depth: blocks.widths.len() - 1,
        });
        blocks.before.clone_from(&blocks.widths);
        end = token.span.end as usize;
    }
}

/// Appends the comments between two tokens; gives the number of line ends before the second.
fn comments<'t>(
    from: usize,
    to: usize,
    blocks: &Blocks,
    columns: &mut Columns<'t>,
    pieces: &mut Vec<Piece<'t>>,
) -> usize {
    let text = columns.text;
    let first = pieces.len();
    let mut newlines = 0;
    for (kind, span) in gap(text, from, to) {
        let Some(kind) = kind else {
            newlines += 1;
            continue;
        };
        let start = span.start as usize;
        let column = columns.of(start);
        let depth = blocks.depth_of_comment(column);
        pieces.push(Piece { kind, text: &text[start..span.end as usize], newlines, column, depth });
        newlines = 0;
    }
    // What is on the line of the next token is indented like it.
    if newlines == 0 && to < text.len() {
        for piece in pieces[first..].iter_mut().rev() {
            piece.depth = blocks.widths.len() - 1;
            if piece.newlines > 0 {
                break;
            }
        }
    }
    newlines
}

/// The line ends (`None`) and comments between two tokens.
fn gap(text: &str, from: usize, to: usize) -> impl Iterator<Item = (Option<Kind>, Span)> {
    let mut at = from;
    std::iter::from_fn(move || {
        while at < to {
            let start = at;
            let rest = &text[at..to];
            let kind = if rest.starts_with("//") {
                at += rest.find('\n').unwrap_or(rest.len());
                Some(Kind::LineComment)
            } else if let Some(inside) = rest.strip_prefix("/*") {
                at += inside.find("*/").map_or(rest.len(), |length| length + 4);
                Some(Kind::BlockComment)
            } else if rest.starts_with('\n') {
                at += 1;
                None
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            };
            let end = start + text[start..at].trim_end_matches('\r').len();
            return Some((kind, Span { start: start as u32, end: end as u32 }));
        }
        None
    })
}

/// The first thing, comments included, on the line of the token at `start`; a comment that spans lines is on its first.
fn first_on_line(text: &str, from: usize, start: usize) -> usize {
    let mut first = start;
    let mut fresh = true;
    for (kind, span) in gap(text, from, start) {
        match kind {
            None => fresh = true,
            Some(_) if fresh => {
                first = span.start as usize;
                fresh = false;
            }
            Some(_) => {}
        }
    }
    if fresh { start } else { first }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The width of the white space at the start of a line.
fn indentation(line: &str) -> usize {
    let blanks = line.chars().take_while(|c| matches!(c, ' ' | '\t'));
    blanks.map(|c| if c == '\t' { 4 } else { 1 }).sum()
}
