//! Times the phases of the compiler: `cargo bench --bench frontend -- FILE [ROUNDS]`.
//!
//! Each round is a process of its own, since the first touch of memory is a good part of the work. The figures are the
//! least of the rounds, per phase. On Linux they are the CPU time of the process (kernel included) and the memory that
//! it holds at the end of a phase; elsewhere the time that passed, and 0.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use bumpalo::Bump;
use orus::lang::check::Checker;
use orus::lang::lower::Lowerer;
use orus::lang::modules::{FileLoader, Location};

const PHASES: [&str; 5] = ["read", "parse", "check", "lower", "free"];
/// Says to the process of a round what it is.
const ROUND: &str = "--round";

/// Milliseconds and KiB held, by phase.
type Figures = [(f64, f64); PHASES.len()];

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let Some(file) = words.next() else {
        // Also what `cargo bench` without arguments does.
        return println!("usage: cargo bench --bench frontend -- FILE [ROUNDS]");
    };
    let rest = words.next();
    if rest.as_deref() == Some(ROUND) {
        let figures = measure(Path::new(&file));
        return figures.iter().for_each(|(time, memory)| println!("{time} {memory}"));
    }
    let rounds = rest.map_or(5, |word| word.parse().expect("a number of rounds"));
    let lines = std::fs::read(&file).expect("the file can be read").split(|&byte| byte == b'\n').count() - 1;
    let mut least = [(f64::INFINITY, f64::INFINITY); PHASES.len()];
    let mut least_total = f64::INFINITY;
    for _ in 0..rounds {
        let figures = round(&file);
        least_total = least_total.min(figures.iter().map(|figure| figure.0).sum());
        for (least, figure) in least.iter_mut().zip(figures) {
            *least = (least.0.min(figure.0), least.1.min(figure.1));
        }
    }
    println!("{lines} lines, least of {rounds} rounds");
    println!("phase        ms   ns/line  bytes/line held");
    for (name, (time, memory)) in PHASES.iter().zip(least) {
        let (per_line, bytes) = (time * 1e6 / lines as f64, memory * 1024.0 / lines as f64);
        println!("{name:6} {time:8.1} {per_line:9.1} {bytes:16.1}");
    }
    let speed = lines as f64 / least_total / 1000.0;
    println!("total  {least_total:8.1} {:9.1}      {speed:.3} M lines/s", least_total * 1e6 / lines as f64);
}

/// Runs one round in a process of its own.
fn round(file: &str) -> Figures {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program).args([file, ROUND]).output().expect("this program can be started");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut numbers = text.split_whitespace().map(|word| word.parse().expect("a number"));
    std::array::from_fn(|_| (numbers.next().expect("a time"), numbers.next().expect("a size")))
}

/// Compiles a program and drops all that was made.
fn measure(path: &Path) -> Figures {
    let origin = Instant::now();
    let mut start = cpu_time(origin);
    let mut lap = || {
        let time = cpu_time(origin) - start;
        let memory = held_memory();
        start = cpu_time(origin);
        (time, memory)
    };
    let bytes = std::fs::read(path).expect("the file can be read");
    let read = lap();
    let arena = Bump::new();
    let mut checker = Checker::new(&arena, Box::new(FileLoader::new(|| None)));
    let name = path.display().to_string();
    let location = Location { name, directory: None, path: path.to_owned() };
    let order = checker.load(&location, &bytes);
    let parsed = lap();
    if let Err(reports) = checker.check_modules(&order) {
        panic!("{}: {}", path.display(), reports[0].message);
    }
    let checked = lap();
    let (tree, types, sources) = checker.parts();
    let program = Lowerer::program(tree, types, sources.files());
    let lowered = lap();
    drop(checker);
    drop(arena);
    drop(program);
    drop(bytes);
    [read, parsed, checked, lowered, lap()]
}

/// Milliseconds for which the thread has run, to a few milliseconds; since `origin` if the system does not tell.
fn cpu_time(origin: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or_else(|| origin.elapsed().as_nanos() as f64) / 1e6
}

/// The process's resident memory in KiB.
fn held_memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|word| word.parse().ok()).unwrap_or(0.0)
}
