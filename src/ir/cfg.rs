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
    /// By block: where its predecessors begin in `preds`; two more at the end.
    starts: Vec<u32>,
    preds: Vec<Pred>,
    stack: Vec<(Block, u32, u32)>,
    /// Edges to a block that is not behind theirs in `rpo`.
    back_edges: u32,
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
        self.starts.clear();
        self.starts.resize(blocks + 2, 0);
        self.stack.clear();
        let entry = function.entry();
        let edges = function.block_edges(entry);
        self.number[entry.index()] = 0;
        self.stack.push((entry, edges.start, edges.end));
        let mut total = 0;
        while let Some((block, next, end)) = self.stack.last_mut() {
            // Later edges first: the order of blocks then follows the order of edges.
            if next < end {
                *end -= 1;
                let to = function.edge(*end).to;
                // The number of its predecessors, two places on.
                self.starts[to.index() + 2] += 1;
                total += 1;
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
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        self.preds.clear();
        self.preds.resize(total, Pred { block: Block::NONE, edge: 0 });
        self.back_edges = 0;
        // Filled from the front: where a block's predecessors begin stands one place on, and is moved to where the next one's begin.
        for (number, &block) in self.rpo.iter().enumerate() {
            for edge in function.block_edges(block) {
                let to = function.edge(edge).to.index();
                let at = &mut self.starts[to + 1];
                self.preds[*at as usize] = Pred { block, edge };
                *at += 1;
                self.back_edges += u32::from(self.number[to] <= number as u32);
            }
        }
    }

    /// Is there a cycle?
    #[inline]
    pub fn has_cycles(&self) -> bool {
        self.back_edges != 0
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
