//! The buffer with an invented instruction set of 4-byte words, whose displacements are short enough to test every
//! range in a few hundred bytes.

use super::*;
use crate::asm::fixup::{Misfit, Veneer};
use crate::asm::form::Rng;

/// Opcode byte, then the displacement in words: near has 4 bits (to 28 bytes), far 8 (to 508), wide all 16; a literal 6.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Near,
    Far,
    Wide,
    Literal,
}

const NOP: u32 = 0;
const NEAR: u32 = 1;
const FAR: u32 = 2;
const WIDE: u32 = 3;
const LITERAL: u32 = 4;

impl Kind {
    fn opcode(self) -> u32 {
        match self {
            Kind::Near => NEAR,
            Kind::Far => FAR,
            Kind::Wide => WIDE,
            Kind::Literal => LITERAL,
        }
    }

    fn words(self) -> i64 {
        match self {
            Kind::Near => 8,
            Kind::Far => 128,
            Kind::Wide => 32768,
            Kind::Literal => 2048,
        }
    }
}

impl FixupKind for Kind {
    const REACHES: &'static [u32] = &[28, 508, 8188];
    const VENEER_MAX: u32 = 4;
    const JUMP_SIZE: u32 = 4;
    const POOL_IN_ISLANDS: bool = true;

    fn class(self) -> Option<usize> {
        match self {
            Kind::Near => Some(0),
            Kind::Far => Some(1),
            Kind::Literal => Some(2),
            Kind::Wide => None,
        }
    }

    fn patch(self, bytes: &mut [u8], displacement: i64) -> Result<(), Misfit> {
        if displacement % 4 != 0 {
            return Err(Misfit::Misaligned);
        }
        let words = displacement / 4;
        if words < -self.words() || words >= self.words() {
            return Err(Misfit::OutOfReach);
        }
        let low = (words as i16).to_le_bytes();
        bytes[2..4].copy_from_slice(&low);
        Ok(())
    }

    fn veneer(self, bytes: &mut [u8]) -> Option<Veneer<Kind>> {
        let kind = match self {
            Kind::Near => Kind::Far,
            Kind::Far | Kind::Wide => Kind::Wide,
            Kind::Literal => return None,
        };
        bytes[..4].copy_from_slice(&kind.opcode().to_le_bytes());
        Some(Veneer { size: 4, kind, at: 0 })
    }

    fn jump(bytes: &mut [u8], displacement: u32) {
        bytes[..4].copy_from_slice(&WIDE.to_le_bytes());
        let _ = Kind::Wide.patch(bytes, displacement.into());
    }

