//! Is what a program did what it should do?
//!
//! Memory is compared byte by byte, but for floats that are NaNs, and references: those to objects that are there from the beginning have to
//! be the same; those to objects that were made lead to a graph, and the graphs have to be alike. A removed object of a
//! frame state stands for one that was made.

use std::collections::BTreeMap;

use orus::ir::Reason;
use orus::ir::eval::{Left, Memory, Outcome, Slot as StateSlot, Value};
use orus::ir::types::{Kind, Mem};

use crate::backend::Observed;
use crate::plan::{self, CURSORS, RESERVED, TABLE};
use crate::program::Program;

/// Two runs that do not differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// They are alike.
    Alike,
    /// They may differ: the reference had no room for an object, which the other may not need.
    MemoryLow,
    /// They may differ: a poll left, and polls may be fewer in the other run. To be run again with none that leaves.
    Polls,
}

/// Compares a run with the reference.
///
/// # Errors
/// How they differ.
pub fn compare(program: &Program, reference: &Observed, other: &Observed) -> Result<Verdict, String> {
    if let Outcome::Left(left) = &reference.outcome
        && left.reason == Reason::Memory
    {
        return Ok(Verdict::MemoryLow);
    }
    if program.poll_at > 0 && (left_by_poll(&reference.outcome) || left_by_poll(&other.outcome)) {
        return Ok(Verdict::Polls);
    }
    compare_all(program, reference, other)
}

/// Compares a run with the reference, which have the same polls.
///
/// # Errors
/// How they differ.
pub fn compare_all(program: &Program, reference: &Observed, other: &Observed) -> Result<Verdict, String> {
    let mut graphs = Graphs {
        program,
        memory: [&reference.memory, &other.memory],
        left: [left_of(&reference.outcome), left_of(&other.outcome)],
        own_frames_only: other.own_frames_only,
        there: BTreeMap::new(),
        back: BTreeMap::new(),
        work: Vec::new(),
    };
    graphs.outcomes(&reference.outcome, &other.outcome).map_err(|how| {
        format!("{how}\n  expected: {}\n  found:    {}", brief(&reference.outcome), brief(&other.outcome))
    })?;
    if reference.log != other.log {
        let at = reference.log.iter().zip(&other.log).position(|(a, b)| a != b);
        let at = at.unwrap_or(reference.log.len().min(other.log.len()));
        return Err(format!(
            "calls outside differ from call {at} on: {:x?} and {:x?}",
            reference.log.get(at),
            other.log.get(at)
        ));
    }
    graphs.statics()?;
    graphs.finish()?;
    Ok(Verdict::Alike)
}

/// An outcome in a line.
pub fn brief(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Left(left) => {
            let frames: Vec<String> = left
                .frames
                .iter()
                .map(|frame| {
                    let slots: Vec<String> = frame.slots.iter().map(slot_text).collect();
                    format!("{}@{} [{}]", frame.function, frame.position, slots.join(", "))
                })
                .collect();
            format!("left ({}) at {}", left.reason.name(), frames.join(" in "))
        }
        Outcome::Returned(Some(Value::Bits(bits))) => format!("returned {bits:#x}"),
        outcome => format!("{outcome:?}"),
    }
}

fn slot_text(slot: &StateSlot) -> String {
    match slot {
        StateSlot::Dead => "-".to_owned(),
        StateSlot::Value(kind, value) => format!("{:#x}:{kind}", value.bits()),
        StateSlot::Object(number) => format!("o{number}"),
    }
}

fn left_of(outcome: &Outcome) -> Option<&Left> {
    match outcome {
        Outcome::Left(left) => Some(left),
        _ => None,
    }
}

fn left_by_poll(outcome: &Outcome) -> bool {
    left_of(outcome).is_some_and(|left| left.reason == Reason::Poll)
}

/// What a reference leads to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Node {
    Address(u64),
    Removed(u32),
}

/// What is in a field.
#[derive(Clone, Copy, Debug)]
enum Field {
    Anything,
    Bits(u64),
    Leads(Node),
}

