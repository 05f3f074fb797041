//! The control flow graph: predecessors, and an order in which blocks come before what they lead to, but for back edges.

use std::ops::Range;

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
    /// By block: the edges out of it.
    edges: Vec<(u32, u32)>,
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
        self.starts.clear();
        self.starts.resize(blocks + 1, 0);
        self.edges.clear();
        self.edges.resize(blocks, (0, 0));
        self.stack.clear();
        let mut total = 0;
        let mut next = Some(function.entry());
        loop {
            if let Some(block) = next.take() {
                let edges = function.block_edges(block);
                self.number[block.index()] = 0;
                self.edges[block.index()] = (edges.start, edges.end);
                total += edges.len();
                self.stack.push((block, edges.start, edges.end));
            }
            let Some((block, first, end)) = self.stack.last_mut() else { break };
            // Later edges first: the order of blocks then follows the order of edges.
            if first < end {
                *end -= 1;
                let to = function.edge(*end).to;
                // How many edges lead there.
                self.starts[to.index()] += 1;
                next = (self.number[to.index()] == UNREACHED).then_some(to);
            } else {
                self.rpo.push(*block);
                self.stack.pop();
            }
        }
        self.rpo.reverse();
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
        // Filled from the back; where a block's begin is known when all are there.
        self.preds.resize(total, Pred { block: Block::NONE, edge: 0 });
        for (number, &block) in self.rpo.iter().enumerate().rev() {
            self.number[block.index()] = number as u32;
            let (first, end) = self.edges[block.index()];
            for edge in (first..end).rev() {
                let at = &mut self.starts[function.edge(edge).to.index()];
                *at -= 1;
                self.preds[*at as usize] = Pred { block, edge };
            }
        }
    }

    /// The numbers of the edges out of a block that can be reached.
    #[inline]
    pub fn edges(&self, block: Block) -> Range<u32> {
        let (start, end) = self.edges[block.index()];
        start..end
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
