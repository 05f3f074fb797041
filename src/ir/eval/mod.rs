//! The reference evaluator: what a program of the IR does, said as plainly as possible. Slow; others are compared with it.
//!
//! How it works. Frames of functions lie on a stack of their own, so that deep recursion costs no native stack. A value is its
//! canonical bits ([`Kind::canonical`]), or 32 bytes. Memory is [regions](Memory) at addresses; what is outside, a [`Host`] answers for.
//!
//! What is wrong with a program (an access outside of all regions, a claim that does not hold) ends it with a [`Trap`]; the rest of the
//! [outcomes](Outcome) is what programs may do.

mod memory;
mod outcome;
mod outside;
pub mod scalar;
mod state;
#[cfg(test)]
mod tests;
pub mod vector;

pub use memory::{Memory, Outside, Region};
pub use outcome::{Limits, Outcome, Profile, Trap, TrapKind};
pub use outside::{Called, Host, bump};
pub use state::{Frame, Left, Object, Slot};

use super::function::{Def, InstData, List, NONE};
use super::module::{Module, Signature};
use super::opcode::Op;
use super::types::{Block, Func, Inst, Kind, Mem, Symbol};
use super::{Function, Reason};

/// A value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// Of a kind of one register: its canonical bits.
    Bits(u64),
    /// Of a vector; the upper half of a v128 is zero.
    Vector(vector::Bytes),
}

impl Value {
    /// The bits; 0 of a vector.
    pub fn bits(&self) -> u64 {
        match self {
            Value::Bits(bits) => *bits,
            Value::Vector(_) => 0,
        }
    }

    /// The bytes; of a scalar, its bits.
    pub fn bytes(&self) -> vector::Bytes {
        match self {
            Value::Vector(bytes) => *bytes,
            Value::Bits(bits) => {
                let mut bytes = [0; 32];
                bytes[..8].copy_from_slice(&bits.to_le_bytes());
                bytes
            }
        }
    }

    /// Are two values of a kind the same, where each NaN is as good as another?
    pub fn same(&self, other: &Value, kind: Kind) -> bool {
        self == other
            || kind == Kind::F64
                && f64::from_bits(self.bits()).is_nan()
                && f64::from_bits(other.bits()).is_nan()
    }
}

/// A function's activation.
struct Activation<'a> {
    func: Func,
    body: &'a Function,
    /// Where its values begin.
    base: usize,
    /// The instruction that is next, or that waits for its callee.
    inst: Option<Inst>,
    /// The depth when it was entered, less its own.
    depth: u64,
}

/// Evaluates programs. It keeps its memory, and counts, from one to the next.
#[derive(Default)]
pub struct Evaluator {
    /// What the programs did.
    pub profile: Profile,
    values: Vec<Option<Value>>,
    passed: Vec<Value>,
}

/// What comes after an instruction.
enum Next {
    /// The instruction behind it.
    Inst,
    /// An edge.
    Edge(u32),
    Call(Func, List),
    Return(Option<Value>),
    Leave(super::Guard),
}

/// Evaluates one program: calls a function. See [`Evaluator::run`].
pub fn evaluate(
    module: &Module,
    bodies: &[Option<&Function>],
    entry: Func,
    arguments: &[Value],
    host: &mut dyn Host,
    memory: &mut Memory,
    limits: Limits,
) -> Outcome {
    Evaluator::default().run(module, bodies, entry, arguments, host, memory, limits)
}

/// What a run needs.
struct Run<'a, 'h> {
    module: &'a Module,
    bodies: &'a [Option<&'a Function>],
    host: &'h mut dyn Host,
    memory: &'h mut Memory,
    limits: Limits,
    stack: Vec<Activation<'a>>,
    depth: u64,
}

impl Evaluator {
    /// Calls a function. `bodies` are by [`Func`]; those that have none are the host's.
    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    pub fn run(
        &mut self,
        module: &Module,
        bodies: &[Option<&Function>],
        entry: Func,
        arguments: &[Value],
        host: &mut dyn Host,
        memory: &mut Memory,
        limits: Limits,
    ) -> Outcome {
        self.begin(module, bodies, (entry, None), arguments, host, memory, limits)
    }

