//! Alternates, further attempts, lost links and idle ends, end to end: an embedded manager, labs, real sockets.

use rasman::{Change, Code, ConnState, Connection, Detail, Entry, Manager, Redial, Substate, WatchEvent};
use rasman_dial::Config;
use rasman_lab::{Pool, Running};
use rasman_tests::harness::{self, dial, entry, get, lab, manager_with, sstp_of};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const LONG: Duration = Duration::from_secs(30);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// A piece of the way to a lab that can be cut and mended: while it is cut nobody listens on its port.
struct Wire {
    to: SocketAddr,
    address: SocketAddr,
    carriers: Option<tokio::task::JoinHandle<()>>,
}

impl Wire {
    async fn to(lab: &Running) -> Self {
        let mut wire = Self { to: lab.facts().address, address: ([127, 0, 0, 1], 0).into(), carriers: None };
        wire.mend().await;
        wire
    }

    async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is free");
        self.address = listener.local_addr().expect("bound");
        let to = self.to;
        self.carriers = Some(tokio::spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                streams.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(to).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        }));
    }

    async fn cut(&mut self) {
        let carriers = self.carriers.take().expect("it was whole");
        carriers.abort();
        let _ = carriers.await;
    }

    /// The entry of the lab, by way of this wire.
    fn entry(&self, lab: &Running) -> Entry {
        let mut entry = entry(lab);
        sstp_of(&mut entry).port = self.address.port();
        entry
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(carriers) = &self.carriers {
            carriers.abort();
        }
    }
}

fn coming_back(mut entry: Entry) -> Entry {
    entry.redial.on_link_failure = true;
    entry
}

/// Pauses that a test can wait for.
fn quick() -> Config {
    let mut limits = Config::default();
    limits.reconnect_first = Duration::from_millis(100);
    limits.reconnect_max = Duration::from_millis(400);
    limits
}

async fn connected(manager: &Manager) -> Connection {
    let dialing = manager.dial(dial()).expect("the dial starts");
    timeout(LONG, dialing.finish()).await.expect("in time").expect("connected")
}

fn door(connection: &Connection) -> SocketAddr {
    connection.status().expect("known").doors.socks.expect("open")
}

async fn until(watch: &mut rasman::Watch, wanted: Substate) -> Option<Code> {
    let next = async {
        loop {
            match watch.next().await.expect("the manager lives") {
                WatchEvent::Change(Change::Substate { substate, cause, .. }) if substate == wanted => {
                    return cause.map(|cause| cause.code);
                }
                WatchEvent::Change(Change::Gone { cause, .. }) => panic!("it is gone: {cause}"),
                _ => {}
            }
        }
    };
    timeout(LONG, next).await.expect("told in time")
}

#[tokio::test]
async fn c5_a27_a_link_that_breaks_comes_back_with_the_same_handle_and_the_same_doors() {
    let lab = lab("");
    let mut wire = Wire::to(&lab).await;
    let manager = manager_with(vec![coming_back(wire.entry(&lab))], quick());
    let connection = connected(&manager).await;
    let (handle, door) = (connection.handle(), door(&connection));
    assert!(get(door, GATEWAY, "/").await.is_ok());
    let mut watch = manager.watch();

    wire.cut().await;
    assert!(until(&mut watch, Substate::Reconnecting).await.is_some(), "with the loss");
    assert!(until(&mut watch, Substate::Dormant).await.is_some(), "nobody listens");
    let status = connection.status().expect("known");
    assert_eq!(status.state, ConnState::Connected);
    let retrying = status.retrying.expect("it goes on trying");
    assert!(retrying.loss.is_some() && retrying.attempt >= 1);
    let listed = &manager.connections()[0];
    assert_eq!((listed.handle, listed.state, listed.error), (handle, ConnState::Connected, 0));
    assert_ne!(listed.substate, Substate::None);
    // The door is open, and who comes now is served once the link is there.
    let early = tokio::spawn(async move { get(door, GATEWAY, "/").await });
    assert_eq!(connected(&manager).await.handle(), handle, "a dial of the entry meanwhile is one more reference");

    wire.mend().await;
    assert_eq!(until(&mut watch, Substate::Reconnected).await, None);
    let status = connection.status().expect("known");
    assert_eq!((status.substate, status.retrying), (Substate::Reconnected, None));
    assert_eq!(status.doors.socks, Some(door));
    assert!(timeout(LONG, early).await.expect("in time").expect("no panic").is_ok());
    assert!(get(door, GATEWAY, "/").await.is_ok());
    assert_eq!(lab.stats().authenticated, 2);
    let statistics = connection.statistics().expect("known");
    assert!(statistics.packets_received > 0 && statistics.packets_sent > 0);

    // Both references, then it is gone and the door with it.
    for _ in 0..2 {
        timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
    }
    assert_eq!(manager.ended(handle).map(|cause| cause.code), Some(Code::USER_DISCONNECTION));
    assert!(TcpStream::connect(door).await.is_err());
}

