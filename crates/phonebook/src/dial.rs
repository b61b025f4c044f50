//! From an entry of a phone book to what can be dialled.

mod authentication;
mod data_path;
mod files;
mod forward;
mod not_dialable;
mod protocol;
mod serial;

pub use files::ReadFiles;
pub use not_dialable::NotDialable;
pub use protocol::Protocol;

use crate::setting::{
    Assign, CallbackMode, DialMode, EntryType, ExcludedProtocols, Framing, IdleDisconnect, OverridePref,
};
use crate::{Properties, Subentry};
use rasman_core::{
    Callback, Code, Duration, Entry, HttpProxy, InvalidSetting, Medium, MppeConsent, Network, Redial, Revocation,
    SstpSettings, Trust, hex, host_and_port,
};

/// What the user prefers where an entry has no setting of its own (`OverridePref`).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct UserPreferences {
    /// When to dial again.
    pub redial: Redial,
    /// When a connection without traffic ends; `None` for never.
    pub idle_disconnect: Option<Duration>,
    /// An entry that has no doors and does not say how programs get in gets a network device.
    pub device: bool,
}

impl Properties {
    /// Makes what can be dialled of the entry.
    ///
    /// `files` gets each path that the entry names, of `RasmanCa` and the like. Nothing else is opened.
    ///
    /// # Errors
    /// The first key that stands in the way, with the code that RasDial returns at once.
    pub fn dial_entry(&self, preferences: &UserPreferences, mut files: impl ReadFiles) -> Result<Entry, NotDialable> {
        self.refuse_unreadable()?;
        self.refuse_what_is_gone()?;
        let (link, mut media) = match self.serial_link() {
            Some(link) => (link, self.serial_media(link, &mut files)?),
            None => self.vpn_media(&mut files)?,
        };
        let authentication = self.authentication()?;
        let eap = self.eap_settings(&authentication, &mut files)?;
        let medium = media.remove(0);
        let entry = Entry {
            name: self.name.clone(),
            medium,
            alternates: media,
            promote_alternates: link.promote_alternates,
            redial: self.redial(&preferences.redial),
            idle_disconnect: self.idle_limit(preferences.idle_disconnect),
            session_limit: (self.session_limit > 0).then(|| seconds(self.session_limit)),
            callback: self.callback(),
            authentication,
            eap,
            network: self.network()?,
            data_path: self.data_path(preferences.device)?,
        };
        entry.validate().map_err(|invalid| self.refused(invalid))?;
        Ok(entry)
    }

    /// Puts the number that connected in the place of the first one (clause M8).
    ///
    /// `number` counts the dialled numbers from 0: 0 is the entry's own, its alternates follow.
    pub fn promote(&mut self, number: usize) {
        let Some(link) = self.subentries.first_mut() else { return };
        let mut dialled = (0..link.phone_numbers.len()).filter(|at| !link.phone_numbers[*at].trim().is_empty());
        let (first, connected) = (dialled.clone().next(), dialled.nth(number));
        if let (Some(first), Some(connected)) = (first, connected) {
            link.phone_numbers.swap(first, connected);
        }
    }

    /// Gives the link and the media of a VPN entry.
    fn vpn_media(&self, files: &mut impl ReadFiles) -> Result<(&Subentry, Vec<Medium>), NotDialable> {
        let link = self.vpn_link()?;
        self.refuse_missing_protocols()?;
        let trust = self.trust(files)?;
        let settings = |number| self.sstp_settings(number, &trust).map(Medium::Sstp);
        let media = dialled_numbers(link)?.map(settings).collect::<Result<_, _>>()?;
        Ok((link, media))
    }

    fn refuse_unreadable(&self) -> Result<(), NotDialable> {
        let counts = |key: &str| HONOURED.contains(&key) || (key == "IpAddress" && self.ip_assign == Assign::Given);
        match self.unreadable.0.iter().find(|(key, _)| counts(key)) {
            Some((key, value)) => {
                let error = NotDialable::new(Code::INVALID_PARAMETER, key, value, UNREADABLE);
                Err(error.advice("write a number or an address as the key needs it, or remove the line"))
            }
            None => Ok(()),
        }
    }

