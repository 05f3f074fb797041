//! Constants, addresses of labels, addresses outside.

use orus::asm::macros::{Access, Far, Width};

use crate::Target;
use crate::exec::Block;
use crate::operands::Kind;
use crate::run::{Batch, Outcome, Session, Shape, is_full};

/// Registers for each constant that is tried once only; the corners get this many.
const REGISTERS: usize = 4;

/// Constants that are made differently: every byte, every 16 bits, patterns that repeat, ends of ranges.
fn interesting() -> Vec<i64> {
    let mut all: Vec<u64> = Kind::I64.all_corners();
    for shift in 0..64 {
        for value in [0xffu64, 0xffff, 0xffff_ffff, 0x800, 0x7ff, 0xfff, 0x8000_0800, 0x1234_5678_9abc_def1] {
            all.extend([value << shift, !(value << shift), value.rotate_left(shift)]);
        }
        // Two bits set, two clear.
        all.extend([1 | 1 << shift, !(1 | 1 << shift), 1 << 63 | 1 << shift]);
    }
    // 16 bits at a time: all ones, all zeros, others, in each place.
    for a in [0u64, 0xffff, 0x1234, 0x8000] {
        for b in [0u64, 0xffff, 0x5678] {
            for c in [0u64, 0xffff, 0x9abc] {
                for d in [0u64, 0xffff, 0xdef0, 0x0800] {
                    all.push(a << 48 | b << 32 | c << 16 | d);
                }
            }
        }
    }
    all.extend((0..64).map(|near| 0x7fff_ffe0u64 + near));
    all.extend((0..64).map(|near| 0x7fff_ffff_ffff_f7e0u64 + near));
    all.extend(logical());
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|value| value as i64).collect()
}

/// What AArch64's logical immediates can be: runs of ones, rotated, repeated.
fn logical() -> Vec<u64> {
    let mut all = Vec::new();
    for size in [2u32, 4, 8, 16, 32, 64] {
        for ones in 1..size {
            for rotation in 0..size {
                let run = u64::MAX >> (64 - ones);
                let mask = u64::MAX >> (64 - size);
                let element =
                    if rotation == 0 { run } else { run >> rotation | run << (size - rotation) } & mask;
                let copies = (0..64 / size).fold(0, |value, copy| value | element << (copy * size));
                all.push(copies);
            }
        }
    }
    all
}

pub fn all<M: Target>() {
    integers::<M>();
    floats::<M>();
    addresses::<M>();
}

fn run<M: Target>(
    session: &mut Session,
    name: &'static str,
    kind: Kind,
    values: &[u64],
    emit: &dyn Fn(&mut M, &crate::run::Operands<M>),
) {
    let shape = Shape { d: Some(kind), n: None, m: None, exits: 0 };
    let mut block = Block::new();
    let mut number = 0;
    // Not all in one piece, so that constants from a pool are within reach, and beyond it too.
    for some in values.chunks(2000) {
        let mut batch = Batch::<M>::new();
        for &value in some {
            let registers = shape.registers::<M>(session, number);
            number += 1;
            batch.add(shape, registers, is_full(number) && number.is_multiple_of(4), value as i64, emit);
        }
        let ready = batch.publish(&[]);
        for (index, &value) in some.iter().enumerate() {
            ready.check::<M>(session, name, index, &mut block, 0, 0, Outcome::Value(value));
        }
    }
    session.count(name, values.len() as u64);
}

fn integers<M: Target>() {
    let mut session = Session::new();
    let interesting = interesting();
    let mut values: Vec<u64> = interesting.iter().map(|&value| value as u64).collect();
    let mut short: Vec<u64> = values.iter().map(|&value| u64::from(value as u32)).collect();
    short.sort_unstable();
    short.dedup();
    let (corners, short_corners) = (values.clone(), short.clone());
    for _ in 1..REGISTERS {
        short.extend(&short_corners);
    }
    while values.len() < 10_000 {
        values.push(Kind::I64.random(&mut session.rng, &corners));
    }
    while short.len() < 10_000 {
        short.push(Kind::I32.random(&mut session.rng, &short_corners));
    }
    run::<M>(&mut session, "load_i64", Kind::I64, &values, &|a, o| a.load_i64(o.d, o.imm));
    run::<M>(&mut session, "load_i32", Kind::I32, &short, &|a, o| a.load_i32(o.dw(), o.imm as i32));
    session.finish();
}

