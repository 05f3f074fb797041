//! The text form of a program, which [`parse`](super::parse()) reads back, and a listing for people.
//!
//! ```text
//! file s0 "sum.orus"
//! | n = 1
//! type t10 = struct "Account" refs 1 { "owner" t6 .0, "balance" t1 .1 }
//! global g0 "n" t0
//! name n0 "n"
//! literal k0 = string "ada"
//! format p0 (t0) = "n = ", plain
//! counters 2
//! entry f0
//! fn f0 "<module>" ()
//!     in s0, counter 0, depth 0
//!     frame refs 1, params 0 0
//!     regs r0 t6, r1 t0
//!     vars r1 "n"
//!     literal r0, k0                       ; "ada"
//!     const r1, 1
//! L0:
//!     loop c1                              @0..5
//!     br.lt.s.imm r1, 3, L0
//!     print p0 (r1)                        @0..5
//!     ret.void
//! end
//! ```
//!
//! The predefined types are not written. The lines of a source file stand behind a `|`. What stands right of a `;` is
//! for the reader alone; `@` and two offsets are the position of an instruction. An instruction's operands come in the
//! order of its row, the words behind it last; the result of a call stands behind an arrow. What is no instruction of
//! the table, or has bits set that mean nothing, is written as `.word`, so that malformed code can be looked at too.
//!
//! Printing never fails, whatever the program.

mod code;
mod types;

use std::fmt::Write;

use super::program::*;
pub(super) use code::is_call;
use code::{CodePrinter, SourceLines};
pub use types::type_name;

/// The text form of a program.
pub fn print(program: &Program) -> String {
    let mut out = String::new();
    tables(program, &mut out);
    for index in 0..program.functions.len() {
        function(program, FuncId(index as u32), None, &mut out);
    }
    out
}

/// The functions of a program with the source lines they came from, as comments; if a name is given, only those of that
/// name. Each is in the text form, but the tables are left out.
pub fn print_listing(program: &Program, name: Option<&str>) -> String {
    let mut out = String::new();
    let mut lines = SourceLines::default();
    for (index, listed) in program.functions.iter().enumerate() {
        if name.is_none_or(|name| *listed.name == *name) {
            lines.leave();
            function(program, FuncId(index as u32), Some(&mut lines), &mut out);
        }
    }
    out
}

// Writing to a string cannot fail; that is why results of `write!` are dropped in this folder.

fn tables(program: &Program, out: &mut String) {
    for (index, file) in program.files.iter().enumerate() {
        let _ = writeln!(out, "file s{index} {}", Quoted(&file.name));
        if !file.text.is_empty() {
            for line in file.text.split('\n') {
                let _ = writeln!(out, "|{}{line}", if line.is_empty() { "" } else { " " });
            }
        }
    }
    let predefined = TypeId::PREDEFINED as usize;
    let skipped = if program.types.starts_with(&Program::new().types) { predefined } else { 0 };
    for (index, desc) in program.types.iter().enumerate().skip(skipped) {
        let _ = write!(out, "type t{index} = ");
        types::desc(desc, out);
        out.push('\n');
    }
    for (index, global) in program.globals.iter().enumerate() {
        let name = comment_text(&type_name(program, global.ty));
        let _ = writeln!(out, "global g{index} {} {}  ; {name}", Quoted(&global.name), global.ty);
    }
    for (index, name) in program.names.iter().enumerate() {
        let _ = writeln!(out, "name n{index} {}", Quoted(name));
    }
    for (index, literal) in program.literals.iter().enumerate() {
        let _ = write!(out, "literal k{index} = ");
        let _ = match literal {
            Literal::String(text) => writeln!(out, "string {}", Quoted(text)),
            Literal::Variant { ty, variant } => writeln!(out, "variant {ty}, #{variant}"),
            Literal::Function { ty, func } => writeln!(out, "function {ty}, {func}"),
        };
    }
    for (index, format) in program.formats.iter().enumerate() {
        let _ = write!(out, "format p{index} ");
        type_list(&format.args, out);
        out.push_str(" =");
        for (index, piece) in format.pieces.iter().enumerate() {
            out.push_str(if index == 0 { " " } else { ", " });
            let _ = match piece {
                Piece::Text(text) => write!(out, "{}", Quoted(text)),
                Piece::Arg(Spec::Decimals(places)) => write!(out, "decimals {places}"),
                Piece::Arg(spec) => write!(out, "{}", spec_name(*spec)),
            };
        }
        out.push('\n');
    }
    let _ = writeln!(out, "counters {}", program.counters);
    for func in &program.entry {
        let _ = writeln!(out, "entry {func}");
    }
    for (name, func) in &program.exports {
        let _ = writeln!(out, "export {} {func}", Quoted(name));
    }
}

