//! Why an instruction did not complete, and the one table of runtime errors: messages, kinds, codes.

use std::fmt;
use std::sync::Arc;

use super::number::Decimal;

/// Why a helper or builtin function gave no result. Rust is never unwound: this is how everything ends.
#[derive(Debug, PartialEq)]
pub enum Fault {
    /// An allocation would pass the heap limit (or `stress gc` asks for a collection). Nothing has been changed: after a
    /// collection the instruction is run once more, and if it ends so again, [`RuntimeError::OutOfMemory`] is raised.
    NeedMemory,
    /// An error of the language.
    Error(RuntimeError),
    /// `exit(status)`.
    Exit(i32),
    /// Somebody asked the script to stop, and a long helper saw it.
    Interrupted,
    /// The output cannot be written: what the system said of it.
    OutputFailed(std::io::ErrorKind),
}

impl From<RuntimeError> for Fault {
    fn from(error: RuntimeError) -> Fault {
        Fault::Error(error)
    }
}

/// A kind of error, as `e.kind` gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum ErrorKind {
    Runtime,
    Value,
    Index,
    Key,
    Conversion,
    Argument,
    Name,
    Recursion,
    Eof,
    Io,
    Import,
}

impl ErrorKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [ErrorKind; 11] = [
        ErrorKind::Runtime,
        ErrorKind::Value,
        ErrorKind::Index,
        ErrorKind::Key,
        ErrorKind::Conversion,
        ErrorKind::Argument,
        ErrorKind::Name,
        ErrorKind::Recursion,
        ErrorKind::Eof,
        ErrorKind::Io,
        ErrorKind::Import,
    ];

    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            ErrorKind::Runtime => "runtime error",
            ErrorKind::Value => "value error",
            ErrorKind::Index => "index error",
            ErrorKind::Key => "key error",
            ErrorKind::Conversion => "conversion error",
            ErrorKind::Argument => "argument error",
            ErrorKind::Name => "name error",
            ErrorKind::Recursion => "recursion error",
            ErrorKind::Eof => "eof error",
            ErrorKind::Io => "io error",
            ErrorKind::Import => "import error",
        }
    }
}

/// What was indexed or sliced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sequence {
    Array,
    String,
}

impl Sequence {
    fn text(self) -> &'static str {
        match self {
            Sequence::Array => "Array",
            Sequence::String => "String",
        }
    }
}

/// An integer type, as messages name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntType {
    I32,
    I64,
    U32,
    U64,
}

impl IntType {
    fn text(self) -> &'static str {
        match self {
            IntType::I32 => "i32",
            IntType::I64 => "i64",
            IntType::U32 => "u32",
            IntType::U64 => "u64",
        }
    }
}

/// The function that reads an integer from a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntReader {
    Int,
    ToI64,
    ToU64,
}

impl IntReader {
    fn name(self) -> &'static str {
        match self {
            IntReader::Int => "int",
            IntReader::ToI64 => "to_i64",
            IntReader::ToU64 => "to_u64",
        }
    }

    fn target(self) -> IntType {
        match self {
            IntReader::Int => IntType::I32,
            IntReader::ToI64 => IntType::I64,
            IntReader::ToU64 => IntType::U64,
        }
    }
}

