//! Random Orus programs for differential tests.
//!
//! [`generate()`] makes a program of a seed. It is well-typed, ends soon, does the same in every run, and prints enough of what
//! it computed to reveal a difference. [`Program::source`] is its text. [`shrink()`] proposes smaller
//! programs, [`minimise`] looks for the smallest that still fails a test; what they give is as well-behaved as what
//! [`generate()`] gives, which [`check::check`] makes sure of.
//!
//! The crate knows the language and nothing of its implementation.
#![allow(
    clippy::explicit_auto_deref,
    clippy::nonminimal_bool,
    reason = "what is suggested does not compile or reads worse"
)]
#![allow(clippy::approx_constant, reason = "literals of random programs stand for nothing")]
#![allow(clippy::large_enum_variant, reason = "trees of a few hundred nodes are built once")]
#![allow(clippy::wrong_self_convention, reason = "conversions of trees take them over")]
#![deny(unsafe_code)]

pub mod ast;
pub mod bounds;
pub mod check;
mod generate;
pub mod print;
pub mod rng;
mod shrink;
#[cfg(test)]
mod tests;
pub mod types;

/// The greatest cost of a program, in units of about one bytecode instruction.
pub const MAX_COST: u64 = 2_000_000;

pub use ast::Program;
pub use generate::{Config, generate};
pub use shrink::{minimise, shrink};

impl Program {
    /// Its text; empty if the tree cannot be written, which [`check::check`] finds out.
    pub fn source(&self) -> String {
        print::source(self).unwrap_or_default()
    }
}
