//! Runs random programs in several modes and compares all that can be observed: output, how they end, message, position and
//! trace. It also counts what the programs did, and fails if that was trivial.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use orus_fuzz::errors::Observed;
use orus_fuzz::execute::{self, End, Limits, Mode, Outcome, Watchdog};
use orus_fuzz::workers::{self, Findings, Share, Teller};
use orus_progen::{Config, Program};

/// Runs random programs plainly, with counts, under `--stress=gc`, and in native code, and compares what they do.
///
/// Reports what the programs did, and fails if that was too little: the median program executes 10,000 bytecode
/// instructions, at most 20 % of the programs end by an uncaught error, and 20,000 programs reach each operation and each runtime
/// error 100 times, fewer programs in proportion. With fewer than 2,000 programs, which chance rules, too little is a warning.
#[derive(Parser)]
#[command(name = "diff-fuzz")]
struct Arguments {
    /// How many programs.
    #[arg(long, default_value_t = 1_000)]
    cases: u64,
    /// Which programs: each seed gives others.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many processes.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, |n| n.get() as u64))]
    jobs: u64,
    /// Print the smallest program that still shows a difference, instead of the one that was found.
    #[arg(long)]
    minimise: bool,
    /// Run only this case, and say what it did.
    #[arg(long)]
    case: Option<u64>,
    /// Only print the program of `--case`.
    #[arg(long, requires = "case")]
    print: bool,
    /// Change the meaning of an operator in one of the modes, to prove that a difference is found.
    #[arg(long)]
    plant: bool,
    /// What a worker is to do.
    #[arg(long, hide = true)]
    share: Option<Share>,
}

/// From so many programs on, too little fails.
const FLOORS_FROM: u64 = 2_000;

/// Programs of a batch are numbered from its seed on.
fn program(seed: u64, case: u64) -> Program {
    orus_progen::generate((seed << 32).wrapping_add(case), &Config::default())
}

/// What is wrong with a program, if anything is.
struct Verdict {
    why: Option<String>,
    plain: Outcome,
    counts: execute::Counts,
}

/// Runs a source text in all modes.
fn judge(source: &str, plant: bool, watchdog: &Watchdog) -> Verdict {
    let limits = Limits::default();
    let program = match execute::compile(source) {
        Ok(program) => program,
        Err(outcome) => {
            let why = match &outcome.end {
                End::Rejected(reports) => format!("the compiler rejects it:\n{reports}"),
                end => format!("the compiler fails: {end:?}"),
            };
            return Verdict { why: Some(why), plain: outcome, counts: execute::Counts::default() };
        }
    };
    // A planted fault: one `%` divides instead, in one of the modes.
    let other = if plant { source.replacen(" % ", " / ", 1) } else { source.to_owned() };
    let planted =
        if plant { execute::compile(&other).unwrap_or_else(|_| program.clone()) } else { program.clone() };
    let (plain, _) = execute::execute(&program, Mode::Plain, &limits, watchdog);
    let mut why = match &plain.end {
        End::Finished | End::Uncaught { .. } => None,
        end => Some(format!("it does not end as it should: {end:?}")),
    };
    let mut counts = execute::Counts::default();
    let modes = [
        (Mode::Profiled, &program),
        (Mode::StressGc, &planted),
        (Mode::Native, &program),
        (Mode::Tiered, &program),
        (Mode::NativeStressGc, &program),
    ];
    for (mode, program) in modes {
        let (outcome, counted) = execute::execute(program, mode, &limits, watchdog);
        if let (None, Some(difference)) = (&why, plain.difference(&outcome)) {
            why = Some(format!("{:?} and {mode:?} differ: {difference}", Mode::Plain));
        }
        match mode {
            Mode::Profiled => counts = counted,
            Mode::StressGc => counts.collections = counted.collections,
            _ => {}
        }
    }
    Verdict { why, plain, counts }
}

/// Whether two complaints are about the same thing, so that shrinking does not wander from one to another.
fn alike(a: &str, b: &str) -> bool {
    let kind = |text: &str| {
        // The first line without its numbers; of a rejection the code.
        let line = match text.split_once("[E") {
            Some((_, code)) if text.starts_with("the compiler rejects") => {
                code.get(..4).unwrap_or("").to_owned()
            }
            _ => text.lines().next().unwrap_or("").to_owned(),
        };
        line.chars()
            .filter(|c| !c.is_ascii_digit() || text.starts_with("the compiler rejects"))
            .collect::<String>()
    };
    kind(a) == kind(b)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    match (arguments.share, arguments.case) {
        (Some(share), _) => work(&arguments, share),
        (None, Some(case)) => one(&arguments, case),
        (None, None) => drive(&arguments),
    }
}

