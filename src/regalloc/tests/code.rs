//! Code of the invented machine, and its text form.
//!
//! ```text
//! b0:
//!     v0:int = const                         ; `const` makes a value that can be computed again
//!     v1:ref@r0 = arg
//!     v2:int~0 = add v0, v1                  ; tied to operand 0
//!     v3:int! = op v0!, v1?, v2?!            ; an early def; uses: late, any, any and late
//!     v4:int? = call v0@r0 temps v5:int v6:int@r3 clobbers all safepoint
//!     br v0 -> b1 b2
//! b1 depth=1 weight=10:
//!     jump -> b3(v0)
//! b3(v7:int):
//!     v8:int = move v7
//!     ret v8@r0
//! ```
//!
//! The operands of an instruction are its uses, its defs, its temporaries, in that order.

use std::fmt::Write as _;
use std::ops::Range;

use crate::regalloc::{
    Constraint, Function, Machine, Operand, PReg, RegClass, RegSet, Role, Time, VReg, ValueInfo,
};

/// A block.
#[derive(Clone, Default, Debug)]
pub struct Block {
    pub insts: Range<u32>,
    pub successors: Vec<u32>,
    pub predecessors: Vec<u32>,
    pub params: Vec<VReg>,
    pub arguments: Vec<VReg>,
    pub weight: u32,
    pub depth: u32,
}

/// An instruction.
#[derive(Clone, Default, Debug)]
pub struct Inst {
    pub name: String,
    pub operands: Range<u32>,
    pub clobbers: RegSet,
    pub safepoint: bool,
}

/// A function.
#[derive(Clone, Default, Debug)]
pub struct Code {
    pub blocks: Vec<Block>,
    pub insts: Vec<Inst>,
    pub operands: Vec<Operand>,
    pub values: Vec<ValueInfo>,
}

impl Function for Code {
    fn blocks(&self) -> u32 {
        self.blocks.len() as u32
    }
    fn block_insts(&self, block: u32) -> Range<u32> {
        self.blocks[block as usize].insts.clone()
    }
    fn successors(&self, block: u32) -> &[u32] {
        &self.blocks[block as usize].successors
    }
    fn predecessors(&self, block: u32) -> &[u32] {
        &self.blocks[block as usize].predecessors
    }
    fn params(&self, block: u32) -> &[VReg] {
        &self.blocks[block as usize].params
    }
    fn arguments(&self, block: u32) -> &[VReg] {
        &self.blocks[block as usize].arguments
    }
    fn weight(&self, block: u32) -> u32 {
        self.blocks[block as usize].weight
    }
    fn loop_depth(&self, block: u32) -> u32 {
        self.blocks[block as usize].depth
    }
    fn vregs(&self) -> u32 {
        self.values.len() as u32
    }
    fn value(&self, vreg: VReg) -> ValueInfo {
        self.values[vreg.index()]
    }
    fn operands(&self) -> &[Operand] {
        &self.operands
    }
    fn inst_operands(&self, inst: u32) -> Range<u32> {
        self.insts[inst as usize].operands.clone()
    }
    fn clobbers(&self, inst: u32) -> RegSet {
        self.insts[inst as usize].clobbers
    }
    fn is_safepoint(&self, inst: u32) -> bool {
        self.insts[inst as usize].safepoint
    }
    fn is_plain(&self, inst: u32) -> bool {
        let found = &self.insts[inst as usize];
        let operands = &self.operands[found.operands.start as usize..found.operands.end as usize];
        let simple = |(at, op): (usize, &Operand)| match op.constraint {
            Constraint::Any | Constraint::Reg => true,
            Constraint::Tied(used) => usize::from(used) < at,
            Constraint::Fixed(_) => false,
        };
        operands.iter().enumerate().all(simple)
            && found.clobbers.is_empty()
            && !found.safepoint
            && !self.is_move(inst)
    }
    fn is_move(&self, inst: u32) -> bool {
        self.insts[inst as usize].name == "move"
    }
}

/// The kinds of values in the text form.
pub const KINDS: [(&str, RegClass, u8, bool); 5] = [
    ("int", RegClass::Int, 1, false),
    ("ref", RegClass::Int, 1, true),
    ("float", RegClass::Float, 1, false),
    ("wide", RegClass::Float, 2, false),
    ("vast", RegClass::Float, 4, false),
];

/// The kind of that name.
pub fn kind(name: &str) -> ValueInfo {
    let found = KINDS.iter().find(|kind| kind.0 == name);
    let &(_, class, slots, reference) = found.unwrap_or_else(|| panic!("no kind {name}"));
    ValueInfo { class, slots, reference, rematerializable: false }
}

