//! What comes after a first handshake: resumption, changes of keys, lists of revoked certificates.

use super::*;
use rasman_core::Revocation;
use rcgen::{CertificateRevocationListParams, CrlDistributionPoint, KeyIdMethod, RevokedCertParams, SerialNumber};

/// Lets a pair carry a word each way, so that tickets arrive; gives the client's facts.
async fn word(acceptor: &Acceptor, spec: &TlsSpec) -> rasman_core::PortFacts {
    let (mut client, mut server) = pair(acceptor, spec).await;
    let mut plain = Vec::new();
    for _ in 0..2 {
        client.queue(b"ping").unwrap();
        client.flush().await.unwrap();
        assert_eq!(next(&mut server, &mut plain).await, Ok(Received::Bytes(4)));
        server.queue(b"pong").unwrap();
        server.flush().await.unwrap();
        assert_eq!(next(&mut client, &mut plain).await, Ok(Received::Bytes(4)));
    }
    client.facts().clone()
}

#[test]
fn a_session_is_resumed_with_its_leaf_for_the_same_settings_alone() {
    let ca = Ca::new();
    for tls12 in [false, true] {
        let (chain, key) = ca.issue(|_| ());
        let acceptor = match tls12 {
            true => Acceptor::tls12_only(chain, key).unwrap(),
            false => Acceptor::new(chain, key).unwrap(),
        };
        let spec = TlsSpec { port: 4000 + u16::from(tls12), ..trusting(&ca) };
        run(async {
            let first = word(&acceptor, &spec).await;
            assert!(!first.protection.ends_with("resumed"), "{}", first.protection);
            let second = word(&acceptor, &spec).await;
            assert!(second.protection.ends_with(", resumed"), "{}", second.protection);
            assert_eq!((first.leaf, second.leaf), (Some(acceptor.leaf()), Some(acceptor.leaf())));
            // Other settings have no part in it.
            let mut other = spec.clone();
            other.trust.pinned_leaf_sha256 = Some(acceptor.leaf().sha256);
            assert!(!word(&acceptor, &other).await.protection.ends_with("resumed"));
        });
    }
}

#[test]
fn the_leaf_of_a_resumed_session_is_judged_again() {
    let (ca, stranger) = (Ca::new(), Ca::new());
    let judged = |spec: TlsSpec, (chain, _): &(Vec<Vec<u8>>, Vec<u8>)| {
        run(async { trust::client(&spec).await.unwrap().checks.again(chain) }).map_err(|cause| cause.code)
    };
    let good = ca.issue(|_| ());
    assert_eq!(judged(trusting(&ca), &good), Ok(()));
    assert_eq!(judged(trusting(&stranger), &good), Err(Code::CERT_UNTRUSTED_ROOT));
    let pin = |sha256| spec(Trust { pinned_leaf_sha256: Some(sha256), ..Trust::default() });
    assert_eq!(judged(pin(leaf_of(&good.0[0]).sha256), &good), Ok(()));
    assert_eq!(judged(pin([7; 32]), &good), Err(Code::VPN_BAD_CERT));
    let expired = ca.issue(|params| params.not_after = date_time_ymd(2020, 1, 1));
    assert_eq!(judged(trusting(&ca), &expired), Err(Code::CERT_EXPIRED));
    assert_eq!(judged(trusting(&ca), &(vec![], vec![])), Err(Code::VPN_REFUSED));
}

#[test]
fn both_ends_change_keys_in_the_middle_of_traffic() {
    let ca = Ca::new();
    run(async {
        let (mut client, mut server) = pair(&ca.acceptor(), &trusting(&ca)).await;
        let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
        for round in 0..20_u8 {
            if round % 3 == 0 {
                client.refresh_keys();
            }
            if round % 4 == 0 {
                server.refresh_keys();
            }
            client.queue(&[round; 100]).unwrap();
            server.queue(&[round; 100]).unwrap();
            client.flush().await.unwrap();
            server.flush().await.unwrap();
            while at_server.len() < 100 * (usize::from(round) + 1) {
                let _ = next(&mut server, &mut at_server).await.unwrap();
            }
            while at_client.len() < 100 * (usize::from(round) + 1) {
                let _ = next(&mut client, &mut at_client).await.unwrap();
            }
        }
        let expected: Vec<u8> = (0..20).flat_map(|round| [round; 100]).collect();
        assert!(at_server == expected && at_client == expected);
    });
}

/// Serves one answer to every request; gives where.
async fn list_server(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ca.crl", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = tcp.read(&mut request).await;
            let _ = tcp.write_all(&[b"HTTP/1.0 200 OK\r\n\r\n".as_slice(), &body].concat()).await;
        }
    });
    url
}

fn list(ca: &Ca, revoked: &[u8]) -> Vec<u8> {
    list_until(ca, revoked, 2124)
}

fn list_until(ca: &Ca, revoked: &[u8], year: i32) -> Vec<u8> {
    let serial_number = SerialNumber::from_slice(revoked);
    let revocation_time = date_time_ymd(2024, 1, 1);
    let revoked = RevokedCertParams { serial_number, revocation_time, reason_code: None, invalidity_date: None };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 1, 1),
        next_update: date_time_ymd(year, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&ca.0).unwrap().der().to_vec()
}

async fn dialled(ca: &Ca, url: Option<&str>, revocation: Revocation) -> Result<(), Code> {
    let (chain, key) = ca.issue(|params| {
        params.serial_number = Some(SerialNumber::from_slice(&[0x42]));
        let point = |url: &str| CrlDistributionPoint { uris: vec![url.to_owned()] };
        params.crl_distribution_points = url.into_iter().map(point).collect();
    });
    let mut spec = trusting(ca);
    spec.trust.revocation = revocation;
    let (client, _server) = shake(&spec, &Acceptor::new(chain, key).unwrap()).await;
    client.map(drop).map_err(|cause| cause.code)
}

#[test]
fn a_revoked_certificate_is_refused_where_it_is_looked_for() {
    use Revocation::{IfPossible, Required, Unchecked};
    run(async {
        let (ca, stranger) = (Ca::new(), Ca::new());
        let revoked = list_server(list(&ca, &[0x42])).await;
        let clean = list_server(list(&ca, &[0x43])).await;
        let foreign = list_server(list(&stranger, &[0x42])).await;
        let old = list_server(list_until(&ca, &[0x43], 2025)).await;
        let old_revoked = list_server(list_until(&ca, &[0x42], 2025)).await;
        let garbage = list_server(b"no list".to_vec()).await;
        let dead = "http://127.0.0.1:1/ca.crl";
        let offline = Err(Code::CRYPT_REVOCATION_OFFLINE);
        let cases = [
            (Some(&revoked[..]), [Ok(()), Err(Code::VPN_BAD_CERT), Err(Code::VPN_BAD_CERT)]),
            (Some(&clean[..]), [Ok(()), Ok(()), Ok(())]),
            (Some(&foreign[..]), [Ok(()), Ok(()), offline]),
            (Some(&old[..]), [Ok(()), Ok(()), offline]),
            (Some(&old_revoked[..]), [Ok(()), Err(Code::VPN_BAD_CERT), offline]),
            (Some(&garbage[..]), [Ok(()), Ok(()), offline]),
            (Some(dead), [Ok(()), Ok(()), offline]),
            (None, [Ok(()), Ok(()), offline]),
        ];
        for (url, expected) in cases {
            for (revocation, expected) in [Unchecked, IfPossible, Required].into_iter().zip(expected) {
                assert_eq!(dialled(&ca, url, revocation).await, expected, "{url:?} {revocation:?}");
            }
        }
    });
}