    fn refuse_what_is_gone(&self) -> Result<(), NotDialable> {
        if self.framing != Framing::Ppp {
            let error = NotDialable::new(Code::FEATURE_DEPRECATED, "BaseProtocol", self.framing.number(), "is not PPP");
            return Err(error.advice("set BaseProtocol=1"));
        }
        if self.entry_type == EntryType::Direct && self.serial_link().is_none() {
            let problem = "is a direct cable connection, but its device is no serial line";
            return Err(NotDialable::new(Code::FEATURE_DEPRECATED, "Type", self.entry_type.number(), problem));
        }
        if self.subentries.len() > 1 && matches!(self.dial_mode, DialMode::All | DialMode::AsNeeded) {
            // Clauses M3 and M4: Multilink PPP is not here, and one link is not what was asked for.
            let problem = "wants several links at once, and a connection has one";
            let error = NotDialable::new(Code::NOT_SUPPORTED, "DialMode", self.dial_mode.number(), problem);
            return Err(error.advice("set DialMode=0 to dial the first link alone"));
        }
        if !self.custom_dial_dll.is_empty() {
            // Clause A59.
            let problem = "names a Windows library that should dial, which cannot be loaded";
            let error = NotDialable::new(CANNOT_DO_CUSTOMDIAL, "CustomRasDialDll", &self.custom_dial_dll, problem);
            return Err(error.advice("empty the key to dial without it"));
        }
        if self.excluded_protocols.contains(ExcludedProtocols::IPV4) {
            let (code, value) = (Code::PPP_NO_PROTOCOLS_CONFIGURED, self.excluded_protocols.0);
            let error =
                NotDialable::new(code, "ExcludedProtocols", value, "excludes IPv4, and only IPv4 can be dialled");
            return Err(error.advice("clear bit 4"));
        }
        Ok(())
    }

    /// Gives the link of a VPN entry.
    fn vpn_link(&self) -> Result<&Subentry, NotDialable> {
        let Some(link) = self.primary() else {
            let error = NotDialable::new(Code::PORT_NOT_AVAILABLE, "MEDIA", "", "is missing, so there is no port");
            return Err(error.advice("add the groups MEDIA and DEVICE"));
        };
        let (is_vpn, kind) = (link.device_type.eq_ignore_ascii_case("vpn"), self.entry_type);
        match kind {
            EntryType::Vpn if is_vpn => Ok(link),
            // A service name taken for a server, or the reverse.
            EntryType::Broadband if is_vpn => {
                let problem = "is a VPN device in a PPPoE entry (Type=5), whose service name is no server";
                let error = NotDialable::new(Code::DNSNAME_NOT_RESOLVABLE, "DEVICE", &link.device_type, problem);
                Err(error.advice("set DEVICE=PPPoE, or Type=2 for a VPN"))
            }
            EntryType::Vpn if link.device_type.eq_ignore_ascii_case("PPPoE") => {
                let problem = "is a PPPoE device in a VPN entry (Type=2)";
                let error = NotDialable::new(Code::DNSNAME_NOT_RESOLVABLE, "DEVICE", &link.device_type, problem);
                Err(error.advice("set DEVICE=vpn, or Type=5 for PPPoE"))
            }
            EntryType::Vpn => {
                let problem = "is no VPN device, but the entry is a VPN (Type=2)";
                let error = NotDialable::new(Code::PORT_NOT_AVAILABLE, "DEVICE", &link.device_type, problem);
                Err(error.advice("set DEVICE=vpn"))
            }
            _ if is_vpn => {
                let error =
                    NotDialable::new(Code::PORT_NOT_AVAILABLE, "Type", kind.number(), "is no VPN, but DEVICE is");
                Err(error.advice("set Type=2"))
            }
            _ => {
                let what = medium_name(kind, &link.device_type);
                let problem = format!("is {what}, which cannot be dialled yet");
                let error = NotDialable::new(Code::PORT_NOT_AVAILABLE, "DEVICE", &link.device_type, problem);
                Err(error.advice("dial an SSTP entry"))
            }
        }
    }

