//! Types of the language: interned, compared by number, with unification variables among them.
//!
//! A [`Ty`] is a number. The first are the primitive types; the others stand for interned [`TyKind`]s. Equal types
//! without variables have equal numbers. A variable is solved by [`Types::unify`] and read by [`Types::resolve`].
//!
//! How variables end. Each has a *level*: 0 for those of a module, more for those of a body that is being checked
//! inside another. Unifying two variables keeps the lower level, so a variable that a body shares with something
//! around it outlives the body; the others get `i32` when it ends ([`Types::close`]).
//!
//! Types are shared: a type may occur in another many times over, also through variables, so a walk over one could take
//! exponential time. A walk that has taken [`PATIENCE`] steps remembers from then on where it was.
//!
//! Invariants
//! - T1 A type's nesting is bounded: what is deeper than [`MAX_DEPTH`] is not unified, and resolves to poison.
//! - T2 No variable occurs in its own solution.

use std::cell::Cell;

use super::hash::FastMap;

/// How deep types may nest. Sources cannot write deeper ones; inference could build them.
pub const MAX_DEPTH: u32 = 1600;

/// Steps that a walk over a type takes before it remembers.
const PATIENCE: u32 = 1000;

/// A type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ty(pub u32);

/// A struct declaration: index into [`Checked::structs`](super::hir::Checked::structs).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StructId(pub u32);

/// An enum declaration: index into [`Checked::enums`](super::hir::Checked::enums).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EnumId(pub u32);

/// What a type is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TyKind {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    String,
    Error,
    Range,
    /// No value.
    Void,
    /// Something wrong was reported here; agrees with every type and reports nothing more.
    Poison,
    Array(Ty),
    Map(Ty, Ty),
    Fn(Box<[Ty]>, Ty),
    Struct(StructId),
    Enum(EnumId, Box<[Ty]>),
    /// A type parameter of the enum declaration in which it occurs.
    Param(u32),
    /// A unification variable.
    Var(u32),
}

impl Ty {
    pub const I32: Ty = Ty(0);
    pub const I64: Ty = Ty(1);
    pub const U32: Ty = Ty(2);
    pub const U64: Ty = Ty(3);
    pub const F64: Ty = Ty(4);
    pub const BOOL: Ty = Ty(5);
    pub const STRING: Ty = Ty(6);
    pub const ERROR: Ty = Ty(7);
    pub const RANGE: Ty = Ty(8);
    pub const VOID: Ty = Ty(9);
    pub const POISON: Ty = Ty(10);

    /// `i32`, `i64`, `u32` or `u64`.
    pub const fn is_integer(self) -> bool {
        self.0 <= 3
    }

    /// An integer type or `f64`.
    pub const fn is_numeric(self) -> bool {
        self.0 <= 4
    }

    /// `u32` or `u64`.
    pub const fn is_unsigned(self) -> bool {
        self.0 == 2 || self.0 == 3
    }

    /// One of the types that the table begins with.
    const fn is_primitive(self) -> bool {
        self.0 <= 10
    }
}

/// Why two types could not be made one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unequal {
    /// They differ.
    Different,
    /// One would contain itself.
    Infinite,
    /// The result would nest too deeply.
    TooDeep,
}

/// Some type in it is a variable, perhaps solved.
const HAS_VAR: u8 = 1;
/// Some type in it is a type parameter.
const HAS_PARAM: u8 = 2;
/// Some type in it is poison.
const HAS_POISON: u8 = 4;

#[derive(Clone, Copy)]
struct Info {
    flags: u8,
    depth: u16,
}

struct Variable {
    solution: Cell<Option<Ty>>,
    level: u32,
}

/// The memory of a walk over types.
#[derive(Default)]
struct Memory {
    steps: u32,
    /// Pairs of types that were walked over; for a walk over one type, with the result.
    seen: FastMap<(Ty, Ty), ()>,
    results: FastMap<Ty, Option<Ty>>,
}

impl Memory {
    /// Whether a step that leads to these types was made before.
    fn again(&mut self, a: Ty, b: Ty) -> bool {
        self.steps += 1;
        self.steps > PATIENCE && self.seen.insert((a, b), ()).is_some()
    }
}

/// A state of the solutions to come back to.
#[derive(Clone, Copy)]
pub struct TypesMark {
    trail: usize,
    open: usize,
}

