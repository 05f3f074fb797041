//! The instruction set: one table, read by the builder, the verifier, the printer, the parser and the interpreter.
//!
//! An instruction is a 64-bit word: `op` in bits 0..16, then either three 16-bit operands `a b c` (bits 16..32, 32..48,
//! 48..64) or one 16-bit operand `a` and a 32-bit `imm` (bits 32..64). Some instructions are followed by extra words,
//! see [`Extra`]. Branch displacements count words from the word *after* the whole instruction, extra words included.
//!
//! Registers are untagged 8-byte slots in canonical form: `i32` sign-extended, `u32`, `bool` and enum tags
//! zero-extended. One comparison on the 64-bit slot therefore serves both widths (`.s` for `i32` and `i64`, `.u` for
//! `u32` and `u64`), and an index register may be of any integer type: negative values are huge as unsigned.

/// What an operand is: the verifier's rule, the printer's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Not used, must be zero.
    None,
    /// Register written.
    Def(Class),
    /// Register read.
    Use(Class),
    /// Register read and written.
    Mod(Class),
    /// Signed 16-bit immediate.
    Imm16,
    /// Signed 32-bit immediate (in `imm`).
    Imm32,
    /// Branch displacement in `c`, signed 16 bits.
    Off16,
    /// Branch displacement in `imm`, signed 32 bits.
    Off32,
    /// Slot of an object: its references are numbered first, then its scalars.
    Slot,
    /// Number of an enum's variant.
    Variant,
    /// Number of registers in the argument words.
    Count,
    /// Index into [`Program::literals`](super::Program), in `imm`.
    Literal,
    /// Index into [`Program::functions`](super::Program), in `imm`.
    Func,
    /// Index into [`Program::globals`](super::Program), in `imm`.
    Global,
    /// Index into the counters of an instance, in `imm`.
    Counter,
    /// Index into [`Program::formats`](super::Program), in `imm`.
    Format,
    /// Index into [`BUILTINS`](super::builtin::BUILTINS), in `imm`.
    Builtin,
}

/// What a register operand must be declared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    /// `i32` or `i64`, the same for all `Signed` operands of the instruction.
    Signed,
    /// `u32` or `u64`, likewise.
    Unsigned,
    /// Any integer type, on its own.
    Int,
    /// Any integer type or bool; all such operands of the instruction agree.
    Logic,
    /// Any scalar but `f64` (integers, bool, tag enums); all such operands of the instruction agree.
    Discrete,
    /// Any scalar; all such operands of the instruction agree.
    Scalar,
    /// Any non-null reference; all such operands of the instruction agree.
    Ref,
    /// A reference register declared nullable.
    Nullable,
    Str,
    Error,
    Range,
    /// An array; `Elem` operands are its elements. All such operands agree.
    Array,
    /// An element of the instruction's `Array` operand; the storage class is that of the opcode's suffix.
    Elem,
    Map,
    /// A key of the instruction's `Map` operand.
    Key,
    /// A value of the instruction's `Map` operand.
    Value,
    /// A struct, cell or closure object whose slots the instruction names.
    Object,
    /// What the named slot holds.
    Field,
    /// An enum that has payloads, as a reference.
    Enum,
    /// A function value: of a function type, or of the closure type of one function.
    Fn,
    /// A register of any type.
    Any,
    /// An array, map, struct, enum reference or error: what deep equality takes; all such operands agree.
    Deep,
}

