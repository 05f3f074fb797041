//! A function: blocks, instructions, values, all in arrays.
//!
//! How it works. Entities index plain vectors. An instruction is 20 bytes; blocks link theirs in a list, so that inserting and
//! removing cost the same anywhere. What has no fixed number of values (arguments, edges, frame states) lies in one pool and is
//! named by its place and length. Constants are values without an instruction: equal ones are the same value, and are everywhere.
//!
//! Invariants
//! - IR1 The last instruction of a block, and no other, is a terminator (the verifier checks this; builders may be in between).
//! - IR2 A value that was [replaced](Function::replace) is an alias; [`Function::resolve`] follows it, and
//!   [`Function::remove_aliases`] leaves none in operands.
//! - IR3 An instruction's result belongs to that instruction for good.
//!
//! Cost. All but `replace` chains and `remove_aliases` is constant.

use smallvec::SmallVec;

use super::opcode::{Gives, Op};
use super::types::{
    Alias, Block, Cond, FrameState, Func, Guard, Inst, Kind, Lane, Mem, Removed, Sig, Type, TypeId, Value,
};

/// Values, or words, in the pool of a function.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct List {
    /// Where they begin.
    pub start: u32,
    /// How many there are.
    pub len: u32,
}

/// An instruction. See [`Op`] for what the words are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstData {
    /// What it does.
    pub op: Op,
    /// The kind of its operands, or of its result: the kind that it is written with.
    pub kind: Kind,
    /// A condition, an access, lanes, a source kind, a signature.
    pub aux: u16,
    /// The first word.
    pub a: u32,
    /// The second.
    pub b: u32,
    /// The third.
    pub c: u32,
    /// The fourth.
    pub d: u32,
}

/// No value, guard or the like in a word.
pub const NONE: u32 = u32::MAX;

impl InstData {
    /// An instruction with no words.
    pub const fn new(op: Op, kind: Kind) -> InstData {
        InstData { op, kind, aux: 0, a: NONE, b: NONE, c: NONE, d: NONE }
    }

    /// One operand.
    pub const fn unary(op: Op, kind: Kind, a: Value) -> InstData {
        InstData { a: a.0, ..InstData::new(op, kind) }
    }

    /// Two operands.
    pub const fn binary(op: Op, kind: Kind, a: Value, b: Value) -> InstData {
        InstData { a: a.0, b: b.0, ..InstData::new(op, kind) }
    }

    /// The words.
    #[inline(always)]
    pub const fn words(&self) -> [u32; 4] {
        [self.a, self.b, self.c, self.d]
    }

    /// A word to change.
    pub const fn word_mut(&mut self, index: u8) -> &mut u32 {
        match index {
            0 => &mut self.a,
            1 => &mut self.b,
            2 => &mut self.c,
            _ => &mut self.d,
        }
    }

    /// The first operand.
    #[inline(always)]
    pub const fn first(&self) -> Value {
        Value(self.a)
    }

    /// The second operand.
    #[inline(always)]
    pub const fn second(&self) -> Value {
        Value(self.b)
    }

    /// The guard, if the instruction has one.
    #[inline(always)]
    pub const fn guard(&self) -> Option<Guard> {
        match self.op.row().guard {
            4 => None,
            word => Guard(self.words()[word as usize]).some(),
        }
    }

    /// The condition of a comparison.
    pub const fn cond(&self) -> Cond {
        Cond::ALL[self.aux as usize % Cond::ALL.len()]
    }

    /// The lanes of a vector instruction.
    pub const fn lane(&self) -> Lane {
        Lane::ALL[self.aux as usize % Lane::ALL.len()]
    }

    /// The kind that a conversion comes from.
    pub const fn source(&self) -> Kind {
        Kind::ALL[self.aux as usize % Kind::ALL.len()]
    }

    /// What a load or store accesses.
    pub const fn mem(&self) -> Mem {
        Mem::ALL[(self.aux & 15) as usize % Mem::ALL.len()]
    }

    /// The logarithm of the scale of a load's or store's index, 0 to 3.
    pub const fn scale(&self) -> u8 {
        (self.aux >> 4 & 3) as u8
    }

    /// The class of the memory that a load or store accesses.
    pub const fn alias(&self) -> Alias {
        Alias::from_index(self.aux >> 6)
    }

    /// The displacement of a load's or store's address.
    pub const fn offset(&self) -> i32 {
        self.c as i32
    }

    /// `aux` of a load or store.
    pub const fn access(mem: Mem, scale: u8, alias: Alias) -> u16 {
        mem as u16 | (scale as u16 & 3) << 4 | alias.index() << 6
    }