/// The types of one compilation or session, and the solutions of its variables.
pub struct Types {
    kinds: Vec<TyKind>,
    infos: Vec<Info>,
    numbers: FastMap<TyKind, Ty>,
    variables: Vec<Variable>,
    /// Variables that may be unsolved, in the order of their making.
    open: Vec<Ty>,
    /// Variables solved, in that order; kept only while solutions may have to be taken back.
    trail: Vec<u32>,
    trailing: bool,
}

impl Types {
    /// A table with the primitive types.
    pub fn new() -> Types {
        use TyKind::*;
        let mut types = Types {
            kinds: Vec::new(),
            infos: Vec::new(),
            numbers: FastMap::default(),
            variables: Vec::new(),
            open: Vec::new(),
            trail: Vec::new(),
            trailing: false,
        };
        for kind in [I32, I64, U32, U64, F64, Bool, String, Error, Range, Void, Poison] {
            types.intern(kind);
        }
        types
    }

    /// The number of a type.
    pub fn intern(&mut self, kind: TyKind) -> Ty {
        if let Some(&ty) = self.numbers.get(&kind) {
            return ty;
        }
        let ty = Ty(self.kinds.len() as u32);
        let info = self.info_of(&kind);
        self.infos.push(info);
        self.kinds.push(kind.clone());
        self.numbers.insert(kind, ty);
        ty
    }

    fn info_of(&self, kind: &TyKind) -> Info {
        let mut info = Info { flags: 0, depth: 0 };
        let mut part = |ty: Ty| {
            let of = self.infos[ty.0 as usize];
            info.flags |= of.flags;
            info.depth = info.depth.max(of.depth.saturating_add(1));
        };
        match kind {
            TyKind::Array(element) => part(*element),
            TyKind::Map(key, value) => {
                part(*key);
                part(*value);
            }
            TyKind::Fn(params, ret) => {
                params.iter().for_each(|&ty| part(ty));
                part(*ret);
            }
            TyKind::Enum(_, args) => args.iter().for_each(|&ty| part(ty)),
            TyKind::Param(_) => info.flags = HAS_PARAM,
            TyKind::Var(_) => info.flags = HAS_VAR,
            TyKind::Poison => info.flags = HAS_POISON,
            _ => {}
        }
        info
    }

    /// What a type is; not resolved.
    pub fn kind(&self, ty: Ty) -> &TyKind {
        &self.kinds[ty.0 as usize]
    }

    /// `[element]`
    pub fn array(&mut self, element: Ty) -> Ty {
        self.intern(TyKind::Array(element))
    }

    /// A new variable.
    pub fn fresh(&mut self, level: u32) -> Ty {
        let ty = Ty(self.kinds.len() as u32);
        self.kinds.push(TyKind::Var(self.variables.len() as u32));
        self.infos.push(Info { flags: HAS_VAR, depth: 0 });
        self.variables.push(Variable { solution: Cell::new(None), level });
        self.open.push(ty);
        ty
    }

    /// The type, or what a variable stands for; only the outermost level is looked at.
    #[inline]
    pub fn shallow(&self, ty: Ty) -> Ty {
        if ty.is_primitive() || self.infos[ty.0 as usize].flags & HAS_VAR == 0 {
            return ty;
        }
        self.follow(ty)
    }

    fn follow(&self, ty: Ty) -> Ty {
        let mut at = ty;
        while let TyKind::Var(number) = self.kinds[at.0 as usize]
            && let Some(next) = self.variables[number as usize].solution.get()
        {
            at = next;
        }
        if !self.trailing {
            // Later walks are short. With a trail the links must stay as they were made, to be undone one by one.
            let mut link = ty;
            while let TyKind::Var(number) = self.kinds[link.0 as usize]
                && let Some(next) = self.variables[number as usize].solution.get()
            {
                self.variables[number as usize].solution.set(Some(at));
                link = next;
            }
        }
        at
    }

    /// Whether this is an unsolved variable.
    pub fn is_unknown(&self, ty: Ty) -> bool {
        matches!(self.kind(self.shallow(ty)), TyKind::Var(_))
    }

    /// The level of an unsolved variable.
    pub fn level_of(&self, ty: Ty) -> Option<u32> {
        match self.kind(self.shallow(ty)) {
            TyKind::Var(number) => Some(self.variables[*number as usize].level),
            _ => None,
        }
    }

