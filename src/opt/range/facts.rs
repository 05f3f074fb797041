//! What is known at a place: the interval of each value, and differences `x <= y + k` between values.
//!
//! Differences hang on their left value, and a proof follows them from there, through sums with a constant, as in ABCD (Bodik, Gupta, Sarkar,
//! *ABCD: Eliminating Array Bounds Checks on Demand*, 2000). All that was learnt is taken back when the walk leaves the place.
//!
//! Invariants
//! - RF1 Values are compared as numbers of their own kinds, so that a difference never wraps.
//! - RF2 A sum is looked through only if `exact` says that it did not wrap.

use super::interval::Range;
use crate::ir::{Cond, Def, Function, Inst, Kind, Op, Value};

#[derive(Clone, Copy, Debug)]
struct Difference {
    to: Value,
    plus: i128,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Range(Value, Range),
    /// The latest difference goes.
    Difference(Value),
    /// It may be zero.
    Nonzero(Value),
}

const NONE: u32 = u32::MAX;
/// How many differences of a value a proof follows.
const DIFFERENCES: u32 = 4;

/// Facts about values, with a trail to take them back.
#[derive(Default, Debug)]
pub struct Facts {
    ranges: Vec<Range>,
    heads: Vec<u32>,
    /// By value: it is not zero, though its range has it.
    nonzero: Vec<bool>,
    differences: Vec<Difference>,
    trail: Vec<Undo>,
    /// By instruction: a sum or difference that does not wrap.
    exact: Vec<bool>,
    /// How much a proof may still do.
    budget: u32,
}

impl Facts {
    /// Nothing is known.
    pub fn reset(&mut self, function: &Function) {
        self.ranges.clear();
        self.ranges.extend((0..function.value_count()).map(|index| {
            let value = Value(index as u32);
            let kind = function.kind(value);
            match function.as_const(value) {
                Some(bits) if kind.is_int() || kind == Kind::Bool => Range::exact(kind.as_i128(bits)),
                _ => Range::of(kind),
            }
        }));
        self.heads.clear();
        self.heads.resize(function.value_count(), NONE);
        self.nonzero.clear();
        self.nonzero.resize(function.value_count(), false);
        self.differences.clear();
        self.trail.clear();
        self.exact.clear();
        self.exact.resize(function.inst_count(), false);
    }

    /// No sum is known to be exact.
    pub fn forget_exact(&mut self) {
        self.exact.fill(false);
    }

    /// Says whether an instruction's sum is exact.
    pub fn set_exact(&mut self, inst: Inst, exact: bool) {
        self.exact[inst.index()] = exact;
    }

    /// Does the sum that an instruction computes not wrap?
    pub fn is_exact(&self, function: &Function, inst: Inst) -> bool {
        match function.inst(inst).op {
            Op::AddChecked | Op::SubChecked | Op::AddOr | Op::SubOr => true,
            Op::Add | Op::Sub => self.exact.get(inst.index()).copied().unwrap_or(false),
            _ => false,
        }
    }

    /// The numbers that a value may be.
    #[inline]
    pub fn range(&self, value: Value) -> Range {
        self.ranges[value.index()]
    }

    /// Gives a value its numbers where it is defined.
    #[inline]
    pub fn define(&mut self, value: Value, range: Range) {
        self.ranges[value.index()] = range;
    }

