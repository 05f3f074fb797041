//! The lexer: from text to tokens, the layout among them.
//!
//! How it works. [`Lexer::next`] reads one token from the bytes; nothing is kept of those before. At the first token
//! of a line outside brackets it compares the line's indentation with the open blocks and gives `Indent` or `Dedent`
//! tokens first (`layout`). Numbers and strings are checked while they are read (`literals`). When the parser has
//! found an error it asks where the text goes on to make sense (`recovery`).
//!
//! Invariants
//! - L1 `Newline` comes only outside brackets, and at least once after each line that has tokens.
//! - L2 Each `Indent` is matched by one `Dedent`, all before `Eof`; after `Eof` comes only `Eof`.
//! - L3 An `Error` token has been reported. Numbers and strings that are wrong have too, and come as if they were right.
//! - L4 `pos` is a character boundary.
//!
//! Cost. A few comparisons for each byte; no allocation but for open blocks, open brackets and reports.

mod layout;
mod literals;
mod recovery;
mod token;

#[cfg(test)]
mod tests;

pub use literals::unescape;
pub use token::{Token, TokenKind};

use super::diag::Diagnostic;
use crate::bytecode::{FileId, Span};
use layout::Layout;

/// Beyond so many reports of one file no more are kept: nobody sees them, and a file may hold millions.
const MAX_REPORTS: usize = 200;

/// An open bracket.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bracket {
    pub kind: TokenKind,
    pub at: u32,
}

/// Reads the tokens of one file.
pub struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    file: FileId,
    pos: usize,
    layout: Layout,
    brackets: Vec<Bracket>,
    /// Brackets were given up while they were open: a closer at the start of a line may be one of theirs.
    pub lost_brackets: bool,
    /// The end was reached within something that was reported.
    silent_end: bool,
    /// What was wrong so far, in the order of reading.
    pub diags: Vec<Diagnostic>,
}

/// Classes of bytes.
const IDENT_START: u8 = 1;
const IDENT: u8 = 2;
const DIGIT: u8 = 4;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        if b.is_ascii_alphabetic() || b == b'_' {
            table[byte] = IDENT_START | IDENT;
        } else if b.is_ascii_digit() {
            table[byte] = IDENT | DIGIT;
        }
        byte += 1;
    }
    table
};

fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

impl<'t> Lexer<'t> {
    /// A lexer at the start of a text.
    pub fn new(file: FileId, text: &'t str) -> Lexer<'t> {
        Lexer {
            text,
            bytes: text.as_bytes(),
            file,
            pos: 0,
            layout: Layout::new(),
            brackets: Vec::new(),
            lost_brackets: false,
            silent_end: false,
            diags: Vec::new(),
        }
    }

    /// The file's text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The brackets open after the last token, innermost last.
    pub fn brackets(&self) -> &[Bracket] {
        &self.brackets
    }

    /// Adds a report.
    pub fn report(&mut self, diag: Diagnostic) {
        if self.diags.len() < MAX_REPORTS {
            self.diags.push(diag);
        }
    }

    /// Whether so much is wrong that reading on is of no use.
    pub fn is_hopeless(&self) -> bool {
        self.diags.len() >= MAX_REPORTS
    }

    fn error(&mut self, code: u16, span: Span, title: &str, label: impl Into<String>, message: &str) {
        self.report(Diagnostic::new(code, self.file, span, title, label, message));
    }

    /// The byte at an offset; 0 at the end. (A NUL in the text is told apart by its offset.)
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token { kind, flags: 0, span: span(start, self.pos), value: 0 }
    }

