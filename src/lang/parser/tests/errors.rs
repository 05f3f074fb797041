//! Codes and positions of syntax errors, and that one mistake gives one report.

use super::errors;

/// Each text with what it must report.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(errors(text), *expected, "{text}");
        // What follows is read as usual.
        if !expected.contains("E1005") && !text.ends_with(';') {
            let lines = text.matches('\n').count();
            let more = format!("{text}\ny = = 1\nz = 2\n");
            let separator = if expected.is_empty() { "" } else { " " };
            assert_eq!(errors(&more), format!("{expected}{separator}E1001@{}:5", lines + 2), "{more}");
        }
    }
}

#[test]
fn the_token_found_instead_of_another() {
    check(&[
        ("x = ", "E1005@1:5"),
        ("x = \n", "E1001@1:5"),
        ("x = 1 +\n", "E1001@1:8"),
        ("x = * 2", "E1001@1:5"),
        ("x = 1 2", "E1001@1:7"),
        ("x 1", "E1001@1:3"),
        ("x = print(1)", "E1001@1:5"),
        ("print 1", "E1001@1:7"),
        ("x++", "E1001@1:3"),
        ("x = a && b", "E1001@1:8"),
        ("x = a ! b", "E1001@1:7"),
        ("x = 'a'", "E1001@1:5"),
        ("x = 'abc", "E1001@1:5"),
        ("mut x 3", "E1001@1:7"),
        ("x: i32\n", "E1001@1:7"),
        ("x: = 3", "E1001@1:4"),
        ("mut x := 3", "E1001@1:7"),
        ("x = 1,\n", "E1001@1:7"),
        ("x = 1, 2", "E1001@1:8"),
        ("x, y = 1, 2", "E1001@1:2"),
        ("a = b.c = 0", "E1001@1:9"),
        ("mut a = b = 0", "E1001@1:11"),
        ("f() = 3", "E1001@1:5"),
        ("1 += 2", "E1001@1:3"),
        ("(a) = 1", "E1001@1:5"),
        ("a if b\n", "E1001@1:7"),
        ("a.1", "E1001@1:3"),
        ("a.\n", "E1001@1:3"),
        ("a == not b", "E1001@1:6"),
        (")", "E1001@1:1"),
        ("x = 1)", "E1001@1:6"),
        ("else: 1", "E1001@1:1"),
        ("catch: 1", "E1001@1:1"),
        ("for i 0..3: 1", "E1001@1:7"),
        ("for 1 in a: b", "E1001@1:5"),
        ("for i, in a: b", "E1001@1:8"),
        ("fn 3(): 1", "E1001@1:4"),
        ("fn print(): 1", "E1001@1:4"),
        ("fn f(1): 2", "E1001@1:6"),
        ("fn f: 2", "E1001@1:5"),
        ("pub x", "E1005@1:6"),
        ("pub use a", "E1001@1:5"),
        ("pub 1", "E1001@1:5"),
        ("use \"a\"", "E1001@1:5"),
        ("use a.", "E1005@1:7"),
        ("use a: ", "E1005@1:8"),
        ("use a: b c", "E1001@1:10"),
        ("'x: a", "E1001@1:5"),
        ("if a: if b: c", "E1001@1:7"),
        ("x = 1; if b: c", "E1001@1:8"),
        ("if a: ;", "E1001@1:7"),
        ("x = 1;; y = 2", "E1001@1:7"),
        ("; x", "E1001@1:1"),
        ("x: Maybe[] = y", "E1001@1:10"),
        ("x: [i32, -1] = y", "E1001@1:10"),
        ("x: 3 = y", "E1001@1:4"),
        ("x = a as 3", "E1001@1:10"),
        ("class Foo:\n    a: i32\n    def f(self):\n        pass", "E1001@1:7"),
        ("x = a[]", "E1001@1:7"),
        ("x = ()", "E1001@1:6"),
        ("f(,)", "E1001@1:3"),
        ("x = {,}", "E1001@1:6"),
    ]);
}