    /// The type with all solutions filled in. Unsolved variables stay.
    pub fn resolve(&mut self, ty: Ty) -> Ty {
        self.resolve_checked(ty).unwrap_or(Ty::POISON)
    }

    /// Whether the type with all solutions filled in nests too deeply.
    pub fn is_too_deep(&mut self, ty: Ty) -> bool {
        self.resolve_checked(ty).is_none()
    }

    fn resolve_checked(&mut self, ty: Ty) -> Option<Ty> {
        if ty.is_primitive() {
            return Some(ty);
        }
        let info = self.infos[ty.0 as usize];
        if info.flags & HAS_VAR == 0 {
            return (u32::from(info.depth) <= MAX_DEPTH).then_some(ty);
        }
        let resolved = self.resolve_to(ty, MAX_DEPTH, &mut Memory::default())?;
        (u32::from(self.infos[resolved.0 as usize].depth) <= MAX_DEPTH).then_some(resolved)
    }

    fn resolve_to(&mut self, ty: Ty, depth: u32, memory: &mut Memory) -> Option<Ty> {
        let ty = self.shallow(ty);
        let info = self.infos[ty.0 as usize];
        if info.flags & HAS_VAR == 0 || matches!(self.kinds[ty.0 as usize], TyKind::Var(_)) {
            return Some(ty);
        }
        let depth = depth.checked_sub(1)?;
        memory.steps += 1;
        if memory.steps > PATIENCE
            && let Some(&known) = memory.results.get(&ty)
        {
            return known;
        }
        let result = self.map_parts(ty, &mut |types, part| types.resolve_to(part, depth, memory));
        if memory.steps > PATIENCE {
            memory.results.insert(ty, result);
        }
        result
    }

    /// The type with each type directly in it replaced.
    fn map_parts(&mut self, ty: Ty, map: &mut dyn FnMut(&mut Types, Ty) -> Option<Ty>) -> Option<Ty> {
        let kind = match self.kinds[ty.0 as usize].clone() {
            TyKind::Array(element) => TyKind::Array(map(self, element)?),
            TyKind::Map(key, value) => TyKind::Map(map(self, key)?, map(self, value)?),
            TyKind::Fn(mut params, ret) => {
                for param in &mut params {
                    *param = map(self, *param)?;
                }
                TyKind::Fn(params, map(self, ret)?)
            }
            TyKind::Enum(id, mut args) => {
                for arg in &mut args {
                    *arg = map(self, *arg)?;
                }
                TyKind::Enum(id, args)
            }
            _ => return Some(ty),
        };
        Some(self.intern(kind))
    }

    /// The type with an enum's type parameters replaced.
    pub fn instantiate(&mut self, ty: Ty, args: &[Ty]) -> Ty {
        if self.infos[ty.0 as usize].flags & HAS_PARAM == 0 {
            return ty;
        }
        if let TyKind::Param(number) = self.kinds[ty.0 as usize] {
            return args.get(number as usize).copied().unwrap_or(Ty::POISON);
        }
        self.map_parts(ty, &mut |types, part| Some(types.instantiate(part, args))).unwrap_or(Ty::POISON)
    }

    /// Whether a type parameter occurs in it.
    pub fn has_params(&self, ty: Ty) -> bool {
        self.infos[ty.0 as usize].flags & HAS_PARAM != 0
    }

    /// Whether a variable, solved or not, occurs in it.
    pub fn has_variables(&self, ty: Ty) -> bool {
        self.infos[ty.0 as usize].flags & HAS_VAR != 0
    }

    /// Whether poison occurs in it. Resolve first.
    pub fn has_poison(&self, ty: Ty) -> bool {
        self.infos[ty.0 as usize].flags & HAS_POISON != 0
    }

    /// How deep it nests. Resolve first.
    pub fn depth(&self, ty: Ty) -> u32 {
        u32::from(self.infos[ty.0 as usize].depth)
    }

    /// Makes two types one. After a failure some parts may have become equal.
    #[inline]
    pub fn unify(&mut self, a: Ty, b: Ty) -> Result<(), Unequal> {
        if a == b {
            return Ok(());
        }
        self.unify_to(a, b, MAX_DEPTH, &mut Memory::default())
    }

