//! Tests of the code generator that are files: from the IR downward. See [`directory()`] for what is in one, and [`STAGES`] for what can be
//! done with it.

#[path = "../common/directory.rs"]
mod directory;
mod evaluate;
mod machine;

use std::path::Path;

use directory::directory;
use orus::ir::print::{Options as PrintOptions, print_module_with};
use orus::ir::{Func, Function, Parsed, parse_module, print_module, verify};
use orus::opt::pipeline::{Vectors, find};
use orus::opt::{Analyses, Context, Level, Options, optimize};

/// What is done with a module: it gets the words behind the stage's name, and gives the text that is expected.
type Stage = fn(Parsed, &[&str]) -> String;

/// The stages by name.
const STAGES: &[(&str, Stage)] = &[
    // `print [graph]`: what was read, again as text; `graph` with a comment at each block.
    ("print", print),
    // `verify`: `ok`, or the first broken rule of each function.
    ("verify", check),
    // `opt fast|full|PASS,… [vectors=128|256] [no=PASS,…]`: the functions after the passes, which the verifier accepts before and after.
    ("opt", opt),
    // `eval NAME args=(…) result=… …`: see `evaluate`.
    ("eval", eval),
    // `codegen x64 [features=baseline] [regs=N]`: the machine code.
    ("codegen", |parsed, words| checked(parsed, words, machine::codegen)),
    // `intervals x64 …`: where values live, as a picture.
    ("intervals", |parsed, words| checked(parsed, words, machine::intervals)),
    // `allocation x64 …`: machine instructions with their places.
    ("allocation", |parsed, words| checked(parsed, words, machine::allocation)),
];

/// What a stage makes of a module, if the verifier accepts it.
fn checked(parsed: Parsed, words: &[&str], stage: fn(&Parsed, &[&str]) -> String) -> String {
    let errors: String = problems(&parsed).collect();
    if errors.is_empty() { stage(&parsed, words) } else { errors }
}

fn run(stage: &str, input: &str) -> String {
    let words: Vec<&str> = stage.split_whitespace().collect();
    let row = STAGES.iter().find(|(name, _)| words.first() == Some(name));
    let (_, stage) = row.unwrap_or_else(|| panic!("no stage `{stage}`"));
    match parse_module(input) {
        Ok(parsed) => stage(parsed, &words[1..]),
        Err(error) => format!("{error}\n"),
    }
}

/// The text of a module, which has to be read as the same.
fn text(parsed: &Parsed) -> String {
    let text = print_module(&parsed.module, &parsed.functions);
    let again = parse_module(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(print_module(&again.module, &again.functions), text, "the printed text is another module");
    text
}

fn print(parsed: Parsed, words: &[&str]) -> String {
    let text = text(&parsed);
    match words {
        [] => text,
        ["graph"] => {
            let options = PrintOptions { graph: true, ..PrintOptions::default() };
            print_module_with(&parsed.module, &parsed.functions, &options)
        }
        _ => panic!("print does not know {words:?}"),
    }
}

fn check(parsed: Parsed, words: &[&str]) -> String {
    assert!(words.is_empty(), "verify does not know {words:?}");
    let errors: Vec<String> = problems(&parsed).collect();
    if errors.is_empty() { "ok\n".to_owned() } else { errors.concat() }
}

/// A line for each function that the verifier rejects.
fn problems(parsed: &Parsed) -> impl Iterator<Item = String> {
    parsed.functions.iter().filter_map(|(_, function)| {
        let error = verify(function, &parsed.module).err()?;
        Some(format!("{}: {error}\n", function.name))
    })
}

fn opt(mut parsed: Parsed, words: &[&str]) -> String {
    let errors: String = problems(&parsed).collect();
    if !errors.is_empty() {
        return errors;
    }
    optimize_all(&mut parsed, words);
    text(&parsed)
}

fn eval(parsed: Parsed, words: &[&str]) -> String {
    let errors: String = problems(&parsed).collect();
    assert!(errors.is_empty(), "{errors}");
    evaluate::eval(parsed, words, |parsed, passes| optimize_all(parsed, &[passes]))
}

/// Runs a level's or other passes on all functions.
fn optimize_all(parsed: &mut Parsed, words: &[&str]) {
    let (&what, settings) = words.split_first().expect("a level or passes");
    let (level, passes) = match what {
        "fast" => (Level::Fast, None),
        "full" => (Level::Full, None),
        passes => (Level::Full, Some(passes)),
    };
    let mut options = Options { verify: true, ..Options::new(level) };
    for setting in settings {
        match setting.split_once('=') {
            Some(("vectors", "128")) => options.vectors = Vectors::V128,
            Some(("vectors", "256")) => options.vectors = Vectors::V128 | Vectors::V256,
            Some(("no", names)) => {
                for name in names.split(',') {
                    assert!(options.disable(name), "no pass `{name}`");
                }
            }
            _ => panic!("opt does not know `{setting}`"),
        }
    }
    let originals: Vec<(Func, Function)> = parsed.functions.clone();
    let mut bodies: Vec<Option<&Function>> = vec![None; parsed.module.funcs.len()];
    for (func, body) in &originals {
        bodies[func.index()] = Some(body);
    }
    // One for all functions: a pass that relies on what another function has left there shows.
    let mut analyses = Analyses::new();
    for (_, function) in &mut parsed.functions {
        let Some(passes) = passes else {
            optimize(function, &parsed.module, &bodies, &options, &mut analyses);
            continue;
        };
        analyses.invalidate();
        for name in passes.split(',') {
            let step = find(name);
            let step = step.unwrap_or_else(|| panic!("no pass `{name}`"));
            let mut context = Context {
                module: &parsed.module,
                bodies: &bodies,
                options: &options,
                analyses: &mut analyses,
            };
            (step.run)(function, &mut context);
            if let Err(error) = verify(function, &parsed.module) {
                panic!("after {name}: {error}\n{}", print_module(&parsed.module, &originals));
            }
        }
    }
    let errors: String = problems(parsed).collect();
    assert!(errors.is_empty(), "{errors}");
}

#[test]
fn ir() {
    directory("ir", run);
}

/// The directories of what stands above the IR, as far as they have tests. (Those of `tests/regalloc` are in a form of the allocator's own,
/// which its unit tests read.)
#[test]
fn above() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for name in ["opt", "codegen", "asm"] {
        if tests.join(name).is_dir() {
            directory(name, run);
        }
    }
}