    /// Goes on in the middle of a function, at the beginning of a block, whose parameters are the arguments: nothing of what is before is
    /// there. So somebody goes on who has left compiled code. The function has counted its depth already.
    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    pub fn resume(
        &mut self,
        module: &Module,
        bodies: &[Option<&Function>],
        (func, block): (Func, Block),
        arguments: &[Value],
        host: &mut dyn Host,
        memory: &mut Memory,
        limits: Limits,
    ) -> Outcome {
        self.begin(module, bodies, (func, Some(block)), arguments, host, memory, limits)
    }

    #[expect(clippy::too_many_arguments, reason = "each is something else")]
    fn begin(
        &mut self,
        module: &Module,
        bodies: &[Option<&Function>],
        (entry, block): (Func, Option<Block>),
        arguments: &[Value],
        host: &mut dyn Host,
        memory: &mut Memory,
        limits: Limits,
    ) -> Outcome {
        self.values.clear();
        self.passed.clear();
        self.passed.extend_from_slice(arguments);
        let depth = limits.depth;
        let mut run = Run { module, bodies, host, memory, limits, stack: Vec::new(), depth };
        let mut steps = 0;
        let outcome = self.execute(&mut run, entry, block, &mut steps);
        self.profile.steps += steps;
        outcome.unwrap_or_else(|kind| {
            let at = run.stack.last();
            Outcome::Trap(Trap {
                kind,
                func: at.map_or(entry, |at| at.func),
                inst: at.and_then(|at| at.inst),
            })
        })
    }

    fn execute(
        &mut self,
        run: &mut Run,
        entry: Func,
        block: Option<Block>,
        steps: &mut u64,
    ) -> Result<Outcome, TrapKind> {
        match block {
            Some(block) => self.enter_at(run, entry, block, run.depth)?,
            None => {
                if let Some(end) = self.enter(run, entry)? {
                    return Ok(end);
                }
            }
        }
        while let Some(top) = run.stack.last() {
            *steps += 1;
            if *steps > run.limits.steps {
                return Err(TrapKind::OutOfFuel);
            }
            let inst = top.inst.ok_or(TrapKind::BadInstruction)?;
            let (body, base) = (top.body, top.base);
            let data = body.inst(inst);
            self.profile.ops[data.op as usize] += 1;
            match self.step(run, body, base, inst, data)? {
                Next::Inst => {
                    run.stack.last_mut().ok_or(TrapKind::BadInstruction)?.inst = body.next_inst(inst)
                }
                Next::Edge(edge) => self.follow(run, edge)?,
                Next::Leave(guard) => {
                    let data = body.guard(guard);
                    self.profile.taken[data.reason as usize] += 1;
                    return Ok(Outcome::Left(self.leave(run, data.reason, data.state)?));
                }
                Next::Call(func, list) => {
                    self.passed.clear();
                    for value in body.list_values(list) {
                        let value = self.read(body, base, value)?;
                        self.passed.push(value);
                    }
                    if let Some(end) = self.call(run, func)? {
                        return Ok(end);
                    }
                }
                Next::Return(value) => {
                    let done = run.stack.pop().ok_or(TrapKind::BadInstruction)?;
                    self.values.truncate(done.base);
                    run.depth = done.depth;
                    if run.stack.is_empty() {
                        return Ok(Outcome::Returned(value));
                    }
                    self.returned(run, value)?;
                }
            }
        }
        Err(TrapKind::BadInstruction)
    }

    /// Calls a function with the arguments in `passed`.
    fn call(&mut self, run: &mut Run, func: Func) -> Result<Option<Outcome>, TrapKind> {
        if run.bodies.get(func.index()).copied().flatten().is_some() {
            return self.enter(run, func);
        }
        match run.host.call_at(func, &self.passed, run.memory, run.depth) {
            Called::Returned(value) => self.returned(run, value)?,
            Called::Raised => {
                // The nearest `invoke`, of this function or of those that wait.
                while let Some(top) = run.stack.last() {
                    let data = top.inst.map(|inst| top.body.inst(inst));
                    if let Some(data) = data.filter(|data| matches!(data.op, Op::Invoke | Op::InvokeIndirect))
                    {
                        self.profile.caught += 1;
                        let edge = data.d + 1;
                        return self.follow(run, edge).map(|()| None);
                    }
                    self.values.truncate(top.base);
                    run.depth = top.depth;
                    run.stack.pop();
                }
                return Ok(Some(Outcome::Raised));
            }
        }
        Ok(None)
    }

