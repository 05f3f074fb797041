//! Shrinking: branches that turn out to be near are made short when the code is finished.
//!
//! How it works. While it is on, labels stay unbound and every use of one is kept. At the end, all branches that have a
//! short form are taken to be short; those whose target is then out of its reach become long, which takes others
//! further away, until nothing changes. As few as can be are long in the end: two branches over each other that reach if
//! both are short are short, as with GNU as. Then the code is written anew, once, and every offset that was noted moves
//! with it.
//!
//! Invariants
//! - S1 Sites and alignments are in the order of their offsets.
//! - S2 A branch that became long stays long, even if padding shrinks and it would fit again: this ends.
//!
//! Cost. A pass over the uses of labels for each round, typically three, at most some more than [`ROUNDS`]; then one over
//! the code. Nothing while code is emitted, but that labels cannot be asked for their offsets.

use super::{CodeBuffer, DataRange, Fixup};
use crate::asm::error::AsmError;
use crate::asm::fixup::FixupKind;
use crate::asm::label::{Label, LabelState};

/// Rounds in which only branches that must be are made long. Then all are that would not fit if all were: what is left fits
/// whatever becomes of the others.
const ROUNDS: usize = 64;

/// What waits for the end while shrinking is on.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    pub(super) on: bool,
    /// In order of offset.
    bindings: Vec<(Label, u32)>,
    alignments: Vec<Alignment>,
}

impl Deferred {
    pub(super) fn clear(&mut self) {
        self.bindings.clear();
        self.alignments.clear();
    }

    pub(super) fn bind(&mut self, label: Label, offset: u32) {
        self.bindings.push((label, offset));
    }

    pub(super) fn align(&mut self, start: u32, end: u32, alignment: u32, is_code: bool) {
        self.alignments.push(Alignment { start, end, alignment, is_code });
    }
}

/// Padding at `start..end`.
#[derive(Clone, Copy, Debug)]
struct Alignment {
    start: u32,
    end: u32,
    alignment: u32,
    is_code: bool,
}

/// An instruction that has a shorter form.
#[derive(Clone, Copy, Debug)]
pub struct Shorter<K> {
    /// How many bytes before the fixup the instruction starts, and how many it has.
    pub before: u32,
    pub size: u32,
    /// The shorter one: its bytes, low first, how many, and where in them which kind of fixup is.
    pub bytes: u64,
    pub short_size: u32,
    pub at: u32,
    pub kind: K,
}

struct Site<K> {
    /// Index of the fixup.
    fixup: usize,
    start: u32,
    short: Shorter<K>,
    is_short: bool,
}

/// Old offsets to new ones: what is at or behind `from` moves to `to` and on.
struct Map(Vec<(u32, u32)>);

impl Map {
    fn at(&self, old: u32) -> u32 {
        let index = self.0.partition_point(|(from, _)| *from <= old);
        match index.checked_sub(1).and_then(|index| self.0.get(index)) {
            Some((from, to)) => to + (old - from),
            None => old,
        }
    }
}

impl<K: FixupKind> CodeBuffer<K> {
    /// Makes branches short at the end where that reaches, for an instruction set that has such branches and no islands.
    /// To be said of an empty buffer; [`clear`](Self::clear) keeps it. Until [`finish`](Self::finish), offsets of labels are
    /// not known, and offsets of code are those of the long forms.
    pub fn shrink_branches(&mut self, on: bool) {
        if self.end == 0 {
            self.deferred.on = on && K::CLASSES == 0;
        }
    }

    /// Shrinks, binds what was bound, and patches all uses.
    pub(super) fn bind_deferred(&mut self) {
        if !self.deferred.on || self.error.is_some() {
            return;
        }
        let mut targets = vec![u32::MAX; self.labels.len()];
        for &(label, offset) in &self.deferred.bindings {
            match targets.get_mut(label.index()) {
                Some(target) if *target == u32::MAX => *target = offset,
                Some(_) => return self.fail(AsmError::BoundTwice(label)),
                None => return self.fail(AsmError::UnknownLabel(label)),
            }
        }
        let mut sites: Vec<Site<K>> = Vec::new();
        let mut end = 0;
        for (index, fixup) in self.fixups.iter().enumerate() {
            if let Some(short) = fixup.kind.shorter(self.code(), fixup.offset) {
                let start = fixup.offset.saturating_sub(short.before);
                // A use of a label that is not in order was not noted by a branch of ours (S1).
                if start >= end && start + short.size <= self.end {
                    end = start + short.size;
                    sites.push(Site { fixup: index, start, short, is_short: false });
                }
            }
        }
        let map = self.shrink(&mut sites, &targets);
        self.rewrite(&sites, &map);
        for (state, target) in self.labels.iter_mut().zip(&targets) {
            if *target != u32::MAX {
                *state = LabelState::bound(map.at(*target));
            }
        }
        for index in 0..self.fixups.len() {
            let Fixup { offset, label, kind, .. } = self.fixups[index];
            match self.label_offset(Label(label)) {
                Some(target) => self.patch(kind, offset, target),
                None => return self.fail(AsmError::NeverBound { label: Label(label), offset }),
            }
        }
        self.deferred.clear();
    }

