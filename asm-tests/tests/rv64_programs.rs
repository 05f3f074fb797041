//! Whole programs with labels, ours and those of GNU as: every kind of displacement, forward and backward, within its
//! range, at its edge, beyond it.
//!
//! Where GNU as can say the same, the bytes must be its own: without veneers, and with the inverted branches over a jump
//! that both choose for branches back over more than 4 KiB. Where there are veneers, the code is read back: what follows in
//! the source must follow in the code, but for islands that are jumped over, and each branch must lead to its label.

use std::fmt::Write;

use asm_tests::rv64::{COMPRESSED, FULL};
use orus::asm::form::{Operand, Rng};
use orus::asm::rv64::fixup::VENEER_SCRATCH;
use orus::asm::rv64::reg::*;
use orus::asm::rv64::{Assembler, Kind};
use orus::asm::{AsmError, FixupKind, Label};

/// Branches on two registers, with their `funct3`.
type Branch = (&'static str, u32, fn(&mut Assembler, X, X, Label));
const BRANCHES: [Branch; 6] = [
    ("beq", 0, Assembler::beq),
    ("bne", 1, Assembler::bne),
    ("blt", 4, Assembler::blt),
    ("bge", 5, Assembler::bge),
    ("bltu", 6, Assembler::bltu),
    ("bgeu", 7, Assembler::bgeu),
];

/// What an instruction with a label does when it is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// Branches by `funct3` and two registers.
    Branch(u32, u32, u32),
    /// Jumps; the return address goes to this register.
    Jump(u32),
    /// `la`: this register gets the address.
    Address(u32),
    Nop,
}

/// The first of an instruction that was emitted, and what is behind it.
struct Emitted {
    at: u32,
    end: u32,
    does: Does,
    label: usize,
}

/// A program twice: in our assembler, and as text.
struct Program {
    asm: Assembler,
    compress: bool,
    text: String,
    labels: Vec<Label>,
    bound: Vec<bool>,
    instructions: Vec<Emitted>,
}

/// What the check found.
#[derive(PartialEq, Eq, Debug)]
enum Agreement {
    /// The bytes are those of GNU as.
    Bytes,
    /// There are veneers, and all leads where it should.
    Behaviour,
    /// The assembler says that a label is out of reach.
    OutOfReach,
}

/// The kinds of instructions with a label that lead to any distance; then those that are always compressed, which do not;
/// then an address.
const KINDS: usize = 10;
const SHORT_KINDS: usize = 3;
const ADDRESS: usize = KINDS + SHORT_KINDS;

/// A kind that reaches any label.
fn far_kind(rng: &mut Rng) -> usize {
    let kind = rng.below(KINDS as u64 + 1) as usize;
    if kind == KINDS { ADDRESS } else { kind }
}

impl Program {
    fn new(labels: usize, compress: bool) -> Program {
        let mut asm = Assembler::new();
        asm.compress(compress);
        let labels: Vec<Label> = (0..labels).map(|_| asm.new_label()).collect();
        let bound = vec![false; labels.len()];
        Program { asm, compress, text: String::new(), labels, bound, instructions: Vec::new() }
    }

    fn bind(&mut self, label: usize) {
        self.asm.bind(self.labels[label]);
        self.bound[label] = true;
        let _ = writeln!(self.text, "L{label}:");
    }

    /// Notes the instruction that begins at `from`, or behind the island there.
    fn emitted(&mut self, from: u32, does: Does, label: usize) {
        let mut at = from;
        // An island starts with a jump forward; an instruction with a label goes back, or nowhere yet.
        while let Read::Jump(0, over @ 8..) = read(self.asm.code(), at) {
            at += over as u32;
        }
        self.instructions.push(Emitted { at, end: self.asm.offset(), does, label });
    }

    fn nops(&mut self, count: usize) {
        if count > 0 {
            let _ = writeln!(self.text, ".rept {count}\nnop\n.endr");
        }
        for _ in 0..count {
            let from = self.asm.offset();
            self.asm.nop();
            self.emitted(from, Does::Nop, 0);
        }
    }