#[tokio::test]
async fn h16_a_hang_up_during_an_outage_ends_it() {
    let lab = lab("");
    let mut wire = Wire::to(&lab).await;
    let manager = manager_with(vec![coming_back(wire.entry(&lab))], quick());
    let connection = connected(&manager).await;
    let door = door(&connection);
    let mut watch = manager.watch();
    wire.cut().await;
    until(&mut watch, Substate::Dormant).await;
    let start = Instant::now();
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(manager.connections().is_empty() && TcpStream::connect(door).await.is_err());
}

#[tokio::test]
async fn h16_an_account_that_was_disabled_meanwhile_ends_the_connection() {
    let lab = lab("");
    let manager = manager_with(vec![coming_back(entry(&lab))], quick());
    let connection = connected(&manager).await;
    lab.set_faults("account=disabled".parse().expect("a fault"));
    lab.hang_up_all();
    let cause = timeout(LONG, connection.closed()).await.expect("in time");
    assert_eq!(cause.code, Code::ACCT_DISABLED, "{cause}");
    assert!(cause.did.starts_with("lost the link ("), "{cause}");
    assert_eq!(lab.stats().accepted, 2, "asked once");
}

#[tokio::test]
async fn m8_the_alternate_is_dialled_when_the_first_server_is_not_there() {
    let (first, second) = (lab("refuse"), lab(""));
    let mut both = entry(&first);
    both.alternates = vec![entry(&second).medium];
    let manager = manager_with(vec![both], quick());
    let mut dialing = manager.dial(dial()).expect("the dial starts");
    let mut told = Vec::new();
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("in time") {
        told.push(notification);
    }
    assert_eq!(told.last().map(|n| n.state), Some(ConnState::Connected));
    assert!(told.iter().all(|n| n.error.is_none()));
    let again = told.iter().find(|n| matches!(n.detail, Detail::Trying { medium: 2, of: 2, .. }));
    assert_eq!(again.map(|n| n.state), Some(ConnState::OpenPort));
    let connection = dialing.connection();
    assert_eq!(connection.status().expect("known").medium, 1);
    assert!(get(door(&connection), GATEWAY, "/").await.is_ok());
    assert_eq!(second.stats().authenticated, 1);
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
}

/// The links of these servers are up when they fail: they are told goodbye, on their own port, before the next is dialled.
#[tokio::test]
async fn m8_a_server_that_fails_behind_its_tunnel_is_left_in_good_order() {
    for fault in ["no-common-auth", "silent=auth", "no-address"] {
        let (first, second) = (lab(fault), lab(""));
        let mut both = entry(&first);
        both.alternates = vec![entry(&second).medium];
        let mut limits = quick();
        limits.authentication = Duration::from_secs(1);
        let manager = manager_with(vec![both], limits);
        let connection = connected(&manager).await;
        assert_eq!(connection.status().expect("known").medium, 1, "{fault}");
        assert!(get(door(&connection), GATEWAY, "/").await.is_ok(), "{fault}");
        assert_eq!((first.settled_stats().sessions, first.stats().accepted), (0, 1), "{fault}");
        timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
    }
}

#[tokio::test]
async fn m8_e1_when_no_server_is_there_the_error_names_them_all() {
    let (first, second) = (lab("refuse"), lab("no-sstp"));
    let mut both = entry(&first);
    both.alternates = vec![entry(&second).medium];
    let manager = manager_with(vec![both], quick());
    let dialing = manager.dial(dial()).expect("the dial starts");
    let error = timeout(LONG, dialing.finish()).await.expect("in time").expect_err("no server");
    assert!(error.cause().did.starts_with("tried 2 servers: 127.0.0.1 ("), "{error}");
}

