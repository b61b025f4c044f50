//! What a PPP link tells.

use crate::{AuthProtocol, CallbackOffer};
use core::fmt;
use rasman_auth::Authenticated;
use rasman_auth::eap::Ask;
use rasman_core::{Cause, Duration, EapDialog, Learned, Projection, SessionKeys};

/// What a PPP link tells whoever composes it.
#[non_exhaustive]
pub enum Event {
    /// LCP is Opened and the authentication protocol is agreed. A client waits for
    /// [`Ppp::authenticate`](crate::Ppp::authenticate); a server has sent its challenge.
    LinkEstablished {
        /// What the peers agreed on.
        authentication: AuthProtocol,
    },
    /// The peer negotiates LCP again: authentication and network are void. Another `LinkEstablished` or `Finished`
    /// follows.
    Renegotiating,
    /// The server accepts us and would rather call than be called: it waits for
    /// [`Ppp::choose_callback`](crate::Ppp::choose_callback). It may come again with another offer.
    CallbackOffered(CallbackOffer),
    /// Both have agreed on a callback: a client [ends the link](crate::Ppp::terminate) and waits for the call, a server
    /// makes it once the link is over.
    CallbackAgreed(Option<CallbackCall>),
    /// Authentication succeeded. A client waits for [`Ppp::project`](crate::Ppp::project); a server goes on by itself.
    Authenticated {
        /// The proof; on a client also that the server knows the password.
        token: Authenticated,
        /// The keys as seen from this end.
        keys: SessionKeys,
    },
    /// The server refused the client, or a method of EAP cannot go on (told on the client only).
    AuthenticationRefused {
        /// Why, as the server put it.
        cause: Cause,
        /// Whether an answer is accepted on this link: [`Ppp::change_password`](crate::Ppp::change_password) if the code
        /// is 648 or 709, another [`Ppp::authenticate`](crate::Ppp::authenticate) otherwise.
        retry: bool,
        /// What the user could say to mend it on another link.
        dialog: Option<EapDialog>,
    },
    /// A server that is elsewhere has to judge a response of EAP ([`ServerConfig::eap_elsewhere`]): give its word to
    /// [`Ppp::eap_verdict`](crate::Ppp::eap_verdict).
    ///
    /// [`ServerConfig::eap_elsewhere`]: crate::ServerConfig::eap_elsewhere
    EapResponse {
        /// Which question it is; the answer repeats it.
        number: u64,
        /// The response, and whose it is.
        ask: Ask,
    },
    /// IPCP is Opened: packets flow. It may come again if the peer negotiates again.
    Projected(Projection),
    /// The far network has told something beyond the projection, or takes it back. It is the whole of what is known, and
    /// only the latest matters. On the server it is IPv6 alone, with the identifiers of the link and no addresses.
    Learned(Box<Learned>),
    /// The peer announces that the session ends (RFC 1570 1.2); it is advice, and nothing changes.
    TimeRemaining {
        /// After so many seconds; `u32::MAX` means that there is no limit.
        seconds: u32,
        /// What the peer says to it, as octets of a peer.
        said: Vec<u8>,
    },
    /// The link is over; nothing follows. What `poll_transmit` gives after it still wants to be sent.
    Finished(Cause),
}

/// The call that a server makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallbackCall {
    /// Where to.
    pub number: String,
    /// How long the caller's modem needs before it can be called.
    pub delay: Duration,
}

/// Prints no keys.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkEstablished { authentication } => write!(f, "LinkEstablished({authentication})"),
            Self::Renegotiating => f.write_str("Renegotiating"),
            Self::CallbackOffered(offer) => write!(f, "CallbackOffered({offer:?})"),
            Self::CallbackAgreed(call) => write!(f, "CallbackAgreed({call:?})"),
            Self::Authenticated { token, keys: _ } => write!(f, "Authenticated({token:?})"),
            Self::AuthenticationRefused { cause, retry, dialog } => {
                write!(f, "AuthenticationRefused({cause:?}, retry: {retry}, {dialog:?})")
            }
            Self::EapResponse { number, ask } => write!(f, "EapResponse({number}, {} octets)", ask.response.len()),
            Self::Projected(projection) => write!(f, "Projected({projection:?})"),
            Self::Learned(learned) => write!(f, "Learned({learned})"),
            Self::TimeRemaining { seconds, .. } => write!(f, "TimeRemaining({seconds} s)"),
            Self::Finished(cause) => write!(f, "Finished({cause:?})"),
        }
    }
}
