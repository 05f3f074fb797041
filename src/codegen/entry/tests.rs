use super::*;
use crate::ir::Reason;
use crate::ir::parse::parse_module;

fn jit() -> Jit {
    let options = JitOptions { level: Level::None, depth: 1_000, ..JitOptions::default() };
    Jit::new(options).expect("executable memory")
}

fn compile(jit: &mut Jit, text: &str) -> Result<Image, JitError> {
    let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
    let functions: Vec<(Func, &Function)> =
        parsed.functions.iter().map(|(func, body)| (*func, body)).collect();
    jit.compile(&parsed.module, &functions)
}

fn image(text: &str) -> Image {
    compile(&mut jit(), text).unwrap_or_else(|error| panic!("{error}"))
}

const EIGHT: &str = "
fn f(v0: i32, v1: i64, v2: u32, v3: u64, v4: f64, v5: bool, v6: i64, v7: i64) -> f64 CONVENTION {
b0:
    v8 = convert.i32.f64 v0
    v9 = convert.i64.f64 v1
    v10 = convert.u32.f64 v2
    v11 = convert.u64.f64 v3
    v12 = convert.i64.f64 v6
    v13 = convert.i64.f64 v7
    v14 = add.f64 v8, v9
    v15 = add.f64 v14, v10
    v16 = add.f64 v15, v11
    v17 = add.f64 v16, v4
    v18 = add.f64 v17, v12
    v19 = mul.f64 v18, v13
    v20 = select.f64 v5, v19, -1.0
    return.f64 v20
}";

type Eight = (i32, i64, u32, u64, f64, bool, *const u8, i64);

#[test]
fn arguments_of_all_types_in_both_conventions() {
    for convention in ["", "orus"] {
        let image = image(&EIGHT.replace("CONVENTION", convention));
        let f = image.function::<Eight, f64>("f").expect("its signature");
        let pointer = ptr::without_provenance(64);
        assert_eq!(f.call((-1, -20, 1 << 31, 1 << 40, 0.5, true, pointer, 3)).ok(), {
            Some((-21.0 + 2_147_483_648.0 + 1_099_511_627_776.0 + 64.5) * 3.0)
        });
        assert_eq!(f.call((0, 0, 0, 0, 0.0, false, pointer, 0)).ok(), Some(-1.0));
        assert_eq!(image.is_memory_safe("f"), Some(true));
    }
}

#[test]
fn other_types_are_refused() {
    let image = image("fn f(v0: i32) -> i64 {\nb0:\n    v1 = convert.i32.i64 v0\n    return.i64 v1\n}");
    assert!(image.function::<(i32,), i64>("f").is_ok());
    let errors = [
        image.function::<(u32,), i64>("f").map(|_| ()),
        image.function::<(i32,), i32>("f").map(|_| ()),
        image.function::<(), i64>("f").map(|_| ()),
        image.function::<(i32, i32), i64>("f").map(|_| ()),
        image.function::<(i32,), i64>("g").map(|_| ()),
    ];
    let texts = errors.map(|error| error.expect_err("it is refused").to_string());
    assert_eq!(texts[0], "it is (i32) -> i64 system, not (u32) -> i64 system");
    assert_eq!(texts[2], "it is (i32) -> i64 system, not () -> i64 system");
    assert_eq!(texts[4], "there is no function `g`");
}

const CHECKED: &str = "
fn inner(v0: i32, v1: i32) -> i32 {
    fs0 = 7@3 [v0, -, v2, 9:i64]
    g0 = overflow fs0
b0:
    v2 = mul.i32 v1, 10
    v3 = add.checked.i32 v0, v2, g0
    return.i32 v3
}
fn outer(v0: i32, v1: i32) -> i32 {
b0:
    v2 = call inner(v0, v1)
    v3 = add.i32 v2, 1
    return.i32 v3
}";

