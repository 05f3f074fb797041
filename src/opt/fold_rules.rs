//! The rules by which instructions become simpler ones: a table, a row each.
//!
//! A row is a name, the kinds that it holds for, a pattern, a condition, and what takes its place. In patterns `x y z` are any values (the same
//! letter, the same value) and `c d e` any constants; `zero one ones min max negzero` are constants of the kind that is there. `(Op …)` is the result of
//! an instruction, with `[Eq Ne]` of these conditions, with `@s` or `@t` a conversion from any kind, which the condition can ask for.
//! A condition is a function of what was matched; `always` needs none. In what takes the place, `{…}` computes a constant, `[=] [!t] [narrow t] [swapped]` say the
//! condition of a comparison, with `t` of operands of that kind, `bool` the kind of an instruction if it is not the first one's, and `leaves`
//! that the instruction always leaves.
//!
//! Operands of commutative instructions and comparisons are also tried the other way round. A constant is second.
//!
//! Each row is tested over the corners of its kinds (`tests.rs`), without a test of its own. A row must make things simpler, or end in a form
//! that no row leads back from.

use crate::ir::types::Cond;
use crate::ir::{Kind, Op, Value};

/// A pattern of a value.
#[derive(Clone, Copy, Debug)]
pub enum Pattern {
    /// Any value; with the same number, the same.
    Value(u8),
    /// Any constant.
    Const(u8),
    /// This constant.
    Literal(Literal),
    /// An instruction's result.
    Inst(Op, Select, &'static [Pattern]),
}

/// What a pattern says of the half word of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Select {
    /// Nothing.
    Any,
    /// One of these conditions, as bits.
    Conds(u16),
    /// A conversion, whose source is to be known as `s`.
    Source,
    /// A conversion, whose source is to be known as `t`.
    Inner,
}

/// A constant that every kind has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Literal {
    Zero,
    One,
    Ones,
    Min,
    Max,
    NegZero,
}

impl Literal {
    /// Its bits, in canonical form.
    pub fn bits(self, kind: Kind) -> u64 {
        let bits = match self {
            Literal::Zero => 0,
            Literal::One if kind == Kind::F64 => 1f64.to_bits(),
            Literal::One => 1,
            Literal::Ones => u64::MAX,
            Literal::Min if kind.is_signed() => 1 << (kind.bits() - 1),
            Literal::Min => 0,
            Literal::Max if kind.is_signed() => (1 << (kind.bits() - 1)) - 1,
            Literal::Max => u64::MAX,
            Literal::NegZero => 1 << 63,
        };
        kind.canonical(bits)
    }
}

/// What takes the place of what was matched.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// What was matched by this number.
    Value(u8),
    /// This constant.
    Literal(Literal),
    /// A constant.
    Compute(fn(&Match) -> u64),
    /// An instruction.
    Inst(Op, OutKind, OutAux, &'static [Output]),
    /// The instruction always leaves.
    Leaves,
}

/// The kind of a new instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutKind {
    /// That of the instruction that is replaced.
    Own,
    /// Bool.
    Bool,
    /// That which was called `t`.
    Inner,
}

/// The half word of a new instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutAux {
    /// Nothing.
    None,
    /// The condition that was matched.
    Cond,
    /// Its opposite.
    Negated,
    /// It, for the operands before they were extended from `t`.
    Narrow,
    /// It, of the operands in the other order.
    Swapped,
    /// This condition.
    Is(Cond),
    /// A conversion from `s`.
    Source,
    /// A conversion from `t`.
    Inner,
    /// That a divisor is neither 0 nor -1.
    Exact,
}

/// What was matched.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The kind of the instruction that is replaced.
    pub kind: Kind,
    /// Its half word.
    pub aux: u16,
    /// The source of a conversion.
    pub s: Kind,
    /// The source of another one, or the kind of an inner comparison's operands.
    pub t: Kind,
    /// The condition of a comparison.
    pub cond: Cond,
    /// The values by number.
    pub values: [Value; 6],
    /// The bits of those that are constants.
    pub bits: [u64; 6],
}

impl Match {
    /// A match of nothing yet.
    pub fn new(kind: Kind, aux: u16) -> Match {
        Match {
            kind,
            aux,
            s: Kind::None,
            t: Kind::None,
            cond: Cond::ALL[aux as usize % Cond::ALL.len()],
            values: [Value::NONE; 6],
            bits: [0; 6],
        }
    }

    fn c(&self) -> u64 {
        self.bits[3]
    }

    fn d(&self) -> u64 {
        self.bits[4]
    }

    fn e(&self) -> u64 {
        self.bits[5]
    }

