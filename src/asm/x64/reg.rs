//! Registers: a type for each width, so that a 32-bit register cannot slip into a 64-bit form.

use std::fmt::{self, Display};

use crate::asm::form::{Operand, Rng};

/// A class of registers, as encoders see it.
pub trait Register: Copy {
    /// The number in the encoding: below 16, or below 32 for those that need EVEX.
    fn number(self) -> u32;

    /// Whether it can be named only with a REX prefix: `spl`, `bpl`, `sil`, `dil`.
    #[inline(always)]
    fn needs_rex(self) -> bool {
        false
    }
}

macro_rules! class {
    ($(#[$doc:meta])* $class:ident $count:literal [$($name:ident $number:literal $text:literal),* $(,)?]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $class(u8);

        impl $class {
            /// The register with this number, if there is one.
            #[inline(always)]
            pub const fn new(number: u8) -> Option<$class> {
                if number < $count { Some($class(number)) } else { None }
            }

            /// The register whose number is the low bits of this one, for numbers that are known to be right.
            #[inline(always)]
            pub const fn from_low_bits(number: u8) -> $class {
                $class(number & ($count - 1))
            }

            /// All of them, in order.
            pub fn all() -> impl Iterator<Item = $class> {
                (0..$count).map($class)
            }
        }

        $(
            #[doc = concat!("`", $text, "`")]
            pub const $name: $class = $class($number);
        )*

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                const NAMES: [&str; $count] = [$($text),*];
                f.write_str(NAMES.get(usize::from(self.0)).copied().unwrap_or("?"))
            }
        }

        impl fmt::Debug for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$($class($number)),*];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.below($count) as u8)
            }
        }
    };
}

macro_rules! register {
    ($($class:ident),*) => {$(
        impl Register for $class {
            #[inline(always)]
            fn number(self) -> u32 {
                self.0.into()
            }
        }
    )*};
}

macro_rules! like {
    ($($from:ident => $to:ident),*) => {$(
        impl From<$from> for $to {
            #[inline(always)]
            fn from(register: $from) -> $to {
                $to(register.0)
            }
        }
    )*};
}

class! {
    /// A general register of 64 bits.
    Gpr64 16 [
        RAX 0 "rax", RCX 1 "rcx", RDX 2 "rdx", RBX 3 "rbx", RSP 4 "rsp", RBP 5 "rbp", RSI 6 "rsi",
        RDI 7 "rdi", R8 8 "r8", R9 9 "r9", R10 10 "r10", R11 11 "r11", R12 12 "r12", R13 13 "r13",
        R14 14 "r14", R15 15 "r15",
    ]
}

class! {
    /// The low 32 bits of a general register; writing it clears the high ones.
    Gpr32 16 [
        EAX 0 "eax", ECX 1 "ecx", EDX 2 "edx", EBX 3 "ebx", ESP 4 "esp", EBP 5 "ebp", ESI 6 "esi",
        EDI 7 "edi", R8D 8 "r8d", R9D 9 "r9d", R10D 10 "r10d", R11D 11 "r11d", R12D 12 "r12d", R13D 13 "r13d",
        R14D 14 "r14d", R15D 15 "r15d",
    ]
}

class! {
    /// The low 16 bits of a general register.
    Gpr16 16 [
        AX 0 "ax", CX 1 "cx", DX 2 "dx", BX 3 "bx", SP 4 "sp", BP 5 "bp", SI 6 "si", DI 7 "di", R8W 8 "r8w",
        R9W 9 "r9w", R10W 10 "r10w", R11W 11 "r11w", R12W 12 "r12w", R13W 13 "r13w", R14W 14 "r14w",
        R15W 15 "r15w",
    ]
}

class! {
    /// The low 8 bits of a general register. The second bytes (`ah` and so on) are not there: they exclude REX.
    Gpr8 16 [
        AL 0 "al", CL 1 "cl", DL 2 "dl", BL 3 "bl", SPL 4 "spl", BPL 5 "bpl", SIL 6 "sil", DIL 7 "dil",
        R8B 8 "r8b", R9B 9 "r9b", R10B 10 "r10b", R11B 11 "r11b", R12B 12 "r12b", R13B 13 "r13b",
        R14B 14 "r14b", R15B 15 "r15b",
    ]
}

class! {
    /// A vector register of 128 bits, of the 16 that SSE and VEX have.
    Xmm 16 [
        XMM0 0 "xmm0", XMM1 1 "xmm1", XMM2 2 "xmm2", XMM3 3 "xmm3", XMM4 4 "xmm4", XMM5 5 "xmm5",
        XMM6 6 "xmm6", XMM7 7 "xmm7", XMM8 8 "xmm8", XMM9 9 "xmm9", XMM10 10 "xmm10", XMM11 11 "xmm11",
        XMM12 12 "xmm12", XMM13 13 "xmm13", XMM14 14 "xmm14", XMM15 15 "xmm15",
    ]
}

class! {
    /// A vector register of 256 bits, of the 16 that VEX has.
    Ymm 16 [
        YMM0 0 "ymm0", YMM1 1 "ymm1", YMM2 2 "ymm2", YMM3 3 "ymm3", YMM4 4 "ymm4", YMM5 5 "ymm5",
        YMM6 6 "ymm6", YMM7 7 "ymm7", YMM8 8 "ymm8", YMM9 9 "ymm9", YMM10 10 "ymm10", YMM11 11 "ymm11",
        YMM12 12 "ymm12", YMM13 13 "ymm13", YMM14 14 "ymm14", YMM15 15 "ymm15",
    ]
}

