//! Verifying one instruction: its operands against the declared types of the registers they name.
//!
//! How it works. The classes in the instruction table say what each register operand must be; what the table cannot
//! say is in [`Checker::special`], an arm for each such operation.

use super::error::Reason;
use super::tables::Tables;
use crate::bytecode::builtin::{Builtin, Param};
use crate::bytecode::decode::Inst;
use crate::bytecode::opcode::{Class, Extra, Op, Operand, Storage};
use crate::bytecode::program::{Function, GlobalId, Kind, Literal, LiteralId, RegType, TypeDesc, TypeId};

/// Checks the instructions of one function.
pub struct Checker<'t, 'p> {
    pub tables: &'t Tables<'p>,
    pub function: &'p Function,
    /// Types of its registers, canonical.
    pub registers: &'t [RegType],
}

type Check = Result<(), Reason>;

impl Checker<'_, '_> {
    /// Checks an instruction, but for where it branches to.
    pub fn check(&self, inst: &Inst) -> Check {
        if !inst.spare_bits_are_zero() {
            return Err(Reason::SpareBits);
        }
        // A call without result has a zero where others name a register.
        let void = self.is_void_call(inst)?;
        if void && inst.lane(0) != 0 {
            return Err(Reason::NoResult);
        }
        let operands = &inst.row().operands;
        let mut types = [TypeId::I32; 3];
        let mut container = None;
        for (index, operand) in operands.iter().enumerate() {
            let Some(class) = operand.class() else { continue };
            if void && index == 0 {
                continue;
            }
            types[index] = self.operand(inst.lane(index), class)?;
            // Before the others, which may be elements or slots of it.
            if matches!(class, Class::Array | Class::Map | Class::Object | Class::Enum) {
                container = Some(types[index]);
                self.class(inst, index, class, types[index], container, &mut None)?;
            }
        }
        let mut same = None;
        for (index, operand) in operands.iter().enumerate() {
            if *operand == Operand::Imm16 {
                self.immediate(inst, index, types[0])?;
            }
            let Some(class) = operand.class() else { continue };
            if void && index == 0 {
                continue;
            }
            self.class(inst, index, class, types[index], container, &mut same)?;
        }
        self.special(inst, types, void)
    }

    /// The canonical type of a register that is used as a non-null operand.
    fn register(&self, reg: u16) -> Result<TypeId, Reason> {
        self.operand(reg, Class::Any)
    }

    fn operand(&self, reg: u16, class: Class) -> Result<TypeId, Reason> {
        let declared = self.registers.get(usize::from(reg)).ok_or(Reason::NoRegister(reg))?;
        if declared.nullable != (class == Class::Nullable) {
            return Err(Reason::Nullable(reg));
        }
        Ok(declared.ty)
    }

    fn kind(&self, ty: TypeId) -> Kind {
        self.tables.facts(ty).kind
    }

    fn class(
        &self,
        inst: &Inst,
        index: usize,
        class: Class,
        ty: TypeId,
        container: Option<TypeId>,
        same: &mut Option<TypeId>,
    ) -> Check {
        let reg = inst.lane(index);
        let kind = self.kind(ty);
        let is_integer = matches!(kind, Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64);
        let desc = || self.tables.desc(ty);
        // What the class allows by itself, and whether all its operands agree.
        let (allowed, agree) = match class {
            Class::I32 => (kind == Kind::I32, false),
            Class::I64 => (kind == Kind::I64, false),
            Class::U32 => (kind == Kind::U32, false),
            Class::U64 => (kind == Kind::U64, false),
            Class::F64 => (kind == Kind::F64, false),
            Class::Bool => (kind == Kind::Bool, false),
            Class::Signed => (matches!(kind, Kind::I32 | Kind::I64), true),
            Class::Unsigned => (matches!(kind, Kind::U32 | Kind::U64), true),
            Class::Int => (is_integer, false),
            Class::Logic => (is_integer || kind == Kind::Bool, true),
            Class::Discrete => (kind != Kind::F64 && kind != Kind::Ref, true),
            Class::Scalar => (kind != Kind::Ref, true),
            // Copying a closure into a register of its function type is the one change of type there is.
            Class::Ref => (kind == Kind::Ref, inst.op != Op::MovRef),
            Class::Nullable => (kind == Kind::Ref, true),
            Class::Str => (ty == TypeId::STRING, false),
            Class::Error => (ty == TypeId::ERROR, false),
            Class::Range => (ty == TypeId::RANGE, false),
            Class::Array => (matches!(desc(), TypeDesc::Array(_)), true),
            Class::Map => (matches!(desc(), TypeDesc::Map { .. }), false),
            Class::Enum => (matches!(desc(), TypeDesc::Enum { .. }), false),
            Class::Object => {
                use TypeDesc::*;
                (matches!(desc(), Struct(_) | Cell(_) | Closure { .. }), false)
            }
            Class::Fn => (matches!(desc(), TypeDesc::Fn { .. } | TypeDesc::Closure { .. }), false),
            Class::Deep => {
                use TypeDesc::*;
                let deep = matches!(desc(), Array(_) | Map { .. } | Struct(_) | Enum { .. } | Error);
                (deep && self.tables.facts(ty).comparable, true)
            }
            Class::Any => (true, false),
            Class::Elem => {
                self.same(self.element(container)?, ty, reg)?;
                (true, false)
            }
            Class::Key => {
                self.same(self.key_value(container)?.0, ty, reg)?;
                (true, false)
            }
            Class::Value => {
                self.same(self.key_value(container)?.1, ty, reg)?;
                (true, false)
            }
            Class::Field => {
                self.same(self.slot_type(inst, container)?, ty, reg)?;
                (true, false)
            }
        };
        if !allowed {
            return Err(Reason::RegisterType(reg));
        }
        if agree {
            self.same(*same.get_or_insert(ty), ty, reg)?;
        }
        Ok(())
    }

