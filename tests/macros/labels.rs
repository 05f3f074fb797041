//! Control flow, run: random programs of blocks in random order, whose branches and jumps go anywhere.
//!
//! Each block mixes its number into a hash, and a constant, and leaves by the first of its branches that is taken. Which
//! one that is depends on the hash, so that a model knows the walk from block to block; after so many blocks it ends. Had
//! one branch led elsewhere, the hash would be another. Between the blocks there are constants and data, so that
//! branches are within reach of their shortest form or not, and cross islands.

use orus::asm::Label;
use orus::asm::form::Rng;
use orus::asm::macros::{Access, Compare, FloatCompare, FrameLayout, Width};

use crate::Target;
use crate::compare::float_holds;
use crate::exec::Block;
use crate::run::{Batch, GENERAL_IN, GENERAL_OUT, Session};

/// The hash is `(hash * FACTOR + number) % MODULUS`, and what the constant gives is added: below 2 to the power 31 always.
const FACTOR: u64 = 48_271;
const MODULUS: u64 = (1 << 31) - 1;

/// How control left, in the block's first word.
const DONE: u64 = 1;
const BAD: u64 = 2;

/// On what a branch depends, besides the hash.
#[derive(Clone, Copy, Debug)]
enum Test {
    Imm64(Compare, i64),
    Imm32(Compare, i32),
    /// With the register that holds [`FACTOR`] or, if true, [`MODULUS`].
    Register64(Compare, bool),
    /// The same, and the hash is the right-hand side.
    Register32(Compare, bool),
    Float(FloatCompare, f64),
    /// Does the hash added to the maximum less this overflow?
    Overflow(i64),
}

impl Test {
    fn random(rng: &mut Rng) -> Test {
        let compare = Compare::ALL[rng.below(10) as usize];
        // Near the size of a hash, so that both outcomes come up.
        let value = rng.below(MODULUS) as i64;
        match rng.below(6) {
            0 => Test::Imm64(compare, value),
            1 => Test::Imm32(compare, value as i32),
            2 => Test::Register64(compare, rng.below(2) == 0),
            3 => Test::Register32(compare, rng.below(2) == 0),
            4 => Test::Float(FloatCompare::ALL[rng.below(6) as usize], value as f64 + 0.5),
            _ => Test::Overflow(value),
        }
    }

    fn holds(self, hash: u64) -> bool {
        let hash = hash as i64;
        let other = |is_modulus| if is_modulus { MODULUS as i64 } else { FACTOR as i64 };
        match self {
            Test::Imm64(compare, value) => compare.holds(hash, value),
            Test::Imm32(compare, value) => compare.holds(hash, value.into()),
            Test::Register64(compare, is_modulus) => compare.holds(hash, other(is_modulus)),
            Test::Register32(compare, is_modulus) => compare.holds(other(is_modulus), hash),
            Test::Float(compare, value) => float_holds(compare, (hash as f64).to_bits(), value.to_bits()),
            Test::Overflow(value) => hash > value,
        }
    }
}

/// A constant that a block adds to the hash.
#[derive(Clone, Copy, Debug)]
enum Constant {
    Integer(u64),
    /// From the constant pool, mostly.
    Float(u64),
}

impl Constant {
    fn bits(self) -> u64 {
        let (Constant::Integer(bits) | Constant::Float(bits)) = self;
        bits
    }
}

/// What comes behind a block, where control does not come.
#[derive(Clone, Copy, Debug)]
enum Behind {
    /// Nothing; the next block is entered.
    Next,
    Nothing,
    Constants,
    Data(usize),
}

/// A block.
#[derive(Clone, Debug)]
struct Node {
    number: i64,
    constant: Option<Constant>,
    branches: Vec<(Test, usize)>,
    /// Where it goes if no branch is taken.
    last: usize,
    behind: Behind,
    /// Instructions in it that are of no effect.
    filler: usize,
}