    /// One that refers to a label, by number of its kind.
    fn refer(&mut self, kind: usize, rng: &mut Rng, label: usize) {
        let (from, to) = (self.asm.offset(), self.labels[label]);
        let (x, y, nz, c) = (X::random(rng), X::random(rng), XNz::random(rng), XC::random(rng));
        let number = |register: u8| u32::from(register);
        let (line, does) = match kind {
            0..6 => {
                let (name, funct3, emit) = BRANCHES[kind];
                emit(&mut self.asm, x, y, to);
                (
                    format!("{name} {x}, {y}, L{label}"),
                    Does::Branch(funct3, number(x.number()), number(y.number())),
                )
            }
            6 => {
                // One of the eight registers, so that it may be compressed.
                self.asm.beqz(c.into(), to);
                (format!("beqz {c}, L{label}"), Does::Branch(0, number(c.number()), 0))
            }
            7 => {
                self.asm.jal(nz, to);
                (format!("jal {nz}, L{label}"), Does::Jump(number(nz.number())))
            }
            8 => {
                self.asm.j(to);
                (format!("j L{label}"), Does::Jump(0))
            }
            9 => {
                self.asm.bnez(x, to);
                (format!("bnez {x}, L{label}"), Does::Branch(1, number(x.number()), 0))
            }
            10 => {
                self.asm.c_j(to);
                (format!("c.j L{label}"), Does::Jump(0))
            }
            11 => {
                self.asm.c_beqz(c, to);
                (format!("c.beqz {c}, L{label}"), Does::Branch(0, number(c.number()), 0))
            }
            12 => {
                self.asm.c_bnez(c, to);
                (format!("c.bnez {c}, L{label}"), Does::Branch(1, number(c.number()), 0))
            }
            // Not for GNU as, which would need the linker.
            _ => {
                self.asm.la(nz, to);
                (String::from(".error"), Does::Address(number(nz.number())))
            }
        };
        // Forward, ours are not compressed: the distance is not known yet.
        let is_long = self.compress && !self.bound[label] && kind < KINDS;
        let _ = match is_long {
            true => writeln!(self.text, ".option push\n.option norvc\n{line}\n.option pop"),
            false => writeln!(self.text, "{line}"),
        };
        self.emitted(from, does, label);
    }

    /// Checks the code.
    fn check(mut self) -> Agreement {
        let tool = if self.compress { COMPRESSED } else { FULL };
        let sum: u32 = self.instructions.iter().map(|emitted| emitted.end - emitted.at).sum();
        let code = match self.asm.finish() {
            Ok(code) => code,
            Err(AsmError::OutOfReach { .. }) => return Agreement::OutOfReach,
            Err(error) => panic!("{error}"),
        };
        let bytes = code.bytes();
        let target = |label: usize| code.label_offset(self.labels[label]).unwrap();
        for (index, emitted) in self.instructions.iter().enumerate() {
            let wanted = self.instructions.get(index + 1).map_or(bytes.len() as u32, |next| next.at);
            assert_reaches_over_islands(bytes, emitted.end, wanted);
            match emitted.does {
                Does::Nop => assert_eq!(read(bytes, emitted.at), Read::Nop),
                Does::Address(rd) => {
                    let Read::Pair(high, 0x13, low, displacement) = read(bytes, emitted.at) else { panic!() };
                    assert_eq!((high, low), (rd, rd));
                    assert_eq!(i64::from(emitted.at) + displacement, i64::from(target(emitted.label)));
                }
                _ => assert_leads(bytes, emitted, target(emitted.label)),
            }
        }
        // Beyond 1 MiB ours are pairs.
        let far = self.instructions.iter().any(|emitted| match emitted.does {
            Does::Jump(_) => emitted.end - emitted.at > 4,
            _ => emitted.end - emitted.at > 8,
        });
        if bytes.len() as u32 != sum || far || self.text.contains(".error") {
            return Agreement::Behaviour;
        }
        let theirs = tool.assemble(&self.text).unwrap_or_else(|failure| panic!("{failure:?}"));
        let same = theirs.iter().zip(bytes).take_while(|(theirs, ours)| theirs == ours).count();
        assert!(same == bytes.len() && theirs.len() == same, "differs at {same:#x} of {:#x}", bytes.len());
        Agreement::Bytes
    }
}

