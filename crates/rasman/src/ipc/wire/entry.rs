//! Entries and credentials on the wire.

use super::data_path::DataPathWire;
use super::millis;
use super::notification::method_of;
use crate::Error;
use rasman_core::{
    Cause, Code, Credentials, Duration, Entry, HttpProxy, LayerName, Medium, MppeConsent, Network, Redial, Revocation,
    Secret, SstpSettings, Trust,
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
        authentication: Vec<String>,
        network: NetworkWire,
        data_path: DataPathWire,
    }
    /// A [`Medium`].
    MediumWire {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sstp: Option<SstpWire>,
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
    /// Makes those whose password is the descriptor at this index.
    #[must_use]
    pub fn new(credentials: &Credentials, secret: Option<usize>) -> Self {
        Self { user: credentials.user.clone(), domain: credentials.domain.clone(), password: None, secret }
    }

    /// Gives the credentials; `open` reads the secret at an index.
    ///
    /// # Errors
    /// 87 for a password given twice; what `open` gives.
    pub fn read(self, open: impl FnOnce(usize) -> Result<Secret, Error>) -> Result<Credentials, Error> {
        let password = match (self.password, self.secret) {
            (None, None) => Secret::default(),
            (Some(InlineSecret(password)), None) => password,
            (None, Some(index)) => open(index)?,
            (Some(_), Some(_)) => return Err(invalid("credentials", "have a password and a secret", "give one")),
        };
        Ok(Credentials { user: self.user, domain: self.domain, password })
    }
}

impl EntryWire {
    /// Makes an entry; the password of its proxy, if it has one, is the descriptor at the index `login`.
    ///
    /// # Errors
    /// 50 for a setting that the interface cannot carry.
    pub fn new(entry: &Entry, login: usize) -> Result<Self, Error> {
        // Named one by one, so that a new setting of an entry cannot be forgotten here.
        let Entry {
            name,
            medium,
            alternates,
            promote_alternates,
            redial,
            idle_disconnect,
            authentication,
            network,
            data_path,
        } = entry;
        let Redial { attempts, pause, on_link_failure } = redial;
        let Network { address, request_dns, mru, ipv6, inform, mppe } = network;
        Ok(Self {
            name: name.clone(),
            medium: MediumWire::new(medium)?,
            alternates: alternates.iter().map(MediumWire::new).collect::<Result<_, _>>()?,
            promote_alternates: *promote_alternates,
            redial: RedialWire { attempts: *attempts, pause_ms: millis(*pause), on_link_failure: *on_link_failure },
            idle_disconnect_ms: idle_disconnect.map(millis),
            authentication: authentication.iter().map(ToString::to_string).collect(),
            network: NetworkWire {
                address: *address,
                request_dns: *request_dns,
                mru: *mru,
                ipv6: Some(*ipv6),
                inform: Some(*inform),
                mppe: mppe.map(|consent| MPPE.iter().find(|(c, _)| *c == consent).map_or("any", |(_, n)| n).to_owned()),
            },
            data_path: DataPathWire::new(data_path, login)?,
        })
    }

    /// Gives the entry; it is not validated yet. `open` reads the secret at an index.
    ///
    /// # Errors
    /// 87 for a setting that cannot be read; what `open` gives.
    pub fn read(self, open: impl FnOnce(usize) -> Result<Secret, Error>) -> Result<Entry, Error> {
        let authentication = self.authentication.iter().map(|name| {
            method_of(name).ok_or_else(|| invalid("authentication", "names an unknown method", "use MS-CHAPv2"))
        });
        Ok(Entry {
            name: self.name,
            medium: self.medium.read()?,
            alternates: self.alternates.into_iter().map(MediumWire::read).collect::<Result<_, _>>()?,
            promote_alternates: self.promote_alternates,
            redial: Redial {
                attempts: self.redial.attempts,
                pause: Duration::from_millis(self.redial.pause_ms),
                on_link_failure: self.redial.on_link_failure,
            },
            idle_disconnect: self.idle_disconnect_ms.map(Duration::from_millis),
            authentication: authentication.collect::<Result<_, _>>()?,
            network: Network {
                address: self.network.address,
                request_dns: self.network.request_dns,
                mru: self.network.mru,
                ipv6: self.network.ipv6.unwrap_or(Network::default().ipv6),
                inform: self.network.inform.unwrap_or(Network::default().inform),
                mppe: self.network.mppe.as_deref().map(|name| named(&MPPE, "network.mppe", name)).transpose()?,
            },
            data_path: self.data_path.read(open)?,
        })
    }
}