    fn unify_to(&mut self, a: Ty, b: Ty, depth: u32, memory: &mut Memory) -> Result<(), Unequal> {
        let (a, b) = (self.shallow(a), self.shallow(b));
        if a == b {
            return Ok(());
        }
        match (&self.kinds[a.0 as usize], &self.kinds[b.0 as usize]) {
            (&TyKind::Var(number), &TyKind::Var(other)) => {
                let (level, other_level) =
                    (self.variables[number as usize].level, self.variables[other as usize].level);
                if level < other_level {
                    self.solve(other, a);
                } else {
                    self.solve(number, b);
                }
                return Ok(());
            }
            (&TyKind::Var(number), _) => return self.solve_checked(number, b, depth),
            (_, &TyKind::Var(number)) => return self.solve_checked(number, a, depth),
            (TyKind::Poison, _) | (_, TyKind::Poison) => return Ok(()),
            _ => {}
        }
        let Some(depth) = depth.checked_sub(1) else { return Err(Unequal::TooDeep) };
        if memory.again(a, b) {
            return Ok(());
        }
        let count = match (&self.kinds[a.0 as usize], &self.kinds[b.0 as usize]) {
            (TyKind::Array(_), TyKind::Array(_)) => 1,
            (TyKind::Map(..), TyKind::Map(..)) => 2,
            (TyKind::Fn(p, _), TyKind::Fn(q, _)) if p.len() == q.len() => p.len() + 1,
            (TyKind::Enum(e, p), TyKind::Enum(f, _)) if e == f => p.len(),
            _ => return Err(Unequal::Different),
        };
        for index in 0..count {
            let (x, y) = (self.part(a, index), self.part(b, index));
            if x != y {
                self.unify_to(x, y, depth, memory)?;
            }
        }
        Ok(())
    }

    /// The types directly in a type, by number.
    fn part(&self, ty: Ty, index: usize) -> Ty {
        match &self.kinds[ty.0 as usize] {
            TyKind::Array(element) => *element,
            TyKind::Map(key, value) => [*key, *value][index],
            TyKind::Fn(params, ret) => params.get(index).copied().unwrap_or(*ret),
            TyKind::Enum(_, args) => args[index],
            _ => ty,
        }
    }

    fn part_count(&self, ty: Ty) -> usize {
        match &self.kinds[ty.0 as usize] {
            TyKind::Array(_) => 1,
            TyKind::Map(..) => 2,
            TyKind::Fn(params, _) => params.len() + 1,
            TyKind::Enum(_, args) => args.len(),
            _ => 0,
        }
    }

    fn solve(&mut self, number: u32, ty: Ty) {
        self.variables[number as usize].solution.set(Some(ty));
        if self.trailing {
            self.trail.push(number);
        }
    }

    fn solve_checked(&mut self, number: u32, ty: Ty, depth: u32) -> Result<(), Unequal> {
        let level = self.variables[number as usize].level;
        self.lower_levels(number, ty, level, depth, &mut Memory::default())?; // keeps T2
        self.solve(number, ty);
        Ok(())
    }

    /// Variables in `ty` get at most this level; `number` must not be among them.
    fn lower_levels(
        &mut self,
        number: u32,
        ty: Ty,
        level: u32,
        depth: u32,
        memory: &mut Memory,
    ) -> Result<(), Unequal> {
        let info = self.infos[ty.0 as usize];
        if u32::from(info.depth) > depth {
            return Err(Unequal::TooDeep);
        }
        if info.flags & HAS_VAR == 0 {
            return Ok(());
        }
        let ty = self.follow(ty);
        if let TyKind::Var(inner) = self.kinds[ty.0 as usize] {
            if inner == number {
                return Err(Unequal::Infinite);
            }
            let variable = &mut self.variables[inner as usize];
            variable.level = variable.level.min(level);
            return Ok(());
        }
        let Some(depth) = depth.checked_sub(1) else { return Err(Unequal::TooDeep) };
        if memory.again(ty, ty) {
            return Ok(());
        }
        for index in 0..self.part_count(ty) {
            let part = self.part(ty, index);
            self.lower_levels(number, part, level, depth, memory)?;
        }
        Ok(())
    }

    /// Makes every unsolved variable in a type `i32`.
    pub fn default_in(&mut self, ty: Ty) -> Ty {
        let resolved = self.resolve(ty);
        self.default_parts(resolved, &mut Memory::default());
        self.resolve(resolved)
    }

