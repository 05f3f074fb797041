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
        let mut at = 0;
        while at < text.len() {
            let mut end = at;
            while end < text.len() && text[end] != b' ' {
                end += 1;
            }
            let token = Token { text, start: at, end };
            at = end + 1;
            if token.starts_with(b"VEX.") || token.starts_with(b"EVEX.") {
                assert!(!has_opcode && matches!(enc.space, Space::Legacy), "a VEX prefix comes first");
                enc = token.vector_prefix(enc);
            } else if token.is(b"REX.W") {
                assert!(!has_opcode && matches!(enc.space, Space::Legacy), "REX.W comes before the opcode");
                enc.w = true;
            } else if token.is(b"/r") {
                enc.modrm = ModRm::Reg;
            } else if token.is(b"ib") || token.is(b"cb") || token.is(b"/is4") {
                enc.imm += 1;
            } else if token.is(b"iw") {
                enc.imm += 2;
            } else if token.is(b"id") || token.is(b"cd") {
                enc.imm += 4;
            } else if token.is(b"io") {
                enc.imm += 8;
            } else if token.byte(0) == b'/' {
                let digit = token.byte(1).wrapping_sub(b'0');
                assert!(digit < 8 && token.len() == 2, "/0 to /7");
                enc.modrm = ModRm::Digit(digit);
            } else if token.byte(0) == b'*' {
                enc.scale = token.number(1);
                assert!(enc.scale.is_power_of_two() && matches!(enc.space, Space::Evex), "disp8*N, in EVEX");
            } else {
                let byte = token.hex();
                if !has_opcode && enc.map == 0 && is_prefix(byte) && !enc.w && matches!(enc.space, Space::Legacy) {
                    assert!(enc.prefix_count < 2, "at most two prefixes");
                    enc.prefixes |= (byte as u16) << (8 * enc.prefix_count);
                    enc.prefix_count += 1;
                } else if !has_opcode && matches!(enc.space, Space::Legacy) && enc.map == 0 && byte == 0x0f {
                    enc.map = 1;
                } else if !has_opcode && matches!(enc.space, Space::Legacy) && enc.map == 1 && byte == 0x38 {
                    enc.map = 2;
                } else if !has_opcode && matches!(enc.space, Space::Legacy) && enc.map == 1 && byte == 0x3a {
                    enc.map = 3;
                } else if !has_opcode {
                    enc.opcode = byte;
                    has_opcode = true;
                    if token.len() > 2 {
                        assert!(token.len() == 5 && token.byte(2) == b'+', "an opcode is two digits, or +rX, +cc");
                        enc.plus_cond = token.byte(3) == b'c';
                        enc.plus_reg = token.byte(3) == b'r';
                        assert!(enc.plus_cond || enc.plus_reg, "+rX or +cc");
                    }
                } else {
                    assert!(matches!(enc.modrm, ModRm::None), "one ModRM byte");
                    enc.modrm = ModRm::Fixed(byte);
                }
            }
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
    matches!(byte, 0x66 | 0xf0 | 0xf2 | 0xf3)
}

#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl Token<'_> {
    const fn len(self) -> usize {
        self.end - self.start
    }

    /// The byte at an index; 0 behind the end.
    const fn byte(self, index: usize) -> u8 {
        if index < self.len() { self.text[self.start + index] } else { 0 }
    }

    const fn starts_with(self, prefix: &[u8]) -> bool {
        let mut index = 0;
        while index < prefix.len() {
            if self.byte(index) != prefix[index] {
                return false;
            }
            index += 1;
        }
        true
    }

    const fn is(self, whole: &[u8]) -> bool {
        self.len() == whole.len() && self.starts_with(whole)
    }

    /// The first two characters as a byte.
    const fn hex(self) -> u8 {
        digit(self.byte(0)) << 4 | digit(self.byte(1))
    }

    /// A decimal number from an index on.
    const fn number(self, from: usize) -> u8 {
        let (mut value, mut index) = (0, from);
        while index < self.len() {
            assert!(self.byte(index).is_ascii_digit(), "a number");
            value = value * 10 + (self.byte(index) - b'0');
            index += 1;
        }
        value
    }

    /// `VEX.length.pp.map.W`, where `pp` may be left out.
    const fn vector_prefix(self, mut enc: Enc) -> Enc {
        enc.space = if self.byte(0) == b'E' { Space::Evex } else { Space::Vex };
        let mut part = self;
        let mut number = 0;
        while part.start < self.end {
            part.end = part.start;
            while part.end < self.end && self.text[part.end] != b'.' {
                part.end += 1;
            }
            if number == 0 {
                // VEX or EVEX.
            } else if number == 1 {
                enc.length = if part.is(b"512") {
                    2
                } else if part.is(b"256") || part.is(b"L1") {
                    1
                } else {
                    assert!(part.is(b"128") || part.is(b"LIG") || part.is(b"LZ") || part.is(b"L0"), "a length");
                    0
                };
            } else if part.is(b"66") {
                enc.pp = 1;
            } else if part.is(b"F3") {
                enc.pp = 2;
            } else if part.is(b"F2") {
                enc.pp = 3;
            } else if part.is(b"0F") {
                enc.map = 1;
            } else if part.is(b"0F38") {
                enc.map = 2;
            } else if part.is(b"0F3A") {
                enc.map = 3;
            } else if part.is(b"W1") {
                enc.w = true;
            } else {
                assert!(part.is(b"W0") || part.is(b"WIG") || part.is(b"NP"), "a part of a VEX prefix");
            }
            number += 1;
            part.start = part.end + 1;
        }
        assert!(enc.map != 0, "VEX has a map");
        enc
    }
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'F' => character - b'A' + 10,
        _ => panic!("a byte is two hexadecimal digits, in capitals"),
    }
}
