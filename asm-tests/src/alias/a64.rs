//! AArch64, as objdump prints it with `-M no-aliases`: without the names that the manual prefers for special cases.

use super::{Alias, Holes, aliases};
use crate::oracle::Dialect;

pub static DIALECT: Dialect = Dialect { ours, theirs, aliases: ALIASES };

/// Targets as addresses; without a shift or an extension by 0 that is there by default.
fn ours(text: &str, address: u64) -> String {
    let place = |displacement: &str| address.wrapping_add(displacement.parse::<i64>().unwrap_or(0) as u64);
    if let Some((before, displacement)) = text.split_once(":lo12:(.") {
        let (displacement, after) = displacement.split_once(')').unwrap_or((displacement, ""));
        return format!("{before}{:#x}{after}", place(displacement) & 0xfff);
    }
    if let Some((before, displacement)) =
        text.split_once(" .").filter(|(_, rest)| rest.starts_with(['+', '-']))
    {
        let target = place(displacement);
        return format!("{before} {:#x}", if text.starts_with("adrp ") { target & !0xfff } else { target });
    }
    for (end, kept) in
        [(", lsl #0", ""), ("xtb #0", "xtb"), ("xth #0", "xth"), ("xtw #0", "xtw"), ("xtx #0", "xtx")]
    {
        if let Some(before) = text.strip_suffix(end) {
            return format!("{before}{kept}");
        }
    }
    text.to_string()
}

/// Without comments; with lists of registers written out, and the operand that a system operation has by default.
fn theirs(text: &str, _address: u64) -> String {
    let text = text.split("//").next().unwrap_or(text).trim();
    let text = match text.starts_with("sys\t") && text.split(',').count() == 4 {
        true => format!("{text}, xzr"),
        false => text.replace(" ; undefined", ", undefined"),
    };
    let Some((before, first, last, after)) = list(&text) else { return text };
    let ((first, arrangement), (last, _)) = (first, last);
    let count = (last + 32 - first) % 32;
    let registers: Vec<String> =
        (0..=count).map(|n| format!("v{}.{arrangement}", (first + n) % 32)).collect();
    format!("{before}{{{}}}{after}", registers.join(", "))
}

/// The number of a vector register, and its arrangement.
type Vector<'a> = (u32, &'a str);

/// `{v1.8b-v3.8b}`: what is before it, two registers with their arrangement, what is after it.
fn list(text: &str) -> Option<(&str, Vector<'_>, Vector<'_>, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inner, after) = rest.split_once('}')?;
    let (first, last) = inner.split_once('-')?;
    let register = |text| -> Option<Vector<'_>> {
        let (number, arrangement) = str::strip_prefix(text, "v")?.split_once('.')?;
        Some((number.parse().ok()?, arrangement))
    };
    Some((before, register(first)?, register(last)?, after))
}

/// Bits `s` to `r` of a bit-field move that shifts left by `l` in registers of so many bits.
fn left(holes: &Holes, bits: i64) -> bool {
    holes.numbers(["l", "r", "s"]).is_some_and(|[l, r, s]| r == (bits - l) % bits && s == bits - 1 - l)
}

/// The same for one that inserts `w` bits at bit `l`.
fn insert(holes: &Holes, bits: i64) -> bool {
    holes.numbers(["l", "w", "r", "s"]).is_some_and(|[l, w, r, s]| r == (bits - l) % bits && s == w - 1)
}

/// The same for one that extracts `w` bits from bit `l` on.
fn extract(holes: &Holes) -> bool {
    holes.numbers(["l", "w", "s"]).is_some_and(|[l, w, s]| s == l + w - 1)
}

/// `b` is the opposite of `a`.
fn opposite(holes: &Holes) -> bool {
    const PAIRS: [(&str, &str); 7] =
        [("eq", "ne"), ("hs", "cc"), ("mi", "pl"), ("vs", "vc"), ("hi", "ls"), ("ge", "lt"), ("gt", "le")];
    let (Some(a), Some(b)) = (holes.word("a"), holes.word("b")) else { return false };
    PAIRS.contains(&(a, b)) || PAIRS.contains(&(b, a)) || (a, b) == ("lo", "cs")
}

