//! Conversions between integers and floats.

use crate::Target;
use crate::operands::Kind;
use crate::run::{Operands, Outcome, Session, Shape, Spec, check};

pub fn all<M: Target>() {
    let mut session = Session::new();
    let spec = |name, d, n, exits, emit: fn(&mut M, &Operands<M>), model: fn(u64) -> Outcome| Spec::<M> {
        name,
        shape: Shape { d: Some(d), n: Some(n), m: None, exits },
        imm: None,
        emit: Box::new(emit),
        model: Box::new(move |n, _, _| model(n)),
    };
    let (wide, narrow, float) = (Kind::I64, Kind::I32, Kind::F64);
    for spec in [
        spec("i64_to_f64", float, wide, 0, |a, o| a.i64_to_f64(o.fd, o.n), |n| number(n as i64 as f64)),
        spec("i32_to_f64", float, narrow, 0, |a, o| a.i32_to_f64(o.fd, o.nw()), |n| number(n as i32 as f64)),
        spec("u64_to_f64", float, wide, 0, |a, o| a.u64_to_f64(o.fd, o.n), |n| number(n as f64)),
        spec("u32_to_f64", float, narrow, 0, |a, o| a.u32_to_f64(o.fd, o.nw()), |n| number(n as u32 as f64)),
        spec(
            "f64_to_i64_saturating",
            wide,
            float,
            0,
            |a, o| a.f64_to_i64_saturating(o.d, o.fnn),
            |n| Outcome::Value(f64::from_bits(n) as i64 as u64),
        ),
        spec(
            "f64_to_i32_saturating",
            narrow,
            float,
            0,
            |a, o| a.f64_to_i32_saturating(o.dw(), o.fnn),
            |n| Outcome::Value((f64::from_bits(n) as i32 as u32).into()),
        ),
        spec(
            "f64_to_u64_saturating",
            wide,
            float,
            0,
            |a, o| a.f64_to_u64_saturating(o.d, o.fnn),
            |n| Outcome::Value(f64::from_bits(n) as u64),
        ),
        spec(
            "f64_to_u32_saturating",
            narrow,
            float,
            0,
            |a, o| a.f64_to_u32_saturating(o.dw(), o.fnn),
            |n| Outcome::Value((f64::from_bits(n) as u32).into()),
        ),
        spec(
            "f64_to_i64_checked",
            wide,
            float,
            1,
            |a, o| a.f64_to_i64_checked(o.d, o.fnn, o.exits[0]),
            |n| checked(n, -(2f64.powi(63)), 2f64.powi(63), |x| x as i64 as u64),
        ),
        spec(
            "f64_to_i32_checked",
            narrow,
            float,
            1,
            |a, o| a.f64_to_i32_checked(o.dw(), o.fnn, o.exits[0]),
            |n| checked(n, -(2f64.powi(31)), 2f64.powi(31), |x| (x as i32 as u32).into()),
        ),
        spec(
            "f64_to_u64_checked",
            wide,
            float,
            1,
            |a, o| a.f64_to_u64_checked(o.d, o.fnn, o.exits[0]),
            |n| checked(n, 0.0, 2f64.powi(64), |x| x as u64),
        ),
        spec(
            "f64_to_u32_checked",
            narrow,
            float,
            1,
            |a, o| a.f64_to_u32_checked(o.dw(), o.fnn, o.exits[0]),
            |n| checked(n, 0.0, 2f64.powi(32), |x| (x as u32).into()),
        ),
    ] {
        check(&mut session, &spec);
    }
    session.finish();
}

fn number(value: f64) -> Outcome {
    Outcome::Value(value.to_bits())
}

/// The truncated number, if it is in `low..end`.
fn checked(bits: u64, low: f64, end: f64, convert: fn(f64) -> u64) -> Outcome {
    let truncated = f64::from_bits(bits).trunc();
    if truncated >= low && truncated < end { Outcome::Value(convert(truncated)) } else { Outcome::Exit(0) }
}
