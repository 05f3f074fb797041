//! Makes programs.
//!
//! How it works. A program is drawn callees first, so that a call knows about what it costs. A function is drawn as statements in nested
//! scopes: what a scope defines is forgotten where it ends, so that every value is used only where it is defined. Each loop
//! counts, each recursion too; what a function executes, at most about, is added up while it is drawn.

mod arrays;
mod calls;
mod control;
mod local;
mod memory;
mod pool;
mod scalars;
mod vectors;

use orus::ir::function::InstData;
use orus::ir::module::{Convention, Effects, Layout, Signature};
use orus::ir::types::{Block, Cond, Func, Kind, Type, Value};
use orus::ir::{Function, Module, Op};
use orus_progen::rng::Rng;

use crate::plan::{self, Plan};
use crate::program::{FUNCTIONS_AT, FuncPlan, Passed, Program};
use pool::Pool;

/// What a call may execute, at most about.
const MOST_COST: u64 = 20_000;

/// Kinds of one register but references.
const NUMBERS: [Kind; 6] = [Kind::I32, Kind::I64, Kind::F64, Kind::U32, Kind::U64, Kind::Bool];
/// Kinds of integers.
const INTS: [Kind; 4] = [Kind::I32, Kind::I64, Kind::U32, Kind::U64];

/// Floats at corners.
pub const FLOATS: [u64; 28] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4000_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    // The least number, the greatest that is not normal, the least that is.
    1,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    // 2^31 and beside it, -2^31 and beside it.
    0x41e0_0000_0000_0000,
    0x41df_ffff_ffc0_0000,
    0x41df_ffff_fff0_0000,
    0xc1e0_0000_0000_0000,
    0xc1e0_0000_0020_0000,
    // 2^32, 2^52, 2^53, 2^63 and below, 2^64 and below, -2^63.
    0x41f0_0000_0000_0000,
    0x4330_0000_0000_0000,
    0x4340_0000_0000_0000,
    0x43e0_0000_0000_0000,
    0x43df_ffff_ffff_ffff,
    0x43f0_0000_0000_0000,
    0x43ef_ffff_ffff_ffff,
    0xc3e0_0000_0000_0000,
];

/// An integer at a corner of its kind.
pub fn corner(rng: &mut Rng, kind: Kind) -> u64 {
    let bits = kind.bits();
    let top = 1u64 << (bits - 1);
    let few = [0, 1, 2, 3, 5, 7, 8, 10, 16, 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 1000, 65535, 65536];
    kind.canonical(match rng.below(12) {
        0..5 => *rng.pick(&few),
        5 => *rng.pick(&few[..6]) | 0u64.wrapping_sub(1 + rng.below(3) as u64),
        6 => *rng.pick(&[top, top - 1, top + 1, top.wrapping_neg(), u64::MAX, u64::MAX - 1]),
        7 => 1 << rng.below(bits as usize),
        8 => (1u64 << rng.below(bits as usize)).wrapping_sub(1),
        9 => (1u64 << rng.below(bits as usize)).wrapping_neg(),
        10 => rng.below(1 << 16) as u64,
        _ => rng.bits(),
    })
}

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Share of programs with vector instructions, of 100.
    pub vectors: u32,
    /// The most instructions, about.
    pub size: usize,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes { vectors: 15, size: 2_000 }
    }
}

/// The program of a seed.
pub fn generate(seed: u64, wishes: &Wishes) -> Program {
    let mut rng = Rng::new(seed);
    let (plan, mut memory) = Plan::new(&mut rng);
    let mut module = Module::new();
    for layout in &plan.layouts {
        module.layout(Layout {
            references: layout.references as u32,
            scalars: (layout.fields.len() - layout.references) as u32,
            header: layout.header,
            cursor_offset: plan::CURSORS as u32 + 16 * (layout.id.0 - 1),
        });
    }
    module.symbols = vec!["arena".to_owned(), "limit".to_owned()];
    let vectors = rng.chance(wishes.vectors);
    let mut make = Make { rng, module, plan, funcs: Vec::new(), vectors, positions: 0 };
    make.outside();
    let count = make.rng.weighted(&[(4, 1), (3, 2), (3, 3), (2, 4)]);
    // Small ones are the most: the size is spread evenly over its logarithm, and more to the small side.
    let spread = make.rng.below(1_000) as f64 / 1_000.0;
    let most = wishes.size.max(5) as f64;
    let size = 5.0 * (most / 5.0).powf(spread);
    let mut bodies: Vec<Option<Function>> = vec![None; make.funcs.len()];
    for index in 0..count {
        let is_entry = index + 1 == count;
        let budget = (size / count as f64) as i64 + 1;
        bodies.push(Some(make.function(budget, is_entry)));
    }
    for func in 0..make.module.funcs.len() as u64 {
        let at = plan::BASE + plan::TABLE as u64 + 8 * func;
        memory.store(at, 8, FUNCTIONS_AT + 16 * func).expect("the table is in the context");
    }
    let depth = if make.rng.chance(6) { make.rng.below(4) as u64 } else { 200 };
    let poll_at = if make.rng.chance(6) { 1 + make.rng.below(6) as u64 } else { 0 };
    Program {
        seed,
        entry: Func(bodies.len() as u32 - 1),
        module: make.module,
        bodies,
        funcs: make.funcs,
        plan: make.plan,
        memory,
        depth,
        poll_at,
        vectors,
    }
}

