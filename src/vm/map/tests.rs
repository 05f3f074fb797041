//! Maps against a model that keeps insertion order.

use super::super::testing::{TestContext, Types, message};
use super::*;

const FIRST: u32 = TypeId::PREDEFINED;
const INTS: TypeId = TypeId(FIRST);
const STRINGS: TypeId = TypeId(FIRST + 1);
const PATH: TypeId = TypeId(FIRST + 2);
const PATHS: TypeId = TypeId(FIRST + 3);

/// `{i32: i64}`, `{string: string}`, `enum Path { Root, Step(Path, string, i32) }`, `{Path: i32}`, and lists for them.
fn context() -> TestContext {
    let mut types = Types::new();
    assert_eq!(types.map(TypeId::I32, TypeId::I64), INTS);
    assert_eq!(types.map(TypeId::STRING, TypeId::STRING), STRINGS);
    let step = [("", PATH, true), ("", TypeId::STRING, true), ("", TypeId::I32, false)];
    assert_eq!(types.enumeration("Path", &[("Root", &[]), ("Step", &step)]), PATH);
    assert_eq!(types.map(PATH, TypeId::I32), PATHS);
    for of in [TypeId::I32, TypeId::I64, PATH] {
        types.array(of);
    }
    TestContext::of(types.0)
}

fn entries(map: MapRef) -> Vec<(u64, u64)> {
    let mut list = Vec::new();
    let mut position = 0;
    while let Some((key, after)) = next(map, position, map.changes()).unwrap() {
        list.push((key, value_before(map, after).unwrap()));
        position = after;
    }
    list
}

#[test]
fn operations_against_a_model() {
    let mut context = context();
    let map = context.heap.new_map(INTS).unwrap();
    let mut model: Vec<(u64, u64)> = Vec::new();
    let mut random = 3u64;
    let mut longest = 0;
    for step in 0..if cfg!(miri) { 300 } else { 60_000u64 } {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // Phases of growing and of shrinking.
        let growing = step / 500 % 3 != 2;
        let key = i64::from((random >> 40) as i32 % 400 - 200) as u64;
        let at = model.iter().position(|entry| entry.0 == key);
        assert_eq!(find(&context, map, key).is_some(), at.is_some());
        match (random >> 33 & 3, growing) {
            (0, _) | (1 | 2, true) => {
                set(&mut context, map, key, step).unwrap();
                match at {
                    Some(at) => model[at].1 = step,
                    None => model.push((key, step)),
                }
            }
            (3, _) | (_, false) => match at {
                Some(at) => assert_eq!(remove(&context, map, key), Ok(model.remove(at).1)),
                None => assert!(remove(&context, map, key).is_err()),
            },
            _ => {}
        }
        longest = longest.max(map.len());
        assert_eq!(map.len() as usize, model.len());
        assert_eq!(
            get_or(&context, map, key, 77),
            model.iter().find(|entry| entry.0 == key).map_or(77, |entry| entry.1)
        );
        if step % 97 == 0 {
            assert_eq!(entries(map), model);
        }
    }
    assert!(longest > 20);
    let (keys, values) = (keys(&mut context, map).unwrap(), values(&mut context, map).unwrap());
    assert!(model.iter().zip(0..).all(|(entry, at)| keys.get(Elem::I32, at) == entry.0));
    assert_eq!(values.words(), model.iter().map(|entry| entry.1).collect::<Vec<_>>());
    map.clear();
    assert_eq!((map.len(), entries(map)), (0, vec![]));
}

