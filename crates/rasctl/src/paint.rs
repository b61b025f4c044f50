//! Colours where a person looks, plain text elsewhere.

use rasman::{ConnState, Notification, StateClass};
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Paints text, or does not: NO_COLOR is set, or no terminal is attached.
#[derive(Copy, Clone)]
pub(crate) struct Painter {
    on: bool,
}

/// What a piece of text means.
#[derive(Copy, Clone)]
pub(crate) enum Paint {
    Title,
    Good,
    Bad,
    Dim,
    Strong,
}

impl Painter {
    /// Decides for standard output.
    pub(crate) fn stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { on: !refused && std::io::stdout().is_terminal() }
    }

    /// Paints `text`.
    pub(crate) fn paint(self, paint: Paint, text: impl fmt::Display) -> String {
        if !self.on {
            return text.to_string();
        }
        let code = match paint {
            Paint::Title => "1;36",
            Paint::Good => "32",
            Paint::Bad => "31",
            Paint::Dim => "2",
            Paint::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Gives the line of a notification: time in milliseconds, number, state, detail or cause.
    pub(crate) fn notification(self, elapsed: std::time::Duration, notification: &Notification) -> String {
        let millis = elapsed.as_secs_f64() * 1_000.0;
        let paint = match (&notification.error, notification.state) {
            (Some(_), _) | (None, ConnState::Disconnected) => Paint::Bad,
            (None, ConnState::Connected) => Paint::Good,
            (None, state) if state.class() == StateClass::Paused => Paint::Title,
            (None, _) => Paint::Strong,
        };
        let time = self.paint(Paint::Dim, format_args!("{millis:9.2} ms"));
        let number = self.paint(Paint::Dim, format_args!("{:#06x}", notification.state.number()));
        let state = self.paint(paint, format_args!("{:<20}", notification.state));
        match &notification.error {
            Some(cause) => format!("{time}  {number} {state} {}", self.paint(Paint::Bad, cause.code)),
            None => format!("{time}  {number} {state} {}", notification.detail).trim_end().to_owned(),
        }
    }
}

/// Prints a line. When nobody reads any more there is nobody to tell, so the program ends as a pipe's writer does.
macro_rules! say {
    ($($argument:tt)*) => { $crate::paint::say_line(format_args!($($argument)*)) };
}
pub(crate) use say;

pub(crate) fn say_line(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout(), "{line}").is_err() {
        std::process::exit(BROKEN_PIPE);
    }
}

/// What a shell reports for a program that a closed pipe ended: 128 and SIGPIPE.
const BROKEN_PIPE: i32 = 141;
