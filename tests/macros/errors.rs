//! Operands that macros do not take are errors with a type, never a panic.

use orus::asm::AsmError;
use orus::asm::macros::{Access, Compare, FloatCompare, Frame, MacroAssembler, Place, Width};

use crate::Target;
use crate::run::error_of;

type Emit<M, R> = fn(&mut M, R, R);

fn assert_operand<M: Target>(what: &str, number: usize, emit: impl FnOnce(&mut M)) {
    let error = error_of::<M>(emit);
    assert!(matches!(error, Some(AsmError::Operand { .. })), "{what}, case {number}: {error:?}");
}

pub fn all<M: Target>() {
    let general: &[Emit<M, M::R64>] = &[
        |a, s, _| a.load_i64(s, 5),
        |a, s, _| a.load_i32(M::low(s), 5),
        |a, s, r| a.move_i64(s, r),
        |a, s, r| a.move_i64(r, s),
        |a, s, r| a.add_imm_i64(s, r, 1),
        |a, s, r| a.add_imm_i64(r, s, 1),
        |a, s, r| a.sub_imm_i32(M::low(s), M::low(r), 1),
        |a, s, r| a.sub_imm_i32(M::low(r), M::low(s), 1),
        |a, s, r| with_label(a, |a, l| a.add_checked_i64(s, r, r, l)),
        |a, s, r| with_label(a, |a, l| a.add_checked_i64(r, s, r, l)),
        |a, s, r| with_label(a, |a, l| a.add_checked_i64(r, r, s, l)),
        |a, s, r| with_label(a, |a, l| a.sub_checked_i32(M::low(r), M::low(r), M::low(s), l)),
        |a, s, r| with_label(a, |a, l| a.add_checked_imm_i64(s, r, 1, l)),
        |a, s, r| with_label(a, |a, l| a.sub_checked_imm_i64(r, s, 1, l)),
        |a, s, r| with_label(a, |a, l| a.mul_checked_i64(r, s, r, l)),
        |a, s, r| with_label(a, |a, l| a.neg_checked_i64(s, r, l)),
        |a, s, r| with_label(a, |a, l| a.abs_checked_i64(r, s, l)),
        |a, s, r| with_label(a, |a, l| a.div_i64(s, r, r, l, l)),
        |a, s, r| with_label(a, |a, l| a.div_u32(M::low(r), M::low(s), M::low(r), l)),
        |a, s, r| with_label(a, |a, l| a.rem_u64(r, r, s, l)),
        |a, s, r| a.select_i64(Compare::Lt, s, r, r),
        |a, s, r| a.select_i32(Compare::Lt, M::low(r), M::low(r), M::low(s)),
        |a, s, _| a.i64_to_f64(M::FLOAT[0], s),
        |a, s, _| a.u64_to_f64(M::FLOAT[0], s),
        |a, s, _| a.f64_to_i64_saturating(s, M::FLOAT[0]),
        |a, s, _| a.f64_to_u32_saturating(M::low(s), M::FLOAT[0]),
        |a, s, _| with_label(a, |a, l| a.f64_to_u64_checked(s, M::FLOAT[0], l)),
        |a, s, r| with_label(a, |a, l| a.branch_i64(Compare::Lt, s, r, l)),
        |a, s, r| with_label(a, |a, l| a.branch_i32(Compare::Lt, M::low(r), M::low(s), l)),
        |a, s, _| with_label(a, |a, l| a.branch_imm_i64(Compare::Lt, s, 1, l)),
        |a, s, r| a.set_i64(Compare::Lt, s, r, r),
        |a, s, r| a.set_i64(Compare::Lt, r, r, s),
        |a, s, _| a.set_f64(FloatCompare::Lt, s, M::FLOAT[0], M::FLOAT[1]),
        |a, s, r| a.load(Access::I64, s, r.into(), 0),
        |a, s, r| a.load(Access::I64, r, s.into(), 0),
        |a, s, r| a.store(Width::W64, s, r.into(), 0),
        |a, s, r| a.store(Width::W64, r, s.into(), 0),
        |a, s, _| a.load_mem_f64(M::FLOAT[0], s.into(), 0),
        |a, s, _| a.store_mem_f64(M::FLOAT[0], s.into(), 1 << 40),
        |a, s, _| with_label(a, |a, l| a.poll(s.into(), 0, l)),
        |a, s, r| a.parallel_move(&[(Place::General(s), Place::General(r))]),
        |a, s, r| a.parallel_move(&[(Place::General(r), Place::General(s))]),
    ];
    for (number, emit) in general.iter().enumerate() {
        for &scratch in M::SCRATCH {
            assert_operand::<M>("a scratch register", number, |asm| emit(asm, scratch, M::GENERAL[0]));
        }
        // The same with operands that are right, so that it is the register that is wrong.
        assert_eq!(error_of::<M>(|asm| emit(asm, M::GENERAL[1], M::GENERAL[2])), None, "case {number}");
    }
    let floats: &[Emit<M, M::F64>] = &[
        |a, s, _| a.load_f64(s, 1.5),
        |a, s, _| a.load_f32(M::single(s), 1.5),
        |a, s, r| a.move_f64(s, r),
        |a, s, r| a.move_f64(r, s),
        |a, s, r| a.min_f64(s, r, r),
        |a, s, r| a.max_f64(r, s, r),
        |a, s, r| a.max_f64(r, r, s),
        |a, s, _| a.i64_to_f64(s, M::GENERAL[0]),
        |a, s, _| a.f64_to_i64_saturating(M::GENERAL[0], s),
        |a, s, _| with_label(a, |a, l| a.f64_to_i32_checked(M::low(M::GENERAL[0]), s, l)),
        |a, s, r| with_label(a, |a, l| a.branch_f64(FloatCompare::Lt, s, r, l)),
        |a, s, r| a.set_f64(FloatCompare::Lt, M::GENERAL[0], r, s),
        |a, s, _| a.load_mem_f64(s, M::GENERAL[0].into(), 0),
        |a, s, _| a.store_mem_f64(s, M::GENERAL[0].into(), 0),
        |a, s, r| a.parallel_move(&[(Place::Float(s), Place::Float(r))]),
    ];
    for (number, emit) in floats.iter().enumerate() {
        for &scratch in M::FLOAT_SCRATCH {
            assert_operand::<M>("a float scratch register", number, |asm| emit(asm, scratch, M::FLOAT[0]));
        }
        assert_eq!(error_of::<M>(|asm| emit(asm, M::FLOAT[1], M::FLOAT[2])), None, "float case {number}");
    }
    let (a, b) = (Place::General(M::GENERAL[0]), Place::General(M::GENERAL[1]));
    assert_operand::<M>("two moves to one place", 0, |asm| asm.parallel_move(&[(a, b), (b, b)]));
    assert_operand::<M>("a stack place between two", 0, |asm| asm.parallel_move(&[(a, Place::Stack(12))]));
    assert_operand::<M>("a stack place between two", 1, |asm| asm.parallel_move(&[(Place::Stack(4), b)]));
    assert_operand::<M>("a stack that is not aligned", 0, |asm| asm.probe_stack(24));
    // A frame of any size is an error at worst.
    let huge = Frame { locals: u32::MAX, probed: true, ..Frame::default() };
    assert_operand::<M>("a frame of 4 GiB", 0, |asm| {
        asm.prologue(M::HOST_ABI, &huge);
    });
}

/// Calls with a label that is bound behind.
fn with_label<M: MacroAssembler>(asm: &mut M, emit: impl FnOnce(&mut M, orus::asm::Label)) {
    let label = asm.new_label();
    emit(asm, label);
    asm.bind(label);
}
