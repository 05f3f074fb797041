//! The format for people: a heading, the source line with carets, and explanations.

use std::fmt::{Display, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Report;
use crate::lang::source::SourceMap;

/// The last column of a heading's dashes.
const DASHES_TO: usize = 67;

/// A source line longer than this is shown in part.
const MAX_LINE: usize = 400;

/// How much of a long line is shown before the span.
const BEFORE_SPAN: usize = 60;

/// The colours in use; plain styles write nothing.
struct Palette {
    heading: Style,
    place: Style,
    gutter: Style,
    caret: Style,
    help: Style,
    note: Style,
}

impl Palette {
    fn new(color: bool) -> Palette {
        let style = |ansi: AnsiColor| if color { ansi.on_default() } else { Style::new() };
        let heading = style(AnsiColor::Red);
        Palette {
            heading: if color { heading.bold() } else { heading },
            place: style(AnsiColor::Cyan),
            gutter: style(AnsiColor::Blue),
            caret: style(AnsiColor::Red),
            help: style(AnsiColor::Green),
            note: style(AnsiColor::Cyan),
        }
    }
}

fn painted(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn render(report: &Report, sources: &SourceMap, color: bool) -> String {
    let palette = Palette::new(color);
    let mut out = heading(report, &palette);
    out.push('\n');

    let number = report.place.line.to_string();
    let indent = " ".repeat(number.len() + 3);
    let bar = painted(palette.gutter, "|");
    let (source, carets) = excerpt(report, sources);
    let numbered = painted(palette.gutter, format!("{number} |"));
    let _ = writeln!(out, "{}", format!("  {numbered} {source}").trim_end());
    let pointed = format!("{carets} {}", report.label);
    let _ = writeln!(out, "{indent}{bar} {}", painted(palette.caret, pointed.trim_end()));
    let _ = writeln!(out, "{indent}{bar}");

    let mut lines = |style: Style, lead: &str, text: &str| {
        let mut first = true;
        for line in text.lines() {
            // A message that has several lines continues below its own beginning.
            let mark = if first { painted(palette.gutter, "=") } else { " ".into() };
            let lead = if first { painted(style, lead) } else { String::new() };
            let _ = writeln!(out, "{}", format!("{indent}{mark} {lead}{line}").trim_end());
            first = false;
        }
    };
    lines(Style::new(), "", report.message);
    for (function, place) in &report.trace {
        lines(Style::new(), "", &format!("in {function} ({place})"));
    }
    if let Some(help) = report.help {
        lines(palette.help, "help: ", help);
    }
    if let Some(note) = report.note {
        lines(palette.note, "note: ", note);
    }
    out.push('\n');
    out
}

/// `-- CATEGORY [code]: title ----- file:line:column`
fn heading(report: &Report, palette: &Palette) -> String {
    let title: String = report.title.chars().map(harmless).collect();
    let left = format!("-- {} [{}]: {title}", report.code.category(), report.code);
    let dashes = "-".repeat(DASHES_TO.saturating_sub(left.width() + 1).max(1));
    format!(
        "{} {}\n",
        painted(palette.heading, format!("{left} {dashes}")),
        painted(palette.place, &report.place)
    )
}

/// The source line, and carets under the part of the span that is on it.
fn excerpt(report: &Report, sources: &SourceMap) -> (String, String) {
    let line = sources.line_span(report.file, report.place.line);
    let text: &str = sources.text(report.file);
    let clamp = |offset: u32| text.floor_char_boundary(offset.clamp(line.start, line.end) as usize);
    let (start, end) = (clamp(report.span.start), clamp(report.span.end));
    let mut before = &text[line.start as usize..start];
    let marked = &text[start..end];
    let mut after = &text[end..line.end as usize];

    // A line of many kilobytes is cut around the span.
    let (mut lead, mut trail) = ("", "");
    let mut shown_marked = marked;
    if before.len() + marked.len() + after.len() > MAX_LINE {
        if before.len() > BEFORE_SPAN {
            before = &before[before.ceil_char_boundary(before.len() - BEFORE_SPAN)..];
            lead = "…";
        }
        let room = MAX_LINE - BEFORE_SPAN;
        if marked.len() > room {
            shown_marked = &marked[..marked.floor_char_boundary(room)];
        }
        let room = room - shown_marked.len();
        if shown_marked.len() < marked.len() || after.len() > room {
            after = if shown_marked.len() < marked.len() {
                ""
            } else {
                &after[..after.floor_char_boundary(room)]
            };
            trail = "…";
        }
    }

    let source =
        format!("{lead}{before}{shown_marked}{after}").chars().map(harmless).collect::<String>() + trail;
    let mut carets = String::new();
    for c in lead.chars().chain(before.chars()) {
        match c {
            // Repeated, so that it is as wide as the one above it.
            '\t' => carets.push('\t'),
            _ => carets.extend(std::iter::repeat_n(' ', harmless(c).width().unwrap_or(0))),
        }
    }
    let width: usize =
        shown_marked.chars().map(|c| if c == '\t' { 1 } else { harmless(c).width().unwrap_or(0) }).sum();
    carets.extend(std::iter::repeat_n('^', width.max(1)));
    (source, carets)
}

/// The character, unless it could control a terminal or reorder what stands around it.
fn harmless(c: char) -> char {
    match c {
        '\t' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}
