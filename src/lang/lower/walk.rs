//! The parts of an expression, for passes that look at a body before it is lowered.

use crate::lang::hir::{Block, Expr, ExprKind, Match, Place, Stmt, StmtKind};

/// Calls `visit` with the expressions directly inside one, in the order of evaluation. Blocks are not entered: of an
/// `if` the conditions are given, of a `match` the value.
pub(super) fn parts<'a>(expr: &'a Expr<'a>, visit: &mut impl FnMut(&'a Expr<'a>)) {
    use ExprKind::*;
    match &expr.kind {
        Int { .. }
        | Float(_)
        | Str(_)
        | Bool(_)
        | Local(_)
        | Outer(_)
        | Global(_)
        | Function(_)
        | Closure(_) => {}
        Neg { operand, .. } | BitNot { operand } | Not { operand } => visit(operand),
        Cast { operand, .. } | CheckLen { operand, .. } => visit(operand),
        ErrorMessage(operand) | ErrorKind(operand) => visit(operand),
        Field { object, .. } => visit(object),
        Chain(chain) => {
            visit(&chain.first);
            chain.rest.iter().for_each(|step| visit(&step.rhs));
        }
        Compare(compare) => {
            visit(&compare.lhs);
            visit(&compare.rhs);
        }
        IsVariant(test) => {
            visit(&test.value);
            test.args.iter().flatten().for_each(visit);
        }
        And(operands) | Or(operands) | Array(operands) => operands.iter().for_each(visit),
        Cond(cond) => {
            for (condition, value) in cond.arms {
                visit(condition);
                visit(value);
            }
            visit(&cond.otherwise);
        }
        If(inner) => inner.arms.iter().for_each(|(condition, _)| visit(condition)),
        Match(inner) => visit(&inner.value),
        Format(template) => template.args.iter().for_each(visit),
        Call { args, .. } | Builtin { args, .. } | Variant { args, .. } => {
            args.iter().for_each(visit);
        }
        CallNested(call) => {
            visit(&call.callee);
            call.args.iter().for_each(visit);
        }
        CallValue(call) => {
            visit(&call.callee);
            call.args.iter().for_each(visit);
        }
        Index(inner) => {
            visit(&inner.base);
            visit(&inner.index);
        }
        Slice(slice) => {
            visit(&slice.base);
            slice.start.iter().for_each(&mut *visit);
            slice.end.iter().for_each(visit);
        }
        Fill { value, count } => {
            visit(value);
            visit(count);
        }
        Map(entries) => {
            for (key, value) in *entries {
                visit(key);
                visit(value);
            }
        }
        Struct { fields, .. } => fields.iter().for_each(|(_, value)| visit(value)),
    }
}

/// Calls `visit` with the expressions of a place.
pub(super) fn place_parts<'a>(place: &Place<'a>, visit: &mut impl FnMut(&'a Expr<'a>)) {
    match place {
        Place::Local(..) | Place::Outer(..) | Place::Global(..) | Place::Discard => {}
        Place::Field { object, .. } => visit(object),
        Place::Index(inner) => {
            visit(&inner.base);
            visit(&inner.index);
        }
    }
}

/// A piece of a body, on a work list.
#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    Expr(&'a Expr<'a>),
    Stmt(&'a Stmt<'a>),
}

/// Adds all that is directly inside a piece, blocks included, to a list. The order does not count.
pub(super) fn pieces<'a>(piece: Piece<'a>, list: &mut Vec<Piece<'a>>) {
    match piece {
        Piece::Expr(expr) => {
            parts(expr, &mut |part| list.push(Piece::Expr(part)));
            match &expr.kind {
                ExprKind::If(inner) => {
                    inner.arms.iter().for_each(|(_, block)| block_pieces(block, list));
                    inner.otherwise.iter().for_each(|block| block_pieces(block, list));
                }
                ExprKind::Match(inner) => arm_pieces(inner, list),
                _ => {}
            }
        }
        Piece::Stmt(stmt) => stmt_pieces(stmt, list),
    }
}

fn stmt_pieces<'a>(stmt: &'a Stmt<'a>, list: &mut Vec<Piece<'a>>) {
    match &stmt.kind {
        StmtKind::Let { value, .. } | StmtKind::LetGlobal { value, .. } | StmtKind::Expr(value) => {
            list.push(Piece::Expr(value));
        }
        StmtKind::Assign { place, value } => {
            place_parts(place, &mut |part| list.push(Piece::Expr(part)));
            list.push(Piece::Expr(value));
        }
        StmtKind::Compound(inner) => {
            place_parts(&inner.place, &mut |part| list.push(Piece::Expr(part)));
            list.push(Piece::Expr(&inner.value));
        }
        StmtKind::Print { template, .. } => list.extend(template.args.iter().map(Piece::Expr)),
        StmtKind::If(inner) => {
            for (condition, block) in inner.arms {
                list.push(Piece::Expr(condition));
                block_pieces(block, list);
            }
            if let Some(block) = &inner.otherwise {
                block_pieces(block, list);
            }
        }
        StmtKind::While(inner) => {
            list.push(Piece::Expr(&inner.cond));
            block_pieces(&inner.body, list);
        }
        StmtKind::ForRange(range) => {
            list.extend([Piece::Expr(&range.start), Piece::Expr(&range.end)]);
            list.extend(range.step.iter().map(Piece::Expr));
            block_pieces(&range.body, list);
        }
        StmtKind::ForIn(each) => {
            list.push(Piece::Expr(&each.iter));
            block_pieces(&each.body, list);
        }
        StmtKind::Break(_) | StmtKind::Continue(_) | StmtKind::Nested(_) => {}
        StmtKind::Return(value) => list.extend(value.iter().map(|value| Piece::Expr(value))),
        StmtKind::Try(inner) => {
            block_pieces(&inner.body, list);
            block_pieces(&inner.handler, list);
        }
        StmtKind::Match(inner) => {
            list.push(Piece::Expr(&inner.value));
            arm_pieces(inner, list);
        }
    }
}

fn arm_pieces<'a>(inner: &'a Match<'a>, list: &mut Vec<Piece<'a>>) {
    inner.arms.iter().for_each(|arm| block_pieces(&arm.body, list));
}

/// Adds a block's statements and its value to a list.
pub(super) fn block_pieces<'a>(block: &Block<'a>, list: &mut Vec<Piece<'a>>) {
    list.extend(block.stmts.iter().map(Piece::Stmt));
    list.extend(block.value.map(Piece::Expr));
}
