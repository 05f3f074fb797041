//! Scopes: which declaration a name means at a place.
//!
//! How it works. Names declared in blocks stand on one stack; a table by symbol holds the topmost entry of each name,
//! and each entry the one that it hides, so that looking a name up and leaving a block cost no search. A body sees the
//! part of the stack that its [`Window`] shows: a function of a module only what it pushed itself, a closure what was
//! declared before it. Names of modules are in a map, with the position from which each is visible.
//!
//! A bare binding in a branch of an `if` belongs to the nearest block that is no branch. Its entry is marked `hoisted`;
//! when the branch ends such entries move to a second stack, where later branches find them, and when the `if` ends
//! back to the first.

use std::rc::Rc;

use super::conditional::Hoists;
use super::{Checker, FnId, Pos};
use crate::lang::ast::Span;
use crate::lang::hir::{Capture, Expr, ExprKind, LocalId, VarId};
use crate::lang::intern::Symbol;
use crate::lang::modules::ModuleId;
use crate::lang::types::{EnumId, StructId, Ty};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entity {
    /// A variable of the body that the context of this index checks.
    Local {
        ctx: u32,
        local: LocalId,
        kind: VarKind,
    },
    Global(VarId),
    /// A literal constant.
    Constant(u32),
    Function(FnId),
    Struct(StructId),
    Enum(EnumId),
    Namespace(ModuleId),
    /// Something that could not be imported.
    Poison,
}

/// How a variable was declared: says who may assign it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum VarKind {
    /// With `mut`.
    Mutable,
    /// A plain binding in a function or loop.
    Plain,
    /// A plain binding of a module, outside loops.
    Module,
    For,
    Parameter,
    Catch,
    Pattern,
    Constant,
}

/// The visible part of the scope stack: entries from `base` on, but for those in `hidden` ranges.
#[derive(Clone, Default)]
pub(super) struct Window {
    pub base: u32,
    pub hidden: Option<Rc<[(u32, u32)]>>,
    /// Of a nested function: what was pushed after its declaration is hidden, up to where its body begins.
    pub end: Option<u32>,
}

impl Window {
    fn hides(&self, index: u32) -> bool {
        self.hidden
            .as_ref()
            .is_some_and(|ranges| ranges.iter().any(|&(from, to)| from <= index && index < to))
    }

    /// Hides what lies between the end and `now`, where a body begins.
    pub fn until_now(&mut self, now: u32) {
        let Some(end) = self.end.take() else { return };
        if end < now {
            let mut ranges: Vec<_> = self.hidden.as_deref().unwrap_or_default().to_vec();
            ranges.push((end, now));
            self.hidden = Some(ranges.into());
        }
    }
}

/// One declared name in a block.
#[derive(Clone, Copy)]
struct Entry {
    name: Symbol,
    /// Index of the entry that it hides, plus 1.
    hides: u32,
    entity: Entity,
    /// It belongs to a block around the branch in which it stands.
    hoisted: bool,
}

/// What a frame of the block stack is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BlockKind {
    /// The statements of a module.
    Module,
    /// A branch of an `if`.
    Branch,
    /// Any other.
    Plain,
}

#[derive(Clone, Copy)]
struct Block {
    start: u32,
    kind: BlockKind,
    /// Of a branch: where the variables that its `if` introduces begin.
    mark: usize,
}

/// The scope stack.
pub(super) struct Scope {
    entries: Vec<Entry>,
    /// By symbol, index of the topmost entry plus 1.
    heads: Vec<u32>,
    blocks: Vec<Block>,
    pub hoists: Hoists,
}

impl Scope {
    pub fn new() -> Scope {
        Scope { entries: Vec::new(), heads: Vec::new(), blocks: Vec::new(), hoists: Hoists::new() }
    }

