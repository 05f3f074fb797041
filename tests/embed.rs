//! The library as a host uses it: engines, programs, calls, limits, reports as data.

use std::io::Write;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use orus::{Engine, EngineBuilder, EvalError, LoadError, Program, ReportFormat, RunError, Session, Value};

/// Output that a test can look at.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn program(text: &str) -> Program {
    Program::from_source("test.orus", text).unwrap_or_else(|reports| panic!("{reports}"))
}

/// An engine of a kind, and what it prints.
fn engine(builder: EngineBuilder) -> (Engine, Captured) {
    let captured = Captured::default();
    (builder.output(captured.clone()).input(std::io::empty()).build(), captured)
}

/// An engine that has run a program without an error.
fn ran(text: &str) -> (Engine, Captured) {
    let (mut engine, output) = engine(Engine::builder());
    engine.run(&program(text)).unwrap();
    (engine, output)
}

fn uncaught(result: Result<(), RunError>) -> Box<orus::Report> {
    match result {
        Err(RunError::Uncaught(report)) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn output_input_and_arguments_are_the_hosts() {
    let output = Captured::default();
    let mut engine =
        Engine::builder().output(output.clone()).input(&b"ada\r\n42"[..]).arguments(["one", "zwei"]).build();
    let text = "print(input(\"name? \"), int(input()) + 1, args())\ntry: input()\ncatch e: print(e.kind)";
    engine.run(&program(text)).unwrap();
    assert_eq!(output.take(), "name? ada 43 [\"one\", \"zwei\"]\neof error\n");
    // A second program of the same engine writes to the same place.
    engine.run(&program("print(len(args()))")).unwrap();
    assert_eq!(output.take(), "2\n");
}

#[test]
fn an_output_that_fails_ends_the_run() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut engine = Engine::builder().output(Broken).build();
    let endless = program("while true:\n    try: print(\"x\")\n    catch: pass");
    assert_eq!(engine.run(&endless), Err(RunError::Output(std::io::ErrorKind::BrokenPipe)));
    assert_eq!(engine.run(&program("x = 1")), Ok(()));
}

const FUNCTIONS: &str = "
enum Color:
    Red
    Green

struct Point:
    x: f64
    y: f64

fn mix(a: i32, b: i64, c: u32, d: u64, e: f64, f: bool, s: string) -> string:
    return format(\"@ @ @ @ @ @ @\", a, b, c, d, e, f, s)
fn none(): pass
fn not_(b: bool) -> bool: not b
fn small(n: i32) -> i32: n + 1
fn large(n: i64) -> i64: n * 2
fn natural(n: u32) -> u32: n / 2
fn big(n: u64) -> u64: n
fn half(n: f64) -> f64: n / 2.0
fn other(c: Color) -> Color: Color.Green if c == Color.Red else Color.Red
fn point(x: f64, y: f64) -> Point: Point{ x: x, y: y }
fn length(p: Point) -> f64: sqrt(p.x * p.x + p.y * p.y)
fn words(n: i32) -> [string]: [\"w\"; n]
fn count(a: [string]) -> i32: len(a)
fn fails(n: i32) -> i32: 10 / n
fn quits(n: i32): exit(n)
fn generic(x, y): x
print(small(1), generic(1, 2))
";

#[test]
fn calls_take_and_give_typed_values() {
    let (mut engine, output) = ran(FUNCTIONS);
    assert_eq!(output.take(), "2 1\n");
    let text: String =
        engine.call("mix", (i32::MIN, i64::MAX, u32::MAX, u64::MAX, -0.5, true, "ä\0ö")).unwrap();
    assert_eq!(text, format!("{} {} {} {} -0.5 true ä\0ö", i32::MIN, i64::MAX, u32::MAX, u64::MAX));
    engine.call::<()>("none", ()).unwrap();
    assert_eq!(engine.call::<Value>("none", ()), Ok(Value::Void));
    assert_eq!(engine.call("not_", (true,)), Ok(false));
    assert_eq!(engine.call("small", (-5,)), Ok(-4));
    assert_eq!(engine.call("large", (1_i64 << 40,)), Ok(1_i64 << 41));
    assert_eq!(engine.call("natural", (u32::MAX,)), Ok(u32::MAX / 2));
    assert_eq!(engine.call("big", (u64::MAX,)), Ok(u64::MAX));
    assert_eq!(engine.call("half", (5.0,)), Ok(2.5));
    assert!(engine.call::<f64>("half", (f64::NAN,)).unwrap().is_nan());
    assert_eq!(engine.call("other", vec![Value::Tag(0)]), Ok(Value::Tag(1)));
    // Objects go through the host's hands.
    let point: orus::Object = engine.call("point", (3.0, 4.0)).unwrap();
    for _ in 0..3 {
        assert_eq!(engine.call("length", (point.clone(),)), Ok(5.0));
    }
    let words: Value = engine.call("words", (1000,)).unwrap();
    assert_eq!(engine.call("count", vec![words]), Ok(1000));
}

#[test]
fn wrong_calls_are_errors_that_say_so() {
    let (mut engine, _) = engine(Engine::builder());
    assert_eq!(engine.call::<()>("f", ()), Err(RunError::NoProgram));
    assert_eq!(engine.resume(), Err(RunError::NoProgram));
    engine.run(&program(FUNCTIONS)).unwrap();
    let text = |error: RunError| error.to_string();
    assert_eq!(engine.call::<()>("nothing", ()), Err(RunError::NoFunction("nothing".into())));
    assert_eq!(engine.call::<()>("generic", (1, 2)), Err(RunError::NoFunction("generic".into())));
    for wrong in [
        engine.call::<i32>("small", ()),
        engine.call::<i32>("small", (1, 2)),
        engine.call::<i32>("small", (1_i64,)),
        engine.call::<i32>("small", ("1",)),
        engine.call::<i32>("other", vec![Value::Tag(2)]),
        engine.call::<i32>("small", vec![Value::Void]),
    ] {
        assert!(text(wrong.unwrap_err()).contains("does not take these arguments"));
    }
    let wrong = engine.call::<String>("small", (1,)).unwrap_err();
    assert_eq!(text(wrong), "`small` returns i32, not string");
    // An object is of its type and of its engine.
    let point: Value = engine.call("point", (3.0, 4.0)).unwrap();
    assert!(matches!(engine.call::<i32>("count", vec![point.clone()]), Err(RunError::Signature(_))));
    let (mut other, _) = ran(FUNCTIONS);
    assert!(matches!(other.call::<f64>("length", vec![point.clone()]), Err(RunError::Signature(_))));
    assert_eq!(engine.call("length", vec![point]), Ok(5.0));
}

#[test]
fn engines_go_on_after_errors() {
    let (mut engine, output) = ran(FUNCTIONS);
    for _ in 0..3 {
        let error = engine.call::<i32>("fails", (0,)).unwrap_err();
        assert!(error.to_string().ends_with("Division by zero"), "{error}");
        assert_eq!(engine.call::<()>("quits", (3,)), Err(RunError::Exit(3)));
        assert_eq!(engine.call("fails", (5,)), Ok(2));
    }
    let half = program("n = 1\nfn get() -> i32: n\nprint(\"first\")\nraise(\"stop\")\nprint(\"never\")");
    output.take();
    assert_eq!(uncaught(engine.run(&half)).message, "stop");
    assert_eq!((output.take().as_str(), engine.call("get", ())), ("first\n", Ok(1)));
    engine.run(&program("print(\"again\")")).unwrap();
    assert_eq!(output.take(), "again\n");
}

#[test]
fn variables_that_a_failed_run_left_without_value_are_errors() {
    let text = "
before = 1
if before == 1: raise(\"stop\")
mut late = 5
text = \"t\"
fn early() -> i32: before
fn get() -> i32: late + before
fn change():
    late += 1
fn through() -> string:
    try: return format(\"@\", get())
    catch e: return e.message
fn texts() -> string: text
fn closure() -> i32:
    f = fn(): late * 2
    return f()
fn set() -> i32:
    late = 8
    return late
";
    let missing = "Variable 'late' has no value yet";
    let (mut engine, _) = engine(Engine::builder());
    assert_eq!(uncaught(engine.run(&program(text))).message, "stop");
    for _ in 0..2 {
        let report = uncaught(engine.call::<i32>("get", ()).map(|_| ()));
        assert_eq!((report.message.as_str(), report.line), (missing, 7));
        assert_eq!(uncaught(engine.call::<()>("change", ())).message, missing);
        assert_eq!(engine.call("through", ()), Ok(missing.to_owned()));
        let report = uncaught(engine.call::<String>("texts", ()).map(|_| ()));
        assert_eq!(report.message, "Variable 'text' has no value yet");
        assert_eq!(uncaught(engine.call::<i32>("closure", ()).map(|_| ())).message, missing);
        assert_eq!(engine.call("early", ()), Ok(1));
    }
    // What the host sets has a value from then on.
    assert_eq!((engine.call("set", ()), engine.call("get", ())), (Ok(8), Ok(9)));
    // The same before the first run; afterwards all is well.
    let whole = program(&text.replace("before == 1:", "before == 0:"));
    engine.load(&whole).unwrap();
    assert_eq!(uncaught(engine.call::<i32>("get", ()).map(|_| ())).message, missing);
    engine.resume().unwrap();
    assert_eq!(engine.call("get", ()), Ok(6));
    engine.call::<()>("change", ()).unwrap();
    assert_eq!((engine.call("get", ()), engine.call("closure", ())), (Ok(7), Ok(12)));
}

#[test]
fn exit_is_an_outcome() {
    let (mut engine, output) = engine(Engine::builder());
    let text = "try:\n    print(\"a\")\n    exit(-7)\ncatch: print(\"caught\")";
    assert_eq!(engine.run(&program(text)), Err(RunError::Exit(-7)));
    assert_eq!(output.take(), "a\n");
}

#[test]
fn the_heap_is_limited() {
    let text = "
fn fill(n: i32) -> i32:
    kept = [\"\"; 0]
    try:
        for i in 0..n: push(kept, \"0123456789\".repeat(100))
    catch e:
        print(e.message)
    return len(kept)
";
    let (mut engine, output) = engine(Engine::builder().max_heap(8 << 20));
    engine.run(&program(text)).unwrap();
    for _ in 0..3 {
        let kept: i32 = engine.call("fill", (1_000_000,)).unwrap();
        assert!((2000..9000).contains(&kept), "{kept}");
        assert_eq!(output.take(), "Out of memory\n");
        assert!(engine.heap_stats().unwrap().used <= 8 << 20);
    }
    assert_eq!(engine.call("fill", (10,)), Ok(10));
}

#[test]
fn recursion_is_limited_exactly() {
    let text = "fn down(n: i32) -> i32:\n    return 0 if n <= 1 else 1 + down(n - 1)\n";
    let program = program(text);
    for limit in [1, 2, 17, 1000, 200_000] {
        let (mut engine, _) = engine(Engine::builder().max_recursion(limit));
        engine.run(&program).unwrap();
        let most = limit as i32;
        assert_eq!(engine.call("down", (most,)), Ok(most - 1), "a limit of {limit}");
        let error = engine.call::<i32>("down", (most + 1,)).unwrap_err();
        assert!(error.to_string().ends_with("Stack overflow"), "{error}");
        assert_eq!(engine.call("down", (most,)), Ok(most - 1), "after an overflow");
    }
}

const COUNTER: &str = "mut n = 0\nnames = [\"\"; 0]\nfn next() -> i32:\n    n += 1\n    push(names, n as string)\n    return n\nfn seen() -> string: names.join(\",\")\n";

#[test]
fn engines_know_nothing_of_each_other() {
    let program = program(COUNTER);
    let (mut one, _) = engine(Engine::builder());
    let (mut two, _) = engine(Engine::builder().stress_gc(true));
    one.run(&program).unwrap();
    assert_eq!(one.call("next", ()), Ok(1));
    two.run(&program).unwrap();
    assert_eq!(one.call("next", ()), Ok(2));
    assert_eq!(two.call("next", ()), Ok(1));
    assert_eq!(one.call("next", ()), Ok(3));
    assert_eq!(two.call("seen", ()), Ok("1".to_owned()));
    assert_eq!(one.call("seen", ()), Ok("1,2,3".to_owned()));
    drop(one);
    assert_eq!(two.call("next", ()), Ok(2));
    // Running it again begins anew.
    two.run(&program).unwrap();
    assert_eq!(two.call("seen", ()), Ok(String::new()));
}

#[test]
fn threads_share_a_program() {
    let program = program(COUNTER);
    let start = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (1..=4)
        .map(|times| {
            let (program, start) = (program.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                let mut engine = Engine::new();
                engine.run(&program).unwrap();
                for n in 1..=times * 500 {
                    assert_eq!(engine.call("next", ()), Ok(n));
                }
                engine.call::<String>("seen", ()).unwrap().len()
            })
        })
        .collect();
    drop(program);
    let lengths: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(lengths, [1891, 3892, 6392, 8892]);
    // An engine with a program in it can change its thread.
    let (mut engine, _) = ran(COUNTER);
    let moved = std::thread::spawn(move || engine.call::<i32>("next", ()));
    assert_eq!(moved.join().unwrap(), Ok(1));
}

#[test]
fn another_thread_interrupts() {
    let (mut engine, output) = engine(Engine::builder());
    assert!(engine.interrupter().is_none());
    let text = "fn spin():\n    while true:\n        try:\n            while true: pass\n        catch: print(\"caught\")\nfn one() -> i32: 1\n";
    engine.run(&program(text)).unwrap();
    let interrupter = engine.interrupter().unwrap();
    for round in 0..5 {
        let interrupter = interrupter.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30 * round));
            let asked = Instant::now();
            interrupter.interrupt();
            asked
        });
        assert_eq!(engine.call::<()>("spin", ()), Err(RunError::Interrupted));
        let ended = Instant::now();
        let took = ended.saturating_duration_since(thread.join().unwrap());
        assert!(took < Duration::from_millis(100), "it took {took:?}");
        assert_eq!(engine.call("one", ()), Ok(1), "later calls are not affected");
    }
    assert_eq!(output.take(), "");
    drop(engine);
    interrupter.interrupt();
}

#[test]
fn files_can_be_forbidden() {
    let (mut engine, output) = engine(Engine::builder().files(false));
    let name = std::env::temp_dir().join(format!("orus-forbidden-{}", std::process::id()));
    let text = format!(
        "try: write_file(\"{0}\", \"x\")\ncatch e: print(e.kind)\ntry: print(read_file(\"{1}\"))\ncatch e: print(e.kind)",
        name.display(),
        file!(),
    );
    engine.run(&program(&text)).unwrap();
    assert_eq!(output.take(), "io error\nio error\n");
    assert!(!name.exists());
}

#[test]
fn profiles_count_instructions() {
    let (mut engine, _) = engine(Engine::builder().profile(true));
    assert!(engine.profile().is_none());
    engine.run(&program("fn sum(n: i64) -> i64:\n    mut s = 0 as i64\n    for i in 0..n: s += i\n    return s\nfn bad() -> i32: int(\"x\")\n")).unwrap();
    let before = engine.profile().unwrap().total();
    assert_eq!(engine.call("sum", (1000_i64,)), Ok(499_500_i64));
    let after = engine.profile().unwrap().total();
    assert!((2000..20_000).contains(&(after - before)), "{before} {after}");
    let most = engine.profile().unwrap().by_frequency();
    assert!(most[0].1 >= 1000 && most.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{most:?}");
    assert!(engine.call::<i32>("bad", ()).is_err());
    let raised = engine.profile().unwrap().errors(orus::vm::fault::ErrorKind::Conversion);
    assert_eq!(raised, 1);
    // Others do not count.
    let (engine, _) = ran("x = 1");
    assert_eq!(engine.profile().unwrap().total(), 0);
}

#[test]
fn modules_from_memory() {
    let modules = [
        (
            "shapes.round",
            "use shapes.names: prefix\npub fn area(r: f64) -> f64: 3.0 * r * r\npub name = prefix + \"circle\"\n",
        ),
        ("shapes.names", "pub prefix = \"the \"\n"),
    ];
    let main = "use shapes.round\nprint(round.name, round.area(2.0))";
    let program = Program::from_modules("main.orus", main, modules).unwrap();
    let (mut engine, output) = engine(Engine::builder());
    engine.run(&program).unwrap();
    assert_eq!(output.take(), "the circle 12\n");
    // Nothing is looked for elsewhere, and reports name the module.
    let report = |text, modules: &[(&str, &str)]| {
        let reports = Program::from_modules("main.orus", text, modules.iter().copied()).unwrap_err();
        let first = reports.iter().next().unwrap().clone();
        (first.code, first.file, first.line)
    };
    assert_eq!(report("use examples.life", &[]), ("E3003".into(), "main.orus".into(), 1));
    let (code, file, line) = report("use a", &[("a", "\npub x: i32 = \"s\"\n")]);
    assert_eq!((code.as_str(), line), ("E2001", 2));
    assert!(file.starts_with('a'), "{file}");
    assert_eq!(report("use a", &[("a", "use b"), ("b", "use a")]).0, "E3002");
}

#[test]
fn reports_are_data() {
    let reports =
        Program::from_source("shop.orus", "amount = 1.5\nprice = 3\ntotal = price * amount\nprint(totl)\n")
            .unwrap_err();
    let list: Vec<_> = reports.iter().collect();
    assert_eq!(list.len(), 2, "{reports}");
    let first = list[0];
    assert_eq!((&*first.code, first.category, &*first.file), ("E2004", "TYPE MISMATCH", "shop.orus"));
    assert_eq!((first.line, first.column, first.end_line, first.end_column), (3, 15, 3, 16));
    assert!(!first.title.is_empty() && !first.message.is_empty() && first.help.is_some());
    assert!(first.kind.is_none() && first.trace.is_empty());
    assert_eq!((&*list[1].code, list[1].line, list[1].column), ("E1010", 4, 7));
    let minimal = reports.render(ReportFormat::Minimal);
    assert!(minimal.starts_with("shop.orus:3:15: error[E2004]: "), "{minimal}");
    assert!(reports.render(ReportFormat::Friendly { color: true }).contains('\u{1b}'));
    assert!(!reports.to_string().contains('\u{1b}'));

    let (mut engine, _) = engine(Engine::builder());
    let text = "fn mean(total: i32, n: i32) -> i32:\n    return total / n\n\nprint(mean(3, 0))\n";
    let report = uncaught(engine.run(&program(text)));
    assert_eq!(
        (&*report.code, report.category, report.kind),
        ("E0001", "RUNTIME ERROR", Some("runtime error"))
    );
    assert_eq!((report.line, report.column, &*report.message), (2, 18, "Division by zero"));
    let trace: Vec<_> = report.trace.iter().map(|call| (&*call.function, call.line, call.column)).collect();
    assert_eq!(trace, [("mean", 2, 18), ("<module>", 4, 7)]);
    let json: serde_json::Value = serde_json::from_str(&report.render(ReportFormat::Json)).unwrap();
    assert_eq!((&json["code"], &json["line"]), (&"E0001".into(), &2.into()));
}

#[test]
fn programs_from_files() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let (mut engine, output) = engine(Engine::builder());
    engine.run(&Program::from_file(format!("{examples}/inventory/main.orus")).unwrap()).unwrap();
    let expected = std::fs::read_to_string(format!("{examples}/inventory.out")).unwrap();
    assert_eq!(output.take(), expected);
    assert!(matches!(Program::from_file("no/such.orus"), Err(LoadError::Read { .. })));
    let broken = Program::from_bytes("x", b"\xff").unwrap_err();
    assert_eq!(broken.iter().next().unwrap().code, "E1001");
}

#[test]
fn sessions_take_one_input_after_another() {
    let output = Captured::default();
    let mut session = Session::new(Engine::builder().output(output.clone()).max_recursion(100));
    let mut say = |input: &str| {
        let result = session.eval(input);
        (output.take(), result)
    };
    let ok = |(text, result): (String, Result<(), EvalError>)| {
        result.unwrap_or_else(|error| panic!("{error}"));
        text
    };
    assert_eq!(ok(say("x = 20")), "");
    assert_eq!(ok(say("x + 1")), "21\n");
    assert_eq!(ok(say("fn get() -> i32: x")), "");
    assert_eq!(ok(say("x = \"text\"")), "");
    assert_eq!(ok(say("x")), "\"text\"\n");
    assert_eq!(ok(say("get()")), "20\n");
    assert!(matches!(say("y + 1"), (text, Err(EvalError::Compile(_))) if text.is_empty()));
    let (text, error) = say("print(\"so far\")\nz = 1 / 0");
    assert!(text == "so far\n" && matches!(error, Err(EvalError::Run(RunError::Uncaught(_)))));
    assert_eq!(ok(say("a = []")), "");
    assert_eq!(ok(say("push(a, 1.5)")), "[1.5]\n");
    assert!(matches!(say("push(a, \"s\")").1, Err(EvalError::Compile(_))));
    assert!(matches!(say("exit(4)").1, Err(EvalError::Run(RunError::Exit(4)))));
    let deep = "fn f(n: i32) -> i32: 0 if n <= 1 else 1 + f(n - 1)";
    assert_eq!(ok(say(deep)), "");
    assert_eq!(ok(say("f(90)")), "89\n");
    assert!(matches!(say("f(101)").1, Err(EvalError::Run(RunError::Uncaught(_)))));
    assert_eq!(ok(say("for i in 0..2:\n    print(i)\n")), "0\n1\n");
}
