//! x86_64, as objdump prints it with `-M intel`.

use super::{Alias, Holes, aliases};
use crate::oracle::Dialect;

pub static DIALECT: Dialect = Dialect { ours, theirs, aliases: ALIASES };

/// Without what pins the encoding for GNU as; displacements as targets, negative immediates as objdump shows them.
fn ours(text: &str, address: u64) -> String {
    let text = without_pins(text).replace("offset Z+", "").replace("offset Z", "").replace(", {", "{");
    // `.+5-7`, from the start of the instruction.
    if let Some((before, sum)) = text.split_once(".+").filter(|(before, _)| before.ends_with(' ')) {
        let (size, displacement) = sum.split_at(sum.find(['+', '-']).unwrap_or(sum.len()));
        let number = |text: &str| text.parse::<i64>().unwrap_or(0) as u64;
        return format!(
            "{before}{:#x}",
            address.wrapping_add(number(size)).wrapping_add(number(displacement))
        );
    }
    let text = match text.contains("{1to") {
        true => text.replace(" ptr ", " bcst "),
        false => text.replace(" ptr ", " "),
    };
    // In as many bits as the first operand has.
    let Some((before, operand)) = text.rsplit_once(", ") else { return text };
    let Ok(number @ ..0) = operand.parse::<i64>() else { return text };
    format!("{before}, {:#x}", number as u64 & (u64::MAX >> (64 - operand_bits(before))))
}

fn without_pins(text: &str) -> &str {
    let mut text = text;
    while let Some((_, after)) = text.strip_prefix('{').and_then(|rest| rest.split_once("} ")) {
        text = after;
    }
    text
}

/// The size of the first operand.
fn operand_bits(text: &str) -> u32 {
    let text = text.strip_prefix("lock ").unwrap_or(text);
    let operand = text.split_once(' ').map_or("", |(_, operands)| operands);
    let first = operand.split([' ', ',']).next().unwrap_or_default();
    match first {
        "byte" | "al" | "cl" | "dl" | "bl" | "spl" | "bpl" | "sil" | "dil" => 8,
        "word" | "ax" | "cx" | "dx" | "bx" | "sp" | "bp" | "si" | "di" => 16,
        "dword" | "eax" | "ecx" | "edx" | "ebx" | "esp" | "ebp" | "esi" | "edi" => 32,
        _ if !first.starts_with('r') => 64,
        _ => match first.as_bytes().last() {
            Some(b'b') => 8,
            Some(b'w') => 16,
            Some(b'd') => 32,
            _ => 64,
        },
    }
}

/// Without comments and pins; a broadcast with its count, which objdump prints only where no register tells it.
fn theirs(text: &str, _address: u64) -> String {
    let text = without_pins(text.split(" # ").next().unwrap_or(text));
    let text = text.to_ascii_lowercase().replace(" ptr ", " ").replace(",{", "{");
    let Some(at) = text.find(" bcst ").filter(|_| !text.contains("{1to")) else { return text };
    // Conversions to narrower lanes have no register of that size; their count is printed for the others.
    let is_narrower = ["pd2dq", "pd2udq", "pd2ps", "qq2ps"].iter().any(|name| text.contains(name));
    let register = if text.contains("zmm") || is_narrower {
        512
    } else if text.contains("ymm") {
        256
    } else {
        128
    };
    // Conversions to lanes of 64 bits.
    let is_wider = ["dq2pd", "ps2pd", "ps2qq", "ps2uqq"].iter().any(|name| text.contains(name));
    let lane = if text[..at].ends_with("qword") || is_wider { 64 } else { 32 };
    let end = text[at..].find([']', ',']).map_or(text.len(), |end| at + end);
    let end = if text[end..].starts_with(']') { end + 1 } else { end };
    format!("{}{{1to{}}}{}", &text[..end], register / lane, &text[end..])
}

/// The names of AVX's predicates, by number.
const PREDICATES: [&str; 32] = [
    "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord", "eq_uq", "nge", "ngt", "false", "neq_oq", "ge",
    "gt", "true", "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq", "nle_uq", "ord_s", "eq_us",
    "nge_uq", "ngt_uq", "false_os", "neq_os", "ge_oq", "gt_oq", "true_us",
];

/// The mnemonic of theirs begins with the name of the predicate.
fn predicate(holes: &Holes) -> bool {
    let (Some(end), Some(number), Some(named)) = (holes.word("s"), holes.number("i"), holes.word("t")) else {
        return false;
    };
    let name = usize::try_from(number).ok().and_then(|number| PREDICATES.get(number));
    name.is_some_and(|name| named.strip_prefix(name) == Some(end))
}

/// The mnemonic of theirs names the halves that are multiplied. objdump 2.40 reads 2 and 3 like 16 and 17, which is a slip:
/// bits 0 and 4 count.
fn halves(holes: &Holes) -> bool {
    let names = match holes.number("i") {
        Some(0) => "lqlqdq",
        Some(1) => "hqlqdq",
        Some(2 | 16) => "lqhqdq",
        Some(3 | 17) => "hqhqdq",
        _ => return false,
    };
    holes.word("halves") == Some(names)
}

const ALIASES: &[Alias] = aliases! {
    "a predicate has a name" {
        "cmp$s $a, $b, $i" "cmp$t $a, $b" when predicate;
        "vcmp$s $d, $a, $b, $i" "vcmp$t $d, $a, $b" when predicate;
        "vpcmp$s $d, $a, $b, $i" "vpcmp$t $d, $a, $b" when predicate;
    }
    "which halves are multiplied has a name" {
        "pclmulqdq $d, $m, $i" "pclmul$halves $d, $m" when halves;
        "vpclmulqdq $d, $a, $b, $i" "vpclmul$halves $d, $a, $b" when halves;
    }
    "the size of the operand has another name, or none" {
        "cmpxchg16b xmmword $m" "cmpxchg16b oword $m";
        "lock cmpxchg16b xmmword $m" "lock cmpxchg16b oword $m";
        "lddqu $d, xmmword $m" "lddqu $d, $m";
        "vlddqu $d, xmmword $m" "vlddqu $d, $m";
        "vlddqu $d, ymmword $m" "vlddqu $d, $m";
    }
    "64 bits are the default" {
        "popfq" "popf";
        "pushfq" "pushf";
    }
    "the operands of a string instruction are implied" {
        "rep movsb" "rep movs byte es:[rdi],byte ds:[rsi]";
        "rep movsq" "rep movs qword es:[rdi],qword ds:[rsi]";
        "rep stosb" "rep stos byte es:[rdi],al";
        "rep stosq" "rep stos qword es:[rdi],rax";
        "repe cmpsb" "repz cmps byte ds:[rsi],byte es:[rdi]";
        "repne scasb" "repnz scas al,byte es:[rdi]";
    }
};
