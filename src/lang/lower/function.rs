//! One body under lowering: registers and values.
//!
//! How it works. Lowering an expression gives a [`Value`]: a register, or a constant that no instruction has loaded yet,
//! so that it can still become an immediate or be folded. A destination may be passed down; only the last instruction
//! of an expression writes it, so an expression may read the variable that it is assigned to.
//!
//! A register has one type for the whole function. Temporaries, and the registers of variables whose scope has ended, go
//! to a free list of their type. Constants used in a loop are loaded once, before the outermost loop around them, into
//! registers that nothing else writes.
//!
//! Invariants
//! - L1 A register on a free list is named by no [`Value`] and no [`Slot`].
//! - L2 A register of a hoisted constant has held nothing but such constants, and is written only before the loop.
//! - L3 Every label that a branch names is bound, or an alias of one that is, before the function is finished.

use std::sync::Arc;

use super::Lowerer;
use super::assigned::Assigned;
use super::closure::Captures;
use super::registers::FreeRegisters;
use crate::bytecode::builder::MAX_REGISTERS;
use crate::bytecode::{FunctionBuilder, Kind, Label, LiteralId, Point, Reg, RegType, Span, TypeDesc, TypeId};
use crate::lang::hash::FastMap;
use crate::lang::hir::{Body, BodyId, Checked, Expr, LocalId, LoopId, VarId};
use crate::lang::types::{Ty, Types};

/// How many registers may be taken before further variables go to overflow arrays. The rest is for temporaries.
const MANY_REGISTERS: usize = 40_000;
/// How many constants are kept in registers around one nest of loops.
const MAX_HOISTED: usize = 24;

/// What an expression gives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Nothing: a call without a result, or code that is not reached.
    None,
    /// A register that belongs to a variable, or was given as the destination.
    Var(Reg),
    /// A register that its user gives back.
    Temp(Reg),
    /// A scalar constant, as its slot.
    Const(u64, TypeId),
    /// A literal object.
    Literal(LiteralId, TypeId),
}

/// A value in a register.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub reg: Reg,
    temp: bool,
}

impl Operand {
    /// A variable's register.
    pub fn of_variable(reg: Reg) -> Operand {
        Operand { reg, temp: false }
    }
}

impl From<Operand> for Value {
    fn from(operand: Operand) -> Value {
        if operand.temp { Value::Temp(operand.reg) } else { Value::Var(operand.reg) }
    }
}

/// Where a variable is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// Not declared yet.
    Unset,
    Reg(Reg),
    /// In a cell: captured and assigned later.
    Cell(Reg),
    /// In an array of one element, or none as long as it has no value: captured where that is not known.
    Maybe(Reg),
    /// A scalar, and whether it has a value.
    Flagged(Reg, Reg),
    /// A reference that may be null.
    Nullable(Reg),
    /// A function without captures: nowhere.
    Static(BodyId),
    /// The closure of that function, in a register of its closure type.
    Closure(Reg, BodyId),
    /// In an array of one element, at that index of an overflow array.
    Overflow(u32, u32),
}

/// What becomes of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Want {
    Drop,
    Into(Reg),
    Return,
}

/// A loop around the code being lowered.
pub(super) struct LoopContext {
    pub id: LoopId,
    /// Where `break` leads.
    pub exit: Label,
    /// Where `continue` leads.
    pub next: Label,
}

/// The constants kept in registers around the outermost loop.
struct Hoisted {
    point: Point,
    regs: Vec<(HoistKey, Reg)>,
}

#[derive(Clone, Copy, PartialEq)]
enum HoistKey {
    Const(u64, TypeId),
    Literal(LiteralId, TypeId),
}

/// An array of the one-element arrays of variables that have no register.
pub(super) struct OverflowArray {
    pub element: TypeId,
    pub reg: Reg,
    pub count: u32,
}