/// How a specifier is spelled. (That of decimals is followed by their number.)
pub(super) fn spec_name(spec: Spec) -> &'static str {
    match spec {
        Spec::Plain => "plain",
        Spec::Decimals(_) => "decimals",
        Spec::LowerHex => "hex.lower",
        Spec::UpperHex => "hex.upper",
        Spec::Binary => "binary",
        Spec::Octal => "octal",
        Spec::Nested => "nested",
    }
}

fn type_list(types: &[TypeId], out: &mut String) {
    out.push('(');
    for (index, ty) in types.iter().enumerate() {
        let _ = write!(out, "{}{ty}", if index == 0 { "" } else { ", " });
    }
    out.push(')');
}

fn function(program: &Program, id: FuncId, lines: Option<&mut SourceLines>, out: &mut String) {
    let function = &*program.functions[id.index()];
    let _ = write!(out, "fn {id} {} ", Quoted(&function.name));
    type_list(&function.params, out);
    if let Some(ret) = function.ret {
        let _ = write!(out, " -> {ret}");
    }
    let _ = write!(
        out,
        "\n    in {}, counter {}, depth {}",
        function.file, function.counter, function.depth_cost
    );
    if let Some(closure) = function.closure {
        let _ = write!(out, ", closure {closure}");
    }
    if function.hidden {
        out.push_str(", hidden");
    }
    let _ = writeln!(
        out,
        "\n    frame refs {}, params {} {}",
        function.refs, function.ref_params, function.scalar_params
    );
    let registers = |(index, register): (usize, &RegType), out: &mut String| {
        let _ = write!(out, "r{index} {}{}", register.ty, if register.nullable { "?" } else { "" });
    };
    rows("regs", function.registers.iter().enumerate(), registers, out);
    let names = |(reg, name): &(u16, std::sync::Arc<str>), out: &mut String| {
        let _ = write!(out, "r{reg} {}", Quoted(name));
    };
    rows("vars", function.names.iter(), names, out);
    if lines.is_some() {
        for (reg, name) in &function.names {
            let ty = function.registers.get(usize::from(*reg));
            let ty = ty.map_or(String::new(), |register| type_name(program, register.ty));
            let _ = writeln!(out, "    ; {}", comment_text(&format!("r{reg} is {name}: {ty}")));
        }
    }
    CodePrinter::new(program, function).print(lines, out);
    out.push_str("end\n");
}

/// Items, eight to a line.
fn rows<T>(
    word: &str,
    items: impl Iterator<Item = T>,
    mut item: impl FnMut(T, &mut String),
    out: &mut String,
) {
    let mut count = 0;
    for one in items {
        match count % 8 {
            0 if count == 0 => {
                let _ = write!(out, "    {word} ");
            }
            0 => {
                let _ = write!(out, "\n    {word} ");
            }
            _ => out.push_str(", "),
        }
        item(one, out);
        count += 1;
    }
    if count > 0 {
        out.push('\n');
    }
}

/// A text as part of a comment: whatever it holds, it does not end the line.
fn comment_text(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// A text in double quotes.
pub(super) struct Quoted<'s>(pub &'s str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"")?;
        let mut rest = self.0;
        while let Some(at) = rest.find(|c: char| c == '"' || c == '\\' || c.is_control()) {
            f.write_str(&rest[..at])?;
            let c = rest[at..].chars().next().unwrap_or('\0');
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                '\r' => f.write_str("\\r")?,
                _ => write!(f, "\\u{{{:x}}}", c as u32)?,
            }
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)?;
        f.write_str("\"")
    }
}
