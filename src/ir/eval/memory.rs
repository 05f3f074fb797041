//! Memory that a program sees: a few regions at fixed addresses, and nothing between them.

/// Bytes at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// The address of the first byte.
    pub base: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Regions that do not overlap. An access has to lie within one of them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Memory {
    regions: Vec<Region>,
}

/// An access to this address is in no region.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outside(pub u64);

impl Memory {
    /// Memory with nothing in it.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a region of zeros, which must not overlap with another one.
    pub fn add(&mut self, base: u64, length: usize) {
        let at = self.regions.partition_point(|region| region.base < base);
        self.regions.insert(at, Region { base, bytes: vec![0; length] });
    }

    /// The regions, in the order of their addresses.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The regions, to change their bytes.
    pub fn regions_mut(&mut self) -> &mut [Region] {
        &mut self.regions
    }

    fn find(&self, address: u64, length: usize) -> Result<(usize, usize), Outside> {
        let index = self
            .regions
            .partition_point(|region| region.base <= address)
            .checked_sub(1)
            .ok_or(Outside(address))?;
        let region = &self.regions[index];
        let at = address - region.base;
        let fits = at.checked_add(length as u64).is_some_and(|end| end <= region.bytes.len() as u64);
        if fits { Ok((index, at as usize)) } else { Err(Outside(address)) }
    }

    /// The bytes at an address.
    ///
    /// # Errors
    /// If they are not all in one region.
    pub fn bytes(&self, address: u64, length: usize) -> Result<&[u8], Outside> {
        let (region, at) = self.find(address, length)?;
        Ok(&self.regions[region].bytes[at..at + length])
    }

    /// The bytes at an address, to change.
    ///
    /// # Errors
    /// If they are not all in one region.
    pub fn bytes_mut(&mut self, address: u64, length: usize) -> Result<&mut [u8], Outside> {
        let (region, at) = self.find(address, length)?;
        Ok(&mut self.regions[region].bytes[at..at + length])
    }

    /// A number of up to 8 bytes, the lowest first, zero-extended.
    ///
    /// # Errors
    /// If they are not all in one region.
    pub fn load(&self, address: u64, length: usize) -> Result<u64, Outside> {
        let mut word = [0; 8];
        word[..length].copy_from_slice(self.bytes(address, length)?);
        Ok(u64::from_le_bytes(word))
    }

    /// Writes the lowest bytes of a number, up to 8.
    ///
    /// # Errors
    /// If they are not all in one region.
    pub fn store(&mut self, address: u64, length: usize, value: u64) -> Result<(), Outside> {
        self.bytes_mut(address, length)?.copy_from_slice(&value.to_le_bytes()[..length]);
        Ok(())
    }
}
