//! Memory: a load of what was stored or loaded before is replaced by that, and stores that nobody can see are removed.
//!
//! How it works. Memory has a version, by class of aliases (see [`Alias`]; classes share 64 numbers): each store makes a new one that remembers the store
//! and the version before. What was last stored to or loaded from an address is looked up by the address, and has the version that memory
//! had then; it still holds if the stores that made the versions since, a few at most, do not overlap. A call that writes makes a new
//! version of all classes. Where paths meet, what was written between the block and its immediate dominator, around loops too, makes
//! new versions.
//!
//! A store is dead if one behind it in the same block covers it, and between them nothing reads it, and nothing may leave; a
//! store of what is there anyway is dead too.
//!
//! Two accesses of a class do not overlap if they have the same base and index, and other bytes; or if one base is a new object,
//! and the other one is older (it was computed before the object was made).
//!
//! Must not. Remove a store that a guard, a poll, a call or the end of the block may show to anyone; forward through a merge without
//! looking at all paths; forward a narrow store, whose value is cut off, to a load that extends it.
//!
//! Sources. The versions are those of memory SSA (Novillo, *Memory SSA*, 2007), kept only along the walk of the dominator tree.
//!
//! Cost. A look-up and an entry for each load and store, and the stores since if something was found; for a merge, the blocks between it
//! and its dominator, up to a bound behind which everything counts as written.

use crate::ir::cfg::Cfg;
use crate::ir::dom::Dom;
use crate::ir::{Alias, Block, Effects, Function, Inst, InstData, Kind, Mem, Module, Op, Value};

use super::Context;
use super::fault::planted;
use super::forward::{Flags, Forward, State};
use super::gvn::Key;
use super::params;

/// Classes share so many numbers.
const SLOTS: usize = 64;
/// How many stores back what is at an address is believed.
const STEPS: u32 = 8;
/// How many blocks are looked at between a merge and its dominator.
const BLOCKS: usize = 64;
/// How many stores of a block may wait for one that covers them.
const PENDING: usize = 16;

/// What made a version.
#[derive(Clone, Copy, Debug)]
struct Version {
    /// The one before.
    before: u32,
    /// The store; none if it was something that is not understood.
    store: Option<(Inst, InstData)>,
}

/// What was written in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Written {
    /// Slots of classes.
    pub slots: u64,
    /// Anything may have been written.
    pub all: bool,
}

impl Written {
    pub const NOTHING: Written = Written { slots: 0, all: false };

    /// What an instruction writes.
    pub fn by(function: &Function, module: &Module, inst: Inst) -> Written {
        let data = function.inst(inst);
        match data.op {
            Op::Store => Written { slots: 1 << slot(data.alias()), all: false },
            Op::Call | Op::Invoke | Op::CallIndirect | Op::InvokeIndirect => {
                Written { slots: 0, all: effects(module, data).contains(Effects::WRITES) }
            }
            _ => Written::NOTHING,
        }
    }

    pub fn add(&mut self, other: Written) {
        self.slots |= other.slots;
        self.all |= other.all;
    }

    /// May memory of this class have been written?
    pub fn contains(self, class: Alias) -> bool {
        class != Alias::FIXED && (self.all || self.slots >> slot(class) & 1 == 1)
    }
}

/// What the callee of a call may do.
pub(super) fn effects(module: &Module, data: &InstData) -> Effects {
    match data.op {
        Op::Call | Op::Invoke => module.funcs[data.callee().index()].effects,
        _ => Effects::ANY,
    }
}

fn slot(class: Alias) -> u32 {
    u32::from(class.index()) % SLOTS as u32
}

/// What is known about memory along the walk.
#[derive(Debug)]
pub(super) struct Memory {
    versions: Vec<Version>,
    /// By slot: the newest version that something of the class made.
    current: [u32; SLOTS],
    /// The newest version that is one of all classes.
    everything: u32,
    /// Slots that were changed, with what they had.
    undo: Vec<(u32, u32)>,
    /// Stores of this block that may turn out to be dead.
    pending: Vec<(Inst, InstData)>,
    /// By value: when the walk came to it, of references.
    stamps: Vec<u32>,
    clock: u32,
    /// By block: what is written in it, if that was asked.
    written: Vec<Option<Written>>,
    /// By block: the search that came to it last.
    seen: Vec<u32>,
    search: u32,
    work: Vec<Block>,
}

impl Default for Memory {
    fn default() -> Memory {
        Memory {
            versions: Vec::new(),
            current: [0; SLOTS],
            everything: 0,
            undo: Vec::new(),
            pending: Vec::new(),
            stamps: Vec::new(),
            clock: 0,
            written: Vec::new(),
            seen: Vec::new(),
            search: 0,
            work: Vec::new(),
        }
    }
}

