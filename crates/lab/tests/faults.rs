//! What goes wrong on demand does, and ends without a trace.

mod client;

use client::{dial, run};
use rasman_core::{Cause, Code};
use rasman_lab::{Config, Event, Faults, Running, spawn};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn lab(faults: &str) -> Running {
    let mut config = Config::default();
    config.faults = faults.parse().unwrap();
    spawn(config).unwrap()
}

/// Dials once and gives what the client is told.
fn refused(faults: &str) -> Cause {
    let lab = lab(faults);
    let cause = run(async { dial(lab.facts()).await.err().expect("refused") });
    let stats = lab.settled_stats();
    assert_eq!((stats.sessions, stats.addresses_in_use, stats.ended), (0, 0, 1), "{faults}");
    cause
}

#[test]
fn certificates_that_nobody_should_take() {
    for (fault, code) in [
        ("certificate=expired", Code::CERT_EXPIRED),
        ("certificate=other-name", Code::CERT_CN_NO_MATCH),
        ("certificate=unknown-ca", Code::CERT_UNTRUSTED_ROOT),
        ("certificate=self-signed", Code::CERT_UNTRUSTED_ROOT),
    ] {
        let cause = refused(fault);
        assert_eq!(cause.code, code, "{fault}: {cause}");
    }
}

#[test]
fn accounts_that_may_not_dial_in() {
    for (fault, code) in [
        ("account=disabled", Code::ACCT_DISABLED),
        ("account=password-expired", Code::PASSWD_EXPIRED),
        ("account=no-dial-in", Code::NO_DIALIN_PERMISSION),
        ("account=restricted-hours", Code::RESTRICTED_LOGON_HOURS),
    ] {
        let cause = refused(fault);
        assert_eq!(cause.code, code, "{fault}: {cause}");
    }
}

#[test]
fn servers_that_are_something_else() {
    for fault in ["not-tls", "not-tls=ssh", "not-tls=noise", "no-sstp", "http=503", "http=302", "http=401"] {
        let cause = refused(fault);
        assert_eq!(cause.code, Code::VPN_REFUSED, "{fault}: {cause}");
    }
}

#[test]
fn what_is_dropped_in_any_stage_ends_the_dial() {
    for stage in ["tcp", "tls", "http", "call", "lcp", "auth", "ipcp"] {
        let cause = refused(&format!("drop={stage}"));
        assert!(cause.code != Code::USER_DISCONNECTION, "{stage}: {cause}");
    }
    refused("refuse");
    refused("garbage=tls");
    refused("garbage=http");
    refused("garbage=call");
}

#[test]
fn no_common_authentication_and_no_address() {
    let cause = refused("no-common-auth");
    assert_eq!(cause.code, Code::PEER_REFUSED_AUTH, "{cause}");
    let cause = refused("no-address");
    assert_eq!(cause.code, Code::PPP_NO_ADDRESS_ASSIGNED, "{cause}");
}

#[test]
fn a_silent_stage_answers_nothing_and_is_left_in_good_order() {
    for stage in ["tcp", "tls", "http", "call", "lcp", "auth", "ipcp"] {
        let lab = lab(&format!("silent={stage}"));
        run(async {
            let dial = dial(lab.facts());
            assert!(tokio::time::timeout(Duration::from_millis(150), dial).await.is_err(), "{stage} is not silent");
        });
        // The client's socket went with its runtime.
        let stats = lab.settled_stats();
        assert_eq!((stats.accepted, stats.sessions, stats.addresses_in_use), (1, 0, 0), "{stage}");
    }
}

#[test]
fn silence_in_the_data_stage_comes_after_the_address() {
    let lab = lab("silent=data");
    run(async {
        let connection = dial(lab.facts()).await.unwrap();
        let ping = connection.stack.ping(lab.facts().gateway, b"hello");
        assert!(tokio::time::timeout(Duration::from_millis(150), ping).await.is_err());
    });
    assert_eq!(lab.settled_stats().sessions, 0);
}

