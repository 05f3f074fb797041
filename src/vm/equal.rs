//! Deep equality.
//!
//! How it works. Pairs whose comparison is due wait in a work list, so depth costs no stack. Since one difference settles the
//! whole comparison, a pair that has been met before need not be compared again: it is under way, or found equal so far. For
//! arrays, maps and structs of types that can contain themselves, every pair is remembered (after the first few), so
//! values that contain themselves come to an end. Enums are immutable, hence never cyclic by themselves; for them, and for
//! all other types, a small table of pairs met lately keeps shared parts from being compared once for each path.

use super::address::{AddressSet, fold};
use super::context::Context;
use super::fault::{Fault, RuntimeError};
use super::heap::{Array, MapRef, Ref};
use super::layout::Elem;
use super::{map, string};
use crate::bytecode::{Kind, Layout, TypeDesc, TypeId};

/// So many pairs are compared before any is remembered.
const FORGOTTEN: u32 = 32;
/// Size of the table of pairs met lately.
const RECENT: usize = 1024;
/// Steps between two looks at the interrupt bit, and elements of a piece.
const POLL_EVERY: u32 = 1 << 14;

/// What is to be compared.
enum Work {
    /// Two objects of a type.
    Pair(TypeId, Ref, Ref),
    /// The elements of two arrays of equal length, from a position on.
    Elements(TypeId, Array, Array, u32),
    /// The entries of a map, from a position on, with those of another of equal length.
    Entries(TypeId, MapRef, MapRef, u64),
}

struct Equality<'a> {
    context: &'a Context,
    work: Vec<Work>,
    seen: AddressSet<(u64, u64)>,
    recent: Vec<(u64, u64)>,
    /// Pairs so far.
    pairs: u32,
    steps: u32,
}

/// Whether two values of a type are equal, as deep as they go.
pub fn deep(context: &Context, ty: TypeId, a: u64, b: u64) -> Result<bool, Fault> {
    let (work, recent, seen) = (Vec::new(), Vec::new(), AddressSet::default());
    let mut equality = Equality { context, work, seen, recent, pairs: 0, steps: 0 };
    Ok(equality.slot(ty, a, b)? && equality.run()?)
}

/// Whether two keys of an enum type are equal. They are never cyclic, so nothing is remembered that would have to be bounded.
pub fn keys(context: &Context, ty: TypeId, a: u64, b: u64) -> bool {
    // An interrupt ends the run at the next poll, whatever the answer was.
    deep(context, ty, a, b).unwrap_or(false)
}

