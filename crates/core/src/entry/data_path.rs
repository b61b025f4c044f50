//! How programs reach the tunnel.

use super::{InvalidSetting, MRU_MAX, MRU_MIN, validate_host};
use crate::{IpNet, Secret};
use core::fmt;
use core::net::SocketAddr;

/// How programs reach the tunnel.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DataPath {
    /// A user-space IP stack behind proxies and forwards: no privilege, no device, no route.
    Rootless(Rootless),
    /// A network device of the system, with routes: for all programs. Needs the right to make one (CAP_NET_ADMIN).
    Tun(TunSettings),
}

/// A network device of the system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TunSettings {
    /// Its name; `None` lets us choose.
    pub name: Option<String>,
    /// Everything of IPv4 goes into the tunnel that no more special route leads elsewhere (RASEO_RemoteDefaultGateway).
    pub default_route: bool,
    /// The same of IPv6, where the far network has it (RASEO2_IPv6RemoteDefaultGateway). With both, IPv6 is unreachable
    /// where it has none, but for networks nearby, rather than going beside the tunnel.
    pub default_route6: bool,
    /// The network of the assigned address's class goes into the tunnel (RASEO2_DisableClassBasedStaticRoute inverted).
    pub class_route: bool,
    /// Further networks that go into the tunnel. Those of IPv6 do so whether the far network has it or not.
    pub routes: Vec<IpNet>,
    /// Networks that do not, whatever else is said. The server itself never does.
    pub exclude: Vec<IpNet>,
    /// The metric of the routes; 0 for the system's own.
    pub metric: u32,
    /// The largest packet, in bytes, if it is to be smaller than what the link carries.
    pub mtu: Option<u16>,
}

/// The doors of a user-space IP stack.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rootless {
    /// Where the proxy listens, which speaks SOCKS5 and HTTP; port 0 lets the system choose.
    pub socks: Option<SocketAddr>,
    /// Local ports that lead to addresses inside.
    pub forwards: Vec<Forward>,
    /// Doors may listen beyond loopback although nobody is asked who they are: whoever reaches them is inside.
    pub public: bool,
    /// Whom the proxy lets in; anybody without one. With it the proxy may listen beyond loopback.
    pub login: Option<ProxyLogin>,
}

/// Who somebody is to a proxy: whom ours lets in, and who we are to another.
#[derive(Clone)]
pub struct ProxyLogin {
    /// The user name, 1 to 255 bytes without a colon.
    pub user: String,
    /// The password, 1 to 255 bytes.
    pub password: Secret,
}

impl ProxyLogin {
    /// Tells whether somebody gave the right name and password, in a time that depends on lengths alone.
    #[must_use]
    pub fn admits(&self, user: &[u8], password: &[u8]) -> bool {
        let names = Secret::new(self.user.as_bytes()).same(&Secret::new(user));
        let passwords = self.password.same(&Secret::new(password));
        names & passwords
    }

    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        // RFC 1929 2 gives both a length of one octet; RFC 7617 2 ends the name at the first colon.
        let fits = |length: usize| (1..=255).contains(&length);
        if !fits(self.user.len()) || self.user.contains(|c: char| c == ':' || c.is_control()) {
            let advice = "give the proxy's user a name of 1 to 255 bytes without a colon";
            return Err(InvalidSetting::new("rootless.login.user", "is no name for a proxy", advice));
        }
        if !fits(self.password.expose().len()) {
            let problem = format!("has {} bytes", self.password.expose().len());
            return Err(InvalidSetting::new("rootless.login.password", problem, "give 1 to 255 bytes"));
        }
        Ok(())
    }
}

impl PartialEq for ProxyLogin {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.password.same(&other.password)
    }
}

impl Eq for ProxyLogin {}

impl fmt::Debug for ProxyLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A local port that leads to an address inside the tunnel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forward {
    /// Where we listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Host name or address inside the tunnel.
    pub host: String,
    /// TCP port inside the tunnel.
    pub port: u16,
}

impl DataPath {
    /// Checks where doors listen and lead to.
    ///
    /// # Errors
    /// The first setting that cannot work, by name, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match self {
            Self::Rootless(rootless) => rootless.validate(),
            Self::Tun(tun) => tun.validate(),
        }
    }
}

impl TunSettings {
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        if let Some(name) = &self.name
            && !is_device_name(name)
        {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            let advice = "use 1 to 15 letters, digits, dots, hyphens and underscores";
            return Err(InvalidSetting::new("tun.name", format!("is \"{shown}\""), advice));
        }
        for (field, networks) in [("tun.routes", &self.routes), ("tun.exclude", &self.exclude)] {
            if networks.len() > ROUTES_MAX {
                let problem = format!("has {} networks", networks.len());
                return Err(InvalidSetting::new(field, problem, format!("give {ROUTES_MAX} at the most")));
            }
            if networks.iter().any(|network| network.prefix() == 0) {
                let advice = "name networks; for everything there is the default route";
                return Err(InvalidSetting::new(field, "has a network of all addresses", advice));
            }
        }
        match self.mtu {
            Some(mtu) if !(MRU_MIN..=MRU_MAX).contains(&mtu) => {
                let advice = format!("choose {MRU_MIN} to {MRU_MAX} bytes");
                Err(InvalidSetting::new("tun.mtu", format!("is {mtu}"), advice))
            }
            _ => Ok(()),
        }
    }
}

/// Tells whether the system takes a name for a network device, and as it stands: `%` would be a pattern.
fn is_device_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=15).contains(&name.len()) && name.bytes().all(allowed) && !matches!(name, "." | ".." | "all" | "default")
}

impl Rootless {
    pub(super) fn validate(&self) -> Result<(), InvalidSetting> {
        if let Some(login) = &self.login {
            login.validate()?;
        }
        if let Some(socks) = self.socks
            && !(socks.ip().is_loopback() || self.public || self.login.is_some())
        {
            // Without a password, a proxy on the network would open the tunnel to everybody.
            let advice = "listen on a loopback address, ask for a password, or say that the door is public";
            return Err(InvalidSetting::new("rootless.socks", format!("is {socks}"), advice));
        }
        for forward in &self.forwards {
            if !(forward.listen.ip().is_loopback() || self.public) {
                let problem = format!("is {}", forward.listen);
                let advice = "listen on a loopback address, or say that the door is public";
                return Err(InvalidSetting::new("rootless.forwards.listen", problem, advice));
            }
            validate_host("rootless.forwards.host", &forward.host)?;
            if forward.port == 0 {
                return Err(InvalidSetting::new(
                    "rootless.forwards.port",
                    "is 0",
                    "name the TCP port inside the tunnel",
                ));
            }
        }
        Ok(())
    }
}

/// More than anybody writes by hand; each is a message to the kernel.
const ROUTES_MAX: usize = 1024;
