//! Builtins on arrays and maps.

use super::str;
use crate::vm::context::Context;
use crate::vm::fault::Fault;
use crate::vm::heap::{Array, MapRef, Ref};
use crate::vm::layout::Elem;
use crate::vm::{array, map, string};

fn array_of(args: &[u64]) -> Array {
    Ref::from_bits(args[0]).as_array()
}

fn map_of(args: &[u64]) -> MapRef {
    Ref::from_bits(args[0]).as_map()
}

fn elem_of(context: &Context, array: Array) -> Elem {
    context.statics.types.get(array.object().ty()).elem
}

pub fn sorted(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    array::sorted(context, array_of(args)).map(Array::bits)
}

pub fn join(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let joined = string::join(context, array_of(args), str(args, 1))?;
    Ok(joined.bits())
}

pub fn reverse(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let array = array_of(args);
    array::reverse(array, elem_of(context, array));
    Ok(0)
}

pub fn insert(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let array = array_of(args);
    let elem = elem_of(context, array);
    // References come first.
    let (at, bits) = if elem == Elem::Ref { (args[2], args[1]) } else { (args[1], args[2]) };
    array::insert(&mut context.heap, array, elem, at, bits)?;
    Ok(0)
}

pub fn remove(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let array = array_of(args);
    array::remove(array, elem_of(context, array), args[1])
}

pub fn clear(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    array_of(args).clear();
    Ok(0)
}

pub fn map_keys(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    map::keys(context, map_of(args)).map(Array::bits)
}

pub fn map_values(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    map::values(context, map_of(args)).map(Array::bits)
}

pub fn map_clear(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    map_of(args).clear();
    Ok(0)
}
