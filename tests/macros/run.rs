//! How one macro is run over many registers and operands, and compared with its model.
//!
//! For each choice of registers a function is assembled with the macros themselves: it loads the sources from the block that
//! its argument points to, runs the macro, and stores the result, and which way control left. One function in
//! [`FULL`] fills all registers before and stores all of them after: nothing but the destination may have changed.
//!
//! Layout of the block, in words: how it ended, then general registers before, float registers before, general ones
//! after, float ones after, data.

use std::collections::BTreeMap;

use orus::asm::form::Rng;
use orus::asm::macros::{Access, Frame, FrameLayout, MacroAssembler, Width};
use orus::asm::{AsmError, Label};

use crate::Target;
use crate::exec::{self, Block, Running};
use crate::operands::Kind;

/// One function in so many looks after all registers.
const FULL: usize = 6;

/// How many operand sets each macro gets at least.
pub const ENOUGH: u64 = 10_000;

/// Functions, and random operand sets for each, of a macro. Other machines are mostly emulated, which is slow.
const FUNCTIONS: usize = if cfg!(target_arch = "x86_64") { 900 } else { 240 };
const RUNS: usize = 44;

const EXIT: usize = 0;
pub const GENERAL_IN: usize = 8;
pub const FLOAT_IN: usize = GENERAL_IN + 32;
pub const GENERAL_OUT: usize = FLOAT_IN + 32;
pub const FLOAT_OUT: usize = GENERAL_OUT + 32;
/// Where the words for memory macros begin.
pub const DATA: usize = FLOAT_OUT + 32;

/// What was counted and drawn from: one for each test.
pub struct Session {
    pub seed: u64,
    pub rng: Rng,
    counts: BTreeMap<&'static str, u64>,
}

impl Session {
    pub fn new() -> Session {
        let seed = std::env::var("ORUS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Session { seed, rng: Rng::new(seed), counts: BTreeMap::new() }
    }

    pub fn count(&mut self, name: &'static str, sets: u64) {
        *self.counts.entry(name).or_default() += sets;
    }

    /// Prints how many operand sets each macro got; each must have had enough.
    pub fn finish(self) {
        for (name, count) in &self.counts {
            println!("{name:24} {count:>8} operand sets");
        }
        for (name, count) in self.counts {
            assert!(count >= ENOUGH, "{name} got only {count} operand sets");
        }
    }

    /// An index below `len`.
    pub fn below(&mut self, len: usize) -> usize {
        self.rng.below(len as u64) as usize
    }
}

/// The operands of one function, for the closure that calls the macro.
pub struct Operands<M: Target> {
    pub d: M::R64,
    pub n: M::R64,
    pub m: M::R64,
    pub fd: M::F64,
    pub fnn: M::F64,
    pub fm: M::F64,
    /// Where the macro may leave to.
    pub exits: [Label; 2],
    pub imm: i64,
}

impl<M: Target> Operands<M> {
    pub fn dw(&self) -> M::R32 {
        M::low(self.d)
    }

    pub fn nw(&self) -> M::R32 {
        M::low(self.n)
    }

    pub fn mw(&self) -> M::R32 {
        M::low(self.m)
    }
}

/// What a macro does, by its model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The destination gets these bits.
    Value(u64),
    /// The destination gets some NaN.
    Nan,
    /// Control goes on; there is no destination.
    Through,
    /// Control leaves through the exit with this number, 0 or 1.
    Exit(usize),
}

/// Which operands a macro has.
#[derive(Clone, Copy)]
pub struct Shape {
    pub d: Option<Kind>,
    pub n: Option<Kind>,
    pub m: Option<Kind>,
    pub exits: usize,
}

/// Register numbers: indices of `GENERAL` or `FLOAT`.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    pub d: usize,
    pub n: usize,
    pub m: usize,
}

type Emit<M> = Box<dyn Fn(&mut M, &Operands<M>)>;
type Model = Box<dyn Fn(u64, u64, i64) -> Outcome>;

/// A macro under test.
pub struct Spec<M: Target> {
    pub name: &'static str,
    pub shape: Shape,
    /// Kind of the immediate, if there is one.
    pub imm: Option<Kind>,
    pub emit: Emit<M>,
    pub model: Model,
}

/// The bits of a result of 32 bits, as the target keeps them in 64.
pub fn canonical(value: u64) -> u64 {
    if cfg!(target_arch = "riscv64") { value as i32 as u64 } else { u64::from(value as u32) }
}