/// An instruction, as far as these programs have it; displacements in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Read {
    Branch(u32, u32, u32, i64),
    Jump(u32, i64),
    /// `auipc`, and opcode and destination of what uses its register; the register; the sum of the immediates.
    Pair(u32, u32, u32, i64),
    Nop,
    Other,
}

/// Reads an instruction by the manual's formats. Written apart from the assembler's own places, which it is to check.
fn read(code: &[u8], at: u32) -> Read {
    let rest = &code[at as usize..];
    let Some(&[low, high]) = rest.first_chunk::<2>() else { return Read::Other };
    let half = u32::from(u16::from_le_bytes([low, high]));
    let bit = |word: u32, from: u32, to: u32| (word >> from & 1) << to;
    let signed = |value: u32, bits: u32| i64::from((value << (32 - bits)) as i32 >> (32 - bits));
    if half & 3 != 3 {
        // C.J: offset[11|4|9:8|10|6|7|3:1|5] in bits 12 to 2.
        let jump = bit(half, 12, 11)
            | bit(half, 11, 4)
            | bit(half, 10, 9)
            | bit(half, 9, 8)
            | bit(half, 8, 10)
            | bit(half, 7, 6)
            | bit(half, 6, 7)
            | bit(half, 5, 3)
            | bit(half, 4, 2)
            | bit(half, 3, 1)
            | bit(half, 2, 5);
        // C.BEQZ: offset[8|4:3] in bits 12 to 10, offset[7:6|2:1|5] in bits 6 to 2.
        let branch = bit(half, 12, 8)
            | bit(half, 11, 4)
            | bit(half, 10, 3)
            | bit(half, 6, 7)
            | bit(half, 5, 6)
            | bit(half, 4, 2)
            | bit(half, 3, 1)
            | bit(half, 2, 5);
        let register = 8 + (half >> 7 & 7);
        return match (half & 3, half >> 13) {
            (1, 0) if half == 1 => Read::Nop,
            (1, 5) => Read::Jump(0, signed(jump, 12)),
            (1, 6) => Read::Branch(0, register, 0, signed(branch, 9)),
            (1, 7) => Read::Branch(1, register, 0, signed(branch, 9)),
            _ => Read::Other,
        };
    }
    let Some(word) = rest.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else { return Read::Other };
    let (rd, rs1, rs2, funct3) = (word >> 7 & 31, word >> 15 & 31, word >> 20 & 31, word >> 12 & 7);
    match word & 127 {
        0x13 if word == 0x13 => Read::Nop,
        0x63 => {
            let field = bit(word, 31, 12) | bit(word, 7, 11) | (word >> 25 & 63) << 5 | (word >> 8 & 15) << 1;
            Read::Branch(funct3, rs1, rs2, signed(field, 13))
        }
        0x6f => {
            let field =
                bit(word, 31, 20) | (word >> 12 & 255) << 12 | bit(word, 20, 11) | (word >> 21 & 1023) << 1;
            Read::Jump(rd, signed(field, 21))
        }
        0x17 => {
            let Some(second) = rest[4..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
                return Read::Other;
            };
            if second >> 15 & 31 != rd || second >> 12 & 7 != 0 {
                return Read::Other;
            }
            let displacement = i64::from((word & !0xfff) as i32) + i64::from(second as i32 >> 20);
            Read::Pair(rd, second & 127, second >> 7 & 31, displacement)
        }
        _ => Read::Other,
    }
}

/// Control that is at `at` comes to `wanted`, over islands at most.
fn assert_reaches_over_islands(code: &[u8], mut at: u32, wanted: u32) {
    while at < wanted {
        let Read::Jump(0, over) = read(code, at) else { panic!("no jump over the island at {at:#x}") };
        assert!(over > 4 && i64::from(at) + over <= i64::from(wanted), "{at:#x}: {over}");
        at += over as u32;
    }
}

