//! `print`, `format`, and the renderings that `assert_eq` shows.

use super::function::{Function, Operand, Value};
use crate::bytecode::{Format, FormatId, Piece, Reg, Span, Spec, TypeId};
use crate::lang::hir::{self, Expr};

impl<'a> Function<'_, 'a> {
    /// `print(…)`: all arguments are evaluated before anything is written.
    pub fn print(&mut self, pieces: &[hir::Piece<'a>], args: &'a [Expr<'a>], span: Span) {
        let (format, operands) = self.format_operands(pieces, args);
        let regs: Vec<Reg> = operands.iter().map(|operand| operand.reg).collect();
        self.release_all(&operands);
        self.at(span).print(format, &regs);
    }

    /// `format(…)`
    pub fn format(
        &mut self,
        pieces: &[hir::Piece<'a>],
        args: &'a [Expr<'a>],
        span: Span,
        dest: Option<Reg>,
    ) -> Value {
        let (format, operands) = self.format_operands(pieces, args);
        let regs: Vec<Reg> = operands.iter().map(|operand| operand.reg).collect();
        self.release_all(&operands);
        let (reg, value) = self.result(dest, TypeId::STRING);
        self.at(span).format(reg, format, &regs);
        value
    }

    fn format_operands(
        &mut self,
        pieces: &[hir::Piece<'a>],
        args: &'a [Expr<'a>],
    ) -> (FormatId, Vec<Operand>) {
        let mut types = Vec::with_capacity(args.len());
        let mut operands = Vec::with_capacity(args.len());
        for arg in args {
            let ty = self.ty(arg.ty);
            let value = self.expr(arg, None);
            types.push(ty);
            operands.push(self.operand_here(value, ty));
        }
        let pieces = pieces.iter().map(|piece| match piece {
            hir::Piece::Text(text) => Piece::Text((*text).into()),
            hir::Piece::Arg(spec) => Piece::Arg(spec.get()),
        });
        let format = self.s.format(Format { pieces: pieces.collect(), args: types });
        (format, operands)
    }

    /// A value as it is rendered inside another one.
    pub fn nested_rendering(&mut self, value: Reg, ty: TypeId, span: Span) -> Operand {
        let format = Format { pieces: vec![Piece::Arg(Spec::Nested)], args: vec![ty] };
        let format = self.s.format(format);
        let (reg, value_of) = self.result(None, TypeId::STRING);
        self.at(span).format(reg, format, &[value]);
        self.operand(value_of, TypeId::STRING)
    }
}
