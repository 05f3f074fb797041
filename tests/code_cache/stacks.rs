//! Native stacks: threads run on them, they fault below, and they give back what they do not need.

use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt;
use std::{mem, ptr, thread};

use orus::code::{NativeStack, StackError, StackPool};

use super::child;

/// Runs `body` on the stack.
fn run_on(stack: &NativeStack, body: extern "C" fn(*mut libc::c_void) -> *mut libc::c_void) {
    let range = stack.range();
    let size = (range.end - range.start) as usize;
    let start = ptr::with_exposed_provenance_mut::<libc::c_void>(range.start as usize);
    // SAFETY: the attributes are initialised before they are used; the stack is ours until the thread has been joined; the
    // function is one that a thread can run.
    unsafe {
        let mut attributes: libc::pthread_attr_t = mem::zeroed();
        assert_eq!(libc::pthread_attr_init(&raw mut attributes), 0);
        assert_eq!(libc::pthread_attr_setstack(&raw mut attributes, start, size), 0);
        let mut thread: libc::pthread_t = mem::zeroed();
        assert_eq!(libc::pthread_create(&raw mut thread, &raw const attributes, body, ptr::null_mut()), 0);
        assert_eq!(libc::pthread_join(thread, ptr::null_mut()), 0);
        libc::pthread_attr_destroy(&raw mut attributes);
    }
}

/// Recurses with frames of a KiB and more.
#[inline(never)]
fn recurse(depth: usize) -> usize {
    let mut frame = [depth as u8; 1024];
    std::hint::black_box(&mut frame);
    if depth == 0 { 0 } else { recurse(depth - 1) + usize::from(frame[depth % 1024] == depth as u8) }
}

extern "C" fn deep(_: *mut libc::c_void) -> *mut libc::c_void {
    assert_eq!(recurse(20_000), 20_000);
    ptr::null_mut()
}

extern "C" fn endless(_: *mut libc::c_void) -> *mut libc::c_void {
    recurse(usize::MAX);
    ptr::null_mut()
}

/// How many bytes of the stack have memory.
fn resident(stack: &NativeStack) -> usize {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize };
    let range = stack.range();
    let size = (range.end - range.start) as usize;
    let mut pages = vec![0_u8; size / page];
    let start = ptr::with_exposed_provenance_mut::<libc::c_void>(range.start as usize);
    // SAFETY: `pages` has a byte for each page of the range.
    let result = unsafe { libc::mincore(start, size, pages.as_mut_ptr().cast()) };
    assert_eq!(result, 0);
    pages.iter().filter(|&&page| page & 1 != 0).count() * page
}

fn write(address: u64) {
    // SAFETY: if the memory is not ours to write, this process dies, which is what is tested.
    unsafe { ptr::with_exposed_provenance_mut::<u8>(address as usize).write_volatile(1) };
}

#[test]
fn a_deep_run_gives_its_memory_back() {
    let pool = StackPool::new(256 << 20);
    let stack = pool.take().expect("a stack");
    let range = stack.range();
    assert_eq!((range.end - range.start, range.end % 4096), (256 << 20, 0));
    assert_eq!(resident(&stack), 0, "nothing is committed");
    run_on(&stack, deep);
    assert!(resident(&stack) > 20_000 * 1024);
    drop(stack);
    assert_eq!(pool.idle(), 1);
    let again = pool.take().expect("a stack");
    assert_eq!((again.range(), pool.idle()), (range, 0));
    let kept = resident(&again);
    assert!((1..=64 << 10).contains(&kept), "{kept} bytes are kept");
    run_on(&again, deep);
}

#[test]
fn large_stacks_cost_addresses_only() {
    let pool = StackPool::new(64 << 30);
    let stacks: Vec<NativeStack> = (0..20).map(|_| pool.take().expect("a stack")).collect();
    for stack in &stacks {
        write(stack.range().start);
        write(stack.range().end - 1);
    }
    drop(stacks);
    assert!((1..20).contains(&pool.idle()), "a pool does not keep them all");
}

#[test]
fn a_stack_overflow_is_a_fault() {
    let output = child::run("stacks::a_stack_overflow_is_a_fault", || {
        run_on(&StackPool::new(1 << 20).take().expect("a stack"), endless);
    });
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

#[test]
fn the_byte_below_is_guarded() {
    let output = child::run("stacks::the_byte_below_is_guarded", || {
        let stack = StackPool::new(1 << 20).take().expect("a stack");
        write(stack.range().start);
        write(stack.range().start - 1);
    });
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

#[test]
fn a_large_frame_does_not_jump_over_the_guard() {
    let output = child::run("stacks::a_large_frame_does_not_jump_over_the_guard", || {
        let pool = StackPool::new(1 << 20);
        let stacks = [pool.take().expect("a stack"), pool.take().expect("a stack")];
        write(stacks[0].range().start.max(stacks[1].range().start) - (64 << 10));
    });
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}

#[test]
fn threads_share_a_pool() {
    let pool = StackPool::new(1 << 20);
    thread::scope(|scope| {
        for thread in 0..8 {
            let pool = pool.clone();
            scope.spawn(move || {
                for round in 0..500_u64 {
                    let stacks = [pool.take().expect("a stack"), pool.take().expect("a stack")];
                    let places = stacks.each_ref().map(|stack| stack.range().end - 8);
                    for (at, place) in places.into_iter().enumerate() {
                        let place = ptr::with_exposed_provenance_mut::<u64>(place as usize);
                        let value = thread << 32 | round << 1 | at as u64;
                        // SAFETY: the place is in a stack that this thread has.
                        unsafe { place.write_volatile(value) };
                        thread::yield_now();
                        // SAFETY: as above.
                        assert_eq!(
                            unsafe { place.read_volatile() },
                            value,
                            "somebody else has the stack too"
                        );
                    }
                }
            });
        }
    });
    let idle = pool.idle();
    let stacks: Vec<NativeStack> = (0..idle).map(|_| pool.take().expect("a stack")).collect();
    let different: HashSet<u64> = stacks.iter().map(|stack| stack.range().start).collect();
    assert_eq!((different.len(), pool.idle()), (idle, 0));
}

#[test]
fn what_there_are_no_addresses_for_is_an_error() {
    for bytes in [usize::MAX, usize::MAX - (64 << 10), 1 << 60] {
        let error = StackPool::new(bytes).take().expect_err("no such stack");
        assert!(matches!(error, StackError::NoSpace { bytes: found } if found == bytes), "{error:?}");
        assert_eq!(error.to_string(), format!("there are no addresses left for a stack of {bytes} bytes"));
    }
}
