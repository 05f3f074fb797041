//! Writes a program as Orus source.
//!
//! What has to be written depends on context: a literal needs a suffix where nothing asks for its type, an empty array may
//! stand only where something does. `Printer::expr` is therefore told whether the context asks for the expression's type
//! (`asked`), by the rules of section 3.3 of the reference. A tree that cannot be written is an error, which
//! [`crate::check`] reports; generated programs never are.

mod expr;
mod prelude;
mod stmt;

use std::collections::{BTreeSet, HashMap};

use crate::ast::*;

/// The source of a program, or why it cannot be written.
pub fn source(program: &Program) -> Result<String, String> {
    let mut printer = Printer::new(program);
    let mut raw_items = String::new();
    printer.items();
    printer.raw_items(&mut raw_items);
    let body = std::mem::take(&mut printer.out);
    let types = printer.types();
    if let Some(error) = printer.error {
        return Err(error);
    }
    let mut out = types;
    out += &prelude::text(&printer.helpers);
    out += &raw_items;
    out += &body;
    if printer.helpers.iter().any(|helper| prelude::notes(*helper)) {
        out += "print(\"checksum\", chk)\n";
    }
    Ok(out)
}

/// The type parameters of generic enums, in order.
const PARAMS: [&str; 3] = ["T", "U", "V"];

struct Printer<'a> {
    program: &'a Program,
    /// The functions at the top level.
    functions: HashMap<Name, &'a Function>,
    out: String,
    indent: usize,
    /// The first thing that cannot be written.
    error: Option<String>,
    helpers: BTreeSet<Helper>,
    structs: BTreeSet<u32>,
    enums: BTreeSet<u32>,
    raw: Vec<&'a Raw>,
    /// The return type of the functions around, `None` where it is inferred.
    returns: Vec<Option<Ty>>,
}