/// A worker: runs its share of the cases.
fn work(arguments: &Arguments, share: Share) -> ExitCode {
    let watchdog = Watchdog::default();
    let mut teller = Teller::default();
    for (done, case) in share.cases().enumerate() {
        teller.begin(case);
        let program = program(arguments.seed, case);
        let source = program.source();
        let verdict = judge(&source, arguments.plant, &watchdog);
        teller.value("executed", verdict.counts.executed);
        teller.value("lines", source.lines().count() as u64);
        for (operation, count) in &verdict.counts.operations {
            teller.count(&format!("operation {operation}"), *count);
        }
        let mut observed = Observed::default();
        observed.output(&verdict.plain.output);
        if let End::Uncaught { message, .. } = &verdict.plain.end {
            observed.message(message);
            teller.count("uncaught", 1);
        }
        for (label, count) in observed.counts() {
            teller.count(&format!("error {label}"), count);
        }
        teller.count("collections", verdict.counts.collections);
        if let Some(why) = &verdict.why {
            let shown = if arguments.minimise {
                let fails = |source: &str| {
                    judge(source, arguments.plant, &watchdog).why.is_some_and(|other| alike(why, &other))
                };
                let small = orus_progen::minimise(program, fails);
                let source = small.source();
                let why = judge(&source, arguments.plant, &watchdog).why.unwrap_or_default();
                format!("{why}\n--- minimised:\n{source}---")
            } else {
                why.clone()
            };
            teller.fail(case, &shown);
        }
        if done % 100 == 99 {
            teller.flush();
        }
    }
    teller.end();
    ExitCode::SUCCESS
}

/// One case, in this process.
fn one(arguments: &Arguments, case: u64) -> ExitCode {
    let program = program(arguments.seed, case);
    let source = program.source();
    if arguments.print {
        print!("{source}");
        return ExitCode::SUCCESS;
    }
    let watchdog = Watchdog::default();
    let verdict = judge(&source, arguments.plant, &watchdog);
    println!("{}", verdict.plain.output);
    println!("executed {}, {:?}", verdict.counts.executed, verdict.plain.end);
    let Some(why) = verdict.why else {
        println!("case {case}: no difference");
        return ExitCode::SUCCESS;
    };
    if arguments.minimise {
        let fails = |source: &str| {
            judge(source, arguments.plant, &watchdog).why.is_some_and(|other| alike(&why, &other))
        };
        let small = orus_progen::minimise(program, fails).source();
        println!("{small}---\n{}", judge(&small, arguments.plant, &watchdog).why.unwrap_or_default());
    }
    println!("case {case}: {why}");
    ExitCode::FAILURE
}

/// The driver: starts the workers, reports.
fn drive(arguments: &Arguments) -> ExitCode {
    let mut passed_on = vec![format!("--seed={}", arguments.seed)];
    if arguments.minimise {
        passed_on.push("--minimise".to_owned());
    }
    if arguments.plant {
        passed_on.push("--plant".to_owned());
    }
    // Minimising takes a while, a program alone does not.
    let patience = Duration::from_secs(if arguments.minimise { 900 } else { 120 });
    let mut findings = workers::run(0..arguments.cases, arguments.jobs.max(1), &passed_on, patience, 20);
    for (case, why) in &findings.failures {
        println!("case {case} (--seed {} --case {case}): {why}\n", arguments.seed);
    }
    let complaints = report(&mut findings);
    let failures = findings.failures.len();
    let trivial = match arguments.cases {
        0..FLOORS_FROM => 0,
        _ => complaints.len(),
    };
    for complaint in &complaints {
        println!("{}: {complaint}", if trivial > 0 { "too little" } else { "warning" });
    }
    println!("{} programs, {failures} failures, {trivial} figures missed", findings.cases);
    if failures + trivial > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what the programs did; the result says what was too little.
fn report(findings: &mut Findings) -> Vec<String> {
    let mut complaints = Vec::new();
    let cases = findings.cases.max(1);
    // What 20,000 programs must do a hundred times, fewer must do as much less often.
    let least = (100 * cases / 20_000).clamp(1, 100);
    println!("operation            executed");
    for row in orus::bytecode::OPCODES {
        let count = findings.tally.get(&format!("operation {}", row.text));
        println!("{:18} {count:12}", row.text);
        if count < least {
            complaints.push(format!("operation {} was executed {count} times, not {least}", row.text));
        }
    }
    println!("\nruntime error                                                observed");
    for label in orus_fuzz::errors::labels() {
        let count = match label {
            "raise" => findings.tally.get("operation raise"),
            label => findings.tally.get(&format!("error {label}")),
        };
        println!("{label:58} {count:10}");
        if count < least {
            complaints.push(format!("`{label}` was seen {count} times, not {least}"));
        }
    }
    let (executed, lines) = (findings.median("executed"), findings.median("lines"));
    let uncaught = findings.tally.get("uncaught");
    let most = findings.values.get("executed").and_then(|values| values.last()).copied().unwrap_or(0);
    println!("\nexecuted instructions: median {executed}, most {most}; median of lines {lines}");
    println!("collections under stress: {}", findings.tally.get("collections"));
    println!("ended by an uncaught error: {:.1} %", 100.0 * uncaught as f64 / cases as f64);
    if executed < 10_000 {
        complaints.push(format!("the median program executes {executed} instructions, not 10000"));
    }
    if uncaught * 5 > cases {
        complaints.push("more than 20 % of the programs end by an uncaught error".to_owned());
    }
    complaints
}
