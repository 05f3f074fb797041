//! The command `orus`.
fn main() {}
