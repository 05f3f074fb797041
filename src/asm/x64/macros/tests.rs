//! What the macros become: the shortest sequences, on both sides of each choice. That they do what they should is tested by
//! running them, in `tests/macros`.

use super::Abi;
use crate::asm::error::AsmError;
use crate::asm::form::{Operand, Rng};
use crate::asm::label::Label;
use crate::asm::listing::Disassemble;
use crate::asm::macros::{
    Access, Compare, Far, FloatCompare, Frame, FrameLayout, MacroAssembler, Place, Width,
};
use crate::asm::x64::reg::*;
use crate::asm::x64::{Assembler, Disassembler};

/// The instructions up to a label that is bound behind them, and their size in bytes. `out` is where exits lead to:
/// right behind.
fn listing(emit: impl FnOnce(&mut Assembler, Label)) -> (usize, String) {
    let mut asm = Assembler::new();
    let out = asm.new_label();
    emit(&mut asm, out);
    asm.bind(out);
    let size = asm.offset() as usize;
    let code = asm.finish().unwrap();
    let (mut at, mut lines) = (0, Vec::new());
    while at < size {
        let (length, text) = Disassembler.disassemble(&code.bytes()[at..size], at as u32).unwrap();
        let end = format!(" {size:#x}");
        lines.push(text.strip_suffix(&end).map_or(text.clone(), |text| format!("{text} out")));
        at += length;
    }
    (size, lines.join("; "))
}

fn text(emit: impl FnOnce(&mut Assembler, Label)) -> String {
    listing(emit).1
}

fn size(emit: impl FnOnce(&mut Assembler)) -> usize {
    listing(|asm, _| emit(asm)).0
}

#[test]
fn constants_take_the_shortest_instruction() {
    for (value, expected, bytes) in [
        (0, "xor eax, eax", 2),
        (1, "mov eax, 1", 5),
        (0xffff_ffff, "mov eax, 4294967295", 5),
        (0x1_0000_0000, "movabs rax, 4294967296", 10),
        (-1, "mov rax, -1", 7),
        (-0x8000_0000, "mov rax, -2147483648", 7),
        (-0x8000_0001, "movabs rax, -2147483649", 10),
        (i64::MIN, "movabs rax, -9223372036854775808", 10),
    ] {
        assert_eq!(listing(|asm, _| asm.load_i64(RAX, value)), (bytes, expected.into()));
    }
    assert_eq!(listing(|asm, _| asm.load_i32(R8D, -1)), (6, "mov r8d, 4294967295".into()));
    assert_eq!(text(|asm, _| asm.load_f64(XMM1, 0.0)), "xorps xmm1, xmm1");
    assert_eq!(size(|asm| asm.load_f64(XMM1, -0.0)), 8);
    assert_eq!(size(|asm| asm.load_f32(XMM9, 1.0)), 9);
    assert_eq!(text(|asm, out| asm.load_label(RDX, out)), "lea rdx, [rip+0]");
}

/// The same constant stands in the pool once.
#[test]
fn constants_are_shared() {
    let mut asm = Assembler::new();
    asm.load_f64(XMM0, 1.5);
    asm.load_f64(XMM1, 1.5);
    asm.load_f64(XMM2, -1.5);
    assert_eq!(asm.finish().unwrap().bytes().len(), 24 + 16);
}

#[test]
fn sums_with_immediates() {
    for (rd, rn, value, expected) in [
        (RAX, RAX, 0, ""),
        (RAX, RCX, 0, "mov rax, rcx"),
        (RAX, RAX, 127, "add rax, 127"),
        (RAX, RAX, 128, "sub rax, -128"),
        (RAX, RAX, 129, "add rax, 129"),
        (RAX, RAX, -128, "add rax, -128"),
        (RAX, RAX, 0x7fff_ffff, "add rax, 2147483647"),
        (RAX, RAX, 0x8000_0000, "sub rax, -2147483648"),
        (RAX, RAX, 0x8000_0001, "mov r11d, 2147483649; add rax, r11"),
        (RAX, RCX, 1, "lea rax, [rcx+1]"),
        (RAX, RCX, -0x8000_0000, "lea rax, [rcx-2147483648]"),
        (RAX, RCX, 0x1_0000_0000, "movabs rax, 4294967296; add rax, rcx"),
    ] {
        assert_eq!(text(|asm, _| asm.add_imm_i64(rd, rn, value)), expected);
        assert_eq!(text(|asm, _| asm.sub_imm_i64(rd, rn, -value)), expected);
    }
    // The high half is cleared, or was.
    assert_eq!(text(|asm, _| asm.add_imm_i32(EAX, EAX, 0)), "mov eax, eax");
    assert_eq!(text(|asm, _| asm.add_imm_i32(EAX, ECX, 5)), "lea eax, [rcx+5]");
    assert_eq!(text(|asm, _| asm.sub_imm_i32(EAX, EAX, i32::MIN)), "add eax, -2147483648");
}

