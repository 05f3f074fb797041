//! Statements: declarations, assignments, control flow.

use super::scope::{Kind, Var};
use super::{Checked, Checker, Frame, Signature, diverges, ensure};
use crate::ast::*;
use crate::bounds::{self, MAX_LENGTH, MAX_STRING};
use crate::types::Ty;

/// The greatest length of what a variable that is never assigned may hold.
const MAX_LOCAL: u64 = 6_000;
/// The greatest number of turns of one loop.
const MAX_TURNS: u64 = 100_000;

impl<'a> Checker<'a> {
    pub(super) fn block(&mut self, block: &'a [Stmt]) -> Checked {
        block.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    /// A block with a scope of its own.
    fn scoped(&mut self, block: &'a [Stmt]) -> Checked {
        self.scope.open(false);
        let result = self.block(block);
        self.scope.close();
        result
    }

    fn condition(&mut self, e: &'a Expr) -> Checked {
        ensure(e.ty == Ty::Bool, "a condition that is not bool")?;
        self.expr(e)
    }

    pub(super) fn stmt(&mut self, stmt: &'a Stmt) -> Checked {
        match stmt {
            Stmt::Let(binding) => self.binding(binding),
            Stmt::Assign { place, op, value } => self.assign(place, *op, value),
            Stmt::Expr(e) => self.expr(e),
            Stmt::Discard(e) => {
                ensure(e.ty != Ty::Void, "a void value")?;
                self.expr(e)
            }
            Stmt::Print { args, .. } => args.iter().try_for_each(|e| {
                ensure(e.ty != Ty::Void, "a void value is printed")?;
                self.expr(e)
            }),
            Stmt::Observe(e) => {
                ensure(!matches!(e.ty, Ty::Void | Ty::Param(_)), "no checksum of that")?;
                self.expr(e)
            }
            Stmt::If { branches, otherwise } => {
                let mut kept: Vec<Var> = Vec::new();
                let blocks = branches.iter().map(|(cond, block)| (Some(cond), block));
                for (cond, block) in blocks.chain(otherwise.iter().map(|block| (None, block))) {
                    if let Some(cond) = cond {
                        self.condition(cond)?;
                    }
                    self.scope.open(true);
                    let result = self.block(block);
                    let outlives = self.scope.close();
                    result?;
                    for var in outlives {
                        match kept.iter().find(|other| other.name == var.name) {
                            Some(other) => {
                                ensure(other.ty == var.ty, "branches disagree on a variable's type")?
                            }
                            None => kept.push(var),
                        }
                    }
                }
                let outlives = self.scope.in_branch();
                kept.into_iter().for_each(|var| self.scope.add(var, outlives));
                Ok(())
            }
            Stmt::While(w) => {
                ensure(w.turns as u64 <= MAX_TURNS, "too many turns")?;
                self.declare(w.fuel, Ty::I32, Kind::Fixed)?;
                self.enter_loop(w.label)?;
                let result = self.condition(&w.cond).and_then(|()| self.scoped(&w.body));
                self.frame().loops.pop();
                result
            }
            Stmt::For(l) => self.for_loop(l),
            Stmt::Match(m) => {
                ensure(m.ty == Ty::Void, "the value of a statement")?;
                self.matching(m)
            }
            Stmt::Try { body, name, handler } => {
                self.scoped(body)?;
                self.scope.open(false);
                let named = name.map_or(Ok(()), |name| self.declare(name, Ty::Error, Kind::Fixed));
                let result = named.and_then(|()| self.block(handler));
                self.scope.close();
                result
            }
            Stmt::Break(label) | Stmt::Continue(label) => {
                let loops = &self.frame().loops;
                let found = if label.is_some() { loops.contains(label) } else { !loops.is_empty() };
                ensure(found, "no such loop")
            }
            Stmt::Return(value) => {
                let ret = self.frame().ret.clone();
                let Some(ret) = ret else { return Err("return outside a function".to_owned()) };
                match value {
                    None => ensure(ret == Ty::Void, "a return without a value"),
                    Some(value) => {
                        ensure(value.ty() == ret && ret != Ty::Void, "a return of another type")?;
                        self.value(value)?;
                        self.kept_value(value)
                    }
                }
            }
            Stmt::Raise(e) => {
                ensure(matches!(e.ty, Ty::Str | Ty::Error), "raise of something else")?;
                self.kept(e)
            }
            Stmt::Grow { target, limit, growth } => self.grow(target, u64::from(*limit), growth),
            Stmt::Build(b) => self.build(b),
            Stmt::Fn(function) => {
                ensure(
                    function.owner.is_none() && function.generics.is_empty(),
                    "a nested method or generic function",
                )?;
                ensure(!self.scope.in_block(function.name), "a name is declared twice in one block")?;
                let signature = Signature { function, level: 0, nested: true };
                ensure(
                    self.functions.insert(function.name, signature).is_none(),
                    "a function is declared twice",
                )?;
                // The name occupies its block.
                let depth = self.depth();
                self.scope.add(
                    Var { name: function.name, ty: Ty::Void, kind: Kind::Fixed, depth, in_loop: false },
                    false,
                );
                let (limit, generics) = (self.frame().limit, self.frame().generics.len());
                ensure(generics == 0, "a nested function in a generic one")?;
                ensure(function.order <= self.frame().order, "a nested function of higher order")?;
                self.function(function)?;
                let level = self.functions.get(&function.name).map_or(0, |signature| signature.level);
                ensure(level <= limit, "a nested function calls values of too high a rank")
            }
            Stmt::Pass | Stmt::Raw(_) => Ok(()),
        }
    }

    fn binding(&mut self, binding: &'a Let) -> Checked {
        let ty = binding.value.ty();
        ensure(ty != Ty::Void, "a void value is bound")?;
        self.value(&binding.value)?;
        if let Value::Expr(e) = &binding.value {
            ensure(bounds::length(e, &self.costs.lengths) <= MAX_LOCAL, "a variable holds too much")?;
            if binding.binding == Binding::Mut && matches!(e.ty, Ty::Array(_) | Ty::Map(_) | Ty::Str) {
                self.kept(e)?;
            }
        }
        let name = binding.name;
        if let Value::Expr(e) = &binding.value {
            self.costs.keep_length(name, e);
        }
        match binding.binding {
            Binding::Bare => {
                ensure(self.scope.find(name).is_none(), "a bare binding of a visible name")?;
                let (depth, in_loop) = (self.depth(), !self.frame().loops.is_empty());
                let outlives = self.scope.in_branch();
                self.scope.add(Var { name, ty, kind: Kind::Plain, depth, in_loop }, outlives);
                Ok(())
            }
            Binding::Const => {
                ensure(self.depth() == 1 && !self.scope.in_branch(), "a constant inside a block")?;
                self.declare(name, ty, Kind::Fixed)
            }
            Binding::Sized(length) => {
                ensure(matches!(ty, Ty::Array(_)), "a length without an array")?;
                if let Value::Expr(Expr { op: Op::Array, args, .. }) = &binding.value {
                    ensure(args.len() == length as usize, "a literal of another length")?;
                }
                self.declare(name, ty, Kind::of(binding.binding))
            }
            Binding::Plain | Binding::Mut => {
                // Where the type cannot be written, a plain binding is a bare one.
                let unwritten = binding.binding == Binding::Plain && (ty.has_param() || ty == Ty::Range);
                ensure(!unwritten || self.scope.find(name).is_none(), "a bare binding of a visible name")?;
                self.declare(name, ty, Kind::of(binding.binding))
            }
        }
    }

    fn assign(&mut self, place: &'a Expr, op: Option<BinOp>, value: &'a Value) -> Checked {
        match &place.op {
            Op::Var(name) => {
                let depth = self.depth();
                let var = self.scope.find(*name).ok_or("an unknown variable")?;
                ensure(
                    var.ty == place.ty && var.assignable(depth),
                    &format!("an assignment that is not allowed {var:?} {depth} {:?}", place.ty),
                )?;
            }
            Op::Field(_) => self.expr(place)?,
            Op::Index => {
                ensure(place.args[0].ty != Ty::Str, "an assignment into a string")?;
                self.expr(place)?;
                if matches!(place.args[0].ty, Ty::Map(_)) && op.is_none() {
                    // It may add a key.
                    let key = &place.args[1].ty;
                    ensure(*key == Ty::Bool, "a map grows without a limit")?;
                }
            }
            _ => return Err("an assignment to something that is no place".to_owned()),
        }
        self.value(value)?;
        let ty = value.ty();
        match op {
            None => {
                ensure(ty == place.ty, "a value of another type")?;
                self.kept_value(value)
            }
            Some(BinOp::Shl | BinOp::Shr) => {
                ensure(place.ty.is_int() && ty.is_int(), "a shift of something else")
            }
            Some(op) => {
                ensure(ty == place.ty && matches!(value, Value::Expr(_)), "a value of another type")?;
                let numeric = place.ty.is_num() || self.class(&place.ty) == Some(Class::Num);
                ensure(numeric && (!op.is_bitwise() || place.ty.is_int()), "an operator that the type lacks")
            }
        }
    }

    fn enter_loop(&mut self, label: Option<Name>) -> Checked {
        let loops = &mut self.frame().loops;
        ensure(label.is_none() || !loops.contains(&label), "a label in use")?;
        loops.push(label);
        Ok(())
    }

    fn for_loop(&mut self, l: &'a For) -> Checked {
        let (first, second, turns) = match &l.over {
            Over::Range { start, end, inclusive, step } => {
                for e in [Some(start), Some(end), step.as_ref()].into_iter().flatten() {
                    ensure(e.ty == start.ty && e.ty.is_int(), "bounds of another type")?;
                    self.expr(e)?;
                }
                let lengths = &self.costs.lengths;
                (start.ty.clone(), None, bounds::turns(start, end, *inclusive, step.as_ref(), lengths))
            }
            Over::Each(e) => {
                self.expr(e)?;
                let (first, second) = match &e.ty {
                    Ty::Array(elem) if l.second.is_some() => (Ty::I32, Some((**elem).clone())),
                    Ty::Array(elem) => ((**elem).clone(), None),
                    Ty::Map(entry) => (entry.0.clone(), l.second.map(|_| entry.1.clone())),
                    Ty::Str if l.second.is_some() => (Ty::I32, Some(Ty::Str)),
                    Ty::Str => (Ty::Str, None),
                    Ty::Range => (Ty::I64, None),
                    _ => return Err("iteration over something else".to_owned()),
                };
                (first, second, bounds::length(e, &self.costs.lengths))
            }
        };
        ensure(l.second.is_some() == second.is_some(), "one loop variable too many or too few")?;
        ensure(l.second != Some(l.var), "two loop variables of one name")?;
        ensure(turns <= MAX_TURNS, "too many turns")?;
        self.enter_loop(l.label)?;
        self.scope.open(false);
        self.declare(l.var, first, Kind::Turn)?;
        if let (Some(name), Some(ty)) = (l.second, second) {
            self.declare(name, ty, Kind::Turn)?;
        }
        // The body is the same block as the variables.
        let result = self.block(&l.body);
        self.scope.close();
        self.frame().loops.pop();
        result
    }

    fn grow(&mut self, target: &'a Expr, limit: u64, growth: &'a Growth) -> Checked {
        // The place is written twice, so it must be one without effects.
        let simple = match &target.op {
            Op::Var(_) => true,
            Op::Field(_) => matches!(target.args[0].op, Op::Var(_)),
            _ => false,
        };
        ensure(simple, "a place with effects grows")?;
        self.expr(target)?;
        let lengths = |e: &Expr| bounds::length(e, &self.costs.lengths);
        match (&target.ty, growth) {
            (Ty::Array(elem), Growth::Push(e)) => {
                ensure(limit < MAX_LENGTH && e.ty == **elem, "a push of another type or without limit")?;
                self.kept(e)
            }
            (Ty::Array(elem), Growth::Insert(at, e)) => {
                ensure(limit < MAX_LENGTH && e.ty == **elem && at.ty.is_int(), "an insert of another type")?;
                self.expr(at)?;
                self.kept(e)
            }
            (Ty::Map(entry), Growth::Put(key, e)) => {
                ensure(limit < MAX_LENGTH && key.ty == entry.0 && e.ty == entry.1, "a put of another type")?;
                self.kept(key)?;
                self.kept(e)
            }
            (Ty::Str, Growth::Append(e) | Growth::Assign(e)) => {
                ensure(e.ty == Ty::Str && limit + lengths(e) <= MAX_STRING, "a string without limit")?;
                if let Op::Var(name) = target.op {
                    let depth = self.depth();
                    let var = self.scope.find(name).ok_or("an unknown variable")?;
                    ensure(
                        var.assignable(depth),
                        &format!("an assignment that is not allowed grow {var:?} {depth}"),
                    )?;
                }
                self.expr(e)
            }
            _ => Err("a growth that the type lacks".to_owned()),
        }
    }

    fn build(&mut self, b: &'a Build) -> Checked {
        ensure(u64::from(b.turns) <= MAX_LOCAL, "too many turns")?;
        ensure(self.scope.find(b.name).is_none(), "a bare binding of a visible name")?;
        ensure(bounds::built_length(b, &self.costs.lengths) <= MAX_LOCAL, "a variable holds too much")?;
        self.enter_loop(None)?;
        self.scope.open(false);
        self.declare(b.var, Ty::I32, Kind::Turn)?;
        let mut result = self.block(&b.body);
        if let Some(filter) = &b.filter {
            result = result.and_then(|()| self.condition(filter));
        }
        if let Some(key) = &b.key {
            result = result.and_then(|()| self.kept(key));
        }
        let item = match &b.ty {
            Ty::Array(elem) if b.key.is_none() => (**elem).clone(),
            Ty::Map(entry) if b.key.as_ref().is_some_and(|key| key.ty == entry.0) => entry.1.clone(),
            Ty::Str if b.key.is_none() => Ty::Str,
            _ => return Err("a container of another type".to_owned()),
        };
        ensure(b.item.ty == item, "an item of another type")?;
        result = result.and_then(|()| self.kept(&b.item));
        self.scope.close();
        self.frame().loops.pop();
        result?;
        let length = bounds::built_length(b, &self.costs.lengths);
        self.costs.lengths.insert(b.name, length);
        // A container of known length may hold more than others, so it is never assigned.
        let outlives = self.scope.in_branch() && b.ty != Ty::Str && (!b.annotated || b.ty.has_param());
        let (depth, in_loop) = (self.depth(), !self.frame().loops.is_empty());
        self.scope.add(Var { name: b.name, ty: b.ty.clone(), kind: Kind::Fixed, depth, in_loop }, outlives);
        Ok(())
    }

    /// A `match`, as a statement or as a value.
    pub(super) fn matching(&mut self, m: &'a Match) -> Checked {
        self.expr(&m.scrutinee)?;
        let ty = &m.scrutinee.ty;
        let variants = match ty {
            Ty::Enum(id, _) => self.types.enums[*id as usize].variants.len(),
            Ty::Bool => 2,
            _ => usize::MAX,
        };
        let mut seen: Vec<&Pattern> = Vec::new();
        let mut values = 0;
        for arm in &m.arms {
            ensure(!matches!(seen.last(), Some(Pattern::Wild)), "an arm after `_`")?;
            let same = |other: &&Pattern| match (&arm.pattern, other) {
                (Pattern::Variant(a, _), Pattern::Variant(b, _)) => a == b,
                (a, b) => a == *b,
            };
            ensure(!seen.iter().any(same), "a pattern twice")?;
            seen.push(&arm.pattern);
            self.scope.open(false);
            let result = self.pattern(&arm.pattern, ty).and_then(|()| self.block(&arm.body));
            let result = result.and_then(|()| match &arm.value {
                Some(e) => {
                    values += 1;
                    ensure(e.ty == m.ty && m.ty != Ty::Void, "an arm of another type")?;
                    self.kept(e)
                }
                None => {
                    let leaves = matches!(arm.body.last(), Some(Stmt::Break(_) | Stmt::Continue(_)));
                    let leaves = leaves || matches!(arm.body.last(), Some(Stmt::Return(_) | Stmt::Raise(_)));
                    ensure(m.ty == Ty::Void || leaves, "an arm without a value")
                }
            });
            self.scope.close();
            result?;
        }
        let wild = matches!(seen.last(), Some(Pattern::Wild));
        ensure(wild || seen.len() == variants, "a match that is not exhaustive")?;
        ensure(m.ty == Ty::Void || values > 0, "a match without a value")
    }

    fn pattern(&mut self, pattern: &Pattern, ty: &Ty) -> Checked {
        let fits = match pattern {
            Pattern::Wild => matches!(ty, Ty::Enum(..) | Ty::Bool | Ty::Str) || ty.is_num(),
            Pattern::Int(value) => ty.is_int() && ty.limits().0 <= *value && *value <= ty.limits().1,
            Pattern::Float(_) => *ty == Ty::F64,
            Pattern::Str(_) => *ty == Ty::Str,
            Pattern::Bool(_) => *ty == Ty::Bool,
            Pattern::Variant(variant, slots) => {
                let Ty::Enum(id, args) = ty else { return Err("a variant of something else".to_owned()) };
                let payload = self.types.payload(*id, args, *variant);
                ensure(payload.len() == slots.len(), "a number of slots")?;
                for (slot, ty) in slots.iter().zip(payload) {
                    if let Some(name) = slot {
                        self.declare(*name, ty, Kind::Fixed)?;
                    }
                }
                true
            }
        };
        ensure(fits, "a pattern of another type")
    }

    pub(super) fn value(&mut self, value: &'a Value) -> Checked {
        match value {
            Value::Expr(e) => self.expr(e),
            Value::Match(m) => {
                ensure(m.ty != Ty::Void, "a value of a statement")?;
                self.matching(m)
            }
            Value::Lambda(lambda) => {
                self.enter_lambda(&lambda.head)?;
                let head = &lambda.head;
                let known = head.annotated || head.ret == Ty::Void || lambda.result.is_some();
                ensure(known || super::returns_value(&lambda.body), "nothing says what is returned")?;
                let result = self.block(&lambda.body).and_then(|()| match &lambda.result {
                    Some(e) => {
                        ensure(e.ty == head.ret && head.ret != Ty::Void, "a result of another type")?;
                        self.kept(e)
                    }
                    None => ensure(head.ret == Ty::Void || diverges(&lambda.body), "a body without a result"),
                });
                result?;
                let types = self.types;
                let mut cost = self.costs.block(types, &lambda.body);
                if let Some(e) = &lambda.result {
                    cost = cost.plus(self.costs.expr(types, e));
                }
                self.leave_lambda(head, cost)
            }
        }
    }

    /// A right side that is kept must not be longer than what is kept may be.
    pub(super) fn kept_value(&mut self, value: &'a Value) -> Checked {
        if let Value::Expr(e) = value { self.short_enough(e) } else { Ok(()) }
    }

    /// Begins the body of a lambda.
    pub(super) fn enter_lambda(&mut self, head: &Lambda) -> Checked {
        let order = self.frame().order;
        let generics = self.frame().generics.clone();
        let limit = self.types.rank(&head.ty()) - 1;
        self.frames.push(Frame {
            ret: Some(head.ret.clone()),
            order,
            recursion: None,
            limit,
            level: 0,
            loops: Vec::new(),
            generics,
        });
        self.scope.open(false);
        head.params.iter().try_for_each(|param| self.declare(param.name, param.ty.clone(), Kind::Fixed))
    }

    /// Ends it.
    pub(super) fn leave_lambda(&mut self, head: &Lambda, cost: bounds::Cost) -> Checked {
        self.scope.close();
        self.frames.pop();
        let most = bounds::value_cost(self.types, &head.ty());
        ensure(cost.units <= most && cost.recursions == 0, "a lambda costs too much")
    }
}
