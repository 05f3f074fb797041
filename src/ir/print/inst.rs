//! Instructions.

use std::fmt::Write;

use smallvec::SmallVec;

use super::{CLAIMS, Printer, name, signature};
use crate::ir::function::{Function, InstData};
use crate::ir::module::Signature;
use crate::ir::opcode::Op;
use crate::ir::types::{Alias, Guard, Inst, Kind, Type, Value};

impl<'a> Printer<'a> {
    pub(super) fn inst(&self, inst: Inst, out: &mut String) {
        let data = *self.function.inst(inst);
        if let Some(value) = self.function.result(inst) {
            self.value_name(value, out);
            let ty = self.function.ty(value);
            if Some(ty) != self.usual_type(&data) {
                let _ = write!(out, ": {ty}");
            }
            out.push_str(" = ");
        }
        self.mnemonic(&data, out);
        self.operands(&data, out);
        let position = self.function.inst_position(inst);
        if position != 0 {
            let _ = write!(out, " !{position}");
        }
    }

    /// The type that a result has if the text does not say another.
    fn usual_type(&self, data: &InstData) -> Option<Type> {
        let usual = Function::result_type(data)?;
        match self.callee_signature(data) {
            Some(signature) if signature.result.kind == usual.kind => Some(signature.result),
            _ => Some(usual),
        }
    }

