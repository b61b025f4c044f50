//! Linux's own pppd, in User Mode Linux: behind sorz/sstp-server, and with sstpc before our lab.

use rasman::Code;
use rasman_lab::Config;
use rasman_tests::peers::caller::{CONNECTED, Caller, calling, entry_to, hang_up, move_data, projection, states};
use rasman_tests::peers::{Interop, PppdServer, SstpcCall, Uml, isolated, leftovers};
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

#[test]
fn pppd_answers_our_call() {
    isolated("pppd_answers_our_call", || {
        let mut server = PppdServer::start("require-mschap-v2")?;
        let interop = Interop::begin("sstp-server with pppd", server.version(), "SSTP", "MS-CHAPv2");
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            let projection = projection(&told).expect("told at Projected");
            assert_eq!(projection.peer, Some(Ipv4Addr::new(10, 66, 0, 1)));
            move_data(&connection, server.data_address(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        assert!(server.log_says("Crypto Binding is valid."));
        interop.ok();
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn sstpc_calls_our_lab() {
    isolated("sstpc_calls_our_lab", || {
        let mut uml = Uml::start()?;
        let interop = Interop::begin("sstp-client with pppd", uml.version(), "SSTP", "MS-CHAPv2");
        let mut config = Config::default();
        config.listen = SocketAddr::from((Uml::OUR_ADDRESS, 0));
        let lab = rasman_lab::spawn(config).expect("the lab starts");
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

fn sha256_hex_of(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
