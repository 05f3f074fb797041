//! Operations on strings.
//!
//! Positions that a program gives are of any integer type and come as the slot holds them: negative ones are huge.

use std::cmp::Ordering;

use super::array::slice_bounds;
use super::context::Context;
use super::fault::{Fault, RuntimeError, Sequence};
use super::heap::immortal;
use super::heap::{Array, Heap, Ref, Str, count_scalars, scalar_bytes};
use super::layout::Elem;
use crate::bytecode::TypeId;

pub use super::array::SliceArgs;

/// Buffers below this size are doubled when a string is appended to, larger ones grow by half.
const DOUBLE_BELOW: usize = 1 << 16;
/// Pieces that are made between two looks at the interrupt bit.
const POLL_EVERY: usize = 4096;
/// Bytes that are copied or mapped between two looks at it: some hundred microseconds' work.
pub(super) const BYTES_BETWEEN_POLLS: usize = 1 << 18;

/// `head + tail`.
#[inline]
pub fn concat(heap: &mut Heap, head: Str, tail: Str) -> Result<Str, Fault> {
    if !tail.is_empty()
        && let Some(result) = heap.append_in_place(head, tail)
    {
        return result;
    }
    concat_to_new(heap, head, tail)
}

#[inline(never)]
fn concat_to_new(heap: &mut Heap, head: Str, tail: Str) -> Result<Str, Fault> {
    if tail.is_empty() {
        return Ok(head);
    }
    if head.is_empty() {
        return Ok(tail);
    }
    let bytes = head.byte_len() + tail.byte_len();
    // The first time there is only the room that the cell has anyway; who appends again will append more.
    let room = match head.buffer().has_grown() {
        false => bytes,
        true if bytes < DOUBLE_BELOW => bytes * 2,
        true => bytes + bytes / 2,
    };
    let buffer = heap.new_buffer(room, true)?;
    buffer.append(head.bytes_of());
    buffer.append(tail.bytes_of());
    heap.finish_string(buffer, bytes, head.scalar_len() as usize + tail.scalar_len() as usize)
}

/// Whether two strings have the same scalar values.
#[inline]
pub fn equal(a: Str, b: Str) -> bool {
    if a.bits() == b.bits() {
        return true;
    }
    if a.byte_len() != b.byte_len() {
        return false;
    }
    if a.byte_len() == 1 {
        return a.byte(0) == b.byte(0);
    }
    if let (Some(a), Some(b)) = (a.known_hash(), b.known_hash())
        && a != b
    {
        return false;
    }
    a.bytes_of() == b.bytes_of()
}

/// The order of two strings by their scalar values, which is that of their bytes.
#[inline]
pub fn compare(a: Str, b: Str) -> Ordering {
    a.bytes_of().cmp(b.bytes_of())
}

/// `string[at]`.
#[inline]
pub fn index(heap: &mut Heap, string: Str, at: u64) -> Result<Str, Fault> {
    if at >= u64::from(string.scalar_len()) {
        return Err(RuntimeError::IndexOutOfBounds(Sequence::String).into());
    }
    if string.is_ascii() {
        return Ok(heap.ascii(string.byte(at as usize)));
    }
    let offset = heap.scalar_offset(string, at as u32)?;
    scalar_at(heap, string, offset)
}

/// The one-scalar string at a byte offset, where one begins.
#[inline]
fn scalar_at(heap: &mut Heap, string: Str, offset: usize) -> Result<Str, Fault> {
    let first = string.byte(offset);
    if first < 128 {
        return Ok(heap.ascii(first));
    }
    let text = &string.text()[offset..offset + scalar_bytes(first)];
    heap.new_counted_string(text, 1)
}

/// The one-scalar string at a byte offset, and the offset behind it; `None` at the end. An offset that no loop has come to (only
/// hand-written bytecode has one) is the end too.
#[inline]
pub fn next(heap: &mut Heap, string: Str, offset: i64) -> Result<Option<(Str, i64)>, Fault> {
    let Some(at) = usize::try_from(offset).ok().filter(|&at| at < string.byte_len()) else { return Ok(None) };
    if !string.is_ascii() && !string.text().is_char_boundary(at) {
        return Ok(None);
    }
    let scalar = scalar_at(heap, string, at)?;
    Ok(Some((scalar, offset + scalar.byte_len() as i64)))
}

