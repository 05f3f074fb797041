//! References and the objects behind them: slots, arrays, errors, ranges.
//!
//! Accessors stand on H1 (the object is live) and on what the verifier proved (it is of the type that the accessor is
//! for). Indices are the caller's duty where a function says so; debug builds check them.

use std::ptr::NonNull;

use super::alloc::LARGEST_SPAN;
use super::{Heap, Str};
use crate::bytecode::TypeId;
use crate::vm::fault::{ErrorKind, Fault, RuntimeError};
use crate::vm::layout::{
    ArrayObject, ELEMENTS_OFFSET, Elem, ErrorObject, Header, Part, RangeObject, SLOT_BYTES, SLOTS_OFFSET,
};

/// A reference to an object of the heap, or to an immortal one.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ref(NonNull<Header>);

impl Ref {
    pub(super) fn new(header: NonNull<Header>) -> Ref {
        Ref(header)
    }

    /// The reference that a slot holds, which is not null (H1).
    #[inline(always)]
    pub fn from_bits(bits: u64) -> Ref {
        debug_assert!(bits != 0 && bits.is_multiple_of(SLOT_BYTES as u64), "{bits:#x} is no reference");
        let pointer = std::ptr::with_exposed_provenance_mut(bits as usize);
        // SAFETY: the slot holds a reference (H1), and null is excluded by the caller.
        Ref(unsafe { NonNull::new_unchecked(pointer) })
    }

    /// The reference that a slot holds, unless that is null.
    #[inline(always)]
    pub fn from_slot(bits: u64) -> Option<Ref> {
        (bits != 0).then(|| Ref::from_bits(bits))
    }

    /// As a slot holds it.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0.as_ptr().expose_provenance() as u64
    }

    pub(super) fn pointer(self) -> NonNull<Header> {
        self.0
    }

    /// The object as a struct of `layout`.
    #[inline(always)]
    pub(super) fn cast<T>(self) -> NonNull<T> {
        self.0.cast()
    }

    /// Type word and what goes with it.
    #[inline(always)]
    pub fn header(self) -> Header {
        // SAFETY: the object is live (H1) and begins with a header.
        unsafe { self.0.read() }
    }

    /// The type of an object that is no part of another.
    #[inline(always)]
    pub fn ty(self) -> TypeId {
        debug_assert!(Part::of(self.header().ty).is_none());
        TypeId(self.header().ty)
    }

    /// The variant of an enum, the function of a function value.
    #[inline(always)]
    pub fn aux(self) -> u32 {
        self.header().aux
    }

    #[inline(always)]
    fn slot_pointer(self, slot: u32) -> NonNull<u64> {
        // SAFETY: the caller says that the object has the slot, so the result lies within it.
        unsafe { self.0.byte_add(SLOTS_OFFSET + slot as usize * SLOT_BYTES).cast() }
    }

    /// A slot of a struct, enum variant, cell or closure. The object must have it.
    #[inline(always)]
    pub fn slot(self, slot: u32) -> u64 {
        // SAFETY: the slot lies within the live object and is initialised.
        unsafe { self.slot_pointer(slot).read() }
    }

    /// Where the slots of a struct, enum variant, cell or closure lie.
    #[inline(always)]
    pub(in crate::vm) fn slots(self) -> *mut u64 {
        self.slot_pointer(0).as_ptr()
    }

    /// A slot of an object that may have more slots than an index of 32 bits counts: a map's entries.
    #[inline(always)]
    pub(super) fn word(self, index: usize) -> u64 {
        // SAFETY: the caller says that the object has the slot; it is initialised.
        unsafe { self.0.byte_add(SLOTS_OFFSET + index * SLOT_BYTES).cast::<u64>().read() }
    }

    /// Sets a slot. The object must have it, not be immortal, and be declared to hold there what it is given.
    #[inline(always)]
    pub fn set_slot(self, slot: u32, bits: u64) {
        // SAFETY: the slot lies within the live object, of which no Rust reference exists.
        unsafe { self.slot_pointer(slot).write(bits) }
    }

    /// As a string, which it must be.
    #[inline(always)]
    pub fn as_str(self) -> Str {
        debug_assert_eq!(self.header().ty, TypeId::STRING.0);
        Str(self)
    }

    /// As an array, which it must be.
    #[inline(always)]
    pub fn as_array(self) -> Array {
        debug_assert!(Part::of(self.header().ty).is_none());
        Array(self)
    }

    /// As a map, which it must be.
    #[inline(always)]
    pub fn as_map(self) -> super::MapRef {
        debug_assert!(Part::of(self.header().ty).is_none());
        super::MapRef(self)
    }

    /// As an error, which it must be.
    #[inline(always)]
    pub fn as_error(self) -> ErrorRef {
        debug_assert_eq!(self.header().ty, TypeId::ERROR.0);
        ErrorRef(self)
    }

    /// As a range, which it must be.
    #[inline(always)]
    pub fn as_range(self) -> RangeRef {
        debug_assert_eq!(self.header().ty, TypeId::RANGE.0);
        RangeRef(self)
    }
}

