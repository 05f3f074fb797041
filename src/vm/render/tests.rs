//! Renderings of section 14 of the reference, cycles, depth, formats, output.

use super::super::array::from_slots;
use super::super::fault::RuntimeError;
use super::super::heap::poll::INTERRUPT;
use super::super::testing::{TestContext, Types};
use super::super::{error_value, map};
use super::*;
use crate::bytecode::Function;

const FIRST: u32 = TypeId::PREDEFINED;
const I32S: TypeId = TypeId(FIRST);
const BOOLS: TypeId = TypeId(FIRST + 1);
const SHAPE: TypeId = TypeId(FIRST + 2);
const COLOR: TypeId = TypeId(FIRST + 3);
const NODE: TypeId = TypeId(FIRST + 4);
const NODES: TypeId = TypeId(FIRST + 5);
const MAP: TypeId = TypeId(FIRST + 6);
const LIST: TypeId = TypeId(FIRST + 7);
const FUNCTION: TypeId = TypeId(FIRST + 8);
const EMPTY: TypeId = TypeId(FIRST + 9);
const COLORS: TypeId = TypeId(FIRST + 10);
const BY_SHAPE: TypeId = TypeId(FIRST + 11);

fn types() -> Types {
    let mut types = Types::new();
    assert_eq!(types.array(TypeId::I32), I32S);
    assert_eq!(types.array(TypeId::BOOL), BOOLS);
    let shape = types.enumeration(
        "Shape",
        &[("Dot", &[]), ("Box", &[("", TypeId::F64, false), ("label", TypeId::STRING, true)])],
    );
    assert_eq!(shape, SHAPE);
    types.add(TypeDesc::Tag { name: "Color".into(), variants: vec!["Red".into(), "Blue".into()] });
    let fields = [("id", TypeId::U32, false), ("name", TypeId::STRING, true), ("next", NODES, true)];
    assert_eq!(types.structure("Node", &fields), NODE);
    assert_eq!(types.array(NODE), NODES);
    assert_eq!(types.map(TypeId::STRING, TypeId::F64), MAP);
    let cons = [("", TypeId::I64, false), ("", LIST, true)];
    assert_eq!(types.enumeration("List", &[("Nil", &[]), ("Cons", &cons)]), LIST);
    types.add(TypeDesc::Fn { params: vec![], ret: None });
    assert_eq!(types.structure("Empty", &[]), EMPTY);
    assert_eq!(types.array(COLOR), COLORS);
    assert_eq!(types.map(SHAPE, NODES), BY_SHAPE);
    types
}

fn text(context: &mut TestContext, ty: TypeId, slot: u64) -> String {
    to_string(context, ty, slot).unwrap().text().to_owned()
}

fn string(context: &mut TestContext, text: &str) -> u64 {
    context.heap.new_string(text).unwrap().bits()
}

fn object(context: &mut TestContext, ty: TypeId, variant: u32, slots: &[u64]) -> Ref {
    let object = context.heap.new_object(ty, variant, slots.len() as u32).unwrap();
    slots.iter().zip(0..).for_each(|(&bits, slot)| object.set_slot(slot, bits));
    object
}

#[test]
fn scalars_and_strings() {
    let mut context = TestContext::of(types().0);
    let context = &mut context;
    assert_eq!(text(context, TypeId::I32, -7i64 as u64), "-7");
    assert_eq!(text(context, TypeId::I64, i64::MIN as u64), "-9223372036854775808");
    assert_eq!(text(context, TypeId::U32, 255), "255");
    assert_eq!(text(context, TypeId::U64, u64::MAX), "18446744073709551615");
    assert_eq!(text(context, TypeId::F64, 0.1f64.to_bits()), "0.1");
    assert_eq!(text(context, TypeId::BOOL, 1), "true");
    assert_eq!(text(context, COLOR, 1), "Color.Blue");
    let plain = string(context, "a\tb");
    assert_eq!(to_string(context, TypeId::STRING, plain).unwrap().bits(), plain);
    let strings = ["a", "b\n", "q\"\\\r\0", "\u{1b}\u{7f}\u{85}é"].map(|text| string(context, text));
    let array = from_slots(&mut context.heap, TypeId::STRINGS, Elem::Ref, &strings).unwrap();
    let expected = r#"["a", "b\n", "q\"\\\r\0", "\u{1b}\u{7f}\u{85}é"]"#;
    assert_eq!(text(context, TypeId::STRINGS, array.bits()), expected);
}

