//! Why there is no memory for code.

use std::fmt::{self, Display};
use std::io;

/// Why code was not published, or why there is no cache at all. A program goes on without: it is only slower.
#[derive(Debug)]
#[non_exhaustive]
pub enum CacheError {
    /// The system does not let this process have executable memory, or not in this way.
    Denied,
    /// No free run of the cache is large enough: sizes in bytes.
    Full {
        /// What was wanted, with alignment.
        wanted: usize,
        /// The largest run that is free.
        largest_free: usize,
    },
    /// More than the cache holds even when it is empty, or a cache larger than branches reach: sizes in bytes.
    TooLarge {
        /// What was wanted.
        wanted: usize,
        /// The most there can be.
        limit: usize,
    },
    /// After code was rewritten in this way, the old code ran: so do some emulators.
    Stale,
    /// This system has no such way to write code.
    Unsupported,
    /// This process is the child of the one that made the cache, and shares its memory: what it wrote, its parent would run.
    Forked,
    /// Something else that the system refused.
    System(io::Error),
}

impl CacheError {
    /// What an error of a system call means, when executable memory was asked for.
    #[cfg(unix)]
    pub(super) fn executable(error: io::Error) -> CacheError {
        match error.raw_os_error() {
            Some(libc::EACCES | libc::EPERM) => CacheError::Denied,
            _ => CacheError::System(error),
        }
    }
}

impl Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheError::Denied => f.write_str("the system does not allow this process executable memory"),
            CacheError::Full { wanted, largest_free } => {
                write!(f, "the code cache has no {wanted} bytes left in one piece (at most {largest_free})")
            }
            CacheError::TooLarge { wanted, limit } => {
                write!(f, "{wanted} bytes of code are more than {limit}")
            }
            CacheError::Stale => f.write_str("after code is rewritten, the old code runs"),
            CacheError::Unsupported => f.write_str("this system cannot write code in this way"),
            CacheError::Forked => f.write_str("the code cache belongs to the parent process"),
            CacheError::System(error) => write!(f, "no memory for code: {error}"),
        }
    }
}

impl std::error::Error for CacheError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CacheError::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for CacheError {
    fn from(error: io::Error) -> CacheError {
        CacheError::System(error)
    }
}
