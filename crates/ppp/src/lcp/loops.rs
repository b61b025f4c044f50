//! Loops found on an established link (RFC 1661 6.4): our own packets come back.

use rasman_core::{Cause, Code, LayerName};

/// Counts packets in a row that carry our own magic number.
#[derive(Default)]
pub(super) struct Loop {
    own: u32,
}

impl Loop {
    /// Looks at the magic number of a packet that its sender marks with its own (Echo-Request, Discard-Request,
    /// Identification, Time-Remaining). A reply is not looked at: there are peers that copy the requester's number.
    ///
    /// # Errors
    /// 737 after [`LOOPED`] of our own in a row, with none of anybody else between.
    pub(super) fn see(&mut self, ours: u32, theirs: u32) -> Result<(), Cause> {
        if ours == 0 || ours != theirs {
            self.own = 0;
            return Ok(());
        }
        self.own += 1;
        if self.own < LOOPED {
            return Ok(());
        }
        Err(looped(format!("got back {LOOPED} of the packets that it had marked with its magic number")))
    }
}

/// Makes the cause of a line that sends our own packets back.
pub(super) fn looped(did: String) -> Cause {
    Cause::new(Code::PPP_LOOPBACK_DETECTED, LayerName::Lcp)
        .did(did)
        .advice("the line sends our own packets back; check the cabling or the carrier")
}

/// One may be an accident: both ends draw 32 bits.
const LOOPED: u32 = 3;
