//! The machine instructions of x86_64: opcodes and immediates, without registers.
//!
//! The operands of each are listed beside it: first uses (`a`, then what `src` or an address takes), then temporaries, then the def, then the
//! values of an exit's frame state. Flags never live from one to the next (M2), so what tests flags contains what sets them.
//!
//! The upper half of a register that holds a value of 32 bits is zero: all instructions that write 32 bits see to that, and what comes from
//! outside is extended. A bool is 0 or 1 in 64 bits.

use crate::asm::x64::Cond;
use crate::ir::{Kind, Lane, Mem};

/// How many bits an integer instruction works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// 32, and the upper half of the destination becomes zero.
    W32,
    /// 64.
    W64,
}

impl Size {
    /// The one for a kind that is in general registers.
    pub const fn of(kind: Kind) -> Size {
        match kind {
            Kind::I32 | Kind::U32 | Kind::Bool => Size::W32,
            _ => Size::W64,
        }
    }
}

/// What an address starts from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// An operand.
    Reg,
    /// The context register.
    Context,
}

/// An address: its registers are operands, the base first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addr {
    /// The displacement.
    pub disp: i32,
    /// The base.
    pub base: Base,
    /// The logarithm of the index's scale, if there is an index.
    pub index: Option<u8>,
}

/// A second operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    /// An operand, in a register or a slot.
    Rm,
    /// A constant, sign-extended.
    Imm(i32),
    /// Memory.
    Mem(Addr),
    /// A float in the constant pool, by its number in the code's list.
    Pool(u32),
}

/// Instructions of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alu {
    /// `add`
    Add,
    /// `or`
    Or,
    /// `and`
    And,
    /// `sub`
    Sub,
    /// `xor`
    Xor,
}

/// Shifts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    /// `shl`
    Left,
    /// `shr`
    Right,
    /// `sar`
    Arithmetic,
}

/// What flags say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cc {
    /// A condition of the machine.
    Flag(Cond),
    /// Equal after a float comparison: not unordered.
    FloatEq,
    /// Not equal, or unordered.
    FloatNe,
}

/// What sets flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Test {
    /// `cmp a, src`. `a` may be in a slot if `src` is a constant.
    Cmp(Size, Src),
    /// `cmp` of memory with a constant.
    CmpMem(Size, Addr, i32),
    /// `cmp` of a byte in memory with a constant.
    CmpByte(Addr, i8),
    /// `a` with zero: `test a, a`, or `cmp` if it is in a slot.
    Zero(Size),
    /// Nothing: the instruction before has set them as a comparison of `a` with zero would.
    Known,
    /// `test a, src`. `Rm` has to be a register.
    Test(Size, Src),
    /// `ucomisd a, src`
    Float(Src),
}

/// Widening moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extend {
    /// 32 bits to 64, with zeros.
    Zero32,
    /// 32 bits to 64, by the sign.
    Sign32,
    /// 8 bits, with zeros.
    Zero8,
    /// 16 bits, with zeros.
    Zero16,
}

/// Float arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Float {
    /// `addsd`
    Add,
    /// `subsd`
    Sub,
    /// `mulsd`
    Mul,
    /// `divsd`
    Div,
}

/// Float functions of one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatUnary {
    /// The sign inverted.
    Neg,
    /// The sign cleared.
    Abs,
    /// `sqrtsd`
    Sqrt,
    /// Rounded: the immediate of `roundsd`, 0 to nearest, 1 down, 2 up, 3 toward zero.
    Round(u8),
}

/// Vector arithmetic of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vector {
    /// Lanes.
    Add,
    /// Lanes.
    Sub,
    /// Lanes.
    Mul,
    /// Lanes.
    Div,
    /// Bits.
    And,
    /// Bits.
    Or,
    /// Bits.
    Xor,
    /// Lanes.
    Min,
    /// Lanes.
    Max,
    /// Ones where equal.
    Eq,
    /// Ones where greater.
    Gt,
}

/// Other vector instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VectorUnary {
    /// Square roots.
    Sqrt,
    /// Half of the lanes, widened.
    Widen {
        /// The high half.
        high: bool,
    },
}

/// A call's target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Something outside, by its number.
    External(u32),
    /// The address in the first operand.
    Reg,
}

/// No exit.
pub const NO_EXIT: u32 = u32::MAX;

