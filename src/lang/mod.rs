//! The language: from source text to bytecode.
//!
//! `source` → `lexer` → `parser` (gives `ast`) → `modules` (finds and orders files) → `check` (names, types, instances;
//! gives `hir`) → `lower` (gives bytecode). Knows nothing of the VM.

pub mod ast;
pub mod builtins;
pub mod check;
pub mod diag;
pub mod format;
pub mod hash;
pub mod hir;
pub mod intern;
pub mod lexer;
pub mod lower;
pub mod modules;
pub mod parser;
pub mod render;
pub mod source;
pub mod stack;
pub mod types;
