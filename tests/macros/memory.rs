//! Loads, stores and polls, at any distance from their base.

use orus::asm::macros::{Access, Frame, Width};

use crate::Target;
use crate::exec::{self, Block};
use crate::operands::Kind;
use crate::run::{Batch, DATA, Outcome, Session, Shape, host_frame, is_full};

/// Offsets at which encodings change.
const OFFSETS: &[i64] = &[
    0,
    1,
    -1,
    2,
    4,
    7,
    8,
    -8,
    16,
    124,
    127,
    128,
    -127,
    -128,
    -129,
    248,
    252,
    255,
    256,
    257,
    -255,
    -256,
    -257,
    504,
    512,
    -512,
    2040,
    2047,
    2048,
    2049,
    -2047,
    -2048,
    -2049,
    4088,
    4094,
    4095,
    4096,
    4097,
    -4095,
    -4096,
    8190,
    8191,
    8192,
    16380,
    16384,
    32752,
    32760,
    32761,
    32768,
    65535,
    65536,
    0xfff000,
    0x1000000,
    0x1000008,
    0x7fff_f7ff,
    0x7fff_f800,
    0x7fff_fff8,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0008,
    -0x7fff_ffff,
    -0x8000_0000,
    -0x8000_0001,
    -0x8000_0800,
    -0x8000_0801,
    0x1_0000_0000,
    0x1234_5678_9abc,
    i64::MAX,
    i64::MIN,
];

const I64: Option<Kind> = Some(Kind::I64);
const F64: Option<Kind> = Some(Kind::F64);
/// The words that loads and stores go to.
const DATA_END: usize = DATA + 24;
const DATA_BYTES: usize = 8 * (DATA_END - DATA);

/// What is to be done at an address.
#[derive(Clone, Copy)]
enum What {
    Load(Access),
    Store(Width),
    LoadFloat,
    StoreFloat,
    Poll,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Load(_) => "load",
            What::Store(_) => "store",
            What::LoadFloat => "load_mem_f64",
            What::StoreFloat => "store_mem_f64",
            What::Poll => "poll",
        }
    }

    fn shape(self) -> Shape {
        let (d, m, exits) = match self {
            What::Load(_) => (I64, None, 0),
            What::Store(_) => (None, I64, 0),
            What::LoadFloat => (F64, None, 0),
            What::StoreFloat => (None, F64, 0),
            What::Poll => (None, None, 1),
        };
        Shape { d, n: I64, m, exits }
    }
}

pub fn all<M: Target>() {
    let mut session = Session::new();
    let loads = Access::ALL.map(What::Load);
    let stores = Width::ALL.map(What::Store);
    for what in loads.into_iter().chain(stores) {
        at_offsets::<M>(&mut session, what, 600);
    }
    for what in [What::LoadFloat, What::StoreFloat, What::Poll] {
        at_offsets::<M>(&mut session, what, 1200);
    }
    for _ in 0..4 {
        from_the_stack::<M>(&mut session);
    }
    session.finish();
}

/// Runs of each function.
const RUNS: usize = 10;

