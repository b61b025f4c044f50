//! A phone-book entry as types: what to dial and how.

mod data_path;
mod invalid;
mod sstp;
mod trust;

pub use data_path::{DataPath, Forward, ProxyLogin, Rootless, TunSettings};
pub(crate) use invalid::validate_host;
pub use invalid::{InvalidSetting, NAME_MAX, validate_name};
pub use sstp::{HttpProxy, SstpSettings};
pub use trust::{Revocation, Trust};

use crate::{AuthMethod, Callback, Device, EapSettings, LineDevice, Secret, SerialSettings};
use core::net::Ipv4Addr;
use core::time::Duration;

/// One entry, ready to be dialled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name; compared without regard to case (clause A17).
    pub name: String,
    /// What carries the connection, and to where.
    pub medium: Medium,
    /// What is tried in its place, in order, when it cannot be connected: alternate numbers, and the next of a VPN
    /// strategy (clause M8).
    pub alternates: Vec<Medium>,
    /// The alternate that connected is to be tried first from then on (RASEO_PromoteAlternates).
    pub promote_alternates: bool,
    /// When to dial again.
    pub redial: Redial,
    /// Hang up after this long without traffic, with 828; `None` for never (clause B15).
    pub idle_disconnect: Option<Duration>,
    /// Hang up this long after the connection was made, with 932; `None` for never.
    pub session_limit: Option<Duration>,
    /// What a server may that would rather call than be called; it counts for modems alone.
    pub callback: Callback,
    /// The authentication methods that the entry allows, most preferred first.
    pub authentication: Vec<AuthMethod>,
    /// What those of EAP need.
    pub eap: EapSettings,
    /// What is asked of the network negotiation.
    pub network: Network,
    /// How programs reach the tunnel.
    pub data_path: DataPath,
}

/// What carries a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Medium {
    /// SSTP: PPP in TLS.
    Sstp(SstpSettings),
    /// A serial line: a modem, a null modem, or a peer at the other end of the cable.
    Serial(SerialSettings),
}

impl Medium {
    /// Checks its settings before anything is opened.
    ///
    /// # Errors
    /// The first setting that cannot work, by name, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        match self {
            Self::Sstp(sstp) => sstp.validate(),
            Self::Serial(serial) => serial.validate(),
        }
    }

    /// Gives the device as RAS names it (clause A52).
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Self::Sstp(_) => Device::SSTP,
            Self::Serial(serial) => serial.device(),
        }
    }

    /// Tells whether there is something that a server can call.
    #[must_use]
    pub fn can_be_called(&self) -> bool {
        matches!(self, Self::Serial(SerialSettings { device: LineDevice::Modem(_), .. }))
    }

    /// Gives what is dialled: the server, the number, or the port of a line without a number.
    #[must_use]
    pub fn number(&self) -> String {
        match self {
            Self::Sstp(sstp) => sstp.server.clone(),
            Self::Serial(SerialSettings { device: LineDevice::Modem(modem), .. }) => modem.number.clone(),
            Self::Serial(serial) => serial.port.to_string(),
        }
    }
}

/// When to dial again. Refused credentials are never tried again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redial {
    /// How many further attempts follow the first one, each through all alternates.
    pub attempts: u32,
    /// The wait before each of them.
    pub pause: Duration,
    /// Dial again when an established connection is lost (RASEO2_ReconnectIfDropped).
    pub on_link_failure: bool,
}

impl Default for Redial {
    /// Never.
    fn default() -> Self {
        Self { attempts: 0, pause: Duration::from_secs(60), on_link_failure: false }
    }
}

/// What is asked of the network negotiation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// Ask for this address instead of any (RASEO_SpecificIpAddr).
    pub address: Option<Ipv4Addr>,
    /// Ask the server for name servers.
    pub request_dns: bool,
    /// The largest packet that we want to receive, in bytes.
    pub mru: u16,
    /// Speak IPv6 as well if the server offers it.
    pub ipv6: bool,
    /// Ask for routes and the suffix of names by DHCPINFORM.
    pub inform: bool,
    /// Encrypt PPP's packets by MPPE, which is weak; `None` refuses it.
    pub mppe: Option<MppeConsent>,
    /// Compress TCP headers (RFC 1144, RASEO_IpHeaderCompression) on a serial line, if the server does it, too; not beside
    /// MPPE. On other media the few octets are not worth it.
    pub header_compression: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            address: None,
            request_dns: true,
            mru: 1500,
            ipv6: false,
            inform: true,
            mppe: None,
            header_compression: true,
        }
    }
}

