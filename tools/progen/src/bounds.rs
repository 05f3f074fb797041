//! Bounds that can be read off a program: what an integer expression may be, how long a string, array or map may be, and
//! what it costs to run a statement at most. With them every generated program ends, and soon.
//!
//! How it works. Every string, array and map that is *kept* (in a variable, a field, an element, a parameter) has at most
//! [`MAX_STRING`] or [`MAX_LENGTH`] elements: `check.rs` rejects a program in which something longer is kept, and what grows
//! in place is guarded by its length. Only variables that are never assigned may hold more; their bound is in
//! [`Costs::lengths`]. Loops have a bound on their turns, calls lead to functions whose cost is known already, recursion
//! has a counter, and function values have a bound of their own by the rank of their type.
//!
//! A unit of cost is about one bytecode instruction.

use std::collections::HashMap;

use crate::ast::*;
use crate::types::Ty;

/// The greatest length of an array or map that is kept.
pub const MAX_LENGTH: u64 = 32;
/// The greatest length of a string that is kept, in scalar values.
pub const MAX_STRING: u64 = 240;
/// What the helper `clip` leaves of a string.
pub const CLIP: u64 = 64;
/// The greatest cost of calling a function value whose type has that rank.
pub const VALUE_COST: [u64; 4] = [0, 150, 2_000, 20_000];
/// A cost that no program may have.
const ENDLESS: u64 = 1 << 60;

/// The greatest cost of a function value of this type.
pub fn value_cost(types: &Types, ty: &Ty) -> u64 {
    VALUE_COST.get(types.rank(ty) as usize).copied().unwrap_or(VALUE_COST[3])
}

/// The range of values of an integer expression, from its form alone.
pub fn interval(e: &Expr) -> (i128, i128) {
    interval_with(e, &|e| e.ty.limits(), &|e| (0, length(e, &HashMap::new()) as i128))
}

/// As [`interval`], with the range of what has no form (variables, calls, elements) and of `len` given.
pub fn interval_with(
    e: &Expr,
    leaf: &dyn Fn(&Expr) -> (i128, i128),
    len: &dyn Fn(&Expr) -> (i128, i128),
) -> (i128, i128) {
    let limits = e.ty.limits();
    let of = |e: &Expr| interval_with(e, leaf, len);
    let wide = match &e.op {
        Op::Int(value, _) => (*value, *value),
        Op::Neg => {
            let (low, high) = of(&e.args[0]);
            (-high, -low)
        }
        Op::Bin(op) => {
            let (a, b) = (&e.args[0], &e.args[1]);
            let (a, b) = (
                if a.ty.is_int() { of(a) } else { return limits },
                if b.ty.is_int() { of(b) } else { return limits },
            );
            match op {
                BinOp::Add => (a.0 + b.0, a.1 + b.1),
                BinOp::Sub => (a.0 - b.1, a.1 - b.0),
                BinOp::Mul => {
                    let products =
                        [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)].map(|(a, b)| a.saturating_mul(b));
                    (products.into_iter().min().unwrap_or(0), products.into_iter().max().unwrap_or(0))
                }
                BinOp::Div => {
                    let most = a.0.abs().max(a.1.abs());
                    let least = if b.0 > 0 { b.0 } else { 1 };
                    (if a.0 < 0 || b.0 < 0 { -most / least } else { 0 }, most / least)
                }
                BinOp::Rem => {
                    let most = (b.0.abs().max(b.1.abs()) - 1).max(0).min(a.0.abs().max(a.1.abs()));
                    (if a.0 < 0 { -most } else { 0 }, if a.1 > 0 { most } else { 0 })
                }
                BinOp::BitAnd if a.0 >= 0 || b.0 >= 0 => {
                    let most = if a.0 >= 0 && b.0 >= 0 {
                        a.1.min(b.1)
                    } else if a.0 >= 0 {
                        a.1
                    } else {
                        b.1
                    };
                    (0, most)
                }
                BinOp::BitOr | BinOp::BitXor if a.0 >= 0 && b.0 >= 0 => (0, bits_above(a.1.max(b.1))),
                BinOp::Shr if b.0 >= 0 && a.0 >= 0 => (0, a.1 >> b.0.min(64)),
                _ => limits,
            }
        }
        Op::Cond => {
            let (a, b) = (of(&e.args[1]), of(&e.args[2]));
            (a.0.min(b.0), a.1.max(b.1))
        }
        Op::Cast => match &e.args[0].ty {
            Ty::Bool => (0, 1),
            ty if ty.is_int() => {
                let (low, high) = of(&e.args[0]);
                // Bits that do not fit wrap to anywhere.
                if low < limits.0 || high > limits.1 { limits } else { (low, high) }
            }
            Ty::F64 => clamped(&e.args[0]).unwrap_or(limits),
            _ => limits,
        },
        Op::Builtin(builtin) => match builtin {
            Builtin::Len => len(&e.args[0]),
            Builtin::Find => (-1, len(&e.args[0]).1),
            Builtin::Ord => (0, 0x10_FFFF),
            Builtin::Int if e.args[0].ty.is_int() => {
                let (low, high) = of(&e.args[0]);
                (low.max(limits.0), high.min(limits.1))
            }
            Builtin::Abs => {
                let (low, high) = of(&e.args[0]);
                let most = low.abs().max(high.abs());
                (if low > 0 { low } else { 0 }, most)
            }
            Builtin::Min | Builtin::Max => {
                let (a, b) = (of(&e.args[0]), of(&e.args[1]));
                if *builtin == Builtin::Min {
                    (a.0.min(b.0), a.1.min(b.1))
                } else {
                    (a.0.max(b.0), a.1.max(b.1))
                }
            }
            _ => leaf(e),
        },
        _ => leaf(e),
    };
    if e.ty.is_signed() {
        // What is outside raises.
        (wide.0.clamp(limits.0, limits.1), wide.1.clamp(limits.0, limits.1))
    } else if wide.0 < limits.0 || wide.1 > limits.1 {
        limits
    } else {
        wide
    }
}

