//! The code generator: from IR to bytes, for any target.
//!
//! | step | where | what |
//! | --- | --- | --- |
//! | order | [`order`] | blocks in a row, loops together, cold ones at the end, critical edges split |
//! | lowering | [`lower`], `x64/lower` | machine instructions in SSA form, by patterns, backward |
//! | allocation | [`regalloc`] | registers, slots, moves, safepoint maps |
//! | emission | [`emit`], `x64/emit` | bytes, through the assembler; tables of exits, safepoints, handlers |
//! | linking | [`link`] | into the code cache, relocations applied |
//!
//! A [`Compiler`] keeps its memory from one function to the next. Neutral code meets a target through the trait [`Isa`]: all that is
//! particular to one stands in its folder.
//!
//! # As a library
//! Who wants to compile something of their own builds IR with [`ir::builder`] and hands it to [`entry::Jit`]: that verifies,
//! optimises, compiles, links, and gives typed functions to call. (The VM does more by itself, with the parts: [`Compiler`], [`link`],
//! [`runtime`] and the stubs of a target.)
//!
//! ```
//! # #[cfg(all(unix, target_arch = "x86_64"))]
//! # {
//! use orus::codegen::entry::{CallError, Jit, JitOptions};
//! use orus::ir::builder::Builder;
//! use orus::ir::{Cond, Convention, Effects, Function, Kind, Module, Reason, Signature};
//!
//! // sum(n): 1 + 2 + … + n, and an overflow leaves.
//! let mut module = Module::new();
//! let signature = Signature::new(&[Kind::I32], Kind::I32, Convention::System);
//! let sum = module.declare("sum", signature.clone(), Effects::empty());
//! let mut function = Function::new("sum", signature);
//! let mut b = Builder::new(&mut function, &mut module);
//! let (n, total, index) = (b.param(0), b.declare_var(Kind::I32), b.declare_var(Kind::I32));
//! let (zero, one) = (b.i32(0), b.i32(1));
//! b.def_var(total, zero);
//! b.def_var(index, zero);
//! let (header, body, end) = (b.new_block(), b.new_block(), b.new_block());
//! b.jump(header, &[]);
//!
//! b.switch_to(header);
//! let at = b.use_var(index);
//! b.br_cmp(Cond::Lt, at, n, (body, &[]), (end, &[]));
//!
//! b.switch_to(body);
//! let (at, so_far) = (b.use_var(index), b.use_var(total));
//! let next = b.add(at, one);
//! let state = b.frame_state(None, 0, 0, &[]);
//! let overflow = b.way_out(Reason::Overflow, state);
//! let more = b.add_checked(so_far, next, overflow);
//! b.def_var(total, more);
//! b.def_var(index, next);
//! b.jump(header, &[]);
//!
//! b.switch_to(end);
//! let result = b.use_var(total);
//! b.ret(Some(result));
//! b.seal_all();
//! b.finish();
//!
//! let mut jit = Jit::new(JitOptions::default())?;
//! let image = jit.compile(&module, &[(sum, &function)])?;
//! let sum = image.function::<(i32,), i32>("sum")?;
//! assert_eq!(sum.call((100,))?, 5050);
//! assert!(matches!(sum.call((100_000,)), Err(CallError::Left(left)) if left.reason == Reason::Overflow));
//! assert!(image.function::<(f64,), i32>("sum").is_err());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dump;
pub mod emit;
#[cfg(all(unix, target_arch = "x86_64"))]
pub mod entry;
pub mod isa;
#[cfg(unix)]
pub mod link;
pub mod lower;
pub mod minst;
pub mod order;
pub mod peephole;
pub mod runtime;
pub mod x64;

use std::fmt;
use std::ops::Range;

use crate::asm::AsmError;
use crate::ir::{self, Func, Function, Guard, Inst, Kind, Module, Symbol, TypeId};
use crate::regalloc::{self, AllocError, Allocator};

pub use isa::Isa;

/// What a function is compiled for, besides the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// At most so many registers of each class are allocated (at least 4 integer and 2 float).
    pub registers: Option<(usize, usize)>,
    /// Where the context has the word that a poll tests, in bytes.
    pub poll_offset: i32,
    /// Notes for listings are kept.
    pub notes: bool,
    /// Forward branches get their shortest form, for some time.
    pub short_branches: bool,
    /// Peephole patterns are applied.
    pub peephole: bool,
    /// More bytes of code than this are an error.
    pub code_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            registers: None,
            poll_offset: 0,
            notes: false,
            short_branches: false,
            peephole: true,
            code_limit: 1 << 24,
        }
    }
}

