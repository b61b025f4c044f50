//! Colours where a person looks, plain text elsewhere.

use super::text::{duration, wrap};
use crate::failure::number;
use rasman::{ConnState, Notification, StateClass};
use std::fmt;
use std::io::IsTerminal;
use std::time::Duration;

/// Paints text, or does not: NO_COLOR is set, or no terminal is attached.
#[derive(Copy, Clone)]
pub(crate) struct Painter {
    on: bool,
    /// The width of the terminal, if there is one.
    width: Option<usize>,
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
    /// Decides for a stream, which is so wide if it is a terminal.
    pub(crate) fn on(stream: &impl IsTerminal, width: Option<usize>) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { on: !refused && !dumb && stream.is_terminal(), width }
    }

    /// Never paints.
    pub(crate) const fn plain() -> Self {
        Self { on: false, width: None }
    }

    /// Tells whether it paints.
    pub(crate) fn is_on(self) -> bool {
        self.on
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

    /// Gives a state in the colour of its class.
    pub(crate) fn state(self, state: ConnState, failed: bool, width: usize) -> String {
        let paint = match state {
            _ if failed => Paint::Bad,
            ConnState::Disconnected => Paint::Bad,
            ConnState::Connected => Paint::Good,
            state if state.class() == StateClass::Paused => Paint::Title,
            _ => Paint::Strong,
        };
        self.paint(paint, format_args!("{state:<width$}"))
    }

    /// Gives the beginning of a line: elapsed time, and a name where there are several connections.
    pub(crate) fn at(self, elapsed: Duration, name: &str) -> String {
        let time = self.paint(Paint::Dim, format_args!("{:>9}", duration(elapsed)));
        if name.is_empty() {
            time
        } else {
            format!("{time}  {}", self.paint(Paint::Strong, format_args!("{name:<NAME$}")))
        }
    }

    /// Gives the line of a notification: elapsed time, number, state, detail or error.
    pub(crate) fn notification(self, elapsed: Duration, name: &str, notification: &Notification) -> String {
        let time = self.at(elapsed, name);
        let class = self.paint(Paint::Dim, format_args!("{:#06x}", notification.state.number()));
        let state = self.state(notification.state, notification.error.is_some(), STATE);
        match &notification.error {
            Some(cause) => {
                let error = format!("error {} {}", number(cause.code), cause.code.name().unwrap_or_default());
                format!("{time}  {class} {state} {}", self.paint(Paint::Bad, error.trim_end()))
            }
            None => {
                let before = if name.is_empty() { DETAIL } else { DETAIL + NAME.max(name.chars().count()) + 2 };
                let detail = wrap(&notification.detail.to_string(), self.width, before);
                format!("{time}  {class} {state} {detail}").trim_end().to_owned()
            }
        }
    }
}

/// Where the detail of a line begins, without a name.
const DETAIL: usize = 9 + 2 + 6 + 1 + STATE + 1;
/// The width of most names.
const NAME: usize = 12;
/// The width of the longest state that a dial usually tells.
const STATE: usize = 19;
