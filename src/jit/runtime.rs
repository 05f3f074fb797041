//! The runtime of one machine: code cache, stubs, tables of addresses, compiled units.
#![allow(unsafe_code, reason = "the jump into compiled code, and freeing what nothing runs in")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;
use std::time::Instant;

use crate::asm::AsmError;
use crate::bytecode::{FuncId, Program};
use crate::code::{CacheError, CacheOptions, CodeCache, CodeRegion, NativeStack, StackPool};
use crate::codegen::link::{LinkError, Placed};
use crate::codegen::runtime::{CodeMap, Entry, FrameRef, Linked, Thunk};
use crate::codegen::x64::X64;
use crate::codegen::x64::stubs::StubCode;
use crate::codegen::{Compiler, External, Isa, Options as CompilerOptions, Stub};
use crate::ir::builder::Builder;
use crate::ir::{Convention, Effects, Function, Inst, Kind, Layout, Module, Signature};
use crate::opt::{self, Analyses, Level, optimize};
use crate::vm::layout::offset;
use crate::vm::native::{Ending, Machine, NativeFrame};

use super::handlers;
use super::stats::{Failed, Failure, Stats};
use super::translate::translate;
use super::unit::{Callee, Scope, Steps, Unit, signature, value_signature};

/// Bytes of native stack for a call.
const STACK_PER_CALL: usize = 8 << 10;
/// Native stack besides: for the functions of the VM, and calls that count nothing.
const STACK_BESIDES: usize = 8 << 20;

/// How a runtime compiles.
#[derive(Clone, Debug)]
pub struct Options {
    /// A function or loop is compiled when it has been passed so often; 1: before it runs.
    pub threshold: u32,
    /// How it is optimised. What the target can do with vectors the runtime says.
    pub optimizer: opt::Options,
    /// What the code generator is told.
    pub compiler: CompilerOptions,
    /// The code cache.
    pub cache: CacheOptions,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            threshold: 1000,
            optimizer: opt::Options::new(Level::Full),
            compiler: CompilerOptions::default(),
            cache: CacheOptions::default(),
        }
    }
}

/// Compiles for one machine, and is what its native code leaves to.
pub struct Runtime {
    pub(super) options: Options,
    pub(super) cache: CodeCache,
    isa: X64,
    stubs: Stubs,
    pub(super) state: RefCell<State>,
    pub(super) stats: RefCell<Stats>,
    /// The return address that was looked up last, its safepoint and its unit.
    last_place: RefCell<Option<(u64, usize, Arc<UnitCode>)>>,
    /// How many entries into native code are under way.
    active: Cell<u32>,
}

/// Shared code, by address.
#[derive(Clone, Copy, Default, Debug)]
struct Stubs {
    exit: u64,
    poll: u64,
    allocate: u64,
    raise: u64,
    deep: u64,
}

/// The way into functions of a signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThunkPlace {
    entry: u64,
    /// What the functions return to.
    pub back: u64,
    /// Where it is left if they do not return.
    pub landing: u64,
    pub frame_bytes: u64,
}

/// What became of a unit.
pub(super) enum UnitState {
    Compiled(Arc<UnitCode>),
    Failed,
}

/// A compiled unit.
#[derive(Debug)]
pub(super) struct UnitCode {
    pub scope: Scope,
    pub linked: Arc<Linked>,
    pub layouts: Vec<Layout>,
    /// By safepoint: the word of the instruction.
    pub words: Vec<u32>,
    pub signature: Signature,
    pub thunk: ThunkPlace,
    /// It only passes a call on: its frames are none of the program's.
    pub is_adapter: bool,
    /// What a call of it takes from the depth.
    pub cost: u16,
    pub entries: Cell<u64>,
    pub exits: Cell<u64>,
}

// SAFETY: a unit belongs to one runtime, which belongs to one machine; its cells are touched by the thread that has that.
unsafe impl Send for UnitCode {}
// SAFETY: likewise.
unsafe impl Sync for UnitCode {}

pub(super) struct State {
    compiler: Compiler<X64>,
    analyses: Analyses,
    pub steps: Steps,
    pub units: HashMap<Scope, UnitState>,
    pub code: CodeMap,
    /// By the start of their code.
    by_start: HashMap<u64, Arc<UnitCode>>,
    thunks: HashMap<Signature, ThunkPlace>,
    /// By what functions return to.
    by_back: HashMap<u64, ThunkPlace>,
    step_stubs: HashMap<Signature, u64>,
    /// Where native code calls functions.
    pub entries: Box<[Cell<u64>]>,
    pub value_entries: Box<[Cell<u64>]>,
    /// Code that is for any program.
    regions: Vec<CodeRegion>,
    /// Code that is for the program at hand.
    program_regions: Vec<CodeRegion>,
    stack: Option<NativeStack>,
}

