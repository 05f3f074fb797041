//! Native code as a way to run programs: optimised, compiled for this processor, linked, and called.
//!
//! How it works. The program's memory is mapped where the plan says. Each function outside is a stub whose handler copies memory to
//! where [`World`] works on it, and back. Every poll takes its slow path. What leaves the program (a guard, a raise that nothing catches,
//! too deep a call) is written down by a handler, which resumes at the landing of the thunk through which the program was entered.
//!
//! What is checked besides the result:
//! - N1 The return addresses from a handler's caller up to the thunk are all known, and the depth there is what it was.
//! - N2 At a safepoint, what the maps list are objects. What cannot be reached from them, nor from memory, is overwritten; a reference
//!   that a map lacks leads there later, which shows as a wrong result.
//! - N3 Callees overwrite all registers that they may, and what is above short results of the system's convention; arguments of the Orus
//!   convention have nothing above.
//!
//! Code that faults or does not end is a failure like others: the signal's handler resumes at the landing too, if the code is ours.
#![allow(unsafe_code, reason = "it runs machine code on memory at fixed addresses")]

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use orus::code::{CacheOptions, CodeCache, CodeRegion, NativeStack, StackPool};
use orus::codegen::link::Placed;
use orus::codegen::runtime::{
    CodeMap, Ended, Entry, FrameRef, Linked, MachineState, Outcall, Thunk, slot_bits,
};
use orus::codegen::x64::X64;
use orus::codegen::x64::stubs::StubCode;
use orus::codegen::{Compiler, External, Options, SlotPlace, Stub};
use orus::ir::eval::{Called, Frame, Host, Left, Memory, Object, Outcome, Slot, Value};
use orus::ir::module::{Convention, Effects, Module};
use orus::ir::types::{Block, Func, Kind, Symbol};
use orus::ir::{Function, Op};

use crate::backend::{Backend, Evaluated, Observed};
use crate::config::Config;
use crate::host::World;
use crate::plan::{self, CURSORS, TABLE};
use crate::program::Program;

/// The number of the register that has the depth.
const DEPTH: usize = 14;
/// Processor time for a program, in seconds.
const PATIENCE: i64 = 5;

/// Runs programs as native code.
pub struct Native {
    cache: CodeCache,
    engines: Vec<Engine>,
    /// Dropped last: code may refer to it.
    stack: NativeStack,
    /// What optimises; and a fault to plant.
    pub optimizer: Evaluated,
    /// How many safepoints the collector looked at, and how many references the maps listed there.
    pub collections: (u64, u64),
}

/// What is compiled for one set of features.
struct Engine {
    compiler: Compiler<X64>,
    exit: u64,
    poll: u64,
    allocate: u64,
    raise: u64,
    deep: u64,
}

/// The places in a thunk that walkers know.
#[derive(Clone, Copy)]
struct Landing {
    /// Where the function returns to.
    back: u64,
    landing: u64,
    frame_bytes: u64,
}

/// What handlers need of the run.
struct Run<'a> {
    program: &'a Program,
    module: &'a Module,
    world: World<'a>,
    memory: Memory,
    code: CodeMap,
    landing: Landing,
    /// Addresses of objects that are there from the beginning.
    known: BTreeSet<u64>,
    outcome: Option<Outcome>,
    error: Option<String>,
    polls: u64,
    collections: (u64, u64),
    /// The entry, and the addresses at which the stack may be: for the handler of signals.
    entry: u64,
    stacks: [Range<u64>; 2],
    cache: Range<u64>,
    /// The signal that ended the run, the instruction, and the address that it had.
    fault: Option<(i32, u64, u64)>,
}

thread_local! {
    static RUN: Cell<*mut Run<'static>> = const { Cell::new(ptr::null_mut()) };
}