#[test]
fn checked_arithmetic() {
    let sum = |rd, rn, rm| text(|asm, out| asm.add_checked_i64(rd, rn, rm, out));
    assert_eq!(sum(RAX, RAX, RCX), "add rax, rcx; jo out");
    assert_eq!(sum(RAX, RCX, RAX), "add rax, rcx; jo out");
    assert_eq!(sum(RAX, RCX, RDX), "mov rax, rcx; add rax, rdx; jo out");
    assert_eq!(sum(RAX, RCX, RCX), "mov rax, rcx; add rax, rcx; jo out");
    let difference = |rd, rn, rm| text(|asm, out| asm.sub_checked_i32(rd, rn, rm, out));
    assert_eq!(difference(EAX, EAX, ECX), "sub eax, ecx; jo out");
    assert_eq!(difference(EAX, ECX, EDX), "mov eax, ecx; sub eax, edx; jo out");
    assert_eq!(difference(EAX, ECX, EAX), "mov r11d, eax; mov eax, ecx; sub eax, r11d; jo out");
    let imm = |rd, rn, value| text(|asm, out| asm.sub_checked_imm_i64(rd, rn, value, out));
    assert_eq!(imm(RAX, RAX, 128), "add rax, -128; jo out");
    assert_eq!(imm(RAX, RCX, 0), "mov rax, rcx");
    assert_eq!(imm(RAX, RCX, 0x8000_0000), "mov rax, rcx; add rax, -2147483648; jo out");
    assert_eq!(imm(RAX, RCX, i64::MAX), "movabs rax, -9223372036854775807; add rax, rcx; jo out");
    assert_eq!(
        imm(RAX, RCX, i64::MIN),
        "movabs r11, -9223372036854775808; mov rax, rcx; sub rax, r11; jo out"
    );
    assert_eq!(text(|asm, out| asm.mul_checked_i64(RAX, RCX, RAX, out)), "imul rax, rcx; jo out");
    assert_eq!(text(|asm, out| asm.neg_checked_i32(EAX, EAX, out)), "neg eax; jo out");
    assert_eq!(
        text(|asm, out| asm.abs_checked_i64(RAX, RCX, out)),
        "mov rax, rcx; neg rax; jo out; cmovs rax, rcx"
    );
    assert_eq!(
        text(|asm, out| asm.abs_checked_i64(RAX, RAX, out)),
        "mov r11, rax; neg rax; jo out; cmovs rax, r11"
    );
}

#[test]
fn division_saves_what_is_not_its_own() {
    let unsigned = |rd, rn, rm| text(|asm, out| asm.div_u64(rd, rn, rm, out));
    assert_eq!(
        unsigned(RAX, RAX, RCX),
        "test rcx, rcx; je out; mov r11, rdx; xor edx, edx; div rcx; mov rdx, r11"
    );
    assert_eq!(
        unsigned(RBX, RBX, RCX),
        "test rcx, rcx; je out; mov r11, rax; mov rax, rbx; mov rbx, rdx; xor edx, edx; div rcx; mov rdx, rbx; \
         mov rbx, rax; mov rax, r11"
    );
    assert_eq!(
        unsigned(RBX, RBX, RDX),
        "test rdx, rdx; je out; mov r11, rdx; xchg rbx, rax; xor edx, edx; div r11; xchg rbx, rax; mov rdx, r11"
    );
    assert_eq!(
        unsigned(RBX, RSI, RBX),
        "test rbx, rbx; je out; mov r11, rax; mov rax, rsi; movq xmm15, rdx; xor edx, edx; div rbx; mov rbx, rax; \
         mov rax, r11; movq rdx, xmm15"
    );
    assert_eq!(
        text(|asm, out| asm.rem_u32(EDX, EAX, ECX, out)),
        "test ecx, ecx; je out; mov r11, rax; xor edx, edx; div ecx; mov rax, r11"
    );
    assert_eq!(
        text(|asm, out| asm.div_i64(RAX, RAX, RCX, out, out)),
        "lea r11, [rcx+1]; cmp r11, 1; ja 0x1b; je out; neg rax; jo out; jmp out; mov r11, rdx; cqo; idiv rcx; \
         mov rdx, r11"
    );
    assert_eq!(
        text(|asm, out| asm.rem_i32(EDX, EAX, ECX, out)),
        "lea r11d, [rcx+1]; cmp r11d, 1; ja 0x14; je out; xor edx, edx; jmp out; mov r11, rax; cdq; idiv ecx; \
         mov rax, r11"
    );
}