    fn refuse_missing_protocols(&self) -> Result<(), NotDialable> {
        let protocols = self.vpn_strategy.protocols();
        if protocols.iter().any(|protocol| protocol.exists()) {
            return Ok(());
        }
        let problem = match protocols.first() {
            Some(only) => format!("asks for {only} alone, which cannot be dialled yet"),
            None => "is no known order of protocols".to_owned(),
        };
        let number = self.vpn_strategy.number();
        let error = NotDialable::new(Code::PORT_NOT_AVAILABLE, "VpnStrategy", number, problem);
        Err(error.advice("set VpnStrategy=5 (SSTP alone) or 6 (SSTP first) if the server speaks SSTP"))
    }

    fn trust(&self, files: &mut impl ReadFiles) -> Result<Trust, NotDialable> {
        if !self.pin.trim().is_empty() {
            let digest = hex::decode_array(self.pin.trim().replace(':', ""));
            let Some(digest) = digest else {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanPin", &self.pin, "is no SHA-256 digest");
                return Err(error.advice("give 64 hexadecimal digits, or remove the line"));
            };
            // A pin says everything: no other certificate is accepted beside it.
            return Ok(Trust { pinned_leaf_sha256: Some(digest), ..Trust::default() });
        }
        if self.ca.len() > CA_MAX {
            let error = NotDialable::new(Code::VPN_BAD_CERT, "RasmanCa", self.ca.len(), "are too many files");
            return Err(error.advice(format!("name {CA_MAX} at the most; a file may have several certificates")));
        }
        let revocation = self.one_of("RasmanRevocation", &self.revocation, &REVOCATION)?.unwrap_or_default();
        let mut trust = Trust { system_roots: self.system_roots, revocation, ..Trust::default() };
        for path in &self.ca {
            let certificates = files
                .certificates(path)
                .map_err(|problem| NotDialable::new(Code::VPN_BAD_CERT, "RasmanCa", path, problem))?;
            trust.added_roots.extend(certificates);
        }
        Ok(trust)
    }

    fn sstp_settings(&self, number: &str, trust: &Trust) -> Result<SstpSettings, NotDialable> {
        let Some((server, port)) = host_and_port(number) else {
            let error =
                NotDialable::new(Code::BAD_PHONE_NUMBER, "PhoneNumber", number, "is no host, host:port or [IPv6]:port");
            return Err(error.advice("give the server's name or address alone, without scheme and path"));
        };
        let server_name = self.server_name.trim().to_owned();
        Ok(SstpSettings {
            server,
            port: port.unwrap_or(HTTPS),
            server_name,
            trust: trust.clone(),
            proxy: self.proxy()?,
        })
    }

    fn proxy(&self) -> Result<Option<HttpProxy>, NotDialable> {
        let text = self.http_proxy.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match host_and_port(text) {
            Some((host, Some(port))) => Ok(Some(HttpProxy { host, port, login: None })),
            _ => {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanHttpProxy", text, "is no host:port");
                Err(error.advice("give the proxy's name or address and its port, such as proxy.example.com:3128"))
            }
        }
    }

