//! What is read off the syntax tree before a body is checked: how its return type comes about, and which module
//! variables statements further down will declare.

use super::{Checker, Pos, ReturnMode};
use crate::lang::ast::{
    Arm, Block, Expr, ExprKind, If, Postfix, PostfixKind, Span, Stmt, StmtKind, Try, Type,
};
use crate::lang::builtins::BuiltinFn;
use crate::lang::check::known::Builtin;
use crate::lang::hash::FastMap;
use crate::lang::intern::Symbol;

/// A module variable or constant that a statement not yet checked declares.
#[derive(Clone, Copy)]
pub(super) struct Forward<'a> {
    pub from: Pos,
    pub span: Span,
    pub ty: Option<&'a Type<'a>>,
    pub mutable: bool,
    /// The initialiser, if it is a constant.
    pub constant: Option<&'a Expr<'a>>,
    pub conditional: bool,
}

/// Which kinds of `return` occur in a body, those of functions within it not counted.
#[derive(Clone, Copy, Default)]
struct Returns {
    with_value: bool,
    bare: bool,
}

impl<'a> Checker<'a> {
    /// How the return type of a body without `->` comes about (7.3).
    pub(super) fn return_mode(&self, body: &Block<'a>) -> ReturnMode {
        let mut returns = Returns::default();
        scan_returns(body, &mut returns);
        if returns.with_value {
            ReturnMode::Values
        } else if returns.bare || self.tail_of(body) == TailKind::Falls {
            ReturnMode::Void
        } else {
            ReturnMode::Implicit
        }
    }

    /// What the last statement of a block is to an implicit return.
    fn tail_of(&self, block: &Block<'a>) -> TailKind {
        super::grow(|| {
            let Some(last) = block.stmts.last() else { return TailKind::Falls };
            match &last.kind {
                StmtKind::Expr(expr) if self.looks_like_raise(expr) => TailKind::Ends,
                StmtKind::Expr(_) => TailKind::Value,
                StmtKind::Match(m) => self.tail_of_all(m.arms.iter().map(|arm: &Arm<'a>| &arm.body)),
                StmtKind::If(If { arms, otherwise: Some(otherwise) }) => {
                    self.tail_of_all(arms.iter().map(|arm| &arm.body).chain([otherwise]))
                }
                StmtKind::Try(Try { body, handler, .. }) => {
                    match self.tail_of_all([body, handler].into_iter()) {
                        TailKind::Ends => TailKind::Ends,
                        _ => TailKind::Falls,
                    }
                }
                StmtKind::Return(_) | StmtKind::Break(_) | StmtKind::Continue(_) => TailKind::Ends,
                StmtKind::While(inner) if is_true(&inner.cond) => TailKind::Ends,
                _ => TailKind::Falls,
            }
        })
    }

    fn tail_of_all<'b>(&self, blocks: impl Iterator<Item = &'b Block<'a>>) -> TailKind
    where
        'a: 'b,
    {
        let mut all = TailKind::Ends;
        for block in blocks {
            match self.tail_of(block) {
                TailKind::Falls => return TailKind::Falls,
                TailKind::Value => all = TailKind::Value,
                TailKind::Ends => {}
            }
        }
        all
    }

    /// Whether this is written as a call of `raise` or `exit`.
    pub(super) fn looks_like_raise(&self, expr: &Expr<'a>) -> bool {
        let ExprKind::Postfix(Postfix { base, ops }) = &expr.kind else { return false };
        let (ExprKind::Name(name), [op]) = (&base.kind, ops) else { return false };
        matches!(op.kind, PostfixKind::Call(_))
            && matches!(
                self.builtins.function(*name),
                Some(Builtin::Function(BuiltinFn::Raise | BuiltinFn::Exit))
            )
    }
}

/// What stands at the end of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TailKind {
    /// A value, at least on some path, and on each path a value or no end.
    Value,
    /// The end is not reached.
    Ends,
    /// The end is reached without a value.
    Falls,
}

/// The literal `true`, perhaps in parentheses.
pub(super) fn is_true(expr: &Expr<'_>) -> bool {
    let mut expr = expr;
    while let ExprKind::Paren(inner) = expr.kind {
        expr = inner;
    }
    matches!(expr.kind, ExprKind::Bool(true))
}

fn scan_returns(block: &Block<'_>, found: &mut Returns) {
    super::grow(|| {
        for stmt in block.stmts {
            match &stmt.kind {
                StmtKind::Return(value) => {
                    found.with_value |= value.is_some();
                    found.bare |= value.is_none();
                    value.iter().for_each(|value| scan_value(value, found));
                }
                StmtKind::If(If { arms, otherwise }) => {
                    arms.iter().for_each(|arm| scan_returns(&arm.body, found));
                    otherwise.iter().for_each(|block| scan_returns(block, found));
                }
                StmtKind::While(inner) => scan_returns(&inner.body, found),
                StmtKind::For(for_loop) => scan_returns(&for_loop.body, found),
                StmtKind::Try(Try { body, handler, .. }) => {
                    scan_returns(body, found);
                    scan_returns(handler, found);
                }
                StmtKind::Match(m) => m.arms.iter().for_each(|arm| scan_returns(&arm.body, found)),
                StmtKind::Bindings { items, .. } => {
                    items.iter().for_each(|item| scan_value(item.value, found));
                }
                StmtKind::Assign { value, .. } => scan_value(value, found),
                _ => {}
            }
        }
    });
}

/// A `match` that is the right side of a binding or assignment has statements too.
fn scan_value(value: &Expr<'_>, found: &mut Returns) {
    if let ExprKind::Match(m) = value.kind {
        m.arms.iter().for_each(|arm| scan_returns(&arm.body, found));
    }
}

/// The names that a module's statements will declare for the module, the first declaration of each.
pub(super) fn forward_names<'a>(stmts: &'a [Stmt<'a>], input: u32) -> FastMap<Symbol, Forward<'a>> {
    let mut names = FastMap::default();
    collect(stmts, input, false, &mut names);
    names
}

fn collect<'a>(stmts: &'a [Stmt<'a>], input: u32, branch: bool, names: &mut FastMap<Symbol, Forward<'a>>) {
    let from = |span: Span| u64::from(input) << 32 | u64::from(span.start);
    super::grow(|| {
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Bindings { items, .. } => {
                    for item in *items {
                        if branch && (item.mutable || item.ty.is_some()) {
                            continue;
                        }
                        for name in item.names.iter().rev() {
                            names.entry(name.name).or_insert(Forward {
                                from: from(name.span),
                                span: name.span,
                                ty: item.ty,
                                mutable: item.mutable,
                                constant: None,
                                conditional: branch,
                            });
                        }
                    }
                }
                StmtKind::Const(decl) => {
                    names.entry(decl.name.name).or_insert(Forward {
                        from: from(decl.name.span),
                        span: decl.name.span,
                        ty: decl.ty,
                        mutable: false,
                        constant: Some(decl.value),
                        conditional: false,
                    });
                }
                StmtKind::If(If { arms, otherwise }) => {
                    arms.iter().for_each(|arm| collect(arm.body.stmts, input, true, names));
                    otherwise.iter().for_each(|block| collect(block.stmts, input, true, names));
                }
                _ => {}
            }
        }
    });
}
