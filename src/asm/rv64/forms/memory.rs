//! Loads and stores of integers and floats. The base comes before the offset.

forms! {
    lb  "lb {rd}, {imm}({rs1})"   0x0000_0003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "LB";
    lh  "lh {rd}, {imm}({rs1})"   0x0000_1003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "LH";
    lw  "lw {rd}, {imm}({rs1})"   0x0000_2003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]   short lw  "LW";
    ld  "ld {rd}, {imm}({rs1})"   0x0000_3003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]   short ld  "LD";
    lbu "lbu {rd}, {imm}({rs1})"  0x0000_4003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "LBU";
    lhu "lhu {rd}, {imm}({rs1})"  0x0000_5003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "LHU";
    lwu "lwu {rd}, {imm}({rs1})"  0x0000_6003 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "LWU";
    sb  "sb {rs2}, {imm}({rs1})"  0x0000_0023 [Use rs2: X @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s]           "SB";
    sh  "sh {rs2}, {imm}({rs1})"  0x0000_1023 [Use rs2: X @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s]           "SH";
    sw  "sw {rs2}, {imm}({rs1})"  0x0000_2023 [Use rs2: X @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s] short sw  "SW";
    sd  "sd {rs2}, {imm}({rs1})"  0x0000_3023 [Use rs2: X @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s] short sd  "SD";
    flw "flw {rd}, {imm}({rs1})"  0x0000_2007 [Def rd: F @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]             "FLW";
    fld "fld {rd}, {imm}({rs1})"  0x0000_3007 [Def rd: F @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]   short fld "FLD";
    fsw "fsw {rs2}, {imm}({rs1})" 0x0000_2027 [Use rs2: F @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s]           "FSW";
    fsd "fsd {rs2}, {imm}({rs1})" 0x0000_3027 [Use rs2: F @ rs2, Use rs1: X @ rs1, Use imm: I12 @ imm_s] short fsd "FSD";
}
