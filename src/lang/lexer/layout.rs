//! Layout: what a line's indentation says about blocks.
//!
//! How it works. The widths of the open blocks are a stack whose lowest is the module's, 0. A line that is indented
//! more than the innermost block opens one; whether one may open there the parser knows. A line indented less closes
//! blocks until one of its width is found. If there is none that is an error, and the line is taken to belong to the
//! block whose width comes next; more lines of that width then do too, without another report.

use super::{Lexer, Token, TokenKind, span};
use crate::bytecode::Span;

/// How a file's lines are indented.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Indentation {
    Tabs,
    Spaces,
}

/// An open block.
#[derive(Clone, Copy)]
struct Level {
    width: u32,
    /// A wrong width that was reported and is taken for this block's; 0 if there is none.
    alias: u32,
}

/// The state of the layout.
pub(super) struct Layout {
    levels: Vec<Level>,
    /// Blocks that end before the next token.
    dedents: usize,
    /// The next token is the first of its line, or a `Dedent` before it.
    pub(super) at_line_start: bool,
    /// The end of the file was reached and all blocks are closed.
    ended: bool,
    /// The width of the last line that began outside brackets.
    pub(super) line_width: u32,
    style: Option<Indentation>,
    style_reported: bool,
    /// Lines are skipped whose indentation nobody asks for.
    pub(super) quiet: bool,
}

impl Layout {
    pub(super) fn new() -> Layout {
        Layout {
            levels: vec![Level { width: 0, alias: 0 }],
            dedents: 0,
            at_line_start: true,
            ended: false,
            line_width: 0,
            style: None,
            style_reported: false,
            quiet: false,
        }
    }

    fn top(&self) -> Level {
        self.levels[self.levels.len() - 1]
    }
}

impl Lexer<'_> {
    /// Skips lines without tokens and compares the indentation of the first that has one; gives the `Indent` or
    /// `Dedent` before its token, or at the end of the file the `Dedent`s that are due.
    pub(super) fn begin_line(&mut self) -> Option<Token> {
        if self.layout.dedents == 0 {
            let (indentation, width) = self.next_line();
            if self.pos >= self.bytes.len() {
                self.layout.ended = true;
                self.layout.dedents = self.layout.levels.len() - 1;
                self.layout.levels.truncate(1);
            } else {
                self.check_style(indentation);
                self.layout.line_width = width;
                if width > self.layout.top().width {
                    self.layout.levels.push(Level { width, alias: 0 });
                    self.layout.at_line_start = false;
                    return Some(self.token(TokenKind::Indent, self.pos));
                }
                self.close_blocks(width);
            }
        }
        if self.layout.dedents == 0 {
            self.layout.at_line_start = false;
            return None;
        }
        self.layout.dedents -= 1;
        self.layout.at_line_start = self.layout.dedents > 0;
        Some(self.token(TokenKind::Dedent, self.pos))
    }

    /// Goes to the next line's first token, or to the end. Gives that line's indentation and its width.
    fn next_line(&mut self) -> (Span, u32) {
        loop {
            let start = self.pos;
            let mut width = 0;
            loop {
                match self.byte(self.pos) {
                    b' ' => width += 1,
                    b'\t' => width += 4,
                    _ => break,
                }
                self.pos += 1;
            }
            let indentation = span(start, self.pos);
            // A comment belongs to the line that begins with it, even if it ends on a later one.
            loop {
                match (self.byte(self.pos), self.byte(self.pos + 1)) {
                    (b' ' | b'\t', _) => self.pos += 1,
                    (b'/', b'/') => self.line_comment(),
                    (b'/', b'*') => self.block_comment(),
                    _ => break,
                }
            }
            match (self.byte(self.pos), self.byte(self.pos + 1)) {
                (b'\n', _) => self.pos += 1,
                (b'\r', b'\n') => self.pos += 2,
                _ => return (indentation, width),
            }
        }
    }

    fn check_style(&mut self, indentation: Span) {
        let Some(&first) = self.slice(indentation).as_bytes().first() else { return };
        let at = span(self.pos, self.pos + 1);
        if self.slice(indentation).bytes().any(|byte| byte != first) {
            self.error(
                1008,
                at,
                "Inconsistent indentation",
                "tabs and spaces are mixed before this",
                "The indentation of a line consists of tabs or of spaces, not of both.",
            );
            return;
        }
        let style = if first == b'\t' { Indentation::Tabs } else { Indentation::Spaces };
        let expected = *self.layout.style.get_or_insert(style);
        if style != expected && !self.layout.style_reported {
            self.layout.style_reported = true;
            let (this, others) = match style {
                Indentation::Tabs => ("tabs", "spaces"),
                Indentation::Spaces => ("spaces", "tabs"),
            };
            self.error(
                1008,
                at,
                "Inconsistent indentation",
                format!("indented by {this}"),
                &format!("Lines above are indented by {others}; a file uses one or the other."),
            );
        }
    }

    /// Says whether the lines to come are skipped: then a dedent that fits no block is none of anybody's business.
    pub fn skip_layout(&mut self, skipped: bool) {
        self.layout.quiet = skipped;
    }

    /// Closes the blocks that do not contain a line of this width.
    fn close_blocks(&mut self, width: u32) {
        loop {
            let top = self.layout.top();
            if width >= top.width || (width == top.alias && top.alias != 0) {
                return;
            }
            // The lowest level has width 0, so there is one below.
            let below = self.layout.levels.len() - 2;
            if width > self.layout.levels[below].width {
                self.layout.levels[below + 1].alias = width;
                if self.layout.quiet {
                    return;
                }
                self.error(
                    1008,
                    span(self.pos, self.pos + 1),
                    "Inconsistent indentation",
                    "no open block has this indentation",
                    "A line that is indented less than the one before must go back to the indentation of a block \
                     around it.",
                );
                return;
            }
            self.layout.levels.pop();
            self.layout.dedents += 1;
        }
    }

    /// The token at the end of the text: first the end of the last line, then `Eof`.
    pub(super) fn end(&mut self) -> Token {
        let silent = if self.silent_end { Token::SILENT } else { 0 };
        let mut token = self.token(TokenKind::Eof, self.pos);
        token.flags = Token::AT_END | silent;
        // In brackets the parser finds that they are not closed, and gives them up (L1).
        if !self.layout.ended && self.brackets.is_empty() {
            self.layout.at_line_start = true;
            token.kind = TokenKind::Newline;
        }
        token
    }
}
