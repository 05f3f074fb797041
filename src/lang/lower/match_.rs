//! `match`: a switch over dense tags, chains of comparisons for the rest.
//!
//! The last arm is not tested: a match is exhaustive. With a switch it stands first, where the instruction falls
//! through to.

use super::function::{Function, Operand, Value, Want};
use crate::bytecode::{Arg, Kind, Label, Op, Reg, Span, TypeDesc, TypeId};
use crate::lang::hir::{Arm, CompareOp, Match, Pattern};

/// From how many tests on a switch is used.
const SWITCH_TESTS: usize = 3;

impl<'a> Function<'_, 'a> {
    /// The arms of a `match`.
    pub fn match_arms(&mut self, inner: &'a Match<'a>, want: Want) {
        let Some((last, tested)) = inner.arms.split_last() else { return };
        let ty = self.ty(inner.value.ty);
        let kind = self.s.types.kind(ty);
        let subject = self.eval(&inner.value);
        let span = inner.value.span;
        let is_enum = match self.s.types.desc(ty) {
            TypeDesc::Enum { .. } | TypeDesc::Tag { .. } => true,
            TypeDesc::Unknown => {
                self.release(subject);
                self.unknown("what is matched");
                return;
            }
            _ => false,
        };
        let end = self.label();
        let matching = Matching { subject, ty, want, span };
        // What is compared: a tag instead of the enum value.
        let tag = if is_enum && kind == Kind::Ref && !tested.is_empty() {
            let tag = self.temp(TypeId::U32);
            self.emit().op(Op::Tag, tag, subject.reg, Arg::NONE);
            Some(tag)
        } else {
            None
        };
        let compared = tag.unwrap_or(subject.reg);
        match self.switch_size(tested, is_enum, kind) {
            Some(size) => {
                let labels: Vec<Label> = tested.iter().map(|_| self.label()).collect();
                let default = self.label();
                let mut targets = vec![default; size];
                for (arm, &label) in tested.iter().zip(&labels) {
                    if let Some(value) = dense_value(&arm.pattern, kind) {
                        targets[value as usize] = label;
                    }
                }
                targets.iter().for_each(|&target| {
                    self.using(target);
                });
                self.emit().switch(compared, &targets);
                tag.into_iter().for_each(|tag| self.free(tag));
                self.bind(default);
                self.arm(last, &matching);
                for (arm, label) in tested.iter().zip(labels) {
                    self.jump(end);
                    self.bind(label);
                    self.arm(arm, &matching);
                }
            }
            None => {
                for arm in tested {
                    let next = self.label();
                    self.test(&arm.pattern, compared, &matching, next);
                    if self.reachable() {
                        self.arm(arm, &matching);
                    }
                    self.jump(end);
                    self.bind(next);
                }
                if self.reachable() {
                    self.arm(last, &matching);
                }
                tag.into_iter().for_each(|tag| self.free(tag));
            }
        }
        self.bind(end);
        self.release(subject);
    }

    /// The size of a switch's table, if one is worth it.
    fn switch_size(&self, tested: &[Arm<'a>], is_enum: bool, kind: Kind) -> Option<usize> {
        let suits = is_enum || matches!(kind, Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64);
        if !suits || tested.len() < SWITCH_TESTS {
            return None;
        }
        let mut greatest = 0;
        for arm in tested {
            greatest = greatest.max(dense_value(&arm.pattern, kind)?);
        }
        let size = greatest as usize + 1;
        (size <= 4 * tested.len() + 8).then_some(size)
    }

    /// Branches to `next` unless the pattern matches.
    fn test(&mut self, pattern: &Pattern<'a>, compared: Reg, matching: &Matching, next: Label) {
        match *pattern {
            Pattern::Any => {}
            Pattern::Variant { variant, .. } => {
                self.branch_tag(Op::BrNeImm, Value::Var(compared), variant, next);
            }
            Pattern::Literal(literal) if matching.ty == TypeId::BOOL => {
                let value = self.expr(literal, None);
                let sense = matches!(value, Value::Const(0, _));
                self.branch_flag(compared, sense, next);
            }
            Pattern::Literal(literal) => {
                let value = self.expr(literal, None);
                let pair = (Value::Var(compared), value);
                self.branch_values(CompareOp::Eq, matching.span, pair, matching.ty, false, next);
            }
        }
    }

    /// An arm whose pattern matches: binds the payload, then the body.
    fn arm(&mut self, arm: &'a Arm<'a>, matching: &Matching) {
        let mark = self.enter();
        if let Pattern::Variant { variant, slots } = arm.pattern {
            for (index, &slot) in slots.iter().enumerate() {
                let Some(local) = slot else { continue };
                let ty = self.ty(self.body.locals[local.index()].ty);
                let value = self.payload(
                    matching.subject.reg,
                    matching.ty,
                    variant,
                    index as u32,
                    None,
                    matching.span,
                );
                self.declare_value(local, ty, value);
            }
        }
        self.block(&arm.body, matching.want);
        self.leave(mark);
    }

    /// Reads a part of an enum value's payload.
    pub fn payload(
        &mut self,
        subject: Reg,
        ty: TypeId,
        variant: u32,
        index: u32,
        dest: Option<Reg>,
        span: Span,
    ) -> Value {
        let field = match self.s.types.desc(ty) {
            TypeDesc::Enum { variants, .. } => {
                variants.get(variant as usize).and_then(|layout| layout.fields.get(index as usize))
            }
            _ => None,
        };
        let Some((slot, ty)) = field.map(|field| (field.slot as u16, field.ty)) else {
            return self.unknown("a payload");
        };
        let op = if self.is_ref(ty) { Op::GetPayloadRef } else { Op::GetPayload };
        let (reg, value) = self.result(dest, ty);
        self.at(span).payload(op, reg, subject, slot, variant);
        value
    }
}

/// What the arms of one `match` have in common.
struct Matching {
    subject: Operand,
    ty: TypeId,
    want: Want,
    span: Span,
}

/// The value that a pattern matches, if it could be an index of a table.
fn dense_value(pattern: &Pattern<'_>, kind: Kind) -> Option<u32> {
    use crate::lang::hir::ExprKind;
    match *pattern {
        Pattern::Any => None,
        Pattern::Variant { variant, .. } => Some(variant),
        Pattern::Literal(expr) => match expr.kind {
            ExprKind::Int { value, negative: false, pattern: false } if kind != Kind::F64 => {
                u32::try_from(value).ok().filter(|&value| value < 1 << 16)
            }
            _ => None,
        },
    }
}
