use orus::bytecode::*;
use orus::vm::instance::*;
use std::sync::Arc;
use std::time::Instant;
fn info(name: &str, params: Vec<TypeId>, ret: Option<TypeId>, counter: u32) -> FunctionInfo {
    FunctionInfo { name: name.into(), file: FileId(0), params, ret, closure: None, counter, hidden: false, depth_cost: 1 }
}
fn program() -> Program {
    let mut p = Program::new();
    p.files.push(SourceFile { name: "x".into(), text: "".into() });
    p.counters = 20;
    let i32a = TypeId(p.types.len() as u32); p.types.push(TypeDesc::Array(TypeId::I32));
    let boola = TypeId(p.types.len() as u32); p.types.push(TypeDesc::Array(TypeId::BOOL));
    let mut b = FunctionBuilder::new();
    // fib
    let n = b.param(TypeId::I32, false);
    let t = b.register(TypeId::I32, false, false); let u = b.register(TypeId::I32, false, false);
    let l = b.label();
    b.branch(Op::BrGeSImm, n, 2i16, l);
    b.op(Op::Ret, n, Arg::NONE, Arg::NONE);
    b.bind(l);
    b.op(Op::AddI32Imm, t, n, -1i16); b.call(Some(t), FuncId(0), &[t]);
    b.op(Op::AddI32Imm, u, n, -2i16); b.call(Some(u), FuncId(0), &[u]);
    b.op(Op::AddI32, t, t, u); b.op(Op::Ret, t, Arg::NONE, Arg::NONE);
    p.functions.push(Arc::new(b.finish(info("fib", vec![TypeId::I32], Some(TypeId::I32), 0)).unwrap()));
    // sieve(n, rounds) -> count
    let n = b.param(TypeId::I32, false);
    let rounds = b.param(TypeId::I32, false);
    let a = b.register(boola, true, false);
    let i = b.register(TypeId::I32, false, false); let j = b.register(TypeId::I32, false, false);
    let c = b.register(TypeId::I32, false, false); let f = b.register(TypeId::BOOL, false, false);
    let tr = b.register(TypeId::BOOL, false, false); let fa = b.register(TypeId::BOOL, false, false); let r = b.register(TypeId::I32, false, false);
    b.constant(tr, 1); b.constant(fa, 0); b.constant(r, 0); b.constant(c, 0);
    let lr = b.bound_label(); b.loop_header(1);
    b.typed(Op::ArrayFill, a, tr, n, boola);
    b.constant(i, 2); b.constant(c, 0);
    let le = b.bound_label(); b.loop_header(2);
    b.op(Op::GetBool, f, a, i);
    let skip = b.label();
    b.branch_if(f, false, skip);
    b.op(Op::AddI32Imm, c, c, 1i16);
    b.op(Op::AddI32, j, i, i);
    let out = b.label();
    b.branch(Op::BrLeS, n, j, out);
    let li = b.bound_label(); b.loop_header(3);
    b.op(Op::SetBool, a, j, fa);
    b.op(Op::AddI32, j, j, i);
    b.branch(Op::BrLtS, j, n, li);
    b.bind(out);
    b.bind(skip);
    b.branch(Op::ForS, i, n, le);
    b.branch(Op::ForS, r, rounds, lr);
    b.op(Op::Ret, c, Arg::NONE, Arg::NONE);
    p.functions.push(Arc::new(b.finish(info("sieve", vec![TypeId::I32, TypeId::I32], Some(TypeId::I32), 4)).unwrap()));
    // collatz(n) -> steps
    let n = b.param(TypeId::I64, false);
    let i = b.register(TypeId::I64, false, false); let x = b.register(TypeId::I64, false, false); let s = b.register(TypeId::I64, false, false); let t = b.register(TypeId::I64, false, false);
    b.constant(i, 1); b.constant(s, 0);
    let lo = b.bound_label(); b.loop_header(5);
    b.mov(x, i);
    let done = b.label();
    let l1 = b.bound_label(); b.loop_header(6);
    b.branch(Op::BrEqImm, x, 1i16, done);
    b.op(Op::RemI64Imm, t, x, 2i16);
    let odd = b.label(); let next = b.label();
    b.branch(Op::BrNeImm, t, 0i16, odd);
    b.op(Op::DivI64Imm, x, x, 2i16); b.jump(next);
    b.bind(odd); b.op(Op::MulI64Imm, x, x, 3i16); b.op(Op::AddI64Imm, x, x, 1i16);
    b.bind(next); b.op(Op::AddI64Imm, s, s, 1i16); b.jump(l1);
    b.bind(done); b.branch(Op::ForS, i, n, lo);
    b.op(Op::Ret, s, Arg::NONE, Arg::NONE);
    p.functions.push(Arc::new(b.finish(info("collatz", vec![TypeId::I64], Some(TypeId::I64), 7)).unwrap()));
    // push/pop loop
    let n = b.param(TypeId::I32, false);
    let a = b.register(i32a, true, false); let i = b.register(TypeId::I32, false, false); let s = b.register(TypeId::I32, false, false);
    b.new_array(a, i32a, &[]); b.constant(i, 0);
    let l = b.bound_label(); b.loop_header(8); b.op(Op::Push32, a, i, Arg::NONE); b.branch(Op::ForS, i, n, l);
    b.op(Op::ArrayLen, s, a, Arg::NONE); b.op(Op::Ret, s, Arg::NONE, Arg::NONE);
    p.functions.push(Arc::new(b.finish(info("push", vec![TypeId::I32], Some(TypeId::I32), 9)).unwrap()));
    // new struct loop
    let node = TypeId(p.types.len() as u32);
    p.types.push(TypeDesc::Struct(Layout::new("N".into(), [("a".into(), TypeId::I32, false), ("b".into(), TypeId::I32, false)])));
    let n = b.param(TypeId::I32, false);
    let o = b.register(node, true, false); let i = b.register(TypeId::I32, false, false); let s = b.register(TypeId::I32, false, false);
    b.constant(i, 0); b.constant(s, 0);
    let l = b.bound_label(); b.loop_header(10); b.new_object(o, node, 0, &[i, s]); b.op(Op::GetField, s, o, 0i16); b.branch(Op::ForS, i, n, l);
    b.op(Op::Ret, s, Arg::NONE, Arg::NONE);
    p.functions.push(Arc::new(b.finish(info("new", vec![TypeId::I32], Some(TypeId::I32), 11)).unwrap()));
    p
}
fn main() {
    let p = Arc::new(program());
    for driver in [Driver::Best, Driver::Loop] {
        let mut inst = Instance::new(p.clone(), Options { driver, ..Options::default() }).map_err(|e| format!("{e:?}")).unwrap();
        for (f, args) in [(0, vec![Value::I32(35)]), (1, vec![Value::I32(5_000_000), Value::I32(3)]), (2, vec![Value::I64(300_000)]), (3, vec![Value::I32(30_000_000)]), (4, vec![Value::I32(20_000_000)])] {
            let t = Instant::now();
            let v = inst.call(FuncId(f), &args);
            println!("{driver:?} {} {v:?} {:?}", p.functions[f as usize].name, t.elapsed());
        }
    }
}
