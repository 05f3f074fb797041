//! What the listing reads back from the words of every form is what was emitted, or an alias that GNU as assembles to
//! the same word.

use asm_tests::Isa;
use asm_tests::a64::{A64, TOOL};
use orus::asm::a64::{Assembler, Disassembler};
use orus::asm::form::{Pick, Rng};
use orus::asm::listing::Disassemble;

/// Where the instruction is said to be.
const AT: u32 = 0x12344;

/// The text of a case as the listing has it.
fn expected(text: &str) -> String {
    let Some((before, displacement)) = text.split_once(" .").filter(|(_, rest)| rest.starts_with(['+', '-']))
    else {
        return text.to_string();
    };
    let displacement: i64 = displacement.parse().unwrap();
    // For a low bit, the form with the 32-bit register is the same word.
    let low_bit = text
        .split('#')
        .nth(1)
        .and_then(|bit| bit.split(',').next()?.parse().ok())
        .is_some_and(|bit: u32| bit < 32);
    let before =
        if text.starts_with("tb") && low_bit { before.replacen(" x", " w", 1) } else { before.to_string() };
    let target = i64::from(AT) + displacement;
    format!("{before} {:#x}", if text.starts_with("adrp") { target & !0xfff } else { target })
}

#[test]
fn every_form_is_read_back() {
    let mut rng = Rng::new(11);
    let mut asm = Assembler::new();
    let disassembler = Disassembler::new();
    let (mut same, mut aliases, mut wrong) = (0, Vec::new(), Vec::new());
    for form in A64::groups().iter().flat_map(|group| &group.forms) {
        for case in 0..40 {
            asm.clear();
            let text = (form.case)(&mut asm, &mut Pick::new(&mut rng, case));
            let Some(code) = asm.code().first_chunk::<4>().filter(|_| asm.offset() == 4) else {
                // With `nop`s between it and its label.
                continue;
            };
            if text.contains(":lo12:") {
                continue;
            }
            match disassembler.disassemble(code, AT) {
                Some((4, got)) if got == expected(&text) => same += 1,
                Some((4, got)) if !got.contains(" 0x") => aliases.push((u32::from_le_bytes(*code), got)),
                got => wrong.push(format!("{}: {code:02x?}: '{text}' is read as {got:?}", form.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    assert!(same > 20 * aliases.len(), "{same} the same, {} aliases", aliases.len());
    let body: String = aliases.iter().map(|(_, text)| format!("{text}\n")).collect();
    let theirs = TOOL.assemble(&body).unwrap();
    assert_eq!(theirs.len(), 4 * aliases.len());
    for ((word, text), theirs) in aliases.iter().zip(theirs.chunks(4)) {
        assert_eq!(word.to_le_bytes(), theirs, "{text}");
    }
}

#[test]
fn random_words_are_read_as_what_gives_them_or_refused() {
    let mut rng = Rng::new(5);
    let disassembler = Disassembler::new();
    let (mut read, mut body, mut words) = (0, String::new(), Vec::new());
    for _ in 0..100_000 {
        let word = rng.next_u64() as u32;
        if let Some(text) = disassembler.word(word, 0) {
            read += 1;
            // Displacements are shown as offsets, which GNU as takes for addresses.
            if !text.contains(" 0x") && !text.contains(" -0x") && words.len() < 60_000 {
                body.push_str(&text);
                body.push('\n');
                words.push(word);
            }
        }
        assert_eq!(disassembler.disassemble(&word.to_le_bytes()[..rng.below(4) as usize], 0), None);
    }
    assert!(read > 25_000, "only {read}");
    let theirs = match TOOL.assemble(&body) {
        Ok(theirs) => theirs,
        Err(failure) => panic!("{failure:?}"),
    };
    for ((word, text), theirs) in words.iter().zip(body.lines()).zip(theirs.chunks(4)) {
        assert_eq!(word.to_le_bytes(), theirs, "{text}");
    }
}
