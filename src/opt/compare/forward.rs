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
