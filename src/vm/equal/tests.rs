//! Deep equality: by type, with cycles, with much sharing, with long lists.

use super::super::array::from_slots;
use super::super::heap::poll::INTERRUPT;
use super::super::testing::{TestContext, Types};
use super::*;

const FIRST: u32 = TypeId::PREDEFINED;
const F64S: TypeId = TypeId(FIRST);
const I32S: TypeId = TypeId(FIRST + 1);
const MATRIX: TypeId = TypeId(FIRST + 2);
const NODE: TypeId = TypeId(FIRST + 3);
const NODES: TypeId = TypeId(FIRST + 4);
const LIST: TypeId = TypeId(FIRST + 5);
const MAP: TypeId = TypeId(FIRST + 6);
const ERRORS: TypeId = TypeId(FIRST + 7);

/// `struct Node { id: i32, next: [Node], name: string }`, `enum List { Nil, Cons(f64, List, List) }`.
fn context() -> TestContext {
    let mut types = Types::new();
    assert_eq!(types.array(TypeId::F64), F64S);
    assert_eq!(types.array(TypeId::I32), I32S);
    assert_eq!(types.array(F64S), MATRIX);
    let node = [("id", TypeId::I32, false), ("next", NODES, true), ("name", TypeId::STRING, true)];
    assert_eq!(types.structure("Node", &node), NODE);
    assert_eq!(types.array(NODE), NODES);
    let cons = [("", TypeId::F64, false), ("", LIST, true), ("", LIST, true)];
    assert_eq!(types.enumeration("List", &[("Nil", &[]), ("Cons", &cons)]), LIST);
    assert_eq!(types.map(TypeId::I32, F64S), MAP);
    assert_eq!(types.array(TypeId::ERROR), ERRORS);
    TestContext::of(types.0)
}

fn floats(context: &mut TestContext, values: &[f64]) -> u64 {
    let slots: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
    from_slots(&mut context.heap, F64S, Elem::Word, &slots).unwrap().bits()
}

fn node(context: &mut TestContext, id: i32, name: &str, next: &[u64]) -> Ref {
    let next = from_slots(&mut context.heap, NODES, Elem::Ref, next).unwrap();
    let name = context.heap.new_string(name).unwrap();
    let object = context.heap.new_object(NODE, 0, 3).unwrap();
    [next.bits(), name.bits(), i64::from(id) as u64]
        .into_iter()
        .zip(0..)
        .for_each(|(bits, slot)| object.set_slot(slot, bits));
    object
}

fn list(context: &mut TestContext, value: f64, left: u64, right: u64) -> u64 {
    let object = context.heap.new_object(LIST, 1, 3).unwrap();
    [left, right, value.to_bits()].into_iter().zip(0..).for_each(|(bits, slot)| object.set_slot(slot, bits));
    object.bits()
}

#[test]
fn arrays_by_value() {
    let mut context = context();
    let (a, b) = (floats(&mut context, &[1.0, -0.0]), floats(&mut context, &[1.0, 0.0]));
    let (nan, short) = (floats(&mut context, &[1.0, f64::NAN]), floats(&mut context, &[1.0]));
    assert_eq!(deep(&context, F64S, a, b), Ok(true));
    // NaN differs from itself, even in the same array.
    assert_eq!(deep(&context, F64S, nan, nan), Ok(false));
    assert_eq!(deep(&context, F64S, a, short), Ok(false));
    let rows = |context: &mut TestContext, rows: &[u64]| {
        from_slots(&mut context.heap, MATRIX, Elem::Ref, rows).unwrap().bits()
    };
    let (m, n, o) =
        (rows(&mut context, &[a, short]), rows(&mut context, &[b, short]), rows(&mut context, &[a, nan]));
    assert_eq!((deep(&context, MATRIX, m, n), deep(&context, MATRIX, m, o)), (Ok(true), Ok(false)));
    let ints = |context: &mut TestContext, values: &[u64]| {
        from_slots(&mut context.heap, I32S, Elem::I32, values).unwrap().bits()
    };
    let (i, j, k) = (ints(&mut context, &[1, 2]), ints(&mut context, &[1, 2]), ints(&mut context, &[1, 3]));
    assert_eq!((deep(&context, I32S, i, j), deep(&context, I32S, i, k)), (Ok(true), Ok(false)));
}

