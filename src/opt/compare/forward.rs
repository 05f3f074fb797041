//! The passes of the forward walk, and those that clean up behind it.

use super::{Flavour, all};
use crate::opt::{Pass, cfg_simplify, dce, fold, forward, guards, gvn, licm, memory, rotate, sccp};

const FLAVOURS: [Flavour; 5] =
    [Flavour::Mixed, Flavour::Arrays, Flavour::Objects, Flavour::Calls, Flavour::Divisions];

fn each(passes: &[(&str, Pass)]) {
    let changed: u32 = FLAVOURS.into_iter().map(|flavour| all(passes, flavour, 40).changed).sum();
    assert!(changed > 0, "nothing was changed");
}

#[test]
fn fold_keeps_what_programs_do() {
    each(&[("fold", fold::run)]);
}

#[test]
fn gvn_keeps_what_programs_do() {
    each(&[("gvn", gvn::run)]);
}

#[test]
fn guards_keep_what_programs_do() {
    // They decide little before branches are fused with their comparisons.
    each(&[("guards", guards::run), ("fold", fold::run), ("guards", guards::run)]);
}

#[test]
fn memory_keeps_what_programs_do() {
    each(&[("memory", memory::run)]);
}

#[test]
fn simplify_keeps_what_programs_do() {
    each(&[("simplify", cfg_simplify::run)]);
    each(&[("forward", forward::run), ("simplify", cfg_simplify::run), ("forward", forward::run)]);
}

#[test]
fn dce_keeps_what_programs_do() {
    each(&[("dce", dce::run)]);
}

#[test]
fn fast_keeps_what_programs_do() {
    each(&[("forward", forward::run), ("dce", dce::run), ("simplify", cfg_simplify::run)]);
}

#[test]
fn sccp_keeps_what_programs_do() {
    each(&[("sccp", sccp::run)]);
}

#[test]
fn licm_keeps_what_programs_do() {
    each(&[("licm", licm::run)]);
    each(&[
        ("forward", forward::run),
        ("rotate", rotate::run),
        ("licm", licm::run),
        ("forward", forward::run),
        ("dce", dce::run),
    ]);
}

/// The texts of the files that test a pass, with what is expected of it.
#[cfg(feature = "planted-faults")]
fn files(directory: &str) -> Vec<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opt").join(directory);
    let texts = std::fs::read_dir(path).expect("the pass has tests").map(|entry| {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a text");
        let at = text.find("\n;; ").expect("something is expected");
        let expected = text[at + 1..].split_once('\n').expect("a heading").1;
        (text[..at].to_owned(), expected.to_owned())
    });
    texts.collect()
}

/// Does a pass do what the file expects?
#[cfg(feature = "planted-faults")]
fn as_expected(pass: Pass, input: &str, expected: &str) -> bool {
    use crate::ir::{parse_module, print_module};
    use crate::opt::{Analyses, Context, Level, Options};

    let mut parsed = parse_module(input).expect("the file is right");
    let options = Options::new(Level::Full);
    let mut analyses = Analyses::new();
    for (_, function) in &mut parsed.functions {
        analyses.invalidate();
        pass(
            function,
            &mut Context { module: &parsed.module, bodies: &[], options: &options, analyses: &mut analyses },
        );
    }
    print_module(&parsed.module, &parsed.functions) == expected
}

/// Each planted fault turns a file that tests its pass red, and without it all are green.
#[test]
#[cfg(feature = "planted-faults")]
fn planted_faults_are_noticed() {
    use crate::opt::fault::{FAULTS, plant};
    use crate::opt::pipeline::find;

    let mut missed = Vec::new();
    for &(number, name, what) in FAULTS.iter().filter(|fault| fault.0 > 100) {
        let pass = find(name).expect("there is a pass of this name").run;
        let files = files(if name == "simplify" { "cfg_simplify" } else { name });
        assert!(files.iter().all(|(input, expected)| as_expected(pass, input, expected)), "{name}");
        plant(number);
        // A fault may well end in a panic.
        let red = files.iter().filter(|(input, expected)| {
            !std::panic::catch_unwind(|| as_expected(pass, input, expected)).unwrap_or(false)
        });
        let red = red.count();
        plant(0);
        println!("{number} {name}: {what}: {red} files");
        if red == 0 {
            missed.push(number);
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
