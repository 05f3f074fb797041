//! The layout of a program: constants and variables, functions, then the statements that run them.

use super::function::Plan;
use super::{Frame, Generator};
use crate::ast::*;
use crate::check::scope::Kind;
use crate::types::Ty;

impl Generator<'_> {
    /// Makes the whole program.
    pub(super) fn program(mut self) -> Program {
        // Spread evenly in the logarithm.
        let (low, high) = (self.config.min_cost.max(1_000) as f64, self.config.max_cost.max(1_001) as f64);
        let share = self.rng.below(1_000) as f64 / 1_000.0;
        let total = (low.ln() + (high.ln() - low.ln()) * share).exp() as u64;
        self.universe();
        self.frames.push(Frame {
            ret: None,
            order: u32::MAX,
            recursion: None,
            calls_left: 0,
            limit: u32::MAX,
            level: 0,
            loops: Vec::new(),
            generics: Vec::new(),
            tries: 0,
        });
        let mut items = Vec::new();
        self.makers(&mut items);
        self.constants(&mut items);
        self.variables(&mut items, total);
        self.functions(&mut items, total);
        let last = self.late_variable(&mut items);
        let mut main = Block::new();
        self.statements(&mut main, total);
        main.extend(last);
        items.extend(main.into_iter().map(Item::Stmt));
        self.farewell(&mut items);
        Program { types: self.types, items }
    }

    /// Functions that make values of enum types which no variant determines.
    fn makers(&mut self, items: &mut Vec<Item>) {
        let types: Vec<Ty> = self
            .pool
            .iter()
            .filter(|ty| matches!(ty, Ty::Enum(_, args) if !args.is_empty()))
            .cloned()
            .collect();
        self.safe = true;
        for ty in types {
            if self.makers.contains_key(&ty) {
                continue;
            }
            let order = self.makers.len() as u32;
            let mut known = self.signature(&Plan::plain(50), order);
            known.params.clear();
            known.ret = ty.clone();
            let name = known.name;
            self.scope.open(false);
            let saved = std::mem::replace(&mut self.budget, 200);
            let value = self.variant(&ty, 0, true);
            self.budget = saved;
            self.scope.close();
            let function = Function {
                name,
                order,
                owner: None,
                is_method: false,
                generics: Vec::new(),
                params: Vec::new(),
                ret: ty.clone(),
                recursion: None,
                body: Vec::new(),
                result: Some(value.into()),
                implicit: false,
                annotated: true,
            };
            let cost = self.costs.function(&self.types, &function);
            self.costs.functions.insert(name, cost);
            known.value = true;
            self.known.push(known);
            self.makers.insert(ty, name);
            items.push(Item::Fn(function));
        }
        self.safe = false;
    }

    fn constants(&mut self, items: &mut Vec<Item>) {
        for _ in 0..self.rng.below(4) {
            let ty = self.rng.pick(&[Ty::I32, Ty::I64, Ty::U32, Ty::U64, Ty::F64, Ty::Str, Ty::Bool]).clone();
            let name = self.fresh("LIMIT");
            let value = self.literal(&ty, false);
            self.declare(name, ty, Kind::Fixed);
            let annotated = self.rng.chance(50);
            let binding = Let { name, binding: Binding::Const, annotated, value: value.into() };
            items.push(Item::Stmt(Stmt::Let(binding)));
        }
    }

    fn variables(&mut self, items: &mut Vec<Item>, total: u64) {
        self.safe = true;
        self.budget = total / 10;
        let mut block = Block::new();
        for _ in 0..3 + self.rng.below(6) {
            let ty = self.rng.pick(&self.pool).clone();
            let (mark, at) = (self.scope.mark(), block.len());
            self.declare_of(&mut block, &ty);
            if !self.paid(&block[at..]) {
                block.truncate(at);
                self.scope.reset(mark);
            }
        }
        self.safe = false;
        items.extend(block.into_iter().map(Item::Stmt));
    }

    /// Functions, methods and generic functions, from the cheapest up.
    fn functions(&mut self, items: &mut Vec<Item>, total: u64) {
        let count = 3 + self.rng.below(7) as u32;
        // The makers come first.
        let mut order = 100;
        for i in 0..count {
            // From a few dozen units to a good share of the program.
            let most = (total / 12).clamp(200, 120_000) as f64;
            let share = f64::from(i) / f64::from(count);
            let budget = (60f64.ln() + (most.ln() - 60f64.ln()) * share).exp() as u64;
            match self.rng.below(10) {
                0 | 1 => self.method(items, order, budget),
                2 | 3 => {
                    let plan = Plan { recursive: true, group: Some(order), ..Plan::plain(budget.min(400)) };
                    let pair = self.rng.chance(30);
                    if pair {
                        // Two functions that call each other: the first sees the head of the second.
                        let first = self.signature(&plan, order);
                        let second = self.signature(&plan, order + 1);
                        self.known.push(second.clone());
                        let first = self.top_function(first, plan.budget);
                        self.known.retain(|known| known.name != second.name);
                        let second = self.top_function(second, plan.budget);
                        items.extend([Item::Fn(first), Item::Fn(second)]);
                        order += 1;
                    } else {
                        let known = self.signature(&plan, order);
                        let function = self.top_function(known, plan.budget);
                        items.push(Item::Fn(function));
                    }
                }
                4 | 5 => {
                    let generics = (0..1 + self.rng.below(2))
                        .map(|_| *self.rng.pick(&[Class::Any, Class::Eq, Class::Num, Class::Num]))
                        .collect();
                    let plan = Plan { generics, ..Plan::plain(budget.min(2_000)) };
                    let known = self.signature(&plan, order);
                    let function = self.top_function(known, plan.budget);
                    items.push(Item::Fn(function));
                }
                _ => {
                    let plan = Plan::plain(budget);
                    let known = self.signature(&plan, order);
                    let function = self.top_function(known, budget);
                    items.push(Item::Fn(function));
                }
            }
            order += 1;
        }
    }

    /// A method or an associated function of a struct or enum.
    fn method(&mut self, items: &mut Vec<Item>, order: u32, budget: u64) {
        let owners: Vec<Ty> = self
            .pool
            .iter()
            .filter(|ty| match ty {
                Ty::Struct(_) => true,
                Ty::Enum(id, _) => *id != crate::types::RESULT,
                _ => false,
            })
            .cloned()
            .collect();
        let mut owner = self.rng.pick(&owners).clone();
        let is_method = self.rng.chance(80);
        let mut generics = Vec::new();
        if let Ty::Enum(id, args) = &owner
            && !args.is_empty()
        {
            // In the methods of a generic enum its parameters are types.
            generics = vec![Class::Any; args.len()];
            owner = Ty::Enum(*id, (0..args.len()).map(|i| Ty::Param(i as u8)).collect());
            if !is_method {
                return;
            }
        }
        let methods_of_generic = !generics.is_empty();
        let plan = Plan { owner: Some(owner), is_method, ..Plan::plain(budget.min(5_000)) };
        let mut known = self.signature(&plan, order);
        known.generics = generics;
        if methods_of_generic && known.ret.has_param() && self.rng.chance(50) {
            known.ret = Ty::Bool;
        }
        let function = self.top_function(known, plan.budget);
        items.push(Item::Fn(function));
    }

    /// The statements of the module.
    fn statements(&mut self, main: &mut Block, total: u64) {
        let mut left = total;
        // A loop around most of the work makes even small bodies hot.
        for _ in 0..1 + self.rng.below(3) {
            let budget = left * 6 / 10;
            left -= budget;
            let turns = *self.rng.pick(&[8u64, 20, 50, 100, 200]);
            let turns = turns.min(budget / 400).max(1);
            self.budget = budget;
            let var = self.fresh("round");
            self.frame().loops.push(None);
            self.scope.open(false);
            self.declare(var, Ty::I32, Kind::Turn);
            let mut body = Block::new();
            let each = (budget / turns).saturating_sub(10);
            let parts = 1 + self.rng.below(3) as u64;
            for _ in 0..parts {
                let size = 2 + self.rng.below(5);
                body.push(self.guarded((each / parts).saturating_sub(80), size));
            }
            self.scope.close();
            self.frame().loops.pop();
            let over = Over::Range {
                start: Expr::int(Ty::I32, 0),
                end: Expr::int(Ty::I32, i128::from(turns)),
                inclusive: false,
                step: None,
            };
            main.push(Stmt::For(Box::new(For { label: None, var, second: None, over, body })));
        }
        self.budget = left / 2;
        for _ in 0..2 + self.rng.below(6) {
            let each = self.budget / 3;
            if each < 100 {
                break;
            }
            let stmt = match self.rng.below(4) {
                0 => {
                    let at = main.len();
                    self.safe = true;
                    let ty = self.rng.pick(&self.pool).clone();
                    let mark = self.scope.mark();
                    self.declare_of(main, &ty);
                    if !self.paid(&main[at..]) {
                        main.truncate(at);
                        self.scope.reset(mark);
                    }
                    self.safe = false;
                    continue;
                }
                1 if self.config.exhaustion || self.rng.chance(50) => match self.raw_snippet() {
                    Some(raw) => Stmt::Raw(Box::new(raw)),
                    None => continue,
                },
                2 => {
                    // An error of each kind should be met now and then.
                    self.frame().tries += 1;
                    self.scope.open(false);
                    let saved = std::mem::replace(&mut self.budget, each);
                    let mut body = Block::new();
                    self.fault(&mut body);
                    self.budget = saved;
                    self.scope.close();
                    self.frame().tries -= 1;
                    let name = self.fresh("err");
                    let error = Expr::var(name, Ty::Error);
                    let shown = match self.rng.below(3) {
                        0 => vec![Expr::builtin(Ty::Str, Builtin::Typeof, vec![error])],
                        1 => vec![
                            Expr::builtin(Ty::Str, Builtin::ErrorKind, vec![error.clone()]),
                            Expr::builtin(Ty::Str, Builtin::ErrorMessage, vec![error]),
                        ],
                        _ => vec![error],
                    };
                    let handler = vec![Stmt::Print { template: None, args: shown }];
                    Stmt::Try { body, name: Some(name), handler }
                }
                _ => {
                    let size = 2 + self.rng.below(4);
                    self.guarded(each, size)
                }
            };
            if self.paid(std::slice::from_ref(&stmt)) {
                main.push(stmt);
            }
        }
        if self.rng.chance(self.config.uncaught_percent) {
            self.budget = 2_000;
            self.fault(main);
        }
    }

    /// A module variable that a function reads before it is declared: its declaration comes late in the text, and the
    /// function below it is called above. The result is a call for the end.
    fn late_variable(&mut self, items: &mut Vec<Item>) -> Option<Stmt> {
        if !self.rng.chance(30) {
            return None;
        }
        let ty = self.rng.pick(&[Ty::I32, Ty::F64, Ty::Str, Ty::Bool, Ty::array(Ty::I32), Ty::U64]).clone();
        let variable = self.fresh("late");
        let function = self.fresh("peek");
        let peek = || Expr::new(ty.clone(), Op::Call(function), Vec::new());
        let name = self.fresh("err");
        let handler = vec![Stmt::Print { template: None, args: vec![Expr::var(name, Ty::Error)] }];
        let body = vec![Stmt::Print { template: None, args: vec![peek()] }];
        items.push(Item::Stmt(Stmt::Try { body, name: Some(name), handler }));
        self.safe = true;
        self.budget = 1_000;
        let value = self.literal(&ty, true);
        self.safe = false;
        let binding = if self.rng.chance(50) { Binding::Mut } else { Binding::Plain };
        let late = Let { name: variable, binding, annotated: true, value: value.into() };
        items.push(Item::Stmt(Stmt::Let(late)));
        items.push(Item::Fn(Function {
            name: function,
            order: 1_000,
            owner: None,
            is_method: false,
            generics: Vec::new(),
            params: Vec::new(),
            ret: ty.clone(),
            recursion: None,
            body: Vec::new(),
            result: Some(Expr::var(variable, ty.clone()).into()),
            implicit: self.rng.chance(50),
            annotated: self.rng.chance(50),
        }));
        Some(Stmt::Print { template: None, args: vec![peek()] })
    }

    /// What is left in the module's variables is shown at the end.
    fn farewell(&mut self, items: &mut Vec<Item>) {
        let vars = self.vars(|var| {
            var.depth == 1 && !matches!(var.ty, Ty::Range | Ty::Error) && !self.unset.contains(&var.name)
        });
        for var in vars.into_iter().take(12) {
            let e = Expr::var(var.name, var.ty);
            let stmt = if self.rng.chance(50) {
                Stmt::Observe(e)
            } else {
                Stmt::Print { template: None, args: vec![Expr::str(var.name.stem), e] }
            };
            items.push(Item::Stmt(stmt));
        }
    }
}
