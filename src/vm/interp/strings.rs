//! Strings: comparison and indexing where that is short, and the entries to the rest.

use super::{Cpu, Flow, Handler, Machine, Why, ops};
use crate::bytecode::TypeId;
use crate::vm::heap::Str;
use crate::vm::{render, string};

/// Whether two strings are equal, as far as that is seen at once.
#[inline(always)]
fn equal_at_sight(x: Str, y: Str) -> Option<bool> {
    if x.bits() == y.bits() {
        return Some(true);
    }
    let len = x.byte_len();
    if len != y.byte_len() {
        return Some(false);
    }
    if len == 0 {
        return Some(true);
    }
    if x.byte(0) != y.byte(0) {
        return Some(false);
    }
    (len == 1).then_some(true)
}

/// Whether one string precedes another, if their first bytes decide. Bytes of UTF-8 order as their scalars do.
#[inline(always)]
fn less_at_sight(x: Str, y: Str) -> Option<bool> {
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let (x, y) = (x.byte(0), y.byte(0));
    (x != y).then_some(x < y)
}

/// Comparisons to bool. `$seen` of what is seen at once, `$whole` of all.
macro_rules! comparisons {
    ($($name:ident $seen:ident $whole:expr;)*) => { ops! { $(
        $name(cpu) {
            match $seen(cpu.ref_b().as_str(), cpu.ref_c().as_str()) {
                Some(value) => cpu.set_a::<bool>(value),
                None => return Flow::Heavy,
            }
            Flow::Next
        } heavy(_machine) {
            let value = $whole(cpu.ref_b().as_str(), cpu.ref_c().as_str());
            cpu.set_a::<bool>(value);
            Ok(())
        }
    )* } };
}

/// Branches if equality is `$taken`.
macro_rules! branches {
    ($($name:ident $taken:literal;)*) => { ops! { $(
        $name(cpu) {
            match equal_at_sight(cpu.ref_a().as_str(), cpu.ref_b().as_str()) {
                Some($taken) => cpu.branch(i32::from(cpu.imm_c())),
                Some(_) => {}
                None => return Flow::Heavy,
            }
            Flow::Next
        } heavy(_machine) {
            if string::equal(cpu.ref_a().as_str(), cpu.ref_b().as_str()) == $taken {
                cpu.branch(i32::from(cpu.imm_c()));
            }
            Ok(())
        }
    )* } };
}

/// `a` becomes `c` if that compares so with `b`, else `b`.
macro_rules! choices {
    ($($name:ident $is:ident;)*) => { ops! { $(
        $name(cpu) heavy(_machine) {
            let (x, y) = (cpu.ref_b(), cpu.ref_c());
            cpu.set_a(if string::compare(y.as_str(), x.as_str()).$is() { y } else { x });
            Ok(())
        }
    )* } };
}

comparisons! {
    EqStr equal_at_sight string::equal;
    LtStr less_at_sight |x, y| string::compare(x, y).is_lt();
    LeStr less_at_sight |x, y| string::compare(x, y).is_le();
}
branches! { BrEqStr true; BrNeStr false; }
choices! { MinStr is_lt; MaxStr is_gt; }

ops! {
    Concat(cpu) heavy(machine) {
        let result = string::concat(&mut machine.context.heap, cpu.ref_b().as_str(), cpu.ref_c().as_str())?;
        cpu.set_a(result.object());
        Ok(())
    }
    StrLen(cpu) {
        let len = cpu.ref_b().as_str().scalar_len();
        cpu.set_a(len);
        Flow::Next
    }
    StrIndex(cpu, machine) {
        let string = cpu.ref_b().as_str();
        let index: u64 = cpu.get_c();
        if index >= u64::from(string.scalar_len()) {
            return Flow::Slow(Why::StringIndex);
        }
        if !string.is_ascii() {
            return Flow::Heavy;
        }
        cpu.set_a(machine.context.heap.ascii(string.byte(index as usize)).object());
        Flow::Next
    } heavy(machine) {
        let result = string::index(&mut machine.context.heap, cpu.ref_b().as_str(), cpu.get_c())?;
        cpu.set_a(result.object());
        Ok(())
    }
    StrSlice(cpu) heavy(machine) {
        let args = cpu.slice_args(machine);
        let result = string::slice(&mut machine.context.heap, cpu.ref_b().as_str(), args)?;
        cpu.set_a(result.object());
        Ok(())
    }
    NextStr(cpu, machine) {
        let string = cpu.ref_b().as_str();
        let at: u64 = cpu.get_c();
        let branch = cpu.extra();
        if at < string.byte_len() as u64 {
            if !string.is_ascii() {
                return Flow::Heavy;
            }
            cpu.set_a(machine.context.heap.ascii(string.byte(at as usize)).object());
            cpu.write(cpu.c(), at + 1);
            cpu.branch(branch as i32);
        }
        Flow::Next
    } heavy(machine) {
        let branch = cpu.extra();
        if let Some((scalar, next)) = string::next(&mut machine.context.heap, cpu.ref_b().as_str(), cpu.get_c())? {
            cpu.set_a(scalar.object());
            cpu.write(cpu.c(), next);
            cpu.branch(branch as i32);
        }
        Ok(())
    }
    ToStr(cpu) heavy(machine) {
        let ty = TypeId(cpu.extra() as u32);
        let result = render::to_string(&mut machine.context, ty, cpu.get_b())?;
        cpu.set_a(result.object());
        Ok(())
    }
}
