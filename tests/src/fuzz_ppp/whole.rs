//! Links that speak all that there is: each method of authentication, IPV6CP with router advertisements and DHCPv6,
//! DHCPINFORM, CCP with MPPE.

use super::{Alice, Bench, PppVictim, echo, take};
use core::net::{Ipv4Addr, Ipv6Addr};
use rasman_core::{AuthMethod, Duration, Layer};
use rasman_ppp::{
    ClientConfig, ClientEap, FarIpv6, FarNetwork, Ipv6Wish, Mppe, MppeStrength, Ppp, ServerConfig, frame,
};
use rasman_testkit::SeededRng;
use std::sync::Arc;

// Each file of bodies is whole by itself: the fuzz workspace includes them one by one.
#[allow(clippy::duplicate_mod)]
#[path = "../../../crates/auth/tests/eap/plain.rs"]
mod plain;

/// Runs a script against a client; the first byte chooses what the link speaks.
pub fn ppp_client_whole(data: &[u8]) {
    let Some((wants, script)) = Wants::read(data) else { return };
    Bench::new(wants.client(1), wants.server(2)).run(script);
}

/// Runs a script against a server; the first byte chooses what the link speaks.
pub fn ppp_server_whole(data: &[u8]) {
    let Some((wants, script)) = Wants::read(data) else { return };
    Bench::new(wants.server(1), wants.client(2)).run(script);
}

/// Packets of DHCP, DHCPv6, router advertisements and solicitations to a link whose host part waits for them: the honest
/// end's, bent behind a right checksum, and made-up ones. The first byte chooses the end.
pub fn ppp_host(data: &[u8]) {
    let Some((first, mut script)) = data.split_first() else { return };
    let wants = Wants { method: AuthMethod::MsChapV2, mppe: false };
    let mut bench = match first & 1 {
        0 => Bench::new(wants.client(1), wants.server(2)),
        _ => Bench::new(wants.server(1), wants.client(2)),
    };
    bench.reach_the_network();
    for _ in 0..STEPS_MAX {
        let Some(step) = take(&mut script, 1).first().copied() else { break };
        bench.hosts_step(step, &mut script);
        bench.pump();
    }
    bench.rest();
}

/// What both ends of a link speak.
#[derive(Copy, Clone, Debug)]
pub struct Wants {
    /// How they authenticate; TLS inside EAP hides nothing.
    pub method: AuthMethod,
    /// Whether they encrypt, where the method has keys.
    pub mppe: bool,
}

impl Wants {
    fn read(data: &[u8]) -> Option<(Self, &[u8])> {
        let (first, script) = data.split_first()?;
        let method = AuthMethod::ALL[usize::from(first & 0x7f) % AuthMethod::ALL.len()];
        Some((Self { method, mppe: first & 0x80 != 0 }, script))
    }

    fn client(self, seed: u64) -> Ppp {
        let config = ClientConfig {
            authentication: vec![self.method],
            eap: ClientEap { tunnels: Arc::new(TUNNELS), ..ClientEap::default() },
            request_nbns: true,
            ipv6: Ipv6Wish::Ask,
            inform: true,
            mppe: self.encryption(),
            echo: echo(),
            identification: Some("fuzz".into()),
            ..ClientConfig::default()
        };
        Ppp::client(config, Box::new(SeededRng::new(seed)))
    }

    fn server(self, seed: u64) -> Ppp {
        let dns = vec![Ipv4Addr::new(10, 66, 0, 53)];
        let config = ServerConfig {
            authentication: vec![self.method],
            tunnels: Arc::new(TUNNELS),
            name: "fuzz".into(),
            retries: 1,
            nbns: dns.clone(),
            dns,
            ipv6: Ipv6Wish::Ask,
            far: far_network(),
            mppe: self.encryption(),
            echo: echo(),
            ..ServerConfig::new(Arc::new(Alice), Ipv4Addr::new(10, 66, 0, 1), Ipv4Addr::new(10, 66, 0, 2))
        };
        Ppp::server(config, Box::new(SeededRng::new(seed)))
    }

