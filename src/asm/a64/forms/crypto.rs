//! AES, SHA, SM3, SM4, and three-operand logic.

forms! {
    aese      "aese {vd}, {vn}"             0x4e28_4800 [Mod vd: V16B @ 0, Use vn: V16B @ 5]                                       "AESE";
    aesd      "aesd {vd}, {vn}"             0x4e28_5800 [Mod vd: V16B @ 0, Use vn: V16B @ 5]                                       "AESD";
    aesmc     "aesmc {vd}, {vn}"            0x4e28_6800 [Def vd: V16B @ 0, Use vn: V16B @ 5]                                       "AESMC";
    aesimc    "aesimc {vd}, {vn}"           0x4e28_7800 [Def vd: V16B @ 0, Use vn: V16B @ 5]                                       "AESIMC";
    sha1c     "sha1c {rd}, {rn}, {vm}"      0x5e00_0000 [Mod rd: Q @ 0, Use rn: S @ 5, Use vm: V4S @ 16]                           "SHA1C";
    sha1p     "sha1p {rd}, {rn}, {vm}"      0x5e00_1000 [Mod rd: Q @ 0, Use rn: S @ 5, Use vm: V4S @ 16]                           "SHA1P";
    sha1m     "sha1m {rd}, {rn}, {vm}"      0x5e00_2000 [Mod rd: Q @ 0, Use rn: S @ 5, Use vm: V4S @ 16]                           "SHA1M";
    sha1su0   "sha1su0 {vd}, {vn}, {vm}"    0x5e00_3000 [Mod vd: V4S @ 0, Use vn: V4S @ 5, Use vm: V4S @ 16]                       "SHA1SU0";
    sha256h   "sha256h {rd}, {rn}, {vm}"    0x5e00_4000 [Mod rd: Q @ 0, Use rn: Q @ 5, Use vm: V4S @ 16]                           "SHA256H";
    sha256h2  "sha256h2 {rd}, {rn}, {vm}"   0x5e00_5000 [Mod rd: Q @ 0, Use rn: Q @ 5, Use vm: V4S @ 16]                           "SHA256H2";
    sha256su1 "sha256su1 {vd}, {vn}, {vm}"  0x5e00_6000 [Mod vd: V4S @ 0, Use vn: V4S @ 5, Use vm: V4S @ 16]                       "SHA256SU1";
    sha1h     "sha1h {rd}, {rn}"            0x5e28_0800 [Def rd: S @ 0, Use rn: S @ 5]                                             "SHA1H";
    sha1su1   "sha1su1 {vd}, {vn}"          0x5e28_1800 [Mod vd: V4S @ 0, Use vn: V4S @ 5]                                         "SHA1SU1";
    sha256su0 "sha256su0 {vd}, {vn}"        0x5e28_2800 [Mod vd: V4S @ 0, Use vn: V4S @ 5]                                         "SHA256SU0";
    sha512h   "sha512h {rd}, {rn}, {vm}"    0xce60_8000 [Mod rd: Q @ 0, Use rn: Q @ 5, Use vm: V2D @ 16]                           "SHA512H";
    sha512h2  "sha512h2 {rd}, {rn}, {vm}"   0xce60_8400 [Mod rd: Q @ 0, Use rn: Q @ 5, Use vm: V2D @ 16]                           "SHA512H2";
    sha512su1 "sha512su1 {vd}, {vn}, {vm}"  0xce60_8800 [Mod vd: V2D @ 0, Use vn: V2D @ 5, Use vm: V2D @ 16]                       "SHA512SU1";
    sha512su0 "sha512su0 {vd}, {vn}"        0xcec0_8000 [Mod vd: V2D @ 0, Use vn: V2D @ 5]                                         "SHA512SU0";
    eor3      "eor3 {vd}, {vn}, {vm}, {va}" 0xce00_0000 [Def vd: V16B @ 0, Use vn: V16B @ 5, Use vm: V16B @ 16, Use va: V16B @ 10] "EOR3";
    bcax      "bcax {vd}, {vn}, {vm}, {va}" 0xce20_0000 [Def vd: V16B @ 0, Use vn: V16B @ 5, Use vm: V16B @ 16, Use va: V16B @ 10] "BCAX";
    rax1      "rax1 {vd}, {vn}, {vm}"       0xce60_8c00 [Def vd: V2D @ 0, Use vn: V2D @ 5, Use vm: V2D @ 16]                       "RAX1";
    xar       "xar {vd}, {vn}, {vm}, #{by}" 0xce80_0000 [Def vd: V2D @ 0, Use vn: V2D @ 5, Use vm: V2D @ 16, Use by: U6 @ 10]      "XAR";
    sm4e      "sm4e {vd}, {vn}"             0xcec0_8400 [Mod vd: V4S @ 0, Use vn: V4S @ 5]                                         "SM4E";
    sm4ekey   "sm4ekey {vd}, {vn}, {vm}"    0xce60_c800 [Def vd: V4S @ 0, Use vn: V4S @ 5, Use vm: V4S @ 16]                       "SM4EKEY";
}
