//! Time of compiling, and whether it grows as the functions do.

use codegen_bench::ours::{self, Ours};
use codegen_bench::{Unit, cpu_ns, units};

/// Shapes, and sizes from which the time is to be in proportion.
pub const SHAPES: [&str; 2] = ["straight", "branchy"];
/// Sizes.
pub const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
/// The most that an instruction of 100,000 may take, as a multiple of one of 1,000.
pub const GROWTH_MAX: f64 = 1.3;

/// Prints a table; whether the time grows as it ought to.
pub fn run(rounds: usize) -> bool {
    let mut linear = true;
    println!(
        "| function | setting | ns an IR instruction, of 100 | 1,000 | 10,000 | 100,000 | growth from 1,000 |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|");
    for shape in SHAPES {
        let all: Vec<Unit> = SIZES.iter().flat_map(|&size| units(shape, size).expect("a shape")).collect();
        let mut compilers: Vec<(&str, Box<Compile>)> = ours::SETTINGS
            .into_iter()
            .filter(|setting| setting.name != "scalar")
            .map(|setting| {
                let mut ours = Ours::new(setting);
                let compile: Box<Compile> = Box::new(move |unit, times| {
                    let bodies = ours::bodies(unit);
                    let clones = vec![unit.functions[0].1.clone(); times];
                    let begin = cpu_ns();
                    for mut function in clones {
                        ours.compile(unit, &mut function, &bodies);
                    }
                    cpu_ns() - begin
                });
                (setting.name, compile)
            })
            .collect();
        compilers.extend(peers());
        let mut least = vec![[f64::INFINITY; SIZES.len()]; compilers.len()];
        for _ in 0..rounds {
            for (least, (_, compile)) in least.iter_mut().zip(&mut compilers) {
                for ((unit, size), least) in all.iter().zip(SIZES).zip(least) {
                    let times = (10_000 / size).max(1);
                    *least = least.min(compile(unit, times) as f64 / (times * unit.insts()) as f64);
                }
            }
        }
        for (least, (name, _)) in least.iter().zip(&compilers) {
            let growth = least[3] / least[1];
            let times: String = least.iter().map(|time| format!("{time:.0} | ")).collect();
            println!("| {shape} | {name} | {times}{growth:.2} |");
            linear &= name.starts_with("cranelift") || growth <= GROWTH_MAX;
        }
    }
    linear
}

/// Compiles the function of a unit some times; nanoseconds.
type Compile = dyn FnMut(&Unit, usize) -> u64;

#[cfg(feature = "peers")]
fn peers() -> Vec<(&'static str, Box<Compile>)> {
    use codegen_bench::cranelift::{Cranelift, SETTINGS, functions};
    use cranelift_codegen::Context;
    let peer = |name: &'static str| {
        let cranelift = Cranelift::new(name).expect("a setting");
        let compile: Box<Compile> = Box::new(move |unit, times| {
            let function = functions(unit).remove(0).1;
            let contexts: Vec<Context> =
                (0..times).map(|_| Context::for_function(function.clone())).collect();
            let begin = cpu_ns();
            for mut context in contexts {
                cranelift.compile(&mut context);
            }
            cpu_ns() - begin
        });
        (name, compile)
    };
    SETTINGS.iter().map(|setting| peer(setting[0])).collect()
}

#[cfg(not(feature = "peers"))]
fn peers() -> Vec<(&'static str, Box<Compile>)> {
    Vec::new()
}
