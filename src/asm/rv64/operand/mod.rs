//! Operands that are not registers: a type for each class, whose values are just those that its field can hold.
//!
//! A value is made by `new`, which fails with [`Unencodable`] if the field cannot hold it, or, for a constant, by `of`,
//! which then does not compile:
//!
//! ```
//! use orus::asm::rv64::operand::{I12, Unencodable};
//! assert_eq!(I12::new(2048), Err(Unencodable));
//! const FOUR: I12 = I12::of::<4>();
//! ```

mod imm;
mod named;
mod vtype;

use std::fmt::{self, Display};

use crate::asm::form::Operand;

pub use imm::*;
pub use named::*;
pub use vtype::*;

/// The value is none that the operand can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unencodable;

impl Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the instruction cannot express this operand")
    }
}

impl std::error::Error for Unencodable {}

/// A class of operands, as bits; the [place](super::layout) that a row names says where they go in the word, and takes
/// those that it has room for.
pub trait Field: Operand {
    /// The operand as bits.
    fn bits(self) -> u32;

    /// The operand with these bits, if there is one.
    fn from_bits(bits: u32) -> Option<Self>;

    /// As a listing shows it; `at` is the instruction's offset.
    fn show(self, _at: u32) -> String {
        self.to_string()
    }
}
