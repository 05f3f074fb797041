//! The start of the process, for Linux with glibc.
//!
//! What the standard library does before a `main` of Rust's is mostly to find out where the stack ends, for a message about its
//! overflow. For that glibc reads `/proc/self/maps`, a tenth of what a one-line program takes. So `main` is C's
//! here, and does the rest of what the standard library does itself. (With glibc the words of the command line are known
//! without it.) Should the native stack overflow, which the compiler's limits of nesting prevent, the guard page
//! ends the process all the same.

use std::ffi::{c_char, c_int};

/// The status of a process that panicked, as of any other program in Rust.
const PANICKED: u8 = 101;

#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _words: *const *const c_char) -> c_int {
    open_standard_files();
    // SAFETY: no other thread runs yet. Who writes to a closed pipe gets an error instead of a signal.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let status = std::panic::catch_unwind(|| orus::cli::main(std::env::args_os()));
    // Writes out what standard output holds back, too.
    std::process::exit(c_int::from(status.unwrap_or(PANICKED)))
}

/// Sees to it that the files 0, 1 and 2 are open, so that what a program opens is not taken for one of them.
fn open_standard_files() {
    let mut files = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: the array has that many elements.
    while unsafe { libc::poll(files.as_mut_ptr(), files.len() as libc::nfds_t, 0) } == -1 {
        if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            return;
        }
    }
    for file in files {
        // SAFETY: the path is a C string. The lowest number that is free is the one that is missing.
        if file.revents & libc::POLLNVAL != 0
            && unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } == -1
        {
            std::process::abort();
        }
    }
}
