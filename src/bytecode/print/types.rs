//! Types in the text form, and as the language spells them.

use std::fmt::Write;

use super::Quoted;
use crate::bytecode::program::*;

/// A type's description, as the text form has it.
pub(super) fn desc(desc: &TypeDesc, out: &mut String) {
    let _ = match desc {
        TypeDesc::I32 => write!(out, "i32"),
        TypeDesc::I64 => write!(out, "i64"),
        TypeDesc::U32 => write!(out, "u32"),
        TypeDesc::U64 => write!(out, "u64"),
        TypeDesc::F64 => write!(out, "f64"),
        TypeDesc::Bool => write!(out, "bool"),
        TypeDesc::String => write!(out, "string"),
        TypeDesc::Error => write!(out, "error"),
        TypeDesc::Range => write!(out, "range"),
        TypeDesc::Unknown => write!(out, "unknown"),
        TypeDesc::Alias(of) => write!(out, "alias {of}"),
        TypeDesc::Array(element) => write!(out, "array {element}"),
        TypeDesc::Map { key, value } => write!(out, "map {key}, {value}"),
        TypeDesc::Cell(content) => write!(out, "cell {content}"),
        TypeDesc::Tag { name, variants } => {
            let _ = write!(out, "tag {} {{", Quoted(name));
            for (index, variant) in variants.iter().enumerate() {
                let _ = write!(out, "{}{}", if index == 0 { " " } else { ", " }, Quoted(variant));
            }
            write!(out, " }}")
        }
        TypeDesc::Struct(fields) => {
            out.push_str("struct ");
            layout(fields, out);
            Ok(())
        }
        TypeDesc::Enum { name, variants } => {
            let _ = write!(out, "enum {} {{", Quoted(name));
            for (index, variant) in variants.iter().enumerate() {
                out.push_str(if index == 0 { " " } else { ", " });
                layout(variant, out);
            }
            write!(out, " }}")
        }
        TypeDesc::Fn { params, ret } => {
            out.push_str("fn ");
            super::type_list(params, out);
            ret.map_or(Ok(()), |ret| write!(out, " -> {ret}"))
        }
        TypeDesc::Closure { func, captures } => {
            let _ = write!(out, "closure {func} ");
            layout(captures, out);
            Ok(())
        }
    };
}

fn layout(layout: &Layout, out: &mut String) {
    let _ = write!(out, "{} refs {} {{", Quoted(&layout.name), layout.refs);
    for (index, field) in layout.fields.iter().enumerate() {
        let separator = if index == 0 { " " } else { ", " };
        let _ = write!(out, "{separator}{} {} .{}", Quoted(&field.name), field.ty, field.slot);
    }
    out.push_str(" }");
}

/// A type as the language spells it, for comments: what lies deeper than a few levels is `...`.
pub fn type_name(program: &Program, id: TypeId) -> String {
    let mut out = String::new();
    name(program, id, 0, &mut out);
    out
}

// Recursion ends at a fixed depth, whatever the program.
fn name(program: &Program, id: TypeId, depth: u32, out: &mut String) {
    if depth > 6 || out.len() > 200 {
        return out.push_str("...");
    }
    let below = |id: TypeId, out: &mut String| name(program, id, depth + 1, out);
    match program.types.get(id.index()) {
        None => {
            let _ = write!(out, "{id}");
        }
        Some(TypeDesc::Alias(of)) => below(*of, out),
        Some(TypeDesc::Array(element)) => {
            out.push('[');
            below(*element, out);
            out.push(']');
        }
        Some(TypeDesc::Map { key, value }) => {
            out.push('{');
            below(*key, out);
            out.push_str(": ");
            below(*value, out);
            out.push('}');
        }
        Some(TypeDesc::Struct(layout)) => out.push_str(&layout.name),
        Some(TypeDesc::Tag { name, .. } | TypeDesc::Enum { name, .. }) => out.push_str(name),
        Some(TypeDesc::Fn { params, ret }) => {
            out.push_str("fn(");
            for (index, param) in params.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                below(*param, out);
            }
            out.push(')');
            if let Some(ret) = ret {
                out.push_str(" -> ");
                below(*ret, out);
            }
        }
        Some(TypeDesc::Cell(content)) => {
            out.push_str("cell of ");
            below(*content, out);
        }
        Some(TypeDesc::Closure { func, .. }) => {
            let _ = write!(out, "closure of {func}");
        }
        Some(other) => desc(other, out),
    }
}
