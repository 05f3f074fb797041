//! From an encoding and operands to bytes.
//!
//! A form's method gathers its operands in [`Parts`] and calls [`Assembler::form`], which the compiler folds for the
//! encoding at hand. An instruction is at most three words written one over the end of the other, head (prefixes and
//! opcode), tail (ModRM, SIB, displacement) and immediate, under one bounds check.
//!
//! Without optimisation nothing is inlined: thousands of methods would each get all of this.

use super::Assembler;
use super::enc::{Enc, ModRm, Space};
use super::fixup::Kind;
use super::mem::{Mem, Place};
use super::operand::{Cond, Immediate, Mask, MergeMask, Rounding};
use super::reg::Register;

/// Operands by their slot in the encoding. The methods have the names that slots have in the tables' rows.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// The register in the middle of ModRM.
    reg: u32,
    /// The register at the end of ModRM, or in the opcode.
    rm: u32,
    /// The register in VEX.vvvv.
    v: u32,
    /// A REX prefix is needed whatever the numbers are.
    force_rex: bool,
    mem: Option<Mem>,
    imm: u64,
    cond: u32,
    /// Mask register, and 8 for zeroing.
    mask: u32,
    /// Broadcast, or rounding in the instruction.
    b: bool,
    rounding: Option<Rounding>,
}

