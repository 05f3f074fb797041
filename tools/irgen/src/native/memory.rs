//! The memory that programs have, as the code sees it, and what happens when the code touches other memory or does not end.

use std::ptr;

use orus::ir::eval::Memory;

use super::run::current_or_none;
use crate::plan;

/// Reads a word of the program's memory, or of its stack.
pub(super) fn read(address: u64) -> u64 {
    // SAFETY: addresses come from frame pointers, tables and objects; a wrong one is an error in what is tested, and faults.
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read_unaligned() }
}

pub(super) fn write(address: u64, word: u64) {
    // SAFETY: addresses come from the plan.
    unsafe { ptr::with_exposed_provenance_mut::<u64>(address as usize).write(word) }
}

/// Maps the memory that programs have.
pub(super) fn map_memory() -> Result<(), String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
    let base = ptr::with_exposed_provenance_mut(plan::BASE as usize);
    // SAFETY: the flags say that nothing is replaced which is there.
    let at =
        unsafe { libc::mmap(base, plan::SPAN as usize, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if at != base {
        return Err(format!("no memory at {:#x}: {}", plan::BASE, std::io::Error::last_os_error()));
    }
    at.expose_provenance();
    Ok(())
}

/// From a copy to the memory that the code sees.
pub(super) fn push(memory: &Memory) {
    for region in memory.regions() {
        let to = ptr::with_exposed_provenance_mut::<u8>(region.base as usize);
        // SAFETY: the plan's regions are in what was mapped, which no Rust reference leads to.
        unsafe { ptr::copy_nonoverlapping(region.bytes.as_ptr(), to, region.bytes.len()) };
    }
}

/// And back.
pub(super) fn pull(memory: &mut Memory) {
    for region in memory.regions_mut() {
        let from = ptr::with_exposed_provenance::<u8>(region.base as usize);
        // SAFETY: as in `push`.
        unsafe { ptr::copy_nonoverlapping(from, region.bytes.as_mut_ptr(), region.bytes.len()) };
    }
}

pub(super) fn set_timer(seconds: i64) {
    let none = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer =
        libc::itimerval { it_interval: none, it_value: libc::timeval { tv_sec: seconds, tv_usec: 0 } };
    // SAFETY: the structure is there.
    unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &raw const timer, ptr::null_mut()) };
}

pub(super) fn handle_signals() {
    const BYTES: usize = 64 << 10;
    let memory: &'static mut [u8] = vec![0; BYTES].leak();
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: BYTES };
    // SAFETY: the memory is there for good.
    unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGTRAP, libc::SIGFPE, libc::SIGVTALRM] {
        // SAFETY: zeros are an empty action.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = on_signal;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the handler has the signature that the flags ask for.
        unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    }
}

/// If generated code was interrupted: goes on at the landing. Else the signal comes again, and ends the process; but a timer's goes on.
extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let run = current_or_none();
    // SAFETY: the system gives a context of this type, and if there is a run it is the one that was interrupted.
    let (registers, run) =
        unsafe { (&mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs, run.as_mut()) };
    let (rip, rbp) = (libc::REG_RIP as usize, libc::REG_RBP as usize);
    if let Some(run) = run
        && run.cache.contains(&(registers[rip] as u64))
    {
        let on_stack =
            |at: u64| run.stacks.iter().any(|range| range.contains(&at) && range.contains(&(at + 8)));
        let mut fp = registers[rbp] as u64;
        while on_stack(fp.wrapping_sub(48)) && on_stack(fp) {
            if read(fp - 48) == run.entry {
                // SAFETY: the system gives this for the signals that are handled.
                let address = unsafe { (*info).si_addr() }.addr() as u64;
                run.fault = Some((signal, registers[rip] as u64, address));
                registers[rip] = run.landing.landing as i64;
                registers[rbp] = fp as i64;
                return;
            }
            fp = read(fp);
        }
    }
    if signal != libc::SIGVTALRM {
        // SAFETY: the default handler needs nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
