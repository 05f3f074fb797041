//! Encodings in the manual's notation, read while compiling.
//!
//! A row of the tables says `"REX.W 83 /0 ib"` or `"VEX.256.66.0F.WIG 58 /r"`; [`Enc::parse`] is a `const fn` and
//! panics, so that a wrong notation does not build. Sources: Intel SDM volume 2, "Instruction Column in the
//! Instruction Summary Table", "Opcode Column", for VEX and EVEX "Opcode Column in the Instruction Summary Table
//! (Instructions with VEX prefix)". Two things are added to it: `*N` after an EVEX encoding is the N of `disp8*N`,
//! and a byte after the opcode that is no operand (`0F AE F0`) is a ModRM byte.

/// Which prefix carries the register numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// REX, or none.
    Legacy,
    Vex,
    Evex,
}

/// What the ModRM byte's middle bits are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModRm {
    /// There is no ModRM byte.
    None,
    /// `/r`: a register.
    Reg,
    /// `/0` to `/7`: part of the opcode.
    Digit(u8),
    /// The whole byte is part of the opcode.
    Fixed(u8),
}

/// An encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Enc {
    pub space: Space,
    /// Prefix bytes before REX, in order from the low byte on.
    pub prefixes: u16,
    pub prefix_count: u8,
    /// The mandatory or operand-size prefix of VEX and EVEX as its field has it: none, 66, F3, F2.
    pub pp: u8,
    /// Opcode map: 0 for one-byte opcodes, 1 for 0F, 2 for 0F38, 3 for 0F3A.
    pub map: u8,
    pub opcode: u8,
    /// REX.W, or W of VEX and EVEX.
    pub w: bool,
    /// Vector length: 0 for 128 bits or none, 1 for 256, 2 for 512.
    pub length: u8,
    pub modrm: ModRm,
    /// A register number is added to the opcode.
    pub plus_reg: bool,
    /// A condition is added to the opcode.
    pub plus_cond: bool,
    /// Bytes of immediate.
    pub imm: u8,
    /// The N of `disp8*N`.
    pub scale: u8,
}

impl Enc {
    /// Reads the notation.
    ///
    /// Thousands of rows are read in every build, in the compiler's interpreter: so this goes over the text once, with
    /// the characters of a word as the bytes of a number, to be matched in one step.
    ///
    /// # Panics
    /// If it is wrong: while compiling, since rows are constants.
    pub const fn parse(text: &str) -> Enc {
        let text = text.as_bytes();
        let mut enc = Enc {
            space: Space::Legacy,
            prefixes: 0,
            prefix_count: 0,
            pp: 0,
            map: 0,
            opcode: 0,
            w: false,
            length: 0,
            modrm: ModRm::None,
            plus_reg: false,
            plus_cond: false,
            imm: 0,
            scale: 1,
        };
        let mut has_opcode = false;
        // Within the dotted words of VEX or EVEX.
        let mut dotted = false;
        let (mut word, mut at) = (0u64, 0);
        loop {
            let byte = if at < text.len() { text[at] } else { b' ' };
            if byte != b' ' && byte != b'.' {
                word = word << 8 | byte as u64;
                at += 1;
                continue;
            }
            if dotted {
                match word {
                    L128 | LZ | L0 | LIG | NP | W0 | WIG => {}
                    L256 | L1 => enc.length = 1,
                    L512 => enc.length = 2,
                    P66 => enc.pp = 1,
                    PF3 => enc.pp = 2,
                    PF2 => enc.pp = 3,
                    M0F => enc.map = 1,
                    M0F38 => enc.map = 2,
                    M0F3A => enc.map = 3,
                    W1 => enc.w = true,
                    _ => panic!("a part of a VEX prefix"),
                }
                dotted = byte == b'.';
                assert!(dotted || enc.map != 0, "VEX has a map");
            } else {
                match word {
                    VEX | EVEX => {
                        assert!(
                            !has_opcode && enc.prefix_count == 0 && byte == b'.',
                            "a VEX prefix comes first"
                        );
                        enc.space = if word == VEX { Space::Vex } else { Space::Evex };
                        dotted = true;
                    }
                    REX => {
                        assert!(byte == b'.' && !has_opcode && enc.map == 0, "REX.W comes before the opcode")
                    }
                    W => enc.w = true,
                    SLASH_R => enc.modrm = ModRm::Reg,
                    IB | CB | IS4 => enc.imm += 1,
                    IW => enc.imm += 2,
                    ID | CD => enc.imm += 4,
                    IO => enc.imm += 8,
                    _ if word >> 8 == b'/' as u64 => {
                        let digit = (word as u8).wrapping_sub(b'0');
                        assert!(digit < 8, "/0 to /7");
                        enc.modrm = ModRm::Digit(digit);
                    }
                    _ if word >> 8 == b'*' as u64 || word >> 16 == b'*' as u64 => {
                        let tens = if word >> 16 == 0 { 0 } else { decimal((word >> 8) as u8) };
                        enc.scale = tens * 10 + decimal(word as u8);
                        assert!(
                            enc.scale.is_power_of_two() && matches!(enc.space, Space::Evex),
                            "disp8*N, in EVEX"
                        );
                    }
                    _ if word >> 16 == 0 => {
                        let byte = hexadecimal((word >> 8) as u8) << 4 | hexadecimal(word as u8);
                        let before = !has_opcode && matches!(enc.space, Space::Legacy);
                        if before && enc.map == 0 && !enc.w && is_prefix(byte) {
                            assert!(enc.prefix_count < 2, "at most two prefixes");
                            enc.prefixes |= (byte as u16) << (8 * enc.prefix_count);
                            enc.prefix_count += 1;
                        } else if before && enc.map == 0 && byte == 0x0f {
                            enc.map = 1;
                        } else if before && enc.map == 1 && (byte == 0x38 || byte == 0x3a) {
                            enc.map = if byte == 0x38 { 2 } else { 3 };
                        } else if !has_opcode {
                            enc.opcode = byte;
                            has_opcode = true;
                        } else {
                            assert!(matches!(enc.modrm, ModRm::None), "one ModRM byte");
                            enc.modrm = ModRm::Fixed(byte);
                        }
                    }
                    _ => {
                        // An opcode with something added: `B8+rd`, `70+cc`.
                        assert!(
                            !has_opcode && word >> 40 == 0 && (word >> 16) as u8 == b'+',
                            "an opcode, +rX or +cc"
                        );
                        enc.opcode = hexadecimal((word >> 32) as u8) << 4 | hexadecimal((word >> 24) as u8);
                        has_opcode = true;
                        enc.plus_cond = (word >> 8) as u8 == b'c';
                        enc.plus_reg = (word >> 8) as u8 == b'r';
                        assert!(enc.plus_cond || enc.plus_reg, "+rX or +cc");
                    }
                }
            }
            if at >= text.len() {
                break;
            }
            word = 0;
            at += 1;
        }
        assert!(has_opcode, "an encoding has an opcode");
        enc
    }