#[test]
fn comparisons() {
    let branch = |compare, value| text(|asm, out| asm.branch_imm_i64(compare, RCX, value, out));
    assert_eq!(branch(Compare::Lt, 0), "test rcx, rcx; jl out");
    assert_eq!(branch(Compare::Lt, 1), "test rcx, rcx; jle out");
    assert_eq!(branch(Compare::Lt, 128), "cmp rcx, 127; jle out");
    assert_eq!(branch(Compare::Gt, -129), "cmp rcx, -128; jge out");
    assert_eq!(branch(Compare::Ge, 0x8000_0000), "cmp rcx, 2147483647; jg out");
    assert_eq!(branch(Compare::Below, 0x8000_0000), "cmp rcx, 2147483647; jbe out");
    assert_eq!(branch(Compare::Above, -0x8000_0001), "cmp rcx, -2147483648; jae out");
    assert_eq!(branch(Compare::Eq, 0x8000_0000), "mov r11d, 2147483648; cmp rcx, r11; je out");
    assert_eq!(text(|asm, out| asm.branch_i32(Compare::Above, ECX, EDX, out)), "cmp ecx, edx; ja out");
    let set = |rd| text(|asm, _| asm.set_i64(Compare::Lt, rd, RCX, RDX));
    assert_eq!(set(RAX), "xor eax, eax; cmp rcx, rdx; setl al");
    assert_eq!(set(RCX), "cmp rcx, rdx; setl cl; movzx ecx, cl");
    let select = |rd| text(|asm, _| asm.select_i64(Compare::Lt, rd, RCX, RDX));
    assert_eq!(select(RAX), "cmp rcx, rdx; mov rax, rdx; cmovl rax, rcx");
    assert_eq!(select(RCX), "cmp rcx, rdx; cmovge rcx, rdx");
    assert_eq!(select(RDX), "cmp rcx, rdx; cmovl rdx, rcx");
}

#[test]
fn comparisons_of_floats() {
    let branch = |compare| text(|asm, out| asm.branch_f64(compare, XMM0, XMM1, out));
    assert_eq!(branch(FloatCompare::Lt), "ucomisd xmm1, xmm0; ja out");
    assert_eq!(branch(FloatCompare::Ge), "ucomisd xmm0, xmm1; jae out");
    assert_eq!(branch(FloatCompare::Eq), "ucomisd xmm0, xmm1; jp out; je out");
    assert_eq!(branch(FloatCompare::Ne), "ucomisd xmm0, xmm1; jne out; jp out");
    let set = |compare| text(|asm, _| asm.set_f64(compare, RAX, XMM0, XMM1));
    assert_eq!(set(FloatCompare::Le), "xor eax, eax; ucomisd xmm1, xmm0; setae al");
    assert_eq!(
        set(FloatCompare::Ne),
        "movaps xmm15, xmm0; cmpsd xmm15, xmm1, 4; movd eax, xmm15; and eax, 1"
    );
    assert_eq!(
        text(|asm, _| asm.min_f64(XMM0, XMM1, XMM0)),
        "movaps xmm15, xmm0; minsd xmm0, xmm1; ucomisd xmm15, xmm1; jne out; jp 0x17; orps xmm0, xmm15; jmp out; \
         ucomisd xmm15, xmm15; jp out; movaps xmm0, xmm15"
    );
}

