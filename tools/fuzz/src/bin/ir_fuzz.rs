//! Runs random programs of the IR, optimised and compiled in several ways, and compares what they do with what the evaluator says. It also
//! counts what the programs are like and did, and fails if that was trivial.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use orus::ir::eval::{Outcome, TrapKind};
use orus::ir::parse::parse_module;
use orus::ir::print::print_module;
use orus::ir::types::Func;
use orus::ir::verify::verify;
use orus::ir::{Function, Op, Reason};
use orus_fuzz::workers::{self, Findings, Share, Teller};
use orus_irgen::compare::{Verdict, brief, compare_all};
use orus_irgen::fault;
use orus_irgen::generate::Wishes;
use orus_irgen::statistics::facts;
use orus_irgen::{Backend, Config, Evaluated, Observed, Program, compare, generate, minimise};
use orus_progen::rng::Rng;

/// Runs random programs of the IR in random configurations, and compares outcomes and memory with the evaluator's.
///
/// Reports what the programs are like and did, and fails if that was too little: 30 % of the functions have more values alive than 13
/// registers hold, 20 % a loop in a loop, 5 % an exceptional edge; 20,000 programs execute each opcode, and take and pass guards of each
/// reason, 100 times, fewer programs in proportion; and they end in all ways. With fewer than 2,000 programs too little is a warning.
#[derive(Parser)]
#[command(name = "ir-fuzz")]
struct Arguments {
    /// How many programs.
    #[arg(long, default_value_t = 2_000)]
    programs: u64,
    /// Begin with this program: so a long run can be cut into pieces.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Which programs: each seed gives others.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many processes.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, |n| n.get() as u64))]
    jobs: u64,
    /// Run so many programs in all configurations instead of one.
    #[arg(long, default_value_t = 0)]
    first_all: u64,
    /// The configuration, as failures name it: a level (none, fast, full), and `avx2`, `baseline`, `registers=N`, `only=PASS`, `no-PASS`.
    #[arg(long)]
    config: Option<Config>,
    /// Verify after each pass.
    #[arg(long)]
    verify: bool,
    /// End after so many differences.
    #[arg(long, default_value_t = 20)]
    stop_after: usize,
    /// Print the smallest program that still shows a difference.
    #[arg(long)]
    minimise: bool,
    /// Run only the program of this seed, in all configurations or that of `--config`.
    #[arg(long)]
    program: Option<u64>,
    /// Only print `--program`; with `--config`, as it is optimised.
    #[arg(long, requires = "program")]
    print: bool,
    /// Plant a fault, to prove that a difference is found: its name, or `all` for one after the other. Those of passes and of the
    /// allocator are there only with the feature `planted-faults`.
    #[arg(long)]
    plant: Option<String>,
    /// What a worker is to do.
    #[arg(long, hide = true)]
    share: Option<Share>,
}

/// From so many programs on, too little fails.
const FLOORS_FROM: u64 = 2_000;
/// Programs that the shrinker tries.
const TRIES: usize = 4_000;

/// The ways to run programs that are compared with the evaluator.
fn backends(arguments: &Arguments) -> Vec<Box<dyn Backend>> {
    let fault = arguments.plant.as_ref().map(|name| {
        let found = fault::all().into_iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("there is no fault `{name}`")).1
    });
    let optimizer = || Evaluated::new(arguments.verify, fault);
    let mut backends: Vec<Box<dyn Backend>> = vec![Box::new(optimizer())];
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    match orus_irgen::native::Native::new(optimizer()) {
        Ok(native) => backends.push(Box::new(native)),
        Err(why) => eprintln!("no native code: {why}"),
    }
    backends
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match (arguments.share, arguments.program) {
        (Some(share), _) => {
            std::panic::set_hook(Box::new(|_| {}));
            work(&arguments, share)
        }
        (None, Some(seed)) => one(&arguments, seed),
        (None, None) if arguments.plant.as_deref() == Some("all") => plant_all(&arguments),
        (None, None) => drive(&arguments),
    }
}

