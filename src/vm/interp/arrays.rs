//! Arrays: elements, `push` and `pop` where there is room, loops over elements, and the entries to what allocates.

use super::{Cpu, Flow, Handler, Machine, Why, ops};
use crate::bytecode::TypeId;
use crate::vm::array;
use crate::vm::fault::RuntimeError;
use crate::vm::layout::Elem;

/// `a = b[c]`. The index may be of any integer type: as unsigned, negative ones are out of range.
macro_rules! gets {
    ($($name:ident $elem:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, index) = (cpu.ref_b().as_array(), cpu.get_c::<u64>());
            if index >= u64::from(array.len()) {
                return Flow::Slow(Why::ArrayIndex);
            }
            cpu.set_a(array.get(Elem::$elem, index as u32));
            Flow::Next
        }
    )* } };
}

/// `a[b] = c`.
macro_rules! sets {
    ($($name:ident $elem:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, index) = (cpu.ref_a().as_array(), cpu.get_b::<u64>());
            if index >= u64::from(array.len()) {
                return Flow::Slow(Why::ArrayIndex);
            }
            array.set(Elem::$elem, index as u32, cpu.get_c());
            Flow::Next
        }
    )* } };
}

/// Appends `b` to `a`.
macro_rules! pushes {
    ($($name:ident $elem:ident;)*) => { ops! { $(
        $name(cpu) {
            let array = cpu.ref_a().as_array();
            if array.len() == array.capacity() {
                return Flow::Heavy;
            }
            array.push_within(Elem::$elem, cpu.get_b());
            Flow::Next
        } heavy(machine) {
            cpu.ref_a().as_array().push(&mut machine.context.heap, Elem::$elem, cpu.get_b())
        }
    )* } };
}

/// Takes the last element of `b` into `a`.
macro_rules! pops {
    ($($name:ident $elem:ident;)*) => { ops! { $(
        $name(cpu) {
            match cpu.ref_b().as_array().pop(Elem::$elem) {
                Some(value) => cpu.set_a(value),
                None => return Flow::Slow(Why::PopEmpty),
            }
            Flow::Next
        }
    )* } };
}

/// The next element of a loop over array `b` at position `c`.
macro_rules! nexts {
    ($($name:ident $elem:ident;)*) => { ops! { $(
        $name(cpu) {
            let (array, position) = (cpu.ref_b().as_array(), cpu.get_c::<u64>());
            let branch = cpu.extra();
            if position < u64::from(array.len()) {
                cpu.set_a(array.get(Elem::$elem, position as u32));
                // The length fits an i32, so the position behind the element does.
                cpu.write(cpu.c(), position as i32 + 1);
                cpu.branch(branch as i32);
            }
            Flow::Next
        }
    )* } };
}

gets! { GetI32 I32; GetU32 U32; Get64 Word; GetBool Bool; GetRef Ref; }
// For writing, the two 32-bit classes are one.
sets! { Set32 U32; Set64 Word; SetBool Bool; SetRef Ref; }
pushes! { Push32 U32; Push64 Word; PushBool Bool; PushRef Ref; }
pops! { PopI32 I32; PopU32 U32; Pop64 Word; PopBool Bool; PopRef Ref; }
nexts! { NextI32 I32; NextU32 U32; Next64 Word; NextBool Bool; NextRef Ref; }

ops! {
    ArrayLen(cpu) {
        cpu.set_a(cpu.ref_b().as_array().len());
        Flow::Next
    }
    ArrayCheckLen(cpu) {
        if cpu.ref_a().as_array().len() != cpu.imm() as u32 {
            return Flow::Heavy;
        }
        Flow::Next
    } heavy(_machine) {
        let (expected, actual) = (cpu.imm() as u32, cpu.ref_a().as_array().len());
        Err(RuntimeError::ArrayLength { expected, actual }.into())
    }
    ArrayNew(cpu) heavy(machine) {
        let word = cpu.extra();
        let (ty, count) = (TypeId(word as u32), (word >> 32) as usize);
        let elem = machine.context.statics.types.get(ty).elem;
        let array = machine.context.heap.new_array(ty, elem, count)?;
        for index in 0..count {
            array.push_within(elem, cpu.read(cpu.argument(index)));
        }
        cpu.skip(count.div_ceil(4));
        cpu.set_a(array.object());
        Ok(())
    }
    ArrayFill(cpu) heavy(machine) {
        let ty = TypeId(cpu.extra() as u32);
        let elem = machine.context.statics.types.get(ty).elem;
        let array = array::fill(&mut machine.context.heap, ty, elem, cpu.get_b(), cpu.get_c())?;
        cpu.set_a(array.object());
        Ok(())
    }
    ArraySlice(cpu) heavy(machine) {
        let args = cpu.slice_args(machine);
        let array = cpu.ref_b().as_array();
        let elem = machine.context.statics.types.get(array.object().ty()).elem;
        let slice = array::slice(&mut machine.context.heap, array, elem, args)?;
        cpu.set_a(slice.object());
        Ok(())
    }
    ArrayRepeat(cpu) heavy(machine) {
        let array = cpu.ref_b().as_array();
        let elem = machine.context.statics.types.get(array.object().ty()).elem;
        let repeated = array::repeat(&mut machine.context, array, elem, cpu.get_c())?;
        cpu.set_a(repeated.object());
        Ok(())
    }
}
