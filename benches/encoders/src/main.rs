//! `encoders ISA REPETITIONS [OUT]`: emits the stream that many times and prints `instructions cpu_ns bytes`; with OUT,
//! writes the code of one pass, each function with its length before it. `encoders x64-constant REPETITIONS` emits a function
//! whose operands are constants in the source.

use encoders::{encoder, functions, measure, measure_constant, registers, stream, write_code, x64};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(isa), Some(Ok(repetitions))) =
        (arguments.first(), arguments.get(1).map(|text| text.parse::<usize>()))
    else {
        eprintln!("usage: encoders x64|x64-constant|a64|rv64|rv64-compressed REPETITIONS [OUT]");
        std::process::exit(2);
    };
    if isa == "x64-constant" {
        println!("{}", measure_constant(&mut x64::Constant::default(), repetitions));
        return;
    }
    let (Some(mut encoder), Some(registers)) = (encoder(isa), registers(isa)) else {
        eprintln!("encoders: no instruction set named '{isa}'");
        std::process::exit(2);
    };
    let records = stream::generate(&registers);
    let functions = functions(&records);
    if let Some(out) = arguments.get(2)
        && let Err(error) = write_code(encoder.as_mut(), &functions, out)
    {
        eprintln!("encoders: {out}: {error}");
        std::process::exit(1);
    }
    println!("{}", measure(encoder.as_mut(), &functions, repetitions));
}
