//! Module variables.

use super::{Cpu, Flow, Handler, Machine, Why, ops};

// Each variable has a slot and a presence byte of its number. The verifier has compared the number with the program's
// (V2), and an instance has all of its program's variables.
ops! {
    GlobalGet(cpu, machine) {
        // SAFETY: see above.
        let value = unsafe { *machine.global(cpu.index()) };
        cpu.set_a(value);
        Flow::Next
    }
    GlobalGetRef(cpu, machine) {
        // SAFETY: see above.
        let value = unsafe { *machine.global(cpu.index()) };
        if value == 0 {
            return Flow::Slow(Why::NoGlobalValue);
        }
        cpu.set_a(value);
        Flow::Next
    }
    GlobalGetChecked(cpu, machine) {
        // SAFETY: see above.
        if unsafe { *machine.present(cpu.index()) } == 0 {
            return Flow::Slow(Why::NoGlobalValue);
        }
        // SAFETY: see above.
        let value = unsafe { *machine.global(cpu.index()) };
        cpu.set_a(value);
        Flow::Next
    }
    GlobalSet(cpu, machine) {
        // SAFETY: see above.
        unsafe {
            *machine.global(cpu.index()) = cpu.get_a();
            *machine.present(cpu.index()) = 1;
        }
        Flow::Next
    }
    GlobalSetRef(cpu, machine) {
        // SAFETY: see above.
        unsafe { *machine.global(cpu.index()) = cpu.get_a() };
        Flow::Next
    }
}
