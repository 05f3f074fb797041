//! The virtual machine: values, heap and collector, builtins, and what runs a program.
//!
//! Runs verified programs of [`bytecode`](crate::bytecode); knows nothing of the language, of native code or of its users.
//!
//! From below: [`layout`] (how objects lie in memory), [`heap`] (allocation, collection, typed access: the only place where objects are
//! touched), [`fault`] (why something did not complete), [`context`] (all that belongs to an instance), then by subject
//! [`string`], [`array`], [`map`], [`equal`], [`render`], [`number`], [`error_value`], [`host`], and [`builtins`], the table of
//! builtin functions.

mod address;
pub mod array;
pub mod builtins;
pub mod context;
pub mod equal;
pub mod error_value;
pub mod fault;
#[allow(unsafe_code, reason = "the heap is where objects are memory; see its invariants")]
pub mod heap;
pub mod host;
pub mod layout;
pub mod map;
pub mod number;
pub mod render;
#[cfg(test)]
mod retry_tests;
pub mod string;
#[cfg(test)]
mod testing;
