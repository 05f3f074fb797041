//! Statements and functions as text.

use super::Printer;
use super::expr::{spelling, string};
use crate::ast::*;
use crate::types::Ty;

impl<'a> Printer<'a> {
    pub(super) fn block(&mut self, block: &'a [Stmt]) {
        if block.is_empty() {
            self.line("pass");
        }
        let mut at = 0;
        while at < block.len() {
            // Some neighbours share a line: `x = 1, mut y = 2`, and `push(a, 1); b += 2`.
            if at + 1 < block.len()
                && let (Some(first), Some(second)) = (self.short(&block[at]), self.short(&block[at + 1]))
            {
                let separator = match (&block[at], &block[at + 1]) {
                    (Stmt::Let(a), Stmt::Let(b)) if a.name.id % 4 == 0 && b.binding != Binding::Const => ", ",
                    (Stmt::Assign { .. } | Stmt::Expr(_), Stmt::Assign { .. }) if first.len() % 8 == 0 => {
                        "; "
                    }
                    _ => "",
                };
                if !separator.is_empty() {
                    self.line(&format!("{first}{separator}{second}"));
                    at += 2;
                    continue;
                }
            }
            self.stmt(&block[at]);
            at += 1;
        }
    }

    /// An indented block.
    fn suite(&mut self, block: &'a [Stmt]) {
        self.indent += 1;
        self.block(block);
        self.indent -= 1;
    }

    /// A header and its block, on one line if the block is a short simple statement.
    fn headed(&mut self, header: &str, block: &'a [Stmt]) {
        if let [stmt] = block
            && let Some(text) = self.short(stmt)
            && !(header.len() + text.len()).is_multiple_of(3)
            && header.len() + text.len() < 90
        {
            self.line(&format!("{header} {text}"));
        } else {
            self.line(header);
            self.suite(block);
        }
    }

    /// The text of a statement that fits on a line of its own and declares nothing that the layout depends on.
    fn short(&mut self, stmt: &'a Stmt) -> Option<String> {
        Some(match stmt {
            Stmt::Let(binding) => {
                let Value::Expr(e) = &binding.value else { return None };
                let (head, asked) = self.let_head(binding, &e.ty);
                format!("{head}{}", self.expr(e, asked, 0))
            }
            Stmt::Assign { place, op, value: Value::Expr(e) } => {
                let asked = !matches!(op, Some(BinOp::Shl | BinOp::Shr));
                let head = self.assign_head(place, *op);
                format!("{head}{}", self.expr(e, asked, 0))
            }
            Stmt::Expr(e) => self.expr(e, false, 0),
            Stmt::Discard(e) => format!("_ = {}", self.expr(e, false, 0)),
            Stmt::Print { template, args } => {
                let mut texts = Vec::new();
                if let Some(template) = template {
                    texts.push(self.template(template));
                }
                texts.extend(args.iter().map(|e| self.expr(e, false, 0)));
                format!("print({})", texts.join(", "))
            }
            Stmt::Observe(e) => self.observe(e),
            Stmt::Break(label) => with_label("break", label),
            Stmt::Continue(label) => with_label("continue", label),
            Stmt::Return(None) => "return".to_owned(),
            Stmt::Return(Some(Value::Expr(e))) => self.return_text(e),
            Stmt::Raise(e) => format!("raise({})", self.expr(e, false, 0)),
            Stmt::Pass => "pass".to_owned(),
            _ => return None,
        })
    }

    fn return_text(&mut self, e: &Expr) -> String {
        let asked = matches!(self.returns.last(), Some(Some(_)));
        format!("return {}", self.expr(e, asked, 0))
    }

