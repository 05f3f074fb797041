//! The kernels as gcc compiles them.
#![allow(unsafe_code, reason = "it loads a library that was just made")]

use std::ffi::CString;
use std::process::Command;

use crate::native::Native;

/// The kernels of one level of optimisation, as a loaded library; it stays loaded.
pub struct Library {
    handle: *mut libc::c_void,
    sizes: Vec<(String, usize)>,
}

impl Library {
    /// Compiles the kernels, with `-O2` or the like.
    ///
    /// # Panics
    /// If there is no gcc, or the library cannot be loaded.
    pub fn new(level: &str) -> Library {
        let folder = std::env::temp_dir().join(format!("codegen-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        let (source, library) = (folder.join("kernels.c"), folder.join(format!("kernels{level}.so")));
        std::fs::write(&source, include_str!("../kernels/kernels.c")).expect("a file can be written");
        let mut gcc = Command::new("gcc");
        gcc.args([level, "-shared", "-fPIC", "-fwrapv", "-ffp-contract=off", "-o"])
            .arg(&library)
            .arg(&source);
        assert!(gcc.arg("-lm").status().expect("gcc can be started").success(), "gcc failed");
        let symbols = Command::new("nm").args(["-S", "--defined-only"]).arg(&library).output();
        let symbols = String::from_utf8(symbols.expect("nm can be started").stdout).expect("text");
        let size = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [_, size, "t" | "T", name] => Some((name.to_owned(), usize::from_str_radix(size, 16).ok()?)),
                _ => None,
            }
        };
        let sizes = symbols.lines().filter_map(size).collect();
        let path = CString::new(library.to_str().expect("a path that is text")).expect("no zero in a path");
        // SAFETY: the library was just made of our source, and has no constructors.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        assert!(!handle.is_null(), "the library can be loaded");
        // The library stays mapped.
        std::fs::remove_dir_all(&folder).expect("the folder can be removed");
        Library { handle, sizes }
    }

    /// A kernel.
    ///
    /// # Panics
    /// If there is no such kernel.
    pub fn kernel(&self, name: &str) -> Native {
        let symbol = CString::new(name).expect("no zero in a name");
        // SAFETY: the handle is that of a library which stays loaded.
        let address = unsafe { libc::dlsym(self.handle, symbol.as_ptr()) };
        assert!(!address.is_null(), "gcc has no kernel `{name}`");
        let bytes = self.sizes.iter().find(|(known, _)| known == name).map_or(0, |&(_, size)| size);
        // SAFETY: kernels.c gives its functions this type, and the library stays loaded.
        unsafe { Native::new(address as u64, bytes, Box::new(())) }
    }
}
