//! Bad input: texts of the test files with words exchanged. Each is an error with its place, or is optimised and compiled without a panic.

use std::panic::catch_unwind;
use std::path::Path;

use orus::code::features::X64 as Features;
use orus::codegen::x64::X64;
use orus::codegen::{Compiler, Options as CodeOptions};
use orus::ir::{Func, Function, parse_module, verify};
use orus::opt::pipeline::Vectors;
use orus::opt::{Analyses, Level, Options, optimize};

use super::directory::files;

/// Mutants of each file.
const MUTANTS: u64 = if cfg!(debug_assertions) { 150 } else { 1_500 };

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }
}

/// Where the words of a text are: names, numbers, and signs one by one.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let in_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'@' | b'-');
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && in_word(bytes[at]) {
            at += 1;
        }
        at += usize::from(at == start);
        if !bytes[start].is_ascii_whitespace() && text.is_char_boundary(start) && text.is_char_boundary(at) {
            out.push(start..at);
        }
    }
    out
}

/// A text with some words or lines exchanged, left out, or doubled.
fn mutate(text: &str, donor: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + random.below(3) {
        let (own, others) = (words(&text), words(donor));
        if own.is_empty() || others.is_empty() {
            break;
        }
        let place = own[random.below(own.len())].clone();
        match random.below(8) {
            0 => {
                // A line again, or somewhere else.
                let lines: Vec<&str> = text.lines().collect();
                let line = lines[random.below(lines.len())].to_owned();
                let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
                lines.insert(random.below(lines.len() + 1), line);
                text = lines.join("\n") + "\n";
            }
            1 => {
                let mut lines: Vec<&str> = text.lines().collect();
                lines.remove(random.below(lines.len()));
                text = lines.join("\n") + "\n";
            }
            2 => text.replace_range(place, ""),
            3 => text.replace_range(place, &donor[others[random.below(others.len())].clone()]),
            // Another word of the same text, of the same sort: most of what is accepted is of that.
            _ => {
                let sort = |range: &std::ops::Range<usize>| match text.as_bytes()[range.start] {
                    byte if byte.is_ascii_digit() => b'0',
                    byte => byte,
                };
                let alike: Vec<_> = own.iter().filter(|&other| sort(other) == sort(&place)).collect();
                let other = text[alike[random.below(alike.len())].clone()].to_owned();
                text.replace_range(place, &other);
            }
        }
    }
    text
}

#[derive(Default, Debug)]
struct Tally {
    rejected_texts: u32,
    rejected_functions: u32,
    accepted: u32,
    compiled: u32,
    not_compiled: u32,
}

/// Looks at one text.
fn look(text: &str, tally: &mut Tally) {
    let parsed = match parse_module(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("line "), "{message}");
            tally.rejected_texts += 1;
            return;
        }
    };
    let mut bodies: Vec<Option<&Function>> = vec![None; parsed.module.funcs.len()];
    let mut wrong = false;
    for (func, body) in &parsed.functions {
        bodies[func.index()] = Some(body);
        if let Err(error) = verify(body, &parsed.module) {
            let message = error.to_string();
            assert!(message.starts_with('V') && message.len() > 8, "{message}");
            wrong = true;
        }
    }
    if wrong {
        tally.rejected_functions += 1;
        return;
    }
    tally.accepted += 1;
    let isa =
        X64 { features: Features::AVX2 | Features::AVX | Features::BMI2 | Features::BMI1 | Features::SSE4_1 };
    for (level, registers) in [(Level::None, None), (Level::Fast, Some((4, 3))), (Level::Full, None)] {
        let options = Options { vectors: Vectors::all(), verify: true, ..Options::new(level) };
        let mut compiler = Compiler::new(isa);
        let mut functions: Vec<(Func, Function)> = parsed.functions.clone();
        for (_, function) in &mut functions {
            optimize(function, &parsed.module, &bodies, &options, &mut Analyses::new());
            let options = CodeOptions { registers, ..CodeOptions::default() };
            match compiler.compile(function, &parsed.module, &options) {
                Ok(_) => tally.compiled += 1,
                Err(_) => tally.not_compiled += 1,
            }
        }
    }
}

#[test]
fn what_the_verifier_accepts_never_panics() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let paths: Vec<_> = ["ir", "opt", "codegen"].iter().flat_map(|name| files(&tests.join(name))).collect();
    let texts: Vec<String> = paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a text");
            let end = text.find("\n;; ").map_or(text.len(), |at| at + 1);
            text[..end].lines().filter(|line| !line.starts_with(';')).flat_map(|line| [line, "\n"]).collect()
        })
        .collect();
    let mut tally = Tally::default();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut panics = Vec::new();
    for text in &texts {
        for _ in 0..MUTANTS {
            let mutant = mutate(text, &texts[random.below(texts.len())], &mut random);
            let mut one = Tally::default();
            if catch_unwind(std::panic::AssertUnwindSafe(|| look(&mutant, &mut one))).is_err() {
                panics.push(mutant);
            }
            tally.rejected_texts += one.rejected_texts;
            tally.rejected_functions += one.rejected_functions;
            tally.accepted += one.accepted;
            tally.compiled += one.compiled;
            tally.not_compiled += one.not_compiled;
        }
    }
    println!("{tally:?}");
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n----\n"));
    let whole = texts.len() as u32 * MUTANTS as u32;
    for count in [tally.rejected_texts, tally.rejected_functions, tally.accepted, tally.compiled] {
        assert!(count > whole / 50, "{tally:?}");
    }
}
