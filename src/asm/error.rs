//! What can go wrong while code is assembled.

use super::label::Label;

/// The first thing that went wrong; the buffer keeps it, `finish` returns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AsmError {
    /// The code would be longer than the buffer's limit, in bytes.
    TooLarge { limit: usize },
    /// The system gave no memory for the code.
    OutOfMemory,
    /// The label was bound a second time.
    BoundTwice(Label),
    /// The label is used by the code at this offset and was never bound.
    NeverBound { label: Label, offset: u32 },
    /// The label belongs to another buffer, or to this one before it was cleared.
    UnknownLabel(Label),
    /// The code at this offset cannot reach its target, which is `displacement` bytes away.
    OutOfReach { offset: u32, displacement: i64 },
    /// The displacement of the code at this offset is not a multiple of what the form can express.
    Misaligned { offset: u32, displacement: i64 },
    /// An operand does not fit the form at this offset.
    Operand { offset: u32, what: &'static str },
    /// An alignment is not a power of two, or larger than the buffer supports.
    Alignment(u32),
    /// A relocation names this external symbol, which has no address.
    NoSymbol(u32),
}

impl std::fmt::Display for AsmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            AsmError::TooLarge { limit } => write!(f, "the code is longer than the limit of {limit} bytes"),
            AsmError::OutOfMemory => write!(f, "there is no memory for the code"),
            AsmError::BoundTwice(label) => write!(f, "label {label} is bound twice"),
            AsmError::NeverBound { label, offset } => {
                write!(f, "label {label}, used at offset {offset:#x}, is never bound")
            }
            AsmError::UnknownLabel(label) => write!(f, "label {label} is not of this buffer"),
            AsmError::OutOfReach { offset, displacement } => {
                write!(
                    f,
                    "the target of the code at offset {offset:#x} is out of reach: {displacement} bytes away"
                )
            }
            AsmError::Misaligned { offset, displacement } => {
                write!(
                    f,
                    "the code at offset {offset:#x} cannot express a displacement of {displacement} bytes"
                )
            }
            AsmError::Operand { offset, what } => write!(f, "at offset {offset:#x}: {what}"),
            AsmError::Alignment(bytes) => write!(f, "cannot align to {bytes} bytes"),
            AsmError::NoSymbol(symbol) => write!(f, "external symbol {symbol} has no address"),
        }
    }
}

impl std::error::Error for AsmError {}
