//! The tree of a generated program.
//!
//! It is smaller and more regular than the language: each expression carries its type and keeps its operands in one list,
//! so that walking and shrinking need no arm per kind. Some nodes stand for more than one line of source, because the
//! bound on how long a program runs depends on them: a `while` loop owns its fuel counter, a recursive function its guard,
//! and what makes an array, a string or a map longer owns the test of its length. `print.rs` writes them out.
//!
//! The generator bounds the depth of every tree, so walking one may recurse.

pub use crate::types::{EnumDef, FieldDef, FnTy, Name, StructDef, Ty, Types, VariantDef};

/// An operator between two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[rustfmt::skip]
pub enum BinOp { Add, Sub, Mul, Div, Rem, BitAnd, BitOr, BitXor, Shl, Shr, Eq, Ne, Lt, Le, Gt, Ge, And, Or }

impl BinOp {
    /// `==`, `<` and their like.
    pub fn is_comparison(self) -> bool {
        use BinOp::*;
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }

    /// `&`, `|`, `^`.
    pub fn is_bitwise(self) -> bool {
        matches!(self, BinOp::BitAnd | BinOp::BitOr | BinOp::BitXor)
    }
}

/// How an integer literal is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Decimal, with a suffix only where the context does not say the type.
    Plain,
    /// Decimal with a suffix.
    Suffixed,
    /// Hexadecimal, binary or octal, where that is possible.
    Hex,
    Binary,
    Octal,
    /// Decimal with underscores.
    Grouped,
}

/// A builtin function, or a method of a string, array or map, whose receiver is the first argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[rustfmt::skip]
pub enum Builtin {
    Len, Push, Pop, Sorted, SortedBy, Range, Int, Float, Typeof, Istype, AssertEq,
    Sqrt, Sin, Cos, Tan, Atan, Exp, Log, Floor, Ceil, Atan2, Pow, Abs, Min, Max, Ord, Chr,
    Join, Reverse, Insert, Remove, Clear,
    Chars, Split, Find, Contains, StartsWith, EndsWith, Replace, Upper, Lower, Trim, Repeat, ToI64, ToU64,
    MapGet, MapHas, MapRemove, MapKeys, MapValues, MapClear,
    ErrorMessage, ErrorKind,
}

impl Builtin {
    /// Its name, and whether it is written as a method or (without parentheses) as a member.
    pub fn spelling(self) -> (&'static str, Spelling) {
        use Builtin::*;
        use Spelling::*;
        match self {
            Len => ("len", Function),
            Push => ("push", Function),
            Pop => ("pop", Function),
            Sorted | SortedBy => ("sorted", Function),
            Range => ("range", Function),
            Int => ("int", Function),
            Float => ("float", Function),
            Typeof => ("typeof", Function),
            Istype => ("istype", Function),
            AssertEq => ("assert_eq", Function),
            Sqrt => ("sqrt", Function),
            Sin => ("sin", Function),
            Cos => ("cos", Function),
            Tan => ("tan", Function),
            Atan => ("atan", Function),
            Exp => ("exp", Function),
            Log => ("log", Function),
            Floor => ("floor", Function),
            Ceil => ("ceil", Function),
            Atan2 => ("atan2", Function),
            Pow => ("pow", Function),
            Abs => ("abs", Function),
            Min => ("min", Function),
            Max => ("max", Function),
            Ord => ("ord", Function),
            Chr => ("chr", Function),
            Join => ("join", Method),
            Reverse => ("reverse", Method),
            Insert => ("insert", Method),
            Remove | MapRemove => ("remove", Method),
            Clear | MapClear => ("clear", Method),
            Chars => ("chars", Method),
            Split => ("split", Method),
            Find => ("find", Method),
            Contains => ("contains", Method),
            StartsWith => ("starts_with", Method),
            EndsWith => ("ends_with", Method),
            Replace => ("replace", Method),
            Upper => ("upper", Method),
            Lower => ("lower", Method),
            Trim => ("trim", Method),
            Repeat => ("repeat", Method),
            ToI64 => ("to_i64", Method),
            ToU64 => ("to_u64", Method),
            MapGet => ("get", Method),
            MapHas => ("has", Method),
            MapKeys => ("keys", Method),
            MapValues => ("values", Method),
            ErrorMessage => ("message", Member),
            ErrorKind => ("kind", Member),
        }
    }
}

