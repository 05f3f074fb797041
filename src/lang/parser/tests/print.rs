//! Trees as text: every node in parentheses, its kind first.

use crate::lang::ast::*;
use crate::lang::intern::{Interner, Symbol};

pub(super) struct Printer<'i, 'a> {
    pub(super) names: &'i Interner<'a>,
    pub(super) text: &'i str,
}

impl Printer<'_, '_> {
    pub(super) fn module(&self, module: &Module) -> String {
        self.stmts(module.stmts).join("\n")
    }

    fn stmts(&self, stmts: &[Stmt]) -> Vec<String> {
        stmts.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn block(&self, block: &Block) -> String {
        if let [first, .., last] = block.stmts {
            assert_eq!((block.span.start, block.span.end), (first.span.start, last.span.end));
        }
        format!("{{{}}}", self.stmts(block.stmts).join("; "))
    }

    fn name(&self, symbol: Symbol) -> &str {
        self.names.name(symbol)
    }

    fn ident(&self, ident: &Ident) -> &str {
        let text = &self.text[ident.span.start as usize..ident.span.end as usize];
        assert_eq!(text.trim_start_matches('\''), self.name(ident.name));
        self.name(ident.name)
    }

    fn path(&self, path: Path) -> String {
        path.iter().map(|ident| self.ident(ident)).collect::<Vec<_>>().join(".")
    }

    /// A span must begin and end with something of its node.
    fn check_span(&self, span: Span) {
        let text = &self.text[span.start as usize..span.end as usize];
        assert!(!text.is_empty() && text.trim() == text, "span of {text:?}");
    }

    fn stmt(&self, stmt: &Stmt) -> String {
        self.check_span(stmt.span);
        let public = |public: Option<Span>| if public.is_some() { "pub " } else { "" };
        match stmt.kind {
            StmtKind::Print { args, .. } => format!("(print{})", self.tail(args)),
            StmtKind::Pass => "pass".into(),
            StmtKind::Return(None) => "return".into(),
            StmtKind::Return(Some(value)) => format!("(return {})", self.expr(value)),
            StmtKind::Break(label) => format!("break{}", self.label(label)),
            StmtKind::Continue(label) => format!("continue{}", self.label(label)),
            StmtKind::Bindings { items, public: p } => {
                let items = items.iter().map(|item| {
                    let names = item.names.iter().map(|name| self.ident(name)).collect::<Vec<_>>().join("=");
                    let mutable = if item.mutable { "mut " } else { "" };
                    let ty = item.ty.map_or(String::new(), |ty| format!(": {}", self.ty(ty)));
                    format!("{mutable}{names}{ty} = {}", self.expr(item.value))
                });
                format!("{}{}", public(p), items.collect::<Vec<_>>().join(", "))
            }
            StmtKind::Assign { place, op, value, op_span } => {
                self.check_span(op_span);
                let op = op.map_or(String::new(), |op| format!("{op:?}"));
                format!("({}= {} {})", op, self.expr(place), self.expr(value))
            }
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::If(If { arms, otherwise }) => {
                let arms =
                    arms.iter().map(|arm| format!("{} {}", self.expr(&arm.cond), self.block(&arm.body)));
                let otherwise = otherwise.map_or(String::new(), |block| format!(" {}", self.block(&block)));
                format!("(if {}{otherwise})", arms.collect::<Vec<_>>().join(" "))
            }
            StmtKind::While(While { label, cond, body }) => {
                format!("(while{} {} {})", self.label(*label), self.expr(cond), self.block(body))
            }
            StmtKind::For(f) => {
                let second = f.second.map_or(String::new(), |s| format!(", {}", self.ident(&s)));
                let iter = match f.iter {
                    ForIter::Expr(expr) => self.expr(&expr),
                    ForIter::Range { start, end, step, inclusive } => {
                        let dots = if inclusive { "..=" } else { ".." };
                        let step = step.map_or(String::new(), |s| format!("..{}", self.expr(&s)));
                        format!("{}{dots}{}{step}", self.expr(&start), self.expr(&end))
                    }
                };
                let first = self.ident(&f.first);
                format!("(for{} {first}{second} {iter} {})", self.label(f.label), self.block(&f.body))
            }
            StmtKind::Try(Try { body, name, handler }) => {
                let name = name.map_or(String::new(), |name| format!(" {}", self.ident(&name)));
                format!("(try {} catch{name} {})", self.block(body), self.block(handler))
            }
            StmtKind::Match(m) => self.match_(m),
            StmtKind::Fn(decl) => self.function(decl),
            StmtKind::Struct(decl) => {
                let fields = decl.fields.iter().map(|field| {
                    let default = field.default.map_or(String::new(), |d| format!(" = {}", self.expr(&d)));
                    format!("{}: {}{default}", self.ident(&field.name), self.ty(&field.ty))
                });
                let fields = fields.collect::<Vec<_>>().join("; ");
                format!("{}(struct {} {fields})", public(decl.public), self.ident(&decl.name))
            }
            StmtKind::Enum(decl) => {
                let params = decl.params.iter().map(|param| self.ident(param)).collect::<Vec<_>>().join(" ");
                let variants = decl.variants.iter().map(|variant| {
                    let payload = variant.payload.iter().map(|part| {
                        let name = part.name.map_or(String::new(), |name| format!("{}: ", self.ident(&name)));
                        format!("{name}{}", self.ty(&part.ty))
                    });
                    format!("{}({})", self.ident(&variant.name), payload.collect::<Vec<_>>().join(", "))
                });
                let variants = variants.collect::<Vec<_>>().join(" ");
                format!("{}(enum {}[{params}] {variants})", public(decl.public), self.ident(&decl.name))
            }
            StmtKind::Impl(block) => {
                let functions = block.functions.iter().map(|function| self.function(function));
                let functions = functions.collect::<Vec<_>>().join(" ");
                format!("{}(impl {} {functions})", public(block.public), self.ident(&block.name))
            }
            StmtKind::Const(decl) => {
                let ty = decl.ty.map_or(String::new(), |ty| format!(": {}", self.ty(ty)));
                format!("{}{}{ty} := {}", public(decl.public), self.ident(&decl.name), self.expr(decl.value))
            }
            StmtKind::Use(u) => {
                let alias =
                    |name: Option<Ident>| name.map_or(String::new(), |n| format!(" as {}", self.ident(&n)));
                let what = match u.kind {
                    UseKind::Namespace(name) => alias(name),
                    UseKind::All => ": *".into(),
                    UseKind::Names(names) => {
                        let names =
                            names.iter().map(|(name, a)| format!("{}{}", self.ident(name), alias(*a)));
                        format!(": {}", names.collect::<Vec<_>>().join(", "))
                    }
                };
                format!("(use {}{what})", self.path(u.path))
            }
            StmtKind::Extern(block) => {
                let functions = block.functions.iter().map(|function| {
                    format!("{}{}", self.ident(&function.name), self.signature(&function.signature))
                });
                format!("(extern {:?} {})", block.library, functions.collect::<Vec<_>>().join(" "))
            }
            StmtKind::Error => "(error)".into(),
        }
    }

    fn label(&self, label: Option<Ident>) -> String {
        label.map_or(String::new(), |label| format!(" '{}", self.ident(&label)))
    }

    fn function(&self, decl: &FnDecl) -> String {
        self.check_span(decl.span);
        let public = if decl.public.is_some() { "pub " } else { "" };
        let signature = self.signature(&decl.signature);
        format!("{public}(fn {}{signature} {})", self.ident(&decl.name), self.block(&decl.body))
    }

    fn signature(&self, signature: &Signature) -> String {
        let params = signature.params.iter().map(|param| {
            let ty = param.ty.map_or(String::new(), |ty| format!(": {}", self.ty(ty)));
            format!("{}{ty}", self.ident(&param.name))
        });
        let ret = signature.ret.map_or(String::new(), |ty| format!(" -> {}", self.ty(ty)));
        format!("({}){ret}", params.collect::<Vec<_>>().join(", "))
    }

    fn match_(&self, m: &Match) -> String {
        let arms =
            m.arms.iter().map(|arm| format!("{} -> {}", self.pattern(&arm.pattern), self.block(&arm.body)));
        format!("(match {} {})", self.expr(&m.value), arms.collect::<Vec<_>>().join(" "))
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        self.check_span(pattern.span);
        match pattern.kind {
            PatternKind::Wildcard => "_".into(),
            PatternKind::Int { value, negative } => {
                format!("{}{}", if negative { "-" } else { "" }, self.int(value))
            }
            PatternKind::Float(value) => format!("{value:?}"),
            PatternKind::Str(text) => format!("{text:?}"),
            PatternKind::Bool(value) => value.to_string(),
            PatternKind::Path { path, slots: None } => self.path(path),
            PatternKind::Path { path, slots: Some(slots) } => {
                let slots = slots.iter().map(|slot| self.ident(slot)).collect::<Vec<_>>().join(", ");
                format!("{}({slots})", self.path(path))
            }
            PatternKind::Error => "(error)".into(),
        }
    }

    fn int(&self, value: IntLiteral) -> String {
        let pattern = if value.pattern { "#" } else { "" };
        format!(
            "{pattern}{}{}",
            value.value,
            value.suffix.map_or(String::new(), |suffix| format!("{suffix:?}"))
        )
    }

    fn tail(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| format!(" {}", self.expr(expr))).collect()
    }

