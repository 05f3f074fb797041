//! What an engine can be told about native code.

/// When native code is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Jit {
    /// Never.
    Off,
    /// Of what is run often.
    #[default]
    On,
    /// Of everything, compiled at its first execution: for tests.
    Always,
}

/// How code is written into memory that is never writable and executable at the same place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeWay {
    /// By a second view of a file in memory (Linux). What is taken if it works.
    Memfd,
    /// Into pages that become executable afterwards.
    Mprotect,
}

/// Trouble for the code generator, for tests: no program does anything else under it. What is asked for together comes together.
///
/// ```
/// let stress = orus::JitStress { few_registers: true, ..orus::JitStress::default() };
/// let mut engine = orus::Engine::builder().jit(orus::Jit::Always).jit_stress(stress).build();
/// let program = orus::Program::from_source("demo.orus", "print(1 + 2)").unwrap();
/// engine.run(&program).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JitStress {
    /// Only 4 integer and 2 float registers are allocated, so that most values live in memory.
    pub few_registers: bool,
    /// All code has to fit in 64 KiB; what does not is interpreted.
    pub tiny_cache: bool,
    /// Code is written in this way. Where it does not work, everything is interpreted.
    pub code_way: Option<CodeWay>,
    /// Passes of the optimiser that are left out, by their names in [`PASSES`](crate::opt::PASSES) and
    /// [`PARTS`](crate::opt::pipeline::PARTS); other names mean nothing.
    pub without: Vec<String>,
}

#[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
impl JitStress {
    /// How to compile so.
    pub(super) fn options(&self, level: crate::opt::Level) -> crate::jit::Options {
        let mut options = crate::jit::Options::default();
        options.optimizer.level = level;
        for pass in &self.without {
            options.optimizer.disable(pass);
        }
        if self.few_registers {
            options.compiler.registers = Some((4, 2));
        }
        if self.tiny_cache {
            options.cache.limit_bytes = 64 << 10;
        }
        options.cache.way = self.code_way.map(|way| match way {
            CodeWay::Memfd => crate::code::Way::Memfd,
            CodeWay::Mprotect => crate::code::Way::Mprotect,
        });
        options
    }
}
