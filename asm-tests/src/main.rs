//! `asm-roundtrip --isa ISA [--count N] [--seed N] [--form NAME]`: compares our assembler with GNU as.
//!
//! Prints differences and a summary; exits with 1 if there is a difference, or a form that was never compared.

use std::process::ExitCode;

use asm_tests::{Isa, Report, a64, round_trip, rv64, x64};

fn main() -> ExitCode {
    let mut isa = String::new();
    let (mut count, mut seed, mut form) = (100_000u64, 1u64, String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let understood = match name.as_str() {
            "--isa" => {
                isa = value;
                true
            }
            "--form" => {
                form = value;
                true
            }
            "--count" => value.parse().map(|n| count = n).is_ok(),
            "--seed" => value.parse().map(|n| seed = n).is_ok(),
            _ => false,
        };
        if !understood {
            eprintln!("usage: asm-roundtrip --isa x64|a64|rv64 [--count N] [--seed N] [--form PART_OF_NAME]");
            return ExitCode::from(2);
        }
    }
    let report = match isa.as_str() {
        a64::A64::NAME => round_trip::<a64::A64>(count, seed, &form),
        rv64::Rv64::NAME => rv64::compare(count, seed, &form),
        x64::X64::NAME => round_trip::<x64::X64>(count, seed, &form),
        other => Err(format!("no instruction set named '{other}'")),
    };
    match report {
        Ok(report) => print(&isa, seed, &report),
        Err(error) => {
            eprintln!("asm-roundtrip: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(isa: &str, seed: u64, report: &Report) -> ExitCode {
    for difference in &report.shown {
        println!("{difference}");
    }
    for name in &report.missed {
        println!("never compared equal: {name}");
    }
    for (name, forms, compared) in &report.groups {
        println!("{name}: {forms} forms, {compared} instructions");
    }
    println!(
        "{isa} seed {seed}: {} forms, {} instructions compared, {} distinct, {} differences, {} forms missed",
        report.forms,
        report.compared,
        report.distinct,
        report.differences,
        report.missed.len()
    );
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
