//! Tests of the verifier: for each rule what it accepts and what it rejects, then mutations of a valid program.

use std::sync::Arc;

use super::*;
use crate::bytecode::tests::{Random, every_operation};
use crate::bytecode::{Global, Handler, Op, TypeId, Word, decode, instructions, parse, print};

/// Tables for the functions below.
const TABLES: &str = r#"
file s0 "t.orus"
| text
type t10 = array t0
type t11 = array t2
type t12 = map t6, t0
type t13 = struct "S" refs 1 { "name" t6 .0, "n" t0 .1 }
type t14 = enum "E" { "A" refs 0 { }, "B" refs 1 { "x" t6 .0, "y" t4 .1 } }
type t15 = tag "T" { "P", "Q" }
type t16 = fn (t0) -> t0
type t17 = fn ()
type t18 = cell t0
type t19 = closure f2 "f" refs 1 { "c" t18 .0 }
type t20 = array t16
type t21 = array t15
type t22 = alias t10
type t23 = array t4
global g0 "n" t0
global g1 "s" t6
name n0 "x"
literal k0 = string "a"
literal k1 = variant t14, #0
literal k2 = function t16, f1
literal k3 = function t17, f0
format p0 (t0, t6) = plain, plain
counters 2
entry f3
fn f0 "nothing" ()
    in s0, counter 0, depth 1
    frame refs 0, params 0 0
    ret.void
end
fn f1 "same" (t0) -> t0
    in s0, counter 0, depth 1
    frame refs 0, params 0 1
    regs r0 t0
    ret r0
end
fn f2 "closure" (t0) -> t0
    in s0, counter 0, depth 1, closure t19
    frame refs 1, params 1 1
    regs r0 t19, r1 t0
    ret r1
end
"#;

/// The registers of the functions below: those of the first line are parameters.
const FRAME: &str = r#"
fn f3 "test" ()
    in s0, counter 0, depth 1
    frame refs 20, params 0 0
    regs r0 t6, r1 t6, r2 t7, r3 t8, r4 t9, r5 t10, r6 t11, r7 t12
    regs r8 t13, r9 t14, r10 t16, r11 t17, r12 t18, r13 t19, r14 t20, r15 t6?
    regs r16 t13?, r17 t21, r18 t23, r19 t6
    regs r20 t0, r21 t0, r22 t1, r23 t1, r24 t2, r25 t3, r26 t4, r27 t4
    regs r28 t5, r29 t5, r30 t15, r31 t15
"#;

/// A program whose function `f3` has this code behind a prologue that assigns all references that can be.
fn program(body: &str) -> Program {
    let prologue = "
    literal r0, k0
    mov.ref r1, r0
    array.new r4, t9 ()
    array.new r5, t10 ()
    array.new r6, t11 ()
    map.new r7, t12
    new r8, #0, t13 (r0, r20)
    literal r9, k1
    literal r10, k2
    literal r11, k3
    new r12, #0, t18 (r20)
    closure r13, f2 (r12)
    array.new r14, t20 ()
    array.new r17, t21 ()
    array.new r18, t23 ()\n";
    parse(&format!("{TABLES}{FRAME}{prologue}{body}\nend\n"))
        .unwrap_or_else(|error| panic!("{error}\n{body}"))
}

/// The reason for which a body is rejected, if it is.
fn reason(body: &str) -> Option<Reason> {
    verify(&program(body)).err().map(|error| error.reason)
}

/// Each line is an instruction that, alone, is accepted.
fn accepts(lines: &str) {
    for line in lines.trim().lines() {
        assert_eq!(reason(&format!("{line}\nL0:\nret.void")), None, "{line}");
    }
}

/// Each line is an instruction that, alone, is rejected for a reason of that kind.
fn rejects(kind: Kind, lines: &str) {
    for line in lines.trim().lines() {
        match reason(&format!("{line}\nL0:\nret.void")) {
            Some(reason) => assert!(kind(&reason), "{line}: {reason:?}"),
            None => panic!("accepted: {line}"),
        }
    }
}

/// A kind of reason.
type Kind = fn(&Reason) -> bool;

macro_rules! is {
    ($pattern:pat) => {
        |reason| matches!(reason, $pattern)
    };
}

