//! Statements as text, in SSA form.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::statements::{Operand, Stmt, assigned};
use super::{ARRAYS, VARIABLES};

/// A function being written down.
pub(super) struct Writer {
    pub(super) kinds: Vec<&'static str>,
    pub(super) head: String,
    pub(super) text: String,
    /// The value of each variable.
    pub(super) values: Vec<String>,
    pub(super) next_value: u32,
    pub(super) next_block: u32,
    pub(super) guards: u32,
    /// The object at hand.
    pub(super) object: Option<String>,
    pub(super) position: u32,
}

impl Writer {
    pub(super) fn value(&mut self) -> String {
        self.next_value += 1;
        format!("v{}", self.next_value - 1)
    }

    fn block(&mut self) -> u32 {
        self.next_block += 1;
        self.next_block - 1
    }

    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "    {line}");
    }

    fn guard(&mut self, reason: &str) -> String {
        let number = self.guards;
        self.guards += 1;
        self.position += 1;
        let mut slots: Vec<String> = self
            .values
            .iter()
            .zip(&self.kinds)
            .filter(|(value, _)| !value.is_empty())
            .map(
                |(value, kind)| {
                    if value.starts_with('v') { value.clone() } else { format!("{value}:{kind}") }
                },
            )
            .collect();
        if let Some(object) = &self.object {
            slots.push(object.clone());
        }
        let _ = writeln!(self.head, "    fs{number} = 7@{} [{}]", self.position, slots.join(", "));
        let _ = writeln!(self.head, "    g{number} = {reason} fs{number}");
        format!("g{number}")
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Variable(index) => self.values[*index].clone(),
            Operand::Number(number) => number.to_string(),
        }
    }

    fn array(&self, array: usize) -> String {
        format!("v{}", VARIABLES.len() + array)
    }

    pub(super) fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn access(&mut self, array: usize, index: usize) -> String {
        let base = self.array(array);
        let length = self.value();
        self.line(&format!("{length} = load.i32 {base}[8] @length"));
        let guard = self.guard("bounds");
        let index = self.values[index].clone();
        self.line(&format!("guard.below.i32 {index}, {length}, {guard}"));
        // A literal's place as an index says no kind.
        let index = if index.starts_with('v') { index } else { format!("{index}:i32") };
        format!("{base}[{index}*{} + 16] @array.{}", ARRAYS[array].1, ARRAYS[array].0)
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Binary { to, op, checked, x, y } => {
                let kind = self.kinds[*to];
                let guard = checked
                    .then(|| self.guard(if *op == "div" || *op == "rem" { "zero" } else { "overflow" }));
                let (x, y) = (self.values[*x].clone(), self.operand(y));
                let value = self.value();
                match guard {
                    Some(guard) => self.line(&format!("{value} = {op}.checked.{kind} {x}, {y}, {guard}")),
                    None => self.line(&format!("{value} = {op}.{kind} {x}, {y}")),
                }
                self.values[*to] = value;
            }
            Stmt::Convert { to, from, checked } => {
                let guard = checked.then(|| self.guard("conversion"));
                let value = self.value();
                let (kind, source, from) = (self.kinds[*to], self.kinds[*from], self.values[*from].clone());
                match guard {
                    Some(guard) => {
                        self.line(&format!("{value} = convert.checked.{source}.{kind} {from}, {guard}"))
                    }
                    None => self.line(&format!("{value} = convert.{source}.{kind} {from}")),
                }
                self.values[*to] = value;
            }
            Stmt::Load { to, array, index } => {
                let place = self.access(*array, *index);
                let value = self.value();
                self.line(&format!("{value} = load.{} {place}", ARRAYS[*array].0));
                self.values[*to] = value;
            }
            Stmt::Store { array, index, from } => {
                let place = self.access(*array, *index);
                let from = self.values[*from].clone();
                let (place, class) = place.split_once(" @").unwrap_or((&place, "raw"));
                self.line(&format!("store.{} {place}, {from} @{class}", ARRAYS[*array].0));
            }
            Stmt::Try { to, x, y } => self.attempt(*to, *x, *y),
            Stmt::If { cond, x, y, then, other } => self.branch(cond, *x, y, then, other),
            Stmt::Loop { .. } => self.looped(stmt),
            Stmt::Pair { to, x, y, keep } => {
                let guard = self.guard("memory");
                let object = self.value();
                self.line(&format!("{object} = new.t1 {guard}"));
                let (x, y) = (self.values[*x].clone(), self.values[*y].clone());
                self.line(&format!("store.i64 {object}[16], {x} @field0"));
                self.line(&format!("store.i64 {object}[24], {y} @field1"));
                self.object = Some(object.clone());
                let guard = self.guard("overflow");
                let value = self.value();
                self.line(&format!("{value} = add.checked.i64 {x}, {y}, {guard}"));
                self.values[*to] = value;
                if *keep {
                    let place = self.array(0);
                    self.line(&format!("call keep({object}, {place})"));
                }
            }
            Stmt::Set { field, from } => {
                if let Some(object) = self.object.clone() {
                    let from = self.values[*from].clone();
                    self.line(&format!("store.i64 {object}[{}], {from} @field{field}", 16 + 8 * field));
                }
            }
            Stmt::Get { field, to } => {
                if let Some(object) = self.object.clone() {
                    let value = self.value();
                    self.line(&format!("{value} = load.i64 {object}[{}] @field{field}", 16 + 8 * field));
                    self.values[*to] = value;
                }
            }
            Stmt::Same { to } => {
                if let Some(object) = self.object.clone() {
                    let (same, value) = (self.value(), self.value());
                    let other = self.array(1);
                    let old = self.values[*to].clone();
                    self.line(&format!("{same} = eq.ref {object}, {other}"));
                    self.line(&format!("{value} = select.i64 {same}, 1, {old}"));
                    self.values[*to] = value;
                }
            }
            Stmt::Call { to, x, y, function } => {
                let state = self.guard("other");
                let state = state.replace('g', "fs");
                let value = self.value();
                let (x, y) = (self.values[*x].clone(), self.values[*y].clone());
                self.line(&format!("{value} = call leaf{function}({x}, {y}), {state}"));
                self.values[*to] = value;
            }
        }
    }

    fn attempt(&mut self, to: usize, x: usize, y: usize) {
        let (inside, catch, end) = (self.block(), self.block(), self.block());
        let (x, y) = (self.values[x].clone(), self.values[y].clone());
        let (raw, got, caught, value) = (self.value(), self.value(), self.value(), self.value());
        self.line(&format!("{raw} = invoke risky({x}, {y}) -> b{inside}({raw}), catch b{catch}({y})"));
        let _ = writeln!(self.text, "b{inside}({got}: i32):\n    jump b{end}({got})");
        let _ = writeln!(self.text, "b{catch}({caught}: i32):\n    jump b{end}({caught})");
        let _ = writeln!(self.text, "b{end}({value}: i32):");
        self.values[to] = value;
    }

    fn branch(&mut self, cond: &str, x: usize, y: &Operand, then: &[Stmt], other: &[Stmt]) {
        let (yes, no, end) = (self.block(), self.block(), self.block());
        let kind = self.kinds[x];
        let (x, y) = (self.values[x].clone(), self.operand(y));
        self.line(&format!("br.{cond}.{kind} {x}, {y}, b{yes}, b{no}"));
        let before = self.values.clone();
        let object = self.object.clone();
        let mut changed = BTreeSet::new();
        assigned(then, &mut changed);
        assigned(other, &mut changed);
        for (at, stmts) in [(yes, then), (no, other)] {
            self.values.clone_from(&before);
            self.object.clone_from(&object);
            let _ = writeln!(self.text, "b{at}:");
            self.stmts(stmts);
            let args: Vec<String> = changed.iter().map(|&at| self.values[at].clone()).collect();
            self.line(&format!("jump b{end}({})", args.join(", ")));
        }
        self.values = before;
        self.object = object;
        self.enter(end, &changed, false);
    }

    /// Begins a block with parameters for some variables.
    fn enter(&mut self, block: u32, changed: &BTreeSet<usize>, carry: bool) {
        let mut params = Vec::new();
        for &at in changed {
            let value = self.value();
            params.push(format!("{value}: {}", self.kinds[at]));
            self.values[at] = value;
        }
        if carry {
            let object = self.value();
            params.push(format!("{object}: ref"));
            self.object = Some(object);
        }
        let _ = writeln!(self.text, "b{block}({}):", params.join(", "));
    }

    fn looped(&mut self, stmt: &Stmt) {
        let Stmt::Loop { counter, from, to, array_end, step, cond, checked, at_end, body } = stmt else {
            return;
        };
        let object = self.object.clone();
        let start = self.operand(from);
        let limit = match array_end {
            Some(array) => {
                let length = self.value();
                let base = self.array(*array);
                self.line(&format!("{length} = load.i32 {base}[8] @length"));
                length
            }
            None => self.operand(to),
        };
        let mut changed = BTreeSet::new();
        assigned(body, &mut changed);
        changed.insert(*counter);
        self.values[*counter] = start;
        // Sometimes the loop carries the object, which a turn may replace.
        let carry = object.is_some() && self.position.is_multiple_of(2);
        let args = |writer: &Writer| {
            let values = changed.iter().map(|&at| writer.values[at].clone());
            values.chain(writer.object.clone().filter(|_| carry)).collect::<Vec<_>>().join(", ")
        };
        let (header, inside, end) = (self.block(), self.block(), self.block());
        // What is behind may use the header's values as they are.
        let direct = !*at_end && body.len() % 2 == 1;
        // What the first condition looks at has a kind.
        if *at_end {
            let first = self.values[*counter].clone();
            let constant = !first.starts_with('v');
            let first = if constant {
                let v = self.value();
                self.line(&format!("{v} = add.i32 v0, 0"));
                v
            } else {
                first
            };
            self.values[*counter].clone_from(&first);
            let outside = args(self);
            self.line(&format!("br.{cond}.i32 {first}, {limit}, b{header}({outside}), b{end}({outside})"));
            self.enter(header, &changed, carry);
        } else {
            let outside = args(self);
            self.line(&format!("jump b{header}({outside})"));
            self.enter(header, &changed, carry);
            let counter = self.values[*counter].clone();
            let outside = args(self);
            let passed = if direct { String::new() } else { format!("({outside})") };
            self.line(&format!("br.{cond}.i32 {counter}, {limit}, b{inside}, b{end}{passed}"));
            let _ = writeln!(self.text, "b{inside}:");
        }
        let in_header = (self.values.clone(), self.object.clone());
        self.stmts(body);
        let poll = self.guard("poll");
        self.line(&format!("poll {poll}"));
        let now = self.values[*counter].clone();
        let guard = checked.then(|| self.guard("overflow"));
        let next = self.value();
        match guard {
            Some(guard) => self.line(&format!("{next} = add.checked.i32 {now}, {step}, {guard}")),
            None => self.line(&format!("{next} = add.i32 {now}, {step}")),
        }
        self.values[*counter].clone_from(&next);
        let inside = args(self);
        if *at_end {
            self.line(&format!("br.{cond}.i32 {next}, {limit}, b{header}({inside}), b{end}({inside})"));
        } else {
            self.line(&format!("jump b{header}({inside})"));
        }
        if direct {
            (self.values, self.object) = in_header;
            let _ = writeln!(self.text, "b{end}:");
        } else {
            self.object = object;
            self.enter(end, &changed, carry);
        }
        self.values[*counter] = String::new();
    }
}