fn bank<M: MacroAssembler>(kind: Kind) -> usize {
    if kind.is_float() { M::FLOAT.len() } else { M::GENERAL.len() }
}

impl Shape {
    /// Registers for the function with this number: every register comes up, and every aliasing.
    pub fn registers<M: Target>(&self, session: &mut Session, number: usize) -> Registers {
        let mut pick = |kind: Option<Kind>| kind.map_or(0, |kind| session.below(bank::<M>(kind)));
        let (mut d, mut n, mut m) = (pick(self.d), pick(self.n), pick(self.m));
        let same = |a: Option<Kind>, b: Option<Kind>| match (a, b) {
            (Some(a), Some(b)) => a.is_float() == b.is_float(),
            _ => false,
        };
        // Each register is a source at least once.
        n = self.n.map_or(n, |kind| number % bank::<M>(kind));
        match number % 5 {
            0 if same(self.d, self.n) => d = n,
            1 if same(self.d, self.m) => d = m,
            2 if same(self.n, self.m) => m = n,
            3 if same(self.n, self.m) && number.is_multiple_of(2) => {
                m = n;
                d = if same(self.d, self.n) { n } else { d };
            }
            _ => {
                // All different.
                let first = |kind: Option<Kind>| kind.map_or(1, bank::<M>);
                while same(self.n, self.m) && m == n {
                    m = session.below(first(self.m));
                }
                while same(self.d, self.n) && d == n || same(self.d, self.m) && d == m {
                    d = session.below(first(self.d));
                }
            }
        }
        Registers { d, n, m }
    }
}

/// Code under construction: many functions in one buffer.
pub struct Batch<M: Target> {
    pub asm: M,
    entries: Vec<Label>,
    functions: Vec<Built>,
}

/// A function of a batch.
#[derive(Clone, Copy)]
struct Built {
    shape: Shape,
    registers: Registers,
    full: bool,
    imm: i64,
    /// Where the macro is in the code.
    start: u32,
    end: u32,
}

/// The frame of all functions: eight words of their own.
pub fn host_frame<M: Target>(saved: &mut Vec<M::R64>) -> Frame<'_, M::R64, M::F64> {
    let (general, floats) = M::callee_saved(M::HOST_ABI);
    saved.extend(general.iter().filter(|register| M::GENERAL.contains(register)));
    Frame { saved, saved_floats: floats, locals: 64, probed: false }
}

impl<M: Target> Batch<M> {
    pub fn new() -> Batch<M> {
        Batch { asm: M::default(), entries: Vec::new(), functions: Vec::new() }
    }

    /// Begins a function, which is called by its number.
    pub fn entry(&mut self) {
        let entry = self.asm.new_label();
        self.asm.vary(self.entries.len());
        self.asm.bind(entry);
        self.entries.push(entry);
    }

    /// Begins a function with a frame that saves all that must be, and gives its layout. The block is still in the first
    /// argument's register, and from now on in the first local word.
    pub fn enter(&mut self) -> FrameLayout {
        self.entry();
        let mut saved = Vec::new();
        let frame = host_frame::<M>(&mut saved);
        let layout = self.asm.prologue(M::HOST_ABI, &frame);
        self.asm.store(Width::W64, M::arguments(M::HOST_ABI)[0], M::STACK, layout.locals.into());
        layout
    }

    /// Ends a function that `enter` began.
    pub fn leave(&mut self) {
        let mut saved = Vec::new();
        let frame = host_frame::<M>(&mut saved);
        self.asm.epilogue(M::HOST_ABI, &frame);
    }

    /// Loads the general registers that `wanted` names, the block's own last, then float registers, from the block.
    pub fn load_all(&mut self, general: impl Fn(usize) -> bool, float: impl Fn(usize) -> bool) {
        let block = M::arguments(M::HOST_ABI)[0];
        for (index, &register) in M::FLOAT.iter().enumerate().filter(|(index, _)| float(*index)) {
            self.asm.load_mem_f64(register, block.into(), (8 * (FLOAT_IN + index)) as i64);
        }
        let at = |index: usize| (8 * (GENERAL_IN + index)) as i64;
        for (index, &register) in M::GENERAL.iter().enumerate() {
            if register != block && general(index) {
                self.asm.load(Access::I64, register, block.into(), at(index));
            }
        }
        if let Some(index) = M::GENERAL.iter().position(|&register| register == block)
            && general(index)
        {
            self.asm.load(Access::I64, block, block.into(), at(index));
        }
    }

