//! Literals, and the simplest expression of each type.

use super::Generator;
use crate::ast::*;
use crate::types::Ty;

/// Pieces that strings are made of: ASCII, other scripts, combining marks, what is beyond 16 bits, controls.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "a", "b", "z", "ab", "abc", "hello", "Orus", "0", "7", "42", "-13", " ", "  x ", "\t", "\n", "\"", "\\", "x,y", ",", "-", "é", "ß",
    "İ", "日本", "🦀", "e\u{301}", "Straße", "ΑΒΓ", "ǆ", "\u{7f}", "\0", "end.", "key", "lorem ipsum dolor", "aaaaaaaaaaaaaaaa",
];

impl Generator<'_> {
    /// An integer literal, most often a small one.
    pub(super) fn int_literal(&mut self, ty: &Ty) -> Expr {
        let (low, high) = ty.limits();
        let value = match self.rng.below(100) {
            0..=59 => self.rng.range(0, 10),
            60..=79 => self.rng.range(-20, 100),
            80..=93 => self.rng.range(-1000, 20_000),
            94..=96 if !self.safe => *self.rng.pick(&[low, high, low + 1, high - 1, high / 2]),
            97..=98 => 1 << self.rng.below(14),
            _ => self.rng.range(0, 255),
        };
        let style = match self.rng.below(20) {
            0 => Style::Suffixed,
            1 => Style::Hex,
            2 => Style::Binary,
            3 => Style::Octal,
            4 => Style::Grouped,
            _ => Style::Plain,
        };
        let value = if low == 0 { value.abs() } else { value };
        Expr::new(ty.clone(), Op::Int(value.clamp(low, high), style), Vec::new())
    }

    /// A float literal.
    pub(super) fn float_literal(&mut self) -> Expr {
        let value = match self.rng.below(20) {
            0..=7 => self.rng.range(0, 10) as f64,
            8..=14 => self.rng.range(-1000, 1000) as f64 / 8.0,
            15 => *self.rng.pick(&[0.1, 0.2, 1.0 / 3.0, 3.141592653589793, 2.5, -0.0]),
            16 => *self.rng.pick(&[
                1e15,
                1e16,
                1e300,
                5e-324,
                1e-5,
                123456789012345680.0,
                1.7976931348623157e308,
            ]),
            17 => *self.rng.pick(&[2147483647.0, -2147483648.5, 9007199254740993.0, 4294967295.5]),
            _ => self.rng.range(-100_000, 100_000) as f64 / 100.0,
        };
        Expr::float(value)
    }

    /// A string literal.
    pub(super) fn str_literal(&mut self) -> Expr {
        let mut text = String::new();
        for _ in 0..self.rng.weighted(&[(1, 0), (6, 1), (3, 2), (1, 4)]) {
            text += *self.rng.pick(TEXTS);
        }
        Expr::str(&text)
    }

    /// The simplest expression of a type; with `asked`, the context says the type.
    pub(super) fn leaf(&mut self, ty: &Ty, asked: bool) -> Expr {
        // Values of a type parameter can only come from variables.
        let needed = ty.has_param() || *ty == Ty::Error;
        if (needed || self.rng.chance(70))
            && let Some(var) = self.var(|var| var.ty == *ty)
        {
            return Expr::var(var.name, ty.clone());
        }
        self.literal(ty, asked)
    }

    /// A literal of a type, or what comes closest.
    pub(super) fn literal(&mut self, ty: &Ty, asked: bool) -> Expr {
        match ty {
            Ty::I32 | Ty::I64 | Ty::U32 | Ty::U64 => self.int_literal(ty),
            Ty::F64 => self.float_literal(),
            Ty::Bool => Expr::bool(self.rng.chance(50)),
            Ty::Str => self.str_literal(),
            Ty::Array(elem) => {
                let least = usize::from(!asked);
                let count = least + self.rng.weighted(&[(2, 0), (4, 1), (4, 2), (2, 5)]);
                let count = if matches!(**elem, Ty::Array(_) | Ty::Map(_) | Ty::Struct(_)) {
                    count.min(2)
                } else {
                    count
                };
                let elems = (0..count).map(|i| self.kept_leaf(elem, asked || i > 0)).collect();
                Expr::new(ty.clone(), Op::Array, elems)
            }
            Ty::Map(entry) => {
                let least = usize::from(!asked);
                let count = least + self.rng.weighted(&[(2, 0), (3, 1), (2, 2)]);
                let mut args = Vec::new();
                for i in 0..count {
                    args.push(self.kept_leaf(&entry.0, asked || i > 0));
                    args.push(self.kept_leaf(&entry.1, asked || i > 0));
                }
                Expr::new(ty.clone(), Op::Map, args)
            }
            Ty::Struct(id) => self.struct_literal(*id, 0),
            Ty::Enum(..) => self.variant(ty, 0, asked),
            Ty::Fn(_) => self.lambda(ty, 0, asked),
            // An error or a value of a type parameter has to be in a variable.
            _ => match self.vars(|var| var.ty == *ty).pop() {
                Some(var) => Expr::var(var.name, ty.clone()),
                None => Expr::new(Ty::Void, Op::Bool(false), Vec::new()),
            },
        }
    }

    /// A leaf whose value is kept.
    pub(super) fn kept_leaf(&mut self, ty: &Ty, asked: bool) -> Expr {
        let e = self.leaf(ty, asked);
        let e = self.shorten(e);
        self.tame(e)
    }

    /// A struct literal; fields with defaults are sometimes left out, and the order is any.
    pub(super) fn struct_literal(&mut self, id: u32, depth: u32) -> Expr {
        let fields = self.types.structs[id as usize].fields.clone();
        let mut chosen: Vec<u32> = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            if field.default.is_none() || self.rng.chance(60) {
                chosen.push(i as u32);
            }
        }
        if self.rng.chance(20) {
            self.rng.shuffle(&mut chosen);
        }
        let args = chosen.iter().map(|i| self.kept(&fields[*i as usize].ty, depth, true)).collect();
        Expr::new(Ty::Struct(id), Op::Struct(chosen), args)
    }

    /// A variant of an enum type that can be written here.
    pub(super) fn variant(&mut self, ty: &Ty, depth: u32, asked: bool) -> Expr {
        let Ty::Enum(id, args) = ty else { return Expr::bool(false) };
        let def = self.types.enums[*id as usize].clone();
        let determined = |variant: &VariantDef| {
            let mut found = Vec::new();
            variant.payload.iter().for_each(|ty| {
                ty.unify(ty, &mut found);
            });
            (0..def.params).all(|param| found.get(param).is_some_and(Option::is_some))
        };
        let fits: Vec<u32> = (0..def.variants.len() as u32)
            .filter(|variant| asked || def.params == 0 || determined(&def.variants[*variant as usize]))
            .filter(|variant| {
                let payload = self.types.payload(*id, args, *variant);
                payload.iter().all(|ty| !ty.has_param() || !self.vars(|var| var.ty == *ty).is_empty())
            })
            .collect();
        if fits.is_empty() {
            if let Some(var) = self.vars(|var| var.ty == *ty).pop() {
                return Expr::var(var.name, ty.clone());
            }
            return match self.makers.get(ty) {
                Some(name) => Expr::new(ty.clone(), Op::Call(*name), Vec::new()),
                None => Expr::new(Ty::Void, Op::Bool(false), Vec::new()),
            };
        }
        let variant = *self.rng.pick(&fits);
        let payload = self.types.payload(*id, args, variant);
        // A payload of parameter type is not asked for; one with a fixed type is.
        let fixed: Vec<bool> =
            def.variants[variant as usize].payload.iter().map(|ty| !ty.has_param()).collect();
        let args = payload.iter().zip(fixed).map(|(ty, fixed)| self.kept(ty, depth, fixed)).collect();
        Expr::new(ty.clone(), Op::Variant(variant), args)
    }

    /// A lambda of a function type, with an expression as body.
    pub(super) fn lambda(&mut self, ty: &Ty, depth: u32, asked: bool) -> Expr {
        let Ty::Fn(f) = ty else { return Expr::bool(false) };
        let f = f.clone();
        let params: Vec<Param> =
            f.params.iter().map(|ty| Param { name: self.fresh_for(ty), ty: ty.clone() }).collect();
        let annotated = !asked || self.rng.chance(50);
        let head = Lambda { params, ret: f.ret.clone(), annotated };
        let most = crate::bounds::value_cost(&self.types, ty);
        let saved = self.enter_lambda(&head);
        let known = asked || annotated;
        let mut body = self.lambda_result(&f.ret, depth, known);
        if self.costs.expr(&self.types, &body).units > most {
            body = self.lambda_result(&f.ret, 0, known);
        }
        self.leave_lambda(saved);
        Expr::new(ty.clone(), Op::Lambda(head), vec![body])
    }

    fn lambda_result(&mut self, ret: &Ty, depth: u32, known: bool) -> Expr {
        if *ret != Ty::Void {
            return self.kept(ret, depth, known);
        }
        // A void body is a call that returns nothing.
        if let Some(var) = self.var(|var| matches!(var.ty, Ty::Array(_))) {
            let builtin = if self.rng.chance(80) { Builtin::Reverse } else { Builtin::Clear };
            return Expr::builtin(Ty::Void, builtin, vec![Expr::var(var.name, var.ty)]);
        }
        let array = Expr::new(Ty::array(Ty::I32), Op::Array, vec![Expr::int(Ty::I32, 1)]);
        Expr::builtin(Ty::Void, Builtin::Reverse, vec![array])
    }

    /// Begins the body of a lambda; what it gives is for [`Generator::leave_lambda`].
    pub(super) fn enter_lambda(&mut self, head: &Lambda) -> (u64, usize) {
        let ty = head.ty();
        let budget = crate::bounds::value_cost(&self.types, &ty);
        let limit = self.types.rank(&ty) - 1;
        let (order, generics) = (self.frame().order, self.frame().generics.clone());
        self.frames.push(super::Frame {
            ret: Some(head.ret.clone()),
            order,
            recursion: None,
            calls_left: 0,
            limit,
            level: 0,
            loops: Vec::new(),
            generics,
            tries: 1,
        });
        self.scope.open(false);
        for param in &head.params {
            self.declare(param.name, param.ty.clone(), crate::check::scope::Kind::Fixed);
        }
        let saved = (self.budget, self.hints.len());
        self.budget = budget.saturating_sub(20);
        saved
    }

    /// Ends the body of a lambda.
    pub(super) fn leave_lambda(&mut self, saved: (u64, usize)) {
        self.scope.close();
        self.frames.pop();
        self.budget = saved.0;
        self.hints.truncate(saved.1);
    }
}
