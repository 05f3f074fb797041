//! Names of code for `perf`: a file `perf-PID.map` of lines with address, size (both hexadecimal) and name.
//!
//! `perf report` looks for it in `/tmp`, and wants it to be the user's who records. It cannot say that code was freed: of regions
//! that were at the same address after one another, it takes any. Nothing is written unless someone makes a [`PerfMap`].
//!
//! Source. Linux, tools/perf/Documentation/jit-interface.txt.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The file of one process. All threads may use it.
#[derive(Debug)]
pub struct PerfMap {
    path: PathBuf,
    process: u32,
    /// None after an error: half a map is of use, and a program does not fail for one.
    file: Mutex<Option<File>>,
}

impl PerfMap {
    /// The one in `/tmp`, where `perf` looks, made at the first call.
    ///
    /// # Errors
    /// If it could not be made; then every call says so.
    pub fn of_process() -> Result<&'static PerfMap, &'static io::Error> {
        static MAP: OnceLock<io::Result<PerfMap>> = OnceLock::new();
        MAP.get_or_init(|| PerfMap::create(Path::new("/tmp"))).as_ref()
    }

    /// Makes `perf-PID.map` in this directory. One that is there is replaced: it is of a process that had the same number.
    ///
    /// # Errors
    /// If it cannot be made: no link is followed, and what belongs to others, in a directory that protects it, stays.
    pub fn create(directory: &Path) -> io::Result<PerfMap> {
        let process = std::process::id();
        let path = directory.join(format!("perf-{process}.map"));
        let mut options = OpenOptions::new();
        // Creating a new file never follows a link.
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).or_else(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            fs::remove_file(&path)?;
            options.open(&path)
        })?;
        Ok(PerfMap { path, process, file: Mutex::new(Some(file)) })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says what is at these addresses. After the first error, and in a child process, nothing is written any more.
    pub fn add(&self, address: u64, size: usize, name: &str) {
        if std::process::id() != self.process {
            return;
        }
        let name = name.replace(char::is_control, " ");
        let line = format!("{address:x} {size:x} {name}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.as_mut().is_some_and(|file| file.write_all(line.as_bytes()).is_err()) {
            *file = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is removed when this is dropped.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Directory {
            let path = std::env::temp_dir().join(format!("orus-perf-map-{}-{name}", std::process::id()));
            fs::create_dir(&path).expect("a new directory");
            Directory(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).expect("the directory is ours");
        }
    }

    #[test]
    fn a_line_a_region() {
        let directory = Directory::new("lines");
        let map = PerfMap::create(&directory.0).expect("a file");
        assert_eq!(map.path(), directory.0.join(format!("perf-{}.map", std::process::id())));
        map.add(0x7f12_3456_7000, 0x1c0, "orus: fib at sum.orus:4");
        map.add(16, 1, "two\nlines\tin one");
        let text = fs::read_to_string(map.path()).expect("text");
        assert_eq!(text, "7f1234567000 1c0 orus: fib at sum.orus:4\n10 1 two lines in one\n");
    }

    #[test]
    fn threads_do_not_mix_their_lines() {
        let directory = Directory::new("threads");
        let map = PerfMap::create(&directory.0).expect("a file");
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let map = &map;
                scope.spawn(move || (0..250).for_each(|i| map.add(thread, i, &"x".repeat(i % 50))));
            }
        });
        let text = fs::read_to_string(map.path()).expect("text");
        assert_eq!(text.lines().count(), 1000);
        for line in text.lines() {
            let mut parts = line.split(' ');
            let mut number = || u64::from_str_radix(parts.next().expect("a part"), 16).expect("a number");
            let (thread, size) = (number(), number());
            assert!(thread < 4 && parts.next().is_some_and(|name| name.len() as u64 == size % 50), "{line}");
        }
    }

    #[test]
    fn an_older_map_is_replaced() {
        let directory = Directory::new("older");
        PerfMap::create(&directory.0).expect("a file").add(1, 1, "old");
        let map = PerfMap::create(&directory.0).expect("a file");
        map.add(2, 2, "new");
        assert_eq!(fs::read_to_string(map.path()).expect("text"), "2 2 new\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let directory = Directory::new("link");
        let (victim, link) =
            (directory.0.join("victim"), directory.0.join(format!("perf-{}.map", std::process::id())));
        fs::write(&victim, "precious").expect("a file");
        std::os::unix::fs::symlink(&victim, &link).expect("a link");
        PerfMap::create(&directory.0).expect("a file").add(1, 1, "name");
        assert_eq!(fs::read_to_string(&victim).expect("text"), "precious");
        assert_eq!(fs::read_to_string(&link).expect("text"), "1 1 name\n");
    }

    #[test]
    fn what_cannot_be_made_is_an_error() {
        let missing = Path::new("/nonexistent/orus");
        assert_eq!(PerfMap::create(missing).expect_err("no directory").kind(), io::ErrorKind::NotFound);
    }
}
