//! How a line is hung up, in a bounded time.

use super::Config;
use super::at::Reply;
use super::at::dialogue::GUARD;
use rasman_core::{Cause, Instant, Timeout};

/// A line that is being hung up.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) cause: Cause,
    step: Step,
    deadline: Timeout,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Step {
    /// The goodbye of the layers above is on its way; any frame is taken for its answer.
    Parting,
    /// DTR is down.
    DtrDown,
    /// A modem that still dials was told to stop by a character (V.250 5.6.1).
    Aborting,
    /// Silence before `+++`.
    Silence,
    /// `+++` was sent.
    Escaped,
    /// `ATH` was sent.
    HangingUp,
}

impl Ending {
    /// The other end gets the time to answer.
    pub(super) fn parting(now: Instant, config: &Config, cause: Cause) -> Self {
        Self {
            cause,
            step: Step::Parting,
            deadline: Timeout { at: now + config.parting, why: "answer to the goodbye" },
        }
    }

    /// Tells whether frames still come.
    pub(super) fn is_parting(&self) -> bool {
        self.step == Step::Parting
    }

    /// DTR was dropped.
    pub(super) fn by_dtr(now: Instant, config: &Config, cause: Cause) -> Self {
        Self { cause, step: Step::DtrDown, deadline: Timeout { at: now + config.dtr, why: "modem hangs up by DTR" } }
    }

    /// The modem carries data: escape first.
    pub(super) fn by_escape(now: Instant, cause: Cause) -> Self {
        Self { cause, step: Step::Silence, deadline: Timeout { at: now + GUARD, why: "silence before +++" } }
    }

    /// The modem takes commands.
    pub(super) fn by_command(now: Instant, config: &Config, cause: Cause, out: &mut Vec<u8>) -> Self {
        out.push(b'\r');
        Self {
            cause,
            step: Step::Aborting,
            deadline: Timeout { at: now + config.hang_up, why: "modem stops dialling" },
        }
    }

    pub(super) fn timeout(&self) -> Timeout {
        self.deadline
    }

    /// Takes a line of the modem; tells whether the line is down.
    pub(super) fn handle_line(&mut self, now: Instant, config: &Config, line: &str, out: &mut Vec<u8>) -> bool {
        match (self.step, Reply::parse(line)) {
            (Step::Escaped, Reply::Ok) | (Step::Aborting, Reply::Ok | Reply::Error(_)) => {
                self.hang_up(now, config, out);
                false
            }
            (Step::HangingUp, Reply::Ok | Reply::Error(_)) => true,
            (_, Reply::NoCarrier) => true,
            _ => false,
        }
    }

    /// Does what is due; tells whether there is nothing more to wait for.
    pub(super) fn handle_timeout(&mut self, now: Instant, config: &Config, out: &mut Vec<u8>) -> bool {
        if now < self.deadline.at {
            return false;
        }
        match self.step {
            Step::Parting | Step::DtrDown | Step::HangingUp => return true,
            Step::Silence => {
                out.extend_from_slice(b"+++");
                self.step = Step::Escaped;
                self.deadline = Timeout { at: now + GUARD, why: "silence behind +++" };
            }
            // A modem that did not say OK may have heard all the same.
            Step::Escaped | Step::Aborting => self.hang_up(now, config, out),
        }
        false
    }

    fn hang_up(&mut self, now: Instant, config: &Config, out: &mut Vec<u8>) {
        out.extend_from_slice(b"ATH0\r");
        self.step = Step::HangingUp;
        self.deadline = Timeout { at: now + config.hang_up, why: "modem hangs up" };
    }
}
