//! Parallel moves: many places get their values at once, in a sequence of single moves.
//!
//! Each place is written at most once, so the moves form a graph in which every place has at most one way in: trees, and
//! cycles with trees hanging from them. A move may be made when nothing still needs what is in the place that it
//! writes; if none may, all that is left are cycles, and one value is put aside to open one. This is the classical
//! algorithm (Rideau, Serpette, Leroy: *Tilting at windmills with Coq*, 2008), with the graph in arrays.
//!
//! ```
//! use orus::parallel_move::{Step, resolve};
//! let mut steps = Vec::new();
//! resolve(&[('a', 'b'), ('b', 'a'), ('a', 'c')], |step| steps.push(step)).unwrap();
//! assert_eq!(steps, [
//!     Step::Move { from: 'a', to: 'c' },
//!     Step::Save('b'),
//!     Step::Move { from: 'a', to: 'b' },
//!     Step::Restore('a'),
//! ]);
//! ```

use std::fmt::{self, Debug, Display};

use smallvec::SmallVec;

/// One of the single moves, in the order in which they are to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<L> {
    /// Copies from one place to another.
    Move { from: L, to: L },
    /// Copies a place into the temporary. At most one value is there at a time.
    Save(L),
    /// Copies the temporary into a place.
    Restore(L),
}

/// Two moves write this place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict<L>(pub L);

impl<L: Debug> Display for Conflict<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "two moves write {:?}", self.0)
    }
}

impl<L: Debug> std::error::Error for Conflict<L> {}

/// A move, and what stands in its way.
struct Pending<L> {
    from: L,
    to: L,
    /// The index of the move that overwrites what this one reads, or `NONE`.
    writer: u32,
    /// How many moves still read what this one overwrites.
    readers: u32,
    done: bool,
}

const NONE: u32 = u32::MAX;

