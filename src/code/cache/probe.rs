//! Whether code can be written, run, and rewritten.
//!
//! Some emulators keep translated code by address, and do not notice that it is rewritten through another view.
#![allow(unsafe_code, reason = "it calls what it published")]

use std::mem;
use std::ptr;

use super::{CacheError, CodeCache};

/// Publishes, calls and frees a function, then another; in a cache that holds nothing they have the same address.
pub(super) fn run(cache: &CodeCache) -> Result<(), CacheError> {
    for value in [1, 2] {
        let Some(code) = function(value) else { return Ok(()) };
        let region = cache.publish(code.len(), 1, |_, bytes| bytes.copy_from_slice(&code))?;
        let start = ptr::with_exposed_provenance::<()>(region.address() as usize);
        // SAFETY: the code is `function`'s, which is a function of that type.
        let call = unsafe { mem::transmute::<*const (), extern "C" fn() -> u32>(start) };
        let result = call();
        // SAFETY: the call is over.
        unsafe { region.free() };
        if result != value {
            return Err(CacheError::Stale);
        }
    }
    Ok(())
}

/// A function that returns `value`, below 2048, if we know the machine's code.
fn function(value: u32) -> Option<Vec<u8>> {
    let words = |words: [u32; 2]| Some(words.iter().flat_map(|word| word.to_le_bytes()).collect());
    if cfg!(target_arch = "x86_64") {
        let [a, b, c, d] = value.to_le_bytes();
        Some(vec![0xb8, a, b, c, d, 0xc3]) // mov eax, value; ret
    } else if cfg!(target_arch = "aarch64") {
        words([0x5280_0000 | value << 5, 0xd65f_03c0]) // movz w0, value; ret
    } else if cfg!(target_arch = "riscv64") {
        words([0x513 | value << 20, 0x8067]) // li a0, value; ret
    } else {
        None
    }
}