    /// Where the trail is.
    pub fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Takes back all that was learnt since.
    pub fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            match self.trail.pop() {
                Some(Undo::Range(value, range)) => self.ranges[value.index()] = range,
                Some(Undo::Nonzero(value)) => self.nonzero[value.index()] = false,
                Some(Undo::Difference(value)) => {
                    let head = &mut self.heads[value.index()];
                    *head = self.differences[*head as usize].next;
                    self.differences.pop();
                }
                None => {}
            }
        }
    }

    /// From here on `x <= y + plus`.
    pub fn learn(&mut self, x: Value, y: Value, plus: i128) {
        let next = self.heads[x.index()];
        self.heads[x.index()] = self.differences.len() as u32;
        self.differences.push(Difference { to: y, plus, next });
        self.trail.push(Undo::Difference(x));
    }

    /// New values and instructions have their places in the tables.
    pub fn grow(&mut self, function: &Function) {
        for index in self.ranges.len()..function.value_count() {
            let value = Value(index as u32);
            self.ranges.push(Range::of(function.kind(value)));
            self.define_const(function, value);
        }
        self.heads.resize(function.value_count(), NONE);
        self.nonzero.resize(function.value_count(), false);
        self.exact.resize(function.inst_count(), false);
    }

    /// Gives a constant its number.
    pub fn define_const(&mut self, function: &Function, value: Value) {
        let kind = function.kind(value);
        if let Some(bits) = function.as_const(value).filter(|_| kind.is_int() || kind == Kind::Bool) {
            self.define(value, Range::exact(kind.as_i128(bits)));
        }
    }

    /// From here on the value is that number. False if it never is.
    pub fn narrow_exact(&mut self, function: &Function, value: Value, number: i128) -> bool {
        self.narrow(function, value, Range::exact(number), 2)
    }

    /// From here on the value is in that range. False if it never is.
    fn narrow(&mut self, function: &Function, value: Value, to: Range, depth: u32) -> bool {
        let old = self.ranges[value.index()];
        let new = old.meet(to);
        if new == old {
            return !new.is_empty();
        }
        let Def::Inst(inst) = function.def(value) else {
            if function.as_const(value).is_none() {
                self.trail.push(Undo::Range(value, old));
                self.ranges[value.index()] = new;
            }
            return !new.is_empty();
        };
        self.trail.push(Undo::Range(value, old));
        self.ranges[value.index()] = new;
        if new.is_empty() {
            return false;
        }
        if depth == 0 {
            return true;
        }
        // What it was computed from is narrower, too.
        let data = function.inst(inst);
        match data.op {
            Op::Add | Op::AddChecked | Op::Sub | Op::SubChecked if self.is_exact(function, inst) => {
                let by = self.range(data.second());
                if function.as_const(data.second()).is_none() {
                    return true;
                }
                let plus = if matches!(data.op, Op::Add | Op::AddChecked) { by.lo } else { -by.lo };
                self.narrow(function, data.first(), Range::new(new.lo - plus, new.hi - plus), depth - 1)
            }
            Op::Convert | Op::ConvertChecked | Op::Bitcast
                if data.source().is_int() && self.range(data.first()).is_within(Range::of(data.kind)) =>
            {
                self.narrow(function, data.first(), new, depth - 1)
            }
            _ => true,
        }
    }

    /// From here on a condition holds, or not, of two values of a kind. False if it cannot be so: this place is not reached.
    pub fn assume(&mut self, function: &Function, cond: Cond, kind: Kind, a: Value, b: Value) -> bool {
        if !kind.is_int() {
            return true;
        }
        let Some(cond) = self.signless(cond, kind, a, b) else {
            return self.assume_below(function, cond, a, b);
        };
        let (ra, rb) = (self.range(a), self.range(b));
        match cond {
            Cond::Eq => {
                self.learn(a, b, 0);
                self.learn(b, a, 0);
                self.narrow(function, a, rb, 2) && self.narrow(function, b, ra, 2)
            }
            Cond::Ne => self.exclude(function, a, rb) && self.exclude(function, b, ra),
            Cond::Lt | Cond::Le => self.assume_less(function, a, b, i128::from(cond == Cond::Lt)),
            _ => self.assume_less(function, b, a, i128::from(cond == Cond::Gt)),
        }
    }

    /// From here on the value is not zero.
    pub fn learn_nonzero(&mut self, value: Value) {
        if !self.nonzero[value.index()] {
            self.nonzero[value.index()] = true;
            self.trail.push(Undo::Nonzero(value));
        }
    }

    /// Is a value never zero here?
    pub fn is_nonzero(&self, value: Value) -> bool {
        self.nonzero[value.index()] || !self.range(value).has(0)
    }

    fn exclude(&mut self, function: &Function, value: Value, other: Range) -> bool {
        let Some(number) = other.single() else { return true };
        if number == 0 {
            self.learn_nonzero(value);
        }
        let mut range = self.range(value);
        if range.lo == number {
            range.lo += 1;
        }
        if range.hi == number {
            range.hi -= 1;
        }
        self.narrow(function, value, range, 2)
    }

    /// `a + gap <= b`
    fn assume_less(&mut self, function: &Function, a: Value, b: Value, gap: i128) -> bool {
        self.learn(a, b, -gap);
        let (ra, rb) = (self.range(a), self.range(b));
        let gap = if super::planted(1) { gap * 2 } else { gap };
        self.narrow(function, a, Range::new(i128::MIN / 4, rb.hi - gap), 2)
            && self.narrow(function, b, Range::new(ra.lo + gap, i128::MAX / 4), 2)
    }

    /// An unsigned comparison of signed values of which little is known: below a number without sign, a value has none either.
    fn assume_below(&mut self, function: &Function, cond: Cond, a: Value, b: Value) -> bool {
        let (a, b, gap) = match cond {
            Cond::Below => (a, b, 1),
            Cond::BelowEq => (a, b, 0),
            Cond::Above => (b, a, 1),
            _ => (b, a, 0),
        };
        if self.range(b).lo < 0 {
            return true;
        }
        self.narrow(function, a, Range::new(0, i128::MAX / 4), 2) && self.assume_less(function, a, b, gap)
    }

    /// The comparison as one of numbers: unsigned comparisons of values of a signed kind are that if neither is negative.
    fn signless(&self, cond: Cond, kind: Kind, a: Value, b: Value) -> Option<Cond> {
        let plain = match cond {
            Cond::Below => Cond::Lt,
            Cond::BelowEq => Cond::Le,
            Cond::Above => Cond::Gt,
            Cond::AboveEq => Cond::Ge,
            _ => return Some(cond),
        };
        let natural = !kind.is_signed() || self.range(a).lo >= 0 && self.range(b).lo >= 0;
        natural.then_some(plain)
    }

    /// Does the condition hold of two values here? None if it is not known.
    pub fn decide(
        &mut self,
        function: &Function,
        cond: Cond,
        kind: Kind,
        a: Value,
        b: Value,
        budget: u32,
    ) -> Option<bool> {
        if !kind.is_int() {
            return None;
        }
        let Some(plain) = self.signless(cond, kind, a, b) else {
            // Not negative, and less as a signed number: the other is not negative either.
            let (a, b, gap) = match cond {
                Cond::Below => (a, b, 1),
                Cond::BelowEq => (a, b, 0),
                Cond::Above => (b, a, 1),
                _ => (b, a, 0),
            };
            return (self.range(a).lo >= 0 && self.proves(function, a, b, -gap, budget)).then_some(true);
        };
        let (ra, rb) = (self.range(a), self.range(b));
        match plain {
            Cond::Eq | Cond::Ne => {
                if ra.hi < rb.lo || rb.hi < ra.lo {
                    return Some(plain == Cond::Ne);
                }
                (a == b || ra.single().is_some() && ra == rb).then_some(plain == Cond::Eq)
            }
            Cond::Lt | Cond::Gt => {
                let (a, b) = if plain == Cond::Lt { (a, b) } else { (b, a) };
                if self.proves(function, a, b, -1, budget) {
                    Some(true)
                } else {
                    self.proves(function, b, a, 0, budget).then_some(false)
                }
            }
            _ => {
                let (a, b) = if plain == Cond::Le { (a, b) } else { (b, a) };
                if self.proves(function, a, b, 0, budget) {
                    Some(true)
                } else {
                    self.proves(function, b, a, -1, budget).then_some(false)
                }
            }
        }
    }

    /// Is `x <= y + plus`? Tries `budget` steps.
    pub fn proves(&mut self, function: &Function, x: Value, y: Value, plus: i128, budget: u32) -> bool {
        self.budget = budget;
        self.prove(function, x, y, plus, 5)
    }

    fn prove(&mut self, function: &Function, x: Value, y: Value, plus: i128, depth: u32) -> bool {
        if x == y {
            return plus >= 0;
        }
        if self.range(x).hi <= self.range(y).lo + plus {
            return true;
        }
        if depth == 0 || self.budget == 0 {
            return false;
        }
        self.budget -= 1;
        let depth = depth - 1;
        // The latest say the most; a limit that many loops have had has many.
        let mut next = self.heads[x.index()];
        for _ in 0..DIFFERENCES {
            let Some(&Difference { to, plus: by, next: after }) = self.differences.get(next as usize) else {
                break;
            };
            if self.prove(function, to, y, plus - by, depth) {
                return true;
            }
            next = after;
        }
        if let Some(inst) = function.def_inst(x) {
            let data = *function.inst(inst);
            let (a, b) = (data.first(), data.second());
            let found = match data.op {
                Op::Add | Op::AddChecked | Op::AddOr if self.is_exact(function, inst) => {
                    let most = self.range(b).hi;
                    self.prove(function, a, y, plus - most, depth)
                }
                Op::Sub | Op::SubChecked | Op::SubOr if self.is_exact(function, inst) => {
                    let least = self.range(b).lo;
                    self.prove(function, a, y, plus + least, depth)
                }
                Op::Shr | Op::Div | Op::DivChecked
                    if self.range(a).lo >= 0 && (data.op == Op::Shr || self.range(b).lo >= 0) =>
                {
                    self.prove(function, a, y, plus, depth)
                }
                Op::Rem | Op::RemChecked => {
                    self.range(b).lo > 0 && self.prove(function, b, y, plus + 1, depth)
                        || self.range(a).lo >= 0 && self.prove(function, a, y, plus, depth)
                }
                Op::And => {
                    self.range(b).lo >= 0 && self.prove(function, b, y, plus, depth)
                        || self.range(a).lo >= 0 && self.prove(function, a, y, plus, depth)
                }
                Op::Min if data.kind.is_int() => {
                    self.prove(function, a, y, plus, depth) || self.prove(function, b, y, plus, depth)
                }
                Op::Max if data.kind.is_int() => {
                    self.prove(function, a, y, plus, depth) && self.prove(function, b, y, plus, depth)
                }
                Op::Select => {
                    let other = Value(data.c);
                    self.prove(function, b, y, plus, depth) && self.prove(function, other, y, plus, depth)
                }
                _ => self.same_number(function, inst) && self.prove(function, a, y, plus, depth),
            };
            if found {
                return true;
            }
        }
        let Some(inst) = function.def_inst(y) else { return false };
        let data = *function.inst(inst);
        let (a, b) = (data.first(), data.second());
        match data.op {
            Op::Add | Op::AddChecked | Op::AddOr if self.is_exact(function, inst) => {
                let least = self.range(b).lo;
                self.prove(function, x, a, plus + least, depth)
            }
            Op::Sub | Op::SubChecked | Op::SubOr if self.is_exact(function, inst) => {
                let most = self.range(b).hi;
                self.prove(function, x, a, plus - most, depth)
            }
            Op::Max if data.kind.is_int() => {
                self.prove(function, x, a, plus, depth) || self.prove(function, x, b, plus, depth)
            }
            _ => self.same_number(function, inst) && self.prove(function, x, a, plus, depth),
        }
    }

    /// Is it a conversion that keeps the number?
    fn same_number(&self, function: &Function, inst: Inst) -> bool {
        let data = function.inst(inst);
        match data.op {
            Op::ConvertChecked => data.source().is_int(),
            Op::Convert | Op::Bitcast => {
                data.source().is_int()
                    && data.kind.is_int()
                    && self.range(data.first()).is_within(Range::of(data.kind))
            }
            _ => false,
        }
    }
}
