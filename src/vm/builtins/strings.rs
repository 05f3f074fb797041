//! Builtins on strings.

use super::str;
use crate::vm::context::Context;
use crate::vm::fault::{Fault, IntReader};
use crate::vm::heap::{Array, Str};
use crate::vm::{case, number, string};

fn slot(string: Result<Str, Fault>) -> Result<u64, Fault> {
    string.map(Str::bits)
}

pub fn chars(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    string::chars(context, str(args, 0)).map(Array::bits)
}

pub fn split(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    string::split(context, str(args, 0), str(args, 1)).map(Array::bits)
}

pub fn find(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(i64::from(string::find(str(args, 0), str(args, 1))) as u64)
}

pub fn contains(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(u64::from(str(args, 0).text().contains(str(args, 1).text())))
}

pub fn starts_with(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(u64::from(str(args, 0).bytes_of().starts_with(str(args, 1).bytes_of())))
}

pub fn ends_with(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(u64::from(str(args, 0).bytes_of().ends_with(str(args, 1).bytes_of())))
}

pub fn replace(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(string::replace(context, str(args, 0), str(args, 1), str(args, 2)))
}

pub fn upper(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(case::upper(context, str(args, 0)))
}

pub fn lower(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(case::lower(context, str(args, 0)))
}

pub fn trim(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(string::trim(&mut context.heap, str(args, 0)))
}

pub fn repeat(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(string::repeat(context, str(args, 0), args[1]))
}

pub fn to_i64(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(number::read_integer(str(args, 0).text(), IntReader::ToI64)? as u64)
}

pub fn to_u64(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(number::read_integer(str(args, 0).text(), IntReader::ToU64)? as u64)
}

pub fn int(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(number::read_integer(str(args, 0).text(), IntReader::Int)? as u64)
}

pub fn float(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(number::read_float(str(args, 0).text())?.to_bits())
}

pub fn ord(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Ok(i64::from(string::ord(str(args, 0))?) as u64)
}

pub fn chr(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    slot(string::chr(&mut context.heap, args[0] as i32))
}