    fn f(&self) -> f64 {
        f64::from_bits(self.c())
    }

    /// `c` as a shift's count.
    fn cn(&self) -> u32 {
        self.c() as u32 & (self.kind.bits() - 1)
    }

    /// `d` as a shift's count.
    fn dn(&self) -> u32 {
        self.d() as u32 & (self.kind.bits() - 1)
    }

    fn ones(&self) -> u64 {
        self.kind.canonical(u64::MAX)
    }

    /// Is `c` a power of two greater than one?
    fn power(&self) -> bool {
        self.c().is_power_of_two() && self.c() > 1
    }

    /// Have all values of kind `from` a place in `to`, as they are?
    fn within(from: Kind, to: Kind) -> bool {
        match (from, to) {
            (from, to) if from == to => true,
            (Kind::I32, Kind::I64 | Kind::F64) | (Kind::U32, Kind::I64 | Kind::U64 | Kind::F64) => true,
            _ => false,
        }
    }

    /// Can bits of one kind be cast to another one? Those of a reference become an i64 only.
    fn castable(from: Kind, to: Kind) -> bool {
        match (from, to) {
            (Kind::Ref, other) | (other, Kind::Ref) => matches!(other, Kind::Ref | Kind::I64),
            _ => true,
        }
    }

    /// Is `t` a 32-bit integer kind, and the kind one that all of it can be extended to without a change of order?
    fn extended(&self) -> bool {
        matches!(self.t, Kind::I32 | Kind::U32)
            && matches!(self.kind, Kind::I64 | Kind::U64 | Kind::F64)
            && (self.kind != Kind::F64 || !self.as_unsigned())
    }

    /// Does the comparison take its operands as unsigned, where the kind has signs?
    fn as_unsigned(&self) -> bool {
        matches!(self.cond, Cond::Below | Cond::BelowEq | Cond::Above | Cond::AboveEq)
    }

    /// The constant of kind `t` that extends to `c`.
    fn narrow(&self) -> Option<u64> {
        if self.kind == Kind::F64 {
            let (value, bits) = match self.t {
                Kind::I32 => (f64::from(self.f() as i32), self.f() as i32 as u64),
                _ => (f64::from(self.f() as u32), u64::from(self.f() as u32)),
            };
            // Of the zeros only their value counts in a comparison.
            return (value == self.f()).then(|| self.t.canonical(bits));
        }
        let bits = self.t.canonical(self.c());
        (self.kind.canonical(self.t.as_i128(bits) as u64) == self.c()).then_some(bits)
    }

    /// Whether the comparison holds of all extended values and `c`, if they agree.
    fn outside(&self) -> Option<bool> {
        if self.narrow().is_some() {
            return None;
        }
        let image = |bits: u64| {
            let value = self.t.as_i128(bits);
            if self.kind == Kind::F64 { (value as f64).to_bits() } else { self.kind.canonical(value as u64) }
        };
        if matches!(self.cond, Cond::Eq | Cond::Ne) {
            return Some(self.cond == Cond::Ne);
        }
        // As unsigned, the values below zero lie above all others, and between them there is a gap.
        let unsigned = self.as_unsigned() || self.kind == Kind::U64;
        if unsigned && self.t == Kind::I32 {
            return None;
        }
        let holds = |literal: Literal| self.cond.holds(self.kind, image(literal.bits(self.t)), self.c());
        let (low, high) = (holds(Literal::Min), holds(Literal::Max));
        (low == high).then_some(low)
    }

    /// The truth of a comparison of `c` or `d` with `e`.
    fn choice(&self) -> (bool, bool) {
        (self.cond.holds(self.kind, self.c(), self.e()), self.cond.holds(self.kind, self.d(), self.e()))
    }

    fn signed(&self, bits: u64) -> i128 {
        self.kind.as_i128(bits)
    }

    fn fits(&self, value: i128) -> bool {
        self.signed(self.kind.canonical(value as u64)) == value
    }
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The kinds that the first instruction may have, as bits.
    pub kinds: u16,
    /// What is replaced: an instruction.
    pub pattern: Pattern,
    /// Whether it holds.
    pub when: fn(&Match) -> bool,
    /// What takes the place.
    pub output: Output,
}

macro_rules! value {
    (x) => {
        0
    };
    (y) => {
        1
    };
    (z) => {
        2
    };
    (c) => {
        3
    };
    (d) => {
        4
    };
    (e) => {
        5
    };
}

