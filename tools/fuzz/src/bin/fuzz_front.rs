//! Tries source text and bytecode that are random or changed at random: each case must end in a diagnostic or a run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use orus_fuzz::execute::Watchdog;
use orus_fuzz::front::cases::{self, Case, Kind};
use orus_fuzz::front::corpus::Corpus;
use orus_fuzz::front::run::{self, Fate};
use orus_fuzz::workers::{self, Findings, Share, Teller};

/// Feeds the compiler and the verifier with texts that are random or changed at random; none may panic, hang, or take
/// much memory.
///
/// Each case has a bounded run: 100 ms, 64 MiB of heap, 1 MiB of output, 2,000 calls deep; then it is interrupted. A worker
/// that says nothing for a minute is killed, and its case counts as failed.
#[derive(Parser)]
#[command(name = "fuzz-front")]
struct Arguments {
    /// How many cases.
    #[arg(long, default_value_t = 4_000)]
    cases: u64,
    /// Which cases: each seed gives others.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many processes.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, |n| n.get() as u64))]
    jobs: u64,
    /// Try only this case, and say what becomes of it.
    #[arg(long)]
    case: Option<u64>,
    /// Only print `--case`.
    #[arg(long, requires = "case")]
    print: bool,
    /// The folder that holds `tests/lang` and `examples`.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Where failed cases are written.
    #[arg(long, default_value = "target/fuzz-front")]
    out: PathBuf,
    /// Pretend that a report of a certain code is a failure, to prove that failures are found.
    #[arg(long)]
    plant: bool,
    /// What a worker is to do.
    #[arg(long, hide = true)]
    share: Option<Share>,
}

/// More memory than this no case may need, in KiB: the heap's limit and as much again for compiling.
const MEMORY: u64 = 1 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    let corpus = Corpus::read(&[&arguments.root.join("tests/lang"), &arguments.root.join("examples")]);
    match (arguments.share, arguments.case) {
        (Some(share), _) => work(&arguments, &corpus, share),
        (None, Some(case)) => one(&arguments, &corpus, case),
        (None, None) => drive(&arguments, &corpus),
    }
}

fn make(arguments: &Arguments, corpus: &Corpus, number: u64) -> (Kind, Case) {
    let listing = |source: &str| {
        let compiled = std::panic::catch_unwind(|| {
            orus::Program::from_modules("main.orus", source, []).ok()?.bytecode_text(orus::Listing::Plain)
        });
        // What does not compile without a panic is met as source, too.
        compiled.ok().flatten()
    };
    cases::make(arguments.seed, number, corpus, &listing)
}

/// Some cases run with a collection at each allocation.
fn stressed(number: u64) -> bool {
    number.is_multiple_of(4)
}

fn judge(arguments: &Arguments, number: u64, case: &Case, watchdog: &Watchdog) -> Fate {
    let fate = run::run(case, stressed(number), watchdog);
    // The planted fault: to end by an uncaught error is one.
    if arguments.plant && fate == Fate::Ran("ran to an uncaught error") {
        return Fate::Failed("planted: an uncaught error".to_owned());
    }
    fate
}

fn work(arguments: &Arguments, corpus: &Corpus, share: Share) -> ExitCode {
    let watchdog = Watchdog::default();
    let mut teller = Teller::default();
    let mut peak_before = peak_memory();
    let mut slowest = Duration::ZERO;
    for (done, number) in share.cases().enumerate() {
        teller.begin(number);
        let start = Instant::now();
        let (kind, case) = make(arguments, corpus, number);
        let fate = judge(arguments, number, &case, &watchdog);
        let group = if kind == Kind::Bytecode { "bytecode" } else { "source" };
        teller.count(&format!("{group} {}", fate.name()), 1);
        teller.count(&format!("kind {kind:?} {}", fate.name()), 1);
        let time = start.elapsed();
        teller.count(&format!("milliseconds {kind:?}"), time.as_millis() as u64);
        if time > slowest {
            slowest = time;
            teller.value("slow", (time.as_millis() as u64) << 32 | number);
        }
        if let Fate::Failed(why) = fate {
            teller.fail(number, &why);
        }
        let peak = peak_memory();
        if peak > MEMORY && peak > peak_before {
            teller.fail(number, &format!("it needs {} MiB of memory", peak >> 10));
            peak_before = peak;
        }
        if done % 100 == 99 {
            teller.flush();
        }
    }
    teller.end();
    ExitCode::SUCCESS
}

