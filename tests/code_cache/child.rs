//! Tests that run in a process of their own.

use std::env;
use std::process::{Command, Output};

const VARIABLE: &str = "ORUS_CODE_CACHE_CHILD";

/// Runs `child` in another process, and returns what it wrote and how it ended: with status 0, unless it panicked or died.
///
/// `test` is the path of the test that calls this, and calls it once. In the other process this does not return.
pub fn run(test: &str, child: impl FnOnce()) -> Output {
    if env::var_os(VARIABLE).is_some_and(|name| name == test) {
        child();
        std::process::exit(0);
    }
    let mut command = Command::new(env::current_exe().expect("the path of this program"));
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
