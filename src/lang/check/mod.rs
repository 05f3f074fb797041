//! The checker: from syntax trees to the checked tree. It resolves names, infers types, instantiates generic functions,
//! and reports every error that is not one of syntax.
//!
//! How it works. A module's declarations are collected first (`declare`), then its statements are checked in the order
//! of the text (`statement`, `expression`, ...), then the bodies of its functions. The body of a function whose return
//! type is to be inferred is checked when a call first asks for it, and an instance of a generic function at the first
//! call that needs it (`function`, `generic`): both in the middle of another body, whose state waits in a stack of
//! contexts ([`Ctx`]). Checking an expression yields its checked form at once; types in it may still be variables.
//! What cannot be decided while a type is unknown waits in a list (`deferred`) until the variables of the body close.
//!
//! A [`Checker`] is a session: a REPL gives it one input after the other, and an input that fails leaves no trace
//! (`session`).
//!
//! Invariants
//! - C1 The scope stack is a stack: whatever a body, block or branch pushed is popped when it ends, also after errors.
//! - C2 An expression whose type is poison was reported. Poison agrees with everything and is never reported again.
//! - C3 Bodies are numbered in the order in which they were first needed, and a number is never reused.
//! - C4 Rust's stack grows on the heap wherever the depth depends on the program (blocks, expressions, bodies on demand).

mod annotation;
mod binding;
mod builtin;
mod call;
mod closure;
mod conditional;
mod constant;
mod declare;
mod deferred;
mod describe;
mod enumeration;
mod equality;
mod expression;
mod function;
mod generic;
mod import;
mod known;
mod literal;
mod loops;
mod member;
mod members;
mod operator;
mod pattern;
mod postfix;
mod prepass;
mod scope;
mod session;
mod statement;
mod structure;
mod template;
#[cfg(test)]
mod tests;

use bumpalo::Bump;

use self::deferred::Deferred;
use self::known::BuiltinNames;
use self::members::Members;
use self::scope::{Decl, Entity, Scope, VarKind};
use super::ast;
use super::ast::{Ident, Span};
use super::diag::Diagnostic;
use super::hash::{FastMap, IdMap};
use super::hir::{Body, BodyId, BodyKind, Capture, Checked, Local, LocalId, LoopId, NestedId, Stmt};
use super::intern::{Interner, Symbol};
use super::modules::{Loader, ModuleId, Modules};
use super::source::SourceMap;
use super::stack::with_room as grow; // keeps C4
use super::types::{EnumId, StructId, Ty, Types};
use crate::bytecode::FileId;

/// A place in the text of a module, or of all inputs of a REPL session: the input's number, then the offset.
type Pos = u64;

/// A session of checking.
pub struct Checker<'a> {
    arena: &'a Bump,
    names: Interner<'a>,
    files: SourceMap,
    types: Types,
    modules: Modules<'a>,
    checked: Checked<'a>,
    diagnostics: Vec<Diagnostic>,

    builtins: BuiltinNames,
    scope: Scope,
    /// By [`ModuleId`].
    module_scopes: Vec<ModuleScope<'a>>,
    decls: Vec<Decl>,
    functions: Vec<Function<'a>>,
    structs: Vec<Struct<'a>>,
    enums: Vec<Enum<'a>>,
    constants: Vec<constant::Constant<'a>>,
    /// What the checker knows of a module variable, by `VarId`.
    globals: Vec<GlobalInfo>,
    /// State of each body, by [`BodyId`].
    units: Vec<Unit<'a>>,
    /// Instances of generic functions: the argument types are interned as a function type.
    instances: FastMap<(FnId, Ty), BodyId>,
    /// Contexts of the bodies that are being checked; the last is the current one.
    ctxs: Vec<Ctx<'a>>,
    /// Empty lists of bodies that have been checked, for those to come.
    spare: Vec<(Vec<Local<'a>>, Vec<Loop>)>,
    deferred: Vec<Deferred<'a>>,
    /// Statements made so far of the blocks that are being checked.
    stmts: Vec<Stmt<'a>>,
    /// Conditional variables of the blocks that are being checked.
    conditionals: Vec<LocalId>,
    /// Which defaults of fields each default needs: filled while defaults are checked.
    default_needs: FastMap<(StructId, u32), Vec<structure::Need>>,
    /// The types found to have `==`, or not.
    has_equality: FastMap<Ty, bool>,
    /// Bodies whose return type hung on another body's when they ended.
    late_returns: Vec<BodyId>,
    /// Number of the REPL input, 0 for a program.
    input: u32,
    /// At the prompt of a REPL.
    interactive: bool,
    /// The function of the prelude that `sorted` with a comparator calls, once it was needed.
    prelude: Option<FnId>,
    undo: Vec<session::Undo>,
    /// Declarations are being collected: what statements will declare is looked for ahead.
    declaring: bool,
    /// How many types there are around the one that is being resolved.
    in_type: u32,
    /// How many bodies are being checked on demand, one inside the other.
    demanded: u32,
}