    /// Decides which sites are short.
    fn shrink(&self, sites: &mut [Site<K>], targets: &[u32]) -> Map {
        let target = |site: &Site<K>| {
            let target = targets.get(self.fixups[site.fixup].label as usize);
            target.filter(|target| **target != u32::MAX).map(|target| i64::from(*target))
        };
        for site in sites.iter_mut() {
            // A label that was not bound is an error later.
            site.is_short = target(site).is_some();
        }
        let mut round = 0;
        loop {
            let map = self.map(sites);
            let mut changed = false;
            for site in sites.iter_mut().filter(|site| site.is_short) {
                let Some(target) = target(site) else { continue };
                let fits = |from: u32, to: i64| {
                    let at = i64::from(from) + i64::from(site.short.at);
                    site.short.kind.patch(&mut [0; 8], to - at).is_ok()
                };
                let fits_long = || fits(site.start, target);
                if !fits(map.at(site.start), i64::from(map.at(target as u32)))
                    || round == ROUNDS && !fits_long()
                {
                    (site.is_short, changed) = (false, true); // S2
                }
            }
            if !changed {
                return map;
            }
            round += 1;
        }
    }

    /// Where everything goes if the sites are as they are.
    fn map(&self, sites: &[Site<K>]) -> Map {
        let mut map = Map(Vec::new());
        let mut alignments = self.deferred.alignments.iter().peekable();
        let mut saved = 0;
        let mut end_alignments = |map: &mut Map, saved: &mut u32, before: u32| {
            while let Some(padding) = alignments.next_if(|padding| padding.start <= before) {
                let start = padding.start.wrapping_sub(*saved);
                let end = start.next_multiple_of(padding.alignment);
                // Padding may have grown: then `saved` counts backward.
                *saved = padding.end.wrapping_sub(end);
                map.0.push((padding.end, end));
            }
        };
        for site in sites.iter().filter(|site| site.is_short) {
            end_alignments(&mut map, &mut saved, site.start);
            let end = site.start + site.short.size;
            saved = saved.wrapping_add(site.short.size - site.short.short_size);
            map.0.push((end, end.wrapping_sub(saved)));
        }
        end_alignments(&mut map, &mut saved, u32::MAX);
        map
    }

    /// Writes the code anew, and moves all that has an offset.
    fn rewrite(&mut self, sites: &[Site<K>], map: &Map) {
        let old = self.code();
        let mut new = Vec::with_capacity(self.bytes.capacity());
        let mut from = 0;
        let mut alignments = self.deferred.alignments.iter().peekable();
        let mut copy_to = |new: &mut Vec<u8>, from: &mut u32, to: u32| {
            while let Some(padding) = alignments.next_if(|padding| padding.start <= to) {
                new.extend_from_slice(old.get(*from as usize..padding.start as usize).unwrap_or_default());
                let start = new.len();
                new.resize(start.next_multiple_of(padding.alignment as usize), 0);
                if padding.is_code {
                    K::fill(&mut new[start..]);
                }
                *from = padding.end;
            }
            new.extend_from_slice(old.get(*from as usize..to as usize).unwrap_or_default());
            *from = to;
        };
        for site in sites.iter().filter(|site| site.is_short) {
            copy_to(&mut new, &mut from, site.start);
            new.extend_from_slice(&site.short.bytes.to_le_bytes()[..site.short.short_size as usize]);
            from = site.start + site.short.size;
        }
        copy_to(&mut new, &mut from, self.end);
        for fixup in &mut self.fixups {
            fixup.offset = map.at(fixup.offset);
        }
        for site in sites.iter().filter(|site| site.is_short) {
            let fixup = &mut self.fixups[site.fixup];
            fixup.offset = map.at(site.start) + site.short.at;
            fixup.kind = site.short.kind;
        }
        for reloc in &mut self.relocs {
            reloc.offset = map.at(reloc.offset);
        }
        for difference in &mut self.differences {
            difference.offset = map.at(difference.offset);
        }
        for address in &mut self.addresses {
            address.offset = map.at(address.offset);
        }
        for DataRange { start, end } in &mut self.data {
            (*start, *end) = (map.at(*start), map.at(*end));
        }
        self.notes.relocate(|offset| map.at(offset));
        self.end = new.len() as u32;
        self.bytes = new;
    }
}
