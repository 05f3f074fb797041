//! Patterns of `match`.

use super::*;

impl<'a> Parser<'a, '_> {
    /// What stands before the `->` of an arm.
    pub(super) fn pattern(&mut self) -> Parsed<Pattern<'a>> {
        let start = self.tok.span.start;
        let kind = match self.tok.kind {
            TokenKind::Ident => {
                let path = self.path("a pattern")?;
                if self.at(TokenKind::LParen) {
                    let slots = self.slots()?;
                    PatternKind::Path { path, slots: Some(slots) }
                } else if path.len() == 1 && path[0].name == self.underscore {
                    PatternKind::Wildcard
                } else {
                    PatternKind::Path { path, slots: None }
                }
            }
            TokenKind::Minus => {
                let minus = self.bump().span;
                match self.tok.kind {
                    TokenKind::Int => PatternKind::Int { value: self.take_int(Some(minus)), negative: true },
                    TokenKind::Float => PatternKind::Float(-self.take_float(Some(minus))),
                    _ => return Err(self.unexpected("a number")),
                }
            }
            TokenKind::Int => PatternKind::Int { value: self.take_int(None), negative: false },
            TokenKind::Float => PatternKind::Float(self.take_float(None)),
            TokenKind::Str => PatternKind::Str(self.take_string()),
            TokenKind::True | TokenKind::False => PatternKind::Bool(self.bump().kind == TokenKind::True),
            _ => return Err(self.unexpected("a pattern")),
        };
        Ok(Pattern { kind, span: self.span_from(start) })
    }

    fn slots(&mut self) -> Parsed<&'a [Ident]> {
        let open = self.bump();
        let mark = self.stacks.idents.len();
        self.list(open, "`,`", |parser| {
            let slot = parser.ident("a name or `_`")?;
            parser.stacks.idents.push(slot);
            Ok(())
        })?;
        Ok(self.stacks.idents.take(mark, self.arena))
    }
}
