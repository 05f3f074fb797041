//! The types of a program: structs, enums, and the pool that variables, parameters and fields draw from.

use super::Generator;
use crate::ast::*;
use crate::types::{RESULT, Ty};

/// The greatest weight of a type, so that printing and comparing values stays cheap.
const MAX_WEIGHT: u64 = 700;

impl Generator<'_> {
    /// Makes the types.
    pub(super) fn universe(&mut self) {
        let primitives = [Ty::I32, Ty::I64, Ty::U32, Ty::U64, Ty::F64, Ty::Bool, Ty::Str];
        // All of them, some more often than others.
        self.pool.extend(primitives.iter().cloned());
        for _ in 0..4 {
            let ty = self.rng.pick(&primitives).clone();
            self.pool.push(ty);
        }
        for _ in 0..self.rng.below(3) {
            self.plain_enum();
        }
        for _ in 0..2 + self.rng.below(3) {
            let elem = self.rng.pick(&primitives).clone();
            self.admit(Ty::array(elem));
        }
        for _ in 0..1 + self.rng.below(3) {
            self.payload_enum();
        }
        for _ in 0..1 + self.rng.below(3) {
            self.structure();
        }
        if self.rng.chance(60) {
            self.generic_enum();
        }
        if self.rng.chance(60) {
            let (ok, err) = (self.rng.pick(&primitives).clone(), self.rng.pick(&primitives).clone());
            self.admit(Ty::Enum(RESULT, [ok, err].into()));
        }
        for _ in 0..1 + self.rng.below(3) {
            self.map_type();
        }
        for _ in 0..2 + self.rng.below(3) {
            let elem = self.rng.pick(&self.pool).clone();
            self.admit(Ty::array(elem));
        }
        for _ in 0..1 + self.rng.below(3) {
            self.function_type();
        }
        if self.rng.chance(50) {
            let fns: Vec<Ty> = self.pool.iter().filter(|ty| matches!(ty, Ty::Fn(_))).cloned().collect();
            if !fns.is_empty() {
                let f = self.rng.pick(&fns).clone();
                match self.rng.below(3) {
                    0 => self.admit(Ty::array(f)),
                    1 => self.admit(Ty::function(vec![f, Ty::I32], Ty::I32)),
                    _ => self.admit(Ty::function(vec![Ty::I32], f)),
                }
            }
        }
        if self.rng.chance(60) {
            self.structure();
        }
    }

    fn admit(&mut self, ty: Ty) {
        if self.types.weight(&ty) <= MAX_WEIGHT && self.types.rank(&ty) <= 2 {
            self.pool.push(ty);
        }
    }

    /// An enum without payloads, which is a number at run time.
    fn plain_enum(&mut self) {
        let name = self.fresh("Color");
        let variants = (0..2 + self.rng.below(5))
            .map(|_| VariantDef { name: self.fresh("Hue"), payload: Vec::new() })
            .collect();
        self.types.enums.push(EnumDef { name, params: 0, variants });
        let ty = Ty::Enum(self.types.enums.len() as u32 - 1, [].into());
        self.pool.extend([ty.clone(), ty]);
    }

    fn small_type(&mut self) -> Ty {
        loop {
            let ty = self.rng.pick(&self.pool).clone();
            if self.types.weight(&ty) <= 80 && self.types.rank(&ty) == 0 {
                return ty;
            }
        }
    }

    fn payload_enum(&mut self) {
        let name = self.fresh("Shape");
        let mut variants = Vec::new();
        for i in 0..1 + self.rng.below(4) {
            let count = if i == 0 { 1 } else { self.rng.below(4) };
            let payload = (0..count).map(|_| self.small_type()).collect();
            variants.push(VariantDef { name: self.fresh("Kind"), payload });
        }
        self.rng.shuffle(&mut variants);
        self.types.enums.push(EnumDef { name, params: 0, variants });
        let ty = Ty::Enum(self.types.enums.len() as u32 - 1, [].into());
        self.pool.push(ty.clone());
        self.admit(ty);
    }

    fn generic_enum(&mut self) {
        let name = self.fresh("Maybe");
        let params = 1 + self.rng.below(2);
        let mut variants = vec![VariantDef { name: self.fresh("Just"), payload: vec![Ty::Param(0)] }];
        if self.rng.chance(70) {
            variants.push(VariantDef { name: self.fresh("Nothing"), payload: Vec::new() });
        }
        if params == 2 {
            let payload = vec![Ty::Param(1), if self.rng.chance(50) { Ty::I32 } else { Ty::Param(0) }];
            variants.push(VariantDef { name: self.fresh("Other"), payload });
        }
        self.types.enums.push(EnumDef { name, params, variants });
        let id = self.types.enums.len() as u32 - 1;
        for _ in 0..2 {
            let args: Vec<Ty> = (0..params).map(|_| self.small_type()).collect();
            self.admit(Ty::Enum(id, args.into()));
        }
    }

    fn map_type(&mut self) {
        let types = self.types.clone();
        let keys: Vec<Ty> = self.pool.iter().filter(|ty| types.is_key(ty)).cloned().collect();
        let key = self.rng.pick(&keys).clone();
        let value = self.small_type();
        if self.types.weight(&key) <= 20 {
            self.admit(Ty::map(key, value));
        }
    }

    fn function_type(&mut self) {
        let params = (0..self.rng.below(4)).map(|_| self.small_type()).collect();
        let ret = if self.rng.chance(15) { Ty::Void } else { self.small_type() };
        self.admit(Ty::function(params, ret));
    }

    fn structure(&mut self) {
        let name = self.fresh("Point");
        let mut fields = Vec::new();
        for _ in 0..1 + self.rng.below(5) {
            let ty = if self.rng.chance(60) {
                self.rng.pick(&self.pool[..11]).clone()
            } else {
                self.rng.pick(&self.pool).clone()
            };
            let total: u64 = fields.iter().map(|field: &FieldDef| self.types.weight(&field.ty)).sum();
            if total + self.types.weight(&ty) > MAX_WEIGHT {
                continue;
            }
            let default = match &ty {
                _ if self.rng.chance(50) => None,
                Ty::I32 | Ty::I64 | Ty::U32 | Ty::U64 => Some(self.int_literal(&ty)),
                Ty::F64 => Some(self.float_literal()),
                Ty::Bool => Some(Expr::bool(true)),
                Ty::Str => Some(self.str_literal()),
                Ty::Array(_) => Some(Expr::new(ty.clone(), Op::Array, Vec::new())),
                Ty::Map(_) => Some(Expr::new(ty.clone(), Op::Map, Vec::new())),
                _ => None,
            };
            fields.push(FieldDef { name: self.fresh("field"), ty, default });
        }
        if fields.is_empty() {
            fields.push(FieldDef { name: self.fresh("field"), ty: Ty::I32, default: None });
        }
        self.types.structs.push(StructDef { name, fields });
        let ty = Ty::Struct(self.types.structs.len() as u32 - 1);
        self.pool.push(ty.clone());
        self.admit(ty);
    }
}
