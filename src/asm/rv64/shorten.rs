//! Compressed forms: the half-word that means the same as a word, where there is one.
//!
//! A row of the tables names the function that knows which compressed forms its instruction has; 0, which is no
//! instruction, means that none fits. The choice is that of GNU as: the comparison with it is by bytes.
//!
//! Sources. RISC-V unprivileged specification, "C Extension for Compressed Instructions".

use super::layout::scatter;

/// None fits.
const NONE: u32 = 0;

const fn rd(word: u32) -> u32 {
    word >> 7 & 31
}

const fn rs1(word: u32) -> u32 {
    word >> 15 & 31
}

const fn rs2(word: u32) -> u32 {
    word >> 20 & 31
}

/// The immediate of the I format, with its sign.
const fn imm_i(word: u32) -> i32 {
    word as i32 >> 20
}

/// The immediate of the S format.
const fn imm_s(word: u32) -> i32 {
    word as i32 >> 25 << 5 | rd(word) as i32
}

/// Is it one of the eight registers that most compressed forms take?
const fn is_c(register: u32) -> bool {
    register & 0x18 == 8
}

const fn is_imm6(value: i32) -> bool {
    value >= -32 && value <= 31
}

/// Is it a multiple of `unit` from 0 to `last`?
const fn is_offset(value: i32, unit: i32, last: i32) -> bool {
    value >= 0 && value <= last && value & (unit - 1) == 0
}

const fn ci(base: u32, rd: u32, imm: u32) -> u32 {
    base | scatter::c_rd(rd) | scatter::c_imm(imm)
}

const fn cr(base: u32, rd: u32, rs2: u32) -> u32 {
    base | scatter::c_rd(rd) | scatter::c_rs2(rs2)
}

/// `addi`, `li`, `mv`, `nop`.
pub const fn addi(word: u32) -> u32 {
    let (rd, rs1, imm) = (rd(word), rs1(word), imm_i(word));
    if rd == 0 {
        if rs1 == 0 && imm == 0 { ci(0x0001, 0, 0) } else { NONE }
    } else if rs1 == 0 {
        if is_imm6(imm) { ci(0x4001, rd, imm as u32) } else { NONE }
    } else if imm == 0 {
        cr(0x8002, rd, rs1)
    } else if rd == rs1 && is_imm6(imm) {
        ci(0x0001, rd, imm as u32)
    } else if rs1 == 2 && is_c(rd) && is_offset(imm, 4, 1020) {
        scatter::c_low(rd) | scatter::c_addi4spn(imm as u32)
    } else if rs1 == 2 && rd == 2 && imm & 15 == 0 && imm >= -512 && imm <= 496 {
        0x6101 | scatter::c_addi16sp(imm as u32)
    } else {
        NONE
    }
}

/// `addiw`.
pub const fn addiw(word: u32) -> u32 {
    let (rd, imm) = (rd(word), imm_i(word));
    if rd == rs1(word) && rd != 0 && is_imm6(imm) { ci(0x2001, rd, imm as u32) } else { NONE }
}

/// `lui`.
pub const fn lui(word: u32) -> u32 {
    let (rd, imm) = (rd(word), word as i32 >> 12);
    if rd != 0 && rd != 2 && imm != 0 && is_imm6(imm) { ci(0x6001, rd, imm as u32) } else { NONE }
}

/// `slli`.
pub const fn slli(word: u32) -> u32 {
    let (rd, shamt) = (rd(word), word >> 20 & 63);
    if rd == rs1(word) && rd != 0 && shamt != 0 { ci(0x0002, rd, shamt) } else { NONE }
}

const fn right(base: u32, word: u32) -> u32 {
    let (rd, shamt) = (rd(word), word >> 20 & 63);
    if rd == rs1(word) && is_c(rd) && shamt != 0 {
        base | scatter::c_high(rd) | scatter::c_imm(shamt)
    } else {
        NONE
    }
}

/// `srli`.
pub const fn srli(word: u32) -> u32 {
    right(0x8001, word)
}

/// `srai`.
pub const fn srai(word: u32) -> u32 {
    right(0x8401, word)
}

/// `andi`.
pub const fn andi(word: u32) -> u32 {
    let (rd, imm) = (rd(word), imm_i(word));
    if rd == rs1(word) && is_c(rd) && is_imm6(imm) {
        0x8801 | scatter::c_high(rd) | scatter::c_imm(imm as u32)
    } else {
        NONE
    }
}

/// `add`.
pub const fn add(word: u32) -> u32 {
    let (rd, rs1, rs2) = (rd(word), rs1(word), rs2(word));
    if rd == 0 || rs2 == 0 {
        NONE
    } else if rs1 == 0 {
        cr(0x8002, rd, rs2)
    } else if rd == rs1 {
        cr(0x9002, rd, rs2)
    } else if rd == rs2 {
        cr(0x9002, rd, rs1)
    } else {
        NONE
    }
}

