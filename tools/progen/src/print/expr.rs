//! Expressions as text: precedence, the suffixes of literals, the contexts of section 3.3.

use super::{Printer, prelude};
use crate::ast::*;

// The levels of section 2.1, higher ones bind tighter. An argument may be anything: level 0.
const COND: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const NOT: u8 = 4;
const COMPARISON: u8 = 5;
const SHIFT: u8 = 9;
const SUM: u8 = 10;
const PRODUCT: u8 = 11;
const CAST: u8 = 12;
const UNARY: u8 = 13;
const POSTFIX: u8 = 14;
const PRIMARY: u8 = 15;

/// The spelling of an operator.
pub fn spelling(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "+",
        BinOp::Sub => "-",
        BinOp::Mul => "*",
        BinOp::Div => "/",
        BinOp::Rem => "%",
        BinOp::BitAnd => "&",
        BinOp::BitOr => "|",
        BinOp::BitXor => "^",
        BinOp::Shl => "<<",
        BinOp::Shr => ">>",
        BinOp::Eq => "==",
        BinOp::Ne => "!=",
        BinOp::Lt => "<",
        BinOp::Le => "<=",
        BinOp::Gt => ">",
        BinOp::Ge => ">=",
        BinOp::And => "and",
        BinOp::Or => "or",
    }
}

fn level(op: BinOp) -> u8 {
    match op {
        BinOp::Or => OR,
        BinOp::And => AND,
        BinOp::BitOr => 6,
        BinOp::BitXor => 7,
        BinOp::BitAnd => 8,
        BinOp::Shl | BinOp::Shr => SHIFT,
        BinOp::Add | BinOp::Sub => SUM,
        BinOp::Mul | BinOp::Div | BinOp::Rem => PRODUCT,
        _ => COMPARISON,
    }
}

/// Whether the expression is built only from literals without suffix, so that another operand decides its type.
fn is_literal(e: &Expr) -> bool {
    match &e.op {
        Op::Int(_, style) => *style != Style::Suffixed,
        Op::Float(_) => true,
        Op::Neg | Op::BitNot => is_literal(&e.args[0]),
        Op::Bin(op) if !op.is_comparison() && !matches!(op, BinOp::And | BinOp::Or) => {
            e.ty.is_num() && is_literal(&e.args[0]) && is_literal(&e.args[1])
        }
        Op::Cond => e.ty.is_num() && is_literal(&e.args[1]) && is_literal(&e.args[2]),
        _ => false,
    }
}