/// The name of a register ends with the level that its second number gives.
fn level(holes: &Holes) -> bool {
    let (Some(ours), Some(theirs)) = (holes.word("r"), holes.word("name")) else { return false };
    let numbers: Vec<&str> = ours.split('_').collect();
    let levels = match theirs.rsplit_once("_el").map(|(_, level)| level) {
        Some("0") => "3",
        Some("1") => "012",
        Some("2") => "4",
        Some("3") => "6",
        Some("12" | "02") => "5",
        _ => "0123",
    };
    !theirs.starts_with("s2_")
        && !theirs.starts_with("s3_")
        && numbers.len() == 5
        && levels.contains(numbers[1])
}

/// The word is LDPSW of these registers, which are the same, or one of which is the base that is written back.
fn unpredictable(holes: &Holes) -> bool {
    let (Some(word), Some(first), Some(second)) = (holes.number("word"), holes.word("t"), holes.word("u"))
    else {
        return false;
    };
    let number = |register: &str| if register == "zr" { Some(31) } else { register.parse::<i64>().ok() };
    let (rt, rt2, rn) = (word & 31, word >> 10 & 31, word >> 5 & 31);
    let writes_back = word >> 23 & 1 == 1;
    word >> 25 == 0x34
        && word >> 22 & 1 == 1
        && (number(first), number(second)) == (Some(rt), Some(rt2))
        && (rt == rt2 || writes_back && rn != 31 && (rn == rt || rn == rt2))
}

