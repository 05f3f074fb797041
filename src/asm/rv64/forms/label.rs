//! Branches to labels: each row gives a method that takes a label and one that takes a displacement.

label_forms! {
    jal    jal_by    "jal {rd}, {to}"          0x0000_006f [Def rd: XNz @ rd]                          Rel21 @ imm_j by put_jump   "JAL";
    j      j_by      "j {to}"                  0x0000_006f []                                          Rel21 @ imm_j by put_jump   "J";
    beq    beq_by    "beq {rs1}, {rs2}, {to}"  0x0000_0063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BEQ";
    bne    bne_by    "bne {rs1}, {rs2}, {to}"  0x0000_1063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BNE";
    blt    blt_by    "blt {rs1}, {rs2}, {to}"  0x0000_4063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BLT";
    bge    bge_by    "bge {rs1}, {rs2}, {to}"  0x0000_5063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BGE";
    bltu   bltu_by   "bltu {rs1}, {rs2}, {to}" 0x0000_6063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BLTU";
    bgeu   bgeu_by   "bgeu {rs1}, {rs2}, {to}" 0x0000_7063 [Use rs1: X @ rs1, Use rs2: X @ rs2]        Rel13 @ imm_b by put_branch "BGEU";
    bgt    bgt_by    "bgt {rs2}, {rs1}, {to}"  0x0000_4063 [Use rs2: X @ rs2, Use rs1: X @ rs1]        Rel13 @ imm_b by put_branch "BGT";
    ble    ble_by    "ble {rs2}, {rs1}, {to}"  0x0000_5063 [Use rs2: X @ rs2, Use rs1: X @ rs1]        Rel13 @ imm_b by put_branch "BLE";
    bgtu   bgtu_by   "bgtu {rs2}, {rs1}, {to}" 0x0000_6063 [Use rs2: X @ rs2, Use rs1: X @ rs1]        Rel13 @ imm_b by put_branch "BGTU";
    bleu   bleu_by   "bleu {rs2}, {rs1}, {to}" 0x0000_7063 [Use rs2: X @ rs2, Use rs1: X @ rs1]        Rel13 @ imm_b by put_branch "BLEU";
    beqz   beqz_by   "beqz {rs1}, {to}"        0x0000_0063 [Use rs1: X @ rs1]                          Rel13 @ imm_b by put_branch "BEQZ";
    bnez   bnez_by   "bnez {rs1}, {to}"        0x0000_1063 [Use rs1: X @ rs1]                          Rel13 @ imm_b by put_branch "BNEZ";
    bltz   bltz_by   "bltz {rs1}, {to}"        0x0000_4063 [Use rs1: X @ rs1]                          Rel13 @ imm_b by put_branch "BLTZ";
    bgez   bgez_by   "bgez {rs1}, {to}"        0x0000_5063 [Use rs1: X @ rs1]                          Rel13 @ imm_b by put_branch "BGEZ";
    bgtz   bgtz_by   "bgtz {rs2}, {to}"        0x0000_4063 [Use rs2: X @ rs2]                          Rel13 @ imm_b by put_branch "BGTZ";
    blez   blez_by   "blez {rs2}, {to}"        0x0000_5063 [Use rs2: X @ rs2]                          Rel13 @ imm_b by put_branch "BLEZ";
}
