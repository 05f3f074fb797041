//! Rules for an instruction by itself.

use super::{Checked, Place, Problem, Verifier, problem};
use crate::ir::function::{Def, Function, InstData, List, StateSlot};
use crate::ir::opcode::Op;
use crate::ir::print::type_name;
use crate::ir::types::{Alias, Cond, FrameState, Guard, Inst, Kind, Lane, Mem, Removed, TypeId, Value};

impl Verifier<'_> {
    /// All but where values are used.
    pub(super) fn form(&mut self, inst: Inst, last: bool) -> Result<(), Problem> {
        let function = self.function;
        let data = *function.inst(inst);
        match (data.op.is_terminator(), last) {
            (true, false) => return problem(3, "A terminator stands in the middle of its block."),
            (false, true) => return problem(3, "The last instruction of the block is no terminator."),
            _ => {}
        }
        if data.op.row().kinds >> data.kind as u16 & 1 == 0 {
            return problem(4, format!("The instruction does not exist for {}.", data.kind));
        }
        own_parts(&data)?;
        self.operands(&data)?;
        match data.op {
            Op::New if data.layout() == TypeId(0) || data.layout().index() >= self.module.layouts.len() => {
                return problem(16, "There is no such layout.");
            }
            Op::Address if data.a as usize >= self.module.symbols.len() => {
                return problem(16, "There is no such symbol.");
            }
            Op::Store if data.alias() == Alias::FIXED => {
                return problem(17, "Memory of the class `fixed` is never written.");
            }
            Op::Return => self.returned(&data)?,
            op if op.is_call() => self.call(&data)?,
            _ => {}
        }
        self.result(inst, &data)?;
        self.edges(&data)?;
        if data.op.row().guard < 4 {
            let guard = Guard(data.words()[data.op.row().guard as usize]);
            match function.guards().get(guard.index()) {
                None => return problem(12, "The guard does not exist."),
                Some(guard) => self.state(guard.state)?,
            }
        }
        if let Some(state) = data.call_state() {
            self.state(state)?;
        }
        Ok(())
    }

    /// V6, V7.
    fn operands(&self, data: &InstData) -> Result<(), Problem> {
        let values = data.op.row().values;
        for word in (0..4).filter(|&word| values >> word & 1 == 1) {
            let value = Value(data.words()[word as usize]);
            let optional = word == 1 && matches!(data.op, Op::Load | Op::Store);
            if value.is_none() && optional {
                continue;
            }
            if data.op == Op::Return && data.kind == Kind::None {
                continue;
            }
            self.exists(value)?;
            let kind = self.function.kind(value);
            match data.operand_kind(word) {
                Some(wanted) if kind != wanted => {
                    self.wrong_type(7, "The operand", value, wanted.into())?;
                }
                None if word == 0 && !matches!(kind, Kind::Ref | Kind::I64) => {
                    let name = type_name(self.function, value);
                    return problem(7, format!("The base of an address is a ref or an i64, but {name}."));
                }
                None if word == 1 && !kind.is_int() => {
                    let name = type_name(self.function, value);
                    return problem(7, format!("The index of an address is an integer, but {name}."));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// V8.
    fn result(&self, inst: Inst, data: &InstData) -> Result<(), Problem> {
        match (self.function.result(inst), Function::result_type(data)) {
            (None, None) => Ok(()),
            (Some(_), None) => problem(8, "The instruction gives nothing, and has a result."),
            (None, Some(_)) => problem(8, "The instruction should have a result."),
            (Some(value), Some(ty)) => {
                if value.index() >= self.places.len() || self.places[value.index()] == Place::NOWHERE {
                    return match self.function.def(value) {
                        Def::Alias(_) => {
                            problem(8, "The result was replaced, but the instruction is still there.")
                        }
                        _ => problem(8, "The result is something else, too."),
                    };
                }
                let own = self.function.ty(value);
                if own.kind != ty.kind {
                    return self.wrong_type(8, "The result", value, ty);
                }
                if data.op == Op::New && own.id != TypeId(0) && own.id != ty.id {
                    return self.wrong_type(8, "The result", value, ty);
                }
                self.type_exists(value, own)
            }
        }
    }

    /// V9.
    fn edges(&self, data: &InstData) -> Result<(), Problem> {
        let function = self.function;
        let count = data.edge_count();
        if count == 0 {
            return match data.op {
                Op::Switch => problem(9, "There is no edge."),
                _ => Ok(()),
            };
        }
        let exist = data.d.checked_add(count).is_some_and(|end| end as usize <= function.edge_bound());
        if !exist {
            return problem(9, "Its edges do not exist.");
        }
        for edge in data.d..data.d + count {
            let edge = function.edge(edge);
            if !self.in_order.get(edge.to.index()).is_some_and(|&there| there) {
                return problem(9, format!("An edge leads to {}, which is not in the order.", edge.to));
            }
            let params = function.params(edge.to);
            if edge.args.len as usize != params.len() {
                let (wanted, given) = (params.len(), edge.args.len);
                let message =
                    format!("The edge to {} has {}, of {wanted}.", edge.to, counted(given, "argument"));
                return problem(9, message);
            }
            self.list_exists(edge.args)?;
            for (value, &param) in function.list_values(edge.args).zip(params) {
                self.exists(value)?;
                let wanted = function.ty(param);
                if !self.fits(value, wanted) {
                    let what = format!("The argument for {param} of {}", edge.to);
                    return self.wrong_type(9, &what, value, wanted);
                }
            }
        }
        Ok(())
    }

    fn list_exists(&self, list: List) -> Result<(), Problem> {
        if self.function.has_list(list) { Ok(()) } else { problem(6, "A list of values does not exist.") }
    }

    /// V10.
    fn call(&self, data: &InstData) -> Result<(), Problem> {
        let sig = match data.op {
            Op::Call | Op::Invoke => match self.module.funcs.get(data.callee().index()) {
                Some(decl) => decl.sig,
                None => return problem(10, "There is no such function."),
            },
            _ => data.indirect_sig(),
        };
        let Some(signature) = self.module.sigs.get(sig.index()) else {
            return problem(10, "There is no such signature.");
        };
        if data.kind != signature.result.kind {
            return problem(10, format!("The result is {}, not {}.", signature.result, data.kind));
        }
        let (given, wanted) = (data.arguments(), signature.params.len());
        self.list_exists(given)?;
        if given.len as usize != wanted {
            return problem(
                10,
                format!("It is called with {}, of {wanted}.", counted(given.len, "argument")),
            );
        }
        for (index, value) in self.function.list_values(given).enumerate() {
            self.exists(value)?;
            if !self.fits(value, signature.params[index]) {
                let what = format!("Argument {}", index + 1);
                return self.wrong_type(10, &what, value, signature.params[index]);
            }
        }
        Ok(())
    }

    /// V11.
    fn returned(&self, data: &InstData) -> Result<(), Problem> {
        let wanted = self.function.sig.result;
        if data.kind != wanted.kind {
            return match wanted.kind {
                Kind::None => problem(11, "The function returns nothing."),
                _ => problem(11, format!("The function returns {wanted}.")),
            };
        }
        match data.kind {
            Kind::None => Ok(()),
            _ if self.fits(data.first(), wanted) => Ok(()),
            _ => self.wrong_type(11, "What is returned", data.first(), wanted),
        }
    }

    /// V12: a frame state, and all that it is inlined in.
    fn state(&mut self, state: FrameState) -> Result<(), Problem> {
        let function = self.function;
        let mut next = state;
        let mut begun = Vec::new();
        loop {
            match self.states.get(next.index()) {
                None if begun.is_empty() => return problem(12, "The frame state does not exist."),
                None if next.is_none() => break,
                None => return problem(12, format!("There is no {next} around the frame state.")),
                Some(Checked::Yes) => break,
                Some(Checked::Begun) => {
                    return problem(12, format!("The frame state {next} is around itself."));
                }
                Some(Checked::No) => {}
            }
            self.states[next.index()] = Checked::Begun;
            begun.push(next);
            let data = *function.state(next);
            self.list_exists(data.slots)?;
            for slot in function.state_slots(data.slots) {
                self.slot(slot)?;
            }
            next = data.parent;
        }
        for state in begun {
            self.states[state.index()] = Checked::Yes;
        }
        Ok(())
    }

    fn slot(&mut self, slot: StateSlot) -> Result<(), Problem> {
        match slot {
            StateSlot::Dead => Ok(()),
            StateSlot::Value(value) => {
                self.exists(value)?;
                match self.function.kind(value).is_vector() {
                    false => Ok(()),
                    true => problem(12, format!("{value} is a vector, which no frame state holds.")),
                }
            }
            StateSlot::Removed(object) => self.object(object),
        }
    }

    /// V12, V13: a removed object, and those that it refers to.
    fn object(&mut self, object: Removed) -> Result<(), Problem> {
        let mut work = vec![object];
        while let Some(object) = work.pop() {
            match self.objects.get_mut(object.index()) {
                None => return problem(12, format!("There is no {object}.")),
                Some(Checked::No) => self.objects[object.index()] = Checked::Yes,
                Some(_) => continue,
            }
            let data = *self.function.removed(object);
            self.list_exists(data.slots)?;
            let layout = match self.module.layouts.get(data.layout.index()) {
                Some(layout) if data.layout != TypeId(0) => layout,
                _ => return problem(13, format!("{object} has a layout that does not exist.")),
            };
            let (wanted, references) = (layout.references + layout.scalars, layout.references);
            if data.slots.len != wanted {
                let given = data.slots.len;
                return problem(
                    13,
                    format!("{object} has {}, of {wanted} of its layout.", counted(given, "slot")),
                );
            }
            for (index, slot) in self.function.state_slots(data.slots).enumerate() {
                let reference = (index as u32) < references;
                let fits = match slot {
                    StateSlot::Dead => true,
                    StateSlot::Removed(inner) => {
                        work.push(inner);
                        reference
                    }
                    StateSlot::Value(value) => {
                        self.slot(slot)?;
                        (self.function.kind(value) == Kind::Ref) == reference
                    }
                };
                if !fits {
                    let what = if reference { "a reference" } else { "a scalar" };
                    return problem(13, format!("Slot {index} of {object} should be {what}."));
                }
            }
        }
        Ok(())
    }
}

/// `1 argument`, `2 arguments`
fn counted(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// V5.
fn own_parts(data: &InstData) -> Result<(), Problem> {
    let kind = data.kind;
    match data.op {
        op if op.has_cond() => {
            let cond = Cond::ALL.get(usize::from(data.aux));
            let Some(&cond) = cond else { return problem(5, "There is no such condition.") };
            let legal = match kind {
                Kind::Ref => matches!(cond, Cond::Eq | Cond::Ne),
                Kind::F64 => cond as u8 <= Cond::Ge as u8,
                _ => true,
            };
            if !legal {
                return problem(5, format!("There is no `{}` of {kind}.", cond.name()));
            }
        }
        op if op.has_lane() => {
            let lane = Lane::ALL.get(usize::from(data.aux));
            let Some(&lane) = lane else { return problem(5, "There are no such lanes.") };
            if !has_lanes(op, lane) {
                return problem(5, format!("The instruction does not exist for lanes of {}.", lane.name()));
            }
            let count = lane.count(kind);
            if op == Op::VExtract && data.b >= count {
                return problem(5, format!("The vector has {count} lanes."));
            }
        }
        Op::Convert | Op::ConvertChecked => match Kind::ALL.get(usize::from(data.aux)) {
            Some(&source) if (source.is_int() || source == Kind::F64) && source != kind => {}
            _ => return problem(5, "A conversion is from one numeric kind to another."),
        },
        Op::Bitcast => match Kind::ALL.get(usize::from(data.aux)) {
            Some(&source) if can_cast(source, kind) => {}
            _ => {
                return problem(
                    5,
                    "A bit cast is from one kind to another of the same size, of a ref only with i64.",
                );
            }
        },
        Op::Load | Op::Store => match Mem::ALL.get(usize::from(data.aux & 15)) {
            Some(mem) if mem.kind() == kind => {}
            _ => return problem(5, format!("What is in memory is no {kind}.")),
        },
        _ => {}
    }
    Ok(())
}

fn can_cast(source: Kind, to: Kind) -> bool {
    let plain = |kind: Kind| kind.is_int() || kind == Kind::F64;
    match (source, to) {
        (Kind::Ref, Kind::I64) | (Kind::I64, Kind::Ref) => true,
        _ => source != to && plain(source) && plain(to) && source.bits() == to.bits(),
    }
}

/// Does a vector instruction exist for the lanes?
const fn has_lanes(op: Op, lane: Lane) -> bool {
    match op {
        Op::VMul => matches!(lane, Lane::I32 | Lane::U32 | Lane::F64),
        Op::VDiv | Op::VSqrt => matches!(lane, Lane::F64),
        Op::VMin | Op::VMax | Op::VLeast | Op::VGreatest => matches!(lane, Lane::U8 | Lane::I32 | Lane::U32),
        Op::VGt => !matches!(lane, Lane::U64),
        Op::VWidenLow | Op::VWidenHigh => matches!(lane, Lane::I32 | Lane::U32),
        _ => true,
    }
}