    /// Map and opcode as bytes, from the low one on.
    pub(super) const fn opcode_word(&self) -> u32 {
        let opcode = self.opcode as u32;
        match self.map {
            0 => opcode,
            1 => 0x0f | opcode << 8,
            2 => 0x380f | opcode << 16,
            _ => 0x3a0f | opcode << 16,
        }
    }

    /// How many bytes [`opcode_word`](Self::opcode_word) has.
    pub(super) const fn opcode_size(&self) -> u32 {
        match self.map {
            0 => 1,
            1 => 2,
            _ => 3,
        }
    }
}

const fn is_prefix(byte: u8) -> bool {
    // 3E before an indirect jump: it may go anywhere (Intel CET, "No-track Prefix for Near Indirect CALL/JMP").
    matches!(byte, 0x3e | 0x66 | 0xf0 | 0xf2 | 0xf3)
}

/// A word as a number: its characters, the first highest.
const fn word(text: &str) -> u64 {
    let text = text.as_bytes();
    let (mut word, mut at) = (0, 0);
    while at < text.len() {
        word = word << 8 | text[at] as u64;
        at += 1;
    }
    word
}

const VEX: u64 = word("VEX");
const EVEX: u64 = word("EVEX");
const REX: u64 = word("REX");
const W: u64 = word("W");
const L128: u64 = word("128");
const L256: u64 = word("256");
const L512: u64 = word("512");
const LZ: u64 = word("LZ");
const L0: u64 = word("L0");
const L1: u64 = word("L1");
const LIG: u64 = word("LIG");
const NP: u64 = word("NP");
const P66: u64 = word("66");
const PF2: u64 = word("F2");
const PF3: u64 = word("F3");
const M0F: u64 = word("0F");
const M0F38: u64 = word("0F38");
const M0F3A: u64 = word("0F3A");
const W0: u64 = word("W0");
const W1: u64 = word("W1");
const WIG: u64 = word("WIG");
const SLASH_R: u64 = word("/r");
const IB: u64 = word("ib");
const IW: u64 = word("iw");
const ID: u64 = word("id");
const IO: u64 = word("io");
const CB: u64 = word("cb");
const CD: u64 = word("cd");
const IS4: u64 = word("/is4");

const fn decimal(character: u8) -> u8 {
    assert!(character.is_ascii_digit(), "a number");
    character - b'0'
}

const fn hexadecimal(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'F' => character - b'A' + 10,
        _ => panic!("a byte is two hexadecimal digits, in capitals"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_is_read() {
        let enc = Enc::parse("66 F2 REX.W 0F 38 F1 /r");
        assert_eq!((enc.prefixes, enc.prefix_count, enc.w, enc.map, enc.opcode), (0xf266, 2, true, 2, 0xf1));
        assert_eq!((enc.modrm, enc.imm, enc.opcode_word(), enc.opcode_size()), (ModRm::Reg, 0, 0xf1_380f, 3));
        let enc = Enc::parse("EVEX.512.66.0F3A.W1 25 /r ib *64");
        assert_eq!((enc.space, enc.length, enc.pp, enc.map, enc.w), (Space::Evex, 2, 1, 3, true));
        assert_eq!((enc.opcode, enc.imm, enc.scale), (0x25, 1, 64));
        let enc = Enc::parse("VEX.LZ.0F38.W0 F3 /3");
        assert_eq!((enc.space, enc.pp, enc.map, enc.modrm), (Space::Vex, 0, 2, ModRm::Digit(3)));
        let enc = Enc::parse("70+cc cb");
        assert_eq!((enc.opcode, enc.plus_cond, enc.plus_reg, enc.imm), (0x70, true, false, 1));
        let enc = Enc::parse("REX.W B8+rd io");
        assert_eq!((enc.opcode, enc.plus_cond, enc.plus_reg, enc.imm), (0xb8, false, true, 8));
        assert_eq!(Enc::parse("0F AE F0").modrm, ModRm::Fixed(0xf0));
        assert_eq!(Enc::parse("F3 90").prefixes, 0xf3);
    }

    #[test]
    fn a_wrong_notation_does_not_build() {
        for wrong in [
            "",
            "/r",
            "0F",
            "g1",
            "REX.W",
            "VEX.128.WIG 10",
            "10 /8",
            "10 /r *8",
            "66 F2 F3 10",
            "B8+xd",
            "10 /r zz",
        ] {
            assert!(std::panic::catch_unwind(|| Enc::parse(wrong)).is_err(), "'{wrong}' was taken");
        }
    }
}
