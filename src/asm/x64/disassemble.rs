//! From bytes back to text, by the rows that the encoder is made of.
//!
//! It knows the encodings that the tables have, as our encoder writes them, and no others: it is for listings of our
//! own code, and not a disassembler of whatever the processor runs.

use std::fmt::Write;
use std::sync::OnceLock;

use super::enc::{Enc, ModRm, Space};
use super::forms::{Class, OperandRow, Row, Slot, TABLES};
use super::mem::Mem;
use super::operand::{Cond, Mask, Rounding};
use super::reg::*;
use crate::asm::form::render;
use crate::asm::listing::Disassemble;

/// The text of x86_64 instructions, for [`listing::write`](crate::asm::listing::write).
#[derive(Clone, Copy, Debug, Default)]
pub struct Disassembler;

impl Disassemble for Disassembler {
    fn disassemble(&self, bytes: &[u8], offset: u32) -> Option<(usize, String)> {
        let head = Head::decode(bytes)?;
        let rows = index().get(key(head.space, head.map, head.opcode))?;
        rows.iter().find_map(|(row, enc)| head.read(row, enc, bytes, offset))
    }
}

/// A row, and its encoding.
type Entry = (&'static Row, Enc);

/// Rows by [`key`].
fn index() -> &'static [Vec<Entry>] {
    static INDEX: OnceLock<Vec<Vec<Entry>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = vec![Vec::new(); 3 << 10];
        for row in TABLES.iter().flat_map(|table| table.iter()) {
            let enc = Enc::parse(row.enc);
            let count = match (enc.plus_reg, enc.plus_cond) {
                (true, _) => 8,
                (_, true) => 16,
                _ => 1,
            };
            for more in 0..count {
                if let Some(rows) = index.get_mut(key(enc.space, enc.map, enc.opcode.wrapping_add(more))) {
                    rows.push((row, enc));
                }
            }
        }
        index
    })
}

fn key(space: Space, map: u8, opcode: u8) -> usize {
    let space = match space {
        Space::Legacy => 0,
        Space::Vex => 1,
        Space::Evex => 2,
    };
    space << 10 | usize::from(map & 3) << 8 | usize::from(opcode)
}

/// What comes before ModRM.
#[derive(Clone, Copy, Debug)]
struct Head {
    space: Space,
    prefixes: u16,
    prefix_count: u8,
    pp: u8,
    map: u8,
    opcode: u8,
    w: bool,
    has_rex: bool,
    /// The fourth and fifth bits of ModRM's register, of its other one or the base, and of the index.
    r: u8,
    b: u8,
    x: u8,
    v: u8,
    length: u8,
    /// Mask register, and 8 for zeroing.
    mask: u8,
    broadcast: bool,
    /// Bytes up to here.
    size: usize,
}

impl Head {
    fn decode(bytes: &[u8]) -> Option<Head> {
        let mut head = Head {
            space: Space::Legacy,
            prefixes: 0,
            prefix_count: 0,
            pp: 0,
            map: 0,
            opcode: 0,
            w: false,
            has_rex: false,
            r: 0,
            b: 0,
            x: 0,
            v: 0,
            length: 0,
            mask: 0,
            broadcast: false,
            size: 0,
        };
        match *bytes {
            [0xc5, p, opcode, ..] => {
                head.space = Space::Vex;
                head.vector_bits(p & 0x7f, !p >> 7 & 1, 1, opcode, 3);
                return Some(head);
            }
            [0xc4, p, q, opcode, ..] => {
                head.space = Space::Vex;
                head.x = !p >> 6 & 1;
                head.b = !p >> 5 & 1;
                head.vector_bits(q, !p >> 7 & 1, p & 31, opcode, 4);
                return (head.map < 4).then_some(head);
            }
            [0x62, p, q, s, opcode, ..] => {
                head.space = Space::Evex;
                head.x = !p >> 6 & 1;
                head.b = !p >> 5 & 1;
                head.vector_bits(q, !p >> 7 & 1 | (!p >> 3 & 2), p & 15, opcode, 5);
                head.v |= (!s >> 3 & 1) << 4;
                head.length = s >> 5 & 3;
                head.mask = s & 7 | s >> 4 & 8;
                head.broadcast = s & 0x10 != 0;
                return (head.map < 4).then_some(head);
            }
            _ => {}
        }
        let mut at = 0;
        while let 0x3e | 0x66 | 0xf0 | 0xf2 | 0xf3 = *bytes.get(at)? {
            if head.prefix_count == 2 {
                return None;
            }
            head.prefixes |= u16::from(bytes[at]) << (8 * head.prefix_count);
            head.prefix_count += 1;
            at += 1;
        }
        if bytes.get(at)? & 0xf0 == 0x40 {
            let rex = bytes[at];
            head.has_rex = true;
            head.w = rex & 8 != 0;
            head.r = rex >> 2 & 1;
            head.x = rex >> 1 & 1;
            head.b = rex & 1;
            at += 1;
        }
        if *bytes.get(at)? == 0x0f {
            head.map = match *bytes.get(at + 1)? {
                0x38 => 2,
                0x3a => 3,
                _ => 1,
            };
            at += if head.map == 1 { 1 } else { 2 };
        }
        head.opcode = *bytes.get(at)?;
        head.size = at + 1;
        Some(head)
    }

    /// What VEX and EVEX have in common.
    fn vector_bits(&mut self, payload: u8, r: u8, map: u8, opcode: u8, size: usize) {
        self.w = payload & 0x80 != 0;
        self.v = !payload >> 3 & 15;
        self.length = payload >> 2 & 1;
        self.pp = payload & 3;
        self.r = r;
        self.map = map;
        self.opcode = opcode;
        self.size = size;
    }