/// `string[i..j]`.
pub fn slice(heap: &mut Heap, string: Str, args: SliceArgs) -> Result<Str, Fault> {
    let (from, to) = slice_bounds(string.scalar_len(), Sequence::String, args)?;
    if to - from == string.scalar_len() {
        return Ok(string);
    }
    let start = heap.scalar_offset(string, from)?;
    let end = heap.scalar_offset(string, to)?;
    heap.new_counted_string(&string.text()[start..end], (to - from) as usize)
}

/// The position of the first occurrence in scalar values, or -1.
pub fn find(string: Str, what: Str) -> i32 {
    match string.text().find(what.text()) {
        Some(offset) if string.is_ascii() => offset as i32,
        Some(offset) => count_scalars(&string.bytes_of()[..offset]) as i32,
        None => -1,
    }
}

/// A new array of one-scalar strings.
pub fn chars(context: &mut Context, string: Str) -> Result<Array, Fault> {
    let array = context.heap.new_array(TypeId::STRINGS, Elem::Ref, string.scalar_len() as usize)?;
    let mut offset = 0;
    let mut count = 0;
    while let Some((scalar, next)) = next(&mut context.heap, string, offset)? {
        array.push(&mut context.heap, Elem::Ref, scalar.bits())?;
        offset = next;
        count += 1;
        if count % POLL_EVERY == 0 {
            context.check_interrupt()?;
        }
    }
    Ok(array)
}

/// The pieces between occurrences of a separator.
pub fn split(context: &mut Context, string: Str, separator: Str) -> Result<Array, Fault> {
    if separator.is_empty() {
        return Err(RuntimeError::EmptySeparator.into());
    }
    let array = context.heap.new_array(TypeId::STRINGS, Elem::Ref, 0)?;
    for (count, piece) in string.text().split(separator.text()).enumerate() {
        let piece = if string.is_ascii() {
            context.heap.new_counted_string(piece, piece.len())?
        } else {
            context.heap.new_string(piece)?
        };
        array.push(&mut context.heap, Elem::Ref, piece.bits())?;
        if count % POLL_EVERY == POLL_EVERY - 1 {
            context.check_interrupt()?;
        }
    }
    Ok(array)
}

/// The strings of an array, with a separator between them.
pub fn join(context: &mut Context, strings: Array, separator: Str) -> Result<Str, Fault> {
    let strings = strings.words();
    let [first, rest @ ..] = strings else { return Ok(immortal::empty()) };
    let string = |bits: u64| Ref::from_bits(bits).as_str();
    if rest.is_empty() {
        return Ok(string(*first));
    }
    // Lengths are below 2^33 each, and there are less than 2^31 of them.
    let gaps = rest.len();
    let bytes =
        strings.iter().map(|&bits| string(bits).byte_len()).sum::<usize>() + gaps * separator.byte_len();
    let scalars = strings.iter().map(|&bits| string(bits).scalar_len() as usize).sum::<usize>()
        + gaps * separator.scalar_len() as usize;
    check_length(scalars)?;
    let buffer = context.heap.new_buffer(bytes, false)?;
    buffer.append(string(*first).bytes_of());
    for (count, &bits) in rest.iter().enumerate() {
        buffer.append(separator.bytes_of());
        buffer.append(string(bits).bytes_of());
        if count % POLL_EVERY == POLL_EVERY - 1 {
            context.check_interrupt()?;
        }
    }
    context.heap.finish_string(buffer, bytes, scalars)
}

