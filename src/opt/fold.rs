//! Folding: instructions of constants are computed, and others made simpler by the [rules](super::fold_rules).
//!
//! How it works. Each instruction is folded where the [forward walk](super::forward) meets it, after its operands: constants are computed
//! ([`arith`]), else the rules for the opcode are tried. Which ones can match is known before any is tried: for each opcode
//! there is a bit set of its rules by what the first operand is (a constant, something, the result of such an opcode), one by what the
//! second one is, and one by kind; their intersection is empty most of the time. What a rule gives is folded again, and the
//! instructions that it makes are folded, and looked up, as they are made; nothing is started over.
//!
//! Must not. Reassociate or contract f64, nor drop what tells -0 from 0; fold a NaN (its bits differ between machines); drop a check that may
//! fail; leave through another guard than the instruction's own.
//!
//! Source. The identities are common knowledge; for those of bits and comparisons see Warren, *Hacker's Delight* (2nd edition), chapter 2.
//!
//! Cost. Some 30 machine instructions for an instruction to which no rule applies.

use std::sync::LazyLock;

use crate::ir::arith::{self, Outcome};
use crate::ir::function::NONE;
use crate::ir::{Cond, Function, Inst, InstData, Kind, Op, Value};

use super::Context;
use super::fold_rules::{Literal, Match, OutAux, OutKind, Output, Pattern, RULES, Rule, Select};
use super::forward::{Flags, Forward};
use super::gvn::canonical_order;

/// What became of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Folded {
    /// It is as simple as it gets.
    Same,
    /// It became another one, which may be folded again.
    Changed,
    /// Its result is this.
    Value(Value),
    /// It always leaves.
    Leaves,
}

/// What an operand is: a constant, something of which no rule speaks, or the result of an opcode with this number.
const CONSTANT: usize = 0;
const OTHER: usize = 1;
const CLASSES: usize = 32;

/// The rules of an opcode.
#[derive(Clone, Debug)]
struct OpRules {
    /// The rule, and whether its operands are swapped.
    rows: Vec<(&'static Rule, bool)>,
    first: [u64; CLASSES],
    second: [u64; CLASSES],
    kinds: [u64; 10],
    /// Those that need both operands to be the same value.
    same: u64,
    /// Of comparisons: by condition.
    conds: [u64; 10],
    /// By literal: those that ask for it first, or second; then those that ask for any, first or second.
    literals: [[u64; 2]; LITERALS.len()],
    any_literal: [u64; 2],
    /// By operand: those that need the first, or the second, operand of the instruction that it comes from to be a constant.
    constants: [[u64; 2]; 2],
    /// Those that need a value to occur in both operands, as the operand or as one of the instruction's that it comes from.
    shared: u64,
}

const LITERALS: [Literal; 6] =
    [Literal::Zero, Literal::One, Literal::Ones, Literal::Min, Literal::Max, Literal::NegZero];

/// The rules as they are looked up.
#[derive(Debug)]
pub(super) struct Index {
    classes: Vec<u8>,
    ops: Vec<OpRules>,
}

/// Built once: the table does not change.
pub(super) static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

impl Index {
    fn new() -> Index {
        let mut index = Index { classes: vec![OTHER as u8; Op::ALL.len()], ops: Vec::new() };
        let none = OpRules {
            rows: Vec::new(),
            first: [0; CLASSES],
            second: [0; CLASSES],
            kinds: [0; 10],
            same: 0,
            conds: [0; 10],
            literals: [[0; 2]; LITERALS.len()],
            any_literal: [0; 2],
            constants: [[0; 2]; 2],
            shared: 0,
        };
        index.ops.resize(Op::ALL.len(), none);
        let mut count = 2;
        for rule in RULES {
            let Pattern::Inst(_, _, arguments) = rule.pattern else { continue };
            for argument in arguments.iter() {
                if let Pattern::Inst(op, ..) = argument
                    && index.classes[*op as usize] == OTHER as u8
                {
                    index.classes[*op as usize] = count;
                    count += 1;
                }
            }
        }
        assert!(count as usize <= CLASSES, "more opcodes in patterns than classes");
        for rule in RULES {
            index.add(rule);
        }
        index
    }

