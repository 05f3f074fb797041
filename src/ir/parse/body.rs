//! The body of a function.
//!
//! How it works. A first walk over the lines finds blocks, frame states, removed objects and guards, so that instructions may name those
//! that come later. A second one appends instructions, and remembers their operands; when all values are defined, operands are filled in.

use std::collections::HashMap;

use super::lexer::{Line, Token, entity, shortened};
use super::{Body, Parse, Parser, define};
use crate::ir::function::{Function, NONE, Reason, StateSlot};
use crate::ir::types::{Block, FrameState, Guard, Inst, Kind, Removed, Sig, Type, Value};

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Literal<'s> {
    Number { negative: bool, text: &'s str },
    Infinity { negative: bool },
    Nan(u64),
    Bool(bool),
    Null,
}

/// An operand as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'s> {
    Value(u32),
    Literal(Literal<'s>, Option<Type>),
}

/// An operand and its place.
#[derive(Clone, Copy)]
pub(super) struct Arg<'s> {
    pub operand: Operand<'s>,
    pub at: Line<'s>,
}

/// A part of one of the flat lists of [`BodyParser`].
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

/// An instruction whose operands are not filled in.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    /// The indices of operands in `args` by word, or `NONE`.
    pub words: [u32; 4],
    /// The arguments of a call, and its signature.
    pub call: Option<(Span, Sig)>,
    /// In `edges`.
    pub edges: Span,
}

enum Slot<'s> {
    Dead,
    Arg(Arg<'s>),
    Removed(Removed),
}

/// What is known of a function while it is read.
pub(super) struct BodyParser<'p, 's> {
    pub parser: &'p mut Parser,
    pub function: Function,
    pub values: HashMap<u32, Value>,
    pub blocks: HashMap<u32, Block>,
    pub guards: HashMap<u32, Guard>,
    pub states: HashMap<u32, FrameState>,
    pub removed: HashMap<u32, Removed>,
    pub args: Vec<Arg<'s>>,
    /// Where edges lead, and their arguments in `args`.
    pub edges: Vec<(Block, Span)>,
    pending: Vec<(Inst, Pending)>,
}

impl Parser {
    /// Reads the body of a function.
    pub(super) fn body(&mut self, body: Body<'_>) -> Parse<Function> {
        let decl = &self.module.funcs[body.func.index()];
        let mut function = Function::new(&decl.name, self.module.sigs[decl.sig.index()].clone());
        function.depth_check = body.depth;
        let mut parser = BodyParser {
            parser: self,
            function,
            values: HashMap::new(),
            blocks: HashMap::new(),
            guards: HashMap::new(),
            states: HashMap::new(),
            removed: HashMap::new(),
            args: Vec::new(),
            edges: Vec::new(),
            pending: Vec::new(),
        };
        parser.read(body)?;
        Ok(parser.function)
    }
}

/// What a line of a body begins with.
enum Head {
    Block(u32),
    State(u32),
    Removed(u32),
    Guard(u32),
    Inst,
}

fn head(line: &Line<'_>) -> Head {
    let Token::Word(word) = line.peek() else { return Head::Inst };
    let number = |prefix| entity(word, prefix);
    let found = number("b").map(Head::Block);
    let found = found.or_else(|| number("fs").map(Head::State));
    let found = found.or_else(|| number("o").map(Head::Removed));
    found.or_else(|| number("g").map(Head::Guard)).unwrap_or(Head::Inst)
}

