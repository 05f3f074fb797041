//! Strings and their buffers.
//!
//! Strings that share a buffer are prefixes of one another (L3), and bytes that belong to a string never change. So
//! appending in place is invisible to the strings that are there.

use std::ptr::NonNull;

use super::object::MAX_LEN;
use super::{Heap, Ref, class, immortal};
use crate::bytecode::TypeId;
use crate::vm::fault::{Fault, RuntimeError};
use crate::vm::layout::{
    BYTES_OFFSET, BufferObject, OFFSETS_STRIDE, OffsetsObject, Part, SLOT_BYTES, StringObject,
};

/// A string.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct Str(pub(super) Ref);

impl Str {
    /// As a reference.
    #[inline(always)]
    pub fn object(self) -> Ref {
        self.0
    }

    /// As a slot holds it.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0.bits()
    }

    #[inline(always)]
    fn raw(self) -> *mut StringObject {
        self.0.cast::<StringObject>().as_ptr()
    }

    /// Length in bytes.
    #[inline(always)]
    pub fn byte_len(self) -> usize {
        // SAFETY: the string is live (H1).
        unsafe { (*self.raw()).byte_len as usize }
    }

    /// Length in scalar values, at most `i32::MAX`.
    #[inline(always)]
    pub fn scalar_len(self) -> u32 {
        // SAFETY: the string is live (H1).
        unsafe { (*self.raw()).scalar_len }
    }

    /// Whether it has no scalar values.
    pub fn is_empty(self) -> bool {
        self.byte_len() == 0
    }

    /// Whether all of it is ASCII.
    #[inline(always)]
    pub fn is_ascii(self) -> bool {
        self.byte_len() == self.scalar_len() as usize
    }

    /// Its buffer.
    #[inline(always)]
    pub fn buffer(self) -> Buffer {
        // SAFETY: the string is live (H1) and has a buffer.
        Buffer(Ref::from_bits(unsafe { (*self.raw()).buffer }))
    }

    /// Its bytes. Not kept over a collection (H2).
    #[inline(always)]
    pub fn bytes_of<'a>(self) -> &'a [u8] {
        // SAFETY: the string's bytes lie at the start of its buffer (L3), are initialised, and never change.
        unsafe { std::slice::from_raw_parts(self.buffer().start().as_ptr(), self.byte_len()) }
    }

    /// Its text. Not kept over a collection (H2).
    #[inline(always)]
    pub fn text<'a>(self) -> &'a str {
        // Only short ones are checked, or debug builds would take quadratic time.
        debug_assert!(self.byte_len() > 64 || std::str::from_utf8(self.bytes_of()).is_ok());
        // SAFETY: strings are made of whole scalar values in UTF-8 only: [`Heap::finish_string`] demands it.
        unsafe { std::str::from_utf8_unchecked(self.bytes_of()) }
    }

    /// The byte at an offset below the length.
    #[inline(always)]
    pub fn byte(self, at: usize) -> u8 {
        debug_assert!(at < self.byte_len());
        // SAFETY: the byte lies within the string.
        unsafe { self.buffer().start().add(at).read() }
    }

    /// Its hash, not 0; computed at the first time.
    #[inline(always)]
    pub fn hash(self) -> u32 {
        // SAFETY: the string is live (H1).
        let known = unsafe { (*self.raw()).hash };
        if known != 0 { known } else { self.compute_hash() }
    }

    #[cold]
    fn compute_hash(self) -> u32 {
        let hash = immortal::hash_bytes(self.bytes_of());
        // SAFETY: the string is live (H1), and not immortal, since those have their hash; no Rust reference to it exists.
        unsafe { (*self.raw()).hash = hash };
        hash
    }

    /// Its hash, if it has been computed.
    #[inline(always)]
    pub fn known_hash(self) -> Option<u32> {
        // SAFETY: the string is live (H1).
        let known = unsafe { (*self.raw()).hash };
        (known != 0).then_some(known)
    }
}

/// A string's buffer.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffer(pub(super) Ref);

impl Buffer {
    #[inline(always)]
    fn raw(self) -> *mut BufferObject {
        self.0.cast::<BufferObject>().as_ptr()
    }

    #[inline(always)]
    fn start(self) -> NonNull<u8> {
        // SAFETY: the bytes lie behind the buffer's fixed part.
        unsafe { self.0.pointer().byte_add(BYTES_OFFSET).cast() }
    }

    /// Bytes that belong to some string.
    #[inline(always)]
    pub fn used(self) -> usize {
        // SAFETY: the buffer is live (H1).
        unsafe { (*self.raw()).used as usize }
    }

    /// Bytes that it has room for.
    #[inline(always)]
    pub fn capacity(self) -> usize {
        // SAFETY: the buffer is live (H1).
        unsafe { (*self.raw()).capacity as usize }
    }

    /// Whether it came of appending to another.
    #[inline(always)]
    pub fn has_grown(self) -> bool {
        self.0.aux() != 0
    }

