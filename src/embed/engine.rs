//! An engine: limits, input and output, and the instance of the program that it runs.

use std::io::{BufRead, Write};

use super::jit::{Jit, JitStress};
use super::program::Program;
use super::report::Report;
use super::value::{Args, FromValue, Value};
use crate::opt::Level;
use crate::vm;

/// How long, how deep and how large a program may run, and where its output goes.
///
/// ```
/// let mut engine = orus::Engine::builder().max_heap(64 << 20).max_recursion(1000).build();
/// let program = orus::Program::from_source("demo.orus", "print(1 + 2)").unwrap();
/// engine.run(&program).unwrap();
/// ```
#[must_use]
pub struct EngineBuilder {
    max_recursion: u32,
    heap_limit: Option<usize>,
    stress_gc: bool,
    driver: vm::Driver,
    output: Option<Box<dyn Write + Send>>,
    input: Option<Box<dyn BufRead + Send>>,
    arguments: Vec<String>,
    files: bool,
    jit: Jit,
    jit_threshold: Option<u32>,
    jit_level: Level,
    jit_stress: JitStress,
}

impl EngineBuilder {
    /// When native code is run; by default, where something is run often. An engine that [counts](Self::profile) interprets everything. Where there is no code generator (other targets than x86_64 on Unix, or without the feature `jit`), or the
    /// system allows no executable memory, the interpreter runs everything.
    pub fn jit(mut self, mode: Jit) -> EngineBuilder {
        self.jit = mode;
        self
    }

    /// A function or loop is compiled when it has been passed so often; by default 1,000 times.
    pub fn jit_threshold(mut self, passes: u32) -> EngineBuilder {
        self.jit_threshold = Some(passes);
        self
    }

    /// How much native code is optimised; by default [fully](Level::Full).
    pub fn jit_level(mut self, level: Level) -> EngineBuilder {
        self.jit_level = level;
        self
    }

    /// Makes trouble for the code generator. For tests.
    pub fn jit_stress(mut self, stress: JitStress) -> EngineBuilder {
        self.jit_stress = stress;
        self
    }

    /// So many calls may nest; one more is the catchable error `Stack overflow`. By default 100,000.
    pub fn max_recursion(mut self, calls: u32) -> EngineBuilder {
        self.max_recursion = calls;
        self
    }

    /// So many bytes the heap may take; more is the catchable error `Out of memory`. By default half of the memory of the
    /// machine or control group.
    pub fn max_heap(mut self, bytes: u64) -> EngineBuilder {
        self.heap_limit = Some(usize::try_from(bytes).unwrap_or(usize::MAX));
        self
    }

    /// Where `print` writes. By default standard output.
    pub fn output(mut self, output: impl Write + Send + 'static) -> EngineBuilder {
        self.output = Some(Box::new(output));
        self
    }

    /// Where `input()` reads. By default standard input.
    pub fn input(mut self, input: impl BufRead + Send + 'static) -> EngineBuilder {
        self.input = Some(Box::new(input));
        self
    }

