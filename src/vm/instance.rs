//! An instance: a program that runs, with all that is its own.
//!
//! How it works. An instance owns a [`Machine`]. [`Instance::run`] executes the module bodies that have not run yet, in
//! order; [`Instance::call`] calls one function. Each pushes a host frame, then the function's frame, and starts a driver, which comes
//! back when the host frame is on top again or when the run has ended otherwise. Then the frames are dropped, so an
//! instance can be used again after an error, an interrupt or an `exit`.
//!
//! A session extends the program: [`Instance::extend`] goes over to a later program, which holds the earlier one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bytecode::{
    FuncId, GlobalId, Kind, Program, TypeDesc, TypeId, VerifyError, verify, verify_extension,
};

use super::context::ContextOptions;
use super::fault::{Fault, RuntimeError};
use super::heap::poll::{INTERRUPT, Interrupter};
use super::heap::{HeapStats, Ref};
use super::host::Host;
use super::machine::{Ending, Machine};
use super::native::Tier;
use super::profile::Profile;
use super::raise::{Raised, Uncaught};

/// Which driver executes bytecode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Driver {
    /// The threaded one where it works, else the loop.
    #[default]
    Best,
    /// The loop.
    Loop,
    /// The loop, counting instructions.
    Profiled,
}

/// How an instance is set up.
#[derive(Default)]
pub struct Options {
    pub context: ContextOptions,
    pub driver: Driver,
}

/// Why a run did not come to its end.
#[derive(Clone, PartialEq, Debug)]
pub enum Stop {
    /// An error that nobody caught.
    Uncaught(Box<Uncaught>),
    /// `exit(status)`.
    Exit(i32),
    /// An [`Interrupter`] was used.
    Interrupted,
    /// The output cannot be written.
    OutputFailed(io::ErrorKind),
}

/// Why an instance could not be made.
#[derive(Debug)]
pub enum SetupError {
    /// The program is not valid.
    Program(VerifyError),
    /// The system gives no memory for the stack.
    Stack(io::Error),
}

impl std::fmt::Display for SetupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SetupError::Program(error) => write!(f, "the bytecode is not valid: {error}"),
            SetupError::Stack(error) => write!(f, "no memory for the stack: {error}"),
        }
    }
}

impl std::error::Error for SetupError {}

/// Why a call of [`Instance::call`] gave no result.
#[derive(Clone, PartialEq, Debug)]
pub enum CallError {
    /// There is no such function, or it does not take such arguments, or is not for hosts (it has captures).
    Signature,
    /// The call was made and ended so.
    Stopped(Stop),
}

impl From<Stop> for CallError {
    fn from(stop: Stop) -> CallError {
        CallError::Stopped(stop)
    }
}

/// A value on its way between host and program.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// The result of a function that gives none.
    Void,
    I32(i32),
    I64(i64),
    U32(u32),
    U64(u64),
    F64(f64),
    Bool(bool),
    /// A variant of an enum without payloads, by its number.
    Tag(u32),
    String(String),
    /// Any other object.
    Object(Object),
}

/// A reference that the host holds: its object lives as long as this does.
#[derive(Clone, Debug)]
pub struct Object(Arc<Held>);

/// An object that hosts hold. The machine has one of these for each, and drops those that nobody else has.
#[derive(Debug)]
pub(super) struct Held {
    /// The object.
    pub(super) slot: u64,
    /// Number of its instance.
    instance: u64,
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.0.slot == other.0.slot && self.0.instance == other.0.instance
    }
}

/// Numbers instances, so that an object of one is not given to another.
static NEXT_INSTANCE: AtomicU64 = AtomicU64::new(0);

/// A program that runs.
pub struct Instance {
    machine: Box<Machine>,
    number: u64,
    /// How many of the program's module bodies have been begun.
    bodies: usize,
    /// A run failed: module variables may have no value that code counts on.
    failed: bool,
    /// The program that was given, if that which runs has checks besides.
    given: Option<Arc<Program>>,
    driver: Driver,
}

