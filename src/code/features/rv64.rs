//! RISC-V. Linux says what there is by the system call `riscv_hwprobe`; kernels before 6.4 do not have it, and then the
//! single-letter extensions of `AT_HWCAP` are all that is known.
#![allow(unsafe_code, reason = "system calls")]

use bitflags::bitflags;

use super::Implied;

bitflags! {
    /// What a RISC-V processor may have beyond RV64GC.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct Rv64: u32 {
        /// Shifted addition for addresses.
        const ZBA = 1;
        /// Basic bit manipulation.
        const ZBB = 1 << 1;
        /// Single bits.
        const ZBS = 1 << 2;
        /// Conditional zero.
        const ZICOND = 1 << 3;
        /// More float instructions.
        const ZFA = 1 << 4;
        /// Vectors.
        const V = 1 << 5;
    }
}

impl Rv64 {
    /// What this processor and operating system have; nothing on another architecture.
    pub fn detect() -> Rv64 {
        #[cfg(all(target_arch = "riscv64", target_os = "linux"))]
        {
            host::probe().unwrap_or_else(host::letters)
        }
        #[cfg(not(all(target_arch = "riscv64", target_os = "linux")))]
        Rv64::empty()
    }

    /// From the bits of `RISCV_HWPROBE_KEY_IMA_EXT_0` (Linux, Documentation/arch/riscv/hwprobe.rst).
    #[cfg_attr(not(all(target_arch = "riscv64", target_os = "linux")), allow(dead_code))]
    fn from_hwprobe(bits: u64) -> Rv64 {
        let known = [
            (2, Rv64::V),
            (3, Rv64::ZBA),
            (4, Rv64::ZBB),
            (5, Rv64::ZBS),
            (32, Rv64::ZFA),
            (35, Rv64::ZICOND),
        ];
        known.into_iter().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, feature)| feature).collect()
    }

    /// From `AT_HWCAP`, which has a bit for each letter.
    #[cfg_attr(not(all(target_arch = "riscv64", target_os = "linux")), allow(dead_code))]
    fn from_letters(bits: u64) -> Rv64 {
        if bits >> (b'v' - b'a') & 1 == 1 { Rv64::V } else { Rv64::empty() }
    }
}

#[cfg(all(target_arch = "riscv64", target_os = "linux"))]
mod host {
    use super::Rv64;

    const RISCV_HWPROBE: libc::c_long = 258;
    const KEY_IMA_EXT_0: i64 = 4;

    /// `struct riscv_hwprobe`.
    #[repr(C)]
    struct Pair {
        key: i64,
        value: u64,
    }

    /// What all harts have, if the kernel has the call.
    pub(super) fn probe() -> Option<Rv64> {
        let mut pair = Pair { key: KEY_IMA_EXT_0, value: 0 };
        // SAFETY: the call writes to one pair, which is ours; no set of harts means all, and then its size is 0.
        let result = unsafe { libc::syscall(RISCV_HWPROBE, &raw mut pair, 1_usize, 0_usize, 0_usize, 0_u32) };
        // The kernel sets the key to -1 if it does not know it.
        (result == 0 && pair.key == KEY_IMA_EXT_0).then(|| Rv64::from_hwprobe(pair.value))
    }

    pub(super) fn letters() -> Rv64 {
        // SAFETY: reads the auxiliary vector.
        Rv64::from_letters(unsafe { libc::getauxval(libc::AT_HWCAP) })
    }
}

impl Implied for Rv64 {
    fn settled(self) -> Rv64 {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Rv64;

    #[test]
    fn bits_of_the_kernel() {
        assert_eq!(Rv64::from_hwprobe(0x3), Rv64::empty());
        assert_eq!(Rv64::from_hwprobe(0x3b), Rv64::ZBA | Rv64::ZBB | Rv64::ZBS);
        assert_eq!(Rv64::from_hwprobe(1 << 2 | 1 << 32 | 1 << 35), Rv64::V | Rv64::ZFA | Rv64::ZICOND);
        assert_eq!(Rv64::from_letters(0x112d), Rv64::empty());
        assert_eq!(Rv64::from_letters(0x20_112d), Rv64::V);
    }
}