#[test]
fn operands_are_of_their_classes() {
    accepts(
        "
        add.i32 r20, r20, r21
        shl.i32 r20, r20, r25
        eq r28, r30, r31
        and r28, r28, r29
        mov r30, r31
        not.s r22, r23
        min.str r0, r0, r1
        eq.deep r28, r8, r8
        concat r0, r0, r1",
    );
    rejects(
        is!(Reason::RegisterType(_)),
        "
        add.i32 r20, r20, r22
        add.i32 r22, r20, r20
        add.i32 r20, r20, r0
        shl.i32 r20, r20, r26
        eq r28, r26, r27
        and r30, r30, r31
        and r26, r26, r27
        mov r0, r1
        mov.ref r20, r21
        not.s r24, r24
        lt.u r28, r22, r23
        concat r0, r0, r2
        eq.deep r28, r0, r1
        eq.deep r28, r14, r14
        eq.deep r28, r3, r3
        tag r24, r8
        get.i32 r20, r7, r20
        map.len r20, r5
        next.range r22, r5, L0
        call.value r0 ()
        raise r2",
    );
    rejects(
        is!(Reason::Disagree(_)),
        "
        eq r28, r20, r22
        mov r20, r22
        mov r28, r30
        not.s r20, r22
        mov.ref r0, r4
        br.eq r20, r24, L0
        array.repeat r4, r5, r20
        eq.deep r28, r8, r9",
    );
    rejects(
        is!(Reason::NoRegister(_)),
        "
        mov r20, r32
        mov r65535, r20
        concat r0, r0, r999
        array.new r5, t10 (r40)
        array.slice r5, r5, r77..
        map.next r0, r7, r22, r99, L0",
    );
}

#[test]
fn a_closure_is_a_value_of_its_function_type() {
    accepts(
        "
        mov.ref r10, r13
        mov.ref r13, r13
        closure r10, f2 (r12)
        closure r13, f2 (r12)
        call.value r13 (r20) -> r20
        call.value r10 (r20) -> r20
        call f2 (r13, r20) -> r20",
    );
    rejects(
        is!(Reason::Disagree(_)),
        "
        mov.ref r13, r10
        mov.ref r11, r13
        closure r11, f2 (r12)
        closure r13, f2 (r13)
        call f2 (r10, r20) -> r20
        literal r11, k2
        literal r13, k2",
    );
    rejects(is!(Reason::Slot(_)), "get.field.ref r12, r13, .1\nget.field r20, r13, .0");
    accepts("get.field.ref r12, r13, .0");
}

#[test]
fn nullable_registers_are_wrapped_and_unwrapped_only() {
    accepts("null r15\nwrap r15, r0\nunwrap r0, r15, n0\nwrap r16, r8");
    rejects(
        is!(Reason::Nullable(_)),
        "
        null r0
        mov.ref r15, r0
        mov.ref r0, r15
        concat r0, r15, r0
        wrap r0, r1
        wrap r15, r15
        raise r15
        to.str r0, r15, t6
        print p0 (r20, r15)
        array.new r4, t9 (r15)",
    );
    rejects(is!(Reason::Disagree(_)), "wrap r15, r8\nunwrap r0, r16, n0");
    rejects(is!(Reason::NoSuch("name", 7)), "unwrap r0, r15, n7\ncheck.flag r28, n7");
}

#[test]
fn elements_agree_with_their_array_and_storage() {
    accepts(
        "
        get.i32 r20, r5, r25
        get.u32 r24, r6, r20
        get.u32 r30, r17, r20
        set.32 r17, r20, r30
        set.32 r5, r20, r20
        get.64 r26, r18, r20
        get.ref r0, r4, r20
        push.ref r14, r10
        array.fill r4, r0, r24, t9
        next.u32 r30, r17, r20, L0",
    );
    rejects(
        is!(Reason::Storage),
        "
        get.i32 r24, r6, r20
        get.u32 r20, r5, r20
        get.i32 r30, r17, r20
        get.64 r20, r5, r20
        get.bool r20, r5, r20
        get.ref r26, r18, r20
        set.64 r5, r20, r20
        push.32 r4, r0
        pop.u32 r20, r5
        next.ref r20, r5, r21, L0",
    );
    rejects(
        is!(Reason::Disagree(_)),
        "
        get.i32 r22, r5, r20
        get.ref r2, r4, r20
        set.32 r5, r20, r24
        push.ref r4, r8
        array.fill r4, r20, r20, t9
        map.get r22, r7, r0
        map.get r20, r7, r4
        map.set r7, r0, r28",
    );
}

