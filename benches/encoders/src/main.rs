//! `encoders ISA REPETITIONS [OUT]`: emits the stream that many times and prints `instructions cpu_ns bytes`; with OUT,
//! writes the code of one pass, each function with its length before it. `encoders ISA-constant REPETITIONS` emits a function
//! whose operands are constants in the source.

mod a64;
mod stream;
mod x64;

use std::hint::black_box;
use std::time::Instant;

use stream::Record;

/// An encoder under test.
pub trait Encoder {
    /// Emits one function and gives its code.
    fn emit(&mut self, function: &[Record]) -> &[u8];
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(isa), Some(Ok(repetitions))) =
        (arguments.first(), arguments.get(1).map(|text| text.parse::<usize>()))
    else {
        eprintln!("usage: encoders x64|x64-constant|a64 REPETITIONS [OUT]");
        std::process::exit(2);
    };
    if isa == "x64-constant" {
        let mut encoder = x64::Constant::default();
        let start = Instant::now();
        let mut bytes = 0;
        for _ in 0..repetitions {
            bytes += black_box(encoder.emit()).len();
        }
        println!("{} {} {bytes}", repetitions * x64::Constant::INSTRUCTIONS, start.elapsed().as_nanos());
        return;
    }
    let (mut encoder, registers): (Box<dyn Encoder>, Vec<u8>) = match isa.as_str() {
        // Not rsp, which cannot be an index.
        "x64" => (Box::new(x64::Stream::default()), (0..16).filter(|register| *register != 4).collect()),
        // Not x18, which platforms keep for themselves.
        "a64" => (Box::new(a64::Stream::default()), (0..29).filter(|register| *register != 18).collect()),
        other => {
            eprintln!("encoders: no instruction set named '{other}'");
            std::process::exit(2);
        }
    };
    let records = stream::generate(&registers);
    let functions: Vec<&[Record]> =
        records.split(|record| record.op == stream::END).filter(|function| !function.is_empty()).collect();
    if let Some(out) = arguments.get(2) {
        let mut all = Vec::new();
        for function in &functions {
            let code = encoder.emit(function);
            all.extend((code.len() as u32).to_le_bytes());
            all.extend(code);
        }
        if let Err(error) = std::fs::write(out, all) {
            eprintln!("encoders: {out}: {error}");
            std::process::exit(1);
        }
    }
    let start = Instant::now();
    let mut bytes = 0;
    for _ in 0..repetitions {
        for function in &functions {
            bytes += black_box(encoder.emit(function)).len();
        }
    }
    let instructions = repetitions * functions.len() * stream::PER_FUNCTION;
    println!("{instructions} {} {bytes}", start.elapsed().as_nanos());
}
