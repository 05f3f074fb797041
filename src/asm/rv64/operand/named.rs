//! Operands that are words: rounding modes, orderings, masks, control and status registers, constants of `fli`.

use std::fmt::{self, Display};

use super::{Field, Unencodable};
use crate::asm::form::{Operand, Rng};

macro_rules! words {
    ($($(#[$doc:meta])* $class:ident { $($(#[$item_doc:meta])* $item:ident $bits:literal $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $class {
            $($(#[$item_doc])* $item = $bits,)*
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $($class::$item => $text,)*
                })
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class::$item),*];

            fn random(rng: &mut Rng) -> $class {
                Self::CORNERS[rng.below(Self::CORNERS.len() as u64) as usize]
            }
        }

        impl Field for $class {
            #[inline(always)]
            fn bits(self) -> u32 {
                self as u32
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some(match bits {
                    $($bits => $class::$item,)*
                    _ => return None,
                })
            }
        }
    )*};
}

words! {
    /// A rounding mode.
    Rm {
        /// To nearest, ties to even.
        Rne 0 "rne",
        /// Towards zero.
        Rtz 1 "rtz",
        /// Down.
        Rdn 2 "rdn",
        /// Up.
        Rup 3 "rup",
        /// To nearest, ties away from zero.
        Rmm 4 "rmm",
        /// As `frm` says.
        Dyn 7 "dyn",
    }
    /// The ordering of an atomic access.
    Order {
        /// None.
        Relaxed 0 "",
        /// What precedes stays before.
        Release 1 ".rl",
        /// What follows stays after.
        Acquire 2 ".aq",
        /// Both.
        AcquireRelease 3 ".aqrl",
    }
    /// Which elements a vector instruction works on.
    Mask {
        /// Those whose bit in `v0` is set.
        V0 0 ", v0.t",
        /// All of them.
        All 1 "",
    }
    /// What a fence orders: device input (`i`) and output (`o`), memory reads (`r`) and writes (`w`).
    FenceSet {
        /// Memory writes.
        W 1 "w",
        /// Memory reads.
        R 2 "r",
        /// Memory.
        Rw 3 "rw",
        /// Device output.
        O 4 "o",
        /// Device output, memory writes.
        Ow 5 "ow",
        /// Device output, memory reads.
        Or 6 "or",
        /// Device output, memory.
        Orw 7 "orw",
        /// Device input.
        I 8 "i",
        /// Device input, memory writes.
        Iw 9 "iw",
        /// Device input, memory reads.
        Ir 10 "ir",
        /// Device input, memory.
        Irw 11 "irw",
        /// Devices.
        Io 12 "io",
        /// Devices, memory writes.
        Iow 13 "iow",
        /// Devices, memory reads.
        Ior 14 "ior",
        /// Everything.
        Iorw 15 "iorw",
    }
    /// A constant of `fli`.
    FloatConst {
        /// -1.
        MinusOne 0 "-1.0",
        /// The smallest positive normal number.
        Min 1 "min",
        /// 2 to the power -16.
        Exp2M16 2 "1.52587890625e-05",
        /// 2 to the power -15.
        Exp2M15 3 "3.0517578125e-05",
        /// 2 to the power -8.
        Exp2M8 4 "0.00390625",
        /// 2 to the power -7.
        Exp2M7 5 "0.0078125",
        /// 1/16.
        N0_0625 6 "0.0625",
        /// 1/8.
        N0_125 7 "0.125",
        /// 1/4.
        N0_25 8 "0.25",
        /// 5/16.
        N0_3125 9 "0.3125",
        /// 3/8.
        N0_375 10 "0.375",
        /// 7/16.
        N0_4375 11 "0.4375",
        /// 1/2.
        N0_5 12 "0.5",
        /// 5/8.
        N0_625 13 "0.625",
        /// 3/4.
        N0_75 14 "0.75",
        /// 7/8.
        N0_875 15 "0.875",
        /// 1.
        N1 16 "1.0",
        /// 5/4.
        N1_25 17 "1.25",
        /// 3/2.
        N1_5 18 "1.5",
        /// 7/4.
        N1_75 19 "1.75",
        /// 2.
        N2 20 "2.0",
        /// 5/2.
        N2_5 21 "2.5",
        /// 3.
        N3 22 "3.0",
        /// 4.
        N4 23 "4.0",
        /// 8.
        N8 24 "8.0",
        /// 16.
        N16 25 "16.0",
        /// 128.
        N128 26 "128.0",
        /// 256.
        N256 27 "256.0",
        /// 2 to the power 15.
        Exp2P15 28 "32768.0",
        /// 2 to the power 16.
        Exp2P16 29 "65536.0",
        /// Infinity.
        Infinity 30 "inf",
        /// Not a number.
        Nan 31 "nan",
    }
}

impl FloatConst {
    /// The constant with this value as a 64-bit float, if there is one. [`FloatConst::Min`] is not among them: its value
    /// depends on the format.
    pub fn new(value: f64) -> Result<FloatConst, Unencodable> {
        let same = |item: &&FloatConst| {
            item.to_string().parse().is_ok_and(|known: f64| known.to_bits() == value.to_bits())
        };
        let all = Self::CORNERS.iter().filter(|item| !matches!(item, FloatConst::Min | FloatConst::Nan));
        match all.copied().collect::<Vec<_>>().iter().find(same) {
            Some(item) => Ok(*item),
            None if value.to_bits() == 0x7ff8_0000_0000_0000 => Ok(FloatConst::Nan),
            None => Err(Unencodable),
        }
    }
}

/// A control and status register, by its number of twelve bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Csr(u32);

impl Csr {
    /// The register with this number.
    ///
    /// # Errors
    /// If it is 4096 or more.
    #[inline(always)]
    pub const fn new(number: u32) -> Result<Csr, Unencodable> {
        if number < 4096 { Ok(Csr(number)) } else { Err(Unencodable) }
    }
}

macro_rules! registers {
    ($($name:ident $number:literal $what:literal;)*) => {
        impl Csr {$(
            #[doc = concat!($what, ".")]
            pub const $name: Csr = Csr($number);
        )*}
    };
}
registers! {
    FFLAGS 0x001 "Accrued exceptions of float operations";
    FRM 0x002 "The rounding mode";
    FCSR 0x003 "Rounding mode and accrued exceptions";
    VSTART 0x008 "The element that a vector instruction starts with";
    VXSAT 0x009 "Whether a fixed-point operation has saturated";
    VXRM 0x00a "The rounding mode of fixed-point operations";
    VCSR 0x00f "Saturation and rounding mode of fixed-point operations";
    CYCLE 0xc00 "Cycles";
    TIME 0xc01 "Time";
    INSTRET 0xc02 "Retired instructions";
    VL 0xc20 "How many elements vector instructions work on";
    VTYPE 0xc21 "The vector type";
    VLENB 0xc22 "The size of a vector register in bytes";
}

impl Display for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Operand for Csr {
    const CORNERS: &'static [Csr] = &[
        Csr::FFLAGS,
        Csr::FRM,
        Csr::FCSR,
        Csr::VSTART,
        Csr::VL,
        Csr::CYCLE,
        Csr::TIME,
        Csr(0),
        Csr(0x7ff),
        Csr(0xfff),
    ];

    fn random(rng: &mut Rng) -> Csr {
        Csr(rng.below(4096) as u32)
    }
}

impl Field for Csr {
    #[inline(always)]
    fn bits(self) -> u32 {
        self.0
    }

    fn from_bits(bits: u32) -> Option<Csr> {
        Csr::new(bits).ok()
    }
}
