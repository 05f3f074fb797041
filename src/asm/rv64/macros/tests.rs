//! What the macros become: listings in `listing.txt`, and the constants against every short sequence.

use super::constant::{Search, Step};
use super::*;
use crate::asm::form::Rng;
use crate::asm::listing::Disassemble;
use crate::asm::macros::{Frame, Place};
use crate::asm::rv64::Disassembler;

/// What an instruction sequence is, an instruction a line, with labels as offsets.
fn text(asm: &mut Assembler) -> String {
    let code = asm.finish().unwrap();
    let (disassembler, mut at, mut out) = (Disassembler::new(), 0, String::new());
    while at < code.bytes().len() {
        let is_data = code.data().iter().any(|range| (range.start..range.end).contains(&(at as u32)));
        let (size, line) = match disassembler.disassemble(&code.bytes()[at..], at as u32) {
            Some(instruction) if !is_data => instruction,
            _ => (2, String::from("data")),
        };
        out += &line;
        out += "\n";
        at += size;
    }
    while out.contains("data\ndata\n") {
        out = out.replace("data\ndata\n", "data\n");
    }
    out
}

fn run(steps: &[Step]) -> i64 {
    steps.iter().fold(0, |value, step| match *step {
        Step::Li(imm) => imm.into(),
        Step::Lui(imm) => i64::from(imm << 12),
        Step::Bit(bit) => 1 << bit,
        Step::Addi(imm) => value.wrapping_add(imm.into()),
        Step::Addiw(imm) => i64::from((value as i32).wrapping_add(imm)),
        Step::Slli(amount) => value << amount,
        Step::Srli(amount) => (value as u64 >> amount) as i64,
        Step::ZextW => i64::from(value as u32),
    })
}

const BASELINE: Search =
    Search { compress: true, is_c: false, features: Features { zba: false, zbb: false, zbs: false } };

#[track_caller]
fn length(value: i64) -> usize {
    match BASELINE.find(value, 4) {
        Some(chain) => {
            assert_eq!(run(chain.steps()), value);
            chain.steps().len()
        }
        None => 5,
    }
}

/// The first instruction of a sequence that builds a constant.
fn first(rng: &mut Rng) -> i64 {
    match rng.below(4) {
        0 => rng.signed(12),
        1 => [-2048, -1, 1, 2047][rng.below(4) as usize],
        2 => rng.signed(20) << 12,
        _ => [-1 << 31, 0x7ffff << 12, 1 << 12, -1 << 12][rng.below(4) as usize],
    }
}

/// Every instruction with an immediate that could follow, on the register itself.
fn second(value: i64, which: u64, rng: &mut Rng) -> i64 {
    let low = value as i32;
    let imm = match rng.below(4) {
        0 => [-2048, 2047, -1, 1][rng.below(4) as usize],
        _ => rng.signed(12),
    };
    let amount = rng.below(64) as u32;
    match which {
        0 => value.wrapping_add(imm),
        1 => i64::from(low.wrapping_add(imm as i32)),
        2 => value ^ imm,
        3 => value | imm,
        4 => value & imm,
        5 => value << amount,
        6 => (value as u64 >> amount) as i64,
        7 => value >> amount,
        8 => i64::from(low << (amount & 31)),
        9 => i64::from((low as u32 >> (amount & 31)) as i32),
        10 => i64::from(low >> (amount & 31)),
        11 => i64::from(value < imm),
        12 => value.wrapping_add(value),
        13 => i64::from(low.wrapping_add(low)),
        14 => value.wrapping_neg(),
        15 => i64::from(low.wrapping_neg()),
        _ => i64::from(low),
    }
}

