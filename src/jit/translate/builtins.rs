//! Builtin functions: those that are a few instructions are made here, the others are steps.

use super::{Translator, offsets};
use crate::bytecode::builtin::Param;
use crate::bytecode::{Builtin, Effect, Inst};
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem, Reason, Value};

/// What a builtin may do besides giving its result: less than the row of the `builtin` operation says of all of them. "Raises" means that no object is made.
pub(super) fn effect(builtin: Builtin) -> Effect {
    use Builtin::*;
    match builtin {
        // They never fail.
        Sin | Cos | Tan | Atan | Exp | Log | Ceil | Atan2 | Pow => Effect::Pure,
        Find | Contains | StartsWith | EndsWith => Effect::Pure,
        // What they are asked of may not be what they take.
        Ord | ToI64 | ToU64 | IntFromI64 | IntFromU64 | IntFromF64 | IntFromStr | FloatFromStr | RangeArg => {
            Effect::Raises
        }
        _ => Effect::Allocates,
    }
}

impl Translator<'_> {
    pub(super) fn builtin(&mut self, inst: &Inst<'_>) {
        let Some(builtin) = Builtin::from_number(inst.index()) else { return self.leave(Reason::Other) };
        let first = inst.args().next();
        match builtin {
            _ if builtin.row().ret == Param::Never => self.leave(Reason::Other),
            Builtin::Ceil => self.with_argument(inst, first, |this, x| this.b.ceil(x)),
            Builtin::IntFromI64 | Builtin::IntFromU64 => self.with_argument(inst, first, |this, x| {
                let out = this.out(Reason::Conversion);
                this.b.convert_checked(x, Kind::I32, out)
            }),
            Builtin::RangeArg => self.with_argument(inst, first, |this, x| {
                let out = this.out(Reason::Conversion);
                this.b.convert_checked(x, Kind::I64, out)
            }),
            Builtin::IntFromF64 => self.with_argument(inst, first, |this, x| {
                // NaN is not even itself; infinities have no place.
                let (whole, out) = (this.b.trunc(x), this.out(Reason::Conversion));
                this.b.guard_cmp(Cond::Eq, whole, x, out);
                this.b.convert_checked(x, Kind::I32, out)
            }),
            Builtin::Ord => self.with_argument(inst, first, |this, string| this.ord(inst, string)),
            Builtin::Chr => self.with_argument(inst, first, |this, scalar| this.chr(inst, scalar)),
            _ => self.step_and_set(inst),
        }
    }

    /// Sets the result to what `give` makes of the only argument.
    fn with_argument(
        &mut self,
        inst: &Inst<'_>,
        register: Option<u16>,
        give: impl FnOnce(&mut Self, Value) -> Value,
    ) {
        let x = self.get(register.unwrap_or(0));
        let value = give(self, x);
        self.set(inst.lane(0), value);
    }

    /// The scalar of a string of one byte, which is ASCII; else the interpreter's answer.
    fn ord(&mut self, inst: &Inst<'_>, string: Value) -> Value {
        let bytes = self.b.load(Mem::I64, Address::at(string, offsets::STRING_BYTES), Alias::FIXED);
        let (zero, one) = (self.b.i64(0), self.b.i64(1));
        self.choose(inst, Kind::I32, Cond::Eq, bytes, one, |this| {
            let byte = this.byte(string, zero);
            this.int_to(byte, Kind::I32)
        })
    }

    /// The string of an ASCII scalar; else the interpreter's answer.
    fn chr(&mut self, inst: &Inst<'_>, scalar: Value) -> Value {
        let end = self.b.i32(128);
        self.choose(inst, Kind::Ref, Cond::Below, scalar, end, |this| {
            let table = this.table(offsets::ASCII);
            this.b.load(Mem::Ref, Address::indexed(table, scalar, 8, 0), Alias::FIXED)
        })
    }

    /// What `give` makes if the condition holds; else the result of a step.
    pub(super) fn choose(
        &mut self,
        inst: &Inst<'_>,
        kind: Kind,
        cond: Cond,
        x: Value,
        y: Value,
        give: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        // Both are made here, where the table is complete.
        let _ = self.context();
        let _ = self.out(Reason::Memory);
        let (plain, other, end) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        let result = self.b.add_param(end, kind);
        self.b.br_cmp(cond, x, y, (plain, &[]), (other, &[]));
        self.b.seal_block(plain);
        self.b.seal_block(other);
        self.b.switch_to(plain);
        let value = give(self);
        self.b.jump(end, &[value]);
        self.b.switch_to(other);
        let value = self.step_value(inst);
        self.b.jump(end, &[value]);
        self.b.seal_block(end);
        self.b.switch_to(end);
        result
    }
}