#[test]
fn objects_of_all_kinds() {
    let mut context = TestContext::of({
        let mut program = types().0;
        for name in ["area", "<fn>", "Account.deposit"] {
            program.functions.push(std::sync::Arc::new(function(name)));
        }
        program
    });
    let context = &mut context;
    let ints = from_slots(&mut context.heap, I32S, Elem::I32, &[1, 2, -3i64 as u64]).unwrap();
    assert_eq!(text(context, I32S, ints.bits()), "[1, 2, -3]");
    let none = context.heap.new_array(I32S, Elem::I32, 0).unwrap();
    assert_eq!(text(context, I32S, none.bits()), "[]");
    let bools = from_slots(&mut context.heap, BOOLS, Elem::Bool, &[1, 0]).unwrap();
    assert_eq!(text(context, BOOLS, bools.bits()), "[true, false]");
    let colors = from_slots(&mut context.heap, COLORS, Elem::U32, &[1, 0]).unwrap();
    assert_eq!(text(context, COLORS, colors.bits()), "[Color.Blue, Color.Red]");
    let label = string(context, "big");
    let dot = object(context, SHAPE, 0, &[]).bits();
    let cube = object(context, SHAPE, 1, &[label, 1.0f64.to_bits()]).bits();
    assert_eq!(text(context, SHAPE, dot), "Shape.Dot");
    assert_eq!(text(context, SHAPE, cube), "Shape.Box(1, \"big\")");
    let next = context.heap.new_array(NODES, Elem::Ref, 0).unwrap().bits();
    let node = object(context, NODE, 0, &[label, next, 5]).bits();
    assert_eq!(text(context, NODE, node), "Node{ id: 5, name: \"big\", next: [] }");
    let empty = object(context, EMPTY, 0, &[]).bits();
    assert_eq!(text(context, EMPTY, empty), "Empty{}");
    let stock = context.heap.new_map(MAP).unwrap();
    assert_eq!(text(context, MAP, stock.bits()), "{}");
    for (key, value) in [("b", 1.0f64), ("a", 2.5)] {
        let key = string(context, key);
        map::set(context, stock, key, value.to_bits()).unwrap();
    }
    assert_eq!(text(context, MAP, stock.bits()), "{\"b\": 1, \"a\": 2.5}");
    let by_shape = context.heap.new_map(BY_SHAPE).unwrap();
    let nodes = from_slots(&mut context.heap, NODES, Elem::Ref, &[node]).unwrap().bits();
    map::set(context, by_shape, cube, nodes).unwrap();
    map::set(context, by_shape, dot, next).unwrap();
    let expected = "{Shape.Box(1, \"big\"): [Node{ id: 5, name: \"big\", next: [] }], Shape.Dot: []}";
    assert_eq!(text(context, BY_SHAPE, by_shape.bits()), expected);
    let functions = [0, 1, 2].map(|number| object(context, FUNCTION, number, &[]).bits());
    assert_eq!(
        functions.map(|slot| text(context, FUNCTION, slot)),
        ["<fn area>", "<fn>", "<fn Account.deposit>"]
    );
    let range = context.heap.new_range(0, 3, 1).unwrap().bits();
    assert_eq!(text(context, TypeId::RANGE, range), "<range>");
    let error = error_value::of(&mut context.heap, &RuntimeError::DivisionByZero).unwrap().bits();
    assert_eq!(text(context, TypeId::ERROR, error), "Division by zero");
}

fn function(name: &str) -> Function {
    Function {
        name: name.into(),
        file: crate::bytecode::FileId(0),
        params: vec![],
        ret: None,
        closure: None,
        registers: vec![],
        refs: 0,
        ref_params: 0,
        scalar_params: 0,
        depth_cost: 1,
        counter: 0,
        hidden: false,
        code: vec![],
        handlers: vec![],
        positions: vec![],
        names: vec![],
    }
}

#[test]
fn cycles_end_and_shared_parts_are_written_twice() {
    let mut context = TestContext::of(types().0);
    let context = &mut context;
    let name = string(context, "n");
    let list = context.heap.new_array(NODES, Elem::Ref, 0).unwrap();
    let node = object(context, NODE, 0, &[name, list.bits(), 1]).bits();
    list.push(&mut context.heap, Elem::Ref, node).unwrap();
    assert_eq!(text(context, NODE, node), "Node{ id: 1, name: \"n\", next: [...] }");
    assert_eq!(text(context, NODES, list.bits()), "[Node{ id: 1, name: \"n\", next: ... }]");
    let none = context.heap.new_array(NODES, Elem::Ref, 0).unwrap().bits();
    let leaf = object(context, NODE, 0, &[name, none, 2]).bits();
    let twice = from_slots(&mut context.heap, NODES, Elem::Ref, &[leaf, leaf]).unwrap().bits();
    let part = "Node{ id: 2, name: \"n\", next: [] }";
    assert_eq!(text(context, NODES, twice), format!("[{part}, {part}]"));
    // A long ring, so that the objects around are more than a few.
    let mut ring = Vec::new();
    for id in 0..50 {
        let next = context.heap.new_array(NODES, Elem::Ref, 0).unwrap().bits();
        ring.push(object(context, NODE, 0, &[name, next, id]));
    }
    for at in 0..50 {
        let next = Ref::from_bits(ring[at].slot(1)).as_array();
        next.push(&mut context.heap, Elem::Ref, ring[(at + 1) % 50].bits()).unwrap();
    }
    let shown = text(context, NODE, ring[0].bits());
    assert_eq!((shown.matches("id: ").count(), shown.matches("[...]").count()), (50, 1));
}