    /// Stores all registers into the block; changes two of them.
    pub fn store_all(&mut self, layout: FrameLayout) {
        let (first, second) = (M::GENERAL[0], M::GENERAL[1]);
        let (block, kept) = (layout.locals.into(), i64::from(layout.locals) + 8);
        let at = |index: usize| (8 * (GENERAL_OUT + index)) as i64;
        self.asm.store(Width::W64, first, M::STACK, kept);
        self.asm.load(Access::I64, first, M::STACK, block);
        for (index, &register) in M::GENERAL.iter().enumerate().skip(1) {
            self.asm.store(Width::W64, register, first.into(), at(index));
        }
        self.asm.load(Access::I64, second, M::STACK, kept);
        self.asm.store(Width::W64, second, first.into(), at(0));
        for (index, &register) in M::FLOAT.iter().enumerate() {
            self.asm.store_mem_f64(register, first.into(), (8 * (FLOAT_OUT + index)) as i64);
        }
    }

    /// Adds a function around a macro.
    pub fn add(
        &mut self,
        shape: Shape,
        registers: Registers,
        full: bool,
        imm: i64,
        emit: &dyn Fn(&mut M, &Operands<M>),
    ) {
        let layout = self.enter();
        let uses = |kind: Option<Kind>, float: bool| kind.is_some_and(|kind| kind.is_float() == float);
        let source = |index: usize, float: bool| {
            full || uses(shape.n, float) && registers.n == index
                || uses(shape.m, float) && registers.m == index
        };
        self.load_all(|index| source(index, false), |index| source(index, true));
        let float = |kind, index: usize| if uses(kind, true) { M::FLOAT[index] } else { M::FLOAT[0] };
        let general = |kind, index: usize| if uses(kind, false) { M::GENERAL[index] } else { M::GENERAL[0] };
        let exits = [self.asm.new_label(), self.asm.new_label()];
        let operands = Operands {
            d: general(shape.d, registers.d),
            n: general(shape.n, registers.n),
            m: general(shape.m, registers.m),
            fd: float(shape.d, registers.d),
            fnn: float(shape.n, registers.n),
            fm: float(shape.m, registers.m),
            exits,
            imm,
        };
        let start = self.asm.offset();
        emit(&mut self.asm, &operands);
        let end = self.asm.offset();
        let locals = i64::from(layout.locals);
        if shape.exits > 0 {
            let done = self.asm.new_label();
            let first = M::GENERAL[0];
            for way in 0..=shape.exits {
                if way > 0 {
                    self.asm.bind(exits[way - 1]);
                }
                self.asm.store(Width::W64, first, M::STACK, locals + 16);
                self.asm.load_i64(first, way as i64);
                self.asm.store(Width::W64, first, M::STACK, locals + 24);
                self.asm.load(Access::I64, first, M::STACK, locals + 16);
                if way < shape.exits {
                    self.asm.jump(done);
                }
            }
            self.asm.bind(done);
        }
        if full {
            self.store_all(layout);
        }
        let block = M::GENERAL[usize::from(operands.d == M::GENERAL[0])];
        self.asm.load(Access::I64, block, M::STACK, locals);
        if !full && let Some(kind) = shape.d {
            if kind.is_float() {
                self.asm.store_mem_f64(operands.fd, block.into(), (8 * (FLOAT_OUT + registers.d)) as i64);
            } else {
                self.asm.store(
                    Width::W64,
                    operands.d,
                    block.into(),
                    (8 * (GENERAL_OUT + registers.d)) as i64,
                );
            }
        }
        if shape.exits > 0 {
            let free = M::GENERAL[if block == M::GENERAL[0] { 1 } else { 0 }];
            self.asm.load(Access::I64, free, M::STACK, locals + 24);
            self.asm.store(Width::W64, free, block.into(), (8 * EXIT) as i64);
        }
        self.leave();
        self.functions.push(Built { shape, registers, full, imm, start, end });
    }

    /// Makes them callable.
    pub fn publish(mut self, symbols: &[u64]) -> Ready {
        let code = exec::publish(&mut self.asm, &self.entries, symbols);
        let bytes = self.asm.code().to_vec();
        Ready { code, bytes, functions: self.functions }
    }
}

/// A batch that can run.
pub struct Ready {
    pub code: Running,
    bytes: Vec<u8>,
    functions: Vec<Built>,
}

