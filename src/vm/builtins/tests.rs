//! Builtins through the table, as the interpreter calls them.

use super::*;
use crate::bytecode::{Program, TypeId};
use crate::vm::fault::RuntimeError;
use crate::vm::heap::Array;
use crate::vm::layout::Elem;
use crate::vm::testing::{TestContext, Types, message};

fn run(context: &mut TestContext, builtin: Builtin, args: &[u64]) -> Result<u64, Fault> {
    call(context, builtin, args)
}

fn string(context: &mut TestContext, text: &str) -> u64 {
    context.heap.new_string(text).unwrap().bits()
}

fn text(slot: u64) -> &'static str {
    Ref::from_bits(slot).as_str().text()
}

#[test]
fn the_table_follows_the_builtins() {
    for (number, row) in BUILTINS.iter().enumerate() {
        assert_eq!(row.builtin as usize, number);
    }
}

#[test]
fn insertion_takes_its_arguments_as_words_give_them() {
    let mut types = Types::new();
    let ints = types.array(TypeId::I32);
    let mut context = TestContext::of(types.0);
    let array = context.heap.new_array(ints, Elem::I32, 0).unwrap();
    for (at, value) in [(0, 5), (0, 4), (2, 6)] {
        run(&mut context, Builtin::Insert, &[array.bits(), at, value]).unwrap();
    }
    assert_eq!(array.halves(), [4, 5, 6]);
    let strings = context.heap.new_array(TypeId::STRINGS, Elem::Ref, 0).unwrap();
    let (a, b) = (string(&mut context, "a"), string(&mut context, "b"));
    run(&mut context, Builtin::Insert, &[strings.bits(), b, 0]).unwrap();
    run(&mut context, Builtin::Insert, &[strings.bits(), a, 0]).unwrap();
    assert_eq!(strings.words(), [a, b]);
    assert_eq!(run(&mut context, Builtin::Remove, &[strings.bits(), 1]), Ok(b));
    run(&mut context, Builtin::Reverse, &[array.bits()]).unwrap();
    assert_eq!(array.halves(), [6, 5, 4]);
    run(&mut context, Builtin::Clear, &[array.bits()]).unwrap();
    assert!(array.is_empty());
}

#[test]
fn conversions() {
    let mut context = TestContext::new();
    let context = &mut context;
    assert_eq!(run(context, Builtin::IntFromI64, &[-5i64 as u64]), Ok(-5i64 as u64));
    let error = message(run(context, Builtin::IntFromU64, &[u64::MAX]));
    assert_eq!(error, "int() overflow: 18446744073709551615 is out of range for i32");
    assert_eq!(run(context, Builtin::IntFromF64, &[(-3.0f64).to_bits()]), Ok(-3i64 as u64));
    let (number, float) = (string(context, " -12 "), string(context, "2.5e1"));
    assert_eq!(run(context, Builtin::IntFromStr, &[number]), Ok(-12i64 as u64));
    assert_eq!(run(context, Builtin::ToI64, &[number]), Ok(-12i64 as u64));
    assert!(run(context, Builtin::ToU64, &[number]).is_err());
    assert_eq!(run(context, Builtin::FloatFromStr, &[float]), Ok(25.0f64.to_bits()));
    assert_eq!(run(context, Builtin::Ord, &[context.heap.ascii(b'a').bits()]), Ok(97));
    let chr = run(context, Builtin::Chr, &[97]).unwrap();
    assert_eq!(text(chr), "a");
}

#[test]
fn ranges_end_and_never_overflow() {
    let mut context = TestContext::new();
    let mut values = |start: i64, stop: i64, step: i64| {
        let range = run(&mut context, Builtin::Range, &[start as u64, stop as u64, step as u64])?;
        let range = Ref::from_bits(range).as_range();
        let list: Vec<i64> = std::iter::from_fn(|| range.next()).take(10).collect();
        assert_eq!(range.next().is_none(), list.len() < 10);
        Ok::<_, Fault>(list)
    };
    assert_eq!(values(0, 3, 1).unwrap(), [0, 1, 2]);
    assert_eq!(values(5, 0, -2).unwrap(), [5, 3, 1]);
    assert_eq!(values(5, 0, 1).unwrap(), [0i64; 0]);
    assert_eq!(values(i64::MAX - 1, i64::MAX, 5).unwrap(), [i64::MAX - 1]);
    assert_eq!(values(i64::MIN + 1, i64::MIN, i64::MIN).unwrap(), [i64::MIN + 1]);
    assert_eq!(message(values(0, 1, 0)), "Range step must not be zero");
    assert_eq!(run(&mut context, Builtin::RangeArg, &[7]), Ok(7));
    assert_eq!(
        message(run(&mut context, Builtin::RangeArg, &[1 << 63])),
        "range() argument out of i64 range"
    );
}

