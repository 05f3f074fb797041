//! The allocator: a context whose buffers are used again for each function.

use super::collect::{Exposed, Special};
use super::fault::Fault;
use super::interval::{BlockInfo, FixedRange, LiveInterval, LiveRange, NONE, Table, UNSET, UsePoint, Value};
use super::resolve::Moves;
use super::scan::{Class, NEVER, Register};
use super::{Alloc, AllocError, Function, Machine, Output, PReg, RegSet};

/// What the allocation of the last function took.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Values.
    pub values: u32,
    /// Intervals: at least one for each value.
    pub intervals: u32,
    /// Splits of intervals.
    pub splits: u32,
    /// Intervals that lost their register to another.
    pub evictions: u32,
    /// Values with a slot.
    pub spilled: u32,
    /// Moves from register to register.
    pub moves: u32,
    /// Moves from register to slot.
    pub stores: u32,
    /// Moves from slot to register.
    pub reloads: u32,
    /// Moves from slot to slot.
    pub slot_moves: u32,
    /// Values computed again.
    pub remats: u32,
}

/// A register allocator. Its buffers serve one function after another.
///
/// ```
/// # use orus::regalloc::*;
/// # fn allocate<F: Function>(function: &F, machine: &Machine) -> Result<(), AllocError> {
/// let mut allocator = Allocator::new();
/// let output = allocator.run(function, machine)?;
/// println!("{} moves, {} slots", output.edits.len(), output.slots);
/// # Ok(())
/// # }
/// ```
pub struct Allocator {
    pub(super) values: Vec<Value>,
    pub(super) ranges: Vec<LiveRange>,
    pub(super) uses: Vec<UsePoint>,
    pub(super) exposed: Vec<Exposed>,
    /// Values that live in several blocks.
    pub(super) globals: Vec<u32>,
    /// By step: the block.
    pub(super) block_at: Vec<u32>,
    pub(super) blocks: Vec<BlockInfo>,
    /// The instructions that are not plain.
    pub(super) special: Vec<Special>,
    /// The steps of safepoints.
    pub(super) safepoints: Vec<u32>,
    /// Where values begin, in order.
    pub(super) order: Vec<(u32, u32)>,
    /// Values that terminators define in fixed registers: they may begin later than in order.
    pub(super) late_starts: Vec<u32>,
    /// A terminator defines a value.
    pub(super) terminator_defs: bool,
    /// A value is stored.
    pub(super) any_stored: bool,
    pub(super) live: super::liveness::Scratch,

    /// The first interval of each value, then those split off.
    pub(super) intervals: Vec<LiveInterval>,
    /// By value: its register, if it is in it for all of its life and is not stored where it is defined; else `None`.
    pub(super) homes: Vec<Alloc>,
    /// By step: the intervals split off that begin there early, and wait to be placed: a list.
    pub(super) waiting: Vec<u32>,
    /// The steps at which some wait or have waited, and the first at which one does.
    pub(super) waiting_bits: Vec<u64>,
    pub(super) next_waiting: u32,
    pub(super) classes: [Class; 2],
    pub(super) registers: Table<Register>,
    pub(super) fixed: Vec<Vec<FixedRange>>,
    /// Those that have fixed ranges, by [`PReg::index`] of their index by class and preference.
    pub(super) fixed_used: RegSet,
    /// By class: the (late) points of instructions that leave no register alone.
    pub(super) walls: [Vec<FixedRange>; 2],
    /// By class: the registers to allocate.
    pub(super) allocatable: [RegSet; 2],
    /// By [`PReg::index`]: its index by class and preference, or `UNSET`.
    pub(super) rank: Table<u8>,
    /// The inverse.
    pub(super) pregs: Table<PReg>,
    /// The registers of the machine for which all that was made.
    known: [Vec<PReg>; 2],

    pub(super) slots: super::spill::Slots,
    pub(super) moves: Moves,
    pub(super) output: Output,
    pub(super) stats: Stats,
    #[cfg(any(test, feature = "planted-faults"))]
    pub(super) fault: Option<Fault>,
    /// What is made with a fault is checked as well.
    #[cfg(any(test, feature = "planted-faults"))]
    pub(super) check_faulty: bool,
}

impl Default for Allocator {
    fn default() -> Allocator {
        Allocator::new()
    }
}

impl Allocator {
    /// One with empty buffers.
    pub fn new() -> Allocator {
        Allocator {
            values: Vec::new(),
            ranges: Vec::new(),
            uses: Vec::new(),
            exposed: Vec::new(),
            globals: Vec::new(),
            block_at: Vec::new(),
            blocks: Vec::new(),
            special: Vec::new(),
            safepoints: Vec::new(),
            order: Vec::new(),
            late_starts: Vec::new(),
            terminator_defs: false,
            any_stored: false,
            live: Default::default(),
            intervals: Vec::new(),
            homes: Vec::new(),
            waiting: Vec::new(),
            waiting_bits: Vec::new(),
            next_waiting: NEVER,
            classes: Default::default(),
            registers: Table([Register::FREE; 64]),
            fixed: vec![Vec::new(); 64],
            fixed_used: RegSet::EMPTY,
            walls: Default::default(),
            allocatable: Default::default(),
            rank: Table([UNSET; 64]),
            pregs: Table([PReg::from_index(0); 64]),
            known: Default::default(),
            slots: Default::default(),
            moves: Default::default(),
            output: Output::default(),
            stats: Stats::default(),
            #[cfg(any(test, feature = "planted-faults"))]
            fault: None,
            #[cfg(any(test, feature = "planted-faults"))]
            check_faulty: false,
        }
    }

