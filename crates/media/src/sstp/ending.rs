//! How a call ends ([MS-SSTP] 3.1.1.1).
//!
//! ```text
//!  we abort ---> AbortSent ------- Call Abort ------> Aborted -- timer --> down
//!  Call Abort, answered ------------------------------> Aborted
//!  we close ---> DisconnectSent -- Call Disconnect Ack --------------------> down
//!  Call Disconnect, acknowledged ----------------> Disconnected -- timer --> down
//! ```
//!
//! The end of the stream ends each of them at once, and so does its timer.

use super::line::Line;
use super::wire::Message;
use rasman_core::{Cause, Instant};

/// A call that ends, and why.
pub(super) struct Ending {
    pub(super) how: How,
    pub(super) cause: Cause,
}

/// What is waited for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum How {
    /// Call_Abort_Pending: our Call Abort waits for the peer's.
    AbortSent,
    /// Call_Abort_Timeout_Pending: both sent one.
    Aborted,
    /// Call_Disconnect_Ack_Pending: our Call Disconnect waits for its acknowledgement.
    DisconnectSent,
    /// Call_Disconnect_Timeout_Pending: we acknowledged the peer's.
    Disconnected,
}

/// What a message does to an end.
pub(super) enum Step {
    /// It goes on.
    Goes(Ending),
    /// It is over.
    Over(Cause),
}

impl Ending {
    /// Takes a message; what has no meaning any more is ignored.
    pub(super) fn handle(self, now: Instant, message: &Message, line: &mut Line) -> Step {
        match (self.how, message) {
            // 3.1.2.1: timer 1 is stopped, timer 2 runs.
            (How::AbortSent, Message::CallAbort(_)) => Step::Goes(line.wind_down(now, How::Aborted, self.cause)),
            (How::DisconnectSent, Message::CallAbort(_)) => Step::Goes(line.aborted(now, self.cause)),
            (How::DisconnectSent, Message::CallDisconnectAck) => Step::Over(self.cause),
            // 3.2.4.2: "MUST acknowledge the disconnect request ... regardless". Both asked, both acknowledge.
            (How::DisconnectSent, Message::CallDisconnect(_)) => {
                line.answer(&Message::CallDisconnectAck);
                Step::Goes(self)
            }
            (How::AbortSent | How::Aborted | How::DisconnectSent | How::Disconnected, _) => Step::Goes(self),
        }
    }
}
