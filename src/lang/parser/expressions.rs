//! Expressions.
//!
//! Binary operators are read by climbing their levels: an operand, then, as long as the operator that follows is of
//! the level asked for or tighter, all operands of that operator's level at once. So an expression without operators
//! costs one call, and a chain of any length one node.

use super::*;
use crate::lang::stack::with_room;

/// Levels of section 2.1, the loosest 1. What is no binary operator has 0.
const OR: u8 = 1;
const AND: u8 = 2;
/// Not a binary operator, but its operand begins here.
const NOT: u8 = 3;
const COMPARE: u8 = 4;

/// The level of an operator.
#[inline]
fn level(kind: TokenKind) -> u8 {
    use TokenKind::*;
    match kind {
        Or => OR,
        And => AND,
        Eq | Ne | Lt | Le | Gt | Ge | Matches => COMPARE,
        Pipe => 5,
        Caret => 6,
        Amp => 7,
        Shl | Shr => 8,
        Plus | Minus => 9,
        Star | Slash | Percent => 10,
        _ => 0,
    }
}

/// The operator of a chain, or of the compound assignment made of it.
pub(super) fn binary_op(kind: TokenKind) -> Option<BinaryOp> {
    use TokenKind::*;
    Some(match kind {
        Plus | PlusAssign => BinaryOp::Add,
        Minus | MinusAssign => BinaryOp::Sub,
        Star | StarAssign => BinaryOp::Mul,
        Slash | SlashAssign => BinaryOp::Div,
        Percent | PercentAssign => BinaryOp::Rem,
        Shl | ShlAssign => BinaryOp::Shl,
        Shr | ShrAssign => BinaryOp::Shr,
        Amp | AmpAssign => BinaryOp::And,
        Caret | CaretAssign => BinaryOp::Xor,
        Pipe | PipeAssign => BinaryOp::Or,
        _ => return None,
    })
}

fn compare_op(kind: TokenKind) -> Option<CompareOp> {
    Some(match kind {
        TokenKind::Eq => CompareOp::Eq,
        TokenKind::Ne => CompareOp::Ne,
        TokenKind::Lt => CompareOp::Lt,
        TokenKind::Le => CompareOp::Le,
        TokenKind::Gt => CompareOp::Gt,
        TokenKind::Ge => CompareOp::Ge,
        _ => return None,
    })
}