impl Ready {
    /// Runs a function with these sources; compares with what the model says.
    #[allow(clippy::too_many_arguments)] // A test's own helper; a struct would only be taken apart again.
    pub fn check<M: Target>(
        &self,
        session: &mut Session,
        name: &str,
        number: usize,
        block: &mut Block,
        n: u64,
        m: u64,
        expected: Outcome,
    ) {
        let built = self.functions[number];
        let Built { shape, registers, full, .. } = built;
        if full {
            for word in &mut block.0[GENERAL_IN..GENERAL_OUT] {
                *word = session.rng.next_u64();
            }
        }
        for (kind, index, value) in [(shape.n, registers.n, n), (shape.m, registers.m, m)] {
            match kind {
                Some(Kind::F64) => block.0[FLOAT_IN + index] = value,
                Some(Kind::I64) => block.0[GENERAL_IN + index] = value,
                Some(Kind::I32) if cfg!(target_arch = "riscv64") => {
                    block.0[GENERAL_IN + index] = canonical(value);
                }
                Some(Kind::I32) => {
                    block.0[GENERAL_IN + index] = value & 0xffff_ffff | session.rng.next_u64() << 32;
                }
                None => {}
            }
        }
        if shape.exits > 0 {
            block.0[EXIT] = u64::MAX;
        }
        self.code.call(number, block);
        let way = if shape.exits > 0 { block.0[EXIT] as usize } else { 0 };
        let place = match shape.d {
            Some(kind) if kind.is_float() => FLOAT_OUT + registers.d,
            _ => GENERAL_OUT + registers.d,
        };
        let value = block.0[place];
        let right = match expected {
            Outcome::Exit(exit) => way == exit + 1,
            Outcome::Through => way == 0,
            Outcome::Nan => way == 0 && f64::from_bits(value).is_nan(),
            Outcome::Value(bits) if shape.d == Some(Kind::I32) => way == 0 && value == canonical(bits),
            Outcome::Value(bits) => way == 0 && value == bits,
        };
        assert!(
            right,
            "{name}: {n:#x}, {m:#x}, immediate {imm:#x} with {registers:?} gave {value:#x}, way {way}; expected \
             {expected:x?} ({text}; seed {seed})",
            imm = built.imm,
            text = self.text::<M>(built),
            seed = session.seed,
        );
        if full {
            for index in 0..M::GENERAL.len() + M::FLOAT.len() {
                let (before, after) = if index < M::GENERAL.len() {
                    (GENERAL_IN + index, GENERAL_OUT + index)
                } else {
                    (FLOAT_IN + index - M::GENERAL.len(), FLOAT_OUT + index - M::GENERAL.len())
                };
                assert!(
                    after == place && shape.d.is_some() || block.0[before] == block.0[after],
                    "{name}: {n:#x}, {m:#x}, immediate {imm:#x} with {registers:?} changed another register, word {index}, \
                     from {old:#x} to {new:#x} ({text}; seed {seed})",
                    imm = built.imm,
                    old = block.0[before],
                    new = block.0[after],
                    text = self.text::<M>(built),
                    seed = session.seed,
                );
            }
        }
    }

    /// The registers' names, and the bytes of the macro.
    fn text<M: Target>(&self, built: Built) -> String {
        let Built { shape, registers, start, end, .. } = built;
        let mut text = String::new();
        for (role, kind, index) in
            [("d", shape.d, registers.d), ("n", shape.n, registers.n), ("m", shape.m, registers.m)]
        {
            match kind {
                Some(Kind::F64) => text += &format!("{role} = {:?}, ", M::FLOAT[index]),
                Some(_) => text += &format!("{role} = {:?}, ", M::GENERAL[index]),
                None => {}
            }
        }
        text += "code";
        // Where branches shrink, this is not quite the place.
        for byte in self.bytes.get(start as usize..end as usize).unwrap_or_default() {
            text += &format!(" {byte:02x}");
        }
        text
    }
}

/// Whether a function looks after all registers.
pub fn is_full(number: usize) -> bool {
    // Not in step with the aliasings, which take turns by five.
    number.is_multiple_of(FULL)
}

/// Runs a macro over registers, corners and random values.
pub fn check<M: Target>(session: &mut Session, spec: &Spec<M>) {
    match spec.imm {
        None => check_registers(session, spec),
        Some(kind) => check_immediates(session, spec, kind),
    }
}