    fn default_parts(&mut self, ty: Ty, memory: &mut Memory) {
        if self.infos[ty.0 as usize].flags & HAS_VAR == 0 {
            return;
        }
        let ty = self.follow(ty);
        if let TyKind::Var(number) = self.kinds[ty.0 as usize] {
            self.solve(number, Ty::I32);
            return;
        }
        if memory.again(ty, ty) {
            return;
        }
        for index in 0..self.part_count(ty) {
            self.default_parts(self.part(ty, index), memory);
        }
    }

    /// Where the variables of a body that begins now begin.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Ends a body: variables made since `mark` that still have at least this level become `i32`.
    pub fn close(&mut self, mark: usize, level: u32) {
        let mut kept = mark;
        for index in mark..self.open.len() {
            let ty = self.open[index];
            let TyKind::Var(number) = self.kinds[ty.0 as usize] else { continue };
            let variable = &self.variables[number as usize];
            if variable.solution.get().is_some() {
                continue;
            }
            if variable.level >= level {
                self.solve(number, Ty::I32);
            } else {
                self.open[kept] = ty;
                kept += 1;
            }
        }
        self.open.truncate(kept);
    }

    /// From now on solutions can be taken back.
    pub fn start_trail(&mut self) {
        self.trailing = true;
    }

    /// A state to come back to.
    pub fn mark(&self) -> TypesMark {
        TypesMark { trail: self.trail.len(), open: self.open.len() }
    }

    /// Takes back the solutions made since the mark.
    pub fn undo(&mut self, mark: TypesMark) {
        for number in self.trail.drain(mark.trail..) {
            self.variables[number as usize].solution.set(None);
        }
        self.open.truncate(mark.open);
    }
}

impl Default for Types {
    fn default() -> Types {
        Types::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_take_the_type_that_they_meet() {
        let mut types = Types::new();
        let element = types.fresh(1);
        let array = types.array(element);
        let strings = types.array(Ty::STRING);
        assert_eq!(types.unify(array, strings), Ok(()));
        assert_eq!(types.resolve(array), strings);
        assert_eq!(types.shallow(element), Ty::STRING);
        let floats = types.array(Ty::F64);
        assert_eq!(types.unify(array, floats), Err(Unequal::Different));
    }

    #[test]
    fn a_variable_never_contains_itself() {
        let mut types = Types::new();
        let element = types.fresh(0);
        let array = types.array(element);
        assert_eq!(types.unify(element, array), Err(Unequal::Infinite));
    }

    #[test]
    fn variables_of_an_inner_body_default_unless_they_are_shared() {
        let mut types = Types::new();
        let outer = types.fresh(0);
        let mark = types.open_count();
        let (shared, own) = (types.fresh(1), types.fresh(1));
        let array = types.array(shared);
        assert_eq!(types.unify(outer, array), Ok(()));
        types.close(mark, 1);
        assert_eq!(types.shallow(own), Ty::I32);
        assert!(types.is_unknown(shared));
        types.close(0, 0);
        assert_eq!(types.shallow(shared), Ty::I32);
    }

    #[test]
    fn chains_of_solutions_that_nest_too_deeply_are_noticed() {
        let mut types = Types::new();
        let vars: Vec<Ty> = (0..100_000).map(|_| types.fresh(0)).collect();
        for pair in vars.windows(2) {
            let array = types.array(pair[1]);
            assert_eq!(types.unify(pair[0], array), Ok(()));
        }
        assert!(types.is_too_deep(vars[0]));
        assert_eq!(types.resolve(vars[0]), Ty::POISON);
        assert!(!types.is_too_deep(vars[99_000]));
    }

    #[test]
    fn solutions_can_be_taken_back() {
        let mut types = Types::new();
        types.start_trail();
        let (a, b) = (types.fresh(0), types.fresh(0));
        assert_eq!(types.unify(a, b), Ok(()));
        let mark = types.mark();
        assert_eq!(types.unify(b, Ty::STRING), Ok(()));
        assert_eq!(types.shallow(a), Ty::STRING);
        types.undo(mark);
        assert!(types.is_unknown(a));
        assert_eq!(types.unify(a, Ty::BOOL), Ok(()));
        assert_eq!(types.shallow(b), Ty::BOOL);
    }
}
