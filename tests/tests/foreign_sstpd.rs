//! sorz/sstp-server answers, with lwIP's PPP behind it: the judge of our crypto binding.

use rasman::{Code, ConnState, LayerName, MppeConsent};
use rasman_tests::peers::caller::{
    CONNECTED, Caller, calling, dials, entry_to, hang_up, many, move_data, projection, states,
};
use rasman_tests::peers::{
    Auth, Binding, Interop, PASSWORD, Sstpd, dial, handshake, isolated, isolated_for, leftovers,
};
use std::net::Ipv4Addr;

/// Its name in the interoperability table.
const PEER: &str = "sstp-server with lwIP";

/// Each way.
const BULK: usize = 10 * 1024 * 1024;

#[test]
fn sstpd_answers_the_handshake_and_stops_clean() {
    isolated("sstpd_answers_the_handshake_and_stops_clean", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
        let probe = handshake(server.address());
        assert!(probe.ok && probe.said.contains("HTTP/1.1 200 OK"), "{probe:?}");
        // [MS-SSTP] 2.2.6: both hashes are offered, the client chooses.
        assert!(probe.said.contains("call connect ack, hashes 0x03"), "{probe:?}");
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn sstpd_carries_a_foreign_call() {
    isolated("sstpd_carries_a_foreign_call", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
        let probe = dial(server.address(), server.data_address(), BULK, Auth::MsChapV2, Binding::Right)?;
        assert!(probe.ok, "{}", probe.said);
        assert!(server.log_says("Crypto Binding is valid."));
        assert!(server.log_says("Received call disconnect request."));
        let ppp = server.ppp_log();
        assert!(ppp.contains("received 10485760 bytes") && ppp.contains("served 10485760 bytes"));
        server.stop();
        Ok(())
    });
}

#[test]
fn sstpd_refuses_a_wrong_crypto_binding() {
    isolated("sstpd_refuses_a_wrong_crypto_binding", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
        let probe = dial(server.address(), server.data_address(), 1, Auth::MsChapV2, Binding::Wrong)?;
        assert!(!probe.ok && probe.said.contains("abort"), "{}", probe.said);
        assert!(server.log_says("Crypto Binding is invalid."));
        Ok(())
    });
}

#[test]
fn lwip_encrypts_our_call_by_mppe() {
    isolated("lwip_encrypts_our_call_by_mppe", || {
        let server = Sstpd::start_encrypted()?;
        let interop = Interop::begin(PEER, server.version(), "SSTP", "MS-CHAPv2, MPPE 128 stateless");
        calling(async || {
            let mut entry = entry_to(server.address());
            entry.network.mppe = Some(MppeConsent::Strong);
            let caller = Caller::new(entry);
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            move_data(&connection, server.data_address(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        let ppp = server.ppp_log();
        assert!(ppp.contains("MPPE 128-bit stateless"), "{ppp}");
        assert!(ppp.contains("received 10485760 bytes") && ppp.contains("served 10485760 bytes"));
        interop.ok();
        server.stop();
        Ok(())
    });
}

#[test]
fn sstpd_carries_our_call() {
    isolated("sstpd_carries_our_call", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
        let interop = Interop::begin(PEER, server.version(), "SSTP", "MS-CHAPv2");
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            let (told, connection) = caller.connected().await;
            assert_eq!(states(&told), CONNECTED);
            let projection = projection(&told).expect("told at Projected");
            assert_eq!(projection.local, Ipv4Addr::new(10, 66, 0, 2));
            assert_eq!(projection.peer, Some(Ipv4Addr::new(10, 66, 0, 1)));
            assert_eq!(projection.dns, [Ipv4Addr::new(10, 66, 0, 53)]);
            // [MS-SSTP] 3.3.2.1: the server aborts the call unless the Compound MAC is right.
            assert!(server.log_says("Crypto Binding is valid."));
            move_data(&connection, server.data_address(), BULK).await;
            assert_eq!(hang_up(&connection).await.code, Code::USER_DISCONNECTION);
            caller.shut_down().await;
        });
        assert!(server.log_says("Received call disconnect request."));
        let ppp = server.ppp_log();
        assert!(ppp.contains("received 10485760 bytes") && ppp.contains("served 10485760 bytes"));
        interop.ok();
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn sstpd_connects_each_of_many_dials() {
    let (times, limit) = dials();
    isolated_for(limit, "sstpd_connects_each_of_many_dials", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
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
fn sstpd_refuses_our_wrong_password() {
    isolated("sstpd_refuses_our_wrong_password", || {
        let server = Sstpd::start(Auth::MsChapV2)?;
        calling(async || {
            let caller = Caller::new(entry_to(server.address()));
            caller.is_refused("looking-glass").await;
            // It hangs up though it allows another attempt, so that is made on a fresh link.
            let connection = caller.connected_at_second_attempt("looking-glass").await;
            hang_up(&connection).await;
            caller.shut_down().await;
        });
        server.stop();
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}

#[test]
fn sstpd_and_we_have_no_method_in_common() {
    isolated("sstpd_and_we_have_no_method_in_common", || {
        for (method, name) in [(Auth::Pap, "PAP"), (Auth::ChapMd5, "CHAP with MD5"), (Auth::EapMd5, "EAP")] {
            let server = Sstpd::start(method)?;
            calling(async || {
                let caller = Caller::new(entry_to(server.address()));
                let (told, result) = caller.dial(PASSWORD).await;
                let error = result.expect_err("the entry allows MS-CHAPv2 alone");
                assert_eq!((error.code(), error.cause().layer), (Code::PEER_REFUSED_AUTH, LayerName::Lcp), "{error}");
                assert!(error.cause().said.contains(name) && !error.cause().advice.is_empty(), "{error}");
                assert_eq!(states(&told)[4..], [ConnState::AllDevicesConnected; 2]);
                caller.shut_down().await;
            });
            server.stop();
        }
        assert_eq!(leftovers(), Vec::<String>::new());
        Ok(())
    });
}