fn at_offsets<M: Target>(session: &mut Session, what: What, functions: usize) {
    let shape = what.shape();
    let offsets: Vec<i64> = (0..functions)
        .map(|number| match OFFSETS.get(number) {
            Some(&offset) => offset,
            None if number.is_multiple_of(3) => session.rng.signed(64),
            None if number % 3 == 1 => {
                OFFSETS[session.below(OFFSETS.len())].wrapping_add(session.rng.signed(5))
            }
            None => session.rng.signed(33),
        })
        .collect();
    let mut batch = Batch::<M>::new();
    let mut chosen = Vec::new();
    for (number, &offset) in offsets.iter().enumerate() {
        let registers = shape.registers::<M>(session, number);
        batch.add(shape, registers, is_full(number), offset, &|a, o| match what {
            What::Load(access) => a.load(access, o.d, o.n.into(), o.imm),
            What::Store(width) => a.store(width, o.m, o.n.into(), o.imm),
            What::LoadFloat => a.load_mem_f64(o.fd, o.n.into(), o.imm),
            What::StoreFloat => a.store_mem_f64(o.fm, o.n.into(), o.imm),
            What::Poll => a.poll(o.n.into(), o.imm, o.exits[0]),
        });
        chosen.push(registers);
    }
    let ready = batch.publish(&[]);
    let mut block = Block::new();
    for (number, &offset) in offsets.iter().enumerate() {
        for run in 0..RUNS {
            let size = match what {
                What::Load(Access::U8 | Access::I8) | What::Store(Width::W8) => 1,
                What::Load(Access::U16 | Access::I16) | What::Store(Width::W16) => 2,
                What::Load(Access::U32 | Access::I32) | What::Store(Width::W32) | What::Poll => 4,
                _ => 8,
            };
            // Unaligned one time in four, but for a poll.
            let align = if session.rng.below(4) == 0 && !matches!(what, What::Poll) { 1 } else { size };
            let at = session.below((DATA_BYTES - 8) / align) * align;
            for word in &mut block.0[DATA..DATA_END] {
                *word = session.rng.next_u64();
            }
            if run.is_multiple_of(2) && matches!(what, What::Poll) {
                // Only these four bytes count.
                let bytes = !(0xffff_ffffu64 << (8 * (at % 8)));
                block.0[DATA + at / 8] &= bytes;
            }
            let address = block.address() + (8 * DATA + at) as u64;
            let base = address.wrapping_sub(offset as u64);
            let before: Vec<u8> =
                block.0[DATA..DATA_END].iter().flat_map(|word| word.to_le_bytes()).collect();
            let word = u64::from_le_bytes(before[at..at + 8].try_into().unwrap());
            let value = match what {
                What::Store(_) if chosen[number].n == chosen[number].m => base,
                _ => session.rng.next_u64(),
            };
            let outcome = match what {
                What::Load(Access::U8) => Outcome::Value(u64::from(word as u8)),
                What::Load(Access::I8) => Outcome::Value(word as i8 as u64),
                What::Load(Access::U16) => Outcome::Value(u64::from(word as u16)),
                What::Load(Access::I16) => Outcome::Value(word as i16 as u64),
                What::Load(Access::U32) => Outcome::Value(u64::from(word as u32)),
                What::Load(Access::I32) => Outcome::Value(word as i32 as u64),
                What::Load(Access::I64) | What::LoadFloat => Outcome::Value(word),
                What::Store(_) | What::StoreFloat => Outcome::Through,
                What::Poll if word as u32 != 0 => Outcome::Exit(0),
                What::Poll => Outcome::Through,
            };
            ready.check::<M>(session, what.name(), number, &mut block, base, value, outcome);
            let mut expected = before;
            if let What::Store(_) | What::StoreFloat = what {
                expected[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
            }
            let after: Vec<u8> = block.0[DATA..DATA_END].iter().flat_map(|word| word.to_le_bytes()).collect();
            assert!(
                after == expected,
                "{} at {offset:#x}, of {size} bytes (seed {})",
                what.name(),
                session.seed
            );
        }
    }
    session.count(what.name(), (functions * RUNS) as u64);
}

/// Slots of a large frame: written, and read back, with the stack pointer as the base.
fn from_the_stack<M: Target>(session: &mut Session) {
    const LOCALS: u32 = 40_960;
    let mut asm = M::default();
    let mut entries = Vec::new();
    let mut models = Vec::new();
    for _ in 0..100 {
        let entry = asm.new_label();
        asm.bind(entry);
        entries.push(entry);
        let mut saved = Vec::new();
        let frame = Frame { locals: LOCALS, probed: true, ..host_frame::<M>(&mut saved) };
        let layout = asm.prologue(M::HOST_ABI, &frame);
        let block = M::arguments(M::HOST_ABI)[0];
        let others: Vec<_> = M::GENERAL.iter().copied().filter(|&register| register != block).collect();
        let mut slots = Vec::new();
        for word in 0..20 {
            let at =
                if word < 2 { [0, LOCALS - 8][word] } else { 8 * session.below(LOCALS as usize / 8) as u32 };
            let at = i64::from(layout.locals + at);
            let (register, float) =
                (others[session.below(others.len())], M::FLOAT[session.below(M::FLOAT.len())]);
            if word.is_multiple_of(2) {
                asm.load(Access::I64, register, block.into(), 8 * word as i64);
                asm.store(Width::W64, register, M::STACK, at);
            } else {
                asm.load_mem_f64(float, block.into(), 8 * word as i64);
                asm.store_mem_f64(float, M::STACK, at);
            }
            slots.push(at);
        }
        for (word, &at) in slots.iter().enumerate() {
            let (register, float) =
                (others[session.below(others.len())], M::FLOAT[session.below(M::FLOAT.len())]);
            if word.is_multiple_of(3) {
                asm.load(Access::I64, register, M::STACK, at);
                asm.store(Width::W64, register, block.into(), 8 * (20 + word) as i64);
            } else {
                asm.load_mem_f64(float, M::STACK, at);
                asm.store_mem_f64(float, block.into(), 8 * (20 + word) as i64);
            }
        }
        asm.epilogue(M::HOST_ABI, &frame);
        // The last word that was written to a slot is what is read.
        let model: Vec<usize> =
            slots.iter().map(|at| slots.iter().rposition(|other| other == at).unwrap()).collect();
        models.push(model);
    }
    let running = exec::publish(&mut asm, &entries, &[]);
    let mut block = Block::new();
    for (number, model) in models.iter().enumerate() {
        for word in &mut block.0 {
            *word = session.rng.next_u64();
        }
        running.call(number, &mut block);
        for (word, &from) in model.iter().enumerate() {
            assert_eq!(
                block.0[20 + word],
                block.0[from],
                "slot {word} of a large frame (seed {})",
                session.seed
            );
        }
        session.count("load", 7);
        session.count("store", 10);
        session.count("load_mem_f64", 13);
        session.count("store_mem_f64", 10);
    }
}
