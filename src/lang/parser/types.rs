//! Types.

use super::*;
use crate::lang::stack::with_room;

impl<'a> Parser<'a, '_> {
    /// A type.
    pub(super) fn ty(&mut self) -> Parsed<Type<'a>> {
        if self.type_depth == MAX_NESTING && !self.at(TokenKind::Ident) {
            return Err(self.too_deep("Types"));
        }
        let start = self.tok.span.start;
        let kind = match self.tok.kind {
            TokenKind::Ident => {
                let path = self.path("a type")?;
                let mut args: &[Type] = &[];
                if self.at(TokenKind::LBracket) {
                    if self.type_depth == MAX_NESTING {
                        return Err(self.too_deep("Types"));
                    }
                    let open = self.bump();
                    args = self.nested_types(open)?;
                    if args.is_empty() {
                        return Err(self.no_type_arguments());
                    }
                }
                TypeKind::Named { path, args }
            }
            TokenKind::LBracket => self.deeper(Self::array_type)?,
            TokenKind::LBrace => self.deeper(Self::map_type)?,
            TokenKind::Fn => {
                self.bump();
                let open = self.expect(TokenKind::LParen, "`(`")?;
                let params = self.nested_types(open)?;
                let ret = if self.at(TokenKind::Arrow) { self.deeper(Self::return_type)? } else { None };
                TypeKind::Fn { params, ret }
            }
            _ => return Err(self.unexpected("a type")),
        };
        Ok(Type { kind, span: self.span_from(start) })
    }

    /// A type that the arena keeps.
    pub(super) fn ty_ref(&mut self) -> Parsed<&'a Type<'a>> {
        let ty = self.ty()?;
        Ok(self.arena.alloc(ty))
    }

    fn deeper<T>(&mut self, production: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.type_depth += 1;
        let result = with_room(|| production(self));
        self.type_depth -= 1;
        result
    }

    /// Types up to the closing bracket.
    fn nested_types(&mut self, open: Token) -> Parsed<&'a [Type<'a>]> {
        self.deeper(|parser| {
            let mark = parser.stacks.types.len();
            parser.list(open, "`,`", |parser| {
                let ty = parser.ty()?;
                parser.stacks.types.push(ty);
                Ok(())
            })?;
            Ok(parser.stacks.types.take(mark, parser.arena))
        })
    }

    #[cold]
    fn no_type_arguments(&mut self) -> Failed {
        // The bracket that was just taken.
        let span = Span { start: self.prev_end - 1, end: self.prev_end };
        self.error(
            1001,
            span,
            "Unexpected token",
            "expected a type",
            "Type arguments cannot be left out in brackets.",
        )
    }

    /// `[T]` or `[T, N]`
    fn array_type(&mut self) -> Parsed<TypeKind<'a>> {
        let open = self.bump();
        let element = self.ty_ref()?;
        let mut length = None;
        if self.eat(TokenKind::Comma) {
            let span = self.tok.span;
            let kind = match self.tok.kind {
                TokenKind::Int => LengthKind::Literal(self.take_int(None)),
                TokenKind::Ident => LengthKind::Name(self.take_ident().name),
                _ => return Err(self.unexpected("a length")),
            };
            length = Some(Length { kind, span });
            self.close(open, "")?;
        } else {
            self.close(open, "`,`")?;
        }
        Ok(TypeKind::Array { element, length })
    }

    /// `{K: V}`
    fn map_type(&mut self) -> Parsed<TypeKind<'a>> {
        let open = self.bump();
        let key = self.ty_ref()?;
        if !self.eat(TokenKind::Colon) {
            return Err(self.missing_colon_here());
        }
        let value = self.ty_ref()?;
        self.close(open, "")?;
        Ok(TypeKind::Map { key, value })
    }

    /// What follows `->`, which is current; nothing if there is none.
    pub(super) fn return_type(&mut self) -> Parsed<Option<&'a Type<'a>>> {
        if !self.eat(TokenKind::Arrow) {
            return Ok(None);
        }
        if !matches!(
            self.tok.kind,
            TokenKind::Ident | TokenKind::LBracket | TokenKind::LBrace | TokenKind::Fn
        ) {
            return Err(self.unexpected_as(1006, "Missing return type", "a type after `->`"));
        }
        self.ty_ref().map(Some)
    }

    /// `(a: T, b) -> R`; the parameters of foreign functions must have types.
    pub(super) fn signature(&mut self, foreign: bool) -> Parsed<Signature<'a>> {
        let open = self.expect(TokenKind::LParen, "`(`")?;
        let mark = self.stacks.params.len();
        self.list(open, "`,`", |parser| {
            let name = parser.ident("a parameter's name")?;
            let ty = if parser.eat(TokenKind::Colon) {
                Some(parser.ty_ref()?)
            } else if foreign {
                return Err(parser.missing_colon_here());
            } else {
                None
            };
            parser.stacks.params.push(Param { name, ty });
            Ok(())
        })?;
        let params = self.stacks.params.take(mark, self.arena);
        let ret = self.return_type()?;
        Ok(Signature { params, ret })
    }
}
