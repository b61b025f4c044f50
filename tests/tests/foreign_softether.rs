//! SoftEther VPN Server answers.

use rasman::{Code, ConnState, LayerName, Trust};
use rasman_tests::harness::sstp_of;
use rasman_tests::peers::caller::{
    CONNECTED, Caller, calling, dials, entry_to, hang_up, many, move_data, pin, projection, states,
};
use rasman_tests::peers::{
    Auth, Binding, Interop, PASSWORD, SoftEther, dial, handshake, isolated, isolated_for, leftovers,
};
use std::net::{Ipv4Addr, SocketAddr};

/// Its name in the interoperability table.
const PEER: &str = "SoftEther VPN Server";

/// Each way.
const BULK: usize = 10 * 1024 * 1024;

#[test]
fn softether_answers_the_handshake_and_stops_clean() {
    isolated("softether_answers_the_handshake_and_stops_clean", || {
        let server = SoftEther::start()?;
        let probe = handshake(server.address());
        assert!(probe.ok && probe.said.contains("HTTP/1.1 200 OK"), "{probe:?}");
        // [MS-SSTP] 2.2.6: it takes SHA-256 alone for the crypto binding.
        assert!(probe.said.contains("call connect ack, hashes 0x02"), "{probe:?}");
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn softether_carries_a_foreign_call() {
    isolated("softether_carries_a_foreign_call", || {
        let server = SoftEther::start()?;
        let probe = dial(server.address(), server.data_address(), BULK, Auth::MsChapV2, Binding::Right)?;
        assert!(probe.ok, "{}\n{}", probe.said, last_lines(&probe.log));
        let data = server.data_log();
        assert!(data.contains("SEND 10485760 bytes") && data.contains("RECV 10485760 bytes"), "{data}");
        assert!(server.session_ended());
        server.stop();
        Ok(())
    });
}

#[test]
fn softether_carries_a_foreign_call_with_pap() {
    isolated("softether_carries_a_foreign_call_with_pap", || {
        let server = SoftEther::start()?;
        let probe = dial(server.address(), server.data_address(), 1, Auth::Pap, Binding::Right)?;
        assert!(probe.ok, "{}\n{}", probe.said, last_lines(&probe.log));
        Ok(())
    });
}

#[test]
fn softether_carries_our_call() {
    isolated("softether_carries_our_call", || {
        let server = SoftEther::start()?;
        let interop = Interop::begin(PEER, server.version(), "SSTP", "MS-CHAPv2");
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            let projection = projection(&told).expect("told at Projected");
            assert_eq!(projection.local.octets()[..3], [192, 168, 30]);
            assert_eq!(projection.peer, Some(Ipv4Addr::new(192, 168, 30, 1)));
            assert_eq!(projection.dns, [Ipv4Addr::new(192, 168, 30, 1)]);
            move_data(&connection, server.data_address(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        assert!(server.session_ended());
        let data = server.data_log();
        assert!(data.contains("SEND 10485760 bytes") && data.contains("RECV 10485760 bytes"), "{data}");
        interop.ok();
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn softether_connects_each_of_many_dials() {
    let (times, limit) = dials();
    isolated_for(limit, "softether_connects_each_of_many_dials", || {
        let server = SoftEther::start()?;
        let interop = Interop::begin(PEER, server.version(), "SSTP", &many("MS-CHAPv2", times));
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            let (connected, failed) = caller.dial_in_a_row(times, server.data_address()).await;
            assert_eq!(connected, times, "{failed:#?}");
            caller.shut_down().await;
        });
        interop.ok();
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn softether_refuses_our_wrong_password() {
    isolated("softether_refuses_our_wrong_password", || {
        let server = SoftEther::start()?;
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            caller.is_refused("looking-glass").await;
            assert!(server.log_says("User authentication failed."));
            let connection = caller.connected_at_second_attempt("looking-glass").await;
            hang_up(&connection).await;
            caller.shut_down().await;
        });
        assert!(server.session_ended());
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn softether_is_known_by_its_certificate() {
    isolated("softether_is_known_by_its_certificate", || {
        let server = SoftEther::start()?;
        calling(async || {
            // The pin alone decides: neither the authority is trusted nor the name right.
            let mut entry = entry_to(server.address());
            let sstp = sstp_of(&mut entry);
            sstp.server_name = "elsewhere.test".to_owned();
            sstp.trust = Trust { pinned_leaf_sha256: Some(pin()), ..Trust::default() };
            let caller = Caller::new(entry);
            let (_, connection) = caller.connected().await;
            hang_up(&connection).await;
            caller.shut_down().await;

            // An address that the certificate does not name.
            let other = Ipv4Addr::new(10, 99, 0, 9);
            let added = server.host().command("ip").args(["addr", "add", &format!("{other}/24"), "dev", "s0"]).status();
            assert!(added.is_ok_and(|status| status.success()));
            let mut entry = entry_to(SocketAddr::from((other, server.address().port())));
            sstp_of(&mut entry).server_name.clear();
            let caller = Caller::new(entry);
            let (told, result) = caller.dial(PASSWORD).await;
            let error = result.expect_err("the name is wrong");
            assert_eq!((error.code().0, error.cause().layer), (0x800B_010F, LayerName::Tls), "{error}");
            assert!(error.to_string().contains("10.99.0.9") && error.to_string().contains("vpn.test"), "{error}");
            assert_eq!(told.last().map(|n| n.state), Some(ConnState::ConnectDevice));
            caller.shut_down().await;
        });
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
