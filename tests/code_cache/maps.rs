//! `/proc/self/maps`.

use std::ops::Range;

/// A mapping of this process.
#[derive(Debug)]
pub struct Mapping {
    pub addresses: Range<u64>,
    pub readable: bool,
    pub writable: bool,
    pub executable: bool,
    /// Device and inode, 0 if it is of no file.
    pub file: (String, u64),
}

/// All mappings.
pub fn read() -> Vec<Mapping> {
    let text = std::fs::read_to_string("/proc/self/maps").expect("the system tells what is mapped");
    let parse = |line: &str| {
        let mut parts = line.split_ascii_whitespace();
        let (from, to) = parts.next()?.split_once('-')?;
        let addresses = u64::from_str_radix(from, 16).ok()?..u64::from_str_radix(to, 16).ok()?;
        let mode = parts.next()?;
        let device = parts.nth(1)?.to_owned();
        let file = (device, parts.next()?.parse().ok()?);
        let [readable, writable, executable] = ['r', 'w', 'x'].map(|flag| mode.contains(flag));
        Some(Mapping { addresses, readable, writable, executable, file })
    };
    let mappings: Vec<Mapping> =
        text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("what is {line:?}?"))).collect();
    assert!(mappings.len() > 3);
    mappings
}
