//! The tour of the language runs: each `orus` block of `docs/LANGUAGE.md` is a program, the `output` block behind it what it
//! prints, the `report` block behind that what it says on standard error. `ORUS_BLESS=1` fills in the reports.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// A fenced block: its language, its first line's number, its text.
struct Block {
    language: String,
    line: usize,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in document.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                open = true;
                blocks.push(Block { language: language.to_owned(), line: number + 2, text: String::new() });
            }
            None if open => {
                let block = blocks.last_mut().expect("one is open");
                block.text += line;
                block.text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

#[test]
fn every_example_does_what_the_tour_says() {
    let document_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/LANGUAGE.md");
    let mut document = std::fs::read_to_string(&document_file).expect("the tour is there");
    let folder = std::env::temp_dir().join(format!("orus-tour-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a scratch folder can be made");
    let blocks = blocks(&document);
    let (mut programs, mut problems, mut reports) = (0, String::new(), Vec::new());
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "orus") {
        programs += 1;
        std::fs::write(folder.join("tour.orus"), &block.text).expect("the scratch folder can be written");
        let run = Command::new(env!("CARGO_BIN_EXE_orus"))
            .arg("tour.orus")
            .current_dir(&folder)
            .output()
            .expect("orus starts");
        let following = |language: &str| {
            let rest = blocks[at + 1..].iter().take_while(|block| block.language != "orus");
            rest.into_iter().find(|block| block.language == language)
        };
        let (out, report) = (following("output"), following("report"));
        let got_out = String::from_utf8_lossy(&run.stdout);
        let got_report = String::from_utf8_lossy(&run.stderr);
        if got_out != out.map_or("", |block| &block.text) {
            writeln!(problems, "line {}: it prints\n{got_out}{got_report}", block.line)
                .expect("writing to a string");
        }
        let wanted = report.map_or("", |block| &block.text);
        if got_report.trim_end() != wanted.trim_end() {
            writeln!(problems, "line {}: it reports\n{got_report}", block.line).expect("writing to a string");
            reports.extend(report.map(|block| (block.line, got_report.trim_end().to_owned())));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the scratch folder can be removed");
    if std::env::var_os("ORUS_BLESS").is_some() && std::env::var_os("CI").is_none() {
        // From the last to the first, so that line numbers stay right.
        for (line, text) in reports.iter().rev() {
            let mut lines: Vec<&str> = document.lines().collect();
            let end = (line - 1..).find(|&at| lines[at] == "```").expect("the block is closed");
            lines.splice(line - 1..end, text.lines());
            document = lines.join("\n") + "\n";
        }
        std::fs::write(&document_file, document).expect("the tour can be written");
    }
    assert!(programs >= 20, "the tour has its examples");
    assert!(problems.is_empty(), "{problems}");
}
