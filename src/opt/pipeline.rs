//! The order of the passes, each with its reason.

use std::fmt;
use std::time::Instant;

use bitflags::bitflags;

use super::{Analyses, Context, Pass, cfg_simplify, dce, fold, forward, guards, gvn, licm, memory, sccp};
use crate::ir::{Function, Module, verify};

/// How much is done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Nothing.
    None,
    /// What pays for each microsecond.
    Fast,
    /// All.
    Full,
}

/// The bit of the first of [`PARTS`].
const PART: usize = 48;

bitflags! {
    /// Vector widths that the target has. None: no vector instruction is legal.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct Vectors: u8 {
        /// 16 bytes.
        const V128 = 1;
        /// 32 bytes.
        const V256 = 2;
    }
}

/// What is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much.
    pub level: Level,
    /// Passes not to run, as bits by their index in [`PASSES`], or 48 more than that in [`PARTS`].
    pub disabled: u64,
    /// What the target can do with vectors.
    pub vectors: Vectors,
    /// Verify after each pass; debug builds always do.
    pub verify: bool,
    /// Measure each pass.
    pub time: bool,
}

impl Options {
    /// All passes of a level.
    pub fn new(level: Level) -> Options {
        Options { level, disabled: 0, vectors: Vectors::empty(), verify: false, time: false }
    }

    /// Switches a pass off. False if there is none of that name.
    pub fn disable(&mut self, name: &str) -> bool {
        let mut found = false;
        let parts = PARTS.iter().enumerate().map(|(index, row)| (PART + index, row));
        for (index, _) in PASSES.iter().enumerate().chain(parts).filter(|(_, row)| row.name == name) {
            self.disabled |= 1 << index;
            found = true;
        }
        found
    }

    /// Is this one of [`PARTS`] switched on?
    pub fn has_part(&self, index: usize) -> bool {
        self.disabled >> (PART + index) & 1 == 0
    }
}

/// How much a pass that changed something leaves to do for another walk forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Work {
    /// None.
    Nothing,
    /// Some, which passes do not need to be done.
    Little,
    /// What passes that come behind want to see done.
    Much,
}

/// A step of the pipeline.
#[derive(Clone, Copy)]
pub struct Step {
    /// The pass's name.
    pub name: &'static str,
    /// It runs from this level on.
    pub level: Level,
    /// What it leaves to do.
    leaves: Work,
    /// It runs if so much was left to do since the last walk.
    wants: Work,
    /// What it does.
    pub run: Pass,
}

const fn step(name: &'static str, level: Level, leaves: Work, run: Pass) -> Step {
    Step { name, level, leaves, wants: Work::Nothing, run }
}

const fn walk(level: Level, wants: Work) -> Step {
    Step { name: "forward", level, leaves: Work::Nothing, wants, run: forward::run }
}

/// The steps in their order. A pass may be there more than once.
pub const PASSES: &[Step] = &[
    // Everything that one walk can do; level Fast lives on it. Before all else, so that the others see the simple form: branches that
    // compare, addresses with their parts, no instruction twice.
    walk(Level::Fast, Work::Nothing),
    // While callees' bodies are as their front end made them, and arguments are known; what follows then sees one function.
    step("inline", Level::Full, Work::Much, super::inline::run),
    // Constants that came in as arguments, also those that stay constant around a loop, decide branches of the inlined bodies.
    step("sccp", Level::Full, Work::Much, sccp::run),
    // Joins the inlined bodies' blocks with their callers', before others ask what is in a block.
    step("simplify", Level::Full, Work::Little, cfg_simplify::run),
    // Arguments and results that were passed in objects are values from here on.
    step("escape", Level::Full, Work::Much, super::escape::run),
    // Before all that asks what is surely executed in a loop: behind the first test, its body is. What it copies it makes simple itself.
    step("rotate", Level::Full, Work::Little, super::rotate::run),
    // The inlined bodies, and the values that escape analysis set free; loops' headers have their final parameters.
    walk(Level::Full, Work::Much),
    // Limits and stores of arrays leave the loop, so that range analysis and vectorising see that they stay the same.
    step("licm", Level::Full, Work::Little, licm::run),
    // With limits outside, checks of what counts up to them are dropped: before vectorising, which bears no checks.
    step("range", Level::Full, Work::Little, super::range::run),
    // Before unrolling, which would hide the loop.
    step("vectorize", Level::Full, Work::Little, super::vectorize::run),
    // First turns in front of what is still a loop.
    step("unroll", Level::Full, Work::Little, super::unroll::run),
    // What ranges say of divisors and signs makes quotients cheap.
    step("strength", Level::Full, Work::Little, super::strength::run),
    // First turns, strips and dropped checks leave much that is equal, or constant.
    walk(Level::Full, Work::Little),
    // What all that left unused: comparisons that branches took over, addresses that went into loads.
    step("dce", Level::Fast, Work::Nothing, dce::run),
    // Last, as it joins the blocks that the others left with one way in, and finds branches that have become jumps.
    step("simplify", Level::Fast, Work::Nothing, cfg_simplify::run),
];

