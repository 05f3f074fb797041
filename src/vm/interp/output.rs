//! Output, formats, builtin functions, raising.

use super::{Cpu, Flow, Handler, Machine, Why, ops};
use crate::bytecode::FormatId;
use crate::bytecode::builtin::{BUILTINS, Param};
use crate::vm::fault::RuntimeError;
use crate::vm::{builtins, render};

/// So many arguments of a builtin or format are gathered without allocation.
const FEW: usize = 8;

/// Calls `then` with the values of the arguments, whose words begin at `pc`, and goes behind them.
fn with_arguments<R>(cpu: &mut Cpu, count: usize, then: impl FnOnce(&[u64]) -> R) -> R {
    let mut few = [0; FEW];
    let result = if let Some(few) = few.get_mut(..count) {
        few.iter_mut().enumerate().for_each(|(index, slot)| *slot = cpu.read(cpu.argument(index)));
        then(few)
    } else {
        let many: Vec<u64> = (0..count).map(|index| cpu.read(cpu.argument(index))).collect();
        then(&many)
    };
    cpu.skip(count.div_ceil(4));
    result
}

ops! {
    Builtin(cpu) heavy(machine) {
        let row = &BUILTINS[cpu.index()];
        let result = with_arguments(cpu, row.params.len(), |args| builtins::call(&mut machine.context, row.builtin, args))?;
        if !matches!(row.ret, Param::Void | Param::Never) {
            cpu.set_a(result);
        }
        Ok(())
    }
    Print(cpu) heavy(machine) {
        let (format, count) = (FormatId(cpu.index() as u32), machine.context.program.formats[cpu.index()].args.len());
        with_arguments(cpu, count, |args| render::print(&mut machine.context, format, args))
    }
    FormatStr(cpu) heavy(machine) {
        let (format, count) = (FormatId(cpu.index() as u32), machine.context.program.formats[cpu.index()].args.len());
        let result = with_arguments(cpu, count, |args| render::format(&mut machine.context, format, args))?;
        cpu.set_a(result.object());
        Ok(())
    }
    Raise(cpu) heavy(_machine) {
        Err(RuntimeError::Raised(cpu.ref_a().as_str().text().into()).into())
    }
    RaiseError(cpu) {
        let _ = cpu;
        Flow::Slow(Why::RaiseAgain)
    }
}
