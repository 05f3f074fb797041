//! The end: what is still open is closed, and the first error comes out.

use super::{CodeBuffer, DataRange};
use crate::asm::error::AsmError;
use crate::asm::fixup::FixupKind;
use crate::asm::label::Label;
use crate::asm::listing::Notes;
use crate::asm::reloc::Reloc;

/// Finished code, still in its buffer.
#[derive(Debug)]
pub struct Code<'a, K: FixupKind> {
    buffer: &'a CodeBuffer<K>,
}

impl<K: FixupKind> CodeBuffer<K> {
    /// Writes the constants that wait, checks that every label that is used is bound, and gives the code.
    ///
    /// # Errors
    /// The first thing that went wrong since the buffer was made or cleared.
    pub fn finish(&mut self) -> Result<Code<'_, K>, AsmError> {
        self.emit_pool();
        self.bind_deferred();
        // Counted first, which the compiler does several at a time.
        if self.labels.iter().filter(|state| state.is_waiting()).count() > 0
            && let Some(index) = self.labels.iter().position(|state| state.is_waiting())
        {
            let label = Label(index as u32);
            let newest = self.labels.get(index).map_or(0, |state| state.link());
            let offset = self.fixups.get(newest as usize).map_or(0, |fixup| fixup.offset);
            self.fail(AsmError::NeverBound { label, offset });
        }
        self.resolve_data();
        if self.end as usize > self.limit {
            self.fail(AsmError::TooLarge { limit: self.limit });
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(Code { buffer: self }),
        }
    }
}

impl<'a, K: FixupKind> Code<'a, K> {
    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.buffer.code()
    }

    /// What waits for the final address, in no particular order.
    pub fn relocs(&self) -> &'a [Reloc<K>] {
        &self.buffer.relocs
    }

    /// Where a label is, if it is bound.
    pub fn label_offset(&self, label: Label) -> Option<u32> {
        self.buffer.label_offset(label)
    }

    /// All labels that are bound, and where, in the order of their making.
    pub fn bound_labels(&self) -> Vec<(u32, Label)> {
        let labels = self.buffer.labels.iter().enumerate();
        labels.filter_map(|(index, state)| Some((state.offset()?, Label(index as u32)))).collect()
    }

    /// Bytes that are data, in order.
    pub fn data(&self) -> &'a [DataRange] {
        &self.buffer.data
    }

    /// The notes.
    pub fn notes(&self) -> &'a Notes {
        &self.buffer.notes
    }

    /// What the address of the code must be a multiple of.
    pub fn alignment(&self) -> u32 {
        self.buffer.alignment
    }
}
