//! Native stacks: address space that costs nothing until it is touched, with a guard below.
//!
//! How it works. A stack is one mapping: the guard, which always faults, then as many bytes as the pool's maker asked for. The
//! system gives memory to a page when it is touched first. A stack that is given back keeps what is at its top, where
//! every run begins, and returns what a deep run has touched below that. The pool keeps a few stacks for those who come next.
//!
//! The guard is larger than a frame may be that is entered without touching each of its pages: 64 KiB. It is the last
//! resort: depth is bounded elsewhere, so that no program gets there.
//!
//! Cost. Taking one from the pool and giving it back: a lock each, and `madvise` over what is below the kept part; on memory that was never
//! touched, that is looking at a few entries of page tables. Making one: two system calls.
#![allow(unsafe_code, reason = "stacks are memory that machine code uses")]

use std::fmt::{self, Display};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::map::{Reserved, page_size};

/// The least that faults below a stack, in bytes. (There is as much above it: stacks do not touch.)
const GUARD: usize = 64 << 10;

/// How much at the top of a stack keeps its memory when the stack is given back, in bytes.
const KEPT: usize = 64 << 10;

/// How many stacks a pool keeps.
const IDLE: usize = 8;

/// Why there is no stack.
#[derive(Debug)]
#[non_exhaustive]
pub enum StackError {
    /// There is no address space of this size, in bytes.
    NoSpace {
        /// The size of a stack.
        bytes: usize,
    },
    /// Something else that the system refused.
    System(io::Error),
}

impl StackError {
    fn new(error: io::Error, bytes: usize) -> StackError {
        match error.kind() {
            io::ErrorKind::OutOfMemory => StackError::NoSpace { bytes },
            _ => StackError::System(error),
        }
    }
}

impl Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StackError::NoSpace { bytes } => {
                write!(f, "there are no addresses left for a stack of {bytes} bytes")
            }
            StackError::System(error) => write!(f, "no memory for a stack: {error}"),
        }
    }
}

impl std::error::Error for StackError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StackError::NoSpace { .. } => None,
            StackError::System(error) => Some(error),
        }
    }
}

/// Stacks of one size. Clones are the same pool; all threads may use it.
///
/// ```
/// let pool = orus::code::StackPool::new(1 << 30);
/// let stack = pool.take()?;
/// assert_eq!(stack.range().end - stack.range().start, 1 << 30);
/// # Ok::<(), orus::code::StackError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StackPool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    bytes: usize,
    idle: Mutex<Vec<Reserved>>,
}

impl StackPool {
    /// A pool of stacks with this many usable bytes, rounded up to pages. None is made yet.
    pub fn new(bytes: usize) -> StackPool {
        StackPool { shared: Arc::new(Shared { bytes, idle: Mutex::new(Vec::new()) }) }
    }

    /// One that nobody else uses, until it is dropped.
    ///
    /// # Errors
    /// If there is no address space left.
    pub fn take(&self) -> Result<NativeStack, StackError> {
        let idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = match idle {
            Some(memory) => memory,
            None => self.make().map_err(|error| StackError::new(error, self.shared.bytes))?,
        };
        Ok(NativeStack { memory: Some(memory), shared: Arc::clone(&self.shared) })
    }

    /// How many stacks wait to be taken.
    pub fn idle(&self) -> usize {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn make(&self) -> io::Result<Reserved> {
        let memory = Reserved::new(self.shared.bytes, GUARD)?;
        // SAFETY: nobody uses the memory yet.
        unsafe { memory.protect(0..memory.len(), libc::PROT_READ | libc::PROT_WRITE) }?;
        Ok(memory)
    }
}

/// A stack, which goes back to its pool when it is dropped: nobody may be on it then, as nobody may be without it.
#[derive(Debug)]
pub struct NativeStack {
    /// None once it was given back.
    memory: Option<Reserved>,
    shared: Arc<Shared>,
}

impl NativeStack {
    /// The addresses of its bytes. A stack pointer begins at the end, which is a multiple of the page size.
    pub fn range(&self) -> Range<u64> {
        let memory = self.memory.as_ref().expect("a stack has memory until it is dropped");
        let start = memory.base().expose_provenance() as u64;
        start..start + memory.len() as u64
    }
}

impl Drop for NativeStack {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take() else { return };
        let below = memory.len().saturating_sub(KEPT.next_multiple_of(page_size()));
        // SAFETY: nobody is on this stack any more, so nobody needs what is on it.
        let given_back = unsafe { memory.give_back(0..below) };
        let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // Memory that could not be given back goes with its mapping.
        if given_back.is_ok() && idle.len() < IDLE {
            idle.push(memory);
        } else {
            drop(idle);
            drop(memory);
        }
    }
}
