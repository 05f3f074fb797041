//! Prints the program of a seed: `progen SEED`. `progen FIRST END` prints how much those programs may cost.

use std::process::ExitCode;

use orus_progen::{Config, check, generate};

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        [seed] => print!("{}", generate(seed, &Config::default()).source()),
        [first, end] => {
            for seed in first..end {
                match check::check(&generate(seed, &Config::default())) {
                    Ok(summary) => println!("{seed} {}", summary.cost),
                    Err(error) => println!("{seed} {error}"),
                }
            }
        }
        _ => {
            eprintln!("usage: progen SEED, or progen FIRST END");
            return ExitCode::from(64);
        }
    }
    ExitCode::SUCCESS
}