/// Parts of `forward` as passes of their own, for tests, and to be switched off.
pub const PARTS: &[Step] = &[
    step("fold", Level::Fast, Work::Nothing, fold::run),
    step("gvn", Level::Fast, Work::Nothing, gvn::run),
    step("guards", Level::Fast, Work::Nothing, guards::run),
    step("memory", Level::Fast, Work::Nothing, memory::run),
];

/// A step or a part by its name.
pub fn find(name: &str) -> Option<&'static Step> {
    PASSES.iter().chain(PARTS).find(|step| step.name == name)
}

/// What was done.
#[derive(Clone, Default, Debug)]
pub struct Report {
    /// For each step that ran, or had nothing to do: its index in [`PASSES`], whether it changed anything, and nanoseconds if they were asked for.
    pub steps: Vec<(usize, bool, u64)>,
}

impl Report {
    /// Adds the times of another one, step by step.
    pub fn add(&mut self, other: &Report) {
        for &(index, changed, nanos) in &other.steps {
            match self.steps.iter_mut().find(|step| step.0 == index) {
                Some(step) => {
                    step.1 |= changed;
                    step.2 += nanos;
                }
                None => self.steps.push((index, changed, nanos)),
            }
        }
    }
}

impl fmt::Display for Report {
    /// A table: a line for each step, with its share of the time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: u64 = self.steps.iter().map(|step| step.2).sum();
        for &(index, changed, nanos) in &self.steps {
            let share = nanos as f64 * 100.0 / total.max(1) as f64;
            let name = PASSES.get(index).map_or("?", |step| step.name);
            let note = if changed { "" } else { "  nothing to do" };
            writeln!(f, "{name:<12} {:>10.1} us {share:>5.1} %{note}", nanos as f64 / 1e3)?;
        }
        writeln!(f, "{:<12} {:>10.1} us", "total", total as f64 / 1e3)
    }
}

/// Runs the pipeline.
///
/// # Panics
/// In debug builds, or if the options say so, where a pass leaves what the verifier rejects.
pub fn optimize(
    function: &mut Function,
    module: &Module,
    bodies: &[Option<&Function>],
    options: &Options,
    analyses: &mut Analyses,
) -> Report {
    let mut report = Report { steps: Vec::with_capacity(PASSES.len()) };
    analyses.invalidate();
    analyses.notes.clear();
    let mut left = Work::Much;
    for (index, step) in PASSES.iter().enumerate() {
        if options.level < step.level || options.disabled >> index & 1 == 1 {
            continue;
        }
        if left < step.wants {
            report.steps.push((index, false, 0));
            continue;
        }
        analyses.walked = left == Work::Nothing;
        let begin = options.time.then(Instant::now);
        let mut context = Context { module, bodies, options, analyses };
        let changed = (step.run)(function, &mut context);
        let nanos = begin.map_or(0, |begin| begin.elapsed().as_nanos() as u64);
        if step.name == "forward" {
            left = Work::Nothing;
        } else if changed {
            left = left.max(step.leaves);
        }
        report.steps.push((index, changed, nanos));
        if (cfg!(debug_assertions) || options.verify)
            && let Err(error) = verify(function, module)
        {
            panic!("{} of {} left a wrong function: {error}", step.name, function.name);
        }
    }
    debug_assert!(
        analyses.known_cfg().is_none_or(|cfg| cfg.is_of(function)),
        "the graph of {} is known as it is",
        function.name
    );
    report
}