/// The number of the outcall of a function value, whose first argument is the value, of a function that does not take it.
pub(super) const VALUE_CALL: u64 = 1 << 32;
/// The number of the outcall of a step.
pub(super) const STEP: u64 = 1 << 33;

impl From<CacheError> for Failure {
    fn from(_: CacheError) -> Failure {
        Failure::Cache
    }
}

impl From<LinkError> for Failure {
    fn from(_: LinkError) -> Failure {
        Failure::Cache
    }
}

impl From<AsmError> for Failure {
    fn from(_: AsmError) -> Failure {
        Failure::Cache
    }
}

impl Runtime {
    /// A runtime for a machine that is yet to have it.
    ///
    /// # Errors
    /// If there can be no code cache: the machine goes on without native code.
    pub fn new(mut options: Options) -> Result<Runtime, CacheError> {
        let isa = X64::host();
        let poll = offset("context.poll").unwrap_or_default();
        options.compiler.poll_offset = poll as i32;
        options.optimizer.vectors = isa.vectors();
        let state = State {
            compiler: Compiler::new(isa),
            analyses: Analyses::new(),
            steps: Steps::default(),
            units: HashMap::new(),
            code: CodeMap::default(),
            by_start: HashMap::new(),
            thunks: HashMap::new(),
            by_back: HashMap::new(),
            step_stubs: HashMap::new(),
            entries: Box::new([]),
            value_entries: Box::new([]),
            regions: Vec::new(),
            program_regions: Vec::new(),
            stack: None,
        };
        let mut runtime = Runtime {
            cache: CodeCache::new(options.cache)?,
            options,
            isa,
            stubs: Stubs::default(),
            state: RefCell::new(state),
            stats: RefCell::default(),
            last_place: RefCell::default(),
            active: Cell::new(0),
        };
        let isa = &runtime.isa;
        let code = [
            isa.exit_stub(handlers::address(handlers::on_exit)),
            isa.slow_path_stub(handlers::address(handlers::on_poll)),
            isa.slow_path_stub(handlers::address(handlers::on_allocate)),
            isa.raise_stub(handlers::address(handlers::on_raise)),
            isa.raise_stub(handlers::address(handlers::on_deep)),
        ];
        let mut places = [0; 5];
        for (place, code) in places.iter_mut().zip(code) {
            let code = code.expect("stubs have no operand that does not fit");
            *place = runtime.publish_into(&mut runtime.state.borrow_mut().regions, &code)?;
        }
        let [exit, poll, allocate, raise, deep] = places;
        runtime.stubs = Stubs { exit, poll, allocate, raise, deep };
        Ok(runtime)
    }

    /// What has been compiled, and how it went.
    pub fn stats(&self) -> Stats {
        self.stats.borrow().clone()
    }

    fn publish_into(&self, regions: &mut Vec<CodeRegion>, code: &StubCode) -> Result<u64, CacheError> {
        let fill = |_, bytes: &mut [u8]| bytes.copy_from_slice(&code.bytes);
        let region = self.cache.publish(code.bytes.len(), 16, fill)?;
        let address = region.address();
        regions.push(region);
        Ok(address)
    }

    /// The thunk for a signature.
    fn thunk(&self, state: &mut State, signature: &Signature) -> Result<ThunkPlace, Failure> {
        if let Some(thunk) = state.thunks.get(signature) {
            return Ok(*thunk);
        }
        let code = self.isa.thunk(signature)?;
        let entry = self.publish_into(&mut state.regions, &code)?;
        let place = ThunkPlace {
            entry,
            back: entry + u64::from(code.return_offset),
            landing: entry + u64::from(code.landing_offset),
            frame_bytes: code.frame_bytes.into(),
        };
        state.thunks.insert(signature.clone(), place);
        state.by_back.insert(place.back, place);
        Ok(place)
    }

    fn outcall(
        &self,
        regions: &mut Vec<CodeRegion>,
        signature: &Signature,
        number: u64,
    ) -> Result<u64, Failure> {
        let handler = handlers::outcall_address();
        let code = self.isa.outcall_stub(signature, handler, number, self.stubs.raise, false)?;
        Ok(self.publish_into(regions, &code)?)
    }