impl Printer<'_> {
    /// The expression as an operand of that level. `asked`: the context asks for its type.
    pub(super) fn expr(&mut self, e: &Expr, asked: bool, least: u8) -> String {
        let (text, level) = self.bare_expr(e, asked);
        if level < least { format!("({text})") } else { text }
    }

    /// Operands that have one type: those built only from literals take it from the others, if any are not.
    fn group(&mut self, operands: &[(&Expr, u8)], asked: bool) -> Vec<String> {
        let asked = asked || operands.iter().any(|(e, _)| !is_literal(e));
        operands.iter().map(|(e, least)| self.expr(e, asked && is_literal(e), *least)).collect()
    }

    /// What [`Printer::group`] does, for operands of any type: where the context asks, it asks all of them.
    fn operands(&mut self, operands: &[(&Expr, u8)], asked: bool) -> Vec<String> {
        if asked {
            operands.iter().map(|(e, least)| self.expr(e, true, *least)).collect()
        } else {
            self.group(operands, false)
        }
    }

    /// The bounds and the step of a range.
    pub(super) fn bounds(&mut self, operands: &[&Expr]) -> Vec<String> {
        let operands: Vec<_> = operands.iter().map(|e| (*e, OR + 1)).collect();
        self.group(&operands, false)
    }

    fn list(&mut self, args: &[Expr]) -> String {
        let texts: Vec<_> = args.iter().map(|e| self.expr(e, false, 0)).collect();
        texts.join(", ")
    }

    fn asked_list(&mut self, args: &[Expr]) -> String {
        let texts: Vec<_> = args.iter().map(|e| self.expr(e, true, 0)).collect();
        texts.join(", ")
    }

    fn bare_expr(&mut self, e: &Expr, asked: bool) -> (String, u8) {
        let args = &e.args;
        match &e.op {
            Op::Int(value, style) => self.int(&e.ty, *value, *style, asked),
            Op::Float(value) => float(*value, asked),
            Op::Bool(value) => (value.to_string(), PRIMARY),
            Op::Str(text) => (string(text), PRIMARY),
            Op::Var(name) | Op::FnRef(name) => (name.to_string(), PRIMARY),
            Op::Neg => {
                // `-5` would be one literal, whose range is another.
                let literal = matches!(args[0].op, Op::Int(..) | Op::Float(_));
                (format!("-{}", self.expr(&args[0], asked, if literal { PRIMARY + 1 } else { UNARY })), UNARY)
            }
            Op::BitNot => (format!("~{}", self.expr(&args[0], asked, UNARY)), UNARY),
            Op::Not => (format!("not {}", self.expr(&args[0], false, NOT)), NOT),
            Op::Bin(op) => self.bin(*op, e, asked),
            Op::Cond => {
                let cond = self.expr(&args[0], false, OR);
                let arms = self.operands(&[(&args[1], OR), (&args[2], COND)], asked);
                (format!("{} if {cond} else {}", arms[0], arms[1]), COND)
            }
            Op::Cast => {
                let operand = self.expr(&args[0], false, UNARY);
                (format!("{operand} as {}", self.ty(&e.ty)), CAST)
            }
            Op::Call(name) => self.call(*name, args),
            Op::CallValue => {
                let callee = self.expr(&args[0], false, POSTFIX);
                (format!("{callee}({})", self.asked_list(&args[1..])), POSTFIX)
            }
            Op::Field(index) => {
                let Ty::Struct(id) = args[0].ty else {
                    self.fail("a field of something else than a struct");
                    return (String::new(), PRIMARY);
                };
                let field = self.program.types.structs[id as usize].fields[*index as usize].name;
                (format!("{}.{field}", self.expr(&args[0], false, POSTFIX)), POSTFIX)
            }
            Op::Index => {
                let asked = matches!(args[0].ty, Ty::Map(_));
                (
                    format!("{}[{}]", self.expr(&args[0], false, POSTFIX), self.expr(&args[1], asked, 0)),
                    POSTFIX,
                )
            }
            Op::Slice { start, end, inclusive } => {
                let base = self.expr(&args[0], false, POSTFIX);
                let low = if *start { self.expr(&args[1], false, SUM) } else { String::new() };
                let high = if *end { self.expr(&args[args.len() - 1], false, SUM) } else { String::new() };
                let dots = if *inclusive && *end { "..=" } else { ".." };
                (format!("{base}[{low}{dots}{high}]"), POSTFIX)
            }
            Op::Array => {
                if args.is_empty() && !asked {
                    self.fail("an empty array without context");
                }
                let texts: Vec<_> =
                    args.iter().enumerate().map(|(i, arg)| self.expr(arg, asked || i > 0, 0)).collect();
                (format!("[{}]", texts.join(", ")), PRIMARY)
            }
            Op::Fill => {
                (format!("[{}; {}]", self.expr(&args[0], asked, 0), self.expr(&args[1], false, 0)), PRIMARY)
            }
            Op::Repeat => (
                format!("{} * {}", self.expr(&args[0], asked, PRODUCT), self.expr(&args[1], false, CAST)),
                PRODUCT,
            ),
            Op::Map => {
                if args.is_empty() && !asked {
                    self.fail("an empty map without context");
                }
                let entries = args.chunks(2).enumerate().map(|(i, entry)| {
                    let asked = asked || i > 0;
                    format!("{}: {}", self.expr(&entry[0], asked, COND), self.expr(&entry[1], asked, 0))
                });
                let entries: Vec<_> = entries.collect();
                (format!("{{{}}}", entries.join(", ")), PRIMARY)
            }
            Op::Struct(fields) => {
                let name = self.type_name(&e.ty);
                let Ty::Struct(id) = e.ty else { return (String::new(), PRIMARY) };
                let program = self.program;
                let inits = fields.iter().zip(args).map(|(field, arg)| {
                    let field = program.types.structs[id as usize].fields[*field as usize].name;
                    format!("{field}: {}", self.expr(arg, true, 0))
                });
                let inits: Vec<_> = inits.collect();
                let text = if inits.is_empty() {
                    format!("{name}{{}}")
                } else {
                    format!("{name}{{ {} }}", inits.join(", "))
                };
                (text, PRIMARY)
            }
            Op::Variant(variant) => self.variant(e, *variant, asked),
            Op::Lambda(head) => {
                let text = self.lambda_head(head, asked);
                let body = self.expr(&args[0], head.ret != Ty::Void && (asked || head.annotated), 0);
                (format!("{text} {body}"), 0)
            }
            Op::Builtin(builtin) => (self.builtin(*builtin, args), POSTFIX),
            Op::Format(template) => {
                let rest = if args.is_empty() { String::new() } else { format!(", {}", self.list(args)) };
                (format!("format({}{rest})", self.template(template)), POSTFIX)
            }
            Op::Matches { variant, given } => {
                let scrutinee = self.expr(&args[0], false, COMPARISON + 1);
                let name = self.type_name(&args[0].ty);
                let Ty::Enum(id, _) = args[0].ty else { return (String::new(), PRIMARY) };
                let variant = self.program.types.enums[id as usize].variants[*variant as usize].name;
                let mut rest = args[1..].iter();
                let slots: Vec<_> = given
                    .iter()
                    .map(|given| match if *given { rest.next() } else { None } {
                        Some(arg) => self.expr(arg, false, 0),
                        None => "_".to_owned(),
                    })
                    .collect();
                let slots = if slots.is_empty() { String::new() } else { format!("({})", slots.join(", ")) };
                (format!("{scrutinee} matches {name}.{variant}{slots}"), COMPARISON)
            }
            Op::Helper(helper) => {
                self.helpers.insert(*helper);
                let asked = *helper != Helper::Head;
                let texts: Vec<_> = args.iter().map(|arg| self.expr(arg, asked, 0)).collect();
                (format!("{}({})", prelude::name(*helper), texts.join(", ")), POSTFIX)
            }
        }
    }

    fn bin(&mut self, op: BinOp, e: &Expr, asked: bool) -> (String, u8) {
        let (a, b) = (&e.args[0], &e.args[1]);
        let level = level(op);
        let (left, right) = match op {
            // A comparison has no comparison as operand.
            _ if op.is_comparison() => {
                if a.ty == b.ty && a.ty.is_num() {
                    let mut texts = self.group(&[(a, level + 1), (b, level + 1)], false).into_iter();
                    (texts.next().unwrap_or_default(), texts.next().unwrap_or_default())
                } else {
                    (self.expr(a, false, level + 1), self.expr(b, false, level + 1))
                }
            }
            BinOp::And | BinOp::Or => (self.expr(a, false, level), self.expr(b, false, level + 1)),
            // Neither operand of a shift is asked for a type: the count has its own, and the left one may then keep its.
            BinOp::Shl | BinOp::Shr => (self.expr(a, false, level), self.expr(b, false, level + 1)),
            _ => {
                let mut texts =
                    self.operands(&[(a, level), (b, level + 1)], asked && e.ty.is_num()).into_iter();
                (texts.next().unwrap_or_default(), texts.next().unwrap_or_default())
            }
        };
        (format!("{left} {} {right}", spelling(op)), level)
    }

    fn call(&mut self, name: Name, args: &[Expr]) -> (String, u8) {
        let Some(function) = self.functions.get(&name).copied() else {
            // A nested function: it is not generic.
            return (format!("{name}({})", self.asked_list(args)), POSTFIX);
        };
        let mut texts = Vec::new();
        for (param, arg) in function.params.iter().zip(args) {
            let asked = self.writable(&param.ty);
            texts.push((arg, asked));
        }
        if function.is_method && !name.id.is_multiple_of(5) {
            let receiver = self.expr(&args[0], false, POSTFIX);
            let rest: Vec<_> = texts[1..].iter().map(|(arg, asked)| self.expr(arg, *asked, 0)).collect();
            return (format!("{receiver}.{name}({})", rest.join(", ")), POSTFIX);
        }
        let rest = texts.iter().enumerate();
        let rest: Vec<_> = rest
            .map(|(i, (arg, asked))| self.expr(arg, *asked && !(function.is_method && i == 0), 0))
            .collect();
        let prefix = match &function.owner {
            Some(owner) => format!("{}.", self.type_name(owner)),
            None => String::new(),
        };
        (format!("{prefix}{name}({})", rest.join(", ")), POSTFIX)
    }

    fn variant(&mut self, e: &Expr, variant: u32, asked: bool) -> (String, u8) {
        let name = self.type_name(&e.ty);
        let Ty::Enum(id, _) = e.ty else { return (String::new(), PRIMARY) };
        let def = &self.program.types.enums[id as usize];
        let variant = &def.variants[variant as usize];
        let determined =
            (0..def.params).all(|param| variant.payload.iter().any(|ty| mentions(ty, param as u8)));
        if !determined && !asked {
            self.fail("type arguments of a variant without context");
        }
        let texts: Vec<_> = variant
            .payload
            .iter()
            .zip(&e.args)
            .map(|(ty, arg)| {
                let asked = !ty.has_param();
                self.expr(arg, asked, 0)
            })
            .collect();
        let args = if texts.is_empty() { String::new() } else { format!("({})", texts.join(", ")) };
        (format!("{name}.{}{args}", variant.name), POSTFIX)
    }

    /// `fn(…) -> T:`; the types are left out if the context gives them.
    pub(super) fn lambda_head(&mut self, head: &Lambda, asked: bool) -> String {
        let annotated = head.annotated || !asked;
        let mut params = Vec::new();
        for param in &head.params {
            params.push(if annotated {
                format!("{}: {}", param.name, self.ty(&param.ty))
            } else {
                param.name.to_string()
            });
        }
        let ret = if annotated && (head.annotated || head.ret == Ty::Void) {
            format!(" -> {}", self.ty(&head.ret))
        } else {
            String::new()
        };
        format!("fn({}){ret}:", params.join(", "))
    }

    fn builtin(&mut self, builtin: Builtin, args: &[Expr]) -> String {
        use Builtin::*;
        let (name, spelling) = builtin.spelling();
        let texts: Vec<String> = match builtin {
            Min | Max => self.group(&[(&args[0], 0), (&args[1], 0)], false),
            AssertEq => {
                let mut texts = vec![self.expr(&args[0], true, 0)];
                if args[1].ty.is_num() {
                    texts.extend(self.group(&[(&args[1], 0), (&args[2], 0)], false));
                } else {
                    texts.extend([self.expr(&args[1], false, 0), self.expr(&args[2], false, 0)]);
                }
                texts
            }
            Len | Sorted | Range | Int | Float | Typeof | Istype | Abs => {
                args.iter().map(|e| self.expr(e, false, 0)).collect()
            }
            _ => {
                // The receiver has its own type, the other arguments are asked for what it holds.
                let receiver = spelling != Spelling::Function || matches!(builtin, Push | Pop | SortedBy);
                let least = if spelling == Spelling::Function { 0 } else { POSTFIX };
                let mut texts = Vec::new();
                for (i, arg) in args.iter().enumerate() {
                    let first = i == 0;
                    texts.push(self.expr(
                        arg,
                        !(first && receiver) && !counts(builtin, i),
                        if first { least } else { 0 },
                    ));
                }
                texts
            }
        };
        match spelling {
            Spelling::Function => format!("{name}({})", texts.join(", ")),
            Spelling::Method => format!("{}.{name}({})", texts[0], texts[1..].join(", ")),
            Spelling::Member => format!("{}.{name}", texts[0]),
        }
    }

    /// An integer literal. Where the context does not ask for the type, it needs a suffix unless its default is right.
    fn int(&mut self, ty: &Ty, value: i128, style: Style, asked: bool) -> (String, u8) {
        if ty.has_param() && !asked {
            self.fail("a literal of a type without a name");
        }
        let magnitude = value.unsigned_abs();
        let digits = match style {
            Style::Hex if value >= 0 => format!("{magnitude:#x}"),
            Style::Binary if value >= 0 => format!("{magnitude:#b}"),
            Style::Octal if value >= 0 => format!("{magnitude:#o}"),
            Style::Grouped => grouped(magnitude),
            _ => magnitude.to_string(),
        };
        let default = [Ty::I32, Ty::I64, Ty::U64].into_iter().find(|ty| {
            let (low, high) = ty.limits();
            low <= value && value <= high
        });
        // A `-` in front of a suffixed minimum would be read apart from it.
        let minimum = ty.is_signed() && value == ty.limits().0;
        let plain = asked || default.as_ref() == Some(ty);
        let suffix = match ty {
            _ if minimum && plain || plain && style != Style::Suffixed => "",
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::U32 if value % 3 == 0 && style != Style::Hex => "u",
            Ty::U32 => "u32",
            Ty::U64 => "u64",
            _ => "",
        };
        if value < 0 { (format!("-{digits}{suffix}"), UNARY) } else { (format!("{digits}{suffix}"), PRIMARY) }
    }

    /// A format template as a string literal.
    pub(super) fn template(&mut self, pieces: &[Piece]) -> String {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(literal) => text += &literal.replace('@', "@@"),
                Piece::Spec(spec) => text += spec,
            }
        }
        string(&text)
    }
}

