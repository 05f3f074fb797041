//! Reads the text form of a program back. See [`print`](super::print()) for what it looks like.
//!
//! The text may be anything: every mistake is an error with its line. What is read is a program whose parts fit
//! together as far as the text says; whether it may run is the verifier's affair.

mod code;
mod lexer;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use super::decode::{call_arity, capture_count};
use super::opcode::{OPCODES, Op};
use super::print::spec_name;
use super::program::*;
use lexer::{Line, Token};

/// What is wrong with a text, and in which line, counted from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    pub line: u32,
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

type Parse<T> = Result<T, ParseError>;

/// A program from its text form.
pub fn parse(text: &str) -> Parse<Program> {
    let mut parser = Parser {
        program: Program::new(),
        lines: text.split('\n'),
        number: 0,
        held: None,
        mnemonics: OPCODES.iter().map(|row| (row.text, row.op)).collect(),
        calls: Vec::new(),
    };
    while let Some((text, number)) = parser.line() {
        let mut line = Line::new(text, number);
        parser.item(&mut line)?;
    }
    parser.check_calls()?;
    Ok(parser.program)
}

struct Parser<'s> {
    program: Program,
    lines: std::str::Split<'s, char>,
    /// Of the line given last.
    number: u32,
    /// A line that was read and not used.
    held: Option<(&'s str, u32)>,
    mnemonics: HashMap<&'static str, Op>,
    /// Instructions whose number of arguments depends on what may come later in the text.
    calls: Vec<Call>,
}

struct Call {
    line: u32,
    op: Op,
    callee: u32,
    args: u32,
}

impl<'s> Parser<'s> {
    fn line(&mut self) -> Option<(&'s str, u32)> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let text = self.lines.next()?;
        self.number = self.number.saturating_add(1);
        Some((text, self.number))
    }

    /// A line outside of functions.
    fn item(&mut self, line: &mut Line<'s>) -> Parse<()> {
        let Some(first) = line.peek()? else { return Ok(()) };
        let Token::Word(keyword) = first else { return line.error("a keyword expected") };
        line.next()?;
        let program = &mut self.program;
        match keyword {
            "file" => {
                next_index(line, 's', program.files.len())?;
                let name = line.text()?;
                line.end()?;
                let text = self.file_text();
                self.program.files.push(SourceFile { name, text });
                Ok(())
            }
            "type" => {
                next_index(line, 't', program.types.len())?;
                line.expect("=")?;
                let desc = type_desc(line)?;
                program.types.push(desc);
                line.end()
            }
            "global" => {
                next_index(line, 'g', program.globals.len())?;
                let (name, ty) = (line.text()?, type_id(line)?);
                program.globals.push(Global { name, ty });
                line.end()
            }
            "name" => {
                next_index(line, 'n', program.names.len())?;
                program.names.push(line.text()?);
                line.end()
            }
            "literal" => {
                next_index(line, 'k', program.literals.len())?;
                line.expect("=")?;
                let literal = match line.word()? {
                    "string" => Literal::String(line.text()?),
                    "variant" => {
                        let ty = type_id(line)?;
                        line.expect(",")?;
                        line.expect("#")?;
                        Literal::Variant { ty, variant: line.number()? }
                    }
                    "function" => {
                        let ty = type_id(line)?;
                        line.expect(",")?;
                        Literal::Function { ty, func: FuncId(line.index('f')?) }
                    }
                    other => return line.error(format!("`{other}` is no kind of literal")),
                };
                program.literals.push(literal);
                line.end()
            }
            "format" => {
                next_index(line, 'p', program.formats.len())?;
                let args = line.list("(", ")", type_id)?;
                line.expect("=")?;
                let mut pieces = Vec::new();
                if line.peek()?.is_some() {
                    line.items(|line| {
                        pieces.push(piece(line)?);
                        Ok(())
                    })?;
                }
                program.formats.push(Format { pieces, args });
                line.end()
            }
            "counters" => {
                program.counters = line.number()?;
                line.end()
            }
            "entry" => {
                program.entry.push(FuncId(line.index('f')?));
                line.end()
            }
            "export" => {
                let (name, func) = (line.text()?, FuncId(line.index('f')?));
                program.exports.push((name, func));
                line.end()
            }
            "fn" => {
                next_index(line, 'f', program.functions.len())?;
                let function = self.function(line)?;
                self.program.functions.push(Arc::new(function));
                Ok(())
            }
            other => line.error(format!("`{other}` begins nothing here")),
        }
    }