/// All ones up to the highest bit of `n`.
fn bits_above(n: i128) -> i128 {
    let bits = 128 - n.max(0).leading_zeros();
    (1i128 << bits) - 1
}

/// The range of `min(max(x, low), high)` and the like, truncated.
fn clamped(e: &Expr) -> Option<(i128, i128)> {
    let Op::Builtin(Builtin::Min) = e.op else { return None };
    let (inner, high) = (&e.args[0], &e.args[1]);
    let (Op::Builtin(Builtin::Max), Op::Float(high)) = (&inner.op, &high.op) else { return None };
    let Op::Float(low) = inner.args[1].op else { return None };
    Some((low as i128, *high as i128))
}

/// The greatest length of a string, array, map or range, given that of the variables which may hold more than usual.
pub fn length(e: &Expr, lengths: &HashMap<Name, u64>) -> u64 {
    let of = |e: &Expr| length(e, lengths);
    let usual = match e.ty {
        Ty::Str => MAX_STRING,
        Ty::Range => 0,
        _ => MAX_LENGTH,
    };
    let count = |e: &Expr| interval_in(e, lengths).1.max(0) as u64;
    match &e.op {
        Op::Var(name) => lengths.get(name).copied().unwrap_or(usual),
        Op::Str(text) => text.chars().count() as u64,
        Op::Cond => of(&e.args[1]).max(of(&e.args[2])),
        Op::Bin(BinOp::Add) => of(&e.args[0]).saturating_add(of(&e.args[1])),
        Op::Cast if e.args[0].ty == Ty::Str => of(&e.args[0]),
        Op::Cast => {
            if e.args[0].ty.is_primitive() {
                25
            } else {
                4_000
            }
        }
        Op::Index if e.args[0].ty == Ty::Str => 1,
        Op::Slice { start, end, inclusive } => {
            let base = of(&e.args[0]);
            if *end {
                let low = if *start { interval_in(&e.args[1], lengths).0.max(0) as u64 } else { 0 };
                let high = count(&e.args[e.args.len() - 1]) + u64::from(*inclusive);
                base.min(high.saturating_sub(low))
            } else {
                base
            }
        }
        Op::Array => e.args.len() as u64,
        Op::Map => e.args.len() as u64 / 2,
        Op::Fill => count(&e.args[1]),
        Op::Repeat => of(&e.args[0]).saturating_mul(count(&e.args[1])),
        Op::Format(pieces) => {
            let text = pieces
                .iter()
                .map(|piece| if let Piece::Text(text) = piece { text.len() } else { 8 })
                .sum::<usize>();
            // Rendered values: a specifier takes 99 decimals at most.
            e.args.iter().fold(text as u64, |sum, arg| {
                sum + match arg.ty {
                    Ty::Str => of(arg) + 1,
                    Ty::F64 => 420,
                    ref ty if ty.is_primitive() => 130,
                    _ => 8_000,
                }
            })
        }
        Op::Helper(Helper::Clip) => CLIP,
        Op::Helper(Helper::Head) => count(&e.args[1]),
        Op::Builtin(builtin) => match builtin {
            Builtin::Sorted
            | Builtin::SortedBy
            | Builtin::MapKeys
            | Builtin::MapValues
            | Builtin::Chars
            | Builtin::Trim => of(&e.args[0]),
            Builtin::Push | Builtin::Split => of(&e.args[0]) + 1,
            Builtin::Upper | Builtin::Lower => of(&e.args[0]) * 3,
            Builtin::Repeat => of(&e.args[0]).saturating_mul(count(&e.args[1])),
            Builtin::Replace => of(&e.args[0]).saturating_mul(of(&e.args[2]).max(1)),
            Builtin::Join => of(&e.args[0]).saturating_mul(MAX_STRING + of(&e.args[1])),
            Builtin::Chr => 1,
            Builtin::Min | Builtin::Max if e.ty == Ty::Str => of(&e.args[0]).max(of(&e.args[1])),
            Builtin::ErrorKind => 16,
            Builtin::Typeof if e.args[0].ty != Ty::Error => 16,
            Builtin::ErrorMessage | Builtin::Typeof => 20_000,
            Builtin::Range => {
                let zero = Expr::int(Ty::I64, 0);
                let (start, end, step) = match &e.args[..] {
                    [end] => (&zero, end, None),
                    [start, end] => (start, end, None),
                    [start, end, step, ..] => (start, end, Some(step)),
                    [] => return 0,
                };
                turns(start, end, false, step, lengths)
            }
            _ => usual,
        },
        _ => usual,
    }
}

