//! The parser: from tokens to the syntax tree, by recursive descent.
//!
//! How it works. One token is current; beyond an identifier the lexer can look one more token ahead, which is all that
//! the grammar needs. Lists are collected on stacks that all productions share ([`Stacks`]) and copied to the arena
//! when they are complete, so that parsing allocates nothing but the tree. Everything that can be a long chain is a
//! loop: recursion is as deep as the program nests, and that is limited (P2).
//!
//! Errors. A production that cannot go on reports what it found and returns [`Failed`]. The statement is given up; what
//! follows it is read as usual. Headers of blocks recover on their own (`broken_suite`), so that their bodies are read
//! too. A report that would only follow from another is not made: after an `Error` token the lexer has spoken, and
//! after a failure nothing is said until the next statement.
//!
//! Invariants
//! - P1 After [`Failed`], something has been reported.
//! - P2 Expressions, blocks and types each nest to [`MAX_NESTING`] levels and no further.
//! - P3 A statement that ends with an indented block leaves the first token after it current, and `after_block` set
//!   until the loop that reads statements takes note.

mod expressions;
mod items;
mod literals;
mod patterns;
mod report;
mod stacks;
mod statements;
mod types;

#[cfg(test)]
mod tests;

use bumpalo::Bump;

use super::ast::*;
use super::diag::Diagnostic;
use super::intern::{Interner, Symbol};
use super::lexer::{Lexer, Token, TokenKind};
use crate::bytecode::FileId;
use stacks::{Marks, Stacks};

/// How deep expressions, blocks and types nest.
pub const MAX_NESTING: u32 = 256;

/// An odd number with well-mixed bits.
const RECENT_HASH: u64 = 0x9e37_79b9_7f4a_7c15;

/// The statement cannot be understood, which has been reported.
#[derive(Clone, Copy, Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// Parses a file. Reports are appended in the order of their positions; if there are any, the tree is only good for
/// finding more of what is wrong.
pub fn parse<'a>(
    arena: &'a Bump,
    names: &mut Interner<'a>,
    file: FileId,
    text: &str,
    diags: &mut Vec<Diagnostic>,
) -> Module<'a> {
    let mut parser = Parser::new(arena, names, file, text);
    let stmts = parser.module();
    let mut found = std::mem::take(&mut parser.lexer.diags);
    found.sort_by_key(|diag| diag.span.start);
    // What was read twice is reported once, and of two complaints about one indentation the first says it all.
    found.dedup_by_key(|diag| (diag.span.start, diag.code));
    diags.append(&mut found);
    Module { stmts }
}

struct Parser<'a, 'p> {
    arena: &'a Bump,
    names: &'p mut Interner<'a>,
    lexer: Lexer<'p>,
    file: FileId,
    tok: Token,
    /// The end of the last token that is no layout.
    prev_end: u32,
    stacks: Stacks<'a>,
    /// Short names met lately, at the place that a hash gives them: most names are, and finding one here costs less.
    recent: Box<[(u64, Symbol); 256]>,
    /// The name `_`.
    underscore: Symbol,
    expr_depth: u32,
    type_depth: u32,
    block_depth: u32,
    /// Blocks around the current one whose lines are no statements: those of a `match`, a struct, ….
    member_depth: u32,
    /// Suites around the current statement, those on the line of their header among them.
    suites: u32,
    /// Function bodies around it.
    functions: u32,
    /// A `match` or a block-bodied `fn` may be the right side of the current statement.
    block_allowed: bool,
    /// P3.
    after_block: bool,
    /// Block-bodied lambdas that stand as statements, which only the last of a function body may be. They wait here
    /// until it is known whether something follows.
    lambda_statements: Vec<Span>,
    /// For reading literals with escapes.
    buffer: String,
}

impl<'a, 'p> Parser<'a, 'p> {
    fn new(arena: &'a Bump, names: &'p mut Interner<'a>, file: FileId, text: &'p str) -> Self {
        let mut lexer = Lexer::new(file, text);
        let tok = lexer.next();
        let underscore = names.intern("_");
        Parser {
            arena,
            names,
            lexer,
            file,
            tok,
            prev_end: 0,
            stacks: Stacks::default(),
            recent: Box::new([(0, underscore); 256]),
            underscore,
            expr_depth: 0,
            type_depth: 0,
            block_depth: 0,
            member_depth: 0,
            suites: 0,
            functions: 0,
            block_allowed: false,
            after_block: false,
            lambda_statements: Vec::new(),
            buffer: String::new(),
        }
    }

