//! What PPP negotiates beside IPv4's addresses, in whole dials against the lab.

use rasman::{Code, ConnState, Encryption, Entry, LayerName, MppeConsent};
use rasman_dial::Config;
use rasman_lab::{MppeStrength, Running};
use rasman_tests::harness::{self, dial, manager_with};
use std::time::Duration;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);

fn lab(flags: &[(&str, &str)]) -> Running {
    let mut config = rasman_lab::Config::default();
    flags.iter().for_each(|(name, value)| config.apply_flag(name, value).expect("a flag of the lab"));
    rasman_lab::spawn(config).expect("the lab starts")
}

fn consenting(lab: &Running, consent: Option<MppeConsent>) -> Entry {
    let mut entry = harness::entry(lab);
    entry.network.mppe = consent;
    entry
}

#[tokio::test]
async fn a_page_comes_through_mppe_of_each_strength() {
    for (strength, consent) in
        [("128", MppeConsent::Strong), ("56", MppeConsent::Any), ("40", MppeConsent::Any), ("40,128", MppeConsent::Any)]
    {
        let lab = lab(&[("mppe", strength)]);
        let manager = manager_with(vec![consenting(&lab, Some(consent))], Config::default());
        let mut dialing = manager.dial(dial()).unwrap();
        while timeout(LONG, dialing.next()).await.expect("told in time").is_some() {}
        let connection = dialing.finish().await.expect("it connects");
        let projection = connection.projection().unwrap();
        assert_eq!(projection.mtu, 1496, "{strength}");
        let Encryption { sent, received } = projection.encryption.expect("CCP is up");
        // Each direction is its receiver's choice of what the sender takes: the lab prefers what it names first.
        let (to_lab, to_us) = strength.split_once(',').map_or((strength, strength), |(first, last)| (last, first));
        assert_eq!(sent.to_string(), format!("MPPE {to_lab}"), "{strength}");
        assert_eq!(received.to_string(), format!("MPPE {to_us}"), "{strength}");
        let proxy = connection.status().unwrap().doors.socks.expect("a proxy");
        let page = timeout(LONG, harness::get(proxy, lab.facts().gateway, "/")).await.unwrap().unwrap();
        assert!(!page.is_empty());
        connection.hang_up().unwrap().await;
        timeout(LONG, manager.shut_down()).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_far_network_tells_stands_in_the_status() {
    let lab = lab(&[
        ("routes", "10.0.0.0/8,192.168.7.0/24"),
        ("domain", "corp.example"),
        ("ipv6", "2001:db8:0:1::"),
        ("ipv6-dns", "2001:db8:0:1::53"),
    ]);
    let mut entry = consenting(&lab, None);
    entry.network.ipv6 = true;
    let manager = manager_with(vec![entry], Config::default());
    let mut dialing = manager.dial(dial()).unwrap();
    while timeout(LONG, dialing.next()).await.expect("told in time").is_some() {}
    let connection = dialing.finish().await.expect("it connects");
    // It comes after Connected, and nobody is told: whoever wants it looks.
    let learned = timeout(LONG, async {
        loop {
            let learned = connection.status().unwrap().learned;
            let done = learned.ipv6.as_ref().is_some_and(|ipv6| !ipv6.addresses.is_empty());
            if done && !learned.routes.is_empty() {
                return learned;
            }
            tokio::task::yield_now().await;
        }
    });
    let learned = learned.await.expect("told in time");
    let routes: Vec<String> = learned.routes.iter().map(ToString::to_string).collect();
    assert_eq!((routes, &learned.domain[..]), (vec!["10.0.0.0/8".into(), "192.168.7.0/24".into()], "corp.example"));
    let ipv6 = learned.ipv6.unwrap();
    assert!(ipv6.addresses[0].0.to_string().starts_with("2001:db8:0:1:"), "{ipv6:?}");
    assert_eq!(ipv6.dns, ["2001:db8:0:1::53".parse::<std::net::Ipv6Addr>().unwrap()]);
    connection.hang_up().unwrap().await;
    timeout(LONG, manager.shut_down()).await.unwrap();
}

#[tokio::test]
async fn without_a_common_strength_or_consent_it_is_explained() {
    let cases = [
        (Some(MppeConsent::Strong), &[("mppe", "40")][..], Code::NO_REMOTE_ENCRYPTION),
        (Some(MppeConsent::Strong), &[], Code::NO_REMOTE_ENCRYPTION),
    ];
    for (consent, flags, code) in cases {
        let lab = lab(flags);
        let manager = manager_with(vec![consenting(&lab, consent)], Config::default());
        let mut dialing = manager.dial(dial()).unwrap();
        let mut last = None;
        while let Some(notification) = timeout(LONG, dialing.next()).await.expect("told in time") {
            last = Some(notification);
        }
        let last = last.unwrap();
        let cause = last.error.expect("it fails");
        assert_eq!((last.state, cause.code, cause.layer), (ConnState::AuthProject, code, LayerName::Ccp));
        assert!(!cause.did.is_empty() && !cause.advice.is_empty(), "{cause}");
        timeout(LONG, manager.shut_down()).await.unwrap();
    }
    assert_eq!(MppeStrength::Bits128.to_string(), "128 bits");
}
