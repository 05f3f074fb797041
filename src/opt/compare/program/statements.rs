//! What programs are made of, and how it is drawn.

use std::collections::BTreeSet;

use super::{ARRAYS, Flavour, Rng, VARIABLES};

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Variable(usize),
    Number(i128),
}

#[derive(Clone, Debug)]
pub(super) enum Stmt {
    /// `variable = x op y`, checked or not.
    Binary {
        to: usize,
        op: &'static str,
        checked: bool,
        x: usize,
        y: Operand,
    },
    Convert {
        to: usize,
        from: usize,
        checked: bool,
    },
    /// `variable = array[index]` behind a bounds check.
    Load {
        to: usize,
        array: usize,
        index: usize,
    },
    Store {
        array: usize,
        index: usize,
        from: usize,
    },
    If {
        cond: &'static str,
        x: usize,
        y: Operand,
        then: Vec<Stmt>,
        other: Vec<Stmt>,
    },
    Loop {
        counter: usize,
        from: Operand,
        to: Operand,
        array_end: Option<usize>,
        step: i32,
        cond: &'static str,
        checked: bool,
        at_end: bool,
        body: Vec<Stmt>,
    },
    /// A pair with two fields, written and read.
    Pair {
        to: usize,
        x: usize,
        y: usize,
        keep: bool,
    },
    Set {
        field: u32,
        from: usize,
    },
    Get {
        field: u32,
        to: usize,
    },
    Call {
        to: usize,
        x: usize,
        y: usize,
        function: usize,
    },
    Same {
        to: usize,
    },
    Try {
        to: usize,
        x: usize,
        y: usize,
    },
}

pub(super) struct Maker<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) flavour: Flavour,
    pub(super) kinds: Vec<&'static str>,
    pub(super) counters: Vec<usize>,
    pub(super) left: u32,
}

