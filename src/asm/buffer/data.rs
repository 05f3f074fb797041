//! Data beside code: alignment, bytes, jump tables, addresses, constants.

use super::{CodeBuffer, WRITE_MAX};
use crate::asm::error::AsmError;
use crate::asm::fixup::FixupKind;
use crate::asm::label::{Label, LabelState};
use crate::asm::pool::{Constant, Entry};
use crate::asm::reloc::{Reloc, RelocField, RelocTarget};

/// The largest alignment, in bytes: that of a page.
const ALIGNMENT_MAX: u32 = 4096;

/// Bytes among the code that are not instructions, `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataRange {
    pub start: u32,
    pub end: u32,
}

/// Four bytes at `offset` that will be the distance from `base` to `target`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    pub(super) offset: u32,
    pub(super) target: Label,
    pub(super) base: Label,
}

/// Eight bytes at `offset` that will be the address of `label`.
#[derive(Clone, Copy, Debug)]
pub(super) struct LabelAddress {
    pub(super) offset: u32,
    pub(super) label: Label,
    pub(super) addend: i64,
}

impl<K: FixupKind> CodeBuffer<K> {
    /// Fills up to a multiple of `alignment`, a power of two, with instructions that do nothing.
    pub fn align(&mut self, alignment: u32) {
        if !alignment.is_power_of_two() || alignment > ALIGNMENT_MAX {
            return self.fail(AsmError::Alignment(alignment));
        }
        self.alignment = self.alignment.max(alignment);
        let start = self.end;
        if self.padding(alignment) > 0 && self.room_for(self.padding(alignment) as usize + WRITE_MAX) {
            // An island may have come between.
            let padding = self.padding(alignment) as usize;
            self.append(padding, |gap| K::fill(gap));
        }
        if self.deferred.on {
            self.deferred.align(start, self.end, alignment, true);
        }
    }

    /// Asks that the code be put at a multiple of `alignment`, a power of two up to that of a page; emits nothing.
    pub fn require_alignment(&mut self, alignment: u32) {
        if !alignment.is_power_of_two() || alignment > ALIGNMENT_MAX {
            return self.fail(AsmError::Alignment(alignment));
        }
        self.alignment = self.alignment.max(alignment);
    }

    fn padding(&self, alignment: u32) -> u32 {
        self.end.wrapping_neg() & (alignment - 1)
    }

    /// Makes `size` bytes writable, after an island if one is due before their end.
    pub(super) fn room_for(&mut self, size: usize) -> bool {
        self.bytes.len() >= self.end as usize + size || self.make_room(size)
    }

    /// Appends data. Where an island is due before its end, it comes before its start.
    pub fn put_data(&mut self, bytes: &[u8]) {
        if self.room_for(bytes.len()) {
            let start = self.end;
            self.append(bytes.len(), |to| to.copy_from_slice(bytes));
            self.note_data(start);
        }
    }

