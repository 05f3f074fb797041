//! Branches at the edges of their ranges, and calls that make no sense: a small machine follows the emitted code.

use super::layout::place;
use super::operand::*;
use super::reg::*;
use super::*;
use crate::asm::error::AsmError;
use crate::asm::form::Rng;
use crate::asm::label::Label;

/// The value of a field, with sign.
fn signed(name: &str, bits: u32, word: u32) -> i64 {
    let value = (place(name).unwrap().gather)(word);
    i64::from((value << (32 - bits)) as i32 >> (32 - bits))
}

/// Runs from `at` until `stop`, and says whether it came there. Conditional branches with the condition `taken` are taken, those
/// with the inverse are not; others than jumps and branches are not expected.
fn reaches(code: &[u8], at: u32, stop: u32, taken: u32) -> bool {
    let (mut pc, mut register) = (i64::from(at), None);
    for _ in 0..50 {
        let Some(half) = code.get(pc as usize..).and_then(|rest| rest.first_chunk()) else { return false };
        let half = u32::from(u16::from_le_bytes(*half));
        let is = |funct3: u32| {
            if funct3 == taken {
                true
            } else {
                assert_eq!(funct3, taken ^ 1);
                false
            }
        };
        pc += match half & 0xe003 {
            0xa001 => signed("c_jump", 12, half),
            0xc001 if is(0) => signed("c_branch", 9, half),
            0xe001 if is(1) => signed("c_branch", 9, half),
            _ if half & 3 != 3 => 2,
            _ => {
                let word = u32::from_le_bytes(*code[pc as usize..].first_chunk().unwrap());
                match word & 127 {
                    0x6f => signed("imm_j", 21, word),
                    0x63 if is(word >> 12 & 7) => signed("imm_b", 13, word),
                    0x17 => {
                        register = Some(pc + i64::from(word as i32 >> 12 << 12));
                        4
                    }
                    0x67 => register.take().unwrap() + signed("imm_i", 12, word) - pc,
                    0x63 => 4,
                    _ => return false,
                }
            }
        };
        if pc == i64::from(stop) {
            return true;
        }
    }
    false
}

/// A branch that was emitted: where it starts and ends, its condition, its label. A jump has no end.
struct Branch {
    start: u32,
    end: u32,
    condition: u32,
    label: Label,
    jump: bool,
}

fn emit(asm: &mut Assembler, which: u64, label: Label, small: Option<XC>) -> Branch {
    let start = asm.offset();
    let (a, b) = (A0, A1);
    let (condition, jump) = match which {
        0 => (0, {
            asm.beq(a, b, label);
            false
        }),
        1 => (1, {
            asm.bne(a, b, label);
            false
        }),
        2 => (4, {
            asm.blt(a, b, label);
            false
        }),
        3 => (7, {
            asm.bgeu(a, b, label);
            false
        }),
        4 => (0, {
            asm.beqz(a, label);
            false
        }),
        5 => (1, {
            asm.bnez(a, label);
            false
        }),
        6 => (0, {
            asm.j(label);
            true
        }),
        7 => (0, {
            asm.jal(XNz::try_from(RA).unwrap(), label);
            true
        }),
        _ => match small {
            Some(register) if which == 8 => (0, {
                asm.c_beqz(register, label);
                false
            }),
            Some(register) if which == 9 => (1, {
                asm.c_bnez(register, label);
                false
            }),
            Some(_) => (0, {
                asm.c_j(label);
                true
            }),
            None => (0, {
                asm.j(label);
                true
            }),
        },
    };
    Branch { start, end: asm.offset(), condition, label, jump }
}

fn check(asm: &mut Assembler, branches: &[Branch]) {
    let code = asm.finish().unwrap();
    for branch in branches {
        let target = code.label_offset(branch.label).unwrap();
        let way = (branch.start, target, branch.condition);
        assert!(reaches(code.bytes(), way.0, way.1, way.2), "{way:x?} does not reach its label");
        if !branch.jump {
            assert!(
                reaches(code.bytes(), branch.start, branch.end, branch.condition ^ 1),
                "{way:x?} does not fall through"
            );
        }
    }
}

fn fill(asm: &mut Assembler, bytes: u32) {
    for _ in 0..bytes / 4 {
        asm.put_u32(0x13);
    }
    if bytes & 2 != 0 {
        asm.c_nop();
    }
}

