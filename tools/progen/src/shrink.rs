//! Smaller programs.
//!
//! How it works. An edit is a place in the tree, given by its number in the order of a walk, and what to do there: leave out
//! items or statements, put the body of a loop or branch in its place, replace an expression by an operand or a literal, make
//! a constant smaller, drop a parameter. Edits know nothing of types or scopes: each result is checked, and dropped if it
//! does not pass, so that what is left is well-typed and ends like the program that it came from.

use crate::ast::*;
use crate::types::Ty;

/// A change to a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edit {
    /// Leaves out so many items from one on.
    Items { at: usize, count: usize },
    /// Leaves out so many statements of a block from one on.
    Stmts { block: usize, at: usize, count: usize },
    /// Puts a simpler form in the place of a statement of a block.
    Simpler { block: usize, at: usize, form: usize },
    /// Likewise for a statement that is an item.
    SimplerItem { at: usize, form: usize },
    /// Puts a simpler form in the place of an expression.
    Expr { expr: usize, form: usize },
    /// Leaves out a parameter of a function.
    Param { item: usize, param: usize },
}

/// Programs that differ from this one by one step and are smaller, the smallest first by kind of step. All pass
/// [`crate::check`].
pub fn shrink(program: &Program) -> impl Iterator<Item = Program> {
    let (program, size) = (program.clone(), program.size());
    edits(&program)
        .into_iter()
        .filter_map(move |edit| apply(&program, edit))
        .filter(move |smaller| smaller.size() < size)
}

/// The smallest program found for which `fails`, given its source, is still true; it must be true for the program itself.
pub fn minimise(program: Program, mut fails: impl FnMut(&str) -> bool) -> Program {
    let mut program = program;
    // Each round goes through all edits; one that succeeded is tried again at the same place.
    for _ in 0..12 {
        let before = program.size();
        let mut at = 0;
        while let Some(edit) = edits(&program).get(at).copied() {
            match apply(&program, edit) {
                Some(smaller) if smaller.size() < program.size() && fails(&smaller.source()) => {
                    program = smaller
                }
                _ => at += 1,
            }
        }
        if program.size() == before {
            break;
        }
    }
    program
}

impl Program {
    /// A measure of the tree, by which shrinking decides what is smaller.
    pub fn size(&self) -> u64 {
        let mut size = 0;
        let mut copy = self.clone();
        let mut walk = Walk {
            on_block: &mut |block: &mut Block, _| size += block.len() as u64 * 8,
            on_expr: &mut |_: &mut Expr, _| {},
            blocks: 0,
            exprs: 0,
        };
        walk.program(&mut copy);
        let mut weight = 0;
        let mut walk = Walk {
            on_block: &mut |_: &mut Block, _| {},
            on_expr: &mut |e: &mut Expr, _| weight += expr_weight(e),
            blocks: 0,
            exprs: 0,
        };
        walk.program(&mut copy);
        let heads = self.items.iter().map(|item| match item {
            Item::Fn(function) => 20 + 4 * function.params.len() as u64,
            Item::Stmt(_) => 8,
        });
        size + weight + heads.sum::<u64>()
    }
}

/// What an expression adds to the size of a program, its operands apart.
fn expr_weight(e: &Expr) -> u64 {
    match &e.op {
        // Small numbers are simpler than large ones, plain styles than others.
        Op::Int(value, style) => {
            1 + u64::from(128 - value.unsigned_abs().leading_zeros()) / 4 + u64::from(*style != Style::Plain)
        }
        Op::Float(value) => 1 + u64::from(*value != 0.0) + u64::from(value.fract() != 0.0),
        Op::Str(text) => 1 + text.len() as u64,
        Op::Bool(_) => 1,
        Op::Var(_) => 2,
        Op::Call(_) | Op::CallValue | Op::Lambda(_) => 6,
        _ => 4,
    }
}

/// A walk through all blocks and expressions, which numbers them.
struct Walk<'f> {
    on_block: &'f mut dyn FnMut(&mut Block, usize),
    on_expr: &'f mut dyn FnMut(&mut Expr, usize),
    blocks: usize,
    exprs: usize,
}

