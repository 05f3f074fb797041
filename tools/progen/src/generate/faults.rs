//! Each runtime error that needs nothing from outside, provoked on purpose.
//!
//! The operand that makes an operation fail is *veiled*: it comes from a variable, or from arithmetic on one, so that the
//! operation and its failure are left to run time.

use super::Generator;
use crate::ast::*;
use crate::check::scope::Kind;
use crate::types::{INTS, Ty};

/// What can be provoked. Shared messages have several entries, one for each way to them.
#[derive(Clone, Copy)]
#[rustfmt::skip]
enum Fault {
    Division, Overflow, Negation, Quotient, Absolute, ArrayIndex, ArrayStore, Insert, Remove, StrIndex, ArraySlice, StrSlice,
    Key, KeyRemove, KeyUpdate, MapChanged, Pop, Fill, Sized, SizedArg, ArrayRepeat, StrRepeat, Separator, Float, NotFloat, IntText, IntDecimal,
    IntFraction, IntRange, IntTextRange, IntInfinite, ToI64, ToI64Range, ToU64, ToU64Range, FloatText, FloatRange, Step,
    RangeStep, RangeArgument, Shift, CodePoint, Ord, NoValue, Assert, Raise, RaiseAgain, Unwound,
}

#[rustfmt::skip]
const FAULTS: &[Fault] = {
    use Fault::*;
    &[
        Division, Division, Overflow, Overflow, Negation, Quotient, Absolute, ArrayIndex, ArrayIndex, ArrayStore, Insert, Remove, StrIndex,
        ArraySlice, ArraySlice, StrSlice, StrSlice, Key, KeyRemove, KeyUpdate, MapChanged, Pop, Fill, Sized, SizedArg, ArrayRepeat, StrRepeat, Separator, Float,
        Float, NotFloat, IntText, IntDecimal, IntFraction, IntRange, IntTextRange, IntInfinite, ToI64, ToI64Range, ToU64, ToU64Range,
        FloatText, FloatRange, Step, RangeStep, RangeArgument, Shift, CodePoint, Ord, NoValue, NoValue, Assert, Raise, RaiseAgain, Unwound,
    ]
};

