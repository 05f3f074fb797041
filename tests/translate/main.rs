//! The translator from bytecode to IR: what it makes of small programs (`tests/jit`), and that whatever programs there are become
//! functions that the IR's verifier accepts, before and after each pass, and that compile.
//!
//! `ORUS_TRANSLATE=all` optimises and compiles every unit; else one in some is.
#![cfg(all(feature = "jit", unix, target_arch = "x86_64"))]

#[path = "../common/directory.rs"]
mod directory;
mod memory;
mod scalars;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use directory::directory;
use orus::bytecode::{FuncId, Op, Program, instructions, parse, verify};
use orus::codegen::x64::X64;
use orus::codegen::{CompileError, Compiler, Options};
use orus::ir;
use orus::jit::translate::{SLOTS_LIMIT, translate};
use orus::jit::unit::{Declined, Entry, Scope, Steps, Unit};
use orus::opt::{self, Analyses, Level, optimize, pipeline::Vectors};
use orus::vm::layout::OFFSETS;

/// All units that a program could be compiled in.
fn scopes(program: &Program) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for (index, function) in program.functions.iter().enumerate() {
        let func = FuncId(index as u32);
        scopes.push(Scope { func, entry: Entry::Function });
        let loops =
            instructions(program, &function.code).map_while(Result::ok).filter(|inst| inst.op == Op::Loop);
        scopes.extend(loops.map(|inst| Scope { func, entry: Entry::Loop(inst.pc) }));
    }
    scopes
}

/// Bytecode as IR, unit by unit: each function, or each loop; as it is made, or optimised.
#[test]
fn texts() {
    directory("jit", |stage, input| {
        let program = match parse(input) {
            Ok(program) => program,
            Err(error) => return format!("{error}\n"),
        };
        if let Err(error) = verify(&program) {
            return format!("{error}\n");
        }
        let mut text = String::new();
        let mut steps = Steps::default();
        for scope in scopes(&program) {
            let wanted = match stage {
                "functions" | "optimised" => scope.entry == Entry::Function,
                "loops" => scope.entry != Entry::Function,
                _ => panic!("no stage `{stage}`"),
            };
            if !wanted {
                continue;
            }
            let mut unit = match translate(&program, scope, &mut steps) {
                Ok(unit) => unit,
                Err(declined) => {
                    let _ = writeln!(text, "; {}: {declined}", scope.func);
                    continue;
                }
            };
            ir::verify(&unit.function, &unit.module).unwrap_or_else(|error| panic!("{error}"));
            if stage == "optimised" {
                optimise(&mut unit, Level::Full);
            }
            text += &named(&ir::print_function(&unit.function, &unit.module));
        }
        for number in 0..steps.len() as u64 {
            let step = steps.get(number).expect("there are so many");
            let words: Vec<String> = step.words.iter().map(|word| format!("{word:#x}")).collect();
            let op = Op::from_number(step.words[0] as u16).map_or("?", |op| op.row().text);
            let _ = writeln!(
                text,
                "; step {number}: {op}, {} of {} references, {} registers, out {:?}: {}",
                step.refs,
                step.args,
                step.registers,
                step.outs,
                words.join(" ")
            );
        }
        text
    });
}

/// A text with the names of the context's fields: where they are changes now and then.
fn named(text: &str) -> String {
    let mut text = text.to_owned();
    for &(name, offset) in OFFSETS {
        if name == "machine.out" {
            for index in (0..4).rev() {
                text = text.replace(&format!("[{}]", offset + 8 * index), &format!("[machine.out+{index}]"));
            }
        } else if name.starts_with("machine.") || name.starts_with("context.") && name != "context.cursors" {
            // Objects of the tests are not as large as this.
            assert!(offset > 300, "{name}");
            text = text.replace(&format!("[{offset}]"), &format!("[{name}]"));
        }
    }
    text
}

fn optimise(unit: &mut Unit, level: Level) {
    let mut options = opt::pipeline::Options::new(level);
    options.vectors = Vectors::V128;
    let bodies = vec![None; unit.module.funcs.len()];
    optimize(&mut unit.function, &unit.module, &bodies, &options, &mut Analyses::default());
}

/// The Orus programs below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "orus") {
            found.push(path);
        }
    }
}

/// What became of the units of many programs.
#[derive(Default)]
struct Count {
    units: usize,
    loops: usize,
    steps: usize,
    words: usize,
    bytecode: usize,
    ir: usize,
    optimised: usize,
    fast: usize,
    full: usize,
    bytes: usize,
    too_large: usize,
    declined: BTreeMap<String, usize>,
    ops: HashSet<Op>,
}

