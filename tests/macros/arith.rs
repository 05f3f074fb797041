//! Arithmetic, selection, minimum and maximum.

use orus::asm::macros::Compare;

use crate::Target;

use crate::operands::Kind;
use crate::run::{Operands, Outcome, Session, Shape, Spec, check};

const I64: Option<Kind> = Some(Kind::I64);
const I32: Option<Kind> = Some(Kind::I32);
const F64: Option<Kind> = Some(Kind::F64);

fn value_i64(value: Option<i64>) -> Outcome {
    value.map_or(Outcome::Exit(0), |value| Outcome::Value(value as u64))
}

fn value_i32(value: Option<i32>) -> Outcome {
    value.map_or(Outcome::Exit(0), |value| Outcome::Value(u64::from(value as u32)))
}

/// A macro that computes a register from two.
fn binary_i64<M: Target>(
    name: &'static str,
    emit: impl Fn(&mut M, &Operands<M>) + 'static,
    model: fn(i64, i64) -> Outcome,
    exits: usize,
) -> Spec<M> {
    Spec {
        name,
        shape: Shape { d: I64, n: I64, m: I64, exits },
        imm: None,
        emit: Box::new(emit),
        model: Box::new(move |n, m, _| model(n as i64, m as i64)),
    }
}

fn binary_i32<M: Target>(
    name: &'static str,
    emit: impl Fn(&mut M, &Operands<M>) + 'static,
    model: fn(i32, i32) -> Outcome,
    exits: usize,
) -> Spec<M> {
    Spec {
        name,
        shape: Shape { d: I32, n: I32, m: I32, exits },
        imm: None,
        emit: Box::new(emit),
        model: Box::new(move |n, m, _| model(n as i32, m as i32)),
    }
}

pub fn checked<M: Target>() {
    let mut session = Session::new();
    let unary = |name, kind, emit: fn(&mut M, &Operands<M>), model: fn(u64) -> Outcome| Spec::<M> {
        name,
        shape: Shape { d: kind, n: kind, m: None, exits: 1 },
        imm: None,
        emit: Box::new(emit),
        model: Box::new(move |n, _, _| model(n)),
    };
    for spec in [
        binary_i64(
            "add_checked_i64",
            |a: &mut M, o| a.add_checked_i64(o.d, o.n, o.m, o.exits[0]),
            |n, m| value_i64(n.checked_add(m)),
            1,
        ),
        binary_i32(
            "add_checked_i32",
            |a: &mut M, o| a.add_checked_i32(o.dw(), o.nw(), o.mw(), o.exits[0]),
            |n, m| value_i32(n.checked_add(m)),
            1,
        ),
        binary_i64(
            "sub_checked_i64",
            |a: &mut M, o| a.sub_checked_i64(o.d, o.n, o.m, o.exits[0]),
            |n, m| value_i64(n.checked_sub(m)),
            1,
        ),
        binary_i32(
            "sub_checked_i32",
            |a: &mut M, o| a.sub_checked_i32(o.dw(), o.nw(), o.mw(), o.exits[0]),
            |n, m| value_i32(n.checked_sub(m)),
            1,
        ),
        binary_i64(
            "mul_checked_i64",
            |a: &mut M, o| a.mul_checked_i64(o.d, o.n, o.m, o.exits[0]),
            |n, m| value_i64(n.checked_mul(m)),
            1,
        ),
        binary_i32(
            "mul_checked_i32",
            |a: &mut M, o| a.mul_checked_i32(o.dw(), o.nw(), o.mw(), o.exits[0]),
            |n, m| value_i32(n.checked_mul(m)),
            1,
        ),
        unary(
            "neg_checked_i64",
            I64,
            |a, o| a.neg_checked_i64(o.d, o.n, o.exits[0]),
            |n| value_i64((n as i64).checked_neg()),
        ),
        unary(
            "neg_checked_i32",
            I32,
            |a, o| a.neg_checked_i32(o.dw(), o.nw(), o.exits[0]),
            |n| value_i32((n as i32).checked_neg()),
        ),
        unary(
            "abs_checked_i64",
            I64,
            |a, o| a.abs_checked_i64(o.d, o.n, o.exits[0]),
            |n| value_i64((n as i64).checked_abs()),
        ),
        unary(
            "abs_checked_i32",
            I32,
            |a, o| a.abs_checked_i32(o.dw(), o.nw(), o.exits[0]),
            |n| value_i32((n as i32).checked_abs()),
        ),
    ] {
        check(&mut session, &spec);
    }
    session.finish();
}