/// How a builtin is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelling {
    Function,
    Method,
    Member,
}

/// A function in Orus that comes with the programs that use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Helper {
    /// Folds a value into the checksum that is printed at the end.
    NoteSigned,
    NoteUnsigned,
    NoteF64,
    NoteBool,
    NoteStr,
    /// The last characters of a string, [`crate::bounds::CLIP`] at most.
    Clip,
    /// The first elements of an array, as many as the second argument says at most.
    Head,
}

/// A piece of a format template.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    /// Literal text; an `@` in it is doubled.
    Text(String),
    /// A specifier, such as `@` or `@.2f`, without regard to what follows it.
    Spec(&'static str),
}

/// What an expression is. The comments name the operands.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    Int(i128, Style),
    Float(f64),
    Bool(bool),
    Str(String),
    Var(Name),
    /// A function as a value.
    FnRef(Name),
    Neg,
    BitNot,
    Not,
    Bin(BinOp),
    /// Condition, then the two arms.
    Cond,
    /// `as`, to the expression's type.
    Cast,
    /// A call of a function, a method (receiver first) or an associated function.
    Call(Name),
    /// The function value, then the arguments.
    CallValue,
    /// The struct; the field's number.
    Field(u32),
    /// Array, string or map, and index.
    Index,
    /// Array or string, then the bounds that are given.
    Slice {
        start: bool,
        end: bool,
        inclusive: bool,
    },
    /// The elements.
    Array,
    /// `[v; n]`
    Fill,
    /// `a * n`
    Repeat,
    /// Keys and values in turn.
    Map,
    /// The values of the fields whose numbers these are.
    Struct(Vec<u32>),
    /// The payload of a variant.
    Variant(u32),
    /// A lambda whose body is the operand.
    Lambda(Lambda),
    Builtin(Builtin),
    /// `format` with a template.
    Format(Vec<Piece>),
    /// The scrutinee, then those of the variant's arguments that are not `_`.
    Matches {
        variant: u32,
        given: Vec<bool>,
    },
    Helper(Helper),
}

/// The head of a lambda.
#[derive(Clone, PartialEq, Debug)]
pub struct Lambda {
    pub params: Vec<Param>,
    pub ret: Ty,
    /// Whether its types are written even where the context gives them.
    pub annotated: bool,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    pub name: Name,
    pub ty: Ty,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    pub ty: Ty,
    pub op: Op,
    pub args: Vec<Expr>,
}

impl Expr {
    /// An expression of these parts.
    pub fn new(ty: Ty, op: Op, args: Vec<Expr>) -> Expr {
        Expr { ty, op, args }
    }

    /// A plain integer literal.
    pub fn int(ty: Ty, value: i128) -> Expr {
        Expr::new(ty, Op::Int(value, Style::Plain), Vec::new())
    }

    /// A variable.
    pub fn var(name: Name, ty: Ty) -> Expr {
        Expr::new(ty, Op::Var(name), Vec::new())
    }

    /// A string literal.
    pub fn str(text: &str) -> Expr {
        Expr::new(Ty::Str, Op::Str(text.to_owned()), Vec::new())
    }

    /// A bool literal.
    pub fn bool(value: bool) -> Expr {
        Expr::new(Ty::Bool, Op::Bool(value), Vec::new())
    }

    /// An `f64` literal.
    pub fn float(value: f64) -> Expr {
        Expr::new(Ty::F64, Op::Float(value), Vec::new())
    }

    /// `a op b`.
    pub fn bin(op: BinOp, a: Expr, b: Expr) -> Expr {
        let ty =
            if op.is_comparison() || matches!(op, BinOp::And | BinOp::Or) { Ty::Bool } else { a.ty.clone() };
        Expr::new(ty, Op::Bin(op), vec![a, b])
    }

    /// A call of a builtin.
    pub fn builtin(ty: Ty, builtin: Builtin, args: Vec<Expr>) -> Expr {
        Expr::new(ty, Op::Builtin(builtin), args)
    }

    /// `len(e)`.
    pub fn len(e: Expr) -> Expr {
        Expr::builtin(Ty::I32, Builtin::Len, vec![e])
    }

    /// Its value, if it is an integer literal.
    pub fn as_int(&self) -> Option<i128> {
        if let Op::Int(value, _) = self.op { Some(value) } else { None }
    }

    /// How many expressions it consists of.
    pub fn size(&self) -> usize {
        1 + self.args.iter().map(Expr::size).sum::<usize>()
    }
}

