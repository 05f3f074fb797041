//! Source files: their text, and where in it an offset stands.
//!
//! How it works. A file is checked once, when it is loaded; from then on its text is valid UTF-8 without NUL and
//! without a byte order mark, and spans are byte offsets into that text. Where lines begin is found out at the first
//! question about a file, since most files of most programs have nothing to report.
//!
//! Invariants
//! - A file that was refused is registered all the same, so that its own diagnostic can be rendered.

use std::sync::{Arc, OnceLock};

use super::ast::Span;
use super::diag::Diagnostic;
use crate::bytecode::{FileId, SourceFile};

/// The files of a compilation or session; a [`FileId`] indexes them.
#[derive(Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    /// For each file the offsets at which its lines begin.
    lines: Vec<OnceLock<Vec<u32>>>,
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// A map of files that were loaded before, such as those of a [`Program`](crate::bytecode::Program).
    pub fn from_files(files: &[SourceFile]) -> SourceMap {
        let lines = files.iter().map(|_| OnceLock::new()).collect();
        SourceMap { files: files.to_vec(), lines }
    }

    /// Takes a file's contents. `name` is what reports call it.
    ///
    /// Refused (E1001) is what is not UTF-8, holds a NUL, or is too large for 32-bit offsets.
    #[allow(
        clippy::result_large_err,
        reason = "a refused file is rare, and its diagnostic goes where all go"
    )]
    pub fn load(&mut self, name: &str, bytes: &[u8]) -> Result<FileId, Diagnostic> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        if bytes.len() >= u32::MAX as usize {
            let file = self.add(name, "");
            return Err(Diagnostic::new(
                1001,
                file,
                Span::default(),
                "File too large",
                "this file has 4 GiB or more",
                "A source file must be smaller than 4 GiB.",
            ));
        }
        let file = match std::str::from_utf8(bytes) {
            Ok(text) => self.add(name, text),
            Err(error) => return Err(self.refuse_encoding(name, bytes, error)),
        };
        if let Some(at) = self.text(file).find('\0') {
            return Err(Diagnostic::new(
                1001,
                file,
                Span { start: at as u32, end: at as u32 + 1 },
                "NUL character",
                "a NUL stands here",
                "A source file must not hold NUL characters.",
            )
            .help("in a string, write `\\0`."));
        }
        Ok(file)
    }

    fn refuse_encoding(&mut self, name: &str, bytes: &[u8], error: std::str::Utf8Error) -> Diagnostic {
        let file = self.add(name, &String::from_utf8_lossy(bytes));
        // Up to there the lossy text is the file's own, so the offset holds in both.
        let start = error.valid_up_to() as u32;
        Diagnostic::new(
            1001,
            file,
            Span { start, end: start + '\u{fffd}'.len_utf8() as u32 },
            "Invalid UTF-8",
            format!("the byte 0x{:02x} does not belong here", bytes[start as usize]),
            "A source file must be encoded in UTF-8.",
        )
        .help("save the file as UTF-8.")
    }

    fn add(&mut self, name: &str, text: &str) -> FileId {
        self.files.push(SourceFile { name: Arc::from(name), text: Arc::from(text) });
        self.lines.push(OnceLock::new());
        FileId(self.files.len() as u32 - 1)
    }

    /// All files, in the order of their numbers.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// What reports call a file.
    pub fn name(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].name
    }

    /// A file's text. Sharing it costs no copy.
    pub fn text(&self, file: FileId) -> &Arc<str> {
        &self.files[file.0 as usize].text
    }

    /// Line and column of an offset, counted from 1, the column in scalar values. An offset beyond the text counts as
    /// its end; one within a character as that character's start.
    pub fn line_column(&self, file: FileId, offset: u32) -> (u32, u32) {
        let text = self.text(file);
        let offset = text.floor_char_boundary(offset as usize);
        let starts = self.line_starts(file);
        let line = starts.partition_point(|&start| start as usize <= offset);
        let start = starts[line - 1] as usize;
        (line as u32, text[start..offset].chars().count() as u32 + 1)
    }

    /// The bytes of a line (counted from 1) without its line end; empty beyond the last.
    pub fn line_span(&self, file: FileId, line: u32) -> Span {
        let text = self.text(file);
        let starts = self.line_starts(file);
        let end_of_text = text.len() as u32;
        let Some(&start) = starts.get((line as usize).wrapping_sub(1)) else {
            return Span { start: end_of_text, end: end_of_text };
        };
        let mut end = starts.get(line as usize).map_or(end_of_text, |&next| next - 1);
        if starts.len() > line as usize && text[start as usize..end as usize].ends_with('\r') {
            end -= 1;
        }
        Span { start, end }
    }

    fn line_starts(&self, file: FileId) -> &[u32] {
        self.lines[file.0 as usize].get_or_init(|| {
            let text = self.text(file).as_bytes();
            let after =
                text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at as u32 + 1);
            std::iter::once(0).chain(after).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(bytes: &[u8]) -> (SourceMap, FileId) {
        let mut map = SourceMap::new();
        let file = map.load("t.orus", bytes).expect("a proper file");
        (map, file)
    }

    fn refused(bytes: &[u8]) -> (String, u32, u32) {
        let mut map = SourceMap::new();
        let error = map.load("t.orus", bytes).expect_err("not a proper file");
        let (line, column) = map.line_column(error.file, error.span.start);
        (error.code.to_string(), line, column)
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once() {
        let (map, file) = loaded("\u{feff}x = 1".as_bytes());
        assert_eq!(&**map.text(file), "x = 1");
        assert_eq!(map.line_column(file, 0), (1, 1));
        let (map, file) = loaded("\u{feff}\u{feff}".as_bytes());
        assert_eq!(&**map.text(file), "\u{feff}");
    }

    #[test]
    fn columns_count_scalar_values_and_lines_end_either_way() {
        let (map, file) = loaded("é = 1\r\nb\n\nлc".as_bytes());
        assert_eq!(map.line_column(file, 0), (1, 1));
        assert_eq!(map.line_column(file, 2), (1, 2));
        assert_eq!(map.line_column(file, 1), (1, 1));
        assert_eq!(map.line_column(file, 8), (2, 1));
        assert_eq!(map.line_column(file, 10), (3, 1));
        assert_eq!(map.line_column(file, 13), (4, 2));
        assert_eq!(map.line_column(file, 99), (4, 3));
        let text = map.text(file);
        let line = |n| {
            let span = map.line_span(file, n);
            &text[span.start as usize..span.end as usize]
        };
        assert_eq!([line(1), line(2), line(3), line(4), line(5)], ["é = 1", "b", "", "лc", ""]);
    }

    #[test]
    fn an_empty_file_has_one_line() {
        let (map, file) = loaded(b"");
        assert_eq!(map.line_column(file, 0), (1, 1));
        assert_eq!(map.line_span(file, 1), Span { start: 0, end: 0 });
        assert_eq!(map.line_span(file, 0), Span { start: 0, end: 0 });
    }

    #[test]
    fn what_is_no_text_is_refused_where_it_begins() {
        assert_eq!(refused(b"ab\n\"\xff\"\n"), ("E1001".into(), 2, 2));
        assert_eq!(refused("x = \"é\0\"".as_bytes()), ("E1001".into(), 1, 7));
        // A character cut short at the end.
        assert_eq!(refused(b"x\xe2\x82"), ("E1001".into(), 1, 2));
    }
}