#[test]
fn objects_have_the_slots_that_are_named() {
    accepts(
        "
        get.field.ref r0, r8, .0
        get.field r20, r8, .1
        set.field r12, r20, .0
        new r9, #1, t14 (r0, r26)
        get.payload r26, r9, .1, #1
        get.payload.ref r0, r9, .0, #1",
    );
    rejects(
        is!(Reason::Slot(_)),
        "
        get.field.ref r0, r8, .1
        get.field r20, r8, .0
        get.field r20, r8, .2
        set.field.ref r12, r0, .0
        get.payload r26, r9, .1, #0
        get.payload r26, r9, .1, #2
        get.payload r26, r9, .0, #1",
    );
    rejects(is!(Reason::Disagree(_)), "get.field r22, r8, .1\nset.field.ref r8, r4, .0");
    rejects(is!(Reason::RegisterType(_)), "get.field r20, r9, .1\nget.payload r26, r8, .1, #0");
    rejects(is!(Reason::TypeWord(_)), "new r8, #0, t14 (r0, r20)\nnew r13, #0, t19 (r12)\nmap.new r7, t10");
    rejects(is!(Reason::TypeWord(_)), "array.new r5, t11 ()\nto.str r0, r20, t1\nto.str r0, r20, t99");
    rejects(
        is!(Reason::ArgCount(_)),
        "new r8, #0, t13 (r0)\nnew r8, #0, t13 (r0, r20, r20)\nnew r9, #0, t14 ()",
    );
    rejects(is!(Reason::NoSuch("variant", _)), "new r8, #1, t13 (r0, r20)\nnew r9, #2, t14 ()");
    accepts("array.new r5, t22 (r20)\nto.str r0, r20, t0");
    rejects(is!(Reason::RegisterType(_)), "to.str r0, r12, t18");
}

#[test]
fn calls_agree_with_what_is_called() {
    accepts(
        "
        call f0 ()
        call f1 (r20) -> r21
        call.value r11 ()
        call.value r10 (r20) -> r20
        builtin find (r0, r1) -> r20
        builtin insert (r4, r0, r24)
        builtin insert (r5, r24, r20)
        builtin remove (r4, r20) -> r0
        builtin sorted (r5) -> r5
        builtin map.keys (r7) -> r4
        builtin map.values (r7) -> r5
        print p0 (r20, r0)
        format r0, p0 (r20, r1)",
    );
    rejects(
        is!(Reason::NoResult),
        "call f0 () -> r20\ncall.value r11 () -> r20\nbuiltin reverse (r5) -> r20\nbuiltin exit (r20) -> r20",
    );
    rejects(
        is!(Reason::Disagree(_)),
        "
        call f1 (r22) -> r21
        call f1 (r20) -> r22
        call f1 (r0) -> r20
        call.value r10 (r0) -> r20
        call.value r10 (r20) -> r22
        builtin find (r0, r4) -> r20
        builtin find (r0, r1) -> r22
        builtin insert (r4, r8, r24)
        builtin insert (r5, r24, r22)
        builtin remove (r5, r20) -> r22
        builtin sorted (r5) -> r6
        builtin map.keys (r7) -> r5
        print p0 (r0, r20)",
    );
    rejects(
        is!(Reason::ArgCount(_)),
        "call.value r10 () -> r20\ncall.value r10 (r20, r20) -> r20\ncall.value r11 (r20)",
    );
    rejects(is!(Reason::RegisterType(_)), "builtin sorted (r17) -> r17\nbuiltin sorted (r14) -> r14");
    rejects(is!(Reason::RegisterType(_)), "builtin reverse (r7)\nbuiltin map.clear (r5)");
    rejects(is!(Reason::NoResult), "ret r20");
}

#[test]
fn immediates_and_constants_are_canonical() {
    accepts(
        "
        const r20, -1
        const r24, 5
        const r25, -1
        const r26, 0
        const r28, 1
        const r30, 1
        const.wide r20, 0xffffffffffffffff
        const.wide r24, 0xffffffff
        const.wide r26, 0x1
        div.i32.imm r20, r20, -2
        div.u.imm r24, r24, 7
        br.eq.imm r30, 1, L0
        br.eq.imm r25, -1, L0
        bits r22, r20
        bits r20, r28
        bits r24, r30
        array.check.len r5, -1",
    );
    rejects(
        is!(Reason::Immediate),
        "
        const r24, -1
        const r26, 1
        const r28, 2
        const r28, -1
        const r30, 2
        const.wide r20, 0xffffffff
        const.wide r24, 0x100000000
        const.wide r28, 0x2
        const.wide r30, 0x2
        div.i32.imm r20, r20, 0
        div.i32.imm r20, r20, -1
        rem.i64.imm r22, r22, -1
        div.u.imm r24, r24, 0
        rem.u.imm r24, r24, -3
        br.eq.imm r30, 2, L0
        br.eq.imm r24, -1, L0
        br.ne.imm r28, 2, L0",
    );
    rejects(
        is!(Reason::RegisterType(_)),
        "const r0, 0\nbits r20, r24\nbits r24, r20\nbits r22, r26\nbits r20, r0",
    );
}