    /// Reads a word of a few; nothing if there is none.
    fn one_of<T: Copy>(&self, key: &'static str, value: &str, words: &[(&str, T)]) -> Result<Option<T>, NotDialable> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)).map(|(_, meant)| *meant);
        found.map(Some).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let error = NotDialable::new(Code::INVALID_PARAMETER, key, value, "is not known");
            error.advice(format!("give {}, or remove the line", known.join(" or ")))
        })
    }

    /// Bits of `OverridePref` say which settings are the entry's own.
    fn redial(&self, preferred: &Redial) -> Redial {
        let own = |bit| self.override_pref.contains(bit);
        let mut redial = preferred.clone();
        if own(OverridePref::REDIAL_ATTEMPTS) {
            redial.attempts = self.redial_attempts;
        }
        if own(OverridePref::REDIAL_SECONDS) {
            redial.pause = seconds(self.redial_seconds);
        }
        if own(OverridePref::REDIAL_ON_LINK_FAILURE) {
            redial.on_link_failure = self.redial_on_link_failure;
        }
        redial
    }

    // Clause B15.
    fn idle_limit(&self, preferred: Option<Duration>) -> Option<Duration> {
        match self.idle_disconnect() {
            IdleDisconnect::UserPreference => preferred,
            IdleDisconnect::Never => None,
            IdleDisconnect::After(limit) => Some(seconds(limit.get())),
        }
    }

    /// Gives what the entry allows a server that would call back. Where it is to, and no number is known, the user is asked.
    fn callback(&self) -> Callback {
        match self.callback_mode {
            CallbackMode::Maybe => Callback::Allowed,
            CallbackMode::Yes | CallbackMode::Ask => Callback::Ask,
            _ => Callback::Refused,
        }
    }

    fn network(&self) -> Result<Network, NotDialable> {
        let mru = u16::try_from(self.mru).map_err(|_| {
            let error =
                NotDialable::new(Code::INVALID_PARAMETER, "RasmanMru", self.mru, "is more than a packet can have");
            error.advice("give 576 to 4087 bytes, usually 1500")
        })?;
        // Clause B14: the address counts only with its switch.
        let address = (self.ip_assign == Assign::Given).then_some(self.ip_address);
        let mppe = self.one_of("RasmanMppe", &self.mppe, &MPPE)?;
        // Both have a say: the switch of Windows, and ours, which is off as long as few data paths carry IPv6.
        let ipv6 = self.ipv6 && !self.excluded_protocols.contains(ExcludedProtocols::IPV6);
        let request_dns = self.ip_name_assign != Assign::Given;
        let header_compression = self.ip_header_compression;
        Ok(Network { address, request_dns, mru, ipv6, inform: self.inform, mppe, header_compression })
    }

    /// Says a setting that cannot work in the words of the phone book.
    fn refused(&self, invalid: InvalidSetting) -> NotDialable {
        let link = self.primary();
        let first = |values: &[String]| values.first().cloned().unwrap_or_default();
        let (code, key, value) = match invalid.field {
            "name" => (Code::INVALID_NAME, "[name]", self.name.clone()),
            "sstp.server" | "sstp.port" => {
                let numbers = link.map_or(String::new(), |link| link.phone_numbers.join(" "));
                (Code::BAD_PHONE_NUMBER, "PhoneNumber", numbers)
            }
            "sstp.server_name" => (Code::INVALID_PARAMETER, "RasmanServerName", self.server_name.clone()),
            "sstp.trust" => (Code::VPN_BAD_CERT, "RasmanSystemRoots", "0".to_owned()),
            "sstp.trust.added_roots" => (Code::VPN_BAD_CERT, "RasmanCa", first(&self.ca)),
            "serial.port" | "serial.speed" => {
                let port = link.map_or(String::new(), |link| link.port.clone());
                (Code::PORT_NOT_FOUND, "Port", port)
            }
            "modem.number" => {
                let numbers = link.map_or(String::new(), |link| link.phone_numbers.join(" "));
                (Code::BAD_PHONE_NUMBER, "PhoneNumber", numbers)
            }
            "modem.prefix" => (Code::BAD_PHONE_NUMBER, "RasmanDialPrefix", self.dial_prefix.clone()),
            "modem.suffix" => (Code::BAD_PHONE_NUMBER, "RasmanDialSuffix", self.dial_suffix.clone()),
            "modem.init" => (Code::INVALID_PARAMETER, "RasmanModemInit", self.modem_init.join(" ")),
            "modem.apn" => (Code::INVALID_PARAMETER, "RasmanApn", self.apn.clone()),
            "eap.trust" | "eap.server_names" => {
                (Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, "RasmanEapServerName", self.eap_server_names.join(" "))
            }
            "eap.trust.added_roots" => (Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, "RasmanEapCa", first(&self.eap_ca)),
            "eap.certificate" => (Code::NO_EAPTLS_CERTIFICATE, "RasmanEapCertificate", String::new()),
            "redial.attempts" => (Code::INVALID_PARAMETER, "RedialAttempts", self.redial_attempts.to_string()),
            field if field.starts_with("sstp.proxy") => {
                (Code::INVALID_PARAMETER, "RasmanHttpProxy", self.http_proxy.clone())
            }
            "network.mru" => (Code::INVALID_PARAMETER, "RasmanMru", self.mru.to_string()),
            "network.address" => (Code::INVALID_PARAMETER, "IpAddress", self.ip_address.to_string()),
            "rootless.socks" => {
                let advice = "listen on a loopback address, or set RasmanPublicDoors=1: whoever reaches it is inside";
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanSocks", &self.socks, invalid.problem);
                return error.advice(advice);
            }
            "tun.name" => (Code::INVALID_PARAMETER, "RasmanInterface", self.interface.clone()),
            "tun.routes" => (Code::INVALID_PARAMETER, "RasmanRoute", self.routes.join(" ")),
            "tun.exclude" => (Code::INVALID_PARAMETER, "RasmanExclude", self.excluded_routes.join(" ")),
            field if field.starts_with("rootless.forwards") => {
                (Code::INVALID_PARAMETER, "RasmanForward", self.forwards.join(" "))
            }
            field => (Code::INVALID_PARAMETER, field, String::new()),
        };
        NotDialable::new(code, key, value, invalid.problem).advice(invalid.advice)
    }
}

