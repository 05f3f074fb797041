//! Situations written by hand: `tests/regalloc/*.test`, in the text form of [`Code`].
//!
//! Each is a sentence, the machine, and what is expected of the allocation:
//! `stores`, `reloads`, `moves`, `remats`, `slot_moves`, `slots` count; `inner` are the edits in loops, `innermost` those two loops
//! deep, `hot` those in loops where the weight is not 0; `spilled` are the values with a slot; `impossible` is the instruction
//! that cannot be allocated. Beyond that the checker and the simulator look at every one.

use std::fs;
use std::path::Path;

use super::code::Code;
use super::machine;
use super::simulate::simulate;
use crate::regalloc::checker::check;
use crate::regalloc::dump::listing;
use crate::regalloc::{Alloc, AllocError, Allocator, Edit, Machine, Output, Point};

struct Case {
    title: String,
    machine: Machine,
    expected: Vec<(String, String)>,
    code: Code,
}

fn cases(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regalloc").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split("---\n").map(case).collect()
}

fn case(text: &str) -> Case {
    let line = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let pairs = |key: &str| -> Vec<(String, String)> {
        let words = line(key).unwrap_or_else(|| panic!("no {key} in {text}")).split_whitespace();
        words
            .map(|word| word.split_once('=').expect("key=value"))
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect()
    };
    let registers: Vec<u8> =
        pairs("; machine: ").iter().map(|(_, count)| count.parse().expect("a number")).collect();
    let machine = machine(registers[0], registers[1]);
    let code = Code::parse(text, &machine);
    Case { title: line("; ").unwrap_or_default().to_owned(), expected: pairs("; expect: "), code, machine }
}

/// The block that an edit is run in.
fn block_of(code: &Code, edit: &Edit) -> usize {
    let (Point::Before(inst) | Point::After(inst)) = edit.point;
    code.blocks.iter().position(|block| block.insts.contains(&inst)).expect("an edit is in a block")
}

fn found(key: &str, code: &Code, output: &Output, allocator: &Allocator) -> String {
    let stats = allocator.stats();
    let edits_in = |wanted: &dyn Fn(u32, u32) -> bool| {
        let wanted = |edit: &&Edit| {
            let block = &code.blocks[block_of(code, edit)];
            wanted(block.depth, block.weight)
        };
        output.edits.iter().filter(wanted).count() as u32
    };
    let count = match key {
        "stores" => stats.stores,
        "reloads" => stats.reloads,
        "moves" => stats.moves,
        "remats" => stats.remats,
        "slot_moves" => stats.slot_moves,
        "slots" => output.slots,
        "inner" => edits_in(&|depth, _| depth > 0),
        "innermost" => edits_in(&|depth, _| depth > 1),
        "hot" => edits_in(&|depth, weight| depth > 0 && weight > 0),
        "spilled" => {
            let stores = output.edits.iter().filter(|edit| matches!(edit.to, Alloc::Slot(_)));
            return stores.map(|edit| edit.vreg.to_string()).collect::<Vec<_>>().join(",");
        }
        _ => panic!("what is {key}?"),
    };
    count.to_string()
}

fn is_expected(found: &str, expected: &str) -> bool {
    match expected.split_once("..") {
        Some((from, to)) => {
            let number = |text: &str| text.parse::<u32>().expect("a number");
            (number(from)..=number(to)).contains(&number(found))
        }
        None => found == expected,
    }
}

fn try_file(name: &str, least: usize) {
    let mut allocator = Allocator::new();
    let mut wrong = String::new();
    let cases = cases(name);
    assert!(cases.len() >= least, "{name} has {} cases", cases.len());
    for Case { title, machine, expected, code } in cases {
        let output = match allocator.run(&code, &machine) {
            Ok(output) => output.clone(),
            Err(AllocError::Impossible { inst }) => {
                if expected != [("impossible".to_owned(), inst.to_string())] {
                    wrong += &format!("{title}\n  instruction {inst} is impossible\n");
                }
                continue;
            }
            Err(error) => panic!("{title}: {error}"),
        };
        if let Err(error) = check(&code, &machine, &output) {
            wrong += &format!("{title}\n  {error}\n");
        }
        for way in 0..20 {
            if let Err(error) = simulate(&code, &machine, &output, way, 100) {
                wrong += &format!("{title}\n  {error}\n");
            }
        }
        let differences: Vec<String> = expected
            .iter()
            .map(|(key, expected)| (key, expected, found(key, &code, &output, &allocator)))
            .filter(|(_, expected, found)| !is_expected(found, expected))
            .map(|(key, expected, found)| format!("{key} is {found}, not {expected}"))
            .collect();
        if !differences.is_empty() {
            let listing = listing(&code, &machine, &output);
            let picture = allocator.picture(&code, &machine, 0);
            wrong += &format!("{title}\n  {}\n{code}\n{listing}{picture}\n", differences.join(", "));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn constraints() {
    try_file("constraints.test", 28);
}

#[test]
fn calls() {
    try_file("calls.test", 19);
}

#[test]
fn loops() {
    try_file("loops.test", 12);
}

#[test]
fn flow() {
    try_file("flow.test", 8);
}

#[test]
fn pressure() {
    try_file("pressure.test", 9);
}
