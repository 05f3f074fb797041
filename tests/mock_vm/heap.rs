//! The mock VM's memory: a context, and cells of one size, which a precise collector gives out again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ptr;

use orus::ir::eval::Memory;
use orus::ir::{Layout, Module};

/// Bytes of all memory.
const BYTES: usize = 1 << 16;
/// Bytes of the context.
const CONTEXT: u64 = 0x1000;
/// Where the context has the cursor of the free run: all layouts share it.
pub const CURSOR: u32 = 64;
/// Where the context has references that are roots.
pub const GLOBALS: u64 = 128;
/// How many.
pub const GLOBAL_COUNT: u64 = 8;
/// Bytes of a cell.
pub const CELL: u64 = 32;
/// Most cells of a free run: so few that slow paths are common.
const RUN: u64 = 5;
/// What dead cells are filled with.
const POISON: u64 = 0xdbdb_dbdb_dbdb_dbdb;

pub struct Heap {
    /// From a `Box`.
    words: *mut u64,
    cells: u64,
    /// Cells that hold objects, by address.
    allocated: RefCell<BTreeSet<u64>>,
    /// Up to where the current run is known to be used.
    known: Cell<u64>,
    pub freed: Cell<u64>,
}

impl Heap {
    /// With so many cells.
    pub fn new(cells: u64) -> Heap {
        let words = Box::into_raw(vec![0_u64; BYTES / 8].into_boxed_slice()).cast::<u64>();
        words.expose_provenance();
        assert!(CONTEXT + cells * CELL <= BYTES as u64);
        let heap =
            Heap { words, cells, allocated: RefCell::default(), known: Cell::new(0), freed: Cell::new(0) };
        heap.next_run();
        heap
    }

    pub fn context(&self) -> u64 {
        self.words.addr() as u64
    }

    fn first(&self) -> u64 {
        self.context() + CONTEXT
    }

    pub fn read(&self, address: u64) -> u64 {
        assert!(
            address.wrapping_sub(self.context()) < BYTES as u64 && address.is_multiple_of(8),
            "{address:#x}"
        );
        // SAFETY: it is in the block.
        unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read() }
    }

    pub fn write(&self, address: u64, word: u64) {
        assert!(
            address.wrapping_sub(self.context()) < BYTES as u64 && address.is_multiple_of(8),
            "{address:#x}"
        );
        // SAFETY: it is in the block, to which no reference leads.
        unsafe { ptr::with_exposed_provenance_mut::<u64>(address as usize).write(word) }
    }

    /// The word that polls test.
    pub fn poll_word(&self) -> &std::sync::atomic::AtomicU32 {
        // SAFETY: the block is there as long as the heap, and aligned.
        unsafe { std::sync::atomic::AtomicU32::from_ptr(self.words.cast()) }
    }

    /// A copy, for the evaluator.
    pub fn pull(&self) -> Memory {
        let mut memory = Memory::new();
        memory.add(self.context(), BYTES);
        for (index, chunk) in memory.regions_mut()[0].bytes.chunks_exact_mut(8).enumerate() {
            chunk.copy_from_slice(&self.read(self.context() + 8 * index as u64).to_le_bytes());
        }
        memory
    }

    /// What the evaluator has changed comes back; but for the poll word, which belongs to all threads.
    pub fn push(&self, memory: &Memory) {
        for (index, chunk) in memory.regions()[0].bytes.chunks_exact(8).enumerate().skip(1) {
            let word = u64::from_le_bytes(chunk.try_into().expect("8 bytes"));
            self.write(self.context() + 8 * index as u64, word);
        }
    }

    /// Notes what was cut off the current run inline.
    fn note(&self) {
        let cursor = self.read(self.context() + u64::from(CURSOR));
        let mut allocated = self.allocated.borrow_mut();
        while self.known.get() < cursor {
            assert!(allocated.insert(self.known.get()), "a cell is given out twice");
            self.known.set(self.known.get() + CELL);
        }
        assert_eq!(self.known.get(), cursor, "the cursor is at a cell");
    }

    /// Makes a run of free cells the current one. False if there is none.
    fn next_run(&self) -> bool {
        self.note();
        let allocated = self.allocated.borrow();
        let is_free = |cell: &u64| !allocated.contains(cell);
        let all = || (0..self.cells).map(|index| self.first() + index * CELL);
        let Some(start) = all().find(is_free) else { return false };
        let count = all().skip_while(|&cell| cell < start).take(RUN as usize).take_while(is_free).count();
        self.write(self.context() + u64::from(CURSOR), start);
        self.write(self.context() + u64::from(CURSOR) + 8, start + count as u64 * CELL);
        self.known.set(start);
        true
    }

    /// The slow path: an object from another run, without collecting.
    pub fn allocate(&self, layout: &Layout) -> Option<u64> {
        assert_eq!(u64::from(layout.bytes()), CELL);
        let at = self.context() + u64::from(CURSOR);
        if self.read(at) == self.read(at + 8) && !self.next_run() {
            return None;
        }
        let object = self.read(at);
        self.write(at, object + CELL);
        self.write(object, layout.header);
        (1..CELL / 8).for_each(|field| self.write(object + 8 * field, 0));
        self.note();
        Some(object)
    }

    /// Marks what the roots lead to, each of which has to be an object; what is not marked is poisoned, and free, if `sweeps`.
    pub fn collect(&self, module: &Module, roots: &[u64], sweeps: bool) {
        self.note();
        let globals = (0..GLOBAL_COUNT).map(|index| self.read(self.context() + GLOBALS + 8 * index));
        let mut work: Vec<u64> = roots.iter().copied().chain(globals).collect();
        let mut marked = BTreeSet::new();
        while let Some(object) = work.pop() {
            if object == 0 || !marked.insert(object) {
                continue;
            }
            assert!(self.allocated.borrow().contains(&object), "{object:#x} is no object");
            let header = self.read(object);
            let layout = module.layouts.iter().skip(1).find(|layout| layout.header == header);
            let layout = layout.unwrap_or_else(|| panic!("{object:#x} has no header"));
            work.extend((0..u64::from(layout.references)).map(|field| self.read(object + 8 + 8 * field)));
        }
        if sweeps {
            self.allocated.borrow_mut().retain(|object| {
                if !marked.contains(object) {
                    (0..CELL / 8).for_each(|word| self.write(object + 8 * word, POISON));
                    self.freed.set(self.freed.get() + 1);
                }
                marked.contains(object)
            });
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: from the `Box` that `new` made.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(self.words, BYTES / 8)) });
    }
}