/// What [`Memory::leave`] goes back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    undo: usize,
    everything: u32,
}

impl Memory {
    /// For a new walk.
    pub fn prepare(&mut self, function: &Function) {
        self.versions.clear();
        self.versions.push(Version { before: 0, store: None });
        self.current = [0; SLOTS];
        self.everything = 0;
        self.undo.clear();
        self.pending.clear();
        self.stamps.clear();
        self.stamps.resize(function.value_count(), 0);
        self.clock = 0;
        self.written.clear();
        self.written.resize(function.block_count(), None);
        self.seen.clear();
        self.seen.resize(function.block_count(), 0);
        self.search = 0;
    }

    /// What is known now.
    pub fn mark(&self) -> Mark {
        Mark { undo: self.undo.len(), everything: self.everything }
    }

    /// Back to what was known.
    pub fn leave(&mut self, mark: Mark) {
        while self.undo.len() > mark.undo {
            if let Some((slot, before)) = self.undo.pop() {
                self.current[slot as usize] = before;
            }
        }
        self.everything = mark.everything;
    }

    /// The version that memory of a class has.
    fn version(&self, class: Alias) -> u32 {
        if class == Alias::FIXED { 0 } else { self.current[slot(class) as usize].max(self.everything) }
    }

    fn new_version(&mut self, slot: u32, store: Option<(Inst, InstData)>) -> u32 {
        let before = self.current[slot as usize];
        let version = self.versions.len() as u32;
        self.versions.push(Version { before: before.max(self.everything), store });
        self.undo.push((slot, before));
        self.current[slot as usize] = version;
        version
    }

    fn write(&mut self, written: Written) {
        if written.all {
            self.everything = self.versions.len() as u32;
            self.versions.push(Version { before: 0, store: None });
            return;
        }
        let mut slots = written.slots;
        while slots != 0 {
            self.new_version(slots.trailing_zeros(), None);
            slots &= slots - 1;
        }
    }

    /// A block with several ways in: what was written on them is not known.
    pub fn merge(&mut self, function: &Function, module: &Module, cfg: &Cfg, dom: &Dom, block: Block) {
        let Some(above) = dom.parent(cfg, block) else { return };
        let mut total = Written::NOTHING;
        self.search += 1;
        self.work.clear();
        self.work.extend(cfg.preds(block).iter().map(|pred| pred.block));
        let mut count = 0;
        while let Some(at) = self.work.pop() {
            if at == above || self.seen[at.index()] == self.search {
                continue;
            }
            self.seen[at.index()] = self.search;
            count += 1;
            if count > BLOCKS {
                total.all = true;
                break;
            }
            let written = *self.written[at.index()].get_or_insert_with(|| {
                let mut written = Written::NOTHING;
                for inst in function.insts(at) {
                    written.add(Written::by(function, module, inst));
                }
                written
            });
            total.add(written);
            if total.all {
                break;
            }
            self.work.extend(cfg.preds(at).iter().map(|pred| pred.block));
        }
        // The dominator itself is in a loop with the block: it may be run again before the block is, but then the walk came from it.
        self.write(total);
    }

    /// Everything that was stored can be seen by others.
    #[inline]
    pub fn observe(&mut self) {
        if planted(109) {
            return;
        }
        self.pending.clear();
    }

    /// A reference has been computed.
    fn stamp(&mut self, value: Value) {
        if value.index() >= self.stamps.len() {
            self.stamps.resize(value.index() + 1, 0);
        }
        self.clock += 1;
        self.stamps[value.index()] = self.clock;
    }

    /// A block begins.
    pub fn enter(&mut self, function: &Function, block: Block) {
        for &param in function.params(block) {
            if function.kind(param) == Kind::Ref {
                self.stamp(param);
            }
        }
    }

    /// Makes, polls or calls.
    pub fn other(&mut self, function: &Function, module: &Module, inst: Inst, data: &InstData) {
        if data.op.is_call() {
            let effects = effects(module, data);
            if !effects.is_empty() {
                self.pending.clear();
            }
            self.write(Written::by(function, module, inst));
        } else {
            self.pending.clear();
        }
        if let Some(result) = function.result(inst)
            && data.kind == Kind::Ref
        {
            self.stamp(result);
        }
    }

    /// The end of a block.
    pub fn end(&mut self, function: &Function, module: &Module, inst: Inst) {
        self.pending.clear();
        self.write(Written::by(function, module, inst));
    }

