//! Random programs of loops, as text: statements over a few variables, which are put into SSA form while they are written down.

mod statements;
mod vectors;
mod write;

use statements::Maker;
use vectors::vector_program;
use write::Writer;

/// Random numbers: xorshift.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1);
        rng.next();
        rng.next();
        rng
    }

    /// 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below a number.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    /// One of some.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A number of a kind, often at a corner or small.
    pub fn number(&mut self, kind: &str) -> i128 {
        let (lo, hi): (i128, i128) = match kind {
            "i32" => (i32::MIN.into(), i32::MAX.into()),
            "i64" => (i64::MIN.into(), i64::MAX.into()),
            "u32" => (0, u32::MAX.into()),
            _ => (0, u64::MAX.into()),
        };
        let number = match self.below(8) {
            0 => lo + i128::from(self.below(3)),
            1 => hi - i128::from(self.below(3)),
            2 => i128::from(self.next() as i64),
            3 => 1 << self.below(40),
            _ => i128::from(self.below(40)) - 6,
        };
        if (lo..=hi).contains(&number) { number } else { i128::from(self.below(100)) }
    }
}

/// The kinds of the variables, which are the first parameters. Counters of loops follow.
pub const VARIABLES: &[&str] = &["i32", "i32", "i32", "i32", "i64", "i64", "u32", "u64", "f64"];
/// The arrays: the parameters after the variables. Elements, and bytes of one as a shift.
pub const ARRAYS: &[(&str, u32)] = &[("i32", 4), ("i32", 4), ("f64", 8), ("i64", 8), ("i32", 4)];

/// What programs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// Anything.
    Mixed,
    /// Loops over arrays.
    Arrays,
    /// Objects.
    Objects,
    /// Calls.
    Calls,
    /// Divisions by constants.
    Divisions,
    /// One loop, see [`vector_program`].
    Vectors,
}

/// Functions that are called. The first has a loop, the others guards, calls, a raise.
const LEAVES: &str = "
extern keep(ref, ref) system reads writes
extern odd(i32) -> i32 system raises
fn leaf0(v0: i32, v1: i32) -> i32 {
b0:
    v2 = mul.i32 v0, 3
    v3 = xor.i32 v2, v1
    return.i32 v3
}
fn leaf1(v0: i32, v1: i32) -> i32 {
    fs0 = 11@5 [v0, v1]
    fs1 = 11@6 [v0, v1]
    g0 = overflow fs0
    g1 = poll fs1
b0:
    poll g1
    br.lt.i32 v0, v1, b1, b2(v1)
b1:
    v2 = add.checked.i32 v0, 100, g0
    jump b2(v2)
b2(v3: i32):
    return.i32 v3
}
fn leaf2(v0: i32, v1: i32) -> i32 {
    fs0 = 12@5 [v0, v1]
b0:
    v2 = call leaf1(v1, v0), fs0
    v3 = call leaf0(v2, 5), fs0
    return.i32 v3
}
fn leaf3(v0: i32, v1: i32) -> i32 {
    fs0 = 13@5 [v0, v1]
    fs1 = 13@9 [v1, v1]
    g1 = zero fs1
b0:
    v2 = invoke odd(v0) -> b1(v2), catch b2(v1)
b1(v3: i32):
    v4 = div.checked.i32 v3, v1, g1
    jump b2(v4)
b2(v5: i32):
    v6 = call leaf1(v5, 3), fs0
    return.i32 v6
}
fn leaf4(v0: i32, v1: i32) -> i32 {
    fs0 = 14@3 [v0, v1]
    g0 = overflow fs0
b0:
    v2 = and.i32 v0, 3
    br.eq.i32 v2, 0, b1, b2
b1:
    return.i32 v1
b2:
    v3 = sub.checked.i32 v0, 1, g0
    v4 = mul.i32 v1, 3
    v5 = call leaf4(v3, v4), fs0
    return.i32 v5
}
fn risky(v0: i32, v1: i32) -> i32 {
b0:
    v2 = call odd(v0)
    br.lt.i32 v2, v1, b1, b2(v2)
b1:
    v3 = call odd(v1)
    v4 = add.i32 v3, v2
    jump b2(v4)
b2(v5: i32):
    v6 = invoke odd(v5) -> b3(v6), catch b3(v2)
b3(v7: i32):
    v8 = call leaf0(v7, 7)
    return.i32 v8
}
";

/// A program, whose function `f` takes the variables and the arrays, and returns an i64.
pub fn program(rng: &mut Rng, flavour: Flavour) -> String {
    if flavour == Flavour::Vectors {
        return vector_program(rng);
    }
    let mut maker = Maker { rng, flavour, kinds: VARIABLES.to_vec(), counters: Vec::new(), left: 40 };
    let mut stmts = Vec::new();
    while stmts.is_empty() {
        maker.left = 40;
        stmts = maker.stmts(8, 0);
    }
    let kinds = maker.kinds.clone();
    let mut values: Vec<String> = (0..VARIABLES.len()).map(|at| format!("v{at}")).collect();
    values.resize(kinds.len(), String::new());
    let next_value = (VARIABLES.len() + ARRAYS.len()) as u32;
    let mut writer = Writer {
        kinds,
        head: String::new(),
        text: String::new(),
        values,
        next_value,
        next_block: 1,
        guards: 0,
        object: None,
        position: 0,
    };
    writer.text.push_str("b0:\n");
    writer.stmts(&stmts);
    // All variables count.
    let mut sum = "v4".to_owned();
    for (at, &kind) in VARIABLES.iter().enumerate() {
        let value = writer.values[at].clone();
        let wide = match kind {
            "i64" => value,
            "f64" => {
                let bits = writer.value();
                writer.line(&format!("{bits} = bitcast.f64.i64 {value}"));
                bits
            }
            kind => {
                let wide = writer.value();
                writer.line(&format!("{wide} = convert.{kind}.i64 {value}"));
                wide
            }
        };
        let (product, next) = (writer.value(), writer.value());
        writer.line(&format!("{product} = mul.i64 {sum}, 31"));
        writer.line(&format!("{next} = add.i64 {product}, {wide}"));
        sum = next;
    }
    writer.line(&format!("return.i64 {sum}"));
    let params: Vec<String> = VARIABLES
        .iter()
        .copied()
        .chain(ARRAYS.iter().map(|_| "ref"))
        .enumerate()
        .map(|(at, kind)| format!("v{at}: {kind}"))
        .collect();
    format!(
        "type t1 = refs 1, scalars 2, header 0x21, cursor 64\n{LEAVES}fn f({}) -> i64 {{\n{}{}}}\n",
        params.join(", "),
        writer.head,
        writer.text
    )
}
