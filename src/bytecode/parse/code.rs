//! A function of the text form: its header, then an instruction a line.
//!
//! How it works. The rows of the instruction table say which operands come, in which order. Branches are noted and
//! filled in at the end of the function; unlike the builder's, they stay as long as they were written.

use std::collections::HashMap;

use super::lexer::{Line, Token};
use super::{Call, Parse, ParseError, Parser, type_id};
use crate::bytecode::builder::MAX_CODE;
use crate::bytecode::builtin::BUILTINS;
use crate::bytecode::opcode::{Extra, Op, Operand, Word};
use crate::bytecode::print::is_call;
use crate::bytecode::program::*;

/// A displacement that waits for its label.
struct Hole {
    line: u32,
    /// The word, the lowest bit and the number of bits.
    word: usize,
    bit: u32,
    bits: u32,
    /// The address that it counts from.
    next: u32,
    target: Place,
}

/// A place in the code.
#[derive(Clone, Copy)]
enum Place {
    Label(u32),
    Address(u32),
}

/// The code of the function being read.
#[derive(Default)]
struct Code {
    words: Vec<u64>,
    labels: HashMap<u32, u32>,
    holes: Vec<Hole>,
    handlers: Vec<(u32, [Place; 3], u16)>,
    positions: Vec<Position>,
}

impl<'s> Parser<'s> {
    /// A function, from its name to its `end`.
    pub(super) fn function(&mut self, line: &mut Line<'s>) -> Parse<Function> {
        let mut function = Function {
            name: line.text()?,
            file: FileId(0),
            params: line.list("(", ")", type_id)?,
            ret: if line.take("->")? { Some(type_id(line)?) } else { None },
            closure: None,
            registers: Vec::new(),
            refs: 0,
            ref_params: 0,
            scalar_params: 0,
            depth_cost: 0,
            counter: 0,
            hidden: false,
            code: Vec::new(),
            handlers: Vec::new(),
            positions: Vec::new(),
            names: Vec::new(),
        };
        line.end()?;
        let mut code = Code::default();
        loop {
            let Some((text, number)) = self.line() else {
                return line.error("the function has no `end`");
            };
            let line = &mut Line::new(text, number);
            let Some(first) = line.next()? else { continue };
            let Token::Word(word) = first else { return line.error("an instruction expected") };
            match word {
                "end" => {
                    line.end()?;
                    return code.finish(function);
                }
                "in" => header(line, &mut function)?,
                "frame" => {
                    line.expect("refs")?;
                    function.refs = line.number()?;
                    line.expect(",")?;
                    line.expect("params")?;
                    function.ref_params = line.number()?;
                    function.scalar_params = line.number()?;
                    line.end()?;
                }
                "regs" => line.items(|line| {
                    let register = line.register()?;
                    if usize::from(register) != function.registers.len() {
                        return line.error(format!("`r{}` comes next", function.registers.len()));
                    }
                    let ty = type_id(line)?;
                    function.registers.push(RegType { ty, nullable: line.take("?")? });
                    Ok(())
                })?,
                "vars" => line.items(|line| {
                    function.names.push((line.register()?, line.text()?));
                    Ok(())
                })?,
                "handler" => {
                    let start = place(line)?;
                    line.expect("..")?;
                    let end = place(line)?;
                    line.expect("->")?;
                    let target = place(line)?;
                    line.expect(",")?;
                    code.handlers.push((number, [start, end, target], line.register()?));
                    line.end()?;
                }
                ".word" => {
                    let position = code.words.len();
                    let word = line.number()?;
                    code.words.push(word);
                    code.position(line, position)?;
                }
                _ if line.take(":")? => {
                    let label = label_number(word);
                    let Some(label) = label else { return line.error(format!("`{word}` is no label")) };
                    if code.labels.insert(label, code.words.len() as u32).is_some() {
                        return line.error(format!("label {word} is bound twice"));
                    }
                    line.end()?;
                }
                mnemonic => match self.mnemonics.get(mnemonic) {
                    Some(&op) => self.inst(op, line, number, &mut code)?,
                    None => return line.error(format!("`{mnemonic}` is no instruction")),
                },
            }
            if code.words.len() > MAX_CODE {
                return line.error("too much code");
            }
        }
    }

