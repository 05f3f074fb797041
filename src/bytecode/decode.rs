//! Instructions of a function, one after another: the one place that knows how long each is and where its registers are.
//!
//! Decoding never panics, whatever the words are; what is wrong with an instruction that could be decoded is the
//! verifier's affair.

use super::builtin::{Builtin, Param};
use super::opcode::{Extra, Op, Operand, Row, Word};
use super::program::{FuncId, Program, TypeDesc};

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inst<'c> {
    /// The address of its first word.
    pub pc: u32,
    pub op: Op,
    pub word: Word,
    /// The words behind the first.
    pub extra: &'c [u64],
    /// How many registers the argument words name.
    pub arg_count: u32,
}

/// Why there is no instruction at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// The operation has no row in the table.
    UnknownOp(u16),
    /// The code ends within the instruction.
    Truncated,
    /// A function, format, or builtin that does not exist, or a function that captures nothing where one that does is
    /// needed: so the number of arguments is unknown.
    NoSuchCallee(u32),
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::UnknownOp(op) => write!(f, "operation {op} does not exist"),
            DecodeError::Truncated => f.write_str("the code ends within the instruction"),
            DecodeError::NoSuchCallee(index) => write!(f, "callee or format {index} does not exist"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The instruction that begins at word `pc`.
pub fn decode<'c>(program: &Program, code: &'c [u64], pc: u32) -> Result<Inst<'c>, DecodeError> {
    let tail = code.get(pc as usize..).unwrap_or(&[]);
    let (&first, rest) = tail.split_first().ok_or(DecodeError::Truncated)?;
    let word = Word(first);
    let op = Op::from_number(word.op()).ok_or(DecodeError::UnknownOp(word.op()))?;
    let mut arg_count = 0;
    // In 64 bits, so that nothing overflows.
    let length: u64 = match op.row().extra {
        Extra::No => 0,
        Extra::Const
        | Extra::Name
        | Extra::Type
        | Extra::Quad
        | Extra::Variant
        | Extra::Branch
        | Extra::MapNext => 1,
        Extra::Table => u64::from(word.imm() as u32).div_ceil(2),
        Extra::Args => {
            arg_count = arg_count_of(program, op, word)?;
            arg_count.div_ceil(4)
        }
        Extra::TypeArgs => {
            arg_count = match op {
                Op::ArrayNew => rest.first().ok_or(DecodeError::Truncated)? >> 32,
                _ => u64::from(word.c()),
            };
            1 + arg_count.div_ceil(4)
        }
    };
    if length > rest.len() as u64 {
        return Err(DecodeError::Truncated);
    }
    // Since the words are there, the count fits.
    Ok(Inst { pc, op, word, extra: &rest[..length as usize], arg_count: arg_count as u32 })
}

/// How many registers the argument words of an [`Extra::Args`] instruction name.
fn arg_count_of(program: &Program, op: Op, word: Word) -> Result<u64, DecodeError> {
    let index = word.imm() as u32;
    let count = match op {
        Op::CallValue => Some(u64::from(word.c())),
        Op::Call => call_arity(program, FuncId(index)),
        Op::Closure => capture_count(program, FuncId(index)),
        Op::Builtin => Builtin::from_number(index).map(|builtin| builtin.row().params.len() as u64),
        _ => program.formats.get(index as usize).map(|format| format.args.len() as u64),
    };
    count.ok_or(DecodeError::NoSuchCallee(index))
}

/// How many arguments a `call` of a function has, its closure included.
pub(super) fn call_arity(program: &Program, func: FuncId) -> Option<u64> {
    let function = program.functions.get(func.index())?;
    Some(u64::from(function.ref_params) + u64::from(function.scalar_params))
}

/// How many captures a `closure` of a function has.
pub(super) fn capture_count(program: &Program, func: FuncId) -> Option<u64> {
    let mut id = program.functions.get(func.index())?.closure?;
    // A chain of aliases is no longer than the table, unless it goes round.
    for _ in 0..program.types.len() {
        match program.types.get(id.index())? {
            TypeDesc::Alias(of) => id = *of,
            TypeDesc::Closure { captures, .. } => return Some(captures.fields.len() as u64),
            _ => return None,
        }
    }
    None
}

