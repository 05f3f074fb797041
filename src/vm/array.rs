//! Operations on arrays. Those that are a few instructions are methods of [`Array`].
//!
//! Positions that a program gives are of any integer type and come as the slot holds them: negative ones are huge.

use super::context::Context;
use super::fault::{Fault, RuntimeError, Sequence};
use super::heap::{Array, Heap, MAX_LEN, Ref, Str};
use super::layout::Elem;
use super::string;
use crate::bytecode::{Kind, TypeDesc, TypeId};

/// Elements that are sorted, merged or moved between two looks at the interrupt bit.
const POLL_EVERY: usize = 1 << 15;

/// What stands between the brackets of a slice.
#[derive(Clone, Copy, Debug, Default)]
pub struct SliceArgs {
    pub start: Option<u64>,
    pub end: Option<u64>,
    /// The end belongs to the slice.
    pub inclusive: bool,
    /// The end is of type `u64`: what would be -1 is a large number.
    pub end_unsigned: bool,
}

/// Start and end of a slice of something of length `len`, both at most that.
pub fn slice_bounds(len: u32, of: Sequence, args: SliceArgs) -> Result<(u32, u32), RuntimeError> {
    let start = args.start.unwrap_or(0);
    if start > u64::from(len) {
        return Err(RuntimeError::SliceStart(of));
    }
    let end = match args.end {
        None => u64::from(len),
        Some(u64::MAX) if args.inclusive && args.end_unsigned => u64::MAX,
        // -1 becomes 0, other negative numbers stay huge.
        Some(last) if args.inclusive => last.wrapping_add(1),
        Some(end) => end,
    };
    if end > u64::from(len) {
        return Err(RuntimeError::SliceEnd(of));
    }
    if end < start { Err(RuntimeError::SliceOrder(of)) } else { Ok((start as u32, end as u32)) }
}

/// A new array of the given elements.
pub fn from_slots(heap: &mut Heap, ty: TypeId, elem: Elem, elements: &[u64]) -> Result<Array, Fault> {
    let array = heap.new_array(ty, elem, elements.len())?;
    for &bits in elements {
        array.push(heap, elem, bits)?;
    }
    Ok(array)
}

/// `[value; count]`.
pub fn fill(heap: &mut Heap, ty: TypeId, elem: Elem, bits: u64, count: u64) -> Result<Array, Fault> {
    if count > i64::MAX as u64 {
        return Err(RuntimeError::NegativeArrayLength.into());
    }
    let array = heap.new_array(ty, elem, checked_length(count)? as usize)?;
    array.append_copies(elem, bits, count as u32);
    Ok(array)
}

/// `array[i..j]`.
pub fn slice(heap: &mut Heap, array: Array, elem: Elem, args: SliceArgs) -> Result<Array, Fault> {
    let (from, to) = slice_bounds(array.len(), Sequence::Array, args)?;
    let result = heap.new_array(array.object().ty(), elem, (to - from) as usize)?;
    result.append(elem, array, from, to - from);
    Ok(result)
}

/// `array * count`.
pub fn repeat(context: &mut Context, array: Array, elem: Elem, count: u64) -> Result<Array, Fault> {
    if count > i64::MAX as u64 {
        return Err(RuntimeError::NegativeArrayRepeat.into());
    }
    let len = array.len();
    let total = if len == 0 { 0 } else { checked_length(count.saturating_mul(u64::from(len)))? };
    let result = context.heap.new_array(array.object().ty(), elem, total as usize)?;
    if len == 1 {
        result.append_copies(elem, array.get(elem, 0), total);
        return Ok(result);
    }
    if total > 0 {
        result.append(elem, array, 0, len);
    }
    // What is there is doubled until it is all there.
    while result.len() < total {
        result.append(elem, result, 0, result.len().min(total - result.len()));
        context.check_interrupt()?;
    }
    Ok(result)
}

/// The element at a position.
#[inline]
pub fn get(array: Array, elem: Elem, at: u64) -> Result<u64, Fault> {
    if at >= u64::from(array.len()) { Err(out_of_bounds()) } else { Ok(array.get(elem, at as u32)) }
}

/// Replaces the element at a position.
#[inline]
pub fn set(array: Array, elem: Elem, at: u64, bits: u64) -> Result<(), Fault> {
    if at >= u64::from(array.len()) {
        return Err(out_of_bounds());
    }
    array.set(elem, at as u32, bits);
    Ok(())
}

/// Inserts an element at a position, which may be the length.
pub fn insert(heap: &mut Heap, array: Array, elem: Elem, at: u64, bits: u64) -> Result<(), Fault> {
    if at > u64::from(array.len()) {
        return Err(out_of_bounds());
    }
    array.reserve(heap, elem, 1)?;
    array.insert(elem, at as u32, bits);
    Ok(())
}