/// What functions share while they are made.
struct Make {
    rng: Rng,
    module: Module,
    plan: Plan,
    funcs: Vec<FuncPlan>,
    vectors: bool,
    /// Numbers of places, for frame states.
    positions: u32,
}

impl Make {
    /// What is passed: a number, or a reference.
    fn passed(&mut self) -> Passed {
        let kind = if self.rng.chance(15) { Kind::Ref } else { *self.rng.pick(&NUMBERS) };
        let layout = if kind == Kind::Ref { self.rng.below(self.plan.layouts.len()) } else { 0 };
        Passed { kind, layout, typed: false }
    }

    fn result(&mut self) -> Passed {
        if self.rng.chance(15) { Passed { kind: Kind::None, layout: 0, typed: false } } else { self.passed() }
    }

    fn params(&mut self, most: usize) -> Vec<Passed> {
        // Sometimes more than there are registers for.
        let count = if self.rng.chance(15) { self.rng.below(24) } else { self.rng.below(most) };
        let mut params: Vec<Passed> = (0..count).map(|_| self.passed()).collect();
        for passed in &mut params {
            passed.typed = passed.kind == Kind::Ref && self.rng.chance(25);
        }
        params
    }

    fn declare(&mut self, name: &str, plan: FuncPlan, convention: Convention, effects: Effects) -> Func {
        let ty = |passed: &Passed| match passed.typed {
            true => Type::reference(self.plan.layouts[passed.layout].id),
            false => passed.kind.into(),
        };
        let params = plan.params.iter().map(ty).collect();
        let signature = Signature { params, result: plan.result.kind.into(), convention };
        self.funcs.push(plan);
        self.module.declare(name, signature, effects)
    }

    /// Functions outside: with all kinds of effects, and one that only raises.
    fn outside(&mut self) {
        let any = Effects::ANY;
        let reads = Effects::READS;
        for (index, effects) in [Effects::empty(), reads, reads | Effects::RAISES, any, any - Effects::RAISES]
            .into_iter()
            .enumerate()
        {
            let (params, result) = (self.params(5), self.result());
            let plan = FuncPlan { params, result, cost: 5, recursive: false, inside: false };
            self.declare(&format!("outside{index}"), plan, Convention::System, effects);
        }
        let nothing = Passed { kind: Kind::None, layout: 0, typed: false };
        let plan =
            FuncPlan { params: self.params(2), result: nothing, cost: 5, recursive: false, inside: false };
        self.declare("raise", plan, Convention::System, Effects::ANY | Effects::NEVER_RETURNS);
    }

