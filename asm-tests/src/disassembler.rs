//! Running a disassembler program over raw bytes and reading what it prints.

use std::process::{Command, Stdio};

use crate::gnu::temporary;

/// A disassembler program.
#[derive(Clone, Copy, Debug)]
pub struct Disassembler {
    /// For `sh`; `$0` is a file that holds the code and nothing else. Files beside it whose names start with its name are
    /// removed afterwards. The output is in the way of objdump, without raw bytes.
    pub script: &'static str,
    /// The address that the script gives to the first byte.
    pub base: u64,
}

/// An instruction, as the program prints it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub address: u64,
    pub size: usize,
    pub text: String,
}

impl Disassembler {
    /// All of the code's instructions.
    ///
    /// # Errors
    /// If the program is missing or fails, or prints no instruction.
    pub fn read(&self, code: &[u8]) -> Result<Vec<Line>, String> {
        let file = temporary("bin");
        std::fs::write(&file, code).map_err(|error| error.to_string())?;
        let ran = Command::new("sh")
            .args(["-c", self.script])
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string());
        for end in ["", ".o", ".elf"] {
            // Most of these were never made.
            let _ = std::fs::remove_file(format!("{}{end}", file.display()));
        }
        let ran = ran?;
        if !ran.status.success() {
            return Err(format!("the disassembler fails: {}", String::from_utf8_lossy(&ran.stderr)));
        }
        let lines = parse(&String::from_utf8_lossy(&ran.stdout), self.base + code.len() as u64);
        if lines.is_empty() { Err("the disassembler prints nothing".into()) } else { Ok(lines) }
    }
}

/// Lines like `  1c:\tadd x0, x1, x2`; the last instruction goes to `end`.
fn parse(printed: &str, end: u64) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for line in printed.lines() {
        let Some((address, text)) = line.split_once(':') else { continue };
        let Ok(address) = u64::from_str_radix(address.trim(), 16) else { continue };
        if let Some(last) = lines.last_mut() {
            last.size = address.saturating_sub(last.address) as usize;
        }
        lines.push(Line { address, size: 0, text: text.trim().to_string() });
    }
    if let Some(last) = lines.last_mut() {
        last.size = end.saturating_sub(last.address) as usize;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read() {
        let printed = "\na.bin:     file format binary\n\n0000 <.data>:\n   0:\tnop\n   1:\tadd    eax,0x1\n      4: \tret\n";
        let line = |address, size, text: &str| Line { address, size, text: text.into() };
        assert_eq!(parse(printed, 5), [line(0, 1, "nop"), line(1, 3, "add    eax,0x1"), line(4, 1, "ret")]);
    }
}
