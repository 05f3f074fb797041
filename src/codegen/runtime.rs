//! What compiled code and the program around it have in common: machine states, linked functions, walking frames.
//!
//! Compiled code leaves to Rust in four ways, each through a [stub](super::Stub): an exit (a guard failed), the slow path of a poll, that
//! of an allocation, a raise. The stub saves the registers in a [`MachineState`] on the stack and calls a [`Handler`] with it. Rust code
//! enters compiled code through a thunk, made for a signature, with an [`Entry`].
//!
//! Rust is never unwound nor jumped over: a handler returns, and says in the state where to go on.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Compiled, Exit, SlotPlace};
use crate::ir::Kind;
use crate::regalloc::{PReg, RegClass};

/// Registers as a stub saved them, and what to do next. A stub puts back what a callee has to leave as it was (a poll's and an
/// allocation's: everything), from here: so what a handler changes is changed.
#[repr(C, align(32))]
#[derive(Clone, Debug)]
pub struct MachineState {
    /// General registers, by number.
    pub ints: [u64; 32],
    /// Float registers, by number: the low 128 bits are valid, all of them where the processor has more.
    pub floats: [[u64; 4]; 32],
    /// The number of the exit, or of the layout to allocate.
    pub number: u64,
    /// A return address in the function from which the stub was reached.
    pub pc: u64,
    /// The frame pointer of that function.
    pub fp: u64,
    /// Where to go on; 0 to return: from an exit, to the function's caller, with the result in the first registers.
    pub resume_pc: u64,
    /// The stack pointer to go on with.
    pub resume_sp: u64,
    /// The frame pointer to go on with.
    pub resume_fp: u64,
}

/// What a stub calls. What it returns is the object of an allocation (0 if there is none), and of a poll whether to leave.
pub type Handler = extern "C" fn(state: &mut MachineState) -> u64;

/// How compiled code is entered: an argument of the thunk.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct Entry {
    /// The function.
    pub callee: u64,
    /// The context.
    pub context: u64,
    /// What is left of the depth; afterwards what is left then.
    pub depth: u64,
    /// The top of the stack to run on, 16-aligned; 0 to stay on this one.
    pub stack_top: u64,
    /// The arguments, 8 bytes each (vectors: 16 and 32), in order.
    pub arguments: *const u64,
    /// The result: in the first word, or for vectors in all of them.
    pub result: [u64; 4],
}

/// How a thunk returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Ended {
    /// The function returned.
    Returned = 0,
    /// Somebody resumed at the thunk's landing: the function raised, or the run was ended.
    Resumed = 1,
}

/// A thunk: Rust calls it as `extern "C" fn(&mut Entry) -> u64`.
pub type Thunk = unsafe extern "C" fn(&mut Entry) -> u64;

/// A call from compiled code to a function that is not compiled, as its handler sees it. See `outcall_stub` of the targets.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct Outcall {
    /// Which function is called: a number given when the stub was made.
    pub number: u64,
    /// The context, in the Orus convention.
    pub context: u64,
    /// What is left of the depth, in the Orus convention: in a register of 32 bits.
    pub depth: u64,
    /// The return address in the caller.
    pub pc: u64,
    /// The frame pointer of the caller.
    pub fp: u64,
    /// The arguments, 8 bytes each (vectors: 16 and 32), in order. Above those of the system's convention that are shorter, there may be
    /// anything.
    pub arguments: *const u64,
    /// Where the result goes.
    pub result: [u64; 4],
}

/// What does the work of functions that are not compiled. It returns whether they raise.
pub type OutcallHandler = extern "C" fn(call: &mut Outcall) -> u64;

/// A function in the code cache, with what is to know of it.
#[derive(Debug)]
pub struct Linked {
    /// For people.
    pub name: String,
    /// Where it is.
    pub range: Range<u64>,
    /// Its tables.
    pub tables: Compiled,
}

/// All functions that frames may belong to, by address.
#[derive(Clone, Default, Debug)]
pub struct CodeMap {
    functions: BTreeMap<u64, Arc<Linked>>,
}

