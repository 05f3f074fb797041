//! The numbers that drivers dispatch on: the operations of the table, and behind them two that no program contains.

use crate::bytecode::{Op, with_ops};

macro_rules! code {
    (() $($name:ident)*) => {
        /// What a driver dispatches on: an [`Op`] or one of ours.
        #[allow(dead_code, reason = "made out of numbers")]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u16)]
        pub(in crate::vm) enum Code {
            $($name,)*
            /// Ends the run: what the first function of a run returns to.
            Halt,
            /// Records how deep the machine stack is.
            Probe,
        }

        const _: () = { $(assert!(Code::$name as u16 == Op::$name as u16);)* };
    };
}
with_ops!(code, ());

impl Code {
    /// How many there are.
    pub const COUNT: usize = Op::COUNT + 2;

    /// The code of an instruction word.
    ///
    /// # Safety
    /// `word` is the first word of an instruction of verified code, or one of the words below.
    #[inline(always)]
    pub unsafe fn of(word: u64) -> Code {
        debug_assert!((word as u16 as usize) < Code::COUNT);
        // SAFETY: the verifier accepts no operation beyond the table (V1), and the words below are in range.
        unsafe { std::mem::transmute::<u16, Code>(word as u16) }
    }
}

/// The instruction that ends a run.
pub(in crate::vm) static HALT: [u64; 1] = [Code::Halt as u64];

/// Records the depth of the machine stack twice, one instruction after the other, and ends.
#[cfg(threaded_driver)]
pub(in crate::vm) static PROBES: [u64; 3] = [Code::Probe as u64, Code::Probe as u64, Code::Halt as u64];
