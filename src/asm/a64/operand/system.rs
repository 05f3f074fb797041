//! Conditions, barriers, prefetches, system registers and operations.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident $text:literal $number:literal),*) => {
        /// A condition on the flags.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Cond {
            $($(#[$doc])* $name = $number),*
        }

        impl Cond {
            const ALL: &'static [Cond] = &[$(Cond::$name),*];
        }

        impl Display for Cond {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Cond::$name => $text),*
                })
            }
        }
    };
}

conditions! {
    /// Equal; zero.
    Eq "eq" 0,
    /// Not equal; not zero; unordered.
    Ne "ne" 1,
    /// Higher or same (unsigned); carry; not less, or unordered.
    Hs "hs" 2,
    /// Lower (unsigned); no carry; less (float).
    Lo "lo" 3,
    /// Negative; less (float).
    Mi "mi" 4,
    /// Positive or zero; not less, or unordered.
    Pl "pl" 5,
    /// Overflow; unordered.
    Vs "vs" 6,
    /// No overflow; ordered.
    Vc "vc" 7,
    /// Higher (unsigned); greater, or unordered.
    Hi "hi" 8,
    /// Lower or same (unsigned); not greater (float).
    Ls "ls" 9,
    /// Greater or equal (signed, float).
    Ge "ge" 10,
    /// Less (signed); less, or unordered.
    Lt "lt" 11,
    /// Greater (signed, float).
    Gt "gt" 12,
    /// Less or equal (signed); not greater, or unordered.
    Le "le" 13
}

impl Cond {
    /// The condition that holds when this one does not.
    #[inline]
    pub const fn negated(self) -> Cond {
        // The numbers of opposites differ in the lowest bit, and there are 14.
        Cond::ALL[self as usize ^ 1]
    }
}

impl Operand for Cond {
    const CORNERS: &'static [Cond] = Cond::ALL;

    fn random(rng: &mut Rng) -> Cond {
        Cond::ALL[rng.below(14) as usize]
    }
}

impl Field for Cond {
    const MASK: u32 = 15;

    #[inline(always)]
    fn bits(self) -> u32 {
        self as u32
    }

    fn from_bits(bits: u32) -> Option<Cond> {
        Cond::ALL.get(bits as usize).copied()
    }
}

/// What a barrier orders: which accesses, among which observers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Barrier(u8);

impl Barrier {
    /// All accesses, full system.
    pub const SY: Barrier = Barrier(15);
    /// Stores, full system.
    pub const ST: Barrier = Barrier(14);
    /// Loads before, all accesses after, full system.
    pub const LD: Barrier = Barrier(13);
    /// All accesses, inner shareable.
    pub const ISH: Barrier = Barrier(11);
    /// Stores, inner shareable.
    pub const ISHST: Barrier = Barrier(10);
    /// Loads before, all accesses after, inner shareable.
    pub const ISHLD: Barrier = Barrier(9);
    /// All accesses, not shareable.
    pub const NSH: Barrier = Barrier(7);
    /// Stores, not shareable.
    pub const NSHST: Barrier = Barrier(6);
    /// Loads before, all accesses after, not shareable.
    pub const NSHLD: Barrier = Barrier(5);
    /// All accesses, outer shareable.
    pub const OSH: Barrier = Barrier(3);
    /// Stores, outer shareable.
    pub const OSHST: Barrier = Barrier(2);
    /// Loads before, all accesses after, outer shareable.
    pub const OSHLD: Barrier = Barrier(1);
}

impl Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 16] = [
            "#0", "oshld", "oshst", "osh", "#4", "nshld", "nshst", "nsh", "#8", "ishld", "ishst", "ish",
            "#12", "ld", "st", "sy",
        ];
        f.write_str(NAMES[usize::from(self.0 & 15)])
    }
}

impl Operand for Barrier {
    const CORNERS: &'static [Barrier] = &[
        Barrier::SY,
        Barrier::ST,
        Barrier::LD,
        Barrier::ISH,
        Barrier::ISHST,
        Barrier::ISHLD,
        Barrier::NSH,
        Barrier::NSHST,
        Barrier::NSHLD,
        Barrier::OSH,
        Barrier::OSHST,
        Barrier::OSHLD,
    ];

    fn random(rng: &mut Rng) -> Barrier {
        Self::CORNERS[rng.below(12) as usize]
    }
}

