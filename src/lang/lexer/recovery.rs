//! Recovery: where the text goes on to make sense after an error.
//!
//! How it works. The parser gives up a statement as a whole. Its end is the end of its line, if brackets are closed
//! properly by then. A bracket that is never closed would swallow the rest of the file, so a bracket also counts as
//! not closed if a line follows within it that is indented no more than the statement and can only begin a new one.
//! All this looks at bytes, not at tokens, and reports nothing.
//!
//! Cost. Each question may read to the end of the file; there are no more of them than reports.

use super::{Bracket, IDENT, IDENT_START, Lexer, TokenKind, is, keyword, pack};

/// What matters to the structure of the text, skipping strings and comments.
enum Event {
    Open(TokenKind),
    Close(TokenKind),
    Colon,
    LineEnd,
    /// Of the text, or within a comment that has no end.
    End,
}

/// Finds the events from an offset on.
struct Scan<'l, 't> {
    lexer: &'l Lexer<'t>,
    /// After the last event; at an `End` where it is.
    pos: usize,
}

impl Scan<'_, '_> {
    fn next(&mut self) -> Event {
        use TokenKind::*;
        let lexer = self.lexer;
        loop {
            let Some(&byte) = lexer.bytes.get(self.pos) else { return Event::End };
            let start = self.pos;
            self.pos += 1;
            match byte {
                b'(' => return Event::Open(LParen),
                b'[' => return Event::Open(LBracket),
                b'{' => return Event::Open(LBrace),
                b')' => return Event::Close(RParen),
                b']' => return Event::Close(RBracket),
                b'}' => return Event::Close(RBrace),
                b':' => return Event::Colon,
                b'\n' => return Event::LineEnd,
                b'/' if lexer.byte(self.pos) == b'/' => {
                    while self.pos < lexer.bytes.len() && lexer.bytes[self.pos] != b'\n' {
                        self.pos += 1;
                    }
                }
                b'/' if lexer.byte(self.pos) == b'*' => match lexer.text[start + 2..].find("*/") {
                    Some(length) => self.pos = start + 2 + length + 2,
                    None => {
                        self.pos = start;
                        return Event::End;
                    }
                },
                b'"' => self.string(),
                _ => {}
            }
        }
    }

    /// To after the closing quote, or to the line end.
    fn string(&mut self) {
        loop {
            match self.lexer.bytes.get(self.pos) {
                None | Some(b'\n') => return,
                Some(b'"') => {
                    self.pos += 1;
                    return;
                }
                Some(b'\\') if !matches!(self.lexer.byte(self.pos + 1), 0 | b'\n' | b'\r') => self.pos += 2,
                Some(_) => self.pos += 1,
            }
        }
    }
}

impl<'t> Lexer<'t> {
    /// Whether a bracket is never closed.
    pub fn is_unclosed(&self, bracket: Bracket) -> bool {
        let mut open = Vec::new();
        let mut scan = Scan { lexer: self, pos: bracket.at as usize };
        loop {
            match scan.next() {
                Event::Open(kind) => open.push(kind),
                Event::Close(kind) => {
                    if open.pop().and_then(TokenKind::closer) != Some(kind) {
                        return true;
                    }
                    if open.is_empty() {
                        return false;
                    }
                }
                Event::LineEnd if self.begins_statement(scan.pos) => return true,
                Event::Colon | Event::LineEnd => {}
                Event::End => return true,
            }
        }
    }

    /// Whether there is a `:` outside brackets between an offset and the end of its line.
    pub fn has_colon(&self, from: u32) -> bool {
        let mut depth = 0u32;
        let mut scan = Scan { lexer: self, pos: from as usize };
        loop {
            match scan.next() {
                Event::Open(_) => depth += 1,
                Event::Close(_) => depth = depth.saturating_sub(1),
                Event::Colon if depth == 0 => return true,
                Event::LineEnd if depth == 0 => return false,
                Event::Colon | Event::LineEnd => {}
                Event::End => return false,
            }
        }
    }

    /// Whether an offset within a bracket is on a later line that looks like a statement of its own.
    pub fn is_in_new_statement(&self, bracket: Bracket, at: u32) -> bool {
        let line_end = self.text[bracket.at as usize..at as usize].rfind('\n');
        line_end.is_some_and(|length| self.begins_statement(bracket.at as usize + length + 1))
    }

