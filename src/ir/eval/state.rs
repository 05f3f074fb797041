//! What is known where a function is left: the frames that the interpreter goes on with.

use super::Value;
use crate::ir::function::{Reason, StateSlot};
use crate::ir::types::{FrameState, Kind, Removed, TypeId};
use crate::ir::{Function, List};

/// A function was left through a guard.
#[derive(Clone, PartialEq, Debug)]
pub struct Left {
    /// The guard's reason.
    pub reason: Reason,
    /// The frames, the innermost first: of the function that was left, then of those that wait for it, where their calls have frame states.
    pub frames: Vec<Frame>,
    /// How many of them belong to the function that was left itself.
    pub own: usize,
    /// The removed objects that the frames refer to, in the order in which they are first met.
    pub objects: Vec<Object>,
}

/// A frame of the interpreter.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// The function, as the frame state has it.
    pub function: u32,
    /// The place in it.
    pub position: u32,
    /// Its slots.
    pub slots: Vec<Slot>,
}

/// An object that has to be made.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// Its layout.
    pub layout: TypeId,
    /// What is behind its header.
    pub slots: Vec<Slot>,
}

/// What is in a slot.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Slot {
    /// Nothing that is read.
    Dead,
    /// A value of a kind.
    Value(Kind, Value),
    /// A reference to the removed object of this number.
    Object(u32),
}

/// Collects the frames of functions on the stack.
#[derive(Default)]
pub(super) struct Collector {
    pub frames: Vec<Frame>,
    pub objects: Vec<Object>,
}

impl Collector {
    /// Adds the frames of a state. `read` gives the values; none if one is not defined.
    pub fn add(
        &mut self,
        function: &Function,
        state: FrameState,
        mut read: impl FnMut(crate::ir::Value) -> Option<Value>,
    ) -> Option<()> {
        // Objects of this function, by their place here; their numbers follow those of earlier functions.
        let mut known: Vec<Removed> = Vec::new();
        let first = self.objects.len();
        let mut slots_of = |list: List, known: &mut Vec<Removed>| -> Option<Vec<Slot>> {
            let mut slots = Vec::new();
            for slot in function.state_slots(list) {
                slots.push(match slot {
                    StateSlot::Dead => Slot::Dead,
                    StateSlot::Value(value) => Slot::Value(function.kind(value), read(value)?),
                    StateSlot::Removed(object) => {
                        let at = known.iter().position(|&other| other == object).unwrap_or_else(|| {
                            known.push(object);
                            known.len() - 1
                        });
                        Slot::Object((first + at) as u32)
                    }
                });
            }
            Some(slots)
        };
        let mut next = state.some();
        while let Some(state) = next {
            let data = function.state(state);
            let slots = slots_of(data.slots, &mut known)?;
            self.frames.push(Frame { function: data.function, position: data.position, slots });
            next = data.parent.some();
        }
        // Objects may refer to further ones, and to each other.
        let mut done = 0;
        while done < known.len() {
            let data = *function.removed(known[done]);
            done += 1;
            let slots = slots_of(data.slots, &mut known)?;
            self.objects.push(Object { layout: data.layout, slots });
        }
        Some(())
    }
}
