//! Native code for bytecode: the one place where the VM and the code generator meet.
//!
//! How it works. A [`Lazy`] is the [`Tier`](crate::vm::native::Tier) of one machine, and has a [`Runtime`] as soon as one is needed. When a counter of the interpreter comes to its end,
//! [`tier`] translates the function, or the loop nest, to IR ([`translate`]), has it optimised and compiled, and links it into
//! the code cache ([`runtime`]). From then on the counter is set to 1 whenever it is passed, so that the interpreter comes back at once and is
//! sent into native code; native code itself calls through tables of addresses, in which a function that is not compiled has a stub to the
//! interpreter. What native code cannot do, it leaves to the [`handlers`].
//!
//! | way out of native code | handler | what happens |
//! | --- | --- | --- |
//! | a guard fails | `on_exit` | of a function: its frame is made for the interpreter, which runs it to its end; the native frame stays as a shell that returns the result. Of a loop: the frame from which it was entered is written back, and the interpreter goes on in it |
//! | a poll | `on_poll` | collects, or leaves by the poll's guard if the script is to stop |
//! | no free cell | `on_allocate` | allocates; if a collection is needed, the unit is left |
//! | a call of what is not compiled | `on_outcall` | the interpreter runs it, nested |
//! | an instruction without native code | `on_outcall` | the interpreter executes it on a window of registers |
//! | the callee raised | `on_raise` | the frames above are searched for a handler; else the entry is left |
//! | no depth is left | `on_deep` | `Stack overflow` is raised at the call |
//!
//! Invariants
//! - JT1 Native code of the runtime runs for its machine only, whose address is in the context register.
//! - JT2 From a frame of native code, frame pointers lead through frames of functions in the code map to a thunk.
//! - JT3 What is compiled stays in the cache until the runtime is dropped, or the program changes between runs: so no frame ever returns into freed
//!   code.
//! - JT4 The handlers hold no borrow of the runtime's state while they let the machine run.

pub mod dump;
mod handlers;
mod runtime;
mod stats;
mod tier;
pub mod translate;
pub mod unit;

pub use runtime::{Options, Runtime};
pub use stats::{Failed, Failure, Stats};
pub use tier::Lazy;