impl Native {
    /// Makes one, with memory of its own at the plan's addresses: there can be one in a process.
    ///
    /// # Errors
    /// Why there is none.
    pub fn new(optimizer: Evaluated) -> Result<Native, String> {
        let options = CacheOptions { limit_bytes: 16 << 20, ..CacheOptions::default() };
        let cache = CodeCache::new(options).map_err(|error| error.to_string())?;
        let stack = StackPool::new(64 << 20).take().map_err(|error| error.to_string())?;
        map_memory()?;
        handle_signals();
        let mut engines = Vec::new();
        for isa in [X64::baseline(), X64::host()] {
            let stub = |code: Result<StubCode, orus::asm::AsmError>| -> Result<u64, String> {
                let code = code.map_err(|error| error.to_string())?;
                Ok(publish(&cache, &[code])?.address())
            };
            let address = |handler: extern "C" fn(&mut MachineState) -> u64| handler as usize as u64;
            engines.push(Engine {
                exit: stub(isa.exit_stub(address(on_exit)))?,
                poll: stub(isa.slow_path_stub(address(on_poll)))?,
                allocate: stub(isa.slow_path_stub(address(on_allocate)))?,
                raise: stub(isa.raise_stub(address(on_raise)))?,
                deep: stub(isa.raise_stub(address(on_deep)))?,
                compiler: Compiler::new(isa),
            });
        }
        Ok(Native { cache, engines, stack, optimizer, collections: (0, 0) })
    }

    fn run_program(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        let adapted = adapt(program);
        let bodies = self.optimizer.optimized(&adapted, config);
        // Vector instructions are legal only there.
        let engine = &mut self.engines[usize::from(config.avx2 || program.vectors)];
        let mut regions = Vec::new();
        let result = engine.link(&self.cache, &adapted, &bodies, config, &mut regions);
        let observed = result.and_then(|linked| {
            let top = self.stack.range();
            run(&self.cache, program, &adapted.module, linked, top, &mut self.collections)
        });
        for region in regions {
            // SAFETY: the program has ended, so nothing returns into its code, and nothing else knows of it.
            unsafe { region.free() };
        }
        observed
    }
}

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        self.run_program(program, config)
    }
}