    fn note_data(&mut self, start: u32) {
        let end = self.end;
        match self.data.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ if end > start => self.data.push(DataRange { start, end }),
            _ => {}
        }
    }

    /// Appends four bytes: the distance from one label to another, which `finish` fills in.
    pub fn put_difference(&mut self, target: Label, base: Label) {
        self.put_data(&[0; 4]);
        self.differences.push(Difference { offset: self.end.wrapping_sub(4), target, base });
    }

    /// Appends a jump table, aligned to 4: for each target, four bytes with its distance from the table's start. Binds
    /// `table` to the start.
    pub fn put_jump_table(&mut self, table: Label, targets: &[Label]) {
        self.align(4);
        self.room_for(targets.len().saturating_mul(4));
        self.bind(table);
        for &target in targets {
            self.put_difference(target, table);
        }
    }

    /// Appends eight bytes: the address of a label, plus a number; a relocation, since the address is not known.
    pub fn put_label_address(&mut self, label: Label, addend: i64) {
        self.put_data(&[0; 8]);
        self.addresses.push(LabelAddress { offset: self.end.wrapping_sub(8), label, addend });
    }

    /// Appends eight bytes: the address of something outside, plus a number; a relocation.
    pub fn put_external_address(&mut self, symbol: u32, addend: i64) {
        self.put_data(&[0; 8]);
        self.note_absolute(symbol, addend, self.end.wrapping_sub(8));
    }

    /// Says that the eight bytes at offset `at`, already emitted, are to be the address of something outside, plus a number.
    pub fn note_absolute(&mut self, symbol: u32, addend: i64, at: u32) {
        let target = RelocTarget::External(symbol);
        self.relocs.push(Reloc { offset: at, field: RelocField::Absolute64, target, addend });
    }

    /// The label of a constant, which is written once, at the end of the code or in an island.
    pub fn constant(&mut self, value: impl Into<Constant>) -> Label {
        self.pool_entry(Entry::Value(value.into()))
    }

    /// The label of eight bytes among the constants that are to be the address of something outside; a relocation.
    pub fn external_constant(&mut self, symbol: u32) -> Label {
        self.pool_entry(Entry::External(symbol))
    }

    fn pool_entry(&mut self, entry: Entry) -> Label {
        if let Some(label) = self.pool.find(&entry) {
            return label;
        }
        let label = self.new_label();
        self.alignment = self.alignment.max(entry.size());
        self.pool.add(entry, label);
        self.pool_grew();
        label
    }

    /// Writes the constants that wait here, where control must not come, rather than at the end.
    pub fn emit_constants(&mut self) {
        if self.room_for(self.pool.size() as usize) {
            self.emit_pool();
        }
    }

    pub(super) fn emit_pool(&mut self) {
        if self.pool.is_empty() {
            return;
        }
        let all = self.pool.take();
        let alignment = all.iter().map(|(entry, _)| entry.size()).max().unwrap_or(1);
        let start = self.end;
        let padding = self.padding(alignment) as usize;
        self.append(padding, |gap| gap.fill(0));
        if self.deferred.on {
            self.deferred.align(start, self.end, alignment, false);
        }
        for (entry, label) in all {
            self.bind(label);
            match entry {
                Entry::Value(value) => {
                    self.append(value.bytes().len(), |to| to.copy_from_slice(value.bytes()));
                }
                Entry::External(symbol) => {
                    let at = self.end;
                    self.append(8, |to| to.fill(0));
                    self.note_absolute(symbol, 0, at);
                }
            }
        }
        self.note_data(start);
    }

    /// Fills in what depends on two labels, and turns addresses of labels into relocations.
    pub(super) fn resolve_data(&mut self) {
        for index in 0..self.differences.len() {
            let Difference { offset, target, base } = self.differences[index];
            let (Some(to), Some(from)) = (self.needed(target, offset), self.needed(base, offset)) else {
                return;
            };
            let bytes = self.bytes.get_mut(offset as usize..).and_then(|rest| rest.first_chunk_mut());
            if let Some(bytes) = bytes {
                *bytes = to.wrapping_sub(from).to_le_bytes();
            }
        }
        for index in 0..self.addresses.len() {
            let LabelAddress { offset, label, addend } = self.addresses[index];
            let Some(to) = self.needed(label, offset) else { return };
            let target = RelocTarget::Code(to);
            self.relocs.push(Reloc { offset, field: RelocField::Absolute64, target, addend });
        }
    }

    /// The offset of a label that must be bound by now.
    fn needed(&mut self, label: Label, offset: u32) -> Option<u32> {
        let state = self.labels.get(label.index()).copied().map(LabelState::offset);
        match state {
            Some(Some(at)) => return Some(at),
            Some(None) => self.fail(AsmError::NeverBound { label, offset }),
            None => self.fail(AsmError::UnknownLabel(label)),
        }
        None
    }
}
