//! Variables that branches of an `if` introduce for the block around it.

use super::scope::{BlockKind, Decl, Entity};
use super::{Checker, Pos};
use crate::lang::hash::FastMap;
use crate::lang::hir::LocalId;
use crate::lang::intern::Symbol;

/// What the branches checked so far introduced, of all `if` statements that are being checked: a stack, an `if` within a
/// branch on top.
pub(super) struct Hoists {
    list: Vec<(Symbol, Entity)>,
    /// Position in the list, of those in it.
    places: FastMap<Symbol, u32>,
}

impl Hoists {
    pub fn new() -> Hoists {
        Hoists { list: Vec::new(), places: FastMap::default() }
    }

    /// Where the variables of an `if` that begins now begin.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// A variable that a branch introduced. Several branches of an `if`, whose variables begin at `mark`, may introduce
    /// the same.
    pub fn add(&mut self, name: Symbol, entity: Entity, mark: usize) {
        let known = |&at: &u32| at as usize >= mark && self.list[at as usize].1 == entity;
        if self.places.get(&name).is_some_and(known) {
            return;
        }
        self.places.insert(name, self.list.len() as u32);
        self.list.push((name, entity));
    }

    /// What an earlier branch introduced under this name, looking no further down than `mark`.
    pub fn find(&self, name: Symbol, mark: usize) -> Option<Entity> {
        if self.list.is_empty() {
            return None;
        }
        let at = *self.places.get(&name)? as usize;
        (at >= mark).then(|| self.list[at].1)
    }

    /// Takes the variables of an `if` that ends.
    pub fn take(&mut self, mark: usize) -> Vec<(Symbol, Entity)> {
        let taken = self.list.split_off(mark);
        for (name, _) in &taken {
            // An `if` around this one may have introduced the name for another body or block.
            let below = self.list.iter().rposition(|(other, _)| other == name);
            match below {
                Some(at) => self.places.insert(*name, at as u32),
                None => self.places.remove(name),
            };
        }
        taken
    }
}

impl<'a> Checker<'a> {
    /// Begins an `if`; give the result to [`Self::end_if`].
    pub(super) fn begin_if(&mut self) -> usize {
        self.scope.hoists.len()
    }

    /// Ends an `if`: what its branches introduced becomes visible.
    pub(super) fn end_if(&mut self, mark: usize) {
        if self.scope.hoists.len() == mark {
            return;
        }
        for (name, entity) in self.scope.hoists.take(mark) {
            match self.scope.block_kind() {
                BlockKind::Branch => self.scope.push_hoisted(name, entity),
                BlockKind::Module => {
                    let from = self.cx().limit;
                    self.declare_module_name(name, entity, from);
                }
                BlockKind::Plain => {
                    self.scope.push(name, entity);
                    if let Entity::Local { local, .. } = entity {
                        self.conditionals.push(local);
                    }
                }
            }
        }
    }

    fn declare_module_name(&mut self, name: Symbol, entity: Entity, limit: Pos) {
        let module = self.cx().module;
        self.module_scopes[module.index()].early.remove(&name);
        let (from, span) = match entity {
            Entity::Global(var) => self.global_place(var),
            _ => (limit, Default::default()),
        };
        self.check_later_import(name, from);
        self.add_decl(module, name, Decl { entity, from, imported: false, public: false, span, hides: 0 });
    }

    /// The conditional variables of the block that began at `mark`.
    pub(super) fn take_conditionals(&mut self, mark: usize) -> &'a [LocalId] {
        if self.conditionals.len() == mark {
            return &[];
        }
        let list = self.arena.alloc_slice_copy(&self.conditionals[mark..]);
        self.conditionals.truncate(mark);
        list
    }
}