/// The words that follow an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// None.
    No,
    /// One word: a 64-bit constant in canonical form for the type of `a`.
    Const,
    /// One word: index into [`Program::names`](super::Program).
    Name,
    /// One word: type id in the low half, and a 32-bit count or displacement (as the row says) in the high half.
    Type,
    /// One word of four 16-bit operands as the row says.
    Quad,
    /// One word: a variant number.
    Variant,
    /// One word: a branch displacement (low half, signed) and flags (high half).
    Branch,
    /// One word: a branch displacement (low half), and the register (an `i64`) of a map's change counter in bits 32..48.
    MapNext,
    /// Argument words: registers, four to a word, low bits first, the rest zero. How many the callee, the format, the
    /// builtin or the operand `Count` says. References come first, then scalars, each in the order of the parameters or
    /// captures; but those of a format come in its order.
    Args,
    /// A type word (its high half is the number of elements of `array.new`), then argument words.
    TypeArgs,
    /// Two 32-bit displacements to a word, `imm` of them.
    Table,
}

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal [$a:expr, $b:expr, $c:expr] $extra:ident $raises:ident;)*) => {
        /// An operation. The name is followed by its mnemonic in the text form.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op { $(#[doc = concat!("`", $text, "`: ")] $(#[doc = $doc])* $name,)* }

        /// The table: a row for each [`Op`], in the order of their numbers.
        pub const OPCODES: &[Row] = {
            use Operand::*; use Class::*;
            &[$(Row { op: Op::$name, text: $text, operands: [$a, $b, $c], extra: Extra::$extra, raises: Effect::$raises }),*]
        };

        /// Calls macro `$then` with `$with` and the names of all operations, in the order of their numbers.
        macro_rules! with_ops {
            ($then:path, $with:tt) => { $then! { $with $($name)* } };
        }
        pub(crate) use with_ops;
    };
}

/// Whether an instruction may raise, and whether it may allocate (and so collect).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Never raises, never allocates.
    Pure,
    /// May raise an error of its own.
    Raises,
    /// May allocate, hence collect and raise `Out of memory`; may raise other errors.
    Allocates,
    /// Transfers control to Orus code, which may do anything.
    Calls,
}

/// One row of [`OPCODES`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub op: Op,
    pub text: &'static str,
    /// Operands `a`, `b` and `c`; if the second is one that lives in `imm`, the third is [`Operand::None`].
    pub operands: [Operand; 3],
    pub extra: Extra,
    pub raises: Effect,
}