    fn same(&self, expected: TypeId, ty: TypeId, reg: u16) -> Check {
        if expected == ty { Ok(()) } else { Err(Reason::Disagree(reg)) }
    }

    fn element(&self, array: Option<TypeId>) -> Result<TypeId, Reason> {
        match array.map(|ty| self.tables.desc(ty)) {
            Some(TypeDesc::Array(element)) => Ok(self.tables.canonical(*element)),
            _ => Err(Reason::Storage),
        }
    }

    fn key_value(&self, map: Option<TypeId>) -> Result<(TypeId, TypeId), Reason> {
        match map.map(|ty| self.tables.desc(ty)) {
            Some(TypeDesc::Map { key, value }) => {
                Ok((self.tables.canonical(*key), self.tables.canonical(*value)))
            }
            _ => Err(Reason::Storage),
        }
    }

    /// What the slot that an instruction names holds.
    fn slot_type(&self, inst: &Inst, object: Option<TypeId>) -> Result<TypeId, Reason> {
        let slot = u32::from(inst.lane(2));
        let variant = if inst.row().extra == Extra::Variant { inst.extra_low() } else { 0 };
        let slots = object.and_then(|ty| self.tables.slots(ty, variant)).ok_or(Reason::Slot(slot))?;
        let wants_ref = matches!(inst.op, Op::GetFieldRef | Op::SetFieldRef | Op::GetPayloadRef);
        match slots.types.get(slot as usize) {
            Some(&ty) if (slot < slots.refs) == wants_ref => Ok(ty),
            _ => Err(Reason::Slot(slot)),
        }
    }

    /// A 16-bit immediate beside a register of the given type.
    fn immediate(&self, inst: &Inst, index: usize, ty: TypeId) -> Check {
        let imm = inst.imm16(index);
        let allowed = match inst.op {
            Op::DivI32Imm | Op::RemI32Imm | Op::DivI64Imm | Op::RemI64Imm => imm != 0 && imm != -1,
            Op::DivUImm | Op::RemUImm => imm > 0,
            _ => self.is_canonical(ty, i64::from(imm) as u64),
        };
        if allowed { Ok(()) } else { Err(Reason::Immediate) }
    }

    /// Whether a slot may hold that for a scalar type.
    fn is_canonical(&self, ty: TypeId, slot: u64) -> bool {
        match self.kind(ty) {
            Kind::I32 => slot as i32 as i64 as u64 == slot,
            Kind::U32 => u32::try_from(slot).is_ok(),
            Kind::I64 | Kind::U64 | Kind::F64 => true,
            Kind::Bool => slot <= 1,
            Kind::Tag => match self.tables.desc(ty) {
                TypeDesc::Tag { variants, .. } => slot < variants.len() as u64,
                _ => false,
            },
            Kind::Ref => false,
        }
    }

    fn callee(&self, func: u32) -> Result<&Function, Reason> {
        let functions = &self.tables.program.functions;
        functions.get(func as usize).map(|function| &**function).ok_or(Reason::NoSuch("function", func))
    }

