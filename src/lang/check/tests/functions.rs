//! Functions: return types, generic functions, closures, nested functions (section 7).

use super::{accepts, rejects, types};

#[test]
fn return_types_are_inferred() {
    types("fn f(n: i32): n * 2\nx = f(1)\n", "x: i32");
    types("fn fact(n: i64):\n    if n < 2: 1i64\n    else: n * fact(n - 1)\nx = fact(3)\n", "x: i64");
    types("fn f(n):\n    if n < 2: 1\n    else: n * f(n - 1)\nx = f(3)\n", "x: i32");
    rejects("fn f(n: i64):\n    if n < 2: 1\n    else: n * f(n - 1)\nx = f(3)\n", "E2004 3:13");
    types("fn g(n: i32):\n    if n == 0: []\n    else: push(g(n - 1), n)\nx = g(3)\n", "x: [i32]");
    types(
        "fn depth(n: i32):\n    match n:\n        0 -> 0\n        _ -> 1 + depth(n - 1)\nx = depth(3)\n",
        "x: i32",
    );
    rejects("fn f(n: i32): f(n + 1)\nx = f(1)\n", "E2001 2:5");
    accepts("fn f(n: i32): f(n + 1)\nf(1)\n");
    rejects("fn f(n: i32): return f(n + 1)\nf(1)\n", "E2006 1:22");
    types(
        "fn even(n: i32):\n    if n == 0: true\n    else: odd(n - 1)\nfn odd(n: i32):\n    if n == 0: false\n    else: even(n - 1)\nx = odd(1)\n",
        "x: bool",
    );
    rejects("fn a(): b()\nfn b(): a()\nx = a()\n", "E2001 3:5");
}

#[test]
fn values_that_disagree_make_a_function_void() {
    accepts("fn f(c: bool):\n    if c: 1\n    else: \"x\"\nf(true)\n");
    accepts("fn f(c: bool):\n    match c:\n        true -> print(1)\n        false -> 2\nf(true)\n");
    accepts(
        "mut n = 0\nfn p(): n += 1\nfn f(c: bool):\n    match c:\n        true -> p()\n        false -> len(\"x\")\nf(true)\n",
    );
    rejects("fn f(c: bool):\n    if c: 1\n    else: 2i64\nf(true)\n", "E2001 3:11");
    rejects("fn f(c: bool):\n    if c: return 1\n    \"x\"\nf(true)\n", "E2001 3:5");
    rejects("fn f(c: bool):\n    if c: return 1\n    return\n", "E2001 3:5");
    rejects("fn f(c: bool):\n    if c: return 1\n", "E1006 1:4");
    rejects("fn f(c: bool) -> i32:\n    if c: return\n    1\n", "E2001 2:11");
    accepts("fn f(c: bool):\n    if c: return\n    1\n");
}

#[test]
fn paths_without_a_value() {
    rejects("fn f(c: bool) -> i32:\n    if c: 1\n", "E1006 1:4");
    accepts("fn f(c: bool) -> i32:\n    if c: 1\n    else: raise(\"no\")\n");
    accepts("fn f() -> i32:\n    while true: pass\n");
    accepts("fn f() -> i32:\n    while true:\n        while true: break\n");
    rejects("fn f() -> i32:\n    while true: break\n", "E1006 1:4");
    rejects("fn f() -> i32:\n    'a: while true:\n        while true: break 'a\n", "E1006 1:4");
    accepts("fn f() -> i32:\n    try: return 1\n    catch: return 2\n");
    rejects("fn f() -> i32:\n    try: return 1\n    catch: pass\n", "E1006 1:4");
    accepts("fn f(n: i32) -> i32:\n    match n:\n        0 -> return 1\n        _ -> exit(1)\n");
    rejects("f = fn() -> i32:\n    pass\n", "E1006 1:5");
    rejects("fn p(): pass\nfn f() -> i32: p()\n", "E2001 2:16");
    accepts("f = fn(x: i32) -> i32: raise(\"no\")\n");
    accepts("fn f() -> i32:\n    return 1\n    x = 2\n");
}

#[test]
fn generic_functions() {
    types(
        "fn pick(a, b, first):\n    return a if first else b\nx = pick(1, 2, true)\ny = pick(\"x\", \"y\", false)\n",
        "x: i32; y: string",
    );
    rejects(
        "fn pick(a, b, first):\n    return a if first else b\nprint(pick(1, \"y\", true))\n",
        "E2001 2:28",
    );
    // Reported once for all instances.
    rejects("fn f(a): a.size\nf(1)\nf(2.5)\nf([1])\n", "E1010 1:12");
    rejects("fn f(n):\n    return f([n])\nf(1)\n", "E2006 2:12");
    types("fn id(x): x\nf: fn(i64) -> i64 = id\nx = f(2)\n", "x: i64");
    rejects("fn id(x): x\nf = id\n", "E2006 2:5");
    types("fn f(x, s: [f64]): s\ny = f(1, [])\n", "y: [f64]");
}

