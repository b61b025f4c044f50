//! One PPP link. (Skeleton: the interface stands, the body follows.)

use crate::{ClientConfig, Event, ServerConfig};
use rasman_auth::Authenticated;
use rasman_core::{Batch, Credentials, DropReason, Input, Instant, Layer, Projection, Rng, Timeout};

/// One PPP link, from the first Configure-Request to the last Terminate-Ack; both roles.
///
/// ```text
/// client: lower_up -> LinkEstablished -> authenticate() -> Authenticated -> project() -> Projected -> Finished
/// server: lower_up -> LinkEstablished ------------------> Authenticated --------------> Projected -> Finished
/// ```
pub struct Ppp {}

#[allow(unused_variables)]
impl Ppp {
    /// Makes the dialling end of a link.
    #[must_use]
    pub fn client(config: ClientConfig, rng: Box<dyn Rng + Send>) -> Self {
        Self {}
    }

    /// Makes the answering end of a link. It passes its own gates: accounts are checked inside, then IPCP starts.
    #[must_use]
    pub fn server(config: ServerConfig, rng: Box<dyn Rng + Send>) -> Self {
        Self {}
    }

    /// Tells that the carrier is up: LCP starts at once. `carrier_mru` is the largest information field, in bytes,
    /// that the carrier takes.
    pub fn lower_up(&mut self, now: Instant, carrier_mru: u16) {}

    /// Tells that the carrier is gone.
    pub fn lower_down(&mut self, now: Instant) {}

    /// Opens the client's first gate: challenges are answered from now on. Called again after
    /// [`Event::AuthenticationRefused`] with `retry`, and after each [`Event::LinkEstablished`].
    pub fn authenticate(&mut self, now: Instant, credentials: Credentials) {}

    /// Opens the client's second gate: IPCP starts.
    pub fn project(&mut self, now: Instant, token: Authenticated) {}

    /// Ends the link in good order: Terminate-Request, then [`Event::Finished`] when the peer has agreed or does not
    /// answer.
    pub fn terminate(&mut self, now: Instant) {}

    /// Gives what IPCP negotiated while it is Opened.
    #[must_use]
    pub fn projection(&self) -> Option<&Projection> {
        None
    }
}

/// A datagram layer: one PPP frame an input, one IP packet a payload.
#[allow(unused_variables)]
impl Layer for Ppp {
    type Event = Event;

    fn handle_input(&mut self, now: Instant, input: &mut [u8]) -> Input {
        Input::Dropped { used: input.len(), reason: DropReason::NotUp }
    }

    fn encap(&mut self, now: Instant, header: &[u8], payload: &[u8], out: &mut Batch) -> Result<(), DropReason> {
        Err(DropReason::NotUp)
    }

    fn handle_timeout(&mut self, now: Instant) {}

    fn poll_transmit(&mut self, now: Instant, out: &mut Batch) -> bool {
        false
    }

    fn poll_event(&mut self) -> Option<Event> {
        None
    }

    fn poll_timeout(&self) -> Option<Timeout> {
        None
    }
}