const ALIASES: &[Alias] = aliases! {
    "two names of one condition" {
        "b.hs $t" "b.cs $t";
        "b.lo $t" "b.cc $t";
        "$x, $n, $m, hs" "$x, $n, $m, cs";
        "$x, $n, $m, lo" "$x, $n, $m, cc";
    }
    "a select of equal sources, on the opposite condition" {
        "cset x$d, $a" "csinc x$d, xzr, xzr, $b" when opposite;
        "cset w$d, $a" "csinc w$d, wzr, wzr, $b" when opposite;
        "csetm x$d, $a" "csinv x$d, xzr, xzr, $b" when opposite;
        "csetm w$d, $a" "csinv w$d, wzr, wzr, $b" when opposite;
        "cinc $d, $n, $a" "csinc $d, $n, $n, $b" when opposite;
        "cinv $d, $n, $a" "csinv $d, $n, $n, $b" when opposite;
        "cneg $d, $n, $a" "csneg $d, $n, $n, $b" when opposite;
    }
    "an extension by nothing is a shift, where the stack pointer allows no other" {
        "$x, $n, $m, uxtx $s" "$x, $n, $m, lsl $s" when |holes| holes.has("sp");
        "$x, $n, $m, uxtx" "$x, $n, $m" when |holes| holes.has("sp");
        "cmp sp, $m, uxtx $s" "subs xzr, sp, $m, lsl $s";
        "cmp sp, $m, uxtx" "subs xzr, sp, $m";
        "cmn sp, $m, uxtx $s" "adds xzr, sp, $m, lsl $s";
        "cmn sp, $m, uxtx" "adds xzr, sp, $m";
        "$x, $n, $m, uxtw $s" "$x, $n, $m, lsl $s" when |holes| holes.has("wsp");
        "$x, $n, $m, uxtw" "$x, $n, $m" when |holes| holes.has("wsp");
        "cmp wsp, $m, uxtw $s" "subs wzr, wsp, $m, lsl $s";
        "cmp wsp, $m, uxtw" "subs wzr, wsp, $m";
        "cmn wsp, $m, uxtw $s" "adds wzr, wsp, $m, lsl $s";
        "cmn wsp, $m, uxtw" "adds wzr, wsp, $m";
    }
    "a shift by a register" {
        "lsl $d, $n, $m" "lslv $d, $n, $m";
        "lsr $d, $n, $m" "lsrv $d, $n, $m";
        "asr $d, $n, $m" "asrv $d, $n, $m";
        "ror $d, $n, $m" "rorv $d, $n, $m";
    }
    "a shift is a move of a bit field" {
        "lsl x$d, x$n, $l" "ubfm x$d, x$n, $r, $s" when |holes| left(holes, 64);
        "lsl w$d, w$n, $l" "ubfm w$d, w$n, $r, $s" when |holes| left(holes, 32);
        "lsr x$d, x$n, $l" "ubfm x$d, x$n, $l, 63";
        "lsr w$d, w$n, $l" "ubfm w$d, w$n, $l, 31";
        "asr x$d, x$n, $l" "sbfm x$d, x$n, $l, 63";
        "asr w$d, w$n, $l" "sbfm w$d, w$n, $l, 31";
        "ror $d, $n, $l" "extr $d, $n, $n, $l";
    }
    "a bit field by its place and size" {
        "ubfiz x$d, x$n, $l, $w" "ubfm x$d, x$n, $r, $s" when |holes| insert(holes, 64);
        "ubfiz w$d, w$n, $l, $w" "ubfm w$d, w$n, $r, $s" when |holes| insert(holes, 32);
        "sbfiz x$d, x$n, $l, $w" "sbfm x$d, x$n, $r, $s" when |holes| insert(holes, 64);
        "sbfiz w$d, w$n, $l, $w" "sbfm w$d, w$n, $r, $s" when |holes| insert(holes, 32);
        "bfi x$d, x$n, $l, $w" "bfm x$d, x$n, $r, $s" when |holes| insert(holes, 64);
        "bfi w$d, w$n, $l, $w" "bfm w$d, w$n, $r, $s" when |holes| insert(holes, 32);
        "bfc x$d, $l, $w" "bfm x$d, xzr, $r, $s" when |holes| insert(holes, 64);
        "bfc w$d, $l, $w" "bfm w$d, wzr, $r, $s" when |holes| insert(holes, 32);
        "ubfx $d, $n, $l, $w" "ubfm $d, $n, $l, $s" when extract;
        "sbfx $d, $n, $l, $w" "sbfm $d, $n, $l, $s" when extract;
        "bfxil $d, $n, $l, $w" "bfm $d, $n, $l, $s" when extract;
    }
    "an extension is a move of a bit field" {
        "sxtb x$d, w$n" "sbfm x$d, x$n, 0, 7";
        "sxtb w$d, w$n" "sbfm w$d, w$n, 0, 7";
        "sxth x$d, w$n" "sbfm x$d, x$n, 0, 15";
        "sxth w$d, w$n" "sbfm w$d, w$n, 0, 15";
        "sxtw x$d, w$n" "sbfm x$d, x$n, 0, 31";
        "uxtb w$d, w$n" "ubfm w$d, w$n, 0, 7";
        "uxth w$d, w$n" "ubfm w$d, w$n, 0, 15";
    }
    "one operand is the zero register" {
        "mov x$d, x$m" "orr x$d, xzr, x$m";
        "mov w$d, w$m" "orr w$d, wzr, w$m";
        "mvn x$d, $m.." "orn x$d, xzr, $m..";
        "mvn w$d, $m.." "orn w$d, wzr, $m..";
        "neg x$d, $m.." "sub x$d, xzr, $m..";
        "neg w$d, $m.." "sub w$d, wzr, $m..";
        "negs x$d, $m.." "subs x$d, xzr, $m..";
        "negs w$d, $m.." "subs w$d, wzr, $m..";
        "ngc x$d, $m" "sbc x$d, xzr, $m";
        "ngc w$d, $m" "sbc w$d, wzr, $m";
        "ngcs x$d, $m" "sbcs x$d, xzr, $m";
        "ngcs w$d, $m" "sbcs w$d, wzr, $m";
        "mul x$d, $n, $m" "madd x$d, $n, $m, xzr";
        "mul w$d, $n, $m" "madd w$d, $n, $m, wzr";
        "mneg x$d, $n, $m" "msub x$d, $n, $m, xzr";
        "mneg w$d, $n, $m" "msub w$d, $n, $m, wzr";
        "smull $d, $n, $m" "smaddl $d, $n, $m, xzr";
        "umull $d, $n, $m" "umaddl $d, $n, $m, xzr";
        "smnegl $d, $n, $m" "smsubl $d, $n, $m, xzr";
        "umnegl $d, $n, $m" "umsubl $d, $n, $m, xzr";
    }
    "the destination is the zero register" {
        "cmp x$n, $m.." "subs xzr, x$n, $m..";
        "cmp sp, $m.." "subs xzr, sp, $m..";
        "cmp wsp, $m.." "subs wzr, wsp, $m..";
        "cmp w$n, $m.." "subs wzr, w$n, $m..";
        "cmn x$n, $m.." "adds xzr, x$n, $m..";
        "cmn sp, $m.." "adds xzr, sp, $m..";
        "cmn wsp, $m.." "adds wzr, wsp, $m..";
        "cmn w$n, $m.." "adds wzr, w$n, $m..";
        "tst x$n, $m.." "ands xzr, x$n, $m..";
        "tst w$n, $m.." "ands wzr, w$n, $m..";
    }
    "an extension of vectors is a shift by 0" {
        "sxtl $d, $n" "sshll $d, $n, 0";
        "sxtl2 $d, $n" "sshll2 $d, $n, 0";
        "uxtl $d, $n" "ushll $d, $n, 0";
        "uxtl2 $d, $n" "ushll2 $d, $n, 0";
    }
    "an instruction of vectors that the manual calls otherwise" {
        "mvn $d, $n" "not $d, $n";
        "mov $d, $n" "orr $d, $n, $n";
    }
    "the default operand is not printed" {
        "clrex 15" "clrex";
        "dcps1 0" "dcps1";
        "dcps2 0" "dcps2";
        "dcps3 0" "dcps3";
        "ret x30" "ret";
    }
    "a bit below 32 is tested in the 32-bit register" {
        "tbz x$n, $bit, $t" "tbz w$n, $bit, $t" when |holes| holes.number("bit").is_some_and(|bit| bit < 32);
        "tbnz x$n, $bit, $t" "tbnz w$n, $bit, $t" when |holes| holes.number("bit").is_some_and(|bit| bit < 32);
    }
    "a hint by its number" {
        "nop" "hint 0";
        "yield" "hint 1";
        "wfe" "hint 2";
        "wfi" "hint 3";
        "sev" "hint 4";
        "sevl" "hint 5";
        "dgh" "hint 6";
        "xpaclri" "hint 7";
        "pacia1716" "hint 8";
        "pacib1716" "hint 10";
        "autia1716" "hint 12";
        "autib1716" "hint 14";
        "esb" "hint 16";
        "psb csync" "hint 17";
        "tsb csync" "hint 18";
        "csdb" "hint 20";
        "paciaz" "hint 24";
        "paciasp" "hint 25";
        "pacibz" "hint 26";
        "pacibsp" "hint 27";
        "autiaz" "hint 28";
        "autiasp" "hint 29";
        "autibz" "hint 30";
        "autibsp" "hint 31";
        "bti" "hint 32";
        "bti c" "hint 34";
        "bti j" "hint 36";
        "bti jc" "hint 38";
    }
    "a barrier by its number" {
        "ssbb" "dsb 0";
        "pssbb" "dsb 4";
    }
    "a system operation by its numbers" {
        "dc ivac, $t" "sys 0, c7, c6, 1, $t";
        "dc isw, $t" "sys 0, c7, c6, 2, $t";
        "dc csw, $t" "sys 0, c7, c10, 2, $t";
        "dc cisw, $t" "sys 0, c7, c14, 2, $t";
        "dc zva, $t" "sys 3, c7, c4, 1, $t";
        "dc cvac, $t" "sys 3, c7, c10, 1, $t";
        "dc cvau, $t" "sys 3, c7, c11, 1, $t";
        "dc cvap, $t" "sys 3, c7, c12, 1, $t";
        "dc civac, $t" "sys 3, c7, c14, 1, $t";
        "ic iallu" "sys 0, c7, c5, 0, xzr";
        "ic ialluis" "sys 0, c7, c1, 0, xzr";
        "ic ivau, $t" "sys 3, c7, c5, 1, $t";
    }
    "a system register by its name" {
        "mrs $t, s3_3_c4_c2_0" "mrs $t, nzcv";
        "mrs $t, s3_3_c4_c4_0" "mrs $t, fpcr";
        "mrs $t, s3_3_c4_c4_1" "mrs $t, fpsr";
        "mrs $t, $r" "mrs $t, $name" when level;
        "msr s3_3_c4_c2_0, $t" "msr nzcv, $t";
        "msr s3_3_c4_c4_0, $t" "msr fpcr, $t";
        "msr s3_3_c4_c4_1, $t" "msr fpsr, $t";
        "msr $r, $t" "msr $name, $t" when level;
    }
    "a load of two values into one register, or into a base that is written back, is CONSTRAINED UNPREDICTABLE: it is not read" {
        "ldpsw x$t, x$u, $m.." ".inst $word, undefined" when unpredictable;
    }
};
