//! What the listing reads back from the bytes of every form is what was emitted.

use asm_tests::Isa;
use asm_tests::x64::X64;
use orus::asm::form::{Pick, Rng};
use orus::asm::listing::Disassemble;
use orus::asm::x64::{Assembler, Disassembler};

/// The text of a case as the listing has it.
fn expected(text: &str, end: usize) -> String {
    let mut text = text;
    while let Some((_, after)) = text.strip_prefix('{').and_then(|rest| rest.split_once("} ")) {
        text = after;
    }
    let text = text.replace("offset Z+", "").replace("offset Z", "");
    match text.split_once(".+") {
        Some((before, after)) => {
            let sign = after.find(['+', '-']).unwrap();
            format!("{before}{:#x}", end as i64 + after[sign..].parse::<i64>().unwrap())
        }
        None => text,
    }
}

#[test]
fn every_form_is_read_back() {
    let mut rng = Rng::new(11);
    let mut asm = Assembler::new();
    let mut wrong = Vec::new();
    for form in X64::groups().iter().flat_map(|group| &group.forms) {
        for case in 0..12 {
            asm.clear();
            asm.nop();
            let text = (form.case)(&mut asm, &mut Pick::new(&mut rng, case));
            let bytes = &asm.code()[1..];
            let want = expected(&text, bytes.len() + 1);
            let got = Disassembler.disassemble(bytes, 1);
            if got.as_ref() != Some(&(bytes.len(), want.clone())) {
                wrong.push(format!("{}: {bytes:02x?}: '{want}' is read as {got:?}", form.name));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} forms:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn random_bytes_are_read_or_refused_without_a_panic() {
    let mut rng = Rng::new(5);
    let mut read = 0;
    for _ in 0..200_000 {
        let word = (u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())).to_le_bytes();
        let length = rng.below(17) as usize;
        if let Some((size, _)) = Disassembler.disassemble(&word[..length], 0) {
            assert!(size <= length);
            read += 1;
        }
    }
    assert!(read > 10_000, "only {read}");
}
