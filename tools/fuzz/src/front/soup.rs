//! Sequences of tokens without sense, and statements without meaning.

use orus_progen::rng::Rng;

use super::mutate::TOKENS;

/// Tokens in any order.
pub fn soup(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..1 + rng.below(120) {
        text += *rng.pick(TOKENS);
        if rng.chance(70) {
            text.push(' ');
        }
        if rng.chance(12) {
            text.push('\n');
            text += &"    ".repeat(rng.below(4));
        }
    }
    text
}

/// Statements whose shape is right and whose names and types are any.
pub fn statements(rng: &mut Rng) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for _ in 0..1 + rng.below(25) {
        text += &"    ".repeat(depth);
        let (head, opens) = *rng.pick(&[
            ("{v} = {e}", false),
            ("mut {v} = {e}", false),
            ("{v}: {t} = {e}", false),
            ("{v} += {e}", false),
            ("{v}[{e}] = {e}", false),
            ("{v}.{v} = {e}", false),
            ("print({e}, {e})", false),
            ("{e}", false),
            ("return {e}", false),
            ("break", false),
            ("raise({e})", false),
            ("if {e}:", true),
            ("while {e}:", true),
            ("for {v} in {e}:", true),
            ("for {v}, {v} in {e}:", true),
            ("for {v} in {e}..{e}:", true),
            ("try:", true),
            ("catch {v}:", true),
            ("else:", true),
            ("match {e}:", true),
            ("{e} -> {e}", false),
            ("_ -> {e}", false),
            ("fn {v}({v}: {t}, {v}) -> {t}:", true),
            ("struct {v}:", true),
            ("{v}: {t}", false),
            ("enum {v}:", true),
            ("{v}({t})", false),
            ("impl {v}:", true),
        ]);
        let mut rest = head;
        while let Some(at) = rest.find('{') {
            text += &rest[..at];
            text += &match &rest[at..at + 3] {
                "{e}" => expression(rng, 3),
                "{t}" => type_of(rng, 2),
                _ => name(rng),
            };
            rest = &rest[at + 3..];
        }
        text += rest;
        text.push('\n');
        if opens {
            depth += 1;
        } else if depth > 0 && rng.chance(35) {
            depth -= 1;
        }
    }
    if depth > 0 {
        text += &"    ".repeat(depth);
        text += "pass\n";
    }
    text
}

fn name(rng: &mut Rng) -> String {
    (*rng.pick(&["a", "b", "c", "x", "y", "f", "g", "P", "E", "self", "_", "len", "i32"])).to_owned()
}

fn type_of(rng: &mut Rng, depth: usize) -> String {
    match rng.below(if depth == 0 { 8 } else { 12 }) {
        0 => "P".to_owned(),
        1 => "E".to_owned(),
        2 => "void".to_owned(),
        3..=7 => (*rng.pick(&["i32", "i64", "u32", "u64", "f64", "bool", "string", "error"])).to_owned(),
        8 => format!("[{}]", type_of(rng, depth - 1)),
        9 => format!("{{{}: {}}}", type_of(rng, depth - 1), type_of(rng, depth - 1)),
        10 => format!("fn({}) -> {}", type_of(rng, depth - 1), type_of(rng, depth - 1)),
        _ => format!("Result[{}, {}]", type_of(rng, depth - 1), type_of(rng, depth - 1)),
    }
}

/// An expression of any form.
pub fn expression(rng: &mut Rng, depth: usize) -> String {
    if depth == 0 || rng.chance(20) {
        return match rng.below(4) {
            0 => name(rng),
            1 => (*rng.pick(&["0", "1", "2u64", "1.5", "true", "\"s\"", "[]", "{}", "\"a@b\"", "-1"]))
                .to_owned(),
            _ => (*rng.pick(&["a", "b", "x", "3", "\"t\""])).to_owned(),
        };
    }
    let e = |rng: &mut Rng| expression(rng, depth - 1);
    match rng.below(18) {
        0..=4 => {
            let op = *rng.pick(&[
                "+", "-", "*", "/", "%", "==", "<", "and", "or", "&", "<<", ">=", "matches", "|", "^",
            ]);
            format!("{} {op} {}", e(rng), e(rng))
        }
        5 => format!("({})", e(rng)),
        6 => format!("-{}", e(rng)),
        7 => format!("not {}", e(rng)),
        8 => format!("{}({})", name(rng), e(rng)),
        9 => format!("{}.{}({})", e(rng), rng.pick(&["x", "push", "get", "find", "remove", "m"]), e(rng)),
        10 => format!("{}[{}]", e(rng), e(rng)),
        11 => format!("{}[{}..{}]", e(rng), e(rng), e(rng)),
        12 => format!("[{}, {}]", e(rng), e(rng)),
        13 => format!("{{{}: {}}}", e(rng), e(rng)),
        14 => format!("{} if {} else {}", e(rng), e(rng), e(rng)),
        15 => format!("{} as {}", e(rng), type_of(rng, 0)),
        16 => format!("fn({}) : {}", name(rng), e(rng)),
        _ => {
            let builtin = *rng.pick(&[
                "len", "sorted", "int", "float", "typeof", "range", "min", "pop", "format", "abs", "push",
            ]);
            format!("{builtin}({})", e(rng))
        }
    }
}
