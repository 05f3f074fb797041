//! Ways to run a program, and the switches that go with them.

use crate::common::{Scratch, orus, run, run_with};

#[test]
fn programs_come_from_files_words_and_standard_input() {
    let scratch = Scratch::with(&[("hello.orus", "print(\"hello\", args())\n")]);
    scratch.run(["hello.orus"]).printed("hello []\n");
    scratch.run(["run", "hello.orus", "a"]).printed("hello [\"a\"]\n");
    run(["-e", "print(1 + 2)"]).printed("3\n");
    run(["run", "-e", "print(1 + 2)"]).printed("3\n");
    run_with(&mut orus(["-"]), b"print(\"piped\")\n").printed("piped\n");
    run_with(&mut orus(["-", "x"]), b"print(args())").printed("[\"x\"]\n");
    run_with(&mut orus([""; 0]), b"print(\"no words\")\n").printed("no words\n");
}

#[test]
fn what_follows_the_program_is_the_programs_own() {
    let scratch = Scratch::with(&[("args.orus", "for word in args(): print(word)\n")]);
    scratch
        .run(["args.orus", "--help", "-x", "--no-jit", "--", "ä"])
        .printed("--help\n-x\n--no-jit\n--\nä\n");
    scratch.run(["run", "args.orus", "--check", "-"]).printed("--check\n-\n");
    run(["-e", "print(args())", "a", "--version"]).printed("[\"a\", \"--version\"]\n");
    run(["-e", "print(args())", "--", "--version"]).printed("[\"--version\"]\n");
    run(["-e", "print(args())"]).printed("[]\n");
}

#[test]
fn an_empty_program_does_nothing() {
    let scratch = Scratch::with(&[("empty.orus", ""), ("comment.orus", "// nothing\n")]);
    scratch.run(["empty.orus"]).printed("");
    scratch.run(["comment.orus"]).printed("");
    run(["-e", ""]).printed("");
}

#[test]
fn statuses() {
    run(["-e", "exit(7)"]).ended(7);
    run(["-e", "exit(0)\nprint(1)"]).printed("");
    // Only the low eight bits leave a process.
    run(["-e", "exit(300)"]).ended(44);
    run(["-e", "exit(-1)"]).ended(255);
    run(["-e", "print(1)\nprint(1 / 0)"]).complained(70, &["RUNTIME ERROR [E0001]", "-e:2:9"]);
    run(["-e", "print(1 +)"]).complained(65, &["SYNTAX ERROR [E1001]", "Compilation failed: 1 error(s).\n"]);
    run(["-e", "x = 1 + \"a\""]).complained(65, &["TYPE MISMATCH [E2004]"]);
    run(["no-such-file.orus"]).complained(66, &["cannot read `no-such-file.orus`", "No such file"]);
}

#[test]
fn output_before_an_error_is_not_lost() {
    let ran = run(["-e", "for i in 0..1000: print(i)\nraise(\"now\")"]);
    ran.complained(70, &["= now\n", "in <module>"]);
    assert_eq!(ran.out.lines().count(), 1000);
}

#[test]
fn reports_in_three_formats() {
    let wrong = "x = 1 + \"a\"\ny = z";
    run(["-e", wrong]).ended(65);
    let friendly = run(["--error-format=friendly", "-e", wrong]).err;
    assert!(friendly.starts_with("-- TYPE MISMATCH [E2004]: "), "{friendly}");
    assert!(friendly.contains("\n  1 | x = 1 + \"a\"\n    |       ^ "), "{friendly}");
    assert!(friendly.ends_with("\nCompilation failed: 2 error(s).\n"), "{friendly}");

    let minimal = run(["--error-format", "minimal", "-e", wrong]).err;
    let lines: Vec<_> = minimal.lines().collect();
    assert_eq!(lines.len(), 3, "{minimal}");
    assert!(lines[0].starts_with("-e:1:7: error[E2004]: "), "{minimal}");
    assert!(lines[1].starts_with("-e:2:5: error[E1010]: "), "{minimal}");
    assert_eq!(lines[2], "Compilation failed: 2 error(s).");

    let json = run(["--error-format=json", "-e", wrong]).err;
    let reports: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect();
    assert_eq!(reports.len(), 2, "{json}");
    assert_eq!((&reports[0]["code"], &reports[0]["category"]), (&"E2004".into(), &"TYPE MISMATCH".into()));
    assert_eq!((&reports[1]["line"], &reports[1]["column"]), (&2.into(), &5.into()));
    for key in ["message", "file", "endLine", "endColumn", "help", "note", "trace"] {
        assert!(reports.iter().all(|report| report.get(key).is_some()), "{key}: {json}");
    }

    let at_run_time = "fn f(n: i32) -> i32:\n    return 1 / n\nf(0)";
    let minimal = run(["--error-format=minimal", "-e", at_run_time]);
    minimal.ended(70);
    assert_eq!(minimal.err, "-e:2:14: error[E0001]: Division by zero\n");
    let json = run(["--error-format=json", "-e", at_run_time]).err;
    let report: serde_json::Value = serde_json::from_str(&json).expect("it is an object");
    assert_eq!(report["trace"].as_array().map(Vec::len), Some(2), "{json}");
    assert_eq!(report["trace"][0]["function"], "f");
}

