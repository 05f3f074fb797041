//! Calls, frames, and touching the stack.

use std::hint::black_box;

use orus::asm::macros::{Access, Far, Frame, FrameLayout, Width};

use crate::Target;
use crate::exec::{Block, ENTRY};
use crate::run::{Batch, DATA, FLOAT_IN, FLOAT_OUT, GENERAL_IN, GENERAL_OUT, Session};

/// Where the called function counts, and where it leaves the low bits of its stack's address.
const CALLS: usize = 1;
const MISALIGNED: usize = 2;

/// What is called: counts, and looks at the alignment of its stack.
extern "C" fn callee(block: &mut Block) {
    #[repr(align(16))]
    struct Aligned([u8; 16]);
    let local = black_box(Aligned([0; 16]));
    let address = black_box(&raw const local) as u64;
    block.0[CALLS] += 1 + u64::from(local.0[0]);
    block.0[MISALIGNED] |= address % 16;
}

fn callee_address() -> u64 {
    callee as extern "C" fn(&mut Block) as usize as u64
}

fn is_saved<M: Target>(abi: M::Abi, general: bool, index: usize) -> bool {
    let (registers, floats) = M::callee_saved(abi);
    if general { registers.contains(&M::GENERAL[index]) } else { floats.contains(&M::FLOAT[index]) }
}

/// The registers that the convention has a callee leave as they were have done so.
fn assert_saved<M: Target>(abi: M::Abi, block: &Block, what: &str, session: &Session) {
    for index in 0..M::GENERAL.len() {
        if is_saved::<M>(abi, true, index) {
            let (before, after) = (block.0[GENERAL_IN + index], block.0[GENERAL_OUT + index]);
            assert_eq!(before, after, "{what}: {:?} changed (seed {})", M::GENERAL[index], session.seed);
        }
    }
    for index in 0..M::FLOAT.len() {
        if is_saved::<M>(abi, false, index) {
            let (before, after) = (block.0[FLOAT_IN + index], block.0[FLOAT_OUT + index]);
            assert_eq!(before, after, "{what}: {:?} changed (seed {})", M::FLOAT[index], session.seed);
        }
    }
}

pub fn calls<M: Target>() {
    let mut session = Session::new();
    let argument = M::arguments(M::HOST_ABI)[0];
    let (saved, _) = M::callee_saved(M::HOST_ABI);
    let through: Vec<M::R64> =
        M::GENERAL.iter().chain(M::SCRATCH).copied().filter(|&register| register != argument).collect();
    let volatile: Vec<M::R64> =
        through.iter().copied().filter(|register| !saved.contains(register)).collect();
    let mut batch = Batch::<M>::new();
    let functions = 400;
    // The first jump on, as a call that is the last thing a function does: no frame.
    for number in 0..functions {
        let far = match number % 2 {
            0 => Far::Address(callee_address()),
            _ => Far::External(0),
        };
        let through = (number % 4 < 2).then(|| volatile[session.below(volatile.len())]);
        batch.entry();
        batch.asm.jump_far(far, through);
    }
    for number in 0..functions {
        let layout = batch.enter();
        batch.load_all(
            |index| is_saved::<M>(M::HOST_ABI, true, index),
            |index| is_saved::<M>(M::HOST_ABI, false, index),
        );
        batch.asm.load(Access::I64, argument, M::STACK, layout.locals.into());
        let far = match number % 3 {
            0 => Far::Address(callee_address()),
            1 => Far::External(0),
            _ => Far::External(ENTRY + session.below(functions) as u32),
        };
        // A register that must be kept is not one to hold the address: it would look changed.
        let through = (number.is_multiple_of(2)).then(|| volatile[session.below(volatile.len())]);
        batch.asm.call_far(far, through);
        batch.store_all(layout);
        batch.leave();
    }
    let ready = batch.publish(&[callee_address()]);
    let mut block = Block::new();
    for number in 0..2 * functions {
        for _ in 0..40 {
            for word in &mut block.0[GENERAL_IN..GENERAL_OUT] {
                *word = session.rng.next_u64();
            }
            (block.0[CALLS], block.0[MISALIGNED]) = (0, 0);
            ready.code.call(number, &mut block);
            assert_eq!(
                (block.0[CALLS], block.0[MISALIGNED]),
                (1, 0),
                "call {number} (seed {})",
                session.seed
            );
            if number >= functions {
                assert_saved::<M>(M::HOST_ABI, &block, "call_far", &session);
            }
            session.count(if number < functions { "jump_far" } else { "call_far" }, 1);
        }
    }
    session.finish();
}