    fn add(&mut self, rule: &'static Rule) {
        let Pattern::Inst(op, select, arguments) = rule.pattern else { return };
        let first = arguments.first().unwrap_or(&Pattern::Value(0));
        let second = arguments.get(1);
        let swappable = op.is_commutative() || op.has_cond();
        // A constant is second; so a pattern with one is not tried the other way round.
        let swap = swappable
            && second.is_some_and(|second| {
                matches!(first, Pattern::Inst(..))
                    && !matches!(second, Pattern::Const(_) | Pattern::Literal(_))
                    || matches!(first, Pattern::Value(_)) && matches!(second, Pattern::Inst(..))
            });
        for swapped in [false, true] {
            if swapped && !swap {
                continue;
            }
            let (left, right) = match (swapped, second) {
                (true, Some(second)) => (second, Some(first)),
                _ => (first, second),
            };
            let bit = 1 << self.ops[op as usize].rows.len();
            for (place, pattern) in [Some(left), right].into_iter().enumerate() {
                let Some(Pattern::Inst(_, _, inner)) = pattern else { continue };
                for (index, argument) in inner.iter().take(2).enumerate() {
                    if matches!(argument, Pattern::Const(_) | Pattern::Literal(_)) {
                        self.ops[op as usize].constants[place][index] |= bit;
                    }
                }
            }
            if right.is_some_and(|right| shares(left, right)) {
                self.ops[op as usize].shared |= bit;
            }
            let left = self.classes_of(left);
            let right = right.map_or(u32::MAX, |right| self.classes_of(right));
            let rules = &mut self.ops[op as usize];
            rules.rows.push((rule, swapped));
            assert!(rules.rows.len() <= 64, "too many rules for {op:?}");
            for class in 0..CLASSES {
                if left >> class & 1 == 1 {
                    rules.first[class] |= bit;
                }
                if right >> class & 1 == 1 {
                    rules.second[class] |= bit;
                }
            }
            for kind in 0..10 {
                if rule.kinds >> kind & 1 == 1 {
                    rules.kinds[kind] |= bit;
                }
            }
            if matches!((first, second), (Pattern::Value(0), Some(Pattern::Value(0)))) {
                rules.same |= bit;
            }
            for cond in Cond::ALL {
                let wanted = if swapped { cond.swapped() } else { cond };
                if !matches!(select, Select::Conds(conds) if conds >> wanted as u16 & 1 == 0) {
                    rules.conds[cond as usize] |= bit;
                }
            }
            // A pattern with a literal is not swapped.
            for (place, argument) in arguments.iter().take(2).enumerate() {
                if let Pattern::Literal(literal) = argument {
                    rules.any_literal[place] |= bit;
                    for (index, _) in LITERALS.iter().enumerate().filter(|(_, other)| *other == literal) {
                        rules.literals[index][place] |= bit;
                    }
                }
            }
        }
    }

    fn classes_of(&self, pattern: &Pattern) -> u32 {
        match pattern {
            Pattern::Value(_) => u32::MAX,
            Pattern::Const(_) | Pattern::Literal(_) => 1 << CONSTANT,
            Pattern::Inst(op, ..) => 1 << self.classes[*op as usize],
        }
    }

