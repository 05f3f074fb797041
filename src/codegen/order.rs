//! The order of blocks, and blocks in the middle of critical edges.
//!
//! Blocks go in a reverse postorder in which loops stay together: of two ways on, the one that leaves the loop comes later. What is
//! hardly ever run, and what only that leads to, goes to the end. Definitions still precede what they dominate.
//!
//! An edge from a block with several successors gets a block of its own, unless it is the only way into a block without parameters: moves
//! have to go somewhere. Those that turn out empty are not emitted.

use crate::ir::cfg::Cfg;
use crate::ir::{Block, Function};

/// A place in the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A block.
    Block(Block),
    /// The middle of an edge, from a block.
    Edge(u32, Block),
}

/// The order, made anew for each function in the same memory.
#[derive(Default, Debug)]
pub struct Order {
    /// Blocks and edges.
    pub places: Vec<Place>,
    /// By block: its index.
    pub of_block: Vec<u32>,
    /// By edge: the index of its middle, or `u32::MAX`.
    pub of_edge: Vec<u32>,
    /// By block: it is hardly ever run.
    pub cold: Vec<bool>,
    /// By block: how many loops it is in.
    depths: Vec<u32>,
    /// There are loops.
    loops: bool,
    /// Some blocks are hardly ever run.
    any_cold: bool,
    marks: Vec<u32>,
    work: Vec<Block>,
    blocks: Vec<Block>,
    seen: Vec<bool>,
    stack: Vec<(Block, u32, u32)>,
}

const NONE: u32 = u32::MAX;

impl Order {
    /// Computes the order.
    pub fn compute(&mut self, function: &Function, cfg: &Cfg) {
        self.find_depths(function, cfg);
        if self.leaves_first(function, cfg) {
            self.postorder(function, cfg);
        } else {
            self.blocks.clear();
            self.blocks.extend_from_slice(&cfg.rpo);
        }
        self.find_cold(function, cfg);
        self.places.clear();
        self.of_block.clear();
        self.of_block.resize(function.block_count(), NONE);
        self.of_edge.clear();
        self.of_edge.resize(function.edge_bound(), NONE);
        let blocks = std::mem::take(&mut self.blocks);
        self.place(function, cfg, &blocks, false);
        if self.any_cold {
            self.place(function, cfg, &blocks, true);
        }
        self.blocks = blocks;
    }

    /// Gives places to the blocks that are hardly ever run, or to the others.
    fn place(&mut self, function: &Function, cfg: &Cfg, blocks: &[Block], cold: bool) {
        // Else each middle is behind the block that it comes from.
        let late = self.loops || self.any_cold;
        for &block in blocks {
            if self.cold[block.index()] != cold {
                continue;
            }
            if late && is_joined(function, cfg, block) {
                for pred in cfg.preds(block) {
                    let placed = self.of_block[pred.block.index()] != NONE;
                    if placed && self.is_late(pred.block, block) && cfg.edges(pred.block).len() > 1 {
                        self.push_edge(pred.edge, pred.block);
                    }
                }
            }
            self.of_block[block.index()] = self.places.len() as u32;
            self.places.push(Place::Block(block));
            let edges = cfg.edges(block);
            if edges.len() > 1 {
                for edge in edges {
                    let to = function.edge(edge).to;
                    let waits = late && self.of_block[to.index()] == NONE && self.is_late(block, to);
                    if !waits && is_joined(function, cfg, to) {
                        self.push_edge(edge, block);
                    }
                }
            }
        }
    }

    /// How many loops a block is in.
    #[inline]
    pub fn depth(&self, block: Block) -> u32 {
        self.depths[block.index()]
    }

