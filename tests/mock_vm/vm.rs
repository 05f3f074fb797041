//! A VM as small as can be, which meets compiled code as the real one does.
//!
//! Its bytecode is the IR before it is optimised, its interpreter the evaluator: a frame state `function@position` names a function, and the
//! block at which to go on, whose parameters are the slots (and, for a frame that waits for an inlined callee, the result behind them).
//!
//! What is compiled, interpreted, or Rust, calls what is either of these. Where compiled code ends and something else begins there is a
//! [`Boundary`]; walkers know only these, and frame pointers.
//!
//! What is checked of maps. A slot that no map lists may hold a number that is still needed, so slots cannot be overwritten. But objects can:
//! whatever is not reached from the listed slots is poisoned and given out again, so a reference that a map lacks leads to poison or to
//! another object; and whatever is listed has to be an object, so a map that lists too much is noticed once the slot holds something else. The
//! evaluator's frames have no maps: while it is running, what is listed is checked, and nothing is freed.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use orus::code::{CacheOptions, CodeCache, CodeRegion, NativeStack, StackPool};
use orus::codegen::link::Placed;
use orus::codegen::runtime::{CodeMap, Entry, FrameRef, Linked, MachineState, Outcall, Thunk, slot_bits};
use orus::codegen::x64::X64;
use orus::codegen::x64::stubs::StubCode;
use orus::codegen::{Compiler, External, Options, SlotPlace, Stub};
use orus::ir::eval::{Called, Evaluator, Frame, Host, Left, Limits, Memory, Object, Outcome, Slot, Value};
use orus::ir::parse::parse_module;
use orus::ir::verify::verify;
use orus::ir::{Block, Convention, Func, Function, Kind, Module, Reason, Symbol, TypeId};
use orus::opt::{self, Analyses, Level, optimize};

use super::heap::Heap;

/// The number of the register with the depth.
const DEPTH: usize = 14;

/// How a call ends.
#[derive(Clone, PartialEq, Debug)]
pub enum End {
    Returned(Option<Value>),
    Raised,
    TooDeep,
}

/// A function that is Rust's.
pub type Outside = fn(&Vm, &[Value], u64) -> Called;

/// How a function runs.
#[derive(Clone, Copy)]
pub enum Tier {
    Compiled,
    Interpreted,
    Outside(Outside),
}

/// Where compiled code was entered, and where it was left last.
#[derive(Clone, Copy, Debug)]
struct Boundary {
    thunk: ThunkPlace,
    pc: u64,
    fp: u64,
}

#[derive(Clone, Copy, Debug)]
struct ThunkPlace {
    entry: u64,
    back: u64,
    landing: u64,
    frame_bytes: u64,
}

/// What happened.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    pub exits: u64,
    pub rebuilt: u64,
    pub collections: u64,
    pub listed: u64,
    pub polls: u64,
    pub slow: u64,
    pub caught: u64,
    pub entries: u64,
}

pub struct Vm {
    pub module: Module,
    bodies: Vec<Option<Function>>,
    tiers: Vec<Tier>,
    addresses: Vec<u64>,
    thunks: Vec<ThunkPlace>,
    code: CodeMap,
    regions: Vec<CodeRegion>,
    pub heap: Heap,
    stack: Option<NativeStack>,
    boundaries: RefCell<Vec<Boundary>>,
    /// Why the innermost entry did not return.
    ended: Cell<Option<bool>>,
    interpreting: Cell<u32>,
    pub counts: Cell<Counts>,
    /// A poll whose word is set leaves; else it collects.
    pub interrupts: Cell<bool>,
    /// Each interpreted function has an evaluator of its own, so that its callers are there when it is left.
    pub apart: Cell<bool>,
    /// A planted fault: the last reference of each map is not seen.
    pub forgets: Cell<bool>,
}

thread_local! {
    static VM: Cell<*const Vm> = const { Cell::new(ptr::null()) };
}

fn vm() -> &'static Vm {
    // SAFETY: it is set while a VM of this thread runs, by `Vm::call`.
    unsafe { &*VM.get() }
}

