//! Checks a tree: types, names and scopes by the rules of the language, and the bounds of `bounds.rs`.
//!
//! The generator builds trees that pass; shrinking proposes smaller ones and keeps those that pass. So no program leaves this
//! crate that the compiler should reject or that runs for long.
//!
//! How it works. Three passes over the items. The module's variables are collected in the order of the text, since a function
//! sees those above it. Then functions are checked in their order of call (`Function::order`), which leaves the cost of each
//! known before its callers are. Last come the statements. Where the language has a choice (a bare `x = e` declares or
//! assigns), the tree says what is meant, and the check makes sure that the source means the same.

mod expr;
pub(crate) mod scope;
mod stmt;

use std::collections::HashMap;

use crate::ast::*;
use crate::bounds::{Cost, Costs};
use scope::{Kind, Scope, Var};

/// What is known of a program that passed.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// The greatest cost of a run, see [`crate::bounds`].
    pub cost: u64,
}

/// Checks a program; the error says what is wrong.
pub fn check(program: &Program) -> Result<Summary, String> {
    let checker = Checker::new(program)?;
    let cost = checker.program()?;
    if cost > crate::MAX_COST {
        return Err(format!("it may cost {cost}"));
    }
    crate::print::source(program)?;
    Ok(Summary { cost })
}

type Checked<T = ()> = Result<T, String>;

fn ensure(condition: bool, what: &str) -> Checked {
    if condition { Ok(()) } else { Err(what.to_owned()) }
}

/// The signature of a function that can be called where one stands.
#[derive(Clone)]
struct Signature<'a> {
    function: &'a Function,
    /// The greatest rank of a function value that a call may call.
    level: u32,
    /// Whether it is nested in another function or block.
    nested: bool,
}

struct Checker<'a> {
    program: &'a Program,
    types: &'a Types,
    functions: HashMap<Name, Signature<'a>>,
    costs: Costs,
    scope: Scope,
    frames: Vec<Frame>,
}

/// A function, lambda or module body under way.
struct Frame {
    /// What `return` has to give; `None` at module level.
    ret: Option<Ty>,
    /// The order of the function around: calls must lead below it.
    order: u32,
    /// Its recursion group and counter; none within a lambda.
    recursion: Option<(u32, Name)>,
    /// The greatest rank of function values that may be called.
    limit: u32,
    /// The greatest rank of function values that are called.
    level: u32,
    /// The labels of the loops around, innermost last.
    loops: Vec<Option<Name>>,
    /// The classes of the type parameters.
    generics: Vec<Class>,
}

impl Frame {
    fn module() -> Frame {
        Frame {
            ret: None,
            order: u32::MAX,
            recursion: None,
            limit: u32::MAX,
            level: 0,
            loops: Vec::new(),
            generics: Vec::new(),
        }
    }
}

