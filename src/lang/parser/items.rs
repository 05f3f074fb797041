//! Declarations, `use` and `extern`.

use super::*;
use crate::lang::stack::with_room;

impl<'a> Parser<'a, '_> {
    /// What may stand only at module level: `pub`, `use`, `extern`, a struct, an enum or an impl block.
    #[inline(never)]
    pub(super) fn item(&mut self) -> Parsed<StmtKind<'a>> {
        let mut public = None;
        if self.suites > 0 {
            self.inside_block();
        }
        if self.at(TokenKind::Pub) {
            public = Some(self.bump().span);
        }
        match self.tok.kind {
            TokenKind::Struct => self.struct_decl(public),
            TokenKind::Enum => self.enum_decl(public),
            TokenKind::Impl => self.impl_block(public),
            TokenKind::Use if public.is_none() => self.use_stmt(),
            TokenKind::Extern if public.is_none() => self.extern_block(),
            TokenKind::Fn => {
                let decl = self.function(public)?;
                Ok(StmtKind::Fn(self.arena.alloc(decl)))
            }
            TokenKind::Ident | TokenKind::Mut => self.bindings(public),
            _ => Err(self.unexpected("a declaration")),
        }
    }

    #[cold]
    fn inside_block(&mut self) {
        let text = self.tok.kind.text().unwrap_or("");
        let (label, message) = match self.tok.kind {
            TokenKind::Pub => {
                ("only module-level declarations are exported", "`pub` cannot stand inside a block.")
            }
            TokenKind::Use => ("modules are imported at module level", "`use` cannot stand inside a block."),
            _ => ("types are declared at module level", "This declaration cannot stand inside a block."),
        };
        self.error(1006, self.tok.span, &format!("`{text}` inside a block"), label, message);
    }

    /// What ends a declaration that has no block.
    fn sep(&mut self) -> Parsed<()> {
        if self.eat(TokenKind::Newline) || self.eat(TokenKind::Semi) {
            return Ok(());
        }
        Err(self.unexpected("the end of the line"))
    }

    /// `:` and an indented block of things that are no statements, each read by `member`. If the header was wrong, the
    /// block is read all the same.
    pub(super) fn members(&mut self, header: bool, mut member: impl FnMut(&mut Self) -> Parsed<()>) {
        let mut proper = header;
        if header {
            if !self.eat(TokenKind::Colon) {
                self.missing_colon();
                proper = false;
            } else if !self.at(TokenKind::Newline) {
                self.unexpected("the end of the line");
                proper = false;
            }
        }
        if !proper && self.after_block {
            return;
        }
        if !proper {
            self.skip_line();
        }
        self.eat(TokenKind::Newline);
        if self.at(TokenKind::Indent) {
            self.bump();
            if self.member_depth == MAX_NESTING {
                self.too_deep("Blocks");
                self.skip_block();
            } else {
                self.member_depth += 1;
                with_room(|| self.member_lines(&mut member));
                self.member_depth -= 1;
            }
        } else if proper {
            self.missing_block();
        }
        self.after_block = true;
    }

    fn member_lines(&mut self, member: &mut impl FnMut(&mut Self) -> Parsed<()>) {
        let mut unexpected_indents = 0;
        loop {
            match self.tok.kind {
                TokenKind::Eof => return,
                TokenKind::Dedent => {
                    self.bump();
                    if unexpected_indents == 0 {
                        return;
                    }
                    unexpected_indents -= 1;
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
                    self.after_block = false;
                    let marks = self.marks();
                    if member(self).is_err() {
                        self.stacks.cut(marks);
                        self.give_up();
                    }
                    self.after_block = false;
                }
            }
        }
    }

    /// `fn name(…) -> R: suite`; `fn` is current.
    pub(super) fn function(&mut self, public: Option<Span>) -> Parsed<FnDecl<'a>> {
        let fn_start = self.bump().span.start;
        let start = public.map_or(fn_start, |span| span.start);
        let header =
            self.attempt(|parser| Ok((parser.ident("the function's name")?, parser.signature(false)?)));
        let waiting = self.lambda_statements.len();
        self.functions += 1;
        let body = if header.is_some() { self.suite() } else { self.broken_suite() };
        self.functions -= 1;
        self.lambda_statements.truncate(waiting);
        let (name, signature) = header.ok_or(Failed)?;
        Ok(FnDecl { name, signature, body, public, span: self.span_from(start) })
    }

    fn struct_decl(&mut self, public: Option<Span>) -> Parsed<StmtKind<'a>> {
        self.bump();
        let name = self.attempt(|parser| parser.ident("the struct's name"));
        let mut fields = Vec::new();
        self.members(name.is_some(), |parser| {
            parser.eat(TokenKind::Pub);
            let name = parser.ident("a field's name")?;
            if !parser.eat(TokenKind::Colon) {
                return Err(parser.missing_colon_here());
            }
            let ty = parser.ty()?;
            let default = if parser.eat(TokenKind::Assign) { Some(parser.expr()?) } else { None };
            parser.sep()?;
            fields.push(FieldDecl { name, ty, default });
            Ok(())
        });
        let name = name.ok_or(Failed)?;
        let fields = self.arena.alloc_slice_copy(&fields);
        Ok(StmtKind::Struct(self.arena.alloc(StructDecl { name, fields, public })))
    }

    fn enum_decl(&mut self, public: Option<Span>) -> Parsed<StmtKind<'a>> {
        self.bump();
        let header = self.attempt(|parser| {
            let name = parser.ident("the enum's name")?;
            let mark = parser.stacks.idents.len();
            if parser.at(TokenKind::LBracket) {
                let open = parser.bump();
                if parser.at(TokenKind::RBracket) {
                    return Err(parser.unexpected("a type parameter's name"));
                }
                parser.list(open, "`,`", |parser| {
                    let param = parser.ident("a type parameter's name")?;
                    parser.stacks.idents.push(param);
                    Ok(())
                })?;
            }
            Ok((name, parser.stacks.idents.take(mark, parser.arena)))
        });
        let mut variants = Vec::new();
        self.members(header.is_some(), |parser| {
            let name = parser.ident("a variant's name")?;
            let payload = if parser.at(TokenKind::LParen) { parser.payload()? } else { &[] };
            parser.sep()?;
            variants.push(VariantDecl { name, payload });
            Ok(())
        });
        let (name, params) = header.ok_or(Failed)?;
        let variants = self.arena.alloc_slice_copy(&variants);
        Ok(StmtKind::Enum(self.arena.alloc(EnumDecl { name, params, variants, public })))
    }

    /// `(name: T, U)`
    fn payload(&mut self) -> Parsed<&'a [PayloadDecl<'a>]> {
        let open = self.bump();
        let mut payload = Vec::new();
        self.list(open, "`,`", |parser| {
            let named = parser.at(TokenKind::Ident) && parser.lexer.peek_operator() == TokenKind::Colon;
            let name = if named { Some(parser.take_ident()) } else { None };
            if named {
                parser.bump();
            }
            payload.push(PayloadDecl { name, ty: parser.ty()? });
            Ok(())
        })?;
        Ok(self.arena.alloc_slice_copy(&payload))
    }

    fn impl_block(&mut self, public: Option<Span>) -> Parsed<StmtKind<'a>> {
        self.bump();
        let name = self.attempt(|parser| parser.ident("a type's name"));
        let mark = self.stacks.functions.len();
        self.members(name.is_some(), |parser| {
            let public = if parser.at(TokenKind::Pub) { Some(parser.bump().span) } else { None };
            if !parser.at(TokenKind::Fn) {
                return Err(parser.unexpected("a function"));
            }
            let function = parser.function(public)?;
            parser.stacks.functions.push(function);
            Ok(())
        });
        let functions = self.stacks.functions.take(mark, self.arena);
        let name = name.ok_or(Failed)?;
        Ok(StmtKind::Impl(self.arena.alloc(ImplBlock { name, functions, public })))
    }

    fn use_stmt(&mut self) -> Parsed<StmtKind<'a>> {
        self.bump();
        let path = self.path("a module's path")?;
        let kind = match self.tok.kind {
            TokenKind::As => UseKind::Namespace(self.alias()?),
            TokenKind::Colon => {
                self.bump();
                if self.eat(TokenKind::Star) { UseKind::All } else { UseKind::Names(self.imports()?) }
            }
            _ => UseKind::Namespace(None),
        };
        Ok(StmtKind::Use(self.arena.alloc(Use { path, kind })))
    }

    /// `as name`, if that follows.
    fn alias(&mut self) -> Parsed<Option<Ident>> {
        if self.eat(TokenKind::As) { self.ident("a name").map(Some) } else { Ok(None) }
    }

    fn imports(&mut self) -> Parsed<&'a [(Ident, Option<Ident>)]> {
        let mut imports = Vec::new();
        loop {
            let name = self.ident("the name of an export")?;
            imports.push((name, self.alias()?));
            // A comma may be the last thing.
            if !self.eat(TokenKind::Comma) || matches!(self.tok.kind, TokenKind::Newline | TokenKind::Semi) {
                return Ok(self.arena.alloc_slice_copy(&imports));
            }
        }
    }

    fn extern_block(&mut self) -> Parsed<StmtKind<'a>> {
        let keyword = self.bump().span;
        let library = match self.tok.kind {
            TokenKind::Str => Some(self.take_string()),
            _ => {
                self.unexpected("a library's name");
                None
            }
        };
        let mut functions = Vec::new();
        self.members(library.is_some(), |parser| {
            parser.expect(TokenKind::Fn, "`fn`")?;
            let name = parser.ident("the function's name")?;
            let signature = parser.signature(true)?;
            parser.sep()?;
            functions.push(ExternFn { name, signature });
            Ok(())
        });
        let library = library.ok_or(Failed)?;
        let functions = self.arena.alloc_slice_copy(&functions);
        Ok(StmtKind::Extern(self.arena.alloc(ExternBlock { keyword, library, functions })))
    }
}