impl Vm {
    /// Makes one of a module's text, where the tiers of functions are given by name; others are compiled.
    pub fn new(text: &str, level: Level, registers: usize, cells: u64, tiers: &[(&str, Tier)]) -> Vm {
        let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
        let module = parsed.module;
        let mut bodies: Vec<Option<Function>> = vec![None; module.funcs.len()];
        for (func, body) in parsed.functions {
            verify(&body, &module).unwrap_or_else(|error| panic!("{error}"));
            bodies[func.index()] = Some(body);
        }
        let tier = |name: &str| {
            tiers.iter().find(|(known, _)| *known == name).map_or(Tier::Compiled, |(_, tier)| *tier)
        };
        let tiers: Vec<Tier> = module.funcs.iter().map(|decl| tier(&decl.name)).collect();
        let mut vm = Vm {
            module,
            bodies,
            tiers,
            addresses: Vec::new(),
            thunks: Vec::new(),
            code: CodeMap::default(),
            regions: Vec::new(),
            heap: Heap::new(cells),
            stack: None,
            boundaries: RefCell::default(),
            ended: Cell::new(None),
            interpreting: Cell::new(0),
            counts: Cell::default(),
            interrupts: Cell::new(false),
            apart: Cell::new(false),
            forgets: Cell::new(false),
        };
        vm.compile(level, registers);
        vm
    }

    fn compile(&mut self, level: Level, registers: usize) {
        let cache = CodeCache::new(CacheOptions::default()).expect("a code cache");
        let isa = X64::host();
        let mut regions = Vec::new();
        let mut publish = |code: Result<StubCode, orus::asm::AsmError>| {
            let code = code.expect("a stub");
            let fill = |_, bytes: &mut [u8]| bytes.copy_from_slice(&code.bytes);
            let region = cache.publish(code.bytes.len(), 16, fill).expect("room");
            let address = region.address();
            regions.push(region);
            (address, code)
        };
        let handler = |handler: extern "C" fn(&mut MachineState) -> u64| handler as usize as u64;
        let (exit, _) = publish(isa.exit_stub(handler(on_exit)));
        let (poll, _) = publish(isa.slow_path_stub(handler(on_poll)));
        let (allocate, _) = publish(isa.slow_path_stub(handler(on_allocate)));
        let (raise, _) = publish(isa.raise_stub(handler(on_raise)));
        let (deep, _) = publish(isa.raise_stub(handler(on_deep)));
        let outcall = on_outcall as extern "C" fn(&mut Outcall) -> u64 as usize as u64;
        for sig in &self.module.sigs {
            let (entry, code) = publish(isa.thunk(sig));
            self.thunks.push(ThunkPlace {
                entry,
                back: entry + u64::from(code.return_offset),
                landing: entry + u64::from(code.landing_offset),
                frame_bytes: code.frame_bytes.into(),
            });
        }
        let mut compiler = Compiler::new(isa);
        let options = Options {
            registers: (registers > 0).then_some((registers, registers.saturating_sub(2))),
            ..Options::default()
        };
        let optimizer = opt::Options::new(level);
        let all: Vec<Option<&Function>> = self.bodies.iter().map(Option::as_ref).collect();
        let mut placed = Vec::new();
        for (index, decl) in self.module.funcs.iter().enumerate() {
            let signature = &self.module.sigs[decl.sig.index()];
            self.addresses.push(match (self.tiers[index], &self.bodies[index]) {
                (Tier::Compiled, Some(body)) => {
                    let mut body = body.clone();
                    optimize(&mut body, &self.module, &all, &optimizer, &mut Analyses::new());
                    let compiled = compiler.compile(&body, &self.module, &options).expect("it compiles");
                    let place = Placed::new::<X64>(&cache, &decl.name, compiled, |_| true).expect("room");
                    let address = place.address();
                    placed.push(place);
                    address
                }
                _ => publish(isa.outcall_stub(signature, outcall, index as u64, raise, true)).0,
            });
        }
        let address = |external| {
            Some(match external {
                External::Func(func) => self.addresses[func.index()],
                External::Symbol(_) => deep,
                External::Stub(Stub::Exit) => exit,
                External::Stub(Stub::Poll) => poll,
                External::Stub(Stub::Allocate) => allocate,
            })
        };
        for place in placed {
            let (region, linked) = place.publish::<X64>(address).expect("it is linked");
            regions.push(region);
            self.code.insert(linked);
        }
        self.regions = regions;
        self.stack = Some(StackPool::new(256 << 20).take().expect("a stack"));
    }