    /// The layout of what `new` makes.
    pub const fn layout(&self) -> TypeId {
        TypeId(self.a)
    }

    /// The callee of a direct call.
    pub const fn callee(&self) -> Func {
        Func(self.a)
    }

    /// The signature of an indirect call.
    pub const fn indirect_sig(&self) -> Sig {
        Sig(self.aux as u32)
    }

    /// The frame state of a call, if it has one.
    pub const fn call_state(&self) -> Option<FrameState> {
        match self.op {
            Op::Call | Op::CallIndirect => FrameState(self.d).some(),
            _ => None,
        }
    }

    /// The arguments of a call.
    pub const fn arguments(&self) -> List {
        if self.op.is_call() { List { start: self.b, len: self.c } } else { List { start: 0, len: 0 } }
    }

    /// How many edges a terminator has; they begin at `d`.
    #[inline(always)]
    pub const fn edge_count(&self) -> u32 {
        match self.op {
            Op::Jump => 1,
            Op::Br | Op::BrCmp | Op::AddOr | Op::SubOr | Op::MulOr | Op::Invoke | Op::InvokeIndirect => 2,
            Op::Switch => self.b,
            _ => 0,
        }
    }
}

/// A way from one block to another, with the values for the parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// Where it leads.
    pub to: Block,
    /// The arguments, in the pool.
    pub args: List,
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Def {
    /// An instruction's result.
    Inst(Inst),
    /// A parameter of a block.
    Param(Block),
    /// A constant: its bits in canonical form.
    Const(u64),
    /// It was replaced.
    Alias(Value),
}

#[derive(Clone, Copy, Debug)]
struct ValueData {
    ty: Type,
    /// Tag in the top 2 bits.
    def: u32,
}
const TAG: u32 = 30;
const INDEX: u32 = (1 << TAG) - 1;

/// A block.
#[derive(Clone, Debug, Default)]
pub struct BlockData {
    /// Its parameters.
    pub params: SmallVec<[Value; 4]>,
    first: Option<Inst>,
    last: Option<Inst>,
    /// It is hardly ever run.
    pub cold: bool,
}

/// Why a function is left.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Reason {
    /// A result has no place in its kind.
    Overflow,
    /// Division by zero.
    DivideByZero,
    /// An index out of bounds.
    Bounds,
    /// A conversion that is not exact enough.
    Conversion,
    /// A value of another kind, or an object of another layout than was seen before.
    Kind,
    /// A null where an object was seen before.
    Null,
    /// A call of another function than was seen before.
    Target,
    /// A branch that was never taken before.
    Branch,
    /// No memory for an object.
    Memory,
    /// A poll: interrupted, out of fuel, or the code is to be replaced.
    Poll,
    /// Whatever else the user of this means.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 11] = [
        Reason::Overflow,
        Reason::DivideByZero,
        Reason::Bounds,
        Reason::Conversion,
        Reason::Kind,
        Reason::Null,
        Reason::Target,
        Reason::Branch,
        Reason::Memory,
        Reason::Poll,
        Reason::Other,
    ];

    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Overflow => "overflow",
            Reason::DivideByZero => "zero",
            Reason::Bounds => "bounds",
            Reason::Conversion => "conversion",
            Reason::Kind => "kind",
            Reason::Null => "null",
            Reason::Target => "target",
            Reason::Branch => "branch",
            Reason::Memory => "memory",
            Reason::Poll => "poll",
            Reason::Other => "other",
        }
    }
}

/// A way out of a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GuardData {
    /// Why.
    pub reason: Reason,
    /// What the interpreter goes on with.
    pub state: FrameState,
}

/// Where a slot of a frame gets its value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StateSlot {
    /// It is not read before it is written.
    Dead,
    /// From a value.
    Value(Value),
    /// A reference to an object that has to be made first.
    Removed(Removed),
}

/// What the interpreter needs to go on: a place in a function, and its frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameStateData {
    /// The state of the frame into which this one was inlined.
    pub parent: FrameState,
    /// The function whose frame it is, as its user numbers them.
    pub function: u32,
    /// The place in it, as its user numbers them.
    pub position: u32,
    /// The slots, in the pool; see [`Function::state_slots`].
    pub slots: List,
}

/// An allocation that was removed: it is made when a frame state that refers to it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RemovedData {
    /// Its layout.
    pub layout: TypeId,
    /// The slots behind the header, in the pool.
    pub slots: List,
}

