//! Definite assignment: which reads of conditional variables surely find a value.
//!
//! How it works. One walk over the body in the order of execution, with the set of conditional variables that surely
//! have a value here. The set is an array of flags and a trail of those set; where paths meet, each arm's part of the
//! trail is taken back, and what every arm that reaches the meeting point had set is set again. A loop's body and its
//! conditions add nothing to what holds behind the loop. So the cost is linear, nesting aside.
//!
//! A variable is *flagged* if some read, or some capture, is not proven, and a captured one if some assignment is not known to
//! follow another; the others need no trace at run time.
//!
//! Invariants
//! - A1 Where this pass thinks that code is not reached, lowering thinks so too; so what it proves, the verifier's data
//!   flow over the code proves as well.

use std::collections::HashSet;

use super::walk;
use crate::lang::builtins::BuiltinFn;
use crate::lang::hash::{FastHasher, FastMap};
use crate::lang::hir::{
    Block, Body, BodyId, Capture, Checked, Compound, Cond, Expr, ExprKind, If, LocalId, LoopId, Match,
    Pattern, Place, Stmt, StmtKind, VarId, While,
};
use crate::lang::stack::with_room;

type FastSet<T> = HashSet<T, FastHasher>;

/// What the analysis of a body found.
#[derive(Default)]
pub(super) struct Assigned {
    locals: FastSet<LocalId>,
    globals: FastSet<VarId>,
    /// Addresses of the expressions, and compound assignments, that read a variable without proof.
    unproven: FastSet<usize>,
}

impl Assigned {
    /// Looks at a body, if it has conditional variables; `variables` are those of the module whose body it is.
    pub fn of<'a>(checked: &Checked<'a>, id: BodyId, variables: &[VarId]) -> Assigned {
        let body = &checked.bodies[id.index()];
        let mut globals = FastMap::default();
        for &var in variables {
            if checked.globals[var.index()].conditional {
                globals.insert(var, (body.locals.len() + globals.len()) as u32);
            }
        }
        if globals.is_empty() && !body.locals.iter().any(|local| local.conditional) {
            return Assigned::default();
        }
        let count = body.locals.len() + globals.len();
        let mut walk = Walk {
            checked,
            body,
            globals,
            assigned: vec![false; count],
            arms: vec![0; count],
            trail: Vec::new(),
            dead: false,
            loops: Vec::new(),
            found: Assigned::default(),
        };
        walk.block(&body.block);
        walk.found
    }

    /// Whether a local may be read, or captured, without a value, or is captured and needs a place before it has one.
    pub fn is_flagged(&self, local: LocalId) -> bool {
        self.locals.contains(&local)
    }

    /// The same of a module variable, as far as its module's statements go.
    pub fn is_global_flagged(&self, var: VarId) -> bool {
        self.globals.contains(&var)
    }

    /// Whether an expression reads a variable that may have no value.
    pub fn is_unproven_expr(&self, expr: &Expr<'_>) -> bool {
        !self.unproven.is_empty() && self.unproven.contains(&address(expr))
    }

    /// Whether a compound assignment does.
    pub fn is_unproven_stmt(&self, stmt: &Stmt<'_>) -> bool {
        !self.unproven.is_empty() && self.unproven.contains(&address(stmt))
    }
}

/// Names a node of the tree.
fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

struct Walk<'l, 'a> {
    checked: &'l Checked<'a>,
    body: &'l Body<'a>,
    /// Conditional module variables, numbered behind the locals.
    globals: FastMap<VarId, u32>,
    /// The variables that surely have a value.
    assigned: Vec<bool>,
    /// Scratch of [`Walk::meet`]: in how many arms a variable was set.
    arms: Vec<u32>,
    /// The variables set, in order.
    trail: Vec<u32>,
    /// What follows is not reached.
    dead: bool,
    /// The loops around, and whether a `break` leaves them.
    loops: Vec<(LoopId, bool)>,
    found: Assigned,
}

