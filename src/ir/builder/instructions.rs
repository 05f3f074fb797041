//! A method for each instruction.

use super::{Builder, Target};
use crate::ir::function::{InstData, NONE};
use crate::ir::opcode::Op;
use crate::ir::types::{Alias, Cond, FrameState, Func, Guard, Kind, Lane, Mem, Sig, Symbol, TypeId, Value};

/// A place in memory: a base, an index times a scale, a displacement.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    base: Value,
    index: Value,
    scale: u8,
    offset: i32,
}

impl Address {
    /// `base[offset]`; the base is a reference or an i64.
    pub fn at(base: Value, offset: i32) -> Address {
        Address { base, index: Value::NONE, scale: 0, offset }
    }

    /// `base[index*scale + offset]`
    ///
    /// # Panics
    /// If the scale is not 1, 2, 4 or 8.
    pub fn indexed(base: Value, index: Value, scale: u32, offset: i32) -> Address {
        assert!(matches!(scale, 1 | 2 | 4 | 8), "a scale is 1, 2, 4 or 8");
        Address { base, index, scale: scale.trailing_zeros() as u8, offset }
    }
}

/// Methods for instructions that are alike.
macro_rules! instructions {
    (unary $($(#[$doc:meta])* $name:ident $op:ident;)*) => { impl Builder<'_> {$(
        $(#[$doc])*
        pub fn $name(&mut self, a: Value) -> Value {
            let kind = self.function.kind(a);
            self.value(InstData::unary(Op::$op, kind, a))
        }
    )*} };
    (binary $($(#[$doc:meta])* $name:ident $op:ident;)*) => { impl Builder<'_> {$(
        $(#[$doc])*
        pub fn $name(&mut self, a: Value, b: Value) -> Value {
            let kind = self.function.kind(a);
            self.value(InstData::binary(Op::$op, kind, a, b))
        }
    )*} };
    (checked $($(#[$doc:meta])* $name:ident $op:ident;)*) => { impl Builder<'_> {$(
        $(#[$doc])*
        pub fn $name(&mut self, a: Value, b: Value, out: Guard) -> Value {
            let kind = self.function.kind(a);
            self.value(InstData { c: out.0, ..InstData::binary(Op::$op, kind, a, b) })
        }
    )*} };
    (or $($(#[$doc:meta])* $name:ident $op:ident;)*) => { impl Builder<'_> {$(
        $(#[$doc])*
        pub fn $name(&mut self, a: Value, b: Value, to: Target<'_>, otherwise: Target<'_>) -> Value {
            let kind = self.function.kind(a);
            let result = self.end(InstData::binary(Op::$op, kind, a, b), &[to, otherwise]);
            result.expect("arithmetic has a result")
        }
    )*} };
}

instructions! { unary
    /// `-a`
    neg Neg;
    /// All bits inverted.
    not Not;
    /// `|a|`
    abs Abs;
    /// The square root.
    sqrt Sqrt;
    /// The next integer downward.
    floor Floor;
    /// The next integer upward.
    ceil Ceil;
    /// The next integer toward zero.
    trunc Trunc;
}

instructions! { binary
    /// `a + b`
    add Add;
    /// `a - b`
    sub Sub;
    /// `a * b`
    mul Mul;
    /// `a / b`, toward zero.
    div Div;
    /// `a % b`, with the sign of `a`.
    rem Rem;
    /// The high half of the product.
    mul_high MulHigh;
    /// Bits in both.
    and And;
    /// Bits in either.
    or Or;
    /// Bits in one only.
    xor Xor;
    /// `a << b`
    shl Shl;
    /// `a >> b`
    shr Shr;
    /// The smaller one.
    min Min;
    /// The larger one.
    max Max;
}

instructions! { checked
    /// `a + b`, or out.
    add_checked AddChecked;
    /// `a - b`, or out.
    sub_checked SubChecked;
    /// `a * b`, or out.
    mul_checked MulChecked;
    /// `a / b`, or out.
    div_checked DivChecked;
    /// `a % b`, or out.
    rem_checked RemChecked;
}

instructions! { or
    /// `a + b`, on the way to the first block, or to the second.
    add_or AddOr;
    /// `a - b`, on the way to the first block, or to the second.
    sub_or SubOr;
    /// `a * b`, on the way to the first block, or to the second.
    mul_or MulOr;
}

impl Builder<'_> {
    fn value(&mut self, data: InstData) -> Value {
        self.append(data).expect("the instruction has a result")
    }

    /// `a / b` or `a % b` with what is known of it: bits [`Op::NONZERO`], [`Op::NO_OVERFLOW`].
    pub fn divide(&mut self, op: Op, a: Value, b: Value, claims: u16) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { aux: claims, ..InstData::binary(op, kind, a, b) })
    }

    /// `-a`, or out.
    pub fn neg_checked(&mut self, a: Value, out: Guard) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { b: out.0, ..InstData::unary(Op::NegChecked, kind, a) })
    }

    /// The number as another kind; itself if it is of that kind.
    pub fn convert(&mut self, a: Value, to: Kind) -> Value {
        self.reinterpret(Op::Convert, a, to)
    }

    /// The same bits as another kind; itself if it is of that kind.
    pub fn bitcast(&mut self, a: Value, to: Kind) -> Value {
        self.reinterpret(Op::Bitcast, a, to)
    }

    fn reinterpret(&mut self, op: Op, a: Value, to: Kind) -> Value {
        match self.function.kind(a) {
            kind if kind == to => a,
            kind => self.value(InstData { aux: kind as u16, ..InstData::unary(op, to, a) }),
        }
    }

    /// The number as another integer kind, or out.
    pub fn convert_checked(&mut self, a: Value, to: Kind, out: Guard) -> Value {
        match self.function.kind(a) {
            kind if kind == to => a,
            kind => {
                let data = InstData::unary(Op::ConvertChecked, to, a);
                self.value(InstData { aux: kind as u16, b: out.0, ..data })
            }
        }
    }

    /// Does the condition hold?
    pub fn cmp(&mut self, cond: Cond, a: Value, b: Value) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { aux: cond as u16, ..InstData::binary(Op::Cmp, kind, a, b) })
    }

    /// `a` if the condition, a bool, holds, else `b`.
    pub fn select(&mut self, cond: Value, a: Value, b: Value) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { c: b.0, ..InstData::binary(Op::Select, kind, cond, a) })
    }

    /// Out unless the condition, a bool, holds.
    pub fn guard(&mut self, cond: Value, out: Guard) {
        self.append(InstData { b: out.0, ..InstData::unary(Op::Guard, Kind::Bool, cond) });
    }

    /// Out unless the condition holds of the values.
    pub fn guard_cmp(&mut self, cond: Cond, a: Value, b: Value, out: Guard) {
        let kind = self.function.kind(a);
        let data = InstData::binary(Op::GuardCmp, kind, a, b);
        self.append(InstData { aux: cond as u16, c: out.0, ..data });
    }

    // ---- Memory. ----

    /// What is in memory.
    pub fn load(&mut self, mem: Mem, from: Address, class: Alias) -> Value {
        self.value(access(Op::Load, mem, from, class, NONE))
    }

    /// Writes to memory.
    pub fn store(&mut self, mem: Mem, to: Address, value: Value, class: Alias) {
        self.append(access(Op::Store, mem, to, class, value.0));
    }

    /// A new object, or out.
    pub fn new_object(&mut self, layout: TypeId, out: Guard) -> Value {
        self.value(InstData { a: layout.0, b: out.0, ..InstData::new(Op::New, Kind::Ref) })
    }

    /// The address of the context.
    pub fn context(&mut self) -> Value {
        self.value(InstData::new(Op::Context, Kind::I64))
    }

    /// How deeply functions that count their depth may still call each other.
    pub fn levels(&mut self) -> Value {
        self.value(InstData::new(Op::Levels, Kind::I32))
    }

    /// The address of a symbol.
    pub fn address(&mut self, symbol: Symbol) -> Value {
        self.value(InstData { a: symbol.0, ..InstData::new(Op::Address, Kind::I64) })
    }

    /// A safepoint, or out.
    pub fn poll(&mut self, out: Guard) {
        self.append(InstData { a: out.0, ..InstData::new(Op::Poll, Kind::None) });
    }

    // ---- Calls. ----

    /// Calls a function. Its result, if it has one.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn call(&mut self, func: Func, args: &[Value], state: Option<FrameState>) -> Option<Value> {
        let data = self.direct(Op::Call, func, args, state);
        let result = self.append(data);
        self.typed(self.module.funcs[func.index()].sig, result)
    }

    /// Calls an address, an i64, with a signature. Its result, if it has one.
    ///
    /// # Panics
    /// If the module has no such signature, or more than 65,536 before it.
    pub fn call_indirect(
        &mut self,
        sig: Sig,
        callee: Value,
        args: &[Value],
        state: Option<FrameState>,
    ) -> Option<Value> {
        let data = self.indirect(Op::CallIndirect, sig, callee, args, state);
        let result = self.append(data);
        self.typed(sig, result)
    }

    /// Calls a function, then goes to the first block, or to the second if it raises. Its result, if it has one.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn invoke(&mut self, func: Func, args: &[Value], to: Target<'_>, catch: Target<'_>) -> Option<Value> {
        let data = self.direct(Op::Invoke, func, args, None);
        let result = self.end(data, &[to, catch]);
        self.typed(self.module.funcs[func.index()].sig, result)
    }

    /// Calls an address as [`call_indirect`](Self::call_indirect) does, then goes on as [`invoke`](Self::invoke) does.
    ///
    /// # Panics
    /// If the module has no such signature, or more than 65,536 before it.
    pub fn invoke_indirect(
        &mut self,
        sig: Sig,
        callee: Value,
        args: &[Value],
        to: Target<'_>,
        catch: Target<'_>,
    ) -> Option<Value> {
        let data = self.indirect(Op::InvokeIndirect, sig, callee, args, None);
        let result = self.end(data, &[to, catch]);
        self.typed(sig, result)
    }

    fn direct(&mut self, op: Op, func: Func, args: &[Value], state: Option<FrameState>) -> InstData {
        let kind = self.module.signature(func).result.kind;
        let list = self.function.list(args);
        let state = state.map_or(NONE, |state| state.0);
        InstData { a: func.0, b: list.start, c: list.len, d: state, ..InstData::new(op, kind) }
    }

    fn indirect(
        &mut self,
        op: Op,
        sig: Sig,
        callee: Value,
        args: &[Value],
        state: Option<FrameState>,
    ) -> InstData {
        let kind = self.module.sigs[sig.index()].result.kind;
        let aux = u16::try_from(sig.0).expect("signatures of indirect calls have small numbers");
        let list = self.function.list(args);
        let state = state.map_or(NONE, |state| state.0);
        InstData { aux, a: callee.0, b: list.start, c: list.len, d: state, ..InstData::new(op, kind) }
    }

    /// Gives a call's result the signature's type.
    fn typed(&mut self, sig: Sig, result: Option<Value>) -> Option<Value> {
        if let Some(result) = result {
            self.function.set_type(result, self.module.sigs[sig.index()].result);
        }
        result
    }

    // ---- Vectors. ----

    /// A vector whose lanes are all the same scalar.
    pub fn v_splat(&mut self, lane: Lane, kind: Kind, a: Value) -> Value {
        self.value(InstData { aux: lane as u16, ..InstData::unary(Op::VSplat, kind, a) })
    }

    /// An instruction of lanes with one operand, also one that gives a scalar.
    pub fn v_unary(&mut self, op: Op, lane: Lane, a: Value) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { aux: lane as u16, ..InstData::unary(op, kind, a) })
    }

    /// An instruction of lanes with two operands.
    pub fn v_binary(&mut self, op: Op, lane: Lane, a: Value, b: Value) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { aux: lane as u16, ..InstData::binary(op, kind, a, b) })
    }

    /// `a` where the mask is set, else `b`.
    pub fn v_select(&mut self, lane: Lane, mask: Value, a: Value, b: Value) -> Value {
        let kind = self.function.kind(a);
        let data = InstData::binary(Op::VSelect, kind, mask, a);
        self.value(InstData { aux: lane as u16, c: b.0, ..data })
    }

    /// A lane.
    pub fn v_extract(&mut self, lane: Lane, a: Value, number: u32) -> Value {
        let kind = self.function.kind(a);
        self.value(InstData { aux: lane as u16, b: number, ..InstData::unary(Op::VExtract, kind, a) })
    }

    // ---- Ends of blocks. ----

    /// To a block.
    pub fn jump(&mut self, to: crate::ir::types::Block, args: &[Value]) {
        self.end(InstData::new(Op::Jump, Kind::None), &[(to, args)]);
    }

    /// To the first block if the condition, a bool, holds, else to the second.
    pub fn br(&mut self, cond: Value, then: Target<'_>, otherwise: Target<'_>) {
        self.end(InstData::unary(Op::Br, Kind::Bool, cond), &[then, otherwise]);
    }

    /// To the first block if the condition holds of the values, else to the second.
    pub fn br_cmp(&mut self, cond: Cond, a: Value, b: Value, then: Target<'_>, otherwise: Target<'_>) {
        let kind = self.function.kind(a);
        let data = InstData { aux: cond as u16, ..InstData::binary(Op::BrCmp, kind, a, b) };
        self.end(data, &[then, otherwise]);
    }

    /// To the block of that number; to the last one if there is none.
    pub fn switch(&mut self, number: Value, targets: &[Target<'_>], otherwise: Target<'_>) {
        let kind = self.function.kind(number);
        let all: Vec<Target<'_>> = targets.iter().copied().chain([otherwise]).collect();
        let data = InstData { b: all.len() as u32, ..InstData::unary(Op::Switch, kind, number) };
        self.end(data, &all);
    }

    /// Returns.
    pub fn ret(&mut self, value: Option<Value>) {
        self.append(match value {
            Some(value) => InstData::unary(Op::Return, self.function.kind(value), value),
            None => InstData::new(Op::Return, Kind::None),
        });
    }

    /// Leaves.
    pub fn exit(&mut self, out: Guard) {
        self.append(InstData { a: out.0, ..InstData::new(Op::Exit, Kind::None) });
    }

    /// Control does not come here.
    pub fn unreachable(&mut self) {
        self.append(InstData::new(Op::Unreachable, Kind::None));
    }
}

fn access(op: Op, mem: Mem, address: Address, class: Alias, value: u32) -> InstData {
    InstData {
        aux: InstData::access(mem, address.scale, class),
        a: address.base.0,
        b: address.index.0,
        c: address.offset as u32,
        d: value,
        ..InstData::new(op, mem.kind())
    }
}
