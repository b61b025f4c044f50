//! Every failure of a dial is explained: each row of `tests/errors.toml` is provoked and compared, word for word.
//!
//! With `RASMAN_RECORD=1` the rows are written anew from what was told; `docs/errors.md` is made from them.

mod eap;
mod sources;
mod table;

use eap::Eap;
use rasman::{
    Answer, Cause, Connection, Detail, Dial, Entry, HttpProxy, Manager, Medium, MppeConsent, Revocation, Trust,
};
use rasman_core::{LineDevice, LineLogin, ModemSettings, SerialPort, SerialSettings};
use rasman_dial::Config;
use rasman_lab::Running;
use rasman_tests::harness::{self, dial, dial_as, manager_with, sstp_of};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use table::{Row, Table, Told};
use tokio::time::timeout;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// The server checks the binding while the client goes on.
const RACE: &str = "AuthProject or later";

/// A limit that a test can wait for.
const SHORT: Duration = Duration::from_millis(600);

#[tokio::test]
async fn each_cause_is_told_as_the_table_has_it() {
    let file = path();
    let text = std::fs::read_to_string(&file).expect("the table is committed");
    let mut table: Table = toml::from_str(&text).expect("the table is TOML");
    let record = std::env::var_os("RASMAN_RECORD").is_some();
    let mut differ = Vec::new();
    for row in &mut table.cause {
        let told = provoke(row).await;
        // Layer, what we did or sent, what to change: nothing more can be said of an end that the user wanted.
        let explained = !told.did.is_empty() && !told.advice.is_empty() || row.setup == "hang-up";
        if !explained {
            differ.push(format!("{} is not explained: {told:?}", row.what));
        }
        if row.or.contains(&told) {
            continue;
        }
        if !record && told != row.told {
            differ.push(format!("{}\n  table: {:?}\n  told:  {told:?}", row.what, row.told));
        }
        row.told = told;
    }
    if record {
        let head: String =
            text.lines().take_while(|line| line.starts_with('#')).map(|line| line.to_owned() + "\n").collect();
        let body = toml::to_string(&table).expect("strings are TOML");
        std::fs::write(&file, format!("{head}\n{body}")).expect("the table can be written");
    }
    assert!(differ.is_empty(), "{}\n`cargo xtask errors --record` writes the table anew", differ.join("\n"));
}

/// Makes it happen and gives what was told.
async fn provoke(row: &Row) -> Told {
    println!("{}", row.what);
    let mut config = rasman_lab::Config::default();
    config.faults = row.lab.parse().expect("faults in the lab's grammar");
    if row.setup == "server-encrypts" {
        config.mppe = vec![rasman_lab::MppeStrength::Bits128];
    }
    let eap = Eap::of(&row.setup);
    if let Some(eap) = &eap {
        config.authentication = vec![eap.method];
    }
    let lab = rasman_lab::spawn(config).expect("the lab starts");
    let mut setup = Setup::new(&lab, row, eap.as_ref());
    let (state, cause) = setup.run(row).await;
    drop(setup);
    let (code, _) = cause
        .code
        .to_string()
        .split_once(": ")
        .map(|(code, rest)| (code.to_owned(), rest.to_owned()))
        .expect("a code has a sentence");
    let plain = without_numbers;
    let state = if row.lab == "wrong-binding" { RACE.to_owned() } else { state };
    Told {
        state,
        code,
        layer: cause.layer.to_string(),
        did: plain(&cause.did),
        said: plain(&cause.said),
        advice: plain(&cause.advice),
    }
}

/// A manager with one entry, and what must live as long.
struct Setup {
    manager: Manager,
    _keep: Vec<TcpStream>,
    _taken: Option<TcpListener>,
}

impl Setup {
    fn new(lab: &Running, row: &Row, eap: Option<&Eap>) -> Self {
        let mut entry = eap.map_or_else(|| harness::entry(lab), |eap| eap.entry(lab));
        let (mut keep, mut taken) = (Vec::new(), None);
        match row.setup.as_str() {
            "unknown-name" => sstp_of(&mut entry).server = "no-such-host.invalid".to_owned(),
            "closed-port" => sstp_of(&mut entry).port = free_port(),
            "black-hole" => {
                let (streams, address) = black_hole();
                keep = streams;
                sstp_of(&mut entry).port = address.port();
            }
            "other-pin" => {
                sstp_of(&mut entry).trust = Trust { pinned_leaf_sha256: Some([7; 32]), ..Trust::default() };
            }
            "revocation" => sstp_of(&mut entry).trust.revocation = Revocation::Required,
            setup if setup.starts_with("proxy ") => {
                let address = proxy(setup["proxy ".len()..].to_owned());
                let (host, port) = (address.ip().to_string(), address.port());
                sstp_of(&mut entry).proxy = Some(HttpProxy { host, port, login: None });
            }
            "taken-door" => taken = Some(take_door(&mut entry)),
            "encryption" => entry.network.mppe = Some(MppeConsent::Strong),
            "other-address" => entry.network.address = Some(Ipv4Addr::new(192, 0, 2, 7)),
            "no-certificate" => sstp_of(&mut entry).trust.added_roots = vec![vec![0x30, 3, 2, 1, 1]],
            "terminal" => entry.medium = terminal(),
            "session" => entry.session_limit = Some(rasman_core::Duration::from_secs(1)),
            "idle" => entry.idle_disconnect = Some(rasman_core::Duration::from_secs(1)),
            _ => {}
        }
        Self { manager: manager_with(vec![entry], limits(&row.limit)), _keep: keep, _taken: taken }
    }