/// All occurrences of `what` replaced, from left to right; unchanged if that is empty.
pub fn replace(context: &mut Context, string: Str, what: Str, with: Str) -> Result<Str, Fault> {
    if what.is_empty() {
        return Ok(string);
    }
    let count = string.text().matches(what.text()).count();
    if count == 0 {
        return Ok(string);
    }
    let bytes = string.byte_len() - count * what.byte_len() + count * with.byte_len();
    let scalars = string.scalar_len() as usize - count * what.scalar_len() as usize
        + count * with.scalar_len() as usize;
    check_length(scalars)?;
    if bytes == 0 {
        return Ok(immortal::empty());
    }
    let buffer = context.heap.new_buffer(bytes, false)?;
    let mut end = 0;
    for (count, (start, _)) in string.text().match_indices(what.text()).enumerate() {
        buffer.append(&string.bytes_of()[end..start]);
        buffer.append(with.bytes_of());
        end = start + what.byte_len();
        if count % POLL_EVERY == POLL_EVERY - 1 {
            context.check_interrupt()?;
        }
    }
    buffer.append(&string.bytes_of()[end..]);
    context.heap.finish_string(buffer, bytes, scalars)
}

/// Without white space at both ends.
pub fn trim(heap: &mut Heap, string: Str) -> Result<Str, Fault> {
    let trimmed = string.text().trim();
    if trimmed.len() == string.byte_len() { Ok(string) } else { heap.new_string(trimmed) }
}

/// `string.repeat(count)`.
pub fn repeat(context: &mut Context, string: Str, count: u64) -> Result<Str, Fault> {
    if count > i64::MAX as u64 {
        return Err(RuntimeError::NegativeStringRepeat.into());
    }
    if count == 0 || string.is_empty() {
        return Ok(immortal::empty());
    }
    if count == 1 {
        return Ok(string);
    }
    let scalars =
        usize::try_from(count).ok().and_then(|count| count.checked_mul(string.scalar_len() as usize));
    let scalars = scalars.ok_or(RuntimeError::OutOfMemory)?;
    check_length(scalars)?;
    let bytes = string.byte_len() * count as usize;
    let buffer = context.heap.new_buffer(bytes, false)?;
    if string.byte_len() < BYTES_BETWEEN_POLLS {
        buffer.append(string.bytes_of());
        // Pieces of whole copies, since each continues what was copied before from its start.
        let piece = BYTES_BETWEEN_POLLS / string.byte_len() * string.byte_len();
        while !buffer.repeat_to(bytes, piece) {
            context.check_interrupt()?;
        }
    } else {
        for _ in 0..count {
            for piece in string.bytes_of().chunks(BYTES_BETWEEN_POLLS) {
                buffer.append(piece);
                context.check_interrupt()?;
            }
        }
    }
    context.heap.finish_string(buffer, bytes, scalars)
}

/// The scalar value of a string of one.
pub fn ord(string: Str) -> Result<i32, Fault> {
    match string.text().chars().next() {
        Some(scalar) if string.scalar_len() == 1 => Ok(scalar as i32),
        _ => Err(RuntimeError::OrdLength(string.scalar_len()).into()),
    }
}

/// The string of a scalar value.
pub fn chr(heap: &mut Heap, value: i32) -> Result<Str, Fault> {
    let scalar = u32::try_from(value).ok().and_then(char::from_u32);
    let scalar = scalar.ok_or(RuntimeError::InvalidCodePoint(value))?;
    heap.new_counted_string(scalar.encode_utf8(&mut [0; 4]), 1)
}

