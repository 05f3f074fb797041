//! From bytecode to typed IR.
//!
//! How it works. The function is taken apart into blocks ([`blocks`]), what is alive is found ([`liveness`]), and each block is translated in
//! the order of the code, instruction by instruction (a file per family). A register of the bytecode is a variable of the IR
//! builder; within a block its value is kept in a table ([`registers`]). What is short is IR; for all else the interpreter is asked to execute that one
//! instruction ([`steps`]).
//!
//! | operations | how |
//! | --- | --- |
//! | moves, constants, literals, module variables, fields, tags, payloads, errors' messages | loads and stores, a guard where the interpreter checks |
//! | arithmetic, bits, comparisons, conversions, `sqrt` and so on | IR, checked with a guard; the remainder of f64 is a step |
//! | branches, loops, `switch` | IR; the comparison of strings as far as it is seen at once |
//! | elements, `push`, `pop`, loops over arrays, ranges and ASCII strings | IR; a step where a store must grow, and for other strings |
//! | objects, closures | `new` if they fit a size class that is not large; else a step makes it, and stores fill it |
//! | calls | direct of the unit itself, else through the tables of entries |
//! | builtins on numbers, `ord` and `chr` of ASCII | IR |
//! | all else: strings, maps, other builtins, output | steps |
//! | what always raises or never returns | the unit is left |
//!
//! Invariants
//! - TR1 An instruction that may leave does so before it has had any effect, with the values that registers had before it.
//! - TR2 The table of values is that of the block of the IR that instructions are appended to; each value in it is defined on every way there.
//! - TR3 Before an edge to another block of the bytecode the builder has got the values that the table has.
//! - TR4 Objects and module variables hold scalars in canonical form, as the interpreter reads whole slots: see [`registers`].
//!
//! Cost. Linear in the code, but for frame states, which hold a slot for each register: [`SLOTS_LIMIT`] bounds them.

mod arith;
mod arrays;
mod blocks;
mod builtins;
mod calls;
mod control;
mod dispatch;
mod liveness;
mod loops;
mod moves;
mod objects;
mod offsets;
mod preload;
mod registers;
mod steps;
mod strings;

use std::collections::BTreeMap;

use super::unit::{self, Callee, Declined, Entry, Scope, Steps, Unit};
use crate::bytecode::{self, Op, Program};
use crate::ir::builder::{Address, Builder, Var};
use crate::ir::{
    self, Alias, Block, Cond, Convention, Effects, FrameState, Function, Guard, Kind, Mem, Module, Reason,
    Signature, StateSlot, Symbol, Value,
};
use blocks::{Code, NONE};
use liveness::Liveness;

/// A function with more words of code is not compiled.
pub const WORDS_LIMIT: usize = 1 << 16;
/// A function with more registers is not compiled.
pub const REGISTERS_LIMIT: usize = 4096;
/// Words of code times registers: more is not compiled. It bounds the slots of all frame states.
pub const SLOTS_LIMIT: usize = 1 << 23;

/// The kind of a register of a type.
fn kind_of(program: &Program, ty: bytecode::TypeId) -> Kind {
    unit::kind_of(program.kind(ty))
}

