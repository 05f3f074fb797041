//! Random programs: any flow, every constraint, machines with few and with many registers.

use super::code::{Block, Code, Inst, KINDS, kind};
use super::machine;
use super::simulate::{Rng, simulate};
use crate::regalloc::checker::check;
use crate::regalloc::dump::listing;
use crate::regalloc::{
    AllocError, Allocator, Constraint, Machine, Operand, PReg, RegClass, RegSet, Role, Time, VReg,
};

/// How large a program is, and how many registers there are: drawn from a seed.
pub struct Shape {
    pub blocks: usize,
    pub insts: usize,
    pub int: u8,
    pub float: u8,
    /// Instructions may ask for more registers than there are.
    pub greedy: bool,
}

impl Shape {
    pub fn draw(rng: &mut Rng, size: usize) -> Shape {
        let registers =
            |rng: &mut Rng| if rng.chance(60) { 2 + rng.below(5) } else { 2 + rng.below(28) } as u8;
        Shape {
            blocks: 1 + rng.below(size.min(24)),
            insts: 1 + rng.below(size / 2 + 2),
            int: registers(rng),
            float: registers(rng),
            greedy: rng.chance(3),
        }
    }
}

/// A flow graph: successors, with the entry first, no critical edge, and all blocks reached.
fn graph(rng: &mut Rng, blocks: usize) -> Vec<Vec<usize>> {
    let mut next: Vec<Vec<usize>> = vec![vec![1]];
    for block in 1..=blocks {
        let mut list = Vec::new();
        for _ in 0..[1, 1, 2, 2, 2, 3, 0][rng.below(7)] {
            // Mostly forward; backward edges make loops, also such that have two entries.
            let target = if rng.chance(65) { block + 1 + rng.below(3) } else { 1 + rng.below(blocks) };
            if target <= blocks && !list.contains(&target) {
                list.push(target);
            }
        }
        next.push(list);
    }
    let mut reached = vec![false; next.len()];
    let mut stack = vec![0];
    while let Some(block) = stack.pop() {
        if !std::mem::replace(&mut reached[block], true) {
            stack.extend(&next[block]);
        }
    }
    let mut entries = vec![0; next.len()];
    for block in (0..next.len()).filter(|&block| reached[block]) {
        next[block].iter().for_each(|&target| entries[target] += 1);
    }
    // Critical edges get a block of their own.
    for block in 0..reached.len() {
        if !reached[block] || next[block].len() < 2 {
            continue;
        }
        for at in 0..next[block].len() {
            let target = next[block][at];
            if entries[target] > 1 {
                next[block][at] = next.len();
                next.push(vec![target]);
                reached.push(true);
            }
        }
    }
    let numbers: Vec<usize> = reached
        .iter()
        .scan(0, |count, &is| Some(std::mem::replace(count, *count + usize::from(is))))
        .collect();
    let kept = (0..next.len()).filter(|&block| reached[block]);
    kept.map(|block| next[block].iter().map(|&target| numbers[target]).collect()).collect()
}

/// The immediate dominators; the entry's is itself.
fn dominators(next: &[Vec<usize>]) -> Vec<usize> {
    // A block dominates what cannot be reached without it.
    let reached_without = |skipped: Option<usize>| {
        let mut reached = vec![false; next.len()];
        let mut stack = if skipped == Some(0) { vec![] } else { vec![0] };
        while let Some(block) = stack.pop() {
            if !std::mem::replace(&mut reached[block], true) {
                stack.extend(next[block].iter().filter(|&&target| Some(target) != skipped));
            }
        }
        reached
    };
    let sets: Vec<Vec<bool>> = (0..next.len()).map(|block| reached_without(Some(block))).collect();
    let dominates = |a: usize, b: usize| a == b || !sets[a][b];
    (0..next.len())
        .map(|block| {
            let strict: Vec<usize> = (0..next.len()).filter(|&a| a != block && dominates(a, block)).collect();
            let innermost = strict.iter().find(|&&a| strict.iter().all(|&b| dominates(b, a)));
            innermost.copied().unwrap_or(0)
        })
        .collect()
}

