//! Text for people: what stands beside the code in a listing.

use super::minst::Remat;
use crate::asm::Code;
use crate::asm::fixup::FixupKind;
use crate::asm::listing::{self, Disassemble};
use crate::regalloc::Alloc;

/// What a constant is.
pub(super) fn constant(remat: Remat) -> String {
    match remat {
        Remat::No => String::new(),
        Remat::Bits(bits) if i32::try_from(bits as i64).is_ok() || u32::try_from(bits).is_ok() => {
            format!("constant {}", bits as i64)
        }
        Remat::Bits(bits) => format!("constant {bits:#x}"),
        Remat::Address(symbol) => format!("address of {symbol}"),
    }
}

/// What a move does.
pub(super) fn edit(from: Alloc, to: Alloc) -> String {
    match (from, to) {
        (Alloc::None, _) => "constant".to_owned(),
        (Alloc::Slot(slot), Alloc::Reg(_)) => format!("reload slot {}", slot.0),
        (_, Alloc::Slot(slot)) => format!("spill to slot {}", slot.0),
        _ => "move".to_owned(),
    }
}

/// The listing of finished code.
pub(super) fn listing<K: FixupKind>(code: &Code<'_, K>, isa: &dyn Disassemble) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = listing::write(&mut text, code, isa);
    text
}