/// A function declaration: index into [`Checker::functions`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct FnId(u32);

impl FnId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The type that a member belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Owner {
    Struct(StructId),
    Enum(EnumId),
}

/// What a name after `.` means on a declared type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Member {
    Field(u32),
    Variant(u32),
    Function(FnId),
}

/// A type with the length that `[T, N]` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Slot {
    ty: Ty,
    length: Option<u32>,
}

impl Slot {
    const fn of(ty: Ty) -> Slot {
        Slot { ty, length: None }
    }
}

/// A function, method or nested function as declared.
struct Function<'a> {
    decl: &'a ast::FnDecl<'a>,
    module: ModuleId,
    file: FileId,
    owner: Option<Owner>,
    /// The first parameter is `self`.
    is_method: bool,
    params: &'a [ParamInfo],
    /// Absent if it is to be inferred.
    ret: Option<Slot>,
    generic: bool,
    /// Module variables and imports declared above are visible.
    limit: Pos,
    /// Unless it is generic.
    body: BodyId,
    instances: u32,
    nested: Option<Nested>,
    prelude: bool,
}

/// A parameter as declared.
#[derive(Clone, Copy)]
struct ParamInfo {
    name: Ident,
    /// Absent if the function is generic in it.
    slot: Option<Slot>,
}

/// Where a nested function stands.
#[derive(Clone)]
struct Nested {
    id: NestedId,
    /// Index of the context around it.
    ctx: u32,
    /// What of the scope stack is visible in it.
    window: scope::Window,
    type_params: Option<TypeParams>,
    /// The local that holds the closure, if it is not generic.
    local: LocalId,
}

/// The type parameters that are in scope, and what they stand for.
#[derive(Clone, Debug)]
struct TypeParams {
    owner: EnumId,
    /// Empty while the declaration itself is resolved.
    args: Vec<Ty>,
}

/// A struct declaration.
struct Struct<'a> {
    decl: &'a ast::StructDecl<'a>,
    module: ModuleId,
    file: FileId,
    limit: Pos,
    fields: Vec<FieldInfo<'a>>,
    members: Members,
}

/// A field as declared.
#[derive(Clone, Copy)]
struct FieldInfo<'a> {
    name: Symbol,
    slot: Slot,
    default: structure::DefaultValue<'a>,
}

/// An enum declaration.
struct Enum<'a> {
    params: Vec<Symbol>,
    variants: Vec<VariantSlots<'a>>,
    members: Members,
}

/// The payload of a variant.
struct VariantSlots<'a> {
    payload: &'a [Slot],
}

/// What the checker knows of a module variable beside [`Variable`](super::hir::Variable).
#[derive(Clone, Copy)]
struct GlobalInfo {
    kind: VarKind,
    length: Option<u32>,
    /// Visible below this.
    from: Pos,
    /// The name as declared.
    span: Span,
    module: ModuleId,
}

