//! x86_64. The standard library asks `cpuid`, and the operating system (`xgetbv`) whether it saves wide registers.

use bitflags::bitflags;

use super::{Implied, settle};

bitflags! {
    /// What an x86_64 processor may have beyond SSE2.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct X64: u32 {
        const SSE3 = 1;
        const SSSE3 = 1 << 1;
        const SSE4_1 = 1 << 2;
        const SSE4_2 = 1 << 3;
        const POPCNT = 1 << 4;
        const LZCNT = 1 << 5;
        const BMI1 = 1 << 6;
        const BMI2 = 1 << 7;
        const MOVBE = 1 << 8;
        const AVX = 1 << 9;
        const AVX2 = 1 << 10;
        const FMA = 1 << 11;
        const AVX512F = 1 << 12;
        const AVX512VL = 1 << 13;
        const AVX512DQ = 1 << 14;
        const AVX512BW = 1 << 15;
    }
}

impl X64 {
    /// What this processor and operating system have; nothing on another architecture.
    pub fn detect() -> X64 {
        #[cfg(target_arch = "x86_64")]
        {
            let mut found = X64::empty();
            found.set(X64::SSE3, is_x86_feature_detected!("sse3"));
            found.set(X64::SSSE3, is_x86_feature_detected!("ssse3"));
            found.set(X64::SSE4_1, is_x86_feature_detected!("sse4.1"));
            found.set(X64::SSE4_2, is_x86_feature_detected!("sse4.2"));
            found.set(X64::POPCNT, is_x86_feature_detected!("popcnt"));
            found.set(X64::LZCNT, is_x86_feature_detected!("lzcnt"));
            found.set(X64::BMI1, is_x86_feature_detected!("bmi1"));
            found.set(X64::BMI2, is_x86_feature_detected!("bmi2"));
            found.set(X64::MOVBE, is_x86_feature_detected!("movbe"));
            found.set(X64::AVX, is_x86_feature_detected!("avx"));
            found.set(X64::AVX2, is_x86_feature_detected!("avx2"));
            found.set(X64::FMA, is_x86_feature_detected!("fma"));
            found.set(X64::AVX512F, is_x86_feature_detected!("avx512f"));
            found.set(X64::AVX512VL, is_x86_feature_detected!("avx512vl"));
            found.set(X64::AVX512DQ, is_x86_feature_detected!("avx512dq"));
            found.set(X64::AVX512BW, is_x86_feature_detected!("avx512bw"));
            found.settled()
        }
        #[cfg(not(target_arch = "x86_64"))]
        X64::empty()
    }
}

impl Implied for X64 {
    fn settled(self) -> X64 {
        let rules = [
            (X64::SSSE3, X64::SSE3),
            (X64::SSE4_1, X64::SSSE3),
            (X64::SSE4_2, X64::SSE4_1),
            (X64::AVX, X64::SSE4_2),
            (X64::AVX2, X64::AVX),
            (X64::FMA, X64::AVX),
            (X64::AVX512F, X64::AVX2 | X64::FMA),
            (X64::AVX512VL, X64::AVX512F),
            (X64::AVX512DQ, X64::AVX512F),
            (X64::AVX512BW, X64::AVX512F),
        ];
        settle(self, &rules)
    }
}