    /// The lines behind a `|`.
    fn file_text(&mut self) -> Arc<str> {
        let mut text: Option<String> = None;
        while let Some((line, number)) = self.line() {
            let Some(line) = line.strip_prefix('|') else {
                self.held = Some((line, number));
                break;
            };
            let line = line.strip_prefix(' ').unwrap_or(line);
            match &mut text {
                None => text = Some(line.to_string()),
                Some(text) => {
                    text.push('\n');
                    text.push_str(line);
                }
            }
        }
        text.unwrap_or_default().into()
    }

    /// A call has as many arguments as its callee takes, else the code would be read otherwise than it was written.
    fn check_calls(&self) -> Parse<()> {
        for call in &self.calls {
            let program = &self.program;
            let taken = match call.op {
                Op::Call => call_arity(program, FuncId(call.callee)),
                Op::Closure => capture_count(program, FuncId(call.callee)),
                _ => program.formats.get(call.callee as usize).map(|format| format.args.len() as u64),
            };
            let message = match taken {
                Some(taken) if taken == u64::from(call.args) => continue,
                Some(taken) => format!("{} arguments given where {taken} are taken", call.args),
                None => format!("callee or format {} does not exist", call.callee),
            };
            return Err(ParseError { line: call.line, message });
        }
        Ok(())
    }
}

/// The number of a table's row, which must be the next.
fn next_index(line: &mut Line, prefix: char, next: usize) -> Parse<()> {
    let index = line.index(prefix)?;
    if index as usize == next { Ok(()) } else { line.error(format!("`{prefix}{next}` comes next")) }
}

fn type_id(line: &mut Line) -> Parse<TypeId> {
    Ok(TypeId(line.index('t')?))
}

fn piece(line: &mut Line) -> Parse<Piece> {
    if let Some(Token::Text(_)) = line.peek()? {
        return Ok(Piece::Text(line.text()?));
    }
    let word = line.word()?;
    if word == "decimals" {
        return Ok(Piece::Arg(Spec::Decimals(line.number()?)));
    }
    let specs = [Spec::Plain, Spec::LowerHex, Spec::UpperHex, Spec::Binary, Spec::Octal, Spec::Nested];
    match specs.into_iter().find(|spec| spec_name(*spec) == word) {
        Some(spec) => Ok(Piece::Arg(spec)),
        None => line.error(format!("`{word}` is no specifier")),
    }
}

fn type_desc(line: &mut Line) -> Parse<TypeDesc> {
    Ok(match line.word()? {
        "i32" => TypeDesc::I32,
        "i64" => TypeDesc::I64,
        "u32" => TypeDesc::U32,
        "u64" => TypeDesc::U64,
        "f64" => TypeDesc::F64,
        "bool" => TypeDesc::Bool,
        "string" => TypeDesc::String,
        "error" => TypeDesc::Error,
        "range" => TypeDesc::Range,
        "unknown" => TypeDesc::Unknown,
        "alias" => TypeDesc::Alias(type_id(line)?),
        "array" => TypeDesc::Array(type_id(line)?),
        "cell" => TypeDesc::Cell(type_id(line)?),
        "map" => {
            let key = type_id(line)?;
            line.expect(",")?;
            TypeDesc::Map { key, value: type_id(line)? }
        }
        "tag" => {
            let name = line.text()?;
            TypeDesc::Tag { name, variants: line.list("{", "}", Line::text)? }
        }
        "struct" => TypeDesc::Struct(layout(line)?),
        "enum" => {
            let name = line.text()?;
            TypeDesc::Enum { name, variants: line.list("{", "}", layout)? }
        }
        "fn" => {
            let params = line.list("(", ")", type_id)?;
            let ret = if line.take("->")? { Some(type_id(line)?) } else { None };
            TypeDesc::Fn { params, ret }
        }
        "closure" => {
            let func = FuncId(line.index('f')?);
            TypeDesc::Closure { func, captures: layout(line)? }
        }
        other => return line.error(format!("`{other}` is no kind of type")),
    })
}

fn layout(line: &mut Line) -> Parse<Layout> {
    let name = line.text()?;
    line.expect("refs")?;
    let refs = line.number()?;
    let fields = line.list("{", "}", |line| {
        let (name, ty) = (line.text()?, type_id(line)?);
        line.expect(".")?;
        Ok(Field { name, ty, slot: line.number()? })
    })?;
    Ok(Layout { name, fields, refs })
}