impl Generator<'_> {
    /// A value that an optimiser has to look for.
    fn veiled(&mut self, block: &mut Block, e: Expr) -> Expr {
        let ty = e.ty.clone();
        match self.rng.below(4) {
            0 => e,
            1 if ty.is_int() => match self.var(|var| var.ty == ty) {
                Some(var) => {
                    let zero = Expr::bin(BinOp::BitAnd, Expr::var(var.name, ty.clone()), Expr::int(ty, 0));
                    Expr::bin(BinOp::BitOr, zero, e)
                }
                None => e,
            },
            _ => {
                let name = self.fresh_for(&ty);
                self.declare(name, ty.clone(), Kind::Mut);
                let binding = Let { name, binding: Binding::Mut, annotated: true, value: e.into() };
                block.push(Stmt::Let(binding));
                Expr::var(name, ty)
            }
        }
    }

    fn veiled_int(&mut self, block: &mut Block, ty: &Ty, value: i128) -> Expr {
        self.veiled(block, Expr::int(ty.clone(), value))
    }

    fn veiled_float(&mut self, block: &mut Block, value: f64) -> Expr {
        self.veiled(block, Expr::float(value))
    }

    /// An array in a variable, which may be new.
    fn some_array(&mut self, block: &mut Block) -> Expr {
        if self.rng.chance(50)
            && let Some(var) = self.var(|var| matches!(var.ty, Ty::Array(_)) && !var.ty.has_param())
        {
            return Expr::var(var.name, var.ty);
        }
        let elem = self.rng.pick(&[Ty::I32, Ty::I64, Ty::U32, Ty::F64, Ty::Bool, Ty::Str]).clone();
        let elems = (0..3).map(|_| self.literal(&elem, true)).collect();
        let e = Expr::new(Ty::array(elem), Op::Array, elems);
        self.bound(block, e)
    }

    /// A new variable that holds the value.
    fn bound(&mut self, block: &mut Block, e: Expr) -> Expr {
        let (name, ty) = (self.fresh_for(&e.ty), e.ty.clone());
        self.declare(name, ty.clone(), Kind::Plain);
        block.push(Stmt::Let(Let { name, binding: Binding::Plain, annotated: true, value: e.into() }));
        Expr::var(name, ty)
    }

    fn some_map(&mut self, block: &mut Block) -> Expr {
        if self.rng.chance(50)
            && let Some(var) = self.var(|var| matches!(var.ty, Ty::Map(_)))
        {
            return Expr::var(var.name, var.ty);
        }
        let key = self.rng.pick(&[Ty::I32, Ty::U64, Ty::Str, Ty::Bool]).clone();
        let value = self.rng.pick(&[Ty::I32, Ty::Str, Ty::F64]).clone();
        let entry = vec![self.literal(&key, true), self.literal(&value, true)];
        let e = Expr::new(Ty::map(key, value), Op::Map, entry);
        self.bound(block, e)
    }

    /// A key that no map has, most likely.
    fn absent(&mut self, ty: &Ty) -> Expr {
        match ty {
            Ty::Str => Expr::str("nowhere"),
            ty if ty.is_int() => Expr::int(ty.clone(), 77_777),
            ty => self.literal(ty, true),
        }
    }

    /// Statements that raise an error, most likely.
    pub(super) fn fault(&mut self, block: &mut Block) {
        let fault = *self.rng.pick(FAULTS);
        let int = self.rng.pick(&INTS).clone();
        let signed = self.rng.pick(&[Ty::I32, Ty::I64]).clone();
        let (low, high) = signed.limits();
        let bad = *self.rng.pick(&[-1, -5, 1_000, 40]);
        let outcome: Expr = match fault {
            Fault::Division => {
                let (a, zero) = (self.expr(&int, 1, true), self.veiled_int(block, &int, 0));
                Expr::bin(*self.rng.pick(&[BinOp::Div, BinOp::Rem]), a, zero)
            }
            Fault::Overflow => {
                let (op, a, b) = *self.rng.pick(&[
                    (BinOp::Add, high, 1),
                    (BinOp::Add, low, -1),
                    (BinOp::Sub, low, 1),
                    (BinOp::Sub, -2, high),
                    (BinOp::Mul, high, 2),
                    (BinOp::Mul, low, -1),
                    (BinOp::Mul, high / 3, 5),
                ]);
                let (a, b) = (self.veiled_int(block, &signed, a), self.veiled_int(block, &signed, b));
                Expr::bin(op, a, b)
            }
            Fault::Negation => {
                let a = self.veiled_int(block, &signed, low);
                let a = if a.size() == 1 && a.as_int().is_some() { self.bound(block, a) } else { a };
                Expr::new(signed, Op::Neg, vec![a])
            }
            Fault::Quotient => {
                let (a, b) = (self.veiled_int(block, &signed, low), self.veiled_int(block, &signed, -1));
                Expr::bin(BinOp::Div, a, b)
            }
            Fault::Absolute => {
                let a = self.veiled_int(block, &signed, low);
                Expr::builtin(signed, Builtin::Abs, vec![a])
            }
            Fault::ArrayIndex => {
                let array = self.some_array(block);
                let elem = element(&array.ty);
                let ty = if bad < 0 { Ty::I32 } else { int };
                let i = self.veiled_int(block, &ty, bad);
                Expr::new(elem, Op::Index, vec![array, i])
            }
            Fault::ArrayStore => {
                let array = self.some_array(block);
                let elem = element(&array.ty);
                let i = self.veiled_int(block, &Ty::I64, bad);
                let value = self.kept_leaf(&elem, true);
                let place = Expr::new(elem, Op::Index, vec![array, i]);
                block.push(Stmt::Assign { place, op: None, value: value.into() });
                return;
            }
            Fault::Insert => {
                let target = self.some_array(block);
                let elem = element(&target.ty);
                let at = self.veiled_int(block, &Ty::I32, bad);
                let value = self.kept_leaf(&elem, true);
                block.push(Stmt::Grow { target, limit: 31, growth: Growth::Insert(at, value) });
                return;
            }
            Fault::Remove => {
                let array = self.some_array(block);
                let elem = element(&array.ty);
                let at = self.veiled_int(block, &Ty::I32, bad);
                Expr::builtin(elem, Builtin::Remove, vec![array, at])
            }
            Fault::StrIndex => {
                let text = self.leaf(&Ty::Str, false);
                let i = self.veiled_int(block, &Ty::I32, if bad < 0 { bad } else { 1_000 });
                Expr::new(Ty::Str, Op::Index, vec![text, i])
            }
            Fault::ArraySlice | Fault::StrSlice => {
                let base = if matches!(fault, Fault::ArraySlice) {
                    self.some_array(block)
                } else {
                    Expr::str("héllo")
                };
                let base = if base.ty == Ty::Str { self.bound(block, base) } else { base };
                let (start, end) =
                    *self.rng.pick(&[(-1, 1), (999, 1_000), (0, -1), (0, 999), (1, 0), (1, 0), (0, 500)]);
                let inclusive = self.rng.chance(20) && end > 0;
                let (low, high) =
                    (self.veiled_int(block, &Ty::I32, start), self.veiled_int(block, &Ty::I64, end));
                Expr::new(
                    base.ty.clone(),
                    Op::Slice { start: true, end: true, inclusive },
                    vec![base, low, high],
                )
            }
            Fault::Key | Fault::KeyRemove => {
                let map = self.some_map(block);
                let Ty::Map(entry) = map.ty.clone() else { return };
                let key = self.absent(&entry.0);
                let key = self.veiled(block, key);
                if matches!(fault, Fault::Key) {
                    Expr::new(entry.1.clone(), Op::Index, vec![map, key])
                } else {
                    Expr::builtin(entry.1.clone(), Builtin::MapRemove, vec![map, key])
                }
            }
            Fault::KeyUpdate => {
                let map = self.some_map(block);
                let Ty::Map(entry) = map.ty.clone() else { return };
                if !entry.1.is_num() {
                    return;
                }
                let key = self.absent(&entry.0);
                let place = Expr::new(entry.1.clone(), Op::Index, vec![map, key]);
                let one = if entry.1 == Ty::F64 { Expr::float(1.0) } else { Expr::int(entry.1.clone(), 1) };
                block.push(Stmt::Assign { place, op: Some(BinOp::Add), value: one.into() });
                return;
            }
            Fault::MapChanged => {
                let target = self.some_map(block);
                let Ty::Map(entry) = target.ty.clone() else { return };
                let var = self.fresh_for(&entry.0);
                let (key, value) = (self.absent(&entry.0), self.kept_leaf(&entry.1, true));
                let change = if self.rng.chance(60) {
                    Stmt::Grow { target: target.clone(), limit: 30, growth: Growth::Put(key, value) }
                } else {
                    let args = vec![target.clone(), Expr::var(var, entry.0.clone())];
                    Stmt::Expr(Expr::builtin(entry.1.clone(), Builtin::MapRemove, args))
                };
                let over = Over::Each(target);
                let body = vec![change];
                block.push(Stmt::For(Box::new(For { label: None, var, second: None, over, body })));
                return;
            }
            Fault::Pop => {
                let ty = self.rng.pick(&[Ty::I32, Ty::U32, Ty::F64, Ty::Bool, Ty::Str]).clone();
                let array = Expr::new(Ty::array(ty.clone()), Op::Array, Vec::new());
                let array = self.bound(block, array);
                Expr::builtin(ty, Builtin::Pop, vec![array])
            }
            Fault::Fill => {
                let ty = self.rng.pick(&self.pool).clone();
                let (value, count) = (self.kept_leaf(&ty, false), self.veiled_int(block, &Ty::I32, -3));
                // The bound of a count in a variable is not known; what it may make is cut.
                let count = Expr::builtin(Ty::I32, Builtin::Min, vec![count, Expr::int(Ty::I32, 4)]);
                Expr::new(Ty::array(ty), Op::Fill, vec![value, count])
            }
            Fault::Sized => {
                let array = self.some_array(block);
                let (name, ty) = (self.fresh_for(&array.ty), array.ty.clone());
                let value: Value = self.bound(block, array).into();
                self.declare(name, ty, Kind::Fixed);
                block.push(Stmt::Let(Let { name, binding: Binding::Sized(29), annotated: true, value }));
                return;
            }
            Fault::SizedArg => {
                // A value of the right length passes.
                let elem = self.rng.pick(&[Ty::I32, Ty::F64, Ty::Str]).clone();
                let elems: Vec<Expr> = (0..3).map(|_| self.literal(&elem, true)).collect();
                let name = self.fresh("fixed");
                let value: Value = Expr::new(Ty::array(elem.clone()), Op::Array, elems).into();
                self.declare(name, Ty::array(elem.clone()), Kind::Fixed);
                block.push(Stmt::Let(Let { name, binding: Binding::Sized(3), annotated: true, value }));
                let i = self.veiled_int(block, &Ty::I32, 3);
                Expr::new(elem.clone(), Op::Index, vec![Expr::var(name, Ty::array(elem)), i])
            }
            Fault::ArrayRepeat => {
                let array = self.some_array(block);
                let count = self.veiled_int(block, &signed, -1);
                let count = Expr::builtin(signed.clone(), Builtin::Min, vec![count, Expr::int(signed, 2)]);
                Expr::new(array.ty.clone(), Op::Repeat, vec![array, count])
            }
            Fault::StrRepeat => {
                let text = self.leaf(&Ty::Str, false);
                let count = self.veiled_int(block, &signed, -1);
                let count = Expr::builtin(signed.clone(), Builtin::Min, vec![count, Expr::int(signed, 2)]);
                Expr::builtin(Ty::Str, Builtin::Repeat, vec![text, count])
            }
            Fault::Separator => {
                let (text, separator) = (self.leaf(&Ty::Str, false), self.veiled(block, Expr::str("")));
                Expr::builtin(Ty::array(Ty::Str), Builtin::Split, vec![text, separator])
            }
            Fault::Float => {
                let value = match int {
                    Ty::I32 => *self.rng.pick(&[2147483648.0, -2147483649.0, 1e300]),
                    Ty::I64 => *self.rng.pick(&[9223372036854775808.0, -1e19]),
                    Ty::U32 => *self.rng.pick(&[4294967296.0, -1.0]),
                    _ => *self.rng.pick(&[18446744073709551616.0, -1.5]),
                };
                let e = self.veiled_float(block, value);
                Expr::new(int, Op::Cast, vec![e])
            }
            Fault::NotFloat => {
                let (zero, none) = (self.veiled_float(block, 0.0), self.veiled_float(block, 0.0));
                let e = Expr::bin(BinOp::Div, zero, none);
                Expr::new(int, Op::Cast, vec![e])
            }
            Fault::IntText | Fault::IntDecimal | Fault::IntTextRange => {
                let texts: &[&str] = match fault {
                    Fault::IntText => &["12x", "", "0x10", "1_000", "é"],
                    Fault::IntDecimal => &["1.5", "2e3", "inf", " 3.0 "],
                    _ => &["2147483648", "-99999999999", " 99999999999999999999999 "],
                };
                let text = Expr::str(*self.rng.pick(texts));
                let text = self.veiled(block, text);
                Expr::builtin(Ty::I32, Builtin::Int, vec![text])
            }
            Fault::IntFraction => {
                let value = *self.rng.pick(&[2.5, -0.125, 1e-9]);
                let e = self.veiled_float(block, value);
                Expr::builtin(Ty::I32, Builtin::Int, vec![e])
            }
            Fault::IntRange => {
                let (ty, value) = self
                    .rng
                    .pick(&[
                        (Ty::I64, 2_147_483_648),
                        (Ty::I64, -2_147_483_649),
                        (Ty::U32, 4_000_000_000),
                        (Ty::U64, 18_446_744_073_709_551_615),
                    ])
                    .clone();
                let e = if self.rng.chance(25) {
                    self.veiled_float(block, 3e9)
                } else {
                    self.veiled_int(block, &ty, value)
                };
                Expr::builtin(Ty::I32, Builtin::Int, vec![e])
            }
            Fault::IntInfinite => {
                let (one, zero) = (self.veiled_float(block, 1.0), self.veiled_float(block, 0.0));
                Expr::builtin(Ty::I32, Builtin::Int, vec![Expr::bin(BinOp::Div, one, zero)])
            }
            Fault::ToI64 | Fault::ToI64Range | Fault::ToU64 | Fault::ToU64Range => {
                let (ty, builtin, texts): (_, _, &[&str]) = match fault {
                    Fault::ToI64 => (Ty::I64, Builtin::ToI64, &["x", "1.5", "- 1"]),
                    Fault::ToI64Range => {
                        (Ty::I64, Builtin::ToI64, &["9223372036854775808", "-9223372036854775809"])
                    }
                    Fault::ToU64 => (Ty::U64, Builtin::ToU64, &["", "1e3", "++1"]),
                    _ => (Ty::U64, Builtin::ToU64, &["18446744073709551616", "-1"]),
                };
                let text = Expr::str(*self.rng.pick(texts));
                let text = self.veiled(block, text);
                Expr::builtin(ty, builtin, vec![text])
            }
            Fault::FloatText | Fault::FloatRange => {
                let texts: &[&str] = if matches!(fault, Fault::FloatText) {
                    &["abc", "1.5.2", "", "+inf", "."]
                } else {
                    &["1e999", "-1e400"]
                };
                let text = Expr::str(*self.rng.pick(texts));
                let text = self.veiled(block, text);
                Expr::builtin(Ty::F64, Builtin::Float, vec![text])
            }
            Fault::Step => {
                let step = self.veiled_int(block, &int, 0);
                let var = self.fresh("i");
                let (start, end) = (Expr::int(int.clone(), 0), Expr::int(int, 5));
                let over = Over::Range { start, end, inclusive: self.rng.chance(50), step: Some(step) };
                block.push(Stmt::For(Box::new(For {
                    label: None,
                    var,
                    second: None,
                    over,
                    body: vec![Stmt::Pass],
                })));
                return;
            }
            Fault::RangeStep | Fault::RangeArgument => {
                let (ty, step) = if matches!(fault, Fault::RangeStep) {
                    (int, 0)
                } else {
                    (Ty::U64, *self.rng.pick(&[9_223_372_036_854_775_808, 18_446_744_073_709_551_615]))
                };
                let step = self.veiled_int(block, &ty, step);
                let args = vec![Expr::int(Ty::I32, 0), Expr::int(Ty::I32, 5), step];
                let name = self.fresh("span");
                let value: Value = Expr::builtin(Ty::Range, Builtin::Range, args).into();
                if self.scope.in_branch() {
                    return;
                }
                self.declare(name, Ty::Range, Kind::Plain);
                self.costs.lengths.insert(name, 6);
                block.push(Stmt::Let(Let { name, binding: Binding::Bare, annotated: false, value }));
                return;
            }
            Fault::Shift => {
                let a = self.expr(&int, 1, true);
                let wide = i128::from(int.bits());
                let ty = self.rng.pick(&[Ty::I32, Ty::I64]).clone();
                let count = *self.rng.pick(&[-1, wide, wide + 1, 1_000]);
                let count = self.veiled_int(block, &ty, count);
                Expr::bin(*self.rng.pick(&[BinOp::Shl, BinOp::Shr]), a, count)
            }
            Fault::CodePoint => {
                let n = *self.rng.pick(&[-1, 0xD800, 0xDFFF, 0x11_0000]);
                let n = self.veiled_int(block, &Ty::I32, n);
                Expr::builtin(Ty::Str, Builtin::Chr, vec![n])
            }
            Fault::Ord => {
                let text = Expr::str(*self.rng.pick(&["", "ab", "éé", "e\u{301}"]));
                let text = self.veiled(block, text);
                Expr::builtin(Ty::I32, Builtin::Ord, vec![text])
            }
            Fault::NoValue => {
                if self.in_generic() || self.scope.in_branch() {
                    return;
                }
                let ty = self.rng.pick(&self.pool).clone();
                let name = self.fresh_for(&ty);
                let condition = self.veiled(block, Expr::bool(false));
                let value = self.kept_leaf(&ty, false);
                let binding = Let { name, binding: Binding::Bare, annotated: false, value: value.into() };
                let branches = vec![(condition, vec![Stmt::Let(binding)])];
                block.push(Stmt::If { branches, otherwise: None });
                self.declare(name, ty.clone(), Kind::Plain);
                self.unset.insert(name);
                Expr::var(name, ty)
            }
            Fault::Assert => {
                let ty = if self.rng.chance(60) {
                    int
                } else {
                    self.rng.pick(&[Ty::Str, Ty::Bool, Ty::F64]).clone()
                };
                let (a, b) = (self.leaf(&ty, false), self.leaf(&ty, false));
                let label = self.kept(&Ty::Str, 1, true);
                Expr::builtin(Ty::Bool, Builtin::AssertEq, vec![label, a, b])
            }
            Fault::Raise => {
                let message = self.kept(&Ty::Str, 1, true);
                block.push(Stmt::Raise(message));
                return;
            }
            Fault::RaiseAgain => {
                let name = self.fresh("err");
                let zero = self.veiled_int(block, &Ty::I32, 0);
                let e = Expr::bin(BinOp::Div, Expr::int(Ty::I32, 1), zero);
                let handler = vec![Stmt::Raise(Expr::var(name, Ty::Error))];
                block.push(Stmt::Try { body: vec![Stmt::Discard(e)], name: Some(name), handler });
                return;
            }
            Fault::Unwound => {
                // From within a function value, if there is one that fails.
                let f = Ty::function(vec![Ty::I32], Ty::I32);
                let n = self.fresh("n");
                let head =
                    Lambda { params: vec![Param { name: n, ty: Ty::I32 }], ret: Ty::I32, annotated: true };
                let body = Expr::bin(BinOp::Div, Expr::int(Ty::I32, 7), Expr::var(n, Ty::I32));
                let e = Expr::new(f.clone(), Op::Lambda(head), vec![body]);
                if self.frames.last().is_some_and(|frame| frame.limit < 1) {
                    return;
                }
                let callee = self.bound(block, e);
                let zero = self.veiled_int(block, &Ty::I32, 0);
                let frame = self.frame();
                frame.level = frame.level.max(1);
                Expr::new(Ty::I32, Op::CallValue, vec![callee, zero])
            }
        };
        let printed = self.rng.chance(30) && self.types.weight(&outcome.ty) <= 300;
        block.push(if printed {
            Stmt::Print { template: None, args: vec![outcome] }
        } else {
            Stmt::Discard(outcome)
        });
    }
}

fn element(ty: &Ty) -> Ty {
    if let Ty::Array(elem) = ty { (**elem).clone() } else { Ty::Str }
}
