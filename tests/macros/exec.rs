//! Puts finished code where it can run, and calls it.

use orus::asm::macros::MacroAssembler;
use orus::asm::{Label, reloc::RelocTarget};
use orus::code::{Executable, Writable};

/// Words of a block.
pub const WORDS: usize = 512;

/// What a function reads and writes: its one argument points to it.
#[repr(C, align(64))]
pub struct Block(pub [u64; WORDS]);

impl Block {
    pub fn new() -> Box<Block> {
        Box::new(Block([0; WORDS]))
    }

    /// Where the block is, as a function sees it.
    pub fn address(&mut self) -> u64 {
        self.0.as_mut_ptr() as u64
    }
}

/// The external symbols from this one on are the batch's own entries.
pub const ENTRY: u32 = 1 << 16;

/// Functions that can be called.
pub struct Running {
    base: u64,
    entries: Vec<u64>,
    /// Keeps the code mapped.
    _code: Executable,
}

/// Finishes the code, applies its relocations, and maps it. External symbols below [`ENTRY`] are looked up in `symbols`.
pub fn publish<M: MacroAssembler>(asm: &mut M, entries: &[Label], symbols: &[u64]) -> Running {
    let code = match asm.finish() {
        Ok(code) => code,
        Err(error) => panic!("the code cannot be finished: {error}"),
    };
    let offset = |label: Label| u64::from(code.label_offset(label).expect("entries are bound"));
    let mut memory = Writable::new(code.bytes().len()).expect("memory for code");
    let base = memory.address();
    assert_eq!(base % u64::from(code.alignment()), 0, "pages are aligned enough");
    let bytes = memory.bytes_mut();
    bytes[..code.bytes().len()].copy_from_slice(code.bytes());
    for reloc in code.relocs() {
        let address = |symbol: u32| match symbol.checked_sub(ENTRY) {
            Some(entry) => Some(base + offset(entries[entry as usize])),
            None => symbols.get(symbol as usize).copied(),
        };
        if let RelocTarget::Code(at) = reloc.target {
            assert!((at as usize) <= code.bytes().len());
        }
        if let Err(error) = reloc.apply(bytes, base, address) {
            panic!("{reloc:?} cannot be applied: {error}");
        }
    }
    let entries = entries.iter().map(|&label| base + offset(label)).collect();
    let code = memory.publish().expect("code can be made executable");
    assert_eq!(code.address() as u64, base, "code runs where it was to");
    Running { base, entries, _code: code }
}

impl Running {
    /// Calls a function of the batch.
    pub fn call(&self, entry: usize, block: &mut Block) {
        let entry = self.entries[entry];
        // SAFETY: `entry` is the start of a function that the suite assembled for this machine and its ABI with one
        // pointer as its argument; the code is mapped as long as `self` lives. The function touches its own frame
        // and the block, which outlives the call, within its bounds.
        unsafe {
            let entry = std::ptr::with_exposed_provenance::<()>(entry as usize);
            let function: extern "C" fn(*mut u64) = std::mem::transmute(entry);
            function(block.0.as_mut_ptr());
        }
    }

    /// Where an offset of the code is.
    pub fn address(&self, offset: u32) -> u64 {
        self.base + u64::from(offset)
    }
}
