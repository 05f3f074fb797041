//! Bindings, scopes, branches, visibility (section 4).

use super::{accepts, rejects, types};

#[test]
fn plain_bindings_of_functions_may_be_assigned() {
    accepts(
        "fn f(n: i32) -> i32:\n    found = 0\n    for i in 0..n:\n        found = found + i\n    return found\n",
    );
    rejects("limit = 10\nlimit = 11\nfn bad():\n    limit = 5\n", "E1014 2:1, E1014 4:5");
    accepts("limit = 10\nfn fine():\n    limit: i32 = 5\n");
    accepts("for i in 0..3:\n    square = i\n    square = square + 1\n    if i > 1: square = 3\n");
    rejects("if true:\n    a = 1\n    a = 2\n", "E1014 3:5");
    rejects("try:\n    a = 1\n    a = 2\ncatch: pass\n", "E1014 3:5");
    rejects("x = 1\nx += 1\n", "E1014 2:1");
}

#[test]
fn what_cannot_be_assigned() {
    rejects("fn f(n: i32):\n    n = 2\n", "E1014 2:5");
    rejects("fn f(): pass\nf = 1\n", "E1014 2:1");
    rejects("f = 1\nfn f(): pass\n", "E1014 1:1");
    rejects("struct S:\n    x: i32\nS = 1\n", "E1014 3:1");
    rejects("N := 1\nN = 2\n", "E1014 2:1");
    rejects("try: pass\ncatch e: e = 1\n", "E1014 2:10");
    rejects("enum E:\n    A(x: i32)\nmatch E.A(1):\n    E.A(x) -> x = 2\n", "E1014 4:15");
    rejects("for i in 0..3:\n    g = fn():\n        i = 2\n", "E1014 3:9");
    rejects("fn f():\n    n = 1\n    g = fn():\n        n = 2\n", "E1014 4:9");
    accepts("fn f():\n    mut n = 1\n    g = fn():\n        n = 2\n");
    accepts("min = 3\nlen = min + 1\n");
}

#[test]
fn declared_twice_in_one_block() {
    rejects("fn f(a: i32):\n    mut a = 2\n", "E1011 2:9");
    rejects("for i in 0..3:\n    mut i = 2\n", "E1011 2:9");
    rejects("fn f():\n    a = 1\n    mut a = 2\n", "E1011 3:9");
    rejects("mut a = 1\na: i32 = 2\n", "E1011 2:1");
    rejects("fn f(): pass\nmut f = 1\n", "E1011 2:5");
    rejects("mut f = 1\nfn f(): pass\n", "E1011 1:5");
    accepts("fn f():\n    a = 1\n    if true:\n        mut a = \"x\"\n");
}

#[test]
fn initialisers_see_the_outer_variable() {
    types("fn f(n: i32):\n    if true:\n        mut n = n as string\n        print(n)\n", "f.n: i32");
    rejects("mut n = n + 1\n", "E1010 1:9");
    rejects("f = fn(n: i32) -> i32: f(n)\n", "E1010 1:24");
}

#[test]
fn branches_introduce_variables_for_the_block_around() {
    types("n = 4\nif n > 3: word = \"big\"\nelse: word = \"small\"\nprint(word)\n", "word: string");
    rejects("n = 4\nif n > 3:\n    mut spare = n\nprint(spare)\n", "E1010 4:7");
    rejects("n = 4\nif n > 3: a = 1\nelse: print(a)\n", "E1010 3:13");
    rejects("n = 4\nif n > 3: a = 1\nelif a > 2: pass\n", "E1010 3:6");
    rejects("n = 4\nif n > 3: a = 1\nelse: a = \"x\"\n", "E2001 3:11");
    // Through nested branches, in either direction.
    types(
        "fn f(n: i32) -> i32:\n    if n > 3:\n        if n > 4: a = 1\n        a = 2\n    else:\n        \
         if n > 1: a = 3\n        b = a\n    return a + b\n",
        "f.a: i32; f.b: i32",
    );
    accepts("fn f(n: i32):\n    while n > 0:\n        if n > 1: a = 1\n        print(a)\n        a = 2\n");
    rejects("fn f(n: i32):\n    while n > 0:\n        if n > 1: a = 1\n    print(a)\n", "E1010 4:11");
    rejects("if true: a = 1\na = 2\n", "E1014 2:1");
    rejects("fn f():\n    if true: a = 1\n    mut a = 2\n", "E1011 3:9");
    rejects("if true: a = 1\nmut a = 2\n", "E1011 2:5");
}

