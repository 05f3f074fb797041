//! The stream of instructions that an encoder emits: records with operands known only at run time, as a code
//! generator has them, cut into functions.
//!
//! The mix is that of a back end's output: register and immediate arithmetic, loads and stores with base, index * 8 and
//! displacement, a label every six instructions with branches both ways, calls, scalar floats, setcc, cmov.

/// Functions in a stream.
pub const FUNCTIONS: usize = 64;
/// Instructions in a function.
pub const PER_FUNCTION: usize = 1000;
/// A label is bound every so many instructions.
const LABEL_EVERY: usize = 6;
/// Labels in a function, all bound.
pub const LABELS: usize = PER_FUNCTION.div_ceil(LABEL_EVERY);

/// Bytes that no instruction of the stream is longer than.
pub const INSTRUCTION_MAX: usize = 16;

/// One instruction. `BIND` and `END` are none.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Record {
    pub op: u8,
    pub a: u8,
    pub b: u8,
    pub c: u8,
    /// Of a branch, or of `BIND`.
    pub label: u32,
    pub imm: i64,
}

macro_rules! operations {
    ($($name:ident $weight:literal),* $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u8)]
        enum Number { $($name),* }
        $(pub const $name: u8 = Number::$name as u8;)*
        const WEIGHTS: &[(u8, u64)] = &[$(($name, $weight)),*];
        /// The names of the operations, in the order of their numbers.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

operations! {
    MOV 8, ADD 6, SUB 4, AND 2, OR 2, XOR 3, MUL 3, CMP 6,
    ADDI 6, CMPI 4, ADDI32 2, MOVI32 5, MOVI64 2, SHLI 3,
    LOAD 10, LOADX 6, STORE 6, STOREX 3, LOAD32 3, STORE8 2, LEA 4,
    JCC 10, JMP 2, CALL 1, CALLR 1,
    FLOAD 4, FLOADX 3, FSTORE 3, FADD 2, FSUB 1, FMUL 2, FDIV 1, FCMP 1, I2F 1, F2I 1,
    SETCC 1, CMOV 1,
}
/// Binds a label; no instruction.
pub const BIND: u8 = 254;
/// Ends a function; no instruction.
pub const END: u8 = 255;

struct Rng(u64);

impl Rng {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

/// `registers`: the general registers to draw from; float registers are 0 to 15.
pub fn generate(registers: &[u8]) -> Vec<Record> {
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let total: u64 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut out = Vec::new();
    for _ in 0..FUNCTIONS {
        for index in 0..PER_FUNCTION {
            if index % LABEL_EVERY == 0 {
                out.push(Record { op: BIND, label: (index / LABEL_EVERY) as u32, ..Record::default() });
            }
            let mut pick = rng.below(total);
            let mut op = MOV;
            for (candidate, weight) in WEIGHTS {
                op = *candidate;
                if pick < *weight {
                    break;
                }
                pick -= weight;
            }
            let float = matches!(op, FLOAD | FLOADX | FSTORE | FADD | FSUB | FMUL | FDIV | FCMP);
            let register = |rng: &mut Rng| registers[rng.below(registers.len() as u64) as usize];
            let a = if float || op == I2F { rng.below(16) as u8 } else { register(&mut rng) };
            let between_floats = matches!(op, FADD | FSUB | FMUL | FDIV | FCMP | F2I);
            let b = if between_floats { rng.below(16) as u8 } else { register(&mut rng) };
            let c = register(&mut rng);
            let near = (index / LABEL_EVERY) as i64 + rng.below(16) as i64 - 7;
            let label = near.clamp(0, LABELS as i64 - 1) as u32;
            let imm = match op {
                LOAD | LOADX | STORE | STOREX | LOAD32 | STORE8 | LEA | FLOAD | FLOADX | FSTORE => {
                    match rng.below(10) {
                        0 | 1 => 0,
                        2..=6 => 8 * (1 + rng.below(15)) as i64,
                        _ => 8 * (16 + rng.below(240)) as i64,
                    }
                }
                ADDI | CMPI => 1 + rng.below(100) as i64,
                ADDI32 => 0x1000 * (1 + rng.below(2000)) as i64,
                MOVI32 => 1 + rng.below(0xffff) as i64,
                MOVI64 => 0x1234_5678_0000_0000 | rng.below(1 << 32) as i64,
                SHLI => 1 + rng.below(31) as i64,
                // A condition.
                _ => rng.below(4) as i64,
            };
            out.push(Record { op, a, b, c, label, imm });
        }
        out.push(Record { op: END, ..Record::default() });
    }
    out
}
