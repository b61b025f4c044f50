//! A phone-book entry as types: what to dial and how.

use crate::{AuthMethod, Callback, Device, EapSettings, IpNet, LineDevice, Secret, SerialSettings, is_callback_number};
use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
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

/// Settings of an SSTP entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SstpSettings {
    /// Host name or address of the server (the entry's phone number).
    pub server: String,
    /// TCP port, usually 443.
    pub port: u16,
    /// The name that the certificate must carry if it is not `server`; empty otherwise.
    pub server_name: String,
    /// Which certificates are accepted.
    pub trust: Trust,
    /// The HTTP proxy through which the server is reached, if it is not reached directly.
    pub proxy: Option<HttpProxy>,
}

impl SstpSettings {
    /// Makes the settings of a server with a certificate that the system trusts, reached directly on port 443.
    #[must_use]
    pub fn new(server: impl Into<String>) -> Self {
        Self { server: server.into(), port: 443, server_name: String::new(), trust: Trust::system(), proxy: None }
    }
}

/// An HTTP proxy that connects us to the server (RFC 9110 9.3.6, CONNECT).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpProxy {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who we are to it, by the scheme Basic; `None` if it asks nobody. The password crosses the network in clear.
    pub login: Option<ProxyLogin>,
}

/// Which server certificates are accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trust {
    /// Accept what the system's roots sign.
    pub system_roots: bool,
    /// Further roots: certificates in DER form.
    pub added_roots: Vec<Vec<u8>>,
    /// Accept exactly the leaf certificate with this SHA-256 digest, whatever its name, issuer and dates say.
    pub pinned_leaf_sha256: Option<[u8; 32]>,
    /// Whether its issuer may have revoked it.
    pub revocation: Revocation,
}

/// Whether a certificate is looked for in its issuer's list of revoked ones, which is fetched by HTTP from where the
/// certificate says (RFC 5280 4.2.1.13). A pinned certificate is not: whoever pins has decided.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Revocation {
    /// No.
    #[default]
    Unchecked,
    /// Refuse what is revoked, and accept what cannot be checked.
    IfPossible,
    /// Refuse also what cannot be checked, as Windows' SSTP client does.
    Required,
}