macro_rules! pattern {
    (x) => { Pattern::Value(0) };
    (y) => { Pattern::Value(1) };
    (z) => { Pattern::Value(2) };
    (c) => { Pattern::Const(3) };
    (d) => { Pattern::Const(4) };
    (e) => { Pattern::Const(5) };
    (zero) => { Pattern::Literal(Literal::Zero) };
    (one) => { Pattern::Literal(Literal::One) };
    (ones) => { Pattern::Literal(Literal::Ones) };
    (min) => { Pattern::Literal(Literal::Min) };
    (max) => { Pattern::Literal(Literal::Max) };
    (negzero) => { Pattern::Literal(Literal::NegZero) };
    (($op:ident @s $($arg:tt)*)) => { Pattern::Inst(Op::$op, Select::Source, &[$(pattern!($arg)),*]) };
    (($op:ident @t $($arg:tt)*)) => { Pattern::Inst(Op::$op, Select::Inner, &[$(pattern!($arg)),*]) };
    (($op:ident [any] $($arg:tt)*)) => { Pattern::Inst(Op::$op, Select::Conds(0x3ff), &[$(pattern!($arg)),*]) };
    (($op:ident [$($cond:ident)+] $($arg:tt)*)) => {
        Pattern::Inst(Op::$op, Select::Conds($(1 << Cond::$cond as u16)|+), &[$(pattern!($arg)),*])
    };
    (($op:ident $($arg:tt)*)) => { Pattern::Inst(Op::$op, Select::Any, &[$(pattern!($arg)),*]) };
}

