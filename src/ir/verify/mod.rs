//! The verifier: what every pass may rely on, and has to leave.
//!
//! How it works. One walk notes where each value is defined; a second one looks at each instruction by itself; a third one, with the
//! dominator tree, at where values are used.
//!
//! Rules
//! - V1 The order has each of its blocks once, and is not empty. Instructions of a block know that they are in it.
//! - V2 No edge leads to the entry, whose parameters are those of the signature.
//! - V3 The last instruction of a block, and no other, is a terminator.
//! - V4 An instruction is of a kind that the opcode table allows.
//! - V5 What it has of its own fits: a conversion's source (another numeric kind), a bit cast's (of the same size; a ref becomes an i64
//!   and back), a condition (of refs only `eq` and `ne`, of floats none that is unsigned), lanes, the number of a lane, the kind in memory.
//! - V6 Operands are there: values that are defined in a block of the order, or constants. None is an alias, or was removed. Constants are
//!   in canonical form; those of references are null; vectors have none.
//! - V7 Operands are of the kind that the instruction demands. The base of an address is a ref or an i64, the index an integer.
//! - V8 An instruction has a result if its opcode gives one, of the right kind. Kinds and layouts of values exist.
//! - V9 Edges exist, lead to blocks of the order, and have an argument of its type for each parameter; a `switch` has one at least. For `ref.t1`
//!   a `ref` will not do unless it is null.
//! - V10 A call's callee or signature exists, its arguments are of the parameters' types, its kind is the result's.
//! - V11 What is returned is of the signature's type.
//! - V12 Guards, frame states and removed objects that are used exist, and no frame state is around itself. Slots hold no vectors.
//! - V13 A removed object has the slots of its layout: first its references, then its scalars.
//! - V14 Where a value is used, it has been defined, whichever way was taken: operands, arguments of edges, slots of frame states. (Not in
//!   blocks that cannot be reached.)
//! - V15 The result of a terminator is used as an argument of its first edge, or where that edge's destination dominates, if it is the only
//!   edge there.
//! - V16 Symbols exist, and so does the layout of a new object, which is not t0.
//! - V17 No store is of the class `fixed`.
//! - V18 A function that counts its depth has the Orus convention: that of the system has no register for what is left.
//!
//! Cost. Nearly linear: each frame state's slots are looked at once; of all values in it, that which is defined last decides for further uses.

mod form;
mod place;
#[cfg(test)]
mod tests;

use std::fmt;

use super::function::{Def, Function};
use super::module::{Convention, Module};
use super::print::{print_inst, type_name};
use super::types::{Block, Inst, Kind, Type, TypeId, Value};

/// What rule is broken, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The number of the rule, as in the [module's documentation](self).
    pub rule: u8,
    /// The block.
    pub block: Option<Block>,
    /// The instruction as text, with the entities' own numbers.
    pub inst: Option<String>,
    /// A sentence.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{}", self.rule)?;
        if let Some(block) = self.block {
            write!(f, ", {block}")?;
        }
        if let Some(inst) = &self.inst {
            write!(f, ", `{inst}`")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for VerifyError {}

type Verify<T = ()> = Result<T, VerifyError>;

/// Checks all rules.
pub fn verify(function: &Function, module: &Module) -> Verify {
    let mut verifier = Verifier {
        function,
        module,
        in_order: vec![false; function.block_count()],
        places: vec![Place::NOWHERE; function.value_count()],
        sequence: vec![0; function.inst_count()],
        states: vec![Checked::No; function.state_count()],
        objects: vec![Checked::No; function.removed_count()],
    };
    verifier.order()?;
    verifier.definitions()?;
    for &block in &function.order {
        let mut next = function.first_inst(block);
        while let Some(inst) = next {
            next = function.next_inst(inst);
            if let Err(problem) = verifier.form(inst, next.is_none()) {
                return Err(problem.at(function, module, block, inst));
            }
        }
    }
    verifier.entry()?;
    place::verify(&verifier)
}

/// Where a value is defined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    block: Block,
    /// 0 for parameters; instructions count from 1 within their block.
    sequence: u32,
}

impl Place {
    const NOWHERE: Place = Place { block: Block::NONE, sequence: 0 };
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Checked {
    No,
    Begun,
    Yes,
}

/// A broken rule of an instruction.
struct Problem {
    rule: u8,
    message: String,
}

impl Problem {
    fn at(self, function: &Function, module: &Module, block: Block, inst: Inst) -> VerifyError {
        let inst = Some(print_inst(function, module, inst));
        VerifyError { rule: self.rule, block: Some(block), inst, message: self.message }
    }
}

fn problem<T>(rule: u8, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { rule, message: message.into() })
}

struct Verifier<'a> {
    function: &'a Function,
    module: &'a Module,
    /// By block.
    in_order: Vec<bool>,
    /// By value.
    places: Vec<Place>,
    /// By instruction: its place in its block, from 1.
    sequence: Vec<u32>,
    states: Vec<Checked>,
    objects: Vec<Checked>,
}

fn error<T>(rule: u8, block: Option<Block>, message: impl Into<String>) -> Verify<T> {
    Err(VerifyError { rule, block, inst: None, message: message.into() })
}

