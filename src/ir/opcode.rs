//! The instructions: one table, which builder, verifier, printer, parser, evaluator, optimiser and lowering read.
//!
//! An instruction has an opcode, a kind, 16 bits of its own (`aux`) and up to four words `a b c d`: values, a guard, the first
//! edge, a place in a list. The table says which word is what.
//!
//! What instructions mean, where the name does not say it:
//!
//! - Integer arithmetic wraps; of a shift's count the low 5 or 6 bits count; `shr` of a signed kind keeps the sign.
//! - `div` and `rem` are total: by zero they give 0 and the dividend, and the least number by -1 gives itself and 0 (as on
//!   AArch64, and for `rem` RISC-V). Bits of `aux` claim that this does not occur ([`Op::NONZERO`], [`Op::NO_OVERFLOW`]): the evaluator
//!   stops at a claim that does not hold.
//! - `.checked` instructions leave through their guard where the exact result has no place in the kind, or there is none; those with two
//!   edges (`.or`) go to the second one instead, and their result can be used on the first only.
//! - `min` and `max` of f64 are `minimumNumber` and `maximumNumber` of IEEE 754-2019, and a NaN result may be any NaN.
//! - `convert` of f64 to an integer truncates and saturates, NaN gives 0; between integers it extends by the source's sign, or cuts
//!   off; to f64 it rounds to nearest. `convert.checked` leaves where the number, truncated, is not in the destination's range.
//! - An index (the second part of an address) of 32 bits is zero-extended, whatever its kind.
//! - `new` makes an object of a layout: its header is set, its fields are zero. It leaves through the guard if there is no room.
//! - `poll` leaves through its guard if the slow path says so. It touches no memory that the program sees.
//! - Vector lanes wrap. `v.widen` takes the low or high half of the lanes of a v128 of i32 or u32 to 64 bits each (a v128), or for a v256 the
//!   low or high v128 of it to a v256. `v.eq`, `v.gt` give lanes of all ones or zeros; `v.select` takes by the top bit of each byte of its mask.
//!   `v.reduce` combines all lanes; of bytes it adds u32s, of f64 lane 0, 1, 2, … in this order. `v.true` counts lanes whose top bit is set.

use super::types::Kind;

/// What kinds a row may have, as bits by `Kind as u8`.
pub type Kinds = u16;
const I: Kinds = 1 << Kind::I32 as u8 | 1 << Kind::I64 as u8 | 1 << Kind::U32 as u8 | 1 << Kind::U64 as u8;
const S: Kinds = 1 << Kind::I32 as u8 | 1 << Kind::I64 as u8;
const F: Kinds = 1 << Kind::F64 as u8;
const N: Kinds = I | F;
const B: Kinds = 1 << Kind::Bool as u8;
const IB: Kinds = I | B;
const V: Kinds = 1 << Kind::V128 as u8 | 1 << Kind::V256 as u8;
/// All kinds of one register.
const A: Kinds = N | B | 1 << Kind::Ref as u8;
const AV: Kinds = A | V;
const O: Kinds = 1 << Kind::None as u8;
const X: Kinds = AV | O;
const R: Kinds = 1 << Kind::Ref as u8;
const Q: Kinds = 1 << Kind::I64 as u8;
const W: Kinds = 1 << Kind::I32 as u8;

/// What an instruction gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// Nothing.
    Nothing,
    /// A value of its kind.
    Own,
    /// A bool.
    Bool,
    /// A value of its kind, unless that is `None` (calls).
    Maybe,
    /// The scalar of its lanes.
    Scalar,
    /// A u32.
    Count,
}

