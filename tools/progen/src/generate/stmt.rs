//! Simple statements: declarations, assignments, output, calls, what grows.

use super::Generator;
use crate::ast::*;
use crate::bounds::{MAX_LENGTH, MAX_STRING};
use crate::check::scope::{Kind, Var};
use crate::types::Ty;

impl Generator<'_> {
    /// A block of about `size` statements that costs at most `budget`. The caller opens its scope.
    pub(super) fn block(&mut self, budget: u64, size: usize) -> Block {
        let saved = std::mem::replace(&mut self.budget, budget);
        self.nesting += 1;
        let mut block = Block::new();
        for _ in 0..size {
            if self.budget < 12 {
                break;
            }
            self.add(&mut block);
            if matches!(
                block.last(),
                Some(Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::Raise(_))
            ) {
                break;
            }
        }
        self.nesting -= 1;
        self.budget = saved;
        block
    }

    /// Adds a statement to a block, if one is found that the budget allows.
    pub(super) fn add(&mut self, block: &mut Block) {
        for _ in 0..3 {
            let (mark, at) = (self.scope.mark(), block.len());
            let (known, hints) = (self.known.len(), self.hints.len());
            let calls_left = self.frame().calls_left;
            self.stmt(block);
            self.hints.truncate(hints);
            if self.paid(&block[at..]) && block.len() > at {
                return;
            }
            block.truncate(at);
            self.scope.reset(mark);
            self.known.truncate(known);
            self.frame().calls_left = calls_left;
        }
    }

    /// Takes the cost of statements from the budget, if that suffices.
    pub(super) fn paid(&mut self, stmts: &[Stmt]) -> bool {
        let cost = self.costs.block(&self.types, stmts);
        if cost.units > self.budget {
            return false;
        }
        self.budget -= cost.units;
        true
    }

    /// A statement, or a few that belong together.
    pub(super) fn stmt(&mut self, block: &mut Block) {
        let function = self.in_function();
        let looping = self.in_loop();
        let roomy = self.nesting < 6 && self.budget > 60;
        let generic = self.in_generic();
        match self.rng.below(100) {
            0..=15 => self.declaration(block),
            16..=30 => self.assignment(block),
            31..=36 => self.output(block),
            37..=42 => self.observation(block),
            43..=48 if roomy => self.branching(block),
            49..=53 if roomy => self.counted_loop(block),
            54..=56 if roomy => self.each_loop(block),
            57..=59 if roomy => self.while_loop(block),
            60..=63 if roomy => self.matching(block),
            64..=67 if roomy => self.trying(block),
            68..=70 if looping => self.leave_loop(block),
            71 if function && !self.safe => self.early_return(block),
            72..=75 => self.growth(block),
            76..=80 => self.call_statement(block),
            81..=83 => self.mutation(block),
            84 | 85 if roomy && !generic => self.build(block),
            86..=88 if roomy && !generic => self.closure(block),
            89 if roomy && !generic => self.nested_function(block),
            90..=92 if roomy => self.kernel(block),
            93 if self.frames.last().is_some_and(|frame| frame.tries > 0) && !self.safe => {
                self.raising(block)
            }
            94 => self.shadow(block),
            95 if roomy => self.branch_variable(block),
            96 if self.frames.last().is_some_and(|frame| frame.tries > 0) && !self.safe && roomy => {
                self.fault(block)
            }
            _ => self.assignment(block),
        }
    }

    /// The declaration of a variable.
    fn declaration(&mut self, block: &mut Block) {
        let ty = self.some_type();
        self.declare_of(block, &ty);
    }

    /// One of the program's types; in a generic function, those of its parameters too.
    pub(super) fn some_type(&mut self) -> Ty {
        if self.in_generic() {
            let types: Vec<Ty> =
                self.vars(|var| var.ty.has_param() && var.depth > 1).into_iter().map(|var| var.ty).collect();
            if !types.is_empty() && self.rng.chance(60) {
                return self.rng.pick(&types).clone();
            }
            return self.rng.pick(&[Ty::I32, Ty::Bool, Ty::Str, Ty::I64]).clone();
        }
        self.rng.pick(&self.pool).clone()
    }

    pub(super) fn declare_of(&mut self, block: &mut Block, ty: &Ty) -> Name {
        let name = self.fresh_for(ty);
        let annotated = self.rng.chance(50);
        // At module level only `mut` variables can be assigned.
        let module = self.depth() == 1 && !self.in_loop();
        let (bare, plain) = if module { (2, 1) } else { (4, 2) };
        let binding = self.rng.weighted(&[(bare, Binding::Bare), (plain, Binding::Plain), (5, Binding::Mut)]);
        let typed = !ty.has_param() && (binding == Binding::Plain || binding == Binding::Mut && annotated);
        let value = self.value(ty, 3, typed);
        if let Value::Expr(e) = &value {
            self.note_length(name, e);
        }
        // A bare declaration in a branch belongs to the block around.
        let outlives = binding == Binding::Bare && self.scope.in_branch();
        let (depth, in_loop) = (self.depth(), self.in_loop());
        let var = Var { name, ty: ty.clone(), kind: Kind::of(binding), depth, in_loop };
        self.scope.add(var, outlives);
        if outlives {
            self.unset.insert(name);
        }
        block.push(Stmt::Let(Let { name, binding, annotated, value }));
        name
    }

    /// Remembers how many elements a variable has at first.
    pub(super) fn note_length(&mut self, name: Name, e: &Expr) {
        let length = match &e.op {
            Op::Array => e.args.len() as u64,
            Op::Str(text) => text.chars().count() as u64,
            _ => return,
        };
        self.lengths.insert(name, length);
    }

    /// A right side: most often an expression, sometimes a `match` or a lambda with a block.
    pub(super) fn value(&mut self, ty: &Ty, depth: u32, asked: bool) -> Value {
        if self.nesting < 5 && self.budget > 80 && self.rng.chance(8) && !self.safe && !self.in_generic() {
            if let Ty::Fn(_) = ty {
                return self.block_lambda(ty, asked);
            }
            if let Some(m) = self.match_value(ty, asked) {
                return Value::Match(Box::new(m));
            }
        }
        if self.rng.chance(15)
            && asked
            && let Ty::Array(_) = ty
        {
            return Expr::new(ty.clone(), Op::Array, Vec::new()).into();
        }
        self.kept(ty, depth, asked).into()
    }

    /// A place that may be assigned, of any type or of that type.
    pub(super) fn place(&mut self, wanted: Option<&Ty>) -> Option<Expr> {
        let depth = self.depth();
        let fits = |ty: &Ty| wanted.is_none_or(|wanted| wanted == ty);
        match self.rng.below(10) {
            0..=5 => {
                let var = self.var(|var| fits(&var.ty) && var.assignable(depth) && var.ty != Ty::Range)?;
                Some(Expr::var(var.name, var.ty))
            }
            6 | 7 => {
                let var = self.var_where(|generator, var| {
                    let Ty::Struct(id) = var.ty else { return false };
                    generator.types.structs[id as usize].fields.iter().any(|field| fits(&field.ty))
                })?;
                let Ty::Struct(id) = var.ty else { return None };
                let fields = self.types.structs[id as usize].fields.clone();
                let choices: Vec<u32> =
                    (0..fields.len() as u32).filter(|i| fits(&fields[*i as usize].ty)).collect();
                let field = *self.rng.pick(&choices);
                let ty = fields[field as usize].ty.clone();
                Some(Expr::new(ty, Op::Field(field), vec![Expr::var(var.name, var.ty)]))
            }
            _ => {
                let var = self.var(|var| matches!(&var.ty, Ty::Array(elem) if fits(elem)))?;
                let e = self.index(Expr::var(var.name, var.ty), 1);
                // The guard of a tamed index is no place.
                match e.op {
                    Op::Index => Some(e),
                    Op::Cond if self.rng.chance(40) => e.args.into_iter().nth(1),
                    _ => None,
                }
            }
        }
    }

    /// An assignment, plain or compound.
    fn assignment(&mut self, block: &mut Block) {
        let Some(place) = self.place(None) else { return self.declaration(block) };
        let ty = place.ty.clone();
        // The index of an array might be out of bounds: the guard that `index` wrote is the statement's.
        let guard = match &place.op {
            Op::Index if !self.raw() && !self.hinted(&place) => {
                Some(Expr::bin(BinOp::Gt, Expr::len(place.args[0].clone()), Expr::int(Ty::I32, 0)))
            }
            _ => None,
        };
        let stmt = if ty.is_num() && self.rng.chance(55) {
            self.compound(place)
        } else {
            let value = self.value(&ty, 3, true);
            Some(Stmt::Assign { place, op: None, value })
        };
        let Some(stmt) = stmt else { return };
        block.push(match guard {
            Some(guard) => Stmt::If { branches: vec![(guard, vec![stmt])], otherwise: None },
            None => stmt,
        });
    }

    fn hinted(&self, place: &Expr) -> bool {
        match (&place.args[0].op, &place.args[1].op) {
            (Op::Var(array), Op::Var(i)) => self.hints.contains(&(*array, *i)),
            (Op::Var(array), Op::Int(i, _)) => {
                self.lengths.get(array).is_some_and(|length| i128::from(*length) > *i)
            }
            _ => false,
        }
    }

    /// `place op= e`, which does not let a signed place grow without limit.
    fn compound(&mut self, place: Expr) -> Option<Stmt> {
        let ty = place.ty.clone();
        if ty.is_int() && self.rng.chance(15) {
            let op = *self.rng.pick(&[BinOp::Shl, BinOp::Shr]);
            let value = self.shift_count(&ty, 1);
            return Some(Stmt::Assign { place, op: Some(op), value: value.into() });
        }
        let mut op =
            *self.rng.pick(&[BinOp::Add, BinOp::Add, BinOp::Sub, BinOp::Mul, BinOp::Div, BinOp::Rem]);
        if ty.is_int() && self.rng.chance(30) {
            op = *self.rng.pick(&[BinOp::BitAnd, BinOp::BitOr, BinOp::BitXor]);
        }
        let signed = ty.is_signed();
        let value = match op {
            BinOp::Div | BinOp::Rem if ty.is_int() => {
                let n = self.rng.range(2, 1000);
                Expr::int(ty, n)
            }
            BinOp::Mul if signed => {
                let n = self.rng.range(-1, 1);
                Expr::int(ty, n)
            }
            BinOp::Add | BinOp::Sub if signed => {
                let e = self.expr(&ty, 2, true);
                let (low, high) = self.likely(&e);
                if low >= -50 && high <= 50 { e } else { Expr::bin(BinOp::Rem, e, Expr::int(ty, 100)) }
            }
            _ => self.expr(&ty, 2, true),
        };
        let value = self.shorten(value);
        Some(Stmt::Assign { place, op: Some(op), value: value.into() })
    }

    fn output(&mut self, block: &mut Block) {
        let count = self.rng.weighted(&[(1, 0), (5, 1), (5, 2), (2, 4)]);
        let args: Vec<Expr> = (0..count).map(|_| self.shown(2)).collect();
        let template = (self.rng.chance(40) && count > 0).then(|| self.template(args.len()));
        block.push(Stmt::Print { template, args });
    }

    fn observation(&mut self, block: &mut Block) {
        let e = self.shown(2);
        if !e.ty.has_param() {
            block.push(Stmt::Observe(e));
        }
    }

    /// A call whose result is dropped, bound to `_`, or void.
    fn call_statement(&mut self, block: &mut Block) {
        if self.rng.chance(25) {
            // A function value.
            let limit = self.frames.last().map_or(0, |frame| frame.limit);
            let callable = |generator: &Self, var: &Var| {
                matches!(var.ty, Ty::Fn(_)) && generator.types.rank(&var.ty) <= limit
            };
            if let Some(var) = self.var_where(callable) {
                let Some(e) = self.call_value(Expr::var(var.name, var.ty), 2) else { return };
                block.push(self.used(e));
                return;
            }
        }
        let fits: Vec<_> = self.known.iter().filter(|known| self.callable(known)).cloned().collect();
        if fits.is_empty() || self.safe {
            return;
        }
        let known = self.rng.pick(&fits).clone();
        if let Some(e) = self.call(&known, Vec::new(), 2) {
            block.push(self.used(e));
        }
    }

    /// A statement that uses the value of a call.
    fn used(&mut self, e: Expr) -> Stmt {
        if e.ty == Ty::Void {
            return Stmt::Expr(e);
        }
        match self.rng.below(4) {
            0 if !e.ty.has_param() => Stmt::Observe(e),
            1 => Stmt::Discard(e),
            2 if self.types.weight(&e.ty) < self.budget / 8 => Stmt::Print { template: None, args: vec![e] },
            _ => Stmt::Expr(e),
        }
    }

    /// Something that makes an array, map or string longer.
    fn growth(&mut self, block: &mut Block) {
        let depth = self.depth();
        let growing = |ty: &Ty| matches!(ty, Ty::Array(_) | Ty::Map(_) | Ty::Str);
        let target = if self.rng.chance(25) {
            let types = self.pool.clone();
            let fits: Vec<&Ty> = types.iter().filter(|ty| growing(ty)).collect();
            if fits.is_empty() {
                return;
            }
            let ty = (*self.rng.pick(&fits)).clone();
            self.member(&ty)
        } else {
            let var = self.var(|var| growing(&var.ty) && (var.ty != Ty::Str || var.assignable(depth)));
            var.map(|var| Expr::var(var.name, var.ty))
        };
        let Some(target) = target else { return self.declaration(block) };
        let limit = self.rng.range(2, i128::from(MAX_LENGTH) - 1) as u32;
        let (growth, limit) = match target.ty.clone() {
            Ty::Array(elem) => {
                let value = self.kept(&elem, 2, true);
                if self.rng.chance(80) {
                    (Growth::Push(value), limit)
                } else {
                    let at = if self.raw() {
                        self.expr(&Ty::I32, 1, false)
                    } else if self.rng.chance(40) {
                        Expr::int(Ty::I32, 0)
                    } else {
                        // From 0 to the length, both allowed.
                        let length = Expr::bin(BinOp::Add, Expr::len(target.clone()), Expr::int(Ty::I32, 1));
                        let i = self.natural(&Ty::I32, 1);
                        Expr::bin(BinOp::Rem, i, length)
                    };
                    (Growth::Insert(at, value), limit)
                }
            }
            Ty::Map(entry) => {
                let (key, value) = (self.kept(&entry.0, 2, true), self.kept(&entry.1, 2, true));
                (Growth::Put(key, value), limit)
            }
            _ => {
                let e = self.expr(&Ty::Str, 2, true);
                let length = crate::bounds::length(&e, &self.costs.lengths);
                let e = if length > 150 { Expr::new(Ty::Str, Op::Helper(Helper::Clip), vec![e]) } else { e };
                let length = crate::bounds::length(&e, &self.costs.lengths);
                let limit = (MAX_STRING - length).min(u64::from(limit) * 4) as u32;
                (if self.rng.chance(70) { Growth::Append(e) } else { Growth::Assign(e) }, limit)
            }
        };
        block.push(Stmt::Grow { target, limit, growth });
    }

    /// Something that changes an array or map in place.
    fn mutation(&mut self, block: &mut Block) {
        let Some(var) = self.var(|var| matches!(var.ty, Ty::Array(_) | Ty::Map(_))) else { return };
        let e = Expr::var(var.name, var.ty.clone());
        let filled = |least: i128| Expr::bin(BinOp::Gt, Expr::len(e.clone()), Expr::int(Ty::I32, least));
        let guarded = |condition: Expr, stmt: Stmt| Stmt::If {
            branches: vec![(condition, vec![stmt])],
            otherwise: None,
        };
        match &var.ty {
            Ty::Array(elem) => {
                let elem = (**elem).clone();
                let stmt = match self.rng.below(6) {
                    0 => Stmt::Expr(Expr::builtin(Ty::Void, Builtin::Clear, vec![e])),
                    1 | 2 => Stmt::Expr(Expr::builtin(Ty::Void, Builtin::Reverse, vec![e])),
                    3 => {
                        guarded(filled(2), Stmt::Discard(Expr::builtin(elem, Builtin::Pop, vec![e.clone()])))
                    }
                    4 => {
                        let int = self.int_type();
                        let at = Expr::int(int, 0);
                        guarded(
                            filled(3),
                            Stmt::Expr(Expr::builtin(elem, Builtin::Remove, vec![e.clone(), at])),
                        )
                    }
                    _ => {
                        // The last element.
                        let last = Expr::bin(BinOp::Sub, Expr::len(e.clone()), Expr::int(Ty::I32, 1));
                        let place = Expr::new(elem.clone(), Op::Index, vec![e.clone(), last]);
                        let value = self.kept(&elem, 1, true);
                        guarded(filled(0), Stmt::Assign { place, op: None, value: value.into() })
                    }
                };
                block.push(stmt);
            }
            Ty::Map(entry) => {
                let (key, value) = (entry.0.clone(), entry.1.clone());
                let k = self.leaf(&key, true);
                let has = Expr::builtin(Ty::Bool, Builtin::MapHas, vec![e.clone(), k.clone()]);
                let stmt = match self.rng.below(6) {
                    0 => Stmt::Expr(Expr::builtin(Ty::Void, Builtin::MapClear, vec![e])),
                    1 | 2 => {
                        guarded(has, Stmt::Expr(Expr::builtin(value, Builtin::MapRemove, vec![e.clone(), k])))
                    }
                    _ if value.is_num() => {
                        let place = Expr::new(value, Op::Index, vec![e.clone(), k]);
                        let Some(stmt) = self.compound(place) else { return };
                        guarded(has, stmt)
                    }
                    _ if key == Ty::Bool => {
                        let place = Expr::new(value.clone(), Op::Index, vec![e.clone(), k]);
                        let value = self.kept(&value, 1, true);
                        Stmt::Assign { place, op: None, value: value.into() }
                    }
                    _ => return,
                };
                block.push(stmt);
            }
            _ => {}
        }
    }

    /// A variable that hides an outer one of its name.
    fn shadow(&mut self, block: &mut Block) {
        if self.nesting < 2 {
            return self.declaration(block);
        }
        let depth = self.depth();
        let Some(var) = self.var_where(|generator, var| {
            var.depth == depth
                && !matches!(var.ty, Ty::Error | Ty::Range)
                && !generator.scope.in_block(var.name)
                && var.name.stem != "self"
                && !generator.costs.lengths.contains_key(&var.name)
        }) else {
            return self.declaration(block);
        };
        // The counter of a recursive function must stay visible.
        if self.frame().recursion.is_some_and(|(_, counter)| counter == var.name) || self.in_generic() {
            return;
        }
        let annotated = self.rng.chance(50);
        let ty = if self.rng.chance(60) { var.ty.clone() } else { self.some_type() };
        let binding = if self.rng.chance(60) { Binding::Mut } else { Binding::Plain };
        let value: Value = self.kept(&ty, 2, annotated || binding == Binding::Plain).into();
        self.lengths.remove(&var.name);
        self.declare(var.name, ty, Kind::of(binding));
        block.push(Stmt::Let(Let { name: var.name, binding, annotated, value }));
    }

    /// An array, string or map that a loop fills.
    fn build(&mut self, block: &mut Block) {
        let arrays: Vec<Ty> =
            self.pool.iter().filter(|ty| matches!(ty, Ty::Array(_) | Ty::Map(_))).cloned().collect();
        let ty =
            if arrays.is_empty() || self.rng.chance(20) { Ty::Str } else { self.rng.pick(&arrays).clone() };
        let scalar = matches!(&ty, Ty::Array(elem) if elem.is_num() || **elem == Ty::Bool);
        let most = (self.budget / 20).min(if scalar && self.rng.chance(25) { 600 } else { 24 });
        if most < 2 {
            return;
        }
        let turns = self.rng.range(1, i128::from(most)) as u32;
        let name = self.fresh_for(&ty);
        let var = self.fresh("i");
        let annotated = self.rng.chance(50);
        self.frame().loops.push(None);
        self.scope.open(false);
        self.declare(var, Ty::I32, Kind::Turn);
        let each = self.budget / u64::from(turns);
        let size = if self.rng.chance(40) { 2 } else { 0 };
        let body = self.block(each.saturating_sub(20), size);
        let saved = std::mem::replace(&mut self.budget, each.saturating_sub(10));
        let filter = self.rng.chance(15).then(|| self.expr(&Ty::Bool, 1, false));
        let asked = annotated;
        let (key, item) = match &ty {
            Ty::Array(elem) => (None, self.kept(elem, 2, asked)),
            Ty::Map(entry) => (Some(self.kept(&entry.0, 2, asked)), self.kept(&entry.1, 2, asked)),
            _ => (None, self.kept(&Ty::Str, 1, true)),
        };
        self.budget = saved;
        self.scope.close();
        self.frame().loops.pop();
        if crate::check::diverges(&body) || matches!(body.last(), Some(Stmt::Break(_) | Stmt::Continue(_))) {
            return;
        }
        let outlives = self.scope.in_branch() && ty != Ty::Str && (!annotated || ty.has_param());
        let (depth, in_loop) = (self.depth(), self.in_loop());
        let var_of = Var { name, ty: ty.clone(), kind: Kind::Fixed, depth, in_loop };
        self.scope.add(var_of, outlives);
        if outlives {
            self.unset.insert(name);
        }
        block.push(Stmt::Build(Box::new(Build { name, ty, annotated, var, turns, body, filter, key, item })));
    }
}
