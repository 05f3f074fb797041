//! Linking: compiled functions go into the code cache, and what waits for addresses is filled in.
//!
//! Code calls what is in reach directly. What is farther than 2 GiB is called through a *veneer* behind the function, an indirect jump
//! with the address beside it.

use std::sync::Arc;

use super::runtime::Linked;
use super::{Compiled, External, Isa};
use crate::code::{CacheError, CodeCache, CodeRegion, Reservation};

/// Why code was not linked.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The cache did not take it.
    Cache(CacheError),
    /// Nobody knows the address of this.
    Unknown(External),
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LinkError::Cache(error) => write!(f, "{error}"),
            LinkError::Unknown(External::Func(func)) => {
                write!(f, "the address of function {func} is not known")
            }
            LinkError::Unknown(External::Symbol(symbol)) => {
                write!(f, "the address of symbol {symbol} is not known")
            }
            LinkError::Unknown(External::Stub(stub)) => write!(f, "there is no stub {stub:?}"),
        }
    }
}

impl std::error::Error for LinkError {}

impl From<CacheError> for LinkError {
    fn from(error: CacheError) -> LinkError {
        LinkError::Cache(error)
    }
}

/// A function that has its place in the cache and is not there yet: so functions can refer to each other.
#[derive(Debug)]
pub struct Placed {
    reservation: Reservation,
    tables: Compiled,
    name: String,
    veneers: Vec<External>,
}

impl Placed {
    /// Takes a place for a compiled function. `near` says of what it refers to whether it will be in the cache, or is otherwise known to be in
    /// reach.
    ///
    /// # Errors
    /// If there is no room.
    pub fn new<I: Isa>(
        cache: &CodeCache,
        name: &str,
        compiled: &Compiled,
        near: impl Fn(External) -> bool,
    ) -> Result<Placed, LinkError> {
        let mut veneers: Vec<External> = compiled
            .relocs
            .iter()
            .filter(|reloc| !reloc.absolute && !near(reloc.target))
            .map(|reloc| reloc.target)
            .collect();
        veneers.sort_unstable();
        veneers.dedup();
        let size = compiled.bytes.len().next_multiple_of(16) + veneers.len() * I::VENEER_BYTES;
        let reservation = cache.reserve(size, compiled.alignment as usize)?;
        Ok(Placed { reservation, tables: compiled.clone(), name: name.to_owned(), veneers })
    }

    /// Where it will be.
    pub fn address(&self) -> u64 {
        self.reservation.address()
    }

    /// Publishes it. `address` gives the addresses of what it refers to.
    ///
    /// # Errors
    /// If one is not known, or the system refuses.
    pub fn publish<I: Isa>(
        self,
        address: impl Fn(External) -> Option<u64>,
    ) -> Result<(CodeRegion, Arc<Linked>), LinkError> {
        let Placed { reservation, tables, name, veneers } = self;
        let region = reservation.try_publish(|base, bytes| -> Result<(), LinkError> {
            let code = tables.bytes.len();
            bytes[..code].copy_from_slice(&tables.bytes);
            let first_veneer = code.next_multiple_of(16);
            for (index, &target) in veneers.iter().enumerate() {
                let to = address(target).ok_or(LinkError::Unknown(target))?;
                let at = first_veneer + index * I::VENEER_BYTES;
                I::veneer(&mut bytes[at..at + I::VENEER_BYTES], to);
            }
            for reloc in &tables.relocs {
                let at = reloc.offset as usize;
                let to = match veneers.binary_search(&reloc.target) {
                    Ok(index) if !reloc.absolute => base + (first_veneer + index * I::VENEER_BYTES) as u64,
                    _ => address(reloc.target).ok_or(LinkError::Unknown(reloc.target))?,
                };
                let to = to.wrapping_add_signed(reloc.addend);
                if reloc.absolute {
                    bytes[at..at + 8].copy_from_slice(&to.to_le_bytes());
                } else {
                    I::patch_call(&mut bytes[at..], base + reloc.offset as u64, to);
                }
            }
            Ok(())
        })?;
        let start = region.address();
        let range = start..start + tables.bytes.len() as u64;
        Ok((region, Arc::new(Linked { name, range, tables })))
    }
}
