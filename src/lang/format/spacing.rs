//! Whether a space stands between two pieces of a line.

use crate::lang::lexer::TokenKind;

/// What a bracket is to its contents.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Bracket {
    /// Of a struct literal: spaces within.
    Struct,
    Other,
}

/// What is known of the token before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Previous {
    pub(super) kind: TokenKind,
    /// A `-` or `~` before its operand.
    pub(super) unary: bool,
    /// For an opening bracket what it is.
    pub(super) bracket: Bracket,
}

/// Whether an operand ends with this token.
fn ends_operand(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(kind, Ident | Int | Float | Str | True | False | RParen | RBracket | RBrace)
}

/// The token after `previous`, classified.
pub(super) fn classify(previous: Option<Previous>, kind: TokenKind) -> Previous {
    let after_operand = previous.is_some_and(|previous| ends_operand(previous.kind));
    let unary = kind == TokenKind::Tilde || kind == TokenKind::Minus && !after_operand;
    let after_name = previous.is_some_and(|previous| previous.kind == TokenKind::Ident);
    let bracket = match kind {
        // A `{` directly after a path belongs to a struct literal.
        TokenKind::LBrace if after_name => Bracket::Struct,
        _ => Bracket::Other,
    };
    Previous { kind, unary, bracket }
}

/// Whether a space stands before `next`, the token of a line. `comment` says that a comment stands directly before it;
/// `closes` what a closing bracket closes.
pub(super) fn space_before(previous: Previous, comment: bool, next: TokenKind, closes: Bracket) -> bool {
    use TokenKind::*;
    match next {
        Comma | Semi | Colon | RParen | RBracket => return false,
        RBrace => return closes == Bracket::Struct && (comment || previous.kind != LBrace),
        _ if comment => return true,
        _ => {}
    }
    if matches!(previous.kind, LParen | LBracket | Dot | DotDot | DotDotEq) || previous.unary {
        return false;
    }
    match next {
        Dot | DotDot | DotDotEq => false,
        _ if previous.kind == LBrace => previous.bracket == Bracket::Struct,
        LParen => !(ends_operand(previous.kind) || matches!(previous.kind, Fn | Print)),
        LBracket => !ends_operand(previous.kind),
        LBrace => previous.kind != Ident,
        _ => true,
    }
}

/// Whether a space stands between a token and a `/* … */` after it on its line.
pub(super) fn space_before_comment(previous: Previous) -> bool {
    previous.bracket == Bracket::Struct
        || !matches!(previous.kind, TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace)
}
