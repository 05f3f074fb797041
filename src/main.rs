//! The command `orus`.

fn main() -> std::process::ExitCode {
    orus::cli::main(std::env::args_os())
}
