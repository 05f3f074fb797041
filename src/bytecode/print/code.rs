//! The code of a function in the text form.

use std::collections::HashMap;
use std::fmt::Write;

use super::{Quoted, comment_text, type_name};
use crate::bytecode::builtin::Builtin;
use crate::bytecode::decode::{DecodeError, Inst, instructions};
use crate::bytecode::opcode::{Extra, Op, Operand};
use crate::bytecode::program::*;

/// Column at which positions and comments begin.
const COLUMN: usize = 44;
/// Longer texts are cut in comments.
const MAX_COMMENT: usize = 40;

/// Prints the code of one function.
pub(super) struct CodePrinter<'p> {
    program: &'p Program,
    function: &'p Function,
    /// What can be printed as instructions; the address where that cannot be, up to the next instruction.
    insts: Vec<Result<Inst<'p>, u32>>,
    /// Addresses that need a label, ascending.
    labels: Vec<u32>,
}

impl<'p> CodePrinter<'p> {
    pub fn new(program: &'p Program, function: &'p Function) -> CodePrinter<'p> {
        let mut insts = Vec::new();
        let mut starts = Vec::new();
        let mut decoder = instructions(program, &function.code);
        loop {
            let pc = decoder.pc();
            let result: Option<Result<_, DecodeError>> = decoder.next();
            match result {
                None => break,
                Some(inst) => {
                    starts.push(pc);
                    insts.push(inst.map_err(|_| pc));
                }
            }
        }
        starts.push(function.code.len() as u32);
        let starts_at =
            |target: i64| u32::try_from(target).ok().filter(|target| starts.binary_search(target).is_ok());
        let mut labels = Vec::new();
        for slot in &mut insts {
            let Ok(inst) = slot else { continue };
            let known = inst.targets().all(|target| starts_at(target).is_some());
            if !known || !inst.spare_bits_are_zero() {
                *slot = Err(inst.pc);
            } else {
                labels.extend(inst.targets().filter_map(starts_at));
            }
        }
        for handler in &function.handlers {
            let ends = [handler.start, handler.end, handler.target].map(i64::from);
            labels.extend(ends.into_iter().filter_map(starts_at));
        }
        labels.sort_unstable();
        labels.dedup();
        CodePrinter { program, function, insts, labels }
    }

    pub fn print(&self, mut lines: Option<&mut SourceLines>, out: &mut String) {
        for handler in &self.function.handlers {
            out.push_str("    handler ");
            self.place(handler.start, out);
            out.push_str("..");
            self.place(handler.end, out);
            out.push_str(" -> ");
            self.place(handler.target, out);
            let _ = writeln!(out, ", r{}", handler.error);
        }
        let mut labels = self.labels.iter().enumerate().peekable();
        for (index, inst) in self.insts.iter().enumerate() {
            let pc = inst.as_ref().map_or_else(|&pc| pc, |inst| inst.pc);
            if let Some(lines) = &mut lines
                && let Some(span) = self.function.position(pc)
                && let Some(line) = lines.enter(self.program, self.function.file, span)
            {
                let _ = writeln!(out, "    ; {line}");
            }
            if let Some((number, _)) = labels.next_if(|(_, address)| **address == pc) {
                let _ = writeln!(out, "L{number}:");
            }
            let start = out.len();
            out.push_str("    ");
            match inst {
                Ok(inst) => self.inst(inst, out),
                Err(_) => {
                    // All words up to the next instruction; a position can only belong to the first.
                    let next = self.insts.get(index + 1);
                    let end = next.map_or(self.function.code.len() as u32, |next| {
                        next.as_ref().map_or_else(|&pc| pc, |inst| inst.pc)
                    });
                    for at in pc + 1..end {
                        let _ = write!(out, ".word {:#x}", self.function.code[at as usize - 1]);
                        if at == pc + 1 {
                            self.position(pc, start, out);
                        }
                        out.push_str("\n    ");
                    }
                    let _ = write!(out, ".word {:#x}", self.function.code[end as usize - 1]);
                }
            }
            if inst.is_ok() || out[start..].lines().count() == 1 {
                self.position(pc, start, out);
            }
            if let Ok(inst) = inst {
                self.comment(inst, start, out);
            }
            out.push('\n');
        }
        if let Some((number, _)) = labels.next() {
            let _ = writeln!(out, "L{number}:");
        }
    }

    fn position(&self, pc: u32, start: usize, out: &mut String) {
        if let Some(span) = self.function.position(pc) {
            pad(start, out);
            let _ = write!(out, " @{}..{}", span.start, span.end);
        }
    }

    /// A label, or an address where there is none.
    fn place(&self, pc: u32, out: &mut String) {
        let _ = match self.labels.binary_search(&pc) {
            Ok(number) => write!(out, "L{number}"),
            Err(_) => write!(out, "{pc}"),
        };
    }

    fn inst(&self, inst: &Inst, out: &mut String) {
        let row = inst.row();
        out.push_str(row.text);
        let mut first = true;
        let mut item = |out: &mut String| {
            out.push_str(if first { " " } else { ", " });
            first = false;
        };
        for (index, operand) in row.operands.iter().enumerate() {
            let lane = inst.lane(index);
            let _ = match operand {
                Operand::None | Operand::Count | Operand::Off16 | Operand::Off32 => continue,
                Operand::Def(_) if is_call(inst.op) => continue,
                Operand::Imm32 if row.extra == Extra::Table => continue,
                _ => {
                    item(out);
                    match operand {
                        Operand::Imm16 => write!(out, "{}", inst.imm16(index)),
                        Operand::Imm32 => write!(out, "{}", inst.imm()),
                        Operand::Slot => write!(out, ".{lane}"),
                        Operand::Variant => write!(out, "#{lane}"),
                        Operand::Literal => write!(out, "k{}", inst.index()),
                        Operand::Func => write!(out, "f{}", inst.index()),
                        Operand::Global => write!(out, "g{}", inst.index()),
                        Operand::Counter => write!(out, "c{}", inst.index()),
                        Operand::Format => write!(out, "p{}", inst.index()),
                        Operand::Builtin => {
                            let builtin = Builtin::from_number(inst.index());
                            write!(out, "{}", builtin.map_or("", |builtin| builtin.row().text))
                        }
                        _ => write!(out, "r{lane}"),
                    }
                }
            };
        }
        match row.extra {
            Extra::No | Extra::Args | Extra::TypeArgs | Extra::Branch | Extra::MapNext | Extra::Table => {}
            _ => item(out),
        }
        match row.extra {
            Extra::No | Extra::Branch => {}
            Extra::Const => {
                let _ = write!(out, "{:#x}", inst.extra[0]);
            }
            Extra::Name => {
                let _ = write!(out, "n{}", inst.extra_low());
            }
            Extra::Type => {
                let _ = write!(out, "t{}", inst.extra_low());
            }
            Extra::Variant => {
                let _ = write!(out, "#{}", inst.extra_low());
            }
            Extra::Quad => {
                let (start, end, inclusive) = inst.slice_bounds();
                let register = |reg: Option<u16>, out: &mut String| {
                    if let Some(reg) = reg {
                        let _ = write!(out, "r{reg}");
                    }
                };
                register(start, out);
                out.push_str(if inclusive { "..=" } else { ".." });
                register(end, out);
            }
            Extra::MapNext => {
                item(out);
                let _ = write!(out, "r{}", inst.extra_high());
            }
            Extra::TypeArgs => {
                item(out);
                let _ = write!(out, "t{}", inst.extra_low());
                arguments(inst, out);
            }
            Extra::Args => arguments(inst, out),
            Extra::Table => {
                item(out);
                out.push('[');
                for (index, target) in inst.targets().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    self.place(target as u32, out);
                }
                out.push(']');
            }
        }
        if row.extra != Extra::Table {
            for target in inst.targets() {
                item(out);
                self.place(target as u32, out);
            }
        }
        if row.extra == Extra::Branch && inst.extra_high() == 1 {
            item(out);
            out.push_str("inclusive");
        }
        if is_call(inst.op) && (inst.lane(0) != 0 || !self.is_void(inst)) {
            let _ = write!(out, " -> r{}", inst.lane(0));
        }
    }

    /// Whether a call is known to have no result.
    fn is_void(&self, inst: &Inst) -> bool {
        let program = self.program;
        match inst.op {
            Op::Call => {
                program.functions.get(inst.index() as usize).is_some_and(|callee| callee.ret.is_none())
            }
            Op::CallValue => {
                let callee = self.function.registers.get(usize::from(inst.lane(1)));
                match callee.and_then(|register| program.types.get(register.ty.index())) {
                    Some(TypeDesc::Fn { ret, .. }) => ret.is_none(),
                    _ => false,
                }
            }
            _ => Builtin::from_number(inst.index()).is_some_and(|builtin| {
                use crate::bytecode::builtin::Param;
                matches!(builtin.row().ret, Param::Void | Param::Never)
            }),
        }
    }

    /// What an instruction names, for the reader.
    fn comment(&self, inst: &Inst, start: usize, out: &mut String) {
        let program = self.program;
        let index = inst.index() as usize;
        let mut text = String::new();
        match inst.op {
            Op::Call | Op::Closure => {
                if let Some(callee) = program.functions.get(index) {
                    text.push_str(&callee.name);
                }
            }
            Op::Literal => match program.literals.get(index) {
                Some(Literal::String(string)) => text = short(string),
                Some(Literal::Variant { ty, variant }) => {
                    text = type_name(program, *ty);
                    if let Some(TypeDesc::Enum { variants, .. }) = program.types.get(ty.index())
                        && let Some(layout) = variants.get(*variant as usize)
                    {
                        let _ = write!(text, ".{}", layout.name);
                    }
                }
                Some(Literal::Function { func, .. }) => {
                    if let Some(callee) = program.functions.get(func.index()) {
                        text.push_str(&callee.name);
                    }
                }
                None => {}
            },
            Op::Unwrap | Op::CheckFlag => {
                if let Some(name) = program.names.get(inst.extra_low() as usize) {
                    text.push_str(name);
                }
            }
            Op::GlobalGet | Op::GlobalGetChecked | Op::GlobalGetRef | Op::GlobalSet | Op::GlobalSetRef => {
                if let Some(global) = program.globals.get(index) {
                    text.push_str(&global.name);
                }
            }
            Op::ConstWide => {
                let register = self.function.registers.get(usize::from(inst.lane(0)));
                text = match register.and_then(|register| program.types.get(register.ty.index())) {
                    Some(TypeDesc::F64) => format!("{:?}", f64::from_bits(inst.extra[0])),
                    Some(TypeDesc::U64 | TypeDesc::U32) => inst.extra[0].to_string(),
                    _ => (inst.extra[0] as i64).to_string(),
                };
            }
            Op::New | Op::ArrayNew | Op::MapNew | Op::ArrayFill | Op::ToStr => {
                text = type_name(program, TypeId(inst.extra_low()));
            }
            _ => {}
        }
        if !text.is_empty() {
            pad(start, out);
            let _ = write!(out, " ; {}", comment_text(&text));
        }
    }
}

