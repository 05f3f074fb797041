//! The virtual machine: values, heap and collector, builtins, and what runs a program.
//!
//! Runs verified programs of [`bytecode`](crate::bytecode); knows nothing of the language, of native code or of its users.
//!
//! From below: [`layout`] (how objects lie in memory), [`heap`] (allocation, collection, typed access: the only place where objects are
//! touched), [`fault`] (why something did not complete), [`context`] (all that belongs to an instance), then by subject
//! [`string`], [`mod@array`], [`map`], [`equal`], [`render`], [`number`], [`error_value`], [`host`], and [`builtins`], the table of
//! builtin functions. Upon those: [`stack`] and [`frame`], the [`machine`], the interpreter in [`interp`] with [`raise`] and
//! [`profile`], and [`instance`], which is what users of the machine begin with.

mod address;
pub mod array;
pub mod builtins;
mod case;
pub mod context;
pub mod equal;
pub mod error_value;
pub mod fault;
mod frame;
#[allow(unsafe_code, reason = "the heap is where objects are memory; see its invariants")]
pub mod heap;
pub mod host;
pub mod instance;
mod interp;
pub mod layout;
mod machine;
pub mod map;
pub mod native;
pub mod number;
pub mod profile;
pub mod raise;
pub mod render;
#[cfg(test)]
mod retry_tests;
mod stack;
pub mod string;
#[cfg(test)]
mod testing;

pub use context::{ContextOptions, DEFAULT_MAX_RECURSION};
pub use heap::HeapStats;
pub use heap::poll::Interrupter;
pub use host::{Host, NoFiles};
pub use instance::{CallError, Driver, Instance, Object, Options, SetupError, Stop, Value};
pub use profile::Profile;
pub use raise::{TraceEntry, Uncaught};