/// Consent to encrypt by MPPE (RFC 3078). No packet flows in clear then.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MppeConsent {
    /// With 128 bits alone.
    Strong,
    /// With 56 and 40 bits too, which anybody can break.
    Any,
}

/// Who dials.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The domain; empty for the server's own (clause A14).
    pub domain: String,
    /// The password.
    pub password: Secret,
}

impl Credentials {
    /// Gives the name that goes over the wire: `DOMAIN\user`, or the user alone without a domain.
    #[must_use]
    pub fn qualified_user(&self) -> String {
        if self.domain.is_empty() { self.user.clone() } else { format!("{}\\{}", self.domain, self.user) }
    }

    /// Tells whether both are the same person, without looking at the password (for references, clause A16).
    #[must_use]
    pub fn same_user(&self, other: &Self) -> bool {
        self.user == other.user && self.domain.eq_ignore_ascii_case(&other.domain)
    }
}

impl Entry {
    /// Makes an SSTP entry with the defaults: port 443, the system's roots, MS-CHAPv2, rootless without doors.
    #[must_use]
    pub fn sstp(name: impl Into<String>, server: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            medium: Medium::Sstp(SstpSettings::new(server)),
            alternates: Vec::new(),
            promote_alternates: false,
            redial: Redial::default(),
            idle_disconnect: None,
            session_limit: None,
            callback: Callback::Refused,
            authentication: vec![AuthMethod::MsChapV2],
            eap: EapSettings::default(),
            network: Network::default(),
            data_path: DataPath::Rootless(Rootless::default()),
        }
    }

    /// Gives the ways to the server, in the order in which they are tried.
    pub fn media(&self) -> impl Iterator<Item = &Medium> {
        core::iter::once(&self.medium).chain(&self.alternates)
    }

    /// The same, to change them.
    pub fn media_mut(&mut self) -> impl Iterator<Item = &mut Medium> {
        core::iter::once(&mut self.medium).chain(&mut self.alternates)
    }

    /// Checks all settings before anything is opened.
    ///
    /// # Errors
    /// The first setting that cannot work, by name, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        validate_name(&self.name)?;
        for medium in self.media() {
            medium.validate()?;
        }
        if self.redial.attempts > REDIAL_ATTEMPTS_MAX {
            let problem = format!("is {}", self.redial.attempts);
            return Err(InvalidSetting::new("redial.attempts", problem, "choose 0 to 999999999 attempts"));
        }
        self.callback.validate()?;
        if self.authentication.is_empty() {
            return Err(InvalidSetting::new(
                "authentication",
                "is empty",
                "allow at least one method, such as mschapv2",
            ));
        }
        self.validate_eap()?;
        if !(MRU_MIN..=MRU_MAX).contains(&self.network.mru) {
            return Err(InvalidSetting::new(
                "network.mru",
                format!("is {}", self.network.mru),
                format!("choose {MRU_MIN} to {MRU_MAX} bytes"),
            ));
        }
        if let Some(address) = self.network.address
            && !is_host_address(address)
        {
            return Err(InvalidSetting::new(
                "network.address",
                format!("is {address}"),
                "ask for the address of one host",
            ));
        }
        self.data_path.validate()
    }
}

impl Entry {
    /// Checks what the allowed methods of EAP need.
    fn validate_eap(&self) -> Result<(), InvalidSetting> {
        if !self.authentication.iter().any(|method| method.has_tls()) {
            return Ok(());
        }
        self.eap.trust.validate("eap.trust", "eap.trust.added_roots")?;
        if self.eap.require_crypto_binding
            && let Some(method) = self.authentication.iter().find(|method| method.is_ttls())
        {
            let problem = format!("is demanded, and {method} has no crypto binding");
            let advice = "allow PEAP instead of EAP-TTLS, or do not demand it";
            return Err(InvalidSetting::new("eap.require_crypto_binding", problem, advice));
        }
        if self.eap.server_names.is_empty() && self.eap.trust.system_roots && self.eap.root_sha1.is_empty() {
            // Whoever has a certificate for any name of the Internet could take the password's place.
            let problem = "is empty while every authority of the system is trusted";
            let advice = "name the authentication server, or trust your own authority alone";
            return Err(InvalidSetting::new("eap.server_names", problem, advice));
        }
        for name in &self.eap.server_names {
            validate_host("eap.server_names", name.strip_prefix("*.").unwrap_or(name))?;
        }
        if self.authentication.contains(&AuthMethod::EapTls) && self.eap.certificate.is_none() {
            let advice = "name the file of the user's certificate, or do not allow EAP-TLS";
            return Err(InvalidSetting::new("eap.certificate", "is missing", advice));
        }
        Ok(())
    }
}

