//! Which operation is translated by what.

use super::Translator;
use crate::bytecode::{Inst, Op};
use crate::ir::{self, Cond, Reason};

impl Translator<'_> {
    /// Translates the instruction at hand.
    pub(super) fn inst(&mut self, inst: &Inst<'_>) {
        use Op::*;
        match inst.op {
            Mov | MovRef | Wrap => self.copy(inst),
            Null => self.null(inst),
            Unwrap => self.unwrap(inst),
            CheckFlag => self.check_flag(inst),
            Const => self.constant(inst, i64::from(inst.imm()) as u64),
            ConstWide => self.constant(inst, inst.extra[0]),
            Literal => self.literal(inst),

            AddI32 | AddI64 => self.checked(inst, ir::Op::AddChecked, false),
            SubI32 | SubI64 => self.checked(inst, ir::Op::SubChecked, false),
            MulI32 | MulI64 => self.checked(inst, ir::Op::MulChecked, false),
            AddI32Imm | AddI64Imm => self.checked(inst, ir::Op::AddChecked, true),
            MulI32Imm | MulI64Imm => self.checked(inst, ir::Op::MulChecked, true),
            DivI32 | DivI64 | DivU => self.divide(inst, false, false),
            RemI32 | RemI64 | RemU => self.divide(inst, true, false),
            DivI32Imm | DivI64Imm | DivUImm => self.divide(inst, false, true),
            RemI32Imm | RemI64Imm | RemUImm => self.divide(inst, true, true),
            NegI32 | NegI64 => self.neg_checked(inst),
            AbsI32 | AbsI64 => self.abs_checked(inst),
            AddU32 | AddU64 | AddF64 => self.binary(inst, ir::Op::Add),
            SubU32 | SubU64 | SubF64 => self.binary(inst, ir::Op::Sub),
            MulU32 | MulU64 | MulF64 => self.binary(inst, ir::Op::Mul),
            DivF64 => self.binary(inst, ir::Op::Div),
            NegF64 => self.unary(inst, ir::Op::Neg),
            AbsF64 => self.unary(inst, ir::Op::Abs),
            Sqrt => self.unary(inst, ir::Op::Sqrt),
            Floor => self.unary(inst, ir::Op::Floor),
            // Of f64: a number if one of them is one, and -0.0 is less than 0.0, as the interpreter has it.
            MinS | MinU | MinF64 => self.binary(inst, ir::Op::Min),
            MaxS | MaxU | MaxF64 => self.binary(inst, ir::Op::Max),

            And => self.binary(inst, ir::Op::And),
            Or => self.binary(inst, ir::Op::Or),
            Xor => self.binary(inst, ir::Op::Xor),
            Not | NotS | NotU32 | NotU64 => self.unary(inst, ir::Op::Not),
            ShlI32 | ShlI64 | ShlU32 | ShlU64 => self.shift(inst, ir::Op::Shl),
            ShrI32 | ShrI64 | ShrU32 | ShrU64 => self.shift(inst, ir::Op::Shr),

            Eq | EqF64 => self.compare(inst, Cond::Eq),
            Ne | NeF64 => self.compare(inst, Cond::Ne),
            LtS | LtU | LtF64 => self.compare(inst, Cond::Lt),
            LeS | LeU | LeF64 => self.compare(inst, Cond::Le),
            EqStr => self.equal_strings(inst),
            LtStr | LeStr => self.order_strings(inst),

            Sext32 | Zext32 => self.cut(inst),
            Bits => self.bits(inst),
            F64FromS | F64FromU => self.int_as_f64(inst),
            I32FromF64 | I64FromF64 | U32FromF64 | U64FromF64 => self.f64_as_int(inst),
            BoolFromInt | BoolFromF64 => self.is_not_zero(inst),

            // Polls are where control goes back.
            Loop => {}
            Jump => self.jump(),
            BrTrue => self.branch_bool(inst, true),
            BrFalse => self.branch_bool(inst, false),
            BrEq | BrEqF64 => self.branch(inst, Cond::Eq, true),
            BrNe | BrNeF64 => self.branch(inst, Cond::Ne, true),
            BrLtS | BrLtU | BrLtF64 => self.branch(inst, Cond::Lt, true),
            BrLeS | BrLeU | BrLeF64 => self.branch(inst, Cond::Le, true),
            BrNltF64 => self.branch(inst, Cond::Lt, false),
            BrNleF64 => self.branch(inst, Cond::Le, false),
            BrEqStr => self.branch_equal_strings(inst, true),
            BrNeStr => self.branch_equal_strings(inst, false),
            BrEqImm => self.branch_imm(inst, Cond::Eq),
            BrNeImm => self.branch_imm(inst, Cond::Ne),
            BrLtSImm => self.branch_imm(inst, Cond::Lt),
            BrLeSImm => self.branch_imm(inst, Cond::Le),
            BrGtSImm => self.branch_imm(inst, Cond::Gt),
            BrGeSImm => self.branch_imm(inst, Cond::Ge),
            Switch => self.switch(inst),

            ForS | ForU => self.close_loop(inst, false),
            ForInclS | ForInclU => self.close_loop(inst, true),
            ForEnterS | ForEnterU => self.enter_range(inst),
            ForStepS | ForStepU => self.close_range(inst),
            NextI32 | NextU32 | Next64 | NextBool | NextRef => self.next_element(inst),
            NextStr => self.next_scalar(inst),
            NextRange => self.next_range(inst),

            Call => self.call(inst),
            CallValue => self.call_value(inst),
            Ret => {
                let value = self.operand(inst, 0);
                self.ret(Some(value));
            }
            RetVoid => self.ret(None),
            Raise | RaiseError => self.leave(Reason::Other),
            Builtin => self.builtin(inst),

            New => self.new_object(inst),
            Closure => self.closure(inst),
            GetField | GetFieldRef => self.get_field(inst),
            SetField | SetFieldRef => self.set_field(inst),
            Tag => self.tag(inst),
            GetPayload | GetPayloadRef => self.get_payload(inst),
            ErrorMessage => self.error_message(inst),

            GlobalGet | GlobalGetRef => self.global_get(inst, false),
            GlobalGetChecked => self.global_get(inst, true),
            GlobalSet | GlobalSetRef => self.global_set(inst),

            ArrayNew => self.array_new(inst),
            ArrayLen => self.array_len(inst),
            ArrayCheckLen => self.array_check_len(inst),
            GetI32 | GetU32 | Get64 | GetBool | GetRef => self.get_element(inst),
            Set32 | Set64 | SetBool | SetRef => self.put_element(inst),
            Push32 | Push64 | PushBool | PushRef => self.push(inst),
            PopI32 | PopU32 | Pop64 | PopBool | PopRef => self.pop(inst),
            ArraySlice | StrSlice => self.slice(inst),

            StrLen => self.str_len(inst),
            StrIndex => self.str_index(inst),
            MapLen => self.map_len(inst),
            MapIter => self.map_iter(inst),
            MapNext => self.step_and_branch(inst),

            // The interpreter's, whatever they do.
            RemF64 | EqDeep | ToStr | Print | FormatStr | ErrorKind | ArrayFill | ArrayRepeat | Concat
            | MapNew | MapGet | MapSet | MapGetOr | MapHas | MapRemove | MapEntry | MinStr | MaxStr => {
                self.step_and_set(inst)
            }
        }
    }
}