#[test]
fn branches_at_the_edges_of_each_range() {
    for (reach, kinds) in [(256u32, 0..11u64), (2048, 0..11), (4096, 0..11), (1 << 20, 0..8)] {
        for which in kinds {
            for slack in [-10i32, -8, -6, -4, -2, 0, 2, 4, 6, 8] {
                if reach == 1 << 20 && !(which % 3 == 1 && slack.abs() <= 4) {
                    continue;
                }
                let distance = reach.saturating_add_signed(slack);
                // Forward; a compressed form has no veneer.
                let direct = match which {
                    0..6 => 4094,
                    6..8 => (1 << 20) - 2,
                    8..10 => 254,
                    _ => 2046,
                };
                let mut asm = Assembler::new();
                asm.compress(slack & 2 == 0);
                let label = asm.new_label();
                let branch = emit(&mut asm, which, label, XC::new(9));
                let size = branch.end - branch.start;
                fill(&mut asm, distance - size);
                asm.bind(label);
                if which < 8 || distance <= direct {
                    check(&mut asm, &[branch]);
                } else {
                    let displacement = i64::from(distance);
                    let error = AsmError::OutOfReach { offset: branch.start, displacement };
                    assert_eq!(asm.finish().err(), Some(error), "{which} {distance}");
                }
                // Backward.
                let mut asm = Assembler::new();
                let label = asm.new_label();
                asm.bind(label);
                fill(&mut asm, distance);
                let branch = emit(&mut asm, which.min(7), label, None);
                let direct = if which < 6 { 4096 } else { 1 << 20 };
                let size = branch.end - branch.start;
                assert_eq!(size <= 4, distance <= direct, "{which} {distance}");
                check(&mut asm, &[branch]);
            }
        }
    }
}

#[test]
fn compressed_branches_that_cannot_reach_are_errors() {
    let eight = XC::new(8).unwrap();
    for (which, first, last) in [(8, -256, 254), (9, -256, 254), (10, -2048, 2046)] {
        for displacement in [first, first - 2, last, last + 2, first - 100_000, last + 100_000] {
            let mut asm = Assembler::new();
            let label = asm.new_label();
            if displacement < 0 {
                asm.bind(label);
                fill(&mut asm, -displacement as u32);
            }
            let branch = emit(&mut asm, which, label, Some(eight));
            assert_eq!(branch.end - branch.start, 2, "another form was emitted");
            if displacement > 0 {
                fill(&mut asm, displacement as u32 - 2);
                asm.bind(label);
            }
            if (first..=last).contains(&displacement) {
                check(&mut asm, &[branch]);
            } else {
                let error =
                    AsmError::OutOfReach { offset: branch.start, displacement: i64::from(displacement) };
                assert_eq!(asm.finish().err(), Some(error));
            }
        }
    }
}

#[test]
fn a_compressed_branch_reaches_across_an_island() {
    let mut asm = Assembler::new();
    let (near, far) = (asm.new_label(), asm.new_label());
    let mut branches = vec![emit(&mut asm, 0, far, None)];
    fill(&mut asm, 3000);
    branches.push(emit(&mut asm, 10, near, XC::new(8)));
    fill(&mut asm, 900);
    // An island for the first branch comes here, and counts for the second one.
    fill(&mut asm, 1000);
    asm.bind(near);
    fill(&mut asm, 3000);
    asm.bind(far);
    check(&mut asm, &branches);
}

#[test]
fn random_programs_with_labels() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::new();
        let mut branches = Vec::new();
        let mut open: Vec<Label> = Vec::new();
        let mut bound: Vec<Label> = Vec::new();
        for _ in 0..300 {
            asm.compress(rng.below(2) == 0);
            match rng.below(8) {
                0 if !open.is_empty() => {
                    let label = open.swap_remove(rng.below(open.len() as u64) as usize);
                    asm.bind(label);
                    bound.push(label);
                }
                1 => {
                    let most =
                        [40, 600, 5000, if seed % 8 == 0 { 200_000 } else { 40 }][rng.below(4) as usize];
                    fill(&mut asm, rng.below(most) as u32 & !1);
                }
                2 => asm.align(1 << rng.below(5)),
                3 if !bound.is_empty() => {
                    let label = bound[rng.below(bound.len() as u64) as usize];
                    branches.push(emit(&mut asm, rng.below(8), label, None));
                }
                _ => {
                    if open.is_empty() || rng.below(3) == 0 {
                        open.push(asm.new_label());
                    }
                    let label = open[rng.below(open.len() as u64) as usize];
                    branches.push(emit(&mut asm, rng.below(8), label, None));
                }
            }
        }
        for label in open {
            asm.bind(label);
        }
        check(&mut asm, &branches);
    }
}