/// Gives the numbers that are dialled: the first, and the alternates unless the entry says not to.
fn dialled_numbers(link: &Subentry) -> Result<impl Iterator<Item = &str>, NotDialable> {
    let numbers = link.phone_numbers.iter().map(|number| number.trim()).filter(|number| !number.is_empty());
    let count = if link.try_next_alternate_on_fail { usize::MAX } else { 1 };
    let mut numbers = numbers.take(count).peekable();
    if numbers.clone().nth(NUMBERS_MAX).is_some() {
        let error = NotDialable::new(Code::BAD_PHONE_NUMBER, "PhoneNumber", link.phone_numbers.len(), "are too many");
        return Err(error.advice(format!("keep {NUMBERS_MAX} at the most")));
    }
    if numbers.peek().is_none() {
        let error = NotDialable::new(Code::BAD_PHONE_NUMBER, "PhoneNumber", "", "names no server");
        return Err(error.advice("give the server's name or address"));
    }
    Ok(numbers)
}

/// Names what an entry would be carried by.
fn medium_name(kind: EntryType, device_type: &str) -> &'static str {
    let is = |wanted: &str| device_type.eq_ignore_ascii_case(wanted);
    if is("PPPoE") || kind == EntryType::Broadband {
        "PPP over Ethernet"
    } else if is("modem") {
        "a modem"
    } else if is("isdn") {
        "ISDN"
    } else if is("x25") || is("pad") {
        "X.25"
    } else {
        "a device of unknown kind"
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// The keys that always count when an entry is dialled, and that can be unreadable as text cannot.
const HONOURED: &[&str] = &[
    "Type",
    "BaseProtocol",
    "VpnStrategy",
    "ExcludedProtocols",
    "OverridePref",
    "RedialAttempts",
    "RedialSeconds",
    "IdleDisconnectSeconds",
    "RedialOnLinkFailure",
    "AuthRestrictions",
    "CustomAuthKey",
    "IpAssign",
    "IpNameAssign",
    "RasmanSystemRoots",
    "RasmanMru",
    "RasmanIpv6",
    "RasmanInform",
    "RasmanSessionLimit",
    "PromoteAlternates",
    "TryNextAlternateOnFail",
];
/// What is said of a value that cannot be read.
pub(crate) const UNREADABLE: &str = "cannot be read";
/// The most numbers of an entry that are dialled.
const NUMBERS_MAX: usize = 256;
/// The most files with certificates that an entry names.
const CA_MAX: usize = 64;
/// What `RasmanRevocation` and `RasmanEapRevocation` may say.
const REVOCATION: [(&str, Revocation); 2] =
    [("if-possible", Revocation::IfPossible), ("required", Revocation::Required)];
/// What `RasmanMppe` may say.
const MPPE: [(&str, MppeConsent); 2] = [("strong", MppeConsent::Strong), ("any", MppeConsent::Any)];
/// The TCP port of SSTP.
const HTTPS: u16 = 443;
/// ERROR_CANNOT_DO_CUSTOMDIAL.
const CANNOT_DO_CUSTOMDIAL: Code = Code(755);
/// ERROR_NO_AUTH_PROTOCOL_AVAILABLE.
const NO_AUTH_PROTOCOL_AVAILABLE: Code = Code(918);
