//! The checked program: names resolved, every expression typed, generic functions instantiated, implicit returns
//! explicit. The checker builds it, lowering reads it, nothing changes it in between.
//!
//! Types may still name unification variables while a module is being checked; when lowering runs, all are solved
//! ([`Types::resolve`](super::types::Types::resolve) gives the solution), but for those that a REPL input leaves open.
//!
//! As in the syntax tree, chains are flat, so depth is bounded by the nesting limit.
//!
//! Large programs are limited by memory traffic, so nodes are kept small: an expression has 40 bytes, a statement 32.
//! A kind whose parts do not fit is a reference to a struct that has them.

use std::cell::Cell;

pub use super::ast::{BinaryOp, CompareOp, Span};
use super::builtins::BuiltinFn;
use super::types::{StructId, Ty};
use crate::bytecode::{FileId, Spec};

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index of the table that it numbers.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A body: index into [`Checked::bodies`]. Bodies keep their numbers from one REPL input to the next.
    BodyId;
    /// A variable of one body: index into [`Body::locals`].
    LocalId;
    /// A module variable: index into [`Checked::globals`].
    VarId;
    /// A loop of one body.
    LoopId;
    /// A named function declared inside a block: index into [`Checked::nested`].
    NestedId;
}

/// A checked compilation: a program, or one more input of a REPL session (then the tables hold all earlier ones too).
pub struct Checked<'a> {
    pub bodies: Vec<Body<'a>>,
    pub globals: Vec<Variable<'a>>,
    /// For each nested function, its instances: the local (of the enclosing body) that holds the closure, and the body.
    /// One that is not generic has one, a generic one as many as calls asked for.
    pub nested: Vec<Vec<(LocalId, BodyId)>>,
    pub structs: Vec<StructInfo<'a>>,
    pub enums: Vec<EnumInfo<'a>>,
    /// Bodies of the modules to run, in order; in a REPL session those of this input alone.
    pub entry: Vec<BodyId>,
    /// Named functions of the main module that are not generic.
    pub exports: Vec<(&'a str, BodyId)>,
}

/// A struct declaration.
pub struct StructInfo<'a> {
    pub name: &'a str,
    /// In the order of the declaration.
    pub fields: &'a [(&'a str, Ty)],
}

/// An enum declaration. Payload types may name the declaration's type parameters
/// ([`Types::instantiate`](super::types::Types::instantiate) replaces them).
pub struct EnumInfo<'a> {
    pub name: &'a str,
    pub params: u32,
    pub variants: Vec<VariantInfo<'a>>,
}

/// A variant: its name and the names (empty if none) and types of its payload.
pub struct VariantInfo<'a> {
    pub name: &'a str,
    pub payload: &'a [(&'a str, Ty)],
}

/// A module variable. (A literal constant is not here: its uses are literals.)
pub struct Variable<'a> {
    pub name: &'a str,
    pub ty: Ty,
    /// The module body in which it is declared.
    pub body: BodyId,
    /// A function, lambda or other module refers to it; else it can be a register of the module's body.
    pub shared: Cell<bool>,
    /// Introduced in the branch of an `if`: it may have no value where it is visible.
    pub conditional: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyKind {
    /// A module's statements.
    Module,
    /// A named function, method or associated function at module level, or an instance of one.
    Function,
    /// A lambda or nested function.
    Closure,
    /// The default of a struct's field: a function without parameters, invisible in traces and in the call depth.
    Default,
}

/// A function body, or a module's statements.
pub struct Body<'a> {
    /// As traces show it: `mean`, `Account.deposit`, `<fn>`, `<module>`.
    pub name: &'a str,
    pub kind: BodyKind,
    pub file: FileId,
    /// Part of the prelude: invisible in traces and in the call depth.
    pub prelude: bool,
    /// A parameter called `_` has a local like any other.
    pub params: &'a [LocalId],
    /// [`Ty::VOID`] if it returns nothing.
    pub ret: Ty,
    pub locals: &'a [Local<'a>],
    /// What a closure refers to of the enclosing bodies.
    pub captures: &'a [Capture],
    pub loops: u32,
    /// A value at its end is returned.
    pub block: Block<'a>,
    pub span: Span,
}

/// A variable of a body.
pub struct Local<'a> {
    /// Empty for `_` and for variables that the checker made.
    pub name: &'a str,
    pub ty: Ty,
    /// Some closure refers to it.
    pub captured: Cell<bool>,
    /// It is assigned after its declaration: by an assignment, or (if conditional) by a second introduction.
    pub reassigned: Cell<bool>,
    /// Introduced in the branch of an `if`, it may have no value where it is visible.
    pub conditional: bool,
}

/// A captured variable: a local of the body around, or one of its captures.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Capture {
    Local(LocalId),
    Outer(u32),
}

/// Statements, and the value of the last one where it is asked for.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    pub stmts: &'a [Stmt<'a>],
    /// The value. Absent if none is asked for, or where the end is not reached.
    pub value: Option<&'a Expr<'a>>,
    /// Conditional variables that belong to this block: each turn of a loop and each activation begins without a value.
    pub conditionals: &'a [LocalId],
}

