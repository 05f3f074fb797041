//! Literals: values of tokens, and whether they fit.

use super::*;
use crate::lang::lexer::unescape;

impl<'a> Parser<'a, '_> {
    /// The current token, an integer. `minus` is the `-` directly before it.
    pub(super) fn take_int(&mut self, minus: Option<Span>) -> IntLiteral {
        let token = self.bump();
        let literal = token.int();
        if token.too_large() {
            self.too_large(token, minus, "the largest integer is 18446744073709551615");
        } else if let Some((_, name, range)) =
            literal.suffix.and_then(range_of).filter(|(fits, ..)| !fits(literal, minus))
        {
            self.too_large(token, minus, &format!("{name} holds {range}"));
        }
        literal
    }

    /// The current token, a float.
    pub(super) fn take_float(&mut self, minus: Option<Span>) -> f64 {
        let token = self.bump();
        if token.too_large() {
            self.too_large(token, minus, "the largest f64 is about 1.8e308");
        }
        token.float()
    }

    fn too_large(&mut self, token: Token, minus: Option<Span>, label: &str) {
        let span = Span { start: minus.map_or(token.span.start, |minus| minus.start), end: token.span.end };
        let message = format!("`{}` does not fit.", self.lexer.slice(span));
        self.error(1007, span, "Number out of range", label, &message);
    }

    /// The current token, a string, as what it stands for.
    pub(super) fn take_string(&mut self) -> &'a str {
        let token = self.bump();
        let inside = self.lexer.slice(Span { start: token.span.start + 1, end: token.span.end - 1 });
        if !token.has_escapes() {
            return self.arena.alloc_str(inside);
        }
        self.buffer.clear();
        unescape(inside, &mut self.buffer);
        self.arena.alloc_str(&self.buffer)
    }
}

/// Whether a literal fits, the type's name, what it holds.
type SuffixRange = (fn(IntLiteral, Option<Span>) -> bool, &'static str, &'static str);

/// What an integer type holds. A suffix asks for the value, also of a hexadecimal literal. A negative unsigned literal
/// is no matter of range: the operator is not defined.
fn range_of(suffix: Suffix) -> Option<SuffixRange> {
    fn signed(literal: IntLiteral, minus: Option<Span>, max: u64) -> bool {
        literal.value <= max + u64::from(minus.is_some())
    }
    match suffix {
        Suffix::I32 => Some((|l, m| signed(l, m, i32::MAX as u64), "i32", "-2147483648 to 2147483647")),
        Suffix::I64 => {
            Some((|l, m| signed(l, m, i64::MAX as u64), "i64", "-9223372036854775808 to 9223372036854775807"))
        }
        Suffix::U32 => Some((|l, _| l.value <= u64::from(u32::MAX), "u32", "0 to 4294967295")),
        Suffix::U64 | Suffix::F64 => None,
    }
}