#[test]
fn a_failing_guard_ends_the_call() {
    let image = image(CHECKED);
    for (name, more) in [("inner", 0), ("outer", 1)] {
        let f = image.function::<(i32, i32), i32>(name).expect("its signature");
        for _ in 0..3 {
            assert_eq!(f.call((2, 4)).ok(), Some(42 + more));
            let Err(CallError::Left(left)) = f.call((i32::MAX, 1)) else { panic!("it does not leave") };
            assert_eq!((left.reason, left.frames.len()), (Reason::Overflow, 1));
            assert_eq!((left.frames[0].function, left.frames[0].position), (7, 3));
            let value = |kind, bits| Slot::Value(kind, crate::ir::eval::Value::Bits(bits));
            let expected =
                [value(Kind::I32, i32::MAX as u64), Slot::Dead, value(Kind::I32, 10), value(Kind::I64, 9)];
            assert_eq!(left.frames[0].slots, expected);
        }
    }
}

#[test]
fn recursion_ends_at_the_limit() {
    let text = "
symbol too_deep
fn down(v0: i32) -> i32 orus depth too_deep {
b0:
    br.gt.i32 v0, 0, b1, b2
b1:
    v1 = sub.i32 v0, 1
    v2 = call down(v1)
    v3 = add.i32 v2, 1
    return.i32 v3
b2:
    return.i32 0
}";
    let image = image(text);
    let down = image.function::<(i32,), i32>("down").expect("its signature");
    assert_eq!(down.call((999,)).ok(), Some(999), "1,000 calls are allowed");
    assert!(matches!(down.call((1_000,)), Err(CallError::TooDeep)));
    assert_eq!(down.call((5,)).ok(), Some(5));
}

extern "C" fn twice(value: i32) -> i32 {
    value * 2
}

extern "C" fn half(value: f64) -> Returned<f64> {
    if value < 0.0 { Returned::raised() } else { Returned::value(value / 2.0) }
}

extern "C" fn even(value: i64) -> Returned<i64> {
    if value % 2 == 1 { Returned::raised() } else { Returned::value(value / 2) }
}

extern "C" fn positive(value: i64) -> Returned<()> {
    if value <= 0 { Returned::raised() } else { Returned::value(()) }
}

const OUTSIDE: &str = "
extern twice(i32) -> i32
extern half(f64) -> f64 raises
extern even(i64) -> i64 raises
extern positive(i64) raises
fn plain(v0: i32) -> i32 {
b0:
    v1 = call twice(v0)
    v2 = add.i32 v1, v0
    return.i32 v2
}
fn fraction(v0: f64) -> f64 {
b0:
    v1 = call half(v0)
    return.f64 v1
}
fn middle(v0: i64, v1: i64) -> i64 {
b0:
    call positive(v0)
    v2 = call even(v0)
    v3 = mul.i64 v2, v1
    return.i64 v3
}
fn caught(v0: i64, v1: i64, v2: i64) -> i64 {
b0:
    v3 = invoke middle(v0, v1) -> b1, catch b2
b1:
    v4 = add.i64 v3, v2
    return.i64 v4
b2:
    v5 = sub.i64 v2, v0
    return.i64 v5
}";

#[test]
fn functions_outside_are_called_and_raise() {
    let mut jit = jit();
    jit.define("twice", twice as extern "C" fn(i32) -> i32);
    jit.define_raising("half", half as extern "C" fn(f64) -> Returned<f64>).expect("room");
    jit.define_raising("even", even as extern "C" fn(i64) -> Returned<i64>).expect("room");
    jit.define_raising("positive", positive as extern "C" fn(i64) -> Returned<()>).expect("room");
    let image = compile(&mut jit, OUTSIDE).unwrap_or_else(|error| panic!("{error}"));
    let plain = image.function::<(i32,), i32>("plain").expect("its signature");
    assert_eq!(plain.call((14,)).ok(), Some(42));
    let fraction = image.function::<(f64,), f64>("fraction").expect("its signature");
    assert_eq!(fraction.call((3.0,)).ok(), Some(1.5));
    assert!(matches!(fraction.call((-3.0,)), Err(CallError::Raised)));
    let middle = image.function::<(i64, i64), i64>("middle").expect("its signature");
    assert_eq!(middle.call((6, 7)).ok(), Some(21));
    assert!(matches!(middle.call((7, 7)), Err(CallError::Raised)));
    assert!(matches!(middle.call((0, 7)), Err(CallError::Raised)));
    // `middle` saves registers that `caught` has values in.
    let caught = image.function::<(i64, i64, i64), i64>("caught").expect("its signature");
    assert_eq!(caught.call((6, 7, 100)).ok(), Some(121));
    assert_eq!(caught.call((7, 7, 100)).ok(), Some(93));
    assert_eq!(caught.call((-2, 7, 100)).ok(), Some(102));
}