impl<'a> Walk<'_, 'a> {
    fn local(&self, local: LocalId) -> Option<u32> {
        self.body.locals[local.index()].conditional.then_some(local.0)
    }

    fn set(&mut self, var: Option<u32>) {
        if let Some(var) = var
            && !std::mem::replace(&mut self.assigned[var as usize], true)
        {
            self.trail.push(var);
        }
    }

    fn is_unset(&self, var: Option<u32>) -> bool {
        var.is_some_and(|var| !self.assigned[var as usize])
    }

    fn read_local(&mut self, local: LocalId, node: usize) {
        let var = self.local(local);
        if self.is_unset(var) {
            self.found.locals.insert(local);
            self.found.unproven.insert(node);
            // The read raises unless there is a value.
            self.set(var);
        }
    }

    fn read_global(&mut self, var: VarId, node: usize) {
        let number = self.globals.get(&var).copied();
        if self.is_unset(number) {
            self.found.globals.insert(var);
            self.found.unproven.insert(node);
            self.set(number);
        }
    }

    fn capture(&mut self, body: BodyId) {
        for &capture in self.checked.bodies[body.index()].captures {
            if let Capture::Local(local) = capture
                && self.is_unset(self.local(local))
            {
                self.found.locals.insert(local);
            }
        }
    }

    /// Paths that begin here and meet again: each is walked by `arm`, which returns false if there is no such one.
    fn meet(&mut self, mut arm: impl FnMut(&mut Self, usize) -> bool) {
        let mark = self.trail.len();
        let mut seen = Vec::new();
        let mut reaching = 0;
        let mut index = 0;
        while arm(self, index) {
            if !self.dead {
                reaching += 1;
            }
            for var in self.trail.drain(mark..) {
                self.assigned[var as usize] = false;
                if !self.dead {
                    if self.arms[var as usize] == 0 {
                        seen.push(var);
                    }
                    self.arms[var as usize] += 1;
                }
            }
            self.dead = false;
            index += 1;
        }
        for var in seen {
            if std::mem::take(&mut self.arms[var as usize]) == reaching {
                self.set(Some(var));
            }
        }
        self.dead = reaching == 0;
    }

    /// What may not be run: nothing of what it sets holds behind it.
    fn optional(&mut self, walk: impl FnOnce(&mut Self)) {
        let mark = self.trail.len();
        walk(self);
        for var in self.trail.drain(mark..) {
            self.assigned[var as usize] = false;
        }
        self.dead = false;
    }

    /// A loop's body; whether a `break` leaves it.
    fn repeated(&mut self, id: LoopId, body: &Block<'a>) -> bool {
        self.loops.push((id, false));
        self.optional(|walk| walk.block(body));
        self.loops.pop().is_some_and(|(_, broken)| broken)
    }

    fn block(&mut self, block: &Block<'a>) {
        with_room(|| self.block_parts(block));
    }

    fn block_parts(&mut self, block: &Block<'a>) {
        for stmt in block.stmts {
            if self.dead {
                return;
            }
            self.stmt(stmt);
        }
        if let Some(value) = block.value
            && !self.dead
        {
            self.expr(value);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt<'a>) {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                self.expr(value);
                self.set(self.local(*local));
            }
            StmtKind::LetGlobal { var, value } => {
                self.expr(value);
                self.set(self.globals.get(var).copied());
            }
            StmtKind::Assign { place, value } => {
                walk::place_parts(place, &mut |part| self.expr(part));
                self.expr(value);
                self.assign(place);
            }
            StmtKind::Compound(Compound { place, value, .. }) => {
                walk::place_parts(place, &mut |part| self.expr(part));
                match *place {
                    Place::Local(local, _) => self.read_local(local, address(stmt)),
                    Place::Global(var, _) => self.read_global(var, address(stmt)),
                    _ => {}
                }
                self.expr(value);
                self.assign(place);
            }
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Print { template, .. } => template.args.iter().for_each(|arg| self.expr(arg)),
            StmtKind::If(inner) => self.if_arms(inner),
            StmtKind::While(While { id, cond, body }) => {
                self.expr(cond);
                let broken = self.repeated(*id, body);
                self.dead = matches!(cond.kind, ExprKind::Bool(true)) && !broken;
            }
            StmtKind::ForRange(range) => {
                self.expr(&range.start);
                self.expr(&range.end);
                range.step.iter().for_each(|step| self.expr(step));
                self.repeated(range.id, &range.body);
            }
            StmtKind::ForIn(each) => {
                self.expr(&each.iter);
                self.repeated(each.id, &each.body);
            }
            StmtKind::Break(id) => {
                for (other, broken) in &mut self.loops {
                    *broken |= other == id;
                }
                self.dead = true;
            }
            StmtKind::Continue(_) => self.dead = true,
            StmtKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.dead = true;
            }
            StmtKind::Try(inner) => self.meet(|walk, index| {
                match index {
                    0 => walk.block(&inner.body),
                    1 => walk.block(&inner.handler),
                    _ => return false,
                }
                true
            }),
            StmtKind::Match(inner) => self.match_arms(inner),
            StmtKind::Nested(id) => {
                let instances = &self.checked.nested[id.index()];
                // They are declared together, and may capture each other.
                instances.iter().for_each(|&(local, _)| self.set(self.local(local)));
                instances.iter().for_each(|&(_, body)| self.capture(body));
            }
        }
    }

    fn assign(&mut self, place: &Place<'a>) {
        match place {
            Place::Local(local, _) => self.assign_local(*local),
            Place::Global(var, _) => self.set(self.globals.get(var).copied()),
            _ => {}
        }
    }

    /// An assignment makes no place for the value: a captured variable must have had one before.
    fn assign_local(&mut self, local: LocalId) {
        let var = self.local(local);
        if self.is_unset(var) && self.body.locals[local.index()].captured.get() {
            self.found.locals.insert(local);
        }
        self.set(var);
    }

    fn if_arms(&mut self, inner: &'a If<'a>) {
        let (arms, otherwise) = (inner.arms, &inner.otherwise);
        // Conditions cannot assign. That a read in one has succeeded is known to what follows of the first alone.
        let Some(((first, _), others)) = arms.split_first() else { return };
        self.expr(first);
        self.optional(|walk| others.iter().for_each(|(condition, _)| walk.expr(condition)));
        self.meet(|walk, index| {
            if let Some((_, block)) = arms.get(index) {
                walk.block(block);
            } else if index == arms.len() {
                otherwise.iter().for_each(|block| walk.block(block));
            } else {
                return false;
            }
            true
        });
    }

    fn match_arms(&mut self, inner: &'a Match<'a>) {
        self.expr(&inner.value);
        self.meet(|walk, index| {
            let Some(arm) = inner.arms.get(index) else { return false };
            if let Pattern::Variant { slots, .. } = arm.pattern {
                slots.iter().flatten().for_each(|&local| walk.set(walk.local(local)));
            }
            walk.block(&arm.body);
            true
        });
    }

    fn expr(&mut self, expr: &'a Expr<'a>) {
        match &expr.kind {
            ExprKind::Local(local) => self.read_local(*local, address(expr)),
            ExprKind::Global(var) => self.read_global(*var, address(expr)),
            ExprKind::Closure(body) => self.capture(*body),
            ExprKind::Int { .. } | ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) => {}
            ExprKind::If(inner) => self.if_arms(inner),
            ExprKind::Match(inner) => self.match_arms(inner),
            ExprKind::And(operands) | ExprKind::Or(operands) => {
                let Some((first, others)) = operands.split_first() else { return };
                self.expr(first);
                self.optional(|walk| others.iter().for_each(|operand| walk.expr(operand)));
            }
            ExprKind::Cond(Cond { arms, otherwise }) => {
                let Some(((condition, value), others)) = arms.split_first() else { return };
                self.expr(condition);
                self.optional(|walk| walk.expr(value));
                self.optional(|walk| {
                    for (condition, value) in others {
                        walk.expr(condition);
                        walk.optional(|walk| walk.expr(value));
                    }
                    walk.expr(otherwise);
                });
            }
            _ => with_room(|| {
                walk::parts(expr, &mut |part| self.expr(part));
                self.dead |= matches!(
                    expr.kind,
                    ExprKind::Builtin { function: BuiltinFn::Raise | BuiltinFn::Exit, .. }
                );
            }),
        }
    }
}
