//! The host part: DHCPINFORM, router advertisements and DHCPv6, against our own answering side and by hand.

use crate::common::*;
use core::net::Ipv6Addr;
use rasman_core::{Duration, Instant, Layer, Learned};
use rasman_ppp::{ClientConfig, Event, FarIpv6, FarNetwork, Ipv6Wish, Ppp, ServerConfig};
use rasman_testkit::{Pair, Trace, Weather};

const PREFIX: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0);
const DNS6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0x53);
const MANAGED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0x99);

fn far(address: Option<Ipv6Addr>) -> FarNetwork {
    FarNetwork {
        routes: vec!["10.0.0.0/8".parse().unwrap(), "192.168.7.0/24".parse().unwrap()],
        domain: "corp.example".into(),
        search: vec!["corp.example".into(), "lab.example".into()],
        ipv6: Some(FarIpv6 {
            prefix: PREFIX,
            address,
            dns: vec![DNS6],
            routes: vec![("2001:db8:7::".parse().unwrap(), 48)],
            mtu: Some(1400),
        }),
    }
}

fn client_config() -> ClientConfig {
    ClientConfig { inform: true, ipv6: Ipv6Wish::WhenOffered, ..ClientConfig::default() }
}

fn pair(far: FarNetwork, weather: Weather, seed: u64) -> Pair<Ppp, Ppp> {
    let server = server(ServerConfig { far, ipv6: Ipv6Wish::Ask, ..server_config() }, seed + 1);
    let mut pair = Pair::datagrams(client(client_config(), seed), server, weather, seed);
    pair.a.layer.lower_up(Instant::ZERO, 1500);
    pair.b.layer.lower_up(Instant::ZERO, 1500);
    pair
}

/// Runs until `until`, in steps that let the gates be opened; gives the last that was learned.
fn learn(pair: &mut Pair<Ppp, Ppp>, until: Instant) -> Learned {
    let mut last = Learned::default();
    let step = until.since(pair.now()) / 20;
    for n in 1..=20 {
        let now = pair.now();
        pair.run_to(if n == 20 { until } else { now + step });
        let now = pair.now();
        for event in open_gates(&mut pair.a, now) {
            if let Event::Learned(learned) = event {
                last = *learned;
            }
        }
    }
    last
}

#[test]
fn routes_names_and_addresses_are_learned_at_once() {
    let mut pair = pair(far(None), Weather::default(), 1);
    let learned = learn(&mut pair, Instant::ZERO);
    let routes: Vec<String> = learned.routes.iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["10.0.0.0/8", "192.168.7.0/24"]);
    assert_eq!((&learned.domain[..], &learned.dns[..]), ("corp.example", &[DNS][..]));
    assert_eq!(learned.search, ["corp.example", "lab.example"]);
    let ipv6 = learned.ipv6.unwrap();
    let expected = rasman_core::with_interface_id(PREFIX, ipv6.link.local);
    assert_eq!(ipv6.addresses, [(expected, 64)]);
    let routes: Vec<String> = ipv6.routes.iter().map(|(net, bits)| format!("{net}/{bits}")).collect();
    assert_eq!(routes, ["2001:db8:0:1::/64", "::/0", "2001:db8:7::/48"]);
    assert_eq!((&ipv6.dns[..], ipv6.mtu), (&[DNS6][..], Some(1400)));
    assert!(pair.a.received.is_empty() && pair.b.received.is_empty(), "none of it is for the layers above");
}

#[test]
fn managed_addresses_come_by_dhcpv6() {
    let mut pair = pair(far(Some(MANAGED)), Weather::default(), 1);
    let ipv6 = learn(&mut pair, Instant::ZERO).ipv6.unwrap();
    assert_eq!(ipv6.addresses, [(MANAGED, 128)]);
    // It is renewed at T1, half an hour, and stays, long beyond the two hours that it is valid.
    assert_eq!(learn(&mut pair, Instant::from_millis(10 * 3_600_000)), Learned::default(), "nothing has changed");
}

#[test]
fn a_bad_wire_only_delays_it() {
    let weather = Weather { loss: 20, duplicate: 10, reorder: 20, ..Weather::default() };
    let mut complete = 0;
    for seed in 0..100 {
        let mut pair = pair(far((seed % 2 == 0).then_some(MANAGED)), weather, seed);
        let mut last = Learned::default();
        for second in 1..90 {
            let learned = learn(&mut pair, Instant::from_millis(second * 1_000));
            if learned != Learned::default() {
                last = learned;
            }
        }
        let addresses = last.ipv6.as_ref().map_or(0, |ipv6| ipv6.addresses.len());
        complete += u32::from(!last.routes.is_empty() && addresses > 0);
    }
    assert!(complete >= 90, "{complete} of 100");
}