/// Statements that share a scope.
pub type Block = Vec<Stmt>;

/// The right side of a binding, an assignment or a `return`.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Expr(Expr),
    Match(Box<Match>),
    Lambda(Box<BlockLambda>),
}

impl Value {
    /// Its type.
    pub fn ty(&self) -> Ty {
        match self {
            Value::Expr(e) => e.ty.clone(),
            Value::Match(m) => m.ty.clone(),
            Value::Lambda(lambda) => lambda.head.ty(),
        }
    }
}

impl Lambda {
    /// Its type.
    pub fn ty(&self) -> Ty {
        Ty::function(self.params.iter().map(|param| param.ty.clone()).collect(), self.ret.clone())
    }
}

impl From<Expr> for Value {
    fn from(e: Expr) -> Value {
        Value::Expr(e)
    }
}

/// A lambda with an indented block.
#[derive(Clone, PartialEq, Debug)]
pub struct BlockLambda {
    pub head: Lambda,
    pub body: Block,
    pub result: Option<Expr>,
}

/// A `match`, as a statement or as a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The type of its value, or void.
    pub ty: Ty,
    pub scrutinee: Expr,
    pub arms: Vec<Arm>,
}

/// An arm: in a `match` that is a value it ends in a value or diverges.
#[derive(Clone, PartialEq, Debug)]
pub struct Arm {
    pub pattern: Pattern,
    pub body: Block,
    pub value: Option<Expr>,
}

/// A pattern.
#[derive(Clone, PartialEq, Debug)]
pub enum Pattern {
    Wild,
    Int(i128),
    Float(f64),
    Str(String),
    Bool(bool),
    /// The variant's number, and a name for each part of its payload.
    Variant(u32, Vec<Option<Name>>),
}

/// How a variable is declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// `x = e`
    Bare,
    /// `x: T = e`
    Plain,
    /// `mut x = e` or `mut x: T = e`
    Mut,
    /// `X := e`
    Const,
    /// `x: [T, N] = e`, which checks the length.
    Sized(u32),
}

/// The declaration of a variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Let {
    pub name: Name,
    pub binding: Binding,
    /// Whether a `mut` or constant has its type written.
    pub annotated: bool,
    pub value: Value,
}

/// What makes a container longer, if it is still short.
#[derive(Clone, PartialEq, Debug)]
pub enum Growth {
    Push(Expr),
    Insert(Expr, Expr),
    /// `m[k] = v`
    Put(Expr, Expr),
    /// `s += e`
    Append(Expr),
    /// `s = s + e`
    Assign(Expr),
}

/// How the condition of a `while` loop and its fuel are combined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhileStyle {
    /// `while fuel > 0 and condition:`
    Both,
    /// `while condition:` and `if fuel == 0: break`.
    Break,
    /// `while true:`, and both tests in the body.
    Forever,
}

/// A `while` loop of at most `turns` turns.
#[derive(Clone, PartialEq, Debug)]
pub struct While {
    pub label: Option<Name>,
    pub fuel: Name,
    pub turns: u32,
    pub style: WhileStyle,
    pub cond: Expr,
    pub body: Block,
}

/// What a `for` loop goes over.
#[derive(Clone, PartialEq, Debug)]
pub enum Over {
    Range { start: Expr, end: Expr, inclusive: bool, step: Option<Expr> },
    Each(Expr),
}

/// A `for` loop.
#[derive(Clone, PartialEq, Debug)]
pub struct For {
    pub label: Option<Name>,
    pub var: Name,
    /// The second variable: `var` is then a position or a key.
    pub second: Option<Name>,
    pub over: Over,
    pub body: Block,
}

/// An array, string or map made by a loop: an empty one is declared, and each turn adds `item`.
#[derive(Clone, PartialEq, Debug)]
pub struct Build {
    pub name: Name,
    pub ty: Ty,
    /// Whether the empty container is declared with its type.
    pub annotated: bool,
    /// The loop variable, an `i32` that counts up to `turns`.
    pub var: Name,
    pub turns: u32,
    pub body: Block,
    /// Whether the item is added.
    pub filter: Option<Expr>,
    /// The key, for a map.
    pub key: Option<Expr>,
    pub item: Expr,
}