/// Fails if a string would be longer than strings may be.
fn check_length(scalars: usize) -> Result<(), Fault> {
    if scalars > super::heap::MAX_LEN { Err(RuntimeError::OutOfMemory.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestContext, message};
    use super::*;
    use crate::vm::case;

    fn args(start: Option<i64>, end: Option<i64>) -> SliceArgs {
        let slot = |value: Option<i64>| value.map(|value| value as u64);
        SliceArgs { start: slot(start), end: slot(end), inclusive: false, end_unsigned: false }
    }

    #[test]
    fn appending_in_place_does_not_change_what_is_there() {
        let mut context = TestContext::new();
        let heap = &mut context.heap;
        let ab = heap.new_string("ab").unwrap();
        let mut text = ab;
        let mut strings = vec![(ab, "ab".to_owned())];
        for number in 0..if cfg!(miri) { 40 } else { 300 } {
            let piece = heap.new_string(["x", "é", "yz"][number % 3]).unwrap();
            text = concat(heap, text, piece).unwrap();
            strings.push((text, format!("{}{}", strings.last().unwrap().1, piece.text())));
            // A branch off the line of appends.
            if number % 7 == 0 {
                let other = concat(heap, strings[number / 2].0, piece).unwrap();
                let expected = format!("{}{}", strings[number / 2].1, piece.text());
                assert_eq!(other.text(), expected);
            }
        }
        for (string, expected) in &strings {
            assert_eq!(string.text(), expected);
            assert_eq!(string.scalar_len() as usize, expected.chars().count());
        }
        // Most appends took place in a buffer that was there.
        let buffers: std::collections::HashSet<u64> =
            strings.iter().map(|pair| pair.0.object().slot(0)).collect();
        assert!(buffers.len() < 30, "{}", buffers.len());
        let doubled = concat(heap, text, text).unwrap();
        assert_eq!(doubled.text(), format!("{0}{0}", text.text()));
        let nothing = immortal::empty();
        assert_eq!(concat(heap, nothing, ab).unwrap().bits(), ab.bits());
        assert_eq!(concat(heap, ab, nothing).unwrap().bits(), ab.bits());
    }

    #[test]
    fn indices_and_slices_of_all_widths() {
        let mut context = TestContext::new();
        let heap = &mut context.heap;
        let mut source: String = "aé€😀".repeat(if cfg!(miri) { 33 } else { 100 });
        let mut string = heap.new_string(&source).unwrap();
        for round in 0..3 {
            let chars: Vec<char> = source.chars().collect();
            for at in (0..chars.len()).rev() {
                let one = index(heap, string, at as u64).unwrap();
                assert_eq!(one.text(), chars[at].to_string());
                assert_eq!(one.scalar_len(), 1);
            }
            for (from, to) in [(0, 5), (63, 65), (64, 128), (100, 100), (1, chars.len())] {
                let piece = slice(heap, string, args(Some(from as i64), Some(to as i64))).unwrap();
                assert_eq!(piece.text(), chars[from..to].iter().collect::<String>());
                assert_eq!(piece.scalar_len() as usize, to - from);
            }
            // The same buffer goes on growing, and so do its offsets.
            let more = heap.new_string(&"ñ".repeat(100 + round)).unwrap();
            string = concat(heap, string, more).unwrap();
            source.push_str(more.text());
        }
        let word = heap.new_string("abc").unwrap();
        assert_eq!(index(heap, word, 2).unwrap().bits(), heap.ascii(b'c').bits());
        for at in [3, -1, i64::MIN] {
            assert_eq!(message(index(heap, word, at as u64)), "String index out of bounds");
        }
        let mut text = |start, end| slice(heap, word, args(start, end)).map(|piece| piece.text().to_owned());
        assert_eq!(text(None, None).unwrap(), "abc");
        assert_eq!(text(Some(1), None).unwrap(), "bc");
        assert_eq!(text(Some(3), Some(3)).unwrap(), "");
        assert_eq!(message(text(Some(4), None)), "String slice start out of bounds");
        assert_eq!(message(text(Some(-1), Some(9))), "String slice start out of bounds");
        assert_eq!(message(text(None, Some(4))), "String slice end out of bounds");
        assert_eq!(message(text(Some(2), Some(1))), "String slice end before start");
    }

    #[test]
    fn loops_and_chars() {
        let mut context = TestContext::new();
        let string = context.heap.new_string("aß😀z").unwrap();
        let array = chars(&mut context, string).unwrap();
        let texts: Vec<&str> =
            array.words().iter().map(|&bits| Ref::from_bits(bits).as_str().text()).collect();
        assert_eq!(texts, ["a", "ß", "😀", "z"]);
        // Offsets that no loop comes to.
        for offset in [2, -1, 100, i64::MAX] {
            assert!(next(&mut context.heap, string, offset).unwrap().is_none());
        }
    }

    #[test]
    fn searching_and_replacing() {
        let mut context = TestContext::new();
        let mut new = |text: &str| context.heap.new_string(text).unwrap();
        let (text, a, aa, e, none) = (new("éaaé,aa"), new("a"), new("aa"), new("é"), new(""));
        assert_eq!((find(text, aa), find(text, e), find(text, none)), (1, 0, 0));
        let comma = new(",");
        assert_eq!((find(text, comma), find(comma, text)), (4, -1));
        let mut replaced = |what, with| replace(&mut context, text, what, with).unwrap().text();
        assert_eq!(replaced(a, e), "éééé,éé");
        assert_eq!(replaced(aa, none), "éé,");
        assert_eq!(replaced(none, a), "éaaé,aa");
        assert_eq!(replaced(comma, comma), "éaaé,aa");
        let pieces = |context: &mut TestContext, text, by| {
            let array = split(context, text, by)?;
            Ok::<_, Fault>(
                array.words().iter().map(|&bits| Ref::from_bits(bits).as_str().text()).collect::<Vec<_>>(),
            )
        };
        assert_eq!(pieces(&mut context, text, a).unwrap(), ["é", "", "é,", "", ""]);
        assert_eq!(pieces(&mut context, none, a).unwrap(), [""]);
        assert_eq!(message(pieces(&mut context, text, none)), "Separator must not be empty");
        let parts = split(&mut context, text, aa).unwrap();
        assert_eq!(join(&mut context, parts, comma).unwrap().text(), "é,é,,");
        let empty = context.heap.new_array(TypeId::STRINGS, Elem::Ref, 0).unwrap();
        assert_eq!(join(&mut context, empty, comma).unwrap().text(), "");
    }

    #[test]
    fn mapping_trimming_repeating() {
        let mut context = TestContext::new();
        let sharp = context.heap.new_string("straße ǆ").unwrap();
        assert_eq!(case::upper(&mut context, sharp).unwrap().text(), "STRASSE Ǆ");
        let greek = context.heap.new_string("ΣΑΣ").unwrap();
        assert_eq!(case::lower(&mut context, greek).unwrap().text(), "σας");
        let long = context.heap.new_string(&"aB1".repeat(500)).unwrap();
        assert_eq!(case::upper(&mut context, long).unwrap().text(), "AB1".repeat(500));
        assert_eq!(case::lower(&mut context, long).unwrap().text(), "ab1".repeat(500));
        let spaced = context.heap.new_string("\u{2003} x y\t\n").unwrap();
        assert_eq!(trim(&mut context.heap, spaced).unwrap().text(), "x y");
        let piece = context.heap.new_string("né").unwrap();
        let repeated = repeat(&mut context, piece, 7).unwrap();
        assert_eq!((repeated.text(), repeated.scalar_len()), ("né".repeat(7).as_str(), 14));
        assert_eq!(repeat(&mut context, piece, 0).unwrap().text(), "");
        assert_eq!(
            message(repeat(&mut context, piece, -1i64 as u64)),
            "String repeat count must not be negative"
        );
        assert_eq!(message(repeat(&mut context, piece, 1 << 31)), "Out of memory");
        assert_eq!(message(repeat(&mut context, piece, i64::MAX as u64)), "Out of memory");
    }

    #[test]
    fn order_equality_and_code_points() {
        let mut context = TestContext::new();
        let mut new = |text: &str| context.heap.new_string(text).unwrap();
        let (a, b, longer) = (new("ab\u{ffff}"), new("ab\u{10000}"), new("ab\u{ffff}c"));
        assert_eq!(compare(a, b), Ordering::Less);
        assert_eq!(compare(longer, a), Ordering::Greater);
        let again = new("ab\u{ffff}");
        assert!(equal(a, again) && !equal(a, longer) && !equal(a, b));
        assert_ne!(a.hash(), b.hash());
        assert_eq!(a.hash(), again.hash());
        assert!(equal(a, again) && !equal(a, b));
        assert_eq!(ord(new("😀")).unwrap(), 0x1f600);
        assert_eq!(message(ord(new("ab"))), "ord() expects a string of length 1, got length 2");
        assert_eq!(message(ord(new(""))), "ord() expects a string of length 1, got length 0");
        let heap = &mut context.heap;
        assert_eq!(chr(heap, 0x20ac).unwrap().text(), "€");
        assert_eq!(chr(heap, 65).unwrap().bits(), heap.ascii(b'A').bits());
        assert_eq!(message(chr(heap, 0xd800)), "Invalid code point 55296");
        assert_eq!(message(chr(heap, -1)), "Invalid code point -1");
        assert_eq!(message(chr(heap, 0x110000)), "Invalid code point 1114112");
    }
}