    pub fn func(&self, name: &str) -> Func {
        let index = self.module.funcs.iter().position(|decl| decl.name == name).expect("it is declared");
        Func(index as u32)
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    /// Calls a function by name, with numbers.
    pub fn run(&self, name: &str, arguments: &[(Kind, u64)], depth: u64) -> End {
        let arguments: Vec<Value> =
            arguments.iter().map(|&(kind, bits)| Value::Bits(kind.canonical(bits))).collect();
        self.call(self.func(name), &arguments, depth)
    }

    /// What the evaluator says of the same, without compiled code.
    pub fn expected(&self, name: &str, arguments: &[(Kind, u64)], depth: u64) -> End {
        let arguments: Vec<Value> =
            arguments.iter().map(|&(kind, bits)| Value::Bits(kind.canonical(bits))).collect();
        let bodies: Vec<Option<&Function>> = self.bodies.iter().map(Option::as_ref).collect();
        self.evaluate(&bodies, (self.func(name), None), &arguments, depth)
    }

    /// Calls a function in its tier.
    pub fn call(&self, func: Func, arguments: &[Value], depth: u64) -> End {
        match self.tiers[func.index()] {
            Tier::Interpreted => self.evaluate(&self.interpreted(func), (func, None), arguments, depth),
            Tier::Outside(outside) => match outside(self, arguments, depth) {
                Called::Returned(value) => End::Returned(value),
                Called::Raised => End::Raised,
            },
            Tier::Compiled => self.enter(func, arguments, depth),
        }
    }

    /// Enters compiled code.
    fn enter(&self, func: Func, arguments: &[Value], depth: u64) -> End {
        let sig = self.module.funcs[func.index()].sig;
        let thunk = self.thunks[sig.index()];
        let words: Vec<u64> = arguments.iter().map(Value::bits).collect();
        let outermost = self.boundaries.borrow().is_empty();
        let top = self.stack.as_ref().expect("a stack").range().end;
        let mut entry = Entry {
            callee: self.addresses[func.index()],
            context: self.heap.context(),
            depth,
            // Those within run on the stack that they are on.
            stack_top: if outermost { top } else { 0 },
            arguments: words.as_ptr(),
            result: [0; 4],
        };
        self.boundaries.borrow_mut().push(Boundary { thunk, pc: thunk.back, fp: 0 });
        let before = VM.replace(ptr::from_ref(self));
        self.count(|counts| counts.entries += 1);
        // SAFETY: the stub is a function of this type.
        let code: Thunk =
            unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(thunk.entry as usize)) };
        // SAFETY: the function was compiled for the signature of the thunk; it works on the heap.
        let resumed = unsafe { code(&mut entry) };
        VM.set(before);
        self.boundaries.borrow_mut().pop();
        if self.module.sigs[sig.index()].convention == Convention::Orus {
            assert_eq!(entry.depth as u32, depth as u32, "the depth is what it was");
        }
        if resumed == 0 {
            return End::Returned(match self.module.signature(func).result.kind {
                Kind::None => None,
                kind => Some(Value::Bits(kind.canonical(entry.result[0]))),
            });
        }
        if self.ended.take().expect("it says why") { End::TooDeep } else { End::Raised }
    }

    // ---- The interpreter. ----

    /// The bodies that the evaluator sees while it runs a function: that one, and those that are interpreted anyway.
    fn interpreted(&self, func: Func) -> Vec<Option<&Function>> {
        let seen = |index: usize| match self.tiers[index] {
            _ if index == func.index() => true,
            Tier::Interpreted => !self.apart.get(),
            _ => false,
        };
        self.bodies.iter().enumerate().map(|(index, body)| body.as_ref().filter(|_| seen(index))).collect()
    }

    fn evaluate(
        &self,
        bodies: &[Option<&Function>],
        (func, block): (Func, Option<Block>),
        arguments: &[Value],
        depth: u64,
    ) -> End {
        let mut memory = self.heap.pull();
        let mut host = Guest { vm: self };
        let limits = Limits { depth, frames: 1 << 20, ..Limits::default() };
        let mut evaluator = Evaluator::default();
        self.interpreting.set(self.interpreting.get() + 1);
        let outcome = match block {
            None => evaluator.run(&self.module, bodies, func, arguments, &mut host, &mut memory, limits),
            Some(block) => {
                let at = (func, block);
                evaluator.resume(&self.module, bodies, at, arguments, &mut host, &mut memory, limits)
            }
        };
        self.heap.push(&memory);
        let end = match outcome {
            Outcome::Returned(value) => End::Returned(value),
            Outcome::Raised => End::Raised,
            Outcome::TooDeep(_) => End::TooDeep,
            Outcome::Left(left) => self.go_on(&left, depth),
            Outcome::Trap(trap) => panic!("{trap:?}"),
        };
        self.interpreting.set(self.interpreting.get() - 1);
        end
    }

    /// Goes on where a function was left: makes what was removed, then runs its frames, the innermost first.
    fn go_on(&self, left: &Left, depth: u64) -> End {
        self.interpreting.set(self.interpreting.get() + 1);
        let made: Vec<u64> = left
            .objects
            .iter()
            .map(|object| {
                self.heap.allocate(&self.module.layouts[object.layout.index()]).expect("room for it")
            })
            .collect();
        let value = |slot: &Slot| match *slot {
            // Nobody reads it.
            Slot::Dead => Value::Bits(0xdead_dead_dead_dead),
            Slot::Value(_, value) => value,
            Slot::Object(number) => Value::Bits(made[number as usize]),
        };
        for (object, &at) in left.objects.iter().zip(&made) {
            for (field, slot) in object.slots.iter().enumerate() {
                self.heap.write(at + 8 + 8 * field as u64, value(slot).bits());
            }
        }
        self.count(|counts| counts.rebuilt += made.len() as u64);
        let mut end = End::Returned(None);
        for (number, frame) in left.frames[..left.own].iter().enumerate() {
            let mut arguments: Vec<Value> = frame.slots.iter().map(value).collect();
            match end {
                End::Returned(value) if number > 0 => arguments.extend(value),
                End::Returned(_) => {}
                _ => break,
            }
            // The frame is the interpreter's, whatever the function's tier.
            let bodies = self.interpreted(Func(frame.function));
            end = self.evaluate(
                &bodies,
                (Func(frame.function), Some(Block(frame.position))),
                &arguments,
                depth,
            );
        }
        self.interpreting.set(self.interpreting.get() - 1);
        end
    }

    // ---- Walking. ----

    /// Visits the frames of the innermost entry, up to one for which `stop` holds; else gives the thunk's frame pointer.
    fn walk(
        &self,
        mut pc: u64,
        mut fp: u64,
        back: u64,
        regs: &mut [u64; 32],
        mut stop: impl FnMut(&FrameRef) -> bool,
    ) -> Result<FrameRef, u64> {
        while pc != back {
            let frame = self.code.frame_at(pc, fp).expect("a known return address");
            if stop(&frame) {
                return Ok(frame);
            }
            unwind(&frame.function, fp, regs);
            (pc, fp) = (stack_word(fp + 8), stack_word(fp));
        }
        Err(fp)
    }

    /// Collects, with what the maps of all frames list, and more roots.
    pub fn collect(&self, roots: &[u64]) {
        let mut roots = roots.to_vec();
        let before = roots.len();
        for boundary in self.boundaries.borrow().iter().rev() {
            let _ = self.walk(boundary.pc, boundary.fp, boundary.thunk.back, &mut [0; 32], |frame| {
                let of_callees = roots.len();
                roots.extend(frame.references().map(stack_word));
                if self.forgets.get() && roots.len() > of_callees {
                    roots.pop();
                }
                false
            });
        }
        self.count(|counts| {
            counts.collections += 1;
            counts.listed += (roots.len() - before) as u64;
        });
        self.heap.collect(&self.module, &roots, self.interpreting.get() == 0);
    }

    /// Compiled code was left at this place.
    fn left_at(&self, pc: u64, fp: u64) -> Boundary {
        let mut boundaries = self.boundaries.borrow_mut();
        let top = boundaries.last_mut().expect("code was entered");
        (top.pc, top.fp) = (pc, fp);
        *top
    }

    /// Unwinds from a call to the handler, or else to the entry.
    fn raise(&self, state: &mut MachineState, pc: u64, fp: u64) {
        let boundary = self.left_at(pc, fp);
        let mut regs = state.ints;
        match self.walk(pc, fp, boundary.thunk.back, &mut regs, |frame| frame.handler().is_some()) {
            Ok(frame) => {
                self.count(|counts| counts.caught += 1);
                state.resume_pc = frame.handler().expect("it has one");
                state.resume_sp = frame.sp();
                state.resume_fp = frame.fp;
            }
            Err(base) => self.land(state, boundary, base, false),
        }
        state.ints = regs;
    }

    fn land(&self, state: &mut MachineState, boundary: Boundary, base: u64, too_deep: bool) {
        self.ended.set(Some(too_deep));
        state.resume_pc = boundary.thunk.landing;
        state.resume_fp = base;
        state.resume_sp = base - boundary.thunk.frame_bytes;
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        for region in self.regions.drain(..) {
            // SAFETY: nothing runs any more.
            unsafe { region.free() };
        }
    }
}