/// The names declared in a module.
struct ModuleScope<'a> {
    /// The latest declaration of a name.
    names: IdMap<Symbol, u32>,
    /// Body of its statements.
    body: BodyId,
    file: FileId,
    stmts: &'a [ast::Stmt<'a>],
    /// Names that statements not yet checked will declare; made when a function asks for such a name.
    forward: Option<FastMap<Symbol, prepass::Forward<'a>>>,
    /// Variables that exist before their declaration was checked.
    early: FastMap<Symbol, Entity>,
    /// All its statements were checked.
    finished: bool,
    /// Some `use m: *` could not be resolved: unknown names are not reported.
    unknown_imports: bool,
    is_prelude: bool,
}

/// How far a body has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    Waiting,
    Checking,
    Done,
}

/// A body that can be called by name.
struct Unit<'a> {
    progress: Progress,
    function: Option<FnId>,
    /// Types of the parameters.
    params: &'a [Ty],
    /// What the owner's type parameters stand for.
    owner_args: &'a [Ty],
    /// Declared or inferred; a variable while it is being inferred.
    ret: Ty,
    /// The unknown return type was used.
    asked: bool,
    /// A generic function that is never called: only names are checked.
    names_only: bool,
}

/// How the return type of a body comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ReturnMode {
    /// The statements of a module.
    None,
    /// Declared, or asked for by the context of a lambda.
    Declared,
    /// Some `return e` occurs: all paths must agree.
    Values,
    /// Only implicit values: if they do not agree, it is void.
    Implicit,
    /// Nothing is returned: inferred.
    Void,
}

/// The return type of a body while it is being checked.
struct Return {
    mode: ReturnMode,
    slot: Slot,
    /// Implicit values of another type than those before.
    disagree: Vec<(Span, Ty)>,
    /// Only literals gave the type so far, or some value disagrees because of a literal.
    literal: bool,
    /// Some value was seen.
    seen: bool,
    /// Where the first value stands.
    first: Option<Span>,
}

/// A loop around the statement that is being checked.
struct Loop {
    id: LoopId,
    label: Option<Symbol>,
    left_by_break: bool,
}

/// A body that is being checked.
struct Ctx<'a> {
    kind: BodyKind,
    body: BodyId,
    module: ModuleId,
    file: FileId,
    /// Index of the context around a closure.
    parent: Option<u32>,
    /// It is, or lies in, the statements of a module: what statements further down declare is not visible.
    of_module: bool,
    /// Module names declared before this are visible.
    limit: Pos,
    locals: Vec<Local<'a>>,
    /// Lengths that annotations ask for.
    lengths: FastMap<LocalId, u32>,
    captures: Vec<Capture>,
    capture_numbers: FastMap<Capture, u32>,
    loops: Vec<Loop>,
    loop_count: u32,
    ret: Return,
    /// The visible part of the scope stack.
    window: scope::Window,
    type_params: Option<TypeParams>,
    /// Level of its type variables.
    level: u32,
    /// Only names are checked: a generic function that is never called.
    names_only: bool,
    /// Generic functions declared in the blocks that are being checked.
    nested_generic: Vec<FnId>,
    /// The default that is being checked.
    default: Option<(StructId, u32)>,
}

