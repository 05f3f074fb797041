//! Several modules (section 12).

use super::{rejects, reports_with};
use crate::lang::modules::MemoryLoader;

fn reports(main: &str, modules: &[(&str, &str)]) -> String {
    let mut loader = MemoryLoader::new();
    for (path, text) in modules {
        loader.add(path, text);
    }
    reports_with(main, loader).join(", ")
}

const SHAPES: &str = "pub struct Circle:\n    r: f64\npub enum Kind:\n    Big\n    Small(n: i32)\n\
    pub SCALE := 2.0\npub SIZE := 3\npub mut level = 1\nfn hidden(): 1\n\
    pub fn area(c: Circle) -> f64: c.r * SCALE\npub fn twice(x): [x, x]\nimpl Circle:\n    fn grow(self): self.r += 1.0\n";

#[test]
fn imports_bind_names() {
    let main = "use shapes\nuse shapes as s\nuse shapes: area, Circle as C, SIZE\nc = C{ r: 1.0 }\nd: shapes.Circle = s.Circle{ r: 2.0 }\n\
        c.grow()\nx = area(d) + shapes.area(c)\na: [i32, SIZE] = [0, SIZE]\nmatch s.Kind.Big:\n    shapes.Kind.Big -> pass\n    \
        s.Kind.Small(n) -> print(n)\nprint(s.level, s.twice(1), s.Kind.Small(2) matches s.Kind.Small(_))\n";
    assert_eq!(reports(main, &[("shapes", SHAPES)]), "");
    assert_eq!(
        reports(
            "use shapes: *\nx = area(Circle{ r: 1.0 })\nfn f(c: Circle) -> i32: level\n",
            &[("shapes", SHAPES)]
        ),
        ""
    );
}

#[test]
fn what_cannot_be_imported() {
    let of = |main: &str| reports(main, &[("shapes", SHAPES)]);
    assert_eq!(of("use shapes: hidden, nothing\n"), "E3004 1:13, E3004 1:21");
    assert_eq!(of("use shapes\nshapes.hidden()\nshapes.nothing()\n"), "E3004 2:8, E1010 3:8");
    assert_eq!(of("use shapes\nx = shapes\nshapes.level = 2\nlevel = 3\n"), "E2007 2:5, E1014 3:8");
    assert_eq!(of("use shapes: level\nlevel = 2\n"), "E1014 2:1");
    assert_eq!(of("fn area(): 1\nuse shapes: area\n"), "E1011 2:13");
    assert_eq!(of("use shapes: area\nuse shapes: area\nuse shapes: *\n"), "");
    assert_eq!(of("x = area\nuse shapes: area\n"), "E1010 1:5");
    assert_eq!(of("use shapes: Circle\nimpl Circle:\n    fn f(self): 1\n"), "E2003 2:6");
    assert_eq!(of("use missing.thing: a, b\nuse other\na(1)\nother.x\n"), "E3003 1:5, E3003 2:5");
    assert_eq!(of("use missing: *\nwhatever(1)\nx: Thing = 1\n"), "E3003 1:5");
}

#[test]
fn cycles_are_reported_where_they_close() {
    let found = reports("use a\n", &[("a", "use b\n"), ("b", "use a\n")]);
    assert_eq!(found, "E3002 1:5");
    rejects("use t2\n", "E3003 1:5");
}

#[test]
fn generic_functions_of_other_modules_see_their_own_names() {
    let library =
        "mut count = 0\npub fn tally(x):\n    count += 1\n    return helper(x)\nfn helper(x): [x]\n";
    assert_eq!(
        reports("use lib: tally\nx: [string] = tally(\"a\")\ny: [i64] = tally(2i64)\n", &[("lib", library)]),
        ""
    );
}

#[test]
fn modules_with_errors_do_not_make_others_fail() {
    let found = reports("use lib\nlib.f(1)\nx: i32 = \"a\"\n", &[("lib", "fn f(:\n")]);
    assert!(found.contains("E2001 3:10") && found.starts_with("E2001"), "{found}");
}
