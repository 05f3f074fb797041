//! What needs no GNU as: operands that it encodes otherwise, corners of addresses, errors, and that nothing panics.

use super::reg::*;
use super::*;
use crate::asm::error::AsmError;
use crate::asm::form::{Operand, Rng};
use crate::asm::label::Label;
use crate::asm::listing;

fn bytes(emit: impl FnOnce(&mut Assembler)) -> Vec<u8> {
    let mut asm = Assembler::new();
    emit(&mut asm);
    asm.finish().unwrap().bytes().to_vec()
}

/// The rows that say `unless`: with the accumulator, or a count of 1, our form is the long one all the same.
#[test]
fn a_form_never_chooses() {
    assert_eq!(bytes(|asm| asm.add_r64_i32(RAX, 5)), [0x48, 0x81, 0xc0, 5, 0, 0, 0]);
    assert_eq!(bytes(|asm| asm.cmp_r32_i32(EAX, -1)), [0x81, 0xf8, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(bytes(|asm| asm.xor_r16_i16(AX, 256)), [0x66, 0x81, 0xf0, 0, 1]);
    assert_eq!(bytes(|asm| asm.and_r8_i8(AL, -2)), [0x80, 0xe0, 0xfe]);
    assert_eq!(bytes(|asm| asm.test_r64_i32(RAX, 1)), [0x48, 0xf7, 0xc0, 1, 0, 0, 0]);
    assert_eq!(bytes(|asm| asm.test_r8_i8(AL, 1)), [0xf6, 0xc0, 1]);
    assert_eq!(bytes(|asm| asm.xchg_r64_r64(RAX, RCX)), [0x48, 0x87, 0xc8]);
    assert_eq!(bytes(|asm| asm.xchg_r32_r32(ECX, EAX)), [0x87, 0xc1]);
    assert_eq!(bytes(|asm| asm.shl_r64_u8(RCX, 1)), [0x48, 0xc1, 0xe1, 1]);
    assert_eq!(bytes(|asm| asm.sar_m32_u8(Mem::base(RCX, 0), 1)), [0xc1, 0x39, 1]);
    assert_eq!(bytes(|asm| asm.int_u8(3)), [0xcd, 3]);
}

#[test]
fn bytes_of_rsp_rbp_rsi_and_rdi_need_a_prefix() {
    assert_eq!(bytes(|asm| asm.set_r8(Cond::E, BL)), [0x0f, 0x94, 0xc3]);
    assert_eq!(bytes(|asm| asm.set_r8(Cond::E, SPL)), [0x40, 0x0f, 0x94, 0xc4]);
    assert_eq!(bytes(|asm| asm.mov_m8_r8(Mem::base(RCX, 0), DIL)), [0x40, 0x88, 0x39]);
    assert_eq!(bytes(|asm| asm.mov_m8_r8(Mem::base(R9, 0), DIL)), [0x41, 0x88, 0x39]);
}

#[test]
fn an_index_is_never_rsp() {
    assert_eq!(RSP.index(), None);
    assert_eq!(Gpr64::all().filter_map(Gpr64::index).count(), 15);
    assert!(Gpr64::new(16).is_none() && Zmm::new(31).is_some() && KReg::new(8).is_none());
    assert_eq!((Mask::merge(K0), MergeMask::new(K0), Mask::zero(K0)), (None, None, None));
}

/// disp8*N: at the ends of the range, and where the displacement is no multiple.
#[test]
fn displacements_are_compressed() {
    let size = |displacement| {
        bytes(|asm| asm.vaddpd_zk_z_m512(ZMM0, Mask::NONE, ZMM1, Mem::base(RAX, displacement))).len()
    };
    assert_eq!(
        [0, 64, 127 * 64, 128 * 64, -128 * 64, -129 * 64, 1, 63].map(size),
        [6, 7, 7, 10, 7, 10, 10, 10]
    );
}

#[test]
fn branches_take_the_short_form_where_the_label_is_near_behind() {
    for (distance, size) in [(0, 2), (126, 2), (127, 5), (1000, 5)] {
        let mut asm = Assembler::new();
        let label = asm.new_label();
        asm.bind(label);
        asm.put_data(&vec![0x90; distance]);
        asm.jmp(label);
        assert_eq!(asm.finish().unwrap().bytes().len(), distance + size);
    }
}

#[test]
fn external_places_are_relocations() {
    let mut asm = Assembler::new();
    asm.call_external(1);
    asm.jmp_external(2);
    asm.mov_external(RAX, 3, 8);
    let code = asm.finish().unwrap();
    let mut bytes = code.bytes().to_vec();
    let relocs = code.relocs();
    let place = |symbol: u32| Some(0x1000 * u64::from(symbol));
    for reloc in relocs {
        reloc.apply(&mut bytes, 0x5000, place).unwrap();
    }
    assert_eq!(bytes[1..5], (-0x4005i32).to_le_bytes());
    assert_eq!(bytes[6..10], (-0x300ai32).to_le_bytes());
    assert_eq!(bytes[12..20], 0x3008u64.to_le_bytes());
    let far = relocs[0].apply(&mut bytes, 0x5000, |_| Some(1 << 40));
    assert!(matches!(far, Err(AsmError::OutOfReach { offset: 1, .. })));
}

#[test]
fn shrinking_cascades() {
    // The second branch fits only when the first is short: 127 bytes and a long jump lie between it and its label.
    let mut asm = Assembler::new();
    asm.shrink_branches(true);
    for round in 0..2 {
        asm.clear();
        let (near, far) = (asm.new_label(), asm.new_label());
        asm.jcc(Cond::E, far);
        asm.jmp(near);
        asm.put_data(&[0x90; 125]);
        asm.bind(near);
        asm.bind(far);
        let code = asm.finish().unwrap();
        assert_eq!(
            (code.bytes().len(), &code.bytes()[..4]),
            (129, &[0x74, 127, 0xeb, 125][..]),
            "round {round}"
        );
        assert_eq!(code.label_offset(far), Some(129));
    }
}

#[test]
fn a_listing_shows_offsets_bytes_text_and_notes() {
    let mut asm = Assembler::new();
    asm.keep_notes(true);
    let (top, table) = (asm.new_label(), asm.new_label());
    asm.position(7);
    asm.bind(top);
    asm.comment(format_args!("b1  v{} = load", 5));
    asm.mov_r32_m32(EAX, Mem::indexed(RDI, R11.index().unwrap(), Scale::X4, 8));
    asm.add_r64_i32(RCX, 1000);
    asm.comment(format_args!("-> b1"));
    asm.comment(format_args!("polled"));
    asm.jcc(Cond::Ge, top);
    asm.ret();
    asm.put_jump_table(table, &[top]);
    let code = asm.finish().unwrap();
    let mut text = String::new();
    listing::write(&mut text, &code, &Disassembler).unwrap();
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "L0:",
            "0x0000 42 8b 44 9f 08 mov eax, dword ptr [rdi+r11*4+8] ; b1 v5 = load",
            "0x0005 48 81 c1 e8 03 00 00 add rcx, 1000",
            "0x000c 7d f2 jge 0x0 ; -> b1",
            "; polled",
            "0x000e c3 ret",
            "0x000f 90 nop",
            "L1:",
            "0x0010 f0 ff ff ff .byte",
        ]
    );
    assert_eq!(code.notes().position(14), Some(7));
}

