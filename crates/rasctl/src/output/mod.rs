//! How commands speak: lines for people, JSON for programs.

pub(crate) mod json;
mod paint;
mod progress;
mod text;

pub(crate) use paint::{Paint, Painter};
pub(crate) use progress::Progress;
pub(crate) use text::{duration, size, wrap};

use crate::failure::Failure;
use rustix::stdio;
use serde_json::Value;
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Where a command's words go.
#[derive(Copy, Clone)]
pub(crate) struct Output {
    program: &'static str,
    json: bool,
    painter: Painter,
}

impl Output {
    /// Speaks as `program`; `json` makes everything on standard output JSON.
    pub(crate) fn new(program: &'static str, json: bool) -> Self {
        let painter = if json { Painter::plain() } else { Painter::on(&io::stdout(), width_of(stdio::stdout())) };
        Self { program, json, painter }
    }

    /// Tells whether programs listen.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Gives the painter of standard output.
    pub(crate) fn painter(self) -> Painter {
        self.painter
    }

    /// Tells whether a person can be asked: a terminal at both ends, and no JSON.
    pub(crate) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints a line for people.
    pub(crate) fn line(self, line: impl fmt::Display) {
        if !self.json {
            say(&line);
        }
    }

    /// Prints a line for people that begins with a name.
    pub(crate) fn row(self, name: &str, value: impl fmt::Display) {
        let value = wrap(&value.to_string(), self.width(), ROW_NAME + 1);
        self.line(format_args!("{} {value}", self.painter.paint(Paint::Title, format_args!("{name:<ROW_NAME$}"))));
    }

    /// Prints one JSON value on one line, for programs: a document, or one of a stream.
    pub(crate) fn json(self, value: &Value) {
        if self.json {
            say(value);
        }
    }

    /// Prints something that is the same for both: a completion script, an exported entry.
    pub(crate) fn raw(self, bytes: &[u8]) {
        let mut output = io::stdout().lock();
        if output.write_all(bytes).and_then(|()| output.flush()).is_err() {
            nobody_reads();
        }
    }

    /// Tells why the command failed.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.json {
            return self.json(&failure.json());
        }
        let block = failure.block(
            Painter::on(&io::stderr(), width_of(stdio::stderr())),
            self.program,
            width_of(stdio::stderr()),
        );
        // Who does not read errors is told by the exit code.
        let _ = writeln!(io::stderr(), "{block}");
    }

    /// Warns about something that does not stop the command.
    pub(crate) fn warning(self, text: impl fmt::Display) {
        let painter = Painter::on(&io::stderr(), width_of(stdio::stderr()));
        let text = wrap(&text.to_string(), width_of(stdio::stderr()), self.program.len() + 2);
        let _ = writeln!(io::stderr(), "{}", painter.paint(Paint::Title, format_args!("{}: {text}", self.program)));
    }

    /// Gives the width of the terminal at standard output, if there is one.
    pub(crate) fn width(self) -> Option<usize> {
        width_of(stdio::stdout())
    }
}

/// Prints a line. When nobody reads any more there is nobody to tell, so the program ends as a pipe's writer does.
fn say(line: &dyn fmt::Display) {
    let mut output = io::stdout().lock();
    if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
        nobody_reads();
    }
}

fn nobody_reads() {
    if !KEEP_GOING.load(std::sync::atomic::Ordering::Relaxed) {
        std::process::exit(BROKEN_PIPE);
    }
}

/// From now on a reader that went away does not end the program: it holds a connection.
pub(crate) fn keep_going_unread() {
    KEEP_GOING.store(true, std::sync::atomic::Ordering::Relaxed);
}

fn width_of(descriptor: rustix::fd::BorrowedFd<'_>) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(descriptor).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col).clamp(WIDTH_MIN, WIDTH_MAX))
}

static KEEP_GOING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
/// What a shell reports for a program that a closed pipe ended: 128 and SIGPIPE.
const BROKEN_PIPE: i32 = 141;
/// Narrower than this, a table breaks whatever is done.
const WIDTH_MIN: usize = 40;
/// Wider than this, lines are hard to read.
const WIDTH_MAX: usize = 110;
/// The width of the names of rows.
const ROW_NAME: usize = 8;
