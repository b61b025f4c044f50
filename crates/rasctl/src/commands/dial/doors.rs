//! How programs get into the tunnel: by doors or by a network device.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::secrets::read_file;
use clap::Args;
use rasman::{DataPath, Forward, InvalidSetting, IpNet, ProxyLogin, Rootless, TunSettings};
use rasman_core::host_and_port;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Proxies, forwards and network device of a dial; without any of these the entry's own.
#[derive(Args, Default)]
pub(crate) struct DoorArguments {
    /// Listen here for SOCKS5 and HTTP instead of where the entry says; whoever reaches it is inside
    #[arg(long, alias = "socks", value_name = "ADDRESS:PORT", help_heading = "Doors")]
    proxy: Option<SocketAddr>,
    /// Open no proxy
    #[arg(long, conflicts_with = "proxy", help_heading = "Doors")]
    no_proxy: bool,
    /// Let only this user through the proxy, which may then listen beyond loopback
    #[arg(long, value_name = "NAME", requires = "proxy_password_file", help_heading = "Doors")]
    proxy_user: Option<String>,
    /// File whose first line is the proxy's password, readable by you alone
    #[arg(long, value_name = "FILE", requires = "proxy_user", help_heading = "Doors")]
    proxy_password_file: Option<PathBuf>,
    /// Lead a local port to an address inside, for example 127.0.0.1:8080=10.0.0.5:80; may be repeated
    #[arg(long = "forward", value_name = "LISTEN=HOST:PORT", value_parser = parse_forward, help_heading = "Doors")]
    forwards: Vec<Forward>,
    /// Let doors listen beyond loopback without a password: everybody who reaches them is inside
    #[arg(long, help_heading = "Doors")]
    public: bool,
    #[command(flatten)]
    device: DeviceArguments,
}

/// A network device for all programs.
#[derive(Args, Default)]
struct DeviceArguments {
    /// Make a network device in place of doors, which takes everything; needs CAP_NET_ADMIN, as the machine's manager has
    #[arg(long, conflicts_with_all = DOORS, help_heading = "Network device")]
    tun: bool,
    /// Its name
    #[arg(long, value_name = "NAME", requires = "tun", help_heading = "Network device")]
    interface: Option<String>,
    /// Lead this network inside instead of everything, for example 10.1.0.0/16 or 2001:db8::/32; may be repeated
    #[arg(long = "route", value_name = "NETWORK", requires = "tun", value_parser = parse_network, help_heading = "Network device")]
    routes: Vec<IpNet>,
    /// Leave this network outside; may be repeated
    #[arg(long, value_name = "NETWORK", requires = "tun", value_parser = parse_network, help_heading = "Network device")]
    exclude: Vec<IpNet>,
    /// Leave IPv6 outside but for the networks of --route; else it is unreachable where the far network has none
    #[arg(long, requires = "tun", help_heading = "Network device")]
    no_default_route6: bool,
    /// Lead nothing inside but the networks of --route
    #[arg(long, requires = "tun", help_heading = "Network device")]
    no_default_route: bool,
}

const DOORS: [&str; 5] = ["proxy", "no_proxy", "proxy_user", "forwards", "public"];

impl DoorArguments {
    /// Gives the way in to make in place of `own`, that of the entry, or its device if one is asked for; nothing if its
    /// own is to be made.
    ///
    /// `device_preferred` says that the manager makes a device where nobody says anything.
    pub(super) fn over(&self, own: &DataPath, device_preferred: bool) -> Result<Option<DataPath>, Failure> {
        let path = if self.device.tun {
            DataPath::Tun(self.device.over(own))
        } else if self.is_empty() && (device_preferred || matches!(own, DataPath::Tun(_))) {
            return Ok(None);
        } else {
            DataPath::Rootless(self.doors_over(own)?)
        };
        // An entry's own device may only be what it would be if it were asked for.
        if path == *own && !self.device.tun {
            return Ok(None);
        }
        path.validate().map_err(refused)?;
        Ok(Some(path))
    }

    fn doors_over(&self, own: &DataPath) -> Result<Rootless, Failure> {
        let mut doors = match own {
            DataPath::Rootless(doors) => doors.clone(),
            // A network device is a door; other doors take its place if they are asked for.
            _ => Rootless::default(),
        };
        if self.no_proxy {
            doors.socks = None;
        } else if self.proxy.is_some() {
            doors.socks = self.proxy;
        } else if doors.socks.is_none() && doors.forwards.is_empty() && self.forwards.is_empty() {
            // Without a door nothing could get into the tunnel.
            doors.socks = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        }
        doors.forwards.extend(self.forwards.iter().cloned());
        doors.public |= self.public;
        if let (Some(user), Some(file)) = (&self.proxy_user, &self.proxy_password_file) {
            doors.login = Some(ProxyLogin { user: user.clone(), password: read_file(file)? });
        }
        Ok(doors)
    }

    /// Tells whether a network device is asked for.
    pub(super) fn wants_device(&self) -> bool {
        self.device.tun
    }

    fn is_empty(&self) -> bool {
        let Self { proxy, no_proxy, proxy_user, proxy_password_file: _, forwards, public, device: _ } = self;
        proxy.is_none() && !no_proxy && proxy_user.is_none() && forwards.is_empty() && !public
    }
}

impl DeviceArguments {
    fn over(&self, own: &DataPath) -> TunSettings {
        let mut device = match own {
            DataPath::Tun(own) => own.clone(),
            // Who asks for nothing in particular asks for everything.
            _ => TunSettings { default_route: true, default_route6: true, ..TunSettings::default() },
        };
        device.default_route &= !self.no_default_route && self.routes.is_empty();
        device.default_route6 &= device.default_route && !self.no_default_route6;
        device.name = self.interface.clone().or(device.name);
        device.routes.extend(&self.routes);
        device.exclude.extend(&self.exclude);
        device
    }
}

