//! The registers of the interpreter, and access to the operands of the instruction at hand.
//!
//! The accessors check nothing. They may be called by the body of an operation for the operands that its row in the table
//! declares, and then:
//! - register operands name registers of the frame, of a type that the operation takes (V4),
//! - those that are references were assigned before (V5),
//! - extra words are there, and branches lead to instructions of the same function (V1).
//!
//! V1 to V8 are what the verifier guarantees, see [`mod@crate::bytecode::verify`].
//!
//! Registers are canonical (see [`crate::bytecode::opcode`]); each accessor keeps that by writing through [`Slot`].

use super::Machine;
use crate::bytecode::Kind;
use crate::vm::array::SliceArgs;
use crate::vm::heap::Ref;

/// A type that a register may hold.
pub(in crate::vm) trait Slot: Copy {
    /// Reads the canonical form.
    fn from_slot(slot: u64) -> Self;
    /// The canonical form.
    fn to_slot(self) -> u64;
}

macro_rules! integer_slots {
    ($($ty:ident)*) => {$(
        impl Slot for $ty {
            #[inline(always)]
            fn from_slot(slot: u64) -> $ty {
                slot as $ty
            }
            #[inline(always)]
            fn to_slot(self) -> u64 {
                // Extends by the sign for the signed types, by zeros for the others.
                self as i64 as u64
            }
        }
    )*};
}
integer_slots! { i32 i64 u32 u64 }

impl Slot for bool {
    #[inline(always)]
    fn from_slot(slot: u64) -> bool {
        slot != 0
    }
    #[inline(always)]
    fn to_slot(self) -> u64 {
        u64::from(self)
    }
}

impl Slot for f64 {
    #[inline(always)]
    fn from_slot(slot: u64) -> f64 {
        f64::from_bits(slot)
    }
    #[inline(always)]
    fn to_slot(self) -> u64 {
        self.to_bits()
    }
}

impl Slot for Ref {
    #[inline(always)]
    fn from_slot(slot: u64) -> Ref {
        Ref::from_bits(slot)
    }
    #[inline(always)]
    fn to_slot(self) -> u64 {
        self.bits()
    }
}

/// Where argument operand `index` lies among the halves of halves of the argument words: low bits first.
#[inline(always)]
const fn lane_of(index: usize) -> usize {
    if cfg!(target_endian = "little") { index } else { index ^ 3 }
}

/// A pointer of which the compiler knows nothing, at no cost. Loops over short runs of slots use it: otherwise they would be
/// unrolled or become calls of `memset`, for either of which a handler would need a stack frame.
#[inline(always)]
pub(super) fn opaque(pointer: *mut u64) -> *mut u64 {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"), not(miri)))]
    {
        let mut address = pointer.expose_provenance();
        // SAFETY: the text is empty, so the pointer is what it was.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) address, options(pure, nomem, nostack, preserves_flags))
        };
        std::ptr::with_exposed_provenance_mut(address)
    }
    #[cfg(not(all(
        any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"),
        not(miri)
    )))]
    std::hint::black_box(pointer)
}

/// The state that handlers pass on.
pub(in crate::vm) struct Cpu {
    /// The first word of the instruction at hand.
    word: u64,
    /// Behind that word; behind the instruction when it ends.
    pub pc: *const u64,
    /// The registers of the topmost frame.
    pub regs: *mut u64,
}

impl Cpu {
    /// Starts the instruction at `pc`.
    ///
    /// # Safety
    /// IN1 and IN2 hold for `pc` and `regs`.
    #[inline(always)]
    pub unsafe fn at(pc: *const u64, regs: *mut u64) -> Cpu {
        // SAFETY: `pc` points at an instruction (IN1).
        let word = unsafe { *pc };
        Cpu { word, pc: pc.wrapping_add(1), regs }
    }

    /// Behind the first word, for heavy parts.
    ///
    /// # Safety
    /// As for [`Cpu::at`], for the word before `behind`.
    #[inline(always)]
    pub unsafe fn behind(behind: *const u64, regs: *mut u64) -> Cpu {
        // SAFETY: as the caller says.
        unsafe { Cpu::at(behind.wrapping_sub(1), regs) }
    }

    /// The first word of the instruction.
    #[inline(always)]
    pub fn word(&self) -> u64 {
        self.word
    }

    /// Operand `a` itself.
    #[inline(always)]
    pub fn a(&self) -> usize {
        usize::from((self.word >> 16) as u16)
    }

    /// Operand `b` itself.
    #[inline(always)]
    pub fn b(&self) -> usize {
        usize::from((self.word >> 32) as u16)
    }

    /// Operand `c` itself.
    #[inline(always)]
    pub fn c(&self) -> usize {
        usize::from((self.word >> 48) as u16)
    }

