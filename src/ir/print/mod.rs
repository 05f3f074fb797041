//! The text form: what [`parse`](super::parse) reads.
//!
//! How it works. Entities are numbered anew in the order in which the text defines them (or printed with their own numbers, for dumps
//! that have to go with each other, see [`Numbers`]), constants are written where they are used. Frame states, removed objects and guards
//! are printed if an instruction uses them. What the form leaves out follows from what stands beside it: a literal has no suffix if
//! [its place](super::function::InstData::operand_kind) says its type.
//!
//! Invariant
//! - PR1 The printed text of a function that the verifier accepts can be read back, and what is read prints the same text. (Of functions
//!   that share a name, only the first would be found: they are not to be printed in one text.)

mod inst;

use std::borrow::Borrow;
use std::fmt::Write;

use super::cfg::Cfg;
use super::dom::Dom;
use super::function::{Def, Function, StateSlot};
use super::loops::Loops;
use super::module::{Convention, Effects, Module, Signature};
use super::opcode::Op;
use super::types::{Block, FrameState, Func, Guard, Inst, Kind, Removed, Type, Value};

/// Which numbers entities are printed with.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Numbers {
    /// In the order of the text, so that equal functions print alike.
    #[default]
    Fresh,
    /// Their own: those of the verifier's messages, and the same before and after a pass.
    Own,
}

/// How a function is printed.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Which numbers are used.
    pub numbers: Numbers,
    /// Each block gets a comment: where it is entered from, and its loop.
    pub graph: bool,
    /// Gives the comment of an instruction.
    pub comment: Option<&'a dyn Fn(Inst) -> Option<String>>,
}

/// The text of a module. Functions of which `functions` has no body are printed as `extern`.
pub fn print_module<F: Borrow<Function>>(module: &Module, functions: &[(Func, F)]) -> String {
    print_module_with(module, functions, &Options::default())
}

/// The same, with options.
pub fn print_module_with<F: Borrow<Function>>(
    module: &Module,
    functions: &[(Func, F)],
    options: &Options<'_>,
) -> String {
    let mut out = String::new();
    for (index, layout) in module.layouts.iter().enumerate().skip(1) {
        let _ = writeln!(
            out,
            "type t{index} = refs {}, scalars {}, header {:#x}, cursor {}",
            layout.references, layout.scalars, layout.header, layout.cursor_offset
        );
    }
    for symbol in &module.symbols {
        let _ = writeln!(out, "symbol {}", name(symbol));
    }
    let mut bodies: Vec<Option<&Function>> = vec![None; module.funcs.len()];
    for (func, body) in functions {
        bodies[func.index()] = Some(body.borrow());
    }
    for (decl, body) in module.funcs.iter().zip(bodies) {
        match body {
            None => {
                let _ = write!(out, "extern {}", name(&decl.name));
                signature(&mut out, &module.sigs[decl.sig.index()]);
                effects(&mut out, decl.effects);
                out.push('\n');
            }
            Some(body) => {
                if !out.is_empty() {
                    out.push('\n');
                }
                Printer::new(body, module, options).function(Some(decl.effects), &mut out);
            }
        }
    }
    out
}

/// The text of a function alone.
pub fn print_function(function: &Function, module: &Module) -> String {
    print_function_with(function, module, &Options::default())
}

/// The same, with options.
pub fn print_function_with(function: &Function, module: &Module, options: &Options<'_>) -> String {
    let mut out = String::new();
    Printer::new(function, module, options).function(None, &mut out);
    out
}

/// One instruction, with the entities' own numbers.
pub fn print_inst(function: &Function, module: &Module, inst: Inst) -> String {
    let names = Names::own();
    let mut out = String::new();
    Printer { function, module, names, options: &Options::default() }.inst(inst, &mut out);
    out
}