    /// Allocates the registers of a function. In debug builds the result is checked.
    ///
    /// # Errors
    /// If the function is too large, or an instruction asks for more registers than there are.
    ///
    /// # Panics
    /// May panic if the function is not as [`Function`] demands.
    pub fn run<F: Function + ?Sized>(&mut self, f: &F, machine: &Machine) -> Result<&Output, AllocError> {
        self.prepare(f, machine)?;
        self.build(f)?;
        self.scan()?;
        self.choose_stores(f);
        self.assign_slots();
        self.resolve(f, machine);
        self.map_safepoints();
        #[cfg(debug_assertions)]
        if self.is_checked()
            && let Err(error) = super::checker::check(f, machine, &self.output)
        {
            panic!("wrong allocation: {error}\n{}", super::dump::listing(f, machine, &self.output));
        }
        Ok(&self.output)
    }

    /// What the last run gave.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// What the last run gave, to improve on.
    pub fn output_mut(&mut self) -> &mut Output {
        &mut self.output
    }

    /// What the last run took.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Clears the buffers, and learns the machine's registers.
    #[inline(never)]
    fn prepare<F: Function + ?Sized>(&mut self, f: &F, machine: &Machine) -> Result<(), AllocError> {
        let insts = f.block_insts(f.blocks() - 1).end;
        let limit = 1 << 29;
        let steps = insts as usize + f.blocks() as usize;
        if steps >= limit || f.operands().len() >= limit || f.vregs() as usize >= limit {
            return Err(AllocError::TooLarge);
        }
        self.values.clear();
        self.ranges.clear();
        self.ranges.push(LiveRange::END);
        self.exposed.clear();
        self.globals.clear();
        self.block_at.clear();
        self.blocks.clear();
        self.special.clear();
        self.safepoints.clear();
        self.order.clear();
        self.late_starts.clear();
        self.terminator_defs = false;
        self.any_stored = false;
        self.intervals.clear();
        self.intervals.resize(f.vregs() as usize, LiveInterval::NOWHERE);
        self.homes.clear();
        self.homes.resize(f.vregs() as usize, Alloc::None);
        self.waiting.clear();
        self.waiting.resize(steps, NONE);
        self.waiting_bits.clear();
        self.waiting_bits.resize(steps.div_ceil(64), 0);
        self.next_waiting = NEVER;
        self.stats = Stats::default();
        self.values.resize(f.vregs() as usize, Value::UNKNOWN);
        self.block_at.reserve(steps);
        // Point `n` is that of operand `n`, if it has one.
        self.uses.resize(f.operands().len(), UsePoint { at: 0, next: NONE });
        self.ranges.reserve(2 * self.values.len() + 1);

        for reg in std::mem::take(&mut self.fixed_used).iter() {
            self.fixed[reg.index()].clear();
            self.registers[reg.index()] = Register::FREE;
        }
        for class in 0..2 {
            self.walls[class].clear();
            self.classes[class].clear();
        }
        if self.known != machine.allocatable {
            self.learn(machine);
        }
        Ok(())
    }

    /// Makes the tables of the machine's registers.
    #[cold]
    fn learn(&mut self, machine: &Machine) {
        self.known.clone_from(&machine.allocatable);
        self.rank.0.fill(UNSET);
        for class in 0..2 {
            self.allocatable[class] = RegSet::of(&machine.allocatable[class]);
            self.classes[class].set_registers(machine.allocatable[class].len());
            for (at, &reg) in machine.allocatable[class].iter().enumerate() {
                let rank = class * 32 + at;
                self.rank[reg.index()] = rank as u8;
                self.pregs[rank] = reg;
            }
        }
    }

    /// Is this mistake to be made? Never, but in tests of the tests.
    #[inline(always)]
    pub(super) fn broken(&self, fault: Fault) -> bool {
        #[cfg(any(test, feature = "planted-faults"))]
        return self.fault == Some(fault);
        #[cfg(not(any(test, feature = "planted-faults")))]
        {
            let _ = fault;
            false
        }
    }

    pub(super) fn broken_at_all(&self) -> bool {
        #[cfg(any(test, feature = "planted-faults"))]
        return self.fault.is_some();
        #[cfg(not(any(test, feature = "planted-faults")))]
        false
    }

    /// Is the result checked? In debug builds it is, but where a mistake shall show in what the code does.
    #[cfg(debug_assertions)]
    fn is_checked(&self) -> bool {
        #[cfg(any(test, feature = "planted-faults"))]
        return self.fault.is_none() || self.check_faulty;
        #[cfg(not(any(test, feature = "planted-faults")))]
        true
    }

    /// Makes each run from now on make a mistake; `check` says whether debug builds check the result all the same.
    #[cfg(any(test, feature = "planted-faults"))]
    pub fn plant(&mut self, fault: Option<Fault>, check: bool) {
        (self.fault, self.check_faulty) = (fault, check);
    }
}

impl Value {
    const UNKNOWN: Value = Value {
        block: NONE,
        end: 0,
        need: NONE,
        exposed: NONE,
        def: NONE,
        hint_to: NONE,
        hint_from: NONE,
        slot: NONE,
        cursor: NONE,
        info: super::ValueInfo {
            class: super::RegClass::Int,
            slots: 1,
            reference: false,
            rematerializable: false,
        },
        def_reg: UNSET,
        reg_hint: UNSET,
        stored: false,
        stored_late: false,
        mapped: false,
        by_terminator: false,
    };
}
