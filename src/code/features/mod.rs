//! What the processor can do beyond the baseline of its architecture.
//!
//! A set for each architecture, so that code for one can be made on another: [`X64`], [`A64`], [`Rv64`]. `detect` says
//! what the host has, and nothing of what belongs to another architecture. [`less`] takes away, so that tests run what
//! a lesser machine would run, and never gives: code that the host cannot run is never made for it.
//!
//! ```
//! use orus::code::features::{X64, less};
//! let all = X64::SSE3 | X64::BMI1 | X64::BMI2;
//! assert_eq!(less(all, "bmi1, bmi2").unwrap(), X64::SSE3);
//! assert!(less(all, "baseline").unwrap().is_empty());
//! assert_eq!(less(all, "avx3").unwrap_err().to_string(), "unknown processor feature 'avx3'");
//! ```

mod a64;
mod rv64;
mod x64;

use std::fmt::{self, Display};

pub use a64::A64;
use bitflags::Flags;
pub use rv64::Rv64;
pub use x64::X64;

/// A name that is no feature of the architecture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownFeature(pub String);

impl Display for UnknownFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown processor feature '{}'", self.0)
    }
}

impl std::error::Error for UnknownFeature {}

/// The features without those that `names` lists, separated by commas, in any case; `baseline` takes away all.
///
/// What rests on a feature that is taken away goes too: without AVX there is no AVX2.
///
/// # Errors
/// If a name is no feature of this architecture.
pub fn less<F: Flags + Copy + Implied>(features: F, names: &str) -> Result<F, UnknownFeature> {
    let mut left = features;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name.eq_ignore_ascii_case("baseline") {
            return Ok(F::empty());
        }
        let flag = F::FLAGS.iter().find(|flag| flag.name().eq_ignore_ascii_case(name));
        left = left.difference(*flag.ok_or_else(|| UnknownFeature(name.to_owned()))?.value());
    }
    Ok(left.settled())
}

/// Features that rest on others.
pub trait Implied: Sized {
    /// Without those that lack something they rest on.
    fn settled(self) -> Self;
}

/// Takes away what lacks something it rests on. `rules` are pairs of a feature and what it needs; what is needed comes first.
fn settle<F: Flags + Copy>(features: F, rules: &[(F, F)]) -> F {
    rules.iter().fold(
        features,
        |left, (feature, needs)| {
            if left.contains(*needs) { left } else { left.difference(*feature) }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_on_something_goes_with_it() {
        assert!(
            !less(X64::all(), "avx").unwrap().intersects(X64::AVX2 | X64::FMA | X64::AVX512F | X64::AVX512VL)
        );
        assert!(less(X64::all(), "AVX512F").unwrap().contains(X64::AVX2));
        assert_eq!(less(X64::BMI1, "avx").unwrap(), X64::BMI1);
        assert_eq!(less(Rv64::all(), "").unwrap(), Rv64::all());
        assert_eq!(less(A64::all(), "lse").unwrap(), A64::all() - A64::LSE);
    }

    #[test]
    fn the_host_has_features_of_its_own_architecture_only() {
        assert!(X64::detect().is_empty() || cfg!(target_arch = "x86_64"));
        assert!(A64::detect().is_empty() || cfg!(target_arch = "aarch64"));
        assert!(Rv64::detect().is_empty() || cfg!(target_arch = "riscv64"));
        assert_eq!(X64::detect().settled(), X64::detect());
    }
}