/// A piece of source that is kept whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Raw {
    /// Declarations for the module's top level, a line each.
    pub items: Vec<String>,
    /// Statements, a line each.
    pub lines: Vec<String>,
    /// How many units it costs to run at most.
    pub cost: u64,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub enum Stmt {
    Let(Let),
    /// A variable, field or element takes a value, or is combined with it.
    Assign {
        place: Expr,
        op: Option<BinOp>,
        value: Value,
    },
    Expr(Expr),
    /// `_ = e`
    Discard(Expr),
    Print {
        template: Option<Vec<Piece>>,
        args: Vec<Expr>,
    },
    /// The value becomes part of the checksum.
    Observe(Expr),
    If {
        branches: Vec<(Expr, Block)>,
        otherwise: Option<Block>,
    },
    While(Box<While>),
    For(Box<For>),
    Match(Box<Match>),
    Try {
        body: Block,
        name: Option<Name>,
        handler: Block,
    },
    Break(Option<Name>),
    Continue(Option<Name>),
    Return(Option<Value>),
    Raise(Expr),
    Grow {
        target: Expr,
        limit: u32,
        growth: Growth,
    },
    Build(Box<Build>),
    Fn(Box<Function>),
    Pass,
    Raw(Box<Raw>),
}

/// What a type argument of a generic function must be able to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Any,
    /// `==`
    Eq,
    /// Arithmetic and ordering.
    Num,
}

/// How a recursive function ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Recursion {
    /// Which parameter counts down; it is an `i32`.
    pub param: usize,
    /// Functions of the same group may call each other.
    pub group: u32,
    /// What is returned once the parameter is 0 or less; none for void.
    pub base: Option<Expr>,
}

/// A function, method or associated function.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    pub name: Name,
    /// Calls lead to functions of lower order, or of the same recursion group.
    pub order: u32,
    /// The type whose `impl` block it is in.
    pub owner: Option<Ty>,
    /// Whether its first parameter is the receiver.
    pub is_method: bool,
    /// Its type parameters; those of a generic enum's method are the enum's.
    pub generics: Vec<Class>,
    pub params: Vec<Param>,
    pub ret: Ty,
    pub recursion: Option<Recursion>,
    pub body: Block,
    /// The value at the end of the body.
    pub result: Option<Value>,
    /// Whether `return` stands before it.
    pub implicit: bool,
    /// Whether the return type is written.
    pub annotated: bool,
}

/// Part of a module.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    Stmt(Stmt),
    Fn(Function),
}

/// A generated program.
#[derive(Clone, Debug)]
pub struct Program {
    pub types: Types,
    pub items: Vec<Item>,
}

