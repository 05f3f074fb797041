//! The builtin functions that `builtin` calls: one table, read by the verifier, the printer and the VM.
//!
//! Builtins with an operation of their own (`len`, `push`, `sqrt`, ...) are not here.

/// The type of a parameter or result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Param {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    Str,
    Error,
    Range,
    /// `[string]`
    Strings,
    /// Any integer type, in canonical form; negative values are recognised by the parameter being huge as unsigned.
    Int,
    /// An array of any type; `Elem` refers to the first such parameter.
    Array,
    /// An element of the `Array` parameter.
    Elem,
    /// An array of the same type as the `Array` parameter.
    SameArray,
    Map,
    /// An array of the `Map` parameter's keys.
    Keys,
    /// An array of the `Map` parameter's values.
    Values,
    /// An array of numbers, bools or strings; counts as the `Array` parameter.
    Sortable,
    /// Nothing is returned.
    Void,
    /// It does not return: the instruction has no successor.
    Never,
}

macro_rules! builtins {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal ($($param:ident),*) $ret:ident;)*) => {
        /// A builtin function. The name is followed by its spelling in the text form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum Builtin { $(#[doc = concat!("`", $text, "`: ")] $(#[doc = $doc])* $name,)* }

        /// The table: a row for each [`Builtin`], in the order of their numbers.
        pub const BUILTINS: &[BuiltinRow] = &[$(BuiltinRow {
            builtin: Builtin::$name, text: $text, params: &[$(Param::$param),*], ret: Param::$ret,
        }),*];
    };
}

/// One row of [`BUILTINS`].
#[derive(Clone, Copy, Debug)]
pub struct BuiltinRow {
    pub builtin: Builtin,
    pub text: &'static str,
    pub params: &'static [Param],
    /// The result.
    pub ret: Param,
}

builtins! {
    // ---- arrays
    /// `sorted(a)` for numbers, bool and strings.
    Sorted "sorted" (Sortable) SameArray;
    Join "join" (Strings, Str) Str;
    Reverse "reverse" (Array) Void;
    Insert "insert" (Array, Int, Elem) Void;
    Remove "remove" (Array, Int) Elem;
    Clear "clear" (Array) Void;
    // ---- strings
    Chars "chars" (Str) Strings;
    Split "split" (Str, Str) Strings;
    Find "find" (Str, Str) I32;
    Contains "contains" (Str, Str) Bool;
    StartsWith "starts_with" (Str, Str) Bool;
    EndsWith "ends_with" (Str, Str) Bool;
    Replace "replace" (Str, Str, Str) Str;
    Upper "upper" (Str) Str;
    Lower "lower" (Str) Str;
    Trim "trim" (Str) Str;
    Repeat "repeat" (Str, Int) Str;
    ToI64 "to_i64" (Str) I64;
    ToU64 "to_u64" (Str) U64;
    Ord "ord" (Str) I32;
    Chr "chr" (I32) Str;
    // ---- maps
    MapKeys "map.keys" (Map) Keys;
    MapValues "map.values" (Map) Values;
    MapClear "map.clear" (Map) Void;
    // ---- conversions; from bool and the narrower integers the compiler converts first
    /// `int(x)` of a signed integer.
    IntFromI64 "int.i64" (I64) I32;
    IntFromU64 "int.u64" (U64) I32;
    IntFromF64 "int.f64" (F64) I32;
    IntFromStr "int.str" (Str) I32;
    FloatFromStr "float.str" (Str) F64;
    // ---- ranges
    /// A `u64` argument of `range`, as `i64`; raises `range() argument out of i64 range`.
    RangeArg "range.arg" (U64) I64;
    /// `range(start, stop, step)`.
    Range "range" (I64, I64, I64) Range;
    // ---- mathematics
    Sin "sin" (F64) F64;
    Cos "cos" (F64) F64;
    Tan "tan" (F64) F64;
    Atan "atan" (F64) F64;
    Exp "exp" (F64) F64;
    Log "log" (F64) F64;
    Ceil "ceil" (F64) F64;
    Atan2 "atan2" (F64, F64) F64;
    Pow "pow" (F64, F64) F64;
    // ---- the world outside
    Input "input" () Str;
    InputPrompt "input.prompt" (Str) Str;
    Timestamp "timestamp" () F64;
    ReadFile "read_file" (Str) Str;
    WriteFile "write_file" (Str, Str) Void;
    Args "args" () Strings;
    /// Ends the program; does not return.
    Exit "exit" (I32) Never;
    // ---- errors
    /// `typeof(e)` of an error: its kind, a space, its message.
    TypeofError "typeof.error" (Error) Str;
    /// Raises the message of a failed `assert_eq`: label, expected and actual value as rendered.
    AssertFailed "assert.failed" (Str, Str, Str) Never;
}

impl Builtin {
    /// The builtin of that number.
    pub fn from_number(number: u32) -> Option<Builtin> {
        BUILTINS.get(number as usize).map(|row| row.builtin)
    }

    /// Its row in the table.
    pub fn row(self) -> &'static BuiltinRow {
        &BUILTINS[self as usize]
    }
}
