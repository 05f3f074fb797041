//! Runs a program in this process, and says all that can be observed of it.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use orus::{Engine, Jit, Program, RunError, vm};

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As a user runs it.
    Plain,
    /// With counts of what is executed; this uses the other driver of the interpreter.
    Profiled,
    /// With a collection at each allocation and every reference checked.
    StressGc,
    /// In native code from the first execution on.
    Native,
    /// The same, with a collection at each allocation.
    NativeStressGc,
    /// In native code of what was passed a few times: so in the middle of functions and loops.
    Tiered,
}

impl Mode {
    fn stress_gc(self) -> bool {
        matches!(self, Mode::StressGc | Mode::NativeStressGc)
    }

    fn jit(self) -> Jit {
        match self {
            Mode::Plain | Mode::Profiled | Mode::StressGc => Jit::Off,
            Mode::Native | Mode::NativeStressGc => Jit::Always,
            Mode::Tiered => Jit::On,
        }
    }
}

/// After so many passes code is compiled where it is [tiered](Mode::Tiered).
const TIERED_THRESHOLD: u32 = 5;

/// Limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub heap: u64,
    pub recursion: u32,
    pub time: Duration,
    /// More output than this ends the run with an error of the output.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { heap: 64 << 20, recursion: 1_000, time: Duration::from_secs(20), output: 4 << 20 }
    }
}

/// How a program ended.
#[derive(Clone, PartialEq, Debug)]
pub enum End {
    /// It did not compile: the reports.
    Rejected(String),
    /// It ran to its end.
    Finished,
    /// An uncaught error: the whole report, with position and trace.
    Uncaught { message: String, report: String },
    /// Anything else, such as an interrupt.
    Stopped(String),
    /// The implementation panicked.
    Panicked(String),
}

/// What can be observed of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    pub output: String,
    pub end: End,
}

impl Outcome {
    /// Where two outcomes differ, in a few lines; `None` if they do not.
    pub fn difference(&self, other: &Outcome) -> Option<String> {
        if self.output != other.output {
            let mut lines = self.output.lines().zip(other.output.lines()).enumerate();
            return Some(match lines.find(|(_, (a, b))| a != b) {
                Some((at, (a, b))) => format!("output line {}:\n  {}\n  {}", at + 1, cut(a), cut(b)),
                None => {
                    let (a, b) = (self.output.lines().count(), other.output.lines().count());
                    format!("output of {a} and of {b} lines; then {:?} and {:?}", self.end, other.end)
                }
            });
        }
        (self.end != other.end).then(|| format!("ends:\n  {:?}\n  {:?}", self.end, other.end))
    }
}

/// The beginning of a line, at most some hundred characters.
fn cut(line: &str) -> String {
    if line.chars().count() <= 300 {
        line.to_owned()
    } else {
        line.chars().take(300).chain("...".chars()).collect()
    }
}

/// What a profiled run counted.
#[derive(Clone, Default, Debug)]
pub struct Counts {
    pub executed: u64,
    /// By the mnemonic of the operation.
    pub operations: Vec<(&'static str, u64)>,
    pub collections: u64,
}

/// Output that is kept, up to a limit.
#[derive(Clone)]
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    limit: usize,
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.bytes.lock().map_err(|_| io::Error::other("poisoned"))?;
        if kept.len() + bytes.len() > self.limit {
            return Err(io::Error::other("too much output"));
        }
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stops a run.
enum Interrupt {
    Engine(orus::Interrupter),
    Instance(vm::Interrupter),
}

impl Interrupt {
    fn interrupt(&self) {
        match self {
            Interrupt::Engine(interrupter) => interrupter.interrupt(),
            Interrupt::Instance(interrupter) => interrupter.interrupt(),
        }
    }
}

/// Interrupts runs that take too long, from a thread of its own.
pub struct Watchdog {
    sender: mpsc::Sender<(Option<Interrupt>, Duration)>,
}

impl Default for Watchdog {
    fn default() -> Watchdog {
        let (sender, receiver) = mpsc::channel::<(Option<Interrupt>, Duration)>();
        std::thread::spawn(move || {
            let mut watched: Option<(Interrupt, Duration)> = None;
            loop {
                let message = match &watched {
                    None => receiver.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                    Some((_, time)) => receiver.recv_timeout(*time),
                };
                watched = match message {
                    Ok((next, time)) => next.map(|next| (next, time)),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        if let Some((interrupter, _)) = &watched {
                            interrupter.interrupt();
                        }
                        None
                    }
                };
            }
        });
        Watchdog { sender }
    }
}

