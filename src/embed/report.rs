//! Reports: compile-time errors and uncaught runtime errors, as data and as text.

use crate::bytecode::{FileId, Program, Span};
use crate::lang::diag::{Code, Diagnostic};
use crate::lang::render::{self, Renderer};
use crate::lang::source::SourceMap;
use crate::vm;

/// How reports are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    /// With the source line, carets and help.
    Friendly {
        /// With escape sequences for colours, as for a terminal.
        color: bool,
    },
    /// `file:line:column: error[E2004]: text`, one line a report.
    Minimal,
    /// One JSON object a line.
    Json,
}

/// What went wrong, and where. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// As in `E2004`.
    pub code: String,
    /// As in `TYPE MISMATCH`.
    pub category: &'static str,
    /// The heading of a compile-time error; empty for a runtime error.
    pub title: String,
    /// The explanation; of a runtime error the message that `e.message` is.
    pub message: String,
    /// Of a runtime error its kind, as in `value error`.
    pub kind: Option<&'static str>,
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    /// Of the first character behind.
    pub end_column: u32,
    /// What to do.
    pub help: Option<String>,
    /// What else is worth knowing.
    pub note: Option<String>,
    /// The calls that were active when a runtime error was raised, innermost first.
    pub trace: Vec<TraceEntry>,
    text: Texts,
}

/// An active call.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceEntry {
    /// As in `mean`, `Account.deposit` or `<module>`.
    pub function: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// A report as text, in each format: it outlives the sources.
#[derive(Clone, Debug, PartialEq)]
struct Texts {
    friendly: String,
    color: String,
    minimal: String,
    json: String,
}

impl Texts {
    fn new(sources: &SourceMap, render: impl Fn(&Renderer<'_>) -> String) -> Texts {
        let text = |format, color| render(&Renderer::new(sources, format, color));
        Texts {
            friendly: text(render::Format::Friendly, false),
            color: text(render::Format::Friendly, true),
            minimal: text(render::Format::Minimal, false),
            json: text(render::Format::Json, false),
        }
    }

    fn get(&self, format: ReportFormat) -> &str {
        match format {
            ReportFormat::Friendly { color: false } => &self.friendly,
            ReportFormat::Friendly { color: true } => &self.color,
            ReportFormat::Minimal => &self.minimal,
            ReportFormat::Json => &self.json,
        }
    }
}

impl Report {
    /// The report as text, with its line end.
    pub fn render(&self, format: ReportFormat) -> String {
        self.text.get(format).to_owned()
    }

    fn at(code: Code, file: FileId, span: Span, sources: &SourceMap, text: Texts) -> Report {
        let (line, column) = sources.line_column(file, span.start);
        let (end_line, end_column) = sources.line_column(file, span.end);
        Report {
            code: code.to_string(),
            category: code.category(),
            title: String::new(),
            message: String::new(),
            kind: None,
            file: sources.name(file).to_owned(),
            line,
            column,
            end_line,
            end_column,
            help: None,
            note: None,
            trace: Vec::new(),
            text,
        }
    }

    fn of_diagnostic(diagnostic: &Diagnostic, sources: &SourceMap) -> Report {
        let text = Texts::new(sources, |renderer| renderer.diagnostic(diagnostic));
        Report {
            title: diagnostic.title.clone(),
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            note: diagnostic.note.clone(),
            ..Report::at(diagnostic.code, diagnostic.file, diagnostic.span, sources, text)
        }
    }

    pub(super) fn of_uncaught(error: &vm::Uncaught, program: &Program) -> Report {
        let sources = SourceMap::from_files(&program.files);
        let frames: Vec<_> = error
            .trace
            .iter()
            .map(|entry| render::Frame { function: &entry.function, file: entry.file, span: entry.span })
            .collect();
        let code = Code(error.code as u16);
        let raw = render::RuntimeError {
            code,
            message: &error.message,
            file: error.file,
            span: error.span,
            trace: &frames,
        };
        let text = Texts::new(&sources, |renderer| renderer.runtime_error(&raw));
        let trace = frames.iter().map(|frame| {
            let (line, column) = sources.line_column(frame.file, frame.span.start);
            let file = sources.name(frame.file).to_owned();
            TraceEntry { function: frame.function.to_owned(), file, line, column }
        });
        Report {
            message: error.message.clone(),
            kind: Some(error.kind.text()),
            trace: trace.collect(),
            ..Report::at(code, error.file, error.span, &sources, text)
        }
    }
}

/// Why a program was not compiled: one report or more, in the order of their positions.
#[derive(Clone, Debug, PartialEq)]
pub struct Reports(Vec<Report>);

impl Reports {
    pub(super) fn new(diagnostics: &[Diagnostic], sources: &SourceMap) -> Reports {
        Reports(
            render::select(diagnostics).into_iter().map(|one| Report::of_diagnostic(one, sources)).collect(),
        )
    }

    /// The reports.
    pub fn iter(&self) -> std::slice::Iter<'_, Report> {
        self.0.iter()
    }

    /// All reports as text, and the line that counts them.
    pub fn render(&self, format: ReportFormat) -> String {
        let mut text: String = self.0.iter().map(|report| report.text.get(format)).collect();
        // Programs that read JSON count for themselves.
        if format != ReportFormat::Json {
            text += &format!("Compilation failed: {} error(s).\n", self.0.len());
        }
        text
    }
}

impl<'r> IntoIterator for &'r Reports {
    type Item = &'r Report;
    type IntoIter = std::slice::Iter<'r, Report>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Display for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(ReportFormat::Friendly { color: false }))
    }
}

impl std::error::Error for Reports {}
