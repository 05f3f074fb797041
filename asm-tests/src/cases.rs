//! Drawing cases: instructions with their text and our bytes.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use orus::asm::form::{Pick, Rng};

use crate::{AT_LEAST, Group, Isa};

/// Instructions that one run of a program gets.
pub const BATCH: u64 = 25_000;
/// So many times the cases that are wanted are drawn at most: some forms have few operands, and repeat themselves.
const PATIENCE: u64 = 4;

/// What a case of a form emitted.
pub struct Case {
    /// Index in the group.
    pub form: usize,
    pub text: String,
    pub bytes: Vec<u8>,
}

/// Draws the cases of a group, in batches: form after form, and again, until so many of them were different. Those that
/// repeat others are not left out, since what an instruction is may depend on where it is.
pub struct Drawer<'g, I: Isa> {
    group: &'g Group<I::Assembler>,
    asm: I::Assembler,
    rng: Rng,
    drawn: u64,
    count: u64,
    /// Hashes of form and text.
    seen: HashSet<u64>,
}

impl<'g, I: Isa> Drawer<'g, I> {
    /// Draws so many different cases, if there are, and [`AT_LEAST`] of each form.
    pub fn new(group: &'g Group<I::Assembler>, count: u64, seed: u64) -> Drawer<'g, I> {
        Drawer { group, asm: I::assembler(), rng: Rng::new(seed), drawn: 0, count, seen: HashSet::new() }
    }

    /// How many different cases were drawn.
    pub fn distinct(&self) -> usize {
        self.seen.len()
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// If the assembler reports one: cases have only operands that it takes.
    pub fn batch(&mut self) -> Result<Option<Vec<Case>>, String> {
        let forms = self.group.forms.len() as u64;
        let missing = self.count.saturating_sub(self.seen.len() as u64);
        let wanted = missing.max((AT_LEAST * forms).saturating_sub(self.drawn));
        let size = wanted.min(BATCH);
        if size == 0 || self.drawn >= (PATIENCE * self.count).max(AT_LEAST * forms) {
            return Ok(None);
        }
        let mut cases = Vec::with_capacity(size as usize);
        I::buffer(&mut self.asm).clear();
        for number in self.drawn..self.drawn + size {
            let form = (number % forms) as usize;
            let start = I::buffer(&mut self.asm).offset() as usize;
            let mut pick = Pick::new(&mut self.rng, number / forms);
            let text = (self.group.forms[form].case)(&mut self.asm, &mut pick);
            let bytes = I::buffer(&mut self.asm).code()[start..].to_vec();
            let mut hasher = DefaultHasher::new();
            (form, &text).hash(&mut hasher);
            self.seen.insert(hasher.finish());
            cases.push(Case { form, text, bytes });
        }
        if let Err(error) = I::buffer(&mut self.asm).finish() {
            return Err(format!("{}: the assembler reports: {error}", self.group.name));
        }
        self.drawn += size;
        Ok(Some(cases))
    }
}