/// The flow graph with blocks in a random order in which dominators come first; and the dominators.
fn laid_out(rng: &mut Rng, blocks: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let next = graph(rng, blocks);
    let above = dominators(&next);
    let mut order = vec![0];
    while order.len() < next.len() {
        let ready: Vec<usize> =
            (1..next.len()).filter(|b| !order.contains(b) && order.contains(&above[*b])).collect();
        // Near to the natural order, or any.
        let pick = if rng.chance(70) { 0 } else { rng.below(ready.len()) };
        order.push(ready[pick]);
    }
    let mut place = vec![0; next.len()];
    order.iter().enumerate().for_each(|(at, &block)| place[block] = at);
    let moved = |block: &usize| place[*block];
    let next_laid = order.iter().map(|&block| next[block].iter().map(moved).collect()).collect();
    let above_laid = order.iter().map(|&block| place[above[block]]).collect();
    (next_laid, above_laid)
}

struct Generator<'a> {
    rng: &'a mut Rng,
    shape: &'a Shape,
    code: Code,
    /// The values that can be used here.
    known: Vec<VReg>,
}

impl Generator<'_> {
    fn value(&mut self, kind_name: &str) -> VReg {
        self.code.values.push(kind(kind_name));
        VReg(self.code.values.len() as u32 - 1)
    }

    fn any_kind(&mut self) -> &'static str {
        KINDS[[0, 0, 0, 1, 1, 2, 2, 3, 4][self.rng.below(9)]].0
    }

    /// A value that can be used, preferably a recent one.
    fn pick(&mut self) -> Option<VReg> {
        let count = self.known.len();
        let recent = if self.rng.chance(50) { 6 } else { count };
        (count > 0).then(|| self.known[count - 1 - self.rng.below(recent.min(count))])
    }

    fn inst(&mut self, terminator: bool) {
        let name = if terminator { "end" } else { "op" };
        let mut inst = Inst { name: name.to_owned(), ..Inst::default() };
        let mut operands: Vec<Operand> = Vec::new();
        let mut demand = Demand::new(self.shape);
        if self.rng.chance(7) {
            let all = [(RegClass::Int, self.shape.int), (RegClass::Float, self.shape.float)];
            for (class, count) in all {
                let everything = self.rng.chance(50);
                for number in 0..count {
                    if everything || self.rng.chance(30) {
                        inst.clobbers.insert(PReg::new(class, number));
                    }
                }
            }
            demand.fixed[1] = inst.clobbers;
            demand.clobbers = inst.clobbers;
        }
        inst.safepoint = self.rng.chance(12);
        if !terminator && self.rng.chance(8) {
            // A constant.
            let kind_name = self.any_kind();
            let v = self.value(kind_name);
            self.code.values[v.index()].rematerializable = true;
            self.code.push(Inst { name: "const".to_owned(), ..Inst::default() }, &[Operand::def(v)]);
            self.known.push(v);
            return;
        }
        if !terminator
            && self.rng.chance(8)
            && let Some(v) = self.pick()
        {
            let mut info = self.code.values[v.index()];
            info.rematerializable = false;
            self.code.values.push(info);
            let copy = VReg(self.code.values.len() as u32 - 1);
            self.code.push(
                Inst { name: "move".to_owned(), ..Inst::default() },
                &[Operand::reg_use(v), Operand::def(copy)],
            );
            self.known.push(copy);
            return;
        }
        for _ in 0..self.rng.below(4) + usize::from(self.rng.chance(10)) * 6 {
            let Some(v) = self.pick() else { continue };
            let class = self.code.values[v.index()].class;
            let time = if self.rng.chance(25) { Time::Late } else { Time::Early };
            let constraint = self.constraint(class, &mut demand, true, time == Time::Late, false);
            operands.push(Operand { vreg: v, constraint, role: Role::Use, time });
        }
        if self.rng.chance(20) && !operands.is_empty() {
            // The same value again.
            let again = operands[self.rng.below(operands.len())];
            operands.push(Operand { constraint: Constraint::Any, ..again });
            if again.time == Time::Early && again.constraint == Constraint::Reg {
                operands.push(again);
            }
        }
        let mut defined = Vec::new();
        for _ in 0..[0, 1, 1, 1, 1, 2, 3][self.rng.below(7)] {
            let tied = operands.iter().position(|op| {
                op.role == Role::Use && op.time == Time::Early && op.constraint == Constraint::Reg
            });
            let again = |op: &Operand| op.constraint == Constraint::Tied(tied.unwrap_or(0) as u8);
            let taken = operands.iter().any(again);
            if let Some(used) = tied
                && self.rng.chance(40)
                && !taken
                && demand.take(self.code.values[operands[used].vreg.index()].class, true, true)
            {
                let mut info = self.code.values[operands[used].vreg.index()];
                info.rematerializable = false;
                self.code.values.push(info);
                let v = VReg(self.code.values.len() as u32 - 1);
                operands.push(Operand::tied_def(v, used as u8));
                defined.push(v);
                continue;
            }
            let time = if self.rng.chance(15) { Time::Early } else { Time::Late };
            let kind_name = self.any_kind();
            let v = self.value(kind_name);
            let class = self.code.values[v.index()].class;
            let constraint = self.constraint(class, &mut demand, time == Time::Early, true, true);
            operands.push(Operand { vreg: v, constraint, role: Role::Def, time });
            defined.push(v);
        }
        if self.rng.chance(15) {
            let kind_name = ["int", "float"][self.rng.below(2)];
            let v = self.value(kind_name);
            let class = self.code.values[v.index()].class;
            match self.constraint(class, &mut demand, true, true, false) {
                Constraint::Any => {}
                constraint => {
                    operands.push(Operand { vreg: v, constraint, role: Role::Temp, time: Time::Early })
                }
            }
        }
        self.code.push(inst, &operands);
        self.known.extend(defined);
    }

    /// A constraint for which there are registers left. A def may be in a register that is clobbered as well.
    fn constraint(
        &mut self,
        class: RegClass,
        demand: &mut Demand,
        early: bool,
        late: bool,
        def: bool,
    ) -> Constraint {
        if self.rng.chance(20) {
            return Constraint::Any;
        }
        let allocatable = if class == RegClass::Int { self.shape.int } else { self.shape.float };
        if self.rng.chance(20) {
            let number =
                if self.rng.chance(90) { self.rng.below(usize::from(allocatable)) as u8 } else { 30 };
            let reg = PReg::new(class, number);
            if demand.take_fixed(reg, early, late, def) {
                return Constraint::Fixed(reg);
            }
        }
        if demand.take(class, early, late) { Constraint::Reg } else { Constraint::Any }
    }
}

