//! x86_64: what the code generator needs to know of it.
//!
//! | register | job |
//! | --- | --- |
//! | `rsp`, `rbp` | stack and frame pointer |
//! | `r15`, `r14` | (Orus convention) context, and how much depth is left |
//! | `r11`, `xmm15` | scratch of moves and macros |
//! | all others | allocated |
//!
//! The Orus convention passes integers and references in `rdi rsi rdx rcx r8 r9 r10 rbx`, floats and vectors in `xmm0` to `xmm7`, what is more on
//! the stack, and the result in `rax` or `xmm0`. Nothing is saved by the callee but `rbp`, `r15`; `r14` is what it was. The baseline is SSE2; BMI2, SSE4.1, AVX and
//! AVX2 are used where the features say so. FMA is not: contracting changes results.

mod abi;
pub mod emit;
pub mod inst;
pub mod lower;
mod patterns;
pub mod stubs;

use std::sync::LazyLock;

use super::emit::Emit;
use super::isa::{Isa, Passed};
use super::lower::Lower;
use super::minst::Remat;
use super::peephole::{AfterPattern, BeforePattern};
use crate::asm::listing::Disassemble;
use crate::asm::x64::{Assembler, Disassembler, Kind as FixupKind};
use crate::code::features::X64 as Features;
use crate::ir::{self, Convention, Kind, Signature};
use crate::opt::pipeline::Vectors;
use crate::regalloc::{Alloc, Machine, PReg, RegClass, RegSet, ValueInfo};
use inst::Inst;

/// A general register by its number.
pub const fn int(number: u8) -> PReg {
    PReg::new(RegClass::Int, number)
}

/// A float register by its number.
pub const fn float(number: u8) -> PReg {
    PReg::new(RegClass::Float, number)
}

/// `rax`
pub const RAX: PReg = int(0);
/// `rcx`
pub const RCX: PReg = int(1);
/// `rdx`
pub const RDX: PReg = int(2);
/// `rbx`
pub const RBX: PReg = int(3);
/// `rsi`
pub const RSI: PReg = int(6);
/// `rdi`
pub const RDI: PReg = int(7);
/// The scratch register.
pub const SCRATCH: PReg = int(11);
/// The scratch register for floats.
pub const FLOAT_SCRATCH: PReg = float(15);
/// What is left of the depth, in functions of the Orus convention.
pub const DEPTH: PReg = int(14);
/// The context, in functions of the Orus convention.
pub const CONTEXT: PReg = int(15);

/// The target, for a processor with these features.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct X64 {
    /// What may be used beyond SSE2.
    pub features: Features,
}

impl X64 {
    /// The target for the processor that this runs on.
    pub fn host() -> X64 {
        X64 { features: Features::detect() }
    }

    /// The target with nothing but the baseline.
    pub fn baseline() -> X64 {
        X64 { features: Features::empty() }
    }

    /// May VEX instructions be used?
    pub fn avx(&self) -> bool {
        self.features.contains(Features::AVX)
    }

    /// May 256-bit integer instructions be used?
    pub fn avx2(&self) -> bool {
        self.features.contains(Features::AVX2)
    }
}

static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names = vec![
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
        "r14", "r15",
    ];
    names.resize(32, "");
    names.extend([
        "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15",
    ]);
    names
});

fn machine(ints: &[u8]) -> Machine {
    Machine {
        allocatable: [ints.iter().map(|&number| int(number)).collect(), (0..15).map(float).collect()],
        scratch: [SCRATCH, FLOAT_SCRATCH],
        names: NAMES.clone(),
    }
}

// Those that need no prefix come first, and of the system's convention those that need not be saved.
static SYSTEM: LazyLock<Machine> = LazyLock::new(|| machine(&[0, 1, 2, 6, 7, 8, 9, 10, 3, 12, 13, 14, 15]));
static ORUS: LazyLock<Machine> = LazyLock::new(|| machine(&[0, 1, 2, 6, 7, 3, 8, 9, 10, 12, 13]));

