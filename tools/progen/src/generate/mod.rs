//! Makes random programs.
//!
//! How it works. First come the types, then the functions from the cheapest up, then the module's variables and statements
//! around them. A [`Generator`] keeps the scope where it stands, as the checker does, and picks what to write by the type
//! that is needed. What a statement costs at most is measured by [`crate::bounds`]; what exceeds the budget that is left is
//! dropped again. Loops divide the budget by their turns.
//!
//! Most of what can raise is *tamed*: an index is taken modulo the length, a sum is reduced before it is stored. Otherwise
//! programs would die early. Errors come from the few operations left raw, and from `faults.rs`, which provokes each of them.
//! Taming goes by what values are likely to be (see [`Generator::likely`]), it proves nothing.

mod control;
mod expr;
mod faults;
mod function;
mod literal;
mod numeric;
mod program;
mod raw;
mod stmt;
mod text;
mod universe;

use std::collections::{HashMap, HashSet};

use crate::ast::*;
use crate::bounds::{self, Costs, MAX_LENGTH, MAX_STRING};
use crate::check::scope::{Kind, Scope, Var};
use crate::rng::Rng;
use crate::types::{Ty, Types};

/// What kind of programs to make.
#[derive(Clone, Debug)]
pub struct Config {
    /// The budgets of programs are spread between these, in units of about one bytecode instruction.
    pub min_cost: u64,
    pub max_cost: u64,
    /// How many in 100 programs are meant to end by an uncaught error.
    pub uncaught_percent: u32,
    /// How many in 1000 operations that can raise are left raw.
    pub raw_permille: u32,
    /// Whether programs may ask for more memory or deeper calls than there can be.
    pub exhaustion: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            min_cost: 100_000,
            max_cost: 1_500_000,
            uncaught_percent: 10,
            raw_permille: 25,
            exhaustion: true,
        }
    }
}

/// Makes the program of a seed.
pub fn generate(seed: u64, config: &Config) -> Program {
    // Attempts that the checker rejects are very few; the next one is as good.
    (0..50)
        .map(|attempt| attempt_of(seed, attempt, config))
        .find(|program| crate::check::check(program).is_ok())
        .unwrap_or(Program { types: Types::default(), items: Vec::new() })
}

/// One attempt at the program of a seed, as it comes.
pub(crate) fn attempt_of(seed: u64, attempt: u64, config: &Config) -> Program {
    Generator::new(Rng::new(seed ^ (attempt << 56)), config).program()
}

/// A function that exists already, as its callers see it.
#[derive(Clone, Debug)]
struct Known {
    name: Name,
    order: u32,
    owner: Option<Ty>,
    is_method: bool,
    generics: Vec<Class>,
    params: Vec<Param>,
    ret: Ty,
    /// The position of its counter.
    counter: Option<usize>,
    group: Option<u32>,
    /// The greatest rank of the function values that it calls.
    level: u32,
    /// Whether it can be a value.
    value: bool,
    nested: bool,
}

/// A function, lambda or module body under way.
#[derive(Clone, Debug)]
struct Frame {
    ret: Option<Ty>,
    order: u32,
    /// The recursion group, its counter and how many more calls within it may be written.
    recursion: Option<(u32, Name)>,
    calls_left: u32,
    limit: u32,
    level: u32,
    loops: Vec<Option<Name>>,
    generics: Vec<Class>,
    /// How many `try` bodies are around; a function counts as inside one.
    tries: u32,
}

struct Generator<'a> {
    rng: Rng,
    config: &'a Config,
    types: Types,
    /// The types that this program uses, some several times.
    pool: Vec<Ty>,
    /// Functions that make values whose type no literal determines.
    makers: HashMap<Ty, Name>,
    known: Vec<Known>,
    costs: Costs,
    scope: Scope,
    frames: Vec<Frame>,
    /// The units left for the block under way.
    budget: u64,
    next_id: u32,
    /// Variables that may have no value yet.
    unset: HashSet<Name>,
    /// Arrays and the loop variables that count their elements.
    hints: Vec<(Name, Name)>,
    /// How many elements an array or string has at first.
    lengths: HashMap<Name, u64>,
    /// Nothing may raise: calls and raw operations are left out.
    safe: bool,
    /// How deep blocks are nested.
    nesting: u32,
}

