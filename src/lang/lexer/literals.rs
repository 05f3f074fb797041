//! Numbers and strings.
//!
//! A number that is too large is only marked: the parser reports it, at the `-` if one stands before it.

use super::{DIGIT, IDENT, Lexer, Token, TokenKind, is, span};
use crate::lang::diag::Diagnostic;

impl Lexer<'_> {
    pub(super) fn number(&mut self, start: usize) -> Token {
        let radix = match (self.bytes[start], self.byte(start + 1)) {
            (b'0', b'x') => 16,
            (b'0', b'b') => 2,
            (b'0', b'o') => 8,
            _ => return self.decimal(start),
        };
        let digits = start + 2;
        let mut end = digits;
        while (self.byte(end) as char).is_digit(radix) || self.byte(end) == b'_' {
            end += 1;
        }
        let mut value = Some(0u64);
        for &byte in self.bytes[digits..end].iter().filter(|&&byte| byte != b'_') {
            let digit = u64::from((byte as char).to_digit(radix).unwrap_or(0));
            value = value.and_then(|v| v.checked_mul(u64::from(radix))?.checked_add(digit));
        }
        let suffix = self.word_end(end);
        let mut flags = Token::PATTERN;
        if end == digits || self.bytes[digits] == b'_' || self.bytes[end - 1] == b'_' {
            self.bad_number(start, suffix, "a digit must stand on both sides of `_` and after the prefix");
        } else if let Some(bits) = suffix_bits(&self.bytes[end..suffix]) {
            flags |= bits;
        } else {
            self.bad_number(
                start,
                suffix,
                &format!("`{}` cannot follow its digits", &self.text[end..suffix]),
            );
        }
        self.finish(start, suffix, TokenKind::Int, flags, value)
    }

    fn decimal(&mut self, start: usize) -> Token {
        let mut value = Some(0u64);
        let mut end = start;
        loop {
            match self.byte(end) {
                byte @ b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    value = value.and_then(|v| v.checked_mul(10)?.checked_add(digit));
                }
                b'_' => {}
                _ => break,
            }
            end += 1;
        }
        let mut underscores = self.bytes[end - 1] == b'_';
        let mut float = false;
        if self.byte(end) == b'.' {
            if is(self.byte(end + 1), DIGIT) {
                float = true;
                end = self.digits_end(end + 1);
                underscores |= self.bytes[end - 1] == b'_';
            } else if !is(self.byte(end + 1), IDENT) && self.byte(end + 1) != b'.' {
                self.bad_number(start, end + 1, "a digit must follow the point");
                return self.finish(start, end + 1, TokenKind::Float, 0, Some(0));
            }
        }
        if matches!(self.byte(end), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
            if !is(self.byte(end + 1 + sign), DIGIT) {
                let stop = self.word_end(end + 1 + sign);
                self.bad_number(start, stop, "the exponent has no digits");
                return self.finish(start, stop, TokenKind::Float, 0, Some(0));
            }
            float = true;
            end = self.digits_end(end + 1 + sign);
            underscores |= self.bytes[end - 1] == b'_';
        }
        let stop = self.word_end(end);
        let suffix = suffix_bits(&self.bytes[end..stop]);
        let f64_suffix = suffix == suffix_bits(b"f64");
        let mut flags = 0;
        if underscores {
            self.bad_number(start, stop, "a digit must stand on both sides of `_`");
        } else if float && !matches!(suffix, Some(0)) && !f64_suffix {
            let tail = &self.text[end..stop];
            self.bad_number(
                start,
                stop,
                &format!("`{tail}` cannot follow a number with a point or exponent"),
            );
        } else if let Some(bits) = suffix {
            flags = bits;
        } else {
            self.bad_number(start, stop, &format!("`{}` cannot follow its digits", &self.text[end..stop]));
        }
        // An integer beyond u64 may still be an f64.
        if float || f64_suffix && value.is_none() {
            let number = self.parse_float(start, end);
            let value = number.is_finite().then(|| number.to_bits());
            return self.finish(start, stop, TokenKind::Float, 0, value);
        }
        self.finish(start, stop, TokenKind::Int, flags, value)
    }

    fn finish(&mut self, start: usize, end: usize, kind: TokenKind, flags: u8, value: Option<u64>) -> Token {
        self.pos = end;
        let flags = flags | if value.is_none() { Token::TOO_LARGE } else { 0 };
        Token { kind, flags, span: span(start, end), value: value.unwrap_or(0) }
    }

    /// The nearest f64 of a decimal spelling, infinite if it is beyond the range.
    fn parse_float(&self, start: usize, end: usize) -> f64 {
        let spelling = &self.text[start..end];
        // The spelling was checked, so it is read.
        if spelling.contains('_') {
            spelling.replace('_', "").parse().unwrap_or(0.0)
        } else {
            spelling.parse().unwrap_or(0.0)
        }
    }

    fn digits_end(&self, mut at: usize) -> usize {
        while is(self.byte(at), DIGIT) || self.byte(at) == b'_' {
            at += 1;
        }
        at
    }

    fn word_end(&self, mut at: usize) -> usize {
        while is(self.byte(at), IDENT) {
            at += 1;
        }
        at
    }

    fn bad_number(&mut self, start: usize, end: usize, label: &str) {
        let diag = Diagnostic::new(
            1006,
            self.file,
            span(start, end),
            "Malformed number",
            label,
            format!("`{}` is not a number.", &self.text[start..end]),
        );
        self.report(diag.help("numbers are written as in `42`, `1_000`, `0xFF`, `2.5`, `1e9`, `5u32`."));
    }

    pub(super) fn string(&mut self, start: usize) -> Token {
        let mut at = start + 1;
        let mut escapes = false;
        loop {
            match self.byte(at) {
                b'"' => break,
                b'\\' if !matches!(self.byte(at + 1), b'\n' | b'\r') && at + 1 < self.bytes.len() => {
                    escapes = true;
                    at += 1;
                    // Only what an escape may consist of is skipped at once; the rest is read as text.
                    at += self.text[at..].chars().next().map_or(0, char::len_utf8);
                }
                b'\n' => return self.unterminated_string(start, at),
                0 if at >= self.bytes.len() => return self.unterminated_string(start, at),
                _ => at += 1,
            }
        }
        self.pos = at + 1;
        if escapes {
            self.check_escapes(start + 1, at);
        }
        let mut token = self.token(TokenKind::Str, start);
        token.flags = if escapes { Token::ESCAPES } else { 0 };
        token
    }

    fn unterminated_string(&mut self, start: usize, end: usize) -> Token {
        self.pos = end - usize::from(self.bytes[end - 1] == b'\r' && end - 1 > start);
        let diag = Diagnostic::new(
            1005,
            self.file,
            span(start, start + 1),
            "Unterminated string",
            "this string has no end",
            "A string ends on the line on which it begins.",
        );
        self.report(diag.help("close it with `\"`; a line end inside a string is written `\\n`."));
        // Closers may be within the string: brackets that are open now are not to be missed.
        self.lost_brackets |= !self.brackets.is_empty();
        self.brackets.clear();
        self.token(TokenKind::Error, start)
    }

    fn check_escapes(&mut self, mut at: usize, end: usize) {
        while let Some(length) = self.text[at..end].find('\\') {
            at += length;
            let tail = &self.text[at..end];
            match escape(tail) {
                Some((_, length)) => at += length,
                None => {
                    let length = bad_escape_length(tail);
                    let shown = &self.text[at..at + length];
                    let (label, help) = if shown.starts_with("\\u") {
                        let label = "1 to 6 hexadecimal digits of a scalar value are expected in braces";
                        (label.to_string(), "write it as in `\\u{1F600}`.")
                    } else {
                        let label = format!("there is no escape `{shown}`");
                        (label, "the escapes are `\\n`, `\\t`, `\\r`, `\\\\`, `\\\"`, `\\0` and `\\u{…}`.")
                    };
                    let diag = Diagnostic::new(
                        1006,
                        self.file,
                        span(at, at + length),
                        "Bad escape",
                        label,
                        format!("`{shown}` is not an escape sequence."),
                    );
                    self.report(diag.help(help));
                    at += length;
                }
            }
        }
    }
}

