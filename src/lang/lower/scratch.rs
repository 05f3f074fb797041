//! Scratch tests by hand-built trees.
use super::*;
use crate::bytecode::*;
use crate::lang::hir::BinaryOp::*;
use crate::lang::hir::*;
use crate::lang::types::*;
use bumpalo::Bump;
use std::cell::Cell;

struct B<'a> {
    a: &'a Bump,
}
type E<'a> = hir::Expr<'a>;
use crate::lang::hir;
const S: Span = Span { start: 0, end: 0 };
impl<'a> B<'a> {
    fn e(&self, kind: ExprKind<'a>, ty: Ty) -> E<'a> {
        E { kind, ty, span: S }
    }
    fn r(&self, e: E<'a>) -> &'a E<'a> {
        self.a.alloc(e)
    }
    fn i(&self, v: i64, ty: Ty) -> E<'a> {
        self.e(ExprKind::Int { value: v.unsigned_abs(), negative: v < 0, pattern: false }, ty)
    }
    fn l(&self, n: u32, ty: Ty) -> E<'a> {
        self.e(ExprKind::Local(LocalId(n)), ty)
    }
    fn bin(&self, op: BinaryOp, l: E<'a>, r: E<'a>) -> E<'a> {
        let ty = l.ty;
        let rest = self.a.alloc_slice_copy(&[Step { op, op_span: S, rhs: r, ty }]);
        self.e(ExprKind::Chain { first: self.r(l), rest }, ty)
    }
    fn cmp(&self, op: CompareOp, l: E<'a>, r: E<'a>) -> E<'a> {
        self.e(ExprKind::Compare { op, op_span: S, lhs: self.r(l), rhs: self.r(r) }, Ty::BOOL)
    }
    fn es(&self, v: &[E<'a>]) -> &'a [E<'a>] {
        self.a.alloc_slice_copy(v)
    }
    fn call(&self, f: u32, args: &[E<'a>], ty: Ty) -> E<'a> {
        self.e(ExprKind::Call { body: BodyId(f), args: self.es(args) }, ty)
    }
    fn st(&self, kind: StmtKind<'a>) -> Stmt<'a> {
        Stmt { kind, span: S }
    }
    fn let_(&self, l: u32, v: E<'a>) -> Stmt<'a> {
        self.st(StmtKind::Let { local: LocalId(l), value: self.r(v) })
    }
    fn set(&self, l: u32, v: E<'a>) -> Stmt<'a> {
        self.st(StmtKind::Assign { place: Place::Local(LocalId(l), S), value: self.r(v) })
    }
    fn block(&self, s: &[Stmt<'a>], v: Option<E<'a>>) -> Block<'a> {
        Block { stmts: self.a.alloc_slice_copy(s), value: v.map(|v| self.r(v)), conditionals: &[] }
    }
    fn cblock(&self, s: &[Stmt<'a>], c: &[u32]) -> Block<'a> {
        let c: Vec<_> = c.iter().map(|&c| LocalId(c)).collect();
        Block { stmts: self.a.alloc_slice_copy(s), value: None, conditionals: self.a.alloc_slice_copy(&c) }
    }
    fn while_(&self, id: u32, c: E<'a>, b: Block<'a>) -> Stmt<'a> {
        self.st(StmtKind::While { id: LoopId(id), cond: self.r(c), body: b })
    }
    fn if_(&self, arms: Vec<(E<'a>, Block<'a>)>, o: Option<Block<'a>>) -> Stmt<'a> {
        self.st(StmtKind::If { arms: self.a.alloc_slice_copy(&arms), otherwise: o })
    }
    fn ret(&self, e: E<'a>) -> Stmt<'a> {
        self.st(StmtKind::Return(Some(self.r(e))))
    }
    fn for_(
        &self,
        id: u32,
        var: u32,
        ty: Ty,
        a: E<'a>,
        b: E<'a>,
        inclusive: bool,
        step: Option<E<'a>>,
        body: Block<'a>,
    ) -> Stmt<'a> {
        self.st(StmtKind::ForRange(self.a.alloc(ForRange {
            id: LoopId(id),
            var: Some(LocalId(var)),
            ty,
            start: a,
            end: b,
            step,
            inclusive,
            body,
        })))
    }
    fn each(
        &self,
        id: u32,
        p: Option<u32>,
        x: Option<u32>,
        v: Option<u32>,
        iter: E<'a>,
        body: Block<'a>,
    ) -> Stmt<'a> {
        self.st(StmtKind::ForIn(self.a.alloc(ForIn {
            id: LoopId(id),
            position: p.map(LocalId),
            element: x.map(LocalId),
            value: v.map(LocalId),
            iter,
            body,
        })))
    }
    fn st_e(&self, e: E<'a>) -> Stmt<'a> {
        self.st(StmtKind::Expr(self.r(e)))
    }
    fn print(&self, args: &[E<'a>]) -> Stmt<'a> {
        let p: Vec<_> = args.iter().map(|_| hir::Piece::Arg(Cell::new(Spec::Plain))).collect();
        self.st(StmtKind::Print { pieces: self.a.alloc_slice_fill_iter(p), args: self.es(args), span: S })
    }
    fn idx(&self, a: E<'a>, i: E<'a>, ty: Ty) -> E<'a> {
        self.e(ExprKind::Index { base: self.r(a), index: self.r(i), bracket: S }, ty)
    }
    fn seti(&self, a: E<'a>, i: E<'a>, v: E<'a>) -> Stmt<'a> {
        self.st(StmtKind::Assign {
            place: Place::Index { base: self.r(a), index: self.r(i), bracket: S },
            value: self.r(v),
        })
    }
    fn f(&self, x: f64) -> E<'a> {
        self.e(ExprKind::Float(x), Ty::F64)
    }
    fn s(&self, x: &'a str) -> E<'a> {
        self.e(ExprKind::Str(x), Ty::STRING)
    }
    fn b(&self, x: bool) -> E<'a> {
        self.e(ExprKind::Bool(x), Ty::BOOL)
    }
    fn and(&self, v: &[E<'a>]) -> E<'a> {
        self.e(ExprKind::And(self.es(v)), Ty::BOOL)
    }
    fn or(&self, v: &[E<'a>]) -> E<'a> {
        self.e(ExprKind::Or(self.es(v)), Ty::BOOL)
    }
    fn not(&self, v: E<'a>) -> E<'a> {
        self.e(ExprKind::Not { operand: self.r(v) }, Ty::BOOL)
    }
    fn bi(&self, f: crate::lang::builtins::BuiltinFn, v: &[E<'a>], ty: Ty) -> E<'a> {
        self.e(ExprKind::Builtin { function: f, args: self.es(v) }, ty)
    }
    fn outer(&self, n: u32, ty: Ty) -> E<'a> {
        self.e(ExprKind::Outer(n), ty)
    }
    fn body(
        &self,
        name: &'a str,
        kind: BodyKind,
        params: u32,
        ret: Ty,
        locals: &[(&'a str, Ty, &str)],
        loops: u32,
        block: Block<'a>,
    ) -> Body<'a> {
        Body {
            name,
            kind,
            file: FileId(0),
            prelude: false,
            params: (0..params).map(LocalId).collect(),
            ret,
            locals: locals
                .iter()
                .map(|&(name, ty, f)| Local {
                    name,
                    ty,
                    captured: Cell::new(f.contains('c')),
                    reassigned: Cell::new(f.contains('r')),
                    conditional: f.contains('?'),
                })
                .collect(),
            captures: vec![],
            loops,
            block,
            span: S,
        }
    }
}

fn run<'a>(
    bodies: Vec<Body<'a>>,
    nested: Vec<Vec<(LocalId, BodyId)>>,
    structs: Vec<StructInfo<'a>>,
    enums: Vec<EnumInfo<'a>>,
    globals: Vec<Variable<'a>>,
    types: &mut Types,
) {
    let checked =
        Checked { bodies, globals, nested, structs, enums, entry: vec![BodyId(0)], exports: vec![] };
    let files = vec![SourceFile { name: "t".into(), text: "".into() }];
    let p = Lowerer::program(&checked, types, &files);
    println!("{}", crate::bytecode::print(&p));
    if let Err(e) = crate::bytecode::verify(&p) {
        panic!("{e}");
    }
}

#[test]
fn basics() {
    let a = Bump::new();
    let b = B { a: &a };
    let mut types = Types::new();
    let (i, bo) = (Ty::I32, Ty::BOOL);
    use CompareOp::*;
    let ai = types.array(i);
    let fib = b.body(
        "fib",
        BodyKind::Function,
        1,
        i,
        &[("n", i, "")],
        0,
        b.block(
            &[
                b.if_(vec![(b.cmp(Lt, b.l(0, i), b.i(2, i)), b.block(&[b.ret(b.l(0, i))], None))], None),
                b.ret(b.bin(
                    Add,
                    b.call(1, &[b.bin(Sub, b.l(0, i), b.i(1, i))], i),
                    b.call(1, &[b.bin(Sub, b.l(0, i), b.i(2, i))], i),
                )),
            ],
            None,
        ),
    );
    let l = Ty::I64;
    let collatz = b.body(
        "collatz",
        BodyKind::Function,
        1,
        i,
        &[("start", l, ""), ("n", l, "r"), ("steps", i, "r")],
        1,
        b.block(
            &[
                b.let_(1, b.l(0, l)),
                b.let_(2, b.i(1, i)),
                b.while_(
                    0,
                    b.cmp(Ne, b.l(1, l), b.i(1, l)),
                    b.block(
                        &[
                            b.if_(
                                vec![(
                                    b.cmp(Eq, b.bin(Rem, b.l(1, l), b.i(2, l)), b.i(0, l)),
                                    b.block(&[b.set(1, b.bin(Div, b.l(1, l), b.i(2, l)))], None),
                                )],
                                Some(b.block(
                                    &[b.set(1, b.bin(Add, b.bin(Mul, b.i(3, l), b.l(1, l)), b.i(1, l)))],
                                    None,
                                )),
                            ),
                            b.set(2, b.bin(Add, b.l(2, i), b.i(1, i))),
                        ],
                        None,
                    ),
                ),
                b.ret(b.l(2, i)),
            ],
            None,
        ),
    );
    // escape time: f64 constants in loop
    let d = Ty::F64;
    let esc = b.body(
        "esc",
        BodyKind::Function,
        2,
        i,
        &[("c", d, ""), ("limit", i, ""), ("z", d, "r"), ("n", i, "r")],
        1,
        b.block(
            &[
                b.let_(2, b.f(0.0)),
                b.let_(3, b.i(0, i)),
                b.while_(
                    0,
                    b.and(&[b.cmp(Lt, b.l(3, i), b.l(1, i)), b.cmp(Le, b.l(2, d), b.f(4.0))]),
                    b.block(
                        &[
                            b.set(
                                2,
                                b.bin(Add, b.bin(Mul, b.bin(Mul, b.f(2.0), b.l(2, d)), b.l(2, d)), b.l(0, d)),
                            ),
                            b.set(3, b.bin(Add, b.l(3, i), b.i(1, i))),
                        ],
                        None,
                    ),
                ),
            ],
            Some(b.l(3, i)),
        ),
    );
    // arrays, nested for, break/continue, or-conditions, try
    let arr = b.body(
        "arr",
        BodyKind::Function,
        2,
        i,
        &[
            ("a", ai, ""),
            ("n", i, ""),
            ("s", i, "r"),
            ("k", i, ""),
            ("j", i, ""),
            ("e", Ty::ERROR, ""),
            ("x", i, ""),
            ("p", i, ""),
        ],
        3,
        b.block(
            &[
                b.let_(2, b.i(0, i)),
                b.for_(
                    0,
                    3,
                    i,
                    b.i(0, i),
                    b.l(1, i),
                    false,
                    None,
                    b.block(
                        &[
                            b.for_(
                                1,
                                4,
                                i,
                                b.bin(Add, b.l(3, i), b.i(1, i)),
                                b.i(100, i),
                                true,
                                None,
                                b.block(
                                    &[
                                        b.if_(
                                            vec![(
                                                b.or(&[
                                                    b.cmp(Eq, b.l(4, i), b.i(7, i)),
                                                    b.not(b.cmp(Lt, b.i(5, i), b.l(3, i))),
                                                ]),
                                                b.block(&[b.st(StmtKind::Continue(LoopId(0)))], None),
                                            )],
                                            None,
                                        ),
                                        b.seti(
                                            b.l(0, ai),
                                            b.bin(Add, b.l(4, i), b.i(1, i)),
                                            b.idx(b.l(0, ai), b.l(4, i), i),
                                        ),
                                        b.st(StmtKind::Try {
                                            body: b.block(
                                                &[b.st(StmtKind::Compound {
                                                    place: Place::Local(LocalId(2), S),
                                                    op: Add,
                                                    op_span: S,
                                                    value: b.r(b.bin(Div, b.l(4, i), b.l(3, i))),
                                                })],
                                                None,
                                            ),
                                            error: Some(LocalId(5)),
                                            handler: b.block(&[b.print(&[b.l(5, Ty::ERROR)])], None),
                                        }),
                                    ],
                                    None,
                                ),
                            ),
                            b.if_(
                                vec![(
                                    b.cmp(Gt, b.l(2, i), b.i(1000, i)),
                                    b.block(&[b.st(StmtKind::Break(LoopId(0)))], None),
                                )],
                                Some(b.block(&[b.print(&[b.s("hi"), b.l(2, i)])], None)),
                            ),
                        ],
                        None,
                    ),
                ),
                b.each(
                    2,
                    Some(7),
                    Some(6),
                    None,
                    b.l(0, ai),
                    b.block(&[b.set(2, b.bin(Add, b.bin(Add, b.l(2, i), b.l(6, i)), b.l(7, i)))], None),
                ),
            ],
            Some(b.l(2, i)),
        ),
    );
    // conditionals
    let cond = b.body(
        "cond",
        BodyKind::Function,
        1,
        Ty::STRING,
        &[("n", i, ""), ("w", Ty::STRING, "?r"), ("v", i, "?r"), ("ok", Ty::STRING, "?r"), ("f", bo, "")],
        0,
        Block {
            stmts: a.alloc_slice_copy(&[
                b.if_(
                    vec![(
                        b.cmp(Gt, b.l(0, i), b.i(3, i)),
                        b.block(&[b.let_(1, b.s("big")), b.let_(2, b.i(4, i)), b.let_(3, b.s("x"))], None),
                    )],
                    Some(b.block(&[b.let_(3, b.s("y"))], None)),
                ),
                b.let_(4, b.or(&[b.cmp(Eq, b.l(2, i), b.i(1, i)), b.cmp(Lt, b.l(0, i), b.i(0, i))])),
                b.print(&[b.l(2, i), b.l(3, Ty::STRING), b.l(4, bo)]),
            ]),
            value: Some(b.r(b.l(1, Ty::STRING))),
            conditionals: a.alloc_slice_copy(&[LocalId(1), LocalId(2), LocalId(3)]),
        },
    );
    let main = b.body(
        "<module>",
        BodyKind::Module,
        0,
        Ty::VOID,
        &[],
        0,
        b.block(&[b.print(&[b.call(1, &[b.i(40, i)], i)])], None),
    );
    run(vec![main, fib, collatz, esc, arr, cond], vec![], vec![], vec![], vec![], &mut types);
}

#[test]
fn closures() {
    let a = Bump::new();
    let b = B { a: &a };
    let mut types = Types::new();
    let i = Ty::I32;
    use CompareOp::*;
    let fi = types.intern(TyKind::Fn([].into(), i));
    let fii = types.intern(TyKind::Fn([i].into(), i));
    let shape = types.intern(TyKind::Enum(EnumId(0), [].into()));
    let color = types.intern(TyKind::Enum(EnumId(1), [].into()));
    let mt = types.intern(TyKind::Map(Ty::STRING, i));
    let acc = types.intern(TyKind::Struct(StructId(0)));
    // fn counter(k): mut n = 0; return fn() -> i32: n += k; n
    let counter = b.body(
        "counter",
        BodyKind::Function,
        1,
        fi,
        &[("k", i, "c"), ("n", i, "cr")],
        0,
        b.block(
            &[
                b.let_(1, b.i(0, i)),
                b.set(1, b.bin(Add, b.l(1, i), b.i(5, i))),
                b.ret(b.e(ExprKind::Closure(BodyId(2)), fi)),
            ],
            None,
        ),
    );
    let mut lam = b.body(
        "<fn>",
        BodyKind::Closure,
        0,
        i,
        &[("j", i, "")],
        1,
        b.block(
            &[
                b.st(StmtKind::Compound {
                    place: Place::Outer(0, S),
                    op: Add,
                    op_span: S,
                    value: b.r(b.outer(1, i)),
                }),
                b.for_(
                    0,
                    0,
                    i,
                    b.i(0, i),
                    b.outer(1, i),
                    false,
                    None,
                    b.block(&[b.print(&[b.l(0, i)])], None),
                ),
                b.ret(b.outer(0, i)),
            ],
            None,
        ),
    );
    lam.captures = vec![Capture::Local(LocalId(1)), Capture::Local(LocalId(0))];
    // nested fn f(n): f(n-1) + k ; static g
    let outerf = b.body(
        "outer",
        BodyKind::Function,
        1,
        i,
        &[("k", i, "c"), ("f", fii, "c"), ("g", fii, "c")],
        0,
        b.block(
            &[
                b.st(StmtKind::Nested(NestedId(0))),
                b.st(StmtKind::Nested(NestedId(1))),
                b.print(&[b.l(1, fii), b.l(2, fii)]),
                b.ret(b.bin(
                    Add,
                    b.e(
                        ExprKind::CallNested {
                            callee: b.r(b.l(1, fii)),
                            body: BodyId(4),
                            args: b.es(&[b.i(3, i)]),
                        },
                        i,
                    ),
                    b.e(ExprKind::CallValue { callee: b.r(b.l(2, fii)), args: b.es(&[b.i(3, i)]) }, i),
                )),
            ],
            None,
        ),
    );
    let mut f = b.body(
        "f",
        BodyKind::Closure,
        1,
        i,
        &[("n", i, "")],
        0,
        b.block(
            &[b.if_(vec![(b.cmp(Lt, b.l(0, i), b.i(1, i)), b.block(&[b.ret(b.outer(1, i))], None))], None)],
            Some(b.e(
                ExprKind::CallNested {
                    callee: b.r(b.outer(0, fii)),
                    body: BodyId(4),
                    args: b.es(&[b.bin(Sub, b.l(0, i), b.i(1, i))]),
                },
                i,
            )),
        ),
    );
    f.captures = vec![Capture::Local(LocalId(1)), Capture::Local(LocalId(0))];
    let mut g = b.body(
        "g",
        BodyKind::Closure,
        1,
        i,
        &[("n", i, "")],
        0,
        b.block(
            &[],
            Some(b.e(
                ExprKind::Cond {
                    arms: a.alloc_slice_copy(&[(b.cmp(Lt, b.l(0, i), b.i(1, i)), b.i(0, i))]),
                    otherwise: b.r(b.e(
                        ExprKind::CallNested {
                            callee: b.r(b.outer(0, fii)),
                            body: BodyId(5),
                            args: b.es(&[b.bin(Sub, b.l(0, i), b.i(1, i))]),
                        },
                        i,
                    )),
                },
                i,
            )),
        ),
    );
    g.captures = vec![Capture::Local(LocalId(2))];
    fn mk<'x>(a: &'x Bump, n: u32, slots: &[Option<u32>], body: Block<'x>) -> Arm<'x> {
        Arm {
            pattern: Pattern::Variant {
                variant: n,
                slots: a.alloc_slice_fill_iter(slots.iter().map(|s| s.map(LocalId)).collect::<Vec<_>>()),
            },
            body,
        }
    }
    fn lit<'x>(a: &'x Bump, e: E<'x>, body: Block<'x>) -> Arm<'x> {
        Arm { pattern: Pattern::Literal(a.alloc(e)), body }
    }
    let d = Ty::F64;
    let area = b.body(
        "area",
        BodyKind::Function,
        1,
        d,
        &[("s", shape, ""), ("r", d, ""), ("w", d, ""), ("h", d, "")],
        0,
        b.block(
            &[],
            Some(b.e(
                ExprKind::Match(a.alloc(Match {
                    value: b.l(0, shape),
                    arms: a.alloc_slice_fill_iter(vec![
                        mk(&a, 0, &[], b.block(&[], Some(b.f(0.0)))),
                        mk(
                            &a,
                            1,
                            &[Some(1)],
                            b.block(&[], Some(b.bin(Mul, b.bin(Mul, b.f(3.14), b.l(1, d)), b.l(1, d)))),
                        ),
                        mk(&a, 2, &[Some(2), Some(3)], b.block(&[], Some(b.bin(Mul, b.l(2, d), b.l(3, d))))),
                        mk(&a, 3, &[None, Some(3)], b.block(&[], Some(b.l(3, d)))),
                    ]),
                })),
                d,
            )),
        ),
    );
    let misc = b.body(
        "misc",
        BodyKind::Function,
        2,
        Ty::STRING,
        &[
            ("s", Ty::STRING, ""),
            ("c", color, ""),
            ("m", mt, "r"),
            ("x", i, "r"),
            ("acc", acc, ""),
            ("k", Ty::STRING, ""),
            ("vv", i, ""),
            ("sh", shape, ""),
        ],
        2,
        b.block(
            &[
                b.let_(
                    2,
                    b.e(
                        ExprKind::Map(
                            a.alloc_slice_copy(&[(b.s("a"), b.i(1, i)), (b.l(0, Ty::STRING), b.i(2, i))]),
                        ),
                        mt,
                    ),
                ),
                b.let_(
                    3,
                    b.bi(crate::lang::builtins::BuiltinFn::MapGet, &[b.l(2, mt), b.s("q"), b.i(7, i)], i),
                ),
                b.let_(
                    4,
                    b.e(
                        ExprKind::Struct {
                            id: StructId(0),
                            fields: a.alloc_slice_copy(&[(1, b.l(3, i)), (0, b.s("own")), (2, b.f(1.5))]),
                        },
                        acc,
                    ),
                ),
                b.st(StmtKind::Compound {
                    place: Place::Field { object: b.r(b.l(4, acc)), field: 1 },
                    op: Mul,
                    op_span: S,
                    value: b.r(b.i(3, i)),
                }),
                b.st(StmtKind::Compound {
                    place: Place::Index { base: b.r(b.l(2, mt)), index: b.r(b.s("a")), bracket: S },
                    op: Add,
                    op_span: S,
                    value: b.r(b.i(3, i)),
                }),
                b.each(
                    0,
                    None,
                    Some(5),
                    Some(6),
                    b.l(2, mt),
                    b.block(
                        &[b.if_(
                            vec![(
                                b.or(&[
                                    b.cmp(Eq, b.l(5, Ty::STRING), b.s("a")),
                                    b.cmp(Eq, b.l(5, Ty::STRING), b.s("e")),
                                ]),
                                b.block(&[b.set(3, b.bin(Add, b.l(3, i), b.l(6, i)))], None),
                            )],
                            None,
                        )],
                        None,
                    ),
                ),
                b.st(StmtKind::Match(a.alloc(Match {
                    value: b.l(3, i),
                    arms: a.alloc_slice_fill_iter(vec![
                        lit(&a, b.i(1, i), b.block(&[b.print(&[b.s("one")])], None)),
                        lit(&a, b.i(-2, i), b.block(&[b.set(3, b.i(1, i))], None)),
                        Arm { pattern: Pattern::Any, body: b.block(&[], None) },
                    ]),
                }))),
                b.let_(
                    7,
                    b.e(
                        ExprKind::Variant { id: EnumId(0), variant: 2, args: b.es(&[b.f(1.0), b.f(2.0)]) },
                        shape,
                    ),
                ),
                b.if_(
                    vec![
                        (
                            b.e(
                                ExprKind::IsVariant {
                                    value: b.r(b.l(7, shape)),
                                    variant: 2,
                                    args: a.alloc_slice_copy(&[Some(b.f(1.0)), None]),
                                },
                                Ty::BOOL,
                            ),
                            b.block(&[b.print(&[b.l(7, shape)])], None),
                        ),
                        (
                            b.cmp(
                                Ne,
                                b.l(7, shape),
                                b.e(ExprKind::Variant { id: EnumId(0), variant: 0, args: &[] }, shape),
                            ),
                            b.block(
                                &[b.print(&[b.cmp(
                                    Eq,
                                    b.l(1, color),
                                    b.e(ExprKind::Variant { id: EnumId(1), variant: 1, args: &[] }, color),
                                )])],
                                None,
                            ),
                        ),
                    ],
                    None,
                ),
                b.st_e(b.bi(
                    crate::lang::builtins::BuiltinFn::AssertEq,
                    &[b.s("lab"), b.l(3, i), b.i(4, i)],
                    Ty::BOOL,
                )),
            ],
            Some(b.e(ExprKind::Cast { operand: b.r(b.l(3, i)), as_span: S }, Ty::STRING)),
        ),
    );
    let main = b.body(
        "<module>",
        BodyKind::Module,
        0,
        Ty::VOID,
        &[],
        0,
        b.block(
            &[
                b.st(StmtKind::LetGlobal { var: VarId(0), value: b.r(b.i(40, i)) }),
                b.st(StmtKind::LetGlobal { var: VarId(1), value: b.r(b.i(41, i)) }),
                b.print(&[b.e(ExprKind::Global(VarId(0)), i), b.e(ExprKind::Global(VarId(1)), i)]),
            ],
            None,
        ),
    );
    let enums = vec![
        EnumInfo {
            name: "Shape",
            params: 0,
            variants: vec![
                VariantInfo { name: "Dot", payload: vec![] },
                VariantInfo { name: "Circle", payload: vec![("radius", d)] },
                VariantInfo { name: "Box", payload: vec![("w", d), ("h", d)] },
                VariantInfo { name: "Many", payload: vec![("l", shape), ("h", d)] },
            ],
        },
        EnumInfo {
            name: "Color",
            params: 0,
            variants: vec![
                VariantInfo { name: "Red", payload: vec![] },
                VariantInfo { name: "Blue", payload: vec![] },
            ],
        },
    ];
    let structs = vec![StructInfo { name: "Acc", fields: vec![("owner", Ty::STRING), ("n", i), ("f", d)] }];
    let g0 = Variable { name: "a", ty: i, body: BodyId(0), shared: Cell::new(false), conditional: false };
    let g1 = Variable { name: "b", ty: i, body: BodyId(0), shared: Cell::new(true), conditional: false };
    run(
        vec![main, counter, lam, outerf, f, g, area, misc],
        vec![vec![(LocalId(1), BodyId(4))], vec![(LocalId(2), BodyId(5))]],
        structs,
        enums,
        vec![g0, g1],
        &mut types,
    );
}

#[test]
fn large() {
    let a = Bump::new();
    let b = B { a: &a };
    let mut types = Types::new();
    let i = Ty::I32;
    let ai = types.array(i);
    let n = 70_000u32;
    // locals: even i32, odd string; all declared, then summed at the end
    let names: Vec<(&str, Ty, &str)> = (0..n)
        .map(|k| ("v", if k % 2 == 0 { i } else { Ty::STRING }, if k % 7 == 0 { "?r" } else { "r" }))
        .collect();
    let mut stmts = vec![];
    let init = |k: u32| if k % 2 == 0 { b.i(k as i64, i) } else { b.s("x") };
    for k in 0..n {
        if k % 7 == 0 && k % 3 == 0 {
            stmts.push(b.if_(
                vec![
                    (b.b(true), b.block(&[b.let_(k, init(k))], None)),
                    (b.cmp(CompareOp::Eq, b.i(1, i), b.l(2, i)), b.block(&[b.let_(k, init(k))], None)),
                ],
                None,
            ));
        } else if k % 7 == 0 {
            stmts.push(b.if_(
                vec![(b.cmp(CompareOp::Lt, b.i(1, i), b.l(2, i)), b.block(&[b.let_(k, init(k))], None))],
                None,
            ));
        } else {
            stmts.push(b.let_(k, init(k)));
        }
    }
    for k in 0..n {
        if k % 2 == 0 && k + 2 < n {
            stmts.push(b.set(k, b.bin(Add, b.l(k, i), b.l(k + 2, i))));
        } else if k % 2 == 1 {
            stmts.push(b.set(k, b.s("y")))
        }
    }
    let conds: Vec<LocalId> = (0..n).filter(|k| k % 7 == 0).map(LocalId).collect();
    let big = b.body(
        "big",
        BodyKind::Function,
        0,
        Ty::VOID,
        &names,
        0,
        Block { stmts: a.alloc_slice_copy(&stmts), value: None, conditionals: a.alloc_slice_copy(&conds) },
    );
    let elems: Vec<E> = (0..100_000).map(|k| b.i(k, i)).collect();
    let steps: Vec<Step> = (0..100_000)
        .map(|k| Step { op: Add, op_span: S, rhs: if k % 3 == 0 { b.i(k, i) } else { b.l(1, i) }, ty: i })
        .collect();
    let chain = b.e(ExprKind::Chain { first: b.r(b.l(1, i)), rest: a.alloc_slice_copy(&steps) }, i);
    let conds: Vec<E> = (0..100_000).map(|k| b.cmp(CompareOp::Lt, b.l(1, i), b.i(k, i))).collect();
    let arms: Vec<_> = (0..50_000)
        .map(|k| (b.cmp(CompareOp::Eq, b.l(1, i), b.i(k, i)), b.block(&[b.print(&[b.i(k, i)])], None)))
        .collect();
    let wide = b.body(
        "wide",
        BodyKind::Function,
        0,
        i,
        &[("a", ai, ""), ("x", i, "r"), ("y", i, ""), ("z", Ty::BOOL, "")],
        1,
        b.block(
            &[
                b.let_(0, b.e(ExprKind::Array(b.es(&elems)), ai)),
                b.let_(1, b.i(3, i)),
                b.let_(2, chain),
                b.let_(3, b.and(&conds)),
                b.while_(0, b.or(&conds), b.block(&[b.if_(arms, None)], None)),
            ],
            Some(b.l(2, i)),
        ),
    );
    let main = b.body("<module>", BodyKind::Module, 0, Ty::VOID, &[], 0, b.block(&[], None));
    let checked = Checked {
        bodies: vec![main, big, wide],
        globals: vec![],
        nested: vec![],
        structs: vec![],
        enums: vec![],
        entry: vec![BodyId(0)],
        exports: vec![],
    };
    let files = vec![SourceFile { name: "t".into(), text: "".into() }];
    let t = std::time::Instant::now();
    let p = Lowerer::program(&checked, &mut types, &files);
    println!("lowering {:?}", t.elapsed());
    for f in &p.functions {
        println!(
            "{} regs {} refs {} words {} depth {}",
            f.name,
            f.registers.len(),
            f.refs,
            f.code.len(),
            f.depth_cost
        );
    }
    let t = std::time::Instant::now();
    if let Err(e) = crate::bytecode::verify(&p) {
        panic!("{e}");
    }
    println!("verify {:?}", t.elapsed());
}

#[test]
fn session() {
    let a = Bump::new();
    let b = B { a: &a };
    let mut types = Types::new();
    let i = Ty::I32;
    let v = types.fresh(0);
    let av = types.array(v);
    let fv = types.intern(TyKind::Fn([v].into(), v));
    let g = |name, ty, body| Variable {
        name,
        ty,
        body: BodyId(body),
        shared: Cell::new(true),
        conditional: false,
    };
    let m1 = b.body(
        "<module>",
        BodyKind::Module,
        0,
        Ty::VOID,
        &[],
        0,
        b.block(
            &[
                b.st(StmtKind::LetGlobal { var: VarId(0), value: b.r(b.e(ExprKind::Array(&[]), av)) }),
                b.st(StmtKind::LetGlobal {
                    var: VarId(1),
                    value: b.r(b.e(ExprKind::Closure(BodyId(1)), fv)),
                }),
                b.print(&[b.e(ExprKind::Global(VarId(0)), av)]),
            ],
            None,
        ),
    );
    let lam = b.body(
        "<fn>",
        BodyKind::Closure,
        1,
        v,
        &[("x", v, "")],
        0,
        b.block(&[], Some(b.bin(Add, b.l(0, v), b.l(0, v)))),
    );
    let mut checked = Checked {
        bodies: vec![m1, lam],
        globals: vec![g("a", av, 0), g("f", fv, 0)],
        nested: vec![],
        structs: vec![],
        enums: vec![],
        entry: vec![BodyId(0)],
        exports: vec![],
    };
    let files = vec![SourceFile { name: "t".into(), text: "".into() }];
    let mut lo = Lowerer::new(true);
    let p1 = lo.lower(&checked, &mut types, &files);
    println!("{}", crate::bytecode::print(&p1));
    crate::bytecode::verify(&p1).unwrap();
    types.unify(v, i).unwrap();
    checked.bodies.push(b.body(
        "<module>",
        BodyKind::Module,
        0,
        Ty::VOID,
        &[],
        0,
        b.block(
            &[
                b.st_e(b.bi(
                    crate::lang::builtins::BuiltinFn::Push,
                    &[b.e(ExprKind::Global(VarId(0)), av), b.i(1, i)],
                    av,
                )),
                b.print(&[b.e(
                    ExprKind::CallValue {
                        callee: b.r(b.e(ExprKind::Global(VarId(1)), fv)),
                        args: b.es(&[b.i(2, i)]),
                    },
                    i,
                )]),
            ],
            None,
        ),
    ));
    checked.entry = vec![BodyId(2)];
    let p2 = lo.lower(&checked, &mut types, &files);
    println!("{}", crate::bytecode::print(&p2));
    crate::bytecode::verify(&p2).unwrap();
    crate::bytecode::verify_extension(&p1, &p2).unwrap();
}

#[test]
fn maybes() {
    let a = Bump::new();
    let b = B { a: &a };
    let mut types = Types::new();
    let i = Ty::I32;
    let fi = types.intern(TyKind::Fn([].into(), i));
    let fii = types.intern(TyKind::Fn([i].into(), i));
    let f = b.body(
        "f",
        BodyKind::Function,
        1,
        fi,
        &[("n", i, ""), ("w", i, "?rc"), ("s", Ty::STRING, "?rc")],
        0,
        Block {
            stmts: a.alloc_slice_copy(&[
                b.if_(
                    vec![(
                        b.cmp(CompareOp::Lt, b.l(0, i), b.i(3, i)),
                        b.block(&[b.let_(1, b.i(5, i)), b.let_(2, b.s("q"))], None),
                    )],
                    Some(b.block(&[b.let_(2, b.s("z"))], None)),
                ),
                b.st(StmtKind::Compound {
                    place: Place::Local(LocalId(1), S),
                    op: Add,
                    op_span: S,
                    value: b.r(b.i(1, i)),
                }),
                b.set(2, b.s("t")),
            ]),
            value: Some(b.r(b.e(ExprKind::Closure(BodyId(2)), fi))),
            conditionals: a.alloc_slice_copy(&[LocalId(1), LocalId(2)]),
        },
    );
    let mut l = b.body(
        "<fn>",
        BodyKind::Closure,
        0,
        i,
        &[],
        0,
        b.block(&[b.print(&[b.outer(1, Ty::STRING)])], Some(b.outer(0, i))),
    );
    l.captures = vec![Capture::Local(LocalId(1)), Capture::Local(LocalId(2))];
    // siblings: instance A (i32) and B call each other
    let outer = b.body(
        "outer",
        BodyKind::Function,
        1,
        i,
        &[("k", i, "c"), ("a", fii, "c"), ("b", fii, "c")],
        0,
        b.block(
            &[b.st(StmtKind::Nested(NestedId(0)))],
            Some(b.e(
                ExprKind::CallNested { callee: b.r(b.l(1, fii)), body: BodyId(4), args: b.es(&[b.i(3, i)]) },
                i,
            )),
        ),
    );
    let mk = |c0: u32| {
        let mut x = b.body(
            "g",
            BodyKind::Closure,
            1,
            i,
            &[("n", i, "")],
            0,
            b.block(
                &[],
                Some(b.bin(
                    Add,
                    b.e(
                        ExprKind::CallNested {
                            callee: b.r(b.outer(0, fii)),
                            body: BodyId(c0),
                            args: b.es(&[b.l(0, i)]),
                        },
                        i,
                    ),
                    b.outer(1, i),
                )),
            ),
        );
        x.captures = vec![Capture::Local(LocalId(c0 - 3)), Capture::Local(LocalId(0))];
        x
    };
    let (ga, gb) = (mk(5), mk(4));
    let main = b.body("<module>", BodyKind::Module, 0, Ty::VOID, &[], 0, b.block(&[], None));
    run(
        vec![main, f, l, outer, ga, gb],
        vec![vec![(LocalId(1), BodyId(4)), (LocalId(2), BodyId(5))]],
        vec![],
        vec![],
        vec![],
        &mut types,
    );
}
