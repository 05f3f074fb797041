//! Words, numbers and signs of a line.

use super::ParseError;

/// A piece of a line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Token<'s> {
    /// Letters, digits, `_` and dots, beginning with a letter or `_`.
    Word(&'s str),
    /// A number without its sign: it begins with a digit.
    Number(&'s str),
    /// A text in quotes, without them and with its escapes.
    Quoted(&'s str),
    /// Anything else but blanks.
    Sign(char),
    /// `->`
    Arrow,
    /// The end of the line, or a comment.
    End,
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(text) | Token::Number(text) => write!(f, "`{}`", shortened(text)),
            Token::Quoted(text) => write!(f, "`\"{}\"`", shortened(text)),
            Token::Sign(c) => write!(f, "`{}`", c.escape_debug()),
            Token::Arrow => f.write_str("`->`"),
            Token::End => f.write_str("the end of the line"),
        }
    }
}

/// At most 40 characters, for messages.
pub(super) fn shortened(text: &str) -> &str {
    match text.char_indices().nth(40) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A line that is read from left to right.
#[derive(Clone, Copy)]
pub(super) struct Line<'s> {
    text: &'s str,
    /// Where the rest begins, after blanks.
    at: usize,
    /// Counted from 1.
    pub number: u32,
}

impl<'s> Line<'s> {
    pub fn new(text: &'s str, number: u32) -> Line<'s> {
        let mut line = Line { text, at: 0, number };
        line.skip_blanks();
        line
    }

    fn skip_blanks(&mut self) {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// The token that begins here, and its length.
    fn token(&self) -> (Token<'s>, usize) {
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        let length = |part: fn(u8) -> bool| bytes.iter().take_while(|&&byte| part(byte)).count();
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        match bytes {
            [] | [b';', ..] => (Token::End, 0),
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                let end = length(word);
                (Token::Word(&rest[..end]), end)
            }
            [b'0'..=b'9', ..] => {
                let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
                let mut end = 0;
                while let Some(&byte) = bytes.get(end) {
                    let exponent = match end.checked_sub(1).map(|before| bytes[before]) {
                        Some(b'e' | b'E') => !hex,
                        Some(b'p' | b'P') => hex,
                        _ => false,
                    };
                    if !(word(byte) || exponent && matches!(byte, b'+' | b'-')) {
                        break;
                    }
                    end += 1;
                }
                (Token::Number(&rest[..end]), end)
            }
            [b'-', b'>', ..] => (Token::Arrow, 2),
            [b'"', ..] => {
                let mut end = 1;
                while let Some(&byte) = bytes.get(end) {
                    match byte {
                        b'"' => return (Token::Quoted(&rest[1..end]), end + 1),
                        b'\\' => end += 2,
                        _ => end += 1,
                    }
                }
                (Token::Sign('"'), 1)
            }
            _ => {
                let c = rest.chars().next().unwrap_or(' ');
                (Token::Sign(c), c.len_utf8())
            }
        }
    }

    /// The next token, which stays.
    pub fn peek(&self) -> Token<'s> {
        self.token().0
    }

    /// The next token.
    pub fn next(&mut self) -> Token<'s> {
        let (token, length) = self.token();
        self.at += length;
        self.skip_blanks();
        token
    }

    /// Takes the sign if it is the next token.
    pub fn eat(&mut self, sign: char) -> bool {
        let found = self.peek() == Token::Sign(sign);
        if found {
            self.next();
        }
        found
    }

    /// Takes the word if it is the next token.
    pub fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek() == Token::Word(word);
        if found {
            self.next();
        }
        found
    }

    pub fn expect(&mut self, sign: char) -> Result<(), ParseError> {
        if self.eat(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    pub fn expect_word(&mut self, word: &str) -> Result<(), ParseError> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    pub fn expect_arrow(&mut self) -> Result<(), ParseError> {
        if self.peek() != Token::Arrow {
            return Err(self.expected("`->`"));
        }
        self.next();
        Ok(())
    }

    pub fn expect_end(&self) -> Result<(), ParseError> {
        match self.peek() {
            Token::End => Ok(()),
            token => Err(self.error(format!("The line should end before {token}."))),
        }
    }

    /// An entity: its prefix and a number.
    pub fn entity(&mut self, prefix: &str, what: &str) -> Result<u32, ParseError> {
        match self.peek() {
            Token::Word(word) if let Some(number) = entity(word, prefix) => {
                self.next();
                Ok(number)
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A number without sign, decimal or in hexadecimal digits.
    pub fn unsigned(&mut self, max: u64) -> Result<u64, ParseError> {
        let Token::Number(text) = self.peek() else { return Err(self.expected("a number")) };
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        match number {
            Ok(number) if number <= max => {
                self.next();
                Ok(number)
            }
            _ => Err(self.error(format!("`{}` is no number of at most {max}.", shortened(text)))),
        }
    }

    /// A word or a text in quotes, as a name.
    pub fn name(&mut self, what: &str) -> Result<String, ParseError> {
        let name = match self.peek() {
            Token::Word(word) => word.to_owned(),
            Token::Quoted(text) => {
                unescape(text).ok_or_else(|| self.error("There is no such escape.".into()))?
            }
            _ => return Err(self.expected(what)),
        };
        self.next();
        Ok(name)
    }

    pub fn expected(&self, what: &str) -> ParseError {
        self.error(format!("Here should be {what}, not {}.", self.peek()))
    }

    /// An error at the next token.
    pub fn error(&self, message: String) -> ParseError {
        let before = &self.text[..self.at];
        ParseError { line: self.number, column: before.chars().count() as u32 + 1, message }
    }
}

/// The number of an entity's name.
pub(super) fn entity(word: &str, prefix: &str) -> Option<u32> {
    let digits = word.strip_prefix(prefix)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next()? {
            c @ ('"' | '\\') => out.push(c),
            'u' => {
                let code = rest.as_str().strip_prefix('{')?.split_once('}')?;
                rest = code.1.chars();
                out.push(char::from_u32(u32::from_str_radix(code.0, 16).ok()?)?);
            }
            _ => return None,
        }
    }
    Some(out)
}
