//! Our own client before a foreign server: an embedded manager with one entry.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rasman::{
    Answer, Cause, Code, ConnState, Connection, Credentials, DataPath, Detail, Dial, Entry, Error, HangUp, LayerName,
    Manager, Notification, Projection, Rootless, Trust,
};
use rasman_dial::Config;
use tokio::time::timeout;

use super::process::within;
use super::{PASSWORD, SERVER_NAME, USER, ca_file, data, server_certificate};
use crate::harness;

/// What a dial by MS-CHAPv2 tells when all goes well, each with error 0.
pub const CONNECTED: [ConnState; 14] = [
    ConnState::OpenPort,
    ConnState::PortOpened,
    ConnState::ConnectDevice,
    ConnState::DeviceConnected,
    ConnState::AllDevicesConnected,
    ConnState::Authenticate,
    ConnState::AuthNotify,
    ConnState::AuthAck,
    ConnState::Authenticated,
    ConnState::AuthNotify,
    ConnState::AuthProject,
    ConnState::Projected,
    ConnState::ApplySettings,
    ConnState::Connected,
];

/// What goes through each of many connections.
const PAGE: usize = 16 * 1024;

/// Longer than any step of a dial takes, so that a hang fails in the step that hangs.
const LONG: Duration = Duration::from_secs(40);

/// Runs `body` on a runtime of one thread; then this process must be as it was: no thread and no socket more.
///
/// # Panics
/// When the body does, and when something is left.
pub fn calling<T>(body: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    let before = (threads(), sockets());
    let result = runtime.block_on(body());
    let mut after = before;
    // A thread that was joined is seen in /proc for another moment.
    let same = within(Duration::from_secs(1), || {
        after = (threads(), sockets());
        after == before
    });
    assert!(same, "threads and sockets before {before:?}, after {after:?}");
    result
}

/// Gives an entry that leads to a peer, expects [`SERVER_NAME`] and trusts the test authority alone.
#[must_use]
pub fn entry_to(peer: SocketAddr) -> Entry {
    let mut entry = Entry::sstp(harness::ENTRY, peer.ip().to_string());
    let sstp = harness::sstp_of(&mut entry);
    sstp.port = peer.port();
    sstp.server_name = SERVER_NAME.to_owned();
    sstp.trust = Trust { added_roots: certificates(&ca_file()), ..Trust::default() };
    let socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    entry.data_path = DataPath::Rootless(Rootless { socks, ..Rootless::default() });
    entry
}

/// Gives the digest of the certificate that every peer shows.
#[must_use]
pub fn pin() -> [u8; 32] {
    harness::sha256(&certificates(&server_certificate())[0])
}

fn credentials(password: &str) -> Credentials {
    Credentials { user: USER.to_owned(), domain: String::new(), password: password.into() }
}

fn certificates(file: &std::path::Path) -> Vec<Vec<u8>> {
    let pem = fs::read(file).expect("a prepared peer has certificates");
    rasman_lab::pem::certificates(&pem).expect("certificates")
}

/// An embedded manager that knows one entry.
pub struct Caller {
    manager: Manager,
}