opcodes! {
    // ---- moves and constants
    /// Copies a scalar.
    Mov "mov" [Def(Scalar), Use(Scalar), None] No Pure;
    /// Copies a reference. A closure may also be copied into a register of its function type.
    MovRef "mov.ref" [Def(Ref), Use(Ref), None] No Pure;
    /// Sets a nullable register to null: its variable has no value.
    Null "null" [Def(Nullable), None, None] No Pure;
    /// Copies a reference into a nullable register.
    Wrap "wrap" [Def(Nullable), Use(Ref), None] No Pure;
    /// Reads a nullable register, or raises `Variable '…' has no value yet`.
    Unwrap "unwrap" [Def(Ref), Use(Nullable), None] Name Raises;
    /// Raises `Variable '…' has no value yet` unless the flag is true.
    CheckFlag "check.flag" [Use(Bool), None, None] Name Raises;
    /// A constant that fits 32 bits, sign-extended; valid for the type of `a` (0 for f64).
    Const "const" [Def(Scalar), Imm32, None] No Pure;
    /// Any constant.
    ConstWide "const.wide" [Def(Scalar), None, None] Const Pure;
    /// A string, a payload-free variant or a function value without captures.
    Literal "literal" [Def(Ref), Operand::Literal, None] No Pure;

    // ---- arithmetic
    AddI32 "add.i32" [Def(I32), Use(I32), Use(I32)] No Raises;
    SubI32 "sub.i32" [Def(I32), Use(I32), Use(I32)] No Raises;
    MulI32 "mul.i32" [Def(I32), Use(I32), Use(I32)] No Raises;
    DivI32 "div.i32" [Def(I32), Use(I32), Use(I32)] No Raises;
    RemI32 "rem.i32" [Def(I32), Use(I32), Use(I32)] No Raises;
    NegI32 "neg.i32" [Def(I32), Use(I32), None] No Raises;
    AddI64 "add.i64" [Def(I64), Use(I64), Use(I64)] No Raises;
    SubI64 "sub.i64" [Def(I64), Use(I64), Use(I64)] No Raises;
    MulI64 "mul.i64" [Def(I64), Use(I64), Use(I64)] No Raises;
    DivI64 "div.i64" [Def(I64), Use(I64), Use(I64)] No Raises;
    RemI64 "rem.i64" [Def(I64), Use(I64), Use(I64)] No Raises;
    NegI64 "neg.i64" [Def(I64), Use(I64), None] No Raises;
    AddU32 "add.u32" [Def(U32), Use(U32), Use(U32)] No Pure;
    SubU32 "sub.u32" [Def(U32), Use(U32), Use(U32)] No Pure;
    MulU32 "mul.u32" [Def(U32), Use(U32), Use(U32)] No Pure;
    AddU64 "add.u64" [Def(U64), Use(U64), Use(U64)] No Pure;
    SubU64 "sub.u64" [Def(U64), Use(U64), Use(U64)] No Pure;
    MulU64 "mul.u64" [Def(U64), Use(U64), Use(U64)] No Pure;
    /// Division of `u32` and of `u64`.
    DivU "div.u" [Def(Unsigned), Use(Unsigned), Use(Unsigned)] No Raises;
    RemU "rem.u" [Def(Unsigned), Use(Unsigned), Use(Unsigned)] No Raises;
    AddF64 "add.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    SubF64 "sub.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    MulF64 "mul.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    DivF64 "div.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    RemF64 "rem.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    NegF64 "neg.f64" [Def(F64), Use(F64), None] No Pure;
    /// Adds an immediate; subtraction is addition of the negative.
    AddI32Imm "add.i32.imm" [Def(I32), Use(I32), Imm16] No Raises;
    MulI32Imm "mul.i32.imm" [Def(I32), Use(I32), Imm16] No Raises;
    /// The immediate is neither 0 nor -1, so nothing is raised; so in the other forms with an immediate divisor.
    DivI32Imm "div.i32.imm" [Def(I32), Use(I32), Imm16] No Pure;
    RemI32Imm "rem.i32.imm" [Def(I32), Use(I32), Imm16] No Pure;
    AddI64Imm "add.i64.imm" [Def(I64), Use(I64), Imm16] No Raises;
    MulI64Imm "mul.i64.imm" [Def(I64), Use(I64), Imm16] No Raises;
    DivI64Imm "div.i64.imm" [Def(I64), Use(I64), Imm16] No Pure;
    RemI64Imm "rem.i64.imm" [Def(I64), Use(I64), Imm16] No Pure;
    /// The immediate divisor is positive.
    DivUImm "div.u.imm" [Def(Unsigned), Use(Unsigned), Imm16] No Pure;
    RemUImm "rem.u.imm" [Def(Unsigned), Use(Unsigned), Imm16] No Pure;

    // ---- bits
    And "and" [Def(Logic), Use(Logic), Use(Logic)] No Pure;
    Or "or" [Def(Logic), Use(Logic), Use(Logic)] No Pure;
    Xor "xor" [Def(Logic), Use(Logic), Use(Logic)] No Pure;
    /// Complement of a signed value; canonical form is kept by itself.
    NotS "not.s" [Def(Signed), Use(Signed), None] No Pure;
    NotU32 "not.u32" [Def(U32), Use(U32), None] No Pure;
    NotU64 "not.u64" [Def(U64), Use(U64), None] No Pure;
    /// The count may be of any integer type.
    ShlI32 "shl.i32" [Def(I32), Use(I32), Use(Int)] No Raises;
    ShlI64 "shl.i64" [Def(I64), Use(I64), Use(Int)] No Raises;
    ShlU32 "shl.u32" [Def(U32), Use(U32), Use(Int)] No Raises;
    ShlU64 "shl.u64" [Def(U64), Use(U64), Use(Int)] No Raises;
    ShrI32 "shr.i32" [Def(I32), Use(I32), Use(Int)] No Raises;
    ShrI64 "shr.i64" [Def(I64), Use(I64), Use(Int)] No Raises;
    ShrU32 "shr.u32" [Def(U32), Use(U32), Use(Int)] No Raises;
    ShrU64 "shr.u64" [Def(U64), Use(U64), Use(Int)] No Raises;

    // ---- comparisons to bool; greater is less with operands exchanged
    Eq "eq" [Def(Bool), Use(Discrete), Use(Discrete)] No Pure;
    Ne "ne" [Def(Bool), Use(Discrete), Use(Discrete)] No Pure;
    LtS "lt.s" [Def(Bool), Use(Signed), Use(Signed)] No Pure;
    LeS "le.s" [Def(Bool), Use(Signed), Use(Signed)] No Pure;
    LtU "lt.u" [Def(Bool), Use(Unsigned), Use(Unsigned)] No Pure;
    LeU "le.u" [Def(Bool), Use(Unsigned), Use(Unsigned)] No Pure;
    EqF64 "eq.f64" [Def(Bool), Use(F64), Use(F64)] No Pure;
    NeF64 "ne.f64" [Def(Bool), Use(F64), Use(F64)] No Pure;
    LtF64 "lt.f64" [Def(Bool), Use(F64), Use(F64)] No Pure;
    LeF64 "le.f64" [Def(Bool), Use(F64), Use(F64)] No Pure;
    EqStr "eq.str" [Def(Bool), Use(Str), Use(Str)] No Pure;
    LtStr "lt.str" [Def(Bool), Use(Str), Use(Str)] No Pure;
    LeStr "le.str" [Def(Bool), Use(Str), Use(Str)] No Pure;
    /// Equality of arrays, maps, structs, enums and errors, as deep as they go.
    EqDeep "eq.deep" [Def(Bool), Use(Deep), Use(Deep)] No Allocates;
    Not "not" [Def(Bool), Use(Bool), None] No Pure;

    // ---- conversions
    /// Low 32 bits, sign-extended, of any integer.
    Sext32 "sext32" [Def(I32), Use(Int), None] No Pure;
    /// Low 32 bits, zero-extended, of any integer.
    Zext32 "zext32" [Def(U32), Use(Int), None] No Pure;
    /// The same 64 bits under another type: to `i64` or `u64` from any integer, to any integer from bool or a tag enum.
    Bits "bits" [Def(Int), Use(Any), None] No Pure;
    F64FromS "f64.from.s" [Def(F64), Use(Signed), None] No Pure;
    F64FromU "f64.from.u" [Def(F64), Use(Unsigned), None] No Pure;
    I32FromF64 "i32.from.f64" [Def(I32), Use(F64), None] No Raises;
    I64FromF64 "i64.from.f64" [Def(I64), Use(F64), None] No Raises;
    U32FromF64 "u32.from.f64" [Def(U32), Use(F64), None] No Raises;
    U64FromF64 "u64.from.f64" [Def(U64), Use(F64), None] No Raises;
    BoolFromInt "bool.from.int" [Def(Bool), Use(Int), None] No Pure;
    BoolFromF64 "bool.from.f64" [Def(Bool), Use(F64), None] No Pure;
    /// `as string`: the rendering of a value of any printable type; the extra word names the type of `b`.
    ToStr "to.str" [Def(Str), Use(Any), None] Type Allocates;

    // ---- control
    /// Falls to the next instruction; the poll and the count of a loop header. Back edges lead here and nowhere else.
    Loop "loop" [None, Counter, None] No Calls;
    Jump "jump" [None, Off32, None] No Pure;
    BrTrue "br.true" [Use(Bool), Off32, None] No Pure;
    BrFalse "br.false" [Use(Bool), Off32, None] No Pure;
    BrEq "br.eq" [Use(Discrete), Use(Discrete), Off16] No Pure;
    BrNe "br.ne" [Use(Discrete), Use(Discrete), Off16] No Pure;
    BrLtS "br.lt.s" [Use(Signed), Use(Signed), Off16] No Pure;
    BrLeS "br.le.s" [Use(Signed), Use(Signed), Off16] No Pure;
    BrLtU "br.lt.u" [Use(Unsigned), Use(Unsigned), Off16] No Pure;
    BrLeU "br.le.u" [Use(Unsigned), Use(Unsigned), Off16] No Pure;
    BrEqF64 "br.eq.f64" [Use(F64), Use(F64), Off16] No Pure;
    BrNeF64 "br.ne.f64" [Use(F64), Use(F64), Off16] No Pure;
    BrLtF64 "br.lt.f64" [Use(F64), Use(F64), Off16] No Pure;
    BrLeF64 "br.le.f64" [Use(F64), Use(F64), Off16] No Pure;
    /// Branches unless `a < b`: with NaN that is not `b <= a`.
    BrNltF64 "br.nlt.f64" [Use(F64), Use(F64), Off16] No Pure;
    BrNleF64 "br.nle.f64" [Use(F64), Use(F64), Off16] No Pure;
    BrEqStr "br.eq.str" [Use(Str), Use(Str), Off16] No Pure;
    BrNeStr "br.ne.str" [Use(Str), Use(Str), Off16] No Pure;
    BrEqImm "br.eq.imm" [Use(Discrete), Imm16, Off16] No Pure;
    BrNeImm "br.ne.imm" [Use(Discrete), Imm16, Off16] No Pure;
    BrLtSImm "br.lt.s.imm" [Use(Signed), Imm16, Off16] No Pure;
    BrLeSImm "br.le.s.imm" [Use(Signed), Imm16, Off16] No Pure;
    BrGtSImm "br.gt.s.imm" [Use(Signed), Imm16, Off16] No Pure;
    BrGeSImm "br.ge.s.imm" [Use(Signed), Imm16, Off16] No Pure;
    /// Jumps by the displacement that the table holds for the value of `a`; falls through if it is not below the count.
    Switch "switch" [Use(Discrete), Imm32, None] Table Pure;

    // ---- counted loops. `a` is the counter, `b` the end; the instruction closes the loop.
    /// `if a + 1 < b { a += 1; branch }`. The loop was entered with `a < b`, so the addition does not overflow (where code
    /// breaks that, it wraps at 64 bits).
    ForS "for.s" [Mod(Signed), Use(Signed), Off16] No Pure;
    ForU "for.u" [Mod(Unsigned), Use(Unsigned), Off16] No Pure;
    /// `if a < b { a += 1; branch }`: the closing test of an inclusive range.
    ForInclS "for.incl.s" [Mod(Signed), Use(Signed), Off16] No Pure;
    ForInclU "for.incl.u" [Mod(Unsigned), Use(Unsigned), Off16] No Pure;
    /// Entry of a loop with step `c`: raises `Range step must not be zero`; branches (to the exit) if there is no turn.
    /// Flag bit 0: the range is inclusive.
    ForEnterS "for.enter.s" [Use(Signed), Use(Signed), Use(Signed)] Branch Raises;
    ForEnterU "for.enter.u" [Use(Unsigned), Use(Unsigned), Use(Unsigned)] Branch Raises;
    /// Closes a loop with step `c`: branches (to the header) with `a + c` in `a` if a turn is left. Never overflows.
    /// Flag bit 0 as for the entry.
    ForStepS "for.step.s" [Mod(Signed), Use(Signed), Use(Signed)] Branch Pure;
    ForStepU "for.step.u" [Mod(Unsigned), Use(Unsigned), Use(Unsigned)] Branch Pure;
    /// `if c < len(b) { a = b[c]; c += 1; branch }`, by storage class of the elements.
    NextI32 "next.i32" [Def(Elem), Use(Array), Mod(I32)] Branch Pure;
    NextU32 "next.u32" [Def(Elem), Use(Array), Mod(I32)] Branch Pure;
    Next64 "next.64" [Def(Elem), Use(Array), Mod(I32)] Branch Pure;
    NextBool "next.bool" [Def(Elem), Use(Array), Mod(I32)] Branch Pure;
    NextRef "next.ref" [Def(Elem), Use(Array), Mod(I32)] Branch Pure;
    /// The scalar value of string `b` at byte offset `c`, which advances past it.
    NextStr "next.str" [Def(Str), Use(Str), Mod(I64)] Branch Allocates;
    /// The next value of a range object.
    NextRange "next.range" [Def(I64), Use(Range), None] Branch Pure;
    /// Entry of a loop over map `b`: `a` becomes its change counter, which `map.next` compares.
    MapIter "map.iter" [Def(I64), Use(Map), None] No Pure;
    /// `a` becomes the next live entry at or after entry position `c`, which moves behind it; branches if there is one. The
    /// extra word also names the register of the change counter. Raises `Map changed during iteration`.
    MapNext "map.next" [Def(Key), Use(Map), Mod(I64)] MapNext Raises;
    /// The value of the entry before position `c`: that of the key which `map.next` just gave. Raises an internal error if
    /// there is no live entry.
    MapEntry "map.entry" [Def(Value), Use(Map), Use(I64)] No Raises;

    // ---- calls
    /// Calls a function; `a` takes the result (zero if there is none). The first argument of a function with captures is its
    /// closure.
    Call "call" [Def(Any), Func, None] Args Calls;
    /// Calls function value `b` with `c` arguments, its hidden closure not among them.
    CallValue "call.value" [Def(Any), Use(Fn), Count] Args Calls;
    Ret "ret" [Use(Any), None, None] No Pure;
    RetVoid "ret.void" [None, None, None] No Pure;
    /// A new function value with captures (as many as the function has), references first. `a` is of the function's type or
    /// of its closure type.
    Closure "closure" [Def(Fn), Func, None] Args Allocates;
    /// Calls a builtin function of the table.
    Builtin "builtin" [Def(Any), Operand::Builtin, None] Args Allocates;
    /// Writes a line to the output, by format.
    Print "print" [None, Format, None] Args Allocates;
    /// The string that `print` would write, without the line end.
    FormatStr "format" [Def(Str), Format, None] Args Allocates;
    /// Raises an error of kind `runtime error` with message `a`.
    Raise "raise" [Use(Str), None, None] No Allocates;
    /// Raises error `a` again.
    RaiseError "raise.error" [Use(Error), None, None] No Raises;

    // ---- objects
    /// A new struct, cell (`b` is 0) or enum variant `b` with `c` slots, all given: references first, then scalars. (A variant
    /// without payload is a literal.)
    New "new" [Def(Any), Variant, Count] TypeArgs Allocates;
    GetField "get.field" [Def(Field), Use(Object), Slot] No Pure;
    GetFieldRef "get.field.ref" [Def(Field), Use(Object), Slot] No Pure;
    SetField "set.field" [Use(Object), Use(Field), Slot] No Pure;
    SetFieldRef "set.field.ref" [Use(Object), Use(Field), Slot] No Pure;
    /// The variant's number.
    Tag "tag" [Def(U32), Use(Enum), None] No Pure;
    /// A payload slot of the variant that the extra word names; raises an internal error if `b` is another variant.
    GetPayload "get.payload" [Def(Field), Use(Enum), Slot] Variant Raises;
    GetPayloadRef "get.payload.ref" [Def(Field), Use(Enum), Slot] Variant Raises;
    ErrorMessage "error.message" [Def(Str), Use(Error), None] No Pure;
    ErrorKind "error.kind" [Def(Str), Use(Error), None] No Pure;

    // ---- module variables
    /// Raises as the next one does in an instance whose run failed before all variables had values.
    GlobalGet "global.get" [Def(Scalar), Global, None] No Raises;
    /// Raises `Variable '…' has no value yet` unless `global.set` ran for it.
    GlobalGetChecked "global.get.checked" [Def(Scalar), Global, None] No Raises;
    /// Raises `Variable '…' has no value yet` if it is null.
    GlobalGetRef "global.get.ref" [Def(Ref), Global, None] No Raises;
    GlobalSet "global.set" [Use(Scalar), Global, None] No Pure;
    GlobalSetRef "global.set.ref" [Use(Ref), Global, None] No Pure;

    // ---- arrays
    /// A new array of type `extra.type` with the `extra.count` elements listed.
    ArrayNew "array.new" [Def(Array), None, None] TypeArgs Allocates;
    /// `c` copies of `b`.
    ArrayFill "array.fill" [Def(Array), Use(Elem), Use(Int)] Type Allocates;
    ArrayLen "array.len" [Def(I32), Use(Array), None] No Pure;
    GetI32 "get.i32" [Def(Elem), Use(Array), Use(Int)] No Raises;
    GetU32 "get.u32" [Def(Elem), Use(Array), Use(Int)] No Raises;
    Get64 "get.64" [Def(Elem), Use(Array), Use(Int)] No Raises;
    GetBool "get.bool" [Def(Elem), Use(Array), Use(Int)] No Raises;
    GetRef "get.ref" [Def(Elem), Use(Array), Use(Int)] No Raises;
    /// `a[b] = c`.
    Set32 "set.32" [Use(Array), Use(Int), Use(Elem)] No Raises;
    Set64 "set.64" [Use(Array), Use(Int), Use(Elem)] No Raises;
    SetBool "set.bool" [Use(Array), Use(Int), Use(Elem)] No Raises;
    SetRef "set.ref" [Use(Array), Use(Int), Use(Elem)] No Raises;
    Push32 "push.32" [Use(Array), Use(Elem), None] No Allocates;
    Push64 "push.64" [Use(Array), Use(Elem), None] No Allocates;
    PushBool "push.bool" [Use(Array), Use(Elem), None] No Allocates;
    PushRef "push.ref" [Use(Array), Use(Elem), None] No Allocates;
    PopI32 "pop.i32" [Def(Elem), Use(Array), None] No Raises;
    PopU32 "pop.u32" [Def(Elem), Use(Array), None] No Raises;
    Pop64 "pop.64" [Def(Elem), Use(Array), None] No Raises;
    PopBool "pop.bool" [Def(Elem), Use(Array), None] No Raises;
    PopRef "pop.ref" [Def(Elem), Use(Array), None] No Raises;
    /// `a = b[x..y]`: quad word `x`, `y`, flags (1: `x` is given, 2: `y` is given, 4: `y` is included).
    ArraySlice "array.slice" [Def(Array), Use(Array), None] Quad Allocates;
    /// `a = b * c`.
    ArrayRepeat "array.repeat" [Def(Array), Use(Array), Use(Int)] No Allocates;
    /// Raises `Expected an array of length …, got …` unless `len(a) == imm`, read as unsigned.
    ArrayCheckLen "array.check.len" [Use(Array), Imm32, None] No Allocates;

    // ---- strings
    Concat "concat" [Def(Str), Use(Str), Use(Str)] No Allocates;
    StrLen "str.len" [Def(I32), Use(Str), None] No Pure;
    StrIndex "str.index" [Def(Str), Use(Str), Use(Int)] No Allocates;
    StrSlice "str.slice" [Def(Str), Use(Str), None] Quad Allocates;

    // ---- maps
    MapNew "map.new" [Def(Map), None, None] Type Allocates;
    MapLen "map.len" [Def(I32), Use(Map), None] No Pure;
    MapGet "map.get" [Def(Value), Use(Map), Use(Key)] No Allocates;
    MapSet "map.set" [Use(Map), Use(Key), Use(Value)] No Allocates;
    /// `a` is the default before and the value after.
    MapGetOr "map.get.or" [Mod(Value), Use(Map), Use(Key)] No Pure;
    MapHas "map.has" [Def(Bool), Use(Map), Use(Key)] No Pure;
    MapRemove "map.remove" [Def(Value), Use(Map), Use(Key)] No Allocates;

    // ---- numbers
    Sqrt "sqrt" [Def(F64), Use(F64), None] No Pure;
    Floor "floor" [Def(F64), Use(F64), None] No Pure;
    AbsI32 "abs.i32" [Def(I32), Use(I32), None] No Raises;
    AbsI64 "abs.i64" [Def(I64), Use(I64), None] No Raises;
    AbsF64 "abs.f64" [Def(F64), Use(F64), None] No Pure;
    MinS "min.s" [Def(Signed), Use(Signed), Use(Signed)] No Pure;
    MaxS "max.s" [Def(Signed), Use(Signed), Use(Signed)] No Pure;
    MinU "min.u" [Def(Unsigned), Use(Unsigned), Use(Unsigned)] No Pure;
    MaxU "max.u" [Def(Unsigned), Use(Unsigned), Use(Unsigned)] No Pure;
    MinF64 "min.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    MaxF64 "max.f64" [Def(F64), Use(F64), Use(F64)] No Pure;
    MinStr "min.str" [Def(Str), Use(Str), Use(Str)] No Pure;
    MaxStr "max.str" [Def(Str), Use(Str), Use(Str)] No Pure;
}