/// What a program is, as text.
fn text(program: &Program, bodies: &[Option<Function>]) -> String {
    let functions: Vec<(Func, &Function)> = bodies
        .iter()
        .enumerate()
        .filter_map(|(number, body)| Some((Func(number as u32), body.as_ref()?)))
        .collect();
    print_module(&program.module, &functions)
}

/// What a panic says.
fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// Runs a program in one way, and compares.
fn check(
    backend: &mut dyn Backend,
    program: &Program,
    config: &Config,
    reference: &Observed,
) -> Result<Verdict, String> {
    let observed = run(backend, program, config)?;
    let verdict = compare(program, reference, &observed)?;
    if verdict != Verdict::Polls {
        return Ok(verdict);
    }
    // With fewer polls another one leaves. If none does, the rest can be compared, and whether there are fewer.
    let without = Program { poll_at: 0, ..program.clone() };
    let expected = Evaluated::default().reference(&without);
    if matches!(expected.outcome, Outcome::Trap(_)) {
        return Ok(verdict);
    }
    let found = run(backend, &without, config)?;
    let rest = compare(&without, &expected, &found)?;
    if rest == Verdict::Alike && expected.polls == found.polls {
        return compare_all(program, reference, &observed);
    }
    Ok(if rest == Verdict::Alike { verdict } else { rest })
}

/// Runs a program in one way.
fn run(backend: &mut dyn Backend, program: &Program, config: &Config) -> Result<Observed, String> {
    catch_unwind(AssertUnwindSafe(|| backend.run(program, config)))
        .unwrap_or_else(|panic| Err(format!("it panics: {}", panic_text(panic))))
}

/// Whether two complaints are about the same thing, so that shrinking does not wander from one to another.
fn alike(a: &str, b: &str) -> bool {
    let kind = |text: &str| -> String {
        let line = text.lines().next().unwrap_or("");
        line.chars().filter(char::is_ascii_alphabetic).take(16).collect()
    };
    kind(a) == kind(b)
}

/// The report of a failure; minimised, if that is asked for.
fn failure(
    arguments: &Arguments,
    backend: &mut dyn Backend,
    program: &Program,
    config: &Config,
    why: &str,
) -> String {
    let repeat = format!("--program {} --config {config}", program.seed);
    if !arguments.minimise {
        return format!("{} ({repeat}): {why}", backend.name());
    }
    let mut last = why.to_owned();
    let mut reference = Evaluated::default();
    let mut fails = |candidate: &Program| {
        let expected = reference.reference(candidate);
        match check(backend, candidate, config, &expected) {
            Err(other) if alike(why, &other) => {
                last = other;
                true
            }
            _ => false,
        }
    };
    let small = minimise(program.clone(), &mut fails, TRIES);
    format!("{} ({repeat}): {last}\n--- minimised:\n{}---", backend.name(), text(&small, &small.bodies))
}

/// What is wrong with a program before anything is made of it.
fn check_form(program: &Program) -> Result<(), String> {
    for body in program.bodies.iter().flatten() {
        verify(body, &program.module)
            .map_err(|error| format!("it is not well-formed: {}: {error}", body.name))?;
    }
    Ok(())
}

/// The text form is read back as what it was.
fn check_text(program: &Program) -> Result<(), String> {
    let once = text(program, &program.bodies);
    let read = parse_module(&once).map_err(|error| format!("its text cannot be read: {error}"))?;
    let twice = print_module(&read.module, &read.functions);
    if once == twice { Ok(()) } else { Err("its text is another after reading it".to_owned()) }
}

