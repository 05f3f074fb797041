//! Verifying a function's code as a whole: instructions, branches, handlers, positions; and its flow graph.
//!
//! How it works. One pass over the instructions. All places where blocks begin are known when the pass gets there: the
//! targets of forward branches have been seen, backward branches go to `loop` instructions alone, and the boundaries of
//! handlers are marked beforehand. On the way it notes for each block the references that it reads before writing them,
//! and those that it writes: what the data flow needs.

use super::assigned;
use super::error::Reason;
use super::inst::Checker;
use super::tables::Tables;
use crate::bytecode::builder::MAX_CODE;
use crate::bytecode::decode::{Access, Inst, decode};
use crate::bytecode::opcode::{Op, Operand};
use crate::bytecode::program::{FuncId, Function, RegType, TypeId};

/// What is wrong and at which word, if at one.
pub type Fault = (Option<u32>, Reason);

/// An instruction begins here.
const START: u32 = 1;
/// It is a `loop`.
const LOOP: u32 = 2;
/// Something branches here.
const TARGET: u32 = 4;
/// A block begins here. Its number stands in the bits above, once the pass has come there.
const LEADER: u32 = 8;
const BLOCK_SHIFT: u32 = 4;
const _: () = assert!(MAX_CODE <= 1 << (32 - BLOCK_SHIFT));

const NONE: u32 = u32::MAX;

/// Buffers, kept from function to function.
#[derive(Default)]
pub struct Scratch {
    registers: Vec<RegType>,
    /// Marks of each word and of the end.
    marks: Vec<u32>,
    /// For each register the last block that wrote it, and the last whose read before writing was noted.
    written: Vec<u32>,
    read: Vec<u32>,
    pub graph: Graph,
}

/// What the data flow needs of a function.
#[derive(Default)]
pub struct Graph {
    /// Addresses of the blocks, ascending.
    pub blocks: Vec<u32>,
    pub edges: Vec<Edge>,
    /// Reads and writes of reference registers, in the order of the blocks.
    pub events: Vec<Event>,
}

/// Control may go from the end of a block to another.
#[derive(Clone, Copy)]
pub struct Edge {
    pub from: u32,
    /// An address while the graph is being built, then a block.
    pub to: u32,
    /// A register that is assigned on the way, or `u32::MAX`.
    pub defines: u32,
    /// From the block's start rather than its end: to a handler.
    pub raises: bool,
}

/// A block reads a register before it writes it (once), or writes it (once).
#[derive(Clone, Copy)]
pub struct Event {
    pub block: u32,
    pub register: u16,
    /// The reading instruction, or `u32::MAX` for a write.
    pub read_at: u32,
}

/// Checks the code of a function whose header has been checked.
pub fn function(
    tables: &Tables,
    id: FuncId,
    function: &Function,
    scratch: &mut Scratch,
) -> Result<(), Fault> {
    debug_assert!(function.closure.is_none_or(|ty| tables.closure_of(ty) == Some(id)));
    let length = function.code.len();
    if length == 0 || length > MAX_CODE {
        return Err((None, if length == 0 { Reason::FallsOffEnd } else { Reason::TooMany("words of code") }));
    }
    scratch.registers.clear();
    scratch.registers.extend(function.registers.iter().map(|&register| tables.register(register)));
    scratch.marks.clear();
    scratch.marks.resize(length + 1, 0);
    for buffer in [&mut scratch.written, &mut scratch.read] {
        buffer.clear();
        buffer.resize(function.refs as usize, NONE);
    }
    let graph = &mut scratch.graph;
    graph.blocks.clear();
    graph.edges.clear();
    graph.events.clear();

    for (index, handler) in function.handlers.iter().enumerate() {
        let fail = |what| Err((None, Reason::Handler(index as u32, what)));
        if handler.start >= handler.end || handler.end as usize > length {
            return fail("its range is empty or not in the code");
        }
        // A handler is a way backwards unless it stands behind its range (V3).
        if handler.target < handler.end || handler.target as usize >= length {
            return fail("its target is not behind its range");
        }
        let error = function.registers.get(usize::from(handler.error));
        let error = error.filter(|_| u32::from(handler.error) < function.refs);
        if error.is_none_or(|register| register.nullable || tables.canonical(register.ty) != TypeId::ERROR) {
            return fail("its register does not take an error");
        }
        for pc in [handler.start, handler.end, handler.target] {
            scratch.marks[pc as usize] |= LEADER;
        }
    }

    let mut pass = Pass {
        checker: Checker { tables, function, registers: &scratch.registers },
        marks: &mut scratch.marks,
        written: &mut scratch.written,
        read: &mut scratch.read,
        graph,
    };
    pass.instructions()?;
    let marks = &scratch.marks;
    for (pc, mark) in marks.iter().enumerate() {
        if mark & (TARGET | START) == TARGET {
            return Err((None, Reason::Target(pc as i64)));
        }
    }
    positions(tables, function, marks)?;
    let nesting = Nesting::new(function, marks)?;
    for edge in &graph.edges {
        if let Some(entered) = nesting.entered(function, graph.blocks[edge.from as usize], edge.to) {
            return Err((Some(edge.to), Reason::IntoHandler(entered)));
        }
    }
    for handler in &function.handlers {
        let from = block_at(marks, handler.start);
        let edge = Edge { from, to: handler.target, defines: u32::from(handler.error), raises: true };
        if let Some(entered) = nesting.entered(function, handler.start, handler.target) {
            return Err((Some(handler.target), Reason::IntoHandler(entered)));
        }
        graph.edges.push(edge);
    }
    for edge in &mut graph.edges {
        edge.to = block_at(marks, edge.to);
    }
    assigned::check(graph)
}

