//! Calls and returns.
//!
//! Arguments are taken from wherever they are: a variable's register is named by the call itself. A callee that is one
//! known function is called directly, with its closure as the first argument if it has one.

use super::function::{Function, Operand, Slot, Value};
use crate::bytecode::{Arg, FuncId, Op, Reg};
use crate::lang::hir::{BodyId, CallValue, Expr, ExprKind};
use crate::lang::types::Ty;

impl<'a> Function<'_, 'a> {
    /// Evaluates arguments, in their order, onto the stack of arguments; gives its height before, for
    /// [`Function::pop_args`].
    pub fn args(&mut self, args: &'a [Expr<'a>]) -> usize {
        let base = self.arg_count();
        for arg in args {
            let operand = self.eval(arg);
            self.push_arg(operand);
        }
        base
    }

    /// A call of a module's function.
    pub fn call(&mut self, body: BodyId, args: &'a [Expr<'a>], expr: &Expr<'a>, dest: Option<Reg>) -> Value {
        self.direct_call(body, None, args, expr, dest)
    }

    fn direct_call(
        &mut self,
        body: BodyId,
        closure: Option<Reg>,
        args: &'a [Expr<'a>],
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        let base = self.arg_count();
        if let Some(closure) = closure {
            self.push_arg(Operand::of_variable(closure));
        }
        self.args(args);
        self.pop_args(base);
        let (result, value) = self.call_result(expr.ty, dest);
        let (builder, regs) = self.at_with_args(expr.span);
        builder.call(result, FuncId(body.0), regs);
        value
    }

    /// The register of a call's result, if it has one.
    pub fn call_result(&mut self, ty: Ty, dest: Option<Reg>) -> (Option<Reg>, Value) {
        match self.value_type(ty) {
            Some(ty) => {
                let (reg, value) = self.result(dest, ty);
                (Some(reg), value)
            }
            None => (None, Value::None),
        }
    }

    /// A call of a function value.
    pub fn call_value(&mut self, call: &'a CallValue<'a>, expr: &Expr<'a>, dest: Option<Reg>) -> Value {
        if let ExprKind::Function(body) = call.callee.kind {
            return self.direct_call(body, None, call.args, expr, dest);
        }
        self.call_known(&call.callee, call.args, expr, dest)
    }

    /// A call that is direct if it is known which function the callee is.
    pub fn call_known(
        &mut self,
        callee: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        let (slot, temp) = match callee.kind {
            ExprKind::Local(local) => (self.slot(local), None),
            ExprKind::Outer(index) => match self.known_outer(index) {
                true => self.outer(index),
                false => (Slot::Unset, None),
            },
            _ => (Slot::Unset, None),
        };
        let value = match slot {
            Slot::Static(known) => self.direct_call(known, None, args, expr, dest),
            Slot::Closure(closure, known) => self.direct_call(known, Some(closure), args, expr, dest),
            _ => {
                debug_assert!(temp.is_none());
                let function = self.eval(callee);
                let base = self.args(args);
                self.pop_args(base);
                self.release(function);
                let (result, value) = self.call_result(expr.ty, dest);
                let (builder, regs) = self.at_with_args(expr.span);
                builder.call_value(result, function.reg, regs);
                value
            }
        };
        temp.into_iter().for_each(|reg| self.free(reg));
        value
    }

    // ---- returns

    /// Returns the value of an expression.
    pub fn return_value(&mut self, expr: &'a Expr<'a>) {
        let value = self.expr(expr, None);
        if !self.reachable() {
            return;
        }
        match self.ret {
            Some(ty) => {
                let operand = self.operand_here(value, ty);
                self.emit().op(Op::Ret, operand.reg, Arg::NONE, Arg::NONE);
                self.release(operand);
            }
            None => {
                self.drop_value(value);
                self.emit().op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
            }
        }
        self.ends();
    }

    /// Returns without a value.
    pub fn return_void(&mut self) {
        if self.ret.is_some() {
            // The checker lets no such path be reached.
            return self.trap("a function ends without its value");
        }
        self.emit().op(Op::RetVoid, Arg::NONE, Arg::NONE, Arg::NONE);
        self.ends();
    }
}
