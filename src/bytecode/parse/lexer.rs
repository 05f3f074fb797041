//! The words of a line of the text form, and what reads them.

use std::sync::Arc;

use super::ParseError;

/// A word.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Token<'s> {
    /// A keyword, mnemonic, label, register or number of a table's row: letters, digits, `_`, and dots between them.
    Word(&'s str),
    Number(i128),
    /// What stands between the quotes, escapes as they were written.
    Text(&'s str),
    /// `( ) [ ] { } , = ? : # @ . .. ..= ->`
    Mark(&'s str),
}

/// Longest first.
const MARKS: &[&str] = &["..=", "->", "..", "(", ")", "[", "]", "{", "}", ",", "=", "?", ":", "#", "@", "."];

/// Reads the words of one line.
pub struct Line<'s> {
    rest: &'s str,
    /// The next word, if it has been looked at.
    ahead: Option<Token<'s>>,
    number: u32,
}

impl<'s> Line<'s> {
    pub fn new(text: &'s str, number: u32) -> Line<'s> {
        Line { rest: text, ahead: None, number }
    }

    pub fn error<T>(&self, message: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { line: self.number, message: message.into() })
    }

    /// The next word, without consuming it; none at a comment or the end.
    pub fn peek(&mut self) -> Result<Option<Token<'s>>, ParseError> {
        if self.ahead.is_none() {
            self.ahead = self.scan()?;
        }
        Ok(self.ahead)
    }

    /// The next word.
    pub fn next(&mut self) -> Result<Option<Token<'s>>, ParseError> {
        let token = self.peek()?;
        self.ahead = None;
        Ok(token)
    }

    fn scan(&mut self) -> Result<Option<Token<'s>>, ParseError> {
        self.rest = self.rest.trim_start();
        let text = self.rest;
        let Some(first) = text.chars().next() else { return Ok(None) };
        if first == ';' {
            self.rest = "";
            return Ok(None);
        }
        if first == '"' {
            let mut escaped = false;
            let end = text[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let Some(end) = end else { return self.error("a text without closing quote") };
            self.rest = &text[end + 2..];
            return Ok(Some(Token::Text(&text[1..=end])));
        }
        if let Some(mark) = MARKS.iter().find(|mark| text.starts_with(**mark)) {
            // `.word` is a word, `.3` a mark and a number.
            if *mark != "." || !text[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.rest = &text[mark.len()..];
                return Ok(Some(Token::Mark(mark)));
            }
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            let end = digits.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(digits.len());
            self.rest = &digits[end..];
            let word = &digits[..end];
            let value = match word.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => word.parse().ok(),
            };
            let Some(value) = value.filter(|_| !word.contains('+')) else {
                return self.error(format!("`{word}` is no number"));
            };
            let value = i128::from(value);
            return Ok(Some(Token::Number(if digits.len() < text.len() { -value } else { value })));
        }
        let mut length = usize::from(first == '.');
        let bytes = text.as_bytes();
        while let Some(&byte) = bytes.get(length) {
            let next = bytes.get(length + 1).copied().unwrap_or(0);
            if !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' && next.is_ascii_alphanumeric())
            {
                break;
            }
            length += 1;
        }
        if length == 0 {
            return self.error(format!("`{first}` is not expected"));
        }
        self.rest = &text[length..];
        Ok(Some(Token::Word(&text[..length])))
    }

    // ---- what is expected

    /// Consumes a mark or word if it comes next; whether it did.
    pub fn take(&mut self, expected: &str) -> Result<bool, ParseError> {
        let found = matches!(self.peek()?, Some(Token::Mark(text) | Token::Word(text)) if text == expected);
        if found {
            self.ahead = None;
        }
        Ok(found)
    }

    pub fn expect(&mut self, expected: &str) -> Result<(), ParseError> {
        if self.take(expected)? { Ok(()) } else { self.error(format!("`{expected}` expected")) }
    }

    /// The end of the line.
    pub fn end(&mut self) -> Result<(), ParseError> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => self.error("the line goes on where it should end"),
        }
    }

    pub fn word(&mut self) -> Result<&'s str, ParseError> {
        match self.next()? {
            Some(Token::Word(word)) => Ok(word),
            _ => self.error("a word expected"),
        }
    }

    /// A number within a type's range.
    pub fn number<T: TryFrom<i128>>(&mut self) -> Result<T, ParseError> {
        match self.next()? {
            Some(Token::Number(value)) => match T::try_from(value) {
                Ok(value) => Ok(value),
                Err(_) => self.error(format!("{value} is out of range")),
            },
            _ => self.error("a number expected"),
        }
    }

    /// An index behind a letter, such as `r3`.
    pub fn index(&mut self, prefix: char) -> Result<u32, ParseError> {
        if let Some(Token::Word(word)) = self.next()?
            && let Some(digits) = word.strip_prefix(prefix)
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(index) = digits.parse()
        {
            return Ok(index);
        }
        self.error(format!("a word such as `{prefix}0` expected"))
    }

    pub fn register(&mut self) -> Result<u16, ParseError> {
        let index = self.index('r')?;
        match u16::try_from(index) {
            Ok(register) => Ok(register),
            Err(_) => self.error(format!("register r{index} is out of range")),
        }
    }

    /// A text in quotes.
    pub fn text(&mut self) -> Result<Arc<str>, ParseError> {
        let Some(Token::Text(raw)) = self.next()? else { return self.error("a text in quotes expected") };
        if !raw.contains('\\') {
            return Ok(raw.into());
        }
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            let escaped = match chars.next() {
                Some('n') => Some('\n'),
                Some('t') => Some('\t'),
                Some('r') => Some('\r'),
                Some(c @ ('"' | '\\')) => Some(c),
                Some('u') => {
                    let rest = chars.as_str();
                    let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                    inner.and_then(|(digits, rest)| {
                        chars = rest.chars();
                        u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
                    })
                }
                _ => None,
            };
            match escaped {
                Some(c) => out.push(c),
                None => return self.error("an escape that does not exist"),
            }
        }
        Ok(out.into())
    }

    /// Items between two marks, separated by commas.
    pub fn list<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        self.expect(open)?;
        let mut items = Vec::new();
        if self.take(close)? {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(close)? {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    /// Items separated by commas to the end of the line, one at least.
    pub fn items(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        loop {
            item(self)?;
            if !self.take(",")? {
                return self.end();
            }
        }
    }
}
