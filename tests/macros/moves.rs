//! Moves, one by one and at once.

use std::collections::BTreeMap;

use orus::asm::macros::{Access, Frame, Place, Width};

use crate::Target;
use crate::exec::{self, Block};
use crate::operands::Kind;
use crate::run::{Operands, Outcome, Session, Shape, Spec, check, host_frame};

pub fn single<M: Target>() {
    let mut session = Session::new();
    let spec = |name, kind, emit: fn(&mut M, &Operands<M>)| Spec::<M> {
        name,
        shape: Shape { d: Some(kind), n: Some(kind), m: None, exits: 0 },
        imm: None,
        emit: Box::new(emit),
        model: Box::new(|n, _, _| Outcome::Value(n)),
    };
    check(&mut session, &spec("move_i64", Kind::I64, |a, o| a.move_i64(o.d, o.n)));
    check(&mut session, &spec("move_f64", Kind::F64, |a, o| a.move_f64(o.fd, o.fnn)));
    session.finish();
}

/// Stack words that take part; before them the block's address and a word to keep a register in.
const STACK: usize = 12;
const FIRST: usize = 2;

type Pairs<M> = Vec<(
    Place<<M as orus::asm::macros::MacroAssembler>::R64, <M as orus::asm::macros::MacroAssembler>::F64>,
    usize,
)>;

pub fn parallel<M: Target>() {
    let mut session = Session::new();
    let (functions, batches) = (500, if cfg!(target_arch = "x86_64") { 100 } else { 20 });
    let mut block = Block::new();
    for _ in 0..batches {
        let mut asm = M::default();
        let mut entries = Vec::new();
        let mut models = Vec::new();
        for _ in 0..functions {
            let entry = asm.new_label();
            asm.bind(entry);
            entries.push(entry);
            models.push(function(&mut asm, &mut session));
        }
        let running = exec::publish(&mut asm, &entries, &[]);
        let places = M::GENERAL.len() + M::FLOAT.len() + STACK;
        for (number, model) in models.iter().enumerate() {
            for word in &mut block.0[..places] {
                *word = session.rng.next_u64();
            }
            running.call(number, &mut block);
            for place in 0..places {
                let from = model.get(&place).copied().unwrap_or(place);
                assert_eq!(
                    block.0[places + place],
                    block.0[from],
                    "parallel_move {model:?}: place {place} has not what was in {from} ({} general, {} float registers; seed {})",
                    M::GENERAL.len(),
                    M::FLOAT.len(),
                    session.seed,
                );
            }
        }
        session.count("parallel_move", models.len() as u64);
    }
    session.finish();
}

/// Emits a function that fills all places, moves, and stores all places; gives, for each place that is written, where its
/// value comes from.
fn function<M: Target>(asm: &mut M, session: &mut Session) -> BTreeMap<usize, usize> {
    let mut saved = Vec::new();
    let frame = Frame { locals: 8 * (FIRST + STACK) as u32, ..host_frame::<M>(&mut saved) };
    let layout = asm.prologue(M::HOST_ABI, &frame);
    let stack = |word: usize| i64::from(layout.locals) + 8 * word as i64;
    let argument = M::arguments(M::HOST_ABI)[0];
    asm.store(Width::W64, argument, M::STACK, stack(0));
    // All places, and the numbers by which the model knows them.
    let mut places: Pairs<M> = Vec::new();
    places.extend(M::GENERAL.iter().map(|&register| Place::General(register)).zip(0..));
    places.extend(M::FLOAT.iter().map(|&register| Place::Float(register)).zip(M::GENERAL.len()..));
    let words = (0..STACK).map(|word| Place::Stack(stack(FIRST + word) as u32));
    places.extend(words.zip(M::GENERAL.len() + M::FLOAT.len()..));
    let total = places.len();

    // Fill: the stack first, then floats, then general registers, the argument's last.
    let free = if M::GENERAL[0] == argument { M::GENERAL[1] } else { M::GENERAL[0] };
    for &(place, number) in places.iter().rev() {
        let from = 8 * number as i64;
        match place {
            Place::Stack(at) => {
                asm.load(Access::I64, free, argument.into(), from);
                asm.store(Width::W64, free, M::STACK, at.into());
            }
            Place::Float(register) => asm.load_mem_f64(register, argument.into(), from),
            Place::General(register) if register != argument => {
                asm.load(Access::I64, register, argument.into(), from)
            }
            Place::General(_) => {}
        }
    }
    let own =
        M::GENERAL.iter().position(|&register| register == argument).expect("an argument is an operand");
    asm.load(Access::I64, argument, argument.into(), 8 * own as i64);

    // Some of the places take part, each written at most once.
    let pools = [M::GENERAL.len(), total, total, M::GENERAL.len() + M::FLOAT.len()];
    let kind = session.below(8);
    let mut chosen: Vec<usize> = match kind {
        0 => (0..pools[0]).collect(),
        1 => (pools[0]..pools[3]).collect(),
        2 => (pools[3]..total).collect(),
        _ => (0..total).collect(),
    };
    for index in (1..chosen.len()).rev() {
        chosen.swap(index, session.below(index + 1));
    }
    let count = match session.below(4) {
        0 => 1 + session.below(3),
        1 => 2 + session.below(6),
        _ => 1 + session.below(chosen.len()),
    };
    chosen.truncate(count.min(chosen.len()));
    let mut model = BTreeMap::new();
    let pattern = session.below(5);
    for (index, &to) in chosen.iter().enumerate() {
        let from = match pattern {
            // One cycle through all.
            0 => chosen[(index + 1) % chosen.len()],
            // Several cycles of two or three.
            1 => {
                let size = 2 + kind % 2;
                let group = index / size * size;
                let size = size.min(chosen.len() - group);
                chosen[group + (index - group + 1) % size]
            }
            // One to many.
            2 => chosen[session.rng.below(2) as usize % chosen.len()],
            // Chains and trees, into and out of cycles.
            3 => chosen[session.below(chosen.len())],
            // From anywhere.
            _ => session.below(total),
        };
        model.insert(to, from);
    }
    let mut moves: Vec<_> = model.iter().map(|(&to, &from)| (places[from].0, places[to].0)).collect();
    for index in (1..moves.len()).rev() {
        moves.swap(index, session.below(index + 1));
    }
    asm.parallel_move(&moves);

    // Store all.
    let (first, second) = (M::GENERAL[0], M::GENERAL[1]);
    asm.store(Width::W64, first, M::STACK, stack(1));
    asm.load(Access::I64, first, M::STACK, stack(0));
    for &(place, number) in &places[1..] {
        let to = 8 * (total + number) as i64;
        match place {
            Place::General(register) => asm.store(Width::W64, register, first.into(), to),
            Place::Float(register) => asm.store_mem_f64(register, first.into(), to),
            Place::Stack(at) => {
                asm.load(Access::I64, second, M::STACK, at.into());
                asm.store(Width::W64, second, first.into(), to);
            }
        }
    }
    asm.load(Access::I64, second, M::STACK, stack(1));
    asm.store(Width::W64, second, first.into(), 8 * total as i64);
    asm.epilogue(M::HOST_ABI, &frame);
    model
}