    fn fill(bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn branch(buffer: &mut CodeBuffer<Kind>, kind: Kind, label: Label) -> u32 {
    buffer.put_u32(kind.opcode());
    let at = buffer.offset() - 4;
    buffer.use_label(label, kind, at);
    at
}

fn word(code: &[u8], at: u32) -> (u32, i64) {
    let bytes = &code[at as usize..][..4];
    (bytes[0].into(), i64::from(i16::from_le_bytes([bytes[2], bytes[3]])) * 4)
}

/// Follows branches from `at` until an instruction that is none.
fn follow(code: &[u8], mut at: u32) -> u32 {
    for _ in 0..1000 {
        match word(code, at) {
            (NEAR | FAR | WIDE, displacement) => at = (i64::from(at) + displacement) as u32,
            _ => return at,
        }
    }
    panic!("a circle of branches at {at:#x}");
}

#[test]
fn a_branch_back_and_one_forward_reach_their_labels() {
    let mut buffer = CodeBuffer::new();
    let (top, end) = (buffer.new_label(), buffer.new_label());
    buffer.bind(top);
    branch(&mut buffer, Kind::Near, end);
    branch(&mut buffer, Kind::Near, top);
    buffer.bind(end);
    buffer.put_u32(NOP);
    let code = buffer.finish().unwrap();
    assert_eq!(word(code.bytes(), 0), (NEAR, 8));
    assert_eq!(word(code.bytes(), 4), (NEAR, -4));
    assert_eq!(code.label_offset(end), Some(8));
}

#[test]
fn a_branch_that_stays_in_reach_gets_no_veneer() {
    // Room for the island (jump, three times the longest veneer) is kept: 28 - 16 bytes after the branch remain.
    let mut buffer = CodeBuffer::new();
    let end = buffer.new_label();
    branch(&mut buffer, Kind::Near, end);
    buffer.put_u32(NOP);
    buffer.put_u32(NOP);
    buffer.bind(end);
    assert_eq!(buffer.finish().unwrap().bytes().len(), 12);
}

#[test]
fn a_branch_whose_label_is_far_goes_through_veneers() {
    let mut buffer = CodeBuffer::new();
    let end = buffer.new_label();
    branch(&mut buffer, Kind::Near, end);
    for _ in 0..1000 {
        buffer.put_u32(NOP);
    }
    buffer.bind(end);
    buffer.put_u32(NOP);
    let code = buffer.finish().unwrap();
    // A far veneer, and a wide one for that; each with a jump around it.
    assert_eq!(code.bytes().len(), 4 + 4000 + 16 + 4);
    assert_eq!(follow(code.bytes(), 0), code.label_offset(end).unwrap());
    // What runs straight on passes the islands.
    let mut at = 4;
    let mut nops = 0;
    while at < code.label_offset(end).unwrap() {
        match word(code.bytes(), at) {
            (NOP, _) => (at, nops) = (at + 4, nops + 1),
            (WIDE, displacement) => at += displacement as u32,
            other => panic!("at {at:#x}: {other:?}"),
        }
    }
    assert_eq!(nops, 1000);
}

#[test]
fn branches_to_one_label_share_a_veneer() {
    let mut buffer = CodeBuffer::new();
    let end = buffer.new_label();
    branch(&mut buffer, Kind::Near, end);
    branch(&mut buffer, Kind::Near, end);
    for _ in 0..20 {
        buffer.put_u32(NOP);
    }
    buffer.bind(end);
    let code = buffer.finish().unwrap();
    assert_eq!(code.bytes().len(), 22 * 4 + 8);
}

#[test]
fn a_literal_brings_the_constants_into_an_island() {
    let mut buffer = CodeBuffer::new();
    let pi = buffer.constant(3.25f64);
    assert_eq!(buffer.constant(3.25f64), pi);
    branch(&mut buffer, Kind::Literal, pi);
    for _ in 0..3000 {
        buffer.put_u32(NOP);
    }
    let again = buffer.constant(3.25f64);
    assert_ne!(again, pi);
    branch(&mut buffer, Kind::Literal, again);
    let code = buffer.finish().unwrap();
    for at in [0, code.bytes().len() as u32 - 8 - 4 - 4, code.bytes().len() as u32 - 8 - 4] {
        let (opcode, displacement) = word(code.bytes(), at);
        if opcode == LITERAL {
            let to = (i64::from(at) + displacement) as usize;
            assert_eq!(code.bytes()[to..to + 8], 3.25f64.to_le_bytes());
        }
    }
    assert_eq!(word(code.bytes(), 0).0, LITERAL);
    assert_eq!(code.data().len(), 2);
    assert_eq!(code.alignment(), 8);
}

#[test]
fn what_must_stay_together_has_no_island_in_it() {
    for before in 0..12 {
        let mut buffer = CodeBuffer::new();
        let end = buffer.new_label();
        branch(&mut buffer, Kind::Near, end);
        for _ in 0..before {
            buffer.put_u32(NOP);
        }
        buffer.keep_together(16);
        let start = buffer.offset();
        for _ in 0..4 {
            branch(&mut buffer, Kind::Far, end);
        }
        assert_eq!(buffer.offset(), start + 16);
        buffer.bind(end);
        buffer.put_u32(NOP);
        let code = buffer.finish().unwrap();
        assert_eq!(follow(code.bytes(), 0), code.label_offset(end).unwrap());
    }
}

#[test]
fn errors_name_what_went_wrong_first() {
    let mut buffer = CodeBuffer::<Kind>::new();
    let (a, b) = (buffer.new_label(), buffer.new_label());
    buffer.bind(a);
    buffer.bind(a);
    branch(&mut buffer, Kind::Wide, b);
    assert_eq!(buffer.finish().err(), Some(AsmError::BoundTwice(a)));

    buffer.clear();
    let a = buffer.new_label();
    buffer.put_u32(NOP);
    branch(&mut buffer, Kind::Wide, a);
    assert_eq!(buffer.finish().err(), Some(AsmError::NeverBound { label: a, offset: 4 }));

    buffer.clear();
    branch(&mut buffer, Kind::Wide, a);
    assert_eq!(buffer.finish().err(), Some(AsmError::UnknownLabel(a)));

    buffer.clear();
    buffer.align(3);
    assert_eq!(buffer.finish().err(), Some(AsmError::Alignment(3)));

    buffer.clear();
    let a = buffer.new_label();
    branch(&mut buffer, Kind::Wide, a);
    buffer.put_u16(0);
    buffer.bind(a);
    assert_eq!(buffer.finish().err(), Some(AsmError::Misaligned { offset: 0, displacement: 6 }));

    buffer.clear();
    let a = buffer.new_label();
    buffer.bind(a);
    buffer.put_data(&[0; 9000]);
    branch(&mut buffer, Kind::Literal, a);
    assert_eq!(buffer.finish().err(), Some(AsmError::OutOfReach { offset: 9000, displacement: -9000 }));
}

#[test]
fn a_branch_back_to_a_far_label_goes_through_veneers_behind_it() {
    for (nops, veneers) in [(7, 0), (8, 0), (9, 1), (126, 1), (127, 2), (300, 2)] {
        // Another that waits, so that an island may be due there.
        for waiting in [false, true] {
            let mut buffer = CodeBuffer::new();
            let (top, end) = (buffer.new_label(), buffer.new_label());
            buffer.bind(top);
            let mut waits = None;
            for index in 0..nops {
                if waiting && index + 3 == nops {
                    waits = Some(branch(&mut buffer, Kind::Near, end));
                } else {
                    buffer.put_u32(NOP);
                }
            }
            let at = branch(&mut buffer, Kind::Near, top);
            let past = buffer.offset();
            buffer.put_u32(NOP);
            buffer.bind(end);
            buffer.put_u32(NOP);
            let code = buffer.finish().unwrap();
            assert_eq!(follow(code.bytes(), at), 0, "{nops} {waiting}");
            if let Some(waits) = waits {
                assert_eq!(follow(code.bytes(), waits), code.label_offset(end).unwrap(), "{nops}");
            } else {
                let size = if veneers == 0 { 0 } else { 4 + 4 * veneers };
                assert_eq!(past, at + 4 + size, "{nops}");
                // What does not branch goes on behind the veneers.
                assert!(size == 0 || word(code.bytes(), at + 4) == (WIDE, size.into()));
            }
        }
    }
}

#[test]
fn the_limit_is_an_error_and_exact() {
    for limit in [0usize, 1, 4, 16, 17, 100, 1000] {
        let mut buffer = CodeBuffer::<Kind>::with_limit(limit);
        for _ in 0..limit / 4 {
            buffer.put_u32(NOP);
        }
        assert!(buffer.finish().is_ok(), "limit {limit}");
        buffer.put_u32(NOP);
        assert_eq!(buffer.finish().err(), Some(AsmError::TooLarge { limit }));
        for _ in 0..100 {
            buffer.put_wide(0, 15);
        }
        assert!(buffer.offset() as usize <= limit + 2 * WRITE_MAX);
    }
}

#[test]
fn addresses_outside_stand_among_the_constants() {
    let mut buffer = CodeBuffer::<Kind>::new();
    buffer.put_u32(NOP);
    let (small, one) = (buffer.constant(5u32), buffer.external_constant(1));
    let (two, eight) = (buffer.external_constant(2), buffer.constant(1u64));
    assert_eq!(buffer.external_constant(1), one);
    let code = buffer.finish().unwrap();
    let offsets = [one, two, eight, small].map(|label| code.label_offset(label).unwrap());
    assert_eq!(offsets, [8, 16, 24, 32]);
    assert_eq!(code.alignment(), 8);
    let mut bytes = code.bytes().to_vec();
    for reloc in code.relocs() {
        reloc.apply(&mut bytes, 0x1000, |symbol| Some(0x1234_5678_9abc_def0 + u64::from(symbol))).unwrap();
    }
    assert_eq!(bytes[8..16], 0x1234_5678_9abc_def1_u64.to_le_bytes());
    assert_eq!(bytes[16..24], 0x1234_5678_9abc_def2_u64.to_le_bytes());
    assert_eq!(code.relocs().len(), 2);
}

#[test]
fn jump_tables_and_addresses() {
    let mut buffer = CodeBuffer::<Kind>::new();
    let (a, b, table) = (buffer.new_label(), buffer.new_label(), buffer.new_label());
    buffer.put_u16(0);
    buffer.bind(a);
    buffer.put_jump_table(table, &[a, b, table]);
    buffer.bind(b);
    buffer.put_label_address(a, 5);
    buffer.put_external_address(7, -1);
    let code = buffer.finish().unwrap();
    let mut bytes = code.bytes().to_vec();
    assert_eq!(bytes[4..16], [[0xfe, 0xff, 0xff, 0xff], [12, 0, 0, 0], [0; 4]].concat());
    for reloc in code.relocs() {
        let refused = reloc.apply(&mut bytes, 0, |_| None).err();
        assert_eq!(refused, (reloc.target == RelocTarget::External(7)).then_some(AsmError::NoSymbol(7)));
        reloc.apply(&mut bytes, 0x1000, |symbol| (symbol == 7).then_some(0x77)).unwrap();
    }
    assert_eq!(bytes[16..24], 0x1007u64.to_le_bytes());
    assert_eq!(bytes[24..32], 0x76u64.to_le_bytes());
}

#[test]
fn nothing_is_allocated_in_reserved_space() {
    let mut buffer = CodeBuffer::<Kind>::new();
    buffer.reserve(100_000, 10, 10);
    let before = (buffer.bytes.as_ptr(), buffer.labels.as_ptr(), buffer.fixups.as_ptr());
    for _ in 0..10 {
        let label = buffer.new_label();
        branch(&mut buffer, Kind::Wide, label);
        buffer.bind(label);
    }
    for _ in 0..24_990 {
        buffer.put_u32(NOP);
    }
    assert_eq!(before, (buffer.bytes.as_ptr(), buffer.labels.as_ptr(), buffer.fixups.as_ptr()));
}

/// Random programs: each branch must lead to its label, whatever islands come between.
#[test]
fn random_programs_lead_every_branch_to_its_label() {
    let mut buffer = CodeBuffer::new();
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        buffer.clear();
        let count = 1 + rng.below(40) as usize;
        let labels: Vec<Label> = (0..count).map(|_| buffer.new_label()).collect();
        let mut unbound = labels.clone();
        let mut uses = Vec::new();
        for _ in 0..rng.below(2000) {
            match rng.below(12) {
                0 | 1 => {
                    let kind = [Kind::Near, Kind::Far, Kind::Wide][rng.below(3) as usize];
                    let label = labels[rng.below(count as u64) as usize];
                    // Backward, only what reaches: a form does not choose.
                    let here = i64::from(buffer.offset());
                    let back = buffer.label_offset(label).map_or(0, |at| here - i64::from(at));
                    // The branch may move when an island comes first, by less than this.
                    if back < kind.words() * 4 - 500 {
                        buffer.put_u32(kind.opcode());
                        let at = buffer.offset() - 4;
                        buffer.use_label(label, kind, at);
                        uses.push((at, label));
                    }
                }
                2 if rng.below(4) == 0 => {
                    let constant = buffer.constant(rng.below(30));
                    branch(&mut buffer, Kind::Literal, constant);
                }
                3 if rng.below(5) == 0 => {
                    if let Some(label) = unbound.pop() {
                        buffer.bind(label);
                        buffer.put_u32(NOP);
                    }
                }
                4 if rng.below(9) == 0 => buffer.align(1 << rng.below(6)),
                5 if rng.below(9) == 0 => {
                    buffer.put_u32(WIDE);
                    let at = buffer.offset() - 4;
                    let over = buffer.new_label();
                    buffer.use_label(over, Kind::Wide, at);
                    buffer.island_if_within(64);
                    buffer.put_data(&vec![9; rng.below(100) as usize * 4]);
                    buffer.bind(over);
                }
                _ => buffer.put_u32(NOP),
            }
        }
        for label in unbound {
            buffer.bind(label);
        }
        buffer.put_u32(NOP);
        let code = buffer.finish().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        for (at, label) in uses {
            let target = follow(code.bytes(), code.label_offset(label).unwrap());
            assert_eq!(follow(code.bytes(), at), target, "seed {seed}: the branch at {at:#x} to {label}");
        }
    }
}
