//! Where programs get into the tunnel.

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use rasman::{DataPath, Forward, Rootless};
use std::net::SocketAddr;

/// Proxies and forwards of a dial; without any of these the entry's own.
#[derive(Args)]
pub(crate) struct DoorArguments {
    /// Listen here for SOCKS5 instead of where the entry says; a loopback address, as whoever reaches it is inside
    #[arg(long, alias = "socks", value_name = "ADDRESS:PORT", help_heading = "Doors")]
    proxy: Option<SocketAddr>,
    /// Open no proxy
    #[arg(long, conflicts_with = "proxy", help_heading = "Doors")]
    no_proxy: bool,
    /// Lead a local port to an address inside, for example 127.0.0.1:8080=10.0.0.5:80; may be repeated
    #[arg(long = "forward", value_name = "LISTEN=HOST:PORT", value_parser = parse_forward, help_heading = "Doors")]
    forwards: Vec<Forward>,
}

impl DoorArguments {
    /// Gives the doors to open in place of `own`, those of the entry; nothing if its own are to be opened.
    pub(super) fn over(&self, own: &DataPath) -> Result<Option<DataPath>, Failure> {
        let own = match own {
            DataPath::Rootless(doors) => doors,
            // A network device is a door; other doors take its place only if they are asked for.
            _ if self.is_empty() => return Ok(None),
            _ => &Rootless::default(),
        };
        let mut doors = own.clone();
        if self.no_proxy {
            doors.socks = None;
        } else if self.proxy.is_some() {
            doors.socks = self.proxy;
        } else if doors.socks.is_none() && doors.forwards.is_empty() && self.forwards.is_empty() {
            // Without a door nothing could get into the tunnel.
            doors.socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        doors.forwards.extend(self.forwards.iter().cloned());
        if doors == *own {
            return Ok(None);
        }
        let path = DataPath::Rootless(doors);
        path.validate().map_err(|invalid| {
            let flag = if invalid.field == "rootless.socks" { "--proxy" } else { "--forward" };
            Failure::new(Exit::Usage, format!("{flag} {}", invalid.problem), invalid.advice)
        })?;
        Ok(Some(path))
    }
}

impl DoorArguments {
    fn is_empty(&self) -> bool {
        self.proxy.is_none() && !self.no_proxy && self.forwards.is_empty()
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

    fn over(arguments: DoorArguments, own: &Rootless) -> Option<Rootless> {
        arguments.over(&DataPath::Rootless(own.clone())).unwrap().map(|path| match path {
            DataPath::Rootless(doors) => doors,
            other => panic!("{other:?}"),
        })
    }

    fn none() -> DoorArguments {
        DoorArguments { proxy: None, no_proxy: false, forwards: Vec::new() }
    }

    #[test]
    fn arguments_go_before_the_entry_and_there_is_always_a_door() {
        let proxy = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        let own = Rootless { socks: proxy(1), forwards: Vec::new() };
        assert_eq!(over(none(), &own), None);
        let other = DoorArguments { proxy: proxy(2), ..none() };
        assert_eq!(over(other, &own).unwrap().socks, proxy(2));
        assert_eq!(over(none(), &Rootless::default()).unwrap().socks, proxy(0));
        let forward = || parse_forward("127.0.0.1:1=a:2").unwrap();
        let forwards = DoorArguments { forwards: vec![forward()], ..none() };
        assert_eq!(over(forwards, &Rootless::default()).unwrap(), Rootless { socks: None, forwards: vec![forward()] });
        let closed = DoorArguments { no_proxy: true, ..none() };
        assert_eq!(over(closed, &own).unwrap(), Rootless::default());
    }

    #[test]
    fn a_network_device_is_a_door() {
        let device = DataPath::Tun(Default::default());
        assert_eq!(none().over(&device).unwrap(), None);
        let proxy = DoorArguments { proxy: "127.0.0.1:1".parse().ok(), ..none() };
        assert!(matches!(proxy.over(&device), Ok(Some(DataPath::Rootless(_)))));
    }

    #[test]
    fn a_proxy_for_everybody_is_refused() {
        let public = DoorArguments { proxy: "0.0.0.0:1080".parse().ok(), ..none() };
        let error = public.over(&DataPath::Rootless(Rootless::default())).unwrap_err();
        assert_eq!((error.exit, error.headline()), (Exit::Usage, "--proxy is 0.0.0.0:1080".to_owned()));
    }

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
