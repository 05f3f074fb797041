//! Decides what is compiled and entered, and tells the machine of frames in native code.

use std::any::Any;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::bytecode::{FuncId, Op, Program, decode, instructions};
use crate::vm::native::{Hot, Machine, NativeAt, NativeFrame, Tier};

use super::handlers::{caller_of, slot};
use super::runtime::{Options, Runtime, UnitCode, UnitState};
use super::stats::{Failed, Failure};
use super::unit::{Entry, Scope};

/// After so many failed guards, of which there are more than one for so many entries, a unit is given up.
const MOST_EXITS: u64 = 2000;
const ENTRIES_PER_EXIT: u64 = 4;

/// A runtime that is made when it is needed first: most programs end before.
pub struct Lazy {
    options: Options,
    /// None if the system allows no code.
    runtime: OnceCell<Option<Runtime>>,
}

impl Lazy {
    /// Compiles with these options from the first counter on that comes to its end.
    pub fn new(options: Options) -> Lazy {
        Lazy { options, runtime: OnceCell::new() }
    }

    /// The runtime, if it was needed so far.
    pub fn runtime(&self) -> Option<&Runtime> {
        self.runtime.get()?.as_ref()
    }
}

impl Tier for Lazy {
    fn hot(&self, machine: &mut Machine, callee: Option<(FuncId, u64)>) -> Hot {
        let made = self.runtime.get_or_init(|| {
            let runtime = Runtime::new(self.options.clone()).ok()?;
            runtime.start(machine);
            runtime.take_stack(machine.max_recursion()).then_some(runtime)
        });
        match made {
            Some(runtime) => runtime.hot(machine, callee),
            None => Hot::Interpret,
        }
    }

    fn threshold(&self) -> u32 {
        self.options.threshold.max(1)
    }

    fn program_changed(&self, machine: &mut Machine) {
        if let Some(runtime) = self.runtime() {
            runtime.start(machine);
        }
    }

    fn frame(&self, at: NativeFrame) -> Option<NativeAt> {
        self.runtime()?.frame(at)
    }

    fn handles(&self, at: NativeFrame) -> bool {
        self.runtime().is_some_and(|runtime| runtime.handles(at))
    }

