//! The syntax tree, as the parser leaves it: names unresolved, nothing typed.
//!
//! Nodes live in one arena per compilation and are `Copy` references, so that building a tree costs a pointer bump a
//! node and dropping it nothing. Operators of one level, postfix operations, `elif` ladders and conditional
//! expressions are flat lists: a chain of 100,000 terms is one node, and only true nesting makes the tree deep.
//!
//! Nodes are kept small, since large programs are limited by memory traffic: an expression has 32 bytes, a statement 40.
//! A kind whose parts do not fit is a reference to a struct that has them.
//!
//! Spans are byte ranges of the file. A node's span begins at its first token and ends after its last.

pub use crate::bytecode::Span;

use super::intern::Symbol;

/// A name and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ident {
    pub name: Symbol,
    pub span: Span,
}

/// `a.b.c`, never empty.
pub type Path<'a> = &'a [Ident];

#[derive(Clone, Copy, Debug)]
pub struct Expr<'a> {
    pub kind: ExprKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum ExprKind<'a> {
    Int(IntLiteral),
    Float(f64),
    Str(&'a str),
    Bool(bool),
    Name(Symbol),
    /// `( e )`: kept, since a template in parentheses is no template.
    Paren(&'a Expr<'a>),
    Unary {
        op: UnaryOp,
        operand: &'a Expr<'a>,
    },
    Chain(&'a Chain<'a>),
    Compare(&'a Compare<'a>),
    Matches(&'a Matches<'a>),
    /// `a and b and c`, or the same with `or`; at least two operands.
    Logic {
        op: LogicOp,
        operands: &'a [Expr<'a>],
    },
    Not {
        operand: &'a Expr<'a>,
    },
    Cond(&'a Cond<'a>),
    Cast(&'a Cast<'a>),
    Postfix(&'a Postfix<'a>),
    Array(&'a [Expr<'a>]),
    /// `[value; count]`
    Fill {
        value: &'a Expr<'a>,
        count: &'a Expr<'a>,
    },
    Map(&'a [(Expr<'a>, Expr<'a>)]),
    Struct(&'a StructLiteral<'a>),
    Lambda(&'a Lambda<'a>),
    /// Only as the whole right side of a binding, an assignment or a `return`, or as a statement.
    Match(&'a Match<'a>),
    /// What the parser put where an expression was missing; an error was reported.
    Error,
}

/// An integer literal without its sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntLiteral {
    pub value: u64,
    /// Hexadecimal, octal or binary: it stands for a bit pattern.
    pub pattern: bool,
    pub suffix: Option<Suffix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    I32,
    I64,
    U32,
    U64,
    /// On a decimal integer: `2f64`.
    F64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Neg,
    BitNot,
}

/// Arithmetic and bitwise operators, of the levels `*`, `+`, `<<`, `&`, `^`, `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    And,
    Xor,
    Or,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicOp {
    And,
    Or,
}

/// Operators of one level, left to right: `first op rest[0] op rest[1] …`.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    pub first: Expr<'a>,
    pub rest: &'a [ChainStep<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct ChainStep<'a> {
    pub op: BinaryOp,
    pub op_span: Span,
    pub rhs: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Compare<'a> {
    pub op: CompareOp,
    pub op_span: Span,
    pub lhs: Expr<'a>,
    pub rhs: Expr<'a>,
}

/// `value matches pattern`; the pattern is a path with arguments if it has that form.
#[derive(Clone, Copy, Debug)]
pub struct Matches<'a> {
    pub op_span: Span,
    pub value: Expr<'a>,
    pub pattern: MatchValue<'a>,
}

/// `v0 if c0 else v1 if c1 else … otherwise`.
#[derive(Clone, Copy, Debug)]
pub struct Cond<'a> {
    pub arms: &'a [CondArm<'a>],
    pub otherwise: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct CondArm<'a> {
    pub value: Expr<'a>,
    pub cond: Expr<'a>,
}

