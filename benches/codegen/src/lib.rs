//! What the code generator costs, and what its code is worth: kernels and generated functions, compiled by Orus, and with the
//! feature `peers` by Cranelift, and by gcc.
//!
//! - [`kernels`]: small functions as text of the IR (`kernels/*.ir`), with twins in C (`kernels/kernels.c`), and the memory that they work on;
//! - [`generated`]: functions of any size, straight-line or branchy;
//! - [`ours`]: the optimiser and the code generator as one step, and linking;
//! - [`gcc`], `cranelift`: the peers. Cranelift gets the same IR, translated instruction by instruction.
//!
//! `tools/compile-bench` runs the program under callgrind and prints the tables; `benches/compile.rs` counts with iai-callgrind.

#[cfg(feature = "peers")]
pub mod cranelift;
pub mod gcc;
pub mod generated;
pub mod kernels;
pub mod native;
pub mod ours;
#[cfg(test)]
mod tests;
#[cfg(feature = "peers")]
mod translate;

use orus::ir::{Func, Function, Module};

/// Functions that are compiled together.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What they share.
    pub module: Module,
    /// The functions; the last one is called from outside.
    pub functions: Vec<(Func, Function)>,
}

impl Unit {
    /// How many IR instructions there are.
    pub fn insts(&self) -> usize {
        let functions = self.functions.iter().map(|(_, function)| function);
        functions.flat_map(|function| function.order.iter().map(|&block| function.insts(block).count())).sum()
    }
}

/// The units of a shape: `straight`, `branchy` (of about so many instructions), `kernels`, or a kernel's name. None if there is no such shape.
pub fn units(shape: &str, size: usize) -> Option<Vec<Unit>> {
    match shape {
        "straight" => Some(vec![generated::unit(size, false)]),
        "branchy" => Some(vec![generated::unit(size, true)]),
        "kernels" => Some(kernels::ALL.iter().map(kernels::Kernel::unit).collect()),
        name => kernels::find(name).map(|kernel| vec![kernel.unit()]),
    }
}

/// CPU time of this thread in nanoseconds: others share the machine.
///
/// # Panics
/// If the system has no such clock.
pub fn cpu_ns() -> u64 {
    match nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID) {
        Ok(time) => time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64,
        Err(error) => panic!("no clock of the thread's CPU time: {error}"),
    }
}