/// The branch or jump leads to `target` when it is taken, itself or by veneers, and changes nothing on the way but the
/// return address and the register that is kept for veneers.
fn assert_leads(code: &[u8], emitted: &Emitted, target: u32) {
    let scratch = u32::from(VENEER_SCRATCH.number());
    let Emitted { at, end, does, .. } = *emitted;
    let (mut at, mut to) = match (does, read(code, at)) {
        (Does::Branch(funct3, rs1, rs2), Read::Branch(is, a, b, displacement)) if (a, b) == (rs1, rs2) => {
            if is == funct3 {
                (at, i64::from(at) + displacement)
            } else {
                // The inverted one leads over what follows, which is the jump.
                assert_eq!((is, i64::from(at) + displacement), (funct3 ^ 1, i64::from(end)), "at {at:#x}");
                (at, i64::from(at) + 4)
            }
        }
        (Does::Jump(rd), Read::Jump(is, displacement)) if rd == is => (at, i64::from(at) + displacement),
        (Does::Jump(rd), Read::Pair(by, 0x67, is, displacement))
            if rd == is && (by == rd || by == scratch) =>
        {
            (at, i64::from(at) + displacement)
        }
        (_, other) => panic!("at {at:#x}: {does:?} is {other:?}"),
    };
    let mut steps = 0;
    while to != i64::from(target) {
        at = u32::try_from(to).unwrap_or_else(|_| panic!("from {at:#x} to {to:#x}"));
        to += match read(code, at) {
            Read::Jump(0, further) => further,
            Read::Pair(by, 0x67, 0, further) if by == scratch => further,
            other => panic!("at {at:#x}: {other:?} is no veneer"),
        };
        steps += 1;
        assert!(steps < 40);
    }
}

#[test]
fn small_programs_are_those_of_gnu_as() {
    let mut rng = Rng::new(3);
    for round in 0..80 {
        let labels = 1 + rng.below(40) as usize;
        let mut program = Program::new(labels, round % 2 == 0);
        let mut unbound: Vec<usize> = (0..labels).collect();
        // Some are so small that the compressed ones reach everything.
        let (size, kinds) = if round % 4 == 0 { (25, KINDS + SHORT_KINDS) } else { (700, KINDS) };
        for _ in 0..rng.below(size) {
            match rng.below(12) {
                0 if !unbound.is_empty() => {
                    let label = unbound.swap_remove(rng.below(unbound.len() as u64) as usize);
                    program.bind(label);
                }
                1..=3 => program.nops(1 + rng.below(4) as usize),
                _ => {
                    let label = rng.below(labels as u64) as usize;
                    program.refer(rng.below(kinds as u64) as usize, &mut rng, label);
                }
            }
        }
        for label in unbound {
            program.bind(label);
        }
        program.nops(1);
        assert_eq!(program.check(), Agreement::Bytes);
    }
}

#[test]
fn thousands_of_labels() {
    let mut rng = Rng::new(5);
    for compress in [false, true] {
        let labels = 6000;
        let mut program = Program::new(labels, compress);
        // Each label is near what refers to it, ahead or behind.
        for label in 0..labels {
            program.bind(label);
            for _ in 0..1 + rng.below(3) {
                let far = rng.below(200) as usize;
                let to =
                    if rng.below(2) == 0 { label.saturating_sub(far) } else { (label + far).min(labels - 1) };
                program.refer(rng.below(KINDS as u64) as usize, &mut rng, to);
            }
        }
        program.nops(1);
        let code = program.asm.offset();
        assert!(code > 30_000);
        assert_eq!(program.check(), Agreement::Bytes);
    }
}