    fn expr(&self, expr: &Expr) -> String {
        self.check_span(expr.span);
        match expr.kind {
            ExprKind::Int(value) => self.int(value),
            ExprKind::Float(value) => format!("{value:?}"),
            ExprKind::Str(text) => format!("{text:?}"),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::Name(name) => {
                assert_eq!(&self.text[expr.span.start as usize..expr.span.end as usize], self.name(name));
                self.name(name).into()
            }
            ExprKind::Paren(inner) => format!("(paren {})", self.expr(inner)),
            ExprKind::Unary { op, operand } => format!("({op:?} {})", self.expr(operand)),
            ExprKind::Chain(Chain { first, rest }) => {
                let rest = rest.iter().map(|step| format!(" {:?} {}", step.op, self.expr(&step.rhs)));
                format!("({}{})", self.expr(first), rest.collect::<String>())
            }
            ExprKind::Compare(Compare { op, lhs, rhs, .. }) => {
                format!("({op:?} {} {})", self.expr(lhs), self.expr(rhs))
            }
            ExprKind::Matches(Matches { value, pattern, .. }) => {
                let pattern = match pattern {
                    MatchValue::Expr(expr) => self.expr(expr),
                    MatchValue::Call { path, args, span } => {
                        self.check_span(*span);
                        let args =
                            args.iter().map(|arg| arg.as_ref().map_or("_".into(), |arg| self.expr(arg)));
                        format!("{}({})", self.path(path), args.collect::<Vec<_>>().join(", "))
                    }
                };
                format!("(matches {} {pattern})", self.expr(value))
            }
            ExprKind::Logic { op, operands } => format!("({op:?}{})", self.tail(operands)),
            ExprKind::Not { operand } => format!("(not {})", self.expr(operand)),
            ExprKind::Cond(Cond { arms, otherwise }) => {
                let arms =
                    arms.iter().map(|a| format!("{} if {} else ", self.expr(&a.value), self.expr(&a.cond)));
                format!("({}{})", arms.collect::<String>(), self.expr(otherwise))
            }
            ExprKind::Cast(Cast { operand, ty, .. }) => {
                format!("(as {} {})", self.expr(operand), self.ty(ty))
            }
            ExprKind::Postfix(Postfix { base, ops }) => {
                let ops = ops.iter().map(|op| {
                    self.check_span(op.span);
                    match op.kind {
                        PostfixKind::Call(args) => format!(" call({})", self.tail(args).trim_start()),
                        PostfixKind::Index(index) => format!(" [{}]", self.expr(index)),
                        PostfixKind::Slice { start, end, inclusive } => {
                            let part =
                                |part: Option<&Expr>| part.map_or(String::new(), |part| self.expr(part));
                            format!(" [{}..{}{}]", part(start), if inclusive { "=" } else { "" }, part(end))
                        }
                        PostfixKind::Member(name) => format!(" .{}", self.ident(&name)),
                    }
                });
                format!("({}{})", self.expr(base), ops.collect::<String>())
            }
            ExprKind::Array(elements) => format!("[{}]", self.tail(elements).trim_start()),
            ExprKind::Fill { value, count } => format!("[{}; {}]", self.expr(value), self.expr(count)),
            ExprKind::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| format!("{}: {}", self.expr(key), self.expr(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            ExprKind::Struct(StructLiteral { path, inits }) => {
                let inits =
                    inits.iter().map(|(name, value)| format!("{}: {}", self.ident(name), self.expr(value)));
                format!("{}{{{}}}", self.path(path), inits.collect::<Vec<_>>().join(", "))
            }
            ExprKind::Lambda(lambda) => {
                let body = match lambda.body {
                    LambdaBody::Expr(expr) => self.expr(expr),
                    LambdaBody::Block(block) => self.block(&block),
                };
                format!("(fn{} {body})", self.signature(&lambda.signature))
            }
            ExprKind::Match(m) => self.match_(m),
            ExprKind::Error => "(error)".into(),
        }
    }

    fn ty(&self, ty: &Type) -> String {
        self.check_span(ty.span);
        match ty.kind {
            TypeKind::Named { path, args } => {
                let args = args.iter().map(|arg| self.ty(arg)).collect::<Vec<_>>().join(", ");
                if args.is_empty() { self.path(path) } else { format!("{}[{args}]", self.path(path)) }
            }
            TypeKind::Array { element, length } => {
                let length = length.map_or(String::new(), |length| match length.kind {
                    LengthKind::Literal(value) => format!(", {}", self.int(value)),
                    LengthKind::Name(name) => format!(", {}", self.name(name)),
                });
                format!("[{}{length}]", self.ty(element))
            }
            TypeKind::Map { key, value } => format!("{{{}: {}}}", self.ty(key), self.ty(value)),
            TypeKind::Fn { params, ret } => {
                let params = params.iter().map(|param| self.ty(param)).collect::<Vec<_>>().join(", ");
                format!("fn({params}){}", ret.map_or(String::new(), |ret| format!(" -> {}", self.ty(ret))))
            }
            TypeKind::Error => "(error)".into(),
        }
    }
}
