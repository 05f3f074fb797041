//! Registers: a type for each way in which a form may name one.
//!
//! Number 31 means `sp` in some fields and a zero in others, so that general registers have types for both: [`X`] and [`W`]
//! include the zero register, [`XSp`] and [`WSp`] the stack pointer. [`Gpr`] is a register without either, as an allocator
//! deals with them, and becomes any of the four; [`Gpr32`] is its low half. A vector register [`V`] becomes a scalar ([`B`] to [`Q`]), a
//! vector of some arrangement ([`V16B`] and so on), or one whose lanes are named singly ([`VB`] to [`VD`]).
//!
//! Numbers are kept in 32 bits, since they go into a word of that size: that saves an instruction for each.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use super::operand::Field;
use crate::asm::form::{Operand, Rng};

macro_rules! class {
    ($($(#[$doc:meta])* $class:ident $prefix:literal $suffix:literal $last:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $class(u32);

        impl $class {
            /// The register with this number, if there is one.
            #[inline(always)]
            pub const fn new(number: u8) -> Option<$class> {
                if number < 32 { Some($class(number as u32)) } else { None }
            }

            /// The register whose number is the low five bits of this one, for numbers that are known to be right.
            #[inline(always)]
            pub const fn from_low_bits(number: u8) -> $class {
                $class(number as u32 & 31)
            }

            /// The number in the encoding.
            #[inline(always)]
            pub const fn number(self) -> u8 {
                self.0 as u8
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.0 == 31 && !$last.is_empty() {
                    f.write_str($last)
                } else {
                    write!(f, concat!($prefix, "{}", $suffix), self.0)
                }
            }
        }

        impl fmt::Debug for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class(0), $class(1), $class(15), $class(16), $class(30), $class(31)];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.below(32) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = 31;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                Some($class(bits & 31))
            }
        }
    )*};
}

class! {
    /// A general register of 64 bits, or the zero register.
    X "x" "" "xzr";
    /// The low 32 bits of a general register (writing them clears the high ones), or the zero register.
    W "w" "" "wzr";
    /// A general register of 64 bits, or the stack pointer.
    XSp "x" "" "sp";
    /// The low 32 bits of a general register, or of the stack pointer.
    WSp "w" "" "wsp";
    /// A scalar of 8 bits in a vector register.
    B "b" "" "";
    /// A scalar of 16 bits in a vector register.
    H "h" "" "";
    /// A scalar of 32 bits in a vector register.
    S "s" "" "";
    /// A scalar of 64 bits in a vector register.
    D "d" "" "";
    /// All 128 bits of a vector register.
    Q "q" "" "";
    /// A vector register, with nothing said about what is in it.
    V "v" "" "";
    /// A vector of 8 bytes.
    V8B "v" ".8b" "";
    /// A vector of 16 bytes.
    V16B "v" ".16b" "";
    /// A vector of 2 lanes of 16 bits.
    V2H "v" ".2h" "";
    /// A vector of 4 lanes of 16 bits.
    V4H "v" ".4h" "";
    /// A vector of 8 lanes of 16 bits.
    V8H "v" ".8h" "";
    /// A vector of 2 lanes of 32 bits.
    V2S "v" ".2s" "";
    /// A vector of 4 lanes of 32 bits.
    V4S "v" ".4s" "";
    /// A vector of 1 lane of 64 bits.
    V1D "v" ".1d" "";
    /// A vector of 2 lanes of 64 bits.
    V2D "v" ".2d" "";
    /// A vector of 1 lane of 128 bits.
    V1Q "v" ".1q" "";
    /// A vector register of which one lane of 8 bits is meant.
    VB "v" ".b" "";
    /// A vector register of which one lane of 16 bits is meant.
    VH "v" ".h" "";
    /// A vector register of which one lane of 32 bits is meant.
    VS "v" ".s" "";
    /// A vector register of which one lane of 64 bits is meant.
    VD "v" ".d" "";
}

