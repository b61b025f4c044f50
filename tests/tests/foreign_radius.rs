//! Our EAP against FreeRADIUS, and `eapol_test` against our EAP: every method, with its keys.

use rasman::ConnState;
use rasman_auth::eap::{Peer, PeerSettings, Server, ServerSettings};
use rasman_auth::{Account, AccountState, Accounts};
use rasman_core::{AuthMethod, ClientCertificate, Code, Credentials, EapSettings, Rng, Secret, Trust};
use rasman_net::tls::certificates;
use rasman_net::tls::eap::{EapAcceptor, EapTunnels};
use rasman_testkit::SeededRng;
use rasman_tests::harness;
use rasman_tests::peers::{
    FreeRadius, Interop, PASSWORD, SERVER_NAME, USER, Unavailable, ca_file, eapol_test, isolated, scratch,
    server_certificate, user_certificate,
};
use rasman_tests::radius::{self, Answering, authenticate};
use std::fs;
use std::sync::Arc;

const METHODS: [AuthMethod; 6] = [
    AuthMethod::EapTls,
    AuthMethod::PeapMsChapV2,
    AuthMethod::TtlsMsChapV2,
    AuthMethod::TtlsPap,
    AuthMethod::EapMsChapV2,
    AuthMethod::EapMd5,
];

fn ca() -> Vec<Vec<u8>> {
    certificates(&fs::read(ca_file()).expect("the peers' authority")).expect("a certificate")
}

fn peer(method: AuthMethod, password: &str) -> Peer {
    peer_with(method, password, false)
}

/// A peer of PEAP that demands the crypto binding.
fn demanding_peer() -> Peer {
    peer_with(AuthMethod::PeapMsChapV2, PASSWORD, true)
}

fn peer_with(method: AuthMethod, password: &str, require_crypto_binding: bool) -> Peer {
    let certificate = ClientCertificate { file: user_certificate(), ..Default::default() };
    let eap = EapSettings {
        trust: Trust { added_roots: ca(), ..Trust::default() },
        server_names: vec![SERVER_NAME.to_owned()],
        require_crypto_binding,
        certificate: (method == AuthMethod::EapTls).then_some(certificate),
        ..EapSettings::default()
    };
    let settings = PeerSettings { methods: vec![method], eap, tunnels: Arc::new(EapTunnels) };
    Peer::new(settings, Credentials { user: USER.into(), domain: String::new(), password: password.into() })
}

#[test]
fn freeradius_lets_us_in_by_each_method_with_the_same_keys() {
    isolated("freeradius_lets_us_in_by_each_method_with_the_same_keys", || {
        for tls in ["1.2", "1.3"] {
            let server = FreeRadius::start(tls)?;
            for method in METHODS {
                let name = if method.has_tls() { format!("{method}, TLS {tls}") } else { method.to_string() };
                let interop = Interop::begin("FreeRADIUS", server.version(), "EAP", &name);
                let mut rng = SeededRng::new(1);
                let ended = authenticate(&mut peer(method, PASSWORD), USER, server.address(), &mut rng);
                let keys = ended.peer.unwrap_or_else(|cause| panic!("{name}: {cause}\n{}", server.last_words()));
                let ours = (keys.master_send.clone(), keys.master_receive.clone());
                match method {
                    AuthMethod::EapMd5 => assert!(ours.0.is_empty() && ended.server.is_none()),
                    _ => assert_eq!(Some(ours), ended.server, "{name}"),
                }
                interop.ok();
            }
            assert!(server.log_says(&format!("TLS {tls}")), "{}", server.last_words());
        }
        Ok(())
    });
}

#[test]
fn freeradius_refuses_a_wrong_password_and_we_say_so() {
    isolated("freeradius_refuses_a_wrong_password_and_we_say_so", || {
        let server = FreeRadius::start("1.3")?;
        for method in METHODS.into_iter().filter(|method| *method != AuthMethod::EapTls) {
            let mut rng = SeededRng::new(2);
            let ended = authenticate(&mut peer(method, "wrong"), USER, server.address(), &mut rng);
            let cause = ended.peer.err().unwrap_or_else(|| panic!("{method} let us in"));
            assert_eq!(cause.code, Code::AUTHENTICATION_FAILURE, "{method}: {cause}");
        }
        Ok(())
    });
}

/// It has no crypto binding in PEAP, so a peer that demands one is not let in.
#[test]
fn freeradius_does_not_bind_and_is_refused_where_that_is_demanded() {
    isolated("freeradius_does_not_bind_and_is_refused_where_that_is_demanded", || {
        let server = FreeRadius::start("1.3")?;
        let mut peer = demanding_peer();
        let mut rng = SeededRng::new(4);
        let ended = authenticate(&mut peer, USER, server.address(), &mut rng);
        let cause = ended.peer.err().unwrap_or_else(|| panic!("let in\n{}", server.last_words()));
        assert_eq!(cause.code, Code::PEAP_CRYPTOBINDING_NOTRECEIVED, "{cause}\n{}", server.last_words());
        assert!(ended.server.is_none(), "the server was told");
        Ok(())
    });
}

