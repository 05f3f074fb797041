//! Integer computation: RV64I, and M.
//!
//! The texts of `li` and `mv` are those of `addi`, since GNU as leaves `mv` from the zero register uncompressed.

forms! {
    lui    "lui {rd}, {imm}"            0x0000_0037 [Def rd: X @ rd, Use imm: U20 @ imm_u]                    short lui   "LUI";
    auipc  "auipc {rd}, {imm}"          0x0000_0017 [Def rd: X @ rd, Use imm: U20 @ imm_u]                                "AUIPC";
    addi   "addi {rd}, {rs1}, {imm}"    0x0000_0013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]  short addi  "ADDI";
    slti   "slti {rd}, {rs1}, {imm}"    0x0000_2013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]              "SLTI";
    sltiu  "sltiu {rd}, {rs1}, {imm}"   0x0000_3013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]              "SLTIU";
    xori   "xori {rd}, {rs1}, {imm}"    0x0000_4013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]              "XORI";
    ori    "ori {rd}, {rs1}, {imm}"     0x0000_6013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]              "ORI";
    andi   "andi {rd}, {rs1}, {imm}"    0x0000_7013 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]  short andi  "ANDI";
    slli   "slli {rd}, {rs1}, {shamt}"  0x0000_1013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] short slli  "SLLI";
    srli   "srli {rd}, {rs1}, {shamt}"  0x0000_5013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] short srli  "SRLI";
    srai   "srai {rd}, {rs1}, {shamt}"  0x4000_5013 [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U6 @ shamt] short srai  "SRAI";
    add    "add {rd}, {rs1}, {rs2}"     0x0000_0033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short add   "ADD";
    sub    "sub {rd}, {rs1}, {rs2}"     0x4000_0033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short sub   "SUB";
    sll    "sll {rd}, {rs1}, {rs2}"     0x0000_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SLL";
    slt    "slt {rd}, {rs1}, {rs2}"     0x0000_2033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SLT";
    sltu   "sltu {rd}, {rs1}, {rs2}"    0x0000_3033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SLTU";
    xor    "xor {rd}, {rs1}, {rs2}"     0x0000_4033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short xor   "XOR";
    srl    "srl {rd}, {rs1}, {rs2}"     0x0000_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SRL";
    sra    "sra {rd}, {rs1}, {rs2}"     0x4000_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SRA";
    or     "or {rd}, {rs1}, {rs2}"      0x0000_6033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short or    "OR";
    and    "and {rd}, {rs1}, {rs2}"     0x0000_7033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short and   "AND";
    addiw  "addiw {rd}, {rs1}, {imm}"   0x0000_001b [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]  short addiw "ADDIW";
    slliw  "slliw {rd}, {rs1}, {shamt}" 0x0000_101b [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U5 @ shamt]             "SLLIW";
    srliw  "srliw {rd}, {rs1}, {shamt}" 0x0000_501b [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U5 @ shamt]             "SRLIW";
    sraiw  "sraiw {rd}, {rs1}, {shamt}" 0x4000_501b [Def rd: X @ rd, Use rs1: X @ rs1, Use shamt: U5 @ shamt]             "SRAIW";
    addw   "addw {rd}, {rs1}, {rs2}"    0x0000_003b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short addw  "ADDW";
    subw   "subw {rd}, {rs1}, {rs2}"    0x4000_003b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]      short subw  "SUBW";
    sllw   "sllw {rd}, {rs1}, {rs2}"    0x0000_103b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SLLW";
    srlw   "srlw {rd}, {rs1}, {rs2}"    0x0000_503b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SRLW";
    sraw   "sraw {rd}, {rs1}, {rs2}"    0x4000_503b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "SRAW";
    mul    "mul {rd}, {rs1}, {rs2}"     0x0200_0033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "MUL";
    mulh   "mulh {rd}, {rs1}, {rs2}"    0x0200_1033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "MULH";
    mulhsu "mulhsu {rd}, {rs1}, {rs2}"  0x0200_2033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "MULHSU";
    mulhu  "mulhu {rd}, {rs1}, {rs2}"   0x0200_3033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "MULHU";
    div    "div {rd}, {rs1}, {rs2}"     0x0200_4033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "DIV";
    divu   "divu {rd}, {rs1}, {rs2}"    0x0200_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "DIVU";
    rem    "rem {rd}, {rs1}, {rs2}"     0x0200_6033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "REM";
    remu   "remu {rd}, {rs1}, {rs2}"    0x0200_7033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "REMU";
    mulw   "mulw {rd}, {rs1}, {rs2}"    0x0200_003b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "MULW";
    divw   "divw {rd}, {rs1}, {rs2}"    0x0200_403b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "DIVW";
    divuw  "divuw {rd}, {rs1}, {rs2}"   0x0200_503b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "DIVUW";
    remw   "remw {rd}, {rs1}, {rs2}"    0x0200_603b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "REMW";
    remuw  "remuw {rd}, {rs1}, {rs2}"   0x0200_703b [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2]                  "REMUW";
    nop    "nop"                        0x0000_0013 []                                                        short addi  "NOP";
    li     "addi {rd}, x0, {imm}"            0x0000_0013 [Def rd: X @ rd, Use imm: I12 @ imm_i]                    short addi  "ADDI";
    mv     "addi {rd}, {rs1}, 0"            0x0000_0013 [Def rd: X @ rd, Use rs1: X @ rs1]                        short addi  "MV";
    not    "not {rd}, {rs1}"            0xfff0_4013 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "NOT";
    neg    "neg {rd}, {rs2}"            0x4000_0033 [Def rd: X @ rd, Use rs2: X @ rs2]                                    "NEG";
    negw   "negw {rd}, {rs2}"           0x4000_003b [Def rd: X @ rd, Use rs2: X @ rs2]                                    "NEGW";
    sext_w "sext.w {rd}, {rs1}"         0x0000_001b [Def rd: X @ rd, Use rs1: X @ rs1]                        short addiw "SEXT.W";
    seqz   "seqz {rd}, {rs1}"           0x0010_3013 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "SEQZ";
    snez   "snez {rd}, {rs2}"           0x0000_3033 [Def rd: X @ rd, Use rs2: X @ rs2]                                    "SNEZ";
    sltz   "sltz {rd}, {rs1}"           0x0000_2033 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "SLTZ";
    sgtz   "sgtz {rd}, {rs2}"           0x0000_2033 [Def rd: X @ rd, Use rs2: X @ rs2]                                    "SGTZ";
    zext_b "zext.b {rd}, {rs1}"         0x0ff0_7013 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "ANDI";
}