    /// Operand `b` as a signed immediate.
    #[inline(always)]
    pub fn imm_b(&self) -> i16 {
        (self.word >> 32) as i16
    }

    /// Operand `c` as a signed immediate.
    #[inline(always)]
    pub fn imm_c(&self) -> i16 {
        (self.word >> 48) as i16
    }

    /// The 32-bit immediate.
    #[inline(always)]
    pub fn imm(&self) -> i32 {
        (self.word >> 32) as i32
    }

    /// The 32-bit immediate as an index.
    #[inline(always)]
    pub fn index(&self) -> usize {
        (self.word >> 32) as usize
    }

    /// A register.
    #[inline(always)]
    pub fn read<T: Slot>(&self, register: usize) -> T {
        // SAFETY: the register is an operand of the instruction, so it lies in the frame (V4), whose slots are initialised (FR1).
        T::from_slot(unsafe { *self.regs.add(register) })
    }

    /// Writes a register.
    #[inline(always)]
    pub fn write<T: Slot>(&mut self, register: usize, value: T) {
        // SAFETY: as in `read`.
        unsafe { *self.regs.add(register) = value.to_slot() }
    }

    /// The register that `a` names.
    #[inline(always)]
    pub fn get_a<T: Slot>(&self) -> T {
        self.read(self.a())
    }

    /// The register that `b` names.
    #[inline(always)]
    pub fn get_b<T: Slot>(&self) -> T {
        self.read(self.b())
    }

    /// The register that `c` names.
    #[inline(always)]
    pub fn get_c<T: Slot>(&self) -> T {
        self.read(self.c())
    }

    /// The object that the register of `a` holds.
    #[inline(always)]
    pub fn ref_a(&self) -> Ref {
        self.get_a()
    }

    /// The object that the register of `b` holds.
    #[inline(always)]
    pub fn ref_b(&self) -> Ref {
        self.get_b()
    }

    /// The object that the register of `c` holds.
    #[inline(always)]
    pub fn ref_c(&self) -> Ref {
        self.get_c()
    }

    /// Writes the register that `a` names.
    #[inline(always)]
    pub fn set_a<T: Slot>(&mut self, value: T) {
        self.write(self.a(), value);
    }

    /// The next extra word.
    #[inline(always)]
    pub fn extra(&mut self) -> u64 {
        // SAFETY: the row says that the instruction has this word, and the verifier has seen it (V1).
        let word = unsafe { *self.pc };
        self.pc = self.pc.wrapping_add(1);
        word
    }

    /// Goes over so many extra words.
    #[inline(always)]
    pub fn skip(&mut self, words: usize) {
        self.pc = self.pc.wrapping_add(words);
    }

    /// The register that argument word operand `index` names; the argument words begin at `pc`.
    #[inline(always)]
    pub fn argument(&self, index: usize) -> usize {
        // SAFETY: the instruction has a lane for each of its arguments, and words are full of lanes (V1).
        let lane = unsafe { *self.pc.cast::<u16>().add(lane_of(index)) };
        usize::from(lane)
    }

    /// Copies the registers that argument operands `from..from + count` name to `count` slots.
    ///
    /// # Safety
    /// The instruction has these operands. The slots lie in memory that is the caller's.
    #[inline(always)]
    pub unsafe fn copy_arguments(&self, from: usize, target: *mut u64, count: usize) {
        let (mut index, mut slot) = (from, target);
        let end = target.wrapping_add(count);
        while slot != end {
            // SAFETY: `slot` is one of the `count` slots.
            unsafe { *slot = self.read(self.argument(index)) };
            index += 1;
            slot = opaque(slot.wrapping_add(1));
        }
    }

    /// What a slice's extra word names.
    pub fn slice_args(&mut self, machine: &Machine) -> SliceArgs {
        let word = self.extra();
        let flags = word >> 32;
        let bound =
            |given: u64, register: u64| (flags & given != 0).then(|| self.read(usize::from(register as u16)));
        let (start, end, inclusive) = (bound(1, word), bound(2, word >> 16), flags & 4 != 0);
        // Only there the type of the end matters.
        let end_unsigned = inclusive && machine.register_kind((word >> 16) as u16) == Kind::U64;
        SliceArgs { start, end, inclusive, end_unsigned }
    }

    /// Branches by a number of words from the end of the instruction.
    ///
    /// The empty `asm` keeps the compiler from turning a branch of the program into a conditional move, which would have to
    /// wait for the comparison: measured, 495 -> 236 ms in `fib`.
    #[inline(always)]
    pub fn branch(&mut self, words: i32) {
        #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"), not(miri)))]
        // SAFETY: the text is empty.
        unsafe {
            std::arch::asm!("", options(nomem, nostack, preserves_flags));
        }
        // Stays within the function (V1).
        self.pc = self.pc.wrapping_offset(words as isize);
    }
}
