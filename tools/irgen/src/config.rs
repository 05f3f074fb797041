//! In which way a program is optimised and compiled.

use std::fmt;
use std::str::FromStr;

use orus::opt::pipeline::Vectors;
use orus::opt::{Level, Options, PASSES};
use orus_progen::rng::Rng;

/// A way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How much is done.
    pub level: Level,
    /// Steps that are not run, as bits by their index in [`PASSES`].
    pub disabled: u64,
    /// The target has AVX2; else it is a baseline x86_64, or the like.
    pub avx2: bool,
    /// How many registers of a class the allocator may use; 0 for all.
    pub registers: u8,
}

const LEVELS: [(&str, Level); 3] = [("none", Level::None), ("fast", Level::Fast), ("full", Level::Full)];

fn steps_but(name: &str) -> u64 {
    PASSES
        .iter()
        .enumerate()
        .filter(|(_, step)| step.name != name)
        .fold(0, |bits, (index, _)| bits | 1 << index)
}

fn all_steps() -> u64 {
    PASSES.iter().enumerate().fold(0, |bits, (index, _)| bits | 1 << index)
}

/// Each pass once.
fn pass_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for step in PASSES {
        if !names.contains(&step.name) {
            names.push(step.name);
        }
    }
    names
}

impl Config {
    /// Nothing is done.
    pub const PLAIN: Config = Config { level: Level::None, disabled: 0, avx2: true, registers: 0 };

    /// Draws one. Programs with vector instructions need a target that has them.
    pub fn draw(rng: &mut Rng, vectors: bool) -> Config {
        let mut config = Config {
            level: rng.weighted(&[(2, Level::None), (5, Level::Fast), (9, Level::Full)]),
            disabled: 0,
            avx2: vectors || rng.chance(50),
            registers: rng.weighted(&[(6, 0), (2, 4), (2, 6)]),
        };
        if !PASSES.is_empty() {
            let step = rng.pick(PASSES).name;
            match rng.below(10) {
                0..2 => config = Config { level: Level::Full, disabled: steps_but(step), ..config },
                2 => {
                    config = Config { level: Level::Full, disabled: all_steps() & !steps_but(step), ..config }
                }
                _ => {}
            }
        }
        config
    }

    /// All of them: each level and each pass alone, with each set of features and of registers.
    pub fn all(vectors: bool) -> Vec<Config> {
        let mut ways: Vec<(Level, u64)> = LEVELS.iter().map(|&(_, level)| (level, 0)).collect();
        ways.extend(pass_names().into_iter().map(|name| (Level::Full, steps_but(name))));
        let mut all = Vec::new();
        for (level, disabled) in ways {
            for avx2 in [false, true] {
                for registers in [0, 4, 6] {
                    if avx2 || !vectors {
                        all.push(Config { level, disabled, avx2, registers });
                    }
                }
            }
        }
        all
    }

    /// What the optimiser is told.
    pub fn options(&self, verify: bool) -> Options {
        let mut options = Options::new(self.level);
        options.disabled = self.disabled;
        options.vectors = if self.avx2 { Vectors::all() } else { Vectors::empty() };
        options.verify = verify;
        options
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = LEVELS.iter().find(|(_, level)| *level == self.level).map_or("none", |(name, _)| name);
        f.write_str(level)?;
        f.write_str(if self.avx2 { ",avx2" } else { ",baseline" })?;
        if self.registers > 0 {
            write!(f, ",registers={}", self.registers)?;
        }
        let run: Vec<&str> = PASSES
            .iter()
            .enumerate()
            .filter(|(index, _)| self.disabled >> index & 1 == 0)
            .map(|(_, step)| step.name)
            .collect();
        match run.first() {
            Some(only) if self.disabled != 0 && run.iter().all(|name| name == only) => {
                write!(f, ",only={only}")
            }
            _ => {
                // A pass may be there more than once.
                for name in pass_names() {
                    if !run.contains(&name) {
                        write!(f, ",no-{name}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Config {
    type Err = String;

    fn from_str(text: &str) -> Result<Config, String> {
        let mut config = Config::PLAIN;
        for word in text.split(',') {
            let known = |name: &str| PASSES.iter().any(|step| step.name == name);
            if let Some(&(_, level)) = LEVELS.iter().find(|(name, _)| *name == word) {
                config.level = level;
            } else if word == "avx2" || word == "baseline" {
                config.avx2 = word == "avx2";
            } else if let Some(count) = word.strip_prefix("registers=") {
                config.registers =
                    count.parse().map_err(|_| format!("`{count}` is no number of registers"))?;
            } else if let Some(name) = word.strip_prefix("only=").filter(|name| known(name)) {
                config.disabled = steps_but(name);
            } else if let Some(name) = word.strip_prefix("no-").filter(|name| known(name)) {
                config.disabled |= all_steps() & !steps_but(name);
            } else {
                return Err(format!("`{word}` is no level, feature set, number of registers or pass"));
            }
        }
        Ok(config)
    }
}
