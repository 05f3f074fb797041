//! Module variables: which are registers of their module's body, which are globals of the program, and which reads of
//! them must be checked.
//!
//! How it works. A module variable that nothing outside its module's statements refers to is a register there. Any other
//! is a global. A reference that has no value is null, and the read raises by itself; a scalar has a mark, set by each
//! assignment and checked where that is needed: if the declaration is conditional, or if a function that reads the variable
//! may run before it. For the latter, one walk follows the modules' statements in the order in which they run, and into the
//! bodies that they mention, each once: a body that is first mentioned behind a declaration finds the variable declared.
//! Mentioning a function counts as calling it.
//!
//! After a run that failed a host may call functions whose variables have no value; then the instance makes all reads check.
//!
//! In an interactive session all module variables are globals, and all reads from other inputs and functions checked.

use super::walk::{self, Piece};
use crate::bytecode::GlobalId;
use crate::lang::hash::FastMap;
use crate::lang::hir::{BodyId, CallNested, Checked, Compound, ExprKind, Place, StmtKind, VarId};
use crate::lang::types::{Ty, TyKind, Types};

/// What is known of the module variables.
pub(super) struct GlobalTable {
    interactive: bool,
    ids: Vec<Option<GlobalId>>,
    /// Those read by a function that may run before the declaration.
    checked: Vec<bool>,
    /// By module body of this input, its variables.
    variables: FastMap<BodyId, Vec<VarId>>,
}

impl GlobalTable {
    /// A table without variables.
    pub fn new(interactive: bool) -> GlobalTable {
        GlobalTable { interactive, ids: Vec::new(), checked: Vec::new(), variables: FastMap::default() }
    }

    /// Takes up the variables of a new input.
    pub fn begin(&mut self, checked: &Checked<'_>, types: &Types) {
        let first = self.ids.len();
        self.ids.resize(checked.globals.len(), None);
        self.checked.resize(checked.globals.len(), self.interactive);
        self.variables.clear();
        let mut needs_proof = false;
        for (index, variable) in checked.globals.iter().enumerate().skip(first) {
            needs_proof |= variable.shared.get() && is_scalar(types, variable.ty);
            self.variables.entry(variable.body).or_default().push(VarId(index as u32));
        }
        if needs_proof && !self.interactive {
            self.prove(checked);
        }
    }

    /// The variables that a module body declares.
    pub fn variables_of(&self, body: BodyId) -> Vec<VarId> {
        self.variables.get(&body).cloned().unwrap_or_default()
    }

    /// Whether a variable may be a register of its module's body.
    pub fn is_private(&self, checked: &Checked<'_>, var: VarId) -> bool {
        !self.interactive && !checked.globals[var.index()].shared.get()
    }

    /// The global that a variable is, if it has been met.
    pub fn id(&self, var: VarId) -> Option<GlobalId> {
        self.ids[var.index()]
    }

    /// Says which global a variable is.
    pub fn set_id(&mut self, var: VarId, id: GlobalId) {
        self.ids[var.index()] = Some(id);
    }

    /// Whether a read of a scalar variable is checked; `unproven` says so of reads in its own module's statements.
    pub fn must_check(&self, checked: &Checked<'_>, var: VarId, body: BodyId, unproven: bool) -> bool {
        let own = checked.globals[var.index()].body == body;
        if own { unproven } else { self.checked[var.index()] }
    }

    fn prove(&mut self, checked: &Checked<'_>) {
        let mut declared = vec![false; checked.globals.len()];
        let mut mentioned = vec![false; checked.bodies.len()];
        let mut list = Vec::new();
        // Bodies mentioned and not yet walked.
        let mut bodies: Vec<BodyId> = Vec::new();
        for &module in &checked.entry {
            for stmt in checked.bodies[module.index()].block.stmts {
                list.push(Piece::Stmt(stmt));
                let mut inside_function = false;
                loop {
                    while let Some(piece) = list.pop() {
                        mentions(checked, piece, &mut |body| {
                            if !std::mem::replace(&mut mentioned[body.index()], true) {
                                bodies.push(body);
                            }
                        });
                        if inside_function
                            && let Some(var) = read_global(piece)
                            && !declared[var.index()]
                        {
                            self.checked[var.index()] = true;
                        }
                        walk::pieces(piece, &mut list);
                    }
                    let Some(body) = bodies.pop() else { break };
                    inside_function = true;
                    walk::block_pieces(&checked.bodies[body.index()].block, &mut list);
                }
                if let StmtKind::LetGlobal { var, .. } = stmt.kind {
                    declared[var.index()] = true;
                }
            }
        }
    }
}

fn is_scalar(types: &Types, ty: Ty) -> bool {
    let ty = types.shallow(ty);
    ty.0 <= Ty::BOOL.0 || matches!(types.kind(ty), TyKind::Enum(..))
}

/// The module variable that a piece reads itself.
fn read_global(piece: Piece<'_>) -> Option<VarId> {
    match piece {
        Piece::Expr(expr) => match expr.kind {
            ExprKind::Global(var) => Some(var),
            _ => None,
        },
        Piece::Stmt(stmt) => match &stmt.kind {
            StmtKind::Compound(Compound { place: Place::Global(var, _), .. }) => Some(*var),
            _ => None,
        },
    }
}

/// The bodies that a piece names itself.
fn mentions(checked: &Checked<'_>, piece: Piece<'_>, visit: &mut impl FnMut(BodyId)) {
    match piece {
        Piece::Expr(expr) => match &expr.kind {
            ExprKind::Function(body)
            | ExprKind::Closure(body)
            | ExprKind::Call { body, .. }
            | ExprKind::CallNested(CallNested { body, .. }) => visit(*body),
            _ => {}
        },
        Piece::Stmt(stmt) => {
            if let StmtKind::Nested(id) = stmt.kind {
                checked.nested[id.index()].iter().for_each(|&(_, body)| visit(body));
            }
        }
    }
}