fn check(program: &Program, stride: usize, count: &mut Count, compiler: &mut Compiler<X64>) {
    let mut steps = Steps::default();
    for scope in scopes(program) {
        let function = &program.functions[scope.func.index()];
        let unit = match translate(program, scope, &mut steps) {
            Ok(unit) => unit,
            Err(declined) => {
                let right = match declined {
                    Declined::DepthCost => function.depth_cost > 1,
                    Declined::TooLong { words } => {
                        words > 1 << 16 || words * function.registers.len() > SLOTS_LIMIT
                    }
                    Declined::TooManyRegisters { registers } => registers > 4096,
                    _ => false,
                };
                assert!(right, "{} of {}: {declined}", scope.func, function.name);
                *count.declined.entry(declined.to_string()).or_default() += 1;
                continue;
            }
        };
        let named = |error: &dyn std::fmt::Display, stage: &str| {
            let text = ir::print_function(&unit.function, &unit.module);
            panic!("{stage} of {:?} ({}): {error}\n{text}", scope, function.name)
        };
        if let Err(error) = ir::verify(&unit.function, &unit.module) {
            named(&error, "translation");
        }
        assert_eq!(unit.callees.len(), unit.module.funcs.len());
        count.units += 1;
        if scope.entry == Entry::Function {
            let insts = instructions(program, &function.code).map_while(Result::ok);
            let ops: Vec<Op> = insts.map(|inst| inst.op).collect();
            count.bytecode += ops.len();
            count.words += function.code.len();
            count.ops.extend(ops);
            count.ir += unit.function.size();
        } else {
            count.loops += 1;
        }
        if !count.units.is_multiple_of(stride) {
            continue;
        }
        for level in [Level::None, Level::Fast, Level::Full] {
            let mut unit =
                Unit { function: unit.function.clone(), module: unit.module.clone(), ..unit_of(&unit) };
            optimise(&mut unit, level);
            if let Err(error) = ir::verify(&unit.function, &unit.module) {
                named(&error, "optimisation");
            }
            match level {
                Level::None => count.optimised += unit.function.size(),
                Level::Fast => count.fast += unit.function.size(),
                Level::Full => count.full += unit.function.size(),
            }
            match compiler.compile(&unit.function, &unit.module, &Options::default()) {
                Ok(compiled) => count.bytes += compiled.bytes.len(),
                Err(CompileError::FrameTooLarge { .. }) => count.too_large += 1,
                Err(error) => named(&error, "compilation"),
            }
        }
    }
    count.steps += steps.len();
}

fn unit_of(unit: &Unit) -> Unit {
    Unit {
        scope: unit.scope,
        module: ir::Module::new(),
        function: ir::Function::new("", ir::Signature::new(&[], ir::Kind::None, ir::Convention::Orus)),
        callees: unit.callees.clone(),
    }
}

impl Count {
    fn report(&self) -> String {
        let mut text = format!(
            "{} units ({} of them loops), {} steps; functions: {} instructions in {} words -> {} of IR ({:.2} each)\n",
            self.units,
            self.loops,
            self.steps,
            self.bytecode,
            self.words,
            self.ir,
            self.ir as f64 / self.bytecode as f64,
        );
        let _ = writeln!(
            text,
            "sample: IR {} -> fast {} -> full {}; {} bytes of code; {} frames too large",
            self.optimised, self.fast, self.full, self.bytes, self.too_large
        );
        let _ = writeln!(text, "declined: {:?}", self.declined);
        text
    }
}

/// Every program of the language tests, the examples, the tour and the benchmarks, and every text of bytecode.
#[test]
fn all_programs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = std::env::var_os("ORUS_TRANSLATE").is_some_and(|value| value == "all");
    let stride = if all { 1 } else { 7 };
    let mut paths = Vec::new();
    for folder in ["tests/lang", "examples", "benches/kernels"] {
        sources(&root.join(folder), &mut paths);
    }
    let (mut count, mut compiler) = (Count::default(), Compiler::new(X64::host()));
    let mut programs = 0;
    for path in &paths {
        // Many tests are of programs that are no programs.
        if let Ok(program) = orus::Program::from_file(path) {
            programs += 1;
            check(program.bytecode(), stride, &mut count, &mut compiler);
        }
    }
    let document = std::fs::read_to_string(root.join("docs/LANGUAGE.md")).expect("the tour is there");
    for block in document.split("```orus\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        if let Ok(program) = orus::Program::from_source("tour.orus", block) {
            programs += 1;
            check(program.bytecode(), stride, &mut count, &mut compiler);
        }
    }
    for folder in ["tests/vm", "tests/bytecode"] {
        let mut texts: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .expect("it is there")
            .flatten()
            .map(|entry| entry.path())
            .collect();
        texts.sort();
        for path in texts {
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let input = text.split("\n;; ").next().unwrap_or_default();
            if let Ok(program) = parse(&format!("{input}\n"))
                && verify(&program).is_ok()
            {
                programs += 1;
                check(&program, 1, &mut count, &mut compiler);
            }
        }
    }
    println!("{programs} programs: {}", count.report());
    assert!(programs > 800, "{programs} programs");
    assert!(count.loops > 300 && count.steps > 3000, "{}", count.report());
    let left_out: Vec<Op> =
        orus::bytecode::OPCODES.iter().map(|row| row.op).filter(|op| !count.ops.contains(op)).collect();
    assert!(left_out.is_empty(), "no program has {left_out:?}");
}