/// Whether the result stands behind an arrow.
pub(in crate::bytecode) fn is_call(op: Op) -> bool {
    matches!(op, Op::Call | Op::CallValue | Op::Builtin)
}

fn arguments(inst: &Inst, out: &mut String) {
    out.push_str(" (");
    for (index, reg) in inst.args().enumerate() {
        let _ = write!(out, "{}r{reg}", if index == 0 { "" } else { ", " });
    }
    out.push(')');
}

/// Fills the line that began at `start` up to the column of positions and comments.
fn pad(start: usize, out: &mut String) {
    let length = out.len() - start;
    out.extend(std::iter::repeat_n(' ', COLUMN.saturating_sub(length)));
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_COMMENT) {
        Some((at, _)) => format!("{}...", Quoted(&text[..at])),
        None => Quoted(text).to_string(),
    }
}

/// The lines of source files, for listings.
#[derive(Default)]
pub(super) struct SourceLines {
    /// For each file that was asked for, where its lines begin.
    starts: HashMap<FileId, Vec<u32>>,
    current: Option<(FileId, usize)>,
}

impl SourceLines {
    /// Forgets which line was shown last.
    pub fn leave(&mut self) {
        self.current = None;
    }

    /// The line of a position, if it is another than that of the last.
    fn enter(&mut self, program: &Program, id: FileId, span: Span) -> Option<String> {
        let file = program.files.get(id.index())?;
        let starts = self.starts.entry(id).or_insert_with(|| {
            let ends = file.text.match_indices('\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
        });
        let line = starts.partition_point(|&start| start <= span.start).checked_sub(1)?;
        if self.current.replace((id, line)) == Some((id, line)) {
            return None;
        }
        let end = starts.get(line + 1).map_or(file.text.len(), |&next| next as usize - 1);
        let text = file.text.get(starts[line] as usize..end)?.trim_end();
        Some(comment_text(&format!("{}:{}  {text}", file.name, line + 1)))
    }
}
