//! `asm-roundtrip --isa ISA [--oracle ORACLE] [--count N] [--seed N] [--form NAME]`: compares our assembler with GNU as
//! (`assembler`, the default), or what a disassembler reads in our bytes with the tables (`disassembler`).
//!
//! Prints differences and a summary; exits with 1 if there is a difference, or a form that was not compared often enough,
//! or a rule for another name that was never needed.

use std::process::ExitCode;

use asm_tests::{Isa, Report, a64, oracle, read_back, round_trip, rv64, x64};

const USAGE: &str = "usage: asm-roundtrip --isa x64|a64|rv64 [--oracle assembler|disassembler] [--count N] [--seed N] \
                     [--form PART_OF_NAME]";

fn main() -> ExitCode {
    let (mut isa, mut oracle) = (String::new(), "assembler".to_string());
    let (mut count, mut seed, mut form) = (100_000u64, 1u64, String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let understood = match name.as_str() {
            "--isa" => {
                isa = value;
                true
            }
            "--oracle" => {
                oracle = value;
                matches!(&oracle[..], "assembler" | "disassembler")
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
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    let by_assembler = oracle == "assembler";
    let done = match &isa[..] {
        a64::A64::NAME if by_assembler => round_trip::<a64::A64>(count, seed, &form).map(print),
        a64::A64::NAME => read_back::<a64::A64>(count, seed, &form).map(|report| print_read(report, &form)),
        rv64::Rv64::NAME if by_assembler => rv64::compare(count, seed, &form).map(print),
        rv64::Rv64::NAME => rv64::read_back(count, seed, &form).map(|report| print_read(report, &form)),
        x64::X64::NAME if by_assembler => round_trip::<x64::X64>(count, seed, &form).map(print),
        x64::X64::NAME => read_back::<x64::X64>(count, seed, &form).map(|report| print_read(report, &form)),
        other => Err(format!("no instruction set named '{other}'")),
    };
    match done {
        Ok((is_clean, summary)) => {
            println!("{isa} {oracle} seed {seed}: {summary}");
            if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("asm-roundtrip: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_details(shown: &[String], missed: &[String], groups: &[(String, usize, u64)]) {
    for difference in shown {
        println!("{difference}");
    }
    for name in missed {
        println!("not often enough compared equal: {name}");
    }
    for (name, forms, compared) in groups {
        println!("{name}: {forms} forms, {compared} cases");
    }
}

fn print(report: Report) -> (bool, String) {
    print_details(&report.shown, &report.missed, &report.groups);
    let summary = format!(
        "{} forms, {} cases compared, {} distinct, {} differences, {} forms missed",
        report.forms,
        report.compared,
        report.distinct,
        report.differences,
        report.missed.len()
    );
    (report.is_clean(), summary)
}

fn print_read(report: oracle::Report, filter: &str) -> (bool, String) {
    print_details(&report.shown, &report.missed, &report.groups);
    for (alias, count) in &report.used {
        if *count > 0 {
            println!("{count:>8} times '{}' was '{}': {}", alias.ours, alias.theirs, alias.why);
        } else if filter.is_empty() {
            println!("never was '{}' '{}': {}", alias.ours, alias.theirs, alias.why);
        }
    }
    let idle = report.idle().count();
    let summary = format!(
        "{} forms, {} cases and {} instructions compared, {} by {} of {} rules for other names, {} differences, {} forms missed",
        report.forms,
        report.compared,
        report.instructions,
        report.aliased,
        report.used.len() - idle,
        report.used.len(),
        report.differences,
        report.missed.len()
    );
    // Of some forms alone not all rules can be needed.
    let is_clean = if filter.is_empty() { report.is_clean() } else { report.is_right() };
    (is_clean, summary)
}
