//! Ways to run a program.

use orus::ir::Function;
use orus::ir::eval::{Evaluator, Memory, Outcome, Profile};
use orus::ir::types::Func;
use orus::ir::verify::verify;
use orus::opt::{Analyses, optimize};

use crate::config::Config;
use crate::fault::Fault;
use crate::host::World;
use crate::program::Program;

/// What a run did.
#[derive(Clone, Debug)]
pub struct Observed {
    /// How it ended.
    pub outcome: Outcome,
    /// Memory at the end. Objects that were made are where the backend made them, between [`HEAP`](crate::plan::HEAP) and the end.
    pub memory: Memory,
    /// Calls outside that may have an effect, with a hash of their arguments.
    pub log: Vec<(Func, u64)>,
    /// How many polls there were.
    pub polls: u64,
    /// Where a function was left, only its own frames are known, not those of its callers.
    pub own_frames_only: bool,
}

/// A way to run programs.
pub trait Backend {
    /// How it is called.
    fn name(&self) -> &'static str;

    /// Runs a program.
    ///
    /// # Errors
    /// Why it cannot: for a program that is well-formed, an error of the backend.
    fn run(&mut self, program: &Program, config: &Config) -> Result<Observed, String>;
}

/// Evaluates programs: as they are, or after optimising them.
#[derive(Default)]
pub struct Evaluated {
    /// What the programs did.
    pub evaluator: Evaluator,
    /// Verify after each pass.
    pub verify: bool,
    /// What spoils the optimised functions: to prove that this is found.
    pub fault: Option<Fault>,
    analyses: Analyses,
}

impl Evaluated {
    /// One that may verify after each pass, and may spoil what it optimises. (A pass's fault is planted for the thread.)
    pub fn new(verify: bool, fault: Option<Fault>) -> Evaluated {
        #[cfg(feature = "planted-faults")]
        if let Some(Fault::Pass(number)) = fault {
            orus::opt::fault::plant(number);
        }
        Evaluated { verify, fault, ..Evaluated::default() }
    }

    /// Evaluates a program as it is.
    pub fn reference(&mut self, program: &Program) -> Observed {
        self.evaluate(program, &program.bodies())
    }

    /// What was counted, which begins anew.
    pub fn take_profile(&mut self) -> Profile {
        std::mem::take(&mut self.evaluator.profile)
    }

    /// Evaluates other bodies in a program's place.
    pub fn evaluate(&mut self, program: &Program, bodies: &[Option<&Function>]) -> Observed {
        let mut memory = program.memory.clone();
        let mut world = World::new(program);
        let limits = program.limits();
        let outcome =
            self.evaluator.run(&program.module, bodies, program.entry, &[], &mut world, &mut memory, limits);
        Observed { outcome, memory, log: world.log, polls: world.polls, own_frames_only: false }
    }

    /// Optimises the functions of a program.
    pub fn optimized(&mut self, program: &Program, config: &Config) -> Vec<Option<Function>> {
        let options = config.options(self.verify);
        let bodies = program.bodies();
        let mut optimized: Vec<Option<Function>> = program.bodies.clone();
        for body in optimized.iter_mut().flatten() {
            optimize(body, &program.module, &bodies, &options, &mut self.analyses);
            if let Some(Fault::Spoil(spoil)) = self.fault {
                spoil(body);
            }
        }
        optimized
    }
}

impl Backend for Evaluated {
    fn name(&self) -> &'static str {
        "optimised"
    }

    fn run(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        let optimized = self.optimized(program, config);
        for body in optimized.iter().flatten() {
            verify(body, &program.module)
                .map_err(|error| format!("optimised, it is not well-formed: {}: {error}", body.name))?;
        }
        let bodies: Vec<Option<&Function>> = optimized.iter().map(Option::as_ref).collect();
        Ok(self.evaluate(program, &bodies))
    }
}
