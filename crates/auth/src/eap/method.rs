//! What a method of EAP looks like to [`Peer`](super::Peer) and [`Server`](super::Server).

use crate::Accounts;
use rasman_core::{Cause, Credentials, DropReason, EapDialog, Rng, Secret, SessionKeys};

/// A method at the peer's end: one exchange.
pub(crate) trait Method: Send {
    /// Answers a request; `None` if the user has to be asked first. `id` is the request's.
    fn request(&mut self, id: u8, data: &[u8], rng: &mut dyn Rng) -> Result<Option<Vec<u8>>, DropReason>;

    fn state(&self) -> State;

    /// Gives the keys once it is proven; none are empty.
    fn keys(&self) -> SessionKeys;

    /// Answers the request that was left open, with other credentials.
    fn retry(&mut self, credentials: &Credentials, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let _ = (credentials, rng);
        None
    }

    /// Answers the request that was left open, with a new password.
    fn change_password(&mut self, new: &Secret, rng: &mut dyn Rng) -> Option<Vec<u8>> {
        let _ = (new, rng);
        None
    }
}

/// How far a method is at the peer's end.
#[derive(Clone)]
pub(crate) enum State {
    Running,
    /// All that it demands is proven: a Success is believed.
    Proven,
    /// The request was left open: the user may mend it.
    Paused {
        cause: Cause,
        expired: bool,
    },
    /// The server refuses; its Failure follows.
    Refused(Cause),
    /// We end it.
    Failed {
        cause: Cause,
        dialog: Option<EapDialog>,
    },
}

/// A method at the server's end: one exchange.
pub(crate) trait ServerMethod: Send {
    /// Gives the first request.
    fn start(&mut self, id: u8, rng: &mut dyn Rng) -> Vec<u8>;

    /// Judges a response. `id` is the response's, `next` that of the request that may follow.
    fn response(&mut self, id: u8, next: u8, data: &[u8], context: &mut Context<'_>) -> Result<Verdict, DropReason>;
}

/// What a server's method looks at.
pub(crate) struct Context<'a> {
    pub(crate) accounts: &'a dyn Accounts,
    /// Whom the peer said to be.
    pub(crate) identity: &'a str,
    pub(crate) rng: &'a mut dyn Rng,
}

/// What a server's method makes of a response.
pub(crate) enum Verdict {
    Request(Vec<u8>),
    Granted { user: String, keys: SessionKeys },
    Refused(Cause),
}

/// The keys of a method that has none.
pub(crate) fn no_keys() -> SessionKeys {
    SessionKeys { master_send: Vec::new(), master_receive: Vec::new() }
}
