//! The command `orus` as its users meet it: a process that gets words, files and signals, and gives text and a status.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod commands;
mod running;
mod signals;
mod testing;
