//! What cannot be compiled is an error of its own type.

use super::x64::X64;
use super::{CompileError, Compiler, Options};
use crate::asm::AsmError;
use crate::code::features::X64 as Features;
use crate::ir::{Function, Module, parse_module, verify};

fn parse(text: &str) -> (Function, Module) {
    let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
    let (_, function) = parsed.functions.into_iter().next().expect("a function");
    verify(&function, &parsed.module).unwrap_or_else(|error| panic!("{error}"));
    (function, parsed.module)
}

fn error(text: &str, isa: X64, options: &Options) -> CompileError {
    let (function, module) = parse(text);
    let mut compiler = Compiler::new(isa);
    let error = compiler.compile(&function, &module, options).map(|_| ()).expect_err("it is refused");
    // The compiler is of use for others.
    let (function, module) = parse("fn f(v0: i64) -> i64 {\nb0:\n    return.i64 v0\n}");
    assert!(compiler.compile(&function, &module, &Options::default()).is_ok());
    error
}

/// A function with a long row of instructions, each of which needs all before it: they are all alive.
fn crowd(count: u32) -> String {
    let mut text = String::from("fn f(v0: f64) -> f64 {\nb0:\n");
    for value in 1..=count {
        text += &format!("    v{value} = sqrt.f64 v{}\n", value - 1);
    }
    let mut sum = 0;
    for value in 1..=count {
        text += &format!("    v{} = add.f64 v{sum}, v{value}\n", count + value);
        sum = count + value;
    }
    text + &format!("    return.f64 v{sum}\n}}")
}

#[test]
fn frames_are_limited() {
    let error = error(&crowd(2_000), X64::baseline(), &Options::default());
    let CompileError::FrameTooLarge { bytes } = error else { panic!("{error}") };
    assert!(bytes > 8 << 10, "{bytes}");
    assert_eq!(error.to_string(), format!("a frame of {bytes} bytes is larger than 8 KiB"));
}

#[test]
fn code_is_limited() {
    let options = Options { code_limit: 1 << 10, ..Options::default() };
    let error = error(&crowd(500), X64::baseline(), &options);
    assert!(matches!(error, CompileError::Asm(AsmError::TooLarge { limit: 1024 })), "{error}");
}

#[test]
fn vectors_need_a_target_that_has_them() {
    let text = "fn f(v0: i64) {\nb0:\n    v1 = load.v128 v0[0] @array.i32\n    store.v128 v0[16], v1 @array.i32\n    return\n}";
    let isa = X64 { features: X64::baseline().features & !Features::AVX2 };
    assert_eq!(error(text, isa, &Options::default()), CompileError::NoVectors);
}

#[test]
fn the_context_needs_the_orus_convention() {
    let text = "fn f() -> i64 {\nb0:\n    v0 = context\n    return.i64 v0\n}";
    assert_eq!(error(text, X64::baseline(), &Options::default()), CompileError::NoContext);
}
