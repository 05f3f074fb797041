//! Constants.
//!
//! In a general register, the fewest instructions among:
//! - `movz`, `movn` or `orr` with a logical immediate, of 64 bits or of 32 (which clears the high half), and then a `movk` for
//!   each halfword that is still wrong;
//! - for two equal words, one word by `movz` and `movk`, and `orr` to copy it into the other.
//!
//! At most four, then; 64 random bits take four, an address of 48 bits three at most.
//!
//! In a float register: `movi` for zero and what else it can make, `fmov` for a float of few digits, a single `mov` and `fmov`
//! from the general register (eight bytes), else a literal load: one instruction, and no more bytes than two `mov` and the
//! `fmov` would take.
//!
//! Sources. Arm ARM, "MOVZ", "MOVN", "MOVK", "ORR (immediate)", "MOVI", "FMOV (scalar, immediate)", "LDR (literal)".

use super::{Member, TEMP, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{
    ByteMask, ByteShift4, ByteV, FImm, HalfW, HalfX, LogicW, LogicX, RotateX, U16,
};
use crate::asm::a64::reg::{D, Gpr, S, V, WZR, XZR};

/// The first instruction that makes a constant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    /// This halfword, zeros elsewhere.
    Zeros { half: u32 },
    /// This halfword, ones elsewhere.
    Ones { half: u32 },
    /// This halfword, ones in the other one of the low word, zeros in the high word.
    LowOnes { half: u32 },
    /// A logical immediate.
    Logic(LogicX),
    /// A logical immediate of 32 bits, zeros in the high word.
    LowLogic(LogicW),
}

/// How a constant is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    value: u64,
    start: Start,
    /// A bit for each halfword that a `movk` puts right.
    wrong: u8,
    /// At last, the low word is copied into the high one.
    doubled: bool,
}

const fn half_of(value: u64, half: u32) -> u16 {
    (value >> (16 * half)) as u16
}

/// A bit for each halfword in which they differ.
fn difference(a: u64, b: u64) -> u8 {
    (0..4).filter(|&half| half_of(a, half) != half_of(b, half)).fold(0, |bits, half| bits | 1 << half)
}

const LOW: u64 = u32::MAX as u64;

/// Whether a halfword may be part of a logical immediate: it has at most one run within it, or repeats bytes. Few
/// others do, so that this keeps the search short.
const fn may_be_logic(half: u16) -> bool {
    let changes = (half ^ half >> 1) & 0x7fff;
    changes.count_ones() <= 2 || half >> 8 == half & 0xff
}

impl Plan {
    fn new(value: u64, start: Start, made: u64) -> Plan {
        Plan { value, start, wrong: difference(value, made), doubled: false }
    }

    /// How many instructions.
    pub(super) fn len(&self) -> u32 {
        1 + self.wrong.count_ones() + u32::from(self.doubled)
    }

    /// The shortest plan for a value.
    pub(super) fn of(value: u64) -> Plan {
        let moves = Plan::by_moves(value);
        let mut best = Plan::by_logic(value, moves.len()).unwrap_or(moves);
        if best.len() > 3 && value >> 32 == value & LOW {
            best = Plan { doubled: true, ..Plan::by_moves(value & LOW) };
        }
        best
    }

    /// The shorter one; this one if they are equal.
    fn or(self, other: Plan) -> Plan {
        if other.len() < self.len() { other } else { self }
    }

    /// The best that begins with a `movz` or `movn`.
    fn by_moves(value: u64) -> Plan {
        let first = |filler: u16| (0..4).find(|&half| half_of(value, half) != filler).unwrap_or(0);
        let half = first(0);
        let zeros = value & 0xffff << (16 * half);
        let best = Plan::new(value, Start::Zeros { half }, zeros);
        let half = first(0xffff);
        let ones = value | !(0xffff << (16 * half));
        let best = best.or(Plan::new(value, Start::Ones { half }, ones));
        let half = u32::from(half_of(value, 0) == 0xffff);
        let low_ones = (value | !(0xffff << (16 * half))) & LOW;
        best.or(Plan::new(value, Start::LowOnes { half }, low_ones))
    }

