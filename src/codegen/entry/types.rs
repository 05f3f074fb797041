//! Rust types as kinds: what typed functions take and give.

use crate::ir::eval::Value;
use crate::ir::{Convention, Kind, Signature};

/// A type that the IR has as a kind of one register; and `()`, for no result.
///
/// Pointers are `i64` in the IR: raw addresses.
pub trait Scalar: Copy + sealed::Sealed {
    /// The kind.
    const KIND: Kind;
    /// As the word that is passed.
    fn to_word(self) -> u64;
    /// From it.
    fn from_word(word: u64) -> Self;
}

/// A reference of the IR, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
#[repr(transparent)]
pub struct Reference(pub u64);

mod sealed {
    pub trait Sealed {}
    pub trait Tuple {}
    pub trait Outside<A, R> {}
    pub trait Raising<A, R> {}
}

macro_rules! scalars { ($($ty:ty, $kind:ident, $value:ident => $to:expr, $word:ident => $from:expr;)*) => {$(
    impl sealed::Sealed for $ty {}
    impl Scalar for $ty {
        const KIND: Kind = Kind::$kind;
        #[inline]
        fn to_word(self) -> u64 {
            let $value = self;
            $to
        }
        #[inline]
        fn from_word($word: u64) -> Self {
            $from
        }
    }
)*}}

scalars! {
    i32, I32, value => u64::from(value as u32), word => word as u32 as i32;
    u32, U32, value => u64::from(value), word => word as u32;
    i64, I64, value => value as u64, word => word as i64;
    u64, U64, value => value, word => word;
    f64, F64, value => value.to_bits(), word => f64::from_bits(word);
    bool, Bool, value => u64::from(value), word => word & 1 == 1;
    Reference, Ref, value => value.0, word => Reference(word);
    (), None, _value => 0, _word => ();
}

macro_rules! pointers { ($($ty:ty, $from:ident;)*) => {$(
    impl<T> sealed::Sealed for $ty {}
    impl<T> Scalar for $ty {
        const KIND: Kind = Kind::I64;
        #[inline]
        fn to_word(self) -> u64 {
            self.expose_provenance() as u64
        }
        #[inline]
        fn from_word(word: u64) -> Self {
            std::ptr::$from(word as usize)
        }
    }
)*}}

pointers! {
    *const T, with_exposed_provenance;
    *mut T, with_exposed_provenance_mut;
}

/// A tuple of arguments, up to eight.
pub trait Arguments: sealed::Tuple {
    /// Their kinds.
    const KINDS: &'static [Kind];
    /// An array of words.
    type Words: AsRef<[u64]>;
    /// As words, in order.
    fn words(self) -> Self::Words;
    /// Calls a function of the system's convention.
    ///
    /// # Safety
    /// At the address is a function with these arguments and this result, which does nothing that its caller may not do.
    unsafe fn call<R: Scalar>(self, address: u64) -> R;
}

/// A Rust function that compiled code may call: an `extern "C" fn`, safe or not, with up to eight arguments.
pub trait ExternFn<A, R>: sealed::Outside<A, R> {
    /// Where it is.
    fn address(&self) -> u64;
    /// What it takes and gives.
    fn signature(&self) -> Signature;
    /// May anybody call it?
    fn is_safe(&self) -> bool;
}

/// As [`ExternFn`], of a function that may raise: it gives a [`Returned`].
pub trait RaisingFn<A, R>: sealed::Raising<A, R> {
    /// Where it is.
    fn address(&self) -> u64;
    /// What it takes and gives.
    fn signature(&self) -> Signature;
    /// May anybody call it?
    fn is_safe(&self) -> bool;
}

/// What a function that may raise returns.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Returned<R> {
    value: R,
    raised: u64,
}

impl<R: Scalar> Returned<R> {
    /// It returns a value.
    pub fn value(value: R) -> Returned<R> {
        Returned { value, raised: 0 }
    }

    /// It raises.
    pub fn raised() -> Returned<R> {
        Returned { value: R::from_word(0), raised: 1 }
    }
}

macro_rules! tuples { ($($count:literal: $($name:ident)*;)*) => {$(
    impl<$($name: Scalar),*> sealed::Tuple for ($($name,)*) {}
    impl<$($name: Scalar),*> Arguments for ($($name,)*) {
        const KINDS: &'static [Kind] = &[$($name::KIND),*];
        type Words = [u64; $count];
        #[inline]
        #[allow(non_snake_case, reason = "values are named as their types")]
        fn words(self) -> [u64; $count] {
            let ($($name,)*) = self;
            [$($name.to_word()),*]
        }
        #[inline]
        #[allow(non_snake_case, reason = "values are named as their types")]
        unsafe fn call<R: Scalar>(self, address: u64) -> R {
            let pointer = std::ptr::with_exposed_provenance::<()>(address as usize);
            // SAFETY: the caller says so.
            let function: unsafe extern "C" fn($($name),*) -> R = unsafe { std::mem::transmute(pointer) };
            let ($($name,)*) = self;
            // SAFETY: as above.
            unsafe { function($($name),*) }
        }
    }
    tuples!(@outside extern "C" fn, true, $($name)*);
    tuples!(@outside unsafe extern "C" fn, false, $($name)*);
)*};
(@outside extern "C" fn, $safe:literal, $($name:ident)*) => {
    tuples!(@both [extern "C" fn($($name),*) -> Z] [extern "C" fn($($name),*) -> Returned<Z>] $safe, $($name)*);
};
(@outside unsafe extern "C" fn, $safe:literal, $($name:ident)*) => {
    tuples!(@both [unsafe extern "C" fn($($name),*) -> Z] [unsafe extern "C" fn($($name),*) -> Returned<Z>] $safe, $($name)*);
};
(@both [$plain:ty] [$raising:ty] $safe:literal, $($name:ident)*) => {
    impl<$($name: Scalar,)* Z: Scalar> sealed::Outside<($($name,)*), Z> for $plain {}
    impl<$($name: Scalar,)* Z: Scalar> ExternFn<($($name,)*), Z> for $plain {
        fn address(&self) -> u64 {
            *self as usize as u64
        }
        fn signature(&self) -> Signature {
            Signature::new(&[$($name::KIND),*], Z::KIND, Convention::System)
        }
        fn is_safe(&self) -> bool {
            $safe
        }
    }
    impl<$($name: Scalar,)* Z: Scalar> sealed::Raising<($($name,)*), Z> for $raising {}
    impl<$($name: Scalar,)* Z: Scalar> RaisingFn<($($name,)*), Z> for $raising {
        fn address(&self) -> u64 {
            *self as usize as u64
        }
        fn signature(&self) -> Signature {
            Signature::new(&[$($name::KIND),*], Z::KIND, Convention::System)
        }
        fn is_safe(&self) -> bool {
            $safe
        }
    }
};
}

tuples! {
    0:;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}

/// A value of a kind, from the words of a slot.
pub(super) fn value(kind: Kind, words: [u64; 4]) -> Value {
    if !kind.is_vector() {
        return Value::Bits(words[0]);
    }
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    Value::Vector(bytes)
}

/// A signature, for messages.
pub(super) fn describe(signature: &Signature) -> String {
    let params: Vec<String> = signature.params.iter().map(|ty| ty.kind.to_string()).collect();
    let result = match signature.result.kind {
        Kind::None => String::new(),
        kind => format!(" -> {kind}"),
    };
    format!("({}){result} {}", params.join(", "), signature.convention.name())
}