/// What an instruction does to a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Use,
    Def,
    /// Both.
    Mod,
}

impl<'c> Inst<'c> {
    /// Its row in the table.
    pub fn row(&self) -> &'static Row {
        self.op.row()
    }

    /// Its number of words.
    pub fn length(&self) -> u32 {
        1 + self.extra.len() as u32
    }

    /// The address behind it, from which its displacements count.
    pub fn next(&self) -> u32 {
        self.pc + self.length()
    }

    /// Operand 0, 1 or 2 (`a`, `b` or `c`), if it lives in 16 bits.
    pub fn lane(&self, index: usize) -> u16 {
        (self.word.0 >> (16 + 16 * index)) as u16
    }

    /// The 16-bit immediate, slot or count in the operand of that index, sign-extended if it is an immediate.
    pub fn imm16(&self, index: usize) -> i16 {
        self.lane(index) as i16
    }

    /// The immediate or index in the upper half.
    pub fn imm(&self) -> i32 {
        self.word.imm()
    }

    /// [`Inst::imm`] as an index.
    pub fn index(&self) -> u32 {
        self.word.imm() as u32
    }

    /// The low half of the first extra word: a type, name or variant.
    pub fn extra_low(&self) -> u32 {
        self.extra.first().map_or(0, |&word| word as u32)
    }

    /// The high half of the first extra word: a count, flags or a register.
    pub fn extra_high(&self) -> u32 {
        self.extra.first().map_or(0, |&word| (word >> 32) as u32)
    }

    /// The registers that the argument words name.
    pub fn args(&self) -> impl ExactSizeIterator<Item = u16> + use<'c> {
        let skip = usize::from(self.row().extra == Extra::TypeArgs);
        let words = self.extra.get(skip..).unwrap_or(&[]);
        (0..self.arg_count as usize).map(move |index| (words[index / 4] >> (16 * (index % 4))) as u16)
    }

    /// The bounds of a slice: registers, and whether the second is included.
    pub fn slice_bounds(&self) -> (Option<u16>, Option<u16>, bool) {
        let word = self.extra.first().copied().unwrap_or(0);
        let flags = word >> 32;
        let given = |flag: u64, reg: u64| (flags & flag != 0).then_some(reg as u16);
        (given(1, word), given(2, word >> 16), flags & 4 != 0)
    }

    /// Where it may branch to, in the order of the text form; addresses may be anything.
    pub fn targets(&self) -> Targets<'c> {
        let next = i64::from(self.next());
        let short = match self.row().operands {
            [_, _, Operand::Off16] => Some(i64::from(self.imm16(2))),
            [_, Operand::Off32, _] => Some(i64::from(self.imm())),
            _ => match self.row().extra {
                Extra::Branch | Extra::MapNext => Some(i64::from(self.extra_low() as i32)),
                _ => None,
            },
        };
        let table = match self.row().extra {
            Extra::Table => (self.extra, self.index()),
            _ => (&[][..], 0),
        };
        Targets { next, single: short, table: table.0, count: table.1, index: 0 }
    }

    /// Whether control may go on behind it.
    pub fn falls_through(&self) -> bool {
        match self.op {
            Op::Jump | Op::Ret | Op::RetVoid | Op::Raise | Op::RaiseError => false,
            Op::Builtin => {
                Builtin::from_number(self.index()).is_none_or(|builtin| builtin.row().ret != Param::Never)
            }
            _ => true,
        }
    }

    /// Whether the registers that it writes are written only if it branches.
    pub fn defines_on_branch(&self) -> bool {
        use Op::*;
        matches!(
            self.op,
            NextI32
                | NextU32
                | Next64
                | NextBool
                | NextRef
                | NextStr
                | NextRange
                | MapNext
                | ForInclS
                | ForInclU
        )
    }

    /// Each register that it names: operands, then registers of the extra words. `a` of a call without result is zero
    /// and reported as if it were written.
    pub fn for_each_register(&self, mut visit: impl FnMut(u16, Access)) {
        for (index, operand) in self.row().operands.iter().enumerate() {
            let access = match operand {
                Operand::Use(_) => Access::Use,
                Operand::Def(_) => Access::Def,
                Operand::Mod(_) => Access::Mod,
                _ => continue,
            };
            visit(self.lane(index), access);
        }
        match self.row().extra {
            Extra::MapNext => visit(self.extra_high() as u16, Access::Use),
            Extra::Quad => {
                let (start, end, _) = self.slice_bounds();
                start.into_iter().chain(end).for_each(|reg| visit(reg, Access::Use));
            }
            Extra::Args | Extra::TypeArgs => self.args().for_each(|reg| visit(reg, Access::Use)),
            _ => {}
        }
    }

    /// Whether all bits that mean nothing are zero: unused operands, and the rest of extra words.
    pub fn spare_bits_are_zero(&self) -> bool {
        let operands = &self.row().operands;
        for (index, operand) in operands.iter().enumerate() {
            let part_of_imm = index == 2 && operands[1].is_wide();
            if *operand == Operand::None && !part_of_imm && self.lane(index) != 0 {
                return false;
            }
        }
        let last_args = |skip: usize| {
            let used = self.arg_count % 4;
            used == 0 || self.extra[skip..].last().is_none_or(|word| word >> (16 * used) == 0)
        };
        match self.row().extra {
            Extra::No | Extra::Const => true,
            Extra::Name | Extra::Variant | Extra::Type => self.extra_high() == 0,
            Extra::Branch => {
                let flags = match self.op {
                    Op::ForEnterS | Op::ForEnterU | Op::ForStepS | Op::ForStepU => 1,
                    _ => 0,
                };
                self.extra_high() <= flags
            }
            Extra::MapNext => self.extra_high() <= u32::from(u16::MAX),
            Extra::Quad => {
                let (flags, word) = (self.extra_high(), self.extra_low());
                let start = flags & 1 != 0 || word as u16 == 0;
                let end = if flags & 2 != 0 { true } else { word >> 16 == 0 && flags & 4 == 0 };
                start && end && flags < 8
            }
            Extra::Args => last_args(0),
            Extra::TypeArgs => (self.op == Op::ArrayNew || self.extra_high() == 0) && last_args(1),
            Extra::Table => {
                self.index().is_multiple_of(2) || self.extra.last().is_none_or(|word| word >> 32 == 0)
            }
        }
    }
}