    /// Enters a function with the arguments in `passed`.
    fn enter(&mut self, run: &mut Run, func: Func) -> Result<Option<Outcome>, TrapKind> {
        let body = run.bodies.get(func.index()).copied().flatten().ok_or(TrapKind::BadCall)?;
        if run.stack.len() >= run.limits.frames {
            return Err(TrapKind::OutOfFuel);
        }
        let depth = run.depth;
        if let Some(symbol) = body.depth_check {
            match run.depth.checked_sub(1) {
                Some(left) => run.depth = left,
                None => return Ok(Some(Outcome::TooDeep(symbol))),
            }
        }
        self.enter_at(run, func, body.entry(), depth)?;
        Ok(None)
    }

    /// Begins an activation at a block.
    fn enter_at(&mut self, run: &mut Run, func: Func, block: Block, depth: u64) -> Result<(), TrapKind> {
        let body = run.bodies.get(func.index()).copied().flatten().ok_or(TrapKind::BadCall)?;
        let params = body.params(block);
        if params.len() != self.passed.len() {
            return Err(TrapKind::BadCall);
        }
        let base = self.values.len();
        self.values.resize(base + body.value_count(), None);
        for (&param, &value) in params.iter().zip(&self.passed) {
            self.values[base + param.index()] = Some(value);
        }
        run.stack.push(Activation { func, body, base, inst: body.first_inst(block), depth });
        Ok(())
    }

    /// Goes on behind the call that the topmost function waits for.
    fn returned(&mut self, run: &mut Run, value: Option<Value>) -> Result<(), TrapKind> {
        let top = run.stack.last_mut().ok_or(TrapKind::BadInstruction)?;
        let (body, inst) = (top.body, top.inst.ok_or(TrapKind::BadInstruction)?);
        if let Some(result) = body.result(inst) {
            self.values[top.base + result.index()] = Some(value.ok_or(TrapKind::BadCall)?);
        }
        let data = body.inst(inst);
        if data.edge_count() > 0 {
            return self.follow(run, data.d);
        }
        top.inst = body.next_inst(inst);
        Ok(())
    }

    /// Follows an edge of the topmost function.
    fn follow(&mut self, run: &mut Run, edge: u32) -> Result<(), TrapKind> {
        let top = run.stack.last_mut().ok_or(TrapKind::BadInstruction)?;
        let (body, base) = (top.body, top.base);
        let edge = body.edge(edge);
        let params: &[super::Value] = body.params(edge.to);
        if params.len() != edge.args.len as usize {
            return Err(TrapKind::BadInstruction);
        }
        // All are read before the first is written: an argument may be a parameter of the same block.
        self.passed.clear();
        for value in body.list_values(edge.args) {
            let value = self.read(body, base, value)?;
            self.passed.push(value);
        }
        for (&param, &value) in params.iter().zip(&self.passed) {
            self.values[base + param.index()] = Some(value);
        }
        top.inst = body.first_inst(edge.to);
        Ok(())
    }

    /// What is known where the topmost function is left.
    fn leave(&self, run: &Run, reason: Reason, state: super::FrameState) -> Result<Left, TrapKind> {
        let mut collector = state::Collector::default();
        let mut own = 0;
        for (index, at) in run.stack.iter().enumerate().rev() {
            let innermost = index + 1 == run.stack.len();
            let state =
                if innermost { state.some() } else { at.inst.and_then(|inst| at.body.inst_state(inst)) };
            if let Some(state) = state {
                let read = |value| self.read(at.body, at.base, value).ok();
                collector.add(at.body, state, read).ok_or(TrapKind::Undefined)?;
            }
            if innermost {
                own = collector.frames.len();
            }
        }
        Ok(Left { reason, frames: collector.frames, own, objects: collector.objects })
    }

    fn read(&self, body: &Function, base: usize, value: super::Value) -> Result<Value, TrapKind> {
        match body.def(value) {
            Def::Const(bits) => Ok(Value::Bits(bits)),
            Def::Alias(_) => self.read(body, base, body.resolve(value)),
            _ => self.values[base + value.index()].ok_or(TrapKind::Undefined),
        }
    }