/// Removes the element at a position.
pub fn remove(array: Array, elem: Elem, at: u64) -> Result<u64, Fault> {
    if at >= u64::from(array.len()) { Err(out_of_bounds()) } else { Ok(array.remove(elem, at as u32)) }
}

/// Removes the last element.
#[inline]
pub fn pop(array: Array, elem: Elem) -> Result<u64, Fault> {
    array.pop(elem).ok_or_else(|| RuntimeError::PopFromEmpty.into())
}

/// Turns the order round.
pub fn reverse(array: Array, elem: Elem) {
    match elem {
        Elem::Bool => array.bytes_mut().reverse(),
        Elem::I32 | Elem::U32 => array.halves_mut().reverse(),
        Elem::Word | Elem::Ref => array.words_mut().reverse(),
    }
}

#[cold]
fn out_of_bounds() -> Fault {
    RuntimeError::IndexOutOfBounds(Sequence::Array).into()
}

/// A length that an array may have.
fn checked_length(len: u64) -> Result<u32, Fault> {
    if len > MAX_LEN as u64 { Err(RuntimeError::OutOfMemory.into()) } else { Ok(len as u32) }
}

/// A new array of the same elements in ascending order, stable, NaN last.
pub fn sorted(context: &mut Context, array: Array) -> Result<Array, Fault> {
    let ty = array.object().ty();
    let TypeDesc::Array(of) = *context.program.ty(ty) else {
        return Err(RuntimeError::Internal("sorted of no array").into());
    };
    let (kind, elem) = (context.program.kind(of), context.statics.types.get(ty).elem);
    let result = context.heap.new_array(ty, elem, array.len() as usize)?;
    result.append(elem, array, 0, array.len());
    match kind {
        Kind::Bool => sort_bools(result.bytes_mut()),
        Kind::I32 => sort(context, result.halves_mut(), |a, b| (*a as i32) < (*b as i32))?,
        Kind::U32 | Kind::Tag => sort(context, result.halves_mut(), |a, b| a < b)?,
        Kind::I64 => sort(context, result.words_mut(), |a, b| (*a as i64) < (*b as i64))?,
        Kind::U64 => sort(context, result.words_mut(), |a, b| a < b)?,
        Kind::F64 => {
            sort(context, result.words_mut(), |&a, &b| f64_before(f64::from_bits(a), f64::from_bits(b)))?
        }
        Kind::Ref => {
            let text = |bits: u64| -> Str { Ref::from_bits(bits).as_str() };
            sort(context, result.words_mut(), |&a, &b| string::compare(text(a), text(b)).is_lt())?;
        }
    }
    Ok(result)
}

/// Whether one number comes before another: less, or not NaN where that is.
fn f64_before(a: f64, b: f64) -> bool {
    a < b || b.is_nan() && !a.is_nan()
}

fn sort_bools(elements: &mut [u8]) {
    let zeros = elements.iter().filter(|&&element| element == 0).count();
    elements[..zeros].fill(0);
    elements[zeros..].fill(1);
}

/// A stable sort that can be interrupted: pieces are sorted by the standard library, then merged.
fn sort<T: Copy>(
    context: &mut Context,
    elements: &mut [T],
    before: impl Fn(&T, &T) -> bool,
) -> Result<(), Fault> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = |a: &T, b: &T| {
        if before(a, b) {
            Less
        } else if before(b, a) {
            Greater
        } else {
            Equal
        }
    };
    for piece in elements.chunks_mut(POLL_EVERY) {
        piece.sort_by(order);
        context.check_interrupt()?;
    }
    if elements.len() <= POLL_EVERY {
        return Ok(());
    }
    // The left part of each merge is put aside.
    let aside_len = elements.len().next_power_of_two() / 2;
    if !context.heap.has_room(aside_len * size_of::<T>()) {
        return Err(Fault::NeedMemory);
    }
    let mut aside: Vec<T> = Vec::new();
    if aside.try_reserve_exact(aside_len).is_err() {
        return Err(Fault::NeedMemory);
    }
    let mut width = POLL_EVERY;
    while width < elements.len() {
        for pair in elements.chunks_mut(2 * width) {
            if pair.len() > width && before(&pair[width], &pair[width - 1]) {
                merge(context, pair, width, &mut aside, &before)?;
            }
        }
        width *= 2;
    }
    Ok(())
}