    /// The best that begins with a logical immediate, if it is shorter than `limit` (which is 4 at most).
    fn by_logic(value: u64, limit: u32) -> Option<Plan> {
        if limit < 2 {
            return None;
        }
        if let Ok(logic) = LogicX::new(value) {
            return Some(Plan::new(value, Start::Logic(logic), value));
        }
        let low = LogicW::new(value as u32);
        let low = low.ok().map(|logic| Plan::new(value, Start::LowLogic(logic), value & LOW));
        if let Some(plan) = low.filter(|plan| plan.len() < limit.min(3)) {
            return Some(plan);
        }
        // A logical immediate that has all but one or two of the halfwords right. Whether there is one does not depend on
        // every bit of the others: what continues a run is all zeros or all ones, what continues a repetition is equal to
        // another halfword.
        let fillers =
            |half| [0, 0xffff, half_of(value, half ^ 1), half_of(value, half ^ 2), half_of(value, half ^ 3)];
        let with = |value: u64, half: u32, filler: u16| {
            value & !(0xffff << (16 * half)) | u64::from(filler) << (16 * half)
        };
        let plan = |near| Some(Plan::new(value, Start::Logic(LogicX::new(near).ok()?), near));
        let fits: [bool; 4] = std::array::from_fn(|half| may_be_logic(half_of(value, half as u32)));
        let kept_fit =
            |first, second| (0..4).all(|half| half == first || half == second || fits[half as usize]);
        if limit > 2 {
            for first in (0..4).filter(|&first| kept_fit(first, first)) {
                let near = fillers(first).into_iter().find_map(|filler| plan(with(value, first, filler)));
                if near.is_some() {
                    return near;
                }
            }
        }
        if limit > 3 {
            if low.is_some() {
                return low;
            }
            const PAIRS: [(u32, u32); 6] = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
            for (first, second) in PAIRS.into_iter().filter(|&(first, second)| kept_fit(first, second)) {
                for filler in fillers(first) {
                    let value = with(value, first, filler);
                    let near =
                        fillers(second).into_iter().find_map(|filler| plan(with(value, second, filler)));
                    if near.is_some() {
                        return near;
                    }
                }
            }
        }
        None
    }
}

/// `rd = value`, for any register.
pub(super) fn put(asm: &mut Assembler, rd: Gpr, value: u64) {
    put_plan(asm, rd, &Plan::of(value));
}

/// Makes a constant as planned.
pub(super) fn put_plan(asm: &mut Assembler, rd: Gpr, plan: &Plan) {
    let value = plan.value;
    let (rx, rw) = (rd.x(), rd.w());
    match plan.start {
        Start::Zeros { half } => match HalfX::lsl(16 * half) {
            Ok(shift) if half > 0 => asm.movz_x_rih(rx, half_of(value, half).into(), shift),
            _ => asm.movz_x_ri(rx, half_of(value, 0).into()),
        },
        Start::Ones { half } => match HalfX::lsl(16 * half) {
            Ok(shift) if half > 0 => asm.movn_x_rih(rx, U16::from(!half_of(value, half)), shift),
            _ => asm.movn_x_ri(rx, U16::from(!half_of(value, 0))),
        },
        Start::LowOnes { half: 0 } => asm.movn_w_ri(rw, U16::from(!half_of(value, 0))),
        Start::LowOnes { .. } => asm.movn_w_rih(rw, U16::from(!half_of(value, 1)), HalfW::of::<16>()),
        Start::Logic(logic) => asm.orr_x_rri(rd.xsp(), XZR, logic),
        Start::LowLogic(logic) => asm.orr_w_rri(rd.wsp(), WZR, logic),
    }
    for half in (0..4).filter(|half| plan.wrong >> half & 1 == 1) {
        match HalfX::lsl(16 * half) {
            Ok(shift) if half > 0 => asm.movk_x_rih(rx, half_of(value, half).into(), shift),
            _ => asm.movk_x_ri(rx, half_of(value, 0).into()),
        }
    }
    if plan.doubled
        && let Ok(shift) = RotateX::lsl(32)
    {
        asm.orr_x_rrrs(rx, rx, rx, shift);
    }
}

/// `rd = value`
pub(super) fn load_i64(asm: &mut Assembler, rd: Gpr, value: u64) {
    if !refuses(asm, rd.bit()) {
        put(asm, rd, value);
    }
}

/// `fd = value`, bit for bit.
pub(super) fn load_f64(asm: &mut Assembler, fd: D, value: f64) {
    if !refuses(asm, fd.bit()) {
        put_f64(asm, fd, value);
    }
}

/// `fd = value`, bit for bit, for any register.
pub(super) fn put_f64(asm: &mut Assembler, fd: D, value: f64) {
    let bits = value.to_bits();
    if let Ok(mask) = ByteMask::new(bits) {
        return asm.movi_d(fd, mask);
    }
    if let Ok(imm) = FImm::new(value) {
        return asm.fmov_d_i(fd, imm);
    }
    let plan = Plan::of(bits);
    if plan.len() == 1 {
        put_plan(asm, TEMP, &plan);
        return asm.fmov_d_x(fd, TEMP.x());
    }
    let label = asm.constant(bits);
    asm.ldr_d_lit(fd, label);
}

/// `fd = value`, bit for bit.
pub(super) fn load_f32(asm: &mut Assembler, fd: S, value: f32) {
    if refuses(asm, fd.bit()) {
        return;
    }
    let bits = value.to_bits();
    if bits & 0x00ff_ffff == 0 {
        // Above all, both zeros.
        return asm.movi_2s_i(V::from(fd).into(), ByteV((bits >> 24) as u8), ByteShift4::Lsl24);
    }
    // Widening is exact but for NaNs, and those are no immediates.
    if let Ok(imm) = FImm::new(value.into()) {
        return asm.fmov_s_i(fd, imm);
    }
    let plan = Plan::of(bits.into());
    if plan.len() == 1 {
        put_plan(asm, TEMP, &plan);
        return asm.fmov_s_w(fd, TEMP.w());
    }
    let label = asm.constant(bits);
    asm.ldr_s_lit(fd, label);
}
