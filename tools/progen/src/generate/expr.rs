//! Expressions of any type.

use std::collections::HashMap;

use super::{Generator, Known};
use crate::ast::*;
use crate::bounds::{self, interval_with};
use crate::types::Ty;

/// What integers in variables are likely to be, either way from 0.
pub(super) const USUAL: i128 = 20_000;

impl Generator<'_> {
    /// An expression of a type. With `asked`, the context says the type (section 3.3 of the reference), so that an empty
    /// array or a variant that leaves type arguments open may stand there.
    pub(super) fn expr(&mut self, ty: &Ty, depth: u32, asked: bool) -> Expr {
        if depth == 0 || self.rng.chance(12) {
            return self.leaf(ty, asked);
        }
        for _ in 0..4 {
            let found = match self.rng.below(20) {
                0..=2 => self.var(|var| var.ty == *ty).map(|var| Expr::var(var.name, var.ty)),
                3 => self.conditional(ty, depth, asked),
                4 | 5 => self.member(ty),
                6 | 7 => self.element(ty, depth),
                8 => self.taken(ty, depth),
                9 | 10 => self.call_of(ty, depth),
                11 => self.value_call(ty, depth),
                _ => self.own(ty, depth - 1, asked),
            };
            if let Some(e) = found {
                return e;
            }
        }
        self.own(ty, depth - 1, asked).unwrap_or_else(|| self.leaf(ty, asked))
    }

    /// An expression by an operation that the type itself has.
    fn own(&mut self, ty: &Ty, depth: u32, asked: bool) -> Option<Expr> {
        match ty {
            Ty::I32 | Ty::I64 | Ty::U32 | Ty::U64 => Some(self.integer(ty, depth)),
            Ty::F64 => Some(self.float(depth)),
            Ty::Bool => Some(self.truth(depth)),
            Ty::Str => Some(self.string(depth)),
            Ty::Array(elem) => self.array(ty, elem, depth, asked),
            Ty::Map(entry) => {
                let count = usize::from(!asked) + self.rng.below(4);
                let mut args = Vec::new();
                for i in 0..count {
                    args.push(self.kept(&entry.0, depth.min(1), asked || i > 0));
                    args.push(self.kept(&entry.1, depth.min(1), asked || i > 0));
                }
                Some(Expr::new(ty.clone(), Op::Map, args))
            }
            Ty::Struct(id) => Some(self.struct_literal(*id, depth.min(2))),
            Ty::Enum(..) => Some(self.variant(ty, depth.min(2), asked)),
            Ty::Fn(_) => Some(self.function_value(ty, depth, asked)),
            Ty::Param(_) => self.of_param(ty, depth),
            _ => None,
        }
    }

    /// Arithmetic on a type parameter.
    fn of_param(&mut self, ty: &Ty, depth: u32) -> Option<Expr> {
        let Ty::Param(index) = ty else { return None };
        let class = self.frames.last()?.generics.get(usize::from(*index)).copied().unwrap_or(Class::Any);
        let a = Expr::var(self.var(|var| var.ty == *ty)?.name, ty.clone());
        if class != Class::Num || self.rng.chance(40) {
            return Some(a);
        }
        if self.rng.chance(40) {
            // Reduced, since a type argument may be a signed integer.
            let n = self.rng.range(2, 60);
            return Some(Expr::bin(BinOp::Rem, a, Expr::int(ty.clone(), n)));
        }
        let op = *self.rng.pick(&[BinOp::Add, BinOp::Sub]);
        let b =
            if self.rng.chance(50) { Expr::int(ty.clone(), 1) } else { self.expr(ty, depth.min(1), false) };
        Some(match self.rng.below(4) {
            0 => Expr::builtin(ty.clone(), Builtin::Min, vec![a, b]),
            1 => Expr::builtin(ty.clone(), Builtin::Max, vec![a, b]),
            _ => Expr::bin(op, a, b),
        })
    }

    fn conditional(&mut self, ty: &Ty, depth: u32, asked: bool) -> Option<Expr> {
        let cond = self.expr(&Ty::Bool, depth - 1, false);
        let args = vec![cond, self.expr(ty, depth - 1, asked), self.expr(ty, depth - 1, asked)];
        Some(Expr::new(ty.clone(), Op::Cond, args))
    }

    /// A field of a struct in a variable.
    pub(super) fn member(&mut self, ty: &Ty) -> Option<Expr> {
        let structs: Vec<u32> = (0..self.types.structs.len() as u32)
            .filter(|id| self.types.structs[*id as usize].fields.iter().any(|field| field.ty == *ty))
            .collect();
        let var = self.var(|var| matches!(var.ty, Ty::Struct(id) if structs.contains(&id)))?;
        let Ty::Struct(id) = var.ty else { return None };
        let fields = &self.types.structs[id as usize].fields;
        let fits: Vec<u32> = (0..fields.len() as u32).filter(|i| fields[*i as usize].ty == *ty).collect();
        let field = *self.rng.pick(&fits);
        Some(Expr::new(ty.clone(), Op::Field(field), vec![Expr::var(var.name, var.ty)]))
    }

    /// A variable that holds an array or map of values of that type, or a field that does.
    fn holder(&mut self, accepts: impl Fn(&Ty) -> bool) -> Option<Expr> {
        if self.rng.chance(20) {
            let types = self.pool.clone();
            let fits: Vec<&Ty> = types.iter().filter(|ty| accepts(ty)).collect();
            if !fits.is_empty() {
                let ty = (*self.rng.pick(&fits)).clone();
                if let Some(e) = self.member(&ty) {
                    return Some(e);
                }
            }
        }
        self.var(|var| accepts(&var.ty)).map(|var| Expr::var(var.name, var.ty))
    }

    /// An element of an array or map.
    pub(super) fn element(&mut self, ty: &Ty, depth: u32) -> Option<Expr> {
        if self.rng.chance(70) {
            let array = self.holder(|other| matches!(other, Ty::Array(elem) if **elem == *ty))?;
            return Some(self.index(array, depth));
        }
        let map = self.holder(|other| matches!(other, Ty::Map(entry) if entry.1 == *ty))?;
        let Ty::Map(entry) = map.ty.clone() else { return None };
        let key = self.expr(&entry.0, depth.min(1), true);
        Some(match self.rng.below(4) {
            0 if self.raw() => Expr::new(ty.clone(), Op::Index, vec![map, key]),
            0 | 1 => {
                let key = if key.size() == 1 { key } else { self.leaf(&entry.0, true) };
                let has = Expr::builtin(Ty::Bool, Builtin::MapHas, vec![map.clone(), key.clone()]);
                let value = Expr::new(ty.clone(), Op::Index, vec![map, key]);
                let other = self.leaf(ty, false);
                Expr::new(ty.clone(), Op::Cond, vec![has, value, other])
            }
            _ => {
                let other = self.kept_leaf(ty, true);
                Expr::builtin(ty.clone(), Builtin::MapGet, vec![map, key, other])
            }
        })
    }

    /// `array[i]` with an index that is most often within the array; also for strings.
    pub(super) fn index(&mut self, base: Expr, depth: u32) -> Expr {
        let ty = match &base.ty {
            Ty::Array(elem) => (**elem).clone(),
            _ => Ty::Str,
        };
        if let Op::Var(name) = base.op {
            // In a loop over its positions.
            let hints: Vec<Name> =
                self.hints.iter().filter(|(array, _)| *array == name).map(|(_, i)| *i).collect();
            if !hints.is_empty() && self.rng.chance(75) {
                let i = *self.rng.pick(&hints);
                if let Some(var) = self.scope.find(i) {
                    return Expr::new(ty, Op::Index, vec![base, Expr::var(i, var.ty.clone())]);
                }
            }
            let least = self.lengths.get(&name).copied().unwrap_or(0);
            if least > 0 && self.rng.chance(50) && !self.safe {
                let i = self.rng.range(0, i128::from(least) - 1);
                return Expr::new(ty, Op::Index, vec![base, Expr::int(Ty::I32, i)]);
            }
        }
        let int = if self.rng.chance(70) { Ty::I32 } else { self.int_type() };
        if self.raw() {
            let i = self.expr(&int, depth.min(1), false);
            return Expr::new(ty, Op::Index, vec![base, i]);
        }
        let length = self.length_as(&base, &int);
        let i = self.natural(&int, depth.min(1));
        let i = Expr::bin(BinOp::Rem, i, length.clone());
        let value = Expr::new(ty.clone(), Op::Index, vec![base, i]);
        let filled = Expr::bin(BinOp::Gt, length, Expr::int(int, 0));
        let other = self.leaf(&ty, false);
        Expr::new(ty, Op::Cond, vec![filled, value, other])
    }

    /// `len(e)` in an integer type.
    pub(super) fn length_as(&mut self, e: &Expr, ty: &Ty) -> Expr {
        let length = Expr::len(e.clone());
        if *ty == Ty::I32 { length } else { Expr::new(ty.clone(), Op::Cast, vec![length]) }
    }

    /// A small integer that is not negative.
    pub(super) fn natural(&mut self, ty: &Ty, depth: u32) -> Expr {
        if self.rng.chance(30) {
            let value = self.rng.range(0, 6);
            return Expr::int(ty.clone(), value);
        }
        let e = self.expr(ty, depth, false);
        let (low, high) = self.likely(&e);
        if low >= 0 && high <= 1_000 {
            return e;
        }
        let mask = *self.rng.pick(&[3, 7, 15, 63, 255]);
        Expr::bin(BinOp::BitAnd, e, Expr::int(ty.clone(), mask))
    }

    /// What takes an element away: `pop`, `remove`.
    fn taken(&mut self, ty: &Ty, depth: u32) -> Option<Expr> {
        if self.rng.chance(25) {
            let map = self.holder(|other| matches!(other, Ty::Map(entry) if entry.1 == *ty))?;
            let Ty::Map(entry) = map.ty.clone() else { return None };
            let key = self.leaf(&entry.0, true);
            let taken = Expr::builtin(ty.clone(), Builtin::MapRemove, vec![map.clone(), key.clone()]);
            if self.raw() {
                return Some(taken);
            }
            let has = Expr::builtin(Ty::Bool, Builtin::MapHas, vec![map, key]);
            let other = self.leaf(ty, false);
            return Some(Expr::new(ty.clone(), Op::Cond, vec![has, taken, other]));
        }
        let array = self.holder(|other| matches!(other, Ty::Array(elem) if **elem == *ty))?;
        let least = if self.rng.chance(70) { 3 } else { 0 };
        let taken = match self.rng.below(3) {
            0 => {
                let at = self.rng.range(0, least.max(1) - 1);
                Expr::builtin(ty.clone(), Builtin::Remove, vec![array.clone(), Expr::int(Ty::I32, at)])
            }
            _ => Expr::builtin(ty.clone(), Builtin::Pop, vec![array.clone()]),
        };
        if self.raw() {
            return Some(taken);
        }
        let filled = Expr::bin(BinOp::Gt, Expr::len(array), Expr::int(Ty::I32, least));
        let other = self.leaf(ty, false);
        let _ = depth;
        Some(Expr::new(ty.clone(), Op::Cond, vec![filled, taken, other]))
    }

    /// A call of a function, method or generic function that gives a value of that type.
    pub(super) fn call_of(&mut self, ty: &Ty, depth: u32) -> Option<Expr> {
        if self.safe {
            return None;
        }
        let mut fits: Vec<(Known, Vec<Option<Ty>>)> = Vec::new();
        for known in &self.known {
            let mut args = Vec::new();
            if self.callable(known) && known.ret.unify(ty, &mut args) {
                fits.push((known.clone(), args));
            }
        }
        if fits.is_empty() {
            return None;
        }
        let at = self.rng.below(fits.len()).max(self.rng.below(fits.len()));
        let (known, args) = fits.swap_remove(at);
        self.call(&known, args, depth)
    }

    /// Whether the function may be called here, and is cheap enough.
    pub(super) fn callable(&self, known: &Known) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let own =
            known.group.is_some() && frame.recursion.is_some_and(|(group, _)| Some(group) == known.group);
        if own {
            return frame.calls_left > 0;
        }
        if known.nested {
            if self.scope.find(known.name).is_none() {
                return false;
            }
        } else if known.order >= frame.order {
            return false;
        }
        let Some(function) = self.costs.functions.get(&known.name) else { return false };
        // Generic functions print and compare what they are given, so they are kept out of lambdas' tight budgets.
        known.level <= frame.limit && function.once.units.saturating_mul(2) < self.budget
    }

    /// A call of that function; type arguments may be given.
    pub(super) fn call(&mut self, known: &Known, mut given: Vec<Option<Ty>>, depth: u32) -> Option<Expr> {
        if let Some(owner) = known.owner.as_ref().filter(|owner| owner.has_param()) {
            // A method of a generic enum: the receiver must be of a type that can be made.
            let fits = self.pool.iter().filter_map(|ty| {
                let mut args = given.clone();
                owner.unify(ty, &mut args).then_some(args)
            });
            let fits: Vec<_> = fits.collect();
            if fits.is_empty() {
                return None;
            }
            given = self.rng.pick(&fits).clone();
        }
        let mut types = Vec::new();
        for (i, class) in known.generics.iter().enumerate() {
            let ty = match given.get(i).cloned().flatten() {
                Some(ty) => ty,
                None => self.type_argument(*class),
            };
            let able = match class {
                Class::Any => true,
                Class::Eq => !ty.has_param() && self.types.has_eq(&ty),
                Class::Num => ty.is_num(),
            };
            if !able
                || self.types.weight(&ty) > 64
                || matches!(ty, Ty::Error | Ty::Range | Ty::Void)
                || ty.has_param()
            {
                return None;
            }
            types.push(ty);
        }
        let own = known.group.is_some()
            && self.frames.last().is_some_and(|frame| frame.recursion.map(|(group, _)| group) == known.group);
        let mut args = Vec::new();
        let (frame_recursion, depth) = (self.frames.last().and_then(|frame| frame.recursion), depth.min(2));
        for (i, param) in known.params.iter().enumerate() {
            let arg = if known.counter == Some(i) {
                match frame_recursion {
                    Some((_, counter)) if own => {
                        let counter = Expr::var(counter, Ty::I32);
                        let (op, by) = *self.rng.pick(&[
                            (BinOp::Sub, 1),
                            (BinOp::Sub, 1),
                            (BinOp::Sub, 2),
                            (BinOp::Div, 2),
                        ]);
                        Expr::bin(op, counter, Expr::int(Ty::I32, by))
                    }
                    _ => self.recursion_depth(known),
                }
            } else {
                let asked = !(param.ty.has_param() || known.is_method && i == 0);
                self.kept(&param.ty.with(&types), depth.saturating_sub(1), asked)
            };
            args.push(arg);
        }
        if own {
            let frame = self.frame();
            if frame.calls_left == 0 {
                return None;
            }
            frame.calls_left -= 1;
        } else {
            let level = known.level;
            let frame = self.frame();
            frame.level = frame.level.max(level);
        }
        let e = Expr::new(known.ret.with(&types), Op::Call(known.name), args);
        let cost = self.costs.call(known.name, &e.args).units;
        if cost > self.budget { None } else { Some(e) }
    }

    /// A type that can stand for a type parameter of that class.
    fn type_argument(&mut self, class: Class) -> Ty {
        if class == Class::Num || self.rng.chance(50) {
            return self.rng.pick(&crate::types::NUMS).clone();
        }
        self.rng.pick(&self.pool).clone()
    }

    /// How deep a recursive function is to go.
    fn recursion_depth(&mut self, known: &Known) -> Expr {
        let name = known.name;
        let mut most = 1;
        for depth in [3, 6, 10, 16] {
            let counter = known.counter.unwrap_or(0);
            let args = vec![Expr::int(Ty::I32, depth); counter + 1];
            if self.costs.call(name, &args).units < self.budget / 3 {
                most = depth;
            }
        }
        if self.rng.chance(70) || most < 3 {
            return Expr::int(Ty::I32, most);
        }
        let mask = if most >= 15 {
            15
        } else if most >= 7 {
            7
        } else {
            3
        };
        let e = self.expr(&Ty::I32, 1, false);
        Expr::bin(BinOp::BitAnd, e, Expr::int(Ty::I32, mask))
    }

    /// A call of a function value.
    pub(super) fn value_call(&mut self, ty: &Ty, depth: u32) -> Option<Expr> {
        let limit = self.frames.last()?.limit;
        let (types, budget) = (&self.types, self.budget);
        let fits = |other: &Ty| match other {
            Ty::Fn(f) => {
                f.ret == *ty && types.rank(other) <= limit && bounds::value_cost(types, other) < budget
            }
            _ => false,
        };
        let pool: Vec<Ty> = self.pool.iter().filter(|ty| fits(ty)).cloned().collect();
        let names: Vec<Ty> = self.vars(|var| fits(&var.ty)).into_iter().map(|var| var.ty).collect();
        let callee = if !names.is_empty() && self.rng.chance(80) {
            let wanted = self.rng.pick(&names).clone();
            let var = self.var(|var| var.ty == wanted)?;
            Expr::var(var.name, var.ty)
        } else {
            let wanted = if pool.is_empty() { return None } else { self.rng.pick(&pool).clone() };
            match self.rng.below(3) {
                0 => self.member(&wanted)?,
                1 => self.element(&wanted, 1)?,
                _ => return None,
            }
        };
        self.call_value(callee, depth)
    }

    /// A call of that function value.
    pub(super) fn call_value(&mut self, callee: Expr, depth: u32) -> Option<Expr> {
        let Ty::Fn(f) = callee.ty.clone() else { return None };
        let rank = self.types.rank(&callee.ty);
        let frame = self.frame();
        frame.level = frame.level.max(rank);
        let ret = f.ret.clone();
        let mut args = vec![callee];
        for ty in &f.params {
            args.push(self.kept(ty, depth.saturating_sub(1).min(1), true));
        }
        Some(Expr::new(ret, Op::CallValue, args))
    }

    /// A function value: a lambda or the name of a function.
    fn function_value(&mut self, ty: &Ty, depth: u32, asked: bool) -> Expr {
        if self.rng.chance(35) {
            let most = bounds::value_cost(&self.types, ty);
            let rank = self.types.rank(ty);
            let order = self.frames.last().map_or(0, |frame| frame.order);
            let fits: Vec<Name> = self
                .known
                .iter()
                .filter(|known| {
                    let params = known.params.iter().map(|param| param.ty.clone()).collect();
                    let visible = if known.nested {
                        self.scope.find(known.name).is_some()
                    } else {
                        known.order < order
                    };
                    known.value
                        && visible
                        && known.level < rank
                        && Ty::function(params, known.ret.clone()) == *ty
                        && self.costs.functions.get(&known.name).is_some_and(|cost| cost.once.units <= most)
                })
                .map(|known| known.name)
                .collect();
            if !fits.is_empty() {
                let name = *self.rng.pick(&fits);
                return Expr::new(ty.clone(), Op::FnRef(name), Vec::new());
            }
        }
        self.lambda(ty, depth.min(2), asked)
    }

    /// An array.
    fn array(&mut self, ty: &Ty, elem: &Ty, depth: u32, asked: bool) -> Option<Expr> {
        let sortable = elem.is_num() || matches!(elem, Ty::Bool | Ty::Str);
        Some(match self.rng.below(14) {
            0 | 1 => {
                let count = match self.rng.below(4) {
                    0 if self.raw() => self.expr(&Ty::I32, 1, false),
                    0 | 1 => self.natural(&Ty::I32, 1),
                    _ => {
                        let count = self.rng.range(0, 12);
                        Expr::int(Ty::I32, count)
                    }
                };
                let value = self.kept(elem, depth.min(1), asked);
                // Each turn of a loop over it would cost what its length allows.
                let (low, high) = bounds::interval(&count);
                let count = if low < 0 || high > 24 {
                    Expr::bin(BinOp::BitAnd, count, Expr::int(Ty::I32, 15))
                } else {
                    count
                };
                Expr::new(ty.clone(), Op::Fill, vec![value, count])
            }
            2 => {
                let base = self.expr(ty, depth.min(1), asked);
                let count = self.rng.range(0, 3);
                let int = self.int_type();
                Expr::new(ty.clone(), Op::Repeat, vec![base, Expr::int(int, count)])
            }
            3 | 4 => {
                let base = self.expr(ty, depth.min(1), false);
                self.slice(base)
            }
            5 if sortable => {
                let base = self.expr(ty, depth.min(1), false);
                Expr::builtin(ty.clone(), Builtin::Sorted, vec![base])
            }
            5 | 6 if !elem.has_param() && !matches!(elem, Ty::Fn(_)) => {
                let rank = Ty::function(vec![elem.clone(), elem.clone()], Ty::Bool);
                let frame = self.frames.last()?;
                let allowed = frame.limit >= self.types.rank(&rank);
                if !allowed || self.budget < 20_000 || self.in_generic() {
                    return None;
                }
                let base = self.expr(ty, depth.min(1), false);
                let comparator = self.comparator(elem)?;
                let level = self.types.rank(&rank);
                let frame = self.frame();
                frame.level = frame.level.max(level);
                Expr::builtin(ty.clone(), Builtin::SortedBy, vec![base, comparator])
            }
            7 => {
                let base = self.literal_array(ty, elem);
                let value = self.kept(elem, depth.min(1), true);
                Expr::builtin(ty.clone(), Builtin::Push, vec![base, value])
            }
            8 => {
                let map = self.holder(|other| matches!(other, Ty::Map(entry) if entry.0 == *elem))?;
                Expr::builtin(ty.clone(), Builtin::MapKeys, vec![map])
            }
            9 => {
                let map = self.holder(|other| matches!(other, Ty::Map(entry) if entry.1 == *elem))?;
                Expr::builtin(ty.clone(), Builtin::MapValues, vec![map])
            }
            10 if *elem == Ty::Str => {
                let text = self.expr(&Ty::Str, depth.min(1), false);
                Expr::builtin(ty.clone(), Builtin::Chars, vec![text])
            }
            10 | 11 if *elem == Ty::Str => {
                let text = self.expr(&Ty::Str, depth.min(1), false);
                let separator = Expr::str(*self.rng.pick(&[",", " ", "a", "é", "ab", "-"]));
                Expr::builtin(ty.clone(), Builtin::Split, vec![text, separator])
            }
            _ => {
                let count = usize::from(!asked) + self.rng.below(5);
                let elems = (0..count).map(|i| self.kept(elem, depth.min(2), asked || i > 0)).collect();
                Expr::new(ty.clone(), Op::Array, elems)
            }
        })
    }

    /// An array literal that needs no context.
    fn literal_array(&mut self, ty: &Ty, elem: &Ty) -> Expr {
        let elems = (0..1 + self.rng.below(3)).map(|i| self.kept_leaf(elem, i > 0)).collect();
        Expr::new(ty.clone(), Op::Array, elems)
    }

    /// A lambda that compares two elements.
    fn comparator(&mut self, elem: &Ty) -> Option<Expr> {
        let (a, b) = (self.fresh("a"), self.fresh("b"));
        let params = vec![Param { name: a, ty: elem.clone() }, Param { name: b, ty: elem.clone() }];
        let head = Lambda { params, ret: Ty::Bool, annotated: self.rng.chance(40) };
        let key = |e: Expr, generator: &mut Self| match elem {
            Ty::Struct(id) => {
                let fields = &generator.types.structs[*id as usize].fields;
                let field = fields.iter().position(|field| field.ty.is_num() || field.ty == Ty::Str)?;
                Some(Expr::new(fields[field].ty.clone(), Op::Field(field as u32), vec![e]))
            }
            Ty::Array(_) | Ty::Map(_) => Some(Expr::len(e)),
            Ty::Enum(..) => Some(Expr::new(Ty::Str, Op::Cast, vec![e])),
            Ty::Bool => Some(Expr::new(Ty::I32, Op::Cast, vec![e])),
            _ => Some(e),
        };
        let (left, right) = (Expr::var(a, elem.clone()), Expr::var(b, elem.clone()));
        let op = *self.rng.pick(&[BinOp::Lt, BinOp::Gt, BinOp::Lt, BinOp::Le]);
        let body = Expr::bin(op, key(left, self)?, key(right, self)?);
        let most = bounds::value_cost(&self.types, &head.ty());
        if self.costs.expr(&self.types, &body).units > most {
            return None;
        }
        Some(Expr::new(head.ty(), Op::Lambda(head), vec![body]))
    }

    /// A slice of an array or string, most often within it.
    pub(super) fn slice(&mut self, base: Expr) -> Expr {
        let ty = base.ty.clone();
        let (mut start, mut end) = (self.rng.chance(60), self.rng.chance(60));
        let mut inclusive = end && self.rng.chance(25);
        let mut args = vec![base.clone()];
        if self.raw() {
            for _ in 0..usize::from(start) + usize::from(end) {
                let int = self.int_type();
                let bound = self.rng.range(0, 5);
                args.push(Expr::int(int, bound));
            }
        } else if base.size() > 1 {
            // The length is not asked again, since asking may have effects.
            (end, inclusive) = (false, false);
            if start {
                let int = self.int_type();
                args.push(Expr::int(int, 0));
            }
        } else {
            let length = Expr::len(base);
            let least = |limit: Expr, bound: i128| {
                Expr::builtin(Ty::I32, Builtin::Min, vec![limit, Expr::int(Ty::I32, bound)])
            };
            let low = self.rng.range(0, 4);
            if inclusive {
                // `min(len - 1, …)` is -1 if there is nothing, which is right behind 0 only.
                start = true;
                let last = Expr::bin(BinOp::Sub, length, Expr::int(Ty::I32, 1));
                args.extend([Expr::int(Ty::I32, 0), least(last, low)]);
            } else {
                if start {
                    args.push(least(length.clone(), low));
                }
                if end {
                    let high = self.rng.range(if start { low } else { 0 }, 8);
                    args.push(least(length, high));
                }
            }
        }
        Expr::new(ty, Op::Slice { start, end, inclusive }, args)
    }

    /// One of the integer types, `i32` most often.
    pub(super) fn int_type(&mut self) -> Ty {
        let i: usize = self.rng.weighted(&[(4, 0), (2, 1), (2, 2), (2, 3)]);
        crate::types::INTS[i].clone()
    }

    /// What an integer expression is likely to be: variables hold small values.
    pub(super) fn likely(&self, e: &Expr) -> (i128, i128) {
        let leaf = |e: &Expr| match (&e.op, e.ty.is_signed()) {
            (Op::Int(value, _), _) => (*value, *value),
            (_, true) => (-USUAL, USUAL),
            _ => e.ty.limits(),
        };
        interval_with(e, &leaf, &|e| (0, bounds::length(e, &HashMap::new()).min(40) as i128))
    }

    /// Keeps a signed integer small, most often.
    pub(super) fn tame(&mut self, e: Expr) -> Expr {
        if !e.ty.is_signed() || matches!(e.op, Op::Int(..)) {
            return e;
        }
        let (low, high) = self.likely(&e);
        if (low >= -USUAL && high <= USUAL) || (!self.safe && self.rng.chance(2)) {
            return e;
        }
        let ty = e.ty.clone();
        if self.rng.chance(40) {
            let mask = *self.rng.pick(&[0xFF, 0x3FF, 0xFFF]);
            return Expr::bin(BinOp::BitAnd, e, Expr::int(ty, mask));
        }
        let divisor = *self.rng.pick(&[7, 10, 97, 1000, 9973]);
        Expr::bin(BinOp::Rem, e, Expr::int(ty, divisor))
    }
}
