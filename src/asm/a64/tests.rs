//! What needs no other assembler: words from the manual, operands at their bounds, errors, listings, and that nothing
//! panics.

use std::sync::LazyLock;

use quickcheck::quickcheck;

use super::operand::*;
use super::reg::*;
use super::{Assembler, Disassembler, Kind};
use crate::asm::buffer::CodeBuffer;
use crate::asm::form::{Operand, Rng};
use crate::asm::{AsmError, FixupKind, RelocField, RelocTarget, listing};

/// Shared, since reading the tables takes a while.
static DISASSEMBLER: LazyLock<Disassembler> = LazyLock::new(Disassembler::new);

/// The one word that `emit` emits.
fn word(emit: impl FnOnce(&mut Assembler)) -> u32 {
    let mut asm = Assembler::new();
    emit(&mut asm);
    let code = asm.finish().unwrap();
    assert_eq!(code.bytes().len(), 4);
    u32::from_le_bytes(*code.bytes().first_chunk().unwrap())
}

#[test]
fn well_known_words() {
    assert_eq!(word(|asm| asm.ret()), 0xd65f_03c0);
    assert_eq!(word(|asm| asm.nop()), 0xd503_201f);
    assert_eq!(word(|asm| asm.add_x_rrr(X0, X1, X2)), 0x8b02_0020);
    assert_eq!(word(|asm| asm.stp_x_pre(X29, X30, SP, I7x8::of::<-16>())), 0xa9bf_7bfd);
    assert_eq!(word(|asm| asm.ldp_x_post(X29, X30, SP, I7x8::of::<16>())), 0xa8c1_7bfd);
    assert_eq!(word(|asm| asm.cset_x(X0, Cond::Eq)), 0x9a9f_17e0);
    assert_eq!(word(|asm| asm.movz_x_ri(X0, U16::of::<1>())), 0xd280_0020);
    assert_eq!(word(|asm| asm.brk(U16::of::<1>())), 0xd420_0020);
    assert_eq!(word(|asm| asm.and_x_rri(SP, X0, LogicX::of::<0xffff_ffff_ffff_fff0>())), 0x927c_ec1f);
    assert_eq!(word(|asm| asm.lsl_x_rri(X0, X1, LeftX::of::<3>())), 0xd37d_f020);
}

#[test]
fn numbers_fit_or_are_refused() {
    assert_eq!(U12::new(4095).map(U12::value), Ok(4095));
    assert_eq!(U12::new(4096), Err(Unencodable));
    assert_eq!(N64::new(64).map(N64::value), Ok(64));
    assert_eq!(N64::new(0), Err(Unencodable));
    assert_eq!(N64::new(65), Err(Unencodable));
    assert_eq!(Offset8::new(32760).map(Offset8::bytes), Ok(32760));
    assert_eq!(Offset8::new(32768), Err(Unencodable));
    assert_eq!(Offset8::new(4), Err(Unencodable));
    assert_eq!(I9::new(-256).map(I9::bytes), Ok(-256));
    assert_eq!(I9::new(256), Err(Unencodable));
    assert_eq!(I7x16::new(1008).map(I7x16::bytes), Ok(1008));
    assert_eq!(I7x16::new(1000), Err(Unencodable));
    assert_eq!(I7x16::new(1024), Err(Unencodable));
    assert_eq!(ShiftW::lsl(32), Err(Unencodable));
    assert_eq!(ExtendW::sxtw(5), Err(Unencodable));
    assert_eq!(ExtractX::new(63, 2), Err(Unencodable));
    assert_eq!(ExtractX::new(0, 0), Err(Unencodable));
    assert_eq!(InsertW::new(32, 1), Err(Unencodable));
    assert!(InsertW::new(31, 1).is_ok());
    assert_eq!(HalfW::lsl(32), Err(Unencodable));
    assert_eq!(HalfX::lsl(8), Err(Unencodable));
    assert!(HalfX::lsl(48).is_ok());
    assert_eq!(Rel14::new(32768), Err(Unencodable));
    assert_eq!(Rel14::new(2), Err(Unencodable));
    assert!(Rel14::new(-32768).is_ok());
    assert_eq!(X::new(32), None);
    assert_eq!(Gpr::new(31), None);
    assert_eq!(XZR.sp(), None);
    assert_eq!(XPair::new(X1), None);
    assert_eq!(ElementH::new(V16.into(), 0), None);
    assert_eq!(ElementS::new(V16.into(), 4), None);
    assert!(SysReg::new(1, 0, 0, 0, 0).is_err());
    assert!(Prefetch::new(PrefetchFor::Load, 4, false).is_err());
}

