//! Stress switches, by the names that `tools/stress` uses as well.

use std::fmt;
use std::str::FromStr;

use crate::opt::PASSES;
use crate::opt::pipeline::PARTS;
use crate::{CodeWay, JitStress};

/// A stress switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stress {
    /// Collect at every allocation, and check every reference.
    Gc,
    /// Compile everything before it runs.
    Compile,
    /// Allocate few registers.
    FewRegs,
    /// A cache that most programs' code does not fit in.
    TinyCache,
    /// Write code in this way.
    Wx(CodeWay),
    /// Leave a pass of the optimiser out.
    Without(&'static str),
}

/// A word that is no stress switch.
#[derive(Debug)]
pub struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut passes: Vec<_> = passes().collect();
        passes.sort_unstable();
        passes.dedup();
        write!(
            f,
            "there are gc, compile, few-regs, tiny-cache, wx=memfd, wx=mprotect, and no-PASS for the passes {}",
            passes.join(", ")
        )
    }
}

impl std::error::Error for Unknown {}

fn passes() -> impl Iterator<Item = &'static str> {
    PASSES.iter().chain(PARTS).map(|step| step.name)
}

impl FromStr for Stress {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Stress, Unknown> {
        match word {
            "gc" => Ok(Stress::Gc),
            "compile" => Ok(Stress::Compile),
            "few-regs" => Ok(Stress::FewRegs),
            "tiny-cache" => Ok(Stress::TinyCache),
            "wx=memfd" => Ok(Stress::Wx(CodeWay::Memfd)),
            "wx=mprotect" => Ok(Stress::Wx(CodeWay::Mprotect)),
            _ => {
                let name = word.strip_prefix("no-").ok_or(Unknown)?;
                passes().find(|&pass| pass == name).map(Stress::Without).ok_or(Unknown)
            }
        }
    }
}

/// What of these switches concerns the code generator.
pub fn of_the_code_generator(switches: &[Stress]) -> JitStress {
    let mut stress = JitStress::default();
    for switch in switches {
        match switch {
            Stress::Gc | Stress::Compile => {}
            Stress::FewRegs => stress.few_registers = true,
            Stress::TinyCache => stress.tiny_cache = true,
            Stress::Wx(way) => stress.code_way = Some(*way),
            Stress::Without(pass) => stress.without.push((*pass).to_owned()),
        }
    }
    stress
}
