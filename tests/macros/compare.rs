//! Branches and comparisons into registers.

use orus::asm::macros::{Compare, FloatCompare};

use crate::Target;
use crate::operands::Kind;
use crate::run::{Operands, Outcome, Session, Shape, Spec, check};

const I64: Option<Kind> = Some(Kind::I64);
const I32: Option<Kind> = Some(Kind::I32);
const F64: Option<Kind> = Some(Kind::F64);

/// The model of a comparison of floats, by their bits.
pub fn float_holds(compare: FloatCompare, a: u64, b: u64) -> bool {
    compare.holds(f64::from_bits(a), f64::from_bits(b))
}

fn taken(holds: bool) -> Outcome {
    if holds { Outcome::Exit(0) } else { Outcome::Through }
}

fn spec<M: Target>(
    name: &'static str,
    shape: Shape,
    imm: Option<Kind>,
    emit: impl Fn(&mut M, &Operands<M>) + 'static,
    model: impl Fn(u64, u64, i64) -> Outcome + 'static,
) -> Spec<M> {
    Spec { name, shape, imm, emit: Box::new(emit), model: Box::new(model) }
}

fn short(value: u64) -> i64 {
    i64::from(value as i32)
}

pub fn branches<M: Target>() {
    let mut session = Session::new();
    let shape = |n, m| Shape { d: None, n, m, exits: 1 };
    for c in Compare::ALL {
        check(
            &mut session,
            &spec(
                "branch_i64",
                shape(I64, I64),
                None,
                move |a: &mut M, o| a.branch_i64(c, o.n, o.m, o.exits[0]),
                move |n, m, _| taken(c.holds(n as i64, m as i64)),
            ),
        );
        check(
            &mut session,
            &spec(
                "branch_i32",
                shape(I32, I32),
                None,
                move |a: &mut M, o| a.branch_i32(c, o.nw(), o.mw(), o.exits[0]),
                move |n, m, _| taken(c.holds(short(n), short(m))),
            ),
        );
        check(
            &mut session,
            &spec(
                "branch_imm_i64",
                shape(I64, None),
                I64,
                move |a: &mut M, o| a.branch_imm_i64(c, o.n, o.imm, o.exits[0]),
                move |n, _, i| taken(c.holds(n as i64, i)),
            ),
        );
        check(
            &mut session,
            &spec(
                "branch_imm_i32",
                shape(I32, None),
                I32,
                move |a: &mut M, o| a.branch_imm_i32(c, o.nw(), o.imm as i32, o.exits[0]),
                move |n, _, i| taken(c.holds(short(n), i)),
            ),
        );
    }
    for c in FloatCompare::ALL {
        check(
            &mut session,
            &spec(
                "branch_f64",
                shape(F64, F64),
                None,
                move |a: &mut M, o| a.branch_f64(c, o.fnn, o.fm, o.exits[0]),
                move |n, m, _| taken(float_holds(c, n, m)),
            ),
        );
    }
    check(
        &mut session,
        &spec("jump", shape(I64, I64), None, |a: &mut M, o| a.jump(o.exits[0]), |_, _, _| Outcome::Exit(0)),
    );
    // Backward as well: turns of a loop, a jump over a piece of code and back to it.
    let there_and_back = |a: &mut M, o: &Operands<M>| {
        let [top, back, over, out] = [(); 4].map(|()| a.new_label());
        a.move_i64(o.d, o.n);
        a.branch_imm_i64(Compare::Above, o.d, 1000, over);
        a.bind(top);
        a.add_imm_i64(o.d, o.d, -3);
        a.branch_imm_i64(Compare::Gt, o.d, 0, top);
        a.jump(over);
        a.bind(back);
        a.add_imm_i64(o.d, o.d, 1);
        a.jump(out);
        a.bind(over);
        a.jump(back);
        a.bind(out);
    };
    let model = |n: u64, _, _| {
        let mut value = n as i64;
        if n <= 1000 {
            value -= 3;
            while value > 0 {
                value -= 3;
            }
        }
        Outcome::Value(value.wrapping_add(1) as u64)
    };
    check(
        &mut session,
        &spec("jump", Shape { d: I64, n: I64, m: None, exits: 0 }, None, there_and_back, model),
    );
    session.finish();
}

pub fn sets<M: Target>() {
    let mut session = Session::new();
    let shape = |n| Shape { d: I64, n, m: n, exits: 0 };
    let bit = |holds: bool| Outcome::Value(holds.into());
    for c in Compare::ALL {
        check(
            &mut session,
            &spec(
                "set_i64",
                shape(I64),
                None,
                move |a: &mut M, o| a.set_i64(c, o.d, o.n, o.m),
                move |n, m, _| bit(c.holds(n as i64, m as i64)),
            ),
        );
        check(
            &mut session,
            &spec(
                "set_i32",
                shape(I32),
                None,
                move |a: &mut M, o| a.set_i32(c, o.d, o.nw(), o.mw()),
                move |n, m, _| bit(c.holds(short(n), short(m))),
            ),
        );
    }
    for c in FloatCompare::ALL {
        check(
            &mut session,
            &spec(
                "set_f64",
                shape(F64),
                None,
                move |a: &mut M, o| a.set_f64(c, o.d, o.fnn, o.fm),
                move |n, m, _| bit(float_holds(c, n, m)),
            ),
        );
    }
    session.finish();
}