/// Leaves a frame: what its function saved is as it was.
fn unwind(function: &Linked, fp: u64, regs: &mut [u64; 32]) {
    for &(reg, offset) in &function.tables.saved {
        regs[reg.number() as usize] = stack_word(fp.wrapping_add_signed(offset.into()));
    }
    if function.tables.checks_depth {
        regs[DEPTH] = (regs[DEPTH] as u32).wrapping_add(1).into();
    }
}

fn stack_word(address: u64) -> u64 {
    // SAFETY: frame pointers, and tables, lead to it.
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read() }
}

/// The evaluator's outside.
struct Guest<'a> {
    vm: &'a Vm,
}

impl Host for Guest<'_> {
    fn call(&mut self, func: Func, arguments: &[Value], memory: &mut Memory) -> Called {
        self.call_at(func, arguments, memory, 1_000)
    }

    fn call_at(&mut self, func: Func, arguments: &[Value], memory: &mut Memory, depth: u64) -> Called {
        self.vm.heap.push(memory);
        let end = self.vm.call(func, arguments, depth);
        *memory = self.vm.heap.pull();
        match end {
            End::Returned(value) => Called::Returned(value),
            End::Raised => Called::Raised,
            End::TooDeep => panic!("too deep within the interpreter"),
        }
    }

    fn poll(&mut self) -> bool {
        false
    }

    fn context(&self) -> u64 {
        self.vm.heap.context()
    }

    fn symbol(&self, _: Symbol) -> u64 {
        0
    }

    fn function_at(&self, address: u64) -> Option<Func> {
        self.vm.addresses.iter().position(|&known| known == address).map(|index| Func(index as u32))
    }

    fn allocate(&mut self, id: TypeId, _: &orus::ir::Layout, memory: &mut Memory) -> Option<u64> {
        self.vm.heap.push(memory);
        let object = self.vm.heap.allocate(&self.vm.module.layouts[id.index()]);
        *memory = self.vm.heap.pull();
        object
    }
}