/// Calls in any order with any values: errors, but no panic, and the first error stays.
#[test]
fn nothing_panics() {
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let limit = rng.below(3000) as usize;
        let mut asm = Assembler::with_buffer(CodeBuffer::with_limit(limit));
        asm.shrink_branches(rng.below(2) == 0);
        let mut labels = vec![Label(u32::MAX), Label(1000), Label(u32::MAX >> 1)];
        let mut first = None;
        for _ in 0..rng.below(400) {
            let label = labels[rng.below(labels.len() as u64) as usize];
            let number = rng.next_u64();
            let mem = if rng.below(4) == 0 { Mem::label(label) } else { Mem::random(&mut rng) };
            match rng.below(26) {
                0..=4 => labels.push(asm.new_label()),
                5 | 6 => asm.bind(label),
                7 => asm.jmp(label),
                8 => asm.jcc(Cond::random(&mut rng), label),
                9 => asm.jmp_short(label),
                10 => asm.call(label),
                11 => asm.align(rng.unsigned(14) as u32),
                12 => asm.put_data(&vec![0; rng.below(300) as usize]),
                13 => asm.put_jump_table(label, &labels.clone()),
                14 => asm.put_label_address(label, number as i64),
                15 => asm.use_label(label, Kind::Rel32, number as u32 % 4000),
                16 => asm.use_label(label, Kind::Rel8, number as u32),
                17 => asm.use_external(1, 1, Kind::Rel32Then8, number as u32),
                18 => asm.keep_together(number as u32),
                19 => asm.island_if_within(number as u32),
                20 => {
                    let constant = asm.constant(number % 9);
                    asm.mov_r64_m64(RAX, Mem::label(constant));
                }
                21 => asm.imul_r64_m64_i32(Gpr64::random(&mut rng), mem, number as i32),
                22 => asm.vaddps_zk_z_m512(Zmm::random(&mut rng), Mask::random(&mut rng), ZMM1, mem),
                23 if rng.below(20) == 0 => {
                    let _ = asm.finish();
                }
                24 if rng.below(20) == 0 => asm.clear(),
                25 if rng.below(20) == 0 => asm.reserve(number as usize % (1 << 20), 10, 10),
                _ => asm.add_m16_i16(mem, number as i16),
            }
            first = if asm.error().is_none() { None } else { first.or(asm.error()) };
            assert_eq!(first, asm.error(), "seed {seed}");
        }
        match asm.finish() {
            Ok(code) => {
                assert!(code.bytes().len() <= limit);
                let mut text = String::new();
                listing::write(&mut text, &code, &Disassembler).unwrap();
                let mut bytes = code.bytes().to_vec();
                for reloc in code.relocs() {
                    let _ = reloc.apply(&mut bytes, rng.next_u64(), |symbol| Some(symbol.into()));
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
