//! The builtin functions and methods that a program can call, by name.
//!
//! How each is checked is the checker's affair (`check/builtins`), what it becomes lowering's (`lower/builtins`).

macro_rules! builtins {
    ($kind:ident: $($variant:ident $name:literal $min:literal..=$max:literal;)*) => {
        /// A builtin function or method, as a call names it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum $kind { $(#[doc = concat!("`", $name, "`")] $variant,)* }

        impl $kind {
            /// Each with its name and how many arguments it takes (a method's receiver counts).
            pub const ALL: &[($kind, &'static str, usize, usize)] = &[$(($kind::$variant, $name, $min, $max),)*];
        }
    };
}

builtins! { BuiltinFn:
    // ---- functions
    Len "len" 1..=1;
    Push "push" 2..=2;
    Pop "pop" 1..=1;
    // With a comparator, `sorted` is a call of the prelude.
    Sorted "sorted" 1..=2;
    Range "range" 1..=3;
    Int "int" 1..=1;
    Float "float" 1..=1;
    Typeof "typeof" 1..=1;
    Istype "istype" 2..=2;
    Input "input" 0..=1;
    Timestamp "timestamp" 0..=0;
    AssertEq "assert_eq" 3..=3;
    Sqrt "sqrt" 1..=1;
    Sin "sin" 1..=1;
    Cos "cos" 1..=1;
    Tan "tan" 1..=1;
    Atan "atan" 1..=1;
    Exp "exp" 1..=1;
    Log "log" 1..=1;
    Floor "floor" 1..=1;
    Ceil "ceil" 1..=1;
    Atan2 "atan2" 2..=2;
    Pow "pow" 2..=2;
    Abs "abs" 1..=1;
    Min "min" 2..=2;
    Max "max" 2..=2;
    Ord "ord" 1..=1;
    Chr "chr" 1..=1;
    ReadFile "read_file" 1..=1;
    WriteFile "write_file" 2..=2;
    Args "args" 0..=0;
    Raise "raise" 1..=1;
    Exit "exit" 1..=1;
    // ---- methods of arrays
    Join "join" 2..=2;
    Reverse "reverse" 1..=1;
    Insert "insert" 3..=3;
    Remove "remove" 2..=2;
    Clear "clear" 1..=1;
    // ---- methods of strings
    Chars "chars" 1..=1;
    Split "split" 2..=2;
    Find "find" 2..=2;
    Contains "contains" 2..=2;
    StartsWith "starts_with" 2..=2;
    EndsWith "ends_with" 2..=2;
    Replace "replace" 3..=3;
    Upper "upper" 1..=1;
    Lower "lower" 1..=1;
    Trim "trim" 1..=1;
    Repeat "repeat" 2..=2;
    ToI64 "to_i64" 1..=1;
    ToU64 "to_u64" 1..=1;
    // ---- methods of maps
    MapGet "get" 3..=3;
    MapHas "has" 2..=2;
    MapRemove "remove" 2..=2;
    MapKeys "keys" 1..=1;
    MapValues "values" 1..=1;
    MapClear "clear" 1..=1;
}
