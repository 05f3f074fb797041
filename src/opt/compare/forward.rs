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

/// Each planted fault is noticed by the programs of the tests above.
#[test]
#[cfg(feature = "planted-faults")]
fn planted_faults_are_noticed() {
    use super::{Tally, compare};
    use crate::opt::fault;
    use crate::opt::pipeline::find;

    let mut missed = Vec::new();
    for &(number, pass, what) in fault::FAULTS.iter().filter(|fault| fault.0 > 100) {
        let pass = find(pass).expect("there is a pass of this name");
        // Some show only behind the walk, or behind the test that rotation puts in front of a loop.
        let alone: &[(&str, Pass)] = &[(pass.name, pass.run)];
        let behind: &[(&str, Pass)] =
            &[("fold", fold::run), (pass.name, pass.run), ("rotate", rotate::run), (pass.name, pass.run)];
        fault::plant(number);
        let noticed = [alone, behind]
            .into_iter()
            .flat_map(|passes| FLAVOURS.map(|flavour| (passes, flavour)))
            .find_map(|(passes, flavour)| {
                (0..150).find(|&seed| {
                    let mut tally = Tally::default();
                    let same = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        compare(passes, flavour, seed, &mut tally)
                    }));
                    same.map_or(true, |same| same.is_err())
                })
            });
        fault::plant(0);
        println!("{number} {}: {what}: program {noticed:?}", pass.name);
        if noticed.is_none() {
            missed.push(number);
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:?}");
}
