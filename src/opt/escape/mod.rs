//! Escape analysis: objects that nobody else sees are not made; their fields become values.
//!
//! How it works. An object that is only loaded from, stored to, compared, and named by frame states is replaced by its fields: each is a
//! variable, defined by `new` (zero) and stores, read by loads and frame states, for which [`Reaching`] finds the values (block
//! parameters where several come together). Frame states name a [`Removed`] object with the fields as they are at that point, so each
//! instruction gets a state of its own. The guard of `new` goes with it. A comparison with anything else is false: nobody else has the reference.
//!
//! A block's parameter that is such an object on each edge (an object that each turn replaces, [`merged`]) first becomes a parameter for each field.
//!
//! An object stored in another one that goes is found in the next round.
//!
//! Absent: objects that escape on some paths only.
//!
//! Invariants
//! - ES1 A field is accessed in one way only (mem), and is a whole slot; narrower than 32 bits only as a bool.
//! - ES2 The values of a state's objects are those before its instruction.
//!
//! Cost. A walk over the function if it has a `new`; then the uses of each object that goes, times its fields, and the blocks between them.

mod merged;

use smallvec::SmallVec;

use super::Context;
use super::fault::planted;
use super::repair::{Reaching, rewrite_state};
use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::{
    Block, Cond, Function, Inst, InstData, Kind, Layout, Mem, Module, Op, Removed, StateSlot, Type, TypeId,
    Value,
};

/// How often the function is looked at.
const ROUNDS: u32 = 3;
/// Slots of an object that goes.
const SLOTS: u32 = 16;

/// What is done with an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    /// Loads a slot.
    Load(u32),
    /// Loads from the header.
    Header,
    /// Stores to a slot.
    Store(u32),
    /// Compares.
    Compare,
    /// Its frame state has it.
    State,
}

/// An object that may go, or a parameter that is one.
struct Object {
    value: Value,
    block: Block,
    layout: TypeId,
    escapes: bool,
    /// By slot: how it is accessed.
    mems: SmallVec<[Option<Mem>; 8]>,
    /// In reverse postorder, and within a block in order.
    accesses: Vec<(Block, Inst, Access)>,
    /// Edges and places that pass it.
    passed: Vec<(u32, u32)>,
}

/// Removes objects that do not escape.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    let mut changed = false;
    for _ in 0..ROUNDS {
        if !function
            .order
            .iter()
            .any(|&block| function.insts(block).any(|inst| function.inst(inst).op == Op::New))
        {
            break;
        }
        if !round(function, context) {
            break;
        }
        changed = true;
    }
    changed
}

fn round(function: &mut Function, context: &mut Context<'_>) -> bool {
    let module = context.module;
    let (cfg, dom) = context.analyses.dom(function);
    if cfg.rpo.len() < function.order.len() {
        function.retain_blocks(|block| cfg.is_reached(block));
    }
    let mut graph_changed = false;
    let mut objects = collect(function, module, cfg, dom);
    let merges = merged::split(function, module, cfg, &objects);
    if merges {
        // Loads were put in, parameters changed.
        function.remove_aliases();
        objects = collect(function, module, cfg, dom);
    }
    let mut removed = false;
    let mut reaching = Reaching::default();
    for object in &objects {
        if !object.escapes && object.passed.is_empty() && function.def_inst(object.value).is_some() {
            graph_changed |= remove(function, module, cfg, object, &mut reaching);
            removed = true;
        }
    }
    if removed || merges {
        function.remove_aliases();
    }
    if graph_changed {
        context.analyses.invalidate();
        let cfg = Cfg::of(function);
        function.retain_blocks(|block| cfg.is_reached(block));
    }
    removed || merges
}

/// Finds the objects, and what is done with them. Also the parameters that may be objects.
fn collect(function: &Function, module: &Module, cfg: &Cfg, dom: &Dom) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    let mut number = vec![u32::MAX; function.value_count()];
    let mut add = |objects: &mut Vec<Object>, value: Value, block: Block, layout: TypeId| {
        let slots = module.layouts.get(layout.index()).map_or(0, |layout| layout.references + layout.scalars);
        number[value.index()] = objects.len() as u32;
        objects.push(Object {
            value,
            block,
            layout,
            escapes: slots > SLOTS,
            mems: SmallVec::from_elem(None, slots.min(SLOTS) as usize),
            accesses: Vec::new(),
            passed: Vec::new(),
        });
    };
    for &block in &cfg.rpo {
        for inst in function.insts(block) {
            let data = function.inst(inst);
            if let (Op::New, Some(value)) = (data.op, function.result(inst)) {
                add(&mut objects, value, block, data.layout());
            }
        }
    }
    for (block, param, layout) in merged::candidates(function, cfg, |value| {
        let at = function.def_inst(value)?;
        let data = function.inst(at);
        (data.op == Op::New).then(|| data.layout())
    }) {
        add(&mut objects, param, block, layout);
    }
    for &block in &cfg.rpo {
        for inst in function.insts(block) {
            uses(function, module, block, inst, &number, &mut objects);
        }
    }
    for object in &mut objects {
        check_types(function, object);
    }
    merged::settle(function, cfg, dom, &mut objects, &number);
    objects
}

