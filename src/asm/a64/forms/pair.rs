//! Loads and stores of two registers.

forms! {
    stp_w      "stp {rt}, {rt2}, [{rn}, #{offset}]"    0x2900_0000 [Use rt: W @ 0, Use rt2: W @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP";
    stp_w_pre  "stp {rt}, {rt2}, [{rn}, #{offset}]!"   0x2980_0000 [Use rt: W @ 0, Use rt2: W @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP";
    stp_w_post "stp {rt}, {rt2}, [{rn}], #{offset}"    0x2880_0000 [Use rt: W @ 0, Use rt2: W @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP";
    stnp_w     "stnp {rt}, {rt2}, [{rn}, #{offset}]"   0x2800_0000 [Use rt: W @ 0, Use rt2: W @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "STNP";
    ldp_w      "ldp {rt}, {rt2}, [{rn}, #{offset}]"    0x2940_0000 [Def rt: W @ 0, Def rt2: W @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP";
    ldp_w_pre  "ldp {rt}, {rt2}, [{rn}, #{offset}]!"   0x29c0_0000 [Def rt: W @ 0, Def rt2: W @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP";
    ldp_w_post "ldp {rt}, {rt2}, [{rn}], #{offset}"    0x28c0_0000 [Def rt: W @ 0, Def rt2: W @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP";
    ldnp_w     "ldnp {rt}, {rt2}, [{rn}, #{offset}]"   0x2840_0000 [Def rt: W @ 0, Def rt2: W @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDNP";
    stp_x      "stp {rt}, {rt2}, [{rn}, #{offset}]"    0xa900_0000 [Use rt: X @ 0, Use rt2: X @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP";
    stp_x_pre  "stp {rt}, {rt2}, [{rn}, #{offset}]!"   0xa980_0000 [Use rt: X @ 0, Use rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP";
    stp_x_post "stp {rt}, {rt2}, [{rn}], #{offset}"    0xa880_0000 [Use rt: X @ 0, Use rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP";
    stnp_x     "stnp {rt}, {rt2}, [{rn}, #{offset}]"   0xa800_0000 [Use rt: X @ 0, Use rt2: X @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "STNP";
    ldp_x      "ldp {rt}, {rt2}, [{rn}, #{offset}]"    0xa940_0000 [Def rt: X @ 0, Def rt2: X @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP";
    ldp_x_pre  "ldp {rt}, {rt2}, [{rn}, #{offset}]!"   0xa9c0_0000 [Def rt: X @ 0, Def rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP";
    ldp_x_post "ldp {rt}, {rt2}, [{rn}], #{offset}"    0xa8c0_0000 [Def rt: X @ 0, Def rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP";
    ldnp_x     "ldnp {rt}, {rt2}, [{rn}, #{offset}]"   0xa840_0000 [Def rt: X @ 0, Def rt2: X @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDNP";
    stp_s      "stp {rt}, {rt2}, [{rn}, #{offset}]"    0x2d00_0000 [Use rt: S @ 0, Use rt2: S @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP (SIMD&FP)";
    stp_s_pre  "stp {rt}, {rt2}, [{rn}, #{offset}]!"   0x2d80_0000 [Use rt: S @ 0, Use rt2: S @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP (SIMD&FP)";
    stp_s_post "stp {rt}, {rt2}, [{rn}], #{offset}"    0x2c80_0000 [Use rt: S @ 0, Use rt2: S @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "STP (SIMD&FP)";
    stnp_s     "stnp {rt}, {rt2}, [{rn}, #{offset}]"   0x2c00_0000 [Use rt: S @ 0, Use rt2: S @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "STNP (SIMD&FP)";
    ldp_s      "ldp {rt}, {rt2}, [{rn}, #{offset}]"    0x2d40_0000 [Def rt: S @ 0, Def rt2: S @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP (SIMD&FP)";
    ldp_s_pre  "ldp {rt}, {rt2}, [{rn}, #{offset}]!"   0x2dc0_0000 [Def rt: S @ 0, Def rt2: S @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP (SIMD&FP)";
    ldp_s_post "ldp {rt}, {rt2}, [{rn}], #{offset}"    0x2cc0_0000 [Def rt: S @ 0, Def rt2: S @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDP (SIMD&FP)";
    ldnp_s     "ldnp {rt}, {rt2}, [{rn}, #{offset}]"   0x2c40_0000 [Def rt: S @ 0, Def rt2: S @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDNP (SIMD&FP)";
    stp_d      "stp {rt}, {rt2}, [{rn}, #{offset}]"    0x6d00_0000 [Use rt: D @ 0, Use rt2: D @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP (SIMD&FP)";
    stp_d_pre  "stp {rt}, {rt2}, [{rn}, #{offset}]!"   0x6d80_0000 [Use rt: D @ 0, Use rt2: D @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP (SIMD&FP)";
    stp_d_post "stp {rt}, {rt2}, [{rn}], #{offset}"    0x6c80_0000 [Use rt: D @ 0, Use rt2: D @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "STP (SIMD&FP)";
    stnp_d     "stnp {rt}, {rt2}, [{rn}, #{offset}]"   0x6c00_0000 [Use rt: D @ 0, Use rt2: D @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "STNP (SIMD&FP)";
    ldp_d      "ldp {rt}, {rt2}, [{rn}, #{offset}]"    0x6d40_0000 [Def rt: D @ 0, Def rt2: D @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP (SIMD&FP)";
    ldp_d_pre  "ldp {rt}, {rt2}, [{rn}, #{offset}]!"   0x6dc0_0000 [Def rt: D @ 0, Def rt2: D @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP (SIMD&FP)";
    ldp_d_post "ldp {rt}, {rt2}, [{rn}], #{offset}"    0x6cc0_0000 [Def rt: D @ 0, Def rt2: D @ 10, Mod rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDP (SIMD&FP)";
    ldnp_d     "ldnp {rt}, {rt2}, [{rn}, #{offset}]"   0x6c40_0000 [Def rt: D @ 0, Def rt2: D @ 10, Use rn: XSp @ 5, Use offset: I7x8 @ 15]  "LDNP (SIMD&FP)";
    stp_q      "stp {rt}, {rt2}, [{rn}, #{offset}]"    0xad00_0000 [Use rt: Q @ 0, Use rt2: Q @ 10, Use rn: XSp @ 5, Use offset: I7x16 @ 15] "STP (SIMD&FP)";
    stp_q_pre  "stp {rt}, {rt2}, [{rn}, #{offset}]!"   0xad80_0000 [Use rt: Q @ 0, Use rt2: Q @ 10, Mod rn: XSp @ 5, Use offset: I7x16 @ 15] "STP (SIMD&FP)";
    stp_q_post "stp {rt}, {rt2}, [{rn}], #{offset}"    0xac80_0000 [Use rt: Q @ 0, Use rt2: Q @ 10, Mod rn: XSp @ 5, Use offset: I7x16 @ 15] "STP (SIMD&FP)";
    stnp_q     "stnp {rt}, {rt2}, [{rn}, #{offset}]"   0xac00_0000 [Use rt: Q @ 0, Use rt2: Q @ 10, Use rn: XSp @ 5, Use offset: I7x16 @ 15] "STNP (SIMD&FP)";
    ldp_q      "ldp {rt}, {rt2}, [{rn}, #{offset}]"    0xad40_0000 [Def rt: Q @ 0, Def rt2: Q @ 10, Use rn: XSp @ 5, Use offset: I7x16 @ 15] "LDP (SIMD&FP)";
    ldp_q_pre  "ldp {rt}, {rt2}, [{rn}, #{offset}]!"   0xadc0_0000 [Def rt: Q @ 0, Def rt2: Q @ 10, Mod rn: XSp @ 5, Use offset: I7x16 @ 15] "LDP (SIMD&FP)";
    ldp_q_post "ldp {rt}, {rt2}, [{rn}], #{offset}"    0xacc0_0000 [Def rt: Q @ 0, Def rt2: Q @ 10, Mod rn: XSp @ 5, Use offset: I7x16 @ 15] "LDP (SIMD&FP)";
    ldnp_q     "ldnp {rt}, {rt2}, [{rn}, #{offset}]"   0xac40_0000 [Def rt: Q @ 0, Def rt2: Q @ 10, Use rn: XSp @ 5, Use offset: I7x16 @ 15] "LDNP (SIMD&FP)";
    ldpsw      "ldpsw {rt}, {rt2}, [{rn}, #{offset}]"  0x6940_0000 [Def rt: X @ 0, Def rt2: X @ 10, Use rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDPSW";
    ldpsw_pre  "ldpsw {rt}, {rt2}, [{rn}, #{offset}]!" 0x69c0_0000 [Def rt: X @ 0, Def rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDPSW";
    ldpsw_post "ldpsw {rt}, {rt2}, [{rn}], #{offset}"  0x68c0_0000 [Def rt: X @ 0, Def rt2: X @ 10, Mod rn: XSp @ 5, Use offset: I7x4 @ 15]  "LDPSW";
}
