//! What the listing reads back from the bytes of every form is what was emitted, or another name of it.

use asm_tests::Isa;
use asm_tests::rv64::{Rv64, Rv64Compressed};
use orus::asm::form::{Pick, Rng};
use orus::asm::listing::Disassemble;
use orus::asm::rv64::{Assembler, Disassembler};

/// The text of a case as the listing has it; `None` if it is more than one instruction.
fn expected(text: &str) -> Option<String> {
    if text.contains(';') {
        return None;
    }
    let Some(at) = text.find(".+").or_else(|| text.find(".-")) else { return Some(text.to_string()) };
    let displacement: i64 = text[at + 1..].parse().unwrap();
    Some(format!("{}{displacement:#x}", &text[..at]))
}

#[test]
fn every_form_is_read_back() {
    let disassembler = Disassembler::new();
    let mut rng = Rng::new(11);
    let mut asm = Assembler::new();
    asm.compress(false);
    let mut wrong = Vec::new();
    let mut read = 0;
    let groups = [Rv64::groups(), Rv64Compressed::groups()];
    for form in
        groups.iter().flatten().filter(|group| group.name != "as and ld").flat_map(|group| &group.forms)
    {
        for case in 0..40 {
            asm.clear();
            let text = (form.case)(&mut asm, &mut Pick::new(&mut rng, case));
            let Some(want) = expected(&text) else { continue };
            let mut bytes = [0; 4];
            bytes[..asm.code().len()].copy_from_slice(asm.code());
            if !disassembler.texts(u32::from_le_bytes(bytes), 0).any(|got| got == want) {
                let got = disassembler.disassemble(asm.code(), 0);
                wrong.push(format!("{}: {:02x?}: '{want}' is read as {got:?}", form.name, asm.code()));
                break;
            }
            read += 1;
        }
    }
    assert!(wrong.is_empty(), "{} forms:\n{}", wrong.len(), wrong.join("\n"));
    assert!(read > 20_000, "only {read}");
}

#[test]
fn random_bytes_are_read_or_refused_without_a_panic() {
    let disassembler = Disassembler::new();
    let mut rng = Rng::new(5);
    let mut read = 0;
    for _ in 0..50_000 {
        let word = rng.next_u64().to_le_bytes();
        let length = rng.below(9) as usize;
        if let Some((size, _)) = disassembler.disassemble(&word[..length], rng.next_u64() as u32) {
            assert!(size <= length);
            read += 1;
        }
    }
    assert!(read > 5_000, "only {read}");
}
