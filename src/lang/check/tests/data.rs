//! Structs, enums, matching, arrays, maps (sections 8 to 10).

use super::{accepts, rejects, types};

#[test]
fn generic_enums() {
    types(
        "enum Maybe[T]:\n    Just(value: T)\n    Nothing\nimpl Maybe:\n    fn or_else(self, other: T) -> T:\n        \
         match self:\n            Maybe.Just(v) -> v\n            Maybe.Nothing -> other\n    fn of(x: T) -> Maybe[T]: Maybe.Just(x)\n\
         a = Maybe.Just(3)\nb = a.or_else(4)\nc: Maybe[string] = Maybe.Nothing\nd = c.or_else(\"x\")\ne = Maybe.of(2.5)\n",
        "a: Maybe[i32]; b: i32; d: string; e: Maybe[f64]",
    );
    types(
        "r = Result.Ok(4)\nfn f() -> Result[i32, string]: Result.Err(\"x\")\ns = f()\n",
        "r: Result[i32, i32]; s: Result[i32, string]",
    );
    types("mut r = Result.Ok(4)\nr = Result.Err(\"no\")\n", "r: Result[i32, string]");
    types("enum Result:\n    Good\nx = Result.Good\n", "x: Result");
    rejects("enum Nest[T]:\n    Leaf\n    Node(n: Nest[[T]])\n", "E2006 3:13");
    accepts(
        "enum Tree[T]:\n    Leaf\n    Node(l: Tree[T], v: T, r: Tree[T])\nt = Tree.Node(Tree.Leaf, 1, Tree.Leaf)\n",
    );
    rejects("x: Maybe = 1\nenum Maybe[T]:\n    A(v: T)\n", "E2003 1:4");
}

#[test]
fn patterns() {
    rejects("match 3:\n    1 -> pass\n", "E1410 1:1");
    rejects("match true:\n    true -> pass\n", "E1410 1:1");
    accepts("match true:\n    true -> pass\n    false -> pass\n");
    rejects("match 3:\n    1 -> pass\n    1 -> pass\n    _ -> pass\n    2 -> pass\n", "E1411 3:5, E1411 5:5");
    rejects("match 3.0:\n    1 -> pass\n    1.0 -> pass\n    _ -> pass\n", "E1411 3:5");
    rejects("enum E:\n    A\n    B(x: i32)\ne = E.A\nmatch e:\n    E.A -> pass\n", "E1410 5:1");
    rejects(
        "enum E:\n    A\n    B(x: i32)\ne = E.A\nmatch e:\n    E.A(x) -> pass\n    E.B -> pass\n    E.C -> pass\n    A -> pass\n    _ -> pass\n",
        "E2001 6:5, E2001 7:5, E1010 8:7, E1010 9:5",
    );
    rejects("enum E:\n    B(x: i32, y: i32)\nmatch E.B(1, 2):\n    E.B(x, x) -> pass\n", "E1011 4:12");
    rejects("match [1]:\n    _ -> pass\n", "E2001 1:7");
    rejects("x = match 3:\n    1 -> pass\n    _ -> 2\n", "E2001 2:5");
    rejects("x = match 3:\n    1 -> \"a\"\n    _ -> 2\n", "E2001 3:10");
    types(
        "fn f(n: i32) -> i32:\n    x = match n:\n        1 -> return 5\n        2 -> raise(\"x\")\n        _ -> n * 2i32\n    x\n",
        "f.x: i32",
    );
}

#[test]
fn matches() {
    accepts(
        "enum E:\n    A\n    B(x: i32)\ne = E.A\na = e matches E.B(_)\nb = e matches E.B(3) and e matches E.A\nc = 3 matches 4\n",
    );
    rejects(
        "enum E:\n    A\n    B(x: i32)\ne = E.A\na = e matches E.B\nb = e matches E.B(1, 2)\nc = 3 matches E.A\n",
        "E2009 5:15, E2009 6:15, E2001 7:7",
    );
}

#[test]
fn struct_literals_and_defaults() {
    accepts(
        "struct P:\n    x: i32\n    next: [P] = []\n    f: fn(i32) -> i32 = fn(n: i32) -> i32: n\np = P{ x: 1 }\nq = p.f(2)\n",
    );
    rejects("struct P:\n    x: i32\n    x: i32\n", "E1011 3:5");
    rejects("struct P:\n    x: i32\np = P{ y: 1 }\n", "E1021 3:5, E1010 3:8");
    rejects("struct N:\n    next: N = N{}\n", "E1021 2:15");
    rejects("struct A:\n    b: B = B{}\nstruct B:\n    a: A = A{}\n", "E1021 4:12");
    rejects("struct A:\n    x: i32 = later\nlater = 1\n", "E1010 2:14");
    accepts("base = 1\nstruct A:\n    x: i32 = base + 1\n    y: i32 = f()\nfn f() -> i32: 2\na = A{}\n");
    rejects("p = Missing{ x: 1 }\n", "E1010 1:5");
    rejects("struct S:\n    x: i32\ns = S{ x: 1 }\ns.y = 2\ns.x = \"a\"\n", "E1010 4:3, E2001 5:7");
}

