//! What went wrong, for people and for programs.

use crate::exit::Exit;
use crate::output::{Paint, Painter, json, wrap};
use rasman::{Cause, Code, Error, LayerName};
use serde_json::{Value, json};
use std::fmt;

/// Why a command failed: one line in plain words, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The line; for a cause, what stands before it ("the connection ended"), or nothing.
    what: String,
    advice: String,
    cause: Option<Box<Cause>>,
}

impl Failure {
    /// The command line is wrong.
    pub(crate) fn usage(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what, advice)
    }

    /// Something else than a dial failed.
    pub(crate) fn new(exit: Exit, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { exit, what: what.into(), advice: advice.into(), cause: None }
    }

    /// A file or another thing of the system failed.
    pub(crate) fn system(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            std::io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Failure,
        };
        Self::new(exit, format!("{what}: {}", plain(error)), "")
    }

    /// Says first what the cause was the end of.
    pub(crate) fn during(what: impl Into<String>, cause: Cause) -> Self {
        Self { what: what.into(), ..Self::from(cause) }
    }

    /// Chooses another exit code than the cause's.
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Gives the whole cause, if a manager told one.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_deref()
    }

    /// Gives the block for people: a line in plain words; then layer, what we did, what the peer said, what to change.
    pub(crate) fn block(&self, painter: Painter, program: &str, width: Option<usize>) -> String {
        let headline = wrap(&self.headline(), width, program.len() + 2);
        let mut text = painter.paint(Paint::Bad, format_args!("{program}: {headline}"));
        let mut row = |name: &str, value: &str| {
            if !value.is_empty() {
                let name = format!("{name:<ROW_NAME$}");
                let value = wrap(value, width, ROW_NAME + 3);
                text.push_str(&format!("\n  {} {value}", painter.paint(Paint::Dim, name)));
            }
        };
        if let Some(cause) = &self.cause {
            row("layer", &cause.layer.to_string());
            row("we", &cause.did);
            row("the peer", &cause.said);
            row("try", &cause.advice);
        }
        row("try", &self.advice);
        text
    }

    /// Gives the document for programs.
    pub(crate) fn json(&self) -> Value {
        let mut error = match &self.cause {
            Some(cause) => json::cause(cause),
            None => json!({}),
        };
        error["message"] = json!(self.headline());
        error["exit"] = json!(self.exit.number());
        if !self.advice.is_empty() {
            error["advice"] = json!(self.advice);
        }
        json!({ "error": error })
    }

    /// Gives the one line in plain words.
    pub(crate) fn headline(&self) -> String {
        let Some(cause) = &self.cause else { return self.what.clone() };
        let sentence = match cause.code {
            // Its sentence is for who calls functions.
            Code::INVALID_PARAMETER => "A setting or an argument is wrong",
            // Clause A13: the number is the same, and no server was asked.
            Code::AUTHENTICATION_FAILURE if cause.layer == LayerName::User => {
                "There are no user name and password to log in with"
            }
            code => code.sentence().unwrap_or("an error that has no sentence").trim_end_matches('.'),
        };
        let before = if self.what.is_empty() { String::new() } else { format!("{}: ", self.what) };
        format!("{before}error {}: {sentence}", number(cause.code))
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        let exit = match Exit::of(cause.code) {
            // No port for settings that nothing can dial is no port that somebody else has.
            Exit::Busy if cause.layer == LayerName::Settings => Exit::Settings,
            exit => exit,
        };
        Self { exit, what: String::new(), advice: String::new(), cause: Some(Box::new(cause)) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(error.0)
    }
}

/// Gives the number alone: decimal for small ones, hexadecimal for HRESULTs.
pub(crate) fn number(code: Code) -> String {
    if code.0 < 0x8000_0000 { code.0.to_string() } else { format!("0x{:08X}", code.0) }
}

/// Says what the system says, without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The width of the names of a block's rows.
const ROW_NAME: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Failure {
        Failure::from(
            Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::Auth)
                .did("sent the MS-CHAPv2 response of alice")
                .said("E=691 R=0")
                .advice("check the user name, the password and the domain"),
        )
    }

    #[test]
    fn a_cause_is_a_block_with_a_line_for_each_part() {
        let block = refused().block(Painter::plain(), "rasctl", None);
        let lines: Vec<_> = block.lines().collect();
        assert!(lines[0].starts_with("rasctl: error 691: The server refused"), "{block}");
        assert_eq!(
            lines[1..],
            [
                "  layer    authentication",
                "  we       sent the MS-CHAPv2 response of alice",
                "  the peer E=691 R=0",
                "  try      check the user name, the password and the domain",
            ]
        );
    }

    #[test]
    fn rows_are_wrapped_to_the_terminal() {
        let block = refused().block(Painter::plain(), "rasctl", Some(40));
        assert!(block.lines().all(|line| line.len() <= 40), "{block}");
        assert!(
            block.ends_with("\n  try      check the user name, the\n           password and the domain"),
            "{block}"
        );
    }

    #[test]
    fn json_tells_the_same_in_fields() {
        let error = refused().json();
        assert_eq!(error["error"]["code"], 691);
        assert_eq!(error["error"]["exit"], 13);
        assert_eq!(error["error"]["said"], "E=691 R=0");
        assert_eq!(Failure::usage("no server", "name one").json()["error"]["advice"], "name one");
    }
}
