//! Tests of the tables, and what the tests of this folder share.

use std::collections::HashSet;

use super::*;

/// A valid program that uses every operation.
pub const EVERY_OPERATION: &str = include_str!("../../tests/bytecode/every_operation.test");

/// [`EVERY_OPERATION`] without the texts that are expected of it.
pub fn every_operation() -> Program {
    let input = EVERY_OPERATION.split("\n;; ").next().unwrap();
    parse(input).unwrap()
}

/// A generator of random numbers: xorshift, so that a seed gives the same test everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}

#[test]
fn every_operation_is_printed_parsed_and_verified() {
    let program = every_operation();
    verify(&program).unwrap();
    assert_eq!(parse(&print(&program)), Ok(program.clone()));
    let mut used = HashSet::new();
    for function in &program.functions {
        used.extend(instructions(&program, &function.code).map(|inst| inst.unwrap().op));
    }
    let missing: Vec<_> = OPCODES.iter().filter(|row| !used.contains(&row.op)).map(|row| row.text).collect();
    assert!(missing.is_empty(), "the program does not use {missing:?}");
}

#[test]
fn rows_agree_with_their_numbers_and_spellings() {
    let mut texts = HashSet::from(["end", "in", "frame", "regs", "vars", "handler"]);
    for (number, row) in OPCODES.iter().enumerate() {
        assert_eq!(row.op as usize, number);
        assert!(texts.insert(row.text), "`{}` means two things", row.text);
        assert!(!row.operands[0].is_wide(), "{}", row.text);
        assert!(!row.operands[1].is_wide() || row.operands[2] == Operand::None, "{}", row.text);
        // The verifier relies on it: what is written is operand `a`, but for counters and positions of loops.
        let written = row.operands.iter().skip(1).filter_map(|operand| match operand {
            Operand::Def(class) | Operand::Mod(class) => Some(*class),
            _ => None,
        });
        assert!(written.into_iter().all(|class| matches!(class, Class::I32 | Class::I64)), "{}", row.text);
    }
    let mut texts = HashSet::new();
    for (number, row) in BUILTINS.iter().enumerate() {
        assert_eq!(row.builtin as usize, number);
        assert!(texts.insert(row.text), "`{}` means two things", row.text);
    }
}
