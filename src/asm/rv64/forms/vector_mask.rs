//! Vectors: masks, permutations, moves to and from other registers.

forms! {
    vmand_mm        "vmand.mm {vd}, {vs2}, {vs1}"              0x6600_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMAND";
    vmnand_mm       "vmnand.mm {vd}, {vs2}, {vs1}"             0x7600_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMNAND";
    vmandn_mm       "vmandn.mm {vd}, {vs2}, {vs1}"             0x6200_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMANDN";
    vmxor_mm        "vmxor.mm {vd}, {vs2}, {vs1}"              0x6e00_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMXOR";
    vmor_mm         "vmor.mm {vd}, {vs2}, {vs1}"               0x6a00_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMOR";
    vmnor_mm        "vmnor.mm {vd}, {vs2}, {vs1}"              0x7a00_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMNOR";
    vmorn_mm        "vmorn.mm {vd}, {vs2}, {vs1}"              0x7200_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMORN";
    vmxnor_mm       "vmxnor.mm {vd}, {vs2}, {vs1}"             0x7e00_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VMXNOR";
    vmmv_m          "vmmv.m {vd}, {vs}"                        0x6600_2057 [Def vd: V @ rd, Use vs: V @ rs1_rs2]                                      "VMMV.M";
    vmnot_m         "vmnot.m {vd}, {vs}"                       0x7600_2057 [Def vd: V @ rd, Use vs: V @ rs1_rs2]                                      "VMNOT.M";
    vmset_m         "vmset.m {vd}"                             0x7e00_2057 [Def vd: V @ vd_all]                                                       "VMXNOR";
    vmclr_m         "vmclr.m {vd}"                             0x6e00_2057 [Def vd: V @ vd_all]                                                       "VMXOR";
    vcpop_m         "vcpop.m {rd}, {vs2}{mask}"                0x4008_2057 [Def rd: X @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VCPOP.M";
    vfirst_m        "vfirst.m {rd}, {vs2}{mask}"               0x4008_a057 [Def rd: X @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VFIRST.M";
    vmsbf_m         "vmsbf.m {vd}, {vs2}{mask}"                0x5000_a057 [Def vd: V @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VMSBF.M";
    vmsof_m         "vmsof.m {vd}, {vs2}{mask}"                0x5001_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VMSOF.M";
    vmsif_m         "vmsif.m {vd}, {vs2}{mask}"                0x5001_a057 [Def vd: V @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VMSIF.M";
    viota_m         "viota.m {vd}, {vs2}{mask}"                0x5008_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use mask: Mask @ vm]                    "VIOTA.M";
    vid_v           "vid.v {vd}{mask}"                         0x5008_a057 [Def vd: V @ rd, Use mask: Mask @ vm]                                      "VID.V";
    vmv_x_s         "vmv.x.s {rd}, {vs2}"                      0x4200_2057 [Def rd: X @ rd, Use vs2: V @ rs2]                                         "VMV.X.S";
    vmv_s_x         "vmv.s.x {vd}, {rs1}"                      0x4200_6057 [Mod vd: V @ rd, Use rs1: X @ rs1]                                         "VMV.S.X";
    vslideup_vx     "vslideup.vx {vd}, {vs2}, {rs1}{mask}"     0x3800_4057 [Def vd: V @ rd, Use vs2: V @ rs2, Use rs1: X @ rs1, Use mask: Mask @ vm]  "VSLIDEUP";
    vslideup_vi     "vslideup.vi {vd}, {vs2}, {imm}{mask}"     0x3800_3057 [Def vd: V @ rd, Use vs2: V @ rs2, Use imm: U5 @ rs1, Use mask: Mask @ vm] "VSLIDEUP";
    vslidedown_vx   "vslidedown.vx {vd}, {vs2}, {rs1}{mask}"   0x3c00_4057 [Def vd: V @ rd, Use vs2: V @ rs2, Use rs1: X @ rs1, Use mask: Mask @ vm]  "VSLIDEDOWN";
    vslidedown_vi   "vslidedown.vi {vd}, {vs2}, {imm}{mask}"   0x3c00_3057 [Def vd: V @ rd, Use vs2: V @ rs2, Use imm: U5 @ rs1, Use mask: Mask @ vm] "VSLIDEDOWN";
    vslide1up_vx    "vslide1up.vx {vd}, {vs2}, {rs1}{mask}"    0x3800_6057 [Def vd: V @ rd, Use vs2: V @ rs2, Use rs1: X @ rs1, Use mask: Mask @ vm]  "VSLIDE1UP";
    vslide1down_vx  "vslide1down.vx {vd}, {vs2}, {rs1}{mask}"  0x3c00_6057 [Def vd: V @ rd, Use vs2: V @ rs2, Use rs1: X @ rs1, Use mask: Mask @ vm]  "VSLIDE1DOWN";
    vrgather_vv     "vrgather.vv {vd}, {vs2}, {vs1}{mask}"     0x3000_0057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1, Use mask: Mask @ vm]  "VRGATHER";
    vrgather_vx     "vrgather.vx {vd}, {vs2}, {rs1}{mask}"     0x3000_4057 [Def vd: V @ rd, Use vs2: V @ rs2, Use rs1: X @ rs1, Use mask: Mask @ vm]  "VRGATHER";
    vrgather_vi     "vrgather.vi {vd}, {vs2}, {imm}{mask}"     0x3000_3057 [Def vd: V @ rd, Use vs2: V @ rs2, Use imm: U5 @ rs1, Use mask: Mask @ vm] "VRGATHER";
    vrgatherei16_vv "vrgatherei16.vv {vd}, {vs2}, {vs1}{mask}" 0x3800_0057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1, Use mask: Mask @ vm]  "VRGATHEREI16";
    vcompress_vm    "vcompress.vm {vd}, {vs2}, {vs1}"          0x5e00_2057 [Def vd: V @ rd, Use vs2: V @ rs2, Use vs1: V @ rs1]                       "VCOMPRESS.VM";
    vmv1r_v         "vmv1r.v {vd}, {vs2}"                      0x9e00_3057 [Def vd: V @ rd, Use vs2: V @ rs2]                                         "VMV1R.V";
    vmv2r_v         "vmv2r.v {vd}, {vs2}"                      0x9e00_b057 [Def vd: V2 @ rd, Use vs2: V2 @ rs2]                                       "VMV2R.V";
    vmv4r_v         "vmv4r.v {vd}, {vs2}"                      0x9e01_b057 [Def vd: V4 @ rd, Use vs2: V4 @ rs2]                                       "VMV4R.V";
    vmv8r_v         "vmv8r.v {vd}, {vs2}"                      0x9e03_b057 [Def vd: V8 @ rd, Use vs2: V8 @ rs2]                                       "VMV8R.V";
}
