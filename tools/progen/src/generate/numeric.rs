//! Expressions of the numeric types and of `bool`.

use super::Generator;
use crate::ast::*;
use crate::types::{INTS, NUMS, Ty};

impl Generator<'_> {
    /// An integer expression.
    pub(super) fn integer(&mut self, ty: &Ty, depth: u32) -> Expr {
        match self.rng.below(24) {
            0..=8 => self.arithmetic(ty, depth),
            9 | 10 => {
                let op = *self.rng.pick(&[BinOp::BitAnd, BinOp::BitOr, BinOp::BitXor]);
                let (a, b) = (self.expr(ty, depth, false), self.expr(ty, depth, false));
                Expr::bin(op, a, b)
            }
            11 | 12 => self.shift(ty, depth),
            13 => {
                let a = self.expr(ty, depth, false);
                let op = if ty.is_signed() && self.rng.chance(60) { Op::Neg } else { Op::BitNot };
                Expr::new(ty.clone(), op, vec![a])
            }
            14 => {
                let e = self.expr(ty, depth, false);
                Expr::builtin(ty.clone(), Builtin::Abs, vec![e])
            }
            15 => {
                let builtin = *self.rng.pick(&[Builtin::Min, Builtin::Max]);
                let (a, b) = (self.expr(ty, depth, false), self.expr(ty, depth, false));
                Expr::builtin(ty.clone(), builtin, vec![a, b])
            }
            16..=18 => self.to_integer(ty, depth),
            19 | 20 if *ty == Ty::I32 => {
                let holder = self.var(|var| matches!(var.ty, Ty::Array(_) | Ty::Map(_) | Ty::Str));
                match holder {
                    Some(var) => Expr::len(Expr::var(var.name, var.ty)),
                    None => self.int_literal(ty),
                }
            }
            21 if *ty == Ty::I32 => match self.rng.below(3) {
                0 => {
                    let text = self.expr(&Ty::Str, depth, false);
                    let part = self.str_literal();
                    Expr::builtin(Ty::I32, Builtin::Find, vec![text, part])
                }
                1 => {
                    let character = self.character(depth);
                    Expr::builtin(Ty::I32, Builtin::Ord, vec![character])
                }
                _ => {
                    let e = self.expr(&Ty::I32, depth, false);
                    let text = Expr::new(Ty::Str, Op::Cast, vec![e]);
                    Expr::builtin(Ty::I32, Builtin::Int, vec![text])
                }
            },
            21 if matches!(ty, Ty::I64 | Ty::U64) => {
                let (e, builtin) = if *ty == Ty::I64 {
                    (self.expr(&Ty::I64, depth, false), Builtin::ToI64)
                } else {
                    (self.expr(&Ty::U64, depth, false), Builtin::ToU64)
                };
                let text = Expr::new(Ty::Str, Op::Cast, vec![e]);
                Expr::builtin(ty.clone(), builtin, vec![text])
            }
            _ => self.arithmetic(ty, depth),
        }
    }

    /// `+ - * / %`, with operands small enough that signed results rarely overflow.
    fn arithmetic(&mut self, ty: &Ty, depth: u32) -> Expr {
        let op = *self.rng.pick(&[
            BinOp::Add,
            BinOp::Add,
            BinOp::Add,
            BinOp::Sub,
            BinOp::Sub,
            BinOp::Mul,
            BinOp::Mul,
            BinOp::Div,
            BinOp::Rem,
            BinOp::Rem,
        ]);
        let mut a = self.expr(ty, depth, false);
        if matches!(op, BinOp::Div | BinOp::Rem) {
            let b = self.divisor(ty, depth);
            return Expr::bin(op, a, b);
        }
        let mut b = if self.rng.chance(35) { self.int_literal(ty) } else { self.expr(ty, depth, false) };
        if ty.is_signed() && !self.raw() {
            for _ in 0..3 {
                let (x, y) = (self.likely(&a), self.likely(&b));
                let (low, high) = match op {
                    BinOp::Add => (x.0 + y.0, x.1 + y.1),
                    BinOp::Sub => (x.0 - y.1, x.1 - y.0),
                    _ => {
                        let products = [(x.0, y.0), (x.0, y.1), (x.1, y.0), (x.1, y.1)]
                            .map(|(x, y)| x.saturating_mul(y));
                        (products.into_iter().min().unwrap_or(0), products.into_iter().max().unwrap_or(0))
                    }
                };
                let (least, most) = ty.limits();
                if low >= least && high <= most {
                    break;
                }
                let wide = if x.1 - x.0 >= y.1 - y.0 { &mut a } else { &mut b };
                let divisor = *self.rng.pick(&[10, 100, 1000]);
                *wide = match wide.op {
                    Op::Int(..) => Expr::int(ty.clone(), divisor),
                    _ => Expr::bin(BinOp::Rem, wide.clone(), Expr::int(ty.clone(), divisor)),
                };
            }
        }
        Expr::bin(op, a, b)
    }

    /// What an integer is divided by; rarely 0.
    fn divisor(&mut self, ty: &Ty, depth: u32) -> Expr {
        if self.raw() {
            return self.expr(ty, depth, false);
        }
        match self.rng.below(3) {
            0 => {
                let e = self.expr(ty, depth.min(1), false);
                // Odd, hence not 0.
                Expr::bin(BinOp::BitOr, e, Expr::int(ty.clone(), 1))
            }
            1 if ty.is_signed() => {
                let value = *self.rng.pick(&[-1, -2, -3, -7, -10, -64]);
                Expr::int(ty.clone(), value)
            }
            _ => {
                let value = *self.rng.pick(&[1, 2, 3, 4, 5, 7, 8, 10, 16, 100, 641, 1000]);
                Expr::int(ty.clone(), value)
            }
        }
    }

    /// A shift by a count of any integer type.
    pub(super) fn shift(&mut self, ty: &Ty, depth: u32) -> Expr {
        let op = if self.rng.chance(50) { BinOp::Shl } else { BinOp::Shr };
        let a = self.expr(ty, depth, false);
        let b = self.shift_count(ty, depth);
        Expr::bin(op, a, b)
    }

    pub(super) fn shift_count(&mut self, ty: &Ty, depth: u32) -> Expr {
        let int = self.int_type();
        if self.raw() {
            self.natural(&int, depth)
        } else if self.rng.chance(60) {
            let count = self.rng.range(0, i128::from(ty.bits()) - 1);
            Expr::int(int, count)
        } else {
            let e = self.expr(&int, depth.min(1), false);
            Expr::bin(BinOp::BitAnd, e, Expr::int(int, i128::from(ty.bits()) - 1))
        }
    }

    /// A conversion to an integer type.
    fn to_integer(&mut self, ty: &Ty, depth: u32) -> Expr {
        let cast = |e: Expr| Expr::new(ty.clone(), Op::Cast, vec![e]);
        match self.rng.below(6) {
            0 => {
                let e = self.expr(&Ty::Bool, depth, false);
                cast(e)
            }
            1 | 2 => {
                let e = self.expr(&Ty::F64, depth, false);
                if self.raw() {
                    return cast(e);
                }
                // NaN becomes the bound: `max` of NaN and a number is the number.
                let low = if ty.is_signed() { -1_000.0 } else { 0.0 };
                let e = Expr::builtin(Ty::F64, Builtin::Max, vec![e, Expr::float(low)]);
                let high = *self.rng.pick(&[255.0, 1000.5, 20_000.0]);
                cast(Expr::builtin(Ty::F64, Builtin::Min, vec![e, Expr::float(high)]))
            }
            3 if *ty == Ty::I32 => {
                let from = if self.rng.chance(70) { self.rng.pick(&INTS).clone() } else { Ty::Bool };
                let e = if from == Ty::Bool {
                    self.expr(&from, depth, false)
                } else {
                    self.natural(&from, depth)
                };
                Expr::builtin(Ty::I32, Builtin::Int, vec![e])
            }
            _ => {
                let from = self.rng.pick(&INTS).clone();
                let e = self.expr(&from, depth, false);
                cast(e)
            }
        }
    }

    /// A float expression.
    pub(super) fn float(&mut self, depth: u32) -> Expr {
        let operand = |generator: &mut Self| generator.expr(&Ty::F64, depth, false);
        match self.rng.below(20) {
            0..=8 => {
                let op =
                    *self.rng.pick(&[BinOp::Add, BinOp::Sub, BinOp::Mul, BinOp::Div, BinOp::Rem, BinOp::Add]);
                let (a, b) = (operand(self), operand(self));
                Expr::bin(op, a, b)
            }
            9 => {
                let e = operand(self);
                Expr::new(Ty::F64, Op::Neg, vec![e])
            }
            10..=12 => {
                use Builtin::*;
                let builtin =
                    *self.rng.pick(&[Sqrt, Sin, Cos, Tan, Atan, Exp, Log, Floor, Ceil, Floor, Sqrt]);
                let e = operand(self);
                Expr::builtin(Ty::F64, builtin, vec![e])
            }
            13 => {
                let builtin = *self.rng.pick(&[Builtin::Pow, Builtin::Atan2]);
                let (a, b) = (operand(self), operand(self));
                Expr::builtin(Ty::F64, builtin, vec![a, b])
            }
            14 => {
                let e = operand(self);
                Expr::builtin(Ty::F64, Builtin::Abs, vec![e])
            }
            15 => {
                let builtin = *self.rng.pick(&[Builtin::Min, Builtin::Max]);
                let (a, b) = (operand(self), operand(self));
                Expr::builtin(Ty::F64, builtin, vec![a, b])
            }
            16 => {
                let from = if self.rng.chance(20) { Ty::Bool } else { self.rng.pick(&NUMS).clone() };
                let e = self.expr(&from, depth, false);
                Expr::builtin(Ty::F64, Builtin::Float, vec![e])
            }
            17 => {
                let text =
                    match self.rng.below(3) {
                        0 => Expr::new(Ty::Str, Op::Cast, vec![operand(self)]),
                        _ => Expr::str(*self.rng.pick(&[
                            "1.5", " 2 ", "-3e2", "inf", "-inf", "nan", ".5", "5.", "1e-7", "+0.25",
                        ])),
                    };
                Expr::builtin(Ty::F64, Builtin::Float, vec![text])
            }
            _ => {
                let from = if self.rng.chance(15) { Ty::Bool } else { self.rng.pick(&INTS).clone() };
                let e = self.expr(&from, depth, false);
                Expr::new(Ty::F64, Op::Cast, vec![e])
            }
        }
    }

    /// A bool expression.
    pub(super) fn truth(&mut self, depth: u32) -> Expr {
        match self.rng.below(24) {
            0..=9 => {
                let ty = self.rng.pick(&NUMS).clone();
                self.comparison(&ty, depth)
            }
            10 => self.comparison(&Ty::Str, depth),
            11 | 12 => self.equality(depth),
            13..=15 => {
                let op = if self.rng.chance(50) { BinOp::And } else { BinOp::Or };
                let ty = if self.rng.chance(85) { Ty::Bool } else { self.rng.pick(&INTS).clone() };
                let (a, b) = (self.expr(&ty, depth, false), self.expr(&Ty::Bool, depth, false));
                Expr::bin(op, a, b)
            }
            16 => {
                let ty = if self.rng.chance(85) { Ty::Bool } else { self.rng.pick(&INTS).clone() };
                let e = self.expr(&ty, depth, false);
                Expr::new(Ty::Bool, Op::Not, vec![e])
            }
            17 => {
                let from = self.rng.pick(&NUMS).clone();
                let e = self.expr(&from, depth, false);
                Expr::new(Ty::Bool, Op::Cast, vec![e])
            }
            18 => {
                use Builtin::*;
                let builtin = *self.rng.pick(&[Contains, StartsWith, EndsWith]);
                let text = self.expr(&Ty::Str, depth, false);
                let part = self.leaf(&Ty::Str, false);
                Expr::builtin(Ty::Bool, builtin, vec![text, part])
            }
            19 => self.matches(depth).unwrap_or_else(|| self.comparison(&Ty::I32, depth)),
            20 => {
                let Some(map) = self.var(|var| matches!(var.ty, Ty::Map(_))) else {
                    return self.comparison(&Ty::F64, depth);
                };
                let Ty::Map(entry) = map.ty.clone() else { return Expr::bool(true) };
                let key = self.leaf(&entry.0, true);
                Expr::builtin(Ty::Bool, Builtin::MapHas, vec![Expr::var(map.name, map.ty), key])
            }
            21 => {
                let Some(var) = self.var(|var| !matches!(var.ty, Ty::Param(_))) else {
                    return Expr::bool(false);
                };
                let name = self
                    .rng
                    .pick(&["i32", "string", "array", "map", "function", "bool", "f64", "u64"])
                    .to_owned();
                let e = Expr::var(var.name, var.ty);
                Expr::builtin(Ty::Bool, Builtin::Istype, vec![e, Expr::str(name)])
            }
            22 => {
                // A bool beside an integer.
                let int = self.rng.pick(&INTS).clone();
                let (a, b) = (self.expr(&Ty::Bool, depth, false), self.natural(&int, depth));
                let op = if self.rng.chance(60) { BinOp::Eq } else { BinOp::Ne };
                if self.rng.chance(50) { Expr::bin(op, a, b) } else { Expr::bin(op, b, a) }
            }
            _ => self.comparison(&Ty::I32, depth),
        }
    }

    /// A comparison of two values of a type that has an order.
    pub(super) fn comparison(&mut self, ty: &Ty, depth: u32) -> Expr {
        use BinOp::*;
        let op = *self.rng.pick(&[Lt, Le, Gt, Ge, Eq, Ne]);
        let a = self.expr(ty, depth, false);
        let b = if self.rng.chance(40) { self.literal(ty, false) } else { self.expr(ty, depth, false) };
        Expr::bin(op, a, b)
    }

    /// `==` or `!=` of two values of any type that has it.
    fn equality(&mut self, depth: u32) -> Expr {
        let types = &self.types;
        let fits = self.vars(|var| {
            !var.ty.has_param() && types.has_eq(&var.ty) && types.weight(&var.ty) < self.budget / 4
        });
        if fits.is_empty() {
            return self.comparison(&Ty::U32, depth);
        }
        let var = self.rng.pick(&fits).clone();
        let op = if self.rng.chance(60) { BinOp::Eq } else { BinOp::Ne };
        let other = match self.rng.below(4) {
            0 => Expr::var(var.name, var.ty.clone()),
            _ => self.expr(&var.ty, depth.min(1), false),
        };
        Expr::bin(op, Expr::var(var.name, var.ty), other)
    }

    /// `e matches E.V(…)`.
    fn matches(&mut self, depth: u32) -> Option<Expr> {
        let var = self.var(|var| matches!(var.ty, Ty::Enum(..)) && !var.ty.has_param())?;
        let Ty::Enum(id, args) = var.ty.clone() else { return None };
        let variant = self.rng.below(self.types.enums[id as usize].variants.len()) as u32;
        let payload = self.types.payload(id, &args, variant);
        let mut operands = vec![Expr::var(var.name, var.ty)];
        let mut given = Vec::new();
        for ty in &payload {
            let wanted = self.types.has_eq(ty) && self.rng.chance(40);
            given.push(wanted);
            if wanted {
                operands.push(self.expr(ty, depth.min(1), false));
            }
        }
        Some(Expr::new(Ty::Bool, Op::Matches { variant, given }, operands))
    }
}
