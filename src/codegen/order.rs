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
        self.postorder(function);
        self.find_cold(function, cfg);
        self.places.clear();
        self.of_block.clear();
        self.of_block.resize(function.block_count(), NONE);
        self.of_edge.clear();
        self.of_edge.resize(function.edge_bound(), NONE);
        let blocks = std::mem::take(&mut self.blocks);
        for cold in [false, true] {
            for &block in blocks.iter().rev() {
                if self.cold[block.index()] != cold {
                    continue;
                }
                for pred in cfg.preds(block) {
                    let placed = self.of_block[pred.block.index()] != NONE;
                    if placed
                        && self.is_late(pred.block, block)
                        && is_split(function, cfg, pred.block, pred.edge)
                    {
                        self.push_edge(pred.edge, pred.block);
                    }
                }
                self.of_block[block.index()] = self.places.len() as u32;
                self.places.push(Place::Block(block));
                for edge in function.block_edges(block) {
                    let to = function.edge(edge).to;
                    let later = self.of_block[to.index()] == NONE;
                    if !(later && self.is_late(block, to)) && is_split(function, cfg, block, edge) {
                        self.push_edge(edge, block);
                    }
                }
            }
        }
        self.blocks = blocks;
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
        self.marks.clear();
        for (number, &header) in cfg.rpo.iter().enumerate() {
            let number = number as u32;
            self.work.clear();
            let latches =
                cfg.preds(header).iter().map(|pred| pred.block).filter(|&from| cfg.number(from) >= number);
            self.work.extend(latches);
            if self.work.is_empty() {
                continue;
            }
            self.marks.resize(function.block_count(), u32::MAX);
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

    fn postorder(&mut self, function: &Function) {
        self.blocks.clear();
        self.seen.clear();
        self.seen.resize(function.block_count(), false);
        self.stack.clear();
        let entry = function.entry();
        let edges = function.block_edges(entry);
        self.seen[entry.index()] = true;
        self.stack.push((entry, edges.start, edges.end));
        while let Some((block, next, end)) = self.stack.last_mut() {
            if next == end {
                self.blocks.push(*block);
                self.stack.pop();
                continue;
            }
            // From the last edge on; of two, the one that leaves more loops first.
            let mut edge = *end - 1;
            if *end - *next == 2 {
                let depth = |edge: u32| self.depths[function.edge(edge).to.index()];
                let swap = function.block_edges(*block).len() == 2 && depth(*next) < depth(edge);
                if swap {
                    edge = *next;
                    *next += 1;
                } else {
                    *end -= 1;
                }
            } else {
                *end -= 1;
            }
            let to = function.edge(edge).to;
            if !self.seen[to.index()] {
                self.seen[to.index()] = true;
                let edges = function.block_edges(to);
                self.stack.push((to, edges.start, edges.end));
            }
        }
    }

    fn find_cold(&mut self, function: &Function, cfg: &Cfg) {
        self.cold.clear();
        self.cold.resize(function.block_count(), false);
        // `seen` becomes: comes earlier in the order.
        self.seen.fill(false);
        for &block in self.blocks.iter().rev() {
            let mut earlier = cfg.preds(block).iter().filter(|pred| self.seen[pred.block.index()]).peekable();
            let only_cold = earlier.peek().is_some() && earlier.all(|pred| self.cold[pred.block.index()]);
            self.cold[block.index()] = block != function.entry() && (function.block(block).cold || only_cold);
            self.seen[block.index()] = true;
        }
    }
}

/// Does an edge need a block in its middle?
fn is_split(function: &Function, cfg: &Cfg, from: Block, edge: u32) -> bool {
    let to = function.edge(edge).to;
    function.block_edges(from).len() > 1 && (cfg.preds(to).len() > 1 || !function.params(to).is_empty())
}
