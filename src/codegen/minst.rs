//! Machine instructions in SSA form: what lowering makes, the allocator reads and emission walks.
//!
//! How it works. Lowering goes backward, so that it knows of each value whether anybody wants it, but writes the instructions for one
//! IR instruction, a *chunk*, in their order. [`MCode::finish`] then lays the chunks out forward in arrays, once.
//!
//! An instruction is whatever the instruction set says (an opcode and immediates), and a range of operands. Registers are nowhere in it: what
//! the allocator says of operand `n` is at `n` in its output.
//!
//! Invariants
//! - M1 What RF1 to RF5 of [`regalloc::Function`] ask for.
//! - M2 Flags never live from one instruction to the next: what uses them is part of the instruction that sets them.

use std::ops::Range;

use crate::ir;
use crate::regalloc::{self, Operand, RegSet, VReg, ValueInfo};

/// What is to know of an instruction besides its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    /// Index of the set of registers that it overwrites.
    pub clobbers: u8,
    /// It is a safepoint.
    pub safepoint: bool,
    /// It is a move.
    pub is_move: bool,
    /// The IR instruction that it comes from.
    pub origin: ir::Inst,
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
    insts: Vec<I>,
    infos: Vec<Info>,
    starts: Vec<u32>,
    operands: Vec<Operand>,
    /// Sets of clobbered registers; the first is empty.
    pub clobber_sets: Vec<RegSet>,
    pub(super) blocks: Vec<MBlock>,
    targets: Vec<u32>,
    vregs: Vec<VReg>,
    values: Vec<ValueInfo>,
    remats: Vec<Remat>,
    pool: Vec<u64>,

    // While lowering: instructions and operands in the order in which chunks are made.
    back_insts: Vec<I>,
    back_infos: Vec<Info>,
    back_ends: Vec<u32>,
    back_operands: Vec<Operand>,
    /// Where the operands of the next one begin.
    back_start: u32,
    /// Where each chunk begins among `back_insts`, and its block.
    chunks: Vec<(u32, u32)>,
}

impl<I> Default for MCode<I> {
    fn default() -> Self {
        MCode {
            insts: Vec::new(),
            infos: Vec::new(),
            starts: Vec::new(),
            operands: Vec::new(),
            clobber_sets: Vec::new(),
            blocks: Vec::new(),
            targets: Vec::new(),
            vregs: Vec::new(),
            values: Vec::new(),
            remats: Vec::new(),
            pool: Vec::new(),
            back_insts: Vec::new(),
            back_infos: Vec::new(),
            back_ends: Vec::new(),
            back_operands: Vec::new(),
            back_start: 0,
            chunks: Vec::new(),
        }
    }
}

impl<I: Copy> MCode<I> {
    /// Forgets the code, keeps the memory.
    pub fn clear(&mut self) {
        self.insts.clear();
        self.infos.clear();
        self.starts.clear();
        self.operands.clear();
        self.clobber_sets.clear();
        self.clobber_sets.push(RegSet::EMPTY);
        self.blocks.clear();
        self.targets.clear();
        self.vregs.clear();
        self.values.clear();
        self.remats.clear();
        self.pool.clear();
        self.back_insts.clear();
        self.back_infos.clear();
        self.back_ends.clear();
        self.back_operands.clear();
        self.back_start = 0;
        self.chunks.clear();
    }

    // ---- While lowering. ----

    /// A block at the end of the order, its successors known.
    pub(super) fn add_block(&mut self, origin: Option<ir::Block>, depth: u32, weight: u32) -> u32 {
        self.blocks.push(MBlock { origin, depth, weight, ..MBlock::default() });
        self.blocks.len() as u32 - 1
    }

    /// Says where control goes from a block.
    pub(super) fn set_successors(&mut self, block: u32, to: impl Iterator<Item = u32>) {
        let start = self.targets.len() as u32;
        self.targets.extend(to);
        self.blocks[block as usize].successors = start..self.targets.len() as u32;
    }

    /// Computes predecessors from successors.
    pub(super) fn connect(&mut self) {
        let count = self.blocks.len();
        let mut starts = vec![0_u32; count + 1];
        for block in &self.blocks {
            for &to in &self.targets[block.successors.start as usize..block.successors.end as usize] {
                starts[to as usize + 1] += 1;
            }
        }
        let base = self.targets.len() as u32;
        for index in 0..count {
            starts[index + 1] += starts[index];
            let range = base + starts[index]..base + starts[index + 1];
            self.blocks[index].predecessors = range;
        }
        self.targets.resize(base as usize + starts[count] as usize, 0);
        for from in 0..count {
            for at in self.blocks[from].successors.clone() {
                let to = self.targets[at as usize] as usize;
                self.targets[(base + starts[to]) as usize] = from as u32;
                starts[to] += 1;
            }
        }
    }

    /// The parameters of a block.
    pub(super) fn set_params(&mut self, block: u32, params: impl Iterator<Item = VReg>) {
        let start = self.vregs.len() as u32;
        self.vregs.extend(params);
        self.blocks[block as usize].params = start..self.vregs.len() as u32;
    }

    /// What a block passes to its successor.
    pub(super) fn set_arguments(&mut self, block: u32, arguments: &[VReg]) {
        let start = self.vregs.len() as u32;
        self.vregs.extend_from_slice(arguments);
        self.blocks[block as usize].arguments = start..self.vregs.len() as u32;
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
        self.chunks.push((self.back_insts.len() as u32, block));
    }