#[test]
fn conditions_have_opposites() {
    for &cond in Cond::CORNERS {
        assert_ne!(cond.negated(), cond);
        assert_eq!(cond.negated().negated(), cond);
    }
    assert_eq!(Cond::Lt.negated(), Cond::Ge);
    assert_eq!(Cond::Hi.negated(), Cond::Ls);
}

#[test]
fn relocations_are_filled_in() {
    let mut asm = Assembler::new();
    asm.nop();
    asm.bl_by(Rel26::new(0).unwrap());
    asm.last_to_external(3, 0, Kind::Branch26);
    let code = asm.finish().unwrap();
    let mut bytes = code.bytes().to_vec();
    let [reloc] = code.relocs() else { panic!("{:?}", code.relocs()) };
    assert_eq!((reloc.offset, reloc.target), (4, RelocTarget::External(3)));
    assert_eq!(reloc.field, RelocField::Relative(Kind::Branch26));
    reloc.apply(&mut bytes, 0x1_0000, |_| Some(0x1_0000 - 4)).unwrap();
    assert_eq!(bytes[4..], 0x97ff_fffeu32.to_le_bytes());
    // A second time, as when code is moved.
    reloc.apply(&mut bytes, 0x1_0000, |_| Some(0x1_0010)).unwrap();
    assert_eq!(bytes[4..], 0x9400_0003u32.to_le_bytes());
    let far = reloc.apply(&mut bytes, 0x1_0000, |_| Some(0x1_0000_0000));
    assert!(matches!(far, Err(AsmError::OutOfReach { offset: 4, .. })));
}

#[test]
fn a_place_that_the_access_cannot_express_is_an_error() {
    let mut asm = Assembler::new();
    let odd = asm.new_label();
    asm.ldr_x_low(X0, SP, odd);
    asm.bind(odd);
    assert_eq!(asm.finish().err(), Some(AsmError::Misaligned { offset: 0, displacement: 4 }));
}

#[test]
fn a_listing_shows_labels_words_and_notes() {
    let mut asm = Assembler::new();
    asm.keep_notes(true);
    let (top, end) = (asm.new_label(), asm.new_label());
    asm.bind(top);
    asm.comment(format_args!("done?"));
    asm.cbz_x(X1, end);
    asm.sub_x_rri(SP, SP, U12::of::<16>());
    asm.fmov_d_i(D1, FImm::new(-0.5).unwrap());
    asm.b(top);
    asm.bind(end);
    asm.ret();
    asm.put_data(&[1, 2, 3, 4]);
    let mut text = String::new();
    listing::write(&mut text, &asm.finish().unwrap(), &Disassembler::new()).unwrap();
    let expected = "\
L0:
  0x0000  81 00 00 b4                      cbz x1, 0x10                         ; done?
  0x0004  ff 43 00 d1                      sub sp, sp, #16
  0x0008  01 10 7c 1e                      fmov d1, #-0.5
  0x000c  fd ff ff 17                      b 0x0
L1:
  0x0010  c0 03 5f d6                      ret
  0x0014  01 02 03 04                      .byte
";
    assert_eq!(text, expected);
}

#[test]
fn every_row_can_be_listed() {
    let rows: usize = super::forms::TABLES.iter().map(|table| table.len()).sum();
    // A row whose operands name an unknown class would be missing.
    assert_eq!(Disassembler::new().rows(), rows);
    assert!(rows > 3000);
}

#[test]
fn gaps_are_filled_with_instructions() {
    let mut asm = Assembler::new();
    asm.put_data(&[1]);
    asm.align(16);
    let code = asm.finish().unwrap();
    assert_eq!(code.bytes()[..4], [1, 0, 0, 0]);
    assert_eq!(code.bytes()[4..8], 0xd503_201fu32.to_le_bytes());
    assert_eq!(code.bytes().len(), 16);
}

/// An operand that was made holds only bits of its field, and is read back from them.
fn sound<T: Field + PartialEq + std::fmt::Debug>(made: Result<T, Unencodable>) -> bool {
    match made {
        Ok(operand) => operand.bits() & !T::MASK == 0 && T::from_bits(operand.bits()) == Some(operand),
        Err(Unencodable) => true,
    }
}

