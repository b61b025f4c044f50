//! What a link of the answering end tells beyond what every link does.

use rasman_core::Link;
use rasman_media::modem::SerialLink;
use rasman_media::sstp;

/// A link of the answering end.
pub(crate) trait Answering: Link {
    /// Tells whether packets may flow, as far as the link has a say in it.
    fn is_bound(&self) -> bool;

    /// Tells whether the link binds the authentication inside.
    fn binds(&self) -> bool;
}

impl Answering for sstp::Server {
    fn is_bound(&self) -> bool {
        Self::is_bound(self)
    }

    fn binds(&self) -> bool {
        true
    }
}

impl Answering for SerialLink {
    fn is_bound(&self) -> bool {
        true
    }

    fn binds(&self) -> bool {
        false
    }
}