impl Instance {
    /// Makes an instance of a program, which is verified here.
    pub fn new(program: Arc<Program>, options: Options) -> Result<Instance, SetupError> {
        verify(&program).map_err(SetupError::Program)?;
        let mut machine = Machine::new(program, options.context).map_err(SetupError::Stack)?;
        let driver = match options.driver {
            Driver::Best => machine.best_driver(),
            driver => driver,
        };
        let number = NEXT_INSTANCE.fetch_add(1, Ordering::Relaxed);
        Ok(Instance { machine, number, bodies: 0, failed: false, given: None, driver })
    }

    /// Goes over to a later program of the same session: it holds all that the present one does, and more.
    pub fn extend(&mut self, program: Arc<Program>) -> Result<(), VerifyError> {
        verify_extension(self.program(), &program)?;
        self.machine.set_program(program);
        self.given = None;
        Ok(())
    }

    /// Runs the module bodies that have not run yet, in order. If one fails, those behind it count as having run too: they
    /// use what it did not finish.
    pub fn run(&mut self) -> Result<(), Stop> {
        while let Some(&body) = self.machine.context.program.entry.get(self.bodies) {
            self.bodies += 1;
            if let Err(stop) = self.invoke(body, &[]) {
                self.bodies = self.machine.context.program.entry.len();
                self.failed = true;
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Calls a function. If it reads a module variable that has no value, since no run came so far, that is an error.
    pub fn call(&mut self, func: FuncId, args: &[Value]) -> Result<Value, CallError> {
        self.check_reads();
        let program = self.machine.context.program.clone();
        let function = program.functions.get(func.index()).ok_or(CallError::Signature)?;
        if function.closure.is_some() || function.params.len() != args.len() {
            return Err(CallError::Signature);
        }
        // References first, as the registers are. What has been made is held until the frame is there.
        let mut held = Vec::new();
        let (mut refs, mut scalars) = (Vec::new(), Vec::new());
        for (arg, &ty) in args.iter().zip(&function.params) {
            if program.is_ref(ty) {
                let object = self.object_of(arg, ty)?;
                refs.push(object.0.slot);
                held.push(object);
            } else {
                scalars.push(scalar_of(arg, program.ty(ty)).ok_or(CallError::Signature)?);
            }
        }
        refs.append(&mut scalars);
        let slot = self.invoke(func, &refs)?;
        Ok(match function.ret {
            Some(ty) => self.value_of(slot, ty),
            None => Value::Void,
        })
    }

    /// Compiled code relies on the module bodies having run; where they have not, its reads of module variables must check.
    fn check_reads(&mut self) {
        let program = &self.machine.context.program;
        if self.given.is_none() && (self.failed || self.bodies < program.entry.len()) {
            let given = program.clone();
            self.machine.set_program(Arc::new(given.with_checked_reads()));
            self.given = Some(given);
        }
    }

    /// Has a tier compile what is run from now on. Between runs only.
    pub fn set_tier(&mut self, tier: Box<dyn Tier>) {
        self.machine.set_tier(tier);
    }

    /// Who compiles.
    pub fn tier(&self) -> Option<&dyn Tier> {
        self.machine.tier()
    }

    /// A handle by which others stop a run.
    pub fn interrupter(&self) -> Interrupter {
        self.machine.context.interrupter()
    }

    /// Takes the host away, for the instance that follows this one.
    pub fn take_host(&mut self) -> Host {
        std::mem::replace(&mut self.machine.context.host, Host::none())
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        self.given.as_ref().unwrap_or(&self.machine.context.program)
    }

    /// What the runs so far did.
    pub fn profile(&self) -> &Profile {
        &self.machine.profile
    }

    /// The state of the heap.
    pub fn heap_stats(&self) -> HeapStats {
        self.machine.context.heap.stats()
    }

    /// The value of a module variable, if it has one.
    pub fn global(&mut self, id: GlobalId) -> Option<Value> {
        let ty = self.machine.context.program.globals.get(id.index())?.ty;
        let slot = self.machine.global_value(id)?;
        Some(self.value_of(slot, ty))
    }

    /// Runs a function whose argument slots are given, references first. Gives its result's slot.
    fn invoke(&mut self, func: FuncId, args: &[u64]) -> Result<u64, Stop> {
        let result = self.machine.invoke(func, args, self.driver);
        // Whoever looks at how the run ended sees what it wrote before.
        let flushed = self.machine.context.host.flush();
        // An interrupt that came too late for a poll ends this run, and no other.
        let interrupted = self.machine.context.heap.poll.bits() & INTERRUPT != 0;
        self.machine.context.heap.poll.clear(INTERRUPT);
        match result {
            Ok(slot) => match flushed {
                Err(Fault::OutputFailed(kind)) => Err(Stop::OutputFailed(kind)),
                _ if interrupted => Err(Stop::Interrupted),
                _ => Ok(slot),
            },
            Err(Ending::Uncaught(error)) => Err(Stop::Uncaught(error)),
            Err(Ending::Exit(status)) => match flushed {
                Err(Fault::OutputFailed(kind)) => Err(Stop::OutputFailed(kind)),
                _ => Err(Stop::Exit(status)),
            },
            Err(Ending::Interrupted) => Err(Stop::Interrupted),
            Err(Ending::OutputFailed(kind)) => Err(Stop::OutputFailed(kind)),
            Err(Ending::None | Ending::Returned | Ending::Raised) => {
                unreachable!("a run that returned gives its result")
            }
        }
    }

    /// An argument as an object of type `ty`.
    fn object_of(&mut self, value: &Value, ty: TypeId) -> Result<Object, CallError> {
        match value {
            Value::String(text) if self.machine.context.program.canonical(ty) == TypeId::STRING => {
                let slot = self.machine.allocate(|context| Ok(context.heap.new_string(text)?.bits()));
                slot.map(|slot| self.hold(slot)).ok_or_else(|| {
                    let error = Raised::New(RuntimeError::OutOfMemory);
                    Stop::Uncaught(Box::new(self.machine.uncaught(&error))).into()
                })
            }
            Value::Object(object)
                if object.0.instance == self.number && self.machine.is_of(object.0.slot, ty) =>
            {
                Ok(object.clone())
            }
            _ => Err(CallError::Signature),
        }
    }

    fn hold(&mut self, slot: u64) -> Object {
        let held = Arc::new(Held { slot, instance: self.number });
        self.machine.held.push(held.clone());
        Object(held)
    }

    fn value_of(&mut self, slot: u64, ty: TypeId) -> Value {
        match self.machine.context.program.kind(ty) {
            Kind::I32 => Value::I32(slot as i32),
            Kind::I64 => Value::I64(slot as i64),
            Kind::U32 => Value::U32(slot as u32),
            Kind::U64 => Value::U64(slot),
            Kind::F64 => Value::F64(f64::from_bits(slot)),
            Kind::Bool => Value::Bool(slot != 0),
            Kind::Tag => Value::Tag(slot as u32),
            Kind::Ref if self.machine.context.program.canonical(ty) == TypeId::STRING => {
                Value::String(Ref::from_bits(slot).as_str().text().to_owned())
            }
            Kind::Ref => Value::Object(self.hold(slot)),
        }
    }
}

/// The slot of a scalar argument, if it is of the type.
fn scalar_of(value: &Value, ty: &TypeDesc) -> Option<u64> {
    match (value, ty) {
        (Value::I32(value), TypeDesc::I32) => Some(*value as i64 as u64),
        (Value::I64(value), TypeDesc::I64) => Some(*value as u64),
        (Value::U32(value), TypeDesc::U32) => Some(u64::from(*value)),
        (Value::U64(value), TypeDesc::U64) => Some(*value),
        (Value::F64(value), TypeDesc::F64) => Some(value.to_bits()),
        (Value::Bool(value), TypeDesc::Bool) => Some(u64::from(*value)),
        (Value::Tag(value), TypeDesc::Tag { variants, .. }) if (*value as usize) < variants.len() => {
            Some(u64::from(*value))
        }
        _ => None,
    }
}
