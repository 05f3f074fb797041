//! Tests of the generator by itself: what it makes passes its own check, and shrinks to something that passes.

use crate::ast::*;
use crate::generate::attempt_of;
use crate::types::Ty;
use crate::{Config, check, generate, minimise, shrink};

#[test]
fn nearly_all_attempts_pass_the_check() {
    let config = Config::default();
    let failed: Vec<String> = (0..400)
        .filter_map(|seed| {
            check::check(&attempt_of(seed, 0, &config)).err().map(|error| format!("{seed}: {error}"))
        })
        .collect();
    assert!(failed.len() <= 1, "{failed:?}");
}

#[test]
fn a_seed_always_gives_the_same_program() {
    for seed in 0..20 {
        let config = Config::default();
        assert_eq!(generate(seed, &config).source(), generate(seed, &config).source());
    }
    assert_ne!(generate(1, &Config::default()).source(), generate(2, &Config::default()).source());
}

#[test]
fn costs_are_bounded() {
    let config = Config { min_cost: 20_000, max_cost: 40_000, ..Config::default() };
    for seed in 0..60 {
        let cost = check::check(&generate(seed, &config)).map(|summary| summary.cost);
        assert!(matches!(cost, Ok(500..=400_000)), "seed {seed}: {cost:?}");
    }
}

#[test]
fn what_shrinks_is_smaller_and_passes() {
    let config = Config { min_cost: 10_000, max_cost: 20_000, ..Config::default() };
    for seed in 0..2 {
        let program = generate(seed, &config);
        let mut seen = 0;
        for smaller in shrink(&program).step_by(101).take(12) {
            assert!(check::check(&smaller).is_ok());
            assert!(smaller.size() < program.size());
            seen += 1;
        }
        assert!(seen >= 5, "seed {seed} has only {seen} smaller programs");
    }
}

#[test]
fn a_failure_is_minimised() {
    let config = Config { min_cost: 10_000, max_cost: 20_000, ..Config::default() };
    // "Fails" if it takes a square root.
    let fails = |source: &str| source.contains("sqrt(");
    let seed = (0..).find(|seed| fails(&generate(*seed, &config).source())).unwrap_or(0);
    let small = minimise(generate(seed, &config), fails);
    assert!(fails(&small.source()));
    assert!(small.source().lines().count() <= 6, "{}", small.source());
}

/// A program of these statements.
fn program(stmts: Vec<Stmt>) -> Program {
    Program { types: Types::default(), items: stmts.into_iter().map(Item::Stmt).collect() }
}

fn assign(name: Name, value: Expr) -> Stmt {
    Stmt::Assign { place: Expr::var(name, value.ty.clone()), op: None, value: value.into() }
}

fn bind(name: Name, binding: Binding, value: Expr) -> Stmt {
    Stmt::Let(Let { name, binding, annotated: true, value: value.into() })
}

const X: Name = Name { stem: "x", id: 0 };
const Y: Name = Name { stem: "y", id: 0 };

fn error(stmts: Vec<Stmt>) -> String {
    check::check(&program(stmts)).map_or_else(|error| error, |_| String::new())
}

#[test]
fn the_check_knows_the_rules_of_assignment() {
    let one = || Expr::int(Ty::I32, 1);
    assert_eq!(error(vec![bind(X, Binding::Mut, one()), assign(X, one())]), "");
    assert_ne!(error(vec![bind(X, Binding::Bare, one()), assign(X, one())]), "");
    assert_ne!(error(vec![assign(X, one())]), "");
    let inner = vec![bind(X, Binding::Bare, one()), assign(X, one())];
    let range = Over::Range {
        start: Expr::int(Ty::I32, 0),
        end: Expr::int(Ty::I32, 3),
        inclusive: false,
        step: None,
    };
    let looped = Stmt::For(Box::new(For { label: None, var: Y, second: None, over: range, body: inner }));
    assert_eq!(error(vec![looped]), "");
}

#[test]
fn the_check_knows_what_branches_introduce() {
    let branch = |value: Expr| vec![bind(X, Binding::Bare, value)];
    let both = |a: Expr, b: Expr| Stmt::If {
        branches: vec![(Expr::bool(true), branch(a))],
        otherwise: Some(branch(b)),
    };
    let print = || Stmt::Print { template: None, args: vec![Expr::var(X, Ty::I32)] };
    let one = || Expr::int(Ty::I32, 1);
    assert_eq!(error(vec![both(one(), one()), print()]), "");
    assert_ne!(error(vec![both(one(), Expr::bool(true)), print()]), "");
    let declared = vec![bind(X, Binding::Mut, one())];
    let inside = Stmt::If { branches: vec![(Expr::bool(true), declared)], otherwise: None };
    assert_ne!(error(vec![inside, print()]), "");
}