/// Local words that are written and read: where pages begin and end, and some others.
fn words(locals: u32) -> Vec<u32> {
    let wanted = [0, 8, 64, 512, 4080, 4088, 4096, 4104, 8184, 8192, 12_280, locals.saturating_sub(8)];
    let mut words: Vec<u32> =
        wanted.into_iter().filter(|&at| at + 8 <= locals && at.is_multiple_of(8)).collect();
    words.sort_unstable();
    words.dedup();
    words
}

pub fn frames<M: Target>(abi: M::Abi) {
    let mut session = Session::new();
    let is_host = format!("{abi:?}") == format!("{:?}", M::HOST_ABI);
    let sizes = [0u32, 8, 16, 24, 100, 128, 504, 4000, 4080, 4096, 4104, 8192, 8200, 12_288];
    let functions = 400;
    let mut batch = Batch::<M>::new();
    let mut outer = None;
    for number in 0..functions {
        // What calls: all registers that must be kept hold known values.
        let layout = batch.enter();
        outer = Some(layout);
        batch.load_all(|index| is_saved::<M>(abi, true, index), |index| is_saved::<M>(abi, false, index));
        batch.asm.load(Access::I64, M::arguments(abi)[0], M::STACK, layout.locals.into());
        batch.asm.call_far(Far::External(ENTRY + functions + number), None);
        batch.store_all(layout);
        batch.leave();
    }
    let outer = outer.expect("there are functions");
    let mut all = Vec::new();
    for number in 0..functions as usize {
        let locals = sizes[number % sizes.len()];
        let calls = is_host && locals >= 8 && number.is_multiple_of(2);
        let layout = callee_with_frame(&mut batch, &mut session, abi, locals, calls, outer);
        assert_eq!(layout.size % 16, 0, "a frame keeps the stack pointer aligned");
        assert!(layout.locals + locals <= layout.size, "{layout:?} has room for {locals} bytes");
        all.push((locals, calls));
    }
    let ready = batch.publish(&[callee_address()]);
    let mut block = Block::new();
    for (number, &(locals, calls)) in all.iter().enumerate() {
        for _ in 0..30 {
            for word in &mut block.0 {
                *word = session.rng.next_u64();
            }
            (block.0[CALLS], block.0[MISALIGNED]) = (0, 0);
            let address = block.address();
            ready.code.call(number, &mut block);
            assert_saved::<M>(abi, &block, "prologue and epilogue", &session);
            let seed = session.seed;
            assert_eq!(
                (block.0[CALLS], block.0[MISALIGNED]),
                (calls.into(), 0),
                "{locals} bytes (seed {seed})"
            );
            assert_eq!(block.0[DATA], address, "FrameLayout::size with {locals} bytes (seed {seed})");
            for (index, at) in words(locals).into_iter().enumerate() {
                let expected = if calls && at == 0 { address } else { block.0[DATA + 40 + index] };
                assert_eq!(block.0[DATA + 1 + index], expected, "local {at} of {locals} bytes (seed {seed})");
            }
            session.count("prologue", 1);
            session.count("epilogue", 1);
        }
    }
    session.finish();
}

