//! Comparisons that give a bool.

use super::{Cpu, Flow, Handler, Machine, ops};

macro_rules! comparisons {
    ($($name:ident $ty:ident $op:tt;)*) => { ops! { $(
        $name(cpu) {
            let value = cpu.get_b::<$ty>() $op cpu.get_c::<$ty>();
            cpu.set_a(value);
            Flow::Next
        }
    )* } };
}

comparisons! {
    Eq u64 ==; Ne u64 !=; LtS i64 <; LeS i64 <=; LtU u64 <; LeU u64 <=;
    EqF64 f64 ==; NeF64 f64 !=; LtF64 f64 <; LeF64 f64 <=;
}

ops! {
    Not(cpu) {
        let value = cpu.get_b::<u64>() ^ 1;
        cpu.set_a(value);
        Flow::Next
    }
}