impl Operand {
    /// Whether the operand lives in `imm`.
    pub const fn is_wide(self) -> bool {
        use Operand::*;
        matches!(self, Imm32 | Off32 | Literal | Func | Global | Counter | Format | Builtin)
    }

    /// The class of the register, if it is one.
    pub const fn class(self) -> Option<Class> {
        match self {
            Operand::Def(class) | Operand::Use(class) | Operand::Mod(class) => Some(class),
            _ => None,
        }
    }

    /// Whether a register is written.
    pub const fn is_def(self) -> bool {
        matches!(self, Operand::Def(_) | Operand::Mod(_))
    }

    /// Whether a register is read.
    pub const fn is_use(self) -> bool {
        matches!(self, Operand::Use(_) | Operand::Mod(_))
    }
}

/// How a conditional branch is turned round: the operation that branches exactly when the given one does not, and
/// whether its operands `a` and `b` change places.
pub const fn inverse(op: Op) -> Option<(Op, bool)> {
    Some(match op {
        Op::BrTrue => (Op::BrFalse, false),
        Op::BrFalse => (Op::BrTrue, false),
        Op::BrEq => (Op::BrNe, false),
        Op::BrNe => (Op::BrEq, false),
        Op::BrLtS => (Op::BrLeS, true),
        Op::BrLeS => (Op::BrLtS, true),
        Op::BrLtU => (Op::BrLeU, true),
        Op::BrLeU => (Op::BrLtU, true),
        Op::BrEqF64 => (Op::BrNeF64, false),
        Op::BrNeF64 => (Op::BrEqF64, false),
        Op::BrLtF64 => (Op::BrNltF64, false),
        Op::BrNltF64 => (Op::BrLtF64, false),
        Op::BrLeF64 => (Op::BrNleF64, false),
        Op::BrNleF64 => (Op::BrLeF64, false),
        Op::BrEqStr => (Op::BrNeStr, false),
        Op::BrNeStr => (Op::BrEqStr, false),
        Op::BrEqImm => (Op::BrNeImm, false),
        Op::BrNeImm => (Op::BrEqImm, false),
        Op::BrLtSImm => (Op::BrGeSImm, false),
        Op::BrGeSImm => (Op::BrLtSImm, false),
        Op::BrLeSImm => (Op::BrGtSImm, false),
        Op::BrGtSImm => (Op::BrLeSImm, false),
        _ => return None,
    })
}