/// Buffers kept from one body to the next.
#[derive(Default)]
pub(super) struct Buffers {
    pub builder: FunctionBuilder,
    free: FreeRegisters,
    /// Free registers that only constants of loops were in, and nullable ones.
    set_apart: Vec<Reg>,
    locals: Vec<Slot>,
    scope: Vec<LocalId>,
    pub loops: Vec<LoopContext>,
    pub pending: Vec<Label>,
    pub used: Vec<bool>,
    /// Targets of the handlers of the `try` statements whose `catch` part has been begun and not emitted anything yet.
    pub catches: Vec<Label>,
    /// Arguments evaluated so far, of all calls under way.
    args: Vec<Operand>,
    /// The registers of those popped last.
    regs: Vec<Reg>,
}

/// The lowering of one body.
pub(super) struct Function<'l, 'a> {
    pub s: &'l mut Lowerer,
    pub checked: &'l Checked<'a>,
    pub types: &'l mut Types,
    pub id: BodyId,
    pub body: &'l Body<'a>,
    pub assigned: Assigned,
    pub captures: Option<Arc<Captures>>,
    /// The hidden parameter.
    pub closure: Option<Reg>,
    /// Captures loaded at the entry, by number.
    pub pinned: Vec<Option<Reg>>,
    /// Counter of the function; those of its loops follow.
    pub counter: u32,
    pub globals: FastMap<VarId, Slot>,
    pub overflow: Vec<OverflowArray>,
    pub params: Vec<TypeId>,
    pub ret: Option<TypeId>,
    /// The statement being lowered.
    pub span: Span,
    /// Some type is not known yet: to be lowered again when it may be.
    pub open: bool,
    /// The function cannot be expressed: too large.
    pub failed: bool,
    pub buffers: Box<Buffers>,
    hoisted: Option<Hoisted>,
    loop_depth: u32,
    /// Whether the instruction before leads to the next one.
    pub falls: bool,
    /// Whether some branch leads to a label in `pending`.
    pub joined: bool,
    /// Where the last instruction jumps to, if it is a jump.
    pub last_jump: Option<Label>,
    /// Where the last instruction but a jump branches to, if it is a conditional branch.
    pub last_branch: Option<Label>,
}

impl<'l, 'a> Function<'l, 'a> {
    /// A function with nothing in it.
    pub fn new(
        s: &'l mut Lowerer,
        checked: &'l Checked<'a>,
        types: &'l mut Types,
        id: BodyId,
        captures: Option<Arc<Captures>>,
    ) -> Function<'l, 'a> {
        let body = &checked.bodies[id.index()];
        let mut buffers = s.buffers.take().unwrap_or_default();
        buffers.locals.clear();
        buffers.locals.resize(body.locals.len(), Slot::Unset);
        let counter = s.counter_of(id, body.loops);
        Function {
            s,
            checked,
            types,
            id,
            body,
            assigned: Assigned::default(),
            captures,
            closure: None,
            pinned: Vec::new(),
            counter,
            globals: FastMap::default(),
            overflow: Vec::new(),
            params: Vec::new(),
            ret: None,
            span: body.span,
            open: false,
            failed: false,
            buffers,
            hoisted: None,
            loop_depth: 0,
            falls: true,
            joined: false,
            last_jump: None,
            last_branch: None,
        }
    }

    /// Gives the buffers back and the builder's result through `finish`.
    pub fn end<R>(mut self, finish: impl FnOnce(&mut FunctionBuilder) -> R) -> R {
        // Labels that are still waiting mean the end of the code, which nothing reaches.
        for label in self.buffers.pending.drain(..) {
            self.buffers.builder.bind(label);
        }
        let result = finish(&mut self.buffers.builder);
        self.buffers.free.clear();
        self.buffers.set_apart.clear();
        self.buffers.scope.clear();
        self.buffers.used.clear();
        self.buffers.catches.clear();
        self.buffers.args.clear();
        self.s.buffers = Some(self.buffers);
        result
    }

