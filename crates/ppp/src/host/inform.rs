//! DHCPINFORM over PPP: routes and the DNS suffix, which IPCP cannot tell (RFC 2131 3.4, [MS-DHCPE]; RRAS answers it).

use super::dhcp4::{self, CLIENT_PORT, SERVER_PORT, Told};
use super::ip::Udp4;
use core::net::Ipv4Addr;
use rasman_core::{Duration, Instant, Rng, Timeout};

/// Asks until somebody answers, a few times. Nobody may answer: that is no error.
#[derive(Default)]
pub(super) struct Inform {
    asking: Option<Asking>,
}

struct Asking {
    xid: u32,
    address: Ipv4Addr,
    next: Instant,
    sent: u32,
}

impl Inform {
    pub(super) fn start(&mut self, now: Instant, address: Ipv4Addr, rng: &mut dyn Rng) {
        self.asking = Some(Asking { xid: rng.u32(), address, next: now, sent: 0 });
    }

    /// Tells whether an answer is waited for.
    pub(super) fn waits(&self) -> bool {
        self.asking.is_some()
    }

    /// Takes a packet if it is the answer.
    pub(super) fn input(&mut self, packet: &[u8]) -> Option<Told> {
        let asking = self.asking.as_ref()?;
        let udp = Udp4::parse(packet)?;
        if (udp.from.1, udp.to.1) != (SERVER_PORT, CLIENT_PORT) {
            return None;
        }
        let told = dhcp4::parse_ack(udp.payload, asking.xid)?;
        self.asking = None;
        Some(told)
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        let Some(asking) = self.asking.as_mut().filter(|asking| asking.next <= now) else { return };
        if asking.sent == TRANSMISSIONS {
            self.asking = None;
            return;
        }
        let message = dhcp4::inform(asking.xid, asking.address);
        let (from, to) = ((asking.address, CLIENT_PORT), (Ipv4Addr::BROADCAST, SERVER_PORT));
        out.push(Udp4 { from, to, payload: &message }.emit());
        // RFC 2131 4.1: 4 seconds, doubled each time. No jitter: nobody else is on this link.
        asking.next = now + FIRST_WAIT * 2_u32.pow(asking.sent);
        asking.sent += 1;
    }

    pub(super) fn timeout(&self) -> Option<Timeout> {
        self.asking.as_ref().map(|asking| Timeout { at: asking.next, why: "DHCPINFORM" })
    }
}

/// At 0, 4, 12 and 28 s; given up at 60 s.
const TRANSMISSIONS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(4);
