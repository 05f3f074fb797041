//! The optimiser: passes over the IR, each in a file of its own, switchable by name.
//!
//! A pass takes a function that the verifier accepts, and leaves one. It may use the [`Analyses`], which are computed when they are asked
//! for, and has to [`invalidate`](Analyses::invalidate) them when it changes the graph. It leaves no aliases behind
//! ([`Function::remove_aliases`]). In debug builds the function is verified after each pass.

pub mod cfg_simplify;
#[cfg(test)]
mod compare;
pub mod dce;
pub mod escape;
pub mod fault;
pub mod fold;
mod fold_control;
pub mod fold_rules;
#[cfg(test)]
mod fold_tests;
mod forward;
pub mod guards;
pub mod gvn;
pub mod inline;
pub mod licm;
pub mod memory;
mod params;
pub mod pipeline;
pub mod preheader;
pub mod range;
pub mod repair;
pub mod rotate;
pub mod sccp;
pub mod strength;
pub mod unroll;
pub mod vectorize;

use std::fmt;

use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::loops::Loops;
use crate::ir::{Function, Inst, Module, Value};

pub use pipeline::{Level, Options, PASSES, Report, optimize};

/// What passes share: analyses of the graph as it is, computed at most once until it changes.
#[derive(Default, Debug)]
pub struct Analyses {
    cfg: Cfg,
    dom: Dom,
    loops: Loops,
    /// 0: nothing is valid, 1: the graph, 2: and dominators, 3: and loops.
    valid: u8,
    /// Why checks were removed, for dumps: of the instruction that is left, or that is gone.
    pub notes: Vec<(Inst, Note)>,
    /// The walk forward has been over the function as it is.
    walked: bool,
    scratch: Scratch,
}

/// Memory that passes use again.
#[derive(Default, Debug)]
struct Scratch {
    forward: forward::State,
    dce: dce::State,
    sccp: sccp::State,
    range: range::State,
    repair: repair::State,
    written: Vec<Option<memory::Written>>,
}

/// Why a check was not needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// The result is between these numbers.
    Fits(i128, i128),
    /// The divisor is between these numbers.
    Divisor(i128, i128),
    /// The condition holds of these values here.
    Holds(Value, Value),
    /// The value is true here.
    True(Value),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Fits(lo, hi) => write!(f, "unchecked: in {lo} ..= {hi}"),
            Note::Divisor(lo, hi) => write!(f, "unchecked: divisor in {lo} ..= {hi}"),
            Note::Holds(a, b) => write!(f, "check dropped: it holds of {a} and {b}"),
            Note::True(value) => write!(f, "check dropped: {value} is true"),
        }
    }
}

impl Analyses {
    /// Nothing is computed yet.
    pub fn new() -> Analyses {
        Analyses::default()
    }

    /// Blocks or edges have changed.
    pub fn invalidate(&mut self) {
        self.valid = 0;
    }

    /// The graph.
    pub fn cfg(&mut self, function: &Function) -> &Cfg {
        if self.valid < 1 {
            self.cfg.compute(function);
            self.valid = 1;
        }
        &self.cfg
    }

    /// The graph of the function that was optimised last, if it was computed since its edges changed.
    pub fn known_cfg(&self) -> Option<&Cfg> {
        (self.valid >= 1).then_some(&self.cfg)
    }

    /// The graph and its dominators.
    pub fn dom(&mut self, function: &Function) -> (&Cfg, &Dom) {
        self.cfg(function);
        if self.valid < 2 {
            self.dom.compute(&self.cfg);
            self.valid = 2;
        }
        (&self.cfg, &self.dom)
    }

    /// The graph, dominators and loops.
    pub fn loops(&mut self, function: &Function) -> (&Cfg, &Dom, &Loops) {
        self.dom(function);
        if self.valid < 3 {
            self.loops.compute(&self.cfg, &self.dom, function.block_count());
            self.valid = 3;
        }
        (&self.cfg, &self.dom, &self.loops)
    }
}

/// What a pass sees besides the function.
pub struct Context<'a> {
    /// Layouts, signatures, callees.
    pub module: &'a Module,
    /// Bodies of the module's functions, by [`Func`](crate::ir::Func), for inlining; none of those that are not there.
    pub bodies: &'a [Option<&'a Function>],
    /// What is switched on.
    pub options: &'a Options,
    /// Analyses of the function.
    pub analyses: &'a mut Analyses,
}

/// A pass: whether it changed anything.
pub type Pass = fn(&mut Function, &mut Context<'_>) -> bool;
