//! The public face: compile, run, call.
//!
//! [`Program`] compiles, [`Engine`] runs, [`Session`] takes one input after another as the REPL does. Everything that goes wrong is data:
//! [`Reports`] for compile-time errors, [`RunError`] for what ends a run.

mod engine;
mod jit;
mod program;
mod report;
mod session;
mod value;

pub use engine::{Engine, EngineBuilder, Interrupter, RunError};
pub use jit::{CodeWay, Jit, JitStress};
pub use program::{Listing, LoadError, Program, format_source};
pub use report::{Report, ReportFormat, Reports, TraceEntry};
pub use session::{Completeness, EvalError, Session};
pub use value::{Args, FromValue, Object, Value};
