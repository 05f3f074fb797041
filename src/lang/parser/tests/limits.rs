//! Long chains, deep nesting and garbage: nothing may crash, and nothing may take more than linear time.

use super::*;

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("x = {}1{}\n", open.repeat(levels), close.repeat(levels))
}

#[test]
fn expressions_nest_to_256_levels() {
    let forms = [
        ("(", ")"),
        ("[", "]"),
        ("{1: ", "}"),
        ("f(", ")"),
        ("a[", "]"),
        ("P{ a: ", "}"),
        ("-", ""),
        ("~", ""),
        ("not ", ""),
        ("fn(): ", ""),
        ("a if b else (", ")"),
        ("1 + 2 * (", ")"),
        ("a or b and not c == d | e ^ f & g << h + i * -(", ")"),
    ];
    for (open, close) in forms {
        // The last form nests three times at each level.
        let levels = if open.ends_with("-(") { 85 } else { 256 };
        assert_eq!(errors(&nested(open, close, levels)), "", "{open}");
        let deep = errors(&nested(open, close, levels + 1));
        assert!(deep.starts_with("E1009@1:") && !deep.contains(' '), "{open}: {deep}");
    }
    assert_eq!(errors(&nested("(", ")", 257)), format!("E1009@1:{}", "x = ".len() + 257));
}

#[test]
fn types_nest_to_256_levels() {
    for (open, close) in [("[", "]"), ("{i32: ", "}"), ("M[", "]"), ("fn() -> ", ""), ("fn(", ")")] {
        let text = |levels| format!("x: {}T{} = y\n", open.repeat(levels), close.repeat(levels));
        assert_eq!(errors(&text(256)), "", "{open}");
        let deep = errors(&text(257));
        assert!(deep.starts_with("E1009@1:") && !deep.contains(' '), "{open}: {deep}");
        assert!(errors(&text(100_000)).starts_with("E1009@1:"), "{open}");
    }
}

fn blocks(levels: usize, header: impl Fn(usize) -> String, last: &str) -> String {
    let mut text = String::new();
    for level in 0..levels {
        text += &format!("{}{}\n", " ".repeat(level), header(level));
    }
    text + &" ".repeat(levels) + last + "\nafter = 1 +\n"
}

#[test]
fn blocks_nest_to_256_levels() {
    for header in ["if a:", "while a:", "for i in a:", "fn f():", "x = fn():"] {
        assert_eq!(errors(&blocks(256, |_| header.into(), "pass")), "E1001@258:12", "{header}");
        assert_eq!(errors(&blocks(257, |_| header.into(), "pass")), "E1009@258:258 E1001@259:12", "{header}");
    }
    // The block of a match is no block of statements.
    let arms = |level: usize| if level.is_multiple_of(2) { "match x:".into() } else { "A ->".into() };
    assert_eq!(errors(&blocks(512, arms, "pass")), "E1001@514:12");
    assert_eq!(errors(&blocks(514, arms, "pass")), "E1009@514:514 E1001@516:12");
    // The deepest blocks, and in them the deepest expression with the deepest type.
    let expression =
        format!("x = {}1 as {}T{}{}", "(".repeat(256), "[".repeat(256), "]".repeat(256), ")".repeat(256));
    assert_eq!(errors(&blocks(256, |_| "if a:".into(), &expression)), "E1001@258:12");
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    for open in ["(", "[", "{1: ", "f(", "a[", "P{ a: ", "- ", "not ", "fn(): ", "(((", "a if b else ("] {
        let text = nested(open, "", 100_000);
        assert_eq!(errors(&text).split('@').next(), Some("E1009"), "{open}");
    }
    let text = nested("(", ")", 100_000) + "y = (\n";
    assert_eq!(errors(&text), "E1009@1:261 E1003@2:5");
    assert!(errors(&blocks(10_000, |_| "if a:".into(), "pass")).starts_with("E1009@258:258 E1001@10002:12"));
    let misplaced = |level: usize| {
        if level.is_multiple_of(2) { "1 + match x:".into() } else { "A -> 1 + match x:".into() }
    };
    assert!(errors(&blocks(2_000, misplaced, "pass")).starts_with("E1006@1:5"));
    let indents = (0..2_000).map(|level| format!("{}x\n", " ".repeat(level)));
    assert!(errors(&indents.collect::<String>()).starts_with("E1008@2:2 E1008@3:3"));
}

