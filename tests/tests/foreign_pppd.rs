//! Linux's own pppd, in User Mode Linux: behind sorz/sstp-server, and with sstpc before our lab.

use rasman::{AuthMethod, ClientCertificate, Code, EapSettings, Trust};
use rasman_lab::{Config, Event, Facts, Running};
use rasman_tests::peers::caller::{CONNECTED, Caller, calling, entry_to, hang_up, move_data, projection, states};
use rasman_tests::peers::{
    Interop, PppdServer, SERVER_NAME, SstpcCall, Uml, ca_file, isolated, leftovers, user_certificate,
};
use std::net::{Ipv4Addr, SocketAddr};

/// Each way.
const BULK: usize = 256 * 1024;

#[test]
fn pppd_runs_in_a_kernel_of_its_own() {
    isolated("pppd_runs_in_a_kernel_of_its_own", || {
        let mut uml = Uml::start()?;
        uml.pppd_on_line(0, "noauth 10.66.0.1:10.66.0.2");
        assert!(uml.line(0).exists());
        assert!(uml.says("pppd0.log", "sent [LCP ConfReq"), "{}", uml.log("pppd0.log"));
        uml.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

/// One test for each method and role: pppd behind sstp-server answers our client, and with sstpc it calls our lab.
macro_rules! methods {
    ($($answers:ident, $calls:ident: $method:ident, $options:literal;)+) => {
        $(
            #[test]
            fn $answers() {
                answers(stringify!($answers), AuthMethod::$method, $options);
            }

            #[test]
            fn $calls() {
                calls(stringify!($calls), AuthMethod::$method);
            }
        )+
    };
}

methods! {
    pppd_answers_our_call, sstpc_calls_our_lab: MsChapV2, "require-mschap-v2";
    pppd_answers_our_call_with_pap, sstpc_calls_our_lab_with_pap: Pap, "require-pap";
    pppd_answers_our_call_with_chap, sstpc_calls_our_lab_with_chap: Chap, "require-chap";
    pppd_answers_our_call_with_eap_md5, sstpc_calls_our_lab_with_eap_md5: EapMd5, "require-eap";
    pppd_answers_our_call_with_eap_mschapv2, sstpc_calls_our_lab_with_eap_mschapv2: EapMsChapV2, "require-eap";
}

#[test]
fn pppd_answers_our_call_with_eap_tls() {
    answers("pppd_answers_our_call_with_eap_tls", AuthMethod::EapTls, "require-eap");
}

/// pppd 2.4.9 keeps 16 octets of each key, so sstpc makes the crypto binding of 16 and 16, and not of the 32 octets of
/// the first key as [MS-SSTP] 3.2.5.2.4 has it for EAP-TLS: it is authenticated, and then refused.
#[test]
fn sstpc_is_authenticated_by_eap_tls_and_binds_with_other_keys() {
    isolated("sstpc_is_authenticated_by_eap_tls_and_binds_with_other_keys", || {
        let mut uml = Uml::start()?;
        let interop = Interop::begin("sstp-client with pppd", uml.version(), "SSTP", "EAP-TLS, TLS 1.2");
        let lab = lab_for_sstpc(AuthMethod::EapTls);
        let mut events = lab.events();
        let facts = lab.facts();
        let options = certificates(&uml, facts);
        let plain = SstpcCall::new(facts.address);
        let call = SstpcCall { ca_pem: Some(&facts.ca_pem), name: &facts.name, options: &options, ..plain };
        let said = uml.sstpc(&call);
        assert!(!said.ok && said.text.contains("EAP authentication succeeded"), "{}", said.text);
        let mut user = None;
        let cause = loop {
            match events.blocking_recv().expect("the lab tells the end").event {
                Event::Authenticated { user: name } => user = Some(name),
                Event::Ended { cause } => break cause,
                _ => {}
            }
        };
        assert_eq!(user.as_deref(), Some("alice"));
        assert_eq!(cause.code, Code::UNABLE_TO_AUTHENTICATE_SERVER, "{cause}");
        interop.end("authenticated; binds with half of each key");
        lab.stop();
        uml.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

fn answers(test: &str, method: AuthMethod, options: &str) {
    isolated(test, || {
        // pppd's keys of EAP-TLS are other ones than [MS-SSTP] wants, see below.
        let has_keys = matches!(method, AuthMethod::MsChapV2 | AuthMethod::EapMsChapV2);
        let mut server = match has_keys {
            true => PppdServer::start(options)?,
            false => PppdServer::start_without_keys(options)?,
        };
        if method == AuthMethod::EapTls {
            server.show_certificates();
        }
        let interop = Interop::begin("sstp-server with pppd", server.version(), "SSTP", &method.to_string());
        calling(async || {
            let mut entry = entry_to(server.address());
            entry.authentication = vec![method];
            if method == AuthMethod::EapTls {
                entry.eap = eap();
            }
            let caller = Caller::new(entry);
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            let projection = projection(&told).expect("told at Projected");
            assert_eq!(projection.peer, Some(Ipv4Addr::new(10, 66, 0, 1)));
            move_data(&connection, server.data_address(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        assert!(!has_keys || server.log_says("Crypto Binding is valid."));
        interop.ok();
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

fn calls(test: &str, method: AuthMethod) {
    isolated(test, || {
        let mut uml = Uml::start()?;
        let interop = Interop::begin("sstp-client with pppd", uml.version(), "SSTP", &method.to_string());
        let lab = lab_for_sstpc(method);
        let facts = lab.facts();
        let call = SstpcCall { ca_pem: Some(&facts.ca_pem), name: &facts.name, ..SstpcCall::new(facts.address) };
        let said = uml.sstpc(&call);
        assert!(said.ok, "{}", said.text);
        // The page inside comes through the tunnel whole.
        let page = uml.must(&format!(
            "timeout 20 /usr/bin/python3 -c 'import hashlib, urllib.request as r; \
             print(hashlib.sha256(r.urlopen(\"http://{}/\").read()).hexdigest())'",
            facts.gateway
        ));
        assert_eq!(page.trim(), sha256_hex_of(&facts.page_sha256));
        assert!(uml.sstpc_hang_up());
        interop.ok();
        lab.stop();
        uml.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

/// A lab where the kernel's programs reach it.
fn lab_for_sstpc(method: AuthMethod) -> Running {
    let mut config = Config::default();
    config.listen = SocketAddr::from((Uml::OUR_ADDRESS, 0));
    config.authentication = vec![method];
    // sstpc reads no answer to its HTTP request if it never had to wait in the TLS handshake.
    config.faults.add("delay=tls:300").expect("a fault");
    rasman_lab::spawn(config).expect("the lab starts")
}

/// Whom our client believes behind pppd, and what it shows.
fn eap() -> EapSettings {
    let ca = std::fs::read(ca_file()).expect("the peers' authority");
    EapSettings {
        trust: Trust { added_roots: rasman_net::tls::certificates(&ca).expect("a certificate"), ..Trust::default() },
        server_names: vec![SERVER_NAME.to_owned()],
        certificate: Some(ClientCertificate { file: user_certificate(), ..ClientCertificate::default() }),
        ..EapSettings::default()
    }
}

/// What pppd shows the lab, as its options. It looks for the name of its peer in the certificate.
fn certificates(uml: &Uml, facts: &Facts) -> String {
    let (own, ca) = (uml.write("own.pem", &facts.user_pem), uml.write("eap-ca.pem", &facts.ca_pem));
    let (own, ca, name) = (own.display(), ca.display(), &facts.name);
    format!("ca {ca}\ncert {own}\nkey {own}\nremotename {name}\n")
}

fn sha256_hex_of(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
