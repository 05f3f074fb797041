//! What lowering relies on, of an accepted program: types are known, numbers are in range, values are where they must be.

use crate::lang::check::Checker;
use crate::lang::hir::*;
use crate::lang::types::{Ty, TyKind};

struct Walk<'c, 'a> {
    checker: &'c mut Checker<'a>,
    bodies: usize,
    captures: usize,
    locals: usize,
    loops: u32,
    problems: Vec<String>,
}

/// What is wrong with the checked program.
pub fn problems(checker: &mut Checker<'_>) -> Vec<String> {
    let bodies: Vec<(BodyView<'_>, u32)> = checker
        .checked
        .bodies
        .iter()
        .map(|body| {
            let locals = body.locals.iter().map(|local| (local.name, local.ty)).collect();
            let view = BodyView {
                name: body.name,
                locals,
                captures: body.captures.to_vec(),
                block: body.block,
                ret: body.ret,
            };
            (view, body.loops)
        })
        .collect();
    let globals: Vec<(&str, Ty)> =
        checker.checked.globals.iter().map(|global| (global.name, global.ty)).collect();
    let count = bodies.len();
    let mut walk = Walk { checker, bodies: count, captures: 0, locals: 0, loops: 0, problems: Vec::new() };
    for (name, ty) in globals {
        walk.ty(ty, name);
    }
    for (body, loops) in bodies {
        walk.locals = body.locals.len();
        walk.captures = body.captures.len();
        walk.loops = loops;
        for (name, ty) in &body.locals {
            walk.ty(*ty, name);
        }
        if body.name.is_empty() {
            walk.problems.push("a body without a name".to_owned());
        }
        walk.block(&body.block);
        if let Some(value) = body.block.value {
            let (value, ret) = (walk.checker.types.resolve(value.ty), walk.checker.types.resolve(body.ret));
            if value != ret {
                walk.problems.push(format!("{}: value of another type than the function returns", body.name));
            }
        }
    }
    walk.problems
}

struct BodyView<'a> {
    name: &'a str,
    locals: Vec<(&'a str, Ty)>,
    captures: Vec<Capture>,
    block: Block<'a>,
    ret: Ty,
}

impl Walk<'_, '_> {
    fn ty(&mut self, ty: Ty, what: &str) {
        let ty = self.checker.types.resolve(ty);
        let types = &self.checker.types;
        if types.has_variables(ty) || types.has_poison(ty) || types.has_params(ty) || ty == Ty::VOID {
            let name = self.checker.type_name(ty);
            self.problems.push(format!("{what} has type {name}"));
        }
    }

    fn local(&mut self, local: LocalId) {
        if local.index() >= self.locals {
            self.problems.push(format!("{local:?} does not exist"));
        }
    }

    fn body(&mut self, body: BodyId) {
        if body.index() >= self.bodies {
            self.problems.push(format!("{body:?} does not exist"));
        }
    }

    fn block(&mut self, block: &Block<'_>) {
        for stmt in block.stmts {
            self.stmt(stmt);
        }
        if let Some(value) = block.value {
            self.expr(value);
        }
        block.conditionals.iter().for_each(|&local| self.local(local));
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                self.local(*local);
                self.expr(value);
            }
            StmtKind::LetGlobal { value, .. } => self.expr(value),
            StmtKind::Assign { place, value } => {
                self.place(place);
                self.expr(value);
            }
            StmtKind::Compound(inner) => {
                self.place(&inner.place);
                self.expr(&inner.value);
            }
            StmtKind::Expr(value) => self.expr_or_void(value),
            StmtKind::Print { template, .. } => template.args.iter().for_each(|arg| self.expr(arg)),
            StmtKind::If(inner) => {
                for (cond, block) in inner.arms {
                    self.expr(cond);
                    self.block(block);
                }
                inner.otherwise.iter().for_each(|block| self.block(block));
            }
            StmtKind::While(While { cond, body, id }) => {
                assert!(id.0 < self.loops);
                self.expr(cond);
                self.block(body);
            }
            StmtKind::ForRange(range) => {
                [Some(&range.start), Some(&range.end), range.step.as_ref()]
                    .into_iter()
                    .flatten()
                    .for_each(|bound| self.expr(bound));
                self.ty(range.ty, "counter");
                self.block(&range.body);
            }
            StmtKind::ForIn(node) => {
                self.expr(&node.iter);
                self.block(&node.body);
            }
            StmtKind::Break(id) | StmtKind::Continue(id) => assert!(id.0 < self.loops),
            StmtKind::Return(value) => value.iter().for_each(|value| self.expr(value)),
            StmtKind::Try(inner) => {
                self.block(&inner.body);
                self.block(&inner.handler);
            }
            StmtKind::Match(m) => self.match_of(m),
            StmtKind::Nested(_) => {}
        }
    }

    fn place(&mut self, place: &Place<'_>) {
        match place {
            Place::Local(local, _) => self.local(*local),
            Place::Field { object, .. } => self.expr(object),
            Place::Index(inner) => {
                self.expr(&inner.base);
                self.expr(&inner.index);
            }
            _ => {}
        }
    }

    fn match_of(&mut self, m: &Match<'_>) {
        self.expr(&m.value);
        for arm in m.arms {
            if let Pattern::Literal(value) = arm.pattern {
                self.expr(value);
            }
            self.block(&arm.body);
        }
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        self.ty(expr.ty, "expression");
        self.parts(expr);
    }

    fn expr_or_void(&mut self, expr: &Expr<'_>) {
        if self.checker.types.resolve(expr.ty) != Ty::VOID {
            self.ty(expr.ty, "statement");
        }
        self.parts(expr);
    }

    fn same(&mut self, expr: &Expr<'_>, ty: Ty) {
        let (found, wanted) = (self.checker.types.resolve(expr.ty), self.checker.types.resolve(ty));
        if found != wanted {
            let text = format!("{} for {}", self.checker.type_name(found), self.checker.type_name(wanted));
            self.problems.push(text);
        }
    }

    fn parts(&mut self, expr: &Expr<'_>) {
        match &expr.kind {
            ExprKind::Int { .. } => {
                let ty = self.checker.types.resolve(expr.ty);
                if !ty.is_numeric() {
                    self.problems.push("an integer literal that is no number".to_owned());
                }
            }
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Outer(number) => assert!((*number as usize) < self.captures),
            ExprKind::Function(body) | ExprKind::Closure(body) => self.body(*body),
            ExprKind::Neg { operand, .. } | ExprKind::BitNot { operand } => {
                self.expr(operand);
                self.same(operand, expr.ty);
            }
            ExprKind::Not { operand } => self.expr(operand),
            ExprKind::Chain(Chain { first, rest }) => {
                self.expr(first);
                for step in *rest {
                    self.expr(&step.rhs);
                    self.ty(step.ty, "step");
                }
                if let Some(last) = rest.last() {
                    self.same(expr, last.ty);
                }
            }
            ExprKind::Compare(Compare { lhs, rhs, .. }) => {
                self.expr(lhs);
                self.expr(rhs);
            }
            ExprKind::IsVariant(IsVariant { value, args, .. }) => {
                self.expr(value);
                args.iter().flatten().for_each(|arg| self.expr(arg));
            }
            ExprKind::And(list) | ExprKind::Or(list) | ExprKind::Array(list) => {
                list.iter().for_each(|operand| self.expr(operand));
            }
            ExprKind::Cond(Cond { arms, otherwise }) => {
                for (cond, value) in *arms {
                    self.expr(cond);
                    self.expr(value);
                    self.same(value, expr.ty);
                }
                self.expr(otherwise);
                self.same(otherwise, expr.ty);
            }
            ExprKind::If(inner) => {
                for (cond, block) in inner.arms {
                    self.expr(cond);
                    self.block(block);
                    block.value.iter().for_each(|value| self.same(value, expr.ty));
                }
                let otherwise = inner.otherwise.expect("an `if` with a value has an `else`");
                self.block(&otherwise);
                otherwise.value.iter().for_each(|value| self.same(value, expr.ty));
            }
            ExprKind::Match(m) => {
                self.match_of(m);
                for arm in m.arms {
                    arm.body.value.iter().for_each(|value| self.same(value, expr.ty));
                }
            }
            ExprKind::Cast { operand, .. } | ExprKind::CheckLen { operand, .. } => self.expr(operand),
            ExprKind::Call { body, args } => {
                self.body(*body);
                self.args(*body, args);
            }
            ExprKind::CallNested(CallNested { callee, body, args }) => {
                self.expr(callee);
                self.body(*body);
                self.args(*body, args);
            }
            ExprKind::CallValue(CallValue { callee, args }) => {
                self.expr(callee);
                args.iter().for_each(|arg| self.expr(arg));
                let callee = self.checker.types.resolve(callee.ty);
                let TyKind::Fn(params, ret) = self.checker.types.kind(callee).clone() else {
                    return self.problems.push("a call of no function".to_owned());
                };
                args.iter().zip(&params).for_each(|(arg, &ty)| self.same(arg, ty));
                self.same(expr, ret);
            }
            ExprKind::Builtin { args, .. }
            | ExprKind::Format(Template { args, .. })
            | ExprKind::Variant { args, .. } => {
                args.iter().for_each(|arg| self.expr(arg));
            }
            ExprKind::Field { object, .. } | ExprKind::ErrorMessage(object) | ExprKind::ErrorKind(object) => {
                self.expr(object);
            }
            ExprKind::Index(Index { base, index, .. }) => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Slice(Slice { base, start, end, .. }) => {
                self.expr(base);
                [start, end].into_iter().flatten().for_each(|bound| self.expr(bound));
            }
            ExprKind::Fill { value, count } => {
                self.expr(value);
                self.expr(count);
            }
            ExprKind::Map(entries) => {
                for (key, value) in *entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Struct { fields, .. } => fields.iter().for_each(|field| self.expr(&field.1)),
            ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::Global(_) => {}
        }
    }

    fn args(&mut self, body: BodyId, args: &[Expr<'_>]) {
        let target = &self.checker.checked.bodies[body.index()];
        if target.params.len() != args.len() {
            return self.problems.push(format!("{} called with {} arguments", target.name, args.len()));
        }
        let types: Vec<Ty> = target.params.iter().map(|param| target.locals[param.index()].ty).collect();
        for (arg, ty) in args.iter().zip(types) {
            self.expr(arg);
            self.same(arg, ty);
        }
    }
}
