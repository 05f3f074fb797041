//! Branches and addresses: each row gives a method that takes a label and one that takes a displacement.

label_forms! {
    b         b_by         "b {to}"                  0x1400_0000 []                                  Rel26 @ 0 "B";
    bl        bl_by        "bl {to}"                 0x9400_0000 []                                  Rel26 @ 0 "BL";
    b_cond    b_cond_by    "b.{cond} {to}"           0x5400_0000 [Use cond: Cond @ 0]                Rel19 @ 5 "B.cond";
    cbz_x     cbz_x_by     "cbz {rt}, {to}"          0xb400_0000 [Use rt: X @ 0]                     Rel19 @ 5 "CBZ";
    cbnz_x    cbnz_x_by    "cbnz {rt}, {to}"         0xb500_0000 [Use rt: X @ 0]                     Rel19 @ 5 "CBNZ";
    cbz_w     cbz_w_by     "cbz {rt}, {to}"          0x3400_0000 [Use rt: W @ 0]                     Rel19 @ 5 "CBZ";
    cbnz_w    cbnz_w_by    "cbnz {rt}, {to}"         0x3500_0000 [Use rt: W @ 0]                     Rel19 @ 5 "CBNZ";
    tbz_x     tbz_x_by     "tbz {rt}, #{bit}, {to}"  0x3600_0000 [Use rt: X @ 0, Use bit: Bit64 @ 0] Rel14 @ 5 "TBZ";
    tbnz_x    tbnz_x_by    "tbnz {rt}, #{bit}, {to}" 0x3700_0000 [Use rt: X @ 0, Use bit: Bit64 @ 0] Rel14 @ 5 "TBNZ";
    tbz_w     tbz_w_by     "tbz {rt}, #{bit}, {to}"  0x3600_0000 [Use rt: W @ 0, Use bit: U5 @ 19]   Rel14 @ 5 "TBZ";
    tbnz_w    tbnz_w_by    "tbnz {rt}, #{bit}, {to}" 0x3700_0000 [Use rt: W @ 0, Use bit: U5 @ 19]   Rel14 @ 5 "TBNZ";
    adr       adr_by       "adr {rd}, {to}"          0x1000_0000 [Def rd: X @ 0]                     Rel21 @ 0 "ADR";
    ldr_w_lit ldr_w_lit_by "ldr {rt}, {to}"          0x1800_0000 [Def rt: W @ 0]                     Lit19 @ 5 "LDR (literal)";
    ldr_x_lit ldr_x_lit_by "ldr {rt}, {to}"          0x5800_0000 [Def rt: X @ 0]                     Lit19 @ 5 "LDR (literal)";
    ldrsw_lit ldrsw_lit_by "ldrsw {rt}, {to}"        0x9800_0000 [Def rt: X @ 0]                     Lit19 @ 5 "LDRSW (literal)";
    ldr_s_lit ldr_s_lit_by "ldr {rt}, {to}"          0x1c00_0000 [Def rt: S @ 0]                     Lit19 @ 5 "LDR (literal, SIMD&FP)";
    ldr_d_lit ldr_d_lit_by "ldr {rt}, {to}"          0x5c00_0000 [Def rt: D @ 0]                     Lit19 @ 5 "LDR (literal, SIMD&FP)";
    ldr_q_lit ldr_q_lit_by "ldr {rt}, {to}"          0x9c00_0000 [Def rt: Q @ 0]                     Lit19 @ 5 "LDR (literal, SIMD&FP)";
    prfm_lit  prfm_lit_by  "prfm {op}, {to}"         0xd800_0000 [Use op: Prefetch @ 0]              Lit19 @ 5 "PRFM (literal)";
}
