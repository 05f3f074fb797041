//! Syntax errors: which code, where, and in what words.

use super::*;
use crate::lang::lexer::Bracket;

impl Parser<'_, '_> {
    /// Reports something at a span.
    #[cold]
    pub(super) fn error(&mut self, code: u16, span: Span, title: &str, label: &str, message: &str) -> Failed {
        self.lexer.report(Diagnostic::new(code, self.file, span, title, label, message));
        Failed
    }

    /// The same with a line that says what to do.
    #[cold]
    pub(super) fn error_help(
        &mut self,
        code: u16,
        span: Span,
        title: &str,
        label: &str,
        message: &str,
        help: &str,
    ) -> Failed {
        self.lexer.report(Diagnostic::new(code, self.file, span, title, label, message).help(help));
        Failed
    }

    /// The current token as a sentence names it.
    pub(super) fn found(&self) -> String {
        match self.tok.kind {
            TokenKind::Newline if !self.tok.ends_file() => "the end of the line".into(),
            TokenKind::Newline | TokenKind::Eof => "the end of the file".into(),
            TokenKind::Indent => "a line that is indented more".into(),
            TokenKind::Dedent => "the end of the block".into(),
            TokenKind::Error => "a character that has no meaning".into(),
            TokenKind::Str => "a string".into(),
            TokenKind::Int | TokenKind::Float => format!("the number `{}`", self.lexer.slice(self.tok.span)),
            TokenKind::Ident => format!("the name `{}`", self.lexer.slice(self.tok.span)),
            TokenKind::Label => format!("the label `{}`", self.lexer.slice(self.tok.span)),
            kind if kind.is_keyword() => format!("the keyword `{}`", kind.text().unwrap_or("")),
            kind => format!("`{}`", kind.text().unwrap_or("")),
        }
    }

    /// The current token is none that can stand here.
    #[cold]
    pub(super) fn unexpected(&mut self, wanted: &str) -> Failed {
        self.unexpected_as(1001, "Unexpected token", wanted)
    }

    /// The same, with a code of its own.
    #[cold]
    pub(super) fn unexpected_as(&mut self, code: u16, title: &str, wanted: &str) -> Failed {
        if self.tok.is_silent() {
            return Failed;
        }
        let span = self.tok.span;
        // At the end, at a closer of another kind, and at a new statement it is the bracket that is wrong.
        if let Some(&open) = self.lexer.brackets().last() {
            let misfit = self.tok.kind.is_closer() && open.kind.closer() != Some(self.tok.kind);
            let begins = self.lexer.is_in_new_statement(open, span.start);
            if (self.at(TokenKind::Eof) || misfit || begins) && self.lexer.is_unclosed(open) {
                return self.unclosed(open);
            }
        }
        let label = format!("expected {wanted}");
        let message = format!("Found {} where {wanted} was expected.", self.found());
        if code != 1001 {
            return self.error(code, span, title, &label, &message);
        }
        if self.at(TokenKind::Indent) {
            return self.unexpected_indent();
        }
        if self.tok.ends_file() {
            return self.error(1005, span, "Unexpected end of file", &label, &message);
        }
        match self.advice() {
            Some(help) => self.error_help(1001, span, title, &label, &message, help),
            None => self.error(1001, span, title, &label, &message),
        }
    }

