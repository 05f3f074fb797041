//! A listing: offset, bytes, mnemonic, and what was noted beside the code.
//!
//! Nothing is recorded for it on the way but the notes that a user adds, and those only if [`Notes::keep`] is on. The
//! text is read back from the bytes by the [`Disassemble`] of the instruction set, which works from the same rows as
//! the encoder.

use std::fmt::{self, Write};

use super::buffer::Code;
use super::fixup::FixupKind;

/// The text of instructions, from their bytes.
pub trait Disassemble {
    /// Length and text of the instruction at the start of `bytes`, which stands at `offset`; displacements to other code
    /// are shown as offsets. `None` if it is none that the tables have.
    fn disassemble(&self, bytes: &[u8], offset: u32) -> Option<(usize, String)>;
}

/// Something noted at an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Note {
    pub offset: u32,
    pub what: NoteKind,
}

/// What is noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// A comment: where it is in the text of all of them.
    Comment { start: u32, end: u32 },
    /// A source position, in the user's own numbering.
    Position(u32),
}

/// Comments and source positions beside the code, in order of offset.
#[derive(Debug, Default)]
pub struct Notes {
    kept: bool,
    text: String,
    notes: Vec<Note>,
}

impl Notes {
    /// Whether notes are kept; they are not at first.
    pub fn keep(&mut self, kept: bool) {
        self.kept = kept;
    }

    /// All notes, in order.
    pub fn all(&self) -> &[Note] {
        &self.notes
    }

    /// The text of a comment.
    pub fn comment(&self, note: &Note) -> Option<&str> {
        match note.what {
            NoteKind::Comment { start, end } => self.text.get(start as usize..end as usize),
            NoteKind::Position(_) => None,
        }
    }

    /// The last source position noted at or before an offset.
    pub fn position(&self, offset: u32) -> Option<u32> {
        let end = self.notes.partition_point(|note| note.offset <= offset);
        self.notes[..end].iter().rev().find_map(|note| match note.what {
            NoteKind::Position(position) => Some(position),
            NoteKind::Comment { .. } => None,
        })
    }

    pub(super) fn add_comment(&mut self, offset: u32, text: fmt::Arguments<'_>) {
        if self.kept {
            let start = self.text.len() as u32;
            // Writing to a string fails only if a Display of the user's does: the note is then cut short.
            let _ = self.text.write_fmt(text);
            let end = self.text.len() as u32;
            self.notes.push(Note { offset, what: NoteKind::Comment { start, end } });
        }
    }

    pub(super) fn add_position(&mut self, offset: u32, position: u32) {
        if self.kept {
            self.notes.push(Note { offset, what: NoteKind::Position(position) });
        }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.notes.clear();
    }

    /// Moves every note to where `map` says its offset is now.
    pub(super) fn relocate(&mut self, map: impl Fn(u32) -> u32) {
        for note in &mut self.notes {
            note.offset = map(note.offset);
        }
    }
}

/// Writes the listing of finished code: a line for each instruction, and for each 8 bytes of data.
///
/// # Errors
/// Those of the writer.
pub fn write<K: FixupKind>(out: &mut dyn Write, code: &Code<'_, K>, isa: &dyn Disassemble) -> fmt::Result {
    let (bytes, mut at) = (code.bytes(), 0usize);
    let mut notes = code.notes().all().iter().peekable();
    let mut data = code.data().iter().peekable();
    let mut labels = code.bound_labels();
    labels.sort_by_key(|&(offset, label)| (offset, label));
    let mut labels = labels.into_iter().peekable();
    while at < bytes.len() {
        while let Some((_, label)) = labels.next_if(|&(offset, _)| offset as usize <= at) {
            writeln!(out, "{label}:")?;
        }
        while data.next_if(|range| range.end as usize <= at).is_some() {}
        let here = data.peek().filter(|range| (range.start as usize) <= at);
        let (size, text) = match here {
            Some(range) => ((range.end as usize - at).min(8), String::from(".byte")),
            None => isa.disassemble(&bytes[at..], at as u32).unwrap_or((1, String::from(".byte"))),
        };
        let size = size.clamp(1, bytes.len() - at);
        let mut hex = String::new();
        for byte in &bytes[at..at + size] {
            write!(hex, "{byte:02x} ")?;
        }
        write!(out, "  {at:#06x}  {hex:<33}{text}")?;
        let mut column = 35 + hex.len().max(33) - 33 + text.len();
        let mut first = true;
        while let Some(note) = notes.next_if(|note| (note.offset as usize) < at + size) {
            let Some(comment) = code.notes().comment(note) else { continue };
            if !first {
                writeln!(out)?;
                column = 0;
                write!(out, "{:43}", "")?;
            }
            first = false;
            write!(out, "{:1$}; {comment}", "", 72usize.saturating_sub(column).max(1))?;
        }
        writeln!(out)?;
        at += size;
    }
    Ok(())
}
