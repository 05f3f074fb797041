//! Pieces that are written as text: what the tree has no bounds for, such as types that contain themselves, calls without
//! end, and more memory than there is.

use super::Generator;
use crate::ast::Raw;

impl Generator<'_> {
    /// A piece for the module's top level, or none that is allowed.
    pub(super) fn raw_snippet(&mut self) -> Option<Raw> {
        self.next_id += 1;
        let id = self.next_id;
        let n = 2 + self.rng.below(6);
        let choice = self.rng.below(if self.config.exhaustion { 11 } else { 7 });
        let (items, lines, cost) = match choice {
            0 => (tree(id), tree_use(id, n), 4_000),
            1 => (list(id), list_use(id, n), 3_000),
            2 => (cycle(id), cycle_use(id), 1_500),
            3 => (expression(id), expression_use(id, n), 3_000),
            4 => (String::new(), sieve(id, n), 9_000),
            5 => (String::new(), text_build(id, n), 6_000),
            6 => (counter(id), counter_use(id), 1_500),
            7 => (overflow(id), overflow_use(id), 60_000),
            8 => (mutual_overflow(id), mutual_overflow_use(id), 60_000),
            _ => {
                let line = match self.rng.below(6) {
                    0 => format!("print(len(\"ab\".repeat(many{id})))"),
                    1 => format!("print(len([1.5, 2.5] * many{id}))"),
                    2 => format!("print(len([0u64; many{id}]))"),
                    3 => format!("print(len([\"x\"; many{id} * 2i64]))"),
                    4 => format!("print(len((\"é\" + \"z\").repeat(many{id})))"),
                    _ => format!("print(len([[true]] * many{id}))"),
                };
                let lines = format!(
                    "many{id} = 2_500_000_000\ntry:\n    {line}\ncatch err{id}:\n    print(err{id}, err{id}.kind)"
                );
                (String::new(), lines, 200)
            }
        };
        let split = |text: String| text.lines().map(str::to_owned).collect();
        Some(Raw { items: split(items), lines: split(lines), cost })
    }
}

/// An enum that contains itself, built and walked by recursion.
fn tree(id: u32) -> String {
    format!(
        "enum Tree{id}:
    Leaf
    Node(left: Tree{id}, value: i32, right: Tree{id})
fn grow{id}(n: i32, seed: i32) -> Tree{id}:
    if n <= 0: return Tree{id}.Leaf
    return Tree{id}.Node(grow{id}(n - 1, seed * 3 % 1009), seed, grow{id}(n - 2, (seed + 7) % 1009))
fn weigh{id}(t: Tree{id}) -> i32:
    return match t:
        Tree{id}.Leaf -> 1
        Tree{id}.Node(l, v, r) -> (weigh{id}(l) + v * 2 + weigh{id}(r)) % 100003"
    )
}

fn tree_use(id: u32, n: usize) -> String {
    format!(
        "tree{id} = grow{id}({n}, {})
print(weigh{id}(tree{id}), tree{id} == grow{id}({n}, {}))
if {n} < 4: print(tree{id})
print(tree{id} matches Tree{id}.Node(_, _, Tree{id}.Leaf), tree{id} == Tree{id}.Leaf)",
        n * 5,
        n * 5
    )
}

/// A list through an enum, whose links are walked by a loop.
fn list(id: u32) -> String {
    format!(
        "enum Link{id}[T]:
    End
    Cons(head: T, tail: Link{id}[T])
fn sum{id}(list: Link{id}[i64]) -> i64:
    mut rest = list
    mut total = 0i64
    mut going = true
    while going:
        match rest:
            Link{id}.End -> going = false
            Link{id}.Cons(head, tail) ->
                total += head
                rest = tail
    return total"
    )
}

