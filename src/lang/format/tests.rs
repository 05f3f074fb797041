use super::*;

fn format(text: &str) -> String {
    format_source(text).unwrap_or_else(|diags| panic!("{text}\n{diags:?}"))
}

/// Each text with its canonical form, which must stay as it is.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(format(text), *expected, "{text}");
        assert_eq!(format(expected), *expected, "not stable: {expected}");
    }
}

#[test]
fn spaces_between_tokens() {
    check(&[
        ("x=1+2*-3", "x = 1 + 2 * -3\n"),
        ("x  =  - 1 - - - 2", "x = -1 - --2\n"),
        ("a=~b&c|d^e<<1>>2", "a = ~b & c | d ^ e << 1 >> 2\n"),
        ("N:i32:=0xFF", "N: i32 := 0xFF\n"),
        ("mut x : [ i32 , 3 ]=[ 1,2 , 3, ]", "mut x: [i32, 3] = [1, 2, 3,]\n"),
        ("f ( a , b ) [ 0 ] . c ( )", "f(a, b)[0].c()\n"),
        ("m:{string :i32}={ \"a\":1 , }", "m: {string: i32} = {\"a\": 1,}\n"),
        ("p=Point{x:1,y : 2}", "p = Point{ x: 1, y: 2 }\n"),
        ("p = a.Point {}", "p = a.Point{}\n"),
        ("p = [P{ a: {} }]", "p = [P{ a: {} }]\n"),
        ("z=[ 0 ; n ]", "z = [0; n]\n"),
        ("x = a [ 1 .. ] [ ..= - 1 ] [ a .. b ]", "x = a[1..][..=-1][a..b]\n"),
        ("for i in 10 .. 0 .. - 3 :print( i )", "for i in 10..0..-3: print(i)\n"),
        ("for k ,v in m:pass ;", "for k, v in m: pass;\n"),
        ("x+=1;y<<=2 ; z= not(a)and(b)or-c", "x += 1; y <<= 2; z = not (a) and (b) or -c\n"),
        ("fn f ( a:i32,b )->fn ( i32 )->m . T [ i32 ] :a", "fn f(a: i32, b) -> fn(i32) -> m.T[i32]: a\n"),
        ("g = fn ( x ) :x if x>0 else - x", "g = fn(x): x if x > 0 else -x\n"),
        ("x = (1+2) as f64", "x = (1 + 2) as f64\n"),
        ("'a :while true:break 'a", "'a: while true: break 'a\n"),
        ("use a . b:*\nuse a:x,y as z ,", "use a.b: *\nuse a: x, y as z,\n"),
        ("if a :b\nelif c:d\nelse :e", "if a: b\nelif c: d\nelse: e\n"),
        ("x = \"a  b\" [0] + 1 . foo ( )", "x = \"a  b\"[0] + 1.foo()\n"),
        ("r matches Result . Ok ( _ )", "r matches Result.Ok(_)\n"),
        ("extern \"a\" :\n fn f ( x:i32 )->i32", "extern \"a\":\n    fn f(x: i32) -> i32\n"),
    ]);
}

#[test]
fn indentation_and_blank_lines() {
    check(&[
        (
            "if a:\n  if b:\n     c\n  else:\n      d\ne",
            "if a:\n    if b:\n        c\n    else:\n        d\ne\n",
        ),
        ("if a:\n\tb\n\tif c:\n\t\td\n", "if a:\n    b\n    if c:\n        d\n"),
        ("\n\n\na\n\n\n\n\nb\n\nc   \n\n\n", "a\n\n\nb\n\nc\n"),
        ("a\r\nif b:\r\n  c\r\n", "a\nif b:\n    c\n"),
        ("", ""),
        ("\n\n  \n", ""),
        ("\u{feff}a", "a\n"),
        (
            "match x:\n 1->a\n S.B( c,_ )->\n  d\n _ ->e",
            "match x:\n    1 -> a\n    S.B(c, _) ->\n        d\n    _ -> e\n",
        ),
        ("enum M[ T ]:\n J( v:T );N", "enum M[T]:\n    J(v: T); N\n"),
    ]);
}