/// A frame of compiled code.
#[derive(Clone, Debug)]
pub struct FrameRef {
    /// The function.
    pub function: Arc<Linked>,
    /// The index of the safepoint at which it waits.
    pub safepoint: usize,
    /// Its frame pointer.
    pub fp: u64,
}

impl CodeMap {
    /// Adds a function.
    pub fn insert(&mut self, function: Arc<Linked>) {
        self.functions.insert(function.range.start, function);
    }

    /// Takes a function out.
    pub fn remove(&mut self, start: u64) {
        self.functions.remove(&start);
    }

    /// The function to which a return address leads.
    pub fn function_at(&self, return_address: u64) -> Option<&Arc<Linked>> {
        // A call may be the last instruction, so that it returns to the end.
        let (_, function) = self.functions.range(..return_address).next_back()?;
        (return_address <= function.range.end).then_some(function)
    }

    /// The frame that waits at a return address.
    pub fn frame_at(&self, return_address: u64, fp: u64) -> Option<FrameRef> {
        let function = self.function_at(return_address)?;
        let offset = (return_address - function.range.start) as u32;
        let safepoints = &function.tables.safepoints;
        let safepoint = safepoints.binary_search_by_key(&offset, |safepoint| safepoint.return_offset).ok()?;
        Some(FrameRef { function: Arc::clone(function), safepoint, fp })
    }
}

impl FrameRef {
    /// Where control goes if the callee raises: an address.
    pub fn handler(&self) -> Option<u64> {
        let offset = self.function.tables.safepoints[self.safepoint].handler_offset;
        (offset != u32::MAX).then(|| self.function.range.start + u64::from(offset))
    }

    /// The stack pointer while the function runs.
    pub fn sp(&self) -> u64 {
        self.fp.wrapping_sub(u64::from(self.function.tables.frame_bytes.unwrap_or(0)))
    }

    /// The addresses of the slots that hold references.
    pub fn references(&self) -> impl Iterator<Item = u64> + '_ {
        let tables = &self.function.tables;
        let first = tables.safepoints[self.safepoint].first_word;
        let words =
            if first == u32::MAX { 0..0 } else { first as usize..(first + tables.words_per_map) as usize };
        tables.map_words[words].iter().enumerate().flat_map(move |(word, &bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| {
                let slot = word as u64 * 64 + bit;
                self.fp.wrapping_sub(8 * (slot + 1))
            })
        })
    }
}

impl Linked {
    /// The exit with a number.
    pub fn exit(&self, number: u64) -> Option<&Exit> {
        self.tables.exits.get(usize::try_from(number).ok()?)
    }
}

/// The bits of a slot's value when a function is left: the low word first. `read` reads a word of memory at an address.
pub fn slot_bits(
    place: SlotPlace,
    state: &MachineState,
    mut read: impl FnMut(u64) -> u64,
) -> Option<[u64; 4]> {
    let (kind, mut words) = match place {
        SlotPlace::Dead | SlotPlace::Removed(_) => return None,
        SlotPlace::Const(kind, bits) => (kind, [bits, 0, 0, 0]),
        SlotPlace::Reg(kind, reg) => (kind, register(state, reg)),
        SlotPlace::Frame(kind, offset) => {
            let at = state.fp.wrapping_add_signed(i64::from(offset));
            let words = (kind.bits() / 64).max(1);
            let mut bits = [0; 4];
            for word in 0..words {
                bits[word as usize] = read(at.wrapping_add(8 * u64::from(word)));
            }
            (kind, bits)
        }
    };
    match kind {
        Kind::V256 => {}
        Kind::V128 => words[2..].fill(0),
        _ => words = [kind.canonical(words[0]), 0, 0, 0],
    }
    Some(words)
}

fn register(state: &MachineState, reg: PReg) -> [u64; 4] {
    match reg.class() {
        RegClass::Int => [state.ints[reg.number() as usize], 0, 0, 0],
        RegClass::Float => state.floats[reg.number() as usize],
    }
}
