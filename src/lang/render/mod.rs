//! Reports as text: of compile-time errors and of uncaught runtime errors, in the three formats of the language's
//! reference (section 15).
//!
//! How it works. Both kinds of error become a [`Report`], whose places are lines and columns already; `friendly` draws
//! it for people, `json` for programs, and the minimal format is a line made here. Nothing is written: the texts are
//! returned.
//!
//! Invariants
//! - R1 However many errors there are, at most [`MAX_REPORTS`] are shown, in the order of their positions, each once.
//! - R2 Text from a source file cannot control a terminal: control characters of the lines shown are replaced.

mod friendly;
mod json;

#[cfg(test)]
mod tests;

use super::diag::{Code, Diagnostic};
use super::source::SourceMap;
use crate::bytecode::{FileId, Span};

/// How many errors of one compilation are reported.
pub const MAX_REPORTS: usize = 20;

/// How many of the active calls a report shows.
pub const MAX_TRACE: usize = 20;

/// The formats of reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people, with the source line.
    #[default]
    Friendly,
    /// A line for each report.
    Minimal,
    /// A JSON object for each report, on a line of its own.
    Json,
}

impl std::str::FromStr for Format {
    type Err = ();
    fn from_str(name: &str) -> Result<Format, ()> {
        match name {
            "friendly" => Ok(Format::Friendly),
            "minimal" => Ok(Format::Minimal),
            "json" => Ok(Format::Json),
            _ => Err(()),
        }
    }
}

/// An uncaught runtime error.
#[derive(Clone, Debug)]
pub struct RuntimeError<'e> {
    pub code: Code,
    /// May have several lines.
    pub message: &'e str,
    pub file: FileId,
    pub span: Span,
    /// The calls that were active, innermost first. Those beyond [`MAX_TRACE`] are not shown.
    pub trace: &'e [Frame<'e>],
}

/// An active call: the function, and where it was.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'e> {
    pub function: &'e str,
    pub file: FileId,
    pub span: Span,
}

/// Renders reports about the files of one source map.
pub struct Renderer<'s> {
    sources: &'s SourceMap,
    format: Format,
    color: bool,
}

/// A place as reports show it, counted from 1.
struct Place<'r> {
    file: &'r str,
    line: u32,
    column: u32,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What the formats have in common.
struct Report<'r> {
    code: Code,
    /// One line.
    title: &'r str,
    label: &'r str,
    message: &'r str,
    help: Option<&'r str>,
    note: Option<&'r str>,
    file: FileId,
    span: Span,
    place: Place<'r>,
    trace: Vec<(&'r str, Place<'r>)>,
    runtime: bool,
}

impl Report<'_> {
    /// All that it says, for formats without a heading.
    fn text(&self) -> String {
        match self.runtime {
            true => self.message.to_string(),
            false => format!("{}: {}", self.title, self.message),
        }
    }
}

impl<'s> Renderer<'s> {
    /// A renderer; `color` asks for escape sequences, which only the friendly format has.
    pub fn new(sources: &'s SourceMap, format: Format, color: bool) -> Renderer<'s> {
        Renderer { sources, format, color }
    }

    /// The reports of a compilation that failed, and a last line that says how many they are.
    pub fn compile_errors(&self, diags: &[Diagnostic]) -> String {
        let shown = select(diags);
        let mut out: String = shown.iter().map(|diag| self.diagnostic(diag)).collect();
        // Programs that read JSON count for themselves.
        if self.format != Format::Json {
            out += &format!("Compilation failed: {} error(s).\n", shown.len());
        }
        out
    }

    /// The report of one compile-time error.
    pub fn diagnostic(&self, diag: &Diagnostic) -> String {
        self.render(&Report {
            code: diag.code,
            title: &diag.title,
            label: &diag.label,
            message: &diag.message,
            help: diag.help.as_deref(),
            note: diag.note.as_deref(),
            file: diag.file,
            span: diag.span,
            place: self.place(diag.file, diag.span.start),
            trace: Vec::new(),
            runtime: false,
        })
    }

    /// The report of an uncaught runtime error.
    pub fn runtime_error(&self, error: &RuntimeError) -> String {
        let first_line = error.message.lines().next().unwrap_or("");
        let trace = error.trace.iter().take(MAX_TRACE);
        self.render(&Report {
            code: error.code,
            title: first_line,
            label: first_line,
            message: error.message,
            help: None,
            note: None,
            file: error.file,
            span: error.span,
            place: self.place(error.file, error.span.start),
            trace: trace.map(|frame| (frame.function, self.place(frame.file, frame.span.start))).collect(),
            runtime: true,
        })
    }

    fn render(&self, report: &Report) -> String {
        match self.format {
            Format::Friendly => friendly::render(report, self.sources, self.color),
            Format::Minimal => minimal(report),
            Format::Json => json::render(report, self.sources),
        }
    }

    fn place(&self, file: FileId, offset: u32) -> Place<'s> {
        let (line, column) = self.sources.line_column(file, offset);
        Place { file: self.sources.name(file), line, column }
    }
}

/// Keeps R1.
pub fn select(diags: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut shown: Vec<&Diagnostic> = diags.iter().collect();
    shown.sort_by_key(|diag| (diag.file.0, diag.span.start, diag.code));
    shown.dedup_by_key(|diag| (diag.file.0, diag.span.start, diag.code));
    shown.truncate(MAX_REPORTS);
    shown
}

/// `file:line:column: error[code]: text`, the lines of the text joined.
fn minimal(report: &Report) -> String {
    let text = report.text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    format!("{}: error[{}]: {}\n", report.place, report.code, lines.join("; "))
}
