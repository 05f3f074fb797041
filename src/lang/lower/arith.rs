//! Arithmetic, bits and conversions.
//!
//! Constants are folded where that raises nothing, and become immediates where an instruction has room for them; of
//! commutative operators on either side. Subtracting an immediate is adding its negative: both overflow alike.

use super::function::{Function, Value};
use crate::bytecode::{Arg, Kind, Op, Reg, Span, TypeId};
use crate::lang::hir::{BinaryOp, Chain, Expr};
use crate::lang::types::Ty;

impl<'a> Function<'_, 'a> {
    /// Operators of one level, left to right.
    pub fn chain(&mut self, expr: &Expr<'a>, chain: &'a Chain<'a>, dest: Option<Reg>) -> Value {
        let Chain { first, rest } = chain;
        let mut value = self.expr(first, None);
        for (index, step) in rest.iter().enumerate() {
            let ty = self.ty(step.ty);
            // Only the last operator writes the destination: those before it may read what it replaces.
            let dest = if index + 1 == rest.len() { dest } else { None };
            value = self.binary(step.op, step.op_span, value, &step.rhs, ty, dest);
        }
        debug_assert!(rest.last().is_none_or(|step| step.ty == expr.ty || self.open));
        value
    }

    /// `lhs op rhs`, where `ty` is the type of `lhs` and of the result.
    pub fn binary(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        lhs: Value,
        rhs: &'a Expr<'a>,
        ty: TypeId,
        dest: Option<Reg>,
    ) -> Value {
        let of_rhs = rhs.ty;
        let rhs = self.expr(rhs, None);
        let kind = self.s.types.kind(ty);
        if let (Value::Const(a, _), Value::Const(b, _)) = (lhs, rhs)
            && let Some(bits) = fold(op, kind, a, b)
        {
            return Value::Const(bits, ty);
        }
        if kind == Kind::Ref {
            return self.binary_on_refs(op, op_span, (lhs, ty), (rhs, of_rhs), dest);
        }
        if let Some((form, operand, imm)) = immediate_form(op, kind, lhs, rhs) {
            let a = self.operand(operand, ty);
            self.release(a);
            let (reg, value) = self.result(dest, ty);
            self.at(op_span).op(form, reg, a.reg, imm);
            return value;
        }
        let Some(form) = register_form(op, kind) else {
            return self.unknown("an operator");
        };
        let a = self.operand(lhs, ty);
        let rhs_ty = self.ty(of_rhs);
        let b = self.operand(rhs, rhs_ty);
        self.release(b);
        self.release(a);
        let (reg, value) = self.result(dest, ty);
        self.at(op_span).op(form, reg, a.reg, b.reg);
        value
    }

    fn binary_on_refs(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        (lhs, ty): (Value, TypeId),
        (rhs, of_rhs): (Value, Ty),
        dest: Option<Reg>,
    ) -> Value {
        let form = match op {
            BinaryOp::Add if ty == TypeId::STRING => Op::Concat,
            BinaryOp::Mul if self.s.types.element(ty).is_some() => Op::ArrayRepeat,
            _ => {
                self.drop_value(lhs);
                self.drop_value(rhs);
                return self.unknown("an operator");
            }
        };
        let a = self.operand(lhs, ty);
        let rhs_ty = self.ty(of_rhs);
        let b = self.operand(rhs, rhs_ty);
        self.release(b);
        self.release(a);
        let (reg, value) = self.result(dest, ty);
        self.at(op_span).op(form, reg, a.reg, b.reg);
        value
    }

    /// What needs a type that no input has determined is never reached: nothing makes a value of such a type.
    pub fn unknown(&mut self, what: &str) -> Value {
        self.open = true;
        self.trap(&format!("the type of {what} is not known"));
        Value::None
    }

    /// `-operand`
    pub fn negate(&mut self, operand: &'a Expr<'a>, span: Span, ty: Ty, dest: Option<Reg>) -> Value {
        let ty = self.ty(ty);
        let kind = self.s.types.kind(ty);
        let value = self.expr(operand, None);
        if let Value::Const(bits, _) = value
            && let Some(bits) = negated(kind, bits)
        {
            return Value::Const(bits, ty);
        }
        let form = match kind {
            Kind::I32 => Op::NegI32,
            Kind::I64 => Op::NegI64,
            Kind::F64 => Op::NegF64,
            _ => return self.unknown("an operator"),
        };
        self.unary(form, span, value, ty, ty, dest)
    }

    /// `~operand`
    pub fn complement(&mut self, operand: &'a Expr<'a>, span: Span, ty: Ty, dest: Option<Reg>) -> Value {
        let ty = self.ty(ty);
        let kind = self.s.types.kind(ty);
        let value = self.expr(operand, None);
        let form = match kind {
            Kind::I32 | Kind::I64 => Op::NotS,
            Kind::U32 => Op::NotU32,
            Kind::U64 => Op::NotU64,
            _ => return self.unknown("an operator"),
        };
        if let Value::Const(bits, _) = value {
            return Value::Const(canonical(kind, !bits), ty);
        }
        self.unary(form, span, value, ty, ty, dest)
    }

    /// An instruction of one operand.
    pub fn unary(
        &mut self,
        form: Op,
        span: Span,
        value: Value,
        from: TypeId,
        to: TypeId,
        dest: Option<Reg>,
    ) -> Value {
        let a = self.operand(value, from);
        self.release(a);
        let (reg, value) = self.result(dest, to);
        self.at(span).op(form, reg, a.reg, Arg::NONE);
        value
    }

    // ---- conversions

    /// `operand as to`
    pub fn cast(&mut self, operand: &'a Expr<'a>, span: Span, to: Ty, dest: Option<Reg>) -> Value {
        let from = self.ty(operand.ty);
        let to = self.ty(to);
        let value = self.expr(operand, if from == to { dest } else { None });
        self.convert(value, from, to, span, dest)
    }

    /// Converts a value as `as` does.
    pub fn convert(
        &mut self,
        value: Value,
        from: TypeId,
        to: TypeId,
        span: Span,
        dest: Option<Reg>,
    ) -> Value {
        if from == to {
            return value;
        }
        if to == TypeId::STRING {
            if from == TypeId::ERROR {
                return self.unary(Op::ErrorMessage, span, value, from, to, dest);
            }
            let a = self.operand(value, from);
            self.release(a);
            let (reg, value) = self.result(dest, to);
            self.at(span).typed(Op::ToStr, reg, a.reg, Arg::NONE, from);
            return value;
        }
        let (kind, target) = (self.s.types.kind(from), self.s.types.kind(to));
        if let Value::Const(bits, _) = value
            && let Some(bits) = converted(kind, target, bits)
        {
            return Value::Const(bits, to);
        }
        let form = match (kind, target) {
            (Kind::Ref | Kind::Tag, _) | (_, Kind::Ref | Kind::Tag) => return self.unknown("a conversion"),
            (Kind::F64, Kind::I32) => Op::I32FromF64,
            (Kind::F64, Kind::I64) => Op::I64FromF64,
            (Kind::F64, Kind::U32) => Op::U32FromF64,
            (Kind::F64, Kind::U64) => Op::U64FromF64,
            (Kind::F64, Kind::Bool) => Op::BoolFromF64,
            (Kind::Bool, Kind::F64) => {
                let number = self.unary(Op::Bits, span, value, from, TypeId::U32, None);
                return self.unary(Op::F64FromU, span, number, TypeId::U32, to, dest);
            }
            (Kind::I32 | Kind::I64, Kind::F64) => Op::F64FromS,
            (_, Kind::F64) => Op::F64FromU,
            (_, Kind::Bool) => Op::BoolFromInt,
            (Kind::Bool, _) | (_, Kind::I64 | Kind::U64) => Op::Bits,
            (_, Kind::I32) => Op::Sext32,
            (_, Kind::U32) => Op::Zext32,
        };
        self.unary(form, span, value, from, to, dest)
    }
}