impl<'a> Checker<'a> {
    /// A new session, whose trees live in `arena` and whose modules come from `loader`.
    pub fn new(arena: &'a Bump, loader: Box<dyn Loader + 'a>) -> Checker<'a> {
        let mut names = Interner::new(arena);
        let builtins = BuiltinNames::new(&mut names);
        let mut checker = Checker {
            arena,
            names,
            files: SourceMap::new(),
            types: Types::new(),
            modules: Modules::new(loader),
            checked: Checked {
                bodies: Vec::new(),
                globals: Vec::new(),
                nested: Vec::new(),
                structs: Vec::new(),
                enums: Vec::new(),
                entry: Vec::new(),
                exports: Vec::new(),
            },
            diagnostics: Vec::new(),
            builtins,
            scope: Scope::new(),
            module_scopes: Vec::new(),
            decls: Vec::new(),
            functions: Vec::new(),
            structs: Vec::new(),
            enums: Vec::new(),
            constants: Vec::new(),
            globals: Vec::new(),
            units: Vec::new(),
            instances: FastMap::default(),
            ctxs: Vec::new(),
            spare: Vec::new(),
            deferred: Vec::new(),
            stmts: Vec::new(),
            conditionals: Vec::new(),
            default_needs: FastMap::default(),
            has_equality: FastMap::default(),
            late_returns: Vec::new(),
            input: 0,
            interactive: false,
            prelude: None,
            undo: Vec::new(),
            declaring: false,
            in_type: 0,
            demanded: 0,
        };
        checker.declare_result();
        checker
    }

    /// The checked program, the types that it names, and the files that its positions refer to.
    pub fn parts(&mut self) -> (&Checked<'a>, &mut Types, &SourceMap) {
        (&self.checked, &mut self.types, &self.files)
    }

    /// The files read so far.
    pub fn files(&self) -> &SourceMap {
        &self.files
    }

    /// The context of the body that is being checked.
    fn cx(&self) -> &Ctx<'a> {
        self.ctxs.last().expect("some body is being checked")
    }

    fn cx_mut(&mut self) -> &mut Ctx<'a> {
        self.ctxs.last_mut().expect("some body is being checked")
    }

    /// What the names of a type's fields, variants and functions mean.
    fn members(&self, owner: Owner) -> &Members {
        match owner {
            Owner::Struct(id) => &self.structs[id.0 as usize].members,
            Owner::Enum(id) => &self.enums[id.0 as usize].members,
        }
    }

    fn members_mut(&mut self, owner: Owner) -> &mut Members {
        match owner {
            Owner::Struct(id) => &mut self.structs[id.0 as usize].members,
            Owner::Enum(id) => &mut self.enums[id.0 as usize].members,
        }
    }

    fn file(&self) -> FileId {
        self.cx().file
    }

    fn name(&self, symbol: Symbol) -> &'a str {
        self.names.name(symbol)
    }

    fn pos(&self, offset: u32) -> Pos {
        u64::from(self.input) << 32 | u64::from(offset)
    }

    fn fresh(&mut self) -> Ty {
        let level = self.cx().level;
        self.types.fresh(level)
    }

    fn alloc<T>(&self, value: T) -> &'a T {
        self.arena.alloc(value)
    }

    /// A new body whose contents will follow.
    fn new_body(&mut self, kind: BodyKind, file: FileId, unit: Unit<'a>) -> BodyId {
        let id = BodyId(self.checked.bodies.len() as u32);
        self.checked.bodies.push(Body {
            name: "",
            kind,
            file,
            prelude: false,
            params: &[],
            ret: Ty::VOID,
            locals: &[],
            captures: &[],
            loops: 0,
            block: super::hir::Block { stmts: &[], value: None, conditionals: &[] },
            span: Span::default(),
        });
        self.units.push(unit);
        id
    }

    /// A new variable of the current body.
    fn new_local(&mut self, name: &'a str, slot: Slot, conditional: bool) -> LocalId {
        let cx = self.cx_mut();
        let id = LocalId(cx.locals.len() as u32);
        cx.locals.push(Local {
            name,
            ty: slot.ty,
            captured: std::cell::Cell::new(false),
            reassigned: std::cell::Cell::new(false),
            conditional,
        });
        if let Some(length) = slot.length {
            cx.lengths.insert(id, length);
        }
        id
    }

    /// Records a report about the current file.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.ctxs.last().is_some_and(|cx| cx.names_only) && !needs_no_types(diagnostic.code.0) {
            return;
        }
        self.diagnostics.push(diagnostic);
    }

    /// A report about the current file, to be completed.
    fn diagnostic(
        &self,
        code: u16,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, self.file(), span, title, label, message)
    }
}

/// Errors that are found in a generic function that is never called.
fn needs_no_types(code: u16) -> bool {
    matches!(code, 1000..=1021 | 1401 | 1402 | 2003 | 3000..=3999)
}