    /// The types that a call of a function value takes and gives.
    fn signature(&self, ty: TypeId) -> Option<(&[TypeId], Option<TypeId>)> {
        match self.tables.desc(ty) {
            TypeDesc::Fn { params, ret } => Some((params, *ret)),
            TypeDesc::Closure { func, .. } => {
                let function = self.callee(func.0).ok()?;
                Some((&function.params, function.ret))
            }
            _ => None,
        }
    }

    pub fn is_void_call(&self, inst: &Inst) -> Result<bool, Reason> {
        Ok(match inst.op {
            Op::Call => self.callee(inst.index())?.ret.is_none(),
            Op::CallValue => {
                let callee = self.register(inst.lane(1))?;
                let (_, ret) = self.signature(callee).ok_or(Reason::RegisterType(inst.lane(1)))?;
                ret.is_none()
            }
            Op::Builtin => {
                let builtin = Builtin::from_number(inst.index());
                let builtin = builtin.ok_or(Reason::NoSuch("builtin", inst.index()))?;
                matches!(builtin.row().ret, Param::Void | Param::Never)
            }
            _ => false,
        })
    }

    /// What the table does not say.
    fn special(&self, inst: &Inst, [a, b, _]: [TypeId; 3], void: bool) -> Check {
        let program = self.tables.program;
        if let Some(storage) = inst.op.storage() {
            let array = if inst.row().operands[0].class() == Some(Class::Array) { a } else { b };
            self.storage(storage, array)?;
        }
        match inst.op {
            Op::MovRef if a != b => {
                // A closure becomes a plain function value.
                let function = self.tables.closure_of(b).and_then(|func| self.callee(func.0).ok());
                if function.is_some_and(|function| self.tables.is_signature(a, function)) {
                    Ok(())
                } else {
                    Err(Reason::Disagree(inst.lane(1)))
                }
            }
            Op::Const => {
                let slot = i64::from(inst.imm()) as u64;
                let allowed = self.is_canonical(a, slot) && (self.kind(a) != Kind::F64 || slot == 0);
                if allowed { Ok(()) } else { Err(Reason::Immediate) }
            }
            Op::ConstWide => {
                if self.is_canonical(a, inst.extra[0]) {
                    Ok(())
                } else {
                    Err(Reason::Immediate)
                }
            }
            Op::Literal => self.literal(inst, a),
            Op::Unwrap | Op::CheckFlag => {
                let index = inst.extra_low();
                if (index as usize) < program.names.len() {
                    Ok(())
                } else {
                    Err(Reason::NoSuch("name", index))
                }
            }
            Op::Bits => {
                let widens = matches!(self.kind(a), Kind::I64 | Kind::U64);
                let allowed = match self.kind(b) {
                    Kind::Bool | Kind::Tag => true,
                    Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 => widens,
                    Kind::F64 | Kind::Ref => false,
                };
                if allowed { Ok(()) } else { Err(Reason::RegisterType(inst.lane(1))) }
            }
            Op::ToStr => {
                if !self.tables.facts(b).value {
                    return Err(Reason::RegisterType(inst.lane(1)));
                }
                self.type_word(inst, b)
            }
            Op::Loop => {
                let index = inst.index();
                if index < program.counters { Ok(()) } else { Err(Reason::NoSuch("counter", index)) }
            }
            Op::Switch => {
                if inst.imm() >= 0 {
                    Ok(())
                } else {
                    Err(Reason::Immediate)
                }
            }
            Op::MapNext => {
                let changes = inst.extra_high() as u16;
                self.same(TypeId::I64, self.register(changes)?, changes)
            }
            Op::Call => self.call(inst, a),
            Op::CallValue => self.call_value(inst, a, b),
            Op::Closure => self.closure(inst, a),
            Op::Builtin => self.builtin(inst, (!void).then_some(a)),
            Op::Print | Op::FormatStr => {
                let index = inst.index();
                let format = program.formats.get(index as usize).ok_or(Reason::NoSuch("format", index))?;
                let types = format.args.iter().map(|&ty| self.tables.canonical(ty));
                self.arguments(inst, types)
            }
            Op::Ret => match self.function.ret {
                Some(ret) => self.same(self.tables.canonical(ret), a, inst.lane(0)),
                None => Err(Reason::NoResult),
            },
            Op::RetVoid if self.function.ret.is_some() => Err(Reason::NoResult),
            Op::New => self.new_object(inst, a),
            Op::ArrayNew => {
                self.type_word(inst, a)?;
                let element = self.element(Some(a))?;
                self.arguments(inst, std::iter::repeat_n(element, inst.arg_count as usize))
            }
            Op::ArrayFill | Op::MapNew => self.type_word(inst, a),
            Op::ArraySlice | Op::StrSlice => {
                let (start, end, _) = inst.slice_bounds();
                for reg in start.into_iter().chain(end) {
                    let kind = self.kind(self.register(reg)?);
                    if !matches!(kind, Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64) {
                        return Err(Reason::RegisterType(reg));
                    }
                }
                Ok(())
            }
            Op::GlobalGet | Op::GlobalGetChecked | Op::GlobalGetRef | Op::GlobalSet | Op::GlobalSetRef => {
                let id = GlobalId(inst.index());
                let global = program.globals.get(id.index()).ok_or(Reason::NoSuch("global", id.0))?;
                self.same(self.tables.canonical(global.ty), a, inst.lane(0))
            }
            _ => Ok(()),
        }
    }

