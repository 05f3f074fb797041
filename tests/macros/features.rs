//! What is detected is what the processor has: on an emulated one that is known by its name.

use orus::code::features::{A64, Rv64, X64};

/// Whether the emulator's command line, which its own program sees, names this processor.
fn emulated(processor: &str) -> bool {
    ["CROSS_QEMU_A64", "CROSS_QEMU_RV64"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|command| command.ends_with(processor)))
}

#[test]
fn features_are_those_of_the_processor() {
    let (x64, a64, rv64) = (X64::detect(), A64::detect(), Rv64::detect());
    println!("{x64:?} {a64:?} {rv64:?}");
    if cfg!(target_arch = "x86_64") {
        #[cfg(target_arch = "x86_64")]
        assert_eq!(x64.contains(X64::AVX2), is_x86_feature_detected!("avx2"));
    } else if emulated("-cpu sifive-u54") {
        assert!(rv64.is_empty(), "it is plain rv64gc");
    } else if emulated("-cpu cortex-a53") {
        assert_eq!(a64, A64::CRC, "it is plain Armv8.0 with CRC");
    } else if emulated("qemu-aarch64") {
        assert!(a64.contains(A64::LSE | A64::FLAGM | A64::DOTPROD), "it has everything");
    } else if emulated("qemu-riscv64") {
        // The older emulator has no `riscv_hwprobe`, and no vectors unless asked.
        assert!(rv64.is_empty() || rv64.contains(Rv64::ZBA | Rv64::ZBB | Rv64::ZBS), "it has everything");
    }
}
