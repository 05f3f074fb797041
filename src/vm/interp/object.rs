//! Access to the parts of objects, by address.
//!
//! All of it relies on the same facts: a register that the verifier types as a reference holds an object of that type
//! (V: operands, V: data flow), the collector frees no object that a frame holds (FR1), and objects are laid out as
//! [`crate::vm::layout`] says. So the functions here are safe to call with a reference out of a register, and with nothing else.

use std::ptr;

use crate::vm::layout::{ArrayObject, BYTES_OFFSET, ELEMENTS_OFFSET, ErrorObject, Header, SLOTS_OFFSET, StringObject};

/// A reference as a pointer.
#[inline(always)]
pub fn pointer<T>(reference: u64) -> *mut T {
    ptr::with_exposed_provenance_mut(reference as usize)
}

/// The header of an object.
#[inline(always)]
pub fn header(object: u64) -> Header {
    // SAFETY: `object` is the address of a live object (module docs).
    unsafe { *pointer::<Header>(object) }
}

/// A slot of a struct, cell, closure or enum variant.
#[inline(always)]
pub fn slot(object: u64, index: usize) -> *mut u64 {
    pointer::<u8>(object).wrapping_add(SLOTS_OFFSET).cast::<u64>().wrapping_add(index)
}

/// Reads a slot that the object has.
#[inline(always)]
pub fn get_slot(object: u64, index: usize) -> u64 {
    // SAFETY: the verifier has compared the slot with the layout of the object's type (V: operands).
    unsafe { *slot(object, index) }
}

/// Writes a slot that the object has.
#[inline(always)]
pub fn set_slot(object: u64, index: usize, value: u64) {
    // SAFETY: as in `get_slot`.
    unsafe { *slot(object, index) = value }
}

/// The length of an array.
#[inline(always)]
pub fn array_len(array: u64) -> u32 {
    // SAFETY: `array` is a live array (module docs).
    unsafe { (&raw const (*pointer::<ArrayObject>(array)).len).read() }
}

/// Sets the length of an array to one within its capacity.
#[inline(always)]
pub fn set_array_len(array: u64, len: u32) {
    // SAFETY: `array` is a live array (module docs).
    unsafe { (&raw mut (*pointer::<ArrayObject>(array)).len).write(len) }
}

/// The capacity of an array.
#[inline(always)]
pub fn array_capacity(array: u64) -> u32 {
    // SAFETY: `array` is a live array (module docs).
    unsafe { (&raw const (*pointer::<ArrayObject>(array)).capacity).read() }
}

/// Where element `index` of an array lies, if it is below the capacity.
#[inline(always)]
pub fn element<T>(array: u64, index: usize) -> *mut T {
    // SAFETY: `array` is a live array (module docs).
    let store = unsafe { (&raw const (*pointer::<ArrayObject>(array)).store).read() };
    pointer::<u8>(store).wrapping_add(ELEMENTS_OFFSET).cast::<T>().wrapping_add(index)
}

/// A string as bytes and lengths.
#[derive(Clone, Copy)]
pub struct Text {
    pub bytes: *const u8,
    pub byte_len: u64,
    pub scalar_len: u32,
}

impl Text {
    /// Looks at a string.
    #[inline(always)]
    pub fn of(string: u64) -> Text {
        let object = pointer::<StringObject>(string);
        // SAFETY: `string` is a live string (module docs).
        let (buffer, byte_len) =
            unsafe { ((&raw const (*object).buffer).read(), (&raw const (*object).byte_len).read()) };
        // SAFETY: as above.
        let scalar_len = unsafe { (&raw const (*object).scalar_len).read() };
        Text { bytes: pointer::<u8>(buffer).wrapping_add(BYTES_OFFSET), byte_len, scalar_len }
    }

    /// Whether each scalar is one byte.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        self.byte_len == u64::from(self.scalar_len)
    }

    /// A byte before the end.
    #[inline(always)]
    pub fn byte(self, index: u64) -> u8 {
        debug_assert!(index < self.byte_len);
        // SAFETY: the buffer of a live string holds `byte_len` bytes (L3).
        unsafe { *self.bytes.add(index as usize) }
    }
}

/// Message, kind and code of an error.
#[inline(always)]
pub fn error_parts(error: u64) -> (u64, u32, u32) {
    let object = pointer::<ErrorObject>(error);
    // SAFETY: `error` is a live error (module docs).
    unsafe {
        ((&raw const (*object).message).read(), (&raw const (*object).kind).read(), (&raw const (*object).code).read())
    }
}
