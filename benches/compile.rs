//! Instructions executed by the optimiser and the code generator, counted by callgrind: `cargo bench --bench compile`, which needs
//! valgrind and iai-callgrind-runner of the version in Cargo.toml (`tools/test` installs it).
//!
//! Each benchmark compiles functions with buffers that are there. A function that becomes dearer than its limit fails; limits are what was
//! measured and a tenth. Last, all figures are printed per IR instruction. `tools/compile-bench` has more sizes, and peers.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use codegen_bench::ours::{self, Ours};
use codegen_bench::{Unit, units};
use iai_callgrind::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group,
};
use orus::ir::Function;

/// Shape, size, how many IR instructions that is, and the limits: so many for each of them at `fast` and at `full`.
const INPUTS: [(&str, usize, u64, [u64; 2]); 5] = [
    ("kernels", 0, KERNELS, [4_100, 14_900]),
    ("straight", 1_000, 1_038, [1_690, 2_030]),
    ("straight", 10_000, 10_038, [1_690, 2_030]),
    ("branchy", 1_000, 1_047, [3_300, 7_900]),
    ("branchy", 10_000, 10_103, [3_300, 7_900]),
];
const KERNELS: u64 = 428;

/// A warm compiler, and for each unit the functions to be compiled.
type Ready = (Ours, Vec<(Unit, Vec<Function>)>);

fn ready(input: usize, setting: &str) -> Ready {
    let (shape, size, insts, _) = INPUTS[input];
    let units = units(shape, size).expect("a shape");
    assert_eq!(units.iter().map(Unit::insts).sum::<usize>() as u64, insts, "{shape} {size}");
    let mut ours = Ours::new(ours::setting(setting).expect("a setting"));
    units.iter().for_each(|unit| ours.compile_all(unit, |_, _, _| {}));
    let functions = |unit: &Unit| unit.functions.iter().map(|(_, function)| function.clone()).collect();
    let units = units.into_iter().map(|unit| (unit.clone(), functions(&unit)));
    (ours, units.collect())
}

fn limits(input: usize, setting: usize) -> LibraryBenchmarkConfig {
    let (_, _, insts, limits) = INPUTS[input];
    let limit = insts * limits[setting];
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, limit)]));
    config
}

#[library_benchmark(setup = ready)]
#[bench::kernels_fast(args = (0, "fast"), config = limits(0, 0))]
#[bench::kernels_full(args = (0, "full"), config = limits(0, 1))]
#[bench::straight_1000_fast(args = (1, "fast"), config = limits(1, 0))]
#[bench::straight_1000_full(args = (1, "full"), config = limits(1, 1))]
#[bench::straight_10000_fast(args = (2, "fast"), config = limits(2, 0))]
#[bench::straight_10000_full(args = (2, "full"), config = limits(2, 1))]
#[bench::branchy_1000_fast(args = (3, "fast"), config = limits(3, 0))]
#[bench::branchy_1000_full(args = (3, "full"), config = limits(3, 1))]
#[bench::branchy_10000_fast(args = (4, "fast"), config = limits(4, 0))]
#[bench::branchy_10000_full(args = (4, "full"), config = limits(4, 1))]
fn compile((mut ours, mut units): Ready) -> Ready {
    for (unit, functions) in &mut units {
        let bodies = ours::bodies(unit);
        for function in functions {
            black_box(ours.compile(unit, black_box(function), &bodies));
        }
    }
    (ours, units)
}

library_benchmark_group!(name = codegen; benchmarks = compile);

/// Prints what was counted, per IR instruction.
fn report() {
    for (shape, size, insts, limits) in INPUTS {
        for (setting, limit) in ["fast", "full"].into_iter().zip(limits) {
            let name =
                if size == 0 { format!("{shape}_{setting}") } else { format!("{shape}_{size}_{setting}") };
            if let Some(total) = counted(&name) {
                println!("{name:<22} {:>5} per IR instruction, of at most {limit}", total / insts);
            }
        }
    }
}

/// What callgrind has left of a benchmark.
fn counted(name: &str) -> Option<u64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let folder = target.join(format!("iai/orus/compile/codegen/compile.{name}"));
    let text = std::fs::read_to_string(folder.join(format!("callgrind.compile.{name}.out"))).ok()?;
    let line =
        text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What the macro makes is the whole program: in a module, so that something can come after it.
mod benchmarks {
    use super::codegen;

    iai_callgrind::main!(library_benchmark_groups = codegen);

    pub fn run() {
        main();
    }
}

fn main() {
    benchmarks::run();
    // Each benchmark is a process of its own, which has this argument.
    if !std::env::args().any(|argument| argument.starts_with("--iai-run")) {
        report();
    }
}
