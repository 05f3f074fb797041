//! Comparisons, independent of how a target says them.

/// A comparison of integers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Compare {
    Eq,
    Ne,
    /// Less, signed.
    Lt,
    /// Less or equal, signed.
    Le,
    /// Greater, signed.
    Gt,
    /// Greater or equal, signed.
    Ge,
    /// Less, unsigned.
    Below,
    /// Less or equal, unsigned.
    BelowEq,
    /// Greater, unsigned.
    Above,
    /// Greater or equal, unsigned.
    AboveEq,
}

impl Compare {
    /// All of them.
    pub const ALL: [Compare; 10] = [
        Compare::Eq,
        Compare::Ne,
        Compare::Lt,
        Compare::Le,
        Compare::Gt,
        Compare::Ge,
        Compare::Below,
        Compare::BelowEq,
        Compare::Above,
        Compare::AboveEq,
    ];

    /// The comparison that holds when this one does not.
    pub const fn negated(self) -> Compare {
        match self {
            Compare::Eq => Compare::Ne,
            Compare::Ne => Compare::Eq,
            Compare::Lt => Compare::Ge,
            Compare::Le => Compare::Gt,
            Compare::Gt => Compare::Le,
            Compare::Ge => Compare::Lt,
            Compare::Below => Compare::AboveEq,
            Compare::BelowEq => Compare::Above,
            Compare::Above => Compare::BelowEq,
            Compare::AboveEq => Compare::Below,
        }
    }

    /// The comparison that holds of the operands the other way round.
    pub const fn swapped(self) -> Compare {
        match self {
            Compare::Eq => Compare::Eq,
            Compare::Ne => Compare::Ne,
            Compare::Lt => Compare::Gt,
            Compare::Le => Compare::Ge,
            Compare::Gt => Compare::Lt,
            Compare::Ge => Compare::Le,
            Compare::Below => Compare::Above,
            Compare::BelowEq => Compare::AboveEq,
            Compare::Above => Compare::Below,
            Compare::AboveEq => Compare::BelowEq,
        }
    }

    /// What it means, of two numbers of 64 bits. For numbers of 32, both are extended by sign, which keeps their order as
    /// unsigned numbers too.
    pub const fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Compare::Eq => a == b,
            Compare::Ne => a != b,
            Compare::Lt => a < b,
            Compare::Le => a <= b,
            Compare::Gt => a > b,
            Compare::Ge => a >= b,
            Compare::Below => (a as u64) < b as u64,
            Compare::BelowEq => a as u64 <= b as u64,
            Compare::Above => a as u64 > b as u64,
            Compare::AboveEq => a as u64 >= b as u64,
        }
    }

    /// Whether it compares as unsigned; equality does not.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Compare::Below | Compare::BelowEq | Compare::Above | Compare::AboveEq)
    }
}

/// A comparison of floats. Any but `Ne` is false if an operand is NaN.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FloatCompare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl FloatCompare {
    /// All of them.
    pub const ALL: [FloatCompare; 6] = [
        FloatCompare::Eq,
        FloatCompare::Ne,
        FloatCompare::Lt,
        FloatCompare::Le,
        FloatCompare::Gt,
        FloatCompare::Ge,
    ];

    /// What it means.
    pub const fn holds(self, a: f64, b: f64) -> bool {
        match self {
            FloatCompare::Eq => a == b,
            FloatCompare::Ne => a != b,
            FloatCompare::Lt => a < b,
            FloatCompare::Le => a <= b,
            FloatCompare::Gt => a > b,
            FloatCompare::Ge => a >= b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Compare;

    #[test]
    fn negation_and_swapping_mean_what_they_say() {
        for compare in Compare::ALL {
            for (a, b) in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (-1, -1)] {
                assert_ne!(compare.holds(a, b), compare.negated().holds(a, b), "{compare:?} {a} {b}");
                assert_eq!(compare.holds(a, b), compare.swapped().holds(b, a), "{compare:?} {a} {b}");
            }
        }
    }
}