    /// Goes to the next token and gives the one left.
    #[inline]
    fn bump(&mut self) -> Token {
        let token = self.tok;
        if token.kind as u8 > TokenKind::Dedent as u8 {
            self.prev_end = token.span.end;
        }
        self.tok = self.lexer.next();
        token
    }

    fn at(&self, kind: TokenKind) -> bool {
        self.tok.kind == kind
    }

    /// Takes the current token if it is of that kind.
    #[inline]
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.tok.kind == kind;
        if found {
            self.bump();
        }
        found
    }

    /// Takes a token of that kind, or fails.
    #[inline]
    fn expect(&mut self, kind: TokenKind, wanted: &str) -> Parsed<Token> {
        if self.tok.kind == kind { Ok(self.bump()) } else { Err(self.unexpected(wanted)) }
    }

    /// From an offset to the end of the last token.
    fn span_from(&self, start: u32) -> Span {
        Span { start, end: self.prev_end }
    }

    /// The current token, which is an identifier, as a name.
    fn take_ident(&mut self) -> Ident {
        let token = self.bump();
        let Some(packed) = token.packed() else {
            return Ident { name: self.names.intern(self.lexer.slice(token.span)), span: token.span };
        };
        let entry = &mut self.recent[(packed.wrapping_mul(RECENT_HASH) >> 56) as usize];
        if entry.0 != packed {
            *entry = (packed, self.names.intern(self.lexer.slice(token.span)));
        }
        Ident { name: entry.1, span: token.span }
    }

    fn ident(&mut self, wanted: &str) -> Parsed<Ident> {
        if self.at(TokenKind::Ident) { Ok(self.take_ident()) } else { Err(self.unexpected(wanted)) }
    }

    /// `a.b.c`
    fn path(&mut self, wanted: &str) -> Parsed<Path<'a>> {
        let mark = self.stacks.idents.len();
        let first = self.ident(wanted)?;
        self.stacks.idents.push(first);
        while self.eat(TokenKind::Dot) {
            let next = self.ident("a name")?;
            self.stacks.idents.push(next);
        }
        Ok(self.stacks.idents.take(mark, self.arena))
    }

    /// Runs a production that its caller can do without: if it fails, what it left on the stacks is dropped.
    fn attempt<T>(&mut self, production: impl FnOnce(&mut Self) -> Parsed<T>) -> Option<T> {
        let marks = self.stacks.marks();
        match production(self) {
            Ok(result) => Some(result),
            Err(Failed) => {
                self.stacks.cut(marks);
                None
            }
        }
    }

    /// `item, item, …` up to the closing bracket, which is taken. The opening one has been.
    #[inline]
    fn list(
        &mut self,
        open: Token,
        wanted: &str,
        mut item: impl FnMut(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        let close = open.kind.closer().unwrap_or(TokenKind::Error);
        loop {
            if self.eat(close) {
                return Ok(());
            }
            item(self)?;
            if !self.eat(TokenKind::Comma) {
                return self.close(open, wanted);
            }
        }
    }

    /// The closing bracket after a complete list.
    #[inline]
    fn close(&mut self, open: Token, wanted: &str) -> Parsed<()> {
        if Some(self.tok.kind) == open.kind.closer() {
            self.bump();
            return Ok(());
        }
        Err(self.bracket_error(open, wanted))
    }

    /// Gives up the rest of the statement's line: goes to its end.
    fn skip_line(&mut self) {
        if self.lexer.is_hopeless() {
            self.lexer.abandon();
            self.bump();
        }
        loop {
            match self.tok.kind {
                TokenKind::Newline | TokenKind::Dedent => return,
                TokenKind::Eof if self.lexer.brackets().is_empty() => return,
                // An indented line where none may be; its own report has been made.
                TokenKind::Indent => return,
                _ => {
                    self.lexer.skip_statement(self.tok.span.start);
                    self.bump();
                }
            }
        }
    }

    fn marks(&self) -> Marks {
        self.stacks.marks()
    }
}