    /// Adds an operand to the next instruction, and gives its index among them.
    #[inline]
    pub(super) fn add_operand(&mut self, operand: Operand) -> u8 {
        self.back_operands.push(operand);
        self.operands_added() - 1
    }

    /// How many operands the next instruction has until now. More than 255 are none that are asked for by index.
    #[inline]
    pub(super) fn operands_added(&self) -> u8 {
        (self.back_operands.len() as u32 - self.back_start) as u8
    }

    /// Forgets the operands that were added.
    pub(super) fn drop_operands(&mut self) {
        self.back_operands.truncate(self.back_start as usize);
    }

    /// Adds an instruction with those operands to the chunk.
    #[inline]
    pub(super) fn push(&mut self, inst: I, info: Info) {
        self.back_insts.push(inst);
        self.back_infos.push(info);
        self.back_start = self.back_operands.len() as u32;
        self.back_ends.push(self.back_start);
    }

    /// Adds instructions with a def each to the chunk, before the next one, which has operands already.
    #[cold]
    pub(super) fn push_before(&mut self, insts: &[(I, VReg)], info: Info) {
        let start = self.back_start as usize;
        let defs = insts.iter().map(|&(_, vreg)| Operand::def(vreg));
        self.back_operands.splice(start..start, defs);
        for &(inst, _) in insts {
            self.back_insts.push(inst);
            self.back_infos.push(info);
            self.back_start += 1;
            self.back_ends.push(self.back_start);
        }
    }

    /// How many instructions were made: the index among them of the next one.
    pub(super) fn made(&self) -> u32 {
        self.back_insts.len() as u32
    }

    /// Lays the chunks out in order. Returns where each made instruction has gone.
    pub(super) fn finish(&mut self, places: &mut Vec<u32>) {
        let count = self.back_insts.len();
        places.clear();
        places.resize(count, 0);
        self.insts.reserve(count);
        self.infos.reserve(count);
        self.starts.reserve(count + 1);
        self.operands.reserve(self.back_operands.len());
        let mut end = count as u32;
        let mut current = u32::MAX;
        for &(start, block) in self.chunks.iter().rev() {
            if block != current {
                if current != u32::MAX {
                    self.blocks[current as usize].insts.end = self.insts.len() as u32;
                }
                self.blocks[block as usize].insts.start = self.insts.len() as u32;
                current = block;
            }
            // Operands follow each other in a chunk: they move by the same distance.
            let first = if start == 0 { 0 } else { self.back_ends[start as usize - 1] };
            let base = self.operands.len() as u32;
            let mut from = first;
            let chunk = start as usize..end as usize;
            let (insts, infos) = (&self.back_insts[chunk.clone()], &self.back_infos[chunk.clone()]);
            let (ends, places) = (&self.back_ends[chunk.clone()], &mut places[chunk]);
            for (((inst, info), end), place) in insts.iter().zip(infos).zip(ends).zip(places) {
                *place = self.insts.len() as u32;
                self.insts.push(*inst);
                self.infos.push(*info);
                self.starts.push(base + from - first);
                from = *end;
            }
            self.operands.extend_from_slice(&self.back_operands[first as usize..from as usize]);
            end = start;
        }
        if current != u32::MAX {
            self.blocks[current as usize].insts.end = self.insts.len() as u32;
        }
        self.starts.push(self.operands.len() as u32);
    }

    // ---- After that. ----

    /// The instructions.
    pub fn insts(&self) -> &[I] {
        &self.insts
    }

    /// The value of an instruction's operand.
    pub fn inst_operand(&self, inst: u32, index: u32) -> VReg {
        self.operands[(self.starts[inst as usize] + index) as usize].vreg
    }

    /// What constant an instruction makes, if that is all it does.
    pub fn inst_constant(&self, inst: u32) -> Option<Remat> {
        let operands = self.starts[inst as usize]..self.starts[inst as usize + 1];
        if operands.len() != 1 {
            return None;
        }
        let operand = self.operands[operands.start as usize];
        let remat = self.remats[operand.vreg.index()];
        Some(remat).filter(|_| operand.role == regalloc::Role::Def).filter(|&remat| remat != Remat::No)
    }

    /// What is to know of an instruction.
    pub fn info(&self, inst: u32) -> &Info {
        &self.infos[inst as usize]
    }

    /// Changes an instruction that has the same operands after as before.
    pub fn set_inst(&mut self, inst: u32, to: I) {
        self.insts[inst as usize] = to;
    }

    /// Makes an instruction with one use and one def a move between registers.
    pub(super) fn make_move(&mut self, inst: u32, to: I) {
        self.insts[inst as usize] = to;
        self.infos[inst as usize].is_move = true;
        for at in self.starts[inst as usize]..self.starts[inst as usize + 1] {
            self.operands[at as usize].constraint = regalloc::Constraint::Reg;
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
        self.starts[inst as usize]..self.starts[inst as usize + 1]
    }

    #[inline]
    fn clobbers(&self, inst: u32) -> RegSet {
        self.clobber_sets[self.infos[inst as usize].clobbers as usize]
    }

    #[inline]
    fn is_safepoint(&self, inst: u32) -> bool {
        self.infos[inst as usize].safepoint
    }

    #[inline]
    fn is_move(&self, inst: u32) -> bool {
        self.infos[inst as usize].is_move
    }
}
