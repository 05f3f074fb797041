//! The macro assemblers, run: what each macro does, compared with a model in Rust, on the machine this is compiled for.
//!
//! The tests are written once, generic over [`MacroAssembler`]. For each choice of registers, aliases included, a function is
//! made with the macros themselves and called with all pairs of corners and with random operands. `-- --nocapture`
//! shows how many operand sets each macro got. A failure prints the seed; `ORUS_SEED` sets it.

mod arith;
mod compare;
mod constants;
mod convert;
mod errors;
mod exec;
mod features;
mod frame;
mod labels;
mod memory;
mod moves;
mod operands;
mod run;

use orus::asm::macros::MacroAssembler;

/// The assembler of the machine this is compiled for.
#[cfg(target_arch = "aarch64")]
type Native = orus::asm::a64::Assembler;
#[cfg(target_arch = "riscv64")]
type Native = orus::asm::rv64::Assembler;
#[cfg(target_arch = "x86_64")]
type Native = orus::asm::x64::Assembler;

/// What the tests need of a target beyond its macros.
trait Target: MacroAssembler + 'static {
    /// Raises the stack pointer by a multiple of 16, below 2 GiB: undoes `probe_stack`.
    fn raise_stack(&mut self, bytes: u32);

    /// Takes another of the ways in which the macros can be said on this machine, if there are several.
    fn vary(&mut self, _choice: usize) {}
}

#[cfg(target_arch = "x86_64")]
impl Target for Native {
    fn raise_stack(&mut self, bytes: u32) {
        self.add_r64_i32(orus::asm::x64::reg::RSP, bytes as i32);
    }
}

#[cfg(target_arch = "aarch64")]
impl Target for Native {
    fn raise_stack(&mut self, bytes: u32) {
        use orus::asm::a64::operand::U12;
        use orus::asm::a64::reg::SP;
        for _ in 0..bytes >> 24 {
            self.add_x_rri_hi(SP, SP, U12::new(0xfff).unwrap());
            self.add_x_rri_hi(SP, SP, U12::new(1).unwrap());
        }
        self.add_x_rri_hi(SP, SP, U12::new(bytes >> 12 & 0xfff).unwrap());
        self.add_x_rri(SP, SP, U12::new(bytes & 0xfff).unwrap());
    }
}

#[cfg(target_arch = "riscv64")]
impl Target for Native {
    fn raise_stack(&mut self, bytes: u32) {
        use orus::asm::rv64::operand::I12;
        use orus::asm::rv64::reg::X;
        let sp = X::new(2).unwrap();
        for _ in 0..bytes / 1024 {
            self.addi(sp, sp, I12::new(1024).unwrap());
        }
        self.addi(sp, sp, I12::new((bytes % 1024) as i32).unwrap());
    }

    /// With and without compressed forms, and extensions that the machine has.
    fn vary(&mut self, choice: usize) {
        use orus::asm::rv64::macros::Features;
        use orus::code::features::Rv64;
        let host = Rv64::detect();
        let has = |bit: u32, feature| choice >> bit & 1 == 1 && host.contains(feature);
        self.compress(choice & 1 == 0);
        self.set_features(Features {
            zba: has(1, Rv64::ZBA),
            zbb: has(2, Rv64::ZBB),
            zbs: has(1, Rv64::ZBS),
        });
    }
}

#[test]
fn arithmetic() {
    arith::checked::<Native>();
}

#[test]
fn immediates() {
    arith::immediates::<Native>();
}

#[test]
fn division() {
    arith::division::<Native>();
}

#[test]
fn selection() {
    arith::selection::<Native>();
}

#[test]
fn conversions() {
    convert::all::<Native>();
}

#[test]
fn branches() {
    compare::branches::<Native>();
}

#[test]
fn sets() {
    compare::sets::<Native>();
}

#[test]
fn constants() {
    constants::all::<Native>();
}

#[test]
fn moves() {
    moves::single::<Native>();
}

#[test]
fn parallel_moves() {
    moves::parallel::<Native>();
}

#[test]
fn memory() {
    memory::all::<Native>();
}

#[test]
fn calls() {
    frame::calls::<Native>();
}

#[test]
fn frames() {
    frame::frames::<Native>(Native::HOST_ABI);
}

/// The convention of another platform can be run too, where nothing but our own functions is called with it.
#[cfg(target_arch = "x86_64")]
#[test]
fn frames_of_windows() {
    frame::frames::<Native>(orus::asm::x64::macros::Abi::Windows);
}

/// The other conventions use the same registers.
#[cfg(target_arch = "aarch64")]
#[test]
fn frames_of_other_platforms() {
    use orus::asm::a64::macros::Abi;
    for abi in [Abi::Aapcs64, Abi::Apple, Abi::Windows] {
        frame::frames::<Native>(abi);
    }
}

#[test]
fn probing() {
    frame::probing::<Native>();
}

/// A stack too small for what is probed: the guard page is met, as the system's own report of a stack overflow shows. A
/// process of its own, which dies of it.
#[cfg(unix)]
#[test]
fn probes_meet_the_guard_page() {
    const HOW: &str = "ORUS_MACROS_OVERFLOW";
    if let Ok(how) = std::env::var(HOW) {
        frame::overflow::<Native>(how == "prologue");
        panic!("the stack was not too small");
    }
    for how in ["probe", "prologue"] {
        let mut command = this_program();
        command.args(["--exact", "probes_meet_the_guard_page"]).env(HOW, how);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("has overflowed its stack"), "{how}: {text}");
    }
}

/// What runs this program once more: the emulator, where it runs under one.
#[cfg(unix)]
fn this_program() -> std::process::Command {
    let program = std::env::current_exe().unwrap();
    let runner = if cfg!(target_arch = "aarch64") {
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"
    } else {
        "CARGO_TARGET_RISCV64GC_UNKNOWN_LINUX_GNU_RUNNER"
    };
    match std::env::var(runner) {
        Ok(runner) if cfg!(not(target_arch = "x86_64")) => {
            let mut command = std::process::Command::new(runner);
            command.arg(program);
            command
        }
        _ => std::process::Command::new(program),
    }
}

#[test]
fn random_control_flow() {
    labels::walks::<Native>();
}

#[test]
fn misplaced_labels_are_noticed() {
    labels::misplaced_labels_are_noticed::<Native>();
}

#[test]
fn wrong_operands_are_errors() {
    errors::all::<Native>();
}

/// A macro without a test is seen here: each has its name in a call that counts its operand sets, and the count is
/// checked.
#[test]
fn every_macro_has_a_test() {
    let sources = [
        include_str!("arith.rs"),
        include_str!("compare.rs"),
        include_str!("constants.rs"),
        include_str!("convert.rs"),
        include_str!("frame.rs"),
        include_str!("memory.rs"),
        include_str!("moves.rs"),
    ];
    let mut found = 0;
    for line in include_str!("../../src/asm/macros/mod.rs").lines() {
        if let Some(rest) = line.strip_prefix("    fn ")
            && let Some((name, _)) = rest.split_once('(')
            && rest.contains("&mut self")
        {
            found += 1;
            let text = format!("\"{name}\"");
            assert!(sources.iter().any(|source| source.contains(&text)), "nothing tests {name}");
        }
    }
    assert!(found >= 70, "only {found} macros were found");
}
