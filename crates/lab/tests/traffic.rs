//! A client dials the embedded lab and carries real traffic.

mod client;

use client::{dial, dial_as, run};
use rasman_core::Code;
use rasman_lab::{Config, Event, Facts, Running, bulk, spawn, spawn_local};
use rasman_net::stack::StackHandle;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::broadcast::Receiver;

/// Gives header and body of the answer to a request.
async fn ask(stack: &StackHandle, facts: &Facts, request: &[u8]) -> (String, Vec<u8>) {
    let mut stream = stack.connect(SocketAddr::from((facts.gateway, 80))).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap(), body)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives all events up to the end of a session.
async fn events(events: &mut Receiver<rasman_lab::SessionEvent>) -> Vec<Event> {
    let mut told = Vec::new();
    loop {
        let event = events.recv().await.unwrap().event;
        told.push(event);
        if matches!(told.last(), Some(Event::Ended { .. })) {
            return told;
        }
    }
}

fn lab() -> Running {
    spawn(Config::default()).unwrap()
}

#[test]
fn a_client_fetches_the_page_and_leaves_nothing_behind() {
    let lab = lab();
    let mut told = lab.events();
    run(async {
        let facts = lab.facts();
        let connection = dial(facts).await.unwrap();
        let (head, body) = ask(&connection.stack, facts, b"GET / HTTP/1.1\r\nHost: web\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert_eq!(Sha256::digest(&body)[..], facts.page_sha256);
        assert_eq!((lab.stats().sessions, lab.stats().addresses_in_use), (1, 1));
        connection.stack.ping(facts.gateway, b"are you there").await.unwrap();
        let addresses = connection.stack.resolve(&facts.inner_name).await.unwrap();
        assert_eq!(addresses, [facts.gateway]);
        let cause = connection.hang_up().await;
        assert_eq!(cause.code, Code::USER_DISCONNECTION, "{cause}");

        let told = events(&mut told).await;
        let mut names: Vec<String> =
            told.iter().map(|event| format!("{event:?}").split([' ', '(']).next().unwrap().to_owned()).collect();
        // The binding may come before or after the address.
        names[5..7].sort_unstable();
        let expected = ["Accepted", "TlsUp", "CallUp", "LcpUp", "Authenticated", "Bound", "Projected", "Ended"];
        assert_eq!(names, expected);
        assert!(told.contains(&Event::Bound { sha256: true }));
        assert!(told.contains(&Event::Authenticated { user: "alice".to_owned() }));
    });
    let stats = lab.settled_stats();
    assert_eq!((stats.sessions, stats.addresses_in_use, stats.connected, stats.ended), (0, 0, 1, 1));
    assert!(stats.tls_bytes_in > stats.inner_bytes_in && stats.tls_bytes_out > stats.inner_bytes_out, "{stats:?}");
    assert!(stats.inner_bytes_in > 0 && stats.inner_bytes_out > 1_000, "{stats:?}");
    lab.stop();
}

#[test]
fn bulk_data_goes_both_ways() {
    let lab = lab();
    run(async {
        let facts = lab.facts();
        let connection = dial(facts).await.unwrap();
        let length = 5_000_000;
        let request = format!("GET /bulk/{length} HTTP/1.1\r\n\r\n");
        let (head, body) = ask(&connection.stack, facts, request.as_bytes()).await;
        assert_eq!(body.len(), length);
        assert!(head.contains(&format!("X-Sha256: {}\r\n", digest(&body))), "{head}");
        assert_eq!(body[bulk::PERIOD..bulk::PERIOD + 9], bulk::at(0)[..9]);

        let mut request = format!("POST /sink HTTP/1.1\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        request.extend(&body);
        let (_, answer) = ask(&connection.stack, facts, &request).await;
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer, format!("{{\"sha256\":\"{}\",\"length\":{length}}}\n", digest(&body)));
        connection.hang_up().await;
    });
}

#[test]
fn a_hundred_dials_in_flight() {
    let lab = lab();
    run(async {
        let dials: Vec<_> = (0..100)
            .map(|_| {
                let facts = lab.facts().clone();
                tokio::task::spawn_local(async move { dial(&facts).await })
            })
            .collect();
        let mut connections = Vec::new();
        for dial in dials {
            connections.push(dial.await.unwrap().unwrap());
        }
        let mut addresses: Vec<_> = connections.iter().map(|connection| connection.stack.address()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!((addresses.len(), lab.stats().sessions), (100, 100));
        for connection in connections {
            connection.hang_up().await;
        }
    });
    let stats = lab.settled_stats();
    assert_eq!((stats.sessions, stats.addresses_in_use, stats.ended), (0, 0, 100));
}

#[test]
fn a_wrong_password_is_refused_and_an_unknown_user_as_well() {
    let lab = lab();
    run(async {
        for (user, password) in [("alice", "looking-glass"), ("bob", "wonderland")] {
            let cause = dial_as(lab.facts(), user, password).await.err().expect("refused");
            assert_eq!(cause.code, Code::AUTHENTICATION_FAILURE, "{cause}");
        }
    });
    assert_eq!((lab.settled_stats().sessions, lab.stats().authenticated), (0, 0));
}

#[test]
fn a_lab_that_stops_says_goodbye_and_so_does_one_that_sends_all_away() {
    let lab = lab();
    run(async {
        let first = dial(lab.facts()).await.unwrap();
        lab.hang_up_all();
        let cause = first.ended().await;
        assert_eq!(cause.code, Code::REMOTE_DISCONNECTION, "{cause}");
        let second = dial(lab.facts()).await.unwrap();
        let ended = tokio::task::spawn_local(second.ended());
        let stopping = std::time::Instant::now();
        tokio::task::spawn_blocking(move || lab.stop()).await.unwrap();
        assert_eq!(ended.await.unwrap().code, Code::REMOTE_DISCONNECTION);
        assert!(stopping.elapsed() < Duration::from_millis(450), "nobody waited for a limit");
    });
}

#[test]
fn a_client_that_vanishes_leaves_no_session() {
    let lab = lab();
    run(async {
        let connection = dial(lab.facts()).await.unwrap();
        drop(connection);
    });
    // The runtime is gone and with it the client's socket.
    assert_eq!((lab.settled_stats().sessions, lab.stats().ended), (0, 1));
}

#[test]
fn tls_1_2_and_sha1_as_servers_of_the_last_decade_have_them() {
    let mut config = Config::default();
    config.tls12_only = true;
    config.hashes = 1;
    let lab = spawn(config).unwrap();
    let mut told = lab.events();
    run(async {
        dial(lab.facts()).await.unwrap().hang_up().await;
        let told = events(&mut told).await;
        assert!(told.contains(&Event::Bound { sha256: false }), "{told:?}");
        let tls = told.iter().any(|event| matches!(event, Event::TlsUp { protection } if protection.contains("1.2")));
        assert!(tls, "{told:?}");
    });
}

#[test]
fn a_lab_on_the_present_thread() {
    run(async {
        let lab = spawn_local(Config::default()).unwrap();
        let mut told = lab.events();
        dial(lab.facts()).await.unwrap().hang_up().await;
        events(&mut told).await;
        assert_eq!((lab.stats().connected, lab.stats().sessions), (1, 0));
        lab.stop();
    });
}