#[test]
fn a_binding_that_is_taken_for_wrong_lets_no_packet_through() {
    let lab = lab("wrong-binding");
    let mut told = lab.events();
    run(async {
        // The client may have its address before the server says no; it is told so at once all the same.
        let cause = match dial(lab.facts()).await {
            Ok(connection) => connection.ended().await,
            Err(cause) => cause,
        };
        assert!(cause.code != Code::USER_DISCONNECTION, "{cause}");
    });
    let stats = lab.settled_stats();
    assert_eq!((stats.authenticated, stats.connected, stats.sessions, stats.inner_bytes_in), (1, 0, 0, 0));
    while let Ok(event) = told.try_recv() {
        assert!(!matches!(event.event, Event::Bound { .. }));
        if let Event::Ended { cause } = event.event {
            assert!(cause.to_string().contains("binding"), "{cause}");
        }
    }
}

#[test]
fn a_delay_is_as_long_as_it_says() {
    for stage in ["tcp", "tls", "http", "call", "lcp", "auth", "ipcp"] {
        let lab = lab(&format!("delay={stage}:120ms"));
        let start = Instant::now();
        run(async { dial(lab.facts()).await.unwrap().hang_up().await });
        assert!(start.elapsed() >= Duration::from_millis(120), "{stage}: {:?}", start.elapsed());
    }
    let lab = lab("delay=data:100");
    run(async {
        let connection = dial(lab.facts()).await.unwrap();
        let time = connection.stack.ping(lab.facts().gateway, b"hello").await.unwrap();
        assert!(time >= Duration::from_millis(100), "{time:?}");
        connection.hang_up().await;
    });
}

#[test]
fn connected_clients_are_sent_away() {
    for (fault, code) in
        [("hang-up=50", Code::REMOTE_DISCONNECTION), ("terminate=50", Code::REMOTE_DISCONNECTION), ("cut=50", Code(0))]
    {
        let lab = lab(fault);
        run(async {
            let cause = dial(lab.facts()).await.unwrap().ended().await;
            assert!(code == Code(0) || cause.code == code, "{fault}: {cause}");
        });
        let stats = lab.settled_stats();
        assert_eq!((stats.connected, stats.sessions), (1, 0), "{fault}");
    }
}

#[test]
fn only_the_first_connections_suffer_and_faults_change_as_it_runs() {
    let lab = lab("http=503,first=1");
    run(async {
        dial(lab.facts()).await.err().expect("the first is refused");
        dial(lab.facts()).await.expect("the second is not").hang_up().await;
        lab.set_faults("account=disabled first=1".parse::<Faults>().unwrap());
        let cause = dial(lab.facts()).await.err().expect("refused");
        assert_eq!(cause.code, Code::ACCT_DISABLED);
        dial(lab.facts()).await.unwrap().hang_up().await;
    });
}

#[test]
fn a_pool_that_runs_out() {
    let mut config = Config::default();
    config.pool = "10.99.0.7".parse().unwrap();
    let lab = spawn(config).unwrap();
    run(async {
        let first = dial(lab.facts()).await.unwrap();
        let cause = dial(lab.facts()).await.err().expect("no address is left");
        assert_eq!(cause.code, Code::PPP_NO_ADDRESS_ASSIGNED, "{cause}");
        first.hang_up().await;
        dial(lab.facts()).await.expect("the address came back").hang_up().await;
    });
}

#[test]
fn too_many_sessions() {
    let mut config = Config::default();
    config.max_sessions = 1;
    let lab = spawn(config).unwrap();
    run(async {
        let first = dial(lab.facts()).await.unwrap();
        dial(lab.facts()).await.err().expect("refused");
        first.hang_up().await;
    });
}

#[test]
fn delayed_bulk_data_arrives_whole() {
    let lab = lab("delay=data:20");
    run(async {
        let connection = dial(lab.facts()).await.unwrap();
        let mut stream = connection.stack.connect((lab.facts().gateway, 80).into()).await.unwrap();
        stream.write_all(b"GET /bulk/3000000 HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(&rasman_lab::bulk::at(2_999_999)[..1]) && answer.len() > 3_000_000);
        connection.hang_up().await;
    });
}

#[test]
fn a_client_that_falls_silent_is_given_up() {
    let mut config = Config::default();
    config.hello = Duration::from_secs(1);
    let lab = spawn(config).unwrap();
    run(async {
        let connection = dial(lab.facts()).await.unwrap();
        // The client's thread sleeps: its socket is there and nobody answers.
        let start = Instant::now();
        while lab.stats().sessions > 0 && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!((lab.stats().sessions, lab.stats().ended), (0, 1));
        drop(connection);
    });
}