/// Two memories, and which objects of one are which of the other.
struct Graphs<'a> {
    program: &'a Program,
    memory: [&'a Memory; 2],
    left: [Option<&'a Left>; 2],
    own_frames_only: bool,
    there: BTreeMap<Node, Node>,
    back: BTreeMap<Node, Node>,
    work: Vec<(Node, Node)>,
}

fn is_new(address: u64) -> bool {
    (plan::HEAP..plan::BASE + plan::SPAN).contains(&address)
}

impl Graphs<'_> {
    fn outcomes(&mut self, a: &Outcome, b: &Outcome) -> Result<(), String> {
        match (a, b) {
            (Outcome::Returned(Some(x)), Outcome::Returned(Some(y))) => {
                let kind = self.program.module.signature(self.program.entry).result.kind;
                self.values(kind, x, y).map_err(|()| "another result".to_owned())
            }
            (Outcome::Left(x), Outcome::Left(y)) => self.exits(x, y),
            _ if a == b => Ok(()),
            _ => Err("another outcome".to_owned()),
        }
    }

    fn exits(&mut self, a: &Left, b: &Left) -> Result<(), String> {
        // After inlining there are more of them.
        let count = if self.own_frames_only && b.own >= a.own { b.own } else { usize::MAX };
        let places = |left: &Left| -> Vec<(u32, u32, usize)> {
            left.frames
                .iter()
                .take(count)
                .map(|frame| (frame.function, frame.position, frame.slots.len()))
                .collect()
        };
        if a.reason != b.reason || places(a) != places(b) {
            return Err(format!("it leaves somewhere else: {:?} and {:?}", places(a), places(b)));
        }
        for (frame, (x, y)) in a.frames.iter().zip(&b.frames).enumerate() {
            for (number, (x, y)) in x.slots.iter().zip(&y.slots).enumerate() {
                self.slots(x, y)
                    .map_err(|()| format!("slot {number} of frame {frame} differs: {x:x?} and {y:x?}"))?;
            }
        }
        Ok(())
    }

    fn slots(&mut self, a: &StateSlot, b: &StateSlot) -> Result<(), ()> {
        match (a, b) {
            // What is dead may be anything.
            (StateSlot::Dead, _) => Ok(()),
            (StateSlot::Value(kind, x), StateSlot::Value(other, y)) => {
                if kind == other {
                    self.values(*kind, x, y)
                } else {
                    Err(())
                }
            }
            (StateSlot::Object(x), StateSlot::Object(y)) => self.pair(Node::Removed(*x), Node::Removed(*y)),
            (StateSlot::Value(Kind::Ref, x), StateSlot::Object(y)) => {
                self.pair(Node::Address(x.bits()), Node::Removed(*y))
            }
            _ => Err(()),
        }
    }

    fn values(&mut self, kind: Kind, a: &Value, b: &Value) -> Result<(), ()> {
        match kind {
            Kind::Ref => self.pair(Node::Address(a.bits()), Node::Address(b.bits())),
            kind if a.same(b, kind) => Ok(()),
            _ => Err(()),
        }
    }

    /// One is to stand for the other.
    fn pair(&mut self, a: Node, b: Node) -> Result<(), ()> {
        let fresh = |node| match node {
            Node::Address(address) => is_new(address),
            Node::Removed(_) => true,
        };
        match (fresh(a), fresh(b)) {
            (false, false) if a == b => return Ok(()),
            (true, true) => {}
            _ => return Err(()),
        }
        match (self.there.get(&a), self.back.get(&b)) {
            (None, None) => {
                self.there.insert(a, b);
                self.back.insert(b, a);
                self.work.push((a, b));
                Ok(())
            }
            (Some(x), Some(y)) if (*x, *y) == (b, a) => Ok(()),
            _ => Err(()),
        }
    }

    /// The layout of a node.
    fn layout(&self, side: usize, node: Node) -> Option<usize> {
        match node {
            Node::Address(address) => {
                let header = self.memory[side].load(address, 8).ok()?;
                self.program.plan.layouts.iter().position(|layout| layout.header == header)
            }
            Node::Removed(number) => {
                let object = self.left[side]?.objects.get(number as usize)?;
                self.program.plan.layouts.iter().position(|layout| layout.id == object.layout)
            }
        }
    }

    fn field(&self, side: usize, node: Node, index: usize, slot: &plan::Slot) -> Option<Field> {
        let length = slot.mem.bytes() as usize;
        let mask = u64::MAX >> (64 - 8 * length);
        match node {
            Node::Address(address) => {
                let bits = self.memory[side].load(address.wrapping_add(slot.offset as u64), length).ok()?;
                Some(if slot.mem == Mem::Ref { Field::Leads(Node::Address(bits)) } else { Field::Bits(bits) })
            }
            Node::Removed(number) => {
                match *self.left[side]?.objects.get(number as usize)?.slots.get(index)? {
                    StateSlot::Dead => Some(Field::Anything),
                    StateSlot::Object(other) => Some(Field::Leads(Node::Removed(other))),
                    StateSlot::Value(Kind::Ref, value) => Some(Field::Leads(Node::Address(value.bits()))),
                    StateSlot::Value(_, value) => Some(Field::Bits(value.bits() & mask)),
                }
            }
        }
    }

    /// Compares what is in objects, until all that can be reached is compared.
    fn finish(&mut self) -> Result<(), String> {
        while let Some((a, b)) = self.work.pop() {
            let layout = self.layout(0, a).ok_or_else(|| format!("{a:x?} is no object"))?;
            if self.layout(1, b) != Some(layout) {
                return Err(format!("{b:x?} is no object of layout {layout}, as {a:x?} is"));
            }
            let program = self.program;
            for (index, slot) in program.plan.layouts[layout].fields.iter().enumerate() {
                let fields = (self.field(0, a, index, slot), self.field(1, b, index, slot));
                let alike = match fields {
                    (Some(Field::Anything), Some(_)) => Ok(()),
                    (Some(Field::Leads(x)), Some(Field::Leads(y))) => self.pair(x, y),
                    (Some(Field::Bits(x)), Some(Field::Bits(y))) => {
                        let (x, y) = (Value::Bits(x), Value::Bits(y));
                        if x.same(&y, slot.mem.kind()) { Ok(()) } else { Err(()) }
                    }
                    _ => Err(()),
                };
                alike.map_err(|()| format!("field {index} of {a:x?} and {b:x?} differs: {fields:x?}"))?;
            }
        }
        Ok(())
    }

    /// Compares all that was there from the beginning.
    fn statics(&mut self) -> Result<(), String> {
        let plan = &self.program.plan;
        let [left, right] = self.memory;
        let mut differences = Vec::new();
        for (a, b) in left.regions().iter().zip(right.regions()) {
            if is_new(a.base) || a.bytes == b.bytes {
                continue;
            }
            // Slots lie at multiples of 8, and their kinds are such that no reference or float shares its word.
            for (index, (x, y)) in a.bytes.chunks(8).zip(b.bytes.chunks(8)).enumerate() {
                if x != y {
                    differences.push(a.base + 8 * index as u64);
                }
            }
        }
        for (slot, _) in plan.references() {
            let [a, b] = self.memory.map(|memory| memory.load(slot, 8).unwrap_or(0));
            self.pair(Node::Address(a), Node::Address(b))
                .map_err(|()| format!("the reference at {slot:#x} differs: {a:#x} and {b:#x}"))?;
        }
        if differences.is_empty() {
            return Ok(());
        }
        let references: Vec<u64> = plan.references().map(|(slot, _)| slot).collect();
        for at in differences {
            let offset = at.wrapping_sub(plan::BASE) as i64;
            let skipped = (0..i64::from(RESERVED)).contains(&offset)
                || (i64::from(CURSORS)..i64::from(plan::ARRAYS)).contains(&offset)
                    && offset >= i64::from(CURSORS.min(TABLE));
            if skipped || references.contains(&at) {
                continue;
            }
            let [a, b] = self.memory.map(|memory| memory.load(at, 8).unwrap_or(0));
            let is_float = plan.floats().any(|(first, count)| (first..first + 8 * count).contains(&at));
            if is_float && Value::Bits(a).same(&Value::Bits(b), Kind::F64) {
                continue;
            }
            return Err(format!("memory at {at:#x} differs: {a:#x} and {b:#x}"));
        }
        Ok(())
    }
}
