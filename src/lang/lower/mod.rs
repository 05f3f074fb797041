//! Lowering: from the checked tree to bytecode.
//!
//! How it works. A [`Lowerer`] is a session. Each body becomes the function of its number, its statements in one pass
//! ([`function`] has the registers, [`labels`] the labels, the other files a family of forms each); closures follow the body that
//! makes them, which decides how their variables are captured ([`closure`]). Two analyses come before: which
//! conditional variables surely have a value where they are read ([`assigned`]), and which module variables surely have
//! one wherever a function reads them ([`globals`]).
//!
//! A REPL input adds to the program of the inputs before: numbers of types, functions, literals, module variables and
//! counters stay. A body some of whose types are unknown is lowered all the same, and once more with each input that
//! follows until they are known; no value of an unknown type exists, so code that would need to know it is never run.

mod arith;
mod assigned;
mod builtins;
mod call;
mod closure;
mod collect;
mod condition;
mod control;
mod expr;
mod function;
mod globals;
mod labels;
mod match_;
mod place;
mod print;
mod registers;
mod slots;
#[cfg(test)]
mod tests;
mod types;
mod walk;

use std::sync::Arc;

use self::assigned::Assigned;
use self::closure::Captures;
use self::function::{Buffers, Function, Slot, Value, Want};
use self::globals::GlobalTable;
use self::types::TypeTable;
use crate::bytecode;
use crate::bytecode::{
    Format, FormatId, FuncId, FunctionInfo, GlobalId, Literal, LiteralId, Program, SourceFile, TypeId,
};
use crate::lang::hash::FastMap;
use crate::lang::hir::{BodyId, BodyKind, Checked, VarId};
use crate::lang::types::Types;

/// How many module variables are kept in registers of their module's body; more are globals of the program.
const MAX_VARIABLE_REGISTERS: usize = 4_096;
/// How many variables a call counts for once.
const VARIABLES_PER_DEPTH: u32 = 1_024;

/// A session of lowering. See the module's documentation.
pub struct Lowerer {
    program: Program,
    types: TypeTable,
    globals: GlobalTable,
    strings: FastMap<Arc<str>, LiteralId>,
    objects: FastMap<(TypeId, u32), LiteralId>,
    /// Numbers of the names of variables that may have no value.
    name_ids: FastMap<Arc<str>, u32>,
    names: SharedNames,
    /// By body: the first of its counters.
    counters: Vec<Option<u32>>,
    /// By body: the input in which it was lowered last.
    lowered: Vec<u32>,
    input: u32,
    /// Closures to be lowered, with what they capture.
    queue: Vec<BodyId>,
    captures: FastMap<BodyId, Arc<Captures>>,
    /// The body that makes a closure.
    parents: FastMap<BodyId, BodyId>,
    /// Bodies that have types not known yet.
    open: Vec<BodyId>,
    /// Absent while a body is lowered.
    buffers: Option<Box<Buffers>>,
}

/// Shared copies of names that the trees hold, for those that tend to occur often.
#[derive(Default)]
struct SharedNames {
    /// By address, since equal names are at one.
    known: FastMap<(usize, usize), Arc<str>>,
}

impl SharedNames {
    fn get(&mut self, name: &str) -> Arc<str> {
        self.known.entry((name.as_ptr() as usize, name.len())).or_insert_with(|| name.into()).clone()
    }

    /// A new input begins: names of earlier ones may have been freed.
    fn forget(&mut self) {
        self.known.clear();
    }
}

impl Lowerer {
    /// A session without inputs. In one that more inputs will follow (a REPL), module variables are shared between
    /// inputs, and an input that raised an error may leave them without a value.
    pub fn new(interactive: bool) -> Lowerer {
        Lowerer {
            program: Program::new(),
            types: TypeTable::new(),
            globals: GlobalTable::new(interactive),
            strings: FastMap::default(),
            objects: FastMap::default(),
            name_ids: FastMap::default(),
            names: SharedNames::default(),
            counters: Vec::new(),
            lowered: Vec::new(),
            input: 0,
            queue: Vec::new(),
            captures: FastMap::default(),
            parents: FastMap::default(),
            open: Vec::new(),
            buffers: None,
        }
    }

    /// Lowers a program that no input follows.
    pub fn program(checked: &Checked<'_>, types: &mut Types, files: &[SourceFile]) -> Program {
        let mut lowerer = Lowerer::new(false);
        lowerer.extend(checked, types, files);
        lowerer.program.types = lowerer.types.descs;
        lowerer.program
    }

    /// Lowers one more input; gives the program of all inputs so far, whose last entries are those of this one.
    pub fn lower(&mut self, checked: &Checked<'_>, types: &mut Types, files: &[SourceFile]) -> Program {
        self.extend(checked, types, files);
        self.program.types.clone_from(&self.types.descs);
        self.program.clone()
    }

