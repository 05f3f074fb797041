//! Offsets that code is made with, each looked up by its name in the VM's table while this is compiled.

use crate::vm::layout::OFFSETS;

const fn is(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn at(name: &str) -> i32 {
    let mut index = 0;
    while index < OFFSETS.len() {
        if is(OFFSETS[index].0, name) {
            assert!(OFFSETS[index].1 <= i32::MAX as usize);
            return OFFSETS[index].1 as i32;
        }
        index += 1;
    }
    panic!("the table has no such name")
}

pub(super) const AUX: i32 = at("header.aux");
pub(super) const SLOTS: i32 = at("object.slots");
pub(super) const STRING_BUFFER: i32 = at("string.buffer");
pub(super) const STRING_BYTES: i32 = at("string.byte_len");
pub(super) const STRING_SCALARS: i32 = at("string.scalar_len");
pub(super) const BUFFER_BYTES: i32 = at("buffer.bytes");
pub(super) const ARRAY_STORE: i32 = at("array.store");
pub(super) const ARRAY_LEN: i32 = at("array.len");
pub(super) const ARRAY_CAPACITY: i32 = at("array.capacity");
pub(super) const ELEMENTS: i32 = at("store.elements");
pub(super) const MAP_LIVE: i32 = at("map.live");
pub(super) const MAP_CHANGES: i32 = at("map.changes");
pub(super) const ERROR_MESSAGE: i32 = at("error.message");
pub(super) const RANGE_NEXT: i32 = at("range.next");
pub(super) const RANGE_END: i32 = at("range.end");
pub(super) const RANGE_STEP: i32 = at("range.step");
pub(super) const CURSORS: i32 = at("context.cursors");
pub(super) const CURSOR_NEXT: i32 = at("cursor.next");
/// Bytes of a cursor: its end is its second word.
pub(super) const CURSOR_BYTES: i32 = at("cursor.end") + 8;
pub(super) const LITERALS: i32 = at("context.literals");
pub(super) const ASCII: i32 = at("context.ascii");
pub(super) const GLOBALS: i32 = at("machine.globals");
pub(super) const PRESENT: i32 = at("machine.present");
pub(super) const ENTRIES: i32 = at("machine.entries");
pub(super) const VALUE_ENTRIES: i32 = at("machine.value_entries");
pub(super) const RAISED: i32 = at("machine.raised");
pub(super) const OUT: i32 = at("machine.out");