    /// The class of a value, and its bits if it is a constant.
    #[inline(always)]
    fn class(&self, function: &Function, value: Value) -> (usize, Option<u64>) {
        match function.inst_or_const(value) {
            (Some(inst), _) => (usize::from(self.classes[function.inst(inst).op as usize]), None),
            (None, Some(bits)) => (CONSTANT, Some(bits)),
            (None, None) => (OTHER, None),
        }
    }
}

/// The values that a pattern names, as bits by their number, as far down as the operands of an instruction; all if it goes further.
fn named(pattern: &Pattern) -> u32 {
    let number = |pattern: &Pattern| match pattern {
        Pattern::Value(number) | Pattern::Const(number) => 1 << number,
        Pattern::Literal(_) => 0,
        Pattern::Inst(..) => u32::MAX,
    };
    match pattern {
        Pattern::Inst(_, _, inner) => inner.iter().take(2).map(number).fold(0, |all, one| all | one),
        other => number(other),
    }
}

/// Do two patterns, of an instruction's operands, name the same value where [`OpRules::shared`] sees it?
fn shares(left: &Pattern, right: &Pattern) -> bool {
    let (left, right) = (named(left), named(right));
    left != u32::MAX && right != u32::MAX && left & right != 0
}

impl OpRules {
    /// Of these rules, those that may match what the operands come from.
    #[inline]
    fn inner(&self, function: &Function, found: u64, data: &InstData) -> u64 {
        let mut possible = u64::MAX;
        let mut leaves = [[data.a, NONE, NONE], [data.b, NONE, NONE]];
        for (place, leaves) in leaves.iter_mut().enumerate() {
            let Some(inst) = function.def_inst(Value(leaves[0])) else { continue };
            let from = function.inst(inst);
            let values = from.op.row().values;
            let mut constant = [false; 2];
            for (index, word) in [from.a, from.b].into_iter().enumerate() {
                if values >> index & 1 == 1 && word != NONE {
                    leaves[index + 1] = word;
                    constant[index] = function.as_const(Value(word)).is_some();
                }
            }
            if from.op.is_commutative() || from.op.has_cond() {
                constant = [constant[0] | constant[1]; 2];
            }
            for (index, constant) in constant.into_iter().enumerate() {
                if !constant {
                    possible &= !self.constants[place][index];
                }
            }
        }
        if found & possible & self.shared != 0 {
            let [left, right] = leaves;
            if !left.iter().any(|&value| value != NONE && right.contains(&value)) {
                possible &= !self.shared;
            }
        }
        found & possible
    }