    /// Sees to it that a function can be called from native code: fills its rows in the tables.
    fn make_callable(&self, state: &mut State, program: &Program, func: FuncId) -> Result<(), Failure> {
        if state.entries[func.index()].get() != 0 {
            return Ok(());
        }
        let number = u64::from(func.0);
        let entry = self.outcall(&mut state.program_regions, &signature(program, func), number)?;
        let value_entry = if program.functions[func.index()].closure.is_some() {
            entry
        } else {
            self.outcall(&mut state.program_regions, &value_signature(program, func), number | VALUE_CALL)?
        };
        state.entries[func.index()].set(entry);
        state.value_entries[func.index()].set(value_entry);
        Ok(())
    }

    /// Tables for a program, all functions to the interpreter. Nothing runs.
    pub(super) fn start(&self, machine: &mut Machine) {
        let state = &mut *self.state.borrow_mut();
        state.units.clear();
        state.by_start.clear();
        self.last_place.take();
        state.code = CodeMap::default();
        state.steps = Steps::default();
        for region in state.program_regions.drain(..) {
            // SAFETY: nothing runs, and nobody has an address in it any more.
            unsafe { region.free() };
        }
        let count = machine.program().functions.len();
        state.entries = (0..count).map(|_| Cell::new(0)).collect();
        state.value_entries = (0..count).map(|_| Cell::new(0)).collect();
        machine.set_entries(state.entries.as_ptr().cast(), state.value_entries.as_ptr().cast());
    }

    /// The unit's code, compiled now if it has not been tried before.
    pub(super) fn unit(&self, machine: &mut Machine, scope: Scope) -> Option<Arc<UnitCode>> {
        let state = &mut *self.state.borrow_mut();
        match state.units.get(&scope) {
            Some(UnitState::Compiled(unit)) => return Some(Arc::clone(unit)),
            Some(UnitState::Failed) => return None,
            None => {}
        }
        let begin = Instant::now();
        let program = machine.shared_program();
        let compiled = self.compile(state, &program, scope);
        let stats = &mut *self.stats.borrow_mut();
        stats.compile_time += begin.elapsed();
        match compiled {
            Ok(unit) => {
                match scope.entry {
                    super::unit::Entry::Function => stats.functions += 1,
                    super::unit::Entry::Loop(_) => stats.loops += 1,
                }
                stats.code_bytes += unit.linked.tables.bytes.len();
                stats.words += program.functions[scope.func.index()].code.len();
                state.units.insert(scope, UnitState::Compiled(Arc::clone(&unit)));
                Some(unit)
            }
            Err(failure) => {
                stats.failures.push(Failed::new(&program, scope, failure));
                state.units.insert(scope, UnitState::Failed);
                None
            }
        }
    }

    fn compile(&self, state: &mut State, program: &Program, scope: Scope) -> Result<Arc<UnitCode>, Failure> {
        let unit = translate(program, scope, &mut state.steps).map_err(Failure::Declined)?;
        for func in called(program, scope) {
            self.make_callable(state, program, func)?;
        }
        let is_function = scope.entry == super::unit::Entry::Function;
        let cost = if is_function && unit.function.depth_check.is_some() { 1 } else { 0 };
        let name = &program.functions[scope.func.index()].name;
        let name = match scope.entry {
            super::unit::Entry::Function => name.to_string(),
            super::unit::Entry::Loop(word) => format!("{name}@{word}"),
        };
        let unit = self.link(state, unit, &name, cost)?;
        if is_function {
            self.make_callable(state, program, scope.func)?;
            state.entries[scope.func.index()].set(unit.linked.range.start);
            let value_entry = if program.functions[scope.func.index()].closure.is_some() {
                unit.linked.range.start
            } else {
                let adapter = adapter(program, scope);
                let this = unit.linked.range.start;
                self.link_with(state, adapter, &format!("{name} as value"), 0, true, |_| Some(this))?
                    .linked
                    .range
                    .start
            };
            state.value_entries[scope.func.index()].set(value_entry);
        }
        Ok(unit)
    }

