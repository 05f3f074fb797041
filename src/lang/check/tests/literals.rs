//! Literals and their context (3.3).

use super::{accepts, rejects, types};

#[test]
fn the_examples_of_the_reference() {
    types(
        "a = 7\nb: i64 = 7\nc: f64 = 7\nd = 3_000_000_000\ne = 18_446_744_073_709_551_615\nf = b * 2 + 1\n\
         g = 0xFFFFFFFF\nh: i32 = 0xFFFFFFFF\nk = [0x10, 0xCAFEBABE]\n",
        "a: i32; b: i64; c: f64; d: i64; e: u64; f: i64; g: i64; h: i32; k: [i32]",
    );
    rejects("m: u32 = -1\nn: i32 = 3_000_000_000\n", "E2001 1:10, E2001 2:10");
}

#[test]
fn operands_give_each_other_their_context() {
    types(
        "b: i64 = 1\nx: f64 = 1.5\nm = 1 + 2 * b\nn = (1 << 3) & b\no = -(2 + 3) * x\np = 2 + (1 if b > 0 else 3) + b\n",
        "m: i64; n: i64; o: f64; p: i64",
    );
    rejects("b: i64 = 1\nn: i32 = 2\nc = 1 + b + n\n", "E2004 3:11");
}

#[test]
fn literals_alone_take_one_type_together() {
    types(
        "a = 1 + 2.5\nb = 1 + 3_000_000_000\nc = 1 if 2 > 1.5 else 2.5\nd = max(2, 2.5)\ne = (1 + 3_000_000_000) * 2\n",
        "a: f64; b: i64; c: f64; d: f64; e: i64",
    );
    rejects("a = -9223372036854775809\n", "E1007 1:5");
    rejects("a = -1 + 18446744073709551615\n", "E1007 1:5");
}

#[test]
fn suffixes_fix_the_type() {
    types("a = 5u\nb = 0xFFu64\nc = 2f64\nd = -5i64\n", "a: u32; b: u64; c: f64; d: i64");
    rejects("a = 0xFFFFFFFFi32\n", "E1007 1:5");
    rejects("a = -5u32\n", "E1007 1:5");
    accepts("a = -2147483648i32\n");
    rejects("a = 2147483648i32\n", "E1007 1:5");
}

#[test]
fn arms_are_contexts_for_each_other() {
    types(
        "n: i64 = 3\na = n if n > 2 else 0\nb = 0 if n > 2 else n\nc = 1 if n > 2 else 2 if n > 1 else n\n\
         d = match n:\n    1 -> 5\n    2 -> n\n    _ -> 7\n",
        "a: i64; b: i64; c: i64; d: i64",
    );
    rejects("c = true\na = 1 if c else \"x\"\n", "E2001 2:17");
}

#[test]
fn unknown_operands_and_literals() {
    types("f = fn(a): a + 1\nx = f(2i64)\n", "x: i64");
    types("f = fn(a): a + 1.5\nx = f(2)\n", "x: f64");
    types("f = fn(a): a + 1\n", "f: fn(i32) -> i32");
    rejects("f = fn(a): a + 1\nx = f(\"s\")\n", "E2004 1:14");
    rejects("f = fn(a): a + 3_000_000_000\nx = f(1i32)\n", "E2001 1:16");
    rejects("f = fn(a): -a\nx = f(1u)\n", "E2007 1:12");
    rejects("f = fn(a, b): a < b\nx = f(true, false)\n", "E2007 1:17");
}

#[test]
fn bool_equals_integer() {
    accepts("a = true == 1\nb = 0 == false\nn: u64 = 1\nc = n == true\n");
    rejects("a = true == 1.0\n", "E2001 1:10");
}