#[test]
fn conversions() {
    assert_eq!(text(|asm, _| asm.i32_to_f64(XMM1, ECX)), "xorps xmm1, xmm1; cvtsi2sd xmm1, ecx");
    assert_eq!(
        text(|asm, _| asm.f64_to_i64_saturating(RAX, XMM1)),
        "cvttsd2si rax, xmm1; cmp rax, 1; jno out; xorps xmm15, xmm15; ucomisd xmm15, xmm1; sbb rax, 0; \
         ucomisd xmm1, xmm1; jnp out; xor eax, eax"
    );
    assert_eq!(
        text(|asm, out| asm.f64_to_u32_checked(EAX, XMM1, out)),
        "cvttsd2si rax, xmm1; mov r11d, eax; cmp r11, rax; jne out"
    );
}

#[test]
fn addresses_reach_everything() {
    let load = |offset| text(|asm, _| asm.load(Access::U8, RAX, RCX, offset));
    assert_eq!(load(0x7fff_ffff), "movzx eax, byte ptr [rcx+2147483647]");
    assert_eq!(load(0x8000_0000), "mov r11d, 2147483648; movzx eax, byte ptr [rcx+r11*1]");
    assert_eq!(load(-0x8000_0001), "movabs r11, -2147483649; movzx eax, byte ptr [rcx+r11*1]");
    assert_eq!(text(|asm, _| asm.store(Width::W8, RSI, RSP, 8)), "mov byte ptr [rsp+8], sil");
    assert_eq!(text(|asm, out| asm.poll(RBX, 16, out)), "cmp dword ptr [rbx+16], 0; jne out");
}

#[test]
fn moves_at_once() {
    let [a, b, c] = [RAX, RCX, RDX].map(Place::General);
    let moves = |moves: &[_]| text(|asm, _| asm.parallel_move(moves));
    assert_eq!(moves(&[(a, b), (b, a)]), "xchg rcx, rax");
    assert_eq!(moves(&[(a, b), (b, c)]), "mov rdx, rcx; mov rcx, rax");
    assert_eq!(moves(&[(a, a)]), "");
    // What is put aside, and what goes between two places in memory, are in different registers.
    let [s0, s8, s16] = [0, 8, 16].map(Place::Stack);
    assert_eq!(
        moves(&[(s0, s8), (s8, s0)]),
        "mov r11, qword ptr [rsp+8]; movsd xmm15, qword ptr [rsp]; movsd qword ptr [rsp+8], xmm15; \
         mov qword ptr [rsp], r11"
    );
    assert_eq!(moves(&[(s0, s16)]), "mov r11, qword ptr [rsp]; mov qword ptr [rsp+16], r11");
    let (x, y) = (Place::Float(XMM0), Place::Float(XMM1));
    assert_eq!(moves(&[(x, y), (y, x)]), "movaps xmm15, xmm1; movaps xmm1, xmm0; movaps xmm0, xmm15");
    assert_eq!(moves(&[(a, x), (y, b)]), "movq xmm0, rax; movq rcx, xmm1");
}

#[test]
fn calls_outside() {
    assert_eq!(size(|asm| asm.call_far(Far::Address(1 << 40), None)), 6);
    assert_eq!(size(|asm| asm.jump_far(Far::External(3), None)), 6);
    assert_eq!(
        text(|asm, _| asm.call_far(Far::Address(1 << 40), Some(R11))),
        "movabs r11, 1099511627776; call r11"
    );
    assert_eq!(text(|asm, _| asm.jump_far(Far::External(3), Some(RAX))), "movabs rax, 0; jmp rax");
}

