//! Machine instructions in SSA form: what lowering makes, the allocator reads and emission walks.
//!
//! How it works. Lowering goes backward, so that it knows of each value whether anybody wants it, but writes the instructions for one
//! IR instruction, a *chunk*, in their order. [`MCode::finish`] then lays the instructions of the chunks out forward, once; their operands stay
//! where they are.
//!
//! An instruction is whatever the instruction set says (an opcode and immediates), and a range of operands. Registers are nowhere in it: what
//! the allocator says of operand `n` is at `n` in its output.
//!
//! Invariants
//! - M1 What RF1 to RF5 of [`regalloc::Function`] ask for.
//! - M2 Flags never live from one instruction to the next: what uses them is part of the instruction that sets them.

use std::ops::Range;

use crate::ir;
use crate::regalloc::{self, Constraint, Operand, RegSet, VReg, ValueInfo};

/// What is to know of an instruction besides its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    /// Index of the set of registers that it overwrites.
    pub clobbers: u8,
    /// It is a safepoint.
    pub safepoint: bool,
    /// It is a move.
    pub is_move: bool,
    /// It is none of that, and no operand is fixed.
    pub plain: bool,
    /// The IR instruction that it comes from.
    pub origin: ir::Inst,
}

/// An instruction with what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct MInst<I> {
    inst: I,
    info: Info,
    /// Its operands.
    start: u32,
    end: u32,
}

/// A block of machine instructions.
#[derive(Clone, Debug, Default)]
pub struct MBlock {
    /// The IR block; none if it is the middle of an edge.
    pub origin: Option<ir::Block>,
    insts: Range<u32>,
    successors: Range<u32>,
    predecessors: Range<u32>,
    params: Range<u32>,
    arguments: Range<u32>,
    weight: u32,
    depth: u32,
}

/// A constant that a value is, to be made again wherever it is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remat {
    /// It is no constant.
    No,
    /// An integer, or the bits of a float.
    Bits(u64),
    /// The address of a symbol.
    Address(ir::Symbol),
}

/// The code of a function, for an instruction set whose instructions are `I`.
#[derive(Clone, Debug)]
pub struct MCode<I> {
    insts: Vec<MInst<I>>,
    /// Those of an instruction follow each other.
    operands: Vec<Operand>,
    /// Sets of clobbered registers; the first is empty.
    pub clobber_sets: Vec<RegSet>,
    pub(super) blocks: Vec<MBlock>,
    targets: Vec<u32>,
    vregs: Vec<VReg>,
    values: Vec<ValueInfo>,
    remats: Vec<Remat>,
    pool: Vec<u64>,

    // While lowering: instructions in the order in which chunks are made.
    back: Vec<MInst<I>>,
    /// Where the operands of the next one begin.
    start: u32,
    /// None of its operands is fixed.
    plain: bool,
    /// Where each chunk begins among those, and its block.
    chunks: Vec<(u32, u32)>,
    /// Where predecessors begin.
    starts: Vec<u32>,
}

impl<I> Default for MCode<I> {
    fn default() -> Self {
        MCode {
            insts: Vec::new(),
            operands: Vec::new(),
            clobber_sets: Vec::new(),
            blocks: Vec::new(),
            targets: Vec::new(),
            vregs: Vec::new(),
            values: Vec::new(),
            remats: Vec::new(),
            pool: Vec::new(),
            back: Vec::new(),
            start: 0,
            plain: true,
            chunks: Vec::new(),
            starts: Vec::new(),
        }
    }
}

impl<I: Copy> MCode<I> {
    /// Forgets the code, keeps the memory.
    pub fn clear(&mut self) {
        self.insts.clear();
        self.operands.clear();
        self.clobber_sets.clear();
        self.clobber_sets.push(RegSet::EMPTY);
        self.blocks.clear();
        self.targets.clear();
        self.vregs.clear();
        self.values.clear();
        self.remats.clear();
        self.pool.clear();
        self.back.clear();
        self.start = 0;
        self.plain = true;
        self.chunks.clear();
    }

    // ---- While lowering. ----

    /// A block at the end of the order.
    #[inline]
    pub(super) fn add_block(&mut self, origin: Option<ir::Block>, depth: u32, weight: u32) {
        let params = self.vregs.len() as u32;
        self.blocks.push(MBlock { origin, depth, weight, params: params..params, ..MBlock::default() });
    }

    /// Says where control goes from the last block.
    #[inline]
    pub(super) fn set_successors(&mut self, to: impl Iterator<Item = u32>) {
        let start = self.targets.len() as u32;
        self.targets.extend(to);
        if let Some(block) = self.blocks.last_mut() {
            block.successors = start..self.targets.len() as u32;
        }
    }