#[test]
fn the_check_wants_the_type_of_a_function_that_only_raises() {
    let function = |annotated: bool, body: Block| Function {
        name: X,
        order: 0,
        owner: None,
        is_method: false,
        generics: Vec::new(),
        params: Vec::new(),
        ret: Ty::I32,
        recursion: None,
        body,
        result: None,
        implicit: false,
        annotated,
    };
    let raise = || Stmt::Raise(Expr::str("no"));
    let maybe = |stmt: Stmt| Stmt::If { branches: vec![(Expr::bool(true), vec![stmt])], otherwise: None };
    let early = || maybe(Stmt::Return(Some(Expr::int(Ty::I32, 1).into())));
    let error = |annotated, body| {
        let items = vec![Item::Fn(function(annotated, body))];
        check::check(&Program { types: Types::default(), items })
            .map_or_else(|error| error, |_| String::new())
    };
    assert_eq!(error(true, vec![raise()]), "");
    assert_eq!(error(false, vec![early(), raise()]), "");
    assert_eq!(error(false, vec![raise()]), "nothing says what is returned");
    let nested = Stmt::Fn(Box::new(Function { name: Y, ..function(true, vec![early(), raise()]) }));
    assert_eq!(error(false, vec![nested, raise()]), "nothing says what is returned");
}

#[test]
fn the_length_of_a_variable_keeps_it_from_being_assigned() {
    let array = |n: usize| Expr::new(Ty::array(Ty::I32), Op::Array, vec![Expr::int(Ty::I32, 1); n]);
    let sized = |n: usize| Stmt::If {
        branches: vec![(Expr::bool(true), vec![bind(X, Binding::Sized(2), array(n))])],
        otherwise: None,
    };
    assert_eq!(error(vec![sized(2)]), "");
    assert_ne!(error(vec![sized(3)]), "");
    let body = vec![bind(X, Binding::Sized(2), array(2)), assign(X, array(0))];
    let range = Over::Range {
        start: Expr::int(Ty::I32, 0),
        end: Expr::int(Ty::I32, 3),
        inclusive: false,
        step: None,
    };
    let looped = Stmt::For(Box::new(For { label: None, var: Y, second: None, over: range, body }));
    assert_ne!(error(vec![looped]), "");
}

#[test]
fn the_check_bounds_what_runs_and_what_grows() {
    let range = |end: i128| Over::Range {
        start: Expr::int(Ty::I32, 0),
        end: Expr::int(Ty::I32, end),
        inclusive: false,
        step: None,
    };
    let looped = |end: i128, body: Block| {
        Stmt::For(Box::new(For { label: None, var: Y, second: None, over: range(end), body }))
    };
    assert_eq!(error(vec![looped(1_000, Vec::new())]), "");
    assert_ne!(error(vec![looped(1_000_000, Vec::new())]), "");
    assert_ne!(error(vec![looped(10_000, vec![looped(10_000, Vec::new())])]), "");
    // A string that doubles has no bound; one that grows while it is short has.
    let text = || Expr::var(X, Ty::Str);
    let doubled = assign(X, Expr::bin(BinOp::Add, text(), text()));
    assert_ne!(error(vec![bind(X, Binding::Mut, Expr::str("a")), looped(40, vec![doubled])]), "");
    let grown = Stmt::Grow { target: text(), limit: 50, growth: Growth::Append(Expr::str("ab")) };
    assert_eq!(error(vec![bind(X, Binding::Mut, Expr::str("a")), looped(40, vec![grown])]), "");
}

#[test]
fn literals_get_suffixes_where_nothing_asks_for_their_type() {
    let sum = Expr::bin(BinOp::Add, Expr::int(Ty::I64, 1), Expr::int(Ty::I64, 2));
    let print = |e: Expr| program(vec![Stmt::Print { template: None, args: vec![e] }]).source();
    assert_eq!(print(sum.clone()), "print(1i64 + 2i64)\n");
    assert_eq!(print(Expr::int(Ty::I64, 3_000_000_000)), "print(3000000000)\n");
    assert_eq!(print(Expr::new(Ty::I32, Op::Neg, vec![Expr::int(Ty::I32, 5)])), "print(-(5))\n");
    let bound = |binding| program(vec![bind(X, binding, sum.clone())]).source();
    assert_eq!(bound(Binding::Plain), "x: i64 = 1 + 2\n");
    assert_eq!(bound(Binding::Bare), "x = 1i64 + 2i64\n");
}
