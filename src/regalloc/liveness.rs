//! Liveness: from operands to use points, fixed ranges, and the ranges in which values live.
//!
//! How it works. One pass over the code, backward, collects what happens in each block (`collect`); that is all for values that live in
//! one block only. Of the others it is noted in which blocks they are used; then for each such value the blocks are followed against the flow up
//! to the definition. That is exact for any flow, also irreducible, and costs in proportion to what it yields: blocks into which values are
//! alive. Most values live in blocks that are near to each other: for them a set of blocks is a word, whose lowest bit is the definition's
//! block, and a block's predecessors are a word, too.
//!
//! Sources. Brandner, Boissinot, Darte, Dupont de Dinechin, Rastello: *Computing liveness sets for SSA-form programs* (2011), for the walk
//! by uses; Wimmer, Franz: *Linear scan register allocation on SSA form* (2010).

use super::allocator::Allocator;
use super::collect::Exposed;
use super::fault::Fault;
use super::interval::{BlockInfo, LiveRange, NONE};
use super::{AllocError, Function};

/// Sets of blocks for one value at a time; empty between values.
#[derive(Default)]
pub(super) struct Scratch {
    /// Those that it is alive into, and out of.
    live: Vec<[u64; 2]>,
    /// By block: where its own last use ends, where that is known.
    ends: Vec<u32>,
    /// By block: its predecessors, if all are near; else nothing.
    near: Vec<Near>,
    stack: Vec<u32>,
    /// By [`PReg::index`](super::PReg::index): what is there early and late in an instruction. Masks say which are valid.
    pub owners: [Vec<u32>; 2],
}

/// A block's predecessors, as bits.
#[derive(Clone, Copy, Default)]
struct Near {
    /// Bit `63 - n` is the block `n` before it, or itself.
    before: u64,
    /// Bit `n` is the block `n` behind it.
    behind: u64,
}

impl Near {
    fn of(block: u32, predecessors: &[u32]) -> Near {
        let mut near = Near::default();
        for &from in predecessors {
            let distance = from.abs_diff(block);
            if distance > 63 {
                return Near::default();
            }
            if from <= block {
                near.before |= 1 << (63 - distance);
            } else {
                near.behind |= 1 << distance;
            }
        }
        near
    }
}

/// Adds the block to those that the value is alive into. Is it a new one?
#[inline]
fn enter(live: &mut [[u64; 2]], block: u32) -> bool {
    let (word, bit) = (&mut live[block as usize / 64], 1 << (block % 64));
    let new = word[0] & bit == 0;
    word[0] |= bit;
    new
}

/// Sets the bits of `first..=last`.
#[inline]
fn set_all(live: &mut [[u64; 2]], which: usize, first: u32, last: u32) {
    let (low, high) = (first as usize / 64, last as usize / 64);
    let (from, to) = (u64::MAX << (first % 64), u64::MAX >> (63 - last % 64));
    if low == high {
        live[low][which] |= from & to;
    } else {
        live[low][which] |= from;
        live[low + 1..high].iter_mut().for_each(|words| words[which] = u64::MAX);
        live[high][which] |= to;
    }
}

impl Allocator {
    /// Builds everything that the scan needs.
    pub(super) fn build<F: Function + ?Sized>(&mut self, f: &F) -> Result<(), AllocError> {
        for owners in &mut self.live.owners {
            owners.resize(64, NONE);
        }
        self.number_blocks(f);
        for block in (0..f.blocks()).rev() {
            self.collect_block(f, block)?;
        }
        // What was collected in lists is in order now.
        self.order.reverse();
        self.late_starts.reverse();
        self.safepoints.reverse();
        self.special.reverse();
        for reg in self.fixed_used.iter() {
            self.fixed[reg.index()].reverse();
        }
        self.walls.iter_mut().for_each(|list| list.reverse());
        self.link_blocks();
        self.build_ranges(f);
        Ok(())
    }

    /// The points of the blocks, and the runs.
    #[inline(never)]
    fn number_blocks<F: Function + ?Sized>(&mut self, f: &F) {
        self.live.near.clear();
        for block in 0..f.blocks() {
            let insts = f.block_insts(block);
            let (head, end) = (insts.start + block, insts.end + block + 1);
            self.blocks.push(BlockInfo {
                from: 2 * head,
                to: 2 * end,
                weight: f.weight(block),
                depth: f.loop_depth(block),
                shallower: NONE,
                run: block,
                next_run: NONE,
                entry: NONE,
            });
            let predecessors = f.predecessors(block);
            self.live.near.push(Near::of(block, predecessors));
            if let &[before] = predecessors {
                let (run, entry) = if before + 1 == block {
                    let info = &self.blocks[before as usize];
                    (info.run, info.entry)
                } else {
                    (block, before)
                };
                let info = &mut self.blocks[block as usize];
                (info.run, info.entry) = (run, entry);
            }
            self.block_at.resize(end as usize, block);
        }
    }