    /// Dials; gives the state and the cause of the end.
    async fn run(&mut self, row: &Row) -> (String, Cause) {
        let dial = match row.setup.as_str() {
            "wrong-password" => dial_as("looking-glass"),
            "nobody" => Dial::entry(harness::ENTRY),
            "short-password" => dial().paused_states(true),
            _ => dial(),
        };
        let mut dialing = self.manager.dial(dial).expect("the dial starts");
        let connection = dialing.connection();
        if row.setup == "stop" {
            let first = timeout(LONG, dialing.next()).await.expect("told in time");
            assert!(first.is_some());
            timeout(LONG, self.manager.shut_down()).await.expect("the manager stops");
        }
        let mut last = None;
        while let Some(notification) = timeout(LONG, dialing.next()).await.expect("told in time") {
            if let Detail::Question(question) = &notification.detail {
                dialing.answer(question.id, Answer::NewPassword("short".into())).expect("the question is open");
            }
            last = Some(notification);
        }
        let last = last.expect("something was told");
        if let Some(cause) = last.error {
            return (format!("{:?}", last.state), cause);
        }
        let _up = timeout(LONG, dialing.finish()).await.expect("it is connected").expect("it is connected");
        (String::new(), end(&connection, row).await)
    }
}

async fn end(connection: &Connection, row: &Row) -> Cause {
    if row.setup == "hang-up" {
        drop(connection.hang_up().expect("known"));
    }
    timeout(LONG, connection.closed()).await.expect("it ends")
}

fn limits(which: &str) -> Config {
    let mut limits = Config::default();
    match which {
        "" => {}
        "tcp" => limits.tcp = SHORT,
        "tls" => limits.tls = SHORT,
        "link" => limits.link = SHORT,
        "lcp" => limits.lcp = SHORT,
        "authentication" => limits.authentication = SHORT,
        "projection" => limits.projection = SHORT,
        other => panic!("no limit {other}"),
    }
    limits
}

/// A modem of which the dial does not come to know that there is none.
fn terminal() -> Medium {
    let login = LineLogin { terminal_after_dial: true, ..LineLogin::default() };
    let modem = ModemSettings { number: "5550100".into(), ..ModemSettings::default() };
    let port = SerialPort::Device("/dev/ttyS0".into());
    Medium::Serial(SerialSettings { login, ..SerialSettings::new(port, LineDevice::Modem(modem)) })
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// A listener whose queue is full: the kernel drops further SYNs, as a firewall would.
fn black_hole() -> (Vec<TcpStream>, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    socket.listen(0).expect("it is bound");
    let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("it is bound");
    let mut keep = vec![TcpStream::from(socket)];
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        keep.push(stream);
    }
    (keep, address)
}

/// An HTTP proxy that answers every request so; `|` stands for the end of a line.
fn proxy(answer: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    // It ends with the test's process.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all((answer.replace('|', "\r\n") + "\r\n\r\n").as_bytes());
        }
    });
    address
}

fn take_door(entry: &mut Entry) -> TcpListener {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let rasman::DataPath::Rootless(rootless) = &mut entry.data_path else { unreachable!("the harness makes it") };
    rootless.socks = taken.local_addr().ok();
    taken
}

/// Replaces what differs from run to run: ports, digests, the clock, the words of the system, the shortened limits.
fn without_numbers(text: &str) -> String {
    let mut plain = text.replace(&format!("{SHORT:?}"), "LIMIT");
    if plain.starts_with("failed to lookup") {
        plain = "(the words of the system's resolver)".to_owned();
    }
    for before in ["127.0.0.1:", "127.0.0.1 port "] {
        plain = replaced_after(&plain, before, |c| c.is_ascii_digit(), "PORT");
    }
    plain = replaced_after(&plain, "(it says ", |c| c != ')', "NOW");
    replaced_after(&plain, "SHA-256 digest ", |c| c.is_ascii_hexdigit(), "DIGEST")
}

/// Replaces what follows `before` as long as `belongs` holds.
fn replaced_after(text: &str, before: &str, belongs: fn(char) -> bool, with: &str) -> String {
    let mut parts = text.split(before);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain = plain + before + with + part.trim_start_matches(belongs);
    }
    plain
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("errors.toml")
}
