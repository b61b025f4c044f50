//! Time limits.

use rasman_core::Duration;

/// The time limits of [MS-SSTP], with its recommended values as the default.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How long the peer may take for each step of the set-up ([MS-SSTP] 3.2.2.1, 3.3.2.1: SHOULD be 60 s).
    pub negotiation: Duration,
    /// After how long a silence an Echo Request is sent, and again how long its answer may take
    /// ([MS-SSTP] 3.2.2.2, 3.3.2.2: SHOULD be 60 s).
    pub hello: Duration,
    /// How long a Call Abort of ours waits for the peer's ([MS-SSTP] 3.1.2.1: timer 1 SHOULD be 3 s).
    pub abort: Duration,
    /// How long the connection is kept after both sent Call Abort ([MS-SSTP] 3.1.2.1: timer 2 SHOULD be 1 s).
    pub abort_linger: Duration,
    /// How long a Call Disconnect of ours waits for its acknowledgement ([MS-SSTP] 3.1.2.2: timer 1 SHOULD be 5 s).
    pub disconnect: Duration,
    /// How long the connection is kept after we acknowledged a Call Disconnect ([MS-SSTP] 3.1.2.2: timer 2 SHOULD
    /// be 1 s).
    pub disconnect_linger: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            negotiation: Duration::from_secs(60),
            hello: Duration::from_secs(60),
            abort: Duration::from_secs(3),
            abort_linger: Duration::from_secs(1),
            disconnect: Duration::from_secs(5),
            disconnect_linger: Duration::from_secs(1),
        }
    }
}