/// The IPv4 packets among the frames, by their destination port.
fn ports(sent: &[Vec<u8>]) -> Vec<(u16, u16)> {
    let data = sent.iter().filter(|frame| frame[2..4] == [0, 0x21]);
    data.map(|f| (u16::from_be_bytes([f[24], f[25]]), u16::from_be_bytes([f[26], f[27]]))).collect()
}

fn up() -> Trace<Ppp> {
    let mut t = networking(client_config());
    let given = addresses([10, 66, 0, 2], [10, 66, 0, 53], [10, 66, 0, 53]);
    t.receives(ipcp(REQ, 1, &opt(3, &[10, 66, 0, 1]))).receives(ipcp(NAK, 1, &given)).receives(ipcp(ACK, 2, &given));
    t
}

#[test]
fn rfc_2131_4_1_a_dhcpinform_is_sent_four_times_and_then_let_be() {
    let mut t = up();
    assert_eq!(ports(&t.take_sent()), [(68, 67)]);
    for (before, at) in [(3_999, 4_000), (11_999, 12_000), (27_999, 28_000)] {
        assert!(ports(&t.at(before).take_sent()).is_empty());
        assert_eq!(ports(&t.at(at).take_sent()), [(68, 67)]);
    }
    t.at(3_600_000).sends_nothing();
    assert_eq!(names(&t.take_events()), ["Projected"], "nobody has to answer");
}

#[test]
fn an_answer_to_another_question_goes_to_the_layer_above() {
    let mut t = up();
    let mut inform = t.take_sent().pop().unwrap();
    // Our own question, sent back: no answer.
    inform[26..28].copy_from_slice(&[0, 68]);
    t.receives(&inform);
    assert_eq!(t.take_received().len(), 1);
}

#[test]
fn rfc_4861_6_3_7_three_solicitations_four_seconds_apart() {
    let mut t = up();
    t.take_sent();
    t.receives(packet(0x8057, REQ, 9, &opt(1, &[7; 8])));
    let sent = t.take_sent();
    let ours = split(&sent[0]).3;
    t.at(30_000).take_sent();
    t.receives(packet(0x8057, ACK, 1, &ours));
    let solicitations =
        |t: &mut Trace<Ppp>| t.take_sent().iter().filter(|f| f[2..4] == [0, 0x57] && f[44] == 133).count();
    assert_eq!(solicitations(&mut t), 0, "an answer that is late moves nothing");
    let mut t = up();
    t.take_sent();
    t.receives(packet(0x8057, REQ, 9, &opt(1, &[7; 8])));
    let ours = split(&t.take_sent()[0]).3;
    t.receives(packet(0x8057, ACK, 1, &ours));
    assert_eq!(solicitations(&mut t), 1);
    assert_eq!(names(&t.take_events()), ["Projected", "Learned"]);
    t.at(3_999);
    assert_eq!(solicitations(&mut t), 0);
    t.at(4_000);
    assert_eq!(solicitations(&mut t), 1);
    t.at(8_000);
    assert_eq!(solicitations(&mut t), 1);
    t.at(100_000);
    assert_eq!(solicitations(&mut t), 0);
}

#[test]
fn what_lasts_for_a_while_ends() {
    let mut pair = pair(far(None), Weather::default(), 3);
    let learned = learn(&mut pair, Instant::ZERO);
    assert!(learned.ipv6.unwrap().routes.contains(&(Ipv6Addr::UNSPECIFIED, 0)));
    // A router that falls silent is a default router for half an hour.
    pair.b_to_a.set_weather(Weather { loss: 100, ..Weather::default() });
    let half_hour = Instant::ZERO + Duration::from_secs(1_801);
    let learned = learn(&mut pair, half_hour);
    let ipv6 = learned.ipv6.unwrap();
    assert!(!ipv6.routes.contains(&(Ipv6Addr::UNSPECIFIED, 0)) && !ipv6.addresses.is_empty());
}

#[test]
fn a_renegotiation_begins_anew() {
    let mut pair = pair(far(None), Weather::default(), 4);
    learn(&mut pair, Instant::ZERO);
    let now = pair.now();
    // The server negotiates LCP again, as SoftEther does.
    let mut request = lcp(REQ, 77, &auth_ms_chap_v2());
    let _ = pair.a.layer.handle_input(now, &mut request);
    assert!(pair.a.layer.ipv6().is_none() && pair.a.layer.projection().is_none());
}