/// A worker: runs its share of the programs.
fn work(arguments: &Arguments, share: Share) -> ExitCode {
    let mut teller = Teller::default();
    let mut reference = Evaluated::default();
    let mut backends = backends(arguments);
    for (done, case) in share.cases().enumerate() {
        teller.begin(case);
        let began = Instant::now();
        let program = generate((arguments.seed << 32).wrapping_add(case), &Wishes::default());
        teller.count("nanoseconds generating", began.elapsed().as_nanos() as u64);
        let checked =
            check_form(&program).and_then(|()| if case % 64 == 0 { check_text(&program) } else { Ok(()) });
        if let Err(why) = checked {
            teller.fail(case, &format!("(--program {}): {why}", program.seed));
            continue;
        }
        describe(&program, &mut teller);
        let began = Instant::now();
        let expected = reference.reference(&program);
        teller.count("nanoseconds evaluating", began.elapsed().as_nanos() as u64);
        let profile = reference.take_profile();
        teller.value("steps", profile.steps);
        for (op, count) in Op::ALL.iter().zip(&profile.ops) {
            teller.count(&format!("op {op:?}"), *count);
        }
        for (reason, (taken, passed)) in Reason::ALL.iter().zip(profile.taken.iter().zip(&profile.passed)) {
            teller.count(&format!("taken {}", reason.name()), *taken);
            teller.count(&format!("passed {}", reason.name()), *passed);
        }
        teller.count("caught", profile.caught);
        let end = match &expected.outcome {
            Outcome::Returned(_) => "returned",
            Outcome::Left(_) => "left",
            Outcome::Raised => "raised",
            Outcome::TooDeep(_) => "too deep",
            Outcome::Trap(trap) if trap.kind == TrapKind::OutOfFuel => {
                teller.count("end out of fuel", 1);
                continue;
            }
            Outcome::Trap(trap) => {
                teller.fail(case, &format!("(--program {}): it is wrong: {trap:?}", program.seed));
                continue;
            }
        };
        teller.count(&format!("end {end}"), 1);
        let configs = match arguments.config {
            Some(config) => vec![Config { avx2: config.avx2 || program.vectors, ..config }],
            None if case < arguments.first_all => Config::all(program.vectors),
            None => vec![Config::draw(&mut Rng::new(program.seed ^ 0xc0f1), program.vectors)],
        };
        for config in configs {
            for backend in &mut backends {
                let began = Instant::now();
                let verdict = check(backend.as_mut(), &program, &config, &expected);
                let took = began.elapsed().as_nanos() as u64;
                teller.count(&format!("nanoseconds {}", backend.name()), took);
                teller.count(&format!("runs {}", backend.name()), 1);
                match verdict {
                    Ok(Verdict::Alike) => teller.count("compared", 1),
                    Ok(Verdict::MemoryLow) => {
                        teller.count("not compared: the reference has no memory left", 1)
                    }
                    Ok(Verdict::Polls) => teller.count("not compared: a poll left, and polls are fewer", 1),
                    Err(why) => {
                        teller.fail(case, &failure(arguments, backend.as_mut(), &program, &config, &why));
                        teller.flush();
                        // What is optimised wrongly is compiled wrongly.
                        break;
                    }
                }
            }
        }
        if done % 100 == 99 {
            teller.flush();
        }
    }
    teller.end();
    ExitCode::SUCCESS
}

/// Counts what the functions of a program are like.
fn describe(program: &Program, teller: &mut Teller) {
    teller.value("size", program.size() as u64);
    for body in program.bodies.iter().flatten() {
        let facts = facts(body);
        teller.count("functions", 1);
        teller.count("functions with many values", u64::from(facts.alive > 13));
        teller.count("functions with a loop in a loop", u64::from(facts.depth > 1));
        teller.count("functions with an exceptional edge", u64::from(facts.exceptional));
        teller.count("functions with irreducible flow", u64::from(facts.irreducible));
        let insts = body.order.iter().flat_map(|&block| body.insts(block));
        let unreachable = insts.filter(|&inst| body.inst(inst).op == Op::Unreachable).count();
        teller.count("unreachable", unreachable as u64);
    }
}