#[test]
fn missing_colons() {
    check(&[
        ("if x\n    y", "E1002@1:5"),
        ("if x y", "E1002@1:6"),
        ("if x print(\"a: b\")", "E1002@1:6"),
        ("if a: b\nelif c\n    d\nelse\n    e", "E1002@2:7 E1002@4:5"),
        ("while x\n    y = = 2", "E1002@1:8 E1001@2:9"),
        ("for i in 0..3\n    y", "E1002@1:14"),
        ("fn f()\n    return 1", "E1002@1:7"),
        ("fn f() -> i32\n    return 1", "E1002@1:14"),
        ("struct P\n    a: i32", "E1002@1:9"),
        ("enum E\n    A", "E1002@1:7"),
        ("impl P\n    fn f(): 1", "E1002@1:7"),
        ("match x\n    1 -> 2", "E1002@1:8"),
        ("try\n    a\ncatch e\n    b", "E1002@1:4 E1002@3:8"),
        ("'a for i in b: c", "E1002@1:4"),
        ("x = fn(a) a", "E1002@1:11"),
        ("x = {1 2}", "E1002@1:8"),
        ("x = {1}", "E1002@1:7"),
        ("x = P{ a 1 }", "E1002@1:10"),
        ("struct P:\n    a i32\n    b: i32", "E1002@2:7"),
        ("x: {i32 i32} = y", "E1002@1:9"),
        ("extern \"a\":\n    fn f(x)", "E1002@2:11"),
        // The colon is there, but something else is before it.
        ("if x = 3:\n    y", "E1001@1:6"),
        ("if a: b\nelse if c: d", "E1001@2:6"),
        ("fn f(a: i32) i32:\n    a", "E1001@1:14"),
        ("while a b:\n    c", "E1001@1:9"),
    ]);
}

#[test]
fn brackets() {
    check(&[
        ("f(1 2)", "E1003@1:5"),
        ("f(1\n  2)", "E1003@2:3"),
        ("x = [1 2]", "E1020@1:8"),
        ("x = [1; 2, 3]", "E1020@1:10"),
        ("x = {1: 2 3: 4}", "E1004@1:11"),
        ("x = P{ a: 1 b: 2 }", "E1004@1:13"),
        ("x = (1, 2)", "E1003@1:7"),
        ("x = a[1, 2]", "E1020@1:8"),
        ("fn f(a b): 1", "E1003@1:8"),
        ("x: [i32; 3] = y", "E1020@1:8"),
        ("f(a = 1)", "E1003@1:5"),
        ("f(\n  a = 1,\n  b = 2\n)", "E1003@2:5"),
        ("enum E[T U]:\n    A", "E1020@1:10"),
        // Never closed: at the bracket.
        ("f(1, 2", "E1003@1:2"),
        ("x = (1 + 2", "E1003@1:5"),
        ("x = [1, 2,", "E1020@1:5"),
        ("x = {1: 2,", "E1004@1:5"),
        ("x = P{ a: 1", "E1004@1:6"),
        ("x = f(g(1, 2)", "E1003@1:6"),
        ("f(1]", "E1003@1:2"),
        ("x = [1, 2)", "E1020@1:5"),
        ("x = [1, )", "E1020@1:5"),
        ("print(\"a\", (1 + 2)\nx = 3", "E1003@1:6"),
        ("x = foo(1,\nbar = 2", "E1003@1:8"),
        ("x = foo(1\nreturnx(2)\nif a:\n    b", "E1003@1:8"),
        ("if foo(a, b:\n    print(1)", "E1003@1:7"),
        ("fn f(a: i32 -> i32:\n    a", "E1003@1:5"),
        ("x = foo(1,\nfn g(): 2", "E1003@1:8"),
        ("fn f():\n    g(1,\n    return 2\n\nfn h(): 1", "E1003@2:6"),
    ]);
}

