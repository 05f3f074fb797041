//! Dominators: Cooper, Harvey, Kennedy, *A Simple, Fast Dominance Algorithm* (2001).

use super::cfg::Cfg;
use super::types::Block;

/// The dominator tree of the blocks that can be reached.
#[derive(Clone, Default, Debug)]
pub struct Dom {
    /// By place in the reverse postorder: the place of the immediate dominator; the entry's is itself.
    idom: Vec<u32>,
    /// By place: when the tree's walk enters and leaves it.
    enter: Vec<u32>,
    leave: Vec<u32>,
    first_child: Vec<u32>,
    sibling: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Dom {
    /// The tree of a graph.
    pub fn of(cfg: &Cfg) -> Dom {
        let mut dom = Dom::default();
        dom.compute(cfg);
        dom
    }

    /// Computes it anew. One pass if all cycles have one way in, nearly linear otherwise for graphs of programs.
    pub fn compute(&mut self, cfg: &Cfg) {
        let count = cfg.rpo.len();
        self.idom.clear();
        self.idom.resize(count, NONE);
        self.idom[0] = 0;
        self.pass(cfg);
        self.number();
        // If no edge enters a cycle but at its head, those from behind made no difference.
        let enters =
            |number: usize, pred: u32| pred as usize >= number && !self.is_above(number, pred as usize);
        let several = cfg.has_cycles()
            && (1..count).any(|number| {
                cfg.preds(cfg.rpo[number]).iter().any(|pred| enters(number, cfg.number(pred.block)))
            });
        if several {
            while self.pass(cfg) {}
            self.number();
        }
    }

    /// Brings each block's dominator up to date with its predecessors'. Did any change?
    fn pass(&mut self, cfg: &Cfg) -> bool {
        let mut changed = false;
        for number in 1..cfg.rpo.len() {
            let mut best = NONE;
            for pred in cfg.preds(cfg.rpo[number]) {
                let pred = cfg.number(pred.block);
                if self.idom[pred as usize] != NONE {
                    best = if best == NONE { pred } else { self.meet(best, pred) };
                }
            }
            changed |= self.idom[number] != best;
            self.idom[number] = best;
        }
        changed
    }

    /// Numbers the tree's walk.
    fn number(&mut self) {
        let count = self.idom.len();
        self.first_child.clear();
        self.first_child.resize(count, NONE);
        self.sibling.clear();
        self.sibling.resize(count, NONE);
        for number in (1..count).rev() {
            let parent = self.idom[number] as usize;
            self.sibling[number] = self.first_child[parent];
            self.first_child[parent] = number as u32;
        }
        self.enter.clear();
        self.enter.resize(count, 0);
        self.leave.clear();
        self.leave.resize(count, 0);
        let (mut clock, mut at) = (0, 0);
        // A walk without a stack: down to the first child, else on to a sibling of the nearest ancestor that has one.
        'walk: loop {
            self.enter[at] = clock;
            clock += 1;
            if self.first_child[at] != NONE {
                at = self.first_child[at] as usize;
                continue;
            }
            loop {
                self.leave[at] = clock;
                if at == 0 {
                    break 'walk;
                }
                if self.sibling[at] != NONE {
                    at = self.sibling[at] as usize;
                    break;
                }
                at = self.idom[at] as usize;
            }
        }
    }

    fn is_above(&self, by: usize, place: usize) -> bool {
        self.enter[by] <= self.enter[place] && self.enter[place] < self.leave[by]
    }

    fn meet(&self, mut left: u32, mut right: u32) -> u32 {
        while left != right {
            while left > right {
                left = self.idom[left as usize];
            }
            while right > left {
                right = self.idom[right as usize];
            }
        }
        left
    }

    /// The immediate dominator of a block that can be reached; none of the entry.
    pub fn parent(&self, cfg: &Cfg, block: Block) -> Option<Block> {
        let number = cfg.number(block) as usize;
        (number != 0).then(|| cfg.rpo[self.idom[number] as usize])
    }

    /// Does every path to `block` pass through `by`, or is it the same? Both can be reached.
    #[inline]
    pub fn dominates(&self, cfg: &Cfg, by: Block, block: Block) -> bool {
        self.is_above(cfg.number(by) as usize, cfg.number(block) as usize)
    }

    /// Blocks whose immediate dominator this is.
    pub fn children<'a>(&'a self, cfg: &'a Cfg, block: Block) -> impl Iterator<Item = Block> + 'a {
        let mut next = self.first_child[cfg.number(block) as usize];
        std::iter::from_fn(move || {
            let at = next as usize;
            (next != NONE).then(|| {
                next = self.sibling[at];
                cfg.rpo[at]
            })
        })
    }
}