/// Functions that use the context or count their depth have the Orus convention, as do all that call such.
fn adapt(program: &Program) -> Program {
    let mut adapted = program.clone();
    loop {
        let mut changed = false;
        for (number, body) in program.bodies.iter().enumerate() {
            let Some(body) = body else { continue };
            let sig = adapted.module.funcs[number].sig.index();
            if adapted.module.sigs[sig].convention == Convention::System && needs_orus(body, &adapted.module)
            {
                adapted.module.sigs[sig].convention = Convention::Orus;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for (number, body) in adapted.bodies.iter_mut().enumerate() {
        if let Some(body) = body {
            body.sig.convention = adapted.module.signature(Func(number as u32)).convention;
        }
    }
    adapted
}

fn needs_orus(body: &Function, module: &Module) -> bool {
    let needs = |inst| {
        let data = body.inst(inst);
        match data.op {
            Op::Context | Op::Levels | Op::New | Op::Poll => true,
            Op::Call | Op::Invoke => module.signature(data.callee()).convention == Convention::Orus,
            Op::CallIndirect | Op::InvokeIndirect => {
                module.sigs[data.indirect_sig().index()].convention == Convention::Orus
            }
            _ => false,
        }
    };
    body.depth_check.is_some()
        || (0..body.block_count() as u32).any(|block| body.insts(Block(block)).any(needs))
}

/// A program in the cache.
struct LinkedProgram {
    code: CodeMap,
    addresses: Vec<u64>,
    thunk: u64,
    landing: Landing,
}

impl Engine {
    fn link(
        &mut self,
        cache: &CodeCache,
        program: &Program,
        bodies: &[Option<Function>],
        config: &Config,
        regions: &mut Vec<CodeRegion>,
    ) -> Result<LinkedProgram, String> {
        let module = &program.module;
        let isa = self.compiler.isa;
        // Functions outside, and the thunk for the entry, as one region.
        let mut codes = vec![isa.thunk(module.signature(program.entry)).map_err(|error| error.to_string())?];
        let handler = on_outcall as extern "C" fn(&mut Outcall) -> u64 as usize as u64;
        for number in 0..module.funcs.len() as u32 {
            if bodies[number as usize].is_none() {
                let signature = module.signature(Func(number));
                let code = isa.outcall_stub(signature, handler, number.into(), self.raise, true);
                codes.push(code.map_err(|error| error.to_string())?);
            }
        }
        let (landing, back, frame_bytes) =
            (codes[0].landing_offset, codes[0].return_offset, codes[0].frame_bytes);
        let stubs = publish(cache, &codes)?;
        let thunk = stubs.address();
        let landing = Landing {
            back: thunk + u64::from(back),
            landing: thunk + u64::from(landing),
            frame_bytes: frame_bytes.into(),
        };
        regions.push(stubs);
        let registers = usize::from(config.registers);
        let options = Options {
            registers: (registers > 0).then_some((registers, registers.saturating_sub(1))),
            short_branches: program.seed.is_multiple_of(2),
            ..Options::default()
        };
        let mut addresses = Vec::new();
        let mut outside = thunk + aligned(&codes[0]);
        let mut codes = codes[1..].iter();
        let mut placed = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            let Some(body) = body else {
                addresses.push(outside);
                outside += codes.next().map_or(0, aligned);
                continue;
            };
            let name = &module.funcs[number].name;
            let compiled =
                self.compiler.compile(body, module, &options).map_err(|error| format!("{name}: {error}"))?;
            let place =
                Placed::new::<X64>(cache, name, compiled, |_| true).map_err(|error| error.to_string())?;
            addresses.push(place.address());
            placed.push(place);
        }
        let mut code = CodeMap::default();
        let address = |external| {
            Some(match external {
                External::Func(func) => addresses[func.index()],
                External::Symbol(Symbol(0)) => plan::ARENA,
                External::Symbol(_) => self.deep,
                External::Stub(Stub::Exit) => self.exit,
                External::Stub(Stub::Poll) => self.poll,
                External::Stub(Stub::Allocate) => self.allocate,
            })
        };
        for place in placed {
            let (region, linked) = place.publish::<X64>(address).map_err(|error| error.to_string())?;
            regions.push(region);
            code.insert(linked);
        }
        Ok(LinkedProgram { code, addresses, thunk, landing })
    }
}

fn aligned(code: &StubCode) -> u64 {
    code.bytes.len().next_multiple_of(16) as u64
}

/// Puts stubs one after the other.
fn publish(cache: &CodeCache, codes: &[StubCode]) -> Result<CodeRegion, String> {
    let size: u64 = codes.iter().map(aligned).sum();
    let fill = |_, bytes: &mut [u8]| {
        let mut at = 0;
        for code in codes {
            bytes[at..at + code.bytes.len()].copy_from_slice(&code.bytes);
            at += aligned(code) as usize;
        }
    };
    cache.publish(size as usize, 16, fill).map_err(|error| error.to_string())
}

fn run(
    cache: &CodeCache,
    program: &Program,
    module: &Module,
    linked: LinkedProgram,
    stack: Range<u64>,
    collections: &mut (u64, u64),
) -> Result<Observed, String> {
    let mut memory = program.memory.clone();
    for (number, &address) in linked.addresses.iter().enumerate() {
        let at = plan::BASE + TABLE as u64 + 8 * number as u64;
        memory.store(at, 8, address).map_err(|_| "there is no table".to_owned())?;
    }
    // The word that polls test.
    memory.store(plan::BASE, 4, 1).map_err(|_| "there is no context".to_owned())?;
    push(&memory);
    let mut entry = Entry {
        callee: linked.addresses[program.entry.index()],
        context: plan::BASE,
        depth: program.depth,
        stack_top: if program.seed.is_multiple_of(3) { 0 } else { stack.end },
        arguments: ptr::null(),
        result: [0; 4],
    };
    let here = (&raw const entry).addr() as u64;
    let mut known = BTreeSet::new();
    known.extend(program.plan.layouts.iter().flat_map(|layout| layout.objects.iter().copied()));
    known.extend(program.plan.arrays.iter().flat_map(|array| [array.object, array.store]));
    let mut state = Run {
        program,
        module,
        world: World::new(program),
        memory,
        code: linked.code,
        landing: linked.landing,
        known,
        outcome: None,
        error: None,
        polls: 0,
        collections: (0, 0),
        entry: here,
        stacks: [stack, here.saturating_sub(1 << 20)..here + (1 << 16)],
        cache: cache.range(),
        fault: None,
    };
    RUN.set((&raw mut state).cast());
    // SAFETY: the address is that of a thunk for the signature.
    let thunk: Thunk =
        unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(linked.thunk as usize)) };
    set_timer(PATIENCE);
    // SAFETY: if the code is right, it touches only the program's memory. If it is not, this process is there to show that.
    let ended = unsafe { thunk(&mut entry) };
    set_timer(0);
    RUN.set(ptr::null_mut());
    collections.0 += state.collections.0;
    collections.1 += state.collections.1;
    if let Some((signal, pc, address)) = state.fault {
        let place = match state.code.function_at(pc + 1) {
            Some(function) => format!("{}+{:#x}", function.name, pc - function.range.start),
            None => format!("{pc:#x}"),
        };
        return Err(format!("signal {signal} at {place}, for the address {address:#x}"));
    }
    if let Some(error) = state.error {
        return Err(error);
    }
    let outcome = match state.outcome {
        Some(outcome) if ended == Ended::Resumed as u64 => outcome,
        None if ended == Ended::Returned as u64 => {
            let signature = module.signature(program.entry);
            Outcome::Returned(match signature.result.kind {
                Kind::None => None,
                kind => Some(value(kind, entry.result)),
            })
        }
        outcome => return Err(format!("it ended as {ended}, with {outcome:?}")),
    };
    if entry.depth as u32 != program.depth as u32 {
        return Err(format!(
            "N1: the depth is {} at the end, not {}",
            entry.depth as u32 as i32, program.depth
        ));
    }
    pull(&mut state.memory);
    Ok(Observed {
        outcome,
        memory: state.memory,
        log: state.world.log,
        polls: state.world.polls,
        own_frames_only: true,
    })
}