    fn callee_signature(&self, data: &InstData) -> Option<&'a Signature> {
        match data.op {
            Op::Call | Op::Invoke => {
                self.module.sigs.get(self.module.funcs.get(data.callee().index())?.sig.index())
            }
            Op::CallIndirect | Op::InvokeIndirect => self.module.sigs.get(data.indirect_sig().index()),
            _ => None,
        }
    }

    fn mnemonic(&self, data: &InstData, out: &mut String) {
        let name = data.op.row().name;
        let kind = data.kind;
        let _ = match data.op {
            Op::Cmp => write!(out, "{}.{kind}", data.cond().name()),
            Op::GuardCmp | Op::BrCmp => write!(out, "{name}.{}.{kind}", data.cond().name()),
            Op::Convert | Op::ConvertChecked | Op::Bitcast => {
                write!(out, "{name}.{}.{kind}", data.source())
            }
            Op::Load | Op::Store => write!(out, "{name}.{}", data.mem().name()),
            Op::New => write!(out, "{name}.{}", data.layout()),
            Op::CallIndirect | Op::InvokeIndirect => write!(out, "{name}.indirect"),
            op if op.has_lane() => write!(out, "{name}.{}.{kind}", data.lane().name()),
            Op::Guard | Op::Br | Op::Context | Op::Address | Op::Levels | Op::Call | Op::Invoke => {
                write!(out, "{name}")
            }
            _ if kind == Kind::None => write!(out, "{name}"),
            _ => write!(out, "{name}.{kind}"),
        };
    }

    fn operands(&self, data: &InstData, out: &mut String) {
        let word = |word: u8, out: &mut String| {
            self.value(Value(data.words()[word as usize]), data.operand_kind(word), out);
        };
        // The verifier prints instructions whose edges do not exist.
        let count = data.edge_count();
        let edges: SmallVec<[u32; 4]> = match data.d.checked_add(count) {
            Some(end) if end as usize <= self.function.edge_bound() => (data.d..end).collect(),
            _ => SmallVec::new(),
        };
        match data.op {
            Op::Load | Op::Store => {
                out.push(' ');
                self.address(data, out);
                if data.op == Op::Store {
                    out.push_str(", ");
                    word(3, out);
                }
                if data.alias() != Alias::RAW {
                    let _ = write!(out, " @{}", data.alias());
                }
            }
            Op::Address => {
                out.push(' ');
                self.symbol(data.a as usize, out);
            }
            Op::Call | Op::CallIndirect | Op::Invoke | Op::InvokeIndirect => self.call(data, &edges, out),
            Op::Switch => {
                out.push(' ');
                word(0, out);
                out.push_str(", [");
                let last = edges.len().saturating_sub(1);
                for (index, &edge) in edges[..last].iter().enumerate() {
                    out.push_str(if index > 0 { ", " } else { "" });
                    self.edge(edge, out);
                }
                out.push_str("], ");
                edges[last..].iter().for_each(|&edge| self.edge(edge, out));
            }
            Op::AddOr | Op::SubOr | Op::MulOr => {
                out.push(' ');
                word(0, out);
                out.push_str(", ");
                word(1, out);
                out.push_str(" -> ");
                edges.first().into_iter().for_each(|&edge| self.edge(edge, out));
                out.push_str(", else ");
                edges.get(1).into_iter().for_each(|&edge| self.edge(edge, out));
            }
            _ => {
                let mut separator = " ";
                for index in (0..4).filter(|&index| data.op.row().values >> index & 1 == 1) {
                    if data.op == Op::Return && data.kind == Kind::None {
                        break;
                    }
                    out.push_str(separator);
                    word(index, out);
                    separator = ", ";
                }
                if data.op == Op::VExtract {
                    let _ = write!(out, ", {}", data.b);
                }
                let row = data.op.row();
                if row.guard < 4 {
                    out.push_str(separator);
                    self.guard_name(Guard(data.words()[row.guard as usize]), out);
                }
                for edge in edges {
                    out.push_str(separator);
                    self.edge(edge, out);
                    separator = ", ";
                }
                if matches!(data.op, Op::Div | Op::Rem) {
                    for (bit, claim) in CLAIMS {
                        if data.aux & bit != 0 {
                            let _ = write!(out, " {claim}");
                        }
                    }
                }
            }
        }
    }

    fn address(&self, data: &InstData, out: &mut String) {
        self.value(data.first(), None, out);
        out.push('[');
        let offset = i64::from(data.offset());
        if data.second().is_none() {
            let _ = write!(out, "{offset}]");
            return;
        }
        self.value(data.second(), None, out);
        if data.scale() > 0 {
            let _ = write!(out, "*{}", 1 << data.scale());
        }
        let _ = match offset {
            0 => write!(out, "]"),
            1.. => write!(out, " + {offset}]"),
            _ => write!(out, " - {}]", -offset),
        };
    }

    fn call(&self, data: &InstData, edges: &[u32], out: &mut String) {
        out.push(' ');
        match data.op {
            Op::Call | Op::Invoke => match self.module.funcs.get(data.callee().index()) {
                Some(decl) => out.push_str(&name(&decl.name)),
                None => {
                    let _ = write!(out, "{}", data.callee());
                }
            },
            _ => {
                match self.callee_signature(data) {
                    Some(sig) => signature(out, sig),
                    None => {
                        let _ = write!(out, "{}", data.indirect_sig());
                    }
                }
                out.push(' ');
                self.value(data.first(), Some(Kind::I64), out);
            }
        }
        out.push('(');
        let params = self.callee_signature(data).map_or(&[][..], |signature| &signature.params);
        let arguments = data.arguments();
        if self.function.has_list(arguments) {
            for (index, value) in self.function.list_values(arguments).enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                self.value(value, params.get(index).map(|ty| ty.kind), out);
            }
        }
        out.push(')');
        if let Some(state) = data.call_state() {
            out.push_str(", ");
            self.state_name(state, out);
        }
        if let [normal, catch] = *edges {
            out.push_str(" -> ");
            self.edge(normal, out);
            out.push_str(", catch ");
            self.edge(catch, out);
        }
    }

    fn edge(&self, edge: u32, out: &mut String) {
        let edge = self.function.edge(edge);
        self.block_name(edge.to, out);
        if edge.args.len == 0 || !self.function.has_list(edge.args) {
            return;
        }
        let params: &[Value] = match edge.to.index() < self.function.block_count() {
            true => self.function.params(edge.to),
            false => &[],
        };
        out.push('(');
        for (index, value) in self.function.list_values(edge.args).enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            self.value(value, params.get(index).map(|&param| self.function.kind(param)), out);
        }
        out.push(')');
    }
}
