//! Time of the kernels as each compiler makes them, side by side.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use codegen_bench::cpu_ns;
use codegen_bench::gcc::Library;
use codegen_bench::kernels::{self, Kernel, Loop};
use codegen_bench::native::Native;
use codegen_bench::ours::{self, Cache, LEFT, Ours};

/// The most that kernels may take at `scalar`, as a multiple of gcc -O2, in the geometric mean.
const GCC_MAX: f64 = 1.3;
/// How much quicker vectors have to be than the same loop without, in the geometric mean: of 32 bits, of f64.
const VECTORS_MIN: [f64; 2] = [3.0, 1.7];

/// A column: how long a kernel took in the quickest round (ns), and its bytes.
struct Measured {
    native: Native,
    least: f64,
}

/// Prints the tables; whether all compilers agree on the results.
pub fn run(rounds: usize, names: &[&str]) -> bool {
    measure(rounds, names).is_some()
}

/// Prints the tables; whether the results agree, and the code is good enough.
pub fn check(rounds: usize) -> bool {
    let Some(means) = measure(rounds, &[]) else { return false };
    let mut good = true;
    let mut demand = |what: &str, holds: bool| {
        println!("{}: {what}", if holds { "ok" } else { "FAILED" });
        good &= holds;
    };
    demand("as quick as gcc -O2 times 1.3", means["scalar"] <= GCC_MAX);
    if let Some(&cranelift) = means.get("cranelift-speed") {
        demand("quicker than Cranelift", means["scalar"] < cranelift);
        demand("at fast no larger than Cranelift's", means["larger"] == 0.0);
    }
    demand("vectors of 32 bits pay", means["ints"] >= VECTORS_MIN[0]);
    demand("vectors of f64 pay", means["floats"] >= VECTORS_MIN[1]);
    good
}

/// Prints the tables. Geometric means of the kernels that are no loops for vectors, as multiples of gcc -O2, by column; `larger`: how many
/// kernels Cranelift makes smaller; `ints` and `floats`: how much quicker vectors are. None if results differ.
fn measure(rounds: usize, names: &[&str]) -> Option<BTreeMap<&'static str, f64>> {
    let cache = Cache::new();
    let libraries = [("gcc-O1", Library::new("-O1")), ("gcc-O2", Library::new("-O2"))];
    let wanted = |kernel: &&Kernel| names.is_empty() || names.contains(&kernel.name);
    let mut columns: Vec<&str> = ours::SETTINGS.iter().map(|setting| setting.name).collect();
    columns.extend(peers::NAMES);
    columns.extend(libraries.iter().map(|(name, _)| *name));
    let gcc = columns.len() - 1;
    println!("| kernel | ns by gcc -O2 | {} | bytes | {} |", columns.join(" | "), columns.join(" | "));
    println!("|---|---:|{}---|{}", "---:|".repeat(columns.len()), "---:|".repeat(columns.len()));
    let mut logs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut larger = 0.0;
    let mut agree = true;
    for kernel in kernels::ALL.iter().filter(wanted) {
        let unit = kernel.unit();
        let ours = ours::SETTINGS.map(|setting| Ours::new(setting).native(&unit, &cache));
        let peers = peers::natives(&unit);
        let natives = ours.into_iter().chain(peers);
        let natives = natives.chain(libraries.iter().map(|(_, library)| library.kernel(kernel.name)));
        let mut all: Vec<Measured> =
            natives.map(|native| Measured { native, least: f64::INFINITY }).collect();
        let template = kernels::memory(kernel.fill);
        let mut expected = None;
        for _ in 0..rounds {
            for (column, measured) in columns.iter().zip(&mut all) {
                let (time, result) = sample(kernel, &measured.native, &template);
                measured.least = measured.least.min(time);
                if *expected.get_or_insert(result) != result {
                    println!("{}: {column} gives another result", kernel.name);
                    agree = false;
                }
            }
        }
        let base = all[gcc].least;
        let ratios: String = all.iter().map(|one| format!("{:.2} | ", one.least / base)).collect();
        let bytes: String = all.iter().map(|one| format!("{} | ", one.native.bytes)).collect();
        println!("| {} | {base:.0} | {ratios}| {bytes}", kernel.name);
        let mut log = |name, ratio: f64| logs.entry(name).or_default().push(ratio.ln());
        match kernel.kind {
            Loop::Scalar => {
                columns.iter().zip(&all).for_each(|(name, one)| log(name, one.least / base));
            }
            Loop::Ints => log("ints", all[2].least / all[3].least),
            Loop::Floats => log("floats", all[2].least / all[3].least),
        }
        if let Some(speed) = columns.iter().position(|name| *name == "cranelift-speed") {
            larger += f64::from(u8::from(all[1].native.bytes > all[speed].native.bytes));
        }
    }
    let mean = |logs: Vec<f64>| (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let mut means: BTreeMap<&str, f64> = logs.into_iter().map(|(name, logs)| (name, mean(logs))).collect();
    let mean = |name: &&str| means.get(name).map_or("| ".to_owned(), |mean| format!("{mean:.2} | "));
    let all: String = columns.iter().map(mean).collect();
    println!("| geometric mean | | {all}| {}", "| ".repeat(columns.len()));
    for (name, what) in [("ints", "32 bits"), ("floats", "f64")] {
        if let Some(mean) = means.get(name) {
            println!("\nvectors of {what}: {mean:.2} times as quick as scalar code");
        }
    }
    means.insert("larger", larger);
    let left = LEFT.load(Ordering::Relaxed);
    if left > 0 {
        println!("code was left {left} times");
    }
    (agree && left == 0).then_some(means)
}

/// Nanoseconds of a call, and a digest of results and memory.
fn sample(kernel: &Kernel, native: &Native, template: &[u64]) -> (f64, u64) {
    let mut memory = template.to_vec();
    let mut digest = 0_u64;
    let mut mix = |word: u64| digest = (digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    // Sorting is worth something once only. The clock takes as long as short kernels, so the others are timed together.
    let (batches, calls) = if kernel.sorts { (kernel.calls, 1) } else { (1, kernel.calls) };
    let mut time = 0;
    for _ in 0..batches {
        memory.copy_from_slice(template);
        let begin = cpu_ns();
        for _ in 0..calls {
            mix(native.call(&mut memory, kernel.n) as u64);
        }
        time += cpu_ns() - begin;
    }
    memory.into_iter().for_each(mix);
    (time as f64 / f64::from(kernel.calls), digest)
}

#[cfg(feature = "peers")]
mod peers {
    use codegen_bench::Unit;
    use codegen_bench::cranelift::Cranelift;
    use codegen_bench::native::Native;

    pub const NAMES: &[&str] = &["cranelift-none", "cranelift-speed"];

    pub fn natives(unit: &Unit) -> Vec<Native> {
        NAMES.iter().map(|name| Cranelift::new(name).expect("a setting").native(unit)).collect()
    }
}

#[cfg(not(feature = "peers"))]
mod peers {
    use codegen_bench::Unit;
    use codegen_bench::native::Native;

    pub const NAMES: &[&str] = &[];

    pub fn natives(_: &Unit) -> Vec<Native> {
        Vec::new()
    }
}