    fn extend(&mut self, checked: &Checked<'_>, types: &mut Types, files: &[SourceFile]) {
        self.input += 1;
        self.names.forget();
        self.types.refresh(checked, types, &mut self.names);
        self.program.files = files.to_vec();
        let first = self.lowered.len();
        self.lowered.resize(checked.bodies.len(), 0);
        self.counters.resize(checked.bodies.len(), None);
        self.globals.begin(checked, types);

        let open = std::mem::take(&mut self.open);
        for id in open.into_iter().chain((first..checked.bodies.len()).map(|index| BodyId(index as u32))) {
            // A closure is lowered after what makes it.
            if checked.bodies[id.index()].kind != BodyKind::Closure || self.captures.contains_key(&id) {
                self.lower_body(checked, types, id);
            }
            while let Some(closure) = self.queue.pop() {
                self.lower_body(checked, types, closure);
            }
        }
        for index in first..checked.bodies.len() {
            // What makes the closure stands in code that is not reached.
            if self.lowered[index] == 0 {
                let stub = self.stub(checked, types, BodyId(index as u32), "the function is not reached");
                self.set_function(BodyId(index as u32), stub);
            }
        }
        // An instance that runs the session goes on where it stopped, so earlier inputs stay in the list.
        self.program.entry.extend(checked.entry.iter().map(|body| FuncId(body.0)));
        let functions = &self.program.functions;
        let exports = checked.exports.iter().map(|&(name, body)| {
            let own = &functions[body.index()].name;
            (if **own == *name { own.clone() } else { name.into() }, FuncId(body.0))
        });
        self.program.exports = exports.collect();
    }

    fn lower_body(&mut self, checked: &Checked<'_>, types: &mut Types, id: BodyId) {
        if self.lowered[id.index()] == self.input {
            return;
        }
        self.lowered[id.index()] = self.input;
        let body = &checked.bodies[id.index()];
        let captures = self.captures.get(&id).cloned();
        let variables = self.globals.variables_of(id);
        let mut function = Function::new(self, checked, types, id, captures);
        function.assigned = Assigned::of(checked, id, &variables);
        function.begin(&variables);
        let want = if function.ret.is_some() { Want::Return } else { Want::Drop };
        function.block(&body.block, want);
        if function.reachable() {
            function.return_void();
        }
        let info = function.info();
        let (open, failed) = (function.open, function.failed);
        let built = function.end(|builder| builder.finish(info));
        if open {
            self.open.push(id);
        }
        let built = match built {
            Ok(built) if !failed => built,
            _ => self.stub(checked, types, id, "the function is too large"),
        };
        self.set_function(id, built);
    }

    /// A function that raises an error.
    fn stub(
        &mut self,
        checked: &Checked<'_>,
        types: &mut Types,
        id: BodyId,
        message: &str,
    ) -> bytecode::Function {
        let captures = self.captures.get(&id).cloned();
        let mut function = Function::new(self, checked, types, id, captures);
        function.begin_signature();
        function.trap(message);
        let info = function.info();
        function.end(|builder| builder.finish(info)).unwrap_or_else(|_| {
            // Not even the parameters fit; nor do they in the functions that would call it.
            let mut function = Function::new(self, checked, types, id, None);
            function.trap(message);
            let info = FunctionInfo { params: Vec::new(), closure: None, ..function.info() };
            function.end(|builder| builder.finish(info)).expect("a function of two instructions")
        })
    }

    fn set_function(&mut self, id: BodyId, function: bytecode::Function) {
        let function = Arc::new(function);
        let functions = &mut self.program.functions;
        // Closures are lowered before the bodies that follow the one that makes them.
        if id.index() >= functions.len() {
            functions.resize(id.index() + 1, function.clone());
        }
        functions[id.index()] = function;
    }

    // ---- tables

    /// The first of the counters of a body: its own; those of its loops follow.
    fn counter_of(&mut self, id: BodyId, loops: u32) -> u32 {
        *self.counters[id.index()].get_or_insert_with(|| {
            let first = self.program.counters;
            self.program.counters += 1 + loops;
            first
        })
    }

