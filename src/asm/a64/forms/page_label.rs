//! Addresses in two steps: page, then offset in the page. Each row gives a method that takes a label and one that takes the number.

label_forms! {
    adrp adrp_by "adrp {rd}, {to}" 0x9000_0000 [Def rd: X @ 0] Page21 @ 0 "ADRP";
}