#[test]
fn a_frame_of_system_v() {
    let frame = Frame { saved: &[RBX, RBP, R12], saved_floats: &[XMM3], locals: 24, probed: true };
    assert_eq!(
        text(|asm, _| assert_eq!(asm.prologue(Abi::SystemV, &frame), FrameLayout { size: 64, locals: 0 })),
        "push rbp; mov rbp, rsp; push rbx; push r12; sub rsp, 32; movsd qword ptr [rsp+24], xmm3"
    );
    assert_eq!(
        text(|asm, _| asm.epilogue(Abi::SystemV, &frame)),
        "movsd xmm3, qword ptr [rsp+24]; add rsp, 32; pop r12; pop rbx; pop rbp; ret"
    );
    let none = Frame::default();
    assert_eq!(
        text(|asm, _| assert_eq!(asm.prologue(Abi::SystemV, &none), FrameLayout { size: 16, locals: 0 })),
        "push rbp; mov rbp, rsp"
    );
    assert_eq!(text(|asm, _| asm.epilogue(Abi::SystemV, &none)), "pop rbp; ret");
    let locals = Frame { locals: 8, ..Frame::default() };
    assert_eq!(text(|asm, _| asm.epilogue(Abi::SystemV, &locals)), "leave; ret");
}

#[test]
fn a_frame_of_windows() {
    let frame = Frame { saved: &[RSI], saved_floats: &[XMM6, XMM15], locals: 20, probed: false };
    let mut asm = Assembler::new();
    assert_eq!(asm.prologue(Abi::Windows, &frame), FrameLayout { size: 128, locals: 32 });
    asm.epilogue(Abi::Windows, &frame);
    #[rustfmt::skip]
    let expected = [
        0x55, // push rbp
        0x48, 0x89, 0xe5, // mov rbp, rsp
        0x56, // push rsi
        0x48, 0x83, 0xec, 0x68, // sub rsp, 104
        0x0f, 0x29, 0x74, 0x24, 0x40, // movaps [rsp+64], xmm6
        0x44, 0x0f, 0x29, 0x7c, 0x24, 0x50, // movaps [rsp+80], xmm15
        0x0f, 0x28, 0x74, 0x24, 0x40, // movaps xmm6, [rsp+64]
        0x44, 0x0f, 0x28, 0x7c, 0x24, 0x50, // movaps xmm15, [rsp+80]
        0x48, 0x83, 0xc4, 0x68, // add rsp, 104
        0x5e, // pop rsi
        0x5d, // pop rbp
        0xc3, // ret
    ];
    assert_eq!(asm.finish().unwrap().bytes(), expected);
}

/// Windows has every page touched; elsewhere a frame says so.
#[test]
fn pages_are_touched() {
    let frame = |locals, probed| Frame { locals, probed, ..Frame::default() };
    let prologue = |abi, locals, probed| {
        text(|asm, _| {
            asm.prologue(abi, &frame(locals, probed));
        })
    };
    let entry = "push rbp; mov rbp, rsp; ";
    assert_eq!(prologue(Abi::SystemV, 4080, true), format!("{entry}sub rsp, 4080"));
    assert_eq!(prologue(Abi::SystemV, 8192, false), format!("{entry}sub rsp, 8192"));
    let touched = "test dword ptr [rsp-4096], eax; test dword ptr [rsp-8192], eax; sub rsp, 8192";
    assert_eq!(prologue(Abi::SystemV, 8192, true), format!("{entry}{touched}"));
    assert_eq!(prologue(Abi::Windows, 8160, false), format!("{entry}{touched}"));
    assert_eq!(text(|asm, _| asm.probe_stack(0)), "");
    assert_eq!(text(|asm, _| asm.probe_stack(16)), "test dword ptr [rsp], eax; sub rsp, 16");
    assert_eq!(
        text(|asm, _| asm.probe_stack(0x9010)),
        "test dword ptr [rsp], eax; lea r11, [rsp-36864]; sub rsp, 4096; test dword ptr [rsp], eax; cmp rsp, r11; \
         jne 0xb; sub rsp, 16"
    );
}

