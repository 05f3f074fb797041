//! The order of the passes, each with its reason.

use std::time::Instant;

use bitflags::bitflags;

use super::{Analyses, Context, Pass};
use crate::ir::{Function, Module};

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
    /// Passes not to run, as bits by their index in [`PASSES`].
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
        for (index, _) in PASSES.iter().enumerate().filter(|(_, row)| row.name == name) {
            self.disabled |= 1 << index;
            found = true;
        }
        found
    }
}

/// A step of the pipeline.
#[derive(Clone, Copy)]
pub struct Step {
    /// The pass's name.
    pub name: &'static str,
    /// It runs from this level on.
    pub level: Level,
    /// What it does.
    pub run: Pass,
}

/// The steps in their order. A pass may be there more than once.
pub const PASSES: &[Step] = &[
    Step { name: "inline", level: Level::Full, run: super::inline::run },
    Step { name: "escape", level: Level::Full, run: super::escape::run },
    Step { name: "rotate", level: Level::Full, run: super::rotate::run },
    Step { name: "range", level: Level::Fast, run: super::range::run },
    Step { name: "vectorize", level: Level::Full, run: super::vectorize::run },
    Step { name: "unroll", level: Level::Full, run: super::unroll::run },
    Step { name: "strength", level: Level::Fast, run: super::strength::run },
];

/// What was done.
#[derive(Clone, Default, Debug)]
pub struct Report {
    /// For each step that ran: its index in [`PASSES`], whether it changed anything, and nanoseconds if they were asked for.
    pub steps: Vec<(usize, bool, u64)>,
}

/// Runs the pipeline.
pub fn optimize(
    function: &mut Function,
    module: &Module,
    bodies: &[Option<&Function>],
    options: &Options,
    analyses: &mut Analyses,
) -> Report {
    let mut report = Report::default();
    analyses.invalidate();
    analyses.notes.clear();
    for (index, step) in PASSES.iter().enumerate() {
        if options.level < step.level || options.disabled >> index & 1 == 1 {
            continue;
        }
        let begin = options.time.then(Instant::now);
        let mut context = Context { module, bodies, options, analyses };
        let changed = (step.run)(function, &mut context);
        let nanos = begin.map_or(0, |begin| begin.elapsed().as_nanos() as u64);
        report.steps.push((index, changed, nanos));
    }
    report
}