#[test]
fn indices_are_in_range() {
    accepts("global.get r20, g0\nglobal.set.ref r0, g1\nglobal.get.checked r20, g0\nloop c1");
    rejects(
        is!(Reason::NoSuch(..)),
        "global.get r20, g2\nglobal.get.checked r20, g2\nloop c2\nliteral r0, k9",
    );
    rejects(
        is!(Reason::Disagree(_)),
        "global.get r22, g0\nglobal.get.ref r2, g1\nliteral r2, k0\nglobal.set.ref r8, g1",
    );
    rejects(is!(Reason::RegisterType(_)), "global.get r0, g1\nglobal.get.ref r20, g0");
    rejects(is!(Reason::Decode(_)), ".word 0xffff\n.word 0xffffffffffffffff");
    rejects(is!(Reason::SpareBits), ".word 0x1000100000001\n");
}

#[test]
fn branches_go_forward_or_to_loops() {
    let accepted = [
        "jump L0\nL0:\nret.void",
        "L0:\nloop c0\njump L0",
        "L0:\nloop c0\nbr.true r28, L0\nret.void",
        "switch r20, [L0, L1]\nL0:\nret.void\nL1:\nret.void",
        // A loop whose test stands at its end.
        "jump L1\nL0:\nloop c0\nL1:\nbr.true r28, L0\nret.void",
    ];
    for body in accepted {
        assert_eq!(reason(body), None, "{body}");
    }
    let back = |body| matches!(reason(body), Some(Reason::BackEdge(_)));
    assert!(back("L0:\njump L0"));
    assert!(back("L0:\nmov r20, r21\nbr.true r28, L0\nret.void"));
    assert!(back("L0:\nmov r20, r21\nfor.s r20, r21, L0\nret.void"));
    assert!(back("L0:\nloop c0\nL1:\nmov r20, r21\nswitch r20, [L0, L1]\nret.void"));
    let target = |body| matches!(reason(body), Some(Reason::Target(_)));
    assert!(target("jump 9999\nret.void"));
    // Into the second word of a wide constant, forward and back.
    let mut inside = program("jump L0\nL0:\nconst.wide r22, 0x7\nret.void");
    edit(&mut inside, |function| {
        let at = function.code.iter().rposition(|&word| word as u16 == Op::Jump as u16).unwrap();
        function.code[at] = Word::ai(Op::Jump, 0, 1).0;
    });
    assert!(matches!(verify(&inside).unwrap_err().reason, Reason::Target(_)));
    assert_eq!(reason("mov r20, r21"), Some(Reason::FallsOffEnd));
    assert_eq!(reason("builtin exit (r20)"), None);
    assert_eq!(reason("raise r0"), None);
    assert_eq!(reason("builtin reverse (r5)"), Some(Reason::FallsOffEnd));
}

#[test]
fn references_are_assigned_on_all_paths() {
    let unassigned = |reg| Some(Reason::Unassigned(reg));
    // r19 has no value at first.
    let cases = [
        ("mov.ref r0, r19\nret.void", unassigned(19)),
        ("mov.ref r19, r0\nmov.ref r0, r19\nret.void", None),
        // In one branch only; in both.
        ("br.true r28, L0\nmov.ref r19, r0\nL0:\nmov.ref r0, r19\nret.void", unassigned(19)),
        (
            "br.true r28, L0\nmov.ref r19, r0\njump L1\nL0:\nmov.ref r19, r1\nL1:\nmov.ref r0, r19\nret.void",
            None,
        ),
        // In the body of a loop that may have no turn, and that has one.
        (
            "jump L1\nL0:\nloop c0\nmov.ref r19, r0\nL1:\nbr.true r28, L0\nmov.ref r0, r19\nret.void",
            unassigned(19),
        ),
        ("L0:\nloop c0\nmov.ref r19, r0\nbr.true r28, L0\nmov.ref r0, r19\nret.void", None),
        // Read at the header, assigned before the back edge only.
        ("L0:\nloop c0\nbr.true r29, L1\nmov.ref r0, r19\nL1:\nmov.ref r19, r0\njump L0", unassigned(19)),
        // Written by `next` only where it branches.
        ("next.ref r19, r4, r20, L0\nret.void\nL0:\nmov.ref r0, r19\nret.void", None),
        ("next.ref r19, r4, r20, L0\nmov.ref r0, r19\nL0:\nret.void", unassigned(19)),
        ("next.str r19, r0, r22, L0\nL0:\nmov.ref r0, r19\nret.void", unassigned(19)),
        // Read and written by one instruction.
        ("concat r19, r19, r0\nret.void", unassigned(19)),
        // Code that nothing reaches is not followed.
        ("ret.void\nmov.ref r0, r19\nret.void", None),
        ("jump L0\nmov.ref r19, r0\nL0:\nmov.ref r0, r19\nret.void", unassigned(19)),
        // By all targets of a switch, or not.
        (
            "switch r20, [L0, L0]\njump L1\nL0:\nmov.ref r19, r0\nL1:\nmov.ref r0, r19\nret.void",
            unassigned(19),
        ),
        ("unwrap r19, r15, n0\nmov.ref r0, r19\nret.void", None),
        ("call f0 ()\nmov.ref r0, r19\nret.void", unassigned(19)),
    ];
    for (body, expected) in cases {
        assert_eq!(reason(body), expected, "{body}");
    }
}

