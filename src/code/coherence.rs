//! Coherence of the instruction cache: what has to be done between writing code and running it.
//!
//! - x86_64: nothing (Intel SDM volume 3, 13.6: the processor sees to it that fetches after a jump see earlier stores).
//! - AArch64: clean the data cache to the point of unification, invalidate the instruction cache, by lines (Arm ARM, B2.7.4.2).
//!   Other cores see it by the broadcast of the inner shareable domain; what they have fetched already they keep until a
//!   context synchronising event, so code at an address that was used before needs [`synchronise`] too.
//! - RISC-V: `fence.i` concerns only the hart that executes it, so the kernel is asked to do it on all.
#![allow(unsafe_code, reason = "cache maintenance is instructions and system calls")]

/// Makes code that was written at `code`, through any mapping of the same memory, visible to instruction fetches of this process.
pub fn flush(code: &[u8]) {
    #[cfg(test)]
    FLUSHES.with(|count| count.set(count.get() + 1));
    host::flush(code);
}

/// Has all processors that run threads of this process drop the instructions they have fetched ahead: for code that is
/// published, and flushed, where other code has run before (Intel SDM volume 3, "Handling Self- and Cross-Modifying Code"; Arm ARM,
/// "Concurrent modification and execution of instructions").
///
/// Where the system cannot do that (Linux before 4.16 on AArch64 and x86_64, emulators), nothing is done; then it is the time between
/// freeing and publishing, with its system calls, that leaves nothing fetched.
pub fn synchronise() {
    #[cfg(target_os = "linux")]
    {
        use std::sync::OnceLock;
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        let membarrier = |command: libc::membarrier_cmd| {
            // SAFETY: the call touches no memory of ours.
            unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
        };
        if *REGISTERED.get_or_init(|| membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)) {
            membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
        }
    }
}

#[cfg(test)]
thread_local! {
    static FLUSHES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How often this thread has flushed. Emulators do not notice a flush that is missing.
#[cfg(test)]
pub(super) fn flushes() -> u64 {
    FLUSHES.get()
}

#[cfg(target_arch = "aarch64")]
mod host {
    use std::arch::asm;

    pub(super) fn flush(code: &[u8]) {
        let ctr: usize;
        // SAFETY: reads a register that user code may read on all systems that this is built for.
        unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
        // Sizes of the smallest lines, as logarithms of words of four bytes.
        let data_line = 4_usize << (ctr >> 16 & 15);
        let instruction_line = 4_usize << (ctr & 15);
        let range = code.as_ptr_range();
        let (start, end) = (range.start.addr(), range.end.addr());
        // IDC: the data cache need not be cleaned. DIC: the instruction cache need not be invalidated.
        if ctr & 1 << 28 == 0 {
            for line in (start & !(data_line - 1)..end).step_by(data_line) {
                // SAFETY: cleaning a line changes no content; the address is mapped, since it is in a line of `code`.
                unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
            }
        }
        // SAFETY: a barrier.
        unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
        if ctr & 1 << 29 == 0 {
            for line in (start & !(instruction_line - 1)..end).step_by(instruction_line) {
                // SAFETY: invalidating a line of the instruction cache changes no content; the address is mapped.
                unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
            }
            // SAFETY: a barrier.
            unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
        }
        // SAFETY: a barrier.
        unsafe { asm!("isb", options(nostack, preserves_flags)) };
    }
}

#[cfg(all(target_arch = "riscv64", target_os = "linux"))]
mod host {
    /// `riscv_flush_icache(start, end, flags)`; no flags: on all harts that run this process.
    const RISCV_FLUSH_ICACHE: libc::c_long = 259;

    pub(super) fn flush(code: &[u8]) {
        let range = code.as_ptr_range();
        // SAFETY: the call reads no memory of ours, and writes none.
        let result = unsafe { libc::syscall(RISCV_FLUSH_ICACHE, range.start, range.end, 0_usize) };
        // The kernel has this call since it runs on RISC-V with several harts, and it fails only for unknown flags.
        assert_eq!(result, 0, "the kernel refused to flush the instruction cache");
    }
}

#[cfg(not(any(target_arch = "aarch64", all(target_arch = "riscv64", target_os = "linux"))))]
mod host {
    pub(super) fn flush(_: &[u8]) {}
}
