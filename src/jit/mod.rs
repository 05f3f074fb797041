//! Native code for bytecode: the one place where the VM and the code generator meet.

pub mod translate;
pub mod unit;
