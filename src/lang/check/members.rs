//! The members of one declared type by name.

use super::Member;
use crate::lang::hash::IdMap;
use crate::lang::intern::Symbol;

/// Up to so many are searched one by one, which costs less than a table and keeps what belongs together in one place.
const FEW: usize = 8;

/// Fields, variants and functions.
#[derive(Default)]
pub(super) struct Members {
    few: Vec<(Symbol, Member)>,
    /// All of them, once they are more.
    many: Option<Box<IdMap<Symbol, Member>>>,
}

impl Members {
    pub fn get(&self, name: Symbol) -> Option<Member> {
        match &self.many {
            Some(many) => many.get(&name).copied(),
            None => self.few.iter().find(|(other, _)| *other == name).map(|&(_, member)| member),
        }
    }

    /// Adds a member. There must be none of this name.
    pub fn insert(&mut self, name: Symbol, member: Member) {
        debug_assert!(self.get(name).is_none());
        match &mut self.many {
            Some(many) => {
                many.insert(name, member);
            }
            None if self.few.len() < FEW => self.few.push((name, member)),
            None => {
                let all = self.few.drain(..).chain([(name, member)]);
                self.many = Some(Box::new(all.collect()));
            }
        }
    }

    pub fn remove(&mut self, name: Symbol) {
        match &mut self.many {
            Some(many) => {
                many.remove(&name);
            }
            None => self.few.retain(|(other, _)| *other != name),
        }
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = Symbol> {
        let many = self.many.iter().flat_map(|many| many.keys().copied());
        self.few.iter().map(|&(name, _)| name).chain(many)
    }
}