    /// The next token.
    #[allow(
        clippy::should_implement_trait,
        reason = "it never ends: after the last comes Eof, again and again"
    )]
    pub fn next(&mut self) -> Token {
        if self.layout.at_line_start
            && let Some(token) = self.begin_line()
        {
            return token;
        }
        loop {
            while self.byte(self.pos) == b' ' {
                self.pos += 1;
            }
            let start = self.pos;
            let Some(&byte) = self.bytes.get(start) else { return self.end() };
            if is(byte, IDENT_START) {
                return self.word(start);
            }
            match byte {
                b'\t' => self.pos += 1,
                b'\n' => {
                    self.pos += 1;
                    if self.brackets.is_empty() {
                        self.layout.at_line_start = true;
                        return Token {
                            span: span(start, start + 1),
                            ..self.token(TokenKind::Newline, start)
                        };
                    }
                }
                b'\r' if self.byte(start + 1) == b'\n' => self.pos += 1,
                b'0'..=b'9' => return self.number(start),
                b'"' => return self.string(start),
                b'/' if self.byte(start + 1) == b'/' => self.line_comment(),
                b'/' if self.byte(start + 1) == b'*' => self.block_comment(),
                b'\'' => return self.label(start),
                _ => return self.punctuation(start, byte),
            }
        }
    }

    /// Whether the next token, on this line, is an operator that begins with these bytes.
    ///
    /// For looking one token beyond an identifier; comments between them count as space.
    pub fn peek_operator(&self) -> TokenKind {
        let at = self.skip_trivia(self.pos);
        match self.byte(at) {
            b'=' if self.byte(at + 1) != b'=' => TokenKind::Assign,
            b':' if self.byte(at + 1) == b'=' => TokenKind::Define,
            b':' => TokenKind::Colon,
            byte if is(byte, IDENT_START) => TokenKind::Ident,
            _ => TokenKind::Error,
        }
    }

    /// The offset of the next thing that is neither blank nor a comment, on the same line unless a comment spans lines.
    fn skip_trivia(&self, mut at: usize) -> usize {
        loop {
            match self.byte(at) {
                b' ' | b'\t' => at += 1,
                b'/' if self.byte(at + 1) == b'*' => match self.text[at + 2..].find("*/") {
                    Some(length) => at += length + 4,
                    None => return self.bytes.len(),
                },
                _ => return at,
            }
        }
    }

    #[inline]
    fn word(&mut self, start: usize) -> Token {
        let bytes = &self.bytes[start..];
        let (length, packed) = match bytes.first_chunk::<8>() {
            Some(chunk) => {
                let chunk = u64::from_le_bytes(*chunk);
                let length = word_length(chunk);
                (length, chunk & (u64::MAX >> (64 - 8 * length)))
            }
            None => {
                let length = bytes.iter().take_while(|&&byte| is(byte, IDENT)).count();
                (length, pack(&bytes[..length]))
            }
        };
        if length == 8 && is(self.byte(start + 8), IDENT) {
            return self.long_word(start);
        }
        self.pos = start + length;
        Token { kind: keyword(packed), flags: 0, span: span(start, self.pos), value: packed }
    }

    /// A word of more than eight bytes, which is no keyword.
    fn long_word(&mut self, start: usize) -> Token {
        self.pos = start + 9;
        while is(self.byte(self.pos), IDENT) {
            self.pos += 1;
        }
        self.token(TokenKind::Ident, start)
    }

    /// To the line end, which is not part of it.
    fn line_comment(&mut self) {
        self.pos = self.text[self.pos..].find('\n').map_or(self.bytes.len(), |length| self.pos + length);
        // The `\r` of a line end belongs to it.
        if self.byte(self.pos) == b'\n' && self.bytes[self.pos - 1] == b'\r' {
            self.pos -= 1;
        }
    }

    fn block_comment(&mut self) {
        let start = self.pos;
        match self.text[start + 2..].find("*/") {
            Some(length) => self.pos = start + 2 + length + 2,
            None => {
                self.pos = self.bytes.len();
                self.silent_end = true;
                let diag = Diagnostic::new(
                    1005,
                    self.file,
                    span(start, start + 2),
                    "Unterminated comment",
                    "this comment has no end",
                    "The file ends before the comment does.",
                );
                self.report(diag.help("end it with `*/`; block comments do not nest."));
            }
        }
    }

    fn label(&mut self, start: usize) -> Token {
        let mut end = start + 1;
        while is(self.byte(end), IDENT) {
            end += 1;
        }
        self.pos = end;
        if self.byte(end) == b'\'' || end == start + 1 || !is(self.bytes[start + 1], IDENT_START) {
            // Most likely somebody's character or string literal: it ends at the next apostrophe of the line.
            let line = self.text[start + 1..].split('\n').next().unwrap_or("");
            if let Some(length) = line.find('\'') {
                self.pos = start + 1 + length + 1;
            }
            let diag = Diagnostic::new(
                1001,
                self.file,
                span(start, start + 1),
                "Unexpected character",
                "an apostrophe begins a label, `'name`",
                "There are no character literals, and strings do not stand in apostrophes.",
            );
            self.report(diag.help("write strings in double quotes, as in `\"text\"`."));
            return self.token(TokenKind::Error, start);
        }
        self.token(TokenKind::Label, start)
    }

    fn punctuation(&mut self, start: usize, byte: u8) -> Token {
        use TokenKind::*;
        let next = self.byte(start + 1);
        let assigns = next == b'=';
        let (kind, length) = match byte {
            b'(' => (self.open(LParen), 1),
            b'[' => (self.open(LBracket), 1),
            b'{' => (self.open(LBrace), 1),
            b')' => (self.close(RParen), 1),
            b']' => (self.close(RBracket), 1),
            b'}' => (self.close(RBrace), 1),
            b',' => (Comma, 1),
            b':' if assigns => (Define, 2),
            b':' => (Colon, 1),
            b';' => (Semi, 1),
            b'.' if next != b'.' => (Dot, 1),
            b'.' if self.byte(start + 2) == b'=' => (DotDotEq, 3),
            b'.' => (DotDot, 2),
            b'=' if assigns => (Eq, 2),
            b'=' => (Assign, 1),
            b'+' if assigns => (PlusAssign, 2),
            b'+' => (Plus, 1),
            b'-' if next == b'>' => (Arrow, 2),
            b'-' if assigns => (MinusAssign, 2),
            b'-' => (Minus, 1),
            b'*' if assigns => (StarAssign, 2),
            b'*' => (Star, 1),
            b'/' if assigns => (SlashAssign, 2),
            b'/' => (Slash, 1),
            b'%' if assigns => (PercentAssign, 2),
            b'%' => (Percent, 1),
            b'<' if assigns => (Le, 2),
            b'<' if next == b'<' && self.byte(start + 2) == b'=' => (ShlAssign, 3),
            b'<' if next == b'<' => (Shl, 2),
            b'<' => (Lt, 1),
            b'>' if assigns => (Ge, 2),
            b'>' if next == b'>' && self.byte(start + 2) == b'=' => (ShrAssign, 3),
            b'>' if next == b'>' => (Shr, 2),
            b'>' => (Gt, 1),
            b'!' if assigns => (Ne, 2),
            b'&' if assigns => (AmpAssign, 2),
            b'&' => (Amp, 1),
            b'|' if assigns => (PipeAssign, 2),
            b'|' => (Pipe, 1),
            b'^' if assigns => (CaretAssign, 2),
            b'^' => (Caret, 1),
            b'~' => (Tilde, 1),
            _ => return self.stray(start),
        };
        self.pos = start + length;
        self.token(kind, start)
    }

    fn open(&mut self, kind: TokenKind) -> TokenKind {
        self.brackets.push(Bracket { kind, at: self.pos as u32 });
        kind
    }

    /// One that does not fit the innermost bracket stays for the parser to find.
    fn close(&mut self, kind: TokenKind) -> TokenKind {
        if self.brackets.last().is_some_and(|open| open.kind.closer() == Some(kind)) {
            self.brackets.pop();
        }
        kind
    }

    /// Characters that begin no token: a run of them is one mistake.
    fn stray(&mut self, start: usize) -> Token {
        let first = self.text[start..].chars().next().unwrap_or(' ');
        let strange =
            |c: char| !c.is_ascii() || c == first || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
        let length: usize = self.text[start..].chars().take_while(|&c| strange(c)).map(char::len_utf8).sum();
        self.pos = start + length;
        let label = match first {
            c if c.is_control() || !is_visible(c) => {
                format!("the character U+{:04X} has no meaning here", c as u32)
            }
            c => format!("`{c}` has no meaning here"),
        };
        let help = match first {
            '!' => Some("negation is written `not`, inequality `!=`."),
            '@' => Some("`@` has a meaning only inside the strings of `print` and `format`."),
            '#' => Some("comments begin with `//`."),
            '?' => Some("a conditional expression is written `a if condition else b`."),
            '\\' => Some("a line is continued only inside brackets."),
            '\r' => Some("lines end in LF or CRLF."),
            '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '`' => {
                Some("strings are written `\"text\"`.")
            }
            c if c.is_whitespace() => Some("use ordinary spaces."),
            c if c.is_alphabetic() => Some("names are made of the letters A to Z, a to z, digits and `_`."),
            _ => None,
        };
        let mut diag = Diagnostic::new(
            1001,
            self.file,
            span(start, self.pos),
            "Unexpected character",
            label,
            "No token begins with this character.",
        );
        diag.help = help.map(String::from);
        self.report(diag);
        self.token(TokenKind::Error, start)
    }
}