impl Trust {
    /// Trusts the system's roots alone.
    #[must_use]
    pub fn system() -> Self {
        Self { system_roots: true, ..Self::default() }
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

    fn validate(&self) -> Result<(), InvalidSetting> {
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

    /// Checks all settings before anything is opened.
    ///
    /// # Errors
    /// The first setting that cannot work, by name, and what to do.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        validate_name(&self.name)?;
        for medium in core::iter::once(&self.medium).chain(&self.alternates) {
            medium.validate()?;
        }
        if self.redial.attempts > REDIAL_ATTEMPTS_MAX {
            let problem = format!("is {}", self.redial.attempts);
            return Err(InvalidSetting::new("redial.attempts", problem, "choose 0 to 999999999 attempts"));
        }
        if let Callback::Number(number) = &self.callback
            && !is_callback_number(number)
        {
            let advice = "give 1 to 128 characters out of digits, T P W ( ) - @ * # + , and spaces";
            return Err(InvalidSetting::new("callback", "is no number to call back at", advice));
        }
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
        if self.eap.trust.revocation == Revocation::Required && self.eap.trust.pinned_leaf_sha256.is_none() {
            // The method's answer is due in mid-dial, where nothing waits for a list to be fetched.
            let problem = "is required, and inside EAP no list can be fetched";
            let advice =
                "leave it out for EAP, pin the authentication server's certificate, or require it of SSTP's server";
            return Err(InvalidSetting::new("eap.trust.revocation", problem, advice));
        }
        if self.eap.server_names.is_empty() && self.eap.trust.system_roots {
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

impl Trust {
    fn validate(&self, field: &'static str, roots: &'static str) -> Result<(), InvalidSetting> {
        if !self.system_roots && self.added_roots.is_empty() && self.pinned_leaf_sha256.is_none() {
            return Err(InvalidSetting::new(
                field,
                "trusts nobody",
                "turn on the system's roots, add a root certificate, or pin the server's certificate",
            ));
        }
        match self.added_roots.iter().position(|der| der.first() != Some(&DER_SEQUENCE)) {
            Some(index) => Err(InvalidSetting::new(
                roots,
                format!("has no certificate in DER form at place {}", index + 1),
                "give the certificate itself, not a path or a key",
            )),
            None => Ok(()),
        }
    }
}

impl SstpSettings {
    fn validate(&self) -> Result<(), InvalidSetting> {
        validate_host("sstp.server", &self.server)?;
        if self.port == 0 {
            return Err(InvalidSetting::new("sstp.port", "is 0", "use the server's TCP port, usually 443"));
        }
        if !self.server_name.is_empty() {
            validate_host("sstp.server_name", &self.server_name)?;
        }
        if let Some(proxy) = &self.proxy {
            proxy.validate()?;
        }
        self.trust.validate("sstp.trust", "sstp.trust.added_roots")
    }
}

impl HttpProxy {
    fn validate(&self) -> Result<(), InvalidSetting> {
        validate_host("sstp.proxy.host", &self.host)?;
        if self.port == 0 {
            return Err(InvalidSetting::new("sstp.proxy.port", "is 0", "use the proxy's TCP port, often 8080 or 3128"));
        }
        // RFC 7617 2: the first colon ends the user name, and control characters are forbidden.
        let control = |byte: &u8| byte.is_ascii_control();
        match &self.login {
            Some(login) if login.user.contains(':') || login.user.bytes().any(|b| control(&b)) => {
                let advice = "give a user name without colon and control characters";
                Err(InvalidSetting::new("sstp.proxy.login.user", "cannot be sent", advice))
            }
            Some(login) if login.password.expose().iter().any(control) => {
                let advice = "give a password without control characters";
                Err(InvalidSetting::new("sstp.proxy.login.password", "cannot be sent", advice))
            }
            _ => Ok(()),
        }
    }
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
    fn validate(&self) -> Result<(), InvalidSetting> {
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
    fn validate(&self) -> Result<(), InvalidSetting> {
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

/// A setting that cannot work: which one, what is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvalidSetting {
    /// The setting's path, such as `sstp.port`.
    pub field: &'static str,
    /// What is wrong with it, as the rest of a sentence that begins with the field.
    pub problem: String,
    /// What to do.
    pub advice: String,
}

impl InvalidSetting {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { field, problem: problem.into(), advice: advice.into() }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.field, self.problem, self.advice)
    }
}

impl std::error::Error for InvalidSetting {}

/// RFC 1661 6.1 lets a peer always send 1500; less than 576 cannot carry what IPv4 hosts must accept.
const MRU_MIN: u16 = 576;
/// SSTP's length field has 12 bits: 4095 less its header of 4 and PPP's of 4.
const MRU_MAX: u16 = 4087;
/// More than anybody writes by hand; each is a message to the kernel.
const ROUTES_MAX: usize = 1024;
/// What the phone book's editors accept; a redial for ever is RASEO2_ReconnectIfDropped's business.
const REDIAL_ATTEMPTS_MAX: u32 = 999_999_999;
/// The first octet of every certificate in DER form.
const DER_SEQUENCE: u8 = 0x30;
/// The most characters of an entry name, in the 16-bit units in which programs hold it (clause B2).
pub const NAME_MAX: usize = 256;

/// Checks the name of a new entry by clause B2.
///
/// # Errors
/// What is wrong with the name, and what to do.
pub fn validate_name(name: &str) -> Result<(), InvalidSetting> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.encode_utf16().count() > NAME_MAX {
        "has more than 256 characters"
    } else if name.starts_with('.') {
        "begins with a period"
    } else if !name.chars().any(char::is_alphanumeric) {
        "has no letter and no digit"
    } else if name.contains(['|', '>', '<', '?', '*', '\\', '/', ':']) || name.contains(char::is_control) {
        "has a character that is not allowed"
    } else {
        return Ok(());
    };
    Err(InvalidSetting::new("name", problem, "use 1 to 256 characters without | > < ? * \\ / :"))
}

/// Checks that a host is an address or could be a name.
pub(crate) fn validate_host(field: &'static str, host: &str) -> Result<(), InvalidSetting> {
    if host.parse::<core::net::IpAddr>().is_ok() {
        return Ok(());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() <= 253 && name.split('.').all(is_label) {
        return Ok(());
    }
    let shown: String = host.chars().filter(|c| !c.is_control()).take(60).collect();
    Err(InvalidSetting::new(
        field,
        format!("is \"{shown}\""),
        "give a host name or an IP address, without scheme, port or path",
    ))
}

/// Tells whether an address can belong to one host.
fn is_host_address(address: Ipv4Addr) -> bool {
    !(address.is_unspecified() || address.is_broadcast() || address.is_multicast() || address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn revocation_cannot_be_required_of_the_server_of_eap() {
        let field = |revocation, pinned_leaf_sha256| {
            field_of(|e| {
                e.authentication = vec![AuthMethod::PeapMsChapV2];
                e.eap.trust =
                    Trust { added_roots: vec![vec![0x30]], revocation, pinned_leaf_sha256, ..Trust::default() };
            })
        };
        assert_eq!(field(Revocation::Required, None), Some("eap.trust.revocation"));
        assert_eq!(field(Revocation::Required, Some([7; 32])), None);
        assert_eq!(field(Revocation::IfPossible, None), None);
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