/// Gives the steps that make all `moves`, pairs of a source and a destination, at once. A move to itself gives none.
///
/// There are as many `Move`s and `Restore`s together as there are moves, and a `Save` and a `Restore` for each cycle. The
/// same moves in the same order give the same steps. Takes O(n log n) time, and allocates for more than 8 moves only.
///
/// # Errors
/// If two moves write the same place. Then no step is given.
pub fn resolve<L: Copy + Ord>(moves: &[(L, L)], mut step: impl FnMut(Step<L>)) -> Result<(), Conflict<L>> {
    let mut order: SmallVec<[u32; 8]> = (0..moves.len() as u32).collect();
    order.sort_unstable_by_key(|&index| moves[index as usize].1);
    if let Some(pair) = order.windows(2).find(|pair| moves[pair[0] as usize].1 == moves[pair[1] as usize].1) {
        return Err(Conflict(moves[pair[0] as usize].1));
    }
    let mut pending: SmallVec<[Pending<L>; 8]> = moves
        .iter()
        .map(|&(from, to)| {
            let writer = order.binary_search_by_key(&from, |&index| moves[index as usize].1);
            let writer = writer.map_or(NONE, |at| order[at]);
            Pending { from, to, writer, readers: 0, done: from == to }
        })
        .collect();
    for index in 0..pending.len() {
        let writer = pending[index].writer as usize;
        if !pending[index].done && writer < pending.len() {
            pending[writer].readers += 1;
        }
    }

    // Trees, from their leaves on: making a move may free the move that overwrites its source.
    for start in 0..pending.len() {
        let mut next = start;
        while let Some(leaf) = pending.get_mut(next).filter(|leaf| !leaf.done && leaf.readers == 0) {
            leaf.done = true;
            step(Step::Move { from: leaf.from, to: leaf.to });
            next = leaf.writer as usize;
            if let Some(writer) = pending.get_mut(next) {
                writer.readers -= 1;
            }
        }
    }

    // What is left are cycles: against the direction of the values, each move frees the place that the next one writes.
    for start in 0..pending.len() {
        if pending[start].done {
            continue;
        }
        let last = pending[start].to;
        step(Step::Save(last));
        let mut next = start;
        loop {
            let current = &mut pending[next];
            current.done = true;
            if current.from == last {
                step(Step::Restore(current.to));
                break;
            }
            step(Step::Move { from: current.from, to: current.to });
            next = current.writer as usize;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Conflict, Step, resolve};

    /// Runs the steps on places that hold their own numbers at first, and checks the result and the promises.
    fn check(moves: &[(u8, u8)]) {
        let mut places: [u8; 256] = std::array::from_fn(|index| index as u8);
        let (mut temporary, mut made, mut saves) = (None, 0, 0);
        resolve(moves, |step| match step {
            Step::Move { from, to } => {
                places[usize::from(to)] = places[usize::from(from)];
                made += 1;
            }
            Step::Save(from) => {
                assert_eq!(temporary.replace(places[usize::from(from)]), None, "{moves:?}");
                saves += 1;
            }
            Step::Restore(to) => {
                places[usize::from(to)] = temporary.take().expect("something was saved");
                made += 1;
            }
        })
        .expect("no place is written twice");
        assert_eq!(temporary, None, "{moves:?}");
        for place in 0..=255 {
            let expected = moves.iter().find(|(_, to)| *to == place).map_or(place, |(from, _)| *from);
            assert_eq!(places[usize::from(place)], expected, "place {place} of {moves:?}");
        }
        let real = moves.iter().filter(|(from, to)| from != to);
        assert_eq!(made, real.clone().count(), "{moves:?}");
        assert_eq!(saves, cycles(moves), "{moves:?}");
    }

    /// How many cycles of two or more places there are, found by following each place to its source.
    fn cycles(moves: &[(u8, u8)]) -> usize {
        let source = |place: u8| moves.iter().find(|(_, to)| *to == place).map(|(from, _)| *from);
        let leads_back = |start: u8| {
            let (mut at, mut least) = (source(start)?, start);
            for _ in 0..moves.len() {
                least = least.min(at);
                if at == start {
                    return Some(least);
                }
                at = source(at)?;
            }
            None
        };
        // Each cycle is counted at its least place; a place that moves to itself is none.
        (0..=255).filter(|&place| leads_back(place) == Some(place) && source(place) != Some(place)).count()
    }

    #[test]
    fn shapes() {
        check(&[]);
        check(&[(1, 1)]);
        check(&[(1, 2)]);
        check(&[(1, 2), (2, 3), (3, 4)]);
        check(&[(3, 4), (2, 3), (1, 2)]);
        check(&[(1, 2), (2, 1)]);
        check(&[(1, 2), (2, 3), (3, 1), (1, 4), (4, 5), (2, 6)]);
        check(&[(1, 2), (2, 1), (3, 4), (4, 3)]);
        check(&[(1, 1), (1, 2), (2, 3)]);
        check(&[(0, 1), (0, 2), (0, 3), (0, 0)]);
    }

    /// All of the maps from four places to themselves, with each subset of them written.
    #[test]
    fn everything_small() {
        for sources in 0..256_u32 {
            for written in 0..16_u32 {
                let moves: Vec<(u8, u8)> = (0..4)
                    .filter(|place| written >> place & 1 == 1)
                    .map(|place| ((sources >> (2 * place) & 3) as u8, place as u8))
                    .collect();
                check(&moves);
                let backward: Vec<(u8, u8)> = moves.into_iter().rev().collect();
                check(&backward);
            }
        }
    }

    #[test]
    fn random_maps() {
        fn property(sources: Vec<u8>, narrow: u8) {
            let moves: Vec<(u8, u8)> = sources
                .iter()
                .take(256)
                .enumerate()
                .map(|(to, from)| (from % narrow.max(1), to as u8))
                .collect();
            check(&moves);
        }
        quickcheck::QuickCheck::new().tests(2000).quickcheck(property as fn(Vec<u8>, u8));
    }

    #[test]
    fn two_writers_are_an_error_and_give_no_step() {
        let result = resolve(&[(1, 2), (4, 4), (3, 2)], |step| panic!("{step:?}"));
        assert_eq!(result, Err(Conflict(2)));
        assert_eq!(Conflict(2).to_string(), "two moves write 2");
    }
}
