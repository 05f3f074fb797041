//! Instructions executed by the assembler, counted by callgrind: `cargo bench --bench encoders`, which needs valgrind and
//! iai-callgrind-runner of the version in Cargo.toml (`tools/test` installs it).
//!
//! Each benchmark emits [`COUNT`] instructions or constants into memory that is there: a thousandth of its instructions is what one
//! costs. `tools/asm-bench` measures the same mix over many functions, beside other assemblers.

use std::hint::black_box;
use std::ops::DerefMut;

use encoders::stream::{self, Record};
use encoders::{Encoder, encoder, functions, registers};
use iai_callgrind::{library_benchmark, library_benchmark_group, main};
use orus::asm::fixup::FixupKind;
use orus::asm::macros::MacroAssembler;
use orus::asm::{CodeBuffer, Label, a64, rv64, x64};

const COUNT: usize = stream::PER_FUNCTION;

/// A macro assembler, warm.
fn warm<A: DerefMut<Target = CodeBuffer<K>> + Default, K: FixupKind>() -> A {
    let mut asm = A::default();
    asm.reserve(16 * COUNT, COUNT, COUNT);
    asm
}

// ---- A realistic mix. ----

fn prepared(isa: &str) -> (Box<dyn Encoder>, Vec<Record>) {
    let (Some(mut encoder), Some(registers)) = (encoder(isa), registers(isa)) else {
        panic!("no instruction set {isa}")
    };
    let records = stream::generate(&registers);
    let function = functions(&records)[0].to_vec();
    encoder.emit(&function);
    (encoder, function)
}

#[library_benchmark(setup = prepared)]
#[bench::x64("x64")]
#[bench::a64("a64")]
#[bench::rv64("rv64")]
#[bench::rv64_compressed("rv64-compressed")]
fn mix((mut encoder, function): (Box<dyn Encoder>, Vec<Record>)) -> (Box<dyn Encoder>, Vec<Record>) {
    black_box(encoder.emit(black_box(&function)));
    (encoder, function)
}

// ---- Labels and fixups alone: branches, each second one forward, with a label between each eight. ----

#[inline(always)]
fn branches<A: DerefMut<Target = CodeBuffer<K>>, K: FixupKind>(
    mut asm: A,
    branch: impl Fn(&mut A, Label),
) -> A {
    const EVERY: usize = 8;
    let mut previous = asm.new_label();
    asm.bind(previous);
    for _ in 0..COUNT / EVERY {
        let next = asm.new_label();
        for _ in 0..EVERY / 2 {
            branch(&mut asm, black_box(previous));
            branch(&mut asm, black_box(next));
        }
        asm.bind(next);
        previous = next;
    }
    assert!(asm.finish().is_ok());
    asm
}

#[library_benchmark(setup = warm)]
#[bench::x64()]
fn branches_x64(asm: x64::Assembler) -> x64::Assembler {
    branches(asm, |asm, to| asm.jcc(black_box(x64::Cond::E), to))
}

#[library_benchmark(setup = warm)]
#[bench::a64()]
fn branches_a64(asm: a64::Assembler) -> a64::Assembler {
    branches(asm, |asm, to| asm.b_cond(black_box(a64::operand::Cond::Eq), to))
}

#[library_benchmark(setup = warm)]
#[bench::rv64()]
fn branches_rv64(asm: rv64::Assembler) -> rv64::Assembler {
    branches(asm, |asm, to| asm.beq(black_box(rv64::reg::A0), rv64::reg::A1, to))
}

// ---- Constants of every size, each as the macro assembler loads it. ----

/// 8 to 64 bits, with either sign.
fn value(number: usize) -> i64 {
    (0x1234_5678_9abc_def0 ^ (number as i64) << 48) >> (number % 8 * 8)
}

#[inline(always)]
fn constants<M: MacroAssembler>(mut asm: M) -> M {
    for number in 0..COUNT {
        asm.load_i64(black_box(M::GENERAL[0]), black_box(value(number)));
    }
    assert!(asm.finish().is_ok());
    asm
}

#[library_benchmark(setup = warm)]
#[bench::x64()]
fn constants_x64(asm: x64::Assembler) -> x64::Assembler {
    constants(asm)
}

#[library_benchmark(setup = warm)]
#[bench::a64()]
fn constants_a64(asm: a64::Assembler) -> a64::Assembler {
    constants(asm)
}

#[library_benchmark(setup = warm)]
#[bench::rv64()]
fn constants_rv64(asm: rv64::Assembler) -> rv64::Assembler {
    constants(asm)
}

library_benchmark_group!(
    name = assembler;
    benchmarks = mix, branches_x64, branches_a64, branches_rv64, constants_x64, constants_a64, constants_rv64
);

main!(library_benchmark_groups = assembler);
