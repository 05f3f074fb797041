//! Closures: how variables are captured, lambdas, nested functions.
//!
//! How it works. A captured variable that is never assigned after its declaration is copied into the closure; one that
//! is lives in a cell, which the closure refers to. One that may have no value when it is captured lives in an array of
//! at most one element. What is a function without captures needs no object: it is a literal wherever it is read, and is
//! not captured either. A closure's own name inside it is its hidden parameter. The instances of a generic nested
//! function that call each other find each other through arrays of one element, made before the closures.
//!
//! A local that holds the closure of one known function has the closure's type, so calls of it are direct; where it is
//! read as a value, it is copied into a register of the function type.
//!
//! Captures are read from the closure where they are used; in a body with loops, once at the entry.

use std::sync::Arc;

use super::function::{Function, Slot, Value};
use crate::bytecode::{Arg, FuncId, Literal, LiteralId, Op, Reg, Span, TypeDesc, TypeId};
use crate::lang::hir::{BodyId, Capture, Expr, LocalId, NestedId};

/// How a closure holds a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rep {
    Value,
    Cell,
    /// An array that has the variable's value as its element, if there is one.
    Maybe,
    /// The closure of that function.
    Closure(BodyId),
    /// Not at all: it is the closure itself.
    Own,
    /// Not at all: a function without captures.
    Static(BodyId),
    /// An array that has a function value as its element: another instance of a nested function.
    Sibling,
}

impl Rep {
    fn is_stored(self) -> bool {
        !matches!(self, Rep::Own | Rep::Static(_))
    }
}

/// A captured variable, as the closure's body finds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Captured {
    pub rep: Rep,
    /// Where it is in the closure, and the type of what is there.
    slot: u16,
    ty: TypeId,
}

/// What a body captures.
#[derive(Debug)]
pub(super) struct Captures {
    /// The closure's type, if anything is stored.
    pub closure: Option<TypeId>,
    /// For each capture of the body.
    pub list: Vec<Captured>,
}

