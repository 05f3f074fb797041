//! Tests of what golden texts (`tests/lower`) do not show: sessions, sizes, positions.

use bumpalo::Bump;

use super::Lowerer;
use crate::bytecode::{
    Function, OPCODES, Program, TypeDesc, TypeId, Word, instructions, verify, verify_extension,
};
use crate::lang::check::Checker;
use crate::lang::modules::{Location, MemoryLoader};

/// Lowers and verifies a program.
fn lower(source: &str) -> Program {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    let name = "test.orus".to_owned();
    let location = Location { path: name.clone().into(), name, directory: None };
    checker.check_program(&location, source.as_bytes()).unwrap_or_else(|reports| panic!("{:?}", reports[0]));
    let (checked, types, files) = checker.parts();
    let program = Lowerer::program(checked, types, files.files());
    verify(&program).unwrap_or_else(|error| panic!("{error}"));
    program
}

fn function<'p>(program: &'p Program, name: &str) -> &'p Function {
    program.functions.iter().find(|function| &*function.name == name).expect("there is such a function")
}

fn mnemonics(program: &Program, function: &Function) -> Vec<&'static str> {
    instructions(program, &function.code).map(|inst| inst.unwrap().row().text).collect()
}

// ---- sessions

/// Runs inputs through one session; each program must extend the one before.
fn session(inputs: &[&str]) -> Vec<Program> {
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
    let mut lowerer = Lowerer::new(true);
    let mut programs: Vec<Program> = Vec::new();
    for input in inputs {
        checker.check_input("<input>", input).unwrap_or_else(|reports| panic!("{input}: {:?}", reports[0]));
        let (checked, types, files) = checker.parts();
        let program = lowerer.lower(checked, types, files.files());
        verify(&program).unwrap_or_else(|error| panic!("{input}: {error}"));
        if let Some(before) = programs.last() {
            verify_extension(before, &program).unwrap_or_else(|error| panic!("{input}: {error}"));
        }
        programs.push(program);
    }
    programs
}

#[test]
fn a_type_left_open_becomes_an_alias() {
    let programs = session(&["a = []", "b = [a]", "push(a, 1.5)", "print(b[0][0])"]);
    let global = |index: usize| programs[index].globals[0].ty;
    assert_eq!(global(0), global(3));
    let TypeDesc::Array(element) = programs[0].ty(global(0)) else { panic!("not an array") };
    assert_eq!(programs[0].ty(*element), &TypeDesc::Unknown);
    assert_eq!(programs[2].canonical(*element), TypeId::F64);
    assert!(matches!(programs[2].types[global(0).index()], TypeDesc::Alias(_)));
    assert_eq!(programs[3].ty(programs[3].globals[1].ty), programs[2].ty(programs[2].globals[1].ty));
}

#[test]
fn a_body_with_open_types_is_lowered_again_once_they_are_known() {
    let programs =
        session(&["add = fn(a, b): a + b", "keep = fn(x): add(x, x)", "n = 1", "print(keep(n))", "print(n)"]);
    let lambda = |program: &Program, name: &str| {
        let index = program.functions.iter().position(|function| &*function.name == name).unwrap();
        mnemonics(program, &program.functions[index])
    };
    assert_eq!(lambda(&programs[0], "<fn>"), ["literal", "raise"]);
    assert_eq!(lambda(&programs[3], "<fn>"), ["add.i32", "ret"]);
    assert_eq!(programs[3].functions[1].params, [TypeId::I32, TypeId::I32]);
}

#[test]
fn a_session_checks_reads_of_scalars_of_other_inputs() {
    let programs = session(&["mut n = 1", "fn get() -> i32: n", "n += get()"]);
    let last = programs.last().unwrap();
    assert_eq!(mnemonics(last, function(last, "get")), ["global.get.checked", "ret"]);
    let entry = &last.functions[last.entry.last().unwrap().index()];
    assert!(mnemonics(last, entry).contains(&"global.get.checked"));
    let first = &last.functions[programs[0].entry[0].index()];
    assert_eq!(mnemonics(last, first), ["const", "global.set", "ret.void"]);
}

#[test]
fn counters_and_literals_keep_their_numbers() {
    let programs = session(&["for i in 0..3: print(\"x\")", "for i in 0..3: print(\"x\", \"y\")"]);
    assert_eq!(programs[1].literals[..programs[0].literals.len()], programs[0].literals);
    let loops = |program: &Program| -> Vec<i32> {
        let code = &program.functions[program.entry.last().unwrap().index()].code;
        let insts = instructions(program, code).map(|inst| inst.unwrap());
        insts.filter(|inst| inst.row().text == "loop").map(|inst| inst.imm()).collect()
    };
    assert_ne!(loops(&programs[0]), loops(&programs[1]));
    assert_eq!(programs[1].counters, programs[0].counters + 2);
}

// ---- sizes