impl Parts {
    pub(super) const NONE: Parts = Parts {
        reg: 0,
        rm: 0,
        v: 0,
        force_rex: false,
        mem: None,
        imm: 0,
        cond: 0,
        mask: 0,
        b: false,
        rounding: None,
    };

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn reg(mut self, register: impl Register) -> Parts {
        self.reg = register.number();
        self.force_rex |= register.needs_rex();
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn rm(mut self, register: impl Register) -> Parts {
        self.rm = register.number();
        self.force_rex |= register.needs_rex();
        self
    }

    /// The register that is added to the opcode.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn op(self, register: impl Register) -> Parts {
        self.rm(register)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn v(mut self, register: impl Register) -> Parts {
        self.v = register.number();
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn mem(mut self, mem: Mem) -> Parts {
        self.mem = Some(mem);
        self
    }

    /// Memory of one lane, for all lanes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn bcst(mut self, mem: Mem) -> Parts {
        self.mem = Some(mem);
        self.b = true;
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn imm(mut self, value: impl Immediate) -> Parts {
        self.imm = value.bits();
        self
    }

    /// A register in the high bits of an immediate byte.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn is4(mut self, register: impl Register) -> Parts {
        self.imm = u64::from(register.number() & 15) << 4;
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn cc(mut self, cond: Cond) -> Parts {
        self.cond = cond as u32;
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn mask(mut self, mask: Mask) -> Parts {
        self.mask = mask.bits();
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn merge(mut self, mask: MergeMask) -> Parts {
        self.mask = mask.bits();
        self
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn er(mut self, rounding: Rounding) -> Parts {
        self.rounding = Some(rounding);
        self.b = true;
        self
    }
}

impl Assembler {
    /// Emits one instruction. `enc` is a constant of the caller, so that this folds.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn form(&mut self, enc: Enc, parts: Parts) {
        match (enc.space, parts.mem) {
            (Space::Legacy, None) => self.legacy(enc, parts),
            (Space::Legacy, Some(mem)) => self.legacy_memory(enc, parts, mem),
            (Space::Vex, _) => self.vex(enc, parts),
            (Space::Evex, _) => self.evex(enc, parts),
        }
    }

    /// Registers and immediates: at most 8 bytes, or 10 with an immediate of 8.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn legacy(&mut self, enc: Enc, parts: Parts) {
        let before = u32::from(enc.prefix_count) * 8;
        let opcode_bits = enc.opcode_size() * 8;
        let mut tail = u64::from(enc.opcode_word());
        let mut tail_bits = opcode_bits;
        if enc.plus_cond {
            tail += u64::from(parts.cond & 15) << (opcode_bits - 8);
        }
        if enc.plus_reg {
            tail += u64::from(parts.rm & 7) << (opcode_bits - 8);
        }
        let modrm = match enc.modrm {
            ModRm::None => None,
            ModRm::Reg => Some(0xc0 | (parts.reg & 7) << 3 | parts.rm & 7),
            ModRm::Digit(digit) => Some(0xc0 | u32::from(digit) << 3 | parts.rm & 7),
            ModRm::Fixed(byte) => Some(byte.into()),
        };
        if let Some(modrm) = modrm {
            tail |= u64::from(modrm) << tail_bits;
            tail_bits += 8;
        }
        let rex = rex_bits(enc, parts, parts.rm >> 3 & 1);
        let (prefixed, shift) = if has_rex(enc, parts, rex) { (0x40 | u64::from(rex), 8) } else { (0, 0) };
        let prefixes = u64::from(enc.prefixes);
        let imm_bits = u32::from(enc.imm) * 8;
        if enc.imm == 8 {
            let head = prefixes | (prefixed | tail << shift) << before;
            let size = before + shift + tail_bits;
            let word = u128::from(head) | u128::from(parts.imm) << size;
            self.buffer.put_wide(word, (size + imm_bits) / 8);
        } else {
            if enc.imm > 0 {
                tail |= parts.imm << tail_bits;
            }
            let word = prefixes | (prefixed | tail << shift) << before;
            self.buffer.put_narrow(word, (before + shift + tail_bits + imm_bits) / 8);
        }
    }

    /// One operand in memory.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn legacy_memory(&mut self, enc: Enc, parts: Parts, mem: Mem) {
        let before = u32::from(enc.prefix_count) * 8;
        let opcode =
            u64::from(enc.opcode_word()) + (u64::from(parts.cond & 15) << (enc.opcode_size() * 8 - 8));
        let rex = rex_bits(enc, parts, mem.rex.into());
        let (prefixed, shift) = if has_rex(enc, parts, rex) { (0x40 | u64::from(rex), 8) } else { (0, 0) };
        let head = u64::from(enc.prefixes) | (prefixed | opcode << shift) << before;
        let head_size = (before + shift) / 8 + enc.opcode_size();
        let middle = match enc.modrm {
            ModRm::Digit(digit) => digit.into(),
            _ => parts.reg & 7,
        };
        let tail = mem.tail | u64::from(middle) << 3;
        self.buffer.put_parts(head, head_size, tail, mem.size.into(), parts.imm as u32, enc.imm.into());
        self.label_in_memory(mem, enc);
    }

    /// Notes the use of a label, if the instruction just emitted has one in its address.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn label_in_memory(&mut self, mem: Mem, enc: Enc) {
        if mem.place == Place::Label {
            self.use_label_in_memory(mem, enc.imm.into());
        }
    }

    #[cold]
    #[inline(never)]
    fn use_label_in_memory(&mut self, mem: Mem, imm: u32) {
        if let Some(label) = mem.as_label() {
            // Nothing was emitted if there is no room; the error is noted, and the offset means nothing.
            let at = self.offset().saturating_sub(4 + imm);
            self.buffer.use_label(label, Kind::before_immediate(imm), at);
        }
    }

    /// VEX: two bytes where the second can say it all, else three.
    #[inline]
    fn vex(&mut self, enc: Enc, parts: Parts) {
        let (x_b, tail, tail_size) = tail(enc, parts);
        // R, X and B are inverted, and so is vvvv.
        let r = !parts.reg >> 3 & 1;
        let payload = (!parts.v & 15) << 3 | u32::from(enc.length & 1) << 2 | u32::from(enc.pp);
        let opcode = u64::from(enc.opcode);
        let (head, head_size) = if enc.map == 1 && !enc.w && x_b & 3 == 0 {
            (0xc5 | u64::from(r << 7 | payload) << 8 | opcode << 16, 3)
        } else {
            let first = r << 7 | (!x_b & 3) << 5 | u32::from(enc.map);
            let second = u32::from(enc.w) << 7 | payload;
            (0xc4 | u64::from(first) << 8 | u64::from(second) << 16 | opcode << 24, 4)
        };
        self.buffer.put_parts(head, head_size, tail, tail_size, parts.imm as u32, enc.imm.into());
        if let Some(mem) = parts.mem {
            self.label_in_memory(mem, enc);
        }
    }

    /// EVEX: always four bytes before the opcode.
    #[inline]
    fn evex(&mut self, enc: Enc, mut parts: Parts) {
        if let Some(mem) = parts.mem {
            parts.mem = Some(mem.rescaled(enc.scale));
        }
        let (x_b, tail, tail_size) = tail(enc, parts);
        let length = parts.rounding.map_or(u32::from(enc.length), |rounding| rounding as u32);
        let first =
            (!parts.reg >> 3 & 1) << 7 | (!x_b & 3) << 5 | (!parts.reg >> 4 & 1) << 4 | u32::from(enc.map);
        let second = u32::from(enc.w) << 7 | (!parts.v & 15) << 3 | 4 | u32::from(enc.pp);
        let third = (parts.mask & 8) << 4
            | length << 5
            | u32::from(parts.b) << 4
            | (!parts.v >> 4 & 1) << 3
            | parts.mask & 7;
        let prefix = 0x62 | u64::from(first) << 8 | u64::from(second) << 16 | u64::from(third) << 24;
        let head = prefix | u64::from(enc.opcode) << 32;
        self.buffer.put_parts(head, 5, tail, tail_size, parts.imm as u32, enc.imm.into());
        if let Some(mem) = parts.mem {
            self.label_in_memory(mem, enc);
        }
    }
}

/// The X and B bits; ModRM and what follows it; how many bytes that is.
#[cfg_attr(not(debug_assertions), inline(always))]
fn tail(enc: Enc, parts: Parts) -> (u32, u64, u32) {
    let middle = match enc.modrm {
        ModRm::Digit(digit) => digit.into(),
        _ => parts.reg & 7,
    };
    match (enc.modrm, parts.mem) {
        (ModRm::None, _) => (0, 0, 0),
        (ModRm::Fixed(byte), _) => (0, byte.into(), 1),
        (_, Some(mem)) => (mem.rex.into(), mem.tail | u64::from(middle) << 3, mem.size.into()),
        // With EVEX, X is the fifth bit of the register.
        (_, None) => (parts.rm >> 3 & 3, u64::from(0xc0 | middle << 3 | parts.rm & 7), 1),
    }
}

/// The low bits of REX.
#[cfg_attr(not(debug_assertions), inline(always))]
fn rex_bits(enc: Enc, parts: Parts, x_b: u32) -> u32 {
    u32::from(enc.w) << 3 | parts.reg >> 1 & 4 | x_b
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn has_rex(enc: Enc, parts: Parts, rex: u32) -> bool {
    enc.w || parts.force_rex || rex != 0
}
