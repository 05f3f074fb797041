//! Planted faults: each spoils functions as a wrong pass would, to prove that the comparison notices.

use orus::ir::types::Inst;
use orus::ir::{Cond, Function, Op};

/// A fault: its name, and what it does to a function; whether it did anything.
pub type Fault = (&'static str, fn(&mut Function) -> bool);

/// All of them.
pub const FAULTS: &[Fault] = &[
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