#[test]
fn brackets_over_lines() {
    check(&[
        ("f(\n1,\n  [\n2,\n3],\n)\n", "f(\n    1,\n    [\n        2,\n        3],\n)\n"),
        ("x = f([\n        1,\n  ])\ny", "x = f([\n    1,\n])\ny\n"),
        ("x = P{\na: 1,\nb: {\n\"c\": 2 }\n}", "x = P{\n    a: 1,\n    b: {\n        \"c\": 2}\n}\n"),
        ("if a:\n  f(b,\n  c\n  )", "if a:\n    f(b,\n        c\n    )\n"),
        ("x = (a\n  + b\n - c)", "x = (a\n    + b\n    - c)\n"),
        ("x = [\n\n\n\n\n1]", "x = [\n\n\n    1]\n"),
    ]);
}

#[test]
fn a_line_that_begins_with_an_operator_is_no_continuation() {
    check(&[("x\n-y\n[1]\n(z)", "x\n-y\n[1]\n(z)\n")]);
}

#[test]
fn comments_keep_their_places() {
    check(&[
        ("//a\nx//b  \n  // c\ny", "//a\nx  //b\n// c\ny\n"),
        ("x=f( /* a */ 1 ,/* b */2/* c */ )", "x = f(/* a */ 1, /* b */ 2 /* c */)\n"),
        ("/* a\n     b */ x /* c */ = /* d */ 1", "/* a\n     b */ x /* c */ = /* d */ 1\n"),
        ("p = P{ /* a */ }", "p = P{ /* a */ }\n"),
        ("p = P{ /* a */x:1 /* b */}", "p = P{ /* a */ x: 1 /* b */ }\n"),
        (
            "if a:  // b\n  // c\n    d\n    // e\n  // f\n// g\nh",
            "if a:  // b\n    // c\n    d\n    // e\n// f\n// g\nh\n",
        ),
        ("if a:\n  b\n  // end\n", "if a:\n    b\n    // end\n"),
        (
            "if a:\n  if b:\n    c\n    // in b\n  // in a\n// out\n",
            "if a:\n    if b:\n        c\n        // in b\n    // in a\n// out\n",
        ),
        ("if a:\n  b\n// not in a\n  c", "if a:\n    b\n    // not in a\n    c\n"),
        ("f(  // a\n 1,// b\n // c\n)", "f(  // a\n    1,  // b\n    // c\n)\n"),
        ("x /* a */ // b", "x /* a */  // b\n"),
        ("/* a */ // b\nx", "/* a */  // b\nx\n"),
        ("/* a */x", "/* a */ x\n"),
        ("if a:\n  /* b */ c\n  /* d\n*/ e", "if a:\n    /* b */ c\n    /* d\n*/ e\n"),
        ("x = 1 /* a\r\n b */", "x = 1 /* a\n b */\n"),
        ("x = a-/* b */c", "x = a - /* b */ c\n"),
        ("// only\n", "// only\n"),
    ]);
}

#[test]
fn comments_that_stood_in_one_column_do_so_again() {
    check(&[
        (
            "a = 1      // x\nlonger = 2 // y\nb = 3      // z\n",
            "a = 1       // x\nlonger = 2  // y\nb = 3       // z\n",
        ),
        ("a = 1   // x\nlonger = 2 // y\n", "a = 1  // x\nlonger = 2  // y\n"),
        ("a   // x\n\nbb  // y\n", "a  // x\n\nbb  // y\n"),
        ("if a:     // x\n    \"漢\"  // y\n", "if a:     // x\n    \"漢\"  // y\n"),
    ]);
}