/// A program, in the order of its code.
#[derive(Debug)]
struct Program {
    nodes: Vec<Node>,
    /// The end stands before all blocks rather than behind them.
    ends_first: bool,
}

impl Program {
    /// `spread` is about how many bytes lie between two blocks at most.
    fn random(rng: &mut Rng, blocks: usize, spread: usize) -> Program {
        let any = |rng: &mut Rng| rng.below(blocks as u64) as usize;
        let node = |rng: &mut Rng, index: usize| {
            let branches = (0..rng.below(4)).map(|_| (Test::random(rng), any(rng))).collect();
            let behind = match rng.below(8) {
                0 | 1 if index + 1 < blocks => Behind::Next,
                2 => Behind::Nothing,
                3 => Behind::Constants,
                // Multiples of all alignments.
                _ => Behind::Data(rng.below(spread as u64 / 16 + 1) as usize * 16),
            };
            Node {
                number: rng.below(1 << 20) as i64,
                constant: match rng.below(4) {
                    0 => Some(Constant::Integer(rng.next_u64())),
                    1 => Some(Constant::Float(rng.next_u64())),
                    _ => None,
                },
                branches,
                last: if matches!(behind, Behind::Next) { index + 1 } else { any(rng) },
                behind,
                filler: rng.below(8) as usize,
            }
        };
        let nodes = (0..blocks).map(|index| node(rng, index)).collect();
        Program { nodes, ends_first: rng.below(2) == 0 }
    }

    /// The hash at the end of a walk through so many blocks, and those that it comes to.
    fn model(&self, mut hash: u64, steps: u64) -> (u64, Vec<usize>) {
        let (mut at, mut walk) = (0, Vec::new());
        for _ in 0..steps {
            let node = &self.nodes[at];
            walk.push(at);
            hash = (hash * FACTOR + node.number as u64) % MODULUS;
            if let Some(constant) = node.constant {
                hash = (hash + constant.bits() % MODULUS) % MODULUS;
            }
            let taken = node.branches.iter().find(|(test, _)| test.holds(hash));
            at = taken.map_or(node.last, |(_, to)| *to);
        }
        (hash, walk)
    }

    /// Adds it to a batch as a function. If `swapped`, the labels of these two blocks are each at the other.
    fn emit<M: Target>(&self, batch: &mut Batch<M>, rng: &mut Rng, swapped: Option<(usize, usize)>) {
        let layout = batch.enter();
        let mut free = M::GENERAL.to_vec();
        let mut register = || free.swap_remove(rng.below(free.len() as u64) as usize);
        let registers = Registers::<M> {
            hash: register(),
            steps: register(),
            factor: register(),
            modulus: register(),
            other: register(),
            float: M::FLOAT[rng.below(M::FLOAT.len() as u64) as usize],
            float_other: M::FLOAT[0],
        };
        let registers = match registers.float == M::FLOAT[0] {
            true => Registers { float_other: M::FLOAT[1], ..registers },
            false => registers,
        };
        let asm = &mut batch.asm;
        let mut labels: Vec<Label> = self.nodes.iter().map(|_| asm.new_label()).collect();
        let (first, done, bad) = (labels[0], asm.new_label(), asm.new_label());
        asm.load(Access::I64, registers.other, M::STACK, layout.locals.into());
        asm.load(Access::I64, registers.hash, registers.other.into(), 8 * GENERAL_IN as i64);
        asm.load(Access::I64, registers.steps, registers.other.into(), 8 * GENERAL_IN as i64 + 8);
        asm.load_i64(registers.factor, FACTOR as i64);
        asm.load_i64(registers.modulus, MODULUS as i64);
        asm.jump(first);
        if self.ends_first {
            end(batch, &registers, layout, done, bad);
        }
        let targets = labels.clone();
        if let Some((a, b)) = swapped {
            labels.swap(a, b);
        }
        let out = Out { layout, done, bad, targets: &targets };
        for (node, label) in self.nodes.iter().zip(&labels) {
            batch.asm.bind(*label);
            node.emit(&mut batch.asm, &registers, &out);
        }
        if !self.ends_first {
            end(batch, &registers, layout, done, bad);
        }
    }
}

