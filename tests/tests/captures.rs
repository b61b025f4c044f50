//! Wireshark's dissectors read what both ends of a PPP link write: a dial by each method without TLS, in virtual time,
//! as a capture for tshark, which must find nothing malformed.

use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{AuthMethod, Batch, Credentials, Instant, Layer, Secret};
use rasman_ppp::{ClientConfig, Event, Ipv6Wish, Mppe, Ppp, ServerConfig};
use rasman_testkit::SeededRng;
use rasman_tests::peers::tshark;
use std::net::Ipv4Addr;
use std::sync::Arc;

struct Alice;

impl Accounts for Alice {
    fn account(&self, user: &str, _domain: &str) -> Option<Account> {
        (user == "alice").then(|| Account { password: Secret::from("wonderland"), state: AccountState::Usable })
    }
}

#[test]
fn tshark_reads_the_packets_of_both_ends() {
    let methods =
        [AuthMethod::Pap, AuthMethod::Chap, AuthMethod::MsChapV2, AuthMethod::EapMd5, AuthMethod::EapMsChapV2];
    let mut frames = Vec::new();
    for method in methods {
        let before = frames.len();
        dial(method, &mut frames);
        assert!(frames.len() > before + 10, "{method} is a whole dial");
    }
    let Some(read) = tshark("tshark_reads_the_packets_of_both_ends", &frames) else { return };
    assert_eq!(read.lines().count(), frames.len(), "{read}");
    let malformed: Vec<&str> = read.lines().filter(|line| line.contains("Malformed")).collect();
    assert_eq!(malformed, Vec::<&str>::new());
    for protocol in ["PPP LCP", "PPP IPCP", "PPP IPV6CP", "PPP CCP", "PPP PAP", "PPP CHAP", "EAP"] {
        assert!(read.lines().any(|line| line.contains(protocol)), "{protocol} is among them:\n{read}");
    }
}

/// Both ends from lower-up to the end; each frame that either sends.
fn dial(method: AuthMethod, frames: &mut Vec<Vec<u8>>) {
    let has_keys = method.proves_server();
    let mppe = has_keys.then(Mppe::default);
    let authentication = vec![method];
    let client = ClientConfig {
        authentication: authentication.clone(),
        ipv6: Ipv6Wish::Ask,
        mppe: mppe.clone(),
        identification: Some("rasman".to_owned()),
        ..ClientConfig::default()
    };
    let (local, address) = (Ipv4Addr::new(10, 66, 0, 1), Ipv4Addr::new(10, 66, 0, 2));
    let server = ServerConfig {
        authentication,
        ipv6: Ipv6Wish::Ask,
        mppe,
        name: "lab".to_owned(),
        ..ServerConfig::new(Arc::new(Alice), local, address)
    };
    let mut ends = [Ppp::client(client, Box::new(SeededRng::new(1))), Ppp::server(server, Box::new(SeededRng::new(2)))];
    let now = Instant::ZERO;
    ends.iter_mut().for_each(|end| end.lower_up(now, 1500));
    let mut round = |ends: &mut [Ppp; 2]| {
        for from in [0, 1] {
            let mut out = Batch::new();
            while ends[from].poll_transmit(now, &mut out) {}
            for sent in out.frames() {
                frames.push(sent.to_vec());
                let _ = ends[1 - from].handle_input(now, &mut sent.to_vec());
            }
            while let Some(event) = ends[from].poll_event() {
                match event {
                    Event::LinkEstablished { .. } if from == 0 => ends[0].authenticate(now, alice()),
                    Event::Authenticated { token, .. } if from == 0 => ends[0].project(now, token),
                    _ => {}
                }
            }
        }
    };
    (0..40).for_each(|_| round(&mut ends));
    // What neither end knows, for the rejects.
    let _ = ends[0].handle_input(now, &mut [0xff, 3, 0x82, 0x81, 1, 1, 0, 4]);
    let _ = ends[1].handle_input(now, &mut [0xff, 3, 0xc0, 0x21, 0x40, 1, 0, 4]);
    let _ = ends[0].handle_input(now, &mut [0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0]);
    ends[0].terminate(now);
    (0..4).for_each(|_| round(&mut ends));
}

fn alice() -> Credentials {
    Credentials { user: "alice".into(), domain: String::new(), password: Secret::from("wonderland") }
}