    fn observe(&mut self, e: &Expr) -> String {
        let text = self.expr(e, false, 0);
        let cast = |to: &Ty| Expr::new(to.clone(), Op::Cast, vec![e.clone()]);
        let (helper, arg) = match &e.ty {
            Ty::I64 => (Helper::NoteSigned, e.clone()),
            Ty::I32 => (Helper::NoteSigned, cast(&Ty::I64)),
            Ty::U64 => (Helper::NoteUnsigned, e.clone()),
            Ty::U32 => (Helper::NoteUnsigned, cast(&Ty::U64)),
            Ty::F64 => (Helper::NoteF64, e.clone()),
            Ty::Bool => (Helper::NoteBool, e.clone()),
            Ty::Str => (Helper::NoteStr, e.clone()),
            _ => {
                self.helpers.insert(Helper::NoteStr);
                return format!("note_s(format(\"@\", {text}))");
            }
        };
        self.expr(&Expr::new(Ty::Void, Op::Helper(helper), vec![arg]), false, 0)
    }

    /// What stands before the value, and whether the value is asked for its type.
    fn let_head(&mut self, binding: &Let, ty: &Ty) -> (String, bool) {
        let name = binding.name;
        let typed = self.writable(ty);
        match binding.binding {
            Binding::Plain if typed => (format!("{name}: {} = ", self.ty(ty)), true),
            Binding::Mut if typed && binding.annotated => (format!("mut {name}: {} = ", self.ty(ty)), true),
            Binding::Const if binding.annotated => (format!("{name}: {} := ", self.ty(ty)), true),
            Binding::Sized(length) => {
                let Ty::Array(elem) = ty else {
                    self.fail("a length without an array");
                    return (String::new(), false);
                };
                (format!("{name}: [{}, {length}] = ", self.ty(elem)), true)
            }
            Binding::Const => (format!("{name} := "), false),
            Binding::Mut => (format!("mut {name} = "), false),
            Binding::Bare | Binding::Plain => (format!("{name} = "), false),
        }
    }

    fn assign_head(&mut self, place: &Expr, op: Option<BinOp>) -> String {
        let place = self.expr(place, false, 0);
        match op {
            Some(op) => format!("{place} {}= ", spelling(op)),
            None => format!("{place} = "),
        }
    }

    pub(super) fn stmt(&mut self, stmt: &'a Stmt) {
        if let Some(text) = self.short(stmt) {
            self.line(&text);
            return;
        }
        match stmt {
            Stmt::Let(binding) => {
                let ty = binding.value.ty();
                let (head, asked) = self.let_head(binding, &ty);
                self.value(&head, &binding.value, asked);
            }
            Stmt::Assign { place, op, value } => {
                let head = self.assign_head(place, *op);
                self.value(&head, value, true);
            }
            Stmt::Return(Some(value)) => {
                let asked = matches!(self.returns.last(), Some(Some(_)));
                self.value("return ", value, asked);
            }
            Stmt::If { branches, otherwise } => {
                for (i, (cond, block)) in branches.iter().enumerate() {
                    let word = if i == 0 { "if" } else { "elif" };
                    let cond = self.expr(cond, false, 0);
                    self.headed(&format!("{word} {cond}:"), block);
                }
                if let Some(block) = otherwise {
                    self.headed("else:", block);
                }
            }
            Stmt::While(w) => self.while_loop(w),
            Stmt::For(l) => self.for_loop(l),
            Stmt::Match(m) => self.matching("", m, false),
            Stmt::Try { body, name, handler } => {
                self.headed("try:", body);
                let header = name.map_or("catch:".to_owned(), |name| format!("catch {name}:"));
                self.headed(&header, handler);
            }
            Stmt::Grow { target, limit, growth } => self.grow(target, *limit, growth),
            Stmt::Build(b) => self.build(b),
            Stmt::Fn(function) => self.function(function),
            Stmt::Raw(raw) => {
                self.raw.push(raw);
                for line in &raw.lines {
                    self.line(line);
                }
            }
            _ => {}
        }
    }

    /// A right side behind what stands before it.
    fn value(&mut self, head: &str, value: &'a Value, asked: bool) {
        match value {
            Value::Expr(e) => {
                let text = self.expr(e, asked, 0);
                self.line(&format!("{head}{text}"));
            }
            Value::Match(m) => self.matching(head, m, asked),
            Value::Lambda(lambda) => {
                let text = self.lambda_head(&lambda.head, asked);
                self.line(&format!("{head}{text}"));
                let known = asked || lambda.head.annotated || lambda.head.ret == Ty::Void;
                self.returns.push(known.then(|| lambda.head.ret.clone()));
                self.indent += 1;
                if !lambda.body.is_empty() || lambda.result.is_none() {
                    self.block(&lambda.body);
                }
                if let Some(e) = &lambda.result {
                    let text = self.return_text(e);
                    self.line(&text);
                }
                self.indent -= 1;
                self.returns.pop();
            }
        }
    }

