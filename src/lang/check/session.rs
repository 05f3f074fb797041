//! A session: whole programs, modules, and the inputs of a REPL.

use super::declare::Waiting;
use super::function::diverges;
use super::known::UNDERSCORE;
use super::scope::{BlockKind, Entity};
use super::{Checker, Ctx, FnId, ModuleScope, Owner, Progress, Unit};
use crate::bytecode::Spec;
use crate::lang::ast::{self, Span, StmtKind as Ast};
use crate::lang::diag::Diagnostic;
use crate::lang::hash::{FastMap, IdMap};
use crate::lang::hir::{Block, BodyKind, Piece, Stmt, StmtKind, Template};
use crate::lang::intern::Symbol;
use crate::lang::modules::{Location, ModuleId, Workspace};
use crate::lang::types::{Ty, TypesMark};

/// An entry of a table to take back when an input fails.
pub(super) enum Undo {
    Name(ModuleId, Symbol, Option<u32>),
    Member(Owner, Symbol),
    Instance(FnId, Ty),
}

/// The state before an input.
struct Snapshot<'a> {
    types: TypesMark,
    bodies: usize,
    globals: usize,
    nested: usize,
    structs: usize,
    enums: usize,
    functions: usize,
    constants: usize,
    decls: usize,
    modules: usize,
    deferred: Vec<super::deferred::Deferred<'a>>,
    prelude: Option<FnId>,
}

impl<'a> Checker<'a> {
    /// Checks a program: the main module, whose text is given, and all that it uses. On success [`Self::parts`] has it.
    pub fn check_program(&mut self, location: &Location, bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
        let order = self.load(location, bytes);
        self.check_modules(&order)
    }

    /// The second half of [`Self::check_program`]: checks modules that [`Self::load`] gave.
    pub fn check_modules(&mut self, order: &[ModuleId]) -> Result<(), Vec<Diagnostic>> {
        self.checked.entry.clear();
        for &module in order {
            self.check_module(module, false);
        }
        self.set_exports(ModuleId(0));
        self.take_reports()
    }

    /// Checks one more input of a REPL, called `name` in reports. After an error the session is as it was before.
    pub fn check_input(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        if !self.interactive {
            self.interactive = true;
            self.types.start_trail();
            let location = Location { name: name.to_owned(), directory: None, path: "<input>".into() };
            self.load(&location, b"");
        }
        self.input += 1;
        let snapshot = self.snapshot();
        let main = ModuleId(0);
        let mut work = Workspace {
            arena: self.arena,
            names: &mut self.names,
            files: &mut self.files,
            diagnostics: &mut self.diagnostics,
        };
        let order = self.modules.load_input(main, name, text.as_bytes(), &mut work);
        let entry = std::mem::take(&mut self.checked.entry);
        for &module in &order {
            self.check_module(module, false);
        }
        self.set_exports(main);
        let result = self.take_reports();
        if result.is_err() {
            self.restore(snapshot);
            self.checked.entry = entry;
            self.set_exports(main);
        }
        self.undo.clear();
        result
    }

    /// The reports so far, in order of position, each once.
    fn take_reports(&mut self) -> Result<(), Vec<Diagnostic>> {
        let mut reports = std::mem::take(&mut self.diagnostics);
        if reports.is_empty() {
            return Ok(());
        }
        reports.sort_by_key(|report| (report.file, report.span.start, report.code));
        reports.dedup_by_key(|report| (report.file, report.span.start, report.code));
        Err(reports)
    }

    /// Reads and parses a module and all that it uses; the result is in the order in which they are to be checked.
    pub fn load(&mut self, location: &Location, bytes: &[u8]) -> Vec<ModuleId> {
        let mut work = Workspace {
            arena: self.arena,
            names: &mut self.names,
            files: &mut self.files,
            diagnostics: &mut self.diagnostics,
        };
        self.modules.load(location, bytes, &mut work)
    }

    /// Checks a module whose imports are checked.
    pub(super) fn check_module(&mut self, module: ModuleId, prelude: bool) {
        self.scope.grow(self.names.count());
        let (file, stmts) = (self.modules.get(module).file, self.modules.get(module).stmts);
        let unit = Unit {
            progress: Progress::Checking,
            function: None,
            params: &[],
            owner_args: &[],
            ret: Ty::VOID,
            asked: false,
            names_only: false,
        };
        let body = self.new_body(BodyKind::Module, file, unit);
        while self.module_scopes.len() <= module.index() {
            self.module_scopes.push(ModuleScope::new());
        }
        let scope = &mut self.module_scopes[module.index()];
        scope.body = body;
        scope.file = file;
        scope.stmts = stmts;
        scope.forward = None;
        scope.early.clear();
        scope.finished = false;
        scope.is_prelude = prelude;
        let mut cx = Ctx::new(BodyKind::Module, body, module, file);
        cx.window.base = self.scope.len();
        let mark = self.begin_body(cx);
        let start = self.stmts.len();
        let globals = self.checked.globals.len();
        self.scope.push_block(BlockKind::Module);
        let waiting = self.declare(stmts);
        for (number, stmt) in stmts.iter().enumerate() {
            self.cx_mut().limit = self.pos(stmt.span.end);
            match &stmt.kind {
                Ast::Fn(_) => {}
                Ast::Expr(expr) if self.interactive && module.index() == 0 && number + 1 == stmts.len() => {
                    self.show(expr, stmt.span);
                }
                _ => {
                    self.statement(stmt);
                }
            }
        }
        self.module_scopes[module.index()].finished = true;
        for &item in &waiting {
            match item {
                Waiting::Function(id) => {
                    let function = &self.functions[id.index()];
                    if !function.generic && self.units[function.body.index()].progress == Progress::Waiting {
                        let body = function.body;
                        self.check_function(body);
                    }
                }
                Waiting::Defaults(id) => self.check_defaults(id),
            }
        }
        self.scope.pop_block();
        self.close_module(mark.open());
        self.check_global_depths(globals);
        if !prelude {
            for item in waiting {
                if let Waiting::Function(id) = item {
                    self.check_names_of(id);
                }
            }
        }
        self.check_default_cycles();
        self.finish_late_returns();
        let list = self.arena.alloc_slice_copy(&self.stmts[start..]);
        self.stmts.truncate(start);
        let block = Block { stmts: list, value: None, conditionals: &[] };
        self.end_body(mark, "<module>", &[], block, Span::default(), prelude);
        if !prelude {
            self.checked.entry.push(body);
        }
    }

