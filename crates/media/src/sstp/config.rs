//! Time limits.

use rasman_core::Duration;

/// The time limits of both roles. The default has the values that [MS-SSTP] recommends, but for `authentication` of
/// the client.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long the peer may take for each step of the set-up: the HTTP answer (4.1: 60 s), the answer to the Call
    /// Connect Request (3.2.2.1: SHOULD be 60 s); on the server the HTTP request, the Call Connect Request, and the
    /// Call Connected (3.3.2.1: SHOULD be 60 s).
    pub negotiation: Duration,
    /// How long the client lets the authentication inside last before it aborts the call itself (3.2.2.1: SHOULD be
    /// 60 s, but MAY differ). None by default: the connection that owns this link has a limit for each stage, and a
    /// program that was notified may hold a dial as long as it likes (clause A24). A server still has its limit.
    pub authentication: Option<Duration>,
    /// After which silence an Echo Request is sent, and how long the silence may then go on (3.1.2.3: SHOULD be 60 s).
    pub hello: Duration,
    /// How long our Call Abort waits for the peer's (3.1.2.1: timer 1 SHOULD be 3 s).
    pub abort: Duration,
    /// How long we wait for the stream to end after both sent Call Abort (3.1.2.1: timer 2 SHOULD be 1 s).
    pub abort_linger: Duration,
    /// How long our Call Disconnect waits for its acknowledgement (3.1.2.2: timer 1 SHOULD be 5 s).
    pub disconnect: Duration,
    /// How long we wait for the stream to end after we acknowledged a Call Disconnect (3.1.2.2: timer 2 SHOULD be
    /// 1 s).
    pub disconnect_linger: Duration,
    /// How often a refused Call Connect Request is repeated (3.2.5.3.3: an implementation-dependent number of
    /// times). The request would be the same, and so would be the answer: 0.
    pub nak_retries: u32,
    /// Until when after our Call Connected an abort is taken for a refused crypto binding: 10 s. SSTP has no answer
    /// to that message, so only the time tells.
    pub binding_doubt: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            negotiation: Duration::from_secs(60),
            authentication: None,
            hello: Duration::from_secs(60),
            abort: Duration::from_secs(3),
            abort_linger: Duration::from_secs(1),
            disconnect: Duration::from_secs(5),
            disconnect_linger: Duration::from_secs(1),
            nak_retries: 0,
            binding_doubt: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Tells how long an orderly end may take at the most: our disconnect, aborted by the peer at its end.
    pub(super) fn close_limit(&self) -> Duration {
        let disconnect = self.disconnect + self.abort_linger.max(self.disconnect_linger);
        disconnect.max(self.abort + self.abort_linger)
    }
}
