//! Text for people: what stands beside the code in a listing.

use crate::asm::Code;
use crate::asm::fixup::FixupKind;
use crate::asm::listing::{self, Disassemble};
use crate::ir::{Function, Inst, Module};
use crate::regalloc::Alloc;

/// What an IR instruction is.
pub(super) fn origin(function: &Function, _module: &Module, inst: Inst) -> String {
    let data = function.inst(inst);
    let result = function.result(inst).map_or_else(String::new, |value| format!("{value} = "));
    format!("{result}{}", data.op.row().name)
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