quickcheck! {
    fn unsigned_numbers_are_sound(value: u32) -> bool {
        let small = value % 8192;
        sound(U1::new(value)) && sound(U5::new(small)) && sound(U12::new(small)) && sound(U16::new(value))
            && sound(N8::new(small)) && sound(N64::new(value % 70)) && sound(Frac32::new(value % 40))
            && sound(Bit64::new(value % 70)) && sound(Bit64::new(value))
            && sound(Offset1::new(small)) && sound(Offset8::new(value)) && sound(Offset16::new(small * 16))
            && sound(HalfX::lsl(value % 70)) && sound(HalfW::lsl(value)) && sound(LeftX::new(value % 70))
            && sound(LeftW::new(value)) && sound(ShiftX::asr(value % 70)) && sound(RotateW::ror(value % 40))
            && sound(ExtendX::sxtx(value % 6)) && sound(ExtendW::uxtb(value))
    }

    fn signed_numbers_are_sound(value: i32) -> bool {
        let small = value % 1200;
        sound(I9::new(small)) && sound(I9::new(value)) && sound(I7x4::new(small)) && sound(I7x8::new(small * 8))
            && sound(I7x16::new(value)) && sound(I10x8::new(small * 8)) && sound(Rel14::new(small * 4))
            && sound(Rel19::new(value)) && sound(Rel21::new(value % (1 << 21))) && sound(Rel26::new(value))
            && sound(Lit19::new(value % (1 << 20))) && sound(Page21::new(value % (1 << 21)))
    }

    fn fields_are_sound(low: u32, width: u32) -> bool {
        let (l, w) = (low % 70, width % 70);
        sound(ExtractX::new(l, w)) && sound(ExtractW::new(l, w)) && sound(InsertX::new(l, w)) && sound(InsertW::new(l, w))
            && sound(ExtractX::new(low, width)) && sound(InsertW::new(low, width))
    }

    fn constants_are_sound(value: u64, float: f64) -> bool {
        sound(LogicX::new(value)) && sound(LogicW::new(value as u32)) && sound(ByteMask::new(value))
            && sound(FImm::new(float)) && sound(FImm::new(f64::from_bits(value)))
            && sound(FImm::new((value % 31) as f64 / 8.0))
    }

    fn any_word_is_listed_or_not(word: u32, at: u32) -> bool {
        let listed = DISASSEMBLER.word(word, at);
        listed.is_none_or(|text| !text.is_empty() && !text.contains('?'))
    }

    fn patching_anything_is_an_error_or_not(size: usize, displacement: i64, at: u32) -> bool {
        let mut bytes = vec![0xff; size % 9];
        let before = bytes.clone();
        [Kind::Branch26, Kind::Branch19, Kind::Branch14, Kind::Literal19, Kind::Adr21, Kind::page(at), Kind::low(at)]
            .into_iter()
            .all(|kind| kind.patch(&mut bytes, displacement).is_ok() || bytes == before)
    }

    /// Whatever is called in whatever order, the worst is an error.
    fn no_use_of_the_assembler_panics(seed: u64, limit: u16) -> bool {
        let mut rng = Rng::new(seed);
        let limit = if seed.is_multiple_of(3) { usize::from(limit) } else { usize::MAX };
        let mut asm = Assembler::with_buffer(CodeBuffer::with_limit(limit));
        let mut other = Assembler::new();
        let mut labels = Vec::new();
        for _ in 0..rng.below(300) {
            labels.push(asm.new_label());
            let label = labels[rng.below(labels.len() as u64) as usize];
            for _ in 0..20 {
                other.new_label();
            }
            match rng.below(18) {
                0 => asm.bind(label),
                1 => asm.b(label),
                2 => asm.tbz_x(X::random(&mut rng), Bit64::random(&mut rng), label),
                3 => asm.b_cond(Cond::random(&mut rng), label),
                4 => asm.adr(X::random(&mut rng), label),
                5 => asm.ldr_q_lit(Q::random(&mut rng), label),
                6 => asm.adrp(X::random(&mut rng), label),
                7 => asm.add_x_low(SP, SP, label),
                8 => asm.ldr_q_low(Q::random(&mut rng), SP, label),
                9 => asm.align(rng.next_u64() as u32),
                10 => asm.put_data(&vec![7; rng.unsigned(16) as usize]),
                11 => {
                    let constant = asm.constant(rng.below(9));
                    asm.ldr_x_lit(X0, constant);
                }
                12 => {
                    let foreign = other.new_label();
                    if seed.is_multiple_of(5) {
                        asm.bl(foreign);
                    }
                }
                13 => asm.put_jump_table(label, &[label]),
                14 => asm.keep_together(rng.unsigned(8) as u32),
                15 => asm.island_if_within(rng.next_u64() as u32),
                16 if rng.below(20) == 0 => {
                    asm.clear();
                    labels.clear();
                }
                16 => asm.last_to_external(1, rng.next_u64() as i64, Kind::Adr21),
                _ => asm.nop(),
            }
        }
        if let Ok(code) = asm.finish() {
            let mut bytes = code.bytes().to_vec();
            for reloc in code.relocs() {
                let _ = reloc.apply(&mut bytes, rng.next_u64(), |_| Some(7));
            }
            let mut text = String::new();
            listing::write(&mut text, &code, &*DISASSEMBLER).unwrap();
        }
        true
    }
}
