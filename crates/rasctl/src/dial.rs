//! `rasctl dial`: one connection in the foreground.

use crate::paint::{Paint, Painter, say};
use crate::{block_on, fail, secrets};
use clap::Args;
use rasman::{
    Cause, Connection, Credentials, DataPath, Dial, Entry, Error, Forward, HangUp, Manager, Medium, Rootless, Trust,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

/// What to dial.
#[derive(Args)]
pub(crate) struct DialArguments {
    /// Host name or address of the SSTP server.
    server: String,
    /// TCP port of the server.
    #[arg(long, default_value_t = 443)]
    port: u16,
    /// User name.
    #[arg(long, short)]
    user: String,
    /// Domain of the user, if the server needs one.
    #[arg(long, default_value = "")]
    domain: String,
    /// File whose first line is the password, readable by you alone; without, it is read from standard input.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// Name that the server's certificate must carry, if it is not the server's own.
    #[arg(long, default_value = "")]
    server_name: String,
    /// Also trust this certificate authority (PEM or DER file).
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256 digest (64 hexadecimal digits), and nothing else.
    #[arg(long, value_parser = parse_digest)]
    pin: Option<[u8; 32]>,
    /// Listen here for SOCKS5.
    #[arg(long, default_value = "127.0.0.1:1080")]
    socks: SocketAddr,
    /// Lead a local port to an address inside: LISTEN=HOST:PORT, for example 127.0.0.1:8080=10.0.0.5:80.
    #[arg(long = "forward", value_parser = parse_forward)]
    forwards: Vec<Forward>,
}

/// Dials and stays until Ctrl-C, a termination signal, or the end of the connection.
pub(crate) fn run(arguments: DialArguments) -> ExitCode {
    let plan = match prepare(arguments) {
        Ok(plan) => plan,
        Err(error) => return fail(error),
    };
    match block_on(stay(plan)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(error),
        Err(error) => fail(error),
    }
}

/// Makes a dial of the arguments; nothing is opened but files.
fn prepare(arguments: DialArguments) -> Result<Dial, String> {
    let mut entry = Entry::sstp(arguments.server.clone(), arguments.server.clone());
    // The name is a label here; an address with colons would not do as one.
    entry.name = "command line".to_owned();
    let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!("made one line above") };
    sstp.port = arguments.port;
    sstp.server_name = arguments.server_name;
    if let Some(path) = &arguments.ca {
        sstp.trust.added_roots = read_certificates(path)?;
    }
    if let Some(digest) = arguments.pin {
        sstp.trust = Trust { pinned_leaf_sha256: Some(digest), ..Trust::default() };
    }
    entry.data_path = DataPath::Rootless(Rootless { socks: Some(arguments.socks), forwards: arguments.forwards });
    entry.validate().map_err(|invalid| format!("{}: {invalid}", flag_of(invalid.field)))?;
    let password = match &arguments.password_file {
        Some(path) => secrets::from_file(path)?,
        None => secrets::from_stdin(&format!("Password of {} at {}: ", arguments.user, arguments.server))?,
    };
    let credentials = Credentials { user: arguments.user, domain: arguments.domain, password };
    Ok(Dial::settings(entry).credentials(credentials))
}

async fn stay(dial: Dial) -> Result<(), String> {
    let manager = rasmand::embedded(rasmand::Settings { workers: 1, ..Default::default() }).map_err(text)?;
    let result = converse(&manager, dial).await;
    manager.shut_down().await;
    result
}

async fn converse(manager: &Manager, dial: Dial) -> Result<(), String> {
    let painter = Painter::stdout();
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let start = Instant::now();
    let mut dialing = manager.dial(dial).map_err(text)?;
    let connection = dialing.connection();
    loop {
        tokio::select! {
            notification = dialing.next() => match notification {
                Some(notification) => say!("{}", painter.notification(start.elapsed(), &notification)),
                None => break,
            },
            _ = interrupted.recv() => return give_up(&connection, painter).await,
            _ = terminated.recv() => return give_up(&connection, painter).await,
        }
    }
    dialing.finish().await.map_err(text)?;
    describe(&connection, painter)?;
    tokio::select! {
        cause = connection.closed() => Err(format!("the connection ended: {cause}")),
        _ = interrupted.recv() => leave(&connection, painter).await,
        _ = terminated.recv() => leave(&connection, painter).await,
    }
}

