//! x
#[derive(Debug)]
pub struct Disassembler;