/// What an instruction does besides giving a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: it may be removed, moved and merged.
    Pure,
    /// It reads memory of its class.
    Read,
    /// It writes memory of its class.
    Write,
    /// It may leave the function, and gives the same for the same operands.
    Exit,
    /// It makes an object; or leaves.
    Make,
    /// It may collect, or leave.
    Poll,
    /// What the callee does.
    Call,
    /// It ends its block.
    End,
    /// It ends its block with a call.
    EndCall,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How it is written, without the kind.
    pub name: &'static str,
    /// Which of the words `a b c d` are values, as bits 0 to 3.
    pub values: u8,
    /// Which word is a guard, 4 if none.
    pub guard: u8,
    /// The kinds it may have.
    pub kinds: Kinds,
    /// What it gives.
    pub gives: Gives,
    /// What it does.
    pub effect: Effect,
}

macro_rules! ops { ($($(#[$doc:meta])* $op:ident $name:literal $values:literal $guard:literal $kinds:ident $gives:ident $effect:ident;)*) => {
    /// What an instruction does. See the [module](self) for what they mean exactly.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    #[repr(u8)]
    pub enum Op { $($(#[$doc])* $op),* }

    impl Op {
        /// All of them.
        pub const ALL: &'static [Op] = &[$(Op::$op),*];
        const ROWS: &'static [Row] = &[$(Row {
            name: $name, values: $values, guard: $guard, kinds: $kinds, gives: Gives::$gives, effect: Effect::$effect,
        }),*];
    }
}}

ops! {
    // op        name            values guard kinds gives   effect
    /// `-a`
    Neg          "neg"           0b0001 4 N  Own     Pure;
    /// All bits of `a` inverted.
    Not          "not"           0b0001 4 IB Own     Pure;
    /// `|a|`
    Abs          "abs"           0b0001 4 F  Own     Pure;
    /// The square root.
    Sqrt         "sqrt"          0b0001 4 F  Own     Pure;
    /// The next integer downward.
    Floor        "floor"         0b0001 4 F  Own     Pure;
    /// The next integer upward.
    Ceil         "ceil"          0b0001 4 F  Own     Pure;
    /// The next integer toward zero.
    Trunc        "trunc"         0b0001 4 F  Own     Pure;
    /// From the kind in `aux`.
    Convert      "convert"       0b0001 4 N  Own     Pure;
    /// The same bits, from a kind of the same size in `aux`; a ref may become an i64 and back.
    Bitcast      "bitcast"       0b0001 4 A  Own     Pure;
    /// `a + b`
    Add          "add"           0b0011 4 N  Own     Pure;
    /// `a - b`
    Sub          "sub"           0b0011 4 N  Own     Pure;
    /// `a * b`
    Mul          "mul"           0b0011 4 N  Own     Pure;
    /// `a / b`, toward zero.
    Div          "div"           0b0011 4 N  Own     Pure;
    /// `a % b`, with the sign of `a`.
    Rem          "rem"           0b0011 4 I  Own     Pure;
    /// The high half of the product.
    MulHigh      "mulhigh"       0b0011 4 I  Own     Pure;
    /// Bits in both.
    And          "and"           0b0011 4 IB Own     Pure;
    /// Bits in either.
    Or           "or"            0b0011 4 IB Own     Pure;
    /// Bits in one only.
    Xor          "xor"           0b0011 4 IB Own     Pure;
    /// `a << b`
    Shl          "shl"           0b0011 4 I  Own     Pure;
    /// `a >> b`
    Shr          "shr"           0b0011 4 I  Own     Pure;
    /// The smaller one.
    Min          "min"           0b0011 4 N  Own     Pure;
    /// The larger one.
    Max          "max"           0b0011 4 N  Own     Pure;
    /// The condition in `aux` of `a` and `b`, which are of the instruction's kind.
    Cmp          "cmp"           0b0011 4 A  Bool    Pure;
    /// `b` if `a` (a bool) else `c`.
    Select       "select"        0b0111 4 AV Own     Pure;
    /// `-a`
    NegChecked   "neg.checked"   0b0001 1 S  Own     Exit;
    /// `a + b`
    AddChecked   "add.checked"   0b0011 2 I  Own     Exit;
    /// `a - b`
    SubChecked   "sub.checked"   0b0011 2 I  Own     Exit;
    /// `a * b`
    MulChecked   "mul.checked"   0b0011 2 I  Own     Exit;
    /// `a / b`
    DivChecked   "div.checked"   0b0011 2 I  Own     Exit;
    /// `a % b`; the least number by -1 gives 0.
    RemChecked   "rem.checked"   0b0011 2 I  Own     Exit;
    /// From the kind in `aux`.
    ConvertChecked "convert.checked" 0b0001 1 I Own   Exit;
    /// Leaves unless `a`, a bool, is true.
    Guard        "guard"         0b0001 1 B  Nothing Exit;
    /// Leaves unless the condition in `aux` holds of `a` and `b`.
    GuardCmp     "guard"         0b0011 2 A  Nothing Exit;
    /// What is in memory at `a`, plus `b` times a scale, plus `c` bytes. The access is in `aux`.
    Load         "load"          0b0011 4 AV Own     Read;
    /// Writes `d` at `a`, plus `b` times a scale, plus `c` bytes.
    Store        "store"         0b1011 4 AV Nothing Write;
    /// An object of the layout `a`, with guard `b`.
    New          "new"           0b0000 1 R  Own     Make;
    /// The address of the context.
    Context      "context"       0b0000 4 Q  Own     Pure;
    /// The address of the symbol `a`.
    Address      "address"       0b0000 4 Q  Own     Pure;
    /// How deeply functions that count their depth may still call each other here; a function that counts its own has taken its level.
    Levels       "levels"        0b0000 4 W  Own     Pure;
    /// A safepoint, with guard `a`.
    Poll         "poll"          0b0000 0 O  Nothing Poll;
    /// Calls function `a` with the list at `b`, `c` values; `d` may be a frame state.
    Call         "call"          0b0000 4 X  Maybe   Call;
    /// Calls the address `a` by the signature in `aux`.
    CallIndirect "call"          0b0001 4 X  Maybe   Call;
    /// All lanes are `a`.
    VSplat       "v.splat"       0b0001 4 V  Own     Pure;
    /// Lanes.
    VAdd         "v.add"         0b0011 4 V  Own     Pure;
    /// Lanes.
    VSub         "v.sub"         0b0011 4 V  Own     Pure;
    /// Lanes, of 32 bits or f64.
    VMul         "v.mul"         0b0011 4 V  Own     Pure;
    /// Lanes, of f64.
    VDiv         "v.div"         0b0011 4 V  Own     Pure;
    /// Lanes, of f64.
    VSqrt        "v.sqrt"        0b0001 4 V  Own     Pure;
    /// Bits.
    VAnd         "v.and"         0b0011 4 V  Own     Pure;
    /// Bits.
    VOr          "v.or"          0b0011 4 V  Own     Pure;
    /// Bits.
    VXor         "v.xor"         0b0011 4 V  Own     Pure;
    /// Lanes, of integers of up to 32 bits.
    VMin         "v.min"         0b0011 4 V  Own     Pure;
    /// Lanes, of integers of up to 32 bits.
    VMax         "v.max"         0b0011 4 V  Own     Pure;
    /// Where equal, ones.
    VEq          "v.eq"          0b0011 4 V  Own     Pure;
    /// Where greater (of bytes and 32-bit lanes without sign: as unsigned), ones.
    VGt          "v.gt"          0b0011 4 V  Own     Pure;
    /// `b` where the mask `a` is set, else `c`.
    VSelect      "v.select"      0b0111 4 V  Own     Pure;
    /// The low half of the lanes, widened.
    VWidenLow    "v.widen.low"   0b0001 4 V  Own     Pure;
    /// The high half of the lanes, widened.
    VWidenHigh   "v.widen.high"  0b0001 4 V  Own     Pure;
    /// Lane number `b` (a number, no value).
    VExtract     "v.extract"     0b0001 4 V  Scalar  Pure;
    /// The sum of the lanes.
    VSum         "v.reduce.add"  0b0001 4 V  Scalar  Pure;
    /// The least lane, of integers of up to 32 bits.
    VLeast       "v.reduce.min"  0b0001 4 V  Scalar  Pure;
    /// The greatest lane, of integers of up to 32 bits.
    VGreatest    "v.reduce.max"  0b0001 4 V  Scalar  Pure;
    /// How many lanes have their top bit set.
    VTrue        "v.true"        0b0001 4 V  Count   Pure;
    /// To the edge at `d`.
    Jump         "jump"          0b0000 4 O  Nothing End;
    /// To the edge at `d` if `a`, else to the next.
    Br           "br"            0b0001 4 B  Nothing End;
    /// To the edge at `d` if the condition in `aux` holds of `a` and `b`, else to the next.
    BrCmp        "br"            0b0011 4 A  Nothing End;
    /// To the edge at `d` plus `a`; if that is not below `b` - 1, to the last of the `b` edges. As unsigned.
    Switch       "switch"        0b0001 4 I  Nothing End;
    /// `a + b` on the edge at `d`; to the next if that has no place.
    AddOr        "add.or"        0b0011 4 I  Own     End;
    /// `a - b`
    SubOr        "sub.or"        0b0011 4 I  Own     End;
    /// `a * b`
    MulOr        "mul.or"        0b0011 4 I  Own     End;
    /// Calls as `Call` does, then goes to the edge at `d`; to the next if the callee raises.
    Invoke       "invoke"        0b0000 4 X  Maybe   EndCall;
    /// Calls as `CallIndirect` does, then goes to the edge at `d`; to the next if the callee raises.
    InvokeIndirect "invoke"      0b0001 4 X  Maybe   EndCall;
    /// Returns `a`, if the kind is not `None`.
    Return       "return"        0b0001 4 X  Nothing End;
    /// Leaves through the guard `a`.
    Exit         "exit"          0b0000 0 O  Nothing End;
    /// Control does not come here: the call before does not return. To execute it stops the program.
    Unreachable  "unreachable"   0b0000 4 O  Nothing End;
}

impl Op {
    /// (Of `Div` and `Rem`) The divisor is not 0.
    pub const NONZERO: u16 = 1;
    /// (Of `Div` and `Rem`) Not the least number by -1.
    pub const NO_OVERFLOW: u16 = 2;

    /// The row of the table.
    #[inline(always)]
    pub const fn row(self) -> &'static Row {
        &Op::ROWS[self as usize]
    }

    /// Does it end its block?
    #[inline(always)]
    pub const fn is_terminator(self) -> bool {
        matches!(self.row().effect, Effect::End | Effect::EndCall)
    }

    /// May it be removed if its result is not used, moved, and merged with another of the same operands?
    #[inline(always)]
    pub const fn is_pure(self) -> bool {
        matches!(self.row().effect, Effect::Pure)
    }

    /// Is it a call?
    pub const fn is_call(self) -> bool {
        matches!(self.row().effect, Effect::Call | Effect::EndCall)
    }

    /// May the operands change places?
    pub const fn is_commutative(self) -> bool {
        matches!(
            self,
            Op::Add
                | Op::Mul
                | Op::MulHigh
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::Min
                | Op::Max
                | Op::AddChecked
                | Op::MulChecked
                | Op::AddOr
                | Op::MulOr
                | Op::VAdd
                | Op::VMul
                | Op::VAnd
                | Op::VOr
                | Op::VXor
                | Op::VMin
                | Op::VMax
                | Op::VEq
        )
    }

    /// Is `aux` a condition?
    pub const fn has_cond(self) -> bool {
        matches!(self, Op::Cmp | Op::GuardCmp | Op::BrCmp)
    }

    /// Is `aux` the lanes?
    pub const fn has_lane(self) -> bool {
        self as u8 >= Op::VSplat as u8 && self as u8 <= Op::VTrue as u8
    }
}
