//! Builtins on numbers: `int`, ranges, mathematics.

use crate::vm::context::Context;
use crate::vm::fault::{Fault, RuntimeError};
use crate::vm::heap::RangeRef;
use crate::vm::number;

fn f64_at(args: &[u64], at: usize) -> f64 {
    f64::from_bits(args[at])
}

/// An `i32` as a slot holds it, if it is in range.
fn int(value: i128) -> Result<u64, Fault> {
    match i32::try_from(value) {
        Ok(value) => Ok(i64::from(value) as u64),
        Err(_) => Err(RuntimeError::IntOverflow(value).into()),
    }
}

pub fn int_from_i64(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    int(i128::from(args[0] as i64))
}

pub fn int_from_u64(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    int(i128::from(args[0]))
}

pub fn int_from_f64(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(i64::from(number::int_from_f64(f64_at(args, 0))?) as u64)
}

pub fn range_arg(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    if args[0] > i64::MAX as u64 { Err(RuntimeError::RangeArgument.into()) } else { Ok(args[0]) }
}

pub fn range(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let [start, stop, step] = [0, 1, 2].map(|at| args[at] as i64);
    if step == 0 {
        return Err(RuntimeError::ZeroStep.into());
    }
    context.heap.new_range(start, stop, step).map(RangeRef::bits)
}

macro_rules! functions {
    ($($name:ident ($($at:literal),+) $method:ident;)*) => {$(
        pub fn $name(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
            Ok(f64::$method($(f64_at(args, $at)),+).to_bits())
        }
    )*};
}

functions! {
    sin(0) sin;
    cos(0) cos;
    tan(0) tan;
    atan(0) atan;
    exp(0) exp;
    log(0) ln;
    ceil(0) ceil;
    atan2(0, 1) atan2;
    pow(0, 1) powf;
}