/// Notes what an instruction does with objects.
fn uses(
    function: &Function,
    module: &Module,
    block: Block,
    inst: Inst,
    number: &[u32],
    objects: &mut [Object],
) {
    let data = *function.inst(inst);
    let find = |value: Value| match number.get(value.index()).copied() {
        Some(at) if at != u32::MAX => Some(at as usize),
        _ => None,
    };
    let mut operand = 0;
    function.visit_operands(inst, |value| {
        let at = operand;
        operand += 1;
        let Some(object) = find(value).map(|at| &mut objects[at]) else { return };
        let access = match data.op {
            Op::Load | Op::Store if at == 0 && data.b == u32::MAX => {
                access(&data, &module.layouts[object.layout.index()])
            }
            Op::Cmp | Op::BrCmp => Some(Access::Compare),
            // One that always fails is no use.
            Op::GuardCmp if (data.cond() == Cond::Eq) == (data.a == data.b) => Some(Access::Compare),
            _ => None,
        };
        let Some(access) = access else {
            object.escapes = true;
            return;
        };
        if let Access::Load(slot) | Access::Store(slot) = access {
            let mem = *object.mems[slot as usize].get_or_insert(data.mem());
            object.escapes |= mem != data.mem();
        }
        // `x == x` is one use.
        if object.accesses.last() != Some(&(block, inst, access)) {
            object.accesses.push((block, inst, access));
        }
    });
    for edge in function.inst_edges(inst) {
        let args = function.edge(edge).args;
        for index in 0..args.len {
            if let Some(at) = find(function.list_value(args, index)) {
                objects[at].passed.push((edge, index));
            }
        }
    }
    if let Some(state) = function.inst_state(inst) {
        function.visit_state(state, |value| {
            if let Some(at) = find(value) {
                let accesses = &mut objects[at].accesses;
                let entry = (block, inst, Access::State);
                if accesses.last() != Some(&entry) {
                    accesses.push(entry);
                }
            }
        });
    }
}

/// What a load or store at a constant place does; none if it is not one of a whole slot.
fn access(data: &InstData, layout: &Layout) -> Option<Access> {
    let (mem, offset) = (data.mem(), data.offset());
    if (0..8).contains(&offset) {
        let inside = offset as u32 + mem.bytes() <= 8
            && matches!(mem, Mem::I64 | Mem::U64 | Mem::U32 | Mem::U8 | Mem::U16);
        return (data.op == Op::Load && inside).then_some(Access::Header);
    }
    let slot = (offset >= 8 && offset % 8 == 0).then_some(offset as u32 / 8 - 1)?;
    let fits = if slot < layout.references {
        mem == Mem::Ref
    } else {
        slot < layout.references + layout.scalars
            && matches!(mem, Mem::I32 | Mem::U32 | Mem::I64 | Mem::U64 | Mem::F64 | Mem::Bool)
    };
    fits.then_some(if data.op == Op::Load { Access::Load(slot) } else { Access::Store(slot) })
}

/// The type of a slot's value: the layout of references is known if all that is loaded and stored has it.
fn slot_type(function: &Function, object: &Object, slot: u32, references: u32) -> Type {
    let Some(mem) = object.mems[slot as usize] else {
        return if slot < references { Kind::Ref.into() } else { Kind::I64.into() };
    };
    let mut ty = None;
    for &(_, inst, access) in &object.accesses {
        if access == Access::Store(slot) {
            let stored = Value(function.inst(inst).d);
            if function.as_const(stored).is_none() {
                let stored = function.ty(stored);
                let known = *ty.get_or_insert(stored);
                if known != stored {
                    return mem.kind().into();
                }
            }
        }
    }
    ty.unwrap_or(mem.kind().into())
}

/// Loads that promise more of a reference than the stores gave would leave values of a wrong type.
fn check_types(function: &Function, object: &mut Object) {
    for slot in 0..object.mems.len() as u32 {
        if object.mems[slot as usize] != Some(Mem::Ref) {
            continue;
        }
        let ty = slot_type(function, object, slot, slot + 1);
        let promised = object.accesses.iter().any(|&(_, inst, access)| {
            access == Access::Load(slot)
                && function.result(inst).is_some_and(|value| {
                    let id = function.ty(value).id;
                    id != TypeId(0) && id != ty.id
                })
        });
        object.escapes |= promised;
    }
}

