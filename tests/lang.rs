//! The language tests: `tests/lang/<area>/<situation>.orus`, each run by the built `orus`, with what is expected beside it.
//!
//! - `<name>.out`: standard output; absent means none.
//! - `<name>.diag`: absent means exit status 0 and nothing on standard error. Else a line a report: `E2004 3:15`, with
//!   the file between if it is another one: `E2001 shapes.orus:3:5`. For an uncaught runtime error the first line
//!   has the message too, `E0001 7:18 Division by zero`; further lines of it follow behind `| `; then the calls
//!   that were active, innermost first: `in mean 7:18`.
//! - `<name>.in`, `<name>.args` (one a line), `<name>.exit` (a status other than the implied 0, 65 or 70).
//! - A folder that holds `main.orus` is one test; its other files are what the program uses.
//!
//! `ORUS_BLESS=1` writes what came out into the files, prints what changed, and refuses to in CI. `ORUS_TEST_FLAGS` holds options
//! put before each program, such as `--stress=gc`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use wait_timeout::ChildExt;

/// Longer than any test should take, under any stress switch, on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang");
    let mut programs = Vec::new();
    collect(&root, &mut programs);
    programs.sort();
    let trials = programs.into_iter().map(|program| {
        let case = program.strip_prefix(&root).expect("it was found below the root").with_extension("");
        let name = case.display().to_string();
        Trial::test(name.strip_suffix("/main").unwrap_or(&name).to_owned(), move || check(&program))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// The test programs below a folder; beside a `main.orus` nothing else is one.
fn collect(folder: &Path, programs: &mut Vec<PathBuf>) {
    let main = folder.join("main.orus");
    if main.is_file() {
        programs.push(main);
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, programs);
        } else if path.extension().is_some_and(|extension| extension == "orus") {
            programs.push(path);
        }
    }
}

/// What a program did.
struct Outcome {
    out: String,
    diag: String,
    exit: i32,
}

fn check(program: &Path) -> Result<(), Failed> {
    let got = run(program)?;
    let expected =
        |extension: &str| fs::read_to_string(program.with_extension(extension)).unwrap_or_default();
    let (out, diag) = (expected("out"), expected("diag"));
    let exit = match expected("exit").trim() {
        "" if diag.is_empty() => 0,
        "" if diag.starts_with("E0") || diag.starts_with("E3005") => 70,
        "" => 65,
        status => status.parse().map_err(|_| format!("bad status in the .exit file: {status}"))?,
    };
    let mut problems = String::new();
    for (what, expected, got, extension) in
        [("standard output", &out, &got.out, "out"), ("reports", &diag, &got.diag, "diag")]
    {
        if expected.trim_end() != got.trim_end() {
            problems += &format!("--- {what}, expected:\n{expected}\n+++ {what}, got:\n{got}\n");
            bless(&program.with_extension(extension), got)?;
        }
    }
    if exit != got.exit {
        problems += &format!("exit status {}, expected {exit}\n", got.exit);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// Under `ORUS_BLESS=1`, makes what came out the expectation.
fn bless(file: &Path, text: &str) -> Result<(), Failed> {
    if std::env::var_os("ORUS_BLESS").is_none() {
        return Ok(());
    }
    if std::env::var_os("CI").is_some() {
        return Err("expectations are not blessed in CI".into());
    }
    eprintln!("blessed {}", file.display());
    if text.is_empty() {
        fs::remove_file(file)?
    } else {
        fs::write(file, text)?
    }
    Ok(())
}

fn run(program: &Path) -> Result<Outcome, Failed> {
    let folder = program.parent().expect("a file stands in a folder");
    let flags = std::env::var("ORUS_TEST_FLAGS").unwrap_or_default();
    let args = fs::read_to_string(program.with_extension("args")).unwrap_or_default();
    let mut child = Command::new(env!("CARGO_BIN_EXE_orus"))
        .args(flags.split_whitespace())
        .arg("--error-format=json")
        .arg(program.file_name().expect("a file has a name"))
        .args(args.lines())
        .current_dir(folder)
        .env_remove("ORUSPATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let input = fs::read(program.with_extension("in")).unwrap_or_default();
    // A program that ends before it has read all of its input closes the pipe: no failure of the test.
    let _ = child.stdin.take().expect("it is piped").write_all(&input);
    // The pipes are drained by threads, so that neither side waits for the other.
    let mut out = child.stdout.take().expect("it is piped");
    let mut err = child.stderr.take().expect("it is piped");
    let out = std::thread::spawn(move || std::io::read_to_string(&mut out));
    let err = std::thread::spawn(move || std::io::read_to_string(&mut err));
    let Some(status) = child.wait_timeout(LIMIT)? else {
        child.kill()?;
        return Err("it did not end in time".into());
    };
    let out = out.join().expect("reading does not panic")?;
    let err = err.join().expect("reading does not panic")?;
    let exit = status.code().ok_or_else(|| format!("died of {status}: {err}"))?;
    let main = program.file_name().expect("a file has a name").to_string_lossy();
    Ok(Outcome { out, diag: reports(&err, &main)?, exit })
}

/// Standard error in the form of a `.diag` file.
fn reports(err: &str, main: &str) -> Result<String, Failed> {
    let mut text = String::new();
    for line in err.lines() {
        if line.starts_with("Compilation failed: ") {
            continue;
        }
        let report: serde_json::Value =
            serde_json::from_str(line).map_err(|_| format!("standard error is no report: {err}"))?;
        let place = |value: &serde_json::Value| {
            let file = value["file"].as_str().unwrap_or("?");
            let prefix = if file == main { String::new() } else { format!("{file}:") };
            format!("{prefix}{}:{}", value["line"], value["column"])
        };
        let code = report["code"].as_str().unwrap_or("?");
        text += &format!("{code} {}", place(&report));
        if let Some(trace) = report["trace"].as_array() {
            let message = report["message"].as_str().unwrap_or("?");
            text += &format!(" {}", message.replace('\n', "\n| "));
            for call in trace {
                text += &format!("\nin {} {}", call["function"].as_str().unwrap_or("?"), place(call));
            }
        }
        text.push('\n');
    }
    Ok(text)
}
