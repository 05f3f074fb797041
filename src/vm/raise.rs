//! Raising: handler tables, unwinding, and the report of an error that nobody catches.
//!
//! How it works. Two phases. First the frames are walked for a handler, without touching anything. If there is one, the
//! error becomes an object, the frames above the handler's are dropped (their depth is given back), and execution goes
//! on at the handler's target with the error in its register. Only if there is none is the trace recorded, and the run
//! ends. Interrupts, `exit` and a failing output do not come here: they end the run as they are.

use std::sync::Arc;

use crate::bytecode::{FileId, Function, Handler, Program, Span, decode};

use super::fault::{ErrorKind, RuntimeError};
use super::frame::{Frame, NATIVE};
use super::heap::Ref;
use super::machine::{Ending, Machine};

/// So many active calls are recorded with an uncaught error.
pub const TRACE_LIMIT: usize = 32;

/// An error that no handler caught.
#[derive(Clone, PartialEq, Debug)]
pub struct Uncaught {
    /// 4 for `E0004`.
    pub code: u32,
    pub kind: ErrorKind,
    pub message: String,
    /// Where it was raised.
    pub file: FileId,
    pub span: Span,
    /// The active calls, innermost first, at most [`TRACE_LIMIT`].
    pub trace: Vec<TraceEntry>,
    /// How many active calls there were beyond.
    pub omitted: usize,
}

/// An active call of a trace.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceEntry {
    /// As in `mean` or `<module>`.
    pub function: Arc<str>,
    pub file: FileId,
    /// Where the error was raised, or where the next call stands.
    pub span: Span,
}

/// An error on its way.
pub(super) enum Raised {
    /// A new one.
    New(RuntimeError),
    /// An error value that a program raises again: the object, which a register of the topmost frame holds.
    Again(u64),
}

/// What the first phase finds.
struct Catch {
    handler: Handler,
    frame: Frame,
    /// The depth cost of the frames above.
    cost: u32,
}

impl Machine {
    /// Raises an error at the instruction that `pc` and `regs` name. True if a handler has it: then they name
    /// where to go on. False if the run has ended.
    pub(super) fn raise(&mut self, error: Raised) -> bool {
        self.raise_in(error, true, false)
    }

    /// Raises an error in native code: no frame of the innermost run handles it.
    pub(super) fn raise_in_native(&mut self, error: RuntimeError) {
        self.raise_in(Raised::New(error), false, false);
    }

    /// Raises an error on that ended a run with [`Ending::Raised`], in the frame from which native code was entered.
    pub(super) fn raise_on(&mut self) -> bool {
        let error = self.raised;
        self.raise_in(Raised::Again(error), true, true)
    }

    /// `interpreting`: the topmost frame is the interpreter's, and runs. `handled`: some frame is known to have a handler.
    fn raise_in(&mut self, error: Raised, interpreting: bool, handled: bool) -> bool {
        self.profile.error(match &error {
            Raised::New(error) => error.kind(),
            Raised::Again(object) => Ref::from_bits(*object).as_error().kind(),
        });
        let Some(catch) = self.find_handler(interpreting, handled) else {
            self.ending = Ending::Uncaught(Box::new(self.uncaught(&error)));
            return false;
        };
        let object = match error {
            Raised::New(error) => self.error_object(&error),
            Raised::Again(object) => object,
        };
        let Some(catch) = catch else {
            self.raised = object;
            self.ending = Ending::Raised;
            return false;
        };
        self.unwind_to(&catch.frame, catch.cost);
        self.resume_at(catch.handler.target);
        self.set_register(usize::from(catch.handler.error), object);
        true
    }

    /// Whether a function is hidden together with its source, whose name stands in angle brackets: positions in there mean
    /// nothing to the reader of a report.
    fn is_internal(&self, function: &Function) -> bool {
        function.hidden && self.context.program.files[function.file.index()].name.starts_with('<')
    }

    /// Code, kind and message of an error.
    fn describe(&self, error: &Raised) -> (u32, ErrorKind, String) {
        match error {
            Raised::New(error) => (error.code(), error.kind(), error.to_string()),
            Raised::Again(object) => {
                let error = Ref::from_bits(*object).as_error();
                (error.code(), error.kind(), error.message().text().to_owned())
            }
        }
    }

    /// The first phase: the innermost handler around the instruction at hand, in this run; `Some(None)` if an earlier run has it that native
    /// code comes between. That is not searched for if it is known already: each run that an error passes would walk all the frames of those
    /// before it.
    fn find_handler(&self, interpreting: bool, handled: bool) -> Option<Option<Catch>> {
        let (mut cost, mut innermost) = (0, interpreting);
        for frame in self.frames() {
            if frame.func == NATIVE {
                if handled {
                    return Some(None);
                }
                innermost = false;
                continue;
            }
            let function = self.context.program.functions.get(frame.func as usize)?;
            if let (Some(at), Some(tier)) = (frame.native, &self.tier) {
                if tier.handles(at) {
                    return Some(None);
                }
            } else if let Some(handler) = function.handler(frame.pc)
                && !frame.shadowed
            {
                let catch = Catch { handler: *handler, frame, cost };
                return Some(innermost.then_some(catch));
            }
            cost += u32::from(frame.cost);
        }
        None
    }

    /// The report of an error for which there is no handler.
    pub(super) fn uncaught(&self, error: &Raised) -> Uncaught {
        let (code, kind, message) = self.describe(error);
        let (mut trace, mut omitted) = (Vec::new(), 0);
        let mut place = None;
        for frame in self.frames() {
            if frame.func == NATIVE || frame.shadowed {
                continue;
            }
            let Some(function) = self.context.program.functions.get(frame.func as usize) else {
                break;
            };
            if trace.len() == TRACE_LIMIT {
                omitted += usize::from(!function.hidden);
                continue;
            }
            let span = position_around(&self.context.program, function, frame.pc);
            if let (None, Some(span), false) = (place, span, self.is_internal(function)) {
                place = Some((function.file, span));
            }
            if !function.hidden {
                let (function, file, span) = (function.name.clone(), function.file, span.unwrap_or_default());
                trace.push(TraceEntry { function, file, span });
            }
        }
        let (file, span) = place.unwrap_or((FileId(0), Span::default()));
        Uncaught { code, kind, message, file, span, trace, omitted }
    }
}

/// The position of the instruction that has a word at `pc`.
fn position_around(program: &Program, function: &Function, pc: u32) -> Option<Span> {
    let behind = function.positions.partition_point(|position| position.pc <= pc);
    let position = function.positions.get(behind.checked_sub(1)?)?;
    let instruction = decode(program, &function.code, position.pc).ok()?;
    (pc < instruction.next()).then_some(position.span)
}