/// Our client, SSTP and the lab in between: FreeRADIUS judges, and its keys bind.
#[test]
fn freeradius_judges_the_clients_of_the_lab() {
    isolated("freeradius_judges_the_clients_of_the_lab", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let own = user_certificate();
        for tls in ["1.2", "1.3"] {
            let server = FreeRadius::start(tls)?;
            for method in METHODS {
                let name = if method.has_tls() { format!("{method}, TLS {tls}") } else { method.to_string() };
                let interop = Interop::begin("FreeRADIUS", server.version(), "SSTP, RADIUS behind the lab", &name);
                let lab = radius::lab_before(server.address());
                let dial = |password: &str| {
                    let entry = radius::entry(&lab, method, ca(), SERVER_NAME, own.clone());
                    runtime.block_on(radius::dialled(entry, harness::dial_as(password)))
                };
                let told = dial(PASSWORD);
                assert_eq!(told, (ConnState::Connected, 0), "{name}\n{}", server.last_words());
                if method != AuthMethod::EapTls {
                    assert_eq!(dial("wrong"), (ConnState::AuthNotify, 691), "{name}\n{}", server.last_words());
                }
                interop.ok();
            }
        }
        Ok(())
    });
}

struct Alice;

impl Accounts for Alice {
    fn account(&self, user: &str, _: &str) -> Option<Account> {
        (user == USER).then(|| Account { password: Secret::from(PASSWORD), state: AccountState::Usable })
    }
}

/// A server of ours that shows the certificate of every peer.
fn server(method: AuthMethod, tls12_only: bool, rng: &mut dyn Rng) -> Server {
    let chain = certificates(&fs::read(server_certificate()).expect("the certificate")).expect("a certificate");
    let key = server_certificate().with_extension("key");
    let key = std::process::Command::new("openssl").args(["pkey", "-outform", "DER", "-in"]).arg(key).output();
    let key = key.expect("openssl made the key and can read it").stdout;
    let tunnels = EapAcceptor::new(&chain, &key, &ca(), tls12_only).expect("they belong together");
    let settings = ServerSettings {
        name: "rasman".into(),
        methods: vec![method],
        retries: 0,
        crypto_binding: true,
        tunnels: Arc::new(tunnels),
    };
    Server::new(settings, rng)
}

/// What `eapol_test` has to know for a method. It demands the crypto binding of PEAP.
fn network(method: AuthMethod, password: &str, user: &std::path::Path) -> String {
    let ca = ca_file();
    let binding = if method == AuthMethod::PeapMsChapV2 { " crypto_binding=2" } else { "" };
    let specific = match method {
        AuthMethod::EapTls => format!("eap=TLS\n client_cert=\"{0}\"\n private_key=\"{0}\"", user.display()),
        AuthMethod::PeapMsChapV2 => "eap=PEAP\n phase2=\"auth=MSCHAPV2\"".to_owned(),
        AuthMethod::TtlsMsChapV2 => "eap=TTLS\n phase2=\"auth=MSCHAPV2\"".to_owned(),
        AuthMethod::TtlsPap => "eap=TTLS\n phase2=\"auth=PAP\"".to_owned(),
        AuthMethod::EapMsChapV2 => "eap=MSCHAPV2".to_owned(),
        _ => "eap=MD5".to_owned(),
    };
    format!(
        "network={{\n key_mgmt=IEEE8021X\n phase1=\"tls_disable_tlsv1_3=0{binding}\"\n {specific}\n identity=\"{USER}\"\n password=\"{password}\"\n ca_cert=\"{}\"\n}}\n",
        ca.display()
    )
}

/// Lets `eapol_test` dial our server; tells whether we let it in, and what it printed.
fn dialled(method: AuthMethod, tls12_only: bool, password: &str) -> Result<(bool, String), Unavailable> {
    let mut answering = Answering::start();
    let address = answering.address();
    let folder = scratch();
    let user = folder.join("user.pem");
    fs::write(&user, user_certificate()).expect("a file of the test's own");
    let text = network(method, password, &user);
    let client = std::thread::spawn(move || eapol_test(&text, address));
    let mut rng = SeededRng::new(3);
    let granted = answering.serve(&Alice, &mut rng, |rng| server(method, tls12_only, rng));
    let printed = client.join().expect("eapol_test ends")?;
    let _ = fs::remove_dir_all(&folder);
    Ok((granted, printed))
}

#[test]
fn eapol_test_is_let_in_by_each_method_and_finds_the_same_keys() {
    isolated("eapol_test_is_let_in_by_each_method_and_finds_the_same_keys", || {
        for tls12_only in [true, false] {
            for method in METHODS {
                let tls = if tls12_only { "1.2" } else { "1.3" };
                let name = if method.has_tls() { format!("{method}, TLS {tls}") } else { method.to_string() };
                let interop = Interop::begin("eapol_test", "2.10", "EAP server", &name);
                let (granted, printed) = dialled(method, tls12_only, PASSWORD)?;
                assert!(granted, "{name}:\n{printed}");
                if method.has_tls() {
                    assert!(printed.contains(&format!("Using TLS version TLSv{tls}")), "{name}:\n{printed}");
                }
                if method != AuthMethod::EapMd5 {
                    assert!(printed.contains("MPPE keys OK: 1  mismatch: 0"), "{name}:\n{printed}");
                    assert!(printed.trim_end().ends_with("SUCCESS"), "{name}:\n{printed}");
                }
                interop.ok();
            }
        }
        Ok(())
    });
}

#[test]
fn eapol_test_with_a_wrong_password_is_refused() {
    isolated("eapol_test_with_a_wrong_password_is_refused", || {
        for method in METHODS.into_iter().filter(|method| *method != AuthMethod::EapTls) {
            let (granted, printed) = dialled(method, false, "wrong")?;
            assert!(!granted && printed.trim_end().ends_with("FAILURE"), "{method}:\n{printed}");
        }
        Ok(())
    });
}