#[test]
fn long_lists_are_written_without_recursion() {
    let count = if cfg!(miri) {
        100
    } else if cfg!(debug_assertions) {
        500_000
    } else {
        5_000_000u64
    };
    let mut context = TestContext::of(types().0);
    let mut head = object(&mut context, LIST, 0, &[]).bits();
    for number in 0..count {
        head = object(&mut context, LIST, 1, &[head, number % 10]).bits();
    }
    let mut format = types().0;
    format.formats.push(crate::bytecode::Format { pieces: vec![Piece::Arg(Spec::Plain)], args: vec![LIST] });
    let program = std::sync::Arc::new(format);
    let statics = context.statics.clone();
    context.extend(program, statics);
    print(&mut context, FormatId(0), &[head]).unwrap();
    context.host.flush().unwrap();
    let shown = context.output.take();
    assert_eq!(
        shown.len() as u64,
        count * "List.Cons(1, ".len() as u64 + "List.Nil".len() as u64 + count + 1
    );
    assert!(shown.contains("List.Cons(1, List.Cons(0, List.Nil)))") && shown.ends_with("))\n"));
    assert!(super::super::equal::deep(&context, LIST, head, head).unwrap());
    // What is not kept is freed without recursion as well.
    context.collect(|_| {});
    assert_eq!(context.heap.stats().live, 0);
}

#[test]
fn deep_structs_need_memory_in_proportion_and_can_be_interrupted() {
    let count = if cfg!(miri) { 60 } else { 100_000 };
    let mut context = TestContext::of(types().0);
    let context = &mut context;
    let name = string(context, "");
    let mut inner = context.heap.new_array(NODES, Elem::Ref, 0).unwrap().bits();
    for _ in 0..count {
        let node = object(context, NODE, 0, &[name, inner, 0]).bits();
        inner = from_slots(&mut context.heap, NODES, Elem::Ref, &[node]).unwrap().bits();
    }
    let shown = text(context, NODES, inner);
    assert_eq!(shown.matches("Node{ ").count(), count);
    assert!(shown.ends_with(" }] }]"));
    let used = context.heap.stats().used;
    context.heap.set_limit(used + 1000);
    assert_eq!(to_string(context, NODES, inner).err(), Some(RuntimeError::OutOfMemory.into()));
    context.heap.set_limit(1 << 30);
    if !cfg!(miri) {
        context.heap.poll.set(INTERRUPT);
        assert_eq!(to_string(context, NODES, inner).err(), Some(Fault::Interrupted));
    }
}

#[test]
fn formats() {
    let mut program = types().0;
    let mut add = |pieces: Vec<Piece>, args: Vec<TypeId>| {
        program.formats.push(crate::bytecode::Format { pieces, args })
    };
    let arg = Piece::Arg;
    let cases: Vec<(Spec, TypeId, u64, &str)> = vec![
        (Spec::LowerHex, TypeId::I32, -17i64 as u64, "ffffffef"),
        (Spec::UpperHex, TypeId::I64, -17i64 as u64, "FFFFFFFFFFFFFFEF"),
        (Spec::Binary, TypeId::U32, 5, "101"),
        (Spec::Octal, TypeId::U64, 64, "100"),
        (Spec::LowerHex, TypeId::BOOL, 1, "true"),
        (Spec::LowerHex, TypeId::F64, 1.5f64.to_bits(), "1.5"),
        (Spec::Decimals(2), TypeId::F64, 0.125f64.to_bits(), "0.12"),
        (Spec::Decimals(2), TypeId::F64, (-0.001f64).to_bits(), "-0.00"),
        (Spec::Decimals(0), TypeId::F64, 2.5f64.to_bits(), "2"),
        (Spec::Decimals(3), TypeId::I32, -4i64 as u64, "-4.000"),
        (Spec::Decimals(0), TypeId::U64, u64::MAX, "18446744073709551615"),
        (Spec::Decimals(1), TypeId::BOOL, 0, "false"),
        (Spec::Decimals(1), COLOR, 0, "Color.Red"),
        (Spec::LowerHex, COLOR, 0, "Color.Red"),
        (Spec::Decimals(1), TypeId::F64, f64::NEG_INFINITY.to_bits(), "-inf"),
    ];
    for (spec, ty, ..) in &cases {
        add(vec![arg(*spec)], vec![*ty]);
    }
    let text = |text: &str| Piece::Text(text.into());
    add(
        vec![
            arg(Spec::Plain),
            text(" of "),
            arg(Spec::Binary),
            text(" "),
            arg(Spec::Plain),
            text(" "),
            arg(Spec::Nested),
        ],
        vec![TypeId::I32, TypeId::I32, TypeId::STRING, TypeId::STRING],
    );
    let last = FormatId(program.formats.len() as u32 - 1);
    let mut context = TestContext::of(program);
    for ((_, _, slot, expected), number) in cases.iter().zip(0..) {
        assert_eq!(format(&mut context, FormatId(number), &[*slot]).unwrap().text(), *expected);
    }
    let (end, quoted) = (string(&mut context, "end"), string(&mut context, "q"));
    print(&mut context, last, &[3, 5, end, quoted]).unwrap();
    context.host.flush().unwrap();
    assert_eq!(context.output.take(), "3 of 101 end \"q\"\n");
}
