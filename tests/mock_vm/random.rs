//! Random modules for the mock VM. Every guard has a block of its own in which the interpreter goes on, and from there to where the function
//! would have gone on: so a function can be left at each of them, and all the same does what it should.
//!
//! Each block has all variables as its parameters, as registers of a bytecode; each statement begins a block. Memory of classes that a
//! VM has is there: fields of objects, and a word in the context that says in which order things were done.

use std::fmt::Write as _;

/// Xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Where the context has the word of what was done, and one that is set if there was no memory.
pub const DONE: u64 = 512;
pub const FULL: u64 = 520;

/// Functions outside, which are declared first.
const OUTSIDE: &str = "
symbol limit
extern keep(ref) -> ref reads collects
extern odd(i32) -> i32 raises
";
const OUTSIDE_COUNT: usize = 2;

/// The variables of a function. `r` refers to a `t1` or is null, `s` to a `t2`; `n` says how often it may call upward, `k` counts.
const KINDS: [&str; 8] = ["i32", "i32", "i64", "f64", "ref", "ref", "i32", "i32"];
const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const D: usize = 3;
const R: usize = 4;
const S: usize = 5;
const N: usize = 6;
const K: usize = 7;
/// Those that are parameters.
const PARAMS: [usize; 5] = [A, C, R, S, N];
/// About how many statements a function may execute.
const MOST_COST: u64 = 300;

type Variables = [String; KINDS.len()];

/// A module, whose function `main` takes an i32 and gives an i64.
pub fn module(random: &mut Random) -> String {
    let mut text = OUTSIDE.to_owned();
    let mut costs: Vec<u64> = Vec::new();
    // Two that call each other, then more; the last is called by `main`.
    let count = 2 + random.below(3);
    for index in 0..count {
        let mut function = Maker {
            random,
            index,
            costs: &costs,
            blocks: vec![String::new()],
            heads: Default::default(),
            states: 0,
            guards: 0,
            values: PARAMS.len(),
            current: 0,
            variables: Variables::default(),
            in_loop: false,
            cost: 0,
        };
        let body = function.body();
        let cost = function.cost;
        text += &body;
        // What calls upward may be called as often as `n` says.
        costs.push(if index < 2 { cost * 4 } else { cost });
    }
    let last = count - 1;
    text + &format!(
        "fn main(v0: i32) -> i64 orus {{\nb0:\n    v1 = convert.i32.i64 v0\n    v2 = call f{last}(v0, v1, null, null, 2)\n    return.i64 v2\n}}\n"
    )
}

struct Maker<'a> {
    random: &'a mut Random,
    index: usize,
    costs: &'a [u64],
    /// By number.
    blocks: Vec<String>,
    /// Frame states, then guards.
    heads: [String; 2],
    states: usize,
    guards: usize,
    values: usize,
    current: usize,
    variables: Variables,
    in_loop: bool,
    cost: u64,
}