    /// The number of a variable's name in [`Program::names`].
    fn name_id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.name_ids.get(name) {
            return id;
        }
        let id = self.program.names.len() as u32;
        let name: Arc<str> = name.into();
        self.program.names.push(name.clone());
        self.name_ids.insert(name, id);
        id
    }

    /// The literal of a string.
    fn string_literal(&mut self, text: &str) -> LiteralId {
        if let Some(&id) = self.strings.get(text) {
            return id;
        }
        let text: Arc<str> = text.into();
        let id = self.add_literal(Literal::String(text.clone()));
        self.strings.insert(text, id);
        id
    }

    /// The literal of a variant or function.
    fn literal(&mut self, literal: Literal) -> LiteralId {
        let key = match &literal {
            Literal::String(text) => return self.string_literal(&text.clone()),
            Literal::Variant { ty, variant } => (*ty, *variant),
            Literal::Function { ty, func } => (*ty, func.0),
        };
        if let Some(&id) = self.objects.get(&key) {
            return id;
        }
        let id = self.add_literal(literal);
        self.objects.insert(key, id);
        id
    }

    fn add_literal(&mut self, literal: Literal) -> LiteralId {
        self.program.literals.push(literal);
        LiteralId(self.program.literals.len() as u32 - 1)
    }

    /// A new template.
    fn format(&mut self, format: Format) -> FormatId {
        self.program.formats.push(format);
        FormatId(self.program.formats.len() as u32 - 1)
    }

    /// The global of the program that a module variable is.
    fn global(&mut self, checked: &Checked<'_>, var: VarId, ty: TypeId) -> GlobalId {
        if let Some(id) = self.globals.id(var) {
            return id;
        }
        let id = GlobalId(self.program.globals.len() as u32);
        let name = checked.globals[var.index()].name.into();
        self.program.globals.push(bytecode::Global { name, ty });
        self.globals.set_id(var, id);
        id
    }

    /// Whether a read of a scalar module variable is checked.
    fn must_check(&self, checked: &Checked<'_>, var: VarId, body: BodyId, unproven: bool) -> bool {
        self.globals.must_check(checked, var, body, unproven)
    }

    /// A closure to be lowered after the body that makes it.
    fn enqueue(&mut self, body: BodyId, captures: Arc<Captures>) {
        self.captures.insert(body, captures);
        self.queue.push(body);
    }
}

impl Function<'_, '_> {
    /// The parameters, and their types for [`Function::info`].
    fn begin_signature(&mut self) {
        if let Some(ty) = self.captures.as_ref().and_then(|captures| captures.closure) {
            self.closure = Some(self.param(ty));
        }
        self.params.reserve_exact(self.body.params.len());
        for &local in self.body.params {
            let ty = self.ty(self.body.locals[local.index()].ty);
            let reg = self.param(ty);
            self.params.push(ty);
            self.set_slot(local, Slot::Reg(reg));
        }
        self.ret = self.value_type(self.body.ret);
    }

    /// All that comes before the first statement.
    fn begin(&mut self, variables: &[VarId]) {
        self.begin_signature();
        for &local in self.body.params {
            let info = &self.body.locals[local.index()];
            if let Slot::Reg(reg) = self.slot(local) {
                self.name_register(reg, info.name);
                if info.captured.get() && info.reassigned.get() {
                    let ty = self.reg_ty(reg);
                    self.declare_value(local, ty, Value::Var(reg));
                }
            }
        }
        self.prepare_overflow();
        let private: Vec<VarId> = variables
            .iter()
            .copied()
            .filter(|&var| self.s.globals.is_private(self.checked, var))
            .take(MAX_VARIABLE_REGISTERS)
            .collect();
        for var in private {
            let info = &self.checked.globals[var.index()];
            let slot = if info.conditional {
                let ty = self.ty(info.ty);
                let flagged = self.assigned.is_global_flagged(var);
                self.conditional_slot(ty, flagged, false, true)
            } else {
                Slot::Unset
            };
            self.globals.insert(var, slot);
        }
        self.pin_captures();
    }

    /// What the builder does not know.
    fn info(&mut self) -> FunctionInfo {
        FunctionInfo {
            name: self.body.name.into(),
            file: self.body.file,
            params: std::mem::take(&mut self.params),
            ret: self.ret,
            closure: self.captures.as_ref().and_then(|captures| captures.closure),
            counter: self.counter,
            hidden: self.body.prelude || self.body.kind == BodyKind::Default,
            depth_cost: depth_cost(self.checked, self.id),
        }
    }
}

/// What a call of a body counts against the recursion limit.
fn depth_cost(checked: &Checked<'_>, id: BodyId) -> u32 {
    let body = &checked.bodies[id.index()];
    if body.prelude || matches!(body.kind, BodyKind::Module | BodyKind::Default) {
        return 0;
    }
    let few = body.locals.len() as u32 <= VARIABLES_PER_DEPTH;
    if few {
        return 1;
    }
    let variables = body.locals.iter().filter(|local| !local.name.is_empty()).count() as u32;
    variables.div_ceil(VARIABLES_PER_DEPTH).max(1)
}