/// Whether lines typed so far are a whole input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completeness {
    Complete,
    /// A bracket or comment is open.
    OpenBracket,
    /// Some line ends in `:` or `->`, so a block may go on until an empty line.
    OpenBlock,
}

/// Whether a text typed so far asks for more lines.
pub fn completeness(text: &str) -> Completeness {
    let mut lexer = Lexer::new(FileId(0), text);
    let (mut last, mut opener) = (TokenKind::Newline, false);
    loop {
        let token = lexer.next();
        match token.kind {
            TokenKind::Eof => break,
            TokenKind::Newline => opener |= matches!(last, TokenKind::Colon | TokenKind::Arrow),
            TokenKind::Indent | TokenKind::Dedent => {}
            kind => last = kind,
        }
    }
    opener |= matches!(last, TokenKind::Colon | TokenKind::Arrow);
    if lexer.silent_end || !lexer.brackets.is_empty() {
        Completeness::OpenBracket
    } else if opener {
        Completeness::OpenBlock
    } else {
        Completeness::Complete
    }
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

fn span(start: usize, end: usize) -> Span {
    Span { start: start as u32, end: end as u32 }
}

/// Spreads the spellings of keywords over [`KEYWORDS`] without collision, which its construction checks.
const KEYWORD_HASH: u64 = 0x8fc9_47f3_fc72_011f;

/// Each keyword's spelling, as [`pack`] gives it, and its kind, at the place that the hash says.
static KEYWORDS: [(u64, TokenKind); 64] = {
    let mut table = [(0, TokenKind::Ident); 64];
    let mut at = 0;
    while at < TokenKind::KEYWORDS.len() {
        let kind = TokenKind::KEYWORDS[at];
        let Some(text) = kind.text() else { panic!("a keyword has a spelling") };
        let packed = pack(text.as_bytes());
        let slot = (packed.wrapping_mul(KEYWORD_HASH) >> 58) as usize;
        assert!(table[slot].0 == 0, "two keywords have one hash");
        table[slot] = (packed, kind);
        at += 1;
    }
    table
};

/// A word of at most eight bytes as one number.
const fn pack(word: &[u8]) -> u64 {
    let mut packed = 0;
    let mut at = 0;
    while at < word.len() {
        packed |= (word[at] as u64) << (8 * at);
        at += 1;
    }
    packed
}

/// The keyword that a packed word is, else `Ident`.
#[inline]
fn keyword(packed: u64) -> TokenKind {
    let (word, kind) = KEYWORDS[(packed.wrapping_mul(KEYWORD_HASH) >> 58) as usize];
    if word == packed { kind } else { TokenKind::Ident }
}

/// How many of eight bytes, the first in the lowest bits, are letters, digits or `_` before the first that is not.
#[inline]
const fn word_length(chunk: u64) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = EACH << 7;
    /// The bit that makes a capital letter a small one.
    const LOWER_CASE: u64 = EACH << 5;
    /// Sets the highest bit of each byte, 0 until now, that is in the range.
    const fn between(bytes: u64, first: u8, last: u8) -> u64 {
        let (at_least, beyond) = (0x80 - first as u64, 0x7f - last as u64);
        (bytes + EACH * at_least) & !(bytes + EACH * beyond)
    }
    let ascii = chunk & !HIGHEST;
    let letters = between(ascii | LOWER_CASE, b'a', b'z');
    let others = between(ascii, b'0', b'9') | between(ascii, b'_', b'_');
    let found = (letters | others) & !chunk & HIGHEST;
    (found ^ HIGHEST).trailing_zeros() as usize / 8
}