    // ---- types

    /// The number of a type that has values.
    #[inline]
    pub fn ty(&mut self, ty: Ty) -> TypeId {
        if ty.0 <= Ty::RANGE.0 {
            return TypeId(ty.0);
        }
        let id = self.s.types.convert(self.checked, self.types, &mut self.s.names, ty);
        self.open |= self.s.types.is_open(id);
        id
    }

    /// The number of a type, if it has values.
    pub fn value_type(&mut self, ty: Ty) -> Option<TypeId> {
        if ty.0 < Ty::VOID.0 {
            return Some(TypeId(ty.0));
        }
        (self.types.shallow(ty) != Ty::VOID).then(|| self.ty(ty))
    }

    /// The machine form of an expression's values.
    pub fn kind(&mut self, ty: Ty) -> Kind {
        let id = self.ty(ty);
        self.s.types.kind(id)
    }

    /// Whether values of a type are references.
    pub fn is_ref(&self, id: TypeId) -> bool {
        self.s.types.is_ref(id)
    }

    /// What a type is.
    pub fn desc(&self, id: TypeId) -> &TypeDesc {
        self.s.types.desc(id)
    }

    // ---- registers

    /// A register of a type: one that is free, else a new one.
    #[inline]
    pub fn temp(&mut self, ty: TypeId) -> Reg {
        match self.buffers.free.pop(ty) {
            Some(reg) => reg,
            None => self.fresh(ty),
        }
    }

    /// A register that nothing has written.
    pub fn fresh(&mut self, ty: TypeId) -> Reg {
        let is_ref = self.is_ref(ty);
        self.buffers.builder.register(ty, is_ref, false)
    }

    /// A nullable register.
    pub fn nullable(&mut self, ty: TypeId) -> Reg {
        self.take_set_apart(RegType { ty, nullable: true })
            .unwrap_or_else(|| self.buffers.builder.register(ty, true, true))
    }

    fn take_set_apart(&mut self, ty: RegType) -> Option<Reg> {
        let buffers = &mut self.buffers;
        let index = buffers.set_apart.iter().position(|&reg| buffers.builder.reg_type(reg) == ty)?;
        Some(buffers.set_apart.swap_remove(index))
    }

    /// The register of the next parameter.
    pub fn param(&mut self, ty: TypeId) -> Reg {
        let is_ref = self.is_ref(ty);
        self.buffers.builder.param(ty, is_ref)
    }

    /// Gives a register back (L1).
    pub fn free(&mut self, reg: Reg) {
        let RegType { ty, nullable } = self.buffers.builder.reg_type(reg);
        if nullable {
            return self.buffers.set_apart.push(reg);
        }
        self.buffers.free.push(ty, reg);
    }

    /// The declared type of a register.
    pub fn reg_ty(&self, reg: Reg) -> TypeId {
        self.buffers.builder.reg_type(reg).ty
    }

    /// Whether variables must make do without registers from now on.
    pub fn is_crowded(&self) -> bool {
        !self.overflow.is_empty() && self.buffers.builder.room() < MAX_REGISTERS - MANY_REGISTERS
    }

    /// Names the variable that a register holds.
    pub fn name_register(&mut self, reg: Reg, name: &str) {
        if !name.is_empty() {
            let name = self.s.names.get(name);
            self.buffers.builder.name_register(reg, name);
        }
    }

    // ---- variables' slots and scopes

    /// Where a local is.
    pub fn slot(&self, local: LocalId) -> Slot {
        self.buffers.locals[local.index()]
    }

    /// Says where a local is, until the block ends.
    pub fn set_slot(&mut self, local: LocalId, slot: Slot) {
        self.buffers.locals[local.index()] = slot;
        self.buffers.scope.push(local);
    }

    /// The height of the scope, for [`Function::leave`].
    pub fn enter(&self) -> usize {
        self.buffers.scope.len()
    }