impl Heap {
    /// A new struct, enum variant, cell or closure, whose slots the caller sets before anything else happens (L2).
    #[inline(always)]
    pub fn new_object(&mut self, ty: TypeId, aux: u32, slots: u32) -> Result<Ref, Fault> {
        self.alloc(SLOTS_OFFSET + slots as usize * SLOT_BYTES, ty.0, aux)
    }

    /// As [`Heap::new_object`], if a free cell is at hand, for at most [`FEW_SLOTS`] slots.
    #[inline(always)]
    pub(in crate::vm) fn new_object_at_hand(&mut self, ty: TypeId, aux: u32, slots: u32) -> Option<Ref> {
        debug_assert!(slots <= FEW_SLOTS);
        self.alloc_at_hand(SLOTS_OFFSET + slots as usize * SLOT_BYTES, ty.0, aux)
    }

    /// A new error.
    pub fn new_error(&mut self, kind: ErrorKind, code: u32, message: Str) -> Result<ErrorRef, Fault> {
        let object = self.alloc(size_of::<ErrorObject>(), TypeId::ERROR.0, 0)?;
        let header = object.header();
        let content = ErrorObject { header, message: message.bits(), kind: kind as u32, code };
        // SAFETY: the object was made for this.
        unsafe { object.cast::<ErrorObject>().write(content) };
        Ok(ErrorRef(object))
    }

    /// A new range. The step is not 0.
    pub fn new_range(&mut self, next: i64, end: i64, step: i64) -> Result<RangeRef, Fault> {
        debug_assert!(step != 0);
        let object = self.alloc(size_of::<RangeObject>(), TypeId::RANGE.0, 0)?;
        let header = object.header();
        // SAFETY: the object was made for this.
        unsafe { object.cast::<RangeObject>().write(RangeObject { header, next, end, step }) };
        Ok(RangeRef(object))
    }

    /// A new array without elements, and with room for `capacity`. Elements that are references are null up to the capacity.
    pub fn new_array(&mut self, ty: TypeId, elem: Elem, capacity: usize) -> Result<Array, Fault> {
        let store = if capacity == 0 { None } else { Some(self.new_store(ty, elem, capacity)?) };
        let object = self.alloc(size_of::<ArrayObject>(), ty.0, 0)?;
        let header = object.header();
        let (store, capacity) = match store {
            Some((store, capacity)) => {
                clear_refs(store, elem, 0, capacity);
                (store.bits(), capacity)
            }
            None => (0, 0),
        };
        // SAFETY: the object was made for this.
        unsafe { object.cast::<ArrayObject>().write(ArrayObject { header, store, len: 0, capacity }) };
        Ok(Array(object))
    }

    /// A store for at least so many elements, as many as its cell holds. Its references are not initialised yet.
    fn new_store(&mut self, ty: TypeId, elem: Elem, capacity: usize) -> Result<(Ref, u32), Fault> {
        let bytes = capacity.checked_mul(elem.bytes()).and_then(|bytes| bytes.checked_add(ELEMENTS_OFFSET));
        let (Some(bytes), true) = (bytes, capacity <= MAX_LEN) else {
            return Err(RuntimeError::OutOfMemory.into());
        };
        let bytes = if bytes <= super::class::LARGEST { super::class::rounded(bytes) } else { bytes };
        let capacity = ((bytes - ELEMENTS_OFFSET) / elem.bytes()).min(MAX_LEN) as u32;
        Ok((self.alloc(bytes, Part::Store.word(ty.0), capacity)?, capacity))
    }