/// What a value is in a message: `v3 is i32`.
pub(super) fn type_name(function: &Function, value: Value) -> String {
    let ty = function.ty(value);
    match function.as_const(value) {
        None => format!("{value} is {ty}"),
        Some(bits) => {
            let mut text = String::new();
            literal(ty.kind, bits, &mut text);
            format!("{text} is {ty}")
        }
    }
}

/// What entities are called. A table without an entry for an entity means its own number.
#[derive(Default)]
struct Names {
    values: Vec<u32>,
    blocks: Vec<u32>,
    guards: Vec<u32>,
    states: Vec<u32>,
    removed: Vec<u32>,
}

/// What is printed ahead of the blocks, each in the order of its numbers.
#[derive(Default)]
struct Used {
    guards: Vec<bool>,
    states: Vec<bool>,
    removed: Vec<bool>,
}

impl Names {
    fn own() -> Names {
        Names::default()
    }

    fn fresh(function: &Function, used: &Used) -> Names {
        let mut names = Names::default();
        let mut values = vec![u32::MAX; function.value_count()];
        let mut next = 0;
        let mut define = |value: Value| {
            if let Some(name) = values.get_mut(value.index())
                && *name == u32::MAX
            {
                *name = next;
                next += 1;
            }
        };
        for &block in &function.order {
            function.params(block).iter().copied().for_each(&mut define);
            function.insts(block).filter_map(|inst| function.result(inst)).for_each(&mut define);
        }
        // Values that nothing defines any more (of functions that the verifier rejects) come last.
        (0..function.value_count() as u32).map(Value).for_each(&mut define);
        names.values = values;
        names.blocks = vec![u32::MAX; function.block_count()];
        for (index, block) in function.order.iter().enumerate() {
            names.blocks[block.index()] = index as u32;
        }
        let number = |used: &[bool]| {
            let mut next = 0;
            let count = |&used: &bool| {
                next += u32::from(used);
                next.wrapping_sub(1)
            };
            used.iter().map(count).collect()
        };
        names.guards = number(&used.guards);
        names.states = number(&used.states);
        names.removed = number(&used.removed);
        names
    }
}

impl Used {
    fn of(function: &Function) -> Used {
        let mut used = Used {
            guards: vec![false; function.guards().len()],
            states: vec![false; function.state_count()],
            removed: vec![false; function.removed_count()],
        };
        let mut states = Vec::new();
        for &block in &function.order {
            for inst in function.insts(block) {
                let data = function.inst(inst);
                if let Some(guard) = data.guard()
                    && let Some(seen) = used.guards.get_mut(guard.index())
                {
                    if !*seen {
                        states.push(function.guard(guard).state);
                    }
                    *seen = true;
                }
                states.extend(data.call_state());
            }
        }
        let mut objects = Vec::new();
        while let Some(state) = states.pop() {
            if used.states.get(state.index()) != Some(&false) {
                continue;
            }
            used.states[state.index()] = true;
            let data = function.state(state);
            states.push(data.parent);
            objects.extend(function.state_slots(data.slots));
        }
        while let Some(slot) = objects.pop() {
            if let StateSlot::Removed(object) = slot
                && used.removed.get(object.index()) == Some(&false)
            {
                used.removed[object.index()] = true;
                objects.extend(function.state_slots(function.removed(object).slots));
            }
        }
        used
    }
}

struct Printer<'a> {
    function: &'a Function,
    module: &'a Module,
    names: Names,
    options: &'a Options<'a>,
}

/// The column of comments.
const COMMENT: usize = 64;