/// The registers of a program.
struct Registers<M: Target> {
    hash: M::R64,
    steps: M::R64,
    factor: M::R64,
    modulus: M::R64,
    other: M::R64,
    float: M::F64,
    float_other: M::F64,
}

/// Where a block may leave to.
struct Out<'a> {
    layout: FrameLayout,
    done: Label,
    /// For what cannot happen.
    bad: Label,
    targets: &'a [Label],
}

/// Ends a function: `done`, and `bad`.
fn end<M: Target>(
    batch: &mut Batch<M>,
    registers: &Registers<M>,
    layout: FrameLayout,
    done: Label,
    bad: Label,
) {
    let out = batch.asm.new_label();
    for (label, way) in [(done, DONE), (bad, BAD)] {
        batch.asm.bind(label);
        batch.asm.load_i64(registers.steps, way as i64);
        if way == DONE {
            batch.asm.jump(out);
        }
    }
    batch.asm.bind(out);
    batch.asm.load(Access::I64, registers.other, M::STACK, layout.locals.into());
    batch.asm.store(Width::W64, registers.hash, registers.other.into(), 8 * GENERAL_OUT as i64);
    batch.asm.store(Width::W64, registers.steps, registers.other.into(), 0);
    batch.leave();
}

impl Node {
    fn emit<M: Target>(&self, asm: &mut M, registers: &Registers<M>, out: &Out<'_>) {
        let Registers { hash, steps, factor, modulus, other, .. } = *registers;
        for _ in 0..self.filler {
            asm.add_imm_i64(other, other, 1);
        }
        asm.mul_checked_i64(hash, hash, factor, out.bad);
        asm.add_imm_i64(hash, hash, self.number);
        asm.rem_u64(hash, hash, modulus, out.bad);
        if let Some(constant) = self.constant {
            match constant {
                Constant::Integer(bits) => asm.load_i64(other, bits as i64),
                Constant::Float(bits) => {
                    let place = i64::from(out.layout.locals) + 16;
                    asm.load_f64(registers.float, f64::from_bits(bits));
                    asm.store_mem_f64(registers.float, M::STACK, place);
                    asm.load(Access::I64, other, M::STACK, place);
                }
            }
            asm.rem_u64(other, other, modulus, out.bad);
            asm.add_checked_i64(hash, hash, other, out.bad);
            asm.rem_u64(hash, hash, modulus, out.bad);
        }
        asm.sub_imm_i64(steps, steps, 1);
        asm.branch_imm_i64(Compare::Eq, steps, 0, out.done);
        for &(test, to) in &self.branches {
            let to = out.targets[to];
            let with = |is_modulus| if is_modulus { modulus } else { factor };
            match test {
                Test::Imm64(compare, value) => asm.branch_imm_i64(compare, hash, value, to),
                Test::Imm32(compare, value) => asm.branch_imm_i32(compare, M::low(hash), value, to),
                Test::Register64(compare, is_modulus) => asm.branch_i64(compare, hash, with(is_modulus), to),
                Test::Register32(compare, is_modulus) => {
                    asm.branch_i32(compare, M::low(with(is_modulus)), M::low(hash), to);
                }
                Test::Float(compare, value) => {
                    asm.i64_to_f64(registers.float, hash);
                    asm.load_f64(registers.float_other, value);
                    asm.branch_f64(compare, registers.float, registers.float_other, to);
                }
                Test::Overflow(value) => {
                    asm.load_i64(other, i64::MAX - value);
                    asm.add_checked_i64(other, other, hash, to);
                }
            }
        }
        if !matches!(self.behind, Behind::Next) {
            asm.jump(out.targets[self.last]);
        }
        match self.behind {
            Behind::Next | Behind::Nothing => {}
            Behind::Constants => asm.emit_constants(),
            Behind::Data(size) => {
                // Nothing runs into the data, so that what is due before it needs no jump around it.
                asm.island_if_within(size as u32 + 64);
                asm.put_data(&vec![0; size]);
            }
        }
    }
}