impl<'a> Function<'_, 'a> {
    // ---- inside a closure

    /// At the entry of a closure's body: loads the captures if there are loops.
    pub fn pin_captures(&mut self) {
        let Some(captures) = self.captures.clone() else { return };
        if self.body.loops == 0 || self.closure.is_none() {
            return;
        }
        for captured in &captures.list {
            let pinned = captured.rep.is_stored().then(|| self.load_field(*captured, None));
            self.pinned.push(pinned);
        }
    }

    fn load_field(&mut self, captured: Captured, dest: Option<Reg>) -> Reg {
        let Some(closure) = self.closure else { return self.temp(captured.ty) };
        let op = if self.is_ref(captured.ty) { Op::GetFieldRef } else { Op::GetField };
        let reg = match dest {
            Some(reg) if self.reg_ty(reg) == captured.ty => reg,
            _ => self.temp(captured.ty),
        };
        self.emit().op(op, reg, closure, captured.slot);
        reg
    }

    /// Where a captured variable is, and the register to give back after its use.
    pub fn outer(&mut self, index: u32) -> (Slot, Option<Reg>) {
        let captured = self.captures.as_ref().and_then(|captures| captures.list.get(index as usize)).copied();
        let Some(captured) = captured else { return (Slot::Unset, None) };
        match captured.rep {
            Rep::Static(body) => return (Slot::Static(body), None),
            Rep::Own => return (self.own_slot(), None),
            _ => {}
        }
        let (reg, temp) = match self.pinned.get(index as usize) {
            Some(&Some(reg)) => (reg, None),
            _ => {
                let reg = self.load_field(captured, None);
                (reg, Some(reg))
            }
        };
        let slot = match captured.rep {
            Rep::Cell => Slot::Cell(reg),
            Rep::Maybe | Rep::Sibling => Slot::Maybe(reg),
            Rep::Closure(body) => Slot::Closure(reg, body),
            _ => Slot::Reg(reg),
        };
        (slot, temp)
    }

    /// Whether a captured variable is one known function.
    pub fn known_outer(&self, index: u32) -> bool {
        let captured = self.captures.as_ref().and_then(|captures| captures.list.get(index as usize));
        captured.is_some_and(|captured| matches!(captured.rep, Rep::Own | Rep::Static(_) | Rep::Closure(_)))
    }

    /// The function being lowered, as a value of its own body.
    fn own_slot(&self) -> Slot {
        match self.closure {
            Some(reg) => Slot::Closure(reg, self.id),
            None => Slot::Static(self.id),
        }
    }

    /// Reads a captured variable.
    pub fn read_outer(&mut self, index: u32, expr: &Expr<'_>, dest: Option<Reg>) -> Value {
        let captured = self.captures.as_ref().and_then(|captures| captures.list.get(index as usize)).copied();
        if let Some(captured) = captured
            && captured.rep == Rep::Value
            && self.pinned.is_empty()
        {
            let reg = self.load_field(captured, dest);
            return if dest == Some(reg) { Value::Var(reg) } else { Value::Temp(reg) };
        }
        let ty = self.ty(expr.ty);
        let (slot, temp) = self.outer(index);
        let name = self.outer_name(index);
        let unproven = captured.is_some_and(|captured| captured.rep == Rep::Maybe);
        let value = self.load(slot, ty, name, expr.span, unproven, dest);
        match (value, temp) {
            // The register that was loaded is the value.
            (Value::Var(reg), Some(temp)) if reg == temp => Value::Temp(reg),
            (value, temp) => {
                temp.into_iter().for_each(|reg| self.free(reg));
                value
            }
        }
    }

    /// The name of a captured variable.
    pub fn outer_name(&self, index: u32) -> &'a str {
        let mut id = self.id;
        let mut capture = Capture::Outer(index);
        // Follows the capture outward; each step leaves one body.
        loop {
            let body = &self.checked.bodies[id.index()];
            match capture {
                Capture::Local(local) => {
                    return body.locals.get(local.index()).map_or("", |local| local.name);
                }
                Capture::Outer(index) => {
                    let Some(&next) = body.captures.get(index as usize) else { return "" };
                    let Some(&parent) = self.s.parents.get(&id) else { return "" };
                    (capture, id) = (next, parent);
                }
            }
        }
    }

    // ---- making closures

    /// A lambda, as a value of its function type.
    pub fn lambda(&mut self, body: BodyId, expr: &Expr<'_>, dest: Option<Reg>) -> Value {
        let ty = self.ty(expr.ty);
        match self.make_lambda(body, expr.span, Some((ty, dest))) {
            (Slot::Static(_), _) => Value::Literal(self.function_literal(body, ty), ty),
            (_, value) => value,
        }
    }

    /// Makes the function value of a lambda, unless it is static: in a register of its closure type, or as a value of
    /// a function type, perhaps at a destination.
    pub fn make_lambda(
        &mut self,
        body: BodyId,
        span: Span,
        as_value: Option<(TypeId, Option<Reg>)>,
    ) -> (Slot, Value) {
        let checked = self.checked;
        let info = &checked.bodies[body.index()];
        let reps: Vec<Rep> = info.captures.iter().map(|&capture| self.rep(capture)).collect();
        if reps.iter().all(|rep| !rep.is_stored()) {
            self.enqueue(body, None, &reps, &[]);
            return (Slot::Static(body), Value::None);
        }
        let (sources, temps) = self.sources(info.captures, &reps, &[]);
        let closure = self.closure_type(body, info.captures, &reps, &sources);
        temps.into_iter().for_each(|reg| self.free(reg));
        let (reg, value) = match as_value {
            Some((ty, dest)) => self.result(dest, ty),
            None => self.result(None, closure),
        };
        self.at(span).closure(reg, FuncId(body.0), &sources);
        (Slot::Closure(reg, body), value)
    }

    /// How a variable that is declared before would be captured.
    fn rep(&self, capture: Capture) -> Rep {
        match capture {
            Capture::Local(local) => match self.slot(local) {
                Slot::Cell(_) => Rep::Cell,
                Slot::Maybe(_) => Rep::Maybe,
                Slot::Static(body) => Rep::Static(body),
                Slot::Closure(_, body) => Rep::Closure(body),
                _ => Rep::Value,
            },
            Capture::Outer(index) => {
                let list = self.captures.as_ref().and_then(|captures| captures.list.get(index as usize));
                match list.map(|captured| captured.rep) {
                    Some(Rep::Own) => match self.closure {
                        Some(_) => Rep::Closure(self.id),
                        None => Rep::Static(self.id),
                    },
                    Some(rep) => rep,
                    None => Rep::Value,
                }
            }
        }
    }

    /// The registers of what is stored, in the order of the captures, and those to give back.
    fn sources(
        &mut self,
        captures: &[Capture],
        reps: &[Rep],
        siblings: &[(LocalId, Reg)],
    ) -> (Vec<Reg>, Vec<Reg>) {
        let mut sources = Vec::with_capacity(captures.len());
        let mut temps = Vec::new();
        for (&capture, &rep) in captures.iter().zip(reps) {
            if !rep.is_stored() {
                continue;
            }
            let slot = match capture {
                Capture::Local(local) => match siblings.iter().find(|(other, _)| *other == local) {
                    Some(&(_, array)) => Slot::Maybe(array),
                    None => self.slot(local),
                },
                Capture::Outer(index) => {
                    let (slot, temp) = self.outer(index);
                    temps.extend(temp);
                    slot
                }
            };
            match slot {
                Slot::Reg(reg)
                | Slot::Cell(reg)
                | Slot::Maybe(reg)
                | Slot::Flagged(reg, _)
                | Slot::Nullable(reg)
                | Slot::Closure(reg, _) => sources.push(reg),
                // Only in code that is not reached is a variable captured that has no place.
                Slot::Unset | Slot::Static(_) | Slot::Overflow(..) => {
                    let reg = self.temp(TypeId::BOOL);
                    self.trap("a variable is captured before it is declared");
                    temps.push(reg);
                    sources.push(reg);
                }
            }
        }
        (sources, temps)
    }

    /// Lays out the closures of a body and puts it on the list of those to be lowered.
    fn enqueue(&mut self, body: BodyId, closure: Option<TypeId>, reps: &[Rep], slots: &[(u16, TypeId)]) {
        let mut slots = slots.iter();
        let list = reps.iter().map(|&rep| {
            let stored = if rep.is_stored() { slots.next().copied() } else { None };
            let (slot, ty) = stored.unwrap_or((0, TypeId::BOOL));
            Captured { rep, slot, ty }
        });
        let captures = Arc::new(Captures { closure, list: list.collect() });
        self.s.parents.insert(body, self.id);
        self.s.enqueue(body, captures);
    }

    /// The type of a body's closures, given the registers of what is stored.
    fn closure_type(&mut self, body: BodyId, captures: &[Capture], reps: &[Rep], sources: &[Reg]) -> TypeId {
        let stored = captures.iter().zip(reps).filter(|(_, rep)| rep.is_stored());
        let fields: Vec<_> = stored
            .zip(sources)
            .map(|((&capture, _), &reg)| {
                let name = match capture {
                    Capture::Local(local) => self.body.locals[local.index()].name,
                    Capture::Outer(index) => self.outer_name(index),
                };
                (self.s.names.get(name), self.reg_ty(reg))
            })
            .collect();
        let ty = self.s.types.closure_of(FuncId(body.0), fields);
        let TypeDesc::Closure { captures: layout, .. } = self.s.types.desc(ty) else {
            unreachable!("a closure type is one")
        };
        let slots: Vec<_> = layout.fields.iter().map(|field| (field.slot as u16, field.ty)).collect();
        self.failed |= slots.len() > usize::from(u16::MAX);
        self.enqueue(body, Some(ty), reps, &slots);
        ty
    }

    /// The declaration of a nested function.
    pub fn nested(&mut self, id: NestedId, span: Span) {
        let checked = self.checked;
        let instances = &checked.nested[id.index()];
        let find = |capture: Capture| match capture {
            Capture::Local(local) => instances.iter().position(|&(other, _)| other == local),
            Capture::Outer(_) => None,
        };
        let captures_of = |index: usize| &checked.bodies[instances[index].1.index()].captures;

        // An instance needs an object if it captures a variable that does.
        let mut is_static = vec![true; instances.len()];
        loop {
            let before = is_static.iter().filter(|&&yes| yes).count();
            for index in 0..instances.len() {
                is_static[index] &= captures_of(index).iter().all(|&capture| match find(capture) {
                    Some(other) => is_static[other],
                    None => !self.rep(capture).is_stored(),
                });
            }
            if is_static.iter().filter(|&&yes| yes).count() == before {
                break;
            }
        }
        let reps: Vec<Vec<Rep>> = (0..instances.len())
            .map(|index| {
                let rep = |&capture: &Capture| match find(capture) {
                    Some(other) if is_static[other] => Rep::Static(instances[other].1),
                    Some(other) if other == index => Rep::Own,
                    Some(_) => Rep::Sibling,
                    None => self.rep(capture),
                };
                captures_of(index).iter().map(rep).collect()
            })
            .collect();

        // Arrays by which instances find each other.
        let mut siblings: Vec<(LocalId, Reg)> = Vec::new();
        for (index, &(local, _)) in instances.iter().enumerate() {
            let is_asked_for = (0..instances.len()).any(|asking| {
                asking != index
                    && captures_of(asking)
                        .iter()
                        .zip(&reps[asking])
                        .any(|(&capture, &rep)| rep == Rep::Sibling && find(capture) == Some(index))
            });
            if is_asked_for {
                let function = self.ty(self.body.locals[local.index()].ty);
                let ty = self.s.types.array_of(function);
                let array = self.temp(ty);
                self.at(span).new_array(array, ty, &[]);
                siblings.push((local, array));
            }
        }

        for (index, &(local, body)) in instances.iter().enumerate() {
            if is_static[index] {
                self.enqueue(body, None, &reps[index], &[]);
                self.set_slot(local, Slot::Static(body));
                continue;
            }
            let captures = captures_of(index);
            let (sources, temps) = self.sources(captures, &reps[index], &siblings);
            let closure = self.closure_type(body, captures, &reps[index], &sources);
            temps.into_iter().for_each(|reg| self.free(reg));
            let reg = self.temp(closure);
            self.at(span).closure(reg, FuncId(body.0), &sources);
            self.set_slot(local, Slot::Closure(reg, body));
            self.name_register(reg, self.body.locals[local.index()].name);
        }
        for (local, array) in siblings {
            if let Slot::Closure(reg, _) = self.slot(local) {
                let ty = self.ty(self.body.locals[local.index()].ty);
                let value = self.temp(ty);
                self.emit().mov(value, reg);
                self.at(span).op(Op::PushRef, array, value, Arg::NONE);
                self.free(value);
            }
            self.free(array);
        }
    }

    /// The literal of a function without captures.
    pub fn function_literal(&mut self, body: BodyId, ty: TypeId) -> LiteralId {
        self.s.literal(Literal::Function { ty, func: FuncId(body.0) })
    }
}
