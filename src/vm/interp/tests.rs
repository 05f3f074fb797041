//! The machine stack of the threaded driver: equal before and behind every operation, on every way that it can take.

use std::path::Path;
use std::sync::Arc;

use super::code::Code;
use crate::bytecode::{Op, Program, Word, parse};
use crate::vm::context::ContextOptions;
use crate::vm::host::{Host, NoFiles};
use crate::vm::instance::Driver;
use crate::vm::machine::Machine;

/// An immediate that no test has. The instruction with it becomes a probe.
const MARK: i32 = 0x5052_4f42;

/// A program in text form with a probe before and behind each of its instructions. (So it cannot be verified any more.)
fn probed(text: &str) -> Program {
    let mut marked = String::new();
    let mark = format!("    const r0, {MARK}\n");
    let mut inside = false;
    for line in text.lines() {
        let word = line.split_whitespace().next().unwrap_or("");
        let heading =
            matches!(word, "in" | "frame" | "regs" | "vars" | "handler") || !line.starts_with("    ");
        if line == "end" {
            inside = false;
        } else if inside && !heading {
            marked += &mark;
        }
        inside |= line.starts_with("fn ");
        marked += line;
        marked.push('\n');
        if inside && !heading {
            marked += &mark;
        }
    }
    let mut program = parse(&marked).unwrap();
    for function in &mut program.functions {
        for word in &mut Arc::make_mut(function).code {
            if Word(*word) == Word::ai(Op::Const, 0, MARK) {
                *word = Code::Probe as u64;
            }
        }
    }
    program
}

/// Runs a program on a thread with a small stack. Gives where the machine stack was at each probe.
fn depths(program: Program, stress_gc: bool) -> Vec<usize> {
    let host = Host::new(Box::new(std::io::sink()), Box::new(&b"first\nsecond\n"[..]), Box::new(NoFiles));
    let options = ContextOptions { host, stress_gc, max_recursion: 50, heap_limit: Some(3_000_000) };
    let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let entry = program.entry[0];
        let mut machine = Machine::new(Arc::new(program), options).unwrap();
        assert_eq!(machine.best_driver(), Driver::Best);
        // However the run ends.
        let _ = machine.invoke(entry, &[], Driver::Best);
        std::mem::take(&mut machine.probes)
    });
    thread.unwrap().join().unwrap()
}

#[test]
fn each_operation_leaves_the_machine_stack_as_it_was() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm");
    let mut programs = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("\n;; ").next().unwrap();
        for stress_gc in [false, true] {
            let depths = depths(probed(text), stress_gc);
            let name = path.display();
            assert!(depths.len() > 4, "{name}: {} probes", depths.len());
            let first = depths[0];
            let other = depths.iter().position(|&depth| depth != first);
            assert_eq!(other, None, "{name}: the stack has grown at probe {other:?}");
        }
        programs += 1;
    }
    assert!(programs > 10);
}
