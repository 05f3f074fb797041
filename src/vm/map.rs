//! Operations on maps: hashing and comparing of keys by their kind. How maps lie in memory is the heap's affair.
//!
//! Hashes are mixed with two random numbers of the instance, so that no input can be made to collide.

use super::address::fold;
use super::context::{Context, MapSeed};
use super::equal;
use super::fault::{Fault, RuntimeError};
use super::heap::{Array, Heap, KeyKind, MapRef, Ref};
use super::layout::Elem;
use super::{render, string};
use crate::bytecode::{Program, TypeDesc, TypeId};

/// Parts of a key that count for its hash. Keys that are alike so far collide.
const MOST_HASHED: usize = 1 << 16;

#[inline(always)]
fn mix(seed: MapSeed, hash: u64, value: u64) -> u64 {
    fold(hash ^ value ^ seed.0, seed.1)
}

#[inline(always)]
fn finish(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

/// The hash of an enum object, whose payloads are scalars, strings, and such enums.
fn hash_enum(program: &Program, seed: MapSeed, ty: TypeId, key: u64) -> u32 {
    let mut hash = 0;
    let mut work = vec![(ty, Ref::from_bits(key))];
    let mut parts = 0;
    while let Some((ty, object)) = work.pop() {
        let TypeDesc::Enum { variants, .. } = program.ty(ty) else { continue };
        hash = mix(seed, hash, u64::from(object.aux()));
        for field in &variants[object.aux() as usize].fields {
            let slot = object.slot(field.slot);
            match program.ty(field.ty) {
                TypeDesc::Enum { .. } => work.push((field.ty, Ref::from_bits(slot))),
                TypeDesc::String => hash = mix(seed, hash, u64::from(Ref::from_bits(slot).as_str().hash())),
                _ => hash = mix(seed, hash, slot),
            }
        }
        parts += 1;
        if parts == MOST_HASHED {
            break;
        }
    }
    finish(hash)
}

/// The hash of a key, and the position of its entry.
#[inline]
fn search(context: &Context, map: MapRef, key: u64) -> (u32, Option<u32>) {
    let seed = context.map_seed;
    match context.statics.types.get(map.object().ty()).key {
        KeyKind::Bits => {
            let hash = finish(mix(seed, 0, key));
            (hash, map.find(hash, |other| other == key))
        }
        KeyKind::String => {
            let text = Ref::from_bits(key).as_str();
            let hash = finish(mix(seed, 0, u64::from(text.hash())));
            (hash, map.find(hash, |other| string::equal(text, Ref::from_bits(other).as_str())))
        }
        KeyKind::Enum => {
            let ty = key_type(&context.program, map);
            let hash = hash_enum(&context.program, seed, ty, key);
            (hash, map.find(hash, |other| equal::keys(context, ty, key, other)))
        }
    }
}

/// The type of a map's keys.
fn key_type(program: &Program, map: MapRef) -> TypeId {
    match program.ty(map.object().ty()) {
        TypeDesc::Map { key, .. } => *key,
        _ => map.object().ty(),
    }
}

/// The position of a key's entry.
#[inline]
pub fn find(context: &Context, map: MapRef, key: u64) -> Option<u32> {
    if map.is_empty() { None } else { search(context, map, key).1 }
}

/// `map[key]`.
#[inline]
pub fn get(context: &Context, map: MapRef, key: u64) -> Result<u64, Fault> {
    match find(context, map, key) {
        Some(at) => Ok(map.entry(at).value),
        None => Err(not_found(context, map, key)),
    }
}

/// `map.get(key, default)`.
#[inline]
pub fn get_or(context: &Context, map: MapRef, key: u64, default: u64) -> u64 {
    find(context, map, key).map_or(default, |at| map.entry(at).value)
}

/// `map[key] = value`.
#[inline]
pub fn set(context: &mut Context, map: MapRef, key: u64, value: u64) -> Result<(), Fault> {
    match search(context, map, key) {
        (_, Some(at)) => {
            map.set_value(at, value);
            Ok(())
        }
        (hash, None) => context.heap.map_add(map, key, value, hash),
    }
}

/// `map.remove(key)`.
pub fn remove(context: &Context, map: MapRef, key: u64) -> Result<u64, Fault> {
    match find(context, map, key) {
        Some(at) => Ok(map.remove(at)),
        None => Err(not_found(context, map, key)),
    }
}

#[cold]
fn not_found(context: &Context, map: MapRef, key: u64) -> Fault {
    let ty = key_type(&context.program, map);
    match render::key_text(context, ty, key) {
        Ok(text) => RuntimeError::KeyNotFound(text).into(),
        Err(fault) => fault,
    }
}

/// The next key of a loop at or behind a position, and the position behind it. `changes` is the map's change counter as it was when
/// the loop began.
#[inline]
pub fn next(map: MapRef, position: i64, changes: u64) -> Result<Option<(u64, i64)>, Fault> {
    if map.changes() != changes {
        return Err(RuntimeError::MapChanged.into());
    }
    Ok(map.next_live(position as u64).map(|(at, entry)| (entry.key, i64::from(at) + 1)))
}

/// The value of the entry before a position.
#[inline]
pub fn value_before(map: MapRef, position: i64) -> Result<u64, Fault> {
    let at = u32::try_from(position).ok().and_then(|position| position.checked_sub(1));
    match at.filter(|&at| at < map.used()).map(|at| map.entry(at)) {
        Some(entry) if entry.live != 0 => Ok(entry.value),
        _ => Err(RuntimeError::Internal("no map entry").into()),
    }
}

/// A new array of the keys.
pub fn keys(context: &mut Context, map: MapRef) -> Result<Array, Fault> {
    list(context, map, 0)
}

/// A new array of the values.
pub fn values(context: &mut Context, map: MapRef) -> Result<Array, Fault> {
    list(context, map, 1)
}

fn list(context: &mut Context, map: MapRef, which: usize) -> Result<Array, Fault> {
    let types = &context.statics.types;
    let Some(ty) = types.get(map.object().ty()).lists[which] else {
        return Err(RuntimeError::Internal("no type for a list").into());
    };
    let elem = types.get(ty).elem;
    let heap: &mut Heap = &mut context.heap;
    let array = heap.new_array(ty, elem, map.len() as usize)?;
    let mut from = 0;
    while let Some((at, entry)) = map.next_live(from) {
        array.push(heap, elem, if which == 0 { entry.key } else { entry.value })?;
        from = u64::from(at) + 1;
    }
    Ok(array)
}

/// How the values of a map lie in arrays.
pub fn value_elem(context: &Context, map: MapRef) -> Elem {
    context.statics.types.get(map.object().ty()).elem
}

#[cfg(test)]
mod tests;
