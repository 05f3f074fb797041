//! The poll word of an instance: what running code looks at regularly, and who may set it from elsewhere.

use std::marker::PhantomPinned;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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

struct Address(NonNull<PollWord>);

// SAFETY: what the address leads to is only used as a shared atomic, under the lock of `Interrupter`.
unsafe impl Send for Address {}

/// A handle by which another thread stops a script. It may outlive the instance.
#[derive(Clone)]
pub struct Interrupter(Arc<Mutex<Option<Address>>>);

impl Interrupter {
    /// A handle to a poll word.
    ///
    /// # Safety
    /// The word stays where it is until [`Interrupter::detach`] has been called.
    unsafe fn new(word: &PollWord) -> Interrupter {
        Interrupter(Arc::new(Mutex::new(Some(Address(NonNull::from(word))))))
    }

    /// A handle that leads nowhere.
    pub(in crate::vm) fn detached() -> Interrupter {
        Interrupter(Arc::new(Mutex::new(None)))
    }

    /// Asks the script to stop at its next poll. Without effect if its instance is gone.
    pub fn interrupt(&self) {
        let target = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = &*target {
            // SAFETY: the word is there until `detach`, which waits for the lock that we hold.
            unsafe { word.0.as_ref() }.set(INTERRUPT);
        }
    }

    /// Ends the handle's relation with the word.
    pub(in crate::vm) fn detach(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
}
