//! The harness itself: what is wrong must show.

use asm_tests::alias::{Alias, always};
use asm_tests::oracle::Dialect;
use asm_tests::{AT_LEAST, Group, Isa, read_back, round_trip, x64};
use orus::asm::CodeBuffer;
use orus::asm::form::Form;
use orus::asm::x64::reg::RAX;
use orus::asm::x64::{Assembler, Gpr64, Kind};

/// Three forms: one right, one whose text is another instruction, one that GNU as does not know.
struct Planted;

static FORMS: [Form<Assembler>; 3] = [
    Form {
        name: "right",
        text: "push {src}",
        roles: &[],
        case: |asm, pick| {
            let register: Gpr64 = pick.next();
            asm.push_r64(register);
            format!("push {register}")
        },
    },
    Form {
        name: "wrong",
        text: "pop {src}",
        roles: &[],
        case: |asm, pick| {
            let register: Gpr64 = pick.next();
            asm.push_r64(register);
            // Only rax differs, and only now and then.
            if register == RAX { "pop rax".into() } else { format!("push {register}") }
        },
    },
    Form {
        name: "unknown",
        text: "frobnicate",
        roles: &[],
        case: |asm, _| {
            asm.nop();
            "frobnicate".into()
        },
    },
];

impl Isa for Planted {
    type Assembler = Assembler;
    type Kind = Kind;

    const NAME: &'static str = "planted";
    const SLOT: usize = 16;
    const DIALECT: &'static Dialect = &DIALECT;

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        vec![Group {
            name: "planted",
            tool: x64::GNU_AS,
            disassembler: x64::OBJDUMP,
            forms: FORMS.iter().collect(),
        }]
    }
}

/// Rules that nothing needs.
static DIALECT: Dialect = Dialect {
    ours: |text, _| text.to_string(),
    theirs: |text, _| text.to_string(),
    aliases: &[
        Alias { ours: "push rcx", theirs: "push rdx", when: always, why: "wrong: rcx is rcx" },
        Alias {
            ours: "frobnicate",
            theirs: "frobnicate $x",
            when: always,
            why: "never: it is another instruction",
        },
    ],
};

#[test]
fn a_wrong_form_and_an_unknown_one_are_found() {
    let report = round_trip::<Planted>(3000, 1, "").unwrap();
    // There are fewer than 3000 different ones: it has looked for them in vain.
    assert_eq!(report.forms, 3);
    assert!(report.compared > 3000 && report.distinct < 3000, "{} {}", report.compared, report.distinct);
    assert!(!report.is_clean());
    // Every case of the unknown form, and of the wrong one those with rax: a sixteenth or more.
    let each = report.compared / 3;
    let expected = each + each / 25..each + each / 5;
    assert!(expected.contains(&report.differences), "{}", report.differences);
    assert_eq!(report.missed, ["unknown (0 times)"]);
    assert!(report.shown.iter().any(|shown| shown.starts_with("wrong: pop rax")), "{:?}", report.shown);
    let report = round_trip::<Planted>(100, 1, "right").unwrap();
    assert!(report.is_clean());
}

#[test]
fn they_are_found_by_reading_back_too() {
    let report = read_back::<Planted>(3000, 1, "").unwrap();
    assert_eq!(report.forms, 3);
    assert!(!report.is_right());
    assert!(report.missed.iter().any(|missed| missed == "unknown (0 times)"), "{:?}", report.missed);
    assert!(report.shown.iter().any(|shown| shown.starts_with("wrong: pop rax")), "{:?}", report.shown);
    let report = read_back::<Planted>(100, 1, "right").unwrap();
    assert!(report.is_right());
    // Nothing needs the rules, which is a failure of its own.
    assert_eq!(report.idle().count(), 2);
    assert!(!report.is_clean());
}

#[test]
fn a_form_that_is_seldom_compared_is_missed() {
    // Whatever the count, the harness draws enough of each.
    let report = round_trip::<Planted>(1, 1, "right").unwrap();
    assert_eq!(report.compared, AT_LEAST);
    assert!(report.is_clean());
    // Of the wrong form some are equal, but at that count too few.
    let report = round_trip::<Planted>(1, 1, "wrong").unwrap();
    assert_eq!(report.compared, AT_LEAST);
    assert!(matches!(&report.missed[..], [missed] if missed.starts_with("wrong (1")), "{:?}", report.missed);
}
