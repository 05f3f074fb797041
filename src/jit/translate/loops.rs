//! Counted loops, and loops over arrays, ranges and strings.
//!
//! The interpreter counts in 64 bits. Here each kind counts in its own width with a checked addition: where that overflows, the unit is left
//! and the interpreter closes the loop. Range analysis removes the check of a loop that was entered with `a < b`, and the
//! vectoriser knows such loops.

use super::{Translator, liveness, offsets};
use crate::bytecode::Inst;
use crate::ir::builder::Address;
use crate::ir::{Alias, Cond, Kind, Mem, Reason, Value};

/// Bit 0 of the flags of `for.enter` and `for.step`.
const INCLUSIVE: u32 = 1;

impl Translator<'_> {
    /// `for.s` and so on: `a + 1 < b`, or `a < b` in its inclusive form, which is `a + 1 <= b`.
    pub(super) fn close_loop(&mut self, inst: &Inst<'_>, inclusive: bool) {
        let (counter, end) = (self.operand(inst, 0), self.operand(inst, 1));
        let one = self.b.function.constant(self.kinds[usize::from(inst.lane(0))], 1);
        let cond = if inclusive { Cond::Le } else { Cond::Lt };
        self.count(inst, counter, one, cond, end);
    }

    /// Goes on with the loop if the condition holds of `counter + step`, which then is the counter.
    fn count(&mut self, inst: &Inst<'_>, counter: Value, step: Value, cond: Cond, end: Value) {
        let out = self.out(Reason::Overflow);
        let next = self.b.add_checked(counter, step, out);
        let behind = self.code.blocks[self.block as usize].next;
        if !liveness::contains(self.liveness.start(behind), inst.lane(0)) {
            // Nobody asks for the counter behind the loop.
            self.set(inst.lane(0), next);
            return self.branch_values(cond, next, end, true);
        }
        self.flush();
        let (target, exit) = self.both();
        // The counter is written on the way of the branch only.
        let turn = self.b.new_block();
        self.b.br_cmp(cond, next, end, (turn, &[]), (exit, &[]));
        self.b.seal_block(turn);
        self.b.switch_to(turn);
        self.set_here(inst.lane(0), next);
        self.b.jump(target, &[]);
    }

    /// Entry of a loop with a step: branches if there is no turn.
    pub(super) fn enter_range(&mut self, inst: &Inst<'_>) {
        let (start, end, step) = (self.operand(inst, 0), self.operand(inst, 1), self.operand(inst, 2));
        let kind = self.kind(inst.lane(2));
        let zero = self.b.function.constant(kind, 0);
        let inclusive = inst.extra_high() & INCLUSIVE != 0;
        let (up, down) = if inclusive { (Cond::Le, Cond::Ge) } else { (Cond::Lt, Cond::Gt) };
        let out = self.out(Reason::Other);
        self.b.guard_cmp(Cond::Ne, step, zero, out);
        self.flush();
        let (none, turn) = self.both();
        let known = self.b.function.as_const(step).map(|bits| kind.as_i128(bits));
        match known {
            _ if !kind.is_signed() => self.b.br_cmp(up, start, end, (turn, &[]), (none, &[])),
            Some(step) if step > 0 => self.b.br_cmp(up, start, end, (turn, &[]), (none, &[])),
            Some(_) => self.b.br_cmp(down, start, end, (turn, &[]), (none, &[])),
            None => {
                let (upward, downward) = (self.b.new_block(), self.b.new_block());
                self.b.br_cmp(Cond::Gt, step, zero, (upward, &[]), (downward, &[]));
                for (block, cond) in [(upward, up), (downward, down)] {
                    self.b.seal_block(block);
                    self.b.switch_to(block);
                    self.b.br_cmp(cond, start, end, (turn, &[]), (none, &[]));
                }
            }
        }
    }

    /// Closes a loop with a step. A turn is left if `counter + step`, computed exactly, is before the end: for a step that is not 0 that is what the
    /// interpreter finds from the distance. If the sum has no place, none is left, which the interpreter finds out.
    pub(super) fn close_range(&mut self, inst: &Inst<'_>) {
        let (counter, end, step) = (self.operand(inst, 0), self.operand(inst, 1), self.operand(inst, 2));
        let kind = self.kind(inst.lane(2));
        let zero = self.b.function.constant(kind, 0);
        let inclusive = inst.extra_high() & INCLUSIVE != 0;
        let (up, down) = if inclusive { (Cond::Le, Cond::Ge) } else { (Cond::Lt, Cond::Gt) };
        let known = self.b.function.as_const(step).map(|bits| kind.as_i128(bits));
        if known.is_none_or(|step| step == 0) {
            // Only bytecode that no compiler made gets here with 0.
            let out = self.out(Reason::Other);
            self.b.guard_cmp(Cond::Ne, step, zero, out);
        }
        match known {
            _ if !kind.is_signed() => self.count(inst, counter, step, up, end),
            Some(known) if known >= 0 => self.count(inst, counter, step, up, end),
            Some(_) => self.count(inst, counter, step, down, end),
            None => {
                let out = self.out(Reason::Overflow);
                let next = self.b.add_checked(counter, step, out);
                self.flush();
                let (target, exit) = self.both();
                let (upward, downward, turn) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
                self.b.br_cmp(Cond::Gt, step, zero, (upward, &[]), (downward, &[]));
                for (block, cond) in [(upward, up), (downward, down)] {
                    self.b.seal_block(block);
                    self.b.switch_to(block);
                    self.b.br_cmp(cond, next, end, (turn, &[]), (exit, &[]));
                }
                self.b.seal_block(turn);
                self.b.switch_to(turn);
                self.set_here(inst.lane(0), next);
                self.b.jump(target, &[]);
            }
        }
    }

    /// The next element of array `b` at position `c`.
    pub(super) fn next_element(&mut self, inst: &Inst<'_>) {
        let (array, position) = (self.operand(inst, 1), self.operand(inst, 2));
        let (zero, one) = (self.b.i32(0), self.b.i32(1));
        // A comparison with signs, which the vectoriser knows. Negative positions, which no compiler makes, are the interpreter's affair.
        let out = self.out(Reason::Bounds);
        self.b.guard_cmp(Cond::Ge, position, zero, out);
        let length = self.length(array);
        self.flush();
        let (target, exit) = self.both();
        let turn = self.b.new_block();
        self.b.br_cmp(Cond::Lt, position, length, (turn, &[]), (exit, &[]));
        self.b.seal_block(turn);
        self.b.switch_to(turn);
        let kind = self.kind(inst.lane(0));
        let element = self.element(array, position, kind);
        // The length fits an i32, so this does.
        let next = self.b.add(position, one);
        self.set_here(inst.lane(0), element);
        self.set_here(inst.lane(2), next);
        self.b.jump(target, &[]);
    }

    /// The next value of a range object.
    pub(super) fn next_range(&mut self, inst: &Inst<'_>) {
        let range = self.operand(inst, 1);
        let field = |b: &mut crate::ir::builder::Builder<'_>, offset: i32, class: Alias| {
            b.load(Mem::I64, Address::at(range, offset), class)
        };
        // Nothing else writes to a range, so its class may be any but those of other memory that is written.
        let class = Alias::RAW;
        let next = field(&mut self.b, offsets::RANGE_NEXT, class);
        let end = field(&mut self.b, offsets::RANGE_END, Alias::FIXED);
        let step = field(&mut self.b, offsets::RANGE_STEP, Alias::FIXED);
        let zero = self.b.i64(0);
        self.flush();
        let (target, exit) = self.both();
        let (upward, downward, turn) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.br_cmp(Cond::Gt, step, zero, (upward, &[]), (downward, &[]));
        for (block, cond) in [(upward, Cond::Lt), (downward, Cond::Gt)] {
            self.b.seal_block(block);
            self.b.switch_to(block);
            self.b.br_cmp(cond, next, end, (turn, &[]), (exit, &[]));
        }
        self.b.seal_block(turn);
        self.b.switch_to(turn);
        // Where the sum has no place the range is empty from here on.
        let (fits, full, after) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        let sum = self.b.add_or(next, step, (fits, &[]), (full, &[]));
        let later = self.b.add_param(after, Kind::I64);
        self.b.set_cold(full);
        for (block, value) in [(fits, sum), (full, end)] {
            self.b.seal_block(block);
            self.b.switch_to(block);
            self.b.jump(after, &[value]);
        }
        self.b.seal_block(after);
        self.b.switch_to(after);
        self.b.store(Mem::I64, Address::at(range, offsets::RANGE_NEXT), later, class);
        self.set_here(inst.lane(0), next);
        self.b.jump(target, &[]);
    }

    /// The scalar of string `b` at byte offset `c`.
    pub(super) fn next_scalar(&mut self, inst: &Inst<'_>) {
        let (string, at) = (self.operand(inst, 1), self.operand(inst, 2));
        // The state is made here, where the table is complete.
        let _ = self.out(Reason::Memory);
        let _ = self.context();
        let bytes = self.b.load(Mem::I64, Address::at(string, offsets::STRING_BYTES), Alias::FIXED);
        let scalars = self.b.load(Mem::U32, Address::at(string, offsets::STRING_SCALARS), Alias::FIXED);
        let scalars = self.b.convert(scalars, Kind::I64);
        let one = self.b.i64(1);
        self.flush();
        let (target, exit) = self.both();
        let (more, plain, other) = (self.b.new_block(), self.b.new_block(), self.b.new_block());
        self.b.br_cmp(Cond::Below, at, bytes, (more, &[]), (exit, &[]));
        self.b.seal_block(more);
        self.b.switch_to(more);
        self.b.br_cmp(Cond::Eq, bytes, scalars, (plain, &[]), (other, &[]));
        self.b.seal_block(plain);
        self.b.seal_block(other);

        self.b.switch_to(plain);
        let scalar = self.ascii_scalar(string, at);
        let next = self.b.add(at, one);
        self.set_here(inst.lane(0), scalar);
        self.set_here(inst.lane(2), next);
        self.b.jump(target, &[]);

        self.b.switch_to(other);
        let status = self.step(inst);
        self.branch_on_status(inst, status, target, exit);
    }
}
