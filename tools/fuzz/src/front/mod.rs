//! Input that nobody wrote: source files and bytecode text, made up or changed at random.
//!
//! A case is known by its seed and number, so that it can be made again. What may happen to it is a diagnostic or a run;
//! [`run::run`] says which, and what else is a failure.

pub mod bytecode;
pub mod cases;
pub mod corpus;
pub mod mutate;
pub mod nesting;
pub mod run;
pub mod soup;
