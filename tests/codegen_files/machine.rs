//! The stages `codegen`, `intervals` and `allocation`: what functions become on a machine.

use orus::code::features::{self, X64 as Features};
use orus::codegen::x64::X64;
use orus::codegen::{Compiler, Options};
use orus::ir::{Function, Module, Parsed};

/// What was asked for.
struct Setting {
    isa: X64,
    options: Options,
}

/// `x64 [features=baseline|avx2,…] [regs=N]`
fn setting(words: &[&str]) -> Setting {
    let (&target, settings) = words.split_first().expect("a target");
    assert_eq!(target, "x64", "no target `{target}`");
    // The same on every machine, whatever it has itself.
    let all = Features::AVX2
        | Features::AVX
        | Features::BMI2
        | Features::BMI1
        | Features::SSE4_1
        | Features::POPCNT;
    let mut setting =
        Setting { isa: X64 { features: all }, options: Options { notes: true, ..Options::default() } };
    for word in settings {
        match word.split_once('=') {
            Some(("features", list)) => setting.isa.features = features::less(all, list).expect("features"),
            Some(("regs", count)) => {
                let count: usize = count.parse().expect("a number");
                setting.options.registers = Some((count, count));
            }
            _ => panic!("there is no setting `{word}`"),
        }
    }
    setting
}

fn each(
    parsed: &Parsed,
    words: &[&str],
    mut text: impl FnMut(&Compiler<X64>, &Function, &Module) -> String,
) -> String {
    let Setting { isa, options } = setting(words);
    // One for all functions: what another function has left there shows.
    let mut compiler = Compiler::new(isa);
    let mut out = String::new();
    for (_, function) in &parsed.functions {
        if !out.is_empty() {
            out.push('\n');
        }
        match compiler.compile(function, &parsed.module, &options) {
            Ok(_) => out += &text(&compiler, function, &parsed.module),
            Err(error) => out += &format!("{}: {error}\n", function.name),
        }
    }
    out
}

/// `codegen x64 …`: the code, with the patterns that have applied.
pub fn codegen(parsed: &Parsed, words: &[&str]) -> String {
    each(parsed, words, |compiler, function, _| {
        let compiled = compiler.compiled();
        let mut head = format!("{}  x64  {} bytes", function.name, compiled.bytes.len());
        match compiled.frame_bytes {
            Some(bytes) => head += &format!("  frame {bytes}"),
            None => head += "  no frame",
        }
        for (name, count) in compiler.patterns() {
            head += &format!("  {name} {count}");
        }
        format!("{head}\n{}", compiled.listing)
    })
}

/// `allocation x64 …`: the machine instructions with their places, and the moves between them.
pub fn allocation(parsed: &Parsed, words: &[&str]) -> String {
    each(parsed, words, |compiler, function, _| {
        format!("{}\n{}", function.name, compiler.allocation_listing(function.sig.convention))
    })
}

/// `intervals x64 …`: where each value lives, as a picture of the function's first hundred steps.
pub fn intervals(parsed: &Parsed, words: &[&str]) -> String {
    each(parsed, words, |compiler, function, _| {
        format!("{}\n{}", function.name, compiler.interval_picture(function.sig.convention))
    })
}
