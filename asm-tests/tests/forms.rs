//! Every form of every table, [`AT_LEAST`] times at least: our bytes are those of the assembler program, and what a
//! disassembler reads in them is the row's text. `tools/asm-roundtrip` compares more.

use asm_tests::{AT_LEAST, a64, read_back, round_trip, rv64, x64};

/// Few: the harness takes more, so that each form gets its share.
const COUNT: u64 = 1;

fn assert_bytes(report: asm_tests::Report, forms: usize) {
    assert!(report.is_clean(), "{report:#?}");
    assert!(report.forms >= forms && report.compared >= AT_LEAST * forms as u64, "{} forms", report.forms);
}

fn assert_texts(report: asm_tests::oracle::Report, forms: usize) {
    let idle: Vec<_> = report.idle().map(|alias| (alias.ours, alias.theirs)).collect();
    assert!(
        report.is_right(),
        "{} differ, {:?} missed: {:#?}",
        report.differences,
        report.missed,
        report.shown
    );
    assert!(idle.is_empty(), "rules that nothing needs: {idle:?}");
    assert!(report.forms >= forms && report.compared >= AT_LEAST * forms as u64, "{} forms", report.forms);
}

#[test]
fn x64_has_the_bytes_of_gnu_as() {
    assert_bytes(round_trip::<x64::X64>(COUNT, 3, "").unwrap(), 5000);
}

#[test]
fn x64_is_read_by_objdump() {
    assert_texts(read_back::<x64::X64>(COUNT, 4, "").unwrap(), 5000);
}

#[test]
fn a64_has_the_bytes_of_gnu_as() {
    assert_bytes(round_trip::<a64::A64>(COUNT, 3, "").unwrap(), 3200);
}

#[test]
fn a64_is_read_by_objdump() {
    assert_texts(read_back::<a64::A64>(COUNT, 4, "").unwrap(), 3200);
}

#[test]
fn rv64_has_the_bytes_of_gnu_as_and_llvm() {
    assert_bytes(rv64::compare(COUNT, 3, "").unwrap(), 700);
}

#[test]
fn rv64_is_read_by_objdump_and_llvm() {
    assert_texts(rv64::read_back(COUNT, 4, "").unwrap(), 700);
}
