//! Error values: what a `catch` binds.

use super::fault::{ErrorKind, Fault, RuntimeError};
use super::heap::{ErrorRef, Heap, Str, immortal};
use super::string;

/// Code of errors that programs and hosts raise: `E0014`.
const RAISED: u32 = 14;

/// The value of an error. Those that may be raised for lack of memory need none.
pub fn of(heap: &mut Heap, error: &RuntimeError) -> Result<ErrorRef, Fault> {
    match error {
        RuntimeError::OutOfMemory => Ok(immortal::out_of_memory()),
        RuntimeError::StackOverflow => Ok(immortal::stack_overflow()),
        _ => {
            let (kind, code) = error.class();
            let message = heap.new_string(&error.to_string())?;
            heap.new_error(kind, code, message)
        }
    }
}

/// The error that `raise(message)` raises.
pub fn raised(heap: &mut Heap, message: Str) -> Result<ErrorRef, Fault> {
    heap.new_error(ErrorKind::Runtime, RAISED, message)
}

/// `e.kind`.
pub fn kind(error: ErrorRef) -> Str {
    immortal::kind_name(error.kind())
}

/// `typeof(e)`: kind, space, message.
pub fn type_name(heap: &mut Heap, error: ErrorRef) -> Result<Str, Fault> {
    let space = heap.ascii(b' ');
    let head = string::concat(heap, kind(error), space)?;
    string::concat(heap, head, error.message())
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestContext;
    use super::*;

    #[test]
    fn errors_have_message_kind_and_code() {
        let mut context = TestContext::new();
        let heap = &mut context.heap;
        let error = of(heap, &RuntimeError::PopFromEmpty).unwrap();
        assert_eq!(error.message().text(), "Cannot pop from an empty array");
        assert_eq!((kind(error).text(), error.code()), ("value error", 5));
        assert_eq!(type_name(heap, error).unwrap().text(), "value error Cannot pop from an empty array");
        let message = heap.new_string("no such user").unwrap();
        let error = raised(heap, message).unwrap();
        assert_eq!(
            (error.message().bits(), kind(error).text(), error.code()),
            (message.bits(), "runtime error", 14)
        );
    }

    #[test]
    fn lack_of_memory_needs_none() {
        let mut context = TestContext::with(crate::bytecode::Program::new(), "", Some(0));
        let heap = &mut context.heap;
        assert_eq!(of(heap, &RuntimeError::PopFromEmpty), Err(Fault::NeedMemory));
        assert_eq!(of(heap, &RuntimeError::OutOfMemory).unwrap().message().text(), "Out of memory");
        assert_eq!(of(heap, &RuntimeError::StackOverflow).unwrap().message().text(), "Stack overflow");
    }
}
