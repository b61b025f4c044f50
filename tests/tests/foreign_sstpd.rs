//! sorz/sstp-server answers, with lwIP's PPP behind it: the judge of our crypto binding.

use rasman_tests::peers::{Auth, Binding, Sstpd, dial, handshake, isolated, leftovers};

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
