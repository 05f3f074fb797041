//! Calls of builtin functions and methods.

use super::Checker;
use super::deferred::Check;
use super::describe::Role;
use super::known::Builtin;
use super::literal::is_literal;
use crate::lang::ast::{self, Span};
use crate::lang::builtins::BuiltinFn as B;
use crate::lang::hir::{Expr, ExprKind};
use crate::lang::types::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// A call of a builtin function.
    pub(super) fn call_builtin(
        &mut self,
        builtin: Builtin,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let function = match builtin {
            Builtin::Format => return self.format(args, callee, span),
            Builtin::Function(function) => function,
        };
        let (_, name, least, most) = B::ALL[function as usize];
        if !self.check_builtin_count(name, least, most, args, callee) {
            let ty = match function {
                B::Len | B::Int | B::Ord => Ty::I32,
                B::Typeof | B::Input | B::Chr | B::ReadFile => Ty::STRING,
                B::Istype | B::AssertEq => Ty::BOOL,
                _ => Ty::POISON,
            };
            return Expr { kind: ExprKind::Bool(false), ty, span };
        }
        let arena = self.arena;
        let all_f64 = |checker: &mut Self| {
            let list = arena.alloc_slice_fill_with(args.len(), |index| {
                checker.coerced(&args[index], Ty::F64, Role::Argument(index as u32 + 1))
            });
            (&*list, Ty::F64)
        };
        let (args, ty): (&'a [Expr<'a>], Ty) = match function {
            B::Len => (self.one(args, |checker, arg| checker.collection(arg)), Ty::I32),
            B::Push => {
                let array = self.value(&args[0], None);
                let element = self.element_type(&array);
                let value = self.coerced(&args[1], element, Role::Argument(2));
                let ty = array.ty;
                (self.arena.alloc_slice_copy(&[array, value]), ty)
            }
            B::Pop => {
                let array = self.value(&args[0], None);
                let element = self.element_type(&array);
                (self.arena.alloc_slice_copy(&[array]), element)
            }
            B::Sorted => return self.sorted(args, callee, span),
            B::Range => {
                let list = arena.alloc_slice_fill_with(args.len(), |index| {
                    let value = self.value(&args[index], None);
                    self.require_integer(value.ty, value.span, 2001);
                    value
                });
                (list, Ty::RANGE)
            }
            B::Int | B::Float | B::Abs | B::Raise => {
                let list = self.one(args, |checker, arg| {
                    let value = checker.value(arg, None);
                    checker.accept(function, value)
                });
                let ty = match function {
                    B::Int => Ty::I32,
                    B::Float => Ty::F64,
                    B::Abs => list[0].ty,
                    _ => Ty::VOID,
                };
                (list, ty)
            }
            B::Typeof => (self.one(args, |checker, arg| checker.value(arg, None)), Ty::STRING),
            B::Istype => {
                let value = self.value(&args[0], None);
                let name = self.coerced(&args[1], Ty::STRING, Role::Argument(2));
                (self.arena.alloc_slice_copy(&[value, name]), Ty::BOOL)
            }
            B::Input | B::ReadFile | B::WriteFile | B::Ord => {
                let list = arena.alloc_slice_fill_with(args.len(), |index| {
                    self.coerced(&args[index], Ty::STRING, Role::Argument(index as u32 + 1))
                });
                let ty = match function {
                    B::WriteFile => Ty::VOID,
                    B::Ord => Ty::I32,
                    _ => Ty::STRING,
                };
                (list, ty)
            }
            B::Timestamp => (&[], Ty::F64),
            B::Args => {
                let ty = self.types.array(Ty::STRING);
                (&[], ty)
            }
            B::AssertEq => {
                let label = self.coerced(&args[0], Ty::STRING, Role::Argument(1));
                let (actual, expected) = self.same_type(&args[1], &args[2], 2);
                self.require_equality(actual.ty, args[1].span);
                (self.arena.alloc_slice_copy(&[label, actual, expected]), Ty::BOOL)
            }
            B::Min | B::Max => {
                let (a, b) = self.same_type(&args[0], &args[1], 1);
                let a = self.accept(function, a);
                let ty = if a.ty == Ty::POISON { b.ty } else { a.ty };
                (self.arena.alloc_slice_copy(&[a, b]), ty)
            }
            B::Chr | B::Exit => {
                let list = self.one(args, |checker, arg| checker.coerced(arg, Ty::I32, Role::Argument(1)));
                (list, if function == B::Chr { Ty::STRING } else { Ty::VOID })
            }
            _ => all_f64(self),
        };
        Expr { kind: ExprKind::Builtin { function, args }, ty, span }
    }

    fn one(
        &mut self,
        args: &'a [ast::Expr<'a>],
        check: impl FnOnce(&mut Self, &'a ast::Expr<'a>) -> Expr<'a>,
    ) -> &'a [Expr<'a>] {
        let value = check(self, &args[0]);
        std::slice::from_ref(self.alloc(value))
    }

    fn check_builtin_count(
        &mut self,
        name: &str,
        least: usize,
        most: usize,
        args: &'a [ast::Expr<'a>],
        callee: Span,
    ) -> bool {
        if (least..=most).contains(&args.len()) {
            return true;
        }
        if least == most {
            self.report_count(callee, &format!("`{name}`"), least, args.len());
        } else {
            let report = self.diagnostic(
                2009,
                callee,
                "Wrong number of arguments",
                format!("expects {least} to {most} arguments"),
                format!("`{name}` takes {least} to {most} arguments, but {} were given.", args.len()),
            );
            self.report(report);
        }
        self.args_of_nothing(args);
        false
    }

    /// An array, string or map.
    fn collection(&mut self, arg: &'a ast::Expr<'a>) -> Expr<'a> {
        let value = self.value(arg, None);
        let ty = self.types.shallow(value.ty);
        if self.types.is_unknown(ty) {
            self.report_unknown(value.span, "`len` needs an array, a string or a map");
        } else if !self.is_collection(ty) && ty != Ty::POISON {
            let name = self.describe(ty);
            let report = self.diagnostic(
                2001,
                value.span,
                "Argument has the wrong type",
                format!("{name} has no length"),
                format!("`len` takes an array, a string or a map, but this is {name}."),
            );
            self.report(report);
        }
        value
    }

    /// The element type of a value that must be an array.
    fn element_type(&mut self, array: &Expr<'a>) -> Ty {
        let ty = self.types.shallow(array.ty);
        match *self.types.kind(ty) {
            TyKind::Array(element) => return element,
            TyKind::Poison => {}
            TyKind::Var(_) => self.report_unknown(array.span, "An array is needed here"),
            _ => {
                let name = self.describe(ty);
                let report = self.diagnostic(
                    2001,
                    array.span,
                    "Argument has the wrong type",
                    format!("expected an array, found {name}"),
                    format!("An array is needed here, but this is {name}."),
                );
                self.report(report);
            }
        }
        Ty::POISON
    }

    /// Two arguments of one type: the first that is not built only from literals decides.
    fn same_type(&mut self, a: &ast::Expr<'a>, b: &ast::Expr<'a>, number: u32) -> (Expr<'a>, Expr<'a>) {
        let (first, second) = self.operands(a, b);
        if is_literal(a) && !is_literal(b) {
            let first = self.coerce(first, second.ty, Role::Argument(number));
            (first, second)
        } else {
            let second = self.coerce(second, first.ty, Role::Argument(number + 1));
            (first, second)
        }
    }

    /// Requires that the builtin takes the value's type, now or later.
    fn accept(&mut self, function: B, value: Expr<'a>) -> Expr<'a> {
        let ty = self.types.shallow(value.ty);
        if self.types.is_unknown(ty) {
            self.defer(Check::Accepts { function, ty }, value.span);
            return value;
        }
        if accepts(function, ty) {
            return value;
        }
        self.require_accepted(function, ty, value.span);
        Expr { ty: Ty::POISON, ..value }
    }

    /// Reports a type that the builtin does not take.
    pub(super) fn require_accepted(&mut self, function: B, ty: Ty, span: Span) {
        if accepts(function, ty) {
            return;
        }
        let name = self.describe(ty);
        let builtin = B::ALL[function as usize].1;
        let (code, takes) = match function {
            B::Int | B::Float => (2001, "a number, a bool or a string"),
            B::Abs => (2001, "a number"),
            B::Raise => (2001, "a string or a caught error"),
            B::Sorted => (2007, "an array of numbers, bools or strings"),
            _ => (2001, "numbers or strings"),
        };
        let mut report = self.diagnostic(
            code,
            span,
            "Argument has the wrong type",
            format!("`{builtin}` does not take this"),
            format!("`{builtin}` takes {takes}; this is {name}."),
        );
        if function == B::Sorted {
            report = self
                .diagnostic(
                    2007,
                    span,
                    "Elements have no order",
                    format!("{name} has no order"),
                    format!("`sorted` orders numbers, bools and strings; the elements here are {name}."),
                )
                .help("give the order as a second argument, as in `sorted(a, fn(x, y): x.age < y.age)`.");
        }
        self.report(report);
    }

    fn sorted(&mut self, args: &'a [ast::Expr<'a>], callee: Span, span: Span) -> Expr<'a> {
        let array = self.value(&args[0], None);
        let element = self.element_type(&array);
        if let Some(before) = args.get(1) {
            let ty = self.types.intern(TyKind::Fn([element, element].into(), Ty::BOOL));
            let before = self.coerced(before, ty, Role::Argument(2));
            return self.sorted_by(array, before, callee, span);
        }
        let known = self.types.shallow(element);
        if self.types.is_unknown(known) {
            self.defer(Check::Accepts { function: B::Sorted, ty: known }, array.span);
        } else {
            self.require_accepted(B::Sorted, known, array.span);
        }
        let ty = array.ty;
        let args = std::slice::from_ref(self.alloc(array));
        Expr { kind: ExprKind::Builtin { function: B::Sorted, args }, ty, span }
    }

    /// A call of a builtin method.
    pub(super) fn call_builtin_method(
        &mut self,
        receiver: Expr<'a>,
        function: B,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let (_, name, least, most) = B::ALL[function as usize];
        if !self.check_builtin_count(name, least - 1, most - 1, args, callee) {
            return Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span };
        }
        let receiver_ty = self.types.shallow(receiver.ty);
        let (first, second) = match *self.types.kind(receiver_ty) {
            TyKind::Array(element) => (element, Ty::POISON),
            TyKind::Map(key, value) => (key, value),
            _ => (Ty::POISON, Ty::POISON),
        };
        let mut list = vec![receiver];
        let ty = match function {
            B::Join => {
                let strings = self.types.array(Ty::STRING);
                list[0] = self.receiver_of_join(receiver, strings);
                list.push(self.coerced(&args[0], Ty::STRING, Role::Argument(1)));
                Ty::STRING
            }
            B::Reverse | B::Clear | B::MapClear => Ty::VOID,
            B::Insert => {
                list.push(self.array_index(&args[0]));
                list.push(self.coerced(&args[1], first, Role::Argument(2)));
                Ty::VOID
            }
            B::Remove => {
                list.push(self.array_index(&args[0]));
                first
            }
            B::Chars => self.types.array(Ty::STRING),
            B::Upper | B::Lower | B::Trim => Ty::STRING,
            B::Split => {
                list.push(self.coerced(&args[0], Ty::STRING, Role::Argument(1)));
                self.types.array(Ty::STRING)
            }
            B::Find | B::Contains | B::StartsWith | B::EndsWith => {
                list.push(self.coerced(&args[0], Ty::STRING, Role::Argument(1)));
                if function == B::Find { Ty::I32 } else { Ty::BOOL }
            }
            B::Replace => {
                list.push(self.coerced(&args[0], Ty::STRING, Role::Argument(1)));
                list.push(self.coerced(&args[1], Ty::STRING, Role::Argument(2)));
                Ty::STRING
            }
            B::Repeat => {
                list.push(self.array_index(&args[0]));
                Ty::STRING
            }
            B::ToI64 => Ty::I64,
            B::ToU64 => Ty::U64,
            B::MapGet => {
                list.push(self.map_key(&args[0], first));
                list.push(self.coerced(&args[1], second, Role::Argument(2)));
                second
            }
            B::MapHas | B::MapRemove => {
                list.push(self.map_key(&args[0], first));
                if function == B::MapHas { Ty::BOOL } else { second }
            }
            B::MapKeys => self.array_type(first, span),
            B::MapValues => self.array_type(second, span),
            _ => Ty::POISON,
        };
        let args = self.arena.alloc_slice_copy(&list);
        Expr { kind: ExprKind::Builtin { function, args }, ty, span }
    }

    fn receiver_of_join(&mut self, receiver: Expr<'a>, strings: Ty) -> Expr<'a> {
        if self.types.unify(receiver.ty, strings).is_ok() {
            return receiver;
        }
        let name = self.describe(receiver.ty);
        let report = self
            .diagnostic(
                2001,
                receiver.span,
                "Only strings can be joined",
                format!("this is {name}"),
                format!("`join` puts the strings of a `[string]` together, but this is {name}."),
            )
            .help("convert the elements with `as string` first.");
        self.report(report);
        receiver
    }
}

/// Whether a builtin that takes several types takes this one.
fn accepts(function: B, ty: Ty) -> bool {
    let number = ty.is_numeric() || ty == Ty::POISON;
    match function {
        B::Int | B::Float | B::Sorted => number || ty == Ty::BOOL || ty == Ty::STRING,
        B::Abs => number,
        B::Raise => matches!(ty, Ty::STRING | Ty::ERROR | Ty::POISON),
        _ => number || ty == Ty::STRING,
    }
}