// ---- Handlers. ----

extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    let vm = vm();
    let function = Arc::clone(vm.code.function_at(state.pc).expect("the function that is left"));
    let left = left(&function, state);
    vm.count(|counts| counts.exits += 1);
    // The frame is not at a safepoint: what it holds is in the frame state.
    let (pc, fp) = (stack_word(state.fp + 8), stack_word(state.fp));
    let boundary = vm.left_at(pc, fp);
    if left.reason == Reason::Memory {
        let slots = left.frames.iter().map(|frame| &frame.slots);
        let slots = slots.chain(left.objects.iter().map(|object| &object.slots)).flatten();
        let references = slots.filter_map(|slot| match slot {
            Slot::Value(Kind::Ref, value) => Some(value.bits()),
            _ => None,
        });
        vm.collect(&references.collect::<Vec<u64>>());
    }
    let func = vm.func(&function.name);
    let signature = vm.module.signature(func);
    let orus = signature.convention == Convention::Orus;
    let end = vm.go_on(&left, if orus { u64::from(state.ints[DEPTH] as u32) } else { 1_000 });
    // The frame stays as a shell, which returns the result.
    unwind(&function, state.fp, &mut state.ints);
    match end {
        End::Returned(value) => {
            let bits = value.map_or(0, |value| value.bits());
            match signature.result.kind {
                Kind::F64 => state.floats[0][0] = bits,
                _ => state.ints[0] = bits,
            }
        }
        End::Raised => vm.raise(state, pc, fp),
        End::TooDeep => {
            let mut regs = state.ints;
            let base = vm.walk(pc, fp, boundary.thunk.back, &mut regs, |_| false);
            state.ints = regs;
            vm.land(state, boundary, base.expect_err("all frames are passed"), true);
        }
    }
    0
}

