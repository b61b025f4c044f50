//! The Callback option (RFC 1570 2.3), with CBCP as the one operation that is spoken.

use crate::options::{RawOption, Reply};
use rasman_core::{Cause, Code, LayerName};

/// What this end makes of the option.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Callback {
    /// A client asks for it.
    Asked,
    /// A client does not want it; so often the server asked for it in a Nak.
    Unwanted(u32),
    /// A server agrees to it, or has to have it.
    Offered { demanded: bool },
    /// Nobody calls back here.
    #[default]
    Rejected,
}

impl Callback {
    /// The client's wish.
    pub(crate) fn client(wanted: bool) -> Self {
        if wanted { Self::Asked } else { Self::Unwanted(0) }
    }

    pub(super) fn is_asked(&self) -> bool {
        *self == Self::Asked
    }

    pub(super) fn is_demanded(&self) -> bool {
        *self == Self::Offered { demanded: true }
    }

    /// Judges the peer's wish to be called back; tells whether it is granted.
    pub(super) fn judge(&self, option: RawOption<'_>, reply: &mut Reply) -> bool {
        match (self, option.value) {
            // [MS-CBCP] 2.2.1: what follows the operation is passed over.
            (Self::Offered { .. }, [operation, ..]) if [*operation] == BY_CBCP => return true,
            // RFC 1570 2.3: other operations name the number before it is known who calls.
            (Self::Offered { .. }, _) => reply.nak(option, &BY_CBCP),
            (Self::Asked | Self::Unwanted(_) | Self::Rejected, _) => reply.reject(option),
        }
        false
    }

    /// The server wants the option, or another operation of it.
    pub(super) fn naked(&mut self, max_failure: u32) -> Result<(), Cause> {
        match self {
            Self::Unwanted(times) => {
                *times += 1;
                if *times > max_failure {
                    return Err(refused());
                }
            }
            // It knows operations that we do not.
            Self::Asked => *self = Self::Rejected,
            Self::Offered { .. } | Self::Rejected => {}
        }
        Ok(())
    }

    /// The server calls nobody back.
    pub(super) fn rejected(&mut self) {
        if self.is_asked() {
            *self = Self::Rejected;
        }
    }

    /// Gives the cause if the server has asked in vain.
    pub(super) fn refused(&self) -> Option<Cause> {
        matches!(self, Self::Unwanted(1..)).then(refused)
    }
}

fn refused() -> Cause {
    Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Cbcp)
        .did("did not agree to be called back, as the entry does not allow it")
        .said("demanded to negotiate a callback")
        .advice("allow it in the entry (CallbackMode), or dial with a callback number")
}

/// RFC 1570 2.3: the location is determined during CBCP.
pub(super) const BY_CBCP: [u8; 1] = [6];
