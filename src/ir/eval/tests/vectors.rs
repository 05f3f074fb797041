//! Vector instructions at their corners.

use super::*;
use crate::ir::types::Lane;

/// Lanes as a vector's bytes.
fn lanes(kind: Kind, lane: Lane, values: &[u64]) -> vector::Bytes {
    vector::build(kind, lane, |index| values[index as usize % values.len()])
}

#[test]
fn vectors() {
    use Kind::{V128, V256};
    let m = |number: i64| number as u64;
    for (op, kind, lane, a, b, result) in [
        (Op::VAdd, V128, Lane::I32, vec![MAX32, 1], vec![1, 2], vec![MIN32, 3]),
        (Op::VAdd, V256, Lane::U8, vec![255, 1], vec![1, 1], vec![0, 2]),
        (Op::VAdd, V256, Lane::F64, vec![fb(0.1)], vec![fb(0.2)], vec![fb(0.1 + 0.2)]),
        (Op::VSub, V256, Lane::I64, vec![0, 5], vec![1, 3], vec![M1_64, 2]),
        (Op::VSub, V128, Lane::U8, vec![0], vec![1], vec![255]),
        (Op::VMul, V128, Lane::U32, vec![M1_32], vec![M1_32], vec![1]),
        (Op::VMul, V256, Lane::F64, vec![fb(3.0)], vec![fb(0.5)], vec![fb(1.5)]),
        (
            Op::VDiv,
            V128,
            Lane::F64,
            vec![fb(1.0), fb(-1.0)],
            vec![0],
            vec![fb(f64::INFINITY), fb(f64::NEG_INFINITY)],
        ),
        (Op::VAnd, V128, Lane::I32, vec![12], vec![10], vec![8]),
        (Op::VOr, V256, Lane::I32, vec![12], vec![10], vec![14]),
        (Op::VXor, V256, Lane::I64, vec![12], vec![10], vec![6]),
        (Op::VMin, V128, Lane::I32, vec![M1_32, 3], vec![1], vec![M1_32, 1]),
        (Op::VMin, V128, Lane::U32, vec![M1_32, 3], vec![1], vec![1]),
        (Op::VMax, V256, Lane::U8, vec![200, 3], vec![100], vec![200, 100]),
        (Op::VEq, V128, Lane::U8, vec![1, 2], vec![1], vec![255, 0]),
        (Op::VEq, V256, Lane::F64, vec![fb(f64::NAN), fb(-0.0)], vec![fb(f64::NAN), 0], vec![0, M1_64]),
        (Op::VGt, V128, Lane::I32, vec![M1_32, 2], vec![1], vec![0, M1_32]),
        (Op::VGt, V128, Lane::U32, vec![M1_32, 1], vec![1], vec![M1_32, 0]),
        (Op::VGt, V256, Lane::I64, vec![M1_64, 2], vec![1], vec![0, M1_64]),
        (Op::VGt, V256, Lane::U8, vec![200, 100], vec![100], vec![255, 0]),
        (Op::VGt, V128, Lane::F64, vec![fb(2.0), fb(f64::NAN)], vec![fb(1.0)], vec![M1_64, 0]),
    ] {
        let (a, b) = (lanes(kind, lane, &a), lanes(kind, lane, &b));
        let result = lanes(kind, lane, &result);
        assert_eq!(vector::binary(op, kind, lane, &a, &b), Some(result), "{op:?} {kind} {lane:?}");
    }
    let eight: Vec<u64> = (0..8).map(|index| m(index - 4)).collect();
    let source = lanes(V256, Lane::I32, &eight);
    let signed = lanes(V256, Lane::I64, &eight[..4]);
    assert_eq!(vector::unary(Op::VWidenLow, V256, Lane::I32, &source), Some(signed));
    assert_eq!(
        vector::unary(Op::VWidenHigh, V256, Lane::U32, &source),
        Some(lanes(V256, Lane::I64, &[0, 1, 2, 3]))
    );
    assert_eq!(
        vector::unary(Op::VWidenHigh, V128, Lane::U32, &source),
        Some(lanes(V128, Lane::U64, &[M1_32 - 1, M1_32]))
    );
    assert_eq!(vector::unary(Op::VWidenLow, V128, Lane::U8, &source), None);
    assert_eq!(
        vector::unary(Op::VSqrt, V128, Lane::F64, &lanes(V128, Lane::F64, &[fb(4.0), fb(9.0)])),
        Some(lanes(V128, Lane::F64, &[fb(2.0), fb(3.0)]))
    );
    let mask = lanes(V128, Lane::U8, &[0x80, 0x7f]);
    let chosen = vector::select(&mask, &lanes(V128, Lane::U8, &[1]), &lanes(V128, Lane::U8, &[2]));
    assert_eq!(chosen, lanes(V128, Lane::U8, &[1, 2]));
}