    /// Whether the token at an offset is the first of its line.
    pub fn starts_line(&self, at: u32) -> bool {
        let before = self.text[..at as usize].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with('\n')
    }

    /// Gives up the statement in which an error was found at the token that starts at `at`: the next token will be the
    /// line end after it, outside brackets.
    pub fn skip_statement(&mut self, at: u32) {
        let at = at as usize;
        let from = self.brackets.first().map_or(at, |open| open.at as usize);
        self.pos = match self.statement_end(from, at) {
            Some(end) => end,
            None => self.forced_end(from, at),
        };
        self.brackets.clear();
    }

    /// Gives up the rest of the file.
    pub fn abandon(&mut self) {
        self.pos = self.bytes.len();
        self.brackets.clear();
        self.silent_end = true;
    }

    /// The line end after the statement, if the brackets from `from` on are in order.
    fn statement_end(&self, from: usize, at: usize) -> Option<usize> {
        let mut open = Vec::new();
        let mut scan = Scan { lexer: self, pos: from };
        loop {
            match scan.next() {
                Event::Open(kind) => open.push(kind),
                // A closer too many is passed over.
                Event::Close(_) if open.is_empty() => {}
                Event::Close(kind) => {
                    if open.pop().and_then(TokenKind::closer) != Some(kind) {
                        return None;
                    }
                }
                Event::LineEnd if open.is_empty() => {
                    if scan.pos > at {
                        return Some(scan.pos - 1);
                    }
                }
                Event::LineEnd if self.begins_statement(scan.pos) => return None,
                Event::Colon | Event::LineEnd => {}
                Event::End if open.is_empty() => return Some(scan.pos),
                Event::End => return None,
            }
        }
    }

    /// Where to go on if brackets are not in order: before the line of the error, if it looks like one of its own, else
    /// after it.
    fn forced_end(&mut self, from: usize, at: usize) -> usize {
        self.lost_brackets = true;
        if let Some(line_end) = self.text[..at].rfind('\n')
            && line_end >= from
            && self.width(line_end + 1).1 <= self.layout.line_width
        {
            return line_end;
        }
        let mut scan = Scan { lexer: self, pos: at };
        loop {
            match scan.next() {
                Event::LineEnd => return scan.pos - 1,
                Event::End => return scan.pos,
                _ => {}
            }
        }
    }

    /// Where a line's first token is, and how far it is indented.
    fn width(&self, line: usize) -> (usize, u32) {
        let mut at = line;
        let mut width = 0;
        loop {
            match self.byte(at) {
                b' ' => width += 1,
                b'\t' => width += 4,
                _ => return (at, width),
            }
            at += 1;
        }
    }

    /// Whether the line that begins at an offset, within brackets, looks like a statement of its own.
    fn begins_statement(&self, line: usize) -> bool {
        use TokenKind::*;
        let (start, width) = self.width(line);
        if width > self.layout.line_width || !is(self.byte(start), IDENT_START) {
            return false;
        }
        let mut end = start;
        while is(self.byte(end), IDENT) {
            end += 1;
        }
        let rest = &self.text[end..];
        let rest = rest.split('\n').next().unwrap_or("").trim_start();
        let word = &self.bytes[start..end];
        let kind = if word.len() <= 8 { keyword(pack(word)) } else { Ident };
        match kind {
            Break | Catch | Continue | Elif | Enum | Extern | For | Impl | Match | Mut | Pass | Print
            | Pub | Return | Struct | Try | Use | While => true,
            If => rest.trim_end().ends_with(':'),
            Else => rest.starts_with(':'),
            // Not a lambda.
            Fn => rest.bytes().next().is_some_and(|byte| is(byte, IDENT_START)),
            Ident => {
                let place =
                    rest.trim_start_matches(|c: char| c == '.' || c == '_' || c.is_ascii_alphanumeric());
                begins_with_assignment(place.trim_start())
            }
            _ => false,
        }
    }
}

/// Whether what follows a name makes it a binding or assignment.
fn begins_with_assignment(rest: &str) -> bool {
    let operators = ["=", ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="];
    if rest.starts_with("==") {
        return false;
    }
    // `name: type = value`; a field of a struct literal has no `=`, and its line is rarely indented this little.
    operators.iter().any(|operator| rest.starts_with(operator))
        || rest.starts_with(':') && rest.split_once('=').is_some_and(|(_, value)| !value.starts_with('='))
}