/// Of two registers of the eight, into the first.
const fn two(base: u32, word: u32, commutes: bool) -> u32 {
    let (rd, rs1, rs2) = (rd(word), rs1(word), rs2(word));
    if !is_c(rd) {
        NONE
    } else if rd == rs1 && is_c(rs2) {
        base | scatter::c_high(rd) | scatter::c_low(rs2)
    } else if commutes && rd == rs2 && is_c(rs1) {
        base | scatter::c_high(rd) | scatter::c_low(rs1)
    } else {
        NONE
    }
}

macro_rules! two_registers {
    ($($name:ident $base:literal $commutes:literal;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`.")]
        pub const fn $name(word: u32) -> u32 {
            two($base, word, $commutes)
        }
    )*};
}
two_registers! {
    sub  0x8c01 false;
    xor  0x8c21 true;
    or   0x8c41 true;
    and  0x8c61 true;
    subw 0x9c01 false;
    addw 0x9c21 true;
}

/// A load: from the stack pointer, or between the eight registers.
macro_rules! loads {
    ($($name:ident $zero:literal unit $unit:literal sp $sp:literal $sp_place:ident base $base:literal $place:ident;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`.")]
        pub const fn $name(word: u32) -> u32 {
            let (rd, rs1, imm) = (rd(word), rs1(word), imm_i(word));
            if rs1 == 2 && (rd != 0 || $zero) && is_offset(imm, $unit, $unit * 63) {
                $sp | scatter::c_rd(rd) | scatter::$sp_place(imm as u32)
            } else if is_c(rs1) && is_c(rd) && is_offset(imm, $unit, $unit * 31) {
                $base | scatter::c_high(rs1) | scatter::c_low(rd) | scatter::$place(imm as u32)
            } else {
                NONE
            }
        }
    )*};
}
loads! {
    lw  false unit 4 sp 0x4002 c_lwsp base 0x4000 c_word;
    ld  false unit 8 sp 0x6002 c_ldsp base 0x6000 c_double;
    fld true  unit 8 sp 0x2002 c_ldsp base 0x2000 c_double;
}

/// A store: in the same way.
macro_rules! stores {
    ($($name:ident unit $unit:literal sp $sp:literal $sp_place:ident base $base:literal $place:ident;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`.")]
        pub const fn $name(word: u32) -> u32 {
            let (rs1, rs2, imm) = (rs1(word), rs2(word), imm_s(word));
            if rs1 == 2 && is_offset(imm, $unit, $unit * 63) {
                $sp | scatter::c_rs2(rs2) | scatter::$sp_place(imm as u32)
            } else if is_c(rs1) && is_c(rs2) && is_offset(imm, $unit, $unit * 31) {
                $base | scatter::c_high(rs1) | scatter::c_low(rs2) | scatter::$place(imm as u32)
            } else {
                NONE
            }
        }
    )*};
}
stores! {
    sw  unit 4 sp 0xc002 c_swsp base 0xc000 c_word;
    sd  unit 8 sp 0xe002 c_sdsp base 0xe000 c_double;
    fsd unit 8 sp 0xa002 c_sdsp base 0xa000 c_double;
}

/// `jr`, `ret`.
pub const fn jr(word: u32) -> u32 {
    if rs1(word) == 0 { NONE } else { cr(0x8002, rs1(word), 0) }
}

/// `jalr` with `ra`.
pub const fn jalr(word: u32) -> u32 {
    if rs1(word) == 0 { NONE } else { cr(0x9002, rs1(word), 0) }
}

/// `ebreak`.
pub const fn ebreak(_word: u32) -> u32 {
    0x9002
}

/// A conditional branch, with its displacement: `beqz`, `bnez`.
pub const fn imm_b(word: u32) -> u32 {
    let displacement =
        (word as i32 >> 31 << 12 | (word as i32 & 0x80) << 4) as u32 | word >> 20 & 0x7e0 | word >> 7 & 0x1e;
    let displacement = displacement as i32;
    // `beq` and `bne` differ in one bit from each other, and in two more from the rest.
    if word & 0x6000 == 0 && rs2(word) == 0 && is_c(rs1(word)) && displacement >= -256 && displacement <= 254
    {
        0xc001 | (word & 0x1000) << 1 | scatter::c_high(rs1(word)) | scatter::c_branch(displacement as u32)
    } else {
        NONE
    }
}

/// `jal x0`, with its displacement.
pub const fn imm_j(word: u32) -> u32 {
    let displacement =
        (word as i32 >> 31 << 20) as u32 | word & 0xff000 | word >> 9 & 0x800 | word >> 20 & 0x7fe;
    let displacement = displacement as i32;
    if rd(word) == 0 && displacement >= -2048 && displacement <= 2046 {
        0xa001 | scatter::c_jump(displacement as u32)
    } else {
        NONE
    }
}
