//! Jumps to registers, fences, calls of the system, control and status registers: I, Zicsr, Zifencei.

forms! {
    jalr      "jalr {rd}, {imm}({rs1})"   0x0000_0067 [Def rd: X @ rd, Use rs1: X @ rs1, Use imm: I12 @ imm_i]              "JALR";
    jr        "jr {rs1}"                  0x0000_0067 [Use rs1: X @ rs1]                                       short jr     "JR";
    jalr_ra   "jalr {rs1}"                0x0000_00e7 [Use rs1: X @ rs1]                                       short jalr   "JALR";
    ret       "ret"                       0x0000_8067 []                                                       short jr     "RET";
    fence     "fence {pred}, {succ}"      0x0000_000f [Use pred: FenceSet @ pred, Use succ: FenceSet @ succ]                "FENCE";
    fence_tso "fence.tso"                 0x8330_000f []                                                                    "FENCE.TSO";
    pause     "pause"                     0x0100_000f []                                                                    "PAUSE";
    fence_i   "fence.i"                   0x0000_100f []                                                                    "FENCE.I";
    ecall     "ecall"                     0x0000_0073 []                                                                    "ECALL";
    ebreak    "ebreak"                    0x0010_0073 []                                                       short ebreak "EBREAK";
    unimp     "csrrw x0, 0xc00, x0"                     0xc000_1073 []                                                                    "CSRRW";
    csrrw     "csrrw {rd}, {csr}, {rs1}"  0x0000_1073 [Def rd: X @ rd, Use csr: Csr @ csr, Use rs1: X @ rs1]                "CSRRW";
    csrrs     "csrrs {rd}, {csr}, {rs1}"  0x0000_2073 [Def rd: X @ rd, Use csr: Csr @ csr, Use rs1: X @ rs1]                "CSRRS";
    csrrc     "csrrc {rd}, {csr}, {rs1}"  0x0000_3073 [Def rd: X @ rd, Use csr: Csr @ csr, Use rs1: X @ rs1]                "CSRRC";
    csrrwi    "csrrwi {rd}, {csr}, {imm}" 0x0000_5073 [Def rd: X @ rd, Use csr: Csr @ csr, Use imm: U5 @ zimm]              "CSRRWI";
    csrrsi    "csrrsi {rd}, {csr}, {imm}" 0x0000_6073 [Def rd: X @ rd, Use csr: Csr @ csr, Use imm: U5 @ zimm]              "CSRRSI";
    csrrci    "csrrci {rd}, {csr}, {imm}" 0x0000_7073 [Def rd: X @ rd, Use csr: Csr @ csr, Use imm: U5 @ zimm]              "CSRRCI";
    csrr      "csrr {rd}, {csr}"          0x0000_2073 [Def rd: X @ rd, Use csr: Csr @ csr]                                  "CSRRS";
    csrw      "csrw {csr}, {rs1}"         0x0000_1073 [Use csr: Csr @ csr, Use rs1: X @ rs1]                                "CSRRW";
    csrs      "csrs {csr}, {rs1}"         0x0000_2073 [Use csr: Csr @ csr, Use rs1: X @ rs1]                                "CSRRS";
    csrc      "csrc {csr}, {rs1}"         0x0000_3073 [Use csr: Csr @ csr, Use rs1: X @ rs1]                                "CSRRC";
    csrwi     "csrwi {csr}, {imm}"        0x0000_5073 [Use csr: Csr @ csr, Use imm: U5 @ zimm]                              "CSRRWI";
    csrsi     "csrsi {csr}, {imm}"        0x0000_6073 [Use csr: Csr @ csr, Use imm: U5 @ zimm]                              "CSRRSI";
    csrci     "csrci {csr}, {imm}"        0x0000_7073 [Use csr: Csr @ csr, Use imm: U5 @ zimm]                              "CSRRCI";
    rdcycle   "rdcycle {rd}"              0xc000_2073 [Def rd: X @ rd]                                                      "RDCYCLE";
    rdtime    "rdtime {rd}"               0xc010_2073 [Def rd: X @ rd]                                                      "RDTIME";
    rdinstret "rdinstret {rd}"            0xc020_2073 [Def rd: X @ rd]                                                      "RDINSTRET";
    frflags   "frflags {rd}"              0x0010_2073 [Def rd: X @ rd]                                                      "FRFLAGS";
    frrm      "frrm {rd}"                 0x0020_2073 [Def rd: X @ rd]                                                      "FRRM";
    frcsr     "frcsr {rd}"                0x0030_2073 [Def rd: X @ rd]                                                      "FRCSR";
    fsflags   "fsflags {rd}, {rs1}"       0x0010_1073 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "FSFLAGS";
    fsrm      "fsrm {rd}, {rs1}"          0x0020_1073 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "FSRM";
    fscsr     "fscsr {rd}, {rs1}"         0x0030_1073 [Def rd: X @ rd, Use rs1: X @ rs1]                                    "FSCSR";
}
