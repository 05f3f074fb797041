//! Passes compared with the evaluator: random programs do the same before and after, to the frame state.

mod forward;
mod program;

use super::pipeline::{Level, Options, Vectors};
use super::{Analyses, Context, Pass, fault};
use crate::ir::eval::{self, Called, Evaluator, Host, Limits, Memory, Outcome, Slot, TrapKind};
use crate::ir::verify::verify;
use crate::ir::{Func, Function, Kind, Module, Parsed, Reason, Symbol, parse_module, print_module};
use program::{ARRAYS, Flavour, Rng, VARIABLES};

const CONTEXT: u64 = 0x1000;
const FREE: u64 = 0x20_0000;

/// What is outside: `odd` raises of odd numbers.
struct Outside {
    polls: u64,
    leave_at: u64,
    log: Vec<u64>,
    keep: Option<usize>,
}

impl Host for Outside {
    fn call(&mut self, func: Func, arguments: &[eval::Value], memory: &mut Memory) -> Called {
        if Some(func.index()) == self.keep {
            // It reads both fields of what it keeps.
            let object = arguments[0].bits();
            self.log.push(memory.load(object + 16, 8).unwrap_or(0));
            self.log.push(memory.load(object + 24, 8).unwrap_or(0));
            return Called::Returned(None);
        }
        self.log.push(arguments[0].bits());
        match arguments[0].bits() {
            odd if odd % 8 == 1 => Called::Raised,
            even => Called::Returned(Some(eval::Value::Bits((even as u32).wrapping_mul(5).into()))),
        }
    }

    fn poll(&mut self) -> bool {
        self.polls += 1;
        self.polls == self.leave_at
    }

    fn context(&self) -> u64 {
        CONTEXT
    }

    fn symbol(&self, _: Symbol) -> u64 {
        0x5000
    }

    fn function_at(&self, _: u64) -> Option<Func> {
        None
    }
}

/// What a run did.
#[derive(Clone, PartialEq, Debug)]
struct Seen {
    outcome: Outcome,
    /// The arrays.
    arrays: Vec<u8>,
    /// Objects that were made of removed ones count as those that were there: fields by reference.
    objects: Vec<Vec<u64>>,
    log: Vec<u64>,
}

/// An input: variables, arrays' addresses, contents.
#[derive(Clone, Debug)]
struct Input {
    arguments: Vec<eval::Value>,
    memory: Memory,
}

const ARRAY_BYTES: usize = 0xc00;

fn input(rng: &mut Rng) -> Input {
    let mut memory = Memory::new();
    memory.add(CONTEXT, 0x100);
    memory.add(FREE, 0x1_0000);
    let mut arguments: Vec<eval::Value> = VARIABLES
        .iter()
        .map(|&kind| {
            let bits = match kind {
                "f64" => (rng.below(2000) as f64 / 8.0 - 100.0).to_bits(),
                kind => rng.number(kind) as u64,
            };
            let bits = if kind == "i32" || kind == "u32" { bits as u32 as u64 } else { bits };
            eval::Value::Bits(bits)
        })
        .collect();
    // Loops have limits of which most are small.
    for argument in &mut arguments[..4] {
        if rng.once_in(2) {
            *argument = eval::Value::Bits(rng.below(70));
        }
    }
    let small = rng.once_in(2);
    let mut homes: Vec<(u64, &str)> = Vec::new();
    for (index, &(element, size)) in ARRAYS.iter().enumerate() {
        // Sometimes two parameters are one array.
        if let Some(&(home, _)) = homes.iter().find(|&&(_, other)| other == element)
            && rng.once_in(3)
        {
            arguments.push(eval::Value::Bits(home));
            continue;
        }
        let home = 0x1_0000 + 0x1000 * index as u64;
        memory.add(home, ARRAY_BYTES);
        let length = rng.below(((ARRAY_BYTES - 16) / size as usize) as u64);
        let length = if rng.once_in(3) { length.min(rng.below(9)) } else { length };
        let _ = memory.store(home + 8, 4, length);
        for at in 0..length {
            let number = match element {
                "f64" => (rng.below(4000) as f64 / 16.0 - 100.0).to_bits(),
                _ if small => rng.below(50).wrapping_sub(10),
                _ => rng.number(element) as u64,
            };
            let _ = memory.store(home + 16 + at * u64::from(size), size as usize, number);
        }
        homes.push((home, element));
        arguments.push(eval::Value::Bits(home));
    }
    let _ = memory.store(CONTEXT + 64, 8, FREE);
    let _ = memory.store(CONTEXT + 72, 8, FREE + 0x1_0000);
    Input { arguments, memory }
}

