//! Diagnostics as data: what is wrong, where, and what to do about it.

use super::ast::Span;
use crate::bytecode::FileId;

/// A number as in `E2004`; its range says the category.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "E{:04}", self.0)
    }
}

impl Code {
    /// The heading's category.
    pub fn category(self) -> &'static str {
        match self.0 {
            0..1000 => "RUNTIME ERROR",
            1000..2000 => "SYNTAX ERROR",
            2000..3000 => "TYPE MISMATCH",
            3000..4000 => "MODULE ERROR",
            _ => "INTERNAL ERROR",
        }
    }
}

/// One report.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    pub code: Code,
    pub file: FileId,
    /// The smallest thing that is wrong.
    pub span: Span,
    /// The heading, without a full stop: `Operands have different types`.
    pub title: String,
    /// What stands beside the carets: short.
    pub label: String,
    /// One sentence of explanation, or several.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// More that is worth knowing.
    pub note: Option<String>,
}

impl Diagnostic {
    /// A report of those words, without help or note.
    pub fn new(
        code: u16,
        file: FileId,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code: Code(code),
            file,
            span,
            title: title.into(),
            label: label.into(),
            message: message.into(),
            help: None,
            note: None,
        }
    }

    /// Adds what to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds a note.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.note = Some(note.into());
        self
    }
}
