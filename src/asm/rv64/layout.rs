//! Places: where the bits of an operand stand in an instruction.
//!
//! The manual scatters immediates, each format in its own way. A place has a name, and a line here: pieces of so many bits,
//! from a bit of the operand's value to a bit of the word. Encoder, listing and masks come from the line.
//!
//! Sources. RISC-V unprivileged specification, "Base Instruction Formats", "Compressed Instruction Formats", "Vector
//! Instruction Formats".

/// Where an operand stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The bits of the word that belong to the operand.
    pub mask: u32,
    /// The operand's bits, into the word.
    pub scatter: fn(u32) -> u32,
    /// The operand's bits, out of the word. Where they stand twice and differ, scattering them gives another word.
    pub gather: fn(u32) -> u32,
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident [$($from:literal $count:literal $to:literal),*];)*) => {
        /// Into the word: a function for each place.
        pub mod scatter {$(
            $(#[$doc])*
            #[inline(always)]
            pub const fn $name(bits: u32) -> u32 {
                0 $(| (bits >> $from & ((1 << $count) - 1)) << $to)*
            }
        )*}

        /// The place with this name.
        pub fn place(name: &str) -> Option<Place> {
            Some(match name {
                $(stringify!($name) => Place {
                    mask: 0 $(| ((1 << $count) - 1) << $to)*,
                    scatter: scatter::$name,
                    gather: |word| 0 $(| (word >> $to & ((1 << $count) - 1)) << $from)*,
                },)*
                _ => return None,
            })
        }
    };
}

places! {
    /// The destination.
    rd [0 5 7];
    /// The first source.
    rs1 [0 5 15];
    /// The second source.
    rs2 [0 5 20];
    /// The third source.
    rs3 [0 5 27];
    /// One register that is both sources.
    rs1_rs2 [0 5 15, 0 5 20];
    /// One vector register that is all operands.
    vd_all [0 5 7, 0 5 15, 0 5 20];
    /// The rounding mode.
    rm [0 3 12];
    /// The immediate of the I format.
    imm_i [0 12 20];
    /// The immediate of the S format.
    imm_s [0 5 7, 5 7 25];
    /// The displacement of the B format.
    imm_b [11 1 7, 1 4 8, 5 6 25, 12 1 31];
    /// The immediate of the U format.
    imm_u [0 20 12];
    /// The displacement of the J format.
    imm_j [12 8 12, 11 1 20, 1 10 21, 20 1 31];
    /// A number of bits to shift by.
    shamt [0 6 20];
    /// A control and status register.
    csr [0 12 20];
    /// An immediate where the first source would be.
    zimm [0 5 15];
    /// What a fence orders before it.
    pred [0 4 24];
    /// What a fence orders after it.
    succ [0 4 20];
    /// The ordering of an atomic access.
    order [0 2 25];
    /// Whether a vector instruction works without mask.
    vm [0 1 25];
    /// The vector type of `vsetvli`.
    vtype [0 8 20];
    /// Destination and first source of a compressed instruction, or the second of `c.jr`.
    c_rd [0 5 7];
    /// The second source of a compressed instruction.
    c_rs2 [0 5 2];
    /// A register of the eight, at the lower place.
    c_low [0 3 2];
    /// A register of the eight, at the higher place.
    c_high [0 3 7];
    /// Six bits of a compressed instruction.
    c_imm [0 5 2, 5 1 12];
    /// The immediate of `c.addi4spn`.
    c_addi4spn [6 4 7, 4 2 11, 3 1 5, 2 1 6];
    /// The immediate of `c.addi16sp`.
    c_addi16sp [4 1 6, 6 1 5, 7 2 3, 5 1 2, 9 1 12];
    /// The offset of `c.lw` and `c.sw`.
    c_word [3 3 10, 2 1 6, 6 1 5];
    /// The offset of `c.ld` and `c.sd`.
    c_double [3 3 10, 6 2 5];
    /// The offset of `c.lwsp`.
    c_lwsp [5 1 12, 2 3 4, 6 2 2];
    /// The offset of `c.ldsp`.
    c_ldsp [5 1 12, 3 2 5, 6 3 2];
    /// The offset of `c.swsp`.
    c_swsp [2 4 9, 6 2 7];
    /// The offset of `c.sdsp`.
    c_sdsp [3 3 10, 6 3 7];
    /// The displacement of `c.j`.
    c_jump [11 1 12, 4 1 11, 8 2 9, 10 1 8, 6 1 7, 7 1 6, 1 3 3, 5 1 2];
    /// The displacement of `c.beqz`.
    c_branch [8 1 12, 3 2 10, 6 2 5, 1 2 3, 5 1 2];
}