impl Verifier<'_> {
    /// V1, V3.
    fn order(&mut self) -> Verify {
        let function = self.function;
        if function.order.is_empty() {
            return error(1, None, "There is no block.");
        }
        for &block in &function.order {
            match self.in_order.get_mut(block.index()) {
                None => return error(1, Some(block), "There is no such block."),
                Some(true) => return error(1, Some(block), "The block is in the order twice."),
                Some(seen) => *seen = true,
            }
        }
        for &block in &function.order {
            let mut next = function.first_inst(block);
            if next.is_none() {
                return error(3, Some(block), "The block has no terminator.");
            }
            let mut count = 0;
            while let Some(inst) = next {
                let known = function.inst_block(inst) == Some(block) && self.sequence[inst.index()] == 0;
                if !known {
                    return error(1, Some(block), format!("The block has {inst}, which is not in it."));
                }
                count += 1;
                self.sequence[inst.index()] = count;
                next = function.next_inst(inst);
                if next.is_none() && function.last_inst(block) != Some(inst) {
                    return error(
                        1,
                        Some(block),
                        format!("The block ends with {inst}, and does not know that."),
                    );
                }
            }
        }
        Ok(())
    }

    /// Where values are defined (V8).
    fn definitions(&mut self) -> Verify {
        let function = self.function;
        for &block in &function.order {
            for &param in function.params(block) {
                let place = self.places.get_mut(param.index());
                let known = place.is_some() && function.def(param) == Def::Param(block);
                match place {
                    Some(place) if known && *place == Place::NOWHERE => *place = Place { block, sequence: 0 },
                    _ => {
                        let message = format!("The parameter {param} of the block is something else, too.");
                        return error(8, Some(block), message);
                    }
                }
                if let Err(problem) = self.type_exists(param, function.ty(param)) {
                    return error(problem.rule, Some(block), problem.message);
                }
            }
            for inst in function.insts(block) {
                if let Some(result) = function.result(inst)
                    && let Some(place) = self.places.get_mut(result.index())
                    && function.def(result) == Def::Inst(inst)
                {
                    *place = Place { block, sequence: self.sequence[inst.index()] };
                }
            }
        }
        Ok(())
    }

    /// (V8) Kind and layout.
    fn type_exists(&self, value: Value, ty: Type) -> Result<(), Problem> {
        if ty.kind == Kind::None {
            return problem(8, format!("{value} has no kind."));
        }
        let known =
            if ty.kind == Kind::Ref { ty.id.index() < self.module.layouts.len() } else { ty.id == TypeId(0) };
        if known { Ok(()) } else { problem(8, format!("The layout of {value}: {ty} does not exist.")) }
    }

    /// V2, V16, V18.
    fn entry(&self) -> Verify {
        let function = self.function;
        let entry = function.entry();
        for &block in &function.order {
            if function.successors(block).any(|to| to == entry) {
                return error(2, Some(block), format!("An edge leads to the entry {entry}."));
            }
        }
        let params = function.params(entry);
        let types = params.iter().map(|&param| function.ty(param));
        if !types.eq(function.sig.params.iter().copied()) {
            let message = "The parameters of the entry are not those of the signature.";
            return error(2, Some(entry), message);
        }
        match function.depth_check {
            Some(symbol) if symbol.index() >= self.module.symbols.len() => {
                error(16, None, format!("There is no symbol {symbol} for the depth."))
            }
            Some(_) if function.sig.convention != Convention::Orus => {
                error(18, None, "A function of the system's convention cannot count its depth.")
            }
            _ => Ok(()),
        }
    }

    /// (V6) Can the value be used at all?
    fn exists(&self, value: Value) -> Result<(), Problem> {
        let function = self.function;
        if value.index() >= function.value_count() {
            return match value.is_none() {
                true => problem(6, "An operand is missing."),
                false => problem(6, format!("There is no {value}.")),
            };
        }
        match function.def(value) {
            Def::Const(bits) => {
                let ty = function.ty(value);
                let kind = ty.kind;
                let legal = match kind {
                    Kind::Ref => bits == 0,
                    Kind::V128 | Kind::V256 | Kind::None => false,
                    kind => kind.canonical(bits) == bits,
                };
                match legal {
                    true => self.type_exists(value, ty),
                    false => problem(6, format!("{value} is a constant of {kind} that does not exist.")),
                }
            }
            Def::Alias(other) => problem(6, format!("{value} was replaced by {other}.")),
            _ if self.places[value.index()] == Place::NOWHERE => {
                problem(6, format!("{value} was removed, or its block was."))
            }
            _ => Ok(()),
        }
    }

    /// May the value be used where that type is wanted? (V9, V10, V11)
    fn fits(&self, value: Value, wanted: Type) -> bool {
        let ty = self.function.ty(value);
        let null = || self.function.as_const(value).is_some();
        ty.kind == wanted.kind && (wanted.id == TypeId(0) || ty.id == wanted.id || null())
    }

    fn wrong_type(&self, rule: u8, what: &str, value: Value, wanted: Type) -> Result<(), Problem> {
        let name = type_name(self.function, value);
        problem(rule, format!("{what} should be {wanted}, but {name}."))
    }
}
