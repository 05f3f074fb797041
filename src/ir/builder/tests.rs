//! Functions made with the builder: what comes out, as text.

use super::super::verify::verify;
use super::super::{Alias, Cond, Convention, Effects, Function, Kind, Lane, Layout, Mem, Module, Op, Reason};
use super::super::{Signature, StateSlot, Type, Value, print_function};
use super::{Address, Builder};

/// Builds a function, which the verifier has to accept, and gives its text.
#[track_caller]
fn built(params: &[Kind], result: Kind, build: impl FnOnce(&mut Builder<'_>)) -> String {
    let mut module = Module::new();
    let mut function = Function::new("f", Signature::new(params, result, Convention::System));
    let mut b = Builder::new(&mut function, &mut module);
    build(&mut b);
    b.finish();
    let text = print_function(&function, &module);
    verify(&function, &module).unwrap_or_else(|error| panic!("{error}\n{text}"));
    text
}

#[track_caller]
fn expect(text: &str, lines: &[&str]) {
    let actual: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(actual, lines, "\n{text}");
}

#[test]
fn a_variable_in_one_block_is_its_last_value() {
    let text = built(&[Kind::I32], Kind::I32, |b| {
        let var = b.declare_var(Kind::I32);
        let x = b.param(0);
        b.def_var(var, x);
        let (old, one) = (b.use_var(var), b.i32(1));
        let new = b.add(old, one);
        b.def_var(var, new);
        let new = b.use_var(var);
        b.ret(Some(new));
    });
    expect(&text, &["fn f(v0: i32) -> i32 {", "b0:", "v1 = add.i32 v0, 1", "return.i32 v1", "}"]);
}

/// `if p { x = 1 } else { x = y }; return x`
#[test]
fn two_definitions_meet_in_a_parameter() {
    let text = built(&[Kind::Bool, Kind::I32], Kind::I32, |b| {
        let var = b.declare_var(Kind::I32);
        let (yes, no, end) = (b.new_block(), b.new_block(), b.new_block());
        let (p, y) = (b.param(0), b.param(1));
        b.br(p, (yes, &[]), (no, &[]));
        b.switch_to(yes);
        let one = b.i32(1);
        b.def_var(var, one);
        b.jump(end, &[]);
        b.switch_to(no);
        b.def_var(var, y);
        b.jump(end, &[]);
        b.switch_to(end);
        let x = b.use_var(var);
        b.ret(Some(x));
    });
    expect(
        &text,
        &[
            "fn f(v0: bool, v1: i32) -> i32 {",
            "b0:",
            "br v0, b1, b2",
            "b1:",
            "jump b3(1)",
            "b2:",
            "jump b3(v1)",
            "b3(v2: i32):",
            "return.i32 v2",
            "}",
        ],
    );
}

/// In two loops, one in the other, only the variable that changes gets parameters.
#[test]
fn what_does_not_change_in_loops_needs_no_parameter() {
    let text = built(&[Kind::I32, Kind::I32], Kind::I32, |b| {
        let (fixed, count) = (b.declare_var(Kind::I32), b.declare_var(Kind::I32));
        let (x, y) = (b.param(0), b.param(1));
        b.def_var(fixed, x);
        b.def_var(count, y);
        let (outer, inner, latch, end) = (b.new_block(), b.new_block(), b.new_block(), b.new_block());
        b.jump(outer, &[]);
        b.switch_to(outer);
        b.jump(inner, &[]);
        b.switch_to(inner);
        let (c, f) = (b.use_var(count), b.use_var(fixed));
        let less = b.sub(c, f);
        b.def_var(count, less);
        b.br_cmp(Cond::Gt, less, f, (inner, &[]), (latch, &[]));
        b.seal_block(inner);
        b.switch_to(latch);
        let (c, f) = (b.use_var(count), b.use_var(fixed));
        b.br_cmp(Cond::Lt, c, f, (outer, &[]), (end, &[]));
        b.switch_to(end);
        let (c, f) = (b.use_var(count), b.use_var(fixed));
        let sum = b.add(c, f);
        b.ret(Some(sum));
    });
    expect(
        &text,
        &[
            "fn f(v0: i32, v1: i32) -> i32 {",
            "b0:",
            "jump b1(v1)",
            "b1(v2: i32):",
            "jump b2(v2)",
            "b2(v3: i32):",
            "v4 = sub.i32 v3, v0",
            "br.gt.i32 v4, v0, b2(v4), b3",
            "b3:",
            "br.lt.i32 v4, v0, b1(v4), b4",
            "b4:",
            "v5 = add.i32 v4, v0",
            "return.i32 v5",
            "}",
        ],
    );
}

/// `while p { (x, y) = (y, x) }`: arguments of an edge move at once.
#[test]
fn variables_that_change_places() {
    let text = built(&[Kind::Bool, Kind::I32, Kind::I32], Kind::I32, |b| {
        let (x, y) = (b.declare_var(Kind::I32), b.declare_var(Kind::I32));
        let (p, first, second) = (b.param(0), b.param(1), b.param(2));
        b.def_var(x, first);
        b.def_var(y, second);
        let (header, body, end) = (b.new_block(), b.new_block(), b.new_block());
        b.jump(header, &[]);
        b.switch_to(header);
        b.br(p, (body, &[]), (end, &[]));
        b.switch_to(body);
        let (old_x, old_y) = (b.use_var(x), b.use_var(y));
        b.def_var(x, old_y);
        b.def_var(y, old_x);
        b.jump(header, &[]);
        b.switch_to(end);
        let x = b.use_var(x);
        b.ret(Some(x));
    });
    assert!(text.contains("b1(v3: i32, v4: i32):") && text.contains("jump b1(v4, v3)"), "{text}");
}

/// A cycle with two entries, in which one variable changes and one does not.
#[test]
fn irreducible_flow() {
    let text = built(&[Kind::Bool, Kind::I32], Kind::I32, |b| {
        let (changes, stays) = (b.declare_var(Kind::I32), b.declare_var(Kind::I32));
        let (p, x) = (b.param(0), b.param(1));
        b.def_var(changes, x);
        b.def_var(stays, x);
        let (left, right, end) = (b.new_block(), b.new_block(), b.new_block());
        b.br(p, (left, &[]), (right, &[]));
        b.switch_to(left);
        let (a, s) = (b.use_var(changes), b.use_var(stays));
        let a = b.add(a, s);
        b.def_var(changes, a);
        b.br_cmp(Cond::Lt, a, s, (right, &[]), (end, &[]));
        b.switch_to(right);
        let (a, s) = (b.use_var(changes), b.use_var(stays));
        let a = b.mul(a, s);
        b.def_var(changes, a);
        b.jump(left, &[]);
        b.switch_to(end);
        let a = b.use_var(changes);
        b.ret(Some(a));
    });
    // The parameters for the one that stays refer to each other and to v1; which is more than looking at one of them shows.
    assert!(text.contains("b1(v2: i32, ") && text.contains("b2(v"), "{text}");
    assert!(text.contains("return.i32 v"), "{text}");
}

#[test]
fn a_variable_that_is_undefined_on_a_way_is_zero_there() {
    for (kind, zero) in [(Kind::I64, "0"), (Kind::F64, "0.0"), (Kind::Bool, "false"), (Kind::Ref, "null")] {
        let text = built(&[Kind::Bool, kind], kind, |b| {
            let var = b.declare_var(kind);
            let (yes, end) = (b.new_block(), b.new_block());
            let (p, x) = (b.param(0), b.param(1));
            b.br(p, (yes, &[]), (end, &[]));
            b.switch_to(yes);
            b.def_var(var, x);
            b.jump(end, &[]);
            b.switch_to(end);
            let x = b.use_var(var);
            b.ret(Some(x));
        });
        assert!(text.contains(&format!("br v0, b1, b2({zero})")), "{text}");
    }
}

#[test]
fn a_vector_that_is_undefined_is_made_in_the_entry() {
    let text = built(&[Kind::Bool], Kind::F64, |b| {
        let var = b.declare_var(Kind::V128);
        let (yes, end) = (b.new_block(), b.new_block());
        let p = b.param(0);
        b.br(p, (yes, &[]), (end, &[]));
        b.switch_to(yes);
        let half = b.f64(0.5);
        let halves = b.v_splat(Lane::F64, Kind::V128, half);
        b.def_var(var, halves);
        b.jump(end, &[]);
        b.switch_to(end);
        let vector = b.use_var(var);
        let sum = b.v_unary(Op::VSum, Lane::F64, vector);
        b.ret(Some(sum));
    });
    assert!(text.contains("b0:\n    v1 = v.splat.u32.v128 0\n    br v0, b1, b2(v1)"), "{text}");
}

/// Blocks that nothing leads to, one alone and two in a circle: nothing is looked for forever.
#[test]
fn blocks_that_are_not_reached() {
    let text = built(&[Kind::I32], Kind::I32, |b| {
        let var = b.declare_var(Kind::I32);
        let x = b.param(0);
        b.def_var(var, x);
        b.ret(Some(x));
        let (alone, one, two, itself) = (b.new_block(), b.new_block(), b.new_block(), b.new_block());
        b.switch_to(alone);
        b.seal_block(alone);
        let x = b.use_var(var);
        b.ret(Some(x));
        b.switch_to(one);
        b.jump(two, &[]);
        b.switch_to(two);
        b.jump(one, &[]);
        b.seal_block(one);
        b.seal_block(two);
        b.use_var(var);
        // Two edges, both from the block itself.
        b.switch_to(itself);
        let (x, zero) = (b.use_var(var), b.i32(0));
        b.br_cmp(Cond::Eq, x, zero, (itself, &[]), (itself, &[]));
    });
    assert!(text.contains("b1:\n    return.i32 0"), "{text}");
    assert!(text.contains("b4:\n    br.eq.i32 0, 0, b4, b4"), "{text}");
}

#[test]
fn parameters_of_variables_come_behind_the_others() {
    let text = built(&[Kind::I32, Kind::Bool], Kind::I32, |b| {
        let var = b.declare_var(Kind::I32);
        let (x, p) = (b.param(0), b.param(1));
        b.def_var(var, x);
        let (header, end) = (b.new_block(), b.new_block());
        b.jump(header, &[x]);
        b.switch_to(header);
        let v = b.use_var(var);
        // This one is made after the variable's.
        let own = b.add_param(header, Kind::I32);
        let sum = b.add(v, own);
        b.def_var(var, sum);
        b.br(p, (header, &[own]), (end, &[]));
        b.switch_to(end);
        let v = b.use_var(var);
        b.ret(Some(v));
    });
    assert!(text.contains("jump b1(v0, v0)"), "{text}");
    assert!(
        text.contains("b1(v2: i32, v3: i32):\n    v4 = add.i32 v3, v2\n    br v1, b1(v2, v4), b2"),
        "{text}"
    );
}

/// A narrower reference is not replaced by a wider one.
#[test]
fn a_parameter_of_a_layout_stays_if_its_value_has_none() {
    let mut module = Module::new();
    let layout = module.layout(Layout { references: 0, scalars: 0, header: 1, cursor_offset: 0 });
    let narrow = Type::reference(layout);
    let signature = Signature { params: vec![narrow], result: narrow, convention: Convention::System };
    let mut function = Function::new("f", signature);
    let mut b = Builder::new(&mut function, &mut module);
    let var = b.declare_var(narrow);
    let x = b.param(0);
    b.def_var(var, x);
    let next = b.new_block();
    b.jump(next, &[]);
    b.switch_to(next);
    let x = b.use_var(var);
    b.ret(Some(x));
    b.finish();
    verify(&function, &module).unwrap();
    let text = print_function(&function, &module);
    assert!(text.contains("b1:\n    return.ref v0"), "{text}");
}

/// A hundred thousand blocks in a row, and as many with two ways each: no recursion, and no time that grows faster.
#[test]
fn long_functions() {
    let text = built(&[Kind::Bool, Kind::I32], Kind::I32, |b| {
        let var = b.declare_var(Kind::I32);
        let (p, x) = (b.param(0), b.param(1));
        b.def_var(var, x);
        for _ in 0..100_000 {
            let next = b.new_block();
            b.jump(next, &[]);
            b.switch_to(next);
            b.seal_block(next);
        }
        for _ in 0..100_000 {
            let next = b.new_block();
            b.br(p, (next, &[]), (next, &[]));
            b.switch_to(next);
            b.seal_block(next);
        }
        let x = b.use_var(var);
        b.ret(Some(x));
    });
    assert!(text.ends_with("return.i32 v1\n}\n"));
}

/// As many loops in a row, sealed late, with many variables that stay.
#[test]
fn many_variables_in_many_loops() {
    let text = built(&[Kind::Bool, Kind::I32], Kind::I32, |b| {
        let (p, x) = (b.param(0), b.param(1));
        let vars: Vec<_> = (0..50).map(|_| b.declare_var(Kind::I32)).collect();
        vars.iter().for_each(|&var| b.def_var(var, x));
        for _ in 0..1000 {
            let (header, next) = (b.new_block(), b.new_block());
            b.jump(header, &[]);
            b.switch_to(header);
            b.br(p, (header, &[]), (next, &[]));
            b.switch_to(next);
        }
        let mut sum = x;
        for &var in &vars {
            let value = b.use_var(var);
            sum = b.add(sum, value);
        }
        b.ret(Some(sum));
    });
    assert!(!text.contains("jump b1(v"), "a parameter is left");
}

#[test]
fn every_method() {
    let mut module = Module::new();
    module.symbols.push("limit".into());
    let layout = module.layout(Layout { references: 1, scalars: 1, header: 1, cursor_offset: 0 });
    let typed = Signature {
        params: vec![Kind::I32.into()],
        result: Type::reference(layout),
        convention: Convention::Orus,
    };
    let callee = module.declare("callee", typed.clone(), Effects::ANY);
    let sig = module.sig(typed);
    let params = [Kind::I32, Kind::F64, Kind::Ref, Kind::I64, Kind::V128, Kind::Bool];
    let mut function = Function::new("f", Signature::new(&params, Kind::Ref, Convention::Orus));
    let mut b = Builder::new(&mut function, &mut module);
    let (i, f, r, a) = (b.param(0), b.param(1), b.param(2), b.param(3));
    let (v, p) = (b.param(4), b.param(5));
    let null = StateSlot::Value(b.null());
    let object = b.removed_object(layout, &[null, StateSlot::Value(i)]);
    let outer = b.frame_state(None, 1, 2, &[StateSlot::Removed(object), StateSlot::Dead]);
    let state = b.frame_state(Some(outer), 3, 4, &[StateSlot::Value(r)]);
    let out = b.way_out(Reason::Overflow, state);
    b.set_position(7);
    for unary in [Builder::neg, Builder::abs, Builder::sqrt, Builder::floor, Builder::ceil, Builder::trunc] {
        unary(&mut b, f);
    }
    b.not(i);
    b.set_position(0);
    for binary in [
        Builder::add,
        Builder::sub,
        Builder::mul,
        Builder::div,
        Builder::rem,
        Builder::mul_high,
        Builder::and,
        Builder::or,
        Builder::xor,
        Builder::shl,
        Builder::shr,
        Builder::min,
        Builder::max,
    ] {
        binary(&mut b, i, i);
    }
    for checked in [
        Builder::add_checked,
        Builder::sub_checked,
        Builder::mul_checked,
        Builder::div_checked,
        Builder::rem_checked,
    ] {
        checked(&mut b, i, i, out);
    }
    b.divide(Op::Rem, i, i, Op::NONZERO);
    b.neg_checked(i, out);
    let wide = b.convert(i, Kind::I64);
    assert_eq!(b.convert(wide, Kind::I64), wide);
    b.bitcast(f, Kind::U64);
    b.convert_checked(wide, Kind::U32, out);
    let c = b.cmp(Cond::Lt, i, i);
    b.select(c, r, r);
    b.guard(c, out);
    b.guard_cmp(Cond::Eq, r, r, out);
    b.load(Mem::U8, Address::at(r, -8), Alias::LENGTH);
    let loaded = b.load(Mem::Ref, Address::indexed(r, i, 8, 16), Alias::array(Mem::Ref));
    b.set_type(loaded, Type::reference(layout));
    b.store(Mem::I64, Address::at(a, 0), wide, Alias::RAW);
    b.new_object(layout, out);
    b.context();
    b.address(super::super::Symbol(0));
    b.poll(out);
    let result = b.call(callee, &[i], Some(state)).unwrap();
    assert_eq!(b.function.ty(result), Type::reference(layout));
    b.call_indirect(sig, a, &[i], None);
    let unsigned = b.u32(5);
    b.v_splat(Lane::U8, Kind::V128, unsigned);
    b.v_unary(Op::VSqrt, Lane::F64, v);
    b.v_binary(Op::VAdd, Lane::I32, v, v);
    b.v_select(Lane::U8, v, v, v);
    b.v_extract(Lane::I64, v, 1);
    let blocks: Vec<_> = (0..9).map(|_| b.new_block()).collect();
    let taken = b.add_param(blocks[1], Kind::I32);
    let object = b.add_param(blocks[2], Type::reference(layout));
    b.set_cold(blocks[8]);
    b.br(p, (blocks[0], &[]), (blocks[8], &[]));
    b.switch_to(blocks[0]);
    assert!(!b.is_filled());
    b.add_or(i, i, (blocks[1], &[Builder::RESULT]), (blocks[8], &[]));
    assert!(b.is_filled());
    b.switch_to(blocks[1]);
    b.invoke(callee, &[taken], (blocks[2], &[Builder::RESULT]), (blocks[8], &[]));
    b.switch_to(blocks[2]);
    b.invoke_indirect(sig, a, &[taken], (blocks[3], &[]), (blocks[8], &[]));
    b.switch_to(blocks[3]);
    b.sub_or(i, i, (blocks[4], &[]), (blocks[8], &[]));
    b.switch_to(blocks[4]);
    let last = b.mul_or(i, i, (blocks[5], &[]), (blocks[8], &[]));
    b.switch_to(blocks[5]);
    let big = b.u64(u64::MAX);
    b.switch(big, &[(blocks[6], &[]), (blocks[7], &[])], (blocks[8], &[]));
    b.switch_to(blocks[6]);
    b.br_cmp(Cond::Ge, last, i, (blocks[7], &[]), (blocks[8], &[]));
    b.switch_to(blocks[7]);
    b.ret(Some(object));
    b.switch_to(blocks[8]);
    assert_eq!(b.current(), blocks[8]);
    b.exit(out);
    let never = b.new_block();
    b.switch_to(never);
    b.unreachable();
    b.finish();
    verify(&function, &module)
        .unwrap_or_else(|error| panic!("{error}\n{}", print_function(&function, &module)));
    let text = print_function(&function, &module);
    for line in [
        "fs1 = 3@4 [v2] in fs0",
        "= neg.f64 v1 !7",
        "= rem.i32 v0, v0 nonzero",
        "= convert.checked.i64.u32",
        ": ref.t1 = load.ref v2[v0*8 + 16] @array.ref",
        "= call callee(v0), fs1",
        "= call.indirect (i32) -> ref.t1 orus v3(v0)",
        "= v.extract.i64.v128 v4, 1",
        "switch.u64 18446744073709551615, [b7, b8], b9",
        "b9 cold:",
    ] {
        assert!(text.contains(line), "`{line}` is missing\n{text}");
    }
    // The results of these are passed on their first edges.
    let sum = text.lines().find(|line| line.contains("= add.or.i32")).unwrap().trim();
    let name = sum.split(' ').next().unwrap();
    assert!(sum.ends_with(&format!("-> b2({name}), else b9")), "{sum}");
}

/// Random flow with random definitions and uses: the value of a variable is what an interpreter of the definitions says it is.
/// Each definition is a constant, so that it can be told from the constants that come out.
#[test]
fn random_flow() {
    let mut random = 0x2545_f491_4f6c_dd1du64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % bound
    };
    let mut checked = 0;
    for _ in 0..300 {
        let mut module = Module::new();
        let mut function = Function::new("f", Signature::new(&[Kind::Bool], Kind::None, Convention::System));
        let mut b = Builder::new(&mut function, &mut module);
        let vars: Vec<_> = (0..3).map(|_| b.declare_var(Kind::I32)).collect();
        let count = 2 + below(8);
        let blocks: Vec<_> = std::iter::once(b.current()).chain((1..count).map(|_| b.new_block())).collect();
        // Each use is a store of the value to an address that tells which use it is.
        let base = b.i64(0);
        let mut uses = 0;
        let mut defs = 0;
        // What happens in each block: (variable, definition or use), and where it leads.
        let mut script: Vec<Vec<(usize, Option<i32>, i32)>> = Vec::new();
        let mut edges: Vec<Vec<usize>> = Vec::new();
        for &block in &blocks {
            b.switch_to(block);
            let mut actions = Vec::new();
            for _ in 0..below(5) {
                let var = below(3);
                if below(2) == 0 {
                    defs += 1;
                    let value = b.i32(defs);
                    b.def_var(vars[var], value);
                    actions.push((var, Some(defs), 0));
                } else {
                    uses += 1;
                    let value = b.use_var(vars[var]);
                    b.store(Mem::I32, Address::at(base, uses), value, Alias::RAW);
                    actions.push((var, None, uses));
                }
            }
            let targets: Vec<usize> = (0..below(3)).map(|_| 1 + below(count - 1)).collect();
            let p = b.param(0);
            match targets[..] {
                [] => b.ret(None),
                [to] => b.jump(blocks[to], &[]),
                [to, other] => b.br(p, (blocks[to], &[]), (blocks[other], &[])),
                _ => unreachable!(),
            }
            script.push(actions);
            edges.push(targets);
        }
        b.finish();
        verify(&function, &module)
            .unwrap_or_else(|error| panic!("{error}\n{}", print_function(&function, &module)));
        // A walk at random, of both at once.
        for _ in 0..5 {
            let mut state = [0i32; 3];
            let mut values = std::collections::HashMap::<Value, i32>::new();
            let read = |function: &Function, values: &std::collections::HashMap<Value, i32>, value: Value| {
                function.as_const(value).map_or_else(|| values[&value], |bits| bits as i32)
            };
            let mut at = 0;
            for _ in 0..20 {
                let stores = function.insts(blocks[at]).filter(|&inst| function.inst(inst).op == Op::Store);
                let mut stores = stores.collect::<Vec<_>>().into_iter();
                for &(var, define, number) in &script[at] {
                    match define {
                        Some(value) => state[var] = value,
                        None => {
                            let data = function.inst(stores.next().unwrap());
                            assert_eq!(data.offset(), number);
                            assert_eq!(read(&function, &values, Value(data.d)), state[var]);
                            checked += 1;
                        }
                    }
                }
                if edges[at].is_empty() {
                    break;
                }
                let way = below(edges[at].len());
                let edge = function.edge(function.block_edges(blocks[at]).start + way as u32);
                at = edges[at][way];
                let args: Vec<i32> =
                    function.list_values(edge.args).map(|value| read(&function, &values, value)).collect();
                values.extend(function.params(blocks[at]).iter().copied().zip(args));
            }
        }
    }
    assert!(checked > 3000, "{checked}");
}

#[test]
#[should_panic(expected = "BU1")]
fn an_edge_to_a_sealed_block() {
    built(&[], Kind::None, |b| {
        let block = b.new_block();
        b.seal_block(block);
        b.jump(block, &[]);
    });
}

#[test]
#[should_panic(expected = "a variable keeps its kind")]
fn a_definition_of_another_kind() {
    built(&[Kind::I64], Kind::None, |b| {
        let var = b.declare_var(Kind::I32);
        let x = b.param(0);
        b.def_var(var, x);
    });
}