/// [`interval`] with the lengths of variables known.
pub fn interval_in(e: &Expr, lengths: &HashMap<Name, u64>) -> (i128, i128) {
    interval_with(e, &|e| e.ty.limits(), &|e| (0, length(e, lengths) as i128))
}

/// The greatest number of turns of a loop over a range.
pub fn turns(
    start: &Expr,
    end: &Expr,
    inclusive: bool,
    step: Option<&Expr>,
    lengths: &HashMap<Name, u64>,
) -> u64 {
    let (from, to) = (interval_in(start, lengths), interval_in(end, lengths));
    let step = step.map_or((1, 1), |step| interval_in(step, lengths));
    let extra = i128::from(inclusive);
    // `x..x + 5`, where `x` may be anything.
    let distance = match &end.op {
        Op::Bin(BinOp::Add) if end.args[0] == *start && matches!(start.op, Op::Var(_)) => {
            end.args[1].as_int().map(|distance| (distance.max(0), 0))
        }
        Op::Bin(BinOp::Sub) if end.args[0] == *start && matches!(start.op, Op::Var(_)) => {
            end.args[1].as_int().map(|distance| (0, distance.max(0)))
        }
        _ => None,
    };
    let wraps = distance.is_some() && !start.ty.is_signed();
    let (up, down) = match distance {
        Some(distance) if !wraps => distance,
        _ => (to.1 - from.0, from.1 - to.0),
    };
    let up = if step.1 > 0 && up + extra > 0 { (up + extra) / step.0.max(1) + 1 } else { 0 };
    let down = if step.0 < 0 && down + extra > 0 { (down + extra) / (-step.1).max(1) + 1 } else { 0 };
    up.max(down).min(i128::from(ENDLESS)) as u64
}

