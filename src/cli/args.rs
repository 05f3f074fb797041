//! The command line: what can be asked, and nothing about how it is done.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::stress::Stress;

/// Statically typed scripting that starts at once and runs fast.
#[derive(Parser, Debug)]
#[command(
    name = "orus",
    version,
    propagate_version = true,
    args_conflicts_with_subcommands = true,
    override_usage = "orus [OPTIONS] FILE [ARGS]...\n       orus [OPTIONS] -e CODE [ARGS]...\n       orus COMMAND",
    after_help = "Without a file, on a terminal, the REPL starts. `-` reads the program from standard input.\n\
                  `orus COMMAND --help` tells more about a command."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a program (the same as `orus FILE`)
    Run(RunArgs),
    /// Report the compile-time errors of programs without running them
    Check(CheckArgs),
    /// Start an interactive session
    Repl(ReplArgs),
    /// Run the functions `test_…` of `*_test.orus` files
    Test(TestArgs),
    /// Lay out source files in the canonical style
    Fmt(FmtArgs),
    /// Show what a program is compiled to
    Dump(DumpArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// What the commonest command lines mean, `orus FILE [ARGS]...` and `orus -e CODE`, without the definition of all the
    /// others: to build that takes longer than to run a small program. The first word is the program's name.
    ///
    /// `None` for whatever may mean something else.
    pub fn quick(words: &[OsString]) -> Option<Cli> {
        let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
        let run = match words {
            [_, option, code] if option == "-e" && !is_option(code) => {
                RunArgs { code: Some(code.to_str()?.to_owned()), ..RunArgs::default() }
            }
            // No command's name has such a character in it.
            [_, file, ..]
                if !is_option(file) && file.as_encoded_bytes().iter().any(|byte| b"./".contains(byte)) =>
            {
                RunArgs { words: words[1..].to_vec(), ..RunArgs::default() }
            }
            _ => return None,
        };
        Some(Cli { command: None, run })
    }
}

/// How reports look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum ErrorFormat {
    /// With source excerpts and help
    #[default]
    Friendly,
    /// One line a report
    Minimal,
    /// One JSON object a line
    Json,
}

/// Which parts of a program run as native code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum JitMode {
    Off,
    On,
    Always,
}

/// How much native code is optimised.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum OptLevel {
    None,
    Fast,
    Full,
}

/// How the code generator's counts look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum StatsFormat {
    Text,
    Json,
}

/// Options of all commands that report errors.
#[derive(Args, Debug, Clone, Default)]
pub struct ReportArgs {
    /// How errors are reported: friendly, minimal (a line each) or json (an object each)
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    pub error_format: ErrorFormat,
    /// Never use colour
    #[arg(long)]
    pub no_color: bool,
}

/// Options of all commands that run programs.
#[derive(Args, Debug, Clone, Default)]
pub struct LimitArgs {
    /// How deep calls may nest [default: 100000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_recursion: Option<u32>,
    /// How large the heap may grow, as in 512M or 2G [default: half of the memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_heap: Option<u64>,
    /// Forbid foreign functions
    #[arg(long)]
    pub no_ffi: bool,
    /// Run by the interpreter alone
    #[arg(long)]
    pub no_jit: bool,
    /// When to run native code: off, on or always
    #[arg(long, value_name = "MODE", value_enum, conflicts_with = "no_jit", hide_possible_values = true)]
    pub jit: Option<JitMode>,
    /// Compile what has been passed so often [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jit_threshold: Option<u32>,
    /// How much native code is optimised: none, fast or full [default: full]
    #[arg(long, value_name = "LEVEL", value_enum, hide_possible_values = true)]
    pub jit_opt_level: Option<OptLevel>,
    /// Report on standard error what was compiled, and how it went: as text, or as one object (json)
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        hide_possible_values = true
    )]
    pub jit_stats: Option<StatsFormat>,
    /// Look for trouble: gc (collect at every allocation and check every reference), compile (everything before it runs), few-regs,
    /// tiny-cache, wx=memfd, wx=mprotect (how code is written), no-PASS (leave a pass of the optimiser out)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub stress: Vec<Stress>,
}

