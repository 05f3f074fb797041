//! What is said of the code of random programs without running it: it is the same in any run and thread, and where control comes by an
//! indirect jump there is a landing pad.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Command;

use orus::code::features::X64 as Features;
use orus::codegen::x64::X64;
use orus::codegen::{CompileError, Compiled, Compiler, Options};
use orus::ir::types::Func;

use crate::generate::{Wishes, generate};
use crate::{Config, Evaluated, Program};

const PROGRAMS: u64 = if cfg!(debug_assertions) { 120 } else { 1_000 };

fn program(seed: u64) -> Program {
    generate(seed, &Wishes { vectors: 15, size: 400 })
}

/// The same machine wherever the test runs.
fn isa() -> X64 {
    X64 { features: Features::AVX2 | Features::AVX | Features::BMI2 | Features::BMI1 | Features::SSE4_1 }
}

/// Compiles each function of a program in a few ways. Functions that need the other convention are errors, which are looked at, too.
fn compile(
    seed: u64,
    optimizer: &mut Evaluated,
    compiler: &mut Compiler<X64>,
    notes: bool,
    mut look: impl FnMut(Func, &str, Result<&Compiled, CompileError>),
) {
    let program = program(seed);
    for way in ["none,avx2", "fast,avx2,registers=4", "full,avx2"] {
        let config: Config = way.parse().expect("a configuration");
        let registers = usize::from(config.registers);
        let options = Options {
            registers: (registers > 0).then_some((registers, registers)),
            notes,
            ..Options::default()
        };
        for (number, body) in optimizer.optimized(&program, &config).iter().enumerate() {
            let Some(body) = body else { continue };
            look(Func(number as u32), way, compiler.compile(body, &program.module, &options));
        }
    }
}

/// By seed: a hash of the bytes and tables of all its functions. The order of the seeds says what is compiled before each.
fn hashes(seeds: impl Iterator<Item = u64>) -> BTreeMap<u64, u64> {
    let (mut optimizer, mut compiler) = (Evaluated::default(), Compiler::new(isa()));
    let hash = |seed| {
        // This hasher has no keys.
        let mut hasher = DefaultHasher::new();
        compile(seed, &mut optimizer, &mut compiler, false, |func, way, compiled| {
            (func.0, way, format!("{compiled:?}")).hash(&mut hasher);
        });
        (seed, hasher.finish())
    };
    seeds.map(hash).collect()
}

const VARIABLE: &str = "ORUS_IRGEN_CHILD";

#[test]
fn the_same_bytes_in_any_run_and_thread() {
    if std::env::var_os(VARIABLE).is_some() {
        let text: Vec<String> =
            hashes((0..PROGRAMS).rev()).iter().map(|(seed, hash)| format!("<{seed}:{hash:x}>")).collect();
        println!("{}", text.concat());
        return;
    }
    let first = hashes(0..PROGRAMS);
    let others = std::thread::scope(|scope| {
        let threads =
            [1, 7].map(|step| scope.spawn(move || hashes((0..PROGRAMS).map(|n| (n * step + 3) % PROGRAMS))));
        threads.map(|thread| thread.join().expect("no panic"))
    });
    for other in others {
        assert!(other.len() > 10);
        for (seed, hash) in other {
            assert_eq!(first[&seed], hash, "program {seed} in another thread");
        }
    }
    // In another process, last first: what is random there (addresses, keys of tables) is another.
    let name = "code_tests::the_same_bytes_in_any_run_and_thread";
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--nocapture"])
        .env(VARIABLE, "1")
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&child.stdout);
    for (seed, hash) in &first {
        assert!(text.contains(&format!("<{seed}:{hash:x}>")), "program {seed} in another process: {text}");
    }
}

#[test]
fn landing_pads_in_the_code_of_random_programs() {
    const PAD: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
    let (mut optimizer, mut compiler) = (Evaluated::default(), Compiler::new(isa()));
    let (mut functions, mut handlers, mut tables, mut calls, mut pads) = (0, 0, 0, 0, 0);
    for seed in 0..PROGRAMS {
        compile(seed, &mut optimizer, &mut compiler, true, |func, way, compiled| {
            let Ok(compiled) = compiled else { return };
            let place = |at: usize| format!("program {seed}, function {}, {way}, at {at:#x}", func.0);
            let has_pad = |at: usize| compiled.bytes[at..].starts_with(&PAD);
            functions += 1;
            assert!(has_pad(0), "{}", place(0));
            // Where a raise stub goes on; calls may share a handler.
            let offsets = compiled.safepoints.iter().map(|safepoint| safepoint.handler_offset);
            let offsets: BTreeSet<u32> = offsets.filter(|&offset| offset != u32::MAX).collect();
            handlers += offsets.len() as u64;
            for offset in offsets {
                assert!(has_pad(offset as usize), "{}", place(offset as usize));
            }
            for line in compiled.listing.lines() {
                // Bytes, then the instruction: `jmp` with a register or memory is that of a table, whose targets have no pads.
                let is = |name: &str| {
                    line.contains(&format!(" {name} r")) || line.contains(&format!(" {name} qword"))
                };
                if is("jmp") {
                    tables += 1;
                    assert!(line.contains("notrack jmp"), "{}: {line}", place(0));
                }
                calls += u64::from(is("call"));
                pads += u64::from(line.contains(" endbr64"));
            }
        });
    }
    println!(
        "{functions} functions, {handlers} handlers, {tables} tables, {calls} indirect calls, {pads} pads"
    );
    // No pad stands where nothing comes: each is another way in.
    assert_eq!(pads, functions + handlers);
    assert!(functions > PROGRAMS && handlers > 50 && tables > 20 && calls > 20);
}