impl Watchdog {
    fn watch(&self, interrupter: Option<Interrupt>, time: Duration) {
        // The thread lives as long as the sender.
        let _ = self.sender.send((interrupter, time));
    }
}

/// Compiles a program; the reports, or what the compiler panicked with, are an outcome.
pub fn compile(source: &str) -> Result<Program, Outcome> {
    let ended = |end| Outcome { output: String::new(), end };
    match catch_unwind(AssertUnwindSafe(|| Program::from_source("main.orus", source))) {
        Ok(Ok(program)) => Ok(program),
        Ok(Err(reports)) => Err(ended(End::Rejected(reports.to_string()))),
        Err(panic) => Err(ended(End::Panicked(panic_text(&*panic)))),
    }
}

/// Runs a program in a mode.
pub fn execute(program: &Program, mode: Mode, limits: &Limits, watchdog: &Watchdog) -> (Outcome, Counts) {
    let kept = Kept { bytes: Arc::default(), limit: limits.output };
    let writer = kept.clone();
    let run = || {
        let mut engine = Engine::builder()
            .max_heap(limits.heap)
            .max_recursion(limits.recursion)
            .files(false)
            .input(io::empty())
            .output(writer)
            .profile(mode == Mode::Profiled)
            .stress_gc(mode.stress_gc())
            .jit(mode.jit())
            .jit_threshold(TIERED_THRESHOLD)
            .build();
        let end = match engine.load(program) {
            Err(error) => End::Stopped(error.to_string()),
            Ok(()) => {
                watchdog.watch(engine.interrupter().map(Interrupt::Engine), limits.time);
                let result = engine.resume();
                watchdog.watch(None, limits.time);
                match result {
                    Ok(()) => End::Finished,
                    Err(RunError::Uncaught(report)) => End::Uncaught {
                        message: report.message.clone(),
                        report: report.render(orus::ReportFormat::Friendly { color: false }),
                    },
                    Err(other) => End::Stopped(other.to_string()),
                }
            }
        };
        let mut counts = Counts::default();
        if let Some(profile) = engine.profile() {
            counts.executed = profile.total();
            counts.operations =
                profile.by_frequency().into_iter().map(|(op, count)| (op.row().text, count)).collect();
        }
        counts.collections = engine.heap_stats().map_or(0, |stats| stats.collections);
        (end, counts)
    };
    let (end, counts) = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(panic) => (End::Panicked(panic_text(&*panic)), Counts::default()),
    };
    let output =
        kept.bytes.lock().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    (Outcome { output, end }, counts)
}

/// Runs bytecode that has not been compiled here, in a mode.
pub fn execute_bytecode(
    program: &Arc<orus::bytecode::Program>,
    mode: Mode,
    limits: &Limits,
    watchdog: &Watchdog,
) -> End {
    let writer = Kept { bytes: Arc::default(), limit: limits.output };
    let run = || {
        let mut host = vm::Host::default();
        host.set_output(Box::new(writer));
        host.set_input(Box::new(io::empty()));
        host.files = Box::new(vm::NoFiles);
        let context = vm::ContextOptions {
            heap_limit: usize::try_from(limits.heap).ok(),
            max_recursion: limits.recursion,
            stress_gc: mode.stress_gc(),
            host,
        };
        let driver = if mode == Mode::Profiled { vm::Driver::Profiled } else { vm::Driver::default() };
        let mut instance = match vm::Instance::new(program.clone(), vm::Options { context, driver }) {
            Ok(instance) => instance,
            Err(error) => return End::Stopped(format!("the engine cannot start: {error}")),
        };
        watchdog.watch(Some(Interrupt::Instance(instance.interrupter())), limits.time);
        let result = instance.run();
        watchdog.watch(None, limits.time);
        match result {
            Ok(()) => End::Finished,
            Err(vm::Stop::Uncaught(error)) => {
                End::Uncaught { message: error.message.to_string(), report: format!("{:?}", error.trace) }
            }
            Err(other) => End::Stopped(format!("{other:?}")),
        }
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| End::Panicked(panic_text(&*panic)))
}

/// What a panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        _ => "a panic without text".to_owned(),
    }
}