macro_rules! general {
    ($($(#[$doc:meta])* $class:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $class(u32);

        impl $class {
            /// The register with this number, if there is one.
            #[inline(always)]
            pub const fn new(number: u8) -> Option<$class> {
                if number < 31 { Some($class(number as u32)) } else { None }
            }

            /// The register with a constant number; one above 30 does not compile.
            #[inline(always)]
            pub const fn of<const NUMBER: u8>() -> $class {
                const { assert!(NUMBER < 31, "there is no such general register") };
                $class(NUMBER as u32)
            }

            /// The number in the encoding.
            #[inline(always)]
            pub const fn number(self) -> u8 {
                self.0 as u8
            }

            /// All 64 bits of it.
            #[inline(always)]
            pub const fn x(self) -> X {
                X(self.0)
            }

            /// Its low 32 bits.
            #[inline(always)]
            pub const fn w(self) -> W {
                W(self.0)
            }

            /// All 64 bits of it, where the stack pointer would be possible.
            #[inline(always)]
            pub const fn xsp(self) -> XSp {
                XSp(self.0)
            }

            /// Its low 32 bits, where the stack pointer would be possible.
            #[inline(always)]
            pub const fn wsp(self) -> WSp {
                WSp(self.0)
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class(0), $class(1), $class(15), $class(16), $class(30)];

            fn random(rng: &mut Rng) -> $class {
                $class(rng.below(31) as u32)
            }
        }

        impl Field for $class {
            const MASK: u32 = 31;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new(bits as u8 & 31)
            }
        }
    )*};
}

general! {
    /// A general register that is neither the stack pointer nor the zero register: `x0` to `x30`.
    Gpr "x";
    /// The low 32 bits of a general register that is neither the stack pointer nor the zero register: `w0` to `w30`.
    Gpr32 "w";
}

macro_rules! like {
    ($($from:ident: $($to:ident)*;)*) => {$($(
        impl From<$from> for $to {
            #[inline(always)]
            fn from(register: $from) -> $to {
                $to(register.0)
            }
        }
    )*)*};
}

like! {
    Gpr: Gpr32 X W XSp WSp;
    Gpr32: Gpr W WSp;
    V: B H S D Q V8B V16B V2H V4H V8H V2S V4S V1D V2D V1Q VB VH VS VD;
    X: W;
    W: X;
    XSp: WSp;
    WSp: XSp;
    B: V; H: V; S: V; D: V; Q: V; V8B: V; V16B: V; V2H: V; V4H: V; V8H: V; V2S: V; V4S: V; V1D: V; V2D: V;
    V1Q: V; VB: V; VH: V; VS: V; VD: V;
}

macro_rules! names {
    ($class:ident: $($name:ident $number:literal),*) => {$(
        #[doc = concat!("Register ", $number, ".")]
        pub const $name: $class = $class($number);
    )*};
}

names! { X:
    X0 0, X1 1, X2 2, X3 3, X4 4, X5 5, X6 6, X7 7, X8 8, X9 9, X10 10, X11 11, X12 12, X13 13, X14 14, X15 15,
    X16 16, X17 17, X18 18, X19 19, X20 20, X21 21, X22 22, X23 23, X24 24, X25 25, X26 26, X27 27, X28 28, X29 29,
    X30 30, XZR 31
}

names! { W:
    W0 0, W1 1, W2 2, W3 3, W4 4, W5 5, W6 6, W7 7, W8 8, W9 9, W10 10, W11 11, W12 12, W13 13, W14 14, W15 15,
    W16 16, W17 17, W18 18, W19 19, W20 20, W21 21, W22 22, W23 23, W24 24, W25 25, W26 26, W27 27, W28 28, W29 29,
    W30 30, WZR 31
}

names! { D:
    D0 0, D1 1, D2 2, D3 3, D4 4, D5 5, D6 6, D7 7, D8 8, D9 9, D10 10, D11 11, D12 12, D13 13, D14 14, D15 15,
    D16 16, D17 17, D18 18, D19 19, D20 20, D21 21, D22 22, D23 23, D24 24, D25 25, D26 26, D27 27, D28 28, D29 29,
    D30 30, D31 31
}

names! { V:
    V0 0, V1 1, V2 2, V3 3, V4 4, V5 5, V6 6, V7 7, V8 8, V9 9, V10 10, V11 11, V12 12, V13 13, V14 14, V15 15,
    V16 16, V17 17, V18 18, V19 19, V20 20, V21 21, V22 22, V23 23, V24 24, V25 25, V26 26, V27 27, V28 28, V29 29,
    V30 30, V31 31
}