/// What one run of something costs at most, and how many calls within the recursion group it makes.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Cost {
    pub units: u64,
    pub recursions: u64,
}

impl Cost {
    /// That many units.
    pub fn units(units: u64) -> Cost {
        Cost { units, recursions: 0 }
    }

    /// One after the other.
    pub fn plus(self, other: Cost) -> Cost {
        Cost {
            units: (self.units + other.units).min(ENDLESS),
            recursions: (self.recursions + other.recursions).min(ENDLESS),
        }
    }

    /// One of the two.
    pub fn or(self, other: Cost) -> Cost {
        Cost { units: self.units.max(other.units), recursions: self.recursions.max(other.recursions) }
    }

    /// That many times.
    pub fn times(self, n: u64) -> Cost {
        Cost {
            units: self.units.saturating_mul(n).min(ENDLESS),
            recursions: self.recursions.saturating_mul(n).min(ENDLESS),
        }
    }
}

/// What is known of a function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionCost {
    /// One activation.
    pub once: Cost,
    /// Its recursion group and the position of its counter.
    pub recursion: Option<(u32, usize)>,
}

/// What costs depend on.
#[derive(Clone, Default, Debug)]
pub struct Costs {
    /// The functions that are complete.
    pub functions: HashMap<Name, FunctionCost>,
    /// The recursion groups, each with the greatest cost of an activation of any of its functions.
    pub groups: HashMap<u32, Cost>,
    /// The bounds of variables that may hold more than [`MAX_LENGTH`] or [`MAX_STRING`].
    pub lengths: HashMap<Name, u64>,
    /// The recursion group of the function that is measured.
    pub current: Option<u32>,
}

impl Costs {
    /// The cost of a call, its arguments apart.
    pub fn call(&self, name: Name, args: &[Expr]) -> Cost {
        let Some(function) = self.functions.get(&name) else {
            // Of the group that is being measured.
            return Cost { units: 6, recursions: 1 };
        };
        let Some((group, counter)) = function.recursion else { return function.once.plus(Cost::units(6)) };
        if self.current == Some(group) {
            return Cost { units: 6, recursions: 1 };
        }
        let each = self.groups.get(&group).copied().unwrap_or(function.once);
        let depth = args.get(counter).map_or(0, |e| interval_in(e, &self.lengths).1.clamp(0, 1_000)) as u64;
        // The guard's activation at depth 0 comes on top.
        let (mut calls, mut level) = (1u64, 1u64);
        for _ in 0..depth {
            level = level.saturating_mul(each.recursions);
            calls = calls.saturating_add(level);
            if level == 0 || calls > ENDLESS {
                break;
            }
        }
        Cost::units(each.units.saturating_add(8).saturating_mul(calls).min(ENDLESS))
    }

