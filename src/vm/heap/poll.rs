//! The poll word of an instance: what running code looks at regularly, and who may set it from elsewhere.

use std::marker::PhantomPinned;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use super::Heap;

/// A collection is due.
pub const COLLECT: u32 = 1;
/// Somebody asks the script to stop.
pub const INTERRUPT: u32 = 2;
/// The fuel has run out, or is to be looked at.
pub const FUEL: u32 = 4;
/// Other code is ready to be entered.
pub const SWITCH: u32 = 8;

/// The word. Not zero means that something is to be done at the next poll.
///
/// It is pinned, so that exclusive access to the instance around it does not rule out that another thread sets it.
#[repr(transparent)]
#[derive(Debug, Default)]
pub struct PollWord(AtomicU32, PhantomPinned);

impl PollWord {
    /// What is to be done.
    #[inline(always)]
    pub fn bits(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for something.
    pub fn set(&self, bits: u32) {
        self.0.fetch_or(bits, Ordering::Relaxed);
    }

    /// Takes a request back.
    pub fn clear(&self, bits: u32) {
        self.0.fetch_and(!bits, Ordering::Relaxed);
    }
}

/// A handle by which another thread, or a signal handler, stops a script. It may outlive the instance.
#[derive(Clone)]
pub struct Interrupter(Arc<Target>);

/// What the handles of an instance share.
#[derive(Default)]
struct Target {
    /// The word, until it is detached.
    word: AtomicPtr<PollWord>,
    /// How many calls of [`Interrupter::interrupt`] may be using the word at this moment.
    users: AtomicU32,
}

impl Interrupter {
    /// A handle to a poll word.
    ///
    /// # Safety
    /// The word stays where it is until [`Interrupter::detach`] has been called.
    unsafe fn new(word: &PollWord) -> Interrupter {
        let word = AtomicPtr::new(std::ptr::from_ref(word).cast_mut());
        Interrupter(Arc::new(Target { word, users: AtomicU32::new(0) }))
    }

    /// A handle that leads nowhere.
    pub(in crate::vm) fn detached() -> Interrupter {
        Interrupter(Arc::default())
    }

    /// Asks the script to stop at its next poll. Without effect if its instance is gone. It takes no lock and never waits.
    pub fn interrupt(&self) {
        // In one order with those of `detach`: if it does not see us as a user, we see its null.
        self.0.users.fetch_add(1, Ordering::SeqCst);
        let word = self.0.word.load(Ordering::SeqCst);
        // SAFETY: null, or the word is there until `detach` returns, which waits until `users` is 0. Used as a shared atomic only.
        if let Some(word) = unsafe { word.as_ref() } {
            word.set(INTERRUPT);
        }
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }

    /// Ends the handle's relation with the word. Not for signal handlers: it waits for calls of [`Interrupter::interrupt`] in
    /// other threads, which take some instructions.
    pub(in crate::vm) fn detach(&self) {
        self.0.word.store(null_mut(), Ordering::SeqCst);
        while self.0.users.load(Ordering::SeqCst) != 0 {
            std::thread::yield_now();
        }
    }
}

/// A handle to the poll word of a heap. Its context, which is boxed, detaches the handle before it goes.
pub(in crate::vm) fn interrupter_of(heap: &Heap) -> Interrupter {
    // SAFETY: only `Context` calls this: the heap lies in its box, where it stays until `Context::drop` detaches.
    unsafe { Interrupter::new(&heap.poll) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupts_reach_the_word_until_it_is_detached() {
        let word = PollWord::default();
        // SAFETY: the handle is detached while the word lives.
        let handle = unsafe { Interrupter::new(&word) };
        let other = handle.clone();
        std::thread::spawn(move || other.interrupt()).join().unwrap();
        assert_eq!(word.bits(), INTERRUPT);
        word.set(COLLECT);
        word.clear(INTERRUPT);
        handle.detach();
        handle.interrupt();
        assert_eq!(word.bits(), COLLECT);
    }

    #[test]
    fn detaching_waits_for_who_is_interrupting() {
        for _ in 0..if cfg!(miri) { 10 } else { 2000 } {
            let word = Box::new(PollWord::default());
            // SAFETY: the handle is detached before the word goes.
            let handle = unsafe { Interrupter::new(&word) };
            let other = handle.clone();
            let thread = std::thread::spawn(move || {
                for _ in 0..10 {
                    other.interrupt();
                }
            });
            handle.detach();
            assert!(matches!(word.bits(), 0 | INTERRUPT));
            drop(word);
            thread.join().unwrap();
        }
    }
}
