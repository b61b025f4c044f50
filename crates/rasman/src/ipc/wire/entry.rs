//! Entries and credentials on the wire.

use super::data_path::DataPathWire;
use super::notification::method_of;
use super::serial::{SerialWire, ToldLines, read_callback, write_callback};
use super::{millis, text};
use crate::Error;
use rasman_core::{
    Cause, Code, Credentials, Duration, EapSettings, Entry, HttpProxy, LayerName, Medium, MppeConsent, Network, Redial,
    Revocation, Secret, SstpSettings, Trust, hex,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::net::Ipv4Addr;
use zeroize::Zeroizing;

/// Makes structs of settings that refuse what they do not know.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(missing_docs)] // The interface says it.
            pub struct $name {
                $($(#[$attribute])* pub $field: $type,)*
            }
        )*
    };
}

pub(super) use settings;

settings! {
    /// An [`Entry`].
    EntryWire {
        name: String,
        medium: MediumWire,
        alternates: Vec<MediumWire>,
        promote_alternates: bool,
        redial: RedialWire,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idle_disconnect_ms: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_limit_ms: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lines: Option<usize>,
        authentication: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        eap: Option<EapWire>,
        network: NetworkWire,
        data_path: DataPathWire,
    }
    /// [`EapSettings`], but for the user's certificate.
    EapWire {
        trust: TrustWire,
        server_names: Vec<String>,
        outer_identity: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root_sha1: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        require_crypto_binding: Option<bool>,
    }
    /// A [`Medium`].
    MediumWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sstp: Option<SstpWire>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        serial: Option<SerialWire>,
    }
    /// [`SstpSettings`].
    SstpWire {
        server: String,
        port: u16,
        server_name: String,
        trust: TrustWire,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<ProxyWire>,
    }
    /// An [`HttpProxy`] without a login.
    ProxyWire {
        host: String,
        port: u16,
    }
    /// [`Trust`].
    TrustWire {
        system_roots: bool,
        added_roots: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pinned_leaf_sha256: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revocation: Option<String>,
    }
    /// [`Redial`].
    RedialWire {
        attempts: u32,
        pause_ms: u64,
        on_link_failure: bool,
    }
    /// [`Network`].
    NetworkWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Ipv4Addr>,
        request_dns: bool,
        mru: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ipv6: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inform: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mppe: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header_compression: Option<bool>,
    }
}

/// [`Credentials`], but for a password that travels as a descriptor.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // The interface says it.
pub struct CredentialsWire {
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub domain: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<InlineSecret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<usize>,
}

/// Where a password lies that is in no message.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SecretAt {
    /// In the descriptor with this index that came with the call.
    Descriptor(usize),
    /// At the beginning of the file that the connection shares, with this length.
    Shared(usize),
}

/// A password within a message. It is read, and never written.
pub struct InlineSecret(pub Secret);

impl Serialize for InlineSecret {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("secrets are sent as descriptors"))
    }
}

impl<'de> Deserialize<'de> for InlineSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Ok(Self(Secret::new(text.as_bytes())))
    }
}

impl CredentialsWire {
    /// Makes those whose password lies there; nowhere if there is none.
    #[must_use]
    pub fn new(credentials: &Credentials, at: Option<SecretAt>) -> Self {
        let (secret, shared) = match at {
            None => (None, None),
            Some(SecretAt::Descriptor(index)) => (Some(index), None),
            Some(SecretAt::Shared(length)) => (None, Some(length)),
        };
        Self { user: credentials.user.clone(), domain: credentials.domain.clone(), password: None, secret, shared }
    }

    /// Gives the credentials; `open` reads the secret at its place.
    ///
    /// # Errors
    /// 87 for a password given twice; what `open` gives.
    pub fn read(self, open: impl FnOnce(SecretAt) -> Result<Secret, Error>) -> Result<Credentials, Error> {
        let password = match (self.password, self.secret, self.shared) {
            (None, None, None) => Secret::default(),
            (Some(InlineSecret(password)), None, None) => password,
            (None, Some(index), None) => open(SecretAt::Descriptor(index))?,
            (None, None, Some(length)) => open(SecretAt::Shared(length))?,
            _ => return Err(invalid("credentials", "have their password in two places", "give one")),
        };
        Ok(Credentials { user: self.user, domain: self.domain, password })
    }
}

