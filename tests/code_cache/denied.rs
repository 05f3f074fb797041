//! Processes that may not do what a code cache needs: a filter of system calls, and other limits, in a child.

use std::io;

use orus::code::{CacheError, CacheOptions, CodeCache, Way};

use super::machine::{call, constant, free, publish};
use super::{child, untested};

/// A system call that fails from now on, for this thread and those it starts.
#[derive(Clone, Copy)]
struct Refusal {
    call: libc::c_long,
    /// Only if this argument has this bit.
    argument: Option<(u32, u32)>,
    error: i32,
}

const EXEC: Option<(u32, u32)> = Some((2, libc::PROT_EXEC as u32));
const MAP_EXECUTABLE: Refusal = Refusal { call: libc::SYS_mmap, argument: EXEC, error: libc::EACCES };
const MAKE_EXECUTABLE: Refusal = Refusal { call: libc::SYS_mprotect, argument: EXEC, error: libc::EPERM };
const MAKE_FILE: Refusal = Refusal { call: libc::SYS_memfd_create, argument: None, error: libc::ENOSYS };

/// Installs a filter (seccomp) with these refusals. False if the system has none, as under emulation.
fn refuse(refusals: &[Refusal]) -> bool {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let jump = |condition: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: (libc::BPF_JMP | condition | libc::BPF_K) as u16,
        jt,
        jf,
        k,
    };
    let load = |offset: u32| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let result = |value: u32| statement(libc::BPF_RET | libc::BPF_K, value);
    let mut program = Vec::new();
    for refusal in refusals {
        let error = result(libc::SECCOMP_RET_ERRNO | refusal.error as u32);
        // The number is the first field of `seccomp_data`; arguments, of 8 bytes each, begin at 16.
        program.push(load(0));
        match refusal.argument {
            Some((index, bit)) => program.extend([
                jump(libc::BPF_JEQ, refusal.call as u32, 0, 3),
                load(16 + 8 * index),
                jump(libc::BPF_JSET, bit, 0, 1),
                error,
            ]),
            None => program.extend([jump(libc::BPF_JEQ, refusal.call as u32, 0, 1), error]),
        }
    }
    program.push(result(libc::SECCOMP_RET_ALLOW));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the filter, and the program that it points at, are there during the calls.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) == 0
    }
}

/// In a child with these refusals.
fn refused(test: &str, refusals: &[Refusal], child: impl FnOnce()) {
    child::succeeds(test, || {
        if refuse(refusals) {
            child();
        } else {
            untested(format_args!("no filter of system calls: {}", io::Error::last_os_error()));
        }
    });
}

fn new(way: Option<Way>) -> Result<CodeCache, CacheError> {
    CodeCache::new(CacheOptions { limit_bytes: 1 << 20, way })
}

#[track_caller]
fn assert_works(cache: &CodeCache) {
    let region = publish(cache, 321, 100);
    assert_eq!(call(&region), 321);
    free(region);
}

#[test]
fn without_executable_memory_there_is_no_cache() {
    let test = "denied::without_executable_memory_there_is_no_cache";
    refused(test, &[MAP_EXECUTABLE, MAKE_EXECUTABLE], || {
        for way in [None, Some(Way::Memfd), Some(Way::Mprotect)] {
            let error = new(way).expect_err("no executable memory");
            assert!(matches!(error, CacheError::Denied), "{way:?}: {error:?}");
            assert_eq!(error.to_string(), "the system does not allow this process executable memory");
        }
    });
}

#[test]
fn without_mprotect_the_file_is_taken() {
    refused("denied::without_mprotect_the_file_is_taken", &[MAKE_EXECUTABLE], || {
        assert!(matches!(new(Some(Way::Mprotect)), Err(CacheError::Denied)));
        let cache = new(None).expect("the other way");
        assert_eq!(cache.way(), Way::Memfd);
        assert_works(&cache);
    });
}

#[test]
fn without_the_file_mprotect_is_taken() {
    refused("denied::without_the_file_mprotect_is_taken", &[MAKE_FILE], || {
        assert!(matches!(new(Some(Way::Memfd)), Err(CacheError::Unsupported)));
        let cache = new(None).expect("the other way");
        assert_eq!(cache.way(), Way::Mprotect);
        assert_works(&cache);
    });
}