/// Translates a function of a verified program, or one of its loops. What its instructions need the interpreter for is added to `steps`.
///
/// # Errors
/// If it is too large, or there is no such entry. Nothing was added to `steps` then.
pub fn translate(program: &Program, scope: Scope, steps: &mut Steps) -> Result<Unit, Declined> {
    let function = program.functions.get(scope.func.index()).ok_or(Declined::NoEntry)?;
    let (words, registers) = (function.code.len(), function.registers.len());
    if registers > REGISTERS_LIMIT {
        return Err(Declined::TooManyRegisters { registers });
    }
    if words > WORDS_LIMIT || words * registers > SLOTS_LIMIT {
        return Err(Declined::TooLong { words });
    }
    if scope.entry == Entry::Function && function.depth_cost > 1 {
        return Err(Declined::DepthCost);
    }
    let code = Code::new(program, function, scope.entry).ok_or(Declined::NoEntry)?;
    let mut module = Module::new();
    let (name, sig) = match scope.entry {
        Entry::Function => (format!("f{}", scope.func.0), unit::signature(program, scope.func)),
        Entry::Loop(word) => {
            (format!("f{}_{word}", scope.func.0), Signature::new(&[Kind::I64], Kind::I64, Convention::Orus))
        }
    };
    module.declare(&name, sig.clone(), Effects::ANY);
    let mut ir = Function::new(&name, sig);
    if scope.entry == Entry::Function && function.depth_cost == 1 {
        module.symbols.push("limit".to_owned());
        ir.depth_check = Some(Symbol(0));
    }
    let liveness = Liveness::new(program, &code);
    let mut b = Builder::new(&mut ir, &mut module);
    let kinds: Vec<Kind> = function.registers.iter().map(|register| kind_of(program, register.ty)).collect();
    let vars = kinds.iter().map(|&kind| b.declare_var(kind)).collect();
    let mut translator = Translator {
        program,
        function,
        scope,
        b,
        steps,
        vars,
        values: vec![Value::NONE; registers],
        touched: Vec::new(),
        dirty: vec![false; registers],
        started: Block::NONE,
        blocks: vec![Block::NONE; code.blocks.len()],
        code,
        liveness,
        block: 0,
        pc: 0,
        live: Vec::new(),
        live_at: 0,
        context: None,
        state: None,
        slots: Vec::new(),
        exits: BTreeMap::new(),
        written: Vec::new(),
        kinds,
        callees: vec![Callee::This],
        shapes: BTreeMap::new(),
    };
    translator.run();
    let callees = translator.callees;
    translator.b.finish();
    Ok(Unit { scope, module, function: ir, callees })
}

/// The work on a unit.
struct Translator<'a> {
    program: &'a Program,
    function: &'a bytecode::Function,
    scope: Scope,
    code: Code<'a>,
    liveness: Liveness,
    b: Builder<'a>,
    steps: &'a mut Steps,

    /// By register.
    kinds: Vec<Kind>,
    vars: Vec<Var>,
    /// By register: its value here, if the block at hand has had to do with it.
    values: Vec<Value>,
    /// The registers that have one.
    touched: Vec<u16>,
    /// By register: the builder does not know its value yet.
    dirty: Vec<bool>,
    /// The block of the IR in which the table was begun.
    started: Block,

    /// By block of the bytecode: the block of the IR that begins it.
    blocks: Vec<Block>,
    /// The block of the bytecode at hand.
    block: u32,
    /// The instruction at hand.
    pc: u32,
    /// What is alive before each instruction of the block.
    live: Vec<u64>,
    /// Where the instruction at hand has its set there.
    live_at: usize,
    /// The address of the context, if this block has it.
    context: Option<Value>,
    /// The frame state of the instruction at hand, if it was needed.
    state: Option<FrameState>,
    slots: Vec<StateSlot>,

    /// Of a loop: where it is left, by word: the block that does, and what is alive there.
    exits: BTreeMap<u32, (Block, Vec<u64>)>,
    /// Of a loop: the registers that it may change.
    written: Vec<u64>,

    callees: Vec<Callee>,
    /// Declarations of steps.
    shapes: BTreeMap<(usize, usize, u8), ir::Func>,
}