fn kind_name(info: ValueInfo) -> &'static str {
    let found =
        KINDS.iter().find(|kind| (kind.1, kind.2, kind.3) == (info.class, info.slots, info.reference));
    found.expect("a kind").0
}

impl Code {
    /// Adds an instruction to the last block.
    pub fn push(&mut self, inst: Inst, operands: &[Operand]) {
        let first = self.operands.len() as u32;
        self.operands.extend_from_slice(operands);
        let operands = first..self.operands.len() as u32;
        self.insts.push(Inst { operands, ..inst });
    }

    /// Finds the predecessors.
    pub fn link(&mut self) {
        for block in 0..self.blocks.len() {
            for successor in self.blocks[block].successors.clone() {
                self.blocks[successor as usize].predecessors.push(block as u32);
            }
        }
    }

    /// Reads the text form.
    pub fn parse(text: &str, machine: &Machine) -> Code {
        let mut parser = Parser { code: Code::default(), machine };
        for line in text.lines() {
            let line = line.split(';').next().unwrap_or_default();
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with('b') { parser.header(line) } else { parser.inst(line.trim()) }
        }
        parser.code.link();
        parser.code
    }
}

struct Parser<'a> {
    code: Code,
    machine: &'a Machine,
}

impl Parser<'_> {
    fn header(&mut self, line: &str) {
        let first = self.code.insts.len() as u32;
        let mut block = Block { insts: first..first, weight: 1, ..Block::default() };
        let line = line.trim_end().strip_suffix(':').expect("a block ends in a colon");
        let (name, rest) = line.split_at(line.find(['(', ' ']).unwrap_or(line.len()));
        assert_eq!(name, format!("b{}", self.code.blocks.len()));
        let mut rest = rest;
        if let Some(params) = rest.strip_prefix('(') {
            let (params, after) = params.split_once(')').expect("a parenthesis");
            block.params = params.split(", ").map(|param| self.definition(param, Role::Def).vreg).collect();
            rest = after;
        }
        for word in rest.split_whitespace() {
            let (key, value) = word.split_once('=').expect("key=value");
            let value = value.parse().expect("a number");
            match key {
                "depth" => (block.depth, block.weight) = (value, 10_u32.pow(value)),
                "weight" => block.weight = value,
                _ => panic!("{key}"),
            }
        }
        self.code.blocks.push(block);
    }

    fn reg(text: &str) -> PReg {
        let class = if text.starts_with('r') { RegClass::Int } else { RegClass::Float };
        PReg::new(class, text[1..].parse().expect("a register's number"))
    }

    /// `v1@r0`, `v1?`, `v1!`, `v1~0`.
    fn operand(&self, text: &str, role: Role) -> Operand {
        let text = text.trim();
        let end = text.find(['@', '?', '!', '~']).unwrap_or(text.len());
        let vreg = VReg(text[1..end].parse().unwrap_or_else(|_| panic!("{text}")));
        let flipped = text.ends_with('!');
        let modifier = text[end..].trim_end_matches('!');
        let constraint = match modifier.chars().next() {
            None => Constraint::Reg,
            Some('?') => Constraint::Any,
            Some('@') => Constraint::Fixed(Parser::reg(&modifier[1..])),
            _ => Constraint::Tied(modifier[1..].parse().expect("an index")),
        };
        let time = if (role == Role::Def) == flipped { Time::Early } else { Time::Late };
        Operand { vreg, constraint, role, time }
    }

    /// `v1:int@r0`.
    fn definition(&mut self, text: &str, role: Role) -> Operand {
        let (name, rest) = text.trim().split_once(':').unwrap_or_else(|| panic!("{text} has no kind"));
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let operand = self.operand(&format!("{name}{}", &rest[end..]), role);
        let info = kind(&rest[..end]);
        let values = &mut self.code.values;
        values.resize(values.len().max(operand.vreg.index() + 1), kind("int"));
        values[operand.vreg.index()] = info;
        operand
    }

    fn inst(&mut self, line: &str) {
        let (body, targets) =
            line.split_once(" -> ").map_or((line, None), |(body, targets)| (body, Some(targets)));
        let (body, safepoint) = body.strip_suffix(" safepoint").map_or((body, false), |body| (body, true));
        let (body, clobbers) = body.split_once(" clobbers ").unwrap_or((body, ""));
        let (body, temps) = body.split_once(" temps ").unwrap_or((body, ""));
        let (defs, body) = body.split_once(" = ").unwrap_or(("", body));
        let (name, uses) = body.split_once(' ').unwrap_or((body, ""));
        let list = |text: &str| {
            text.split(", ").map(str::to_owned).filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        let mut operands: Vec<Operand> =
            list(uses).iter().map(|text| self.operand(text, Role::Use)).collect();
        for def in list(defs) {
            let operand = self.definition(&def, Role::Def);
            self.code.values[operand.vreg.index()].rematerializable = name == "const";
            operands.push(operand);
        }
        for temp in temps.split_whitespace() {
            let operand = self.definition(temp, Role::Temp);
            operands.push(Operand { time: Time::Early, ..operand });
        }
        let clobbers = if clobbers == "all" {
            RegSet::of(&self.machine.allocatable.concat())
        } else {
            RegSet::of(&clobbers.split_whitespace().map(Parser::reg).collect::<Vec<_>>())
        };
        self.code.push(Inst { name: name.to_owned(), operands: 0..0, clobbers, safepoint }, &operands);
        let block = self.code.blocks.last_mut().expect("a block");
        block.insts.end += 1;
        for target in
            targets.unwrap_or_default().split_inclusive([' ', ')']).map(str::trim).filter(|t| !t.is_empty())
        {
            // The arguments of a target may have been cut at their spaces.
            match target.split_once('(') {
                Some((name, first)) => {
                    block.successors.push(name[1..].parse().expect("a block"));
                    block.arguments.push(argument(first));
                }
                None if target.starts_with('b') => {
                    block.successors.push(target[1..].parse().expect("a block"))
                }
                None => block.arguments.push(argument(target)),
            }
        }
    }
}