/// An instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inst {
    /// Defs: the parameters that come in registers.
    Params,
    /// Def: a parameter from the caller's frame.
    Incoming(i32, Kind),
    /// Def: the constant that its value is.
    Const(Kind),
    /// Def: zero, which changes the flags.
    Zero,
    /// Use, def.
    MoveInt,
    /// Use, def; as wide as the value.
    MoveFloat,
    /// Use (register), def.
    Extend(Extend, Src),
    /// `a`, src, def tied to `a`.
    Alu(Alu, Size, Src),
    /// `a` unless there is a constant, address: an operation on memory.
    AluMem(Alu, Size, Addr, Option<i32>),
    /// `a`, src, def tied to `a`, state (early: if it is in the def's register, it is restored).
    AluExit(Alu, Size, Src, Cond, u32),
    /// `a`, src, def tied to `a`. Ends the block: the second edge if the condition holds.
    AluBranch(Alu, Size, Src, Cond),
    /// Address, def.
    Lea(Size, Addr),
    /// `a`, def tied.
    ShiftImm(Shift, Size, u8),
    /// `a`, count in rcx, def tied.
    ShiftCl(Shift, Size),
    /// BMI2: `a`, count, def.
    ShiftX(Shift, Size),
    /// `a`, def tied.
    Not(Size),
    /// `a`, def tied.
    Neg(Size),
    /// `a`, def tied, state (early: restored).
    NegExit(Size, u32),
    /// `a`, src, def tied.
    Mul(Size, Src),
    /// src, def.
    MulImm(Size, Src, i32),
    /// `a`, src, def tied, state (late).
    MulExit(Size, Src, u32),
    /// src, def, state (late).
    MulImmExit(Size, Src, i32, u32),
    /// `a`, src, def tied. Ends the block.
    MulBranch(Size, Src),
    /// `a` in rax, `b`, def in rax, temp rdx, state (late): the low half, unsigned; leaves if the high half is not 0.
    MulUnsignedExit(Size, u32),
    /// As that; ends the block.
    MulUnsignedBranch(Size),
    /// `a` in rax, `b`, def in rdx, temp rax.
    MulHigh(Size, bool),
    /// `a` in rax, `b` (late), def in rax or rdx, the other one is overwritten, state.
    Div {
        /// How wide.
        size: Size,
        /// With signs.
        signed: bool,
        /// The remainder.
        rem: bool,
        /// The divisor is not 0.
        nonzero: bool,
        /// Not the least number by -1.
        no_overflow: bool,
        /// Where it leaves instead of giving what it gives then.
        exit: u32,
    },
    /// Operands of the test, def (early).
    Set(Test, Cc),
    /// `b` (if not), `c` (if so; register or slot), operands of the test, def tied to `b`.
    Select(Size, Test, Cc),
    /// As that, in float registers.
    SelectFloat(Test, Cc, Src),
    /// Operands of the test. Ends the block: the first edge if it holds.
    Branch(Test, Cc),
    /// Operands of the test, state. Leaves if it holds.
    Exit(Test, Cc, u32),
    /// Address, def.
    Load(Mem, Addr),
    /// Value, address.
    Store(Mem, Addr),
    /// Address.
    StoreImm(Mem, Addr, i32),
    /// `a`, src, def (tied without AVX).
    Float(Float, Src),
    /// Src, def.
    FloatUnary(FloatUnary),
    /// `a`, `b`, def.
    FloatMinMax(bool),
    /// `a`, def: from that kind.
    IntToFloat(Kind),
    /// `a`, def (early): to that kind, saturating.
    FloatToInt(Kind),
    /// `a`, def (early), state (late).
    FloatToIntExit(Kind, u32),
    /// `a`, def.
    FloatToBits,
    /// `a`, def.
    BitsToFloat,
    /// Ends the block.
    Jump,
    /// `a` (overwritten), temp. Ends the block.
    Switch(Size),
    /// The result, in its register. Ends the block.
    Return,
    /// State. Ends the block.
    Leave(u32),
    /// Ends the block.
    Trap,
    /// Callee if it is in a register, arguments in registers, def. Of this kind is the result, if it has to be extended.
    Call(Target, Kind),
    /// As that; ends the block, the second edge is the handler.
    CallCatch(Target, Kind),
    /// Value: an argument on the stack.
    Outgoing(i32, Kind),
    /// State (late).
    Poll(u32),
    /// Def (early), state (late).
    New(u32, u32),
    /// Def: the context.
    Context,
    /// Def: what is left of the depth.
    Levels,
    /// `a`, src, def.
    Vector(Vector, Lane, Kind, Src),
    /// `a`, def.
    VectorUnary(VectorUnary, Lane, Kind),
    /// `a`, def: all lanes.
    Splat(Lane, Kind),
    /// mask, `c`, `b` (src), def.
    VectorSelect(Kind, Src),
    /// `a`, temp, def: a lane.
    Extract(Lane, Kind, u8),
    /// `a`, temp unless the lanes are floats, def (early): all lanes combined.
    Reduce(Vector, Lane, Kind),
    /// `a`, def: how many lanes have their top bit set.
    CountTrue(Lane, Kind),
}