impl<'a> Printer<'a> {
    fn new(program: &'a Program) -> Printer<'a> {
        let functions = program.items.iter().filter_map(|item| match item {
            Item::Fn(function) => Some((function.name, function)),
            Item::Stmt(_) => None,
        });
        Printer {
            program,
            functions: functions.collect(),
            out: String::new(),
            indent: 0,
            error: None,
            helpers: BTreeSet::new(),
            structs: BTreeSet::new(),
            enums: BTreeSet::new(),
            raw: Vec::new(),
            returns: Vec::new(),
        }
    }

    fn fail(&mut self, why: &str) {
        if self.error.is_none() {
            self.error = Some(why.to_owned());
        }
    }

    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out += "    ";
        }
        self.out += text;
        self.out.push('\n');
    }

    /// The items in order; methods of one type that follow each other share an `impl` block.
    fn items(&mut self) {
        let mut owner: Option<&Ty> = None;
        let program = self.program;
        for item in &program.items {
            let next = if let Item::Fn(function) = item { function.owner.as_ref() } else { None };
            if next != owner {
                owner = next;
                if let Some(ty) = owner {
                    let name = self.type_name(ty);
                    self.line(&format!("impl {name}:"));
                }
            }
            self.indent = usize::from(owner.is_some());
            match item {
                Item::Fn(function) => self.function(function),
                Item::Stmt(stmt) => self.stmt(stmt),
            }
            self.indent = 0;
        }
    }

    fn raw_items(&mut self, out: &mut String) {
        for raw in &self.raw {
            for line in &raw.items {
                out.push_str(line);
                out.push('\n');
            }
        }
    }

    /// The declarations of all types that were named so far, and of those that they name.
    fn types(&mut self) -> String {
        let (mut structs, mut enums) = (HashMap::new(), HashMap::new());
        let program = self.program;
        loop {
            let next_struct = self.structs.iter().copied().find(|id| !structs.contains_key(id));
            let next_enum = self.enums.iter().copied().find(|id| !enums.contains_key(id));
            if let Some(id) = next_struct {
                let text = self.struct_def(&program.types.structs[id as usize]);
                structs.insert(id, text);
            } else if let Some(id) = next_enum {
                let text = self.enum_def(&program.types.enums[id as usize]);
                enums.insert(id, text);
            } else {
                break;
            }
        }
        let sorted = |texts: HashMap<u32, String>| {
            let mut texts: Vec<_> = texts.into_iter().collect();
            texts.sort();
            texts.into_iter().map(|(_, text)| text).collect::<String>()
        };
        sorted(enums) + &sorted(structs)
    }

    fn struct_def(&mut self, def: &StructDef) -> String {
        let mut out = format!("struct {}:\n", def.name);
        for field in &def.fields {
            out += &format!("    {}: {}", field.name, self.ty(&field.ty));
            if let Some(default) = &field.default {
                out += " = ";
                out += &self.expr(default, true, 0);
            }
            out.push('\n');
        }
        out
    }

    fn enum_def(&mut self, def: &EnumDef) -> String {
        let mut out = format!("enum {}", def.name);
        if def.params > 0 {
            out += &format!("[{}]", PARAMS[..def.params].join(", "));
        }
        out += ":\n";
        for variant in &def.variants {
            out += &format!("    {}", variant.name);
            if !variant.payload.is_empty() {
                let payload: Vec<_> = variant
                    .payload
                    .iter()
                    .enumerate()
                    .map(|(i, ty)| if i % 2 == 0 { format!("p{i}: {}", self.ty(ty)) } else { self.ty(ty) })
                    .collect();
                out += &format!("({})", payload.join(", "));
            }
            out.push('\n');
        }
        out
    }

    /// The name of a struct or enum, without type arguments.
    fn type_name(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Struct(id) => {
                self.structs.insert(*id);
                self.program.types.structs[*id as usize].name.to_string()
            }
            Ty::Enum(id, _) => {
                if *id != crate::types::RESULT {
                    self.enums.insert(*id);
                }
                self.program.types.enums[*id as usize].name.to_string()
            }
            _ => {
                self.fail("a struct or enum is needed");
                String::new()
            }
        }
    }

    /// A type as it is written.
    fn ty(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Void => "void".to_owned(),
            Ty::I32 => "i32".to_owned(),
            Ty::I64 => "i64".to_owned(),
            Ty::U32 => "u32".to_owned(),
            Ty::U64 => "u64".to_owned(),
            Ty::F64 => "f64".to_owned(),
            Ty::Bool => "bool".to_owned(),
            Ty::Str => "string".to_owned(),
            Ty::Error => "error".to_owned(),
            Ty::Range => {
                self.fail("the type of a range cannot be written");
                String::new()
            }
            Ty::Array(elem) => format!("[{}]", self.ty(elem)),
            Ty::Map(entry) => format!("{{{}: {}}}", self.ty(&entry.0), self.ty(&entry.1)),
            Ty::Struct(_) => self.type_name(ty),
            Ty::Enum(_, args) => {
                let name = self.type_name(ty);
                if args.is_empty() { name } else { format!("{name}[{}]", self.ty_list(args)) }
            }
            Ty::Fn(f) => {
                let params = self.ty_list(&f.params);
                if f.ret == Ty::Void {
                    format!("fn({params})")
                } else {
                    format!("fn({params}) -> {}", self.ty(&f.ret))
                }
            }
            Ty::Param(index) => PARAMS[usize::from(*index)].to_owned(),
        }
    }

    fn ty_list(&mut self, types: &[Ty]) -> String {
        let texts: Vec<_> = types.iter().map(|ty| self.ty(ty)).collect();
        texts.join(", ")
    }

    /// Whether a type can be written where a variable, parameter or result is declared: the type parameters of a generic
    /// function have no names.
    fn writable(&self, ty: &Ty) -> bool {
        !ty.has_param() && *ty != Ty::Range
    }
}
