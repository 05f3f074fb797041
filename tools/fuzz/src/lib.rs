//! What the fuzzers share: running a program in a mode, and worker processes that survive a crash.
#![deny(unsafe_code)]

pub mod errors;
pub mod execute;
pub mod front;
pub mod tally;
pub mod workers;
