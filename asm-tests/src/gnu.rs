//! Running an assembler program and reading its object file.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// An assembler program: reads a file of text, writes an ELF object.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// The program, by names to try in order, and its arguments. `{out}` and `{in}` stand for the files.
    pub programs: &'static [&'static str],
    pub arguments: &'static [&'static str],
    /// Text before and after the instructions.
    pub prologue: &'static str,
    pub epilogue: &'static str,
}

/// What the program said.
#[derive(Debug)]
pub enum Failure {
    /// It could not be run, or its output is not what it should be.
    Tool(String),
    /// It does not take these lines of the body, counted from 0.
    Lines(Vec<(usize, String)>),
}

/// A name for a file that nothing else has.
pub(crate) fn temporary(extension: &str) -> PathBuf {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("asm-{}-{serial}.{extension}", std::process::id()))
}

impl Tool {
    /// The bytes of the `.text` section that a body of text assembles to.
    ///
    /// # Errors
    /// If the program is missing, or refuses lines.
    pub fn assemble(&self, body: &str) -> Result<Vec<u8>, Failure> {
        let (input, output) = (temporary("s"), temporary("o"));
        let result = self.assemble_files(body, &input, &output);
        for file in [input, output] {
            // The output is missing after a failure.
            let _ = std::fs::remove_file(file);
        }
        result
    }

    fn assemble_files(&self, body: &str, input: &PathBuf, output: &PathBuf) -> Result<Vec<u8>, Failure> {
        let text = format!("{}\n{body}\n{}\n", self.prologue, self.epilogue);
        std::fs::write(input, text).map_err(|error| Failure::Tool(error.to_string()))?;
        let mut last = String::new();
        for program in self.programs {
            let mut command = Command::new(program);
            for argument in self.arguments {
                match *argument {
                    "{in}" => command.arg(input),
                    "{out}" => command.arg(output),
                    other => command.arg(other),
                };
            }
            let ran = match command.stdin(Stdio::null()).output() {
                Ok(ran) => ran,
                Err(error) => {
                    last = format!("{program}: {error}");
                    continue;
                }
            };
            if !ran.status.success() {
                let said = String::from_utf8_lossy(&ran.stderr);
                let lines = self.lines_refused(&said);
                return Err(if lines.is_empty() {
                    Failure::Tool(said.into_owned())
                } else {
                    Failure::Lines(lines)
                });
            }
            let object = std::fs::read(output).map_err(|error| Failure::Tool(error.to_string()))?;
            return section(&object, b".text").ok_or_else(|| Failure::Tool("no .text in the object".into()));
        }
        Err(Failure::Tool(last))
    }

    /// From messages like `FILE:LINE: Error: WHAT`.
    fn lines_refused(&self, said: &str) -> Vec<(usize, String)> {
        let before = self.prologue.lines().count().max(1);
        let mut lines = Vec::new();
        for message in said.lines() {
            let lower = message.to_ascii_lowercase();
            if !lower.contains("error") {
                continue;
            }
            let mut parts = message.splitn(3, ':').skip(1);
            if let (Some(Ok(line)), Some(what)) = (parts.next().map(str::parse::<usize>), parts.next()) {
                lines.push((line.saturating_sub(before + 1), what.trim().to_string()));
            }
        }
        lines.dedup_by_key(|(line, _)| *line);
        lines
    }
}

/// The contents of a section of a little-endian ELF64 file.
fn section(object: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = object.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0usize, |value, byte| value << 8 | usize::from(*byte)))
    };
    let (headers, size, count) = (number(0x28, 8)?, number(0x3a, 2)?, number(0x3c, 2)?);
    let names = number(headers + number(0x3e, 2)? * size + 0x18, 8)?;
    for header in (0..count).map(|index| headers + index * size) {
        let name = object.get(names + number(header, 4)?..)?;
        if name.starts_with(wanted) && name.get(wanted.len()) == Some(&0) {
            let (offset, length) = (number(header + 0x18, 8)?, number(header + 0x20, 8)?);
            return Some(object.get(offset..offset + length)?.to_vec());
        }
    }
    None
}