const SLOT_DEAD: u32 = u32::MAX;
const SLOT_REMOVED: u32 = 1 << 31;

/// The table of constants: open addressing, from (kind, id, bits) to the value.
#[derive(Clone, Debug, Default)]
struct Constants {
    slots: Vec<u32>,
    len: u32,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, for dumps.
    pub name: String,
    /// Its signature.
    pub sig: super::module::Signature,
    /// It counts its depth: on entry it takes one from what is left, and leaves for the symbol if there is nothing left.
    pub depth_check: Option<super::types::Symbol>,
    blocks: Vec<BlockData>,
    /// The blocks in the order in which they are written; the first is the entry.
    pub order: Vec<Block>,
    insts: Vec<InstData>,
    /// By instruction.
    links: Vec<Links>,
    values: Vec<ValueData>,
    const_bits: Vec<u64>,
    constants: Constants,
    pool: Vec<u32>,
    edges: Vec<Edge>,
    guards: Vec<GuardData>,
    states: Vec<FrameStateData>,
    removed: Vec<RemovedData>,
    /// A value was replaced, and may be an operand still.
    aliased: bool,
    /// The position that new instructions get.
    pub position: u32,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    next: u32,
    prev: u32,
    block: Block,
    /// What it gives.
    result: Value,
    /// A place in the source, as the user numbers them; 0 is none.
    position: u32,
}

impl Function {
    /// A function with an entry block that has the signature's parameters.
    pub fn new(name: &str, sig: super::module::Signature) -> Function {
        let mut function = Function {
            name: name.to_owned(),
            sig,
            depth_check: None,
            blocks: Vec::new(),
            order: Vec::new(),
            insts: Vec::new(),
            links: Vec::new(),
            values: Vec::new(),
            const_bits: Vec::new(),
            constants: Constants::default(),
            pool: Vec::new(),
            edges: Vec::new(),
            guards: Vec::new(),
            states: Vec::new(),
            removed: Vec::new(),
            aliased: false,
            position: 0,
        };
        let entry = function.new_block();
        for index in 0..function.sig.params.len() {
            let ty = function.sig.params[index];
            function.add_param(entry, ty);
        }
        function
    }

    // ---- Blocks. ----

    /// The block that a call begins with.
    pub fn entry(&self) -> Block {
        self.order[0]
    }

    /// A new block, at the end of the order.
    pub fn new_block(&mut self) -> Block {
        let block = Block(self.blocks.len() as u32);
        self.blocks.push(BlockData::default());
        self.order.push(block);
        block
    }

    /// How many blocks were ever made: a bound for tables.
    #[inline(always)]
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// A block.
    #[inline(always)]
    pub fn block(&self, block: Block) -> &BlockData {
        &self.blocks[block.index()]
    }

    /// A block to change.
    pub fn block_mut(&mut self, block: Block) -> &mut BlockData {
        &mut self.blocks[block.index()]
    }

    /// The parameters of a block.
    #[inline(always)]
    pub fn params(&self, block: Block) -> &[Value] {
        &self.blocks[block.index()].params
    }

    /// Adds a parameter to a block. Its edges must get an argument each.
    pub fn add_param(&mut self, block: Block, ty: impl Into<Type>) -> Value {
        let value = self.new_value(ty.into(), 1 << TAG | block.0);
        self.blocks[block.index()].params.push(value);
        value
    }

    /// The first instruction of a block.
    #[inline(always)]
    pub fn first_inst(&self, block: Block) -> Option<Inst> {
        self.blocks[block.index()].first
    }

    /// The last instruction of a block: its terminator, when it is complete.
    #[inline(always)]
    pub fn last_inst(&self, block: Block) -> Option<Inst> {
        self.blocks[block.index()].last
    }

    /// The instruction behind another.
    #[inline(always)]
    pub fn next_inst(&self, inst: Inst) -> Option<Inst> {
        Inst(self.links[inst.index()].next).some()
    }

    /// The instruction before another.
    #[inline(always)]
    pub fn prev_inst(&self, inst: Inst) -> Option<Inst> {
        Inst(self.links[inst.index()].prev).some()
    }

    /// The block that an instruction is in; none if it was removed.
    #[inline(always)]
    pub fn inst_block(&self, inst: Inst) -> Option<Block> {
        self.links[inst.index()].block.some()
    }