    fn inst(&mut self, op: Op, line: &mut Line<'s>, number: u32, code: &mut Code) -> Parse<()> {
        let row = op.row();
        let start = code.words.len();
        let mut first = true;
        let mut separator = |line: &mut Line<'s>| {
            if std::mem::take(&mut first) { Ok(()) } else { line.expect(",") }
        };
        // Operands `a b c`, or `a` and the upper half.
        let mut lanes = [0_u16; 3];
        let mut imm = None;
        for (lane, operand) in lanes.iter_mut().zip(row.operands) {
            match operand {
                Operand::None | Operand::Count | Operand::Off16 | Operand::Off32 => continue,
                Operand::Def(_) if is_call(op) => continue,
                Operand::Imm32 if row.extra == Extra::Table => continue,
                _ => separator(line)?,
            }
            match operand {
                Operand::Imm16 => *lane = line.number::<i16>()? as u16,
                Operand::Imm32 => imm = Some(line.number()?),
                Operand::Slot => {
                    line.expect(".")?;
                    *lane = line.number()?;
                }
                Operand::Variant => {
                    line.expect("#")?;
                    *lane = line.number()?;
                }
                Operand::Literal => imm = Some(line.index('k')? as i32),
                Operand::Func => imm = Some(line.index('f')? as i32),
                Operand::Global => imm = Some(line.index('g')? as i32),
                Operand::Counter => imm = Some(line.index('c')? as i32),
                Operand::Format => imm = Some(line.index('p')? as i32),
                Operand::Builtin => imm = Some(builtin(line)? as i32),
                _ => *lane = line.register()?,
            }
        }
        code.words.push(0);
        let mut branches = Vec::new();
        let mut args = None;
        match row.extra {
            Extra::No => {}
            Extra::Const => {
                separator(line)?;
                code.words.push(line.number()?);
            }
            Extra::Name => {
                separator(line)?;
                code.words.push(u64::from(line.index('n')?));
            }
            Extra::Type => {
                separator(line)?;
                code.words.push(u64::from(line.index('t')?));
            }
            Extra::Variant => {
                separator(line)?;
                line.expect("#")?;
                code.words.push(u64::from(line.number::<u32>()?));
            }
            Extra::Quad => {
                separator(line)?;
                code.words.push(bounds(line)?);
            }
            Extra::Branch => code.words.push(0),
            Extra::MapNext => {
                separator(line)?;
                code.words.push(u64::from(line.register()?) << 32);
            }
            Extra::TypeArgs => {
                separator(line)?;
                code.words.push(u64::from(line.index('t')?));
                args = Some(line.list("(", ")", Line::register)?);
            }
            Extra::Args => args = Some(line.list("(", ")", Line::register)?),
            Extra::Table => {
                separator(line)?;
                branches = line.list("[", "]", place)?;
                let Ok(count) = i32::try_from(branches.len()) else { return line.error("too many targets") };
                imm = Some(count);
                code.words.resize(code.words.len() + branches.len().div_ceil(2), 0);
            }
        }
        if let Some(args) = &args {
            let count = args.len() as u64;
            match op {
                Op::ArrayNew => code.words[start + 1] |= count << 32,
                Op::New | Op::CallValue => match u16::try_from(count) {
                    Ok(count) => lanes[2] = count,
                    Err(_) => return line.error("too many arguments"),
                },
                Op::Builtin => {
                    let taken = BUILTINS.get(imm.unwrap_or(0) as usize).map_or(0, |row| row.params.len());
                    if taken as u64 != count {
                        return line.error(format!("{count} arguments given where {taken} are taken"));
                    }
                }
                _ => {
                    let callee = imm.unwrap_or(0) as u32;
                    self.calls.push(Call { line: number, op, callee, args: count as u32 });
                }
            }
            for four in args.chunks(4) {
                let word = four.iter().rev().fold(0, |word, &reg| word << 16 | u64::from(reg));
                code.words.push(word);
            }
        }
        let next = code.words.len() as u32;
        let mut hole = |word: usize, bit: u32, bits: u32, target: Place| {
            code.holes.push(Hole { line: number, word, bit, bits, next, target });
        };
        match row.operands {
            [_, _, Operand::Off16] => {
                separator(line)?;
                hole(start, 48, 16, place(line)?);
            }
            [_, Operand::Off32, _] => {
                separator(line)?;
                hole(start, 32, 32, place(line)?);
            }
            _ if matches!(row.extra, Extra::Branch | Extra::MapNext) => {
                separator(line)?;
                hole(start + 1, 0, 32, place(line)?);
            }
            _ => {}
        }
        for (index, target) in branches.into_iter().enumerate() {
            hole(start + 1 + index / 2, 32 * (index as u32 % 2), 32, target);
        }
        if row.extra == Extra::Branch && line.take(",")? {
            line.expect("inclusive")?;
            code.words[start + 1] |= 1 << 32;
        }
        if is_call(op) && line.take("->")? {
            lanes[0] = line.register()?;
        }
        code.words[start] = match imm {
            Some(imm) => Word::ai(op, lanes[0], imm).0,
            None => Word::abc(op, lanes[0], lanes[1], lanes[2]).0,
        };
        code.position(line, start)
    }
}

