//! Drawing cases: instructions with their text and our bytes.

use orus::asm::form::{Pick, Rng};

use crate::{Group, Isa};

/// Instructions that one run of a program gets.
pub const BATCH: u64 = 25_000;

/// What a case of a form emitted.
pub struct Case {
    /// Index in the group.
    pub form: usize,
    pub text: String,
    pub bytes: Vec<u8>,
}

/// Draws the cases of a group, in batches: form after form, and again.
pub struct Drawer<'g, I: Isa> {
    group: &'g Group<I::Assembler>,
    asm: I::Assembler,
    rng: Rng,
    done: u64,
    count: u64,
}

impl<'g, I: Isa> Drawer<'g, I> {
    /// Draws so many cases in all.
    pub fn new(group: &'g Group<I::Assembler>, count: u64, seed: u64) -> Drawer<'g, I> {
        Drawer { group, asm: I::assembler(), rng: Rng::new(seed), done: 0, count }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// If the assembler reports one: cases have only operands that it takes.
    pub fn batch(&mut self) -> Result<Option<Vec<Case>>, String> {
        let size = (self.count - self.done).min(BATCH);
        if size == 0 {
            return Ok(None);
        }
        let forms = self.group.forms.len() as u64;
        let mut cases = Vec::with_capacity(size as usize);
        I::buffer(&mut self.asm).clear();
        for number in self.done..self.done + size {
            let form = (number % forms) as usize;
            let start = I::buffer(&mut self.asm).offset() as usize;
            let mut pick = Pick::new(&mut self.rng, number / forms);
            let text = (self.group.forms[form].case)(&mut self.asm, &mut pick);
            let bytes = I::buffer(&mut self.asm).code()[start..].to_vec();
            cases.push(Case { form, text, bytes });
        }
        if let Err(error) = I::buffer(&mut self.asm).finish() {
            return Err(format!("{}: the assembler reports: {error}", self.group.name));
        }
        self.done += size;
        Ok(Some(cases))
    }
}