/// One reference, with `distance` bytes between its start and its label, with others about it. In multiples of the `nop`.
fn at_distance(kind: usize, distance: usize, backward: bool, compress: bool, seed: u64) -> Agreement {
    let mut rng = Rng::new(seed);
    let unit = if compress { 2 } else { 4 };
    let mut program = Program::new(2, compress);
    program.nops(rng.below(5) as usize);
    if backward {
        program.bind(0);
        program.nops(distance / unit);
        program.refer(kind, &mut rng, 0);
        program.nops(2);
        program.bind(1);
    } else {
        let own = if kind >= KINDS { 2 } else { 4 };
        program.refer(kind, &mut rng, 0);
        let nops = (distance - own) / unit;
        let before = rng.below(nops as u64 + 1) as usize;
        program.nops(before);
        program.bind(1);
        program.nops(nops - before);
        program.bind(0);
        program.nops(1);
    }
    program.refer(8, &mut rng, 1);
    program.nops(1);
    program.check()
}

#[test]
fn branches_at_the_edge_of_their_range() {
    use Agreement::{Behaviour, Bytes};
    for (index, distance) in
        [8, 2000, 4000, 4060, 4076, 4084, 4088, 4092, 4096, 4100, 4104, 5000, 70_000].into_iter().enumerate()
    {
        for kind in [index % 6, 6, 9] {
            // Back, the inverted branch over a jump is what GNU as has, too.
            assert_eq!(at_distance(kind, distance, true, false, 1), Bytes, "{distance} back");
            let found = at_distance(kind, distance, false, false, 2);
            assert!(found == Behaviour || distance <= 4092, "{distance}");
            // A few bytes less than the range, room for an island is kept.
            assert!(found == Bytes || distance > 4040, "{distance} forward");
        }
    }
}

#[test]
fn jumps_at_the_edge_of_their_range() {
    const REACH: usize = 1 << 20;
    for distance in [REACH - 400, REACH - 100, REACH - 8, REACH - 4, REACH, REACH + 4, REACH + 8000] {
        for kind in [7, 8] {
            let back = at_distance(kind, distance, true, false, 1);
            assert_eq!(back == Agreement::Bytes, distance <= REACH, "{distance} back");
            let found = at_distance(kind, distance, false, false, 2);
            assert!(found == Agreement::Behaviour || distance < REACH);
            assert!(found == Agreement::Bytes || distance > REACH - 100, "{distance} forward");
        }
        // A branch back over a jump; from 1 MiB on the jump takes the register kept for that.
        let back = at_distance(distance % 6, distance, true, false, 3);
        assert_eq!(back == Agreement::Bytes, distance + 4 <= REACH, "{distance} back");
        at_distance(distance % 6, distance, false, false, 4);
    }
}

#[test]
fn compressed_ones_at_the_edge_of_their_range() {
    use Agreement::{Bytes, OutOfReach};
    for (kinds, reach) in [(&[11, 12][..], 256), (&[10][..], 2048)] {
        for distance in [
            2,
            4,
            reach / 2,
            reach - 40,
            reach - 6,
            reach - 4,
            reach - 2,
            reach,
            reach + 2,
            reach + 4,
            reach + 2000,
        ] {
            for &kind in kinds {
                // With a name that says so they stay what they are.
                let back = at_distance(kind, distance, true, true, 1);
                assert_eq!(back, if distance <= reach { Bytes } else { OutOfReach }, "{distance} back");
                let found = at_distance(kind, distance, false, true, 2);
                assert_eq!(found, if distance < reach { Bytes } else { OutOfReach }, "{distance} forward");
            }
            // By choice: ours and GNU as change to the longer form at the same distance.
            for kind in [6, 8] {
                assert_eq!(at_distance(kind, distance, true, true, 3), Bytes, "{distance} back");
            }
        }
    }
}

#[test]
fn long_programs_with_veneers_lead_where_they_should() {
    let mut rng = Rng::new(17);
    let mut with_veneers = 0;
    for round in 0..24 {
        let labels = 60;
        let compress = round % 2 == 0;
        let mut program = Program::new(labels, compress);
        let mut next = 0;
        while next < labels {
            match rng.below(10) {
                0 => {
                    program.bind(next);
                    next += 1;
                }
                1..=4 => program.nops(1 + rng.unsigned([6, 9, 12, 14][round / 2 % 4]) as usize),
                _ => {
                    let label = rng.below(labels as u64) as usize;
                    program.refer(far_kind(&mut rng), &mut rng, label);
                }
            }
        }
        program.nops(1);
        with_veneers += usize::from(program.check() == Agreement::Behaviour);
    }
    assert!(with_veneers > 16, "{with_veneers}");
}