/// The instruction with an immediate, its register operand and the immediate.
fn immediate_form(op: BinaryOp, kind: Kind, lhs: Value, rhs: Value) -> Option<(Op, Value, i16)> {
    use BinaryOp::*;
    use Kind::*;
    let imm = |value: Value| match value {
        Value::Const(bits, _) => i16::try_from(bits as i64).ok(),
        _ => None,
    };
    let either = || imm(rhs).map(|imm| (lhs, imm)).or_else(|| imm(lhs).map(|imm| (rhs, imm)));
    let form = match (op, kind) {
        (Add | Sub, I32) => Op::AddI32Imm,
        (Add | Sub, I64) => Op::AddI64Imm,
        (Mul, I32) => Op::MulI32Imm,
        (Mul, I64) => Op::MulI64Imm,
        (Div, I32) => Op::DivI32Imm,
        (Div, I64) => Op::DivI64Imm,
        (Rem, I32) => Op::RemI32Imm,
        (Rem, I64) => Op::RemI64Imm,
        (Div, U32 | U64) => Op::DivUImm,
        (Rem, U32 | U64) => Op::RemUImm,
        _ => return None,
    };
    let (operand, imm) = match op {
        Add | Mul => either()?,
        Sub => (lhs, imm(rhs)?.checked_neg()?),
        _ => (lhs, imm(rhs)?),
    };
    let allowed = match form {
        Op::DivUImm | Op::RemUImm => imm > 0,
        Op::DivI32Imm | Op::DivI64Imm | Op::RemI32Imm | Op::RemI64Imm => imm != 0 && imm != -1,
        _ => true,
    };
    allowed.then_some((form, operand, imm))
}