fn argument(text: &str) -> VReg {
    VReg(
        text.trim_start_matches('v')
            .trim_end_matches([',', ')'])
            .parse()
            .unwrap_or_else(|_| panic!("{text}")),
    )
}

/// The text form.
impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, block) in self.blocks.iter().enumerate() {
            write!(f, "b{number}")?;
            if !block.params.is_empty() {
                let params: Vec<String> = block
                    .params
                    .iter()
                    .map(|v| format!("{v}:{}", kind_name(self.values[v.index()])))
                    .collect();
                write!(f, "({})", params.join(", "))?;
            }
            writeln!(f, " depth={} weight={}:", block.depth, block.weight)?;
            for inst in block.insts.clone() {
                writeln!(f, "    {}", self.inst_text(inst))?;
            }
        }
        Ok(())
    }
}

impl Code {
    pub fn inst_text(&self, number: u32) -> String {
        let inst = &self.insts[number as usize];
        let operands = &self.operands[inst.operands.start as usize..inst.operands.end as usize];
        let operand = |op: &Operand| {
            let mut text = op.vreg.to_string();
            if op.role != Role::Use {
                let _ = write!(text, ":{}", kind_name(self.values[op.vreg.index()]));
            }
            match op.constraint {
                Constraint::Any => text.push('?'),
                Constraint::Reg => {}
                Constraint::Fixed(reg) => _ = write!(text, "@{reg}"),
                Constraint::Tied(index) => _ = write!(text, "~{index}"),
            }
            if op.role != Role::Temp && (op.role == Role::Def) == (op.time == Time::Early) {
                text.push('!');
            }
            text
        };
        let list = |role: Role, between: &str| {
            operands.iter().filter(|op| op.role == role).map(operand).collect::<Vec<_>>().join(between)
        };
        let mut text = list(Role::Def, ", ");
        if !text.is_empty() {
            text.push_str(" = ");
        }
        text.push_str(&inst.name);
        for (before, list) in [(" ", list(Role::Use, ", ")), (" temps ", list(Role::Temp, " "))] {
            if !list.is_empty() {
                text.push_str(before);
                text.push_str(&list);
            }
        }
        if !inst.clobbers.is_empty() {
            let list: Vec<String> = inst.clobbers.iter().map(|reg| reg.to_string()).collect();
            let _ = write!(text, " clobbers {}", list.join(" "));
        }
        if inst.safepoint {
            text.push_str(" safepoint");
        }
        if let Some(block) = self.blocks.iter().find(|block| block.insts.end == number + 1)
            && !block.successors.is_empty()
        {
            let targets: Vec<String> = block.successors.iter().map(|target| format!("b{target}")).collect();
            let _ = write!(text, " -> {}", targets.join(" "));
            if !block.arguments.is_empty() {
                let arguments: Vec<String> = block.arguments.iter().map(VReg::to_string).collect();
                let _ = write!(text, "({})", arguments.join(", "));
            }
        }
        text
    }
}