#[derive(Args, Debug, Default)]
pub struct RunArgs {
    /// Run this text instead of a file
    #[arg(short = 'e', value_name = "CODE", allow_hyphen_values = true)]
    pub code: Option<String>,
    /// Only report compile-time errors
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// The program and its arguments
    // A word that looks like an option may follow the program's name, but not stand in its place: it is a mistyped option.
    #[arg(value_name = "FILE", trailing_var_arg = true)]
    pub words: Vec<OsString>,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    pub report: ReportArgs,
    /// Programs; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ReplArgs {
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Never use colour
    #[arg(long)]
    pub no_color: bool,
}

#[derive(Args, Debug)]
pub struct TestArgs {
    /// Run only the tests whose name contains this
    #[arg(long, short, value_name = "TEXT")]
    pub filter: Option<String>,
    /// List the tests, run none
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Files, or folders to search [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub struct FmtArgs {
    /// Change nothing; name the files that would change, and fail if there are any
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Files, or folders to search; `-` formats standard input to standard output
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// What `orus dump` can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Stage {
    /// What the interpreter runs
    Bytecode,
    /// The IR as it was translated from bytecode
    Translated,
    /// The IR after the optimiser
    Ir,
    /// Where values live, as a picture
    Intervals,
    /// The machine code
    Asm,
}

#[derive(Args, Debug)]
pub struct DumpArgs {
    /// What to show
    #[arg(long, value_enum, value_name = "STAGE", default_value = "bytecode")]
    pub stage: Stage,
    /// Only functions of this name
    #[arg(long = "fn", value_name = "NAME")]
    pub function: Option<String>,
    /// The bare text form, as it can be read back, without source lines
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub report: ReportArgs,
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Bytes, with an optional suffix K, M, G or T in powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size such as 64M");
    let (digits, shift) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'm' | 'M')) => (&text[..at], 20),
        Some((at, 'g' | 'G')) => (&text[..at], 30),
        Some((at, 't' | 'T')) => (&text[..at], 40),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << shift).filter(|&bytes| bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_quick_way_means_the_same() {
        let vocabulary = [
            "",
            "-",
            "--",
            "-e",
            "-x",
            "-e.x",
            "--check",
            "--help",
            "--max-heap",
            "--max-heap=1.5",
            "run",
            "help",
            "check",
            "a.orus",
            "./run",
            "x/y",
            "print(1.5)",
            "ä.b",
            "file",
            "1",
        ];
        let mut quick = 0;
        let mut lines = vec![vec![OsString::from("orus")]];
        for _ in 0..3 {
            let longer = |line: &Vec<OsString>| {
                let line = line.clone();
                vocabulary.map(|word| line.iter().cloned().chain([word.into()]).collect::<Vec<_>>())
            };
            lines = lines.iter().flat_map(longer).collect();
            for line in &lines {
                let Some(found) = Cli::quick(line) else { continue };
                let expected = Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
                assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{line:?}");
                quick += 1;
            }
        }
        assert!(quick > 1000, "{quick}");
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;

            let strange = || OsString::from_vec(b"\xff.orus".to_vec());
            assert!(Cli::quick(&["orus".into(), "-e".into(), strange()]).is_none());
            let line = ["orus".into(), strange(), strange()];
            let (found, expected) = (Cli::quick(&line).unwrap(), Cli::try_parse_from(&line).unwrap());
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        }
    }

    #[test]
    fn sizes_have_binary_suffixes() {
        assert_eq!(size("64M"), Ok(64 << 20));
        assert_eq!(size("1000"), Ok(1000));
        for wrong in ["", "M", "0", "-1", "1.5G", "99999999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
