//! The helper functions that programs use to show what they hold, and to keep strings and arrays short.

use std::collections::BTreeSet;

use crate::ast::Helper;

/// Whether a helper changes the checksum.
pub fn notes(helper: Helper) -> bool {
    !matches!(helper, Helper::Clip | Helper::Head)
}

/// The name of a helper.
pub fn name(helper: Helper) -> &'static str {
    match helper {
        Helper::NoteSigned => "note_i",
        Helper::NoteUnsigned => "note_u",
        Helper::NoteF64 => "note_f",
        Helper::NoteBool => "note_b",
        Helper::NoteStr => "note_s",
        Helper::Clip => "clip",
        Helper::Head => "head",
    }
}

/// The source of those helpers.
pub fn text(helpers: &BTreeSet<Helper>) -> String {
    let mut out = String::new();
    if helpers.iter().any(|helper| notes(*helper)) {
        out += "mut chk: u64 = 17\n";
    }
    for helper in helpers {
        out += match helper {
            Helper::NoteSigned => "fn note_i(x: i64):\n    chk = chk * 31 + (x as u64)\n",
            Helper::NoteUnsigned => "fn note_u(x: u64):\n    chk = (chk ^ x) * 1099511628211\n",
            Helper::NoteBool => "fn note_b(x: bool):\n    chk = chk * 2 + (x as u64)\n",
            Helper::NoteF64 => {
                "fn note_f(x: f64):\n    if x >= -1000000000.0 and x <= 1000000000.0:\n        \
                 chk = chk * 31 + (((x * 16.0) as i64) as u64)\n    else:\n        \
                 chk = chk * 37 + (len(x as string) as u64)\n"
            }
            Helper::NoteStr => {
                "fn note_s(s: string):\n    mut left = 24\n    for c in s:\n        if left == 0: break\n        \
                 left -= 1\n        chk = chk * 31 + (ord(c) as u64)\n    chk += len(s) as u64\n"
            }
            Helper::Clip => {
                "fn clip(s: string) -> string:\n    return s if len(s) <= 64 else s[len(s) - 64..]\n"
            }
            Helper::Head => "fn head(a, n: i32):\n    return a if len(a) <= n else a[..n]\n",
        };
    }
    out
}