/// The flags of an integer suffix, 0 for none; `None` if there is no such suffix.
fn suffix_bits(suffix: &[u8]) -> Option<u8> {
    let number = match suffix {
        b"" => 0,
        b"i32" => 1,
        b"i64" => 2,
        b"u32" | b"u" => 3,
        b"u64" => 4,
        b"f64" => 5,
        _ => return None,
    };
    Some(number << Token::SUFFIX_SHIFT)
}

/// What the escape at the start of this text stands for, and its length.
fn escape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'0' => '\0',
        b'\\' => '\\',
        b'"' => '"',
        b'u' => {
            let digits = text.strip_prefix("\\u{")?;
            let digits = &digits[..digits.find('}')?];
            if !(1..=6).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            return Some((character, digits.len() + "\\u{}".len()));
        }
        _ => return None,
    };
    Some((character, 2))
}

/// How much of a text belongs to the wrong escape that it begins with.
fn bad_escape_length(text: &str) -> usize {
    let length = 1 + text[1..].chars().next().map_or(0, char::len_utf8);
    if !text.starts_with("\\u{") {
        return length;
    }
    let inside = text[3..].bytes().take_while(u8::is_ascii_hexdigit).count();
    3 + inside + usize::from(text[3 + inside..].starts_with('}'))
}

/// Appends what the inside of a string literal stands for. Wrong escapes, which were reported, are taken as they stand.
pub fn unescape(inside: &str, out: &mut String) {
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match escape(rest) {
            Some((character, length)) => {
                out.push(character);
                length
            }
            None => {
                out.push('\\');
                1
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
}
