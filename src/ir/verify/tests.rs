//! Rules that no text can break, or not by itself, and how long it takes.

use super::super::builder::Builder;
use super::super::function::{InstData, NONE};
use super::super::{
    Alias, FrameState, Guard, List, Removed, Signature, StateSlot, Symbol, Type, TypeId, Value,
};
use super::super::{Block, Cond, Convention, Effects, Function, Inst, Kind, Layout, Mem, Module, Op, Reason};
use super::super::{parse_module, verify};

/// A function of an i32 with two blocks: `v1 = add.i32 v0, 1`, `jump b1(v1)`; `b1(v3)`: `return.i32 v3`.
fn function() -> (Function, Module) {
    let text = "symbol limit\nfn f(v0: i32) -> i32 {\nb0:\nv1 = add.i32 v0, 1\njump b1(v1)\nb1(v2: i32):\nreturn.i32 v2\n}\n";
    let parsed = parse_module(text).unwrap();
    (parsed.functions.into_iter().next().unwrap().1, parsed.module)
}

/// The rule that is broken after a change.
#[track_caller]
fn broken(rule: u8, part: &str, change: impl FnOnce(&mut Function, &mut Module)) {
    let (mut function, mut module) = function();
    assert_eq!(verify(&function, &module), Ok(()));
    change(&mut function, &mut module);
    let error = verify(&function, &module).expect_err("a rule is broken");
    assert_eq!(error.rule, rule, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

const ENTRY: Block = Block(0);

fn first(function: &Function) -> Inst {
    function.first_inst(ENTRY).unwrap()
}

#[test]
fn v1_order() {
    broken(1, "no block", |f, _| f.order.clear());
    broken(1, "twice", |f, _| f.order.push(Block(1)));
    broken(1, "no such block", |f, _| f.order.push(Block(7)));
}

#[test]
fn v2_parameters_of_the_entry() {
    broken(2, "not those of the signature", |f, _| f.sig.params[0] = Kind::U32.into());
    broken(2, "not those of the signature", |f, _| f.sig.params.clear());
    broken(9, "1 argument, of 2", |f, _| {
        f.add_param(Block(1), Kind::I32);
    });
}

#[test]
fn v4_kinds_that_no_text_has() {
    broken(4, "does not exist for none", |f, _| f.inst_mut(first(f)).kind = Kind::None);
}

#[test]
fn v5_parts_that_no_text_has() {
    let append = |data: InstData| {
        move |f: &mut Function, _: &mut Module| {
            f.insert_before(first(f), data);
        }
    };
    let x = Value(0);
    broken(
        5,
        "no such condition",
        append(InstData { aux: 10, ..InstData::binary(Op::Cmp, Kind::I32, x, x) }),
    );
    broken(5, "no such lanes", append(InstData { aux: 6, ..InstData::binary(Op::VAdd, Kind::V128, x, x) }));
    broken(5, "conversion", append(InstData { aux: 77, ..InstData::unary(Op::Convert, Kind::I64, x) }));
    broken(5, "bit cast", append(InstData { aux: 77, ..InstData::unary(Op::Bitcast, Kind::U32, x) }));
    broken(5, "in memory", append(InstData { aux: 15, ..InstData::unary(Op::Load, Kind::I32, x) }));
    let aux = InstData::access(Mem::F64, 0, Alias::RAW);
    broken(5, "in memory", append(InstData { aux, ..InstData::unary(Op::Load, Kind::I32, x) }));
}

#[test]
fn v6_operands() {
    broken(6, "missing", |f, _| f.inst_mut(first(f)).b = NONE);
    broken(6, "There is no v99", |f, _| f.inst_mut(first(f)).b = 99);
    broken(6, "v1 was replaced by v0", |f, _| {
        f.remove(first(f));
        f.replace(Value(1), Value(0));
    });
    broken(6, "v1 was removed", |f, _| f.remove(first(f)));
    broken(6, "v2 was removed, or its block", |f, _| {
        let edges = f.add_edges(&[]);
        f.retain_blocks(|block| block == ENTRY);
        let last = f.last_inst(ENTRY).unwrap();
        *f.inst_mut(last) = InstData { d: edges, ..InstData::unary(Op::Return, Kind::I32, Value(2)) };
    });
    for (ty, bits) in
        [(Kind::Ref.into(), 5), (Type::from(Kind::V128), 0), (Kind::V256.into(), 0), (Kind::None.into(), 0)]
    {
        broken(6, "a constant", |f, _| {
            let constant = f.constant(ty, bits);
            f.inst_mut(first(f)).b = constant.0;
        });
    }
    broken(6, "list of values does not exist", |f, _| {
        let edge = f.edge(0);
        f.set_edge(0, super::super::Edge { args: List { start: 4000, len: 1 }, ..edge });
    });
    broken(6, "There is no v99", |f, _| {
        let edge = f.edge(0);
        f.set_list_value(edge.args, 0, Value(99));
    });
}

#[test]
fn v8_results() {
    broken(8, "should have a result", |f, _| {
        let poll = f.insert_before(first(f), InstData::new(Op::Unreachable, Kind::None));
        *f.inst_mut(poll) = InstData::new(Op::Context, Kind::I64);
    });
    broken(8, "gives nothing", |f, _| {
        *f.inst_mut(first(f)) = InstData::unary(Op::Guard, Kind::Bool, Value(0)).with(f)
    });
    broken(8, "should be bool, but v1 is i32", |f, _| {
        let data = InstData::binary(Op::Cmp, Kind::I32, Value(0), Value(0));
        *f.inst_mut(first(f)) = InstData { aux: Cond::Eq as u16, ..data };
    });
    broken(8, "was replaced, but", |f, _| f.replace(Value(1), Value(0)));
    broken(8, "something else", |f, _| f.block_mut(Block(1)).params[0] = Value(1));
    broken(8, "something else", |f, _| f.block_mut(Block(1)).params.push(Value(2)));
    broken(8, "has no kind", |f, _| f.set_type(Value(2), Kind::None.into()));
    broken(8, "does not exist", |f, _| f.set_type(Value(2), Type::reference(TypeId(9))));
    broken(8, "does not exist", |f, _| f.set_type(Value(2), Type { kind: Kind::I32, id: TypeId(1) }));
}

trait WithGuard {
    fn with(self, function: &mut Function) -> InstData;
}

impl WithGuard for InstData {
    /// With a guard and a true condition.
    fn with(self, function: &mut Function) -> InstData {
        let state = function.add_state(FrameState::NONE, 0, 0, &[]);
        let guard = function.add_guard(Reason::Other, state);
        let yes = function.bool(true);
        InstData { a: yes.0, b: guard.0, ..self }
    }
}

#[test]
fn v9_edges() {
    let last = |f: &Function| f.last_inst(ENTRY).unwrap();
    broken(9, "edges do not exist", |f, _| f.inst_mut(last(f)).d = NONE);
    broken(9, "edges do not exist", |f, _| f.inst_mut(last(f)).d = 1);
    broken(9, "no edge", |f, _| {
        *f.inst_mut(last(f)) = InstData { b: 0, d: 0, ..InstData::unary(Op::Switch, Kind::I32, Value(0)) };
    });
    broken(9, "b1, which is not in the order", |f, _| f.retain_blocks(|block| block == ENTRY));
    broken(9, "b77, which is not in the order", |f, _| {
        let edge = f.edge(0);
        f.set_edge(0, super::super::Edge { to: Block(77), ..edge });
    });
}

#[test]
fn v10_calls() {
    let call = |op: Op, kind: Kind, change: fn(&mut InstData)| {
        move |f: &mut Function, m: &mut Module| {
            m.declare("g", Signature::new(&[Kind::I32], Kind::I64, Convention::Orus), Effects::ANY);
            let list = f.list(&[Value(0)]);
            let address = f.i64(0);
            let mut data = InstData { b: list.start, c: list.len, ..InstData::new(op, kind) };
            (data.a, data.aux) = if op == Op::Call { (0, 0) } else { (address.0, 0) };
            // The function that is built has the first signature.
            data.aux = if op == Op::Call { 0 } else { 1 };
            data.a = if op == Op::Call { m.funcs.len() as u32 - 1 } else { data.a };
            change(&mut data);
            f.insert_before(first(f), data);
        }
    };
    broken(10, "no such function", call(Op::Call, Kind::I64, |data| data.a = 9));
    broken(10, "no such signature", call(Op::CallIndirect, Kind::I64, |data| data.aux = 9));
    broken(10, "The result is i64, not i32", call(Op::Call, Kind::I32, |_| {}));
    broken(10, "The result is i64, not none", call(Op::CallIndirect, Kind::None, |_| {}));
    broken(6, "list of values", call(Op::Call, Kind::I64, |data| data.b = 4000));
    broken(12, "does not exist", call(Op::Call, Kind::I64, |data| data.d = 9));
}

#[test]
fn v12_v13_tables() {
    let exit = |f: &mut Function, guard: Guard| {
        let last = f.last_inst(Block(1)).unwrap();
        *f.inst_mut(last) = InstData { a: guard.0, ..InstData::new(Op::Exit, Kind::None) };
    };
    broken(12, "guard does not exist", |f, _| exit(f, Guard(3)));
    broken(12, "guard does not exist", |f, _| exit(f, Guard::NONE));
    broken(12, "frame state does not exist", |f, _| {
        let guard = f.add_guard(Reason::Other, FrameState(4));
        exit(f, guard);
    });
    broken(12, "There is no fs8 around", |f, _| {
        let state = f.add_state(FrameState(8), 0, 0, &[]);
        let guard = f.add_guard(Reason::Other, state);
        exit(f, guard);
    });
    broken(12, "There is no o5", |f, _| {
        let state = f.add_state(FrameState::NONE, 0, 0, &[StateSlot::Removed(Removed(5))]);
        let guard = f.add_guard(Reason::Other, state);
        exit(f, guard);
    });
    broken(13, "layout that does not exist", |f, _| {
        let object = f.add_removed(TypeId(6), &[]);
        let state = f.add_state(FrameState::NONE, 0, 0, &[StateSlot::Removed(object)]);
        let guard = f.add_guard(Reason::Other, state);
        exit(f, guard);
    });
}

#[test]
fn v16_places_outside() {
    broken(16, "no such symbol", |f, _| {
        f.insert_before(first(f), InstData { a: 1, ..InstData::new(Op::Address, Kind::I64) });
    });
    broken(16, "no symbol s4", |f, _| f.depth_check = Some(Symbol(4)));
    broken(16, "no such layout", |f, _| {
        let data = InstData::new(Op::New, Kind::Ref).with(f);
        f.insert_before(first(f), InstData { a: 3, ..data });
    });
}

#[test]
fn v18_depth_by_the_systems_convention() {
    broken(18, "cannot count its depth", |f, _| f.depth_check = Some(Symbol(0)));
}

/// What nothing uses any more may refer to what is gone.
#[test]
fn leftovers_do_not_matter() {
    let (mut function, module) = function();
    let inst = first(&function);
    let state = function.add_state(FrameState(7), 0, 0, &[StateSlot::Value(Value(1))]);
    function.add_guard(Reason::Other, state);
    let one = function.i32(1);
    function.replace(Value(1), one);
    function.remove(inst);
    function.remove_aliases();
    assert_eq!(verify(&function, &module), Ok(()));
}

/// Many guards that share deep frame states, and a long row of blocks: that it is nearly linear shows in that it ends.
#[test]
fn large_functions() {
    let mut module = Module::new();
    let layout = module.layout(Layout { references: 1, scalars: 1, header: 0, cursor_offset: 0 });
    let mut function = Function::new("f", Signature::new(&[Kind::I32], Kind::I32, Convention::Orus));
    let mut b = Builder::new(&mut function, &mut module);
    let mut x = b.param(0);
    let null = b.null();
    let mut slots = vec![StateSlot::Value(x)];
    let mut state = None;
    let mut object = b.removed_object(layout, &[StateSlot::Value(null), StateSlot::Value(x)]);
    for round in 0..2000 {
        let one = b.i32(round);
        x = b.sub(x, one);
        slots.push(StateSlot::Value(x));
        object = b.removed_object(layout, &[StateSlot::Removed(object), StateSlot::Value(x)]);
        if round % 100 == 0 {
            slots.push(StateSlot::Removed(object));
            state = Some(b.frame_state(state, 0, 0, &slots));
        }
        let out = b.way_out(Reason::Overflow, state.unwrap());
        for _ in 0..20 {
            x = b.add_checked(x, x, out);
        }
        let next = b.new_block();
        b.jump(next, &[]);
        b.switch_to(next);
    }
    b.ret(Some(x));
    b.finish();
    assert_eq!(verify(&function, &module), Ok(()));
}
