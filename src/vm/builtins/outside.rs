//! Builtins that reach the world outside, and those on errors.

use std::io::{self, ErrorKind, Read};

use super::str;
use crate::bytecode::TypeId;
use crate::vm::context::Context;
use crate::vm::error_value;
use crate::vm::fault::{Fault, RuntimeError};
use crate::vm::heap::{Array, Ref, Str};
use crate::vm::host::reason;
use crate::vm::layout::Elem;

/// Longest line or file that is read, in bytes: no string holds more.
const MOST_BYTES: usize = 4 * i32::MAX as usize;
/// Bytes of a file that are read at once.
const PIECE: usize = 1 << 16;

pub fn input(context: &mut Context, _: &[u64]) -> Result<u64, Fault> {
    read_line(context, b"")
}

pub fn input_prompt(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    read_line(context, str(args, 0).bytes_of())
}

fn read_line(context: &mut Context, mut prompt: &[u8]) -> Result<u64, Fault> {
    loop {
        let Context { heap, host, .. } = &mut *context;
        let line = match host.next_line(prompt, MOST_BYTES)? {
            Ok(Some(line)) => line,
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                context.check_interrupt()?;
                prompt = b"";
                continue;
            }
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                return Err(RuntimeError::OutOfMemory.into());
            }
            // An input that cannot be read ends there.
            Ok(None) | Err(_) => return Err(RuntimeError::EndOfInput.into()),
        };
        let string = heap.new_string(&String::from_utf8_lossy(line))?;
        host.take_line();
        return Ok(string.bits());
    }
}

pub fn timestamp(context: &mut Context, _: &[u64]) -> Result<u64, Fault> {
    Ok(context.host.seconds().to_bits())
}

pub fn read_file(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let path = str(args, 0).text();
    match read_all(context, path)? {
        Ok(bytes) => context.heap.new_string(&String::from_utf8_lossy(&bytes)).map(Str::bits),
        Err(error) => Err(RuntimeError::CannotRead(Box::new((path.to_owned(), reason(&error)))).into()),
    }
}

/// The contents of a file, read piece by piece: it may have no end, or be larger than memory.
fn read_all(context: &mut Context, path: &str) -> Result<io::Result<Vec<u8>>, Fault> {
    let mut file = match context.host.files.open(path) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error)),
    };
    let mut bytes = Vec::new();
    loop {
        context.check_interrupt()?;
        let len = bytes.len();
        // Once here, once in the heap.
        let room = len <= MOST_BYTES && context.heap.has_room(2 * (len + PIECE));
        if !room || bytes.try_reserve(PIECE).is_err() {
            return Err(RuntimeError::OutOfMemory.into());
        }
        bytes.resize(len + PIECE, 0);
        match file.read(&mut bytes[len..]) {
            Ok(0) => {
                bytes.truncate(len);
                return Ok(Ok(bytes));
            }
            Ok(count) => bytes.truncate(len + count),
            Err(error) if error.kind() == ErrorKind::Interrupted => bytes.truncate(len),
            Err(error) => return Ok(Err(error)),
        }
    }
}

pub fn write_file(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let (path, text) = (str(args, 0).text(), str(args, 1));
    match context.host.files.write(path, text.bytes_of()) {
        Ok(()) => Ok(0),
        Err(error) => Err(RuntimeError::CannotWrite(Box::new((path.to_owned(), reason(&error)))).into()),
    }
}

pub fn args(context: &mut Context, _: &[u64]) -> Result<u64, Fault> {
    let Context { heap, host, .. } = context;
    let array = heap.new_array(TypeId::STRINGS, Elem::Ref, host.args.len())?;
    for arg in &host.args {
        let string = heap.new_string(arg)?;
        array.push(heap, Elem::Ref, string.bits())?;
    }
    Ok(Array::bits(array))
}

pub fn exit(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    Err(Fault::Exit(args[0] as i32))
}

pub fn typeof_error(context: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    error_value::type_name(&mut context.heap, Ref::from_bits(args[0]).as_error()).map(Str::bits)
}

pub fn assert_failed(_: &mut Context, args: &[u64]) -> Result<u64, Fault> {
    let [label, expected, actual] = [0, 1, 2].map(|at| str(args, at).text());
    let message = format!("assert_eq failed ({label})\n  expected: {expected}\n  actual:   {actual}");
    Err(RuntimeError::AssertFailed(message.into()).into())
}