    fn encryption(self) -> Option<Mppe> {
        let has_keys = !matches!(self.method, AuthMethod::Pap | AuthMethod::Chap | AuthMethod::EapMd5);
        let strengths = vec![MppeStrength::Bits128, MppeStrength::Bits56, MppeStrength::Bits40];
        (self.mppe && has_keys).then(|| Mppe { strengths, required: false, ..Mppe::default() })
    }
}

impl PppVictim {
    /// Both ends of a link that speaks these, each under attack.
    #[must_use]
    pub fn both(wants: Wants, script: &[u8]) -> [Self; 2] {
        [Self::new(wants.client(1), wants.server(2), script), Self::new(wants.server(1), wants.client(2), script)]
    }
}

/// What a server tells its client by DHCPINFORM, router advertisements and DHCPv6: some of everything.
#[must_use]
pub fn far_network() -> FarNetwork {
    let ipv6 = FarIpv6 {
        prefix: Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0),
        address: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 9)),
        dns: vec![Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)],
        routes: vec![(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 0), 64)],
        mtu: Some(1400),
    };
    FarNetwork {
        routes: vec!["10.0.0.0/8".parse().expect("a network")],
        domain: "corp.test".into(),
        search: vec!["corp.test".into()],
        ipv6: Some(ipv6),
    }
}

impl Bench {
    /// Goes to where packets flow, and to where both hosts have told each other what they have to tell.
    fn reach_the_network(&mut self) {
        let mut script: &[u8] = &[15, 2, 15, 3, 15, 15];
        self.ppp.lower_up(self.now, 1500);
        self.peer.lower_up(self.now, 1500);
        self.pump();
        while let Some(step) = take(&mut script, 1).first().copied() {
            self.step(step, &mut script);
            self.pump();
        }
        assert!(self.ppp.projection().is_some() && self.peer.projection().is_some());
    }

    fn hosts_step(&mut self, step: u8, script: &mut &[u8]) {
        match step % 4 {
            0 => self.deliver(),
            1 => {
                let bend = take(script, 3).to_vec();
                let (Some(raw), [high, low, value]) = (self.to_ppp.pop_front(), &bend[..]) else { return };
                self.input(bent(raw, usize::from(u16::from_be_bytes([*high, *low])), *value));
            }
            2 => {
                let tens = take(script, 1).first().copied().unwrap_or_default();
                self.now += Duration::from_millis(u64::from(tens) * 100);
                self.peer.handle_timeout(self.now);
                self.ppp.handle_timeout(self.now);
            }
            _ => {
                let (kind, length) = match take(script, 2) {
                    [kind, length] => (*kind, usize::from(*length)),
                    _ => return,
                };
                let body = take(script, length).to_vec();
                let from = self.ppp.ipv6().map_or(Ipv6Addr::UNSPECIFIED, |link| link.peer_address());
                self.input(made_up(kind, from, &body));
            }
        }
    }
}

/// A frame with an octet changed behind its header; checksums are made right again.
fn bent(mut raw: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    let Ok((protocol, range)) = frame::parse(&raw) else { return raw };
    let mut packet = raw.split_off(range.start);
    if let Some(octet) = packet.get_mut(at) {
        *octet = value;
    }
    seal(&mut packet);
    [&frame::header(protocol)[..], &packet].concat()
}

/// A frame whose packet has this body: 0 DHCP to a client, 1 to a server, 2 DHCPv6 to a client, 3 to a server, else ICMPv6.
fn made_up(kind: u8, from: Ipv6Addr, body: &[u8]) -> Vec<u8> {
    let udp = |source: u16, to: u16| {
        let length = u16::try_from(8 + body.len()).expect("an octet of length");
        [&source.to_be_bytes()[..], &to.to_be_bytes(), &length.to_be_bytes(), &[0, 0], body].concat()
    };
    let (protocol, mut packet) = match kind % 5 {
        0 => (0x21, ipv4(&udp(67, 68))),
        1 => (0x21, ipv4(&udp(68, 67))),
        2 => (0x57, ipv6(from, 17, &udp(547, 546))),
        3 => (0x57, ipv6(from, 17, &udp(546, 547))),
        _ => (0x57, ipv6(from, 58, body)),
    };
    seal(&mut packet);
    [&[0xff, 3, 0, protocol][..], &packet].concat()
}