    /// Appends bytes. There must be room.
    #[inline(always)]
    pub fn append(self, bytes: &[u8]) {
        let used = self.used();
        debug_assert!(bytes.len() <= self.capacity() - used);
        // SAFETY: the bytes behind `used` are within the buffer and belong to no string, so no reference to them exists.
        unsafe {
            let target = self.start().add(used);
            if let [byte] = bytes {
                target.write(*byte);
            } else {
                target.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            (*self.raw()).used = (used + bytes.len()) as u64;
        }
    }

    /// Repeats what is in the buffer until it holds `len` bytes, but at most `most` bytes more; false if that was not enough.
    /// There must be room, and something to repeat. `most` is a multiple of what was first in the buffer.
    pub fn repeat_to(self, len: usize, most: usize) -> bool {
        debug_assert!(len <= self.capacity());
        let end = len.min(self.used() + most);
        while self.used() < end {
            let used = self.used();
            let more = used.min(end - used);
            // SAFETY: source `0..more` and target `used..used + more` lie within the buffer and do not overlap.
            unsafe {
                let start = self.start();
                start.add(used).copy_from_nonoverlapping(start, more);
                (*self.raw()).used = (used + more) as u64;
            }
        }
        end == len
    }

    /// The offsets that are known, if there are any.
    fn offsets(self) -> Option<Ref> {
        // SAFETY: the buffer is live (H1).
        Ref::from_slot(unsafe { (*self.raw()).offsets })
    }
}

impl Heap {
    /// An empty buffer for at least `capacity` bytes; for all that its cell holds.
    pub fn new_buffer(&mut self, capacity: usize, has_grown: bool) -> Result<Buffer, Fault> {
        let Some(bytes) =
            capacity.checked_add(BYTES_OFFSET).filter(|&bytes| bytes <= isize::MAX as usize / 2)
        else {
            return Err(RuntimeError::OutOfMemory.into());
        };
        let bytes = class::rounded(bytes);
        let object = self.alloc(bytes, Part::Buffer.word(0), u32::from(has_grown))?;
        let header = object.header();
        let content = BufferObject { header, offsets: 0, used: 0, capacity: (bytes - BYTES_OFFSET) as u64 };
        // SAFETY: the object was made for this.
        unsafe { object.cast::<BufferObject>().write(content) };
        Ok(Buffer(object))
    }

    /// The string of the first `byte_len` bytes of a buffer, which are `scalar_len` scalar values in UTF-8.
    #[inline(always)]
    pub fn finish_string(
        &mut self,
        buffer: Buffer,
        byte_len: usize,
        scalar_len: usize,
    ) -> Result<Str, Fault> {
        if scalar_len > MAX_LEN {
            return Err(RuntimeError::OutOfMemory.into());
        }
        let object = self.alloc(size_of::<StringObject>(), TypeId::STRING.0, 0)?;
        write_string(object, buffer, byte_len, scalar_len as u32);
        Ok(Str(object))
    }

    /// A new string. One-scalar ASCII strings and the empty one are immortal.
    pub fn new_string(&mut self, text: &str) -> Result<Str, Fault> {
        let bytes = text.as_bytes();
        let scalars = if bytes.is_ascii() { bytes.len() } else { count_scalars(bytes) };
        self.new_counted_string(text, scalars)
    }

    /// As [`Heap::new_string`], of so many scalar values.
    #[inline]
    pub fn new_counted_string(&mut self, text: &str, scalars: usize) -> Result<Str, Fault> {
        match text.as_bytes() {
            [] => Ok(immortal::empty()),
            [byte @ 0..128] => Ok(self.ascii(*byte)),
            bytes => {
                let buffer = self.new_buffer(bytes.len(), false)?;
                buffer.append(bytes);
                self.finish_string(buffer, bytes.len(), scalars)
            }
        }
    }

    /// The string of one ASCII character, which must be one.
    #[inline(always)]
    pub fn ascii(&self, byte: u8) -> Str {
        Str(Ref::from_bits(self.ascii[usize::from(byte) & 127]))
    }

    /// Appends `tail` to `head` where it lies, if nothing lies there and there is room: a new string on the same buffer.
    #[inline(always)]
    pub fn append_in_place(&mut self, head: Str, tail: Str) -> Option<Result<Str, Fault>> {
        let buffer = head.buffer();
        let (used, more) = (head.byte_len(), tail.byte_len());
        if buffer.used() != used || buffer.capacity() - used < more {
            return None;
        }
        let scalars = head.scalar_len() as usize + tail.scalar_len() as usize;
        // The header first: after a failure nothing must have happened.
        Some(self.finish_string(buffer, used + more, scalars).inspect(|_| buffer.append(tail.bytes_of())))
    }