    /// Makes room for all symbols there are.
    pub fn grow(&mut self, symbols: usize) {
        if self.heads.len() < symbols {
            self.heads.resize(symbols, 0);
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    pub fn push_block(&mut self, kind: BlockKind) {
        self.blocks.push(Block { start: self.entries.len() as u32, kind, mark: 0 });
    }

    /// Begins a branch of the `if` whose mark this is.
    pub fn push_branch(&mut self, mark: usize) {
        self.blocks.push(Block { start: self.entries.len() as u32, kind: BlockKind::Branch, mark });
    }

    /// Ends a block and forgets its names. Hoisted ones go to the `if` statement that is being checked.
    pub fn pop_block(&mut self) {
        let Some(block) = self.blocks.pop() else { return };
        while self.entries.len() as u32 > block.start {
            let Some(entry) = self.entries.pop() else { break };
            self.heads[entry.name.0 as usize] = entry.hides;
            if entry.hoisted {
                self.hoists.add(entry.name, entry.entity, block.mark);
            }
        }
    }

    pub fn push(&mut self, name: Symbol, entity: Entity) {
        self.push_entry(name, entity, false);
    }

    /// A name in a branch that belongs to a block around it.
    pub fn push_hoisted(&mut self, name: Symbol, entity: Entity) {
        self.push_entry(name, entity, true);
    }

    fn push_entry(&mut self, name: Symbol, entity: Entity, hoisted: bool) {
        let head = &mut self.heads[name.0 as usize];
        self.entries.push(Entry { name, hides: *head, entity, hoisted });
        *head = self.entries.len() as u32;
    }

    /// What the name means among those of blocks.
    pub fn find(&self, name: Symbol, window: &Window) -> Option<Entity> {
        let mut at = self.heads[name.0 as usize];
        while at > window.base {
            let entry = &self.entries[at as usize - 1];
            if !window.hides(at - 1) {
                return Some(entry.entity);
            }
            at = entry.hides;
        }
        None
    }

    /// Whether the innermost block itself declares the name.
    pub fn declared_here(&self, name: Symbol) -> bool {
        let start = self.blocks.last().map_or(0, |block| block.start);
        let mut at = self.heads[name.0 as usize];
        while at > start {
            let entry = &self.entries[at as usize - 1];
            if !entry.hoisted {
                return true;
            }
            at = entry.hides;
        }
        false
    }

    /// The kind of the innermost block.
    pub fn block_kind(&self) -> BlockKind {
        self.blocks.last().map_or(BlockKind::Plain, |block| block.kind)
    }

    /// The kind of the innermost block that is no branch.
    pub fn base_block_kind(&self) -> BlockKind {
        self.blocks
            .iter()
            .rev()
            .map(|block| block.kind)
            .find(|&kind| kind != BlockKind::Branch)
            .unwrap_or(BlockKind::Plain)
    }

    /// What an earlier branch introduced under this name, for the same block as a bare binding here would.
    pub fn introduced(&self, name: Symbol) -> Option<Entity> {
        let branches = self.blocks.iter().rev().take_while(|block| block.kind == BlockKind::Branch);
        self.hoists.find(name, branches.last()?.mark)
    }

    /// The names that a window shows, for suggestions.
    pub fn visible<'s>(&'s self, window: &'s Window) -> impl Iterator<Item = Symbol> + 's {
        let base = window.base as usize;
        (base..self.entries.len()).filter(|&at| !window.hides(at as u32)).map(|at| self.entries[at].name)
    }
}

/// A declaration of a module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decl {
    pub entity: Entity,
    /// Visible below this.
    pub from: Pos,
    pub imported: bool,
    pub public: bool,
    /// The name as declared.
    pub span: Span,
    /// The declaration of the same name that it hides (in a REPL, or an error), plus 1.
    pub hides: u32,
}

impl<'a> Checker<'a> {
    /// What a name means here; builtins aside.
    pub(super) fn lookup(&mut self, name: Symbol) -> Option<Entity> {
        let cx = self.ctxs.last()?;
        if let Some(entity) = self.scope.find(name, &cx.window) {
            return Some(entity);
        }
        let (module, limit) = (cx.module, cx.limit);
        self.lookup_module(module, name, limit)
    }

    /// What a name of a module means at a position.
    pub(super) fn lookup_module(&mut self, module: ModuleId, name: Symbol, limit: Pos) -> Option<Entity> {
        if let Some(decl) = self.find_decl(module, name, limit) {
            return Some(decl.entity);
        }
        self.forward_entity(module, name, limit)
    }

    /// The declaration of a module that a name means at a position.
    pub(super) fn find_decl(&self, module: ModuleId, name: Symbol, limit: Pos) -> Option<&Decl> {
        let Some(&found) = self.module_scopes[module.index()].names.get(&name) else {
            // The first declaration of all.
            return (name == super::known::RESULT).then(|| &self.decls[0]);
        };
        let mut at = found;
        loop {
            let decl = &self.decls[at as usize];
            if decl.from <= limit {
                return Some(decl);
            }
            at = decl.hides.checked_sub(1)?;
        }
    }

    /// Declares a name in a module.
    pub(super) fn add_decl(&mut self, module: ModuleId, name: Symbol, mut decl: Decl) {
        let number = self.decls.len() as u32;
        let hidden = self.module_scopes[module.index()].names.insert(name, number);
        decl.hides = hidden.map_or(0, |number| number + 1);
        self.decls.push(decl);
        if self.interactive {
            self.undo.push(super::session::Undo::Name(module, name, hidden));
        }
    }

    /// A variable's value as an expression of the current body.
    pub(super) fn read(&mut self, entity: Entity, span: Span) -> Expr<'a> {
        match entity {
            Entity::Local { ctx, local, .. } => {
                let ty = self.ctxs[ctx as usize].locals[local.index()].ty;
                let here = self.ctxs.len() as u32 - 1;
                let kind = if ctx == here {
                    ExprKind::Local(local)
                } else {
                    ExprKind::Outer(self.capture(here, ctx, local))
                };
                Expr { kind, ty, span }
            }
            Entity::Global(var) => {
                let global = &self.checked.globals[var.index()];
                let ty = global.ty;
                if global.body != self.cx().body {
                    global.shared.set(true);
                }
                Expr { kind: ExprKind::Global(var), ty, span }
            }
            _ => Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
        }
    }

    /// The number of a capture of body `at` that refers to a local of body `owner`, which lies around it.
    pub(super) fn capture(&mut self, at: u32, owner: u32, local: LocalId) -> u32 {
        let parent = self.ctxs[at as usize].parent.expect("a closure has a body around it");
        let capture = if parent == owner {
            self.ctxs[owner as usize].locals[local.index()].captured.set(true);
            Capture::Local(local)
        } else {
            Capture::Outer(self.capture(parent, owner, local))
        };
        let cx = &mut self.ctxs[at as usize];
        let next = cx.captures.len() as u32;
        let number = *cx.capture_numbers.entry(capture).or_insert(next);
        if number == next {
            cx.captures.push(capture);
        }
        number
    }
}
