//! A lab and a manager that knows it, for tests of whole dials.

use rasman::{Credentials, DataPath, Dial, Entry, Manager, Medium, Rootless, SstpSettings, Trust};
use rasman_core::{LineDevice, LineLogin, ModemSettings, SerialPort, SerialSettings};
use rasman_dial::Config;
use rasman_lab::{DEFAULT_PASSWORD, DEFAULT_USER, Facts, Running};
use std::net::{IpAddr, SocketAddr};

/// The name of the entry that leads to the lab.
pub const ENTRY: &str = "Lab";

/// Starts a lab with faults in the lab's own words, such as `"silent=auth"`; empty for none.
///
/// # Panics
/// If the lab does not start or the words are wrong.
#[must_use]
pub fn lab(faults: &str) -> Running {
    let mut config = rasman_lab::Config::default();
    config.faults = faults.parse().expect("faults in the lab's grammar");
    rasman_lab::spawn(config).expect("the lab starts")
}

/// Starts a lab with one modem, by which every number leads to it.
///
/// # Panics
/// If the lab does not start.
#[must_use]
pub fn lab_with_a_modem() -> Running {
    lab_with_modems(&["speed=0"])
}

/// Starts a lab with modems that are as these words say.
///
/// # Panics
/// If the lab does not start.
#[must_use]
pub fn lab_with_modems(modems: &[&str]) -> Running {
    let mut config = rasman_lab::Config::default();
    let modem = |words: &&str| {
        let personality = words.parse().expect("the lab's grammar");
        rasman_lab::modem::ModemConfig { link: None, personality }
    };
    config.modems = modems.iter().map(modem).collect();
    rasman_lab::spawn(config).expect("the lab starts")
}

/// Gives an entry that leads to a lab and trusts its authority.
#[must_use]
pub fn entry(lab: &Running) -> Entry {
    entry_to(lab.facts())
}

/// Gives an entry that leads to the lab of these facts.
#[must_use]
pub fn entry_to(facts: &Facts) -> Entry {
    let mut entry = Entry::sstp(ENTRY, facts.address.ip().to_string());
    let sstp = sstp_of(&mut entry);
    sstp.port = facts.address.port();
    sstp.trust = Trust { added_roots: vec![facts.ca_der.clone()], ..Trust::default() };
    let socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    entry.data_path = DataPath::Rootless(Rootless { socks, ..Rootless::default() });
    entry
}

/// Gives the SSTP settings of an entry.
pub fn sstp_of(entry: &mut Entry) -> &mut SstpSettings {
    match &mut entry.medium {
        Medium::Sstp(sstp) => sstp,
        _ => unreachable!("the tests make SSTP entries"),
    }
}

/// Starts a manager that knows these entries.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn manager_with(entries: Vec<Entry>, limits: Config) -> Manager {
    let settings = rasmand::Settings { entries, workers: 1, limits, ..Default::default() };
    match crate::ipc::is_front() {
        true => crate::ipc::behind_a_socket(settings),
        false => rasmand::embedded(settings).expect("the manager starts"),
    }
}

/// Starts a manager that knows the lab.
#[must_use]
pub fn manager(lab: &Running) -> Manager {
    manager_with(vec![entry(lab)], Config::default())
}

/// Gives a dial of the lab with its right password.
#[must_use]
pub fn dial() -> Dial {
    dial_as(DEFAULT_PASSWORD)
}

/// Gives a dial of the lab with this password.
#[must_use]
pub fn dial_as(password: &str) -> Dial {
    Dial::entry(ENTRY).credentials(credentials(password))
}

/// Gives the lab's user with this password.
#[must_use]
pub fn credentials(password: &str) -> Credentials {
    Credentials { user: DEFAULT_USER.to_owned(), domain: String::new(), password: password.into() }
}

/// Waits for something that is about to be so.
///
/// # Panics
/// If it does not become so.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{what}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// Fetches a path by HTTP through a SOCKS5 proxy; gives the body.
///
/// # Errors
/// Those of the sockets, and a refusal of the proxy or of the server.
pub async fn get(proxy: SocketAddr, host: impl Into<IpAddr>, path: &str) -> std::io::Result<Vec<u8>> {
    let host = host.into();
    page(socks(proxy, host, 80).await?, &SocketAddr::new(host, 80).to_string(), path).await
}

/// Fetches a path by HTTP over a stream to a host; gives the body.
///
/// # Errors
/// Those of the stream, and a refusal of the server.
pub async fn page(mut stream: tokio::net::TcpStream, host: &str, path: &str) -> std::io::Result<Vec<u8>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    let head = response.windows(4).position(|window| window == b"\r\n\r\n");
    match head {
        Some(end) if response.starts_with(b"HTTP/1.1 200") => Ok(response.split_off(end + 4)),
        _ => Err(std::io::Error::other("no 200")),
    }
}

/// Opens a stream through a SOCKS5 proxy (RFC 1928).
///
/// # Errors
/// Those of the sockets, and a refusal of the proxy.
pub async fn socks(proxy: SocketAddr, host: impl Into<IpAddr>, port: u16) -> std::io::Result<tokio::net::TcpStream> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(proxy).await?;
    let mut request = vec![5, 1, 0, 5, 1, 0];
    match host.into() {
        IpAddr::V4(host) => request.extend([&[1], &host.octets()[..]].concat()),
        IpAddr::V6(host) => request.extend([&[4], &host.octets()[..]].concat()),
    }
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut reply = [0; 6];
    stream.read_exact(&mut reply).await?;
    if reply[..2] != [5, 0] || reply[3] != 0 {
        return Err(std::io::Error::other(format!("SOCKS5 reply {}", reply[3])));
    }
    // Our address, of its own kind, and the port.
    let rest = if reply[5] == 4 { 16 + 2 } else { 4 + 2 };
    stream.read_exact(&mut [0; 18][..rest]).await?;
    Ok(stream)
}

/// Gives the SHA-256 digest of bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

/// The number of the modem of [`calling_lab`].
pub const CALLED: &str = "5550199";

/// A lab that calls back: at a number that the client names if it wants, or at [`CALLED`] whether it wants or not.
///
/// # Panics
/// If it does not start.
#[must_use]
pub fn calling_lab(preset: bool) -> Running {
    let mut config = rasman_lab::Config::default();
    let personality = format!("number={CALLED}").parse().expect("the lab's grammar");
    config.modems = vec![rasman_lab::modem::ModemConfig { link: None, personality }];
    config.apply_flag("callback", if preset { CALLED } else { "caller" }).expect("the lab's grammar");
    rasman_lab::spawn(config).expect("the lab starts")
}

/// An entry that dials a lab by its first modem.
#[must_use]
pub fn modem_entry(lab: &Running) -> Entry {
    let mut entry = entry(lab);
    let port = SerialPort::Device(lab.facts().modems[0].display().to_string());
    let modem = ModemSettings { name: "Lab modem".into(), number: "5550100".into(), ..ModemSettings::default() };
    entry.medium = Medium::Serial(SerialSettings::new(port, LineDevice::Modem(modem)));
    entry
}

/// The same, with what is said on the line before PPP begins.
#[must_use]
pub fn modem_entry_with(lab: &Running, login: LineLogin) -> Entry {
    let mut entry = modem_entry(lab);
    if let Medium::Serial(settings) = &mut entry.medium {
        settings.login = login;
    }
    entry
}
