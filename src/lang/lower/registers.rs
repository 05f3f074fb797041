//! The registers of a function that hold nothing now, by type.

use crate::bytecode::{Reg, TypeId};

/// For each type a list of free registers, the last one in first: linked, so that a type costs one number.
#[derive(Default)]
pub(super) struct FreeRegisters {
    /// By type: one more than the index of its list's first entry, or 0.
    first: Vec<u32>,
    /// A register, its type, and the same as above for the next one.
    entries: Vec<(Reg, TypeId, u32)>,
}

impl FreeRegisters {
    /// Adds a register of a type.
    pub fn push(&mut self, ty: TypeId, reg: Reg) {
        if ty.index() >= self.first.len() {
            self.first.resize(ty.index() + 1, 0);
        }
        let first = &mut self.first[ty.index()];
        self.entries.push((reg, ty, *first));
        *first = self.entries.len() as u32;
    }

    /// Takes the one that was added last.
    pub fn pop(&mut self, ty: TypeId) -> Option<Reg> {
        let first = self.first.get_mut(ty.index())?;
        let index = first.checked_sub(1)? as usize;
        let (reg, _, next) = self.entries[index];
        *first = next;
        if index + 1 == self.entries.len() {
            self.entries.pop();
        }
        Some(reg)
    }

    /// Forgets all, for the next function.
    pub fn clear(&mut self) {
        for (_, ty, _) in self.entries.drain(..) {
            self.first[ty.index()] = 0;
        }
    }
}
