//! Replays the committed corpora of all fuzz targets: what was found once stays found.
//!
//! A target without a corpus fails: an empty folder would pass in silence.

use std::path::Path;

/// One test for each target, named as the target.
macro_rules! corpora {
    ($($module:ident: $($target:ident),+;)+) => {
        $($(#[test] fn $target() {
            replay(stringify!($target), rasman_tests::$module::$target);
        })+)+

        const TARGETS: &[&str] = &[$($(stringify!($target),)+)+];
    };
}

corpora! {
    fuzz_auth: auth_messages, eap_peer, eap_server;
    fuzz_capi: capi_calls;
    fuzz_data: gso_split, gro_merge, proxy_head, socks_udp;
    fuzz_dial: dial_connection;
    fuzz_import: phonebook_import;
    fuzz_lab: lab_dns, lab_http, lab_radius;
    fuzz_modem: hdlc, at_replies, com_port, script, serial_link;
    fuzz_net: stack_classify, stack_packets, ocsp_answer;
    fuzz_phonebook: phonebook;
    fuzz_ppp: ppp_frame, ppp_client, ppp_server, mschapv2_messages, vj_segments, ppp_client_whole, ppp_server_whole, ppp_host, cbcp;
    fuzz_sstp: sstp_wire, sstp_http, sstp_client, sstp_server;
}

fn replay(target: &str, run: fn(&[u8])) {
    let folder = root().join("corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        println!("{}", file.display()); // Shown when the run panics.
        run(&std::fs::read(&file).expect("a readable file"));
    }
}

/// A target that is fuzzed but not replayed would lose what was found.
#[test]
fn every_target_is_replayed() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("fuzz/Cargo.toml");
    let (_, bins) = manifest.split_once("[[bin]]").expect("targets");
    let mut named: Vec<&str> =
        bins.lines().filter_map(|l| l.strip_prefix("name = ")).map(|n| n.trim_matches('"')).collect();
    let mut replayed = TARGETS.to_vec();
    named.sort_unstable();
    replayed.sort_unstable();
    assert_eq!(named, replayed);
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz"))
}