thread_local! {
    static INNER: RefCell<Option<TypedFn<(i32, i32), i32>>> = const { RefCell::new(None) };
}

/// Calls compiled code, from a function that compiled code calls.
extern "C" fn nested(value: i32) -> i32 {
    INNER.with_borrow(|inner| match inner.as_ref().expect("it was set").call((value, 1)) {
        Ok(value) => value,
        Err(CallError::Left(_)) => -1,
        Err(error) => panic!("{error}"),
    })
}

#[test]
fn calls_within_calls() {
    let mut jit = jit();
    jit.define("nested", nested as extern "C" fn(i32) -> i32);
    let inner = compile(&mut jit, CHECKED).unwrap_or_else(|error| panic!("{error}"));
    let text = "
extern nested(i32) -> i32 reads writes raises collects
fn f(v0: i32) -> i32 {
    fs0 = 1@1 [v1]
    g0 = other fs0
b0:
    v1 = call nested(v0)
    guard.ne.i32 v1, 12, g0
    return.i32 v1
}";
    let outer = compile(&mut jit, text).unwrap_or_else(|error| panic!("{error}"));
    INNER.set(inner.function("outer").ok());
    let f = outer.function::<(i32,), i32>("f").expect("its signature");
    assert_eq!(f.call((5,)).ok(), Some(16));
    assert_eq!(f.call((i32::MAX,)).ok(), Some(-1));
    assert!(matches!(f.call((1,)), Err(CallError::Left(left)) if left.reason == Reason::Other));
    assert_eq!(f.call((5,)).ok(), Some(16));
}

#[test]
fn what_touches_memory_is_not_safe() {
    let text = "
fn get(v0: i64) -> i64 {
b0:
    v1 = load.i64 v0[8] @raw
    return.i64 v1
}
fn indirect(v0: i64) -> i64 {
b0:
    v1 = call get(v0)
    return.i64 v1
}";
    let image = image(text);
    let words = [1_i64, 42];
    for name in ["get", "indirect"] {
        let get = image.function::<(*const i64,), i64>(name).expect("its signature");
        assert!(matches!(get.call((words.as_ptr(),)), Err(CallError::NotSafe)));
        // SAFETY: it reads the second word.
        assert_eq!(unsafe { get.call_unchecked((words.as_ptr(),)) }.ok(), Some(42));
    }
}

#[test]
fn polls_leave_when_another_thread_says_so() {
    let text = "
fn turn() -> i64 orus {
    fs0 = 1@1 [v1]
    g0 = poll fs0
b0:
    jump b1(0)
b1(v1: i64):
    v2 = add.i64 v1, 1
    poll g0
    jump b1(v2)
}";
    let image = image(text);
    let turn = image.function::<(), i64>("turn").expect("its signature");
    let word = std::sync::atomic::AtomicU64::new(0);
    let turn = turn.with_context(word.as_ptr().cast());
    let left = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            word.store(1, std::sync::atomic::Ordering::Relaxed);
        });
        // SAFETY: the context is a word, which is all that is read of it.
        unsafe { turn.call_unchecked(()) }
    });
    let Err(CallError::Left(left)) = left else { panic!("it does not leave") };
    assert_eq!(left.reason, Reason::Poll);
    assert!(matches!(left.frames[0].slots[0], Slot::Value(Kind::I64, value) if value.bits() > 1));
}