    /// A parameter of the last block.
    #[inline]
    pub(super) fn add_param(&mut self, param: VReg) {
        self.vregs.push(param);
        if let Some(block) = self.blocks.last_mut() {
            block.params.end += 1;
        }
    }

    /// Computes predecessors from successors.
    pub(super) fn connect(&mut self) {
        let edges = self.targets.len();
        self.starts.clear();
        self.starts.resize(self.blocks.len(), 0);
        for &to in &self.targets {
            self.starts[to as usize] += 1;
        }
        let mut end = edges as u32;
        for (block, start) in self.blocks.iter_mut().zip(&mut self.starts) {
            let count = *start;
            block.predecessors = end..end + count;
            *start = end;
            end += count;
        }
        self.targets.resize(end as usize, 0);
        for (from, block) in self.blocks.iter().enumerate() {
            for at in block.successors.clone() {
                let start = &mut self.starts[self.targets[at as usize] as usize];
                self.targets[*start as usize] = from as u32;
                *start += 1;
            }
        }
    }

    /// What follows are the arguments that a block passes to its successor.
    #[inline]
    pub(super) fn begin_arguments(&mut self, block: u32) {
        let start = self.vregs.len() as u32;
        self.blocks[block as usize].arguments = start..start;
    }

    /// An argument of a block.
    #[inline]
    pub(super) fn add_argument(&mut self, block: u32, argument: VReg) {
        self.vregs.push(argument);
        self.blocks[block as usize].arguments.end += 1;
    }

    /// A constant for the pool; its number.
    pub fn pool(&mut self, bits: u64) -> u32 {
        self.pool.push(bits);
        self.pool.len() as u32 - 1
    }

    /// The constant with a number.
    pub fn pooled(&self, number: u32) -> u64 {
        self.pool[number as usize]
    }

    /// A new value.
    #[inline]
    pub fn new_vreg(&mut self, info: ValueInfo, remat: Remat) -> VReg {
        self.values.push(info);
        self.remats.push(remat);
        VReg(self.values.len() as u32 - 1)
    }

    /// Begins the instructions of one IR instruction, which come before all that were made until now.
    #[inline]
    pub(super) fn begin_chunk(&mut self, block: u32) {
        self.chunks.push((self.back.len() as u32, block));
    }

    /// Adds an operand to the next instruction, and gives its index among them.
    #[inline]
    pub(super) fn add_operand(&mut self, operand: Operand) -> u8 {
        self.plain &= !matches!(operand.constraint, Constraint::Fixed(_));
        let index = self.operands.len() as u32 - self.start;
        self.operands.push(operand);
        index as u8
    }

    /// Is no operand of the next instruction fixed?
    #[inline]
    pub(super) fn operands_plain(&self) -> bool {
        self.plain
    }

    /// Where the operands of the next instruction begin.
    #[inline]
    pub(super) fn first_operand(&self) -> u32 {
        self.start
    }

    /// The number of the operand that is added next.
    #[inline]
    pub(super) fn operand_count(&self) -> u32 {
        self.operands.len() as u32
    }

    /// Forgets the operands that were added.
    pub(super) fn drop_operands(&mut self) {
        self.operands.truncate(self.start as usize);
        self.plain = true;
    }

    /// Adds an instruction with those operands to the chunk.
    #[inline]
    pub(super) fn push(&mut self, inst: I, info: Info) {
        let end = self.operands.len() as u32;
        self.back.push(MInst { inst, info, start: self.start, end });
        self.start = end;
        self.plain = true;
    }

    /// Adds instructions with a def each to the chunk, before the next one, which has operands already: they move up.
    #[cold]
    pub(super) fn push_before(&mut self, insts: &[(I, VReg)], info: Info) {
        let start = self.start as usize;
        let defs = insts.iter().map(|&(_, vreg)| Operand::def(vreg));
        self.operands.splice(start..start, defs);
        for &(inst, _) in insts {
            self.back.push(MInst { inst, info, start: self.start, end: self.start + 1 });
            self.start += 1;
        }
    }

    /// Lays the chunks out in order.
    pub(super) fn finish(&mut self) {
        self.insts.reserve(self.back.len());
        let mut end = self.back.len();
        let mut current = u32::MAX;
        for &(start, block) in self.chunks.iter().rev() {
            if block != current {
                let at = self.insts.len() as u32;
                if let Some(before) = self.blocks.get_mut(current as usize) {
                    before.insts.end = at;
                }
                self.blocks[block as usize].insts.start = at;
                current = block;
            }
            self.insts.extend_from_slice(&self.back[start as usize..end]);
            end = start as usize;
        }
        if let Some(last) = self.blocks.get_mut(current as usize) {
            last.insts.end = self.insts.len() as u32;
        }
    }

    // ---- After that. ----