#[test]
fn uncalled_generic_functions_are_checked_for_names() {
    rejects(
        "fn f(a):\n    b = a + missing\n    break\n    c: Unknown = a\n",
        "E1010 2:13, E1401 3:5, E2003 4:8",
    );
    accepts("fn f(a):\n    b: i32 = \"x\"\n    return a.whatever(1)[2] + b\n");
    accepts(
        "fn f(a):\n    g = fn(x): a(x)\n    fn h(y): g(y)\n    h(1)\n    for q in a: print(q)\n    match a:\n        _ -> 1\n",
    );
    rejects("fn f(a):\n    fn g(b): missing\n    pass\n", "E1010 2:14");
    accepts("out = []\nfn f(a): push(out, 1)\npush(out, \"x\")\n");
    rejects("fn f(a):\n    a = 1\n    mut a = 2\n", "E1014 2:5, E1011 3:9");
}

#[test]
fn lambdas() {
    types(
        "f = fn(x: i32) -> i32: x * 2\ng = fn(a, b): a + b\nx = g(\"a\", \"b\")\n",
        "f: fn(i32) -> i32; g: fn(string, string) -> string",
    );
    types("fn apply(f: fn(i64) -> f64, x: i64) -> f64: f(x)\ny = apply(fn(n): n as f64, 3)\n", "y: f64");
    types(
        "f = fn(): print(1)\n"
            .replace("print(1)", "pass_it()")
            .as_str()
            .replace("f = ", "fn pass_it(): pass\nf = ")
            .as_str(),
        "f: fn()",
    );
    types("people = [\"b\", \"a\"]\nx = sorted(people, fn(a, b): len(a) < len(b))\n", "x: [string]");
    rejects("f = fn(a): a.size\n", "E2006 1:12");
    rejects("f = fn(g): g(1)\n", "E2006 1:12");
    types("f = fn(c):\n    if c: return 1\n    return 2\nx = f(true)\n", "x: i32");
}

#[test]
fn closures_and_nested_functions() {
    types(
        "fn counter():\n    mut n = 0\n    return fn() -> i32:\n        n += 1\n        return n\ntick = counter()\n",
        "tick: fn() -> i32",
    );
    types(
        "fn outer(k: i32):\n    fn fact(n: i32) -> i32:\n        if n < 2: 1\n        else: n * fact(n - 1) + k\n    fact(5)\nx = outer(1)\n",
        "x: i32",
    );
    // A generic nested function sees what stood above it, not what stands above its call.
    types(
        "fn outer():\n    k = 1\n    fn add(x): x + k\n    if true:\n        mut k = \"s\"\n        y = add(2)\n        z = k\n    return y\nx = outer()\n",
        "x: i32; outer.y: i32; outer.z: string",
    );
    rejects("fn outer():\n    fn g(x): x + later\n    later = 1\n    g(2)\n", "E1010 2:18");
    rejects("fn outer():\n    g(1)\n    fn g(x: i32): x\n", "E1010 2:5");
    accepts(
        "fn outer():\n    fn even(n): n == 0 or not even(n - 1)\n    f = fn(): even(2)\n    return f()\nx = outer()\n",
    );
    types("out = []\nf = fn(x): push(out, x)\nf(\"a\")\n", "out: [string]");
    rejects(
        "struct S:\n    x: i32\nimpl S:\n    fn m(self): 1\ns = S{ x: 1 }\nf = s.m\ng = S.m\nh = len\n",
        "E2007 6:5, E2007 7:5, E2007 8:5",
    );
}

#[test]
fn calls() {
    rejects("fn f(a: i32, b: i32): a\nf(1)\nf(1, 2, 3)\nf(1, \"x\")\n", "E2009 2:1, E2009 3:1, E2001 4:6");
    rejects("x = 1\nx(2)\n", "E2007 2:1");
    rejects(
        "fn p(): pass\nx = p()\nprint(p())\ny = p() == p()\nz = [p()]\n",
        "E2001 2:5, E2001 3:7, E2001 4:5, E2001 4:12, E2001 5:6",
    );
    rejects("fn f(a, a): 1\ng = fn(b, b): 1\n", "E1011 1:9, E1011 2:11");
    rejects("fn f(): 1\nfn f(): 2\n", "E1011 2:4");
}
