//! Compressed branches to labels. They are never replaced by another form, nor led to a veneer: the label must be within reach,
//! forward and backward, else [`finish`](crate::asm::CodeBuffer::finish) says that it is not. An island that comes between counts as
//! code; [`keep_together`](crate::asm::CodeBuffer::keep_together) prevents it.

short_label_forms! {
    c_j    c_j_by    "c.j {to}"           0xa001 []                       Rel12 @ c_jump   JumpC   "C.J";
    c_beqz c_beqz_by "c.beqz {rs1}, {to}" 0xc001 [Use rs1: XC @ c_high]   Rel9 @ c_branch  BranchC "C.BEQZ";
    c_bnez c_bnez_by "c.bnez {rs1}, {to}" 0xe001 [Use rs1: XC @ c_high]   Rel9 @ c_branch  BranchC "C.BNEZ";
}