impl<'a> Parser<'a, '_> {
    /// An expression.
    #[inline]
    pub(super) fn expr(&mut self) -> Parsed<Expr<'a>> {
        let first = self.binary(OR)?;
        if self.at(TokenKind::If) { self.conditional(first) } else { Ok(first) }
    }

    /// An expression that the arena keeps.
    pub(super) fn expr_ref(&mut self) -> Parsed<&'a Expr<'a>> {
        let expr = self.expr()?;
        Ok(self.arena.alloc(expr))
    }

    /// Runs a production one level deeper.
    #[inline]
    fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.expr_depth == MAX_NESTING {
            return Err(self.too_deep("Expressions"));
        }
        self.expr_depth += 1;
        let result = with_room(|| production(self));
        self.expr_depth -= 1;
        result
    }

    /// `first if c else second if d else …`; the `if` is current.
    #[inline(never)]
    fn conditional(&mut self, first: Expr<'a>) -> Parsed<Expr<'a>> {
        let mark = self.stacks.cond_arms.len();
        let start = first.span.start;
        let mut value = first;
        while self.eat(TokenKind::If) {
            let cond = self.binary(OR)?;
            self.expect(TokenKind::Else, "`else`")?;
            self.stacks.cond_arms.push(CondArm { value, cond });
            value = self.binary(OR)?;
        }
        let arms = self.stacks.cond_arms.take(mark, self.arena);
        let kind = ExprKind::Cond(self.arena.alloc(Cond { arms, otherwise: value }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// Operators of level `min` and tighter.
    fn binary(&mut self, min: u8) -> Parsed<Expr<'a>> {
        let mut lhs = if self.at(TokenKind::Not) && min <= NOT { self.not()? } else { self.cast()? };
        loop {
            let level = level(self.tok.kind);
            // What is no operator has the lowest level.
            if level < min {
                return Ok(lhs);
            }
            lhs = match level {
                OR => self.logic(lhs, TokenKind::Or, LogicOp::Or)?,
                AND => self.logic(lhs, TokenKind::And, LogicOp::And)?,
                COMPARE => self.comparison(lhs)?,
                _ => self.chain(lhs, level)?,
            };
        }
    }

    #[inline(never)]
    fn not(&mut self) -> Parsed<Expr<'a>> {
        self.nested(|parser| {
            let start = parser.bump().span.start;
            let operand = parser.binary(NOT)?;
            let kind = ExprKind::Not { operand: parser.arena.alloc(operand) };
            Ok(Expr { kind, span: parser.span_from(start) })
        })
    }

    #[inline(never)]
    fn logic(&mut self, first: Expr<'a>, operator: TokenKind, op: LogicOp) -> Parsed<Expr<'a>> {
        let tighter = level(operator) + 1;
        let mark = self.stacks.exprs.len();
        let start = first.span.start;
        self.stacks.exprs.push(first);
        while self.eat(operator) {
            let operand = self.binary(tighter)?;
            self.stacks.exprs.push(operand);
        }
        let operands = self.stacks.exprs.take(mark, self.arena);
        Ok(Expr { kind: ExprKind::Logic { op, operands }, span: self.span_from(start) })
    }

    #[inline(never)]
    fn comparison(&mut self, lhs: Expr<'a>) -> Parsed<Expr<'a>> {
        let operator = self.bump();
        let rhs = self.binary(COMPARE + 1)?;
        let op_span = operator.span;
        let start = lhs.span.start;
        let kind = match compare_op(operator.kind) {
            Some(op) => ExprKind::Compare(self.arena.alloc(Compare { op, op_span, lhs, rhs })),
            None => {
                let pattern = self.match_value(rhs);
                ExprKind::Matches(self.arena.alloc(Matches { op_span, value: lhs, pattern }))
            }
        };
        if level(self.tok.kind) == COMPARE {
            return Err(self.error_help(
                1006,
                self.tok.span,
                "Chained comparison",
                "a comparison cannot be compared",
                "Comparisons do not chain.",
                "connect two comparisons by `and`, or use parentheses.",
            ));
        }
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// What stands behind `matches`: a path with arguments is a pattern, in which `_` accepts anything.
    fn match_value(&mut self, rhs: Expr<'a>) -> MatchValue<'a> {
        if let ExprKind::Postfix(Postfix { base, ops: [members @ .., last] }) = rhs.kind
            && let (ExprKind::Name(name), PostfixKind::Call(args)) = (base.kind, last.kind)
            && members.iter().all(|op| matches!(op.kind, PostfixKind::Member(_)))
        {
            let path = self.path_of(Ident { name, span: base.span }, members);
            let underscore = self.underscore;
            let args = args.iter().map(|arg| match arg.kind {
                ExprKind::Name(name) if name == underscore => None,
                _ => Some(*arg),
            });
            return MatchValue::Call { path, args: self.arena.alloc_slice_fill_iter(args), span: rhs.span };
        }
        MatchValue::Expr(self.arena.alloc(rhs))
    }

    fn path_of(&self, first: Ident, members: &[PostfixOp<'a>]) -> Path<'a> {
        let members = members.iter().map(|op| match op.kind {
            PostfixKind::Member(name) => name,
            _ => first,
        });
        let mut names = bumpalo::collections::Vec::with_capacity_in(members.len() + 1, self.arena);
        names.push(first);
        names.extend(members);
        names.into_bump_slice()
    }

    #[inline(never)]
    fn chain(&mut self, first: Expr<'a>, chain_level: u8) -> Parsed<Expr<'a>> {
        let mark = self.stacks.steps.len();
        let start = first.span.start;
        while let Some(op) = binary_op(self.tok.kind)
            && level(self.tok.kind) == chain_level
        {
            let op_span = self.bump().span;
            let rhs = self.binary(chain_level + 1)?;
            self.stacks.steps.push(ChainStep { op, op_span, rhs });
        }
        let rest = self.stacks.steps.take(mark, self.arena);
        let kind = ExprKind::Chain(self.arena.alloc(Chain { first, rest }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    #[inline]
    fn cast(&mut self) -> Parsed<Expr<'a>> {
        let operand = self.unary()?;
        if self.at(TokenKind::As) { self.cast_to(operand) } else { Ok(operand) }
    }

    #[inline(never)]
    fn cast_to(&mut self, operand: Expr<'a>) -> Parsed<Expr<'a>> {
        let as_span = self.bump().span;
        let ty = self.ty()?;
        if self.at(TokenKind::As) {
            return Err(self.error_help(
                1006,
                self.tok.span,
                "Chained cast",
                "a cast cannot be cast again",
                "`as` does not chain.",
                "use parentheses, as in `(x as bool) as string`.",
            ));
        }
        let start = operand.span.start;
        let kind = ExprKind::Cast(self.arena.alloc(Cast { operand, as_span, ty }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    #[inline]
    fn unary(&mut self) -> Parsed<Expr<'a>> {
        match self.tok.kind {
            TokenKind::Minus | TokenKind::Tilde => self.prefixed(),
            _ => self.postfix(None),
        }
    }

    #[inline(never)]
    fn prefixed(&mut self) -> Parsed<Expr<'a>> {
        self.nested(|parser| {
            let token = parser.bump();
            let op = if token.kind == TokenKind::Minus { UnaryOp::Neg } else { UnaryOp::BitNot };
            let operand = match (op, parser.tok.kind) {
                (UnaryOp::Neg, TokenKind::Int | TokenKind::Float) => parser.postfix(Some(token.span))?,
                _ => parser.unary()?,
            };
            let kind = ExprKind::Unary { op, operand: parser.arena.alloc(operand) };
            Ok(Expr { kind, span: parser.span_from(token.span.start) })
        })
    }

    /// A primary and what is applied to it. `minus` is the `-` before a number.
    fn postfix(&mut self, minus: Option<Span>) -> Parsed<Expr<'a>> {
        let mut base = self.primary(minus)?;
        let start = base.span.start;
        // Where the operations of the current base begin.
        let mark = self.stacks.ops.len();
        let mut is_path = matches!(base.kind, ExprKind::Name(_));
        loop {
            let at = self.tok.span.start;
            let kind = match self.tok.kind {
                TokenKind::LParen => {
                    let args = self.arguments()?;
                    PostfixKind::Call(args)
                }
                TokenKind::LBracket => self.index()?,
                TokenKind::Dot => {
                    self.bump();
                    PostfixKind::Member(self.ident("a member's name")?)
                }
                TokenKind::LBrace if is_path => {
                    base = self.struct_literal(base, mark)?;
                    is_path = false;
                    continue;
                }
                _ => break,
            };
            is_path &= matches!(kind, PostfixKind::Member(_));
            let span = self.span_from(at);
            self.stacks.ops.push(PostfixOp { kind, span });
        }
        if self.stacks.ops.len() == mark {
            return Ok(base);
        }
        let ops = self.stacks.ops.take(mark, self.arena);
        let kind = ExprKind::Postfix(self.arena.alloc(Postfix { base, ops }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// `(e, e)`; the bracket is current.
    #[inline(never)]
    pub(super) fn arguments(&mut self) -> Parsed<&'a [Expr<'a>]> {
        self.nested(|parser| {
            let open = parser.bump();
            parser.exprs(open)
        })
    }

    /// Expressions up to the closing bracket.
    fn exprs(&mut self, open: Token) -> Parsed<&'a [Expr<'a>]> {
        let mark = self.stacks.exprs.len();
        self.list(open, "`,`", |parser| {
            let expr = parser.expr()?;
            parser.stacks.exprs.push(expr);
            Ok(())
        })?;
        Ok(self.stacks.exprs.take(mark, self.arena))
    }

    /// `[i]`, `[i..j]`; the bracket is current.
    #[inline(never)]
    fn index(&mut self) -> Parsed<PostfixKind<'a>> {
        self.nested(|parser| {
            let open = parser.bump();
            let start = match parser.tok.kind {
                TokenKind::DotDot | TokenKind::DotDotEq => None,
                _ => Some(parser.expr_ref()?),
            };
            let inclusive = parser.at(TokenKind::DotDotEq);
            if !inclusive && !parser.at(TokenKind::DotDot) {
                parser.close(open, "")?;
                // Without `..` there is an index.
                let Some(index) = start else { return Err(parser.unexpected("an index")) };
                return Ok(PostfixKind::Index(index));
            }
            parser.bump();
            let end = match parser.tok.kind {
                TokenKind::RBracket if inclusive => {
                    return Err(parser.unexpected_as(
                        1006,
                        "Missing slice end",
                        "the last index after `..=`",
                    ));
                }
                TokenKind::RBracket => None,
                _ => Some(parser.expr_ref()?),
            };
            parser.close(open, "")?;
            Ok(PostfixKind::Slice { start, end, inclusive })
        })
    }

    /// `Path{ field: e }`; the brace is current, the path consists of a name and the operations above `mark`.
    #[inline(never)]
    fn struct_literal(&mut self, base: Expr<'a>, mark: usize) -> Parsed<Expr<'a>> {
        let ExprKind::Name(name) = base.kind else {
            return Err(self.unexpected("the end of the expression"));
        };
        let members = self.stacks.ops.take(mark, self.arena);
        let path = self.path_of(Ident { name, span: base.span }, members);
        let inits = self.nested(|parser| {
            let open = parser.bump();
            let mark = parser.stacks.inits.len();
            parser.list(open, "`,`", |parser| {
                let field = parser.ident("a field's name")?;
                if !parser.eat(TokenKind::Colon) {
                    return Err(parser.missing_colon_here());
                }
                let value = parser.expr()?;
                parser.stacks.inits.push((field, value));
                Ok(())
            })?;
            Ok(parser.stacks.inits.take(mark, parser.arena))
        })?;
        let kind = ExprKind::Struct(self.arena.alloc(StructLiteral { path, inits }));
        Ok(Expr { kind, span: self.span_from(base.span.start) })
    }

    fn primary(&mut self, minus: Option<Span>) -> Parsed<Expr<'a>> {
        let span = self.tok.span;
        let kind = match self.tok.kind {
            TokenKind::Ident => ExprKind::Name(self.take_ident().name),
            TokenKind::Int => ExprKind::Int(self.take_int(minus)),
            TokenKind::Float => ExprKind::Float(self.take_float(minus)),
            TokenKind::Str => ExprKind::Str(self.take_string()),
            TokenKind::True | TokenKind::False => ExprKind::Bool(self.bump().kind == TokenKind::True),
            TokenKind::LParen => return self.nested(Self::parenthesised),
            TokenKind::LBracket => return self.nested(Self::array),
            TokenKind::LBrace => return self.nested(Self::map),
            TokenKind::Fn => return self.lambda(false),
            TokenKind::Match => return Err(self.misplaced_match()),
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr { kind, span })
    }

    fn parenthesised(&mut self) -> Parsed<Expr<'a>> {
        let open = self.bump();
        let inner = self.expr_ref()?;
        self.close(open, "")?;
        Ok(Expr { kind: ExprKind::Paren(inner), span: self.span_from(open.span.start) })
    }

    fn array(&mut self) -> Parsed<Expr<'a>> {
        let open = self.bump();
        let start = open.span.start;
        let mark = self.stacks.exprs.len();
        if !self.at(TokenKind::RBracket) {
            let first = self.expr()?;
            if self.eat(TokenKind::Semi) {
                let value = self.arena.alloc(first);
                let count = self.expr_ref()?;
                self.close(open, "")?;
                return Ok(Expr { kind: ExprKind::Fill { value, count }, span: self.span_from(start) });
            }
            self.stacks.exprs.push(first);
            if !self.at(TokenKind::RBracket) && !self.eat(TokenKind::Comma) {
                return Err(self.bracket_error(open, "`,`"));
            }
        }
        self.list(open, "`,`", |parser| {
            let expr = parser.expr()?;
            parser.stacks.exprs.push(expr);
            Ok(())
        })?;
        let elements = self.stacks.exprs.take(mark, self.arena);
        Ok(Expr { kind: ExprKind::Array(elements), span: self.span_from(start) })
    }

    fn map(&mut self) -> Parsed<Expr<'a>> {
        let open = self.bump();
        let mark = self.stacks.entries.len();
        self.list(open, "`,`", |parser| {
            let key = parser.expr()?;
            if !parser.eat(TokenKind::Colon) {
                return Err(parser.missing_colon_here());
            }
            let value = parser.expr()?;
            parser.stacks.entries.push((key, value));
            Ok(())
        })?;
        let entries = self.stacks.entries.take(mark, self.arena);
        Ok(Expr { kind: ExprKind::Map(entries), span: self.span_from(open.span.start) })
    }

    /// `fn(a) -> R: e`; with a block only where the expression is the whole right side of something.
    pub(super) fn lambda(&mut self, block_allowed: bool) -> Parsed<Expr<'a>> {
        let fn_span = self.bump().span;
        let signature = self.signature(false)?;
        if !self.eat(TokenKind::Colon) {
            return Err(self.missing_colon());
        }
        let body = if self.at(TokenKind::Newline) {
            if !block_allowed {
                return Err(self.misplaced_block(fn_span));
            }
            self.functions += 1;
            let waiting = self.lambda_statements.len();
            let block = self.suite_body();
            self.lambda_statements.truncate(waiting);
            self.functions -= 1;
            self.after_block = true;
            LambdaBody::Block(block)
        } else if self.begins_block_in_brackets() {
            return Err(self.block_in_brackets(fn_span));
        } else {
            LambdaBody::Expr(self.nested(Self::expr_ref)?)
        };
        let lambda = self.arena.alloc(Lambda { fn_span, signature, body });
        Ok(Expr { kind: ExprKind::Lambda(lambda), span: self.span_from(fn_span.start) })
    }

    /// Whether the current token begins a statement on a line of its own within brackets.
    fn begins_block_in_brackets(&self) -> bool {
        let statement = matches!(
            self.tok.kind,
            TokenKind::Return
                | TokenKind::Print
                | TokenKind::Mut
                | TokenKind::If
                | TokenKind::For
                | TokenKind::While
                | TokenKind::Try
                | TokenKind::Pass
                | TokenKind::Match
        );
        statement && self.lexer.starts_line(self.tok.span.start)
    }

    #[cold]
    fn block_in_brackets(&mut self, fn_span: Span) -> Failed {
        self.error_help(
            1006,
            fn_span,
            "Misplaced block",
            "a block cannot begin inside brackets",
            "A lambda with a block may only be the whole right side of a binding, an assignment or a `return`.",
            "bind the function to a name first.",
        )
    }

    /// A lambda whose `:` is followed by a line end where it may not have a block. The block is read for its errors.
    #[cold]
    fn misplaced_block(&mut self, fn_span: Span) -> Failed {
        let failed = self.error_help(
            1006,
            fn_span,
            "Misplaced block",
            "a lambda with a block cannot stand here",
            "A lambda with a block may only be the whole right side of a binding, an assignment or a `return`.",
            "bind the function to a name first, or write its body as one expression.",
        );
        self.functions += 1;
        self.broken_suite();
        self.functions -= 1;
        failed
    }

    /// A `match` within an expression. Its arms are read for their errors.
    #[cold]
    pub(super) fn misplaced_match(&mut self) -> Failed {
        if self.lexer.brackets().is_empty() {
            let failed = self.error_help(
                1006,
                self.tok.span,
                "Misplaced `match`",
                "`match` cannot stand here",
                "As an expression, `match` may only be the whole right side of a binding, an assignment or a `return`.",
                "bind its value to a name first.",
            );
            let _ = self.match_block();
            return failed;
        }
        self.error_help(
            1006,
            self.tok.span,
            "Misplaced `match`",
            "a block cannot begin inside brackets",
            "As an expression, `match` may only be the whole right side of a binding, an assignment or a `return`.",
            "bind its value to a name first.",
        )
    }
}
