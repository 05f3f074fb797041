//! What lowering decides after it has passed a place: that labels mean the same, and constants that are loaded on the way
//! into a loop.

use super::branches::UNBOUND;
use super::{FunctionBuilder, Label, Reg};
use crate::bytecode::program::LiteralId;
use crate::bytecode::{Op, Word};

/// In the addresses of labels: the label means what another one means, whose number is in the other bits.
const ALIAS: u32 = 1 << 31;

/// A place at which constants can be loaded later on: see [`FunctionBuilder::point`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point(u32);

/// A word that holds a place in the code, and what is to be there.
pub(super) struct Words {
    pc: u32,
    words: Vec<u64>,
}

impl FunctionBuilder {
    /// Says that an unbound label means what another one means or will mean. There must be no circle of such labels.
    pub fn alias(&mut self, label: Label, to: Label) {
        debug_assert!(label != to && to.0 < ALIAS);
        let slot = &mut self.labels[label.0 as usize];
        assert!(*slot == UNBOUND, "a label is bound once");
        *slot = ALIAS | to.0;
    }

    /// A place in the code at which constants can be loaded by [`FunctionBuilder::constant_at`] and
    /// [`FunctionBuilder::literal_at`] while the code behind it is being emitted: the way into a loop.
    pub fn point(&mut self) -> Point {
        self.points.push(Words { pc: self.pc(), words: Vec::new() });
        self.code.push(0);
        Point((self.points.len() - 1) as u32)
    }

    /// The same at a point passed before.
    pub fn constant_at(&mut self, point: Point, to: Reg, slot: u64) {
        let (first, second) = self.constant_words(to, slot);
        let words = &mut self.points[point.0 as usize].words;
        words.push(first.0);
        words.extend(second);
    }

    /// The same at a point passed before.
    pub fn literal_at(&mut self, point: Point, to: Reg, literal: LiteralId) {
        self.points[point.0 as usize].words.push(Word::ai(Op::Literal, to.0, literal.0 as i32).0);
    }

    /// Puts the words of the points into the code (B3) and moves what stands behind them.
    pub(super) fn fill_points(&mut self) {
        let points = std::mem::take(&mut self.points);
        let mut code = Vec::with_capacity(self.code.len() + 2 * points.len());
        // By how much the words behind each point move, one for each point before the word.
        let mut moves = Vec::with_capacity(points.len());
        let mut copied = 0;
        for point in &points {
            code.extend_from_slice(&self.code[copied..point.pc as usize]);
            code.extend_from_slice(&point.words);
            copied = point.pc as usize + 1;
            moves.push((point.pc, code.len() as u32));
        }
        code.extend_from_slice(&self.code[copied..]);
        self.code = code;

        // The new address of the word at an old one.
        let moved = |pc: u32| match moves.partition_point(|&(at, _)| at < pc) {
            0 => pc,
            passed => pc - (moves[passed - 1].0 + 1) + moves[passed - 1].1,
        };
        for address in self.labels.iter_mut().filter(|address| **address & ALIAS == 0) {
            *address = moved(*address);
        }
        for fixup in &mut self.fixups {
            let length = fixup.next - fixup.pc;
            fixup.pc = moved(fixup.pc);
            fixup.next = fixup.pc + length;
        }
        for position in &mut self.positions {
            position.pc = moved(position.pc);
        }
    }

    /// Replaces aliases by the addresses that they stand for.
    pub(super) fn resolve_aliases(&mut self) {
        for index in 0..self.labels.len() {
            let mut address = self.labels[index];
            while address != UNBOUND && address & ALIAS != 0 {
                address = self.labels[(address & !ALIAS) as usize];
            }
            // Shortens chains: those that lead here follow one step more.
            self.labels[index] = address;
        }
    }
}