/// RFC 1661 6.1 lets a peer always send 1500; less than 576 cannot carry what IPv4 hosts must accept.
const MRU_MIN: u16 = 576;

/// SSTP's length field has 12 bits: 4095 less its header of 4 and PPP's of 4.
const MRU_MAX: u16 = 4087;

/// What the phone book's editors accept; a redial for ever is RASEO2_ReconnectIfDropped's business.
const REDIAL_ATTEMPTS_MAX: u32 = 999_999_999;

/// Tells whether an address can belong to one host.
fn is_host_address(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_broadcast() || address.is_multicast() || address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::SocketAddr;

    fn field_of(change: impl FnOnce(&mut Entry)) -> Option<&'static str> {
        let mut entry = Entry::sstp("work", "vpn.example.com");
        change(&mut entry);
        entry.validate().err().map(|invalid| invalid.field)
    }

    fn sstp(entry: &mut Entry) -> &mut SstpSettings {
        let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!("made by Entry::sstp") };
        sstp
    }

    #[test]
    fn good_settings_pass() {
        assert_eq!(field_of(|_| ()), None);
        assert_eq!(field_of(|e| sstp(e).server = "2001:db8::1".into()), None);
        assert_eq!(field_of(|e| e.name = "Bureau été 2".into()), None);
    }

    #[test]
    fn each_bad_setting_is_named() {
        assert_eq!(field_of(|e| sstp(e).server = String::new()), Some("sstp.server"));
        assert_eq!(field_of(|e| sstp(e).server = "https://vpn.example.com".into()), Some("sstp.server"));
        assert_eq!(field_of(|e| sstp(e).server = "a\r\nb".into()), Some("sstp.server"));
        assert_eq!(field_of(|e| sstp(e).port = 0), Some("sstp.port"));
        assert_eq!(field_of(|e| sstp(e).server_name = "a b".into()), Some("sstp.server_name"));
        assert_eq!(field_of(|e| sstp(e).trust = Trust::default()), Some("sstp.trust"));
        assert_eq!(
            field_of(|e| sstp(e).trust.added_roots.push(b"/etc/ca.pem".to_vec())),
            Some("sstp.trust.added_roots")
        );
        let proxy = |host: &str, port, user: &str, password: &str| {
            let login = ProxyLogin { user: user.into(), password: password.into() };
            field_of(|e| sstp(e).proxy = Some(HttpProxy { host: host.into(), port, login: Some(login) }))
        };
        assert_eq!(proxy("proxy", 8080, "alice", "a:b"), None);
        assert_eq!(proxy("http://proxy", 8080, "alice", ""), Some("sstp.proxy.host"));
        assert_eq!(proxy("proxy", 0, "alice", ""), Some("sstp.proxy.port"));
        assert_eq!(proxy("proxy", 8080, "a:b", ""), Some("sstp.proxy.login.user"));
        assert_eq!(proxy("proxy", 8080, "alice", "a\r\nb"), Some("sstp.proxy.login.password"));
        assert_eq!(field_of(|e| e.authentication.clear()), Some("authentication"));
        assert_eq!(field_of(|e| e.network.mru = 100), Some("network.mru"));
        let tun = |change: fn(&mut TunSettings)| {
            let mut settings = TunSettings::default();
            change(&mut settings);
            field_of(|e| e.data_path = DataPath::Tun(settings))
        };
        assert_eq!(tun(|_| ()), None);
        assert_eq!(tun(|t| t.name = Some("work-vpn_0.1".into())), None);
        for name in ["", "tun%d", "a/b", "..", "sixteencharacter", "a b", "a\0"] {
            let path = DataPath::Tun(TunSettings { name: Some(name.into()), ..TunSettings::default() });
            assert_eq!(field_of(|e| e.data_path = path), Some("tun.name"), "{name}");
        }
        assert_eq!(tun(|t| t.mtu = Some(575)), Some("tun.mtu"));
        assert_eq!(tun(|t| t.routes = vec!["0.0.0.0/0".parse().unwrap()]), Some("tun.routes"));
        assert_eq!(tun(|t| t.exclude = vec!["::/0".parse().unwrap()]), Some("tun.exclude"));
        assert_eq!(tun(|t| t.exclude = vec!["10.0.0.0/8".parse().unwrap(); 1025]), Some("tun.exclude"));
        assert_eq!(field_of(|e| e.network.address = Some(Ipv4Addr::UNSPECIFIED)), Some("network.address"));
        let forward = |listen: &str| Forward { listen: listen.parse().unwrap(), host: "intra".into(), port: 80 };
        let with = |listen| DataPath::Rootless(Rootless { forwards: vec![forward(listen)], ..Rootless::default() });
        assert_eq!(field_of(|e| e.data_path = with("0.0.0.0:80")), Some("rootless.forwards.listen"));
        assert_eq!(field_of(|e| e.data_path = with("[::1]:80")), None);
    }

    #[test]
    fn ttls_has_no_crypto_binding_to_demand() {
        let field = |method| {
            field_of(|entry| {
                entry.authentication = vec![AuthMethod::PeapMsChapV2, method];
                entry.eap.trust.added_roots = vec![vec![0x30]];
                entry.eap.require_crypto_binding = true;
            })
        };
        assert_eq!(field(AuthMethod::TtlsMsChapV2), Some("eap.require_crypto_binding"));
        assert_eq!(field(AuthMethod::TtlsPap), Some("eap.require_crypto_binding"));
        assert_eq!(field(AuthMethod::EapTls), Some("eap.certificate"));
        assert_eq!(field(AuthMethod::EapMsChapV2), None);
    }

    #[test]
    fn a_named_root_stands_for_the_name_of_the_server() {
        let field = |root_sha1| {
            field_of(|entry| {
                entry.authentication = vec![AuthMethod::PeapMsChapV2];
                entry.eap.trust.system_roots = true;
                entry.eap.root_sha1 = root_sha1;
            })
        };
        assert_eq!(field(Vec::new()), Some("eap.server_names"));
        assert_eq!(field(vec![[7; 20]]), None);
    }

    #[test]
    fn a_door_beyond_loopback_wants_a_password_or_to_be_called_public() {
        let everywhere = || "0.0.0.0:1080".parse::<SocketAddr>().unwrap();
        let field = |rootless: Rootless| field_of(|e| e.data_path = DataPath::Rootless(rootless));
        let login =
            |user: &str, password: &str| Some(ProxyLogin { user: user.to_owned(), password: Secret::from(password) });
        let proxy = || Rootless { socks: Some(everywhere()), ..Rootless::default() };
        assert_eq!(field(proxy()), Some("rootless.socks"));
        assert_eq!(field(Rootless { public: true, ..proxy() }), None);
        assert_eq!(field(Rootless { login: login("bob", "builder"), ..proxy() }), None);
        assert_eq!(field(Rootless { login: login("bob:", "builder"), ..proxy() }), Some("rootless.login.user"));
        assert_eq!(field(Rootless { login: login("bob", ""), ..proxy() }), Some("rootless.login.password"));
        let forward = Forward { listen: everywhere(), host: "intra".into(), port: 80 };
        let forwards = || Rootless { forwards: vec![forward.clone()], ..Rootless::default() };
        // A forward has nobody to ask for a password.
        let named = Rootless { login: login("bob", "builder"), ..forwards() };
        assert_eq!(field(named), Some("rootless.forwards.listen"));
        assert_eq!(field(Rootless { public: true, ..forwards() }), None);
        let login = login("bob", "builder").unwrap();
        assert!(login.admits(b"bob", b"builder"));
        assert!(!login.admits(b"bob", b"builde") && !login.admits(b"Bob", b"builder") && !login.admits(b"", b""));
        assert_eq!(format!("{login:?}"), "ProxyLogin { user: \"bob\", .. }");
    }

    #[test]
    fn b2_entry_names() {
        for bad in ["", "  ", ".work", "a|b", "a:b", "a\\b", "---", &"x".repeat(257)] {
            assert_eq!(field_of(|e| e.name = bad.to_owned()), Some("name"), "{bad}");
        }
        assert_eq!(field_of(|e| e.name = "x".repeat(256)), None);
    }
}