/// Sizes: blocks of a program, bytes between two of them, how many programs.
const SIZES: &[(usize, usize, usize)] = &[
    (3, 32, 40),
    (12, 160, 40),
    (60, 300, 30),
    (1500, 64, 4),
    (40, 5_000, 30),
    (60, 40_000, 12),
    (30, 400_000, 3),
    (12, 1_300_000, 3),
];

/// Runs of each program.
const RUNS: u64 = 60;

pub fn walks<M: Target>() {
    let mut session = Session::new();
    let mut block = Block::new();
    let (mut blocks_run, mut longest) = (0, 0);
    for &(blocks, spread, programs) in SIZES {
        // A batch for each size: one program's veneers must not wait for the next one.
        let mut batch = Batch::<M>::new();
        let programs: Vec<Program> =
            (0..programs).map(|_| Program::random(&mut session.rng, blocks, spread)).collect();
        for program in &programs {
            program.emit(&mut batch, &mut session.rng, None);
        }
        longest = longest.max(batch.asm.offset());
        let ready = batch.publish(&[]);
        for (number, program) in programs.iter().enumerate() {
            for _ in 0..RUNS {
                let (hash, steps) = (session.rng.below(MODULUS), 1 + session.rng.below(3 * blocks as u64));
                let (expected, walk) = program.model(hash, steps);
                blocks_run += walk.len() as u64;
                (block.0[GENERAL_IN], block.0[GENERAL_IN + 1]) = (hash, steps);
                ready.code.call(number, &mut block);
                let found = (block.0[0], block.0[GENERAL_OUT]);
                let seed = session.seed;
                assert_eq!(
                    found,
                    (DONE, expected),
                    "program {number} of {blocks} blocks, {steps} steps (seed {seed})"
                );
            }
        }
    }
    session.count("blocks of random programs", blocks_run);
    println!("{longest} bytes in the largest buffer");
    // Twelve blocks of the largest programs are further apart than the longest conditional branches of any target reach.
    assert!(longest > 4 << 20, "only {longest}");
    session.finish();
}

/// If two labels are at the wrong blocks, the hash tells.
pub fn misplaced_labels_are_noticed<M: Target>() {
    let mut session = Session::new();
    let mut block = Block::new();
    let mut batch = Batch::<M>::new();
    let mut programs = Vec::new();
    for _ in 0..60 {
        let program = Program::random(&mut session.rng, 20, 300);
        let (hash, steps) = (session.rng.below(MODULUS), 80);
        let (expected, walk) = program.model(hash, steps);
        // One that the walk branches to; entered from the block before it, it would not need its label.
        let branched_to =
            walk.windows(2).find(|pair| pair[1] != pair[0] + 1 && pair[1] != 0).map(|pair| pair[1]);
        let Some(a) = branched_to else { continue };
        let b = (a + 1 + session.below(18)) % 20;
        program.emit(&mut batch, &mut session.rng, None);
        program.emit(&mut batch, &mut session.rng, Some((a, b)));
        programs.push((hash, steps, expected));
    }
    assert!(programs.len() > 40, "{}", programs.len());
    let ready = batch.publish(&[]);
    for (number, &(hash, steps, expected)) in programs.iter().enumerate() {
        let mut run = |function: usize| {
            (block.0[GENERAL_IN], block.0[GENERAL_IN + 1]) = (hash, steps);
            ready.code.call(function, &mut block);
            (block.0[0], block.0[GENERAL_OUT])
        };
        assert_eq!(run(2 * number), (DONE, expected), "seed {}", session.seed);
        let misplaced = run(2 * number + 1);
        assert_eq!(misplaced.0, DONE);
        assert_ne!(misplaced.1, expected, "program {number} (seed {})", session.seed);
    }
}
