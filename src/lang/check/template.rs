//! What `print` and `format` write: a template with specifiers (14.3), or the arguments with spaces between them.

use std::cell::Cell;

use super::Checker;
use super::deferred::Check;
use crate::bytecode::Spec;
use crate::lang::ast::{self, ExprKind as Ast, Span};
use crate::lang::hir::{Expr, ExprKind, Piece, StmtKind, Template};
use crate::lang::types::Ty;

/// The largest number of decimals.
const MOST_DECIMALS: u32 = 99;

/// Whether values of a type have their own rendering by the specifier.
pub(super) fn spec_fits(spec: Spec, ty: Ty) -> bool {
    match spec {
        Spec::Plain | Spec::Nested => true,
        Spec::Decimals(_) => ty.is_numeric(),
        Spec::LowerHex | Spec::UpperHex | Spec::Binary | Spec::Octal => ty.is_integer(),
    }
}

/// The specifier that stands at the beginning of a text, which begins with `@`, and its length.
fn specifier(text: &str) -> (Spec, usize) {
    let rest = text.as_bytes().get(1..).unwrap_or_default();
    match rest {
        [b'x', ..] => (Spec::LowerHex, 2),
        [b'X', ..] => (Spec::UpperHex, 2),
        [b'b', ..] => (Spec::Binary, 2),
        [b'o', ..] => (Spec::Octal, 2),
        [b'.', digits @ ..] => {
            let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let number = digits[..count].iter().fold(0u32, |number, digit| {
                number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
            });
            if count > 0 && digits.get(count) == Some(&b'f') && number <= MOST_DECIMALS {
                (Spec::Decimals(number as u8), count + 3)
            } else {
                (Spec::Plain, 1)
            }
        }
        _ => (Spec::Plain, 1),
    }
}

/// Text and arguments while they are put together.
struct Pieces<'a> {
    list: Vec<Piece<'a>>,
    text: String,
}

impl<'a> Pieces<'a> {
    fn arg(&mut self, arena: &'a bumpalo::Bump, spec: Spec) {
        self.flush(arena);
        self.list.push(Piece::Arg(Cell::new(spec)));
    }

    fn flush(&mut self, arena: &'a bumpalo::Bump) {
        if !self.text.is_empty() {
            self.list.push(Piece::Text(arena.alloc_str(&self.text)));
            self.text.clear();
        }
    }
}

impl<'a> Checker<'a> {
    /// `print(args)` as a statement.
    pub(super) fn print(&mut self, keyword: Span, args: &'a [ast::Expr<'a>]) -> StmtKind<'a> {
        StmtKind::Print { template: self.template(args), span: keyword }
    }

    /// `format(template, …)`
    pub(super) fn format(&mut self, args: &'a [ast::Expr<'a>], callee: Span, span: Span) -> Expr<'a> {
        let Some(template) = args.first() else {
            self.report_count(callee, "`format`", 1, 0);
            return Expr { kind: ExprKind::Bool(false), ty: Ty::STRING, span };
        };
        if !matches!(template.kind, Ast::Str(_) | Ast::Error) {
            let report = self
                .diagnostic(
                    2001,
                    template.span,
                    "Template is not a string literal",
                    "must be a string literal",
                    "The first argument of `format` is its template, which must be a string literal.",
                )
                .help("write the template out, as in `format(\"@\", x)`.");
            self.report(report);
            self.args_of_nothing(args);
            return Expr { kind: ExprKind::Bool(false), ty: Ty::STRING, span };
        }
        Expr { kind: ExprKind::Format(self.template(args)), ty: Ty::STRING, span }
    }

    fn template(&mut self, args: &'a [ast::Expr<'a>]) -> &'a Template<'a> {
        let arena = self.arena;
        let (template, rest) = match args.split_first() {
            Some((ast::Expr { kind: Ast::Str(text), .. }, rest)) => (Some(*text), rest),
            _ => (None, args),
        };
        let values = arena.alloc_slice_fill_with(rest.len(), |index| self.value(&rest[index], None));
        let mut pieces = Pieces { list: Vec::new(), text: String::new() };
        let mut taken = 0;
        if let Some(template) = template {
            let mut text = template;
            while let Some(at) = text.find('@') {
                pieces.text.push_str(&text[..at]);
                text = &text[at..];
                if text[1..].starts_with('@') {
                    pieces.text.push('@');
                    text = &text[2..];
                    continue;
                }
                let (spec, length) = specifier(text);
                match values.get(taken) {
                    Some(value) => {
                        let ty = self.types.shallow(value.ty);
                        let known = !self.types.is_unknown(ty);
                        let spec = if known && !spec_fits(spec, ty) { Spec::Plain } else { spec };
                        pieces.arg(arena, spec);
                        taken += 1;
                    }
                    None => pieces.text.push_str(&text[..length]),
                }
                text = &text[length..];
            }
            pieces.text.push_str(text);
        }
        for index in taken..values.len() {
            if index > 0 || template.is_some() {
                pieces.text.push(' ');
            }
            pieces.arg(arena, Spec::Plain);
        }
        pieces.flush(arena);
        let pieces: &'a [Piece<'a>] = arena.alloc_slice_fill_iter(pieces.list);
        let specs = pieces.iter().filter_map(|piece| match piece {
            Piece::Arg(spec) => Some(spec),
            Piece::Text(_) => None,
        });
        for (spec, value) in specs.zip(values.iter()) {
            if spec.get() != Spec::Plain && self.types.is_unknown(value.ty) {
                self.defer(Check::Spec { spec, ty: value.ty }, value.span);
            }
        }
        arena.alloc(Template { pieces, args: values })
    }
}