    /// How many instructions there are.
    pub fn inst_count(&self) -> u32 {
        self.insts.len() as u32
    }

    /// An instruction.
    #[inline]
    pub fn inst(&self, inst: u32) -> &I {
        &self.insts[inst as usize].inst
    }

    /// The instructions of a range.
    #[inline]
    pub fn insts(&self, range: Range<u32>) -> impl Iterator<Item = &I> {
        self.insts[range.start as usize..range.end as usize].iter().map(|inst| &inst.inst)
    }

    /// An operand of an instruction.
    #[inline]
    pub fn inst_operand(&self, inst: u32, index: u32) -> Operand {
        self.operands[(self.insts[inst as usize].start + index) as usize]
    }

    /// What constant an instruction makes, if that is all it does.
    pub fn inst_constant(&self, inst: u32) -> Option<Remat> {
        let MInst { start, end, .. } = self.insts[inst as usize];
        if end - start != 1 {
            return None;
        }
        let operand = self.operands[start as usize];
        let remat = self.remats[operand.vreg.index()];
        Some(remat).filter(|_| operand.role == regalloc::Role::Def).filter(|&remat| remat != Remat::No)
    }

    /// What is to know of an instruction.
    pub fn info(&self, inst: u32) -> &Info {
        &self.insts[inst as usize].info
    }

    /// Changes an instruction that has the same operands after as before.
    pub fn set_inst(&mut self, inst: u32, to: I) {
        self.insts[inst as usize].inst = to;
    }

    /// Makes an instruction with one use and one def a move between registers.
    pub(super) fn make_move(&mut self, inst: u32, to: I) {
        let inst = &mut self.insts[inst as usize];
        inst.inst = to;
        (inst.info.is_move, inst.info.plain) = (true, false);
        for operand in &mut self.operands[inst.start as usize..inst.end as usize] {
            operand.constraint = Constraint::Reg;
        }
    }

    /// Is the instruction the first of its block?
    pub(super) fn begins_block(&self, inst: u32) -> bool {
        self.blocks.binary_search_by_key(&inst, |block| block.insts.start).is_ok()
    }

    /// What to compute a value from, if it is a constant.
    #[inline]
    pub fn remat(&self, vreg: VReg) -> Remat {
        self.remats[vreg.index()]
    }

    /// The IR block that a block comes from.
    pub fn origin(&self, block: u32) -> Option<ir::Block> {
        self.blocks[block as usize].origin
    }
}

impl<I: Copy> regalloc::Function for MCode<I> {
    fn blocks(&self) -> u32 {
        self.blocks.len() as u32
    }

    #[inline]
    fn block_insts(&self, block: u32) -> Range<u32> {
        self.blocks[block as usize].insts.clone()
    }

    #[inline]
    fn successors(&self, block: u32) -> &[u32] {
        let range = &self.blocks[block as usize].successors;
        &self.targets[range.start as usize..range.end as usize]
    }

    #[inline]
    fn predecessors(&self, block: u32) -> &[u32] {
        let range = &self.blocks[block as usize].predecessors;
        &self.targets[range.start as usize..range.end as usize]
    }

    #[inline]
    fn params(&self, block: u32) -> &[VReg] {
        let range = &self.blocks[block as usize].params;
        &self.vregs[range.start as usize..range.end as usize]
    }

    #[inline]
    fn arguments(&self, block: u32) -> &[VReg] {
        let range = &self.blocks[block as usize].arguments;
        &self.vregs[range.start as usize..range.end as usize]
    }

    fn weight(&self, block: u32) -> u32 {
        self.blocks[block as usize].weight
    }

    fn loop_depth(&self, block: u32) -> u32 {
        self.blocks[block as usize].depth
    }

    fn vregs(&self) -> u32 {
        self.values.len() as u32
    }

    #[inline]
    fn value(&self, vreg: VReg) -> ValueInfo {
        self.values[vreg.index()]
    }

    #[inline]
    fn operands(&self) -> &[Operand] {
        &self.operands
    }

    #[inline]
    fn inst_operands(&self, inst: u32) -> Range<u32> {
        let MInst { start, end, .. } = self.insts[inst as usize];
        start..end
    }

    #[inline]
    fn clobbers(&self, inst: u32) -> RegSet {
        self.clobber_sets[self.insts[inst as usize].info.clobbers as usize]
    }

    #[inline]
    fn is_safepoint(&self, inst: u32) -> bool {
        self.insts[inst as usize].info.safepoint
    }

    #[inline]
    fn is_plain(&self, inst: u32) -> bool {
        self.insts[inst as usize].info.plain
    }

    #[inline]
    fn is_move(&self, inst: u32) -> bool {
        self.insts[inst as usize].info.is_move
    }
}
