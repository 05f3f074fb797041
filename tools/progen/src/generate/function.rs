//! Functions: named, recursive, generic, methods, nested.

use super::{Frame, Generator, Known};
use crate::ast::*;
use crate::check::scope::{Kind, Scope, Var};
use crate::types::Ty;

/// What a function is to be like.
pub(super) struct Plan {
    pub owner: Option<Ty>,
    pub is_method: bool,
    pub generics: Vec<Class>,
    pub recursive: bool,
    /// The recursion group, if it is shared.
    pub group: Option<u32>,
    pub budget: u64,
}

impl Plan {
    /// An ordinary function.
    pub fn plain(budget: u64) -> Plan {
        Plan { owner: None, is_method: false, generics: Vec::new(), recursive: false, group: None, budget }
    }
}

impl Generator<'_> {
    /// The head of a function: parameters and return type.
    pub(super) fn signature(&mut self, plan: &Plan, order: u32) -> Known {
        let mut params = Vec::new();
        if plan.is_method
            && let Some(owner) = &plan.owner
        {
            params.push(Param { name: Name { stem: "self", id: 0 }, ty: owner.clone() });
        }
        let mut counter = None;
        if plan.recursive {
            counter = Some(params.len());
            params.push(Param { name: self.fresh("depth"), ty: Ty::I32 });
        }
        for (i, class) in plan.generics.iter().enumerate() {
            let ty = Ty::Param(i as u8);
            params.push(Param { name: self.fresh("t"), ty: ty.clone() });
            match self.rng.below(4) {
                0 => params.push(Param { name: self.fresh("t"), ty }),
                1 => params.push(Param { name: self.fresh("ts"), ty: Ty::array(ty) }),
                _ => {}
            }
            let _ = class;
        }
        let owned_generic = plan.owner.as_ref().is_some_and(Ty::has_param);
        for _ in 0..self.rng.weighted(&[(2, 0), (5, 1), (5, 2), (2, 3), (1, 5)]) {
            let ty = self.rng.pick(&self.pool).clone();
            if ty != Ty::Range && self.types.weight(&ty) <= 600 {
                let name = self.fresh_for(&ty);
                params.push(Param { name, ty });
            }
        }
        if owned_generic && self.rng.chance(70) {
            params.push(Param { name: self.fresh("other"), ty: Ty::Param(0) });
        }
        let of_param =
            params.iter().filter(|param| param.ty.has_param() && !matches!(param.ty, Ty::Enum(..)));
        let of_param: Vec<Ty> = of_param.map(|param| param.ty.clone()).collect();
        let ret = match self.rng.below(10) {
            0..=5 if !of_param.is_empty() => self.rng.pick(&of_param).clone(),
            0..=1 => Ty::Void,
            _ if !of_param.is_empty() => self.rng.pick(&[Ty::Bool, Ty::I32, Ty::Str]).clone(),
            _ => self.rng.pick(&self.pool).clone(),
        };
        let stem = if plan.is_method {
            "method"
        } else if plan.owner.is_some() {
            "make"
        } else {
            "fun"
        };
        Known {
            name: self.fresh(stem),
            order,
            owner: plan.owner.clone(),
            is_method: plan.is_method,
            generics: plan.generics.clone(),
            params,
            ret,
            counter,
            group: plan.group,
            level: 0,
            value: false,
            nested: false,
        }
    }

    /// A function at module level, which sees the module's variables so far.
    pub(super) fn top_function(&mut self, known: Known, budget: u64) -> Function {
        let globals: Vec<Var> = self.scope.all().filter(|var| var.ty != Ty::Void).cloned().collect();
        let outer = std::mem::replace(&mut self.scope, Scope::of_globals(globals));
        let nesting = std::mem::replace(&mut self.nesting, 0);
        let frames = self.frames.split_off(1);
        let function = self.function(known, budget);
        self.frames.extend(frames);
        self.scope = outer;
        self.nesting = nesting;
        function
    }

    /// The rest of a function, whose head is `known`; afterwards it can be called.
    pub(super) fn function(&mut self, mut known: Known, budget: u64) -> Function {
        let recursion =
            known.counter.map(|counter| (known.group.unwrap_or(known.name.id), known.params[counter].name));
        known.group = recursion.map(|(group, _)| group);
        self.scope.open(false);
        self.frames.push(Frame {
            ret: Some(known.ret.clone()),
            order: known.order,
            recursion,
            calls_left: 0,
            limit: u32::MAX,
            level: 0,
            loops: Vec::new(),
            generics: known.generics.clone(),
            tries: 1,
        });
        for param in &known.params {
            self.declare(param.name, param.ty.clone(), Kind::Fixed);
        }
        let around = self.costs.current;
        if let Some((group, _)) = recursion {
            self.costs.current = Some(group);
        }
        let annotated = known.ret.has_param() && known.owner.is_none() || self.rng.chance(70);
        let annotated = annotated || known.ret == Ty::Void || recursion.is_some();
        let asked = annotated && (!known.ret.has_param());
        let base = match (&known.ret, recursion) {
            (Ty::Void, _) | (_, None) => None,
            (ret, Some(_)) => Some(self.kept_leaf(&ret.clone(), asked)),
        };
        if recursion.is_some() {
            self.known.push(known.clone());
            self.frame().calls_left = if self.rng.chance(75) { 1 } else { 2 };
        }
        let size = 2 + self.rng.below(5);
        let saved = std::mem::replace(&mut self.budget, budget);
        let mut body = self.block(budget * 3 / 4, size);
        if recursion.is_some() && self.frame().calls_left > 0 && !crate::check::diverges(&body) {
            self.recur(&mut body, &known);
        }
        let mut result: Option<Value> = None;
        if known.ret != Ty::Void && !crate::check::diverges(&body) {
            let ret = known.ret.clone();
            self.budget = budget / 4;
            let value = self.kept(&ret, 2, asked);
            let affordable = self.costs.expr(&self.types, &value).units <= self.budget;
            let value = if affordable { value } else { self.kept_leaf(&ret, asked) };
            result = Some(value.into());
        }
        // If it only raises, nothing else says what it would return.
        let annotated = annotated || result.is_none() && !crate::check::returns_value(&body);
        self.budget = saved;
        let frame = self.frames.pop();
        self.scope.close();
        self.costs.current = around;
        if recursion.is_some() {
            self.known.retain(|other| other.name != known.name);
        }
        // An `if` or `match` at the end, as an implicit return, needs values in all branches; an expression is one.
        let implicit = self.rng.chance(25);
        let function = Function {
            name: known.name,
            order: known.order,
            owner: known.owner.clone(),
            is_method: known.is_method,
            generics: known.generics.clone(),
            params: known.params.clone(),
            ret: known.ret.clone(),
            recursion: known.counter.map(|param| Recursion { param, group: known.group.unwrap_or(0), base }),
            body,
            result,
            implicit,
            annotated,
        };
        let cost = self.costs.function(&self.types, &function);
        self.costs.functions.insert(function.name, cost);
        known.level = frame.map_or(0, |frame| frame.level);
        known.value =
            annotated && known.generics.is_empty() && known.owner.is_none() && known.counter.is_none();
        self.known.push(known);
        function
    }

    /// A recursive call, if the body made none.
    fn recur(&mut self, body: &mut Block, known: &Known) {
        let target =
            self.known.iter().rev().find(|other| other.group == known.group && other.name != known.name);
        let target = match target {
            Some(other) if self.rng.chance(50) => other.clone(),
            _ => known.clone(),
        };
        let Some(call) = self.call(&target, Vec::new(), 1) else { return };
        if call.ty == Ty::Void {
            body.push(Stmt::Expr(call));
            return;
        }
        let name = self.fresh_for(&call.ty);
        let ty = call.ty.clone();
        let binding = Binding::Plain;
        let value = self.shorten(call);
        let value = self.tame(value);
        self.declare(name, ty, Kind::Plain);
        body.push(Stmt::Let(Let { name, binding, annotated: false, value: value.into() }));
    }

    /// A function inside a block, which captures what is around it.
    pub(super) fn nested_function(&mut self, block: &mut Block) {
        if self.in_generic() || self.budget < 200 {
            return;
        }
        let order = self.frame().order;
        let limit = self.frame().limit;
        let recursive = self.rng.chance(25);
        let budget = (self.budget / 4).min(600);
        let plan = Plan { recursive, ..Plan::plain(budget) };
        let mut known = self.signature(&plan, order);
        known.nested = true;
        known.params.truncate(4);
        let name = known.name;
        let (depth, in_loop) = (self.depth(), false);
        // The name is visible in its own body, as what occupies its block; it has no type as a variable.
        self.scope.add(Var { name, ty: Ty::Void, kind: Kind::Fixed, depth, in_loop }, false);
        let nesting = std::mem::replace(&mut self.nesting, 3);
        let function = self.function(known.clone(), budget);
        self.nesting = nesting;
        let Some(known) = self.known.iter().rev().find(|known| known.name == name).cloned() else { return };
        if known.level > limit {
            // It could not be called here.
            self.known.retain(|known| known.name != name);
            return;
        }
        block.push(Stmt::Fn(Box::new(function)));
        for _ in 0..1 + self.rng.below(2) {
            if self.callable(&known)
                && let Some(e) = self.call(&known, Vec::new(), 1)
            {
                block.push(if e.ty == Ty::Void || e.ty.has_param() {
                    Stmt::Expr(e)
                } else {
                    Stmt::Observe(e)
                });
            }
        }
    }
}
