//! Runs programs as machine code, in this process: compiled, linked, entered through a thunk.
//!
//! How it works. The memory of programs is mapped at the addresses that the plan gives it, so that compiled code and the evaluator see the
//! same ones. Each poll takes its slow path, so that polls are counted. A guard that fails, a raise that nothing catches, and too deep a
//! call end the run: the handler resumes at the thunk's landing. Functions outside are reached through generated code that hands their
//! arguments to [`World::outside`] as an array.
//!
//! What is seen of a guard that fails are the frames of the function that was left, not those of its callers.
#![allow(
    unsafe_code,
    reason = "it enters code that was generated, and reads and writes its memory and stack"
)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::c_void;

use orus::asm::x64::reg::*;
use orus::asm::x64::{Assembler, Mem as At};
use orus::code::{CacheOptions, CodeCache, CodeRegion, NativeStack, StackPool};
use orus::codegen::link::Placed;
use orus::codegen::runtime::{CodeMap, Entry, Handler, MachineState, Thunk, slot_bits};
use orus::codegen::x64::X64;
use orus::codegen::x64::stubs::StubCode;
use orus::codegen::{Compiled, Compiler, External, Options, SlotPlace, Stub};
use orus::ir::eval::{Called, Frame, Left, Object, Outcome, Outside, Slot, Value};
use orus::ir::module::Signature;
use orus::ir::types::{Func, Kind, Symbol};
use orus::regalloc::RegClass;

use crate::backend::{Backend, Evaluated, Observed};
use crate::config::Config;
use crate::fault::Fault;
use crate::host::{Words, World};
use crate::plan::{self, BASE, SPAN};
use crate::program::Program;

/// Where the context has the word that polls test.
const POLL_WORD: u64 = 0x10;
/// What is around regions of memory: it has to stay.
const MARK: u8 = 0xa7;
/// Bytes of it.
const MARKED: u64 = 16;

/// The memory of programs, at its place.
struct Mapped;

impl Mapped {
    fn new() -> Result<Mapped, String> {
        // SAFETY: a fresh mapping, which replaces none (MAP_FIXED_NOREPLACE).
        let at = unsafe {
            libc::mmap(
                BASE as *mut c_void,
                SPAN as usize,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE,
                -1,
                0,
            )
        };
        if at as u64 == BASE {
            return Ok(Mapped);
        }
        Err(format!("no memory at {BASE:#x}: {}", std::io::Error::last_os_error()))
    }

    /// The bytes of a region; of the whole mapping, none else.
    fn bytes(&mut self, base: u64, length: u64) -> &mut [u8] {
        assert!(base >= BASE && base + length <= BASE + SPAN, "{base:#x} is not in the memory of programs");
        // SAFETY: within the mapping, which only this type hands out, and compiled code uses, which does not run now.
        unsafe { std::slice::from_raw_parts_mut(base as *mut u8, length as usize) }
    }

    fn fill(&mut self, program: &Program) {
        for region in program.memory.regions() {
            let length = region.bytes.len() as u64;
            if region.base > BASE {
                self.bytes(region.base - MARKED, MARKED).fill(MARK);
            }
            self.bytes(region.base + length, MARKED).fill(MARK);
        }
        for region in program.memory.regions() {
            self.bytes(region.base, region.bytes.len() as u64).copy_from_slice(&region.bytes);
        }
    }

    /// Memory after a run. Fails if something was written beside the regions.
    fn take(&mut self, program: &Program) -> Result<orus::ir::eval::Memory, String> {
        let mut memory = program.memory.clone();
        for region in memory.regions_mut() {
            let length = region.bytes.len() as u64;
            region.bytes.copy_from_slice(self.bytes(region.base, length));
            let end = region.base + length;
            if self.bytes(end, MARKED).iter().any(|&byte| byte != MARK) {
                return Err(format!("it writes behind the memory that ends at {end:#x}"));
            }
            if region.base > BASE && self.bytes(region.base - MARKED, MARKED).iter().any(|&byte| byte != MARK)
            {
                return Err(format!("it writes before the memory at {:#x}", region.base));
            }
        }
        Ok(memory)
    }
}

/// The mapped memory while compiled code waits for a function outside.
struct Live;

