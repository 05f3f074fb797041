//! The other commands, and wrong words.

use std::path::Path;

use crate::common::{Scratch, orus, programs, run, run_with};

const COMMANDS: [&str; 7] = ["run", "check", "repl", "test", "fmt", "dump", "completions"];

#[test]
fn help_and_version() {
    let version = format!("{}\n", env!("CARGO_PKG_VERSION"));
    let help = run(["--help"]);
    assert!(help.ended(0).err.is_empty());
    for command in COMMANDS {
        assert!(help.out.contains(&format!("\n  {command}")), "{command} is not mentioned: {}", help.out);
        for flag in ["--help", "-h"] {
            let ran = run([command, flag]);
            assert!(ran.ended(0).out.contains(&format!("Usage: orus {command}")), "{ran:?}");
            assert!(ran.err.is_empty());
        }
        let ran = run([command, "--version"]);
        assert!(ran.ended(0).out.ends_with(&version), "{ran:?}");
    }
    for flag in ["--version", "-V"] {
        run([flag]).printed(&format!("orus {version}"));
    }
    let ran = run(["help", "fmt"]);
    assert!(ran.ended(0).out.contains("--check"), "{ran:?}");
}

#[test]
fn wrong_words() {
    run(["--nope"]).complained(64, &["--nope"]);
    run(["-x"]).complained(64, &["-x"]);
    run(["--nope", "file.orus"]).complained(64, &["--nope"]);
    run(["-e"]).complained(64, &["-e"]);
    run(["--error-format=loud", "-e", ""]).complained(64, &["loud", "friendly"]);
    for command in COMMANDS {
        run([command, "--nope"]).complained(64, &["--nope"]);
    }
    for command in ["check", "fmt", "dump", "completions"] {
        run([command]).complained(64, &["required"]);
    }
    run(["repl", "word"]).complained(64, &["word"]);
    run(["completions", "tcsh"]).complained(64, &["tcsh", "bash"]);
    run(["dump", "--stage=soup", "x"]).complained(64, &["soup"]);
    // A mistyped command is taken for a file; the message says what was tried.
    run(["chekc"]).complained(66, &["`chekc`"]);
}

#[test]
fn check_takes_several_files() {
    let scratch = Scratch::with(&[
        ("good.orus", "use part\nprint(part.n)\n"),
        ("part.orus", "pub n = 1\n"),
        ("type.orus", "x: i32 = \"a\"\n"),
        ("name.orus", "print(nothing)\n"),
    ]);
    scratch.run(["check", "good.orus", "part.orus"]).printed("");
    let ran = scratch.run(["check", "good.orus", "type.orus", "name.orus"]);
    assert!(ran.ended(65).err.contains("type.orus:1:10") && ran.err.contains("name.orus:1:7"), "{ran:?}");
    let ran = scratch.run(["check", "missing.orus", "name.orus"]);
    assert!(ran.ended(66).err.contains("`missing.orus`") && ran.err.contains("name.orus:1:7"), "{ran:?}");
    run_with(&mut scratch.orus(["check", "-"]), b"print(1)").printed("");
    run_with(&mut scratch.orus(["check", "--error-format=minimal", "-"]), b"x = 1 +\n").ended(65);
}

const SUMS: &str = "// Sums.
fn sum(n: i64) -> i64:
    mut s = 0 as i64
    for i in 0..=n: s += i
    return s

fn twice(n: i64) -> i64: sum(n) * 2

print(twice(10))
";

#[test]
fn dumps_of_bytecode() {
    let scratch = Scratch::with(&[("sums.orus", SUMS), ("bad.orus", "print(x)")]);
    let full = scratch.run(["dump", "--stage", "bytecode", "sums.orus"]);
    full.ended(0);
    assert_eq!(scratch.run(["dump", "sums.orus"]).out, full.out, "it is the default stage");

    // Lines stand beside the code they belong to, not only at the head where the text form has the whole source.
    let plain = scratch.run(["dump", "--plain", "sums.orus"]);
    let beside = |text: &str| text.lines().any(|line| line.contains("; ") && line.ends_with("s += i"));
    assert!(beside(&full.out) && !beside(&plain.ended(0).out), "{full:?} {plain:?}");
    let program = orus::bytecode::parse(&plain.out).unwrap_or_else(|error| panic!("{error}\n{}", plain.out));
    assert_eq!(orus::bytecode::print(&program), plain.out, "it reads back");

    let one = scratch.run(["dump", "--fn", "sum", "sums.orus"]);
    assert!(one.ended(0).out.contains("\"sum\"") && !one.out.contains("\"twice\""), "{}", one.out);
    scratch.run(["dump", "--fn", "none", "sums.orus"]).complained(64, &["no function is called `none`"]);
    scratch.run(["dump", "bad.orus"]).complained(65, &["E1010"]);
    scratch.run(["dump", "missing.orus"]).complained(66, &["missing.orus"]);
    assert_eq!(run_with(&mut scratch.orus(["dump", "--plain", "-"]), b"print(1)").status, 0);
}

