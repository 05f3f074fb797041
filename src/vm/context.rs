//! The context: all that belongs to an instance and that helpers, builtins and native code reach.
//!
//! Native code has its address in a register; the fields that it reads have their offsets in
//! [`OFFSETS`](super::layout::OFFSETS). A context stays where it is as long as it lives.

use std::hash::{BuildHasher, RandomState};
use std::mem::offset_of;
use std::sync::Arc;

use super::fault::Fault;
use super::heap::immortal::Statics;
use super::heap::poll::{INTERRUPT, Interrupter, interrupter_of};
use super::heap::{Heap, Marker, TypeTable};
use super::host::Host;
use crate::bytecode::Program;

/// Calls nest so deep unless an instance asks for something else.
pub const DEFAULT_MAX_RECURSION: u32 = 100_000;

/// What an instance is made with.
pub struct ContextOptions {
    /// Bytes that the heap may have; half of the memory if there is nothing said.
    pub heap_limit: Option<usize>,
    /// How deep calls may nest.
    pub max_recursion: u32,
    /// `stress gc`.
    pub stress_gc: bool,
    pub host: Host,
}

impl Default for ContextOptions {
    fn default() -> ContextOptions {
        ContextOptions {
            heap_limit: None,
            max_recursion: DEFAULT_MAX_RECURSION,
            stress_gc: false,
            host: Host::default(),
        }
    }
}

/// The state of an instance.
#[repr(C)]
pub struct Context {
    pub heap: Heap,
    /// How much deeper calls may nest.
    pub depth: u32,
    /// The literals by their numbers: the start of those of `statics`.
    pub(super) literals: *const u64,
    pub max_recursion: u32,
    pub program: Arc<Program>,
    pub statics: Arc<Statics>,
    pub host: Host,
    /// What the hashes of this instance's maps are mixed with.
    pub map_seed: MapSeed,
    interrupter: Interrupter,
}

/// Two random numbers.
#[derive(Clone, Copy, Debug)]
pub struct MapSeed(pub u64, pub u64);

impl MapSeed {
    fn new() -> MapSeed {
        let random = RandomState::new();
        MapSeed(random.hash_one(0), random.hash_one(1) | 1)
    }
}

pub(super) const POLL_OFFSET: usize = offset_of!(Context, heap) + offset_of!(Heap, poll);
pub(super) const CURSORS_OFFSET: usize = offset_of!(Context, heap) + offset_of!(Heap, cursors);
pub(super) const DEPTH_OFFSET: usize = offset_of!(Context, depth);
pub(super) const LITERALS_OFFSET: usize = offset_of!(Context, literals);
pub(super) const ASCII_OFFSET: usize = offset_of!(Context, heap) + offset_of!(Heap, ascii);

impl Context {
    /// A context for an instance of a program, whose literals are `statics`.
    pub fn new(program: Arc<Program>, statics: Arc<Statics>, options: ContextOptions) -> Box<Context> {
        let mut context = Box::new(Context::detached(program, statics, options));
        context.attach();
        context
    }

    /// A context that cannot be interrupted yet.
    pub(super) fn detached(program: Arc<Program>, statics: Arc<Statics>, options: ContextOptions) -> Context {
        Context {
            heap: Heap::new(options.heap_limit, options.stress_gc),
            depth: options.max_recursion,
            literals: statics.literals().as_ptr(),
            max_recursion: options.max_recursion,
            program,
            statics,
            host: options.host,
            map_seed: MapSeed::new(),
            interrupter: Interrupter::detached(),
        }
    }

    /// Makes interrupts possible. From now on the context stays where it is.
    pub(super) fn attach(&mut self) {
        self.interrupter = interrupter_of(&self.heap);
    }

    /// Goes on with a later program that continues the one so far; its statics were made from those so far.
    pub fn extend(&mut self, program: Arc<Program>, statics: Arc<Statics>) {
        self.literals = statics.literals().as_ptr();
        self.program = program;
        self.statics = statics;
    }

    /// A handle by which other threads stop the script.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Fails if somebody has asked to stop. Long helpers call it now and then.
    #[inline]
    pub fn check_interrupt(&self) -> Result<(), Fault> {
        self.view().check_interrupt()
    }

    /// What is needed to look at values.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { heap: &self.heap, program: &self.program, types: &self.statics.types }
    }

    /// The same, and the host beside it.
    pub fn view_and_host(&mut self) -> (View<'_>, &mut Host) {
        let view = View { heap: &self.heap, program: &self.program, types: &self.statics.types };
        (view, &mut self.host)
    }

    /// Collects; `roots` names the references that frames, module variables and so on hold.
    pub fn collect(&mut self, roots: impl FnMut(&mut Marker<'_>)) {
        self.heap.collect(&self.statics.types, &self.program, roots);
    }
}

/// What is needed to look at values of an instance.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub heap: &'a Heap,
    pub program: &'a Program,
    pub types: &'a TypeTable,
}

impl View<'_> {
    /// Fails if somebody has asked to stop.
    #[inline]
    pub fn check_interrupt(self) -> Result<(), Fault> {
        if self.heap.poll.bits() & INTERRUPT != 0 { Err(Fault::Interrupted) } else { Ok(()) }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.interrupter.detach();
    }
}
