//! Which types have `==`, and which can be keys of maps.

use super::Checker;
use super::deferred::Check;
use crate::lang::ast::Span;
use crate::lang::hash::FastMap;
use crate::lang::types::{Ty, TyKind};

/// How many types a question may look at. An enum that contains ever larger instances of itself is refused where it is
/// declared; this only keeps the question finite until then.
const MOST: usize = 10_000;

impl<'a> Checker<'a> {
    /// Reports a type without `==`; later, if the type is not fully known yet.
    pub(super) fn require_equality(&mut self, ty: Ty, span: Span) {
        let ty = self.types.resolve(ty);
        match self.has_equality(ty) {
            Some(true) => {}
            None => self.defer_equality(ty, span),
            Some(false) => {
                let name = self.describe(ty);
                let mut report = self.diagnostic(
                    2001,
                    span,
                    "Values cannot be compared",
                    format!("{name} has no `==`"),
                    format!("Functions and ranges have no `==`, nor has anything that contains one, as {name} does."),
                );
                if matches!(self.types.kind(ty), TyKind::Struct(_)) {
                    report = report.help("compare the fields that matter.");
                }
                self.report(report);
            }
        }
    }

    /// Waits for each unknown type in `ty`.
    fn defer_equality(&mut self, ty: Ty, span: Span) {
        let mut seen = FastMap::default();
        let mut work = vec![ty];
        while let Some(part) = work.pop() {
            let part = self.types.shallow(part);
            if seen.insert(part, ()).is_some() || seen.len() > MOST {
                continue;
            }
            match self.types.kind(part) {
                TyKind::Var(_) => self.defer(Check::Equality { ty: part }, span),
                TyKind::Array(element) => work.push(*element),
                TyKind::Map(key, value) => work.extend([*key, *value]),
                TyKind::Enum(_, args) => work.extend(args.iter()),
                _ => {}
            }
        }
    }

    /// Whether a resolved type has `==`; nothing if that hangs on a variable.
    fn has_equality(&mut self, ty: Ty) -> Option<bool> {
        if ty.is_numeric() || matches!(ty, Ty::STRING | Ty::BOOL | Ty::ERROR | Ty::POISON) {
            return Some(true);
        }
        if let Some(&known) = self.has_equality.get(&ty) {
            return Some(known);
        }
        let mut seen = FastMap::default();
        let mut work = vec![ty];
        let mut unknown = false;
        while let Some(part) = work.pop() {
            let part = self.types.shallow(part);
            if seen.insert(part, ()).is_some() || seen.len() > MOST {
                continue;
            }
            match self.types.kind(part) {
                TyKind::Fn(..) | TyKind::Range | TyKind::Void => {
                    if !self.types.has_variables(ty) {
                        self.has_equality.insert(ty, false);
                    }
                    return Some(false);
                }
                TyKind::Var(_) => unknown = true,
                TyKind::Array(element) => work.push(*element),
                TyKind::Map(key, value) => work.extend([*key, *value]),
                TyKind::Struct(id) => {
                    work.extend(self.structs[id.0 as usize].fields.iter().map(|field| field.slot.ty));
                }
                TyKind::Enum(..) => self.payload_types(part, &mut work),
                _ => {}
            }
        }
        if unknown {
            return None;
        }
        if !self.types.has_variables(ty) {
            self.has_equality.insert(ty, true);
        }
        Some(true)
    }

    /// Adds the payload types of an enum type.
    fn payload_types(&mut self, ty: Ty, list: &mut Vec<Ty>) {
        let TyKind::Enum(id, args) = self.types.kind(ty).clone() else { return };
        for variant in &self.enums[id.0 as usize].variants {
            for slot in variant.payload {
                list.push(self.types.instantiate(slot.ty, &args));
            }
        }
    }

    /// Reports a type that cannot be that of a map's keys; later, if it is not known yet.
    pub(super) fn require_key(&mut self, ty: Ty, span: Span) {
        let ty = self.types.shallow(ty);
        if ty.is_integer() || matches!(ty, Ty::STRING | Ty::BOOL | Ty::POISON) {
            return;
        }
        if self.types.is_unknown(ty) {
            return self.defer(Check::Key { ty }, span);
        }
        let mut seen = FastMap::default();
        let mut work = vec![ty];
        while let Some(part) = work.pop() {
            let part = self.types.shallow(part);
            if seen.insert(part, ()).is_some() || seen.len() > MOST {
                continue;
            }
            match self.types.kind(part) {
                TyKind::Enum(..) => self.payload_types(part, &mut work),
                TyKind::Bool | TyKind::String | TyKind::Poison | TyKind::Var(_) | TyKind::Param(_) => {}
                _ if part.is_integer() => {}
                _ => {
                    let name = self.describe(ty);
                    let report = self
                        .diagnostic(
                            2007,
                            span,
                            "Type cannot be a key",
                            format!("{name} cannot be a key"),
                            format!(
                                "Keys of a map are integers, bools, strings, or enums of such; {name} is none of these."
                            ),
                        )
                        .help(if part == Ty::F64 {
                            "use an integer or a string that stands for the number."
                        } else {
                            "use something that identifies the value, such as its name or number."
                        });
                    return self.report(report);
                }
            }
        }
    }
}
