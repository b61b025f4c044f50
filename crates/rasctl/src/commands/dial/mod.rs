//! `rasctl dial`: an entry of the phone book, or a server.

mod follow;
mod hold;
mod server;

use crate::arguments::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::last;
use crate::secrets::{PasswordArguments, ask_plain};
use clap::Args;
use rasman::{Credentials, DataPath, Dial, Entry, Forward, Rootless};
use server::ServerArguments;
use std::net::SocketAddr;

/// What to dial, as whom, and how programs get in.
#[derive(Args)]
pub(crate) struct DialArguments {
    /// Entry of the phone book
    #[arg(required_unless_present = "server", conflicts_with = "server")]
    entry: Option<String>,
    /// Stay in the foreground with a manager of our own: the connection ends with this program
    #[arg(long)]
    hold: bool,
    /// User name
    #[arg(long, short)]
    user: Option<String>,
    /// Domain of the user, if the server needs one
    #[arg(long)]
    domain: Option<String>,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    password: PasswordArguments,
    #[command(flatten)]
    doors: DoorArguments,
}

/// Where programs get into the tunnel.
#[derive(Args)]
pub(crate) struct DoorArguments {
    /// Listen here for SOCKS5; a loopback address, as whoever reaches it is inside [default: 127.0.0.1:1080]
    #[arg(long, alias = "socks", value_name = "ADDRESS:PORT", help_heading = "Doors")]
    proxy: Option<SocketAddr>,
    /// Open no proxy
    #[arg(long, conflicts_with = "proxy", help_heading = "Doors")]
    no_proxy: bool,
    /// Lead a local port to an address inside, for example 127.0.0.1:8080=10.0.0.5:80; may be repeated
    #[arg(long = "forward", value_name = "LISTEN=HOST:PORT", value_parser = parse_forward, help_heading = "Doors")]
    forwards: Vec<Forward>,
}

/// Dials.
pub(crate) fn run(arguments: DialArguments, context: &Context) -> Result<Exit, Failure> {
    let target = arguments.target();
    let result = prepare(arguments, context).and_then(|dial| hold::run(dial, context.output));
    result.inspect_err(|failure| {
        if failure.cause().is_some() {
            last::remember(&target, &failure.json());
        }
    })
}

impl DialArguments {
    /// Names what is dialled, for people.
    fn target(&self) -> String {
        self.entry.clone().or_else(|| self.server.name()).unwrap_or_default()
    }
}

/// Makes a dial of the arguments; nothing is opened but files.
fn prepare(arguments: DialArguments, context: &Context) -> Result<Dial, Failure> {
    let target = arguments.target();
    let mut entry = arguments.server.entry()?;
    arguments.doors.apply(&mut entry);
    entry.validate().map_err(|invalid| {
        let what = format!("{} {}", flag_of(invalid.field), invalid.problem);
        Failure::new(Exit::Usage, what, invalid.advice)
    })?;
    let user = match arguments.user {
        Some(user) => user,
        None if context.output.can_ask() => {
            crate::runtime::block_on(ask_plain(&format!("User name at {target}"), ""))??
        }
        None => return Err(Failure::usage("there is no user name", "give it by --user NAME")),
    };
    let password = arguments.password.read_or_ask(context.output, &format!("Password of {user} at {target}: "))?;
    let credentials = Credentials { user, domain: arguments.domain.unwrap_or_default(), password };
    Ok(Dial::settings(entry).credentials(credentials).paused_states(context.output.can_ask()))
}

impl DoorArguments {
    fn apply(self, entry: &mut Entry) {
        let default = SocketAddr::from(([127, 0, 0, 1], 1080));
        let socks = (!self.no_proxy).then(|| self.proxy.unwrap_or(default));
        entry.data_path = DataPath::Rootless(Rootless { socks, forwards: self.forwards });
    }
}

/// Names the argument that a setting comes from.
fn flag_of(field: &str) -> &str {
    match field {
        "sstp.server" => "--server",
        "sstp.port" => "--port",
        "sstp.server_name" => "--server-name",
        "rootless.socks" => "--proxy",
        field if field.starts_with("rootless.forwards") => "--forward",
        field if field.starts_with("sstp.trust") => "--ca or --pin",
        field => field,
    }
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
}