/// A value of a kind.
fn value(kind: Kind, words: [u64; 4]) -> Value {
    if kind.is_vector() {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Value::Vector(bytes)
    } else {
        Value::Bits(kind.canonical(words[0]))
    }
}

// ---- Handlers. ----

/// The run of this thread.
fn current() -> &'static mut Run<'static> {
    // SAFETY: handlers run only while the run is there, one at a time.
    unsafe { &mut *RUN.get() }
}

extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    let run = current();
    let left = run.left(state);
    run.end(state, 0, left.map(Outcome::Left));
    0
}

extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    let run = current();
    let mut regs = state.ints;
    let caught = run.walk(state.pc, state.fp, &mut regs, |frame, _| frame.handler().is_some());
    match caught {
        Ok(Some(frame)) => {
            state.ints = regs;
            state.resume_pc = frame.handler().unwrap_or(0);
            state.resume_sp = frame.sp();
            state.resume_fp = frame.fp;
        }
        Ok(None) => run.end(state, 0, Ok(Outcome::Raised)),
        Err(why) => run.end(state, 0, Err(why)),
    }
    0
}

extern "C" fn on_deep(state: &mut MachineState) -> u64 {
    // The function has counted itself, and was not entered.
    current().end(state, 1, Ok(Outcome::TooDeep(Symbol(1))));
    0
}

extern "C" fn on_poll(state: &mut MachineState) -> u64 {
    let run = current();
    run.polls += 1;
    let leaves = run.world.poll();
    if run.polls < 40 || run.polls.is_multiple_of(16) {
        run.collect(state.pc, state.fp, &[]);
    }
    u64::from(leaves)
}

extern "C" fn on_allocate(_: &mut MachineState) -> u64 {
    0
}

