//! What the macros become, and that whatever they are given is no panic. What they do is tested by running them, in
//! `tests/macros`.

use std::collections::HashSet;
use std::sync::LazyLock;

use quickcheck::quickcheck;

use super::{Abi, constant::Plan};
use crate::asm::a64::operand::{Field, LogicW, LogicX};
use crate::asm::a64::reg::{D, D0, D1, D3, D8, D9, D10, Gpr, Gpr32, SP, XSp};
use crate::asm::a64::{Assembler, Disassembler};
use crate::asm::form::{Operand, Rng};
use crate::asm::listing::Disassemble;
use crate::asm::macros::{
    Access, Compare, Far, FloatCompare, Frame, FrameLayout, MacroAssembler, Place, Width,
};
use crate::asm::{AsmError, RelocField, RelocTarget};

/// Shared, since reading the tables takes a while.
static DISASSEMBLER: LazyLock<Disassembler> = LazyLock::new(Disassembler::new);

const fn x(number: u8) -> Gpr {
    Gpr::new(number).unwrap()
}

const fn w(number: u8) -> Gpr32 {
    Gpr32::new(number).unwrap()
}

fn words(asm: &mut Assembler) -> Vec<u32> {
    let code = asm.finish().unwrap();
    code.bytes().chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

/// The instructions that `emit` emits, separated by semicolons.
fn text(emit: impl FnOnce(&mut Assembler)) -> String {
    let mut asm = Assembler::new();
    emit(&mut asm);
    let size = asm.offset() as usize;
    let code = asm.finish().unwrap();
    let instructions = (0..size).step_by(4);
    let texts =
        instructions.map(|at| DISASSEMBLER.disassemble(&code.bytes()[at..size], at as u32).unwrap().1);
    texts.collect::<Vec<_>>().join("; ")
}

/// The same, with a label that is bound behind.
fn text_with_label(emit: impl FnOnce(&mut Assembler, crate::asm::Label)) -> String {
    text(|asm| {
        let label = asm.new_label();
        emit(asm, label);
        asm.bind(label);
    })
}

/// What the words of a constant leave in the register.
fn evaluate(words: &[u32]) -> u64 {
    let mut value = 0u64;
    for &word in words {
        let wide = word >> 31 == 1;
        let (imm, shift) = (u64::from(word >> 5 & 0xffff), 16 * (word >> 21 & 3));
        value = match word & 0x7f80_0000 {
            0x5280_0000 => imm << shift,
            0x1280_0000 => !(imm << shift),
            0x7280_0000 => value & !(0xffff << shift) | imm << shift,
            0x3200_0000 => LogicX::from_bits(word >> 10 & 0x1fff).unwrap().value(),
            0x2a00_0000 => {
                assert_eq!(word >> 21 & 3, 0);
                value | value << (word >> 10 & 63)
            }
            _ => panic!("{word:#x}"),
        };
        if !wide {
            value &= u64::from(u32::MAX);
        }
    }
    value
}

/// The fewest instructions for a constant, by comparing it with all that one instruction can make, for each set of
/// halfwords that `movk` puts right.
struct Fewest {
    logic: Vec<HashSet<u64>>,
}

/// A bit for each of the halfwords in `set`, sixteen times.
fn spread(set: usize) -> u64 {
    (0..4).filter(|half| set >> half & 1 == 1).fold(0, |mask, half| mask | 0xffff << (16 * half))
}

impl Fewest {
    fn new() -> Fewest {
        let wide = (0..1 << 13).filter_map(|bits| Some(LogicX::from_bits(bits)?.value()));
        let narrow = (0..1 << 12).filter_map(|bits| Some(u64::from(LogicW::from_bits(bits)?.value())));
        let all: Vec<u64> = wide.chain(narrow).collect();
        Fewest { logic: (0..16).map(|set| all.iter().map(|value| value & !spread(set)).collect()).collect() }
    }

    fn of(&self, value: u64) -> u32 {
        let mut fewest = 4;
        for set in 0..16usize {
            // Halfwords that one `movz`, `movn` of 64 bits, or `movn` of 32 bits leaves at its own, all but one.
            let moves = [[0u64; 4], [0xffff; 4], [0xffff, 0xffff, 0, 0]].into_iter().any(|rest| {
                let other =
                    |half: &usize| set >> half & 1 == 0 && value >> (16 * half) & 0xffff != rest[*half];
                let others: Vec<usize> = (0..4).filter(other).collect();
                let free = if rest[0] == rest[3] { 4 } else { 2 };
                others.len() <= 1 && others.iter().all(|half| *half < free)
            });
            if moves || self.logic[set].contains(&(value & !spread(set))) {
                fewest = fewest.min(1 + set.count_ones());
            }
        }
        if value >> 32 == value & 0xffff_ffff && fewest == 4 {
            fewest = fewest.min(1 + self.of(value & 0xffff_ffff));
        }
        fewest
    }
}

#[test]
fn constants_take_the_fewest_instructions() {
    let fewest = Fewest::new();
    let mut rng = Rng::new(1);
    let mut seen = [0; 5];
    let logic: Vec<u64> = (0..1 << 13).filter_map(|bits| Some(LogicX::from_bits(bits)?.value())).collect();
    for round in 0..60_000 {
        let mut value = match round % 5 {
            0 => rng.next_u64(),
            1 => rng.unsigned(64),
            2 => rng.signed(64) as u64,
            3 => logic[rng.below(logic.len() as u64) as usize],
            _ => (0..4)
                .fold(0, |value, _| value << 16 | [0, 0xffff, 0x1234, 0x5555, 0xff00][rng.below(5) as usize]),
        };
        for _ in 0..rng.below(4) {
            let shift = 16 * rng.below(4);
            value = value & !(0xffff << shift) | rng.unsigned(16) << shift;
        }
        if rng.below(20) == 0 {
            value = value << 32 | value & 0xffff_ffff;
        }
        let mut asm = Assembler::new();
        asm.load_i64(x(0), value as i64);
        let words = words(&mut asm);
        assert_eq!(evaluate(&words), value, "{value:#x}: {words:x?}");
        assert_eq!(words.len() as u32, fewest.of(value), "{value:#x}: {words:x?}");
        assert_eq!(words.len() as u32, Plan::of(value).len());
        seen[words.len()] += 1;
    }
    assert!(seen[1..].iter().all(|&count| count > 1000), "{seen:?}");
}

#[test]
fn constants_of_each_kind() {
    let load = |value: u64| text(|asm| asm.load_i64(x(0), value as i64));
    assert_eq!(load(0), "movz x0, #0");
    assert_eq!(load(0x1234_0000), "movz x0, #4660, lsl #16");
    assert_eq!(load(-2i64 as u64), "movn x0, #1");
    assert_eq!(load(0xffff_1234), "movn w0, #60875");
    assert_eq!(load(0x1234_ffff), "movn w0, #60875, lsl #16");
    assert_eq!(load(0x0ff0_0ff0_0ff0_0ff0), "orr x0, xzr, #0xff00ff00ff00ff0");
    assert_eq!(load(0x5555_5555), "orr w0, wzr, #0x55555555");
    assert_eq!(load(0x5555_1234_5555_5555), "orr x0, xzr, #0x5555555555555555; movk x0, #4660, lsl #32");
    assert_eq!(load(0x0012_3456_789a), "movz x0, #30874; movk x0, #13398, lsl #16; movk x0, #18, lsl #32");
    assert_eq!(
        load(0x1234_5678_1234_5678),
        "movz x0, #22136; movk x0, #4660, lsl #16; orr x0, x0, x0, lsl #32"
    );
    assert_eq!(text(|asm| asm.load_i32(w(0), -2)), "movn w0, #1");
    assert_eq!(text(|asm| asm.load_i32(w(0), i32::MIN)), "movz x0, #32768, lsl #16");
}

#[test]
fn floats_of_each_kind() {
    let double = |value: f64| text(|asm| asm.load_f64(D0, value));
    assert_eq!(double(0.0), "movi d0, #0x0");
    assert_eq!(double(-0.5), "fmov d0, #-0.5");
    assert_eq!(double(-0.0), "movz x16, #32768, lsl #48; fmov d0, x16");
    assert_eq!(double(100.0), "movz x16, #16473, lsl #48; fmov d0, x16");
    assert_eq!(double(0.1), "ldr d0, 0x8");
    let single = |value: f32| text(|asm| asm.load_f32(Assembler::single(D0), value));
    assert_eq!(single(0.0), "movi v0.2s, #0, lsl #24");
    assert_eq!(single(-0.0), "movi v0.2s, #128, lsl #24");
    assert_eq!(single(1.0), "fmov s0, #1.0");
    assert_eq!(single(100.0), "movz x16, #17096, lsl #16; fmov s0, w16");
    assert_eq!(single(0.1), "ldr s0, 0x4");
}

#[test]
fn additions_of_constants() {
    let add = |value: i64| text(|asm| asm.add_imm_i64(x(0), x(1), value));
    assert_eq!(add(0), "mov x0, x1");
    assert_eq!(add(4095), "add x0, x1, #4095");
    assert_eq!(add(-4095), "sub x0, x1, #4095");
    assert_eq!(add(4096), "add x0, x1, #1, lsl #12");
    assert_eq!(add(4097), "add x0, x1, #1, lsl #12; add x0, x0, #1");
    assert_eq!(add(-0xff_ffff), "sub x0, x1, #4095, lsl #12; sub x0, x0, #4095");
    assert_eq!(add(0x100_0000), "movz x16, #256, lsl #16; add x0, x1, x16");
    assert_eq!(add(-0x100_0000), "orr x16, xzr, #0xffffffffff000000; add x0, x1, x16");
    let fives = "orr x16, xzr, #0x5555555555555555";
    assert_eq!(add(-0x5555_5555_5555_5555), format!("{fives}; sub x0, x1, x16"));
    assert_eq!(add(i64::MIN), "movz x16, #32768, lsl #48; add x0, x1, x16");
    assert_eq!(text(|asm| asm.add_imm_i64(x(0), x(0), 0)), "");
    // The high half must be clear.
    assert_eq!(text(|asm| asm.add_imm_i32(w(0), w(0), 0)), "mov w0, w0");
    assert_eq!(
        text(|asm| asm.sub_imm_i64(x(0), x(1), i64::MIN)),
        "movz x16, #32768, lsl #48; add x0, x1, x16"
    );
    assert_eq!(text(|asm| asm.sub_imm_i32(w(0), w(1), -5)), "add w0, w1, #5");
    let checked = |value| text_with_label(|asm, out| asm.add_checked_imm_i64(x(0), x(1), value, out));
    assert_eq!(checked(0), "mov x0, x1");
    assert_eq!(checked(4096), "adds x0, x1, #1, lsl #12; b.vs 0x8");
    assert_eq!(checked(-1), "subs x0, x1, #1; b.vs 0x8");
    assert_eq!(checked(4097), "movz x16, #4097; adds x0, x1, x16; b.vs 0xc");
    assert_eq!(checked(-4097), "movn x16, #4096; adds x0, x1, x16; b.vs 0xc");
    assert_eq!(checked(-0x5555_5555_5555_5555), format!("{fives}; subs x0, x1, x16; b.vs 0xc"));
    let checked = |value| text_with_label(|asm, out| asm.sub_checked_imm_i32(w(0), w(1), value, out));
    assert_eq!(checked(i32::MIN), "movz x16, #32768, lsl #16; subs w0, w1, w16; b.vs 0xc");
    assert_eq!(checked(-7), "adds w0, w1, #7; b.vs 0x8");
}

#[test]
fn arithmetic_that_is_checked() {
    let mul = text_with_label(|asm, out| asm.mul_checked_i64(x(1), x(1), x(1), out));
    assert_eq!(mul, "smulh x16, x1, x1; mul x1, x1, x1; cmp x16, x1, asr #63; b.ne 0x10");
    let mul = text_with_label(|asm, out| asm.mul_checked_i32(w(0), w(1), w(2), out));
    assert_eq!(mul, "smull x16, w1, w2; cmp x16, w16, sxtw #0; b.ne 0x10; mov w0, w16");
    let abs = text_with_label(|asm, out| asm.abs_checked_i32(w(0), w(1), out));
    assert_eq!(abs, "negs w16, w1; b.vs 0xc; csel w0, w16, w1, pl");
    let div = text_with_label(|asm, out| asm.div_i64(x(0), x(1), x(2), out, out));
    assert_eq!(div, "cbz x2, 0x14; cmn x2, #1; ccmp x1, #1, #0, eq; b.vs 0x14; sdiv x0, x1, x2");
    let rem = text_with_label(|asm, out| asm.rem_u32(w(0), w(1), w(2), out));
    assert_eq!(rem, "cbz w2, 0xc; udiv w16, w1, w2; msub w0, w16, w2, w1");
}

#[test]
fn conversions_that_are_checked() {
    let convert = text_with_label(|asm, out| asm.f64_to_i64_checked(x(0), D1, out));
    assert_eq!(
        convert,
        "movz x16, #50144, lsl #48; fmov d31, x16; fcmp d1, d31; fcvtzs x0, d1; ccmn x0, #1, #1, ge; b.vs 0x18"
    );
    let convert = text_with_label(|asm, out| asm.f64_to_u64_checked(x(0), D1, out));
    assert_eq!(convert, "fmov d31, #-1.0; fcmp d1, d31; fcvtzu x0, d1; ccmn x0, #1, #4, gt; b.eq 0x14");
    let convert = text_with_label(|asm, out| asm.f64_to_u32_checked(w(0), D1, out));
    assert_eq!(
        convert,
        "fcvtzs x16, d1; cmp x16, w16, uxtw #0; fccmp d1, d1, #0, eq; b.ne 0x14; mov w0, w16"
    );
}

#[test]
fn branches_on_constants() {
    let branch = |compare, value| text_with_label(|asm, to| asm.branch_imm_i64(compare, x(0), value, to));
    assert_eq!(branch(Compare::Eq, 0), "cbz x0, 0x4");
    assert_eq!(branch(Compare::Above, 0), "cbnz x0, 0x4");
    assert_eq!(branch(Compare::Below, 1), "cbz x0, 0x4");
    assert_eq!(branch(Compare::Below, 0), "");
    assert_eq!(branch(Compare::AboveEq, 0), "b 0x4");
    assert_eq!(branch(Compare::Lt, 0), "tbnz x0, #63, 0x4");
    assert_eq!(branch(Compare::Gt, -1), "tbz x0, #63, 0x4");
    assert_eq!(branch(Compare::Gt, 0), "cmp x0, #0; b.gt 0x8");
    assert_eq!(branch(Compare::Ne, -4095), "cmn x0, #4095; b.ne 0x8");
    assert_eq!(branch(Compare::Lt, 4097), "cmp x0, #1, lsl #12; b.le 0x8");
    assert_eq!(branch(Compare::BelowEq, -4097), "cmn x0, #1, lsl #12; b.lo 0x8");
    assert_eq!(branch(Compare::Gt, 0x1_0fff), "cmp x0, #17, lsl #12; b.ge 0x8");
    assert_eq!(branch(Compare::Le, 0x7fff_ffff), "movn w16, #32768, lsl #16; cmp x0, x16; b.le 0xc");
    assert_eq!(branch(Compare::Gt, 0x1233_ffff_ffff), "movz x16, #4660, lsl #32; cmp x0, x16; b.ge 0xc");
    assert_eq!(branch(Compare::Eq, 4097), "movz x16, #4097; cmp x0, x16; b.eq 0xc");
    assert_eq!(branch(Compare::Ge, i64::MIN), "movz x16, #32768, lsl #48; cmp x0, x16; b.ge 0xc");
    assert_eq!(branch(Compare::Above, i64::MAX), "movn x16, #32768, lsl #48; cmp x0, x16; b.hi 0xc");
    let branch = |compare, value| text_with_label(|asm, to| asm.branch_imm_i32(compare, w(0), value, to));
    assert_eq!(branch(Compare::Ge, 0), "tbz w0, #31, 0x4");
    assert_eq!(branch(Compare::BelowEq, -1), "cmn w0, #1; b.ls 0x8");
    assert_eq!(branch(Compare::Le, i32::MAX), "movn w16, #32768, lsl #16; cmp w0, w16; b.le 0xc");
    let branch = text_with_label(|asm, to| asm.branch_f64(FloatCompare::Le, D0, D1, to));
    assert_eq!(branch, "fcmp d0, d1; b.ls 0x8");
    assert_eq!(text(|asm| asm.set_i32(Compare::Below, x(0), w(1), w(2))), "cmp w1, w2; cset x0, lo");
}

#[test]
fn sign_branches_back_keep_within_their_reach() {
    let branch = |distance: u32| {
        let mut asm = Assembler::new();
        let top = asm.new_label();
        asm.bind(top);
        for _ in 0..distance / 4 {
            asm.nop();
        }
        asm.branch_imm_i64(Compare::Lt, x(0), 0, top);
        let words = words(&mut asm);
        words[distance as usize / 4..]
            .iter()
            .map(|&word| DISASSEMBLER.word(word, 0x8000).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(branch(32764), ["tbnz x0, #63, 0x4"]);
    assert_eq!(branch(32768), ["cmp x0, #0", "b.lt 0xfffffffffffffffc"]);
}

#[test]
fn addresses_at_any_distance() {
    let load = |access, offset| text(|asm| asm.load(access, x(0), SP, offset));
    assert_eq!(load(Access::I64, 32760), "ldr x0, [sp, #32760]");
    assert_eq!(load(Access::I64, -256), "ldur x0, [sp, #-256]");
    assert_eq!(load(Access::I64, 255), "ldur x0, [sp, #255]");
    assert_eq!(load(Access::I64, 32768), "movz x17, #32768; ldr x0, [sp, x17]");
    assert_eq!(load(Access::I64, -257), "movn x17, #256; ldr x0, [sp, x17]");
    assert_eq!(load(Access::I64, 0x1_0008), "add x17, sp, #16, lsl #12; ldr x0, [x17, #8]");
    assert_eq!(load(Access::I32, -0x1_0010), "sub x17, sp, #17, lsl #12; ldrsw x0, [x17, #4080]");
    assert_eq!(load(Access::I64, 0x1_0fff), "add x17, sp, #17, lsl #12; ldur x0, [x17, #-1]");
    assert_eq!(load(Access::I64, 0x1_0801), "movz x17, #2049; movk x17, #1, lsl #16; ldr x0, [sp, x17]");
    assert_eq!(load(Access::U8, 0xff_ff0f), "add x17, sp, #4095, lsl #12; ldrb w0, [x17, #3855]");
    assert_eq!(load(Access::I16, 0x100_0002), "movz x17, #2; movk x17, #256, lsl #16; ldrsh x0, [sp, x17]");
    assert_eq!(text(|asm| asm.store(Width::W8, x(0), x(1).into(), 4095)), "strb w0, [x1, #4095]");
    assert_eq!(text(|asm| asm.store_mem_f64(D3, x(1).into(), 4)), "stur d3, [x1, #4]");
    assert_eq!(text_with_label(|asm, to| asm.poll(x(1).into(), 8, to)), "ldr w16, [x1, #8]; cbnz w16, 0x8");
}

#[test]
fn moves_at_once() {
    let (g, f, s) = (|number| Place::General(x(number)), Place::Float, Place::Stack);
    let moved = |moves: &[_]| text(|asm| asm.parallel_move(moves));
    assert_eq!(moved(&[(g(0), g(1)), (g(1), g(0))]), "mov x16, x1; mov x1, x0; mov x0, x16");
    assert_eq!(moved(&[(f(D0), f(D1)), (f(D1), f(D0))]), "fmov d31, d1; fmov d1, d0; fmov d0, d31");
    assert_eq!(moved(&[(g(0), f(D0)), (f(D0), g(0))]), "fmov d31, d0; fmov d0, x0; fmov x0, d31");
    assert_eq!(
        moved(&[(f(D0), f(D1)), (f(D1), f(D0)), (s(8), s(65536))]),
        "ldr d31, [sp, #8]; movz x17, #1, lsl #16; str d31, [sp, x17]; fmov x16, d1; fmov d1, d0; fmov d0, x16"
    );
    assert_eq!(
        moved(&[(s(8), s(16)), (s(16), s(8))]),
        "ldr x16, [sp, #16]; ldr d31, [sp, #8]; str d31, [sp, #16]; str x16, [sp, #8]"
    );
    assert_eq!(moved(&[(s(8), g(1)), (g(2), s(8)), (g(3), g(3))]), "ldr x1, [sp, #8]; str x2, [sp, #8]");
}

#[test]
fn calls_far_away() {
    let far = Far::Address(0x7fff_1234_5678);
    let address = "movz x16, #22136; movk x16, #4660, lsl #16; movk x16, #32767, lsl #32";
    assert_eq!(text(|asm| asm.call_far(far, None)), format!("{address}; blr x16"));
    assert_eq!(
        text(|asm| asm.jump_far(far, Some(x(17)))),
        format!("{address}; br x16").replace("x16", "x17")
    );
    let mut asm = Assembler::new();
    asm.call_far(Far::External(3), None);
    asm.jump_far(Far::External(3), Some(x(9)));
    let code = asm.finish().unwrap();
    let texts: Vec<_> =
        code.bytes()[..16].chunks(4).map(|word| DISASSEMBLER.disassemble(word, 0).unwrap().1).collect();
    assert_eq!(texts, ["ldr x16, 0x10", "blr x16", "ldr x9, 0x8", "br x9"]);
    let [reloc] = code.relocs() else { panic!("{:?}", code.relocs()) };
    assert_eq!(
        (reloc.offset, reloc.field, reloc.target),
        (16, RelocField::Absolute64, RelocTarget::External(3))
    );
}

/// Prologue and epilogue.
fn frame(
    abi: Abi,
    saved: &[Gpr],
    saved_floats: &[D],
    locals: u32,
    probed: bool,
) -> (FrameLayout, String, String) {
    let frame = Frame { saved, saved_floats, locals, probed };
    let mut layout = FrameLayout { size: 0, locals: 0 };
    let prologue = text(|asm| layout = asm.prologue(abi, &frame));
    (layout, prologue, text(|asm| asm.epilogue(abi, &frame)))
}

#[test]
fn frames() {
    let (layout, prologue, epilogue) = frame(Abi::Aapcs64, &[], &[], 0, true);
    assert_eq!(layout, FrameLayout { size: 16, locals: 0 });
    assert_eq!(prologue, "stp x29, x30, [sp, #-16]!; add x29, sp, #0");
    assert_eq!(epilogue, "ldp x29, x30, [sp], #16; ret");

    let (layout, prologue, epilogue) = frame(Abi::Apple, &[x(19), x(20), x(21)], &[D8, D9, D10], 40, false);
    assert_eq!(layout, FrameLayout { size: 64 + 48, locals: 0 });
    assert_eq!(
        prologue,
        "stp x29, x30, [sp, #-64]!; add x29, sp, #0; stp x19, x20, [sp, #16]; str x21, [sp, #32]; \
         stp d8, d9, [sp, #40]; str d10, [sp, #56]; sub sp, sp, #48"
    );
    assert_eq!(
        epilogue,
        "add sp, x29, #0; ldp d8, d9, [sp, #40]; ldr d10, [sp, #56]; ldp x19, x20, [sp, #16]; \
         ldr x21, [sp, #32]; ldp x29, x30, [sp], #64; ret"
    );

    let start = "stp x29, x30, [sp, #-16]!; add x29, sp, #0";
    let (_, prologue, _) = frame(Abi::Aapcs64, &[], &[], 8200, false);
    assert_eq!(prologue, format!("{start}; sub sp, sp, #2, lsl #12; sub sp, sp, #16"));
    let page = "sub sp, sp, #1, lsl #12; str xzr, [sp, #0]";
    let (_, probed, _) = frame(Abi::Windows, &[], &[], 8200, false);
    assert_eq!(probed, format!("{start}; {page}; {page}; sub sp, sp, #16; str xzr, [sp, #0]"));
    let (_, probed, _) = frame(Abi::Aapcs64, &[], &[], 1 << 20, true);
    assert_eq!(
        probed,
        format!("{start}; sub x16, sp, #256, lsl #12; {page}; cmp sp, x16, uxtx #0; b.ne 0xc")
    );
    let (_, huge, _) = frame(Abi::Aapcs64, &[], &[], 1 << 30, true);
    assert_eq!(
        huge,
        format!(
            "{start}; movz x16, #16384, lsl #16; sub x16, sp, x16, uxtx #0; {page}; cmp sp, x16, uxtx #0; b.ne 0x10"
        )
    );
}

#[test]
fn frames_that_cannot_be() {
    let error = |frame: Frame<'_, Gpr, D>| {
        let mut asm = Assembler::new();
        asm.prologue(Abi::Aapcs64, &frame);
        asm.error()
    };
    for saved in [x(16), x(17), x(29), x(30)] {
        let error = error(Frame { saved: &[saved], ..Frame::default() });
        assert!(matches!(error, Some(AsmError::Operand { .. })), "{saved}: {error:?}");
    }
    let twice = error(Frame { saved: &[x(19), x(19)], ..Frame::default() });
    assert!(matches!(twice, Some(AsmError::Operand { .. })));
    assert!(error(Frame { locals: u32::MAX, ..Frame::default() }).is_some());
    // All that there are fit.
    let saved: Vec<Gpr> = (0..29).filter(|number| !matches!(number, 16 | 17)).map(x).collect();
    let saved_floats: Vec<D> = (0..32).map(D::from_low_bits).collect();
    assert_eq!(error(Frame { saved: &saved, saved_floats: &saved_floats, ..Frame::default() }), None);
}

/// Calls a macro with any operands.
fn any_macro(asm: &mut Assembler, rng: &mut Rng, labels: &[crate::asm::Label]) {
    let (rd, rn, rm) = (Gpr::random(rng), Gpr::random(rng), Gpr::random(rng));
    let (wd, wn, wm) = (Gpr32::random(rng), Gpr32::random(rng), Gpr32::random(rng));
    let (fd, left, right) = (D::random(rng), D::random(rng), D::random(rng));
    let (out, other) = (labels[rng.below(9) as usize], labels[rng.below(9) as usize]);
    let compare = Compare::ALL[rng.below(10) as usize];
    let float_compare = FloatCompare::ALL[rng.below(6) as usize];
    let base = if rng.below(2) == 0 { SP } else { XSp::random(rng) };
    let (value, word) = (rng.signed(64), rng.signed(32) as i32);
    let through = (rng.below(2) == 0).then_some(rn);
    let far = if rng.below(2) == 0 { Far::Address(value as u64) } else { Far::External(word as u32) };
    let abi = [Abi::Aapcs64, Abi::Apple, Abi::Windows][rng.below(3) as usize];
    let frame = Frame { saved: &[rd, rn], saved_floats: &[fd], locals: word as u32, probed: word < 0 };
    match rng.below(50) {
        0 => asm.load_i64(rd, value),
        1 => asm.load_i32(wd, word),
        2 => asm.load_f64(fd, f64::from_bits(value as u64)),
        3 => asm.load_f32(Assembler::single(fd), f32::from_bits(word as u32)),
        4 => asm.load_label(rd, out),
        5 => asm.load_far(rd, far),
        6 => asm.parallel_move(&[
            (Place::General(rd), Place::Stack(word as u32)),
            (Place::Stack(word as u32 & !7), Place::Float(fd)),
            (Place::Float(left), Place::General(rn)),
            (Place::General(rm), Place::General(rd)),
        ]),
        7 => asm.add_imm_i64(rd, rn, value),
        8 => asm.sub_imm_i32(wd, wn, word),
        9 => asm.add_checked_i64(rd, rn, rm, out),
        10 => asm.sub_checked_i32(wd, wn, wm, out),
        11 => asm.add_checked_imm_i64(rd, rn, value, out),
        12 => asm.sub_checked_imm_i64(rd, rn, value, out),
        13 => asm.add_checked_imm_i32(wd, wn, word, out),
        14 => asm.sub_checked_imm_i32(wd, wn, word, out),
        15 => asm.mul_checked_i64(rd, rn, rm, out),
        16 => asm.mul_checked_i32(wd, wn, wm, out),
        17 => asm.neg_checked_i64(rd, rn, out),
        18 => asm.abs_checked_i32(wd, wn, out),
        19 => asm.div_i64(rd, rn, rm, out, other),
        20 => asm.div_u32(wd, wn, wm, out),
        21 => asm.rem_i32(wd, wn, wm, out),
        22 => asm.rem_u64(rd, rn, rm, out),
        23 => asm.select_i64(compare, rd, rn, rm),
        24 => asm.min_f64(fd, left, right),
        25 => asm.max_f64(fd, left, right),
        26 => asm.u64_to_f64(fd, rn),
        27 => asm.f64_to_i32_saturating(wd, left),
        28 => asm.f64_to_i64_checked(rd, left, out),
        29 => asm.f64_to_u32_checked(wd, left, out),
        30 => asm.f64_to_u64_checked(rd, left, out),
        31 => asm.jump(out),
        32 => asm.branch_i64(compare, rn, rm, out),
        33..=35 => asm.branch_imm_i64(compare, rn, value, out),
        36 => asm.branch_imm_i32(compare, wn, word, out),
        37 => asm.branch_f64(float_compare, left, right, out),
        38 => asm.set_i32(compare, rd, wn, wm),
        39 => asm.set_f64(float_compare, rd, left, right),
        40 | 41 => asm.load(Access::ALL[rng.below(7) as usize], rd, base, value),
        42 | 43 => asm.store(Width::ALL[rng.below(4) as usize], rn, base, value),
        44 => asm.load_mem_f64(fd, base, value),
        45 => asm.poll(base, value, out),
        46 => asm.call_far(far, through),
        47 => asm.jump_far(far, through),
        48 => {
            asm.prologue(abi, &frame);
            asm.epilogue(abi, &frame);
        }
        _ => asm.probe_stack(word as u32),
    }
}

quickcheck! {
    /// Whatever a macro is given, it is instructions or an error, and the error says that an operand is wrong just if
    /// nothing was emitted.
    fn no_macro_panics(seed: u64) -> bool {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::new();
        let labels: Vec<_> = (0..9).map(|_| asm.new_label()).collect();
        for _ in 0..200 {
            any_macro(&mut asm, &mut rng, &labels);
            if rng.below(30) == 0 {
                asm.nop();
            }
        }
        for &label in &labels {
            asm.bind(label);
        }
        matches!(asm.finish().map(|_| ()), Ok(()) | Err(AsmError::Operand { .. }))
    }

    fn a_macro_that_refuses_emits_nothing(seed: u64) -> bool {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::new();
        let labels: Vec<_> = (0..9).map(|_| asm.new_label()).collect();
        any_macro(&mut asm, &mut rng, &labels);
        for &label in &labels {
            asm.bind(label);
        }
        let refused = asm.error().is_some();
        let size = asm.offset() as usize;
        match asm.finish() {
            Ok(code) => {
                let listed = code.bytes()[..size].chunks(4).all(|word| DISASSEMBLER.disassemble(word, 0).is_some());
                !refused && listed && size <= 200
            }
            Err(error) => refused && size == 0 && matches!(error, AsmError::Operand { .. }),
        }
    }
}