/// The value that `m` has, if it is the same register as `n`.
fn second(built: Built, n: u64, m: u64) -> (u64, u64) {
    let Built { shape, registers, .. } = built;
    match (shape.n, shape.m) {
        (Some(a), Some(b)) if a.is_float() == b.is_float() && registers.n == registers.m => (m, m),
        _ => (n, m),
    }
}

fn check_registers<M: Target>(session: &mut Session, spec: &Spec<M>) {
    let mut batch = Batch::<M>::new();
    batch.asm.shrink_branches(session.below(2) == 0);
    for number in 0..FUNCTIONS {
        let registers = spec.shape.registers::<M>(session, number);
        batch.add(spec.shape, registers, is_full(number), 0, &*spec.emit);
    }
    let ready = batch.publish(&[]);
    let mut block = Block::new();
    let mut sets = 0;
    let mut run = |session: &mut Session, number: usize, n: u64, m: u64| {
        let (n, m) = second(ready.functions[number], n, m);
        ready.check::<M>(session, spec.name, number, &mut block, n, m, (spec.model)(n, m, 0));
        sets += 1;
    };
    let corners = |kind: Option<Kind>| kind.map_or(vec![0], Kind::corners);
    let all = |kind: Option<Kind>| kind.map_or(vec![0], Kind::all_corners);
    // All pairs of corners, dealt out to the functions whose sources are different registers.
    let mut number = 0;
    for &n in &if spec.shape.m.is_some() { corners(spec.shape.n) } else { all(spec.shape.n) } {
        for &m in &corners(spec.shape.m) {
            number = (number + 1) % FUNCTIONS;
            while second(ready.functions[number], 0, 1) != (0, 1) {
                number = (number + 1) % FUNCTIONS;
            }
            run(session, number, n, m);
        }
    }
    let (n_corners, m_corners) = (all(spec.shape.n), all(spec.shape.m));
    for number in 0..FUNCTIONS {
        for _ in 0..RUNS {
            let n = spec.shape.n.map_or(0, |kind| kind.random(&mut session.rng, &n_corners));
            let mut m = spec.shape.m.map_or(0, |kind| kind.random(&mut session.rng, &m_corners));
            if session.rng.below(8) == 0 && spec.shape.n == spec.shape.m {
                m = n;
            }
            run(session, number, n, m);
        }
    }
    session.count(spec.name, sets);
}

fn check_immediates<M: Target>(session: &mut Session, spec: &Spec<M>, kind: Kind) {
    let signed = |value: u64| if kind == Kind::I32 { i64::from(value as i32) } else { value as i64 };
    let corners = kind.corners();
    let all = kind.all_corners();
    let mut immediates: Vec<i64> = all.iter().map(|&value| signed(value)).collect();
    while immediates.len() < 600 {
        immediates.push(signed(kind.random(&mut session.rng, &all)));
    }
    let mut batch = Batch::<M>::new();
    batch.asm.shrink_branches(session.below(2) == 0);
    for (number, &imm) in immediates.iter().enumerate() {
        let registers = spec.shape.registers::<M>(session, number);
        batch.add(spec.shape, registers, is_full(number), imm, &*spec.emit);
    }
    let ready = batch.publish(&[]);
    let mut block = Block::new();
    let mut sets = 0;
    for (number, &imm) in immediates.iter().enumerate() {
        let corner = corners.iter().any(|&corner| signed(corner) == imm);
        let mut sources = if corner { corners.clone() } else { Vec::new() };
        // The immediate's own neighbours, and those of its opposite: where sums overflow, and comparisons turn.
        for near in [-1i64, 0, 1] {
            sources.extend([imm, imm.wrapping_neg(), !imm].map(|base| base.wrapping_add(near) as u64));
            sources.extend([i64::MIN, i64::MAX].map(|end| end.wrapping_sub(imm).wrapping_add(near) as u64));
            sources.extend(
                [i32::MIN, i32::MAX].map(|end| end.wrapping_sub(imm as i32).wrapping_add(near as i32) as u64),
            );
        }
        for _ in 0..6 {
            sources.push(kind.random(&mut session.rng, &all));
        }
        for n in sources {
            let n = if kind == Kind::I32 { u64::from(n as u32) } else { n };
            ready.check::<M>(session, spec.name, number, &mut block, n, 0, (spec.model)(n, 0, imm));
            sets += 1;
        }
    }
    session.count(spec.name, sets);
}

/// The error of a macro with these operands.
pub fn error_of<M: Target>(emit: impl FnOnce(&mut M)) -> Option<AsmError> {
    let mut asm = M::default();
    emit(&mut asm);
    asm.error()
}
