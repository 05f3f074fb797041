//! Texts of allocations, for people.
//!
//! ```text
//! b1(v2, v3)  loop 1                             -> b2 b3
//!   2  v2:r0  v1:r1
//!
//! b2                                             -> b1(v4, v5)
//!   3  v3:r2  v2:r0  =>  v4:r2~
//!        r3 <- slot 0                            v7
//!   4  v2:r0  =>  v5:r0
//! ```
//!
//! and, by [`Allocator::picture`], where values live:
//!
//! ```text
//!            0    1    2    3         D def  u use  = lives  - in its slot  . hole
//! v0  ref    D====u----u              r0 [0, 4), slot 0 [4, 8)
//! ```

use std::fmt::Write as _;

use super::allocator::Allocator;
use super::check_error::Shown;
use super::interval::{FAR, SPILLED};
use super::{
    Alloc, Constraint, Edit, Function, Machine, Operand, Output, Point, RegClass, Role, Time, VReg, ValueInfo,
};

/// Where the right column of a listing begins.
const NOTES: usize = 48;

fn place(machine: &Machine, place: Alloc) -> String {
    if let Alloc::Reg(reg) = place { machine.name(reg) } else { Shown(place).to_string() }
}

/// An operand and its place; `!` marks the time that is not usual for it, `~` a tied def, `@` a fixed one.
fn operand(machine: &Machine, op: &Operand, alloc: Alloc) -> String {
    let usual = if op.role == Role::Def { Time::Late } else { Time::Early };
    let constraint = match op.constraint {
        Constraint::Any => "?",
        Constraint::Reg => "",
        Constraint::Fixed(_) => "@",
        Constraint::Tied(_) => "~",
    };
    let time = if op.time == usual { "" } else { "!" };
    format!("{}:{}{constraint}{time}", op.vreg, place(machine, alloc))
}

fn edit(machine: &Machine, edit: &Edit) -> String {
    let from = if edit.from == Alloc::None { "again".to_owned() } else { place(machine, edit.from) };
    let text = format!("       {} <- {from}", place(machine, edit.to));
    format!("{text:NOTES$}{}\n", edit.vreg)
}

fn list(values: &[VReg]) -> String {
    if values.is_empty() {
        return String::new();
    }
    format!("({})", values.iter().map(VReg::to_string).collect::<Vec<_>>().join(", "))
}

/// The code, block by block, with where each operand is, and with the moves between instructions.
pub fn listing<F: Function + ?Sized>(f: &F, machine: &Machine, output: &Output) -> String {
    let mut text = String::new();
    let mut edits = output.edits.iter().peekable();
    for block in 0..f.blocks() {
        let depth = f.loop_depth(block);
        let heat = if f.weight(block) == 0 { "  cold" } else { "" };
        let depth = if depth > 0 { format!("  loop {depth}") } else { String::new() };
        let head = format!("b{block}{}{depth}{heat}", list(f.params(block)));
        let targets: Vec<String> = f.successors(block).iter().map(|next| format!("b{next}")).collect();
        let arrow = if targets.is_empty() { String::new() } else { format!("-> {}", targets.join(" ")) };
        let line = format!("{head:NOTES$}{arrow}{}", list(f.arguments(block)));
        let _ = writeln!(text, "{}", line.trim_end());
        for inst in f.block_insts(block) {
            while let Some(found) = edits.next_if(|edit| edit.point == Point::Before(inst)) {
                text.push_str(&edit(machine, found));
            }
            let _ = writeln!(text, "{}", instruction(f, machine, output, inst).trim_end());
            while let Some(found) = edits.next_if(|edit| edit.point == Point::After(inst)) {
                text.push_str(&edit(machine, found));
            }
        }
        text.push('\n');
    }
    text
}

fn instruction<F: Function + ?Sized>(f: &F, machine: &Machine, output: &Output, inst: u32) -> String {
    let range = f.inst_operands(inst);
    let range = range.start as usize..range.end as usize;
    // What could not be allocated has no places.
    let places = output.allocs.get(range.clone()).unwrap_or_default();
    let operands: Vec<_> = f.operands()[range].iter().zip(places).collect();
    let of = |role| {
        let these = operands.iter().filter(move |(op, _)| op.role == role);
        these.map(|(op, alloc)| operand(machine, op, **alloc)).collect::<Vec<_>>().join("  ")
    };
    let mut text = format!("{inst:5}  {}", of(Role::Use));
    for (mark, operands) in [("=>", of(Role::Def)), ("temp", of(Role::Temp))] {
        if !operands.is_empty() {
            let _ = write!(text, "  {mark}  {operands}");
        }
    }
    let clobbers = f.clobbers(inst);
    let all = |class: RegClass| machine.allocatable[class as usize].iter().all(|&reg| clobbers.contains(reg));
    if !clobbers.is_empty() && all(RegClass::Int) && all(RegClass::Float) {
        text.push_str("  overwrites all");
    } else if !clobbers.is_empty() {
        let names: Vec<String> = clobbers.iter().map(|reg| machine.name(reg)).collect();
        let _ = write!(text, "  overwrites {}", names.join(" "));
    }
    if let Ok(at) = output.maps.binary_search_by_key(&inst, |map| map.inst) {
        let bits = output.map(output.maps[at]);
        let slots = (0..output.slots).filter(|slot| bits[*slot as usize / 64] >> (slot % 64) & 1 == 1);
        let slots: Vec<String> = slots.map(|slot| slot.to_string()).collect();
        text = format!("{text:width$} references: slots {}", slots.join(" "), width = NOTES - 1);
    }
    text
}