impl EntryWire {
    /// Makes an entry; the password of its proxy, if it has one, is the descriptor at the index `login`, and what its lines
    /// are told, if that is anything, the one behind it. Gives that as well.
    ///
    /// # Errors
    /// 50 for a setting that the interface cannot carry.
    pub fn new(entry: &Entry, login: usize) -> Result<(Self, Option<Secret>), Error> {
        // Named one by one, so that a new setting of an entry cannot be forgotten here.
        let Entry {
            name,
            medium,
            alternates,
            promote_alternates,
            redial,
            idle_disconnect,
            session_limit,
            callback,
            authentication,
            eap,
            network,
            data_path,
        } = entry;
        let Redial { attempts, pause, on_link_failure } = redial;
        let Network { address, request_dns, mru, ipv6, inform, mppe, header_compression } = network;
        let mut lines = ToldLines::default();
        let medium = MediumWire::new(medium, &mut lines)?;
        let others: Result<_, _> = alternates.iter().map(|other| MediumWire::new(other, &mut lines)).collect();
        let lines = lines.write()?;
        let data_path = DataPathWire::new(data_path, login)?;
        let wire = Self {
            name: name.clone(),
            medium,
            alternates: others?,
            callback: write_callback(callback)?,
            lines: lines.is_some().then_some(login + usize::from(data_path.has_login())),
            promote_alternates: *promote_alternates,
            redial: RedialWire { attempts: *attempts, pause_ms: millis(*pause), on_link_failure: *on_link_failure },
            idle_disconnect_ms: idle_disconnect.map(millis),
            session_limit_ms: session_limit.map(millis),
            authentication: authentication.iter().map(ToString::to_string).collect(),
            eap: if *eap == EapSettings::default() { None } else { Some(EapWire::new(eap)?) },
            network: NetworkWire {
                address: *address,
                request_dns: *request_dns,
                mru: *mru,
                ipv6: Some(*ipv6),
                inform: Some(*inform),
                mppe: mppe.map(|consent| MPPE.iter().find(|(c, _)| *c == consent).map_or("any", |(_, n)| n).to_owned()),
                header_compression: Some(*header_compression),
            },
            data_path,
        };
        Ok((wire, lines))
    }

    /// Gives the entry; it is not validated yet. `open` reads the secret at an index.
    ///
    /// # Errors
    /// 87 for a setting that cannot be read; what `open` gives.
    pub fn read(self, mut open: impl FnMut(usize) -> Result<Secret, Error>) -> Result<Entry, Error> {
        let authentication = self.authentication.iter().map(|name| {
            method_of(name)
                .ok_or_else(|| invalid("authentication", "names an unknown method", "use a name such as MS-CHAPv2"))
        });
        let lines = match self.lines {
            Some(index) => ToldLines::read(&open(index)?)?,
            None => ToldLines::default(),
        };
        Ok(Entry {
            name: self.name,
            medium: self.medium.read(&lines)?,
            alternates: self.alternates.into_iter().map(|other| other.read(&lines)).collect::<Result<_, _>>()?,
            promote_alternates: self.promote_alternates,
            redial: Redial {
                attempts: self.redial.attempts,
                pause: Duration::from_millis(self.redial.pause_ms),
                on_link_failure: self.redial.on_link_failure,
            },
            idle_disconnect: self.idle_disconnect_ms.map(Duration::from_millis),
            session_limit: self.session_limit_ms.map(Duration::from_millis),
            callback: read_callback(self.callback),
            authentication: authentication.collect::<Result<_, _>>()?,
            eap: self.eap.map_or_else(|| Ok(EapSettings::default()), EapWire::read)?,
            network: Network {
                address: self.network.address,
                request_dns: self.network.request_dns,
                mru: self.network.mru,
                ipv6: self.network.ipv6.unwrap_or(Network::default().ipv6),
                inform: self.network.inform.unwrap_or(Network::default().inform),
                mppe: self.network.mppe.as_deref().map(|name| named(&MPPE, "network.mppe", name)).transpose()?,
                header_compression: self.network.header_compression.unwrap_or(Network::default().header_compression),
            },
            data_path: self.data_path.read(open)?,
        })
    }
}