impl Code {
    /// The position at the end of a line, if there is one, and the end of the line.
    fn position(&mut self, line: &mut Line, start: usize) -> Parse<()> {
        if line.take("@")? {
            let start_offset = line.number()?;
            line.expect("..")?;
            let span = Span { start: start_offset, end: line.number()? };
            self.positions.push(Position { pc: start as u32, span });
        }
        line.end()
    }

    fn address(&self, place: Place, line: u32) -> Parse<u32> {
        match place {
            Place::Address(address) => Ok(address),
            Place::Label(label) => self
                .labels
                .get(&label)
                .copied()
                .ok_or_else(|| ParseError { line, message: format!("label L{label} is not bound") }),
        }
    }

    fn finish(mut self, mut function: Function) -> Parse<Function> {
        for hole in std::mem::take(&mut self.holes) {
            let distance = i64::from(self.address(hole.target, hole.line)?) - i64::from(hole.next);
            let fits = match hole.bits {
                16 => i16::try_from(distance).is_ok(),
                _ => i32::try_from(distance).is_ok(),
            };
            if !fits {
                let message = "the branch's target is too far away".to_string();
                return Err(ParseError { line: hole.line, message });
            }
            let mask = (1_u64 << hole.bits) - 1;
            self.words[hole.word] |= (distance as u64 & mask) << hole.bit;
        }
        for &(line, [start, end, target], error) in &self.handlers {
            let address = |place| self.address(place, line);
            let (start, end, target) = (address(start)?, address(end)?, address(target)?);
            function.handlers.push(Handler { start, end, target, error });
        }
        function.code = self.words;
        function.positions = self.positions;
        Ok(function)
    }
}

/// The line `in s0, counter 0, depth 1, closure t12, hidden`.
fn header(line: &mut Line, function: &mut Function) -> Parse<()> {
    function.file = FileId(line.index('s')?);
    while line.take(",")? {
        match line.word()? {
            "counter" => function.counter = line.number()?,
            "depth" => function.depth_cost = line.number()?,
            "closure" => function.closure = Some(type_id(line)?),
            "hidden" => function.hidden = true,
            other => return line.error(format!("`{other}` is no property of a function")),
        }
    }
    line.end()
}

fn label_number(word: &str) -> Option<u32> {
    let digits = word.strip_prefix('L')?;
    digits.starts_with(|c: char| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// A label or an address.
fn place(line: &mut Line) -> Parse<Place> {
    match line.peek()? {
        Some(Token::Number(_)) => Ok(Place::Address(line.number()?)),
        _ => Ok(Place::Label(line.index('L')?)),
    }
}

/// The number of a builtin.
fn builtin(line: &mut Line) -> Parse<usize> {
    let word = line.word()?;
    match BUILTINS.iter().position(|row| row.text == word) {
        Some(number) => Ok(number),
        None => line.error(format!("`{word}` is no builtin")),
    }
}

/// The bounds of a slice: `r1..r2`, `r1..=r2`, either register missing.
fn bounds(line: &mut Line) -> Parse<u64> {
    let mut word = 0;
    if let Some(Token::Word(_)) = line.peek()? {
        word |= u64::from(line.register()?) | 1 << 32;
    }
    if line.take("..=")? {
        word |= 4 << 32;
    } else {
        line.expect("..")?;
    }
    if let Some(Token::Word(_)) = line.peek()? {
        word |= u64::from(line.register()?) << 16 | 2 << 32;
    }
    Ok(word)
}