#[test]
fn pairs_reach_both_ways_and_constants_are_shared() {
    let mut asm = Assembler::new();
    let (one, same) = (asm.constant(1.5f64), asm.constant(1.5f64));
    assert_eq!(one, same);
    asm.fld_at(FA0, XNz::try_from(T0).unwrap(), one);
    asm.ret();
    let code = asm.finish().unwrap();
    let at = code.label_offset(one).unwrap();
    assert_eq!(at % 8, 0);
    let word = |at: usize| u32::from_le_bytes(*code.bytes()[at..].first_chunk().unwrap());
    assert_eq!(i64::from(word(0) as i32 >> 12 << 12) + signed("imm_i", 12, word(4)), i64::from(at));
    assert_eq!(code.bytes()[at as usize..], 1.5f64.to_le_bytes());
    assert_eq!(fixup::halves(-1), Some((0, 0xfff)));
    assert_eq!(fixup::halves(0x7fff_f7ff), Some((0x7fff_f000, 0x7ff)));
    assert_eq!(fixup::halves(0x7fff_f800), None);
    assert_eq!(fixup::halves(-0x8000_0800), Some((0x8000_0000, 0x800)));
    assert_eq!(fixup::halves(-0x8000_0801), None);
}

#[test]
fn operands_hold_what_their_fields_hold() {
    for value in -5000..5000 {
        assert_eq!(I12::new(value).is_ok(), (-2048..2048).contains(&value));
        assert_eq!(Sp16::new(value).is_ok(), (-512..512).contains(&value) && value % 16 == 0 && value != 0);
        assert_eq!(Double6::new(value).is_ok(), (0..512).contains(&value) && value % 8 == 0);
        assert_eq!(Rel13::new(value).is_ok(), (-4096..4096).contains(&value) && value % 2 == 0);
    }
    for number in 0..=255 {
        assert_eq!(X::new(number).is_some(), number < 32);
        assert_eq!(XC::new(number).is_some(), (8..16).contains(&number));
        assert_eq!(V4::new(number).is_some(), number < 32 && number % 4 == 0);
    }
    assert_eq!(FloatConst::new(0.3125), Ok(FloatConst::N0_3125));
    assert_eq!(FloatConst::new(2f64.powi(-16)), Ok(FloatConst::Exp2M16));
    assert_eq!(FloatConst::new(0.3), Err(Unencodable));
    assert_eq!(FloatConst::new(f64::NAN), Ok(FloatConst::Nan));
    assert_eq!(FloatConst::new(0.0), Err(Unencodable));
    assert_eq!(Csr::new(4096), Err(Unencodable));
}

#[test]
fn compression_is_chosen_and_can_be_switched_off() {
    let mut asm = Assembler::new();
    asm.addi(A0, A0, I12::of::<31>());
    asm.addi(A0, A0, I12::of::<32>());
    asm.ld(A0, SP, I12::of::<504>());
    asm.ld(A0, SP, I12::of::<512>());
    assert_eq!(asm.code().len(), 2 + 4 + 2 + 4);
    asm.compress(false);
    asm.addi(A0, A0, I12::of::<31>());
    assert_eq!(asm.code().len(), 16);
}

#[test]
fn nothing_that_the_types_let_through_panics() {
    let mut elsewhere = Assembler::new();
    let strangers: Vec<Label> = (0..40).map(|_| elsewhere.new_label()).collect();
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::with_buffer(crate::asm::CodeBuffer::with_limit(rng.below(20_000) as usize));
        let mut labels = vec![strangers[rng.below(40) as usize]];
        for _ in 0..200 {
            let label = labels[rng.below(labels.len() as u64) as usize];
            match rng.below(16) {
                0 => labels.push(asm.new_label()),
                1 => asm.bind(label),
                2 => asm.align(rng.next_u64() as u32 & 0x1fff),
                3 => asm.put_data(&[7; 100][..rng.below(100) as usize]),
                4 => asm.la(XNz::try_from(A0).unwrap(), label),
                5 => asm.call(label),
                6 => asm.sd_at(A0, XNz::try_from(T0).unwrap(), label),
                7 => labels.push(asm.constant(rng.next_u64())),
                8 => asm.last_to_external(rng.below(9) as u32, 1, -1, Kind::PairI),
                9 => asm.compress(rng.below(2) == 0),
                10 => fill(&mut asm, rng.below(3000) as u32),
                which => {
                    emit(&mut asm, which * 5 % 11, label, XC::new(8));
                }
            }
        }
        // Most of these programs are wrong; all that matters is that they are told so.
        let _ = asm.finish().map(|code| code.bytes().len());
        for reloc in asm.finish().map(|code| code.relocs().to_vec()).unwrap_or_default() {
            let mut code = asm.code().to_vec();
            let _ = reloc.apply(&mut code, rng.next_u64(), |_| Some(seed));
        }
    }
}