#[test]
fn no_one_or_two_instructions_build_a_constant_that_takes_more() {
    for value in -5000..5000 {
        assert!(length(value) <= if (-2048..2048).contains(&value) { 1 } else { 2 });
    }
    // Everything that `lui` gives, and with everything that one immediate adds at the edges.
    for high in (-1 << 19..1 << 19).step_by(61).chain([(1 << 19) - 1]) {
        assert_eq!(length(high << 12), 1);
        for low in [-2048, -2047, -1, 1, 2046, 2047] {
            assert!(length((high << 12) + low) <= 2);
        }
    }
    let mut rng = Rng::new(7);
    for _ in 0..30_000 {
        for which in 0..17 {
            let value = second(first(&mut rng), which, &mut rng);
            assert!(length(value) <= 2, "{value:#x} by {which}");
        }
    }
}

#[test]
fn longer_chains_are_right_and_seldom_longer_than_need_be() {
    let mut rng = Rng::new(3);
    let (mut longer, mut all) = (0, 0);
    for _ in 0..30_000 {
        let third = |value, rng: &mut Rng| second(value, [0, 5, 6][rng.below(3) as usize], rng);
        let two = third(first(&mut rng), &mut rng);
        let three = third(two, &mut rng);
        let found = length(three);
        assert!(found <= 5);
        longer += u32::from(found > 3);
        all += 1;
    }
    // Shifts to the right that drop bits, of which the search tries all ones and all zeros only.
    assert!(longer * 100 < all, "{longer} of {all}");
    for (value, expected) in [
        (0, 1),
        (i64::MAX, 2),
        (i64::MIN, 2),
        (0xffff_ffff, 2),
        (0x8000_0000, 2),
        (0x1234_5678, 2),
        (0x1_2345_6000, 3),
        (0x89ab_cdef, 4),
        (0x7fff_f7ff_f000, 3),
        (0x0012_3456_789a, 4),
        (1 << 40 | 1, 3),
        (-1 << 40 | 1, 3),
        (0x3ff0_0000_0000_0000, 2),
        (0x1234_5678_9abc_def0, 5),
    ] {
        assert_eq!(length(value), expected, "{value:#x}");
    }
}

#[test]
fn bits_and_zero_extension_are_one_instruction_where_the_extensions_are() {
    let features = Features { zba: true, zbb: true, zbs: true };
    let search = Search { features, ..BASELINE };
    let steps = |value| search.find(value, 4).map(|chain| chain.steps().to_vec());
    assert_eq!(steps(1 << 40), Some(vec![Step::Bit(40)]));
    assert_eq!(steps(i64::MIN), Some(vec![Step::Bit(63)]));
    assert_eq!(steps(0x89ab_cdef).map(|steps| steps.len()), Some(3));
    for value in [1 << 40, i64::MIN, 0x89ab_cdef, (1 << 50) + 5] {
        assert_eq!(steps(value).map(|steps| run(&steps)), Some(value));
    }
}

type Emit = fn(&mut Assembler, Label);