impl Field for Barrier {
    const MASK: u32 = 15;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.into()
    }

    fn from_bits(bits: u32) -> Option<Barrier> {
        (bits & 3 != 0).then_some(Barrier(bits as u8))
    }
}

/// What a prefetch is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Prefetch(u8);

/// The first of a prefetch's choices: what comes after it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum PrefetchFor {
    /// A load.
    Load,
    /// Execution.
    Instruction,
    /// A store.
    Store,
}

impl Prefetch {
    /// A prefetch into the cache of level 1, 2 or 3, to be kept there or used once.
    ///
    /// # Errors
    /// If the level is another.
    pub const fn new(purpose: PrefetchFor, level: u8, once: bool) -> Result<Prefetch, Unencodable> {
        if level >= 1 && level <= 3 {
            Ok(Prefetch((purpose as u8) << 3 | (level - 1) << 1 | once as u8))
        } else {
            Err(Unencodable)
        }
    }
}

impl Display for Prefetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = ["pld", "pli", "pst"].get(usize::from(self.0 >> 3)).copied().unwrap_or("?");
        let policy = if self.0 & 1 == 0 { "keep" } else { "strm" };
        write!(f, "{purpose}l{}{policy}", (self.0 >> 1 & 3) + 1)
    }
}

impl Operand for Prefetch {
    const CORNERS: &'static [Prefetch] = &[Prefetch(0), Prefetch(5), Prefetch(8), Prefetch(16), Prefetch(21)];

    fn random(rng: &mut Rng) -> Prefetch {
        Prefetch((rng.below(3) << 3 | rng.below(3) << 1 | rng.below(2)) as u8)
    }
}

impl Field for Prefetch {
    const MASK: u32 = 31;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.into()
    }

    fn from_bits(bits: u32) -> Option<Prefetch> {
        (bits >> 3 < 3 && bits >> 1 & 3 < 3).then_some(Prefetch(bits as u8))
    }
}

/// A system register, by its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SysReg(u16);

impl SysReg {
    /// The condition flags.
    pub const NZCV: SysReg = SysReg::numbers(3, 3, 4, 2, 0);
    /// Control of floating-point arithmetic.
    pub const FPCR: SysReg = SysReg::numbers(3, 3, 4, 4, 0);
    /// Status of floating-point arithmetic.
    pub const FPSR: SysReg = SysReg::numbers(3, 3, 4, 4, 1);
    /// Interrupt masks.
    pub const DAIF: SysReg = SysReg::numbers(3, 3, 4, 2, 1);
    /// The thread's pointer.
    pub const TPIDR_EL0: SysReg = SysReg::numbers(3, 3, 13, 0, 2);
    /// The thread's pointer that user code only reads.
    pub const TPIDRRO_EL0: SysReg = SysReg::numbers(3, 3, 13, 0, 3);
    /// Line sizes of the caches, and what coherence needs.
    pub const CTR_EL0: SysReg = SysReg::numbers(3, 3, 0, 0, 1);
    /// Block size of `dc zva`.
    pub const DCZID_EL0: SysReg = SysReg::numbers(3, 3, 0, 0, 7);
    /// Frequency of the counter.
    pub const CNTFRQ_EL0: SysReg = SysReg::numbers(3, 3, 14, 0, 0);
    /// The virtual counter.
    pub const CNTVCT_EL0: SysReg = SysReg::numbers(3, 3, 14, 0, 2);
    /// Cycles of the performance monitor.
    pub const PMCCNTR_EL0: SysReg = SysReg::numbers(3, 3, 9, 13, 0);
    /// The processor's identification.
    pub const MIDR_EL1: SysReg = SysReg::numbers(3, 0, 0, 0, 0);
    /// Instruction set attributes, first register.
    pub const ID_AA64ISAR0_EL1: SysReg = SysReg::numbers(3, 0, 0, 6, 0);

    const fn numbers(op0: u16, op1: u16, crn: u16, crm: u16, op2: u16) -> SysReg {
        SysReg((op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2)
    }

    /// The register with these numbers.
    ///
    /// # Errors
    /// If `op0` is not 2 or 3, or another does not fit its field.
    pub const fn new(op0: u8, op1: u8, crn: u8, crm: u8, op2: u8) -> Result<SysReg, Unencodable> {
        if op0 & !1 == 2 && op1 < 8 && crn < 16 && crm < 16 && op2 < 8 {
            Ok(SysReg::numbers(op0 as u16, op1 as u16, crn as u16, crm as u16, op2 as u16))
        } else {
            Err(Unencodable)
        }
    }
}

impl Display for SysReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(f, "s{}_{}_c{}_c{}_{}", 2 + (n >> 14 & 1), n >> 11 & 7, n >> 7 & 15, n >> 3 & 15, n & 7)
    }
}

