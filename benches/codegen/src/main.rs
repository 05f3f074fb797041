//! `codegen-bench COMMAND ...`; see [`USAGE`], and `tools/compile-bench`, which runs it.

mod run;
mod time;

use std::hint::black_box;
use std::process::ExitCode;

use codegen_bench::ours::{self, Ours};
use codegen_bench::{Unit, units};
use orus::ir::Function;

const USAGE: &str = "usage:
    codegen-bench count SHAPE SIZE SETTING REPETITIONS   compiles for callgrind; prints the number of IR instructions and bytes of code
    codegen-bench time [ROUNDS]                          CPU time of compiling, by size
    codegen-bench run [ROUNDS [KERNEL...]]               CPU time of kernels
    codegen-bench check [ROUNDS]                         the same and thresholds: the status is 1 if one is exceeded
    codegen-bench list SHAPE SIZE SETTING                listings
    codegen-bench ir SHAPE SIZE [SETTING]                the IR, optimised
    codegen-bench --time-passes SHAPE SIZE SETTING       what each pass takes, of 100 compilations
SHAPE: straight, branchy, kernels, or a kernel's name (SIZE is of no matter then)
SETTING: none, fast, scalar (full without vectors), full; with the feature `peers`: cranelift-none-single, cranelift-none, cranelift-speed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["count", shape, size, setting, repetitions] => count(shape, size, setting, repetitions),
        ["list", shape, size, setting] => list(shape, size, setting),
        ["ir", shape, size] => ir(shape, size, "none"),
        ["ir", shape, size, setting] => ir(shape, size, setting),
        ["--time-passes", shape, size, setting] => time_passes(shape, size, setting),
        ["time"] => Some(time::run(9)),
        ["time", rounds] => rounds.parse().ok().map(time::run),
        ["run"] => Some(run::run(9, &[])),
        ["run", rounds, ref kernels @ ..] => rounds.parse().ok().map(|rounds| run::run(rounds, kernels)),
        ["check"] => Some(run::check(9)),
        ["check", rounds] => rounds.parse().ok().map(run::check),
        _ => None,
    };
    match done {
        Some(true) => ExitCode::SUCCESS,
        Some(false) => ExitCode::FAILURE,
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn count(shape: &str, size: &str, setting: &str, repetitions: &str) -> Option<bool> {
    let units = units(shape, size.parse().ok()?)?;
    let repetitions = repetitions.parse().ok()?;
    let bytes = if let Some(setting) = ours::setting(setting) {
        let mut ours = Ours::new(setting);
        let mut bytes = 0;
        // Once more than is measured, for the memory that is used again.
        for repetition in 0..=repetitions {
            bytes = 0;
            for unit in &units {
                let bodies = ours::bodies(unit);
                for (_, function) in &unit.functions {
                    let mut function = function.clone();
                    bytes += match repetition {
                        0 => ours.compile(unit, &mut function, &bodies).bytes.len(),
                        _ => measured_compilation(&mut ours, unit, &mut function, &bodies),
                    };
                }
            }
        }
        bytes
    } else {
        peers::count(&units, setting, repetitions)?
    };
    println!("{} {bytes}", units.iter().map(Unit::insts).sum::<usize>());
    Some(true)
}

/// What callgrind counts.
#[inline(never)]
fn measured_compilation(
    ours: &mut Ours,
    unit: &Unit,
    function: &mut Function,
    bodies: &[Option<&Function>],
) -> usize {
    black_box(ours.compile(unit, function, bodies)).bytes.len()
}

fn list(shape: &str, size: &str, setting: &str) -> Option<bool> {
    let mut ours = Ours::new(ours::setting(setting)?);
    ours.options.notes = true;
    for unit in units(shape, size.parse().ok()?)? {
        ours.compile_all(&unit, |_, function, compiled| {
            let (bytes, slots) = (compiled.bytes.len(), compiled.slots);
            println!("{}  {bytes} bytes  {slots} slots\n{}", function.name, compiled.listing);
        });
    }
    Some(true)
}

fn time_passes(shape: &str, size: &str, setting: &str) -> Option<bool> {
    let mut ours = Ours::new(ours::setting(setting)?);
    let units = units(shape, size.parse().ok()?)?;
    // Once with cold memory, which does not count.
    units.iter().for_each(|unit| ours.compile_all(unit, |_, _, _| {}));
    ours.time_passes();
    for _ in 0..100 {
        units.iter().for_each(|unit| ours.compile_all(unit, |_, _, _| {}));
    }
    print!("{}", ours.report);
    Some(true)
}

fn ir(shape: &str, size: &str, setting: &str) -> Option<bool> {
    if let Some(setting) = ours::setting(setting) {
        let mut ours = Ours::new(setting);
        for unit in units(shape, size.parse().ok()?)? {
            ours.compile_all(&unit, |_, function, _| {
                println!("{}", orus::ir::print_function(function, &unit.module));
            });
        }
        return Some(true);
    }
    peers::print(&units(shape, size.parse().ok()?)?, setting)
}

#[cfg(feature = "peers")]
mod peers {
    use std::hint::black_box;

    use codegen_bench::Unit;
    use codegen_bench::cranelift::{Cranelift, functions};
    use cranelift_codegen::Context;

    pub fn count(units: &[Unit], setting: &str, repetitions: usize) -> Option<usize> {
        let cranelift = Cranelift::new(setting)?;
        let mut bytes = 0;
        for repetition in 0..=repetitions {
            bytes = 0;
            for (_, function) in units.iter().flat_map(functions) {
                let mut context = Context::for_function(function);
                bytes += match repetition {
                    0 => cranelift.compile(&mut context),
                    _ => measured_compilation(&cranelift, &mut context),
                };
            }
        }
        Some(bytes)
    }

    #[inline(never)]
    fn measured_compilation(cranelift: &Cranelift, context: &mut Context) -> usize {
        black_box(cranelift.compile(context))
    }

    /// Cranelift's IR, before anything was done.
    pub fn print(units: &[Unit], setting: &str) -> Option<bool> {
        Cranelift::new(setting)?;
        units.iter().flat_map(functions).for_each(|(_, function)| println!("{}", function.display()));
        Some(true)
    }
}

#[cfg(not(feature = "peers"))]
mod peers {
    use codegen_bench::Unit;

    pub fn count(_: &[Unit], _: &str, _: usize) -> Option<usize> {
        None
    }

    pub fn print(_: &[Unit], _: &str) -> Option<bool> {
        None
    }
}