#[test]
fn every_program_dumps_and_reads_back() {
    for file in programs("examples") {
        if file.file_name().is_some_and(|name| name == "main.orus") {
            continue;
        }
        let ran = run([Path::new("dump"), Path::new("--plain"), &file]);
        let program = orus::bytecode::parse(&ran.ended(0).out).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(orus::bytecode::print(&program), ran.out, "{}", file.display());
    }
}

#[test]
fn layout() {
    let (ugly, tidy) = ("x=1+2 \nif x>2 :\n  print( x )\n", "x = 1 + 2\nif x > 2:\n    print(x)\n");
    let scratch =
        Scratch::with(&[("a.orus", ugly), ("sub/b.orus", tidy), ("bad.orus", "x = (1\n"), ("c.txt", "x=1")]);
    let ran = scratch.run(["fmt", "--check", "a.orus", "sub"]);
    assert!(ran.ended(1).out.contains("would change a.orus") && !ran.out.contains("b.orus"), "{ran:?}");
    assert_eq!(scratch.read("a.orus"), ugly, "it only looked");
    scratch.run(["fmt", "a.orus", "sub"]).printed("");
    assert_eq!((scratch.read("a.orus"), scratch.read("sub/b.orus")), (tidy.to_owned(), tidy.to_owned()));
    scratch.run(["fmt", "--check", "a.orus", "sub"]).printed("");
    // A file that does not parse is left alone, the others are laid out.
    scratch.write("a.orus", ugly);
    scratch.run(["fmt", "."]).complained(65, &["bad.orus:1:5"]);
    assert_eq!((&*scratch.read("a.orus"), &*scratch.read("bad.orus")), (tidy, "x = (1\n"));
    assert_eq!(scratch.read("c.txt"), "x=1");
    scratch.run(["fmt", "missing.orus"]).complained(66, &["missing.orus"]);

    run_with(&mut orus(["fmt", "-"]), ugly.as_bytes()).printed(tidy);
    run_with(&mut orus(["fmt", "--check", "-"]), tidy.as_bytes()).printed("");
    run_with(&mut orus(["fmt", "--check", "-"]), ugly.as_bytes()).ended(1);
    run_with(&mut orus(["fmt", "-"]), b"x = \"").complained(65, &["-:1:5"]);
}

#[test]
fn laying_out_twice_changes_nothing() {
    let mut parsed = 0;
    for file in programs("examples").into_iter().chain(programs("tests/lang")) {
        let source = std::fs::read(&file).expect("the file is there");
        let Ok(once) = orus::format_source("once", &source) else { continue };
        parsed += 1;
        let twice = orus::format_source("twice", once.as_bytes())
            .unwrap_or_else(|reports| panic!("{}: no longer parses: {reports}", file.display()));
        assert_eq!(once, twice, "{}", file.display());
    }
    assert!(parsed > 500, "only {parsed} programs parse");
}

#[test]
fn examples_are_laid_out() {
    run(["fmt", "--check", concat!(env!("CARGO_MANIFEST_DIR"), "/examples")]).printed("");
}

#[test]
fn completion_scripts() {
    for (shell, sign) in
        [("bash", "complete -F _orus"), ("zsh", "#compdef orus"), ("fish", "complete -c orus")]
    {
        let ran = run(["completions", shell]);
        assert!(ran.ended(0).out.contains(sign), "{shell}: {}", ran.out);
        assert!(COMMANDS.iter().all(|command| ran.out.contains(command)), "{shell}");
    }
}