impl Words for Live {
    fn load(&self, address: u64, length: usize) -> Result<u64, Outside> {
        inside(address, length)?;
        let mut word = [0; 8];
        // SAFETY: within the mapping; the code that uses it waits.
        unsafe { std::ptr::copy_nonoverlapping(address as *const u8, word.as_mut_ptr(), length) };
        Ok(u64::from_le_bytes(word))
    }

    fn store(&mut self, address: u64, length: usize, value: u64) -> Result<(), Outside> {
        inside(address, length)?;
        // SAFETY: within the mapping; the code that uses it waits.
        unsafe { std::ptr::copy_nonoverlapping(value.to_le_bytes().as_ptr(), address as *mut u8, length) };
        Ok(())
    }
}

fn inside(address: u64, length: usize) -> Result<(), Outside> {
    let end = address.checked_add(length as u64);
    if address >= BASE && length <= 8 && end.is_some_and(|end| end <= BASE + SPAN) {
        Ok(())
    } else {
        Err(Outside(address))
    }
}

/// A thunk in the cache.
struct Linked {
    address: u64,
    returns_at: u64,
    landing: u64,
    frame_bytes: u64,
}

/// Code for a set of features.
struct Target {
    compiler: Compiler<X64>,
    stubs: [u64; 3],
    raise: u64,
    limit: u64,
    thunks: BTreeMap<Kind, Linked>,
}

/// Machine code, made and run in this process.
pub struct Native {
    memory: Mapped,
    cache: CodeCache,
    stack: NativeStack,
    /// Without AVX2 and with.
    targets: [Target; 2],
    /// Regions of stubs, which stay.
    kept: Vec<CodeRegion>,
    evaluated: Evaluated,
}

/// A run that is going on.
struct Run<'p> {
    program: &'p Program,
    world: World<'p>,
    map: CodeMap,
    returns_at: u64,
    landing: u64,
    frame_bytes: u64,
    /// How it ends, if a handler ends it.
    outcome: Option<Outcome>,
    trouble: Option<String>,
}

thread_local! {
    static RUN: Cell<*mut Run<'static>> = const { Cell::new(std::ptr::null_mut()) };
}

/// The run that is going on.
fn current() -> &'static mut Run<'static> {
    // SAFETY: set for as long as compiled code runs, and handlers are called only by it, one at a time; they use it only for their own time.
    unsafe { &mut *RUN.with(Cell::get) }
}

/// A word of the stack.
fn read(address: u64) -> u64 {
    // SAFETY: an address in a frame of compiled code, as its tables or the chain of frames give it.
    unsafe { *(address as *const u64) }
}

impl Run<'_> {
    /// Resumes at the thunk's landing: the frame whose caller waits at `pc`, with the caller's frame pointer, may be any.
    fn end(&mut self, state: &mut MachineState, mut pc: u64, mut fp: u64, outcome: Result<Outcome, String>) {
        // The chain ends at the thunk. Wrong code may have broken it: then there is no going on.
        let mut frames = 0;
        while pc != self.returns_at {
            frames += 1;
            assert!(frames < 100_000 && fp != 0, "the chain of frames is broken");
            (pc, fp) = (read(fp + 8), read(fp));
        }
        match outcome {
            Ok(outcome) => self.outcome = Some(outcome),
            Err(why) => self.trouble = Some(why),
        }
        state.resume_pc = self.landing;
        state.resume_fp = fp;
        state.resume_sp = fp - self.frame_bytes;
    }

    fn left(&self, state: &MachineState) -> Result<Outcome, String> {
        let unknown = || format!("no exit {} is known at {:#x}", state.number, state.pc);
        let function = self.map.function_at(state.pc).ok_or_else(unknown)?;
        let exit = function.exit(state.number).ok_or_else(unknown)?;
        let tables = &function.tables;
        let slots = |range: &std::ops::Range<u32>| -> Vec<Slot> {
            let places = &tables.exit_slots[range.start as usize..range.end as usize];
            places.iter().map(|&place| slot(place, state)).collect()
        };
        let frames = &tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize];
        let frames: Vec<Frame> = frames
            .iter()
            .map(|frame| Frame {
                function: frame.function,
                position: frame.position,
                slots: slots(&frame.slots),
            })
            .collect();
        let objects = &tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize];
        let objects = objects
            .iter()
            .map(|object| Object { layout: object.layout, slots: slots(&object.slots) })
            .collect();
        Ok(Outcome::Left(Left { reason: exit.reason, own: frames.len(), frames, objects }))
    }
}