/// Takes an object away. Says whether branches were decided.
fn remove(
    function: &mut Function,
    module: &Module,
    cfg: &Cfg,
    object: &Object,
    reaching: &mut Reaching,
) -> bool {
    let layout = &module.layouts[object.layout.index()];
    let mut graph_changed = false;
    // By access of a state: the slots.
    let mut states: Vec<SmallVec<[Value; 8]>> = vec![SmallVec::new(); object.accesses.len()];
    for slot in 0..object.mems.len() as u32 {
        let ty = slot_type(function, object, slot, layout.references);
        let zero = function.constant(ty.kind, 0);
        let mut stores = 0;
        reaching.begin(function, ty);
        reaching.define(object.block, zero);
        for &(block, inst, access) in &object.accesses {
            if access == Access::Store(slot) && !(planted(9) && stores > 0) {
                stores += 1;
                reaching.define(block, Value(function.inst(inst).d));
            }
        }
        // The value at hand, in the block of the last access.
        let mut at: Option<(Block, Value)> = None;
        for (index, &(block, inst, access)) in object.accesses.iter().enumerate() {
            let current = match at {
                Some((known, value)) if known == block => Some(value),
                _ if block == object.block => Some(zero),
                _ => None,
            };
            match access {
                Access::Load(other) if other == slot => {
                    let value = current.unwrap_or_else(|| reaching.at_start(function, cfg, block));
                    at = Some((block, value));
                    if let Some(result) = function.result(inst) {
                        let value = function.resolve(value);
                        // A loop that only stores back what it loaded.
                        if value != result {
                            function.replace(result, value);
                        }
                    }
                    function.remove(inst);
                }
                Access::Store(other) if other == slot => {
                    at = Some((block, Value(function.inst(inst).d)));
                    function.remove(inst);
                }
                Access::State => {
                    let value = if planted(10) {
                        zero
                    } else {
                        current.unwrap_or_else(|| reaching.at_start(function, cfg, block))
                    };
                    at = Some((block, value));
                    states[index].push(value);
                }
                _ => {}
            }
        }
    }
    for (&(_, inst, access), slots) in object.accesses.iter().zip(&states) {
        match access {
            Access::State => {
                if function.inst_block(inst).is_some() {
                    name_removed(function, object, inst, slots);
                }
            }
            Access::Compare => graph_changed |= compare(function, inst),
            Access::Header => {
                let data = *function.inst(inst);
                let mem = data.mem();
                let bits = layout.header >> (8 * data.offset());
                let bits = if mem.bytes() == 8 { bits } else { bits & ((1 << (8 * mem.bytes())) - 1) };
                let constant = function.constant(mem.kind(), bits);
                if let Some(result) = function.result(inst) {
                    function.replace(result, constant);
                }
                function.remove(inst);
            }
            Access::Load(_) | Access::Store(_) => {}
        }
    }
    if let Some(inst) = function.def_inst(object.value) {
        function.remove(inst);
    }
    graph_changed
}

/// The frame state of an instruction names the removed object.
fn name_removed(function: &mut Function, object: &Object, inst: Inst, slots: &[Value]) {
    let slots: SmallVec<[StateSlot; 8]> =
        slots.iter().map(|&value| StateSlot::Value(function.resolve(value))).collect();
    let mut number: Option<Removed> = None;
    let mut data = *function.inst(inst);
    rewrite_state(function, &mut data, &mut |function, value| {
        if function.resolve(value) != object.value {
            return StateSlot::Value(value);
        }
        let number = *number.get_or_insert_with(|| function.add_removed(object.layout, &slots));
        StateSlot::Removed(number)
    });
    *function.inst_mut(inst) = data;
}

/// Decides a comparison with an object that nobody else has. Says whether it was a branch.
fn compare(function: &mut Function, inst: Inst) -> bool {
    let data = *function.inst(inst);
    let equal = function.resolve(data.first()) == function.resolve(data.second());
    let truth = equal == (data.cond() == Cond::Eq);
    match data.op {
        Op::BrCmp => {
            let d = if truth { data.d } else { data.d + 1 };
            *function.inst_mut(inst) = InstData { d, ..InstData::new(Op::Jump, Kind::None) };
            true
        }
        Op::Cmp => {
            let constant = function.bool(truth);
            if let Some(result) = function.result(inst) {
                function.replace(result, constant);
            }
            function.remove(inst);
            false
        }
        Op::GuardCmp => {
            function.remove(inst);
            false
        }
        // It was decided together with the other object.
        _ => false,
    }
}