/// Whether that argument may be of any integer type, so that no type is asked for.
fn counts(builtin: Builtin, index: usize) -> bool {
    matches!((builtin, index), (Builtin::Repeat | Builtin::Insert | Builtin::Remove, 1))
}

/// Whether the type parameter occurs in the type.
fn mentions(ty: &Ty, param: u8) -> bool {
    match ty {
        Ty::Param(index) => *index == param,
        Ty::Array(elem) => mentions(elem, param),
        Ty::Map(entry) => mentions(&entry.0, param) || mentions(&entry.1, param),
        Ty::Enum(_, args) => args.iter().any(|ty| mentions(ty, param)),
        Ty::Fn(f) => mentions(&f.ret, param) || f.params.iter().any(|ty| mentions(ty, param)),
        _ => false,
    }
}

fn grouped(value: u128) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// A float literal; a whole number needs no point where an `f64` is asked for.
fn float(value: f64, asked: bool) -> (String, u8) {
    let text =
        if asked && value.fract() == 0.0 && value.abs() < 1000.0 && value as i64 % 2 == 0 && value != 0.0 {
            format!("{}", value as i64)
        } else {
            format!("{value:?}")
        };
    let level = if text.starts_with('-') { UNARY } else { PRIMARY };
    (text, level)
}

/// A string literal.
pub fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            '\0' => out += "\\0",
            c if c.is_control() => out += &format!("\\u{{{:X}}}", c as u32),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