#[derive(Clone, Copy)]
pub struct Stmt<'a> {
    pub kind: StmtKind<'a>,
    pub span: Span,
}

#[derive(Clone, Copy)]
pub enum StmtKind<'a> {
    /// A declaration (or conditional introduction): from here on the variable has this value. A new variable each time.
    Let {
        local: LocalId,
        value: &'a Expr<'a>,
    },
    /// The same for a module variable.
    LetGlobal {
        var: VarId,
        value: &'a Expr<'a>,
    },
    Assign {
        place: Place<'a>,
        value: &'a Expr<'a>,
    },
    Compound(&'a Compound<'a>),
    /// Evaluates, drops the value.
    Expr(&'a Expr<'a>),
    Print {
        template: &'a Template<'a>,
        span: Span,
    },
    If(&'a If<'a>),
    While(&'a While<'a>),
    ForRange(&'a ForRange<'a>),
    ForIn(&'a ForIn<'a>),
    Break(LoopId),
    Continue(LoopId),
    Return(Option<&'a Expr<'a>>),
    Try(&'a Try<'a>),
    Match(&'a Match<'a>),
    /// The declaration of a nested function: makes the closures of its instances.
    Nested(NestedId),
}

/// `place op= value`. The place is evaluated once and read before `value`.
pub struct Compound<'a> {
    pub place: Place<'a>,
    pub op: BinaryOp,
    pub op_span: Span,
    pub value: Expr<'a>,
    /// The length that the result must have (`[T, N]`).
    pub length: Option<u32>,
}

/// An `if`, as a statement or as the value of a block. As a value it has an `else`, and arms that do not reach their end
/// have no value.
pub struct If<'a> {
    pub arms: &'a [(Expr<'a>, Block<'a>)],
    pub otherwise: Option<Block<'a>>,
}

pub struct While<'a> {
    pub id: LoopId,
    pub cond: Expr<'a>,
    pub body: Block<'a>,
}

pub struct Try<'a> {
    pub body: Block<'a>,
    pub error: Option<LocalId>,
    pub handler: Block<'a>,
}

/// `for var in start..end..step`. All are of the type of `var`.
pub struct ForRange<'a> {
    pub id: LoopId,
    /// Absent for `_`.
    pub var: Option<LocalId>,
    /// The type of the counter.
    pub ty: Ty,
    pub start: Expr<'a>,
    pub end: Expr<'a>,
    pub step: Option<Expr<'a>>,
    pub inclusive: bool,
    pub body: Block<'a>,
}

/// `for first, second in iter`: over an array or string (one variable: the element; two: position and element), a map
/// (key, or key and value) or a range.
pub struct ForIn<'a> {
    pub id: LoopId,
    pub position: Option<LocalId>,
    /// The element, or the key of a map.
    pub element: Option<LocalId>,
    /// The value of a map.
    pub value: Option<LocalId>,
    pub iter: Expr<'a>,
    pub body: Block<'a>,
}

/// What is assigned to. Objects and indices are evaluated left to right before the right side; checks are made at the store.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    Local(LocalId, Span),
    /// A captured variable.
    Outer(u32, Span),
    Global(VarId, Span),
    Field {
        object: &'a Expr<'a>,
        field: u32,
    },
    /// Of an array or a map.
    Index(&'a Index<'a>),
    /// `_ = e`
    Discard,
}

/// A `match`, as a statement or (if the arms have values) as an expression.
pub struct Match<'a> {
    pub value: Expr<'a>,
    pub arms: &'a [Arm<'a>],
}

pub struct Arm<'a> {
    pub pattern: Pattern<'a>,
    pub body: Block<'a>,
}

#[derive(Clone, Copy)]
pub enum Pattern<'a> {
    Any,
    /// A variant; a slot is the local that takes that part of the payload. Empty if written without parentheses.
    Variant {
        variant: u32,
        slots: &'a [Option<LocalId>],
    },
    /// A number, string or bool, of the scrutinee's type.
    Literal(&'a Expr<'a>),
}

#[derive(Clone, Copy)]
pub struct Expr<'a> {
    pub kind: ExprKind<'a>,
    pub ty: Ty,
    /// The whole expression; errors that "the callee" or "the value" raises are reported at its start.
    pub span: Span,
}