impl Walk<'_> {
    fn program(&mut self, program: &mut Program) {
        program.parts_mut(&mut |part| self.part(part));
    }

    fn part(&mut self, part: PartMut) {
        match part {
            PartMut::Expr(e) => self.expr(e),
            PartMut::Block(block) => {
                (self.on_block)(block, self.blocks);
                self.blocks += 1;
                for stmt in block {
                    stmt.parts_mut(&mut |part| self.part(part));
                }
            }
        }
    }

    fn expr(&mut self, e: &mut Expr) {
        (self.on_expr)(e, self.exprs);
        self.exprs += 1;
        for arg in &mut e.args {
            self.expr(arg);
        }
    }
}

/// All edits of a program, those that take most away first.
fn edits(program: &Program) -> Vec<Edit> {
    let mut edits = Vec::new();
    for count in chunks(program.items.len()) {
        edits.extend((0..program.items.len()).step_by(count).map(|at| Edit::Items { at, count }));
    }
    for (at, item) in program.items.iter().enumerate() {
        if let Item::Stmt(stmt) = item {
            edits.extend((0..simpler(stmt).len()).map(|form| Edit::SimplerItem { at, form }));
        }
    }
    let (mut stmts, mut forms, mut exprs) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk {
        on_block: &mut |block: &mut Block, number| {
            for count in chunks(block.len()) {
                stmts.extend((0..block.len()).step_by(count).map(|at| Edit::Stmts {
                    block: number,
                    at,
                    count,
                }));
            }
            for (at, stmt) in block.iter().enumerate() {
                forms.extend((0..simpler(stmt).len()).map(|form| Edit::Simpler { block: number, at, form }));
            }
        },
        on_expr: &mut |e: &mut Expr, number| {
            exprs.extend((0..simpler_expr(e).len()).map(|form| Edit::Expr { expr: number, form }));
        },
        blocks: 0,
        exprs: 0,
    };
    walk.program(&mut program.clone());
    edits.extend(stmts);
    edits.extend(forms);
    for (item, function) in program.items.iter().enumerate() {
        if let Item::Fn(function) = function {
            edits.extend((0..function.params.len()).map(|param| Edit::Param { item, param }));
        }
    }
    edits.extend(exprs);
    edits
}

/// How many things to leave out at once: halves, quarters, … and single ones.
fn chunks(length: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(length), |n| (*n > 1).then_some(n / 2)).filter(|n| *n > 0)
}

/// The program after an edit, if it is well-formed and another one.
fn apply(program: &Program, edit: Edit) -> Option<Program> {
    let mut program = program.clone();
    match edit {
        Edit::Items { at, count } => {
            let end = (at + count).min(program.items.len());
            program.items.drain(at..end);
        }
        Edit::SimplerItem { at, form } => {
            let Item::Stmt(stmt) = &program.items[at] else { return None };
            let forms = simpler(stmt).into_iter().nth(form)?;
            program.items.splice(at..=at, forms.into_iter().map(Item::Stmt));
        }
        Edit::Stmts { block, at, count } => edit_block(&mut program, block, |block| {
            let end = (at + count).min(block.len());
            block.drain(at.min(end)..end);
        }),
        Edit::Simpler { block, at, form } => edit_block(&mut program, block, |block| {
            let forms = block.get(at).and_then(|stmt| simpler(stmt).into_iter().nth(form));
            if let Some(forms) = forms {
                block.splice(at..=at, forms);
            }
        }),
        Edit::Expr { expr, form } => {
            let mut walk = Walk {
                on_block: &mut |_: &mut Block, _| {},
                on_expr: &mut |e: &mut Expr, number| {
                    if number == expr
                        && let Some(simpler) = simpler_expr(e).into_iter().nth(form)
                    {
                        *e = simpler;
                    }
                },
                blocks: 0,
                exprs: 0,
            };
            walk.program(&mut program);
        }
        Edit::Param { item, param } => {
            let Item::Fn(function) = program.items.get_mut(item)? else { return None };
            let name = function.name;
            if function.is_method && param == 0 || function.params.len() <= param {
                return None;
            }
            function.params.remove(param);
            if let Some(recursion) = &mut function.recursion {
                match param.cmp(&recursion.param) {
                    std::cmp::Ordering::Equal => return None,
                    std::cmp::Ordering::Less => recursion.param -= 1,
                    std::cmp::Ordering::Greater => {}
                }
            }
            let mut walk = Walk {
                on_block: &mut |_: &mut Block, _| {},
                on_expr: &mut |e: &mut Expr, _| {
                    if e.op == Op::Call(name) && param < e.args.len() {
                        e.args.remove(param);
                    }
                },
                blocks: 0,
                exprs: 0,
            };
            walk.program(&mut program);
        }
    }
    crate::check::check(&program).ok().map(|_| program)
}

