//! Constants: the shortest chain of instructions that builds one in a register, or a literal.
//!
//! How it works. A chain starts with `li` (12 bits with sign) or `lui` (20 bits above 12 zeros), and goes on by adding 12 bits
//! with sign or shifting. The search runs backward: the last instruction may have added the low 12 bits, shifted zeros in
//! from the right, or shifted zeros in from the left, dropping ones or zeros at the right; each leaves a simpler value, for
//! which the same is asked. Fewest instructions win, among those the fewest bytes.
//!
//! What takes more than four instructions is a literal, `auipc` and `ld`. That is fewer instructions from three on, but they are
//! not alike: four that only compute take four cycles and 16 bytes at most, the pair takes as long if the literal is in the
//! nearest cache, a hundred times that if it is not, and 16 bytes with its literal. So a chain of four is never worse.
//!
//! A float is made from an integer in two instructions where one instruction makes that integer: by its bits (`fmv.d.x`), or
//! by its value (`fcvt.d.w`); else it is a literal, two instructions too.
//!
//! Cost. A value of one instruction takes a few comparisons, one of 32 bits a dozen, any other a few hundred at most.

use super::super::Assembler;
use super::super::operand::{I12, Rm, U6, U20};
use super::super::reg::{F, T6, X, XNz, ZERO};
use super::Features;

/// The longest chain; what takes more is a literal.
const LONGEST: usize = 4;

/// An instruction of a chain; all but the first work on the register itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Li(i32),
    /// The 20 bits of `lui`, with sign.
    Lui(i32),
    /// `bseti rd, x0` (Zbs).
    Bit(u32),
    Addi(i32),
    Addiw(i32),
    Slli(u32),
    Srli(u32),
    /// `zext.w` (Zba).
    ZextW,
}

/// What it takes to have a constant in a register: the fewer the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Cost {
    pub(super) instructions: usize,
    pub(super) bytes: usize,
}

/// A chain of at most [`LONGEST`] instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    steps: [Step; LONGEST],
    cost: Cost,
}

impl Chain {
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps[..self.cost.instructions]
    }
}

/// The low 12 bits, with their sign.
pub(super) const fn low12(value: i64) -> i32 {
    (value as i32) << 20 >> 20
}

/// The immediate with these low 12 bits.
pub(super) fn imm12(value: i64) -> I12 {
    // Any such number fits.
    I12::new(low12(value)).unwrap_or(I12::of::<0>())
}

/// The shift amount with these low 6 bits.
pub(super) fn shift(amount: u32) -> U6 {
    U6::new((amount & 63) as i32).unwrap_or(U6::of::<0>())
}

/// What decides how long a step is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) compress: bool,
    /// Whether the register is one of the eight of most compressed forms.
    pub(super) is_c: bool,
    pub(super) features: Features,
}

impl Search {
    fn size(self, step: Step) -> usize {
        let is_short = match step {
            Step::Li(imm) | Step::Addi(imm) | Step::Addiw(imm) => (-32..32).contains(&imm),
            Step::Lui(imm) => (-32..32).contains(&imm) && imm != 0,
            Step::Slli(_) => true,
            Step::Srli(_) => self.is_c,
            Step::Bit(_) | Step::ZextW => false,
        };
        if self.compress && is_short { 2 } else { 4 }
    }

    fn then(self, chain: Chain, step: Step) -> Chain {
        let Chain { mut steps, mut cost } = chain;
        if let Some(place) = steps.get_mut(cost.instructions) {
            *place = step;
            cost.instructions += 1;
            cost.bytes += self.size(step);
        }
        Chain { steps, cost }
    }

    /// The one instruction that gives the value.
    fn one(self, value: i64) -> Option<Step> {
        if value == i64::from(low12(value)) {
            Some(Step::Li(value as i32))
        } else if value == i64::from(value as i32) && value & 0xfff == 0 {
            Some(Step::Lui(value as i32 >> 12))
        } else if self.features.zbs && (value as u64).is_power_of_two() {
            Some(Step::Bit(value.trailing_zeros()))
        } else {
            None
        }
    }