/// Says a setting that cannot work in the words of the command line.
fn refused(invalid: InvalidSetting) -> Failure {
    let (flag, advice) = match invalid.field {
        "rootless.socks" => ("--proxy", "listen on a loopback address, or give --proxy-user, or else --public"),
        "rootless.forwards.listen" => ("--forward", "listen on a loopback address, or give --public"),
        "rootless.login.user" => ("--proxy-user", ""),
        "rootless.login.password" => ("--proxy-password-file", ""),
        "tun.name" => ("--interface", ""),
        "tun.routes" => ("--route", ""),
        "tun.exclude" => ("--exclude", ""),
        _ => ("--forward", ""),
    };
    let advice = if advice.is_empty() { invalid.advice } else { advice.to_owned() };
    Failure::new(Exit::Usage, format!("{flag} {}", invalid.problem), advice)
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .map_err(|_| "give a network such as 10.1.0.0/16 or 2001:db8::/32, with zeros behind what counts".to_owned())
}

fn parse_forward(text: &str) -> Result<Forward, String> {
    let wrong = || "give LISTEN=HOST:PORT, for example 127.0.0.1:8080=10.0.0.5:80".to_owned();
    let (listen, target) = text.split_once('=').ok_or_else(wrong)?;
    let (host, Some(port)) = host_and_port(target).ok_or_else(wrong)? else { return Err(wrong()) };
    Ok(Forward { listen: listen.parse().map_err(|_| wrong())?, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(arguments: DoorArguments, own: &Rootless) -> Option<Rootless> {
        arguments.over(&DataPath::Rootless(own.clone()), false).unwrap().map(|path| match path {
            DataPath::Rootless(doors) => doors,
            other => panic!("{other:?}"),
        })
    }

    fn none() -> DoorArguments {
        DoorArguments::default()
    }

    fn device(routes: &[&str]) -> DoorArguments {
        let routes = routes.iter().map(|route| route.parse().unwrap()).collect();
        DoorArguments { device: DeviceArguments { tun: true, routes, ..DeviceArguments::default() }, ..none() }
    }

    #[test]
    fn arguments_go_before_the_entry_and_there_is_always_a_door() {
        let proxy = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        let own = Rootless { socks: proxy(1), ..Rootless::default() };
        assert_eq!(over(none(), &own), None);
        let other = DoorArguments { proxy: proxy(2), ..none() };
        assert_eq!(over(other, &own).unwrap().socks, proxy(2));
        assert_eq!(over(none(), &Rootless::default()).unwrap().socks, proxy(0));
        let forward = || parse_forward("127.0.0.1:1=a:2").unwrap();
        let forwards = DoorArguments { forwards: vec![forward()], ..none() };
        let only = Rootless { forwards: vec![forward()], ..Rootless::default() };
        assert_eq!(over(forwards, &Rootless::default()).unwrap(), only);
        let closed = DoorArguments { no_proxy: true, ..none() };
        assert_eq!(over(closed, &own).unwrap(), Rootless::default());
    }

    #[test]
    fn a_network_device_is_a_door() {
        let own = DataPath::Tun(TunSettings::default());
        assert_eq!(none().over(&own, false).unwrap(), None);
        let proxy = DoorArguments { proxy: "127.0.0.1:1".parse().ok(), ..none() };
        assert!(matches!(proxy.over(&own, false), Ok(Some(DataPath::Rootless(_)))));
        let doorless = DataPath::Rootless(Rootless::default());
        assert_eq!(none().over(&doorless, true).unwrap(), None, "the manager makes one by itself");
    }

    #[test]
    fn a_device_takes_everything_or_the_networks_that_are_named() {
        let doorless = DataPath::Rootless(Rootless::default());
        let of = |arguments: DoorArguments, own: &DataPath| match arguments.over(own, false).unwrap() {
            Some(DataPath::Tun(device)) => device,
            other => panic!("{other:?}"),
        };
        assert!(of(device(&[]), &doorless).default_route);
        let named = of(device(&["10.0.0.0/8"]), &doorless);
        assert!(!named.default_route && named.routes.len() == 1);
        let own = TunSettings { default_route: true, metric: 7, ..TunSettings::default() };
        let named = of(device(&["10.0.0.0/8"]), &DataPath::Tun(own));
        assert_eq!((named.default_route, named.metric), (false, 7), "the rest is the entry's");
        assert!(parse_network("10.0.0.1/8").is_err() && parse_network("2001:db8::/32").is_ok());
        let mut beside = device(&[]);
        beside.device.no_default_route6 = true;
        let ways = |device: TunSettings| (device.default_route, device.default_route6);
        assert_eq!(ways(of(device(&[]), &doorless)), (true, true));
        assert_eq!(ways(of(beside, &doorless)), (true, false));
        assert_eq!(ways(named), (false, false));
    }

    #[test]
    fn a_proxy_for_everybody_is_refused_unless_it_is_asked_for() {
        let public = || DoorArguments { proxy: "0.0.0.0:1080".parse().ok(), ..none() };
        let own = DataPath::Rootless(Rootless::default());
        let error = public().over(&own, false).unwrap_err();
        assert_eq!((error.exit, error.headline()), (Exit::Usage, "--proxy is 0.0.0.0:1080".to_owned()));
        assert!(DoorArguments { public: true, ..public() }.over(&own, false).is_ok());
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
