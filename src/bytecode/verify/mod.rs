//! The verifier: rejects every program that the interpreter could not run without checks.
//!
//! How it works. First the tables ([`tables`]). Then each function: its header; each instruction by itself, in one
//! pass ([`inst`]), which also finds the blocks, and which registers each of them reads before it writes them
//! ([`flow`]); then a data flow over the blocks shows that each reference register is assigned before it is read
//! ([`assigned`]). Nothing is merged: a register has one declared type.
//!
//! What holds of a verified function
//! - V1 Every address from which an instruction can run begins one, and control never leaves the code.
//! - V2 Every index in an instruction is in range.
//! - V3 A branch goes forward, or to a `loop`: so whatever runs long polls.
//! - V4 Every register that an instruction names exists, and is of a type that the operation takes.
//! - V5 A reference register that is not nullable is assigned before it is read. (That of a nullable one is tested by
//!   `unwrap`.)
//! - V6 Constants are canonical for the type of their register. (A scalar register that is read before it is written holds
//!   anything: a tag may then name no variant.)
//! - V7 A handler's range is entered at its start alone, so what is assigned there is assigned at its target.
//! - V8 Handlers nest, and stand in the order that [`Function::handlers`] promises.
//!
//! What the interpreter must still check: that an array index is in range, that a variant is the one that
//! `get.payload` names, that a tag names a variant where it is rendered, that a string offset or a map position is one (`next.str`, `map.next`, `map.entry`), and that
//! the VM stack has room, since the depth that a call costs may be 0.
//!
//! Cost. Linear in the program, but for sorting handlers.

mod assigned;
mod error;
mod flow;
mod inst;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use error::{Place, Reason, VerifyError};

use super::program::{FuncId, Function, Program, TypeDesc};
use tables::Tables;

/// Checks a whole program.
pub fn verify(program: &Program) -> Result<(), VerifyError> {
    let tables = Tables::new(program)?;
    functions(&tables, &[])
}

/// Checks a program that extends a verified one: that it holds all that the earlier one held under the same numbers, and
/// the functions that are new. Types that were left open may have become aliases.
pub fn verify_extension(earlier: &Program, program: &Program) -> Result<(), VerifyError> {
    let tables = Tables::new(program)?;
    let changed = |what| Err(VerifyError { place: Place::Program, reason: Reason::NotExtension(what) });
    fn is_prefix<T: PartialEq>(earlier: &[T], later: &[T]) -> bool {
        later.get(..earlier.len()) == Some(earlier)
    }
    let mut reopened = false;
    let mut kept = |(old, new): (&TypeDesc, &TypeDesc)| {
        if old == new {
            return true;
        }
        // What was open, or contained what was, becomes an alias of its solution.
        reopened = true;
        matches!(new, TypeDesc::Alias(_))
    };
    if earlier.types.len() > program.types.len() || !earlier.types.iter().zip(&program.types).all(&mut kept) {
        return changed("types");
    }
    if !is_prefix(&earlier.globals, &program.globals) {
        return changed("globals");
    }
    if !is_prefix(&earlier.literals, &program.literals) {
        return changed("literals");
    }
    if !is_prefix(&earlier.formats, &program.formats) {
        return changed("formats");
    }
    if !is_prefix(&earlier.names, &program.names) {
        return changed("names");
    }
    if earlier.files.len() > program.files.len() || earlier.counters > program.counters {
        return changed("files or counters");
    }
    if earlier.functions.len() > program.functions.len() {
        return changed("functions");
    }
    // Code that was checked against an open type is checked again against what it has become.
    functions(&tables, if reopened { &[] } else { &earlier.functions })
}

/// Checks all functions but those that are the very same in a verified program.
fn functions(tables: &Tables, verified: &[Arc<Function>]) -> Result<(), VerifyError> {
    let is_new = |index: usize, function: &Arc<Function>| {
        verified.get(index).is_none_or(|verified| !Arc::ptr_eq(verified, function))
    };
    let functions = tables.program.functions.iter().enumerate();
    // All headers first: the code of one function is checked against the headers of others.
    for (index, function) in functions.clone() {
        let id = FuncId(index as u32);
        tables.header(id, function).map_err(|reason| VerifyError { place: Place::Function(id), reason })?;
    }
    let mut scratch = flow::Scratch::default();
    for (index, function) in functions {
        if is_new(index, function) {
            let id = FuncId(index as u32);
            flow::function(tables, id, function, &mut scratch).map_err(|(pc, reason)| VerifyError {
                place: pc.map_or(Place::Function(id), |pc| Place::Inst(id, pc)),
                reason,
            })?;
        }
    }
    Ok(())
}
