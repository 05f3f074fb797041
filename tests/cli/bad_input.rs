//! Files, modules and streams that are not as they should be: one clear message and the status that says what it was.

use std::io::Read;
use std::process::Stdio;

use crate::common::{Scratch, finish, orus, run, run_with};

#[test]
fn files_that_cannot_be_read() {
    let scratch = Scratch::new();
    scratch.write("folder/x", "");
    scratch.run(["missing.orus"]).complained(66, &["cannot read `missing.orus`"]);
    scratch.run(["folder"]).complained(66, &["cannot read `folder`", "directory"]);
    scratch.run(["folder/x/y.orus"]).complained(66, &["cannot read `folder/x/y.orus`"]);
    scratch.run([&"n".repeat(5000)]).complained(66, &["cannot read"]);
    for command in ["run", "check", "dump"] {
        scratch.run([command, "folder"]).complained(66, &["cannot read `folder`"]);
    }
    scratch.run([""]).complained(66, &["cannot read ``"]);
}

#[cfg(unix)]
#[test]
fn files_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::with(&[("secret.orus", "print(1)\n"), ("uses.orus", "use secret\n")]);
    let file = scratch.path().join("secret.orus");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).expect("it is ours");
    if std::fs::read(&file).is_ok() {
        // Nothing is forbidden to the superuser.
        return;
    }
    scratch.run(["secret.orus"]).complained(66, &["cannot read `secret.orus`", "denied"]);
    scratch.run(["uses.orus"]).complained(65, &["[E3001]", "uses.orus:1:5"]);
}

#[cfg(unix)]
#[test]
fn words_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let wild = OsStr::from_bytes(b"wild-\xff.orus");
    run([wild]).complained(66, &["cannot read `wild-"]);
    run([OsStr::new("-e"), OsStr::new("print(args())"), wild]).printed("[\"wild-\u{fffd}.orus\"]\n");
    run([OsStr::new("-e"), wild]).ended(64);
}

