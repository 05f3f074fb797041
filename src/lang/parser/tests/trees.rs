use super::tree;

#[test]
fn operators_bind_as_section_2_1_says() {
    let cases = [
        ("a + b * c - d", "(a Add (b Mul c) Sub d)"),
        ("a * b + c / d % e", "((a Mul b) Add (c Div d Rem e))"),
        ("-2 as f64", "(as (Neg 2) f64)"),
        ("a + b as f64", "(a Add (as b f64))"),
        ("flags & 4 == 0", "(Eq (flags And 4) 0)"),
        ("not x == y", "(not (Eq x y))"),
        ("not not a and b or c and not d", "(Or (And (not (not a)) b) (And c (not d)))"),
        ("a or b or c", "(Or a b c)"),
        ("a | b ^ c & d << e + f", "(a Or (b Xor (c And (d Shl (e Add f)))))"),
        ("a + b << c & d ^ e | f", "(((((a Add b) Shl c) And d) Xor e) Or f)"),
        ("a - b - c", "(a Sub b Sub c)"),
        ("-a.b", "(Neg (a .b))"),
        ("- -a[0]", "(Neg (Neg (a [0])))"),
        ("~-a * b", "((BitNot (Neg a)) Mul b)"),
        ("a < b and c >= d", "(And (Lt a b) (Ge c d))"),
        ("a if p else b if q else c", "(a if p else b if q else c)"),
        ("a or b if c and d else e", "((Or a b) if (And c d) else e)"),
        ("(a if p else b) if q else c", "((paren (a if p else b)) if q else c)"),
        ("x as bool == true", "(Eq (as x bool) true)"),
    ];
    for (text, expected) in cases {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn postfix_operations_are_one_list() {
    assert_eq!(tree("a.b(c, d,)[e].f()"), "(a .b call(c d) [e] .f call())");
    assert_eq!(
        tree("a[i..j]; a[..]; a[i..]; a[..j]; a[i..=j]; a[..=j]"),
        "(a [i..j])\n(a [..])\n(a [i..])\n(a [..j])\n(a [i..=j])\n(a [..=j])"
    );
    assert_eq!(tree("f(x)(y)"), "(f call(x) call(y))");
    assert_eq!(tree("1.foo()"), "(1 .foo call())");
    assert_eq!(tree("(a).b"), "((paren a) .b)");
    assert_eq!(tree("\"a\"[0]"), "(\"a\" [0])");
}

#[test]
fn braces_after_a_path_are_struct_literals() {
    assert_eq!(tree("Account{ owner: \"ada\", balance: 5, }"), "Account{owner: \"ada\", balance: 5}");
    assert_eq!(tree("round.Circle{ r: 1.0 }.area()"), "(round.Circle{r: 1.0} .area call())");
    assert_eq!(tree("x = P{}"), "x = P{}");
    assert_eq!(tree("f({}, {\"a\": 1, \"b\": {2: 3},})"), "(f call({} {\"a\": 1, \"b\": {2: 3}}))");
    assert_eq!(tree("m.P{\n a:\n 1\n}"), "m.P{a: 1}");
    assert_eq!(tree("[P{ a: 1 }, {1: 2}]"), "[P{a: 1} {1: 2}]");
}

#[test]
fn literals() {
    assert_eq!(
        tree("[1, 2_0, 0xFF, 5u, 2f64, 2.5, -1, true, \"a\\n\\u{e9}\"]"),
        "[1 20 #255 5U32 2F64 2.5 (Neg 1) true \"a\\né\"]"
    );
    assert_eq!(tree("[]; [1; n]; [[1], [],]"), "[]\n[1; n]\n[[1] []]");
    assert_eq!(
        tree("-2147483648i32; -9223372036854775808i64; -0x80000000i32; 4294967295u"),
        "(Neg 2147483648I32)\n(Neg 9223372036854775808I64)\n(Neg #2147483648I32)\n4294967295U32"
    );
}

#[test]
fn matches_takes_a_pattern_or_a_value() {
    assert_eq!(tree("r matches Result.Ok(_)"), "(matches r Result.Ok(_))");
    assert_eq!(tree("r matches Result.Ok(42, f(_x))"), "(matches r Result.Ok(42, (f call(_x))))");
    assert_eq!(tree("c matches Color.Red and d"), "(And (matches c (Color .Red)) d)");
    assert_eq!(tree("c matches f(1) + 2"), "(matches c ((f call(1)) Add 2))");
    assert_eq!(tree("c matches f(1)[0]"), "(matches c (f call(1) [0]))");
    assert_eq!(tree("c matches m.E.V()"), "(matches c m.E.V())");
}

#[test]
fn lambdas_extend_as_far_as_they_can() {
    assert_eq!(tree("map(fn(x: i32) -> i32: x + 1, 4)"), "(map call((fn(x: i32) -> i32 (x Add 1)) 4))");
    assert_eq!(
        tree("f = fn(a, b): a if b else fn(): c or d"),
        "f = (fn(a, b) (a if b else (fn() (Or c d))))"
    );
    assert_eq!(
        tree("f = fn():\n    n += 1\n    return n\nx = 1"),
        "f = (fn() {(Add= n 1); (return n)})\nx = 1"
    );
    assert_eq!(tree("fn(x): x"), "(fn(x) x)");
    assert_eq!(tree("1 + fn(x): x + 2"), "(1 Add (fn(x) (x Add 2)))");
}

#[test]
fn blocks_as_right_sides() {
    let m = "match s:\n    A -> 1\n    _ ->\n        2\n";
    let t = "(match s A -> {1} _ -> {2})";
    for (before, expected) in [
        ("x = ", format!("x = {t}")),
        ("mut x: i32 = ", format!("mut x: i32 = {t}")),
        ("a[i].x = ", format!("(= (a [i] .x) {t})")),
        ("", t.to_string()),
        ("pub x = ", format!("pub x = {t}")),
    ] {
        assert_eq!(tree(&format!("{before}{m}y = 1\n")), format!("{expected}\ny = 1"));
    }
    assert_eq!(
        tree("fn f():\n  return match s:\n    1 -> 2\n  pass"),
        "(fn f() {(return (match s 1 -> {2})); pass})"
    );
    assert_eq!(tree("fn f():\n  return fn():\n    1\nf()"), "(fn f() {(return (fn() {1}))})\n(f call())");
    // As the last statement of a function body, also in a branch.
    assert_eq!(tree("fn f():\n  fn():\n    1\n"), "(fn f() {(fn() {1})})");
    assert_eq!(
        tree("fn f():\n  if a:\n    fn():\n      1\n  else:\n    fn(): 2\n"),
        "(fn f() {(if a {(fn() {1})} {(fn() 2)})})"
    );
}

#[test]
fn bindings_and_assignments() {
    assert_eq!(tree("x = 1, mut y: i64 = 2, z = \"s\""), "x = 1, mut y: i64 = 2, z = \"s\"");
    assert_eq!(tree("a = b = c = 0, d = 1"), "a=b=c = 0, d = 1");
    assert_eq!(tree("x: [i32] = []"), "x: [i32] = []");
    assert_eq!(tree("N: i32 := 3; M := N\nK:i32:=1"), "N: i32 := 3\nM := N\nK: i32 := 1");
    assert_eq!(tree("pub N := 1; pub mut x = 2; y = 3"), "pub N := 1\npub mut x = 2\ny = 3");
    assert_eq!(
        tree("p.x = 1; a[0] = 2; (a)[1] = 3; f().x = 4"),
        "(= (p .x) 1)\n(= (a [0]) 2)\n(= ((paren a) [1]) 3)\n(= (f call() .x) 4)"
    );
    assert_eq!(
        tree("x += 1; x <<= 2; a.b %= 3; a[i] |= 4"),
        "(Add= x 1)\n(Shl= x 2)\n(Rem= (a .b) 3)\n(Or= (a [i]) 4)"
    );
    assert_eq!(tree("_ = f()"), "_ = (f call())");
}

#[test]
fn suites_on_the_line_or_below() {
    assert_eq!(
        tree("while i < n: push(out, i); i += 1\nx"),
        "(while (Lt i n) {(push call(out i)); (Add= i 1)})\nx"
    );
    assert_eq!(tree("if a: b;\nelif c:\n  d;e;\nelse: f"), "(if a {b} c {d; e} {f})");
    assert_eq!(tree("if a:\n  if b:\n    c\n  else:\n    d\nelse:\n  e"), "(if a {(if b {c} {d})} {e})");
    assert_eq!(tree("try: a\ncatch: b"), "(try {a} catch {b})");
    assert_eq!(tree("try:\n  a\ncatch e:\n  b\nc"), "(try {a} catch e {b})\nc");
    assert_eq!(tree("for i in 10..0..-3: print(i)"), "(for i 10..0..(Neg 3) {(print i)})");
    assert_eq!(tree("for i in 0..=n: pass"), "(for i 0..=n {pass})");
    assert_eq!(tree("for k, v in m: pass"), "(for k, v m {pass})");
    assert_eq!(
        tree("'rows: for r in a:\n  'cols: while b:\n    if c: continue 'rows; break\n    break 'cols"),
        "(for 'rows r a {(while 'cols b {(if c {continue 'rows; break}); break 'cols})})"
    );
    assert_eq!(tree("print(); print(\"a\", b,)"), "(print)\n(print \"a\" b)");
}

#[test]
fn matches_and_patterns() {
    assert_eq!(
        tree(
            "match x:\n  -1 -> a\n  2.5 -> b\n  -2.5 -> b\n  \"s\" -> c; d\n  true ->\n    e\n  S.Box(w, _) -> f\n  m.S.Dot() -> g\n  S.Dot -> h\n  _ -> i\n"
        ),
        "(match x -1 -> {a} 2.5 -> {b} -2.5 -> {b} \"s\" -> {c; d} true -> {e} S.Box(w, _) -> {f} m.S.Dot() -> {g} S.Dot -> {h} _ -> {i})"
    );
}

#[test]
fn declarations() {
    assert_eq!(
        tree("fn f(a: i32, b,) -> [i32]: a\nfn g():\n  pass"),
        "(fn f(a: i32, b) -> [i32] {a})\n(fn g() {pass})"
    );
    assert_eq!(tree("pub fn f(): 1"), "pub (fn f() {1})");
    assert_eq!(
        tree("pub struct A:\n  x: i32; pub y: m.T = f(1)\n\n  z: {string: [f64, 3]} = {};\n"),
        "pub (struct A x: i32; y: m.T = (f call(1)); z: {string: [f64, 3]} = {})"
    );
    assert_eq!(
        tree("enum Maybe[T, U,]:\n  Just(value: T, [U])\n  Nothing; Other()\n"),
        "(enum Maybe[T U] Just(value: T, [U]) Nothing() Other())"
    );
    assert_eq!(
        tree("pub impl A:\n  pub fn f(self): 1\n  fn g(x: A) -> void:\n    pass\n"),
        "pub (impl A pub (fn f(self) {1}) (fn g(x: A) -> void {pass}))"
    );
    assert_eq!(
        tree("extern \"libm.so.6\":\n  fn cbrt(x: f64) -> f64\n  fn f(); fn g(a: i32, b: bool,)\n"),
        "(extern \"libm.so.6\" cbrt(x: f64) -> f64 f() g(a: i32, b: bool))"
    );
    assert_eq!(
        tree("use a.b.c\nuse a as b; use c: *\nuse d: x, y as z,\nuse e: f; g = 1"),
        "(use a.b.c)\n(use a as b)\n(use c: *)\n(use d: x, y as z)\n(use e: f)\ng = 1"
    );
    // What ends with a `;` at module level may be followed by anything.
    assert_eq!(tree("use a; if b: c"), "(use a)\n(if b {c})");
    assert_eq!(tree("if a:\n  fn f(): 1\n  f()"), "(if a {(fn f() {1}); (f call())})");
}

#[test]
fn types() {
    assert_eq!(
        tree("x: fn(i32, [T, N]) -> fn() -> m.Maybe[{i32: bool}, fn(f64,)] = y"),
        "x: fn(i32, [T, N]) -> fn() -> m.Maybe[{i32: bool}, fn(f64)] = y"
    );
    assert_eq!(tree("x: [[f64, 0x10], 3] = y"), "x: [[f64, #16], 3] = y");
}

#[test]
fn line_ends_in_brackets_mean_nothing() {
    assert_eq!(tree("f(\n1,\n\n  2\n)\nx = [\n  1,\n]"), "(f call(1 2))\nx = [1]");
    assert_eq!(tree("a = (b\n  if c\n  else d)"), "a = (paren (b if c else d))");
    assert_eq!(tree("print(a,\nb)"), "(print a b)");
}

#[test]
fn an_empty_file_is_a_program() {
    for text in ["", "\n\n", "// only\n  /* a comment */\n"] {
        assert_eq!(tree(text), "");
    }
}

#[test]
fn names_of_builtins_and_types_are_names() {
    assert_eq!(
        tree("sorted = len\nfn bool(from): i32\nself.string = exit"),
        "sorted = len\n(fn bool(from) {i32})\n(= (self .string) exit)"
    );
}