fn list_use(id: u32, n: usize) -> String {
    format!(
        "mut list{id}: Link{id}[i64] = Link{id}.End
for i{id} in 0..{}:
    list{id} = Link{id}.Cons((i{id} as i64) * 3, list{id})
print(sum{id}(list{id}), list{id} matches Link{id}.Cons(_, _))
words{id} = Link{id}.Cons(\"a\", Link{id}.Cons(\"b\\n\", Link{id}.End))
print(words{id}, typeof(words{id}))",
        n * 9
    )
}

/// Structs that contain themselves.
fn cycle(id: u32) -> String {
    format!(
        "struct Node{id}:
    label: string
    next: [Node{id}] = []
    seen: {{i32: Node{id}}} = {{}}"
    )
}

fn cycle_use(id: u32) -> String {
    format!(
        "a{id} = Node{id}{{ label: \"a\" }}
b{id} = Node{id}{{ label: \"b\", next: [a{id}, a{id}] }}
push(a{id}.next, b{id})
b{id}.seen[4] = a{id}
print(a{id})
c{id} = Node{id}{{ label: \"a\" }}
d{id} = Node{id}{{ label: \"b\", next: [c{id}, c{id}], seen: {{4: c{id}}} }}
push(c{id}.next, d{id})
print(a{id} == c{id}, b{id} == d{id}, a{id} == b{id}, a{id} != d{id})
d{id}.next[1] = d{id}
print(a{id} == c{id}, len(a{id}.next[0].next))"
    )
}

/// An interpreter of small expressions, with errors as values.
fn expression(id: u32) -> String {
    format!(
        "enum Ast{id}:
    Num(i64)
    Neg(Ast{id})
    Add(Ast{id}, Ast{id})
    Div(Ast{id}, Ast{id})
fn eval{id}(e: Ast{id}) -> Result[i64, string]:
    return match e:
        Ast{id}.Num(n) -> Result.Ok(n)
        Ast{id}.Neg(a) ->
            match eval{id}(a):
                Result.Ok(x) -> Result.Ok(-x)
                Result.Err(m) -> Result.Err(m)
        Ast{id}.Add(a, b) -> both{id}(a, b, true)
        Ast{id}.Div(a, b) -> both{id}(a, b, false)
fn both{id}(a: Ast{id}, b: Ast{id}, sum: bool) -> Result[i64, string]:
    x = eval{id}(a)
    if x matches Result.Err(_): return x
    y = eval{id}(b)
    match x:
        Result.Err(_) -> return x
        Result.Ok(p) ->
            match y:
                Result.Err(_) -> return y
                Result.Ok(q) ->
                    if sum: return Result.Ok(p + q)
                    if q == 0: return Result.Err(\"division by zero\")
                    return Result.Ok(p / q)"
    )
}

fn expression_use(id: u32, n: usize) -> String {
    format!(
        "mut ast{id} = Ast{id}.Num({n})
for i{id} in 1..{}:
    if i{id} % 3 == 0: ast{id} = Ast{id}.Neg(ast{id})
    elif i{id} % 3 == 1: ast{id} = Ast{id}.Add(ast{id}, Ast{id}.Num(i{id} as i64))
    else: ast{id} = Ast{id}.Div(ast{id}, Ast{id}.Num((i{id} % 5) as i64))
    print(eval{id}(ast{id}))",
        n * 2
    )
}

/// Numbers crossed out in a large array.
fn sieve(id: u32, n: usize) -> String {
    format!(
        "top{id} = {}
prime{id} = [true; top{id} + 1]
mut found{id} = 0
for i{id} in 2..=top{id}:
    if prime{id}[i{id}]:
        found{id} += 1
        for j{id} in i{id} * 2..=top{id}..i{id}: prime{id}[j{id}] = false
print(found{id}, prime{id}[top{id}])",
        n * 60
    )
}

/// A long string made by appends, and looked at.
fn text_build(id: u32, n: usize) -> String {
    format!(
        "mut text{id} = \"\"
mut wide{id} = \"é\"
for i{id} in 0..{}:
    text{id} += i{id} as string
    wide{id} = wide{id} + chr(0x3B0 + i{id} % 16)
    if i{id} % 10 == 9: text{id} += \",\"
print(len(text{id}), len(wide{id}), text{id}[len(text{id}) - 5..], wide{id}[3], wide{id}[len(wide{id}) / 2..][..4])
print(len(text{id}.split(\",\")), wide{id}.find(\"λ\"), wide{id}.upper()[1..5])",
        n * 25
    )
}

/// Closures that share and outlive what they capture.
fn counter(id: u32) -> String {
    format!(
        "fn counter{id}(step: i32) -> [fn() -> i32]:
    mut n = 0
    up = fn() -> i32:
        n += step
        return n
    down = fn() -> i32:
        n -= 1
        return n
    return [up, down]"
    )
}

fn counter_use(id: u32) -> String {
    format!(
        "pair{id} = counter{id}(3)
other{id} = counter{id}(10)
print(pair{id}[0](), pair{id}[1](), other{id}[0](), pair{id}[0]())
later{id}: [fn() -> i32] = []
for i{id} in 0..5:
    mut own = i{id}
    push(later{id}, fn() -> i32: own * i{id})
    own += 1
for f{id} in later{id}: print(f{id}())"
    )
}

/// Calls without end.
fn overflow(id: u32) -> String {
    format!(
        "fn deep{id}(n: i64, s: string) -> i64:
    return deep{id}(n + 1, s) + 1"
    )
}

fn overflow_use(id: u32) -> String {
    format!("try:\n    print(deep{id}(0, \"x\"))\ncatch err{id}:\n    print(err{id}, typeof(err{id}))")
}

fn mutual_overflow(id: u32) -> String {
    format!(
        "mut depth{id} = 0
fn ping{id}(f: fn(i32) -> i32, n: i32) -> i32:
    depth{id} += 1
    return pong{id}(f, f(n))
fn pong{id}(f: fn(i32) -> i32, n: i32) -> i32:
    try:
        return ping{id}(f, n + 1)
    catch:
        return n"
    )
}

fn mutual_overflow_use(id: u32) -> String {
    format!("print(ping{id}(fn(x: i32) -> i32: (x ^ 5) % 1000, 3))\nprint(depth{id})")
}
