//! Programs changed at random: whatever comes out, the checker reports or accepts it, and what it accepts is well formed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bumpalo::Bump;

use super::location;
use crate::lang::check::Checker;
use crate::lang::modules::MemoryLoader;

/// A small random number generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Words, numbers, strings and signs.
fn pieces(text: &str) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    let mut word = false;
    for c in text.chars() {
        let continues = c.is_alphanumeric() || c == '_';
        match list.last_mut() {
            Some(last) if continues && word => last.push(c),
            _ => list.push(c.to_string()),
        }
        word = continues;
    }
    list
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut list = pieces(text);
    for _ in 0..=random.below(4) {
        if list.is_empty() {
            break;
        }
        let (a, b) = (random.below(list.len()), random.below(list.len()));
        match random.below(6) {
            0 => {
                list.remove(a);
            }
            1 | 2 => list[a] = list[b].clone(),
            3 => list.swap(a, b),
            4 => {
                let piece = list[b].clone();
                list.insert(a, piece);
            }
            _ => {
                let words = [
                    "0",
                    "1",
                    "1.5",
                    "\"s\"",
                    "[]",
                    "{}",
                    "true",
                    "fn(x): x",
                    "Result",
                    "self",
                    "_",
                    "i64",
                    "f64",
                    "x",
                    "[i32, 3]",
                    "return",
                    "break",
                    "match",
                    "mut",
                    "as",
                    "matches",
                    "raise(\"r\")",
                    "-",
                    "*",
                    ".",
                    "==",
                ];
                list[a] = words[random.below(words.len())].to_owned();
            }
        }
    }
    list.concat()
}

/// Checks the text; what is wrong with the checker.
fn trouble(text: &str) -> Option<String> {
    let run = || {
        let arena = Bump::new();
        let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
        match checker.check_program(&location(), text.as_bytes()) {
            Err(list) if list.is_empty() => Some("rejected without a report".to_owned()),
            Err(_) => None,
            Ok(()) => {
                let problems = super::wellformed::problems(&mut checker);
                (!problems.is_empty()).then(|| problems.join("; "))
            }
        }
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Some("panic".to_owned()))
}

/// Mutates the programs of the language tests: some of them, or as many rounds as `ORUS_MUTATIONS` says.
#[test]
fn mutated_programs() {
    let rounds: usize =
        std::env::var("ORUS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2000);
    let seed = std::env::var("ORUS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed_u64);
    let mut programs = Vec::new();
    super::programs::collect(&super::programs::default_directory(), &mut programs);
    programs.sort();
    let texts: Vec<String> = programs.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    assert!(!texts.is_empty(), "there are language tests");
    let mut random = Random(seed);
    let mut failed = 0;
    for round in 0..rounds {
        let text = mutate(&texts[random.below(texts.len())], &mut random);
        if let Some(trouble) = trouble(&text) {
            failed += 1;
            println!("=== seed {seed} round {round}: {trouble}\n{text}");
        }
    }
    assert_eq!(failed, 0, "seed {seed}");
}