    /// Of these rules, those that may match a constant in a place.
    #[inline]
    fn literal(&self, found: u64, place: usize, kind: Kind, bits: u64) -> u64 {
        let mut possible = !self.any_literal[place];
        if found & !possible == 0 {
            return found;
        }
        for (masks, literal) in self.literals.iter().zip(LITERALS) {
            if found & masks[place] != 0 && literal.bits(kind) == bits {
                possible |= masks[place];
            }
        }
        found & possible
    }
}

/// What an instruction of constants gives.
pub(super) fn constant(function: &mut Function, data: &InstData) -> Option<Value> {
    let values = data.op.row().values;
    if values & 1 == 0 || values & !3 != 0 || data.op.has_lane() {
        return None;
    }
    let a = function.as_const(data.first())?;
    let b = if values & 2 == 0 { 0 } else { function.as_const(data.second())? };
    match arith::evaluate(data.op, data.kind, data.aux, a, b) {
        Outcome::Value(bits) => {
            let kind = if data.op == Op::Cmp { Kind::Bool } else { data.kind };
            Some(function.constant(kind, bits))
        }
        Outcome::Leaves | Outcome::Unknown => None,
    }
}

/// Folds an instruction once. `rules` says which of the rules was applied, for tests.
#[inline]
pub(super) fn fold(walk: &mut Forward<'_>, at: Inst, data: &mut InstData) -> Folded {
    let function = &mut *walk.function;
    let values = data.op.row().values;
    if values & 1 == 0 {
        return Folded::Same;
    }
    if data.op == Op::Cmp {
        canonical_cond(data);
    }
    let index = walk.index;
    let (mut first, mut a) = index.class(function, data.first());
    let (mut second, mut b) = (OTHER, None);
    if values & 2 != 0 {
        (second, b) = index.class(function, data.second());
        let before = data.a;
        canonical_order(data, a.is_some(), b.is_some());
        if data.a != before {
            (first, a, second, b) = (second, b, first, a);
        }
    }
    if let Some(a) = a
        && values & !3 == 0
        && (values & 2 == 0 || b.is_some())
        && !data.op.has_lane()
    {
        match arith::evaluate(data.op, data.kind, data.aux, a, b.unwrap_or(0)) {
            Outcome::Value(bits) => {
                let kind = if data.op == Op::Cmp { Kind::Bool } else { data.kind };
                return Folded::Value(function.constant(kind, bits));
            }
            Outcome::Leaves => return Folded::Leaves,
            Outcome::Unknown => {}
        }
    }
    let rules = &index.ops[data.op as usize];
    let mut candidates = rules.kinds[data.kind as usize] & rules.first[first & (CLASSES - 1)];
    if values & 2 != 0 {
        candidates &= rules.second[second & (CLASSES - 1)];
        if data.a != data.b {
            candidates &= !rules.same;
        }
        if data.op == Op::Cmp {
            candidates &= rules.conds[data.aux as usize % 10];
        }
    }
    if candidates == 0 {
        return Folded::Same;
    }
    if let Some(bits) = a {
        candidates = rules.literal(candidates, 0, function.kind(data.first()), bits);
    }
    if let Some(bits) = b {
        candidates = rules.literal(candidates, 1, function.kind(data.second()), bits);
    }
    if values & 2 != 0 && candidates != 0 {
        candidates = rules.inner(function, candidates, data);
    }
    while candidates != 0 {
        let number = candidates.trailing_zeros() as usize;
        candidates &= candidates - 1;
        let (rule, swapped) = walk.index.ops[data.op as usize].rows[number];
        if let Some(found) = matches(walk.function, rule, data, swapped) {
            walk.fired(rule);
            return apply(walk, at, data, rule, &found);
        }
    }
    Folded::Same
}

/// Of kinds without signs there is one way to write a comparison.
#[inline(always)]
pub(super) fn canonical_cond(data: &mut InstData) {
    if data.aux >= Cond::Below as u16 && !data.kind.is_signed() {
        data.aux = match data.cond() {
            Cond::Below => Cond::Lt,
            Cond::BelowEq => Cond::Le,
            Cond::Above => Cond::Gt,
            _ => Cond::Ge,
        } as u16;
    }
}

fn matches(function: &Function, rule: &Rule, data: &InstData, swapped: bool) -> Option<Match> {
    let Pattern::Inst(op, select, arguments) = rule.pattern else { return None };
    let mut found = Match::new(data.kind, data.aux);
    let mut data = *data;
    if swapped {
        std::mem::swap(&mut data.a, &mut data.b);
        if op.has_cond() {
            data.aux = data.cond().swapped() as u16;
        }
    }
    match select {
        Select::Any => {}
        Select::Conds(conds) if conds >> data.aux & 1 == 0 => return None,
        Select::Conds(_) => found.cond = data.cond(),
        Select::Source => found.s = data.source(),
        Select::Inner => found.t = data.source(),
    }
    let words = data.words();
    for (index, argument) in arguments.iter().enumerate() {
        if !match_value(function, argument, Value(words[index & 3]), &mut found) {
            return None;
        }
    }
    (rule.when)(&found).then_some(found)
}

fn match_value(function: &Function, pattern: &Pattern, value: Value, found: &mut Match) -> bool {
    match *pattern {
        Pattern::Value(number) => {
            let known = &mut found.values[number as usize];
            if known.is_none() {
                *known = value;
            }
            *known == value
        }
        Pattern::Const(number) => match function.as_const(value) {
            Some(bits) => {
                let known = &mut found.values[number as usize];
                if known.is_none() {
                    *known = value;
                }
                found.bits[number as usize] = bits;
                *known == value
            }
            None => false,
        },
        Pattern::Literal(literal) => function.as_const(value) == Some(literal.bits(function.kind(value))),
        Pattern::Inst(op, select, arguments) => {
            let Some(inst) = function.def_inst(value) else { return false };
            let data = function.inst(inst);
            if data.op != op {
                return false;
            }
            let before = *found;
            if match_inst(function, data, select, arguments, found) {
                return true;
            }
            // The other way round.
            if !op.is_commutative() && !op.has_cond() || arguments.len() != 2 {
                return false;
            }
            *found = before;
            let mut data = *data;
            std::mem::swap(&mut data.a, &mut data.b);
            if op.has_cond() {
                data.aux = data.cond().swapped() as u16;
            }
            match_inst(function, &data, select, arguments, found)
        }
    }
}

fn match_inst(
    function: &Function,
    data: &InstData,
    select: Select,
    arguments: &[Pattern],
    found: &mut Match,
) -> bool {
    match select {
        Select::Any => {}
        Select::Conds(conds) => {
            if conds >> data.aux & 1 == 0 {
                return false;
            }
            (found.cond, found.t) = (data.cond(), data.kind);
        }
        Select::Source => {
            if found.s != Kind::None && found.s != data.source() {
                return false;
            }
            found.s = data.source();
        }
        Select::Inner => {
            if found.t != Kind::None && found.t != data.source() {
                return false;
            }
            found.t = data.source();
        }
    }
    let words = data.words();
    arguments
        .iter()
        .enumerate()
        .all(|(index, argument)| match_value(function, argument, Value(words[index & 3]), found))
}

fn apply(walk: &mut Forward<'_>, at: Inst, data: &mut InstData, rule: &Rule, found: &Match) -> Folded {
    match rule.output {
        Output::Leaves => Folded::Leaves,
        Output::Inst(op, kind, aux, arguments) => {
            let guard = data.guard();
            *data = instruction(walk, at, op, kind, aux, arguments, found);
            let word = op.row().guard;
            if word < 4 {
                *data.word_mut(word) = guard.map_or(u32::MAX, |guard| guard.0);
            }
            Folded::Changed
        }
        ref output => {
            let kind = match data.op {
                Op::Cmp => Kind::Bool,
                _ => data.kind,
            };
            Folded::Value(value(walk, at, kind, output, found))
        }
    }
}

fn instruction(
    walk: &mut Forward<'_>,
    at: Inst,
    op: Op,
    kind: OutKind,
    aux: OutAux,
    arguments: &[Output],
    found: &Match,
) -> InstData {
    let kind = match kind {
        OutKind::Own => found.kind,
        OutKind::Bool => Kind::Bool,
        OutKind::Inner => found.t,
    };
    let mut data = InstData::new(op, kind);
    data.aux = match aux {
        OutAux::None => 0,
        OutAux::Cond => found.cond as u16,
        OutAux::Negated => found.cond.negated() as u16,
        OutAux::Swapped => found.cond.swapped() as u16,
        OutAux::Narrow => narrow(found) as u16,
        OutAux::Is(cond) => cond as u16,
        OutAux::Source => found.s as u16,
        OutAux::Inner => found.t as u16,
        OutAux::Exact => Op::NONZERO | Op::NO_OVERFLOW,
    };
    for (index, argument) in arguments.iter().enumerate() {
        // Only `select` has an operand of another kind, and no rule makes it a constant.
        *data.word_mut(index as u8) = value(walk, at, kind, argument, found).0;
    }
    data
}

/// The condition for the operands of kind `t` that were extended to the kind.
fn narrow(found: &Match) -> Cond {
    let unsigned = found.kind == Kind::U64 || found.cond as u16 >= Cond::Below as u16;
    match (found.cond, found.t == Kind::I32 && unsigned) {
        (Cond::Lt | Cond::Below, true) => Cond::Below,
        (Cond::Le | Cond::BelowEq, true) => Cond::BelowEq,
        (Cond::Gt | Cond::Above, true) => Cond::Above,
        (Cond::Ge | Cond::AboveEq, true) => Cond::AboveEq,
        (Cond::Below, false) => Cond::Lt,
        (Cond::BelowEq, false) => Cond::Le,
        (Cond::Above, false) => Cond::Gt,
        (Cond::AboveEq, false) => Cond::Ge,
        (cond, _) => cond,
    }
}

fn value(walk: &mut Forward<'_>, at: Inst, kind: Kind, output: &Output, found: &Match) -> Value {
    match *output {
        Output::Value(number) => found.values[number as usize],
        Output::Literal(literal) => walk.function.constant(kind, literal.bits(kind)),
        Output::Compute(compute) => walk.function.constant(kind, compute(found)),
        Output::Inst(op, own, aux, arguments) => {
            let data = instruction(walk, at, op, own, aux, arguments, found);
            walk.build(at, data)
        }
        Output::Leaves => unreachable!("only a whole instruction leaves"),
    }
}

/// The pass: folding alone.
pub fn run(function: &mut Function, context: &mut Context<'_>) -> bool {
    Forward::run(function, context, Flags::FOLD)
}
