//! Division: of `rdx:rax`, with the quotient in `rax` and the remainder in `rdx`, whatever the macro's registers are.
//!
//! First what the instruction traps on. Unsigned, that is 0: `test`, `jz`. Signed, it is also the minimum by -1; `rm + 1` is at
//! most 1, as an unsigned number, for 0 and -1 alone, so one branch sees to both. -1 negates then, or gives
//! remainder 0. All ways out come before anything is overwritten.
//!
//! Then `rax` and `rdx` are put aside, unless one is the destination: into `r11`; into the destination, where it is not the divisor;
//! into `xmm15`, where both are taken. A divisor in `rax` or `rdx` goes into `r11`, which then is also where that register waits.

use super::width::{self, mov};
use super::{Assembler, FLOAT_SCRATCH, SCRATCH};
use crate::asm::label::Label;
use crate::asm::x64::Mem;
use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::{EDX, Gpr64, RAX, RDX};

/// Which division.
#[derive(Clone, Copy)]
pub(super) struct Division {
    pub(super) wide: bool,
    pub(super) signed: bool,
    pub(super) remainder: bool,
}

/// Where `rax` or `rdx` waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Nowhere: it is the destination.
    Not,
    Scratch,
    Destination,
    Float,
}

impl Division {
    pub(super) fn emit(self, asm: &mut Assembler, [rd, rn, rm]: [Gpr64; 3], zero: Label, overflow: Label) {
        if !asm.takes([rd, rn, rm]) {
            return;
        }
        let done = asm.new_label();
        self.guard(asm, [rd, rn, rm], zero, overflow, done);
        self.divide(asm, rd, rn, rm);
        asm.bind(done);
    }

    /// Leaves for divisors that the instruction cannot have.
    fn guard(self, asm: &mut Assembler, [rd, rn, rm]: [Gpr64; 3], zero: Label, overflow: Label, done: Label) {
        if !self.signed {
            width::test(asm, self.wide, rm, rm);
            return asm.jcc(Cond::E, zero);
        }
        let ordinary = asm.new_label();
        let next = Mem::base(rm, 1);
        if self.wide {
            asm.lea_r64_m(SCRATCH, next)
        } else {
            asm.lea_r32_m(SCRATCH.as_32(), next)
        }
        width::cmp_imm(asm, self.wide, SCRATCH, 1);
        asm.jcc_short(Cond::A, ordinary);
        asm.jcc(Cond::E, zero);
        if self.remainder {
            asm.xor_r32_r32(rd.as_32(), rd.as_32());
        } else {
            if rd != rn {
                mov(asm, self.wide, rd, rn);
            }
            width::neg(asm, self.wide, rd);
            asm.jcc(Cond::O, overflow);
        }
        asm.jmp_short(done);
        asm.bind(ordinary);
    }

    fn divide(self, asm: &mut Assembler, rd: Gpr64, rn: Gpr64, rm: Gpr64) {
        let divisor = if rm == RAX || rm == RDX { SCRATCH } else { rm };
        if divisor == SCRATCH {
            asm.mov_r64_r64(SCRATCH, rm);
        }
        let other = rd != RAX && rd != RDX;
        let rax = if rd == RAX {
            Wait::Not
        } else if rm == RAX || divisor != SCRATCH {
            Wait::Scratch
        } else if other {
            Wait::Destination
        } else {
            Wait::Float
        };
        let rdx = if rd == RDX {
            Wait::Not
        } else if rm == RDX || rd == RAX && divisor != SCRATCH {
            Wait::Scratch
        } else if other && rd != rm {
            Wait::Destination
        } else {
            Wait::Float
        };
        if rax == Wait::Destination && rd == rn {
            asm.xchg_r64_r64(rd, RAX);
        } else {
            if rm != RAX {
                put_aside(asm, RAX, rax, rd);
            }
            if rn != RAX {
                mov(asm, self.wide, RAX, rn);
            }
        }
        if rm != RDX {
            put_aside(asm, RDX, rdx, rd);
        }
        match (self.signed, self.wide) {
            (true, true) => {
                asm.cqo();
                asm.idiv_r64(divisor);
            }
            (true, false) => {
                asm.cdq();
                asm.idiv_r32(divisor.as_32());
            }
            (false, wide) => {
                asm.xor_r32_r32(EDX, EDX);
                if wide { asm.div_r64(divisor) } else { asm.div_r32(divisor.as_32()) }
            }
        }
        // A result of 32 bits has zeros above, so it may be moved whole.
        let result = if self.remainder { RDX } else { RAX };
        match (rax, rdx) {
            (_, Wait::Destination) if result == RDX => asm.xchg_r64_r64(rd, RDX),
            (Wait::Destination, _) if result == RAX => asm.xchg_r64_r64(rd, RAX),
            _ => {
                take_back(asm, RAX, rax, rd, Wait::Destination);
                take_back(asm, RDX, rdx, rd, Wait::Destination);
                if rd != result {
                    mov(asm, self.wide, rd, result);
                }
            }
        }
        for wait in [Wait::Scratch, Wait::Float] {
            take_back(asm, RAX, rax, rd, wait);
            take_back(asm, RDX, rdx, rd, wait);
        }
    }
}

fn put_aside(asm: &mut Assembler, register: Gpr64, wait: Wait, rd: Gpr64) {
    match wait {
        Wait::Not => {}
        Wait::Scratch => asm.mov_r64_r64(SCRATCH, register),
        Wait::Destination => asm.mov_r64_r64(rd, register),
        Wait::Float => asm.movq_x_r64(FLOAT_SCRATCH, register),
    }
}

/// Takes a register back, if that is where it waits.
fn take_back(asm: &mut Assembler, register: Gpr64, wait: Wait, rd: Gpr64, only: Wait) {
    if wait == only {
        match wait {
            Wait::Not => {}
            Wait::Scratch => asm.mov_r64_r64(register, SCRATCH),
            Wait::Destination => asm.mov_r64_r64(register, rd),
            Wait::Float => asm.movq_r64_x(register, FLOAT_SCRATCH),
        }
    }
}