    /// Ends the scopes of the variables declared since `mark`.
    pub fn leave(&mut self, mark: usize) {
        while self.buffers.scope.len() > mark {
            let local = self.buffers.scope.pop().expect("checked");
            match std::mem::replace(&mut self.buffers.locals[local.index()], Slot::Unset) {
                Slot::Reg(reg)
                | Slot::Cell(reg)
                | Slot::Maybe(reg)
                | Slot::Nullable(reg)
                | Slot::Closure(reg, _) => self.free(reg),
                Slot::Flagged(reg, flag) => {
                    self.free(reg);
                    self.free(flag);
                }
                Slot::Unset | Slot::Static(_) | Slot::Overflow(..) => {}
            }
        }
    }

    // ---- values

    /// Puts a value into a register; `ty` is its type, in case that it is not there.
    #[inline]
    pub fn operand(&mut self, value: Value, ty: TypeId) -> Operand {
        match value {
            Value::Var(reg) => Operand { reg, temp: false },
            Value::Temp(reg) => Operand { reg, temp: true },
            _ => self.load_operand(value, ty),
        }
    }

    fn load_operand(&mut self, value: Value, ty: TypeId) -> Operand {
        match value {
            Value::Const(bits, ty) => match self.hoist(HoistKey::Const(bits, ty)) {
                Some(reg) => Operand { reg, temp: false },
                None => self.operand_here(value, ty),
            },
            Value::Literal(id, ty) => match self.hoist(HoistKey::Literal(id, ty)) {
                Some(reg) => Operand { reg, temp: false },
                None => self.operand_here(value, ty),
            },
            _ => self.operand_here(value, ty),
        }
    }

    /// The same, loading constants on the spot.
    pub fn operand_here(&mut self, value: Value, ty: TypeId) -> Operand {
        match value {
            Value::Var(reg) => Operand { reg, temp: false },
            Value::Temp(reg) => Operand { reg, temp: true },
            Value::None => Operand { reg: self.temp(ty), temp: true },
            Value::Const(bits, ty) => {
                let reg = self.temp(ty);
                self.emit().constant(reg, bits);
                Operand { reg, temp: true }
            }
            Value::Literal(id, ty) => {
                let reg = self.temp(ty);
                self.emit().literal(reg, id);
                Operand { reg, temp: true }
            }
        }
    }

    /// The value of an expression, in a register.
    pub fn eval(&mut self, expr: &'a Expr<'a>) -> Operand {
        match self.expr(expr, None) {
            Value::Var(reg) => Operand { reg, temp: false },
            Value::Temp(reg) => Operand { reg, temp: true },
            value => {
                let ty = self.ty(expr.ty);
                self.operand(value, ty)
            }
        }
    }

    /// Gives the register of an operand back, if it is a temporary.
    #[inline]
    pub fn release(&mut self, operand: Operand) {
        if operand.temp {
            self.free(operand.reg);
        }
    }

    /// Drops a value.
    pub fn drop_value(&mut self, value: Value) {
        if let Value::Temp(reg) = value {
            self.free(reg);
        }
    }

    /// The register for a result: the destination, else a temporary; and the value that it makes.
    pub fn result(&mut self, dest: Option<Reg>, ty: TypeId) -> (Reg, Value) {
        match dest {
            Some(reg) if self.reg_ty(reg) == ty => (reg, Value::Var(reg)),
            _ => {
                let reg = self.temp(ty);
                (reg, Value::Temp(reg))
            }
        }
    }

    /// Puts a value into a certain register.
    pub fn move_to(&mut self, dest: Reg, value: Value) {
        match value {
            Value::None => {}
            Value::Var(reg) | Value::Temp(reg) => {
                if reg != dest {
                    self.emit().mov(dest, reg);
                }
                if let Value::Temp(reg) = value
                    && reg != dest
                {
                    self.free(reg);
                }
            }
            Value::Const(bits, _) => self.emit().constant(dest, bits),
            Value::Literal(id, _) => self.emit().literal(dest, id),
        }
    }

