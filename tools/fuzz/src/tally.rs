//! Counts by name, which workers send to the driver.

use std::collections::BTreeMap;

/// Counts by name.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    counts: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds to a count.
    pub fn add(&mut self, name: &str, count: u64) {
        if count == 0 {
            return;
        }
        match self.counts.get_mut(name) {
            Some(old) => *old += count,
            None => {
                self.counts.insert(name.to_owned(), count);
            }
        }
    }

    /// A count.
    pub fn get(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// All counts, in the order of their names; what was read is forgotten.
    pub fn drain(&mut self) -> impl Iterator<Item = (String, u64)> {
        std::mem::take(&mut self.counts).into_iter()
    }

    /// Those whose name begins so, without that beginning.
    pub fn with_prefix<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = (&'t str, u64)> {
        self.counts.iter().filter_map(move |(name, count)| Some((name.strip_prefix(prefix)?, *count)))
    }
}