#[test]
fn no_colour_without_a_terminal() {
    let ran = run_with(orus(["-e", "x"]).env_remove("NO_COLOR"), b"");
    assert!(!ran.ended(65).err.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn only_checked() {
    let scratch = Scratch::with(&[("good.orus", "print(1)\n"), ("bad.orus", "print(x)\n")]);
    scratch.run(["--check", "good.orus"]).printed("");
    scratch.run(["--check", "bad.orus"]).complained(65, &["E1010"]);
    run(["--check", "-e", "while true: pass"]).printed("");
}

#[test]
fn switches_change_nothing_but_speed() {
    let program =
        "names = []\nfor i in 0..300: push(names, \"n\" + (i as string))\nprint(len(names.join(\",\")))";
    for switch in ["--no-jit", "--jit=off", "--jit=on", "--jit=always", "--stress=gc"] {
        run([switch, "-e", program]).printed("1389\n");
    }
    run(["--no-jit", "--jit=on", "-e", ""]).complained(64, &["--no-jit"]);
    run(["--jit=sometimes", "-e", ""]).complained(64, &["sometimes"]);
    run(["--stress=nothing", "-e", ""]).complained(64, &["nothing"]);
}

#[test]
fn recursion_is_limited_exactly() {
    let deep = |n: u32| {
        format!("fn down(n: i32) -> i32:\n    return 0 if n <= 1 else 1 + down(n - 1)\nprint(down({n}))")
    };
    run(["--max-recursion=50", "-e", &deep(50)]).printed("49\n");
    run(["--max-recursion=50", "-e", &deep(51)]).complained(70, &["[E0011]", "Stack overflow"]);
    run(["-e", &deep(99_000)]).printed("98999\n");
    run(["-e", &deep(2_000_000)]).complained(70, &["Stack overflow"]);
    let caught = format!("try:\n    {}\ncatch e:\n    print(e.kind)", "fn f() -> i32: f()\n    f()");
    run(["--max-recursion=7", "-e", &caught]).printed("recursion error\n");
    run(["--max-recursion=0", "-e", ""]).complained(64, &["--max-recursion"]);
    run(["--max-recursion=many", "-e", ""]).complained(64, &["many"]);
}

#[test]
fn memory_is_limited_and_running_out_of_it_can_be_caught() {
    let program = "
kept = [\"\"; 0]
try:
    while true: push(kept, \"0123456789\".repeat(1000))
catch e:
    print(e.kind, e.message, len(kept) > 500)
kept.clear()
print(len(\"x\".repeat(1000000)))
";
    run(["--max-heap=16M", "-e", program]).printed("runtime error Out of memory true\n1000000\n");
    run(["--max-heap=16M", "-e", "a = [0; 10000000]"]).complained(70, &["[E0012]", "Out of memory"]);
    for wrong in ["0", "12Q", "-1", ""] {
        run([&format!("--max-heap={wrong}"), "-e", ""]).complained(64, &["--max-heap"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn closed_standard_files_are_no_files_of_the_program() {
    // What is closed reads as `/dev/null`, so that no file that the program opens gets its number.
    let program = "for n in [\"0\", \"1\", \"2\"]: write_file(\"seen\" + n, read_file(\"/dev/fd/\" + n))";
    let scratch = Scratch::with(&[("a.orus", program)]);
    let status = std::process::Command::new("sh")
        .args(["-c", "exec \"$0\" a.orus <&- >&- 2>&-", env!("CARGO_BIN_EXE_orus")])
        .current_dir(scratch.path())
        .status()
        .expect("there is a shell");
    assert_eq!(status.code(), Some(0));
    for n in 0..3 {
        let seen = std::fs::read_to_string(scratch.path().join(format!("seen{n}"))).expect("it was written");
        assert_eq!(seen, "");
    }
}
