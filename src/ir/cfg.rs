//! The control flow graph: predecessors, and an order in which blocks come before what they lead to, but for back edges.

use super::function::Function;
use super::types::Block;

/// An edge as seen from its destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pred {
    /// Where it comes from.
    pub block: Block,
    /// Its number.
    pub edge: u32,
}

/// Predecessors and reverse postorder of the blocks that can be reached. The memory is used again by [`compute`](Cfg::compute).
#[derive(Clone, Default, Debug)]
pub struct Cfg {
    /// Blocks that can be reached, each before its successors, but for back edges.
    pub rpo: Vec<Block>,
    /// By block: its place in `rpo`, or `u32::MAX`.
    number: Vec<u32>,
    /// By block: where its predecessors begin in `preds`; one more at the end.
    starts: Vec<u32>,
    preds: Vec<Pred>,
    stack: Vec<(Block, u32, u32)>,
}

const UNREACHED: u32 = u32::MAX;

impl Cfg {
    /// The graph of a function.
    pub fn of(function: &Function) -> Cfg {
        let mut cfg = Cfg::default();
        cfg.compute(function);
        cfg
    }

    /// Computes it anew. Takes time in proportion to blocks and edges.
    pub fn compute(&mut self, function: &Function) {
        let blocks = function.block_count();
        self.rpo.clear();
        self.number.clear();
        self.number.resize(blocks, UNREACHED);
        self.stack.clear();
        let entry = function.entry();
        let edges = function.block_edges(entry);
        self.number[entry.index()] = 0;
        self.stack.push((entry, edges.start, edges.end));
        while let Some((block, next, end)) = self.stack.last_mut() {
            // Later edges first: the order of blocks then follows the order of edges.
            if next < end {
                *end -= 1;
                let to = function.edge(*end).to;
                if self.number[to.index()] == UNREACHED {
                    self.number[to.index()] = 0;
                    let edges = function.block_edges(to);
                    self.stack.push((to, edges.start, edges.end));
                }
            } else {
                self.rpo.push(*block);
                self.stack.pop();
            }
        }
        self.rpo.reverse();
        for (number, block) in self.rpo.iter().enumerate() {
            self.number[block.index()] = number as u32;
        }
        self.starts.clear();
        self.starts.resize(blocks + 1, 0);
        for &block in &self.rpo {
            for to in function.successors(block) {
                self.starts[to.index() + 1] += 1;
            }
        }
        for index in 0..blocks {
            self.starts[index + 1] += self.starts[index];
        }
        let total = self.starts[blocks] as usize;
        self.preds.clear();
        self.preds.resize(total, Pred { block: Block::NONE, edge: 0 });
        // Filled from the front; `starts` of a block is moved on to its end, and set back below.
        for &block in &self.rpo {
            for edge in function.block_edges(block) {
                let at = &mut self.starts[function.edge(edge).to.index()];
                self.preds[*at as usize] = Pred { block, edge };
                *at += 1;
            }
        }
        for index in (0..blocks).rev() {
            self.starts[index + 1] = self.starts[index];
        }
        self.starts[0] = 0;
    }

    /// The edges into a block, from blocks that can be reached.
    #[inline]
    pub fn preds(&self, block: Block) -> &[Pred] {
        &self.preds[self.starts[block.index()] as usize..self.starts[block.index() + 1] as usize]
    }

    /// Can the block be reached?
    #[inline]
    pub fn is_reached(&self, block: Block) -> bool {
        self.number[block.index()] != UNREACHED
    }

    /// The place of a block in the reverse postorder; `u32::MAX` if it cannot be reached.
    #[inline]
    pub fn number(&self, block: Block) -> u32 {
        self.number[block.index()]
    }
}