    fn storage(&self, storage: Storage, array: TypeId) -> Check {
        let kind = self.kind(self.element(Some(array))?);
        let agrees = match storage {
            Storage::I32 => kind == Kind::I32,
            Storage::U32 => matches!(kind, Kind::U32 | Kind::Tag),
            Storage::Any32 => matches!(kind, Kind::I32 | Kind::U32 | Kind::Tag),
            Storage::Any64 => matches!(kind, Kind::I64 | Kind::U64 | Kind::F64),
            Storage::Bool => kind == Kind::Bool,
            Storage::Ref => kind == Kind::Ref,
        };
        if agrees { Ok(()) } else { Err(Reason::Storage) }
    }

    fn literal(&self, inst: &Inst, a: TypeId) -> Check {
        let id = LiteralId(inst.index());
        let ty = match self.tables.program.literals.get(id.index()) {
            None => return Err(Reason::NoSuch("literal", id.0)),
            Some(Literal::String(_)) => TypeId::STRING,
            Some(Literal::Variant { ty, .. } | Literal::Function { ty, .. }) => self.tables.canonical(*ty),
        };
        self.same(ty, a, inst.lane(0))
    }

    /// The type word names the type of a register, or an alias of it.
    fn type_word(&self, inst: &Inst, ty: TypeId) -> Check {
        let word = TypeId(inst.extra_low());
        if self.tables.lookup(word) == Some(ty) { Ok(()) } else { Err(Reason::TypeWord(word)) }
    }

    /// The argument registers are of the given types, in order.
    fn arguments(&self, inst: &Inst, types: impl Iterator<Item = TypeId>) -> Check {
        let mut args = inst.args();
        let mut types = types;
        loop {
            match (types.next(), args.next()) {
                (None, None) => return Ok(()),
                (Some(ty), Some(reg)) => self.same(ty, self.register(reg)?, reg)?,
                _ => return Err(Reason::ArgCount(inst.arg_count)),
            }
        }
    }

    /// References first, then scalars, each in order.
    fn references_first(&self, types: impl Iterator<Item = TypeId> + Clone) -> impl Iterator<Item = TypeId> {
        let refs = types.clone().filter(|&ty| self.tables.is_ref(ty));
        refs.chain(types.filter(|&ty| !self.tables.is_ref(ty)))
    }

    fn result(&self, inst: &Inst, ret: Option<TypeId>, a: TypeId) -> Check {
        ret.map_or(Ok(()), |ret| self.same(self.tables.canonical(ret), a, inst.lane(0)))
    }

    fn call(&self, inst: &Inst, a: TypeId) -> Check {
        let callee = self.callee(inst.index())?;
        self.result(inst, callee.ret, a)?;
        let params = callee.closure.iter().chain(&callee.params);
        self.arguments(inst, self.references_first(params.map(|&ty| self.tables.canonical(ty))))
    }

    fn call_value(&self, inst: &Inst, a: TypeId, callee: TypeId) -> Check {
        let (params, ret) = self.signature(callee).ok_or(Reason::RegisterType(inst.lane(1)))?;
        self.result(inst, ret, a)?;
        self.arguments(inst, self.references_first(params.iter().map(|&ty| self.tables.canonical(ty))))
    }