impl MediumWire {
    fn new(medium: &Medium, lines: &mut ToldLines) -> Result<Self, Error> {
        match medium {
            Medium::Sstp(sstp) => Ok(Self { sstp: Some(SstpWire::new(sstp)?), serial: None }),
            Medium::Serial(serial) => Ok(Self { sstp: None, serial: Some(SerialWire::new(serial, lines)?) }),
            _ => Err(not_carried()),
        }
    }

    fn read(self, lines: &ToldLines) -> Result<Medium, Error> {
        match (self.sstp, self.serial) {
            (Some(sstp), None) => sstp.read().map(Medium::Sstp),
            (None, Some(serial)) => serial.read(lines).map(Medium::Serial),
            (None, None) => Err(invalid("medium", "has no medium", "give sstp or serial")),
            (Some(_), Some(_)) => Err(invalid("medium", "has two media", "give either sstp or serial")),
        }
    }
}

impl SstpWire {
    fn new(settings: &SstpSettings) -> Result<Self, Error> {
        let SstpSettings { server, port, server_name, trust, proxy } = settings;
        let proxy = match proxy {
            // A password would need a descriptor of its own.
            Some(HttpProxy { login: Some(_), .. }) => return Err(not_carried()),
            Some(HttpProxy { host, port, login: None }) => Some(ProxyWire { host: host.clone(), port: *port }),
            None => None,
        };
        let trust = TrustWire::new(trust);
        Ok(Self { server: server.clone(), port: *port, server_name: server_name.clone(), trust, proxy })
    }

    fn read(self) -> Result<SstpSettings, Error> {
        let Self { server, port, server_name, trust, proxy } = self;
        let trust = trust.read("sstp.trust")?;
        let proxy = proxy.map(|ProxyWire { host, port }| HttpProxy { host, port, login: None });
        Ok(SstpSettings { server, port, server_name, trust, proxy })
    }
}

impl TrustWire {
    fn new(trust: &Trust) -> Self {
        let Trust { system_roots, added_roots, pinned_leaf_sha256, revocation } = trust;
        Self {
            system_roots: *system_roots,
            added_roots: added_roots.iter().map(|der| text::base64(der)).collect(),
            pinned_leaf_sha256: pinned_leaf_sha256.as_ref().map(|digest| hex::encode(digest)),
            revocation: REVOCATION.iter().find(|(r, _)| r == revocation).map(|(_, name)| (*name).to_owned()),
        }
    }

    /// `field` is where it stands.
    fn read(self, field: &str) -> Result<Trust, Error> {
        let added_roots = self.added_roots.iter().map(|root| {
            text::from_base64(root)
                .ok_or_else(|| invalid(&format!("{field}.added_roots"), "is not base64", "give DER as base64"))
        });
        let pin = self.pinned_leaf_sha256.as_deref().map(|digest| {
            let field = format!("{field}.pinned_leaf_sha256");
            hex::decode_array(digest)
                .ok_or_else(|| invalid(&field, "is no SHA-256 digest", "give 64 hexadecimal digits"))
        });
        Ok(Trust {
            system_roots: self.system_roots,
            added_roots: added_roots.collect::<Result<_, _>>()?,
            pinned_leaf_sha256: pin.transpose()?,
            revocation: match self.revocation.as_deref() {
                Some(name) => named(&REVOCATION, &format!("{field}.revocation"), name)?,
                None => Revocation::default(),
            },
        })
    }
}

impl EapWire {
    /// Makes the settings.
    ///
    /// # Errors
    /// 50 for a certificate of the user: its key is a secret, and no message holds one. An entry of a phone book names it.
    pub fn new(eap: &EapSettings) -> Result<Self, Error> {
        let EapSettings { trust, server_names, root_sha1, require_crypto_binding, outer_identity, certificate } = eap;
        if certificate.is_some() {
            return Err(not_carried());
        }
        Ok(Self {
            trust: TrustWire::new(trust),
            server_names: server_names.clone(),
            outer_identity: outer_identity.clone(),
            root_sha1: Some(root_sha1.iter().map(|digest| hex::encode(digest)).collect()),
            require_crypto_binding: Some(*require_crypto_binding),
        })
    }

