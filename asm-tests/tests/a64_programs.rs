//! Whole programs with labels, ours and those of GNU as: every kind of displacement, forward and backward, within
//! its range, at its edge, beyond it.
//!
//! Where no veneer is needed, the bytes must be those of GNU as. Where there are veneers, the code is read back: what
//! follows in the source must follow in the code, but for islands that are jumped over, and each branch must lead to
//! its label.

use std::fmt::Write;

use asm_tests::a64::{LINKED, TOOL};
use orus::asm::Label;
use orus::asm::a64::operand::*;
use orus::asm::a64::reg::*;
use orus::asm::a64::{Assembler, Kind};
use orus::asm::form::{Operand, Rng};
use orus::asm::{AsmError, FixupKind};

const NOP: u32 = 0xd503_201f;

/// A program twice: in our assembler, and as text.
struct Program {
    asm: Assembler,
    text: String,
    labels: Vec<Label>,
    /// Offset of each instruction, and the label it refers to.
    instructions: Vec<(u32, Option<usize>)>,
}

impl Program {
    fn new(labels: usize) -> Program {
        let mut asm = Assembler::new();
        let labels = (0..labels).map(|_| asm.new_label()).collect();
        Program { asm, text: String::new(), labels, instructions: Vec::new() }
    }

    /// Notes the instruction that was emitted, with what is around it.
    fn emitted(&mut self, from: u32, label: Option<usize>, line: &str) {
        // Before it there may be an island, which starts with a jump forward; itself it goes back, or nowhere yet.
        let mut at = from;
        while let Some((Kind::Branch26, over @ 8..)) = decode(word(self.asm.code(), at)) {
            at += over as u32;
        }
        self.instructions.push((at, label));
        let _ = writeln!(self.text, "{line}");
    }

    fn bind(&mut self, label: usize) {
        self.asm.bind(self.labels[label]);
        let _ = writeln!(self.text, "L{label}:");
    }

    fn nops(&mut self, count: usize) {
        let _ = writeln!(self.text, ".fill {count}, 4, {NOP:#x}");
        for _ in 0..count {
            self.asm.nop();
            self.instructions.push((self.asm.offset() - 4, None));
        }
    }

    /// One that refers to a label, by number of its kind.
    fn refer(&mut self, kind: usize, rng: &mut Rng, label: usize) {
        let (from, to, l) = (self.asm.offset(), self.labels[label], label);
        let (x, w, d) = (X::random(rng), W::random(rng), D::random(rng));
        let line = match kind {
            0 => {
                self.asm.b(to);
                format!("b L{l}")
            }
            1 => {
                self.asm.bl(to);
                format!("bl L{l}")
            }
            2 => {
                let cond = Cond::random(rng);
                self.asm.b_cond(cond, to);
                format!("b.{cond} L{l}")
            }
            3 => {
                self.asm.cbz_w(w, to);
                format!("cbz {w}, L{l}")
            }
            4 => {
                self.asm.cbnz_x(x, to);
                format!("cbnz {x}, L{l}")
            }
            5 => {
                let bit = Bit64::random(rng);
                self.asm.tbz_x(x, bit, to);
                format!("tbz {x}, #{bit}, L{l}")
            }
            6 => {
                let bit = U5::random(rng);
                self.asm.tbnz_w(w, bit, to);
                format!("tbnz {w}, #{bit}, L{l}")
            }
            7 => {
                self.asm.adr(x, to);
                format!("adr {x}, L{l}")
            }
            8 => {
                self.asm.ldr_x_lit(x, to);
                format!("ldr {x}, L{l}")
            }
            9 => {
                self.asm.ldr_d_lit(d, to);
                format!("ldr {d}, L{l}")
            }
            _ => {
                self.asm.ldrsw_lit(x, to);
                format!("ldrsw {x}, L{l}")
            }
        };
        self.emitted(from, Some(label), &line);
    }