    /// What `args()` gives.
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> EngineBuilder {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Whether `read_file` and `write_file` reach the system's files. They do by default; without, each is an error that
    /// a program can catch.
    pub fn files(mut self, allowed: bool) -> EngineBuilder {
        self.files = allowed;
        self
    }

    /// Collects at each allocation, poisons what is freed and checks every reference. Slow; for tests.
    pub fn stress_gc(mut self, on: bool) -> EngineBuilder {
        self.stress_gc = on;
        self
    }

    /// Counts what is executed, see [`Engine::profile`]. Somewhat slower.
    pub fn profile(mut self, on: bool) -> EngineBuilder {
        self.driver = if on { vm::Driver::Profiled } else { vm::Driver::Best };
        self
    }

    /// Has an instance compile, if that is wanted and possible here.
    #[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
    fn compile(&self, instance: &mut vm::Instance) {
        let mut options = self.jit_stress.options(self.jit_level);
        match self.jit {
            _ if self.driver == vm::Driver::Profiled => return,
            Jit::Off => return,
            Jit::On => options.threshold = self.jit_threshold.unwrap_or(options.threshold),
            Jit::Always => options.threshold = 1,
        }
        instance.set_tier(Box::new(crate::jit::Lazy::new(options)));
    }

    #[cfg(not(all(feature = "jit", unix, target_arch = "x86_64")))]
    fn compile(&self, _: &mut vm::Instance) {}

    /// The engine.
    pub fn build(self) -> Engine {
        Engine { setup: self, instance: None, program: None }
    }
}

/// Runs programs, one at a time.
///
/// An engine belongs to one thread at a time, and engines know nothing of each other.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let program = orus::Program::from_source("area.orus", "
/// fn area(w: f64, h: f64) -> f64:
///     return w * h
/// ")?;
/// let mut engine = orus::Engine::new();
/// engine.run(&program)?;
/// let area: f64 = engine.call("area", (2.0, 3.5))?;
/// assert_eq!(area, 7.0);
/// # Ok(())
/// # }
/// ```
pub struct Engine {
    setup: EngineBuilder,
    instance: Option<vm::Instance>,
    program: Option<Program>,
}

/// Why a run or a call did not come to its end.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// An error that the program did not catch.
    Uncaught(Box<Report>),
    /// The program called `exit` with this status.
    Exit(i32),
    /// [`Interrupter::interrupt`] was called.
    Interrupted,
    /// The output cannot be written.
    Output(std::io::ErrorKind),
    /// Nothing has been run yet, so there is nothing to call.
    NoProgram,
    /// The program exports no function of that name that a host can call.
    NoFunction(String),
    /// The function takes or gives something else: what it is and what was asked for.
    Signature(String),
    /// The system gives no memory for the stack.
    Setup(String),
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunError::Uncaught(report) => {
                write!(f, "{}:{}:{}: {}", report.file, report.line, report.column, report.message)
            }
            RunError::Exit(status) => write!(f, "the program ended with status {status}"),
            RunError::Interrupted => write!(f, "the program was interrupted"),
            RunError::Output(kind) => write!(f, "the output cannot be written: {kind}"),
            RunError::NoProgram => write!(f, "no program has been run"),
            RunError::NoFunction(name) => write!(f, "there is no function `{name}` that can be called"),
            RunError::Signature(what) => write!(f, "{what}"),
            RunError::Setup(what) => write!(f, "the engine cannot start: {what}"),
        }
    }
}

impl std::error::Error for RunError {}

/// Stops a running program from another thread or from a signal handler.
#[derive(Clone)]
pub struct Interrupter(vm::Interrupter);

impl Interrupter {
    /// Asks the program to stop; within a millisecond or so its run ends with [`RunError::Interrupted`]. A later run is
    /// not affected. It takes no lock, never waits and touches no memory but its own, so signal handlers may use it.
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine with the defaults, on standard input and output.
    pub fn new() -> Engine {
        Engine::builder().build()
    }

    /// An engine of another kind.
    pub fn builder() -> EngineBuilder {
        EngineBuilder {
            max_recursion: vm::DEFAULT_MAX_RECURSION,
            heap_limit: None,
            stress_gc: false,
            driver: vm::Driver::default(),
            output: None,
            input: None,
            arguments: Vec::new(),
            files: true,
            jit: Jit::default(),
            jit_threshold: None,
            jit_level: Level::Full,
            jit_stress: JitStress::default(),
        }
    }

    /// Runs a program's statements from top to bottom, those of the modules that it uses first. Its functions can be
    /// called afterwards. What an earlier program left is dropped.
    ///
    /// # Errors
    /// [`RunError`]; after [`RunError::Uncaught`] and the like functions can still be called.
    pub fn run(&mut self, program: &Program) -> Result<(), RunError> {
        self.load(program)?;
        self.resume()
    }

    /// Makes the instance of a program without running anything, so that an [`Interrupter`] can be had before.
    ///
    /// # Errors
    /// [`RunError::Setup`].
    pub fn load(&mut self, program: &Program) -> Result<(), RunError> {
        // The old instance's stack and heap go first, so that two never stand beside each other.
        let host = match self.instance.take() {
            Some(mut instance) => instance.take_host(),
            None => self.host(),
        };
        let context = vm::ContextOptions {
            heap_limit: self.setup.heap_limit,
            max_recursion: self.setup.max_recursion,
            stress_gc: self.setup.stress_gc,
            host,
        };
        let options = vm::Options { context, driver: self.setup.driver };
        let mut instance = vm::Instance::new(program.bytecode().clone(), options)
            .map_err(|error| RunError::Setup(error.to_string()))?;
        self.setup.compile(&mut instance);
        self.instance = Some(instance);
        self.program = Some(program.clone());
        Ok(())
    }