/// `operand as ty`
#[derive(Clone, Copy, Debug)]
pub struct Cast<'a> {
    pub operand: Expr<'a>,
    pub as_span: Span,
    pub ty: Type<'a>,
}

/// Calls, indexings and member accesses, left to right.
#[derive(Clone, Copy, Debug)]
pub struct Postfix<'a> {
    pub base: Expr<'a>,
    pub ops: &'a [PostfixOp<'a>],
}

/// `Path{ field: value, … }`
#[derive(Clone, Copy, Debug)]
pub struct StructLiteral<'a> {
    pub path: Path<'a>,
    pub inits: &'a [(Ident, Expr<'a>)],
}

#[derive(Clone, Copy, Debug)]
pub enum MatchValue<'a> {
    /// `Path(args)`; `None` is `_`.
    Call { path: Path<'a>, args: &'a [Option<Expr<'a>>], span: Span },
    /// Anything else; a bare path may name a variant.
    Expr(&'a Expr<'a>),
}

/// One postfix operation. The span runs from its first token (`(`, `[` or `.`) to its last.
#[derive(Clone, Copy, Debug)]
pub struct PostfixOp<'a> {
    pub kind: PostfixKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum PostfixKind<'a> {
    Call(&'a [Expr<'a>]),
    Index(&'a Expr<'a>),
    Slice { start: Option<&'a Expr<'a>>, end: Option<&'a Expr<'a>>, inclusive: bool },
    Member(Ident),
}

#[derive(Clone, Copy, Debug)]
pub struct Lambda<'a> {
    /// The token `fn`.
    pub fn_span: Span,
    pub signature: Signature<'a>,
    pub body: LambdaBody<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum LambdaBody<'a> {
    Expr(&'a Expr<'a>),
    Block(Block<'a>),
}

#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    pub params: &'a [Param<'a>],
    pub ret: Option<&'a Type<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Param<'a> {
    pub name: Ident,
    pub ty: Option<&'a Type<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    pub kind: TypeKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum TypeKind<'a> {
    /// A path with type arguments.
    Named {
        path: Path<'a>,
        args: &'a [Type<'a>],
    },
    /// `[T]`, or `[T, N]`.
    Array {
        element: &'a Type<'a>,
        length: Option<Length>,
    },
    Map {
        key: &'a Type<'a>,
        value: &'a Type<'a>,
    },
    Fn {
        params: &'a [Type<'a>],
        ret: Option<&'a Type<'a>>,
    },
    /// An error was reported.
    Error,
}

/// The `N` of `[T, N]`.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub kind: LengthKind,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum LengthKind {
    Literal(IntLiteral),
    Name(Symbol),
}

#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub stmts: &'a [Stmt<'a>],
    /// From the first statement to the last.
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub struct Stmt<'a> {
    pub kind: StmtKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum StmtKind<'a> {
    /// `print(…)`; the span is that of the token `print`.
    Print {
        keyword: Span,
        args: &'a [Expr<'a>],
    },
    Pass,
    Return(Option<&'a Expr<'a>>),
    Break(Option<Ident>),
    Continue(Option<Ident>),
    /// `x = 1, mut y: i64 = 2`; declared or assigned, from left to right.
    Bindings {
        items: &'a [Binding<'a>],
        public: Option<Span>,
    },
    /// To a member, an index, or (compound only) a name.
    Assign {
        place: &'a Expr<'a>,
        op: Option<BinaryOp>,
        op_span: Span,
        value: &'a Expr<'a>,
    },
    Expr(&'a Expr<'a>),
    If(&'a If<'a>),
    While(&'a While<'a>),
    For(&'a For<'a>),
    Try(&'a Try<'a>),
    /// As a statement.
    Match(&'a Match<'a>),
    Fn(&'a FnDecl<'a>),
    Struct(&'a StructDecl<'a>),
    Enum(&'a EnumDecl<'a>),
    Impl(&'a ImplBlock<'a>),
    Const(&'a ConstDecl<'a>),
    Use(&'a Use<'a>),
    Extern(&'a ExternBlock<'a>),
    Error,
}