/// What stands in `listing.txt`: a title, and what is emitted; the label is bound behind it.
const LISTED: &[(&str, Emit)] = &[
    ("load_i64 a0, -2048", |asm, _| asm.load_i64(A0, -2048)),
    ("load_i64 a0, 2048", |asm, _| asm.load_i64(A0, 2048)),
    ("load_i64 a0, 0x12345678", |asm, _| asm.load_i64(A0, 0x1234_5678)),
    ("load_i64 a0, -1 >> 12", |asm, _| asm.load_i64(A0, 0xf_ffff_ffff_ffff)),
    ("load_i64 s2, -1 >> 12", |asm, _| asm.load_i64(S2, 0xf_ffff_ffff_ffff)),
    ("load_i64 a0, 1 << 40 | 1", |asm, _| asm.load_i64(A0, 1 << 40 | 1)),
    ("load_i64 a0, 0x123456789abc", |asm, _| asm.load_i64(A0, 0x1234_5678_9abc)),
    ("load_i64 a0, 0x123456789abcdef0", |asm, _| asm.load_i64(A0, 0x1234_5678_9abc_def0)),
    ("load_i32 a0, i32::MIN", |asm, _| asm.load_i32(A0, i32::MIN)),
    ("load_f64 fa0, 0.0", |asm, _| asm.load_f64(FA0, 0.0)),
    ("load_f64 fa0, -0.0", |asm, _| asm.load_f64(FA0, -0.0)),
    ("load_f64 fa0, -100.0", |asm, _| asm.load_f64(FA0, -100.0)),
    ("load_f64 fa0, 0.1", |asm, _| asm.load_f64(FA0, 0.1)),
    ("load_f32 fa0, 1.0", |asm, _| asm.load_f32(FA0, 1.0)),
    ("load_f32 fa0, 2049.0", |asm, _| asm.load_f32(FA0, 2049.0)),
    ("load_f32 fa0, 2047.0", |asm, _| asm.load_f32(FA0, 2047.0)),
    ("load_f32 fa0, 0.1", |asm, _| asm.load_f32(FA0, 0.1)),
    ("load_label a0", |asm, label| asm.load_label(A0, label)),
    ("load_far a0, address", |asm, _| asm.load_far(A0, Far::Address(0x5555_0000))),
    ("load_far a0, external", |asm, _| asm.load_far(A0, Far::External(1))),
    ("move_i64 a0, a0", |asm, _| asm.move_i64(A0, A0)),
    ("move_i64 a0, a1", |asm, _| asm.move_i64(A0, A1)),
    ("move_f64 fa0, fa1", |asm, _| asm.move_f64(FA0, FA1)),
    ("parallel_move, a cycle of two", |asm, _| {
        asm.parallel_move(&[
            (Place::General(A0), Place::General(A1)),
            (Place::General(A1), Place::General(A0)),
        ]);
    }),
    ("parallel_move, two places in memory", |asm, _| {
        asm.parallel_move(&[(Place::Stack(8), Place::Stack(4096)), (Place::Stack(4096), Place::Stack(8))]);
    }),
    ("parallel_move, a cycle of floats and memory", |asm, _| {
        asm.parallel_move(&[
            (Place::Float(FA0), Place::Stack(0)),
            (Place::Stack(0), Place::Stack(8)),
            (Place::Stack(8), Place::Float(FA0)),
        ]);
    }),
    ("add_imm_i64 a0, a1, 2047", |asm, _| asm.add_imm_i64(A0, A1, 2047)),
    ("add_imm_i64 a0, a1, 2048", |asm, _| asm.add_imm_i64(A0, A1, 2048)),
    ("add_imm_i64 a0, a1, 4094", |asm, _| asm.add_imm_i64(A0, A1, 4094)),
    ("add_imm_i64 a0, a1, 4095", |asm, _| asm.add_imm_i64(A0, A1, 4095)),
    ("add_imm_i64 a0, a1, 1 << 31", |asm, _| asm.add_imm_i64(A0, A1, 1 << 31)),
    ("sub_imm_i64 a0, a0, 4096", |asm, _| asm.sub_imm_i64(A0, A0, 4096)),
    ("sub_imm_i64 a0, a0, 4097", |asm, _| asm.sub_imm_i64(A0, A0, 4097)),
    ("sub_imm_i32 a0, a1, -2048", |asm, _| asm.sub_imm_i32(A0, A1, -2048)),
    ("sub_imm_i32 a0, a1, i32::MIN", |asm, _| asm.sub_imm_i32(A0, A1, i32::MIN)),
    ("add_checked_i64 a0, a1, a2", |asm, label| asm.add_checked_i64(A0, A1, A2, label)),
    ("add_checked_i64 a0, a0, a2", |asm, label| asm.add_checked_i64(A0, A0, A2, label)),
    ("add_checked_i64 a0, a1, a1", |asm, label| asm.add_checked_i64(A0, A1, A1, label)),
    ("add_checked_i64 a0, a0, a0", |asm, label| asm.add_checked_i64(A0, A0, A0, label)),
    ("add_checked_i32 a0, a1, a2", |asm, label| asm.add_checked_i32(A0, A1, A2, label)),
    ("add_checked_imm_i64 a0, a1, 1", |asm, label| asm.add_checked_imm_i64(A0, A1, 1, label)),
    ("add_checked_imm_i64 a0, a0, -1", |asm, label| asm.add_checked_imm_i64(A0, A0, -1, label)),
    ("add_checked_imm_i32 a0, a1, 5000", |asm, label| asm.add_checked_imm_i32(A0, A1, 5000, label)),
    ("sub_checked_i64 a0, a0, a1", |asm, label| asm.sub_checked_i64(A0, A0, A1, label)),
    ("sub_checked_i64 a0, a1, a1", |asm, label| asm.sub_checked_i64(A0, A1, A1, label)),
    ("sub_checked_i32 a0, a0, a1", |asm, label| asm.sub_checked_i32(A0, A0, A1, label)),
    ("sub_checked_imm_i64 a0, a1, 1", |asm, label| asm.sub_checked_imm_i64(A0, A1, 1, label)),
    ("mul_checked_i64 a0, a1, a2", |asm, label| asm.mul_checked_i64(A0, A1, A2, label)),
    ("mul_checked_i32 a0, a1, a2", |asm, label| asm.mul_checked_i32(A0, A1, A2, label)),
    ("neg_checked_i64 a0, a1", |asm, label| asm.neg_checked_i64(A0, A1, label)),
    ("neg_checked_i32 a0, a1", |asm, label| asm.neg_checked_i32(A0, A1, label)),
    ("abs_checked_i64 a0, a1", |asm, label| asm.abs_checked_i64(A0, A1, label)),
    ("abs_checked_i32 a0, a1", |asm, label| asm.abs_checked_i32(A0, A1, label)),
    ("abs_checked_i32 a0, a1, with Zbb", |asm, label| {
        asm.set_features(Features { zbb: true, ..Features::default() });
        asm.abs_checked_i32(A0, A1, label);
    }),
    ("div_i64 a0, a1, a2", |asm, label| asm.div_i64(A0, A1, A2, label, label)),
    ("div_i32 a0, a1, a2", |asm, label| asm.div_i32(A0, A1, A2, label, label)),
    ("rem_u32 a0, a1, a2", |asm, label| asm.rem_u32(A0, A1, A2, label)),
    ("select_i64 lt a0, a1, a2", |asm, _| asm.select_i64(Compare::Lt, A0, A1, A2)),
    ("select_i64 lt a0, a0, a2", |asm, _| asm.select_i64(Compare::Lt, A0, A0, A2)),
    ("select_i64 below_eq a0, a1, a0", |asm, _| asm.select_i64(Compare::BelowEq, A0, A1, A0)),
    ("select_i64 eq a0, a1, a2", |asm, _| asm.select_i64(Compare::Eq, A0, A1, A2)),
    ("select_i64 above a0, a1, a2, with Zbb", |asm, _| {
        asm.set_features(Features { zbb: true, ..Features::default() });
        asm.select_i64(Compare::Above, A0, A1, A2);
    }),
    ("min_f64 fa0, fa1, fa2", |asm, _| asm.min_f64(FA0, FA1, FA2)),
    ("min_f64 fa0, fa1, fa2, with Zbb", |asm, _| {
        asm.set_features(Features { zbb: true, ..Features::default() });
        asm.min_f64(FA0, FA1, FA2);
    }),
    ("u64_to_f64 fa0, a0", |asm, _| asm.u64_to_f64(FA0, A0)),
    ("f64_to_i64_saturating a0, fa0", |asm, _| asm.f64_to_i64_saturating(A0, FA0)),
    ("f64_to_u32_saturating a0, fa0", |asm, _| asm.f64_to_u32_saturating(A0, FA0)),
    ("f64_to_i64_checked a0, fa0", |asm, label| asm.f64_to_i64_checked(A0, FA0, label)),
    ("f64_to_i32_checked a0, fa0", |asm, label| asm.f64_to_i32_checked(A0, FA0, label)),
    ("f64_to_u64_checked a0, fa0", |asm, label| asm.f64_to_u64_checked(A0, FA0, label)),
    ("f64_to_u32_checked a0, fa0", |asm, label| asm.f64_to_u32_checked(A0, FA0, label)),
    ("branch_i64 gt a0, a1", |asm, label| asm.branch_i64(Compare::Gt, A0, A1, label)),
    ("branch_imm_i64 eq a0, 0, back", |asm, _| {
        let back = asm.new_label();
        asm.bind(back);
        asm.branch_imm_i64(Compare::Eq, A0, 0, back);
    }),
    ("branch_imm_i64 le a0, 4095", |asm, label| asm.branch_imm_i64(Compare::Le, A0, 4095, label)),
    ("branch_imm_i64 gt a0, -1", |asm, label| asm.branch_imm_i64(Compare::Gt, A0, -1, label)),
    ("branch_imm_i64 below a0, 1", |asm, label| asm.branch_imm_i64(Compare::Below, A0, 1, label)),
    ("branch_imm_i64 below a0, 0", |asm, label| asm.branch_imm_i64(Compare::Below, A0, 0, label)),
    ("branch_imm_i64 le a0, i64::MAX", |asm, label| asm.branch_imm_i64(Compare::Le, A0, i64::MAX, label)),
    ("branch_imm_i64 ne a0, 2048", |asm, label| asm.branch_imm_i64(Compare::Ne, A0, 2048, label)),
    ("branch_imm_i32 above a0, i32::MAX", |asm, label| {
        asm.branch_imm_i32(Compare::Above, A0, i32::MAX, label)
    }),
    ("branch_f64 ge fa0, fa1", |asm, label| asm.branch_f64(FloatCompare::Ge, FA0, FA1, label)),
    ("branch_f64 ne fa0, fa1", |asm, label| asm.branch_f64(FloatCompare::Ne, FA0, FA1, label)),
    ("set_i64 eq a0, a1, a2", |asm, _| asm.set_i64(Compare::Eq, A0, A1, A2)),
    ("set_i64 ne a0, a1, zero", |asm, _| asm.set_i64(Compare::Ne, A0, A1, ZERO)),
    ("set_i64 below_eq a0, a1, a2", |asm, _| asm.set_i64(Compare::BelowEq, A0, A1, A2)),
    ("set_f64 ne a0, fa0, fa1", |asm, _| asm.set_f64(FloatCompare::Ne, A0, FA0, FA1)),
    ("load u8 a0, 2047(a1)", |asm, _| asm.load(Access::U8, A0, A1, 2047)),
    ("load i64 a0, 8(sp)", |asm, _| asm.load(Access::I64, A0, SP, 8)),
    ("load i64 a0, 2048(a1)", |asm, _| asm.load(Access::I64, A0, A1, 2048)),
    ("load i64 a0, -4096(a1)", |asm, _| asm.load(Access::I64, A0, A1, -4096)),
    ("load i64 a0, 4095(a1)", |asm, _| asm.load(Access::I64, A0, A1, 4095)),
    ("load i64 a0, 0x7fffffff(a1)", |asm, _| asm.load(Access::I64, A0, A1, 0x7fff_ffff)),
    ("store w8 zero, 0(a1)", |asm, _| asm.store(Width::W8, ZERO, A1, 0)),
    ("store_mem_f64 fa0, 0x12345678(a1)", |asm, _| asm.store_mem_f64(FA0, A1, 0x1234_5678)),
    ("poll 16(a0)", |asm, label| asm.poll(A0, 16, label)),
    ("call_far address", |asm, _| asm.call_far(Far::Address(0x12_3456_7890), None)),
    ("call_far external", |asm, _| asm.call_far(Far::External(7), None)),
    ("call_far external, through t0", |asm, _| asm.call_far(Far::External(7), Some(T0))),
    ("jump_far address", |asm, _| asm.jump_far(Far::Address(0x1000), None)),
    ("prologue, epilogue", |asm, _| {
        let frame = Frame { saved: &[S1, S2], saved_floats: &[FS0], locals: 24, probed: true };
        assert_eq!(asm.prologue(Abi::Lp64d, &frame), FrameLayout { size: 64, locals: 0 });
        asm.epilogue(Abi::Lp64d, &frame);
    }),
    ("prologue, epilogue, of 2032 bytes", |asm, _| {
        let frame = Frame { locals: 2016, ..Frame::default() };
        assert_eq!(asm.prologue(Abi::Lp64d, &frame), FrameLayout { size: 2032, locals: 0 });
        asm.epilogue(Abi::Lp64d, &frame);
    }),
    ("prologue, epilogue, of 2048 bytes", |asm, _| {
        let frame = Frame { saved: &[S1], locals: 2024, ..Frame::default() };
        assert_eq!(asm.prologue(Abi::Lp64d, &frame), FrameLayout { size: 2048, locals: 0 });
        asm.epilogue(Abi::Lp64d, &frame);
    }),
    ("prologue, of 1 MiB, probed", |asm, _| {
        let frame = Frame { locals: 1 << 20, probed: true, ..Frame::default() };
        assert_eq!(asm.prologue(Abi::Lp64d, &frame), FrameLayout { size: (1 << 20) + 16, locals: 0 });
    }),
    ("probe_stack 3 pages", |asm, _| asm.probe_stack(3 * 4096)),
    ("probe_stack 4 pages, 16", |asm, _| asm.probe_stack(4 * 4096 + 16)),
];