    /// The cost of an expression.
    pub fn expr(&self, types: &Types, e: &Expr) -> Cost {
        let length = |e: &Expr| length(e, &self.lengths);
        let weight = |ty: &Ty| types.weight(ty).min(ENDLESS);
        let mut cost = Cost::default();
        if !matches!(e.op, Op::Lambda(_)) {
            for arg in &e.args {
                cost = cost.plus(self.expr(types, arg));
            }
        }
        let own = match &e.op {
            Op::Call(name) => self.call(*name, &e.args),
            Op::CallValue => Cost::units(8 + value_cost(types, &e.args[0].ty)),
            Op::Bin(op) if op.is_comparison() => Cost::units(1 + weight(&e.args[0].ty) / 2),
            Op::Bin(BinOp::Add) if e.ty == Ty::Str => Cost::units(4 + length(e) / 8),
            Op::Cast if e.ty == Ty::Str => Cost::units(10 + weight(&e.args[0].ty)),
            Op::Slice { .. } | Op::Fill | Op::Repeat => Cost::units(6 + length(e) / 4),
            Op::Format(_) => Cost::units(20 + e.args.iter().map(|arg| weight(&arg.ty)).sum::<u64>()),
            Op::Matches { .. } => Cost::units(3 + weight(&e.args[0].ty) / 2),
            Op::Struct(_) => Cost::units(10),
            Op::Helper(Helper::NoteStr) => Cost::units(250 + length(&e.args[0]) / 8),
            Op::Helper(_) => Cost::units(16),
            Op::Builtin(builtin) => Cost::units(match builtin {
                Builtin::Sorted => 10 + length(e) * 8,
                Builtin::SortedBy => {
                    let n = length(e).max(2);
                    let comparison = 24 + value_cost(types, &e.args[1].ty);
                    40 + n * u64::from(n.ilog2() + 2) * comparison
                }
                Builtin::AssertEq => 6 + weight(&e.args[1].ty),
                Builtin::Int | Builtin::Float if e.args[0].ty == Ty::Str => 10 + length(&e.args[0]) / 8,
                Builtin::Len | Builtin::Abs | Builtin::Min | Builtin::Max => 1,
                _ if matches!(e.ty, Ty::Str | Ty::Array(_)) => 6 + length(e) / 4,
                _ => 6,
            }),
            _ => Cost::units(1),
        };
        cost.plus(own)
    }

    /// The cost of a right side.
    pub fn value(&mut self, types: &Types, value: &Value) -> Cost {
        match value {
            Value::Expr(e) => self.expr(types, e),
            Value::Match(m) => self.matching(types, m),
            Value::Lambda(_) => Cost::units(6),
        }
    }

    fn matching(&mut self, types: &Types, m: &Match) -> Cost {
        let mut most = Cost::default();
        for arm in &m.arms {
            let mut cost = self.block(types, &arm.body);
            if let Some(e) = &arm.value {
                cost = cost.plus(self.expr(types, e));
            }
            most = most.or(cost);
        }
        self.expr(types, &m.scrutinee).plus(most).plus(Cost::units(2 * m.arms.len() as u64 + 4))
    }

    /// The cost of a block; the lengths of what it declares become known.
    pub fn block(&mut self, types: &Types, block: &[Stmt]) -> Cost {
        let mut cost = Cost::default();
        for stmt in block {
            cost = cost.plus(self.stmt(types, stmt));
        }
        cost
    }

