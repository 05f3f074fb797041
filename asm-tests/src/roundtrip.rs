//! The round trip: every form, corner and random operands, in large batches.

use std::collections::HashMap;
use std::fmt::Write;

use crate::cases::{Case, Drawer};
use crate::gnu::{Failure, Tool};
use crate::parallel::{self, Progress};
use crate::{Group, Isa};

/// Differences of which the report keeps the text.
const SHOWN: usize = 60;

/// What was compared.
#[derive(Debug, Default)]
pub struct Report {
    pub forms: usize,
    pub compared: u64,
    /// Compared instructions that differ from each other in form or operands.
    pub distinct: usize,
    pub differences: u64,
    /// The first differences of each form, as text.
    pub shown: Vec<String>,
    /// Forms that were not equal often enough.
    pub missed: Vec<String>,
    /// Per group: name, forms, compared.
    pub groups: Vec<(String, usize, u64)>,
}

impl Report {
    /// Nothing differed and nothing was left out.
    pub fn is_clean(&self) -> bool {
        self.differences == 0 && self.missed.is_empty() && self.compared > 0
    }
}

/// Compares `count` different instructions, or [`AT_LEAST`](crate::AT_LEAST) of each form if that is more; only forms whose name contains `filter`.
///
/// # Errors
/// If a program is missing or fails.
pub fn round_trip<I: Isa>(count: u64, seed: u64, filter: &str) -> Result<Report, String> {
    let mut report = Report::default();
    let mut shares = I::shares(count, filter);
    shares.sort_by_key(|(_, share)| *share);
    if let Some(((largest, share), others)) = shares.split_last() {
        for (group, share) in others {
            run_group::<I>(group, *share, seed, &mut report)?;
        }
        // What the others could not draw, as their forms have few operands.
        let missing = count.saturating_sub(report.distinct as u64);
        run_group::<I>(largest, missing.max(*share), seed, &mut report)?;
    }
    Ok(report)
}

fn run_group<I: Isa>(
    group: &Group<I::Assembler>,
    count: u64,
    seed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let mut equal = vec![0u64; group.forms.len()];
    let mut wrong: HashMap<usize, u32> = HashMap::new();
    let mut drawer = Drawer::<I>::new(group, count, seed);
    let (mut compared, mut progress) = (0, Progress::new(group.name, count));
    let work = |cases| compare(&group.tool, cases, I::SLOT);
    let done = |results: Vec<(Case, Option<String>)>| {
        progress.advance(results.len() as u64);
        for (case, verdict) in results {
            compared += 1;
            match verdict {
                None => equal[case.form] += 1,
                Some(theirs) => {
                    report.differences += 1;
                    let seen = wrong.entry(case.form).or_default();
                    *seen += 1;
                    if *seen <= 3 && report.shown.len() < SHOWN {
                        let name = group.forms[case.form].name;
                        report.shown.push(format!(
                            "{name}: {}\n    ours {:02x?}\n    {theirs}",
                            case.text, case.bytes
                        ));
                    }
                }
            }
        }
    };
    parallel::run(|| drawer.batch(), work, done)?;
    report.forms += group.forms.len();
    report.compared += compared;
    report.distinct += drawer.distinct();
    report.groups.push((group.name.to_string(), group.forms.len(), compared));
    report.missed.extend(group.missed(&equal));
    Ok(())
}

/// Each case with `None` if both agree, else with what the program makes of it.
fn compare(tool: &Tool, mut cases: Vec<Case>, slot: usize) -> Result<Vec<(Case, Option<String>)>, String> {
    let mut out = Vec::with_capacity(cases.len());
    let mut body = String::new();
    loop {
        body.clear();
        for case in &cases {
            body.push_str(&case.text);
            body.push('\n');
        }
        match tool.assemble(&body) {
            Ok(theirs) => {
                if theirs == cases.iter().flat_map(|case| case.bytes.iter().copied()).collect::<Vec<u8>>() {
                    out.extend(cases.into_iter().map(|case| (case, None)));
                    return Ok(out);
                }
                break;
            }
            Err(Failure::Tool(what)) => return Err(what),
            Err(Failure::Lines(lines)) => {
                // Refused lines are differences; the others are compared without them.
                let mut refused: HashMap<usize, String> = lines.into_iter().collect();
                let mut kept = Vec::with_capacity(cases.len());
                let before = cases.len();
                for (index, case) in cases.into_iter().enumerate() {
                    match refused.remove(&index) {
                        Some(what) => out.push((case, Some(format!("refused: {what}")))),
                        None => kept.push(case),
                    }
                }
                if kept.len() == before {
                    return Err(format!("the assembler program refuses something else: {refused:?}"));
                }
                cases = kept;
            }
        }
    }
    // Something differs: each instruction goes into a slot of its own.
    body.clear();
    for case in &cases {
        let _ = writeln!(body, "{}\n.balign {slot}, 0", case.text);
    }
    let theirs = match tool.assemble(&body) {
        Ok(theirs) => theirs,
        Err(failure) => return Err(format!("in slots, the assembler program fails: {failure:?}")),
    };
    for (index, case) in cases.into_iter().enumerate() {
        let mut ours = case.bytes.clone();
        ours.resize(slot, 0);
        let at = index * slot;
        let theirs = theirs.get(at..(at + slot).min(theirs.len())).unwrap_or_default();
        let verdict = (ours.get(..theirs.len()) != Some(theirs)).then(|| format!("as   {theirs:02x?}"));
        out.push((case, verdict));
    }
    Ok(out)
}