/// Addresses that an instruction may branch to.
#[derive(Clone, Debug)]
pub struct Targets<'c> {
    next: i64,
    single: Option<i64>,
    table: &'c [u64],
    count: u32,
    index: u32,
}

impl Iterator for Targets<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        if let Some(displacement) = self.single.take() {
            return Some(self.next + displacement);
        }
        if self.index >= self.count {
            return None;
        }
        let word = self.table.get(self.index as usize / 2)?;
        let half = (word >> (32 * (self.index % 2))) as u32;
        self.index += 1;
        Some(self.next + i64::from(half as i32))
    }
}

/// The instructions of some code. Ends behind the first error.
#[derive(Clone, Debug)]
pub struct Insts<'p, 'c> {
    program: &'p Program,
    code: &'c [u64],
    pc: u32,
}

/// The instructions of some code, from its start.
pub fn instructions<'p, 'c>(program: &'p Program, code: &'c [u64]) -> Insts<'p, 'c> {
    Insts { program, code, pc: 0 }
}

impl Insts<'_, '_> {
    /// The address of the next instruction.
    pub fn pc(&self) -> u32 {
        self.pc
    }
}

impl<'c> Iterator for Insts<'_, 'c> {
    type Item = Result<Inst<'c>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.pc as usize >= self.code.len() {
            return None;
        }
        let result = decode(self.program, self.code, self.pc);
        match &result {
            Ok(inst) => self.pc = inst.next(),
            Err(_) => self.pc = self.code.len() as u32,
        }
        Some(result)
    }
}
