//! Operands that are not registers: a type for each class, whose values are just those that its field can hold.
//!
//! A value is made by `new`, which fails with [`Unencodable`] if the field cannot hold it, or, for a constant, by `of`,
//! which then does not compile:
//!
//! ```
//! use orus::asm::a64::operand::{LogicX, U12, Unencodable};
//! assert_eq!(U12::new(4096), Err(Unencodable));
//! assert!(LogicX::new(0x00ff_00ff_00ff_00ff).is_ok());
//! const FOUR: U12 = U12::of::<4>();
//! ```

mod imm;
mod logic;
mod relative;
mod shift;
mod simd;
mod system;

use std::fmt::{self, Display};

use crate::asm::form::Operand;

pub use imm::*;
pub use logic::{LogicW, LogicX};
pub use relative::{Lit19, Page21, Rel14, Rel19, Rel21, Rel26, Relative};
pub use shift::*;
pub use simd::*;
pub use system::*;

/// The value is none that the operand can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unencodable;

impl Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the instruction cannot express this operand")
    }
}

impl std::error::Error for Unencodable {}

/// How a class of operands stands in an instruction word.
///
/// The bits of an operand, moved to the place that the row says, are *exclusive-ored* into the word of the row. Mostly the
/// word has zeros there. Where the field holds the complement of what is meant (the inverted condition of `cset`,
/// 64 less a number of bits), the word has ones, and the operand needs no class of its own.
pub trait Field: Operand {
    /// The bits that the operand may set.
    const MASK: u32;

    /// The operand as bits of the word.
    fn bits(self) -> u32;

    /// The operand with these bits, which are within [`MASK`](Self::MASK), if there is one.
    fn from_bits(bits: u32) -> Option<Self>;

    /// As a listing shows it; `at` is the instruction's offset.
    fn show(self, _at: u32) -> String {
        self.to_string()
    }
}