    /// Evaluates an expression into a certain register.
    pub fn expr_into(&mut self, expr: &'a Expr<'a>, dest: Reg) {
        let value = self.expr(expr, Some(dest));
        self.move_to(dest, value);
    }

    /// Makes a value independent of assignments to the variable that it was read from.
    pub fn detach(&mut self, operand: Operand) -> Operand {
        if operand.temp {
            return operand;
        }
        let ty = self.reg_ty(operand.reg);
        let reg = self.temp(ty);
        self.emit().mov(reg, operand.reg);
        Operand { reg, temp: true }
    }

    // ---- arguments

    /// How many arguments are on the stack.
    pub fn arg_count(&self) -> usize {
        self.buffers.args.len()
    }

    /// Adds an argument.
    pub fn push_arg(&mut self, operand: Operand) {
        self.buffers.args.push(operand);
    }

    /// Brings the arguments from `base` on, which were evaluated in another order, into that of the keys.
    pub fn sort_args<T>(&mut self, base: usize, keys: &[(u32, T)]) {
        let mut sorted: Vec<_> =
            keys.iter().map(|(key, _)| *key).zip(self.buffers.args.drain(base..)).collect();
        sorted.sort_by_key(|(key, _)| *key);
        self.buffers.args.extend(sorted.into_iter().map(|(_, operand)| operand));
    }

    /// Takes the arguments from `base` on off the stack and gives them back, for the instruction that comes next:
    /// [`Function::at_with_args`].
    pub fn pop_args(&mut self, base: usize) {
        self.buffers.regs.clear();
        self.buffers.regs.extend(self.buffers.args[base..].iter().map(|operand| operand.reg));
        while self.buffers.args.len() > base {
            if let Some(operand) = self.buffers.args.pop() {
                self.release(operand);
            }
        }
    }

    /// As [`Function::at`], and the registers of the arguments popped last.
    pub fn at_with_args(&mut self, span: Span) -> (&mut FunctionBuilder, &[Reg]) {
        self.at(span);
        (&mut self.buffers.builder, &self.buffers.regs)
    }

    // ---- constants kept in registers

    /// A nest of loops begins, or an inner loop: before its first instruction.
    pub fn enter_loop(&mut self) {
        if self.loop_depth == 0 {
            let point = self.emit().point();
            self.hoisted = Some(Hoisted { point, regs: Vec::new() });
        }
        self.loop_depth += 1;
    }

    /// A loop ends.
    pub fn leave_loop(&mut self) {
        self.loop_depth -= 1;
        if self.loop_depth == 0
            && let Some(hoisted) = self.hoisted.take()
        {
            self.buffers.set_apart.extend(hoisted.regs.into_iter().map(|(_, reg)| reg));
        }
    }

    fn hoist(&mut self, key: HoistKey) -> Option<Reg> {
        let hoisted = self.hoisted.as_ref()?;
        if let Some((_, reg)) = hoisted.regs.iter().find(|(other, _)| *other == key) {
            return Some(*reg);
        }
        if hoisted.regs.len() >= MAX_HOISTED || self.is_crowded() {
            return None;
        }
        let point = hoisted.point;
        let (HoistKey::Const(_, ty) | HoistKey::Literal(_, ty)) = key;
        let apart = self.take_set_apart(RegType { ty, nullable: false });
        let reg = apart.unwrap_or_else(|| self.fresh(ty));
        match key {
            HoistKey::Const(bits, _) => self.buffers.builder.constant_at(point, reg, bits),
            HoistKey::Literal(id, _) => self.buffers.builder.literal_at(point, reg, id),
        }
        self.hoisted.as_mut()?.regs.push((key, reg));
        Some(reg)
    }
}
