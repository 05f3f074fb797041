//! The blocks of a bytecode function, the edges between them, and which of them a unit has.
//!
//! How it works. Blocks begin at branch targets, behind what ends one, at `loop` instructions, and where the range of a handler begins or ends: so
//! all instructions of a block have the same innermost handler. An edge leads upward in the code or to a `loop` (V3 of the
//! bytecode verifier), so the loop of a header is found from the edges that come to it from behind. It need not be a
//! natural loop, nor have one entry: where control leaves the set of blocks, the unit is left, and where it comes in from elsewhere, the unit is
//! not entered.
//!
//! Invariants
//! - TB1 `targets` and `next` name blocks of the function.
//! - TB2 A block that is in the unit can be reached from where the unit is entered, over blocks of the unit.
//!
//! Cost. Linear in the code.

use smallvec::SmallVec;

use crate::bytecode::{Effect, Function, Handler, Inst, Op, Program, instructions};
use crate::jit::unit::Entry;

/// No block.
pub(super) const NONE: u32 = u32::MAX;

/// A block of bytecode.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its instructions, as indices of [`Code::insts`].
    pub first: u32,
    /// Behind the last one.
    pub end: u32,
    /// Where its last instruction branches to.
    pub targets: SmallVec<[u32; 2]>,
    /// Where it falls to.
    pub next: u32,
    /// The block of the innermost handler around it, if it has an instruction that may raise.
    pub catch: u32,
    /// It calls Orus code.
    pub calls: bool,
    /// An edge of the unit leads here from this block or one behind it.
    pub late: bool,
    /// The last block from which control goes back here.
    pub last: u32,
    /// The unit has it.
    pub inside: bool,
}

/// A function taken apart.
#[derive(Debug)]
pub(super) struct Code<'p> {
    pub function: &'p Function,
    pub insts: Vec<Inst<'p>>,
    pub blocks: Vec<Block>,
    /// By word: the block that begins there.
    at: Vec<u32>,
}

/// May an instruction raise, so that its handler runs? (A `loop` that is interrupted skips handlers.)
pub(super) fn may_raise(inst: &Inst<'_>) -> bool {
    inst.row().raises != Effect::Pure && inst.op != Op::Loop
}

/// Is it a call of Orus code?
pub(super) fn is_call(inst: &Inst<'_>) -> bool {
    matches!(inst.op, Op::Call | Op::CallValue)
}