impl<'a> Generator<'a> {
    fn new(rng: Rng, config: &'a Config) -> Generator<'a> {
        Generator {
            rng,
            config,
            types: Types::default(),
            pool: Vec::new(),
            makers: HashMap::new(),
            known: Vec::new(),
            costs: Costs::default(),
            scope: Scope::of_globals(Vec::new()),
            frames: Vec::new(),
            budget: 0,
            next_id: 0,
            unset: HashSet::new(),
            hints: Vec::new(),
            lengths: HashMap::new(),
            safe: false,
            nesting: 0,
        }
    }

    /// A new name.
    fn fresh(&mut self, stem: &'static str) -> Name {
        self.next_id += 1;
        Name { stem, id: self.next_id }
    }

    /// A new name for a variable of that type.
    fn fresh_for(&mut self, ty: &Ty) -> Name {
        let stems: &[&'static str] = match ty {
            Ty::I32 => &["n", "k", "count", "total"],
            Ty::I64 => &["big", "wide", "sum"],
            Ty::U32 => &["bits", "mask", "code"],
            Ty::U64 => &["hash", "word", "state"],
            Ty::F64 => &["x", "y", "ratio"],
            Ty::Bool => &["flag", "ok", "done"],
            Ty::Str => &["s", "text", "name"],
            Ty::Array(_) => &["list", "items", "row"],
            Ty::Map(_) => &["table", "index"],
            Ty::Struct(_) => &["p", "record"],
            Ty::Enum(..) => &["choice", "shape"],
            Ty::Fn(_) => &["f", "action"],
            Ty::Error => &["err"],
            _ => &["v"],
        };
        let stem = *self.rng.pick(stems);
        self.fresh(stem)
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a frame is pushed before anything is generated")
    }

    fn depth(&self) -> usize {
        self.frames.len()
    }

    fn in_function(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.ret.is_some())
    }

    fn in_loop(&self) -> bool {
        self.frames.last().is_some_and(|frame| !frame.loops.is_empty())
    }

    fn in_generic(&self) -> bool {
        self.frames.iter().any(|frame| !frame.generics.is_empty())
    }

    /// Whether an operation that may raise is written raw.
    fn raw(&mut self) -> bool {
        if self.safe {
            return false;
        }
        let caught = self.frames.last().is_some_and(|frame| frame.tries > 0);
        let permille = if caught { self.config.raw_permille * 2 } else { self.config.raw_permille / 4 };
        self.rng.below(1000) < permille as usize
    }

    /// Adds a variable to the innermost block.
    fn declare(&mut self, name: Name, ty: Ty, kind: Kind) {
        let (depth, in_loop) = (self.depth(), self.in_loop());
        self.scope.add(Var { name, ty, kind, depth, in_loop }, false);
    }

    /// The variables that are visible and that the test accepts, innermost last.
    fn vars(&self, accepts: impl Fn(&Var) -> bool) -> Vec<Var> {
        let mut seen = HashSet::new();
        let mut found: Vec<Var> = Vec::new();
        for var in self.scope.all().rev() {
            if seen.insert(var.name) && var.ty != Ty::Void && accepts(var) {
                found.push(var.clone());
            }
        }
        found.reverse();
        found
    }

    /// One of the variables that the test accepts; later ones are more likely, and those that may lack a value are rare.
    fn var(&mut self, accepts: impl Fn(&Var) -> bool) -> Option<Var> {
        self.var_where(|_, var| accepts(var))
    }

    /// As [`Generator::var`]; the test sees the generator.
    fn var_where(&mut self, accepts: impl Fn(&Self, &Var) -> bool) -> Option<Var> {
        let risky = self.raw();
        let found = self.vars(|var| accepts(self, var) && (risky || !self.unset.contains(&var.name)));
        if found.is_empty() {
            return None;
        }
        let at = self.rng.below(found.len()).max(self.rng.below(found.len()));
        Some(found[at].clone())
    }

    /// Makes an expression short enough to be kept.
    fn shorten(&mut self, e: Expr) -> Expr {
        let length = bounds::length(&e, &self.costs.lengths);
        match e.ty {
            Ty::Str if length > MAX_STRING => Expr::new(Ty::Str, Op::Helper(Helper::Clip), vec![e]),
            Ty::Array(_) if length > MAX_LENGTH => {
                let most = self.rng.range(2, 20);
                Expr::new(e.ty.clone(), Op::Helper(Helper::Head), vec![e, Expr::int(Ty::I32, most)])
            }
            _ => e,
        }
    }

    /// An expression whose value is kept.
    fn kept(&mut self, ty: &Ty, depth: u32, asked: bool) -> Expr {
        let mut e = self.expr(ty, depth, asked);
        if asked && bounds::length(&e, &self.costs.lengths) > MAX_LENGTH && matches!(ty, Ty::Array(_)) {
            // The helper that shortens it asks for no type.
            e = self.expr(ty, depth, false);
        }
        let e = self.shorten(e);
        self.tame(e)
    }
}