#[test]
fn module_variables_are_visible_below() {
    rejects("fn f() -> i32: later\nlater = 1\n", "E1010 1:16");
    accepts("later = 1\nfn f() -> i32: later\n");
    rejects("print(x)\nx = 1\n", "E1010 1:7");
    accepts("print(f())\nfn f(): g()\nfn g(): 5\n");
}

#[test]
fn functions_asked_for_before_the_variables_that_they_see() {
    types("print(f())\nx = 5\nfn f(): return x\n", "x: i32");
    types("print(area(2.0))\nPI := 3.14\nfn area(r): return r * r * PI\ny = area(1.0)\n", "y: f64");
    types("y = f()\nx: [string] = []\nfn f(): return x\n", "y: [string]");
    rejects("y: string = f()\nx = 5\nfn f(): return x\n", "E2001 2:5");
    rejects("y = f()\nfn f(): return x\nx = 5\n", "E1010 2:16");
    accepts("y = f()\nif true: x = 5\nelse: x = 6\nfn f(): return x\n");
    rejects("f()\nx = 5\nfn f():\n    x = 6\n", "E1014 4:5");
    accepts("f()\nmut x = 5\nfn f():\n    x = 6\n");
    // Asked for in the middle of the statement that introduces the variable.
    accepts("if true:\n    x = 5\n    y = f()\nelse: x = 6\nfn f(): return x\n");
    types("SIZE := 3\nfn f(a: [i32, SIZE]) -> i32: a[0]\nx = f([1, 2, 3])\n", "x: i32");
}

#[test]
fn underscores_bind_nothing() {
    accepts("_ = 1\n_ = \"x\"\nfor _ in 0..3: pass\nf = fn(_: i32, _: i32) -> i32: 1\nfn g(_, _): pass\n");
    rejects("_ = 1\nprint(_)\n", "E1010 2:7");
    rejects("_ += 1\n", "E1010 1:1");
}

#[test]
fn several_names_at_once() {
    types("mut a = 1.5\nb = a = c = 0\nx = 1, mut y: i64 = 2, z = x\n", "b: f64; c: f64; y: i64; z: i32");
    rejects("a = 1\nb = a = 2\n", "E1014 2:5");
    rejects("mut s = \"x\"\nb = s = c = 1\n", "E2001 2:13");
}

#[test]
fn labels_and_jumps() {
    rejects("break\ncontinue\n", "E1401 1:1, E1402 2:1");
    rejects("'a: while true:\n    'a: while true: break 'b\n", "E1011 2:5, E1401 2:27");
    rejects("while true:\n    f = fn():\n        break\n    break\n", "E1401 3:9");
}

#[test]
fn constants() {
    rejects("size := 4\n", "E1013 1:1");
    types(
        "A := 4\nB: i64 := 2 * 3\nC := A * 2 - 1\nx: [i32, C] = [0, C]\ny: [i32, A] = [1, 2, 3, 4]\n",
        "x: [i32]",
    );
    rejects("A := -1\nx: [i32, A] = []\n", "E2001 2:10");
    rejects("A := 1.5\nx: [i32, A] = []\n", "E2001 2:10");
    rejects("n = 1\nx: [i32, n] = []\n", "E2001 2:10");
    rejects("x: [i32, N] = []\n", "E1010 1:10");
    accepts("A := 10 / 0\nB := [1, 2]\nfn f() -> i32: A + len(B)\n");
    rejects("A := 1\nA := 2\n", "E1011 2:1");
}