fn ipv4(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).expect("a short packet").to_be_bytes();
    let head = [0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, 17, 0, 0, 10, 66, 0, 1, 255, 255, 255, 255];
    [&head[..], payload].concat()
}

/// To all nodes.
fn ipv6(from: Ipv6Addr, next: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short packet").to_be_bytes();
    let mut head = vec![0x60, 0, 0, 0, length[0], length[1], next, 255];
    head.extend(from.octets());
    head.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    [&head[..], payload].concat()
}

/// Makes the checksums of a packet right, as far as it is whole.
fn seal(packet: &mut [u8]) {
    let (header, protocol, addresses) = match packet.first().map(|octet| octet >> 4) {
        Some(4) if packet.len() >= 28 => (20, packet[9], 12..20),
        Some(6) if packet.len() >= 48 => (40, packet[6], 8..40),
        _ => return,
    };
    let put = |packet: &mut [u8], at: usize, sum: u16| packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    if header == 20 {
        put(packet, 10, 0);
        let sum = checksum(&packet[..20]);
        put(packet, 10, sum);
    }
    let at = match protocol {
        17 => header + 6,
        58 => header + 2,
        _ => return,
    };
    put(packet, at, 0);
    let length = u32::try_from(packet.len() - header).expect("a short packet").to_be_bytes();
    let pseudo = [&packet[addresses], &length, &[0, 0, 0, protocol], &packet[header..]].concat();
    let sum = checksum(&pseudo);
    put(packet, at, if sum == 0 { 0xffff } else { sum });
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0))).sum::<u32>();
    let sum = (sum & 0xffff) + (sum >> 16);
    !((sum & 0xffff) + (sum >> 16)) as u16
}

const TUNNELS: plain::PlainTunnels = plain::PlainTunnels { tls13: true };
/// The most steps of a script.
const STEPS_MAX: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    /// Random bytes, the same each time.
    fn chance(count: u64, mut body: impl FnMut(Vec<u8>)) {
        let mut rng = SeededRng::new(43);
        for _ in 0..count {
            let length = rng.below(200) as usize;
            body((0..length).map(|_| rng.below(256) as u8).collect());
        }
    }

    #[test]
    fn an_honest_script_reaches_the_projection_with_each_method() {
        for (first, method) in (0..).zip(AuthMethod::ALL) {
            for mppe in [0, 0x80] {
                for reach in [ppp_client_whole, ppp_server_whole] {
                    reach(&[first | mppe, 15, 2, 15, 3, 15, 15, 13]);
                }
                let (wants, _) = Wants::read(&[first | mppe]).unwrap();
                let mut bench = Bench::new(wants.client(1), wants.server(2));
                bench.reach_the_network();
                assert!(bench.ppp.ipv6().is_some(), "{method}");
                assert_eq!(bench.ppp.is_encrypted(), wants.encryption().is_some(), "{method}");
            }
        }
    }

    #[test]
    fn scripts_of_chance_find_nothing() {
        chance(300, |script| ppp_client_whole(&script));
        chance(300, |script| ppp_server_whole(&script));
        chance(500, |script| ppp_host(&script));
        chance(300, |end| ppp_client_whole(&[&[end.len() as u8, 15, 2, 15, 3, 15], &end[..]].concat()));
        chance(300, |end| ppp_server_whole(&[&[end.len() as u8, 15, 15], &end[..]].concat()));
    }

    #[test]
    fn the_host_part_takes_what_is_made_up_with_a_right_checksum() {
        // RFC 4861 4.2: a router for half an hour.
        let advertisement = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        let wants = Wants { method: AuthMethod::MsChapV2, mppe: false };
        let mut bench = Bench::new(wants.client(1), wants.server(2));
        bench.reach_the_network();
        let mut raw = made_up(4, bench.ppp.ipv6().unwrap().peer_address(), &advertisement);
        assert!(matches!(bench.ppp.handle_input(bench.now, &mut raw), rasman_core::Input::Consumed { .. }));
    }
}
