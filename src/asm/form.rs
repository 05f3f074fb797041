//! Forms: one row of a table for each instruction form, and the operand classes that rows are made of.
//!
//! From a row come the encoder method, its documentation, the listing's text, and (with the feature `asm-forms`) the
//! cases that are compared with GNU as. Each instruction set has a `forms!` macro of its own, since its rows encode
//! differently; the words they share are here.
//!
//! To add an instruction set: an enum of displacement kinds that implements [`FixupKind`](super::FixupKind); a struct
//! `Assembler` around a [`CodeBuffer`](super::CodeBuffer) of that kind; a type for each class of operands, which
//! implements [`Operand`] and has a method that gives its bits; tables of rows; a macro that makes, of each row, a
//! method that composes the word and calls [`put_u32`](super::CodeBuffer::put_u32), and a [`Form`]. A method with a label
//! calls [`use_label`](super::CodeBuffer::use_label) *after* the put, with the offset at which the instruction then is: an
//! island may have come before it. Then `asm-tests` needs an `Isa` with the assembler program's name and the tables.

use std::fmt::Display;

/// What an instruction does with an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Written, not read.
    Def,
    /// Read.
    Use,
    /// Read and written.
    Mod,
}

/// A class of operands: how GNU as spells one (`Display`), and what the round trip tries: every corner (ends of
/// the range, special cases), then random values. How it is encoded is said by a trait of the instruction set.
pub trait Operand: Copy + Display + 'static {
    /// Values that are always tried; not empty.
    const CORNERS: &'static [Self];

    /// Some value, in a distribution that reaches everything.
    fn random(rng: &mut Rng) -> Self;
}

/// One form, for the round trip: `A` is the instruction set's assembler.
pub struct Form<A> {
    /// The encoder method.
    pub name: &'static str,
    /// The text, with operands in braces: see [`render`].
    pub text: &'static str,
    pub roles: &'static [Role],
    /// Emits one instruction with the operands that `Pick` gives, and returns its text. Of thousands of forms each has
    /// such a function: it compiles quickly if it only draws operands, calls the method, and has [`Pick::text`] make
    /// the text, rather than `format!`.
    pub case: fn(&mut A, &mut Pick<'_>) -> String,
}

/// A row's text with its operands filled in, in the way of `format!`: `{name}`, `{name:+}` for a number with its sign in any
/// case, `{{` and `}}` for braces.
pub fn render(text: &str, mut operand: impl FnMut(&mut String, &str)) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
        } else if let Some((name, after)) = rest.split_once('}') {
            let start = out.len();
            match name.strip_suffix(":+") {
                Some(name) => {
                    operand(&mut out, name);
                    if !out[start..].starts_with('-') {
                        out.insert(start, '+');
                    }
                }
                None => operand(&mut out, name),
            }
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A small generator of pseudo-random numbers (xorshift64*), seeded, so that every failure can be repeated.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Different seeds give unrelated sequences.
    pub fn new(seed: u64) -> Rng {
        // One step of splitmix64, so that small seeds do not start alike; xorshift must not start at 0.
        let mixed =
            (seed ^ (seed >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Rng((mixed ^ (mixed >> 27)) | 1)
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// A number of `bits` bits at most, signed, whose size is random too: small ones are as frequent as large ones.
    pub fn signed(&mut self, bits: u32) -> i64 {
        let width = 1 + self.below(u64::from(bits.clamp(1, 64))) as u32;
        (self.next_u64() as i64) >> (64 - width)
    }

    /// The same without sign.
    pub fn unsigned(&mut self, bits: u32) -> u64 {
        let width = 1 + self.below(u64::from(bits.clamp(1, 64))) as u32;
        self.next_u64() >> (64 - width)
    }
}

/// Chooses operands for the cases of one form. Case after case, one operand goes through its corners while the
/// others are corners or random values.
pub struct Pick<'a> {
    rng: &'a mut Rng,
    /// Corners left to step over before one is taken; counts down over the operands of a case.
    turn: u64,
    taken: bool,
    /// Operands, with their text, that are not to be drawn.
    unless: &'static [(&'static str, &'static str)],
    /// The names of the operands, if they were said.
    names: &'static [&'static str],
    /// The operands so far.
    texts: Vec<String>,
}

impl<'a> Pick<'a> {
    /// For the case with this number of some form.
    pub fn new(rng: &'a mut Rng, case: u64) -> Pick<'a> {
        Pick { rng, turn: case, taken: false, unless: &[], names: &[], texts: Vec::new() }
    }

    /// Says the names of the operands, and which of them must not have which text: those that the assembler
    /// program encodes in another form, and nothing pins ours.
    pub fn name(&mut self, names: &'static [&'static str], unless: &'static [(&'static str, &'static str)]) {
        self.names = names;
        self.unless = unless;
    }

    /// The next operand.
    #[allow(clippy::should_implement_trait)] // The type is chosen by the caller at each call.
    pub fn next<T: Operand>(&mut self) -> T {
        let name = self.names.get(self.texts.len()).copied().unwrap_or_default();
        loop {
            let value: T = self.draw();
            if self.names.is_empty() {
                return value;
            }
            let text = value.to_string();
            if !self.unless.contains(&(name, text.as_str())) {
                self.texts.push(text);
                return value;
            }
        }
    }

    /// A row's text with the operands that were drawn since their names were said.
    pub fn text(&self, row: &str) -> String {
        render(row, |out, name| {
            let index = self.names.iter().position(|operand| *operand == name);
            out.push_str(index.and_then(|index| self.texts.get(index)).map_or("?", String::as_str));
        })
    }

    fn draw<T: Operand>(&mut self) -> T {
        let corners = T::CORNERS.len() as u64;
        if !self.taken {
            if self.turn < corners {
                self.taken = true;
                return T::CORNERS[self.turn as usize];
            }
            self.turn -= corners;
        }
        if self.rng.below(3) == 0 {
            T::CORNERS[self.rng.below(corners) as usize]
        } else {
            T::random(self.rng)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_in() {
        let operand = |out: &mut String, name: &str| out.push_str(if name == "a" { "1" } else { "-2" });
        assert_eq!(render("x {a}{{k}}, {b} {a:+}{b:+} {{{a}}}", operand), "x 1{k}, -2 +1-2 {1}");
        assert_eq!(render("", operand), "");
    }

    #[test]
    fn random_numbers_reach_everything() {
        let mut rng = Rng::new(0);
        let mut seen = [false; 100];
        for _ in 0..10_000 {
            seen[rng.below(100) as usize] = true;
            assert!((-128..128).contains(&rng.signed(8)));
            assert!(rng.unsigned(5) < 32);
        }
        assert!(seen.iter().all(|seen| *seen));
        assert_eq!(rng.below(0), 0);
    }
}
