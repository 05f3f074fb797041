//! Labels: places in code, known or yet to come.

/// A place in the code of one buffer. It may be used before it is bound; it must be bound once, if it is used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Label(pub(super) u32);

impl Label {
    /// As an index of tables that the user keeps beside the buffer: labels count from 0 in the order of their making.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "L{}", self.0)
    }
}

/// What is known of a label: one word, so that a branch reads one. Either its offset, or, with the top bit set, the newest
/// fixup that waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LabelState(u32);

impl LabelState {
    const PENDING: u32 = 1 << 31;
    /// No fixup; the end of a list of them.
    const NONE: u32 = Self::PENDING - 1;

    /// Not bound, not used.
    pub(super) const fn new() -> LabelState {
        LabelState(Self::PENDING | Self::NONE)
    }

    /// Bound at an offset, which is below 2 GiB.
    #[inline(always)]
    pub(super) const fn bound(offset: u32) -> LabelState {
        debug_assert!(offset & Self::PENDING == 0);
        LabelState(offset)
    }

    /// Not bound; the newest of its fixups.
    pub(super) const fn waiting(newest: u32) -> LabelState {
        LabelState(Self::PENDING | newest)
    }

    #[inline(always)]
    pub(super) const fn offset(self) -> Option<u32> {
        if self.0 & Self::PENDING == 0 { Some(self.0) } else { None }
    }

    /// Is it used, and not bound?
    #[inline(always)]
    pub(super) const fn is_waiting(self) -> bool {
        // As a signed number, what has the top bit and is not `new`: one comparison.
        (self.0 as i32) < -1
    }

    /// The link to the newest fixup that waits for it; meaningless if it is bound.
    #[inline(always)]
    pub(super) const fn link(self) -> u32 {
        self.0 & Self::NONE
    }

    /// The fixup that a link names.
    #[inline(always)]
    pub(super) const fn follow(link: u32) -> Option<u32> {
        if link == Self::NONE { None } else { Some(link) }
    }
}