/// A function with some frame, which overwrites what it saved, fills its locals and reads them again.
fn callee_with_frame<M: Target>(
    batch: &mut Batch<M>,
    session: &mut Session,
    abi: M::Abi,
    locals: u32,
    calls: bool,
    outer: FrameLayout,
) -> FrameLayout {
    batch.entry();
    let asm = &mut batch.asm;
    let (general, floats) = M::callee_saved(abi);
    let mut saved: Vec<M::R64> = general
        .iter()
        .copied()
        .filter(|register| M::GENERAL.contains(register) && session.below(2) == 0)
        .collect();
    let mut saved_floats: Vec<M::F64> = floats.iter().copied().filter(|_| session.below(2) == 0).collect();
    if session.below(3) == 0 {
        saved_floats.clear();
    }
    if session.below(4) == 0 {
        saved.clear();
    }
    let frame = Frame { saved: &saved, saved_floats: &saved_floats, locals, probed: session.below(2) == 0 };
    let layout = asm.prologue(abi, &frame);
    let (block, free) = (M::arguments(abi)[0], M::arguments(abi)[1]);
    for &register in &saved {
        asm.load_i64(register, session.rng.next_u64() as i64);
    }
    for &register in saved_floats.iter().filter(|register| M::FLOAT.contains(register)) {
        asm.load_f64(register, f64::from_bits(session.rng.next_u64()));
    }
    // The caller's first local word, seen from here.
    asm.load(Access::I64, free, M::STACK, i64::from(layout.size + outer.locals));
    asm.store(Width::W64, free, block.into(), 8 * DATA as i64);
    let slots = words(locals);
    for (index, &at) in slots.iter().enumerate() {
        asm.load(Access::I64, free, block.into(), 8 * (DATA + 40 + index) as i64);
        asm.store(Width::W64, free, M::STACK, i64::from(layout.locals + at));
    }
    if calls {
        asm.store(Width::W64, block, M::STACK, layout.locals.into());
        asm.call_far(Far::External(0), None);
        asm.load(Access::I64, block, M::STACK, layout.locals.into());
    }
    for (index, &at) in slots.iter().enumerate() {
        asm.load(Access::I64, free, M::STACK, i64::from(layout.locals + at));
        asm.store(Width::W64, free, block.into(), 8 * (DATA + 1 + index) as i64);
    }
    asm.epilogue(abi, &frame);
    layout
}

pub fn probing<M: Target>() {
    let mut session = Session::new();
    let mut sizes: Vec<u32> =
        vec![0, 16, 32, 4080, 4096, 4112, 8176, 8192, 8208, 12_288, 16_384, 20_480, 65_536, 131_072];
    sizes.extend((0..236).map(|_| 16 * session.below(5000) as u32));
    let mut batch = Batch::<M>::new();
    for &bytes in &sizes {
        let layout = batch.enter();
        batch.asm.probe_stack(bytes);
        let (free, block) = (M::GENERAL[0], M::GENERAL[1]);
        batch.asm.load(Access::I64, block, M::STACK, i64::from(bytes + layout.locals));
        // The stack pointer is where it should be, and what is there can be written.
        for at in [0, bytes / 2 / 8 * 8, bytes.saturating_sub(8)].into_iter().filter(|&at| at < bytes) {
            batch.asm.load_i64(free, at.into());
            batch.asm.store(Width::W64, free, M::STACK, at.into());
        }
        batch.asm.raise_stack(bytes);
        batch.asm.load(Access::I64, free, M::STACK, layout.locals.into());
        batch.asm.store(Width::W64, free, block.into(), 0);
        batch.leave();
    }
    let ready = batch.publish(&[]);
    let mut block = Block::new();
    for (number, bytes) in sizes.iter().enumerate() {
        for _ in 0..40 {
            block.0[0] = 0;
            ready.code.call(number, &mut block);
            let address = block.address();
            assert_eq!(block.0[0], address, "probe_stack({bytes})");
        }
    }
    session.count("probe_stack", sizes.len() as u64 * 40);
    session.finish();
}

/// Runs out of a small stack by `probe_stack` or a prologue: never returns, if it touches all pages in order.
#[cfg(unix)]
pub fn overflow<M: Target>(by_prologue: bool) {
    let mut asm = M::default();
    let entry = asm.new_label();
    asm.bind(entry);
    let bytes = 1 << 22;
    let frame = Frame { locals: if by_prologue { bytes } else { 0 }, probed: true, ..Frame::default() };
    asm.prologue(M::HOST_ABI, &frame);
    if !by_prologue {
        asm.probe_stack(bytes);
        asm.raise_stack(bytes);
    }
    asm.epilogue(M::HOST_ABI, &frame);
    let running = crate::exec::publish(&mut asm, &[entry], &[]);
    let small = std::thread::Builder::new().stack_size(1 << 18);
    let thread = small.spawn(move || running.call(0, &mut Block::new())).expect("a thread");
    thread.join().expect("it returns only if it did not touch the guard page");
}
