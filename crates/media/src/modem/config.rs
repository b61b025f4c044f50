//! Time limits of a serial line.

use rasman_core::Duration;

/// Time limits of a serial line; the modem's own are in its profile.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// After which silence `CLIENT` is sent again to a null modem.
    pub greeting: Duration,
    /// How often it is sent.
    pub greetings: u32,
    /// How long an answering end waits for a call, or for a greeting.
    pub call: Duration,
    /// How long the other end may take to answer the goodbye of the layers above, where nothing else gives it the time.
    pub parting: Duration,
    /// How long DTR stays down before the port is closed, unless the carrier drops sooner.
    pub dtr: Duration,
    /// How long a modem may take to answer the escape, and then to hang up.
    pub hang_up: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: Duration::from_secs(1),
            greetings: 10,
            call: Duration::from_secs(24 * 3600),
            // A Terminate-Request and its answer at 1,200 bit/s; on a faster line the answer ends it.
            parting: Duration::from_millis(800),
            // V.250 6.3.11 leaves it to the modem; S25 of most is 50 ms, and the slowest want half a second.
            dtr: Duration::from_millis(500),
            hang_up: Duration::from_millis(700),
        }
    }
}