#[test]
fn branches_and_jumps_over_more_than_a_mebibyte() {
    let mut rng = Rng::new(29);
    let zeros = vec![0u8; 150_000];
    let mut program = Program::new(40, false);
    for label in 0..40 {
        program.bind(label);
        for _ in 0..6 {
            let to = rng.below(40) as usize;
            program.refer(far_kind(&mut rng), &mut rng, to);
        }
        // Data that control jumps over. An island before it keeps veneers in reach.
        let over = program.asm.new_label();
        let from = program.asm.offset();
        program.labels.push(over);
        program.bound.push(false);
        let number = program.labels.len() - 1;
        program.asm.j(over);
        program.emitted(from, Does::Jump(0), number);
        program.asm.island_if_within(zeros.len() as u32 + 64);
        program.asm.put_data(&zeros);
        program.asm.bind(over);
        program.text.push_str(".error\n");
        program.nops(1);
    }
    assert!(program.asm.offset() > 5 << 20);
    program.check_jumped_over();
}

impl Program {
    /// As [`check`](Self::check) does, where what follows in the code need not follow in the source.
    fn check_jumped_over(mut self) {
        let code = self.asm.finish().unwrap_or_else(|error| panic!("{error}"));
        let mut chains = 0;
        for emitted in &self.instructions {
            let target = code.label_offset(self.labels[emitted.label]).unwrap();
            if let Does::Branch(..) | Does::Jump(_) = emitted.does {
                assert_leads(code.bytes(), emitted, target);
                chains += usize::from(i64::from(target).abs_diff(i64::from(emitted.at)) > 1 << 20);
            }
        }
        assert!(chains > 50, "only {chains} were far");
    }
}

/// A branch that leads two bytes too far is noticed, by the bytes of GNU as and without them.
#[test]
fn a_misplaced_label_is_noticed() {
    for far in [10, 2000] {
        let program = |misplaced: bool| {
            let mut program = Program::new(2, true);
            program.refer(2, &mut Rng::new(1), 0);
            program.nops(far);
            // In the text it is here, and among our labels it is the one behind.
            if misplaced {
                program.labels.swap(0, 1);
            }
            program.bind(0);
            program.nops(1);
            program.bind(1);
            program.nops(1);
            program
        };
        program(false).check();
        let check = std::panic::catch_unwind(|| program(true).check());
        assert!(check.is_err(), "{far}");
    }
}

#[test]
fn what_no_veneer_can_help_is_an_error() {
    // A displacement that is odd cannot be: labels are at even places unless data makes them odd.
    let mut asm = Assembler::new();
    let label = asm.new_label();
    asm.beq(A0, A1, label);
    asm.put_data(&[0]);
    asm.bind(label);
    let error = asm.finish().unwrap_err();
    assert!(matches!(error, AsmError::Misaligned { .. }), "{error:?}");
}

#[test]
fn reaches_are_those_of_the_fields() {
    for (kind, reach, back) in [
        (Kind::BranchC, 254i64, -256i64),
        (Kind::JumpC, 2046, -2048),
        (Kind::Branch, 4094, -4096),
        (Kind::Jump, 1_048_574, -1_048_576),
        (Kind::PairI, (1 << 31) - 1 - 0x800, -(1 << 31) - 0x800),
        (Kind::PairS, (1 << 31) - 1 - 0x800, -(1 << 31) - 0x800),
    ] {
        for (displacement, fits) in
            [(reach, true), (reach + 2, false), (back, true), (back - 2, false), (0, true)]
        {
            assert_eq!(kind.patch(&mut [0; 8], displacement).is_ok(), fits, "{kind:?} {displacement}");
        }
    }
}
