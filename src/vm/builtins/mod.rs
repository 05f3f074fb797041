//! The builtin functions: one table, indexed by [`Builtin`].
//!
//! Arguments come as argument words name them: references first, then scalars, each in the order of the parameters. A result is
//! a slot in canonical form, 0 where there is none. A function has no effect before its last allocation that may fail.

mod collections;
mod numbers;
mod outside;
mod strings;

use super::context::Context;
use super::fault::Fault;
use super::heap::{Ref, Str};
use crate::bytecode::{BUILTINS, Builtin};

/// A builtin function.
pub type BuiltinFn = fn(&mut Context, &[u64]) -> Result<u64, Fault>;

/// The table.
pub static TABLE: [BuiltinFn; BUILTINS.len()] = {
    let mut table: [BuiltinFn; BUILTINS.len()] = [collections::sorted; BUILTINS.len()];
    let mut at = 0;
    while at < table.len() {
        table[at] = function(BUILTINS[at].builtin);
        at += 1;
    }
    table
};

/// Calls a builtin function.
#[inline]
pub fn call(context: &mut Context, builtin: Builtin, args: &[u64]) -> Result<u64, Fault> {
    debug_assert_eq!(args.len(), builtin.row().params.len());
    TABLE[builtin as usize](context, args)
}

const fn function(builtin: Builtin) -> BuiltinFn {
    match builtin {
        Builtin::Sorted => collections::sorted,
        Builtin::Join => collections::join,
        Builtin::Reverse => collections::reverse,
        Builtin::Insert => collections::insert,
        Builtin::Remove => collections::remove,
        Builtin::Clear => collections::clear,
        Builtin::Chars => strings::chars,
        Builtin::Split => strings::split,
        Builtin::Find => strings::find,
        Builtin::Contains => strings::contains,
        Builtin::StartsWith => strings::starts_with,
        Builtin::EndsWith => strings::ends_with,
        Builtin::Replace => strings::replace,
        Builtin::Upper => strings::upper,
        Builtin::Lower => strings::lower,
        Builtin::Trim => strings::trim,
        Builtin::Repeat => strings::repeat,
        Builtin::ToI64 => strings::to_i64,
        Builtin::ToU64 => strings::to_u64,
        Builtin::Ord => strings::ord,
        Builtin::Chr => strings::chr,
        Builtin::MapKeys => collections::map_keys,
        Builtin::MapValues => collections::map_values,
        Builtin::MapClear => collections::map_clear,
        Builtin::IntFromI64 => numbers::int_from_i64,
        Builtin::IntFromU64 => numbers::int_from_u64,
        Builtin::IntFromF64 => numbers::int_from_f64,
        Builtin::IntFromStr => strings::int,
        Builtin::FloatFromStr => strings::float,
        Builtin::RangeArg => numbers::range_arg,
        Builtin::Range => numbers::range,
        Builtin::Sin => numbers::sin,
        Builtin::Cos => numbers::cos,
        Builtin::Tan => numbers::tan,
        Builtin::Atan => numbers::atan,
        Builtin::Exp => numbers::exp,
        Builtin::Log => numbers::log,
        Builtin::Ceil => numbers::ceil,
        Builtin::Atan2 => numbers::atan2,
        Builtin::Pow => numbers::pow,
        Builtin::Input => outside::input,
        Builtin::InputPrompt => outside::input_prompt,
        Builtin::Timestamp => outside::timestamp,
        Builtin::ReadFile => outside::read_file,
        Builtin::WriteFile => outside::write_file,
        Builtin::Args => outside::args,
        Builtin::Exit => outside::exit,
        Builtin::TypeofError => outside::typeof_error,
        Builtin::AssertFailed => outside::assert_failed,
    }
}

/// An argument that is a string.
#[inline]
fn str(args: &[u64], at: usize) -> Str {
    Ref::from_bits(args[at]).as_str()
}

#[cfg(test)]
mod tests;