/// How the elements of an array are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storage {
    /// 32 bits, sign-extended when read: `i32`.
    I32,
    /// 32 bits, zero-extended when read: `u32` and tag enums.
    U32,
    /// 32 bits, written only, so `i32`, `u32` and tag enums.
    Any32,
    /// `i64`, `u64`, `f64`.
    Any64,
    Bool,
    Ref,
}

impl Op {
    /// For an operation on the elements of an array that has a storage class as its suffix: the class.
    pub const fn storage(self) -> Option<Storage> {
        use Op::*;
        Some(match self {
            NextI32 | GetI32 | PopI32 => Storage::I32,
            NextU32 | GetU32 | PopU32 => Storage::U32,
            Set32 | Push32 => Storage::Any32,
            Next64 | Get64 | Set64 | Push64 | Pop64 => Storage::Any64,
            NextBool | GetBool | SetBool | PushBool | PopBool => Storage::Bool,
            NextRef | GetRef | SetRef | PushRef | PopRef => Storage::Ref,
            _ => return None,
        })
    }

    /// How many operations there are.
    pub const COUNT: usize = OPCODES.len();

    /// The operation of that number.
    pub fn from_number(number: u16) -> Option<Op> {
        OPCODES.get(usize::from(number)).map(|row| row.op)
    }

    /// Its row in the table.
    pub fn row(self) -> &'static Row {
        &OPCODES[self as usize]
    }
}

/// One instruction word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word(pub u64);

impl Word {
    /// A word of an operation and three operands.
    pub const fn abc(op: Op, a: u16, b: u16, c: u16) -> Word {
        Word(op as u64 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }
    /// A word of an operation, an operand and a 32-bit immediate.
    pub const fn ai(op: Op, a: u16, imm: i32) -> Word {
        Word(op as u64 | (a as u64) << 16 | (imm as u32 as u64) << 32)
    }
    /// The operation's number.
    pub const fn op(self) -> u16 {
        self.0 as u16
    }
    /// The first operand.
    pub const fn a(self) -> u16 {
        (self.0 >> 16) as u16
    }
    /// The second operand.
    pub const fn b(self) -> u16 {
        (self.0 >> 32) as u16
    }
    /// The third operand.
    pub const fn c(self) -> u16 {
        (self.0 >> 48) as u16
    }
    /// The 32-bit immediate.
    pub const fn imm(self) -> i32 {
        (self.0 >> 32) as i32
    }
}
