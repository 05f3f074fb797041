//! The listing: text from words, by the rows of the tables.
//!
//! How it works. A row's operands have places; the rest of a word must be as in the row. Rows are looked up by the low seven
//! bits, which are the opcode and in no operand's place but those of compressed forms, and tried in an order in which a
//! row with fewer operand bits, which is an alias or a special case, comes before one with more.
//!
//! Cost. The rows are read when a [`Disassembler`] is made; a word is compared with those of its opcode.

use super::forms::{Row, TABLES};
use super::layout::{Place, place};
use super::operand::*;
use super::reg::*;
use crate::asm::form::render;
use crate::asm::listing::Disassemble;

type Show = fn(u32, u32) -> Option<String>;

fn show<T: Field>(bits: u32, at: u32) -> Option<String> {
    T::from_bits(bits).map(|operand| operand.show(at))
}

macro_rules! classes {
    ($($class:ident)*) => {
        /// How operands of the class that a row calls so are shown.
        fn class(name: &str) -> Option<Show> {
            Some(match name {
                $(stringify!($class) => show::<$class>,)*
                _ => return None,
            })
        }
    };
}

classes! {
    Csr Double5 Double6 F FC FenceSet FloatConst I12 I5 I6 I6Nz Mask Order Rel12 Rel13 Rel21 Rel9 Rm Sp16 Sp4 U20 U5 U6 U6Nz
    UpperC V V2 V4 V8 Vtype Word5 Word6 X XC XNz XUpper
}

struct Slot {
    name: &'static str,
    place: Place,
    show: Show,
}

struct Entry {
    row: &'static Row,
    mask: u32,
    slots: Vec<Slot>,
}

impl Entry {
    fn new(row: &'static Row) -> Option<Entry> {
        let mut slots = Vec::new();
        for operand in row.operands.split_whitespace() {
            let (name, rest) = operand.split_once(':')?;
            let (class_name, place_name) = rest.split_once('@')?;
            slots.push(Slot { name, place: place(place_name)?, show: class(class_name)? });
        }
        let mask = slots.iter().fold(0, |mask, slot| mask | slot.place.mask);
        Some(Entry { row, mask, slots })
    }

    fn show(&self, word: u32, at: u32) -> Option<String> {
        if (word ^ self.row.word) & !self.mask != 0 {
            return None;
        }
        let mut whole = true;
        let text = render(self.row.text, |out, name| {
            let slot = self.slots.iter().find(|slot| slot.name == name);
            let operand = slot.and_then(|slot| {
                let bits = (slot.place.gather)(word);
                let is_same = (slot.place.scatter)(bits) == word & slot.place.mask;
                if is_same { (slot.show)(bits, at) } else { None }
            });
            match operand {
                Some(operand) => out.push_str(&operand),
                None => whole = false,
            }
        });
        whole.then_some(text)
    }
}

/// Gives words as text.
pub struct Disassembler {
    /// By the low seven bits of the word.
    by_opcode: Vec<Vec<usize>>,
    entries: Vec<Entry>,
}

impl Default for Disassembler {
    fn default() -> Self {
        Disassembler::new()
    }
}

impl Disassembler {
    /// Reads the tables.
    pub fn new() -> Disassembler {
        let mut entries: Vec<Entry> =
            TABLES.iter().flat_map(|rows| rows.iter()).filter_map(Entry::new).collect();
        entries.sort_by_key(|entry| entry.mask.count_ones());
        let mut by_opcode = vec![Vec::new(); 128];
        for (index, entry) in entries.iter().enumerate() {
            for (opcode, list) in (0u32..).zip(by_opcode.iter_mut()) {
                if (opcode ^ entry.row.word) & 127 & !entry.mask == 0 {
                    list.push(index);
                }
            }
        }
        Disassembler { by_opcode, entries }
    }

    /// The text of a word, or of a half-word with zeros above, that stands at offset `at`, if it is in the tables.
    pub fn word(&self, word: u32, at: u32) -> Option<String> {
        self.texts(word, at).next()
    }

    /// All texts of the word, that of [`word`](Self::word) first: a pseudo-instruction comes before what it stands for.
    pub fn texts(&self, word: u32, at: u32) -> impl Iterator<Item = String> {
        let candidates = self.by_opcode.get(word as usize & 127).map(Vec::as_slice).unwrap_or_default();
        candidates.iter().filter_map(move |&index| self.entries.get(index)?.show(word, at))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.entries.len()
    }
}

impl Disassemble for Disassembler {
    fn disassemble(&self, bytes: &[u8], offset: u32) -> Option<(usize, String)> {
        let half = u16::from_le_bytes(*bytes.first_chunk()?);
        if half & 3 != 3 {
            return Some((2, self.word(half.into(), offset)?));
        }
        let word = u32::from_le_bytes(*bytes.first_chunk()?);
        Some((4, self.word(word, offset)?))
    }
}