    /// Reports the first module variable whose type inference made too deep.
    fn check_global_depths(&mut self, first: usize) {
        for number in first..self.checked.globals.len() {
            let ty = self.checked.globals[number].ty;
            if self.types.has_variables(ty) && self.types.is_too_deep(ty) {
                let span = self.globals[number].span;
                return self.report_too_deep(span);
            }
        }
    }

    /// Unknown types of a module become `i32`; those of a REPL input stay open.
    fn close_module(&mut self, open: usize) {
        if self.interactive {
            return self.settle(0);
        }
        self.types.close(open, 0);
        self.settle(0);
        self.types.close(open, 0);
    }

    /// The last expression of an input: its value is printed.
    fn show(&mut self, expr: &'a ast::Expr<'a>, span: Span) {
        let value = self.expr(expr, None);
        let ty = self.types.shallow(value.ty);
        let kept = self.alloc(value);
        let kind = if diverges(&value) || ty == Ty::VOID || ty == Ty::POISON {
            StmtKind::Expr(kept)
        } else {
            let pieces = self.arena.alloc_slice_fill_iter([Piece::Arg(std::cell::Cell::new(Spec::Nested))]);
            let template = self.alloc(Template { pieces, args: std::slice::from_ref(kept) });
            StmtKind::Print { template, span: expr.span }
        };
        self.stmts.push(Stmt { kind, span });
    }

    /// Lists the functions of the main module that a host may call.
    fn set_exports(&mut self, main: ModuleId) {
        let Some(scope) = self.module_scopes.get(main.index()) else { return };
        let mut list: Vec<(u32, Symbol)> = scope.names.iter().map(|(name, decl)| (*decl, *name)).collect();
        list.sort_unstable();
        self.checked.exports.clear();
        for (number, name) in list {
            let decl = &self.decls[number as usize];
            let Entity::Function(id) = decl.entity else { continue };
            let function = &self.functions[id.index()];
            if !decl.imported && !function.generic && name != UNDERSCORE {
                self.checked.exports.push((self.names.name(name), function.body));
            }
        }
    }

    fn snapshot(&self) -> Snapshot<'a> {
        Snapshot {
            types: self.types.mark(),
            bodies: self.checked.bodies.len(),
            globals: self.checked.globals.len(),
            nested: self.checked.nested.len(),
            structs: self.structs.len(),
            enums: self.enums.len(),
            functions: self.functions.len(),
            constants: self.constants.len(),
            decls: self.decls.len(),
            modules: self.modules.count(),
            deferred: self.deferred.clone(),
            prelude: self.prelude,
        }
    }

    fn restore(&mut self, old: Snapshot<'a>) {
        for undo in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                Undo::Name(module, name, hidden) => {
                    let names = &mut self.module_scopes[module.index()].names;
                    match hidden {
                        Some(number) => names.insert(name, number),
                        None => names.remove(&name),
                    };
                }
                Undo::Member(owner, name) => {
                    self.members_mut(owner).remove(name);
                }
                Undo::Instance(id, key) => {
                    self.instances.remove(&(id, key));
                }
            }
        }
        self.types.undo(old.types);
        self.checked.bodies.truncate(old.bodies);
        self.units.truncate(old.bodies);
        self.checked.globals.truncate(old.globals);
        self.globals.truncate(old.globals);
        self.checked.nested.truncate(old.nested);
        self.checked.structs.truncate(old.structs);
        self.structs.truncate(old.structs);
        self.checked.enums.truncate(old.enums);
        self.enums.truncate(old.enums);
        self.functions.truncate(old.functions);
        self.constants.truncate(old.constants);
        self.decls.truncate(old.decls);
        self.modules.truncate(old.modules);
        self.module_scopes.truncate(old.modules);
        self.deferred = old.deferred;
        self.prelude = old.prelude;
        self.has_equality = FastMap::default();
        self.default_needs = FastMap::default();
        self.late_returns.retain(|body| body.index() < old.bodies);
    }
}

impl ModuleScope<'_> {
    fn new() -> Self {
        ModuleScope {
            names: IdMap::default(),
            body: crate::lang::hir::BodyId(0),
            file: crate::bytecode::FileId(0),
            stmts: &[],
            forward: None,
            early: FastMap::default(),
            finished: false,
            unknown_imports: false,
            is_prelude: false,
        }
    }
}