impl<'s> BodyParser<'_, 's> {
    fn read(&mut self, body: Body<'s>) -> Parse<()> {
        let entry = self.function.entry();
        let lines = || body.lines.clone().take_while(|line| line.peek() != Token::Sign('}'));
        for line in lines() {
            match head(&line) {
                Head::Block(number) => {
                    let block = if self.blocks.is_empty() { entry } else { self.function.new_block() };
                    define(&mut self.blocks, number, "b", block, &line)?;
                }
                Head::State(number) => {
                    let state = FrameState(self.states.len() as u32);
                    define(&mut self.states, number, "fs", state, &line)?;
                }
                Head::Removed(number) => {
                    let object = Removed(self.removed.len() as u32);
                    define(&mut self.removed, number, "o", object, &line)?;
                }
                Head::Guard(number) => {
                    let guard = Guard(self.guards.len() as u32);
                    define(&mut self.guards, number, "g", guard, &line)?;
                }
                Head::Inst => {}
            }
        }
        if self.blocks.is_empty() {
            return Err(body.head.error("This function has no blocks.".into()));
        }
        for (index, &(number, _)) in body.params.iter().enumerate() {
            let value = self.function.params(entry)[index];
            define(&mut self.values, number, "v", value, &body.head)?;
        }
        let mut block = None;
        let (mut states, mut objects, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        for mut line in lines() {
            let at = line;
            match head(&line) {
                Head::Block(number) => {
                    line.next();
                    block = Some(self.block(self.blocks[&number], &mut line)?);
                }
                Head::State(_) => {
                    line.next();
                    line.expect('=')?;
                    states.push(self.state(&mut line)?);
                }
                Head::Removed(_) => {
                    line.next();
                    line.expect('=')?;
                    let at = line;
                    let number = line.entity("t", "a type, as `t1`")?;
                    let layout = self.parser.type_id(number, &at)?;
                    objects.push((layout, self.slots(&mut line)?));
                }
                Head::Guard(_) => {
                    line.next();
                    line.expect('=')?;
                    let reason = match line.peek() {
                        Token::Word(word) => Reason::ALL.into_iter().find(|reason| reason.name() == word),
                        _ => None,
                    };
                    let reason = reason.ok_or_else(|| line.expected("a reason, as `overflow`"))?;
                    line.next();
                    guards.push((reason, self.state_name(&mut line)?));
                }
                Head::Inst => {
                    let Some(block) = block else {
                        return Err(at.error("Instructions stand in blocks.".into()));
                    };
                    let (inst, pending) = self.inst(block, &mut line)?;
                    self.pending.push((inst, pending));
                }
            }
            line.expect_end()?;
        }
        self.fill()?;
        for (layout, slots) in objects {
            let slots = self.resolve_slots(slots)?;
            self.function.add_removed(layout, &slots);
        }
        for (parent, function, position, slots) in states {
            let slots = self.resolve_slots(slots)?;
            self.function.add_state(parent, function, position, &slots);
        }
        for (reason, state) in guards {
            self.function.add_guard(reason, state);
        }
        Ok(())
    }

    /// `(v1: i32) cold:`, behind the name
    fn block(&mut self, block: Block, line: &mut Line<'s>) -> Parse<Block> {
        let at = *line;
        if line.eat('(') {
            if block == self.function.entry() {
                let message = "The first block has the function's parameters, and no others.";
                return Err(at.error(message.into()));
            }
            for (number, ty) in self.parser.params(line)? {
                let value = self.function.add_param(block, ty);
                define(&mut self.values, number, "v", value, &at)?;
            }
        }
        self.function.block_mut(block).cold = line.eat_word("cold");
        line.expect(':')?;
        Ok(block)
    }

    /// `3@12 [v0] in fs1`
    fn state(&mut self, line: &mut Line<'s>) -> Parse<(FrameState, u32, u32, Vec<Slot<'s>>)> {
        let function = line.unsigned(u64::from(u32::MAX))? as u32;
        line.expect('@')?;
        let position = line.unsigned(u64::from(u32::MAX))? as u32;
        let slots = self.slots(line)?;
        let parent = if line.eat_word("in") { self.state_name(line)? } else { FrameState::NONE };
        Ok((parent, function, position, slots))
    }

    fn slots(&mut self, line: &mut Line<'s>) -> Parse<Vec<Slot<'s>>> {
        let mut slots = Vec::new();
        line.expect('[')?;
        while !line.eat(']') {
            if !slots.is_empty() {
                line.expect(',')?;
            }
            let at = *line;
            slots.push(match line.peek() {
                Token::Word(word) if entity(word, "o").is_some() => {
                    line.next();
                    let number = entity(word, "o").unwrap_or(0);
                    let object = self.removed.get(&number).copied();
                    Slot::Removed(object.ok_or_else(|| at.error(format!("There is no o{number}.")))?)
                }
                Token::Sign('-') => {
                    line.next();
                    match line.peek() {
                        Token::Sign(',' | ']') => Slot::Dead,
                        _ => {
                            *line = at;
                            Slot::Arg(self.arg(line)?)
                        }
                    }
                }
                _ => Slot::Arg(self.arg(line)?),
            });
        }
        Ok(slots)
    }

    fn resolve_slots(&mut self, slots: Vec<Slot<'s>>) -> Parse<Vec<StateSlot>> {
        let resolve = |slot| {
            Ok(match slot {
                Slot::Dead => StateSlot::Dead,
                Slot::Arg(arg) => StateSlot::Value(self.resolve(arg, None)?),
                Slot::Removed(object) => StateSlot::Removed(object),
            })
        };
        slots.into_iter().map(resolve).collect()
    }

    pub(super) fn state_name(&self, line: &mut Line<'s>) -> Parse<FrameState> {
        let at = *line;
        let number = line.entity("fs", "a frame state, as `fs0`")?;
        self.states.get(&number).copied().ok_or_else(|| at.error(format!("There is no fs{number}.")))
    }

    // ---- Operands. ----

    /// A value or a literal.
    pub(super) fn arg(&self, line: &mut Line<'s>) -> Parse<Arg<'s>> {
        let at = *line;
        let negative = line.eat('-');
        let literal = match line.next() {
            Token::Word(word) if !negative => match word {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                "inf" => Literal::Infinity { negative },
                "nan" => {
                    line.expect(':')?;
                    Literal::Nan(line.unsigned(u64::MAX)?)
                }
                word => match entity(word, "v") {
                    Some(number) => return Ok(Arg { operand: Operand::Value(number), at }),
                    None => return Err(at.expected("a value or a literal")),
                },
            },
            Token::Word("inf") => Literal::Infinity { negative },
            Token::Number(text) => Literal::Number { negative, text },
            _ => return Err(at.expected("a value or a literal")),
        };
        let suffix = if line.eat(':') { Some(self.parser.ty(line)?) } else { None };
        Ok(Arg { operand: Operand::Literal(literal, suffix), at })
    }

    /// The value of an operand, where a literal without suffix is of that kind.
    fn resolve(&mut self, arg: Arg<'s>, implied: Option<Kind>) -> Parse<Value> {
        let (literal, suffix) = match arg.operand {
            Operand::Value(number) => {
                let value = self.values.get(&number).copied();
                return value.ok_or_else(|| arg.at.error(format!("There is no v{number}.")));
            }
            Operand::Literal(literal, suffix) => (literal, suffix),
        };
        let evident = || match literal {
            Literal::Bool(_) => Some(Kind::Bool.into()),
            Literal::Null => Some(Kind::Ref.into()),
            Literal::Infinity { .. } | Literal::Nan(_) => Some(Kind::F64.into()),
            Literal::Number { .. } => None,
        };
        let ty = suffix.or_else(|| implied.map(Type::from)).or_else(evident);
        let ty =
            ty.ok_or_else(|| arg.at.error("The type of this literal has to be said, as `5:i32`.".into()))?;
        let bits = bits(literal, ty.kind);
        let bits = bits.ok_or_else(|| arg.at.error(format!("This is no literal of {}.", ty.kind)))?;
        Ok(self.function.constant(ty, bits))
    }

    /// Fills in the operands of all instructions.
    fn fill(&mut self) -> Parse<()> {
        let mut values: Vec<Value> = Vec::new();
        let mut spans: Vec<Span> = Vec::new();
        for (inst, pending) in std::mem::take(&mut self.pending) {
            for word in (0..4).filter(|&word| pending.words[word] != NONE) {
                let kind = self.function.inst(inst).operand_kind(word as u8);
                let value = self.resolve(self.args[pending.words[word] as usize], kind)?;
                *self.function.inst_mut(inst).word_mut(word as u8) = value.0;
            }
            if let Some((span, sig)) = pending.call {
                values.clear();
                for index in span.start..span.end {
                    let param = self.parser.module.sigs[sig.index()].params.get(index - span.start);
                    let kind = param.map(|ty| ty.kind);
                    values.push(self.resolve(self.args[index], kind)?);
                }
                let list = self.function.list(&values);
                let data = self.function.inst_mut(inst);
                (data.b, data.c) = (list.start, list.len);
            }
            if pending.edges.start == pending.edges.end {
                continue;
            }
            values.clear();
            spans.clear();
            for edge in pending.edges.start..pending.edges.end {
                let (to, span) = self.edges[edge];
                let start = values.len();
                for index in span.start..span.end {
                    let param = self.function.params(to).get(index - span.start);
                    let kind = param.map(|&param| self.function.kind(param));
                    values.push(self.resolve(self.args[index], kind)?);
                }
                spans.push(Span { start, end: values.len() });
            }
            let edges: Vec<(Block, &[Value])> = self.edges[pending.edges.start..pending.edges.end]
                .iter()
                .zip(&spans)
                .map(|(&(to, _), span)| (to, &values[span.start..span.end]))
                .collect();
            let first = self.function.add_edges(&edges);
            self.function.inst_mut(inst).d = first;
        }
        Ok(())
    }
}

/// The bits of a literal, if the kind has it.
fn bits(literal: Literal<'_>, kind: Kind) -> Option<u64> {
    match (literal, kind) {
        (Literal::Bool(value), Kind::Bool) => Some(u64::from(value)),
        (Literal::Null, Kind::Ref) => Some(0),
        (Literal::Nan(bits), Kind::F64) => f64::from_bits(bits).is_nan().then_some(bits),
        (Literal::Infinity { negative }, Kind::F64) => {
            Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY }.to_bits())
        }
        (Literal::Number { negative, text }, Kind::F64) => {
            let number = float(text)?;
            Some(if negative { -number } else { number }.to_bits())
        }
        (Literal::Number { negative, text }, kind) if kind.is_int() => {
            let (radix, digits) = match text.strip_prefix("0x") {
                Some(digits) => (16, digits),
                None => (10, text),
            };
            let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
            let number = if negative { -number } else { number };
            // In hexadecimal digits the bits of a negative number are as good.
            let top = if kind.is_signed() && radix == 10 { kind.bits() - 1 } else { kind.bits() };
            let least = if kind.is_signed() { -(1i128 << (kind.bits() - 1)) } else { 0 };
            (number >= least && number < 1i128 << top).then_some(number as u64)
        }
        _ => None,
    }
}

/// A float: `1`, `2.5e-3`, or in hexadecimal digits `0x1.8p3`, which has to be exact.
fn float(text: &str) -> Option<f64> {
    let Some(text) = text.strip_prefix("0x") else {
        return text.parse().ok().filter(|number: &f64| number.is_finite());
    };
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (mut number, mut scale) = (0u64, exponent);
    if whole.is_empty() {
        return None;
    }
    for (index, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        number = number.checked_mul(16)? | u64::from(digit.to_digit(16)?);
        scale = if index < whole.len() { scale } else { scale.checked_sub(4)? };
    }
    let exact = number == 0 || 64 - number.leading_zeros() - number.trailing_zeros() <= 53;
    if !exact || !(-1100..=1100).contains(&scale) {
        return None;
    }
    // Two steps, since a power of two alone may have no place.
    let half = scale / 2;
    let value = number as f64 * 2f64.powi(half) * 2f64.powi(scale - half);
    let back = value / 2f64.powi(half) / 2f64.powi(scale - half);
    (value.is_finite() && back == number as f64).then_some(value)
}

/// The text of a name that stands for no operand, for messages.
pub(super) fn quoted(word: &str) -> String {
    format!("`{}`", shortened(word))
}