impl<'a> Checker<'a> {
    fn new(program: &'a Program) -> Checked<Checker<'a>> {
        let mut functions = HashMap::new();
        for item in &program.items {
            if let Item::Fn(function) = item {
                let signature = Signature { function, level: 0, nested: false };
                ensure(functions.insert(function.name, signature).is_none(), "a function is declared twice")?;
            }
        }
        Ok(Checker {
            program,
            types: &program.types,
            functions,
            costs: Costs::default(),
            scope: Scope::default(),
            frames: Vec::new(),
        })
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a frame is pushed before anything is checked")
    }

    fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Checks everything; the result is the cost of the module's statements.
    fn program(mut self) -> Checked<u64> {
        // The lengths of module variables must be known where functions use them.
        let mut visible: Vec<Vec<Var>> = Vec::new();
        let mut globals = Vec::new();
        for item in &self.program.items {
            match item {
                Item::Stmt(stmt) => {
                    self.globals(stmt, &mut globals);
                    visible.push(Vec::new());
                }
                Item::Fn(_) => visible.push(globals.clone()),
            }
        }
        self.defaults()?;
        let program = self.program;
        let mut order: Vec<(u32, usize)> = Vec::new();
        for (at, item) in program.items.iter().enumerate() {
            if let Item::Fn(function) = item {
                order.push((function.order, at));
            }
        }
        order.sort();
        self.frames.push(Frame::module());
        for (_, at) in order {
            let Item::Fn(function) = &program.items[at] else { continue };
            self.scope = Scope::of_globals(std::mem::take(&mut visible[at]));
            self.function(function)?;
        }
        self.scope = Scope::of_globals(Vec::new());
        let mut cost = Cost::default();
        for item in &program.items {
            if let Item::Stmt(stmt) = item {
                self.stmt(stmt)?;
                cost = cost.plus(self.costs.stmt(self.types, stmt));
            }
        }
        Ok(cost.units)
    }

    /// Remembers the variables that a statement at the top level declares there.
    fn globals(&mut self, stmt: &Stmt, globals: &mut Vec<Var>) {
        let mut add = |name: Name, ty: Ty, kind: Kind| {
            if !globals.iter().any(|var| var.name == name) {
                globals.push(Var { name, ty, kind, depth: 1, in_loop: false });
            }
        };
        match stmt {
            Stmt::Let(binding) => {
                add(binding.name, binding.value.ty(), Kind::of(binding.binding));
                if let Value::Expr(e) = &binding.value {
                    self.costs.keep_length(binding.name, e);
                }
            }
            Stmt::While(w) => add(w.fuel, Ty::I32, Kind::Fixed),
            Stmt::Build(b) => {
                add(b.name, b.ty.clone(), Kind::Plain);
                let length = crate::bounds::built_length(b, &self.costs.lengths);
                self.costs.lengths.insert(b.name, length);
            }
            Stmt::If { branches, otherwise } => {
                for block in branches.iter().map(|(_, block)| block).chain(otherwise) {
                    for stmt in block {
                        match stmt {
                            Stmt::Let(binding) if binding.binding == Binding::Bare => {
                                if let Value::Expr(e) = &binding.value {
                                    self.costs.keep_length(binding.name, e);
                                }
                                add(binding.name, binding.value.ty(), Kind::Plain);
                            }
                            Stmt::If { .. } => {
                                let mut inner = Vec::new();
                                self.globals(stmt, &mut inner);
                                inner.into_iter().for_each(|var| add(var.name, var.ty, var.kind));
                            }
                            _ => {}
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The defaults of fields are literals of the field's type.
    fn defaults(&mut self) -> Checked {
        self.frames.push(Frame::module());
        for def in &self.types.structs {
            for field in &def.fields {
                if let Some(default) = &field.default {
                    ensure(default.ty == field.ty, "a default of another type")?;
                    self.expr(default)?;
                }
            }
        }
        self.frames.pop();
        Ok(())
    }

    /// Checks a function, named or nested, and remembers what calls of it cost.
    fn function(&mut self, function: &'a Function) -> Checked {
        if let Some(Recursion { param, base, .. }) = &function.recursion {
            let counter = function.params.get(*param);
            ensure(counter.is_some_and(|param| param.ty == Ty::I32), "a counter that is no i32")?;
            ensure(base.is_some() == (function.ret != Ty::Void), "a base for void, or none for a value")?;
            if let Some(base) = base {
                ensure(base.ty == function.ret, "a base of another type")?;
            }
        }
        ensure(function.is_method <= function.owner.is_some(), "a method without an owner")?;
        self.scope.open(false);
        let recursion = function
            .recursion
            .as_ref()
            .map(|recursion| (recursion.group, function.params[recursion.param].name));
        let around = self.costs.current;
        if let Some((group, _)) = recursion {
            self.costs.current = Some(group);
        }
        self.frames.push(Frame {
            ret: Some(function.ret.clone()),
            order: function.order,
            recursion,
            limit: u32::MAX,
            level: 0,
            loops: Vec::new(),
            generics: function.generics.clone(),
        });
        for param in &function.params {
            self.declare(param.name, param.ty.clone(), Kind::Fixed)?;
        }
        if let Some(base) = function.recursion.as_ref().and_then(|recursion| recursion.base.as_ref()) {
            self.kept(base)?;
        }
        let ret = &function.ret;
        let written =
            function.annotated && *ret != Ty::Range && (!ret.has_param() || function.owner.is_some());
        let base = function.recursion.as_ref().is_some_and(|recursion| recursion.base.is_some());
        let known = written || base || *ret == Ty::Void || function.result.is_some();
        ensure(known || returns_value(&function.body), "nothing says what is returned")?;
        self.body(&function.body, function.result.as_ref(), ret)?;
        let frame = self.frames.pop();
        self.scope.close();
        self.costs.current = around;
        if let Some(signature) = self.functions.get_mut(&function.name) {
            signature.level = frame.map_or(0, |frame| frame.level);
        }
        let cost = self.costs.function(self.types, function);
        self.costs.functions.insert(function.name, cost);
        Ok(())
    }

    /// The statements of a function, and the value at its end.
    fn body(&mut self, body: &'a [Stmt], result: Option<&'a Value>, ret: &Ty) -> Checked {
        self.block(body)?;
        match result {
            Some(value) => {
                ensure(value.ty() == *ret && *ret != Ty::Void, "a result of another type")?;
                self.value(value)?;
                self.kept_value(value)
            }
            None => ensure(*ret == Ty::Void || diverges(body), "a body without a result"),
        }
    }

    /// Declares a variable in the innermost block.
    fn declare(&mut self, name: Name, ty: Ty, kind: Kind) -> Checked {
        let (depth, in_loop) = (self.depth(), !self.frame().loops.is_empty());
        ensure(!self.scope.in_block(name), "a name is declared twice in one block")?;
        self.scope.add(Var { name, ty, kind, depth, in_loop }, false);
        Ok(())
    }
}

/// Whether a `return` with a value stands in the block, so that the type of the function around it can be inferred.
pub(crate) fn returns_value(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match stmt {
        Stmt::Return(Some(_)) => true,
        // Their `return` is their own.
        Stmt::Fn(_) => false,
        Stmt::Let(Let { value: Value::Lambda(_), .. }) | Stmt::Assign { value: Value::Lambda(_), .. } => {
            false
        }
        stmt => {
            let mut found = false;
            stmt.parts(&mut |part| found |= matches!(part, Part::Block(block) if returns_value(block)));
            found
        }
    })
}

/// Whether control never reaches the end of the block.
pub(crate) fn diverges(block: &[Stmt]) -> bool {
    match block.last() {
        Some(Stmt::Return(_) | Stmt::Raise(_)) => true,
        Some(Stmt::If { branches, otherwise: Some(otherwise) }) => {
            branches.iter().all(|(_, block)| diverges(block)) && diverges(otherwise)
        }
        Some(Stmt::Match(m)) => m.arms.iter().all(|arm| arm.value.is_none() && diverges(&arm.body)),
        Some(Stmt::Try { body, handler, .. }) => diverges(body) && diverges(handler),
        _ => false,
    }
}
