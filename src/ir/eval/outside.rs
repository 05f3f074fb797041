//! What is outside of a program that is evaluated.

use super::{Memory, Value};
use crate::ir::module::Layout;
use crate::ir::types::{Func, Symbol, TypeId};

/// What a call of a function outside does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Called {
    /// It returns.
    Returned(Option<Value>),
    /// It raises.
    Raised,
}

/// What is outside of the program.
pub trait Host {
    /// Calls a function that has no body.
    fn call(&mut self, func: Func, arguments: &[Value], memory: &mut Memory) -> Called;
    /// As [`call`](Host::call), told what is left of the depth: for hosts that go on with functions which count theirs.
    fn call_at(&mut self, func: Func, arguments: &[Value], memory: &mut Memory, _depth: u64) -> Called {
        self.call(func, arguments, memory)
    }
    /// Does a poll leave?
    fn poll(&mut self) -> bool;
    /// The address of the context.
    fn context(&self) -> u64;
    /// The address of a symbol.
    fn symbol(&self, symbol: Symbol) -> u64;
    /// The function whose address this is.
    fn function_at(&self, address: u64) -> Option<Func>;
    /// Makes an object: its header is set and its fields are zero. None if there is no room.
    fn allocate(&mut self, _id: TypeId, layout: &Layout, memory: &mut Memory) -> Option<u64> {
        bump(self.context(), layout, memory)
    }
}

/// Cuts an object off the free run that the context has for its layout, as compiled code does.
pub fn bump(context: u64, layout: &Layout, memory: &mut Memory) -> Option<u64> {
    let at = context.wrapping_add(u64::from(layout.cursor_offset));
    let cursor = memory.load(at, 8).ok()?;
    let end = memory.load(at.wrapping_add(8), 8).ok()?;
    let next = cursor.checked_add(u64::from(layout.bytes())).filter(|&next| next <= end)?;
    memory.bytes_mut(cursor, layout.bytes() as usize).ok()?.fill(0);
    memory.store(cursor, 8, layout.header).ok()?;
    memory.store(at, 8, next).ok()?;
    Some(cursor)
}
