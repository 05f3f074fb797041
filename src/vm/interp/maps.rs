//! Maps, ranges made by `range()`, and deep equality: entries to what is in `vm/map` and `vm/equal`.

use super::{Cpu, Flow, Handler, Machine, Why, ops};
use crate::bytecode::TypeId;
use crate::vm::fault::RuntimeError;

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
        let value = machine.context.map_get(cpu.ref_b().as_map(), cpu.get_c())?;
        cpu.set_a(value);
        Ok(())
    }
    MapSet(cpu) heavy(machine) {
        machine.context.map_set(cpu.ref_a().as_map(), cpu.get_b(), cpu.get_c())
    }
    MapGetOr(cpu) heavy(machine) {
        if let Some(value) = machine.context.map_find(cpu.ref_b().as_map(), cpu.get_c()) {
            cpu.set_a(value);
        }
        Ok(())
    }
    MapHas(cpu) heavy(machine) {
        let found = machine.context.map_find(cpu.ref_b().as_map(), cpu.get_c()).is_some();
        cpu.set_a(found);
        Ok(())
    }
    MapRemove(cpu) heavy(machine) {
        let value = machine.context.map_remove(cpu.ref_b().as_map(), cpu.get_c())?;
        cpu.set_a(value);
        Ok(())
    }
    MapIter(cpu) {
        let changes = cpu.ref_b().as_map().changes();
        cpu.set_a(changes);
        Flow::Next
    }
    MapNext(cpu) heavy(_machine) {
        let map = cpu.ref_b().as_map();
        let branch = cpu.extra();
        if map.changes() != cpu.read::<u64>(usize::from((branch >> 32) as u16)) {
            return Err(RuntimeError::MapChanged.into());
        }
        if let Some((at, entry)) = map.next_live(cpu.get_c()) {
            cpu.set_a(entry.key);
            cpu.write(cpu.c(), u64::from(at) + 1);
            cpu.branch(branch as i32);
        }
        Ok(())
    }
    MapEntry(cpu) {
        let map = cpu.ref_b().as_map();
        let at = cpu.get_c::<u64>().wrapping_sub(1);
        if at >= u64::from(map.used()) {
            return Flow::Slow(Why::NoEntry);
        }
        let entry = map.entry(at as u32);
        if entry.live == 0 {
            return Flow::Slow(Why::NoEntry);
        }
        cpu.set_a(entry.value);
        Flow::Next
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
        let equal = machine.context.equal(cpu.ref_b(), cpu.ref_c())?;
        cpu.set_a(equal);
        Ok(())
    }
}
