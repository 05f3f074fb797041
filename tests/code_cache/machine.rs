//! Functions in machine code.

use orus::code::{CodeCache, CodeRegion};

/// A function that returns `value`, which is below 2048.
pub fn constant(value: u32) -> Vec<u8> {
    let words = |words: [u32; 2]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    if cfg!(target_arch = "x86_64") {
        let [a, b, c, d] = value.to_le_bytes();
        vec![0xb8, a, b, c, d, 0xc3] // mov eax, value; ret
    } else if cfg!(target_arch = "aarch64") {
        words([0x5280_0000 | value << 5, 0xd65f_03c0]) // movz w0, value; ret
    } else {
        words([0x513 | value << 20, 0x8067]) // li a0, value; ret
    }
}

/// Publishes [`constant`] in a region of `size` bytes or more; what follows it are bytes of its value.
pub fn publish(cache: &CodeCache, value: u32, size: usize) -> CodeRegion {
    let code = constant(value);
    let size = size.max(code.len());
    cache
        .publish(size, 16, |_, bytes| {
            let (start, rest) = bytes.split_at_mut(code.len());
            start.copy_from_slice(&code);
            rest.fill(value as u8);
        })
        .expect("room")
}

/// Calls what [`publish`] has published.
pub fn call(region: &CodeRegion) -> u32 {
    let start = std::ptr::with_exposed_provenance::<()>(region.address() as usize);
    // SAFETY: the code is `constant`'s, which is a function of that type, and is not freed: `region` is borrowed.
    let function = unsafe { std::mem::transmute::<*const (), extern "C" fn() -> u32>(start) };
    function()
}

/// Frees what this thread alone has called.
pub fn free(region: CodeRegion) {
    // SAFETY: the handle is here, so nobody calls; and calls do not outlast a borrow of the handle.
    unsafe { region.free() };
}

/// Whether all bytes are what [`publish`] wrote.
pub fn intact(region: &CodeRegion, value: u32) -> bool {
    let code = constant(value);
    let (start, rest) = region.bytes().split_at(code.len());
    // All are like the one before.
    start == code
        && rest.first().is_none_or(|&byte| byte == value as u8 && rest[1..] == rest[..rest.len() - 1])
}
