//! Names as numbers: equal names have equal [`Symbol`]s.

use std::collections::HashMap;

use super::hash::FastHasher;

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Symbol(pub u32);

/// The names of one compilation.
pub struct Interner<'a> {
    arena: &'a bumpalo::Bump,
    numbers: HashMap<&'a str, Symbol, FastHasher>,
    names: Vec<&'a str>,
}

impl<'a> Interner<'a> {
    /// Room for the names that the language itself knows, and some of a small program, without growing tables.
    const LIKELY: usize = 200;

    /// An interner whose names live in `arena`.
    pub fn new(arena: &'a bumpalo::Bump) -> Interner<'a> {
        let numbers = HashMap::with_capacity_and_hasher(Self::LIKELY, FastHasher);
        Interner { arena, numbers, names: Vec::with_capacity(Self::LIKELY) }
    }

    /// The number of a name.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(&symbol) = self.numbers.get(name) {
            return symbol;
        }
        let kept = &*self.arena.alloc_str(name);
        let symbol = Symbol(self.names.len() as u32);
        self.names.push(kept);
        self.numbers.insert(kept, symbol);
        symbol
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The name of a number that this interner gave.
    pub fn name(&self, symbol: Symbol) -> &'a str {
        self.names[symbol.0 as usize]
    }
}
