//! Planted faults, to prove that the comparison notices: some spoil functions as a wrong pass would; with the feature `planted-faults`, others
//! are mistakes that the passes and the allocator make on demand.

use orus::ir::types::Inst;
use orus::ir::{Cond, Function, Op};

/// A fault.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// What is done to an optimised function; whether anything was.
    Spoil(fn(&mut Function) -> bool),
    /// What a pass does, by its number.
    #[cfg(feature = "planted-faults")]
    Pass(u32),
    /// What the allocator does, and whether builds that check allocations check these, too: else it has to show in what the code does.
    #[cfg(feature = "planted-faults")]
    Allocator { fault: orus::regalloc::Fault, check: bool },
}

/// All of them, by name.
pub fn all() -> Vec<(String, Fault)> {
    #[cfg_attr(not(feature = "planted-faults"), expect(unused_mut, reason = "the feature adds to them"))]
    let mut all: Vec<_> =
        SPOILS.iter().map(|&(name, spoil)| (name.to_owned(), Fault::Spoil(spoil))).collect();
    #[cfg(feature = "planted-faults")]
    {
        let passes = orus::opt::fault::FAULTS.iter();
        all.extend(passes.map(|&(number, pass, _)| (format!("{pass}-{number}"), Fault::Pass(number))));
        use orus::regalloc::Fault::{RematFromSlot, UnalignedWideSlot};
        for &fault in orus::regalloc::Fault::ALL {
            all.push((format!("allocator-{fault:?}"), Fault::Allocator { fault, check: true }));
            // These are wrong on paper only: code for x86_64 does not mind how its slots are aligned.
            if !matches!(fault, UnalignedWideSlot | RematFromSlot) {
                all.push((
                    format!("allocator-{fault:?}-unchecked"),
                    Fault::Allocator { fault, check: false },
                ));
            }
        }
    }
    all
}

/// How many there are of the allocator and the passes.
pub fn planted() -> usize {
    #[cfg(feature = "planted-faults")]
    return orus::opt::fault::FAULTS.len() + orus::regalloc::Fault::ALL.len();
    #[cfg(not(feature = "planted-faults"))]
    0
}

/// What spoils functions.
type Spoil = (&'static str, fn(&mut Function) -> bool);

const SPOILS: &[Spoil] = &[
    ("add-becomes-sub", |f| {
        change(f, |f, inst| f.inst(inst).op == Op::Add, |f, inst| f.inst_mut(inst).op = Op::Sub)
    }),
    ("check-is-lost", |f| {
        change(
            f,
            |f, inst| f.inst(inst).op == Op::AddChecked,
            |f, inst| {
                let data = f.inst_mut(inst);
                data.op = Op::Add;
                data.c = u32::MAX;
            },
        )
    }),
    ("guard-is-lost", |f| {
        change(f, |f, inst| matches!(f.inst(inst).op, Op::GuardCmp | Op::Guard), |f, inst| f.remove(inst))
    }),
    ("store-is-lost", |f| change(f, |f, inst| f.inst(inst).op == Op::Store, |f, inst| f.remove(inst))),
    ("less-or-equal", |f| {
        let less = |f: &Function, inst: Inst| f.inst(inst).op == Op::BrCmp && f.inst(inst).cond() == Cond::Lt;
        change(f, less, |f, inst| f.inst_mut(inst).aux = Cond::Le as u16)
    }),
    ("arguments-change-places", |f| {
        change(
            f,
            |f, inst| f.inst(inst).op == Op::Sub,
            |f, inst| {
                let data = f.inst_mut(inst);
                std::mem::swap(&mut data.a, &mut data.b);
            },
        )
    }),
    ("handler-is-lost", |f| {
        change(
            f,
            |f, inst| f.inst(inst).op == Op::Invoke && f.result(inst).is_none(),
            |f, inst| {
                let d = f.inst(inst).d;
                let normal = f.edge(d);
                f.set_edge(d + 1, normal);
            },
        )
    }),
    ("slot-is-another", |f| {
        let states = f.state_count();
        for state in (0..states as u32).map(orus::ir::FrameState) {
            f.state_mut(state).position ^= 1;
        }
        states > 0
    }),
];

/// Changes all instructions that `fits` says.
fn change(
    f: &mut Function,
    fits: impl Fn(&Function, Inst) -> bool,
    change: impl Fn(&mut Function, Inst),
) -> bool {
    let insts: Vec<Inst> =
        f.order.iter().flat_map(|&block| f.insts(block)).filter(|&inst| fits(f, inst)).collect();
    for &inst in &insts {
        change(f, inst);
    }
    !insts.is_empty()
}