    /// Checks the code; returns whether there are veneers.
    fn check(mut self) -> bool {
        let count = self.instructions.len();
        let code = match self.asm.finish() {
            Ok(code) => code,
            Err(error) => panic!("{error}"),
        };
        let bytes = code.bytes();
        if bytes.len() == 4 * count {
            let theirs = TOOL.assemble(&self.text).unwrap_or_else(|failure| panic!("{failure:?}"));
            assert_eq!(theirs.len(), bytes.len());
            let difference = theirs.chunks(4).zip(bytes.chunks(4)).position(|(theirs, ours)| theirs != ours);
            assert_eq!(difference, None);
            return false;
        }
        let target = |label: usize| code.label_offset(self.labels[label]).unwrap();
        for (index, &(at, label)) in self.instructions.iter().enumerate() {
            // What follows in the source is reached, over islands at most.
            let mut next = at + 4;
            let wanted = self.instructions.get(index + 1).map_or(bytes.len() as u32, |(at, _)| *at);
            while next < wanted {
                let Some((Kind::Branch26, over)) = decode(word(bytes, next)) else {
                    panic!("no jump over the island at {next:#x}: {:#010x}", word(bytes, next));
                };
                assert!(over > 4 && i64::from(next) + over <= i64::from(wanted), "{next:#x}: {over}");
                next += over as u32;
            }
            let Some(label) = label else {
                assert_eq!(word(bytes, at), NOP);
                continue;
            };
            let (kind, displacement) = decode(word(bytes, at)).unwrap();
            let mut to = i64::from(at) + displacement;
            let mut steps = 0;
            while to != i64::from(target(label)) {
                assert!(!matches!(kind, Kind::Literal19 | Kind::Adr21), "at {at:#x}");
                let Some((Kind::Branch26, further)) = decode(word(bytes, to as u32)) else {
                    panic!("at {at:#x}, L{label}: {to:#x} is no veneer");
                };
                to += further;
                steps += 1;
                assert!(steps < 40);
            }
        }
        true
    }
}

fn word(code: &[u8], at: u32) -> u32 {
    u32::from_le_bytes(*code[at as usize..].first_chunk().unwrap())
}

/// Kind and displacement of a word that has one.
fn decode(word: u32) -> Option<(Kind, i64)> {
    let field = |high: u32, low: u32| i64::from((word << (31 - high)) as i32 >> (31 - high + low)) * 4;
    Some(match word >> 24 {
        byte if byte & 0x7c == 0x14 => (Kind::Branch26, field(25, 0)),
        0x54 | 0x34 | 0xb4 | 0x35 | 0xb5 => (Kind::Branch19, field(23, 5)),
        0x36 | 0xb6 | 0x37 | 0xb7 => (Kind::Branch14, field(18, 5)),
        0x18 | 0x58 | 0x98 | 0x1c | 0x5c | 0x9c => (Kind::Literal19, field(23, 5)),
        byte if byte & 0x9f == 0x10 => (Kind::Adr21, field(23, 5) | i64::from(word >> 29 & 3)),
        _ => return None,
    })
}

#[test]
fn small_programs_are_those_of_gnu_as() {
    let mut rng = Rng::new(3);
    for _ in 0..60 {
        let labels = 1 + rng.below(40) as usize;
        let mut program = Program::new(labels);
        let mut unbound: Vec<usize> = (0..labels).collect();
        for _ in 0..rng.below(800) {
            match rng.below(12) {
                0 if !unbound.is_empty() => {
                    let label = unbound.swap_remove(rng.below(unbound.len() as u64) as usize);
                    program.bind(label);
                }
                1..=3 => program.nops(1 + rng.below(4) as usize),
                _ => program.refer(rng.below(11) as usize, &mut rng, 0),
            }
            if rng.below(2) == 0 {
                let label = rng.below(labels as u64) as usize;
                program.refer(rng.below(11) as usize, &mut rng, label);
            }
        }
        for label in unbound {
            program.bind(label);
        }
        program.nops(1);
        assert!(!program.check());
    }
}

#[test]
fn thousands_of_labels() {
    let mut rng = Rng::new(7);
    let labels = 8000;
    let mut program = Program::new(labels);
    // What refers to a label is near it, ahead or behind.
    for label in 0..labels {
        program.bind(label);
        for _ in 0..1 + rng.below(3) {
            let far = rng.below(1000) as usize;
            let to =
                if rng.below(2) == 0 { label.saturating_sub(far) } else { (label + far).min(labels - 1) };
            program.refer(rng.below(11) as usize, &mut rng, to);
        }
    }
    program.nops(1);
    assert!(!program.check());
}

