//! How programs get in: by a network device or by doors.

use super::NotDialable;
use super::forward::parse_forward;
use crate::Properties;
use core::net::SocketAddr;
use rasman_core::{Code, DataPath, IpNet, Rootless, TunSettings};

impl Properties {
    /// Decides for a device or doors. An entry with doors wants no device unless it says so.
    pub(super) fn data_path(&self, device_preferred: bool) -> Result<DataPath, NotDialable> {
        let has_doors = !self.socks.trim().is_empty() || !self.forwards.is_empty();
        match self.data_path.trim() {
            "tun" => self.tun().map(DataPath::Tun),
            "" if device_preferred && !has_doors => self.tun().map(DataPath::Tun),
            "" | "rootless" => self.rootless().map(DataPath::Rootless),
            other => {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanDataPath", other, "is no way in");
                Err(error.advice("give tun for a network device or rootless for doors, or remove the line"))
            }
        }
    }

    fn rootless(&self) -> Result<Rootless, NotDialable> {
        let socks = match self.socks.trim() {
            "" => None,
            text => Some(text.parse::<SocketAddr>().map_err(|_| {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanSocks", text, "is no address:port");
                error.advice("give one such as 127.0.0.1:1080")
            })?),
        };
        let forward = |text: &String| {
            parse_forward(text).ok_or_else(|| {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanForward", text, "is no LISTEN=HOST:PORT");
                error.advice("give one such as 127.0.0.1:8080=intranet:80")
            })
        };
        let forwards = self.forwards.iter().map(forward).collect::<Result<_, _>>()?;
        Ok(Rootless { socks, forwards, public: self.public_doors, login: None })
    }

    fn tun(&self) -> Result<TunSettings, NotDialable> {
        let name = Some(self.interface.trim().to_owned()).filter(|name| !name.is_empty());
        Ok(TunSettings {
            name,
            default_route: self.remote_default_gateway,
            default_route6: self.ipv6_remote_default_gateway,
            class_route: !self.disable_class_based_default_route,
            routes: networks("RasmanRoute", &self.routes)?,
            exclude: networks("RasmanExclude", &self.excluded_routes)?,
            metric: self.ip_interface_metric,
            // What the link carries.
            mtu: None,
        })
    }
}

fn networks(key: &'static str, texts: &[String]) -> Result<Vec<IpNet>, NotDialable> {
    let network = |text: &String| {
        text.trim().parse().map_err(|_| {
            let error = NotDialable::new(Code::INVALID_PARAMETER, key, text, "is no network");
            error.advice("give one such as 10.1.0.0/16 or 2001:db8::/32, with zeros behind what counts")
        })
    };
    texts.iter().map(network).collect()
}
