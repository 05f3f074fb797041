//! Instructions.

use std::collections::HashMap;

use super::body::{Arg, BodyParser, Pending, Span, quoted};
use super::lexer::{Line, Token, entity};
use super::{Parse, Parser, define, kind};
use crate::ir::function::{Function, InstData, NONE};
use crate::ir::opcode::Op;
use crate::ir::print::CLAIMS;
use crate::ir::types::{Alias, Block, Cond, Guard, Inst, Kind, Lane, Mem, Sig};

/// The instructions that are written as their name, for some of them lanes or a kind, and a kind.
pub(super) fn table() -> HashMap<&'static str, Op> {
    let special = |op: Op| {
        matches!(
            op,
            Op::Guard | Op::Br | Op::Load | Op::Store | Op::New | Op::Context | Op::Address | Op::Levels
        ) || op.has_cond()
            || op.is_call()
    };
    Op::ALL.iter().filter(|&&op| !special(op)).map(|&op| (op.row().name, op)).collect()
}

fn cond(name: &str) -> Option<Cond> {
    Cond::ALL.into_iter().find(|cond| cond.name() == name)
}

impl Parser {
    /// The instruction of a mnemonic, without operands.
    fn mnemonic(&self, word: &str, at: &Line<'_>) -> Parse<InstData> {
        let plain = |op: Op, kind: Kind| InstData::new(op, kind);
        let fixed = match word {
            "guard" => Some(plain(Op::Guard, Kind::Bool)),
            "br" => Some(plain(Op::Br, Kind::Bool)),
            "context" => Some(plain(Op::Context, Kind::I64)),
            "levels" => Some(plain(Op::Levels, Kind::I32)),
            "address" => Some(plain(Op::Address, Kind::I64)),
            "call" => Some(plain(Op::Call, Kind::None)),
            "invoke" => Some(plain(Op::Invoke, Kind::None)),
            "call.indirect" => Some(plain(Op::CallIndirect, Kind::None)),
            "invoke.indirect" => Some(plain(Op::InvokeIndirect, Kind::None)),
            "jump" | "poll" | "exit" | "unreachable" | "return" => {
                self.ops.get(word).map(|&op| plain(op, Kind::None))
            }
            _ => None,
        };
        if let Some(data) = fixed {
            return Ok(data);
        }
        let unknown = || at.error(format!("There is no instruction {}.", quoted(word)));
        let (head, last) = word.rsplit_once('.').ok_or_else(unknown)?;
        match head {
            "new" => {
                let number = entity(last, "t").ok_or_else(unknown)?;
                let layout = self.type_id(number, at)?;
                return Ok(InstData { a: layout.0, ..plain(Op::New, Kind::Ref) });
            }
            "load" | "store" => {
                let mem = Mem::ALL.into_iter().find(|mem| mem.name() == last).ok_or_else(unknown)?;
                let op = if head == "load" { Op::Load } else { Op::Store };
                return Ok(InstData { aux: mem as u16, c: 0, ..plain(op, mem.kind()) });
            }
            _ => {}
        }
        let kind = kind(last).ok_or_else(unknown)?;
        let compare = match head.split_once('.') {
            Some(("br", name)) => cond(name).map(|cond| (Op::BrCmp, cond)),
            Some(("guard", name)) => cond(name).map(|cond| (Op::GuardCmp, cond)),
            _ => cond(head).map(|cond| (Op::Cmp, cond)),
        };
        if let Some((op, cond)) = compare {
            return Ok(InstData { aux: cond as u16, ..plain(op, kind) });
        }
        let from = |op: Op| matches!(op, Op::Convert | Op::ConvertChecked | Op::Bitcast);
        if let Some(&op) = self.ops.get(head) {
            return if op.has_lane() || from(op) { Err(unknown()) } else { Ok(plain(op, kind)) };
        }
        let (name, middle) = head.rsplit_once('.').ok_or_else(unknown)?;
        let op = self.ops.get(name).copied().ok_or_else(unknown)?;
        let aux = if op.has_lane() {
            Lane::ALL.into_iter().find(|lane| lane.name() == middle).map(|lane| lane as u16)
        } else if from(op) {
            super::kind(middle).map(|kind| kind as u16)
        } else {
            None
        };
        Ok(InstData { aux: aux.ok_or_else(unknown)?, ..plain(op, kind) })
    }
}

const NO_OPERANDS: Pending = Pending { words: [NONE; 4], call: None, edges: Span { start: 0, end: 0 } };