    /// The byte offset of scalar value `at` of a string, where `at` is at most its length. May allocate offsets.
    #[inline]
    pub fn scalar_offset(&mut self, string: Str, at: u32) -> Result<usize, Fault> {
        if string.is_ascii() {
            return Ok(at as usize);
        }
        if at == string.scalar_len() {
            return Ok(string.byte_len());
        }
        let (bytes, wanted) = (string.bytes_of(), at as usize / OFFSETS_STRIDE);
        let start = if wanted == 0 { 0 } else { self.known_offset(string, wanted)? };
        Ok(advance(bytes, start, at as usize % OFFSETS_STRIDE))
    }

    /// The offset of the scalar value `wanted * 64` of a string, which has it.
    fn known_offset(&mut self, string: Str, wanted: usize) -> Result<usize, Fault> {
        let buffer = string.buffer();
        let mut table = buffer.offsets();
        let count = table.map_or(0, |table| table.slot(0) as usize);
        if let Some(table) = table
            && wanted < count
        {
            return Ok(table.slot(1 + wanted as u32) as usize);
        }
        // As many as the whole string needs, and if it is being appended to, some more.
        let needed = string.scalar_len() as usize / OFFSETS_STRIDE + 1;
        if table.is_none_or(|table| (table.aux() as usize) < needed) {
            let room = if buffer.has_grown() { needed + needed / 2 } else { needed };
            let bytes = class::rounded(size_of::<OffsetsObject>() + room * SLOT_BYTES);
            let capacity = ((bytes - size_of::<OffsetsObject>()) / SLOT_BYTES) as u32;
            let new = self.alloc(bytes, Part::Offsets.word(0), capacity)?;
            new.set_slot(0, count as u64);
            for known in 0..count as u32 {
                let old = table.map_or(0, |table| table.slot(1 + known));
                new.set_slot(1 + known, old);
            }
            // SAFETY: the buffer is live (H1), and not immortal, since those have all offsets; no Rust reference to it exists.
            unsafe { (*buffer.raw()).offsets = new.bits() };
            table = Some(new);
        }
        let Some(table) = table else { return Ok(0) };
        fill_offsets(table, count, needed, string.bytes_of());
        Ok(table.slot(1 + wanted as u32) as usize)
    }
}

/// Fills in the offsets from number `known` up to `needed`. There is room, and `bytes` has so many scalar values.
fn fill_offsets(table: Ref, known: usize, needed: usize, bytes: &[u8]) {
    let mut offset = if known == 0 { 0 } else { table.slot(known as u32) as usize };
    for number in known..needed {
        if number > 0 {
            offset = advance(bytes, offset, OFFSETS_STRIDE);
        }
        table.set_slot(1 + number as u32, offset as u64);
    }
    table.set_slot(0, needed as u64);
}

/// The offset that lies `scalars` behind `start`, which is the start of one.
fn advance(bytes: &[u8], mut start: usize, scalars: usize) -> usize {
    for _ in 0..scalars {
        start += scalar_bytes(bytes[start]);
    }
    start
}

/// Bytes of the scalar value that begins with this byte.
#[inline(always)]
pub fn scalar_bytes(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// How many scalar values UTF-8 text has.
pub fn count_scalars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte as i8 >= -64).count()
}

#[inline(always)]
fn write_string(object: Ref, buffer: Buffer, byte_len: usize, scalar_len: u32) {
    let header = object.header();
    let content =
        StringObject { header, buffer: buffer.0.bits(), byte_len: byte_len as u64, scalar_len, hash: 0 };
    // SAFETY: the object was made for this.
    unsafe { object.cast::<StringObject>().write(content) };
}

/// How an immortal string is made: where the objects come from is the caller's affair.
pub(super) fn write_immortal(mut alloc: impl FnMut(usize, u32, u32) -> Ref, text: &str) -> Str {
    let bytes = text.as_bytes();
    let scalars = count_scalars(bytes);
    let buffer = Buffer(alloc(BYTES_OFFSET + bytes.len(), Part::Buffer.word(0), 0));
    let offsets = if scalars == bytes.len() || scalars < OFFSETS_STRIDE {
        0
    } else {
        let needed = scalars / OFFSETS_STRIDE + 1;
        let table =
            alloc(size_of::<OffsetsObject>() + needed * SLOT_BYTES, Part::Offsets.word(0), needed as u32);
        fill_offsets(table, 0, needed, bytes);
        table.bits()
    };
    let header = buffer.0.header();
    let content = BufferObject { header, offsets, used: 0, capacity: bytes.len() as u64 };
    // SAFETY: the object was made for this.
    unsafe { buffer.raw().write(content) };
    buffer.append(bytes);
    let object = alloc(size_of::<StringObject>(), TypeId::STRING.0, 0);
    write_string(object, buffer, bytes.len(), scalars.min(MAX_LEN) as u32);
    // SAFETY: the string was written above.
    unsafe { (*Str(object).raw()).hash = immortal::hash_bytes(bytes) };
    Str(object)
}
