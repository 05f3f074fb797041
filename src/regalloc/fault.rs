//! Mistakes that tests plant into the allocator, to see that the checker and the simulator find them.

/// A mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Registers that an instruction overwrites are thought to survive.
    ForgetClobber,
    /// The moves of an edge are left out now and then.
    ForgetEdgeMove,
    /// The head of a block has no stores for its parameters.
    ForgetParamStore,
    /// Spilled values are not stored.
    DropStore,
    /// A value that is stored where it leaves its registers is not.
    ForgetLateStore,
    /// An interval is not moved where it is split.
    ForgetSplitMove,
    /// A fixed use is not moved into its register.
    ForgetFixedMove,
    /// The value of a fixed def stays in its register only.
    ForgetFixedDef,
    /// The used value is not copied into the tied def's register.
    ForgetTiedMove,
    /// A tied use is said to be where the value was before.
    WrongTied,
    /// The moves of one point are made in the order in which they were thought of.
    UnorderedMoves,
    /// The moves of one point are reversed.
    ReversedMoves,
    /// The temporary of a cycle is the class's first register.
    WrongScratch,
    /// Another value is computed again.
    WrongRemat,
    /// Rematerialised values are loaded from slot 0.
    RematFromSlot,
    /// A slot is given away half way through its value's life.
    SlotReusedEarly,
    /// The next slot is put into the map.
    WrongSlotInMap,
    /// The last safepoint of each range is forgotten.
    MissingSafepoint,
    /// References have no slot of their own at safepoints.
    ReferencesUnstored,
    /// The end of a hole is not seen: the interval does not get its register back.
    IgnoreHoleEnd,
    /// Fixed ranges are not looked at.
    IgnoreFixed,
    /// A late use ends early, so that a def may get its register.
    LateUseEndsEarly,
    /// An early def begins late, so that it may share with a use.
    EarlyDefBeginsLate,
    /// A temporary begins late.
    TempBeginsLate,
    /// An interval that is in a hole is not compared with split ones.
    IgnoreInactive,
    /// The last argument of each block is forgotten.
    ForgetLastArgument,
    /// Wide values are aligned as narrow ones.
    UnalignedWideSlot,
    /// Values that a terminator defines are not stored on the way out.
    ForgetTerminatorStore,
    /// The store of a fixed def takes the register of the interval.
    StoreFromInterval,
    /// The moves of the function before are not cleared.
    StaleMoves,
}

#[cfg(any(test, feature = "planted-faults"))]
impl Fault {
    /// All of them.
    pub const ALL: &[Fault] = &[
        Fault::ForgetClobber,
        Fault::ForgetEdgeMove,
        Fault::ForgetParamStore,
        Fault::DropStore,
        Fault::ForgetLateStore,
        Fault::ForgetSplitMove,
        Fault::ForgetFixedMove,
        Fault::ForgetFixedDef,
        Fault::ForgetTiedMove,
        Fault::WrongTied,
        Fault::UnorderedMoves,
        Fault::ReversedMoves,
        Fault::WrongScratch,
        Fault::WrongRemat,
        Fault::RematFromSlot,
        Fault::SlotReusedEarly,
        Fault::WrongSlotInMap,
        Fault::MissingSafepoint,
        Fault::ReferencesUnstored,
        Fault::IgnoreHoleEnd,
        Fault::IgnoreFixed,
        Fault::LateUseEndsEarly,
        Fault::EarlyDefBeginsLate,
        Fault::TempBeginsLate,
        Fault::IgnoreInactive,
        Fault::ForgetLastArgument,
        Fault::UnalignedWideSlot,
        Fault::ForgetTerminatorStore,
        Fault::StoreFromInterval,
        Fault::StaleMoves,
    ];
}