fn floats<M: Target>() {
    let mut session = Session::new();
    let mut corners = Kind::F64.all_corners();
    // What AArch64's `fmov` can: 1 + fraction/16 times a small power of two.
    for sixteenths in 16..32 {
        for power in -4..5 {
            let value = f64::from(sixteenths) / 16.0 * 2f64.powi(power);
            corners.extend([
                value.to_bits(),
                (-value).to_bits(),
                value.to_bits() + 1,
                (value / 256.0).to_bits(),
            ]);
        }
    }
    // What RISC-V's `fli` can, and short bit patterns.
    corners.extend([2f64.powi(-15), 2f64.powi(-16), 2f64.powi(-7), 2f64.powi(15), 65536.0].map(f64::to_bits));
    corners.extend(Kind::I64.all_corners());
    let mut values = corners.clone();
    while values.len() < 10_000 {
        values.push(Kind::F64.random(&mut session.rng, &corners));
    }
    run::<M>(&mut session, "load_f64", Kind::F64, &values, &|a, o| {
        a.load_f64(o.fd, f64::from_bits(o.imm as u64))
    });
    singles::<M>(&mut session, &corners);
    session.finish();
}

/// A float of 32 bits is looked at through memory: what an f64 register has above it is the target's own affair.
fn singles<M: Target>(session: &mut Session, corners: &[u64]) {
    let mut values: Vec<u32> = Vec::new();
    for &bits in corners {
        values.extend([bits as u32, (bits >> 32) as u32, (f64::from_bits(bits) as f32).to_bits()]);
    }
    for exponent in 0..256 {
        values.extend([exponent << 23, exponent << 23 | 1, exponent << 23 | 0x8040_0000]);
    }
    while values.len() < 10_000 {
        values.push(session.rng.next_u64() as u32);
    }
    let mut block = Block::new();
    for some in values.chunks(2000) {
        let mut batch = Batch::<M>::new();
        for (index, &bits) in some.iter().enumerate() {
            let layout = batch.enter();
            let register = M::FLOAT[(index + bits as usize) % M::FLOAT.len()];
            batch.asm.load_f32(M::single(register), f32::from_bits(bits));
            batch.asm.store_mem_f64(register, M::STACK, i64::from(layout.locals) + 8);
            let (block, value) = (M::GENERAL[0], M::GENERAL[1]);
            batch.asm.load(Access::I64, block, M::STACK, layout.locals.into());
            batch.asm.load(Access::U32, value, M::STACK, i64::from(layout.locals) + 8);
            batch.asm.store(Width::W64, value, block.into(), 0);
            batch.leave();
        }
        let ready = batch.publish(&[]);
        for (index, &bits) in some.iter().enumerate() {
            ready.code.call(index, &mut block);
            assert_eq!(block.0[0], u64::from(bits), "load_f32 of {bits:#x}");
        }
    }
    session.count("load_f32", values.len() as u64);
}

fn addresses<M: Target>() {
    let mut session = Session::new();
    let shape = Shape { d: Some(Kind::I64), n: None, m: None, exits: 0 };
    let mut block = Block::new();
    // Labels before and behind, near and far; external symbols; addresses.
    let symbols: Vec<u64> = Kind::I64.all_corners();
    let mut sets = 0;
    for round in 0..20 {
        let mut batch = Batch::<M>::new();
        let labels: Vec<_> = (0..500).map(|_| batch.asm.new_label()).collect();
        for number in 0..500 {
            if number >= 250 {
                batch.asm.bind(labels[number - 250]);
            }
            let registers = shape.registers::<M>(&mut session, number);
            let label = labels[(number + round * 17) % labels.len()];
            batch.add(shape, registers, is_full(number), 0, &|a, o| a.load_label(o.d, label));
        }
        for &label in &labels[250..] {
            batch.asm.bind(label);
        }
        let offsets: Vec<_> = labels.iter().map(|&label| batch.asm.label_offset(label).unwrap()).collect();
        let ready = batch.publish(&[]);
        for number in 0..500 {
            let address = ready.code.address(offsets[(number + round * 17) % labels.len()]);
            ready.check::<M>(&mut session, "load_label", number, &mut block, 0, 0, Outcome::Value(address));
            sets += 1;
        }
    }
    session.count("load_label", sets);
    let mut sets = 0;
    for _ in 0..20 {
        let fars: Vec<Far> = (0..500)
            .map(|number| match number % 2 {
                0 => Far::External(session.below(symbols.len()) as u32),
                _ => Far::Address(Kind::I64.random(&mut session.rng, &symbols)),
            })
            .collect();
        let mut batch = Batch::<M>::new();
        for (number, &far) in fars.iter().enumerate() {
            let registers = shape.registers::<M>(&mut session, number);
            batch.add(shape, registers, is_full(number), 0, &|a, o| a.load_far(o.d, far));
        }
        let ready = batch.publish(&symbols);
        for (number, &far) in fars.iter().enumerate() {
            let address = match far {
                Far::Address(address) => address,
                Far::External(symbol) => symbols[symbol as usize],
            };
            ready.check::<M>(&mut session, "load_far", number, &mut block, 0, 0, Outcome::Value(address));
            sets += 1;
        }
    }
    session.count("load_far", sets);
    session.finish();
}
