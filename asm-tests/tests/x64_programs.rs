//! Whole programs with labels, ours and those of GNU as: forward and backward branches, short and near, calls, addresses
//! relative to `rip` with and without immediates behind them.

use std::fmt::Write;

use asm_tests::x64::GNU_AS;
use orus::asm::Label;
use orus::asm::form::{Operand, Pick, Rng};
use orus::asm::x64::reg::*;
use orus::asm::x64::{Assembler, Cond, Gpr64, Mem, forms};

/// A program twice: in our assembler, and as text.
struct Program {
    asm: Assembler,
    text: String,
    labels: Vec<Label>,
    bound: Vec<bool>,
    shrink: bool,
}

impl Program {
    fn new(labels: usize, shrink: bool) -> Program {
        let mut asm = Assembler::new();
        asm.shrink_branches(shrink);
        let labels: Vec<Label> = (0..labels).map(|_| asm.new_label()).collect();
        let bound = vec![false; labels.len()];
        Program { asm, text: String::new(), labels, bound, shrink }
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn bind(&mut self, label: usize) {
        self.asm.bind(self.labels[label]);
        self.bound[label] = true;
        self.line(&format!("L{label}:"));
    }

    /// GNU as relaxes all branches; ours are long forward, unless they are shrunk.
    fn pin(&self, label: usize) -> &'static str {
        if self.shrink || self.bound[label] { "" } else { "{disp32} " }
    }

    fn jmp(&mut self, label: usize) {
        self.line(&format!("{}jmp L{label}", self.pin(label)));
        self.asm.jmp(self.labels[label]);
    }

    fn jcc(&mut self, cond: Cond, label: usize) {
        self.line(&format!("{}j{cond} L{label}", self.pin(label)));
        self.asm.jcc(cond, self.labels[label]);
    }

    fn gap(&mut self, bytes: usize) {
        self.line(&format!(".fill {bytes}, 1, 0x90"));
        self.asm.put_data(&vec![0x90; bytes]);
    }

    fn random_instruction(&mut self, rng: &mut Rng) {
        let table = forms::FORMS[rng.below(forms::FORMS.len() as u64) as usize];
        let form = &table[rng.below(table.len() as u64) as usize];
        let number = rng.below(200);
        let text = (form.case)(&mut self.asm, &mut Pick::new(rng, number));
        self.line(&text);
    }

    fn use_address(&mut self, rng: &mut Rng, label: usize) {
        let mem = Mem::label(self.labels[label]);
        let at = format!("[rip+L{label}]");
        let register = Gpr64::random(rng);
        match rng.below(7) {
            0 => {
                self.line(&format!("lea {register}, {at}"));
                self.asm.lea_r64_m(register, mem);
            }
            1 => {
                self.line(&format!("add dword ptr {at}, 5"));
                self.asm.add_m32_i8(mem, 5);
            }
            2 => {
                self.line(&format!("mov qword ptr {at}, 0x12345678"));
                self.asm.mov_m64_i32(mem, 0x1234_5678);
            }
            3 => {
                self.line(&format!("mov word ptr {at}, 0x1234"));
                self.asm.mov_m16_u16(mem, 0x1234);
            }
            4 => {
                self.line(&format!("vaddpd ymm1, ymm2, ymmword ptr {at}"));
                self.asm.vaddpd_y_y_m256(YMM1, YMM2, mem);
            }
            5 => {
                self.line(&format!("vpternlogd zmm1, zmm2, dword ptr {at}{{1to16}}, 3"));
                self.asm.vpternlogd_zk_z_b32_u8(ZMM1, orus::asm::x64::Mask::NONE, ZMM2, mem, 3);
            }
            _ => {
                self.line(&format!("call L{label}"));
                self.asm.call(self.labels[label]);
            }
        }
    }

    fn compare(mut self, what: &str) {
        let theirs =
            GNU_AS.assemble(&self.text).unwrap_or_else(|error| panic!("{what}: {error:?}\n{}", self.text));
        let ours = self.asm.finish().unwrap_or_else(|error| panic!("{what}: {error}"));
        if ours.bytes() != theirs {
            let at = ours.bytes().iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let (ours, theirs) = (&ours.bytes()[at.saturating_sub(8)..], &theirs[at.saturating_sub(8)..]);
            panic!(
                "{what}: differs at {at:#x}\n{:02x?}\n{:02x?}\n{}",
                &ours[..24.min(ours.len())],
                &theirs[..24.min(theirs.len())],
                self.text
            );
        }
    }
}

