//! Arrays: elements, `push` and `pop` where there is room, loops over elements. What allocates is in `vm/heap`.

use super::object::{array_capacity, array_len, element, set_array_len};
use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// Element types as they lie in a store, and their slots. Narrowing a canonical slot keeps all of it.
trait Element: Copy {
    fn load(self) -> u64;
    fn store(slot: u64) -> Self;
}

macro_rules! elements {
    ($($ty:ident)*) => {$(
        impl Element for $ty {
            #[inline(always)]
            fn load(self) -> u64 {
                self as i64 as u64
            }
            #[inline(always)]
            fn store(slot: u64) -> $ty {
                slot as $ty
            }
        }
    )*};
}
// Bools are bytes.
elements! { u8 i32 u32 u64 }

/// Reads an element below the length.
#[inline(always)]
fn load<T: Element>(array: u64, index: usize) -> u64 {
    // SAFETY: the store has as many elements as the length says, of the storage class of the array's type, which the
    // verifier has compared with the operation's (V: operands).
    unsafe { *element::<T>(array, index) }.load()
}

/// Writes an element below the capacity.
#[inline(always)]
fn store<T: Element>(array: u64, index: usize, slot: u64) {
    // SAFETY: as in `load`.
    unsafe { *element::<T>(array, index) = T::store(slot) }
}

/// `a = b[c]`. The index may be of any integer type: as unsigned, negative ones are out of range.
macro_rules! gets {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, index): (u64, u64) = (cpu.get_b(), cpu.get_c());
            if index >= u64::from(array_len(array)) {
                return Flow::Slow(Why::ArrayIndex);
            }
            cpu.set_a(load::<$ty>(array, index as usize));
            Flow::Next
        }
    )* } };
}

/// `a[b] = c`.
macro_rules! sets {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, index): (u64, u64) = (cpu.get_a(), cpu.get_b());
            if index >= u64::from(array_len(array)) {
                return Flow::Slow(Why::ArrayIndex);
            }
            store::<$ty>(array, index as usize, cpu.get_c());
            Flow::Next
        }
    )* } };
}

/// Appends `b` to `a`.
macro_rules! pushes {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu, machine) {
            let array: u64 = cpu.get_a();
            let len = array_len(array);
            if len == array_capacity(array) {
                return Flow::Heavy;
            }
            store::<$ty>(array, len as usize, cpu.get_b());
            set_array_len(array, len + 1);
            Flow::Next
        } heavy {
            let array: u64 = cpu.get_a();
            machine.grow_array(array)?;
            let len = array_len(array);
            store::<$ty>(array, len as usize, cpu.get_b());
            set_array_len(array, len + 1);
            Ok(())
        }
    )* } };
}

/// Takes the last element of `b` into `a`.
macro_rules! pops {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let array: u64 = cpu.get_b();
            let len = array_len(array);
            if len == 0 {
                return Flow::Slow(Why::PopEmpty);
            }
            let last = len as usize - 1;
            cpu.set_a(load::<$ty>(array, last));
            set_array_len(array, len - 1);
            Flow::Next
        }
    )* } };
}

/// The next element of a loop over array `b` at position `c`.
macro_rules! nexts {
    ($($name:ident $ty:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, position): (u64, u64) = (cpu.get_b(), cpu.get_c());
            let branch = cpu.extra();
            if position < u64::from(array_len(array)) {
                cpu.set_a(load::<$ty>(array, position as usize));
                // The length fits an i32, so the position behind the element does.
                cpu.write(cpu.c(), position as i32 + 1);
                cpu.branch(branch as i32);
            }
            Flow::Next
        }
    )* } };
}

gets! { GetI32 i32; GetU32 u32; Get64 u64; GetBool u8; GetRef u64; }
sets! { Set32 u32; Set64 u64; SetBool u8; SetRef u64; }
pushes! { Push32 u32; Push64 u64; PushBool u8; PushRef u64; }
pops! { PopI32 i32; PopU32 u32; Pop64 u64; PopBool u8; }
nexts! { NextI32 i32; NextU32 u32; Next64 u64; NextBool u8; NextRef u64; }

ops! {
    PopRef(cpu) {
        let array: u64 = cpu.get_b();
        let len = array_len(array);
        if len == 0 {
            return Flow::Slow(Why::PopEmpty);
        }
        let last = len as usize - 1;
        cpu.set_a(load::<u64>(array, last));
        // References behind the length are null (L4).
        store::<u64>(array, last, 0);
        set_array_len(array, len - 1);
        Flow::Next
    }
    ArrayLen(cpu) {
        cpu.set_a(array_len(cpu.get_b()));
        Flow::Next
    }
    ArrayCheckLen(cpu, machine) {
        if array_len(cpu.get_a()) != cpu.imm() as u32 {
            return Flow::Heavy;
        }
        Flow::Next
    } heavy {
        let _ = machine;
        Err(RuntimeError::ArrayLength { expected: cpu.imm() as u32, actual: array_len(cpu.get_a()) }.into())
    }
}
