//! A loop over arrays, as the vectoriser wants it.

use std::fmt::Write;

use super::{ARRAYS, Rng, VARIABLES};

/// A program with a loop over arrays, as the vectoriser wants it: inverted, without bounds checks, what does not change outside.
pub fn vector_program(rng: &mut Rng) -> String {
    let kind = rng.pick(&["i32", "i32", "i32", "u32", "f64", "i64", "i64"]);
    let homes: &[usize] = match kind {
        "f64" => &[11],
        "i64" => &[12],
        _ => &[9, 10, 13],
    };
    let size = if kind == "f64" || kind == "i64" { 8 } else { 4 };
    let class = if kind == "u32" { "i32" } else { kind };
    let mut text = String::new();
    let mut next = 14 + 40;
    let mut value = || {
        next += 1;
        format!("v{next}")
    };
    let mut body = String::new();
    let mut head = String::new();
    let counter = "v14";
    // Values of the turn; those from outside.
    let outside: &[&str] = match kind {
        "i32" => &["v0", "v1", "3", "-1", "2147483647"],
        "u32" => &["v6", "1", "7"],
        "f64" => &["v8", "0.5", "1.0"],
        _ => &["v4", "v5", "1", "-3"],
    };
    let mut inside: Vec<String> = Vec::new();
    let mut masks: Vec<String> = Vec::new();
    let mut states = 0;
    let shift = rng.once_in(4);
    let with_checks = rng.once_in(2);
    let mut accumulators: Vec<(String, &str, String, String)> = Vec::new();
    let steps = 2 + rng.below(6);
    let mut guards: Vec<String> = Vec::new();
    for step in 0..steps + 2 {
        let any = |rng: &mut Rng, inside: &[String]| {
            if inside.is_empty() || rng.once_in(4) {
                rng.pick(outside).to_owned()
            } else {
                inside[rng.below(inside.len() as u64) as usize].clone()
            }
        };
        let index = if shift && rng.once_in(2) {
            let moved = value();
            let _ = writeln!(body, "    {moved} = add.i32 {counter}, 1");
            moved
        } else {
            counter.to_owned()
        };
        let choice = if step == 0 { 0 } else { rng.below(12) };
        match choice {
            0 | 1 => {
                let loaded = value();
                let home = rng.pick(homes);
                let _ =
                    writeln!(body, "    {loaded} = load.{kind} v{home}[{index}*{size} + 16] @array.{class}");
                inside.push(loaded);
            }
            2 if !inside.is_empty() => {
                let home = rng.pick(homes);
                let stored = any(rng, &inside);
                let _ =
                    writeln!(body, "    store.{kind} v{home}[{index}*{size} + 16], {stored} @array.{class}");
            }
            3 | 4 => {
                let op = match kind {
                    "f64" => rng.pick(&["add", "sub", "mul", "div"]),
                    "i64" => rng.pick(&["add", "sub", "and", "or", "xor"]),
                    _ => rng.pick(&["add", "sub", "mul", "and", "or", "xor", "min", "max"]),
                };
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = {op}.{kind} {x}, {y}");
                inside.push(z);
            }
            5 if kind != "f64" && with_checks => {
                let op = rng.pick(&["add", "sub"]);
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let slots: Vec<String> = inside.iter().cloned().chain(Some(counter.to_owned())).collect();
                guards.push(format!(
                    "    fs{states} = 7@{} [{}]\n    g{states} = overflow fs{states}\n",
                    states + 2,
                    slots.join(", ")
                ));
                let _ = writeln!(body, "    {z} = {op}.checked.{kind} {x}, {y}, g{states}");
                states += 1;
                inside.push(z);
            }
            6 => {
                let (x, z) = (any(rng, &inside), value());
                let op =
                    if kind == "f64" { rng.pick(&["neg", "abs", "sqrt"]) } else { rng.pick(&["neg", "not"]) };
                let _ = writeln!(body, "    {z} = {op}.{kind} {x}");
                inside.push(z);
            }
            7 => {
                let cond = rng.pick(&["lt", "le", "gt", "ge", "eq", "ne"]);
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = {cond}.{kind} {x}, {y}");
                masks.push(z);
            }
            8 if !masks.is_empty() => {
                let mask = masks[rng.below(masks.len() as u64) as usize].clone();
                let (x, y, z) = (any(rng, &inside), any(rng, &inside), value());
                let _ = writeln!(body, "    {z} = select.{kind} {mask}, {x}, {y}");
                inside.push(z);
            }
            9 if !masks.is_empty() => {
                let mask = masks[rng.below(masks.len() as u64) as usize].clone();
                let (one, param, sum) = (value(), value(), value());
                let counted = rng.pick(&["i32", "u32", "i64"]);
                let _ = writeln!(body, "    {one} = select.{counted} {mask}, 1, 0");
                let checked = rng.once_in(2);
                if checked {
                    guards.push(format!(
                        "    fs{states} = 7@{} [{param}]\n    g{states} = overflow fs{states}\n",
                        states + 2
                    ));
                    let _ = writeln!(body, "    {sum} = add.checked.{counted} {param}, {one}, g{states}");
                    states += 1;
                } else {
                    let _ = writeln!(body, "    {sum} = add.{counted} {one}, {param}");
                }
                let start = rng.number(counted).to_string();
                accumulators.push((param, counted, start, sum));
            }
            10 if kind != "f64" && !inside.is_empty() => {
                let (x, param, sum) = (any(rng, &inside), value(), value());
                let op = match kind {
                    "i64" => rng.pick(&["add", "add", "and", "or", "xor", "add.checked", "add.checked"]),
                    _ => rng.pick(&["add", "min", "max", "xor", "add.checked", "add.checked"]),
                };
                if op == "add.checked" {
                    guards.push(format!("    fs{states} = 7@{} [{param}, {counter}, {x}:{kind}]\n    g{states} = overflow fs{states}\n", states + 2).replace(&format!("{x}:{kind}"), &if x.starts_with('v') { x.clone() } else { format!("{x}:{kind}") }));
                    let _ = writeln!(body, "    {sum} = {op}.{kind} {param}, {x}, g{states}");
                    states += 1;
                } else {
                    let _ = writeln!(body, "    {sum} = {op}.{kind} {param}, {x}");
                }
                let start =
                    if rng.once_in(3) { rng.number(kind).to_string() } else { rng.below(50).to_string() };
                accumulators.push((param, kind, start, sum));
            }
            11 if !inside.is_empty() && rng.once_in(2) => {
                let x = inside[rng.below(inside.len() as u64) as usize].clone();
                let start = if kind == "f64" { "0.5" } else { "3" };
                accumulators.push((value(), kind, start.to_owned(), x));
            }
            _ => {}
        }
    }
    for guard in &guards {
        head.push_str(guard);
    }
    let polled: Vec<String> = accumulators
        .iter()
        .flat_map(|(param, .., sum)| [param.clone(), sum.clone()])
        .chain(Some(counter.to_owned()))
        .collect();
    let _ = writeln!(head, "    fs{states} = 7@1 [{}]\n    g{states} = poll fs{states}", polled.join(", "));
    text.push_str("b0:\n");
    let mut limit = "v1000".to_owned();
    let _ = writeln!(text, "    v1000 = load.i32 v{}[8] @length", homes[0]);
    for (at, home) in homes.iter().enumerate().skip(1) {
        let _ = writeln!(
            text,
            "    v{} = load.i32 v{home}[8] @length\n    v{} = min.i32 {limit}, v{}",
            1000 + 2 * at,
            1001 + 2 * at,
            1000 + 2 * at
        );
        limit = format!("v{}", 1001 + 2 * at);
    }
    if shift {
        let _ = writeln!(text, "    v1100 = sub.i32 {limit}, 1");
        limit = "v1100".to_owned();
    }
    let start = if rng.once_in(3) {
        let _ = writeln!(text, "    v1101 = and.i32 v2, 7");
        "v1101"
    } else {
        "0"
    };
    let inclusive = rng.once_in(5);
    let cond = if inclusive { "le" } else { rng.pick(&["lt", "lt", "ne"]) };
    let bound = if inclusive {
        let _ = writeln!(text, "    v1102 = sub.i32 {limit}, 1");
        "v1102"
    } else {
        &limit
    };
    let starts: Vec<String> =
        Some(start.to_owned()).into_iter().chain(accumulators.iter().map(|known| known.2.clone())).collect();
    let nexts: Vec<String> =
        Some("v15".to_owned()).into_iter().chain(accumulators.iter().map(|known| known.3.clone())).collect();
    let params: Vec<String> = Some(format!("{counter}: i32"))
        .into_iter()
        .chain(accumulators.iter().map(|known| format!("{}: {}", known.0, known.1)))
        .collect();
    let first = if start == "0" { "v1103" } else { start };
    if start == "0" {
        let _ = writeln!(text, "    v1103 = and.i32 v2, 0");
    }
    let _ = writeln!(
        text,
        "    br.lt.i32 {first}, {limit}, b1({}), b2({})",
        starts.join(", "),
        starts.join(", ")
    );
    let _ = writeln!(
        text,
        "b1({}):\n{body}    poll g{states}\n    v15 = add.i32 {counter}, 1",
        params.join(", ")
    );
    let _ =
        writeln!(text, "    br.{cond}.i32 v15, {bound}, b1({}), b2({})", nexts.join(", "), nexts.join(", "));
    let results: Vec<String> = (0..nexts.len())
        .map(|at| format!("v{}: {}", 2000 + at, if at == 0 { "i32" } else { accumulators[at - 1].1 }))
        .collect();
    let _ = writeln!(text, "b2({}):\n    v3000 = convert.i32.i64 v2000", results.join(", "));
    let mut sum = "v3000".to_owned();
    for (at, (_, kind, ..)) in accumulators.iter().enumerate() {
        let wide = match *kind {
            "i64" => format!("v{}", 2001 + at),
            "f64" => {
                let _ = writeln!(text, "    v{} = bitcast.f64.i64 v{}", 3100 + at, 2001 + at);
                format!("v{}", 3100 + at)
            }
            kind => {
                let _ = writeln!(text, "    v{} = convert.{kind}.i64 v{}", 3100 + at, 2001 + at);
                format!("v{}", 3100 + at)
            }
        };
        let _ = writeln!(
            text,
            "    v{} = mul.i64 {sum}, 31\n    v{} = add.i64 v{}, {wide}",
            3200 + at,
            3300 + at,
            3200 + at
        );
        sum = format!("v{}", 3300 + at);
    }
    let _ = writeln!(text, "    return.i64 {sum}");
    let params: Vec<String> = VARIABLES
        .iter()
        .copied()
        .chain(ARRAYS.iter().map(|_| "ref"))
        .enumerate()
        .map(|(at, kind)| format!("v{at}: {kind}"))
        .collect();
    // The counter's name was a parameter's if there were one more.
    format!("fn f({}) -> i64 {{\n{head}{text}}}\n", params.join(", "))
}
