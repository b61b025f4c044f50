//! Doors and network devices on the wire.

use super::entry::{invalid, not_carried, settings};
use crate::Error;
use rasman_core::{DataPath, Forward, IpNet, ProxyLogin, Rootless, Secret, TunSettings};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

settings! {
    /// A [`DataPath`].
    DataPathWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rootless: Option<RootlessWire>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tun: Option<TunWire>,
    }
    /// [`Rootless`].
    RootlessWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        socks: Option<SocketAddr>,
        forwards: Vec<ForwardWire>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<LoginWire>,
    }
    /// A [`ProxyLogin`], but for its password, which travels as a descriptor.
    LoginWire {
        user: String,
        secret: usize,
    }
    /// A [`Forward`].
    ForwardWire {
        listen: SocketAddr,
        host: String,
        port: u16,
    }
    /// [`TunSettings`].
    TunWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        default_route: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default_route6: Option<bool>,
        class_route: bool,
        routes: Vec<String>,
        exclude: Vec<String>,
        metric: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mtu: Option<u16>,
    }
}

impl DataPathWire {
    /// Makes a data path; the password of its proxy, if it has one, is the descriptor at the index `login`.
    ///
    /// # Errors
    /// 50 for one that the interface cannot carry.
    pub fn new(data_path: &DataPath, login: usize) -> Result<Self, Error> {
        match data_path {
            DataPath::Rootless(doors) => Ok(Self { rootless: Some(RootlessWire::new(doors, login)), tun: None }),
            DataPath::Tun(device) => Ok(Self { rootless: None, tun: Some(TunWire::new(device)) }),
            _ => Err(not_carried()),
        }
    }

    /// Tells whether its password is a descriptor.
    pub(super) fn has_login(&self) -> bool {
        self.rootless.as_ref().is_some_and(|doors| doors.login.is_some())
    }

    /// Gives the data path; it is not validated yet. `open` reads the secret at an index.
    ///
    /// # Errors
    /// 87 for one that cannot be read; what `open` gives.
    pub fn read(self, open: impl FnOnce(usize) -> Result<Secret, Error>) -> Result<DataPath, Error> {
        match (self.rootless, self.tun) {
            (Some(doors), None) => doors.read(open).map(DataPath::Rootless),
            (None, Some(device)) => device.read().map(DataPath::Tun),
            (None, None) => Err(invalid("data_path", "has no path", "give rootless or tun")),
            (Some(_), Some(_)) => Err(invalid("data_path", "has two paths", "give either rootless or tun")),
        }
    }
}

impl RootlessWire {
    fn new(doors: &Rootless, secret: usize) -> Self {
        let Rootless { socks, forwards, public, login } = doors;
        let forward =
            |Forward { listen, host, port }: &Forward| ForwardWire { listen: *listen, host: host.clone(), port: *port };
        Self {
            socks: *socks,
            forwards: forwards.iter().map(forward).collect(),
            public: public.then_some(true),
            login: login.as_ref().map(|login| LoginWire { user: login.user.clone(), secret }),
        }
    }

    fn read(self, open: impl FnOnce(usize) -> Result<Secret, Error>) -> Result<Rootless, Error> {
        if self.forwards.len() > FORWARDS_MAX {
            // Each of them takes a descriptor of a manager that others use as well.
            return Err(invalid("rootless.forwards", "has more than 64 ports", "use the SOCKS proxy for so many"));
        }
        let forward = |ForwardWire { listen, host, port }| Forward { listen, host, port };
        let login = match self.login {
            Some(LoginWire { user, secret }) => Some(ProxyLogin { user, password: open(secret)? }),
            None => None,
        };
        Ok(Rootless {
            socks: self.socks,
            forwards: self.forwards.into_iter().map(forward).collect(),
            public: self.public.unwrap_or(false),
            login,
        })
    }
}

impl TunWire {
    fn new(device: &TunSettings) -> Self {
        let TunSettings { name, default_route, default_route6, class_route, routes, exclude, metric, mtu } = device;
        let networks = |networks: &[IpNet]| networks.iter().map(ToString::to_string).collect();
        Self {
            name: name.clone(),
            default_route: *default_route,
            default_route6: Some(*default_route6),
            class_route: *class_route,
            routes: networks(routes),
            exclude: networks(exclude),
            metric: *metric,
            mtu: *mtu,
        }
    }

    fn read(self) -> Result<TunSettings, Error> {
        let networks = |field, networks: Vec<String>| {
            let network = |text: &String| text.parse().ok();
            let read: Option<Vec<IpNet>> = networks.iter().map(network).collect();
            read.ok_or_else(|| {
                invalid(field, "has something that is no network", "give ones such as 10.1.0.0/16 and 2001:db8::/32")
            })
        };
        Ok(TunSettings {
            name: self.name,
            default_route: self.default_route,
            // Who says nothing means everything or nothing.
            default_route6: self.default_route6.unwrap_or(self.default_route),
            class_route: self.class_route,
            routes: networks("tun.routes", self.routes)?,
            exclude: networks("tun.exclude", self.exclude)?,
            metric: self.metric,
            mtu: self.mtu,
        })
    }
}

/// How many ports of a dial lead inside.
const FORWARDS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn again(path: &DataPath) -> DataPath {
        let text = serde_json::to_string(&DataPathWire::new(path, 1).unwrap()).unwrap();
        assert!(!text.contains("builder"), "{text}");
        let wire: DataPathWire = serde_json::from_str(&text).unwrap();
        wire.read(|index| if index == 1 { Ok(Secret::from("builder")) } else { panic!("{index}") }).unwrap()
    }

    #[test]
    fn a_data_path_comes_back_as_it_was_and_its_password_goes_another_way() {
        let forward = Forward { listen: ([127, 0, 0, 1], 0).into(), host: "intra".into(), port: 80 };
        let socks = Some(([0, 0, 0, 0], 1080).into());
        let login = Some(ProxyLogin { user: "bob".into(), password: Secret::from("builder") });
        let doors = Rootless { socks, forwards: vec![forward], public: true, login };
        let device = TunSettings {
            name: Some("vpn0".into()),
            default_route: true,
            default_route6: false,
            class_route: true,
            routes: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            exclude: vec!["10.1.0.0/16".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()],
            metric: 7,
            mtu: Some(1300),
        };
        for path in [
            DataPath::Rootless(doors),
            DataPath::Tun(device),
            DataPath::Tun(TunSettings::default()),
            DataPath::Rootless(Rootless::default()),
        ] {
            assert_eq!(again(&path), path);
        }
    }

    #[test]
    fn one_path_is_given_and_networks_are_networks() {
        let read = |text: &str| {
            let wire: DataPathWire = serde_json::from_str(text).unwrap();
            wire.read(|_| unreachable!()).map_err(|Error(cause)| cause.did)
        };
        let tun = |routes: &str| {
            let rest = r#""default_route":false,"class_route":false,"exclude":[],"metric":0"#;
            format!(r#"{{"tun":{{"routes":[{routes}],{rest}}}}}"#)
        };
        assert!(read("{}").unwrap_err().contains("data_path"));
        let both = tun("").replacen('{', r#"{"rootless":{"forwards":[]},"#, 1);
        assert!(read(&both).unwrap_err().contains("two paths"));
        assert!(read(&tun(r#""10.0.0.0/8""#)).is_ok());
        assert!(read(&tun(r#""10.0.0.0/33""#)).unwrap_err().contains("tun.routes"));
    }
}