impl<'s> BodyParser<'_, 's> {
    /// A line of a block: appends the instruction.
    pub(super) fn inst(&mut self, block: Block, line: &mut Line<'s>) -> Parse<(Inst, Pending)> {
        let at = *line;
        let mut result = None;
        if let Token::Word(word) = line.peek()
            && let Some(number) = entity(word, "v")
        {
            line.next();
            let ty = if line.eat(':') { Some(self.parser.ty(line)?) } else { None };
            line.expect('=')?;
            result = Some((number, ty));
        }
        let at_name = *line;
        let Token::Word(word) = line.next() else { return Err(at_name.expected("an instruction")) };
        let mut data = self.parser.mnemonic(word, &at_name)?;
        let mut pending = NO_OPERANDS;
        let sig = self.operands(&mut data, &mut pending, line)?;
        let position = if line.eat('!') { line.unsigned(u64::from(u32::MAX))? as u32 } else { 0 };
        let mut usual = Function::result_type(&data);
        if let Some(sig) = sig
            && usual.is_some()
        {
            usual = Some(self.parser.module.sigs[sig.index()].result);
        }
        match (&result, usual) {
            (None, Some(_)) => {
                return Err(at.error("The result of this instruction needs a name, as `v1 =`.".into()));
            }
            (Some(_), None) => return Err(at.error("This instruction has no result.".into())),
            _ => {}
        }
        let inst = self.function.append(block, data);
        self.function.set_inst_position(inst, position);
        if let (Some((number, ty)), Some(usual), Some(value)) = (result, usual, self.function.result(inst)) {
            self.function.set_type(value, ty.unwrap_or(usual));
            define(&mut self.values, number, "v", value, &at)?;
        }
        Ok((inst, pending))
    }

    /// What stands behind the mnemonic, but the position. The signature of a call.
    fn operands(
        &mut self,
        data: &mut InstData,
        pending: &mut Pending,
        line: &mut Line<'s>,
    ) -> Parse<Option<Sig>> {
        match data.op {
            Op::Load | Op::Store => {
                self.address(data, pending, line)?;
                if data.op == Op::Store {
                    line.expect(',')?;
                    self.word(3, pending, line)?;
                }
                if line.eat('@') {
                    let class = self.alias(line)?;
                    data.aux = InstData::access(data.mem(), data.scale(), class);
                }
            }
            Op::Address => {
                let at = *line;
                data.a = self.parser.symbol(&line.name("a symbol's name")?, &at)?.0;
            }
            Op::Call | Op::CallIndirect | Op::Invoke | Op::InvokeIndirect => {
                return self.call(data, pending, line).map(Some);
            }
            Op::Jump => self.edges(&[""], pending, line)?,
            Op::Br => {
                self.word(0, pending, line)?;
                self.edges(&[",", ","], pending, line)?;
            }
            Op::BrCmp => {
                self.words(2, pending, line)?;
                self.edges(&[",", ","], pending, line)?;
            }
            Op::AddOr | Op::SubOr | Op::MulOr => {
                self.words(2, pending, line)?;
                self.edges(&["->", "else"], pending, line)?;
            }
            Op::Switch => {
                self.word(0, pending, line)?;
                line.expect(',')?;
                line.expect('[')?;
                let start = self.edges.len();
                while !line.eat(']') {
                    if self.edges.len() > start {
                        line.expect(',')?;
                    }
                    self.edge(line)?;
                }
                line.expect(',')?;
                self.edge(line)?;
                pending.edges = Span { start, end: self.edges.len() };
                data.b = (self.edges.len() - start) as u32;
            }
            Op::Return if data.kind == Kind::None => {}
            op => {
                let row = op.row();
                let count = row.values.count_ones() as u8;
                self.words(count, pending, line)?;
                if op == Op::VExtract {
                    line.expect(',')?;
                    data.b = line.unsigned(u64::from(u32::MAX - 1))? as u32;
                }
                if row.guard < 4 {
                    if count > 0 {
                        line.expect(',')?;
                    }
                    *data.word_mut(row.guard) = self.guard(line)?.0;
                }
                if matches!(op, Op::Div | Op::Rem) {
                    for (bit, claim) in CLAIMS {
                        data.aux |= if line.eat_word(claim) { bit } else { 0 };
                    }
                }
            }
        }
        Ok(None)
    }

    /// The operand of a word.
    fn word(&mut self, word: usize, pending: &mut Pending, line: &mut Line<'s>) -> Parse<()> {
        pending.words[word] = self.args.len() as u32;
        let arg = self.arg(line)?;
        self.args.push(arg);
        Ok(())
    }

    /// The first words, separated by commas.
    fn words(&mut self, count: u8, pending: &mut Pending, line: &mut Line<'s>) -> Parse<()> {
        for word in 0..usize::from(count) {
            if word > 0 {
                line.expect(',')?;
            }
            self.word(word, pending, line)?;
        }
        Ok(())
    }

    /// Operands in parentheses.
    fn list(&mut self, line: &mut Line<'s>) -> Parse<Span> {
        let start = self.args.len();
        line.expect('(')?;
        while !line.eat(')') {
            if self.args.len() > start {
                line.expect(',')?;
            }
            let arg: Arg<'s> = self.arg(line)?;
            self.args.push(arg);
        }
        Ok(Span { start, end: self.args.len() })
    }

    fn guard(&self, line: &mut Line<'s>) -> Parse<Guard> {
        let at = *line;
        let number = line.entity("g", "a guard, as `g0`")?;
        self.guards.get(&number).copied().ok_or_else(|| at.error(format!("There is no g{number}.")))
    }

    /// `v0[v1*4 + 16]`
    fn address(&mut self, data: &mut InstData, pending: &mut Pending, line: &mut Line<'s>) -> Parse<()> {
        self.word(0, pending, line)?;
        line.expect('[')?;
        let at = *line;
        // A bare number is the displacement; with a suffix it is an index.
        let mut ahead = *line;
        ahead.eat('-');
        let number = matches!(ahead.next(), Token::Number(_)) && ahead.peek() != Token::Sign(':');
        let mut negative = false;
        if !number {
            self.word(1, pending, line)?;
            if line.eat('*') {
                let at = *line;
                let scale = match line.unsigned(8)? {
                    1 => 0,
                    2 => 1,
                    4 => 2,
                    8 => 3,
                    _ => return Err(at.error("A scale is 1, 2, 4 or 8.".into())),
                };
                data.aux = InstData::access(data.mem(), scale, Alias::RAW);
            }
            if line.eat(']') {
                return Ok(());
            }
            if line.peek() != Token::Sign('-') {
                line.expect('+')?;
            }
        }
        negative |= line.eat('-');
        let offset = line.unsigned(1 << 31)? as i64;
        let offset = i32::try_from(if negative { -offset } else { offset });
        data.c = offset.map_err(|_| at.error("A displacement has 32 bits.".into()))? as u32;
        line.expect(']')
    }

    fn alias(&mut self, line: &mut Line<'s>) -> Parse<Alias> {
        let Token::Word(word) = line.peek() else { return Err(line.expected("a class of memory")) };
        let class = match self.parser.aliases.get(word) {
            Some(&class) => class,
            None => {
                let class =
                    Alias::parse(word).ok_or_else(|| line.expected("a class of memory, as `length`"))?;
                self.parser.aliases.insert(word.to_owned(), class);
                class
            }
        };
        line.next();
        Ok(class)
    }

    /// `sum(v1, 5), fs1`, `(i32) -> i64 v9(v1)`, and of an invoke ` -> b1(v3), catch b2`
    fn call(&mut self, data: &mut InstData, pending: &mut Pending, line: &mut Line<'s>) -> Parse<Sig> {
        let at = *line;
        let sig = match data.op {
            Op::Call | Op::Invoke => {
                let name = line.name("a function's name")?;
                let func = self.parser.funcs.get(&name).copied();
                let func =
                    func.ok_or_else(|| at.error(format!("There is no function {}.", quoted(&name))))?;
                data.a = func.0;
                self.parser.module.funcs[func.index()].sig
            }
            _ => {
                let signature = self.parser.signature(line)?;
                let sig = self.parser.sig(signature);
                data.aux =
                    u16::try_from(sig.0).map_err(|_| at.error("There are too many signatures.".into()))?;
                self.word(0, pending, line)?;
                sig
            }
        };
        data.kind = self.parser.module.sigs[sig.index()].result.kind;
        pending.call = Some((self.list(line)?, sig));
        if matches!(data.op, Op::Invoke | Op::InvokeIndirect) {
            self.edges(&["->", "catch"], pending, line)?;
        } else if line.eat(',') {
            data.d = self.state_name(line)?.0;
        }
        Ok(sig)
    }

    /// Edges, each behind what separates it: a comma, an arrow, or a comma and a word.
    fn edges(&mut self, separators: &[&str], pending: &mut Pending, line: &mut Line<'s>) -> Parse<()> {
        let start = self.edges.len();
        for &separator in separators {
            match separator {
                "" => {}
                "," => line.expect(',')?,
                "->" => line.expect_arrow()?,
                word => {
                    line.expect(',')?;
                    line.expect_word(word)?;
                }
            }
            self.edge(line)?;
        }
        pending.edges = Span { start, end: self.edges.len() };
        Ok(())
    }

    fn edge(&mut self, line: &mut Line<'s>) -> Parse<()> {
        let at = *line;
        let number = line.entity("b", "a block, as `b1`")?;
        let to = self.blocks.get(&number).copied();
        let to = to.ok_or_else(|| at.error(format!("There is no b{number}.")))?;
        let span = if line.peek() == Token::Sign('(') { self.list(line)? } else { Span::default() };
        self.edges.push((to, span));
        Ok(())
    }
}