    /// Executes an instruction.
    fn step(
        &mut self,
        run: &mut Run,
        body: &Function,
        base: usize,
        inst: Inst,
        data: &InstData,
    ) -> Result<Next, TrapKind> {
        let kind = data.kind;
        let read = |word: u32| self.read(body, base, super::Value(word));
        let bits = |word: u32| read(word).map(|value| value.bits());
        let bytes = |word: u32| read(word).map(|value| value.bytes());
        let holds = || Ok(data.cond().holds(kind, bits(data.a)?, bits(data.b)?));
        // Only `guard`s and the like get here with one; an instruction without has none to leave through.
        let leave = || data.guard().map(Next::Leave).ok_or(TrapKind::BadInstruction);
        let result: Option<Value> = match data.op {
            Op::Neg | Op::Not | Op::Abs | Op::Sqrt | Op::Floor | Op::Ceil | Op::Trunc => Some(Value::Bits(
                scalar::unary(data.op, kind, bits(data.a)?).ok_or(TrapKind::BadInstruction)?,
            )),
            Op::Convert => Some(Value::Bits(scalar::convert(data.source(), kind, bits(data.a)?))),
            Op::Bitcast => Some(Value::Bits(bits(data.a)?)),
            Op::Div | Op::Rem if kind.is_int() => {
                let (a, b) = (bits(data.a)?, bits(data.b)?);
                let overflows = scalar::checked(Op::DivChecked, kind, a, b).is_none();
                if data.aux & Op::NONZERO != 0 && b == 0
                    || data.aux & Op::NO_OVERFLOW != 0 && b != 0 && overflows
                {
                    return Err(TrapKind::FalseClaim);
                }
                Some(Value::Bits(scalar::binary(data.op, kind, a, b).ok_or(TrapKind::BadInstruction)?))
            }
            Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Div
            | Op::Rem
            | Op::MulHigh
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::Shl
            | Op::Shr
            | Op::Min
            | Op::Max => {
                let value = scalar::binary(data.op, kind, bits(data.a)?, bits(data.b)?);
                Some(Value::Bits(value.ok_or(TrapKind::BadInstruction)?))
            }
            Op::Cmp => Some(Value::Bits(u64::from(holds()?))),
            Op::Select => Some(if bits(data.a)? != 0 { read(data.b)? } else { read(data.c)? }),
            Op::NegChecked
            | Op::AddChecked
            | Op::SubChecked
            | Op::MulChecked
            | Op::DivChecked
            | Op::RemChecked => {
                let second = if data.op == Op::NegChecked { 0 } else { bits(data.b)? };
                match scalar::checked(data.op, kind, bits(data.a)?, second) {
                    Some(value) => Some(Value::Bits(value)),
                    None => return leave(),
                }
            }
            Op::ConvertChecked => match scalar::convert_checked(data.source(), kind, bits(data.a)?) {
                Some(value) => Some(Value::Bits(value)),
                None => return leave(),
            },
            Op::Guard if bits(data.a)? == 0 => return leave(),
            Op::GuardCmp if !holds()? => return leave(),
            Op::Guard | Op::GuardCmp => None,
            Op::Load => {
                let address = self.address(body, base, data)?;
                Some(load(run.memory, data.mem(), address)?)
            }
            Op::Store => {
                let (address, value) = (self.address(body, base, data)?, read(data.d)?);
                let mem = data.mem();
                let length = mem.bytes() as usize;
                let target = run.memory.bytes_mut(address, length).map_err(|at| TrapKind::Outside(at.0))?;
                target.copy_from_slice(&value.bytes()[..length]);
                None
            }
            Op::New => {
                let layout = run.module.layouts.get(data.a as usize).ok_or(TrapKind::BadInstruction)?;
                match run.host.allocate(data.layout(), layout, run.memory) {
                    Some(address) => Some(Value::Bits(address)),
                    None => return leave(),
                }
            }
            Op::Context => Some(Value::Bits(run.host.context())),
            // As of a register of 32 bits.
            Op::Levels => Some(Value::Bits(run.depth.min(i32::MAX as u64))),
            Op::Address => Some(Value::Bits(run.host.symbol(Symbol(data.a)))),
            Op::Poll if run.host.poll() => return leave(),
            Op::Poll => None,
            Op::Call | Op::Invoke => return Ok(Next::Call(data.callee(), data.arguments())),
            Op::CallIndirect | Op::InvokeIndirect => {
                let func = run.host.function_at(bits(data.a)?).ok_or(TrapKind::BadCall)?;
                let wanted: Option<&Signature> = run.module.sigs.get(data.indirect_sig().index());
                if wanted != Some(run.module.signature(func)) {
                    return Err(TrapKind::BadCall);
                }
                return Ok(Next::Call(func, data.arguments()));
            }
            Op::VSplat => {
                let value = bits(data.a)?;
                Some(Value::Vector(vector::build(kind, data.lane(), |_| value)))
            }
            Op::VSqrt | Op::VWidenLow | Op::VWidenHigh => {
                let value = vector::unary(data.op, kind, data.lane(), &bytes(data.a)?);
                Some(Value::Vector(value.ok_or(TrapKind::BadInstruction)?))
            }
            Op::VAdd
            | Op::VSub
            | Op::VMul
            | Op::VDiv
            | Op::VAnd
            | Op::VOr
            | Op::VXor
            | Op::VMin
            | Op::VMax
            | Op::VEq
            | Op::VGt => {
                let value = vector::binary(data.op, kind, data.lane(), &bytes(data.a)?, &bytes(data.b)?);
                Some(Value::Vector(value.ok_or(TrapKind::BadInstruction)?))
            }
            Op::VSelect => {
                Some(Value::Vector(vector::select(&bytes(data.a)?, &bytes(data.b)?, &bytes(data.c)?)))
            }
            Op::VExtract if data.b >= data.lane().count(kind) => return Err(TrapKind::BadInstruction),
            Op::VExtract => Some(Value::Bits(vector::lane(&bytes(data.a)?, data.lane(), data.b))),
            Op::VSum | Op::VLeast | Op::VGreatest | Op::VTrue => {
                let value = vector::reduce(data.op, kind, data.lane(), &bytes(data.a)?);
                Some(Value::Bits(value.ok_or(TrapKind::BadInstruction)?))
            }
            Op::Jump => return Ok(Next::Edge(data.d)),
            Op::Br => return Ok(Next::Edge(data.d + u32::from(bits(data.a)? == 0))),
            Op::BrCmp => return Ok(Next::Edge(data.d + u32::from(!holds()?))),
            Op::Switch => {
                let last = u64::from(data.b - 1);
                return Ok(Next::Edge(data.d + bits(data.a)?.min(last) as u32));
            }
            Op::AddOr | Op::SubOr | Op::MulOr => {
                return Ok(match scalar::checked(data.op, kind, bits(data.a)?, bits(data.b)?) {
                    Some(value) => {
                        let result = body.result(inst).ok_or(TrapKind::BadInstruction)?;
                        self.values[base + result.index()] = Some(Value::Bits(value));
                        Next::Edge(data.d)
                    }
                    None => Next::Edge(data.d + 1),
                });
            }
            Op::Return if kind == Kind::None => return Ok(Next::Return(None)),
            Op::Return => return Ok(Next::Return(Some(read(data.a)?))),
            Op::Exit => return leave(),
            Op::Unreachable => return Err(TrapKind::Unreachable),
        };
        if let Some(guard) = data.guard() {
            self.profile.passed[body.guard(guard).reason as usize] += 1;
        }
        if let Some(target) = body.result(inst) {
            self.values[base + target.index()] = result;
        }
        Ok(Next::Inst)
    }

