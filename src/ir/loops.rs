//! Loops: natural loops of back edges whose header dominates their source, and how deeply they are nested.
//!
//! Cycles with several entries (irreducible flow) are no loops; blocks in them have the depth of what surrounds them.

use super::cfg::Cfg;
use super::dom::Dom;
use super::types::Block;

/// A loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The block through which it is entered.
    pub header: Block,
    /// The index of the loop around it.
    pub parent: Option<u32>,
    /// 1 for a loop that is in no other.
    pub depth: u32,
    /// Its blocks, those of inner loops too, in reverse postorder; the header is first.
    pub blocks: Vec<Block>,
    /// Where the back edges come from.
    pub latches: Vec<Block>,
}

/// The loops of a function.
#[derive(Clone, Default, Debug)]
pub struct Loops {
    /// Outer loops come before those inside them.
    pub loops: Vec<Loop>,
    /// By block: the innermost loop, or `u32::MAX`.
    innermost: Vec<u32>,
    /// By block: the loop that was found last with it.
    mark: Vec<u32>,
    work: Vec<Block>,
    /// Loops of an earlier graph, for their memory.
    spare: Vec<Loop>,
}

const NONE: u32 = u32::MAX;

impl Loops {
    /// The loops of a graph.
    pub fn of(cfg: &Cfg, dom: &Dom, blocks: usize) -> Loops {
        let mut found = Loops::default();
        found.compute(cfg, dom, blocks);
        found
    }

    /// Computes them anew. Takes time in proportion to the blocks times the depth of loops.
    pub fn compute(&mut self, cfg: &Cfg, dom: &Dom, blocks: usize) {
        self.spare.append(&mut self.loops);
        self.innermost.clear();
        self.innermost.resize(blocks, NONE);
        if !cfg.has_cycles() {
            return;
        }
        self.mark.clear();
        self.mark.resize(blocks, NONE);
        // In reverse postorder an outer header comes before an inner one.
        for (number, &header) in cfg.rpo.iter().enumerate() {
            let latches = || {
                let behind = cfg.preds(header).iter().map(|pred| pred.block);
                behind.filter(|&latch| {
                    cfg.number(latch) as usize >= number && dom.dominates(cfg, header, latch)
                })
            };
            if latches().next().is_none() {
                continue;
            }
            let index = self.loops.len() as u32;
            let mut found = self.spare.pop().unwrap_or_else(|| Loop {
                header,
                parent: None,
                depth: 1,
                blocks: Vec::new(),
                latches: Vec::new(),
            });
            found.header = header;
            found.latches.clear();
            found.latches.extend(latches());
            found.blocks.clear();
            found.blocks.push(header);
            self.mark[header.index()] = index;
            self.work.clear();
            self.work.extend_from_slice(&found.latches);
            while let Some(block) = self.work.pop() {
                if self.mark[block.index()] == index {
                    continue;
                }
                self.mark[block.index()] = index;
                found.blocks.push(block);
                self.work.extend(cfg.preds(block).iter().map(|pred| pred.block));
            }
            found.blocks.sort_unstable_by_key(|&block| cfg.number(block));
            let parent = self.innermost[header.index()];
            for block in &found.blocks {
                self.innermost[block.index()] = index;
            }
            found.parent = (parent != NONE).then_some(parent);
            found.depth = found.parent.map_or(1, |parent| self.loops[parent as usize].depth + 1);
            self.loops.push(found);
        }
    }

    /// The innermost loop that a block is in.
    #[inline]
    pub fn innermost(&self, block: Block) -> Option<u32> {
        match self.innermost[block.index()] {
            NONE => None,
            index => Some(index),
        }
    }

    /// How many loops a block is in.
    #[inline]
    pub fn depth(&self, block: Block) -> u32 {
        self.innermost(block).map_or(0, |index| self.loops[index as usize].depth)
    }

    /// Is the block in that loop?
    pub fn contains(&self, index: u32, block: Block) -> bool {
        let mut at = self.innermost(block);
        while let Some(inner) = at {
            if inner == index {
                return true;
            }
            at = self.loops[inner as usize].parent;
        }
        false
    }
}
