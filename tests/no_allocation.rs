//! Nothing is allocated while code is emitted into reserved space: every instruction of the encoders' stream, labels, fixups,
//! `finish`. A binary of its own, since it counts what the whole process allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use encoders::{encoder, functions, registers, stream};

/// The system's allocator, counted.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator, which keeps the trait's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the trait's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// One test, so that no other thread allocates meanwhile.
#[test]
fn reserved_space_is_enough() {
    for isa in ["x64", "a64", "rv64", "rv64-compressed"] {
        let records = stream::generate(&registers(isa).expect("an instruction set"));
        let functions = functions(&records);
        for reserved in [true, false] {
            let mut encoder = encoder(isa).expect("an instruction set");
            if reserved {
                encoder.reserve();
            }
            let (before, mut bytes) = (ALLOCATIONS.load(Ordering::Relaxed), 0);
            for function in &functions {
                bytes += encoder.emit(function).len();
            }
            let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
            assert!(bytes > 100_000, "{isa}: {bytes} bytes are not the stream");
            // Without, it shows that the count counts.
            assert_eq!(allocations == 0, reserved, "{isa}, reserved: {reserved}: {allocations} allocations");
        }
    }
}
