//! Operands: the corners of each kind, and random values of random magnitude.

use orus::asm::form::Rng;

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    I64,
    I32,
    F64,
}

impl Kind {
    pub fn is_float(self) -> bool {
        self == Kind::F64
    }

    /// The corners of which all pairs are tried.
    pub fn corners(self) -> Vec<u64> {
        match self {
            Kind::I64 => integer_corners(64),
            Kind::I32 => integer_corners(32),
            Kind::F64 => float_corners(),
        }
    }

    /// More corners, which are tried one by one: every power of two.
    pub fn all_corners(self) -> Vec<u64> {
        let mut all = self.corners();
        if !self.is_float() {
            let bits = if self == Kind::I64 { 64 } else { 32 };
            for power in 0..bits {
                for near in [-1i64, 0, 1] {
                    let value = (1i64 << power).wrapping_add(near);
                    all.extend(
                        [value as u64, value.wrapping_neg() as u64].map(|value| truncate(value, bits)),
                    );
                }
            }
            all.sort_unstable();
            all.dedup();
        }
        all
    }

    /// Some value: a corner one time in three.
    pub fn random(self, rng: &mut Rng, corners: &[u64]) -> u64 {
        if rng.below(3) == 0 {
            return corners[rng.below(corners.len() as u64) as usize];
        }
        match self {
            Kind::I64 if rng.below(4) == 0 => rng.unsigned(64),
            Kind::I64 => rng.signed(64) as u64,
            Kind::I32 => u64::from(rng.signed(32) as u32),
            Kind::F64 => match rng.below(4) {
                0 => rng.next_u64(),
                1 => (rng.signed(64) as f64 / 2.0).to_bits(),
                2 => (rng.signed(64) as f64).to_bits(),
                _ => (rng.signed(53) as f64 * 2f64.powi(rng.signed(8) as i32)).to_bits(),
            },
        }
    }
}

fn truncate(value: u64, bits: u32) -> u64 {
    value & (u64::MAX >> (64 - bits))
}

fn integer_corners(bits: u32) -> Vec<u64> {
    let mut corners = Vec::new();
    for small in [0i64, 1, 2, 3, 5, 7, 10] {
        corners.extend([small, -small, i64::MIN.wrapping_add(small), i64::MAX.wrapping_sub(small)]);
        corners.extend([(1i64 << (bits - 1)).wrapping_add(small), (1i64 << (bits - 1)).wrapping_sub(small)]);
    }
    for power in [7, 8, 11, 12, 15, 16, 31, 32, 52, 53, 62].into_iter().filter(|&power| power < bits) {
        for near in [-1i64, 0, 1] {
            let value = (1i64 << power) + near;
            corners.extend([value, -value]);
        }
    }
    let mut corners: Vec<u64> = corners.into_iter().map(|value| truncate(value as u64, bits)).collect();
    corners.sort_unstable();
    corners.dedup();
    corners
}

fn float_corners() -> Vec<u64> {
    let mut corners = vec![
        0,
        1,
        2,
        0x000f_ffff_ffff_ffff,
        0x0010_0000_0000_0000,
        0x7fef_ffff_ffff_ffff,
        f64::INFINITY.to_bits(),
        // NaNs: signalling ones, quiet ones, with payloads.
        0x7ff0_0000_0000_0001,
        0x7ff4_dead_beef_0001,
        0x7ff8_0000_0000_0000,
        0x7ff8_1234_5678_9abc,
        0x7fff_ffff_ffff_ffff,
    ];
    for value in [0.1, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 100.0, 1e300, 1e-300] {
        corners.push(f64::to_bits(value));
    }
    corners.extend([0.5f64.to_bits() - 1, 1f64.to_bits() - 1, 1f64.to_bits() + 1]);
    for power in [31, 32, 53, 63, 64] {
        let value = 2f64.powi(power);
        corners.extend([value.to_bits() - 1, value.to_bits(), value.to_bits() + 1]);
        if power <= 32 {
            corners.extend([-1.5, -1.0, -0.5, 0.5, 1.0].map(|near: f64| (value + near).to_bits()));
        }
    }
    corners.push((2f64.powi(52) + 0.5).to_bits());
    let negative: Vec<u64> = corners.iter().map(|bits| bits | 1 << 63).collect();
    corners.extend(negative);
    corners.sort_unstable();
    corners.dedup();
    corners
}
