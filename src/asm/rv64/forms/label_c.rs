//! Compressed branches to labels. They are never replaced by another form: a label that is bound must be within reach.

short_label_forms! {
    c_j    c_j_by    "c.j {to}"           0xa001 []                       Rel12 @ c_jump   JumpC   "C.J";
    c_beqz c_beqz_by "c.beqz {rs1}, {to}" 0xc001 [Use rs1: XC @ c_high]   Rel9 @ c_branch  BranchC "C.BEQZ";
    c_bnez c_bnez_by "c.bnez {rs1}, {to}" 0xe001 [Use rs1: XC @ c_high]   Rel9 @ c_branch  BranchC "C.BNEZ";
}
