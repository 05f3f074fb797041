//! The place in its page of what `adrp` gave the page of. No row of the listing: the words are those of other tables.

low_forms! {
    add_x_low   "add {rd}, {rn}, :lo12:({to})"     0x9100_0000 [Def rd: XSp @ 0, Use rn: XSp @ 5] 1  "ADD (immediate)";
    strb_low    "strb {rt}, [{rn}, :lo12:({to})]"  0x3900_0000 [Use rt: W @ 0, Use rn: XSp @ 5]   1  "STRB (immediate)";
    ldrb_low    "ldrb {rt}, [{rn}, :lo12:({to})]"  0x3940_0000 [Def rt: W @ 0, Use rn: XSp @ 5]   1  "LDRB (immediate)";
    ldrsb_x_low "ldrsb {rt}, [{rn}, :lo12:({to})]" 0x3980_0000 [Def rt: X @ 0, Use rn: XSp @ 5]   1  "LDRSB (immediate)";
    ldrsb_w_low "ldrsb {rt}, [{rn}, :lo12:({to})]" 0x39c0_0000 [Def rt: W @ 0, Use rn: XSp @ 5]   1  "LDRSB (immediate)";
    strh_low    "strh {rt}, [{rn}, :lo12:({to})]"  0x7900_0000 [Use rt: W @ 0, Use rn: XSp @ 5]   2  "STRH (immediate)";
    ldrh_low    "ldrh {rt}, [{rn}, :lo12:({to})]"  0x7940_0000 [Def rt: W @ 0, Use rn: XSp @ 5]   2  "LDRH (immediate)";
    ldrsh_x_low "ldrsh {rt}, [{rn}, :lo12:({to})]" 0x7980_0000 [Def rt: X @ 0, Use rn: XSp @ 5]   2  "LDRSH (immediate)";
    ldrsh_w_low "ldrsh {rt}, [{rn}, :lo12:({to})]" 0x79c0_0000 [Def rt: W @ 0, Use rn: XSp @ 5]   2  "LDRSH (immediate)";
    str_w_low   "str {rt}, [{rn}, :lo12:({to})]"   0xb900_0000 [Use rt: W @ 0, Use rn: XSp @ 5]   4  "STR (immediate)";
    ldr_w_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0xb940_0000 [Def rt: W @ 0, Use rn: XSp @ 5]   4  "LDR (immediate)";
    ldrsw_low   "ldrsw {rt}, [{rn}, :lo12:({to})]" 0xb980_0000 [Def rt: X @ 0, Use rn: XSp @ 5]   4  "LDRSW (immediate)";
    str_x_low   "str {rt}, [{rn}, :lo12:({to})]"   0xf900_0000 [Use rt: X @ 0, Use rn: XSp @ 5]   8  "STR (immediate)";
    ldr_x_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0xf940_0000 [Def rt: X @ 0, Use rn: XSp @ 5]   8  "LDR (immediate)";
    str_b_low   "str {rt}, [{rn}, :lo12:({to})]"   0x3d00_0000 [Use rt: B @ 0, Use rn: XSp @ 5]   1  "STR (immediate, SIMD&FP)";
    ldr_b_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0x3d40_0000 [Def rt: B @ 0, Use rn: XSp @ 5]   1  "LDR (immediate, SIMD&FP)";
    str_h_low   "str {rt}, [{rn}, :lo12:({to})]"   0x7d00_0000 [Use rt: H @ 0, Use rn: XSp @ 5]   2  "STR (immediate, SIMD&FP)";
    ldr_h_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0x7d40_0000 [Def rt: H @ 0, Use rn: XSp @ 5]   2  "LDR (immediate, SIMD&FP)";
    str_s_low   "str {rt}, [{rn}, :lo12:({to})]"   0xbd00_0000 [Use rt: S @ 0, Use rn: XSp @ 5]   4  "STR (immediate, SIMD&FP)";
    ldr_s_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0xbd40_0000 [Def rt: S @ 0, Use rn: XSp @ 5]   4  "LDR (immediate, SIMD&FP)";
    str_d_low   "str {rt}, [{rn}, :lo12:({to})]"   0xfd00_0000 [Use rt: D @ 0, Use rn: XSp @ 5]   8  "STR (immediate, SIMD&FP)";
    ldr_d_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0xfd40_0000 [Def rt: D @ 0, Use rn: XSp @ 5]   8  "LDR (immediate, SIMD&FP)";
    str_q_low   "str {rt}, [{rn}, :lo12:({to})]"   0x3d80_0000 [Use rt: Q @ 0, Use rn: XSp @ 5]   16 "STR (immediate, SIMD&FP)";
    ldr_q_low   "ldr {rt}, [{rn}, :lo12:({to})]"   0x3dc0_0000 [Def rt: Q @ 0, Use rn: XSp @ 5]   16 "LDR (immediate, SIMD&FP)";
}
