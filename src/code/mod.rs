//! What running machine code needs of the system: memory that is executable and never writable at the same time, coherence
//! of the instruction cache, and what the processor can do.
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

pub mod coherence;
pub mod features;
mod memory;

pub use memory::{Executable, Writable};