    fn closure(&self, inst: &Inst, a: TypeId) -> Check {
        let callee = self.callee(inst.index())?;
        let closure = callee.closure.ok_or(Reason::NoSuch("closure of function", inst.index()))?;
        let closure = self.tables.canonical(closure);
        if a != closure && !self.tables.is_signature(a, callee) {
            return Err(Reason::Disagree(inst.lane(0)));
        }
        let slots = self.tables.slots(closure, 0).ok_or(Reason::TypeWord(closure))?;
        self.arguments(inst, slots.types.iter().copied())
    }

    fn new_object(&self, inst: &Inst, a: TypeId) -> Check {
        self.type_word(inst, a)?;
        let variant = inst.lane(1);
        let is_enum = match self.tables.desc(a) {
            TypeDesc::Struct(_) | TypeDesc::Cell(_) => false,
            TypeDesc::Enum { .. } => true,
            _ => return Err(Reason::TypeWord(a)),
        };
        let slots = self.tables.slots(a, u32::from(variant));
        let slots = slots.ok_or(Reason::NoSuch("variant", u32::from(variant)))?;
        if is_enum && slots.types.is_empty() {
            return Err(Reason::ArgCount(0));
        }
        self.arguments(inst, slots.types.iter().copied())
    }

    fn builtin(&self, inst: &Inst, result: Option<TypeId>) -> Check {
        let builtin = Builtin::from_number(inst.index());
        let row = builtin.ok_or(Reason::NoSuch("builtin", inst.index()))?.row();
        // Arguments stand references first, and whether an element is a reference depends on the array, which is always
        // the first parameter and a reference.
        let mut container = None;
        if let Some(param @ (Param::Array | Param::Sortable | Param::Map)) = row.params.first() {
            let reg = inst.args().next().ok_or(Reason::ArgCount(0))?;
            container = Some(self.register(reg)?);
            self.builtin_operand(*param, self.register(reg)?, reg, container)?;
        }
        let is_ref = |param: &Param| {
            Ok(match param {
                Param::Elem => self.tables.is_ref(self.element(container)?),
                Param::I32 | Param::I64 | Param::U32 | Param::U64 | Param::F64 | Param::Bool | Param::Int => {
                    false
                }
                _ => true,
            })
        };
        let mut args = inst.args();
        for wanted in [true, false] {
            for param in row.params {
                if is_ref(param)? == wanted {
                    let reg = args.next().ok_or(Reason::ArgCount(inst.arg_count))?;
                    self.builtin_operand(*param, self.register(reg)?, reg, container)?;
                }
            }
        }
        match result {
            Some(ty) => self.builtin_operand(row.ret, ty, inst.lane(0), container),
            None => Ok(()),
        }
    }

    fn builtin_operand(&self, param: Param, ty: TypeId, reg: u16, container: Option<TypeId>) -> Check {
        let expected = match param {
            Param::I32 => TypeId::I32,
            Param::I64 => TypeId::I64,
            Param::U32 => TypeId::U32,
            Param::U64 => TypeId::U64,
            Param::F64 => TypeId::F64,
            Param::Bool => TypeId::BOOL,
            Param::Str => TypeId::STRING,
            Param::Error => TypeId::ERROR,
            Param::Range => TypeId::RANGE,
            Param::Strings => TypeId::STRINGS,
            Param::SameArray => container.ok_or(Reason::RegisterType(reg))?,
            Param::Elem => self.element(container)?,
            Param::Int => {
                let integer = matches!(self.kind(ty), Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64);
                return if integer { Ok(()) } else { Err(Reason::RegisterType(reg)) };
            }
            Param::Array => return self.element(Some(ty)).map(drop).map_err(|_| Reason::RegisterType(reg)),
            Param::Sortable => {
                let element = self.element(Some(ty)).map_err(|_| Reason::RegisterType(reg))?;
                let kind = self.kind(element);
                let sortable = element == TypeId::STRING || !matches!(kind, Kind::Ref | Kind::Tag);
                return if sortable { Ok(()) } else { Err(Reason::RegisterType(reg)) };
            }
            Param::Map => return self.key_value(Some(ty)).map(drop).map_err(|_| Reason::RegisterType(reg)),
            Param::Keys | Param::Values => {
                let (key, value) = self.key_value(container)?;
                let wanted = if param == Param::Keys { key } else { value };
                return self.same(wanted, self.element(Some(ty))?, reg);
            }
            Param::Void | Param::Never => return Err(Reason::NoResult),
        };
        self.same(expected, ty, reg)
    }
}
