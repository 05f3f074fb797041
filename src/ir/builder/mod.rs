//! The builder: for front ends and embedders, which make functions instruction by instruction.
//!
//! How it works. There is a current block, to which instructions are appended; kinds follow from operands. A front end's variables need no
//! SSA form of their own: they are declared, defined and used, and the builder makes the parameters of blocks that they need
//! (Braun et al., *Simple and Efficient Construction of Static Single Assignment Form*, 2013). A block is *sealed* when all edges to it
//! are there; until then it may get parameters whose arguments are found out when it is sealed. [`finish`](Builder::finish) removes those
//! that turn out to be always the same value.
//!
//! A variable that is used where it was not defined on every way has its zero there: 0, 0.0, false, null.
//!
//! ```
//! use orus::ir::builder::{Address, Builder};
//! use orus::ir::{Alias, Cond, Convention, Function, Kind, Mem, Module, Signature, print_function, verify};
//!
//! let mut module = Module::new();
//! let signature = Signature::new(&[Kind::Ref, Kind::I32], Kind::I32, Convention::Orus);
//! let mut function = Function::new("sum", signature);
//! let mut b = Builder::new(&mut function, &mut module);
//! let (array, count) = (b.param(0), b.param(1));
//! let (index, sum) = (b.declare_var(Kind::I32), b.declare_var(Kind::I32));
//! let zero = b.i32(0);
//! b.def_var(index, zero);
//! b.def_var(sum, zero);
//! let (header, body, end) = (b.new_block(), b.new_block(), b.new_block());
//! b.jump(header, &[]);
//!
//! b.switch_to(header); // not sealed: the edge back is not there yet
//! let at = b.use_var(index);
//! b.br_cmp(Cond::Lt, at, count, (body, &[]), (end, &[]));
//! b.seal_block(body);
//! b.seal_block(end);
//!
//! b.switch_to(body);
//! let at = b.use_var(index);
//! let element = b.load(Mem::I32, Address::indexed(array, at, 4, 24), Alias::array(Mem::I32));
//! let so_far = b.use_var(sum);
//! let total = b.add(so_far, element);
//! b.def_var(sum, total);
//! let one = b.i32(1);
//! let next = b.add(at, one);
//! b.def_var(index, next);
//! b.jump(header, &[]);
//! b.seal_block(header);
//!
//! b.switch_to(end);
//! let total = b.use_var(sum);
//! b.ret(Some(total));
//! b.finish();
//!
//! verify(&function, &module).unwrap();
//! let text = print_function(&function, &module);
//! assert!(text.contains("b1(v2: i32, v3: i32):"), "{text}");
//! assert!(text.contains("v4 = load.i32 v0[v2*4 + 24] @array.i32"), "{text}");
//! ```
//!
//! Invariants
//! - BU1 A block that is sealed gets no further edges.
//! - BU2 While a function is built, parameters that variables made stand among the others of a block; their arguments are kept aside
//!   until [`finish`](Builder::finish) puts both in order.

mod instructions;
#[cfg(test)]
mod tests;
mod variables;

use super::function::{Edge, Function, InstData, Reason, StateSlot};
use super::module::Module;
use super::types::{Block, FrameState, Guard, Kind, Removed, Type, TypeId, Value};

pub use instructions::Address;
pub use variables::Var;
use variables::Variables;

/// Where an edge leads, and the arguments for the block's parameters (without those that variables make).
pub type Target<'a> = (Block, &'a [Value]);

/// Appends instructions to a function.
pub struct Builder<'a> {
    /// The function.
    pub function: &'a mut Function,
    /// What it refers to.
    pub module: &'a mut Module,
    block: Block,
    variables: Variables,
}

impl<'a> Builder<'a> {
    /// As an argument of the first edge of an instruction that ends its block: its own result.
    pub const RESULT: Value = Value(u32::MAX - 1);

