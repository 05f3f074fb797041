//! Maps, ranges made by `range()`, and deep equality: entries to what is in `vm/map` and `vm/equal`.

use super::{Cpu, Flow, Handler, Machine, ops};
use crate::bytecode::TypeId;
use crate::vm::{equal, map};

ops! {
    MapNew(cpu) heavy(machine) {
        let ty = TypeId(cpu.extra() as u32);
        let map = machine.context.heap.new_map(ty)?;
        cpu.set_a(map.object());
        Ok(())
    }
    MapLen(cpu) {
        let len = cpu.ref_b().as_map().len();
        cpu.set_a(len);
        Flow::Next
    }
    MapGet(cpu) heavy(machine) {
        let value = map::get(&machine.context, cpu.ref_b().as_map(), cpu.get_c())?;
        cpu.set_a(value);
        Ok(())
    }
    MapSet(cpu) heavy(machine) {
        map::set(&mut machine.context, cpu.ref_a().as_map(), cpu.get_b(), cpu.get_c())
    }
    MapGetOr(cpu) heavy(machine) {
        let value = map::get_or(&machine.context, cpu.ref_b().as_map(), cpu.get_c(), cpu.get_a());
        cpu.set_a(value);
        Ok(())
    }
    MapHas(cpu) heavy(machine) {
        let found = map::find(&machine.context, cpu.ref_b().as_map(), cpu.get_c()).is_some();
        cpu.set_a(found);
        Ok(())
    }
    MapRemove(cpu) heavy(machine) {
        let value = map::remove(&machine.context, cpu.ref_b().as_map(), cpu.get_c())?;
        cpu.set_a(value);
        Ok(())
    }
    MapIter(cpu) {
        let changes = cpu.ref_b().as_map().changes();
        cpu.set_a(changes);
        Flow::Next
    }
    MapNext(cpu) heavy(_machine) {
        let branch = cpu.extra();
        let changes = cpu.read(usize::from((branch >> 32) as u16));
        if let Some((key, position)) = map::next(cpu.ref_b().as_map(), cpu.get_c(), changes)? {
            cpu.set_a(key);
            cpu.write(cpu.c(), position);
            cpu.branch(branch as i32);
        }
        Ok(())
    }
    MapEntry(cpu) heavy(_machine) {
        let value = map::value_before(cpu.ref_b().as_map(), cpu.get_c())?;
        cpu.set_a(value);
        Ok(())
    }
    NextRange(cpu) {
        let branch = cpu.extra();
        if let Some(value) = cpu.ref_b().as_range().next() {
            cpu.set_a(value);
            cpu.branch(branch as i32);
        }
        Flow::Next
    }
    EqDeep(cpu) heavy(machine) {
        let (x, y) = (cpu.ref_b(), cpu.ref_c());
        let equal = equal::deep(&machine.context, x.ty(), x.bits(), y.bits())?;
        cpu.set_a(equal);
        Ok(())
    }
}