/// The second server gives another address: streams of the first one are reset, and the doors lead to the new one.
#[tokio::test]
async fn m8_c5_a_lost_server_is_replaced_by_its_alternate() {
    let first = lab("");
    let mut config = rasman_lab::Config::default();
    config.pool = Pool { first: Ipv4Addr::new(10, 99, 0, 77), last: Ipv4Addr::new(10, 99, 0, 77) };
    let second = rasman_lab::spawn(config).expect("the lab starts");
    let mut both = coming_back(entry(&first));
    both.alternates = vec![entry(&second).medium];
    let manager = manager_with(vec![both], quick());
    let connection = connected(&manager).await;
    let door = door(&connection);
    let mut watch = manager.watch();
    let mut stream = harness::socks(door, GATEWAY, 80).await.expect("open");
    stream.write_all(b"GET /bulk/1000000000 HTTP/1.1\r\n\r\n").await.expect("sent");
    let mut some = [0; 1000];
    stream.read_exact(&mut some).await.expect("it flows");

    first.stop();
    until(&mut watch, Substate::Reconnected).await;
    let status = connection.status().expect("known");
    assert_eq!((status.medium, status.doors.socks), (1, Some(door)));
    assert_eq!(status.projection.map(|p| p.local), Some(Ipv4Addr::new(10, 99, 0, 77)));
    let drained = async {
        while stream.read(&mut [0; 65536]).await? > 0 {}
        std::io::Result::Ok(())
    };
    let end = timeout(LONG, drained).await.expect("in time");
    assert_eq!(end.map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionReset), "half is not the whole");
    assert!(get(door, GATEWAY, "/").await.is_ok());
    timeout(LONG, connection.hang_up().expect("known")).await.expect("in time");
}

/// The queue of a dial is bounded: states in between are lost to a client that reads nothing, and never the end.
#[tokio::test]
async fn a39_a_client_that_reads_nothing_while_many_servers_are_tried_still_learns_the_end() {
    let lab = lab("refuse");
    let mut many = entry(&lab);
    many.alternates = vec![many.medium.clone(); 200];
    let manager = manager_with(vec![many], quick());
    let mut dialing = manager.dial(dial()).expect("the dial starts");
    let ended = async {
        while dialing.connection().status().expect("known").error.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, ended).await.expect("in time");
    assert_eq!(lab.stats().accepted, 201);
    let mut told = Vec::new();
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("in time") {
        told.push(notification);
    }
    assert!(told.len() < 300, "{} were kept", told.len());
    let last = told.last().expect("told");
    assert!(last.is_last() && last.seq > 600, "{last:?}");
}

#[tokio::test]
async fn a_further_attempt_comes_after_the_pause_and_its_wait_is_told() {
    let lab = lab("refuse first=1");
    let mut patient = entry(&lab);
    patient.redial = Redial { attempts: 2, pause: Duration::from_secs(1), on_link_failure: false };
    let manager = manager_with(vec![patient], Config::default());
    let start = Instant::now();
    let mut dialing = manager.dial(dial()).expect("the dial starts");
    let mut waits = Vec::new();
    let mut last = None;
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("in time") {
        if let Detail::Waiting { attempt, of, .. } = &notification.detail {
            waits.push((notification.state, *attempt, *of));
            let retrying = dialing.connection().status().expect("known").retrying.expect("it waits");
            assert_eq!((retrying.attempt, retrying.pause), (1, Some(Duration::from_secs(1))));
        }
        last = Some((notification.state, notification.error_number()));
    }
    assert_eq!(waits, [(ConnState::OpenPort, 1, 2)]);
    assert_eq!(last, Some((ConnState::Connected, 0)));
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn h1_a_hang_up_during_the_wait_for_a_further_attempt_ends_at_once() {
    let lab = lab("refuse");
    let mut patient = entry(&lab);
    patient.redial = Redial { attempts: 99, pause: Duration::from_secs(3_600), on_link_failure: false };
    let manager = manager_with(vec![patient], Config::default());
    let mut dialing = manager.dial(dial()).expect("the dial starts");
    while let Some(notification) = timeout(LONG, dialing.next()).await.expect("in time") {
        if let Detail::Waiting { .. } = notification.detail {
            break;
        }
    }
    let start = Instant::now();
    timeout(LONG, dialing.connection().hang_up().expect("known")).await.expect("in time");
    assert!(start.elapsed() < Duration::from_secs(1) && manager.connections().is_empty());
}

#[tokio::test]
async fn b15_h16_a_connection_that_nobody_uses_ends_with_828_and_one_that_is_used_stays() {
    let lab = lab("");
    let mut idle = entry(&lab);
    idle.idle_disconnect = Some(Duration::from_millis(600));
    idle.redial.on_link_failure = true;
    let manager = manager_with(vec![idle], quick());
    let connection = connected(&manager).await;
    let door = door(&connection);
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(get(door, GATEWAY, "/").await.is_ok(), "used, so it stays");
    }
    let cause = timeout(LONG, connection.closed()).await.expect("in time");
    assert_eq!(cause.code, Code::IDLE_TIMEOUT, "{cause}");
    assert!(manager.connections().is_empty());
}