#[test]
fn reductions() {
    use Kind::{V128, V256};
    // In another order the sum is another one.
    let floats = [fb(1e16), fb(1.0), fb(-1e16), fb(1.0)];
    for (op, kind, lane, a, result) in [
        (Op::VSum, V128, Lane::I32, vec![MAX32, 1, 0, 0], MIN32),
        (Op::VSum, V256, Lane::U64, vec![M1_64, 2, 0, 0], 1),
        (Op::VSum, V128, Lane::U8, vec![255], 255 * 16),
        (Op::VSum, V256, Lane::F64, floats.to_vec(), fb(1e16 + 1.0 - 1e16 + 1.0)),
        (Op::VLeast, V128, Lane::I32, vec![1, M1_32, 0, 5], M1_32),
        (Op::VLeast, V128, Lane::U32, vec![1, M1_32, 7, 5], 1),
        (Op::VGreatest, V256, Lane::U8, vec![1, 255, 7, 5], 255),
        (Op::VTrue, V256, Lane::U8, vec![0x80, 0x7f], 16),
        (Op::VTrue, V128, Lane::I64, vec![MIN64, MAX64], 1),
        (Op::VTrue, V256, Lane::F64, vec![MIN64, MAX64], 2),
    ] {
        assert_eq!(
            vector::reduce(op, kind, lane, &lanes(kind, lane, &a)),
            Some(result),
            "{op:?} {kind} {lane:?}"
        );
    }
}

#[test]
fn vectors_in_programs() {
    let mut program = Program::new();
    let mut f = program.function(&[I64, U32], I32);
    let entry = f.entry();
    let lane = Lane::U32 as u16;
    let with = |data: InstData| InstData { aux: lane, ..data };
    let splat = f.append(entry, with(InstData::unary(Op::VSplat, Kind::V256, Value1)));
    let splat = f.result(splat).unwrap_or(Value0);
    let sum = f.append(entry, with(InstData::binary(Op::VAdd, Kind::V256, splat, splat)));
    let sum = f.result(sum).unwrap_or(Value0);
    let access = InstData::access(Mem::V256, 0, Alias::RAW);
    let store =
        InstData { aux: access, b: NONE, c: 1, d: sum.0, ..InstData::unary(Op::Store, Kind::V256, Value0) };
    f.append(entry, store);
    let load = f.append(entry, InstData { op: Op::Load, d: NONE, ..store });
    let load = f.result(load).unwrap_or(Value0);
    let extract = f.append(
        entry,
        InstData { aux: Lane::I32 as u16, b: 7, ..InstData::unary(Op::VExtract, Kind::V256, load) },
    );
    let extract = f.result(extract).unwrap_or(Value0);
    f.append(entry, InstData::unary(Op::Return, I32, extract));
    program.bodies[0] = Some(f);
    assert_eq!(program.run(0, &[0x2000, 21]), returned(42));
    assert_eq!(program.memory.load(0x201d, 4), Ok(42));
    let outside = program.run(0, &[0x20e0, 21]);
    assert!(matches!(outside, Outcome::Trap(Trap { kind: TrapKind::Outside(0x20e1), .. })));
}