fn edit_block(program: &mut Program, wanted: usize, mut edit: impl FnMut(&mut Block)) {
    let mut walk = Walk {
        on_block: &mut |block: &mut Block, number| {
            if number == wanted {
                edit(block);
            }
        },
        on_expr: &mut |_: &mut Expr, _| {},
        blocks: 0,
        exprs: 0,
    };
    walk.program(program);
}

/// Simpler forms of a statement, each a few statements that may stand in its place.
fn simpler(stmt: &Stmt) -> Vec<Block> {
    let mut forms: Vec<Block> = Vec::new();
    match stmt {
        Stmt::If { branches, otherwise } => {
            forms.extend(branches.iter().map(|(_, block)| block.clone()));
            forms.extend(otherwise.clone());
            if branches.len() > 1 {
                for i in 0..branches.len() {
                    let mut branches = branches.clone();
                    branches.remove(i);
                    forms.push(vec![Stmt::If { branches, otherwise: otherwise.clone() }]);
                }
            }
            if otherwise.is_some() {
                forms.push(vec![Stmt::If { branches: branches.clone(), otherwise: None }]);
            }
        }
        Stmt::While(w) => {
            forms.push(w.body.clone());
            if w.turns > 1 {
                for turns in [1, w.turns / 2, w.turns - 1] {
                    forms.push(vec![Stmt::While(Box::new(While { turns, ..(**w).clone() }))]);
                }
            }
            if w.style != WhileStyle::Both {
                forms.push(vec![Stmt::While(Box::new(While { style: WhileStyle::Both, ..(**w).clone() }))]);
            }
            if w.label.is_some() {
                forms.push(vec![Stmt::While(Box::new(While { label: None, ..(**w).clone() }))]);
            }
        }
        Stmt::For(l) => {
            forms.push(l.body.clone());
            if let Over::Range { start, end, inclusive, step } = &l.over {
                let value: Value = start.clone().into();
                let binding = Let { name: l.var, binding: Binding::Plain, annotated: true, value };
                let mut once = vec![Stmt::Let(binding)];
                once.extend(l.body.clone());
                forms.push(once);
                if *inclusive || step.is_some() {
                    let over =
                        Over::Range { start: start.clone(), end: end.clone(), inclusive: false, step: None };
                    forms.push(vec![Stmt::For(Box::new(For { over, ..(**l).clone() }))]);
                }
            }
            if l.label.is_some() {
                forms.push(vec![Stmt::For(Box::new(For { label: None, ..(**l).clone() }))]);
            }
        }
        Stmt::Match(m) => {
            forms.extend(m.arms.iter().map(|arm| arm.body.clone()));
            for i in 0..m.arms.len() {
                let mut m = m.clone();
                m.arms.remove(i);
                forms.push(vec![Stmt::Match(m)]);
            }
        }
        Stmt::Try { body, handler, name } => {
            forms.push(body.clone());
            forms.push(handler.clone());
            if !handler.is_empty() {
                forms.push(vec![Stmt::Try { body: body.clone(), name: *name, handler: Vec::new() }]);
            }
        }
        Stmt::Let(binding) => {
            let value = |e: Expr| vec![Stmt::Let(Let { value: e.into(), ..binding.clone() })];
            match &binding.value {
                Value::Match(m) => forms.extend(m.arms.iter().filter_map(|arm| arm.value.clone()).map(value)),
                Value::Lambda(lambda) => {
                    if let Some(e) = &lambda.result {
                        forms.push(value(Expr::new(
                            lambda.head.ty(),
                            Op::Lambda(lambda.head.clone()),
                            vec![e.clone()],
                        )));
                    }
                }
                Value::Expr(_) => {}
            }
            if let Value::Expr(e) = &binding.value
                && !matches!(e.op, Op::Var(_))
            {
                forms.push(vec![Stmt::Discard(e.clone())]);
            }
        }
        Stmt::Assign { place, op, value } => {
            if let Value::Match(m) = value {
                for e in m.arms.iter().filter_map(|arm| arm.value.clone()) {
                    forms.push(vec![Stmt::Assign { place: place.clone(), op: *op, value: e.into() }]);
                }
            }
            if op.is_some() {
                forms.push(vec![Stmt::Assign { place: place.clone(), op: None, value: value.clone() }]);
            }
        }
        Stmt::Print { template, args } => {
            if template.is_some() {
                forms.push(vec![Stmt::Print { template: None, args: args.clone() }]);
            }
            for i in 0..args.len() {
                let mut args = args.clone();
                args.remove(i);
                forms.push(vec![Stmt::Print { template: template.clone(), args }]);
            }
        }
        Stmt::Observe(e) => forms.push(vec![Stmt::Print { template: None, args: vec![e.clone()] }]),
        Stmt::Expr(e) if e.ty != Ty::Void => {}
        Stmt::Build(b) => {
            for turns in [1, b.turns / 2] {
                if turns < b.turns {
                    forms.push(vec![Stmt::Build(Box::new(Build { turns, ..(**b).clone() }))]);
                }
            }
            if b.filter.is_some() {
                forms.push(vec![Stmt::Build(Box::new(Build { filter: None, ..(**b).clone() }))]);
            }
        }
        Stmt::Return(Some(Value::Match(m))) => {
            let values = m.arms.iter().filter_map(|arm| arm.value.clone());
            forms.extend(values.map(|e| vec![Stmt::Return(Some(e.into()))]));
        }
        _ => {}
    }
    forms
}