fn slot(place: SlotPlace, state: &MachineState) -> Slot {
    let kind = match place {
        SlotPlace::Dead => return Slot::Dead,
        SlotPlace::Removed(number) => return Slot::Object(number),
        SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => kind,
    };
    let words = slot_bits(place, state, read).unwrap_or_default();
    Slot::Value(kind, Value::Bits(words[0]))
}

extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    let run = current();
    let outcome = run.left(state);
    let (pc, fp) = (read(state.fp + 8), read(state.fp));
    run.end(state, pc, fp, outcome);
    0
}

extern "C" fn on_poll(_: &mut MachineState) -> u64 {
    u64::from(orus::ir::eval::Host::poll(&mut current().world))
}

extern "C" fn on_allocate(_: &mut MachineState) -> u64 {
    // There is no more room than the free runs have.
    0
}

extern "C" fn on_depth(state: &mut MachineState) -> u64 {
    let (pc, fp) = (state.pc, state.fp);
    current().end(state, pc, fp, Ok(Outcome::TooDeep(Symbol(1))));
    0
}

extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    let run = current();
    let (mut pc, mut fp) = (state.pc, state.fp);
    while pc != run.returns_at {
        let Some(frame) = run.map.frame_at(pc, fp) else {
            run.end(state, pc, fp, Err(format!("no call is known that returns to {pc:#x}")));
            return 0;
        };
        if let Some(handler) = frame.handler() {
            state.resume_pc = handler;
            state.resume_sp = frame.sp();
            state.resume_fp = fp;
            return 0;
        }
        // What its epilogue would have put back.
        for &(reg, offset) in &frame.function.tables.saved {
            if reg.class() == RegClass::Int {
                state.ints[reg.number() as usize] = read(fp.wrapping_add_signed(i64::from(offset)));
            }
        }
        if frame.function.tables.checks_depth {
            state.ints[14] += 1;
        }
        (pc, fp) = (read(fp + 8), read(fp));
    }
    run.end(state, pc, fp, Ok(Outcome::Raised));
    0
}

/// Called by the code that [`gather`] makes: the result is whether the function raised.
extern "C" fn on_call(func: u64, arguments: *const u64, result: *mut u64) -> u64 {
    let run = current();
    let func = Func(func as u32);
    let takes = &run.program.funcs[func.index()];
    let values: Vec<Value> = takes
        .params
        .iter()
        .enumerate()
        .map(|(index, passed)| {
            // SAFETY: the code has put a word there for each parameter.
            let word = unsafe { *arguments.add(index) };
            Value::Bits(passed.kind.canonical(word))
        })
        .collect();
    let called = run.world.outside(func, &values, &mut Live);
    match called.unwrap_or(Called::Raised) {
        Called::Raised => 1,
        Called::Returned(value) => {
            let junk = match takes.result.kind {
                Kind::I32 | Kind::U32 => 0xdead_beef << 32,
                Kind::Bool => 0xdead_be00,
                _ => 0,
            };
            // SAFETY: the code has a word for it.
            unsafe { *result = value.map_or(0, |value| value.bits()) | junk };
            0
        }
    }
}

