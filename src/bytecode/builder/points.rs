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

/// The points of a function, and what is loaded there.
#[derive(Default)]
pub(super) struct Points {
    /// For each the word that holds its place, and where in `words` what is loaded there ends.
    places: Vec<(u32, usize)>,
    words: Vec<u64>,
    /// By how much words move: the place of a point and the address of what stands behind it.
    moves: Vec<(u32, u32)>,
    /// The code as it was.
    old: Vec<u64>,
}

impl Points {
    pub fn clear(&mut self) {
        self.places.clear();
        self.words.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds words to a point. It is the last one: what is loaded at a point is known before the next one is passed.
    fn add(&mut self, point: Point, words: impl IntoIterator<Item = u64>) {
        self.words.extend(words);
        debug_assert!(point.0 as usize + 1 == self.places.len(), "only the last point takes more words");
        if let Some((_, end)) = self.places.last_mut() {
            *end = self.words.len();
        }
    }
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
        self.points.places.push((self.pc(), self.points.words.len()));
        self.code.push(0);
        Point((self.points.places.len() - 1) as u32)
    }

    /// The same at a point passed before.
    pub fn constant_at(&mut self, point: Point, to: Reg, slot: u64) {
        let (first, second) = self.constant_words(to, slot);
        self.points.add(point, [first.0].into_iter().chain(second));
    }

    /// The same at a point passed before.
    pub fn literal_at(&mut self, point: Point, to: Reg, literal: LiteralId) {
        self.points.add(point, [Word::ai(Op::Literal, to.0, literal.0 as i32).0]);
    }

    /// Puts the words of the points into the code (B3) and moves what stands behind them.
    pub(super) fn fill_points(&mut self) {
        let Points { places, words, moves, old } = &mut self.points;
        std::mem::swap(old, &mut self.code);
        let code = &mut self.code;
        code.clear();
        moves.clear();
        let (mut copied, mut taken) = (0, 0);
        for &(pc, end) in places.iter() {
            code.extend_from_slice(&old[copied..pc as usize]);
            code.extend_from_slice(&words[taken..end]);
            (copied, taken) = (pc as usize + 1, end);
            moves.push((pc, code.len() as u32));
        }
        code.extend_from_slice(&old[copied..]);

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