/// Runs a program's `f`.
fn run(
    evaluator: &mut Evaluator,
    module: &Module,
    bodies: &[Option<&Function>],
    input: &Input,
    leave_at: u64,
    steps: u64,
) -> Seen {
    let entry = Func(module.funcs.iter().position(|func| func.name == "f").expect("there is an f") as u32);
    let mut memory = input.memory.clone();
    let keep = module.funcs.iter().position(|func| func.name == "keep");
    let mut host = Outside { polls: 0, leave_at, log: Vec::new(), keep };
    // Who comes second may take longer.
    let limits = Limits { steps, ..Limits::default() };
    let outcome = evaluator.run(module, bodies, entry, &input.arguments, &mut host, &mut memory, limits);
    let mut arrays = Vec::new();
    for region in memory.regions().iter().filter(|region| (0x1_0000..FREE).contains(&region.base)) {
        arrays.extend_from_slice(&region.bytes);
    }
    let (outcome, objects) = normal(outcome, &memory);
    Seen { outcome, arrays, objects, log: host.log }
}

/// An outcome in which it does not matter whether objects are there already.
fn normal(mut outcome: Outcome, memory: &Memory) -> (Outcome, Vec<Vec<u64>>) {
    let mut objects = Vec::new();
    if let Outcome::Left(left) = &mut outcome {
        let removed = std::mem::take(&mut left.objects);
        left.own = 0;
        let mut homes: Vec<u64> = Vec::new();
        let mut places: Vec<u32> = Vec::new();
        for slot in left.frames.iter_mut().flat_map(|frame| &mut frame.slots) {
            match *slot {
                Slot::Value(Kind::Ref, value) if value.bits() >= FREE => {
                    let known = homes.iter().position(|&home| home == value.bits()).unwrap_or_else(|| {
                        homes.push(value.bits());
                        let at = value.bits();
                        objects
                            .push((1..4).map(|field| memory.load(at + 8 * field, 8).unwrap_or(1)).collect());
                        places.push(u32::MAX);
                        objects.len() - 1
                    });
                    *slot = Slot::Object(known as u32);
                }
                Slot::Object(number) => {
                    let known = places.iter().position(|&place| place == number).unwrap_or_else(|| {
                        places.push(number);
                        homes.push(0);
                        let fields = removed[number as usize].slots.iter();
                        objects.push(
                            fields
                                .map(|slot| match slot {
                                    Slot::Value(_, value) => value.bits(),
                                    _ => 77,
                                })
                                .collect(),
                        );
                        objects.len() - 1
                    });
                    *slot = Slot::Object(known as u32);
                }
                // Any NaN is as good as another.
                Slot::Value(Kind::F64, value) if f64::from_bits(value.bits()).is_nan() => {
                    *slot = Slot::Value(Kind::F64, eval::Value::Bits(f64::NAN.to_bits()));
                }
                _ => {}
            }
        }
    }
    (outcome, objects)
}

/// What became of the programs.
#[derive(Default, Debug)]
struct Tally {
    programs: u32,
    changed: u32,
    returned: u32,
    left: u32,
    trapped: u32,
}

fn bodies(parsed: &Parsed) -> Vec<Option<&Function>> {
    let mut bodies = vec![None; parsed.module.funcs.len()];
    for (func, body) in &parsed.functions {
        bodies[func.index()] = Some(body);
    }
    bodies
}

fn options(level: Level, rng: &mut Rng) -> Options {
    let mut options = Options::new(level);
    options.vectors = rng.pick(&[Vectors::V128, Vectors::V128.union(Vectors::V256)]);
    options
}

