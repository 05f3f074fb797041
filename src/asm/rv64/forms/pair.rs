//! Pairs of `auipc` and another instruction, which reach everything: addresses, calls, loads and stores.
//!
//! A row has the operands, then the two words, each with the operands that stand in it.

pair_forms! {
    la          "lla {rd}, {to}"          [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_0013 [rd @ rs1, rd @ rd]  PairI "AUIPC, ADDI";
    call        "call {to}"               []                          0x0000_0097 []        0x0000_80e7 []                   PairI "AUIPC, JALR";
    tail        "tail {to}"               []                          0x0000_0317 []        0x0003_0067 []                   PairI "AUIPC, JALR";
    lb_at       "lb {rd}, {to}"           [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_0003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LB";
    lh_at       "lh {rd}, {to}"           [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_1003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LH";
    lw_at       "lw {rd}, {to}"           [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_2003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LW";
    ld_at       "ld {rd}, {to}"           [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_3003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LD";
    lbu_at      "lbu {rd}, {to}"          [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_4003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LBU";
    lhu_at      "lhu {rd}, {to}"          [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_5003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LHU";
    lwu_at      "lwu {rd}, {to}"          [Def rd: XNz]               0x0000_0017 [rd @ rd] 0x0000_6003 [rd @ rs1, rd @ rd]  PairI "AUIPC, LWU";
    flw_at      "flw {rd}, {to}, {tmp}"   [Def rd: F, Def tmp: XNz]   0x0000_0017 [tmp @ rd] 0x0000_2007 [tmp @ rs1, rd @ rd] PairI "AUIPC, FLW";
    fld_at      "fld {rd}, {to}, {tmp}"   [Def rd: F, Def tmp: XNz]   0x0000_0017 [tmp @ rd] 0x0000_3007 [tmp @ rs1, rd @ rd] PairI "AUIPC, FLD";
    sb_at       "sb {rs2}, {to}, {tmp}"   [Use rs2: X, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_0023 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, SB";
    sh_at       "sh {rs2}, {to}, {tmp}"   [Use rs2: X, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_1023 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, SH";
    sw_at       "sw {rs2}, {to}, {tmp}"   [Use rs2: X, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_2023 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, SW";
    sd_at       "sd {rs2}, {to}, {tmp}"   [Use rs2: X, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_3023 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, SD";
    fsw_at      "fsw {rs2}, {to}, {tmp}"  [Use rs2: F, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_2027 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, FSW";
    fsd_at      "fsd {rs2}, {to}, {tmp}"  [Use rs2: F, Def tmp: XNz]  0x0000_0017 [tmp @ rd] 0x0000_3027 [tmp @ rs1, rs2 @ rs2] PairS "AUIPC, FSD";
}