impl<'a> Printer<'a> {
    fn new(function: &'a Function, module: &'a Module, options: &'a Options<'a>) -> Printer<'a> {
        Printer { function, module, names: Names::own(), options }
    }

    fn function(mut self, decl: Option<Effects>, out: &mut String) {
        let function = self.function;
        let used = Used::of(function);
        if self.options.numbers == Numbers::Fresh {
            self.names = Names::fresh(function, &used);
        }
        let entry = function.entry();
        let _ = write!(out, "fn {}(", name(&function.name));
        self.params(entry, out);
        out.push(')');
        result(out, &function.sig);
        if let Some(symbol) = function.depth_check {
            out.push_str(" depth ");
            self.symbol(symbol.index(), out);
        }
        match decl.unwrap_or(Effects::ANY) {
            Effects::ANY => {}
            none if none.is_empty() => out.push_str(" pure"),
            some => effects(out, some),
        }
        out.push_str(" {\n");
        self.tables(&used, out);
        let graph = self.options.graph.then(|| {
            let cfg = Cfg::of(function);
            let loops = Loops::of(&cfg, &Dom::of(&cfg), function.block_count());
            (cfg, loops)
        });
        for &block in &function.order {
            let begin = out.len();
            self.block_name(block, out);
            if block != entry && !function.params(block).is_empty() {
                out.push('(');
                self.params(block, out);
                out.push(')');
            }
            if function.block(block).cold {
                out.push_str(" cold");
            }
            out.push(':');
            if let Some((cfg, loops)) = &graph {
                let comment = self.graph_comment(block, cfg, loops);
                pad_comment(out, begin, &comment);
            }
            out.push('\n');
            for inst in function.insts(block) {
                let begin = out.len();
                out.push_str("    ");
                self.inst(inst, out);
                if let Some(comment) = self.options.comment.and_then(|comment| comment(inst)) {
                    pad_comment(out, begin, &comment);
                }
                out.push('\n');
            }
        }
        out.push_str("}\n");
    }

    /// Frame states, removed objects, guards.
    fn tables(&self, used: &Used, out: &mut String) {
        let function = self.function;
        let each = |used: &[bool]| {
            let numbers: Vec<u32> = (0..used.len() as u32).filter(|&at| used[at as usize]).collect();
            numbers
        };
        for state in each(&used.states).into_iter().map(FrameState) {
            let data = function.state(state);
            out.push_str("    ");
            self.state_name(state, out);
            let _ = write!(out, " = {}@{} ", data.function, data.position);
            self.slots(function.state_slots(data.slots), out);
            if let Some(parent) = data.parent.some() {
                out.push_str(" in ");
                self.state_name(parent, out);
            }
            out.push('\n');
        }
        for object in each(&used.removed).into_iter().map(Removed) {
            let data = function.removed(object);
            out.push_str("    ");
            self.removed_name(object, out);
            let _ = write!(out, " = {} ", data.layout);
            self.slots(function.state_slots(data.slots), out);
            out.push('\n');
        }
        for guard in each(&used.guards).into_iter().map(Guard) {
            let data = function.guard(guard);
            out.push_str("    ");
            self.guard_name(guard, out);
            let _ = write!(out, " = {} ", data.reason.name());
            self.state_name(data.state, out);
            out.push('\n');
        }
    }

    fn slots(&self, slots: impl Iterator<Item = StateSlot>, out: &mut String) {
        out.push('[');
        for (index, slot) in slots.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            match slot {
                StateSlot::Dead => out.push('-'),
                StateSlot::Value(value) => self.value(value, None, out),
                StateSlot::Removed(object) => self.removed_name(object, out),
            }
        }
        out.push(']');
    }

    fn params(&self, block: Block, out: &mut String) {
        for (index, &param) in self.function.params(block).iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.value_name(param, out);
            let _ = write!(out, ": {}", self.function.ty(param));
        }
    }

    fn graph_comment(&self, block: Block, cfg: &Cfg, loops: &Loops) -> String {
        if !cfg.is_reached(block) {
            return "not reached".to_owned();
        }
        let mut comment = String::new();
        for (index, pred) in cfg.preds(block).iter().enumerate() {
            comment.push_str(if index == 0 { "from " } else { ", " });
            self.block_name(pred.block, &mut comment);
        }
        if let Some(index) = loops.innermost(block) {
            let inner = &loops.loops[index as usize];
            comment.push_str("; loop ");
            self.block_name(inner.header, &mut comment);
            let _ = write!(comment, ", depth {}", inner.depth);
        }
        if comment.is_empty() { "entry".to_owned() } else { comment }
    }

    // ---- Names. ----

    /// A value or a literal, which has a suffix unless it is of the kind that its place implies.
    fn value(&self, value: Value, implied: Option<Kind>, out: &mut String) {
        if value.index() < self.function.value_count()
            && let Def::Const(bits) = self.function.def(value)
        {
            let ty = self.function.ty(value);
            literal(ty.kind, bits, out);
            if implied.map(Type::from) != Some(ty) {
                let _ = write!(out, ":{ty}");
            }
        } else {
            self.value_name(value, out);
        }
    }

    fn value_name(&self, value: Value, out: &mut String) {
        entity(out, "v", &self.names.values, value.0);
    }

    fn block_name(&self, block: Block, out: &mut String) {
        entity(out, "b", &self.names.blocks, block.0);
    }

    fn guard_name(&self, guard: Guard, out: &mut String) {
        entity(out, "g", &self.names.guards, guard.0);
    }

    fn state_name(&self, state: FrameState, out: &mut String) {
        entity(out, "fs", &self.names.states, state.0);
    }

    fn removed_name(&self, object: Removed, out: &mut String) {
        entity(out, "o", &self.names.removed, object.0);
    }

    fn symbol(&self, index: usize, out: &mut String) {
        match self.module.symbols.get(index) {
            Some(symbol) => out.push_str(&name(symbol)),
            None => {
                let _ = write!(out, "s{index}");
            }
        }
    }
}