    /// Begins in the entry of a function that has no other blocks or instructions yet.
    pub fn new(function: &'a mut Function, module: &'a mut Module) -> Builder<'a> {
        let block = function.entry();
        let mut variables = Variables::default();
        variables.new_block(block);
        variables.seal(block);
        Builder { function, module, block, variables }
    }

    // ---- Blocks. ----

    /// A new block, which is neither sealed nor current.
    pub fn new_block(&mut self) -> Block {
        let block = self.function.new_block();
        self.variables.new_block(block);
        block
    }

    /// A parameter of a block. Each edge to it has to pass a value.
    pub fn add_param(&mut self, block: Block, ty: impl Into<Type>) -> Value {
        self.function.add_param(block, ty)
    }

    /// The block is hardly ever run.
    pub fn set_cold(&mut self, block: Block) {
        self.function.block_mut(block).cold = true;
    }

    /// From now on instructions are appended to this block.
    pub fn switch_to(&mut self, block: Block) {
        self.block = block;
    }

    /// The block that instructions are appended to.
    pub fn current(&self) -> Block {
        self.block
    }

    /// Does the current block have its terminator?
    pub fn is_filled(&self) -> bool {
        let last = self.function.last_inst(self.block);
        last.is_some_and(|last| self.function.inst(last).op.is_terminator())
    }

    /// A parameter of the function.
    ///
    /// # Panics
    /// If there is none of that index.
    pub fn param(&self, index: usize) -> Value {
        self.function.params(self.function.entry())[index]
    }

    /// All edges to the block are there.
    pub fn seal_block(&mut self, block: Block) {
        self.variables.seal_block(self.function, block);
    }

    /// Seals all blocks.
    pub fn seal_all(&mut self) {
        for index in 0..self.function.block_count() as u32 {
            self.seal_block(Block(index));
        }
    }

    /// Seals what is not sealed, and gives the function its final form: parameters that are not needed are gone, no operand is an alias.
    pub fn finish(mut self) {
        self.seal_all();
        self.variables.finish(self.function);
    }

    // ---- Variables. ----

    /// A new variable.
    pub fn declare_var(&mut self, ty: impl Into<Type>) -> Var {
        self.variables.declare(ty.into())
    }

    /// Here, at the end of the current block so far, the variable gets a value.
    ///
    /// # Panics
    /// If the value is of another kind than the variable.
    pub fn def_var(&mut self, var: Var, value: Value) {
        assert_eq!(self.variables.ty(var).kind, self.function.kind(value), "a variable keeps its kind");
        self.variables.define(var, self.block, value);
    }

    /// The value of the variable here. That two values are the same may come out only in [`finish`](Self::finish), which then removes
    /// one of them.
    pub fn use_var(&mut self, var: Var) -> Value {
        self.variables.read(self.function, var, self.block)
    }

    // ---- Constants. ----

    /// An i32.
    pub fn i32(&mut self, value: i32) -> Value {
        self.function.i32(value)
    }

    /// An i64.
    pub fn i64(&mut self, value: i64) -> Value {
        self.function.i64(value)
    }

    /// A u32.
    pub fn u32(&mut self, value: u32) -> Value {
        self.function.constant(Kind::U32, u64::from(value))
    }

    /// A u64.
    pub fn u64(&mut self, value: u64) -> Value {
        self.function.constant(Kind::U64, value)
    }

    /// An f64.
    pub fn f64(&mut self, value: f64) -> Value {
        self.function.f64(value)
    }

    /// A bool.
    pub fn bool(&mut self, value: bool) -> Value {
        self.function.bool(value)
    }

    /// The null reference.
    pub fn null(&mut self) -> Value {
        self.function.null()
    }

    // ---- Ways out. ----

    /// The frame of the interpreter, as it would be here: the function and the place in it as the user numbers them, and the slots.
    pub fn frame_state(
        &mut self,
        parent: Option<FrameState>,
        function: u32,
        position: u32,
        slots: &[StateSlot],
    ) -> FrameState {
        self.function.add_state(parent.unwrap_or(FrameState::NONE), function, position, slots)
    }

    /// An object that frame states refer to, which is made only when one of them is used.
    pub fn removed_object(&mut self, layout: TypeId, slots: &[StateSlot]) -> Removed {
        self.function.add_removed(layout, slots)
    }

    /// A way out for [`guard`](Self::guard), checked instructions and the like.
    pub fn way_out(&mut self, reason: Reason, state: FrameState) -> Guard {
        self.function.add_guard(reason, state)
    }

    /// The position in the source that instructions get from now on.
    pub fn set_position(&mut self, position: u32) {
        self.function.position = position;
    }

    /// Says more of the layout that a reference leads to.
    pub fn set_type(&mut self, value: Value, ty: Type) {
        self.function.set_type(value, ty);
    }

    // ---- What all instructions go through. ----

    /// Appends an instruction without edges. Its result, if it has one.
    ///
    /// # Panics
    /// If the current block already has its terminator.
    pub fn append(&mut self, data: InstData) -> Option<Value> {
        assert!(!self.is_filled(), "{} has its terminator", self.block);
        let inst = self.function.append(self.block, data);
        self.function.result(inst)
    }

    /// Appends an instruction with edges.
    fn end(&mut self, mut data: InstData, targets: &[Target<'_>]) -> Option<Value> {
        data.d = self.function.add_edges(targets);
        let result = self.append(data);
        for (index, &(to, _)) in targets.iter().enumerate() {
            let number = data.d + index as u32;
            self.variables.edge(self.block, number, to);
            let Edge { args, .. } = self.function.edge(number);
            for index in 0..args.len {
                if self.function.list_value(args, index) == Builder::RESULT {
                    let result = result.unwrap_or(Value::NONE);
                    self.function.set_list_value(args, index, result);
                }
            }
        }
        result
    }
}