extern "C" fn on_outcall(call: &mut Outcall) -> u64 {
    let run = current();
    let func = Func(call.number as u32);
    let signature = run.module.signature(func);
    let mut arguments = Vec::new();
    for (index, ty) in signature.params.iter().enumerate() {
        // SAFETY: there are as many arguments as the signature has; none is a vector.
        let bits = unsafe { call.arguments.add(index).read() };
        let canonical = ty.kind.canonical(bits);
        if signature.convention == Convention::Orus && canonical != bits {
            run.fail(format!("N3: argument {index} of {} is {bits:#x}", run.module.funcs[func.index()].name));
        }
        arguments.push(Value::Bits(canonical));
    }
    if signature.convention == Convention::Orus && call.context != plan::BASE {
        run.fail(format!("the context is {:#x}", call.context));
    }
    pull(&mut run.memory);
    let called = run.world.call(func, &arguments, &mut run.memory);
    push(&run.memory);
    let result = match called {
        Called::Returned(value) => value.map_or(0, |value| value.bits()),
        Called::Raised => 0,
    };
    call.result[0] = result;
    if run.module.funcs[func.index()].effects.contains(Effects::COLLECTS) {
        let mut roots: Vec<u64> = Vec::new();
        let references = signature.params.iter().zip(&arguments).filter(|(ty, _)| ty.kind == Kind::Ref);
        roots.extend(references.map(|(_, value)| value.bits()));
        if signature.result.kind == Kind::Ref {
            roots.push(result);
        }
        run.collect(call.pc, call.fp, &roots);
    }
    u64::from(called == Called::Raised)
}

