//! Worker processes: each runs its share of the cases in process, one after the other, and tells the driver by lines on its
//! standard output what it does. When a worker crashes or hangs, the driver knows in which case, and goes on behind it.
//!
//! A line is a word and its fields, with tabs between: `begin CASE`, `count NAME N` (to be added), `value NAME N` (one
//! value of a distribution), `fail CASE TEXT` (line ends written as `\n`), `end`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::tally::Tally;

/// What the workers told.
#[derive(Default, Debug)]
pub struct Findings {
    pub tally: Tally,
    /// The values of each distribution.
    pub values: BTreeMap<String, Vec<u64>>,
    /// The failed cases, each with what was wrong.
    pub failures: Vec<(u64, String)>,
    pub cases: u64,
}

impl Findings {
    /// The median of a distribution.
    pub fn median(&mut self, name: &str) -> u64 {
        let Some(values) = self.values.get_mut(name) else { return 0 };
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    }
}

/// What a worker uses to tell.
#[derive(Default)]
pub struct Teller {
    tally: Tally,
}

impl Teller {
    /// A case begins.
    pub fn begin(&mut self, case: u64) {
        say(format_args!("begin\t{case}"));
    }

    /// Adds to a count.
    pub fn count(&mut self, name: &str, count: u64) {
        self.tally.add(name, count);
    }

    /// A value of a distribution.
    pub fn value(&mut self, name: &str, value: u64) {
        say(format_args!("value\t{name}\t{value}"));
    }

    /// A case failed.
    pub fn fail(&mut self, case: u64, text: &str) {
        say(format_args!("fail\t{case}\t{}", text.replace('\\', "\\\\").replace('\n', "\\n")));
    }

    /// Sends the counts.
    pub fn flush(&mut self) {
        for (name, count) in self.tally.drain() {
            say(format_args!("count\t{name}\t{count}"));
        }
    }

    /// Everything is done.
    pub fn end(mut self) {
        self.flush();
        say(format_args!("end"));
    }
}

fn say(line: std::fmt::Arguments) {
    // If the driver is gone there is nobody to tell.
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(1);
    }
}

/// Undoes the escapes of a `fail` line.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(if chars.next() == Some('n') { '\n' } else { '\\' }),
            c => out.push(c),
        }
    }
    out
}

/// Which cases to run: `first`, `first + step`, … below `end`.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub first: u64,
    pub end: u64,
    pub step: u64,
}

impl Share {
    /// Its cases.
    pub fn cases(self) -> impl Iterator<Item = u64> {
        (self.first..self.end).step_by(self.step.max(1) as usize)
    }
}

impl std::str::FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Share, String> {
        let numbers: Vec<u64> = text.split(',').filter_map(|number| number.parse().ok()).collect();
        match numbers[..] {
            [first, end, step] => Ok(Share { first, end, step }),
            _ => Err("three numbers are needed".to_owned()),
        }
    }
}

/// Runs `cases` in `jobs` worker processes: this program with the arguments `arguments` and `--share`.
/// A case may take `patience`; `stop_after` failures end the run.
pub fn run(
    cases: Range<u64>,
    jobs: u64,
    arguments: &[String],
    patience: Duration,
    stop_after: usize,
) -> Findings {
    let (sender, receiver) = mpsc::channel::<Message>();
    let Range { start: first, end } = cases;
    for job in 0..jobs {
        let sender = sender.clone();
        let arguments = arguments.to_vec();
        std::thread::spawn(move || {
            let mut share = Share { first: first + job, end, step: jobs };
            while share.first < share.end {
                match worker(share, &arguments, patience, &sender) {
                    None => return,
                    Some((case, why)) => {
                        if sender.send(Message::Fail(case, why)).is_err() {
                            return;
                        }
                        share.first = case + share.step;
                    }
                }
            }
        });
    }
    drop(sender);
    let mut findings = Findings::default();
    for message in receiver {
        match message {
            Message::Begin => findings.cases += 1,
            Message::Count(name, count) => findings.tally.add(&name, count),
            Message::Value(name, value) => findings.values.entry(name).or_default().push(value),
            Message::Fail(case, text) => {
                findings.failures.push((case, text));
                if findings.failures.len() >= stop_after {
                    break;
                }
            }
        }
    }
    findings.failures.sort();
    findings
}

enum Message {
    Begin,
    Count(String, u64),
    Value(String, u64),
    Fail(u64, String),
}

/// Runs one worker to its end. If it dies or hangs: in which case, and how.
fn worker(
    share: Share,
    arguments: &[String],
    patience: Duration,
    sender: &mpsc::Sender<Message>,
) -> Option<(u64, String)> {
    let failed = |why: String| Some((share.first, why));
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(format!("this program is not found: {error}")),
    };
    let spawned = Command::new(program)
        .args(arguments)
        .arg(format!("--share={},{},{}", share.first, share.end, share.step))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return failed(format!("a worker cannot be started: {error}")),
    };
    let (lines, incoming) = mpsc::channel::<String>();
    let output = child.stdout.take();
    std::thread::spawn(move || {
        for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
        {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    // What it writes to standard error is read all the time, and its end kept for a crash.
    let errors = child.stderr.take();
    let tail = std::thread::spawn(move || {
        let mut tail: Vec<String> = Vec::new();
        for line in errors.into_iter().flat_map(|errors| BufReader::new(errors).lines()).map_while(Result::ok)
        {
            tail.push(line);
            if tail.len() > 12 {
                tail.remove(0);
            }
        }
        tail
    });
    let mut case = share.first;
    let mut ended = false;
    let hung = loop {
        let line = match incoming.recv_timeout(patience) {
            Ok(line) => line,
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
        };
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        let message = match fields[..] {
            ["begin", number] => {
                case = number.parse().unwrap_or(case);
                Message::Begin
            }
            ["count", name, count] => Message::Count(name.to_owned(), count.parse().unwrap_or(0)),
            ["value", name, value] => Message::Value(name.to_owned(), value.parse().unwrap_or(0)),
            ["fail", number, text] => Message::Fail(number.parse().unwrap_or(case), unescape(text)),
            ["end"] => {
                ended = true;
                continue;
            }
            _ => continue,
        };
        if sender.send(message).is_err() {
            // The driver has seen enough.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
    };
    if hung {
        let _ = child.kill();
    }
    let status = child.wait();
    let tail = tail.join().unwrap_or_default();
    match status {
        _ if hung => Some((case, format!("it hangs: no result within {} s", patience.as_secs()))),
        Ok(status) if status.success() && ended => None,
        Ok(status) => Some((case, format!("the process died: {status}\n{}", tail.join("\n")))),
        Err(error) => Some((case, format!("the process is lost: {error}"))),
    }
}
