//! Structs, cells, enum variants, function values, errors.

use super::{Cpu, Flow, Handler, Machine, Why, ops};
use crate::bytecode::{Program, TypeDesc, TypeId};
use crate::vm::heap::{FEW_SLOTS, Ref, immortal};

/// Fills the slots of a new object from the argument words, which begin at `pc`, goes behind them, and puts the object into `a`.
#[inline(always)]
fn fill(cpu: &mut Cpu, object: Ref, slots: usize) {
    // SAFETY: the instruction has an argument for each slot of the object that it has just made (V4).
    unsafe { cpu.copy_arguments(0, object.slots(), slots) };
    cpu.skip(slots.div_ceil(4));
    cpu.set_a(object);
}

/// The type of a function's closures, and how many captures they have.
fn closure_type(program: &Program, func: usize) -> (TypeId, u32) {
    let ty = program.functions[func].closure;
    match ty.map(|ty| (program.canonical(ty), program.ty(ty))) {
        Some((ty, TypeDesc::Closure { captures, .. })) => (ty, captures.fields.len() as u32),
        _ => unreachable!("the function has no closures (V2)"),
    }
}

ops! {
    New(cpu, machine) {
        let slots = cpu.c() as u32;
        let ty = TypeId(cpu.extra() as u32);
        if slots > FEW_SLOTS {
            return Flow::Heavy;
        }
        match machine.context.heap.new_object_at_hand(ty, cpu.b() as u32, slots) {
            Some(object) => fill(cpu, object, slots as usize),
            None => return Flow::Heavy,
        }
        Flow::Next
    } heavy(machine) {
        let ty = TypeId(cpu.extra() as u32);
        let object = machine.context.heap.new_object(ty, cpu.b() as u32, cpu.c() as u32)?;
        fill(cpu, object, cpu.c());
        Ok(())
    }
    Closure(cpu) heavy(machine) {
        let (ty, captures) = closure_type(&machine.context.program, cpu.index());
        let object = machine.context.heap.new_object(ty, cpu.index() as u32, captures)?;
        fill(cpu, object, captures as usize);
        Ok(())
    }
    GetField(cpu) {
        let value = cpu.ref_b().slot(cpu.c() as u32);
        cpu.set_a(value);
        Flow::Next
    }
    GetFieldRef(cpu) {
        let value = cpu.ref_b().slot(cpu.c() as u32);
        cpu.set_a(value);
        Flow::Next
    }
    SetField(cpu) {
        cpu.ref_a().set_slot(cpu.c() as u32, cpu.get_b());
        Flow::Next
    }
    SetFieldRef(cpu) {
        cpu.ref_a().set_slot(cpu.c() as u32, cpu.get_b());
        Flow::Next
    }
    Tag(cpu) {
        let tag = cpu.ref_b().aux();
        cpu.set_a(tag);
        Flow::Next
    }
    GetPayload(cpu) {
        let object = cpu.ref_b();
        if u64::from(object.aux()) != cpu.extra() {
            return Flow::Slow(Why::WrongVariant);
        }
        cpu.set_a(object.slot(cpu.c() as u32));
        Flow::Next
    }
    GetPayloadRef(cpu) {
        let object = cpu.ref_b();
        if u64::from(object.aux()) != cpu.extra() {
            return Flow::Slow(Why::WrongVariant);
        }
        cpu.set_a(object.slot(cpu.c() as u32));
        Flow::Next
    }
    ErrorMessage(cpu) heavy(_machine) {
        let message = cpu.ref_b().as_error().message();
        cpu.set_a(message.object());
        Ok(())
    }
    ErrorKind(cpu) heavy(_machine) {
        let kind = cpu.ref_b().as_error().kind();
        cpu.set_a(immortal::kind_name(kind).object());
        Ok(())
    }
}