/// Runs passes over one random program and compares. The error says what differs.
fn compare(passes: &[(&str, Pass)], flavour: Flavour, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let text = program::program(&mut rng, flavour);
    let parsed = parse_module(&text).map_err(|error| format!("seed {seed}: {error}\n{text}"))?;
    for (_, body) in &parsed.functions {
        verify(body, &parsed.module).map_err(|error| format!("seed {seed}: {error}\n{text}"))?;
    }
    let options = options(if rng.once_in(3) { Level::Fast } else { Level::Full }, &mut rng);
    let mut analyses = Analyses::new();
    let before = bodies(&parsed);
    let entry = parsed.functions.iter().find(|(_, function)| function.name == "f").expect("there is an f");
    let mut function = entry.1.clone();
    let mut changed = false;
    let mut done = String::new();
    for (name, pass) in passes {
        analyses.invalidate();
        let mut context =
            Context { module: &parsed.module, bodies: &before, options: &options, analyses: &mut analyses };
        let did = pass(&mut function, &mut context);
        changed |= did;
        done += &format!("{name} {did}; ");
        verify(&function, &parsed.module).map_err(|error| {
            format!(
                "seed {seed} {done}: {error}\n{text}\n{}",
                crate::ir::print_function(&function, &parsed.module)
            )
        })?;
    }
    tally.programs += 1;
    tally.changed += u32::from(changed);
    let mut after = before.clone();
    after[entry.0.index()] = Some(&function);
    let mut evaluator = Evaluator::default();
    for turn in 0..8 {
        let input = input(&mut rng);
        let old = run(&mut evaluator, &parsed.module, &before, &input, 0, 20_000);
        let new = run(&mut evaluator, &parsed.module, &after, &input, 0, 200_000);
        match &old.outcome {
            // Who makes fewer objects runs longer.
            Outcome::Left(left) if left.reason == Reason::Memory => continue,
            Outcome::Trap(_) => {
                tally.trapped += 1;
                continue;
            }
            Outcome::Left(_) => tally.left += 1,
            _ => tally.returned += 1,
        }
        let complain = |old: &Seen, new: &Seen, what: &str| {
            format!(
                "seed {seed}, {flavour:?}, input {turn} {what}, {done}\n{:?}\n{:?}\n{:?}\n{}\n---\n{}",
                input.arguments,
                old,
                new,
                print_module(&parsed.module, &parsed.functions),
                crate::ir::print_function(&function, &parsed.module),
            )
        };
        if old != new {
            return Err(complain(&old, &new, ""));
        }
        if flavour == Flavour::Vectors && turn > 0 {
            continue;
        }
        // A poll leaves with a state that some poll had before.
        let leave_at = 1 + rng.below(3);
        let new = run(&mut evaluator, &parsed.module, &after, &input, leave_at, 20_000);
        if matches!(new.outcome, Outcome::Trap(trap) if trap.kind == TrapKind::OutOfFuel) {
            continue;
        }
        let known = (leave_at..leave_at + 800)
            .any(|at| run(&mut evaluator, &parsed.module, &before, &input, at, 20_000) == new);
        if !known {
            let old = run(&mut evaluator, &parsed.module, &before, &input, leave_at, 20_000);
            return Err(complain(&old, &new, "poll"));
        }
    }
    Ok(())
}

