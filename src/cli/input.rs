//! Standard input, which the REPL and the programs share: none reads ahead what is meant for the other.
//!
//! An interrupt reaches who waits: a program in `input()` ends at Ctrl-C, though nothing was typed.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::interrupt;

static STDIN: LazyLock<Mutex<BufReader<Interruptible>>> =
    LazyLock::new(|| Mutex::new(BufReader::new(Interruptible)));

/// Reads what there is of the current line, to its end if that is there already. Nothing is read at the end of the input.
///
/// # Errors
/// `Interrupted` if Ctrl-C comes while there is nothing to read.
pub fn read_piece(line: &mut Vec<u8>) -> io::Result<usize> {
    let mut stdin = STDIN.lock().unwrap_or_else(PoisonError::into_inner);
    let available = stdin.fill_buf()?;
    let end = available.iter().position(|&byte| byte == b'\n').map_or(available.len(), |at| at + 1);
    line.extend_from_slice(&available[..end]);
    stdin.consume(end);
    Ok(end)
}

/// Standard input as a program reads it.
#[derive(Default)]
pub struct Input {
    piece: Vec<u8>,
    used: usize,
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.piece.len() {
            self.piece.clear();
            self.used = 0;
            read_piece(&mut self.piece)?;
        }
        Ok(&self.piece[self.used..])
    }

    fn consume(&mut self, count: usize) {
        self.used = (self.used + count).min(self.piece.len());
    }
}

impl Read for Input {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(bytes)?;
        self.consume(count);
        Ok(count)
    }
}

/// Standard input without a buffer.
struct Interruptible;

impl Read for Interruptible {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let before = interrupt::count();
        while !is_ready() {
            if interrupt::count() != before {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        // The library's buffer keeps nothing back: it is no larger than ours, so it is passed over.
        io::stdin().read(bytes)
    }
}

/// Waits for something to read, for the end of the input, or for a moment.
#[cfg(unix)]
fn is_ready() -> bool {
    use std::os::fd::AsFd;

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    /// How long Ctrl-C waits at most, in milliseconds.
    const MOMENT: u8 = 50;

    let stdin = io::stdin();
    let mut files = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    match poll(&mut files, PollTimeout::from(MOMENT)) {
        // A closed or broken input is ready, too: reading tells.
        Ok(ready) => ready > 0,
        Err(Errno::EINTR) => false,
        // What cannot be waited for is read at once.
        Err(_) => true,
    }
}

#[cfg(not(unix))]
fn is_ready() -> bool {
    true
}