#[test]
fn fixed_lengths() {
    accepts("a: [i32, 4] = [0, 4]\nb: [i32, 2] = [0, 2]\nfn f(x: [f64, 3]) -> i32: len(x)\nc = f([1, 3])\n");
    rejects("a: [i32, 3] = [1, 2]\nfn f(x: [i32, 3]): 1\nf([1])\n", "E2001 1:15, E2001 3:3");
    accepts(
        "enum E:\n    A(v: [i32, 2])\nstruct S:\n    v: [i32, 3] = [0, 3]\ne = E.A([1, 2])\ns = S{ v: [1, 2, 3] }\n",
    );
    rejects("enum E:\n    A(v: [i32, 2])\ne = E.A([1])\n", "E2001 3:9");
    accepts("x: [[i32, 3]] = [[1], [2]]\n");
}

#[test]
fn maps() {
    types("m = {}\nm[\"a\"] = 2.5\nn = {1: [], 2: [\"x\"]}\n", "m: {string: f64}; n: {i32: [string]}");
    rejects("m = {1.5: 2}\nn: {[i32]: i32} = {}\nk = {}\nk[2.5] = 1\n", "E2007 1:6, E2007 2:5, E2007 4:3");
    rejects("enum K:\n    A(x: f64)\nm = {K.A(1.0): 2}\n", "E2007 3:6");
    accepts(
        "enum K:\n    A(x: i32, s: string)\n    B(k: K)\nm = {K.A(1, \"x\"): 2}\nfor k, v in m: print(k, v)\n",
    );
    rejects("fn f(m: {Color: i32}): 1\nenum Color:\n    Rgb(r: f64)\n", "E2007 1:10");
}

#[test]
fn equality_of_contents() {
    rejects(
        "f = fn(): 1\na = f == f\nb = [f] == [f]\nc = range(3) == range(3)\n",
        "E2001 2:7, E2001 3:9, E2001 4:14",
    );
    accepts("a = [[1], []] == [[2]]\nb = {1: [2.5]} == {}\n");
    rejects("a = []\nb = a == []\npush(a, fn(): 1)\n", "E2001 2:7");
}

#[test]
fn operators_on_other_types() {
    rejects(
        "a = [1] + 1\nb = [1] + [2]\nc = 2 * [1]\nd = [1] * 2.0\ne = true + true\nf = 1.5 & 2.5\ng = \"a\" - \"b\"\n",
        "E2001 1:9, E2007 2:9, E2007 3:7, E2001 4:9, E2007 5:10, E2007 6:9, E2007 7:9",
    );
    rejects(
        "i = 1\nl = 2i64\nf = 1.5\na = i + l\nb = i < l\nc = f * i\nd = true + i\ne = \"x\" + i\n",
        "E2004 4:7, E2001 5:7, E2004 6:7, E2004 7:10, E2004 8:9",
    );
    types(
        "a = [1] * 3\nb: [i64] = [1] * 3\nc = \"a\" + \"b\"\nd = 1 << 3u64\n",
        "a: [i32]; b: [i64]; c: string; d: i32",
    );
    rejects(
        "a = not 1.5\nb = \"x\" and true\nif 1: pass\nwhile \"x\": pass\nc = 1 if 2 else 3\n",
        "E2001 1:9, E2001 2:5, E1403 3:4, E1403 4:7, E1403 5:10",
    );
}

#[test]
fn conversions() {
    rejects(
        "a = \"1\" as i32\nb = [1] as string\nc = 1 as error\nd = 1 as Foo\n",
        "E2005 1:9, E2005 2:9, E2003 3:10, E2003 4:10",
    );
    accepts(
        "a = true as f64\nb = Result.Ok(1) as string\ntry: pass\ncatch e: print(e as string, e.message + e.kind)\n",
    );
    rejects("f = fn(x): x as i32\nf([1])\n", "E2005 1:14");
}

#[test]
fn builtins() {
    rejects(
        "a = sorted([[1]])\nb = sorted([], 1)\nc = len(1)\nd = min(\"a\", 1)\n",
        "E2007 1:12, E2001 2:16, E2001 3:9, E2001 4:14",
    );
    types(
        "a = pop([1.5])\nb = push([], \"x\")\nc = abs(-3)\nd = max(1, 2i64)\n",
        "a: f64; b: [string]; c: i32; d: i64",
    );
    rejects("fn f() -> i32:\n    x = raise(\"a\")\n    return 1\n", "E2001 2:9");
    rejects("t = \"@\"\nx = format(t, 1)\n", "E2001 2:12");
    rejects("a = range(1.5)\nb = int([1])\nlen = 3\nc = len([1])\n", "E2001 1:11, E2001 2:9, E2007 4:5");
    rejects("assert_eq(\"x\", 1, \"y\")\n", "E2001 1:16");
}