    fn matching(&mut self, head: &str, m: &'a Match, asked: bool) {
        let scrutinee = self.expr(&m.scrutinee, false, 0);
        self.line(&format!("{head}match {scrutinee}:"));
        self.indent += 1;
        for arm in &m.arms {
            let pattern = self.pattern(&arm.pattern, &m.scrutinee.ty);
            match &arm.value {
                Some(value) if arm.body.is_empty() => {
                    let text = self.expr(value, asked, 0);
                    self.line(&format!("{pattern} -> {text}"));
                }
                Some(value) => {
                    self.line(&format!("{pattern} ->"));
                    self.suite(&arm.body);
                    self.indent += 1;
                    let text = self.expr(value, asked, 0);
                    self.line(&text);
                    self.indent -= 1;
                }
                None => self.headed(&format!("{pattern} ->"), &arm.body),
            }
        }
        self.indent -= 1;
    }

    fn pattern(&mut self, pattern: &Pattern, ty: &Ty) -> String {
        match pattern {
            Pattern::Wild => "_".to_owned(),
            Pattern::Int(value) => value.to_string(),
            Pattern::Float(value) => format!("{value:?}"),
            Pattern::Str(text) => string(text),
            Pattern::Bool(value) => value.to_string(),
            Pattern::Variant(variant, slots) => {
                let name = self.type_name(ty);
                let Ty::Enum(id, _) = ty else { return String::new() };
                let variant = self.program.types.enums[*id as usize].variants[*variant as usize].name;
                let slots: Vec<_> =
                    slots.iter().map(|slot| slot.map_or("_".to_owned(), |name| name.to_string())).collect();
                let slots = if slots.is_empty() { String::new() } else { format!("({})", slots.join(", ")) };
                format!("{name}.{variant}{slots}")
            }
        }
    }

    fn while_loop(&mut self, w: &'a While) {
        let (fuel, turns) = (w.fuel, w.turns);
        self.line(&format!("mut {fuel} = {turns}"));
        let label = label(&w.label);
        let header = match w.style {
            WhileStyle::Both => format!("{label}while {fuel} > 0 and {}:", self.expr(&w.cond, false, 4)),
            WhileStyle::Break => format!("{label}while {}:", self.expr(&w.cond, false, 0)),
            WhileStyle::Forever => format!("{label}while true:"),
        };
        self.line(&header);
        self.indent += 1;
        match w.style {
            WhileStyle::Both => {}
            WhileStyle::Break => self.line(&format!("if {fuel} == 0: break")),
            WhileStyle::Forever => {
                let cond = self.expr(&w.cond, false, 4);
                self.line(&format!("if {fuel} == 0 or not {cond}: break"));
            }
        }
        self.line(&format!("{fuel} -= 1"));
        if !w.body.is_empty() {
            self.block(&w.body);
        }
        self.indent -= 1;
    }

    fn for_loop(&mut self, l: &'a For) {
        let over = match &l.over {
            Over::Each(e) => self.expr(e, false, 1),
            Over::Range { start, end, inclusive, step } => {
                let mut operands = vec![start, end];
                operands.extend(step);
                let texts = self.bounds(&operands);
                let dots = if *inclusive { "..=" } else { ".." };
                let step = texts.get(2).map_or(String::new(), |step| format!("..{step}"));
                format!("{}{dots}{}{step}", texts[0], texts[1])
            }
        };
        let second = l.second.map_or(String::new(), |name| format!(", {name}"));
        let header = format!("{}for {}{second} in {over}:", label(&l.label), l.var);
        self.headed(&header, &l.body);
    }

