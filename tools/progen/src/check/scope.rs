//! Scopes: which names are visible, and how their variables may be used (section 4 of the reference).

use crate::ast::{Binding, Name};
use crate::types::Ty;

/// How a variable was declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Mut,
    Plain,
    /// The variable of a `for` loop.
    Turn,
    /// A parameter, a constant, a name that `catch` or a pattern bound, a loop's own counter: never assigned.
    Fixed,
}

impl Kind {
    /// The kind of variable that a binding declares.
    pub fn of(binding: Binding) -> Kind {
        match binding {
            Binding::Mut => Kind::Mut,
            Binding::Bare | Binding::Plain => Kind::Plain,
            // A literal that is assigned would have to be of the length.
            Binding::Const | Binding::Sized(_) => Kind::Fixed,
        }
    }
}

/// A variable in scope.
#[derive(Clone, Debug)]
pub struct Var {
    pub name: Name,
    pub ty: Ty,
    pub kind: Kind,
    /// In how many nested function bodies it was declared; 1 is the module's.
    pub depth: usize,
    /// Whether it was declared inside a loop of its function.
    pub in_loop: bool,
}

impl Var {
    /// Whether it may be assigned in a function body nested that deep.
    pub fn assignable(&self, depth: usize) -> bool {
        match self.kind {
            Kind::Mut => true,
            Kind::Plain => self.depth == depth && (depth > 1 || self.in_loop),
            Kind::Turn => self.depth == depth,
            Kind::Fixed => false,
        }
    }
}

/// The variables that are visible, block by block.
#[derive(Clone, Default, Debug)]
pub struct Scope {
    /// Each with whether a bare declaration in a branch of an `if` made it.
    vars: Vec<(Var, bool)>,
    /// Where each block begins, and whether it is a branch of an `if`.
    blocks: Vec<(usize, bool)>,
}

impl Scope {
    /// The scope of a module whose variables are these.
    pub fn of_globals(globals: Vec<Var>) -> Scope {
        Scope { vars: globals.into_iter().map(|var| (var, false)).collect(), blocks: vec![(0, false)] }
    }

    /// Opens a block.
    pub fn open(&mut self, branch: bool) {
        self.blocks.push((self.vars.len(), branch));
    }

    /// Closes the innermost block; what is left of it are the bare declarations of a branch, which outlive it.
    pub fn close(&mut self) -> Vec<Var> {
        let (start, _) = self.blocks.pop().unwrap_or((0, false));
        let gone = self.vars.split_off(start);
        gone.into_iter().filter(|(_, outlives)| *outlives).map(|(var, _)| var).collect()
    }

    /// Whether the innermost block is a branch of an `if`.
    pub fn in_branch(&self) -> bool {
        self.blocks.last().is_some_and(|(_, branch)| *branch)
    }

    /// Adds a variable to the innermost block.
    pub fn add(&mut self, var: Var, outlives: bool) {
        self.vars.push((var, outlives));
    }

    /// The variable that a name refers to.
    pub fn find(&self, name: Name) -> Option<&Var> {
        self.vars.iter().rev().map(|(var, _)| var).find(|var| var.name == name)
    }

    /// Whether the innermost block declares the name.
    pub fn in_block(&self, name: Name) -> bool {
        let start = self.blocks.last().map_or(0, |(start, _)| *start);
        self.vars[start..].iter().any(|(var, _)| var.name == name)
    }

    /// How many variables there are, for [`Scope::reset`].
    pub fn mark(&self) -> usize {
        self.vars.len()
    }

    /// Forgets the variables that were added to the innermost block since.
    pub fn reset(&mut self, mark: usize) {
        self.vars.truncate(mark);
    }

    /// All variables that are visible, innermost last; hidden ones are among them.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Var> {
        self.vars.iter().map(|(var, _)| var)
    }
}
