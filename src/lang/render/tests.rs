use super::*;

fn map(text: &str) -> SourceMap {
    let mut map = SourceMap::new();
    let _ = map.load("shop.orus", text.as_bytes());
    map
}

/// The span of the first occurrence of a piece.
fn span_of(text: &str, piece: &str) -> Span {
    let start = text.find(piece).expect("the piece") as u32;
    Span { start, end: start + piece.len() as u32 }
}

fn friendly(text: &str, piece: &str) -> String {
    let map = map(text);
    let diag = Diagnostic::new(2001, FileId(0), span_of(text, piece), "T", "label", "Message.");
    Renderer::new(&map, Format::Friendly, false).diagnostic(&diag)
}

/// The source line and the carets.
fn excerpt(text: &str, piece: &str) -> (String, String) {
    let report = friendly(text, piece);
    let mut lines = report.lines().skip(2).map(String::from);
    (lines.next().expect("the source line"), lines.next().expect("the carets"))
}

#[test]
fn a_report_looks_as_in_the_reference() {
    let text = "price = 3\namount = 2.5\ntotal = price * amount\n";
    let map = map(text);
    let diag = Diagnostic::new(
        2004,
        FileId(0),
        span_of(text, "*"),
        "Operands have different types",
        "`i32` and `f64` cannot be combined",
        "`price` is an `i32`, `amount` is an `f64`.",
    )
    .help("convert one of them, as in `price as f64`.")
    .note("a note.");
    let expected = "\
-- TYPE MISMATCH [E2004]: Operands have different types ----------- shop.orus:3:15

  3 | total = price * amount
    |               ^ `i32` and `f64` cannot be combined
    |
    = `price` is an `i32`, `amount` is an `f64`.
    = help: convert one of them, as in `price as f64`.
    = note: a note.

Compilation failed: 1 error(s).
";
    assert_eq!(
        Renderer::new(&map, Format::Friendly, false).compile_errors(std::slice::from_ref(&diag)),
        expected
    );
    assert_eq!(
        Renderer::new(&map, Format::Minimal, false).compile_errors(std::slice::from_ref(&diag)),
        "shop.orus:3:15: error[E2004]: Operands have different types: `price` is an `i32`, `amount` is an `f64`.\n\
         Compilation failed: 1 error(s).\n"
    );
    assert_eq!(
        Renderer::new(&map, Format::Json, false).compile_errors(&[diag]),
        "{\"code\":\"E2004\",\"category\":\"TYPE MISMATCH\",\"message\":\"Operands have different types: `price` is an \
         `i32`, `amount` is an `f64`.\",\"file\":\"shop.orus\",\"line\":3,\"column\":15,\"endLine\":3,\"endColumn\":16,\
         \"help\":\"convert one of them, as in `price as f64`.\",\"note\":\"a note.\",\"trace\":[]}\n"
    );
}

#[test]
fn an_uncaught_error_looks_as_in_the_reference() {
    let text = "\n\n\n\n\n\n    return total / count\n\n\n\nprint(mean([]))\n";
    let map = map(text);
    let trace = [
        Frame { function: "mean", file: FileId(0), span: span_of(text, "/") },
        Frame { function: "<module>", file: FileId(0), span: span_of(text, "mean") },
    ];
    let error = RuntimeError {
        code: Code(1),
        message: "Division by zero",
        file: FileId(0),
        span: span_of(text, "/"),
        trace: &trace,
    };
    let expected = "\
-- RUNTIME ERROR [E0001]: Division by zero ------------------------ shop.orus:7:18

  7 |     return total / count
    |                  ^ Division by zero
    |
    = Division by zero
    = in mean (shop.orus:7:18)
    = in <module> (shop.orus:11:7)

";
    assert_eq!(Renderer::new(&map, Format::Friendly, false).runtime_error(&error), expected);
    assert_eq!(
        Renderer::new(&map, Format::Minimal, false).runtime_error(&error),
        "shop.orus:7:18: error[E0001]: Division by zero\n"
    );
    let json = Renderer::new(&map, Format::Json, false).runtime_error(&error);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["message"], "Division by zero");
    assert_eq!(json["help"], serde_json::Value::Null);
    assert_eq!(json["trace"][1]["function"], "<module>");
    assert_eq!(json["trace"][1]["line"], 11);
    assert_eq!(json["trace"].as_array().map(Vec::len), Some(2));
}