impl Isa for X64 {
    type Inst = Inst;
    type Cold = emit::Cold;
    type Kind = FixupKind;
    type Asm = Assembler;

    const NAME: &'static str = "x64";
    const JUMP: Inst = Inst::Jump;

    fn is_jump(inst: &Inst) -> bool {
        *inst == Inst::Jump
    }

    fn disassembler() -> &'static dyn Disassemble {
        &Disassembler
    }

    fn move_inst(class: RegClass) -> Inst {
        match class {
            RegClass::Int => Inst::MoveInt,
            RegClass::Float => Inst::MoveFloat,
        }
    }

    fn constant_inst(kind: Kind) -> Inst {
        Inst::Const(kind)
    }

    fn machine(&self, convention: Convention) -> &Machine {
        match convention {
            Convention::System => &SYSTEM,
            Convention::Orus => &ORUS,
        }
    }

    fn clobbers(&self, convention: Convention) -> RegSet {
        abi::clobbers(convention)
    }

    fn saved(&self) -> RegSet {
        abi::SAVED
    }

    fn arguments(&self, signature: &Signature, places: &mut Vec<Passed>) -> u32 {
        abi::arguments(signature, places)
    }

    fn result(&self, signature: &Signature) -> Option<Passed> {
        abi::result(signature)
    }

    fn vectors(&self) -> Vectors {
        if self.avx2() { Vectors::V128 | Vectors::V256 } else { Vectors::empty() }
    }

    fn lower(lower: &mut Lower<'_, X64>, inst: ir::Inst) {
        lower::inst(lower, inst);
    }

    fn lower_entry(lower: &mut Lower<'_, X64>) {
        lower::call::entry(lower);
    }

    const VENEER_BYTES: usize = 16;

    fn veneer(bytes: &mut [u8], to: u64) {
        // jmp [rip+0]; the address; int3.
        bytes[..6].copy_from_slice(&[0xff, 0x25, 0, 0, 0, 0]);
        bytes[6..14].copy_from_slice(&to.to_le_bytes());
        bytes[14..].fill(0xcc);
    }

    fn patch_call(hole: &mut [u8], at: u64, to: u64) {
        let displacement = to.wrapping_sub(at.wrapping_add(4)) as i64;
        debug_assert!(i32::try_from(displacement).is_ok(), "a call that does not reach");
        hole[..4].copy_from_slice(&(displacement as i32).to_le_bytes());
    }

    fn landing_pad(asm: &mut Assembler) {
        asm.endbr64();
    }

    fn catches(inst: &Inst) -> bool {
        matches!(inst, Inst::CallCatch(..))
    }

    const BEFORE: &'static [BeforePattern<X64>] = patterns::BEFORE;
    const MOVE_BYTES_MOST: u32 = 20;

    #[inline]
    fn is_candidate_before(inst: &Inst) -> bool {
        matches!(inst, Inst::Extend(..))
    }

    #[inline]
    fn candidates_after(inst: &Inst) -> u32 {
        patterns::candidates_after(inst)
    }

    #[inline]
    fn bytes_most(inst: &Inst) -> u32 {
        emit::bytes_most(inst)
    }

    const AFTER: &'static [AfterPattern<X64>] = patterns::AFTER;

    fn emit_prologue(emit: &mut Emit<'_, X64>) {
        emit::frame::prologue(emit);
    }

    fn emit(emit: &mut Emit<'_, X64>, inst: u32, allocs: &[Alloc]) {
        emit::inst(emit, inst, allocs);
    }

    fn emit_move(emit: &mut Emit<'_, X64>, from: Alloc, to: Alloc, info: ValueInfo, remat: Remat) {
        emit::moves::edit(emit, from, to, info, remat);
    }

    fn emit_cold(emit: &mut Emit<'_, X64>) {
        emit::cold::all(emit);
    }
}
