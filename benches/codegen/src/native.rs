//! Calling what was compiled. The one place that trusts code which the compiler of this program has not seen.
#![allow(unsafe_code, reason = "it calls code that was just made")]

use std::any::Any;

/// What all kernels are to the system's convention.
pub type Entry = unsafe extern "C" fn(*mut u64, *mut u64, i64) -> i64;

/// Code that can be called.
pub struct Native {
    entry: Entry,
    /// Bytes of all functions of the unit.
    pub bytes: usize,
    _code: Box<dyn Any>,
}

impl Native {
    /// Code at an address; `code` is what keeps it there.
    ///
    /// # Safety
    /// At the address there has to be a function of this type, which touches only the memory that it is called with, and is there as long as
    /// `code` is.
    pub unsafe fn new(address: u64, bytes: usize, code: Box<dyn Any>) -> Native {
        // SAFETY: the caller promises that there is such a function.
        let entry = unsafe { std::mem::transmute::<usize, Entry>(address as usize) };
        Native { entry, bytes, _code: code }
    }

    /// Calls it.
    pub fn call(&self, memory: &mut [u64], n: i64) -> i64 {
        let (first, second) = memory.split_at_mut(memory.len() / 2);
        // SAFETY: `new` demands such a function; kernels and generated functions stay within the memory that `kernels` gives to them.
        unsafe { (self.entry)(first.as_mut_ptr(), second.as_mut_ptr(), n) }
    }
}
