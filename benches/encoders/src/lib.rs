//! Our assembler on a stream of instructions, and how an assembler is measured on it. `benches/asm-peers` puts other
//! assemblers beside it, measured by the same functions.

pub mod a64;
pub mod rv64;
pub mod stream;
pub mod x64;

use std::hint::black_box;
use std::io;

use nix::time::{ClockId, clock_gettime};

use stream::Record;

/// An encoder under test.
pub trait Encoder {
    /// Sets aside what a function needs, if that is known.
    fn reserve(&mut self) {}

    /// Emits one function and gives its code.
    fn emit(&mut self, function: &[Record]) -> &[u8];
}

/// An encoder whose operands are constants in the source.
pub trait ConstantEncoder {
    /// Emits the function of [`x64::Constant`] and gives its code.
    fn emit(&mut self) -> &[u8];
}

/// The general registers of an instruction set that its stream draws from: all but those that have a job.
pub fn registers(isa: &str) -> Option<Vec<u8>> {
    match isa {
        // Not rsp, which cannot be an index.
        "x64" => Some((0..16).filter(|register| *register != 4).collect()),
        // Not x18, which platforms keep for themselves.
        "a64" => Some((0..29).filter(|register| *register != 18).collect()),
        // Not zero, sp, gp, tp, and not ra; with compressed forms where they fit, or without.
        "rv64" | "rv64-compressed" => Some((5..32).collect()),
        _ => None,
    }
}

/// Our encoder for an instruction set.
pub fn encoder(isa: &str) -> Option<Box<dyn Encoder>> {
    match isa {
        "x64" => Some(Box::new(x64::Stream::default())),
        "a64" => Some(Box::new(a64::Stream::default())),
        "rv64" => Some(Box::new(rv64::Stream::new(false))),
        "rv64-compressed" => Some(Box::new(rv64::Stream::new(true))),
        _ => None,
    }
}

/// The functions of a stream.
pub fn functions(records: &[Record]) -> Vec<&[Record]> {
    records.split(|record| record.op == stream::END).filter(|function| !function.is_empty()).collect()
}

/// What was emitted, and in which CPU time.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub instructions: usize,
    pub cpu_ns: u64,
    pub bytes: usize,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.instructions, self.cpu_ns, self.bytes)
    }
}

/// Emits all functions that many times.
pub fn measure(encoder: &mut dyn Encoder, functions: &[&[Record]], repetitions: usize) -> Measured {
    let (start, mut bytes) = (cpu_ns(), 0);
    for _ in 0..repetitions {
        for function in functions {
            bytes += black_box(encoder.emit(function)).len();
        }
    }
    let instructions = repetitions * functions.len() * stream::PER_FUNCTION;
    Measured { instructions, cpu_ns: cpu_ns() - start, bytes }
}

/// Emits the function with constant operands that many times.
pub fn measure_constant(encoder: &mut dyn ConstantEncoder, repetitions: usize) -> Measured {
    let (start, mut bytes) = (cpu_ns(), 0);
    for _ in 0..repetitions {
        bytes += black_box(encoder.emit()).len();
    }
    Measured { instructions: repetitions * x64::Constant::INSTRUCTIONS, cpu_ns: cpu_ns() - start, bytes }
}

/// Writes the code of one pass, each function with its length before it.
///
/// # Errors
/// Those of the file.
pub fn write_code(encoder: &mut dyn Encoder, functions: &[&[Record]], file: &str) -> io::Result<()> {
    let mut all = Vec::new();
    for function in functions {
        let code = encoder.emit(function);
        all.extend((code.len() as u32).to_le_bytes());
        all.extend(code);
    }
    std::fs::write(file, all)
}

/// CPU time of this thread.
fn cpu_ns() -> u64 {
    match clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) {
        Ok(time) => time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64,
        Err(error) => panic!("no clock of the thread's CPU time: {error}"),
    }
}
