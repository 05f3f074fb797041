//! How parameters of loops' headers move from turn to turn, as the code shows without any range.

use super::Walker;
use super::interval::{Range, transfer};
use crate::ir::cfg::Cfg;
use crate::ir::{Block, Cond, Def, Function, Kind, Op, Value};

/// How far back [`Walker::spreads`] looks.
const SPREAD: u32 = 5;

/// How a header's parameter moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Motion {
    /// It does not.
    Still,
    /// Never downward, and if checked never beyond the kind.
    Up { checked: bool },
    /// Never upward.
    Down { checked: bool },
    /// Nobody knows.
    Any,
}

impl Walker<'_> {
    /// How a parameter moves on the back edges.
    pub(super) fn motion(&self, function: &Function, header: Block, index: usize) -> Motion {
        let param = function.params(header)[index];
        if !function.kind(param).is_int() {
            return Motion::Any;
        }
        let mut motion = Motion::Still;
        for pred in self.cfg.preds(header) {
            if !self.is_back(pred.block, header) {
                continue;
            }
            if !self.dom.dominates(self.cfg, header, pred.block) {
                return Motion::Any;
            }
            let arg = function.list_value(function.edge(pred.edge).args, index as u32);
            if arg == param {
                continue;
            }
            let Some((step, checked)) = self.step(function, arg, param) else { return Motion::Any };
            motion = match (motion, step.lo >= 0, step.hi <= 0) {
                (Motion::Still, true, _) => Motion::Up { checked },
                (Motion::Still, _, true) => Motion::Down { checked },
                (Motion::Up { checked: before }, true, _) => Motion::Up { checked: before && checked },
                (Motion::Down { checked: before }, _, true) => Motion::Down { checked: before && checked },
                _ => return Motion::Any,
            };
        }
        motion
    }

    /// If a value is a parameter plus constants: their sum, and whether the additions cannot wrap.
    fn step(&self, function: &Function, value: Value, param: Value) -> Option<(Range, bool)> {
        // If all steps are exact, so is their sum, whichever way each goes.
        let (mut at, mut sum, mut checked) = (value, Range::exact(0), true);
        for _ in 0..4 {
            let inst = function.def_inst(at)?;
            let data = function.inst(inst);
            let (a, b) = (data.first(), data.second());
            let down = match data.op {
                Op::Add | Op::AddChecked | Op::AddOr => false,
                Op::Sub | Op::SubChecked | Op::SubOr => true,
                _ => return None,
            };
            let by = data.kind.as_i128(function.as_const(b)?);
            let by = if down { -by } else { by };
            checked &= !matches!(data.op, Op::Add | Op::Sub)
                || self.proven && self.state.facts.is_exact(function, inst);
            sum = Range::exact(sum.lo + by);
            at = a;
            if at == param {
                return Some((sum, checked));
            }
        }
        None
    }

    /// Is a parameter nearly surely all numbers of its kind, in the end: what a wrapping sum or product makes of it, or what nobody knows?
    /// Then it need not be found out step by step.
    pub(super) fn spreads(&self, function: &Function, header: Block, index: usize) -> bool {
        let param = function.params(header)[index];
        self.cfg.preds(header).iter().filter(|pred| self.is_back(pred.block, header)).any(|pred| {
            let arg = function.list_value(function.edge(pred.edge).args, index as u32);
            self.spreading(function, param, arg, false, SPREAD)
        })
    }

    /// Is it so of a value that comes to the parameter? `grown` if a sum or product is made of it on the way.
    fn spreading(&self, function: &Function, param: Value, value: Value, grown: bool, depth: u32) -> bool {
        if value == param {
            return grown;
        }
        if depth == 0 {
            return false;
        }
        let from = |value: Value, grown: bool| self.spreading(function, param, value, grown, depth - 1);
        match function.def(value) {
            Def::Inst(inst) => {
                let data = function.inst(inst);
                match data.op {
                    Op::Add | Op::Sub | Op::Mul => from(data.first(), true) || from(data.second(), true),
                    Op::Shl => from(data.first(), true),
                    Op::Xor | Op::Or => from(data.first(), grown) || from(data.second(), grown),
                    Op::Neg | Op::Not => from(data.first(), grown),
                    Op::Load => transfer(data, Range::exact(0), Range::exact(0)) == Range::of(data.kind),
                    op => op.is_call(),
                }
            }
            Def::Param(block) => {
                let Some(index) = function.params(block).iter().position(|&other| other == value) else {
                    return false;
                };
                self.cfg
                    .preds(block)
                    .iter()
                    .any(|pred| from(function.list_value(function.edge(pred.edge).args, index as u32), grown))
            }
            Def::Const(_) | Def::Alias(_) => false,
        }
    }
}

/// The condition that a branch has tested of a value, if an edge is taken: against what. Looks through blocks that only jump on.
pub(super) fn tested(
    function: &Function,
    cfg: &Cfg,
    mut from: Block,
    mut edge: u32,
    value: Value,
) -> Option<(Cond, Kind, Value)> {
    for _ in 0..3 {
        let data = *function.inst(function.last_inst(from)?);
        match data.op {
            Op::BrCmp if data.kind.is_int() => {
                let cond = if edge == data.d { data.cond() } else { data.cond().negated() };
                return if data.first() == value {
                    Some((cond, data.kind, data.second()))
                } else if data.second() == value {
                    Some((cond.swapped(), data.kind, data.first()))
                } else {
                    None
                };
            }
            Op::Jump => {
                let [pred] = cfg.preds(from) else { return None };
                (from, edge) = (pred.block, pred.edge);
            }
            _ => return None,
        }
    }
    None
}