impl Maker<'_> {
    fn variable(&mut self, kind: &str) -> usize {
        let all: Vec<usize> = (0..self.kinds.len())
            .filter(|&at| self.kinds[at] == kind && (at < VARIABLES.len() || self.counters.contains(&at)))
            .collect();
        // Counters are the interesting ones.
        if kind == "i32" && !self.counters.is_empty() && !self.rng.once_in(3) {
            return self.rng.pick(&self.counters.clone());
        }
        self.rng.pick(&all)
    }

    fn target(&mut self, kind: &str) -> usize {
        let all: Vec<usize> = (0..VARIABLES.len()).filter(|&at| VARIABLES[at] == kind).collect();
        self.rng.pick(&all)
    }

    fn operand(&mut self, kind: &str) -> Operand {
        if kind != "f64" && self.rng.once_in(2) {
            Operand::Number(self.rng.number(kind))
        } else {
            Operand::Variable(self.variable(kind))
        }
    }

    pub(super) fn stmts(&mut self, most: u64, depth: u32) -> Vec<Stmt> {
        let count = 1 + self.rng.below(most);
        (0..count).filter_map(|_| self.stmt(depth)).collect()
    }

    fn stmt(&mut self, depth: u32) -> Option<Stmt> {
        self.left = self.left.checked_sub(1)?;
        let kind = self.rng.pick(&["i32", "i32", "i32", "i64", "u32", "u64", "f64"]);
        let choice = match self.flavour {
            Flavour::Mixed => self.rng.below(20),
            Flavour::Arrays => self.rng.pick(&[0, 1, 5, 6, 6, 7, 7, 8, 9, 9, 10]),
            Flavour::Objects => self.rng.pick(&[0, 1, 8, 9, 11, 12, 12, 13, 13, 14, 15]),
            Flavour::Calls => self.rng.pick(&[0, 1, 8, 9, 16, 16, 16]),
            Flavour::Vectors => 0,
            Flavour::Divisions => self.rng.pick(&[17, 17, 17, 9]),
        };
        Some(match choice {
            5 => {
                let from = self.rng.pick(&["i32", "i64", "u32", "u64"]);
                let kind = self.rng.pick(&["i32", "i64", "u32", "u64"]);
                let checked = self.rng.once_in(2);
                if kind == from {
                    return None;
                }
                Stmt::Convert { to: self.target(kind), from: self.variable(from), checked }
            }
            6 => {
                let array = self.rng.below(ARRAYS.len() as u64) as usize;
                Stmt::Load { to: self.target(ARRAYS[array].0), array, index: self.variable("i32") }
            }
            7 => {
                let array = self.rng.below(ARRAYS.len() as u64) as usize;
                Stmt::Store { array, index: self.variable("i32"), from: self.variable(ARRAYS[array].0) }
            }
            8 if depth < 4 => {
                let kind = if kind == "f64" { "i32" } else { kind };
                let cond = self.rng.pick(&["lt", "le", "gt", "ge", "eq", "ne", "below", "aboveeq"]);
                let (x, y) = (self.variable(kind), self.operand(kind));
                let then = self.stmts(3, depth + 1);
                let other = if self.rng.once_in(2) { self.stmts(3, depth + 1) } else { Vec::new() };
                Stmt::If { cond, x, y, then, other }
            }
            9 | 10 | 18 | 19 if depth < 3 => {
                let counter = self.kinds.len();
                self.kinds.push("i32");
                let down = self.rng.once_in(4);
                let array_end = self.rng.once_in(2).then(|| self.rng.below(ARRAYS.len() as u64) as usize);
                let from = match self.rng.below(4) {
                    0 => Operand::Variable(self.rng.below(4) as usize),
                    1 => Operand::Number(self.rng.number("i32")),
                    _ => Operand::Number(self.rng.below(3).into()),
                };
                let to = match self.rng.below(4) {
                    0 => Operand::Number(self.rng.number("i32")),
                    1 => Operand::Number(self.rng.below(12).into()),
                    _ => Operand::Variable(self.rng.below(4) as usize),
                };
                let step = if self.rng.once_in(4) { self.rng.pick(&[2, 3, 5]) } else { 1 };
                let cond = match (down, self.rng.below(5)) {
                    (false, 0) => "le",
                    (false, 1) => "ne",
                    (false, _) => "lt",
                    (true, 0) => "gt",
                    (true, _) => "ge",
                };
                let (step, to) =
                    if down { (-step, Operand::Number(self.rng.below(3) as i128 - 1)) } else { (step, to) };
                self.counters.push(counter);
                let body = self.stmts(if self.flavour == Flavour::Arrays { 3 } else { 5 }, depth + 1);
                self.counters.pop();
                Stmt::Loop {
                    counter,
                    from: if down && !self.rng.once_in(4) {
                        Operand::Number(self.rng.below(20).into())
                    } else {
                        from
                    },
                    to,
                    array_end: array_end.filter(|_| !down),
                    step,
                    cond,
                    checked: !self.rng.once_in(3),
                    at_end: self.rng.once_in(4),
                    body,
                }
            }
            11 | 14 => Stmt::Pair {
                to: self.target("i64"),
                x: self.variable("i64"),
                y: self.variable("i64"),
                keep: self.rng.once_in(8),
            },
            12 => Stmt::Set { field: self.rng.below(2) as u32, from: self.variable("i64") },
            13 => Stmt::Get { field: self.rng.below(2) as u32, to: self.target("i64") },
            15 => Stmt::Same { to: self.target("i64") },
            16 if self.rng.once_in(3) => {
                Stmt::Try { to: self.target("i32"), x: self.variable("i32"), y: self.variable("i32") }
            }
            16 => Stmt::Call {
                to: self.target("i32"),
                x: self.variable("i32"),
                y: self.variable("i32"),
                function: self.rng.below(5) as usize,
            },
            17 => {
                let kind = if kind == "f64" { "i64" } else { kind };
                let mut number = self.rng.number(kind);
                if number == 0 {
                    number = 7;
                }
                let op = self.rng.pick(&["div", "rem", "mul"]);
                let checked = self.rng.once_in(3);
                Stmt::Binary {
                    to: self.target(kind),
                    op,
                    checked,
                    x: self.variable(kind),
                    y: Operand::Number(number),
                }
            }
            _ => {
                let op = match kind {
                    "f64" => self.rng.pick(&["add", "sub", "mul", "div", "min", "max"]),
                    _ => self.rng.pick(&[
                        "add", "add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "min",
                        "max", "mulhigh",
                    ]),
                };
                let checkable = kind != "f64" && ["add", "sub", "mul", "div", "rem"].contains(&op);
                let checked = checkable && self.rng.once_in(2);
                Stmt::Binary {
                    to: self.target(kind),
                    op,
                    checked,
                    x: self.variable(kind),
                    y: self.operand(kind),
                }
            }
        })
    }
}

/// The variables that statements assign to.
pub(super) fn assigned(stmts: &[Stmt], into: &mut BTreeSet<usize>) {
    for stmt in stmts {
        match stmt {
            Stmt::Binary { to, .. }
            | Stmt::Convert { to, .. }
            | Stmt::Load { to, .. }
            | Stmt::Pair { to, .. }
            | Stmt::Get { to, .. }
            | Stmt::Same { to }
            | Stmt::Try { to, .. }
            | Stmt::Call { to, .. } => {
                into.insert(*to);
            }
            Stmt::Store { .. } | Stmt::Set { .. } => {}
            Stmt::If { then, other, .. } => {
                assigned(then, into);
                assigned(other, into);
            }
            Stmt::Loop { body, .. } => assigned(body, into),
        }
    }
}