/// Programs per test; more by the environment.
fn count(usual: u64) -> u64 {
    std::env::var("ORUS_COMPARE").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

fn all(passes: &[(&str, Pass)], flavour: Flavour, usual: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..count(usual) {
        if let Err(error) = compare(passes, flavour, seed, &mut tally) {
            panic!("{error}");
        }
    }
    // The programs do something.
    assert!(tally.returned > tally.programs / 2, "{tally:?}");
    assert!(tally.left > tally.programs / 4, "{tally:?}");
    tally
}

#[test]
fn range_keeps_what_programs_do() {
    let tally = all(&[("range", super::range::run), ("range", super::range::run)], Flavour::Mixed, 120);
    assert!(tally.changed > tally.programs / 2, "{tally:?}");
    all(&[("range", super::range::run)], Flavour::Arrays, 120);
}

#[test]
fn strength_keeps_what_programs_do() {
    let tally = all(&[("strength", super::strength::run)], Flavour::Divisions, 120);
    assert!(tally.changed > tally.programs / 2, "{tally:?}");
    all(&[("range", super::range::run), ("strength", super::strength::run)], Flavour::Mixed, 120);
}

#[test]
fn rotate_keeps_what_programs_do() {
    let tally = all(&[("rotate", super::rotate::run)], Flavour::Mixed, 120);
    assert!(tally.changed > tally.programs / 4, "{tally:?}");
    all(&[("rotate", super::rotate::run), ("range", super::range::run)], Flavour::Arrays, 120);
}

#[test]
fn unroll_keeps_what_programs_do() {
    let tally = all(&[("unroll", super::unroll::run)], Flavour::Mixed, 120);
    assert!(tally.changed > tally.programs / 10, "{tally:?}");
    all(
        &[("rotate", super::rotate::run), ("unroll", super::unroll::run), ("range", super::range::run)],
        Flavour::Arrays,
        300,
    );
}

#[test]
fn inline_keeps_what_programs_do() {
    let tally = all(&[("inline", super::inline::run)], Flavour::Calls, 120);
    assert!(tally.changed > tally.programs / 2, "{tally:?}");
    all(
        &[("inline", super::inline::run), ("rotate", super::rotate::run), ("range", super::range::run)],
        Flavour::Mixed,
        300,
    );
}

#[test]
fn escape_keeps_what_programs_do() {
    let tally = all(&[("escape", super::escape::run)], Flavour::Objects, 150);
    assert!(tally.changed > tally.programs / 2, "{tally:?}");
    all(
        &[("inline", super::inline::run), ("rotate", super::rotate::run), ("escape", super::escape::run)],
        Flavour::Mixed,
        300,
    );
}

#[test]
fn vectorize_keeps_what_programs_do() {
    let tally = all(&[("vectorize", super::vectorize::run)], Flavour::Vectors, 250);
    assert!(tally.changed > tally.programs / 4, "{tally:?}");
}

#[test]
fn all_together_keep_what_programs_do() {
    const ALL: &[(&str, Pass)] = &[
        ("inline", super::inline::run),
        ("escape", super::escape::run),
        ("rotate", super::rotate::run),
        ("range", super::range::run),
        ("vectorize", super::vectorize::run),
        ("unroll", super::unroll::run),
        ("range", super::range::run),
        ("strength", super::strength::run),
    ];
    for flavour in [Flavour::Mixed, Flavour::Arrays, Flavour::Objects, Flavour::Calls, Flavour::Vectors] {
        all(ALL, flavour, 50);
    }
}

#[test]
fn faults_have_numbers() {
    assert!(fault::FAULTS.is_sorted_by(|one, next| one.0 < next.0));
}

/// Each planted fault is noticed by the programs of the tests above.
#[test]
#[cfg(feature = "planted-faults")]
fn planted_faults_are_noticed() {
    let mut missed = Vec::new();
    // Those of the walk have programs of their own.
    for &(number, pass, what) in fault::FAULTS.iter().filter(|fault| fault.0 < 100) {
        let (passes, flavour): (&[(&str, Pass)], _) = match pass {
            "range" => (&[("range", super::range::run)], Flavour::Mixed),
            "strength" => (&[("strength", super::strength::run)], Flavour::Divisions),
            "rotate" => (&[("rotate", super::rotate::run)], Flavour::Mixed),
            "inline" => (&[("inline", super::inline::run)], Flavour::Calls),
            "escape" => (&[("escape", super::escape::run)], Flavour::Objects),
            "vectorize" => (&[("vectorize", super::vectorize::run)], Flavour::Vectors),
            _ => (&[("unroll", super::unroll::run)], Flavour::Mixed),
        };
        fault::plant(number);
        let noticed = (0..800).find(|&seed| {
            let mut tally = Tally::default();
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                compare(passes, flavour, seed, &mut tally)
            }))
            .map_or(true, |same| same.is_err())
        });
        fault::plant(0);
        println!("{number} {pass}: {what}: program {noticed:?}");
        if noticed.is_none() {
            missed.push(number);
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
