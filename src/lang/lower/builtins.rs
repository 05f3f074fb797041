//! Builtin functions and methods: which instruction or table entry each becomes.

use super::function::{Function, Value};
use super::slots::push_op;
use crate::bytecode::{Arg, Builtin, Kind, Op, Reg, Span, TypeDesc, TypeId};
use crate::lang::builtins::BuiltinFn;
use crate::lang::hir::{CompareOp, Expr};

impl<'a> Function<'_, 'a> {
    /// A call of a builtin.
    pub fn builtin(
        &mut self,
        function: BuiltinFn,
        args: &'a [Expr<'a>],
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        use BuiltinFn as F;
        let span = expr.span;
        let (Some(first), second) = (args.first(), args.get(1)) else {
            let plain = match function {
                F::Input => Builtin::Input,
                F::Timestamp => Builtin::Timestamp,
                F::Args => Builtin::Args,
                _ => return self.unknown("a builtin"),
            };
            return self.table_call(plain, args, expr, dest);
        };
        let plain = match function {
            F::Len => return self.length(first, span, dest),
            F::Push => return self.push(first, second, span),
            F::Pop => return self.pop(first, span, dest),
            F::Range => return self.range(args, span, dest),
            F::Int => return self.int(first, span, dest),
            F::Float => return self.float(first, span, dest),
            F::Typeof => {
                let ty = self.ty(first.ty);
                let value = self.expr(first, None);
                return self.type_name(value, ty, span, dest);
            }
            F::Istype => return self.is_type(args, span, dest),
            F::AssertEq => return self.assert_eq(args, span),
            F::Sqrt => return self.plain(Op::Sqrt, first, span, dest),
            F::Floor => return self.plain(Op::Floor, first, span, dest),
            F::Abs => return self.abs(first, span, dest),
            F::Min | F::Max => return self.extreme(function == F::Min, args, span, dest),
            F::Raise => {
                // Not a constant kept in a register: what raises an error is rarely run.
                let ty = self.ty(first.ty);
                let value = self.expr(first, None);
                let operand = self.operand_here(value, ty);
                let is_error = ty == TypeId::ERROR;
                let op = if is_error { Op::RaiseError } else { Op::Raise };
                self.at(span).op(op, operand.reg, Arg::NONE, Arg::NONE);
                self.release(operand);
                self.ends();
                return Value::None;
            }
            F::Exit => {
                let operand = self.eval(first);
                self.at(span).builtin(None, Builtin::Exit, &[operand.reg]);
                self.release(operand);
                self.ends();
                return Value::None;
            }
            F::MapGet => return self.map_get_or(args, span, dest),
            F::MapHas => return self.pair(Op::MapHas, args, TypeId::BOOL, span, dest),
            F::MapRemove => {
                let ty = self.ty(expr.ty);
                return self.pair(Op::MapRemove, args, ty, span, dest);
            }
            F::Input => Builtin::InputPrompt,
            F::Sorted => Builtin::Sorted,
            F::Sin => Builtin::Sin,
            F::Cos => Builtin::Cos,
            F::Tan => Builtin::Tan,
            F::Atan => Builtin::Atan,
            F::Exp => Builtin::Exp,
            F::Log => Builtin::Log,
            F::Ceil => Builtin::Ceil,
            F::Atan2 => Builtin::Atan2,
            F::Pow => Builtin::Pow,
            F::Ord => Builtin::Ord,
            F::Chr => Builtin::Chr,
            F::ReadFile => Builtin::ReadFile,
            F::WriteFile => Builtin::WriteFile,
            F::Join => Builtin::Join,
            F::Reverse => Builtin::Reverse,
            F::Insert => Builtin::Insert,
            F::Remove => Builtin::Remove,
            F::Clear => Builtin::Clear,
            F::Chars => Builtin::Chars,
            F::Split => Builtin::Split,
            F::Find => Builtin::Find,
            F::Contains => Builtin::Contains,
            F::StartsWith => Builtin::StartsWith,
            F::EndsWith => Builtin::EndsWith,
            F::Replace => Builtin::Replace,
            F::Upper => Builtin::Upper,
            F::Lower => Builtin::Lower,
            F::Trim => Builtin::Trim,
            F::Repeat => Builtin::Repeat,
            F::ToI64 => Builtin::ToI64,
            F::ToU64 => Builtin::ToU64,
            F::MapKeys => Builtin::MapKeys,
            F::MapValues => Builtin::MapValues,
            F::MapClear => Builtin::MapClear,
            F::Timestamp | F::Args => return self.unknown("a builtin"),
        };
        self.table_call(plain, args, expr, dest)
    }

    /// A builtin of the table, with the arguments as they are.
    fn table_call(
        &mut self,
        builtin: Builtin,
        args: &'a [Expr<'a>],
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        let base = self.args(args);
        self.pop_args(base);
        let (result, value) = self.call_result(expr.ty, dest);
        let (instructions, regs) = self.at_with_args(expr.span);
        instructions.builtin(result, builtin, regs);
        value
    }

    /// A builtin of the table, on a value.
    fn table_unary(
        &mut self,
        builtin: Builtin,
        value: Value,
        from: TypeId,
        to: TypeId,
        span: Span,
        dest: Option<Reg>,
    ) -> Value {
        let operand = self.operand(value, from);
        self.release(operand);
        let (reg, value) = self.result(dest, to);
        self.at(span).builtin(Some(reg), builtin, &[operand.reg]);
        value
    }

    /// An instruction on one f64.
    fn plain(&mut self, op: Op, arg: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let value = self.expr(arg, None);
        self.unary(op, span, value, TypeId::F64, TypeId::F64, dest)
    }

    /// An instruction on two operands.
    fn pair(&mut self, op: Op, args: &'a [Expr<'a>], ty: TypeId, span: Span, dest: Option<Reg>) -> Value {
        let [first, second] = args else { return self.unknown("a builtin") };
        let a = self.eval(first);
        let b = self.eval(second);
        self.release(b);
        self.release(a);
        let (reg, value) = self.result(dest, ty);
        self.at(span).op(op, reg, a.reg, b.reg);
        value
    }

    // ---- arrays, maps

    fn length(&mut self, arg: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let ty = self.ty(arg.ty);
        let op = match self.s.types.desc(ty) {
            TypeDesc::Array(_) => Op::ArrayLen,
            TypeDesc::Map { .. } => Op::MapLen,
            _ => Op::StrLen,
        };
        let value = self.expr(arg, None);
        self.unary(op, span, value, ty, TypeId::I32, dest)
    }

    fn push(&mut self, array: &'a Expr<'a>, element: Option<&'a Expr<'a>>, span: Span) -> Value {
        let Some(element) = element else { return self.unknown("a builtin") };
        let kind = self.kind(element.ty);
        let target = self.eval(array);
        let operand = self.eval(element);
        self.at(span).op(push_op(kind), target.reg, operand.reg, Arg::NONE);
        self.release(operand);
        target.into()
    }

    fn pop(&mut self, array: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let array_ty = self.ty(array.ty);
        let Some(element) = self.s.types.element(array_ty) else { return self.unknown("an array") };
        let op = match self.s.types.kind(element) {
            Kind::I32 => Op::PopI32,
            Kind::U32 | Kind::Tag => Op::PopU32,
            Kind::I64 | Kind::U64 | Kind::F64 => Op::Pop64,
            Kind::Bool => Op::PopBool,
            Kind::Ref => Op::PopRef,
        };
        let value = self.expr(array, None);
        self.unary(op, span, value, array_ty, element, dest)
    }

    fn map_get_or(&mut self, args: &'a [Expr<'a>], span: Span, dest: Option<Reg>) -> Value {
        let [map, key, default] = args else { return self.unknown("a builtin") };
        let ty = self.ty(default.ty);
        let map = self.eval(map);
        let key = self.eval(key);
        let default = self.expr(default, None);
        // The default's register becomes the result's, so it must be no variable's, nor that of an operand.
        let dest = dest.filter(|&reg| reg != map.reg && reg != key.reg && self.reg_ty(reg) == ty);
        let (reg, value) = match (default, dest) {
            (Value::Temp(reg), _) => (reg, default),
            (_, Some(reg)) => {
                self.move_to(reg, default);
                (reg, Value::Var(reg))
            }
            _ => {
                let reg = self.temp(ty);
                self.move_to(reg, default);
                (reg, Value::Temp(reg))
            }
        };
        self.at(span).op(Op::MapGetOr, reg, map.reg, key.reg);
        self.release(key);
        self.release(map);
        value
    }

    // ---- numbers

    fn abs(&mut self, arg: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let ty = self.ty(arg.ty);
        let op = match self.s.types.kind(ty) {
            Kind::I32 => Op::AbsI32,
            Kind::I64 => Op::AbsI64,
            Kind::F64 => Op::AbsF64,
            // An unsigned number is its own.
            Kind::U32 | Kind::U64 => return self.expr(arg, dest),
            _ => return self.unknown("a builtin's argument"),
        };
        let value = self.expr(arg, None);
        self.unary(op, span, value, ty, ty, dest)
    }

    /// `min` or `max`.
    fn extreme(&mut self, min: bool, args: &'a [Expr<'a>], span: Span, dest: Option<Reg>) -> Value {
        let ty = self.ty(args[0].ty);
        let (least, greatest) = match self.s.types.kind(ty) {
            Kind::I32 | Kind::I64 => (Op::MinS, Op::MaxS),
            Kind::U32 | Kind::U64 => (Op::MinU, Op::MaxU),
            Kind::F64 => (Op::MinF64, Op::MaxF64),
            Kind::Ref if ty == TypeId::STRING => (Op::MinStr, Op::MaxStr),
            _ => return self.unknown("a builtin's argument"),
        };
        self.pair(if min { least } else { greatest }, args, ty, span, dest)
    }

    fn int(&mut self, arg: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let ty = self.ty(arg.ty);
        let value = self.expr(arg, None);
        let to = TypeId::I32;
        match self.s.types.kind(ty) {
            Kind::I32 => value,
            Kind::Bool => self.convert(value, ty, to, span, dest),
            Kind::U32 => {
                let wide = self.convert(value, ty, TypeId::I64, span, None);
                self.table_unary(Builtin::IntFromI64, wide, TypeId::I64, to, span, dest)
            }
            Kind::I64 => self.table_unary(Builtin::IntFromI64, value, ty, to, span, dest),
            Kind::U64 => self.table_unary(Builtin::IntFromU64, value, ty, to, span, dest),
            Kind::F64 => self.table_unary(Builtin::IntFromF64, value, ty, to, span, dest),
            Kind::Ref if ty == TypeId::STRING => {
                self.table_unary(Builtin::IntFromStr, value, ty, to, span, dest)
            }
            Kind::Ref | Kind::Tag => self.unknown("a builtin's argument"),
        }
    }

    fn float(&mut self, arg: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        let ty = self.ty(arg.ty);
        let value = self.expr(arg, None);
        match self.s.types.kind(ty) {
            Kind::Ref if ty == TypeId::STRING => {
                self.table_unary(Builtin::FloatFromStr, value, ty, TypeId::F64, span, dest)
            }
            Kind::Ref | Kind::Tag => self.unknown("a builtin's argument"),
            _ => self.convert(value, ty, TypeId::F64, span, dest),
        }
    }

    fn range(&mut self, args: &'a [Expr<'a>], span: Span, dest: Option<Reg>) -> Value {
        // All arguments are evaluated before one of them is found to be too large.
        let mut values = Vec::with_capacity(3);
        for arg in args {
            let ty = self.ty(arg.ty);
            values.push((self.expr(arg, None), ty));
        }
        for (value, ty) in &mut values {
            *value = match self.s.types.kind(*ty) {
                Kind::U64 => self.table_unary(Builtin::RangeArg, *value, *ty, TypeId::I64, span, None),
                _ => self.convert(*value, *ty, TypeId::I64, span, None),
            };
        }
        let constant = |bits: u64| Value::Const(bits, TypeId::I64);
        let mut values: Vec<Value> = values.into_iter().map(|(value, _)| value).collect();
        if values.len() == 1 {
            values.insert(0, constant(0));
        }
        if values.len() == 2 {
            values.push(constant(1));
        }
        let base = self.arg_count();
        for value in values {
            let operand = self.operand(value, TypeId::I64);
            self.push_arg(operand);
        }
        self.pop_args(base);
        let (reg, value) = self.result(dest, TypeId::RANGE);
        let (builder, regs) = self.at_with_args(span);
        builder.builtin(Some(reg), Builtin::Range, regs);
        value
    }

    // ---- types

    /// `typeof` of a value.
    fn type_name(&mut self, value: Value, ty: TypeId, span: Span, dest: Option<Reg>) -> Value {
        let name: std::sync::Arc<str> = match self.s.types.desc(ty) {
            TypeDesc::I32 => "i32".into(),
            TypeDesc::I64 => "i64".into(),
            TypeDesc::U32 => "u32".into(),
            TypeDesc::U64 => "u64".into(),
            TypeDesc::F64 => "f64".into(),
            TypeDesc::Bool => "bool".into(),
            TypeDesc::String => "string".into(),
            TypeDesc::Range => "range_iterator".into(),
            TypeDesc::Array(_) => "array".into(),
            TypeDesc::Map { .. } => "map".into(),
            TypeDesc::Fn { .. } | TypeDesc::Closure { .. } => "function".into(),
            TypeDesc::Struct(layout) => layout.name.clone(),
            TypeDesc::Tag { name, .. } | TypeDesc::Enum { name, .. } => name.clone(),
            TypeDesc::Error => {
                return self.table_unary(Builtin::TypeofError, value, ty, TypeId::STRING, span, dest);
            }
            TypeDesc::Cell(_) | TypeDesc::Unknown | TypeDesc::Alias(_) => {
                self.drop_value(value);
                return self.unknown("a value");
            }
        };
        self.drop_value(value);
        Value::Literal(self.s.string_literal(&name), TypeId::STRING)
    }

    fn is_type(&mut self, args: &'a [Expr<'a>], span: Span, dest: Option<Reg>) -> Value {
        let [subject, name] = args else { return self.unknown("a builtin") };
        let ty = self.ty(subject.ty);
        let value = self.expr(subject, None);
        let actual = self.type_name(value, ty, span, None);
        let name = self.expr(name, None);
        if let (Value::Literal(a, _), Value::Literal(b, _)) = (actual, name) {
            // Equal strings are one literal.
            return Value::Const(u64::from(a == b), TypeId::BOOL);
        }
        self.compare_values(CompareOp::Eq, span, (actual, name), TypeId::STRING, dest)
    }

    /// `assert_eq(label, actual, expected)`
    fn assert_eq(&mut self, args: &'a [Expr<'a>], span: Span) -> Value {
        let [label, actual, expected] = args else { return self.unknown("a builtin") };
        let ty = self.ty(actual.ty);
        let label = self.eval(label);
        let actual = self.eval(actual);
        let expected = self.eval(expected);
        let equal = self.label();
        let pair = (Value::Var(actual.reg), Value::Var(expected.reg));
        self.branch_values(CompareOp::Eq, span, pair, ty, true, equal);
        let shown_expected = self.nested_rendering(expected.reg, ty, span);
        let shown_actual = self.nested_rendering(actual.reg, ty, span);
        let regs = [label.reg, shown_expected.reg, shown_actual.reg];
        self.at(span).builtin(None, Builtin::AssertFailed, &regs);
        self.ends();
        self.release(shown_actual);
        self.release(shown_expected);
        self.bind(equal);
        self.release(expected);
        self.release(actual);
        self.release(label);
        Value::Const(1, TypeId::BOOL)
    }
}
