//! Our IR as Cranelift's, instruction by instruction: what kernels and generated functions are made of.
//!
//! A guard, and what leaves by itself, becomes a branch to one cold block that returns [`LEFT_RESULT`]: less than what ours keeps for each
//! exit. Constants are made where they are used, as front ends of Cranelift do; addresses are made of shifts and additions.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::isa::CallConv;

use orus::ir::cfg::Cfg;
use orus::ir::{self, Cond, Func, Function, InstData, Kind, List, Mem, Module, Op};

use crate::ours::LEFT_RESULT;

fn ty(kind: Kind) -> clif::Type {
    match kind {
        Kind::I32 | Kind::U32 => I32,
        Kind::I64 | Kind::U64 | Kind::Ref => I64,
        Kind::F64 => F64,
        Kind::Bool => I8,
        Kind::V128 | Kind::V256 | Kind::None => panic!("no value of kind {kind} is translated"),
    }
}

/// A signature.
pub fn signature(signature: &ir::Signature) -> clif::Signature {
    let mut result = clif::Signature::new(CallConv::SystemV);
    result.params = signature.params.iter().map(|param| clif::AbiParam::new(ty(param.kind))).collect();
    if signature.result.kind != Kind::None {
        result.returns.push(clif::AbiParam::new(ty(signature.result.kind)));
    }
    result
}

/// A function; those that it calls have their numbers as names.
pub fn function(func: Func, from: &Function, module: &Module) -> clif::Function {
    let name = clif::UserFuncName::user(0, func.0);
    let mut to = clif::Function::with_name_signature(name, signature(&from.sig));
    let cfg = Cfg::of(from);
    let mut translation = Translation {
        from,
        module,
        to: FuncCursor::new(&mut to),
        blocks: vec![None; from.block_count()],
        values: vec![None; from.value_count()],
        callees: vec![None; module.funcs.len()],
        out: None,
    };
    translation.run(&cfg);
    to
}

struct Translation<'a> {
    from: &'a Function,
    module: &'a Module,
    to: FuncCursor<'a>,
    blocks: Vec<Option<clif::Block>>,
    values: Vec<Option<clif::Value>>,
    callees: Vec<Option<clif::FuncRef>>,
    /// Where guards lead.
    out: Option<clif::Block>,
}