/// The stack pointer.
pub const SP: XSp = XSp(31);
/// The low 32 bits of the stack pointer.
pub const WSP: WSp = WSp(31);

impl X {
    /// The same register where the stack pointer would be possible; the zero register is not there.
    #[inline(always)]
    pub const fn sp(self) -> Option<XSp> {
        if self.0 < 31 { Some(XSp(self.0)) } else { None }
    }

    /// The register, unless it is the zero register.
    #[inline(always)]
    pub const fn gpr(self) -> Option<Gpr> {
        Gpr::new(self.0 as u8)
    }
}

impl W {
    /// The same register where the stack pointer would be possible; the zero register is not there.
    #[inline(always)]
    pub const fn sp(self) -> Option<WSp> {
        if self.0 < 31 { Some(WSp(self.0)) } else { None }
    }
}

macro_rules! twice {
    ($($(#[$doc:meta])* $class:ident $of:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class(pub $of);

        impl From<$of> for $class {
            #[inline(always)]
            fn from(register: $of) -> $class {
                $class(register)
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class($of(0)), $class($of(1)), $class($of(30))];

            fn random(rng: &mut Rng) -> $class {
                $class($of::random(rng))
            }
        }

        impl Field for $class {
            const MASK: u32 = 31 | 31 << 11;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0.bits() | self.0.bits() << 11
            }

            fn from_bits(bits: u32) -> Option<$class> {
                (bits & 31 == bits >> 11).then(|| $class($of(bits & 31)))
            }
        }
    )*};
}

twice! {
    /// A register that stands in both source fields.
    TwiceX X;
    /// A register that stands in both source fields.
    TwiceW W;
    /// A register that stands in both source fields.
    TwiceV8B V8B;
    /// A register that stands in both source fields.
    TwiceV16B V16B;
}

macro_rules! pair {
    ($($(#[$doc:meta])* $class:ident $of:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class($of);

        impl $class {
            /// The pair that starts with this register, if its number is even.
            #[inline(always)]
            pub const fn new(first: $of) -> Option<$class> {
                if first.0 & 1 == 0 { Some($class(first)) } else { None }
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, {}", self.0, $of(self.0.0 | 1))
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[$class($of(0)), $class($of(14)), $class($of(28)), $class($of(30))];

            fn random(rng: &mut Rng) -> $class {
                $class($of(rng.below(16) as u32 * 2))
            }
        }

        impl Field for $class {
            const MASK: u32 = 31;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.0.bits()
            }

            fn from_bits(bits: u32) -> Option<$class> {
                $class::new($of(bits & 31))
            }
        }
    )*};
}

pair! {
    /// An even register and the next one, 64 bits each.
    XPair X;
    /// An even register and the next one, 32 bits each.
    WPair W;
}

/// A class of vector registers of which there are lists.
pub trait Lanes: Field {
    /// What is in each, as in `16b`.
    const SUFFIX: &'static str;
}

/// A list of `N` vector registers that follow each other; after 31 comes 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct List<T, const N: usize> {
    first: u8,
    lanes: PhantomData<T>,
}

impl<T: Lanes, const N: usize> List<T, N> {
    /// The list that starts with this register.
    #[inline(always)]
    pub fn from(first: T) -> Self {
        List { first: first.bits() as u8, lanes: PhantomData }
    }
}

impl<T: Lanes, const N: usize> Display for List<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for index in 0..N {
            let (open, number) =
                (if index == 0 { "{" } else { ", " }, (usize::from(self.first) + index) & 31);
            write!(f, "{open}v{number}.{}", T::SUFFIX)?;
        }
        f.write_str("}")
    }
}

impl<T: Lanes, const N: usize> Operand for List<T, N> {
    const CORNERS: &'static [Self] = &[
        List { first: 0, lanes: PhantomData },
        List { first: 29, lanes: PhantomData },
        List { first: 31, lanes: PhantomData },
    ];

    fn random(rng: &mut Rng) -> Self {
        List::from(T::random(rng))
    }
}

impl<T: Lanes, const N: usize> Field for List<T, N> {
    const MASK: u32 = 31;

    #[inline(always)]
    fn bits(self) -> u32 {
        self.first.into()
    }

