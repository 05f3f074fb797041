//! Changes to text: bytes, lines, tokens.

use orus_progen::rng::Rng;

/// Bytes that matter to a lexer.
const BYTES: &[u8] = b"\0\t\n\r \"'()*+,-./0129:;<=>@[\\]_abefijnux{|}~\x7f\x80\xC3\xE2\xF0\xFF";

/// Pieces that are worth putting somewhere.
#[rustfmt::skip]
pub const TOKENS: &[&str] = &[
    "and", "as", "break", "catch", "continue", "elif", "else", "enum", "extern", "false", "fn", "for", "if", "impl", "in", "match", "matches",
    "mut", "not", "or", "pass", "print", "pub", "return", "struct", "true", "try", "use", "while", "+", "-", "*", "/", "%", "==", "!=", "<", "<=",
    ">", ">=", "=", "+=", "-=", "*=", "/=", "%=", ":=", "->", ":", ";", ",", ".", "..", "..=", "(", ")", "[", "]", "{", "}", "'a", "&", "|",
    "^", "~", "<<", ">>", "&=", "|=", "^=", "<<=", ">>=", "_", "x", "y", "self", "f", "T", "i32", "i64", "u32", "u64", "f64", "bool", "string", "str",
    "void", "error", "0", "1", "-1", "2147483648", "18446744073709551615", "0xFF", "0b1", "0o7", "1.5", "1e9", "5u", "5i64", "\"s\"", "\"@\"", "\"\"",
    "\"\\u{1F600}\"", "Result.Ok", "Result.Err", "len", "push", "pop", "sorted", "range", "int", "float", "typeof", "assert_eq", "format", "raise",
    "message", "\n", "\n    ", "\n        ", "//", "/*", "*/", "é", "\t", "\\", "1_", "0x", "1.", "..=", "@",
];

/// Cuts a text into tokens, roughly: words, numbers, strings, runs of blanks, single signs.
pub fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => 0,
        ' ' | '\t' => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            2 if first == '"' => {
                let mut escaped = false;
                let close = rest[1..].find(|c| {
                    let ends = !escaped && (c == '"' || c == '\n');
                    escaped = !escaped && c == '\\';
                    ends
                });
                close.map_or(rest.len(), |at| at + 2).min(rest.len())
            }
            2 => first.len_utf8(),
            same => rest.find(|c| kind(c) != same).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Changes a few tokens: left out, doubled, exchanged, replaced by others of the text or by some of the language.
pub fn mutate_tokens(rng: &mut Rng, text: &str) -> String {
    let tokens = tokens(text);
    let mut list: Vec<&str> = tokens.clone();
    for _ in 0..1 + rng.below(4) {
        if list.is_empty() {
            break;
        }
        let at = rng.below(list.len());
        match rng.below(8) {
            0 => {
                list.remove(at);
            }
            1 => list.insert(at, list[at]),
            2 => {
                let other = rng.below(list.len());
                list.swap(at, other);
            }
            3 => list[at] = *rng.pick(&tokens),
            4 => list.insert(at, *rng.pick(&tokens)),
            5 => list[at] = *rng.pick(TOKENS),
            6 => list.insert(at, *rng.pick(TOKENS)),
            _ => {
                // A run of tokens is moved or repeated.
                let end = (at + 1 + rng.below(12)).min(list.len());
                let run: Vec<&str> = list[at..end].to_vec();
                let to = rng.below(list.len());
                list.splice(to..to, run);
            }
        }
    }
    list.concat()
}

/// Changes a few names to others of the same text, which keeps it well-formed more often.
pub fn mutate_words(rng: &mut Rng, text: &str) -> String {
    let tokens = tokens(text);
    let is_word = |token: &&&str| token.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let words: Vec<&str> = tokens.iter().filter(is_word).copied().collect();
    let places: Vec<usize> = (0..tokens.len()).filter(|at| is_word(&&tokens[*at])).collect();
    let mut list = tokens;
    if !places.is_empty() {
        for _ in 0..1 + rng.below(3) {
            let at = *rng.pick(&places);
            list[at] = if rng.chance(80) { *rng.pick(&words) } else { *rng.pick(TOKENS) };
        }
    }
    list.concat()
}

/// Changes a few lines: left out, doubled, exchanged, indented otherwise.
pub fn mutate_lines(rng: &mut Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + rng.below(3) {
        if lines.is_empty() {
            break;
        }
        let at = rng.below(lines.len());
        match rng.below(7) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
            3 => lines[at].insert_str(0, "    "),
            4 => lines[at] = lines[at].strip_prefix("    ").unwrap_or(&lines[at]).to_owned(),
            5 => lines[at].insert(0, '\t'),
            _ => {
                let end = (at + 1 + rng.below(5)).min(lines.len());
                let block: Vec<String> = lines[at..end].to_vec();
                let to = rng.below(lines.len());
                lines.splice(to..to, block);
            }
        }
    }
    let mut text = lines.join(if rng.chance(5) { "\r\n" } else { "\n" });
    if rng.chance(90) {
        text.push('\n');
    }
    text
}

/// Changes a few bytes, which may leave no UTF-8.
pub fn mutate_bytes(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..1 + rng.below(6) {
        let at = rng.below(bytes.len() + 1);
        match rng.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 if at < bytes.len() => bytes[at] = *rng.pick(BYTES),
            3 => bytes.truncate(at.max(bytes.len() / 2)),
            4 => {
                let end = (at + 1 + rng.below(30)).min(bytes.len());
                let run = bytes[at.min(end)..end].to_vec();
                let to = rng.below(bytes.len() + 1);
                bytes.splice(to..to, run);
            }
            _ => bytes.insert(at, *rng.pick(BYTES)),
        }
    }
}

/// The beginning of one text and the end of another, joined at line ends.
pub fn splice(rng: &mut Rng, a: &str, b: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let (head, tail) = (rng.below(a.len() + 1), rng.below(b.len() + 1));
    let mut lines = a[..head].to_vec();
    lines.extend(&b[tail..]);
    lines.join("\n") + "\n"
}