    /// Gives the settings; they are not validated yet.
    ///
    /// # Errors
    /// 87 for one that cannot be read.
    pub fn read(self) -> Result<EapSettings, Error> {
        let Self { trust, server_names, outer_identity, root_sha1, require_crypto_binding } = self;
        let root_sha1 = root_sha1.into_iter().flatten().map(|digest| {
            hex::decode_array(digest)
                .ok_or_else(|| invalid("eap.root_sha1", "has no SHA-1 digest", "give 40 hexadecimal digits each"))
        });
        Ok(EapSettings {
            trust: trust.read("eap.trust")?,
            server_names,
            root_sha1: root_sha1.collect::<Result<_, _>>()?,
            require_crypto_binding: require_crypto_binding.unwrap_or_default(),
            outer_identity,
            certificate: None,
        })
    }
}

/// Finds the value that a name stands for.
pub(super) fn named<T: Copy>(table: &[(T, &str)], field: &str, name: &str) -> Result<T, Error> {
    let found = table.iter().find(|(_, known)| *known == name).map(|(value, _)| *value);
    let names: Vec<&str> = table.iter().map(|(_, known)| *known).collect();
    found.ok_or_else(|| invalid(field, "is not known", &format!("give {}", names.join(" or "))))
}

const MPPE: [(MppeConsent, &str); 2] = [(MppeConsent::Strong, "strong"), (MppeConsent::Any, "any")];

const REVOCATION: [(Revocation, &str); 2] =
    [(Revocation::IfPossible, "if_possible"), (Revocation::Required, "required")];

pub(super) fn invalid(field: &str, problem: &str, advice: &str) -> Error {
    let cause = Cause::new(Code::INVALID_PARAMETER, LayerName::Settings);
    Error(cause.did(format!("read the setting {field} and it {problem}")).advice(advice))
}

pub(super) fn not_carried() -> Error {
    let did = "looked for a way to send these settings to the manager";
    Error(Cause::new(Code::NOT_SUPPORTED, LayerName::Settings).did(did).advice("dial them with an embedded manager"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let mut entry = Entry::sstp("Bureau été", "vpn.example.com");
        let Medium::Sstp(sstp) = &mut entry.medium else { unreachable!() };
        sstp.server_name = "other.example".into();
        sstp.trust = Trust {
            system_roots: false,
            added_roots: vec![vec![0x30, 0, 255]],
            pinned_leaf_sha256: Some([7; 32]),
            revocation: Revocation::Required,
        };
        entry.alternates = vec![entry.medium.clone(); 2];
        entry.promote_alternates = true;
        entry.redial = Redial { attempts: 3, pause: Duration::from_millis(1500), on_link_failure: true };
        entry.idle_disconnect = Some(Duration::from_secs(60));
        entry.session_limit = Some(Duration::from_secs(3600));
        entry.network = Network {
            address: Some([10, 0, 0, 9].into()),
            request_dns: false,
            mru: 1400,
            ipv6: true,
            inform: false,
            mppe: Some(MppeConsent::Strong),
            header_compression: false,
        };
        for entry in [entry, Entry::sstp("work", "192.0.2.1")] {
            let text = serde_json::to_string(&EntryWire::new(&entry, 0).unwrap().0).unwrap();
            let wire: EntryWire = serde_json::from_str(&text).unwrap();
            assert_eq!(wire.read(|_| unreachable!()).unwrap(), entry, "{text}");
        }
    }

    #[test]
    fn unknown_settings_are_refused() {
        let text = r#"{"user": "alice", "pasword": "x"}"#;
        assert!(serde_json::from_str::<CredentialsWire>(text).is_err());
    }

    #[test]
    fn an_inline_password_is_read_and_never_written() {
        let wire: CredentialsWire = serde_json::from_str(r#"{"user": "alice", "password": "wonder\"land"}"#).unwrap();
        assert!(serde_json::to_string(&wire).is_err());
        let credentials = wire.read(|_| unreachable!()).unwrap();
        assert_eq!(credentials.password.expose(), b"wonder\"land");
    }
}
