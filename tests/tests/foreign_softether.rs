//! SoftEther VPN Server answers.

use rasman_tests::peers::{Auth, Binding, SoftEther, dial, handshake, isolated, leftovers};

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

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
