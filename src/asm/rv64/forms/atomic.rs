//! Atomic accesses: A.

forms! {
    lr_w      "lr.w{order} {rd}, ({rs1})"             0x1000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs1: X @ rs1]                   "LR.W";
    sc_w      "sc.w{order} {rd}, {rs2}, ({rs1})"      0x1800_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "SC.W";
    amoswap_w "amoswap.w{order} {rd}, {rs2}, ({rs1})" 0x0800_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOSWAP.W";
    amoadd_w  "amoadd.w{order} {rd}, {rs2}, ({rs1})"  0x0000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOADD.W";
    amoxor_w  "amoxor.w{order} {rd}, {rs2}, ({rs1})"  0x2000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOXOR.W";
    amoand_w  "amoand.w{order} {rd}, {rs2}, ({rs1})"  0x6000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOAND.W";
    amoor_w   "amoor.w{order} {rd}, {rs2}, ({rs1})"   0x4000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOOR.W";
    amomin_w  "amomin.w{order} {rd}, {rs2}, ({rs1})"  0x8000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMIN.W";
    amomax_w  "amomax.w{order} {rd}, {rs2}, ({rs1})"  0xa000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMAX.W";
    amominu_w "amominu.w{order} {rd}, {rs2}, ({rs1})" 0xc000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMINU.W";
    amomaxu_w "amomaxu.w{order} {rd}, {rs2}, ({rs1})" 0xe000_202f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMAXU.W";
    lr_d      "lr.d{order} {rd}, ({rs1})"             0x1000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs1: X @ rs1]                   "LR.D";
    sc_d      "sc.d{order} {rd}, {rs2}, ({rs1})"      0x1800_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "SC.D";
    amoswap_d "amoswap.d{order} {rd}, {rs2}, ({rs1})" 0x0800_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOSWAP.D";
    amoadd_d  "amoadd.d{order} {rd}, {rs2}, ({rs1})"  0x0000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOADD.D";
    amoxor_d  "amoxor.d{order} {rd}, {rs2}, ({rs1})"  0x2000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOXOR.D";
    amoand_d  "amoand.d{order} {rd}, {rs2}, ({rs1})"  0x6000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOAND.D";
    amoor_d   "amoor.d{order} {rd}, {rs2}, ({rs1})"   0x4000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOOR.D";
    amomin_d  "amomin.d{order} {rd}, {rs2}, ({rs1})"  0x8000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMIN.D";
    amomax_d  "amomax.d{order} {rd}, {rs2}, ({rs1})"  0xa000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMAX.D";
    amominu_d "amominu.d{order} {rd}, {rs2}, ({rs1})" 0xc000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMINU.D";
    amomaxu_d "amomaxu.d{order} {rd}, {rs2}, ({rs1})" 0xe000_302f [Use order: Order @ order, Def rd: X @ rd, Use rs2: X @ rs2, Use rs1: X @ rs1] "AMOMAXU.D";
}