class! {
    /// A vector register of 128 bits, of the 32 that EVEX has.
    XmmE 32 [
        XMM0E 0 "xmm0", XMM1E 1 "xmm1", XMM2E 2 "xmm2", XMM3E 3 "xmm3", XMM4E 4 "xmm4", XMM5E 5 "xmm5",
        XMM6E 6 "xmm6", XMM7E 7 "xmm7", XMM8E 8 "xmm8", XMM9E 9 "xmm9", XMM10E 10 "xmm10", XMM11E 11 "xmm11",
        XMM12E 12 "xmm12", XMM13E 13 "xmm13", XMM14E 14 "xmm14", XMM15E 15 "xmm15", XMM16E 16 "xmm16",
        XMM17E 17 "xmm17", XMM18E 18 "xmm18", XMM19E 19 "xmm19", XMM20E 20 "xmm20", XMM21E 21 "xmm21",
        XMM22E 22 "xmm22", XMM23E 23 "xmm23", XMM24E 24 "xmm24", XMM25E 25 "xmm25", XMM26E 26 "xmm26",
        XMM27E 27 "xmm27", XMM28E 28 "xmm28", XMM29E 29 "xmm29", XMM30E 30 "xmm30", XMM31E 31 "xmm31",
    ]
}

class! {
    /// A vector register of 256 bits, of the 32 that EVEX has.
    YmmE 32 [
        YMM0E 0 "ymm0", YMM1E 1 "ymm1", YMM2E 2 "ymm2", YMM3E 3 "ymm3", YMM4E 4 "ymm4", YMM5E 5 "ymm5",
        YMM6E 6 "ymm6", YMM7E 7 "ymm7", YMM8E 8 "ymm8", YMM9E 9 "ymm9", YMM10E 10 "ymm10", YMM11E 11 "ymm11",
        YMM12E 12 "ymm12", YMM13E 13 "ymm13", YMM14E 14 "ymm14", YMM15E 15 "ymm15", YMM16E 16 "ymm16",
        YMM17E 17 "ymm17", YMM18E 18 "ymm18", YMM19E 19 "ymm19", YMM20E 20 "ymm20", YMM21E 21 "ymm21",
        YMM22E 22 "ymm22", YMM23E 23 "ymm23", YMM24E 24 "ymm24", YMM25E 25 "ymm25", YMM26E 26 "ymm26",
        YMM27E 27 "ymm27", YMM28E 28 "ymm28", YMM29E 29 "ymm29", YMM30E 30 "ymm30", YMM31E 31 "ymm31",
    ]
}

class! {
    /// A vector register of 512 bits.
    Zmm 32 [
        ZMM0 0 "zmm0", ZMM1 1 "zmm1", ZMM2 2 "zmm2", ZMM3 3 "zmm3", ZMM4 4 "zmm4", ZMM5 5 "zmm5",
        ZMM6 6 "zmm6", ZMM7 7 "zmm7", ZMM8 8 "zmm8", ZMM9 9 "zmm9", ZMM10 10 "zmm10", ZMM11 11 "zmm11",
        ZMM12 12 "zmm12", ZMM13 13 "zmm13", ZMM14 14 "zmm14", ZMM15 15 "zmm15", ZMM16 16 "zmm16",
        ZMM17 17 "zmm17", ZMM18 18 "zmm18", ZMM19 19 "zmm19", ZMM20 20 "zmm20", ZMM21 21 "zmm21",
        ZMM22 22 "zmm22", ZMM23 23 "zmm23", ZMM24 24 "zmm24", ZMM25 25 "zmm25", ZMM26 26 "zmm26",
        ZMM27 27 "zmm27", ZMM28 28 "zmm28", ZMM29 29 "zmm29", ZMM30 30 "zmm30", ZMM31 31 "zmm31",
    ]
}

class! {
    /// A mask register.
    KReg 8 [
        K0 0 "k0", K1 1 "k1", K2 2 "k2", K3 3 "k3", K4 4 "k4", K5 5 "k5", K6 6 "k6", K7 7 "k7",
    ]
}

register!(Gpr64, Gpr32, Gpr16, Xmm, Ymm, XmmE, YmmE, Zmm, KReg);
like!(Xmm => XmmE, Ymm => YmmE, Xmm => Ymm, Ymm => Xmm, XmmE => Zmm, YmmE => Zmm, XmmE => YmmE, YmmE => XmmE, Zmm => YmmE, Zmm => XmmE);

impl Register for Gpr8 {
    #[inline(always)]
    fn number(self) -> u32 {
        self.0.into()
    }

    #[inline(always)]
    fn needs_rex(self) -> bool {
        self.0 >= 4
    }
}

impl Gpr64 {
    /// As the index of an address; `rsp` cannot be one.
    #[inline(always)]
    pub const fn index(self) -> Option<Index> {
        if self.0 == RSP.0 { None } else { Some(Index(self)) }
    }

    /// Its low 32 bits.
    #[inline(always)]
    pub const fn as_32(self) -> Gpr32 {
        Gpr32(self.0)
    }

    /// Its low 16 bits.
    #[inline(always)]
    pub const fn as_16(self) -> Gpr16 {
        Gpr16(self.0)
    }

    /// Its low 8 bits.
    #[inline(always)]
    pub const fn as_8(self) -> Gpr8 {
        Gpr8(self.0)
    }
}

impl Gpr32 {
    /// All its 64 bits.
    #[inline(always)]
    pub const fn as_64(self) -> Gpr64 {
        Gpr64(self.0)
    }
}

/// A general register that can be the index of an address: any but `rsp`. See [`Gpr64::index`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Index(Gpr64);

impl Index {
    /// The register.
    #[inline(always)]
    pub const fn register(self) -> Gpr64 {
        self.0
    }

    pub(super) const fn bits(self) -> u32 {
        self.0.0 as u32
    }
}

impl KReg {
    pub(super) const fn bits(self) -> u8 {
        self.0
    }
}