/// What the operands of an instruction ask for: early and late.
struct Demand {
    /// The registers that they name, or that are clobbered.
    fixed: [RegSet; 2],
    clobbers: RegSet,
    /// By class, how many others they need: early, late, and the same early and late.
    any: [[u32; 3]; 2],
    available: [u32; 2],
    allocatable: RegSet,
}

impl Demand {
    fn new(shape: &Shape) -> Demand {
        let machine = machine(shape.int, shape.float);
        let more = u32::from(shape.greedy);
        Demand {
            fixed: [RegSet::EMPTY; 2],
            clobbers: RegSet::EMPTY,
            any: [[0; 3]; 2],
            available: [u32::from(shape.int) + more, u32::from(shape.float) + more],
            allocatable: RegSet::of(&machine.allocatable.concat()),
        }
    }

    fn is_possible(&self, class: RegClass) -> bool {
        let [early, late] = self.fixed.map(|set| set.intersection(self.allocatable).of_class(class));
        let any = self.any[class as usize];
        let available = self.available[class as usize];
        any[0] + early.len() <= available
            && any[1] + late.len() <= available
            && any[2] + early.union(late).len() <= available
    }

    fn take(&mut self, class: RegClass, early: bool, late: bool) -> bool {
        let any = &mut self.any[class as usize];
        let before = *any;
        *any = [any[0] + u32::from(early), any[1] + u32::from(late), any[2] + u32::from(early && late)];
        let possible = self.is_possible(class);
        if !possible {
            self.any[class as usize] = before;
        }
        possible
    }