impl Run<'_> {
    fn fail(&mut self, why: String) {
        self.error.get_or_insert(why);
    }

    /// Visits frames from the innermost on, up to one for which `stop` holds; none if there is no such. `regs` are as they were in the
    /// frame that is visited, as far as callees save them; the depth is counted.
    fn walk(
        &self,
        mut pc: u64,
        mut fp: u64,
        regs: &mut [u64; 32],
        mut stop: impl FnMut(&FrameRef, &[u64; 32]) -> bool,
    ) -> Result<Option<FrameRef>, String> {
        for _ in 0..100_000 {
            if pc == self.landing.back {
                return Ok(None);
            }
            let frame =
                self.code.frame_at(pc, fp).ok_or_else(|| format!("N1: {pc:#x} is no return address"))?;
            if stop(&frame, regs) {
                return Ok(Some(frame));
            }
            unwind(&frame.function, fp, regs);
            (pc, fp) = (read(fp.wrapping_add(8)), read(fp));
        }
        Err("N1: the frames do not end".to_owned())
    }

    /// The thunk's frame pointer, as seen from a frame.
    fn base(&self, mut pc: u64, mut fp: u64, regs: &mut [u64; 32]) -> Result<u64, String> {
        let mut last = fp;
        self.walk(pc, fp, regs, |frame, _| {
            last = frame.fp;
            false
        })?;
        if pc == self.landing.back {
            return Ok(fp);
        }
        (pc, fp) = (read(last.wrapping_add(8)), read(last));
        if pc == self.landing.back { Ok(fp) } else { Err("N1: the last frame is not the thunk's".to_owned()) }
    }

    /// Ends the run: goes on at the thunk's landing.
    fn end(&mut self, state: &mut MachineState, counted: u64, outcome: Result<Outcome, String>) {
        let mut regs = state.ints;
        regs[DEPTH] = regs[DEPTH].wrapping_add(counted);
        let base = match &outcome {
            // The function that was left waits at no safepoint, but returns to one.
            Ok(Outcome::Left(_)) => match self.code.function_at(state.pc) {
                Some(function) => {
                    unwind(function, state.fp, &mut regs);
                    self.base(read(state.fp.wrapping_add(8)), read(state.fp), &mut regs)
                }
                None => Err(format!("N1: {:#x} is no exit", state.pc)),
            },
            _ => self.base(state.pc, state.fp, &mut regs),
        };
        match outcome {
            Ok(outcome) => self.outcome = Some(outcome),
            Err(why) => self.fail(why),
        }
        match base {
            Ok(base) => {
                state.ints = regs;
                state.resume_pc = self.landing.landing;
                state.resume_fp = base;
                state.resume_sp = base.wrapping_sub(self.landing.frame_bytes);
            }
            Err(why) => {
                // There is nowhere to go: the handler of signals knows how to get out.
                self.fail(why);
                state.resume_pc = self.cache.start;
                state.resume_fp = state.fp;
                state.resume_sp = state.fp;
                self.outcome = None;
            }
        }
    }

    /// What is known where a function is left.
    fn left(&self, state: &MachineState) -> Result<Left, String> {
        let function =
            self.code.function_at(state.pc).ok_or_else(|| format!("{:#x} is no exit", state.pc))?;
        let exit = function.exit(state.number).ok_or_else(|| format!("there is no exit {}", state.number))?;
        let tables = &function.tables;
        let slots = |range: &Range<u32>| -> Vec<Slot> {
            let places = &tables.exit_slots[range.start as usize..range.end as usize];
            let slot = |&place: &SlotPlace| match place {
                SlotPlace::Removed(object) => Slot::Object(object),
                SlotPlace::Dead => Slot::Dead,
                SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => {
                    let words = slot_bits(place, state, read).unwrap_or_default();
                    Slot::Value(kind, value(kind, words))
                }
            };
            places.iter().map(slot).collect()
        };
        let frames = tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize].iter();
        let frames: Vec<Frame> = frames
            .map(|frame| Frame {
                function: frame.function,
                position: frame.position,
                slots: slots(&frame.slots),
            })
            .collect();
        let objects = tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize].iter();
        let objects =
            objects.map(|object| Object { layout: object.layout, slots: slots(&object.slots) }).collect();
        Ok(Left { reason: exit.reason, own: frames.len(), frames, objects })
    }

    /// N2: looks at all that the maps list, and overwrites objects that nothing leads to.
    fn collect(&mut self, pc: u64, fp: u64, roots: &[u64]) {
        let mut work: Vec<u64> = roots.to_vec();
        let mut listed = 0;
        let walked = self.walk(pc, fp, &mut [0; 32], |frame, _| {
            for slot in frame.references() {
                listed += 1;
                work.push(read(slot));
            }
            false
        });
        if let Err(why) = walked {
            return self.fail(why);
        }
        self.collections.0 += 1;
        self.collections.1 += listed;
        work.extend(self.program.plan.references().map(|(slot, _)| read(slot)));
        let mut marked = BTreeSet::new();
        let mut error = None;
        while let Some(object) = work.pop() {
            if object == 0 || self.known.contains(&object) || !marked.insert(object) {
                continue;
            }
            let of = self.program.plan.layouts.iter().find(|layout| {
                let size = 8 + 8 * layout.fields.len() as u64;
                let at = object.wrapping_sub(layout.run.0);
                at < layout.run.1 && at.is_multiple_of(size)
            });
            match of {
                Some(layout) if read(object) == layout.header => {
                    work.extend((0..layout.references as u64).map(|field| read(object + 8 + 8 * field)));
                }
                _ => error = Some(format!("N2: {object:#x} is no object at a safepoint")),
            }
        }
        if let Some(error) = error {
            return self.fail(error);
        }
        for (index, layout) in self.program.plan.layouts.iter().enumerate() {
            let size = 8 + 8 * layout.fields.len() as u64;
            let cursor = read(plan::BASE + CURSORS as u64 + 16 * index as u64);
            let mut object = layout.run.0;
            while object < cursor {
                if !marked.contains(&object) {
                    for word in 0..size / 8 {
                        write(object + 8 * word, 0xdbdb_dbdb_dbdb_dbdb);
                    }
                }
                object += size;
            }
        }
    }
}