fn kind(info: ValueInfo) -> String {
    let mut text = match (info.reference, info.class) {
        (true, _) => "ref".to_owned(),
        (_, RegClass::Int) => "int".to_owned(),
        (_, RegClass::Float) => "float".to_owned(),
    };
    if info.slots > 1 {
        let _ = write!(text, "x{}", info.slots);
    }
    if info.rematerializable {
        text.push_str(" const");
    }
    text
}

impl Allocator {
    /// The intervals of the function that was allocated last, as a picture: a line a value, a column an instruction or a block's head.
    /// Of long functions only the columns `from..from + 100` are shown.
    pub fn picture<F: Function + ?Sized>(&self, f: &F, machine: &Machine, from: usize) -> String {
        let to = self.block_at.len().min(from + 100);
        let mut uses = vec![Vec::new(); self.values.len()];
        for step in from..to {
            let inst = self.inst_of(step as u32);
            let head = self.blocks[self.block_at[step] as usize].from as usize == 2 * step;
            let range = f.inst_operands(inst);
            for op in f.operands()[range.start as usize..range.end as usize].iter().filter(|_| !head) {
                uses[op.vreg.index()].push((step, if op.role == Role::Use { b'u' } else { b'D' }));
            }
            for param in f.params(self.block_at[step]).iter().filter(|_| head) {
                uses[param.index()].push((step, b'D'));
            }
        }
        let mut ruler = vec![b' '; to - from];
        for step in from..to {
            let (inst, block) = (self.inst_of(step as u32), self.block_at[step]);
            let label = match self.blocks[block as usize].from as usize {
                head if head == 2 * step => format!("b{block}"),
                _ if inst.is_multiple_of(5) => inst.to_string(),
                _ => continue,
            };
            let at = step - from;
            // Labels that would run into each other are left out.
            let room = ruler[at.saturating_sub(1)..].iter().take(label.len() + 2).all(|&c| c == b' ');
            if room && at + label.len() <= ruler.len() {
                ruler[at..at + label.len()].copy_from_slice(label.as_bytes());
            }
        }
        let ruler = String::from_utf8_lossy(&ruler).into_owned();
        let mut text = format!("{:14}{ruler}   D def  u use  = lives  - in its slot  . hole\n", "");
        for (index, used) in uses.iter().enumerate() {
            let (line, places) = self.line(machine, index, used, from..to);
            if !line.trim().is_empty() {
                let name = format!("{:5} {}", format!("v{index}"), kind(self.values[index].info));
                let _ = writeln!(text, "{name:14}{line}   {places}");
            }
        }
        text
    }

    /// A value's line and places.
    fn line(
        &self,
        machine: &Machine,
        index: usize,
        used: &[(usize, u8)],
        shown: std::ops::Range<usize>,
    ) -> (String, String) {
        let mut line = vec![b' '; shown.len()];
        let mut places = Vec::new();
        let mut number = index as u32;
        let mut before = None;
        while let Some(interval) = self.intervals.get(number as usize)
            && interval.from != FAR
        {
            let place = self.home_text(machine, index, interval.reg);
            places.push(format!("{place} [{}, {})", interval.from, interval.to));
            let mark = if interval.reg < SPILLED { b'=' } else { b'-' };
            let mut range = interval.range as usize;
            while self.ranges[range].from < interval.to {
                let live = self.ranges[range];
                let (from, to) = (live.from.max(interval.from) / 2, live.to.min(interval.to).div_ceil(2));
                for step in before.unwrap_or(from)..to {
                    if let Some(at) = (step as usize).checked_sub(shown.start).filter(|&at| at < line.len()) {
                        line[at] = if step >= from { mark } else { b'.' };
                    }
                }
                before = Some(to);
                range += 1;
            }
            number = interval.next;
        }
        for &(step, mark) in used {
            line[step - shown.start] = mark;
        }
        (String::from_utf8_lossy(&line).into_owned(), places.join(", "))
    }

    fn home_text(&self, machine: &Machine, index: usize, reg: u8) -> String {
        let value = &self.values[index];
        match reg {
            reg if reg < SPILLED => machine.name(self.pregs[reg as usize]),
            _ if value.info.rematerializable => "again".to_owned(),
            _ => format!("slot {}", self.slots.slot(value.slot, value.info.slots).0),
        }
    }
}
