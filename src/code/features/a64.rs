//! AArch64. The standard library asks `getauxval(AT_HWCAP)`, or its like on other systems.

use bitflags::bitflags;

use super::Implied;

bitflags! {
    /// What an AArch64 processor may have beyond Armv8.0 with floats and Advanced SIMD.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct A64: u32 {
        /// Atomic memory operations (`ldadd`, `cas` and so on).
        const LSE = 1;
        /// `crc32`.
        const CRC = 1 << 1;
        /// `fjcvtzs`.
        const JSCVT = 1 << 2;
        /// `ldapr`.
        const RCPC = 1 << 3;
        /// `rmif`, `setf8`, `cfinv`.
        const FLAGM = 1 << 4;
        /// Branch targets are checked.
        const BTI = 1 << 5;
        /// Pointer authentication.
        const PACA = 1 << 6;
        /// Half-precision arithmetic.
        const FP16 = 1 << 7;
        /// `sdot`, `udot`.
        const DOTPROD = 1 << 8;
    }
}

impl A64 {
    /// What this processor and operating system have; nothing on another architecture.
    pub fn detect() -> A64 {
        #[cfg(target_arch = "aarch64")]
        {
            use std::arch::is_aarch64_feature_detected;
            let mut found = A64::empty();
            found.set(A64::LSE, is_aarch64_feature_detected!("lse"));
            found.set(A64::CRC, is_aarch64_feature_detected!("crc"));
            found.set(A64::JSCVT, is_aarch64_feature_detected!("jsconv"));
            found.set(A64::RCPC, is_aarch64_feature_detected!("rcpc"));
            found.set(A64::FLAGM, is_aarch64_feature_detected!("flagm"));
            found.set(A64::BTI, is_aarch64_feature_detected!("bti"));
            found.set(A64::PACA, is_aarch64_feature_detected!("paca"));
            found.set(A64::FP16, is_aarch64_feature_detected!("fp16"));
            found.set(A64::DOTPROD, is_aarch64_feature_detected!("dotprod"));
            found
        }
        #[cfg(not(target_arch = "aarch64"))]
        A64::empty()
    }
}

impl Implied for A64 {
    fn settled(self) -> A64 {
        self
    }
}