/// Why a function is not compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CompileError {
    /// The registers could not be allocated.
    Alloc(AllocError),
    /// The code could not be assembled: too large, most of all.
    Asm(AsmError),
    /// A function of the system's convention uses the context, which only those of the Orus convention have.
    NoContext,
    /// The target has no such vectors.
    NoVectors,
    /// The frame is larger than 8 KiB, the most that a native stack allows for.
    FrameTooLarge {
        /// Its size.
        bytes: u32,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Alloc(error) => write!(f, "{error}"),
            CompileError::Asm(error) => write!(f, "{error}"),
            CompileError::NoContext => {
                write!(f, "a function of the system's convention has no context to use")
            }
            CompileError::NoVectors => write!(f, "the target has no vectors of this width"),
            CompileError::FrameTooLarge { bytes } => {
                write!(f, "a frame of {bytes} bytes is larger than 8 KiB")
            }
        }
    }
}

impl std::error::Error for CompileError {}

/// What code refers to outside itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum External {
    /// A function of the module.
    Func(Func),
    /// A symbol of the module.
    Symbol(Symbol),
    /// Shared code that the runtime provides.
    Stub(Stub),
}

/// Shared code that compiled functions need. A target says how each is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Stub {
    /// Leaves a function through an exit.
    Exit,
    /// The slow path of a poll.
    Poll,
    /// The slow path of an allocation.
    Allocate,
}

impl External {
    const TAG: u32 = 30;

    /// As a number, for relocations.
    pub const fn number(self) -> u32 {
        match self {
            External::Func(func) => func.0,
            External::Symbol(symbol) => 1 << External::TAG | symbol.0,
            External::Stub(stub) => 2 << External::TAG | stub as u32,
        }
    }

    /// From the number.
    pub const fn from_number(number: u32) -> External {
        let index = number & ((1 << External::TAG) - 1);
        match number >> External::TAG {
            0 => External::Func(Func(index)),
            1 => External::Symbol(Symbol(index)),
            _ => External::Stub(match index {
                0 => Stub::Exit,
                1 => Stub::Poll,
                _ => Stub::Allocate,
            }),
        }
    }
}

/// An exit, as lowering notes it.
#[derive(Clone, Debug)]
pub struct ExitData {
    /// The guard.
    pub guard: Guard,
    /// The number of the operand that holds the first value.
    pub(super) first_operand: u32,
    /// The values, in [`lower::LowerBuffers::exit_values`].
    pub(super) values: Range<u32>,
    /// The IR instruction.
    pub origin: Inst,
}

/// Where a slot of a frame is when a function is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotPlace {
    /// It is not read before it is written.
    Dead,
    /// In a register, of which so much counts as the kind has.
    Reg(Kind, regalloc::PReg),
    /// In the frame, so many bytes from the frame pointer.
    Frame(Kind, i32),
    /// A constant.
    Const(Kind, u64),
    /// A reference to an object that has to be made: its index in [`Exit::objects`].
    Removed(u32),
}

/// A frame to be made when a function is left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitFrame {
    /// The function, as the user of the IR numbers them.
    pub function: u32,
    /// The place in it.
    pub position: u32,
    /// Its slots, in [`Compiled::exit_slots`].
    pub slots: Range<u32>,
}

/// An object to be made when a function is left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitObject {
    /// Its layout.
    pub layout: TypeId,
    /// What is behind the header, in [`Compiled::exit_slots`].
    pub slots: Range<u32>,
}

/// A way out of a compiled function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exit {
    /// The guard.
    pub guard: Guard,
    /// Why.
    pub reason: ir::Reason,
    /// The IR instruction.
    pub origin: Inst,
    /// The frames, in [`Compiled::exit_frames`]: the innermost first.
    pub frames: Range<u32>,
    /// The objects, in [`Compiled::exit_objects`].
    pub objects: Range<u32>,
}

/// A place where the collector may run, or a call returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Safepoint {
    /// The offset of the instruction behind the call.
    pub return_offset: u32,
    /// Where its words begin in [`Compiled::map_words`]; `u32::MAX` if no reference is alive.
    pub first_word: u32,
    /// Where control goes if the callee raises: an offset; `u32::MAX` for on to the caller.
    pub handler_offset: u32,
    /// The IR instruction.
    pub origin: Inst,
}