/// Leaves a frame: registers that its function has saved are as they were.
fn unwind(function: &Arc<Linked>, fp: u64, regs: &mut [u64; 32]) {
    for &(reg, offset) in &function.tables.saved {
        regs[reg.number() as usize] = read(fp.wrapping_add_signed(offset.into()));
    }
    if function.tables.checks_depth {
        regs[DEPTH] = regs[DEPTH].wrapping_add(1);
    }
}

// ---- Memory. ----

/// Reads a word of the program's memory, or of its stack.
fn read(address: u64) -> u64 {
    // SAFETY: addresses come from frame pointers, tables and objects; a wrong one is an error in what is tested, and faults.
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read_unaligned() }
}

fn write(address: u64, word: u64) {
    // SAFETY: addresses come from the plan.
    unsafe { ptr::with_exposed_provenance_mut::<u64>(address as usize).write(word) }
}

/// Maps the memory that programs have.
fn map_memory() -> Result<(), String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let base = ptr::with_exposed_provenance_mut(plan::BASE as usize);
    // SAFETY: the flags say that nothing is replaced which is there.
    let at =
        unsafe { libc::mmap(base, plan::SPAN as usize, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if at != base {
        return Err(format!("no memory at {:#x}: {}", plan::BASE, std::io::Error::last_os_error()));
    }
    at.expose_provenance();
    Ok(())
}

/// From a copy to the memory that the code sees.
fn push(memory: &Memory) {
    for region in memory.regions() {
        let to = ptr::with_exposed_provenance_mut::<u8>(region.base as usize);
        // SAFETY: the plan's regions are in what was mapped, which no Rust reference leads to.
        unsafe { ptr::copy_nonoverlapping(region.bytes.as_ptr(), to, region.bytes.len()) };
    }
}

/// And back.
fn pull(memory: &mut Memory) {
    for region in memory.regions_mut() {
        let from = ptr::with_exposed_provenance::<u8>(region.base as usize);
        // SAFETY: as in `push`.
        unsafe { ptr::copy_nonoverlapping(from, region.bytes.as_mut_ptr(), region.bytes.len()) };
    }
}

// ---- Signals. ----

fn set_timer(seconds: i64) {
    let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer =
        libc::itimerval { it_interval: none, it_value: libc::timeval { tv_sec: seconds, tv_usec: 0 } };
    // SAFETY: the structure is there.
    unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &raw const timer, ptr::null_mut()) };
}

fn handle_signals() {
    const BYTES: usize = 64 << 10;
    let memory: &'static mut [u8] = vec![0; BYTES].leak();
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: BYTES };
    // SAFETY: the memory is there for good.
    unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGTRAP, libc::SIGFPE, libc::SIGVTALRM] {
        // SAFETY: zeros are an empty action.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = on_signal;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the handler has the signature that the flags ask for.
        unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    }
}

/// If generated code was interrupted: goes on at the landing. Else the signal comes again, and ends the process; but a timer's goes on.
extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let run = RUN.get();
    // SAFETY: the system gives a context of this type, and if there is a run it is the one that was interrupted.
    let (registers, run) =
        unsafe { (&mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs, run.as_mut()) };
    let (rip, rbp) = (libc::REG_RIP as usize, libc::REG_RBP as usize);
    if let Some(run) = run
        && run.cache.contains(&(registers[rip] as u64))
    {
        let on_stack =
            |at: u64| run.stacks.iter().any(|range| range.contains(&at) && range.contains(&(at + 8)));
        let mut fp = registers[rbp] as u64;
        while on_stack(fp.wrapping_sub(48)) && on_stack(fp) {
            if read(fp - 48) == run.entry {
                // SAFETY: the system gives this for the signals that are handled.
                let address = unsafe { (*info).si_addr() }.addr() as u64;
                run.fault = Some((signal, registers[rip] as u64, address));
                registers[rip] = run.landing.landing as i64;
                registers[rbp] = fp as i64;
                return;
            }
            fp = read(fp);
        }
    }
    if signal != libc::SIGVTALRM {
        // SAFETY: the default handler needs nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