/// An error that a program can meet. `Display` gives the exact message. Texts of a program in here have been cut
/// already ([`cut`]).
#[derive(Clone, PartialEq, Debug)]
pub enum RuntimeError {
    DivisionByZero,
    IntegerOverflow,
    IndexOutOfBounds(Sequence),
    SliceStart(Sequence),
    SliceEnd(Sequence),
    SliceOrder(Sequence),
    /// The key as rendered.
    KeyNotFound(Box<str>),
    MapChanged,
    PopFromEmpty,
    NegativeArrayLength,
    ArrayLength {
        expected: u32,
        actual: u32,
    },
    NegativeArrayRepeat,
    NegativeStringRepeat,
    EmptySeparator,
    F64OutOfRange(IntType),
    NotAnInteger(IntReader, Box<str>),
    DecimalsNotAllowed(Box<str>),
    NotWhole(f64),
    IntTextOverflow(IntReader, Box<str>),
    /// `int()` of an integer.
    IntOverflow(i128),
    /// `int()` of an f64.
    IntOverflowF64(f64),
    NotFinite,
    NotANumber(Box<str>),
    FloatOverflow(Box<str>),
    ZeroStep,
    RangeArgument,
    ShiftCount,
    InvalidCodePoint(i32),
    OrdLength(u32),
    NoValue(Arc<str>),
    StackOverflow,
    OutOfMemory,
    EndOfInput,
    /// Path and reason.
    CannotRead(Box<(String, String)>),
    CannotWrite(Box<(String, String)>),
    AssertFailed(Box<str>),
    /// `raise(message)` and host functions.
    Raised(Box<str>),
    /// Bytecode that no program of the language compiles to: another variant than expected, a map entry that is not there.
    Internal(&'static str),
}

impl RuntimeError {
    /// Kind and number of the code (4 for `E0004`).
    pub fn class(&self) -> (ErrorKind, u32) {
        use RuntimeError::*;
        match self {
            DivisionByZero => (ErrorKind::Runtime, 1),
            IndexOutOfBounds(_) | SliceStart(_) | SliceEnd(_) | SliceOrder(_) => (ErrorKind::Index, 2),
            KeyNotFound(_) => (ErrorKind::Key, 3),
            IntegerOverflow => (ErrorKind::Value, 4),
            MapChanged
            | PopFromEmpty
            | NegativeArrayLength
            | ArrayLength { .. }
            | NegativeArrayRepeat
            | NegativeStringRepeat
            | EmptySeparator
            | ShiftCount
            | InvalidCodePoint(_)
            | OrdLength(_) => (ErrorKind::Value, 5),
            F64OutOfRange(_) => (ErrorKind::Conversion, 7),
            ZeroStep | RangeArgument => (ErrorKind::Argument, 8),
            NoValue(_) => (ErrorKind::Name, 9),
            NotAnInteger(..)
            | DecimalsNotAllowed(_)
            | NotWhole(_)
            | IntTextOverflow(..)
            | IntOverflow(_)
            | IntOverflowF64(_)
            | NotFinite
            | NotANumber(_)
            | FloatOverflow(_) => (ErrorKind::Conversion, 10),
            StackOverflow => (ErrorKind::Recursion, 11),
            OutOfMemory => (ErrorKind::Runtime, 12),
            EndOfInput => (ErrorKind::Eof, 13),
            CannotRead(_) | CannotWrite(_) => (ErrorKind::Io, 13),
            Raised(_) | Internal(_) => (ErrorKind::Runtime, 14),
            AssertFailed(_) => (ErrorKind::Runtime, 15),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        self.class().0
    }

    /// The number of its code: 4 for `E0004`.
    pub fn code(&self) -> u32 {
        self.class().1
    }
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use RuntimeError::*;
        match self {
            DivisionByZero => f.write_str("Division by zero"),
            IntegerOverflow => f.write_str("Integer overflow"),
            IndexOutOfBounds(of) => write!(f, "{} index out of bounds", of.text()),
            SliceStart(of) => write!(f, "{} slice start out of bounds", of.text()),
            SliceEnd(of) => write!(f, "{} slice end out of bounds", of.text()),
            SliceOrder(of) => write!(f, "{} slice end before start", of.text()),
            KeyNotFound(key) => write!(f, "Key not found: {key}"),
            MapChanged => f.write_str("Map changed during iteration"),
            PopFromEmpty => f.write_str("Cannot pop from an empty array"),
            NegativeArrayLength => f.write_str("Array length must not be negative"),
            ArrayLength { expected, actual } => {
                write!(f, "Expected an array of length {expected}, got {actual}")
            }
            NegativeArrayRepeat => f.write_str("Array repeat count must not be negative"),
            NegativeStringRepeat => f.write_str("String repeat count must not be negative"),
            EmptySeparator => f.write_str("Separator must not be empty"),
            F64OutOfRange(target) => write!(f, "f64 value out of {} range", target.text()),
            NotAnInteger(by, text) => {
                write!(f, "{}() argument must be an integer string, got \"{text}\"", by.name())
            }
            DecimalsNotAllowed(text) => write!(
                f,
                "int() argument must be an integer string (decimals are not allowed). \
                 Use float() to parse decimal values, got \"{text}\""
            ),
            NotWhole(value) => {
                write!(f, "int() argument must be a whole number, got f64 {}", Decimal(*value))
            }
            IntTextOverflow(by, text) => {
                write!(f, "{}() overflow: \"{text}\" is out of range for {}", by.name(), by.target().text())
            }
            IntOverflow(value) => write!(f, "int() overflow: {value} is out of range for i32"),
            IntOverflowF64(value) => write!(f, "int() overflow: {} is out of range for i32", Decimal(*value)),
            NotFinite => f.write_str("int() overflow: value is not finite"),
            NotANumber(text) => write!(f, "float() argument must be a number, got \"{text}\""),
            FloatOverflow(text) => write!(f, "float() overflow: \"{text}\" is out of range for f64"),
            ZeroStep => f.write_str("Range step must not be zero"),
            RangeArgument => f.write_str("range() argument out of i64 range"),
            ShiftCount => f.write_str("Shift count out of range"),
            InvalidCodePoint(value) => write!(f, "Invalid code point {value}"),
            OrdLength(length) => write!(f, "ord() expects a string of length 1, got length {length}"),
            NoValue(name) => write!(f, "Variable '{name}' has no value yet"),
            StackOverflow => f.write_str("Stack overflow"),
            OutOfMemory => f.write_str("Out of memory"),
            EndOfInput => f.write_str("input() reached end of file"),
            CannotRead(what) => write!(f, "Cannot read file '{}': {}", what.0, what.1),
            CannotWrite(what) => write!(f, "Cannot write file '{}': {}", what.0, what.1),
            AssertFailed(message) | Raised(message) => f.write_str(message),
            Internal(what) => write!(f, "Internal error: {what}"),
        }
    }
}

/// Longest piece of a program's text that a message repeats, in scalar values.
pub const CUT_LENGTH: usize = 64;

/// A text for a message: cut, and marked as such, if it is longer than [`CUT_LENGTH`].
pub fn cut(text: &str) -> Box<str> {
    match text.char_indices().nth(CUT_LENGTH) {
        Some((at, _)) => format!("{}...", &text[..at]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_kinds_and_codes() {
        use RuntimeError::*;
        let table: &[(RuntimeError, &str, &str, u32)] = &[
            (DivisionByZero, "Division by zero", "runtime error", 1),
            (IntegerOverflow, "Integer overflow", "value error", 4),
            (IndexOutOfBounds(Sequence::Array), "Array index out of bounds", "index error", 2),
            (IndexOutOfBounds(Sequence::String), "String index out of bounds", "index error", 2),
            (SliceStart(Sequence::Array), "Array slice start out of bounds", "index error", 2),
            (SliceEnd(Sequence::String), "String slice end out of bounds", "index error", 2),
            (SliceOrder(Sequence::String), "String slice end before start", "index error", 2),
            (KeyNotFound("\"a\"".into()), "Key not found: \"a\"", "key error", 3),
            (MapChanged, "Map changed during iteration", "value error", 5),
            (PopFromEmpty, "Cannot pop from an empty array", "value error", 5),
            (NegativeArrayLength, "Array length must not be negative", "value error", 5),
            (
                ArrayLength { expected: 3, actual: 2 },
                "Expected an array of length 3, got 2",
                "value error",
                5,
            ),
            (NegativeArrayRepeat, "Array repeat count must not be negative", "value error", 5),
            (NegativeStringRepeat, "String repeat count must not be negative", "value error", 5),
            (EmptySeparator, "Separator must not be empty", "value error", 5),
            (F64OutOfRange(IntType::U64), "f64 value out of u64 range", "conversion error", 7),
            (NotWhole(2.5), "int() argument must be a whole number, got f64 2.5", "conversion error", 10),
            (
                IntOverflow(1 << 40),
                "int() overflow: 1099511627776 is out of range for i32",
                "conversion error",
                10,
            ),
            (IntOverflowF64(1e16), "int() overflow: 1e16 is out of range for i32", "conversion error", 10),
            (NotFinite, "int() overflow: value is not finite", "conversion error", 10),
            (
                IntTextOverflow(IntReader::ToU64, "-1".into()),
                "to_u64() overflow: \"-1\" is out of range for u64",
                "conversion error",
                10,
            ),
            (NotANumber("x".into()), "float() argument must be a number, got \"x\"", "conversion error", 10),
            (ZeroStep, "Range step must not be zero", "argument error", 8),
            (RangeArgument, "range() argument out of i64 range", "argument error", 8),
            (ShiftCount, "Shift count out of range", "value error", 5),
            (InvalidCodePoint(-1), "Invalid code point -1", "value error", 5),
            (OrdLength(2), "ord() expects a string of length 1, got length 2", "value error", 5),
            (NoValue("x".into()), "Variable 'x' has no value yet", "name error", 9),
            (StackOverflow, "Stack overflow", "recursion error", 11),
            (OutOfMemory, "Out of memory", "runtime error", 12),
            (EndOfInput, "input() reached end of file", "eof error", 13),
            (
                CannotRead(Box::new(("a".into(), "No such file".into()))),
                "Cannot read file 'a': No such file",
                "io error",
                13,
            ),
            (Raised("boom".into()), "boom", "runtime error", 14),
        ];
        for (error, message, kind, code) in table {
            assert_eq!(error.to_string(), *message);
            assert_eq!((error.kind().text(), error.code()), (*kind, *code), "{message}");
        }
        for (number, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
    }

    #[test]
    fn long_texts_are_cut_at_64_scalars() {
        assert_eq!(&*cut(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(&*cut(&"é".repeat(65)), format!("{}...", "é".repeat(64)));
    }
}