    /// Gives an array room for `extra` more elements, by at least half more than it has if it must grow.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, array: Array, elem: Elem, extra: usize) -> Result<(), Fault> {
        let len = array.len();
        let wanted = len as usize + extra;
        if wanted > MAX_LEN {
            return Err(RuntimeError::OutOfMemory.into());
        }
        let capacity = array.capacity() as usize;
        // Doubling is quicker, but wastes more of large arrays.
        let roomy =
            if capacity * elem.bytes() < DOUBLE_BELOW { capacity * 2 } else { capacity + capacity / 2 };
        let least = MIN_CAPACITY_BYTES / elem.bytes();
        let (store, capacity) =
            self.new_store(array.0.ty(), elem, roomy.max(wanted).max(least).min(MAX_LEN))?;
        if let Some(old) = array.store() {
            // SAFETY: both stores hold `len` elements, and they are different objects.
            unsafe {
                let (from, to) = (elements(old), elements(store));
                to.copy_from_nonoverlapping(from, len as usize * elem.bytes());
            }
        }
        clear_refs(store, elem, len, capacity);
        // SAFETY: the array is live, and no Rust reference to it exists.
        unsafe {
            let array = array.0.cast::<ArrayObject>().as_ptr();
            (*array).store = store.bits();
            (*array).capacity = capacity;
        }
        Ok(())
    }
}

/// Objects of so many slots have a size class that is looked up in a table.
pub const FEW_SLOTS: u32 = 64;
/// Longest array, map and string.
pub const MAX_LEN: usize = i32::MAX as usize;
/// Smallest store.
const MIN_CAPACITY_BYTES: usize = 24;
/// Stores below this size are doubled when they are full.
const DOUBLE_BELOW: usize = 1 << 20;

#[inline(always)]
fn elements(store: Ref) -> NonNull<u8> {
    // SAFETY: elements lie behind the store's header; a store has room for at least one.
    unsafe { store.pointer().byte_add(ELEMENTS_OFFSET).cast() }
}

/// Sets references from one position to another to null.
fn clear_refs(store: Ref, elem: Elem, from: u32, to: u32) {
    // A region of its own is zero already, and should not be touched before it is used.
    if elem == Elem::Ref && to as usize * elem.bytes() <= LARGEST_SPAN {
        // SAFETY: the positions lie below the store's capacity.
        unsafe { elements(store).cast::<u64>().add(from as usize).write_bytes(0, (to - from) as usize) }
    }
}

/// An array.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Array(pub(super) Ref);

impl Array {
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
    fn raw(self) -> *mut ArrayObject {
        self.0.cast::<ArrayObject>().as_ptr()
    }