    fn references(&self, at: NativeFrame, visit: &mut dyn FnMut(u64)) {
        if let Some(runtime) = self.runtime() {
            runtime.references(at, visit);
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the machine asks while native code is, or may be, on its stack.
impl Runtime {
    fn hot(&self, machine: &mut Machine, callee: Option<(FuncId, u64)>) -> Hot {
        match callee {
            Some((func, value)) => self.hot_call(machine, func, value),
            None => self.hot_loop(machine),
        }
    }

    fn frame(&self, mut at: NativeFrame) -> Option<NativeAt> {
        loop {
            let (frame, unit) = self.frame_at(at)?;
            let caller = caller_of(at);
            if unit.is_adapter {
                at = caller;
                continue;
            }
            return Some(NativeAt {
                at,
                func: unit.scope.func.0,
                word: unit.words[frame.safepoint],
                cost: unit.cost,
                is_loop: unit.scope.entry != Entry::Function,
                caller,
            });
        }
    }

    fn handles(&self, at: NativeFrame) -> bool {
        self.frame_at(at).is_some_and(|(frame, _)| frame.handler().is_some())
    }

    fn references(&self, at: NativeFrame, visit: &mut dyn FnMut(u64)) {
        if let Some((frame, _)) = self.frame_at(at) {
            frame.references().for_each(|address| visit(slot(address)));
        }
    }

    fn hot_call(&self, machine: &mut Machine, func: FuncId, value: u64) -> Hot {
        let program = machine.shared_program();
        let counter = program.functions[func.index()].counter;
        let Some(unit) = self.unit(machine, Scope { func, entry: Entry::Function }) else {
            return Hot::Interpret;
        };
        machine.set_counter(counter, 1);
        let Some((caller, word)) = machine.at_hand() else { return Hot::Interpret };
        let Ok(inst) = decode(&program, &program.functions[caller.index()].code, word) else {
            return Hot::Interpret;
        };
        let mut args = smallvec::SmallVec::<[u64; 8]>::new();
        if inst.op == Op::CallValue && program.functions[func.index()].closure.is_some() {
            args.push(value);
        }
        args.extend(inst.args().map(|register| machine.read_register(register)));
        unit.entries.set(unit.entries.get() + 1);
        self.stats.borrow_mut().function_entries += 1;
        match self.enter(machine, &unit, &args) {
            Some(result) => {
                if let Some(ty) = program.functions[func.index()].ret {
                    let result = canonical(super::unit::kind_of(program.kind(ty)), result);
                    machine.write_register(inst.lane(0), result);
                }
                machine.go_on_at(inst.next());
                self.watch(machine, &unit);
                Hot::Done
            }
            None => Hot::Ended,
        }
    }

    fn hot_loop(&self, machine: &mut Machine) -> Hot {
        let Some((func, word)) = machine.at_hand() else { return Hot::Interpret };
        let program = machine.shared_program();
        let known = matches!(
            self.state.borrow().units.get(&Scope { func, entry: Entry::Loop(word) }),
            Some(UnitState::Compiled(_))
        );
        if !known && let Some(outer) = self.outermost(machine, &program, func, word) {
            // The whole nest is entered when its header is passed next. If that does not happen soon, this loop is compiled as well.
            let scope = Scope { func, entry: Entry::Loop(outer.word) };
            if !self.state.borrow().units.contains_key(&scope) && self.unit(machine, scope).is_some() {
                machine.set_counter(outer.counter, 1);
                let own = counter_at(&program, func, word);
                machine.set_counter(own, self.options.threshold.max(1));
                return Hot::Interpret;
            }
        }
        let counter = counter_at(&program, func, word);
        let Some(unit) = self.unit(machine, Scope { func, entry: Entry::Loop(word) }) else {
            return Hot::Interpret;
        };
        machine.set_counter(counter, 1);
        unit.entries.set(unit.entries.get() + 1);
        self.stats.borrow_mut().loop_entries += 1;
        let frame = machine.registers_address();
        match self.enter(machine, &unit, &[frame]) {
            Some(word) => {
                machine.go_on_at(word as u32);
                self.watch(machine, &unit);
                Hot::Done
            }
            None => Hot::Ended,
        }
    }

    /// The outermost loop around the loop at a word that has been passed at least twice.
    fn outermost(&self, machine: &mut Machine, program: &Program, func: FuncId, word: u32) -> Option<Header> {
        let start = self.options.threshold.max(1);
        let passed = |header: &Header| start.wrapping_sub(machine.counter(header.counter)) >= 2;
        loops_around(program, func, word).into_iter().find(passed)
    }

    /// Gives a unit up whose guards fail too often.
    fn watch(&self, machine: &mut Machine, unit: &UnitCode) {
        let exits = unit.exits.get();
        if exits < MOST_EXITS || exits * ENTRIES_PER_EXIT < unit.entries.get() {
            return;
        }
        let state = &mut *self.state.borrow_mut();
        if matches!(state.units.insert(unit.scope, UnitState::Failed), Some(UnitState::Failed)) {
            return;
        }
        let program = machine.shared_program();
        self.stats.borrow_mut().failures.push(Failed::new(&program, unit.scope, Failure::Guards));
        let counter = match unit.scope.entry {
            Entry::Function => {
                self.forget(state, &program, unit.scope.func);
                program.functions[unit.scope.func.index()].counter
            }
            Entry::Loop(word) => counter_at(&program, unit.scope.func, word),
        };
        machine.set_counter(counter, 0);
    }
}

/// A `loop` instruction.
struct Header {
    word: u32,
    counter: u32,
}

/// The counter of the `loop` at a word.
fn counter_at(program: &Program, func: FuncId, word: u32) -> u32 {
    crate::bytecode::Word(program.functions[func.index()].code[word as usize]).imm() as u32
}

/// The loops around the one whose header is at a word, by their place in the code: the outermost first, that one not among them.
fn loops_around(program: &Program, func: FuncId, word: u32) -> Vec<Header> {
    let code = &program.functions[func.index()].code;
    let mut ends = BTreeMap::<u32, u32>::new();
    for inst in instructions(program, code).map_while(Result::ok) {
        for target in inst.targets().filter(|&target| target <= inst.pc.into()) {
            let target = target as u32;
            ends.entry(target).and_modify(|end| *end = inst.pc.max(*end)).or_insert(inst.pc);
        }
    }
    let around = ends.range(..word).filter(|&(_, &end)| end >= word);
    around.map(|(&at, _)| Header { word: at, counter: counter_at(program, func, at) }).collect()
}

/// A result as it lies in a slot.
pub(super) fn canonical(kind: crate::ir::Kind, bits: u64) -> u64 {
    match kind {
        crate::ir::Kind::I32 => bits as i32 as i64 as u64,
        kind => kind.canonical(bits),
    }
}