    /// A loop is here what can reach an edge backward, to a block that is earlier in the reverse postorder, without passing that block: for
    /// reducible flow the natural loop, for other flow near enough to weigh by.
    fn find_depths(&mut self, function: &Function, cfg: &Cfg) {
        self.depths.clear();
        self.depths.resize(function.block_count(), 0);
        self.loops = false;
        for (number, &header) in cfg.rpo.iter().enumerate() {
            let number = number as u32;
            let preds = cfg.preds(header);
            if preds.iter().all(|pred| cfg.number(pred.block) < number) {
                continue;
            }
            if !self.loops {
                self.loops = true;
                self.marks.clear();
                self.marks.resize(function.block_count(), u32::MAX);
            }
            self.work.clear();
            self.work.extend(preds.iter().map(|pred| pred.block).filter(|&from| cfg.number(from) >= number));
            self.marks[header.index()] = number;
            self.depths[header.index()] += 1;
            while let Some(block) = self.work.pop() {
                if self.marks[block.index()] != number {
                    self.marks[block.index()] = number;
                    self.depths[block.index()] += 1;
                    self.work.extend(
                        cfg.preds(block)
                            .iter()
                            .map(|pred| pred.block)
                            .filter(|&from| cfg.number(from) > number),
                    );
                }
            }
        }
    }

    /// Is the middle of an edge better in front of where the edge leads than behind where it comes from?
    fn is_late(&self, from: Block, to: Block) -> bool {
        self.depth(from) > self.depth(to) || (self.cold[to.index()] && !self.cold[from.index()])
    }

    fn push_edge(&mut self, edge: u32, from: Block) {
        self.of_edge[edge as usize] = self.places.len() as u32;
        self.places.push(Place::Edge(edge, from));
    }

    /// Does the first of two edges leave more loops than the second?
    fn leaves_more(&self, function: &Function, first: u32) -> bool {
        let depth = |edge: u32| self.depths[function.edge(edge).to.index()];
        depth(first) < depth(first + 1)
    }

    /// Is there a block whose first edge leaves a loop in which the second one stays? If not, the order is that of the graph.
    fn leaves_first(&self, function: &Function, cfg: &Cfg) -> bool {
        let swaps = |&block: &Block| {
            let edges = cfg.edges(block);
            edges.len() == 2 && self.leaves_more(function, edges.start)
        };
        self.loops && cfg.rpo.iter().any(swaps)
    }

    /// A reverse postorder in which of two edges the one that leaves more loops comes later.
    fn postorder(&mut self, function: &Function, cfg: &Cfg) {
        self.blocks.clear();
        self.seen.clear();
        self.seen.resize(function.block_count(), false);
        self.stack.clear();
        let entry = function.entry();
        let edges = cfg.edges(entry);
        self.seen[entry.index()] = true;
        self.stack.push((entry, edges.start, edges.end));
        while let Some(&(block, first, end)) = self.stack.last() {
            if first == end {
                self.blocks.push(block);
                self.stack.pop();
                continue;
            }
            // From the last edge on; of two, the one that leaves more loops first.
            let swap = end - first == 2 && cfg.edges(block).len() == 2 && self.leaves_more(function, first);
            let edge = if swap { first } else { end - 1 };
            if let Some((_, first, end)) = self.stack.last_mut() {
                *first += u32::from(swap);
                *end -= u32::from(!swap);
            }
            let to = function.edge(edge).to;
            if !self.seen[to.index()] {
                self.seen[to.index()] = true;
                let edges = cfg.edges(to);
                self.stack.push((to, edges.start, edges.end));
            }
        }
        self.blocks.reverse();
    }

    fn find_cold(&mut self, function: &Function, cfg: &Cfg) {
        self.cold.clear();
        self.cold.resize(function.block_count(), false);
        self.any_cold = self.blocks.iter().any(|&block| function.block(block).cold);
        if !self.any_cold {
            return;
        }
        // `seen` becomes: comes earlier in the order.
        self.seen.clear();
        self.seen.resize(function.block_count(), false);
        for &block in &self.blocks {
            let mut earlier = cfg.preds(block).iter().filter(|pred| self.seen[pred.block.index()]).peekable();
            let only_cold = earlier.peek().is_some() && earlier.all(|pred| self.cold[pred.block.index()]);
            self.cold[block.index()] = block != function.entry() && (function.block(block).cold || only_cold);
            self.seen[block.index()] = true;
        }
    }
}

/// Does an edge into a block, from one with several successors, need a block in its middle?
fn is_joined(function: &Function, cfg: &Cfg, to: Block) -> bool {
    cfg.preds(to).len() > 1 || !function.params(to).is_empty()
}