impl Translator<'_> {
    fn run(&mut self) {
        self.enter();
        for block in 0..self.code.blocks.len() as u32 {
            if self.code.blocks[block as usize].inside {
                self.translate_block(block);
            }
        }
        self.leave_loop();
    }

    /// Makes the blocks, and what is in front of the first one.
    fn enter(&mut self) {
        for block in 0..self.code.blocks.len() {
            if self.code.blocks[block].inside {
                self.blocks[block] = self.b.new_block();
            }
        }
        let first = match self.scope.entry {
            Entry::Function => {
                self.enter_function();
                0
            }
            Entry::Loop(word) => {
                let header = self.code.block_at(word).unwrap_or(0);
                self.enter_loop(header);
                header
            }
        };
        self.flush();
        self.b.jump(self.blocks[first as usize], &[]);
    }

    fn enter_function(&mut self) {
        self.begin(Block(0));
        let refs = self.function.ref_params as usize;
        for index in 0..refs + self.function.scalar_params as usize {
            let register = if index < refs { index } else { index - refs + self.function.refs as usize };
            let value = self.b.param(index);
            self.set(register as u16, value);
        }
        // Whoever recurses polls.
        if self.code.blocks.iter().any(|block| block.inside && block.calls) {
            self.begin_inst(0, 0);
            let out = self.out(Reason::Poll);
            self.b.poll(out);
        }
    }

    /// Loads what is alive at the header from the frame.
    fn enter_loop(&mut self, header: u32) {
        self.begin(Block(0));
        self.written = self.find_written();
        let frame = self.b.param(0);
        let constants = self.constants();
        let live: Vec<u16> = liveness::members(self.liveness.start(header)).collect();
        for &register in &live {
            let kind = self.kind(register);
            if let Some(slot) = constants[usize::from(register)] {
                let value = self.b.function.constant(kind, slot);
                self.set(register, value);
                continue;
            }
            let from = Address::at(frame, 8 * i32::from(register));
            let value = self.b.load(registers::mem_of(kind), from, Alias::FRAME);
            self.set(register, value);
        }
        self.begin_inst(header, 0);
        // That positions in arrays are not negative is what vectorising has to know; they never are, but in bytecode that no compiler made.
        for register in self.positions() {
            if liveness::contains(self.liveness.start(header), register) {
                let (value, zero) = (self.get(register), self.b.i32(0));
                let out = self.out(Reason::Bounds);
                self.b.guard_cmp(Cond::Ge, value, zero, out);
            }
        }
        if self.code.is_header(header) {
            self.preload(header);
        }
    }

    /// By register: its constant, if the function gives it no other value. (A scalar that is read before it is written may have any.)
    fn constants(&self) -> Vec<Option<u64>> {
        let (mut constants, mut written) = (vec![None; self.kinds.len()], vec![false; self.kinds.len()]);
        let params = [
            0..self.function.ref_params,
            self.function.refs..self.function.refs + self.function.scalar_params,
        ];
        params.into_iter().flatten().for_each(|register| written[register as usize] = true);
        for inst in &self.code.insts {
            let constant = match inst.op {
                Op::Const => Some(i64::from(inst.imm()) as u64),
                Op::ConstWide => inst.extra.first().copied(),
                _ => None,
            };
            liveness::for_each_register(self.program, &self.code, inst, |register, access| {
                if access != bytecode::Access::Use {
                    let register = usize::from(register);
                    let again = std::mem::replace(&mut written[register], true);
                    constants[register] = if again { None } else { constant };
                }
            });
        }
        constants
    }

    /// From here on the table is that of another block of the IR.
    fn begin(&mut self, block: Block) {
        self.b.switch_to(block);
        self.started = block;
        self.context = None;
        for register in self.touched.drain(..) {
            self.values[usize::from(register)] = Value::NONE;
            self.dirty[usize::from(register)] = false;
        }
    }

    /// Begins instruction `index` of a block.
    fn begin_inst(&mut self, block: u32, index: usize) {
        if self.block != block || index == 0 {
            self.block = block;
            let mut live = std::mem::take(&mut self.live);
            self.liveness.of_block(self.program, &self.code, block, &mut live);
            self.live = live;
        }
        self.live_at = index * self.liveness.width;
        self.pc = self.code.block_insts(block)[index].pc;
        self.b.set_position(self.pc + 1);
        self.state = None;
    }

    fn translate_block(&mut self, block: u32) {
        let start = self.blocks[block as usize];
        if !self.code.blocks[block as usize].late {
            self.b.seal_block(start);
        }
        self.begin(start);
        let (first, end) = (self.code.blocks[block as usize].first, self.code.blocks[block as usize].end);
        for index in first..end {
            self.begin_inst(block, (index - first) as usize);
            let inst = self.code.insts[index as usize];
            if index + 1 == end {
                self.before_loops(block, &inst);
            }
            if self.goes_back(block, index + 1 == end, &inst) {
                let out = self.out(Reason::Poll);
                self.b.poll(out);
            }
            self.inst(&inst);
        }
        let next = self.code.blocks[block as usize].next;
        if !self.b.is_filled() && next != NONE {
            if self.code.is_header(next) {
                // The state of what is loaded for the loop is that of its header.
                self.begin_inst(next, 0);
                self.preload(next);
            }
            self.flush();
            let to = self.block_of(next);
            self.b.jump(to, &[]);
        }
    }

    /// Before the last instruction of a block: what the loops are about to read that it may lead into.
    fn before_loops(&mut self, block: u32, inst: &bytecode::Inst<'_>) {
        let data = &self.code.blocks[block as usize];
        if data.targets.is_empty() {
            return;
        }
        let next = if data.targets.contains(&data.next) { NONE } else { data.next };
        for to in data.targets.clone().into_iter().chain([next]).filter(|&to| to != NONE && to > block) {
            // What the instruction itself writes is not there yet.
            if self.code.is_header(to) && !inst.defines_on_branch() {
                self.preload(to);
            }
        }
    }

    /// May control go back from an instruction to a block of the unit that is not behind it? Then it polls first: so what a loop begins with
    /// comes before anything may leave, and can be moved out of it. (The interpreter polls at the `loop`.)
    fn goes_back(&self, block: u32, last: bool, inst: &bytecode::Inst<'_>) -> bool {
        let data = &self.code.blocks[block as usize];
        let back = |to: u32| to <= block && self.code.blocks[to as usize].inside;
        last && data.targets.iter().any(|&to| back(to))
            || blocks::is_call(inst) && data.catch != NONE && back(data.catch)
    }

    // ---- Ways out. ----

    /// A guard that leaves before the instruction at hand.
    fn out(&mut self, reason: Reason) -> Guard {
        let state = match self.state {
            Some(state) => state,
            None => self.make_state(),
        };
        self.b.way_out(reason, state)
    }

    fn make_state(&mut self) -> FrameState {
        let mut slots = std::mem::take(&mut self.slots);
        slots.clear();
        for register in 0..self.kinds.len() as u16 {
            let set = &self.live[self.live_at..self.live_at + self.liveness.width];
            slots.push(match liveness::contains(set, register) {
                true => StateSlot::Value(self.get(register)),
                false => StateSlot::Dead,
            });
        }
        if let Entry::Loop(_) = self.scope.entry {
            slots.push(StateSlot::Value(self.b.param(0)));
        }
        let state = self.b.frame_state(None, self.scope.func.0, self.pc, &slots);
        self.slots = slots;
        self.state = Some(state);
        state
    }

    // ---- Where edges lead. ----

    /// The block of the IR for a block of the bytecode; for one that the loop has not, one that leaves it.
    fn block_of(&mut self, block: u32) -> Block {
        match self.blocks[block as usize].some() {
            Some(known) => known,
            None => {
                let word = self.code.word(block);
                let live = self.liveness.start(block).to_vec();
                self.exit_at(word, live)
            }
        }
    }

    /// The block that leaves the loop, for the interpreter to go on at a word.
    fn exit_at(&mut self, word: u32, live: Vec<u64>) -> Block {
        if let Some(&(block, _)) = self.exits.get(&word) {
            return block;
        }
        let block = self.b.new_block();
        self.exits.insert(word, (block, live));
        block
    }

    /// The blocks that the instruction at hand leads to: by its branch, and behind it.
    fn both(&mut self) -> (Block, Block) {
        let data = &self.code.blocks[self.block as usize];
        let (target, next) = (data.targets.first().copied().unwrap_or(NONE), data.next);
        (self.block_of(target), self.block_of(next))
    }

    /// Fills the blocks that leave the loop: registers that it may have changed, and are alive, go back to the frame.
    fn leave_loop(&mut self) {
        for (word, (block, live)) in std::mem::take(&mut self.exits) {
            self.b.seal_block(block);
            self.begin(block);
            self.b.set_position(word + 1);
            let frame = self.b.param(0);
            let changed: Vec<u64> = live.iter().zip(&self.written).map(|(a, b)| a & b).collect();
            for register in liveness::members(&changed) {
                let value = self.get(register);
                let to = Address::at(frame, 8 * i32::from(register));
                match self.kind(register) {
                    Kind::Ref => self.b.store(Mem::Ref, to, value, Alias::FRAME),
                    Kind::F64 => self.b.store(Mem::F64, to, value, Alias::FRAME),
                    _ => {
                        let slot = self.canonical(value);
                        self.b.store(Mem::I64, to, slot, Alias::FRAME);
                    }
                }
            }
            let word = self.b.i64(i64::from(word));
            self.b.ret(Some(word));
        }
    }

    /// The registers that the unit's instructions write.
    fn find_written(&self) -> Vec<u64> {
        let mut written = vec![0; self.liveness.width];
        for (index, block) in self.code.blocks.iter().enumerate().filter(|(_, block)| block.inside) {
            for inst in self.code.block_insts(index as u32) {
                liveness::for_each_register(self.program, &self.code, inst, |register, access| {
                    if access != bytecode::Access::Use {
                        liveness::insert(&mut written, register);
                    }
                });
            }
            if block.calls
                && let Some(handler) = self.code.handler(index as u32)
            {
                liveness::insert(&mut written, handler.error);
            }
        }
        written
    }
}