extern "C" fn on_poll(state: &mut MachineState) -> u64 {
    let vm = vm();
    vm.count(|counts| counts.polls += 1);
    vm.left_at(state.pc, state.fp);
    vm.collect(&[]);
    u64::from(vm.interrupts.get())
}

extern "C" fn on_allocate(state: &mut MachineState) -> u64 {
    let vm = vm();
    vm.count(|counts| counts.slow += 1);
    vm.heap.allocate(&vm.module.layouts[state.number as usize]).unwrap_or(0)
}

extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    let (pc, fp) = (state.pc, state.fp);
    vm().raise(state, pc, fp);
    0
}

extern "C" fn on_deep(state: &mut MachineState) -> u64 {
    let vm = vm();
    let boundary = vm.left_at(state.pc, state.fp);
    let mut regs = state.ints;
    // The function has counted itself, and was not entered.
    regs[DEPTH] = (regs[DEPTH] as u32).wrapping_add(1).into();
    assert_eq!(regs[DEPTH], 0, "nothing was left of the depth");
    let base = vm.walk(state.pc, state.fp, boundary.thunk.back, &mut regs, |_| false);
    state.ints = regs;
    vm.land(state, boundary, base.expect_err("all frames are passed"), true);
    0
}

extern "C" fn on_outcall(call: &mut Outcall) -> u64 {
    let vm = vm();
    vm.left_at(call.pc, call.fp);
    let func = Func(call.number as u32);
    let signature = vm.module.signature(func);
    let arguments: Vec<Value> = signature
        .params
        .iter()
        .enumerate()
        // SAFETY: there are as many as the signature has.
        .map(|(index, ty)| Value::Bits(ty.kind.canonical(unsafe { call.arguments.add(index).read() })))
        .collect();
    let depth = if signature.convention == Convention::Orus { call.depth } else { 1_000 };
    match vm.call(func, &arguments, depth) {
        End::Returned(value) => {
            call.result[0] = value.map_or(0, |value| value.bits());
            0
        }
        End::Raised => 1,
        End::TooDeep => panic!("too deep within a call"),
    }
}

/// What is known where a function was left.
fn left(function: &Linked, state: &MachineState) -> Left {
    let tables = &function.tables;
    let exit = function.exit(state.number).expect("an exit of the function");
    let slot = |&place: &SlotPlace| match place {
        SlotPlace::Removed(object) => Slot::Object(object),
        SlotPlace::Dead => Slot::Dead,
        SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => {
            Slot::Value(kind, Value::Bits(slot_bits(place, state, stack_word).expect("a value")[0]))
        }
    };
    let slots = |range: &std::ops::Range<u32>| {
        tables.exit_slots[range.start as usize..range.end as usize].iter().map(slot).collect::<Vec<Slot>>()
    };
    let frames: Vec<Frame> = tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize]
        .iter()
        .map(|frame| Frame { function: frame.function, position: frame.position, slots: slots(&frame.slots) })
        .collect();
    let objects = tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize].iter();
    let objects =
        objects.map(|object| Object { layout: object.layout, slots: slots(&object.slots) }).collect();
    Left { reason: exit.reason, own: frames.len(), frames, objects }
}
