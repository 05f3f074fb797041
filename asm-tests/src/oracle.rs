//! The second oracle: a disassembler reads our bytes, and what it prints is compared with the row's text.
//!
//! The assembler programs of [`round_trip`](crate::round_trip) show that two encoders agree on a text; this shows that a
//! decoder finds in the bytes what the text says. Texts are compared as [tokens](crate::text). Where the disassembler has
//! another name for the instruction, a rule of the instruction set's [`Dialect`] must say so; each use is counted. A form
//! that was not read back often enough, and a rule that was never needed, are failures like a difference.

use std::collections::HashMap;

use crate::alias::{Alias, Rule};
use crate::cases::{BATCH, Case, Drawer};
use crate::disassembler::Line;
use crate::parallel::{self, Progress};
use crate::text::{Token, tokens};
use crate::{Group, Isa};

/// Differences of which the report keeps the text.
const SHOWN: usize = 60;

/// How an instruction set's texts are made comparable.
pub struct Dialect {
    /// Our text of one instruction, which is at this address.
    pub ours: fn(&str, u64) -> String,
    /// What the disassembler prints of the instruction at this address.
    pub theirs: fn(&str, u64) -> String,
    pub aliases: &'static [Alias],
}

/// What was compared.
#[derive(Default)]
pub struct Report {
    pub forms: usize,
    /// Cases.
    pub compared: u64,
    /// Instructions in them: a case may be several.
    pub instructions: u64,
    /// Instructions that only a rule made equal.
    pub aliased: u64,
    pub differences: u64,
    /// The first differences of each form, as text.
    pub shown: Vec<String>,
    /// Forms that were not equal often enough.
    pub missed: Vec<String>,
    /// Per group: name, forms, cases.
    pub groups: Vec<(String, usize, u64)>,
    /// How often each rule was used, in the order of the table.
    pub used: Vec<(&'static Alias, u64)>,
}

impl Report {
    /// The rules that were not used.
    pub fn idle(&self) -> impl Iterator<Item = &'static Alias> {
        self.used.iter().filter(|(_, count)| *count == 0).map(|(alias, _)| *alias)
    }

    /// Nothing differed and nothing was left out.
    pub fn is_right(&self) -> bool {
        self.differences == 0 && self.missed.is_empty() && self.compared > 0
    }

    /// The same, and no rule is for nothing.
    pub fn is_clean(&self) -> bool {
        self.is_right() && self.idle().count() == 0
    }
}

/// Reads back `count` cases, or [`AT_LEAST`](crate::AT_LEAST) of each form if that is more; only forms whose name contains
/// `filter`. Without a filter, rules that were not needed by chance are looked for.
///
/// # Errors
/// If a program is missing or fails.
pub fn read_back<I: Isa>(count: u64, seed: u64, filter: &str) -> Result<Report, String> {
    let mut report = Report::default();
    add::<I>(count, seed, filter, &mut report)?;
    if filter.is_empty() {
        look_for_idle::<I>(seed, &mut report)?;
    }
    Ok(report)
}

/// Adds such a run to a report of the same dialect.
pub(crate) fn add<I: Isa>(count: u64, seed: u64, filter: &str, report: &mut Report) -> Result<(), String> {
    report.used.resize_with(I::DIALECT.aliases.len(), || (&I::DIALECT.aliases[0], 0));
    for (used, alias) in report.used.iter_mut().zip(I::DIALECT.aliases) {
        used.0 = alias;
    }
    for (group, share) in I::shares(count, filter) {
        let before = report.compared;
        let equal = run_group::<I>(&group, share, seed, report)?;
        report.forms += group.forms.len();
        report.groups.push((group.name.to_string(), group.forms.len(), report.compared - before));
        report.missed.extend(group.missed(&equal));
    }
    Ok(())
}

/// For each rule that was not used, draws a batch of cases of the forms with its mnemonic.
pub(crate) fn look_for_idle<I: Isa>(seed: u64, report: &mut Report) -> Result<(), String> {
    for index in 0..report.used.len() {
        let (alias, count) = report.used[index];
        let mnemonic = alias.ours.split([' ', '$']).next().unwrap_or_default();
        if count > 0 || mnemonic.is_empty() {
            continue;
        }
        for mut group in I::groups() {
            group.forms.retain(|form| form.text.split(' ').next() == Some(mnemonic));
            if !group.forms.is_empty() && report.used[index].1 == 0 {
                run_group::<I>(&group, BATCH, seed, report)?;
            }
        }
    }
    Ok(())
}