/// Joins numbered pieces.
fn repeat(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn chains_and_literals_may_be_long() {
    let sum = repeat(100_000, |index| if index % 3 == 0 { " + x".into() } else { format!(" + {index}") });
    let text = repeat(20_000, |_| " + s".into());
    let any = repeat(50_000, |index| format!(" or x == {index}"));
    let list = repeat(100_000, |index| format!("{index}, "));
    let arms = repeat(10_000, |index| format!("    elif x == {index}: print({index})\n"));
    let program = lower(&format!(
        "fn f(x: i32, s: string) -> string:\n    a = x{sum}\n    b = x < 0{any}\n    while x > 0{any}: print(b)\n    \
         c = [{list}]\n    print(a, c)\n    if b: pass\n{arms}    return s{text}\n"
    ));
    // Elements are listed up to a point, so few registers are needed.
    assert!(function(&program, "f").registers.len() < 1_200);
}

#[test]
fn a_function_may_have_more_variables_than_registers() {
    let count = 66_000;
    let declared = repeat(count, |index| match index % 3 {
        0 => format!("    v{index} = n + {index}\n"),
        1 => format!("    v{index} = \"t\"\n"),
        _ => format!("    if n > {index}: v{index} = {index}\n"),
    });
    let used = repeat(count, |index| match index % 3 {
        0 => format!("    v{index} += v{}\n", (index + 3) % count),
        1 => format!("    v{index} = v{index} + \"x\"\n"),
        _ => format!("    print(v{index})\n"),
    });
    let program = lower(&format!("fn f(n: i32):\n{declared}{used}"));
    let f = function(&program, "f");
    assert_eq!(f.depth_cost, 65);
    assert!(f.registers.len() < 65_535);
    // Reads of those that may have no value are checked, with or without a register.
    let checks = mnemonics(&program, f).iter().filter(|&&mnemonic| mnemonic == "check.flag").count();
    assert_eq!(checks, count / 3);
}

#[test]
fn a_function_beyond_all_limits_raises_an_error() {
    let args = repeat(70_000, |index| format!("n + {index}, "));
    let program = lower(&format!("fn f(n: i32) -> i32:\n    print({args})\n    return n\nprint(f(1))\n"));
    let f = function(&program, "f");
    assert_eq!(mnemonics(&program, f), ["literal", "raise"]);
    assert_eq!((f.params.len(), f.ret), (1, Some(TypeId::I32)));
}

#[test]
fn module_variables_beyond_the_registers_are_globals() {
    let program = lower(&repeat(10_000, |index| format!("v{index} = {index}\nprint(v{index})\n")));
    assert_eq!(program.globals.len(), 10_000 - super::MAX_VARIABLE_REGISTERS);
}

#[test]
fn nesting_is_no_matter() {
    let open = "(".repeat(200);
    let close = ")".repeat(200);
    let not = "not ".repeat(200);
    let mut blocks = String::new();
    for level in 0..100 {
        let indent = " ".repeat(level + 1);
        blocks += &format!("{indent}{}\n", ["if n > 1:", "while n > 2:", "for i in 0..n:"][level % 3]);
    }
    blocks += &format!("{}print({open}n + 1{close}, {not}(n == 1))\n", " ".repeat(101));
    lower(&format!("fn f(n: i32):\n{blocks}"));
}

// ---- positions

/// The instructions that have a position, and the text there.
fn positions(source: &str, name: &str) -> Vec<(&'static str, String)> {
    let program = lower(source);
    let positions = function(&program, name).positions.iter().map(|position| {
        let op = Word(function(&program, name).code[position.pc as usize]).op();
        let text = &source[position.span.start as usize..position.span.end as usize];
        (OPCODES[usize::from(op)].text, text.lines().next().unwrap_or_default().to_owned())
    });
    positions.collect()
}

#[track_caller]
fn assert_positions(body: &str, expected: &[(&str, &str)]) {
    let source = format!(
        "struct P:\n    x: i32\nfn g(n: i32) -> i32: n\nfn f(a: i32, b: [i32], s: string, m: {{string: i32}}, e: f64, h: fn(i32) -> i32):\n    {body}\n"
    );
    let actual = positions(&source, "f");
    let actual: Vec<_> = actual.iter().map(|(op, text)| (*op, text.as_str())).collect();
    assert_eq!(actual, expected);
}

#[test]
fn positions_are_those_of_operators() {
    assert_positions("_ = a / a", &[("div.i32", "/")]);
    assert_positions("_ = -a + a * 2", &[("neg.i32", "-"), ("mul.i32.imm", "*"), ("add.i32", "+")]);
    assert_positions("_ = a << a", &[("shl.i32", "<<")]);
    assert_positions("_ = e as i32", &[("i32.from.f64", "as")]);
    assert_positions("_ = e as string", &[("to.str", "as")]);
    assert_positions("_ = s + s", &[("concat", "+")]);
    assert_positions("_ = b * a", &[("array.repeat", "*")]);
    assert_positions("_ = b == b", &[("eq.deep", "==")]);
}

#[test]
fn positions_are_those_of_brackets_and_callees() {
    assert_positions("_ = b[a]", &[("get.i32", "[")]);
    assert_positions("_ = b[a..]", &[("array.slice", "[")]);
    assert_positions("b[0] += 1", &[("get.i32", "["), ("add.i32.imm", "+="), ("set.32", "[")]);
    assert_positions("m[s] = m[s]", &[("map.get", "["), ("map.set", "[")]);
    assert_positions("_ = [a; a]", &[("array.fill", "[a; a]")]);
    assert_positions("_ = g(h(a))", &[("call.value", "h(a)"), ("call", "g(h(a))")]);
    assert_positions("_ = pop(b)", &[("pop.i32", "pop(b)")]);
    assert_positions("b.clear()", &[("builtin", "b.clear()")]);
}

#[test]
fn positions_are_those_of_names_steps_maps_and_values() {
    assert_positions("if a > 1: q = 1\n    _ = q", &[("check.flag", "q")]);
    assert_positions("for i in 0..9..a: pass", &[("for.enter.s", "a"), ("loop", "for i in 0..9..a: pass")]);
    let map = ("map.next", "m");
    assert_positions("for k in m: pass", &[map, ("loop", "for k in m: pass"), map]);
    assert_positions("q: [i32, 3] = b", &[("array.check.len", "b")]);
}