    /// How many elements it has, at most `i32::MAX`.
    #[inline(always)]
    pub fn len(self) -> u32 {
        // SAFETY: the array is live (H1).
        unsafe { (*self.raw()).len }
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many it has room for.
    #[inline(always)]
    pub fn capacity(self) -> u32 {
        // SAFETY: the array is live (H1).
        unsafe { (*self.raw()).capacity }
    }

    /// Its store, unless the capacity is 0.
    #[inline(always)]
    pub fn store(self) -> Option<Ref> {
        // SAFETY: the array is live (H1).
        Ref::from_slot(unsafe { (*self.raw()).store })
    }

    #[inline(always)]
    fn set_len(self, len: u32) {
        // SAFETY: the array is live (H1), and no Rust reference to it exists.
        unsafe { (*self.raw()).len = len }
    }

    #[inline(always)]
    fn element_pointer(self, elem: Elem, at: u32) -> NonNull<u8> {
        debug_assert!(at < self.capacity());
        // SAFETY: the caller says that there is such an element, so there is a store, and the result lies within it.
        unsafe {
            let store = Ref::from_bits((*self.raw()).store);
            elements(store).add(at as usize * elem.bytes())
        }
    }

    /// The element at a position below the length, in canonical form.
    #[inline(always)]
    pub fn get(self, elem: Elem, at: u32) -> u64 {
        debug_assert!(at < self.len());
        let pointer = self.element_pointer(elem, at);
        // SAFETY: the element lies within the store and is initialised.
        unsafe {
            match elem {
                Elem::Bool => u64::from(pointer.read()),
                Elem::I32 => pointer.cast::<i32>().read() as i64 as u64,
                Elem::U32 => u64::from(pointer.cast::<u32>().read()),
                Elem::Word | Elem::Ref => pointer.cast::<u64>().read(),
            }
        }
    }

    /// Sets the element at a position below the length.
    #[inline(always)]
    pub fn set(self, elem: Elem, at: u32, bits: u64) {
        debug_assert!(at < self.len());
        self.write(elem, at, bits);
    }

    #[inline(always)]
    fn write(self, elem: Elem, at: u32, bits: u64) {
        let pointer = self.element_pointer(elem, at);
        // SAFETY: the element lies within the store, of which no Rust reference is in use.
        unsafe {
            match elem {
                Elem::Bool => pointer.write(bits as u8),
                Elem::I32 | Elem::U32 => pointer.cast::<u32>().write(bits as u32),
                Elem::Word | Elem::Ref => pointer.cast::<u64>().write(bits),
            }
        }
    }

    /// Appends an element, for which there is room.
    #[inline(always)]
    pub fn push_within(self, elem: Elem, bits: u64) {
        let len = self.len();
        self.write(elem, len, bits);
        self.set_len(len + 1);
    }

    /// Appends an element.
    #[inline(always)]
    pub fn push(self, heap: &mut Heap, elem: Elem, bits: u64) -> Result<(), Fault> {
        let len = self.len();
        if len == self.capacity() {
            heap.grow(self, elem, 1)?;
        }
        self.write(elem, len, bits);
        self.set_len(len + 1);
        Ok(())
    }

    /// Removes and returns the last element, if there is one.
    #[inline(always)]
    pub fn pop(self, elem: Elem) -> Option<u64> {
        let last = self.len().checked_sub(1)?;
        let bits = self.get(elem, last);
        if elem == Elem::Ref {
            // keeps L4
            self.write(elem, last, 0);
        }
        self.set_len(last);
        Some(bits)
    }

    /// Makes room for `extra` more elements.
    #[inline]
    pub fn reserve(self, heap: &mut Heap, elem: Elem, extra: usize) -> Result<(), Fault> {
        if extra <= (self.capacity() - self.len()) as usize { Ok(()) } else { heap.grow(self, elem, extra) }
    }

    /// Appends `count` elements of another array, or of this one, from position `from` on. There are so many, and there is room.
    pub fn append(self, elem: Elem, other: Array, from: u32, count: u32) {
        let len = self.len();
        debug_assert!(from + count <= other.len() && count <= self.capacity() - len);
        if count == 0 {
            return;
        }
        // SAFETY: source and target lie within the stores; they do not overlap, since the target is behind the length.
        unsafe {
            let source = other.element_pointer(elem, from);
            let target = self.element_pointer(elem, len);
            target.copy_from_nonoverlapping(source, count as usize * elem.bytes());
        }
        self.set_len(len + count);
    }

    /// Appends `count` copies of a value. There is room.
    pub fn append_copies(self, elem: Elem, bits: u64, count: u32) {
        let len = self.len();
        debug_assert!(count <= self.capacity() - len);
        if count == 0 {
            return;
        }
        let target = self.element_pointer(elem, len);
        // SAFETY: the elements lie within the store, behind the length.
        unsafe {
            match elem {
                Elem::Bool => target.write_bytes(bits as u8, count as usize),
                Elem::I32 | Elem::U32 => {
                    std::slice::from_raw_parts_mut(
                        target.cast::<std::mem::MaybeUninit<u32>>().as_ptr(),
                        count as usize,
                    )
                    .fill(std::mem::MaybeUninit::new(bits as u32));
                }
                Elem::Word | Elem::Ref => {
                    std::slice::from_raw_parts_mut(
                        target.cast::<std::mem::MaybeUninit<u64>>().as_ptr(),
                        count as usize,
                    )
                    .fill(std::mem::MaybeUninit::new(bits));
                }
            }
        }
        self.set_len(len + count);
    }

    /// Moves the elements from position `from` on to `to`, which is one more or less: the array gets longer or shorter by one.
    /// If it gets longer there is room, and the gap is filled with `bits`.
    pub fn insert(self, elem: Elem, at: u32, bits: u64) {
        let len = self.len();
        debug_assert!(at <= len && len < self.capacity());
        if at < len {
            let from = self.element_pointer(elem, at);
            // SAFETY: there is room for one element more.
            unsafe { from.add(elem.bytes()).copy_from(from, (len - at) as usize * elem.bytes()) };
        }
        self.write(elem, at, bits);
        self.set_len(len + 1);
    }

    /// Removes the element at a position below the length.
    pub fn remove(self, elem: Elem, at: u32) -> u64 {
        let len = self.len();
        let bits = self.get(elem, at);
        let to = self.element_pointer(elem, at);
        // SAFETY: the elements behind `at` lie within the store.
        unsafe { to.copy_from(to.add(elem.bytes()), (len - at - 1) as usize * elem.bytes()) };
        if elem == Elem::Ref {
            // keeps L4
            self.write(elem, len - 1, 0);
        }
        self.set_len(len - 1);
        bits
    }

    /// Removes all elements, and the store with them.
    pub fn clear(self) {
        // SAFETY: the array is live (H1), and no Rust reference to it exists.
        unsafe {
            (*self.raw()).store = 0;
            (*self.raw()).len = 0;
            (*self.raw()).capacity = 0;
        }
    }

    /// The elements of an array of kind [`Elem::Word`] or [`Elem::Ref`]. Not while it grows or is written to otherwise (H2).
    pub fn words<'a>(self) -> &'a [u64] {
        // SAFETY: elements of these kinds are initialised words.
        unsafe { self.slice() }
    }

    /// The elements of an array of kind [`Elem::I32`] or [`Elem::U32`]; as for [`Array::words`].
    pub fn halves<'a>(self) -> &'a [u32] {
        // SAFETY: elements of these kinds are initialised, four bytes long.
        unsafe { self.slice() }
    }

    /// The elements of an array of kind [`Elem::Bool`], each 0 or 1; as for [`Array::words`].
    pub fn bytes<'a>(self) -> &'a [u8] {
        // SAFETY: elements of this kind are initialised bytes.
        unsafe { self.slice() }
    }

    /// [`Array::words`] to be changed, while nobody else looks at the elements.
    pub fn words_mut<'a>(self) -> &'a mut [u64] {
        // SAFETY: as for `words`.
        unsafe { self.slice_mut() }
    }

    /// [`Array::halves`] to be changed, while nobody else looks at the elements.
    pub fn halves_mut<'a>(self) -> &'a mut [u32] {
        // SAFETY: as for `halves`.
        unsafe { self.slice_mut() }
    }

    /// [`Array::bytes`] to be changed, while nobody else looks at the elements.
    pub fn bytes_mut<'a>(self) -> &'a mut [u8] {
        // SAFETY: as for `bytes`.
        unsafe { self.slice_mut() }
    }

    /// # Safety
    /// Elements are of the size of `T`, which any bit pattern is a value of.
    unsafe fn slice<'a, T>(self) -> &'a [T] {
        match self.store() {
            // SAFETY: a store has at least as many elements as its array; the caller sees to the rest.
            Some(store) => unsafe {
                std::slice::from_raw_parts(elements(store).cast().as_ptr(), self.len() as usize)
            },
            None => &[],
        }
    }

    /// # Safety
    /// As for `slice`; and no other reference to the elements is in use.
    unsafe fn slice_mut<'a, T>(self) -> &'a mut [T] {
        match self.store() {
            // SAFETY: as for `slice`.
            Some(store) => unsafe {
                std::slice::from_raw_parts_mut(elements(store).cast().as_ptr(), self.len() as usize)
            },
            None => &mut [],
        }
    }
}

/// An error value.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErrorRef(pub(super) Ref);

impl ErrorRef {
    /// As a slot holds it.
    pub fn bits(self) -> u64 {
        self.0.bits()
    }