/// Compares cases of a group. Gives how many of each form were equal.
fn run_group<I: Isa>(
    group: &Group<I::Assembler>,
    count: u64,
    seed: u64,
    report: &mut Report,
) -> Result<Vec<u64>, String> {
    let rules: Vec<Rule> = I::DIALECT.aliases.iter().map(Rule::new).collect();
    let mut equal = vec![0; group.forms.len()];
    let mut wrong: HashMap<usize, u32> = HashMap::new();
    let mut drawer = Drawer::<I>::new(group, count, seed);
    let mut progress = Progress::new(group.name, count);
    let work = |cases: Vec<Case>| {
        let code: Vec<u8> = cases.iter().flat_map(|case| case.bytes.iter().copied()).collect();
        Ok((group.disassembler.read(&code)?, cases))
    };
    let done = |(lines, cases): (Vec<Line>, Vec<Case>)| {
        progress.advance(cases.len() as u64);
        let mut batch = Batch { dialect: I::DIALECT, rules: &rules, lines: &lines, next: 0, report };
        let mut address = group.disassembler.base;
        for case in cases {
            let verdict = batch.compare(&case, address);
            address += case.bytes.len() as u64;
            match verdict {
                None => equal[case.form] += 1,
                Some(theirs) => batch.differs(group, &case, &theirs, wrong.entry(case.form).or_default()),
            }
        }
    };
    parallel::run(|| drawer.batch(), work, done)?;
    Ok(equal)
}

/// Lines of the disassembler, compared with cases in order.
struct Batch<'a> {
    dialect: &'a Dialect,
    rules: &'a [Rule],
    lines: &'a [Line],
    /// The first line that was not compared.
    next: usize,
    report: &'a mut Report,
}

impl Batch<'_> {
    /// `None` if the lines from `address` on are those of the case, else what they are.
    fn compare(&mut self, case: &Case, address: u64) -> Option<String> {
        self.report.compared += 1;
        let end = address + case.bytes.len() as u64;
        let from =
            self.next + self.lines[self.next..].iter().take_while(|line| line.address < address).count();
        let count = self.lines[from..].iter().take_while(|line| line.address < end).count();
        let lines = &self.lines[from..from + count];
        self.next = from + count;
        let is_whole = lines.first().is_some_and(|line| line.address == address)
            && lines.last().is_some_and(|line| line.address + line.size as u64 == end);
        let mut rest = lines;
        // Directives pin an encoding.
        let mut parts = case.text.split(';').map(str::trim).filter(|part| !part.starts_with('.'));
        let is_equal = is_whole
            && parts.all(|part| match self.take(part, rest) {
                Some(taken) => {
                    rest = &rest[taken..];
                    true
                }
                None => false,
            });
        if is_equal && rest.is_empty() {
            return None;
        }
        Some(lines.iter().map(|line| &line.text[..]).collect::<Vec<_>>().join("; "))
    }

    /// How many of these lines are the instruction with this text, if they are it.
    fn take(&mut self, text: &str, lines: &[Line]) -> Option<usize> {
        let first = lines.first()?;
        let ours = tokens(&(self.dialect.ours)(text, first.address));
        let read = |line: &Line| tokens(&(self.dialect.theirs)(&line.text, line.address));
        let mut theirs = read(first);
        self.report.instructions += 1;
        if ours == theirs {
            return Some(1);
        }
        let mut count = 1;
        for (index, rule) in self.rules.iter().enumerate() {
            while count < rule.lines.min(lines.len()) {
                theirs.push(Token::Sign(';'));
                theirs.extend(read(&lines[count]));
                count += 1;
            }
            if rule.lines == count && rule.allows(&ours, &theirs) {
                self.report.aliased += 1;
                self.report.used[index].1 += 1;
                return Some(count);
            }
        }
        None
    }

    fn differs<A>(&mut self, group: &Group<A>, case: &Case, theirs: &str, seen: &mut u32) {
        self.report.differences += 1;
        *seen += 1;
        if *seen <= 3 && self.report.shown.len() < SHOWN {
            let name = group.forms[case.form].name;
            self.report
                .shown
                .push(format!("{name}: {}\n    {:02x?}\n    is read as {theirs}", case.text, case.bytes));
        }
    }
}
