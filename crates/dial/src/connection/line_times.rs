//! What the speed of a line makes of waits: a slow one takes long to show that somebody is at its other end.

use super::*;
use rasman_core::line_time;
use rasman_ppp::{Echo, Negotiation};

impl Connection {
    /// Tells PPP what to expect of the line that is up. SSTP has a keep-alive of its own.
    pub(super) fn set_times(&mut self) {
        let Some(speed) = self.line_speed() else { return };
        let echo = echo(speed, self.plan.entry.network.mru);
        self.layers.ppp.set_times(Negotiation::restart_on_line(speed), Some(echo));
    }

    /// Gives the speed of a line, in bits a second, or the least that it may have.
    fn line_speed(&self) -> Option<u32> {
        let Medium::Serial(settings) = self.medium() else { return None };
        Some(settings.speed(self.layers.link.speed()))
    }

    pub(super) fn lcp_limit(&self) -> Duration {
        self.and_line(self.plan.config.lcp, NEGOTIATION)
    }

    pub(super) fn authentication_limit(&self) -> Duration {
        self.and_line(self.plan.config.authentication, AUTHENTICATION)
    }

    pub(super) fn projection_limit(&self) -> Duration {
        self.and_line(self.plan.config.projection, NEGOTIATION)
    }

    /// Gives a stage of PPP more time by what so many octets take on the line.
    fn and_line(&self, limit: Duration, octets: usize) -> Duration {
        limit + self.line_speed().map_or(Duration::ZERO, |speed| line_time(octets, speed))
    }
}

/// A line without carrier detection has no other way to tell that nobody is there than echoes, and their answers may be late:
/// the peer's goes behind the frame that it is just sending, which tells us nothing before it has come as a whole. So the
/// interval is [`PATIENCE`] and the time of a frame as long as our MRU. What waits at our own end counts only while it is
/// there ([`Ppp::busy_until`]).
///
/// | bit/s | interval | silence until the peer is given up, where nothing waits here |
/// | --- | --- | --- |
/// | 300 | 65 s | 326 s |
/// | 2,400 | 21 s | 106 s |
/// | 33,600 | 15.4 s | 77 s |
/// | 115,200 | 15.1 s | 75 s |
fn echo(speed: u32, mru: u16) -> Echo {
    Echo { interval: PATIENCE + line_time(usize::from(mru) + FRAME, speed), failures: FAILURES }
}

/// What modems that correct errors, satellites and a busy peer take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Flags, header and checksum.
const FRAME: usize = 10;
/// So many requests in a row are lost to noise on no line that is of use.
const FAILURES: u32 = 4;

/// Ten requests of each end, and their answers.
const NEGOTIATION: usize = 2_560;
/// EAP with certificates.
const AUTHENTICATION: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_true() {
        for (speed, interval, silence) in [(300, 65, 326), (2_400, 21, 106), (33_600, 15, 77), (115_200, 15, 75)] {
            let echo = echo(speed, 1500);
            assert_eq!(echo.interval.as_secs(), interval, "{speed}");
            assert_eq!((echo.interval * (echo.failures + 1)).as_secs(), silence, "{speed}");
        }
        // A speed that nobody knows costs nothing.
        assert_eq!(echo(0, 1500).interval, PATIENCE);
        assert_eq!(Negotiation::restart_on_line(0), Negotiation::default().restart);
    }
}
