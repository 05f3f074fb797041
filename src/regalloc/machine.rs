//! What the allocator knows of a machine: its registers.

use std::fmt;

/// A class of registers. Floats and vectors share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum RegClass {
    /// General registers: integers, booleans, references.
    Int = 0,
    /// Float and vector registers.
    Float = 1,
}

/// A physical register: up to 32 of each class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PReg(u8);

impl PReg {
    /// The register of a class with the machine's number, below 32.
    #[inline]
    pub const fn new(class: RegClass, number: u8) -> PReg {
        assert!(number < 32);
        PReg(class as u8 * 32 + number)
    }

    /// Its class.
    #[inline]
    pub const fn class(self) -> RegClass {
        if self.0 < 32 { RegClass::Int } else { RegClass::Float }
    }

    /// The machine's number.
    #[inline]
    pub const fn number(self) -> u8 {
        self.0 % 32
    }

    /// An index below 64, for tables of all registers.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The inverse of [`index`](Self::index).
    #[inline]
    pub const fn from_index(index: usize) -> PReg {
        assert!(index < 64);
        PReg(index as u8)
    }
}

impl fmt::Display for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.class() == RegClass::Int { 'r' } else { 'f' };
        write!(f, "{letter}{}", self.number())
    }
}

impl fmt::Debug for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RegSet(pub u64);

impl RegSet {
    /// None.
    pub const EMPTY: RegSet = RegSet(0);

    /// Those of a list.
    #[inline]
    pub const fn of(list: &[PReg]) -> RegSet {
        let (mut bits, mut at) = (0, 0);
        while at < list.len() {
            bits |= 1 << list[at].0;
            at += 1;
        }
        RegSet(bits)
    }

    /// Is the register in it?
    #[inline]
    pub const fn contains(self, reg: PReg) -> bool {
        self.0 >> reg.0 & 1 == 1
    }

    /// Adds one.
    #[inline]
    pub const fn insert(&mut self, reg: PReg) {
        self.0 |= 1 << reg.0;
    }

    /// Takes one out.
    #[inline]
    pub const fn remove(&mut self, reg: PReg) {
        self.0 &= !(1 << reg.0);
    }

    /// Those in either.
    #[inline]
    pub const fn union(self, other: RegSet) -> RegSet {
        RegSet(self.0 | other.0)
    }

    /// Those in this one and not in the other.
    #[inline]
    pub const fn without(self, other: RegSet) -> RegSet {
        RegSet(self.0 & !other.0)
    }

    /// Those in both.
    #[inline]
    pub const fn intersection(self, other: RegSet) -> RegSet {
        RegSet(self.0 & other.0)
    }

    /// Those of a class.
    #[inline]
    pub const fn of_class(self, class: RegClass) -> RegSet {
        RegSet(self.0 & 0xffff_ffff << (class as u8 * 32))
    }

    /// Is there none?
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[inline]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The registers, by index.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = PReg> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(PReg(index as u8))
        })
    }
}

impl fmt::Debug for RegSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The registers that the allocator may use.
#[derive(Clone, Debug)]
pub struct Machine {
    /// By class: those to allocate, the ones to prefer first.
    pub allocatable: [Vec<PReg>; 2],
    /// By class: a register that is not allocatable, which whoever emits the moves may overwrite (for cycles, and for moves from
    /// memory to memory).
    pub scratch: [PReg; 2],
    /// How registers are called in dumps, by [`PReg::index`]; those without a name are called as `PReg` prints them.
    pub names: Vec<&'static str>,
}

impl Machine {
    /// The same machine with at most that many registers of each class to allocate: the first of the lists. Fixed constraints may
    /// still name the others.
    pub fn limited(&self, int: usize, float: usize) -> Machine {
        let mut limited = self.clone();
        limited.allocatable[0].truncate(int);
        limited.allocatable[1].truncate(float);
        limited
    }

    /// What a register is called.
    pub fn name(&self, reg: PReg) -> String {
        self.names.get(reg.index()).map_or_else(|| reg.to_string(), |name| (*name).to_owned())
    }
}