impl Translation<'_> {
    fn run(&mut self, cfg: &Cfg) {
        for &block in &cfg.rpo {
            let made = self.to.func.dfg.make_block();
            self.to.func.layout.append_block(made);
            self.blocks[block.index()] = Some(made);
            for &param in self.from.params(block) {
                let value = self.to.func.dfg.append_block_param(made, ty(self.from.kind(param)));
                self.values[param.index()] = Some(value);
            }
        }
        for &block in &cfg.rpo {
            let made = self.block(block);
            self.to.goto_bottom(made);
            for inst in self.from.insts(block) {
                let value = self.inst(inst);
                if let Some(result) = self.from.result(inst) {
                    self.values[result.index()] = value;
                }
            }
        }
        if let Some(out) = self.out {
            self.to.func.layout.append_block(out);
            self.to.func.layout.set_cold(out);
            self.to.goto_bottom(out);
            let ty = self.to.func.signature.returns[0].value_type;
            let result = self.to.ins().iconst(ty, LEFT_RESULT & if ty == I32 { 0xffff_ffff } else { -1 });
            self.to.ins().return_(&[result]);
        }
    }

    fn block(&self, block: ir::Block) -> clif::Block {
        self.blocks[block.index()].expect("a block that is reached")
    }

    fn value(&mut self, value: ir::Value) -> clif::Value {
        match (self.from.as_const(value), self.from.kind(value)) {
            (Some(bits), Kind::F64) => self.to.ins().f64const(f64::from_bits(bits)),
            (Some(bits), kind) => self.to.ins().iconst(ty(kind), bits as i64),
            (None, _) => self.values[value.index()].expect("definitions come first"),
        }
    }

    fn list(&mut self, list: List) -> Vec<clif::Value> {
        let values: Vec<ir::Value> = self.from.list_values(list).collect();
        values.into_iter().map(|value| self.value(value)).collect()
    }

    fn edge(&mut self, edge: u32) -> (clif::Block, Vec<clif::BlockArg>) {
        let edge = self.from.edge(edge);
        let args = self.list(edge.args);
        (self.block(edge.to), args.into_iter().map(clif::BlockArg::Value).collect())
    }

    /// Leaves if the condition holds.
    fn leave_if(&mut self, cond: clif::Value) {
        let out = *self.out.get_or_insert_with(|| self.to.func.dfg.make_block());
        let next = self.to.func.dfg.make_block();
        self.to.ins().brif(cond, out, &[], next, &[]);
        self.to.insert_block(next);
    }

    fn branch(&mut self, cond: clif::Value, edges: u32) {
        let (then, then_args) = self.edge(edges);
        let (otherwise, otherwise_args) = self.edge(edges + 1);
        self.to.ins().brif(cond, then, &then_args, otherwise, &otherwise_args);
    }

    fn compare(&mut self, cond: Cond, kind: Kind, left: clif::Value, right: clif::Value) -> clif::Value {
        if kind == Kind::F64 {
            let cond = match cond {
                Cond::Eq => FloatCC::Equal,
                Cond::Ne => FloatCC::NotEqual,
                Cond::Lt | Cond::Below => FloatCC::LessThan,
                Cond::Le | Cond::BelowEq => FloatCC::LessThanOrEqual,
                Cond::Gt | Cond::Above => FloatCC::GreaterThan,
                Cond::Ge | Cond::AboveEq => FloatCC::GreaterThanOrEqual,
            };
            return self.to.ins().fcmp(cond, left, right);
        }
        let cond = match cond.of_kind(kind) {
            Cond::Eq => IntCC::Equal,
            Cond::Ne => IntCC::NotEqual,
            Cond::Lt => IntCC::SignedLessThan,
            Cond::Le => IntCC::SignedLessThanOrEqual,
            Cond::Gt => IntCC::SignedGreaterThan,
            Cond::Ge => IntCC::SignedGreaterThanOrEqual,
            Cond::Below => IntCC::UnsignedLessThan,
            Cond::BelowEq => IntCC::UnsignedLessThanOrEqual,
            Cond::Above => IntCC::UnsignedGreaterThan,
            Cond::AboveEq => IntCC::UnsignedGreaterThanOrEqual,
        };
        self.to.ins().icmp(cond, left, right)
    }

    /// Address and displacement of a load or store.
    fn address(&mut self, data: &InstData) -> (clif::Value, i32) {
        let mut address = self.value(data.first());
        if let Some(index) = data.second().some() {
            let wide = ty(self.from.kind(index)) == I64;
            let mut index = self.value(index);
            if !wide {
                index = self.to.ins().uextend(I64, index);
            }
            if data.scale() > 0 {
                let count = self.to.ins().iconst(I64, i64::from(data.scale()));
                index = self.to.ins().ishl(index, count);
            }
            address = self.to.ins().iadd(address, index);
        }
        (address, data.offset())
    }

    fn convert(&mut self, from: Kind, to: Kind, value: clif::Value) -> clif::Value {
        let ins = self.to.ins();
        match (from, to) {
            (Kind::F64, Kind::I32 | Kind::I64) => ins.fcvt_to_sint_sat(ty(to), value),
            (Kind::F64, _) => ins.fcvt_to_uint_sat(ty(to), value),
            (Kind::I32 | Kind::I64, Kind::F64) => ins.fcvt_from_sint(F64, value),
            (_, Kind::F64) => ins.fcvt_from_uint(F64, value),
            _ if ty(from) == ty(to) => value,
            _ if ty(to) == I32 => ins.ireduce(I32, value),
            (Kind::I32, _) => ins.sextend(I64, value),
            _ => ins.uextend(I64, value),
        }
    }

    fn binary(&mut self, data: &InstData) -> clif::Value {
        let (left, right) = (self.value(data.first()), self.value(data.second()));
        let (float, signed) = (data.kind == Kind::F64, data.kind.is_signed());
        let ins = self.to.ins();
        match data.op {
            Op::Add if float => ins.fadd(left, right),
            Op::Sub if float => ins.fsub(left, right),
            Op::Mul if float => ins.fmul(left, right),
            Op::Div if float => ins.fdiv(left, right),
            Op::Add => ins.iadd(left, right),
            Op::Sub => ins.isub(left, right),
            Op::Mul => ins.imul(left, right),
            Op::Div if signed => ins.sdiv(left, right),
            Op::Div => ins.udiv(left, right),
            Op::Rem if signed => ins.srem(left, right),
            Op::Rem => ins.urem(left, right),
            Op::And => ins.band(left, right),
            Op::Or => ins.bor(left, right),
            Op::Xor => ins.bxor(left, right),
            Op::Shl => ins.ishl(left, right),
            Op::Shr if signed => ins.sshr(left, right),
            Op::Shr => ins.ushr(left, right),
            Op::Min if signed => ins.smin(left, right),
            Op::Min => ins.umin(left, right),
            Op::Max if signed => ins.smax(left, right),
            Op::Max => ins.umax(left, right),
            op => panic!("{op:?} is not translated"),
        }
    }

    fn checked(&mut self, data: &InstData) -> clif::Value {
        let (left, right) = (self.value(data.first()), self.value(data.second()));
        let signed = data.kind.is_signed();
        let ins = self.to.ins();
        let (value, overflow) = match data.op {
            Op::AddChecked if signed => ins.sadd_overflow(left, right),
            Op::AddChecked => ins.uadd_overflow(left, right),
            Op::SubChecked if signed => ins.ssub_overflow(left, right),
            Op::SubChecked => ins.usub_overflow(left, right),
            Op::MulChecked if signed => ins.smul_overflow(left, right),
            Op::MulChecked => ins.umul_overflow(left, right),
            op => panic!("{op:?} is not translated"),
        };
        self.leave_if(overflow);
        value
    }

    fn load(&mut self, data: &InstData) -> clif::Value {
        let (address, offset) = self.address(data);
        let flags = clif::MemFlagsData::trusted();
        let ins = self.to.ins();
        match data.mem() {
            Mem::I8 => ins.sload8(I32, flags, address, offset),
            Mem::U8 => ins.uload8(I32, flags, address, offset),
            Mem::I16 => ins.sload16(I32, flags, address, offset),
            Mem::U16 => ins.uload16(I32, flags, address, offset),
            mem => ins.load(ty(mem.kind()), flags, address, offset),
        }
    }

    fn store(&mut self, data: &InstData) {
        let (address, offset) = self.address(data);
        let value = self.value(ir::Value(data.d));
        let flags = clif::MemFlagsData::trusted();
        match data.mem() {
            Mem::I8 | Mem::U8 => self.to.ins().istore8(flags, value, address, offset),
            Mem::I16 | Mem::U16 => self.to.ins().istore16(flags, value, address, offset),
            _ => self.to.ins().store(flags, value, address, offset),
        };
    }

    fn call(&mut self, data: &InstData) -> Option<clif::Value> {
        let args = self.list(data.arguments());
        let callee = data.callee();
        let func = *self.callees[callee.index()].get_or_insert_with(|| {
            let func = &mut *self.to.func;
            let signature = func.import_signature(signature(self.module.signature(callee)));
            let name = func.declare_imported_user_function(clif::UserExternalName::new(0, callee.0));
            let name = clif::ExternalName::user(name);
            func.import_function(clif::ExtFuncData { name, signature, colocated: true, patchable: false })
        });
        let call = self.to.ins().call(func, &args);
        self.to.func.dfg.inst_results(call).first().copied()
    }

    fn inst(&mut self, inst: ir::Inst) -> Option<clif::Value> {
        let data = *self.from.inst(inst);
        match data.op {
            Op::Convert => {
                let value = self.value(data.first());
                Some(self.convert(data.source(), data.kind, value))
            }
            Op::Bitcast if ty(data.source()) == ty(data.kind) => Some(self.value(data.first())),
            Op::Sqrt => {
                let value = self.value(data.first());
                Some(self.to.ins().sqrt(value))
            }
            Op::Cmp | Op::BrCmp | Op::GuardCmp => {
                let (left, right) = (self.value(data.first()), self.value(data.second()));
                let cond = if data.op == Op::GuardCmp { data.cond().negated() } else { data.cond() };
                let holds = self.compare(cond, data.kind, left, right);
                match data.op {
                    Op::BrCmp => self.branch(holds, data.d),
                    Op::GuardCmp => self.leave_if(holds),
                    _ => return Some(holds),
                }
                None
            }
            Op::Br => {
                let cond = self.value(data.first());
                self.branch(cond, data.d);
                None
            }
            Op::Select => {
                let cond = self.value(data.first());
                let (then, otherwise) = (self.value(data.second()), self.value(ir::Value(data.c)));
                Some(self.to.ins().select(cond, then, otherwise))
            }
            Op::AddChecked | Op::SubChecked | Op::MulChecked => Some(self.checked(&data)),
            Op::Load => Some(self.load(&data)),
            Op::Store => {
                self.store(&data);
                None
            }
            Op::Call => self.call(&data),
            Op::Jump => {
                let (to, args) = self.edge(data.d);
                self.to.ins().jump(to, &args);
                None
            }
            Op::Return => {
                let value = self.value(data.first());
                self.to.ins().return_(&[value]);
                None
            }
            _ => Some(self.binary(&data)),
        }
    }
}
