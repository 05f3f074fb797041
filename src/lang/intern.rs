//! Names as numbers: equal names have equal [`Symbol`]s.

use std::hash::BuildHasher;

use super::hash::FastHasher;

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Symbol(pub u32);

/// The names of one compilation.
///
/// How it works. A table with linear probing, at most half full, whose entries hold the name's hash: neither growing nor
/// passing other entries looks at their names, which lie scattered among the nodes of the trees.
pub struct Interner<'a> {
    arena: &'a bumpalo::Bump,
    /// Hashes and numbers; [`EMPTY`] where there is none. The length is a power of two.
    table: Vec<(u32, Symbol)>,
    names: Vec<&'a str>,
}

const EMPTY: Symbol = Symbol(u32::MAX);
/// Holds the names that the language itself knows, and some of a small program, without growing.
const FIRST_LENGTH: usize = 512;

impl<'a> Interner<'a> {
    /// An interner whose names live in `arena`.
    pub fn new(arena: &'a bumpalo::Bump) -> Interner<'a> {
        Interner { arena, table: vec![(0, EMPTY); FIRST_LENGTH], names: Vec::with_capacity(FIRST_LENGTH / 2) }
    }

    /// The number of a name.
    pub fn intern(&mut self, name: &str) -> Symbol {
        let hash = FastHasher.hash_one(name) as u32;
        let mut at = hash as usize & (self.table.len() - 1);
        loop {
            let (other, symbol) = self.table[at];
            if symbol == EMPTY {
                break;
            }
            if other == hash && self.name(symbol) == name {
                return symbol;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
        let symbol = Symbol(self.names.len() as u32);
        self.table[at] = (hash, symbol);
        self.names.push(self.arena.alloc_str(name));
        if self.names.len() * 2 > self.table.len() {
            self.grow();
        }
        symbol
    }

    fn grow(&mut self) {
        let length = self.table.len() * 2;
        let old = std::mem::replace(&mut self.table, vec![(0, EMPTY); length]);
        for entry in old.into_iter().filter(|entry| entry.1 != EMPTY) {
            let mut at = entry.0 as usize & (length - 1);
            while self.table[at].1 != EMPTY {
                at = (at + 1) & (length - 1);
            }
            self.table[at] = entry;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers_while_the_table_grows() {
        let arena = bumpalo::Bump::new();
        let mut names = Interner::new(&arena);
        for round in 0..2 {
            for number in 0..10_000 {
                let symbol = names.intern(&format!("name{number}"));
                assert_eq!(symbol, Symbol(number), "round {round}");
                assert_eq!(names.name(symbol), format!("name{number}"));
            }
        }
        assert_eq!(names.count(), 10_000);
    }
}