#[test]
fn what_follows_from_a_mistake_is_not_reported() {
    check(&[
        ("fi a:\n    b\nelif c:\n    d = = 1\nelse:\n    e", "E1001@1:4 E1001@4:9"),
        ("tri:\n    b\ncatch e:\n    d", "E1001@1:5"),
        ("x = [\n    P{ a: \"b },\n  c,\n    2,\n]", "E1005@2:11"),
        ("x = [\n    P{ a: ) },\n    2,\n]", "E1004@2:6"),
        ("x = = [\n    1,\n]", "E1001@1:5"),
        ("x = [\n    f(1,\n    2,\n]\n", "E1003@2:6"),
        ("a = 1\n]\nelse: 1", "E1001@2:1"),
        ("class A:\n    b: i32\n    c: i32\n", "E1001@1:7"),
    ]);
}

#[test]
fn ends_of_files_and_literals() {
    check(&[
        ("try:\n    a\n", "E1005@3:1"),
        ("try:\n    a\nb = 1", "E1001@3:1"),
        ("x = \"abc", "E1005@1:5"),
        ("print(\"abc)\ny = \"d", "E1005@1:7 E1005@2:5"),
        ("x = (1 /* 2)", "E1005@1:8"),
        ("if x: /* 2", "E1005@1:7"),
        ("x = \"\\q\" + \"\\u{}\"", "E1006@1:6 E1006@1:13"),
        ("x = 1_ + 2", "E1006@1:5"),
        ("x = 18446744073709551616", "E1007@1:5"),
        ("x = -18446744073709551616", "E1007@1:5"),
        ("x = 1 -18446744073709551616", "E1007@1:8"),
        ("x = -(18446744073709551616)", "E1007@1:7"),
        ("x = 1e309, y = -1e309", "E1007@1:5 E1007@1:16"),
        ("x = 2147483648i32", "E1007@1:5"),
        ("x = -2147483649i32", "E1007@1:5"),
        ("x = -(2147483648i32)", "E1007@1:7"),
        ("x = 0xFFFFFFFFi32", "E1007@1:5"),
        ("x = 4294967296u, y = 9223372036854775808i64", "E1007@1:5 E1007@1:22"),
        ("match x:\n    -1e309 -> 1\n    99999999999999999999 -> 2", "E1007@2:5 E1007@3:5"),
        ("x: [i32, 99999999999999999999] = y", "E1007@1:10"),
    ]);
}

#[test]
fn what_is_not_allowed_where_it_stands() {
    check(&[
        ("fn f() ->: 1", "E1006@1:10"),
        ("fn f() ->\n    1", "E1006@1:10"),
        ("x: fn() -> = y", "E1006@1:12"),
        ("x = a as b as c", "E1006@1:12"),
        ("x = a < b < c", "E1006@1:11"),
        ("x = a == b matches c", "E1006@1:12"),
        ("x = (a < b) < c", ""),
        ("return 1", "E1006@1:1"),
        ("if a:\n    return", "E1006@2:5"),
        ("if a:\n    pub x = 1", "E1006@2:5"),
        ("fn f():\n    pub fn g(): 1", "E1006@2:5"),
        ("fn f():\n    pub struct A:\n        a: i32", "E1006@2:5"),
        ("fn f():\n    pub X := 1", "E1006@2:5"),
        ("fn f():\n    use a.b", "E1006@2:5"),
        ("fn f():\n    X: i32 := 3", "E1006@2:5"),
        ("if a: X := 3", "E1006@1:7"),
        ("if a: use b", "E1006@1:7"),
        (
            "while a:\n    struct P:\n        a: i32\n    enum E:\n        A\n    impl P:\n        fn f(): 1",
            "E1006@2:5 E1006@4:5 E1006@6:5",
        ),
        ("fn f():\n    extern \"a\":\n        fn g()", "E1006@2:5"),
        ("x = 1 + match y:\n    1 -> 2\n    _ -> 3", "E1006@1:9"),
        ("f(match y:\n    1 -> 2)", "E1006@1:3"),
        ("a = b = match y:\n    _ -> 3", "E1006@1:9"),
        ("x = 1, y = match y:\n    _ -> 3", "E1006@1:12"),
        ("x += match y:\n    _ -> 3", "E1006@1:6"),
        ("if a: x = match y:\n    _ -> 3", "E1006@1:11"),
        ("match x:\n    1 -> match y:\n        _ -> 2\n    _ -> 3", "E1006@2:10"),
        ("if match y:\n    _ -> true\n", "E1006@1:4"),
        ("x = 1 + fn():\n    return 2", "E1006@1:9"),
        ("x = fn(a): fn(b):\n    return b", "E1006@1:12"),
        ("f(fn(x):\n    return x\n)", "E1006@1:3"),
        ("if a: x = fn():\n    return 1", "E1006@1:11"),
        ("fn():\n    return 1", "E1006@1:1"),
        ("fn f():\n    fn():\n        return 1\n    return 2", "E1006@2:5"),
        ("fn f():\n    while a:\n        fn():\n            return 1", "E1006@3:9"),
        ("a[1..2] = b", "E1006@1:1"),
        ("x = 1; a[..] += b", "E1006@1:8"),
        ("a[i..=]", "E1006@1:7"),
    ]);
}