pub fn immediates<M: Target>() {
    let mut session = Session::new();
    let spec =
        |name, kind: Kind, exits, emit: fn(&mut M, &Operands<M>), model: fn(i64, i64) -> Outcome| Spec::<M> {
            name,
            shape: Shape { d: Some(kind), n: Some(kind), m: None, exits },
            imm: Some(kind),
            emit: Box::new(emit),
            model: Box::new(move |n, _, imm| model(n as i64, imm)),
        };
    let (wide, narrow) = (Kind::I64, Kind::I32);
    for spec in [
        spec(
            "add_imm_i64",
            wide,
            0,
            |a, o| a.add_imm_i64(o.d, o.n, o.imm),
            |n, i| value_i64(Some(n.wrapping_add(i))),
        ),
        spec(
            "add_imm_i32",
            narrow,
            0,
            |a, o| a.add_imm_i32(o.dw(), o.nw(), o.imm as i32),
            |n, i| value_i32(Some((n as i32).wrapping_add(i as i32))),
        ),
        spec(
            "sub_imm_i64",
            wide,
            0,
            |a, o| a.sub_imm_i64(o.d, o.n, o.imm),
            |n, i| value_i64(Some(n.wrapping_sub(i))),
        ),
        spec(
            "sub_imm_i32",
            narrow,
            0,
            |a, o| a.sub_imm_i32(o.dw(), o.nw(), o.imm as i32),
            |n, i| value_i32(Some((n as i32).wrapping_sub(i as i32))),
        ),
        spec(
            "add_checked_imm_i64",
            wide,
            1,
            |a, o| a.add_checked_imm_i64(o.d, o.n, o.imm, o.exits[0]),
            |n, i| value_i64(n.checked_add(i)),
        ),
        spec(
            "add_checked_imm_i32",
            narrow,
            1,
            |a, o| a.add_checked_imm_i32(o.dw(), o.nw(), o.imm as i32, o.exits[0]),
            |n, i| value_i32((n as i32).checked_add(i as i32)),
        ),
        spec(
            "sub_checked_imm_i64",
            wide,
            1,
            |a, o| a.sub_checked_imm_i64(o.d, o.n, o.imm, o.exits[0]),
            |n, i| value_i64(n.checked_sub(i)),
        ),
        spec(
            "sub_checked_imm_i32",
            narrow,
            1,
            |a, o| a.sub_checked_imm_i32(o.dw(), o.nw(), o.imm as i32, o.exits[0]),
            |n, i| value_i32((n as i32).checked_sub(i as i32)),
        ),
    ] {
        check(&mut session, &spec);
    }
    session.finish();
}