/// A compiled function, before it is linked.
#[derive(Clone, Default, Debug)]
pub struct Compiled {
    /// The machine code.
    pub bytes: Vec<u8>,
    /// What its address must be a multiple of.
    pub alignment: u32,
    /// What has to be filled in: offset, whether it is an absolute address of 8 bytes or a displacement of 4 from its own end, of what.
    pub relocs: Vec<Relocation>,
    /// The ways out, by number.
    pub exits: Vec<Exit>,
    /// Their frames.
    pub exit_frames: Vec<ExitFrame>,
    /// Their objects.
    pub exit_objects: Vec<ExitObject>,
    /// The slots of frames and objects.
    pub exit_slots: Vec<SlotPlace>,
    /// Calls and polls, by offset.
    pub safepoints: Vec<Safepoint>,
    /// Bit `n % 64` of word `n / 64` of a map is set if slot `n` holds a reference.
    pub map_words: Vec<u64>,
    /// Words of each map.
    pub words_per_map: u32,
    /// The registers of its caller that it has saved, and where: bytes from the frame pointer.
    pub saved: Vec<(regalloc::PReg, i32)>,
    /// Bytes between the frame pointer and the stack pointer; none if the function has no frame.
    pub frame_bytes: Option<u32>,
    /// Slots of 8 bytes for values.
    pub slots: u32,
    /// It counts its depth.
    pub checks_depth: bool,
    /// A listing, if notes were asked for.
    pub listing: String,
}

/// A hole in the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Relocation {
    /// Where it is.
    pub offset: u32,
    /// 8 bytes with the address; else 4 with a displacement from their end.
    pub absolute: bool,
    /// Of what.
    pub target: External,
    /// Added to it.
    pub addend: i64,
}

impl Compiled {
    fn clear(&mut self) {
        self.bytes.clear();
        self.relocs.clear();
        self.exits.clear();
        self.exit_frames.clear();
        self.exit_objects.clear();
        self.exit_slots.clear();
        self.safepoints.clear();
        self.map_words.clear();
        self.saved.clear();
        self.listing.clear();
    }
}

/// Compiles functions for a target; keeps its memory between them.
pub struct Compiler<I: Isa> {
    /// The target.
    pub isa: I,
    code: minst::MCode<I::Inst>,
    buffers: lower::LowerBuffers<I::Inst>,
    allocator: Allocator,
    asm: I::Asm,
    emit: emit::EmitBuffers,
    peephole: peephole::Peephole,
    compiled: Compiled,
}

impl<I: Isa> Compiler<I> {
    /// A compiler for a target.
    pub fn new(isa: I) -> Compiler<I> {
        Compiler {
            isa,
            code: minst::MCode::default(),
            buffers: lower::LowerBuffers::default(),
            allocator: Allocator::new(),
            asm: I::Asm::default(),
            emit: emit::EmitBuffers::default(),
            peephole: peephole::Peephole::default(),
            compiled: Compiled::default(),
        }
    }

    /// Compiles a function that the verifier accepts.
    ///
    /// # Errors
    /// If it is too large, or asks for what the target or its convention does not have.
    pub fn compile(
        &mut self,
        function: &Function,
        module: &Module,
        options: &Options,
    ) -> Result<&Compiled, CompileError> {
        let lowered =
            lower::Lower::run(function, module, &self.isa, options, &mut self.code, &mut self.buffers)?;
        if options.peephole {
            self.peephole.before::<I>(&mut self.code);
        }
        let limited;
        let machine = match options.registers {
            None => self.isa.machine(function.sig.convention),
            Some((int, float)) => {
                limited = self.isa.machine(function.sig.convention).limited(int.max(4), float.max(2));
                &limited
            }
        };
        self.allocator.run(&self.code, machine).map_err(CompileError::Alloc)?;
        let output = self.allocator.output_mut();
        if options.peephole {
            self.peephole.after::<I>(&mut self.code, output);
        }
        self.compiled.clear();
        emit::Emit::<I>::run(
            function,
            module,
            &self.isa,
            options,
            lowered,
            &self.code,
            &self.buffers,
            output,
            &mut self.asm,
            &mut self.emit,
            &mut self.compiled,
        )?;
        Ok(&self.compiled)
    }

    /// Makes the allocator make a mistake from now on; `check` says whether debug builds check what it gives all the same.
    #[cfg(feature = "planted-faults")]
    pub fn plant(&mut self, fault: Option<regalloc::Fault>, check: bool) {
        self.allocator.plant(fault, check);
    }

    /// The peephole patterns that have applied to the last function, and how often.
    pub fn patterns(&self) -> Vec<(&'static str, u32)> {
        self.peephole.names::<I>()
    }

    /// The last function's code and tables.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The machine instructions of the last function with their places, and the moves between them.
    pub fn allocation_listing(&self, convention: ir::Convention) -> String {
        regalloc::dump::listing(&self.code, self.isa.machine(convention), self.allocator.output())
    }

    /// The intervals of the last function, as a picture; of long functions the beginning.
    pub fn interval_picture(&self, convention: ir::Convention) -> String {
        self.allocator.picture(&self.code, self.isa.machine(convention), 0)
    }

    /// The machine instructions of the last function.
    pub fn code(&self) -> &minst::MCode<I::Inst> {
        &self.code
    }
}
