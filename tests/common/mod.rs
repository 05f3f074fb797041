//! What the tests of the command share: running `orus` with a limit of time, scratch folders.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wait_timeout::ChildExt;

/// Longer than any run should take on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(240);

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts the exit status, and that nothing of the implementation shows.
    #[track_caller]
    pub fn ended(&self, status: i32) -> &Ran {
        assert_eq!(self.status, status, "{self:#?}");
        for sign in ["panicked", "RUST_BACKTRACE", "stack backtrace", "src/", "INTERNAL"] {
            assert!(!self.err.contains(sign), "standard error speaks of `{sign}`: {self:#?}");
        }
        self
    }

    /// Asserts success: the standard output, and nothing on standard error.
    #[track_caller]
    pub fn printed(&self, out: &str) {
        self.ended(0);
        assert_eq!((&*self.out, &*self.err), (out, ""));
    }

    /// Asserts a status and one message on standard error which has all these parts.
    #[track_caller]
    pub fn complained(&self, status: i32, parts: &[&str]) {
        self.ended(status);
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is missing: {self:#?}");
        }
        let reports = self.err.lines().filter(|line| line.starts_with("-- ")).count();
        let lines = self.err.lines().filter(|line| line.starts_with("orus: ")).count();
        let usage = self.err.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(reports + lines + usage, 1, "it is one message: {self:#?}");
    }
}

/// `orus` with words, in a folder of its own choice.
pub fn orus(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orus"));
    command.args(words).env_remove("ORUSPATH").env_remove("RUST_BACKTRACE").env("NO_COLOR", "1");
    command
}

/// Runs to the end without any input.
pub fn run(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    run_with(&mut orus(words), b"")
}

/// Runs to the end with an input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orus starts");
    // A program that ends before it has read all of its input closes the pipe: no failure of the test.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    finish(child)
}

/// Waits for the end of a child, whose piped outputs are drained by threads so that neither side waits for the other.
pub fn finish(mut child: Child) -> Ran {
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut bytes).expect("a pipe can be read");
            }
            String::from_utf8(bytes).expect("the output is UTF-8")
        })
    };
    let out = read(child.stdout.take().map(|stream| Box::new(stream) as _));
    let err = read(child.stderr.take().map(|stream| Box::new(stream) as _));
    let Some(status) = child.wait_timeout(LIMIT).expect("a child can be waited for") else {
        child.kill().expect("a child can be ended");
        panic!("it did not end in time");
    };
    let (out, err) = (out.join().expect("output"), err.join().expect("errors"));
    let status = status.code().unwrap_or_else(|| panic!("it died of {status}: {out}{err}"));
    Ran { status, out, err }
}

/// A folder that goes with its owner.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("orus-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a scratch folder can be made");
        // Reports name files as they were named; a link on the way to the folder must not come between.
        Scratch(folder.canonicalize().expect("it was made"))
    }

    /// The same, with files in it.
    pub fn with(files: &[(&str, &str)]) -> Scratch {
        let scratch = Scratch::new();
        for (name, text) in files {
            scratch.write(name, text);
        }
        scratch
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = self.0.join(name);
        std::fs::create_dir_all(file.parent().expect("it is in the folder")).expect("a folder can be made");
        std::fs::write(file, text).expect("a scratch file can be written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("the file is there")
    }

    /// `orus` with words, in this folder.
    pub fn orus(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = orus(words);
        command.current_dir(&self.0);
        command
    }

    /// Runs in this folder without any input.
    pub fn run(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        run_with(&mut self.orus(words), b"")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// All `*.orus` files of a folder of the project and below.
pub fn programs(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "orus") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