/// What is said of divisions, with the bits of `aux`.
pub(in crate::ir) const CLAIMS: [(u16, &str); 2] =
    [(Op::NONZERO, "nonzero"), (Op::NO_OVERFLOW, "nooverflow")];

fn entity(out: &mut String, prefix: &str, names: &[u32], own: u32) {
    if own == u32::MAX {
        out.push('-');
    } else {
        let number = names.get(own as usize).copied().filter(|&name| name != u32::MAX).unwrap_or(own);
        let _ = write!(out, "{prefix}{number}");
    }
}

fn pad_comment(out: &mut String, begin: usize, comment: &str) {
    let width = out.len() - begin;
    for _ in width..COMMENT {
        out.push(' ');
    }
    out.push_str(" ; ");
    // A comment ends with its line.
    out.extend(comment.chars().map(|c| if c.is_control() { ' ' } else { c }));
}

/// `(i32, ref) -> i64 orus`
fn signature(out: &mut String, signature: &Signature) {
    out.push('(');
    for (index, ty) in signature.params.iter().enumerate() {
        let _ = write!(out, "{}{ty}", if index > 0 { ", " } else { "" });
    }
    out.push(')');
    result(out, signature);
}

fn result(out: &mut String, signature: &Signature) {
    if signature.result.kind != Kind::None {
        let _ = write!(out, " -> {}", signature.result);
    }
    if signature.convention != Convention::System {
        let _ = write!(out, " {}", signature.convention.name());
    }
}

fn effects(out: &mut String, effects: Effects) {
    for (effect, name) in Effects::NAMES {
        if effects.contains(effect) {
            let _ = write!(out, " {name}");
        }
    }
}

/// A constant without its suffix.
fn literal(kind: Kind, bits: u64, out: &mut String) {
    let _ = match kind {
        Kind::F64 => {
            let number = f64::from_bits(bits);
            match number.is_nan() {
                true => write!(out, "nan:{bits:#x}"),
                false => write!(out, "{number:?}"),
            }
        }
        Kind::Bool => write!(out, "{}", bits != 0),
        Kind::Ref if bits == 0 => write!(out, "null"),
        Kind::Ref => write!(out, "{bits:#x}"),
        kind => write!(out, "{}", kind.as_i128(bits)),
    };
}

/// A name as it is: bare if it is a word, else in quotes.
pub(super) fn name(name: &str) -> String {
    let mut bytes = name.bytes();
    let word = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    if word {
        return name.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{{{:x}}}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
