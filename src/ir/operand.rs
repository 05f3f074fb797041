//! What kind an operand must have where it stands: what the printer leaves out, the parser fills in and the verifier demands.

use super::function::InstData;
use super::opcode::Op;
use super::types::Kind;

impl InstData {
    /// The kind that the value in a word (0 to 3) must have. None for the base and the index of an address, which may have several, and
    /// for words that are no values.
    pub const fn operand_kind(&self, word: u8) -> Option<Kind> {
        if self.op.row().values >> word & 1 == 0 {
            return None;
        }
        Some(match self.op {
            Op::Convert | Op::ConvertChecked | Op::Bitcast => self.source(),
            Op::Select if word == 0 => Kind::Bool,
            Op::Guard | Op::Br => Kind::Bool,
            Op::Load => return None,
            Op::Store if word < 3 => return None,
            Op::Store => self.mem().kind(),
            Op::CallIndirect | Op::InvokeIndirect => Kind::I64,
            Op::VSplat => self.lane().scalar(),
            Op::Return if matches!(self.kind, Kind::None) => return None,
            _ => self.kind,
        })
    }
}