fn describe(connection: &Connection, painter: Painter) -> Result<(), String> {
    let status = connection.status().map_err(text)?;
    if let Some(projection) = &status.projection {
        say!("{} {projection}", painter.paint(Paint::Title, "network "));
    }
    if let Some(socks) = status.doors.socks {
        say!("{} socks5h://{socks}", painter.paint(Paint::Title, "proxy   "));
    }
    for forward in &status.doors.forwards {
        say!("{} {forward}", painter.paint(Paint::Title, "forward "));
    }
    say!("{}", painter.paint(Paint::Dim, "Ctrl-C hangs up."));
    Ok(())
}

/// Hangs up a dial that is not connected yet, which is a failure to whoever waits for the connection.
async fn give_up(connection: &Connection, painter: Painter) -> Result<(), String> {
    say!("{} the dial", painter.paint(Paint::Title, "hanging up"));
    leave(connection, painter).await?;
    Err("hung up before it was connected".to_owned())
}

async fn leave(connection: &Connection, painter: Painter) -> Result<(), String> {
    let start = Instant::now();
    let gone = match connection.hang_up() {
        Ok(hanging_up) => hanging_up.await,
        Err(error) => HangUp::Gone(error.0),
    };
    if let HangUp::Gone(Cause { code, .. }) = gone {
        let millis = start.elapsed().as_secs_f64() * 1_000.0;
        say!("{} in {millis:.1} ms ({code})", painter.paint(Paint::Title, "hung up "));
    }
    Ok(())
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Names the argument that a setting comes from.
fn flag_of(field: &str) -> &'static str {
    match field {
        "sstp.server" => "SERVER (give the port by --port)",
        "sstp.port" => "--port",
        "sstp.server_name" => "--server-name",
        "rootless.socks" => "--socks",
        field if field.starts_with("rootless.forwards") => "--forward",
        field if field.starts_with("sstp.trust") => "--ca or --pin",
        _ => "settings",
    }
}

/// Reads the certificates of a PEM file, or the one of a DER file.
fn read_certificates(path: &std::path::Path) -> Result<Vec<Vec<u8>>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("--ca {}: {error}", path.display()))?;
    rasman_lab::pem::certificates(&bytes).map_err(|error| format!("--ca {}: {error}", path.display()))
}

fn parse_digest(text: &str) -> Result<[u8; 32], String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return Err("give 64 hexadecimal digits".to_owned());
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16)
            .map_err(|_| "give 64 hexadecimal digits".to_owned())?;
    }
    Ok(digest)
}

fn parse_forward(text: &str) -> Result<Forward, String> {
    let wrong = || "give LISTEN=HOST:PORT, for example 127.0.0.1:8080=10.0.0.5:80".to_owned();
    let (listen, target) = text.split_once('=').ok_or_else(wrong)?;
    let (host, port) = target.rsplit_once(':').ok_or_else(wrong)?;
    Ok(Forward {
        listen: listen.parse().map_err(|_| wrong())?,
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: port.parse().map_err(|_| wrong())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_are_parsed_and_refused_in_words() {
        let forward = parse_forward("127.0.0.1:8080=intra.example:80").unwrap();
        assert_eq!((forward.host.as_str(), forward.port), ("intra.example", 80));
        assert_eq!(parse_forward("[::1]:1=[fd00::1]:22").unwrap().host, "fd00::1");
        for bad in ["", "8080", "127.0.0.1:1=host", "127.0.0.1:1=host:99999", "x=y:1"] {
            assert!(parse_forward(bad).unwrap_err().contains("LISTEN=HOST:PORT"), "{bad}");
        }
    }

    #[test]
    fn digests_are_64_digits() {
        assert_eq!(parse_digest(&"aB".repeat(32)), Ok([0xAB; 32]));
        assert!(parse_digest(&"a".repeat(63)).is_err());
        assert!(parse_digest(&"ä".repeat(32)).is_err());
        assert!(parse_digest(&"zz".repeat(32)).is_err());
    }
}