/// Merges the sorted parts of `pair`, before and from `middle` on.
fn merge<T: Copy>(
    context: &Context,
    pair: &mut [T],
    middle: usize,
    aside: &mut Vec<T>,
    before: &impl Fn(&T, &T) -> bool,
) -> Result<(), Fault> {
    aside.clear();
    aside.extend_from_slice(&pair[..middle]);
    let (mut left, mut right, mut to) = (0, middle, 0);
    while left < aside.len() && right < pair.len() {
        // Of equal ones the left comes first.
        if before(&pair[right], &aside[left]) {
            pair[to] = pair[right];
            right += 1;
        } else {
            pair[to] = aside[left];
            left += 1;
        }
        to += 1;
        if to % POLL_EVERY == 0 {
            context.check_interrupt()?;
        }
    }
    let rest = &aside[left..];
    pair[to..to + rest.len()].copy_from_slice(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::heap::poll::INTERRUPT;
    use super::super::testing::{TestContext, Types, message};
    use super::*;

    /// A context and a type of arrays of i32, bool, f64, i64.
    fn context() -> (TestContext, [TypeId; 4]) {
        let mut types = Types::new();
        let ids = [TypeId::I32, TypeId::BOOL, TypeId::F64, TypeId::I64].map(|of| types.array(of));
        (TestContext::of(types.0), ids)
    }

    fn ints(array: Array) -> Vec<i32> {
        array.halves().iter().map(|&half| half as i32).collect()
    }

    fn slots(values: &[i32]) -> Vec<u64> {
        values.iter().map(|&value| i64::from(value) as u64).collect()
    }

    #[test]
    fn elements_keep_their_canonical_form() {
        let (mut context, [i32s, bools, ..]) = context();
        let heap = &mut context.heap;
        let array = heap.new_array(i32s, Elem::I32, 0).unwrap();
        for value in [-1i64, i64::from(i32::MIN), 7] {
            array.push(heap, Elem::I32, value as u64).unwrap();
        }
        assert_eq!(get(array, Elem::I32, 0), Ok(-1i64 as u64));
        assert_eq!(get(array, Elem::U32, 0), Ok(u64::from(u32::MAX)));
        set(array, Elem::I32, 2, -5i64 as u64).unwrap();
        assert_eq!(ints(array), [-1, i32::MIN, -5]);
        for at in [3, -1i64 as u64, u64::MAX / 2] {
            assert_eq!(message(get(array, Elem::I32, at)), "Array index out of bounds");
            assert_eq!(message(set(array, Elem::I32, at, 0)), "Array index out of bounds");
        }
        let flags = fill(heap, bools, Elem::Bool, 1, 9).unwrap();
        assert_eq!(flags.bytes(), [1; 9]);
        assert_eq!(
            message(fill(heap, bools, Elem::Bool, 1, -1i64 as u64)),
            "Array length must not be negative"
        );
        assert_eq!(message(fill(heap, bools, Elem::Bool, 1, 1 << 31)), "Out of memory");
    }

    #[test]
    fn pushes_pops_inserts_and_removals_against_a_vector() {
        let (mut context, [i32s, bools, f64s, i64s]) = context();
        let mut random = 1u64;
        for (ty, elem) in [
            (i32s, Elem::I32),
            (bools, Elem::Bool),
            (f64s, Elem::Word),
            (i64s, Elem::Word),
            (TypeId::STRINGS, Elem::Ref),
        ] {
            let heap = &mut context.heap;
            let array = heap.new_array(ty, elem, 0).unwrap();
            let mut model: Vec<u64> = Vec::new();
            for _ in 0..if cfg!(miri) { 100 } else { 3000 } {
                random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let value = if elem == Elem::Ref {
                    heap.ascii((random >> 40) as u8 & 127).bits()
                } else {
                    random >> 40 & 1
                };
                let at = (random >> 50) % (model.len() as u64 + 1);
                match random >> 33 & 7 {
                    0..3 => {
                        array.push(heap, elem, value).unwrap();
                        model.push(value);
                    }
                    3 => assert_eq!(pop(array, elem).ok(), model.pop()),
                    4 | 5 => {
                        insert(heap, array, elem, at, value).unwrap();
                        model.insert(at as usize, value);
                    }
                    6 if (at as usize) < model.len() => {
                        assert_eq!(remove(array, elem, at), Ok(model.remove(at as usize)));
                    }
                    7 => {
                        reverse(array, elem);
                        model.reverse();
                    }
                    _ => {}
                }
                assert_eq!(array.len() as usize, model.len());
            }
            assert!(model.iter().zip(0..).all(|(&value, at)| array.get(elem, at) == value));
            let len = model.len() as u64;
            assert_eq!(message(insert(heap, array, elem, len + 1, 0)), "Array index out of bounds");
            assert_eq!(message(remove(array, elem, len)), "Array index out of bounds");
            array.clear();
            assert_eq!(message(pop(array, elem)), "Cannot pop from an empty array");
        }
    }

    #[test]
    fn slices_and_repetition() {
        let (mut context, [i32s, ..]) = context();
        let array = from_slots(&mut context.heap, i32s, Elem::I32, &slots(&[10, 11, 12, 13])).unwrap();
        let mut cut = |start, end, inclusive, end_unsigned| {
            let args = SliceArgs { start, end, inclusive, end_unsigned };
            slice(&mut context.heap, array, Elem::I32, args).map(ints)
        };
        let minus_one = Some(-1i64 as u64);
        assert_eq!(cut(Some(1), Some(3), false, false).unwrap(), [11, 12]);
        assert_eq!(cut(Some(1), Some(3), true, false).unwrap(), [11, 12, 13]);
        assert_eq!(cut(None, None, false, false).unwrap(), [10, 11, 12, 13]);
        assert_eq!(cut(Some(4), None, false, false).unwrap(), [0i32; 0]);
        assert_eq!(cut(Some(0), minus_one, true, false).unwrap(), [0i32; 0]);
        assert_eq!(message(cut(Some(0), minus_one, true, true)), "Array slice end out of bounds");
        assert_eq!(message(cut(Some(0), Some(4), true, false)), "Array slice end out of bounds");
        assert_eq!(message(cut(minus_one, None, false, false)), "Array slice start out of bounds");
        assert_eq!(message(cut(Some(5), Some(99), false, false)), "Array slice start out of bounds");
        assert_eq!(message(cut(Some(2), Some(1), false, false)), "Array slice end before start");
        assert_eq!(message(cut(Some(1), minus_one, true, false)), "Array slice end before start");
        let mut times = |array, count| repeat(&mut context, array, Elem::I32, count);
        assert_eq!(ints(times(array, 3).unwrap()), [10, 11, 12, 13].repeat(3));
        assert!(times(array, 0).unwrap().is_empty());
        assert_eq!(message(times(array, -2i64 as u64)), "Array repeat count must not be negative");
        assert_eq!(message(times(array, 1 << 30)), "Out of memory");
        assert_eq!(message(times(array, i64::MAX as u64)), "Out of memory");
        let empty = context.heap.new_array(i32s, Elem::I32, 0).unwrap();
        assert!(repeat(&mut context, empty, Elem::I32, i64::MAX as u64).unwrap().is_empty());
    }

    #[test]
    fn sorting_is_stable_with_nan_last() {
        let (mut context, [i32s, bools, f64s, i64s]) = context();
        let numbers = [3.5, f64::NAN, -0.0, f64::INFINITY, 0.0, -1.0, f64::NAN, f64::NEG_INFINITY];
        let bits = numbers.map(f64::to_bits);
        let array = from_slots(&mut context.heap, f64s, Elem::Word, &bits).unwrap();
        let result = sorted(&mut context, array).unwrap();
        let texts: Vec<String> =
            result.words().iter().map(|&bits| f64::from_bits(bits).to_string()).collect();
        assert_eq!(texts, ["-inf", "-1", "-0", "0", "3.5", "inf", "NaN", "NaN"]);
        assert_eq!(array.words(), bits);

        let array = from_slots(&mut context.heap, bools, Elem::Bool, &[1, 0, 1, 0, 0]).unwrap();
        assert_eq!(sorted(&mut context, array).unwrap().bytes(), [0, 0, 0, 1, 1]);

        let array = context.heap.new_array(i32s, Elem::I32, 0).unwrap();
        let long = context.heap.new_array(i64s, Elem::Word, 0).unwrap();
        let mut model = Vec::new();
        let mut random = 5u64;
        for _ in 0..if cfg!(miri) { 50 } else { 150_000 } {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = (random >> 32) as i32;
            array.push(&mut context.heap, Elem::I32, i64::from(value) as u64).unwrap();
            long.push(&mut context.heap, Elem::Word, i64::from(value) as u64).unwrap();
            model.push(value);
        }
        model.sort();
        assert_eq!(ints(sorted(&mut context, array).unwrap()), model);
        let result = sorted(&mut context, long).unwrap();
        assert!(result.words().iter().zip(&model).all(|(&word, &value)| word as i64 == i64::from(value)));

        let strings = context.heap.new_array(TypeId::STRINGS, Elem::Ref, 0).unwrap();
        for text in ["pear", "Äpfel", "apple", "", "app", "pear"] {
            let string = context.heap.new_string(text).unwrap();
            strings.push(&mut context.heap, Elem::Ref, string.bits()).unwrap();
        }
        let result = sorted(&mut context, strings).unwrap();
        let texts: Vec<&str> =
            result.words().iter().map(|&bits| Ref::from_bits(bits).as_str().text()).collect();
        assert_eq!(texts, ["", "app", "apple", "pear", "pear", "Äpfel"]);
        // Equal strings stay in their order.
        assert_eq!(result.words()[3], strings.words()[0]);
        assert_eq!(result.words()[4], strings.words()[5]);

        context.heap.poll.set(INTERRUPT);
        assert_eq!(sorted(&mut context, array), Err(Fault::Interrupted));
    }
}
