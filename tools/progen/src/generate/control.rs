//! Control flow: branches, loops, `match`, `try`, closures, and loops as programs have them.

use super::Generator;
use crate::ast::*;
use crate::check::scope::{Kind, Var};
use crate::types::{INTS, Ty};

impl Generator<'_> {
    /// A block with a scope of its own, for part of the budget.
    fn scoped(&mut self, budget: u64, size: usize) -> Block {
        self.scope.open(false);
        let hints = self.hints.len();
        let block = self.block(budget, size);
        self.hints.truncate(hints);
        self.scope.close();
        block
    }

    /// `if` with branches.
    pub(super) fn branching(&mut self, block: &mut Block) {
        let count = self.rng.weighted(&[(6, 1), (3, 2), (1, 3)]);
        let budget = self.budget / 2;
        let mut branches = Vec::new();
        let mut outlive = Vec::new();
        for _ in 0..count {
            let cond = self.expr(&Ty::Bool, 2, false);
            self.scope.open(true);
            let size = 1 + self.rng.below(3);
            let body = self.block(budget, size);
            outlive.extend(self.scope.close());
            branches.push((cond, body));
        }
        let otherwise = self.rng.chance(45).then(|| {
            self.scope.open(true);
            let size = 1 + self.rng.below(3);
            let body = self.block(budget, size);
            outlive.extend(self.scope.close());
            body
        });
        let outlives = self.scope.in_branch();
        for var in outlive {
            self.scope.add(var, outlives);
        }
        block.push(Stmt::If { branches, otherwise });
    }

    /// A variable that each branch of an `if` introduces, or only one.
    pub(super) fn branch_variable(&mut self, block: &mut Block) {
        if self.in_generic() {
            return;
        }
        let ty = self.some_type();
        let name = self.fresh_for(&ty);
        let cond = self.expr(&Ty::Bool, 2, false);
        let binding = |value: Expr| {
            vec![Stmt::Let(Let { name, binding: Binding::Bare, annotated: false, value: value.into() })]
        };
        let first = self.kept(&ty, 2, false);
        let both = self.rng.chance(70);
        let otherwise = both.then(|| binding(self.kept(&ty, 2, false)));
        let outlives = self.scope.in_branch();
        let (depth, in_loop) = (self.depth(), self.in_loop());
        let var = Var { name, ty, kind: Kind::Plain, depth, in_loop };
        self.scope.add(var, outlives);
        if !both || outlives {
            self.unset.insert(name);
        }
        block.push(Stmt::If { branches: vec![(cond, binding(first))], otherwise });
    }

    fn label(&mut self) -> Option<Name> {
        self.rng.chance(25).then(|| self.fresh("outer"))
    }

    /// How many turns a loop is to have; most often few, so that bodies may cost something.
    fn turns(&mut self) -> u64 {
        let most = (self.budget / 25).max(1);
        let wanted = *self.rng.pick(&[2, 3, 4, 5, 8, 8, 10, 16, 20, 40, 100, 300]);
        wanted.min(most)
    }

    /// The body of a loop whose variables are declared by `declare`.
    fn loop_body(&mut self, label: Option<Name>, turns: u64, declare: impl FnOnce(&mut Self)) -> Block {
        self.frame().loops.push(label);
        self.scope.open(false);
        let hints = self.hints.len();
        declare(self);
        let each = self.budget / turns.max(1);
        let size = self.rng.weighted(&[(2, 1), (4, 3), (3, 5)]);
        let body = self.block(each.saturating_sub(6), size);
        self.hints.truncate(hints);
        self.scope.close();
        self.frame().loops.pop();
        body
    }

    /// A loop over a range, of any integer type, with or without step, up or down, at either end of the type.
    pub(super) fn counted_loop(&mut self, block: &mut Block) {
        let ty = self.int_type();
        let turns = self.turns();
        let label = self.label();
        let var = self.fresh("i");
        let (low, high) = ty.limits();
        let n = i128::from(turns);
        let int = |value: i128| Expr::int(ty.clone(), value.clamp(low, high));
        let mut hint = None;
        let (start, end, inclusive, step) = match self.rng.below(14) {
            0..=3 => (int(0), int(n), false, None),
            4 => {
                let first = self.rng.range(1, 50);
                (int(first), int(first + n - 1), true, None)
            }
            5 => {
                // At the end of the type: the counter must not overflow.
                let start = high - n + 1;
                (int(start), int(high), true, None)
            }
            6 => {
                let by = self.rng.range(2, 9);
                (int(0), int(n * by), self.rng.chance(50), Some(int(by)))
            }
            7 if ty.is_signed() => {
                let by = self.rng.range(1, 7);
                (int(n * by), int(0), self.rng.chance(50), Some(int(-by)))
            }
            7 => (int(high - n), int(high), true, Some(int(1))),
            8 if ty.is_signed() => (int(low + n - 1), int(low), true, Some(int(-1))),
            8 => (int(0), int(3), true, Some(int(high / 2))),
            9 => {
                // Steps that leave the type.
                let by = high / 2 + self.rng.range(1, 5);
                (int(high - by - 1), int(high), true, Some(int(by)))
            }
            10 => {
                let bound = self.natural(&ty, 1);
                let (_, most) = self.likely(&bound);
                let bound = if most > n { Expr::bin(BinOp::Rem, bound, int(n.max(2))) } else { bound };
                (int(0), bound, false, None)
            }
            11 if ty == Ty::I32 => match self.var(|var| matches!(var.ty, Ty::Array(_) | Ty::Str)) {
                Some(array) => {
                    hint = Some(array.name);
                    let bound = Expr::len(Expr::var(array.name, array.ty));
                    (int(0), bound, false, None)
                }
                None => (int(0), int(n), false, None),
            },
            12 => match self.var(|var| var.ty == ty) {
                Some(first) => {
                    let first = Expr::var(first.name, ty.clone());
                    let end = Expr::bin(BinOp::Add, first.clone(), int(n));
                    (first, end, false, None)
                }
                None => (int(0), int(n), false, None),
            },
            _ => (int(0), int(n), false, None),
        };
        let lengths = self.costs.lengths.clone();
        let turns = crate::bounds::turns(&start, &end, inclusive, step.as_ref(), &lengths);
        if turns > self.budget / 8 {
            return;
        }
        let body = self.loop_body(label, turns, |generator| {
            generator.declare(var, ty.clone(), Kind::Turn);
            if let Some(array) = hint {
                generator.hints.push((array, var));
            }
        });
        let over = Over::Range { start, end, inclusive, step };
        block.push(Stmt::For(Box::new(For { label, var, second: None, over, body })));
    }

    /// A loop over an array, string, map or range value.
    pub(super) fn each_loop(&mut self, block: &mut Block) {
        let label = self.label();
        let over = match self.rng.below(8) {
            0 => {
                // A range value, gone over twice: the second loop finds nothing.
                let name = self.fresh("span");
                let range = self.range_value();
                let turns = crate::bounds::length(&range, &self.costs.lengths);
                if turns > self.budget / 20 {
                    return;
                }
                let value: Value = range.into();
                block.push(Stmt::Let(Let { name, binding: Binding::Bare, annotated: false, value }));
                self.costs.lengths.insert(name, turns);
                let (depth, in_loop) = (self.depth(), self.in_loop());
                let outlives = self.scope.in_branch();
                let var = Var { name, ty: Ty::Range, kind: Kind::Plain, depth, in_loop };
                self.scope.add(var, outlives);
                if outlives {
                    self.unset.insert(name);
                }
                Expr::var(name, Ty::Range)
            }
            1 => self.range_value(),
            2 => {
                let base = self.expr(&Ty::Str, 1, false);
                let base = if base.size() == 1 {
                    base
                } else {
                    Expr::new(Ty::Str, Op::Helper(Helper::Clip), vec![base])
                };
                // Most of a string costs too much.
                let end = Expr::builtin(
                    Ty::I32,
                    Builtin::Min,
                    vec![Expr::len(base.clone()), Expr::int(Ty::I32, 6)],
                );
                if base.size() == 1 && matches!(base.op, Op::Var(_)) {
                    Expr::new(
                        Ty::Str,
                        Op::Slice { start: false, end: true, inclusive: false },
                        vec![base, end],
                    )
                } else {
                    self.str_literal()
                }
            }
            3 => match self.var(|var| matches!(var.ty, Ty::Map(_))) {
                Some(var) => Expr::var(var.name, var.ty),
                None => return,
            },
            _ => match self.var(|var| matches!(var.ty, Ty::Array(_))) {
                Some(var) => Expr::var(var.name, var.ty),
                None => {
                    let ty = Ty::array(Ty::I32);
                    self.expr(&ty, 2, false)
                }
            },
        };
        let turns = crate::bounds::length(&over, &self.costs.lengths);
        if turns > self.budget / 8 {
            return;
        }
        let pair = over.ty != Ty::Range && self.rng.chance(35);
        let (first, second) = match &over.ty {
            Ty::Array(elem) if pair => (Ty::I32, Some((**elem).clone())),
            Ty::Array(elem) => ((**elem).clone(), None),
            Ty::Map(entry) => (entry.0.clone(), pair.then(|| entry.1.clone())),
            Ty::Str if pair => (Ty::I32, Some(Ty::Str)),
            Ty::Str => (Ty::Str, None),
            _ => (Ty::I64, None),
        };
        let var = self.fresh_for(&first);
        let second = second.map(|ty| (self.fresh_for(&ty), ty));
        let hint = if let (Ty::Array(_), Op::Var(name), true) = (&over.ty, &over.op, pair) {
            Some(*name)
        } else {
            None
        };
        let body = self.loop_body(label, turns, |generator| {
            generator.declare(var, first, Kind::Turn);
            if let Some((name, ty)) = &second {
                generator.declare(*name, ty.clone(), Kind::Turn);
            }
            if let Some(array) = hint {
                generator.hints.push((array, var));
            }
        });
        let second = second.map(|(name, _)| name);
        block.push(Stmt::For(Box::new(For { label, var, second, over: Over::Each(over), body })));
    }

    /// `range(…)`, with arguments of any mixture of integer types.
    fn range_value(&mut self) -> Expr {
        let turns = self.turns().min(30) as i128;
        let mut int = |value: i128| {
            let ty = if value < 0 { Ty::I32 } else { self.rng.pick(&INTS).clone() };
            Expr::int(ty, value)
        };
        let args = match turns % 4 {
            0 => vec![int(turns)],
            1 => vec![int(3), int(3 + turns)],
            2 => vec![int(turns * 3), int(0), int(-3)],
            _ => vec![int(0), int(turns * 2), int(2)],
        };
        Expr::builtin(Ty::Range, Builtin::Range, args)
    }

    /// A `while` loop.
    pub(super) fn while_loop(&mut self, block: &mut Block) {
        let label = self.label();
        let turns = self.turns();
        let fuel = self.fresh("fuel");
        self.declare(fuel, Ty::I32, Kind::Fixed);
        let style =
            *self.rng.pick(&[WhileStyle::Both, WhileStyle::Both, WhileStyle::Break, WhileStyle::Forever]);
        let cond = match self.rng.below(4) {
            0 => Expr::bool(true),
            1 => {
                let n = self.rng.range(0, turns as i128);
                Expr::bin(BinOp::Ge, Expr::var(fuel, Ty::I32), Expr::int(Ty::I32, n / 2))
            }
            _ => self.expr(&Ty::Bool, 2, false),
        };
        let body = self.loop_body(label, turns + 1, |_| {});
        block.push(Stmt::While(Box::new(While { label, fuel, turns: turns as u32, style, cond, body })));
    }

    /// `if c: break` or `continue`, with or without label.
    pub(super) fn leave_loop(&mut self, block: &mut Block) {
        let cond = self.expr(&Ty::Bool, 2, false);
        let labels: Vec<Name> = self.frame().loops.iter().flatten().copied().collect();
        let label =
            if !labels.is_empty() && self.rng.chance(50) { Some(*self.rng.pick(&labels)) } else { None };
        let leave = if self.rng.chance(45) { Stmt::Break(label) } else { Stmt::Continue(label) };
        block.push(Stmt::If { branches: vec![(cond, vec![leave])], otherwise: None });
    }

    /// `if c: return e`.
    pub(super) fn early_return(&mut self, block: &mut Block) {
        let Some(ret) = self.frame().ret.clone() else { return };
        if self.in_generic() && ret.has_param() && self.vars(|var| var.ty == ret).is_empty() {
            return;
        }
        let cond = self.expr(&Ty::Bool, 2, false);
        let value = if ret == Ty::Void { None } else { Some(self.kept(&ret, 2, false).into()) };
        block.push(Stmt::If { branches: vec![(cond, vec![Stmt::Return(value)])], otherwise: None });
    }

    /// What a `match` can be about.
    fn scrutinee(&mut self) -> Expr {
        let of_enum = self.var(|var| matches!(var.ty, Ty::Enum(..)));
        match (self.rng.below(10), of_enum) {
            (0..=5, Some(var)) => Expr::var(var.name, var.ty),
            (6, _) => self.expr(&Ty::Str, 2, false),
            (7, _) => self.expr(&Ty::Bool, 2, false),
            (8, _) => self.expr(&Ty::F64, 2, false),
            _ => {
                let ty = self.int_type();
                self.natural(&ty, 2)
            }
        }
    }

    /// Patterns that are exhaustive.
    fn patterns(&mut self, ty: &Ty) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        match ty {
            Ty::Enum(id, args) => {
                let variants = self.types.enums[*id as usize].variants.len() as u32;
                for variant in 0..variants {
                    if variants > 1 && self.rng.chance(15) {
                        continue;
                    }
                    let payload = self.types.payload(*id, args, variant);
                    let slots = payload
                        .iter()
                        .map(|ty| if self.rng.chance(75) { Some(self.fresh_for(ty)) } else { None })
                        .collect();
                    patterns.push(Pattern::Variant(variant, slots));
                }
                if patterns.len() < variants as usize {
                    patterns.push(Pattern::Wild);
                } else if self.rng.chance(30) {
                    self.rng.shuffle(&mut patterns);
                }
                return patterns;
            }
            Ty::Bool => {
                patterns.push(Pattern::Bool(self.rng.chance(50)));
                if self.rng.chance(50)
                    && let Pattern::Bool(value) = patterns[0]
                {
                    patterns.push(Pattern::Bool(!value));
                    return patterns;
                }
            }
            Ty::Str => {
                for text in ["", "a", "hello", "é"] {
                    if self.rng.chance(50) {
                        patterns.push(Pattern::Str(text.to_owned()));
                    }
                }
            }
            Ty::F64 => {
                for value in [0.0, 1.0, -2.5] {
                    if self.rng.chance(60) {
                        patterns.push(Pattern::Float(value));
                    }
                }
            }
            _ => {
                // Dense ones become a table, sparse ones comparisons.
                let by = *self.rng.pick(&[1, 1, 3, 1000]);
                for i in 0..self.rng.below(7) as i128 {
                    let value = i * by - if ty.is_signed() { 1 } else { 0 };
                    patterns.push(Pattern::Int(value));
                }
            }
        }
        patterns.push(Pattern::Wild);
        patterns
    }

    fn bind_slots(&mut self, pattern: &Pattern, ty: &Ty) {
        let (Pattern::Variant(variant, slots), Ty::Enum(id, args)) = (pattern, ty) else { return };
        for (slot, ty) in slots.iter().zip(self.types.payload(*id, args, *variant)) {
            if let Some(name) = slot {
                self.declare(*name, ty, Kind::Fixed);
            }
        }
    }

    /// `match` as a statement.
    pub(super) fn matching(&mut self, block: &mut Block) {
        let scrutinee = self.scrutinee();
        let patterns = self.patterns(&scrutinee.ty);
        let budget = self.budget / 2;
        let mut arms = Vec::new();
        for pattern in patterns {
            self.scope.open(false);
            self.bind_slots(&pattern, &scrutinee.ty);
            let size = 1 + self.rng.below(2);
            let body = self.block(budget, size);
            self.scope.close();
            arms.push(Arm { pattern, body, value: None });
        }
        block.push(Stmt::Match(Box::new(Match { ty: Ty::Void, scrutinee, arms })));
    }

    /// `match` as a value.
    pub(super) fn match_value(&mut self, ty: &Ty, asked: bool) -> Option<Match> {
        let scrutinee = self.scrutinee();
        let patterns = self.patterns(&scrutinee.ty);
        let budget = self.budget / 2;
        let mut arms = Vec::new();
        let last = patterns.len() - 1;
        for (i, pattern) in patterns.into_iter().enumerate() {
            self.scope.open(false);
            self.bind_slots(&pattern, &scrutinee.ty);
            let leaves = i < last && self.rng.chance(12);
            let saved = std::mem::replace(&mut self.budget, budget);
            let arm = if leaves && self.in_loop() && self.rng.chance(60) {
                let leave = if self.rng.chance(50) { Stmt::Break(None) } else { Stmt::Continue(None) };
                Arm { pattern, body: vec![leave], value: None }
            } else if leaves && self.frame().tries > 0 {
                let message = self.str_literal();
                Arm { pattern, body: vec![Stmt::Raise(message)], value: None }
            } else {
                let size = self.rng.weighted(&[(6, 0), (2, 1), (1, 2)]);
                let body = self.block(budget / 2, size);
                if matches!(
                    body.last(),
                    Some(Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::Raise(_))
                ) {
                    Arm { pattern, body, value: None }
                } else {
                    let value = self.kept(ty, 2, asked);
                    Arm { pattern, body, value: Some(value) }
                }
            };
            self.budget = saved;
            self.scope.close();
            arms.push(arm);
        }
        let valued = arms.iter().any(|arm| arm.value.is_some());
        valued.then(|| Match { ty: ty.clone(), scrutinee, arms })
    }

    /// `try`, with a body that may fail.
    pub(super) fn trying(&mut self, block: &mut Block) {
        let budget = self.budget * 2 / 3;
        self.frame().tries += 1;
        self.scope.open(false);
        let size = 1 + self.rng.below(3);
        let mut body = self.block(budget, size);
        if self.rng.chance(35) && !self.safe && !crate::check::diverges(&body) {
            let saved = std::mem::replace(&mut self.budget, budget / 4);
            let (mark, at) = (self.scope.mark(), body.len());
            self.fault(&mut body);
            if !self.paid(&body[at..]) {
                body.truncate(at);
                self.scope.reset(mark);
            }
            self.budget = saved;
        }
        self.scope.close();
        self.frame().tries -= 1;
        let name = self.rng.chance(80).then(|| self.fresh("err"));
        self.scope.open(false);
        if let Some(name) = name {
            self.declare(name, Ty::Error, Kind::Fixed);
        }
        let mut handler = Block::new();
        if let Some(name) = name
            && self.rng.chance(75)
        {
            handler.push(Stmt::Print { template: None, args: vec![Expr::var(name, Ty::Error)] });
        }
        let size = self.rng.below(2);
        handler.extend(self.block(budget / 4, size));
        if self.rng.chance(6)
            && self.frame().tries > 0
            && let Some(name) = name
            && !crate::check::diverges(&handler)
        {
            handler.push(Stmt::Raise(Expr::var(name, Ty::Error)));
        }
        self.scope.close();
        block.push(Stmt::Try { body, name, handler });
    }

    /// `if c: raise(…)`.
    pub(super) fn raising(&mut self, block: &mut Block) {
        let cond = self.expr(&Ty::Bool, 2, false);
        let message = match self.var(|var| var.ty == Ty::Error) {
            Some(var) if self.rng.chance(50) => Expr::var(var.name, Ty::Error),
            _ => self.kept(&Ty::Str, 1, true),
        };
        block.push(Stmt::If { branches: vec![(cond, vec![Stmt::Raise(message)])], otherwise: None });
    }

    /// A lambda with a block.
    pub(super) fn block_lambda(&mut self, ty: &Ty, asked: bool) -> Value {
        let Ty::Fn(f) = ty.clone() else { return Expr::bool(false).into() };
        let params: Vec<Param> =
            f.params.iter().map(|ty| Param { name: self.fresh_for(ty), ty: ty.clone() }).collect();
        let mut head = Lambda { params, ret: f.ret.clone(), annotated: !asked || self.rng.chance(60) };
        let most = crate::bounds::value_cost(&self.types, ty);
        let known = asked || head.annotated;
        let saved = self.enter_lambda(&head);
        let nesting = std::mem::replace(&mut self.nesting, 3);
        let size = 1 + self.rng.below(3);
        let mut body = self.block(most * 2 / 3, size);
        let mut result = None;
        if f.ret != Ty::Void && !crate::check::diverges(&body) {
            self.budget = most / 4;
            let mut e = self.kept(&f.ret, 2, known);
            let cost = self.costs.block(&self.types, &body).plus(self.costs.expr(&self.types, &e));
            if cost.units > most {
                body.clear();
                self.scope.close();
                self.scope.open(false);
                for param in &head.params {
                    self.declare(param.name, param.ty.clone(), Kind::Fixed);
                }
                e = self.kept_leaf(&f.ret, known);
            }
            result = Some(e);
        }
        head.annotated |= result.is_none() && !crate::check::returns_value(&body);
        self.nesting = nesting;
        self.leave_lambda(saved);
        Value::Lambda(Box::new(BlockLambda { head, body, result }))
    }

    /// A closure over a variable, and calls of it.
    pub(super) fn closure(&mut self, block: &mut Block) {
        let types: Vec<Ty> = self.pool.iter().filter(|ty| matches!(ty, Ty::Fn(_))).cloned().collect();
        if types.is_empty() {
            return;
        }
        if self.rng.chance(60) {
            // Something that it can capture and assign.
            let captured = self.rng.pick(&[Ty::I32, Ty::I64, Ty::F64, Ty::Str, Ty::U64, Ty::Bool]).clone();
            let name = self.fresh_for(&captured);
            let value = self.kept(&captured, 1, true).into();
            self.declare(name, captured, Kind::Mut);
            block.push(Stmt::Let(Let { name, binding: Binding::Mut, annotated: true, value }));
        }
        let ty = self.rng.pick(&types).clone();
        let name = self.fresh_for(&ty);
        let binding = *self.rng.pick(&[Binding::Bare, Binding::Plain, Binding::Mut]);
        let asked = binding == Binding::Plain;
        let value = if self.rng.chance(60) {
            self.block_lambda(&ty, asked)
        } else {
            self.lambda(&ty, 2, asked).into()
        };
        let outlives = binding == Binding::Bare && self.scope.in_branch();
        let (depth, in_loop) = (self.depth(), self.in_loop());
        let var = Var { name, ty: ty.clone(), kind: Kind::of(binding), depth, in_loop };
        self.scope.add(var, outlives);
        if outlives {
            self.unset.insert(name);
        }
        block.push(Stmt::Let(Let { name, binding, annotated: false, value }));
        let rank = self.types.rank(&ty);
        if self.frames.last().is_some_and(|frame| frame.limit < rank) {
            return;
        }
        for _ in 0..1 + self.rng.below(2) {
            if let Some(e) = self.call_value(Expr::var(name, ty.clone()), 1) {
                block.push(if e.ty == Ty::Void || e.ty.has_param() {
                    Stmt::Expr(e)
                } else {
                    Stmt::Observe(e)
                });
            }
        }
    }

    /// A loop of the kind that programs spend their time in: over numbers or an array, little in it.
    pub(super) fn kernel(&mut self, block: &mut Block) {
        let ty = self.rng.pick(&[Ty::I32, Ty::I64, Ty::F64, Ty::U32, Ty::U64]).clone();
        let sum = self.fresh_for(&ty);
        let zero = self.literal(&ty, true);
        self.declare(sum, ty.clone(), Kind::Mut);
        block.push(Stmt::Let(Let { name: sum, binding: Binding::Mut, annotated: true, value: zero.into() }));
        let var = self.fresh("i");
        let turns = (self.budget / 30).clamp(1, 400);
        let label = None;
        let place = Expr::var(sum, ty.clone());
        let mut body =
            self.loop_body(label, turns * 2, |generator| generator.declare(var, Ty::I32, Kind::Turn));
        if !crate::check::diverges(&body) {
            // The sum stays small if its type can overflow.
            let i = Expr::new(ty.clone(), Op::Cast, vec![Expr::var(var, Ty::I32)]);
            let i = if ty == Ty::I32 { Expr::var(var, Ty::I32) } else { i };
            let op = if ty == Ty::F64 { BinOp::Mul } else { BinOp::BitXor };
            let value = if ty == Ty::F64 {
                Expr::bin(BinOp::Add, place.clone(), Expr::bin(op, i, Expr::float(0.5)))
            } else {
                Expr::bin(op, place.clone(), Expr::bin(BinOp::Add, i, Expr::int(ty.clone(), 3)))
            };
            body.push(Stmt::Assign { place: place.clone(), op: None, value: value.into() });
        }
        let over = Over::Range {
            start: Expr::int(Ty::I32, 0),
            end: Expr::int(Ty::I32, turns as i128),
            inclusive: false,
            step: None,
        };
        block.push(Stmt::For(Box::new(For { label, var, second: None, over, body })));
        block.push(Stmt::Observe(place));
    }

    /// A `try` around a block, which prints the error.
    pub(super) fn guarded(&mut self, budget: u64, size: usize) -> Stmt {
        self.frame().tries += 1;
        let body = self.scoped(budget, size);
        self.frame().tries -= 1;
        let name = self.fresh("err");
        let handler = vec![Stmt::Print { template: None, args: vec![Expr::var(name, Ty::Error)] }];
        Stmt::Try { body, name: Some(name), handler }
    }
}
