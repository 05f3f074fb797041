//! What running machine code needs of the system: memory that is executable and never writable at the same time, coherence
//! of the instruction cache, and what the processor can do.
//!
//! [`CodeCache`] holds the code of a program that compiles as it runs: regions come and go, in one range. [`Writable`] and
//! [`Executable`] are one piece of code, for whoever wants only that. [`StackPool`] has stacks for compiled code;
//! [`perf_map`] and [`gdb`] tell tools the names of it. The cache and the stacks are there on Unix.
//!
//! This sees bytes only, and knows nothing of assemblers.
//!
//! ```
//! use orus::code::Writable;
//! let code = [0x90, 0xc3]; // x86_64: nop, ret
//! let mut memory = Writable::new(code.len())?;
//! memory.bytes_mut().copy_from_slice(&code);
//! let memory = memory.publish()?;
//! assert_eq!(memory.bytes(), code);
//! # #[cfg(target_arch = "x86_64")]
//! # {
//! // SAFETY: the code follows the convention of the type, and is there as long as `memory`.
//! let function: extern "C" fn() = unsafe { std::mem::transmute(memory.address() as *const ()) };
//! function();
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(unix)]
mod cache;
pub mod coherence;
mod error;
pub mod features;
#[cfg(unix)]
mod free_list;
#[cfg(unix)]
pub mod gdb;
#[cfg(unix)]
mod map;
mod memory;
pub mod perf_map;
#[cfg(unix)]
mod stack;

#[cfg(unix)]
pub use cache::{CacheOptions, CodeCache, CodeRegion, MAX_ALIGN, MAX_CACHE_BYTES, Reservation, Statistics};
pub use error::CacheError;
#[cfg(unix)]
pub use map::Way;
pub use memory::{Executable, Writable};
#[cfg(unix)]
pub use stack::{NativeStack, StackError, StackPool};