    fn function(&mut self, budget: i64, is_entry: bool) -> Function {
        let number = self.funcs.len();
        let recursive = !is_entry && self.rng.chance(25);
        let mut params = if is_entry { Vec::new() } else { self.params(8) };
        if recursive {
            params.insert(0, Passed { kind: Kind::I32, layout: 0, typed: false });
        }
        let result = self.result();
        let bare = !is_entry && self.rng.chance(15);
        let convention = if bare { Convention::System } else { Convention::Orus };
        let plan = FuncPlan { params: params.clone(), result, cost: MOST_COST, recursive, inside: true };
        let name = if is_entry { "main".to_owned() } else { format!("f{number}") };
        let func = self.declare(&name, plan, convention, Effects::ANY);
        let mut f = Function::new(&name, self.module.signature(func).clone());
        // Those of the system's convention have no context, and know nothing of the depth.
        if !bare && (recursive || self.rng.chance(20)) {
            f.depth_check = Some(orus::ir::Symbol(1));
        }
        let block = f.entry();
        let entry_params: Vec<Value> = f.params(block).to_vec();
        let mut body = Body {
            flavour: Flavour::draw(&mut self.rng),
            make: self,
            f,
            block,
            func,
            bare,
            pool: Pool::default(),
            nesting: 0,
            loops: 0,
            times: 1,
            cost: 0,
            budget,
            result,
        };
        for (value, passed) in entry_params.into_iter().zip(&params) {
            body.pool.add_passed(value, *passed);
        }
        let cost = body.whole(recursive);
        let f = body.f;
        self.funcs[func.index()].cost = cost;
        f
    }
}

/// What a function does more often than others.
struct Flavour {
    weights: [u32; Statement::ALL.len()],
    /// So many values are made at the beginning and used at the end.
    crowd: usize,
}

/// What a body is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Statement {
    Arithmetic,
    Divide,
    Float,
    Convert,
    Compare,
    Select,
    Checked,
    Guard,
    Load,
    Store,
    ElementLoad,
    ElementStore,
    New,
    LocalObject,
    FieldLoad,
    FieldStore,
    Escape,
    Call,
    Invoke,
    If,
    Switch,
    Loop,
    ArrayLoop,
    TwoEdges,
    Leave,
    Irreducible,
    Poll,
    Sink,
    Vector,
}

impl Statement {
    /// Each with how often it occurs.
    const ALL: [(Statement, u32); 29] = [
        (Statement::Arithmetic, 30),
        (Statement::Divide, 5),
        (Statement::Float, 12),
        (Statement::Convert, 8),
        (Statement::Compare, 6),
        (Statement::Select, 5),
        (Statement::Checked, 14),
        (Statement::Guard, 5),
        (Statement::Load, 12),
        (Statement::Store, 7),
        (Statement::ElementLoad, 6),
        (Statement::ElementStore, 4),
        (Statement::New, 5),
        (Statement::LocalObject, 4),
        (Statement::FieldLoad, 8),
        (Statement::FieldStore, 8),
        (Statement::Escape, 2),
        (Statement::Call, 7),
        (Statement::Invoke, 4),
        (Statement::If, 8),
        (Statement::Switch, 3),
        (Statement::Loop, 12),
        (Statement::ArrayLoop, 7),
        (Statement::TwoEdges, 3),
        (Statement::Leave, 2),
        (Statement::Irreducible, 2),
        (Statement::Poll, 2),
        (Statement::Sink, 6),
        (Statement::Vector, 60),
    ];
}

impl Flavour {
    fn draw(rng: &mut Rng) -> Flavour {
        let weights =
            Statement::ALL.map(|(_, weight)| weight * rng.weighted(&[(2, 0), (5, 2), (3, 4), (1, 12)]));
        let crowd = if rng.chance(40) { 12 + rng.below(24) } else { 0 };
        Flavour { weights, crowd }
    }
}

/// A function while it is made.
struct Body<'m> {
    make: &'m mut Make,
    f: Function,
    /// Where instructions go.
    block: Block,
    func: Func,
    /// There is no context.
    bare: bool,
    pool: Pool,
    flavour: Flavour,
    /// Scopes around this one.
    nesting: u32,
    /// Loops around this place.
    loops: u32,
    /// How often this place is executed, at most about.
    times: u64,
    /// What a call executes, at most about.
    cost: u64,
    /// Instructions that are left to make.
    budget: i64,
    result: Passed,
}