#[derive(Clone, Copy)]
pub enum ExprKind<'a> {
    /// An integer literal, in the type of the expression: `negative` says that a `-` stood before it, `pattern` that it
    /// is to be read as two's complement. It was checked to fit. Of type f64 it is the nearest f64.
    Int {
        value: u64,
        negative: bool,
        pattern: bool,
    },
    Float(f64),
    Str(&'a str),
    Bool(bool),
    Local(LocalId),
    /// A captured variable of this body.
    Outer(u32),
    Global(VarId),
    /// A module-level function as a value.
    Function(BodyId),
    Neg {
        operand: &'a Expr<'a>,
        op_span: Span,
    },
    BitNot {
        operand: &'a Expr<'a>,
    },
    Not {
        operand: &'a Expr<'a>,
    },
    Chain(&'a Chain<'a>),
    Compare(&'a Compare<'a>),
    IsVariant(&'a IsVariant<'a>),
    /// Operands are bool or integers.
    And(&'a [Expr<'a>]),
    Or(&'a [Expr<'a>]),
    Cond(&'a Cond<'a>),
    /// An `if` statement as the value of a block.
    If(&'a If<'a>),
    Match(&'a Match<'a>),
    /// To the type of the expression.
    Cast {
        operand: &'a Expr<'a>,
        as_span: Span,
    },
    /// Raises unless the array's length is this (`[T, N]`); its value is the operand.
    CheckLen {
        operand: &'a Expr<'a>,
        length: u32,
    },
    /// A function of a module.
    Call {
        body: BodyId,
        args: &'a [Expr<'a>],
    },
    CallNested(&'a CallNested<'a>),
    CallValue(&'a CallValue<'a>),
    /// A builtin function or method (the receiver is the first argument). Reported at the expression's start.
    Builtin {
        function: BuiltinFn,
        args: &'a [Expr<'a>],
    },
    /// The string that `print` would write.
    Format(&'a Template<'a>),
    /// `field` counts in the order of the declaration.
    Field {
        object: &'a Expr<'a>,
        field: u32,
    },
    /// The message or the kind of an error.
    ErrorMessage(&'a Expr<'a>),
    ErrorKind(&'a Expr<'a>),
    /// Of an array, string or map.
    Index(&'a Index<'a>),
    /// Of an array or string.
    Slice(&'a Slice<'a>),
    Array(&'a [Expr<'a>]),
    Fill {
        value: &'a Expr<'a>,
        count: &'a Expr<'a>,
    },
    Map(&'a [(Expr<'a>, Expr<'a>)]),
    /// Fields by number with their values, in the order of evaluation, defaults included: all of them.
    Struct {
        id: StructId,
        fields: &'a [(u32, Expr<'a>)],
    },
    /// Of the enum that is the expression's type.
    Variant {
        variant: u32,
        args: &'a [Expr<'a>],
    },
    /// A lambda.
    Closure(BodyId),
}

/// Operators of one level, left to right. Operands of arithmetic are of one type, except array times integer and the
/// shift count.
pub struct Chain<'a> {
    pub first: Expr<'a>,
    pub rest: &'a [Step<'a>],
}

/// A comparison. Operands are of one type, or for `==` and `!=` a bool and an integer in either order.
pub struct Compare<'a> {
    pub op: CompareOp,
    pub op_span: Span,
    pub lhs: Expr<'a>,
    pub rhs: Expr<'a>,
}

/// `value matches Variant(args)`. Arguments are evaluated after the value, whichever variant it is; `None` is `_`.
pub struct IsVariant<'a> {
    pub value: Expr<'a>,
    pub variant: u32,
    pub args: &'a [Option<Expr<'a>>],
}

/// A conditional expression.
pub struct Cond<'a> {
    /// `(condition, value)` in the order of the tests.
    pub arms: &'a [(Expr<'a>, Expr<'a>)],
    pub otherwise: Expr<'a>,
}

/// A call of a nested function's instance.
pub struct CallNested<'a> {
    /// Reads the local or capture that holds its closure.
    pub callee: Expr<'a>,
    pub body: BodyId,
    pub args: &'a [Expr<'a>],
}

/// A call of a function value, which is evaluated before the arguments.
pub struct CallValue<'a> {
    pub callee: Expr<'a>,
    pub args: &'a [Expr<'a>],
}

/// `base[index]`
pub struct Index<'a> {
    pub base: Expr<'a>,
    pub index: Expr<'a>,
    /// The opening bracket.
    pub bracket: Span,
}

/// `base[start..end]`
pub struct Slice<'a> {
    pub base: Expr<'a>,
    pub start: Option<Expr<'a>>,
    pub end: Option<Expr<'a>>,
    pub inclusive: bool,
    /// The opening bracket.
    pub bracket: Span,
}

/// What `print` or `format` writes.
pub struct Template<'a> {
    pub pieces: &'a [Piece<'a>],
    pub args: &'a [Expr<'a>],
}

/// A piece of a [`Template`]; becomes a [`bytecode::Piece`](crate::bytecode::Piece). (It is a type of
/// its own since what lives in the arena is never dropped, so must own nothing.)
pub enum Piece<'a> {
    Text(&'a str),
    /// The next argument. [`Spec::Plain`] where the written specifier does not fit the argument's type; settled when
    /// the type is.
    Arg(Cell<Spec>),
}

/// One operator of a chain.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    pub op: BinaryOp,
    pub op_span: Span,
    pub rhs: Expr<'a>,
    /// Type of the result up to here.
    pub ty: Ty,
}

#[cfg(test)]
mod tests {
    #[test]
    fn nodes_are_small() {
        assert_eq!((size_of::<super::Expr>(), size_of::<super::Stmt>()), (40, 32));
    }
}