fn register_form(op: BinaryOp, kind: Kind) -> Option<Op> {
    use BinaryOp::*;
    use Kind::*;
    Some(match (op, kind) {
        (Add, I32) => Op::AddI32,
        (Add, I64) => Op::AddI64,
        (Add, U32) => Op::AddU32,
        (Add, U64) => Op::AddU64,
        (Add, F64) => Op::AddF64,
        (Sub, I32) => Op::SubI32,
        (Sub, I64) => Op::SubI64,
        (Sub, U32) => Op::SubU32,
        (Sub, U64) => Op::SubU64,
        (Sub, F64) => Op::SubF64,
        (Mul, I32) => Op::MulI32,
        (Mul, I64) => Op::MulI64,
        (Mul, U32) => Op::MulU32,
        (Mul, U64) => Op::MulU64,
        (Mul, F64) => Op::MulF64,
        (Div, I32) => Op::DivI32,
        (Div, I64) => Op::DivI64,
        (Div, U32 | U64) => Op::DivU,
        (Div, F64) => Op::DivF64,
        (Rem, I32) => Op::RemI32,
        (Rem, I64) => Op::RemI64,
        (Rem, U32 | U64) => Op::RemU,
        (Rem, F64) => Op::RemF64,
        (Shl, I32) => Op::ShlI32,
        (Shl, I64) => Op::ShlI64,
        (Shl, U32) => Op::ShlU32,
        (Shl, U64) => Op::ShlU64,
        (Shr, I32) => Op::ShrI32,
        (Shr, I64) => Op::ShrI64,
        (Shr, U32) => Op::ShrU32,
        (Shr, U64) => Op::ShrU64,
        (And, I32 | I64 | U32 | U64) => Op::And,
        (Or, I32 | I64 | U32 | U64) => Op::Or,
        (Xor, I32 | I64 | U32 | U64) => Op::Xor,
        _ => return None,
    })
}

/// The canonical slot of an integer kind from any 64 bits: the low ones count.
pub(super) fn canonical(kind: Kind, bits: u64) -> u64 {
    match kind {
        Kind::I32 => bits as i32 as i64 as u64,
        Kind::U32 | Kind::Tag => u64::from(bits as u32),
        _ => bits,
    }
}

/// The value of a constant expression, unless it raises.
fn fold(op: BinaryOp, kind: Kind, a: u64, b: u64) -> Option<u64> {
    use BinaryOp::*;
    match kind {
        Kind::I32 | Kind::I64 => {
            let (a, b) = (a as i64, b as i64);
            let result = match op {
                Add => a.checked_add(b)?,
                Sub => a.checked_sub(b)?,
                Mul => a.checked_mul(b)?,
                Div => a.checked_div(b)?,
                Rem if b == 0 => return None,
                Rem => a.wrapping_rem(b),
                And => a & b,
                Or => a | b,
                Xor => a ^ b,
                Shl | Shr => return None,
            };
            (kind == Kind::I64 || i32::try_from(result).is_ok()).then_some(result as u64)
        }
        Kind::U32 | Kind::U64 => {
            let result = match op {
                Add => a.wrapping_add(b),
                Sub => a.wrapping_sub(b),
                Mul => a.wrapping_mul(b),
                Div => a.checked_div(b)?,
                Rem => a.checked_rem(b)?,
                And => a & b,
                Or => a | b,
                Xor => a ^ b,
                Shl | Shr => return None,
            };
            Some(canonical(kind, result))
        }
        Kind::F64 => {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            let result = match op {
                Add => a + b,
                Sub => a - b,
                Mul => a * b,
                Div => a / b,
                Rem => a % b,
                _ => return None,
            };
            // Which NaN comes out may differ from what the machine gives.
            (!result.is_nan()).then_some(result.to_bits())
        }
        Kind::Bool | Kind::Tag | Kind::Ref => None,
    }
}

fn negated(kind: Kind, bits: u64) -> Option<u64> {
    match kind {
        Kind::I32 => (bits as i32).checked_neg().map(|value| value as i64 as u64),
        Kind::I64 => (bits as i64).checked_neg().map(|value| value as u64),
        Kind::F64 => Some((-f64::from_bits(bits)).to_bits()),
        _ => None,
    }
}

/// The conversion of a constant, unless it raises.
fn converted(from: Kind, to: Kind, bits: u64) -> Option<u64> {
    let is_int = |kind| matches!(kind, Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64);
    match (from, to) {
        (_, _) if is_int(from) && is_int(to) => Some(canonical(to, bits)),
        (Kind::Bool, _) if is_int(to) => Some(bits),
        (Kind::I32 | Kind::I64, Kind::F64) => Some((bits as i64 as f64).to_bits()),
        (Kind::U32 | Kind::U64 | Kind::Bool, Kind::F64) => Some((bits as f64).to_bits()),
        (_, Kind::Bool) if is_int(from) => Some(u64::from(bits != 0)),
        _ => None,
    }
}