#[test]
fn the_ends_of_the_short_range() {
    for shrink in [false, true] {
        // Forward all distances are in one program, and backward too: each pair of branch and label is closed.
        let mut program = Program::new(200, shrink);
        let mut label = 0;
        for gap in (0..3).chain(118..=135) {
            program.jmp(label);
            program.gap(gap);
            program.bind(label);
            program.jcc(Cond::Ne, label + 1);
            program.gap(gap);
            program.bind(label + 1);
            program.bind(label + 2);
            program.gap(gap);
            program.jmp(label + 2);
            program.bind(label + 3);
            program.gap(gap);
            program.jcc(Cond::P, label + 3);
            label += 4;
        }
        program.compare(if shrink { "shrunk" } else { "not shrunk" });
    }
}

#[test]
fn promised_short_branches_are_short_or_an_error() {
    for distance in 0..=140 {
        for back in [false, true] {
            let mut program = Program::new(1, false);
            let label = program.labels[0];
            if back {
                program.bind(0);
                program.gap(distance);
            }
            program.line("jae L0");
            program.asm.jcc_short(Cond::Ae, label);
            if !back {
                program.gap(distance);
                program.bind(0);
            }
            let reaches = if back { distance + 2 <= 128 } else { distance <= 127 };
            if reaches {
                if !(3..=120).contains(&distance) {
                    program.compare(&format!("distance {distance}"));
                }
            } else {
                let error = program.asm.finish().unwrap_err();
                assert!(matches!(error, orus::asm::AsmError::OutOfReach { .. }), "{error}");
            }
        }
    }
}

#[test]
fn random_programs() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let shrink = seed % 2 == 1;
        let count = 2 + rng.below(30) as usize;
        let mut program = Program::new(count, shrink);
        let mut to_bind: Vec<usize> = (0..count).collect();
        // Every seventh program is long enough for branches of 32 bits everywhere.
        let long_gaps = if seed % 7 == 0 { 60_000 } else { 100 };
        for _ in 0..rng.below(600) {
            let label = rng.below(count as u64) as usize;
            match rng.below(12) {
                0 | 1 => program.jcc(Cond::random(&mut rng), label),
                2 => program.jmp(label),
                3 => program.use_address(&mut rng, label),
                4 if rng.below(3) == 0 => program.gap(rng.below(long_gaps) as usize),
                5 if !to_bind.is_empty() => {
                    let index = rng.below(to_bind.len() as u64) as usize;
                    program.bind(to_bind.swap_remove(index));
                }
                _ => program.random_instruction(&mut rng),
            }
        }
        for label in to_bind {
            program.bind(label);
        }
        program.compare(&format!("seed {seed}"));
    }
}

#[test]
fn thousands_of_labels() {
    for shrink in [false, true] {
        let mut rng = Rng::new(9);
        let labels = 5000;
        let mut program = Program::new(labels, shrink);
        // What refers to a label is near it, ahead or behind: in the reach of a short branch or a little beyond.
        for label in 0..labels {
            program.bind(label);
            for _ in 0..1 + rng.below(3) {
                let far = rng.below(30) as usize;
                let to =
                    if rng.below(2) == 0 { label.saturating_sub(far) } else { (label + far).min(labels - 1) };
                match rng.below(8) {
                    0..=3 => program.jcc(Cond::random(&mut rng), to),
                    4 | 5 => program.jmp(to),
                    6 => program.use_address(&mut rng, to),
                    _ => program.random_instruction(&mut rng),
                }
            }
        }
        program.compare(if shrink { "shrunk" } else { "not shrunk" });
    }
}

#[test]
fn gaps_are_filled_with_instructions_that_do_nothing() {
    // The longest first, as `align` takes them.
    let nops = [
        "nop",
        "xchg ax, ax",
        "nop dword ptr [rax]",
        "{disp8} nop dword ptr [rax]",
        "{disp8} nop dword ptr [rax+rax*1]",
        "{disp8} nop word ptr [rax+rax*1]",
        "{disp32} nop dword ptr [rax]",
        "{disp32} nop dword ptr [rax+rax*1]",
        "{disp32} nop word ptr [rax+rax*1]",
    ];
    for before in 1..=32usize {
        let mut program = Program::new(0, false);
        program.gap(before);
        program.asm.align(32);
        let mut left = (32 - before % 32) % 32;
        while left > 0 {
            let size = left.min(9);
            program.line(nops[size - 1]);
            left -= size;
        }
        program.compare(&format!("{before} bytes before"));
    }
}