#[test]
fn indentation() {
    check(&[
        ("  x = 1", "E1008@1:3"),
        ("x = 1\n    y = 2\n    z = 3", "E1008@2:5"),
        ("if a:\n    b\n        c\n    d", "E1008@3:9"),
        ("if a:\nb", "E1008@2:1"),
        ("if a:\n    b\nelse:\nc", "E1008@4:1"),
        ("if a:\nelse:\n    c", "E1008@2:1"),
        ("fn f():\n\n// only this\nx", "E1008@4:1"),
        ("struct A:\nx = 1", "E1008@2:1"),
        ("match a:\nx = 1", "E1008@2:1"),
        ("match a:\n    A ->\n    B -> 1", "E1008@3:5"),
        ("x = fn():\ny = 1", "E1008@2:1"),
        ("if a:\n    b\n  c", "E1008@3:3"),
        ("if a:\n \tb", "E1008@2:3"),
        ("if a:\n\tb\nif a:\n    b", "E1008@4:5"),
        ("struct A:\n    a: i32\n        b: i32\n    c: i32", "E1008@3:9"),
        ("struct A: a: i32", "E1001@1:11"),
        ("match a: A -> 1", "E1001@1:10"),
    ]);
    assert_eq!(errors("if a:"), "E1008@1:6");
    assert_eq!(errors("if a:\n"), "E1008@2:1");
}

#[test]
fn patterns_and_members() {
    check(&[
        ("match x:\n    1: 2\n    _ -> 3", "E1001@2:6"),
        ("match x:\n    S.A(1) -> 2\n    f() + 1 -> 3\n    _ -> = 3", "E1001@2:9 E1001@3:9 E1001@4:10"),
        ("match x:\n    [] ->\n        y = = 1\n    _ -> 3", "E1001@2:5 E1001@3:13"),
        ("match = 3:\n    1 -> = 2", "E1001@1:7 E1001@2:10"),
        ("struct 3:\n    a: i32\n    b:\n    c: i32", "E1001@1:8 E1001@3:7"),
        ("impl P:\n    pass\n    fn f(): = 1", "E1001@2:5 E1001@3:13"),
        ("enum E:\n    A(\n    B", "E1003@2:6"),
        ("enum E[]:\n    A", "E1001@1:8"),
        ("extern f:\n    fn g()", "E1001@1:8"),
        ("struct A:\n    a: i32 = \n    b: i32 c: i32", "E1001@2:14 E1001@3:12"),
    ]);
}

#[test]
fn five_mistakes_give_five_reports() {
    let text = "\
x = 1 +
fn f(a: i32 b: i32):
    y = [1, 2
    return 'c'
struct S
    a: i32
while x
    y = \"\\q\"
print(x
";
    // Two in the function's header and body, and one each in the others.
    assert_eq!(
        errors(text),
        "E1001@1:8 E1003@2:13 E1020@3:9 E1001@4:12 E1002@5:9 E1002@7:8 E1006@8:10 E1003@9:6"
    );
}

#[test]
fn long_comments_and_names_beyond_ascii() {
    check(&[
        ("naïve = 1", "E1001@1:3"),
        ("x = 1 // é\n", ""),
        ("x = \"é\" y", "E1001@1:9"),
        ("x = 1\u{a0}+ 2", "E1001@1:6"),
    ]);
}
