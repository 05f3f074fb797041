//! The code cache and the pool of stacks from outside: real memory, real threads, real refusals.
//!
//! What needs a process of its own (a filter of system calls, a fault) runs in a child: the test starts this program again,
//! with a variable set, for that test only.

#![cfg(unix)]

#[cfg(target_os = "linux")]
mod child;
mod cycles;
#[cfg(target_os = "linux")]
mod denied;
mod machine;
#[cfg(target_os = "linux")]
mod maps;
#[cfg(target_os = "linux")]
mod stacks;
#[cfg(target_os = "linux")]
mod stress;
mod threads;

use orus::code::{CacheError, CacheOptions, CodeCache, Way};

/// The ways to write code that this system has.
const WAYS: &[Way] = if cfg!(target_os = "linux") { &[Way::Memfd, Way::Mprotect] } else { &[Way::Mprotect] };

/// A cache that writes in this way; none if an emulator runs old code in this way, which the cache has to notice.
fn cache(limit_bytes: usize, way: Way) -> Option<CodeCache> {
    match CodeCache::new(CacheOptions { limit_bytes, way: Some(way) }) {
        Ok(cache) => {
            assert_eq!(cache.way(), way);
            Some(cache)
        }
        Err(CacheError::Stale) => {
            untested(format_args!("{way:?} does not work here"));
            None
        }
        Err(error) => panic!("{way:?}: {error}"),
    }
}

/// Says what an emulator does not have. A true machine has it: then this is a failure. (The x86_64 tests run on one.)
fn untested(what: std::fmt::Arguments<'_>) {
    if cfg!(target_arch = "x86_64") {
        panic!("{what}");
    }
    println!("{what}: not tested");
}

/// Xorshift: the tests need no more.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
