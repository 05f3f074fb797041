//! AArch64 against GNU as: every form, quickly. `tools/asm-roundtrip --isa a64` compares more.

use asm_tests::{a64, round_trip};

#[test]
fn a64_agrees_with_gnu_as() {
    let report = round_trip::<a64::A64>(60_000, 3, "").unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert!(report.forms >= 900);
}