    /// For each block, finds the last one before it that is in fewer loops, and the next run.
    fn link_blocks(&mut self) {
        for block in 1..self.blocks.len() {
            let depth = self.blocks[block].depth;
            let mut before = block as u32 - 1;
            while before != NONE && self.blocks[before as usize].depth >= depth {
                before = self.blocks[before as usize].shallower;
            }
            self.blocks[block].shallower = before;
        }
        let mut next = self.blocks.len() as u32;
        for block in (0..next).rev() {
            self.blocks[block as usize].next_run = next;
            if self.blocks[block as usize].run == block {
                next = block;
            }
        }
    }

    /// The ranges and intervals of the values that live in several blocks.
    #[inline(never)]
    fn build_ranges<F: Function + ?Sized>(&mut self, f: &F) {
        let words = self.blocks.len().div_ceil(64);
        if self.live.live.len() < words {
            self.live.live.resize(words, [0; 2]);
        }
        if self.live.ends.len() < self.blocks.len() {
            self.live.ends.resize(self.blocks.len(), 0);
        }
        for at in 0..self.globals.len() {
            let index = self.globals[at] as usize;
            let first = self.ranges.len() as u32;
            self.global_ranges(f, index, self.intervals[index].from);
            let last = self.ranges.len() - 1;
            debug_assert!(first as usize <= last, "RF3: v{index} is used in another block");
            self.ranges.push(LiveRange::END);
            let interval = &mut self.intervals[index];
            interval.range = first;
            (interval.from, interval.to) = (self.ranges[first as usize].from, self.ranges[last].to);
            let info = self.values[index].info;
            if info.reference && !info.rematerializable && self.meets_safepoint(index, first) {
                (self.values[index].mapped, self.values[index].stored) = (true, true);
                self.any_stored = true;
            }
        }
    }

    /// Is the value, whose ranges are the last ones, alive at a safepoint?
    #[inline(never)]
    fn meets_safepoint(&self, index: usize, first: u32) -> bool {
        let def = self.values[index].def / 2;
        !self.broken(Fault::ReferencesUnstored)
            && self.ranges[first as usize..]
                .iter()
                .any(|range| self.safepoints_in(range, def).next().is_some())
    }

    /// The safepoints of a range of a value that the step `def` defines: those after which it lives.
    #[inline]
    pub(super) fn safepoints_in(&self, range: &LiveRange, def: u32) -> impl Iterator<Item = usize> {
        let (from, to) = (range.from / 2, range.to);
        let first = self.safepoints.partition_point(|&step| step < from);
        let rest = self.safepoints[first..].iter().enumerate();
        rest.take_while(move |&(_, &step)| 2 * step + 1 < to)
            .filter(move |&(_, &step)| step != def)
            .map(move |(at, _)| first + at)
    }

    /// The ranges of a value that is used in several blocks.
    #[inline(never)]
    fn global_ranges<F: Function + ?Sized>(&mut self, f: &F, index: usize, from: u32) {
        let value = &self.values[index];
        let (def, mut at) = (value.block, value.exposed);
        let (mut tail, mut used) = (Exposed { block: def, end: value.end, next: NONE }, 0);
        while let Some(&found) = self.exposed.get(at as usize) {
            self.live.ends[found.block as usize] = found.end;
            used |= 1 << (found.block - def) % 64;
            (tail, at) = (found, found.next);
        }
        // The last of them comes last: if that is in the definition's run, so is all of the value's life.
        if self.blocks[tail.block as usize].run <= def {
            self.ranges.push(LiveRange { from, to: tail.end });
            return;
        }
        if tail.block - def > 63 || !self.near_ranges(def, used, from, value.end) {
            self.far_ranges(f, index, from);
        }
    }