    fn from_bits(bits: u32) -> Option<Self> {
        T::from_bits(bits).map(List::from)
    }
}

macro_rules! lists {
    ($($of:ident $suffix:literal: $($name:ident $count:literal),*;)*) => {$(
        impl Lanes for $of {
            const SUFFIX: &'static str = $suffix;
        }

        $(
            #[doc = concat!("A list of ", $count, " with `", $suffix, "`.")]
            pub type $name = List<$of, $count>;
        )*
    )*};
}

lists! {
    V8B "8b": V8Bx1 1, V8Bx2 2, V8Bx3 3, V8Bx4 4;
    V16B "16b": V16Bx1 1, V16Bx2 2, V16Bx3 3, V16Bx4 4;
    V4H "4h": V4Hx1 1, V4Hx2 2, V4Hx3 3, V4Hx4 4;
    V8H "8h": V8Hx1 1, V8Hx2 2, V8Hx3 3, V8Hx4 4;
    V2S "2s": V2Sx1 1, V2Sx2 2, V2Sx3 3, V2Sx4 4;
    V4S "4s": V4Sx1 1, V4Sx2 2, V4Sx3 3, V4Sx4 4;
    V1D "1d": V1Dx1 1, V1Dx2 2, V1Dx3 3, V1Dx4 4;
    V2D "2d": V2Dx1 1, V2Dx2 2, V2Dx3 3, V2Dx4 4;
    VB "b": VBx1 1, VBx2 2, VBx3 3, VBx4 4;
    VH "h": VHx1 1, VHx2 2, VHx3 3, VHx4 4;
    VS "s": VSx1 1, VSx2 2, VSx3 3, VSx4 4;
    VD "d": VDx1 1, VDx2 2, VDx3 3, VDx4 4;
}

macro_rules! elements {
    ($($(#[$doc:meta])* $class:ident $of:ident $text:literal registers $registers:literal lanes $lanes:literal
       mask $mask:literal [$($lane_bit:literal to $word_bit:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $class {
            register: $of,
            lane: u8,
        }

        impl $class {
            #[doc = concat!("The lane, below ", $lanes, ", of a register below ", $registers, ", if it is one.")]
            #[inline(always)]
            pub const fn new(register: $of, lane: u8) -> Option<$class> {
                if register.0 < $registers && lane < $lanes { Some($class { register, lane }) } else { None }
            }
        }

        impl Display for $class {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("v{}.", $text, "[{}]"), self.register.0, self.lane)
            }
        }

        impl Operand for $class {
            const CORNERS: &'static [$class] = &[
                $class { register: $of(0), lane: 0 },
                $class { register: $of(1), lane: 1 },
                $class { register: $of($registers - 1), lane: 0 },
                $class { register: $of(0), lane: $lanes - 1 },
                $class { register: $of($registers - 1), lane: $lanes - 1 },
            ];

            fn random(rng: &mut Rng) -> $class {
                $class { register: $of(rng.below($registers) as u32), lane: rng.below($lanes) as u8 }
            }
        }

        impl Field for $class {
            const MASK: u32 = $mask;

            #[inline(always)]
            fn bits(self) -> u32 {
                self.register.0 << 16 $(| (u32::from(self.lane) >> $lane_bit & 1) << $word_bit)*
            }

            fn from_bits(bits: u32) -> Option<$class> {
                let lane = 0 $(| (bits >> $word_bit & 1) << $lane_bit)*;
                $class::new($of(bits >> 16 & ($registers - 1)), lane as u8)
            }
        }
    )*};
}

elements! {
    /// One lane of 16 bits of a register below 16, as a source of all lanes.
    ElementH VH "h" registers 16 lanes 8 mask 0x003f_0800 [0 to 20, 1 to 21, 2 to 11];
    /// One lane of 32 bits, as a source of all lanes.
    ElementS VS "s" registers 32 lanes 4 mask 0x003f_0800 [0 to 21, 1 to 11];
    /// One lane of 64 bits, as a source of all lanes.
    ElementD VD "d" registers 32 lanes 2 mask 0x001f_0800 [0 to 11];
    /// Four bytes that are one lane of 32 bits, as a source of all lanes.
    Element4B V16B "4b" registers 32 lanes 4 mask 0x003f_0800 [0 to 21, 1 to 11];
}