#[test]
fn errors_say_what_is_wrong() {
    let mut jit = jit();
    jit.define("twice", twice as extern "C" fn(i32) -> i32);
    let mut error = |text: &str| compile(&mut jit, text).expect_err("it is refused").to_string();
    let call = |of: &str| {
        format!(
            "extern {of}(i64) -> i64\nfn f(v0: i64) -> i64 {{\nb0:\n    v1 = call {of}(v0)\n    return.i64 v1\n}}"
        )
    };
    assert_eq!(error(&call("nobody")), "nobody has defined `nobody`");
    assert_eq!(
        error(&call("twice")),
        "`twice` is declared as (i64) -> i64 system, but is (i32) -> i32 system"
    );
    assert_eq!(
        error("symbol here\nfn f() -> i64 {\nb0:\n    v0 = address here\n    return.i64 v0\n}"),
        "nobody has defined `here`"
    );
    assert_eq!(
        error("fn f() -> i64 {\nb0:\n    v0 = context\n    return.i64 v0\n}"),
        "`f` cannot be compiled: a function of the system's convention has no context to use"
    );
    assert!(error("fn f() -> i64 {\nb0:\n    return.i32 0\n}").starts_with("`f` is not well-formed: "));
    let small = JitOptions {
        cache: CacheOptions { limit_bytes: 8 << 10, ..CacheOptions::default() },
        ..JitOptions::default()
    };
    let mut jit = Jit::new(small).expect("room for stubs");
    let mut text = String::from("fn f(v0: f64) -> f64 {\nb0:\n");
    for value in 1..2_000 {
        text += &format!("    v{value} = sqrt.f64 v{}\n", value - 1);
    }
    text += "    return.f64 v1999\n}";
    assert!(matches!(
        compile(&mut jit, &text),
        Err(JitError::Cache(CacheError::Full { .. } | CacheError::TooLarge { .. }))
    ));
}

#[test]
fn code_goes_with_its_last_user() {
    let mut jit = jit();
    let before = jit.shared.cache.statistics();
    let image = compile(&mut jit, CHECKED).unwrap_or_else(|error| panic!("{error}"));
    let inner = image.function::<(i32, i32), i32>("inner").expect("its signature");
    drop(image);
    assert_eq!(inner.call((1, 2)).ok(), Some(21));
    drop(jit);
    assert_eq!(inner.call((1, 2)).ok(), Some(21));
    let cache = inner.image.shared.cache.clone();
    drop(inner);
    let after = cache.statistics();
    assert_eq!((after.regions, after.live), (0, 0));
    assert!(before.regions > 0);
}

/// A constant operand that the allocator may leave nowhere; the exits of an instruction with constants; a switch with one edge.
#[test]
fn constants_as_operands_and_edges_of_switches() {
    let text = "
fn chosen(v0: i64) -> i64 {
b0:
    v1 = select.i64 false, 3, 5
    v2 = xor.i64 v1, v0
    return.i64 v2
}
fn left(v0: i64, v1: i64) -> i64 {
    fs0 = 1@2 [v0, v1]
    g0 = null fs0
b0:
    guard.ne.ref null, null, g0
    return.i64 v0
}
fn divided(v0: i64, v1: i64) -> i64 {
    fs0 = 1@2 [v0, v1]
    g0 = zero fs0
b0:
    v2 = div.checked.i64 33, 0, g0
    return.i64 v2
}
fn one(v0: i32) -> i32 {
b0:
    v1 = add.i32 v0, 1
    switch.i32 v0, [], b1(v1, 5)
b1(v2: i32, v3: i32):
    v4 = mul.i32 v2, v3
    return.i32 v4
}";
    let image = image(text);
    assert_eq!(image.function::<(i64,), i64>("chosen").expect("it is there").call((8,)).ok(), Some(13));
    assert_eq!(image.function::<(i32,), i32>("one").expect("it is there").call((3,)).ok(), Some(20));
    for name in ["left", "divided"] {
        let left = image.function::<(i64, i64), i64>(name).expect("it is there").call((11, 22));
        let Err(CallError::Left(left)) = left else { panic!("it does not leave") };
        let bits: Vec<u64> = left.frames[0]
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Value(_, value) => value.bits(),
                _ => 0,
            })
            .collect();
        assert_eq!(bits, [11, 22], "{name}");
    }
}

