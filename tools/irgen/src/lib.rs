//! Random programs of the IR for differential tests.
//!
//! [`mod@generate`] makes a [`Program`] of a seed: functions, memory, and what is outside of them. It is well-formed, ends soon, and does the
//! same in every run. A [`Backend`] runs it in a way of its own (optimised, compiled); [`mod@compare`] says whether that is what the
//! evaluator says, where references may have other addresses as long as what they lead to is alike. [`minimise`] looks for a smaller
//! program that still shows a difference.
//!
//! Invariants
//! - IG1 The bits of a NaN influence nothing but floats: any NaN is as good as another.
//! - IG2 Addresses of objects influence nothing: references are followed, stored, and compared for being equal.
//! - IG3 Memory of each alias class is apart from that of others, and each slot is accessed as one kind.
#![deny(unsafe_code)]

pub mod backend;
#[cfg(test)]
mod code_tests;
pub mod compare;
pub mod config;
pub mod fault;
pub mod generate;
pub mod host;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub mod native;
pub mod plan;
pub mod program;
pub mod shrink;
pub mod statistics;
#[cfg(test)]
mod tests;

pub use backend::{Backend, Evaluated, Observed};
pub use compare::compare;
pub use config::Config;
pub use generate::generate;
pub use program::Program;
pub use shrink::minimise;
