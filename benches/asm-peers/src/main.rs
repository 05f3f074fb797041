//! Other assemblers on the stream of `benches/encoders`, beside ours; `tools/asm-bench --peers` drives it.
//!
//! `asm-peers ISA-PEER REPETITIONS [OUT]` emits the stream that many times and prints `instructions cpu_ns bytes`; with
//! OUT, it writes the code of one pass, each function with its length before it. `x64-constant-PEER` emits the function
//! whose operands are constants in the source. `asm-peers check ISA OUT OUT...` fails unless all these files hold the same
//! instructions. `asm-peers stream ISA FILE` and `asm-peers header FILE` write the stream and the numbers in it, for peers in C++.
//!
//! Rules. Every peer has the same `match` over the record's operation; registers, immediates and conditions come from the
//! record; memory is kept from function to function where the peer has means to; labels are resolved after each function.
//! Where a peer has a method that picks the shortest form and one that does not, it may use what costs it least.

mod asmkit;
mod check;
mod cranelift;
mod dynasm;
mod floor;
mod iced;

use encoders::{
    ConstantEncoder, Encoder, functions, measure, measure_constant, registers, stream, write_code, x64,
};
use stream::Record;

/// The peer of that name, for the instruction set.
fn peer(isa: &str, name: &str, functions: &[&[Record]]) -> Option<Box<dyn Encoder>> {
    Some(match (isa, name) {
        (_, "ours") => encoders::encoder(isa)?,
        (_, "copy16") => Box::new(floor::Copy16::new(isa, functions)?),
        ("x64", "dynasm-rs") => Box::new(dynasm::X64::default()),
        ("a64", "dynasm-rs") => Box::new(dynasm::A64::default()),
        ("rv64", "dynasm-rs") => Box::new(dynasm::Rv64::default()),
        ("x64", "cranelift") => Box::new(cranelift::Stream::default()),
        ("x64", "iced") => Box::new(iced::Stream::default()),
        ("x64", "asmkit") => Box::new(asmkit::X64::default()),
        ("a64", "asmkit") => Box::new(asmkit::A64::default()),
        ("rv64", "asmkit") => Box::new(asmkit::Rv64::default()),
        _ => return None,
    })
}

fn constant_peer(name: &str) -> Option<Box<dyn ConstantEncoder>> {
    Some(match name {
        "ours" => Box::new(x64::Constant::default()),
        "cranelift" => Box::new(cranelift::Constant::default()),
        "dynasm-rs" => Box::new(dynasm::Constant::default()),
        _ => return None,
    })
}

/// The operations' numbers and the stream's sizes, as C++.
fn header() -> String {
    let names: String = stream::NAMES.iter().map(|name| format!("{name}, ")).collect();
    format!(
        "enum Operation : unsigned char {{ {names}BIND = {}, END = {} }};\nconstexpr unsigned PER_FUNCTION = {}, LABELS = {};\n",
        stream::BIND,
        stream::END,
        stream::PER_FUNCTION,
        stream::LABELS
    )
}

/// The records of a stream, in the layout that C++ gives them.
fn stream_bytes(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        out.extend([record.op, record.a, record.b, record.c]);
        out.extend(record.label.to_ne_bytes());
        out.extend(record.imm.to_ne_bytes());
    }
    out
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let described = |error: std::io::Error| error.to_string();
    match arguments {
        ["check", isa, files @ ..] => return check::compare(isa, files),
        ["header", file] => std::fs::write(file, header()).map_err(described)?,
        ["stream", isa, file] => {
            let registers = registers(isa).ok_or("no such instruction set")?;
            std::fs::write(file, stream_bytes(&stream::generate(&registers))).map_err(described)?;
        }
        [name, repetitions, out @ ..] => {
            let repetitions = repetitions.parse().map_err(|_| "no number of repetitions")?;
            if let Some(name) = name.strip_prefix("x64-constant-") {
                let mut peer = constant_peer(name).ok_or("no such peer")?;
                if let [out] = out {
                    let code = peer.emit();
                    let whole = [&(code.len() as u32).to_le_bytes(), code].concat();
                    std::fs::write(out, whole).map_err(described)?;
                }
                return Ok(measure_constant(peer.as_mut(), repetitions).to_string());
            }
            let (isa, name) = ["x64", "a64", "rv64-compressed", "rv64"]
                .into_iter()
                .find_map(|isa| Some((isa, name.strip_prefix(isa)?.strip_prefix('-')?)))
                .ok_or("no such instruction set")?;
            let records = stream::generate(&registers(isa).ok_or("no such instruction set")?);
            let functions = functions(&records);
            let mut peer = peer(isa, name, &functions).ok_or("no such peer")?;
            if let [out] = out {
                write_code(peer.as_mut(), &functions, out).map_err(described)?;
            }
            return Ok(measure(peer.as_mut(), &functions, repetitions).to_string());
        }
        _ => return Err("see the head of main.rs for the arguments".into()),
    }
    Ok(String::new())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(said) => println!("{said}"),
        Err(error) => {
            eprintln!("asm-peers: {}: {error}", arguments.join(" "));
            std::process::exit(1);
        }
    }
}