#[test]
fn changes_are_noticed_by_loops() {
    let mut context = context();
    let map = context.heap.new_map(INTS).unwrap();
    map.clear();
    assert_eq!(map.changes(), 0);
    set(&mut context, map, 1, 10).unwrap();
    set(&mut context, map, 2, 20).unwrap();
    let changes = map.changes();
    let (key, position) = next(map, 0, changes).unwrap().unwrap();
    assert_eq!((key, value_before(map, position).unwrap()), (1, 10));
    set(&mut context, map, 2, 21).unwrap();
    assert_eq!(next(map, position, changes), Ok(Some((2, 2))));
    set(&mut context, map, 3, 30).unwrap();
    remove(&context, map, 3).unwrap();
    assert_eq!(message(next(map, position, changes)), "Map changed during iteration");
    map.clear();
    // Positions that no loop comes to.
    for position in [0, -1, 1, i64::MAX, i64::MIN] {
        assert!(message(value_before(map, position)).starts_with("Internal error"));
        assert_eq!(next(map, position, map.changes()), Ok(None));
    }
}

#[test]
fn queues_stay_quick_and_small() {
    let mut context = context();
    let map = context.heap.new_map(INTS).unwrap();
    for number in 0..if cfg!(miri) { 200 } else { 200_000u64 } {
        set(&mut context, map, number, number).unwrap();
        if number >= 10 {
            let (first, _) = next(map, 0, map.changes()).unwrap().unwrap();
            assert_eq!(first, number - 10);
            remove(&context, map, first).unwrap();
        }
    }
    assert!(map.used() < 100 && context.heap.stats().used < 1 << 20);
}

#[test]
fn string_keys_by_content_and_messages_for_missing_ones() {
    let mut context = context();
    let map = context.heap.new_map(STRINGS).unwrap();
    for number in 0..300 {
        let key = context.heap.new_string(&format!("key {number}")).unwrap();
        set(&mut context, map, key.bits(), key.bits()).unwrap();
    }
    for number in (0..300).rev() {
        let key = context.heap.new_string(&format!("key {number}")).unwrap();
        let value = get(&context, map, key.bits()).unwrap();
        assert!(value != key.bits() && Ref::from_bits(value).as_str().text() == key.text());
    }
    let mut missing = |text: &str| {
        let key = context.heap.new_string(text).unwrap();
        message(get(&context, map, key.bits()))
    };
    assert_eq!(missing("a\"b\n"), r#"Key not found: "a\"b\n""#);
    // The opening quote is one of the 64 characters.
    assert_eq!(missing(&"x".repeat(62)), format!("Key not found: \"{}\"", "x".repeat(62)));
    assert_eq!(missing(&"x".repeat(63)), format!("Key not found: \"{}...\"", "x".repeat(63)));
    let ints = context.heap.new_map(INTS).unwrap();
    assert_eq!(message(remove(&context, ints, -5i64 as u64)), "Key not found: -5");
}

#[test]
fn enum_keys_as_deep_as_they_go() {
    let mut context = context();
    let map = context.heap.new_map(PATHS).unwrap();
    let depth = if cfg!(miri) { 50 } else { 30_000 };
    let mut path = |last: i64| {
        let heap = &mut context.heap;
        let mut path = heap.new_object(PATH, 0, 0).unwrap();
        for number in 0..depth {
            let name = heap.new_string(&format!("n{}", number % 50)).unwrap();
            let step = heap.new_object(PATH, 1, 3).unwrap();
            step.set_slot(0, path.bits());
            step.set_slot(1, name.bits());
            step.set_slot(2, if number == depth / 2 { last as u64 } else { 7 });
            path = step;
        }
        path.bits()
    };
    let (a, again, b) = (path(-1), path(-1), path(3));
    let mut context = context;
    set(&mut context, map, a, 1).unwrap();
    set(&mut context, map, b, 2).unwrap();
    set(&mut context, map, again, 3).unwrap();
    assert_eq!(map.len(), 2);
    assert_eq!((get(&context, map, a), get(&context, map, b)), (Ok(3), Ok(2)));
    assert_eq!(remove(&context, map, again), Ok(3));
    let text = message(get(&context, map, a));
    assert!(text.starts_with("Key not found: Path.Step(Path.Step(") && text.ends_with("..."), "{text}");
}