#[test]
fn text_that_is_no_program() {
    let scratch = Scratch::new();
    scratch.write("bytes.orus", b"print(1)\nx = \"\xff\xfe\"\n");
    scratch.write("nul.orus", b"print(1)\0\n");
    scratch.write("module.orus", b"pub x = 1 // \xc3\n");
    scratch.write("uses.orus", "use module\n");
    scratch.write(
        "random.orus",
        (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>(),
    );
    scratch.run(["bytes.orus"]).complained(65, &["[E1001]", "UTF-8", "bytes.orus:2:6"]);
    scratch.run(["nul.orus"]).complained(65, &["[E1001]", "NUL", "nul.orus:1:9"]);
    scratch.run(["uses.orus"]).complained(65, &["[E1001]", "module.orus:1:14"]);
    assert!(!scratch.run(["random.orus"]).ended(65).err.is_empty());
    run_with(&mut orus(["-"]), b"\xff").complained(65, &["UTF-8", "-:1:1"]);
    // A mark of the byte order at the beginning is none of the text, as editors write it.
    scratch.write("mark.orus", b"\xef\xbb\xbfprint(1)\r\nprint(2)\r\n");
    let ran = scratch.run(["mark.orus"]);
    assert!(ran.status == 0 && ran.out == "1\n2\n" || ran.status == 65, "{ran:?}");
}

#[test]
fn modules_that_are_not_there_or_go_round() {
    let scratch = Scratch::with(&[
        ("lost.orus", "use far.away\n"),
        ("self.orus", "use self\n"),
        ("a.orus", "use b\n"),
        ("b.orus", "use a\n"),
        ("c.orus", "use d\n"),
        ("d.orus", "use e\n"),
        ("e.orus", "use c\n"),
        ("private.orus", "use f: hidden\n"),
        ("f.orus", "hidden = 1\n"),
    ]);
    scratch.run(["lost.orus"]).complained(65, &["[E3003]", "far/away.orus", "lost.orus:1:5"]);
    scratch.run(["self.orus"]).complained(65, &["[E3002]", "self.orus"]);
    scratch.run(["a.orus"]).complained(65, &["[E3002]", "a.orus → b.orus → a.orus"]);
    scratch.run(["c.orus"]).complained(65, &["[E3002]", "c.orus → d.orus → e.orus → c.orus"]);
    scratch.run(["private.orus"]).complained(65, &["[E3004]", "private.orus:1:8"]);
}

#[test]
fn modules_are_found_through_the_path() {
    let scratch = Scratch::with(&[("library/deep/tool.orus", "pub fn name() -> string: \"tool\"\n")]);
    scratch.write("program/main.orus", "use deep.tool\nprint(tool.name())\n");
    let path = scratch.path().join("library");
    run_with(scratch.orus(["program/main.orus"]).env("ORUSPATH", path), b"").printed("tool\n");
    scratch.run(["program/main.orus"]).complained(65, &["[E3003]"]);
}

#[test]
fn a_reader_that_goes_away() {
    for program in ["for i in 0..10000000: print(i)", "while true: print(\"x\".repeat(100000))"] {
        let mut child = orus(["-e", program])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("orus starts");
        let mut stdout = child.stdout.take().expect("it is piped");
        stdout.read_exact(&mut [0]).expect("there is some output");
        drop(stdout);
        let ran = finish(child);
        // The reader knows that it went away.
        assert_eq!((ran.ended(74).err.as_str(), ran.out.as_str()), ("", ""));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    for words in [
        &["-e", "print(1)"][..],
        &["-e", "print(1)\nexit(0)"],
        &["-e", "while true: print(\"x\".repeat(1000))"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
    ] {
        let child = orus(words)
            .stdin(Stdio::null())
            .stdout(full())
            .stderr(Stdio::piped())
            .spawn()
            .expect("orus starts");
        finish(child).complained(74, &["cannot write standard output"]);
    }
    // A program that prints nothing does not fail.
    let child = orus(["-e", "x = 1"]).stdout(full()).stderr(Stdio::piped()).spawn().expect("orus starts");
    finish(child).printed("");
    // Where errors cannot be told, the status still does.
    let child = orus(["-e", "print(1 / 0)"]).stderr(full()).spawn().expect("orus starts");
    finish(child).ended(70);
}

#[test]
fn no_input() {
    let child = orus(["-e", "print(input())"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orus starts");
    finish(child).complained(70, &["[E0013]", "input() reached end of file"]);
    let caught = "try: input(\"? \")\ncatch e: print(e.kind)";
    run(["-e", caught]).printed("? eof error\n");
    // The last line need not end; an input that is no text is no failure.
    let echo = "try:\n    while true: print(input())\ncatch e: print(\"end\")";
    run_with(&mut orus(["-e", echo]), b"a\r\n\n\xff\nlast").printed("a\n\n\u{fffd}\nlast\nend\n");
}

#[cfg(unix)]
#[test]
fn an_input_that_is_a_folder() {
    let folder = std::fs::File::open("/").expect("the root is there");
    let child = orus(["-"]).stdin(folder).stderr(Stdio::piped()).spawn().expect("orus starts");
    finish(child).complained(66, &["cannot read `-`", "directory"]);
}

#[test]
fn files_of_programs() {
    let scratch = Scratch::new();
    let program = "write_file(\"out.txt\", \"one\\ntwo\")\nprint(read_file(\"out.txt\"))\ntry: read_file(\"none\")\ncatch e: print(e)\ntry: write_file(\"no/where\", \"\")\ncatch e: print(e.kind)";
    let ran = scratch.run(["-e", program]);
    assert!(ran.ended(0).out.starts_with("one\ntwo\nError: Cannot read file 'none': "), "{ran:?}");
    assert!(ran.out.ends_with("\nio error\n"), "{ran:?}");
}
