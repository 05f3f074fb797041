//! The round trip: every form, corner and random operands, in large batches.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use orus::asm::form::{Pick, Rng};

use crate::gnu::{Failure, Tool};
use crate::{Group, Isa};

/// Instructions that one run of the assembler program gets.
const BATCH: usize = 25_000;
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
    /// Forms of which no instruction was compared and equal.
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

struct Case {
    form: usize,
    text: String,
    bytes: Vec<u8>,
}

/// Compares `count` instructions, or one of each form if that is more; only forms whose name contains `filter`.
pub fn round_trip<I: Isa>(count: u64, seed: u64, filter: &str) -> Result<Report, String> {
    let mut report = Report::default();
    let groups = I::groups();
    let total: usize = groups.iter().map(|group| group.forms.len()).sum();
    for mut group in groups {
        let share = count * group.forms.len() as u64 / total.max(1) as u64;
        group.forms.retain(|form| form.name.contains(filter));
        if !group.forms.is_empty() {
            run_group::<I>(&group, share, seed, &mut report)?;
        }
    }
    Ok(report)
}

fn run_group<I: Isa>(
    group: &Group<I::Assembler>,
    count: u64,
    seed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    let mut asm = I::assembler();
    let mut distinct = HashSet::new();
    let mut equal = vec![0u64; group.forms.len()];
    let mut wrong: HashMap<usize, u32> = HashMap::new();
    let count = count.max(group.forms.len() as u64);
    let (mut done, mut compared) = (0, 0);
    while done < count {
        let size = (count - done).min(BATCH as u64);
        let mut cases = Vec::with_capacity(size as usize);
        I::buffer(&mut asm).clear();
        for number in done..done + size {
            let (form, turn) =
                ((number % group.forms.len() as u64) as usize, number / group.forms.len() as u64);
            let start = I::buffer(&mut asm).offset() as usize;
            let text = (group.forms[form].case)(&mut asm, &mut Pick::new(&mut rng, turn));
            let bytes = I::buffer(&mut asm).code()[start..].to_vec();
            let mut hasher = DefaultHasher::new();
            (form, &text).hash(&mut hasher);
            distinct.insert(hasher.finish());
            cases.push(Case { form, text, bytes });
        }
        if let Err(error) = I::buffer(&mut asm).finish() {
            return Err(format!("{}: the assembler reports: {error}", group.name));
        }
        done += size;
        for (case, verdict) in compare(&group.tool, cases, I::SLOT)? {
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
    }
    report.forms += group.forms.len();
    report.compared += compared;
    report.distinct += distinct.len();
    report.groups.push((group.name.to_string(), group.forms.len(), compared));
    let missed = group.forms.iter().zip(&equal).filter(|(_, equal)| **equal == 0);
    report.missed.extend(missed.map(|(form, _)| form.name.to_string()));
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