/// One reference, `distance` instructions before or behind its label, with others about it.
fn at_distance(kind: usize, distance: usize, backward: bool, seed: u64) -> bool {
    let mut rng = Rng::new(seed);
    let mut program = Program::new(2);
    program.nops(rng.below(5) as usize);
    if backward {
        program.bind(0);
        program.nops(distance);
        program.refer(kind, &mut rng, 0);
        program.nops(2);
        program.bind(1);
    } else {
        program.refer(kind, &mut rng, 0);
        let before = rng.below(distance as u64 - 1) as usize;
        program.nops(before);
        program.refer(2, &mut rng, 1);
        program.nops(distance - before - 2);
        program.bind(0);
        program.nops(1);
        program.bind(1);
    }
    program.nops(1);
    program.check()
}

#[test]
fn branches_on_a_bit_at_the_edge_of_their_range() {
    // 8191 instructions forward, 8192 backward; a few less forward, where room for an island is kept.
    for distance in [2, 8000, 8180, 8184, 8188, 8190, 8191, 8192, 8193, 8200, 9000, 20_000, 70_000] {
        for kind in [5, 6] {
            assert_eq!(at_distance(kind, distance, true, 1), distance > 8192, "{distance} back");
            let veneers = at_distance(kind, distance, false, 2);
            assert!(veneers || distance <= 8191);
            assert!(!veneers || distance > 8180, "{distance} forward");
        }
    }
}

#[test]
fn conditional_branches_at_the_edge_of_their_range() {
    const REACH: usize = 1 << 18;
    for distance in [REACH - 100, REACH - 12, REACH - 3, REACH - 2, REACH - 1, REACH, REACH + 1, REACH + 2000]
    {
        let kind = 2 + distance % 3;
        assert_eq!(at_distance(kind, distance, true, 1), distance > REACH, "{distance} back");
        let veneers = at_distance(kind, distance, false, 2);
        assert!(veneers || distance < REACH);
        assert!(!veneers || distance > REACH - 12, "{distance} forward");
    }
}

#[test]
fn addresses_and_literals_beyond_their_range_are_errors() {
    for kind in 7..11 {
        for (distance, fits) in [(1 << 18, true), ((1 << 18) + 1, false)] {
            let mut program = Program::new(1);
            program.bind(0);
            program.nops(distance);
            program.refer(kind, &mut Rng::new(9), 0);
            match program.asm.finish() {
                Ok(_) => assert!(fits && !program.check()),
                Err(error) => {
                    let offset = distance as u32 * 4;
                    assert!(!fits);
                    assert_eq!(error, AsmError::OutOfReach { offset, displacement: -i64::from(offset) });
                }
            }
        }
    }
}

#[test]
fn long_programs_with_veneers_lead_where_they_should() {
    let mut rng = Rng::new(17);
    let mut with_veneers = 0;
    for round in 0..12 {
        let labels = 60;
        let mut program = Program::new(labels);
        let mut next = 0;
        while next < labels {
            match rng.below(10) {
                0 => {
                    program.bind(next);
                    next += 1;
                }
                1..=4 => program.nops(1 + rng.unsigned(if round % 2 == 0 { 11 } else { 14 }) as usize),
                _ => {
                    // Literals and addresses cannot be extended: they stay with near labels of the past.
                    let label = rng.below(labels as u64) as usize;
                    program.refer(rng.below(7) as usize, &mut rng, label);
                }
            }
        }
        program.nops(1);
        with_veneers += usize::from(program.check());
    }
    assert!(with_veneers > 6, "{with_veneers}");
}

#[test]
fn constants_are_near_their_loads() {
    let mut rng = Rng::new(23);
    let mut asm = Assembler::new();
    let mut loads = Vec::new();
    for _ in 0..3000 {
        let value = rng.below(500);
        match rng.below(3) {
            0 => {
                let label = asm.constant(value);
                asm.ldr_x_lit(X0, label);
                loads.push((asm.offset() - 4, value.to_le_bytes().to_vec()));
            }
            1 => {
                let label = asm.constant(f64::from_bits(value << 40));
                asm.ldr_d_lit(D0, label);
                loads.push((asm.offset() - 4, (value << 40).to_le_bytes().to_vec()));
            }
            _ => {
                let bytes = [value as u8; 16];
                let label = asm.constant(bytes);
                asm.ldr_q_lit(V0.into(), label);
                loads.push((asm.offset() - 4, bytes.to_vec()));
            }
        }
        for _ in 0..rng.unsigned(11) {
            asm.nop();
        }
    }
    asm.ret();
    let code = asm.finish().unwrap();
    assert!(code.data().len() > 1, "one pool cannot be in reach of all of {} bytes", code.bytes().len());
    for (at, value) in loads {
        let (kind, displacement) = decode(word(code.bytes(), at)).unwrap();
        assert_eq!(kind, Kind::Literal19);
        let to = (i64::from(at) + displacement) as usize;
        assert_eq!(&code.bytes()[to..to + value.len()], &value[..]);
        assert_eq!(to % value.len(), 0);
    }
}