/// The block that begins at an address. Every target was marked before the pass came to it, or is a loop.
fn block_at(marks: &[u32], pc: u32) -> u32 {
    let mark = marks[pc as usize];
    debug_assert!(mark & (LEADER | START) == LEADER | START, "a block begins at every target");
    mark >> BLOCK_SHIFT
}

struct Pass<'s, 't, 'p> {
    checker: Checker<'t, 'p>,
    marks: &'s mut [u32],
    written: &'s mut [u32],
    read: &'s mut [u32],
    graph: &'s mut Graph,
}

impl Pass<'_, '_, '_> {
    fn instructions(&mut self) -> Result<(), Fault> {
        let (tables, function) = (self.checker.tables, self.checker.function);
        let code = &function.code;
        let mut pc = 0;
        // Whether the instruction before goes on here, and whether it ended its block.
        let (mut falls, mut ended) = (false, true);
        while (pc as usize) < code.len() {
            let at = |reason| (Some(pc), reason);
            let inst = decode(tables.program, code, pc).map_err(|error| at(Reason::Decode(error)))?;
            self.checker.check(&inst).map_err(at)?;
            let mark = &mut self.marks[pc as usize];
            *mark |= START;
            if inst.op == Op::Loop {
                *mark |= LOOP | LEADER;
            }
            if ended || *mark & LEADER != 0 {
                if falls {
                    let from = self.graph.blocks.len() as u32 - 1;
                    self.graph.edges.push(Edge { from, to: pc, defines: NONE, raises: false });
                }
                *mark = *mark & ((1 << BLOCK_SHIFT) - 1)
                    | LEADER
                    | (self.graph.blocks.len() as u32) << BLOCK_SHIFT;
                self.graph.blocks.push(pc);
            }
            self.accesses(&inst);
            let branches = self.branches(&inst).map_err(at)?;
            falls = inst.falls_through();
            ended = branches || !falls;
            pc = inst.next();
        }
        if falls { Err((None, Reason::FallsOffEnd)) } else { Ok(()) }
    }

    /// Checks and notes where an instruction branches to; whether it does.
    fn branches(&mut self, inst: &Inst) -> Result<bool, Reason> {
        let from = self.graph.blocks.len() as u32 - 1;
        // A register that is written only on the way to the target.
        let mut defines = NONE;
        if inst.defines_on_branch()
            && matches!(inst.row().operands[0], Operand::Def(_))
            && self.tracked(inst.lane(0))
        {
            defines = u32::from(inst.lane(0));
        }
        let mut any = false;
        for target in inst.targets() {
            any = true;
            let pc =
                u32::try_from(target).ok().filter(|&pc| (pc as usize) < self.checker.function.code.len());
            let pc = pc.ok_or(Reason::Target(target))?;
            let mark = &mut self.marks[pc as usize];
            if pc <= inst.pc {
                if *mark & START == 0 {
                    return Err(Reason::Target(target));
                }
                if *mark & LOOP == 0 {
                    return Err(Reason::BackEdge(pc));
                }
            }
            *mark |= TARGET | LEADER;
            self.graph.edges.push(Edge { from, to: pc, defines, raises: false });
        }
        Ok(any)
    }

    /// Whether the data flow follows a register: it is a reference that is not null, and no parameter.
    fn tracked(&self, reg: u16) -> bool {
        let function = self.checker.function;
        let number = u32::from(reg);
        number < function.refs
            && number >= function.ref_params
            && !self.checker.registers[usize::from(reg)].nullable
    }

    /// Notes the references that an instruction reads and writes.
    fn accesses(&mut self, inst: &Inst) {
        let block = self.graph.blocks.len() as u32 - 1;
        let on_branch = inst.defines_on_branch();
        // Reads come before writes, whatever the order of the operands.
        inst.for_each_register(|reg, access| {
            if access != Access::Def && self.tracked(reg) {
                let index = usize::from(reg);
                if self.written[index] != block && self.read[index] != block {
                    self.read[index] = block;
                    self.graph.events.push(Event { block, register: reg, read_at: inst.pc });
                }
            }
        });
        // (A call without result names register 0, and is taken to write it.)
        if !on_branch && !self.is_void(inst) {
            let operand = &inst.row().operands[0];
            if operand.is_def() && self.tracked(inst.lane(0)) {
                let index = usize::from(inst.lane(0));
                if self.written[index] != block {
                    self.written[index] = block;
                    self.graph.events.push(Event { block, register: inst.lane(0), read_at: NONE });
                }
            }
        }
    }

    fn is_void(&self, inst: &Inst) -> bool {
        self.checker.is_void_call(inst).unwrap_or(true)
    }
}