    /// Goes over to a later program of the same session, without running anything.
    pub(super) fn extend(&mut self, program: &Program) -> Result<(), RunError> {
        let Some(instance) = &mut self.instance else { return self.load(program) };
        instance.extend(program.bytecode().clone()).map_err(|error| RunError::Setup(error.to_string()))?;
        self.program = Some(program.clone());
        Ok(())
    }

    /// Runs what of the loaded program has not been run yet.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn resume(&mut self) -> Result<(), RunError> {
        let (Some(instance), Some(program)) = (&mut self.instance, &self.program) else {
            return Err(RunError::NoProgram);
        };
        instance.run().map_err(|stop| stopped(stop, program))
    }

    /// Calls a named function of the program's main module that is not generic.
    ///
    /// # Errors
    /// [`RunError`]; the engine can be used again after any of them.
    pub fn call<T: FromValue>(&mut self, name: &str, args: impl Args) -> Result<T, RunError> {
        let (Some(instance), Some(program)) = (&mut self.instance, &self.program) else {
            return Err(RunError::NoProgram);
        };
        let function = program.function(name).ok_or_else(|| RunError::NoFunction(name.to_owned()))?;
        let args: Vec<Value> = args.into_values();
        let types: Vec<_> = args.iter().map(Value::type_name).collect();
        let args: Vec<_> = args.into_iter().map(Value::into_vm).collect();
        let value = instance.call(function, &args).map_err(|error| match error {
            vm::CallError::Signature => {
                RunError::Signature(format!("`{name}` does not take these arguments: {}", types.join(", ")))
            }
            vm::CallError::Stopped(stop) => stopped(stop, program),
        })?;
        T::from_value(Value::from_vm(value)).map_err(|value| {
            RunError::Signature(format!("`{name}` returns {}, not {}", value.type_name(), T::NAME))
        })
    }

    /// A handle that stops the loaded program, if there is one.
    pub fn interrupter(&self) -> Option<Interrupter> {
        self.instance.as_ref().map(|instance| Interrupter(instance.interrupter()))
    }

    /// What the runs of the loaded program did, if the engine was built to count it.
    pub fn profile(&self) -> Option<&vm::Profile> {
        self.instance.as_ref().map(vm::Instance::profile)
    }

    /// The state of the loaded program's heap.
    pub fn heap_stats(&self) -> Option<vm::HeapStats> {
        self.instance.as_ref().map(vm::Instance::heap_stats)
    }

    /// What the code generator did for the loaded program, if native code is on.
    #[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
    pub fn jit_stats(&self) -> Option<crate::jit::Stats> {
        let tier = self.instance.as_ref()?.tier()?;
        let runtime = tier.as_any().downcast_ref::<crate::jit::Lazy>()?.runtime();
        Some(runtime.map(crate::jit::Runtime::stats).unwrap_or_default())
    }

    fn host(&mut self) -> vm::Host {
        let mut host = vm::Host::default();
        if let Some(output) = self.setup.output.take() {
            host.set_output(output);
        }
        if let Some(input) = self.setup.input.take() {
            host.set_input(input);
        }
        if !self.setup.files {
            host.files = Box::new(vm::NoFiles);
        }
        host.args = self.setup.arguments.clone();
        host
    }
}

fn stopped(stop: vm::Stop, program: &Program) -> RunError {
    match stop {
        vm::Stop::Uncaught(error) => {
            RunError::Uncaught(Box::new(Report::of_uncaught(&error, program.bytecode())))
        }
        vm::Stop::Exit(status) => RunError::Exit(status),
        vm::Stop::Interrupted => RunError::Interrupted,
        vm::Stop::OutputFailed(kind) => RunError::Output(kind),
    }
}
