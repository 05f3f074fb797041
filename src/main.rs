//! The command `orus`.
//!
//! With glibc the standard library's start is passed over, see [`start`].
#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
mod start;

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> std::process::ExitCode {
    orus::cli::main(std::env::args_os()).into()
}
