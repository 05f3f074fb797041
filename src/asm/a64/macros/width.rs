//! The two widths of general registers: a macro that is the same for both is written once, over [`General`].

use super::Member;
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{Bit64, Cond, U4, U5, U12};
use crate::asm::a64::reg::{Gpr, Gpr32};
use crate::asm::label::Label;

macro_rules! both {
    ($($name:ident $x:ident $w:ident ($($arg:ident: $type:ty),*);)*) => {
        /// A general register of one of the widths, with the forms that both widths have.
        pub(super) trait General: Member + Eq + From<Gpr> {
            /// Its width.
            const BITS: u32;

            /// Jumps if the top bit is set.
            fn branch_if_negative(asm: &mut Assembler, rn: Self, to: Label);
            /// Jumps if the top bit is clear.
            fn branch_unless_negative(asm: &mut Assembler, rn: Self, to: Label);

            $(
                #[doc = concat!("`", stringify!($x), "` or `", stringify!($w), "`.")]
                fn $name(asm: &mut Assembler, $($arg: $type),*);
            )*
        }

        impl General for Gpr {
            const BITS: u32 = 64;

            #[inline]
            fn branch_if_negative(asm: &mut Assembler, rn: Gpr, to: Label) {
                asm.tbnz_x(rn.x(), Bit64::of::<63>(), to);
            }

            #[inline]
            fn branch_unless_negative(asm: &mut Assembler, rn: Gpr, to: Label) {
                asm.tbz_x(rn.x(), Bit64::of::<63>(), to);
            }

            $(
                #[inline]
                fn $name(asm: &mut Assembler, $($arg: $type),*) {
                    asm.$x($($arg.into()),*);
                }
            )*
        }

        impl General for Gpr32 {
            const BITS: u32 = 32;

            #[inline]
            fn branch_if_negative(asm: &mut Assembler, rn: Gpr32, to: Label) {
                asm.tbnz_w(rn.w(), U5::of::<31>(), to);
            }

            #[inline]
            fn branch_unless_negative(asm: &mut Assembler, rn: Gpr32, to: Label) {
                asm.tbz_w(rn.w(), U5::of::<31>(), to);
            }

            $(
                #[inline]
                fn $name(asm: &mut Assembler, $($arg: $type),*) {
                    asm.$w($($arg.into()),*);
                }
            )*
        }
    };
}

both! {
    mov          mov_x_rr      mov_w_rr      (rd: Self, rm: Self);
    add          add_x_rrr     add_w_rrr     (rd: Self, rn: Self, rm: Self);
    add_low      add_x_rri     add_w_rri     (rd: Self, rn: Self, imm: U12);
    add_high     add_x_rri_hi  add_w_rri_hi  (rd: Self, rn: Self, imm: U12);
    sub          sub_x_rrr     sub_w_rrr     (rd: Self, rn: Self, rm: Self);
    sub_low      sub_x_rri     sub_w_rri     (rd: Self, rn: Self, imm: U12);
    sub_high     sub_x_rri_hi  sub_w_rri_hi  (rd: Self, rn: Self, imm: U12);
    adds         adds_x_rrr    adds_w_rrr    (rd: Self, rn: Self, rm: Self);
    adds_low     adds_x_rri    adds_w_rri    (rd: Self, rn: Self, imm: U12);
    adds_high    adds_x_rri_hi adds_w_rri_hi (rd: Self, rn: Self, imm: U12);
    subs         subs_x_rrr    subs_w_rrr    (rd: Self, rn: Self, rm: Self);
    subs_low     subs_x_rri    subs_w_rri    (rd: Self, rn: Self, imm: U12);
    subs_high    subs_x_rri_hi subs_w_rri_hi (rd: Self, rn: Self, imm: U12);
    negs         negs_x_rr     negs_w_rr     (rd: Self, rm: Self);
    cmp          cmp_x_rr      cmp_w_rr      (rn: Self, rm: Self);
    cmp_low      cmp_x_ri      cmp_w_ri      (rn: Self, imm: U12);
    cmp_high     cmp_x_ri_hi   cmp_w_ri_hi   (rn: Self, imm: U12);
    cmn          cmn_x_rr      cmn_w_rr      (rn: Self, rm: Self);
    cmn_low      cmn_x_ri      cmn_w_ri      (rn: Self, imm: U12);
    cmn_high     cmn_x_ri_hi   cmn_w_ri_hi   (rn: Self, imm: U12);
    ccmp_imm     ccmp_x_ri     ccmp_w_ri     (rn: Self, imm: U5, nzcv: U4, cond: Cond);
    csel         csel_x        csel_w        (rd: Self, rn: Self, rm: Self, cond: Cond);
    sdiv         sdiv_x        sdiv_w        (rd: Self, rn: Self, rm: Self);
    udiv         udiv_x        udiv_w        (rd: Self, rn: Self, rm: Self);
    msub         msub_x        msub_w        (rd: Self, rn: Self, rm: Self, ra: Self);
    cbz          cbz_x         cbz_w         (rt: Self, to: Label);
    cbnz         cbnz_x        cbnz_w        (rt: Self, to: Label);
}
