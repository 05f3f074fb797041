//! Rules for where values are used: V14, V15.

use super::{Place, Problem, Verifier, Verify, problem};
use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::function::StateSlot;
use crate::ir::types::{Block, FrameState, Inst, Removed, Value};

/// Checks all uses.
pub(super) fn verify(verifier: &Verifier<'_>) -> Verify {
    let function = verifier.function;
    let cfg = Cfg::of(function);
    let dom = Dom::of(&cfg);
    let mut uses = Uses {
        verifier,
        cfg: &cfg,
        dom: &dom,
        latest: vec![None; function.state_count()],
        visited: vec![u32::MAX; function.removed_count()],
    };
    for &block in cfg.rpo.iter() {
        for inst in function.insts(block) {
            if let Err(problem) = uses.inst(block, inst) {
                return Err(problem.at(function, verifier.module, block, inst));
            }
        }
    }
    Ok(())
}

/// The value of a frame state that is defined last: all others dominate it. None if there are only constants.
type Latest = Option<(Value, Place)>;

struct Uses<'a> {
    verifier: &'a Verifier<'a>,
    cfg: &'a Cfg,
    dom: &'a Dom,
    /// By frame state, once it was checked somewhere.
    latest: Vec<Option<Latest>>,
    /// By removed object: the frame state for which it was looked at.
    visited: Vec<u32>,
}

impl Uses<'_> {
    fn inst(&mut self, block: Block, inst: Inst) -> Result<(), Problem> {
        let function = self.verifier.function;
        let here = Place { block, sequence: self.verifier.sequence[inst.index()] };
        let mut result = Ok(());
        function.visit_operands(inst, |value| {
            if result.is_ok() && !(value.is_none()) {
                result = self.used(value, here);
            }
        });
        result?;
        for (index, edge) in function.inst_edges(inst).enumerate() {
            for value in function.list_values(function.edge(edge).args) {
                // V15: the result is there on the first edge.
                if index > 0 || function.result(inst) != Some(value) {
                    self.used(value, here)?;
                }
            }
        }
        match function.inst_state(inst) {
            Some(state) => self.state(state, here),
            None => Ok(()),
        }
    }

    /// From where on a value can be used; none if it is a constant.
    fn place(&self, value: Value) -> Result<Option<Place>, Problem> {
        let function = self.verifier.function;
        if function.as_const(value).is_some() {
            return Ok(None);
        }
        let place = self.verifier.places[value.index()];
        match function.def_inst(value) {
            Some(inst) if function.inst(inst).op.is_terminator() => {
                let first = function.inst(inst).d;
                let to = function.edge(first).to;
                match self.cfg.is_reached(place.block) {
                    true if self.cfg.preds(to).len() != 1 => problem(
                        15,
                        format!(
                            "{value} is there only on the edge from {} to {to}, which others lead to.",
                            place.block
                        ),
                    ),
                    true => Ok(Some(Place { block: to, sequence: 0 })),
                    false => Ok(Some(place)),
                }
            }
            _ => Ok(Some(place)),
        }
    }

    fn dominates(&self, def: Place, here: Place) -> bool {
        if def.block == here.block {
            return def.sequence < here.sequence;
        }
        self.cfg.is_reached(def.block) && self.dom.dominates(self.cfg, def.block, here.block)
    }

    fn used(&self, value: Value, here: Place) -> Result<(), Problem> {
        match self.place(value)? {
            Some(place) => self.used_from(value, place, here),
            None => Ok(()),
        }
    }

    fn used_from(&self, value: Value, place: Place, here: Place) -> Result<(), Problem> {
        if self.dominates(place, here) {
            return Ok(());
        }
        let function = self.verifier.function;
        let terminator = function.def_inst(value).is_some_and(|inst| function.inst(inst).op.is_terminator());
        match terminator && self.cfg.is_reached(place.block) {
            true => {
                problem(15, format!("{value} is not there but behind its first edge, to {}.", place.block))
            }
            false => {
                problem(14, format!("{value}, of {}, is not defined on every way to here.", place.block))
            }
        }
    }

    /// All values of a frame state and those around it.
    fn state(&mut self, state: FrameState, here: Place) -> Result<(), Problem> {
        // The chain up to a state that is known.
        let mut chain = Vec::new();
        let mut next = state;
        let mut latest = None;
        while let Some(at) = next.some() {
            if let Some(known) = self.latest[at.index()] {
                if let Some((value, place)) = known {
                    self.used_from(value, place, here)?;
                }
                latest = known;
                break;
            }
            chain.push(at);
            next = self.verifier.function.state(at).parent;
        }
        for &state in chain.iter().rev() {
            latest = self.slots(state, here, latest)?;
            self.latest[state.index()] = Some(latest);
        }
        Ok(())
    }

    /// The slots of one state and of the objects that they refer to.
    fn slots(&mut self, state: FrameState, here: Place, mut latest: Latest) -> Result<Latest, Problem> {
        let function = self.verifier.function;
        let mut lists = vec![function.state(state).slots];
        let mut objects: Vec<Removed> = Vec::new();
        loop {
            while let Some(list) = lists.pop() {
                for slot in function.state_slots(list) {
                    match slot {
                        StateSlot::Dead => {}
                        StateSlot::Removed(object) => objects.push(object),
                        StateSlot::Value(value) => {
                            let Some(place) = self.place(value)? else { continue };
                            self.used_from(value, place, here)?;
                            if latest.is_none_or(|(_, before)| self.dominates(before, place)) {
                                latest = Some((value, place));
                            }
                        }
                    }
                }
            }
            match objects.pop() {
                None => return Ok(latest),
                Some(object) if self.visited[object.index()] == state.0 => {}
                Some(object) => {
                    self.visited[object.index()] = state.0;
                    lists.push(function.removed(object).slots);
                }
            }
        }
    }
}
