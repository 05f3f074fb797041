//! Whether peers emit the same instructions, so that none wins by emitting less.

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};

/// The length of each instruction.
pub fn lengths(isa: &str, code: &[u8]) -> Vec<u8> {
    match isa {
        "x64" => Decoder::new(64, code, DecoderOptions::NONE).iter().map(|one| one.len() as u8).collect(),
        "rv64-compressed" => {
            let (mut at, mut lengths) = (0, Vec::new());
            while at < code.len() {
                // 32 bits if the two lowest are set (RISC-V, "Expanded Instruction-Length Encoding").
                lengths.push(if code[at] & 3 == 3 { 4 } else { 2 });
                at += usize::from(*lengths.last().unwrap_or(&4));
            }
            lengths
        }
        _ => vec![4; code.len() / 4],
    }
}

/// Compares files of functions, each with its length before it. x86_64 has forms of different length for one instruction,
/// so its code is decoded, with targets of branches as numbers of instructions; elsewhere the words must be equal.
///
/// # Errors
/// A sentence on the first difference.
pub fn compare(isa: &str, files: &[&str]) -> Result<String, String> {
    let mut first: Option<Vec<String>> = None;
    for file in files {
        let listing = listing(isa, file)?;
        let Some(first) = &first else {
            first = Some(listing);
            continue;
        };
        if first.len() != listing.len() {
            return Err(format!("{} instructions and {} in {file}", first.len(), listing.len()));
        }
        let differing: Vec<_> = first.iter().zip(&listing).filter(|(ours, theirs)| ours != theirs).collect();
        if let Some((ours, theirs)) = differing.first() {
            return Err(format!("{} differ in {file}, first `{ours}` and `{theirs}`", differing.len()));
        }
    }
    let count = first.map_or(0, |listing| listing.len());
    Ok(format!("{isa}: {} files hold the same {count} instructions", files.len()))
}

fn listing(isa: &str, file: &str) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let (mut rest, mut out) = (&bytes[..], Vec::new());
    while let Some((length, from)) = rest.split_first_chunk() {
        let (code, after) = from
            .split_at_checked(u32::from_le_bytes(*length) as usize)
            .ok_or_else(|| format!("{file} is cut short"))?;
        match isa {
            "x64" => decode_x64(code, &mut out).map_err(|what| format!("{file}: {what}"))?,
            _ => out.extend(code.chunks(4).map(|word| format!("{word:02x?}"))),
        }
        rest = after;
    }
    Ok(out)
}

fn decode_x64(code: &[u8], out: &mut Vec<String>) -> Result<(), String> {
    let mut formatter = IntelFormatter::new();
    let code: Vec<Instruction> = Decoder::new(64, code, DecoderOptions::NONE).iter().collect();
    for one in &code {
        let mut text = String::new();
        if one.is_invalid() {
            return Err(format!("no instruction at {:#x}", one.ip()));
        }
        if one.is_jcc_short_or_near() || one.is_jmp_short_or_near() || one.is_call_near() {
            let target = code
                .binary_search_by_key(&one.near_branch_target(), Instruction::ip)
                .map_err(|_| format!("the branch at {:#x} leads into an instruction", one.ip()))?;
            text = format!("{:?} {target}", one.mnemonic());
        } else {
            formatter.format(one, &mut text);
        }
        out.push(text);
    }
    Ok(())
}