    fn take_fixed(&mut self, reg: PReg, early: bool, late: bool, def: bool) -> bool {
        let before = (self.fixed, self.clobbers);
        // A register that is clobbered anyway may be named once.
        let named = late && def && self.clobbers.contains(reg);
        if early && self.fixed[0].contains(reg) || late && self.fixed[1].contains(reg) && !named {
            return false;
        }
        self.clobbers.remove(reg);
        if early {
            self.fixed[0].insert(reg);
        }
        if late {
            self.fixed[1].insert(reg);
        }
        let possible = self.is_possible(reg.class());
        if !possible {
            (self.fixed, self.clobbers) = before;
        }
        possible
    }
}

/// A random program.
pub fn program(rng: &mut Rng, shape: &Shape) -> Code {
    let (next, above) = laid_out(rng, shape.blocks);
    let mut entries = vec![Vec::new(); next.len()];
    for (block, list) in next.iter().enumerate() {
        list.iter().for_each(|&target| entries[target].push(block));
    }
    let mut generator = Generator { rng, shape, code: Code::default(), known: Vec::new() };
    let mut known_after: Vec<Vec<VReg>> = Vec::new();
    // Parameters first: blocks that come earlier pass arguments to them.
    let mut params: Vec<Vec<VReg>> = Vec::new();
    for (block, list) in entries.iter().enumerate() {
        let alone = !list.is_empty() && list.iter().all(|&from| next[from].len() == 1);
        let count = if alone && generator.rng.chance(75) && block > 0 { generator.rng.below(6) } else { 0 };
        params.push(
            (0..count)
                .map(|_| {
                    let name = generator.any_kind();
                    generator.value(name)
                })
                .collect(),
        );
    }
    let unnatural = generator.rng.chance(30);
    for block in 0..next.len() {
        let first = generator.code.insts.len() as u32;
        generator.known = if block == 0 { Vec::new() } else { known_after[above[block]].clone() };
        generator.known.extend(&params[block]);
        if block == 0 {
            // One of each kind, for arguments.
            for (name, ..) in KINDS {
                let v = generator.value(name);
                generator.code.push(Inst { name: "arg".to_owned(), ..Inst::default() }, &[Operand::def(v)]);
                generator.known.push(v);
            }
        }
        for _ in 0..generator.rng.below(shape.insts) {
            generator.inst(false);
        }
        let shared = next[block].len() == 1
            && (entries[next[block][0]].len() > 1 || !params[next[block][0]].is_empty());
        let arguments = match next[block][..] {
            [target] => params[target]
                .iter()
                .map(|param| {
                    let like = |v: &&VReg| {
                        let [a, b] = [**v, *param].map(|v| generator.code.values[v.index()]);
                        (a.class, a.slots, a.reference) == (b.class, b.slots, b.reference)
                    };
                    let fitting: Vec<VReg> = generator.known.iter().filter(like).copied().collect();
                    fitting[fitting.len() - 1 - generator.rng.below(fitting.len().min(4))]
                })
                .collect(),
            _ => Vec::new(),
        };
        if shared {
            generator.code.push(Inst { name: "jump".to_owned(), ..Inst::default() }, &[]);
        } else {
            generator.inst(true);
        }
        // How deep in loops: guessed by backward edges around it, or anything.
        let depth = if unnatural {
            generator.rng.below(4) as u32
        } else {
            let around =
                |&(from, list): &(usize, &Vec<usize>)| list.iter().any(|&to| to <= block && block <= from);
            next.iter().enumerate().filter(around).count().min(4) as u32
        };
        let cold = generator.rng.chance(15);
        generator.code.blocks.push(Block {
            insts: first..generator.code.insts.len() as u32,
            successors: next[block].iter().map(|&target| target as u32).collect(),
            predecessors: entries[block].iter().map(|&from| from as u32).collect(),
            params: params[block].clone(),
            arguments,
            weight: if cold { 0 } else { 10_u32.pow(depth) },
            depth,
        });
        known_after.push(generator.known.clone());
    }
    generator.code
}