#[test]
fn a_file_that_may_not_be_made_is_a_refusal() {
    let refusal = Refusal { error: libc::EPERM, ..MAKE_FILE };
    refused("denied::a_file_that_may_not_be_made_is_a_refusal", &[refusal], || {
        assert!(matches!(new(Some(Way::Memfd)), Err(CacheError::Denied)));
        assert_eq!(new(None).expect("the other way").way(), Way::Mprotect);
    });
}

/// A sandbox that is entered when the cache is there already.
#[test]
fn refusals_later_on_leave_the_cache_as_it_was() {
    child::succeeds("denied::refusals_later_on_leave_the_cache_as_it_was", || {
        let caches: Vec<CodeCache> =
            super::WAYS.iter().filter_map(|&way| super::cache(1 << 20, way)).collect();
        let regions: Vec<_> = caches.iter().map(|cache| publish(cache, 5, 100)).collect();
        let before: Vec<_> = caches.iter().map(CodeCache::statistics).collect();
        if !refuse(&[MAP_EXECUTABLE, MAKE_EXECUTABLE]) {
            return untested(format_args!("no filter of system calls: {}", io::Error::last_os_error()));
        }
        for ((cache, region), before) in caches.iter().zip(regions).zip(before) {
            if cache.way() == Way::Mprotect {
                let result = cache.publish(8, 8, |_, bytes| bytes.fill(0));
                assert!(matches!(result, Err(CacheError::Denied)));
                let after = cache.statistics();
                assert_eq!((after.live, after.free, after.pending), (before.live, before.free, 0));
                assert_eq!((after.committed, after.refusals), (before.committed, 1));
            } else {
                // The executable mapping is there.
                assert_works(cache);
            }
            assert_eq!(call(&region), 5);
            free(region);
            assert_eq!(cache.statistics().largest_free, 1 << 20);
        }
    });
}

/// The kernel's own "memory-deny-write-execute": memory that was writable cannot become executable.
#[test]
fn under_deny_write_execute_the_file_is_taken() {
    child::succeeds("denied::under_deny_write_execute_the_file_is_taken", || {
        // SAFETY: takes numbers.
        let result = unsafe { libc::prctl(libc::PR_SET_MDWE, libc::PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) };
        if result != 0 {
            let error = io::Error::last_os_error();
            assert_eq!(error.raw_os_error(), Some(libc::EINVAL), "{error}");
            println!("the kernel (before Linux 6.3, or an emulator's) has no such thing: not tested");
            return;
        }
        assert!(matches!(new(Some(Way::Mprotect)), Err(CacheError::Denied)));
        let cache = new(None).expect("the other way");
        assert_eq!(cache.way(), Way::Memfd);
        assert_works(&cache);
    });
}

#[test]
fn without_addresses_there_is_no_cache() {
    child::succeeds("denied::without_addresses_there_is_no_cache", || {
        let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
        // SAFETY: the limit is there during the call.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
        for way in [Some(Way::Memfd), Some(Way::Mprotect), None] {
            match CodeCache::new(CacheOptions { limit_bytes: 64 << 20, way }) {
                Err(CacheError::System(error)) => assert_eq!(error.raw_os_error(), Some(libc::ENOMEM)),
                other => untested(format_args!("the limit is not kept: {other:?}")),
            }
        }
    });
}

/// A child made by `fork` must not write where its parent runs; with private pages it may do as it likes.
#[test]
fn a_forked_child_does_not_write_into_its_parent() {
    child::succeeds("denied::a_forked_child_does_not_write_into_its_parent", || {
        for &way in super::WAYS {
            let Some(cache) = super::cache(1 << 20, way) else { continue };
            let (ours, theirs) = (publish(&cache, 11, 64), publish(&cache, 12, 64));
            // SAFETY: the child ends without running what this process would at its end.
            match unsafe { libc::fork() } {
                0 => {
                    let worked = call(&theirs) == 12;
                    free(theirs);
                    let result = cache.publish(8, 8, |_, bytes| bytes.fill(0));
                    let expected = match way {
                        Way::Memfd => matches!(result, Err(CacheError::Forked)),
                        Way::Mprotect => result.is_ok(),
                    };
                    // SAFETY: ends the process.
                    unsafe { libc::_exit(i32::from(!(worked && expected))) };
                }
                child => {
                    let mut status = -1;
                    // SAFETY: `status` is there during the call.
                    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                    assert_eq!(status, 0, "{way:?}");
                }
            }
            assert_eq!((call(&ours), call(&theirs)), (11, 12), "{way:?}");
            assert_eq!(&theirs.bytes()[..constant(12).len()], constant(12));
        }
    });
}
