//! Random programs of loops, as text: statements over a few variables, which are put into SSA form while they are written down.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Random numbers: xorshift.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1);
        rng.next();
        rng.next();
        rng
    }

    /// 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below a number.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    /// One of some.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A number of a kind, often at a corner or small.
    pub fn number(&mut self, kind: &str) -> i128 {
        let (lo, hi): (i128, i128) = match kind {
            "i32" => (i32::MIN.into(), i32::MAX.into()),
            "i64" => (i64::MIN.into(), i64::MAX.into()),
            "u32" => (0, u32::MAX.into()),
            _ => (0, u64::MAX.into()),
        };
        let number = match self.below(8) {
            0 => lo + i128::from(self.below(3)),
            1 => hi - i128::from(self.below(3)),
            2 => i128::from(self.next() as i64),
            3 => 1 << self.below(40),
            _ => i128::from(self.below(40)) - 6,
        };
        if (lo..=hi).contains(&number) { number } else { i128::from(self.below(100)) }
    }
}

/// The kinds of the variables, which are the first parameters. Counters of loops follow.
pub const VARIABLES: &[&str] = &["i32", "i32", "i32", "i32", "i64", "i64", "u32", "u64", "f64"];
/// The arrays: the parameters after the variables. Elements, and bytes of one as a shift.
pub const ARRAYS: &[(&str, u32)] = &[("i32", 4), ("i32", 4), ("f64", 8), ("i64", 8), ("i32", 4)];

#[derive(Clone, Debug)]
enum Operand {
    Variable(usize),
    Number(i128),
}

#[derive(Clone, Debug)]
enum Stmt {
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

/// What programs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// Anything.
    Mixed,
    /// Loops over arrays.
    Arrays,
    /// Objects.
    Objects,
    /// Calls.
    Calls,
    /// Divisions by constants.
    Divisions,
    /// One loop, see [`vector_program`].
    Vectors,
}