#[test]
fn branches_beyond_128_mebibytes_go_by_veneers() {
    const PIECE: usize = 1 << 20;
    let zeros = vec![0u8; PIECE];
    let mut asm = Assembler::new();
    asm.reserve(141 * PIECE, 2, 100);
    let (near, far) = (asm.new_label(), asm.new_label());
    let mut uses = Vec::new();
    for index in 0..140 {
        if index % 7 == 0 {
            asm.b(far);
            uses.push(asm.offset() - 4);
            asm.bl(far);
            uses.push(asm.offset() - 4);
        }
        // Nothing runs into the data, so that an island before it needs no jump around it.
        asm.island_if_within(PIECE as u32 + 64);
        asm.put_data(&zeros);
        if index == 0 {
            asm.bind(near);
            asm.nop();
        }
    }
    asm.bind(far);
    asm.ret();
    let end = asm.offset();
    asm.b(near);
    // Back, there is nothing in between that could be a veneer.
    let error = asm.finish().err();
    assert!(matches!(error, Some(AsmError::OutOfReach { offset, .. }) if offset == end), "{error:?}");
    let code = asm.code();
    let mut veneers = 0;
    for at in uses {
        let mut to = at;
        while let Some((Kind::Branch26, displacement)) = decode(word(code, to)) {
            to = (i64::from(to) + displacement) as u32;
            veneers += 1;
        }
        veneers -= 1;
        assert_eq!(to, end - 4);
    }
    assert!(veneers >= 2, "the first two cannot reach");
}

#[test]
fn pages_and_places_in_them_are_those_of_the_linker() {
    let mut rng = Rng::new(31);
    for _ in 0..20 {
        let labels = 12;
        let mut program = Program::new(labels);
        let mut unbound: Vec<usize> = (0..labels).collect();
        for _ in 0..200 {
            let label = rng.below(labels as u64) as usize;
            let (x, to) = (X::random(&mut rng), program.labels[label]);
            let (sp, from) = (XSp::random(&mut rng), program.asm.offset());
            match rng.below(4) {
                0 => {
                    program.asm.adrp(x, to);
                    program.emitted(from, None, &format!("adrp {x}, L{label}"));
                }
                1 => {
                    program.asm.add_x_low(sp, sp, to);
                    program.emitted(from, None, &format!("add {sp}, {sp}, :lo12:L{label}"));
                }
                2 => {
                    program.asm.ldr_w_low(x.into(), sp, to);
                    program.emitted(from, None, &format!("ldr {}, [{sp}, :lo12:L{label}]", W::from(x)));
                }
                _ => program.nops(1 + rng.below(400) as usize),
            }
            if rng.below(12) == 0 && !unbound.is_empty() {
                let label = unbound.swap_remove(rng.below(unbound.len() as u64) as usize);
                program.bind(label);
            }
        }
        for label in unbound {
            program.bind(label);
        }
        program.nops(1);
        let theirs = LINKED.assemble(&program.text).unwrap_or_else(|failure| panic!("{failure:?}"));
        let code = program.asm.finish().unwrap();
        assert_eq!(code.alignment(), 4096);
        assert_eq!(code.bytes().len(), theirs.len());
        let difference =
            theirs.chunks(4).zip(code.bytes().chunks(4)).position(|(theirs, ours)| theirs != ours);
        assert_eq!(difference, None);
    }
}

#[test]
fn reaches_are_those_of_the_fields() {
    for (kind, reach, back) in [
        (Kind::Branch14, 32_764i64, -32_768i64),
        (Kind::Branch19, 1_048_572, -1_048_576),
        (Kind::Literal19, 1_048_572, -1_048_576),
        (Kind::Adr21, 1_048_575, -1_048_576),
        (Kind::Branch26, 134_217_724, -134_217_728),
    ] {
        for (displacement, fits) in
            [(reach, true), (reach + 4, false), (back, true), (back - 4, false), (0, true)]
        {
            assert_eq!(kind.patch(&mut [0; 4], displacement).is_ok(), fits, "{kind:?} {displacement}");
        }
    }
}
