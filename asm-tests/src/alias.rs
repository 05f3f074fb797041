//! Other names: where a disassembler prints an instruction otherwise than our tables, a rule says which and why.
//!
//! A rule has two patterns. Equal names stand for equal operands: `$x` for a whole operand (what is between commas outside
//! brackets), `$x..` for all operands that are left, `$x` at the end of a word for the rest of the word. Everything else
//! must be there as it is. `;` separates instructions in what the disassembler prints.

pub mod a64;
pub mod rv64;
pub mod x64;

use crate::text::{Token, tokens};

/// A rule.
pub struct Alias {
    /// As in our tables.
    pub ours: &'static str,
    /// As the disassembler prints it.
    pub theirs: &'static str,
    /// What must hold between the operands besides.
    pub when: fn(&Holes) -> bool,
    pub why: &'static str,
}

/// Patterns that only name operands.
pub fn always(_: &Holes) -> bool {
    true
}

/// What the names in the patterns stand for.
#[derive(Default)]
pub struct Holes(Vec<(String, Vec<Token>)>);

/// A table of rules: reasons, and for each the pairs of patterns with what must hold besides.
macro_rules! aliases {
    ($($why:literal { $($ours:literal $theirs:literal $(when $when:expr)?;)* })*) => {
        &[$($($crate::alias::Alias {
            ours: $ours,
            theirs: $theirs,
            when: $crate::alias::aliases!(@ $($when)?),
            why: $why,
        }),*),*]
    };
    (@) => { $crate::alias::always };
    (@ $when:expr) => { $when };
}
use aliases;

impl Holes {
    /// The operand that is called so, if it is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            [Token::Number(number)] => Some(*number),
            _ => None,
        }
    }

    /// The operand that is called so, if it is a word.
    pub fn word(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            [Token::Word(word)] => Some(word),
            _ => None,
        }
    }

    /// Several operands, if they are numbers.
    pub fn numbers<const N: usize>(&self, names: [&str; N]) -> Option<[i64; N]> {
        let mut out = [0; N];
        for (out, name) in out.iter_mut().zip(names) {
            *out = self.number(name)?;
        }
        Some(out)
    }

    /// Is this word in one of the operands?
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|(_, tokens)| tokens.contains(&Token::Word(word.to_string())))
    }

    fn get(&self, name: &str) -> Option<&[Token]> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, tokens)| &tokens[..])
    }

    /// Takes what a name stands for, or compares it with what it stands for already.
    fn bind(&mut self, name: &str, found: &[Token]) -> bool {
        match self.get(name) {
            Some(known) => known == found,
            None => {
                self.0.push((name.to_string(), found.to_vec()));
                true
            }
        }
    }
}

/// A rule, ready for use.
pub struct Rule {
    pub alias: &'static Alias,
    ours: Vec<Token>,
    theirs: Vec<Token>,
    /// How many instructions are printed.
    pub lines: usize,
}

impl Rule {
    pub fn new(alias: &'static Alias) -> Rule {
        let theirs = tokens(alias.theirs);
        let lines = 1 + theirs.iter().filter(|token| **token == Token::Sign(';')).count();
        Rule { alias, ours: tokens(alias.ours), theirs, lines }
    }

    /// Does the rule say that these are the same?
    pub fn allows(&self, ours: &[Token], theirs: &[Token]) -> bool {
        let mut holes = Holes::default();
        matches(&self.ours, ours, &mut holes)
            && matches(&self.theirs, theirs, &mut holes)
            && (self.alias.when)(&holes)
    }
}

fn matches(pattern: &[Token], text: &[Token], holes: &mut Holes) -> bool {
    let mut rest = text;
    for token in pattern {
        match token {
            Token::Word(word) if word.contains('$') => {
                let (before, name) = word.split_once('$').unwrap_or_default();
                if before.is_empty() {
                    let size = if name.ends_with("..") { rest.len() } else { operand(rest) };
                    let (operand, after) = rest.split_at(size);
                    if operand.is_empty() || !holes.bind(name, operand) {
                        return false;
                    }
                    rest = after;
                } else {
                    let Some((Token::Word(found), after)) = rest.split_first() else { return false };
                    let Some(end) = found.strip_prefix(before) else { return false };
                    if !holes.bind(name, &[Token::Word(end.to_string())]) {
                        return false;
                    }
                    rest = after;
                }
            }
            _ => {
                let Some((found, after)) = rest.split_first() else { return false };
                if token != found {
                    return false;
                }
                rest = after;
            }
        }
    }
    rest.is_empty()
}

/// How many tokens the operand has that stands first.
fn operand(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('[' | '{') => depth += 1,
            Token::Sign(']' | '}') if depth > 0 => depth -= 1,
            Token::Sign(',' | ';' | ']' | '}' | '(' | ')') if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHIFT: Alias = Alias {
        ours: "lsl $d, $n, $s",
        theirs: "ubfm $d, $n, $r, $e",
        when: |holes| holes.numbers(["s", "r"]).is_some_and(|[shift, rotate]| shift + rotate == 64),
        why: "an example",
    };
    static CONDITION: Alias = Alias { ours: "b.$c $t", theirs: "j$c [$t]", when: always, why: "an example" };

    static COMPARE: Alias =
        Alias { ours: "cmp $n, $m..", theirs: "subs xzr, $n, $m..", when: always, why: "an example" };

    #[test]
    fn rules_compare_operands() {
        let allows = |alias, ours, theirs| Rule::new(alias).allows(&tokens(ours), &tokens(theirs));
        assert!(allows(&SHIFT, "lsl x0, x1, 3", "ubfm x0, x1, 61, 60"));
        assert!(!allows(&SHIFT, "lsl x0, x1, 3", "ubfm x0, x1, 62, 60"));
        assert!(!allows(&SHIFT, "lsl x0, x1, 3", "ubfm x0, x2, 61, 60"));
        assert!(!allows(&SHIFT, "lsl x0, x1, 3", "ubfm x0, x1, 61, 60, x0"));
        assert!(!allows(&SHIFT, "lsr x0, x1, 3", "ubfm x0, x1, 61, 60"));
        assert!(allows(&CONDITION, "b.eq 16", "jeq [0x10]"));
        assert!(!allows(&CONDITION, "b.eq 16", "jne [0x10]"));
        assert!(!allows(&CONDITION, "b.eq 16", "jeq [0x11]"));
        assert!(allows(&COMPARE, "cmp x0, x1, lsl 2", "subs xzr, x0, x1, lsl 2"));
        assert!(allows(&COMPARE, "cmp x0, x1", "subs xzr, x0, x1"));
        assert!(!allows(&COMPARE, "cmp x0, x1, lsl 2", "subs xzr, x0, x1, lsl 3"));
        assert!(!allows(&COMPARE, "cmp x0", "subs xzr, x0"));
    }
}