/// Simpler forms of an expression, of the same type.
fn simpler_expr(e: &Expr) -> Vec<Expr> {
    let mut forms = Vec::new();
    let literal = |op: Op| Expr::new(e.ty.clone(), op, Vec::new());
    match &e.op {
        Op::Int(value, style) => {
            let smaller = [0, 1, value / 2, value - value.signum()];
            let smaller = smaller.into_iter().filter(|other| other.unsigned_abs() < value.unsigned_abs());
            forms.extend(smaller.map(|value| literal(Op::Int(value, Style::Plain))));
            if *style != Style::Plain {
                forms.push(literal(Op::Int(*value, Style::Plain)));
            }
            return forms;
        }
        Op::Float(value) => {
            let smaller = [0.0, 1.0, value.trunc()].into_iter().filter(|other| other != value);
            forms.extend(
                smaller.filter(|other| other.abs() <= value.abs()).map(|value| literal(Op::Float(value))),
            );
            return forms;
        }
        Op::Str(text) => {
            if !text.is_empty() {
                forms.push(literal(Op::Str(String::new())));
                let count = text.chars().count();
                forms.push(literal(Op::Str(text.chars().take(count / 2).collect())));
                forms.push(literal(Op::Str(text.chars().skip(count / 2).collect())));
            }
            return forms;
        }
        Op::Bool(_) => return forms,
        _ => {}
    }
    match &e.ty {
        Ty::I32 | Ty::I64 | Ty::U32 | Ty::U64 => {
            forms.push(literal(Op::Int(0, Style::Plain)));
            forms.push(literal(Op::Int(1, Style::Plain)));
        }
        Ty::F64 => forms.push(literal(Op::Float(0.0))),
        Ty::Bool => forms.extend([literal(Op::Bool(false)), literal(Op::Bool(true))]),
        Ty::Str => forms.push(literal(Op::Str(String::new()))),
        Ty::Array(_) if !e.args.is_empty() => forms.push(literal(Op::Array)),
        Ty::Map(_) if !e.args.is_empty() => forms.push(literal(Op::Map)),
        _ => {}
    }
    // An operand of the same type, at any depth of two.
    for arg in &e.args {
        if arg.ty == e.ty {
            forms.push(arg.clone());
        }
        forms.extend(arg.args.iter().filter(|inner| inner.ty == e.ty).cloned());
    }
    match &e.op {
        Op::Array => {
            for i in 0..e.args.len() {
                let mut args = e.args.clone();
                args.remove(i);
                forms.push(Expr::new(e.ty.clone(), Op::Array, args));
            }
        }
        Op::Map => {
            for i in 0..e.args.len() / 2 {
                let mut args = e.args.clone();
                args.drain(2 * i..2 * i + 2);
                forms.push(Expr::new(e.ty.clone(), Op::Map, args));
            }
        }
        Op::Struct(fields) => {
            for i in 0..fields.len() {
                let (mut fields, mut args) = (fields.clone(), e.args.clone());
                fields.remove(i);
                args.remove(i);
                forms.push(Expr::new(e.ty.clone(), Op::Struct(fields), args));
            }
        }
        _ => {}
    }
    forms
}