/// A part of a statement or value, for walking.
pub enum Part<'a> {
    Expr(&'a Expr),
    Block(&'a Block),
}

/// Likewise, for changing.
pub enum PartMut<'a> {
    Expr(&'a mut Expr),
    Block(&'a mut Block),
}

macro_rules! walkers {
    ($value:ident $stmt:ident $function:ident $program:ident, $Part:ident, $iter:ident, $as_ref:ident, $($mut:tt)?) => {
        impl Value {
            /// Calls `f` for the expressions and blocks that it consists of, in the order of the text.
            pub fn $value<'a>(&'a $($mut)? self, f: &mut dyn FnMut($Part<'a>)) {
                match self {
                    Value::Expr(e) => f($Part::Expr(e)),
                    Value::Match(m) => m.$value(f),
                    Value::Lambda(lambda) => {
                        f($Part::Block(&$($mut)? lambda.body));
                        if let Some(e) = &$($mut)? lambda.result {
                            f($Part::Expr(e));
                        }
                    }
                }
            }
        }

        impl Match {
            /// Calls `f` for the expressions and blocks that it consists of, in the order of the text.
            pub fn $value<'a>(&'a $($mut)? self, f: &mut dyn FnMut($Part<'a>)) {
                f($Part::Expr(&$($mut)? self.scrutinee));
                for arm in self.arms.$iter() {
                    f($Part::Block(&$($mut)? arm.body));
                    if let Some(e) = &$($mut)? arm.value {
                        f($Part::Expr(e));
                    }
                }
            }
        }

        impl Stmt {
            /// Calls `f` for the expressions and blocks that it consists of, in the order of the text.
            pub fn $stmt<'a>(&'a $($mut)? self, f: &mut dyn FnMut($Part<'a>)) {
                match self {
                    Stmt::Let(binding) => binding.value.$value(f),
                    Stmt::Assign { place, value, .. } => {
                        f($Part::Expr(place));
                        value.$value(f);
                    }
                    Stmt::Expr(e) | Stmt::Discard(e) | Stmt::Observe(e) | Stmt::Raise(e) => f($Part::Expr(e)),
                    Stmt::Print { args, .. } => args.$iter().for_each(|e| f($Part::Expr(e))),
                    Stmt::If { branches, otherwise } => {
                        for (cond, block) in branches.$iter() {
                            f($Part::Expr(cond));
                            f($Part::Block(block));
                        }
                        if let Some(block) = otherwise {
                            f($Part::Block(block));
                        }
                    }
                    Stmt::While(w) => {
                        f($Part::Expr(&$($mut)? w.cond));
                        f($Part::Block(&$($mut)? w.body));
                    }
                    Stmt::For(l) => {
                        match &$($mut)? l.over {
                            Over::Each(e) => f($Part::Expr(e)),
                            Over::Range { start, end, step, .. } => {
                                f($Part::Expr(start));
                                f($Part::Expr(end));
                                if let Some(e) = step {
                                    f($Part::Expr(e));
                                }
                            }
                        }
                        f($Part::Block(&$($mut)? l.body));
                    }
                    Stmt::Match(m) => m.$value(f),
                    Stmt::Try { body, handler, .. } => {
                        f($Part::Block(body));
                        f($Part::Block(handler));
                    }
                    Stmt::Return(value) => {
                        if let Some(value) = value {
                            value.$value(f);
                        }
                    }
                    Stmt::Grow { target, growth, .. } => {
                        f($Part::Expr(target));
                        match growth {
                            Growth::Push(e) | Growth::Append(e) | Growth::Assign(e) => f($Part::Expr(e)),
                            Growth::Insert(a, b) | Growth::Put(a, b) => {
                                f($Part::Expr(a));
                                f($Part::Expr(b));
                            }
                        }
                    }
                    Stmt::Build(b) => {
                        let b = b.$as_ref();
                        f($Part::Block(&$($mut)? b.body));
                        if let Some(e) = &$($mut)? b.filter {
                            f($Part::Expr(e));
                        }
                        if let Some(e) = &$($mut)? b.key {
                            f($Part::Expr(e));
                        }
                        f($Part::Expr(&$($mut)? b.item));
                    }
                    Stmt::Fn(function) => function.$function(f),
                    Stmt::Break(_) | Stmt::Continue(_) | Stmt::Pass | Stmt::Raw(_) => {}
                }
            }
        }

        impl Function {
            /// Calls `f` for the expressions and blocks that it consists of, in the order of the text.
            pub fn $function<'a>(&'a $($mut)? self, f: &mut dyn FnMut($Part<'a>)) {
                if let Some(recursion) = &$($mut)? self.recursion
                    && let Some(e) = &$($mut)? recursion.base
                {
                    f($Part::Expr(e));
                }
                f($Part::Block(&$($mut)? self.body));
                if let Some(value) = &$($mut)? self.result {
                    value.$value(f);
                }
            }
        }

        impl Program {
            /// Calls `f` for the expressions and blocks that its items consist of.
            pub fn $program<'a>(&'a $($mut)? self, f: &mut dyn FnMut($Part<'a>)) {
                for item in self.items.$iter() {
                    match item {
                        Item::Stmt(stmt) => stmt.$stmt(f),
                        Item::Fn(function) => function.$function(f),
                    }
                }
            }
        }
    };
}

walkers!(parts parts parts parts, Part, iter, as_ref,);
walkers!(parts_mut parts_mut parts_mut parts_mut, PartMut, iter_mut, as_mut, mut);

/// Calls `f` for each expression in the part, outermost first, and for each block.
pub fn visit<'a>(part: Part<'a>, on_expr: &mut dyn FnMut(&'a Expr), on_stmt: &mut dyn FnMut(&'a Stmt)) {
    match part {
        Part::Expr(e) => {
            on_expr(e);
            for arg in &e.args {
                visit(Part::Expr(arg), on_expr, on_stmt);
            }
        }
        Part::Block(block) => {
            for stmt in block {
                on_stmt(stmt);
                let mut parts = Vec::new();
                stmt.parts(&mut |part| parts.push(part));
                for part in parts {
                    visit(part, on_expr, on_stmt);
                }
            }
        }
    }
}