/// The most memory that this process has had, in KiB; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn one(arguments: &Arguments, corpus: &Corpus, number: u64) -> ExitCode {
    let (kind, case) = make(arguments, corpus, number);
    if arguments.print {
        print!("{}", String::from_utf8_lossy(case.file().0));
        return ExitCode::SUCCESS;
    }
    let fate = judge(arguments, number, &case, &Watchdog::default());
    println!("case {number} ({kind:?}): {fate:?}");
    if matches!(fate, Fate::Failed(_)) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn drive(arguments: &Arguments, corpus: &Corpus) -> ExitCode {
    if corpus.files.is_empty() {
        println!("no source files below {}", arguments.root.display());
        return ExitCode::FAILURE;
    }
    let mut passed_on =
        vec![format!("--seed={}", arguments.seed), format!("--root={}", arguments.root.display())];
    if arguments.plant {
        passed_on.push("--plant".to_owned());
    }
    let findings =
        workers::run(0..arguments.cases, arguments.jobs.max(1), &passed_on, Duration::from_secs(60), 20);
    for (number, why) in &findings.failures {
        let (_, case) = make(arguments, corpus, *number);
        let file = write_case(arguments, *number, &case);
        println!("case {number} (--seed {} --case {number}, {file}): {why}\n", arguments.seed);
    }
    let complaints = report(&findings);
    for complaint in &complaints {
        println!("too little: {complaint}");
    }
    let failures = findings.failures.len();
    println!("{} cases, {failures} failures, {} figures missed", findings.cases, complaints.len());
    if failures + complaints.len() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Writes a failed case to a file, and says where.
fn write_case(arguments: &Arguments, number: u64, case: &Case) -> String {
    let (bytes, extension) = case.file();
    let file = Path::new(&arguments.out).join(format!("{}-{number}.{extension}", arguments.seed));
    let written = std::fs::create_dir_all(&arguments.out).and_then(|()| std::fs::write(&file, bytes));
    match written {
        Ok(()) => file.display().to_string(),
        Err(error) => format!("not written: {error}"),
    }
}

/// Prints what became of the cases; the result says what was too little.
fn report(findings: &Findings) -> Vec<String> {
    let mut shares = std::collections::BTreeMap::new();
    for group in ["source", "bytecode"] {
        let prefix = format!("{group} ");
        let total: u64 = findings.tally.with_prefix(&prefix).map(|(_, count)| count).sum();
        println!("{group}: {total} cases");
        for (fate, count) in findings.tally.with_prefix(&prefix) {
            let share = 100.0 * count as f64 / total.max(1) as f64;
            println!("  {fate:28} {count:8} {share:6.1} %");
            shares.insert((group, fate.to_owned()), share);
        }
    }
    println!("by kind:");
    for (name, count) in findings.tally.with_prefix("kind ") {
        println!("  {name:44} {count:8}");
    }
    println!("milliseconds by kind:");
    for (name, time) in findings.tally.with_prefix("milliseconds ") {
        println!("  {name:44} {time:8}");
    }
    if let Some(slow) = findings.values.get("slow").and_then(|values| values.iter().max()) {
        println!("slowest: case {} took {} ms", slow & 0xffff_ffff, slow >> 32);
    }
    let share =
        |group: &'static str, fate: &str| shares.get(&(group, fate.to_owned())).copied().unwrap_or(0.0);
    let ran = |group| {
        ["ran to the end", "ran to an uncaught error", "ran until it was stopped"]
            .iter()
            .map(|fate| share(group, fate))
            .sum()
    };
    let mut complaints = Vec::new();
    let mut at_least = |what: &str, share: f64, least: f64| {
        if share < least {
            complaints.push(format!("{share:.1} % {what}, not {least} %"));
        }
    };
    at_least("of the sources got past the parser", 100.0 - share("source", "stopped by the parser"), 30.0);
    at_least("of the sources ran", ran("source"), 10.0);
    at_least("of the sources were stopped by the checker", share("source", "stopped by the checker"), 5.0);
    at_least(
        "of the bytecode was stopped by the verifier",
        share("bytecode", "stopped by the verifier"),
        10.0,
    );
    at_least("of the bytecode was verified and ran", ran("bytecode"), 10.0);
    complaints
}
