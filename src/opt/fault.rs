//! Planted faults: mistakes that passes make on demand, so that tests can show that they would be noticed.
//!
//! Only with the feature `planted-faults` is there anything to choose; else [`planted`] is a constant `false`.

/// Each fault: its number, the pass, and what is done wrong.
pub const FAULTS: &[(u32, &str, &str)] = &[
    (1, "range", "an upper bound by `<` is taken as by `<=`, one too low"),
    (2, "range", "sums are thought to fit when only their least value does"),
    (3, "range", "what a branch says is believed on its other edge"),
    (4, "range", "the assumption about a loop's parameters is not checked"),
    (5, "strength", "a quotient of a negative dividend is not corrected"),
    (6, "strength", "the shift behind a high product is one too small"),
    (7, "rotate", "the first turn is not tested for"),
    (8, "inline", "the frame states of an inlined body have no parent"),
    (9, "escape", "a field keeps its first value"),
    (10, "escape", "frame states show the fields of removed objects as they were made"),
    (11, "vectorize", "a strip whose sum overflowed is not run again"),
    (12, "vectorize", "arrays are thought to be distinct"),
    (13, "vectorize", "the scalar loop begins one turn late"),
    (14, "unroll", "behind its copies the loop begins anew"),
    (101, "fold", "a comparison whose operands change places keeps its condition"),
    (102, "fold", "the opposite of an order of f64 is one too"),
    (103, "fold", "a sum of 32 bits goes into an address"),
    (104, "gvn", "what a block computed is known beside it"),
    (105, "gvn", "a subtraction's operands are put in order"),
    (106, "guards", "a branch is believed in a block with another way in"),
    (107, "guards", "what is less is thought to be below"),
    (108, "memory", "a merge forgets what was written on its ways"),
    (109, "memory", "stores are dead though a guard shows them"),
    (110, "licm", "loads are moved though the loop writes their class"),
    (111, "licm", "a guard is moved over a store"),
    (112, "dce", "checks whose result is not used are removed"),
    (113, "simplify", "a branch to one place with different values is a jump"),
    (114, "sccp", "a parameter keeps the first constant that comes"),
];

#[cfg(feature = "planted-faults")]
mod chosen {
    use std::cell::Cell;

    thread_local! {
        static CHOSEN: Cell<u32> = const { Cell::new(0) };
    }

    /// Chooses a fault of this thread; 0 is none.
    pub fn plant(number: u32) {
        CHOSEN.set(number);
    }

    /// Is it the chosen one?
    pub fn planted(number: u32) -> bool {
        CHOSEN.get() == number
    }
}

#[cfg(feature = "planted-faults")]
pub use chosen::{plant, planted};

/// Is it the chosen one?
#[cfg(not(feature = "planted-faults"))]
#[inline(always)]
pub const fn planted(_: u32) -> bool {
    false
}
