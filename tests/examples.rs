//! Each program of `examples/` prints what its `.out` file holds, reading its `.in` file where there is one, and succeeds.
//!
//! A folder with a `main.orus` is one program, run in its folder; its `.out` file has the folder's name.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{orus, run_with};

#[test]
fn examples_print_what_is_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut names = BTreeSet::new();
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
        let path = entry.path();
        files += 1;
        names.insert(path.file_stem().expect("it has a name").to_string_lossy().into_owned());
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        let known = path.join("main.orus").is_file()
            || matches!(extension.as_deref(), Some("orus" | "out" | "in" | "md"));
        assert!(known, "`{}` belongs to no example", path.display());
    }
    names.retain(|name| folder.join(name).is_dir() || folder.join(name).with_extension("orus").is_file());
    assert!(files > names.len() && names.len() >= 8, "the examples are there: {names:?}");
    for name in names {
        let base = folder.join(&name);
        let (place, program) = match base.is_dir() {
            true => (base.clone(), "main.orus".to_owned()),
            false => (folder.clone(), format!("{name}.orus")),
        };
        let input = std::fs::read(base.with_extension("in")).unwrap_or_default();
        let expected = std::fs::read_to_string(base.with_extension("out"))
            .unwrap_or_else(|_| panic!("`{name}.out` is missing"));
        let ran = run_with(orus([&program]).current_dir(&place), &input);
        assert_eq!(ran.ended(0).out, expected, "{name}");
        assert_eq!(ran.err, "", "{name}");
    }
}