    fn link(&self, state: &mut State, unit: Unit, name: &str, cost: u16) -> Result<Arc<UnitCode>, Failure> {
        let mut stubs = HashMap::new();
        for (index, callee) in unit.callees.iter().enumerate() {
            if *callee == Callee::Step {
                let signature = &unit.module.sigs[unit.module.funcs[index].sig.index()];
                let address = match state.step_stubs.get(signature) {
                    Some(&address) => address,
                    None => {
                        let address = self.outcall(&mut state.regions, signature, STEP)?;
                        state.step_stubs.insert(signature.clone(), address);
                        address
                    }
                };
                stubs.insert(index, address);
            }
        }
        self.link_with(state, unit, name, cost, false, |index| stubs.get(&index).copied())
    }

    fn link_with(
        &self,
        state: &mut State,
        unit: Unit,
        name: &str,
        cost: u16,
        is_adapter: bool,
        callee: impl Fn(usize) -> Option<u64>,
    ) -> Result<Arc<UnitCode>, Failure> {
        let Unit { scope, module, mut function, .. } = unit;
        debug_assert_eq!(crate::ir::verify::verify(&function, &module), Ok(()));
        // Before the code has a place, which would be lost if there were no room for the thunk.
        let thunk = self.thunk(state, &function.sig)?;
        let bodies = vec![None; module.funcs.len()];
        optimize(&mut function, &module, &bodies, &self.options.optimizer, &mut state.analyses);
        let compiled =
            state.compiler.compile(&function, &module, &self.options.compiler).map_err(Failure::Compile)?;
        let place = Placed::new::<X64>(&self.cache, name, compiled, |_| true)?;
        let (this, stubs) = (place.address(), self.stubs);
        let address = |external| match external {
            External::Func(func) if func.0 == 0 && !is_adapter => Some(this),
            External::Func(func) => callee(func.index()),
            External::Symbol(_) => Some(stubs.deep),
            External::Stub(Stub::Exit) => Some(stubs.exit),
            External::Stub(Stub::Poll) => Some(stubs.poll),
            External::Stub(Stub::Allocate) => Some(stubs.allocate),
        };
        let (region, linked) = place.publish::<X64>(address)?;
        let word = |origin: Inst| function.inst_position(origin).saturating_sub(1);
        let words = linked.tables.safepoints.iter().map(|safepoint| word(safepoint.origin)).collect();
        let unit = Arc::new(UnitCode {
            scope,
            thunk,
            words,
            layouts: module.layouts,
            signature: function.sig.clone(),
            is_adapter,
            cost,
            entries: Cell::new(0),
            exits: Cell::new(0),
            linked,
        });
        state.program_regions.push(region);
        state.code.insert(Arc::clone(&unit.linked));
        state.by_start.insert(unit.linked.range.start, Arc::clone(&unit));
        Ok(unit)
    }

    /// The unit to which an address in native code belongs: a return address, or that of an exit's call.
    pub(super) fn unit_at(&self, pc: u64) -> Option<Arc<UnitCode>> {
        let state = self.state.borrow();
        let linked = state.code.function_at(pc)?;
        state.by_start.get(&linked.range.start).cloned()
    }

    /// The frame that waits at a place, and its unit; none at a thunk.
    pub(super) fn frame_at(&self, at: NativeFrame) -> Option<(FrameRef, Arc<UnitCode>)> {
        let state = self.state.borrow();
        let last = &mut *self.last_place.borrow_mut();
        // Deep recursion has the same place many times, one after another.
        let (_, safepoint, unit) = match last {
            Some(known) if known.0 == at.pc => known,
            _ => {
                if state.by_back.contains_key(&at.pc) {
                    return None;
                }
                let frame = state.code.frame_at(at.pc, at.fp).expect("JT2: a frame of native code is known");
                let unit = Arc::clone(&state.by_start[&frame.function.range.start]);
                last.insert((at.pc, frame.safepoint, unit))
            }
        };
        let function = Arc::clone(&unit.linked);
        Some((FrameRef { function, safepoint: *safepoint, fp: at.fp }, Arc::clone(unit)))
    }

    /// The thunk that a return address leads to.
    pub(super) fn thunk_at(&self, pc: u64) -> Option<ThunkPlace> {
        self.state.borrow().by_back.get(&pc).copied()
    }