#[test]
fn errors_by_kind_and_message() {
    let mut context = context();
    let mut error =
        |error: RuntimeError| super::super::error_value::of(&mut context.heap, &error).unwrap().bits();
    let a = error(RuntimeError::PopFromEmpty);
    let b = error(RuntimeError::PopFromEmpty);
    let c = error(RuntimeError::Raised("Cannot pop from an empty array".into()));
    assert_eq!(deep(&context, TypeId::ERROR, a, b), Ok(true));
    assert_eq!(deep(&context, TypeId::ERROR, a, c), Ok(false));
}

#[test]
fn maps_whatever_their_order() {
    let mut context = context();
    let (one, two) = (floats(&mut context, &[1.0]), floats(&mut context, &[2.0]));
    let also_one = floats(&mut context, &[1.0]);
    let make = |context: &mut TestContext, entries: &[(u64, u64)]| {
        let map = context.heap.new_map(MAP).unwrap();
        entries.iter().for_each(|&(key, value)| map::set(context, map, key, value).unwrap());
        map.bits()
    };
    let a = make(&mut context, &[(1, one), (2, two), (3, one)]);
    let b = make(&mut context, &[(3, also_one), (2, two), (1, also_one)]);
    let c = make(&mut context, &[(1, one), (2, two), (4, one)]);
    let d = make(&mut context, &[(1, two), (2, two), (3, one)]);
    let results = [a, b, c, d].map(|other| deep(&context, MAP, a, other).unwrap());
    assert_eq!(results, [true, true, false, false]);
}

#[test]
fn values_that_contain_themselves() {
    let mut context = context();
    // Rings of 2 and of 3 nodes that look alike when they are unrolled.
    let ring = |context: &mut TestContext, length: usize, odd: Option<usize>| {
        let nodes: Vec<Ref> =
            (0..length).map(|at| node(context, if odd == Some(at) { 9 } else { 1 }, "n", &[])).collect();
        for at in 0..length {
            let next = Ref::from_bits(nodes[at].slot(0)).as_array();
            next.push(&mut context.heap, Elem::Ref, nodes[(at + 1) % length].bits()).unwrap();
        }
        nodes[0].bits()
    };
    let (two, three) = (ring(&mut context, 2, None), ring(&mut context, 3, None));
    let (long, odd) = (ring(&mut context, 211, None), ring(&mut context, 211, Some(200)));
    assert_eq!(deep(&context, NODE, two, three), Ok(true));
    assert_eq!(deep(&context, NODE, two, long), Ok(true));
    assert_eq!(deep(&context, NODE, long, odd), Ok(false));
    assert_eq!(deep(&context, NODE, odd, odd), Ok(true));
}

#[test]
fn shared_parts_are_not_compared_once_for_each_path() {
    let mut context = context();
    let nil = context.heap.new_object(LIST, 0, 0).unwrap().bits();
    let tower = |context: &mut TestContext, last: f64| {
        let mut top = list(context, last, nil, nil);
        for _ in 0..200 {
            top = list(context, 1.0, top, top);
        }
        top
    };
    let (a, b, c) = (tower(&mut context, 2.0), tower(&mut context, 2.0), tower(&mut context, 3.0));
    assert_eq!(deep(&context, LIST, a, b), Ok(true));
    assert_eq!(deep(&context, LIST, a, c), Ok(false));
}

#[test]
fn long_lists_and_long_chains_of_structs() {
    let count = if cfg!(miri) { 200 } else { 100_000 };
    let mut context = context();
    let nil = context.heap.new_object(LIST, 0, 0).unwrap().bits();
    let chain = |context: &mut TestContext, end: f64| {
        let mut head = list(context, end, nil, nil);
        let mut first = node(context, end as i32, "end", &[]);
        for number in 0..count {
            head = list(context, f64::from(number), head, nil);
            first = node(context, number, "x", &[first.bits()]);
        }
        (head, first.bits())
    };
    let (a, b, c) = (chain(&mut context, 0.0), chain(&mut context, 0.0), chain(&mut context, 1.0));
    assert_eq!((deep(&context, LIST, a.0, b.0), deep(&context, LIST, a.0, c.0)), (Ok(true), Ok(false)));
    assert_eq!((deep(&context, NODE, a.1, b.1), deep(&context, NODE, a.1, c.1)), (Ok(true), Ok(false)));
    if !cfg!(miri) {
        context.heap.poll.set(INTERRUPT);
        assert_eq!(deep(&context, LIST, a.0, b.0), Err(Fault::Interrupted));
    }
}
