//! The kernels: text, and what they work on. All are called with two addresses and a number, and give a number.

use orus::ir::{parse_module, verify};

use crate::Unit;

/// What is in memory when a kernel begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fill {
    /// Numbers from -1000 to 1000, of 32 bits.
    Ints,
    /// Letters, blanks, ends of lines.
    Text,
    /// Floats between 1 and 2.
    Floats,
}

/// Which loops ought to become vectors, and how wide a lane is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loop {
    /// Not this one.
    Scalar,
    /// Lanes of 32 bits.
    Ints,
    /// Lanes of f64.
    Floats,
}

/// A kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its name, also that of its function.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// What it is called with.
    pub n: i64,
    /// How often it is called in a measurement, which takes some milliseconds.
    pub calls: u32,
    /// What it finds.
    pub fill: Fill,
    /// It sorts its memory.
    pub sorts: bool,
    /// Is it a loop for vectors?
    pub kind: Loop,
}

macro_rules! kernels { ($($name:ident $n:literal $calls:literal $fill:ident $kind:ident;)*) => {
    /// All of them.
    pub const ALL: &[Kernel] = &[$(Kernel {
        name: stringify!($name),
        text: include_str!(concat!("../kernels/", stringify!($name), ".ir")),
        n: $n,
        calls: $calls,
        fill: Fill::$fill,
        sorts: matches!(stringify!($name).as_bytes(), b"checked_sort" | b"bubble" | b"quick"),
        kind: Loop::$kind,
    }),*];
}}

kernels! {
    // name      n       calls fill   for vectors
    sum          20_000  200   Ints   Scalar;
    checked_sum  20_000  200   Ints   Scalar;
    checked_sort 1_500   4     Ints   Scalar;
    sieve        200_000 4     Ints   Scalar;
    matmul       100     3     Floats Scalar;
    nbody        3_000   5     Floats Scalar;
    spectral     700     2     Floats Scalar;
    mandelbrot   64      12    Ints   Scalar;
    bubble       1_500   3     Ints   Scalar;
    quick        20_000  3     Ints   Scalar;
    hash         100_000 15    Text   Scalar;
    scan         100_000 12    Text   Scalar;
    collatz      15_000  3     Ints   Scalar;
    fib          25      10    Ints   Scalar;
    nested       700     5     Ints   Scalar;
    gcd          300     2     Ints   Scalar;
    v_map        2_048   3_000 Ints   Ints;
    v_sum        2_048   3_000 Ints   Ints;
    v_checked    2_048   3_000 Ints   Ints;
    v_min_max    2_048   3_000 Ints   Ints;
    v_fill       2_048   3_000 Ints   Ints;
    v_count      2_048   3_000 Ints   Ints;
    v_map_f64    1_024   6_000 Floats Floats;
    v_zip_f64    1_024   6_000 Floats Floats;
}

/// The kernel of a name.
pub fn find(name: &str) -> Option<&'static Kernel> {
    ALL.iter().find(|kernel| kernel.name == name)
}

impl Kernel {
    /// Its functions.
    ///
    /// # Panics
    /// If its text is wrong.
    pub fn unit(&self) -> Unit {
        let parsed = parse_module(self.text).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        for (_, function) in &parsed.functions {
            if let Err(error) = verify(function, &parsed.module) {
                panic!("{}: {error}", self.name);
            }
        }
        Unit { module: parsed.module, functions: parsed.functions }
    }
}

/// How many words of memory there are; the second address is in the middle.
pub const WORDS: usize = 1 << 16;

/// Memory as a kernel finds it.
pub fn memory(fill: Fill) -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    };
    let mut int = || next() % 2001;
    let mut word = |fill: Fill| match fill {
        Fill::Ints => {
            let (low, high) = (int() as i32 - 1000, int() as i32 - 1000);
            u64::from(low as u32) | u64::from(high as u32) << 32
        }
        Fill::Text => u64::from_le_bytes(std::array::from_fn(|_| match int() % 64 {
            0 => b'\n',
            1..10 => b' ',
            letter => b'A' + letter as u8,
        })),
        Fill::Floats => (1.0 + int() as f64 / 2001.0).to_bits(),
    };
    (0..WORDS).map(|_| word(fill)).collect()
}