#[test]
fn handlers_see_what_was_assigned_before_their_range() {
    let cases = [
        // The error is assigned in the handler.
        (
            "handler L0..L1 -> L1, r2\nL0:\ncall f0 ()\njump L2\nL1:\nerror.message r0, r2\nL2:\nret.void",
            None,
        ),
        (
            "handler L0..L1 -> L1, r2\nL0:\ncall f0 ()\njump L2\nL1:\nret.void\nL2:\nerror.message r0, r2\nret.void",
            Some(Reason::Unassigned(2)),
        ),
        (
            "mov.ref r19, r0\nhandler L0..L1 -> L1, r2\nL0:\ncall f0 ()\nret.void\nL1:\nmov.ref r0, r19\nret.void",
            None,
        ),
        (
            "handler L0..L1 -> L1, r2\nL0:\nmov.ref r19, r0\ncall f0 ()\nret.void\nL1:\nmov.ref r0, r19\nret.void",
            Some(Reason::Unassigned(19)),
        ),
        // Around a loop, and within one.
        (
            "handler L0..L2 -> L2, r2\nL0:\nmov r20, r21\nL1:\nloop c0\ncall f0 ()\njump L1\nL2:\nret.void",
            None,
        ),
        ("L0:\nloop c0\nhandler L1..L2 -> L3, r2\nL1:\ncall f0 ()\nL2:\njump L0\nL3:\njump L0", None),
        // Entered in the middle.
        (
            "br.true r28, L3\nhandler L0..L1 -> L1, r2\nL0:\nmov.ref r19, r0\nL3:\ncall f0 ()\nret.void\nL1:\nret.void",
            Some(Reason::IntoHandler(0)),
        ),
        // A handler's target in another's range.
        (
            "handler L0..L1 -> L3, r2\nhandler L2..L4 -> L4, r2\nL0:\ncall f0 ()\nL1:\nret.void\nL2:\ncall f0 ()\nL3:\nret.void\nL4:\nret.void",
            Some(Reason::IntoHandler(1)),
        ),
        // The same, in the range around both.
        (
            "handler L0..L1 -> L1, r2\nhandler L0..L2 -> L2, r2\nL0:\ncall f0 ()\nret.void\nL1:\nret.void\nL2:\nret.void",
            None,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(reason(body), expected, "{body}");
    }
    let malformed = [
        // Empty, backwards, before the end of its range, a register of another type, nullable.
        "handler L0..L0 -> L1, r2\nL0:\ncall f0 ()\nL1:\nret.void",
        "L1:\nloop c0\nhandler L0..L2 -> L1, r2\nL0:\ncall f0 ()\nL2:\nret.void",
        "handler L0..L2 -> L1, r2\nL0:\ncall f0 ()\nL1:\nret.void\nL2:\nret.void",
        "handler L0..L1 -> L1, r0\nL0:\ncall f0 ()\nL1:\nret.void",
        "handler L0..L1 -> L1, r15\nL0:\ncall f0 ()\nL1:\nret.void",
        "handler L0..L1 -> L1, r20\nL0:\ncall f0 ()\nL1:\nret.void",
        "handler L0..L1 -> 9999, r2\nL0:\ncall f0 ()\nL1:\nret.void",
        // Outer before inner; overlapping; out of order.
        "handler L0..L2 -> L2, r2\nhandler L0..L1 -> L2, r2\nL0:\ncall f0 ()\nL1:\ncall f0 ()\nL2:\nret.void",
        "handler L0..L2 -> L3, r2\nhandler L1..L3 -> L3, r2\nL0:\ncall f0 ()\nL1:\ncall f0 ()\nL2:\ncall f0 ()\nL3:\nret.void",
        "handler L1..L2 -> L2, r2\nhandler L0..L1 -> L2, r2\nL0:\ncall f0 ()\nL1:\ncall f0 ()\nL2:\nret.void",
    ];
    for body in malformed {
        assert!(matches!(reason(body), Some(Reason::Handler(..))), "{body}: {:?}", reason(body));
    }
}

#[test]
fn positions_are_in_order_and_within_the_source() {
    assert_eq!(reason("call f0 () @0..4\ncall f0 () @1..1\nret.void"), None);
    for body in ["call f0 () @3..2\nret.void", "call f0 () @0..5\nret.void"] {
        assert!(matches!(reason(body), Some(Reason::Position(_))), "{body}");
    }
    let mut program = program("call f0 () @0..4\ncall f0 () @1..1\nret.void");
    edit(&mut program, |function| function.positions.swap(0, 1));
    assert!(matches!(verify(&program).unwrap_err().reason, Reason::Position(_)));
}

/// Changes the function `f3`.
fn edit(program: &mut Program, change: impl FnOnce(&mut Function)) {
    let mut function = Function::clone(&program.functions[3]);
    change(&mut function);
    program.functions[3] = Arc::new(function);
}

/// A text of tables behind which an empty module body stands.
fn tables(text: &str) -> Result<(), Reason> {
    let body = "\nfile s0 \"a\"\ncounters 1\nfn f0 \"<module>\" ()\nin s0, counter 0, depth 0\nframe refs 0, params 0 0\nret.void\nend\n";
    verify(&parse(&format!("{text}{body}")).unwrap()).map_err(|error| error.reason)
}

#[test]
fn types_are_well_formed() {
    let accepted = [
        "type t10 = alias t11\ntype t11 = alias t0\nglobal g0 \"\" t10",
        "type t10 = struct \"S\" refs 1 { \"a\" t0 .1, \"s\" t10 .0, \"b\" t4 .2 }",
        "type t10 = enum \"Tree\" { \"Leaf\" refs 0 { }, \"Node\" refs 2 { \"\" t10 .0, \"\" t10 .1 } }\ntype t11 = map t10, t4",
        "type t10 = unknown\ntype t11 = array t10\nglobal g0 \"a\" t11",
        "type t10 = tag \"T\" { \"A\" }\ntype t11 = map t10, t10",
        "entry f0\nexport \"x\" f0",
    ];
    for text in accepted {
        assert_eq!(tables(text), Ok(()), "{text}");
    }
    let rejected: [(&str, Kind); 21] = [
        ("type t10 = alias t11\ntype t11 = alias t10", is!(Reason::AliasCycle)),
        ("type t10 = alias t10", is!(Reason::AliasCycle)),
        ("type t10 = alias t99", is!(Reason::NoSuch("type", 99))),
        ("type t10 = array t11", is!(Reason::NoSuch("type", 11))),
        ("type t10 = struct \"S\" refs 1 { \"a\" t0 .0, \"s\" t6 .1 }", is!(Reason::Layout)),
        ("type t10 = struct \"S\" refs 0 { \"s\" t6 .0 }", is!(Reason::Layout)),
        ("type t10 = struct \"S\" refs 0 { \"a\" t0 .1, \"b\" t0 .0 }", is!(Reason::Layout)),
        ("type t10 = struct \"S\" refs 0 { \"a\" t0 .0, \"b\" t0 .0 }", is!(Reason::Layout)),
        ("type t10 = struct \"S\" refs 5 { \"s\" t6 .0 }", is!(Reason::TooMany(_))),
        ("type t10 = tag \"T\" { }", is!(Reason::TooMany(_))),
        ("type t10 = map t4, t0", is!(Reason::KeyType(_))),
        ("type t10 = array t0\ntype t11 = map t10, t0", is!(Reason::KeyType(_))),
        (
            "type t10 = enum \"E\" { \"A\" refs 0 { \"x\" t4 .0 } }\ntype t11 = enum \"F\" { \"B\" refs 1 { \"e\" t10 .0 } }\ntype t12 = map t11, t0",
            is!(Reason::KeyType(_)),
        ),
        ("type t10 = cell t0\ntype t11 = array t10", is!(Reason::InternalType(_))),
        ("type t10 = cell t0\nglobal g0 \"c\" t10", is!(Reason::InternalType(_))),
        ("type t10 = closure f0 \"f\" refs 0 { }", is!(Reason::Mismatch(_))),
        ("literal k0 = variant t6, #0", is!(Reason::Mismatch(_))),
        ("type t10 = fn (t0)\nliteral k0 = function t10, f0", is!(Reason::Mismatch(_))),
        ("format p0 (t0) = \"no argument\"", is!(Reason::Mismatch(_))),
        ("format p0 (t0) = decimals 100", is!(Reason::Immediate)),
        ("entry f7", is!(Reason::NoSuch("function", 7))),
    ];
    for (text, kind) in rejected {
        match tables(text) {
            Err(reason) => assert!(kind(&reason), "{text}: {reason:?}"),
            Ok(()) => panic!("accepted: {text}"),
        }
    }
}

#[test]
fn headers_are_well_formed() {
    type Change = fn(&mut Function);
    let changes: [(Change, Kind); 12] = [
        (|function| function.file.0 = 1, is!(Reason::NoSuch("file", 1))),
        (|function| function.counter = 9, is!(Reason::NoSuch("counter", 9))),
        (|function| function.depth_cost = 100_000, is!(Reason::Immediate)),
        (|function| function.refs += 1, is!(Reason::Registers(20))),
        (|function| function.refs -= 1, is!(Reason::Registers(19))),
        (|function| function.refs = u32::MAX, is!(Reason::Mismatch(_))),
        (|function| function.ref_params = 1, is!(Reason::Mismatch(_))),
        (|function| function.scalar_params = u32::MAX, is!(Reason::Mismatch(_))),
        (|function| function.registers[20].nullable = true, is!(Reason::Registers(20))),
        (|function| function.registers[3].ty.0 = 77, is!(Reason::NoSuch("type", 77))),
        (|function| function.params.push(TypeId::I32), is!(Reason::Mismatch(_))),
        (|function| function.names.push((32, "x".into())), is!(Reason::NoRegister(32))),
    ];
    for (index, (change, kind)) in changes.into_iter().enumerate() {
        let mut program = program("ret.void");
        program.entry.clear();
        edit(&mut program, change);
        let reason = verify(&program).unwrap_err().reason;
        assert!(kind(&reason), "{index}: {reason:?}");
    }
    let mut program = program("ret.void");
    edit(&mut program, |function| function.code.clear());
    assert_eq!(verify(&program).unwrap_err().reason, Reason::FallsOffEnd);
}

#[test]
fn an_extension_holds_all_that_was_there() {
    let earlier = program("ret.void");
    let mut later = earlier.clone();
    later.globals.push(Global { name: "new".into(), ty: TypeId::F64 });
    later.functions.push(later.functions[0].clone());
    assert_eq!(verify_extension(&earlier, &later), Ok(()));
    // A function that is new is checked, one that is the same is not.
    let mut broken = Function::clone(&later.functions[0]);
    broken.code.clear();
    later.functions.push(Arc::new(broken));
    assert!(verify_extension(&earlier, &later).is_err());
    assert_eq!(verify_extension(&later, &later), Ok(()));

    let mut later = earlier.clone();
    later.globals.swap(0, 1);
    assert_eq!(verify_extension(&earlier, &later).unwrap_err().reason, Reason::NotExtension("globals"));
    let mut later = earlier.clone();
    later.types[10] = TypeDesc::Array(TypeId::I64);
    assert_eq!(verify_extension(&earlier, &later).unwrap_err().reason, Reason::NotExtension("types"));
    assert_eq!(verify_extension(&later, &Program::new()).unwrap_err().reason, Reason::NotExtension("types"));

    // A type that was left open gets its meaning; then all code is checked again.
    let mut earlier = program("ret.void");
    earlier.types.push(TypeDesc::Unknown);
    let mut later = earlier.clone();
    *later.types.last_mut().unwrap() = TypeDesc::Alias(TypeId::I32);
    assert_eq!(verify_extension(&earlier, &later), Ok(()));
    let register = earlier.types.len() as u32 - 1;
    edit(&mut earlier, |function| function.registers[0].ty = TypeId(register));
    later.functions = earlier.functions.clone();
    assert!(verify_extension(&earlier, &later).is_err());
}

#[test]
fn loops_within_loops_and_many_registers_are_followed() {
    // More references than one chunk of the data flow holds, all assigned in the innermost of nested loops.
    let (depth, count) = (40, 1500);
    let mut text = String::from(
        "file s0 \"a\"\ncounters 1\nliteral k0 = string \"\"\nfn f0 \"f\" ()\nin s0, counter 0, depth 1\n",
    );
    text += &format!("frame refs {count}, params 0 0\n");
    for reg in 0..count {
        text += &format!("regs r{reg} t6\n");
    }
    text += &format!("regs r{count} t5\n");
    let mut inner = text.clone();
    for out in [&mut text, &mut inner] {
        for level in 0..depth {
            *out += &format!("jump L{}\nL{}:\nloop c0\n", 2 * level + 1, 2 * level);
        }
        for reg in 0..count {
            *out += &format!("literal r{reg}, k0\n");
        }
    }
    for level in (0..depth).rev() {
        let test = format!("L{}:\nbr.true r{count}, L{}\n", 2 * level + 1, 2 * level);
        text += &test;
        inner += &test;
        if level == depth - 1 {
            // Behind the innermost loop, which may have had no turn.
            inner += &format!("mov.ref r0, r{}\n", count - 1);
        }
    }
    text += "ret.void\nend\n";
    inner += "ret.void\nend\n";
    assert_eq!(verify(&parse(&text).unwrap()), Ok(()));
    let error = verify(&parse(&inner).unwrap()).unwrap_err();
    assert_eq!(error.reason, Reason::Unassigned(count as u16 - 1));
}

/// Puts other values into every part of every word: the result is rejected, or is as well formed as before.
#[test]
fn mutated_operands_are_rejected_or_well_typed() {
    let valid = every_operation();
    let mut random = Random::new(7);
    let (mut accepted, mut rejected) = (0, 0);
    for id in 0..valid.functions.len() {
        let function = &valid.functions[id];
        let registers = function.registers.len() as u64;
        for at in 0..function.code.len() {
            for lane in 0..4 {
                for round in 0..5 {
                    let value = match round {
                        0 => 0,
                        1 => registers,
                        2 => random.below(1 << 16) as u64,
                        3 => ((function.code[at] >> (16 * lane)) + 1) & 0xFFFF,
                        4 => (function.code[at] >> (16 * lane) & 0xFFFF) ^ 0x8000,
                        _ => random.below(registers as usize + 2) as u64,
                    };
                    let mut mutated = Function::clone(function);
                    mutated.code[at] = mutated.code[at] & !(0xFFFF << (16 * lane)) | value << (16 * lane);
                    let mut program = Program { functions: valid.functions.clone(), ..valid.clone() };
                    program.functions[id] = Arc::new(mutated);
                    // Only the function that has changed is checked.
                    match verify_extension(&valid, &program) {
                        Ok(()) => {
                            accepted += 1;
                            well_formed(&program, id);
                            if accepted % 16 == 0 {
                                assert_eq!(parse(&print(&program)), Ok(program));
                            }
                        }
                        Err(error) => {
                            rejected += 1;
                            assert!(!error.to_string().is_empty());
                        }
                    }
                }
            }
        }
    }
    assert!(accepted > 1000 && rejected > 5000, "{accepted} accepted, {rejected} rejected");
}

/// What the interpreter relies on, looked at in another way than the verifier does.
fn well_formed(program: &Program, id: usize) {
    let function = &program.functions[id];
    let starts: Vec<u32> = instructions(program, &function.code).map(|inst| inst.unwrap().pc).collect();
    for &pc in &starts {
        let inst = decode(program, &function.code, pc).unwrap();
        for target in inst.targets() {
            assert!(starts.binary_search(&(target as u32)).is_ok());
            assert!(target > i64::from(pc) || program_op(program, function, target) == Op::Loop);
        }
        inst.for_each_register(|reg, _| {
            assert!(usize::from(reg) < function.registers.len() || reg == 0);
        });
        // Operands that a class fixes are of its type.
        for (index, operand) in inst.row().operands.iter().enumerate() {
            use crate::bytecode::{Class, Kind as Machine};
            let Some(class) = operand.class() else { continue };
            let Some(register) = function.registers.get(usize::from(inst.lane(index))) else { continue };
            let expected = match class {
                Class::I32 => Machine::I32,
                Class::I64 => Machine::I64,
                Class::U32 => Machine::U32,
                Class::U64 => Machine::U64,
                Class::F64 => Machine::F64,
                Class::Bool => Machine::Bool,
                Class::Ref | Class::Nullable | Class::Array | Class::Map | Class::Object | Class::Str => {
                    Machine::Ref
                }
                _ => continue,
            };
            assert_eq!(program.kind(register.ty), expected);
        }
    }
    let last = decode(program, &function.code, *starts.last().unwrap()).unwrap();
    assert!(!last.falls_through());
}

fn program_op(program: &Program, function: &Function, pc: i64) -> Op {
    decode(program, &function.code, pc as u32).unwrap().op
}

#[test]
fn handlers_are_looked_up_innermost_first() {
    let program = program(
        "handler L0..L1 -> L1, r2\nhandler L0..L2 -> L2, r2\nL0:\ncall f0 ()\nret.void\nL1:\ncall f0 ()\nret.void\nL2:\nret.void",
    );
    assert_eq!(verify(&program), Ok(()));
    let function = &program.functions[3];
    let [inner, outer]: [Handler; 2] = function.handlers[..].try_into().unwrap();
    assert_eq!(function.handler(inner.start), Some(&inner));
    assert_eq!(function.handler(inner.end), Some(&outer));
    assert_eq!(function.handler(outer.end), None);
}