    /// The ranges of a value that lives in its block until `end` at least, and is used in those of a set, if all in which it lives are near.
    /// Were they?
    #[inline]
    fn near_ranges(&mut self, def: u32, used: u64, from: u32, end: u32) -> bool {
        let Scratch { near, ends, .. } = &self.live;
        let (near, ends, blocks) =
            (&near[def as usize..], &ends[def as usize..], &self.blocks[def as usize..]);
        let (mut work, mut live_in, mut live_out) = (used, 0_u64, 0_u64);
        while work != 0 {
            let block = 63 - work.leading_zeros();
            let Near { before, behind } = near[block as usize];
            if before == 0 || behind.leading_zeros() < block {
                return false;
            }
            let predecessors = before >> (63 - block) | behind << block;
            live_in |= 1 << block;
            live_out |= predecessors;
            // What is behind the definition's block; keeps RF3.
            work = (work | predecessors & !1) & !live_in;
        }
        let to = if live_out & 1 == 1 { blocks[0].to } else { end };
        let mut open = LiveRange { from, to };
        while live_in != 0 {
            // From one block on through all that it lives into and out of.
            let first = live_in.trailing_zeros();
            let through = (!(live_in & live_out) & u64::MAX << first).trailing_zeros();
            let to = if through == 64 {
                live_in = 0;
                blocks[63].to
            } else {
                let ends_here = live_in >> through & 1 == 1;
                live_in &= !(u64::MAX >> (63 - through));
                if ends_here { ends[through as usize] } else { blocks[through as usize - 1].to }
            };
            let from = blocks[first as usize].from;
            if open.to == from {
                open.to = to;
                continue;
            }
            if open.from < open.to {
                self.ranges.push(open);
            }
            open = LiveRange { from, to };
        }
        if open.from < open.to {
            self.ranges.push(open);
        }
        true
    }

    /// The ranges of any value that is used in several blocks; where uses end in them is noted already.
    #[inline(never)]
    fn far_ranges<F: Function + ?Sized>(&mut self, f: &F, index: usize, from: u32) {
        let value = &self.values[index];
        let (def, mut exposed) = (value.block, value.exposed);
        let Scratch { live, ends, stack, .. } = &mut self.live;
        let (live, ends, blocks) = (&mut live[..], &ends[..], &self.blocks[..]);
        let mut last = def;
        while let Some(&Exposed { block, next, .. }) = self.exposed.get(exposed as usize) {
            last = last.max(block);
            exposed = next;
            let mut current = enter(live, block).then_some(block);
            while let Some(block) = current {
                current = None;
                // To the beginning of the block's run, or to the definition, at once.
                let BlockInfo { run, entry, .. } = blocks[block as usize];
                let inside = run <= def;
                let top = if inside { def } else { run };
                if top < block {
                    set_all(live, 0, top + u32::from(inside), block);
                    set_all(live, 1, top, block - 1);
                }
                if inside {
                } else if entry != NONE {
                    last = last.max(entry);
                    live[entry as usize / 64][1] |= 1 << (entry % 64);
                    if entry != def && enter(live, entry) {
                        current = Some(entry);
                    }
                } else {
                    for &before in f.predecessors(run) {
                        last = last.max(before);
                        live[before as usize / 64][1] |= 1 << (before % 64);
                        if before != def && enter(live, before) {
                            debug_assert!(
                                before > def,
                                "RF3, RF4: the definition of v{index} dominates its uses"
                            );
                            stack.extend(current.replace(before));
                        }
                    }
                }
                current = current.or_else(|| stack.pop());
            }
        }
        let out = live[def as usize / 64][1] >> (def % 64) & 1 == 1;
        let to = if out { blocks[def as usize].to } else { value.end };
        let mut open = LiveRange { from, to };
        for word in def as usize / 64..last as usize / 64 + 1 {
            let [mut live_in, live_out] = std::mem::take(&mut live[word]);
            let (blocks, ends) = (&blocks[word * 64..], &ends[word * 64..]);
            while live_in != 0 {
                // From one block on through all that it lives into and out of.
                let first = live_in.trailing_zeros() as usize;
                let through = (!(live_in & live_out) & u64::MAX << first).trailing_zeros() as usize;
                let to = if through == 64 {
                    live_in = 0;
                    blocks[63].to
                } else {
                    let ends_here = live_in >> through & 1 == 1;
                    live_in &= !(u64::MAX >> (63 - through));
                    if ends_here { ends[through] } else { blocks[through - 1].to }
                };
                let from = blocks[first].from;
                if open.to == from {
                    open.to = to;
                    continue;
                }
                if open.from < open.to {
                    self.ranges.push(open);
                }
                open = LiveRange { from, to };
            }
        }
        if open.from < open.to {
            self.ranges.push(open);
        }
    }
}
