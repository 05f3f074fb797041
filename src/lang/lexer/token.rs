//! Tokens: what kinds there are, and what each carries besides its place.

use crate::bytecode::Span;
use crate::lang::ast::{IntLiteral, Suffix};

macro_rules! tokens {
    ($(layout: $($layout:ident)*; $($kind:ident = $text:literal),* ; keywords: $($word:ident = $spelling:literal),* $(,)?)*) => {
        /// What a token is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum TokenKind {
            $($(#[doc = "Layout, or a token of variable text."] $layout,)*
            $(#[doc = concat!("`", $text, "`")] $kind,)*
            $(#[doc = concat!("`", $spelling, "`")] $word,)*)*
        }

        impl TokenKind {
            /// The spelling of a token that has only one.
            pub const fn text(self) -> Option<&'static str> {
                match self {
                    $($(TokenKind::$layout => None,)*
                    $(TokenKind::$kind => Some($text),)*
                    $(TokenKind::$word => Some($spelling),)*)*
                }
            }

            /// All keywords.
            pub const KEYWORDS: &[TokenKind] = &[$($(TokenKind::$word,)*)*];
        }
    };
}

tokens! {
    layout: Newline Indent Dedent Eof Error Ident Int Float Str Label;
    Plus = "+", Minus = "-", Star = "*", Slash = "/", Percent = "%",
    Amp = "&", Pipe = "|", Caret = "^", Tilde = "~", Shl = "<<", Shr = ">>",
    Eq = "==", Ne = "!=", Lt = "<", Le = "<=", Gt = ">", Ge = ">=",
    Assign = "=", PlusAssign = "+=", MinusAssign = "-=", StarAssign = "*=", SlashAssign = "/=",
    PercentAssign = "%=", AmpAssign = "&=", PipeAssign = "|=", CaretAssign = "^=", ShlAssign = "<<=",
    ShrAssign = ">>=", Define = ":=", Arrow = "->", Colon = ":", Semi = ";", Comma = ",", Dot = ".",
    DotDot = "..", DotDotEq = "..=", LParen = "(", RParen = ")", LBracket = "[", RBracket = "]",
    LBrace = "{", RBrace = "}";
    keywords:
    And = "and", As = "as", Break = "break", Catch = "catch", Continue = "continue", Elif = "elif",
    Else = "else", Enum = "enum", Extern = "extern", False = "false", Fn = "fn", For = "for", If = "if",
    Impl = "impl", In = "in", Match = "match", Matches = "matches", Mut = "mut", Not = "not", Or = "or",
    Pass = "pass", Print = "print", Pub = "pub", Return = "return", Struct = "struct", True = "true",
    Try = "try", Use = "use", While = "while",
}

impl TokenKind {
    /// Whether it is a keyword.
    pub fn is_keyword(self) -> bool {
        self as u8 >= TokenKind::And as u8
    }

    /// For an opening bracket its closing one.
    pub fn closer(self) -> Option<TokenKind> {
        match self {
            TokenKind::LParen => Some(TokenKind::RParen),
            TokenKind::LBracket => Some(TokenKind::RBracket),
            TokenKind::LBrace => Some(TokenKind::RBrace),
            _ => None,
        }
    }

    /// Whether it closes a bracket.
    pub fn is_closer(self) -> bool {
        matches!(self, TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace)
    }
}

/// A token. Of an identifier, a label and a string without escapes the text is the span's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Token {
    pub kind: TokenKind,
    /// See the constants of [`Token`].
    pub(super) flags: u8,
    pub span: Span,
    /// Of an `Int` the value, of a `Float` the bits, of an `Ident` its bytes if they are at most eight.
    pub(super) value: u64,
}

impl Token {
    /// `Int`: a hexadecimal, octal or binary literal.
    pub(super) const PATTERN: u8 = 1;
    /// `Int`: the lowest bit of the suffix, 0 if there is none.
    pub(super) const SUFFIX_SHIFT: u8 = 1;
    /// `Int` or `Float`: beyond u64 or f64.
    pub(super) const TOO_LARGE: u8 = 16;
    /// `Str`: holds escapes.
    pub(super) const ESCAPES: u8 = 1;
    /// `Newline`: the end of the file, without a line end.
    pub(super) const AT_END: u8 = 1;
    /// `Newline`, `Eof`: something was reported that makes whatever is missing here its consequence.
    pub(super) const SILENT: u8 = 2;

    /// The value of an `Int`.
    pub fn int(self) -> IntLiteral {
        IntLiteral {
            value: self.value,
            pattern: self.flags & Token::PATTERN != 0,
            suffix: match self.flags >> Token::SUFFIX_SHIFT & 7 {
                1 => Some(Suffix::I32),
                2 => Some(Suffix::I64),
                3 => Some(Suffix::U32),
                4 => Some(Suffix::U64),
                5 => Some(Suffix::F64),
                _ => None,
            },
        }
    }

    /// The bytes of an `Ident` as a number that no other has, if there are at most eight.
    pub fn packed(self) -> Option<u64> {
        (self.value != 0).then_some(self.value)
    }

    /// The value of a `Float`.
    pub fn float(self) -> f64 {
        f64::from_bits(self.value)
    }

    /// Whether an `Int` or `Float` is beyond u64 or f64.
    pub fn too_large(self) -> bool {
        self.flags & Token::TOO_LARGE != 0
    }

    /// Whether a `Str` holds escapes.
    pub fn has_escapes(self) -> bool {
        self.flags & Token::ESCAPES != 0
    }

    /// Whether the file ends here: an `Eof`, or a `Newline` that stands for the end of the file.
    pub fn ends_file(self) -> bool {
        self.kind == TokenKind::Eof || self.kind == TokenKind::Newline && self.flags & Token::AT_END != 0
    }

    /// Whether finding this token instead of another was reported before.
    pub fn is_silent(self) -> bool {
        match self.kind {
            TokenKind::Error => true,
            TokenKind::Newline | TokenKind::Eof => self.flags & Token::SILENT != 0,
            _ => false,
        }
    }
}