/// Positions stand at instructions, in order, within the source.
fn positions(tables: &Tables, function: &Function, marks: &[u32]) -> Result<(), Fault> {
    let text = &tables.program.files[function.file.index()].text;
    let mut least = 0;
    for (index, position) in function.positions.iter().enumerate() {
        let starts = marks.get(position.pc as usize).is_some_and(|mark| mark & START != 0);
        let (start, end) = (position.span.start as usize, position.span.end as usize);
        let within = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
        if !starts || position.pc < least || !within {
            return Err((None, Reason::Position(index as u32)));
        }
        least = position.pc + 1;
    }
    Ok(())
}

/// How the ranges of handlers nest.
struct Nesting {
    /// Pieces of the code, ascending: where each begins, and the innermost handler there, if any.
    pieces: Vec<(u32, u32)>,
    /// For each handler the nearest one around it that begins before it does, if any.
    around: Vec<u32>,
}

impl Nesting {
    /// Checks the order of the handlers (V8), and that their boundaries begin instructions.
    fn new(function: &Function, marks: &[u32]) -> Result<Nesting, Fault> {
        let handlers = &function.handlers;
        let length = function.code.len() as u32;
        for (index, handler) in handlers.iter().enumerate() {
            let starts = |pc: u32| marks[pc as usize] & START != 0;
            let ends = handler.end == length || starts(handler.end);
            if !starts(handler.start) || !ends || !starts(handler.target) {
                return Err((None, Reason::Handler(index as u32, "it begins or ends within an instruction")));
            }
            if let Some(before) = index.checked_sub(1).map(|index| handlers[index])
                && (before.end > handler.end || (before.end == handler.end && before.start < handler.start))
            {
                return Err((None, Reason::Handler(index as u32, "it is out of order")));
            }
        }
        // Outer ones first.
        let mut order: Vec<u32> = (0..handlers.len() as u32).collect();
        order.sort_unstable_by_key(|&index| {
            let handler = handlers[index as usize];
            (handler.start, std::cmp::Reverse(handler.end), std::cmp::Reverse(index))
        });
        let mut nesting = Nesting { pieces: Vec::new(), around: vec![NONE; handlers.len()] };
        let mut open: Vec<u32> = Vec::new();
        for index in order {
            let handler = handlers[index as usize];
            nesting.close(handlers, &mut open, handler.start);
            if let Some(&outer) = open.last() {
                if handlers[outer as usize].end < handler.end {
                    return Err((None, Reason::Handler(index, "it overlaps another")));
                }
                let same_start = handlers[outer as usize].start == handler.start;
                nesting.around[index as usize] =
                    if same_start { nesting.around[outer as usize] } else { outer };
            }
            open.push(index);
            nesting.pieces.push((handler.start, index));
        }
        nesting.close(handlers, &mut open, u32::MAX);
        Ok(nesting)
    }

    /// Ends the ranges that end at or before an address.
    fn close(&mut self, handlers: &[crate::bytecode::program::Handler], open: &mut Vec<u32>, pc: u32) {
        while let Some(&index) = open.last() {
            let end = handlers[index as usize].end;
            if end > pc {
                break;
            }
            open.pop();
            self.pieces.push((end, open.last().copied().unwrap_or(NONE)));
        }
    }

    /// The handler whose range control enters elsewhere than at its start when it goes from one address to another.
    fn entered(&self, function: &Function, from: u32, to: u32) -> Option<u32> {
        let piece = self.pieces.partition_point(|piece| piece.0 <= to).checked_sub(1)?;
        let mut innermost = self.pieces[piece].1;
        if innermost != NONE && function.handlers[innermost as usize].start == to {
            innermost = self.around[innermost as usize];
        }
        let handler = function.handlers.get(innermost as usize)?;
        // Those around it contain `from` if it does.
        (from < handler.start || from >= handler.end).then_some(innermost)
    }
}
