//! What a client has to know of a lab.

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// What a client has to know of a lab. The only secret in it is the key of a user's certificate, good for that lab alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Facts {
    /// Where it listens.
    pub address: SocketAddr,
    /// A name that its certificate carries; also for `localhost` and the loopback addresses.
    pub name: String,
    /// The certificate of its authority, as PEM text.
    pub ca_pem: String,
    /// The same in DER form; hexadecimal in JSON.
    #[serde(with = "hex")]
    pub ca_der: Vec<u8>,
    /// A certificate of `alice`, and its key, in PEM form: for EAP-TLS.
    pub user_pem: String,
    /// The SHA-256 digest of its own certificate, to pin; hexadecimal in JSON.
    #[serde(with = "hex")]
    pub leaf_sha256: [u8; 32],
    /// Its address inside the tunnel: ICMP echo, DNS, and HTTP on port 80.
    pub gateway: Ipv4Addr,
    /// Its address of IPv6 there, if it has IPv6.
    #[serde(default)]
    pub gateway6: Option<Ipv6Addr>,
    /// A name that its name server inside knows as the gateway's.
    pub inner_name: String,
    /// The SHA-256 digest of the page at `/`; hexadecimal in JSON.
    #[serde(with = "hex")]
    pub page_sha256: [u8; 32],
    /// The process that serves.
    pub pid: u32,
    /// The ports of its modems, in their order.
    #[serde(default)]
    pub modems: Vec<PathBuf>,
}

/// Bytes as hexadecimal digits.
pub(crate) mod hex {
    use rasman_core::hex::decode;
    pub(crate) use rasman_core::hex::encode;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(bytes.as_ref()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(from: D) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = decode(text).ok_or_else(|| D::Error::custom("expected pairs of hexadecimal digits"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("expected another number of bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_json() {
        let facts = Facts {
            user_pem: "-----BEGIN".to_owned(),
            address: "127.0.0.1:443".parse().unwrap(),
            name: "vpn.lab.test".to_owned(),
            ca_pem: String::new(),
            ca_der: vec![0x30, 0x82],
            leaf_sha256: [7; 32],
            gateway: Ipv4Addr::new(10, 99, 0, 1),
            gateway6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1)),
            inner_name: "web.lab.test".to_owned(),
            page_sha256: [9; 32],
            pid: 1,
            modems: vec!["/dev/pts/7".into()],
        };
        let json = serde_json::to_string(&facts).unwrap();
        assert!(json.contains(r#""ca_der":"3082""#) && !json.contains('\n'));
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
    }
}