    /// The cost of a statement; the lengths of what it declares become known.
    pub fn stmt(&mut self, types: &Types, stmt: &Stmt) -> Cost {
        match stmt {
            Stmt::Let(binding) => {
                let cost = self.value(types, &binding.value);
                if let Value::Expr(e) = &binding.value {
                    self.keep_length(binding.name, e);
                }
                cost.plus(Cost::units(1))
            }
            Stmt::Assign { place, value, .. } => {
                let mut cost = self.expr(types, place).plus(self.value(types, value));
                if place.ty == Ty::Str {
                    cost = cost.plus(Cost::units(MAX_STRING / 8));
                }
                cost.plus(Cost::units(2))
            }
            Stmt::Expr(e) | Stmt::Discard(e) | Stmt::Raise(e) => self.expr(types, e).plus(Cost::units(1)),
            Stmt::Observe(e) => {
                let note = match &e.ty {
                    ty if ty.is_num() || *ty == Ty::Bool => 10,
                    ty => 260 + types.weight(ty),
                };
                self.expr(types, e).plus(Cost::units(note))
            }
            Stmt::Print { args, .. } => args.iter().fold(Cost::units(30), |cost, e| {
                cost.plus(self.expr(types, e)).plus(Cost::units(4 + types.weight(&e.ty)))
            }),
            Stmt::If { branches, otherwise } => {
                let (mut cost, mut most) = (Cost::default(), Cost::default());
                for (cond, block) in branches {
                    cost = cost.plus(self.expr(types, cond)).plus(Cost::units(1));
                    most = most.or(self.block(types, block));
                }
                if let Some(block) = otherwise {
                    most = most.or(self.block(types, block));
                }
                cost.plus(most)
            }
            Stmt::While(w) => {
                let turn = self.expr(types, &w.cond).plus(self.block(types, &w.body)).plus(Cost::units(4));
                turn.times(u64::from(w.turns) + 1).plus(Cost::units(2))
            }
            Stmt::For(l) => {
                let (head, turns) = match &l.over {
                    Over::Each(e) => (self.expr(types, e), length(e, &self.lengths)),
                    Over::Range { start, end, inclusive, step } => {
                        let mut cost = self.expr(types, start).plus(self.expr(types, end));
                        if let Some(step) = step {
                            cost = cost.plus(self.expr(types, step));
                        }
                        (cost, turns(start, end, *inclusive, step.as_ref(), &self.lengths))
                    }
                };
                let turn = self.block(types, &l.body).plus(Cost::units(3));
                turn.times(turns).plus(head).plus(Cost::units(4))
            }
            Stmt::Match(m) => self.matching(types, m),
            Stmt::Try { body, handler, .. } => {
                let body = self.block(types, body);
                body.plus(self.block(types, handler)).plus(Cost::units(20))
            }
            Stmt::Return(Some(value)) => self.value(types, value).plus(Cost::units(1)),
            Stmt::Grow { target, growth, .. } => {
                let cost = match growth {
                    Growth::Push(e) | Growth::Append(e) | Growth::Assign(e) => self.expr(types, e),
                    Growth::Insert(a, b) | Growth::Put(a, b) => self.expr(types, a).plus(self.expr(types, b)),
                };
                self.expr(types, target).times(2).plus(cost).plus(Cost::units(20))
            }
            Stmt::Build(b) => {
                let mut turn =
                    self.block(types, &b.body).plus(self.expr(types, &b.item)).plus(Cost::units(8));
                for e in b.filter.iter().chain(&b.key) {
                    turn = turn.plus(self.expr(types, e));
                }
                self.lengths.insert(b.name, built_length(b, &self.lengths));
                turn.times(u64::from(b.turns)).plus(Cost::units(6))
            }
            Stmt::Fn(function) => {
                let cost = self.function(types, function);
                self.functions.insert(function.name, cost);
                Cost::units(6)
            }
            Stmt::Raw(raw) => Cost::units(raw.cost),
            Stmt::Break(_) | Stmt::Continue(_) | Stmt::Return(None) | Stmt::Pass => Cost::units(1),
        }
    }

    /// Remembers the bound of a variable that holds the value of `e` for good.
    pub fn keep_length(&mut self, name: Name, e: &Expr) {
        let usual = if e.ty == Ty::Str { MAX_STRING } else { MAX_LENGTH };
        if matches!(e.ty, Ty::Array(_) | Ty::Map(_) | Ty::Str | Ty::Range) {
            let length = length(e, &self.lengths);
            if length > usual || e.ty == Ty::Range {
                self.lengths.insert(name, length);
            }
        }
    }

    /// The cost of one activation of a function, and what is to be remembered for its callers.
    pub fn function(&mut self, types: &Types, function: &Function) -> FunctionCost {
        let around = self.current;
        // A nested function that does not recurse is measured like a part of the one around it.
        let recursion = function.recursion.as_ref().map(|recursion| (recursion.group, recursion.param));
        if let Some((group, _)) = recursion {
            self.current = Some(group);
        }
        let mut once = self.block(types, &function.body).plus(Cost::units(6));
        if let Some(base) = function.recursion.as_ref().and_then(|recursion| recursion.base.as_ref()) {
            once = once.plus(self.expr(types, base));
        }
        if let Some(value) = &function.result {
            once = once.plus(self.value(types, value));
        }
        self.current = around;
        if let Some((group, _)) = recursion {
            let most = self.groups.entry(group).or_default();
            *most = most.or(once);
        }
        FunctionCost { once, recursion }
    }
}

/// The greatest length of what a `Build` makes.
pub fn built_length(b: &Build, lengths: &HashMap<Name, u64>) -> u64 {
    let turns = u64::from(b.turns);
    if b.ty == Ty::Str { turns.saturating_mul(length(&b.item, lengths)) } else { turns }
}