/// A function of the system's convention that hands its arguments on as an array, and returns result and whether it raised, as a helper does.
fn gather(func: Func, signature: &Signature) -> Result<Vec<u8>, String> {
    let mut asm = Assembler::new();
    let asm = &mut asm;
    let count = signature.params.len() as i32;
    let regs = [RDI, RSI, RDX, RCX, R8, R9];
    asm.endbr64();
    asm.push_r64(RBP);
    asm.mov_r64_r64(RBP, RSP);
    asm.sub_r64_i32(RSP, (8 * count + 8 + 15) & !15);
    let (mut ints, mut floats, mut stack) = (0, 0u8, 16);
    for (index, ty) in (0..).zip(&signature.params) {
        let to = At::base(RSP, 8 * index);
        if ty.kind == Kind::F64 && floats < 8 {
            asm.movsd_m64_x(to, Xmm::from_low_bits(floats));
            floats += 1;
        } else if ty.kind != Kind::F64 && ints < regs.len() {
            asm.mov_m64_r64(to, regs[ints]);
            ints += 1;
        } else {
            asm.mov_r64_m64(RAX, At::base(RBP, stack));
            asm.mov_m64_r64(to, RAX);
            stack += 8;
        }
    }
    let result = At::base(RSP, 8 * count);
    asm.mov_r64_i64(RDI, i64::from(func.0));
    asm.mov_r64_r64(RSI, RSP);
    asm.lea_r64_m(RDX, result);
    asm.mov_r64_i64(RAX, on_call as *const () as i64);
    asm.call_r64(RAX);
    match signature.result.kind {
        Kind::None => {}
        Kind::F64 => asm.movsd_x_m64(XMM0, result),
        _ => {
            asm.mov_r64_r64(RDX, RAX);
            asm.mov_r64_m64(RAX, result);
        }
    }
    asm.mov_r64_r64(RSP, RBP);
    asm.pop_r64(RBP);
    asm.ret();
    Ok(asm.finish().map_err(|error| error.to_string())?.bytes().to_vec())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Native {
    /// Maps memory, makes stubs.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn new(verify: bool, fault: Option<Fault>) -> Result<Native, String> {
        let cache = CodeCache::new(CacheOptions::default()).map_err(text)?;
        let mut kept = Vec::new();
        let mut target = |isa: X64| -> Result<Target, String> {
            let mut put = |code: Result<StubCode, orus::asm::AsmError>| -> Result<u64, String> {
                publish(&cache, &code.map_err(text)?.bytes, &mut kept)
            };
            let at = |handler: Handler| handler as *const () as u64;
            Ok(Target {
                stubs: [
                    put(isa.exit_stub(at(on_exit)))?,
                    put(isa.slow_path_stub(at(on_poll)))?,
                    put(isa.slow_path_stub(at(on_allocate)))?,
                ],
                raise: put(isa.raise_stub(at(on_raise)))?,
                limit: put(isa.raise_stub(at(on_depth)))?,
                compiler: Compiler::new(isa),
                thunks: BTreeMap::new(),
            })
        };
        let targets = [target(X64::baseline())?, target(X64::host())?];
        let stack = StackPool::new(4 << 20).take().map_err(text)?;
        let evaluated = Evaluated::new(verify, fault);
        Ok(Native { memory: Mapped::new()?, cache, stack, targets, kept, evaluated })
    }

    /// Links a program's functions; gives their addresses.
    fn link(
        &mut self,
        program: &Program,
        config: &Config,
        map: &mut CodeMap,
        regions: &mut Vec<CodeRegion>,
    ) -> Result<Vec<u64>, String> {
        let bodies = self.evaluated.optimized(program, config);
        let target = &mut self.targets[usize::from(config.avx2)];
        let registers = match config.registers {
            0 => None,
            count => Some((usize::from(count), usize::from(count) / 2)),
        };
        let options = Options { registers, poll_offset: POLL_WORD as i32, ..Options::default() };
        let near = |external| external != External::Symbol(Symbol(0));
        let mut addresses = Vec::new();
        let mut placed = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            let func = Func(number as u32);
            match body {
                Some(body) => {
                    let compiled: &Compiled =
                        target.compiler.compile(body, &program.module, &options).map_err(text)?;
                    let place = Placed::new::<X64>(&self.cache, &body.name, compiled, near).map_err(text)?;
                    addresses.push(place.address());
                    placed.push(place);
                }
                None => {
                    let signature = program.module.signature(func);
                    let code = gather(func, signature)?;
                    let gathered = publish(&self.cache, &code, regions)?;
                    let stub =
                        target.compiler.isa.helper_stub(signature, gathered, target.raise).map_err(text)?;
                    addresses.push(publish(&self.cache, &stub.bytes, regions)?);
                }
            }
        }
        let stubs = target.stubs;
        let limit = target.limit;
        for place in placed {
            let (region, linked) = place
                .publish::<X64>(|external| match external {
                    External::Func(func) => addresses.get(func.index()).copied(),
                    External::Symbol(Symbol(0)) => Some(plan::ARENA),
                    External::Symbol(_) => Some(limit),
                    External::Stub(Stub::Exit) => Some(stubs[0]),
                    External::Stub(Stub::Poll) => Some(stubs[1]),
                    External::Stub(Stub::Allocate) => Some(stubs[2]),
                })
                .map_err(text)?;
            regions.push(region);
            map.insert(linked);
        }
        Ok(addresses)
    }

    fn execute(
        &mut self,
        program: &Program,
        config: &Config,
        map: CodeMap,
        addresses: &[u64],
    ) -> Result<Observed, String> {
        let target = &mut self.targets[usize::from(config.avx2)];
        let signature = program.module.signature(program.entry);
        let kind = signature.result.kind;
        if let std::collections::btree_map::Entry::Vacant(vacant) = target.thunks.entry(kind) {
            let code = target.compiler.isa.thunk(signature).map_err(text)?;
            let address = publish(&self.cache, &code.bytes, &mut self.kept)?;
            vacant.insert(Linked {
                address,
                returns_at: address + u64::from(code.return_offset),
                landing: address + u64::from(code.landing_offset),
                frame_bytes: u64::from(code.frame_bytes),
            });
        }
        let thunk = &target.thunks[&kind];
        self.memory.fill(program);
        self.memory.bytes(BASE + POLL_WORD, 1)[0] = 1;
        for (number, address) in addresses.iter().enumerate() {
            let at = BASE + plan::TABLE as u64 + 8 * number as u64;
            self.memory.bytes(at, 8).copy_from_slice(&address.to_le_bytes());
        }
        let mut run = Run {
            program,
            world: World::new(program),
            map,
            returns_at: thunk.returns_at,
            landing: thunk.landing,
            frame_bytes: thunk.frame_bytes,
            outcome: None,
            trouble: None,
        };
        let mut entry = Entry {
            callee: addresses[program.entry.index()],
            context: BASE,
            depth: program.depth,
            stack_top: self.stack.range().end,
            arguments: std::ptr::null(),
            result: [0; 4],
        };
        RUN.with(|cell| cell.set((&raw mut run).cast()));
        // SAFETY: the thunk is code of this type; what it enters was compiled from a program that the verifier accepts.
        let ended = unsafe {
            let thunk: Thunk = std::mem::transmute(thunk.address as *const ());
            thunk(&mut entry)
        };
        RUN.with(|cell| cell.set(std::ptr::null_mut()));
        if let Some(trouble) = run.trouble {
            return Err(trouble);
        }
        let outcome = match (ended, run.outcome) {
            (0, None) if kind == Kind::None => Outcome::Returned(None),
            (0, None) => Outcome::Returned(Some(Value::Bits(kind.canonical(entry.result[0])))),
            (1, Some(outcome)) => outcome,
            (ended, outcome) => return Err(format!("it ends with {ended} and {outcome:?}")),
        };
        // A function that returns has given back its depth.
        if matches!(outcome, Outcome::Returned(_)) && entry.depth as u32 != program.depth as u32 {
            return Err(format!("the depth is {} at the end, not {}", entry.depth, program.depth));
        }
        let memory = self.memory.take(program)?;
        Ok(Observed { outcome, memory, log: run.world.log, polls: run.world.polls, own_frames_only: true })
    }
}

fn publish(cache: &CodeCache, bytes: &[u8], regions: &mut Vec<CodeRegion>) -> Result<u64, String> {
    let region = cache.publish(bytes.len(), 16, |_, to| to.copy_from_slice(bytes)).map_err(text)?;
    let address = region.address();
    regions.push(region);
    Ok(address)
}

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, program: &Program, config: &Config) -> Result<Observed, String> {
        let mut map = CodeMap::default();
        let mut regions = Vec::new();
        let linked = self.link(program, config, &mut map, &mut regions);
        let observed = linked.and_then(|addresses| self.execute(program, config, map, &addresses));
        for region in regions {
            // SAFETY: the run is over, and nobody else knows the code.
            unsafe { region.free() };
        }
        observed
    }
}