    /// Enters native code. Gives the first word of the result; none if the run has ended otherwise, which the machine knows.
    pub(super) fn enter(&self, machine: &mut Machine, unit: &UnitCode, args: &[u64]) -> Option<u64> {
        let stack_top = match (&self.state.borrow().stack, self.active.get()) {
            (Some(stack), 0) => stack.range().end,
            _ => 0,
        };
        let thunk = unit.thunk;
        let position = machine.position();
        let depth = machine.depth();
        let context = ptr::from_mut(machine);
        let mut entry = Entry {
            callee: unit.linked.range.start,
            context: context.expose_provenance() as u64,
            depth: depth.into(),
            stack_top,
            arguments: args.as_ptr(),
            result: [0; 4],
        };
        self.active.set(self.active.get() + 1);
        // SAFETY: the stub is a function of this type.
        let code: Thunk =
            unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(thunk.entry as usize)) };
        // SAFETY: the unit was compiled for the signature of the thunk, and works on this machine (JT1), of which nothing else is borrowed.
        let resumed = unsafe { code(&mut entry) };
        self.active.set(self.active.get() - 1);
        machine.pop_boundary(position);
        machine.set_depth(depth);
        (resumed == 0).then_some(entry.result[0])
    }

    /// Calls a function that native code has called by a stub: in native code if it has any by now, else in the interpreter.
    pub(super) fn call_from_native(
        &self,
        machine: &mut Machine,
        func: FuncId,
        args: &[u64],
    ) -> Result<u64, Ending> {
        let counter = machine.program().functions[func.index()].counter;
        let left = machine.counter(counter).wrapping_sub(1);
        machine.set_counter(counter, left);
        if left == 0
            && let Some(unit) = self.unit(machine, Scope { func, entry: super::unit::Entry::Function })
        {
            machine.set_counter(counter, 1);
            unit.entries.set(unit.entries.get() + 1);
            let result = self.enter(machine, &unit, args);
            return result.ok_or_else(|| machine.take_ending());
        }
        machine.call_nested(func, args)
    }

    /// A function is called in the interpreter again.
    pub(super) fn forget(&self, state: &mut State, program: &Program, func: FuncId) {
        let before = (state.entries[func.index()].take(), state.value_entries[func.index()].take());
        if self.make_callable(state, program, func).is_err() {
            // There is no room for a stub, so what was compiled stays in use.
            state.entries[func.index()].set(before.0);
            state.value_entries[func.index()].set(before.1);
        }
    }

    /// Takes the native stack that entries switch to. False if the system gives none.
    pub(super) fn take_stack(&self, max_recursion: u32) -> bool {
        let mut state = self.state.borrow_mut();
        if state.stack.is_none() {
            let bytes = (max_recursion as usize).saturating_mul(STACK_PER_CALL).saturating_add(STACK_BESIDES);
            state.stack = StackPool::new(bytes).take().ok();
        }
        state.stack.is_some()
    }
}

/// The functions that a unit may call by their entries: all that its function calls, and all that may be function values.
fn called(program: &Program, scope: Scope) -> Vec<FuncId> {
    use crate::bytecode::{Op, instructions};
    let function = &program.functions[scope.func.index()];
    let mut called = Vec::new();
    let mut values = false;
    for inst in instructions(program, &function.code).map_while(Result::ok) {
        match inst.op {
            Op::Call => called.push(FuncId(inst.word.imm() as u32)),
            Op::CallValue => values = true,
            _ => {}
        }
    }
    if values {
        let literals = program.literals.iter().filter_map(|literal| match literal {
            crate::bytecode::Literal::Function { func, .. } => Some(*func),
            _ => None,
        });
        called.extend(literals);
        let with_captures = |(id, function): (usize, &Arc<crate::bytecode::Function>)| {
            function.closure.is_some().then_some(FuncId(id as u32))
        };
        called.extend(program.functions.iter().enumerate().filter_map(with_captures));
    }
    called.sort_unstable();
    called.dedup();
    called
}

/// A function without captures, as it is called as a value: without the value.
fn adapter(program: &Program, scope: Scope) -> Unit {
    let mut module = Module::new();
    let target = module.declare("function", signature(program, scope.func), Effects::ANY);
    let own = value_signature(program, scope.func);
    let mut function = Function::new("value", own.clone());
    let mut b = Builder::new(&mut function, &mut module);
    let args: Vec<_> = (1..own.params.len()).map(|index| b.param(index)).collect();
    let result = b.call(target, &args, None);
    b.ret(result.filter(|_| own.result.kind != Kind::None));
    b.seal_all();
    b.finish();
    debug_assert_eq!(own.convention, Convention::Orus);
    Unit { scope, module, function, callees: vec![Callee::This] }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        for region in state.program_regions.drain(..).chain(state.regions.drain(..)) {
            // SAFETY: the machine that ran in it is gone.
            unsafe { region.free() };
        }
    }
}
