//! One mapping of executable memory: written first, run after, never both.
//!
//! A page is private and writable until it is published, then readable and executable for good: there is no way back,
//! so no thread can be running in a page while it changes. A mapping is whole pages; a cache that packs code more tightly is
//! built on other means.

use std::io;

use memmap2::{Mmap, MmapMut};

use super::coherence;

/// Memory that is being filled with code. It is writable, and not executable.
#[derive(Debug)]
pub struct Writable {
    map: MmapMut,
    len: usize,
}

impl Writable {
    /// Zeroed memory for `len` bytes of code, aligned to a page.
    ///
    /// # Errors
    /// If the system has no such mapping to give.
    pub fn new(len: usize) -> io::Result<Writable> {
        Ok(Writable { map: MmapMut::map_anon(len.max(1))?, len })
    }

    /// Where the code will run: the address of its first byte, for relocations.
    pub fn address(&self) -> u64 {
        self.map.as_ptr().addr() as u64
    }

    /// The bytes to fill.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map[..self.len]
    }

    /// Makes the memory executable and no longer writable, and the code visible to all processors.
    ///
    /// # Errors
    /// If the system refuses executable memory.
    pub fn publish(self) -> io::Result<Executable> {
        let map = self.map.make_exec()?;
        coherence::flush(&map);
        Ok(Executable { map, len: self.len })
    }
}

/// Memory that holds code. It is executable, and not writable; it is unmapped when this is dropped.
///
/// Calling into it takes `unsafe`: the caller must know the code, and keep this alive while it runs.
#[derive(Debug)]
pub struct Executable {
    map: Mmap,
    len: usize,
}

impl Executable {
    /// The address of the first byte.
    pub fn address(&self) -> usize {
        self.map.as_ptr().expose_provenance()
    }

    /// The code.
    pub fn bytes(&self) -> &[u8] {
        &self.map[..self.len]
    }
}

#[cfg(test)]
#[allow(unsafe_code, reason = "the tests call what they publish")]
mod tests {
    use super::super::coherence;
    use super::*;

    /// A function that returns `value`, which is below 2048.
    fn constant(value: u32) -> Vec<u8> {
        if cfg!(target_arch = "x86_64") {
            let [a, b, c, d] = value.to_le_bytes();
            vec![0xb8, a, b, c, d, 0xc3] // mov eax, value; ret
        } else if cfg!(target_arch = "aarch64") {
            [0x5280_0000 | value << 5, 0xd65f_03c0].iter().flat_map(|word: &u32| word.to_le_bytes()).collect() // movz w0; ret
        } else {
            [0x513 | value << 20, 0x8067].iter().flat_map(|word: &u32| word.to_le_bytes()).collect() // li a0; ret
        }
    }

    fn publish(code: &[u8]) -> Executable {
        let mut memory = Writable::new(code.len()).expect("memory");
        memory.bytes_mut().copy_from_slice(code);
        let address = memory.address();
        let published = memory.publish().expect("executable memory");
        assert_eq!(published.address() as u64, address);
        published
    }

    fn call(code: &Executable) -> u32 {
        // SAFETY: the code is `constant`'s, which is a function of that type, and is mapped.
        let function: extern "C" fn() -> u32 =
            unsafe { std::mem::transmute(std::ptr::with_exposed_provenance::<()>(code.address())) };
        function()
    }

    /// Mappings are mostly made at the address of the one just dropped, so that stale instructions would show.
    #[test]
    fn new_code_runs_at_addresses_used_before() {
        let mut addresses = std::collections::HashSet::new();
        for value in 0..500 {
            let code = publish(&constant(value));
            addresses.insert(code.address());
            assert_eq!(call(&code), value);
        }
        assert!(addresses.len() < 500, "no address was used twice, so nothing was tested");
    }

    #[test]
    fn each_publication_flushes_once() {
        let before = coherence::flushes();
        let (first, second) = (publish(&constant(1)), publish(&constant(2)));
        assert_eq!(coherence::flushes() - before, 2);
        assert_eq!((call(&first), call(&second)), (1, 2));
    }

    #[test]
    fn another_thread_runs_it() {
        let code = publish(&constant(77));
        let result = std::thread::scope(|scope| scope.spawn(|| call(&code)).join().expect("no panic"));
        assert_eq!(result, 77);
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        let code = publish(&constant(3));
        let mut memory = Writable::new(1).expect("memory");
        memory.bytes_mut()[0] = 1;
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let mode_at = |address: u64| {
            let line = maps.lines().find(|line| {
                let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
                range.is_some_and(|(from, to)| {
                    let parse = |text| u64::from_str_radix(text, 16).unwrap_or(0);
                    (parse(from)..parse(to)).contains(&address)
                })
            });
            line.and_then(|line| line.split(' ').nth(1)).map(str::to_owned)
        };
        if !maps.is_empty() {
            assert_eq!(mode_at(code.address() as u64).as_deref(), Some("r-xp"));
            assert_eq!(mode_at(memory.address()).as_deref(), Some("rw-p"));
        }
    }

    #[test]
    fn empty_code_is_no_error() {
        let memory = Writable::new(0).expect("memory").publish().expect("executable memory");
        assert!(memory.bytes().is_empty());
    }

    #[test]
    fn what_is_too_large_is_an_error() {
        assert!(Writable::new(usize::MAX / 2).is_err());
    }
}