impl MediumWire {
    fn new(medium: &Medium) -> Result<Self, Error> {
        let Medium::Sstp(SstpSettings { server, port, server_name, trust, proxy }) = medium else {
            return Err(not_carried());
        };
        let Trust { system_roots, added_roots, pinned_leaf_sha256, revocation } = trust;
        let proxy = match proxy {
            // A password would need a descriptor of its own.
            Some(HttpProxy { login: Some(_), .. }) => return Err(not_carried()),
            Some(HttpProxy { host, port, login: None }) => Some(ProxyWire { host: host.clone(), port: *port }),
            None => None,
        };
        let trust = TrustWire {
            system_roots: *system_roots,
            added_roots: added_roots.iter().map(|der| text::base64(der)).collect(),
            pinned_leaf_sha256: pinned_leaf_sha256.as_ref().map(|digest| text::hex(digest)),
            revocation: REVOCATION.iter().find(|(r, _)| r == revocation).map(|(_, name)| (*name).to_owned()),
        };
        let sstp = SstpWire { server: server.clone(), port: *port, server_name: server_name.clone(), trust, proxy };
        Ok(Self { sstp: Some(sstp) })
    }

    fn read(self) -> Result<Medium, Error> {
        let sstp = self.sstp.ok_or_else(|| invalid("medium", "has no medium", "give sstp"))?;
        let added_roots = sstp.trust.added_roots.iter().map(|root| {
            text::from_base64(root)
                .ok_or_else(|| invalid("sstp.trust.added_roots", "is not base64", "give DER as base64"))
        });
        let pin = sstp.trust.pinned_leaf_sha256.as_deref().map(|digest| {
            text::digest(digest).ok_or_else(|| {
                invalid("sstp.trust.pinned_leaf_sha256", "is no SHA-256 digest", "give 64 hexadecimal digits")
            })
        });
        let trust = Trust {
            system_roots: sstp.trust.system_roots,
            added_roots: added_roots.collect::<Result<_, _>>()?,
            pinned_leaf_sha256: pin.transpose()?,
            revocation: match sstp.trust.revocation.as_deref() {
                Some(name) => named(&REVOCATION, "sstp.trust.revocation", name)?,
                None => Revocation::default(),
            },
        };
        let SstpWire { server, port, server_name, proxy, .. } = sstp;
        let proxy = proxy.map(|ProxyWire { host, port }| HttpProxy { host, port, login: None });
        Ok(Medium::Sstp(SstpSettings { server, port, server_name, trust, proxy }))
    }
}

/// Finds the value that a name stands for.
fn named<T: Copy>(table: &[(T, &str)], field: &str, name: &str) -> Result<T, Error> {
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

/// Bytes as text.
mod text {
    pub(super) fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
        }
        Some(digest)
    }

    /// RFC 4648 4.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(super) fn base64(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for group in bytes.chunks(3) {
            let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
            for at in 0..4 {
                let digit = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
                text.push(if at <= group.len() { char::from(digit) } else { '=' });
            }
        }
        text
    }

    pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
        if !text.len().is_multiple_of(4) {
            return None;
        }
        let digits = text.trim_end_matches('=');
        if text.len() - digits.len() > 2 {
            return None;
        }
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        for group in digits.as_bytes().chunks(4) {
            let mut bits = 0;
            for at in 0..4 {
                let value = match group.get(at) {
                    Some(digit) => ALPHABET.iter().position(|known| known == digit)?,
                    None => 0,
                };
                bits = bits << 6 | u32::try_from(value).ok()?;
            }
            let count = group.len() * 6 / 8;
            bytes.extend_from_slice(&bits.to_be_bytes()[1..][..count]);
        }
        Some(bytes)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn base64_is_that_of_rfc_4648() {
            for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
                assert_eq!(base64(plain.as_bytes()), coded);
                assert_eq!(from_base64(coded).as_deref(), Some(plain.as_bytes()));
            }
            for bad in ["Zg", "Zg=", "Z===", "Zm9!", "=Zg=", "ä"] {
                assert_eq!(from_base64(bad), None, "{bad}");
            }
        }
    }
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
        entry.network = Network {
            address: Some([10, 0, 0, 9].into()),
            request_dns: false,
            mru: 1400,
            ipv6: true,
            inform: false,
            mppe: Some(MppeConsent::Strong),
        };
        for entry in [entry, Entry::sstp("work", "192.0.2.1")] {
            let text = serde_json::to_string(&EntryWire::new(&entry, 0).unwrap()).unwrap();
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