#[test]
fn macros_become_what_the_listing_shows() {
    let mut found = String::new();
    for (title, emit) in LISTED {
        let mut texts = [true, false].map(|compress| {
            let mut asm = Assembler::new();
            asm.compress(compress);
            let label = asm.new_label();
            emit(&mut asm, label);
            asm.bind(label);
            text(&mut asm)
        });
        found += &format!("{title}\n");
        texts.reverse();
        let [plain, short] = texts.map(|text| text.lines().map(str::to_string).collect::<Vec<_>>());
        for line in 0..plain.len().max(short.len()) {
            let (plain, short) = (plain.get(line), short.get(line));
            let is_same = plain == short;
            let short = if is_same { "" } else { short.map_or("-", String::as_str) };
            found += format!("    {:<32}{short}", plain.map_or("-", String::as_str)).trim_end();
            found += "\n";
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/asm/rv64/macros/listing.txt");
    if std::env::var_os("ORUS_BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let expected = include_str!("listing.txt");
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of listing.txt", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// Operands for a macro: destination, sources, float destination, float sources, label.
#[derive(Clone, Copy)]
struct Operands {
    d: X,
    n: X,
    m: X,
    f: F,
    g: F,
    h: F,
    to: Label,
}

type Call = fn(&mut Assembler, Operands);

/// Each macro, with the operands that it takes; `b` is `n` where it may be the stack pointer.
const CALLS: &[(&str, Call)] = &[
    ("d", |asm, o| asm.load_i64(o.d, 1 << 40)),
    ("d", |asm, o| asm.load_i32(o.d, 5)),
    ("f", |asm, o| asm.load_f64(o.f, 0.1)),
    ("f", |asm, o| asm.load_f32(o.f, 0.1)),
    ("d", |asm, o| asm.load_label(o.d, o.to)),
    ("d", |asm, o| asm.load_far(o.d, Far::External(1))),
    ("dn", |asm, o| asm.move_i64(o.d, o.n)),
    ("fg", |asm, o| asm.move_f64(o.f, o.g)),
    ("dn", |asm, o| asm.parallel_move(&[(Place::General(o.n), Place::General(o.d))])),
    ("fg", |asm, o| asm.parallel_move(&[(Place::Float(o.g), Place::Float(o.f))])),
    ("dn", |asm, o| asm.add_imm_i64(o.d, o.n, 5000)),
    ("dn", |asm, o| asm.add_imm_i32(o.d, o.n, 5000)),
    ("dn", |asm, o| asm.sub_imm_i64(o.d, o.n, 5000)),
    ("dn", |asm, o| asm.sub_imm_i32(o.d, o.n, 5000)),
    ("dnm", |asm, o| asm.add_checked_i64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.add_checked_i32(o.d, o.n, o.m, o.to)),
    ("dn", |asm, o| asm.add_checked_imm_i64(o.d, o.n, 5, o.to)),
    ("dn", |asm, o| asm.add_checked_imm_i32(o.d, o.n, 5, o.to)),
    ("dnm", |asm, o| asm.sub_checked_i64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.sub_checked_i32(o.d, o.n, o.m, o.to)),
    ("dn", |asm, o| asm.sub_checked_imm_i64(o.d, o.n, 5, o.to)),
    ("dn", |asm, o| asm.sub_checked_imm_i32(o.d, o.n, 5, o.to)),
    ("dnm", |asm, o| asm.mul_checked_i64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.mul_checked_i32(o.d, o.n, o.m, o.to)),
    ("dn", |asm, o| asm.neg_checked_i64(o.d, o.n, o.to)),
    ("dn", |asm, o| asm.neg_checked_i32(o.d, o.n, o.to)),
    ("dn", |asm, o| asm.abs_checked_i64(o.d, o.n, o.to)),
    ("dn", |asm, o| asm.abs_checked_i32(o.d, o.n, o.to)),
    ("dnm", |asm, o| asm.div_i64(o.d, o.n, o.m, o.to, o.to)),
    ("dnm", |asm, o| asm.div_i32(o.d, o.n, o.m, o.to, o.to)),
    ("dnm", |asm, o| asm.div_u64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.div_u32(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.rem_i64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.rem_i32(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.rem_u64(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.rem_u32(o.d, o.n, o.m, o.to)),
    ("dnm", |asm, o| asm.select_i64(Compare::Le, o.d, o.n, o.m)),
    ("dnm", |asm, o| asm.select_i32(Compare::Eq, o.d, o.n, o.m)),
    ("fgh", |asm, o| asm.min_f64(o.f, o.g, o.h)),
    ("fgh", |asm, o| asm.max_f64(o.f, o.g, o.h)),
    ("fn", |asm, o| asm.i64_to_f64(o.f, o.n)),
    ("fn", |asm, o| asm.i32_to_f64(o.f, o.n)),
    ("fn", |asm, o| asm.u64_to_f64(o.f, o.n)),
    ("fn", |asm, o| asm.u32_to_f64(o.f, o.n)),
    ("dg", |asm, o| asm.f64_to_i64_saturating(o.d, o.g)),
    ("dg", |asm, o| asm.f64_to_i32_saturating(o.d, o.g)),
    ("dg", |asm, o| asm.f64_to_u64_saturating(o.d, o.g)),
    ("dg", |asm, o| asm.f64_to_u32_saturating(o.d, o.g)),
    ("dg", |asm, o| asm.f64_to_i64_checked(o.d, o.g, o.to)),
    ("dg", |asm, o| asm.f64_to_i32_checked(o.d, o.g, o.to)),
    ("dg", |asm, o| asm.f64_to_u64_checked(o.d, o.g, o.to)),
    ("dg", |asm, o| asm.f64_to_u32_checked(o.d, o.g, o.to)),
    ("nm", |asm, o| asm.branch_i64(Compare::Le, o.n, o.m, o.to)),
    ("nm", |asm, o| asm.branch_i32(Compare::Le, o.n, o.m, o.to)),
    ("n", |asm, o| asm.branch_imm_i64(Compare::Le, o.n, 77, o.to)),
    ("n", |asm, o| asm.branch_imm_i32(Compare::Le, o.n, 77, o.to)),
    ("gh", |asm, o| asm.branch_f64(FloatCompare::Le, o.g, o.h, o.to)),
    ("dnm", |asm, o| asm.set_i64(Compare::Eq, o.d, o.n, o.m)),
    ("dnm", |asm, o| asm.set_i32(Compare::Le, o.d, o.n, o.m)),
    ("dgh", |asm, o| asm.set_f64(FloatCompare::Le, o.d, o.g, o.h)),
    ("db", |asm, o| asm.load(Access::I32, o.d, o.n, 5000)),
    ("mb", |asm, o| asm.store(Width::W16, o.m, o.n, 5000)),
    ("fb", |asm, o| asm.load_mem_f64(o.f, o.n, 5000)),
    ("gb", |asm, o| asm.store_mem_f64(o.g, o.n, 5000)),
    ("b", |asm, o| asm.poll(o.n, 5000, o.to)),
    ("d", |asm, o| {
        asm.prologue(Abi::Lp64d, &Frame { saved: &[o.d], ..Frame::default() });
    }),
    ("g", |asm, o| asm.epilogue(Abi::Lp64d, &Frame { saved_floats: &[o.g], ..Frame::default() })),
];

#[test]
fn operands_that_no_macro_takes_are_errors_and_all_others_are_none() {
    for (row, (takes, call)) in CALLS.iter().enumerate() {
        for which in takes.chars() {
            for number in 0..32 {
                let mut asm = Assembler::new();
                let to = asm.new_label();
                let (x, f) = (X::from_low_bits(number), F::from_low_bits(number));
                let mut operands = Operands { d: A0, n: A1, m: A2, f: FA0, g: FA1, h: FA2, to };
                let is_right = match which {
                    'd' => {
                        operands.d = x;
                        ![0, 2, 30, 31].contains(&number)
                    }
                    'n' => {
                        operands.n = x;
                        ![2, 30, 31].contains(&number)
                    }
                    'b' => {
                        operands.n = x;
                        ![30, 31].contains(&number)
                    }
                    'm' => {
                        operands.m = x;
                        ![2, 30, 31].contains(&number)
                    }
                    'f' => {
                        operands.f = f;
                        number != 31
                    }
                    'g' => {
                        operands.g = f;
                        number != 31
                    }
                    _ => {
                        operands.h = f;
                        number != 31
                    }
                };
                call(&mut asm, operands);
                asm.bind(to);
                let refused = matches!(asm.finish(), Err(AsmError::Operand { offset: 0, .. }));
                assert_eq!(!refused, is_right, "row {row}, {which} = {number}");
                assert_eq!(asm.finish().is_ok(), is_right);
            }
        }
    }
}

#[test]
fn frames_places_and_sizes_that_cannot_be_are_errors() {
    let wrong: &[fn(&mut Assembler)] = &[
        |asm| asm.parallel_move(&[(Place::General(A0), Place::Stack(4))]),
        |asm| asm.parallel_move(&[(Place::Stack(12), Place::General(A0))]),
        |asm| {
            let twice = (Place::General(A0), Place::General(A1));
            asm.parallel_move(&[twice, (Place::Float(FA0), Place::General(A1))]);
        },
        |asm| asm.probe_stack(8),
        |asm| asm.call_far(Far::Address(0), Some(SP)),
        |asm| asm.jump_far(Far::Address(0), Some(ZERO)),
        |asm| asm.epilogue(Abi::Lp64d, &Frame { saved: &[S1, S2, S1], ..Frame::default() }),
        |asm| asm.epilogue(Abi::Lp64d, &Frame { saved_floats: &[FS1, FS1], ..Frame::default() }),
        |asm| asm.epilogue(Abi::Lp64d, &Frame { locals: u32::MAX, ..Frame::default() }),
    ];
    for (row, emit) in wrong.iter().enumerate() {
        let mut asm = Assembler::new();
        emit(&mut asm);
        assert!(asm.code().is_empty(), "row {row}");
        assert!(matches!(asm.finish(), Err(AsmError::Operand { .. })), "row {row}");
    }
    let right: &[fn(&mut Assembler)] = &[
        // What is saved anyway may be named.
        |asm| asm.epilogue(Abi::Lp64d, &Frame { saved: &[RA, S0, S1], ..Frame::default() }),
        |asm| asm.epilogue(Abi::Lp64d, &Frame { locals: (1 << 31) - 32, ..Frame::default() }),
        |asm| asm.call_far(Far::Address(u64::MAX), Some(T6)),
        |asm| asm.parallel_move(&[(Place::General(ZERO), Place::Stack(0xffff_fff8))]),
        |asm| asm.probe_stack(0xffff_fff0),
    ];
    for (row, emit) in right.iter().enumerate() {
        let mut asm = Assembler::new();
        emit(&mut asm);
        assert!(asm.finish().is_ok(), "row {row}");
    }
}
