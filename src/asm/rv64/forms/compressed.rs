//! Compressed forms by their own names: C.

short_forms! {
    c_nop      "c.nop"                      0x0001 []                                                                       "C.NOP";
    c_addi     "c.addi {rd}, {imm}"         0x0001 [Mod rd: XNz @ c_rd, Use imm: I6Nz @ c_imm]                              "C.ADDI";
    c_addiw    "c.addiw {rd}, {imm}"        0x2001 [Mod rd: XNz @ c_rd, Use imm: I6 @ c_imm]                                "C.ADDIW";
    c_li       "c.li {rd}, {imm}"           0x4001 [Def rd: XNz @ c_rd, Use imm: I6 @ c_imm]                                "C.LI";
    c_lui      "c.lui {rd}, {imm}"          0x6001 [Def rd: XUpper @ c_rd, Use imm: UpperC @ c_imm]                         "C.LUI";
    c_addi16sp "c.addi16sp sp, {imm}"       0x6101 [Use imm: Sp16 @ c_addi16sp]                                             "C.ADDI16SP";
    c_addi4spn "c.addi4spn {rd}, sp, {imm}" 0x0000 [Def rd: XC @ c_low, Use imm: Sp4 @ c_addi4spn]                          "C.ADDI4SPN";
    c_slli     "c.slli {rd}, {shamt}"       0x0002 [Mod rd: XNz @ c_rd, Use shamt: U6Nz @ c_imm]                            "C.SLLI";
    c_srli     "c.srli {rd}, {shamt}"       0x8001 [Mod rd: XC @ c_high, Use shamt: U6Nz @ c_imm]                           "C.SRLI";
    c_srai     "c.srai {rd}, {shamt}"       0x8401 [Mod rd: XC @ c_high, Use shamt: U6Nz @ c_imm]                           "C.SRAI";
    c_andi     "c.andi {rd}, {imm}"         0x8801 [Mod rd: XC @ c_high, Use imm: I6 @ c_imm]                               "C.ANDI";
    c_mv       "c.mv {rd}, {rs2}"           0x8002 [Def rd: XNz @ c_rd, Use rs2: XNz @ c_rs2]                               "C.MV";
    c_add      "c.add {rd}, {rs2}"          0x9002 [Mod rd: XNz @ c_rd, Use rs2: XNz @ c_rs2]                               "C.ADD";
    c_sub      "c.sub {rd}, {rs2}"          0x8c01 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.SUB";
    c_xor      "c.xor {rd}, {rs2}"          0x8c21 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.XOR";
    c_or       "c.or {rd}, {rs2}"           0x8c41 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.OR";
    c_and      "c.and {rd}, {rs2}"          0x8c61 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.AND";
    c_subw     "c.subw {rd}, {rs2}"         0x9c01 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.SUBW";
    c_addw     "c.addw {rd}, {rs2}"         0x9c21 [Mod rd: XC @ c_high, Use rs2: XC @ c_low]                               "C.ADDW";
    c_lw       "c.lw {rd}, {imm}({rs1})"    0x4000 [Def rd: XC @ c_low, Use rs1: XC @ c_high, Use imm: Word5 @ c_word]      "C.LW";
    c_ld       "c.ld {rd}, {imm}({rs1})"    0x6000 [Def rd: XC @ c_low, Use rs1: XC @ c_high, Use imm: Double5 @ c_double]  "C.LD";
    c_fld      "c.fld {rd}, {imm}({rs1})"   0x2000 [Def rd: FC @ c_low, Use rs1: XC @ c_high, Use imm: Double5 @ c_double]  "C.FLD";
    c_sw       "c.sw {rs2}, {imm}({rs1})"   0xc000 [Use rs2: XC @ c_low, Use rs1: XC @ c_high, Use imm: Word5 @ c_word]     "C.SW";
    c_sd       "c.sd {rs2}, {imm}({rs1})"   0xe000 [Use rs2: XC @ c_low, Use rs1: XC @ c_high, Use imm: Double5 @ c_double] "C.SD";
    c_fsd      "c.fsd {rs2}, {imm}({rs1})"  0xa000 [Use rs2: FC @ c_low, Use rs1: XC @ c_high, Use imm: Double5 @ c_double] "C.FSD";
    c_lwsp     "c.lwsp {rd}, {imm}(sp)"     0x4002 [Def rd: XNz @ c_rd, Use imm: Word6 @ c_lwsp]                            "C.LWSP";
    c_ldsp     "c.ldsp {rd}, {imm}(sp)"     0x6002 [Def rd: XNz @ c_rd, Use imm: Double6 @ c_ldsp]                          "C.LDSP";
    c_fldsp    "c.fldsp {rd}, {imm}(sp)"    0x2002 [Def rd: F @ c_rd, Use imm: Double6 @ c_ldsp]                            "C.FLDSP";
    c_swsp     "c.swsp {rs2}, {imm}(sp)"    0xc002 [Use rs2: X @ c_rs2, Use imm: Word6 @ c_swsp]                            "C.SWSP";
    c_sdsp     "c.sdsp {rs2}, {imm}(sp)"    0xe002 [Use rs2: X @ c_rs2, Use imm: Double6 @ c_sdsp]                          "C.SDSP";
    c_fsdsp    "c.fsdsp {rs2}, {imm}(sp)"   0xa002 [Use rs2: F @ c_rs2, Use imm: Double6 @ c_sdsp]                          "C.FSDSP";
    c_jr       "c.jr {rs1}"                 0x8002 [Use rs1: XNz @ c_rd]                                                    "C.JR";
    c_jalr     "c.jalr {rs1}"               0x9002 [Use rs1: XNz @ c_rd]                                                    "C.JALR";
    c_ebreak   "c.ebreak"                   0x9002 []                                                                       "C.EBREAK";
}