/// The same bytes on any thread, in any run, whatever was compiled before (the code is compared before addresses are filled in).
#[test]
fn the_same_bytes_every_time() {
    let texts = [EIGHT.replace("CONVENTION", "orus"), CHECKED.to_owned(), OUTSIDE.to_owned()];
    let compile_all = |order: &[usize]| {
        let mut compiler = Compiler::new(X64::host());
        let mut out = BTreeMap::new();
        for &index in order {
            let parsed = parse_module(&texts[index]).unwrap_or_else(|error| panic!("{error}"));
            for (_, body) in &parsed.functions {
                let compiled =
                    compiler.compile(body, &parsed.module, &Options::default()).expect("it compiles");
                out.insert(body.name.clone(), format!("{compiled:?}"));
            }
        }
        out
    };
    let first = compile_all(&[0, 1, 2]);
    assert_eq!(first.len(), 7);
    assert_eq!(first, compile_all(&[2, 1, 0, 1, 2]));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| compile_all(&[1, 0, 2]))).collect();
        for thread in threads {
            assert_eq!(first, thread.join().expect("no panic"));
        }
    });
}

/// Where control comes by an indirect jump or call, there is a landing pad (Intel CET): functions, handlers, thunks and where they are resumed,
/// stubs. Jump tables are read by a jump that is not tracked.
#[test]
fn landing_pads() {
    const PAD: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
    let isa = X64::host();
    let pad = |code: &[u8], at: usize| assert_eq!(code[at..at + 4], PAD, "at {at:#x}");
    let signature = Signature::new(&[Kind::I64; 9], Kind::F64, Convention::Orus);
    let system = Signature { convention: Convention::System, ..signature.clone() };
    for stub in [
        isa.exit_stub(0),
        isa.slow_path_stub(0),
        isa.raise_stub(0),
        isa.helper_stub(&system, 0, 0),
        isa.outcall_stub(&signature, 0, 0, 0, false),
        isa.outcall_stub(&system, 0, 0, 0, true),
    ] {
        pad(&stub.expect("a stub").bytes, 0);
    }
    for signature in [&signature, &system] {
        let thunk = isa.thunk(signature).expect("a thunk");
        pad(&thunk.bytes, 0);
        pad(&thunk.bytes, thunk.landing_offset as usize);
    }
    let mut compiler = Compiler::new(isa);
    let switch = "
fn switched(v0: i32) -> i32 {
b0:
    switch.i32 v0, [b1(5), b1(7), b1(1), b1(9), b1(3), b1(v0)], b1(-1)
b1(v1: i32):
    return.i32 v1
}";
    let (mut handlers, mut functions) = (0, 0);
    for text in [OUTSIDE, CHECKED, switch] {
        let parsed = parse_module(text).unwrap_or_else(|error| panic!("{error}"));
        for (_, body) in &parsed.functions {
            let compiled = compiler.compile(body, &parsed.module, &Options::default()).expect("it compiles");
            functions += 1;
            pad(&compiled.bytes, 0);
            for safepoint in
                compiled.safepoints.iter().filter(|safepoint| safepoint.handler_offset != u32::MAX)
            {
                handlers += 1;
                pad(&compiled.bytes, safepoint.handler_offset as usize);
            }
            // The only indirect jump is that of the table: FF /4 with a register, which 3E precedes (and REX may).
            let listing = {
                let options = Options { notes: true, ..Options::default() };
                compiler.compile(body, &parsed.module, &options).expect("it compiles").listing.clone()
            };
            let registers = ["rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12"];
            for line in listing
                .lines()
                .filter(|line| registers.iter().any(|reg| line.contains(&format!("jmp {reg}"))))
            {
                assert!(line.contains("notrack jmp"), "{line}");
            }
            assert_eq!(listing.contains("notrack jmp"), body.name == "switched", "{listing}");
        }
    }
    assert_eq!((functions, handlers), (7, 1));
    let f = image(switch);
    let switched = f.function::<(i32,), i32>("switched").expect("it is there");
    let results: Vec<Option<i32>> = [0, 1, 2, 3, 4, 5, 6, -7].map(|case| switched.call((case,)).ok()).into();
    assert_eq!(results, [5, 7, 1, 9, 3, 5, -1, -1].map(Some));
}