#[test]
fn mathematics() {
    let mut context = TestContext::new();
    let mut value = |builtin, args: &[f64]| {
        let slots: Vec<u64> = args.iter().map(|arg| arg.to_bits()).collect();
        f64::from_bits(run(&mut context, builtin, &slots).unwrap())
    };
    assert_eq!(value(Builtin::Pow, &[2.0, 10.0]), 1024.0);
    assert_eq!(value(Builtin::Atan2, &[1.0, 0.0]), std::f64::consts::FRAC_PI_2);
    assert_eq!(value(Builtin::Ceil, &[-0.5]), 0.0);
    assert_eq!(value(Builtin::Log, &[1.0]), 0.0);
    assert!(value(Builtin::Log, &[-1.0]).is_nan());
    assert_eq!(value(Builtin::Exp, &[0.0]), 1.0);
    assert_eq!([Builtin::Sin, Builtin::Tan, Builtin::Atan].map(|builtin| value(builtin, &[0.0])), [0.0; 3]);
    assert_eq!(value(Builtin::Cos, &[0.0]), 1.0);
}

#[test]
fn input_with_a_prompt_survives_being_run_again() {
    let mut context = TestContext::with(Program::new(), "first\r\nsecond \u{e9}\n", Some(1 << 20));
    let prompt = string(&mut context, "> ");
    context.heap.set_limit(0);
    // Nothing is free, and nothing may be taken.
    while context.heap.new_object(TypeId(0), 0, 3).is_ok() {}
    while context.heap.new_object(TypeId(0), 0, 5).is_ok() {}
    let result = run(&mut context, Builtin::InputPrompt, &[prompt]);
    assert_eq!(result, Err(Fault::NeedMemory));
    context.heap.set_limit(1 << 20);
    let line = run(&mut context, Builtin::InputPrompt, &[prompt]).unwrap();
    assert_eq!(text(line), "first");
    assert_eq!(context.output.take(), "> ");
    let line = run(&mut context, Builtin::Input, &[]).unwrap();
    assert_eq!(text(line), "second é");
    assert_eq!(message(run(&mut context, Builtin::Input, &[])), "input() reached end of file");
}

#[test]
fn the_rest_of_the_world() {
    let mut context = TestContext::new();
    let context = &mut context;
    let path = string(context, "nowhere.txt");
    assert_eq!(
        message(run(context, Builtin::ReadFile, &[path])),
        "Cannot read file 'nowhere.txt': permission denied"
    );
    let error = message(run(context, Builtin::WriteFile, &[path, path]));
    assert_eq!(error, "Cannot write file 'nowhere.txt': permission denied");
    context.host.args = vec!["one".into(), "ü".into()];
    let args = run(context, Builtin::Args, &[]).unwrap();
    let args: Array = Ref::from_bits(args).as_array();
    assert_eq!(args.words().iter().map(|&slot| text(slot)).collect::<Vec<_>>(), ["one", "ü"]);
    let first = f64::from_bits(run(context, Builtin::Timestamp, &[]).unwrap());
    assert!(first >= 0.0 && f64::from_bits(run(context, Builtin::Timestamp, &[]).unwrap()) >= first);
    assert_eq!(run(context, Builtin::Exit, &[-1i64 as u64]), Err(Fault::Exit(-1)));
    let error = crate::vm::error_value::of(&mut context.heap, &RuntimeError::ZeroStep).unwrap().bits();
    let name = run(context, Builtin::TypeofError, &[error]).unwrap();
    assert_eq!(text(name), "argument error Range step must not be zero");
    let [label, expected, actual] = ["sum", "4", "3"].map(|text| string(context, text));
    let error = message(run(context, Builtin::AssertFailed, &[label, expected, actual]));
    assert_eq!(error, "assert_eq failed (sum)\n  expected: 4\n  actual:   3");
}

#[test]
#[cfg_attr(miri, ignore = "touches files")]
fn files_are_read_and_written() {
    let mut context = TestContext::new();
    let context = &mut context;
    context.host.files = Box::new(crate::vm::host::SystemFiles);
    let name = format!("orus-builtins-{}.txt", std::process::id());
    let place = std::env::temp_dir().join(name);
    let path = string(context, place.to_str().unwrap());
    let contents = string(context, &"zeile ü\n".repeat(20_000));
    run(context, Builtin::WriteFile, &[path, contents]).unwrap();
    let read = run(context, Builtin::ReadFile, &[path]).unwrap();
    assert!(text(read) == text(contents));
    std::fs::write(&place, b"a\xffb").unwrap();
    let read = run(context, Builtin::ReadFile, &[path]).unwrap();
    assert_eq!(text(read), "a\u{fffd}b");
    std::fs::remove_file(&place).unwrap();
    let error = message(run(context, Builtin::ReadFile, &[path]));
    assert_eq!(error, format!("Cannot read file '{}': No such file or directory", place.display()));
}