    /// The best chain of at most so many instructions.
    pub(super) fn find(self, value: i64, most: usize) -> Option<Chain> {
        if let Some(step) = self.one(value) {
            let cost = Cost { instructions: 1, bytes: self.size(step) };
            return Some(Chain { steps: [step; LONGEST], cost });
        }
        if most < 2 {
            return None;
        }
        let (mut best, mut most): (Option<Chain>, usize) = (None, most);
        let mut consider = |before: i64, step: Step| {
            if let Some(chain) = self.find(before, most - 1) {
                let chain = self.then(chain, step);
                if best.is_none_or(|best| chain.cost < best.cost) {
                    most = chain.cost.instructions;
                    best = Some(chain);
                }
            }
        };
        let low = low12(value);
        if value == i64::from(value as i32) {
            consider(i64::from((value as i32).wrapping_sub(low)), Step::Addiw(low));
        } else if low != 0 {
            consider(value.wrapping_sub(low.into()), Step::Addi(low));
        }
        let zeros = value.trailing_zeros();
        if zeros > 0 {
            consider(value >> zeros, Step::Slli(zeros));
        }
        if zeros > 12 {
            // For `lui`, which has 12 zeros by itself.
            consider(value >> (zeros - 12), Step::Slli(zeros - 12));
        }
        if value > 0 {
            let zeros = value.leading_zeros();
            consider(value << zeros | ((1 << zeros) - 1), Step::Srli(zeros));
            consider(value << zeros, Step::Srli(zeros));
            if self.features.zba && zeros == 32 {
                consider(i64::from(value as i32), Step::ZextW);
            }
        }
        best
    }
}

impl Assembler {
    fn search(&self, rd: X) -> Search {
        Search { compress: self.compress, is_c: rd.number() & 0x18 == 8, features: self.features }
    }

    /// What a constant costs in a register that is not one of the eight. A literal comes after all chains.
    pub(super) fn constant_cost(&self, value: i64) -> Cost {
        let chain = self.search(T6).find(value, LONGEST);
        chain.map_or(Cost { instructions: LONGEST + 1, bytes: 16 }, |chain| chain.cost)
    }

    /// `rd = value`
    pub(super) fn put_constant(&mut self, rd: X, value: i64) {
        match self.search(rd).find(value, LONGEST) {
            Some(chain) => {
                for &step in chain.steps() {
                    self.put_step(rd, step);
                }
            }
            None => {
                let label = self.constant(value);
                if let Ok(rd) = XNz::try_from(rd) {
                    self.ld_at(rd, label);
                }
            }
        }
    }

    fn put_step(&mut self, rd: X, step: Step) {
        match step {
            Step::Li(imm) => self.li(rd, imm12(imm.into())),
            Step::Lui(imm) => self.lui(rd, U20::new(imm & 0xf_ffff).unwrap_or(U20::of::<0>())),
            Step::Bit(bit) => self.bseti(rd, ZERO, shift(bit)),
            Step::Addi(imm) => self.addi(rd, rd, imm12(imm.into())),
            Step::Addiw(imm) => self.addiw(rd, rd, imm12(imm.into())),
            Step::Slli(amount) => self.slli(rd, rd, shift(amount)),
            Step::Srli(amount) => self.srli(rd, rd, shift(amount)),
            Step::ZextW => self.zext_w(rd, rd),
        }
    }

    /// Loads what one instruction makes into T6.
    fn put_single(&mut self, value: i64) -> bool {
        match self.search(T6).one(value) {
            Some(step) => {
                self.put_step(T6, step);
                true
            }
            None => false,
        }
    }

    /// `fd = value`
    pub(super) fn put_f64(&mut self, fd: F, value: f64) {
        let bits = value.to_bits() as i64;
        let integer = value as i32;
        if bits == 0 {
            self.fmv_d_x(fd, ZERO);
        } else if bits == i64::MIN {
            self.fmv_d_x(fd, ZERO);
            self.fneg_d(fd, fd);
        } else if f64::from(integer).to_bits() == value.to_bits() && self.put_single(integer.into()) {
            self.fcvt_d_w(fd, T6);
        } else if self.put_single(bits) {
            self.fmv_d_x(fd, T6);
        } else {
            let label = self.constant(bits);
            self.fld_at(fd, SCRATCH, label);
        }
    }

    /// `fd = value`
    pub(super) fn put_f32(&mut self, fd: F, value: f32) {
        let bits = value.to_bits() as i32;
        let integer = value as i32;
        if bits == 0 {
            self.fmv_w_x(fd, ZERO);
        } else if self.put_single(bits.into()) {
            self.fmv_w_x(fd, T6);
        } else if integer != 0
            && (integer as f32).to_bits() == value.to_bits()
            && self.put_single(integer.into())
        {
            self.fcvt_s_w(fd, T6, Rm::Rne);
        } else {
            let label = self.constant(bits);
            self.flw_at(fd, SCRATCH, label);
        }
    }
}

/// T6, which is not the zero register.
const SCRATCH: XNz = match XNz::new(T6.number()) {
    Some(register) => register,
    None => unreachable!(),
};
