//! Statements and the suites that hold them.

use super::expressions::binary_op;
use super::*;
use crate::lang::stack::with_room;

/// Where a statement stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// First on a line of its own: anything may stand there.
    Line,
    /// Behind a `;`, or on the line of a header: only simple statements may.
    Simple,
}

impl<'a> Parser<'a, '_> {
    /// The whole file.
    pub(super) fn module(&mut self) -> &'a [Stmt<'a>] {
        let mark = self.stacks.stmts.len();
        self.lines();
        // Nothing at module level is the last statement of a function.
        self.reject_lambda_statements(0);
        self.stacks.stmts.take(mark, self.arena)
    }

    /// Lines up to the end of the block or file, which is not taken.
    fn lines(&mut self) {
        let waiting = self.lambda_statements.len();
        let mut unexpected_indents = 0;
        let mut failed = false;
        loop {
            match self.tok.kind {
                TokenKind::Eof => return,
                TokenKind::Elif | TokenKind::Else | TokenKind::Catch if failed => self.orphan(),
                kind if kind.is_closer() && failed && self.lexer.lost_brackets => self.give_up(),
                TokenKind::Dedent if unexpected_indents == 0 => return,
                TokenKind::Dedent => {
                    unexpected_indents -= 1;
                    self.bump();
                }
                TokenKind::Indent => {
                    self.unexpected_indent();
                    unexpected_indents += 1;
                    self.bump();
                }
                TokenKind::Newline => {
                    self.bump();
                }
                _ => {
                    // Those that wait are followed by something.
                    self.reject_lambda_statements(waiting);
                    self.lexer.lost_brackets = false;
                    failed = self.line(Place::Line).is_err();
                }
            }
        }
    }

    /// A branch whose `if` or `try` was not understood: only its suite is read.
    fn orphan(&mut self) {
        let keyword = self.bump();
        self.after_block = false;
        self.header(|parser| {
            if keyword.kind == TokenKind::Elif {
                parser.expr()?;
            } else if keyword.kind == TokenKind::Catch {
                parser.eat(TokenKind::Ident);
            }
            Ok(())
        });
        self.after_block = false;
    }

    /// The statements of one line, with the blocks that belong to them. Recovers by itself.
    fn line(&mut self, place: Place) -> Parsed<()> {
        let mut here = place;
        loop {
            let marks = self.marks();
            let Ok(stmt) = self.statement(here) else {
                self.stacks.cut(marks);
                self.give_up();
                return Err(Failed);
            };
            self.stacks.stmts.push(stmt);
            if std::mem::take(&mut self.after_block) {
                return Ok(());
            }
            if self.eat(TokenKind::Semi) && !self.at(TokenKind::Newline) {
                // At module level what needs only a `;` behind it ends like a line.
                here = match stmt.kind {
                    StmtKind::Use(_) | StmtKind::Const(_) | StmtKind::Bindings { public: Some(_), .. } => {
                        place
                    }
                    _ => Place::Simple,
                };
                continue;
            }
            if !self.eat(TokenKind::Newline) && !matches!(self.tok.kind, TokenKind::Eof | TokenKind::Dedent) {
                self.unexpected("the end of the statement");
                self.give_up();
                return Err(Failed);
            }
            return Ok(());
        }
    }

    /// Gives up the rest of a statement, and the block below it, which belongs to nobody knows what.
    pub(super) fn give_up(&mut self) {
        if std::mem::take(&mut self.after_block) {
            return;
        }
        self.skip_line();
        self.eat(TokenKind::Newline);
        if self.at(TokenKind::Indent) {
            self.bump();
            self.skip_block();
        }
    }

    /// Skips the rest of a block whose `Indent` has been taken.
    pub(super) fn skip_block(&mut self) {
        let mut depth = 1;
        self.lexer.skip_layout(true);
        while depth > 0 && !self.at(TokenKind::Eof) {
            match self.tok.kind {
                TokenKind::Indent => depth += 1,
                TokenKind::Dedent => depth -= 1,
                _ => {}
            }
            self.bump();
        }
        self.lexer.skip_layout(false);
    }

    /// Reports the block-bodied lambdas that wait above `mark`: they are no value of a function.
    fn reject_lambda_statements(&mut self, mark: usize) {
        while self.lambda_statements.len() > mark {
            let Some(span) = self.lambda_statements.pop() else { return };
            self.error_help(
                1006,
                span,
                "Misplaced block",
                "this function is dropped",
                "As a statement, a lambda with a block may only be the last of a function body, whose value it is.",
                "bind it to a name.",
            );
        }
    }

    /// `: suite`. Recovers by itself.
    pub(super) fn suite(&mut self) -> Block<'a> {
        if self.eat(TokenKind::Colon) {
            return self.suite_body();
        }
        self.missing_colon();
        self.broken_suite()
    }

    /// A header's production and its suite. If the header is wrong the suite is read all the same.
    fn header<T>(&mut self, production: impl FnOnce(&mut Self) -> Parsed<T>) -> (Option<T>, Block<'a>) {
        match self.attempt(production) {
            Some(header) => (Some(header), self.suite()),
            None => (None, self.broken_suite()),
        }
    }

    /// What follows the `:` or `->`: an indented block, or the rest of the line.
    pub(super) fn suite_body(&mut self) -> Block<'a> {
        self.suites += 1;
        let block = if self.eat(TokenKind::Newline) {
            if self.at(TokenKind::Indent) {
                self.indented()
            } else {
                self.missing_block();
                self.empty_block()
            }
        } else {
            let mark = self.stacks.stmts.len();
            // Whether it was understood, the statements after it need not know.
            let _ = self.line(Place::Simple);
            self.finish_block(mark)
        };
        self.suites -= 1;
        self.after_block = true;
        block
    }

    /// The suite of a header that failed: read for what is wrong in it.
    pub(super) fn broken_suite(&mut self) -> Block<'a> {
        if !std::mem::take(&mut self.after_block) {
            self.skip_line();
            self.eat(TokenKind::Newline);
            if self.at(TokenKind::Indent) {
                self.suites += 1;
                self.indented();
                self.suites -= 1;
            }
        }
        self.after_block = true;
        self.empty_block()
    }

    /// An indented block; its `Indent` is current.
    fn indented(&mut self) -> Block<'a> {
        self.bump();
        if self.block_depth == MAX_NESTING {
            self.too_deep("Blocks");
            self.skip_block();
            return self.empty_block();
        }
        self.block_depth += 1;
        let mark = self.stacks.stmts.len();
        with_room(|| self.lines());
        self.eat(TokenKind::Dedent);
        self.block_depth -= 1;
        self.finish_block(mark)
    }

    fn finish_block(&mut self, mark: usize) -> Block<'a> {
        match self.stacks.stmts.take(mark, self.arena) {
            stmts @ [first, .., last] => {
                Block { stmts, span: Span { start: first.span.start, end: last.span.end } }
            }
            stmts @ [only] => Block { stmts, span: only.span },
            [] => self.empty_block(),
        }
    }

    fn empty_block(&self) -> Block<'a> {
        Block { stmts: &[], span: Span { start: self.prev_end, end: self.prev_end } }
    }

    fn error_expr(&self) -> Expr<'a> {
        Expr { kind: ExprKind::Error, span: Span { start: self.prev_end, end: self.prev_end } }
    }

    fn statement(&mut self, place: Place) -> Parsed<Stmt<'a>> {
        let start = self.tok.span.start;
        self.after_block = false;
        self.block_allowed = place == Place::Line;
        let kind = match self.tok.kind {
            TokenKind::Ident => match self.lexer.peek_operator() {
                TokenKind::Assign | TokenKind::Colon | TokenKind::Define => self.bindings(None)?,
                _ => self.expression_statement()?,
            },
            TokenKind::Mut => self.bindings(None)?,
            TokenKind::Print => self.print()?,
            TokenKind::Return => self.return_stmt()?,
            TokenKind::Pass => {
                self.bump();
                StmtKind::Pass
            }
            TokenKind::Break => {
                self.bump();
                StmtKind::Break(self.label())
            }
            TokenKind::Continue => {
                self.bump();
                StmtKind::Continue(self.label())
            }
            TokenKind::Use | TokenKind::Pub => self.item()?,
            TokenKind::Struct | TokenKind::Enum | TokenKind::Impl | TokenKind::Extern
                if place == Place::Line || self.suites > 0 =>
            {
                self.item()?
            }
            TokenKind::Match if place == Place::Line => {
                let parsed = self.match_block()?;
                StmtKind::Match(self.arena.alloc(parsed))
            }
            TokenKind::Fn if self.lexer.peek_operator() != TokenKind::Ident => self.lambda_statement()?,
            TokenKind::If
            | TokenKind::While
            | TokenKind::For
            | TokenKind::Try
            | TokenKind::Label
            | TokenKind::Fn
                if place == Place::Line =>
            {
                self.compound()?
            }
            TokenKind::If
            | TokenKind::While
            | TokenKind::For
            | TokenKind::Try
            | TokenKind::Label
            | TokenKind::Fn
            | TokenKind::Struct
            | TokenKind::Enum
            | TokenKind::Impl
            | TokenKind::Extern => return Err(self.unexpected("a simple statement")),
            TokenKind::Elif | TokenKind::Else | TokenKind::Catch | TokenKind::In | TokenKind::As => {
                return Err(self.unexpected("a statement"));
            }
            _ => self.expression_statement()?,
        };
        Ok(Stmt { kind, span: self.span_from(start) })
    }

    #[inline(never)]
    fn compound(&mut self) -> Parsed<StmtKind<'a>> {
        match self.tok.kind {
            TokenKind::If => Ok(self.if_stmt()),
            TokenKind::While => Ok(self.while_stmt(None)),
            TokenKind::For => self.for_stmt(None),
            TokenKind::Try => self.try_stmt(),
            TokenKind::Label => self.labelled(),
            _ => {
                let decl = self.function(None)?;
                Ok(StmtKind::Fn(self.arena.alloc(decl)))
            }
        }
    }

    /// `x = 1, mut y: i64 = 2`, or a constant.
    #[inline(never)]
    pub(super) fn bindings(&mut self, public: Option<Span>) -> Parsed<StmtKind<'a>> {
        let block_allowed = self.block_allowed;
        let mark = self.stacks.bindings.len();
        loop {
            let is_first = self.stacks.bindings.len() == mark;
            let mutable = self.eat(TokenKind::Mut);
            let first = self.ident("a variable's name")?;
            let ty = if self.eat(TokenKind::Colon) { Some(self.ty_ref()?) } else { None };
            if self.at(TokenKind::Define) && is_first && !mutable {
                return self.constant(first, ty, public);
            }
            self.expect(TokenKind::Assign, "`=`")?;
            let names_mark = self.stacks.idents.len();
            self.stacks.idents.push(first);
            if !mutable && ty.is_none() {
                while self.at(TokenKind::Ident) && self.lexer.peek_operator() == TokenKind::Assign {
                    let name = self.take_ident();
                    self.stacks.idents.push(name);
                    self.bump();
                }
            }
            let names = self.stacks.idents.take(names_mark, self.arena);
            let value = self.right_side(block_allowed && is_first && names.len() == 1)?;
            self.stacks.bindings.push(Binding { mutable, names, ty, value: self.arena.alloc(value) });
            if self.after_block || !self.eat(TokenKind::Comma) {
                break;
            }
        }
        let items = self.stacks.bindings.take(mark, self.arena);
        Ok(StmtKind::Bindings { items, public })
    }

    /// `:= e`; the operator is current.
    fn constant(
        &mut self,
        name: Ident,
        ty: Option<&'a Type<'a>>,
        public: Option<Span>,
    ) -> Parsed<StmtKind<'a>> {
        self.bump();
        if self.suites > 0 && public.is_none() {
            self.error_help(
                1006,
                name.span,
                "Constant inside a block",
                "constants are declared at module level",
                "A constant cannot be declared inside a block.",
                "write `=` for a local variable.",
            );
        }
        let value = self.expr_ref()?;
        Ok(StmtKind::Const(self.arena.alloc(ConstDecl { name, ty, value, public })))
    }

    /// The right side of a binding, an assignment or a `return`.
    fn right_side(&mut self, block_allowed: bool) -> Parsed<Expr<'a>> {
        match self.tok.kind {
            TokenKind::Match if block_allowed => {
                let waiting = self.lambda_statements.len();
                let start = self.tok.span.start;
                let parsed = self.match_block()?;
                self.lambda_statements.truncate(waiting);
                let kind = ExprKind::Match(self.arena.alloc(parsed));
                Ok(Expr { kind, span: self.span_from(start) })
            }
            TokenKind::Fn if block_allowed => self.lambda(true),
            _ => self.expr(),
        }
    }

    /// An expression, or an assignment to a place.
    #[inline(never)]
    fn expression_statement(&mut self) -> Parsed<StmtKind<'a>> {
        let block_allowed = self.block_allowed;
        let expr = self.expr_ref()?;
        let op = binary_op(self.tok.kind);
        if self.at(TokenKind::Assign) || op.is_some() {
            self.check_place(expr, op.is_some())?;
            let op_span = self.bump().span;
            let value = self.right_side(block_allowed && op.is_none())?;
            return Ok(StmtKind::Assign { place: expr, op, op_span, value: self.arena.alloc(value) });
        }
        Ok(StmtKind::Expr(expr))
    }

    /// Whether something may stand left of the assignment operator, which is current.
    fn check_place(&mut self, place: &Expr<'a>, compound: bool) -> Parsed<()> {
        match place.kind {
            ExprKind::Name(_) if compound => Ok(()),
            ExprKind::Postfix(Postfix { ops: [.., last], .. }) => match last.kind {
                PostfixKind::Member(_) | PostfixKind::Index(_) => Ok(()),
                PostfixKind::Slice { .. } => Err(self.error(
                    1006,
                    place.span,
                    "Assignment to a slice",
                    "a slice cannot be assigned to",
                    "A slice is a new array, so assigning to it would change nothing.",
                )),
                PostfixKind::Call(_) => Err(self.unexpected("the end of the statement")),
            },
            _ => Err(self.unexpected("the end of the statement")),
        }
    }

    /// `print(…)`
    fn print(&mut self) -> Parsed<StmtKind<'a>> {
        let keyword = self.bump().span;
        if !self.at(TokenKind::LParen) {
            return Err(self.unexpected("`(`"));
        }
        let args = self.arguments()?;
        Ok(StmtKind::Print { keyword, args })
    }

    fn return_stmt(&mut self) -> Parsed<StmtKind<'a>> {
        let block_allowed = self.block_allowed;
        let keyword = self.bump();
        if self.functions == 0 {
            self.error(
                1006,
                keyword.span,
                "`return` outside a function",
                "there is nothing to return from",
                "`return` ends a function, and this is none.",
            );
        }
        if matches!(self.tok.kind, TokenKind::Newline | TokenKind::Semi | TokenKind::Eof) {
            return Ok(StmtKind::Return(None));
        }
        let value = self.right_side(block_allowed)?;
        Ok(StmtKind::Return(Some(self.arena.alloc(value))))
    }

    /// A label, if one is current.
    fn label(&mut self) -> Option<Ident> {
        if !self.at(TokenKind::Label) {
            return None;
        }
        let span = self.bump().span;
        let name = self.lexer.slice(Span { start: span.start + 1, end: span.end });
        Some(Ident { name: self.names.intern(name), span })
    }

    /// A lambda as a statement. With a block it must be the last of a function body.
    fn lambda_statement(&mut self) -> Parsed<StmtKind<'a>> {
        let expr = self.lambda(self.block_allowed && self.functions > 0)?;
        if self.after_block
            && let ExprKind::Lambda(lambda) = expr.kind
        {
            self.lambda_statements.push(lambda.fn_span);
        }
        Ok(StmtKind::Expr(self.arena.alloc(expr)))
    }

    fn if_stmt(&mut self) -> StmtKind<'a> {
        let mark = self.stacks.if_arms.len();
        loop {
            self.bump();
            self.after_block = false;
            let (cond, body) = self.header(Self::expr);
            let cond = cond.unwrap_or_else(|| self.error_expr());
            self.stacks.if_arms.push(IfArm { cond, body });
            if !self.at(TokenKind::Elif) {
                break;
            }
        }
        let mut otherwise = None;
        if self.at(TokenKind::Else) {
            self.bump();
            self.after_block = false;
            otherwise = Some(self.suite());
        }
        let arms = self.stacks.if_arms.take(mark, self.arena);
        StmtKind::If(self.arena.alloc(If { arms, otherwise }))
    }

    fn while_stmt(&mut self, label: Option<Ident>) -> StmtKind<'a> {
        self.bump();
        let waiting = self.lambda_statements.len();
        let (cond, body) = self.header(Self::expr);
        self.reject_lambda_statements(waiting);
        let cond = cond.unwrap_or_else(|| self.error_expr());
        StmtKind::While(self.arena.alloc(While { label, cond, body }))
    }

    fn for_stmt(&mut self, label: Option<Ident>) -> Parsed<StmtKind<'a>> {
        self.bump();
        let waiting = self.lambda_statements.len();
        let (header, body) = self.header(|parser| {
            let first = parser.ident("a loop variable's name")?;
            let second = match parser.eat(TokenKind::Comma) {
                true => Some(parser.ident("a second loop variable's name")?),
                false => None,
            };
            parser.expect(TokenKind::In, "`in`")?;
            Ok((first, second, parser.for_iter()?))
        });
        self.reject_lambda_statements(waiting);
        let (first, second, iter) = header.ok_or(Failed)?;
        Ok(StmtKind::For(self.arena.alloc(For { label, first, second, iter, body })))
    }

    fn for_iter(&mut self) -> Parsed<ForIter<'a>> {
        let start = self.expr()?;
        let inclusive = self.at(TokenKind::DotDotEq);
        if !inclusive && !self.at(TokenKind::DotDot) {
            return Ok(ForIter::Expr(start));
        }
        self.bump();
        let end = self.expr()?;
        let step = if self.eat(TokenKind::DotDot) { Some(self.expr()?) } else { None };
        Ok(ForIter::Range { start, end, step, inclusive })
    }

    fn labelled(&mut self) -> Parsed<StmtKind<'a>> {
        let label = self.label();
        if !self.eat(TokenKind::Colon) {
            return Err(self.missing_colon_here());
        }
        match self.tok.kind {
            TokenKind::While => Ok(self.while_stmt(label)),
            TokenKind::For => self.for_stmt(label),
            _ => Err(self.unexpected("`while` or `for`")),
        }
    }

    fn try_stmt(&mut self) -> Parsed<StmtKind<'a>> {
        self.bump();
        let waiting = self.lambda_statements.len();
        let body = self.suite();
        if !self.at(TokenKind::Catch) {
            // The suite is over, so what was found is left to be read as a statement.
            return Err(self.unexpected("`catch`"));
        }
        self.bump();
        self.after_block = false;
        let name = if self.at(TokenKind::Ident) { Some(self.take_ident()) } else { None };
        let handler = self.suite();
        self.reject_lambda_statements(waiting);
        Ok(StmtKind::Try(self.arena.alloc(Try { body, name, handler })))
    }

    /// `match e:` and its arms; the keyword is current.
    pub(super) fn match_block(&mut self) -> Parsed<Match<'a>> {
        let keyword = self.bump().span;
        let value = self.attempt(Self::expr);
        let mark = self.stacks.arms.len();
        self.members(value.is_some(), |parser| {
            let pattern = parser.attempt(|parser| {
                let pattern = parser.pattern()?;
                parser.expect(TokenKind::Arrow, "`->`")?;
                Ok(pattern)
            });
            let Some(pattern) = pattern else {
                parser.broken_suite();
                return Err(Failed);
            };
            let body = parser.suite_body();
            parser.stacks.arms.push(Arm { pattern, body });
            Ok(())
        });
        let value = value.unwrap_or_else(|| self.error_expr());
        Ok(Match { keyword, value, arms: self.stacks.arms.take(mark, self.arena) })
    }
}