    /// The instructions of a block.
    pub fn insts(&self, block: Block) -> impl Iterator<Item = Inst> + '_ {
        let mut next = self.first_inst(block);
        std::iter::from_fn(move || {
            let inst = next?;
            next = self.next_inst(inst);
            Some(inst)
        })
    }

    // ---- Instructions. ----

    /// How many instructions were ever made: a bound for tables.
    #[inline(always)]
    pub fn inst_count(&self) -> usize {
        self.insts.len()
    }

    /// An instruction.
    #[inline(always)]
    pub fn inst(&self, inst: Inst) -> &InstData {
        &self.insts[inst.index()]
    }

    /// An instruction to change. Its result stays, and has to stay right.
    #[inline(always)]
    pub fn inst_mut(&mut self, inst: Inst) -> &mut InstData {
        &mut self.insts[inst.index()]
    }

    /// The value that an instruction gives.
    #[inline(always)]
    pub fn result(&self, inst: Inst) -> Option<Value> {
        self.links[inst.index()].result.some()
    }

    /// An instruction that became one that gives nothing has no result any more.
    pub fn drop_result(&mut self, inst: Inst) {
        self.links[inst.index()].result = Value::NONE;
    }

    /// The place in the source.
    pub fn inst_position(&self, inst: Inst) -> u32 {
        self.links[inst.index()].position
    }

    /// Says where in the source an instruction comes from.
    pub fn set_inst_position(&mut self, inst: Inst, position: u32) {
        self.links[inst.index()].position = position;
    }

    /// The type of what an instruction gives; none if nothing. References have no layout, unless `new` makes them.
    pub fn result_type(data: &InstData) -> Option<Type> {
        let kind = match data.op.row().gives {
            Gives::Nothing => return None,
            Gives::Own => data.kind,
            Gives::Bool => Kind::Bool,
            Gives::Maybe if data.kind == Kind::None => return None,
            Gives::Maybe => data.kind,
            Gives::Scalar => data.lane().scalar(),
            Gives::Count => Kind::U32,
        };
        Some(if data.op == Op::New { Type::reference(data.layout()) } else { kind.into() })
    }

    fn make(&mut self, data: InstData, block: Block) -> Inst {
        let inst = Inst(self.insts.len() as u32);
        self.insts.push(data);
        let result = match Function::result_type(&data) {
            Some(ty) => self.new_value(ty, inst.0),
            None => Value::NONE,
        };
        self.links.push(Links { next: NONE, prev: NONE, block, result, position: self.position });
        inst
    }

    /// Appends an instruction to a block.
    pub fn append(&mut self, block: Block, data: InstData) -> Inst {
        let inst = self.make(data, block);
        match self.blocks[block.index()].last {
            Some(last) => {
                self.links[last.index()].next = inst.0;
                self.links[inst.index()].prev = last.0;
            }
            None => self.blocks[block.index()].first = Some(inst),
        }
        self.blocks[block.index()].last = Some(inst);
        inst
    }

    /// Inserts a new instruction before another.
    ///
    /// # Panics
    /// If the other one was removed.
    pub fn insert_before(&mut self, before: Inst, data: InstData) -> Inst {
        let block = self.inst_block(before).expect("the instruction is in a block");
        let inst = self.make(data, block);
        self.link_before(inst, before, block);
        inst
    }

    fn link(&mut self, inst: Inst, next: u32, prev: u32, block: Block) {
        let links = &mut self.links[inst.index()];
        (links.next, links.prev, links.block) = (next, prev, block);
    }

    fn link_before(&mut self, inst: Inst, before: Inst, block: Block) {
        let prev = self.links[before.index()].prev;
        self.link(inst, before.0, prev, block);
        self.links[before.index()].prev = inst.0;
        match Inst(prev).some() {
            Some(prev) => self.links[prev.index()].next = inst.0,
            None => self.blocks[block.index()].first = Some(inst),
        }
    }

    /// Takes an instruction out of its block. Its result must have no uses left.
    pub fn remove(&mut self, inst: Inst) {
        let Links { next, prev, block, .. } = self.links[inst.index()];
        let Some(block) = block.some() else { return };
        match Inst(prev).some() {
            Some(prev) => self.links[prev.index()].next = next,
            None => self.blocks[block.index()].first = Inst(next).some(),
        }
        match Inst(next).some() {
            Some(next) => self.links[next.index()].prev = prev,
            None => self.blocks[block.index()].last = Inst(prev).some(),
        }
        self.link(inst, NONE, NONE, Block::NONE);
    }

    /// Moves an instruction in front of another one, of any block.
    ///
    /// # Panics
    /// If the other one was removed.
    pub fn move_before(&mut self, inst: Inst, before: Inst) {
        self.remove(inst);
        let block = self.inst_block(before).expect("the instruction is in a block");
        self.link_before(inst, before, block);
    }

    /// Moves all instructions from `inst` on to the end of another block, which must not have a terminator.
    pub fn move_tail(&mut self, inst: Inst, to: Block) {
        let mut next = Some(inst);
        while let Some(inst) = next {
            next = self.next_inst(inst);
            self.remove(inst);
            match self.blocks[to.index()].last {
                Some(last) => {
                    self.links[last.index()].next = inst.0;
                    self.link(inst, NONE, last.0, to);
                }
                None => {
                    self.blocks[to.index()].first = Some(inst);
                    self.links[inst.index()].block = to;
                }
            }
            self.blocks[to.index()].last = Some(inst);
        }
    }

    // ---- Values. ----

    /// How many values were ever made: a bound for tables.
    #[inline(always)]
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    fn new_value(&mut self, ty: Type, def: u32) -> Value {
        let value = Value(self.values.len() as u32);
        self.values.push(ValueData { ty, def });
        value
    }

    /// The type of a value.
    #[inline(always)]
    pub fn ty(&self, value: Value) -> Type {
        self.values[value.index()].ty
    }

    /// The kind of a value.
    #[inline(always)]
    pub fn kind(&self, value: Value) -> Kind {
        self.values[value.index()].ty.kind
    }

    /// Says more, or less, of a value's type.
    pub fn set_type(&mut self, value: Value, ty: Type) {
        self.values[value.index()].ty = ty;
    }

    /// What a value is.
    #[inline]
    pub fn def(&self, value: Value) -> Def {
        let def = self.values[value.index()].def;
        match def >> TAG {
            0 => Def::Inst(Inst(def)),
            1 => Def::Param(Block(def & INDEX)),
            2 => Def::Const(self.const_bits[(def & INDEX) as usize]),
            _ => Def::Alias(Value(def & INDEX)),
        }
    }

    /// Where a value comes from, for those who look at many: the instruction, or else the bits of the constant.
    #[inline(always)]
    pub fn inst_or_const(&self, value: Value) -> (Option<Inst>, Option<u64>) {
        let def = self.values[value.index()].def;
        match def >> TAG {
            0 => (Some(Inst(def)), None),
            2 => (None, Some(self.const_bits[(def & INDEX) as usize])),
            _ => (None, None),
        }
    }

    /// The instruction that gives a value.
    #[inline(always)]
    pub fn def_inst(&self, value: Value) -> Option<Inst> {
        let def = self.values[value.index()].def;
        if def >> TAG == 0 { Some(Inst(def)) } else { None }
    }

    /// The bits of a constant, in canonical form.
    #[inline(always)]
    pub fn as_const(&self, value: Value) -> Option<u64> {
        let def = self.values[value.index()].def;
        if def >> TAG == 2 { Some(self.const_bits[(def & INDEX) as usize]) } else { None }
    }

    /// A constant of an integer kind, a float's bits, 0 or 1, or a null (0). Vectors have none.
    pub fn constant(&mut self, ty: impl Into<Type>, bits: u64) -> Value {
        let ty = ty.into();
        let bits = ty.kind.canonical(bits);
        if (self.constants.len as usize + 1) * 2 > self.constants.slots.len() {
            self.grow_constants();
        }
        let mask = self.constants.slots.len() - 1;
        let mut at = Constants::hash(ty, bits) as usize & mask;
        loop {
            match self.constants.slots[at] {
                NONE => break,
                known if self.ty(Value(known)) == ty && self.as_const(Value(known)) == Some(bits) => {
                    return Value(known);
                }
                _ => at = (at + 1) & mask,
            }
        }
        let value = self.new_value(ty, 2 << TAG | self.const_bits.len() as u32);
        self.const_bits.push(bits);
        self.constants.slots[at] = value.0;
        self.constants.len += 1;
        value
    }

    fn grow_constants(&mut self) {
        let size = (self.constants.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.constants.slots, vec![NONE; size]);
        for value in old.into_iter().filter(|&value| value != NONE) {
            let bits = self.as_const(Value(value)).unwrap_or(0);
            let mut at = Constants::hash(self.ty(Value(value)), bits) as usize & (size - 1);
            while self.constants.slots[at] != NONE {
                at = (at + 1) & (size - 1);
            }
            self.constants.slots[at] = value;
        }
    }

    /// An i32 constant.
    pub fn i32(&mut self, value: i32) -> Value {
        self.constant(Kind::I32, value as u32 as u64)
    }

    /// An i64 constant.
    pub fn i64(&mut self, value: i64) -> Value {
        self.constant(Kind::I64, value as u64)
    }

    /// An f64 constant.
    pub fn f64(&mut self, value: f64) -> Value {
        self.constant(Kind::F64, value.to_bits())
    }

    /// A bool constant.
    pub fn bool(&mut self, value: bool) -> Value {
        self.constant(Kind::Bool, u64::from(value))
    }

    /// The null reference.
    pub fn null(&mut self) -> Value {
        self.constant(Kind::Ref, 0)
    }

    /// What a value stands for: itself, unless it was replaced.
    #[inline]
    pub fn resolve(&self, mut value: Value) -> Value {
        while let Def::Alias(other) = self.def(value) {
            value = other;
        }
        value
    }

    /// From now on a value stands for another one. It must not be a constant, nor what the other stands for. Then call
    /// [`remove_aliases`](Self::remove_aliases).
    pub fn replace(&mut self, value: Value, with: Value) {
        let with = self.resolve(with);
        debug_assert_ne!(value, with, "a value cannot stand for itself");
        self.values[value.index()].def = 3 << TAG | with.0;
        self.aliased = true;
    }

    /// Rewrites the values in an instruction's words so that none is an alias.
    #[inline(always)]
    pub fn resolve_words(&self, data: &mut InstData) {
        let mask = data.op.row().values;
        let resolve = |word: &mut u32| {
            if *word != NONE {
                while self.values[*word as usize].def >> TAG == 3 {
                    *word = self.values[*word as usize].def & INDEX;
                }
            }
        };
        if mask & 1 != 0 {
            resolve(&mut data.a);
        }
        if mask & 2 != 0 {
            resolve(&mut data.b);
        }
        if mask & 12 != 0 {
            if mask & 4 != 0 {
                resolve(&mut data.c);
            }
            if mask & 8 != 0 {
                resolve(&mut data.d);
            }
        }
    }

    /// Rewrites a list so that no value in it is an alias.
    #[inline]
    pub fn resolve_list(&mut self, list: List) {
        for word in &mut self.pool[list.start as usize..][..list.len as usize] {
            while self.values[*word as usize].def >> TAG == 3 {
                *word = self.values[*word as usize].def & INDEX;
            }
        }
    }

    /// Rewrites frame states and removed objects so that no value in them is an alias.
    pub fn remove_state_aliases(&mut self) {
        if !self.aliased {
            return;
        }
        let lists =
            self.states.iter().map(|state| state.slots).chain(self.removed.iter().map(|object| object.slots));
        for slots in lists {
            for word in &mut self.pool[slots.start as usize..][..slots.len as usize] {
                while *word < SLOT_REMOVED && self.values[*word as usize].def >> TAG == 3 {
                    *word = self.values[*word as usize].def & INDEX;
                }
            }
        }
    }

    /// Rewrites all operands so that none is an alias. Parameters that are aliases have to be removed by whoever replaced them.
    pub fn remove_aliases(&mut self) {
        if !self.aliased {
            return;
        }
        let resolved = |values: &[ValueData], word: u32| {
            let mut word = word;
            while values[word as usize].def >> TAG == 3 {
                word = values[word as usize].def & INDEX;
            }
            word
        };
        for index in 0..self.insts.len() {
            if self.links[index].block.is_none() {
                continue;
            }
            let data = &mut self.insts[index];
            let mask = data.op.row().values;
            for word in 0..4 {
                if mask >> word & 1 == 1 {
                    let word = data.word_mut(word);
                    if *word != NONE {
                        *word = resolved(&self.values, *word);
                    }
                }
            }
            let arguments = data.arguments();
            for word in &mut self.pool[arguments.start as usize..][..arguments.len as usize] {
                *word = resolved(&self.values, *word);
            }
            for edge in 0..data.edge_count() {
                let args = self.edges[(data.d + edge) as usize].args;
                for word in &mut self.pool[args.start as usize..][..args.len as usize] {
                    *word = resolved(&self.values, *word);
                }
            }
        }
        self.remove_state_aliases();
        self.aliased = false;
    }

    /// Says that no operand is an alias: whoever replaced values has rewritten them all, as [`remove_aliases`](Self::remove_aliases) would have.
    pub fn aliases_are_removed(&mut self) {
        self.aliased = false;
    }

    // ---- Lists, edges, guards, frame states. ----

    /// Puts values into the pool.
    pub fn list(&mut self, values: &[Value]) -> List {
        let start = self.pool.len() as u32;
        self.pool.extend(values.iter().map(|value| value.0));
        List { start, len: values.len() as u32 }
    }

    /// Is the list in the pool? For the verifier, which trusts nobody.
    pub fn has_list(&self, list: List) -> bool {
        u64::from(list.start) + u64::from(list.len) <= self.pool.len() as u64
    }

    /// The value at an index of a list.
    #[inline(always)]
    pub fn list_value(&self, list: List, index: u32) -> Value {
        Value(self.pool[(list.start + index) as usize])
    }

    /// The values of a list.
    pub fn list_values(&self, list: List) -> impl ExactSizeIterator<Item = Value> + '_ {
        self.pool[list.start as usize..][..list.len as usize].iter().map(|&word| Value(word))
    }

    /// Changes a value of a list.
    pub fn set_list_value(&mut self, list: List, index: u32, value: Value) {
        debug_assert!(index < list.len);
        self.pool[(list.start + index) as usize] = value.0;
    }

    /// Adds edges that follow each other, and gives the number of the first.
    pub fn add_edges(&mut self, edges: &[(Block, &[Value])]) -> u32 {
        let first = self.edges.len() as u32;
        for (to, args) in edges {
            let args = self.list(args);
            self.edges.push(Edge { to: *to, args });
        }
        first
    }

    /// An edge.
    #[inline(always)]
    pub fn edge(&self, index: u32) -> Edge {
        self.edges[index as usize]
    }

    /// Changes an edge.
    pub fn set_edge(&mut self, index: u32, edge: Edge) {
        self.edges[index as usize] = edge;
    }

    /// How many edges were ever made: a bound for tables.
    pub fn edge_bound(&self) -> usize {
        self.edges.len()
    }

    /// The numbers of an instruction's edges.
    #[inline(always)]
    pub fn inst_edges(&self, inst: Inst) -> std::ops::Range<u32> {
        let data = self.inst(inst);
        match data.edge_count() {
            0 => 0..0,
            count => data.d..data.d + count,
        }
    }

    /// The numbers of a block's edges; none if it has no terminator.
    #[inline(always)]
    pub fn block_edges(&self, block: Block) -> std::ops::Range<u32> {
        self.last_inst(block).map_or(0..0, |last| self.inst_edges(last))
    }

    /// The blocks that control may go to from a block; one may be there twice.
    pub fn successors(&self, block: Block) -> impl Iterator<Item = Block> + '_ {
        self.block_edges(block).map(|edge| self.edge(edge).to)
    }

    /// Adds a guard; equal ones may share it.
    pub fn add_guard(&mut self, reason: Reason, state: FrameState) -> Guard {
        self.guards.push(GuardData { reason, state });
        Guard(self.guards.len() as u32 - 1)
    }

    /// A guard.
    pub fn guard(&self, guard: Guard) -> GuardData {
        self.guards[guard.index()]
    }

    /// Changes a guard.
    pub fn set_guard(&mut self, guard: Guard, data: GuardData) {
        self.guards[guard.index()] = data;
    }

    /// The guards there are.
    pub fn guards(&self) -> &[GuardData] {
        &self.guards
    }

    /// Puts slots of a frame state or a removed object into the pool.
    pub fn slot_list(&mut self, slots: &[StateSlot]) -> List {
        let start = self.pool.len() as u32;
        self.pool.extend(slots.iter().map(|slot| match slot {
            StateSlot::Dead => SLOT_DEAD,
            StateSlot::Value(value) => value.0,
            StateSlot::Removed(object) => SLOT_REMOVED | object.0,
        }));
        List { start, len: slots.len() as u32 }
    }

    /// The slots of such a list.
    pub fn state_slots(&self, list: List) -> impl ExactSizeIterator<Item = StateSlot> + '_ {
        self.pool[list.start as usize..][..list.len as usize].iter().map(|&word| match word {
            SLOT_DEAD => StateSlot::Dead,
            word if word >= SLOT_REMOVED => StateSlot::Removed(Removed(word & !SLOT_REMOVED)),
            word => StateSlot::Value(Value(word)),
        })
    }

    /// Adds a frame state. `parent` may be [`FrameState::NONE`].
    pub fn add_state(
        &mut self,
        parent: FrameState,
        function: u32,
        position: u32,
        slots: &[StateSlot],
    ) -> FrameState {
        let slots = self.slot_list(slots);
        self.states.push(FrameStateData { parent, function, position, slots });
        FrameState(self.states.len() as u32 - 1)
    }

    /// A frame state.
    pub fn state(&self, state: FrameState) -> &FrameStateData {
        &self.states[state.index()]
    }

    /// A frame state to change.
    pub fn state_mut(&mut self, state: FrameState) -> &mut FrameStateData {
        &mut self.states[state.index()]
    }

    /// How many frame states there are.
    pub fn state_count(&self) -> usize {
        self.states.len()
    }

    /// Adds an object that frame states may refer to.
    pub fn add_removed(&mut self, layout: TypeId, slots: &[StateSlot]) -> Removed {
        let slots = self.slot_list(slots);
        self.removed.push(RemovedData { layout, slots });
        Removed(self.removed.len() as u32 - 1)
    }

    /// A removed object.
    pub fn removed(&self, object: Removed) -> &RemovedData {
        &self.removed[object.index()]
    }

    /// A removed object to change.
    pub fn removed_mut(&mut self, object: Removed) -> &mut RemovedData {
        &mut self.removed[object.index()]
    }

    /// How many removed objects there are.
    pub fn removed_count(&self) -> usize {
        self.removed.len()
    }

    // ---- Operands. ----

    /// Calls `visit` for each value that an instruction reads itself: words, then arguments of a call. Not those on edges, nor in frame states.
    #[inline]
    pub fn visit_operands(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        let data = self.inst(inst);
        let mut mask = data.op.row().values;
        let words = data.words();
        while mask != 0 {
            let word = words[mask.trailing_zeros() as usize];
            mask &= mask - 1;
            if word != NONE {
                visit(Value(word));
            }
        }
        let arguments = data.arguments();
        for index in 0..arguments.len {
            visit(self.list_value(arguments, index));
        }
    }

    /// Calls `visit` for each value that is passed on an instruction's edges.
    #[inline]
    pub fn visit_edge_args(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        for edge in self.inst_edges(inst) {
            let args = self.edge(edge).args;
            for index in 0..args.len {
                visit(self.list_value(args, index));
            }
        }
    }

    /// The frame state that an instruction may leave through, or that its call has.
    #[inline]
    pub fn inst_state(&self, inst: Inst) -> Option<FrameState> {
        let data = self.inst(inst);
        match data.guard() {
            Some(guard) => Some(self.guard(guard).state),
            None => data.call_state(),
        }
    }

    /// Calls `visit` for each value of a frame state, of those that it is inlined in, and of the removed objects that they refer to. A value may come
    /// more than once.
    pub fn visit_state(&self, state: FrameState, mut visit: impl FnMut(Value)) {
        let mut objects: SmallVec<[Removed; 8]> = SmallVec::new();
        let mut next = state.some();
        while let Some(state) = next {
            let data = self.state(state);
            for slot in self.state_slots(data.slots) {
                match slot {
                    StateSlot::Dead => {}
                    StateSlot::Value(value) => visit(value),
                    StateSlot::Removed(object) if objects.contains(&object) => {}
                    StateSlot::Removed(object) => objects.push(object),
                }
            }
            next = data.parent.some();
        }
        // Objects may refer to each other; each is visited once.
        let mut done = 0;
        while done < objects.len() {
            let slots = self.removed(objects[done]).slots;
            done += 1;
            for slot in self.state_slots(slots) {
                match slot {
                    StateSlot::Dead => {}
                    StateSlot::Value(value) => visit(value),
                    StateSlot::Removed(object) if objects.contains(&object) => {}
                    StateSlot::Removed(object) => objects.push(object),
                }
            }
        }
    }

    /// Calls `visit` for everything that an instruction keeps alive: operands, values on edges, values of its frame state.
    pub fn visit_uses(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        self.visit_operands(inst, &mut visit);
        self.visit_edge_args(inst, &mut visit);
        if let Some(state) = self.inst_state(inst) {
            self.visit_state(state, visit);
        }
    }

    /// Takes the blocks that `keep` does not say out of the order. Their edges count no more.
    pub fn retain_blocks(&mut self, mut keep: impl FnMut(Block) -> bool) {
        let mut order = std::mem::take(&mut self.order);
        order.retain(|&block| {
            let kept = keep(block);
            if !kept {
                while let Some(inst) = self.first_inst(block) {
                    self.remove(inst);
                }
            }
            kept
        });
        self.order = order;
    }

    /// Instructions in blocks: what the size of a function is measured by.
    pub fn size(&self) -> usize {
        self.links.iter().filter(|links| !links.block.is_none()).count()
    }
}

impl Constants {
    fn hash(ty: Type, bits: u64) -> u64 {
        let word = bits ^ (ty.kind as u64) << 57 ^ u64::from(ty.id.0) << 32;
        let product = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ product >> 32
    }
}