    fn grow(&mut self, target: &'a Expr, limit: u32, growth: &'a Growth) {
        let place = self.expr(target, false, 14);
        let text = match growth {
            Growth::Push(e) => format!("push({place}, {})", self.expr(e, true, 0)),
            Growth::Insert(at, e) => {
                let at = self.expr(at, false, 0);
                format!("{place}.insert({at}, {})", self.expr(e, true, 0))
            }
            Growth::Put(key, e) => {
                let key = self.expr(key, true, 0);
                format!("{place}[{key}] = {}", self.expr(e, true, 0))
            }
            Growth::Append(e) => format!("{place} += {}", self.expr(e, true, 0)),
            Growth::Assign(e) => format!("{place} = {place} + {}", self.expr(e, true, 11)),
        };
        self.line(&format!("if len({place}) < {limit}: {text}"));
    }

    fn build(&mut self, b: &'a Build) {
        let empty = match b.ty {
            Ty::Str => "\"\"",
            Ty::Map(_) => "{}",
            _ => "[]",
        };
        // A string's name is assigned in the loop, so it must be mutable at module level.
        let word = if b.ty == Ty::Str { "mut " } else { "" };
        // An unknown element is fixed by the first one pushed, which then has no context.
        let annotated = self.writable(&b.ty) && (b.annotated || b.ty == Ty::Str);
        let ty = if annotated && b.ty != Ty::Str { format!(": {}", self.ty(&b.ty)) } else { String::new() };
        self.line(&format!("{word}{}{ty} = {empty}", b.name));
        self.line(&format!("for {} in 0..{}:", b.var, b.turns));
        self.indent += 1;
        if !b.body.is_empty() {
            self.block(&b.body);
        }
        let condition =
            b.filter.as_ref().map_or(String::new(), |filter| format!("if {}: ", self.expr(filter, false, 0)));
        let item = self.expr(&b.item, annotated, 0);
        let name = b.name;
        let text = match (&b.ty, &b.key) {
            (Ty::Str, _) => format!("{name} += {item}"),
            (_, Some(key)) => format!("{name}[{}] = {item}", self.expr(key, annotated, 0)),
            _ => format!("push({name}, {item})"),
        };
        self.line(&format!("{condition}{text}"));
        self.indent -= 1;
    }

    pub(super) fn function(&mut self, function: &'a Function) {
        let mut params = Vec::new();
        for (i, param) in function.params.iter().enumerate() {
            let named = function.owner.is_some() || self.writable(&param.ty);
            params.push(match i {
                0 if function.is_method => "self".to_owned(),
                _ if named => format!("{}: {}", param.name, self.ty(&param.ty)),
                _ => param.name.to_string(),
            });
        }
        let named = function.owner.is_some() && function.ret != Ty::Range || self.writable(&function.ret);
        let annotated = named && function.annotated;
        let ret = match function.ret {
            Ty::Void if !function.annotated => String::new(),
            _ if annotated => format!(" -> {}", self.ty(&function.ret)),
            _ => String::new(),
        };
        self.line(&format!("fn {}({}){ret}:", function.name, params.join(", ")));
        self.indent += 1;
        self.returns.push(annotated.then(|| function.ret.clone()));
        let start = self.out.len();
        if let Some(recursion) = &function.recursion {
            let counter = function.params[recursion.param].name;
            let base = match &recursion.base {
                Some(e) => self.return_text(e),
                None => "return".to_owned(),
            };
            self.line(&format!("if {counter} <= 0: {base}"));
        }
        if !function.body.is_empty() {
            self.block(&function.body);
        }
        match &function.result {
            Some(value) if function.implicit => self.value("", value, annotated),
            Some(value) => {
                let asked = annotated;
                self.value("return ", value, asked);
            }
            None => {}
        }
        if self.out.len() == start {
            self.line("pass");
        }
        self.returns.pop();
        self.indent -= 1;
    }
}

fn label(label: &Option<Name>) -> String {
    label.map_or(String::new(), |name| format!("'{name}: "))
}

fn with_label(word: &str, label: &Option<Name>) -> String {
    label.map_or(word.to_owned(), |name| format!("{word} '{name}"))
}
