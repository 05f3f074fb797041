//! Texts that are nested deep or are long in one direction: limits must hold, and nothing may overflow.

use orus_progen::rng::Rng;

/// One of many shapes, from a few levels to many thousands.
pub fn nesting(rng: &mut Rng) -> String {
    let n = match rng.below(4) {
        0 => 1 + rng.below(100),
        1 => 200 + rng.below(120),
        2 => 1_000 + rng.below(3_000),
        _ => 10_000 + rng.below(40_000),
    };
    let around = |open: &str, middle: &str, close: &str| {
        format!("x = {}{middle}{}\nprint(x)\n", open.repeat(n), close.repeat(n))
    };
    let blocks = |header: &str, n: usize| {
        let mut text = String::new();
        for i in 0..n {
            text += &" ".repeat(i);
            text += header;
            text.push('\n');
        }
        text + &" ".repeat(n) + "pass\n"
    };
    // Blocks are indented, so their text grows with the square of the depth.
    let shallow = n.min(1_500);
    match rng.below(30) {
        0 => around("(", "1", ")"),
        1 => around("[", "1", "]"),
        2 => around("-", "1", ""),
        3 => around("~", "1", ""),
        4 => around("not ", "true", ""),
        5 => around("[[", "", "]]"),
        6 => around("{1: ", "2", "}"),
        7 => around("fn(): ", "1", ""),
        8 => around("1 if true else ", "2", ""),
        9 => around("(1 if true else ", "2", ")"),
        10 => format!("x = 1{}\nprint(x)\n", " + 1".repeat(n)),
        11 => format!("x = true{}\nprint(x)\n", " and true".repeat(n)),
        12 => format!("x = \"a\"{}\nprint(len(x))\n", " + \"b\"".repeat(n)),
        13 => format!("x = [0]\ny = x{}\n", "[0]".repeat(n)),
        14 => format!("x = \"a\"{}\nprint(len(x))\n", ".trim()".repeat(n)),
        15 => format!("f = fn(): 1\nf{}\n", "()".repeat(n)),
        16 => format!("x: {}i32{} = []\n", "[".repeat(n), "]".repeat(n)),
        17 => format!("x: {}i32 = 0\n", "fn() -> ".repeat(n)),
        18 => format!("x: {}i32{} = 0\n", "Result[i32, ".repeat(n), "]".repeat(n)),
        19 => blocks("if true:", shallow),
        20 => blocks("while true:", shallow.min(400)),
        21 => blocks("try:", shallow.min(400)),
        22 => blocks("for i in 0..1:", shallow),
        23 => {
            let mut text = String::from("x = 5\nif x == 0: pass\n");
            for i in 1..n.min(5_000) {
                text += &format!("elif x == {i}: pass\n");
            }
            text
        }
        24 => {
            let mut text = String::from("x = 5\nmatch x:\n");
            for i in 0..n.min(5_000) {
                text += &format!("    {i} -> pass\n");
            }
            text + "    _ -> print(x)\n"
        }
        25 => {
            // Functions that call each other, types inferred along the chain.
            let n = n.min(2_000);
            let mut text = String::new();
            for i in 0..n {
                text += &format!("fn f{i}(x): f{}(x)\n", i + 1);
            }
            text + &format!("fn f{n}(x): x\nprint(f0(1))\n")
        }
        26 => {
            let n = n.min(3_000);
            let params: Vec<String> = (0..n).map(|i| format!("p{i}: i32")).collect();
            let args = vec!["1"; n].join(", ");
            format!("fn f({}) -> i32: p0\nprint(f({args}))\n", params.join(", "))
        }
        27 => {
            // More variables than fit small operands.
            let mut text = String::from("fn f() -> i32:\n    mut s = 0\n");
            for i in 0..n.min(9_000) {
                text += &format!("    v{i} = {i} + s\n");
            }
            for i in 0..n.min(9_000) {
                text += &format!("    s = (s + v{i}) % 1000\n");
            }
            text + "    return s\nprint(f())\n"
        }
        28 => {
            let elements = (0..n).map(|i| (i % 10).to_string()).collect::<Vec<_>>().join(", ");
            format!("x = [{elements}]\nprint(len(x), x[len(x) - 1])\n")
        }
        _ => {
            // Types that grow with each instance.
            format!("fn f(x, n: i32):\n    if n > 0: f([x], n - 1)\nf(1, {n})\n")
        }
    }
}