    /// Is one of the bases a new object, and the other one older, or new too?
    fn distinct(&self, function: &Function, a: Value, b: Value) -> bool {
        let made = |value: Value| {
            function.def_inst(value).is_some_and(|inst| function.inst(inst).op == Op::New)
                && self.stamps.get(value.index()).is_some_and(|&stamp| stamp != 0)
        };
        let stamp = |value: Value| self.stamps.get(value.index()).copied().unwrap_or(u32::MAX);
        // What was not stamped has 0.
        let is_old = |value: Value| stamp(value) != 0;
        match (made(a), made(b)) {
            (true, true) => true,
            (true, false) => is_old(b) && stamp(b) < stamp(a),
            (false, true) => is_old(a) && stamp(a) < stamp(b),
            (false, false) => false,
        }
    }

    /// May two accesses touch the same bytes?
    #[inline]
    fn overlap(&self, function: &Function, a: &InstData, b: &InstData) -> bool {
        if a.alias() != b.alias() {
            return false;
        }
        if a.a != b.a {
            return !self.distinct(function, a.first(), b.first());
        }
        if a.b != b.b || a.b != u32::MAX && a.scale() != b.scale() {
            return true;
        }
        let (from_a, from_b) = (i64::from(a.offset()), i64::from(b.offset()));
        from_a < from_b + i64::from(b.mem().bytes()) && from_b < from_a + i64::from(a.mem().bytes())
    }

    /// Looks a load up. The value that it gives, if that is known; else it is entered.
    pub fn load(state: &mut State, function: &Function, inst: Inst, data: &InstData) -> Option<Value> {
        let State { memory, table, .. } = state;
        let found = memory.find(table, function, data);
        // What is known need not be read, and so shows nothing of what was stored.
        if let (Some(value), Some(result)) = (found, function.result(inst))
            && params::fits(function, result, value)
        {
            return found;
        }
        if !memory.pending.is_empty() {
            let mut pending = std::mem::take(&mut memory.pending);
            pending.retain(|(_, store)| !memory.overlap(function, store, data));
            memory.pending = pending;
        }
        if found.is_some() {
            return None;
        }
        if let Some(result) = function.result(inst) {
            table.enter_at(Key::memory(data), result.0, memory.version(data.alias()));
            if data.kind == Kind::Ref {
                memory.stamp(result);
            }
        }
        None
    }

    fn find(&self, table: &super::gvn::Scoped, function: &Function, data: &InstData) -> Option<Value> {
        // An older entry for the address is of an older version, and so hidden for good.
        let (value, then) = table.find_at(&Key::memory(data))?;
        let mut version = self.version(data.alias());
        let mut left = STEPS;
        for _ in 0..4 * STEPS {
            if version == then {
                return Some(Value(value));
            }
            let made = &self.versions[version as usize];
            let (inst, store) = made.store.as_ref()?;
            // A store that was removed is covered by a newer one, or wrote what was there.
            if function.inst_block(*inst).is_some() {
                if left == 0 || self.overlap(function, store, data) {
                    return None;
                }
                left -= 1;
            }
            version = made.before;
        }
        None
    }

    /// A store. Whether it removed one, itself or another.
    pub fn store(state: &mut State, function: &mut Function, inst: Inst, data: &InstData) -> bool {
        let State { memory, table, .. } = state;
        // Values that are narrower in memory do not come back as they were.
        let whole = data.mem().bytes() * 8 == data.mem().kind().bits() || data.mem() == Mem::Bool;
        let stored = Value(data.d);
        if whole && memory.find(table, function, data) == Some(stored) {
            function.remove(inst);
            return true;
        }
        let mut removed = false;
        let mut at = 0;
        while at < memory.pending.len() {
            let (before, covered) = memory.pending[at];
            if covers(data, &covered) {
                function.remove(before);
                memory.pending.swap_remove(at);
                removed = true;
            } else {
                at += 1;
            }
        }
        if memory.pending.len() == PENDING {
            memory.pending.remove(0);
        }
        memory.pending.push((inst, *data));
        let version = memory.new_version(slot(data.alias()), Some((inst, *data)));
        if whole {
            table.enter_at(Key::memory(data), stored.0, version);
        }
        removed
    }
}

/// Does a store write all bytes that another one wrote?
fn covers(store: &InstData, other: &InstData) -> bool {
    if store.alias() != other.alias() || store.a != other.a || store.b != other.b {
        return false;
    }
    if store.b != u32::MAX && store.scale() != other.scale() {
        return false;
    }
    let (from, to) = (i64::from(store.offset()), i64::from(other.offset()));
    from <= to && to + i64::from(other.mem().bytes()) <= from + i64::from(store.mem().bytes())
}

/// The pass: loads and stores alone.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    Forward::run(function, context, Flags::MEMORY)
}
