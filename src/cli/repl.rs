//! `orus repl`: an interactive session.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};

use super::args::ReplArgs;
use super::input;
use super::interrupt::{self, Patience};
use super::output::{color_allowed, complain, output_failed, report};
use crate::{Completeness, EvalError, ReportFormat, RunError, Session};

const PROMPT: &str = "orus> ";
const CONTINUATION: &str = "....> ";

/// The exit status.
pub fn main(args: &ReplArgs) -> u8 {
    let mut session = Session::new(args.limits.engine());
    let format = ReportFormat::Friendly { color: color_allowed(args.no_color) };
    let mut lines = match Lines::new() {
        Ok(lines) => lines,
        Err(error) => {
            complain(&format!("cannot use the terminal: {error}"));
            return super::status::USAGE;
        }
    };
    if lines.is_terminal() {
        println!("Orus {}. `exit` or end of input leaves.", env!("CARGO_PKG_VERSION"));
    }
    while let Some(input) = read_input(&mut lines) {
        if input.trim() == "exit" {
            break;
        }
        lines.remember(&input);
        let outcome = session.eval_with(&input, |engine| interrupt::on_control_c(engine, Patience::Endless));
        interrupt::clear();
        match outcome {
            Ok(()) => {}
            Err(EvalError::Compile(reports)) => report(&reports.render(format)),
            Err(EvalError::Run(RunError::Uncaught(error))) => report(&error.render(format)),
            Err(EvalError::Run(RunError::Exit(status))) => return status as u8,
            Err(EvalError::Run(RunError::Output(kind))) => return output_failed(kind),
            Err(EvalError::Run(error)) => complain(&error.to_string()),
        }
    }
    lines.save();
    0
}

/// One input: a line, and those that continue it. `None` at the end of input.
fn read_input(lines: &mut Lines) -> Option<String> {
    let mut input = String::new();
    loop {
        match lines.next(if input.is_empty() { PROMPT } else { CONTINUATION }) {
            Line::Text(line) if input.is_empty() => {
                if !line.trim().is_empty() {
                    input = line;
                    input.push('\n');
                }
            }
            Line::Text(line) if line.trim().is_empty() => return Some(input),
            Line::Text(line) => {
                input += &line;
                input.push('\n');
            }
            // Ctrl-C drops what was typed.
            Line::Dropped => {
                input.clear();
                continue;
            }
            Line::End if input.is_empty() => return None,
            Line::End => return Some(input),
        }
        match Session::completeness(&input) {
            _ if input.is_empty() => {}
            Completeness::Complete => return Some(input),
            Completeness::OpenBracket | Completeness::OpenBlock => {}
        }
    }
}

enum Line {
    Text(String),
    Dropped,
    End,
}

/// Where lines come from: the line editor on a terminal, else standard input as it is.
enum Lines {
    Editor { editor: Box<DefaultEditor>, history: Option<PathBuf> },
    Plain,
}

impl Lines {
    fn new() -> rustyline::Result<Lines> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Ok(Lines::Plain);
        }
        let config =
            Config::builder().history_ignore_space(true).max_history_size(1000)?.auto_add_history(false);
        let mut editor = Box::new(DefaultEditor::with_config(config.build())?);
        let history = history_file();
        if let Some(file) = &history {
            // No history yet is no failure.
            let _ = editor.load_history(file);
        }
        Ok(Lines::Editor { editor, history })
    }

    fn is_terminal(&self) -> bool {
        matches!(self, Lines::Editor { .. })
    }

    fn next(&mut self, prompt: &str) -> Line {
        match self {
            Lines::Editor { editor, .. } => match editor.readline(prompt) {
                Ok(line) => Line::Text(line),
                Err(ReadlineError::Interrupted) => Line::Dropped,
                Err(ReadlineError::Eof) => Line::End,
                Err(error) => {
                    complain(&format!("cannot read the terminal: {error}"));
                    Line::End
                }
            },
            Lines::Plain => {
                let mut bytes = Vec::new();
                loop {
                    match input::read_piece(&mut bytes) {
                        Ok(0) if bytes.is_empty() => return Line::End,
                        Ok(count) if count > 0 && !bytes.ends_with(b"\n") => {}
                        Ok(_) => {
                            let line = String::from_utf8_lossy(&bytes);
                            return Line::Text(line.trim_end_matches(['\n', '\r']).to_owned());
                        }
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => {
                            complain(&format!("cannot read standard input: {error}"));
                            return Line::End;
                        }
                    }
                }
            }
        }
    }

    fn remember(&mut self, input: &str) {
        if let Lines::Editor { editor, .. } = self {
            // A history that cannot be extended is no reason to stop.
            let _ = editor.add_history_entry(input.trim_end());
        }
    }

    fn save(&mut self) {
        let _ = io::stdout().flush();
        if let Lines::Editor { editor, history: Some(file) } = self {
            if let Some(folder) = file.parent() {
                let _ = std::fs::create_dir_all(folder);
            }
            if let Err(error) = editor.save_history(file) {
                complain(&format!("cannot save the history in `{}`: {error}", file.display()));
            }
        }
    }
}

/// `$ORUS_HISTORY`, or the user's state folder.
fn history_file() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("ORUS_HISTORY").or_else(|| {
        let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")))?;
        Some(state.join("orus/history"))
    })
}
