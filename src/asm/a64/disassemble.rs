//! The listing: text from words, by the rows of the tables.
//!
//! How it works. A row's operands have masks; the rest of a word must be as in the row. Rows are looked up by their
//! top byte as far as no operand has bits there, and tried in an order in which a row with fewer operand bits, which is
//! an alias or a special case, comes before one with more.
//!
//! Cost. The rows are read when a [`Disassembler`] is made; a word is compared with those of its top byte.

use std::collections::HashMap;

use super::forms::{Row, TABLES};
use super::operand::*;
use super::reg::*;
use crate::asm::form::render;
use crate::asm::listing::Disassemble;

/// A class of operands.
#[derive(Clone, Copy)]
struct Class {
    mask: u32,
    show: fn(u32, u32) -> Option<String>,
}

fn show<T: Field>(bits: u32, at: u32) -> Option<String> {
    T::from_bits(bits).map(|operand| operand.show(at))
}

macro_rules! classes {
    ($($class:ident)*) => {
        /// The classes, by the names that rows call them.
        const CLASSES: &[(&str, Class)] =
            &[$((stringify!($class), Class { mask: <$class as Field>::MASK, show: show::<$class> })),*];
    };
}

classes! {
    B Barrier Bit64 ByteMask ByteShift2 ByteShift4 ByteV CacheOp Cond D Element4B ElementD ElementH
    ElementS ExtendW ExtendX ExtractW ExtractX FImm FImmV Frac32 Frac64 Gpr H HalfW HalfX I10x8 I7x16 I7x4
    I7x8 I9 IndexW1 IndexW16 IndexW2 IndexW4 IndexW8 IndexX1 IndexX16 IndexX2 IndexX4 IndexX8 InsertW
    InsertX LaneB LaneD LaneH LaneS LeftW LeftX Lit19 LogicW LogicX N16 N32 N64 N8 Offset1 Offset16
    Offset2 Offset4 Offset8 OnesShift Page21 Prefetch Q QuarterTurn Rel14 Rel19 Rel21 Rel26 RotateW
    RotateX S ShiftW ShiftX SysOp SysReg Turn TwiceV16B TwiceV8B TwiceW TwiceX U1 U12 U16 U2 U3 U4 U5 U6
    U7 V16B V16Bx1 V16Bx2 V16Bx3 V16Bx4 V1D V1Dx1 V1Dx2 V1Dx3 V1Dx4 V1Q V2D V2Dx1 V2Dx2 V2Dx3 V2Dx4 V2H
    V2S V2Sx1 V2Sx2 V2Sx3 V2Sx4 V4H V4Hx1 V4Hx2 V4Hx3 V4Hx4 V4S V4Sx1 V4Sx2 V4Sx3 V4Sx4 V8B V8Bx1 V8Bx2
    V8Bx3 V8Bx4 V8H V8Hx1 V8Hx2 V8Hx3 V8Hx4 VB VBx1 VBx2 VBx3 VBx4 VD VDx1 VDx2 VDx3 VDx4 VH VHx1 VHx2
    VHx3 VHx4 VS VSx1 VSx2 VSx3 VSx4 W WPair WSp X XPair XSp
}

struct Slot {
    name: &'static str,
    low: u32,
    class: Class,
}

struct Entry {
    row: &'static Row,
    mask: u32,
    slots: Vec<Slot>,
}

impl Entry {
    fn new(row: &'static Row, classes: &HashMap<&str, Class>) -> Option<Entry> {
        let mut slots = Vec::new();
        for operand in row.operands.split_whitespace() {
            let (name, rest) = operand.split_once(':')?;
            let (class_name, low) = rest.split_once('@')?;
            slots.push(Slot { name, low: low.parse().ok()?, class: *classes.get(class_name)? });
        }
        let mask = slots.iter().fold(0, |mask, slot| mask | slot.class.mask << slot.low);
        Some(Entry { row, mask, slots })
    }

    fn show(&self, word: u32, at: u32) -> Option<String> {
        let fields = word ^ self.row.word;
        if fields & !self.mask != 0 {
            return None;
        }
        let mut whole = true;
        let text = render(self.row.text, |out, name| {
            let slot = self.slots.iter().find(|slot| slot.name == name);
            match slot.and_then(|slot| (slot.class.show)(fields >> slot.low & slot.class.mask, at)) {
                Some(operand) => out.push_str(&operand),
                None => whole = false,
            }
        });
        whole.then_some(text)
    }
}

/// Gives words as text.
pub struct Disassembler {
    /// By the top byte of the word.
    by_top: Vec<Vec<usize>>,
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
        let classes = CLASSES.iter().copied().collect();
        let rows = TABLES.iter().flat_map(|rows| rows.iter());
        let mut entries: Vec<Entry> = rows.filter_map(|row| Entry::new(row, &classes)).collect();
        entries.sort_by_key(|entry| entry.mask.count_ones());
        let mut by_top = vec![Vec::new(); 256];
        for (index, entry) in entries.iter().enumerate() {
            let (mask, top) = (entry.mask >> 24, entry.row.word >> 24);
            for (byte, list) in (0u32..).zip(by_top.iter_mut()) {
                if (byte ^ top) & !mask == 0 {
                    list.push(index);
                }
            }
        }
        Disassembler { by_top, entries }
    }

    /// The text of a word that stands at offset `at`, if it is in the tables.
    pub fn word(&self, word: u32, at: u32) -> Option<String> {
        let candidates = self.by_top.get((word >> 24) as usize)?;
        candidates.iter().find_map(|&index| self.entries.get(index)?.show(word, at))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.entries.len()
    }
}

impl Disassemble for Disassembler {
    fn disassemble(&self, bytes: &[u8], offset: u32) -> Option<(usize, String)> {
        let word = u32::from_le_bytes(*bytes.first_chunk()?);
        Some((4, self.word(word, offset)?))
    }
}
