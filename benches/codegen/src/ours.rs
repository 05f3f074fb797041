//! Orus: optimiser and code generator as one step, and linking.
#![allow(unsafe_code, reason = "an exit's handler reads the frame that is left")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use orus::code::features::{self, X64 as Features};
use orus::code::{CacheOptions, CodeCache};
use orus::codegen::link::Placed;
use orus::codegen::runtime::{CodeMap, MachineState};
use orus::codegen::x64::X64;
use orus::codegen::{self, Compiled, Compiler, External, Isa, Stub};
use orus::ir::{Func, Function};
use orus::opt::pipeline::Vectors;
use orus::opt::{self, Analyses, Level, Report};

use crate::Unit;
use crate::native::Native;

/// What is switched on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// For tables.
    pub name: &'static str,
    /// The optimiser's level.
    pub level: Level,
    /// Loops may become vectors.
    pub vectors: bool,
}

/// All of them. `scalar` is `full` without vectors.
pub const SETTINGS: [Setting; 4] = [
    Setting { name: "none", level: Level::None, vectors: false },
    Setting { name: "fast", level: Level::Fast, vectors: false },
    Setting { name: "scalar", level: Level::Full, vectors: false },
    Setting { name: "full", level: Level::Full, vectors: true },
];

/// The setting of a name.
pub fn setting(name: &str) -> Option<Setting> {
    SETTINGS.into_iter().find(|setting| setting.name == name)
}

/// The target: this machine, less what the environment variable `ORUS_CPU` takes away.
///
/// # Panics
/// If that names no feature.
pub fn target() -> X64 {
    let less = std::env::var("ORUS_CPU").unwrap_or_default();
    let features: Features =
        features::less(Features::detect(), &less).unwrap_or_else(|error| panic!("{error}"));
    X64 { features }
}

/// A compiler: keeps its memory from one function to the next.
pub struct Ours {
    /// The code generator.
    pub compiler: Compiler<X64>,
    /// The code generator's options.
    pub options: codegen::Options,
    analyses: Analyses,
    optimizer: opt::Options,
    /// What the passes took, if [`time_passes`](Ours::time_passes) was called.
    pub report: Report,
}

impl Ours {
    /// A compiler for the [`target`].
    pub fn new(setting: Setting) -> Ours {
        let isa = target();
        let mut optimizer = opt::Options::new(setting.level);
        optimizer.vectors = if setting.vectors { isa.vectors() } else { Vectors::empty() };
        Ours {
            compiler: Compiler::new(isa),
            options: codegen::Options::default(),
            analyses: Analyses::new(),
            optimizer,
            report: Report::default(),
        }
    }

    /// From now on the time of each pass is added up.
    pub fn time_passes(&mut self) {
        self.optimizer.time = true;
    }

    /// Optimises a function of a unit in place and compiles it. `bodies` are the unit's, for inlining.
    ///
    /// # Panics
    /// If it cannot be compiled.
    pub fn compile(
        &mut self,
        unit: &Unit,
        function: &mut Function,
        bodies: &[Option<&Function>],
    ) -> &Compiled {
        let report = opt::optimize(function, &unit.module, bodies, &self.optimizer, &mut self.analyses);
        if self.optimizer.time {
            self.report.add(&report);
        }
        let cfg = self.analyses.known_cfg();
        match self.compiler.compile_with(function, &unit.module, &self.options, cfg) {
            Ok(compiled) => compiled,
            Err(error) => panic!("{}: {error}", function.name),
        }
    }

    /// Compiles all of a unit, and calls `with` for each function.
    pub fn compile_all(&mut self, unit: &Unit, mut with: impl FnMut(Func, &Function, &Compiled)) {
        let bodies = bodies(unit);
        for (func, function) in &unit.functions {
            let mut function = function.clone();
            let compiled = self.compile(unit, &mut function, &bodies);
            with(*func, &function, compiled);
        }
    }

    /// Compiles and links a unit.
    ///
    /// # Panics
    /// If that is not possible.
    pub fn native(&mut self, unit: &Unit, cache: &Cache) -> Native {
        let mut placed = Vec::new();
        let mut bytes = 0;
        self.compile_all(unit, |func, function, compiled| {
            bytes += compiled.bytes.len();
            let place = Placed::new::<X64>(&cache.code, &function.name, compiled, |_| true);
            placed.push((func, place.unwrap_or_else(|error| panic!("{}: {error}", function.name))));
        });
        let places: Vec<(Func, u64)> = placed.iter().map(|(func, place)| (*func, place.address())).collect();
        let address = |external| match external {
            External::Func(func) => places.iter().find(|place| place.0 == func).map(|place| place.1),
            External::Stub(Stub::Exit) => Some(cache.exit_stub),
            External::Stub(_) | External::Symbol(_) => None,
        };
        for (_, place) in placed {
            let (_, linked) = place.publish::<X64>(address).unwrap_or_else(|error| panic!("{error}"));
            CODE.lock().unwrap_or_else(PoisonError::into_inner).insert(linked);
        }
        let entry = places.last().expect("a unit has functions").1;
        // SAFETY: all units' last functions have this type; the cache lives as long as its clone.
        unsafe { Native::new(entry, bytes, Box::new(cache.code.clone())) }
    }
}

/// The bodies of a unit, by number.
pub fn bodies(unit: &Unit) -> Vec<Option<&Function>> {
    let mut bodies = vec![None; unit.module.funcs.len()];
    for (func, function) in &unit.functions {
        bodies[func.index()] = Some(function);
    }
    bodies
}

/// Where code goes.
pub struct Cache {
    code: CodeCache,
    exit_stub: u64,
}

impl Cache {
    /// A cache with the stub that code leaves through.
    ///
    /// # Panics
    /// If the system gives no memory for code.
    #[expect(clippy::new_without_default, reason = "it takes memory from the system")]
    pub fn new() -> Cache {
        let code = CodeCache::new(CacheOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        let handler: extern "C" fn(&mut MachineState) -> u64 = leave;
        let stub = target().exit_stub(handler as usize as u64).unwrap_or_else(|error| panic!("{error}"));
        let size = stub.bytes.len();
        let region = code.publish(size, 16, |_, bytes| bytes.copy_from_slice(&stub.bytes));
        let exit_stub = region.unwrap_or_else(|error| panic!("{error}")).address();
        Cache { code, exit_stub }
    }
}

/// How often compiled code was left through a guard.
pub static LEFT: AtomicU64 = AtomicU64::new(0);
/// What a function gives that was left.
pub const LEFT_RESULT: i64 = -1;
static CODE: LazyLock<Mutex<CodeMap>> = LazyLock::new(Mutex::default);

/// Counts, and returns from the function that was left.
extern "C" fn leave(state: &mut MachineState) -> u64 {
    LEFT.fetch_add(1, Ordering::Relaxed);
    let code = CODE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(function) = code.function_at(state.pc) {
        for &(reg, offset) in &function.tables.saved {
            let at = state.fp.wrapping_add_signed(i64::from(offset)) as *const u64;
            // SAFETY: the tables say where the function has saved what its caller has in the register; its frame is still there.
            state.ints[usize::from(reg.number())] = unsafe { at.read() };
        }
    }
    state.ints[0] = LEFT_RESULT as u64;
    0
}