#[test]
fn messages_of_several_lines_continue_below() {
    let map = map("assert_eq(\"sum\", 3, 4)\n");
    let error = RuntimeError {
        code: Code(15),
        message: "assert_eq failed (sum)\n  expected: 4\n  actual:   3",
        file: FileId(0),
        span: Span { start: 0, end: 9 },
        trace: &[],
    };
    let expected = "\
-- RUNTIME ERROR [E0015]: assert_eq failed (sum) ------------------ shop.orus:1:1

  1 | assert_eq(\"sum\", 3, 4)
    | ^^^^^^^^^ assert_eq failed (sum)
    |
    = assert_eq failed (sum)
        expected: 4
        actual:   3

";
    assert_eq!(Renderer::new(&map, Format::Friendly, false).runtime_error(&error), expected);
    assert_eq!(
        Renderer::new(&map, Format::Minimal, false).runtime_error(&error),
        "shop.orus:1:1: error[E0015]: assert_eq failed (sum); expected: 4; actual:   3\n"
    );
}

#[test]
fn at_most_twenty_calls_are_shown() {
    let map = map("f()\n");
    let frame = Frame { function: "f", file: FileId(0), span: Span { start: 0, end: 1 } };
    let trace = [frame; 50];
    let error = RuntimeError {
        code: Code(11),
        message: "Stack overflow",
        file: FileId(0),
        span: frame.span,
        trace: &trace,
    };
    let report = Renderer::new(&map, Format::Friendly, false).runtime_error(&error);
    assert_eq!(report.matches("= in f (shop.orus:1:1)").count(), 20);
}

#[test]
fn carets_stand_under_wide_characters_and_tabs() {
    assert_eq!(
        excerpt("x = \"é\" + y", "y"),
        ("  1 | x = \"é\" + y".into(), "    |           ^ label".into())
    );
    // Each ideograph is two columns wide, a combining mark none.
    assert_eq!(
        excerpt("x = \"漢字\" + y", "y"),
        ("  1 | x = \"漢字\" + y".into(), "    |              ^ label".into())
    );
    assert_eq!(excerpt("x = \"漢字\"", "\"漢字\"").1, "    |     ^^^^^^ label");
    assert_eq!(excerpt("\"e\u{301}\" + y", "y").1, "    |       ^ label");
    assert_eq!(excerpt("\tif a:\n\t\tb\tc", "c"), ("  2 | \t\tb\tc".into(), "    | \t\t \t^ label".into()));
    assert_eq!(
        excerpt("\"\u{1b}[31m\" + y", "y"),
        ("  1 | \"\u{fffd}[31m\" + y".into(), "    |           ^ label".into())
    );
}

#[test]
fn carets_stay_on_the_first_line() {
    assert_eq!(
        excerpt("x = [1,\n  2]\n", "[1,\n  2]"),
        ("  1 | x = [1,".into(), "    |     ^^^ label".into())
    );
    let text = "x =\r\ny\r\n";
    let map = map(text);
    for span in [Span { start: 3, end: 3 }, Span { start: 3, end: 5 }, Span { start: 4, end: 5 }] {
        let diag = Diagnostic::new(1001, FileId(0), span, "T", "label", "M");
        let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
        assert!(report.contains("  1 | x =\n    |    ^ label\n"), "{report}");
    }
}

#[test]
fn the_end_of_the_file_is_a_place() {
    let map = map("if a:\n");
    let diag = Diagnostic::new(1008, FileId(0), Span { start: 6, end: 6 }, "T", "label", "M");
    let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
    assert!(report.ends_with("shop.orus:2:1\n\n  2 |\n    | ^ label\n    |\n    = M\n\n"), "{report}");
}

#[test]
fn columns_follow_the_number_of_digits() {
    let text = "\n".repeat(1233) + "x = y";
    let report = friendly(&text, "y");
    assert!(
        report.ends_with("\n  1234 | x = y\n       |     ^ label\n       |\n       = Message.\n\n"),
        "{report}"
    );
}

#[test]
fn the_heading_has_at_least_one_dash() {
    let map = map("x");
    let title = "a title so long that it goes beyond the column at which the dashes end";
    let diag = Diagnostic::new(3003, FileId(0), Span::default(), title, "l", "M");
    let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
    assert!(report.starts_with(&format!("-- MODULE ERROR [E3003]: {title} - shop.orus:1:1\n")), "{report}");
    // Exactly up to column 67.
    for length in 30..60 {
        let diag = Diagnostic::new(3003, FileId(0), Span::default(), "t".repeat(length), "l", "M");
        let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
        let dashes_end = report.find(" shop.orus").expect("the place");
        assert_eq!(dashes_end, 67.max("-- MODULE ERROR [E3003]: ".len() + length + 2));
    }
}

#[test]
fn long_lines_are_cut_around_the_span() {
    let text = format!("x = \"{}\" + y + \"{}\"", "a".repeat(10_000), "b".repeat(10_000));
    let (source, carets) = excerpt(&text, "y");
    assert!(
        source.len() < 450 && source.contains("… ".trim()) && source.contains("a\" + y + \"b"),
        "{source}"
    );
    assert_eq!(source.chars().position(|c| c == 'y'), carets.find('^'));
    let (source, carets) = excerpt(&text, &text[4..10_006]);
    assert!(source.chars().count() < 420 && carets.len() < 420, "{source}");
}

#[test]
fn reports_are_sorted_and_limited() {
    let text = "abcdefghijklmnopqrstuvwxyz\n";
    let map = map(text);
    let diag = |at: u32| Diagnostic::new(1010, FileId(0), Span { start: at, end: at + 1 }, "T", "l", "M");
    let mut diags: Vec<Diagnostic> = (0..25).rev().map(diag).collect();
    diags.push(diag(3));
    let shown = select(&diags);
    let places: Vec<u32> = shown.iter().map(|diag| diag.span.start).collect();
    assert_eq!(places, (0..20).collect::<Vec<u32>>());
    let report = Renderer::new(&map, Format::Minimal, false).compile_errors(&diags);
    assert!(report.ends_with("Compilation failed: 20 error(s).\n"));
    assert_eq!(Renderer::new(&map, Format::Json, false).compile_errors(&diags).lines().count(), 20);
}

#[test]
fn colour_only_adds_escape_sequences() {
    let text = "x = y\n";
    let map = map(text);
    let diag = Diagnostic::new(1010, FileId(0), span_of(text, "y"), "Title", "label", "Message.")
        .help("help.")
        .note("n");
    let plain = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
    let colored = Renderer::new(&map, Format::Friendly, true).diagnostic(&diag);
    assert!(!plain.contains('\u{1b}') && colored.contains("\u{1b}["));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped += before;
        rest = after.split_once('m').expect("the end of the sequence").1;
    }
    assert_eq!(stripped + rest, plain);
}

#[test]
fn a_refused_file_can_be_reported() {
    let mut map = SourceMap::new();
    let diag = map.load("bad.orus", b"x = \"\xff\"\n").expect_err("no UTF-8");
    let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
    assert!(
        report.contains("bad.orus:1:6") && report.contains("  1 | x = \"\u{fffd}\"\n    |      ^ "),
        "{report}"
    );
    let diag = map.load("nul.orus", b"a\0").expect_err("a NUL");
    let report = Renderer::new(&map, Format::Friendly, false).diagnostic(&diag);
    assert!(report.contains("  1 | a\u{fffd}\n    |  ^ a NUL stands here\n"), "{report}");
}
