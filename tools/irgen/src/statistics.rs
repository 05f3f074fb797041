//! What functions are like.

use orus::ir::cfg::Cfg;
use orus::ir::dom::Dom;
use orus::ir::loops::Loops;
use orus::ir::types::Kind;
use orus::ir::{Function, Op, Value};

/// What a function is like.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Instructions.
    pub size: usize,
    /// The most values, other than constants and vectors and floats, that are alive at once.
    pub alive: usize,
    /// How deeply loops are nested.
    pub depth: u32,
    /// There is an edge for what a callee raises.
    pub exceptional: bool,
    /// There is a cycle that is no loop.
    pub irreducible: bool,
}

/// Looks at a function.
pub fn facts(function: &Function) -> Facts {
    let cfg = Cfg::of(function);
    let dom = Dom::of(&cfg);
    let loops = Loops::of(&cfg, &dom, function.block_count());
    let exceptional = cfg.rpo.iter().any(|&block| {
        let last = function.last_inst(block).map(|last| function.inst(last).op);
        matches!(last, Some(Op::Invoke | Op::InvokeIndirect))
    });
    let backward = |block, to| cfg.number(to) <= cfg.number(block) && !dom.dominates(&cfg, to, block);
    Facts {
        size: function.size(),
        alive: most_alive(function, &cfg),
        depth: loops.loops.iter().map(|each| each.depth).max().unwrap_or(0),
        exceptional,
        irreducible: cfg.rpo.iter().any(|&block| function.successors(block).any(|to| backward(block, to))),
    }
}

/// A set of values.
#[derive(Clone, PartialEq, Eq)]
struct Set(Vec<u64>);

impl Set {
    fn insert(&mut self, value: Value) -> bool {
        let word = &mut self.0[value.index() / 64];
        let old = *word;
        *word |= 1 << (value.index() % 64);
        old != *word
    }

    fn remove(&mut self, value: Value) -> bool {
        let word = &mut self.0[value.index() / 64];
        let old = *word;
        *word &= !(1 << (value.index() % 64));
        old != *word
    }
}

/// Backward liveness over the blocks, until nothing changes; then the most values at any instruction.
fn most_alive(function: &Function, cfg: &Cfg) -> usize {
    let counts = |value: Value| {
        let kind = function.kind(value);
        function.as_const(value).is_none() && (kind.is_int() || matches!(kind, Kind::Bool | Kind::Ref))
    };
    let words = function.value_count().div_ceil(64);
    let mut alive_in: Vec<Set> = vec![Set(vec![0; words]); function.block_count()];
    let mut most = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for &block in cfg.rpo.iter().rev() {
            let mut alive = Set(vec![0; words]);
            for to in function.successors(block) {
                for (word, other) in alive.0.iter_mut().zip(&alive_in[to.index()].0) {
                    *word |= other;
                }
            }
            let mut count: usize = alive.0.iter().map(|word| word.count_ones() as usize).sum();
            let mut at = function.last_inst(block);
            while let Some(inst) = at {
                if let Some(result) = function.result(inst) {
                    count -= usize::from(alive.remove(result));
                }
                function.visit_uses(inst, |value| {
                    if counts(value) {
                        count += usize::from(alive.insert(value));
                    }
                });
                most = most.max(count);
                at = function.prev_inst(inst);
            }
            for &param in function.params(block) {
                alive.remove(param);
            }
            if alive_in[block.index()] != alive {
                alive_in[block.index()] = alive;
                changed = true;
            }
        }
    }
    most
}