impl<'p> Code<'p> {
    /// Takes a function apart, and finds the blocks of a unit of it. None if there is no such entry, or the code cannot be read.
    pub fn new(program: &'p Program, function: &'p Function, entry: Entry) -> Option<Code<'p>> {
        let insts: Vec<Inst<'p>> = instructions(program, &function.code).collect::<Result<_, _>>().ok()?;
        let words = function.code.len();
        let mut leaders = vec![false; words + 1];
        for inst in &insts {
            let mut ends = !inst.falls_through();
            for target in inst.targets() {
                *leaders.get_mut(usize::try_from(target).ok()?)? = true;
                ends = true;
            }
            leaders[inst.next() as usize] |= ends;
            leaders[inst.pc as usize] |= inst.op == Op::Loop;
        }
        for handler in &function.handlers {
            for word in [handler.start, handler.end, handler.target] {
                *leaders.get_mut(word as usize)? = true;
            }
        }
        *leaders.first_mut()? = true;
        let mut code = Code { function, insts, blocks: Vec::new(), at: vec![NONE; words + 1] };
        for (index, inst) in code.insts.iter().enumerate() {
            if leaders[inst.pc as usize] {
                if let Some(last) = code.blocks.last_mut() {
                    last.end = index as u32;
                }
                code.at[inst.pc as usize] = code.blocks.len() as u32;
                code.blocks.push(Block {
                    first: index as u32,
                    end: code.insts.len() as u32,
                    targets: SmallVec::new(),
                    next: NONE,
                    catch: NONE,
                    calls: false,
                    late: false,
                    last: NONE,
                    inside: false,
                });
            }
        }
        code.edges()?;
        match entry {
            Entry::Function => code.reach(0, &|_| true),
            Entry::Loop(word) => {
                let header = code.block_at(word)?;
                if code.insts[code.blocks[header as usize].first as usize].op != Op::Loop {
                    return None;
                }
                code.find_loop(header);
            }
        }
        code.find_late();
        Some(code)
    }

    fn edges(&mut self) -> Option<()> {
        for index in 0..self.blocks.len() {
            let (first, end) = (self.blocks[index].first, self.blocks[index].end);
            let insts = &self.insts[first as usize..end as usize];
            let last = insts.last()?;
            let targets = last.targets().map(|target| self.block_at(u32::try_from(target).ok()?));
            let targets: SmallVec<[u32; 2]> = targets.collect::<Option<_>>()?;
            let next = if last.falls_through() { self.block_at(last.next())? } else { NONE };
            let raises = insts.iter().any(may_raise);
            let catch = match self.function.handler(insts[0].pc) {
                Some(handler) if raises => self.block_at(handler.target)?,
                _ => NONE,
            };
            let calls = insts.iter().any(is_call);
            let block = &mut self.blocks[index];
            (block.targets, block.next, block.catch, block.calls) = (targets, next, catch, calls);
        }
        Some(())
    }

    /// The block that begins at a word.
    pub fn block_at(&self, word: u32) -> Option<u32> {
        self.at.get(word as usize).copied().filter(|&block| block != NONE)
    }

    /// The address of a block.
    pub fn word(&self, block: u32) -> u32 {
        self.insts[self.blocks[block as usize].first as usize].pc
    }

    /// The instructions of a block.
    pub fn block_insts(&self, block: u32) -> &[Inst<'p>] {
        let Block { first, end, .. } = self.blocks[block as usize];
        &self.insts[first as usize..end as usize]
    }

    /// Does a loop begin with a block, to which control goes back in this unit?
    pub fn is_header(&self, block: u32) -> bool {
        let data = &self.blocks[block as usize];
        data.inside && data.last != NONE && self.insts[data.first as usize].op == Op::Loop
    }

    /// The instructions from a header to the last one that goes back to it, as indices.
    pub fn extent(&self, header: u32) -> (usize, usize) {
        let data = &self.blocks[header as usize];
        (data.first as usize, self.blocks[data.last as usize].end as usize)
    }

    /// The innermost handler around a block.
    pub fn handler(&self, block: u32) -> Option<&'p Handler> {
        self.function.handler(self.word(block))
    }

    /// Where native code goes from a block, whether the unit has it or not: to a handler only from a call.
    fn successors(&self, block: u32) -> impl Iterator<Item = u32> + '_ {
        let block = &self.blocks[block as usize];
        let catch = if block.calls { block.catch } else { NONE };
        block.targets.iter().copied().chain([block.next, catch]).filter(|&block| block != NONE)
    }

    /// The unit has what can be reached from a block over blocks that are `allowed`.
    fn reach(&mut self, from: u32, allowed: &dyn Fn(u32) -> bool) {
        let mut work = vec![from];
        self.blocks[from as usize].inside = true;
        while let Some(block) = work.pop() {
            let successors: SmallVec<[u32; 4]> = self.successors(block).collect();
            for to in successors {
                if allowed(to) && !std::mem::replace(&mut self.blocks[to as usize].inside, true) {
                    work.push(to);
                }
            }
        }
    }

    /// The unit has the loop of a header.
    fn find_loop(&mut self, header: u32) {
        let mut preds: Vec<SmallVec<[u32; 4]>> = vec![SmallVec::new(); self.blocks.len()];
        for block in 0..self.blocks.len() as u32 {
            for to in self.successors(block) {
                preds[to as usize].push(block);
            }
        }
        let mut body = vec![false; self.blocks.len()];
        body[header as usize] = true;
        let mut work: Vec<u32> =
            preds[header as usize].iter().copied().filter(|&pred| pred >= header).collect();
        while let Some(block) = work.pop() {
            if !std::mem::replace(&mut body[block as usize], true) {
                work.extend(&preds[block as usize]);
            }
        }
        self.reach(header, &|block| body[block as usize]);
    }

    fn find_late(&mut self) {
        for block in 0..self.blocks.len() as u32 {
            if self.blocks[block as usize].inside {
                let successors: SmallVec<[u32; 4]> = self.successors(block).collect();
                for to in successors.into_iter().filter(|&to| to <= block) {
                    self.blocks[to as usize].late = true;
                    self.blocks[to as usize].last = block;
                }
            }
        }
    }
}
