//! Texts of instructions as tokens, so that what is only spelled differently compares equal: spaces, case, the base of
//! numbers, `#` before them, a displacement of 0.

/// A piece of an instruction's text.
#[derive(Clone, PartialEq, Debug)]
pub enum Token {
    /// Mnemonic, register, option; numbers with a fraction, in one spelling.
    Word(String),
    /// An integer, in 64 bits.
    Number(i64),
    /// Anything else but spaces.
    Sign(char),
}

use Token::{Number, Sign, Word};

/// The tokens of a text.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    let (mut negative, mut infix) = (false, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'#' => at += 1,
            b'-' if bytes.get(at + 1).is_some_and(|next| next.is_ascii_digit()) => {
                negative = true;
                infix = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b']');
                at += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'$' => {
                let end = end_of_word(bytes, at);
                let token = word(&text[at..end].to_ascii_lowercase(), negative);
                // `[x-1]` is `[x+-1]`.
                if negative && infix {
                    out.push(Sign('+'));
                }
                out.push(token);
                negative = false;
                at = end;
            }
            other => {
                out.push(Sign(char::from(other)));
                at += 1;
            }
        }
    }
    without_zeros(out)
}

fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let is_decimal = bytes[start].is_ascii_digit() && bytes.get(start + 1) != Some(&b'x');
    while let Some(byte) = bytes.get(at) {
        // The exponent of a number may have a sign.
        let is_sign = matches!(byte, b'+' | b'-') && is_decimal && at > start && bytes[at - 1] == b'e';
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$') || is_sign) {
            break;
        }
        at += 1;
    }
    at
}

/// A word, or the number that it is.
fn word(text: &str, negative: bool) -> Token {
    let sign = |number: u64| Number(if negative { (number as i64).wrapping_neg() } else { number as i64 });
    if let Some(Ok(number)) = text.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16)) {
        return sign(number);
    }
    if let Ok(number) = text.parse::<u64>() {
        return sign(number);
    }
    if text.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(number) = text.parse::<f64>()
    {
        return Word(format!("{:e}", if negative { -number } else { number }));
    }
    Word(if negative { format!("-{text}") } else { text.to_string() })
}

/// Without displacements of 0: `[x+0]`, and `[x, 0]`.
fn without_zeros(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if token == Sign(']')
            && out.len() > 2
            && let [.., Word(_) | Number(_), Sign('+' | ','), Number(0)] = out[..]
        {
            out.truncate(out.len() - 2);
        }
        out.push(token);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_count() {
        for (left, right) in [
            ("add  x0, x1, #16", "ADD x0,x1,0x10"),
            ("push -1", "push 0xffffffffffffffff"),
            ("mov rax, qword ptr [rbx-0x8]", "mov rax,QWORD PTR [rbx + -8]"),
            ("ldr x0, [x1, #0]", "ldr x0, [x1]"),
            ("fmov d0, #-1.50", "fmov d0, #-1.5e+00"),
            ("mov rax, -1", "mov rax, 0xffffffffffffffff"),
            ("lea rax, [rbp+0x0]", "lea rax, [rbp]"),
        ] {
            assert_eq!(tokens(left), tokens(right));
        }
    }

    #[test]
    fn what_differs_differs() {
        for (left, right) in [
            ("add x0, x1, 16", "add x0, x1, 17"),
            ("add x0, x1, 16", "add x0, x1, -16"),
            ("mov rax, [rbx-8]", "mov rax, [rbx+8]"),
            ("fmov d0, 1.5", "fmov d0, -1.5"),
            ("ldr x0, [x1], 0", "ldr x0, [x1]"),
            ("add x0, x1", "add x0, x1, x2"),
        ] {
            assert_ne!(tokens(left), tokens(right));
        }
    }
}