    /// The instruction as a row has it; `None` if it is another.
    fn read(&self, row: &Row, enc: &Enc, bytes: &[u8], offset: u32) -> Option<(usize, String)> {
        let has = |slot| row.operands.iter().any(|operand| operand.slot == slot);
        let mut length = enc.length;
        if has(Slot::er) {
            length = self.length;
        }
        if self.w != enc.w || self.length != length {
            return None;
        }
        if self.prefixes != enc.prefixes || self.prefix_count != enc.prefix_count || self.pp != enc.pp {
            return None;
        }
        let mut read = Read {
            head: *self,
            modrm: 0,
            mem: None,
            imm: 0,
            opcode_low: self.opcode.wrapping_sub(enc.opcode),
        };
        let mut at = self.size;
        if enc.modrm != ModRm::None {
            read.modrm = *bytes.get(at)?;
            match enc.modrm {
                ModRm::Digit(digit) if read.modrm >> 3 & 7 != digit => return None,
                ModRm::Fixed(byte) if read.modrm != byte => return None,
                _ => {}
            }
            let is_register = read.modrm >= 0xc0;
            if is_register == (has(Slot::mem) || has(Slot::bcst)) {
                return None;
            }
            if self.broadcast != (has(Slot::bcst) || has(Slot::er)) {
                return None;
            }
            at += 1;
            if !is_register {
                let (mem, size) = Mem::decode(&bytes[at - 1..], self.x << 1 | self.b, enc.scale)?;
                read.mem = Some(mem);
                at += size - 1;
            }
        }
        let size = usize::from(enc.imm);
        for (index, byte) in bytes.get(at..at + size)?.iter().enumerate() {
            read.imm |= u64::from(*byte) << (8 * index);
        }
        at += size;
        let mut operands = Vec::with_capacity(row.operands.len());
        for operand in row.operands {
            operands.push(read.operand(operand)?);
        }
        // Branches by displacement show where they go.
        let (text, target) = match row.text.split_once(".+") {
            Some((before, _)) => (before, true),
            None => (row.text, false),
        };
        let mut text = render(&readable(text), |out, name| {
            let position = row.operands.iter().position(|operand| operand.name == name);
            out.push_str(position.and_then(|position| operands.get(position)).map_or("?", String::as_str));
        });
        if target {
            let displacement = if size == 1 { i64::from(read.imm as i8) } else { i64::from(read.imm as i32) };
            // Writing to a string does not fail.
            let _ = write!(text, "{:#x}", i64::from(offset) + at as i64 + displacement);
        }
        Some((at, text))
    }
}

/// A row's text without what pins the encoding for GNU as.
fn readable(text: &str) -> String {
    let mut text = text;
    while let Some((_, after)) = text.strip_prefix("{{").and_then(|rest| rest.split_once("}} ")) {
        text = after;
    }
    match text.split_once("offset Z") {
        Some((before, after)) => format!("{before}{}", after.replace(":+}", "}")),
        None => text.to_string(),
    }
}

struct Read {
    head: Head,
    modrm: u8,
    mem: Option<Mem>,
    imm: u64,
    /// What was added to the opcode.
    opcode_low: u8,
}

impl Read {
    fn operand(&self, operand: &OperandRow) -> Option<String> {
        let head = &self.head;
        let rm = self.modrm & 7 | head.b << 3;
        let number = match operand.slot {
            Slot::reg => self.modrm >> 3 & 7 | head.r << 3,
            Slot::rm if head.space == Space::Evex => rm | head.x << 4,
            Slot::rm => rm,
            Slot::op => self.opcode_low | head.b << 3,
            Slot::v => head.v,
            Slot::is4 => (self.imm >> 4) as u8,
            Slot::mem | Slot::bcst | Slot::imm | Slot::cc | Slot::mask | Slot::merge | Slot::er => 0,
        };
        let text = match operand.class {
            Class::Gpr64 => Gpr64::new(number)?.to_string(),
            Class::Gpr32 => Gpr32::new(number)?.to_string(),
            Class::Gpr16 => Gpr16::new(number)?.to_string(),
            // Without REX, 4 to 7 are `ah` to `bh`, which we have not.
            Class::Gpr8 if head.space == Space::Legacy && !head.has_rex && number >= 4 => return None,
            Class::Gpr8 => Gpr8::new(number)?.to_string(),
            Class::Xmm => Xmm::new(number)?.to_string(),
            Class::Ymm => Ymm::new(number)?.to_string(),
            Class::XmmE => XmmE::new(number)?.to_string(),
            Class::YmmE => YmmE::new(number)?.to_string(),
            Class::Zmm => Zmm::new(number)?.to_string(),
            Class::KReg => KReg::new(number)?.to_string(),
            Class::Mem => self.mem?.to_string(),
            Class::Cond => Cond::from_low_bits(self.opcode_low).to_string(),
            Class::MergeMask if head.mask & 8 != 0 => return None,
            Class::Mask | Class::MergeMask => Mask::from_bits(head.mask).to_string(),
            Class::Rounding => Rounding::ALL.get(usize::from(head.length))?.to_string(),
            Class::i8 => (self.imm as i8).to_string(),
            Class::u8 => (self.imm as u8).to_string(),
            Class::i16 => (self.imm as i16).to_string(),
            Class::u16 => (self.imm as u16).to_string(),
            Class::i32 => (self.imm as i32).to_string(),
            Class::u32 => (self.imm as u32).to_string(),
            Class::i64 => (self.imm as i64).to_string(),
        };
        Some(text)
    }
}
