//! Tests of the text form: what is wrong with a text, and texts that are no texts.

use super::*;
use crate::bytecode::tests::{EVERY_OPERATION, Random, every_operation};
use crate::bytecode::{print, print_listing, verify};

#[test]
fn errors_name_their_line() {
    let function = |body: &str| {
        format!("fn f0 \"f\" ()\nin s0, counter 0, depth 1\nframe refs 0, params 0 0\n{body}\nend")
    };
    let cases: [(String, u32, &str); 20] = [
        ("nonsense".into(), 1, "`nonsense` begins nothing here"),
        ("\n\n; fine\ntype t11 = i32".into(), 4, "`t10` comes next"),
        ("type t10 = array".into(), 1, "a word such as `t0` expected"),
        ("name n0 \"open".into(), 1, "a text without closing quote"),
        ("name n0 \"\\q\"".into(), 1, "an escape that does not exist"),
        ("name n0 \"\\u{110000}\"".into(), 1, "an escape that does not exist"),
        ("counters 4294967296".into(), 1, "4294967296 is out of range"),
        ("counters 1 2".into(), 1, "the line goes on where it should end"),
        ("counters 99999999999999999999999".into(), 1, "`99999999999999999999999` is no number"),
        ("fn f0 \"f\" ()".into(), 1, "the function has no `end`"),
        (function("fly r0"), 4, "`fly` is no instruction"),
        (function("mov r0"), 4, "`,` expected"),
        (function("mov r0, r65536"), 4, "register r65536 is out of range"),
        (function("jump L5"), 4, "label L5 is not bound"),
        (function("L1:\nL1:"), 5, "label L1 is bound twice"),
        (function("add.i32.imm r0, r1, 40000"), 4, "40000 is out of range"),
        (function("call f1 ()"), 4, "callee or format 1 does not exist"),
        (function("call f0 (r1)"), 4, "1 arguments given where 0 are taken"),
        (function("builtin sin () -> r0"), 4, "0 arguments given where 1 are taken"),
        (function("br.eq r0, r0, 40000"), 4, "the branch's target is too far away"),
    ];
    for (text, line, message) in cases {
        assert_eq!(parse(&text), Err(ParseError { line, message: message.into() }), "{text}");
    }
}

#[test]
fn odd_texts_and_names_come_back() {
    let mut program = Program::new();
    for text in ["", "\n", "a", "a\n", "\n\n", " a\r\n|b\n\t", "; \"x\"\n;; y"] {
        program.files.push(SourceFile { name: text.into(), text: text.into() });
        program.names.push(text.into());
        program.literals.push(Literal::String(text.into()));
    }
    program.names.push("\u{0}\u{1b}\u{85}\u{2028}\\\"é😀".into());
    assert_eq!(parse(&print(&program)), Ok(program));
}

#[test]
fn code_that_is_no_code_comes_back() {
    let mut program = every_operation();
    let mut random = Random::new(99);
    for _ in 0..200 {
        let index = random.below(program.functions.len());
        let mut function = Function::clone(&program.functions[index]);
        for _ in 0..3 {
            let at = random.below(function.code.len());
            function.code[at] ^= 1 << random.below(64);
        }
        // Positions that no longer stand at an instruction cannot be written.
        function.positions.clear();
        program.functions[index] = Arc::new(function);
        let text = print(&program);
        // The number of arguments may have become another than what follows.
        if let Ok(parsed) = parse(&text) {
            assert_eq!(parsed, program, "{text}");
        }
        print_listing(&program, None);
    }
}

/// Texts that were cut, doubled and stirred: nothing panics, and the verifier says of those that are still programs
/// whether they may run.
#[test]
fn mutated_texts_do_not_panic() {
    let input = EVERY_OPERATION.split("\n;; ").next().unwrap();
    let lines: Vec<&str> = input.lines().collect();
    let words: Vec<&str> = input.split_whitespace().collect();
    let mut random = Random::new(0x5EED);
    let (mut parsed, mut valid) = (0, 0);
    for _ in 0..500 {
        let mut lines: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        for _ in 0..1 + random.below(2) {
            let at = random.below(lines.len());
            match random.below(6) {
                0 => {
                    lines.remove(at);
                }
                1 => {
                    let other = random.below(lines.len());
                    lines.swap(at, other);
                }
                2 => {
                    let line = lines[at].clone();
                    lines.insert(at, line);
                }
                // One word becomes another.
                3 => {
                    let mut split: Vec<&str> = lines[at].split(' ').collect();
                    let word = random.below(split.len());
                    split[word] = words[random.below(words.len())];
                    lines[at] = split.join(" ");
                }
                // One digit becomes another.
                4 => {
                    let digits: Vec<usize> =
                        lines[at].match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
                    if !digits.is_empty() {
                        let digit = digits[random.below(digits.len())];
                        let new = random.below(10).to_string();
                        lines[at].replace_range(digit..digit + 1, &new);
                    }
                }
                _ => {
                    let place = random.below(lines[at].len() + 1);
                    let noise = ["\"", "\\", ";", "é", ",", "(", "-", "..", "0x", "\u{0}", "@", "|"];
                    if lines[at].is_char_boundary(place) {
                        lines[at].insert_str(place, noise[random.below(noise.len())]);
                    }
                }
            }
        }
        let text = lines.join("\n");
        let Ok(program) = parse(&text) else { continue };
        parsed += 1;
        if verify(&program).is_ok() {
            valid += 1;
            assert_eq!(parse(&print(&program)), Ok(program));
        }
    }
    assert!(parsed > 150 && valid > 30 && valid < parsed, "{parsed} were programs, {valid} valid");
}
