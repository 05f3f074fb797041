//! What a program becomes on its way to machine code, as text.

use std::fmt::Write;

use crate::bytecode::{FuncId, Op, Program, instructions};
use crate::codegen::x64::X64;
use crate::codegen::{Compiler, Options as CompilerOptions};
use crate::ir::Convention;
use crate::ir::print::print_module;
use crate::opt::{self, Analyses, Level, optimize};

use super::translate::translate;
use super::unit::{Entry, Scope, Steps};

/// A station on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The IR as it was translated.
    Translated,
    /// The IR after the optimiser.
    Ir,
    /// Where values live.
    Intervals,
    /// The machine code, with addresses, bytes and comments.
    Asm,
}

/// All functions of a program, or those of a name, at a stage: each whole, and each of its loops as it is entered from the interpreter.
/// `None`: there is no such function.
pub fn dump(program: &Program, name: Option<&str>, stage: Stage, level: Level) -> Option<String> {
    let mut out = String::new();
    let mut compiler = Compiler::new(X64::host());
    let mut found = name.is_none();
    for (index, function) in program.functions.iter().enumerate() {
        if name.is_some_and(|name| name != &*function.name) || name.is_none() && function.hidden {
            continue;
        }
        found = true;
        let func = FuncId(index as u32);
        let loops = instructions(program, &function.code)
            .map_while(Result::ok)
            .filter(|inst| inst.op == Op::Loop)
            .map(|inst| Entry::Loop(inst.pc));
        for entry in std::iter::once(Entry::Function).chain(loops) {
            let head = match entry {
                Entry::Function => format!("function {}", function.name),
                Entry::Loop(word) => format!("loop at {word} of {}", function.name),
            };
            let _ = writeln!(out, "; {head}");
            out += &unit(program, Scope { func, entry }, stage, level, &mut compiler);
            out.push('\n');
        }
    }
    found.then_some(out)
}

fn unit(program: &Program, scope: Scope, stage: Stage, level: Level, compiler: &mut Compiler<X64>) -> String {
    let unit = match translate(program, scope, &mut Steps::default()) {
        Ok(unit) => unit,
        Err(reason) => return format!("; declined: {reason}\n"),
    };
    let (module, mut function) = (unit.module, unit.function);
    let func = crate::ir::Func(0);
    if stage == Stage::Translated {
        return print_module(&module, &[(func, &function)]);
    }
    let mut options = opt::Options::new(level);
    options.vectors = crate::codegen::Isa::vectors(&compiler.isa);
    let bodies = vec![None; module.funcs.len()];
    optimize(&mut function, &module, &bodies, &options, &mut Analyses::new());
    if stage == Stage::Ir {
        return print_module(&module, &[(func, &function)]);
    }
    let settings = CompilerOptions { notes: true, ..CompilerOptions::default() };
    match compiler.compile(&function, &module, &settings) {
        Err(error) => format!("; not compiled: {error}\n"),
        Ok(compiled) if stage == Stage::Asm => compiled.listing.clone(),
        Ok(_) => compiler.interval_picture(Convention::Orus),
    }
}