impl Maker<'_> {
    fn value(&mut self) -> String {
        self.values += 1;
        format!("v{}", self.values - 1)
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.blocks[self.current], "    {line}");
    }

    /// An instruction, and its result.
    fn emit(&mut self, inst: &str) -> String {
        let value = self.value();
        self.line(&format!("{value} = {inst}"));
        value
    }

    /// A new block, with all variables as parameters, and one more.
    fn block(&mut self, more: Option<&str>) -> (usize, Variables, Option<String>) {
        let names: Variables = std::array::from_fn(|_| self.value());
        let more = more.map(|kind| (self.value(), kind));
        let mut params: Vec<String> =
            names.iter().zip(KINDS).map(|(name, kind)| format!("{name}: {kind}")).collect();
        params.extend(more.as_ref().map(|(name, kind)| format!("{name}: {kind}")));
        let number = self.blocks.len();
        self.blocks.push(format!("b{number}({}):\n", params.join(", ")));
        (number, names, more.map(|(name, _)| name))
    }

    fn to(&self, block: usize) -> String {
        format!("b{block}({})", self.variables.join(", "))
    }

    fn enter(&mut self, (block, names, _): (usize, Variables, Option<String>)) {
        (self.current, self.variables) = (block, names);
    }

    /// Ends the block; the next one goes on.
    fn next(&mut self) {
        let next = self.block(None);
        let to = self.to(next.0);
        self.line(&format!("jump {to}"));
        self.enter(next);
    }

    /// A frame state for here. Who is left here does what `slow` says, and goes on in the block `then`.
    fn state(
        &mut self,
        then: usize,
        result: Option<&str>,
        slow: impl FnOnce(&mut Self, Option<String>),
    ) -> String {
        let (number, names, more) = self.block(result);
        let state = self.states;
        self.states += 1;
        let (function, slots) = (OUTSIDE_COUNT + self.index, self.variables.join(", "));
        let _ = writeln!(self.heads[0], "    fs{state} = {function}@{number} [{slots}]");
        let here = (self.current, self.variables.clone());
        (self.current, self.variables) = (number, names);
        slow(self, more);
        let to = self.to(then);
        self.line(&format!("jump {to}"));
        (self.current, self.variables) = here;
        format!("fs{state}")
    }

    fn guard(&mut self, reason: &str, then: usize, slow: impl FnOnce(&mut Self)) -> String {
        let state = self.state(then, None, |maker, _| slow(maker));
        let guard = self.guards;
        self.guards += 1;
        let _ = writeln!(self.heads[1], "    g{guard} = {reason} {state}");
        format!("g{guard}")
    }

    /// A statement with a guard: `fast` gets the guard.
    fn guarded(&mut self, reason: &str, slow: impl FnOnce(&mut Self), fast: impl FnOnce(&mut Self, &str)) {
        let then = self.block(None);
        let guard = self.guard(reason, then.0, slow);
        fast(self, &guard);
        let to = self.to(then.0);
        self.line(&format!("jump {to}"));
        self.enter(then);
    }

    fn set(&mut self, variable: usize, inst: &str) {
        self.variables[variable] = self.emit(inst);
    }

    fn body(&mut self) -> String {
        for (number, variable) in PARAMS.into_iter().enumerate() {
            self.variables[variable] = format!("v{number}");
        }
        for (variable, start) in [(B, "7"), (D, "0.5"), (K, "0")] {
            self.variables[variable] = start.to_owned();
        }
        self.blocks[0] = "b0:\n".to_owned();
        self.next();
        let statements = 4 + self.random.below(10);
        for _ in 0..statements {
            self.statement();
        }
        // All variables count.
        let [a, b, c, d, r] = [A, B, C, D, R].map(|variable| self.variables[variable].clone());
        let wide = [a, b].map(|value| self.emit(&format!("convert.i32.i64 {value}")));
        let bits = self.emit(&format!("bitcast.f64.i64 {d}"));
        let none = self.emit(&format!("eq.ref {r}, null"));
        let there = self.emit(&format!("select.i64 {none}, 3, 5"));
        let mut sum = c;
        for value in [&wide[0], &wide[1], &bits, &there] {
            let product = self.emit(&format!("mul.i64 {sum}, 31"));
            sum = self.emit(&format!("add.i64 {product}, {value}"));
        }
        self.line(&format!("return.i64 {sum}"));
        let params: Vec<String> = PARAMS
            .iter()
            .enumerate()
            .map(|(number, &variable)| format!("v{number}: {}", KINDS[variable]))
            .collect();
        let depth = if self.random.below(2) == 0 { "" } else { " depth limit" };
        format!(
            "fn f{}({}) -> i64 orus{depth} {{\n{}{}}}\n",
            self.index,
            params.join(", "),
            self.heads.concat(),
            self.blocks.concat()
        )
    }

    fn statement(&mut self) {
        self.cost += if self.in_loop { 4 } else { 1 };
        match self.random.below(22) {
            0..3 => self.checked(),
            3..5 => self.compare(),
            5..8 => self.make(),
            8..10 => self.field(),
            10 | 11 if !self.in_loop => self.turns(),
            12..14 => self.call(),
            14 | 15 => self.invoke(),
            16 => self.invoke_outside(),
            17 => self.keep(),
            18 => self.poll(),
            19 => self.note(),
            20 if self.random.below(4) == 0 => self.raise(),
            _ => self.mix(),
        }
    }

    fn checked(&mut self) {
        let op = self.random.pick(&["add", "sub", "mul"]);
        let target = [A, B][self.random.below(2)];
        let y = [A, B, N][self.random.below(3)];
        let slow = move |maker: &mut Self| {
            let plain = maker.emit(&format!(
                "{op}.i32 {}, {}",
                maker.variables[target].clone(),
                maker.variables[y].clone()
            ));
            maker.set(target, &format!("xor.i32 {plain}, 12345"));
        };
        self.guarded("overflow", slow, |maker, guard| {
            let (x, y) = (maker.variables[target].clone(), maker.variables[y].clone());
            maker.set(target, &format!("{op}.checked.i32 {x}, {y}, {guard}"));
        });
    }

    fn compare(&mut self) {
        let cond = self.random.pick(&["lt", "ge", "ne", "below"]);
        let variable = [A, B][self.random.below(2)];
        let limit = [-5, 0, 40, 100_000][self.random.below(4)];
        let slow = move |maker: &mut Self| {
            let x = maker.variables[variable].clone();
            maker.set(variable, &format!("xor.i32 {x}, {}", limit + 77));
        };
        self.guarded("kind", slow, |maker, guard| {
            let x = maker.variables[variable].clone();
            maker.line(&format!("guard.{cond}.i32 {x}, {limit}, {guard}"));
        });
    }

    /// Makes an object. If there is no memory the interpreter tries once more, and then says so.
    fn make(&mut self) {
        fn fill(maker: &mut Maker, target: usize, object: &str) {
            let (c, s) = (maker.variables[C].clone(), maker.variables[S].clone());
            if target == R {
                maker.line(&format!("store.ref {object}[8], {s} @field1"));
                maker.line(&format!("store.i64 {object}[16], {c} @field2"));
                maker.line(&format!("store.i64 {object}[24], 1 @field3"));
            } else {
                maker.line(&format!("store.ref {object}[8], null @field4"));
                maker.line(&format!("store.ref {object}[16], null @field5"));
                maker.line(&format!("store.i64 {object}[24], {c} @field6"));
            }
            maker.variables[target] = object.to_owned();
        }
        let (target, layout) = if self.random.below(2) == 0 { (R, "t1") } else { (S, "t2") };
        let then = self.block(None);
        let guard = self.guard("memory", then.0, |maker| {
            let again = maker.guard("memory", then.0, |maker| {
                let context = maker.emit("context");
                maker.line(&format!("store.i64 {context}[{FULL}], 1 @raw"));
                maker.variables[target] = "null".to_owned();
            });
            let object = maker.emit(&format!("new.{layout} {again}"));
            fill(maker, target, &object);
        });
        let object = self.emit(&format!("new.{layout} {guard}"));
        fill(self, target, &object);
        let to = self.to(then.0);
        self.line(&format!("jump {to}"));
        self.enter(then);
    }

    fn field(&mut self) {
        let way = self.random.below(5);
        let object = if way < 3 { R } else { S };
        let slow = |maker: &mut Self| {
            let c = maker.variables[C].clone();
            maker.set(C, &format!("add.i64 {c}, 9"));
        };
        self.guarded("null", slow, |maker, guard| {
            let (at, c) = (maker.variables[object].clone(), maker.variables[C].clone());
            maker.line(&format!("guard.ne.ref {at}, null, {guard}"));
            match way {
                0 => maker.set(C, &format!("load.i64 {at}[16] @field2")),
                1 => maker.line(&format!("store.i64 {at}[24], {c} @field3")),
                2 => maker.set(S, &format!("load.ref {at}[8] @field1")),
                3 => maker.set(C, &format!("load.i64 {at}[24] @field6")),
                _ => maker.line(&format!("store.i64 {at}[24], {c} @field6")),
            }
        });
    }

    /// A loop of a few turns.
    fn turns(&mut self) {
        self.variables[K] = (2 + self.random.below(4)).to_string();
        self.next();
        let header = self.current;
        self.in_loop = true;
        for _ in 0..1 + self.random.below(4) {
            self.statement();
        }
        self.in_loop = false;
        if self.random.below(3) > 0 {
            self.poll();
        }
        let k = self.variables[K].clone();
        self.set(K, &format!("sub.i32 {k}, 1"));
        let behind = self.block(None);
        let (back, out) = (self.to(header), self.to(behind.0));
        let k = self.variables[K].clone();
        self.line(&format!("br.gt.i32 {k}, 0, {back}, {out}"));
        self.enter(behind);
    }

    /// Whom to call, with what; none if that would take too long.
    fn callee(&mut self) -> Option<(usize, String)> {
        let times = if self.in_loop { 4 } else { 1 };
        if self.index < 2 {
            // The other one; it may be behind.
            return None;
        }
        let callee = self.random.below(self.index);
        let cost = times * self.costs[callee];
        if self.cost + cost > MOST_COST {
            return None;
        }
        self.cost += cost;
        let [a, c, r, s] = [A, C, R, S].map(|variable| self.variables[variable].clone());
        Some((callee, format!("f{callee}({a}, {c}, {r}, {s}, 2)")))
    }

    fn call(&mut self) {
        if self.index < 2 && !self.in_loop {
            return self.call_upward();
        }
        let Some((_, call)) = self.callee() else { return self.mix() };
        self.call_of(&call);
    }

    /// A call, mostly with a state: with that it can be inlined.
    fn call_of(&mut self, call: &str) {
        let then = self.block(None);
        let state = self.state(then.0, Some("i64"), |maker, result| {
            maker.variables[C] = result.unwrap_or_default();
        });
        let suffix = if self.random.below(4) == 0 { String::new() } else { format!(", {state}") };
        self.set(C, &format!("call {call}{suffix}"));
        let to = self.to(then.0);
        self.line(&format!("jump {to}"));
        self.enter(then);
    }

    /// The first two functions call each other, as often as `n` says.
    fn call_upward(&mut self) {
        let (deeper, behind) = (self.block(None), self.block(None));
        let n = self.variables[N].clone();
        let (down, on) = (self.to(deeper.0), self.to(behind.0));
        self.line(&format!("br.gt.i32 {n}, 0, {down}, {on}"));
        self.enter(deeper);
        let [a, c, r, s, n] = PARAMS.map(|variable| self.variables[variable].clone());
        let less = self.emit(&format!("sub.i32 {n}, 1"));
        self.call_of(&format!("f{}({a}, {c}, {r}, {s}, {less})", 1 - self.index));
        let to = self.to(behind.0);
        self.line(&format!("jump {to}"));
        self.enter(behind);
    }

    fn invoke(&mut self) {
        let Some((_, call)) = self.callee() else { return self.mix() };
        self.invoke_of(&call, C);
    }

    fn invoke_outside(&mut self) {
        let a = self.variables[A].clone();
        self.invoke_of(&format!("odd({a})"), B);
    }

    fn invoke_of(&mut self, call: &str, target: usize) {
        let (normal, handler, then) = (self.block(None), self.block(None), self.block(None));
        let result = self.value();
        let caught = self.to(handler.0);
        self.variables[target] = result.clone();
        let on = self.to(normal.0);
        self.line(&format!("{result} = invoke {call} -> {on}, catch {caught}"));
        let end = |maker: &mut Self| {
            let to = maker.to(then.0);
            maker.line(&format!("jump {to}"));
        };
        self.enter(handler);
        let c = self.variables[C].clone();
        self.set(C, &format!("sub.i64 {c}, 1000"));
        end(self);
        self.enter(normal);
        end(self);
        self.enter(then);
    }

    fn keep(&mut self) {
        let r = self.variables[R].clone();
        self.set(R, &format!("call keep({r})"));
    }

    fn raise(&mut self) {
        let a = self.variables[A].clone();
        self.set(A, &format!("call odd({a})"));
    }

    fn poll(&mut self) {
        self.guarded("poll", |_| (), |maker, guard| maker.line(&format!("poll {guard}")));
    }

    /// Writes down what is there.
    fn note(&mut self) {
        let context = self.emit("context");
        let old = self.emit(&format!("load.i64 {context}[{DONE}] @raw"));
        let product = self.emit(&format!("mul.i64 {old}, 31"));
        let c = self.variables[C].clone();
        let new = self.emit(&format!("add.i64 {product}, {c}"));
        self.line(&format!("store.i64 {context}[{DONE}], {new} @raw"));
    }

    fn mix(&mut self) {
        let [a, b, c, d] = [A, B, C, D].map(|variable| self.variables[variable].clone());
        match self.random.below(5) {
            0 => {
                let wide = self.emit(&format!("convert.i32.i64 {a}"));
                self.set(C, &format!("add.i64 {c}, {wide}"));
            }
            1 => {
                let narrow = self.emit(&format!("convert.i64.i32 {c}"));
                self.set(A, &format!("and.i32 {narrow}, 4095"));
            }
            2 => {
                let float = self.emit(&format!("convert.i32.f64 {b}"));
                self.set(D, &format!("add.f64 {d}, {float}"));
            }
            3 => self.set(B, &format!("shl.i32 {b}, 3")),
            _ => self.set(A, &format!("xor.i32 {a}, {b}")),
        }
    }
}
