//! `print`, `format`, and the renderings that `assert_eq` shows.

use super::function::{Function, Operand, Value};
use crate::bytecode::{Format, FormatId, Piece, Reg, Span, Spec, TypeId};
use crate::lang::hir::{self, Template};

impl<'a> Function<'_, 'a> {
    /// `print(…)`: all arguments are evaluated before anything is written.
    pub fn print(&mut self, template: &'a Template<'a>, span: Span) {
        let format = self.format_args(template);
        let (builder, regs) = self.at_with_args(span);
        builder.print(format, regs);
    }

    /// `format(…)`
    pub fn format(&mut self, template: &'a Template<'a>, span: Span, dest: Option<Reg>) -> Value {
        let format = self.format_args(template);
        let (reg, value) = self.result(dest, TypeId::STRING);
        let (builder, regs) = self.at_with_args(span);
        builder.format(reg, format, regs);
        value
    }

    /// Evaluates the arguments of a template and pops them.
    fn format_args(&mut self, template: &'a Template<'a>) -> FormatId {
        let mut types = Vec::with_capacity(template.args.len());
        let base = self.arg_count();
        for arg in template.args {
            let ty = self.ty(arg.ty);
            let value = self.expr(arg, None);
            types.push(ty);
            let operand = self.operand_here(value, ty);
            self.push_arg(operand);
        }
        self.pop_args(base);
        let pieces = template.pieces.iter().map(|piece| match piece {
            hir::Piece::Text(text) => Piece::Text((*text).into()),
            hir::Piece::Arg(spec) => Piece::Arg(spec.get()),
        });
        self.s.format(Format { pieces: pieces.collect(), args: types })
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
