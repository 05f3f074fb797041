//! Tests of the front end, the bytecode and the interpreter that are files. See [`directory()`] for what is in one.

#[path = "common/directory.rs"]
mod directory;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};

use directory::directory;
use orus::bytecode::{FileId, OPCODES, Op, Program, Span, parse, print, print_listing, verify};
use orus::lang::check::Checker;
use orus::lang::lower::Lowerer;
use orus::lang::modules::{Location, MemoryLoader};
use orus::vm::context::ContextOptions;
use orus::vm::host::{Host, NoFiles};
use orus::vm::instance::{Driver, Instance, Options, Stop};

#[test]
fn bytecode() {
    directory("bytecode", |stage, input| match stage {
        "verify" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => match verify(&program) {
                Err(error) => format!("{error}\n"),
                Ok(()) => "ok\n".to_string(),
            },
        },
        "print" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => {
                let text = print(&program);
                assert_eq!(parse(&text).as_ref(), Ok(&program), "the printed text is another program");
                text
            }
        },
        "listing" => match parse(input) {
            Err(error) => format!("{error}\n"),
            Ok(program) => print_listing(&program, None),
        },
        _ => panic!("no stage `{stage}`"),
    });
}

/// Programs in text form that are run. Whatever runs them must do the same: both drivers, the one that counts, and each of them
/// with a collection at every allocation.
#[test]
fn vm() {
    let executed = RefCell::new(HashSet::new());
    directory("vm", |stage, input| {
        assert_eq!(stage, "run");
        let program = match parse(input) {
            Ok(program) => Arc::new(program),
            Err(error) => return format!("{error}\n"),
        };
        let mut outcomes = Vec::new();
        for driver in [Driver::Best, Driver::Loop, Driver::Profiled] {
            for stress_gc in [false, true] {
                let text = run(input, &program, driver, stress_gc, &mut executed.borrow_mut());
                outcomes.push((driver, stress_gc, text));
            }
        }
        let (.., first) = outcomes.swap_remove(0);
        for (driver, stress_gc, other) in outcomes {
            assert_eq!(first, other, "{driver:?}, stress {stress_gc}");
        }
        first
    });
    let executed = executed.into_inner();
    let left_out: Vec<Op> = OPCODES.iter().map(|row| row.op).filter(|op| !executed.contains(op)).collect();
    let all = std::env::var_os("ORUS_FILES").is_none();
    assert!(!all || left_out.is_empty(), "no test executes {left_out:?}");
}

/// Runs a program, with the settings that its text has in lines `; set: NAME=NUMBER`. Gives what it wrote, and how it ended.
fn run(
    input: &str,
    program: &Arc<Program>,
    driver: Driver,
    stress_gc: bool,
    executed: &mut HashSet<Op>,
) -> String {
    let output = Output::default();
    let host = Host::new(Box::new(output.clone()), Box::new(&b"first\nsecond\n"[..]), Box::new(NoFiles));
    let mut context = ContextOptions { stress_gc, host, ..ContextOptions::default() };
    for setting in input.lines().filter_map(|line| line.strip_prefix("; set: ")) {
        match setting.split_once('=') {
            Some(("max-recursion", number)) => context.max_recursion = number.parse().unwrap(),
            Some(("heap", number)) => context.heap_limit = Some(number.parse().unwrap()),
            _ => panic!("no setting `{setting}`"),
        }
    }
    let mut instance = match Instance::new(program.clone(), Options { context, driver }) {
        Ok(instance) => instance,
        Err(error) => return format!("{error:?}\n"),
    };
    let end = instance.run();
    executed.extend(instance.profile().by_frequency().into_iter().map(|(op, _)| op));
    drop(instance);
    let mut text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
    let uncaught = match end {
        Ok(()) => return text + "-- ended\n",
        Err(Stop::Uncaught(error)) => error,
        Err(other) => return format!("{text}-- {other:?}\n"),
    };
    let place = |file: FileId, span: Span| {
        format!("{} {}..{}", program.files[file.index()].name, span.start, span.end)
    };
    let at = place(uncaught.file, uncaught.span);
    let _ = writeln!(text, "-- E{:04} {}: {} ({at})", uncaught.code, uncaught.kind.text(), uncaught.message);
    for entry in &uncaught.trace {
        let _ = writeln!(text, "--   in {} ({})", entry.function, place(entry.file, entry.span));
    }
    if uncaught.omitted > 0 {
        let _ = writeln!(text, "--   and {} more", uncaught.omitted);
    }
    text
}

/// Where a program writes to.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Source text to bytecode. Each text that comes out has been verified.
#[test]
fn lower() {
    directory("lower", |stage, input| {
        assert_eq!(stage, "lower");
        let source: String =
            input.lines().filter(|line| !line.starts_with("; ")).fold(String::new(), |mut source, line| {
                source.push_str(line);
                source.push('\n');
                source
            });
        let arena = bumpalo::Bump::new();
        let mut checker = Checker::new(&arena, Box::new(MemoryLoader::new()));
        let name = "test.orus".to_owned();
        let location = Location { path: name.clone().into(), name, directory: None };
        if let Err(reports) = checker.check_program(&location, source.as_bytes()) {
            return format!("{} {}\n", reports[0].code, reports[0].title);
        }
        let (checked, types, files) = checker.parts();
        let program = Lowerer::program(checked, types, files.files());
        if let Err(error) = verify(&program) {
            return format!("{error}\n");
        }
        without_sources(&print(&program))
    });
}

/// The text of a program without the sources that it quotes, and without positions, which other tests look at.
fn without_sources(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.starts_with('|') && !line.starts_with("file ")) {
        let position = line.find(" @").map(|at| (at, line[at + 2..].find(" ;").map(|end| at + 2 + end)));
        let line = match position {
            Some((at, Some(comment))) => format!("{}  {}", line[..at].trim_end(), &line[comment + 1..]),
            Some((at, None)) => line[..at].trim_end().to_owned(),
            None => line.to_owned(),
        };
        let _ = writeln!(out, "{line}");
    }
    out
}