impl Equality<'_> {
    fn run(&mut self) -> Result<bool, Fault> {
        while let Some(work) = self.work.pop() {
            self.steps += 1;
            if self.steps.is_multiple_of(POLL_EVERY) {
                self.context.check_interrupt()?;
            }
            let equal = match work {
                Work::Pair(ty, a, b) => self.pair(ty, a, b)?,
                Work::Elements(ty, a, b, from) => self.elements(ty, a, b, from)?,
                Work::Entries(ty, a, b, from) => self.entries(ty, a, b, from)?,
            };
            if !equal {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares what two slots hold, or makes it a task: false if they are known to differ.
    fn slot(&mut self, ty: TypeId, a: u64, b: u64) -> Result<bool, Fault> {
        match self.context.program.kind(ty) {
            Kind::F64 => return Ok(f64::from_bits(a) == f64::from_bits(b)),
            Kind::Ref => {}
            _ => return Ok(a == b),
        }
        if a == b && !self.context.statics.types.get(ty).has_f64 {
            return Ok(true);
        }
        let (a, b) = (Ref::from_bits(a), Ref::from_bits(b));
        match self.context.program.ty(ty) {
            TypeDesc::String => Ok(string::equal(a.as_str(), b.as_str())),
            TypeDesc::Error => {
                let (a, b) = (a.as_error(), b.as_error());
                Ok(a.kind() == b.kind() && string::equal(a.message(), b.message()))
            }
            TypeDesc::Enum { .. } if a.aux() != b.aux() => Ok(false),
            _ => {
                self.push(Work::Pair(ty, a, b))?;
                Ok(true)
            }
        }
    }

    fn push(&mut self, work: Work) -> Result<(), Fault> {
        if self.work.len() == self.work.capacity() {
            let more = self.work.len().max(16);
            let room = self.context.heap.has_room(2 * more * size_of::<Work>());
            if !room || self.work.try_reserve(more).is_err() {
                return Err(RuntimeError::OutOfMemory.into());
            }
        }
        self.work.push(work);
        Ok(())
    }

    /// Whether a pair has been met before.
    fn met(&mut self, ty: TypeId, a: Ref, b: Ref) -> Result<bool, Fault> {
        self.pairs = self.pairs.saturating_add(1);
        if self.pairs <= FORGOTTEN {
            return Ok(false);
        }
        let pair = (a.bits(), b.bits());
        let may_be_cyclic = self.context.statics.types.get(ty).recursive
            && !matches!(self.context.program.ty(ty), TypeDesc::Enum { .. });
        if !may_be_cyclic {
            if self.recent.is_empty() {
                self.recent.resize(RECENT, (0, 0));
            }
            let place = &mut self.recent
                [fold(pair.0 ^ pair.1.rotate_left(32), 0x9e37_79b9_7f4a_7c15) as usize % RECENT];
            return Ok(std::mem::replace(place, pair) == pair);
        }
        if self.seen.len() == self.seen.capacity() {
            // A table holds up to 8/7 of its capacity in places of 17 bytes, and while it grows there are two.
            let more = self.seen.len().max(64);
            if !self.context.heap.has_room(more * 80) || self.seen.try_reserve(more).is_err() {
                return Err(RuntimeError::OutOfMemory.into());
            }
        }
        Ok(!self.seen.insert(pair))
    }

    fn pair(&mut self, ty: TypeId, a: Ref, b: Ref) -> Result<bool, Fault> {
        if self.met(ty, a, b)? {
            return Ok(true);
        }
        let context = self.context;
        match context.program.ty(ty) {
            TypeDesc::Array(of) => {
                let (a, b) = (a.as_array(), b.as_array());
                if a.len() != b.len() {
                    return Ok(false);
                }
                self.elements(*of, a, b, 0)
            }
            TypeDesc::Map { .. } => {
                let (a, b) = (a.as_map(), b.as_map());
                if a.len() != b.len() {
                    return Ok(false);
                }
                self.entries(ty, a, b, 0)
            }
            TypeDesc::Struct(layout) => self.slots(layout, a, b),
            TypeDesc::Enum { variants, .. } => self.slots(&variants[a.aux() as usize], a, b),
            // Functions and ranges are not compared in the language.
            _ => Ok(a == b),
        }
    }

    /// Compares the slots of two objects. The scalars first: they are quick, and may settle it.
    fn slots(&mut self, layout: &Layout, a: Ref, b: Ref) -> Result<bool, Fault> {
        for scalars in [true, false] {
            for field in layout.fields.iter().filter(|field| (field.slot >= layout.refs) == scalars) {
                if !self.slot(field.ty, a.slot(field.slot), b.slot(field.slot))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn elements(&mut self, of: TypeId, a: Array, b: Array, from: u32) -> Result<bool, Fault> {
        let kind = self.context.program.kind(of);
        let elem = Elem::from(kind);
        match kind {
            Kind::Bool => return Ok(a.bytes() == b.bytes()),
            Kind::I32 | Kind::U32 | Kind::Tag => return Ok(a.halves() == b.halves()),
            Kind::I64 | Kind::U64 => return Ok(a.words() == b.words()),
            Kind::F64 => {
                let same = |(a, b): (&u64, &u64)| f64::from_bits(*a) == f64::from_bits(*b);
                return Ok(a.words().iter().zip(b.words().iter()).all(same));
            }
            Kind::Ref => {}
        }
        let to = a.len().min(from.saturating_add(POLL_EVERY));
        for at in from..to {
            let before = self.work.len();
            if !self.slot(of, a.get(elem, at), b.get(elem, at))? {
                return Ok(false);
            }
            if self.work.len() > before {
                // The element goes first, so that the list stays short.
                let Some(first) = self.work.pop() else { break };
                self.push(Work::Elements(of, a, b, at + 1))?;
                self.push(first)?;
                return Ok(true);
            }
        }
        if to < a.len() {
            self.push(Work::Elements(of, a, b, to))?;
        }
        Ok(true)
    }

    fn entries(&mut self, ty: TypeId, a: MapRef, b: MapRef, mut from: u64) -> Result<bool, Fault> {
        let TypeDesc::Map { value, .. } = self.context.program.ty(ty) else { return Ok(false) };
        for _ in 0..POLL_EVERY {
            let Some((at, entry)) = a.next_live(from) else { return Ok(true) };
            from = u64::from(at) + 1;
            let Some(other) = map::find(self.context, b, entry.key) else { return Ok(false) };
            let before = self.work.len();
            if !self.slot(*value, entry.value, b.entry(other).value)? {
                return Ok(false);
            }
            if self.work.len() > before {
                let Some(first) = self.work.pop() else { break };
                self.push(Work::Entries(ty, a, b, from))?;
                self.push(first)?;
                return Ok(true);
            }
        }
        self.push(Work::Entries(ty, a, b, from))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