#[test]
fn a_long_line_takes_time_in_proportion_to_its_length() {
    // Work that grows with the square of the line would take minutes here.
    let text = format!("x = 1{} // end\n", "+1".repeat(300_000));
    let expected = format!("x = 1{}  // end\n", " + 1".repeat(300_000));
    let start = std::time::Instant::now();
    assert!(format(&text) == expected);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn what_has_errors_is_left() {
    let errors = format_source("x = = 1\ny = (").expect_err("errors");
    assert_eq!(errors.iter().map(|diag| diag.code.to_string()).collect::<Vec<_>>(), ["E1001", "E1003"]);
}

const SAMPLE: &str = include_str!("../parser/tests/sample.orus");

/// Programs beside the sources: every `.orus` file of the project.
fn programs() -> Vec<(String, String)> {
    let mut found = vec![("the sample".to_string(), SAMPLE.to_string())];
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "orus")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path.display().to_string(), text));
            }
        }
    }
    found
}

/// F1 and F2 for a text, if it has no syntax errors.
fn check_invariants(name: &str, text: &str) -> bool {
    let Ok(formatted) = format_source(text) else { return false };
    assert!(same_tokens(text.strip_prefix('\u{feff}').unwrap_or(text), &formatted), "{name}: {formatted}");
    assert_eq!(format(&formatted), formatted, "{name} is not stable");
    let proper =
        |line: &str| line.trim_end().len() == line.len() || line.contains("*/") || line.contains("/*");
    assert!(formatted.lines().all(proper) || text.contains("/*"), "{name}: {formatted}");
    assert!(formatted.is_empty() || formatted.ends_with('\n') && !formatted.ends_with("\n\n"), "{name}");
    true
}

#[test]
fn all_programs_keep_their_tokens() {
    let mut correct = 0;
    for (name, text) in programs() {
        correct += usize::from(check_invariants(&name, &text));
    }
    assert!(correct > 0);
}

/// A small generator of numbers: the same ones every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn mutated_programs_keep_their_tokens() {
    let pieces = [
        " ",
        "\n",
        "  ",
        "// c\n",
        "/* c */",
        "/* c\n */",
        "\n\n\n\n",
        "-",
        "(",
        ")",
        ";",
        "\t",
        "\r\n",
        "~",
        ", ",
        "\n    ",
        "\n        // d\n",
        " {}",
        "[0]",
        "P{}",
    ];
    let mut random = Random(7);
    let mut correct = 0;
    for _ in 0..1_000 {
        let mut text = SAMPLE.to_string();
        for _ in 0..=random.below(6) {
            let at = text.floor_char_boundary(random.below(text.len()));
            text.insert_str(at, pieces[random.below(pieces.len())]);
        }
        correct += usize::from(check_invariants("a mutated sample", &text));
    }
    assert!(correct > 30, "{correct}");
}

#[test]
fn spaces_between_tokens_do_not_matter() {
    let canonical = format(SAMPLE);
    let mut random = Random(11);
    for _ in 0..50 {
        let mut text = String::new();
        let mut lexer = Lexer::new(FileId(0), &canonical);
        let mut end = 0;
        loop {
            let token = lexer.next();
            let gap = &canonical[end..(token.span.start as usize).max(end)];
            // Only gaps within a line, and there only white space, are of no meaning.
            let blank = gap.chars().all(|c| c == ' ');
            let layout = matches!(
                token.kind,
                TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Eof
            );
            let at_line_start = end == 0 || canonical[..end].ends_with('\n');
            if blank && !layout && !at_line_start && !gap.is_empty() {
                text += &" ".repeat(1 + random.below(3));
            } else {
                text += gap;
            }
            text += &canonical[token.span.start as usize..token.span.end as usize];
            end = end.max(token.span.end as usize);
            if token.kind == TokenKind::Eof {
                break;
            }
        }
        assert_eq!(format(&text), canonical);
    }
}