impl Caller {
    /// Starts the manager.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self { manager: harness::manager_with(vec![entry], Config::default()) }
    }

    /// Dials as [`USER`] with this password until connected or failed; gives what was told and how it ended.
    ///
    /// # Panics
    /// When the dial is refused at once, or a step of it hangs.
    pub async fn dial(&self, password: &str) -> (Vec<Notification>, Result<Connection, Error>) {
        self.run(Dial::entry(harness::ENTRY).credentials(credentials(password))).await
    }

    async fn run(&self, dial: Dial) -> (Vec<Notification>, Result<Connection, Error>) {
        let mut dialing = self.manager.dial(dial).expect("the dial starts");
        let start = Instant::now();
        let mut told = Vec::new();
        while let Some(notification) = timeout(LONG, dialing.next()).await.expect("told in time") {
            let (state, error, detail) = (notification.state, notification.error_number(), &notification.detail);
            println!("{:9.3?} {state} {error} {detail}", start.elapsed());
            if let Detail::Question(question) = detail {
                dialing.answer(question.id, Answer::Credentials(credentials(PASSWORD))).expect("it is open");
            }
            told.push(notification);
        }
        let connection = dialing.connection();
        let result = dialing.finish().await;
        if result.is_err() {
            // A failed dial is hung up by the drop of its handle: it goes in its own time.
            timeout(LONG, connection.closed()).await.expect("gone in time");
        }
        (told, result)
    }

    /// Dials with the right password.
    ///
    /// # Panics
    /// When that does not end in Connected.
    pub async fn connected(&self) -> (Vec<Notification>, Connection) {
        let (told, result) = self.dial(PASSWORD).await;
        let connection = result.unwrap_or_else(|error| panic!("not connected: {error}\n{told:#?}"));
        (told, connection)
    }

    /// Dials with a wrong password: AuthNotify with 0, AuthNotify with 691 that explains itself, and nothing more.
    ///
    /// # Panics
    /// When anything else is told.
    pub async fn is_refused(&self, password: &str) {
        let (told, result) = self.dial(password).await;
        let error = result.expect_err("the password is wrong");
        let end: Vec<_> = told.iter().map(|n| (n.state, n.error_number())).collect();
        let [before @ .., told_first, told_last] = &end[..] else { panic!("{end:?}") };
        assert!(before.iter().all(|(_, error)| *error == 0), "{end:?}");
        assert_eq!([*told_first, *told_last], [(ConnState::AuthNotify, 0), (ConnState::AuthNotify, 691)], "{end:?}");
        let cause = error.cause();
        assert_eq!((cause.code, cause.layer), (Code::AUTHENTICATION_FAILURE, LayerName::Auth));
        assert!(cause.did.contains(USER) && cause.said.contains("E=691") && !cause.advice.is_empty(), "{error}");
        println!("{error}");
    }

    /// Dials with a wrong password, is asked for another and gives the right one.
    ///
    /// # Panics
    /// When that does not end in Connected.
    pub async fn connected_at_second_attempt(&self, password: &str) -> Connection {
        let dial = Dial::entry(harness::ENTRY).credentials(credentials(password)).paused_states(true);
        let (told, result) = self.run(dial).await;
        let asked = told.iter().filter(|n| n.state == ConnState::RetryAuthentication).count();
        assert!(asked == 1 && told.iter().all(|n| n.error.is_none()), "{told:#?}");
        result.unwrap_or_else(|error| panic!("not connected: {error}\n{told:#?}"))
    }

    /// Dials and hangs up so many times in a row; a small page of data goes through each connection. Gives how many of
    /// the dials connected, and why the others did not.
    ///
    /// # Panics
    /// When data is lost or a hang-up does not end.
    pub async fn dial_in_a_row(&self, times: usize, service: SocketAddr) -> (usize, Vec<Error>) {
        let mut failed = Vec::new();
        for _ in 0..times {
            match self.dial(PASSWORD).await {
                (_, Ok(connection)) => {
                    move_data(&connection, service, PAGE).await;
                    hang_up(&connection).await;
                }
                (_, Err(error)) => failed.push(error),
            }
        }
        (times - failed.len(), failed)
    }

    /// Ends the manager, which must have no connection left.
    ///
    /// # Panics
    /// When it has, or does not end.
    pub async fn shut_down(self) {
        assert_eq!(self.manager.connections(), []);
        timeout(LONG, self.manager.shut_down()).await.expect("the manager ends");
    }
}

/// Dials in a row, and the time that they may take: few, or as many as RASMAN_DIALS says (`cargo xtask dials`).
#[must_use]
pub fn dials() -> (usize, Duration) {
    let asked = std::env::var("RASMAN_DIALS").ok().and_then(|times| times.parse().ok());
    let times = asked.unwrap_or(3);
    (times, Duration::from_secs(120 + 12 * times as u64))
}

/// The row of so many dials in the interoperability table; few are no row of their own.
#[must_use]
pub fn many(authentication: &str, times: usize) -> String {
    match times {
        0..10 => authentication.to_owned(),
        _ => format!("{authentication}, {times} dials in a row"),
    }
}

/// Moves `size` bytes each way through the connection's SOCKS5 proxy; both ends compare their hashes.
///
/// # Panics
/// When bytes do not arrive, or others do.
pub async fn move_data(connection: &Connection, service: SocketAddr, size: usize) {
    let IpAddr::V4(host) = service.ip() else { unreachable!("the data service has an IPv4 address") };
    let proxy = connection.status().expect("connected").doors.socks.expect("the entry asks for the proxy");
    let open = async || harness::socks(proxy, host, service.port()).await.expect("the proxy connects");
    let start = Instant::now();
    let sent = timeout(LONG, async { data::push_async(&mut open().await, size).await });
    sent.await.expect("sent in time").expect("what was sent arrived");
    let half = start.elapsed();
    let fetched = timeout(LONG, async { data::fetch_async(&mut open().await, size).await });
    fetched.await.expect("fetched in time").expect("what was fetched is right");
    println!("{size} bytes sent in {half:.3?}, fetched in {:.3?}", start.elapsed() - half);
    let size = u64::try_from(size).expect("a size");
    let carried = connection.statistics().expect("connected");
    assert!(carried.bytes_sent > size && carried.bytes_received > size, "{carried:?}");
}

/// Hangs up and waits until the connection is gone.
///
/// # Panics
/// When it is not.
pub async fn hang_up(connection: &Connection) -> Cause {
    let hang_up = timeout(LONG, connection.hang_up().expect("known")).await.expect("gone in time");
    let HangUp::Gone(cause) = hang_up else { panic!("{hang_up:?}") };
    cause
}

/// Gives the states that were told, in order.
#[must_use]
pub fn states(told: &[Notification]) -> Vec<ConnState> {
    told.iter().map(|notification| notification.state).collect()
}

/// Gives the projection that was told.
#[must_use]
pub fn projection(told: &[Notification]) -> Option<&Projection> {
    told.iter().find_map(|notification| match &notification.detail {
        Detail::Projection(projection) => Some(projection),
        _ => None,
    })
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

fn sockets() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    descriptors
        .filter(|descriptor| {
            fs::read_link(descriptor.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        })
        .count()
}
