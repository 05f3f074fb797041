//! Expressions: that operands and results fit, that names are visible, that calls end.

use super::{Checked, Checker, ensure};
use crate::ast::*;
use crate::bounds::{self, MAX_LENGTH, MAX_STRING};
use crate::types::{Ty, Types};

impl<'a> Checker<'a> {
    /// What a type parameter can do.
    pub(super) fn class(&self, ty: &Ty) -> Option<Class> {
        let Ty::Param(index) = ty else { return None };
        let generics = self.frames.last().map(|frame| &frame.generics)?;
        Some(generics.get(usize::from(*index)).copied().unwrap_or(Class::Any))
    }

    fn has_eq(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Param(_) => self.class(ty) != Some(Class::Any),
            Ty::Array(elem) => self.has_eq(elem),
            Ty::Map(entry) => self.has_eq(&entry.1),
            Ty::Enum(_, args) if ty.has_param() => args.iter().all(|ty| self.has_eq(ty)),
            _ => self.types.has_eq(ty),
        }
    }

    fn is_num(&self, ty: &Ty) -> bool {
        ty.is_num() || self.class(ty) == Some(Class::Num)
    }

    /// An expression whose value is kept: in a variable, a field, an element, a parameter.
    pub(super) fn kept(&mut self, e: &'a Expr) -> Checked {
        self.expr(e)?;
        self.short_enough(e)
    }

    pub(super) fn short_enough(&self, e: &Expr) -> Checked {
        let most = match e.ty {
            Ty::Str => MAX_STRING,
            Ty::Array(_) | Ty::Map(_) => MAX_LENGTH,
            _ => return Ok(()),
        };
        ensure(bounds::length(e, &self.costs.lengths) <= most, "something too long is kept")
    }

    pub(super) fn expr(&mut self, e: &'a Expr) -> Checked {
        let args = &e.args;
        let ty = &e.ty;
        // What a value is put into keeps it.
        let keeps = match &e.op {
            Op::Call(_) | Op::CallValue | Op::Array | Op::Map | Op::Struct(_) | Op::Variant(_) => 0,
            Op::Builtin(Builtin::Push) => 1,
            Op::Fill => 0,
            _ => usize::MAX,
        };
        if !matches!(e.op, Op::Lambda(_)) {
            for (i, arg) in args.iter().enumerate() {
                ensure(arg.ty != Ty::Void, "a void operand")?;
                self.expr(arg)?;
                if i >= keeps {
                    self.short_enough(arg)?;
                }
            }
        }
        let arity = |n: usize| ensure(args.len() == n, "a number of operands");
        match &e.op {
            Op::Int(value, _) => {
                let fits = if ty.is_int() {
                    let (low, high) = ty.limits();
                    low <= *value && *value <= high
                } else {
                    self.class(ty) == Some(Class::Num) && (0..100).contains(value)
                };
                ensure(fits, "an integer literal")
            }
            Op::Float(value) => ensure(*ty == Ty::F64 && value.is_finite(), "a float literal"),
            Op::Bool(_) => ensure(*ty == Ty::Bool, "a bool literal"),
            Op::Str(text) => ensure(*ty == Ty::Str && !text.contains('@'), "a string literal"),
            Op::Var(name) => {
                let var = self.scope.find(*name);
                ensure(var.is_some_and(|var| var.ty == *ty), "a variable that is not visible")
            }
            Op::FnRef(name) => self.fn_ref(*name, ty),
            Op::Neg => {
                arity(1)?;
                let signed = ty.is_signed() || *ty == Ty::F64;
                ensure(args[0].ty == *ty && signed, "a negation")
            }
            Op::BitNot => {
                arity(1)?;
                ensure(args[0].ty == *ty && ty.is_int(), "a complement")
            }
            Op::Not => {
                arity(1)?;
                ensure(*ty == Ty::Bool && logical(&args[0].ty), "a `not`")
            }
            Op::Bin(op) => {
                arity(2)?;
                self.bin(*op, e)
            }
            Op::Cond => {
                arity(3)?;
                ensure(args[0].ty == Ty::Bool && args[1].ty == *ty && args[2].ty == *ty, "a conditional")
            }
            Op::Cast => {
                arity(1)?;
                let from = &args[0].ty;
                let same = matches!(from, Ty::Str) && *ty == Ty::Str;
                let numeric = (from.is_num() || *from == Ty::Bool) && ty.is_primitive();
                let shown = matches!(from, Ty::Enum(..) | Ty::Error) && *ty == Ty::Str;
                ensure(same || numeric || shown, "a conversion")
            }
            Op::Call(name) => self.call(*name, e),
            Op::CallValue => {
                let Some(Ty::Fn(f)) = args.first().map(|e| &e.ty) else {
                    return Err("a call of something else".to_owned());
                };
                let rank = self.types.rank(&args[0].ty);
                let frame = self.frame();
                ensure(rank <= frame.limit, "a call of a function value of too high a rank")?;
                frame.level = frame.level.max(rank);
                let params = f.params.iter().eq(args[1..].iter().map(|arg| &arg.ty));
                ensure(params && f.ret == *ty, "arguments of a function value")
            }
            Op::Field(index) => {
                arity(1)?;
                let Ty::Struct(id) = args[0].ty else { return Err("a field of something else".to_owned()) };
                let field = self.types.structs[id as usize].fields.get(*index as usize);
                ensure(field.is_some_and(|field| field.ty == *ty), "a field")
            }
            Op::Index => {
                arity(2)?;
                let fits = match &args[0].ty {
                    Ty::Array(elem) => args[1].ty.is_int() && **elem == *ty,
                    Ty::Str => args[1].ty.is_int() && *ty == Ty::Str,
                    Ty::Map(entry) => args[1].ty == entry.0 && entry.1 == *ty,
                    _ => false,
                };
                ensure(fits, "an index")
            }
            Op::Slice { start, end, .. } => {
                arity(1 + usize::from(*start) + usize::from(*end))?;
                let base = matches!(args[0].ty, Ty::Array(_) | Ty::Str) && args[0].ty == *ty;
                ensure(base && args[1..].iter().all(|arg| arg.ty.is_int()), "a slice")
            }
            Op::Array => {
                let Ty::Array(elem) = ty else { return Err("an array literal".to_owned()) };
                ensure(args.iter().all(|arg| arg.ty == **elem), "an element")
            }
            Op::Fill => {
                arity(2)?;
                ensure(*ty == Ty::array(args[0].ty.clone()) && args[1].ty.is_int(), "a fill")
            }
            Op::Repeat => {
                arity(2)?;
                ensure(matches!(ty, Ty::Array(_)) && args[0].ty == *ty && args[1].ty.is_int(), "a repetition")
            }
            Op::Map => {
                let Ty::Map(entry) = ty else { return Err("a map literal".to_owned()) };
                let entries = args
                    .chunks(2)
                    .all(|pair| pair.len() == 2 && pair[0].ty == entry.0 && pair[1].ty == entry.1);
                ensure(entries && self.types.is_key(&entry.0), "an entry")
            }
            Op::Struct(fields) => {
                let Ty::Struct(id) = ty else { return Err("a struct literal".to_owned()) };
                let def = &self.types.structs[*id as usize];
                arity(fields.len())?;
                for (i, (field, arg)) in fields.iter().zip(args).enumerate() {
                    let fits = def.fields.get(*field as usize).is_some_and(|field| field.ty == arg.ty);
                    ensure(fits && !fields[..i].contains(field), "a field of a literal")?;
                }
                let missing = (0..def.fields.len() as u32)
                    .any(|field| !fields.contains(&field) && def.fields[field as usize].default.is_none());
                ensure(!missing, "a literal without a field")
            }
            Op::Variant(variant) => {
                let Ty::Enum(id, enum_args) = ty else { return Err("a variant".to_owned()) };
                let payload = self.types.payload(*id, enum_args, *variant);
                ensure(payload.iter().eq(args.iter().map(|arg| &arg.ty)), "a payload")
            }
            Op::Lambda(head) => {
                arity(1)?;
                ensure(*ty == head.ty(), "a lambda of another type")?;
                ensure(args[0].ty == head.ret, "a body of another type")?;
                self.enter_lambda(head)?;
                self.kept(&args[0])?;
                let cost = self.costs.expr(self.types, &args[0]);
                self.leave_lambda(head, cost)
            }
            Op::Builtin(builtin) => self.builtin(*builtin, e),
            Op::Format(_) => ensure(*ty == Ty::Str, "a format"),
            Op::Matches { variant, given } => {
                let Some(Ty::Enum(id, enum_args)) = args.first().map(|e| &e.ty) else {
                    return Err("`matches` on something else".to_owned());
                };
                let payload = self.types.payload(*id, enum_args, *variant);
                let wanted = payload.iter().zip(given).filter(|(_, given)| **given).map(|(ty, _)| ty);
                let fits =
                    wanted.clone().eq(args[1..].iter().map(|arg| &arg.ty)) && payload.len() == given.len();
                ensure(fits && wanted.clone().all(|ty| self.has_eq(ty)) && *ty == Ty::Bool, "a `matches`")
            }
            Op::Helper(helper) => {
                let fits = match helper {
                    Helper::Clip => args.len() == 1 && args[0].ty == Ty::Str && *ty == Ty::Str,
                    Helper::Head => {
                        args.len() == 2
                            && matches!(ty, Ty::Array(_))
                            && args[0].ty == *ty
                            && args[1].as_int().is_some_and(|n| (1..=24).contains(&n))
                    }
                    _ => false,
                };
                ensure(fits, "a helper")
            }
        }
    }

    fn bin(&mut self, op: BinOp, e: &Expr) -> Checked {
        let (a, b) = (&e.args[0].ty, &e.args[1].ty);
        let fits = match op {
            BinOp::And | BinOp::Or => logical(a) && logical(b) && e.ty == Ty::Bool,
            BinOp::Eq | BinOp::Ne => {
                let mixed = (*a == Ty::Bool && b.is_int()) || (a.is_int() && *b == Ty::Bool);
                (mixed || a == b && self.has_eq(a)) && e.ty == Ty::Bool
            }
            _ if op.is_comparison() => a == b && (self.is_num(a) || *a == Ty::Str) && e.ty == Ty::Bool,
            BinOp::Shl | BinOp::Shr => a.is_int() && b.is_int() && e.ty == *a,
            _ if op.is_bitwise() => a == b && a.is_int() && e.ty == *a,
            BinOp::Add => a == b && (self.is_num(a) || *a == Ty::Str) && e.ty == *a,
            _ => a == b && self.is_num(a) && e.ty == *a,
        };
        ensure(fits, "operands")
    }

    fn fn_ref(&mut self, name: Name, ty: &Ty) -> Checked {
        let signature = self.functions.get(&name).ok_or("an unknown function")?.clone();
        let function = signature.function;
        let params = function.params.iter().map(|param| param.ty.clone()).collect();
        ensure(*ty == Ty::function(params, function.ret.clone()), "a function of another type")?;
        ensure(function.generics.is_empty() && function.owner.is_none(), "a function that is no value")?;
        // The type of a value is exact, so a void function has to say that it is void.
        ensure(function.annotated && function.recursion.is_none(), "a function that is no value")?;
        if signature.nested {
            ensure(self.scope.find(name).is_some(), "a nested function that is not visible")?;
        } else {
            ensure(function.order < self.frame().order, "a function that may not be used here")?;
        }
        let cost = self.costs.functions.get(&name).ok_or("a function whose cost is not known")?;
        let most = bounds::value_cost(self.types, ty);
        ensure(cost.once.units <= most && cost.once.recursions == 0, "a function value that costs too much")?;
        ensure(signature.level < self.types.rank(ty), "a function value that calls values of its own rank")
    }

    fn call(&mut self, name: Name, e: &Expr) -> Checked {
        let signature = self.functions.get(&name).ok_or("an unknown function")?.clone();
        let function = signature.function;
        ensure(function.params.len() == e.args.len(), "a number of arguments")?;
        let mut generics = Vec::new();
        for (param, arg) in function.params.iter().zip(&e.args) {
            ensure(param.ty.unify(&arg.ty, &mut generics), "an argument of another type")?;
        }
        let mut known = Vec::new();
        for (i, ty) in generics.into_iter().enumerate() {
            let ty = ty.ok_or("a type argument that is not known")?;
            ensure(!matches!(ty, Ty::Range | Ty::Void), "a type argument")?;
            let class = function.generics.get(i).copied().unwrap_or(Class::Any);
            let able = match class {
                Class::Any => true,
                Class::Eq => self.has_eq(&ty),
                Class::Num => self.is_num(&ty),
            };
            ensure(able && self.types.weight(&ty) <= 64, "a type argument that cannot do what it must")?;
            known.push(ty);
        }
        ensure(function.ret.with(&known) == e.ty, "a result of another type")?;
        if signature.nested {
            ensure(self.scope.find(name).is_some(), "a nested function that is not visible")?;
        }
        let order = self.frame().order;
        let group = function.recursion.as_ref().map(|recursion| recursion.group);
        let own = self.frame().recursion;
        if group.is_some() && own.map(|(group, _)| group) == group {
            let Some((_, counter)) = own else { return Err("a recursion outside a function".to_owned()) };
            let param = function.recursion.as_ref().map_or(0, |recursion| recursion.param);
            ensure(less(&e.args[param], counter), "a recursion whose counter does not count down")?;
            ensure(
                self.scope.find(counter).is_some_and(|var| var.depth == self.frames.len()),
                "a hidden counter",
            )?;
        } else {
            ensure(signature.nested || function.order < order, "a call that does not lead down")?;
            ensure(self.costs.functions.contains_key(&name), "a call of a function that is not known yet")?;
            let level = signature.level;
            let frame = self.frame();
            ensure(level <= frame.limit, "a call of a function that calls values of too high a rank")?;
            frame.level = frame.level.max(level);
        }
        Ok(())
    }

    fn builtin(&mut self, builtin: Builtin, e: &Expr) -> Checked {
        use Builtin::*;
        let args: Vec<&Ty> = e.args.iter().map(|arg| &arg.ty).collect();
        let types: &Types = self.types;
        let array = |ty: &Ty| if let Ty::Array(elem) = ty { Some((**elem).clone()) } else { None };
        let map =
            |ty: &Ty| if let Ty::Map(entry) = ty { Some((entry.0.clone(), entry.1.clone())) } else { None };
        let strings = Ty::array(Ty::Str);
        // Pushing grows what may be kept elsewhere, unless it is new.
        let fresh = |e: &Expr| matches!(e.op, Op::Array | Op::Fill | Op::Slice { .. } | Op::Builtin(Sorted));
        let result = match (builtin, &args[..]) {
            (Len, [Ty::Array(_) | Ty::Str | Ty::Map(_)]) => Ty::I32,
            (Push, [a, v]) if array(a).as_ref() == Some(v) && fresh(&e.args[0]) => (*a).clone(),
            (Pop, [a]) if array(a).is_some() => array(a).unwrap_or(Ty::Void),
            (Sorted, [a]) if array(a).is_some_and(|ty| ty.is_num() || matches!(ty, Ty::Bool | Ty::Str)) => {
                (*a).clone()
            }
            (SortedBy, [a, f]) => {
                let elem = array(a).ok_or("sorted of something else")?;
                ensure(**f == Ty::function(vec![elem.clone(), elem], Ty::Bool), "a comparator")?;
                let rank = types.rank(f);
                let frame = self.frame();
                ensure(rank <= frame.limit, "a comparator of too high a rank")?;
                frame.level = frame.level.max(rank);
                (*a).clone()
            }
            (Range, list) if matches!(list.len(), 1..=3) && list.iter().all(|ty| ty.is_int()) => {
                let turns = bounds::length(e, &self.costs.lengths);
                ensure(turns <= 10_000, "a range without limit")?;
                Ty::Range
            }
            (Int, [a]) if a.is_primitive() => Ty::I32,
            (Float, [a]) if a.is_primitive() => Ty::F64,
            (Typeof, [_]) => Ty::Str,
            (Istype, [_, Ty::Str]) => Ty::Bool,
            (AssertEq, [Ty::Str, a, b]) if a == b && self.has_eq(a) => Ty::Bool,
            (Sqrt | Sin | Cos | Tan | Atan | Exp | Log | Floor | Ceil, [Ty::F64]) => Ty::F64,
            (Atan2 | Pow, [Ty::F64, Ty::F64]) => Ty::F64,
            (Abs, [a]) if self.is_num(a) => (*a).clone(),
            (Min | Max, [a, b]) if a == b && (self.is_num(a) || **a == Ty::Str) => (*a).clone(),
            (Ord, [Ty::Str]) => Ty::I32,
            (Chr, [Ty::I32]) => Ty::Str,
            (Join, [a, Ty::Str]) if **a == strings => Ty::Str,
            (Reverse | Clear, [Ty::Array(_)]) => Ty::Void,
            (Remove, [a, i]) if i.is_int() && array(a).is_some() => array(a).unwrap_or(Ty::Void),
            (Chars, [Ty::Str]) | (Split, [Ty::Str, Ty::Str]) => strings,
            (Find, [Ty::Str, Ty::Str]) => Ty::I32,
            (Contains | StartsWith | EndsWith, [Ty::Str, Ty::Str]) => Ty::Bool,
            (Replace, [Ty::Str, Ty::Str, Ty::Str]) => Ty::Str,
            (Upper | Lower | Trim, [Ty::Str]) => Ty::Str,
            (Repeat, [Ty::Str, n]) if n.is_int() => Ty::Str,
            (ToI64, [Ty::Str]) => Ty::I64,
            (ToU64, [Ty::Str]) => Ty::U64,
            (MapGet, [m, k, v]) if map(m) == Some(((*k).clone(), (*v).clone())) => (*v).clone(),
            (MapHas, [m, k]) if map(m).is_some_and(|(key, _)| key == **k) => Ty::Bool,
            (MapRemove, [m, k]) if map(m).is_some_and(|(key, _)| key == **k) => {
                map(m).map_or(Ty::Void, |(_, v)| v)
            }
            (MapKeys, [m]) if map(m).is_some() => Ty::array(map(m).map_or(Ty::Void, |(k, _)| k)),
            (MapValues, [m]) if map(m).is_some() => Ty::array(map(m).map_or(Ty::Void, |(_, v)| v)),
            (MapClear, [Ty::Map(_)]) => Ty::Void,
            (ErrorMessage | ErrorKind, [Ty::Error]) => Ty::Str,
            _ => return Err(format!("arguments of {}", builtin.spelling().0)),
        };
        ensure(result == e.ty, "the result of a builtin")
    }
}

/// What `and`, `or` and `not` take.
fn logical(ty: &Ty) -> bool {
    *ty == Ty::Bool || ty.is_int()
}

/// Whether the expression is surely less than the counter, which is positive.
fn less(e: &Expr, counter: Name) -> bool {
    let Op::Bin(op) = e.op else { return false };
    let is_counter = matches!(e.args[0].op, Op::Var(name) if name == counter);
    let by = e.args[1].as_int().unwrap_or(0);
    is_counter && matches!((op, by), (BinOp::Sub, 1..) | (BinOp::Div, 2..))
}
