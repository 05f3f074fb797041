//! Zicond and Zfa: GNU as 2.40 does not know them; they are compared with llvm-mc.

forms! {
    czero_eqz   "czero.eqz {rd}, {rs1}, {rs2}" 0x0e00_5033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2] "CZERO.EQZ";
    czero_nez   "czero.nez {rd}, {rs1}, {rs2}" 0x0e00_7033 [Def rd: X @ rd, Use rs1: X @ rs1, Use rs2: X @ rs2] "CZERO.NEZ";
    fli_s       "fli.s {rd}, {imm}"            0xf010_0053 [Def rd: F @ rd, Use imm: FloatConst @ rs1]          "FLI.S";
    fminm_s     "fminm.s {rd}, {rs1}, {rs2}"   0x2800_2053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FMINM.S";
    fmaxm_s     "fmaxm.s {rd}, {rs1}, {rs2}"   0x2800_3053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FMAXM.S";
    fround_s    "fround.s {rd}, {rs1}, {rm}"   0x4040_0053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rm: Rm @ rm]  "FROUND.S";
    froundnx_s  "froundnx.s {rd}, {rs1}, {rm}" 0x4050_0053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rm: Rm @ rm]  "FROUNDNX.S";
    fleq_s      "fleq.s {rd}, {rs1}, {rs2}"    0xa000_4053 [Def rd: X @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FLEQ.S";
    fltq_s      "fltq.s {rd}, {rs1}, {rs2}"    0xa000_5053 [Def rd: X @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FLTQ.S";
    fli_d       "fli.d {rd}, {imm}"            0xf210_0053 [Def rd: F @ rd, Use imm: FloatConst @ rs1]          "FLI.D";
    fminm_d     "fminm.d {rd}, {rs1}, {rs2}"   0x2a00_2053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FMINM.D";
    fmaxm_d     "fmaxm.d {rd}, {rs1}, {rs2}"   0x2a00_3053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FMAXM.D";
    fround_d    "fround.d {rd}, {rs1}, {rm}"   0x4240_0053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rm: Rm @ rm]  "FROUND.D";
    froundnx_d  "froundnx.d {rd}, {rs1}, {rm}" 0x4250_0053 [Def rd: F @ rd, Use rs1: F @ rs1, Use rm: Rm @ rm]  "FROUNDNX.D";
    fleq_d      "fleq.d {rd}, {rs1}, {rs2}"    0xa200_4053 [Def rd: X @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FLEQ.D";
    fltq_d      "fltq.d {rd}, {rs1}, {rs2}"    0xa200_5053 [Def rd: X @ rd, Use rs1: F @ rs1, Use rs2: F @ rs2] "FLTQ.D";
    fcvtmod_w_d "fcvtmod.w.d {rd}, {rs1}, rtz" 0xc280_1053 [Def rd: X @ rd, Use rs1: F @ rs1]                   "FCVTMOD.W.D";
}