pub fn division<M: Target>() {
    let mut session = Session::new();
    // Exit 0 is that of zero, exit 1 that of overflow.
    fn div<T: PartialEq + Default>(m: T, value: impl FnOnce() -> Option<u64>) -> Outcome {
        if m == T::default() { Outcome::Exit(0) } else { value().map_or(Outcome::Exit(1), Outcome::Value) }
    }
    // Twice: which registers are the fixed ones of x86_64's instruction matters here.
    for _ in 0..2 {
        for spec in [
            binary_i64(
                "div_i64",
                |a: &mut M, o| a.div_i64(o.d, o.n, o.m, o.exits[0], o.exits[1]),
                |n, m| div(m, || n.checked_div(m).map(|v| v as u64)),
                2,
            ),
            binary_i32(
                "div_i32",
                |a: &mut M, o| a.div_i32(o.dw(), o.nw(), o.mw(), o.exits[0], o.exits[1]),
                |n, m| div(m, || n.checked_div(m).map(|v| u64::from(v as u32))),
                2,
            ),
            binary_i64(
                "div_u64",
                |a: &mut M, o| a.div_u64(o.d, o.n, o.m, o.exits[0]),
                |n, m| div(m, || Some(n as u64 / m as u64)),
                1,
            ),
            binary_i32(
                "div_u32",
                |a: &mut M, o| a.div_u32(o.dw(), o.nw(), o.mw(), o.exits[0]),
                |n, m| div(m, || Some(u64::from(n as u32 / m as u32))),
                1,
            ),
            binary_i64(
                "rem_i64",
                |a: &mut M, o| a.rem_i64(o.d, o.n, o.m, o.exits[0]),
                |n, m| div(m, || Some(n.wrapping_rem(m) as u64)),
                1,
            ),
            binary_i32(
                "rem_i32",
                |a: &mut M, o| a.rem_i32(o.dw(), o.nw(), o.mw(), o.exits[0]),
                |n, m| div(m, || Some(u64::from(n.wrapping_rem(m) as u32))),
                1,
            ),
            binary_i64(
                "rem_u64",
                |a: &mut M, o| a.rem_u64(o.d, o.n, o.m, o.exits[0]),
                |n, m| div(m, || Some(n as u64 % m as u64)),
                1,
            ),
            binary_i32(
                "rem_u32",
                |a: &mut M, o| a.rem_u32(o.dw(), o.nw(), o.mw(), o.exits[0]),
                |n, m| div(m, || Some(u64::from(n as u32 % m as u32))),
                1,
            ),
        ] {
            check(&mut session, &spec);
        }
    }
    session.finish();
}

pub fn selection<M: Target>() {
    let mut session = Session::new();
    for compare in Compare::ALL {
        let mut spec = binary_i64(
            "select_i64",
            move |a: &mut M, o| a.select_i64(compare, o.d, o.n, o.m),
            |_, _| Outcome::Through,
            0,
        );
        spec.model =
            Box::new(move |n, m, _| Outcome::Value(if compare.holds(n as i64, m as i64) { n } else { m }));
        check(&mut session, &spec);
        let mut spec = binary_i32(
            "select_i32",
            move |a: &mut M, o| a.select_i32(compare, o.dw(), o.nw(), o.mw()),
            |_, _| Outcome::Through,
            0,
        );
        spec.model = Box::new(move |n, m, _| {
            Outcome::Value(if compare.holds((n as i32).into(), (m as i32).into()) { n } else { m })
        });
        check(&mut session, &spec);
    }
    for least in [true, false] {
        let spec = Spec::<M> {
            name: if least { "min_f64" } else { "max_f64" },
            shape: Shape { d: F64, n: F64, m: F64, exits: 0 },
            imm: None,
            emit: Box::new(
                move |a, o| if least { a.min_f64(o.fd, o.fnn, o.fm) } else { a.max_f64(o.fd, o.fnn, o.fm) },
            ),
            model: Box::new(move |n, m, _| extreme(n, m, least)),
        };
        check(&mut session, &spec);
    }
    session.finish();
}

/// `minimumNumber` or `maximumNumber` of IEEE 754-2019.
fn extreme(left: u64, right: u64, least: bool) -> Outcome {
    let (a, b) = (f64::from_bits(left), f64::from_bits(right));
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Outcome::Nan,
        (true, false) => Outcome::Value(right),
        (false, true) => Outcome::Value(left),
        // The order of numbers, -0.0 below 0.0.
        (false, false) => Outcome::Value(if (a.total_cmp(&b).is_lt()) == least { left } else { right }),
    }
}