/// The program and machine of a seed and a size.
pub fn draw(seed: u64, size: usize) -> (Code, Machine, bool) {
    let mut rng = Rng::new(seed * 64 + size as u64);
    let shape = Shape::draw(&mut rng, size);
    (program(&mut rng, &shape), machine(shape.int, shape.float), shape.greedy)
}

/// What a program showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Right,
    /// The instruction.
    Impossible(u32),
    Wrong(String),
}

/// Allocates a program, checks the result, and runs it along some ways. A panic of the allocator counts as an error.
pub fn try_out(allocator: &mut Allocator, code: &Code, machine: &Machine, seed: u64) -> Outcome {
    let result =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| allocator.run(code, machine).cloned()));
    let output = match result {
        Ok(Ok(output)) => output,
        Ok(Err(AllocError::Impossible { inst })) => return Outcome::Impossible(inst),
        Ok(Err(error)) => return Outcome::Wrong(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            return Outcome::Wrong(format!("panic: {}", text.unwrap_or_default()));
        }
    };
    if let Err(error) = check(code, machine, &output) {
        return Outcome::Wrong(format!("checker: {error}"));
    }
    for way in 0..2 {
        if let Err(error) = simulate(code, machine, &output, seed * 8 + way, 120) {
            return Outcome::Wrong(format!("simulator: {error}"));
        }
    }
    Outcome::Right
}

/// Reports the smallest program found that goes wrong like this.
fn report(seed: u64, size: usize, error: &str) -> ! {
    let mut allocator = Allocator::new();
    for small in 1..=size {
        for other in 0..3000 {
            let (code, machine, greedy) = draw(other, small);
            let outcome = match try_out(&mut allocator, &code, &machine, other) {
                Outcome::Impossible(inst) if !greedy => {
                    Outcome::Wrong(format!("impossible: {}", code.inst_text(inst)))
                }
                outcome => outcome,
            };
            if let Outcome::Wrong(error) = outcome {
                let listing = listing(&code, &machine, allocator.output());
                let counts = machine.allocatable.each_ref().map(Vec::len);
                panic!("seed {other} size {small} registers {counts:?}: {error}\n{code}\n{listing}");
            }
        }
    }
    let (code, ..) = draw(seed, size);
    panic!("seed {seed} size {size}: {error}\n{code}");
}

#[test]
fn random_programs() {
    let count: Option<u64> = std::env::var("REGALLOC_PROGRAMS").ok().and_then(|text| text.parse().ok());
    let count = count.unwrap_or(if cfg!(debug_assertions) { 800 } else { 20_000 });
    let mut allocator = Allocator::new();
    let (mut impossible, mut insts, mut spilled) = (0, 0, 0);
    for seed in 0..count {
        let size = 1 + (seed % 60) as usize;
        let (code, machine, greedy) = draw(seed, size);
        match try_out(&mut allocator, &code, &machine, seed) {
            Outcome::Right => {}
            Outcome::Impossible(_) if greedy => impossible += 1,
            Outcome::Impossible(_) => report(seed, size, "impossible, and should not be"),
            Outcome::Wrong(error) => report(seed, size, &error),
        }
        insts += code.insts.len();
        spilled += allocator.stats().spilled;
    }
    println!("{count} programs, {insts} instructions, {spilled} values spilled, {impossible} impossible");
    assert!(impossible * 50 < count, "{impossible} of {count} programs are impossible");
    assert!(u64::from(spilled) > count, "hardly anything is spilled");
}
