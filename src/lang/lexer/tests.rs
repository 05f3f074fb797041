use super::*;
use crate::lang::source::SourceMap;

/// The tokens as words: layout in upper case, literals with their values.
fn kinds(text: &str) -> String {
    let mut lexer = Lexer::new(FileId(0), text);
    let mut words: Vec<String> = Vec::new();
    loop {
        let token = lexer.next();
        words.push(match token.kind {
            TokenKind::Eof => break,
            TokenKind::Newline => "NL".into(),
            TokenKind::Indent => "IN".into(),
            TokenKind::Dedent => "DE".into(),
            TokenKind::Error => "ERR".into(),
            TokenKind::Int => {
                let int = token.int();
                let pattern = if int.pattern { "p" } else { "" };
                format!("{}{pattern}{}", int.value, int.suffix.map_or(String::new(), |s| format!("{s:?}")))
            }
            TokenKind::Float => format!("{:?}", token.float()),
            _ => lexer.slice(token.span).into(),
        });
    }
    assert_eq!(lexer.next().kind, TokenKind::Eof);
    words.join(" ")
}

/// Code and place of each report.
fn reports(text: &str) -> String {
    let mut map = SourceMap::new();
    let file = map.load("t", text.as_bytes()).expect("text");
    let mut lexer = Lexer::new(file, text);
    while lexer.next().kind != TokenKind::Eof {
        if !lexer.brackets().is_empty() && lexer.pos == text.len() {
            lexer.abandon();
        }
    }
    let places = lexer.diags.iter().map(|diag| {
        let (line, column) = map.line_column(file, diag.span.start);
        format!("{}@{line}:{column}", diag.code)
    });
    places.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_keyword_and_operator_reads_as_itself() {
    for byte in 0..=TokenKind::KEYWORDS[TokenKind::KEYWORDS.len() - 1] as u8 {
        // All kinds with a text, found by their spelling.
        let Some(kind) = all_kinds().find(|kind| *kind as u8 == byte) else { continue };
        let text = kind.text().unwrap_or("");
        let token = Lexer::new(FileId(0), text).next();
        assert_eq!((token.kind, token.span.end as usize), (kind, text.len()), "{text}");
        // A longer word is no keyword.
        if kind.is_keyword() {
            assert_eq!(Lexer::new(FileId(0), &format!("{text}_")).next().kind, TokenKind::Ident);
        }
    }
    assert_eq!(TokenKind::KEYWORDS.len(), 29);
}

fn all_kinds() -> impl Iterator<Item = TokenKind> {
    let operators = "+ - * / % & | ^ ~ << >> == != < <= > >= = += -= *= /= %= &= |= ^= <<= >>= := -> : ; , . .. ..= ( ) [ ] { }";
    let operators = operators.split(' ').map(|text| Lexer::new(FileId(0), text).next().kind);
    operators.chain(TokenKind::KEYWORDS.iter().copied())
}

#[test]
fn the_longest_operator_is_taken() {
    assert_eq!(kinds("1..5"), "1 .. 5 NL");
    assert_eq!(kinds("a..=b"), "a ..= b NL");
    assert_eq!(kinds("a<<=b>>c>=d"), "a <<= b >> c >= d NL");
    assert_eq!(kinds("N:i32:=-1->x"), "N : i32 := - 1 -> x NL");
    assert_eq!(kinds("1.x 2.5.y 1.5..2"), "1 . x 2.5 . y 1.5 .. 2 NL");
}

#[test]
fn numbers_have_their_values() {
    assert_eq!(kinds("1_000_000 0xFF 0b1010 0o17 0xFfu64 1__0"), "1000000 255p 10p 15p 255pU64 10 NL");
    assert_eq!(
        kinds("3.14 1e9 2.5e-3 1_0.5 1E+9 1e1_0"),
        "3.14 1000000000.0 0.0025 10.5 1000000000.0 10000000000.0 NL"
    );
    assert_eq!(
        kinds("5i32 5i64 5u32 5u64 5u 2f64 2.5f64 1e2f64"),
        "5I32 5I64 5U32 5U64 5U32 2F64 2.5 100.0 NL"
    );
    assert_eq!(kinds("0x1f64 0x1u 0b1i32"), "8036p 1pU32 1pI32 NL");
    assert_eq!(
        kinds("18446744073709551615 0xFFFF_FFFF_FFFF_FFFF"),
        "18446744073709551615 18446744073709551615p NL"
    );
    assert_eq!(kinds("100000000000000000000f64"), "1e20 NL");
}

#[test]
fn numbers_beyond_their_range_are_marked() {
    for text in ["18446744073709551616", "0x1_0000_0000_0000_0000", "1e309", "99999999999999999999u64"] {
        let mut lexer = Lexer::new(FileId(0), text);
        let token = lexer.next();
        assert!(token.too_large() && lexer.diags.is_empty(), "{text}");
    }
    let mut lexer = Lexer::new(FileId(0), "1e308 18446744073709551615 1e-999");
    assert!(!lexer.next().too_large() && !lexer.next().too_large() && !lexer.next().too_large());
}

#[test]
fn malformed_numbers_are_reported_where_they_begin() {
    let wrong = [
        "1_", "123abc", "0XFF", "0x", "0x_1", "0x1_", "0b102", "0o8", "1e", "1e+", "1e_5", "5_i32", "5i16",
        "1.5i32", "1e5u", "1.5_", "0xG", "1.5x", "5.", "1_.5", "0x1_u32", "1e5_",
    ];
    for text in wrong {
        assert_eq!(reports(&format!("x = {text} + 1")), "E1006@1:5", "{text}");
    }
    assert_eq!(reports("5.\n6.)"), "E1006@1:1 E1006@2:1");
}

#[test]
fn escapes_are_checked_where_they_begin() {
    assert_eq!(reports(r#"x = "\n\t\r\\\"\0\u{1F600}\u{0}\u{10FFFF}""#), "");
    assert_eq!(reports(r#"x = "é\q\x41" + "\'""#), "E1006@1:7 E1006@1:9 E1006@1:18");
    for text in [
        r"\u",
        r"\u{}",
        r"\u{1234567}",
        r"\u{D800}",
        r"\u{110000}",
        r"\u{12",
        r"\u{x}",
        r"\u1234",
        r"\u{1_0}",
    ] {
        assert_eq!(reports(&format!("\"a{text}\"")), "E1006@1:3", "{text}");
    }
    let mut out = String::new();
    unescape(r#"a\n\u{e9}\\\"\0z"#, &mut out);
    assert_eq!(out, "a\né\\\"\0z");
    out.clear();
    unescape(r"\q\u{110000}é", &mut out);
    assert_eq!(out, r"\q\u{110000}é");
}

#[test]
fn strings_end_on_their_line() {
    assert_eq!(reports("x = \"abc\ny = \"d"), "E1005@1:5 E1005@2:5");
    assert_eq!(reports("x = \"abc\\\r\ny = \"\\"), "E1005@1:5 E1005@2:5");
    // The line end stays a line end, even within a bracket whose closer the string took.
    assert_eq!(kinds("print(\"abc)\ny"), "print ( ERR NL y NL");
    assert_eq!(kinds("\"// no comment /* \" x"), "\"// no comment /* \" x NL");
}

#[test]
fn comments_count_as_space() {
    assert_eq!(kinds("a /* b */ c // d\ne"), "a c NL e NL");
    assert_eq!(kinds("a /* b\n\n */ c\n"), "a c NL");
    assert_eq!(kinds("/* // */ a // /* \nb"), "a NL b NL");
    assert_eq!(kinds("/* a /* b */ c */"), "c * / NL");
    assert_eq!(kinds("/**/a/***/b"), "a b NL");
    assert_eq!(reports("a\n  /* x\n"), "E1005@2:3");
    assert_eq!(reports("/*/"), "E1005@1:1");
}

#[test]
fn strange_characters_are_one_mistake_each_run() {
    assert_eq!(reports("x = §§é 3 $ 4 @ `"), "E1001@1:5 E1001@1:11 E1001@1:15 E1001@1:17");
    assert_eq!(reports("a ! b != c"), "E1001@1:3");
    assert_eq!(reports("x\r = 1\u{a0}+ 2\r\n"), "E1001@1:2 E1001@1:7");
    assert_eq!(reports("x = 'a'"), "E1001@1:5");
    assert_eq!(reports("x = '' + 1\n' y\n'1"), "E1001@1:5 E1001@2:1 E1001@3:1");
    assert_eq!(kinds("'rows: break 'rows"), "'rows : break 'rows NL");
    let mut lexer = Lexer::new(FileId(0), "\0\u{1}x");
    assert_eq!(
        (lexer.next().kind, lexer.next().kind, lexer.diags.len()),
        (TokenKind::Error, TokenKind::Ident, 1)
    );
}

#[test]
fn blocks_follow_the_indentation() {
    assert_eq!(kinds("a\n  b\n    c\n  d\ne"), "a NL IN b NL IN c NL DE d NL DE e NL");
    assert_eq!(kinds("a\n  b\n    c"), "a NL IN b NL IN c NL DE DE");
    assert_eq!(kinds("a\n\tb\n\t\tc\nd"), "a NL IN b NL IN c NL DE DE d NL");
    assert_eq!(kinds("  a\nb"), "IN a NL DE b NL");
    assert_eq!(kinds(""), "");
    assert_eq!(kinds("\n\n  // only this\n /* and\n this */\n"), "");
    assert_eq!(kinds("a;\r\n  b\r\n"), "a ; NL IN b NL DE");
}

#[test]
fn blank_lines_and_comments_do_not_count_as_indentation() {
    assert_eq!(kinds("a\n  b\n// c\n      // d\n\n   \n  e\n"), "a NL IN b NL e NL DE");
    assert_eq!(kinds("a\n  b\n/* c */\n  e\n"), "a NL IN b NL e NL DE");
}

#[test]
fn a_comment_before_the_first_token_gives_the_indentation() {
    assert_eq!(kinds("a\n/* why */ z"), "a NL z NL");
    assert_eq!(kinds("a\n  /* why */z\n  b"), "a NL IN z NL b NL DE");
    assert_eq!(kinds("a\n/* long\n     comment */ z\nb"), "a NL z NL b NL");
    assert_eq!(kinds("a\n  /* long\n*/ z\n  b"), "a NL IN z NL b NL DE");
    // The end of a comment that began behind a token ends no statement.
    assert_eq!(kinds("a /* long\n*/ z"), "a z NL");
}

#[test]
fn brackets_suspend_the_layout() {
    assert_eq!(kinds("a(\n  b,\n      c\n)\nd"), "a ( b , c ) NL d NL");
    assert_eq!(kinds("{[(\n)\n]\n}\n"), "{ [ ( ) ] } NL");
    // A closer that does not fit closes nothing.
    assert_eq!(kinds("(]\n)\na"), "( ] ) NL a NL");
    assert_eq!(kinds(")\na"), ") NL a NL");
}

#[test]
fn wrong_indentation_is_reported_at_the_first_token() {
    assert_eq!(reports("a\n    b\n  c\nd"), "E1008@3:3");
    // More lines of the same wrong width belong to the same mistake.
    assert_eq!(reports("a\n    b\n  c\n  d\n    e\n  f\ng"), "E1008@3:3");
    assert_eq!(
        kinds("a\n    b\n        x\n  c\n  d\n    e\ng"),
        "a NL IN b NL IN x NL DE c NL d NL e NL DE g NL"
    );
    assert_eq!(reports("a\n \tb"), "E1008@2:3");
    assert_eq!(reports("a\n\tb\nc\n    d\n    e\nf\n    g"), "E1008@4:5");
    assert_eq!(reports("a\n  b\nc\n\t/* d */ e"), "E1008@4:10");
    // Within brackets, on blank lines and before comments it does not matter.
    assert_eq!(reports("a(\n \tb)\n \t\n\t // x\n"), "");
}

#[test]
fn spans_are_exact() {
    let text = "x = \"é\" + 0x1F\r\n  y\n";
    let mut lexer = Lexer::new(FileId(0), text);
    let mut spans = Vec::new();
    loop {
        let token = lexer.next();
        spans.push((token.span.start, token.span.end));
        if token.kind == TokenKind::Eof {
            break;
        }
    }
    let expected = [
        (0, 1),
        (2, 3),
        (4, 8),
        (9, 10),
        (11, 15),
        (16, 17),
        (19, 19),
        (19, 20),
        (20, 21),
        (21, 21),
        (21, 21),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn a_missing_line_end_at_the_end_is_made_up() {
    let mut lexer = Lexer::new(FileId(0), "a");
    lexer.next();
    let token = lexer.next();
    assert!(
        token.kind == TokenKind::Newline && token.ends_file() && token.span == (Span { start: 1, end: 1 })
    );
    let mut lexer = Lexer::new(FileId(0), "a\n");
    lexer.next();
    assert!(!lexer.next().ends_file());
    // In brackets it is for the parser to give them up.
    let mut lexer = Lexer::new(FileId(0), "(");
    lexer.next();
    assert_eq!(lexer.next().kind, TokenKind::Eof);
    lexer.abandon();
    assert_eq!(lexer.next().kind, TokenKind::Newline);
    assert_eq!(lexer.next().kind, TokenKind::Eof);
}

#[test]
fn looking_ahead_skips_comments() {
    let peek = |text| {
        let mut lexer = Lexer::new(FileId(0), text);
        lexer.next();
        lexer.peek_operator()
    };
    assert_eq!(peek("a /* b */ = 1"), TokenKind::Assign);
    assert_eq!(peek("a == 1"), TokenKind::Error);
    assert_eq!(peek("a : 1"), TokenKind::Colon);
    assert_eq!(peek("a := 1"), TokenKind::Define);
    assert_eq!(peek("fn f"), TokenKind::Ident);
    assert_eq!(peek("a /* b"), TokenKind::Error);
    assert_eq!(peek("a"), TokenKind::Error);
}

#[test]
fn what_is_typed_may_be_incomplete() {
    for text in ["if a:", "if a: // b", "f(", "x = [1,\n", "match a:\n  B ->", "/* a", "f({\n1: [2]"] {
        assert_ne!(completeness(text), Completeness::Complete, "{text}");
    }
    for text in ["", "x = 1", "f()", "if a: b", "x = \"(:", "f) :)", "x: i32 = 1 // :"] {
        assert_eq!(completeness(text), Completeness::Complete, "{text}");
    }
}

#[test]
fn words_end_at_the_first_byte_that_belongs_to_none() {
    for byte in 0..=255 {
        for at in 0..8 {
            let mut chunk = *b"aZ09_zA5";
            chunk[at] = byte;
            let expected = if is(byte, IDENT) { 8 } else { at };
            assert_eq!(word_length(u64::from_le_bytes(chunk)), expected, "{byte:#x} at {at}");
        }
    }
}

#[test]
fn words_of_any_length_are_read_whole_also_at_the_end() {
    for length in 1..20 {
        let word = &"abcdefghijklmnopqrstuvwxyz"[..length];
        for text in [word.to_owned(), format!("{word} + {word}")] {
            let mut lexer = Lexer::new(FileId(0), &text);
            let token = lexer.next();
            assert_eq!((token.kind, lexer.slice(token.span)), (TokenKind::Ident, word));
            assert_eq!(token.packed().is_some(), length <= 8);
        }
    }
}
