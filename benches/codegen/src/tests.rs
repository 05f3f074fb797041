//! Compiled code does what the evaluator says that the IR does.

use std::sync::atomic::Ordering;

use orus::ir::eval::{Called, Host, Limits, Memory, Outcome, Value, evaluate};
use orus::ir::{Func, Symbol};

use crate::kernels::{self, Fill};
use crate::ours::{self, Cache, LEFT, LEFT_RESULT, Ours};
use crate::{Unit, generated};

const BASE: u64 = 0x1_0000;

/// There is nothing outside.
struct Nothing;

impl Host for Nothing {
    fn call(&mut self, _: Func, _: &[Value], _: &mut Memory) -> Called {
        Called::Raised
    }
    fn poll(&mut self) -> bool {
        false
    }
    fn context(&self) -> u64 {
        0
    }
    fn symbol(&self, _: Symbol) -> u64 {
        0
    }
    fn function_at(&self, _: u64) -> Option<Func> {
        None
    }
}

/// What the evaluator gives, in `words`, too.
fn evaluated(unit: &Unit, words: &mut [u64], n: i64) -> Outcome {
    let mut memory = Memory::new();
    let bytes = words.len() * 8;
    memory.add(BASE, bytes);
    let place = memory.bytes_mut(BASE, bytes).unwrap();
    for (place, word) in place.chunks_exact_mut(8).zip(&*words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let arguments = [BASE, BASE + bytes as u64 / 2, n as u64].map(Value::Bits);
    let entry = unit.functions.last().unwrap().0;
    let bodies = ours::bodies(unit);
    let outcome =
        evaluate(&unit.module, &bodies, entry, &arguments, &mut Nothing, &mut memory, Limits::default());
    let place = memory.bytes(BASE, bytes).unwrap();
    for (word, place) in words.iter_mut().zip(place.chunks_exact(8)) {
        *word = u64::from_le_bytes(place.try_into().unwrap());
    }
    outcome
}

fn compare(name: &str, unit: &Unit, template: &[u64], n: i64) {
    let mut expected = template.to_vec();
    let outcome = evaluated(unit, &mut expected, n);
    let Outcome::Returned(Some(value)) = outcome else { panic!("{name}: {outcome:?}") };
    let cache = Cache::new();
    for setting in ours::SETTINGS {
        let mut memory = template.to_vec();
        let result = Ours::new(setting).native(unit, &cache).call(&mut memory, n);
        assert_eq!(result as u64, value.bits(), "{name} {}: the result", setting.name);
        assert_eq!(memory, expected, "{name} {}: the memory", setting.name);
    }
}

#[test]
fn kernels_do_what_the_evaluator_does() {
    for kernel in kernels::ALL {
        let mut memory = kernels::memory(kernel.fill);
        memory.truncate(4096);
        for n in [0, 1, 2, 7, 16] {
            compare(kernel.name, &kernel.unit(), &memory, n);
        }
    }
}

#[test]
fn generated_functions_do_what_the_evaluator_does() {
    let mut memory = kernels::memory(Fill::Ints);
    memory.truncate(256);
    for branchy in [false, true] {
        for size in [10, 100, 1_000, 5_000] {
            let name = format!("{size} {}", if branchy { "branchy" } else { "straight" });
            compare(&name, &generated::unit(size, branchy), &memory, 12_345);
        }
    }
}

#[test]
fn generated_functions_have_about_the_size_that_was_asked_for() {
    for branchy in [false, true] {
        let insts = generated::unit(10_000, branchy).insts();
        assert!((9_000..12_000).contains(&insts), "{insts}");
    }
}

#[test]
fn a_guard_that_fails_returns_from_the_function() {
    let unit = kernels::find("checked_sum").unwrap().unit();
    let cache = Cache::new();
    for setting in ours::SETTINGS {
        let native = Ours::new(setting).native(&unit, &cache);
        let mut memory = vec![0x7fff_ffff_7fff_ffff; 64];
        let before = LEFT.load(Ordering::Relaxed);
        assert_eq!(native.call(&mut memory, 1), i64::from(i32::MAX));
        assert_eq!(LEFT.load(Ordering::Relaxed), before);
        assert_eq!(native.call(&mut memory, 2), LEFT_RESULT);
        assert_eq!(LEFT.load(Ordering::Relaxed), before + 1);
    }
}
