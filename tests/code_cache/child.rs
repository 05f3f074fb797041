//! Tests that run in a process of their own.

use std::env;
use std::process::{Command, Output};

const VARIABLE: &str = "ORUS_CODE_CACHE_CHILD";

/// Where Cargo has been told, for programs of another machine, what runs them.
const RUNNER: &str = if cfg!(target_arch = "aarch64") {
    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"
} else if cfg!(target_arch = "riscv64") {
    "CARGO_TARGET_RISCV64GC_UNKNOWN_LINUX_GNU_RUNNER"
} else {
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER"
};

/// Runs `child` in another process, and returns what it wrote and how it ended: with status 0, unless it panicked or died.
///
/// `test` is the path of the test that calls this, and calls it once. In the other process this does not return.
pub fn run(test: &str, child: impl FnOnce()) -> Output {
    if env::var_os(VARIABLE).is_some_and(|name| name == test) {
        child();
        std::process::exit(0);
    }
    let program = env::current_exe().expect("the path of this program");
    let mut command = match env::var_os(RUNNER) {
        Some(runner) => {
            let mut command = Command::new(runner);
            command.arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(VARIABLE, test);
    let output = command.output().expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("running 1 test"), "there is no test {test}: {text}");
    output
}

/// As [`run`], for a child that has to end well.
pub fn succeeds(test: &str, child: impl FnOnce()) {
    let output = run(test, child);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}: {}{}", output.status, text(&output.stdout), text(&output.stderr));
}