impl Body<'_> {
    fn rng(&mut self) -> &mut Rng {
        &mut self.make.rng
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.make.rng.chance(percent)
    }

    fn below(&mut self, n: usize) -> usize {
        self.make.rng.below(n)
    }

    /// Appends an instruction; its result, if it has one, is not yet in the pool.
    fn append(&mut self, data: InstData) -> Value {
        self.budget -= 1;
        self.cost += self.times;
        self.f.position = self.make.positions + 1;
        let inst = self.f.append(self.block, data);
        self.f.result(inst).unwrap_or(Value::NONE)
    }

    /// Appends an instruction whose result others may use.
    fn emit(&mut self, data: InstData) -> Value {
        let value = self.append(data);
        if !value.is_none() {
            let kind = self.f.kind(value);
            if !kind.is_vector() && kind != Kind::Ref {
                self.pool.add(kind, value);
            }
        }
        value
    }

    fn unary(&mut self, op: Op, kind: Kind, a: Value) -> Value {
        self.emit(InstData::unary(op, kind, a))
    }

    fn binary(&mut self, op: Op, kind: Kind, a: Value, b: Value) -> Value {
        self.emit(InstData::binary(op, kind, a, b))
    }

    fn compare(&mut self, cond: Cond, kind: Kind, a: Value, b: Value) -> Value {
        self.emit(InstData { aux: cond as u16, ..InstData::binary(Op::Cmp, kind, a, b) })
    }

    /// The function from its first instruction to its last; gives what a call executes.
    fn whole(&mut self, recursive: bool) -> u64 {
        if recursive {
            self.recursion();
        }
        let crowd = self.flavour.crowd.min(self.budget.max(0) as usize / 3);
        let kept: Vec<(Kind, Value)> = (0..crowd).map(|_| self.load_number()).collect();
        self.statements();
        self.call_the_others();
        // All of the crowd is used: in one sum, or where it lies.
        let mut sum = None;
        for (kind, value) in kept {
            let word = self.as_word(kind, value);
            sum = Some(match sum {
                None => word,
                Some(sum) => {
                    let op = *self.rng().pick(&[Op::Add, Op::Xor, Op::Sub]);
                    self.binary(op, Kind::I64, sum, word)
                }
            });
        }
        if let Some(sum) = sum {
            self.store_word(sum);
        }
        self.leave_by_return();
        if recursive { self.cost * 9 } else { self.cost }
    }

    /// Statements until the budget is used up, or chance says that it is enough.
    fn statements(&mut self) {
        // Bodies of scopes get a share of what is left.
        let share = if self.nesting == 0 {
            self.budget
        } else {
            self.below(self.budget.clamp(4, 40) as usize) as i64 + 1
        };
        let end = (self.budget - share).max(0);
        while self.budget > end {
            if self.cost > MOST_COST {
                break;
            }
            self.statement();
        }
    }

    fn statement(&mut self) {
        let total: u32 = self.flavour.weights.iter().sum();
        let mut at = self.below(total.max(1) as usize) as u32;
        let mut chosen = Statement::Arithmetic;
        // Loops in loops would be rare.
        if self.loops == 1 && self.chance(5) {
            return self.counted_loop();
        }
        for (weight, (statement, _)) in self.flavour.weights.iter().zip(Statement::ALL) {
            if at < *weight {
                chosen = statement;
                break;
            }
            at -= weight;
        }
        self.make.positions += 1;
        let needs_context = [
            Statement::ElementLoad,
            Statement::ElementStore,
            Statement::New,
            Statement::LocalObject,
            Statement::Escape,
            Statement::ArrayLoop,
            Statement::Poll,
            Statement::Vector,
        ];
        if self.bare && needs_context.contains(&chosen) {
            chosen = Statement::Arithmetic;
        }
        match chosen {
            Statement::Arithmetic => self.arithmetic(),
            Statement::Divide => self.divide(),
            Statement::Float => self.float(),
            Statement::Convert => self.convert(),
            Statement::Compare => self.comparison(),
            Statement::Select => self.select(),
            Statement::Checked => self.checked(),
            Statement::Guard => self.guard_statement(),
            Statement::Load => {
                self.load_slot();
            }
            Statement::Store => self.store_slot(),
            Statement::ElementLoad => self.element_load(),
            Statement::ElementStore => self.element_store(),
            Statement::New => self.new_object(),
            Statement::LocalObject => self.local_object(),
            Statement::FieldLoad => self.field_load(),
            Statement::FieldStore => self.field_store(),
            Statement::Escape => self.escape(),
            Statement::Call => self.call(),
            Statement::Invoke => self.invoke(),
            Statement::If => self.branch(),
            Statement::Switch => self.switch(),
            Statement::Loop => self.counted_loop(),
            Statement::ArrayLoop => self.array_loop(),
            Statement::TwoEdges => self.two_edges(),
            Statement::Leave => self.leave_sometimes(),
            Statement::Irreducible => self.irreducible(),
            Statement::Poll => self.poll(),
            Statement::Sink => self.sink(),
            Statement::Vector if self.make.vectors => self.vector(),
            Statement::Vector => self.arithmetic(),
        }
    }
}