    /// The address of a load or a store.
    fn address(&self, body: &Function, base: usize, data: &InstData) -> Result<u64, TrapKind> {
        let start = self.read(body, base, super::Value(data.a))?.bits();
        let index = match data.b {
            // Canonical bits of 32-bit kinds are zero-extended, as an index is.
            NONE => 0,
            index => self.read(body, base, super::Value(index))?.bits(),
        };
        Ok(start.wrapping_add(index << data.scale()).wrapping_add(data.offset() as i64 as u64))
    }
}

/// Reads memory, and extends what is there to its kind.
pub fn load(memory: &Memory, mem: Mem, address: u64) -> Result<Value, TrapKind> {
    let length = mem.bytes() as usize;
    let found = memory.bytes(address, length).map_err(|at| TrapKind::Outside(at.0))?;
    let mut bytes = [0; 32];
    bytes[..length].copy_from_slice(found);
    if mem.kind().is_vector() {
        return Ok(Value::Vector(bytes));
    }
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    let word = u64::from_le_bytes(word);
    Ok(Value::Bits(match mem {
        Mem::I8 => Kind::I32.canonical(word as i8 as u64),
        Mem::I16 => Kind::I32.canonical(word as i16 as u64),
        Mem::Bool if word > 1 => return Err(TrapKind::FalseClaim),
        _ => word,
    }))
}
