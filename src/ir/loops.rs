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
}

const NONE: u32 = u32::MAX;

impl Loops {
    /// The loops of a graph. Takes time in proportion to the blocks times the depth of loops.
    pub fn of(cfg: &Cfg, dom: &Dom, blocks: usize) -> Loops {
        let mut found = Loops { loops: Vec::new(), innermost: vec![NONE; blocks] };
        let mut mark = vec![NONE; blocks];
        // In reverse postorder an outer header comes before an inner one.
        for &header in &cfg.rpo {
            let latches: Vec<Block> = cfg
                .preds(header)
                .iter()
                .map(|pred| pred.block)
                .filter(|&latch| dom.dominates(cfg, header, latch))
                .collect();
            if latches.is_empty() {
                continue;
            }
            let index = found.loops.len() as u32;
            let mut members = vec![header];
            mark[header.index()] = index;
            let mut work = latches.clone();
            while let Some(block) = work.pop() {
                if mark[block.index()] == index {
                    continue;
                }
                mark[block.index()] = index;
                members.push(block);
                work.extend(cfg.preds(block).iter().map(|pred| pred.block));
            }
            members.sort_unstable_by_key(|&block| cfg.number(block));
            let parent = found.innermost[header.index()];
            for block in &members {
                found.innermost[block.index()] = index;
            }
            let parent = (parent != NONE).then_some(parent);
            let depth = parent.map_or(1, |parent| found.loops[parent as usize].depth + 1);
            found.loops.push(Loop { header, parent, depth, blocks: members, latches });
        }
        found
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
