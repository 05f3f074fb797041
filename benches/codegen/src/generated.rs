//! Generated functions: 16 integer and 4 float variables, 64 words of memory; straight-line, or with diamonds and short loops that are
//! nested up to four deep.

use orus::ir::builder::{Address, Builder, Var};
use orus::ir::{Alias, Cond, Convention, Effects, Function, Kind, Mem, Module, Signature, Value};

use crate::Unit;

const INTS: usize = 16;
const FLOATS: usize = 4;
const WORDS: usize = 64;
const DEPTH: usize = 4;
const TURNS: u64 = 3;

enum Statement {
    /// A variable becomes the result of an operation (by number) on two.
    Int { to: usize, op: usize, left: usize, right: usize },
    /// A variable becomes the result of an operation (by number) on itself and another.
    Float { to: usize, op: usize, right: usize },
    /// A variable becomes a word of memory.
    Load { to: usize, word: usize },
    /// A word of memory becomes a variable.
    Store { word: usize, from: usize },
    /// One or the other, by which variable is less.
    If { left: usize, right: usize, then: Vec<Statement>, otherwise: Vec<Statement> },
    /// A few times.
    Loop(Vec<Statement>),
}

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn statements(&mut self, mut budget: usize, branchy: bool, depth: usize) -> Vec<Statement> {
        let mut list = Vec::new();
        while budget > 0 {
            let pick = self.below(100);
            if branchy && depth < DEPTH && pick < 12 && budget > 12 {
                let size = 4 + self.below((budget / 2).min(60));
                list.push(if pick < 9 {
                    let (left, right) = (self.below(INTS), self.below(INTS));
                    let then = self.statements(size / 2 + 1, branchy, depth + 1);
                    let otherwise = self.statements(size / 2 + 1, branchy, depth + 1);
                    Statement::If { left, right, then, otherwise }
                } else {
                    Statement::Loop(self.statements(size, branchy, depth + 1))
                });
                budget = budget.saturating_sub(size + 4);
                continue;
            }
            list.push(match self.below(10) {
                0 => Statement::Load { to: self.below(INTS), word: self.below(WORDS) },
                1 => Statement::Store { word: self.below(WORDS), from: self.below(INTS) },
                2 => {
                    Statement::Float { to: self.below(FLOATS), op: self.below(3), right: self.below(FLOATS) }
                }
                _ => {
                    let (to, op) = (self.below(INTS), self.below(6));
                    Statement::Int { to, op, left: self.below(INTS), right: self.below(INTS) }
                }
            });
            budget -= 1;
        }
        list
    }
}

/// The same function for the same arguments, as a unit. It takes the address of 65 words and a number, and gives a number.
pub fn unit(size: usize, branchy: bool) -> Unit {
    let statements = Random(0x9e37_79b9_7f4a_7c15).statements(size, branchy, 0);
    let mut module = Module::new();
    let signature = Signature::new(&[Kind::I64; 3], Kind::I64, Convention::System);
    let name = if branchy { "branchy" } else { "straight" };
    let func = module.declare(name, signature.clone(), Effects::ANY);
    let mut function = Function::new(name, signature);
    let mut builder = Builder::new(&mut function, &mut module);
    let memory = builder.param(0);
    let seed = builder.param(2);
    let mut writer = Writer {
        memory,
        ints: std::array::from_fn(|_| builder.declare_var(Kind::U64)),
        floats: std::array::from_fn(|_| builder.declare_var(Kind::F64)),
        b: builder,
    };
    let seed = writer.b.bitcast(seed, Kind::U64);
    for index in 0..INTS {
        let more = writer.b.u64(index as u64 * 77);
        let value = writer.b.add(seed, more);
        writer.b.def_var(writer.ints[index], value);
    }
    for index in 0..FLOATS {
        let value = writer.b.f64(index as f64);
        writer.b.def_var(writer.floats[index], value);
    }
    writer.statements(&statements);
    writer.finish();
    Unit { module, functions: vec![(func, function)] }
}

struct Writer<'a> {
    b: Builder<'a>,
    memory: Value,
    ints: [Var; INTS],
    floats: [Var; FLOATS],
}

impl Writer<'_> {
    fn int(&mut self, index: usize) -> Value {
        self.b.use_var(self.ints[index])
    }

    fn float(&mut self, index: usize) -> Value {
        self.b.use_var(self.floats[index])
    }

    fn statements(&mut self, list: &[Statement]) {
        list.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Int { to, op, left, right } => {
                let (left, right) = (self.int(*left), self.int(*right));
                let value = match op {
                    0 => self.b.add(left, right),
                    1 => self.b.sub(left, right),
                    2 => self.b.mul(left, right),
                    3 => self.b.and(left, right),
                    4 => self.b.xor(left, right),
                    _ => {
                        let count = self.b.u64(3);
                        self.b.shr(left, count)
                    }
                };
                self.b.def_var(self.ints[*to], value);
            }
            Statement::Float { to, op, right } => {
                let (left, right) = (self.float(*to), self.float(*right));
                let value = match op {
                    0 => self.b.add(left, right),
                    1 => self.b.sub(left, right),
                    _ => self.b.mul(left, right),
                };
                self.b.def_var(self.floats[*to], value);
            }
            Statement::Load { to, word } => {
                let value = self.b.load(Mem::U64, self.word(*word), Alias::RAW);
                self.b.def_var(self.ints[*to], value);
            }
            Statement::Store { word, from } => {
                let value = self.int(*from);
                self.b.store(Mem::U64, self.word(*word), value, Alias::RAW);
            }
            Statement::If { left, right, then, otherwise } => {
                let (left, right) = (self.int(*left), self.int(*right));
                let (first, second, end) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
                self.b.br_cmp(Cond::Lt, left, right, (first, &[]), (second, &[]));
                for (block, list) in [(first, then), (second, otherwise)] {
                    self.b.switch_to(block);
                    self.b.seal_block(block);
                    self.statements(list);
                    self.b.jump(end, &[]);
                }
                self.b.switch_to(end);
                self.b.seal_block(end);
            }
            Statement::Loop(list) => {
                let (counter, zero, one) = (self.b.declare_var(Kind::U64), self.b.u64(0), self.b.u64(1));
                self.b.def_var(counter, zero);
                let (head, end) = (self.b.new_block(), self.b.new_block());
                self.b.jump(head, &[]);
                self.b.switch_to(head);
                self.statements(list);
                let count = self.b.use_var(counter);
                let count = self.b.add(count, one);
                self.b.def_var(counter, count);
                let limit = self.b.u64(TURNS);
                self.b.br_cmp(Cond::Lt, count, limit, (head, &[]), (end, &[]));
                self.b.seal_block(head);
                self.b.switch_to(end);
                self.b.seal_block(end);
            }
        }
    }

    fn word(&self, word: usize) -> Address {
        Address::at(self.memory, word as i32 * 8)
    }

    /// All variables go into the result, so that none is dead.
    fn finish(mut self) {
        let mut all = self.int(0);
        for index in 1..INTS {
            let value = self.int(index);
            all = self.b.xor(all, value);
        }
        let mut sum = self.float(0);
        for index in 1..FLOATS {
            let value = self.float(index);
            sum = self.b.add(sum, value);
        }
        self.b.store(Mem::F64, self.word(WORDS), sum, Alias::RAW);
        let result = self.b.bitcast(all, Kind::I64);
        self.b.ret(Some(result));
        self.b.finish();
    }
}