#[derive(Clone, Copy, Debug)]
pub struct If<'a> {
    pub arms: &'a [IfArm<'a>],
    pub otherwise: Option<Block<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct IfArm<'a> {
    pub cond: Expr<'a>,
    pub body: Block<'a>,
}

/// `mut x: T = e`, or `a = b = c = e` (then `names` has several).
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub mutable: bool,
    pub names: &'a [Ident],
    pub ty: Option<&'a Type<'a>>,
    pub value: &'a Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct While<'a> {
    pub label: Option<Ident>,
    pub cond: Expr<'a>,
    pub body: Block<'a>,
}

/// `try` and its `catch`.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    pub body: Block<'a>,
    pub name: Option<Ident>,
    pub handler: Block<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct For<'a> {
    pub label: Option<Ident>,
    pub first: Ident,
    pub second: Option<Ident>,
    pub iter: ForIter<'a>,
    pub body: Block<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum ForIter<'a> {
    Range { start: Expr<'a>, end: Expr<'a>, step: Option<Expr<'a>>, inclusive: bool },
    Expr(Expr<'a>),
}

#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The token `match`.
    pub keyword: Span,
    pub value: Expr<'a>,
    pub arms: &'a [Arm<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct Arm<'a> {
    pub pattern: Pattern<'a>,
    pub body: Block<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    pub kind: PatternKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub enum PatternKind<'a> {
    Wildcard,
    /// A number, with its sign if it has one.
    Int {
        value: IntLiteral,
        negative: bool,
    },
    Float(f64),
    Str(&'a str),
    Bool(bool),
    /// A variant; `slots` is `None` without parentheses. A slot called `_` binds nothing.
    Path {
        path: Path<'a>,
        slots: Option<&'a [Ident]>,
    },
    Error,
}

#[derive(Clone, Copy, Debug)]
pub struct FnDecl<'a> {
    pub name: Ident,
    pub signature: Signature<'a>,
    pub body: Block<'a>,
    pub public: Option<Span>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug)]
pub struct StructDecl<'a> {
    pub name: Ident,
    pub fields: &'a [FieldDecl<'a>],
    pub public: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
pub struct FieldDecl<'a> {
    pub name: Ident,
    pub ty: Type<'a>,
    pub default: Option<Expr<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct EnumDecl<'a> {
    pub name: Ident,
    pub params: &'a [Ident],
    pub variants: &'a [VariantDecl<'a>],
    pub public: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
pub struct VariantDecl<'a> {
    pub name: Ident,
    pub payload: &'a [PayloadDecl<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct PayloadDecl<'a> {
    pub name: Option<Ident>,
    pub ty: Type<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct ImplBlock<'a> {
    pub name: Ident,
    pub functions: &'a [FnDecl<'a>],
    pub public: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
pub struct ConstDecl<'a> {
    pub name: Ident,
    pub ty: Option<&'a Type<'a>>,
    pub value: &'a Expr<'a>,
    pub public: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    pub path: Path<'a>,
    pub kind: UseKind<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum UseKind<'a> {
    /// `use a.b`, `use a.b as c`.
    Namespace(Option<Ident>),
    /// `use a.b: *`
    All,
    /// `use a.b: x, y as z`
    Names(&'a [(Ident, Option<Ident>)]),
}

#[derive(Clone, Copy, Debug)]
pub struct ExternBlock<'a> {
    pub keyword: Span,
    pub library: &'a str,
    pub functions: &'a [ExternFn<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct ExternFn<'a> {
    pub name: Ident,
    pub signature: Signature<'a>,
}

/// A parsed file.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    pub stmts: &'a [Stmt<'a>],
}

#[cfg(test)]
mod tests {
    #[test]
    fn nodes_are_small() {
        assert_eq!((size_of::<super::Expr>(), size_of::<super::Stmt>()), (32, 40));
    }
}
