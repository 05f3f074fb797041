//! Maps, and ranges made by `range()`.

use super::{Cpu, Flow, Handler, Machine, ops};
use crate::bytecode::TypeId;

ops! {
    MapNew(cpu) heavy(machine) {
        let ty = TypeId(cpu.extra() as u32);
        let map = machine.context.heap.new_map(ty)?;
        cpu.set_a(map.object());
        Ok(())
    }
}
