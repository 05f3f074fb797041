//! Bit manipulation: Zba, Zbb, Zbs.

forms! {
    add_uw    "add.uw {rd}, {rs1}, {rs2}"    0x0800_003b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ADD.UW";
    sh1add    "sh1add {rd}, {rs1}, {rs2}"    0x2000_2033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH1ADD";
    sh2add    "sh2add {rd}, {rs1}, {rs2}"    0x2000_4033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH2ADD";
    sh3add    "sh3add {rd}, {rs1}, {rs2}"    0x2000_6033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH3ADD";
    sh1add_uw "sh1add.uw {rd}, {rs1}, {rs2}" 0x2000_203b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH1ADD.UW";
    sh2add_uw "sh2add.uw {rd}, {rs1}, {rs2}" 0x2000_403b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH2ADD.UW";
    sh3add_uw "sh3add.uw {rd}, {rs1}, {rs2}" 0x2000_603b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "SH3ADD.UW";
    andn      "andn {rd}, {rs1}, {rs2}"      0x4000_7033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ANDN";
    orn       "orn {rd}, {rs1}, {rs2}"       0x4000_6033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ORN";
    xnor      "xnor {rd}, {rs1}, {rs2}"      0x4000_4033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "XNOR";
    max       "max {rd}, {rs1}, {rs2}"       0x0a00_6033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "MAX";
    maxu      "maxu {rd}, {rs1}, {rs2}"      0x0a00_7033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "MAXU";
    min       "min {rd}, {rs1}, {rs2}"       0x0a00_4033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "MIN";
    minu      "minu {rd}, {rs1}, {rs2}"      0x0a00_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "MINU";
    rol       "rol {rd}, {rs1}, {rs2}"       0x6000_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ROL";
    ror       "ror {rd}, {rs1}, {rs2}"       0x6000_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ROR";
    rolw      "rolw {rd}, {rs1}, {rs2}"      0x6000_103b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "ROLW";
    rorw      "rorw {rd}, {rs1}, {rs2}"      0x6000_503b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "RORW";
    bclr      "bclr {rd}, {rs1}, {rs2}"      0x4800_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "BCLR";
    bext      "bext {rd}, {rs1}, {rs2}"      0x4800_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "BEXT";
    binv      "binv {rd}, {rs1}, {rs2}"      0x6800_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "BINV";
    bset      "bset {rd}, {rs1}, {rs2}"      0x2800_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      "BSET";
    slli_uw   "slli.uw {rd}, {rs1}, {shamt}" 0x0800_101b [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "SLLI.UW";
    rori      "rori {rd}, {rs1}, {shamt}"    0x6000_5013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "RORI";
    bclri     "bclri {rd}, {rs1}, {shamt}"   0x4800_1013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "BCLRI";
    bexti     "bexti {rd}, {rs1}, {shamt}"   0x4800_5013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "BEXTI";
    binvi     "binvi {rd}, {rs1}, {shamt}"   0x6800_1013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "BINVI";
    bseti     "bseti {rd}, {rs1}, {shamt}"   0x2800_1013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] "BSETI";
    roriw     "roriw {rd}, {rs1}, {shamt}"   0x6000_501b [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U5 @ shamt] "RORIW";
    clz       "clz {rd}, {rs1}"              0x6000_1013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "CLZ";
    ctz       "ctz {rd}, {rs1}"              0x6010_1013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "CTZ";
    cpop      "cpop {rd}, {rs1}"             0x6020_1013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "CPOP";
    clzw      "clzw {rd}, {rs1}"             0x6000_101b [Def rd: X @ rd, Use rs1: X @ rs1]                        "CLZW";
    ctzw      "ctzw {rd}, {rs1}"             0x6010_101b [Def rd: X @ rd, Use rs1: X @ rs1]                        "CTZW";
    cpopw     "cpopw {rd}, {rs1}"            0x6020_101b [Def rd: X @ rd, Use rs1: X @ rs1]                        "CPOPW";
    sext_b    "sext.b {rd}, {rs1}"           0x6040_1013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "SEXT.B";
    sext_h    "sext.h {rd}, {rs1}"           0x6050_1013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "SEXT.H";
    zext_h    "zext.h {rd}, {rs1}"           0x0800_403b [Def rd: X @ rd, Use rs1: X @ rs1]                        "ZEXT.H";
    zext_w    "zext.w {rd}, {rs1}"           0x0800_003b [Def rd: X @ rd, Use rs1: X @ rs1]                        "ZEXT.W";
    orc_b     "orc.b {rd}, {rs1}"            0x2870_5013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "ORC.B";
    rev8      "rev8 {rd}, {rs1}"             0x6b80_5013 [Def rd: X @ rd, Use rs1: X @ rs1]                        "REV8";
}