impl Operand for SysReg {
    const CORNERS: &'static [SysReg] = &[
        SysReg::NZCV,
        SysReg::FPCR,
        SysReg::FPSR,
        SysReg::DAIF,
        SysReg::TPIDR_EL0,
        SysReg::CNTVCT_EL0,
        SysReg::CTR_EL0,
        SysReg(0x7fff),
        SysReg(0),
    ];

    fn random(rng: &mut Rng) -> SysReg {
        SysReg(rng.below(1 << 15) as u16)
    }
}

impl Field for SysReg {
    const MASK: u32 = 0x7fff;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.into()
    }

    fn from_bits(bits: u32) -> Option<SysReg> {
        Some(SysReg(bits as u16 & 0x7fff))
    }
}

/// A system operation, by its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SysOp(u16);

impl SysOp {
    const fn numbers(op1: u16, crn: u16, crm: u16, op2: u16) -> SysOp {
        SysOp(op1 << 11 | crn << 7 | crm << 3 | op2)
    }

    /// The operation with these numbers.
    ///
    /// # Errors
    /// If one does not fit its field.
    pub const fn new(op1: u8, crn: u8, crm: u8, op2: u8) -> Result<SysOp, Unencodable> {
        if op1 < 8 && crn < 16 && crm < 16 && op2 < 8 {
            Ok(SysOp::numbers(op1 as u16, crn as u16, crm as u16, op2 as u16))
        } else {
            Err(Unencodable)
        }
    }
}

impl Display for SysOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(f, "#{}, c{}, c{}, #{}", n >> 11 & 7, n >> 7 & 15, n >> 3 & 15, n & 7)
    }
}

impl Operand for SysOp {
    const CORNERS: &'static [SysOp] = &[SysOp(0), SysOp(1), SysOp(0x3fff), SysOp::numbers(3, 7, 5, 1)];

    fn random(rng: &mut Rng) -> SysOp {
        SysOp(rng.below(1 << 14) as u16)
    }
}

impl Field for SysOp {
    const MASK: u32 = 0x3fff;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0.into()
    }

    fn from_bits(bits: u32) -> Option<SysOp> {
        Some(SysOp(bits as u16 & 0x3fff))
    }
}

macro_rules! cache_operations {
    ($($(#[$doc:meta])* $name:ident $text:literal [$op1:literal $crm:literal $op2:literal]),*) => {
        /// An operation on the data cache.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum CacheOp {
            $($(#[$doc])* $name = $op1 << 11 | 7 << 7 | $crm << 3 | $op2),*
        }

        impl Display for CacheOp {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(CacheOp::$name => $text),*
                })
            }
        }

        impl Operand for CacheOp {
            const CORNERS: &'static [CacheOp] = &[$(CacheOp::$name),*];

            fn random(rng: &mut Rng) -> CacheOp {
                Self::CORNERS[rng.below(Self::CORNERS.len() as u64) as usize]
            }
        }
    };
}

cache_operations! {
    /// Invalidate, by address, to the point of coherency.
    Ivac "ivac" [0 6 1],
    /// Invalidate, by set and way.
    Isw "isw" [0 6 2],
    /// Clean, by set and way.
    Csw "csw" [0 10 2],
    /// Clean and invalidate, by set and way.
    Cisw "cisw" [0 14 2],
    /// Zero a block, by address.
    Zva "zva" [3 4 1],
    /// Clean, by address, to the point of coherency.
    Cvac "cvac" [3 10 1],
    /// Clean, by address, to the point of unification: for code that was written.
    Cvau "cvau" [3 11 1],
    /// Clean, by address, to the point of persistence.
    Cvap "cvap" [3 12 1],
    /// Clean and invalidate, by address, to the point of coherency.
    Civac "civac" [3 14 1]
}

impl Field for CacheOp {
    const MASK: u32 = 0x3fff;

    #[inline(always)]
    fn bits(self) -> u32 {
        self as u32
    }

    fn from_bits(bits: u32) -> Option<CacheOp> {
        Self::CORNERS.iter().copied().find(|op| op.bits() == bits)
    }
}