    /// What somebody who wrote the current token may have had in mind.
    fn advice(&self) -> Option<&'static str> {
        let before = self.lexer.text().as_bytes()[..self.tok.span.start as usize].last().copied();
        match (self.tok.kind, before) {
            (TokenKind::Amp, Some(b'&')) => Some("`and` connects conditions."),
            (TokenKind::Pipe, Some(b'|')) => Some("`or` connects conditions."),
            (TokenKind::Plus, Some(b'+')) => Some("write `x += 1`."),
            (TokenKind::Star, Some(b'*')) => Some("powers are computed by `pow(x, y)`."),
            (TokenKind::Gt, Some(b'=')) => Some("the arms of a `match` are written `pattern -> …`."),
            (TokenKind::Print, _) => Some("`print` is a statement; `format` gives a string."),
            (TokenKind::Label, _) => Some("labels stand before loops and after `break` and `continue`."),
            (TokenKind::Newline, _) => Some("a line is continued only inside brackets."),
            (TokenKind::Assign, _) => {
                Some("equality is written `==`; only variables, fields and elements can be assigned to.")
            }
            (TokenKind::If, Some(b' ')) if self.lexer.text()[..self.prev_end as usize].ends_with("else") => {
                Some("write `elif`.")
            }
            _ => None,
        }
    }

    pub(super) fn unexpected_indent(&mut self) -> Failed {
        let at = self.tok.span.start;
        self.error(
            1008,
            Span { start: at, end: at + 1 },
            "Unexpected indent",
            "indented more than its block",
            "Only the lines after a `:` or `->` at a line's end may be indented more.",
        )
    }

    /// A block was expected, and the current token does not begin one.
    pub(super) fn missing_block(&mut self) {
        if self.tok.is_silent() {
            return;
        }
        let at = self.tok.span.start;
        self.error_help(
            1008,
            Span { start: at, end: at.max(self.tok.span.end) },
            "Expected an indented block",
            "this line had to be indented",
            "The line above opens a block, so the next one must be indented more.",
            "a block that does nothing is written `pass`.",
        );
    }

    /// Something in brackets goes on neither with `wanted` (if that is not empty) nor with the closing bracket.
    #[cold]
    pub(super) fn bracket_error(&mut self, open: Token, wanted: &str) -> Failed {
        if self.tok.is_silent() {
            return Failed;
        }
        let bracket = Bracket { kind: open.kind, at: open.span.start };
        if self.lexer.is_unclosed(bracket) {
            return self.unclosed(bracket);
        }
        let closer = open.kind.closer().and_then(TokenKind::text).unwrap_or("");
        let wanted =
            if wanted.is_empty() { format!("`{closer}`") } else { format!("{wanted} or `{closer}`") };
        let label = format!("expected {wanted}");
        let message = format!("Found {} where {wanted} was expected.", self.found());
        self.error(bracket_code(open.kind), self.tok.span, "Unexpected token in brackets", &label, &message)
    }

    fn unclosed(&mut self, open: Bracket) -> Failed {
        let opener = open.kind.text().unwrap_or("");
        let closer = open.kind.closer().and_then(TokenKind::text).unwrap_or("");
        self.error(
            bracket_code(open.kind),
            Span { start: open.at, end: open.at + 1 },
            &format!("Unclosed `{opener}`"),
            "this bracket is never closed",
            &format!("There is no `{closer}` for this `{opener}`."),
        )
    }

    /// A header goes on with something other than its `:`.
    #[cold]
    pub(super) fn missing_colon(&mut self) -> Failed {
        // If the colon comes later, it is not what is missing.
        let at_end = matches!(self.tok.kind, TokenKind::Newline | TokenKind::Eof | TokenKind::Dedent);
        if !at_end && self.lexer.brackets().is_empty() && self.lexer.has_colon(self.tok.span.start) {
            return self.unexpected("`:`");
        }
        self.missing_colon_here()
    }

    /// A `:` is missing before the current token.
    #[cold]
    pub(super) fn missing_colon_here(&mut self) -> Failed {
        self.unexpected_as(1002, "Missing `:`", "`:`")
    }

    /// Something nests too deep.
    #[cold]
    pub(super) fn too_deep(&mut self, what: &str) -> Failed {
        let span = self.tok.span;
        self.error(
            1009,
            Span { start: span.start, end: span.end.max(span.start + 1) },
            "Nesting too deep",
            "this is level 257",
            &format!("{what} nest to 256 levels at most."),
        )
    }
}

/// The code of what is wrong with a bracket.
fn bracket_code(kind: TokenKind) -> u16 {
    match kind {
        TokenKind::LParen => 1003,
        TokenKind::LBrace => 1004,
        _ => 1020,
    }
}
