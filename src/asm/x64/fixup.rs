//! Displacement kinds of x86_64: 8 and 32 bits, counted from the end of the instruction.

use crate::asm::buffer::Shorter;
use crate::asm::fixup::{FixupKind, Misfit, Veneer};

/// How an instruction refers to a place in code. The fixup is at the displacement's own bytes.
///
/// No kind is watched: 32 bits reach all of a buffer, and 8 bits are chosen only for a place that is known to be near, or
/// that the user promises is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 8 bits, at the end of the instruction.
    Rel8,
    /// 32 bits, at the end of the instruction.
    Rel32,
    /// 32 bits, followed by an immediate of 8 bits.
    Rel32Then8,
    /// 32 bits, followed by an immediate of 16 bits.
    Rel32Then16,
    /// 32 bits, followed by an immediate of 32 bits.
    Rel32Then32,
}

impl Kind {
    /// A 32-bit displacement followed by an immediate of this many bytes.
    pub(super) const fn before_immediate(bytes: u32) -> Kind {
        match bytes {
            0 => Kind::Rel32,
            1 => Kind::Rel32Then8,
            2 => Kind::Rel32Then16,
            _ => Kind::Rel32Then32,
        }
    }

    /// Bytes from the fixup to the end of the instruction.
    #[inline(always)]
    pub(super) const fn to_end(self) -> i64 {
        match self {
            Kind::Rel8 => 1,
            Kind::Rel32 => 4,
            Kind::Rel32Then8 => 5,
            Kind::Rel32Then16 => 6,
            Kind::Rel32Then32 => 8,
        }
    }
}

impl FixupKind for Kind {
    const REACHES: &'static [u32] = &[];
    const VENEER_MAX: u32 = 0;
    const JUMP_SIZE: u32 = 0;
    const POOL_IN_ISLANDS: bool = false;

    fn class(self) -> Option<usize> {
        None
    }

    #[inline(always)]
    fn patch(self, bytes: &mut [u8], displacement: i64) -> Result<(), Misfit> {
        let field = displacement - self.to_end();
        if self == Kind::Rel8 {
            let (Ok(field), Some(byte)) = (i8::try_from(field), bytes.first_mut()) else {
                return Err(Misfit::OutOfReach);
            };
            *byte = field as u8;
        } else {
            let (Ok(field), Some(bytes)) = (i32::try_from(field), bytes.first_chunk_mut()) else {
                return Err(Misfit::OutOfReach);
            };
            *bytes = field.to_le_bytes();
        }
        Ok(())
    }

    fn veneer(self, _: &mut [u8]) -> Option<Veneer<Kind>> {
        None
    }

    fn jump(_: &mut [u8], _: u32) {}

    fn shorter(self, code: &[u8], at: u32) -> Option<Shorter<Kind>> {
        if self != Kind::Rel32 {
            return None;
        }
        // What comes before the displacement is an opcode, or a ModRM byte (0x05 to 0x3d): they cannot be mistaken.
        let (before, opcode) = match *code.get(..at as usize)? {
            [.., 0xe9] => (1, 0xeb),
            [.., 0x0f, opcode @ 0x80..=0x8f] => (2, opcode - 0x10),
            _ => return None,
        };
        Some(Shorter {
            before,
            size: before + 4,
            bytes: u64::from(opcode),
            short_size: 2,
            at: 1,
            kind: Kind::Rel8,
        })
    }

    fn fill(bytes: &mut [u8]) {
        for gap in bytes.chunks_mut(NOP_MAX) {
            // In range: a chunk has 1 to NOP_MAX bytes.
            if let Some(nop) = NOPS.get(gap.len() - 1) {
                gap.copy_from_slice(&nop[..gap.len()]);
            }
        }
    }
}

/// The longest instruction that does nothing and that every processor decodes at full speed.
pub const NOP_MAX: usize = 9;

/// Multi-byte no-operations of 1 to 9 bytes (Optimization Reference Manual, "Using NOPs").
pub(super) const NOPS: [[u8; NOP_MAX]; NOP_MAX] = [
    [0x90, 0, 0, 0, 0, 0, 0, 0, 0],
    [0x66, 0x90, 0, 0, 0, 0, 0, 0, 0],
    [0x0f, 0x1f, 0x00, 0, 0, 0, 0, 0, 0],
    [0x0f, 0x1f, 0x40, 0x00, 0, 0, 0, 0, 0],
    [0x0f, 0x1f, 0x44, 0x00, 0x00, 0, 0, 0, 0],
    [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0, 0, 0],
    [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00, 0, 0],
    [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00, 0],
    [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];