macro_rules! output {
    (leaves) => { Output::Leaves };
    (zero) => { Output::Literal(Literal::Zero) };
    (one) => { Output::Literal(Literal::One) };
    (ones) => { Output::Literal(Literal::Ones) };
    (min) => { Output::Literal(Literal::Min) };
    (max) => { Output::Literal(Literal::Max) };
    ({$compute:expr}) => { Output::Compute($compute) };
    (($op:ident @s $($arg:tt)*)) => { output!(# $op Own Source $($arg)*) };
    (($op:ident @t $($arg:tt)*)) => { output!(# $op Own Inner $($arg)*) };
    (($op:ident [=] $($arg:tt)*)) => { output!(# $op Own Cond $($arg)*) };
    (($op:ident [!t] $($arg:tt)*)) => { output!(# $op Inner Negated $($arg)*) };
    (($op:ident [narrow t] $($arg:tt)*)) => { output!(# $op Inner Narrow $($arg)*) };
    (($op:ident [swapped] $($arg:tt)*)) => { output!(# $op Own Swapped $($arg)*) };
    (($op:ident [exact] $($arg:tt)*)) => { output!(# $op Own Exact $($arg)*) };
    (($op:ident [$cond:ident] $($arg:tt)*)) => {
        Output::Inst(Op::$op, OutKind::Own, OutAux::Is(Cond::$cond), &[$(output!($arg)),*])
    };
    (($op:ident bool $($arg:tt)*)) => { output!(# $op Bool None $($arg)*) };
    (($op:ident $($arg:tt)*)) => { output!(# $op Own None $($arg)*) };
    (# $op:ident $kind:ident $aux:ident $($arg:tt)*) => {
        Output::Inst(Op::$op, OutKind::$kind, OutAux::$aux, &[$(output!($arg)),*])
    };
    ($letter:ident) => { Output::Value(value!($letter)) };
}

macro_rules! when {
    (always) => {
        |_| true
    };
    ({$condition:expr}) => {
        $condition
    };
}

macro_rules! rules { ($($name:ident $kinds:ident $pattern:tt $when:tt => $output:tt;)*) => {
    /// The table.
    pub const RULES: &[Rule] = &[$(Rule {
        name: stringify!($name), kinds: $kinds, pattern: pattern!($pattern), when: when!($when), output: output!($output),
    }),*];
}}

const S: u16 = 1 << Kind::I32 as u16 | 1 << Kind::I64 as u16;
const U: u16 = 1 << Kind::U32 as u16 | 1 << Kind::U64 as u16;
const I: u16 = S | U;
const F: u16 = 1 << Kind::F64 as u16;
const B: u16 = 1 << Kind::Bool as u16;
const R: u16 = 1 << Kind::Ref as u16;
const IB: u16 = I | B;
const IF: u16 = I | F;
const IBR: u16 = I | B | R;
const ALL: u16 = I | F | B | R;
const AV: u16 = ALL | 1 << Kind::V128 as u16 | 1 << Kind::V256 as u16;

rules! {
    // name               kinds pattern                                 condition => what takes its place
    // Signs and bits of one value.
    neg_neg               IF (Neg (Neg x))                              always => x;
    neg_sub               I  (Neg (Sub x y))                            always => (Sub y x);
    not_not               IB (Not (Not x))                              always => x;
    not_cmp               B  (Not (Cmp[any] x y))                       {|m| m.t != Kind::F64 || matches!(m.cond, Cond::Eq | Cond::Ne)} => (Cmp[!t] x y);
    not_xor_const         I  (Not (Xor x c))                            always => (Xor x {|m| !m.c()});
    abs_abs               F  (Abs (Abs x))                              always => (Abs x);
    abs_neg               F  (Abs (Neg x))                              always => (Abs x);
    floor_floor           F  (Floor (Floor x))                          always => (Floor x);
    floor_ceil            F  (Floor (Ceil x))                           always => (Ceil x);
    floor_trunc           F  (Floor (Trunc x))                          always => (Trunc x);
    floor_integer         F  (Floor (Convert@t x))                      {|m| m.t.is_int()} => (Convert@t x);
    ceil_floor            F  (Ceil (Floor x))                           always => (Floor x);
    ceil_ceil             F  (Ceil (Ceil x))                            always => (Ceil x);
    ceil_trunc            F  (Ceil (Trunc x))                           always => (Trunc x);
    ceil_integer          F  (Ceil (Convert@t x))                       {|m| m.t.is_int()} => (Convert@t x);
    trunc_floor           F  (Trunc (Floor x))                          always => (Floor x);
    trunc_ceil            F  (Trunc (Ceil x))                           always => (Ceil x);
    trunc_trunc           F  (Trunc (Trunc x))                          always => (Trunc x);
    trunc_integer         F  (Trunc (Convert@t x))                      {|m| m.t.is_int()} => (Convert@t x);

    // Conversions.
    convert_same          IF (Convert@s x)                              {|m| m.s == m.kind} => x;
    convert_cut           I  (Convert@s (Convert@t x))                  {|m| m.s.is_int() && m.t.is_int() && m.kind.bits() <= m.s.bits() && m.kind.bits() <= m.t.bits()} => (Convert@t x);
    convert_extend        I  (Convert@s (Convert@t x))                  {|m| m.s.is_int() && m.t.is_int() && m.kind.bits() == 64 && m.t.bits() == 32
                                                                          && (m.s.bits() == 64 || m.s == m.t)} => (Convert@t x);
    convert_through_f64   I  (Convert@s (Convert@t x))                  {|m| m.s == Kind::F64 && m.t.is_int() && m.t.bits() == 32 && Match::within(m.t, m.kind)} => (Convert@t x);
    convert_extended_f64  F  (Convert@s (Convert@t x))                  {|m| m.s.is_int() && m.t.is_int() && Match::within(m.t, m.s)} => (Convert@t x);
    convert_add           I  (Convert@s (Add (Convert@t x) (Convert@t y))) {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Add x y);
    convert_sub           I  (Convert@s (Sub (Convert@t x) (Convert@t y))) {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Sub x y);
    convert_mul           I  (Convert@s (Mul (Convert@t x) (Convert@t y))) {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Mul x y);
    convert_and           I  (Convert@s (And (Convert@t x) (Convert@t y))) {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (And x y);
    convert_or            I  (Convert@s (Or (Convert@t x) (Convert@t y)))  {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Or x y);
    convert_xor           I  (Convert@s (Xor (Convert@t x) (Convert@t y))) {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Xor x y);
    convert_add_const     I  (Convert@s (Add (Convert@t x) c))          {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Add x {|m| m.c()});
    convert_mul_const     I  (Convert@s (Mul (Convert@t x) c))          {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (Mul x {|m| m.c()});
    convert_and_const     I  (Convert@s (And (Convert@t x) c))          {|m| m.s.is_int() && m.t == m.kind && m.kind.bits() == 32} => (And x {|m| m.c()});
    checked_convert_fits  I  (ConvertChecked@s x)                       {|m| Match::within(m.s, m.kind)} => (Convert@s x);
    checked_convert_back  I  (ConvertChecked@s (Convert@t x))           {|m| m.t.is_int() && Match::within(m.t, m.s)} => (ConvertChecked@t x);
    bitcast_same          ALL (Bitcast@s x)                             {|m| m.s == m.kind} => x;
    bitcast_bitcast       ALL (Bitcast@s (Bitcast@t x))                 {|m| Match::castable(m.t, m.kind)} => (Bitcast@t x);

    // Sums.
    add_zero              I  (Add x zero)                               always => x;
    add_negative_zero     F  (Add x negzero)                            always => x;
    add_const_const       I  (Add (Add x c) d)                          always => (Add x {|m| m.c().wrapping_add(m.d())});
    add_sub_const         I  (Add (Sub c x) d)                          always => (Sub {|m| m.c().wrapping_add(m.d())} x);
    add_neg               I  (Add x (Neg y))                            always => (Sub x y);
    add_sub               I  (Add (Sub x y) y)                          always => x;
    sub_zero              IF (Sub x zero)                               always => x;
    sub_same              I  (Sub x x)                                  always => zero;
    sub_const             I  (Sub x c)                                  always => (Add x {|m| m.c().wrapping_neg()});
    sub_from_zero         I  (Sub zero x)                               always => (Neg x);
    sub_neg               I  (Sub x (Neg y))                            always => (Add x y);
    sub_add_left          I  (Sub (Add x y) x)                          always => y;
    sub_add_right         I  (Sub x (Add x y))                          always => (Neg y);
    sub_sub_right         I  (Sub x (Sub x y))                          always => y;
    sub_sub_left          I  (Sub (Sub x y) x)                          always => (Neg y);
    sub_add_add           I  (Sub (Add x y) (Add x z))                  always => (Sub y z);
    sub_const_add         I  (Sub c (Add x d))                          always => (Sub {|m| m.c().wrapping_sub(m.d())} x);
    sub_const_sub         I  (Sub c (Sub d x))                          always => (Add x {|m| m.c().wrapping_sub(m.d())});

    // Products.
    mul_zero              I  (Mul x zero)                               always => zero;
    mul_one               IF (Mul x one)                                always => x;
    mul_minus_one         I  (Mul x ones)                               always => (Neg x);
    mul_power             I  (Mul x c)                                  {|m| m.power()} => (Shl x {|m| u64::from(m.c().trailing_zeros())});
    mul_const_const       I  (Mul (Mul x c) d)                          always => (Mul x {|m| m.c().wrapping_mul(m.d())});
    mul_neg_const         I  (Mul (Neg x) c)                            always => (Mul x {|m| m.c().wrapping_neg()});
    mul_shl_const         I  (Mul (Shl x c) d)                          always => (Mul x {|m| m.d() << m.cn()});
    mul_neg_neg           I  (Mul (Neg x) (Neg y))                      always => (Mul x y);
    mulhigh_zero          I  (MulHigh x zero)                           always => zero;
    mulhigh_one_unsigned  U  (MulHigh x one)                            always => zero;
    mulhigh_one           S  (MulHigh x one)                            always => (Shr x {|m| u64::from(m.kind.bits() - 1)});

    // Quotients. By zero they give 0, and the dividend.
    div_one               IF (Div x one)                                always => x;
    div_minus_one         S  (Div x ones)                               always => (Neg x);
    div_by_zero           I  (Div x zero)                               always => zero;
    div_of_zero           I  (Div zero x)                               always => zero;
    div_same              I  (Div x x)                                  {|m| m.aux & Op::NONZERO != 0} => one;
    div_power             U  (Div x c)                                  {|m| m.power()} => (Shr x {|m| u64::from(m.c().trailing_zeros())});
    div_div               I  (Div (Div x c) d)                          {|m| m.signed(m.c()) > 0 && m.signed(m.d()) > 0 && m.signed(m.c()).checked_mul(m.signed(m.d())).is_some_and(|both| m.fits(both))}
                                                                               => (Div[exact] x {|m| m.c().wrapping_mul(m.d())});
    div_power_f64         F  (Div x c)                                  {|m| m.c() << 12 == 0 && m.f().is_normal() && (1.0 / m.f()).is_normal() && m.f() != 1.0} => (Mul x {|m| (1.0 / m.f()).to_bits()});
    rem_one               I  (Rem x one)                                always => zero;
    rem_minus_one         S  (Rem x ones)                               always => zero;
    rem_by_zero           I  (Rem x zero)                               always => x;
    rem_of_zero           I  (Rem zero x)                               always => zero;
    rem_same              I  (Rem x x)                                  always => zero;
    rem_power             U  (Rem x c)                                  {|m| m.power()} => (And x {|m| m.c() - 1});

    // Bits.
    and_zero              IB (And x zero)                               always => zero;
    and_ones              IB (And x ones)                               always => x;
    and_same              IB (And x x)                                  always => x;
    and_not_same          IB (And x (Not x))                            always => zero;
    and_or                IB (And x (Or x y))                           always => x;
    and_and               IB (And x (And x y))                          always => (And x y);
    and_const_const       I  (And (And x c) d)                          always => (And x {|m| m.c() & m.d()});
    and_not_not           IB (And (Not x) (Not y))                      always => (Not (Or x y));
    and_shl_mask          I  (And (Shl x c) d)                          {|m| m.kind.canonical(u64::MAX << m.cn()) & !m.d() == 0} => (Shl x c);
    and_shr_mask          U  (And (Shr x c) d)                          {|m| m.ones() >> m.cn() & !m.d() == 0} => (Shr x c);
    and_extended          I  (And (Convert@t x) c)                      {|m| m.kind.bits() == 64 && m.t == Kind::U32 && m.c() as u32 == u32::MAX} => (Convert@t x);
    or_zero               IB (Or x zero)                                always => x;
    or_ones               IB (Or x ones)                                always => ones;
    or_same               IB (Or x x)                                   always => x;
    or_not_same           IB (Or x (Not x))                             always => ones;
    or_and                IB (Or x (And x y))                           always => x;
    or_or                 IB (Or x (Or x y))                            always => (Or x y);
    or_const_const        I  (Or (Or x c) d)                            always => (Or x {|m| m.c() | m.d()});
    or_not_not            IB (Or (Not x) (Not y))                       always => (Not (And x y));
    xor_zero              IB (Xor x zero)                               always => x;
    xor_ones              IB (Xor x ones)                               always => (Not x);
    xor_same              IB (Xor x x)                                  always => zero;
    xor_not_same          IB (Xor x (Not x))                            always => ones;
    xor_xor               IB (Xor x (Xor x y))                          always => y;
    xor_const_const       I  (Xor (Xor x c) d)                          always => (Xor x {|m| m.c() ^ m.d()});
    xor_not_const         I  (Xor (Not x) c)                            always => (Xor x {|m| !m.c()});
    xor_not_not           IB (Xor (Not x) (Not y))                      always => (Xor x y);

    // Shifts. Of the count the low bits count.
    shl_zero              I  (Shl x c)                                  {|m| m.cn() == 0} => x;
    shl_count             I  (Shl x c)                                  {|m| m.c() != u64::from(m.cn())} => (Shl x {|m| u64::from(m.cn())});
    shl_count_mask        I  (Shl x (And y c))                          {|m| m.cn() == m.kind.bits() - 1} => (Shl x y);
    shl_of_zero           I  (Shl zero x)                               always => zero;
    shl_shl               I  (Shl (Shl x c) d)                          {|m| m.cn() + m.dn() < m.kind.bits()} => (Shl x {|m| u64::from(m.cn() + m.dn())});
    shl_shl_all           I  (Shl (Shl x c) d)                          {|m| m.cn() + m.dn() >= m.kind.bits()} => zero;
    shl_shr               I  (Shl (Shr x c) d)                          {|m| m.cn() == m.dn()} => (And x {|m| u64::MAX << m.cn()});
    shr_zero              I  (Shr x c)                                  {|m| m.cn() == 0} => x;
    shr_count             I  (Shr x c)                                  {|m| m.c() != u64::from(m.cn())} => (Shr x {|m| u64::from(m.cn())});
    shr_count_mask        I  (Shr x (And y c))                          {|m| m.cn() == m.kind.bits() - 1} => (Shr x y);
    shr_of_zero           I  (Shr zero x)                               always => zero;
    shr_of_ones           S  (Shr ones x)                               always => ones;
    shr_shr               S  (Shr (Shr x c) d)                          always => (Shr x {|m| u64::from((m.cn() + m.dn()).min(m.kind.bits() - 1))});
    shr_shr_unsigned      U  (Shr (Shr x c) d)                          {|m| m.cn() + m.dn() < m.kind.bits()} => (Shr x {|m| u64::from(m.cn() + m.dn())});
    shr_shr_all           U  (Shr (Shr x c) d)                          {|m| m.cn() + m.dn() >= m.kind.bits()} => zero;
    shr_shl               U  (Shr (Shl x c) d)                          {|m| m.cn() == m.dn()} => (And x {|m| m.ones() >> m.cn()});

    // Least and greatest.
    min_same              I  (Min x x)                                  always => x;
    min_greatest          I  (Min x max)                                always => x;
    min_least             I  (Min x min)                                always => min;
    min_const_const       I  (Min (Min x c) d)                          always => (Min x {|m| if m.signed(m.c()) < m.signed(m.d()) { m.c() } else { m.d() }});
    min_max               I  (Min x (Max x y))                          always => x;
    min_min               I  (Min x (Min x y))                          always => (Min x y);
    max_same              I  (Max x x)                                  always => x;
    max_least             I  (Max x min)                                always => x;
    max_greatest          I  (Max x max)                                always => max;
    max_const_const       I  (Max (Max x c) d)                          always => (Max x {|m| if m.signed(m.c()) > m.signed(m.d()) { m.c() } else { m.d() }});
    max_min               I  (Max x (Min x y))                          always => x;
    max_max               I  (Max x (Max x y))                          always => (Max x y);

    // Comparisons.
    cmp_same_true         IBR (Cmp[Eq Le Ge BelowEq AboveEq] x x)       always => one;
    cmp_same_false        ALL (Cmp[Lt Gt Below Above] x x)              always => zero;
    cmp_same_ne           IBR (Cmp[Ne] x x)                             always => zero;
    cmp_bool_is           B  (Cmp[Eq] x one)                            always => x;
    cmp_bool_is_set       B  (Cmp[Ne] x zero)                           always => x;
    cmp_bool_not          B  (Cmp[Eq] x zero)                           always => (Not x);
    cmp_bool_not_set      B  (Cmp[Ne] x one)                            always => (Not x);
    lt_least              IB (Cmp[Lt] x min)                            always => zero;
    ge_least              IB (Cmp[Ge] x min)                            always => one;
    gt_greatest           IB (Cmp[Gt] x max)                            always => zero;
    le_greatest           IB (Cmp[Le] x max)                            always => one;
    le_least              I  (Cmp[Le] x min)                            always => (Cmp[Eq] x min);
    gt_least              I  (Cmp[Gt] x min)                            always => (Cmp[Ne] x min);
    ge_greatest           I  (Cmp[Ge] x max)                            always => (Cmp[Eq] x max);
    lt_greatest           I  (Cmp[Lt] x max)                            always => (Cmp[Ne] x max);
    below_zero            S  (Cmp[Below] x zero)                        always => zero;
    aboveeq_zero          S  (Cmp[AboveEq] x zero)                      always => one;
    above_ones            S  (Cmp[Above] x ones)                        always => zero;
    beloweq_ones          S  (Cmp[BelowEq] x ones)                      always => one;
    beloweq_zero          S  (Cmp[BelowEq] x zero)                      always => (Cmp[Eq] x zero);
    above_zero            S  (Cmp[Above] x zero)                        always => (Cmp[Ne] x zero);
    below_one             S  (Cmp[Below] x one)                         always => (Cmp[Eq] x zero);
    aboveeq_one           S  (Cmp[AboveEq] x one)                       always => (Cmp[Ne] x zero);
    lt_one_unsigned       U  (Cmp[Lt] x one)                            always => (Cmp[Eq] x zero);
    ge_one_unsigned       U  (Cmp[Ge] x one)                            always => (Cmp[Ne] x zero);
    eq_add_const          I  (Cmp[Eq Ne] (Add x c) d)                   always => (Cmp[=] x {|m| m.d().wrapping_sub(m.c())});
    eq_add_same           I  (Cmp[Eq Ne] (Add x y) x)                   always => (Cmp[=] y zero);
    eq_add_add            I  (Cmp[Eq Ne] (Add x y) (Add x z))           always => (Cmp[=] y z);
    eq_sub_zero           I  (Cmp[Eq Ne] (Sub x y) zero)                always => (Cmp[=] x y);
    eq_sub_const          I  (Cmp[Eq Ne] (Sub c x) d)                   always => (Cmp[=] x {|m| m.c().wrapping_sub(m.d())});
    eq_xor_zero           IB (Cmp[Eq Ne] (Xor x y) zero)                always => (Cmp[=] x y);
    eq_xor_const          I  (Cmp[Eq Ne] (Xor x c) d)                   always => (Cmp[=] x {|m| m.c() ^ m.d()});
    eq_neg_const          I  (Cmp[Eq Ne] (Neg x) c)                     always => (Cmp[=] x {|m| m.c().wrapping_neg()});
    eq_neg_neg            I  (Cmp[Eq Ne] (Neg x) (Neg y))               always => (Cmp[=] x y);
    cmp_not_const         I  (Cmp[any] (Not x) c)                       always => (Cmp[swapped] x {|m| !m.c()});
    cmp_not_not           I  (Cmp[any] (Not x) (Not y))                 always => (Cmp[swapped] x y);
    cmp_neg_f64           F  (Cmp[Eq Ne Lt Le Gt Ge] (Neg x) (Neg y))   always => (Cmp[swapped] x y);
    cmp_neg_const_f64     F  (Cmp[Eq Ne Lt Le Gt Ge] (Neg x) c)         always => (Cmp[swapped] x {|m| m.c() ^ 1 << 63});
    cmp_checked_sub       I  (Cmp[Eq Ne Lt Le Gt Ge] (SubChecked x y) zero) always => (Cmp[=] x y);
    cmp_checked_add       I  (Cmp[Eq Ne Lt Le Gt Ge] (AddChecked x c) d) {|m| m.fits(m.signed(m.d()) - m.signed(m.c()))}
                                                                               => (Cmp[=] x {|m| m.d().wrapping_sub(m.c())});
    cmp_extended          IF (Cmp[any] (Convert@t x) (Convert@t y))     {|m| m.extended()} => (Cmp[narrow t] x y);
    cmp_extended_const    IF (Cmp[any] (Convert@t x) c)                 {|m| m.extended() && m.narrow().is_some()} => (Cmp[narrow t] x {|m| m.narrow().unwrap_or(0)});
    cmp_extended_outside  IF (Cmp[any] (Convert@t x) c)                 {|m| m.extended() && m.outside().is_some()} => {|m| u64::from(m.outside() == Some(true))};
    cmp_select_either     ALL (Cmp[any] (Select x c d) e)               {|m| m.choice().0 == m.choice().1} => {|m| u64::from(m.choice().0)};
    cmp_select            ALL (Cmp[any] (Select x c d) e)               {|m| m.choice() == (true, false)} => x;
    cmp_select_not        ALL (Cmp[any] (Select x c d) e)               {|m| m.choice() == (false, true)} => (Not bool x);

    // Choices.
    select_same           AV (Select x y y)                             always => y;
    select_true           AV (Select one x y)                           always => x;
    select_false          AV (Select zero x y)                          always => y;
    select_not            AV (Select (Not x) y z)                       always => (Select x z y);
    select_is             B  (Select x one zero)                        always => x;
    select_is_not         B  (Select x zero one)                        always => (Not x);
    select_and            B  (Select x y zero)                          always => (And x y);
    select_or             B  (Select x one y)                           always => (Or x y);
    select_and_not        B  (Select x zero y)                          always => (And (Not x) y);
    select_or_not         B  (Select x y one)                           always => (Or (Not x) y);
    select_itself_true    B  (Select x x y)                             always => (Or x y);
    select_itself_false   B  (Select x y x)                             always => (And x y);
    select_inner_true     AV (Select x (Select x y z) c)                always => (Select x y c);
    select_inner_false    AV (Select x c (Select x y z))                always => (Select x c z);
    select_eq             IBR (Select (Cmp[Eq] x y) x y)                always => y;
    select_ne             IBR (Select (Cmp[Ne] x y) x y)                always => x;
    select_min            I  (Select (Cmp[Lt Le] x y) x y)              always => (Min x y);
    select_max            I  (Select (Cmp[Gt Ge] x y) x y)              always => (Max x y);

    // Checked arithmetic that cannot leave, or always does, or leaves as a simpler one.
    neg_checked_twice     S  (NegChecked (NegChecked x))                always => x;
    add_checked_zero      I  (AddChecked x zero)                        always => x;
    add_checked_sub       I  (AddChecked (SubChecked x y) y)            always => x;
    sub_checked_zero      I  (SubChecked x zero)                        always => x;
    sub_checked_same      I  (SubChecked x x)                           always => zero;
    sub_checked_const     S  (SubChecked x c)                           {|m| m.c() != Literal::Min.bits(m.kind)} => (AddChecked x {|m| m.c().wrapping_neg()});
    sub_checked_of_zero   S  (SubChecked zero x)                        always => (NegChecked x);
    sub_checked_add       I  (SubChecked (AddChecked x y) x)            always => y;
    mul_checked_zero      I  (MulChecked x zero)                        always => zero;
    mul_checked_one       I  (MulChecked x one)                         always => x;
    mul_checked_minus_one S  (MulChecked x ones)                        always => (NegChecked x);
    mul_checked_two       I  (MulChecked x c)                           {|m| m.c() == 2} => (AddChecked x x);
    div_checked_one       I  (DivChecked x one)                         always => x;
    div_checked_zero      I  (DivChecked x zero)                        always => leaves;
    div_checked_minus_one S  (DivChecked x ones)                        always => (NegChecked x);
    div_checked_const     I  (DivChecked x c)                           {|m| m.c() > 1 && !(m.kind.is_signed() && m.c() == m.ones())} => (Div[exact] x c);
    rem_checked_one       I  (RemChecked x one)                         always => zero;
    rem_checked_zero      I  (RemChecked x zero)                        always => leaves;
    rem_checked_minus_one S  (RemChecked x ones)                        always => zero;
    rem_checked_const     I  (RemChecked x c)                           {|m| m.c() > 1 && !(m.kind.is_signed() && m.c() == m.ones())} => (Rem[exact] x c);
}
