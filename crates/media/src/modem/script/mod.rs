//! Login scripts: the scripting language of Windows' dial-up networking (`.scp`), between the modem and PPP.
//!
//! ```text
//! text -> token -> syntax (types checked, labels found) -> Script: a list of steps -> Run: octets and time go in,
//!                                                                                   octets and commands come out
//! ```
//!
//! Names and keywords are read without regard to case. The whole text is checked before anything is dialled. A run is
//! bounded in steps, in time, in what it sends, and in what it keeps, whatever script and peer do.

mod expression;
mod literal;
mod matching;
mod run;
mod syntax;
#[cfg(test)]
mod tests;
mod token;

pub use run::{Progress, Run};

use core::fmt;
use expression::{Expression, Type};
use rasman_core::{Cause, Code, LayerName, LoginScript, Parity, StopBits};

/// A script that has been checked.
#[derive(Clone)]
pub struct Script {
    steps: Vec<Step>,
    /// The types of its variables, which begin as 0, empty or FALSE.
    variables: Vec<Type>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The first line that cannot be right.
    pub fn parse(text: &[u8]) -> Result<Self, SyntaxError> {
        syntax::parse(text)
    }

    /// Reads the script of an entry.
    ///
    /// # Errors
    /// 752, with the line.
    pub(super) fn of(script: &LoginScript) -> Result<Self, Cause> {
        Self::parse(script.text.expose()).map_err(|wrong| {
            Cause::new(Code::SCRIPT_SYNTAX, LayerName::Settings)
                .did(format!("read the script {}, {wrong}", script.name))
                .advice("mend the script on that line, or take it out of the entry")
        })
    }
}

/// What is wrong with a script, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong, as a sentence without its end.
    pub problem: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for SyntaxError {}

/// A script may hold a password.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("steps", &self.steps.len()).finish_non_exhaustive()
    }
}

/// A command, and the line on which it stands.
#[derive(Clone)]
struct Step {
    line: u32,
    command: Command,
}

/// What a script does. Structures are jumps, to the number of a step.
#[derive(Clone)]
enum Command {
    Assign {
        variable: usize,
        value: Source,
    },
    /// `raw`: nothing in the text is translated.
    Transmit {
        text: Expression,
        raw: bool,
    },
    WaitFor {
        texts: Vec<Awaited>,
        until: Option<Expression>,
    },
    Delay(Expression),
    Jump(usize),
    JumpUnless(Expression, usize),
    /// Waits for an address and forgets it.
    GetIp(Option<Expression>),
    SetIp(Source),
    SetPort(PortSetting),
    /// What the terminal window would do; there is none.
    SetScreen,
    Halt,
}

/// A text that is waited for.
#[derive(Clone)]
struct Awaited {
    text: Expression,
    match_case: bool,
    /// Where the script goes on if it comes; behind the command without it.
    then: Option<usize>,
}

/// Where a value comes from.
#[derive(Clone)]
enum Source {
    Value(Expression),
    /// `getip`: the so manieth address that comes, the first without a number.
    Received(Option<Expression>),
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum PortSetting {
    DataBits(u8),
    Parity(Parity),
    StopBits(StopBits),
}
