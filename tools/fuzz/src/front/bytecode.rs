//! Changes to bytecode text, of a kind that the parser often accepts and the verifier sometimes.

use orus::bytecode::{OPCODES, Row};
use orus_progen::rng::Rng;

use super::mutate;

/// Changes a few instructions or tables.
pub fn mutate_bytecode(rng: &mut Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..1 + rng.weighted(&[(6, 0), (3, 1), (1, 4)]) {
        if lines.is_empty() {
            break;
        }
        let at = rng.below(lines.len());
        match rng.below(14) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
            3 => lines[at] = mutate::mutate_tokens(rng, &lines[at]),
            4 => {
                // A word of another line, such as another operation.
                let other = lines[rng.below(lines.len())].clone();
                let (mine, theirs) = (mutate::tokens(&lines[at]), mutate::tokens(&other));
                if !mine.is_empty() && !theirs.is_empty() {
                    let (to, from) = (rng.below(mine.len()), rng.below(theirs.len()));
                    let mut mine = mine;
                    mine[to] = theirs[from];
                    lines[at] = mine.concat();
                }
            }
            5..=7 => lines[at] = mutate_number(rng, &lines[at]),
            8 | 9 => lines[at] = mutate_operation(rng, &lines[at]),
            _ => lines[at] = mutate_operand(rng, &lines, at),
        }
    }
    lines.join("\n") + "\n"
}

/// Replaces an operation by one whose operands are of the same kinds.
fn mutate_operation(rng: &mut Rng, line: &str) -> String {
    let name = line.trim_start();
    let name = name.split(' ').next().unwrap_or(name);
    let shape = |row: &Row| row.operands.map(|operand| std::mem::discriminant(&operand));
    let Some(row) = OPCODES.iter().find(|row| row.text == name) else { return mutate_number(rng, line) };
    let alike: Vec<&Row> =
        OPCODES.iter().filter(|other| shape(other) == shape(row) && other.extra == row.extra).collect();
    line.replacen(name, rng.pick(&alike).text, 1)
}

/// Changes one of the numbers in a line.
fn mutate_number(rng: &mut Rng, line: &str) -> String {
    let tokens = mutate::tokens(line);
    let digits = |token: &str| token.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let numbers: Vec<usize> = (0..tokens.len())
        .filter(|at| {
            let token = tokens[*at];
            digits(token) > 0 && token.ends_with(|c: char| c.is_ascii_digit())
        })
        .collect();
    if numbers.is_empty() {
        return line.to_owned();
    }
    let at = *rng.pick(&numbers);
    let token = tokens[at];
    let (prefix, number) = token.split_at(token.len() - digits(token));
    let Ok(value) = number.parse::<i128>() else { return line.to_owned() };
    let value = match rng.below(8) {
        0 => value + 1,
        1 => (value - 1).max(0),
        2 => 0,
        3 => *rng.pick(&[
            65_535,
            65_536,
            32_767,
            2_147_483_647,
            4_294_967_295,
            18_446_744_073_709_551_615,
            1_000_000,
        ]),
        _ => rng.range(0, 12),
    };
    let mut out: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
    out[at] = format!("{prefix}{value}");
    out.concat()
}

/// Replaces a register of a line by another one of the lines around, which is often of the same type.
fn mutate_operand(rng: &mut Rng, lines: &[String], at: usize) -> String {
    let near = &lines[at.saturating_sub(12)..(at + 12).min(lines.len())];
    let is_register = |token: &str| {
        token.len() > 1 && token.starts_with(['r', 's']) && token[1..].bytes().all(|b| b.is_ascii_digit())
    };
    let registers: Vec<&str> =
        near.iter().flat_map(|line| mutate::tokens(line)).filter(|token| is_register(token)).collect();
    let tokens = mutate::tokens(&lines[at]);
    let places: Vec<usize> = (0..tokens.len()).filter(|at| is_register(tokens[*at])).collect();
    if registers.is_empty() || places.is_empty() {
        return mutate_number(rng, &lines[at]);
    }
    let mut tokens = tokens;
    tokens[*rng.pick(&places)] = *rng.pick(&registers);
    tokens.concat()
}
