//! Registers in code: argument words, and the final numbers.

use crate::bytecode::opcode::{Extra, OPCODES, Word};

/// Packs registers four to a word.
#[derive(Default)]
pub(super) struct Packer {
    word: u64,
    filled: u32,
}

impl Packer {
    pub fn put(&mut self, reg: u16, code: &mut Vec<u64>) {
        self.word |= u64::from(reg) << (16 * self.filled);
        self.filled += 1;
        if self.filled == 4 {
            self.flush(code);
        }
    }

    pub fn flush(&mut self, code: &mut Vec<u64>) {
        if self.filled > 0 {
            code.push(self.word);
        }
        *self = Packer::default();
    }
}

/// The final numbers of registers.
#[derive(Clone, Copy)]
pub(super) struct Renumber {
    pub refs: u16,
    pub scalars: u16,
}

/// For each operation, which of its operands `a`, `b` and `c` are registers: a bit for each.
static REGISTER_OPERANDS: [u8; OPCODES.len()] = {
    let mut table = [0; OPCODES.len()];
    let mut op = 0;
    while op < OPCODES.len() {
        let mut index = 0;
        while index < 3 {
            if OPCODES[op].operands[index].class().is_some() {
                table[op] |= 1 << index;
            }
            index += 1;
        }
        op += 1;
    }
    table
};

impl Renumber {
    #[inline]
    pub fn register(self, reg: u16) -> u16 {
        let from_top = u16::MAX - reg;
        if from_top < self.scalars { self.refs + from_top } else { reg }
    }

    pub fn code(self, code: &mut [u64], arg_runs: &[u32]) {
        let mut runs = arg_runs.iter();
        let mut pc = 0;
        while pc < code.len() {
            let word = Word(code[pc]);
            let registers = REGISTER_OPERANDS[usize::from(word.op())];
            for index in 0..3 {
                if registers >> index & 1 == 1 {
                    self.lane(&mut code[pc], index + 1);
                }
            }
            let row = &OPCODES[usize::from(word.op())];
            pc += 1;
            match row.extra {
                Extra::No => {}
                Extra::Const | Extra::Name | Extra::Type | Extra::Variant | Extra::Branch => pc += 1,
                Extra::MapNext => {
                    self.lane(&mut code[pc], 2);
                    pc += 1;
                }
                Extra::Quad => {
                    let flags = code[pc] >> 32;
                    for index in 0..2 {
                        if flags >> index & 1 == 1 {
                            self.lane(&mut code[pc], index);
                        }
                    }
                    pc += 1;
                }
                Extra::Args | Extra::TypeArgs => {
                    pc += usize::from(row.extra == Extra::TypeArgs);
                    let count = runs.next().copied().unwrap_or(0) as usize;
                    for index in 0..count {
                        self.lane(&mut code[pc + index / 4], index % 4);
                    }
                    pc += count.div_ceil(4);
                }
                Extra::Table => pc += (word.imm() as u32 as usize).div_ceil(2),
            }
        }
    }

    /// Renumbers the register in one of the four parts of a word.
    #[inline]
    fn lane(self, word: &mut u64, index: usize) {
        let shift = 16 * index;
        let reg = self.register((*word >> shift) as u16);
        *word = *word & !(0xFFFF << shift) | u64::from(reg) << shift;
    }
}