    fn read(self) -> ErrorObject {
        // SAFETY: the error is live (H1).
        unsafe { self.0.cast::<ErrorObject>().read() }
    }

    /// Its message.
    pub fn message(self) -> Str {
        Ref::from_bits(self.read().message).as_str()
    }

    /// Its kind.
    pub fn kind(self) -> ErrorKind {
        ErrorKind::ALL.get(self.read().kind as usize).copied().unwrap_or(ErrorKind::Runtime)
    }

    /// The number of its code: 4 for `E0004`.
    pub fn code(self) -> u32 {
        self.read().code
    }
}

/// What `range()` gives.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RangeRef(Ref);

impl RangeRef {
    /// As a slot holds it.
    pub fn bits(self) -> u64 {
        self.0.bits()
    }

    /// Takes the next value, if one is left. Never overflows: behind the last value the range is empty.
    #[inline]
    pub fn next(self) -> Option<i64> {
        let raw = self.0.cast::<RangeObject>().as_ptr();
        // SAFETY: the range is live (H1), and no Rust reference to it exists.
        unsafe {
            let RangeObject { next, end, step, .. } = raw.read();
            if step > 0 && next >= end || step < 0 && next <= end {
                return None;
            }
            (*raw).next = next.checked_add(step).unwrap_or(end);
            Some(next)
        }
    }
}
