//! Calls of Orus code.

use super::{Translator, offsets};
use crate::bytecode::{FuncId, Inst, TypeDesc};
use crate::ir::builder::Address;
use crate::ir::{Alias, Convention, Func, Kind, Mem, Sig, Signature, Value};
use crate::jit::unit::{Entry, signature};

/// What is called.
enum Called {
    /// The unit itself.
    This,
    /// An address.
    At(Sig, Value),
}

impl Translator<'_> {
    pub(super) fn call(&mut self, inst: &Inst<'_>) {
        let args: Vec<Value> = inst.args().map(|register| self.get(register)).collect();
        self.call_known(inst, FuncId(inst.index()), &args);
    }

    fn call_known(&mut self, inst: &Inst<'_>, func: FuncId, args: &[Value]) {
        let called = if func == self.scope.func && self.scope.entry == Entry::Function {
            Called::This
        } else {
            let signature = signature(self.program, func);
            let sig = self.b.module.sig(signature);
            let table = self.table(offsets::ENTRIES);
            let at = self.table_at(table, func.0, 8);
            Called::At(sig, self.b.load(Mem::I64, at, Alias::RAW))
        };
        self.emit(inst, called, args);
    }

    pub(super) fn call_value(&mut self, inst: &Inst<'_>) {
        let value = self.operand(inst, 1);
        let mut args = vec![value];
        args.extend(inst.args().map(|register| self.get(register)));
        let kinds: Vec<Kind> = args.iter().map(|&arg| self.b.function.kind(arg)).collect();
        let result = match self.program.ty(self.function.registers[usize::from(inst.lane(1))].ty) {
            TypeDesc::Fn { ret, .. } => *ret,
            // It has captures, so its value is its first parameter.
            TypeDesc::Closure { func, .. } => return self.call_known(inst, *func, &args),
            _ => None,
        };
        let result = result.map_or(Kind::None, |ty| super::kind_of(self.program, ty));
        let sig = self.b.module.sig(Signature::new(&kinds, result, Convention::Orus));
        let (func, table) = (self.aux(value), self.table(offsets::VALUE_ENTRIES));
        let address = self.b.load(Mem::I64, Address::indexed(table, func, 8, 0), Alias::RAW);
        self.emit(inst, Called::At(sig, address), &args);
    }

    fn emit(&mut self, inst: &Inst<'_>, called: Called, args: &[Value]) {
        let result = match self.code.handler(self.block).copied() {
            None => match called {
                Called::This => self.b.call(Func(0), args, None),
                Called::At(sig, address) => self.b.call_indirect(sig, address, args, None),
            },
            Some(handler) => {
                let context = self.context();
                self.flush();
                let target = self.code.blocks[self.block as usize].catch;
                let target = self.block_of(target);
                let (normal, catch) = (self.b.new_block(), self.b.new_block());
                self.b.set_cold(catch);
                let (to, raised) = ((normal, &[][..]), (catch, &[][..]));
                let result = match called {
                    Called::This => self.b.invoke(Func(0), args, to, raised),
                    Called::At(sig, address) => self.b.invoke_indirect(sig, address, args, to, raised),
                };
                self.b.seal_block(normal);
                self.b.seal_block(catch);
                self.b.switch_to(catch);
                let error = self.b.load(Mem::Ref, Address::at(context, offsets::RAISED), Alias::RAW);
                self.set_here(handler.error, error);
                self.b.jump(target, &[]);
                self.b.switch_to(normal);
                result
            }
        };
        if let Some(result) = result {
            self.set(inst.lane(0), result);
        }
    }
}
