//! Structs, cells, enum variants, function values, errors.

use super::object::{error_parts, get_slot, header, set_slot};
use super::{Cpu, Flow, Handler, Machine, Why, ops};

ops! {
    GetField(cpu) {
        let value = get_slot(cpu.get_b(), cpu.c());
        cpu.set_a(value);
        Flow::Next
    }
    GetFieldRef(cpu) {
        let value = get_slot(cpu.get_b(), cpu.c());
        cpu.set_a(value);
        Flow::Next
    }
    SetField(cpu) {
        set_slot(cpu.get_a(), cpu.c(), cpu.get_b());
        Flow::Next
    }
    SetFieldRef(cpu) {
        set_slot(cpu.get_a(), cpu.c(), cpu.get_b());
        Flow::Next
    }
    Tag(cpu) {
        let tag = header(cpu.get_b()).aux;
        cpu.set_a(tag);
        Flow::Next
    }
    GetPayload(cpu) {
        let object: u64 = cpu.get_b();
        if u64::from(header(object).aux) != cpu.extra() {
            return Flow::Slow(Why::WrongVariant);
        }
        cpu.set_a(get_slot(object, cpu.c()));
        Flow::Next
    }
    GetPayloadRef(cpu) {
        let object: u64 = cpu.get_b();
        if u64::from(header(object).aux) != cpu.extra() {
            return Flow::Slow(Why::WrongVariant);
        }
        cpu.set_a(get_slot(object, cpu.c()));
        Flow::Next
    }
    ErrorMessage(cpu) {
        let (message, _, _) = error_parts(cpu.get_b());
        cpu.set_a(message);
        Flow::Next
    }
    ErrorKind(cpu, machine) {
        let (_, kind, _) = error_parts(cpu.get_b());
        cpu.set_a(machine.error_kind(kind));
        Flow::Next
    }
}