#[test]
fn chains_are_flat() {
    let count = 100_000;
    for link in ["1 + ", "a and ", "a or ", "1 * ", "1 << ", "a if b else ", "1 - 2 * "] {
        assert_eq!(errors(&format!("x = {}1\n", link.repeat(count))), "", "{link}");
    }
    for link in [".a", ".f()", "[0]", "(1)", ".f(x)[1]"] {
        assert_eq!(errors(&format!("x = a{}\n", link.repeat(count))), "", "{link}");
    }
    assert_eq!(errors(&format!("{}0\n", "a = ".repeat(count))), "");
    assert_eq!(errors(&format!("x = 1{}\n", ", y = 2".repeat(count))), "");
    assert_eq!(errors(&format!("if a: b\n{}else: d\n", "elif c:\n  d\n".repeat(count))), "");
    assert_eq!(errors(&format!("match a:\n{}", "  B -> c\n".repeat(count))), "");
    assert_eq!(errors(&format!("x{}\n", "; y".repeat(count))), "");
    assert_eq!(errors(&format!("x = [{}]\n", "1,\n".repeat(count))), "");
    assert_eq!(errors(&format!("x: {}c = d\n", "a.".repeat(count))), "");
    assert_eq!(errors(&format!("x = \"{}\"\n", "a\\n".repeat(count))), "");
}

#[test]
fn a_file_full_of_mistakes_is_given_up() {
    let text = "x = )\n".repeat(100_000);
    assert!(errors(&text).split(' ').count() <= 201);
    let text = format!("x = \"{}\"\n", "\\q".repeat(100_000));
    assert!(errors(&text).split(' ').count() <= 201);
    let text = "f(\n".repeat(20_000);
    assert_eq!(errors(&text).split('@').next(), Some("E1009"));
    let text = "x = f(a b\n".repeat(5_000);
    assert!(errors(&text).starts_with("E1003@1:6 E1003@2:6 E1003@3:6"));
}

/// A small generator of numbers: the same ones every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

const SAMPLE: &str = include_str!("sample.orus");

#[test]
fn the_sample_is_correct() {
    assert_eq!(errors(SAMPLE), "");
}

#[test]
fn mutated_programs_do_not_crash() {
    let pieces = [
        "(", ")", "[", "]", "{", "}", "\"", "/*", "*/", "//", "\n", "\n    ", "\n\t", ":", ";", ",", "..",
        "fn", "match x:", "if", "else", "'", "é", "->", "=", "mut ", "0x", "1.", "\\", "\u{0}", "return",
        "pub ", "as", "not", "-", "\r",
    ];
    let mut random = Random(1);
    for _ in 0..2_000 {
        let mut text = SAMPLE.to_string();
        for _ in 0..=random.below(4) {
            let boundary = |text: &str, at| text.floor_char_boundary(at);
            let from = boundary(&text, random.below(text.len()));
            let to = boundary(&text, (from + random.below(12)).min(text.len()));
            match random.below(3) {
                0 => text.replace_range(from..to, ""),
                1 => text.insert_str(from, pieces[random.below(pieces.len())]),
                _ => text.replace_range(from..to, pieces[random.below(pieces.len())]),
            }
            if text.is_empty() {
                text.push('x');
            }
        }
        let arena = Bump::new();
        let mut names = Interner::new(&arena);
        let mut diags = Vec::new();
        parse(&arena, &mut names, FileId(0), &text, &mut diags);
        let in_order = diags.is_sorted_by_key(|diag| diag.span.start);
        assert!(in_order && diags.iter().all(|diag| diag.span.end as usize <= text.len() + 1), "{text}");
    }
    // Every prefix, which ends in the middle of everything.
    for end in (0..SAMPLE.len()).filter(|&end| SAMPLE.is_char_boundary(end)) {
        let arena = Bump::new();
        let mut names = Interner::new(&arena);
        parse(&arena, &mut names, FileId(0), &SAMPLE[..end], &mut Vec::new());
    }
}
