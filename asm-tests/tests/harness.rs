//! The harness itself: what is wrong must show.

use asm_tests::{Group, Isa, round_trip, x64};
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

    fn assembler() -> Assembler {
        Assembler::new()
    }

    fn buffer(assembler: &mut Assembler) -> &mut CodeBuffer<Kind> {
        assembler
    }

    fn groups() -> Vec<Group<Assembler>> {
        vec![Group { name: "planted", tool: x64::GNU_AS, forms: FORMS.iter().collect() }]
    }
}

#[test]
fn a_wrong_form_and_an_unknown_one_are_found() {
    let report = round_trip::<Planted>(3000, 1, "").unwrap();
    assert_eq!((report.forms, report.compared), (3, 3000));
    assert!(!report.is_clean());
    // Every case of the unknown form, and of the wrong one those with rax: a sixteenth or more.
    assert!(report.differences >= 1000 + 40 && report.differences < 1000 + 200, "{}", report.differences);
    assert_eq!(report.missed, ["unknown"]);
    assert!(report.shown.iter().any(|shown| shown.starts_with("wrong: pop rax")), "{:?}", report.shown);
    let report = round_trip::<Planted>(100, 1, "right").unwrap();
    assert!(report.is_clean());
}

#[test]
fn x64_agrees_with_gnu_as() {
    let report = round_trip::<x64::X64>(40_000, 3, "").unwrap();
    assert!(report.is_clean(), "{:#?}", report);
    assert!(report.forms >= 1200);
}