/// Alignment and data under shrinking: GNU as fills gaps otherwise, so this is checked by properties.
#[test]
fn shrinking_keeps_alignment_tables_notes_and_data() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut asm = Assembler::new();
        asm.shrink_branches(true);
        asm.keep_notes(true);
        let labels: Vec<Label> = (0..20).map(|_| asm.new_label()).collect();
        let table = asm.new_label();
        let mut aligned = Vec::new();
        let mut unbound = labels.clone();
        for _ in 0..300 {
            let label = labels[rng.below(20) as usize];
            match rng.below(10) {
                0 => asm.jmp(label),
                1 => asm.jcc(Cond::random(&mut rng), label),
                2 if rng.below(4) == 0 => {
                    let alignment = 1 << rng.below(6);
                    asm.align(alignment);
                    let label = asm.new_label();
                    asm.bind(label);
                    aligned.push((label, alignment));
                }
                3 if rng.below(3) == 0 => {
                    if let Some(label) = unbound.pop() {
                        asm.bind(label);
                        // A byte that nothing else has stands at each label.
                        asm.hlt();
                    }
                }
                4 if rng.below(5) == 0 => {
                    let constant = asm.constant(rng.below(5));
                    asm.mov_r64_m64(RAX, Mem::label(constant));
                }
                5 if rng.below(5) == 0 => {
                    asm.comment(format_args!("int3"));
                    asm.int3();
                }
                6 if rng.below(9) == 0 => asm.mov_external(RAX, 1, 0),
                _ => asm.nop(),
            }
        }
        for label in unbound {
            asm.bind(label);
            asm.hlt();
        }
        asm.put_jump_table(table, &labels);
        let code = asm.finish().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let bytes = code.bytes();
        let offset = |label| code.label_offset(label).unwrap() as usize;
        for (label, alignment) in aligned {
            assert_eq!(offset(label) % alignment as usize, 0, "seed {seed}");
        }
        for (index, label) in labels.iter().enumerate() {
            assert_eq!(bytes[offset(*label)], 0xf4, "seed {seed}");
            let entry = offset(table) + 4 * index;
            let entry = i32::from_le_bytes(bytes[entry..entry + 4].try_into().unwrap());
            assert_eq!(offset(table) as i64 + i64::from(entry), offset(*label) as i64);
        }
        for note in code.notes().all() {
            assert_eq!(bytes[note.offset as usize], 0xcc, "seed {seed}");
        }
        for reloc in code.relocs() {
            assert_eq!(bytes[reloc.offset as usize - 2..reloc.offset as usize], [0x48, 0xb8], "seed {seed}");
        }
        // Straight on, every instruction is one that was emitted, and branches lead to labels.
        let end = code.data().first().map_or(bytes.len(), |range| range.start as usize);
        let mut at = 0;
        while at < end {
            at += match bytes[at] {
                0xeb | 0x70..=0x7f => {
                    let to = at as i64 + 2 + i64::from(bytes[at + 1] as i8);
                    assert_eq!(bytes[to as usize], 0xf4, "seed {seed}");
                    2
                }
                0xe9 => {
                    let to = at as i64
                        + 5
                        + i64::from(i32::from_le_bytes(bytes[at + 1..at + 5].try_into().unwrap()));
                    assert_eq!(bytes[to as usize], 0xf4, "seed {seed}");
                    assert!((to - at as i64 - 2).abs() > 100, "seed {seed}: a long branch to a near label");
                    5
                }
                _ => {
                    use orus::asm::listing::Disassemble;
                    let read = orus::asm::x64::Disassembler.disassemble(&bytes[at..], at as u32);
                    read.unwrap_or_else(|| {
                        panic!("seed {seed}: no instruction at {at:#x}: {:02x?}", &bytes[at..at + 8])
                    })
                    .0
                }
            };
        }
    }
}