struct Maker<'a> {
    rng: &'a mut Rng,
    flavour: Flavour,
    kinds: Vec<&'static str>,
    counters: Vec<usize>,
    left: u32,
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

    fn stmts(&mut self, most: u64, depth: u32) -> Vec<Stmt> {
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

/// A function being written down.
struct Writer {
    kinds: Vec<&'static str>,
    head: String,
    text: String,
    /// The value of each variable.
    values: Vec<String>,
    next_value: u32,
    next_block: u32,
    guards: u32,
    /// The object at hand.
    object: Option<String>,
    position: u32,
}

impl Writer {
    fn value(&mut self) -> String {
        self.next_value += 1;
        format!("v{}", self.next_value - 1)
    }

    fn block(&mut self) -> u32 {
        self.next_block += 1;
        self.next_block - 1
    }

    fn line(&mut self, line: &str) {
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

    fn stmts(&mut self, stmts: &[Stmt]) {
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

fn assigned(stmts: &[Stmt], into: &mut BTreeSet<usize>) {
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

/// Functions that are called. The first has a loop, the others guards, calls, a raise.
const LEAVES: &str = "
extern keep(ref, ref) system reads writes
extern odd(i32) -> i32 system raises
fn leaf0(v0: i32, v1: i32) -> i32 {
b0:
    v2 = mul.i32 v0, 3
    v3 = xor.i32 v2, v1
    return.i32 v3
}
fn leaf1(v0: i32, v1: i32) -> i32 {
    fs0 = 11@5 [v0, v1]
    fs1 = 11@6 [v0, v1]
    g0 = overflow fs0
    g1 = poll fs1
b0:
    poll g1
    br.lt.i32 v0, v1, b1, b2(v1)
b1:
    v2 = add.checked.i32 v0, 100, g0
    jump b2(v2)
b2(v3: i32):
    return.i32 v3
}
fn leaf2(v0: i32, v1: i32) -> i32 {
    fs0 = 12@5 [v0, v1]
b0:
    v2 = call leaf1(v1, v0), fs0
    v3 = call leaf0(v2, 5), fs0
    return.i32 v3
}
fn leaf3(v0: i32, v1: i32) -> i32 {
    fs0 = 13@5 [v0, v1]
    fs1 = 13@9 [v1, v1]
    g1 = zero fs1
b0:
    v2 = invoke odd(v0) -> b1(v2), catch b2(v1)
b1(v3: i32):
    v4 = div.checked.i32 v3, v1, g1
    jump b2(v4)
b2(v5: i32):
    v6 = call leaf1(v5, 3), fs0
    return.i32 v6
}
fn leaf4(v0: i32, v1: i32) -> i32 {
    fs0 = 14@3 [v0, v1]
    g0 = overflow fs0
b0:
    v2 = and.i32 v0, 3
    br.eq.i32 v2, 0, b1, b2
b1:
    return.i32 v1
b2:
    v3 = sub.checked.i32 v0, 1, g0
    v4 = mul.i32 v1, 3
    v5 = call leaf4(v3, v4), fs0
    return.i32 v5
}
fn risky(v0: i32, v1: i32) -> i32 {
b0:
    v2 = call odd(v0)
    br.lt.i32 v2, v1, b1, b2(v2)
b1:
    v3 = call odd(v1)
    v4 = add.i32 v3, v2
    jump b2(v4)
b2(v5: i32):
    v6 = invoke odd(v5) -> b3(v6), catch b3(v2)
b3(v7: i32):
    v8 = call leaf0(v7, 7)
    return.i32 v8
}
";

/// A program, whose function `f` takes the variables and the arrays, and returns an i64.
pub fn program(rng: &mut Rng, flavour: Flavour) -> String {
    if flavour == Flavour::Vectors {
        return vector_program(rng);
    }
    let mut maker = Maker { rng, flavour, kinds: VARIABLES.to_vec(), counters: Vec::new(), left: 40 };
    let mut stmts = Vec::new();
    while stmts.is_empty() {
        maker.left = 40;
        stmts = maker.stmts(8, 0);
    }
    let kinds = maker.kinds.clone();
    let mut values: Vec<String> = (0..VARIABLES.len()).map(|at| format!("v{at}")).collect();
    values.resize(kinds.len(), String::new());
    let next_value = (VARIABLES.len() + ARRAYS.len()) as u32;
    let mut writer = Writer {
        kinds,
        head: String::new(),
        text: String::new(),
        values,
        next_value,
        next_block: 1,
        guards: 0,
        object: None,
        position: 0,
    };
    writer.text.push_str("b0:\n");
    writer.stmts(&stmts);
    // All variables count.
    let mut sum = "v4".to_owned();
    for (at, &kind) in VARIABLES.iter().enumerate() {
        let value = writer.values[at].clone();
        let wide = match kind {
            "i64" => value,
            "f64" => {
                let bits = writer.value();
                writer.line(&format!("{bits} = bitcast.f64.i64 {value}"));
                bits
            }
            kind => {
                let wide = writer.value();
                writer.line(&format!("{wide} = convert.{kind}.i64 {value}"));
                wide
            }
        };
        let (product, next) = (writer.value(), writer.value());
        writer.line(&format!("{product} = mul.i64 {sum}, 31"));
        writer.line(&format!("{next} = add.i64 {product}, {wide}"));
        sum = next;
    }
    writer.line(&format!("return.i64 {sum}"));
    let params: Vec<String> = VARIABLES
        .iter()
        .copied()
        .chain(ARRAYS.iter().map(|_| "ref"))
        .enumerate()
        .map(|(at, kind)| format!("v{at}: {kind}"))
        .collect();
    format!(
        "type t1 = refs 1, scalars 2, header 0x21, cursor 64\n{LEAVES}fn f({}) -> i64 {{\n{}{}}}\n",
        params.join(", "),
        writer.head,
        writer.text
    )
}

/// A program with a loop over arrays, as the vectoriser wants it: inverted, without bounds checks, what does not change outside.
pub fn vector_program(rng: &mut Rng) -> String {
    let kind = rng.pick(&["i32", "i32", "i32", "u32", "f64", "i64", "i64"]);
    let homes: &[usize] = match kind {
        "f64" => &[11],
        "i64" => &[12],
        _ => &[9, 10, 13],
    };
    let size = if kind == "f64" || kind == "i64" { 8 } else { 4 };
    let class = if kind == "u32" { "i32" } else { kind };
    let mut text = String::new();
    let mut next = 14 + 40;
    let mut value = || {
        next += 1;
        format!("v{next}")
    };
    let mut body = String::new();
    let mut head = String::new();
    let counter = "v14";
    // Values of the turn; those from outside.
    let outside: &[&str] = match kind {
        "i32" => &["v0", "v1", "3", "-1", "2147483647"],
        "u32" => &["v6", "1", "7"],
        "f64" => &["v8", "0.5", "1.0"],
        _ => &["v4", "v5", "1", "-3"],
    };
    let mut inside: Vec<String> = Vec::new();
    let mut masks: Vec<String> = Vec::new();
    let mut states = 0;
    let shift = rng.once_in(4);
    let with_checks = rng.once_in(2);
    let mut accumulators: Vec<(String, &str, String, String)> = Vec::new();
    let steps = 2 + rng.below(6);
    let mut guards: Vec<String> = Vec::new();
    for step in 0..steps + 2 {
        let any = |rng: &mut Rng, inside: &[String]| {
            if inside.is_empty() || rng.once_in(4) {
                rng.pick(outside).to_owned()
            } else {
                inside[rng.below(inside.len() as u64) as usize].clone()
            }
        };
        let index = if shift && rng.once_in(2) {
            let moved = value();
            let _ = writeln!(body, "    {moved} = add.i32 {counter}, 1");
            moved
        } else {
            counter.to_owned()
        };
        let choice = if step == 0 { 0 } else { rng.below(12) };
        match choice {
            0 | 1 => {
                let loaded = value();
                let home = rng.pick(homes);
                let _ =
                    writeln!(body, "    {loaded} = load.{kind} v{home}[{index}*{size} + 16] @array.{class}");
                inside.push(loaded);
            }
            2 if !inside.is_empty() => {
                let home = rng.pick(homes);
                let stored = any(rng, &inside);
                let _ =
                    writeln!(body, "    store.{kind} v{home}[{index}*{size} + 16], {stored} @array.{class}");
            }
            3 | 4 => {
                let op = match kind {
                    "f64" => rng.pick(&["add", "sub", "mul", "div"]),
                    "i64" => rng.pick(&["add", "sub", "and", "or", "xor"]),
                    _ => rng.pick(&["add", "sub", "mul", "and", "or", "xor", "min", "max"]),
                };
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = {op}.{kind} {x}, {y}");
                inside.push(z);
            }
            5 if kind != "f64" && with_checks => {
                let op = rng.pick(&["add", "sub"]);
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let slots: Vec<String> = inside.iter().cloned().chain(Some(counter.to_owned())).collect();
                guards.push(format!(
                    "    fs{states} = 7@{} [{}]\n    g{states} = overflow fs{states}\n",
                    states + 2,
                    slots.join(", ")
                ));
                let _ = writeln!(body, "    {z} = {op}.checked.{kind} {x}, {y}, g{states}");
                states += 1;
                inside.push(z);
            }
            6 => {
                let (x, z) = (any(rng, &inside), value());
                let op =
                    if kind == "f64" { rng.pick(&["neg", "abs", "sqrt"]) } else { rng.pick(&["neg", "not"]) };
                let _ = writeln!(body, "    {z} = {op}.{kind} {x}");
                inside.push(z);
            }
            7 => {
                let cond = rng.pick(&["lt", "le", "gt", "ge", "eq", "ne"]);
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = {cond}.{kind} {x}, {y}");
                masks.push(z);
            }
            8 if !masks.is_empty() => {
                let mask = masks[rng.below(masks.len() as u64) as usize].clone();
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = select.{kind} {mask}, {x}, {y}");
                inside.push(z);
            }
            9 if !masks.is_empty() => {
                let mask = masks[rng.below(masks.len() as u64) as usize].clone();
                let (one, param, sum) = (value(), value(), value());
                let counted = rng.pick(&["i32", "u32", "i64"]);
                let _ = writeln!(body, "    {one} = select.{counted} {mask}, 1, 0");
                let checked = rng.once_in(2);
                if checked {
                    guards.push(format!(
                        "    fs{states} = 7@{} [{param}]\n    g{states} = overflow fs{states}\n",
                        states + 2
                    ));
                    let _ = writeln!(body, "    {sum} = add.checked.{counted} {param}, {one}, g{states}");
                    states += 1;
                } else {
                    let _ = writeln!(body, "    {sum} = add.{counted} {one}, {param}");
                }
                let start = rng.number(counted).to_string();
                accumulators.push((param, counted, start, sum));
            }
            10 if kind != "f64" && !inside.is_empty() => {
                let (x, param, sum) = (any(rng, &inside), value(), value());
                let op = match kind {
                    "i64" => rng.pick(&["add", "add", "and", "or", "xor", "add.checked", "add.checked"]),
                    _ => rng.pick(&["add", "min", "max", "xor", "add.checked", "add.checked"]),
                };
                if op == "add.checked" {
                    guards.push(format!("    fs{states} = 7@{} [{param}, {counter}, {x}:{kind}]\n    g{states} = overflow fs{states}\n", states + 2).replace(&format!("{x}:{kind}"), &if x.starts_with('v') { x.clone() } else { format!("{x}:{kind}") }));
                    let _ = writeln!(body, "    {sum} = {op}.{kind} {param}, {x}, g{states}");
                    states += 1;
                } else {
                    let _ = writeln!(body, "    {sum} = {op}.{kind} {param}, {x}");
                }
                let start =
                    if rng.once_in(3) { rng.number(kind).to_string() } else { rng.below(50).to_string() };
                accumulators.push((param, kind, start, sum));
            }
            11 if !inside.is_empty() && rng.once_in(2) => {
                let x = inside[rng.below(inside.len() as u64) as usize].clone();
                let start = if kind == "f64" { "0.5" } else { "3" };
                accumulators.push((value(), kind, start.to_owned(), x));
            }
            _ => {}
        }
    }
    for guard in &guards {
        head.push_str(guard);
    }
    let polled: Vec<String> = accumulators
        .iter()
        .flat_map(|(param, .., sum)| [param.clone(), sum.clone()])
        .chain(Some(counter.to_owned()))
        .collect();
    let _ = writeln!(head, "    fs{states} = 7@1 [{}]\n    g{states} = poll fs{states}", polled.join(", "));
    text.push_str("b0:\n");
    let mut limit = "v1000".to_owned();
    let _ = writeln!(text, "    v1000 = load.i32 v{}[8] @length", homes[0]);
    for (at, home) in homes.iter().enumerate().skip(1) {
        let _ = writeln!(
            text,
            "    v{} = load.i32 v{home}[8] @length\n    v{} = min.i32 {limit}, v{}",
            1000 + 2 * at,
            1001 + 2 * at,
            1000 + 2 * at
        );
        limit = format!("v{}", 1001 + 2 * at);
    }
    if shift {
        let _ = writeln!(text, "    v1100 = sub.i32 {limit}, 1");
        limit = "v1100".to_owned();
    }
    let start = if rng.once_in(3) {
        let _ = writeln!(text, "    v1101 = and.i32 v2, 7");
        "v1101"
    } else {
        "0"
    };
    let inclusive = rng.once_in(5);
    let cond = if inclusive { "le" } else { rng.pick(&["lt", "lt", "ne"]) };
    let bound = if inclusive {
        let _ = writeln!(text, "    v1102 = sub.i32 {limit}, 1");
        "v1102"
    } else {
        &limit
    };
    let starts: Vec<String> =
        Some(start.to_owned()).into_iter().chain(accumulators.iter().map(|known| known.2.clone())).collect();
    let nexts: Vec<String> =
        Some("v15".to_owned()).into_iter().chain(accumulators.iter().map(|known| known.3.clone())).collect();
    let params: Vec<String> = Some(format!("{counter}: i32"))
        .into_iter()
        .chain(accumulators.iter().map(|known| format!("{}: {}", known.0, known.1)))
        .collect();
    let first = if start == "0" { "v1103" } else { start };
    if start == "0" {
        let _ = writeln!(text, "    v1103 = and.i32 v2, 0");
    }
    let _ = writeln!(
        text,
        "    br.lt.i32 {first}, {limit}, b1({}), b2({})",
        starts.join(", "),
        starts.join(", ")
    );
    let _ = writeln!(
        text,
        "b1({}):\n{body}    poll g{states}\n    v15 = add.i32 {counter}, 1",
        params.join(", ")
    );
    let _ =
        writeln!(text, "    br.{cond}.i32 v15, {bound}, b1({}), b2({})", nexts.join(", "), nexts.join(", "));
    let results: Vec<String> = (0..nexts.len())
        .map(|at| format!("v{}: {}", 2000 + at, if at == 0 { "i32" } else { accumulators[at - 1].1 }))
        .collect();
    let _ = writeln!(text, "b2({}):\n    v3000 = convert.i32.i64 v2000", results.join(", "));
    let mut sum = "v3000".to_owned();
    for (at, (_, kind, ..)) in accumulators.iter().enumerate() {
        let wide = match *kind {
            "i64" => format!("v{}", 2001 + at),
            "f64" => {
                let _ = writeln!(text, "    v{} = bitcast.f64.i64 v{}", 3100 + at, 2001 + at);
                format!("v{}", 3100 + at)
            }
            kind => {
                let _ = writeln!(text, "    v{} = convert.{kind}.i64 v{}", 3100 + at, 2001 + at);
                format!("v{}", 3100 + at)
            }
        };
        let _ = writeln!(
            text,
            "    v{} = mul.i64 {sum}, 31\n    v{} = add.i64 v{}, {wide}",
            3200 + at,
            3300 + at,
            3200 + at
        );
        sum = format!("v{}", 3300 + at);
    }
    let _ = writeln!(text, "    return.i64 {sum}");
    let params: Vec<String> = VARIABLES
        .iter()
        .copied()
        .chain(ARRAYS.iter().map(|_| "ref"))
        .enumerate()
        .map(|(at, kind)| format!("v{at}: {kind}"))
        .collect();
    // The counter's name was a parameter's if there were one more.
    format!("fn f({}) -> i64 {{\n{head}{text}}}\n", params.join(", "))
}