#[test]
fn wrong_operands_have_an_error() {
    let error = |emit: fn(&mut Assembler)| {
        let mut asm = Assembler::new();
        asm.nop();
        emit(&mut asm);
        assert_eq!(asm.offset(), 1, "nothing is emitted");
        asm.error()
    };
    let operand = |what| Some(AsmError::Operand { offset: 1, what });
    let scratch = operand("an operand is r11, the scratch register, or rsp");
    assert_eq!(error(|asm| asm.load_i64(R11, 5)), scratch);
    assert_eq!(error(|asm| asm.add_imm_i64(RSP, RSP, 16)), scratch);
    assert_eq!(error(|asm| asm.load(Access::I64, RSP, RAX, 16)), scratch);
    assert_eq!(
        error(|asm| asm.load(Access::I64, RAX, R11, 16)),
        operand("the base of an address is r11, the scratch register")
    );
    assert_eq!(error(|asm| asm.load_f64(XMM15, 1.0)), operand("an operand is xmm15, the scratch register"));
    assert_eq!(
        error(|asm| {
            let [a, b, c] = [RAX, RCX, RDX].map(Place::General);
            asm.parallel_move(&[(a, c), (b, c)]);
        }),
        operand("two moves write one place")
    );
    assert_eq!(error(|asm| asm.call_far(Far::External(0), Some(RSP))), operand("a call goes through rsp"));
    assert_eq!(
        error(|asm| {
            asm.prologue(Abi::SystemV, &Frame { saved: &[RSP], ..Frame::default() });
        }),
        operand("a frame saves rsp")
    );
    assert_eq!(
        error(|asm| {
            asm.prologue(Abi::Windows, &Frame { locals: u32::MAX, ..Frame::default() });
        }),
        operand("a frame is larger than 2 GiB")
    );
}

/// Any operands at all: errors, but no panic, and code that can be listed.
#[test]
fn nothing_panics() {
    for seed in 0..20_000 {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::new();
        asm.shrink_branches(seed.is_multiple_of(2));
        let label = asm.new_label();
        let [a, b, c] = [(); 3].map(|()| Gpr64::random(&mut rng));
        let [x, y, z] = [(); 3].map(|()| Xmm::random(&mut rng));
        let compare = Compare::ALL[rng.below(10) as usize];
        let float_compare = FloatCompare::ALL[rng.below(6) as usize];
        let value = rng.signed(64);
        let bytes = rng.unsigned(32) as u32;
        let abi = if rng.below(2) == 0 { Abi::SystemV } else { Abi::Windows };
        let far = if rng.below(2) == 0 { Far::Address(value as u64) } else { Far::External(bytes) };
        let through = (rng.below(2) == 0).then_some(a);
        let places =
            [Place::General(a), Place::Float(x), Place::Stack(bytes), Place::General(b), Place::Stack(8)];
        let mut place = || places[rng.below(5) as usize];
        let moves = [(place(), place()), (place(), place())];
        let (saved, saved_floats) = ([a, b], [x, y, z]);
        let frame = Frame { saved: &saved, saved_floats: &saved_floats, locals: bytes, probed: value < 0 };
        match rng.below(24) {
            0 => asm.load_i64(a, value),
            1 => asm.load_f64(x, f64::from_bits(value as u64)),
            2 => asm.load_far(a, far),
            3 => asm.parallel_move(&moves),
            4 => asm.sub_imm_i64(a, b, value),
            5 => asm.sub_imm_i32(a.as_32(), b.as_32(), value as i32),
            6 => asm.add_checked_imm_i64(a, b, value, label),
            7 => asm.sub_checked_imm_i32(a.as_32(), b.as_32(), value as i32, label),
            8 => asm.sub_checked_i64(a, b, c, label),
            9 => asm.abs_checked_i32(a.as_32(), b.as_32(), label),
            10 => asm.div_i64(a, b, c, label, label),
            11 => asm.rem_u32(a.as_32(), b.as_32(), c.as_32(), label),
            12 => asm.select_i64(compare, a, b, c),
            13 => asm.max_f64(x, y, z),
            14 => asm.u64_to_f64(x, a),
            15 => asm.f64_to_u64_saturating(a, x),
            16 => asm.branch_imm_i64(compare, a, value, label),
            17 => asm.branch_imm_i32(compare, a.as_32(), value as i32, label),
            18 => asm.set_f64(float_compare, a, x, y),
            19 => asm.store(Width::W16, a, b, value),
            20 => asm.call_far(far, through),
            21 => _ = asm.prologue(abi, &frame),
            22 => asm.epilogue(abi, &frame),
            _ => asm.probe_stack(bytes),
        }
        asm.bind(label);
        let size = asm.offset();
        if let Ok(code) = asm.finish() {
            let end = code.data().first().map_or(code.bytes().len(), |data| data.start as usize);
            let mut at = 0;
            while at < end.min(size as usize) {
                at += Disassembler.disassemble(&code.bytes()[at..end], at as u32).expect("an instruction").0;
            }
        }
    }
}