/// One program, in this process.
fn one(arguments: &Arguments, seed: u64) -> ExitCode {
    let program = generate(seed, &Wishes::default());
    if arguments.print {
        match arguments.config {
            None => print!("{}", text(&program, &program.bodies)),
            Some(config) => print!("{}", text(&program, &Evaluated::default().optimized(&program, &config))),
        }
        return ExitCode::SUCCESS;
    }
    if let Err(why) = check_form(&program).and_then(|()| check_text(&program)) {
        println!("{why}");
        return ExitCode::FAILURE;
    }
    let mut reference = Evaluated::default();
    let expected = reference.reference(&program);
    println!(
        "{} instructions, {} steps: {}",
        program.size(),
        reference.take_profile().steps,
        brief(&expected.outcome)
    );
    let configs = arguments.config.map_or_else(|| Config::all(program.vectors), |config| vec![config]);
    let mut failures = 0;
    for backend in &mut backends(arguments) {
        for config in &configs {
            if let Err(why) = check(backend.as_mut(), &program, config, &expected) {
                failures += 1;
                println!("{}\n", failure(arguments, backend.as_mut(), &program, config, &why));
            }
        }
    }
    println!("program {seed}: {} configurations, {failures} failures", configs.len());
    if failures > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// So many of the allocator's and the passes' faults there must be at least.
const PLANTED: usize = 40;

/// Runs workers with the faults one after the other: each has to be found.
fn plant_all(arguments: &Arguments) -> ExitCode {
    let began = Instant::now();
    let mut missed = Vec::new();
    let faults = fault::all();
    let mut seen = BTreeMap::<&str, usize>::new();
    for (name, _) in &faults {
        let findings = workers::run(
            arguments.from..arguments.from + arguments.programs,
            arguments.jobs.max(1),
            &[format!("--seed={}", arguments.seed), format!("--plant={name}")],
            // A fault may well make something endless.
            Duration::from_secs(20),
            1,
        );
        match findings.failures.first() {
            Some((case, why)) => {
                *seen.entry(found_by(why)).or_default() += 1;
                println!("{name:42} found by {}, program {case}", found_by(why));
            }
            None => {
                println!("{name:42} NOT FOUND");
                missed.push(name.as_str());
            }
        }
    }
    for (by, count) in seen {
        println!("found by {by}: {count}");
    }
    let planted = fault::planted();
    if planted < PLANTED {
        println!(
            "{planted} faults of allocator and passes, not {PLANTED}: is the feature `planted-faults` on?"
        );
    }
    if !missed.is_empty() {
        println!("not found: {}", missed.join(", "));
    }
    println!(
        "{} faults, {planted} of them of allocator and passes, {} not found, in {:.0} s",
        faults.len(),
        missed.len(),
        began.elapsed().as_secs_f64()
    );
    if planted >= PLANTED && missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What has noticed a fault, by what was said of it.
fn found_by(why: &str) -> &'static str {
    let ways = [
        ("wrong allocation:", "the checker"),
        ("left a wrong function", "the verifier"),
        ("not well-formed", "the verifier"),
        ("it panics", "an assertion"),
        ("it hangs", "a run that does not end"),
        ("the process died", "a crash"),
        ("signal ", "a signal"),
        ("optimised (", "the comparison of optimised IR"),
        ("native (", "the comparison of machine code"),
    ];
    ways.into_iter().find(|(part, _)| why.contains(part)).map_or("something else", |(_, by)| by)
}

/// The driver: starts the workers, reports.
fn drive(arguments: &Arguments) -> ExitCode {
    let mut passed_on =
        vec![format!("--seed={}", arguments.seed), format!("--first-all={}", arguments.first_all)];
    passed_on.extend(arguments.config.map(|config| format!("--config={config}")));
    passed_on.extend(arguments.plant.as_ref().map(|name| format!("--plant={name}")));
    passed_on.extend(arguments.minimise.then(|| "--minimise".to_owned()));
    passed_on.extend(arguments.verify.then(|| "--verify".to_owned()));
    // Minimising takes a while, a program alone does not.
    let patience = Duration::from_secs(if arguments.minimise { 900 } else { 120 });
    let began = Instant::now();
    let mut findings = workers::run(
        arguments.from..arguments.from + arguments.programs,
        arguments.jobs.max(1),
        &passed_on,
        patience,
        arguments.stop_after,
    );
    let took = began.elapsed().as_secs_f64();
    for (case, why) in &findings.failures {
        println!("program {case} of seed {}: {why}\n", arguments.seed);
    }
    let complaints = report(&mut findings, took);
    let failures = findings.failures.len();
    // Of a run that differences ended early nothing can be demanded.
    let trivial = if findings.cases < FLOORS_FROM || failures > 0 { 0 } else { complaints.len() };
    for complaint in &complaints {
        println!("{}: {complaint}", if trivial > 0 { "too little" } else { "warning" });
    }
    println!("{} programs, {failures} differences, {trivial} figures missed", findings.cases);
    if failures + trivial > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what the programs are like and did; the result says what was too little.
fn report(findings: &mut Findings, took: f64) -> Vec<String> {
    let mut complaints = Vec::new();
    let cases = findings.cases.max(1);
    // What 20,000 programs must do a hundred times, fewer must do as much less often.
    let least = (100 * cases / 20_000).clamp(1, 100);
    println!("opcode               executed");
    for op in Op::ALL {
        let count = findings.tally.get(&format!("op {op:?}"));
        println!("{:16} {count:12}", format!("{op:?}"));
        // Only what is wrong comes to `unreachable`: that counts where it stands.
        let (count, did) = match op {
            Op::Unreachable => (findings.tally.get("unreachable"), "there"),
            _ => (count, "executed"),
        };
        if count < least {
            complaints.push(format!("{op:?} was {did} {count} times, not {least}"));
        }
    }
    println!("Unreachable: stands in functions {} times", findings.tally.get("unreachable"));
    println!("\nguards for        taken       passed");
    for reason in Reason::ALL {
        let name = reason.name();
        let counts = ["taken", "passed"].map(|what| findings.tally.get(&format!("{what} {name}")));
        println!("{name:12} {:10} {:12}", counts[0], counts[1]);
        for (what, count) in ["taken", "passed"].iter().zip(counts) {
            if count < least {
                complaints.push(format!("guards for `{name}` were {what} {count} times, not {least}"));
            }
        }
    }
    println!();
    let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    let ends = [
        ("returned", 40.0, 90.0),
        ("left", 5.0, 40.0),
        ("raised", 1.0, 20.0),
        ("too deep", 0.1, 5.0),
        ("out of fuel", 0.0, 1.0),
    ];
    for (end, from, to) in ends {
        let percent = share(findings.tally.get(&format!("end {end}")), cases);
        println!("programs that end {end:12} {percent:6.2} %");
        if !(from..=to).contains(&percent) {
            complaints.push(format!("{percent:.2} % of the programs end {end}, not {from} to {to} %"));
        }
    }
    let functions = findings.tally.get("functions");
    for (what, floor) in [
        ("many values", 30.0),
        ("a loop in a loop", 20.0),
        ("an exceptional edge", 5.0),
        ("irreducible flow", 5.0),
    ] {
        let percent = share(findings.tally.get(&format!("functions with {what}")), functions);
        println!("functions with {what:20} {percent:6.2} %");
        if percent < floor {
            complaints.push(format!("{percent:.2} % of the functions have {what}, not {floor} %"));
        }
    }
    let (size, steps) = (findings.median("size"), findings.median("steps"));
    let most = |name: &str| findings.values.get(name).and_then(|values| values.last()).copied().unwrap_or(0);
    println!(
        "instructions: median {size}, most {}; executed: median {steps}, most {}",
        most("size"),
        most("steps")
    );
    println!("raises that were caught: {}", findings.tally.get("caught"));
    if steps < 60 {
        complaints.push(format!("the median program executes {steps} instructions, not 60"));
    }
    let native = findings.tally.get("runs native");
    if cfg!(all(target_arch = "x86_64", target_os = "linux")) && native * 10 < cases * 9 {
        complaints.push(format!("{native} runs were native, of {cases} programs"));
    }
    let compared = findings.tally.get("compared");
    println!("runs compared: {compared}");
    let mut others = 0;
    for (why, count) in findings.tally.with_prefix("not compared: ") {
        println!("not compared, since {why}: {count}");
        others += count;
    }
    if share(others, compared + others) > 3.0 {
        complaints.push(format!("{others} runs were not compared, more than 3 %"));
    }
    for (what, nanoseconds) in findings.tally.with_prefix("nanoseconds ") {
        println!("{what}: {:.3} ms per program", nanoseconds as f64 / 1e6 / cases as f64);
    }
    println!("{:.1} programs per second", cases as f64 / took.max(1e-9));
    complaints
}
